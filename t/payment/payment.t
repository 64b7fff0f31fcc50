# portone_payment: reading what is stored.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: a payment is read by its order number and is stored
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 cancel_amount=250 buyer_name=홍길동
--- steps
GET /payments/order_1
    -> 200
    -> Content-Type: application/json
    -> .imp_uid = imp_1
    -> .merchant_uid = order_1
    -> .buyer_name = 홍길동
    -> .amount = 1000
    -> .cancel_amount = 250
    -> .refundable_amount = 750
    -> .refunds = []
    -> . as read

GET /payments/order_1
    -> . = {{read}}

ledger
    -> .requests # 2
    -> .requests[0].call = token
    -> .requests[1].call = find



=== TEST 2: a payment is read by its imp_uid
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/?imp_uid=imp_1
    -> .merchant_uid = order_1
    -> .refundable_amount = 1000
    -> . as read

ledger
    -> .requests[1].path ~ /payments/imp_1$

# both lead to the same, and nothing more is asked

GET /payments/order_1
    -> . = {{read}}

GET /payments/?imp_uid=imp_1
    -> . = {{read}}

ledger
    -> .requests # 2



=== TEST 3: order number and imp_uid may both be given if they belong together
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=2000
--- steps
GET /payments/order_1?imp_uid=imp_1
    -> 200
    -> .imp_uid = imp_1

GET /payments/order_1?imp_uid=imp_2
    -> 400 invalid_request
    -> .field = merchant_uid

GET /payments/order_1?imp_uid=imp_3
    -> 404 payment_not_found



=== TEST 4: without any of them there is nothing to read
--- steps
GET /payments/
    -> 400 invalid_request
    -> .field = merchant_uid
    -> .merchant_uid = null
    -> .imp_uid = null

GET /payments/?other=1
    -> 400 invalid_request
    -> .field = merchant_uid

GET /payments/?imp_uid=
    -> 400 invalid_request
    -> .field = imp_uid

GET /payments/12345678901234567890123456789012345678901
    -> 400 invalid_request
    -> .field = merchant_uid

GET /payments/?imp_uid=123456789012345678901234567890123
    -> 400 invalid_request
    -> .field = imp_uid

GET /payments/a%0Ab
    -> 400 invalid_request
    -> .field = merchant_uid

GET /payments/?imp_uid=a%00b
    -> 400 invalid_request
    -> .field = imp_uid

ledger
    -> .requests # 0



=== TEST 5: a payment that nobody knows is not found
--- steps
GET /payments/order_1
    -> 404
    -> .error = payment_not_found
    -> .message = 결제 내역을 찾을 수 없습니다.
    -> .code = null
    -> .merchant_uid = order_1
    -> .imp_uid = null
    -> Content-Type: application/json
    -> ! ETag

GET /payments/?imp_uid=imp_1
    -> 404 payment_not_found
    -> .merchant_uid = null
    -> .imp_uid = imp_1



=== TEST 6: with portone_fetch off only what is stored is read
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
--- steps
GET /stored/order_1
    -> 404 payment_not_found

GET /stored/?imp_uid=imp_1
    -> 404 payment_not_found

ledger
    -> .requests # 0

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200

GET /stored/order_1
    -> 200
    -> .refundable_amount = 900
    -> .refunds # 1

GET /stored/?imp_uid=imp_1
    -> .refundable_amount = 900



=== TEST 7: escaped order numbers are read, whatever characters they have
--- steps
sandbox POST payments [
    | {"imp_uid": "imp_1", "merchant_uid": "주문 2018/1", "amount": 1000},
    | {"imp_uid": "imp_2", "merchant_uid": "a?b#c%d&e=f+g", "amount": 1000},
    | {"imp_uid": "imp%_3", "merchant_uid": "order_3", "amount": 1000},
    | {"imp_uid": "imp_4", "merchant_uid": "%2F", "amount": 1000}]

