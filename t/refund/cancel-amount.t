# How much is refunded, and what PortOne is told about it.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: without an amount all that is left is refunded, by its number
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
    -> .imp_uid = imp_1
    -> .merchant_uid = order_1
    -> .status = cancelled
    -> .amount = 1000
    -> .cancel_amount = 1000
    -> .refundable_amount = 0
    -> .cancel_history # 1
    -> .cancel_history[0].amount = 1000

ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .payments.imp_1.executed_amount = 1000
    -> .requests # 1
    -> .requests[0].body ~ ^\{"imp_uid":"imp_1","amount":1000,"checksum":1000\}$

GET /payments/order_1
    -> .cancel_amount = 1000
    -> .refundable_amount = 0



=== TEST 2: of a payment that is refunded in part, the rest is all that is left
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 cancel_amount=250
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
    -> .cancel_amount = 1000
    -> .refundable_amount = 0

ledger ?call=cancel
    -> .payments.imp_1.executed_amount = 750
    -> .requests[0].body ~ ^\{"imp_uid":"imp_1","amount":750,"checksum":750\}$



=== TEST 3: refunds in part go on until nothing is left
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .cancel_amount = 300
    -> .refundable_amount = 700
    -> Portone-Refund-Id as first

refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .cancel_amount = 600
    -> .refundable_amount = 400
    -> Portone-Refund-Id as second

refund {"merchant_uid": "order_1", "cancel_request_amount": 400}
    -> 200
    -> .cancel_amount = 1000
    -> .refundable_amount = 0
    -> .cancel_history # 3

refund {"merchant_uid": "order_1", "cancel_request_amount": 1}
    -> 400 already_refunded
    -> .refundable_amount = 0

refund {"merchant_uid": "order_1"}
    -> 400 already_refunded

GET /payments/order_1
    -> .cancel_amount = 1000
    -> .refunds # 3
    -> .refunds[0].refund_id = {{first}}
    -> .refunds[0].amount = 300
    -> .refunds[1].refund_id = {{second}}
    -> .refunds[1].amount = 300
    -> .refunds[2].amount = 400

ledger ?call=cancel
    -> .payments.imp_1.executions = 3
    -> .payments.imp_1.executed_amount = 1000
    -> .requests # 3
    -> .requests[0].body ~ ^\{"imp_uid":"imp_1","amount":300,"checksum":1000\}$
    -> .requests[1].body ~ ^\{"imp_uid":"imp_1","amount":300,"checksum":700\}$
    -> .requests[2].body ~ ^\{"imp_uid":"imp_1","amount":400,"checksum":400\}$



=== TEST 4: when nothing is left, the guide's own sentence says so
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 cancel_amount=1000 status=cancelled
--- locations
        location = /en {
            portone_language en;
            portone_cancel;
        }
--- steps
refund {"merchant_uid": "order_1"}
    -> 400
    -> .error = already_refunded
    -> .message = 이미 전액환불된 주문입니다.
    -> .code = null
    -> .merchant_uid = order_1
    -> .imp_uid = imp_1
    -> .refundable_amount = 0
    -> .refund_id absent
    -> Content-Type: application/json
    -> ! Portone-Refund-Id

POST /en {"merchant_uid": "order_1", "cancel_request_amount": 2000}
    -> 400 already_refunded
    -> .message = This order has already been fully refunded.

GET /payments/order_1
    -> .refunds # 0

ledger ?call=cancel
    -> .requests # 0



=== TEST 5: more than is left is refused and the answer says what is left
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000 cancel_amount=600
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 1001}
    -> 400 amount_exceeds_refundable
    -> .field = cancel_request_amount
    -> .refundable_amount = 1000
    -> .code = null
    -> .merchant_uid = order_1
    -> .imp_uid = imp_1
    -> ! Portone-Refund-Id

refund {"merchant_uid": "order_2", "amount": 401}
    -> 400 amount_exceeds_refundable
    -> .field = amount
    -> .refundable_amount = 400

refund {"merchant_uid": "order_1", "amount": 999999999999}
    -> 400 amount_exceeds_refundable

GET /payments/order_1
    -> .refundable_amount = 1000
    -> .refunds # 0

ledger ?call=cancel
    -> .cancels_executed = 0
    -> .requests # 0

refund {"merchant_uid": "order_2", "amount": 400}
    -> 200
    -> .refundable_amount = 0



=== TEST 6: a refund of exactly what is left is a refund in full
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 1000}
    -> 200
    -> .refundable_amount = 0

ledger ?call=cancel
    -> .payments.imp_1.executed_amount = 1000
    -> .requests[0].body ~ "amount":1000,



=== TEST 7: where an amount is required, none is not taken for all
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_require_amount on;
--- steps
refund {"merchant_uid": "order_1"}
    -> 400 amount_required
    -> .field = amount
    -> .merchant_uid = order_1
    -> .code = null
    -> ! Portone-Refund-Id

ledger
    -> .requests # 0

refund {"merchant_uid": "order_1", "cancel_request_amount": 100}
    -> 200
    -> .refundable_amount = 900

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .refundable_amount = 800



=== TEST 8: whether an amount is required is inherited and can be undone
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    portone_require_amount on;
--- locations
        location = /all {
            portone_require_amount off;
            portone_cancel;
        }
--- steps
refund {"merchant_uid": "order_1"}
    -> 400 amount_required

POST /all {"merchant_uid": "order_1"}
    -> 200
    -> .refundable_amount = 0



=== TEST 9: cents are refunded to the cent
--- payments
imp_uid=imp_usd merchant_uid=order_1 amount=10.50 currency=USD
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 3.25}
    -> 200
    -> .currency = USD
    -> .cancel_amount = 3.25
    -> .refundable_amount = 7.25

