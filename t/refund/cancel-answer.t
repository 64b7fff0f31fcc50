# What a refund is answered with.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: a refund is answered with PortOne's payment, also what is new in it
--- steps
sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000,
    | "pay_method": "card", "buyer_name": "홍길동", "buyer_email": "hong@example.com",
    | "custom_data": "{\"cart\":[1,2]}", "card_name": "신한카드", "card_quota": 3,
    | "new_text": "새 항목 😀", "new_number": 1.5, "new_flag": true, "new_nothing": null,
    | "new_list": [1, "two", {"three": [3]}], "new_object": {"a": {"b": {}}},
    | "New-Name.with \"odd\" characters": "kept"}

refund {"merchant_uid": "order_1", "amount": 300, "reason": "r"}
    -> 200
    -> .imp_uid = imp_1
    -> .buyer_name = 홍길동
    -> .buyer_email = hong@example.com
    -> .custom_data = "{\"cart\":[1,2]}"
    -> .card_name = 신한카드
    -> .card_quota = 3
    -> .cancel_reason = r
    -> .cancel_history # 1
    -> .cancel_history[0].amount = 300
    -> .cancel_history[0].reason = r
    -> .cancel_history[0].cancellation_id present
    -> .cancel_history[0].receipt_url present
    -> .new_text = 새 항목 😀
    -> .new_number = 1.5
    -> .new_flag = true
    -> .new_nothing = null
    -> .new_list = [1,"two",{"three":[3]}]
    -> .new_object = {"a":{"b":{}}}
    -> .refundable_amount = 700

# and so it is stored

GET /payments/order_1
    -> .new_text = 새 항목 😀
    -> .new_number = 1.5
    -> .new_list = [1,"two",{"three":[3]}]
    -> .new_object = {"a":{"b":{}}}
    -> .cancel_history # 1



=== TEST 2: nothing but refundable_amount is added to PortOne's payment
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 700
    -> .state absent
    -> .refund_id absent
    -> .refunds absent
    -> .error absent
    -> .code absent
    -> .message absent



=== TEST 3: escaped text is the same text
--- steps
sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "주문/1", "amount": 1000,
    | "name": "나이키 에어/맥스 \"270\" 😀", "buyer_addr": "서울\n강남"}

fault {"call": "any", "fault": "escape", "times": 0}

refund {"merchant_uid": "주문/1", "amount": 300, "reason": "단순 변심/1"}
    -> 200
    -> .merchant_uid = 주문/1
    -> .name = "나이키 에어/맥스 \"270\" 😀"
    -> .buyer_addr = "서울\n강남"
    -> .cancel_reason = 단순 변심/1
    -> .refundable_amount = 700

refund {"merchant_uid": "주문/1", "amount": 300, "reason": "단순 변심/1"}
    -> 200
    -> .refundable_amount = 400

GET /payments/?imp_uid=imp_1
    -> .name = "나이키 에어/맥스 \"270\" 😀"
    -> .cancel_reason = 단순 변심/1
    -> .refunds # 2
    -> .refunds[0].reason = 단순 변심/1

ledger ?call=cancel
    -> .payments.imp_1.executions = 2



=== TEST 4: every attempt has an id of its own in header and store
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> Portone-Refund-Id: ~ ^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$
    -> Portone-Refund-Id as first

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> Portone-Refund-Id as second

fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "no"}

refund {"merchant_uid": "order_1", "amount": 100}
    -> 422 refund_rejected
    -> Portone-Refund-Id as third
    -> .refund_id = {{third}}

GET /payments/order_1
    -> .refunds # 3
    -> .refunds[0].refund_id = {{first}}
    -> .refunds[1].refund_id = {{second}}
    -> .refunds[2].refund_id = {{third}}
    -> .refunds[1].refund_id != {{first}}
    -> .refunds[2].refund_id != {{second}}



=== TEST 5: an answer that made no attempt has no id
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 0}
    -> 400 invalid_request
    -> ! Portone-Refund-Id
    -> .refund_id absent

refund {"merchant_uid": "order_2"}
    -> 404 payment_not_found
    -> ! Portone-Refund-Id
    -> .refund_id absent

refund {"merchant_uid": "order_1", "amount": 1001}
    -> 400 amount_exceeds_refundable
    -> ! Portone-Refund-Id
    -> .refund_id absent



=== TEST 6: a refund in progress is answered 409 with its id and when to ask again
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "gate", "name": "held"}

[one] refund {"merchant_uid": "order_1", "amount": 100}

waiting held 1

GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = sending
    -> .refunds[0].refund_id as id

refund {"merchant_uid": "order_1", "amount": 100}
    -> 409
    -> .error = refund_in_progress
    -> .refund_id = {{id}}
    -> .merchant_uid = order_1
    -> .imp_uid = imp_1
    -> .code = null
    -> Retry-After: 5
    -> ! Portone-Refund-Id

open held

await one
    -> 200
    -> .refundable_amount = 900
    -> Portone-Refund-Id: {{id}}

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .refundable_amount = 800

ledger ?call=cancel
    -> .requests # 2



=== TEST 7: conditions in the request's headers do not change what a refund answers
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    If-None-Match: *
    -> 200
    -> .refundable_amount = 900

refund {"merchant_uid": "order_1", "amount": 100}
    If-Match: "x"
    -> 200
    -> .refundable_amount = 800

refund {"merchant_uid": "order_1", "amount": 100}
    If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT
    -> 200
    -> .refundable_amount = 700

