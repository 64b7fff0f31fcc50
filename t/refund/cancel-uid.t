# Which payment a request means, and where it is looked for.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: an order that is not stored is found at PortOne by its number
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .imp_uid = imp_1

ledger
    -> .requests # 3
    -> .requests[1].method = GET
    -> .requests[1].path ~ /payments/find/order_1$
    -> .requests[1].query = ""
    -> .requests[2].call = cancel

# and is stored from then on

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .refundable_amount = 800

ledger
    -> .calls.find = 1
    -> .calls.payment = 0
    -> .calls.cancel = 2



=== TEST 2: a payment that is not stored is found at PortOne by its imp_uid
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"imp_uid": "imp_1", "amount": 100}
    -> 200
    -> .merchant_uid = order_1

ledger
    -> .requests # 3
    -> .requests[1].method = GET
    -> .requests[1].path ~ /payments/imp_1$

# and is stored under its order number, too

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .refundable_amount = 800

ledger
    -> .calls.find = 0
    -> .calls.payment = 1
    -> .calls.cancel = 2



=== TEST 3: an order that nobody knows is not found
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_2", "cancel_request_amount": 100}
    -> 404
    -> .error = payment_not_found
    -> .message = 결제 내역을 찾을 수 없습니다.
    -> .code = null
    -> .merchant_uid = order_2
    -> .imp_uid = null
    -> .refundable_amount absent
    -> .refund_id absent
    -> Content-Type: application/json
    -> ! Portone-Refund-Id

refund {"imp_uid": "imp_2"}
    -> 404 payment_not_found
    -> .merchant_uid = null
    -> .imp_uid = imp_2

ledger
    -> .calls.find = 1
    -> .calls.payment = 1
    -> .calls.cancel = 0

GET /payments/order_2
    -> 404 payment_not_found



=== TEST 4: an order that was unknown is found once it is there
--- steps
refund {"merchant_uid": "order_1"}
    -> 404 payment_not_found

sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}

refund {"merchant_uid": "order_1"}
    -> 200
    -> .refundable_amount = 0



=== TEST 5: with portone_fetch off only what is stored exists
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- cancel
            portone_fetch off;
--- steps
refund {"merchant_uid": "order_1"}
    -> 404 payment_not_found

refund {"imp_uid": "imp_1"}
    -> 404 payment_not_found

ledger
    -> .requests # 0

# the other location stores it

GET /payments/order_1
    -> .imp_uid = imp_1

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .refundable_amount = 900

refund {"imp_uid": "imp_1", "amount": 100}
    -> 200
    -> .refundable_amount = 800

refund {"merchant_uid": "order_2"}
    -> 404 payment_not_found

ledger
    -> .calls.find = 1
    -> .calls.cancel = 2
    -> .payments.imp_2.executions = 0



=== TEST 6: imp_uid and merchant_uid of one payment may both be given
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .refundable_amount = 900

refund {"merchant_uid": "order_1", "imp_uid": "imp_1", "amount": 100}
    -> 200
    -> .refundable_amount = 800



=== TEST 7: imp_uid and merchant_uid of different payments are refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- steps
refund {"imp_uid": "imp_1", "merchant_uid": "order_2", "amount": 100}
    -> 400 invalid_request
    -> .field = merchant_uid

# the same when the payments are stored

GET /payments/order_1
GET /payments/order_2

refund {"imp_uid": "imp_2", "merchant_uid": "order_1", "amount": 100}
    -> 400 invalid_request
    -> .field = merchant_uid

refund {"imp_uid": "imp_2", "merchant_uid": "order_9", "amount": 100}
    -> 400 invalid_request
    -> .field = merchant_uid

ledger ?call=cancel
    -> .requests # 0

GET /payments/order_1
    -> .refunds # 0

GET /payments/order_2
    -> .refunds # 0



=== TEST 8: an unknown imp_uid fails, whatever merchant_uid says
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1
    -> .imp_uid = imp_1

refund {"imp_uid": "imp_9", "merchant_uid": "order_1", "amount": 100}
    -> 404 payment_not_found
    -> .imp_uid = imp_9
    -> .merchant_uid = order_1

refund {"imp_uid": "", "merchant_uid": "order_1", "amount": 100}
    -> 400 invalid_request
    -> .field = imp_uid

ledger ?call=cancel
    -> .requests # 0



=== TEST 9: after a failed attempt to pay, the payment that came to pass is refunded
--- payments
imp_uid=imp_failed merchant_uid=order_1 amount=1000 status=failed started_at=now-2h
imp_uid=imp_paid merchant_uid=order_1 amount=1000 started_at=now-1h
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .imp_uid = imp_paid

ledger
    -> .payments.imp_paid.executed_amount = 100
    -> .payments.imp_failed.executions = 0



=== TEST 10: a failed attempt that is read later does not hide the paid one
--- payments
imp_uid=imp_failed merchant_uid=order_1 amount=1000 status=failed started_at=now-1h
imp_uid=imp_paid merchant_uid=order_1 amount=1000 started_at=now-2h
--- steps
GET /payments/?imp_uid=imp_paid
    -> .status = paid

