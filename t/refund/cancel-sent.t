# What PortOne receives: all that it needs, and nothing that it was not asked.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: only imp_uid, amount and checksum are sent of a plain request
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200

ledger ?call=cancel
    -> .requests # 1
    -> .requests[0].method = POST
    -> .requests[0].path ~ /payments/cancel$
    -> .requests[0].query = ""
    -> .requests[0].content_type ~ ^application/json
    -> .requests[0].body ~ ^\{"imp_uid":"imp_1","amount":300,"checksum":1000\}$
    -> .requests[0].executed = true



=== TEST 2: every field that is passed on reaches PortOne as it came
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"imp_uid": "imp_1", "merchant_uid": "order_1",
    |  "cancel_request_amount": 300, "amount": 300, "checksum": 1000,
    |  "reason": "단순 변심 \"quoted\" \\ \u002f \ud83d\ude00",
    |  "refund_holder": "홍길동", "refund_bank": "88",
    |  "refund_account": "56211105948400", "refund_tel": "010-1234-5678",
    |  "tax_free": 100, "vat_amount": 18, "retain_promotion": false,
    |  "extra": {"requester": "customer"}}
    -> 200
    -> .cancel_reason = "단순 변심 \"quoted\" \\ / 😀"

ledger ?call=cancel
    -> .requests # 1
    -> .requests[0].body ~ ^\{"imp_uid":"imp_1","amount":300,"checksum":1000,"tax_free":100,"vat_amount":18,"reason":"단순 변심 \\"quoted\\" \\\\ / 😀","refund_holder":"홍길동","refund_bank":"88","refund_account":"56211105948400","refund_tel":"010-1234-5678","retain_promotion":false,"extra":\{"requester":"customer"\}\}$



=== TEST 3: a promotion that is to be kept is passed on, and who asks is, too
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 100, "retain_promotion": true, "extra": {"requester": "admin"}}
    -> 200

ledger ?call=cancel
    -> .requests[0].body ~ ^\{"imp_uid":"imp_1","amount":100,"checksum":1000,"retain_promotion":true,"extra":\{"requester":"admin"\}\}$



=== TEST 4: PortOne is never asked to refund by the order number
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
    -> .refundable_amount = 0

ledger ?call=cancel
    -> .requests # 1
    -> .requests[0].imp_uid = imp_1
    -> .requests[0].body !~ merchant_uid
    -> .requests[0].body !~ cancel_request_amount



=== TEST 5: one token serves the calls of a refund and of the next ones
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200

ledger
    -> .token_requests = 1
    -> .calls.find = 1
    -> .calls.cancel = 2
    -> .calls.payment = 0
    -> .requests # 4
    -> .requests[0].call = token
    -> .requests[0].body ~ ^\{"imp_key":"imp_key_of_tests","imp_secret":"imp_secret_of_tests"\}$
    -> .requests[0].authorization = null
    -> .requests[1].call = find
    -> .requests[1].authorization as authorization
    -> .requests[2].call = cancel
    -> .requests[2].authorization = {{authorization}}
    -> .requests[3].call = cancel
    -> .requests[3].authorization = {{authorization}}



=== TEST 6: a sub-merchant's Tier is sent on every call
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 account=imp_key_of_tests tier=ABC
--- http_config
    portone_sandbox_account imp_key_of_tests imp_secret_of_tests tier=ABC;
    portone_tier ABC;
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200

fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "no"}

refund {"merchant_uid": "order_1", "amount": 100}
    -> 422 refund_rejected

ledger
    -> .requests # 5
    -> .requests[0].call = token
    -> .requests[0].tier = ABC
    -> .requests[1].call = find
    -> .requests[1].tier = ABC
    -> .requests[2].call = cancel
    -> .requests[2].tier = ABC
    -> .requests[3].call = cancel
    -> .requests[3].tier = ABC
    -> .requests[4].call = payment
    -> .requests[4].tier = ABC



=== TEST 7: without a Tier no such header is sent
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200

ledger
    -> .requests # 3
    -> .requests[0].tier = null
    -> .requests[1].tier = null
    -> .requests[2].tier = null



