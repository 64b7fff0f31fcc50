# What comes of open refunds: the reconciler reads PortOne when their time has
# come, and settles them by what is there.

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

# a reading that asks PortOne nothing, and so settles nothing itself

our $stored = <<'END';
        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
END

# The refund of 300 won of order_N is lost, with or without being made.
# Nothing can be read until the faults are deleted, so that the block has all
# the time it needs for what happens at PortOne meanwhile.

sub lost {
    my ($n, $fault) = @_;

    return arm(call => 'cancel', imp_uid => "imp_$n", fault => $fault) . <<END
refund {"merchant_uid": "order_$n", "amount": 300, "reason": "why"}
    -> 504 outcome_unknown
    -> .refund_id as id$n
END
}

# order_N, with this left of 1000 won, is locked until a person settles it,
# and nobody asks PortOne about it any more

sub reviewed {
    my ($n, $left) = @_;

    return <<END
within 15s GET /stored/order_$n
    -> .refunds[-1].refund_id = {{id$n}}
    -> .refunds[-1].state = manual_review
    -> .refunds[-1].settled_at = null
    -> .refunds[-1].cancellation_id = null
    -> .refundable_amount = $left
ledger ?call=payment&imp_uid=imp_$n
    -> .requests as reads$n
refund {"merchant_uid": "order_$n", "amount": 100}
    -> 409 refund_in_progress
    -> .refund_id = {{id$n}}
    -> Retry-After: 5
refund {"imp_uid": "imp_$n"}
    -> 409 refund_in_progress
GET /stored/order_$n
    -> .refunds[-1].state = manual_review
ledger ?call=payment&imp_uid=imp_$n
    -> .requests = {{reads$n}}
ledger ?call=cancel&imp_uid=imp_$n
    -> .requests[-1].body ~ "amount":300
\$ grep -c '\\[error\\].* open refund {{id$n}} is manual_review' \$TEST_NGINX_ROOT/logs/error.log
    -> body ~ ^1\$
END
}

run_tests();

__DATA__

=== TEST 1: a refund whose answer was lost is found at PortOne and settled as succeeded
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300, "reason": "변심"}
    -> 504 outcome_unknown
    -> .refund_id as id
within 10s sandbox GET ledger?call=payment
    -> .requests # 1
within 5s GET /stored/order_1
    -> .refunds[0].state = succeeded
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = succeeded
    -> .refunds[0].amount = 300
    -> .refunds[0].reason = 변심
    -> .refunds[0].settled_at > 1700000000
    -> .refunds[0].cancellation_id as proof
    -> .cancel_history[0].cancellation_id = {{proof}}
    -> .cancel_amount = 300
    -> .refundable_amount = 700
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 400
GET /stored/order_1
    -> .refunds # 2
ledger
    -> .calls.payment = 1
    -> .calls.cancel = 2
    -> .payments.imp_1.executions = 2



=== TEST 2: a refund that PortOne never executed is settled as not executed
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
fault {"call": "cancel", "fault": "lose_request"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
within 10s sandbox GET ledger?call=payment
    -> .requests # 1
within 5s GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = not_executed
    -> .refunds[0].settled_at > 1700000000
    -> .refunds[0].cancellation_id = null
    -> .refundable_amount = 1000
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
ledger
    -> .calls.payment = 1
    -> .payments.imp_1.executions = 1



=== TEST 3: a refund that PortOne refused without telling the balance is settled as rejected
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
fault [{"call": "cancel", "fault": "refuse", "code": -1, "message": "한도 초과"},
    | {"call": "payment", "fault": "status", "status": 503}]
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
within 15s GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = rejected
    -> .refunds[0].code = -1
    -> .refunds[0].message = 한도 초과
    -> .refunds[0].settled_at > 1700000000
    -> .refundable_amount = 1000
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
ledger
    -> .calls.cancel = 2
    -> .payments.imp_1.executions = 1



=== TEST 4: a refund that PortOne finishes later is settled when it shows
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 async=on
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 202
    -> .state = pending
    -> .refund_id as id
within 15s sandbox GET ledger?call=payment
    -> .requests # 1
within 5s $ mdb_dump -p -s intents $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .state = pending
    -> .tries = 1
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].state = pending
    -> .refunds[0].settled_at = null
    -> .refundable_amount = 1000
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
sandbox POST payments/imp_1/finish
within 15s GET /stored/order_1
    -> .refunds[0].state = succeeded
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].code = 0
    -> .refunds[0].cancellation_id as proof
    -> .cancel_history[0].cancellation_id = {{proof}}
    -> .refundable_amount = 700
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 5: a refund that PortOne accepted and does not make stays pending
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 async=on
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 202
    -> .refund_id as id
