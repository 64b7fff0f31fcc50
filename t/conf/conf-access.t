# What nginx -t says of locations that nothing protects, and of files that
# others can read or write.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;

our $control = 'has no access control: whoever can connect can use it';

# a location that is protected by these lines, in a server for everybody

sub guarded {
    return join "\n\n", map { <<END } @_;
listen 0.0.0.0:\$TEST_NGINX_PORT_1;
location /refund {
    $_
    portone_cancel;
}
location /session {
    internal;
    return 204;
}
END
}

sub open_still {
    return join "\n\n", map { <<END } @_;
listen 0.0.0.0:\$TEST_NGINX_PORT_1;
location /refund {
    $_
    portone_cancel;
    #<~ "portone_cancel" in location "/refund" $::control
}
END
}

run_tests();

__DATA__

=== TEST 1: locations that anybody can use are named, each by itself
--- level: server
--- nginx_t eval
<<"END"
listen 0.0.0.0:\$TEST_NGINX_PORT_1;
location = /payments/cancel {
    portone_cancel;
    #<~ "portone_cancel" in location "/payments/cancel" $::control
}
location /payments/ {
    portone_payment;
    #<~ "portone_payment" in location "/payments/" $::control
    location /payments/allowed/ {
        deny 192.0.2.1;
        portone_payment;
    }
    location ~ ^/payments/r {
        portone_cancel;
        #<~ "portone_cancel" in location "^/payments/r" $::control
    }
}
location /stored/ {
    portone_fetch off;
    portone_payment;
    #<~ "portone_payment" in location "/stored/" $::control
}
END



=== TEST 2: what counts as access control
--- level: server
--- user_files
>>> passwords
somebody:{PLAIN}secret
--- nginx_t eval
::guarded('allow 192.0.2.0/24; deny all;',
          'allow all;',
          'deny 2001:db8::/32;',
          'allow unix:; deny 192.0.2.1;',
          'auth_basic shop; auth_basic_user_file ../html/passwords;',
          'auth_request /session;',
          'internal;',
          'portone_match customer_uid $http_x_customer;',
          'portone_match pg_provider inicis; portone_match a $arg_a;',
          'limit_except GET { deny all; }',
          'limit_except GET { auth_basic shop; }')



=== TEST 3: what does not
--- level: server
--- nginx_t eval
::open_still('auth_basic off;',
             'auth_request off;',
             'satisfy any;',
             'portone_match pg_provider html5_inicis;',
             'limit_except POST { deny all; }',
           'auth_basic shop; limit_except GET { auth_basic off; }',
             'error_page 403 /error;')



=== TEST 4: whose payment it is does not say who may write
--- level: server
--- nginx_t eval
<<"END"
listen 0.0.0.0:\$TEST_NGINX_PORT_1;
portone_match customer_uid \$arg_customer;
location /read/ {
    portone_payment;
}
location /write/ {
    portone_payment write;
    #<~ "portone_payment" in location "/write/" $::control
}
location /some/ {
    portone_payment write;
    #<~ "portone_payment" in location "/some/" $::control
    limit_except GET POST {
        deny all;
    }
}
location /none/ {
    portone_payment write;
    #<~ "portone_payment" in location "/none/" $::control
    limit_except GET {
        access_log off;
    }
}
location /limited/ {
    portone_payment write;
    limit_except GET {
        deny all;
    }
}
location /all/ {
    allow 192.0.2.0/24;
    deny all;
    portone_payment write;
}

listen 0.0.0.0:\$TEST_NGINX_PORT_1;
location /write/ {
    portone_payment write;
    #<~ "portone_payment" in location "/write/" $::control
    limit_except GET {
        deny all;
    }
}
location /half/ {
    auth_basic shop;
    portone_payment write;
    #<~ "portone_payment" in location "/half/" $::control
    limit_except GET PUT {
        auth_basic off;
    }
}
location /read/ {
    portone_payment;
    limit_except POST {
        deny all;
    }
}
END



=== TEST 5: it is inherited, and can be taken away below
--- level: server
--- nginx_t eval
<<"END"
listen 0.0.0.0:\$TEST_NGINX_PORT_1;
allow 192.0.2.1;
deny all;
auth_basic shop;
location /refund {
    portone_cancel;
}

listen 0.0.0.0:\$TEST_NGINX_PORT_1;
auth_basic shop;
auth_request /session;
location /refund {
    auth_basic off;
    portone_cancel;
}
location /none {
    auth_basic off;
    auth_request off;
    portone_cancel;
    #<~ "portone_cancel" in location "/none" $::control
}
location /match/ {
    auth_basic off;
    auth_request off;
    portone_match customer_uid \$arg_customer;
    location /match/refund {
        portone_cancel;
    }
    location /match/none {
        portone_match pg_provider inicis;
        portone_cancel;
        #<~ "portone_cancel" in location "/match/none" $::control
    }
}
END



=== TEST 6: a server that only this machine reaches needs none
--- level: server
--- nginx_t eval
<<"END"
listen 127.0.0.1:\$TEST_NGINX_PORT_1;
listen 127.8.9.1:\$TEST_NGINX_PORT_1;
listen [::1]:\$TEST_NGINX_PORT_1;
location /refund {
    portone_cancel;
}

