# How long PortOne is waited for, and what ends while it is.

BEGIN {
    use IO::Socket::INET ();

    # a port where nobody accepts and the queue is full: connecting hangs

    our $full = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        or die "listen: $!";

    our @queue = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $full->sockport, Blocking => 0) } 1 .. 8;

    $ENV{TEST_NGINX_FULL_PORT} = $full->sockport;
}

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;

run_tests();

__DATA__

=== TEST 1: portone_connect_timeout ends a connection that does not come about
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    portone_connect_timeout 200ms;
    portone_read_timeout 20s;
--- cancel
            portone_api http://127.0.0.1:$TEST_NGINX_FULL_PORT;
--- steps
refund {"merchant_uid": "order_1"}
    -> 502 portone_unavailable
    -> ! Portone-Refund-Id
GET /payments/order_1
    -> .refunds # 0
ledger
    -> .calls.cancel = 0
--- error_log eval
qr/\[error\] .*(?:Failed to connect to \S+ port \d+ after [2-9]\d\d ms: (?:Timeout was reached|Could not connect)|Connection timed out after [2-9]\d\d milliseconds)/



=== TEST 2: other requests are answered while connections hang
--- workers: 1
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    log_format order '$uri';
    portone_connect_timeout 1s;
--- cancel
            portone_api http://127.0.0.1:$TEST_NGINX_FULL_PORT;
            access_log logs/order.log order;
--- locations
        location = /good {
            portone_cancel;
            access_log logs/order.log order;
        }
--- steps
[a] refund {"merchant_uid": "order_2"}
[b] refund {"merchant_uid": "order_3"}
POST /good {"merchant_uid": "order_1"}
    -> 200
answers a b
    -> 502 portone_unavailable x 2
within 5s $ cat $TEST_NGINX_ROOT/logs/order.log
    -> body ~ \A/good\n(?:/payments/cancel\n){2}\z
--- error_log eval
qr/\[error\] .*(?:Failed to connect|Connection timed out)/



=== TEST 3: a reload in the middle of a transfer lets it finish
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- steps
fault {"call": "cancel", "fault": "gate", "name": "g", "imp_uid": "imp_1"}
[slow] refund {"merchant_uid": "order_1"}
waiting g 1
reload
refund {"merchant_uid": "order_2"}
    -> 200
refund {"merchant_uid": "order_1"}
    -> 409 refund_in_progress
open g
await slow
    -> 200
    -> .cancel_amount = 1000
old workers gone
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
ledger
    -> .calls.cancel = 2
    -> .cancels_executed = 2



=== TEST 4: worker_shutdown_timeout ends the client's connection, not the refund
--- main_config
    worker_shutdown_timeout 50ms;
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "gate_after", "name": "g"}
[slow] refund {"merchant_uid": "order_1"}
waiting g 1
reload
await slow
    -> closed
within 5s GET /payments/order_1
    -> .refunds # 1
open g
old workers gone
ledger
    -> .calls.cancel = 1
    -> .cancels_executed = 1
GET /payments/order_1
    -> .refunds[0].state = unknown



=== TEST 5: nginx that is told to quit finishes the transfer first
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "delay", "ms": 500}
[slow] refund {"merchant_uid": "order_1"}
ledger ?wait=cancel:1
    -> .calls.cancel = 1
$ kill -QUIT $(cat $TEST_NGINX_ROOT/logs/nginx.pid)
await slow
    -> 200
    -> .cancel_amount = 1000
within 5s $ test ! -e $TEST_NGINX_ROOT/logs/nginx.pid
start
GET /payments/order_1
    -> .cancel_amount = 1000
    -> .refunds # 1
    -> .refunds[0].state = succeeded



=== TEST 6: a reading that a worker has not finished survives its reload
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "find", "fault": "gate", "name": "g"}
[slow] GET /payments/order_1
waiting g 1
reload
open g
await slow
    -> 200
    -> .imp_uid = imp_1
old workers gone
