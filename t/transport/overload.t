# A worker whose connections are all taken: refunds are refused at once, with
# nothing sent, and all is well when connections are free again.

use lib 't/lib';
use Test::Portone;

worker_connections(32);

# one listens, one is the master's; the next is that of the refund itself

our $slow = <<'END';
        location = /slow {
            limit_rate 1;
            return 200 "so slow that it never comes to an end\n";
        }
        location = /connections {
            stub_status;
        }
END

our $take_all = <<'END';
$ t/tools/hold-connections $TEST_NGINX_SERVER_PORT /slow 29 $TEST_NGINX_STORE.pid
END

# nginx closes its side of them some time after the client is gone

our $release = <<'END';
$ kill $(cat $TEST_NGINX_STORE.pid)
within 10s GET /connections
    -> body ~ ^Active connections: [1-5]\b
END

run_tests();

__DATA__

=== TEST 1: no connection to PortOne is free: 503, nothing is sent or stored
--- workers: 1
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::slow
--- steps
take_all
refund {"merchant_uid": "order_1"}
    -> 503 overloaded
    -> Retry-After: 5
    -> .message ~ 환불된 금액은 없으니
    -> ! Portone-Refund-Id
GET /payments/order_1
    -> 503 overloaded
    -> Retry-After: 5
release
within 5s ledger
    -> .requests # 0
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
GET /payments/order_1
    -> .refunds # 1
    -> .cancel_amount = 100
ledger
    -> .calls.cancel = 1



=== TEST 2: no connection for the cancel: not executed, and can be tried again
--- workers: 1
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    portone_keepalive 0;
--- locations eval: $::slow
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
take_all
refund {"merchant_uid": "order_1", "amount": 200}
    -> 503 overloaded
    -> Retry-After: 5
    -> Portone-Refund-Id as id
GET /payments/order_1
    -> 200
    -> .cancel_amount = 100
    -> .refunds # 2
    -> .refunds[-1].refund_id = {{id}}
    -> .refunds[-1].state = not_executed
release
within 5s ledger ?call=cancel
    -> .requests # 1
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .cancel_amount = 400
ledger ?call=cancel
    -> .requests # 2
    -> .cancels_executed = 2



=== TEST 3: requests that need no connection to PortOne are answered all the same
--- workers: 1
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::slow
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
within 5s ledger ?call=cancel
    -> .requests # 1
take_all
GET /payments/order_1
    -> 200
    -> .refunds # 1
refund {"merchant_uid": "order_1"}
    -> 400 already_refunded
release
