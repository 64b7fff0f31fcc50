# A refund that cannot be settled because PortOne is not reached, fails, or
# refuses the keys stays open, and is looked at again after a pause.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Outcome;
use Test::Portone::Remote;

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

our $sandbox = "http://127.0.0.1:$ENV{TEST_NGINX_PORT_9}/_sandbox";

# the intent, as JSON

our $intent = q($ mdb_dump -p -s intents $TEST_NGINX_STORE)
    . q( | sed -n 's/^ {/{/p');

# Each [fault...] meets the reading of an order of its own, whose refund was
# made. All of them are put off once, and then settled.

sub put_off {
    my @faults = @_;
    my $all = @faults;

    return arm(call => 'cancel', fault => 'lose_answer', times => $all)
        . numbered(sub { arm(call => 'payment', imp_uid => "imp_$_[0]",
                             item($_[1])) . <<END }, @faults)
refund {"merchant_uid": "order_$_[0]", "amount": 300}
    -> 504 outcome_unknown
END
        . <<END
within 30s \$ mdb_stat -s intents \$TEST_NGINX_STORE
    -> body ~ Entries: 0\\n
sandbox GET faults
    -> .faults # 0
\$ mdb_dump -p -s attempts \$TEST_NGINX_STORE | grep -c '"state":"succeeded".*"tries":1[,}]'
    -> body ~ ^$all\$
ledger ?requests=0
    -> .calls.cancel = $all
    -> .cancels_executed = $all
END
        . numbered(sub { <<END }, @faults);
GET /stored/order_$_[0]
    -> .refunds # 1
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 700
END
}

run_tests();

__DATA__

=== TEST 1: an answer to the reading that means nothing settles nothing
--- payments eval: ::payments(8)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
put_off
    = [{"fault":"status","status":503}]
    # from somebody on the way: it does not say that there is no such payment
    = [{"fault":"status","status":404}]
    = [{"fault":"garbage"}]
    = [{"bytes":100,"fault":"truncate"}]
    = [{"code":-1,"fault":"refuse","message":"no"}]
    = [{"fault":"no_response"}]
    = [{"fault":"other_payment"}]
    = [{"body":"{\"code\":0,\"response\":{\"imp_uid\":\"imp_8\"}}","fault":"body"}]



=== TEST 2: no answer to the reading settles nothing
--- payments eval: ::payments(4)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
put_off
    = [{"fault":"lose_request"}]
    = [{"fault":"lose_answer"}]
    = [{"fault":"hang"}]
    = [{"fault":"slow","ms":50}]



=== TEST 3: a token that has ended is renewed, and the refund settled
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
sandbox POST tokens/expire
within 15s GET /stored/order_1
    -> .refunds[0].state = succeeded
$ mdb_dump -p -s attempts $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .state = succeeded
    -> .tries absent
ledger
    -> .calls.token = 2
    -> .calls.payment = 2
    -> .calls.cancel = 1



=== TEST 4: a refund stays open while PortOne refuses a fresh token
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
fault [{"call": "cancel", "fault": "lose_answer"},
    | {"call": "payment", "fault": "unauthorized", "times": 2}]
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
within 15s {{intent}}
    -> .tries = 1
    -> .state = unknown
within 15s GET /stored/order_1
    -> .refunds[0].state = succeeded
ledger
    -> .calls.payment = 3
    -> .calls.cancel = 1



=== TEST 5: a refund stays open while PortOne refuses the keys
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
fault {"call": "token", "fault": "unauthorized", "times": 0}
sandbox POST tokens/expire
within 15s {{intent}}
    -> .tries = 1
    -> .state = unknown
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
GET /stored/order_1
    -> .refunds[0].state = unknown
sandbox DELETE faults
within 15s GET /stored/order_1
    -> .refunds[0].state = succeeded
GET /stored/order_1
    -> .refunds # 1
    -> .refundable_amount = 700
ledger
    -> .calls.cancel = 1



=== TEST 6: the pause between two looks grows, and outlives the worker that looks
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
fault [{"call": "cancel", "fault": "lose_answer"},
    | {"call": "payment", "fault": "status", "status": 503, "times": 0}]
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
{{intent}}
    -> .state = unknown
    -> .tries absent
within 10s {{intent}}
    -> .tries >= 1
crash workers
within 15s ledger ?call=payment
    -> .requests[3] present
    -> .requests[2].at as third
    -> .requests[3].at as fourth
# 4 seconds, of which one can be begun already
$ test $(( {{fourth}} - {{third}} )) -ge 3000
within 5s {{intent}}
    -> .tries >= 4
    -> .state = unknown
    -> .settle_at as next
# 8 seconds
$ test $(( {{next}} * 1000 - {{fourth}} )) -ge 7000
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
sandbox DELETE faults
within 20s GET /stored/order_1
    -> .refunds[0].state = succeeded
GET /stored/order_1
    -> .refunds # 1
    -> .refundable_amount = 700
ledger
    -> .calls.cancel = 1



=== TEST 7: nobody is there in the place of PortOne, and then it is back
--- http_config eval
'portone_api http://127.0.0.1:$TEST_NGINX_PORT_9;' . "\n$::quick"
--- locations eval: $::stored
--- steps
portone start
POST {{sandbox}}/payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
POST {{sandbox}}/faults {"call": "cancel", "fault": "lose_request"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
portone stop
within 15s {{intent}}
    -> .tries >= 1
    -> .state = unknown
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
portone start
POST {{sandbox}}/payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
within 15s GET /stored/order_1
    -> .refunds[0].state = not_executed
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 700
GET {{sandbox}}/ledger
    -> .payments.imp_1.executions = 1
