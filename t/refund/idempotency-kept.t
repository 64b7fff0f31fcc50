# Which answers a request with an Idempotency-Key gets again, and after which
# ones its key can be used again.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Outcome;
use Test::Portone::Remote;

# so many keys are stored, each with its entry in the index

sub records {
    return join '', map { <<END } 'idempotency', 'idempotency_expiry';
\$ test \$(mdb_stat -s $_ \$TEST_NGINX_STORE | sed -n 's/ *Entries: //p') = $_[0]
END
}

# The request, [method, path, body, headers...], is answered so, and leaves
# nothing of its key.

sub not_kept {
    my ($request, @expect) = @_;
    my ($method, $path, $body, @headers) = @$request;

    return "$method $path $body\n"
        . join('', map { "    $_\n" } 'Idempotency-Key: key-1', @headers)
        . join('', map { "    -> $_\n" } @expect, '! Idempotent-Replayed');
}

sub refund_not_kept {
    my $body = shift;

    return not_kept(['POST', '/payments/cancel', $body], @_);
}

# after all that, the key is as good as new

our $first_use = <<'END';
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
    -> .refundable_amount = 700
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1
END

run_tests();

__DATA__

=== TEST 1: a refund that was made is answered with the same bytes again
--- payments
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- steps
sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000,
    | "name": "회색 \"코트\" / 1\n", "buyer_name": "\ud83d\ude00", "more": [{"x": [1.5, null]}]}
refund {"merchant_uid": "order_1", "amount": 300, "reason": "변심 \"x\" \\ / \u00e9"}
    Idempotency-Key: key-1
    -> 200
    -> .cancel_history[0].reason = 변심 "x" \ / é
    -> Portone-Refund-Id as id
    -> body as answer
refund {"merchant_uid": "order_1", "amount": 200}
    -> 200
refund {"merchant_uid": "order_1", "amount": 300, "reason": "변심 \"x\" \\ / \u00e9"}
    Idempotency-Key: key-1
    -> 200
    -> Content-Type: application/json
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
    -> body = {{answer}}
GET /payments/order_1
    -> .refundable_amount = 500
    -> .refunds # 2
ledger
    -> .calls.cancel = 2
    -> .calls.payment = 0



=== TEST 2: a refund that PortOne refused is answered with the same bytes again
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "refuse", "code": 1, "message": "한도 \"초과\"\n\\"}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 refund_rejected
    -> .code = 1
    -> Portone-Refund-Id as id
    -> body as answer
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 refund_rejected
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
    -> body = {{answer}}
GET /payments/order_1
    -> .refunds # 2
ledger
    -> .calls.cancel = 2
    -> .payments.imp_1.executions = 1



=== TEST 3: a message of 4096 bytes, which is the longest one, is answered again
--- payments eval: ::payments(1)
--- steps eval
my $message = '한' x 1400;
<<END . <<'END'
fault {"call": "cancel", "fault": "refuse", "code": -1,
    | "message": "$message"}
END
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 refund_rejected
    -> .message # 4095
    -> body as answer
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 refund_rejected
    -> Idempotent-Replayed: true
    -> body = {{answer}}
ledger
    -> .calls.cancel = 1
END



=== TEST 4: a refund that PortOne makes later is 202 again, and 200 when it is made
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 async=on
--- http_config
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 202
    -> .state = pending
    -> .refund_id as id
    -> body as accepted
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 202
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
    -> body = {{accepted}}

# the reconciler has looked, and PortOne has not made it yet
within 15s $ mdb_dump -p -s intents $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .tries >= 1
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 202
    -> Idempotent-Replayed: true
    -> body = {{accepted}}
sandbox POST payments/imp_1/finish
within 15s refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> Portone-Refund-Id: {{id}}
    -> .refundable_amount = 700
    -> .cancel_history # 1
    -> .state absent
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
ledger
    -> .calls.cancel = 1
    -> .payments.imp_1.executions = 1



