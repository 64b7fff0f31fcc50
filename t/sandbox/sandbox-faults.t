# The faults of the sandbox do what they say, and execute or not as they say.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: lose_request: nothing is executed, nothing is answered
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "lose_request"}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> closed
ledger ?call=cancel
    -> .payments.imp_1.executions = 0
    -> .requests[-1].status = 0
    -> .requests[-1].executed = false
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 2: lose_answer: executed, but nothing is answered
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "lose_answer"}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> closed
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 0
    -> .requests[-1].executed = true
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 3: status: not executed, any status
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "status", "status": 503}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 503
    -> body ~ <html>
ledger ?call=cancel
    -> .payments.imp_1.executions = 0
    -> .requests[-1].status = 503
    -> .requests[-1].executed = false
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 4: status_after: executed, any status and body
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "status_after", "status": 500, "body": "{}"}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 500
    -> body = {}
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 500
    -> .requests[-1].executed = true
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 5: truncate: executed, the body is cut
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "truncate", "bytes": 20}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> truncated
    -> body = {"code":0,"message":
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 200
    -> .requests[-1].executed = true
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 6: garbage: executed, the answer is no JSON
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "garbage"}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> body ~ <html>
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 200
    -> .requests[-1].executed = true
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 7: body: executed, this body instead
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "body", "body": "{\"code\":7}"}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 7
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 200
    -> .requests[-1].executed = true
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 8: body_before: not executed, this body instead
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "body_before", "body": "[]", "status": 201}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 201
    -> body = []
ledger ?call=cancel
    -> .payments.imp_1.executions = 0
    -> .requests[-1].status = 201
    -> .requests[-1].executed = false
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 9: big: executed, many bytes of valid JSON
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "big", "bytes": 3000000}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> Content-Length: 3000000
    -> .code = 0
    -> .response.imp_uid = imp_1
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 200
    -> .requests[-1].executed = true
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 10: unauthorized: 401, not executed
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "unauthorized"}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 401
    -> .code = -1
ledger ?call=cancel
    -> .payments.imp_1.executions = 0
    -> .requests[-1].status = 401
    -> .requests[-1].executed = false
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 11: refuse: a code and a message, not executed
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "한도"}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = -1
    -> .message = 한도
    -> .response = null
ledger ?call=cancel
    -> .payments.imp_1.executions = 0
    -> .requests[-1].status = 200
    -> .requests[-1].executed = false
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 12: refuse_after: a code and a message, executed all the same
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "refuse_after", "code": 1, "message": "x"}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 1
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 200
    -> .requests[-1].executed = true
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 13: slow: executed, one byte at a time
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "slow", "ms": 1}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0
    -> .response.cancel_amount = 1
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 200
    -> .requests[-1].executed = true
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 14: other_payment: executed, another payment is answered
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=100
imp_uid=imp_2 merchant_uid=order_2 amount=100
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "other_payment"}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0
    -> .response.imp_uid = imp_2
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 200
    -> .requests[-1].executed = true
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 15: no_response: executed, response is null
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "no_response"}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0
    -> .response = null
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 200
    -> .requests[-1].executed = true
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 16: delay: executed, only later
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "delay", "ms": 50}
    -> .faults = 1
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 200
    -> .requests[-1].executed = true
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0



=== TEST 17: escape: text as \uXXXX and slashes as \/
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1 name=한/😀
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "payment", "fault": "escape"}
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> 200
    -> .response.name = 한/😀
    -> body ~ \\ud55c\\/\\ud83d\\ude00
    -> body !~ [^\x00-\x7f]



=== TEST 18: hang and hang_after: no answer comes, and the ledger shows who is still waiting
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "hang"}
[one] POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
ledger ?wait=cancel:1
    -> .payments.imp_1.executions = 0
    -> .payments.imp_1.concurrent_now = 1
drop one
within 5s ledger
    -> .payments.imp_1.concurrent_now = 0
fault {"call": "cancel", "fault": "hang_after"}
[two] POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
within 5s ledger ?wait=cancel:2
    -> .payments.imp_1.executions = 1
    -> .payments.imp_1.concurrent_now = 1
drop two
within 5s ledger
    -> .payments.imp_1.concurrent_now = 0



=== TEST 19: close_idle: a kept-alive connection dies when the next request comes
--- workers: 1
--- error_log: while reading response header from upstream
--- http_config
upstream kept { server 127.0.0.1:$TEST_NGINX_SERVER_PORT; keepalive 1; }
--- config
location /proxy/ {
    proxy_pass http://kept/sandbox/;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_next_upstream off;
}
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "close_idle"}
POST /proxy/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 200
    -> .code = 0