sandbox POST payments/imp_1/finish {"success": false}
within 15s $ mdb_dump -p -s intents $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .tries >= 2
    -> .state = pending
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].state = pending
    -> .refundable_amount = 1000
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 0



=== TEST 6: whatever else has happened to the payment, the refund is left to a person
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
imp_uid=imp_3 merchant_uid=order_3 amount=1000
imp_uid=imp_4 merchant_uid=order_4 amount=1000
imp_uid=imp_5 merchant_uid=order_5 amount=1000
imp_uid=imp_6 merchant_uid=order_6 amount=1000
imp_uid=imp_7 merchant_uid=order_7 amount=1000 async=on
imp_uid=imp_8 merchant_uid=order_8 amount=1000
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
refund {"merchant_uid": "order_5", "amount": 200}
    -> 200
refund {"merchant_uid": "order_6", "amount": 200}
    -> 200
fault {"call": "payment", "fault": "status", "status": 503, "times": 0}
lost 1 lose_request
lost 2 lose_request
lost 3 lose_answer
lost 4 lose_answer
lost 5 lose_request
lost 6 lose_answer
refund {"merchant_uid": "order_7", "amount": 300}
    -> 202
    -> .refund_id as id7
# refused, and one like it is there
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "no"}
refund {"merchant_uid": "order_8", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id8
sandbox POST payments/imp_8/console {"amount": 300}
# the same sum by hand; another sum by hand; one like ours beside ours
sandbox POST payments/imp_1/console {"amount": 300, "reason": "by hand"}
sandbox POST payments/imp_2/console {"amount": 200, "reason": "why"}
sandbox POST payments/imp_3/console {"amount": 300, "reason": "why"}
# ours and another sum; an earlier one undone; the payment not there any more
sandbox POST payments/imp_4/console {"amount": 200, "reason": "by hand"}
sandbox POST payments/imp_5/undo
sandbox POST payments {"imp_uid": "imp_6", "merchant_uid": "order_6",
    | "amount": 1000, "account": "another"}
sandbox POST payments/imp_7/console {"amount": 100}
sandbox DELETE faults
reviewed 1 700
reviewed 2 800
reviewed 3 400
reviewed 4 500
reviewed 5 1000
reviewed 6 800
reviewed 7 900
reviewed 8 700
# the reconciler lets them alone while it settles others
sandbox POST payments {"imp_uid": "imp_9", "merchant_uid": "order_9",
    | "amount": 1000}
lost 9 lose_answer
within 15s GET /stored/order_9
    -> .refunds[0].state = succeeded
ledger ?call=payment&imp_uid=imp_1
    -> .requests = {{reads1}}
ledger ?call=payment&imp_uid=imp_6
    -> .requests = {{reads6}}



=== TEST 7: a refund that was made and undone again leaves the order as it was
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
fault {"call": "payment", "fault": "status", "status": 503, "times": 0}
lost 1 lose_answer
sandbox POST payments/imp_1/undo
sandbox DELETE faults
within 15s GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id1}}
    -> .refunds[0].state = not_executed
    -> .refundable_amount = 1000
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 700



