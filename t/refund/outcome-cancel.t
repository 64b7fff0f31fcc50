# What a refund comes to when PortOne's answer to the cancel is lost or means
# nothing: nobody knows whether it was made, so it is never tried again by
# itself, and never told to have failed.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Outcome;

# a payment as PortOne would answer it after a refund of 300 won of imp_N

sub answered {
    my ($n, %change) = @_;
    my %payment = (
        imp_uid => "imp_$n", merchant_uid => "order_$n", amount => 1000,
        cancel_amount => 300, currency => 'KRW', status => 'paid',
        sandbox => JSON::PP::false(), paid_at => 1700000000,
        pay_method => 'card', cancel_history => [{ amount => 300,
            cancelled_at => 1900000000, reason => '',
            cancellation_id => 'c1', pg_tid => 'p1' }],
        %change,
    );

    for my $name (keys %payment) {
        delete $payment{$name} if !defined $payment{$name};
    }

    return body(response => \%payment);
}

sub body {
    my %answer = (code => 0, message => undef, response => undef, @_);

    return JSON::PP->new->canonical->encode(\%answer);
}

run_tests();

__DATA__

=== TEST 1: a lost request or answer leaves the outcome unknown and the order locked
--- payments eval: ::payments(2)
--- steps
unknown
    = [0,{"fault":"lose_request"}]
    = [1,{"fault":"lose_answer"}]



=== TEST 2: the same on a connection that is used once
--- http_config
portone_keepalive 0;
--- payments eval: ::payments(2)
--- steps
unknown
    = [0,{"fault":"lose_request"}]
    = [1,{"fault":"lose_answer"}]



=== TEST 3: an answer that does not come in time leaves the outcome unknown
--- payments eval: ::payments(3)
--- cancel
            portone_connect_timeout 500ms;
            portone_read_timeout 1s;
--- steps eval
::arm(call => 'cancel', imp_uid => 'imp_1', fault => 'hang')
. ::arm(call => 'cancel', imp_uid => 'imp_2', fault => 'hang_after')
. ::arm(call => 'cancel', imp_uid => 'imp_3', fault => 'slow', ms => 50)
. ::numbered(sub { <<END }, 1 .. 3)
[r$_[0]] refund {"merchant_uid": "order_$_[0]", "cancel_request_amount": 300}
END
. ::numbered(sub { <<END . ::locked($_[0], $_[1]) }, 0, 1, 1)
await r$_[0]
    -> 504 outcome_unknown
    -> .refund_id as id$_[0]
    -> Portone-Refund-Id: {{id$_[0]}}
END



=== TEST 4: an answer that is slow but comes in time is taken
--- payments eval: ::payments(2)
--- steps
fault {"call": "cancel", "fault": "slow", "ms": 1, "imp_uid": "imp_1"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
fault {"call": "cancel", "fault": "delay", "ms": 300, "imp_uid": "imp_2"}
refund {"merchant_uid": "order_2", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_2.executions = 1



=== TEST 5: a 5xx never means that the refund was refused, executed or not
--- payments eval: ::payments(10)
--- steps eval
my $refusal = '{"code":-1,"message":"no","response":null}';

::unknown(
    (map { [0, fault => 'status', status => $_],
           [1, fault => 'status_after', status => $_] } 500, 502, 503, 504),
    [0, fault => 'status', status => 500, body => $refusal],
    [1, fault => 'status_after', status => 500, body => $refusal],
)



=== TEST 6: a 5xx that has a success in it means nothing
--- payments eval: ::payments(2)
--- steps
unknown
    = [0,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":300,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order_1\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body_before","status":500}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":300,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_2\",\"merchant_uid\":\"order_2\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body","status":503}]



