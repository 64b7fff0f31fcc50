# The sandbox behaves like PortOne.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: getToken answers the same token and expiry until it expires
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
    -> 200
    -> .code = 0
    -> .message = null
    -> .response.access_token ~ ^[0-9a-f]{40}$
    -> .response.expired_at as expiry
POST /sandbox/users/getToken
    Content-Type: application/x-www-form-urlencoded
    |imp_key=imp_key_of_tests&imp_secret=imp_secret_of_tests
    -> .response.access_token = {{token}}
    -> .response.expired_at = {{expiry}}
ledger
    -> .tokens_issued = 1
    -> .token_requests = 2



=== TEST 2: in its last minute a token is prolonged by five minutes, after it a new one is issued
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
sandbox POST clock {"offset": 0}
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
    -> .response.expired_at as expiry
sandbox POST clock {"offset": 1755}
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token = {{token}}
    -> .response.expired_at > {{expiry}}
sandbox POST clock {"offset": 2200}
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token != {{token}}
ledger
    -> .tokens_issued = 2



=== TEST 3: wrong keys are 401 and missing ones 400
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests", "imp_secret": "x"}
    -> 401
    -> .code = -1
    -> .message = 인증에 실패하였습니다. API키와 secret을 확인하세요.
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests"}
    -> 400
    -> .code = -1
    -> .message = imp_key, imp_secret 파라메터가 누락되었습니다.



=== TEST 4: a call needs a token that is valid
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
GET /sandbox/payments/imp_1
    -> 401
    -> .code = -1
GET /sandbox/payments/imp_1
    Authorization: 0123456789012345678901234567890123456789
    -> 401
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> 200
GET /sandbox/payments/imp_1
    Authorization: Bearer {{token}}
    -> 200
sandbox POST tokens/expire
    -> .expired = 1
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> 401



=== TEST 5: a part is cancelled, then the rest
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 3000,
    | "checksum": 10000, "reason": "변심"}
    Authorization: {{token}}
    -> 200
    -> .code = 0
    -> .message = null
    -> .response.amount = 10000
    -> .response.cancel_amount = 3000
    -> .response.status = cancelled
    -> .response.cancel_reason = 변심
    -> .response.cancelled_at > 0
    -> .response.cancel_history # 1
    -> .response.cancel_history[0].amount = 3000
    -> .response.cancel_history[0].reason = 변심
    -> .response.cancel_history[0].cancellation_id ~ .
    -> .response.cancel_history[0].receipt_url ~ ^https://
    -> .response.cancel_history[0].pg_tid ~ .
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 7000, "checksum": 7000}
    Authorization: {{token}}
    -> .code = 0
    -> .response.cancel_amount = 10000
    -> .response.cancel_history # 2
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 1
    -> .message = 이미 전액취소된 주문입니다.
    -> .response = null
ledger
    -> .cancels_executed = 2
    -> .payments.imp_1.executions = 2
    -> .payments.imp_1.executed_amount = 10000
    -> .payments.imp_1.concurrent_now = 0



=== TEST 6: without an amount, and with amount 0, everything is cancelled
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
imp_uid=imp_2 merchant_uid=order_2 amount=2000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "cancel_request_amount": 1}
    Authorization: {{token}}
    -> .code = 0
    -> .response.cancel_amount = 10000
POST /sandbox/payments/cancel {"imp_uid": "imp_2", "amount": 0}
    Authorization: {{token}}
    -> .code = 0
    -> .response.cancel_amount = 2000



=== TEST 7: a form is understood like JSON
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel
    Authorization: {{token}}
    Content-Type: application/x-www-form-urlencoded
    |imp_uid=imp_1&amount=1300&checksum=10000&reason=%EB%B3%80%EC%8B%AC+1
    -> .code = 0
    -> .response.cancel_amount = 1300
    -> .response.cancel_reason = 변심 1



=== TEST 8: a checksum that is not the balance is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 100, "checksum": 900}
    Authorization: {{token}}
    -> 200
    -> .code = 1
    -> .message = 취소가능금액 검증에 실패하였습니다. (취소가능금액(KRW) :  10,000.00 vs 900.00)
ledger
    -> .cancels_executed = 0
    -> .payments.imp_1.executions = 0



=== TEST 9: more than the balance is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 10001}
    Authorization: {{token}}
    -> 200
    -> .code = -1
    -> .message ~ 결제취소에 실패하였습니다.
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> .response.cancel_amount = 0
    -> .response.status = paid



=== TEST 10: imp_uid wins over merchant_uid, also when it is wrong
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "merchant_uid": "nobody", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_x", "merchant_uid": "order_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 1
    -> .message = 취소할 결제건이 존재하지 않습니다.
