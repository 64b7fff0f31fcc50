# The requests of PortOne's guide, as its pages send them from a browser, get
# the answers that its pages expect.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: the Korean guide's jQuery request is refunded
--- payments
imp_uid=imp_1 merchant_uid=ORD20180131-0000011 amount=10000
--- steps
POST /payments/cancel
    Accept: application/json, text/javascript, */*; q=0.01
    Accept-Language: ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7
    Content-Type: application/json
    Origin: http://www.myservice.com
    Referer: http://www.myservice.com/orders
    X-Requested-With: XMLHttpRequest
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36
    | {"merchant_uid":"ORD20180131-0000011","cancel_request_amount":2000,"reason":"테스트 결제 환불","refund_holder":"홍길동","refund_bank":"88","refund_account":"56211105948400"}
    -> 200
    -> Content-Type: application/json
    -> .merchant_uid = ORD20180131-0000011
    -> .imp_uid = imp_1
    -> .amount = 10000
    -> .cancel_amount = 2000
    -> .cancel_reason = 테스트 결제 환불
    -> .refundable_amount = 8000

ledger ?call=cancel
    -> .payments.imp_1.executed_amount = 2000
    -> .requests # 1
    -> .requests[0].body ~ ^\{"imp_uid":"imp_1","amount":2000,"checksum":10000,"reason":"테스트 결제 환불","refund_holder":"홍길동","refund_bank":"88","refund_account":"56211105948400"\}$



=== TEST 2: the English guide's axios request is refunded
--- payments
imp_uid=imp_1 merchant_uid=mid_1517383200000 amount=10000
--- steps
POST /payments/cancel
    Accept: application/json, text/plain, */*
    Content-Type: application/json;charset=UTF-8
    Origin: http://www.myservice.com
    Referer: http://www.myservice.com/
    | {"merchant_uid":"mid_1517383200000","cancel_request_amount":2000,"reason":"Refund for test payment","refund_holder":"Jone Doe","refund_bank":"88","refund_account":"56211105948400"}
    -> 200
    -> .merchant_uid = mid_1517383200000
    -> .cancel_amount = 2000
    -> .refundable_amount = 8000

ledger ?call=cancel
    -> .requests # 1
    -> .requests[0].body ~ ^\{"imp_uid":"imp_1","amount":2000,"checksum":10000,"reason":"Refund for test payment","refund_holder":"Jone Doe","refund_bank":"88","refund_account":"56211105948400"\}$



=== TEST 3: the guide's virtual account gets its money back
--- payments
imp_uid=imp_1 merchant_uid=ORD20180131-0000011 amount=2000 pay_method=vbank
--- steps
POST /payments/cancel
    Accept: application/json, text/javascript, */*; q=0.01
    Content-Type: application/json
    X-Requested-With: XMLHttpRequest
    | {"merchant_uid":"ORD20180131-0000011","cancel_request_amount":2000,"reason":"Testing payment refund","refund_holder":"Jone Doe","refund_bank":"88","refund_account":"56211105948400"}
    -> 200
    -> .cancel_amount = 2000
    -> .refundable_amount = 0



=== TEST 4: the guide's check of the refundable amount: 400 and its sentence
--- payments
imp_uid=imp_1 merchant_uid=ORD20180131-0000011 amount=2000
--- locations
        location = /en/payments/cancel {
            portone_language en;
            portone_cancel;
        }
--- steps
refund {"merchant_uid":"ORD20180131-0000011","cancel_request_amount":2000,"reason":"테스트 결제 환불"}
    -> 200

# a second click on the same button

refund {"merchant_uid":"ORD20180131-0000011","cancel_request_amount":2000,"reason":"테스트 결제 환불"}
    -> 400
    -> .message = 이미 전액환불된 주문입니다.

POST /en/payments/cancel {"merchant_uid":"ORD20180131-0000011","cancel_request_amount":2000,"reason":"Testing payment refund"}
    -> 400
    -> .message = This order has already been fully refunded.

ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_1.executed_amount = 2000



=== TEST 5: the guide's 10,000 won product: 1,000 won, then the other 9,000
--- payments
imp_uid=imp_1 merchant_uid=ORD20180131-0000011 amount=10000
--- steps
refund {"merchant_uid":"ORD20180131-0000011","cancel_request_amount":1000}
    -> 200
    -> .refundable_amount = 9000

refund {"merchant_uid":"ORD20180131-0000011"}
    -> 200
    -> .refundable_amount = 0

ledger ?call=cancel
    -> .requests[0].body ~ "amount":1000,"checksum":10000\}$
    -> .requests[1].body ~ "amount":9000,"checksum":9000\}$



=== TEST 6: the guide's warning: a refund that another server made is not repeated
--- payments
imp_uid=imp_1 merchant_uid=ORD20180131-0000011 amount=10000
--- steps
GET /payments/ORD20180131-0000011
    -> .refundable_amount = 10000

sandbox POST payments/imp_1/console {"amount": 1000}

refund {"merchant_uid":"ORD20180131-0000011"}
    -> 409
    -> .error = checksum_mismatch
    -> .refundable_amount = 9000

ledger
    -> .payments.imp_1.executions = 0



=== TEST 7: the guide's phone payment of an earlier month is not refunded
--- payments
imp_uid=imp_1 merchant_uid=ORD20180131-0000011 amount=2000 pay_method=phone paid_at=1517374800
--- steps
refund {"merchant_uid":"ORD20180131-0000011","cancel_request_amount":2000}
    -> 422 phone_month_passed

ledger
    -> .payments.imp_1.executions = 0
    -> .calls.cancel = 0



=== TEST 8: the guide's last note: a 200 with a code is no success for the page
--- payments
imp_uid=imp_1 merchant_uid=ORD20180131-0000011 amount=2000
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "결제취소에 실패하였습니다. [500626|기 취소 거래]"}

refund {"merchant_uid":"ORD20180131-0000011","cancel_request_amount":2000,"reason":"테스트 결제 환불"}
    -> 422
    -> .code = -1
    -> .message = 결제취소에 실패하였습니다. [500626|기 취소 거래]



=== TEST 9: the body of the guide with its comments is not JSON and refunds nothing
--- payments
imp_uid=imp_1 merchant_uid=ORD20180131-0000011 amount=2000
--- steps
POST /payments/cancel
    Content-Type: application/json
    | {
    |   "merchant_uid": "ORD20180131-0000011", // 예: ORD20180131-0000011
    |   "cancel_request_amount": 2000
    | }
    -> 400 invalid_json

ledger
    -> .requests # 0
