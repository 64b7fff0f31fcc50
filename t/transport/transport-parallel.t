# Many refunds at once: each is made once, each client gets its own answer.

use lib 't/lib';
use Test::Portone;

worker_connections(2048);

our $number = 200;
our $payments = CORE::join '', map {
    "imp_uid=imp_$_ merchant_uid=order_$_ amount=" . (1000 + $_) . "\n" }
    1 .. $number;
our $config = <<'END';
    portone_sandbox_zone zone=parallel_$TEST_NGINX_BLOCK:8m;
END

run_tests();

__DATA__

=== TEST 1: 200 refunds of different orders at the same time
--- payments eval: $::payments
--- http_config eval: $::config
--- steps eval
my $n = $::number;

qq(fault {"call": "cancel", "fault": "gate", "name": "g", "times": 0}\n)
. CORE::join('', map {
    qq([r$_] refund {"merchant_uid": "order_$_", "amount": $_}\n) } 1 .. $n)
. "waiting g $n\n"
. "open g\n"
. CORE::join('', map { "await r$_\n    -> 200\n    -> .imp_uid = imp_$_\n"
    . "    -> .cancel_amount = $_\n    -> .refundable_amount = 1000\n" } 1 .. $n)
. "ledger ?requests=0\n    -> .cancels_executed = $n\n"
. "    -> .calls.cancel = $n\n"
. CORE::join('', map { "    -> .payments.imp_$_.executions = 1\n"
    . "    -> .payments.imp_$_.executed_amount = $_\n" } 1 .. $n)



=== TEST 2: 200 readings of large answers at the same time
--- payments eval: $::payments
--- http_config eval: $::config
--- steps eval
my $n = $::number;

qq(fault {"call": "find", "fault": "big", "bytes": 200000, "times": 0}\n)
. qq(fault {"call": "find", "fault": "gate", "name": "g", "times": 0}\n)
. CORE::join('', map { "[r$_] GET /payments/order_$_\n" } 1 .. $n)
. "waiting g $n\n"
. "open g\n"
. CORE::join('', map { "await r$_\n    -> 200\n    -> .imp_uid = imp_$_\n"
    . "    -> .amount = " . (1000 + $_) . "\n" } 1 .. $n)