POST /sandbox/payments/cancel {"merchant_uid": "order_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
    -> .response.cancel_amount = 2
POST /sandbox/payments/cancel {"merchant_uid": "nobody", "amount": 1}
    Authorization: {{token}}
    -> .code = 1
    -> .message = 취소할 결제건이 존재하지 않습니다.



=== TEST 11: a merchant_uid that several payments share: the newest by started is found
--- error_log: a cancel by a merchant_uid that several payments share is not recorded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=100 started_at=now-2d
imp_uid=imp_2 merchant_uid=order_1 amount=200 started_at=now-1d
imp_uid=imp_3 merchant_uid=order_1 amount=300 started_at=now-3d status=failed
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
GET /sandbox/payments/find/order_1
    Authorization: {{token}}
    -> 200
    -> .response.imp_uid = imp_2
GET /sandbox/payments/find/order_1?sorting=started
    Authorization: {{token}}
    -> .response.imp_uid = imp_3
GET /sandbox/payments/find/order_1/failed
    Authorization: {{token}}
    -> .response.imp_uid = imp_3
GET /sandbox/payments/find/order_1/ready
    Authorization: {{token}}
    -> 404
GET /sandbox/payments/findAll/order_1?limit=2
    Authorization: {{token}}
    -> 200
    -> .response.total = 3
    -> .response.previous = 0
    -> .response.next = 2
    -> .response.list # 2
    -> .response.list[0].imp_uid = imp_2
    -> .response.list[1].imp_uid = imp_1
GET /sandbox/payments/findAll/order_1?limit=2&page=2
    Authorization: {{token}}
    -> .response.next = 0
    -> .response.previous = 1
    -> .response.list # 1
GET /sandbox/payments/findAll/order_1/paid
    Authorization: {{token}}
    -> .response.total = 2
GET /sandbox/payments/findAll/order_1/wrong
    Authorization: {{token}}
    -> 400
GET /sandbox/payments/findAll/nobody
    Authorization: {{token}}
    -> 404
POST /sandbox/payments/cancel {"merchant_uid": "order_1", "amount": 1}
    Authorization: {{token}}
    -> 501
    -> .message ~ not recorded



=== TEST 12: payments that do not exist are 404
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
GET /sandbox/payments/nobody
    Authorization: {{token}}
    -> 404
    -> .code = -1
    -> .message = 존재하지 않는 결제정보입니다.
    -> .response = null
GET /sandbox/payments/find/nobody
    Authorization: {{token}}
    -> 404
    -> .message = 존재하지 않는 결제정보입니다.



=== TEST 13: payments of a test channel are hidden unless they are asked for
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=100 sandbox=on
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> 404
GET /sandbox/payments/imp_1?include_sandbox=true
    Authorization: {{token}}
    -> 200
    -> .response.sandbox = true
GET /sandbox/payments/find/order_1
    Authorization: {{token}}
    -> 404
GET /sandbox/payments/find/order_1?include_sandbox=true
    Authorization: {{token}}
    -> 200



=== TEST 14: several payments at once: 207 when some are missing
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=100
imp_uid=imp_2 merchant_uid=order_2 amount=100
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
GET /sandbox/payments?imp_uid[]=imp_1&merchant_uid[]=order_2
    Authorization: {{token}}
    -> 200
    -> .response # 2
    -> .response[1].imp_uid = imp_2
GET /sandbox/payments?imp_uid%5B%5D=imp_1&imp_uid%5B%5D=nobody
    Authorization: {{token}}
    -> 207
    -> .response # 1
GET /sandbox/payments?imp_uid[]=nobody
    Authorization: {{token}}
    -> 404



=== TEST 15: a virtual account needs a refund account
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=100 pay_method=vbank
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "refund_holder": "a", "refund_bank": "88"}
    Authorization: {{token}}
    -> 200
    -> .code != 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "refund_holder": "a", "refund_bank": "88",
    | "refund_account": "562111"}
    Authorization: {{token}}
    -> .code = 0
    -> .response.cancel_amount = 100



=== TEST 16: a phone payment of an earlier month in Korea is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=100 pay_method=phone paid_at=now-40d
imp_uid=imp_2 merchant_uid=order_2 amount=100 pay_method=phone
imp_uid=imp_3 merchant_uid=order_3 amount=100 pay_method=phone paid_at=now-40d pg_provider=kcp
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = -1
POST /sandbox/payments/cancel {"imp_uid": "imp_2", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_3", "amount": 1, "refund_holder": "a",
    | "refund_bank": "88", "refund_account": "562111"}
    Authorization: {{token}}
    -> .code = 0



