# One refund of a payment at a time, whoever asks for it and whichever worker
# is asked.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Outcome;

# An answered request ends when its answer is sent, not when the client has
# gone, too.

our $alone = "lingering_close off;\n";

# connections to this server are spread over all workers

our $spread = $alone . <<'END';
server {
    listen 127.0.0.1:$TEST_NGINX_PORT_1 reuseport;

    location = /payments/cancel {
        portone_cancel;
    }
}
END

our $status = "location = /status { stub_status; }\n";

# The same PortOne by another way, which has a token of its own: the payment
# is stored, and refunded, while those who come by the usual way wait for
# theirs.

our $other_way = <<'END';
location /other/ {
    portone_api http://127.0.0.1:$TEST_NGINX_SERVER_PORT/sandbox;
    portone_payment;
}

location = /other/cancel {
    portone_api http://127.0.0.1:$TEST_NGINX_SERVER_PORT/sandbox;
    portone_cancel;
}
END

our $store = <<'END';
GET /other/order_1
    -> .refundable_amount = 1000
END


# Refunds r1 ... rN of order_1, at once; none is awaited.

sub at_once {
    my ($n, $authority) = @_;

    return join '', map { <<END } 1 .. $n;
[r$_] POST $authority/payments/cancel {"merchant_uid": "order_1", "cancel_request_amount": 300}
END
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

=== TEST 1: of refunds of one order at once one is made, the others are told so
--- payments eval: ::payments(1)
--- http_config eval: $::alone
--- locations eval: $::status . $::other_way
--- steps
store
fault {"call":"token","fault":"gate","name":"token"}
fault {"call":"cancel","fault":"gate","name":"cancel"}
at_once 20
    = 
waiting token 1
working 22
open token
waiting cancel 1
working 3
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = sending
ledger
    -> .calls.cancel = 1
open cancel
answers r1 .. r20
    -> 200 x 1
    -> 409 refund_in_progress x 19
GET /payments/order_1
    -> .refundable_amount = 700
    -> .cancel_history # 1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 2: of refunds of one order at once in several workers one is made
--- workers: 4
--- payments eval: ::payments(1)
--- http_config eval: $::spread
--- locations eval: $::status . $::other_way
--- steps
store
fault {"call":"token","fault":"gate","name":"token"}
fault {"call":"cancel","fault":"gate","name":"cancel"}
at_once 20
    = http://127.0.0.1:$TEST_NGINX_PORT_1
waiting token 1
working 22
open token
waiting cancel 1
working 3
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = sending
ledger
    -> .calls.cancel = 1
open cancel
answers r1 .. r20
    -> 200 x 1
    -> 409 refund_in_progress x 19
GET /payments/order_1
    -> .refundable_amount = 700
    -> .cancel_history # 1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 3: refunds that race for the same money never get more than there is
--- workers: 4
--- payments eval: ::payments(1)
--- http_config eval: $::spread
--- steps
at_once 30
    = http://127.0.0.1:$TEST_NGINX_PORT_1
answers r1 .. r30
    -> 200 x any
    -> 409 refund_in_progress x any
    -> 400 amount_exceeds_refundable x any
    -> 503 overloaded x any
ledger
    -> .payments.imp_1.executions as times
    -> .payments.imp_1.executions >= 1
    -> .payments.imp_1.executed_amount as sum
    -> .payments.imp_1.executed_amount <= 900
    -> .payments.imp_1.concurrent_max = 1
    -> .calls.cancel = {{times}}
GET /payments/order_1
    -> .cancel_amount = {{sum}}
    -> .refunds # {{times}}



=== TEST 4: a refund that waited while another one was made sees its balance
--- payments eval: ::payments(2)
--- locations eval: $::other_way
--- steps
GET /other/order_1
GET /other/order_2
fault {"call": "token", "fault": "gate", "name": "token"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
[most] refund {"merchant_uid": "order_2", "cancel_request_amount": 800}
waiting token 1
POST /other/cancel {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
POST /other/cancel {"merchant_uid": "order_2", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
open token
await one
    -> 200
    -> .refundable_amount = 400
await most
    -> 400 amount_exceeds_refundable
    -> .refundable_amount = 700
ledger ?call=cancel
    -> .requests # 3
    -> .requests[0].body = "{\"imp_uid\":\"imp_1\",\"amount\":300,\"checksum\":1000}"
    -> .requests[2].body = "{\"imp_uid\":\"imp_1\",\"amount\":300,\"checksum\":700}"
    -> .payments.imp_1.executions = 2
    -> .payments.imp_2.executions = 1
    -> .payments.imp_2.executed_amount = 300
GET /payments/order_1
    -> .refunds # 2
    -> .refunds[1].state = succeeded



=== TEST 5: whoever comes while a refund is made is told which one it is
--- workers: 4
--- payments eval: ::payments(1)
--- http_config eval: $::spread
--- steps eval
::arm(call => 'cancel', fault => 'gate', name => 'cancel') . <<'END'
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting cancel 1
GET /payments/order_1
    -> .refundable_amount = 1000
    -> .refunds # 1
    -> .refunds[0].state = sending
    -> .refunds[0].amount = 300
    -> .refunds[0].settled_at = null
    -> .refunds[0].refund_id as id
END
. CORE::join('', map { <<'END' } 1 .. 10)
POST http://127.0.0.1:$TEST_NGINX_PORT_1/payments/cancel {"merchant_uid": "order_1", "cancel_request_amount": 100}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
    -> Retry-After: ~ ^[1-9]\d*$
    -> .imp_uid = imp_1
END
. <<'END'
refund {"imp_uid": "imp_1"}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
open cancel
await one
    -> 200
    -> Portone-Refund-Id: {{id}}
    -> .refundable_amount = 700
refund {"imp_uid": "imp_1"}
    -> 200
    -> .refundable_amount = 0
ledger
    -> .calls.cancel = 2
    -> .payments.imp_1.executions = 2
END



=== TEST 6: refunds of different orders are made at the same time
--- payments eval: ::payments(10)
--- steps eval
::arm(call => 'cancel', fault => 'gate', name => 'cancel', times => 10)
. CORE::join('', map { <<END } 1 .. 10) . <<'END' . ::answers(10) . <<'END'
[r$_] refund {"merchant_uid": "order_$_", "cancel_request_amount": 300}
END
waiting cancel 10
ledger
    -> .calls.cancel = 10
    -> .cancels_executed = 0
open cancel
END
    -> 200 x 10
ledger
    -> .cancels_executed = 10
    -> .payments.imp_1.executions = 1
    -> .payments.imp_10.executions = 1
END



=== TEST 7: the lock holds in every location of the same shop
--- payments eval: ::payments(1)
--- locations
location = /admin/cancel { portone_cancel; portone_language en; }
--- steps
fault {"call": "cancel", "fault": "gate", "name": "cancel"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting cancel 1
POST /admin/cancel {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .message = Another refund of this order is not finished yet. Please check again later.
open cancel
await one
    -> 200
POST /admin/cancel {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
ledger
    -> .payments.imp_1.executions = 2



=== TEST 8: requests that fail the checks do not lock the order
--- payments eval: ::payments(1)
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 1001}
    -> 400 amount_exceeds_refundable
refund {"merchant_uid": "order_1", "checksum": 999}
    -> 409 checksum_mismatch
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
