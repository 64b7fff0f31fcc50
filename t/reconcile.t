# Open refunds are settled by reading PortOne, when their time has come: by
# the reconciler, by a reading of the order, and by the next refund of it.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: a refund whose answer was lost is found at PortOne and settled as succeeded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
portone_connect_timeout 500ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300, "reason": "변심"}
    -> 504 outcome_unknown
    -> .refund_id as id
within 10s sandbox GET ledger?call=payment
    -> .requests # 1
within 5s GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = succeeded
    -> .refunds[0].cancellation_id present
    -> .refundable_amount = 700
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 400
ledger
    -> .payments.imp_1.executions = 2



=== TEST 2: a refund that PortOne never executed is settled as not executed
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
portone_connect_timeout 500ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
--- steps
fault {"call": "cancel", "fault": "lose_request"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
within 10s sandbox GET ledger?call=payment
    -> .requests # 1
within 5s GET /payments/order_1
    -> .refunds[0].state = not_executed
    -> .refundable_amount = 1000
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
ledger
    -> .payments.imp_1.executions = 1
