# Settings of http and server hold for the locations below, until a location
# has its own.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;

run_tests();

__DATA__

=== TEST 1: each setting is taken on each level
--- nginx_t
portone_api https://192.0.2.1;
portone_imp_key k;
portone_imp_secret s;
portone_merchant m;
portone_tier ABC;
portone_include_sandbox on;
portone_fetch off;
portone_require_amount on;
portone_phone_month off;
portone_match a b;
portone_error_status -1 409;
portone_connect_timeout 1s;
portone_read_timeout 1s;
portone_settle_time 3s;
portone_ssl_verify off;
portone_ssl_trusted_certificate piece.conf;
portone_language en;
server {
    portone_api https://192.0.2.2;
    portone_imp_key k;
    portone_imp_secret s;
    portone_merchant m;
    portone_tier ABC;
    portone_include_sandbox off;
    portone_fetch on;
    portone_require_amount off;
    portone_phone_month on;
    portone_match a b;
    portone_error_status -1 409;
    portone_connect_timeout 2s;
    portone_read_timeout 2s;
    portone_settle_time 5s;
    portone_ssl_verify on;
    portone_ssl_trusted_certificate piece.conf;
    portone_language ko;
    location / {
        portone_api https://192.0.2.3;
        portone_imp_key k;
        portone_imp_secret s;
        portone_merchant m;
        portone_tier ABC;
        portone_include_sandbox on;
        portone_fetch off;
        portone_require_amount on;
        portone_phone_month off;
        portone_match a b;
        portone_error_status -1 409;
        portone_connect_timeout 1s;
        portone_read_timeout 1s;
        portone_settle_time 3s;
        portone_ssl_verify off;
        portone_ssl_trusted_certificate piece.conf;
        portone_language en;
    }
}



=== TEST 2: tier, key, secret and API
--- http_config
    portone_sandbox_account http_key http_secret tier=AAA;
    portone_sandbox_account http_key http_secret tier=BBB;
    portone_sandbox_account http_key http_secret tier=CCC;
    portone_sandbox_account other_key other_secret tier=BBB;
    portone_imp_key http_key;
    portone_imp_secret http_secret;
    portone_tier AAA;

    server {
        listen $TEST_NGINX_PORT_1;

        location = /http {
            portone_cancel;
        }
    }
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- config
        portone_tier BBB;

        location = /server {
            portone_cancel;
        }
        location = /location {
            portone_tier CCC;
            portone_cancel;
        }
        location = /keys {
            portone_imp_key other_key;
            portone_imp_secret other_secret;
            portone_cancel;
        }
        location = /api {
            portone_api http://127.0.0.1:$TEST_NGINX_SERVER_PORT/two/;
            portone_cancel;
        }
        location /two/ {
            portone_sandbox;
            portone_sandbox_zone zone=inherit_$TEST_NGINX_BLOCK:1m;
            portone_sandbox_account http_key http_secret tier=BBB;
            portone_sandbox_payment imp_uid=imp_2 merchant_uid=order_2
                                    amount=1000;
        }
--- steps
POST http://127.0.0.1:$TEST_NGINX_PORT_1/http {"imp_uid": "imp_1", "amount": 1}
    -> 200
POST /server {"imp_uid": "imp_1", "amount": 2}
    -> 200
POST /location {"imp_uid": "imp_1", "amount": 3}
    -> 200
POST /keys {"imp_uid": "imp_1", "amount": 4}
    -> 200
ledger ?call=cancel
    -> .requests # 4
    -> .requests[0].tier = AAA
    -> .requests[1].tier = BBB
    -> .requests[2].tier = CCC
    -> .requests[3].tier = BBB
ledger ?call=token
    -> .requests # 4
    -> .requests[0].tier = AAA
    -> .requests[1].tier = BBB
    -> .requests[2].tier = CCC
    -> .requests[3].tier = BBB
    -> .requests[0].body ~ http_key.*http_secret
    -> .requests[1].body ~ http_key.*http_secret
    -> .requests[2].body ~ http_key.*http_secret
    -> .requests[3].body ~ other_key.*other_secret
POST /api {"merchant_uid": "order_2"}
    -> 200
    -> .imp_uid = imp_2
GET /two/_sandbox/ledger
    -> .cancels_executed = 1
    -> .calls.token = 1
ledger
    -> .cancels_executed = 4



=== TEST 3: include_sandbox
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 sandbox=on
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- http_config
    portone_include_sandbox on;
