# What portone_status tells: how refunds ended, what PortOne was asked, what
# is open, exactly, over all workers.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Outcome;

our $status = <<'END';
        location = /status {
            portone_status;
        }
        location = /metrics {
            portone_status prometheus;
        }
END

# a location that has settled nothing itself, and asks PortOne nothing

our $stored = $status . <<'END';
        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
END

our $quick = <<'END';
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
END

# a condition that jq finds true of the status

sub holds {
    return "\$ curl -sS http://127.0.0.1:\$TEST_NGINX_SERVER_PORT/status"
        . " | jq -e '$_[0]'\n";
}

# every histogram adds up: buckets grow, the last one is the count

our $consistent = holds('[.. | objects | select(.buckets)
    | ([.buckets[]] | . == sort) and .buckets["+Inf"] == .count
      and (.count > 0 or .sum == 0)] | length > 5 and all' =~ s/\n\s+/ /gr);

run_tests();

__DATA__

=== TEST 1: the directive
--- level: location
--- nginx_t
portone_status;

portone_status json;

portone_status prometheus;

portone_status html;

portone_status xml;
#<- invalid format "xml", it must be "json", "prometheus" or "html"

portone_status json html;
#<- invalid number of arguments in "portone_status" directive

portone_status;
portone_status html;
#<- "portone_status" directive is duplicate

portone_cancel;
portone_status;
#<- "portone_cancel" and "portone_status" cannot share a location

portone_status;
portone_payment;
#<- "portone_status" and "portone_payment" cannot share a location



=== TEST 2: it needs neither store nor keys
--- nginx_t
server {
    location /status {
        portone_status;
    }
    location ~ ^/stat {
        portone_status html;
    }
}



=== TEST 3: everything begins with 0
--- locations eval: $::status
--- steps
GET /status
    -> 200
    -> Content-Type: application/json
    -> Cache-Control: no-store
    -> .time > 1700000000
    -> .counting_since_timestamp_seconds > 1700000000
    -> .store_up = 1
    -> .store_size_bytes = 67108864
    -> .store_used_bytes > 4096
    -> .store_reader_limit = 1024
    -> .store_readers >= 1
    -> .store_entries.payments = 0
    -> .store_entries.meta = 1
    -> .workers >= 1
    -> .reviews # 0
holds
    = [.refunds_total, .payment_requests_total, .api_calls_total, .settlements_total, .token_refreshes_total, .store_writes_total, .refunds_open, .refunds_open_oldest_age_seconds, .refunds_in_flight, .api_calls_in_flight, .store_writes_in_flight, .idempotent_replays_total, .api_last_answer_timestamp_seconds, .api_last_failure_timestamp_seconds, .store_last_write_timestamp_seconds, .store_last_failure_timestamp_seconds, .refund_duration_seconds, .api_call_duration_seconds, .store_commit_duration_seconds, .store_commit_operations | .. | numbers] | length > 200 and all(. == 0)
consistent



=== TEST 4: it is read, and nothing else
--- locations eval: $::status
--- steps
HEAD /status
    -> 200
    -> Content-Length: ~ ^\d{4,}$
    -> body =
POST /status {}
    -> 405 method_not_allowed
    -> Allow: GET, HEAD
DELETE /metrics
    -> 405 method_not_allowed
    -> Allow: GET, HEAD
GET /status
    -> .refunds_total.method_not_allowed = 0
    -> .payment_requests_total.method_not_allowed = 0



=== TEST 5: a refund that succeeds, and a reading
--- payments eval: ::payments(1)
--- locations eval: $::status
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
GET /payments/order_1
    -> 200
