# portone_payment write: payments that the shop registers.

use lib 't/lib';
use Test::Portone;

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value('locations', ($block->locations // '') . <<'END');
        location /shop/ {
            portone_payment write;
        }

        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
END
});

run_tests();

__DATA__

=== TEST 1: a payment is registered and refunded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 201
    -> Content-Type: application/json
    -> .imp_uid = imp_1
    -> .merchant_uid = order_1
    -> .amount = 1000
    -> .cancel_amount = 0
    -> .currency = KRW
    -> .status = paid
    -> .refundable_amount = 1000

GET /stored/order_1
    -> .refundable_amount = 1000
    -> .refunds = []

GET /stored/?imp_uid=imp_1
    -> .merchant_uid = order_1

ledger
    -> .requests # 0

refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 700

ledger
    -> .payments.imp_1.executions = 1
    -> .requests # 2
    -> .requests[1].call = cancel

kill
start

GET /stored/order_1
    -> .refundable_amount = 700



=== TEST 2: the same again changes nothing, further fields are added
--- steps
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 201

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "merchant_uid": "order_1"}
    -> 200
    -> . # 7

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "customer_uid": "alice", "paid_at": 1700000000, "pay_method": "card", "x": {"y": [1, 2]}}
    -> 200
    -> .customer_uid = alice
    -> .paid_at = 1700000000
    -> .x = {"y": [1, 2]}

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "pay_method": "phone"}
    -> 200
    -> .customer_uid = alice
    -> .pay_method = phone

GET /stored/order_1
    -> .customer_uid = alice
    -> .pay_method = phone
    -> .paid_at = 1700000000
    -> .x = {"y": [1, 2]}



=== TEST 3: what is wrong is refused, and named
--- steps
PUT /shop/order_1 {"amount": 1000}
    -> 400 invalid_request
    -> .field = imp_uid
    -> .merchant_uid = order_1
    -> .imp_uid = null
    -> .code = null
PUT /shop/order_1 {"imp_uid": "imp_1"}
    -> 400 invalid_request
    -> .field = amount
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": "1000"}
    -> 400 invalid_request
    -> .field = amount
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": -1}
    -> 400 invalid_request
    -> .field = amount
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 10.5}
    -> 400 invalid_request
    -> .field = amount
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1e400}
    -> 400 invalid_request
    -> .field = amount
PUT /shop/order_1 {"imp_uid": 1, "amount": 1000}
    -> 400 invalid_request
    -> .field = imp_uid
PUT /shop/order_1 {"imp_uid": "", "amount": 1000}
    -> 400 invalid_request
    -> .field = imp_uid
PUT /shop/order_1 {"imp_uid": "123456789012345678901234567890123", "amount": 1}
    -> 400 invalid_request
    -> .field = imp_uid
PUT /shop/order_1 {"imp_uid": "a\nb", "amount": 1000}
    -> 400 invalid_request
    -> .field = imp_uid
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "merchant_uid": "order_2"}
    -> 400 invalid_request
    -> .field = merchant_uid
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "merchant_uid": null}
    -> 400 invalid_request
    -> .field = merchant_uid
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "cancel_amount": 1001}
    -> 400 invalid_request
    -> .field = cancel_amount
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "cancel_amount": null}
    -> 400 invalid_request
    -> .field = cancel_amount
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "cancel_history": []}
    -> 400 invalid_request
    -> .field = cancel_amount
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "cancel_amount": 1, "cancel_history": [{}]}
    -> 400 invalid_request
    -> .field = cancel_history
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "currency": "krw"}
    -> 400 invalid_request
    -> .field = currency
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "status": ""}
    -> 400 invalid_request
    -> .field = status
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "paid_at": "2018-01-31"}
    -> 400 invalid_request
    -> .field = paid_at
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "paid_at": 1700000000000}
    -> 400 invalid_request
    -> .field = paid_at
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "pay_method": 1}
    -> 400 invalid_request
    -> .field = pay_method
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "customer_uid": 7}
    -> 400 invalid_request
    -> .field = customer_uid
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "name": "a", "name": "b"}
    -> 400 invalid_request
    -> .field = name
PUT /shop/order_1 [{"imp_uid": "imp_1", "amount": 1000}]
    -> 400 invalid_request
    -> .field absent
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000
    -> 400 invalid_json
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000} {}
    -> 400 invalid_json
GET /stored/order_1
    -> 404 payment_not_found