=== TEST 17: an asynchronous cancel shows only when it is finished
--- error_log: a cancel while another one is not finished is not recorded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=100 async=on
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 30}
    Authorization: {{token}}
    -> .code = 0
    -> .response.cancel_amount = 0
    -> .response.status = paid
    -> .response.cancel_history # 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 30}
    Authorization: {{token}}
    -> 501
sandbox POST payments/imp_1/finish
    -> 200
    -> .payment.cancel_amount = 30
    -> .payment.cancel_history # 1
    -> .webhook.imp_uid = imp_1
    -> .webhook.status = cancelled
    -> .webhook.cancellation_id ~ .
sandbox POST payments/imp_1/finish
    -> 409
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 30}
    Authorization: {{token}}
    -> .code = 0
sandbox POST payments/imp_1/finish {"success": false}
    -> .payment.cancel_amount = 30
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_1.executed_amount = 30



=== TEST 18: amounts have the decimals of their currency
--- error_log: a negative or broken amount is not recorded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=12.50 currency=USD
imp_uid=imp_2 merchant_uid=order_2 amount=1300.00
imp_uid=imp_3 merchant_uid=order_3 amount=1.005 currency=KWD
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 2.25, "checksum": 12.5}
    Authorization: {{token}}
    -> .code = 0
    -> .response.amount = 12.5
    -> .response.cancel_amount = 2.25
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 0.1, "checksum": 12.5}
    Authorization: {{token}}
    -> .message ~ \(USD\) :  10.25 vs 12.50
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 0.001}
    Authorization: {{token}}
    -> 501
POST /sandbox/payments/cancel {"imp_uid": "imp_2", "amount": 0.5}
    Authorization: {{token}}
    -> 501
POST /sandbox/payments/cancel {"imp_uid": "imp_3", "amount": 0.005}
    Authorization: {{token}}
    -> .response.cancel_amount = 0.005



=== TEST 19: what nobody has recorded of PortOne is 501 and an error in the log
--- error_log: a cancel without imp_uid and merchant_uid is not recorded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=100
imp_uid=imp_2 merchant_uid=order_2 amount=100 status=ready
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"amount": 1}
    Authorization: {{token}}
    -> 501
    -> .code = -1
    -> .message = sandbox: a cancel without imp_uid and merchant_uid is not recorded for PortOne
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": -1}
    Authorization: {{token}}
    -> 501
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": "1"}
    Authorization: {{token}}
    -> 501
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1} x
    Authorization: {{token}}
    -> 501
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1, "tax_free": 2}
    Authorization: {{token}}
    -> 501
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1, "extra": {"requester": "x"}}
    Authorization: {{token}}
    -> 501
POST /sandbox/payments/cancel {"imp_uid": "imp_2", "amount": 1}
    Authorization: {{token}}
    -> 501
GET /sandbox/payments/imp_1/balance
    Authorization: {{token}}
    -> 501
ledger
    -> .cancels_executed = 0



=== TEST 20: other methods are 405 and other paths 404
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
GET /sandbox/users/getToken
    -> 405
DELETE /sandbox/payments/imp_1
    -> 405
GET /sandbox/subscribe/customers
    -> 404
    -> .code = -1



=== TEST 21: an account sees its own payments only
--- http_config
portone_sandbox_account k1 s1;
portone_sandbox_account k2 s2;
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1 account=k1
imp_uid=imp_2 merchant_uid=order_2 amount=1 account=k2
imp_uid=imp_3 merchant_uid=order_3 amount=1
--- steps
POST /sandbox/users/getToken {"imp_key": "k1", "imp_secret": "s1"}
    -> .response.access_token as token
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> 200
GET /sandbox/payments/imp_2
    Authorization: {{token}}
    -> 404
GET /sandbox/payments/imp_3
    Authorization: {{token}}
    -> 200
POST /sandbox/payments/cancel {"imp_uid": "imp_2", "amount": 1}
    Authorization: {{token}}
    -> .code = 1
    -> .message = 취소할 결제건이 존재하지 않습니다.



=== TEST 22: a token is good for the Tier it was issued for
--- http_config
portone_sandbox_account k1 s1 tier=ABC;
--- error_log: Tier "" is not the one the token was issued for
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1 account=k1 tier=ABC
--- steps
POST /sandbox/users/getToken {"imp_key": "k1", "imp_secret": "s1"}
    Tier: ABC
    -> 200
    -> .response.access_token as token
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> 401
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    Tier: ABC
    -> 200
POST /sandbox/users/getToken {"imp_key": "k1", "imp_secret": "s1"}
    -> 401
    -> .code = -1



=== TEST 23: an encoded slash belongs to the merchant_uid
--- payments
imp_uid=imp_1 merchant_uid=a/b amount=1
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
GET /sandbox/payments/find/a%2Fb
    Authorization: {{token}}
    -> 200
    -> .response.merchant_uid = a/b