GET /payments/%EC%A3%BC%EB%AC%B8%202018%2F1
    -> .imp_uid = imp_1
    -> .merchant_uid = 주문 2018/1

GET /payments/%EC%A3%BC%EB%AC%B8%202018/1
    -> .imp_uid = imp_1

GET /payments/a%3Fb%23c%25d%26e%3Df%2Bg
    -> .imp_uid = imp_2
    -> .merchant_uid = a?b#c%d&e=f+g

GET /payments/a%3Fb%23c%25d&e=f+g
    -> .imp_uid = imp_2

GET /payments/?imp_uid=imp%25_3
    -> .merchant_uid = order_3

GET /payments/?imp_uid=%69mp%255F3
    -> 404 payment_not_found
    -> .imp_uid = imp%5F3

GET /payments/%252F
    -> .imp_uid = imp_4

# the escapes that PortOne got lead to the payment as well

ledger ?call=find
    -> .requests # 3



=== TEST 8: refunds are listed oldest first, with all that is known of them
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300, "reason": "변심"}
    -> 200
    -> Portone-Refund-Id as first
    -> .cancel_history[0].cancellation_id as cancellation

fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "결제취소에 실패하였습니다."}

refund {"merchant_uid": "order_1", "amount": 200}
    -> 422
    -> .refund_id as second

fault {"call": "cancel", "fault": "gate", "name": "held"}

[third] refund {"merchant_uid": "order_1", "cancel_request_amount": 100, "reason": "r"}

waiting held 1

GET /payments/order_1
    -> 200
    -> .refundable_amount = 700
    -> .refunds # 3

    -> .refunds[0] # 9
    -> .refunds[0].refund_id = {{first}}
    -> .refunds[0].amount = 300
    -> .refunds[0].reason = 변심
    -> .refunds[0].state = succeeded
    -> .refunds[0].requested_at > 1700000000
    -> .refunds[0].settled_at > 1700000000
    -> .refunds[0].code = 0
    -> .refunds[0].message = null
    -> .refunds[0].cancellation_id = {{cancellation}}

    -> .refunds[1] # 9
    -> .refunds[1].refund_id = {{second}}
    -> .refunds[1].amount = 200
    -> .refunds[1].reason = null
    -> .refunds[1].state = rejected
    -> .refunds[1].requested_at > 1700000000
    -> .refunds[1].settled_at > 1700000000
    -> .refunds[1].code = -1
    -> .refunds[1].message = 결제취소에 실패하였습니다.
    -> .refunds[1].cancellation_id = null

    -> .refunds[2] # 9
    -> .refunds[2].refund_id as third
    -> .refunds[2].amount = 100
    -> .refunds[2].reason = r
    -> .refunds[2].state = sending
    -> .refunds[2].requested_at > 1700000000
    -> .refunds[2].settled_at = null
    -> .refunds[2].code = null
    -> .refunds[2].message = null
    -> .refunds[2].cancellation_id = null

open held

await third
    -> 200
    -> Portone-Refund-Id: {{third}}

GET /payments/order_1
    -> .refunds # 3
    -> .refunds[2].refund_id = {{third}}
    -> .refunds[2].state = succeeded
    -> .refunds[2].code = 0
    -> .refunds[2].cancellation_id present
    -> .refunds[2].cancellation_id != null
    -> .refunds[2].cancellation_id != {{cancellation}}
    -> .refundable_amount = 600



=== TEST 9: a pending refund is listed as pending with the answer it got
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 async=on
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300, "reason": "r"}
    -> 202
    -> .refund_id as id

GET /payments/order_1
    -> .cancel_amount = 0
    -> .refundable_amount = 1000
    -> .refunds # 1
    -> .refunds[0] # 9
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].amount = 300
    -> .refunds[0].reason = r
    -> .refunds[0].state = pending
    -> .refunds[0].requested_at > 1700000000
    -> .refunds[0].settled_at = null
    -> .refunds[0].code = 0
    -> .refunds[0].message = null
    -> .refunds[0].cancellation_id = null