GET /payments/?imp_uid=imp_failed
    -> .status = failed

GET /payments/order_1
    -> .imp_uid = imp_paid

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .imp_uid = imp_paid

refund {"imp_uid": "imp_failed", "amount": 100}
    -> 409 not_refundable

ledger
    -> .payments.imp_paid.executed_amount = 100
    -> .payments.imp_failed.executions = 0



=== TEST 11: of two payments of one order the newest is meant, both have an imp_uid
--- payments
imp_uid=imp_old merchant_uid=order_1 amount=1000 started_at=now-2h
imp_uid=imp_new merchant_uid=order_1 amount=500 started_at=now-1h
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .imp_uid = imp_new
    -> .refundable_amount = 400

refund {"imp_uid": "imp_old", "amount": 200}
    -> 200
    -> .imp_uid = imp_old
    -> .refundable_amount = 800

# having been stored last does not make it the newest

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .imp_uid = imp_new
    -> .refundable_amount = 300

refund {"imp_uid": "imp_new", "merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .imp_uid = imp_new

refund {"imp_uid": "imp_old", "merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .imp_uid = imp_old

GET /payments/order_1
    -> .imp_uid = imp_new
    -> .refunds # 3

GET /payments/?imp_uid=imp_old
    -> .refunds # 2

ledger
    -> .payments.imp_new.executed_amount = 300
    -> .payments.imp_old.executed_amount = 300



=== TEST 12: two payments of one order are refunded independently of each other
--- payments
imp_uid=imp_old merchant_uid=order_1 amount=1000 started_at=now-2h
imp_uid=imp_new merchant_uid=order_1 amount=500 started_at=now-1h
--- steps
fault {"call": "cancel", "fault": "gate", "name": "held", "imp_uid": "imp_new"}

[new] refund {"imp_uid": "imp_new", "amount": 100}

waiting held 1

refund {"imp_uid": "imp_old", "amount": 200}
    -> 200
    -> .refundable_amount = 800

open held

await new
    -> 200
    -> .refundable_amount = 400



=== TEST 13: what was not paid when it was stored may have been paid since
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 status=ready pay_method=trans
--- steps
GET /payments/order_1
    -> .status = ready

sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000, "pay_method": "trans"}

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .refundable_amount = 900

ledger
    -> .calls.find = 2
    -> .payments.imp_1.executed_amount = 100



=== TEST 14: a payment that was never paid is not refunded
--- payments
imp_uid=imp_ready merchant_uid=order_1 amount=1000 status=ready
imp_uid=imp_failed merchant_uid=order_2 amount=1000 status=failed
--- steps
refund {"merchant_uid": "order_1"}
    -> 409
    -> .error = not_refundable
    -> .message = 결제가 완료되지 않아 환불할 수 없습니다.
    -> .code = null
    -> .merchant_uid = order_1
    -> .imp_uid = imp_ready
    -> ! Portone-Refund-Id
    -> ! Retry-After

refund {"imp_uid": "imp_failed", "amount": 100}
    -> 409 not_refundable
    -> .merchant_uid = order_2

# the second time they are in the store

refund {"merchant_uid": "order_1"}
    -> 409 not_refundable

refund {"merchant_uid": "order_2"}
    -> 409 not_refundable

GET /payments/order_1
    -> .status = ready
    -> .refunds # 0

ledger ?call=cancel
    -> .cancels_executed = 0
    -> .requests # 0



=== TEST 15: with portone_fetch off a stored payment is not asked about again
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 status=ready
--- cancel
            portone_fetch off;
--- steps
GET /payments/order_1
    -> .status = ready

sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}

refund {"merchant_uid": "order_1"}
    -> 409 not_refundable

ledger
    -> .calls.find = 1
    -> .calls.cancel = 0



=== TEST 16: an unpaid payment that PortOne no longer shows is not refunded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 status=ready sandbox=on
--- locations
        location /included/ {
            portone_include_sandbox on;
            portone_payment;
        }
--- steps
GET /included/order_1
    -> .status = ready

refund {"merchant_uid": "order_1"}
    -> 409 not_refundable
    -> .imp_uid = imp_1

ledger
    -> .calls.find = 2
    -> .calls.cancel = 0



=== TEST 17: an order number of any characters is found and refunded
--- steps
sandbox POST payments [
    | {"imp_uid": "imp_1", "merchant_uid": "주문 20180131/1", "amount": 1000},
    | {"imp_uid": "imp_2", "merchant_uid": "a?b#c%2Fd&e=f;\"'", "amount": 1000},
    | {"imp_uid": "imp_3", "merchant_uid": "..", "amount": 1000}]

refund {"merchant_uid": "주문 20180131/1", "amount": 100}
    -> 200
    -> .imp_uid = imp_1
    -> .merchant_uid = 주문 20180131/1

refund {"merchant_uid": "a?b#c%2Fd&e=f;\"'", "amount": 100}
    -> 200
    -> .imp_uid = imp_2
    -> .merchant_uid = "a?b#c%2Fd&e=f;\"'"

ledger
    -> .payments.imp_1.executed_amount = 100
    -> .payments.imp_2.executed_amount = 100