GET /status
    -> .refunds_total.succeeded = 2
    -> .payment_requests_total.ok = 1
    -> .refund_duration_seconds.count = 2
    -> .api_calls_total.token.ok = 1
    -> .api_calls_total.find.ok = 1
    -> .api_calls_total.cancel.ok = 2
    -> .api_calls_total.payment.ok = 0
    -> .api_call_duration_seconds.token.count = 1
    -> .api_call_duration_seconds.find.count = 1
    -> .api_call_duration_seconds.cancel.count = 2
    -> .api_call_duration_seconds.payment.count = 0
    -> .api_last_answer_timestamp_seconds > 1700000000
    -> .api_last_failure_timestamp_seconds = 0
    -> .token_refreshes_total.granted = 1
    -> .store_writes_total.committed = 5
    -> .store_commit_duration_seconds.count = 5
    -> .store_commit_duration_seconds.sum > 0
    -> .store_commit_operations.count = 5
    -> .store_commit_operations.sum = 5
    -> .store_commit_operations.buckets.1 = 5
    -> .store_last_write_timestamp_seconds > 1700000000
    -> .store_entries.payments = 1
    -> .store_entries.attempts = 2
    -> .store_entries.intents = 0
    -> .refunds_in_flight = 0
    -> .api_calls_in_flight = 0
    -> .store_writes_in_flight = 0
holds '[.refunds_total[]] | add == 2'
holds '[.api_calls_total[][]] | add == 4'
consistent



=== TEST 6: requests that are refused, by error
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000 pay_method=vbank
imp_uid=imp_3 merchant_uid=order_3 amount=1000 status=ready
imp_uid=imp_4 merchant_uid=order_4 amount=1000 pay_method=phone paid_at=now-40d
--- locations eval
$::status . <<'END'
        location = /strict {
            portone_require_amount on;
            portone_cancel;
        }