=== TEST 4: cancel_amount is never lowered, nor is what goes with it
--- steps
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "cancel_amount": 300, "cancel_history": [{"amount": 300, "cancellation_id": "one"}], "cancel_reason": "a"}
    -> 201
    -> .refundable_amount = 700

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "cancel_amount": 0, "cancel_history": [], "status": "ready", "cancel_reason": "b", "name": "n"}
    -> 200
    -> .cancel_amount = 300
    -> .cancel_history # 1
    -> .status = paid
    -> .cancel_reason = a
    -> .name = n

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "cancel_amount": 300, "cancel_history": []}
    -> 200
    -> .cancel_history[0].cancellation_id = one

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "cancel_amount": 500, "cancel_reason": "c"}
    -> 200
    -> .refundable_amount = 500
    -> .cancel_reason = c

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 200
    -> .cancel_amount = 500



=== TEST 5: order, amount and currency of what is stored do not change
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10.50 currency=USD
--- steps
GET /shop/order_1
    -> .amount = 10.5

PUT /shop/order_2 {"imp_uid": "imp_1", "amount": 10.5}
    -> 400 invalid_request
    -> .field = amount

PUT /shop/order_2 {"imp_uid": "imp_1", "amount": 10.5, "currency": "USD"}
    -> 400 invalid_request
    -> .field = merchant_uid

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 10, "currency": "USD"}
    -> 400 invalid_request
    -> .field = amount

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 10, "currency": "EUR"}
    -> 400 invalid_request
    -> .field = currency

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 10.50, "currency": "USD", "cancel_amount": 0.25}
    -> 200
    -> .refundable_amount = 10.25

GET /stored/order_2
    -> 404 payment_not_found



=== TEST 6: what PortOne told is kept when the shop registers less
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 buyer_name=홍길동
--- steps
refund {"merchant_uid": "order_1", "amount": 250}
    -> 200
    -> .cancel_history # 1

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 200
    -> .cancel_amount = 250
    -> .cancel_history # 1
    -> .buyer_name = 홍길동



=== TEST 7: a wrong claim is refused by PortOne, and put right
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 cancel_amount=400
--- steps
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 5000}
    -> 201
    -> .refundable_amount = 5000

refund {"merchant_uid": "order_1", "amount": 2000}
    -> 409 checksum_mismatch
    -> .refundable_amount = 600

ledger
    -> .payments.imp_1.executions = 0

GET /stored/order_1
    -> .amount = 1000
    -> .refundable_amount = 600



=== TEST 8: a payment with an open refund is left alone
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "lose_answer"}

refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "cancel_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
    -> .imp_uid = imp_1
    -> .merchant_uid = order_1
    -> Retry-After: ~ ^[1-9]\d*$

# what changes nothing is no harm

PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 200
    -> .cancel_amount = 0

GET /stored/order_1
    -> .cancel_amount = 0
    -> .refunds[0].state = unknown



=== TEST 9: methods that are not allowed, and what is
--- steps
DELETE /shop/order_1
    -> 405 method_not_allowed
    -> Allow: GET, HEAD, PUT
PATCH /shop/ {}
    -> 405 method_not_allowed
    -> Allow: GET, HEAD, POST
PUT /shop/ {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1}
    -> 405 method_not_allowed
    -> Allow: GET, HEAD, POST
POST /shop/order_1 {"imp_uid": "imp_1", "amount": 1}
    -> 405 method_not_allowed
    -> Allow: GET, HEAD, PUT
DELETE /shop/order_1/refunds/019aa000-0000-7000-8000-000000000001
    -> 405 method_not_allowed
    -> Allow: GET, HEAD, PUT, POST
DELETE /shop/?imp_uid=imp_1
    -> 405 method_not_allowed
    -> Allow: GET, HEAD
DELETE /stored/order_1
    -> 405 method_not_allowed
    -> Allow: GET, HEAD
PUT /stored/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 405 method_not_allowed
    -> Allow: GET, HEAD
POST /stored/ {"imp_uid": "imp_1"}
    -> 405 method_not_allowed
    -> Allow: GET, HEAD



=== TEST 10: media types and sizes
--- steps
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000}
    Content-Type: text/plain
    -> 415 unsupported_media_type
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000}
    Content-Type:
    -> 415 unsupported_media_type
PUT /shop/order_1 {}
    Content-Length: 65537
    -> 413 too_large
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000}
    Content-Type: Application/JSON; charset=utf-8
    -> 201



=== TEST 11: names of orders that look like something else
--- steps
PUT /shop/%EC%A3%BC%EB%AC%B8%202018%2F1 {"imp_uid": "imp_1", "amount": 1000}
    -> 201
    -> .merchant_uid = 주문 2018/1
PUT /shop/sync {"imp_uid": "imp_2", "amount": 1000}
    -> 201
    -> .merchant_uid = sync
