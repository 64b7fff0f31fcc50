# What has been sent, answered or stored survives reloads, the end of nginx,
# its death at any moment, and clients that leave.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Outcome;
use Test::Portone::Remote;

run_tests();

__DATA__

=== TEST 1: the intent is on disk before the cancel is sent
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "gate", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300,
    | "reason": "단순 변심"}
waiting cancel 1
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = sending
    -> .refunds[0].refund_id as id
kill
await one
    -> closed
start
GET /payments/order_1
    -> .imp_uid = imp_1
    -> .cancel_amount = 0
    -> .refundable_amount = 1000
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = sending
    -> .refunds[0].amount = 300
    -> .refunds[0].reason = 단순 변심
    -> .refunds[0].requested_at > 1700000000
    -> .refunds[0].settled_at = null
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
    -> Retry-After: ~ ^[1-9]\d*$
ledger
    -> .calls.cancel = 0



=== TEST 2: nginx dies while PortOne works on the cancel: it is not sent again
--- http_config
portone_api http://127.0.0.1:$TEST_NGINX_PORT_9;
--- steps
portone start
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/faults {"call": "cancel", "fault": "gate", "name": "held"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/gates/held?waiting=1
kill
await one
    -> closed
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/gates/held {"open": true}
within 5s GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/ledger
    -> .payments.imp_1.executions = 1
start
GET /payments/order_1
    -> .refundable_amount = 1000
    -> .refunds # 1
    -> .refunds[0].state = sending
    -> .refunds[0].refund_id as id
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
refund {"imp_uid": "imp_1"}
    -> 409 refund_in_progress
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 3: workers die before PortOne has made the refund: the order is locked
--- payments eval: ::payments(2)
--- steps
fault {"call": "cancel", "fault": "gate", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting cancel 1
crash workers
await one
    -> closed
GET /payments/order_1
    -> .cancel_amount = 0
    -> .refunds # 1
    -> .refunds[0].state = sending
    -> .refunds[0].refund_id as id
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 0
refund {"merchant_uid": "order_2", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700



=== TEST 4: workers die after PortOne has made the refund: it is not made again
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "gate_after", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting cancel 1
crash workers
await one
    -> closed
GET /payments/order_1
    -> .cancel_amount = 0
    -> .refunds # 1
    -> .refunds[0].state = sending
    -> .refunds[0].refund_id as id
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
crash workers
refund {"imp_uid": "imp_1"}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 5: what clients were told is still so after nginx was killed
--- payments eval: ::payments(4)
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Portone-Refund-Id as one
    -> .cancel_history[0].cancellation_id as cancellation
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "no"}
refund {"merchant_uid": "order_2", "cancel_request_amount": 300}
    -> 422 refund_rejected
    -> .refund_id as two
fault {"call": "cancel", "fault": "unauthorized", "times": 2}
refund {"merchant_uid": "order_3", "cancel_request_amount": 300}
    -> 502 portone_unauthorized
    -> .refund_id as three
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_4", "cancel_request_amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as four

kill
start

GET /payments/order_1
    -> .cancel_amount = 300
    -> .refundable_amount = 700
    -> .refunds # 1
    -> .refunds[0].refund_id = {{one}}
    -> .refunds[0].state = succeeded
    -> .refunds[0].cancellation_id = {{cancellation}}
GET /payments/order_2
    -> .cancel_amount = 0
    -> .refunds # 1
    -> .refunds[0].refund_id = {{two}}
    -> .refunds[0].state = rejected
    -> .refunds[0].message = no
GET /payments/order_3
    -> .cancel_amount = 0
    -> .refunds # 1
    -> .refunds[0].refund_id = {{three}}
    -> .refunds[0].state = not_executed
GET /payments/order_4
    -> .cancel_amount = 0
    -> .refunds # 1
    -> .refunds[0].refund_id = {{four}}
    -> .refunds[0].state = unknown
refund {"merchant_uid": "order_4", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{four}}
refund {"merchant_uid": "order_2", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700



=== TEST 6: a refund goes on during a reload, and its client gets the answer
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "gate", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting cancel 1
reload
GET /payments/order_1
    -> .refunds[0].state = sending
    -> .refunds[0].refund_id as id
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
reload
open cancel
await one
    -> 200
    -> .refundable_amount = 700
    -> Portone-Refund-Id: {{id}}
GET /payments/order_1
    -> .refundable_amount = 700
    -> .refunds # 1
    -> .refunds[0].state = succeeded
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 400
ledger
    -> .calls.cancel = 2
    -> .payments.imp_1.executions = 2
old workers gone



=== TEST 7: a refund that waits for its token goes on during a reload
--- payments eval: ::payments(1)
--- steps
fault {"call": "token", "fault": "gate", "name": "token"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting token 1
reload
open token
await one
    -> 200
    -> .refundable_amount = 700
old workers gone
ledger
    -> .token_requests = 1
    -> .payments.imp_1.executions = 1



=== TEST 8: nginx that is told to quit makes its refunds first
--- payments eval: ::payments(2)
--- http_config
lingering_close off;
--- steps
fault {"call": "cancel", "fault": "delay", "ms": 700, "times": 2}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
[two] refund {"merchant_uid": "order_2", "cancel_request_amount": 300}
ledger ?wait=cancel:2
    -> .calls.cancel = 2
drop two
stop
await one
    -> 200
    -> .refundable_amount = 700
start
GET /payments/order_1
    -> .refundable_amount = 700
    -> .refunds # 1
    -> .refunds[0].state = succeeded
GET /payments/order_2
    -> .refundable_amount = 700
    -> .refunds # 1
    -> .refunds[0].state = succeeded



=== TEST 9: nginx that is terminated leaves the order locked
--- http_config
portone_api http://127.0.0.1:$TEST_NGINX_PORT_9;
--- steps
portone start
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/faults {"call": "cancel", "fault": "gate", "name": "held"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/gates/held?waiting=1
terminate
await one
    -> closed
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/gates/held {"open": true}
within 5s GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/ledger
    -> .payments.imp_1.executions = 1
start
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = sending
    -> .refunds[0].refund_id as id
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/ledger
    -> .calls.cancel = 1



=== TEST 10: a refund whose client has gone is made and stored
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "gate", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting cancel 1
drop one
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id as id
open cancel
within 5s GET /payments/order_1
    -> .refundable_amount = 700
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = succeeded
    -> .refunds[0].settled_at > 1700000000
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
ledger
    -> .calls.cancel = 2
    -> .payments.imp_1.executions = 2



=== TEST 11: an unknown outcome is stored, too, when the client has gone
--- payments eval: ::payments(1)
--- steps
fault [{"call": "cancel", "fault": "gate", "name": "cancel"},
    | {"call": "cancel", "fault": "lose_answer"}]
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting cancel 1
drop one
open cancel
within 5s GET /payments/order_1
    -> .refundable_amount = 1000
    -> .refunds[0].state = unknown
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 12: a refund whose client has gone is made in spite of a reload
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "gate", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting cancel 1
drop one
reload
open cancel
old workers gone
GET /payments/order_1
    -> .refundable_amount = 700
    -> .refunds # 1
    -> .refunds[0].state = succeeded
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 13: a client that is cut off by worker_shutdown_timeout does not end its refund
--- main_config
worker_shutdown_timeout 300ms;
--- http_config
portone_api http://127.0.0.1:$TEST_NGINX_PORT_9;
--- steps
portone start
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/faults {"call": "cancel", "fault": "gate", "name": "held"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/gates/held?waiting=1
reload
await one
    -> closed
GET /payments/order_1
    -> .refunds[0].state = sending
    -> .refunds[0].refund_id as id
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/gates/held {"open": true}
within 5s GET /payments/order_1
    -> .refundable_amount = 700
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = succeeded
old workers gone
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 14: a refund whose client left before anything was sent is made once, and stored
--- payments eval: ::payments(1)
--- steps
fault {"call": "token", "fault": "gate", "name": "token"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting token 1
drop one
open token
within 5s GET /payments/order_1
    -> .refundable_amount = 700
    -> .refunds # 1
    -> .refunds[0].state = succeeded
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1