END
--- steps
refund {
    -> 400 invalid_json
refund {"merchant_uid": 1}
    -> 400 invalid_request
refund {"merchant_uid": ""}
    -> 400 invalid_request
POST /strict {"merchant_uid": "order_1"}
    -> 400 amount_required
refund {"merchant_uid": "order_1", "amount": 1001}
    -> 400 amount_exceeds_refundable
refund {"merchant_uid": "order_2"}
    -> 400 refund_account_required
refund {"merchant_uid": "order_9"}
    -> 404 payment_not_found
GET /payments/cancel
    -> 405 method_not_allowed
POST /payments/cancel {}
    Content-Type: text/plain
    -> 415 unsupported_media_type
refund {"merchant_uid": "order_3"}
    -> 409 not_refundable
refund {"merchant_uid": "order_4"}
    -> 422 phone_month_passed
refund {"merchant_uid": "order_1"}
    -> 200
refund {"merchant_uid": "order_1"}
    -> 400 already_refunded
GET /payments/order_9
    -> 404 payment_not_found
DELETE /payments/order_1
    -> 405 method_not_allowed
GET /status
    -> .refunds_total.invalid_json = 1
    -> .refunds_total.invalid_request = 2
    -> .refunds_total.amount_required = 1
    -> .refunds_total.amount_exceeds_refundable = 1
    -> .refunds_total.refund_account_required = 1
    -> .refunds_total.payment_not_found = 1
    -> .refunds_total.method_not_allowed = 1
    -> .refunds_total.unsupported_media_type = 1
    -> .refunds_total.not_refundable = 1
    -> .refunds_total.phone_month_passed = 1
    -> .refunds_total.succeeded = 1
    -> .refunds_total.already_refunded = 1
    -> .payment_requests_total.payment_not_found = 1
    -> .payment_requests_total.method_not_allowed = 1
    -> .api_calls_total.find.not_found = 5
    -> .api_calls_total.cancel.ok = 1
holds '[.refunds_total[]] | add == 13'



=== TEST 7: a body that is too large is counted when the module refuses it
--- locations eval: $::status
--- steps eval
"POST /payments/cancel {\"reason\": \"" . ('x' x 9000) . "\"}\n" . <<'END'
    -> 413 too_large
GET /status
    -> .refunds_total.too_large = 1
END



=== TEST 8: what PortOne refuses, and what becomes known by that
--- payments eval: ::payments(4)
--- locations eval: $::status
--- steps
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "no"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 422 refund_rejected
GET /payments/order_2
    -> 200
sandbox POST payments/imp_2/console {"amount": 100}
refund {"merchant_uid": "order_2", "amount": 300}
    -> 409 checksum_mismatch
fault {"call": "cancel", "fault": "unauthorized", "times": 2}
refund {"merchant_uid": "order_3", "amount": 300}
    -> 502 portone_unauthorized
GET /status
    -> .refunds_total.refund_rejected = 1
    -> .refunds_total.checksum_mismatch = 1
    -> .refunds_total.portone_unauthorized = 1
    -> .api_calls_total.cancel.refused = 2
    -> .api_calls_total.cancel.unauthorized = 2
    -> .api_calls_total.cancel.ok = 0
    -> .api_calls_total.payment.ok = 2
    -> .token_refreshes_total.granted = 2
    -> .api_last_failure_timestamp_seconds = 0



=== TEST 9: an outcome that is not known is open, and has an age
--- payments eval: ::payments(3)
--- locations eval: $::status
--- steps
fault {"call": "cancel", "imp_uid": "imp_1", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
fault {"call": "cancel", "imp_uid": "imp_2", "fault": "garbage"}
refund {"merchant_uid": "order_2", "amount": 300}
    -> 504 outcome_unknown
fault {"call": "cancel", "imp_uid": "imp_3", "fault": "status", "status": 500}
refund {"merchant_uid": "order_3", "amount": 300}
    -> 504 outcome_unknown
GET /status
    -> .refunds_total.outcome_unknown = 3
    -> .refunds_total.refund_in_progress = 1
    -> .refunds_open.unknown = 3
    -> .refunds_open.sending = 0
    -> .refunds_open.manual_review = 0
    -> .api_calls_total.cancel.unanswered = 1
    -> .api_calls_total.cancel.broken = 2
    -> .api_last_failure_timestamp_seconds > 1700000000
    -> .refunds_in_flight = 0
within 5s GET /status
    -> .refunds_open_oldest_age_seconds.unknown >= 1
    -> .refunds_open_oldest_age_seconds.pending = 0
    -> .reviews # 0



=== TEST 10: a refund that PortOne finishes later is pending
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 async=on
--- locations eval: $::status
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 202
GET /status
    -> .refunds_total.pending = 1
    -> .refunds_total.succeeded = 0
    -> .refunds_open.pending = 1
    -> .refund_duration_seconds.count = 1
    -> .store_entries.intents = 1



=== TEST 11: PortOne is not there
--- payments eval: ::payments(1)
--- locations eval
$::status . <<'END'
        location = /away {
            portone_api http://127.0.0.1:$TEST_NGINX_PORT_8;
            portone_cancel;
        }
END
--- steps
POST /away {"merchant_uid": "order_1"}
    -> 502 portone_unavailable
GET /payments/order_1
    -> 200
fault {"call": "token", "fault": "status", "status": 503}
sandbox POST tokens/expire
GET /status
    -> .refunds_total.portone_unavailable = 1
    -> .api_calls_total.token.not_sent = 1
    -> .api_calls_total.token.ok = 1
    -> .api_calls_total.find.ok = 1
    -> .token_refreshes_total.unavailable = 1
    -> .token_refreshes_total.granted = 1
    -> .api_last_failure_timestamp_seconds > 1700000000
    -> .api_last_answer_timestamp_seconds > 1700000000



=== TEST 12: keys that PortOne refuses
--- payments eval: ::payments(1)
--- locations eval
$::status . <<'END'
        location = /stranger {
            portone_imp_key somebody;
            portone_cancel;
        }
END
--- steps
POST /stranger {"merchant_uid": "order_1"}
    -> 502 portone_unauthorized
GET /status
    -> .refunds_total.portone_unauthorized = 1
    -> .api_calls_total.token.unauthorized = 1
    -> .token_refreshes_total.refused = 1
    -> .keys_refused = 1
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
GET /status
    -> .keys_refused = 1
reload
GET /status
    -> .keys_refused = 1



=== TEST 13: a saved answer is not another refund
--- payments eval: ::payments(2)
--- locations eval: $::status
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: one
    -> 200
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: one
    -> 200
    -> Idempotent-Replayed: true
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: one
    -> 422 idempotency_key_reused
GET /status
    -> .refunds_total.succeeded = 1
    -> .refunds_total.idempotency_key_reused = 1
    -> .idempotent_replays_total = 1
    -> .refund_duration_seconds.count = 2
    -> .store_entries.idempotency = 1



=== TEST 14: what is being done is seen while it is done
--- payments eval: ::payments(3)
--- locations eval: $::status
--- steps
fault [{"call": "cancel", "imp_uid": "imp_1", "fault": "gate", "name": "g"},
    | {"call": "cancel", "imp_uid": "imp_2", "fault": "gate", "name": "g"}]
[one] refund {"merchant_uid": "order_1", "amount": 300}
[two] refund {"merchant_uid": "order_2", "amount": 300}
waiting g 2
GET /status
    -> .refunds_in_flight = 2
    -> .api_calls_in_flight = 2
    -> .store_writes_in_flight = 0
    -> .refunds_open.sending = 2
    -> .refunds_total.succeeded = 0
[three] refund {"merchant_uid": "order_3", "amount": 300}
await three
    -> 200
drop two
open g
await one
    -> 200
within 5s GET /status
    -> .refunds_in_flight = 0
    -> .api_calls_in_flight = 0
    -> .refunds_open.sending = 0
    -> .refunds_total.succeeded = 3



=== TEST 15: counts of all workers are one count
--- workers: 4
--- payments eval: ::payments(40)
--- http_config
lingering_close off;
server {
    listen 127.0.0.1:$TEST_NGINX_PORT_1 reuseport;
    location = /payments/cancel {
        portone_cancel;
    }
    location = /status {
        portone_status;
    }
}
--- locations eval: $::status
--- steps eval
::numbered(sub { <<END }, 1 .. 40) . 'answers ' . CORE::join(' ', map { "r$_" } 1 .. 40) . "\n    -> 200 x 40\n" . <<'END'
[r$_[0]] POST http://127.0.0.1:\$TEST_NGINX_PORT_1/payments/cancel {"merchant_uid": "order_$_[0]", "amount": 300}
END
GET /status
    -> .refunds_total.succeeded = 40
    -> .refund_duration_seconds.count = 40
    -> .api_calls_total.cancel.ok = 40
    -> .api_calls_total.find.ok = 40
    -> .store_writes_total.committed = 120
    -> .store_commit_operations.sum = 120
    -> .refunds_in_flight = 0
    -> .workers = 4
GET http://127.0.0.1:$TEST_NGINX_PORT_1/status
    -> .refunds_total.succeeded = 40
    -> .workers = 4
END
. ::holds('[.refunds_total[]] | add == 40')
. $::consistent



=== TEST 16: a reload loses nothing, and what old workers still do is seen
--- payments eval: ::payments(2)
--- locations eval: $::status
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
GET /status
    -> .counting_since_timestamp_seconds as since
    -> .workers as workers
fault {"call": "cancel", "fault": "gate", "name": "g"}
[slow] refund {"merchant_uid": "order_2", "amount": 300}
waiting g 1
reload
GET /status
    -> .refunds_total.succeeded = 1
    -> .refunds_in_flight = 1
    -> .api_calls_in_flight = 1
    -> .counting_since_timestamp_seconds = {{since}}
    -> .workers > {{workers}}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
open g
await slow
    -> 200
old workers gone
GET /status
    -> .refunds_total.succeeded = 3
    -> .refunds_in_flight = 0
    -> .workers = {{workers}}



=== TEST 17: what a worker has in flight dies with it, what it has counted does not
--- payments eval: ::payments(2)
--- locations eval: $::status
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
GET /status
    -> .workers as workers
fault {"call": "cancel", "fault": "gate", "name": "g"}
[slow] refund {"merchant_uid": "order_2", "amount": 300}
waiting g 1
GET /status
    -> .refunds_in_flight = 1
crash workers
await slow
    -> closed
GET /status
    -> .refunds_total.succeeded = 1
    -> .refunds_in_flight = 0
    -> .api_calls_in_flight = 0
    -> .refunds_open.sending = 1
    -> .api_calls_total.cancel.ok = 1
    -> .workers = {{workers}}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
GET /status
    -> .refunds_total.succeeded = 2
open g



=== TEST 18: the reconciler's work is counted
--- payments eval: ::payments(3)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
fault [{"call": "cancel", "imp_uid": "imp_1", "fault": "lose_answer"},
    | {"call": "cancel", "imp_uid": "imp_2", "fault": "lose_request"},
    | {"call": "payment", "fault": "status", "status": 503, "times": 0}]
refund {"merchant_uid": "order_1", "amount": 300, "reason": "why"}
    -> 504 outcome_unknown
refund {"merchant_uid": "order_2", "amount": 300, "reason": "why"}
    -> 504 outcome_unknown
fault {"call": "cancel", "imp_uid": "imp_3", "fault": "lose_request"}
refund {"merchant_uid": "order_3", "amount": 300, "reason": "why"}
    -> 504 outcome_unknown
    -> .refund_id as id3
sandbox POST payments/imp_3/console {"amount": 100}
sandbox DELETE faults
within 15s GET /status
    -> .refunds_open.unknown = 0
    -> .refunds_open.manual_review = 1
GET /status
    -> .settlements_total.succeeded = 1
    -> .settlements_total.not_executed = 1
    -> .settlements_total.manual_review = 1
    -> .settlements_total.rejected = 0
    -> .refunds_total.outcome_unknown = 3
    -> .refunds_total.succeeded = 0
    -> .reviews # 1
    -> .reviews[0].state = manual_review
    -> .reviews[0].merchant = default
    -> .reviews[0].merchant_uid = order_3
    -> .reviews[0].imp_uid = imp_3
    -> .reviews[0].refund_id = {{id3}}
    -> .reviews[0].amount = 300
    -> .reviews[0].currency = KRW
    -> .reviews[0].requested_at > 1700000000



=== TEST 19: webhooks are counted by themselves
--- payments eval: ::payments(1)
--- locations eval
$::status . <<'END'
        location = /webhook {
            portone_webhook;
        }
END
--- steps
POST /webhook {"imp_uid": "imp_1", "merchant_uid": "order_1", "status": "paid"}
    -> 200
POST /webhook {"imp_uid": "imp_9", "merchant_uid": "order_9", "status": "paid"}
    -> 404 payment_not_found
POST /webhook {
    -> 400 invalid_json
GET /webhook
    -> 405 method_not_allowed
GET /status
    -> .webhooks_total.ok = 1
    -> .webhooks_total.payment_not_found = 1
    -> .webhooks_total.invalid_json = 1
    -> .webhooks_total.method_not_allowed = 1
    -> .refunds_total.succeeded = 0
    -> .refunds_total.method_not_allowed = 0
    -> .payment_requests_total.ok = 0
    -> .refunds_in_flight = 0
    -> .api_calls_total.payment.ok = 1
    -> .api_calls_total.payment.not_found = 1



=== TEST 20: what is written by portone_payment is counted
--- locations eval
$::status . <<'END'
        location /shop/ {
            portone_payment write;
        }
END
--- steps
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 201
PUT /shop/order_1 {"amount": 1000}
    -> 400 invalid_request
POST /shop/
    Content-Type: application/x-ndjson
    | {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": 1000}
    -> 200
    -> .stored = 1
GET /shop/
    Accept: application/x-ndjson
    -> 200
GET /shop/order_2
    -> 200
POST /shop/order_2/refunds/01890a5d-ac96-774b-bcce-b302099a8057 {"state": "succeeded"}
    -> 409 not_in_review
PATCH /shop/order_2
    -> 405 method_not_allowed
GET /status
    -> .payment_requests_total.ok = 4
    -> .payment_requests_total.invalid_request = 1
    -> .payment_requests_total.not_in_review = 1
    -> .payment_requests_total.method_not_allowed = 1
    -> .refunds_in_flight = 0
    -> .store_entries.payments = 2



=== TEST 21: as a part of another page
--- locations eval
$::status . <<'END'
        location = /page {
            default_type text/html;
            ssi on;
            return 200 '{"a": <!--# include virtual="/status" -->, "b": <!--# include virtual="/status" -->}';
        }
END
--- steps
GET /page
    -> 200
    -> .a.workers >= 1
    -> .b.workers >= 1



=== TEST 22: more open refunds than are looked at in one go
--- payments eval: ::payments(140)
--- locations eval: $::status
--- steps eval
::arm(call => 'cancel', fault => 'lose_answer', times => 0)
. ::numbered(sub { <<END }, 1 .. 140) . <<'END'
refund {"merchant_uid": "order_$_[0]", "amount": 300}
    -> 504 outcome_unknown
END
GET /status
    -> .refunds_open.unknown = 140
    -> .refunds_total.outcome_unknown = 140
HEAD /status
    -> 200
    -> body =
[gone] GET /status
drop gone
GET /status
    -> .refunds_open.unknown = 140
END
