# portone_sandbox_webhook: the sandbox tells the shop what has changed, as
# PortOne does.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Outcome;

our $shop = <<'END';
        location = /webhook {
            portone_webhook;
        }

        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
END

our $told = <<'END';
portone_sandbox_webhook http://127.0.0.1:$TEST_NGINX_SERVER_PORT/webhook;
portone_reconcile_interval 1h;
END

run_tests();

__DATA__

=== TEST 1: a refund in the console reaches the shop by itself
--- payments eval: ::payments(1)
--- http_config eval: $::told
--- locations eval: $::shop
--- steps
GET /payments/order_1
    -> .refundable_amount = 1000
sandbox POST payments/imp_1/console {"amount": 400}
    -> .webhook.cancellation_id as id
within 5s GET /stored/order_1
    -> .refundable_amount = 600
within 5s sandbox GET webhooks
    -> .webhooks # 1
    -> .webhooks[0].done = true
    -> .webhooks[0].status = 200
    -> .webhooks[0].tries = 1
    -> .webhooks[0].imp_uid = imp_1
    -> .webhooks[0].body ~ "merchant_uid":"order_1"
    -> .webhooks[0].body ~ "cancellation_id":"{{id}}"



=== TEST 2: as a form, too
--- payments
"imp_uid=imp_1" "merchant_uid=주문 1&2" amount=1000
--- http_config
portone_sandbox_webhook http://127.0.0.1:$TEST_NGINX_SERVER_PORT/webhook form;
--- locations eval: $::shop
--- steps
sandbox POST payments/imp_1/console {"amount": 400}
    -> 200
within 5s GET /stored/?imp_uid=imp_1
    -> .refundable_amount = 600
    -> .merchant_uid = 주문 1&2
within 5s sandbox GET webhooks
    -> .webhooks[0].status = 200
    -> .webhooks[0].body ~ ^imp_uid=imp_1&merchant_uid=%[^&]*%201%262&status=cancelled&cancellation_id=



=== TEST 3: a refund that was only accepted is settled when PortOne has made it
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 async=on
--- http_config eval: $::told
--- locations eval: $::shop
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 202
sandbox POST payments/imp_1/finish
    -> 200
within 5s GET /stored/order_1
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 700
ledger
    -> .calls.cancel = 1



=== TEST 4: payments arrive when they are paid, virtual accounts when they are issued
--- http_config eval: $::told
--- locations eval: $::shop
--- steps
sandbox POST payments [{"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}, {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": 2000, "pay_method": "vbank", "status": "ready"}, {"imp_uid": "imp_3", "merchant_uid": "order_3", "amount": 3000, "status": "failed"}, {"imp_uid": "imp_4", "merchant_uid": "order_4", "amount": 4000, "status": "ready"}]
    -> .payments = 4
within 5s GET /stored/order_1
    -> .status = paid
within 5s GET /stored/order_2
    -> .status = ready
sandbox GET webhooks
    -> .webhooks # 2
GET /stored/order_3
    -> 404
GET /stored/order_4
    -> 404
