# How long the answer of an Idempotency-Key is kept.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Outcome;

# nothing but the requests themselves settles what is open

our $unasked = <<'END';
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1h;
END

# the only record, as JSON

our $record = <<'END';
$ mdb_dump -p -s idempotency $TEST_NGINX_STORE | sed -n 's/\\\\"/\\"/g; s/^ {/{/p'
    -> .expires_at as expires
END

our $expired = <<'END';
within 10s $ test $(date +%s) -ge {{expires}}
END

sub records {
    return join '', map { <<END } 'idempotency', 'idempotency_expiry';
\$ test \$(mdb_stat -s $_ \$TEST_NGINX_STORE | sed -n 's/ *Entries: //p') = $_[0]
END
}

run_tests();

__DATA__

=== TEST 1: an answer is kept for a day
--- payments eval: ::payments(1)
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
GET /payments/order_1
    -> .refunds[0].settled_at as settled
record
$ echo $(({{expires}} - {{settled}}))
    -> body ~ ^86400$
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
records 1



=== TEST 2: an answer is kept for the time of its location
--- payments eval: ::payments(2)
--- http_config
portone_idempotency_ttl 2h;
--- cancel
            portone_idempotency_ttl 90m;
--- locations
location = /other/cancel { portone_cancel; }
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
GET /payments/order_1
    -> .refunds[0].settled_at as settled
$ mdb_dump -p -s idempotency $TEST_NGINX_STORE | sed -n 's/\\\\"/\\"/g; s/^ {/{/p'
    -> .expires_at as expires
$ echo $(({{expires}} - {{settled}}))
    -> body ~ ^5400$
POST /other/cancel {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    -> 200
GET /payments/order_2
    -> .refunds[0].settled_at as settled
$ mdb_dump -p -s idempotency $TEST_NGINX_STORE | sed -n 's/\\\\"/\\"/g; s/^ {/{/p' | tail -n 1
    -> .expires_at as expires
$ echo $(({{expires}} - {{settled}}))
    -> body ~ ^7200$



=== TEST 3: a key can be used again when its time is over
--- payments eval: ::payments(1)
--- cancel
            portone_idempotency_ttl 1s;
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Portone-Refund-Id as first
record
expired
refund {"merchant_uid": "order_1", "amount": 200}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
    -> .refundable_amount = 500
    -> Portone-Refund-Id as second
GET /payments/order_1
    -> .refunds # 2
    -> .refunds[0].refund_id = {{first}}
    -> .refunds[1].refund_id = {{second}}
ledger
    -> .payments.imp_1.executions = 2
record
records 1



=== TEST 4: an answer that came late is kept as long as any other
--- payments eval: ::payments(1)
--- http_config eval: $::unasked
--- cancel
            portone_idempotency_ttl 2s;
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 504 outcome_unknown
    -> .refund_id as id
record
expired
within 10s refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
    -> .refundable_amount = 700
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
    -> .refunds[0].settled_at as settled
$ mdb_dump -p -s idempotency $TEST_NGINX_STORE | sed -n 's/\\\\"/\\"/g; s/^ {/{/p'
    -> .expires_at as expires
$ echo $(({{expires}} - {{settled}}))
    -> body ~ ^2$
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 5: the key of a refund that is open is kept, however long it takes
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000 async=on
imp_uid=imp_3 merchant_uid=order_3 amount=1000
imp_uid=imp_4 merchant_uid=order_4 amount=1000
--- cancel
            portone_idempotency_ttl 1s;
--- steps
fault {"call": "cancel", "fault": "lose_answer", "imp_uid": "imp_1"}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 504 outcome_unknown
    -> .refund_id as one
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    -> 202
    -> .refund_id as two
    -> body as accepted
fault [{"call": "cancel", "fault": "refuse", "code": -1, "message": "no"},
    | {"call": "payment", "fault": "gate", "name": "reread"}]
[three] refund {"merchant_uid": "order_3", "amount": 300}
    Idempotency-Key: key-3
waiting reread 1
$ mdb_dump -p -s idempotency $TEST_NGINX_STORE | sed -n 's/\\\\"/\\"/g; s/^ {/{/p' | tail -n 1
    -> .answer = null
    -> .expires_at as expires
expired
# this one clears away what has expired
refund {"merchant_uid": "order_4", "amount": 300}
    Idempotency-Key: key-4
    -> 200
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 409 refund_in_progress
    -> .refund_id = {{one}}
refund {"merchant_uid": "order_1", "amount": 301}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    -> 202
    -> Idempotent-Replayed: true
    -> body = {{accepted}}
refund {"merchant_uid": "order_3", "amount": 300}
    Idempotency-Key: key-3
    -> 409 refund_in_progress
open reread
await three
    -> 422 refund_rejected
ledger
    -> .calls.cancel = 4
records 4



=== TEST 6: what has expired is cleared away by the requests that come after it
--- payments eval: ::payments(4)
--- cancel
            portone_idempotency_ttl 1s;
--- locations
location = /other/cancel { portone_cancel; }
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    -> 200
refund {"merchant_uid": "order_3", "amount": 300}
    Idempotency-Key: key-3
    -> 200
$ mdb_dump -p -s idempotency $TEST_NGINX_STORE | sed -n 's/\\\\"/\\"/g; s/^ {/{/p' | tail -n 1
    -> .expires_at as expires
expired
POST /other/cancel {"merchant_uid": "order_4", "amount": 300}
    Idempotency-Key: key-4
    -> 200
$ mdb_dump -p -s idempotency $TEST_NGINX_STORE | grep -c '^ default.00key-4$'
    -> body ~ ^1$
records 1