=== TEST 10: refunds have the decimals of their payment's currency
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10.50 currency=USD
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 3.25}
    -> 200

GET /payments/order_1
    -> .amount = 10.5
    -> .refundable_amount = 7.25
    -> .refunds[0].amount = 3.25



=== TEST 11: payments whose numbers begin alike do not share their refunds
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_11 merchant_uid=order_11 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
refund {"merchant_uid": "order_11", "amount": 200}
    -> 200
refund {"merchant_uid": "order_11", "amount": 300}
    -> 200

GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].amount = 100

GET /payments/order_11
    -> .refunds # 2
    -> .refunds[0].amount = 200
    -> .refunds[1].amount = 300



=== TEST 12: an ETag changes with the payment and spares what is known
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1
    -> 200
    -> ETag: ~ ^"[^"]+"$
    -> ETag as etag

GET /payments/order_1
    If-None-Match: {{etag}}
    -> 304
    -> ETag: {{etag}}
    -> body =

GET /payments/order_1
    If-None-Match: "other", W/{{etag}}
    -> 304

GET /payments/order_1
    If-None-Match: "other"
    -> 200
    -> ETag: {{etag}}
    -> .imp_uid = imp_1

HEAD /payments/order_1
    If-None-Match: {{etag}}
    -> 304

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200

GET /payments/order_1
    If-None-Match: {{etag}}
    -> 200
    -> .refundable_amount = 900
    -> ETag as second

GET /payments/order_1
    If-None-Match: {{second}}
    -> 304

# a refusal changes no balance, but the list

fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "no"}

refund {"merchant_uid": "order_1", "amount": 100}
    -> 422

GET /payments/order_1
    If-None-Match: {{second}}
    -> 200
    -> .refunds # 2



=== TEST 13: what is not found stays so, whatever the client knows
--- steps
GET /payments/order_1
    If-None-Match: *
    -> 404 payment_not_found



=== TEST 14: HEAD answers as GET does, without the body
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1
    -> 200
    -> Content-Length as length
    -> ETag as etag

HEAD /payments/order_1
    -> 200
    -> Content-Type: application/json
    -> Content-Length: {{length}}
    -> ETag: {{etag}}
    -> body =

HEAD /payments/order_2
    -> 404
    -> body =



=== TEST 15: a location that only reads allows reading only
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
PUT /payments/order_1 {"imp_uid": "imp_1", "amount": 5}
    -> 405 method_not_allowed
    -> Allow: GET, HEAD
    -> Content-Type: application/json
    -> .message = 허용되지 않는 요청 메서드입니다.
    -> .code = null

POST /payments/order_1/sync
    -> 405 method_not_allowed
    -> Allow: GET, HEAD

POST /payments/ {"imp_uid": "imp_1"}
    -> 405 method_not_allowed

DELETE /payments/order_1
    -> 405 method_not_allowed

OPTIONS /payments/order_1
    -> 405 method_not_allowed

PATCH /payments/order_1 {}
    -> 405 method_not_allowed

ledger
    -> .requests # 0

GET /payments/order_1
    -> .amount = 1000



=== TEST 16: reading asks portone_match, too
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=alice
--- locations
        location /own/ {
            portone_match customer_uid $http_customer;
            portone_payment;
        }
--- steps
GET /own/order_1
    -> 404 payment_not_found

GET /own/order_1
    Customer: bob
    -> 404 payment_not_found

GET /own/?imp_uid=imp_1
    Customer: bob
    -> 404 payment_not_found
    -> .merchant_uid = null

GET /own/order_1
    Customer: alice
    -> 200
    -> .imp_uid = imp_1
    -> ETag as etag

# nor does an ETag help

GET /own/order_1
    Customer: bob
    If-None-Match: {{etag}}
    -> 404 payment_not_found
--- error_log
payment does not match portone_match