refund {"merchant_uid": "order_1", "amount": 100}
    If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT
    Range: bytes=0-1
    -> 200
    -> .refundable_amount = 600

ledger
    -> .payments.imp_1.executions = 4



=== TEST 8: errors have all their members, those that are not known are null
--- steps
refund {"merchant_uid": "order_1"}
    -> 404
    -> . # 5
    -> .error = payment_not_found
    -> .message present
    -> .code = null
    -> .merchant_uid = order_1
    -> .imp_uid = null

refund {"cancel_request_amount": 1}
    -> 400
    -> . # 6
    -> .error = invalid_request
    -> .field = merchant_uid
    -> .code = null
    -> .merchant_uid = null
    -> .imp_uid = null



=== TEST 9: the order number is told as it was given, whatever characters it has
--- steps
refund {"merchant_uid": "주문 \"1\" \\ / <b> \ud83d\ude00"}
    -> 404 payment_not_found
    -> .merchant_uid = "주문 \"1\" \\ / <b> 😀"



=== TEST 10: a refund is answered over HTTP/1.1 connections that stay open
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    Connection: keep-alive
    -> 200
    -> Connection: keep-alive
    -> Content-Length: ~ ^\d+$
    -> .refundable_amount = 900



=== TEST 11: compression does not change what a refund answers
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    gzip on;
    gzip_types application/json;
    gzip_min_length 1;
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    Accept-Encoding: gzip
    -> 200
    -> Content-Encoding: gzip
    -> body ~ ^\x1f\x8b

GET /payments/order_1
    -> .refundable_amount = 900



=== TEST 12: what the module says itself it says in the language of the location
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_ready merchant_uid=order_2 amount=1000 status=ready
imp_uid=imp_vbank merchant_uid=order_3 amount=1000 pay_method=vbank
imp_uid=imp_phone merchant_uid=order_4 amount=1000 pay_method=phone paid_at=now-40d
imp_uid=imp_async merchant_uid=order_5 amount=1000 async=on
--- http_config
    portone_language en;
--- locations
        location = /ko {
            portone_language ko;
            portone_cancel;
        }

        location = /required {
            portone_require_amount on;
            portone_cancel;
        }
--- steps
refund {
    -> .message = The request body is not valid JSON.
    -> 400 invalid_json

POST /required {"merchant_uid": "order_1"}
    -> .message = Please state the amount to refund.
    -> 400 amount_required

refund {"merchant_uid": "order_3"}
    -> .message = Please state the holder, bank code and number of the account that receives the refund.
    -> 400 refund_account_required

GET /payments/cancel
    -> .message = This request method is not allowed.
    -> 405 method_not_allowed

POST /payments/cancel {}
    Content-Type: text/plain
    -> .message = This Content-Type is not supported.
    -> 415 unsupported_media_type

refund {"merchant_uid": "order_5"}
    -> 202

refund {"merchant_uid": "order_5"}
    -> .message = Another refund of this order is not finished yet. Please check again later.
    -> 409 refund_in_progress

POST /ko {"merchant_uid": "order_5"}
    -> .message = 이 주문의 다른 환불이 아직 끝나지 않았습니다. 잠시 후 다시 확인해 주세요.
    -> 409 refund_in_progress

refund {"merchant_uid": "order_1", "checksum": 1}
    -> .message = The refundable amount is not the expected one. Please check it and try again.
    -> 409 checksum_mismatch

POST /ko {"merchant_uid": "order_1", "checksum": 1}
    -> .message = 환불 가능한 금액이 예상과 다릅니다. 금액을 확인한 후 다시 요청해 주세요.
    -> 409 checksum_mismatch

refund {"merchant_uid": "order_2"}
    -> .message = This payment was never completed and cannot be refunded.
    -> 409 not_refundable

refund {"merchant_uid": "order_4"}
    -> .message = A phone payment can be refunded only in the month in which it was made.
    -> 422 phone_month_passed

GET /payments/order_9
    -> .message = The payment was not found.
    -> 404 payment_not_found



=== TEST 13: of several reasons to refuse, the first of the documented order is told
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_done merchant_uid=order_2 amount=1000 cancel_amount=1000 pay_method=vbank
imp_uid=imp_vbank merchant_uid=order_3 amount=1000 pay_method=vbank
imp_uid=imp_phone merchant_uid=order_4 amount=1000 pay_method=phone paid_at=now-40d
--- steps
refund {"imp_uid": "imp_done", "merchant_uid": "order_1", "amount": 2000, "checksum": 1}
    -> 400 invalid_request
    -> .field = merchant_uid

refund {"merchant_uid": "order_2", "amount": 2000, "checksum": 1, "tax_free": 5000}
    -> 400 already_refunded

refund {"merchant_uid": "order_3", "amount": 2000, "checksum": 1, "tax_free": 5000}
    -> 409 checksum_mismatch

refund {"merchant_uid": "order_3", "amount": 2000, "tax_free": 5000}
    -> 400 amount_exceeds_refundable

refund {"merchant_uid": "order_3", "amount": 1000, "tax_free": 5000}
    -> 400 invalid_request
    -> .field = tax_free

refund {"merchant_uid": "order_3", "amount": 1000}
    -> 400 refund_account_required

refund {"merchant_uid": "order_4", "amount": 2000}
    -> 400 amount_exceeds_refundable

ledger ?call=cancel
    -> .requests # 0
