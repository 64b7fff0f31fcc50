# Directives: which forms nginx -t accepts, and which line and reason it names
# when it does not.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;

run_tests();

__DATA__

=== TEST 1: a handler needs a store, a key and a secret, and says where
--- nginx_t
portone_imp_key k;
portone_imp_secret s;
server {
    location / {
        portone_cancel;
        #<- "portone_cancel" needs "portone_store"
    }
}

portone_imp_key k;
portone_imp_secret s;
server {
    location / {
        portone_payment;
        #<- "portone_payment" needs "portone_store"
    }
}

portone_store $TEST_NGINX_STORE;
portone_imp_secret s;
server {
    location / {
        portone_cancel;
        #<- "portone_cancel" needs "portone_imp_key"
    }
}

portone_store $TEST_NGINX_STORE;
server {
    portone_imp_key k;
    location / {
        portone_payment;
        #<- "portone_payment" needs "portone_imp_secret"
    }
}

portone_store $TEST_NGINX_STORE;
server {
    location /a/ {
        portone_imp_key k;
        portone_imp_secret s;
        portone_api http://127.0.0.1;
        portone_payment;
    }
    location /b/ {
        portone_cancel;
        #<- "portone_cancel" needs "portone_imp_key"
    }
}



=== TEST 2: reading what is stored takes no keys
--- nginx_t
portone_store $TEST_NGINX_STORE;
portone_fetch off;
server {
    location / {
        portone_payment;
    }
}

portone_store $TEST_NGINX_STORE;
portone_fetch off;
server {
    location / {
        portone_cancel;
        #<- "portone_cancel" needs "portone_imp_key"
    }
}



=== TEST 3: nginx -t names the file of the location, not of the directive
--- user_files
>>> loc.conf
location = /x {

    portone_cancel;
}
--- nginx_t
portone_store $TEST_NGINX_STORE;
server {
    include $TEST_NGINX_ROOT/html/loc.conf;
}
#<= "portone_cancel" needs "portone_imp_key" in $TEST_NGINX_ROOT/html/loc.conf:3



=== TEST 4: one location has one handler
--- level: server
--- nginx_t
location / {
    portone_cancel;
    portone_cancel;
    #<- "portone_cancel" directive is duplicate
}

location / {
    portone_cancel;
    portone_payment;
    #<- "portone_cancel" and "portone_payment" cannot share a location
}

location / {
    portone_cancel on;
    #<- invalid number of arguments in "portone_cancel" directive
}

location / {
    portone_payment write;
}

location / {
    portone_payment read;
    #<- invalid parameter "read"
}

location / {
    portone_payment write write;
    #<- invalid number of arguments in "portone_payment" directive
}

location ~ ^/payments/ {
    portone_payment;
    #<- "portone_payment" cannot be used in a location given by a regular
    #<- expression: the order is what follows the location's prefix
}

location ~ ^/cancel/ {
    portone_cancel;
}

location = /cancel {
    portone_cancel;
}

location @cancel {
    portone_cancel;
}



=== TEST 5: handlers belong into locations
--- nginx_t
portone_cancel;
#<- "portone_cancel" directive is not allowed here

server {
    portone_cancel;
    #<- "portone_cancel" directive is not allowed here
}

server {
    location / {
        if ($arg_a) {
            portone_cancel;
            #<- "portone_cancel" directive is not allowed here
        }
    }
}

server {
    location / {
        limit_except GET {
            portone_payment;
            #<- "portone_payment" directive is not allowed here
        }
    }
}

upstream u {
    portone_payment;
    #<- "portone_payment" directive is not allowed here
}



=== TEST 6: what all workers and sites share belongs to http
--- nginx_t
server {
    portone_store $TEST_NGINX_STORE;
    #<- "portone_store" directive is not allowed here
}

server {
    portone_zone 1m;
    #<- "portone_zone" directive is not allowed here
}

server {
    portone_thread_pool default;
    #<- "portone_thread_pool" directive is not allowed here
}

server {
    location / {
        portone_keepalive 1;
        #<- "portone_keepalive" directive is not allowed here
    }
}



=== TEST 7: a word that is no directive is refused by name
--- nginx_t
portone_stor $TEST_NGINX_STORE;
#<- unknown directive "portone_stor"

server {
    location / {
        portone_refund;
        #<- unknown directive "portone_refund"
    }
}



=== TEST 8: a store has a path and a size
--- nginx_t
portone_store $TEST_NGINX_STORE;