=== TEST 5: an answer stays in the language that it was first given in
--- payments eval: ::payments(2)
--- locations
location = /en/cancel {
    portone_language en;
    portone_cancel;
}
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": ""}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 refund_rejected
    -> .message = 환불이 거절되었습니다.
    -> body as answer
POST /en/cancel {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 refund_rejected
    -> Idempotent-Replayed: true
    -> body = {{answer}}
POST /en/cancel {"merchant_uid": "order_1", "amount": 301}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
    -> .message = This idempotency key was used for another request.
refund {"merchant_uid": "order_1", "amount": 301}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
    -> .message = 이미 다른 요청에 사용된 멱등키입니다.



=== TEST 6: portone_error_status holds for answers that are given again
--- payments eval: ::payments(1)
--- cancel
            portone_error_status -1 ~한도 402;
            portone_error_status idempotency_key_reused 409;
--- locations
location = /plain/cancel { portone_cancel; }
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "한도 초과"}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 402 refund_rejected
    -> body as answer
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 402 refund_rejected
    -> Idempotent-Replayed: true
    -> body = {{answer}}
POST /plain/cancel {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 refund_rejected
    -> Idempotent-Replayed: true
    -> body = {{answer}}
refund {"merchant_uid": "order_1"}
    Idempotency-Key: key-1
    -> 409 idempotency_key_reused
    -> ! Retry-After



=== TEST 7: $portone_replayed and the others tell of answers that are given again
--- payments eval: ::payments(2)
--- cancel
            add_header Variables "$portone_replayed $portone_state $portone_error $portone_code $portone_message" always;
            add_header Money "$portone_amount $portone_refundable_amount" always;
            add_header Calls "$portone_token $portone_api_status $portone_api_time $portone_store_time" always;
            add_header Payment "$portone_merchant_uid $portone_imp_uid" always;
            add_header Id $portone_refund_id always;
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Portone-Refund-Id as id
    -> Variables: - succeeded - 0 -
    -> Payment: order_1 imp_1
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Variables: true succeeded - 0 -
    -> Money: - -
    -> Calls: - - - -
    -> Payment: order_1 -
    -> Id: {{id}}
refund {"merchant_uid": "order_1", "amount": 301}
    Idempotency-Key: key-1
    -> 422
    -> Variables: - - idempotency_key_reused - 이미 다른 요청에 사용된 멱등키입니다.
    -> Id: -
    -> ! Portone-Refund-Id
    -> .refund_id absent
fault {"call": "cancel", "fault": "refuse", "code": -7, "message": "no\nway"}
refund {"imp_uid": "imp_2", "amount": 300}
    Idempotency-Key: key-2
    -> 422
    -> Variables: - rejected refund_rejected -7 no way
refund {"imp_uid": "imp_2", "amount": 300}
    Idempotency-Key: key-2
    -> 422
    -> Variables: true rejected refund_rejected -7 no way
    -> Payment: - imp_2



=== TEST 8: requests that are refused before anything is recorded leave their key
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000 status=ready
imp_uid=imp_3 merchant_uid=order_3 amount=1000 cancel_amount=1000
imp_uid=imp_4 merchant_uid=order_4 amount=1000 pay_method=vbank
imp_uid=imp_5 merchant_uid=order_5 amount=1000 pay_method=phone paid_at=now-70d
--- locations
location = /all/cancel {
    portone_require_amount on;
    portone_cancel;
}
--- steps eval
::not_kept(['GET', '/payments/cancel', ''], '405 method_not_allowed')
. ::not_kept(['POST', '/payments/cancel', '{"merchant_uid": "order_1"}',
              'Content-Type: text/plain'], '415 unsupported_media_type')
. ::refund_not_kept('{"merchant_uid": "order_1"' . ' ' x 8192 . '}',
                    '413 too_large')
. ::refund_not_kept('{"merchant_uid": "order_1"', '400 invalid_json')
. ::refund_not_kept('{"merchant_uid": "order_1", "amuont": 300}',
                    '400 invalid_request', '.field = amuont')
. ::not_kept(['POST', '/all/cancel', '{"merchant_uid": "order_1"}'],
             '400 amount_required')
. ::refund_not_kept('{"merchant_uid": "order_1", "amount": 1001}',
                    '400 amount_exceeds_refundable')
. ::refund_not_kept('{"merchant_uid": "order_1", "imp_uid": "imp_2"}',
                    '400 invalid_request')
. ::refund_not_kept('{"merchant_uid": "order_1", "checksum": 1}',
                    '409 checksum_mismatch')
. ::refund_not_kept('{"merchant_uid": "order_9"}', '404 payment_not_found')
. ::refund_not_kept('{"merchant_uid": "order_2"}', '409 not_refundable')
. ::refund_not_kept('{"merchant_uid": "order_3"}', '400 already_refunded')
. ::refund_not_kept('{"merchant_uid": "order_4"}',
                    '400 refund_account_required')
. ::refund_not_kept('{"merchant_uid": "order_5"}', '422 phone_month_passed')
. ::records(0) . $::first_use . ::records(1)



=== TEST 9: PortOne that cannot be asked, before the cancel, leaves the key
--- payments eval: ::payments(1)
--- steps
fault {"call":"token","fault":"status","status":503}
refund_not_kept
    = {"merchant_uid": "order_1", "amount": 300}
    = 502 portone_unavailable
fault {"call":"token","fault":"unauthorized"}
refund_not_kept
    = {"merchant_uid": "order_1", "amount": 300}
    = 502 portone_unauthorized
fault {"call":"find","fault":"garbage"}
refund_not_kept
    = {"merchant_uid": "order_1", "amount": 300}
    = 502 portone_unavailable
records 0
first_use



=== TEST 10: another refund of the order that is open leaves the key
--- payments eval: ::payments(1)
--- steps
fault {"call":"cancel","fault":"gate","name":"cancel"}
[other] refund {"merchant_uid": "order_1", "amount": 100}
    Idempotency-Key: other
waiting cancel 1
refund_not_kept
    = {"merchant_uid": "order_1", "amount": 300}
    = 409 refund_in_progress
records 1
open cancel
await other
    -> 200
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
    -> .refundable_amount = 600
records 2



=== TEST 11: a refusal that comes from another balance leaves the key
--- payments eval: ::payments(2)
--- steps
GET /payments/order_1
GET /payments/order_2
sandbox POST payments/imp_1/console {"amount": 100}
sandbox POST payments/imp_2/console
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 409 checksum_mismatch
    -> .refund_id as id
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    -> 400 already_refunded
    -> .refund_id present
records 0
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
    -> .refundable_amount = 600
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    -> 400 already_refunded
    -> ! Idempotent-Replayed
    -> ! Portone-Refund-Id
GET /payments/order_1
    -> .refunds # 2
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = rejected
    -> .refunds[1].state = succeeded
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_2.executions = 0
records 1



=== TEST 12: a cancel that PortOne has certainly not executed leaves the key
--- payments eval: ::payments(1)
--- steps
fault {"call":"cancel","fault":"unauthorized","times":2}
refund_not_kept
    = {"merchant_uid": "order_1", "amount": 300}
    = 502 portone_unauthorized
    = Portone-Refund-Id as id
records 0
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
GET /payments/order_1
    -> .refunds # 2
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = not_executed
    -> .refunds[1].state = succeeded
ledger
    -> .payments.imp_1.executions = 1
records 1



=== TEST 13: a cancel that found nobody listening leaves the key
--- http_config
portone_api http://127.0.0.1:$TEST_NGINX_PORT_9;
--- steps eval
my $create = 'POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/payments'
    . ' {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}';
<<END . ::records(0) . <<END . ::records(1)
portone start
$create
GET /payments/order_1
portone stop
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 502 portone_unavailable
    -> .refund_id as id
END
portone start
$create
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
GET /payments/order_1
    -> .refunds # 2
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = not_executed
GET http://127.0.0.1:\$TEST_NGINX_PORT_9/_sandbox/ledger
    -> .payments.imp_1.executions = 1
END