--- locations
        location /live/ {
            portone_include_sandbox off;
            portone_merchant live;
            portone_payment;
        }
--- steps
GET /live/order_1
    -> 404 payment_not_found
GET /live/order_2
    -> 200
GET /payments/order_1
    -> 200
ledger ?call=find
    -> .requests[0].query !~ include_sandbox
    -> .requests[1].query !~ include_sandbox
    -> .requests[2].query ~ include_sandbox=true
    -> .requests # 3



=== TEST 4: merchant and fetch
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    portone_merchant one;
    portone_fetch off;
--- config
        portone_fetch on;

        location /one/ {
            portone_payment;
        }
        location /two/ {
            portone_merchant two;
            portone_fetch off;
            portone_payment;
        }
        location /one-stored/ {
            portone_fetch off;
            portone_payment;
        }
--- steps
GET /one-stored/order_1
    -> 404 payment_not_found
ledger
    -> .requests # 0
GET /one/order_1
    -> 200
GET /one-stored/order_1
    -> 200
GET /two/order_1
    -> 404 payment_not_found
ledger ?call=find
    -> .requests # 1



=== TEST 5: require_amount, phone_month and language
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=phone paid_at=now-70d
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- http_config
    portone_require_amount on;
    portone_language en;
--- config
        portone_phone_month off;

        location = /cancel {
            portone_cancel;
        }
        location = /own {
            portone_require_amount off;
            portone_phone_month on;
            portone_language ko;
            portone_cancel;
        }
--- steps
POST /cancel {"merchant_uid": "order_2"}
    -> 400 amount_required
    -> .message = Please state the amount to refund.
POST /own {"merchant_uid": "order_1"}
    -> 422 phone_month_passed
    -> .message ~ 휴대폰
ledger
    -> .calls.cancel = 0
POST /cancel {"merchant_uid": "order_1", "amount": 1}
    -> 422 refund_rejected
ledger
    -> .calls.cancel = 1
POST /own {"merchant_uid": "order_2"}
    -> 200



=== TEST 6: read_timeout and settle_time
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- http_config
    portone_connect_timeout 100ms;
    portone_read_timeout 200ms;
    portone_settle_time 1000s;
--- locations
        location = /own {
            portone_settle_time 5000s;
            portone_cancel;
        }
--- steps
fault {"call": "cancel", "fault": "hang", "times": 2}
refund {"merchant_uid": "order_1"}
    -> 504 outcome_unknown
refund {"merchant_uid": "order_1"}
    -> 409 refund_in_progress
    -> Retry-After: ~ ^(?:1000|9\d\d)$
POST /own {"merchant_uid": "order_2"}
    -> 504 outcome_unknown
refund {"merchant_uid": "order_2"}
    -> 409 refund_in_progress
    -> Retry-After: ~ ^(?:5000|49\d\d)$
ledger
    -> .cancels_executed = 0
    -> .calls.cancel = 2



=== TEST 7: same keys share one token, other keys or tiers have their own
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    server {
        listen $TEST_NGINX_PORT_1;

        location = /same {
            portone_imp_key 'imp_key_of_tests';
            portone_imp_secret "imp_secret_of_tests";
            portone_merchant another;
            portone_read_timeout 50s;
            portone_cancel;
        }
    }
--- locations
        location = /other {
            portone_imp_secret wrong_secret;
            portone_cancel;
        }
--- steps
refund {"merchant_uid": "order_1", "amount": 1}
    -> 200
POST http://127.0.0.1:$TEST_NGINX_PORT_1/same {"imp_uid": "imp_1", "amount": 2}
    -> 200
ledger
    -> .calls.token = 1
    -> .calls.cancel = 2
POST /other {"merchant_uid": "order_1", "amount": 1}
    -> 502 portone_unauthorized
ledger
    -> .calls.token = 2
    -> .calls.cancel = 2
GET /payments/order_1
    -> .refunds # 1



=== TEST 8: without a handler nothing changes for a location
--- http_config
    portone_match customer_uid nobody;
    portone_error_status payment_not_found 403;
--- locations
        location = /plain {
            return 200 "plain\n";
        }
        location /static/ {
            alias html/;
        }
--- user_files
>>> page.txt
a page
--- steps
GET /plain
    -> 200
    -> body ~ ^plain$
    -> ! Portone-Refund-Id
GET /static/page.txt
    -> 200
    -> body ~ ^a page$
GET /static/none.txt
    -> 404
POST /plain {"merchant_uid": "order_1"}
    -> 200
ledger
    -> .requests # 0