portone_store $TEST_NGINX_STORE/;

portone_store $TEST_NGINX_STORE size=1m;

portone_store $TEST_NGINX_STORE size=1048577;

portone_store html/relative size=64g;

portone_store;
#<- invalid number of arguments in "portone_store" directive

portone_store a size=1m b;
#<- invalid number of arguments in "portone_store" directive

portone_store "";
#<- "portone_store" directive needs a path

portone_store a size=1023k;
#<- invalid size "1023k", it must be at least 1m

portone_store a size=0;
#<- invalid size "0", it must be at least 1m

portone_store a size=;
#<- invalid size "", it must be at least 1m

portone_store a size=-1;
#<- invalid size "-1", it must be at least 1m

portone_store a size=big;
#<- invalid size "big", it must be at least 1m

portone_store a size=99999999999g;
#<- invalid size "99999999999g", it must be at least 1m

portone_store a 1m;
#<- invalid parameter "1m"

portone_store a sise=1m;
#<- invalid parameter "sise=1m"

portone_store $TEST_NGINX_STORE;
portone_store $TEST_NGINX_STORE;
#<- "portone_store" directive is duplicate



=== TEST 9: a relative store stays below the prefix
--- nginx_t
portone_store ../store;
#<- path "../store" leaves the prefix, use an absolute one

portone_store ..;
#<- path ".." leaves the prefix, use an absolute one

portone_store a/../../b;
#<- path "a/../../b" leaves the prefix, use an absolute one

portone_store a/..;
#<- path "a/.." leaves the prefix, use an absolute one

portone_store html/..store;

portone_store $TEST_NGINX_STORE/../other;



=== TEST 10: the zone has a size that a few accounts fit into
--- nginx_t
portone_zone 32k;

portone_zone 32768;

portone_zone 1m;

portone_zone 32767;
#<- size "32767" is too small, it must be at least 32768

portone_zone 0;
#<- size "0" is too small, it must be at least 32768

portone_zone big;
#<- invalid size "big"

portone_zone -1m;
#<- invalid size "-1m"

portone_zone zone=a:1m;
#<- invalid size "zone=a:1m"

portone_zone;
#<- invalid number of arguments in "portone_zone" directive

portone_zone 1m 1m;
#<- invalid number of arguments in "portone_zone" directive

portone_zone 1m;
portone_zone 1m;
#<- "portone_zone" directive is duplicate



=== TEST 11: the number of idle connections has bounds
--- nginx_t
portone_keepalive 0;

portone_keepalive 10000;

portone_keepalive 10001;
#<- value must be between 0 and 10000

portone_keepalive -1;
#<- "portone_keepalive" directive invalid number

portone_keepalive many;
#<- "portone_keepalive" directive invalid number

portone_keepalive 1;
portone_keepalive 1;
#<- "portone_keepalive" directive is duplicate



=== TEST 12: a thread pool that is not declared is refused by name
--- nginx_t
portone_store $TEST_NGINX_STORE;
portone_thread_pool default;

portone_store $TEST_NGINX_STORE;
portone_thread_pool nowhere;
#<- unknown thread pool "nowhere"

portone_thread_pool nowhere;
#<- unknown thread pool "nowhere"

portone_thread_pool;
#<- invalid number of arguments in "portone_thread_pool" directive

portone_thread_pool default;
portone_thread_pool default;
#<- "portone_thread_pool" directive is duplicate



=== TEST 13: switches are on or off, once
--- level: inside portone_cancel
--- nginx_t
portone_include_sandbox on;
portone_fetch on;
portone_require_amount on;
portone_phone_month on;
portone_ssl_verify on;

portone_include_sandbox off;
portone_fetch off;
portone_require_amount off;
portone_phone_month off;
portone_ssl_verify off;

portone_include_sandbox yes;
#<- invalid value "yes" in "portone_include_sandbox" directive,
#<- it must be "on" or "off"

portone_fetch yes;
#<- invalid value "yes" in "portone_fetch" directive, it must be "on" or "off"

portone_require_amount 1;
#<- invalid value "1" in "portone_require_amount" directive,
#<- it must be "on" or "off"

portone_phone_month true;
#<- invalid value "true" in "portone_phone_month" directive,
#<- it must be "on" or "off"

portone_ssl_verify no;
#<- invalid value "no" in "portone_ssl_verify" directive,
#<- it must be "on" or "off"

portone_ssl_verify;
#<- invalid number of arguments in "portone_ssl_verify" directive

