# portone_drift_interval: stored payments are held against PortOne's, and
# brought up to date.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Outcome;

our $drift = <<'END';
portone_drift_interval 200ms;
END

our $stored = <<'END';
        location /stored/ {
            portone_fetch off;
            portone_payment;
        }

        location = /webhook {
            portone_webhook;
        }

        location = /status {
            portone_status json;
        }
END

run_tests();

__DATA__

=== TEST 1: what was refunded and undone behind our back becomes known
--- payments eval: ::payments(3)
--- http_config eval: $::drift
--- locations eval: $::stored
--- steps
GET /payments/order_1
    -> 200
refund {"merchant_uid": "order_2", "amount": 300}
    -> 200
GET /payments/order_3
    -> 200
sandbox POST payments/imp_1/console {"amount": 400}
    -> 200
sandbox POST payments/imp_2/undo
    -> 200
within 5s GET /stored/order_1
    -> .refundable_amount = 600
    -> .cancel_history # 1
within 5s GET /stored/order_2
    -> .refundable_amount = 1000
ledger ?call=find
    -> .requests[-1].path ~ /payments$
    -> .requests[-1].query ~ ^imp_uid\[\]=imp_1&imp_uid\[\]=imp_2&imp_uid\[\]=imp_3$
    -> .requests[-1].status = 200
refund {"merchant_uid": "order_1"}
    -> 200
    -> .refundable_amount = 0
ledger
    -> .payments.imp_1.executed_amount = 600
GET /status
    -> .drift_payments_total.differed = 2
    -> .drift_payments_total.missing = 0
    -> .api_calls_total.payments.ok >= 1
    -> .api_calls_total.find.ok = 3
--- error_log
payment "imp_1" of merchant "default" differed from PortOne's: 1 new cancellations, 0 undone
payment "imp_2" of merchant "default" differed from PortOne's: 0 new cancellations, 1 undone
--- no_error_log
payment "imp_3"



=== TEST 2: what has not changed is not written
--- payments eval: ::payments(2)
--- http_config eval: $::drift
--- locations eval: $::stored
--- steps
GET /payments/order_1
    -> 200
GET /payments/order_2
    -> 200
$ mdb_stat -e $TEST_NGINX_STORE | grep 'Last transaction'
    -> body as before
ledger ?wait=find:4
    -> .calls.find = 4
$ mdb_stat -e $TEST_NGINX_STORE | grep 'Last transaction'
    -> body = {{before}}
--- error_log
all payments were looked after: 2 the same, 0 differed, 0 not known to PortOne, 0 left out



=== TEST 3: a hundred at a time, one batch an interval, round and round
--- http_config
portone_drift_interval 200ms;
portone_sandbox_zone zone=drift_$TEST_NGINX_BLOCK:8m;
--- locations eval: $::stored
--- steps eval
use JSON::PP ();
my $all = JSON::PP->new->canonical->encode([map { { imp_uid => sprintf('imp_%03d', $_),
    merchant_uid => "order_$_", amount => 1000 } } 1 .. 230]);

"sandbox POST payments $all\n    -> .payments = 230\n" . <<'END';
$ curl -s -o /dev/null --json '{"imp_uid": "imp_001"}' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/webhook"; seq -f '{"imp_uid": "imp_%03.0f"}' 1 230 | xargs -d '\n' -P 8 -n 1 curl -s -o /dev/null "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/webhook" --json
sandbox POST payments/imp_001/console {"amount": 1}
sandbox POST payments/imp_100/console {"amount": 2}
sandbox POST payments/imp_101/console {"amount": 3}
sandbox POST payments/imp_230/console {"amount": 4}
within 10s GET /stored/order_1
    -> .refundable_amount = 999
within 10s GET /stored/order_100
    -> .refundable_amount = 998
within 10s GET /stored/order_101
    -> .refundable_amount = 997
within 10s GET /stored/order_230
    -> .refundable_amount = 996
END
--- error_log eval
qr/all payments were looked after: /



=== TEST 4: payments that PortOne does not know stay, the others are looked after
--- payments eval: ::payments(3)
--- http_config eval: $::drift
--- locations eval: $::stored
--- steps
GET /payments/order_1
    -> 200
GET /payments/order_2
    -> 200
sandbox POST reset
    -> 200
sandbox POST payments [{"imp_uid": "imp_x", "merchant_uid": "order_x", "amount": 1}]
    -> 200
fault {"call": "find", "fault": "body", "status": 207, "times": 0, "body": "{\"code\":0,\"message\":null,\"response\":[{\"imp_uid\":\"imp_2\",\"merchant_uid\":\"order_2\",\"amount\":1000,\"cancel_amount\":700,\"currency\":\"KRW\",\"status\":\"cancelled\"}]}"}
within 5s GET /stored/order_2
    -> .refundable_amount = 300
GET /stored/order_1
    -> .refundable_amount = 1000
--- error_log
PortOne does not know payment "imp_1" of merchant "default", nor maybe others



=== TEST 5: 404 says that it knows none of them
--- payments eval: ::payments(1)
--- http_config eval: $::drift
--- locations eval: $::stored
--- steps
GET /payments/order_1
    -> 200
fault {"call": "find", "fault": "body", "status": 404, "times": 0, "body": "{\"code\":-1,\"message\":\"no\",\"response\":null}"}
ledger ?wait=find:3
    -> .calls.find = 3
GET /stored/order_1
    -> .refundable_amount = 1000