refund {"merchant_uid": "order_1", "cancel_request_amount": 7.26}
    -> 400 amount_exceeds_refundable
    -> .refundable_amount = 7.25

refund {"merchant_uid": "order_1"}
    -> 200
    -> .cancel_amount = 10.5
    -> .refundable_amount = 0

refund {"merchant_uid": "order_1"}
    -> 400 already_refunded

ledger ?call=cancel
    -> .payments.imp_usd.executed_amount = 10.5
    -> .requests # 2
    -> .requests[0].body ~ ^\{"imp_uid":"imp_usd","amount":3\.25,"checksum":10\.5\}$
    -> .requests[1].body ~ ^\{"imp_uid":"imp_usd","amount":7\.25,"checksum":7\.25\}$



=== TEST 10: sums which binary fractions cannot hold leave nothing behind
--- payments
imp_uid=imp_usd merchant_uid=order_1 amount=0.30 currency=USD
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 0.1}
    -> 200
    -> .refundable_amount = 0.2

refund {"merchant_uid": "order_1", "cancel_request_amount": 0.1}
    -> 200
    -> .refundable_amount = 0.1

refund {"merchant_uid": "order_1", "cancel_request_amount": 0.1}
    -> 200
    -> .cancel_amount = 0.3
    -> .refundable_amount = 0

refund {"merchant_uid": "order_1", "cancel_request_amount": 0.01}
    -> 400 already_refunded

ledger ?call=cancel
    -> .payments.imp_usd.executed_amount = 0.3
    -> .requests # 3
    -> .requests[1].body ~ "amount":0\.1,"checksum":0\.2\}$
    -> .requests[2].body ~ "amount":0\.1,"checksum":0\.1\}$



=== TEST 11: a currency of three decimals keeps its third one
--- payments
imp_uid=imp_kwd merchant_uid=order_1 amount=1.234 currency=KWD
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 0.034}
    -> 200
    -> .cancel_amount = 0.034
    -> .refundable_amount = 1.2

refund {"merchant_uid": "order_1", "cancel_request_amount": 0.0001}
    -> 400 invalid_request
    -> .field = cancel_request_amount

refund {"merchant_uid": "order_1"}
    -> 200
    -> .cancel_amount = 1.234
    -> .refundable_amount = 0

ledger ?call=cancel
    -> .payments.imp_kwd.executions = 2
    -> .payments.imp_kwd.executed_amount = 1.234
    -> .requests # 2
    -> .requests[0].body ~ ^\{"imp_uid":"imp_kwd","amount":0\.034,"checksum":1\.234\}$
    -> .requests[1].body ~ ^\{"imp_uid":"imp_kwd","amount":1\.2,"checksum":1\.2\}$



=== TEST 12: a fraction of a currency without one is refused
--- payments
imp_uid=imp_krw merchant_uid=order_1 amount=1000
imp_uid=imp_jpy merchant_uid=order_2 amount=1000 currency=JPY
imp_uid=imp_usd merchant_uid=order_3 amount=10.00 currency=USD
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 100.5}
    -> 400 invalid_request
    -> .field = cancel_request_amount

refund {"merchant_uid": "order_2", "amount": 0.5}
    -> 400 invalid_request
    -> .field = amount

refund {"merchant_uid": "order_3", "amount": 0.005}
    -> 400 invalid_request
    -> .field = amount

refund {"merchant_uid": "order_1", "amount": 100, "tax_free": 0.5}
    -> 400 invalid_request
    -> .field = tax_free

refund {"merchant_uid": "order_1", "amount": 100, "vat_amount": 9.09}
    -> 400 invalid_request
    -> .field = vat_amount

refund {"merchant_uid": "order_1", "amount": 100, "checksum": 1000.1}
    -> 400 invalid_request
    -> .field = checksum

ledger ?call=cancel
    -> .requests # 0



=== TEST 13: the parts that are taxed differently are passed on
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1100
--- steps
refund {"merchant_uid": "order_1", "amount": 550, "tax_free": 0, "vat_amount": 50}
    -> 200
    -> .refundable_amount = 550

refund {"merchant_uid": "order_1", "tax_free": 550, "vat_amount": 0}
    -> 200
    -> .refundable_amount = 0

ledger ?call=cancel
    -> .requests[0].body ~ ^\{"imp_uid":"imp_1","amount":550,"checksum":1100,"tax_free":0,"vat_amount":50\}$
    -> .requests[1].body ~ ^\{"imp_uid":"imp_1","amount":550,"checksum":550,"tax_free":550,"vat_amount":0\}$



=== TEST 14: a part of the amount that is more than the amount is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 100, "tax_free": 101}
    -> 400 invalid_request
    -> .field = tax_free

refund {"merchant_uid": "order_1", "amount": 100, "vat_amount": 101}
    -> 400 invalid_request
    -> .field = vat_amount

# without an amount it is all that is left

refund {"merchant_uid": "order_1", "tax_free": 1001}
    -> 400 invalid_request
    -> .field = tax_free

GET /payments/order_1
    -> .refunds # 0

ledger ?call=cancel
    -> .requests # 0

refund {"merchant_uid": "order_1", "amount": 100, "tax_free": 100}
    -> 200
    -> .refundable_amount = 900



=== TEST 15: a refund in part that PortOne calls "cancelled" leaves a balance
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 1}
    -> 200
    -> .status = cancelled
    -> .refundable_amount = 999

refund {"merchant_uid": "order_1", "amount": 999}
    -> 200
    -> .refundable_amount = 0