portone_include_sandbox on;
portone_include_sandbox on;
#<- "portone_include_sandbox" directive is duplicate

portone_fetch on;
portone_fetch on;
#<- "portone_fetch" directive is duplicate

portone_require_amount on;
portone_require_amount on;
#<- "portone_require_amount" directive is duplicate

portone_phone_month on;
portone_phone_month on;
#<- "portone_phone_month" directive is duplicate

portone_ssl_verify on;
portone_ssl_verify on;
#<- "portone_ssl_verify" directive is duplicate



=== TEST 14: times are times, once
--- level: inside portone_cancel
--- nginx_t
portone_connect_timeout 500ms;
portone_read_timeout 1m;
portone_settle_time 2m;

portone_connect_timeout soon;
#<- "portone_connect_timeout" directive invalid value

portone_read_timeout -1s;
#<- "portone_read_timeout" directive invalid value

portone_settle_time 1d;
portone_read_timeout 1000s;

portone_settle_time 86401s;
#<- "portone_settle_time" must not be more than 1d

portone_settle_time 9223372036854775807s;
#<- "portone_settle_time" must not be more than 1d

portone_settle_time 500ms;
#<- "portone_settle_time" directive invalid value

portone_settle_time;
#<- invalid number of arguments in "portone_settle_time" directive

portone_connect_timeout 1s;
portone_connect_timeout 1s;
#<- "portone_connect_timeout" directive is duplicate

portone_read_timeout 1s;
portone_read_timeout 1s;
#<- "portone_read_timeout" directive is duplicate

portone_settle_time 2m;
portone_settle_time 2m;
#<- "portone_settle_time" directive is duplicate



=== TEST 15: settle_time is at least 2 s longer than a call can take
--- nginx_t
portone_store $TEST_NGINX_STORE;
portone_imp_key k;
portone_imp_secret s;
portone_api http://127.0.0.1;
portone_settle_time 71s;
server {
    location / {
        portone_cancel;
        #<- "portone_settle_time" of 71 s must be at least 2 s longer than
        #<- the 70000 ms that a call can take
    }
}

portone_store $TEST_NGINX_STORE;
portone_imp_key k;
portone_imp_secret s;
portone_api http://127.0.0.1;
portone_settle_time 72s;
server {
    location / {
        portone_cancel;
    }
}

portone_store $TEST_NGINX_STORE;
portone_imp_key k;
portone_imp_secret s;
portone_api https://api.iamport.kr;
portone_settle_time 101s;
resolver 127.0.0.1:1;
server {
    location / {
        portone_cancel;
        #<- "portone_settle_time" of 101 s must be at least 2 s longer than
        #<- the 100000 ms that a call can take
    }
}

portone_store $TEST_NGINX_STORE;
portone_imp_key k;
portone_imp_secret s;
portone_api http://127.0.0.1;
server {
    portone_read_timeout 2m;
    location /slow {
        portone_cancel;
        #<- "portone_settle_time" of 120 s must be at least 2 s longer than
        #<- the 130000 ms that a call can take
    }
}

portone_store $TEST_NGINX_STORE;
portone_imp_key k;
portone_imp_secret s;
portone_api http://127.0.0.1;
portone_settle_time 1d;
portone_connect_timeout 9223372036854775807ms;
portone_read_timeout 9223372036854775807ms;
server {
    location / {
        portone_cancel;
        #<- "portone_settle_time" of 86400 s must be at least 2 s longer than
        #<- the 172800000 ms that a call can take
    }
}

portone_store $TEST_NGINX_STORE;
portone_imp_key k;
portone_imp_secret s;
portone_api http://127.0.0.1;
server {
    portone_read_timeout 107s;
    portone_connect_timeout 10999ms;
    location / {
        portone_cancel;
    }
}



=== TEST 16: a merchant is a name of 1 to 64 bytes, once
--- level: inside portone_cancel
--- nginx_t
portone_merchant shop;

portone_merchant "상점 1";

portone_merchant 0123456789012345678901234567890123456789012345678901234567890123;

portone_merchant 01234567890123456789012345678901234567890123456789012345678901234;
#<- invalid merchant
#<- "01234567890123456789012345678901234567890123456789012345678901234",
#<- it must have 1 to 64 bytes of text

portone_merchant "";
#<- invalid merchant "", it must have 1 to 64 bytes of text

portone_merchant "a	b";
#<- invalid merchant "a	b", it must have 1 to 64 bytes of text