=== TEST 7: any other status without PortOne's JSON leaves the outcome unknown
--- payments eval: ::payments(14)
--- steps
unknown
    = [0,{"fault":"status","status":400}]
    = [1,{"fault":"status_after","status":400}]
    = [0,{"fault":"status","status":403}]
    = [1,{"fault":"status_after","status":403}]
    = [0,{"fault":"status","status":404}]
    = [1,{"fault":"status_after","status":404}]
    = [0,{"fault":"status","status":429}]
    = [1,{"fault":"status_after","status":429}]
    = [0,{"fault":"status","status":302}]
    = [1,{"fault":"status_after","status":302}]
    = [0,{"fault":"status","status":200}]
    = [1,{"fault":"status_after","status":200}]
    = [1,{"body":"{\"code\":0}","fault":"status_after","status":400}]
    = [0,{"body":"{\"message\":\"x\"}","fault":"status","status":404}]



=== TEST 8: a 4xx with a code is PortOne's refusal
--- payments eval: ::payments(4)
--- steps
refused
    = [-1,"no 400",{"body":"{\"code\":-1,\"message\":\"no 400\",\"response\":null}","fault":"status","status":400}]
    = [-1,"no 403",{"body":"{\"code\":-1,\"message\":\"no 403\",\"response\":null}","fault":"status","status":403}]
    = [-1,"no 404",{"body":"{\"code\":-1,\"message\":\"no 404\",\"response\":null}","fault":"status","status":404}]
    = [-1,"no 429",{"body":"{\"code\":-1,\"message\":\"no 429\",\"response\":null}","fault":"status","status":429}]



=== TEST 9: an answer that is cut anywhere leaves the outcome unknown
--- payments eval: ::payments(7)
--- steps
unknown
    = [1,{"bytes":0,"fault":"truncate"}]
    = [1,{"bytes":1,"fault":"truncate"}]
    = [1,{"bytes":9,"fault":"truncate"}]
    = [1,{"bytes":10,"fault":"truncate"}]
    = [1,{"bytes":38,"fault":"truncate"}]
    = [1,{"bytes":200,"fault":"truncate"}]
    = [1,{"bytes":400,"fault":"truncate"}]



=== TEST 10: an answer that is not PortOne's JSON leaves the outcome unknown
--- payments eval: ::payments(16)
--- steps
unknown
    = [1,{"fault":"garbage"}]
    = [1,{"body":"","fault":"body"}]
    = [1,{"body":" ","fault":"body"}]
    = [1,{"body":"null","fault":"body"}]
    = [1,{"body":"0","fault":"body"}]
    = [1,{"body":"\"\"","fault":"body"}]
    = [1,{"body":"[]","fault":"body"}]
    = [1,{"body":"{}","fault":"body"}]
    = [1,{"body":"{\"code\":0}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":null} x","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"code\":1,\"message\":null,\"response\":null}","fault":"body"}]
    = [1,{"body":"{\"code\":\"0\",\"message\":null,\"response\":{}}","fault":"body"}]
    = [1,{"body":"{\"code\":null,\"message\":null,\"response\":null}","fault":"body"}]
    = [1,{"body":"{\"code\":0.5,\"message\":null,\"response\":null}","fault":"body"}]
    = [1,{"body":"{\"code\":1e999,\"message\":null,\"response\":null}","fault":"body"}]
    = [1,{"body":"{\"code\":true,\"message\":null,\"response\":null}","fault":"body"}]



