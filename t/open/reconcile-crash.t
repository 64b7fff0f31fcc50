# Open refunds are settled, once, whatever dies or is replaced meanwhile:
# nginx with a refund under way, the worker that reconciles, the keys.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Outcome;
use Test::Portone::Remote;
use Test::Portone::Steps qw( add_actions );

use IO::Socket::INET ();

our $quick = <<'END';
portone_connect_timeout 200ms;
portone_read_timeout 500ms;
portone_settle_time 3s;
portone_reconcile_interval 1s;
END

# time to kill nginx in, and a PortOne that lives on

our $slow = <<'END';
portone_keepalive 0;
portone_connect_timeout 2s;
portone_read_timeout 3s;
portone_settle_time 7s;
portone_reconcile_interval 1s;
END

our $remote = 'portone_api http://127.0.0.1:$TEST_NGINX_PORT_9;' . "\n$slow";

# the time of a call that is held at a gate

our $patient = <<'END';
portone_connect_timeout 500ms;
portone_read_timeout 5500ms;
portone_settle_time 8s;
portone_reconcile_interval 1s;
END

# a reading that asks PortOne nothing, and so settles nothing itself

our $stored = <<'END';
        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
END

our $sandbox = "http://127.0.0.1:$ENV{TEST_NGINX_PORT_9}/_sandbox";

# "portone deaf": somebody listens in the place of PortOne who accepts no
# connection, and whose queue is full: connecting takes for ever

my @deaf;

sub deaf {
    @deaf = IO::Socket::INET->new(Listen => 0, ReuseAddr => 1,
        LocalAddr => '127.0.0.1', LocalPort => $ENV{TEST_NGINX_PORT_9})
        or die "cannot listen: $!\n";

    push @deaf, map { IO::Socket::INET->new(Blocking => 0,
        PeerAddr => '127.0.0.1', PeerPort => $ENV{TEST_NGINX_PORT_9}) } 1 .. 4;
}

add_actions('portone deaf' => \&deaf, 'portone hears' => sub { @deaf = () });

# the steps before nginx is killed with the cancel of order_1 held like this

sub held {
    my $fault = shift;
    my $name = $fault =~ /^gate/ ? ', "name": "held"' : '';

    return <<END
portone start
POST $sandbox/payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
GET /payments/order_1
    -> .refundable_amount = 1000
POST $sandbox/faults {"call": "cancel", "fault": "$fault"$name}
[one] refund {"merchant_uid": "order_1", "amount": 300}
GET $sandbox/ledger?wait=cancel:1
END
}

# and after it: the refund is settled like this, and none is made twice

sub settled {
    my ($state, $cancels, $executions) = @_;
    my $left = 1000 - 300 * $executions;
    my ($more, $made, $next) = ($cancels + 1, $executions + 1, $left - 300);

    return <<END
within 20s GET /stored/order_1
    -> .refunds[0].state = $state
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].amount = 300
    -> .refunds[0].settled_at > 1700000000
    -> .refundable_amount = $left
GET $sandbox/ledger
    -> .calls.cancel = $cancels
    -> .calls.payment = 1
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = $next
GET /stored/order_1
    -> .refunds # 2
    -> .refunds[0].state = $state
    -> .refunds[1].state = succeeded
GET $sandbox/ledger
    -> .calls.cancel = $more
    -> .payments.imp_1.executions = $made
END
}

run_tests();

__DATA__

=== TEST 1: nginx is killed after PortOne has made the refund: found, and not made again
--- http_config eval: $::remote
--- locations eval: $::stored
--- steps
held gate_after
GET {{sandbox}}/gates/held?waiting=1
kill
await one
    -> closed
start
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].state = sending
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
settled succeeded 1 1



=== TEST 2: nginx is killed before PortOne makes the refund: it is found when it shows
--- http_config eval: $::remote
--- locations eval: $::stored
--- steps
held gate
GET {{sandbox}}/gates/held?waiting=1
kill
await one
    -> closed
POST {{sandbox}}/gates/held {"open": true}
start
settled succeeded 1 1



=== TEST 3: nginx is killed after it has sent a refund that PortOne never makes
--- http_config eval: $::remote
--- locations eval: $::stored
--- steps
held hang
kill
await one
    -> closed
start
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
settled not_executed 1 0



=== TEST 4: nginx is killed with a refund that is claimed, but not sent
--- http_config eval: $::remote
--- locations eval: $::stored
--- steps
portone start
POST {{sandbox}}/payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
GET /payments/order_1
    -> .refundable_amount = 1000
portone stop
portone deaf
[one] refund {"merchant_uid": "order_1", "amount": 300}
within 2s GET /stored/order_1
    -> .refunds[0].state = sending
kill
await one
    -> closed
portone hears
portone start
POST {{sandbox}}/payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
start
refund {"merchant_uid": "order_1", "amount": 300}
    -> 409 refund_in_progress
settled not_executed 0 0