=== TEST 17: the order number is what follows the location's prefix
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=a/b/order_2 amount=1000
--- locations
        location /shop/orders/ {
            portone_payment;
        }

        location ^~ /order_ {
            portone_payment;
        }

        location = /one {
            portone_payment;
        }

        location /outer/ {
            location /outer/inner/ {
                portone_payment;
            }
        }

        location /limited/ {
            portone_payment;
            limit_except GET {
                deny all;
            }
        }
--- steps
GET /shop/orders/order_1
    -> .imp_uid = imp_1

GET /shop/orders/a/b/order_2
    -> .imp_uid = imp_2

GET /order_order_1
    -> .imp_uid = imp_1

GET /one?imp_uid=imp_1
    -> .merchant_uid = order_1

GET /one
    -> 400 invalid_request

GET /outer/inner/order_1
    -> .imp_uid = imp_1

GET /limited/order_1
    -> .imp_uid = imp_1

PUT /limited/order_1 {}
    -> 403



=== TEST 18: a rewritten address leads to the order, too
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
        location ~ ^/my/(?<order>[^/]+)/refunds$ {
            rewrite ^ /payments/$order last;
        }
--- steps
GET /my/order_1/refunds
    -> .imp_uid = imp_1



=== TEST 19: a location of a regular expression has no prefix, nginx says so
--- config
        location ~ ^/payments/ {
            portone_payment;
        }
--- must_die
--- error_log
"portone_payment" cannot be used in a location given by a regular expression



=== TEST 20: a named location has no prefix either
--- config
        location /payments/ {
            error_page 418 = @payments;
            return 418;
        }

        location @payments {
            portone_payment;
        }
--- must_die
--- error_log
"portone_payment" cannot be used in a named location



=== TEST 21: refunding and reading need locations of their own
--- config
        location /payments/ {
            portone_payment;
            portone_cancel;
        }
--- must_die
--- error_log
"portone_payment" and "portone_cancel" cannot share a location



=== TEST 22: a payment of a test channel is read where those are included
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 sandbox=on
--- locations
        location /included/ {
            portone_include_sandbox on;
            portone_payment;
        }
--- steps
GET /payments/order_1
    -> 404 payment_not_found

GET /included/?imp_uid=imp_1
    -> .sandbox = true

ledger
    -> .requests # 3
    -> .requests[1].query = ""
    -> .requests[2].query = include_sandbox=true



=== TEST 23: a field of PortOne's that is named like ours does not pass for it
--- steps
sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000, "refundable_amount": 5, "refunds": [1, 2]}

GET /payments/order_1
    -> .refundable_amount = 1000
    -> .refunds = []
    -> body !~ refundable_amount.*refundable_amount
    -> body !~ "refunds".*"refunds"

refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .refundable_amount = 900

GET /payments/order_1
    -> .refundable_amount = 900
    -> .refunds # 1
    -> .refunds[0].amount = 100



=== TEST 24: a reading stores what it found, so that it survives a crash
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
--- steps
GET /payments/order_1
    -> .imp_uid = imp_1
kill
start
GET /stored/order_1
    -> .imp_uid = imp_1
    -> .refundable_amount = 1000



=== TEST 25: of very many refunds the newest hundred are listed
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps eval
my $steps = '';

for my $i (1 .. 102) {
    $steps .= qq(refund {"merchant_uid": "order_1", "amount": 1, "reason": "$i"}\n);
}

$steps . <<'END';
GET /payments/order_1
    -> .cancel_amount = 102
    -> .refunds # 100
    -> .refunds[0].reason = "3"
    -> .refunds[99].reason = "102"
END



=== TEST 26: slashes in a row are those of the order where nginx keeps them
--- steps
sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "a//b", "amount": 1000}

GET /payments/a//b
    -> .imp_uid = imp_1
    -> .merchant_uid = a//b

GET /payments/a%2F%2Fb
    -> .imp_uid = imp_1
--- http_config
    merge_slashes off;