=== TEST 11: a success without the payment leaves the outcome unknown
--- payments eval: ::payments(9)
--- steps
unknown
    = [1,{"fault":"no_response"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":[]}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":\"ok\"}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":7}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":[{}]}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":300,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"merchant_uid\":\"order_7\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"cancel_amount\":300,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_8\",\"merchant_uid\":\"order_8\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_9\",\"merchant_uid\":\"order_9\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]



=== TEST 12: a success that tells of another payment leaves the outcome unknown
--- payments eval: ::payments(3)
--- steps
unknown
    = [1,{"fault":"other_payment"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":300,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order_1\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":300,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"IMP_3\",\"merchant_uid\":\"order_3\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]



=== TEST 13: a success that tells of this payment and the expected balance is taken
--- payments eval: ::payments(1)
--- steps
fault {"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":300,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order_1\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","call":"cancel","fault":"body"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
    -> .pay_method = card
GET /payments/order_1
    -> .refunds[0].state = succeeded
    -> .refunds[0].cancellation_id = c1



=== TEST 14: a success whose balance is not the expected one leaves the outcome unknown
--- payments eval: ::payments(5)
--- steps
unknown
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":299,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order_1\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":301,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_2\",\"merchant_uid\":\"order_2\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":1000,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_3\",\"merchant_uid\":\"order_3\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":0,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_4\",\"merchant_uid\":\"order_4\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":600,\"cancel_history\":[],\"currency\":\"KRW\",\"imp_uid\":\"imp_5\",\"merchant_uid\":\"order_5\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]



=== TEST 15: amounts of another type or range in a success leave the outcome unknown
--- payments eval: ::payments(8)
--- steps
unknown
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":\"300\",\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order_1\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":-300,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_2\",\"merchant_uid\":\"order_2\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":300.5,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_3\",\"merchant_uid\":\"order_3\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":\"1000\",\"cancel_amount\":300,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_4\",\"merchant_uid\":\"order_4\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":[300],\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_5\",\"merchant_uid\":\"order_5\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":300,\"cancel_history\":{},\"currency\":\"KRW\",\"imp_uid\":\"imp_6\",\"merchant_uid\":\"order_6\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":1300,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":\"KRW\",\"imp_uid\":\"imp_7\",\"merchant_uid\":\"order_7\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]
    = [1,{"body":"{\"code\":0,\"message\":null,\"response\":{\"amount\":1000,\"cancel_amount\":300,\"cancel_history\":[{\"amount\":300,\"cancellation_id\":\"c1\",\"cancelled_at\":1900000000,\"pg_tid\":\"p1\",\"reason\":\"\"}],\"currency\":7,\"imp_uid\":\"imp_8\",\"merchant_uid\":\"order_8\",\"paid_at\":1700000000,\"pay_method\":\"card\",\"sandbox\":false,\"status\":\"paid\"}}","fault":"body"}]



=== TEST 16: an answer that is too large leaves the outcome unknown
--- payments eval: ::payments(2)
--- steps
unknown
    = [1,{"bytes":52428800,"fault":"big"}]
    = [1,{"bytes":1048577,"fault":"big"}]



=== TEST 17: an answer of a megabyte is still read
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "big", "bytes": 1048576}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
ledger
    -> .payments.imp_1.executions = 1



=== TEST 18: the cancel is not sent again when a kept connection closes under it
--- payments eval: ::payments(1)
--- steps
fault {"call": "find", "fault": "close_idle"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
    -> Portone-Refund-Id: {{id}}

# it came by the connection of the reading, and only once

ledger
    -> .requests # 3
    -> .requests[1].call = find
    -> .requests[1].connection as kept
    -> .requests[2].call = cancel
    -> .requests[2].connection = {{kept}}
    -> .requests[2].status = 0
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 0

refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
ledger
    -> .calls.cancel = 1



=== TEST 19: a reading is sent again when a kept connection closes under it
--- payments eval: ::payments(1)
--- steps
fault {"call": "token", "fault": "close_idle"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
ledger
    -> .calls.find = 2
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 20: an order with an unknown outcome does not lock any other order
--- payments eval: ::payments(2)
--- steps
unknown
    = [1,{"fault":"lose_answer"}]
refund {"merchant_uid": "order_2", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
ledger
    -> .payments.imp_2.executions = 1



=== TEST 21: what is logged of an unknown outcome names the refund, and no person
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 buyer_name=hong buyer_tel=0212345678
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "reason": "because_of_me", "refund_account": "56211105948400"}
    -> 504 outcome_unknown
--- error_log
refund of "imp_1" is unknown
PortOne did not answer
answered 504 outcome_unknown
--- no_error_log
hong
0212345678
because_of_me
56211105948400
