# What a webhook does about a refund that is open, about others that come at
# the same time, and about a PortOne or a store that is slow.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Outcome;

our $webhook = <<'END';
        location = /webhook {
            portone_webhook;
        }

        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
END

# nobody settles but the webhook, as early as the limits allow

our $quick = <<'END';
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1h;
END

our $late = <<'END';
portone_reconcile_interval 1h;
END

run_tests();

__DATA__

=== TEST 1: a refund whose answer was lost is settled by a webhook, not before its time
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::webhook
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300, "reason": "why"}
    -> 504 outcome_unknown
    -> .refund_id as id
POST /webhook {"imp_uid": "imp_1"}
    -> 503 refund_in_progress
    -> .refund_id = {{id}}
    -> Retry-After: ~ ^[1-5]$
ledger
    -> .calls.payment = 0
GET /stored/order_1
    -> .refunds[0].state = unknown
within 10s POST /webhook {"imp_uid": "imp_1"}
    -> 200
    -> . = {"imp_uid": "imp_1", "status": "cancelled"}
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
    -> .refunds[0].cancellation_id present
    -> .refundable_amount = 700
ledger
    -> .calls.payment = 1
    -> .calls.cancel = 1



=== TEST 2: what PortOne never got is not executed, what a refund in the console hides is for a person
--- payments eval: ::payments(2)
--- http_config eval: $::quick
--- locations eval: $::webhook
--- steps
fault {"call": "cancel", "fault": "lose_request", "times": 2}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
refund {"merchant_uid": "order_2", "amount": 300, "reason": "why"}
    -> 504 outcome_unknown
sandbox POST payments/imp_2/console {"amount": 200}
    -> 200
within 10s POST /webhook {"imp_uid": "imp_2"}
    -> 200
GET /stored/order_2
    -> .refunds[0].state = manual_review
    -> .refundable_amount = 800
# what happens while the person thinks is told
sandbox POST payments/imp_2/console {"amount": 100}
    -> 200
POST /webhook {"imp_uid": "imp_2"}
    -> 200
GET /stored/order_2
    -> .refunds[0].state = manual_review
    -> .refundable_amount = 700
refund {"merchant_uid": "order_2", "amount": 1}
    -> 409 refund_in_progress
POST /webhook {"imp_uid": "imp_1"}
    -> 200
GET /stored/order_1
    -> .refunds[0].state = not_executed
    -> .refundable_amount = 1000
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200



=== TEST 3: a refund that PortOne has accepted is settled as soon as it is made
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 async=on
--- http_config eval: $::late
--- locations eval: $::webhook
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 202
    -> .state = pending
POST /webhook {"imp_uid": "imp_1"}
    -> 200
GET /stored/order_1
    -> .refunds[0].state = pending
    -> .refundable_amount = 1000
sandbox POST payments/imp_1/finish
    -> .webhook as webhook
POST /webhook {{webhook}}
    -> 200
GET /stored/order_1
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 700
refund {"merchant_uid": "order_1", "amount": 300}
    -> 202
ledger
    -> .calls.cancel = 2



=== TEST 4: one that is not made yet costs no write, however often it is asked for
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 async=on
--- http_config eval: $::late
--- locations eval: $::webhook
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 202
$ mdb_stat -e $TEST_NGINX_STORE | grep 'Last transaction'
    -> body as before
POST /webhook {"imp_uid": "imp_1"}
    -> 200
POST /webhook {"imp_uid": "imp_1"}
    -> 200
$ mdb_stat -e $TEST_NGINX_STORE | grep 'Last transaction'
    -> body = {{before}}
fault {"call": "payment", "fault": "status", "status": 500}
POST /webhook {"imp_uid": "imp_1"}
    -> 502 portone_unavailable
$ mdb_stat -e $TEST_NGINX_STORE | grep 'Last transaction'
    -> body = {{before}}



=== TEST 5: a refund that is being sent is left alone
--- payments eval: ::payments(1)
--- locations eval: $::webhook
--- steps
fault {"call": "cancel", "fault": "gate_after", "name": "g"}
[r] refund {"merchant_uid": "order_1", "amount": 300}
waiting g 1
POST /webhook {"imp_uid": "imp_1"}
    -> 503 refund_in_progress
    -> Retry-After: 5
ledger
    -> .calls.payment = 0
open g
await r
    -> 200
    -> .refundable_amount = 700
POST /webhook {"imp_uid": "imp_1"}
    -> 200
GET /stored/order_1
    -> .refundable_amount = 700
    -> .refunds[0].state = succeeded



=== TEST 6: a refund that a crash has left is settled
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::webhook
--- steps
fault {"call": "cancel", "fault": "gate_after", "name": "g"}
[r] refund {"merchant_uid": "order_1", "amount": 300}
waiting g 1
crash workers
await r
    -> closed
within 10s POST /webhook {"imp_uid": "imp_1"}
    -> 200
GET /stored/order_1
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 700



