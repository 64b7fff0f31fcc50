# portone_status and the store: none, one that cannot be opened or written,
# one with damaged records, and what Prometheus gets.

use lib 't/lib';
use Test::Portone::Hold;
use Test::Portone;
use Test::Portone::Outcome;

our $status = <<'END';
        location = /status {
            portone_status;
        }
        location = /metrics {
            portone_status prometheus;
        }
END

# puts a text into a database of the store, with LMDB's own tool

sub put {
    my ($database, $key, $value) = @_;
    my $hex = sub { unpack 'H*', $_[0] };

    return "\$ printf 'VERSION=3\\nformat=bytevalue\\ntype=btree\\n"
        . "HEADER=END\\n %s\\n %s\\nDATA=END\\n' " . $hex->($key) . ' '
        . $hex->($value) . " | mdb_load -s $database \$TEST_NGINX_STORE\n";
}

sub intent {
    my ($uid, $json) = @_;

    return put('intents', "default\0$uid", $json);
}

run_tests();

__DATA__

=== TEST 1: Prometheus understands it, and finds nothing to say about it
--- payments eval: ::payments(2)
--- locations eval: $::status
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_2", "amount": 300}
    -> 504 outcome_unknown
GET /metrics
    -> Content-Type: text/plain; version=0.0.4; charset=utf-8
    -> Cache-Control: no-store
    -> body ~ ^# HELP portone_refunds_total \w
    -> body ~ \n# TYPE portone_refunds_open gauge\n
    -> body ~ \nportone_refunds_total\{result="succeeded"\} 1\n
    -> body ~ \nportone_refunds_total\{result="outcome_unknown"\} 1\n
    -> body ~ \nportone_api_calls_total\{call="cancel",outcome="unanswered"\} 1\n
    -> body ~ \nportone_api_call_duration_seconds_bucket\{call="cancel",le="0\.001"\} \d\n
    -> body ~ \nportone_api_call_duration_seconds_bucket\{call="cancel",le="60"\} 2\n
    -> body ~ \nportone_api_call_duration_seconds_bucket\{call="cancel",le="\+Inf"\} 2\n
    -> body ~ \nportone_api_call_duration_seconds_sum\{call="cancel"\} \d+\.\d{6}\n
    -> body ~ \nportone_api_call_duration_seconds_count\{call="cancel"\} 2\n
    -> body ~ \nportone_store_commit_operations_bucket\{le="256"\} 6\n
    -> body ~ \nportone_refunds_open\{state="unknown"\} 1\n
    -> body ~ \nportone_store_up 1\n
    -> body ~ \nportone_store_entries\{database="payments"\} 2\n
$ curl -sS http://127.0.0.1:$TEST_NGINX_SERVER_PORT/metrics | promtool check metrics
    -> body =



=== TEST 2: both formats tell the same
--- payments eval: ::payments(1)
--- locations eval: $::status
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
refund {"merchant_uid": "order_9"}
    -> 404 payment_not_found
$ curl -sS http://127.0.0.1:$TEST_NGINX_SERVER_PORT/metrics | grep -v '^#' | grep -v duration | sed 's/{[a-z]*="/ /; s/",[a-z]*="/ /; s/"}//; s/^portone_//' | awk '{ print $NF }' | sed -E '/\./s/\.?0*$//' | sort > $TEST_NGINX_STORE.prometheus
$ curl -sS http://127.0.0.1:$TEST_NGINX_SERVER_PORT/status | jq 'del(.time, .reviews) | with_entries(select(.key | test("duration") | not)) | .. | numbers' | sed -E '/\./s/\.?0*$//' | sort > $TEST_NGINX_STORE.json
$ diff $TEST_NGINX_STORE.prometheus $TEST_NGINX_STORE.json
    -> body =



=== TEST 3: without a store, what the store knows is missing
--- bare
--- config eval: $::status
--- steps
GET /status
    -> 200
    -> .store_up = 0
    -> .store_size_bytes = null
    -> .store_entries = null
    -> .refunds_open = null
    -> .reviews = null
    -> .refunds_total.succeeded = 0
    -> .workers >= 1
