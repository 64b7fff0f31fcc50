# Idempotency-Key: the same request with the same key is made once, and gets
# the same answer, across workers, reloads and crashes.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: the same key and request get the saved answer, and nothing is sent
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
    -> Portone-Refund-Id as id
    -> .refundable_amount = 700
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
    -> .refundable_amount = 700
    -> .cancel_amount = 300

# another key is another refund
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-2
    -> 200
    -> .refundable_amount = 400

# the first answer has not changed
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> .refundable_amount = 700
ledger
    -> .payments.imp_1.executions = 2



=== TEST 2: the same key with another request is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
refund {"merchant_uid": "order_1", "amount": 301}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
ledger
    -> .payments.imp_1.executions = 1



=== TEST 3: a refusal is replayed with PortOne's code and message
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "결제취소에 실패하였습니다."}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 refund_rejected
    -> Portone-Refund-Id as id
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 refund_rejected
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
    -> .code = -1
    -> .message = 결제취소에 실패하였습니다.
ledger ?call=cancel
    -> .requests # 1



=== TEST 4: a key whose request recorded nothing can be used again
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 3000}
    Idempotency-Key: key-1
    -> 400 amount_exceeds_refundable
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed



=== TEST 5: the answer survives reloads and crashes
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
reload
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
kill
start
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> .refundable_amount = 700



=== TEST 6: an open refund answers 409 to its key, and what came of it once settled
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- http_config
portone_connect_timeout 500ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
--- steps
fault {"call": "cancel", "fault": "lose_answer", "merchant_uid": "order_1"}
fault {"call": "cancel", "fault": "lose_request", "merchant_uid": "order_2"}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 504 outcome_unknown
    -> .refund_id as one
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    -> 504 outcome_unknown
    -> .refund_id as two
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 409 refund_in_progress
    -> .refund_id = {{one}}
refund {"merchant_uid": "order_1", "amount": 301}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused

# executed after all: its answer
within 10s refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{one}}
    -> .refundable_amount = 700

# not executed: the key is free, and the refund is made now
within 10s refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    -> 200
    -> ! Idempotent-Replayed
    -> .refundable_amount = 700
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_2.executions = 1



=== TEST 7: a key is at most 255 bytes of text
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps eval
my $key = 'k' x 255;
"refund {\"merchant_uid\": \"order_1\", \"amount\": 300}
    Idempotency-Key: ${key}k
    -> 400 invalid_request
    -> .field = Idempotency-Key
ledger
    -> .requests # 0
refund {\"merchant_uid\": \"order_1\", \"amount\": 300}
    Idempotency-Key: $key
    -> 200
refund {\"merchant_uid\": \"order_1\", \"amount\": 300}
    Idempotency-Key: $key
    -> 200
    -> Idempotent-Replayed: true
"