=== TEST 7: a reading that was overtaken by a refund is not stored, but made again
--- payments eval: ::payments(1)
--- locations eval: $::webhook
--- steps
POST /webhook {"imp_uid": "imp_1"}
    -> 200
sandbox POST payments/imp_1/console {"amount": 100}
    -> 200
# PortOne has read, its answer is on the way
fault {"call": "payment", "fault": "gate_after", "name": "g"}
[w] POST /webhook {"imp_uid": "imp_1"}
waiting g 1
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 checksum_mismatch
    -> .refundable_amount = 900
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 600
open g
await w
    -> 200
GET /stored/order_1
    -> .refundable_amount = 600
    -> .cancel_history # 2



=== TEST 8: many at a time, of the same payment
--- payments eval: ::payments(1)
--- locations eval: $::webhook
--- steps
[a] POST /webhook {"imp_uid": "imp_1"}
[b] POST /webhook {"imp_uid": "imp_1"}
[c] POST /webhook {"merchant_uid": "order_1"}
[r] refund {"merchant_uid": "order_1", "amount": 300}
[d] POST /webhook {"imp_uid": "imp_1"}
[e] POST /webhook {"merchant_uid": "order_1"}
await r
    -> 200
answers a b c d e
    -> 200 x any
    -> 503 refund_in_progress x any
POST /webhook {"imp_uid": "imp_1"}
    -> 200
GET /stored/order_1
    -> .refundable_amount = 700
    -> .refunds # 1



=== TEST 9: a flood about payments that do not exist is bounded, and stores nothing
--- workers: 1
--- payments eval: ::payments(1)
--- http_config
portone_sandbox_zone zone=flood_$TEST_NGINX_BLOCK:8m;
--- locations eval: $::webhook
--- steps eval
"POST /webhook {\"imp_uid\": \"imp_1\"}\n    -> 200\n"
. ::arm(call => 'payment', fault => 'gate', name => 'g', times => 0)
. CORE::join('', map { "[w$_] POST /webhook {\"imp_uid\": \"imp_x$_\"}\n" } 1 .. 64)
. <<'END'
waiting g 64
POST /webhook {"imp_uid": "imp_y"}
    -> 503 overloaded
    -> Retry-After: 5
POST /webhook {"imp_uid": "imp_1"}
    -> 503 overloaded
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 700
open g
END
. 'answers ' . CORE::join(' ', map { "w$_" } 1 .. 64)
. "\n    -> 404 payment_not_found x 64\n"
. <<'END'
POST /webhook {"imp_uid": "imp_1"}
    -> 200
$ mdb_stat -s payments $TEST_NGINX_STORE | grep Entries
    -> body ~ Entries: 1
END



=== TEST 10: whoever leaves gives his place back
--- workers: 1
--- payments eval: ::payments(1)
--- http_config
portone_sandbox_zone zone=flood_$TEST_NGINX_BLOCK:8m;
--- locations eval: $::webhook
--- steps eval
::arm(call => 'payment', fault => 'gate', name => 'g', times => 0)
. CORE::join('', map { "[w$_] POST /webhook {\"imp_uid\": \"imp_x$_\"}\n" } 1 .. 64)
. "waiting g 64\n"
. CORE::join('', map { "drop w$_\n" } 1 .. 64)
. <<'END'
POST /webhook {"imp_uid": "imp_1"}
    -> 503 overloaded
open g
within 5s POST /webhook {"imp_uid": "imp_1"}
    -> 200
END



=== TEST 11: a client that leaves does not keep the payment from being stored
--- payments eval: ::payments(1)
--- locations eval: $::webhook
--- steps
fault {"call": "payment", "fault": "gate", "name": "g"}
[w] POST /webhook {"imp_uid": "imp_1"}
waiting g 1
drop w
open g
within 5s GET /stored/order_1
    -> 200



=== TEST 12: a reload waits for what is under way
--- payments eval: ::payments(1)
--- locations eval: $::webhook
--- steps
fault {"call": "payment", "fault": "gate", "name": "g"}
[w] POST /webhook {"imp_uid": "imp_1"}
waiting g 1
reload
open g
await w
    -> 200
GET /stored/order_1
    -> 200



=== TEST 13: without a store, PortOne is asked to come again
--- payments eval: ::payments(1)
--- locations eval: $::webhook
--- steps
stop
$ rm $TEST_NGINX_STORE/*; yes nonsense | head -c 8192 > $TEST_NGINX_STORE/data.mdb
start
POST /webhook {"imp_uid": "imp_1"}
    -> 503 store_unavailable
    -> Retry-After: 5
ledger
    -> .requests = []
--- error_log eval
qr/\[emerg\] .*store ".*": mdb_env_open\(\) failed: MDB_INVALID/



=== TEST 14: portone_require_amount keeps no refund from being settled
--- payments eval: ::payments(1)
--- http_config
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
portone_require_amount on;
--- locations eval: $::webhook
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
within 10s GET /stored/order_1
    -> .refunds[0].state = succeeded
POST /webhook {"imp_uid": "imp_1"}
    -> 200