sandbox POST payments {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": 2000, "pay_method": "vbank", "status": "paid"}
    -> .payments = 1
within 5s GET /stored/order_2
    -> .status = paid
sandbox GET webhooks
    -> .webhooks # 3



=== TEST 5: what is answered with 5xx is sent again, if that is switched on
--- payments eval: ::payments(1)
--- http_config
portone_sandbox_webhook http://127.0.0.1:$TEST_NGINX_SERVER_PORT/webhook retry=100ms;
--- locations eval: $::shop
--- steps
fault {"call": "payment", "fault": "status", "status": 500, "times": 2}
sandbox POST payments/imp_1/console {"amount": 400}
    -> 200
within 5s sandbox GET webhooks
    -> .webhooks[0].done = true
    -> .webhooks[0].status = 200
    -> .webhooks[0].tries = 3
GET /stored/order_1
    -> .refundable_amount = 600
ledger
    -> .calls.payment = 3



=== TEST 6: five times and no more
--- payments eval: ::payments(1)
--- http_config
portone_sandbox_webhook http://127.0.0.1:$TEST_NGINX_SERVER_PORT/webhook retry=1ms;
--- locations
        location = /webhook {
            return 503;
        }
--- steps
sandbox POST payments/imp_1/console {"amount": 400}
    -> 200
within 5s sandbox GET webhooks
    -> .webhooks[0].done = true
    -> .webhooks[0].tries = 6
    -> .webhooks[0].status = 503



=== TEST 7: once and no more, usually
--- payments eval: ::payments(2)
--- http_config
portone_sandbox_webhook http://127.0.0.1:$TEST_NGINX_SERVER_PORT/webhook;
--- locations
        location = /webhook {
            return 503;
        }

        location /silent/ {
            portone_sandbox;
            portone_sandbox_webhook http://127.0.0.1:$TEST_NGINX_PORT_9/;
        }

        location /mute/ {
            portone_sandbox;
            portone_sandbox_webhook http://127.0.0.1:$TEST_NGINX_SERVER_PORT/closed retry=1ms;
        }

        location = /closed {
            return 444;
        }
--- steps
sandbox POST payments/imp_1/console {"amount": 400}
    -> 200
within 5s sandbox GET webhooks
    -> .webhooks[0].done = true
    -> .webhooks[0].tries = 1
    -> .webhooks[0].status = 503
POST /silent/_sandbox/payments/imp_1/console {"amount": 100}
    -> 200
within 5s sandbox GET webhooks
    -> .webhooks[1].done = true
    -> .webhooks[1].tries = 1
    -> .webhooks[1].status = 0
POST /mute/_sandbox/payments/imp_1/console {"amount": 100}
    -> 200
within 5s sandbox GET webhooks
    -> .webhooks[2].done = true
    -> .webhooks[2].tries = 6
    -> .webhooks[2].status = 0
sandbox POST reset
sandbox GET webhooks
    -> .webhooks = []



=== TEST 8: 4xx is an answer
--- payments eval: ::payments(1)
--- http_config
portone_sandbox_webhook http://127.0.0.1:$TEST_NGINX_SERVER_PORT/webhook retry=1ms;
--- locations
        location = /webhook {
            return 404;
        }
--- steps
sandbox POST payments/imp_1/console {"amount": 400}
    -> 200
within 5s sandbox GET webhooks
    -> .webhooks[0].done = true
    -> .webhooks[0].tries = 1
    -> .webhooks[0].status = 404



=== TEST 9: nothing is told of what is undone or given up, nor of the shop's own refunds
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000 async=on
--- http_config eval: $::told
--- locations eval: $::shop
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
sandbox POST payments/imp_1/undo
    -> .webhook present
refund {"merchant_uid": "order_2", "amount": 300}
    -> 202
sandbox POST payments/imp_2/finish {"success": false}
    -> 200
sandbox GET webhooks
    -> .webhooks = []
GET /stored/order_1
    -> .refundable_amount = 700



=== TEST 10: the same webhook can be sent again, also by a test that wants it twice
--- payments eval: ::payments(1)
--- http_config eval: $::told
--- locations eval: $::shop
--- steps
sandbox POST payments/imp_1/webhook
    -> .webhook = {"imp_uid": "imp_1", "merchant_uid": "order_1", "status": "paid"}
sandbox POST payments/imp_1/webhook
    -> 200
sandbox POST payments/imp_9/webhook
    -> 404
within 5s sandbox GET webhooks
    -> .webhooks # 2
    -> .webhooks[0].status = 200
    -> .webhooks[1].status = 200
GET /stored/order_1
    -> .refundable_amount = 1000



=== TEST 11: the newest 256 are listed
--- payments eval: ::payments(1)
--- http_config
portone_sandbox_webhook http://127.0.0.1:$TEST_NGINX_SERVER_PORT/webhook;
--- locations
        location = /webhook {
            return 204;
        }
--- steps
$ curl -s -o /dev/null -X POST "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/sandbox/_sandbox/payments/imp_1/webhook?[1-300]"
within 5s sandbox GET webhooks
    -> .webhooks # 256
    -> .webhooks[0].n = 45
    -> .webhooks[255].n = 300
    -> .webhooks[255].status = 204



=== TEST 12: what the directive takes
--- bare
--- level: http
--- nginx_t
portone_sandbox_webhook http://127.0.0.1:80/webhook;

portone_sandbox_webhook http://127.0.0.1;

portone_sandbox_webhook http://127.0.0.1/x form retry=1m;

portone_sandbox_webhook off;

portone_sandbox_webhook https://127.0.0.1/;
#<- invalid URL "https://127.0.0.1/", "http://" is expected

portone_sandbox_webhook http:///;
#<- invalid URL "http:///": no host

portone_sandbox_webhook http://127.0.0.1/ twice;
#<- invalid parameter "twice"

portone_sandbox_webhook http://127.0.0.1/ retry=0;
#<- invalid parameter "retry=0"

portone_sandbox_webhook http://127.0.0.1/ retry=soon;
#<- invalid parameter "retry=soon"

portone_sandbox_webhook http://127.0.0.1/;
portone_sandbox_webhook off;
#<- "portone_sandbox_webhook" directive is duplicate
