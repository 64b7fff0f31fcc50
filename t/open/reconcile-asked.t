# An open refund is settled on the way when somebody asks for its order: by a
# reading, or by the next refund. The reconciler is far away here.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Outcome;

our $quick = <<'END';
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1h;
END

# the same, with time for a call to be held at a gate

our $patient = <<'END';
portone_connect_timeout 500ms;
portone_read_timeout 5500ms;
portone_settle_time 8s;
portone_reconcile_interval 1h;
END

# the refund of 300 won of order_N is lost, with or without being made

sub lost {
    my ($n, $fault, $uri) = @_;

    return arm(call => 'cancel', imp_uid => "imp_$n", fault => $fault)
        . 'POST ' . ($uri // '/payments/cancel') . <<END
 {"merchant_uid": "order_$n", "amount": 300, "reason": "why"}
    -> 504 outcome_unknown
    -> .refund_id as id$n
END
}

# The time of all earlier refunds has come when that of the last one has: this
# is order_N, which nothing but these readings settles.

sub time_of {
    my ($n, $uri) = @_;

    return 'within 20s GET ' . ($uri // '/payments/') . <<END
order_$n
    -> .refunds[0].state = not_executed
END
}

run_tests();

__DATA__

=== TEST 1: a reading settles the refund, and tells what came of it
--- payments eval: ::payments(2)
--- http_config eval: $::quick
--- steps
lost 1 lose_answer
GET /payments/order_1
    -> .refunds[0].state = unknown
    -> ETag as open
ledger
    -> .calls.payment = 0
lost 2 lose_request
time_of 2
ledger ?call=payment&imp_uid=imp_1
    -> .requests # 0
GET /payments/order_1
    If-None-Match: {{open}}
    -> 200
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id1}}
    -> .refunds[0].state = succeeded
    -> .refunds[0].settled_at > 1700000000
    -> .cancel_amount = 300
    -> .refundable_amount = 700
GET /payments/?imp_uid=imp_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
    -> .refunds[0].cancellation_id as proof
    -> .cancel_history[0].cancellation_id = {{proof}}
ledger ?call=payment&imp_uid=imp_1
    -> .requests # 1
    -> .payments.imp_1.executions = 1
ledger ?call=payment&imp_uid=imp_2
    -> .requests # 1
    -> .payments.imp_2.executions = 0



=== TEST 2: a reading by imp_uid settles, too
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- steps
lost 1 lose_answer
within 10s GET /payments/?imp_uid=imp_1
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 700
ledger
    -> .calls.payment = 1



=== TEST 3: the next refund settles the open one, and is made with the balance as it is
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- steps
lost 1 lose_answer
refund {"merchant_uid": "order_1", "amount": 200, "checksum": 700}
    -> 409 refund_in_progress
    -> .refund_id = {{id1}}
within 10s refund {"merchant_uid": "order_1", "amount": 200, "checksum": 700}
    -> 200
    -> .cancel_amount = 500
    -> .refundable_amount = 500
    -> Portone-Refund-Id as next
GET /payments/order_1
    -> .refunds # 2
    -> .refunds[0].refund_id = {{id1}}
    -> .refunds[0].state = succeeded
    -> .refunds[0].amount = 300
    -> .refunds[1].refund_id = {{next}}
    -> .refunds[1].state = succeeded
    -> .refunds[1].amount = 200
ledger ?call=cancel
    -> .calls.payment = 1
    -> .requests # 2
    -> .requests[1].body ~ "checksum":700
    -> .payments.imp_1.executions = 2
    -> .payments.imp_1.executed_amount = 500



=== TEST 4: the next refund is made at once when the open one was not executed
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- steps
lost 1 lose_request
within 10s refund {"imp_uid": "imp_1"}
    -> 200
    -> .refundable_amount = 0
GET /payments/order_1
    -> .refunds # 2
    -> .refunds[0].state = not_executed
    -> .refunds[1].state = succeeded
    -> .refunds[1].amount = 1000
ledger
    -> .calls.payment = 1
    -> .calls.cancel = 2
    -> .payments.imp_1.executions = 1



=== TEST 5: what the open refund has left decides about the next one
--- payments eval: ::payments(3)
--- http_config eval: $::quick
--- steps
fault {"call":"cancel","fault":"lose_answer","times":2}
refund {"merchant_uid": "order_1"}
    -> 504 outcome_unknown
refund {"merchant_uid": "order_2", "amount": 800}
    -> 504 outcome_unknown
lost 3 lose_request
time_of 3
refund {"merchant_uid": "order_1", "amount": 300}
    -> 400 already_refunded
    -> .refundable_amount = 0
refund {"merchant_uid": "order_2", "amount": 300}
    -> 400 amount_exceeds_refundable
    -> .refundable_amount = 200
ledger
    -> .calls.cancel = 3
    -> .payments.imp_1.executions = 1
    -> .payments.imp_2.executions = 1
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
GET /payments/order_2
    -> .refunds # 1
    -> .refunds[0].state = succeeded



=== TEST 6: a refund does not go on when the open one is left to a person
--- payments eval: ::payments(2)
--- http_config eval: $::quick
--- steps
lost 1 lose_answer
sandbox POST payments/imp_1/console {"amount": 100, "reason": "by hand"}
lost 2 lose_request
time_of 2
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id1}}
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = manual_review
    -> .refundable_amount = 600
ledger ?imp_uid=imp_1&call=cancel
    -> .requests # 1
--- error_log eval: qr/\[error\].* open refund [0-9a-f-]{36} is manual_review/



