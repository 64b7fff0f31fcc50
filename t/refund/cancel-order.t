# An order can have several payments at PortOne, which names the one that was
# begun last: a refund finds the one that can be refunded.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: an attempt to pay that has failed does not hide the paid one
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 started_at=now-2h
imp_uid=imp_2 merchant_uid=order_1 amount=1000 started_at=now-1h status=failed
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .imp_uid = imp_1
    -> .refundable_amount = 700
ledger ?call=find
    -> .requests # 2
    -> .requests[0].path ~ /payments/find/order_1$
    -> .requests[1].path ~ /payments/find/order_1/paid$
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 400
ledger
    -> .calls.find = 2
    -> .payments.imp_1.executions = 2
    -> .payments.imp_2.executions = 0



=== TEST 2: nor one that is partly refunded and has the status of a refunded one
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 cancel_amount=400 started_at=now-2h status=cancelled
imp_uid=imp_2 merchant_uid=order_1 amount=1000 started_at=now-1h status=ready
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .imp_uid = imp_1
    -> .refundable_amount = 300
ledger ?call=find
    -> .requests # 3
    -> .requests[2].path ~ /payments/find/order_1/cancelled$



=== TEST 3: an order that was not paid is not refundable
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 started_at=now-2h status=failed
imp_uid=imp_2 merchant_uid=order_1 amount=1000 started_at=now-1h status=ready
--- steps
refund {"merchant_uid": "order_1"}
    -> 409 not_refundable
ledger
    -> .calls.find = 3
    -> .calls.cancel = 0



=== TEST 4: an order that was refunded and paid again
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 started_at=now-2h
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
    -> .imp_uid = imp_1
refund {"merchant_uid": "order_1"}
    -> 400 already_refunded
    -> .imp_uid = imp_1
POST /sandbox/_sandbox/payments {"imp_uid": "imp_2", "merchant_uid": "order_1", "amount": 2000}
refund {"merchant_uid": "order_1", "amount": 500}
    -> 200
    -> .imp_uid = imp_2
    -> .refundable_amount = 1500
refund {"imp_uid": "imp_1"}
    -> 400 already_refunded
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_2.executions = 1



=== TEST 5: who asks twice does not get the payment before refunded as well
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 started_at=now-2h
imp_uid=imp_2 merchant_uid=order_1 amount=1000 started_at=now-1h
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
    -> .imp_uid = imp_2
refund {"merchant_uid": "order_1"}
    -> 400 already_refunded
    -> .imp_uid = imp_2
ledger
    -> .payments.imp_1.executions = 0
    -> .payments.imp_2.executions = 1
