# Idempotency keys of refunds that were being made when nginx died. (stub_status
# counts wrong from then on: the tests that look at it are in another file.)

use lib 't/lib';
use Test::Portone;
use Test::Portone::Outcome;
use Test::Portone::Remote;

# what is open is settled as fast as the limits of the directives allow

our $quick = <<'END';
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
END

our $remote = "portone_api http://127.0.0.1:\$TEST_NGINX_PORT_9;\n";

our $create = 'POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/payments'
    . ' {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}' . "\n";

run_tests();

__DATA__

=== TEST 1: workers die after PortOne has made the refund: 409, then its answer
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- steps
fault {"call": "cancel", "fault": "gate_after", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
waiting cancel 1
crash workers
await one
    -> closed
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 409 refund_in_progress
    -> .refund_id as id
within 15s refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
    -> .refundable_amount = 700
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 2: nginx is killed, and PortOne does not make the refund: 409, then it is made
--- http_config eval: $::quick . $::remote
--- steps
portone start
create
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/faults {"call": "cancel", "fault": "hang"}
[one] refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/ledger?wait=cancel:1
kill
await one
    -> closed
start
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 409 refund_in_progress
    -> .refund_id as id
within 15s refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
    -> .refundable_amount = 700
GET /payments/order_1
    -> .refunds # 2
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = not_executed
    -> .refunds[1].state = succeeded
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/ledger
    -> .calls.cancel = 2
    -> .payments.imp_1.executions = 1



=== TEST 3: nginx is killed and started while PortOne makes the refund
--- http_config eval: $::quick . $::remote
--- steps
portone start
create
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/faults {"call": "cancel", "fault": "gate", "name": "held"}
[one] refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/gates/held?waiting=1
kill
await one
    -> closed
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/gates/held {"open": true}
within 5s GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/ledger
    -> .payments.imp_1.executions = 1
start
within 15s refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> .refundable_amount = 700
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1