GET /metrics
    -> body ~ \nportone_store_up 0\n
    -> body !~ portone_refunds_open
    -> body !~ portone_store_size_bytes
    -> body ~ \nportone_refunds_total\{result="succeeded"\} 0\n
$ curl -sS http://127.0.0.1:$TEST_NGINX_SERVER_PORT/metrics | promtool check metrics
    -> body =



=== TEST 4: a store that cannot be opened
--- payments eval: ::payments(1)
--- locations eval: $::status
--- steps
stop
$ rm -r $TEST_NGINX_STORE && touch $TEST_NGINX_STORE
start
refund {"merchant_uid": "order_1"}
    -> 503 store_unavailable
GET /status
    -> .store_up = 0
    -> .refunds_open = null
    -> .refunds_total.store_unavailable = 1
    -> .store_writes_total.committed = 0
GET /metrics
    -> body ~ \nportone_store_up 0\n
$ rm $TEST_NGINX_STORE
reload
refund {"merchant_uid": "order_1"}
    -> 200
GET /status
    -> .store_up = 1
    -> .refunds_open.sending = 0
    -> .refunds_total.succeeded = 1
    -> .refunds_total.store_unavailable = 1
--- error_log eval
qr/\[emerg\] .*open\(\) ".*open.lock" failed/



=== TEST 5: a disk that is full
--- payments eval: ::payments(1)
--- locations eval: $::status
--- error_log eval
qr/\[crit\] .*store ".*": writing failed .*No space left on device/
--- steps
GET /payments/order_1
    -> 200
$ touch $TEST_NGINX_HOLD_SYNC.full
refund {"merchant_uid": "order_1", "amount": 300}
    -> 503 store_unavailable
$ rm $TEST_NGINX_HOLD_SYNC.full
GET /status
    -> .refunds_total.store_unavailable = 1
    -> .store_writes_total.committed = 1
    -> .store_writes_total.failed = 1
    -> .store_last_failure_timestamp_seconds > 1700000000
within 15s refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
GET /status
    -> .store_up = 1
    -> .refunds_total.succeeded = 1



=== TEST 6: writes that wait for the disk are seen, and go together
--- payments eval: ::payments(8)
--- workers: 1
--- locations eval: $::status
--- steps eval
::numbered(sub { "GET /payments/order_$_[0]\n    -> 200\n" }, 1 .. 8)
. <<'END' . ::numbered(sub { <<END }, 2 .. 8) . <<'END'
$ touch $TEST_NGINX_HOLD_SYNC
[r1] refund {"merchant_uid": "order_1", "amount": 300}
within 5s $ test -e $TEST_NGINX_HOLD_SYNC.waiting
END
[r$_[1]] refund {"merchant_uid": "order_$_[1]", "amount": 300}
END
within 5s GET /status
    -> .store_writes_in_flight = 8
    -> .refunds_in_flight = 8
    -> .store_commit_operations.count = 8
$ rm -f $TEST_NGINX_HOLD_SYNC $TEST_NGINX_HOLD_SYNC.waiting
answers r1 r2 r3 r4 r5 r6 r7 r8
    -> 200 x 8
GET /status
    -> .store_writes_in_flight = 0
    -> .store_writes_total.committed = 24
    -> .store_commit_operations.sum = 24
    -> .store_commit_operations.buckets.4 < 24
    -> .store_commit_duration_seconds.sum > 0.001
    -> .refunds_total.succeeded = 8
$ curl -sS http://127.0.0.1:$TEST_NGINX_SERVER_PORT/status | jq -e '.store_commit_operations | .count < .sum and .buckets["8"] > .buckets["4"]'
END



=== TEST 7: an intent that cannot be read is told, whatever is in it
--- payments eval: ::payments(1)
--- locations eval: $::status
--- steps
GET /payments/order_1
    -> 200
