# portone_error_status: other statuses for errors.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: the status of an error word can be changed, its body stays
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_error_status already_refunded 409;
            portone_error_status payment_not_found 410;
            portone_error_status invalid_request 418;
--- steps
refund {"merchant_uid": "order_1"}
    -> 200

refund {"merchant_uid": "order_1"}
    -> 409 already_refunded
    -> .message = 이미 전액환불된 주문입니다.
    -> .refundable_amount = 0
    -> Content-Type: application/json

refund {"merchant_uid": "order_2"}
    -> 410 payment_not_found

refund {"merchant_uid": "order_1", "amount": 0}
    -> 418 invalid_request
    -> .field = amount

# what is not named keeps its own

refund {"merchant_uid": "order_1",
    -> 400 invalid_json

GET /payments/order_2
    -> 404 payment_not_found



=== TEST 2: every error of a request can be given another status
--- cancel
            portone_error_status invalid_json 500;
            portone_error_status method_not_allowed 501;
            portone_error_status unsupported_media_type 502;
            portone_error_status too_large 503;
            portone_error_status amount_required 504;
            portone_require_amount on;
--- steps
refund {
    -> 500 invalid_json

GET /payments/cancel
    -> 501 method_not_allowed
    -> Allow: POST

POST /payments/cancel {}
    Content-Type: text/plain
    -> 502 unsupported_media_type

POST /payments/cancel {}
    Content-Length: 10000
    -> 503 too_large

refund {"merchant_uid": "order_1"}
    -> 504 amount_required



=== TEST 3: a code of PortOne can be given a status
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_error_status -1 400;
            portone_error_status 1 451;
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "결제취소에 실패하였습니다."}
refund {"merchant_uid": "order_1"}
    -> 400 refund_rejected
    -> .code = -1
    -> .message = 결제취소에 실패하였습니다.

fault {"call": "cancel", "fault": "refuse", "code": 1, "message": "취소할 결제건이 존재하지 않습니다."}
refund {"merchant_uid": "order_1"}
    -> 451 refund_rejected
    -> .code = 1

fault {"call": "cancel", "fault": "refuse", "code": 2, "message": "2"}
refund {"merchant_uid": "order_1"}
    -> 422 refund_rejected
    -> .code = 2

fault {"call": "cancel", "fault": "refuse", "code": -2, "message": "-2"}
refund {"merchant_uid": "order_1"}
    -> 422 refund_rejected
    -> .code = -2



=== TEST 4: a code with a regular expression is given a status where it matches
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_error_status 1 ~취소할 404;
            portone_error_status -1 "~^결제취소에 실패하였습니다\. \[\d{6}\|" 409;
--- steps
fault {"call": "cancel", "fault": "refuse", "code": 1, "message": "취소할 결제건이 존재하지 않습니다."}
refund {"merchant_uid": "order_1"}
    -> 404 refund_rejected
    -> .message = 취소할 결제건이 존재하지 않습니다.

fault {"call": "cancel", "fault": "refuse", "code": 1, "message": "취소가능금액 검증에 실패하였습니다."}
refund {"merchant_uid": "order_1"}
    -> 422 refund_rejected

fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "취소할 결제건이 존재하지 않습니다."}
refund {"merchant_uid": "order_1"}
    -> 422 refund_rejected

fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "결제취소에 실패하였습니다. [500626|기 취소 거래]"}
refund {"merchant_uid": "order_1"}
    -> 409 refund_rejected

fault {"call": "cancel", "fault": "body_before", "body": "{\"code\":-1,\"message\":null,\"response\":null}"}
refund {"merchant_uid": "order_1"}
    -> 422 refund_rejected



=== TEST 5: the first that matches wins
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_error_status 1 ~첫째 404;
            portone_error_status 1 ~둘째 409;
            portone_error_status 1 410;
            portone_error_status 1 411;
            portone_error_status refund_rejected 400;
            portone_error_status -1 402;
            portone_error_status refund_rejected 403;
--- steps
fault {"call": "cancel", "fault": "refuse", "code": 1, "message": "첫째 둘째"}
refund {"merchant_uid": "order_1"}
    -> 404 refund_rejected

fault {"call": "cancel", "fault": "refuse", "code": 1, "message": "둘째"}
refund {"merchant_uid": "order_1"}
    -> 409 refund_rejected

fault {"call": "cancel", "fault": "refuse", "code": 1, "message": "셋째"}
refund {"merchant_uid": "order_1"}
    -> 410 refund_rejected

fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "첫째"}
refund {"merchant_uid": "order_1"}
    -> 400 refund_rejected



=== TEST 6: an error that PortOne had no part in has no code to match
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_error_status 1 410;
            portone_error_status -1 411;
--- steps
refund {"merchant_uid": "order_2"}
    -> 404 payment_not_found

refund {"merchant_uid": "order_1", "amount": 1001}
    -> 400 amount_exceeds_refundable



=== TEST 7: statuses are inherited, and those of a location replace them
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 cancel_amount=1000
--- http_config
    portone_error_status already_refunded 409;
    portone_error_status payment_not_found 410;
--- locations
        location = /own {
            portone_error_status already_refunded 403;
            portone_cancel;
        }
--- steps
refund {"merchant_uid": "order_1"}
    -> 409 already_refunded

refund {"merchant_uid": "order_2"}
    -> 410 payment_not_found

GET /payments/order_2
    -> 410 payment_not_found

POST /own {"merchant_uid": "order_1"}
    -> 403 already_refunded

POST /own {"merchant_uid": "order_2"}
    -> 404 payment_not_found



=== TEST 8: a lock keeps its Retry-After whatever its status is
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 async=on
--- cancel
            portone_error_status refund_in_progress 423;
--- steps
refund {"merchant_uid": "order_1"}
    -> 202

refund {"merchant_uid": "order_1"}
    -> 423 refund_in_progress
    -> Retry-After: ~ ^[1-9]\d*$



=== TEST 9: a status never turns an error into a success
--- config
        location = /payments/cancel {
            portone_error_status already_refunded 200;
            portone_cancel;
        }
--- must_die
--- error_log
invalid status "200"



=== TEST 10: a word that is no error is refused by name
--- config
        location = /payments/cancel {
            portone_error_status already_refundet 409;
            portone_cancel;
        }
--- must_die
--- error_log
"already_refundet" is neither an error of this module nor a code of PortOne



=== TEST 11: a regular expression goes with a code only
--- config
        location = /payments/cancel {
            portone_error_status already_refunded ~x 409;
            portone_cancel;
        }
--- must_die
--- error_log
a regular expression goes with a code of PortOne, not with "already_refunded"



=== TEST 12: a regular expression that is not one is refused
--- config
        location = /payments/cancel {
            portone_error_status -1 ~( 409;
            portone_cancel;
        }
--- must_die
--- error_log
_compile() failed: 



=== TEST 13: a code changes refusals only, never an outcome that is not known
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- cancel
            portone_error_status -1 400;
            portone_error_status 1 400;
--- steps
# refused, and yet the refund is there: a person has to look
fault {"call": "cancel", "fault": "refuse_after", "code": -1, "message": "실패", "merchant_uid": "order_1"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .code = -1
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress

# the balance has changed behind our back: the error has a word of its own
GET /payments/order_2
sandbox POST payments/imp_2/console {"amount": 400}
refund {"merchant_uid": "order_2", "amount": 100, "reason": "변심"}
    -> 409 checksum_mismatch
    -> .code = 1
    -> .refundable_amount = 600
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_2.executions = 0