portone_merchant a;
portone_merchant a;
#<- "portone_merchant" directive is duplicate



=== TEST 17: a tier has three characters of A-Z and 0-9, once
--- level: inside portone_cancel
--- nginx_t
portone_tier A1Z;

portone_tier a1z;
#<- invalid tier "a1z", it must have 3 characters of A-Z and 0-9

portone_tier AB;
#<- invalid tier "AB", it must have 3 characters of A-Z and 0-9

portone_tier ABCD;
#<- invalid tier "ABCD", it must have 3 characters of A-Z and 0-9

portone_tier "";
#<- invalid tier "", it must have 3 characters of A-Z and 0-9

portone_tier ABC;
portone_tier ABC;
#<- "portone_tier" directive is duplicate



=== TEST 18: a match has a field and a value
--- level: inside portone_cancel
--- nginx_t
portone_match customer_uid $remote_user;
portone_match pg_provider kcp;

portone_match customer_uid;
#<- invalid number of arguments in "portone_match" directive

portone_match "" x;
#<- "portone_match" directive needs the name of a field

portone_match customer_uid $no_such_variable;
#<= unknown "no_such_variable" variable



=== TEST 19: a language is ko or en, once
--- level: inside portone_cancel
--- nginx_t
portone_language ko;

portone_language en;

portone_language ja;
#<- invalid value "ja"

portone_language ko;
portone_language en;
#<- "portone_language" directive is duplicate



=== TEST 20: an error status has an error and a status
--- level: inside portone_cancel
--- nginx_t
portone_error_status already_refunded 409;
portone_error_status -1 422;
portone_error_status 1 ~취소할 404;
portone_error_status outcome_unknown 599;
portone_error_status outcome_unknown 300;

portone_error_status already_refunded;
#<- invalid number of arguments in "portone_error_status" directive

portone_error_status 0 409;
#<- code 0 of PortOne is no error

portone_error_status 1 취소할 404;
#<- invalid parameter "취소할", a regular expression begins with "~"

portone_error_status already_refunded 304;
#<- invalid status "304", it must be from 300 to 599 and not 304

portone_error_status already_refunded 299;
#<- invalid status "299", it must be from 300 to 599 and not 304

portone_error_status already_refunded 600;
#<- invalid status "600", it must be from 300 to 599 and not 304

portone_error_status already_refunded conflict;
#<- invalid status "conflict", it must be from 300 to 599 and not 304

portone_error_status refunded 409;
#<- "refunded" is neither an error of this module nor a code of PortOne



=== TEST 21: nginx -t opens and creates no database
--- nginx_t
portone_store $TEST_NGINX_STORE-tried;
portone_fetch off;
server {
    location / {
        portone_payment;
    }
}
--- steps
$ ls -A $TEST_NGINX_STORE-tried
    -> body = 
$ stat -c %a $TEST_NGINX_STORE-tried
    -> body ~ ^700$



=== TEST 22: a zone that is too small for its accounts is told at the start
--- nginx_t eval
my $locations = CORE::join '', map { "    location /$_ {\n"
    . "        portone_imp_key key_$_;\n        portone_cancel;\n    }\n" }
    1 .. 100;

"portone_zone 32k;\nportone_store \$TEST_NGINX_STORE;\n"
. "portone_imp_secret s;\nportone_api http://127.0.0.1;\nserver {\n"
. "$locations}\n"
. "#<= portone_zone of 32768 bytes is too small for 100 accounts\n\n"
. "portone_zone 256k;\nportone_store \$TEST_NGINX_STORE;\n"
. "portone_imp_secret s;\nportone_api http://127.0.0.1;\nserver {\n"
. "$locations}\n";



=== TEST 23: the reconciler has an interval, for all of http
--- nginx_t
portone_reconcile_interval 1s;

portone_reconcile_interval 1m;

portone_reconcile_interval 999ms;
#<- "portone_reconcile_interval" must be at least 1s

portone_reconcile_interval 0;
#<- "portone_reconcile_interval" must be at least 1s

portone_reconcile_interval often;
#<- "portone_reconcile_interval" directive invalid value

portone_reconcile_interval;
#<- invalid number of arguments in "portone_reconcile_interval" directive

portone_reconcile_interval 1s;
portone_reconcile_interval 1s;
#<- "portone_reconcile_interval" directive is duplicate

server {
    portone_reconcile_interval 1s;
    #<- "portone_reconcile_interval" directive is not allowed here
}
