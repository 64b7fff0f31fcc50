# portone_api: which URLs are accepted, and what a refused one is told.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;

run_tests();

__DATA__

=== TEST 1: https URLs may have a port, a path and an address
--- nginx_t
portone_api https://api.iamport.kr;

portone_api https://static-api.iamport.kr;

portone_api https://api.iamport.kr:8443;

portone_api https://api.iamport.kr/v1/;

portone_api HTTPS://api.iamport.kr;

portone_api https://192.0.2.1;

portone_api https://192.0.2.1:8443/a/b;

portone_api https://[2001:db8::1];

portone_api https://[2001:db8::1]:8443/a;



=== TEST 2: plain http is for loopback addresses only
--- level: inside portone_cancel
--- nginx_t
portone_api http://127.0.0.1;

portone_api http://127.0.0.1:8080/api/;

portone_api http://127.255.255.254:8080;

portone_api http://localhost:8080;

portone_api http://[::1]:8080/api;

portone_api http://[::1];

portone_api http://192.0.2.1;
#<- plain http to an address that is not loopback in URL "http://192.0.2.1"

portone_api http://10.0.0.1:8080/api;
#<- plain http to an address that is not loopback in URL
#<- "http://10.0.0.1:8080/api"

portone_api http://0.0.0.0:8080;
#<- plain http to an address that is not loopback in URL "http://0.0.0.0:8080"

portone_api http://128.0.0.1;
#<- plain http to an address that is not loopback in URL "http://128.0.0.1"

portone_api http://[2001:db8::1];
#<- plain http to an address that is not loopback in URL "http://[2001:db8::1]"

portone_api http://[::ffff:127.0.0.1];
#<- plain http to an address that is not loopback in URL
#<- "http://[::ffff:127.0.0.1]"

portone_api http://[::]:8080;
#<- plain http to an address that is not loopback in URL "http://[::]:8080"



=== TEST 3: other schemes are refused
--- nginx_t
portone_api ftp://api.iamport.kr;
#<- invalid URL prefix in "ftp://api.iamport.kr",
#<- it must be https://, or http:// for a loopback address

portone_api api.iamport.kr;
#<- invalid URL prefix in "api.iamport.kr",
#<- it must be https://, or http:// for a loopback address

portone_api //127.0.0.1/;
#<- invalid URL prefix in "//127.0.0.1",
#<- it must be https://, or http:// for a loopback address

portone_api https://;
#<- invalid URL prefix in "https:",
#<- it must be https://, or http:// for a loopback address

portone_api "";
#<- invalid URL prefix in "",
#<- it must be https://, or http:// for a loopback address

portone_api https://unix:/run/api.sock;
#<- no UNIX domain socket can be in URL "https://unix:/run/api.sock"

portone_api http://unix:/run/api.sock:/x;
#<- no UNIX domain socket can be in URL "http://unix:/run/api.sock:/x"



=== TEST 4: user names, queries, fragments and odd characters are refused
--- nginx_t
portone_api https://user:word@api.iamport.kr;
#<- invalid character in URL "https://user:word@api.iamport.kr"

portone_api https://api.iamport.kr/?a=b;
#<- invalid character in URL "https://api.iamport.kr/?a=b"

portone_api https://api.iamport.kr/#a;
#<- invalid character in URL "https://api.iamport.kr/#a"

portone_api https://$host;
#<- invalid character in URL "https://$host"

portone_api "https://api.iamport.kr/a b";
#<- invalid character in URL "https://api.iamport.kr/a b"

portone_api https://포트원.kr;
#<- invalid character in URL "https://포트원.kr"

portone_api https://api.iamport.kr\\a;
#<- invalid character in URL "https://api.iamport.kr\a"



=== TEST 5: ports are from 1 to 65535
--- nginx_t
portone_api https://api.iamport.kr:1;

portone_api https://api.iamport.kr:65535;

