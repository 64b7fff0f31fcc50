# One refund from start to end. It also shows how the tests beside it are
# written: see t/lib/Test/Portone.pm.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: a refund is made at PortOne once and is stored
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300,
    | "reason": "changed my mind"}
    -> 200
    -> .imp_uid = imp_1
    -> .cancel_amount = 300
    -> .refundable_amount = 700
    -> Portone-Refund-Id as id

GET /payments/order_1
    -> .refundable_amount = 700
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = succeeded
    -> .refunds[0].amount = 300

ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .payments.imp_1.executed_amount = 300
    -> .requests # 1
    -> .requests[0].body ~ "amount":300
    -> .requests[0].body ~ "checksum":1000



=== TEST 2: what was refunded survives a crash and a reload
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
reload
GET /payments/order_1
    -> .refundable_amount = 700
kill
start
GET /payments/order_1
    -> .refundable_amount = 700



=== TEST 3: a refund needs a store
--- bare
--- config
    location = /payments/cancel {
        portone_api http://127.0.0.1:1;
        portone_imp_key key;
        portone_imp_secret secret;
        portone_cancel;
    }
--- must_die
--- error_log
portone_store
