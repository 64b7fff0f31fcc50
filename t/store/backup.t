# A backup with mdb_copy while nginx works, and what comes of the store when it
# is put back: docs/operations.md.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;

# blocks run one after the other, each with a backup of its own

my $backups = 0;

add_block_preprocessor(sub {
    $ENV{TEST_NGINX_BACKUP} = conf_root() . '.stores/backup-' . ++$backups;
});

# as fast as the limits of the directives allow

our $quick = <<'END';
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
END

our $locations = <<'END';
        location /shop/ {
            client_max_body_size 0;
            portone_payment write;
        }

        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
END

$ENV{TEST_NGINX_URL} = "http://127.0.0.1:$ENV{TEST_NGINX_SERVER_PORT}";

# the backup takes the place of the store, by a reload: the sandbox goes on as
# PortOne would. It belongs to the user of the workers.

our $restore = <<'END';
$ chown -R --reference=$TEST_NGINX_STORE $TEST_NGINX_BACKUP && sed -i "s#portone_store [^ ;]*#portone_store $TEST_NGINX_BACKUP#" $TEST_NGINX_ROOT/conf/nginx.conf
reload
old workers gone
END

our $copy = <<'END';
$ rm -rf $TEST_NGINX_BACKUP && mkdir $TEST_NGINX_BACKUP && mdb_copy -c $TEST_NGINX_STORE $TEST_NGINX_BACKUP
END

run_tests();

__DATA__

=== TEST 1: what happened after the backup is found out again
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
imp_uid=imp_3 merchant_uid=order_3 amount=1000
imp_uid=imp_4 merchant_uid=order_4 amount=1000
--- http_config eval: $::quick
--- locations eval: $::locations
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
refund {"merchant_uid": "order_2", "amount": 100}
    -> 200
GET /shop/order_3
    -> 200

# this one is under way while the copy is made

fault {"call": "cancel", "imp_uid": "imp_3", "fault": "gate_after", "name": "held"}
[open] refund {"merchant_uid": "order_3", "amount": 100}
waiting held 1
copy
drop open
open held
refund {"merchant_uid": "order_2", "amount": 200}
    -> 200
    -> .refundable_amount = 700
refund {"merchant_uid": "order_4", "amount": 300}
    -> 200
restore

# the open one is settled

within 12s GET /stored/order_3
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 900

# what was complete is complete

GET /stored/order_1
    -> .refundable_amount = 900
    -> .refunds # 1

# the refund after the copy is not known; the one that is asked for now is
# refused by PortOne, because the balance is not the one it believes in

GET /stored/order_2
    -> .refundable_amount = 900
    -> .refunds # 1
refund {"merchant_uid": "order_2", "amount": 800}
    -> 409 checksum_mismatch
    -> .refundable_amount = 700
ledger
    -> .payments.imp_2.executions = 2
GET /stored/order_2
    -> .refundable_amount = 700

# nor is the payment that came after it

GET /stored/order_4
    -> 404
POST /shop/order_4/sync
    -> 200
    -> .refundable_amount = 700



=== TEST 2: a copy that was made during an import is whole, and in its order
--- locations eval: $::locations
--- steps
$ perl -e 'for (1 .. 20000) { printf qq({"imp_uid":"imp_%05d","merchant_uid":"order_%05d","amount":%d,"cancel_amount":0,"currency":"KRW","status":"paid"}\n), $_, $_, $_ }' > $TEST_NGINX_STORE.in
$ (curl -s -o /dev/null -T - -X POST -H 'Content-Type: application/x-ndjson' $TEST_NGINX_URL/shop/ < $TEST_NGINX_STORE.in &)
within 5s GET /stored/order_00001
    -> 200
copy
$ t/tools/journal-check $TEST_NGINX_BACKUP
within 10s GET /stored/order_20000
    -> 200
restore
$ curl -s -H 'Accept: application/x-ndjson' $TEST_NGINX_URL/shop/ > $TEST_NGINX_STORE.out
$ head -n $(wc -l < $TEST_NGINX_STORE.out) $TEST_NGINX_STORE.in | cmp - $TEST_NGINX_STORE.out

# the rest of it once more

$ curl -s -T - -X POST -H 'Content-Type: application/x-ndjson' $TEST_NGINX_URL/shop/ < $TEST_NGINX_STORE.in
    -> .stored = 20000
    -> .rejected = 0



=== TEST 3: all payments are brought up to date, one after the other
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
imp_uid=imp%3 merchant_uid=order_3 amount=1000
--- locations eval: $::locations
--- steps
GET /shop/order_1
    -> 200
GET /shop/order_2
    -> 200
GET /shop/order_3
    -> 200
copy
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
refund {"merchant_uid": "order_3", "amount": 400}
    -> 200
restore
$ curl -s -H 'Accept: application/x-ndjson' $TEST_NGINX_URL/shop/ | jq -r '.imp_uid | @uri' | while read -r imp_uid; do curl -s -f -o /dev/null -w '%{http_code}\n' -X POST "$TEST_NGINX_URL/shop/sync?imp_uid=$imp_uid" || exit; done
    -> body ~ ^200\n200\n200\n$
GET /stored/order_1
    -> .refundable_amount = 900
GET /stored/order_2
    -> .refundable_amount = 1000
GET /stored/order_3
    -> .refundable_amount = 600
