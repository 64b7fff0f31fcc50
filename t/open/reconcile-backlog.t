# Many open refunds: those that are due are settled at once, a bounded number
# at a time, however many there are and wherever they stand among others.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Outcome;

# The intent and the payment of imp_1 are put into the store for others too,
# as they would be after an outage; PortOne does not know them, so that each
# goes to a person.  Those whose names begin with imp_a are not due.

our $outage = <<'END';
fault {"call": "cancel", "fault": "lose_request"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
$ for db in payments intents; do mdb_dump -p -s $db $TEST_NGINX_STORE | perl -ne '$one .= $_ if /^ (default|\{)/; END { print "VERSION=3\nformat=print\ntype=btree\nHEADER=END\n"; for (100 .. 399) { ($t = $one) =~ s/imp_1/imp_a$_/g; print $t } for (100 .. 199) { ($t = $one) =~ s/imp_1/imp_b$_/g; $t =~ s/"settle_at":\d+/"settle_at":1/; print $t } print "DATA=END\n" }' | mdb_load -s $db $TEST_NGINX_STORE || exit; done
$ mdb_stat -s intents $TEST_NGINX_STORE
    -> body ~ Entries: 401\n
END

run_tests();

__DATA__

=== TEST 1: a backlog is settled in one go
--- payments eval: ::payments(1)
--- http_config
portone_reconcile_interval 3s;
--- steps
outage
within 10s $ mdb_dump -p -s intents $TEST_NGINX_STORE | grep -c manual_review
    -> body ~ ^100$
ledger ?requests=0
    -> .calls.payment = 100
$ mdb_dump -p -s intents $TEST_NGINX_STORE | grep manual_review | grep -c imp_b
    -> body ~ ^100$



=== TEST 2: of a PortOne that does not answer the rest is not asked at once
--- payments eval: ::payments(1)
--- http_config
portone_reconcile_interval 2s;
--- steps
fault {"call": "payment", "fault": "status", "status": 503, "times": 16}
outage
within 15s $ mdb_dump -p -s intents $TEST_NGINX_STORE | grep -c manual_review
    -> body ~ ^100$
$ curl -s 'http://127.0.0.1:$TEST_NGINX_SERVER_PORT/sandbox/_sandbox/ledger?call=payment' | jq -c '[.requests[].at] | [length, .[15] - .[0] < 1000, .[16] - .[15] > 1000]'
    -> body ~ ^\[116,true,true\]$
