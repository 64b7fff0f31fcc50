# Whatever way nginx runs and is asked, a refund is the same.

use lib 't/lib';
use Test::Portone;

# the section "single": without a master

add_block_preprocessor(sub {
    my $block = shift;

    if (defined $block->single) {
        master_off();
    } else {
        master_on();
    }
});

our $refunds = <<'END';
fault {"call": "cancel", "fault": "gate", "name": "g"}
[a] refund {"merchant_uid": "order_1", "amount": 100}
waiting g 1
refund {"merchant_uid": "order_1", "amount": 100}
    -> 409 refund_in_progress
POST /dead {"merchant_uid": "order_2"}
    -> 502 portone_unavailable
open g
await a
    -> 200
refund {"merchant_uid": "order_1", "amount": 200}
    -> 200
    -> .cancel_amount = 300
fault {"call": "payment", "fault": "lose_request", "times": 0}
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
ledger
    -> .cancels_executed = 3
    -> .payments.imp_1.executed_amount = 600
GET /payments/order_1
    -> .refunds # 3
    -> .cancel_amount = 300
END

our $dead = <<'END';
        location = /dead {
            portone_api http://127.0.0.1:1;
            portone_cancel;
        }
END

run_tests();

__DATA__

=== TEST 1: one process without a master
--- single
--- workers: 1
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- locations eval: $::dead
--- steps: refunds



=== TEST 2: a client that speaks HTTP/2
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_PORT_1 http2;
        location = /cancel {
            portone_cancel;
        }
        location /payments/ {
            portone_payment;
        }
    }
--- steps
$ curl -s --http2-prior-knowledge -H "Content-Type: application/json" \
    |   -d '{"merchant_uid": "order_1", "cancel_request_amount": 100}' \
    |   -w ' %{http_version} %{http_code}' http://127.0.0.1:$TEST_NGINX_PORT_1/cancel
    -> body ~ (?s)"cancel_amount":100,.* 2 200$
$ curl -s --http2-prior-knowledge -H "Content-Type: application/json" \
    |   -d '{"merchant_uid": "order_1", "cancel_request_amount": 901}' \
    |   -w ' %{http_version} %{http_code}' http://127.0.0.1:$TEST_NGINX_PORT_1/cancel
    -> body ~ (?s)"error":"amount_exceeds_refundable".* 2 400$
$ curl -s --http2-prior-knowledge -w ' %{http_version} %{http_code}' \
    |   http://127.0.0.1:$TEST_NGINX_PORT_1/payments/order_1
    -> body ~ (?s)"cancel_amount":100,.*"refunds":\[\{.* 2 200$
ledger
    -> .cancels_executed = 1



=== TEST 3: a location that is reached by error_page or try_files
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- config
        location @cancel {
            portone_cancel;
        }
        location = /named {
            error_page 418 = @cancel;
            return 418;
        }
        location = /files {
            try_files /no/such/file @cancel;
        }
        location = /internal {
            internal;
            portone_cancel;
        }
        location = /page {
            error_page 418 = /internal;
            return 418;
        }
        location /payments/ {
            portone_payment;
        }
--- steps
POST /named {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .cancel_amount = 100
POST /files {"merchant_uid": "order_1", "amount": 200}
    -> 200
    -> .cancel_amount = 300
# nginx makes a GET of it
POST /page {"merchant_uid": "order_1", "amount": 400}
    -> 405 method_not_allowed
POST /internal {"merchant_uid": "order_1", "amount": 400}
    -> 404
ledger
    -> .cancels_executed = 2
GET /payments/order_1
    -> .cancel_amount = 300
    -> .refunds # 2