intent imp_1 'not JSON'
intent imp_2
    = {"state":"asleep","merchant_uid":"order_2","requested_at":1700000000}
intent imp_3
    = {"state":"manual_review","merchant_uid":"a \"quote\"\\<b>","refund_id":"r","amount":10.5,"currency":"USD","requested_at":1600000000}
intent
    = 한글
    = {"state":"manual_review","merchant_uid":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","amount":"1","requested_at":-5}
GET /status
    -> .refunds_open.unreadable = 2
    -> .refunds_open.manual_review = 2
    -> .refunds_open_oldest_age_seconds.manual_review > 100000000
    -> .refunds_open_oldest_age_seconds.unreadable > 10000000
    -> .reviews # 4
    -> .reviews[0].merchant_uid # 160
    -> .reviews[0].imp_uid = "한글"
    -> .reviews[0].amount = null
    -> .reviews[0].requested_at = null
    -> .reviews[1].state = unreadable
    -> .reviews[1].imp_uid = imp_1
    -> .reviews[1].merchant_uid = null
    -> .reviews[1].refund_id = null
    -> .reviews[2].state = manual_review
    -> .reviews[2].merchant_uid = "a \"quote\"\\<b>"
    -> .reviews[2].amount = 10.5
    -> .reviews[2].currency = USD
    -> .reviews[2].requested_at = 1600000000
    -> .reviews[3].state = unreadable
    -> .reviews[3].merchant_uid = order_2



=== TEST 8: of many that need a person, the oldest are shown
--- locations eval: $::status
--- steps eval
"GET /status\n    -> .store_up = 1\n"
. CORE::join('', map { ::intent("imp_$_", '{"state":"manual_review","merchant_uid":"o' . $_ . '","requested_at":' . (1700000000 - $_) . '}') } 1 .. 25)
. <<'END'
GET /status
    -> .refunds_open.manual_review = 25
    -> .reviews # 20
    -> .reviews[0].merchant_uid = o25
    -> .reviews[19].merchant_uid = o6
END



=== TEST 9: the smallest zone: workers share their counters, and nothing is lost
--- workers: 4
--- payments eval: ::payments(8)
--- http_config
portone_zone 32k;
lingering_close off;
server {
    listen 127.0.0.1:$TEST_NGINX_PORT_1 reuseport;
    location = /payments/cancel {
        portone_cancel;
    }
}
--- locations eval: $::status
--- steps eval
::numbered(sub { <<END }, 1 .. 8) . <<'END'
[r$_[0]] POST http://127.0.0.1:\$TEST_NGINX_PORT_1/payments/cancel {"merchant_uid": "order_$_[0]", "amount": 300}
END
answers r1 r2 r3 r4 r5 r6 r7 r8
    -> 200 x 8
GET /status
    -> .refunds_total.succeeded = 8
    -> .refunds_in_flight = 0
    -> .workers = 4
END
--- no_error_log
portone_zone is too small



=== TEST 10: a refund that a person settles is a settlement
--- http_config
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
--- payments eval: ::payments(1)
--- locations eval
$::status . <<'END'
        location /shop/ {
            portone_payment write;
        }
END
--- steps
fault [{"call": "cancel", "fault": "lose_request"},
    | {"call": "payment", "fault": "status", "status": 503, "times": 0}]
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
sandbox POST payments/imp_1/console {"amount": 100}
sandbox DELETE faults
within 15s GET /status
    -> .refunds_open.manual_review = 1
GET /status
    -> .settlements_total.manual_review = 1
POST /shop/order_1/refunds/{{id}} {"state": "not_executed"}
    -> 200
GET /status
    -> .refunds_open.manual_review = 0
    -> .reviews # 0
    -> .settlements_total.manual_review = 1
    -> .settlements_total.not_executed = 1
    -> .payment_requests_total.ok = 1
    -> .refunds_total.outcome_unknown = 1
