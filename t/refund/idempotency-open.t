# Requests with one Idempotency-Key while the refund is being made, while
# nobody knows what came of it, and after it was settled.

use lib 't/lib';
use Test::Portone::Hold;
use Test::Portone;
use Test::Portone::Outcome;

# connections to this server are spread over all workers

our $spread = <<'END';
lingering_close off;
server {
    listen 127.0.0.1:$TEST_NGINX_PORT_1 reuseport;

    location = /payments/cancel {
        portone_cancel;
    }
}
END

our $status = "location = /status { stub_status; }\n";

# The same PortOne by another way, which has a token of its own: the payments
# are stored while those who come by the usual way wait for theirs.

our $other_way = <<'END';
location /other/ {
    portone_api http://127.0.0.1:$TEST_NGINX_SERVER_PORT/sandbox;
    portone_payment;
}
END

# nothing but the requests themselves settles what is open

our $unasked = <<'END';
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1h;
END

# the reconciler does, as fast as the limits of the directives allow

our $quick = <<'END';
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
END


# Refunds r1 ... rN of these orders, at once, with one key; none is awaited.

sub at_once {
    my $n = 0;

    return join '', map { $n++; <<END } @_;
[r$n] POST http://127.0.0.1:\$TEST_NGINX_PORT_1/payments/cancel {"merchant_uid": "order_$_", "amount": 300}
    Idempotency-Key: key-1
END
}

sub stored {
    return join '', map { "GET /other/order_$_\n" } 1 .. $_[0];
}

sub answers {
    return 'answers ' . join(' ', map { "r$_" } 1 .. $_[0]) . "\n";
}

# Waits until nginx works on so many requests, this one included.

sub working {
    return "within 5s GET /status\n    -> body ~ Writing: $_[0] \n";
}

run_tests();

__DATA__

=== TEST 1: while the refund is being made its key answers 409, then the same
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "gate", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
waiting cancel 1
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 409 refund_in_progress
    -> Retry-After: ~ ^[1-9]\d*$
    -> .refund_id as id
    -> Portone-Refund-Id: {{id}}
    -> ! Idempotent-Replayed
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-2
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
    -> ! Portone-Refund-Id
refund {"merchant_uid": "order_1", "amount": 301}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
ledger
    -> .calls.cancel = 1
open cancel
await one
    -> 200
    -> Portone-Refund-Id: {{id}}
    -> ! Idempotent-Replayed
    -> body as answer
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
    -> body = {{answer}}
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 2: of one request that comes 20 times at once, to 4 workers, one is made
--- workers: 4
--- payments eval: ::payments(1)
--- http_config eval: $::spread
--- locations eval: $::status . $::other_way
--- steps
stored 1
fault {"call":"token","fault":"gate","name":"token"}
fault {"call":"cancel","fault":"gate","name":"cancel"}
at_once 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
waiting token 1
working 22
open token
waiting cancel 1
working 3
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 409 refund_in_progress
    -> .refund_id as id
open cancel
answers r1 .. r20
    -> 200 x 1
    -> 409 refund_in_progress x 19
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 3: of 20 requests at once with one key, each for another order, one is made
--- workers: 4
--- payments eval: ::payments(20)
--- http_config eval: $::spread
--- locations eval: $::status . $::other_way
--- steps
stored 20
fault {"call":"token","fault":"gate","name":"token"}
fault {"call":"cancel","fault":"gate","name":"cancel","times":0}
at_once 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
waiting token 1
working 22
open token
waiting cancel 1
working 3
open cancel
answers r1 .. r20
    -> 200 x 1
    -> 422 idempotency_key_reused x 19
ledger
    -> .calls.cancel = 1
    -> .cancels_executed = 1



