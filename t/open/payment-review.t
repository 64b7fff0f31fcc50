# portone_payment write: refunds in manual_review that a person settles, and
# payments that are brought up to date.

use lib 't/lib';
use Test::Portone;

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value('locations', ($block->locations // '') . <<'END');
        location /shop/ {
            portone_payment write;
        }

        location /offline/ {
            portone_fetch off;
            portone_payment write;
        }

        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
END
});

# PortOne refuses, and yet a refund like this one appears: nobody can tell

our $review = <<'END';
fault {"call": "cancel", "fault": "refuse_after", "code": -1, "message": "no"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
GET /stored/order_1
    -> .refunds[0].state = manual_review
END

run_tests();

__DATA__

=== TEST 1: a person finds out that it was made
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
review
POST /shop/order_1/refunds/{{id}} {"state": "succeeded"}
    -> 200
    -> .imp_uid = imp_1
    -> .refundable_amount = 700
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = succeeded
    -> .refunds[0].settled_at > 1700000000
    -> .refunds[0].code = -1
    -> .refunds[0].cancellation_id as proof
    -> .cancel_history[0].cancellation_id = {{proof}}

# the order is free again

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .refundable_amount = 600
ledger
    -> .payments.imp_1.executions = 2
kill
start
GET /stored/order_1
    -> .refunds[0].state = succeeded
    -> .refunds[1].state = succeeded
--- error_log eval
qr/\[notice\].*refund [0-9a-f-]{36} was settled by hand, it is succeeded/



=== TEST 2: a person finds out that it was not made, as it was undone
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
review
GET /stored/order_1
    -> .refundable_amount = 700
sandbox POST payments/imp_1/undo
POST /shop/order_1/refunds/{{id}} {"state": "not_executed"}
    -> 200
    -> .refundable_amount = 1000
    -> .refunds[0].state = not_executed
    -> .refunds[0].cancellation_id = null
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 700



=== TEST 3: only what is in manual_review
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> Portone-Refund-Id as done
POST /shop/order_1/refunds/{{done}} {"state": "not_executed"}
    -> 409 not_in_review
    -> .message = 수동 확인을 기다리는 환불이 아닙니다.
    -> .merchant_uid = order_1
    -> .imp_uid = imp_1
POST /shop/order_1/refunds/019aa000-0000-7000-8000-000000000001 {"state": "succeeded"}
    -> 409 not_in_review
POST /shop/order_9/refunds/{{done}} {"state": "succeeded"}
    -> 404 payment_not_found

fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_2", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as open
POST /shop/order_2/refunds/{{open}} {"state": "not_executed"}
    -> 409 not_in_review
GET /stored/order_2
    -> .refunds[0].state = unknown
GET /stored/order_1
    -> .refunds[0].state = succeeded
ledger ?call=find
    -> .requests # 2



=== TEST 4: what is said must be said exactly
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
review
POST /shop/order_1/refunds/{{id}} {"state": "rejected"}
    -> 400 invalid_request
    -> .field = state
POST /shop/order_1/refunds/{{id}} {"state": null}
    -> 400 invalid_request
    -> .field = state
POST /shop/order_1/refunds/{{id}} {}
    -> 400 invalid_request
    -> .field = state
POST /shop/order_1/refunds/{{id}} {"state": "succeeded", "note": "x"}
    -> 400 invalid_request
    -> .field = note
POST /shop/order_1/refunds/{{id}} {"state": "succeeded", "state": "not_executed"}
    -> 400 invalid_request
    -> .field = state
POST /shop/order_1/refunds/{{id}} {"state": "succeeded"
    -> 400 invalid_json
POST /shop/order_1/refunds/{{id}} "succeeded"
    Content-Type: application/json
    -> 400 invalid_request
POST /shop/order_1/refunds/{{id}} {"state": "succeeded"}
    Content-Type: text/plain
    -> 415 unsupported_media_type
POST /shop/order_1/refunds/{{id}} {}
    Content-Length: 5000
    -> 413 too_large
POST /stored/order_1/refunds/{{id}} {"state": "succeeded"}
    -> 405 method_not_allowed
    -> Allow: GET, HEAD
POST /shop/order_1/refunds/{{id}}x {"state": "succeeded"}
    -> 400 invalid_request
    -> .field = merchant_uid
POST /shop/refunds/{{id}} {"state": "succeeded"}
    -> 400 invalid_request
GET /stored/order_1
    -> .refunds[0].state = manual_review
POST /shop/order_1/refunds/{{id}} {"state": "succeeded"}
    -> 200
POST /shop/order_1/refunds/{{id}} {"state": "succeeded"}
    -> 409 not_in_review



=== TEST 5: by imp_uid, and only if it is the payment of the order
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
review
POST /shop/order_2/refunds/{{id}}?imp_uid=imp_1 {"state": "succeeded"}
    -> 400 invalid_request
    -> .field = merchant_uid
POST /shop/refunds/{{id}}?imp_uid=imp_1 {"state": "succeeded"}
    -> 200
    -> .refunds[0].state = succeeded



=== TEST 6: PortOne cannot be read: it stays in review
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
review
fault {"call": "payment", "fault": "status", "status": 503, "times": 0}
POST /shop/order_1/refunds/{{id}} {"state": "succeeded"}
    -> 502 portone_unavailable
GET /stored/order_1
    -> .refunds[0].state = manual_review
sandbox DELETE faults
POST /shop/order_1/refunds/{{id}} {"state": "succeeded"}
    -> 200
    -> .refunds[0].state = succeeded



=== TEST 7: where PortOne is not asked the word counts all the same
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
review
ledger
    -> .calls.payment as before
POST /offline/order_1/refunds/{{id}} {"state": "not_executed"}
    -> 200
    -> .refunds[0].state = not_executed
    -> .refundable_amount = 700
ledger
    -> .calls.payment = {{before}}



=== TEST 8: an expired token is renewed on the way
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
review
fault {"call": "payment", "fault": "unauthorized"}
POST /shop/order_1/refunds/{{id}} {"state": "succeeded"}
    -> 200
    -> .refunds[0].cancellation_id != null



=== TEST 9: the idempotency key tells what came out: it was made
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "refuse_after", "code": -1, "message": "no"}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: one
    -> 504 outcome_unknown
    -> .refund_id as id
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: one
    -> 409 refund_in_progress
POST /shop/order_1/refunds/{{id}} {"state": "succeeded"}
    -> 200
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: one
    -> 200
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
    -> .refundable_amount = 700
ledger
    -> .payments.imp_1.executions = 1



=== TEST 10: the idempotency key tells what came out: it was not made
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "refuse_after", "code": -1, "message": "no"}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: one
    -> 504 outcome_unknown
    -> .refund_id as id