--- error_log
PortOne does not know payment "imp_1" of merchant "default", nor maybe others
all payments were looked after: 0 the same, 0 differed, 1 not known to PortOne, 0 left out



=== TEST 6: payments whose refund is open are left to who settles it
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 async=on
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- http_config
portone_drift_interval 200ms;
portone_reconcile_interval 1h;
--- locations eval: $::stored
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 202
GET /payments/order_2
    -> 200
sandbox POST payments/imp_1/finish
    -> 200
sandbox POST payments/imp_2/console {"amount": 400}
    -> 200
within 5s GET /stored/order_2
    -> .refundable_amount = 600
GET /stored/order_1
    -> .refunds[0].state = pending
    -> .refundable_amount = 1000
ledger ?call=find
    -> .requests[-1].query = imp_uid[]=imp_2
--- error_log
0 the same, 1 differed, 0 not known to PortOne, 1 left out



=== TEST 7: each merchant's payments are asked for with its keys, with all of them
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 account=key_one
imp_uid=imp_2 merchant_uid=order_2 amount=1000 account=key_two
imp_uid=imp_3 merchant_uid=order_3 amount=1000 account=key_two
--- http_config
portone_drift_interval 200ms;
portone_sandbox_account key_one secret_one;
portone_sandbox_account key_two secret_two;
portone_imp_key key_one;
portone_imp_secret secret_one;
--- config
        location /one/ {
            portone_merchant one;
            portone_payment;
        }

        location /one-too/ {
            portone_merchant one;
            portone_imp_key key_two;
            portone_imp_secret secret_two;
            portone_payment;
        }

        location /two/ {
            portone_merchant two;
            portone_imp_key key_two;
            portone_imp_secret secret_two;
            portone_payment;
        }
--- steps
GET /one/order_1
    -> 200
GET /one-too/order_2
    -> 200
GET /two/order_3
    -> 200
sandbox POST payments/imp_1/console {"amount": 100}
sandbox POST payments/imp_2/console {"amount": 200}
sandbox POST payments/imp_3/console {"amount": 300}
within 6s GET /one/order_1
    -> .refundable_amount = 900
within 6s GET /one/order_2
    -> .refundable_amount = 800
within 6s GET /two/order_3
    -> .refundable_amount = 700
--- error_log
payment "imp_2" of merchant "one" differed
payment "imp_3" of merchant "two" differed



=== TEST 8: keys that PortOne does not take do not keep the others from being used
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- http_config eval: $::drift
--- config
        location /bad/ {
            portone_imp_secret wrong;
            portone_payment;
        }

        location /payments/ {
            portone_payment;
        }

        location = /status {
            portone_status json;
        }
--- steps
GET /payments/order_1
    -> 200
GET /payments/order_2
    -> 200
sandbox POST payments/imp_2/console {"amount": 400}
    -> 200
within 5s GET /payments/order_2
    -> .refundable_amount = 600
GET /status
    -> .drift_payments_total.differed = 1
    -> .drift_payments_total.missing = 0



=== TEST 9: what PortOne does not answer is asked again, and then passed over
--- payments eval: ::payments(1)
--- http_config eval: $::drift
--- locations eval: $::stored
--- steps
GET /payments/order_1
    -> 200
fault [{"call": "find", "fault": "unauthorized"}, {"call": "find", "fault": "status", "status": 500, "skip": 1}, {"call": "find", "fault": "garbage", "skip": 2}, {"call": "find", "fault": "no_response", "skip": 3}]
    -> 200
sandbox POST payments/imp_1/console {"amount": 400}
    -> 200
within 10s GET /stored/order_1
    -> .refundable_amount = 600
--- error_log
PortOne's answer is not understood: status 500
PortOne's answer is not understood: status 200



=== TEST 10: a store from a backup is brought up to date
--- payments eval: ::payments(1)
--- http_config eval: $::drift
--- locations eval: $::stored
--- steps
GET /payments/order_1
    -> 200
$ mkdir $TEST_NGINX_STORE.copy && mdb_copy $TEST_NGINX_STORE $TEST_NGINX_STORE.copy
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
stop
$ cp $TEST_NGINX_STORE.copy/data.mdb $TEST_NGINX_STORE/data.mdb
start
# the sandbox has forgotten, too: what has happened since the backup
sandbox POST payments/imp_1/console {"amount": 300}
    -> 200
within 5s GET /stored/order_1
    -> .refundable_amount = 700
refund {"merchant_uid": "order_1", "amount": 700}
    -> 200



=== TEST 11: it goes on after a reload
--- payments eval: ::payments(1)
--- http_config eval: $::drift
--- locations eval: $::stored
--- steps
GET /payments/order_1
    -> 200
ledger ?wait=find:2
    -> .calls.find = 2
reload
sandbox POST payments/imp_1/console {"amount": 400}
    -> 200
within 5s GET /stored/order_1
    -> .refundable_amount = 600



=== TEST 12: what the directive takes
--- bare
--- level: http
--- nginx_t
portone_drift_interval 1m;

portone_drift_interval 100ms;

portone_drift_interval off;

portone_drift_interval 99ms;
#<- "portone_drift_interval" must be at least 100ms

portone_drift_interval 0;
#<- "portone_drift_interval" must be at least 100ms

portone_drift_interval soon;
#<- "portone_drift_interval" directive invalid value

portone_drift_interval off;
portone_drift_interval 1m;
#<- "portone_drift_interval" directive is duplicate