PUT /shop/a/sync {"imp_uid": "imp_3", "amount": 1000}
    -> 201
    -> .merchant_uid = a/sync
GET /stored/a/sync
    -> .imp_uid = imp_3
GET /stored/sync
    -> .imp_uid = imp_2
POST /shop/sync
    -> 405
PUT /shop/12345678901234567890123456789012345678901 {"imp_uid": "imp_2", "amount": 1}
    -> 400 invalid_request
    -> .field = merchant_uid
PUT /shop/a%0Ab {"imp_uid": "imp_2", "amount": 1}
    -> 400 invalid_request
    -> .field = merchant_uid



=== TEST 12: of several payments of an order the better claim leads
--- steps
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "started_at": 1700000000}
    -> 201
PUT /shop/order_1 {"imp_uid": "imp_2", "amount": 1000, "status": "failed", "started_at": 1700000001}
    -> 201
    -> .imp_uid = imp_2
GET /stored/order_1
    -> .imp_uid = imp_1
PUT /shop/order_1 {"imp_uid": "imp_3", "amount": 900, "started_at": 1700000002}
    -> 201
GET /stored/order_1
    -> .imp_uid = imp_3
GET /stored/?imp_uid=imp_1
    -> .amount = 1000
PUT /shop/order_1 {"imp_uid": "imp_2", "amount": 1000, "status": "paid", "started_at": 1700000003}
    -> 200
GET /stored/order_1
    -> .imp_uid = imp_2



=== TEST 13: portone_match holds for writing, too
--- locations
        location /own/ {
            portone_match customer_uid $http_customer;
            portone_payment write;
        }
--- steps
PUT /own/order_1 {"imp_uid": "imp_1", "amount": 1000, "customer_uid": "alice"}
    Customer: bob
    -> 404 payment_not_found
GET /stored/order_1
    -> 404 payment_not_found
PUT /own/order_1 {"imp_uid": "imp_1", "amount": 1000, "customer_uid": "alice"}
    Customer: alice
    -> 201
PUT /own/order_1 {"imp_uid": "imp_1", "amount": 1000, "customer_uid": "bob"}
    Customer: bob
    -> 404 payment_not_found
PUT /own/order_1 {"imp_uid": "imp_1", "amount": 1000, "customer_uid": "bob"}
    Customer: alice
    -> 404 payment_not_found
GET /stored/order_1
    -> .customer_uid = alice
--- error_log
payment does not match portone_match



=== TEST 14: shops do not see each other
--- locations
        location /other/ {
            portone_merchant other;
            portone_payment write;
        }
--- steps
PUT /other/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 201
GET /stored/order_1
    -> 404
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 500}
    -> 201
GET /other/order_1
    -> .amount = 1000



=== TEST 15: limit_except lets some write and all read
--- locations
        location /limited/ {
            portone_payment write;
            limit_except GET {
                allow 127.0.0.2;
                allow 127.0.0.1;
                deny all;
            }
        }

        location /closed/ {
            portone_payment write;
            limit_except GET {
                deny all;
            }
        }
--- steps
PUT /limited/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 201
PUT /closed/order_1 {"imp_uid": "imp_1", "amount": 1000, "name": "x"}
    -> 403
GET /closed/order_1
    -> .name absent
POST /limited/
    | {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": 1}
    Content-Type: application/x-ndjson
    -> .stored = 1



=== TEST 16: two registrations at once are both kept
--- workers: 2
--- steps
[a] PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "name": "a", "b": 1}
[b] PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "name": "a", "c": 1}
[c] PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "name": "a", "d": 1}
answers a b c
    -> 201 x 1
    -> 200 x 2
GET /stored/order_1
    -> .b = 1
    -> .c = 1
    -> .d = 1



=== TEST 17: registering with the cancel in flight does not get in its way
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 201
fault {"call": "cancel", "fault": "gate", "name": "held"}
[refund] refund {"merchant_uid": "order_1", "amount": 300}
waiting held 1
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "cancel_amount": 300}
    -> 409 refund_in_progress
open held
await refund
    -> 200
    -> .refundable_amount = 700
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000, "cancel_amount": 300}
    -> 200
    -> .cancel_history # 1



=== TEST 18: variables tell of a registration that was refused
--- http_config
    log_format portone "$portone_merchant_uid $portone_error";
--- locations
        location /logged/ {
            access_log logs/access.log portone;
            portone_payment write;
        }
--- steps
PUT /logged/order_1 {"imp_uid": "imp_1"}
    -> 400
--- access_log
order_1 invalid_request