=== TEST 8: the record of a settled refund has what its outcome was concluded from
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
refund {"merchant_uid": "order_1", "amount": 200}
    -> 200
    -> .cancel_history[0].cancellation_id as earlier
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
within 10s GET /stored/order_1
    -> .refunds[1].state = succeeded
    -> .refunds[1].cancellation_id as proof
$ mdb_stat -s intents $TEST_NGINX_STORE
    -> body ~ Entries: 0\n
$ mdb_dump -p -s attempts $TEST_NGINX_STORE | grep -A1 '^ default.00imp_1.00{{id}}$' | sed -n 's/^ {/{/p'
    -> .refund_id = {{id}}
    -> .state = succeeded
    -> .cancellation_id = {{proof}}
    -> .before.amount = 1000
    -> .before.cancel_amount = 200
    -> .before.cancellations = ["{{earlier}}"]
    -> .after.amount = 1000
    -> .after.cancel_amount = 500
    -> .after.cancellations = ["{{earlier}}","{{proof}}"]



=== TEST 9: PortOne is not asked before portone_settle_time is over
--- payments eval: ::payments(2)
--- http_config
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 60s;
portone_reconcile_interval 1s;
--- locations eval
$::stored . <<'END'
        location = /soon {
            portone_settle_time 3s;
            portone_cancel;
        }
END
--- steps
fault {"call": "cancel", "fault": "lose_answer", "times": 2}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
POST /soon {"merchant_uid": "order_2", "amount": 300}
    -> 504 outcome_unknown
# seconds go by, and the reconciler is at work
within 10s GET /stored/order_2
    -> .refunds[0].state = succeeded
GET /stored/order_1
    -> .refunds[0].state = unknown
    -> .refunds[0].settled_at = null
    -> .refundable_amount = 1000
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
    -> Retry-After: ~ ^[1-5]\d$
ledger ?call=payment&imp_uid=imp_1
    -> .requests # 0
ledger
    -> .payments.imp_1.executions = 1



=== TEST 10: however many refunds are open, all of them are settled, each once
--- payments eval: ::payments(40)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps eval
::arm(call => 'cancel', fault => 'lose_answer', times => 20)
. ::arm(call => 'cancel', fault => 'lose_request', times => 20)
. ::numbered(sub { <<END }, 1 .. 40)
refund {"merchant_uid": "order_$_[0]", "amount": 300}
    -> 504 outcome_unknown
END
. <<'END'
within 30s $ mdb_stat -s intents $TEST_NGINX_STORE
    -> body ~ Entries: 0\n
$ mdb_stat -s attempts $TEST_NGINX_STORE
    -> body ~ Entries: 40\n
$ mdb_dump -p -s attempts $TEST_NGINX_STORE | grep -c '"state":"succeeded"'
    -> body ~ ^20$
$ mdb_dump -p -s attempts $TEST_NGINX_STORE | grep -c '"state":"not_executed"'
    -> body ~ ^20$
ledger ?requests=0
    -> .calls.payment = 40
    -> .calls.cancel = 40
    -> .cancels_executed = 20
END



=== TEST 11: a refund that takes long to settle is not read a second time meanwhile
--- payments eval: ::payments(2)
--- http_config
portone_connect_timeout 500ms;
portone_read_timeout 7500ms;
portone_settle_time 10s;
portone_reconcile_interval 1s;
--- locations eval: $::stored
--- steps
fault [{"call": "cancel", "fault": "lose_answer", "times": 2},
    | {"call": "payment", "imp_uid": "imp_1", "fault": "gate", "name": "read"},
    | {"call": "payment", "imp_uid": "imp_2", "fault": "status", "status": 503}]
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
refund {"merchant_uid": "order_2", "amount": 300}
    -> 504 outcome_unknown
within 20s waiting read 1
# this takes a second look
within 15s GET /stored/order_2
    -> .refunds[0].state = succeeded
ledger ?call=payment&imp_uid=imp_1
    -> .requests # 1
open read
within 5s GET /stored/order_1
    -> .refunds[0].state = succeeded
ledger ?call=payment&imp_uid=imp_1
    -> .requests # 1
