# portone_match: only payments of whom the request comes from.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: a payment is refunded only by whom it belongs to
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=alice
--- cancel
            portone_match customer_uid $http_customer;
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    Customer: bob
    -> 404
    -> .error = payment_not_found
    -> .merchant_uid = order_1
    -> .imp_uid = null
    -> .refundable_amount absent
    -> ! Portone-Refund-Id

refund {"imp_uid": "imp_1", "amount": 100}
    Customer: bob
    -> 404 payment_not_found
    -> .merchant_uid = null
    -> .imp_uid = imp_1

# neither a part of the name nor another case of it will do

refund {"merchant_uid": "order_1", "amount": 100}
    Customer: alic
    -> 404 payment_not_found

refund {"merchant_uid": "order_1", "amount": 100}
    Customer: alice2
    -> 404 payment_not_found

refund {"merchant_uid": "order_1", "amount": 100}
    Customer: Alice
    -> 404 payment_not_found

ledger ?call=cancel
    -> .requests # 0

refund {"merchant_uid": "order_1", "amount": 100}
    Customer: alice
    -> 200
    -> .imp_uid = imp_1
    -> .refundable_amount = 900

GET /payments/order_1
    -> .refunds # 1
--- error_log
payment does not match portone_match
merchant_uid: "order_1"



=== TEST 2: what belongs to somebody else and what does not exist look the same
--- cancel
            portone_match customer_uid $http_customer;
--- locations
        location /own/ {
            portone_match customer_uid $http_customer;
            portone_payment;
        }
--- steps
refund {"merchant_uid": "order_1"}
    Customer: bob
    -> 404
    -> body ~ ^\{"error":"payment_not_found","message":"결제 내역을 찾을 수 없습니다.","code":null,"merchant_uid":"order_1","imp_uid":null\}\n$
    -> Content-Length as length

GET /own/order_1
    Customer: bob
    -> 404
    -> body ~ ^\{"error":"payment_not_found","message":"결제 내역을 찾을 수 없습니다.","code":null,"merchant_uid":"order_1","imp_uid":null\}\n$
    -> Content-Length: {{length}}
    -> ! ETag

sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000, "customer_uid": "alice"}

# found at PortOne

refund {"merchant_uid": "order_1"}
    Customer: bob
    -> 404
    -> body ~ ^\{"error":"payment_not_found","message":"결제 내역을 찾을 수 없습니다.","code":null,"merchant_uid":"order_1","imp_uid":null\}\n$
    -> Content-Length: {{length}}
    -> ! Portone-Refund-Id

# found in the store

refund {"merchant_uid": "order_1"}
    Customer: bob
    -> 404
    -> body ~ ^\{"error":"payment_not_found","message":"결제 내역을 찾을 수 없습니다.","code":null,"merchant_uid":"order_1","imp_uid":null\}\n$
    -> Content-Length: {{length}}
    -> ! Portone-Refund-Id

GET /own/order_1
    Customer: bob
    -> 404
    -> body ~ ^\{"error":"payment_not_found","message":"결제 내역을 찾을 수 없습니다.","code":null,"merchant_uid":"order_1","imp_uid":null\}\n$
    -> Content-Length: {{length}}
    -> ! ETag

GET /own/order_1
    Customer: alice
    -> 200
    -> .imp_uid = imp_1

ledger ?call=cancel
    -> .requests # 0



=== TEST 3: nothing else about somebody else's payment is told
--- payments
imp_uid=imp_paypal merchant_uid=order_1 amount=1000 customer_uid=alice async=on
imp_uid=imp_done merchant_uid=order_2 amount=1000 customer_uid=alice cancel_amount=1000
imp_uid=imp_ready merchant_uid=order_3 amount=1000 customer_uid=alice status=ready
imp_uid=imp_vbank merchant_uid=order_4 amount=1000 customer_uid=alice pay_method=vbank
imp_uid=imp_phone merchant_uid=order_5 amount=1000 customer_uid=alice pay_method=phone paid_at=now-40d
imp_uid=imp_bob merchant_uid=order_6 amount=1000 customer_uid=bob
--- cancel
            portone_match customer_uid $http_customer;
