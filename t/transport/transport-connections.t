# Connections to PortOne: kept and used again, bounded, never through a proxy,
# never to where a redirect points.

use lib 't/lib';
use Test::Portone;

our $active = <<'END';
        location = /active {
            stub_status;
        }
END

run_tests();

__DATA__

=== TEST 1: one connection is used for calls that follow each other
--- workers: 1
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 1}
    -> 200
refund {"merchant_uid": "order_1", "amount": 2}
    -> 200
ledger
    -> .requests # 4
    -> .requests[0].connection as connection
    -> .requests[1].connection = {{connection}}
    -> .requests[2].connection = {{connection}}
    -> .requests[3].connection = {{connection}}



=== TEST 2: idle connections are kept, 32 by default
--- workers: 1
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
imp_uid=imp_3 merchant_uid=order_3 amount=1000
--- locations eval: $::active
--- steps
fault {"call": "cancel", "fault": "gate", "name": "g", "times": 3}
[a] refund {"merchant_uid": "order_1"}
[b] refund {"merchant_uid": "order_2"}
[c] refund {"merchant_uid": "order_3"}
waiting g 3
open g
answers a b c
    -> 200 x 3
within 5s GET /active
    -> body ~ ^Active connections: 4\s



=== TEST 3: portone_keepalive bounds the idle connections
--- workers: 1
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
imp_uid=imp_3 merchant_uid=order_3 amount=1000
--- http_config
    portone_keepalive 1;
--- locations eval: $::active
--- steps
fault {"call": "cancel", "fault": "gate", "name": "g", "times": 3}
[a] refund {"merchant_uid": "order_1", "amount": 1}
[b] refund {"merchant_uid": "order_2", "amount": 1}
[c] refund {"merchant_uid": "order_3", "amount": 1}
waiting g 3
open g
answers a b c
    -> 200 x 3
within 5s GET /active
    -> body ~ ^Active connections: 2\s
refund {"merchant_uid": "order_1", "amount": 2}
    -> 200
GET /active
    -> body ~ ^Active connections: 2\s



=== TEST 4: with portone_keepalive 0 every call has a connection of its own
--- workers: 1
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    portone_keepalive 0;
--- locations eval: $::active
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
within 5s GET /active
    -> body ~ ^Active connections: 1\s
ledger
    -> .requests # 3
    -> .requests[0].connection as first
    -> .requests[1].connection as second
    -> .requests[1].connection != {{first}}
    -> .requests[2].connection != {{first}}
    -> .requests[2].connection != {{second}}



=== TEST 5: after PortOne has closed an idle connection a new one is used
--- workers: 1
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- config
        keepalive_timeout 20ms;

        location = /payments/cancel {
            portone_cancel;
        }
        location /payments/ {
            portone_payment;
        }
        location = /active {
            stub_status;
        }
--- steps
refund {"merchant_uid": "order_1", "amount": 1}
    -> 200
within 5s GET /active
    -> body ~ ^Active connections: 1\s
refund {"merchant_uid": "order_1", "amount": 2}
    -> 200
    -> .cancel_amount = 3
ledger ?call=cancel
    -> .requests # 2
    -> .cancels_executed = 2
    -> .requests[0].connection as first
    -> .requests[1].connection != {{first}}



=== TEST 6: a PortOne that keeps no connection is as good
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- config
        keepalive_requests 1;

        location = /payments/cancel {
            portone_cancel;
        }
        location /payments/ {
            portone_payment;
        }
--- steps
refund {"merchant_uid": "order_1", "amount": 1}
    -> 200
refund {"merchant_uid": "order_1", "amount": 2}
    -> 200
ledger
    -> .calls.cancel = 2
    -> .cancels_executed = 2



=== TEST 7: proxies of the environment are not used
--- main_config
    env http_proxy=http://127.0.0.1:1;
    env HTTP_PROXY=http://127.0.0.1:1;
    env https_proxy=http://127.0.0.1:1;
    env all_proxy=http://127.0.0.1:1;
    env ALL_PROXY=http://127.0.0.1:1;
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
ledger
    -> .cancels_executed = 1



=== TEST 8: a redirect of a cancel is not followed, its outcome is unknown
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_PORT_1;
        location /moved/ {
            portone_sandbox;
        }
        location / {
            portone_sandbox;
        }
        location = /payments/cancel {
            return 307 http://127.0.0.1:$TEST_NGINX_PORT_1/moved$uri;
        }
    }
    portone_api http://127.0.0.1:$TEST_NGINX_PORT_1;
--- steps
refund {"merchant_uid": "order_1"}
    -> 504 outcome_unknown
    -> .refund_id present
ledger
    -> .calls.cancel = 0
    -> .cancels_executed = 0
GET /payments/order_1
    -> .refunds[0].state = unknown
refund {"merchant_uid": "order_1"}
    -> 409 refund_in_progress



=== TEST 9: a redirect of a reading is not followed, nothing is sent
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_PORT_1;
        location /moved/ {
            portone_sandbox;
        }
        location / {
            portone_sandbox;
        }
        location /payments/find/ {
            return 302 http://127.0.0.1:$TEST_NGINX_PORT_1/moved$uri;
        }
    }
    portone_api http://127.0.0.1:$TEST_NGINX_PORT_1;
--- steps
refund {"merchant_uid": "order_1"}
    -> 502 portone_unavailable
    -> ! Portone-Refund-Id
GET /payments/order_1
    -> 502 portone_unavailable
ledger
    -> .calls.find = 0
    -> .calls.cancel = 0



=== TEST 10: a redirect of the token call is not followed with the secret
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_PORT_1;
        location /moved/ {
            portone_sandbox;
        }
        location / {
            return 308 http://127.0.0.1:$TEST_NGINX_PORT_1/moved$uri;
        }
    }
    portone_api http://127.0.0.1:$TEST_NGINX_PORT_1;
--- steps
refund {"merchant_uid": "order_1"}
    -> 502 portone_unavailable
ledger
    -> .requests # 0