POST /proxy/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> 502
ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests # 2
    -> .requests[1].connection as second
    -> .requests[0].connection = {{second}}
    -> .requests[1].status = 0
    -> .requests[1].executed = false



=== TEST 20: gate: requests are held until it is opened, whoever waits for them
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=100
imp_uid=imp_2 merchant_uid=order_2 amount=100
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "gate", "name": "g1", "times": 0}
[one] POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
[two] POST /sandbox/payments/cancel {"imp_uid": "imp_2", "amount": 1}
    Authorization: {{token}}
waiting g1 2
    -> .waiting = 2
    -> .open = false
ledger
    -> .cancels_executed = 0
    -> .payments.imp_1.concurrent_now = 1
drop one
open g1
await two
    -> 200
    -> .code = 0
within 5s ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_1.concurrent_now = 0



=== TEST 21: gate_after with lose_answer: executed, held, then lost
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault [{"call": "cancel", "fault": "gate_after", "name": "g"},
    | {"call": "cancel", "fault": "lose_answer"}]
    -> .faults = 2
[one] POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
waiting g 1
ledger
    -> .payments.imp_1.executions = 1
    -> .requests[-1].status = 0
open g
await one
    -> closed



=== TEST 22: concurrent cancels of one payment are counted
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "cancel", "fault": "gate", "name": "g", "times": 2}
[one] POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
[two] POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
waiting g 2
ledger ?imp_uid=imp_1
    -> .payments # 1
    -> .payments.imp_1.concurrent_now = 2
    -> .payments.imp_1.concurrent_max = 2
open g
await one
    -> .code = 0
await two
    -> .code = 0
ledger
    -> .payments.imp_1.concurrent_now = 0
    -> .payments.imp_1.concurrent_max = 2
sandbox POST reset
    -> .payments = 1



=== TEST 23: faults are counted: times, skip, filters, in the order they were armed
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=100
imp_uid=imp_2 merchant_uid=order_2 amount=100
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault [{"call": "cancel", "fault": "refuse", "code": 5, "message": "a",
    | "times": 2, "imp_uid": "imp_2"},
    | {"call": "any", "fault": "refuse", "code": 6, "message": "b",
    | "merchant_uid": "order_1", "skip": 1}]
    -> .faults = 2
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
POST /sandbox/payments/cancel {"merchant_uid": "order_2", "amount": 1}
    Authorization: {{token}}
    -> .code = 5
sandbox GET faults
    -> .faults # 2
    -> .faults[0].times = 1
    -> .faults[0].imp_uid = imp_2
    -> .faults[1].skip = 0
POST /sandbox/payments/cancel {"imp_uid": "imp_1", "amount": 1}
    Authorization: {{token}}
    -> .code = 6
POST /sandbox/payments/cancel {"imp_uid": "imp_2", "amount": 1}
    Authorization: {{token}}
    -> .code = 5
POST /sandbox/payments/cancel {"imp_uid": "imp_2", "amount": 1}
    Authorization: {{token}}
    -> .code = 0
sandbox GET faults
    -> .faults # 0



=== TEST 24: times 0 lasts until faults are cleared
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
POST /sandbox/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> .response.access_token as token
fault {"call": "payment", "fault": "status", "status": 500, "times": 0}
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> 500
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> 500
sandbox DELETE faults
    -> .faults = 0
GET /sandbox/payments/imp_1
    Authorization: {{token}}
    -> 200



=== TEST 25: a fault that is described wrongly is refused with the reason
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps
fault {"fault": "nonsense"}
    -> 400
    -> .error = unknown fault "nonsense"
fault {"call": "cancel"}
    -> 400
    -> .error = "fault" is missing or no string
fault {"fault": "hang", "call": "x"}
    -> 400
    -> .error = unknown "call"
fault {"fault": "hang", "ms": 1}
    -> 400
    -> .error = this fault has no "ms"
fault {"fault": "delay"}
    -> 400
    -> .error = fault "delay" lacks one of its fields
fault {"fault": "hang", "x": 1}
    -> 400
    -> .error = unknown field "x"
fault {"fault": "status", "status": 99}
    -> 400
    -> .error = invalid "status"
fault {"fault": "hang", "times": -1}
    -> 400
    -> .error = invalid "times"
fault {"fault": "hang", "skip": 1.5}
    -> 400
    -> .error = invalid "skip"
fault {"fault": "body", "body": 1}
    -> 400
    -> .error = invalid "body"
fault 7
    -> 400
    -> .error = a fault is not an object
fault {
    -> 400
    -> .error = the body is not JSON
sandbox GET faults
    -> .faults # 0
