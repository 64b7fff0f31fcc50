# Names of PortOne that are looked up at run time, with nginx's resolver.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Dns;
use Test::Portone::Tls;

add_block_preprocessor(sub {
    my $block = shift;
    my $port = $ENV{TEST_NGINX_PORT_1};

    $block->set_value('http_config', <<END . ($block->http_config // ''));
    server {
        listen 127.0.0.1:$port ssl;
        ssl_certificate \$TEST_NGINX_TLS/good.crt;
        ssl_certificate_key \$TEST_NGINX_TLS/good.key;
        location / {
            portone_sandbox;
        }
    }
    resolver \$TEST_NGINX_DNS ipv6=off;
    resolver_timeout 300ms;
    portone_ssl_trusted_certificate \$TEST_NGINX_TLS/ca.crt;
END
});

run_tests();

__DATA__

=== TEST 1: a name is looked up when it is needed, and verified
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_api https://one.portone.test:$TEST_NGINX_PORT_1;
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
refund {"merchant_uid": "order_1", "amount": 200}
    -> 200
    -> .cancel_amount = 300
ledger
    -> .cancels_executed = 2



=== TEST 2: the next address is tried when one refuses, and the cancel sent once
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_api https://two.portone.test:$TEST_NGINX_PORT_1;
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
ledger
    -> .calls.cancel = 1
    -> .calls.token = 1
    -> .calls.find = 1
    -> .cancels_executed = 1



=== TEST 3: a name that does not exist: nothing is sent
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_api https://none.portone.test:$TEST_NGINX_PORT_1;
--- steps
refund {"merchant_uid": "order_1"}
    -> 502 portone_unavailable
    -> ! Portone-Refund-Id
ledger
    -> .requests # 0
GET /payments/order_1
    -> 200
    -> .refunds # 0
--- error_log eval
qr/\[error\] .*name lookup failed: Host not found/



=== TEST 4: a name server that fails: nothing is sent
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_api https://broken.portone.test:$TEST_NGINX_PORT_1;
--- steps
refund {"merchant_uid": "order_1"}
    -> 502 portone_unavailable
    -> ! Portone-Refund-Id
ledger
    -> .requests # 0
--- error_log eval
qr/\[error\] .*name lookup failed: Server failure/



=== TEST 5: a lookup without an answer ends in time, others do not wait for it
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    log_format order '$uri';
--- cancel
            portone_api https://silent.portone.test:$TEST_NGINX_PORT_1;
            access_log logs/order.log order;
--- locations
        location = /plain {
            access_log logs/order.log order;
            return 200 "plain\n";
        }
        location = /other {
            access_log logs/order.log order;
            portone_cancel;
        }
--- steps
[slow] refund {"merchant_uid": "order_1"}
GET /plain
    -> body ~ plain
POST /other {"merchant_uid": "order_1", "amount": 1}
    -> 200
await slow
    -> 502 portone_unavailable
    -> ! Portone-Refund-Id
within 5s $ cat $TEST_NGINX_ROOT/logs/order.log
    -> body ~ \A/plain\n/other\n/payments/cancel\n\z
ledger
    -> .calls.cancel = 1
    -> .cancels_executed = 1
GET /payments/order_1
    -> .cancel_amount = 1
    -> .refunds # 1
--- error_log eval
qr/\[error\] .*name lookup failed: Operation timed out/



=== TEST 6: a worker that is replaced answers those who wait for a lookup
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_api https://silent.portone.test:$TEST_NGINX_PORT_1;
--- steps
[slow] refund {"merchant_uid": "order_1"}
reload
await slow
    -> 502 portone_unavailable
old workers gone
ledger
    -> .calls.cancel = 0
--- error_log eval
qr/\[error\] .*name lookup failed: Operation timed out/



=== TEST 7: a lookup whose client leaves ends all the same
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
            portone_api https://silent.portone.test:$TEST_NGINX_PORT_1;
--- steps
[gone] refund {"merchant_uid": "order_1"}
drop gone
ledger
    -> .calls.cancel = 0
--- error_log eval
qr/\[error\] .*name lookup failed: Operation timed out/