=== TEST 8: payments of a test channel are not found by default
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 sandbox=on
--- steps
refund {"merchant_uid": "order_1"}
    -> 404 payment_not_found

refund {"imp_uid": "imp_1"}
    -> 404 payment_not_found

GET /payments/order_1
    -> 404 payment_not_found

ledger
    -> .calls.cancel = 0
    -> .calls.find = 2
    -> .calls.payment = 1
    -> .requests[1].query = ""



=== TEST 9: payments of a test channel are refunded where they are included
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 sandbox=on
imp_uid=imp_2 merchant_uid=order_2 amount=1000 sandbox=on
--- http_config
    portone_include_sandbox on;
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .sandbox = true
    -> .refundable_amount = 900

refund {"imp_uid": "imp_2", "amount": 200}
    -> 200
    -> .refundable_amount = 800

# and after a refusal the payment is found again

sandbox POST payments/imp_1/console {"amount": 300}

refund {"merchant_uid": "order_1", "amount": 100}
    -> 409 checksum_mismatch
    -> .refundable_amount = 600

ledger
    -> .payments.imp_1.executed_amount = 100
    -> .payments.imp_2.executed_amount = 200
    -> .requests[1].call = find
    -> .requests[1].query = include_sandbox=true
    -> .requests[3].call = payment
    -> .requests[3].query = include_sandbox=true
    -> .requests[6].call = payment
    -> .requests[6].query = include_sandbox=true
    -> .requests # 7



=== TEST 10: two shops in one store have their own payments of one order number
--- payments
imp_uid=imp_a merchant_uid=order_1 amount=1000 account=imp_key_of_tests
imp_uid=imp_b merchant_uid=order_1 amount=500 account=key_b
--- http_config
    portone_sandbox_account imp_key_of_tests imp_secret_of_tests;
    portone_sandbox_account key_b secret_b;
--- locations
        location /b/ {
            portone_merchant b;
            portone_imp_key key_b;
            portone_imp_secret secret_b;

            location = /b/cancel {
                portone_cancel;
            }

            location /b/payments/ {
                portone_payment;
            }
        }
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .imp_uid = imp_a
    -> .refundable_amount = 900

POST /b/cancel {"merchant_uid": "order_1", "amount": 50}
    -> 200
    -> .imp_uid = imp_b
    -> .refundable_amount = 450

# by imp_uid neither, though the store has both

POST /b/cancel {"imp_uid": "imp_a", "amount": 100}
    -> 404 payment_not_found
    -> .merchant_uid = null

refund {"imp_uid": "imp_b", "amount": 50}
    -> 404 payment_not_found

GET /b/payments/?imp_uid=imp_a
    -> 404 payment_not_found

GET /payments/order_1
    -> .imp_uid = imp_a
    -> .refundable_amount = 900
    -> .refunds # 1
    -> .refunds[0].amount = 100

GET /b/payments/order_1
    -> .imp_uid = imp_b
    -> .refundable_amount = 450
    -> .refunds # 1
    -> .refunds[0].amount = 50

ledger
    -> .token_requests = 2
    -> .payments.imp_a.executed_amount = 100
    -> .payments.imp_b.executed_amount = 50



=== TEST 11: a shop does not see what another one has stored
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
        location = /b/cancel {
            portone_merchant b;
            portone_fetch off;
            portone_cancel;
        }

        location /b/payments/ {
            portone_merchant b;
            portone_fetch off;
            portone_payment;
        }

        location = /default/cancel {
            portone_merchant default;
            portone_fetch off;
            portone_cancel;
        }
--- steps
GET /payments/order_1
    -> .imp_uid = imp_1

POST /b/cancel {"merchant_uid": "order_1"}
    -> 404 payment_not_found

POST /b/cancel {"imp_uid": "imp_1"}
    -> 404 payment_not_found

GET /b/payments/order_1
    -> 404 payment_not_found

GET /b/payments/?imp_uid=imp_1
    -> 404 payment_not_found

ledger ?call=cancel
    -> .requests # 0

# the shop that is not named is the one named "default"

POST /default/cancel {"merchant_uid": "order_1"}
    -> 200
    -> .refundable_amount = 0