--- steps
refund {"merchant_uid": "order_1"}
    Customer: alice
    -> 202

# an open refund, an empty balance, ...

refund {"merchant_uid": "order_1"}
    Customer: bob
    -> 404 payment_not_found
    -> ! Retry-After

refund {"merchant_uid": "order_2"}
    Customer: bob
    -> 404 payment_not_found

refund {"merchant_uid": "order_3"}
    Customer: bob
    -> 404 payment_not_found

refund {"merchant_uid": "order_4"}
    Customer: bob
    -> 404 payment_not_found

refund {"merchant_uid": "order_5"}
    Customer: bob
    -> 404 payment_not_found

refund {"merchant_uid": "order_4", "amount": 1001}
    Customer: bob
    -> 404 payment_not_found

refund {"merchant_uid": "order_4", "checksum": 1}
    Customer: bob
    -> 404 payment_not_found

# ..., and whether imp_uid and merchant_uid belong together

refund {"imp_uid": "imp_vbank", "merchant_uid": "order_6"}
    Customer: bob
    -> 404 payment_not_found

refund {"imp_uid": "imp_bob", "merchant_uid": "order_4"}
    Customer: bob
    -> 400 invalid_request

ledger ?call=cancel
    -> .requests # 1



=== TEST 4: an empty value matches nothing, not even an empty field
--- steps
sandbox POST payments [
    | {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000, "customer_uid": ""},
    | {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": 1000, "customer_uid": null},
    | {"imp_uid": "imp_3", "merchant_uid": "order_3", "amount": 1000}]

refund {"merchant_uid": "order_1"}
    -> 404 payment_not_found

refund {"merchant_uid": "order_2"}
    -> 404 payment_not_found

refund {"merchant_uid": "order_3"}
    -> 404 payment_not_found

ledger ?call=cancel
    -> .requests # 0
--- cancel
            portone_match customer_uid $http_customer;



=== TEST 5: a field that is missing, null, a list or an object matches nothing
--- cancel
            portone_match owner $http_owner;
--- steps
sandbox POST payments [
    | {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000},
    | {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": 1000, "owner": null},
    | {"imp_uid": "imp_3", "merchant_uid": "order_3", "amount": 1000, "owner": ["bob"]},
    | {"imp_uid": "imp_4", "merchant_uid": "order_4", "amount": 1000, "owner": {"bob": 1}},
    | {"imp_uid": "imp_5", "merchant_uid": "order_5", "amount": 1000, "owner": "bob"}]

refund {"merchant_uid": "order_1"}
    Owner: bob
    -> 404 payment_not_found

refund {"merchant_uid": "order_2"}
    Owner: null
    -> 404 payment_not_found

refund {"merchant_uid": "order_3"}
    Owner: ["bob"]
    -> 404 payment_not_found

refund {"merchant_uid": "order_4"}
    Owner: {"bob":1}
    -> 404 payment_not_found

refund {"merchant_uid": "order_5"}
    Owner: bob
    -> 200

ledger ?call=cancel
    -> .requests # 1



=== TEST 6: numbers and booleans are matched as they are written in JSON
--- cancel
            portone_match card_quota $http_quota;
            portone_match escrow $http_escrow;
--- steps
sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000, "card_quota": 3, "escrow": true}

refund {"merchant_uid": "order_1"}
    Quota: 3
    Escrow: false
    -> 404 payment_not_found

refund {"merchant_uid": "order_1"}
    Quota: 3.0
    Escrow: true
    -> 404 payment_not_found

refund {"merchant_uid": "order_1"}
    Quota: 4
    Escrow: true
    -> 404 payment_not_found

refund {"merchant_uid": "order_1"}
    Quota: 3
    Escrow: 1
    -> 404 payment_not_found

ledger ?call=cancel
    -> .requests # 0

refund {"merchant_uid": "order_1"}
    Quota: 3
    Escrow: true
    -> 200
    -> .refundable_amount = 0



=== TEST 7: a text and a number are matched alike, and a word of Korean
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 buyer_name=홍길동 buyer_postcode=123
imp_uid=imp_2 merchant_uid=order_2 amount=1000 buyer_name=홍길순 buyer_postcode=123
--- cancel
            portone_match buyer_name 홍길동;
            portone_match buyer_postcode 123;
            portone_match amount 1000;
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200

refund {"merchant_uid": "order_2", "amount": 100}
    -> 404 payment_not_found



=== TEST 8: of several matches every one must hold
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=alice pg_provider=kcp
--- cancel
            portone_match customer_uid $http_customer;
            portone_match pg_provider $http_provider;
            portone_match currency KRW;
--- steps
refund {"merchant_uid": "order_1"}
    Customer: alice
    Provider: nice
    -> 404 payment_not_found

refund {"merchant_uid": "order_1"}
    Customer: bob
    Provider: kcp
    -> 404 payment_not_found

refund {"merchant_uid": "order_1"}
    Customer: alice
    -> 404 payment_not_found

ledger ?call=cancel
    -> .requests # 0

refund {"merchant_uid": "order_1"}
    Customer: alice
    Provider: kcp
    -> 200



=== TEST 9: a value may be made of text and variables
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=shop-alice/web
--- cancel
            portone_match customer_uid shop-$http_customer/web;
--- steps
refund {"merchant_uid": "order_1"}
    Customer: bob
    -> 404 payment_not_found

refund {"merchant_uid": "order_1"}
    -> 404 payment_not_found

refund {"merchant_uid": "order_1"}
    Customer: alice
    -> 200



=== TEST 10: a field's name is matched in its own case
--- cancel
            portone_match Owner bob;
--- steps
sandbox POST payments [
    | {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000, "owner": "bob"},
    | {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": 1000, "owner": "alice", "Owner": "bob"}]

refund {"merchant_uid": "order_1"}
    -> 404 payment_not_found

refund {"merchant_uid": "order_2"}
    -> 200



=== TEST 11: matches are inherited, and those of a location replace them
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=alice pg_provider=kcp
--- http_config
    portone_match customer_uid $http_customer;
--- locations
        location = /kcp {
            portone_match pg_provider kcp;
            portone_cancel;
        }

        location = /nice {
            portone_match pg_provider nice;
            portone_cancel;
        }
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    Customer: bob
    -> 404 payment_not_found

GET /payments/order_1
    Customer: bob
    -> 404 payment_not_found

refund {"merchant_uid": "order_1", "amount": 100}
    Customer: alice
    -> 200

POST /kcp {"merchant_uid": "order_1", "amount": 100}
    Customer: bob
    -> 200

POST /nice {"merchant_uid": "order_1", "amount": 100}
    Customer: alice
    -> 404 payment_not_found



=== TEST 12: who is not known is told apart from who is in the log alone
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=alice
--- cancel
            portone_match customer_uid $http_customer;
--- steps
refund {"merchant_uid": "order_2"}
    Customer: bob
    -> 404 payment_not_found
--- no_error_log
portone_match



=== TEST 13: a user's name of basic authentication selects that user's payments
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=alice
--- user_files
>>> users
alice:{PLAIN}a
bob:{PLAIN}b
--- cancel
            auth_basic "shop";
            auth_basic_user_file $TEST_NGINX_SERVER_ROOT/html/users;
            portone_match customer_uid $remote_user;
--- steps
refund {"merchant_uid": "order_1"}
    -> 401

refund {"merchant_uid": "order_1"}
    Authorization: Basic Ym9iOmI=
    -> 404 payment_not_found

refund {"merchant_uid": "order_1"}
    Authorization: Basic YWxpY2U6YQ==
    -> 200

ledger ?call=cancel
    -> .payments.imp_1.executions = 1
