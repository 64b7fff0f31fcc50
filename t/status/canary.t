# Secrets, tokens, accounts and what is known of buyers are marked, and every
# path is gone: no log at debug level has any of it, no answer that is not a
# payment, and the store has no secret and no account.

BEGIN {
    $ENV{TEST_NGINX_LOG_LEVEL} = 'debug';
}

use lib 't/lib';
use Test::Portone;
use Test::Portone::Canary;
use Test::Portone::Outcome qw( arm numbered );
use Test::Portone::Tls;

our $person = 'buyer_name=canary-name buyer_email=canary-mail'
    . ' buyer_tel=canary-tel buyer_addr=canary-addr buyer_postcode=canary-pc'
    . ' card_name=canary-card card_number=canary-number'
    . ' customer_uid=canary-uid custom_data=canary-data'
    . ' receipt_url=canary-url';

our $account = '"refund_holder": "canary-claim-h", "refund_bank": "88",'
    . ' "refund_account": "canary-claim-n", "refund_tel": "canary-claim-t"';

our $quick = <<'END';
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
END

sub people {
    my ($n, $more) = @_;

    return join '', map { "imp_uid=imp_$_ merchant_uid=order_$_ amount=1000"
                          . " $person " . ($more // '') . "\n" } 1 .. $n;
}

sub refund_of {
    my ($n, $expect) = @_;

    return <<END;
refund {"merchant_uid": "order_$n", "cancel_request_amount": 300, "reason": "canary-reason", $account}
    -> $expect
END
}

# each fault of the call meets a payment of its own

sub faults {
    my ($call, $expect, @faults) = @_;

    return numbered(sub {
        my ($n, $fault) = @_;

        return ($call eq 'token' ? "sandbox POST tokens/expire\n" : '')
            . arm(call => $call, @$fault) . refund_of($n, $expect)
            . "GET /payments/order_$n\n";
    }, @faults);
}

run_tests();

__DATA__

=== TEST 1: refunds that are made, readings, and the same answer again
--- payments eval: ::people(1)
--- http_config eval: ::portone()
--- steps eval
(::refund_of(1, '200') =~ s/-> 200/Idempotency-Key: one\n    -> 200/r) x 2 . <<'END'
refund {"merchant_uid": "order_1"}
    -> 200
    -> .buyer_name = canary-name
refund {"merchant_uid": "order_1"}
    -> 400 already_refunded
GET /payments/order_1
    -> .refunds # 2
    -> .refunds[0].reason = canary-reason
    -> ETag as tag
GET /payments/order_1
    If-None-Match: {{tag}}
    -> 304
HEAD /payments/?imp_uid=imp_1
GET /payments/order_2
    -> 404 payment_not_found
ledger ?call=cancel
    -> .requests # 2
END



=== TEST 2: virtual accounts
--- payments eval
::people(1, 'pay_method=vbank vbank_num=canary-vnum vbank_holder=canary-vname')
. ::people(1, 'pay_method=vbank async=on') =~ s/_1/_2/gr
--- http_config eval: ::portone()
--- steps
refund_of 1 200
refund_of 2 202
refund {"merchant_uid": "order_1", "refund_holder": "canary-claim-h"}
    -> 400 refund_account_required



=== TEST 3: requests that are refused
--- payments eval: ::people(1)
--- http_config eval: ::portone()
--- steps eval
CORE::join '', (map { <<END }
POST /payments/cancel
    Content-Type: application/json
    | $_->[0]
    -> $_->[1]
END
    ['{"refund_account": "canary-claim-n"', '400 invalid_json'],
    ['canary-claim-n', '400 invalid_json'],
    ['{"refund_holder": "canary-claim-h\\u0000"}', '400'],
    ["{\"refund_holder\": \"canary-claim-h\xff\"}", '400 invalid_json'],
    ['{"merchant_uid": "order_1", "refund_account": 1, "reason":'
     . ' "canary-reason"}', '400 invalid_request'],
    ['{"merchant_uid": "order_1", "refund_account": "canary-claim-n'
     . 'xxxxxxxxxxxxxxxxxxx"}', '400 invalid_request'],
    ['{"merchant_uid": "order_1", "refund_tel": "canary-claim-t",'
     . ' "refund_tel": "canary-claim-t"}', '400 invalid_request'],
    ['{"merchant_uid": "order_1", "amount": "canary-claim-n"}',
     '400 invalid_request'],
    ["{\"merchant_uid\": \"order_1\", $::account, \"amount\": 1001}",
     '400 amount_exceeds_refundable'],
    ["{\"merchant_uid\": \"order_1\", $::account, \"checksum\": 1}",
     '409 checksum_mismatch'],
    ["{\"merchant_uid\": \"order_1\", $::account, \"reason\": \""
     . 'canary-reason' x 700 . '"}', '413 too_large']),
    <<"END"
POST /payments/cancel
    Content-Type: text/plain
    | {"merchant_uid": "order_1", $::account}
    -> 415 unsupported_media_type
PUT /payments/cancel {"merchant_uid": "order_1", $::account}
    -> 405 method_not_allowed
POST /payments/order_1 {"merchant_uid": "order_1", $::account}
    -> 405 method_not_allowed
END



=== TEST 4: the name of a field is told to whoever has sent it, and not logged
--- payments eval: ::people(1)
--- http_config eval: ::portone()
--- steps
refund {"merchant_uid": "order_1", "canary-field": "canary-claim-n"}
    -> 400 invalid_request
    -> .field = canary-field
--- leaks
400 POST /payments/cancel



=== TEST 5: PortOne refuses, and its message names people
--- payments eval: ::people(3)
--- http_config eval: ::portone()
--- steps
fault {"call":"cancel","code":-1,"fault":"refuse","message":"canary-message"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300, "reason": "canary-reason", "refund_holder": "canary-claim-h", "refund_bank": "88", "refund_account": "canary-claim-n", "refund_tel": "canary-claim-t"}
    -> 422 refund_rejected
GET /payments/order_1
fault {"body":"{\"code\":1,\"message\":\"canary-message\",\"response\":{\"a\":\"canary-b\"}}","call":"cancel","fault":"body_before"}
refund {"merchant_uid": "order_2", "cancel_request_amount": 300, "reason": "canary-reason", "refund_holder": "canary-claim-h", "refund_bank": "88", "refund_account": "canary-claim-n", "refund_tel": "canary-claim-t"}
    -> 422 refund_rejected
GET /payments/order_2
fault {"call":"cancel","code":1,"fault":"refuse","message":"canary-x"}
GET /payments/order_3
sandbox POST payments/imp_3/console {"amount": 100}
refund_of 3 '409 checksum_mismatch'



=== TEST 6: nobody can tell what came of it
--- payments eval: ::people(7)
--- http_config eval: ::portone()
--- steps eval
::faults('cancel', '504 outcome_unknown',
         [fault => 'lose_answer'],
         [fault => 'garbage'],
         [fault => 'truncate', bytes => 300],
         [fault => 'status', status => 502, body => '<b>canary-html</b>'],
         [fault => 'status_after', status => 500, body => 'canary-500'],
         [fault => 'body', body => '{"code":0,"message":"canary-message"}'],
         [fault => 'other_payment'])



=== TEST 7: readings that PortOne does not answer as it should
--- payments eval: ::people(5)
--- http_config eval: ::portone()
--- steps
fault {"call":"find","fault":"garbage"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300, "reason": "canary-reason", "refund_holder": "canary-claim-h", "refund_bank": "88", "refund_account": "canary-claim-n", "refund_tel": "canary-claim-t"}
    -> 502 portone_unavailable
GET /payments/order_1
fault {"bytes":300,"call":"find","fault":"truncate"}
refund {"merchant_uid": "order_2", "cancel_request_amount": 300, "reason": "canary-reason", "refund_holder": "canary-claim-h", "refund_bank": "88", "refund_account": "canary-claim-n", "refund_tel": "canary-claim-t"}
    -> 502 portone_unavailable
GET /payments/order_2
fault {"body":"canary-503","call":"find","fault":"status","status":503}
refund {"merchant_uid": "order_3", "cancel_request_amount": 300, "reason": "canary-reason", "refund_holder": "canary-claim-h", "refund_bank": "88", "refund_account": "canary-claim-n", "refund_tel": "canary-claim-t"}
    -> 502 portone_unavailable
GET /payments/order_3
fault {"body":"{\"code\":\"canary-code\",\"response\":null}","call":"find","fault":"body"}
refund {"merchant_uid": "order_4", "cancel_request_amount": 300, "reason": "canary-reason", "refund_holder": "canary-claim-h", "refund_bank": "88", "refund_account": "canary-claim-n", "refund_tel": "canary-claim-t"}
    -> 502 portone_unavailable
GET /payments/order_4
fault {"body":"{\"code\":0,\"response\":{\"imp_uid\":7,\"buyer_name\":\"canary-buyer\"}}","call":"find","fault":"body"}
refund {"merchant_uid": "order_5", "cancel_request_amount": 300, "reason": "canary-reason", "refund_holder": "canary-claim-h", "refund_bank": "88", "refund_account": "canary-claim-n", "refund_tel": "canary-claim-t"}
    -> 502 portone_unavailable
GET /payments/order_5



=== TEST 8: tokens: wrong keys, odd answers, and one that PortOne takes back
--- payments eval: ::people(5)
--- http_config eval: ::portone()
--- locations
        location = /wrong {
            portone_imp_secret canary-secret-of-yesterday;
            portone_cancel;
        }
--- steps eval
<<'END' .
POST /wrong {"merchant_uid": "order_1"}
    -> 502 portone_unauthorized
GET /payments/order_1
END
::faults('token', '502 portone_unavailable',
         [fault => 'garbage'],
         [fault => 'status', status => 500, body => 'canary-500'],
         [fault => 'body', body => '{"code":0,"message":null,"response":'
          . '{"access_token":7,"now":1,"expired_at":"canary-expired"}}'])
=~ s/^GET.*\n//mgr
. ::refund_of(4, 200)
. ::arm(call => 'cancel', fault => 'unauthorized') . ::refund_of(5, 200)
. ::arm(call => 'cancel', fault => 'unauthorized', times => 2)
. ::refund_of(5, '502 portone_unauthorized')



=== TEST 9: open refunds are settled, also after a crash
--- payments eval: ::people(4)
--- http_config eval: ::portone() . $::quick
--- steps eval
::arm(call => 'cancel', imp_uid => 'imp_1', fault => 'lose_answer')
. ::arm(call => 'cancel', imp_uid => 'imp_2', fault => 'lose_request')
. ::arm(call => 'cancel', imp_uid => 'imp_3', fault => 'lose_answer')
. ::arm(call => 'cancel', imp_uid => 'imp_4', fault => 'gate_after', name => 'g')
. CORE::join('', map { ::refund_of($_, '504 outcome_unknown') } 1 .. 3) . <<"END";
sandbox POST payments/imp_3/console {"amount": 300, "reason": "canary-other"}
[r4] refund {"merchant_uid": "order_4", "cancel_request_amount": 300, $::account}
waiting g 1
crash workers
drop r4
open g
within 15s GET /payments/order_1
    -> .refunds[0].state = succeeded
within 15s GET /payments/order_2
    -> .refunds[0].state = not_executed
within 15s GET /payments/order_3
    -> .refunds[0].state = manual_review
within 15s GET /payments/order_4
    -> .refunds[0].state = succeeded
END



=== TEST 10: no connection to PortOne, and one to somebody else
--- payments eval: ::people(1)
--- http_config eval
::portone() . <<'END'
server {
    listen 127.0.0.1:$TEST_NGINX_PORT_2 ssl;
    ssl_certificate $TEST_NGINX_TLS/self.crt;
    ssl_certificate_key $TEST_NGINX_TLS/self.key;
    error_log $TEST_NGINX_ROOT/logs/portone.log debug;
    location / {
        portone_sandbox;
    }
}
END
--- locations
        location = /tls {
            portone_api https://localhost:$TEST_NGINX_PORT_2;
            portone_cancel;
        }
        location = /nobody {
            portone_api http://127.0.0.1:$TEST_NGINX_PORT_9;
            portone_cancel;
        }
--- steps
POST /tls {"merchant_uid": "order_1", {{account}}}
    -> 502 portone_unavailable
POST /nobody {"merchant_uid": "order_1", {{account}}}
    -> 502 portone_unavailable
ledger
    -> .requests # 0



=== TEST 11: payments of others, and keys that are used again
--- payments eval: ::people(1)
--- http_config eval: ::portone()
--- locations
        location = /match {
            portone_match buyer_name somebody;
            portone_cancel;
        }
--- steps
POST /match {"merchant_uid": "order_1", {{account}}}
    -> 404 payment_not_found
refund {"merchant_uid": "order_1", "amount": 100, {{account}}}
    Idempotency-Key: one
refund {"merchant_uid": "order_1", "amount": 200, {{account}}}
    Idempotency-Key: one
    -> 422 idempotency_key_reused



=== TEST 12: what a configuration logs on purpose is found by this search
--- payments eval: ::people(1)
--- http_config eval
::portone() . <<'END'
log_format body '$request_body';
log_format told '$portone_error $portone_message';
END
--- cancel
            access_log logs/body.log body;
            access_log logs/told.log told;
--- steps
fault {"call":"cancel","code":1,"fault":"refuse","message":"canary-x"}
refund_of 1 '422 refund_rejected'
--- leaks
body.log
told.log



=== TEST 13: so is a token, and what others would encode
--- payments eval: ::people(1)
--- http_config eval: ::portone()
--- steps
refund_of 1 200
ledger ?call=cancel
    -> .requests[0].authorization as token
$ cd $TEST_NGINX_ROOT/logs && echo "a token: {{token}}" > token.log;
    | for pad in '' . ..; do
    |     printf '%scanary-secret' "$pad" | base64 > base64-${#pad}.log; done
--- leaks
base64-0.log
base64-1.log
base64-2.log
token.log



=== TEST 14: what is counted, and what is shown to those who operate it
--- payments eval: ::people(4)
--- http_config eval: ::portone() . $::quick
--- locations
        location = /status.json { portone_status; }
        location = /metrics { portone_status prometheus; }
        location = /status { portone_status html; }
--- steps
fault {"call":"cancel","code":1,"fault":"refuse","imp_uid":"imp_2","message":"canary-message"}
fault {"call":"cancel","fault":"lose_answer","imp_uid":"imp_3"}
fault {"call":"cancel","fault":"lose_answer","imp_uid":"imp_4"}
refund_of 1 200
refund_of 2 '422 refund_rejected'
refund_of 3 '504 outcome_unknown'
refund_of 4 '504 outcome_unknown'
sandbox POST payments/imp_4/console {"amount": 300, "reason": "canary-other"}
GET /status.json
GET /metrics
    -> body ~ portone_refunds_total
within 15s GET /payments/order_4
    -> .refunds[0].state = manual_review
GET /status.json
    -> body ~ manual_review
GET /metrics
GET /status



=== TEST 15: webhooks, whatever is in them
--- payments eval: ::people(1)
--- http_config eval: ::portone()
--- locations
        location = /webhook { portone_webhook; }
--- steps
POST /webhook {"imp_uid": "imp_1", "merchant_uid": "order_1", "status": "paid", "buyer_name": "canary-name", "x": "canary-claim"}
    -> 200
POST /webhook imp_uid=imp_1&status=paid&token=canary-secret&name=canary-name
    Content-Type: application/x-www-form-urlencoded
    -> 200
POST /webhook {"imp_uid": "imp_none", "buyer_name": "canary-name"}
    -> 404
POST /webhook {"imp_uid": 1, "buyer_name": "canary-name"}
    -> 400
POST /webhook {"imp_uid": "canary-claim
    -> 400
POST /webhook imp_uid=%zz&buyer_name=canary-name
    Content-Type: application/x-www-form-urlencoded
    -> 400



=== TEST 16: payments that are registered and imported
--- payments eval: ::people(1)
--- http_config eval: ::portone()
--- locations
        location /payments/write/ { portone_payment write; }
--- steps
PUT /payments/write/order_9 {"imp_uid": "imp_9", "amount": 1000, "buyer_name": "canary-name", "buyer_tel": "canary-tel"}
    -> 201
PUT /payments/write/order_9 {"imp_uid": "imp_9", "amount": "canary-amount", "buyer_name": "canary-name"}
    -> 400
PUT /payments/write/order_9 {"imp_uid": "imp_9", "buyer_name": "canary-name
    -> 400
POST /payments/write/
    Content-Type: application/x-ndjson
    | {"merchant_uid": "order_7", "imp_uid": "imp_7", "amount": 1000, "buyer_name": "canary-name"}
    | {"merchant_uid": "order_8", "imp_uid": "imp_8", "amount": "canary-amount"}
    | canary-name
    -> .stored = 1
    -> .rejected = 2
    -> body !~ canary
POST /payments/write/order_1/sync
    -> 200



=== TEST 17: what is found at PortOne that nobody has told
--- payments eval: ::people(2)
--- http_config eval: ::portone() . $::quick . "portone_drift_interval 1s;\n"
--- locations
        location /payments/stored/ {
            portone_fetch off;
            portone_payment;
        }
--- steps
GET /payments/order_1
GET /payments/order_2
sandbox POST payments/imp_1/console {"amount": 100, "reason": "canary-other"}
within 15s GET /payments/stored/order_1
    -> .cancel_amount = 100



=== TEST 18: what is said by hand, and a payment that is another one
--- payments eval: ::people(3)
--- http_config eval: ::portone() . $::quick
--- locations
        location /payments/write/ {
            portone_payment write;
        }
        location /payments/export/ {
            portone_match buyer_name canary-name;
            portone_payment write;
        }
--- steps
fault {"call":"cancel","fault":"lose_answer"}
refund_of 1 504
sandbox POST payments/imp_1/console {"amount": 300, "reason": "canary-other"}
within 15s GET /payments/order_1
    -> .refunds[0].state = manual_review
    -> .refunds[0].refund_id as id
POST /payments/write/order_1/refunds/{{id}} {"state": "canary-claim", "note": "canary-name"}
    -> 400
POST /payments/write/order_1/refunds/{{id}} {"state": "succeeded", "canary-name": "canary-claim
    -> 400 invalid_json
POST /payments/write/order_1/refunds/{{id}} {"state": "succeeded"}
    -> 200
PUT /payments/write/order_1 {"imp_uid": "imp_1", "amount": 2000, "buyer_name": "canary-name", "buyer_tel": "canary-claim-t"}
    -> 400
PUT /payments/write/order_1 {"imp_uid": "imp_1", "amount": 1000, "buyer_name": "canary-x", "buyer_name": "canary-y"}
    -> 400
PUT /payments/export/order_1 {"imp_uid": "imp_1", "amount": 1000, "buyer_name": "canary-somebody"}
    -> 404
GET /payments/export/
    Accept: application/x-ndjson
    -> body ~ canary-name
$ printf '%s\n' VERSION=3 format=print type=btree HEADER=END ' default\00imp_1' ' {"buyer_name":"canary-name"' DATA=END | mdb_load -s payments $TEST_NGINX_STORE
GET /payments/order_1
    -> 503 store_unavailable
refund {"merchant_uid": "order_1", "refund_account": "canary-claim-n"}
    -> 503 store_unavailable
GET /payments/export/
    Accept: application/x-ndjson
    -> 200



=== TEST 19: PortOne refuses to tell, and says whom it does not know
--- payments eval: ::people(4)
--- http_config eval: ::portone()
--- locations
        location = /webhook { portone_webhook; }
--- steps
fault {"body":"{\"code\":-1,\"message\":\"canary-message\",\"response\":null}","call":"find","fault":"status","status":404}
refund_of 1 '404 payment_not_found'
fault {"body":"{\"code\":-1,\"message\":\"canary-message\",\"response\":null}","call":"find","fault":"status","status":401,"times":2}
refund_of 1 '502 portone_unauthorized'
sandbox POST tokens/expire
fault {"body":"{\"code\":-1,\"message\":\"canary-message\",\"response\":null}","call":"token","fault":"status","status":401}
refund_of 2 '502 portone_unauthorized'
fault {"body":"{\"code\":-1,\"message\":\"canary-message\",\"response\":null}","call":"cancel","fault":"status","status":400}
refund_of 3 '422 refund_rejected'
fault {"body":"{\"code\":-1,\"message\":\"canary-message\"}","call":"payment","fault":"status","status":429}
POST /webhook {"imp_uid": "imp_4", "buyer_name": "canary-name"}
    -> 502