portone_api https://api.iamport.kr:0;
#<- invalid port in URL "https://api.iamport.kr:0"

portone_api https://api.iamport.kr:65536;
#<- invalid port in URL "https://api.iamport.kr:65536"

portone_api https://api.iamport.kr:https;
#<- invalid port in URL "https://api.iamport.kr:https"

portone_api https://api.iamport.kr:443:443/;
#<- invalid port in URL "https://api.iamport.kr:443:443"

portone_api https://:443;
#<- no host in URL "https://:443"

portone_api https://[::1;
#<- invalid host in URL "https://[::1"



=== TEST 6: it is given once a level, with one argument
--- nginx_t
portone_api https://192.0.2.1;
portone_api https://192.0.2.1;
#<- "portone_api" directive is duplicate

portone_api;
#<- invalid number of arguments in "portone_api" directive

portone_api https://192.0.2.1 443;
#<- invalid number of arguments in "portone_api" directive

upstream u {
    portone_api https://192.0.2.1;
    #<- "portone_api" directive is not allowed here
}



=== TEST 7: a name that does not exist is told with the line of its handler
--- nginx_t
portone_store $TEST_NGINX_STORE;
portone_imp_key k;
portone_imp_secret s;
portone_api https://no-such-host.invalid;
server {
    location / {
        portone_cancel;
        #<- host not found in "portone_api" URL
        #<- "https://no-such-host.invalid" of "portone_cancel"
    }
}

portone_api http://no-such-host.invalid;
#<- host not found in URL "http://no-such-host.invalid"



=== TEST 8: with a resolver a name is not looked up by nginx -t
--- nginx_t
portone_store $TEST_NGINX_STORE;
portone_imp_key k;
portone_imp_secret s;
portone_api https://no-such-host.invalid;
resolver 127.0.0.1:1;
server {
    location / {
        portone_cancel;
    }
}

portone_store $TEST_NGINX_STORE;
portone_imp_key k;
portone_imp_secret s;
portone_api https://no-such-host.invalid;
server {
    location /a {
        resolver 127.0.0.1:1;
        portone_cancel;
    }
    location /b {
        portone_payment;
        #<- host not found in "portone_api" URL
        #<- "https://no-such-host.invalid" of "portone_payment"
    }
}



=== TEST 9: a name that nothing uses is not looked up
--- nginx_t
portone_store $TEST_NGINX_STORE;
portone_api https://no-such-host.invalid;
portone_fetch off;
server {
    location / {
        portone_payment;
    }
}



=== TEST 10: the path of the URL is in front of every call
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- config
    location /payments/ {
        portone_payment;
    }
    location = /payments/cancel {
        portone_cancel;
    }
    location /deep/er/ {
        portone_sandbox;
    }
--- http_config
    portone_api http://127.0.0.1:$TEST_NGINX_SERVER_PORT/deep/er/;
--- steps
refund {"merchant_uid": "order_1", "amount": 10}
    -> 200
ledger
    -> .requests[0].path = /deep/er/users/getToken
    -> .requests[1].path = /deep/er/payments/find/order_1
    -> .requests[2].path = /deep/er/payments/cancel
    -> .requests # 3



=== TEST 11: an IPv6 address and a name reach PortOne
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- http_config
    server {
        listen [::1]:$TEST_NGINX_PORT_1;
        location / {
            portone_sandbox;
        }
    }
--- locations
        location = /six {
            portone_api http://[::1]:$TEST_NGINX_PORT_1;
            portone_cancel;
        }
        location = /name {
            portone_api http://LOCALHOST:$TEST_NGINX_SERVER_PORT/sandbox;
            portone_cancel;
        }
--- steps
POST /six {"merchant_uid": "order_1"}
    -> 200
    -> .status = cancelled
POST /name {"merchant_uid": "order_2"}
    -> 200
    -> .status = cancelled
ledger ?call=cancel
    -> .cancels_executed = 2
    -> .requests # 2
