# The balance: the caller's, the stored one and PortOne's must be the same.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: the balance that the caller believes in may be given when it is right
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
refund {"merchant_uid": "order_1", "amount": 1000, "checksum": 10000}
    -> 200
    -> .refundable_amount = 9000

refund {"merchant_uid": "order_1", "amount": 1000, "checksum": 9000}
    -> 200
    -> .refundable_amount = 8000

ledger ?call=cancel
    -> .requests[0].body ~ "checksum":10000\}$
    -> .requests[1].body ~ "checksum":9000\}$



=== TEST 2: a caller who believes in another balance is told the right one
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
imp_uid=imp_2 merchant_uid=order_2 amount=10.50 currency=USD
--- steps
refund {"merchant_uid": "order_1", "amount": 1000, "checksum": 10000}
    -> 200

# the guide's own example: the caller has not noted the first refund

refund {"merchant_uid": "order_1", "amount": 1000, "checksum": 10000}
    -> 409
    -> .error = checksum_mismatch
    -> .field = checksum
    -> .refundable_amount = 9000
    -> .code = null
    -> .merchant_uid = order_1
    -> .imp_uid = imp_1
    -> ! Portone-Refund-Id

refund {"merchant_uid": "order_1", "checksum": 8999}
    -> 409 checksum_mismatch

refund {"merchant_uid": "order_1", "checksum": 9001}
    -> 409 checksum_mismatch

refund {"merchant_uid": "order_1", "checksum": 0}
    -> 409 checksum_mismatch

refund {"merchant_uid": "order_2", "checksum": 10.51}
    -> 409 checksum_mismatch
    -> .refundable_amount = 10.5

GET /payments/order_1
    -> .refundable_amount = 9000
    -> .refunds # 1

ledger ?call=cancel
    -> .payments.imp_1.executed_amount = 1000
    -> .payments.imp_2.executions = 0
    -> .requests # 1



=== TEST 3: a refund in PortOne's console is noticed, and nothing is refunded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1
    -> .refundable_amount = 1000

sandbox POST payments/imp_1/console {"amount": 300, "reason": "by hand"}

refund {"merchant_uid": "order_1", "cancel_request_amount": 100}
    -> 409
    -> .error = checksum_mismatch
    -> .refundable_amount = 700
    -> .code = 1
    -> .merchant_uid = order_1
    -> .imp_uid = imp_1
    -> .refund_id as id
    -> Portone-Refund-Id: {{id}}

# the stored balance is PortOne's again

GET /payments/order_1
    -> .cancel_amount = 300
    -> .refundable_amount = 700
    -> .cancel_history # 1
    -> .cancel_history[0].reason = by hand
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = rejected
    -> .refunds[0].amount = 100
    -> .refunds[0].code = 1
    -> .refunds[0].message ~ ^취소가능금액 검증에 실패하였습니다\.
    -> .refunds[0].cancellation_id = null

ledger
    -> .payments.imp_1.executions = 0
    -> .calls.cancel = 1
    -> .calls.payment = 1

# and the next request is made on it

refund {"merchant_uid": "order_1", "cancel_request_amount": 100}
    -> 200
    -> .cancel_amount = 400
    -> .refundable_amount = 600

ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .payments.imp_1.executed_amount = 100
    -> .requests # 2
    -> .requests[0].body ~ "amount":100,"checksum":1000\}$
    -> .requests[0].executed = false
    -> .requests[1].body ~ "amount":100,"checksum":700\}$



=== TEST 4: "all that is left" is not sent for a balance that is not PortOne's
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1

sandbox POST payments/imp_1/console {"amount": 300}

refund {"merchant_uid": "order_1"}
    -> 409 checksum_mismatch
    -> .refundable_amount = 700

ledger
    -> .payments.imp_1.executions = 0

refund {"merchant_uid": "order_1"}
    -> 200
    -> .refundable_amount = 0

ledger
    -> .payments.imp_1.executed_amount = 700



=== TEST 5: a refund of the same sum in the console does not pass for ours
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1

sandbox POST payments/imp_1/console {"amount": 100, "reason": "by hand"}

refund {"merchant_uid": "order_1", "amount": 100, "reason": "by request"}
    -> 409 checksum_mismatch
    -> .refundable_amount = 900

GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = rejected

ledger
    -> .payments.imp_1.executions = 0



=== TEST 6: when PortOne has nothing left, the answer is "already refunded"
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1

sandbox POST payments/imp_1/console {"amount": 1000, "reason": "by hand"}

refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 400
    -> .error = already_refunded
    -> .message = 이미 전액환불된 주문입니다.
    -> .code = 1
    -> .refundable_amount = 0
    -> .refund_id as id
    -> Portone-Refund-Id: {{id}}

GET /payments/order_1
    -> .cancel_amount = 1000
    -> .refundable_amount = 0
    -> .refunds[0].state = rejected
    -> .refunds[0].message = 이미 전액취소된 주문입니다.

# from here on it is known without PortOne

refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 400 already_refunded
    -> .code = null

ledger ?call=cancel
    -> .payments.imp_1.executions = 0
    -> .requests # 1



=== TEST 7: "already refunded" is told whatever the payment company's words are
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- steps
GET /payments/order_1
GET /payments/order_2

sandbox POST payments/imp_1/console {}
sandbox POST payments/imp_2/console {}

fault {"call": "cancel", "imp_uid": "imp_1", "fault": "refuse", "code": -1,
    | "message": "결제취소에 실패하였습니다. [500626|기 취소 거래]"}
fault {"call": "cancel", "imp_uid": "imp_2", "fault": "refuse", "code": -1,
    | "message": "결제취소에 실패하였습니다. 해당거래 취소실패(기취소성공) : x"}

refund {"merchant_uid": "order_1", "reason": "r"}
    -> 400 already_refunded
    -> .message = 이미 전액환불된 주문입니다.
    -> .code = -1

refund {"merchant_uid": "order_2", "reason": "r"}
    -> 400 already_refunded
    -> .code = -1

GET /payments/order_1
    -> .refunds[0].message = 결제취소에 실패하였습니다. [500626|기 취소 거래]



=== TEST 8: a cancel that PortOne has undone gives the money back to the balance
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 700

sandbox POST payments/imp_1/undo

refund {"merchant_uid": "order_1", "amount": 100}
    -> 409 checksum_mismatch
    -> .refundable_amount = 1000

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .refundable_amount = 900

GET /payments/order_1
    -> .cancel_amount = 100
    -> .refunds # 3
    -> .refunds[0].state = succeeded
    -> .refunds[1].state = rejected
    -> .refunds[2].state = succeeded



=== TEST 9: a caller's checksum that is not ours is held against PortOne's balance
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1

sandbox POST payments/imp_1/console {"amount": 300}

# neither ours nor PortOne's: nothing is sent, and ours is right from now on

refund {"merchant_uid": "order_1", "amount": 100, "checksum": 800}
    -> 409 checksum_mismatch
    -> .refundable_amount = 700
    -> .refund_id absent

GET /payments/order_1
    -> .cancel_amount = 300
    -> .refunds = []

sandbox POST payments/imp_1/console {"amount": 200}

# PortOne's

refund {"merchant_uid": "order_1", "amount": 100, "checksum": 500}
    -> 200
    -> .refundable_amount = 400

ledger ?call=cancel
    -> .requests # 1
    -> .requests[0].body ~ "checksum":500

# PortOne cannot be asked: what is known is told

fault {"call": "payment", "fault": "status", "status": 503}
refund {"merchant_uid": "order_1", "amount": 100, "checksum": 500}
    -> 409 checksum_mismatch
    -> .refundable_amount = 400