=== TEST 7: many who ask at once settle it once
--- payments eval: ::payments(2)
--- http_config eval: $::patient
--- steps
lost 1 lose_answer
lost 2 lose_request
fault {"call":"payment","fault":"gate","imp_uid":"imp_1","name":"read","times":0}
time_of 2
[a] GET /payments/order_1
[b] GET /payments/?imp_uid=imp_1
[c] refund {"merchant_uid": "order_1", "amount": 200}
[d] GET /payments/order_1
waiting read 4
open read
await a
    -> .refunds[0].refund_id = {{id1}}
    -> .refunds[0].state = succeeded
await b
    -> .refunds[0].state = succeeded
await c
    -> 200
    -> .refundable_amount = 500
await d
    -> .refunds[0].state = succeeded
GET /payments/order_1
    -> .refunds # 2
    -> .refunds[0].refund_id = {{id1}}
    -> .refunds[0].state = succeeded
    -> .refunds[1].state = succeeded
    -> .refundable_amount = 500
ledger
    -> .payments.imp_1.executions = 2
    -> .payments.imp_1.executed_amount = 500



=== TEST 8: a reading whose client leaves settles it all the same
--- payments eval: ::payments(2)
--- http_config eval: $::patient
--- steps
lost 1 lose_answer
lost 2 lose_request
fault {"call":"payment","fault":"gate","imp_uid":"imp_1","name":"read"}
time_of 2
[gone] GET /payments/order_1
waiting read 1
drop gone
open read
within 5s $ mdb_stat -s intents $TEST_NGINX_STORE
    -> body ~ Entries: 0\n
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
ledger ?call=payment&imp_uid=imp_1
    -> .requests # 1



=== TEST 9: a reading while PortOne fails tells what is stored, and the next one asks nothing
--- payments eval: ::payments(2)
--- http_config eval: $::quick
--- steps
lost 1 lose_answer
lost 2 lose_request
fault {"call":"payment","fault":"status","imp_uid":"imp_1","status":503,"times":0}
time_of 2
GET /payments/order_1
    -> 200
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id1}}
    -> .refunds[0].state = unknown
    -> .refundable_amount = 1000
sandbox DELETE faults
GET /payments/order_1
    -> .refunds[0].state = unknown
refund {"merchant_uid": "order_1", "amount": 100}
    -> 409 refund_in_progress
    -> .refund_id = {{id1}}
# ten minutes are the longest pause
    -> Retry-After: ~ ^(5[89]\d|600)$
ledger ?call=payment&imp_uid=imp_1
    -> .requests # 1
$ mdb_dump -p -s intents $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .state = unknown
    -> .tries = 1
    -> .before.cancel_amount = 0
    -> .after absent



=== TEST 10: who has other keys, none, or may not see the payment settles nothing
--- payments eval: ::payments(2)
--- http_config
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1h;
portone_sandbox_account imp_key_of_tests imp_secret_of_tests;
portone_sandbox_account another_key another_secret;
--- locations
        location /other/ {
            portone_imp_key another_key;
            portone_imp_secret another_secret;
            portone_payment;
        }

        location /stored/ {
            portone_fetch off;
            portone_payment;
        }

        location /stranger/ {
            portone_match customer_uid somebody;
            portone_payment;
        }

        location = /other {
            portone_imp_key another_key;
            portone_imp_secret another_secret;
            portone_cancel;
        }

        location = /stranger {
            portone_match customer_uid somebody;
            portone_cancel;
        }
--- steps
lost 1 lose_answer
lost 2 lose_request
time_of 2
GET /other/order_1
    -> .refunds[0].state = unknown
GET /stored/order_1
    -> .refunds[0].state = unknown
GET /stranger/order_1
    -> 404 payment_not_found
POST /other {"merchant_uid": "order_1"}
    -> 409 refund_in_progress
    -> .refund_id = {{id1}}
POST /stranger {"merchant_uid": "order_1"}
    -> 404 payment_not_found
ledger ?call=payment&imp_uid=imp_1
    -> .requests # 0
    -> .calls.cancel = 2
GET /payments/order_1
    -> .refunds[0].state = succeeded
ledger ?call=payment&imp_uid=imp_1
    -> .requests # 1



=== TEST 11: the refund of a test channel is settled wherever it is asked for
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 sandbox=on
--- http_config eval: $::quick
--- cancel
            portone_include_sandbox on;
--- steps
lost 1 lose_answer
within 10s GET /payments/order_1
    -> .refunds[0].state != unknown
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 700
ledger ?call=payment
    -> .requests # 1
    -> .requests[0].query = include_sandbox=true



=== TEST 12: only the refund of this order is settled
--- payments eval: ::payments(3)
--- http_config eval: $::quick
--- steps
lost 1 lose_answer
lost 3 lose_answer
lost 2 lose_request
time_of 2
GET /payments/order_3
    -> .refunds[0].state = succeeded
ledger ?call=payment&imp_uid=imp_1
    -> .requests # 0
$ mdb_dump -p -s intents $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .imp_uid = imp_1
    -> .state = unknown
    -> .tries absent
GET /payments/order_1
    -> .refunds[0].state = succeeded



=== TEST 13: an unanswered refund of a method that moves the money days later is settled by a person
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=vbank
--- http_config eval: $::quick
--- steps
fault {"call": "cancel", "fault": "lose_request"}
refund {"merchant_uid": "order_1", "amount": 300, "refund_holder": "홍길동", "refund_bank": "88", "refund_account": "56211105948400"}
    -> 504 outcome_unknown
within 20s GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = manual_review
    -> .refundable_amount = 1000
refund {"merchant_uid": "order_1", "amount": 300, "refund_holder": "홍길동", "refund_bank": "88", "refund_account": "56211105948400"}
    -> 409 refund_in_progress
ledger
    -> .payments.imp_1.executions = 0
