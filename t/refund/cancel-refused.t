# PortOne, or the payment company behind it, refuses: HTTP 200 with a code.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: HTTP 200 with a code is a refusal, its code and message are passed on
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "결제취소에 실패하였습니다. 취소금액이 미정산 금액보다 큽니다."}

refund {"merchant_uid": "order_1", "cancel_request_amount": 300, "reason": "환불"}
    -> 422
    -> .error = refund_rejected
    -> .message = 결제취소에 실패하였습니다. 취소금액이 미정산 금액보다 큽니다.
    -> .code = -1
    -> .merchant_uid = order_1
    -> .imp_uid = imp_1
    -> .refundable_amount = 1000
    -> .refund_id as id
    -> Portone-Refund-Id: {{id}}
    -> Content-Type: application/json

GET /payments/order_1
    -> .cancel_amount = 0
    -> .refundable_amount = 1000
    -> .cancel_history # 0
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = rejected
    -> .refunds[0].amount = 300
    -> .refunds[0].reason = 환불
    -> .refunds[0].code = -1
    -> .refunds[0].message = 결제취소에 실패하였습니다. 취소금액이 미정산 금액보다 큽니다.
    -> .refunds[0].cancellation_id = null
    -> .refunds[0].requested_at > 1700000000
    -> .refunds[0].settled_at > 1700000000

ledger
    -> .payments.imp_1.executions = 0
    -> .calls.cancel = 1
    -> .calls.payment = 1



=== TEST 2: every recorded refusal is passed on word by word
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "refuse", "code": 1, "message": "이미 전액취소된 주문입니다."}
refund {"merchant_uid": "order_1", "amount": 100}
    -> 422 refund_rejected
    -> .code = 1
    -> .message = 이미 전액취소된 주문입니다.
    -> .refundable_amount = 1000

fault {"call": "cancel", "fault": "refuse", "code": 1, "message": "취소할 결제건이 존재하지 않습니다."}
refund {"merchant_uid": "order_1", "amount": 100}
    -> 422 refund_rejected
    -> .code = 1
    -> .message = 취소할 결제건이 존재하지 않습니다.

fault {"call": "cancel", "fault": "refuse", "code": 1, "message": "취소가능금액 검증에 실패하였습니다. (취소가능금액(KRW) :  1,300.00 vs 900.00)"}
refund {"merchant_uid": "order_1", "amount": 100}
    -> 422 refund_rejected
    -> .code = 1
    -> .message = 취소가능금액 검증에 실패하였습니다. (취소가능금액(KRW) :  1,300.00 vs 900.00)

fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "결제취소에 실패하였습니다. 해당거래 취소실패(기취소성공) : 2024"}
refund {"merchant_uid": "order_1", "amount": 100}
    -> 422 refund_rejected
    -> .code = -1
    -> .message = 결제취소에 실패하였습니다. 해당거래 취소실패(기취소성공) : 2024

fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "결제취소에 실패하였습니다. [500626|기 취소 거래]"}
refund {"merchant_uid": "order_1", "amount": 100}
    -> 422 refund_rejected
    -> .code = -1
    -> .message = 결제취소에 실패하였습니다. [500626|기 취소 거래]

fault {"call": "cancel", "fault": "refuse", "code": 7, "message": "\"quoted\" \\ / \u0001 <b>😀"}
refund {"merchant_uid": "order_1", "amount": 100}
    -> 422 refund_rejected
    -> .code = 7
    -> .message = "\"quoted\" \\ / \u0001 <b>😀"

GET /payments/order_1
    -> .refundable_amount = 1000
    -> .refunds # 6

ledger
    -> .payments.imp_1.executions = 0
    -> .calls.cancel = 6



=== TEST 3: after a refusal the order is free for the next request
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "no"}

refund {"merchant_uid": "order_1", "amount": 300}
    -> 422 refund_rejected
    -> .refund_id as first

refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 700
    -> Portone-Refund-Id as second

GET /payments/order_1
    -> .refunds # 2
    -> .refunds[0].refund_id = {{first}}
    -> .refunds[0].state = rejected
    -> .refunds[1].refund_id = {{second}}
    -> .refunds[1].state = succeeded
    -> .refunds[1].refund_id != {{first}}



=== TEST 4: a refusal without a message is still an answer
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "body_before", "body": "{\"code\":-1,\"message\":null,\"response\":null}"}

refund {"merchant_uid": "order_1", "amount": 300}
    -> 422 refund_rejected
    -> .code = -1
    -> .message = 환불이 거절되었습니다.

ledger
    -> .payments.imp_1.executions = 0



=== TEST 5: a payment that PortOne no longer has was not refunded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1

# hidden from reads

fault {"call": "payment", "fault": "status", "status": 404, "body": "{\"code\":-1,\"message\":\"존재하지 않는 결제정보입니다.\",\"response\":null}"}
fault {"call": "cancel", "fault": "refuse", "code": 1, "message": "취소할 결제건이 존재하지 않습니다."}

refund {"merchant_uid": "order_1", "amount": 300}
    -> 422 refund_rejected
    -> .code = 1
    -> .message = 취소할 결제건이 존재하지 않습니다.

GET /payments/order_1
    -> .refundable_amount = 1000
    -> .refunds[0].state = rejected



=== TEST 6: what PortOne's message says is not written to error.log
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "account 56211105948400 of Hong"}

refund {"merchant_uid": "order_1", "refund_account": "56211105948400", "refund_holder": "Hong"}
    -> 422 refund_rejected
    -> .message = account 56211105948400 of Hong
--- error_log
PortOne refused: status 200, code -1
answered 422 refund_rejected
--- no_error_log
56211105948400
of Hong



=== TEST 7: the language changes the module's own words, not PortOne's
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_language en;
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "결제취소에 실패하였습니다."}

refund {"merchant_uid": "order_1"}
    -> 422 refund_rejected
    -> .message = 결제취소에 실패하였습니다.

fault {"call": "cancel", "fault": "body_before", "body": "{\"code\":-1,\"message\":\"\",\"response\":null}"}

refund {"merchant_uid": "order_1"}
    -> 422 refund_rejected
    -> .message = The refund was rejected.

refund {"merchant_uid": "order_2"}
    -> 404 payment_not_found
    -> .message = The payment was not found.

refund {"merchant_uid": "order_1", "amount": 1001}
    -> 400 amount_exceeds_refundable
    -> .message = The requested amount is more than can still be refunded.

refund {"merchant_uid": "order_1", "amount": "1001"}
    -> 400 invalid_request
    -> .message = A field of the request is missing or not valid.

GET /payments/order_2
    -> 404 payment_not_found
    -> .message = 결제 내역을 찾을 수 없습니다.
