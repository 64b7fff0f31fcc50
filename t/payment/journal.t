# The journal: what it tells, what it does not, and that who replays it has
# the payments that are stored.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Outcome;

# as fast as the limits of the directives allow

our $quick = <<'END';
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
END

# entry N, as it was appended

sub entry {
    my $n = shift;

    return "\$ mdb_dump -p -s journal \$TEST_NGINX_STORE"
        . " | sed -n 's/^ {/{/p' | sed -n ${n}p\n";
}

# a copy of the store, which is not in use, without the journal

our $without_journal = <<'END';
stop
$ cd $TEST_NGINX_STORE && mv data.mdb old.mdb && for db in payments merchant_uids intents attempts idempotency idempotency_expiry meta; do mdb_dump -n -s $db old.mdb | mdb_load -n -s $db data.mdb || exit; done; rm old.mdb*; chown --reference=open.lock data.mdb
END

# changes the text of a stored payment

sub forge {
    my $change = shift;

    return "\$ mdb_dump -p -s payments \$TEST_NGINX_STORE | sed '$change'"
        . " | mdb_load -s payments \$TEST_NGINX_STORE\n";
}

run_tests();

__DATA__

=== TEST 1: a payment that was read, and a refund of it, are an entry each
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pg_tid=T1
--- steps
refund {"merchant_uid": "order_1", "amount": 300, "reason": "two of three"}
    -> 200
    -> Portone-Refund-Id as id
    -> .cancel_history[0].cancellation_id as cancellation
entry 1
    -> .kind = deposit
    -> .time > 1700000000
    -> .merchant = default
    -> .imp_uid = imp_1
    -> .merchant_uid = order_1
    -> .refund_id absent
    -> .payment.amount = 1000
    -> .payment.cancel_amount = 0
    -> .payment.status = paid
    -> .payment.currency = KRW
    -> .payment.cancel_history = []
entry 2
    -> .kind = settle
    -> .time > 1700000000
    -> .imp_uid = imp_1
    -> .merchant_uid = order_1
    -> .refund_id = {{id}}
    -> .state = succeeded
    -> .amount = 300
    -> .currency = KRW
    -> .code = 0
    -> .cancellation_id = {{cancellation}}
    -> .reason absent
    -> .payment.amount = 1000
    -> .payment.cancel_amount = 300
    -> .payment.pg_tid = T1
    -> .payment.cancel_history # 1
    -> .payment.cancel_history[0].amount = 300
    -> .payment.cancel_history[0].cancellation_id = {{cancellation}}
    -> .payment.cancel_history[0].cancelled_at > 1700000000
    -> .payment.cancel_history[0].reason absent
$ mdb_dump -s journal $TEST_NGINX_STORE | grep '^ 0000' | head -2
    -> body ~ \A 0000000000000001\n 0000000000000002\n\z
GET /payments/order_1
    -> .refundable_amount = 700
$ t/tools/journal-check $TEST_NGINX_STORE
    -> body ~ \A2 entries, 1 payments, 0 of them older than the journal: 0 differences\n\z



=== TEST 2: whatever comes of a refund, the journal rebuilds the payments
--- payments eval: ::payments(4)
--- http_config eval: $::quick
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
refund {"merchant_uid": "order_1"}
    -> 200
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "no"}
refund {"merchant_uid": "order_2", "amount": 300}
    -> 422 refund_rejected
fault {"call": "cancel", "imp_uid": "imp_3", "fault": "lose_answer"}
refund {"merchant_uid": "order_3", "amount": 300}
    -> 504 outcome_unknown
fault {"call": "cancel", "imp_uid": "imp_4", "fault": "lose_request"}
refund {"merchant_uid": "order_4", "amount": 300}
    -> 504 outcome_unknown
$ t/tools/journal-check $TEST_NGINX_STORE
    -> body ~ \A7 entries, 4 payments, 0 of them older than the journal: 0 differences\n\z
crash workers
within 15s $ mdb_dump -p -s journal $TEST_NGINX_STORE | grep -c settle.*imp_[34]
    -> body ~ \A2\n\z
