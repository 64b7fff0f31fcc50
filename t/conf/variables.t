# The variables that tell what a request came to.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: the variables of a refund tell what was refunded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            add_header Payment "$portone_merchant_uid $portone_imp_uid" always;
            add_header Money "$portone_amount $portone_refundable_amount" always;
            add_header Outcome "$portone_state $portone_error $portone_code $portone_message" always;
            add_header Api "$portone_token $portone_api_status $portone_api_time" always;
            add_header Store $portone_store_time always;
            add_header Id $portone_refund_id always;
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Portone-Refund-Id as id
    -> Id: {{id}}
    -> Payment: order_1 imp_1
    -> Money: 300 700
    -> Outcome: succeeded - 0 -
    -> Api: ~ ^miss 200 \d+\.\d{3}$
    -> Store: ~ ^\d+\.\d{3}$

# an absent amount is told, too

refund {"imp_uid": "imp_1"}
    -> 200
    -> Payment: order_1 imp_1
    -> Money: 700 0
    -> Outcome: succeeded - 0 -
    -> Api: ~ ^hit 200 \d+\.\d{3}$



=== TEST 2: the variables of an error tell it, and what is known of the payment
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000 cancel_amount=1000
--- cancel
            add_header Payment "$portone_merchant_uid $portone_imp_uid" always;
            add_header Money "$portone_amount $portone_refundable_amount" always;
            add_header Outcome "$portone_state $portone_error $portone_code" always;
            add_header Message $portone_message always;
            add_header Id $portone_refund_id always;
--- steps
refund {"merchant_uid": "order_3"}
    -> 404
    -> Payment: order_3 -
    -> Money: - -
    -> Outcome: - payment_not_found -
    -> Message: 결제 내역을 찾을 수 없습니다.
    -> Id: -

refund {"imp_uid": "imp_3"}
    -> 404
    -> Payment: - imp_3

refund {"imp_uid": "imp_2", "amount": 10}
    -> 400
    -> Payment: order_2 imp_2
    -> Money: - 0
    -> Outcome: - already_refunded -
    -> Message: 이미 전액환불된 주문입니다.
    -> Id: -

fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "결제취소에 실패하였습니다."}

refund {"merchant_uid": "order_1", "amount": 300}
    -> 422
    -> Payment: order_1 imp_1
    -> Money: 300 1000
    -> Outcome: rejected refund_rejected -1
    -> Message: 결제취소에 실패하였습니다.
    -> .refund_id as id
    -> Id: {{id}}



=== TEST 3: the variables of a request that is refused before anything else
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            add_header All "$portone_merchant_uid $portone_imp_uid $portone_refund_id $portone_amount $portone_refundable_amount $portone_state $portone_error $portone_code $portone_api_status $portone_api_time $portone_store_time $portone_token" always;
            add_header Message $portone_message always;
--- steps
refund {"merchant_uid": "order_1", "amount": 0}
    -> 400
    -> All: - - - - - - invalid_request - - - - -
    -> Message: 요청 항목이 올바르지 않습니다.

GET /payments/cancel
    -> 405
    -> All: - - - - - - method_not_allowed - - - - -

POST /payments/cancel {}
    Content-Type: text/plain
    -> 415
    -> All: - - - - - - unsupported_media_type - - - - -



=== TEST 4: where they do not apply the variables are "-"
--- locations
        location = /other {
            add_header All "$portone_merchant_uid $portone_imp_uid $portone_refund_id $portone_amount $portone_refundable_amount $portone_state $portone_error $portone_code $portone_message $portone_api_status $portone_api_time $portone_store_time $portone_token" always;
            return 204;
        }
--- steps
GET /other
    -> 204
    -> All: - - - - - - - - - - - - -



=== TEST 5: the token's variable tells where the token came from
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            add_header Token $portone_token always;
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> Token: miss

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> Token: hit

sandbox POST tokens/expire

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> Token: refreshed

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> Token: hit

# what is decided without PortOne needs no token

refund {"merchant_uid": "order_1", "amount": 1001}
    -> 400
    -> Token: -



=== TEST 6: amounts have the decimals of their currency
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10.50 currency=USD
--- cancel
            add_header Money "$portone_amount $portone_refundable_amount" always;
--- steps
refund {"merchant_uid": "order_1", "amount": 3.25}
    -> 200
    -> Money: 3.25 7.25

refund {"merchant_uid": "order_1", "amount": 7.20}
    -> 200
    -> Money: 7.2 0.05