=== TEST 5: nginx is terminated with a refund under way
--- http_config eval: $::remote
--- locations eval: $::stored
--- steps
held gate_after
GET {{sandbox}}/gates/held?waiting=1
terminate
await one
    -> closed
start
settled succeeded 1 1



=== TEST 6: the workers die with refunds under way, and their successors settle them
--- payments eval: ::payments(2)
--- http_config eval: $::slow
--- locations eval: $::stored
--- steps
fault [{"call": "cancel", "fault": "gate_after", "name": "made", "imp_uid": "imp_1"},
    | {"call": "cancel", "fault": "gate", "name": "not", "imp_uid": "imp_2"}]
[one] refund {"merchant_uid": "order_1", "amount": 300}
[two] refund {"merchant_uid": "order_2", "amount": 300}
waiting made 1
waiting not 1
crash workers
await one
    -> closed
await two
    -> closed
within 20s $ mdb_stat -s intents $TEST_NGINX_STORE
    -> body ~ Entries: 0\n
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 700
GET /stored/order_2
    -> .refunds # 1
    -> .refunds[0].state = not_executed
    -> .refundable_amount = 1000
ledger
    -> .calls.cancel = 2
    -> .calls.payment = 2
    -> .cancels_executed = 1



=== TEST 7: the reconciler outlives reloads
--- payments eval: ::payments(1)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
reload
reload
old workers gone
within 15s GET /stored/order_1
    -> .refunds[0].state = succeeded
ledger
    -> .calls.payment = 1
    -> .calls.cancel = 1



=== TEST 8: the worker that reconciles dies while it settles, and its successor settles
--- payments eval: ::payments(1)
--- http_config eval: $::patient
--- locations eval: $::stored
--- steps
fault [{"call": "cancel", "fault": "lose_answer"},
    | {"call": "payment", "fault": "gate", "name": "read"}]
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
within 20s waiting read 1
crash workers
open read
within 15s GET /stored/order_1
    -> .refunds[0].state = succeeded
GET /stored/order_1
    -> .refunds # 1
    -> .refundable_amount = 700
$ mdb_dump -p -s attempts $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .state = succeeded
    -> .tries absent
ledger
    -> .calls.payment = 2



=== TEST 9: nginx is killed while a refund is settled: it is settled after the next start
--- http_config eval: $::remote
--- locations eval: $::stored
--- steps
held hang_after
POST {{sandbox}}/faults {"call": "payment", "fault": "gate", "name": "read"}
await one
    -> 504 outcome_unknown
within 20s GET {{sandbox}}/gates/read?waiting=1
kill
POST {{sandbox}}/gates/read {"open": true}
start
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].state = unknown
within 20s GET /stored/order_1
    -> .refunds[0].state = succeeded
GET /stored/order_1
    -> .refunds # 1
    -> .refundable_amount = 700
GET {{sandbox}}/ledger
    -> .calls.payment = 2
    -> .calls.cancel = 1



=== TEST 10: an old and a new worker settle the same refund once
--- payments eval: ::payments(1)
--- http_config eval: $::patient
--- locations eval: $::stored
--- steps
fault [{"call": "cancel", "fault": "lose_answer"},
    | {"call": "payment", "fault": "gate", "name": "read", "times": 2}]
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
    -> .refund_id as id
within 20s waiting read 1
reload
within 20s waiting read 2
open read
old workers gone
within 5s GET /stored/order_1
    -> .refunds[0].state = succeeded
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refundable_amount = 700
$ mdb_stat -s attempts $TEST_NGINX_STORE
    -> body ~ Entries: 1\n
$ grep -c 'open refund {{id}} is succeeded' $TEST_NGINX_ROOT/logs/error.log
    -> body ~ ^1$
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .refundable_amount = 400
ledger
    -> .calls.payment = 2
    -> .payments.imp_1.executions = 2



=== TEST 11: one of several workers looks, and each refund is read once
--- workers: 4
--- payments eval: ::payments(10)
--- http_config eval: $::quick
--- locations eval: $::stored
--- steps eval
::arm(call => 'cancel', fault => 'lose_answer', times => 10)
. ::numbered(sub { <<END }, 1 .. 10)
refund {"merchant_uid": "order_$_[0]", "amount": 300}
    -> 504 outcome_unknown
END
. <<'END'
within 20s $ mdb_stat -s intents $TEST_NGINX_STORE
    -> body ~ Entries: 0\n
$ mdb_dump -p -s attempts $TEST_NGINX_STORE | grep -c '"state":"succeeded"'
    -> body ~ ^10$
ledger ?requests=0
    -> .calls.payment = 10
    -> .cancels_executed = 10
END



=== TEST 12: after a change of keys, those of the same merchant and tier are used
--- payments eval: ::payments(1)
--- http_config eval
$::quick . <<'END'
portone_sandbox_account imp_key_of_tests imp_secret_of_tests;
portone_sandbox_account next_key next_secret;
END
--- config eval
<<'END' . $::stored
        include $TEST_NGINX_STORE.*.conf;

        # not this one

        location = /tier/cancel {
            portone_tier ABC;
            portone_cancel;
        }

        location = /payments/cancel {
            portone_cancel;
        }