POST /shop/order_1/refunds/{{id}} {"state": "not_executed"}
    -> 200
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: one
    -> 200
    -> ! Idempotent-Replayed
    -> .refundable_amount = 400



=== TEST 11: two people at once: the first one's word counts
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
review
fault {"call": "payment", "fault": "gate", "name": "held", "times": 2}
[a] POST /shop/order_1/refunds/{{id}} {"state": "succeeded"}
[b] POST /shop/order_1/refunds/{{id}} {"state": "succeeded"}
waiting held 2
open held
answers a b
    -> 200 x 1
    -> 409 not_in_review x 1
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded



=== TEST 12: portone_match holds here, too
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=alice
--- locations
        location /own/ {
            portone_match customer_uid $http_customer;
            portone_payment write;
        }
--- steps
review
POST /own/order_1/refunds/{{id}} {"state": "succeeded"}
    Customer: bob
    -> 404 payment_not_found
POST /own/order_1/sync
    Customer: bob
    -> 404 payment_not_found
POST /own/order_1/refunds/{{id}} {"state": "succeeded"}
    Customer: alice
    -> 200



=== TEST 13: a payment is brought up to date
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /shop/order_1
    -> .refundable_amount = 1000
sandbox POST payments/imp_1/console {"amount": 250}
    -> 200
GET /shop/order_1
    -> .refundable_amount = 1000
POST /shop/order_1/sync
    -> 200
    -> .refundable_amount = 750
    -> .cancel_history # 1
    -> .refunds = []
POST /shop/order_1/sync
    -> .refundable_amount = 750
POST /shop/sync?imp_uid=imp_1
    -> .refundable_amount = 750
kill
start
GET /stored/order_1
    -> .refundable_amount = 750



=== TEST 14: one that is not stored is fetched, one that nobody knows is not found
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
POST /shop/order_1/sync
    -> 200
    -> .imp_uid = imp_1
GET /stored/order_1
    -> .imp_uid = imp_1
POST /shop/order_2/sync
    -> 404 payment_not_found
POST /stored/order_1/sync
    -> 405 method_not_allowed
    -> Allow: GET, HEAD
POST /offline/order_1/sync
    -> 405 method_not_allowed
    -> Allow: GET, HEAD, PUT



=== TEST 15: what was registered wrong is put right, the order with it
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=2000
--- steps
PUT /shop/order_2 {"imp_uid": "imp_1", "amount": 7000, "cancel_amount": 6900}
    -> 201
GET /stored/order_2
    -> .imp_uid = imp_1
POST /shop/sync?imp_uid=imp_1
    -> 200
    -> .merchant_uid = order_1
    -> .amount = 1000
    -> .refundable_amount = 1000
GET /stored/order_1
    -> .imp_uid = imp_1
GET /stored/order_2
    -> 404 payment_not_found
GET /shop/order_2
    -> .imp_uid = imp_2
GET /stored/order_2
    -> .imp_uid = imp_2



=== TEST 16: PortOne cannot be read: nothing changes
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /shop/order_1
    -> 200
fault {"call": "payment", "fault": "status", "status": 500}
POST /shop/order_1/sync
    -> 502 portone_unavailable
fault {"call": "payment", "fault": "garbage", "times": 0}
POST /shop/order_1/sync
    -> 502 portone_unavailable
GET /stored/order_1
    -> .refundable_amount = 1000



=== TEST 17: bringing up to date leaves what is in manual_review to the person
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
review
sandbox POST payments/imp_1/console {"amount": 100}
POST /shop/order_1/sync
    -> 200
    -> .refundable_amount = 600
    -> .refunds[0].state = manual_review
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
POST /shop/order_1/refunds/{{id}} {"state": "succeeded"}
    -> 200
    -> .refundable_amount = 600
