# PortOne refuses a cancel, or refuses the token. What a refusal means is
# decided by reading the payment again; if that fails, the outcome is unknown.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Outcome;

our $refusal = '{"code":-1,"message":"no","response":null}';


# The cancel is refused, and the payment is then read with this fault.

sub unread {
    return numbered(sub {
        my ($n, $fault) = @_;

        return "GET /payments/order_$n\n"
            . arm(call => 'cancel', imp_uid => "imp_$n", fault => 'refuse',
                  code => -1, message => 'no')
            . arm(call => 'payment', imp_uid => "imp_$n", item($fault)) . <<END
refund {"merchant_uid": "order_$n", "cancel_request_amount": 300}
    -> 504 outcome_unknown
    -> .code = -1
    -> .refund_id as id$n
    -> Portone-Refund-Id: {{id$n}}
ledger ?call=payment&imp_uid=imp_$n
    -> .requests # 1
END
            . locked($n, 0);
    }, @_);
}

run_tests();

__DATA__

=== TEST 1: a refusal is told only after the payment was read again
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "no"}
fault {"call": "payment", "fault": "gate", "name": "reading"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting reading 1
GET /payments/order_1
    -> .refunds[0].state = sending
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
open reading
await one
    -> 422 refund_rejected
    -> .refundable_amount = 1000
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
ledger
    -> .calls.cancel = 2
    -> .payments.imp_1.executions = 1



=== TEST 2: the outcome is unknown when the payment cannot be read after a refusal
--- http_config
portone_keepalive 0;
--- payments eval: ::payments(14)
--- steps
unread
    = [{"fault":"lose_request"}]
    = [{"fault":"lose_answer"}]
    = [{"fault":"status","status":400}]
    = [{"fault":"status","status":404}]
    = [{"fault":"status","status":429}]
    = [{"fault":"status","status":500}]
    = [{"fault":"status","status":503}]
    = [{"body":"{\"code\":-1,\"message\":\"no\",\"response\":null}","fault":"status","status":500}]
    = [{"code":1,"fault":"refuse","message":"x"}]
    = [{"bytes":100,"fault":"truncate"}]
    = [{"fault":"garbage"}]
    = [{"body":"","fault":"body"}]
    = [{"fault":"no_response"}]
    = [{"fault":"other_payment"}]



=== TEST 3: the outcome is unknown when reading the payment after a refusal takes too long
--- payments eval: ::payments(1)
--- cancel
            portone_connect_timeout 500ms;
            portone_read_timeout 500ms;
--- steps
unread
    = [{"fault":"hang"}]



=== TEST 4: the outcome is unknown when PortOne refuses the token for reading twice
--- payments eval: ::payments(1)
--- steps
fault {"call":"payment","fault":"unauthorized","times":2}
fault {"call":"cancel","code":-1,"fault":"refuse","message":"no"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id1
ledger
    -> .calls.payment = 2
locked 1 0



=== TEST 5: a token that is refused when reading again is fetched anew
--- payments eval: ::payments(1)
--- steps
fault {"call": "payment", "fault": "unauthorized"}
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "no"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 422 refund_rejected
    -> .message = no
    -> .refundable_amount = 1000
ledger
    -> .calls.payment = 2
    -> .calls.cancel = 1
    -> .token_requests = 2



=== TEST 6: refused, and made all the same: a person has to look, and the order is locked
--- payments eval: ::payments(3)
--- steps eval
::numbered(sub {
    my ($n, $fault) = @_;

    return ::arm(call => 'cancel', imp_uid => "imp_$n", @$fault) . <<END;
refund {"merchant_uid": "order_$n", "cancel_request_amount": 300}
    -> 504 outcome_unknown
    -> .code = -1
    -> .refund_id as id$n
    -> Portone-Refund-Id: {{id$n}}
GET /payments/order_$n
    -> .cancel_amount = 300
    -> .refundable_amount = 700
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id$n}}
    -> .refunds[0].state = manual_review
    -> .refunds[0].amount = 300
    -> .refunds[0].code = -1
    -> .refunds[0].settled_at = null
refund {"merchant_uid": "order_$n", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id$n}}
    -> Retry-After: ~ ^[1-9]\\d*\$
ledger ?call=cancel&imp_uid=imp_$n
    -> .requests # 1
    -> .payments.imp_$n.executions = 1
END
}, [fault => 'refuse_after', code => -1, message => 'no'],
   [fault => 'status_after', status => 400, body => $::refusal],
   [fault => 'status_after', status => 404, body => $::refusal])