=== TEST 4: a key is not good for another order while the first one is open
--- payments eval: ::payments(2)
--- steps
fault {"call": "cancel", "fault": "gate", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
waiting cancel 1
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
refund {"merchant_uid": "order_9", "amount": 300}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    -> 200
open cancel
await one
    -> 200
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_2.executions = 1



=== TEST 5: an order that leads to another payment by now is not refunded again
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 started_at=now-2h
--- http_config eval: $::unasked
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 504 outcome_unknown
    -> .refund_id as id
sandbox POST payments {"imp_uid": "imp_2", "merchant_uid": "order_1", "amount": 1000}
GET /payments/?imp_uid=imp_2
    -> .refunds # 0
GET /payments/order_1
    -> .imp_uid = imp_2
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
within 10s GET /payments/?imp_uid=imp_1
    -> .refunds[0].state = succeeded
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> .imp_uid = imp_1
    -> Portone-Refund-Id: {{id}}
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_2.executions = 0



=== TEST 6: a request that asks in time settles its own refund, and is answered so
--- payments eval: ::payments(3)
--- http_config eval: $::unasked
--- steps
fault {"call": "cancel", "fault": "lose_answer", "imp_uid": "imp_1"}
fault {"call": "cancel", "fault": "lose_request", "imp_uid": "imp_2"}
fault [{"call": "cancel", "fault": "refuse", "code": -1, "message": "no", "imp_uid": "imp_3"},
    | {"call": "payment", "fault": "status", "status": 503, "imp_uid": "imp_3"}]
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 504 outcome_unknown
    -> .refund_id as one
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    -> 504 outcome_unknown
    -> .refund_id as two
refund {"merchant_uid": "order_3", "amount": 300}
    Idempotency-Key: key-3
    -> 504 outcome_unknown
    -> .refund_id as three

# made: the answer that the first request would have got
within 10s refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{one}}
    -> .refundable_amount = 700
    -> .cancel_history # 1

# not made: now it is
within 10s refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    -> 200
    -> ! Idempotent-Replayed
    -> .refundable_amount = 700
GET /payments/order_2
    -> .refunds # 2
    -> .refunds[0].refund_id = {{two}}
    -> .refunds[0].state = not_executed

# refused: the refusal
within 10s refund {"merchant_uid": "order_3", "amount": 300}
    Idempotency-Key: key-3
    -> 422 refund_rejected
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{three}}
    -> .refund_id = {{three}}
    -> .code = -1
    -> .message = no
    -> .refundable_amount = 1000
    -> .merchant_uid = order_3
    -> .imp_uid = imp_3
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_2.executions = 1
    -> .payments.imp_3.executions = 0
    -> .calls.cancel = 4



=== TEST 7: the key of a refund that a person has to settle answers 409
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- steps
fault {"call": "cancel", "fault": "refuse_after", "code": -1, "message": "no"}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 504 outcome_unknown
    -> .refund_id as id
GET /payments/order_1
    -> .refunds[0].state = manual_review
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
    -> ! Idempotent-Replayed
refund {"merchant_uid": "order_1", "amount": 301}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
ledger
    -> .calls.cancel = 1



=== TEST 8: a reload while the refund is being made changes nothing for its key
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "gate", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
waiting cancel 1
reload
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 409 refund_in_progress
    -> .refund_id as id
open cancel
await one
    -> 200
    -> Portone-Refund-Id: {{id}}
    -> body as answer
old workers gone
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> body = {{answer}}
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 9: a client that leaves and asks again gets the answer of its refund
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "gate", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
waiting cancel 1
drop one
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 409 refund_in_progress
    -> .refund_id as id
open cancel
within 5s refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
    -> .refundable_amount = 700
ledger
    -> .payments.imp_1.executions = 1



=== TEST 10: a claim that gets durable after its 503 leaves its key
--- payments eval: ::payments(1)
--- steps
GET /payments/order_1
$ touch $TEST_NGINX_HOLD_SYNC
[late] refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
within 5s $ test -e $TEST_NGINX_HOLD_SYNC.waiting
await late
    -> 503 store_unavailable
    -> ! Portone-Refund-Id
$ rm -f $TEST_NGINX_HOLD_SYNC $TEST_NGINX_HOLD_SYNC.waiting
within 5s GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = not_executed
ledger
    -> .calls.cancel = 0
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
ledger
    -> .payments.imp_1.executions = 1



=== TEST 11: the log tells a saved answer from a refund
--- payments eval: ::payments(1)
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
--- error_log eval
qr/\[info\] .* saved answer of refund [0-9a-f-]{36} while answering/
--- no_error_log
refund of "" is
