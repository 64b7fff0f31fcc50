# The control interface of the sandbox.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: reset forgets everything and creates the declared payments again
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
fault {"fault": "lose_answer"}
sandbox POST payments {"imp_uid": "imp_9", "merchant_uid": "o", "amount": 1}
    -> .payments = 1
sandbox POST clock {"offset": 90}
    -> .offset = 90
sandbox POST reset
    -> .payments = 1
ledger
    -> .cancels_executed = 0
    -> .tokens_issued = 0
    -> .token_requests = 0
    -> .requests # 0
    -> .payments # 1
    -> .payments.imp_1.executions = 0
sandbox GET faults
    -> .faults # 0
sandbox GET clock
    -> .offset = 0
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> 401
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> .response.cancel_amount = 0
GET /sandbox/payments/imp_9
    Authorization: {{token}}
    -> 404



=== TEST 2: reset closes the requests that are held
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "gate", "name": "g"}
fault {"call": "payment", "fault": "hang"}
[one] POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
[two] GET /sandbox/payments/imp_1
    Authorization: {{token}}
waiting g 1
ledger ?wait=payment:1
sandbox POST reset
await one
    -> closed
await two
    -> closed
ledger
    -> .cancels_executed = 0
    -> .payments.imp_1.concurrent_now = 0



=== TEST 3: payments can be created and replaced at run time, unknown fields are kept
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
sandbox POST payments [{"imp_uid": "imp_2", "merchant_uid": "order_2",
    | "amount": 500, "custom_data": {"a": [1, null]}, "vendor": "신규",
    | "paid_at": "now-1d"}, {"imp_uid": "imp_1", "merchant_uid": "order_1",
    | "amount": 700, "cancel_amount": 100, "status": "cancelled",
    | "cancel_history": [{"amount": 100, "cancelled_at": 1}]}]
    -> .payments = 2
GET /sandbox/payments/imp_2
    Authorization: {{token}}
    -> .response.amount = 500
    -> .response.vendor = 신규
    -> .response.custom_data.a[0] = 1
    -> .response.currency = KRW
    -> .response.status = paid
    -> .response.cancelled_at = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "checksum": 600, "amount": 50}
    Authorization: {{token}}
    -> .code = 0
    -> .response.cancel_amount = 150
    -> .response.cancel_history # 2
sandbox GET payments
    -> .payments # 2
    -> .payments[0]._sandbox.async = false



=== TEST 4: a payment that PortOne could not have is refused with the reason
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
sandbox POST payments {"merchant_uid": "o", "amount": 1}
    -> 400
    -> .error = "imp_uid" is missing or no string
sandbox POST payments {"imp_uid": "i", "merchant_uid": "o"}
    -> 400
    -> .error = "amount" is missing
sandbox POST payments {"imp_uid": "i", "merchant_uid": "o", "amount": 1.5}
    -> 400
    -> .error = invalid "amount"
sandbox POST payments {"imp_uid": "i", "merchant_uid": "o", "amount": 1, "status": "x"}
    -> 400
    -> .error = invalid "status"
sandbox POST payments {"imp_uid": "i", "merchant_uid": "o", "amount": 1, "currency": "won"}
    -> 400
    -> .error = invalid "currency"
sandbox POST payments {"imp_uid": "i", "merchant_uid": "o", "amount": 1, "cancel_amount": 2}
    -> 400
    -> .error = invalid "cancel_amount"
sandbox POST payments {"imp_uid": "i", "merchant_uid": "o", "amount": 1, "paid_at": "then"}
    -> 400
    -> .error = invalid "paid_at"
sandbox POST payments {"imp_uid": "", "merchant_uid": "o", "amount": 1}
    -> 400
    -> .error = "imp_uid" is empty or too long
sandbox GET payments
    -> .payments # 1



=== TEST 5: a refund made in the console, and an undone cancel
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 3000}
    Authorization: {{token}}
    -> .code = 0
sandbox POST payments/imp_1/console {"amount": 500, "reason": "console"}
    -> .payment.cancel_amount = 3500
    -> .payment.cancel_history # 2
    -> .payment.cancel_history[1].reason = console
    -> .webhook.merchant_uid = order_1
sandbox POST payments/imp_1/console {"amount": 6501}
    -> 409
sandbox POST payments/imp_1/undo
    -> .payment.cancel_amount = 3000
    -> .payment.cancel_history # 1
    -> .payment.status = cancelled
sandbox POST payments/imp_1/undo
    -> .payment.cancel_amount = 0
    -> .payment.cancel_history # 0
    -> .payment.status = paid
    -> .payment.cancelled_at = 0
sandbox POST payments/imp_1/undo
    -> 409
sandbox POST payments/nobody/undo
    -> 404
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_1.console_refunds = 1