=== TEST 7: refused while somebody else refunded another sum: the balance is brought up to date
--- payments eval: ::payments(1)
--- steps
GET /payments/order_1
sandbox POST payments/imp_1/console {"amount": 250}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 checksum_mismatch
    -> .refundable_amount = 750
GET /payments/order_1
    -> .refundable_amount = 750
    -> .refunds # 1
    -> .refunds[0].state = rejected
ledger
    -> .payments.imp_1.executions = 0
    -> .calls.cancel = 1



=== TEST 8: a token that PortOne refuses is fetched anew and the cancel is sent once more
--- payments eval: ::payments(1)
--- cancel
            add_header Token $portone_token always;
--- steps
fault {"call": "cancel", "fault": "unauthorized"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
    -> Token: refreshed
    -> Portone-Refund-Id as id
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = succeeded
ledger ?call=cancel
    -> .requests # 2
    -> .requests[0].status = 401
    -> .requests[0].body = "{\"imp_uid\":\"imp_1\",\"amount\":300,\"checksum\":1000}"
    -> .requests[1].status = 200
    -> .requests[1].body = "{\"imp_uid\":\"imp_1\",\"amount\":300,\"checksum\":1000}"
    -> .token_requests = 2
    -> .payments.imp_1.executions = 1



=== TEST 9: a token that expired at PortOne in the meantime is replaced
--- payments eval: ::payments(1)
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
sandbox POST tokens/expire
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 400
ledger ?call=cancel
    -> .requests # 3
    -> .requests[0].authorization as old
    -> .requests[1].authorization = {{old}}
    -> .requests[1].status = 401
    -> .requests[2].authorization != {{old}}
    -> .tokens_issued = 2
    -> .payments.imp_1.executions = 2



=== TEST 10: a token that is refused twice is no reason to try for ever
--- payments eval: ::payments(1)
--- steps
fault {"call":"cancel","fault":"unauthorized","times":2}
not_executed 1 '502 portone_unauthorized' 2
ledger
    -> .calls.cancel = 3
    -> .payments.imp_1.executions = 1



=== TEST 11: 401 without PortOne's JSON is a refused token, too
--- payments eval: ::payments(2)
--- steps
fault {"call":"cancel","fault":"status","imp_uid":"imp_1","status":401,"times":2}
not_executed 1 '502 portone_unauthorized' 2
fault {"call":"cancel","fault":"status","imp_uid":"imp_2","status":401}
refund {"merchant_uid": "order_2", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
ledger
    -> .payments.imp_2.executions = 1



=== TEST 12: refused token and no new one to be had: the refund was not made
--- payments eval: ::payments(2)
--- steps
fault {"call":"cancel","fault":"unauthorized"}
fault {"call":"token","fault":"status","skip":1,"status":503}
not_executed 1 '502 portone_unavailable' 1
fault {"call":"cancel","fault":"unauthorized","imp_uid":"imp_2"}
fault {"call":"token","code":-1,"fault":"refuse","message":"key"}
not_executed 2 '502 portone_unauthorized' 1



=== TEST 13: refused token, yet the refund was made: it is not made again
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "status_after", "status": 401}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
ledger ?call=cancel
    -> .requests # 2
    -> .payments.imp_1.executions = 1
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = manual_review
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
ledger
    -> .payments.imp_1.executions = 1



=== TEST 14: the outcome of the second sending counts
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "unauthorized"}
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
GET /payments/order_1
    -> .cancel_amount = 0
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = unknown
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
ledger
    -> .calls.cancel = 2
    -> .payments.imp_1.executions = 1