=== TEST 7: a pending refund's state is "pending", that of the next request none
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 async=on
--- cancel
            add_header Outcome "$portone_state $portone_error $portone_amount $portone_refundable_amount" always;
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 202
    -> Outcome: pending - 300 1000

refund {"merchant_uid": "order_1", "amount": 300}
    -> 409
    -> Outcome: ~ ^- refund_in_progress - 1000$



=== TEST 8: a map can choose by what a request came to
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    map $portone_error $alarm {
        default               call;
        -                     none;
        payment_not_found     none;
        ~^amount_             look;
    }
--- cancel
            add_header Alarm $alarm always;
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> Alarm: none

refund {"merchant_uid": "order_2", "amount": 300}
    -> 404
    -> Alarm: none

refund {"merchant_uid": "order_1", "amount": 3000}
    -> 400
    -> Alarm: look

fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "no"}

refund {"merchant_uid": "order_1", "amount": 300}
    -> 422
    -> Alarm: call



=== TEST 9: the access log can have all of them
--- payments
imp_uid=imp_1 merchant_uid=order_in_access_log amount=1000
--- http_config
    log_format portone '$portone_merchant_uid|$portone_imp_uid|$portone_refund_id|'
                       '$portone_amount|$portone_refundable_amount|$portone_state|'
                       '$portone_error|$portone_code|$portone_message|'
                       '$portone_api_status|$portone_api_time|$portone_store_time|'
                       '$portone_token|$status';
--- cancel
            access_log logs/access.log portone;
--- steps
refund {"merchant_uid": "order_in_access_log", "cancel_request_amount": 300}
    -> 200

refund {"merchant_uid": "order_in_access_log", "cancel_request_amount": 3000}
    -> 400

refund {"cancel_request_amount": 300}
    -> 400
--- access_log eval
[
    qr/^order_in_access_log\|imp_1\|[-0-9a-f]{36}\|300\|700\|succeeded\|-\|0\|-\|200\|\d+\.\d{3}\|\d+\.\d{3}\|miss\|200$/,
    qr/^order_in_access_log\|imp_1\|-\|-\|700\|-\|amount_exceeds_refundable\|-\|.+\|-\|-\|-\|-\|400$/,
    qr/^-\|-\|-\|-\|-\|-\|invalid_request\|-\|.+\|-\|-\|-\|-\|400$/,
]



=== TEST 10: a variable that was read before the refund is right after it, too
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            set $before "$portone_state $portone_refund_id";
            add_header Before $before always;
            add_header After $portone_state always;
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
    -> Before: - -
    -> After: succeeded



=== TEST 11: the variables of a reading tell which payment was read
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
        location /read/ {
            portone_payment;
            add_header All "$portone_merchant_uid $portone_imp_uid $portone_refund_id $portone_amount $portone_refundable_amount $portone_state $portone_error $portone_code $portone_token $portone_api_status" always;
        }
--- steps
GET /read/order_1
    -> 200
    -> All: order_1 imp_1 - - 1000 - - - miss 200

GET /read/order_1
    -> 200
    -> All: order_1 imp_1 - - 1000 - - - - -

GET /read/order_2
    -> 404
    -> All: order_2 - - - - - payment_not_found - hit 404

GET /read/
    -> 400
    -> All: - - - - - - invalid_request - - -



=== TEST 12: somebody else's payment is not told by a variable
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=alice
--- cancel
            portone_match customer_uid bob;
            add_header All "$portone_merchant_uid $portone_imp_uid $portone_amount $portone_refundable_amount $portone_state $portone_error" always;
--- steps
refund {"merchant_uid": "order_1"}
    -> 404
    -> All: order_1 - - - - payment_not_found



=== TEST 13: a message of PortOne cannot add headers to the answer
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            add_header Message $portone_message always;
            add_header Last last always;
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "거절\r\nInjected: yes\r\n\r\nbody\t\u007f"}

refund {"merchant_uid": "order_1"}
    -> 422 refund_rejected
    -> .message = "거절\r\nInjected: yes\r\n\r\nbody\t\u007f"
    -> ! Injected
    -> Message: ~ ^거절  Injected: yes    body
    -> Last: last



=== TEST 14: the last answer of PortOne gives the status, all of them the time
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            add_header Api "$portone_api_status" always;
--- steps
refund {"merchant_uid": "order_2"}
    -> 404
    -> Api: 404

refund {"merchant_uid": "order_1", "amount": 1001}
    -> 400
    -> Api: 200

refund {"merchant_uid": "order_1", "amount": 1001}
    -> 400
    -> Api: -