=== TEST 6: the ledger has every request as it was received
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1",  "amount": 1, "reason": "\"변심\""}
    Authorization: Bearer {{token}}
    Tier:
    -> 200
GET /sandbox/payments/imp_1?a=b%20c
    Authorization: {{token}}
    -> 200
ledger
    -> .requests # 3
    -> .requests[0].n = 1
    -> .requests[0].call = token
    -> .requests[1].method = POST
    -> .requests[1].path = /sandbox/payments/cancel
    -> .requests[1].call = cancel
    -> .requests[1].imp_uid = imp_1
    -> .requests[1].content_type = application/json
    -> .requests[1].authorization = Bearer {{token}}
    -> .requests[1].tier = null
    -> .requests[1].body = "{\"imp_uid\": \"imp_1\",  \"amount\": 1, \"reason\": \"\\\"변심\\\"\"}"
    -> .requests[1].status = 200
    -> .requests[1].executed = true
    -> .requests[1].at > 1700000000000
    -> .requests[1].fault = null
    -> .requests[2].query = a=b%20c
    -> .requests[2].call = payment
    -> .requests[2].imp_uid = imp_1
    -> .requests_dropped = 0
ledger ?call=cancel&imp_uid=imp_1
    -> .requests # 1
ledger ?imp_uid=nobody
    -> .requests # 0
    -> .payments # 0
ledger ?requests=0
    -> .requests absent
    -> .calls.cancel = 1
ledger ?call=nonsense
    -> 400
ledger ?wait=cancel
    -> 400



=== TEST 7: the ledger can be asked to wait for a request
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
[wait] ledger ?wait=cancel:2&call=cancel
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
await wait
    -> 200
    -> .requests # 2



=== TEST 8: the clock that PortOne tells can be shifted
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
sandbox POST clock {"offset": -3600}
    -> .offset = -3600
    -> .now as now
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
    -> .response.now >= {{now}}
    -> .response.now < 1999999999
sandbox POST clock {"offset": 1.5}
    -> 400
sandbox POST clock {}
    -> 400
sandbox POST clock {"offset": 1, "x": 2}
    -> 400



=== TEST 9: what happened survives a reload, and declared payments are not made anew
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
reload
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> 200
    -> .response.cancel_amount = 1
ledger
    -> .payments.imp_1.executions = 1
    -> .requests # 3



=== TEST 10: a request that is held survives a reload
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "gate", "name": "g"}
[one] POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
waiting g 1
reload
waiting g 1
open g
await one
    -> .code = 0
ledger
    -> .payments.imp_1.executions = 1



=== TEST 11: workers that crash lose no state, and reset repairs what they held
--- error_log: exited on signal 9
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
fault {"call": "cancel", "fault": "gate", "name": "g"}
[one] POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
waiting g 1
crash workers
await one
    -> closed
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_1.concurrent_now = 1
sandbox POST reset
ledger
    -> .payments.imp_1.concurrent_now = 0



=== TEST 12: all workers are one PortOne
--- workers: 4
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
ledger
    -> .payments.imp_1.executions = 8
    -> .tokens_issued = 1
    -> .requests # 9



=== TEST 13: unknown controls are 404, wrong methods 405
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
sandbox GET nonsense
    -> 404
sandbox GET reset
    -> 405
sandbox DELETE ledger
    -> 405


=== TEST 14: a full zone refuses payments with 507 and an error in the log
--- http_config
portone_sandbox_zone zone=small_$TEST_NGINX_BLOCK:256k;
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1
--- request eval
'POST /sandbox/_sandbox/payments' . "\n"
    . '{"imp_uid": "imp_2", "merchant_uid": "o", "amount": 1, "name": "'
    . "x" x 300000 . '"}'
--- error_code: 507
--- response_body
{"error":"the zone is full"}
--- error_log
is full



=== TEST 15: the ledger keeps the newest requests and tells how many it dropped
--- http_config
portone_sandbox_zone zone=small_$TEST_NGINX_BLOCK:256k;
--- request eval
my $cancel = "POST /sandbox/payments/cancel\n";
[$cancel . "a" x 60000, $cancel . "b" x 60000, $cancel . "c" x 60000,
 "GET /sandbox/_sandbox/ledger"]
--- error_code eval
[401, 401, 401, 200]
--- response_body_like eval
['Unauthorized', 'Unauthorized', 'Unauthorized',
 '"cancel":3,.*"requests_dropped":1,"requests":\[\{"n":2,.*"body":"c{60000}"']



=== TEST 16: a body of more than 64k is 413
--- request eval
["POST /sandbox/payments/cancel\n" . "a" x 70000,
 "GET /sandbox/_sandbox/ledger"]
--- error_code eval
[413, 200]
--- response_body_like eval
['', '"cancel":0,.*"requests":\[\]']