END
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
$ echo 'portone_imp_key next_key; portone_imp_secret next_secret;' > $TEST_NGINX_STORE.keys.conf
reload
old workers gone
within 15s GET /stored/order_1
    -> .refunds[0].state = succeeded
GET /stored/order_1
    -> .refunds # 1
    -> .refundable_amount = 700
ledger ?call=token
    -> .calls.payment = 1
    -> .requests # 2
    -> .requests[1].body ~ next_key



=== TEST 13: keys that are not shown the payment prove nothing: the right ones settle it
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 account=imp_key_of_tests
--- http_config eval
$::quick . <<'END'
portone_sandbox_account imp_key_of_tests imp_secret_of_tests;
portone_sandbox_account wrong_key wrong_secret;
END
--- config eval
<<'END' . $::stored
        include $TEST_NGINX_STORE.*.conf;

        location = /payments/cancel {
            portone_cancel;
        }
END
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
$ echo 'portone_imp_key wrong_key; portone_imp_secret wrong_secret;' > $TEST_NGINX_STORE.keys.conf
reload
old workers gone
within 15s ledger ?call=payment
    -> .requests # 1
    -> .requests[0].status = 404
within 5s $ mdb_dump -p -s intents $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .state = unknown
    -> .tries = 1
$ rm $TEST_NGINX_STORE.keys.conf
reload
within 15s GET /stored/order_1
    -> .refunds[0].state = succeeded
GET /stored/order_1
    -> .refunds # 1
    -> .refundable_amount = 700



=== TEST 14: refunds of several merchants are settled with the keys of each
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 account=key_a
imp_uid=imp_2 merchant_uid=order_2 amount=1000 account=key_b tier=ABC
imp_uid=imp_3 merchant_uid=order_3 amount=1000 account=key_b
--- http_config eval
$::quick . <<'END'
portone_sandbox_account key_a secret_a;
portone_sandbox_account key_b secret_b;
portone_sandbox_account key_b secret_b tier=ABC;
END
--- config
        location /a/ {
            portone_merchant a;
            portone_imp_key key_a;
            portone_imp_secret secret_a;

            location = /a/cancel {
                portone_cancel;
            }

            location /a/stored/ {
                portone_fetch off;
                portone_payment;
            }
        }

        location /b/ {
            portone_merchant b;
            portone_imp_key key_b;
            portone_imp_secret secret_b;

            location = /b/other/cancel {
                portone_imp_key key_a;
                portone_imp_secret secret_a;
                portone_cancel;
            }

            location = /b/cancel {
                portone_cancel;
            }

            location = /b/tier/cancel {
                portone_tier ABC;
                portone_cancel;
            }

            location /b/stored/ {
                portone_fetch off;
                portone_payment;
            }
        }
--- steps
fault {"call": "cancel", "fault": "lose_answer", "times": 3}
POST /a/cancel {"merchant_uid": "order_1", "amount": 100}
    -> 504 outcome_unknown
POST /b/tier/cancel {"merchant_uid": "order_2", "amount": 200}
    -> 504 outcome_unknown
POST /b/cancel {"merchant_uid": "order_3", "amount": 300}
    -> 504 outcome_unknown
within 15s $ mdb_stat -s intents $TEST_NGINX_STORE
    -> body ~ Entries: 0\n
GET /a/stored/order_1
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 900
GET /b/stored/order_2
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 800
GET /b/stored/order_3
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 700
ledger ?call=payment&imp_uid=imp_2
    -> .requests # 1
    -> .requests[0].tier = ABC
ledger
    -> .calls.payment = 3



=== TEST 15: a refund that no location has keys for is told in the log, and waits
--- payments eval: ::payments(1)
--- http_config eval: $::quick . 'include $TEST_NGINX_STORE.*.conf;'
--- locations eval: $::stored
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
$ echo 'portone_merchant another;' > $TEST_NGINX_STORE.merchant.conf
reload
within 15s $ grep '\[error\].* no location has the keys to settle a refund of merchant "default"' $TEST_NGINX_ROOT/logs/error.log
ledger
    -> .calls.payment = 0
$ mdb_dump -p -s intents $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .state = unknown
$ rm $TEST_NGINX_STORE.merchant.conf
reload
within 15s GET /stored/order_1
    -> .refunds[0].state = succeeded
ledger
    -> .calls.payment = 1



=== TEST 16: nginx that is told to quit settles what it has begun to settle
--- payments eval: ::payments(1)
--- http_config eval: $::slow
--- locations eval: $::stored
--- steps
fault [{"call": "cancel", "fault": "lose_answer"},
    | {"call": "payment", "fault": "delay", "ms": 700}]
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
within 20s sandbox GET ledger?wait=payment:1
stop
start
GET /stored/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded
    -> .refundable_amount = 700