listen 127.0.0.1:\$TEST_NGINX_PORT_1;
listen \$TEST_NGINX_PORT_2;
location /refund {
    portone_cancel;
    #<~ "portone_cancel" in location "/refund" $::control
}

listen [::]:\$TEST_NGINX_PORT_1;
location /refund {
    portone_cancel;
    #<~ "portone_cancel" in location "/refund" $::control
}
END



=== TEST 7: servers of one port are looked at each by itself
--- nginx_t eval
my $store = "portone_store \$TEST_NGINX_STORE; portone_imp_key k;"
    . " portone_imp_secret s; portone_api http://127.0.0.1:1;";
<<"END"
$store
server {
    listen 0.0.0.0:\$TEST_NGINX_PORT_1;
    server_name a;
    location /refund {
        deny all;
        portone_cancel;
    }
}
server {
    listen 0.0.0.0:\$TEST_NGINX_PORT_1;
    server_name b;
    location /refund {
        portone_cancel;
        #<~ "portone_cancel" in location "/refund" $::control
    }
}
server {
    listen 127.0.0.1:\$TEST_NGINX_PORT_2;
    server_name c;
    location /refund {
        portone_cancel;
    }
}

$store
deny 192.0.2.1;
server {
    listen 0.0.0.0:\$TEST_NGINX_PORT_1;
    location /refund {
        portone_cancel;
    }
}
END



=== TEST 8: clients' certificates are access control where TLS is spoken
--- level: server
--- user_files eval
my $pem = CORE::join '', map { scalar `$_` }
    'openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost'
    . ' -keyout - -out - 2>/dev/null';
[['both.pem', $pem]]
--- nginx_t eval
my $tls = 'ssl_certificate ../html/both.pem;'
    . ' ssl_certificate_key ../html/both.pem;'
    . ' ssl_client_certificate ../html/both.pem;';
<<"END"
listen 0.0.0.0:\$TEST_NGINX_PORT_1 ssl;
$tls
ssl_verify_client on;
location /refund {
    portone_cancel;
}

listen 0.0.0.0:\$TEST_NGINX_PORT_1 ssl;
$tls
ssl_verify_client optional;
location /refund {
    portone_cancel;
    #<~ "portone_cancel" in location "/refund" $::control
}

listen 0.0.0.0:\$TEST_NGINX_PORT_1 ssl;
listen 0.0.0.0:\$TEST_NGINX_PORT_2;
$tls
ssl_verify_client on;
location /refund {
    portone_cancel;
    #<~ "portone_cancel" in location "/refund" $::control
}
END



=== TEST 9: a secret that others than its owner can use
--- user_files
>>> 0600
secret_0600
>>> 0400
secret_0400
>>> 0640
secret_0640
>>> 0604
secret_0604
>>> 0620
secret_0620
--- modes
0600 html/0600
0400 html/0400
0640 html/0640
0604 html/0604
0620 html/0620
--- nginx_t
portone_imp_key file:html/0600;
portone_imp_secret file:html/0400;

portone_imp_key file:html/0640;
#<~ "$TEST_NGINX_ROOT/html/0640" is open to others than its owner, "chmod 600" closes it
portone_imp_secret file:html/0604;
#<~ "$TEST_NGINX_ROOT/html/0604" is open to others than its owner, "chmod 600" closes it

portone_imp_secret file:html/0620;
#<~ "$TEST_NGINX_ROOT/html/0620" is open to others than its owner, "chmod 600" closes it



=== TEST 10: a store that everybody can write to
--- user_files
>>> open/any
>>> file
>>> data/data.mdb
>>> lock/lock.mdb
>>> good/data.mdb
--- modes
0777 html/open
0755 html/data
0666 html/data/data.mdb
0755 html/lock
0602 html/lock/lock.mdb
0770 html/good
0660 html/good/data.mdb
--- nginx_t
portone_store html/open;
#<- "$TEST_NGINX_ROOT/html/open" can be written to by everybody

portone_store $TEST_NGINX_ROOT/html/data;
#<- "$TEST_NGINX_ROOT/html/data/data.mdb" can be written to by everybody

portone_store html/lock;
#<- "$TEST_NGINX_ROOT/html/lock/lock.mdb" can be written to by everybody

portone_store html/file;
#<~ "$TEST_NGINX_ROOT/html/file" is not a directory, so the store cannot be opened

portone_store html/good;

portone_store html/none;



=== TEST 11: a store that everybody can put another one in the place of
--- user_files
>>> free/store/data.mdb
>>> free/deep/store/data.mdb
>>> sticky/store/data.mdb
--- modes
0777 html/free
0700 html/free/store
0700 html/free/deep
0700 html/free/deep/store
1777 html/sticky
0700 html/sticky/store
--- nginx_t
portone_store html/free/store;
#<~ "$TEST_NGINX_ROOT/html/free" can be written to by everybody, so the store below it can be replaced

portone_store html/free/deep/store;
#<~ "$TEST_NGINX_ROOT/html/free" can be written to by everybody, so the store below it can be replaced

portone_store html/free/none;
#<~ "$TEST_NGINX_ROOT/html/free" can be written to by everybody, so the store below it can be replaced

portone_store html/sticky/store;
