# Records of the store that cannot be read hold up what they belong to, and
# nothing else; the log names them.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Outcome;

# puts a value under a key: load(database, key as mdb_dump -p prints it, value)

sub load {
    my ($db, $key, $value) = @_;

    return q($ printf '%s\n' VERSION=3 format=print type=btree HEADER=END)
        . qq( ' $key' ' $value' DATA=END | mdb_load -s $db \$TEST_NGINX_STORE\n);
}

# what is in the error log of this block, once for each worker that was asked

sub logged {
    my $text = shift;

    return "\$ grep -c '$text' \$TEST_NGINX_ROOT/logs/error.log\n"
        . "    -> body ~ ^[1-4]\$\n";
}

our $quick = <<'END';
portone_reconcile_interval 1s;
END

run_tests();

__DATA__

=== TEST 1: an intent that cannot be read locks its payment, and the log says so
--- payments eval: ::payments(2)
--- http_config eval: $::quick
--- steps
GET /payments/order_1
    -> 200
load intents
    = default\00imp_1
    = {
refund {"merchant_uid": "order_1", "amount": 300}
    -> 503 store_unavailable
refund {"imp_uid": "imp_1"}
    -> 503 store_unavailable
GET /payments/order_1
    -> 503 store_unavailable
refund {"merchant_uid": "order_2", "amount": 300}
    -> 200
ledger
    -> .calls.cancel = 1
logged
    = \[error\].*: cannot read 1 of the records it had to, the first is "default imp_1" in "intents"
load intents
    = default\00imp_1
    = {"refund_id":"01a20095-2cd1-71ca-a430-96efa2decc9f","state":"manual_review","amount":300,"currency":"KRW"}
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = manual_review
    -> .refunds[0].amount = 300
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = 01a20095-2cd1-71ca-a430-96efa2decc9f



=== TEST 2: a record of a key that cannot be read holds up its key only
--- payments eval: ::payments(3)
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    Idempotency-Key: before
    -> 200
load idempotency
    = default\00old
    = {
load idempotency_expiry
    = \00\00\00\00\00\00\03\e8default\00old
    = 
refund {"merchant_uid": "order_1", "amount": 200}
    Idempotency-Key: other
    -> 200
refund {"merchant_uid": "order_1", "amount": 200}
    Idempotency-Key: other
    -> 200
    -> Idempotent-Replayed: true
refund {"merchant_uid": "order_2", "amount": 200}
    Idempotency-Key: old
    -> 503 store_unavailable
refund {"merchant_uid": "order_2", "amount": 200}
    Idempotency-Key: new
    -> 200
$ mdb_dump -p -s idempotency_expiry $TEST_NGINX_STORE | grep -c 00old
    -> exit 1
$ mdb_dump -p -s idempotency $TEST_NGINX_STORE | grep -A1 00old
    -> body ~ \n \{\n\z
logged
    = \[error\].*: cannot read 1 of the records it had to, the first is "default" in "idempotency"
ledger
    -> .payments.imp_1.executions = 2
    -> .payments.imp_2.executions = 1



=== TEST 3: a refund is settled though the record of its key cannot be read
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "gate", "name": "cancel"}
[slow] refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
waiting cancel 1
load idempotency
    = default\00key-1
    = {
open cancel
await slow
    -> 200
    -> .refundable_amount = 700
GET /payments/order_1
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 700
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 503 store_unavailable
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 400



=== TEST 4: a payment that cannot be read holds up itself, and the log says so
--- payments eval: ::payments(2)
--- locations
        location /write/ {
            portone_payment write;
        }
        location /export/ {
            portone_match pg_provider inicis;
            portone_payment write;
        }
--- steps
GET /payments/order_1
    -> 200
load payments
    = default\00imp_1
    = {"buyer_tel":"canary"
refund {"merchant_uid": "order_1", "amount": 300}
    -> 503 store_unavailable
refund {"imp_uid": "imp_1"}
    -> 503 store_unavailable
GET /payments/order_1
    -> 503 store_unavailable
refund {"merchant_uid": "order_2", "amount": 300}
    -> 200
logged
    = \[error\].*: cannot read 1 of the records it had to, the first is "default imp_1" in "payments"
$ grep -c canary $TEST_NGINX_ROOT/logs/error.log
    -> exit 1
ledger
    -> .calls.cancel = 1
PUT /write/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 503 store_unavailable
GET /export/
    Accept: application/x-ndjson
    -> 200
$ grep -c 'cannot read .* "default imp_1" in "payments"' $TEST_NGINX_ROOT/logs/error.log
    -> body ~ ^[5-9]$
load payments
    = default\00imp_1
    = {"imp_uid":"imp_1","merchant_uid":"order_1","amount":1000,"cancel_amount":0,"currency":"KRW","status":"paid"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 700



=== TEST 5: a payment that cannot be read is replaced by PortOne's in time
--- payments eval: ::payments(1)
--- http_config
portone_drift_interval 1s;
--- steps
GET /payments/order_1
    -> 200
load payments
    = default\00imp_1
    = {
within 15s refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 700