$ mdb_dump -p -s journal $TEST_NGINX_STORE | sed -n 's/.*settle.*\(imp_.\).*"state":"\([a-z_]*\)".*/\1 \2/p' | sort
    -> body ~ \Aimp_1 succeeded\nimp_1 succeeded\nimp_2 rejected\nimp_3 succeeded\nimp_4 not_executed\n\z
$ t/tools/journal-check $TEST_NGINX_STORE
    -> body ~ \A9 entries, 4 payments, 0 of them older than the journal: 0 differences\n\z



=== TEST 3: nothing of the buyer stands in the journal
--- steps
POST /sandbox/_sandbox/payments {"imp_uid": "imp_1", "merchant_uid": "order_1",
    | "amount": 1000, "pay_method": "vbank", "name": "Canary goods",
    | "buyer_name": "Canary Kim", "buyer_tel": "010-9999-8888",
    | "buyer_email": "canary@example.com", "buyer_addr": "Canary street",
    | "vbank_num": "98765432101234", "vbank_holder": "Canary Kim",
    | "card_number": "4111-canary", "custom_data": "{\"who\": \"Canary\"}",
    | "customer_uid": "canary-uid"}
POST /payments/cancel {"merchant_uid": "order_1", "amount": 300,
    | "reason": "Canary has changed her mind", "refund_holder": "Canary Kim",
    | "refund_bank": "04", "refund_account": "11112222333344",
    | "refund_tel": "01099997777"}
    Idempotency-Key: canary-key
    -> 200
$ mdb_dump -p -s payments $TEST_NGINX_STORE | grep -c 'Canary Kim.*010-9999-8888'
$ mdb_dump -p -s journal $TEST_NGINX_STORE | grep -c '"imp_uid":"imp_1"'
    -> body ~ \A2\n\z
$ mdb_dump -p -s journal $TEST_NGINX_STORE | grep -i -e canary -e 9999 -e 98765432101234 -e 11112222333344
    -> exit 1
$ t/tools/journal-check $TEST_NGINX_STORE
    -> body ~ : 0 differences\n\z



=== TEST 4: a store without a journal gets one
--- payments eval: ::payments(2)
--- steps
GET /payments/order_1
    -> 200
GET /payments/order_2
    -> 200
without_journal
$ t/tools/journal-check $TEST_NGINX_STORE
    -> exit 2
    -> body ~ opening the database "journal" failed
start
$ mdb_dump -p -s meta $TEST_NGINX_STORE | sed -n '/^HEADER=END/,$p'
    -> body ~ \AHEADER=END\n format\n 1\n unjournaled\n 2\nDATA=END\n\z
$ t/tools/journal-check $TEST_NGINX_STORE
    -> body ~ \A0 entries, 2 payments, 2 of them older than the journal: 0 differences\n\z
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 700
reload
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 400
$ t/tools/journal-check $TEST_NGINX_STORE
    -> body ~ \A2 entries, 2 payments, 1 of them older than the journal: 0 differences\n\z



=== TEST 5: what was changed by hand is a difference
--- payments eval: ::payments(2)
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
refund {"merchant_uid": "order_2", "amount": 300}
    -> 200
$ t/tools/journal-check $TEST_NGINX_STORE
    -> body ~ \A4 entries, 2 payments, 0 of them older than the journal: 0 differences\n\z
forge
    = /imp_1.,/s/"cancel_amount":300/"cancel_amount":200/
$ t/tools/journal-check $TEST_NGINX_STORE
    -> exit 1
    -> body ~ \Adefault imp_1 differs in "cancel_amount" from entry 2\n.*: 1 differences\n\z
forge
    = s/"cancel_amount":200/"cancel_amount":300/; s/00imp_2/00imp_3/
$ t/tools/journal-check $TEST_NGINX_STORE
    -> exit 1
    -> body ~ \Adefault imp_3 is not in the journal\n.*: 1 differences\n\z
$ mdb_dump -p -s journal $TEST_NGINX_STORE | sed 's/"pay_method"/"buyer_name"/; s/00.04$/00\\05/' | mdb_load -s journal $TEST_NGINX_STORE
$ t/tools/journal-check $TEST_NGINX_STORE
    -> exit 1
    -> body ~ entry 1 has the member "buyer_name"\n
    -> body ~ entry 5 has the member "buyer_name"\n
