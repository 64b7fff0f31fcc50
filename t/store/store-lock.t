# A store that somebody else holds, or that a disk is slow with: nothing is
# sent, nothing else waits, and it goes on when it is released.

use lib 't/lib';
use Test::Portone::Hold;
use Test::Portone;
use Test::Portone::Conf;

run_tests();

__DATA__

=== TEST 1: a process that holds the writer's lock: refunds are refused in time
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- http_config
    log_format order '$uri $status';
--- cancel
            access_log logs/order.log order;
--- locations
        location = /plain {
            access_log logs/order.log order;
            return 200 "plain\n";
        }
--- steps
GET /payments/order_1
    -> 200
$ $TEST_NGINX_HOLD_STORE $TEST_NGINX_STORE $TEST_NGINX_STORE.pid
$ kill -STOP $(cat $TEST_NGINX_STORE.pid)
[held] refund {"merchant_uid": "order_1"}
GET /plain
    -> body ~ plain
GET /payments/order_1
    -> 200
    -> .refunds # 0
await held
    -> 503 store_unavailable
    -> Retry-After: 5
    -> .refund_id absent
    -> ! Portone-Refund-Id
within 5s $ cat $TEST_NGINX_ROOT/logs/order.log
    -> body ~ \A/plain 200\n/payments/cancel 503\n\z
ledger
    -> .calls.cancel = 0
$ kill -CONT $(cat $TEST_NGINX_STORE.pid)
$ kill -TERM $(cat $TEST_NGINX_STORE.pid)
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .cancel_amount = 100
GET /payments/order_1
    -> .refunds # 1
ledger
    -> .calls.cancel = 1
--- error_log eval
qr/\[error\] .*store ".*": could not be written within 5000 ms/



=== TEST 2: a refund that waits for the lock is made when it is released
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1
    -> 200
$ $TEST_NGINX_HOLD_STORE $TEST_NGINX_STORE $TEST_NGINX_STORE.pid
[held] refund {"merchant_uid": "order_1"}
GET /payments/order_1
    -> .refunds # 0
ledger
    -> .calls.cancel = 0
$ kill -TERM $(cat $TEST_NGINX_STORE.pid)
await held
    -> 200
ledger
    -> .cancels_executed = 1



=== TEST 3: a holder of the lock that is killed does not lock the store
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1
    -> 200
$ $TEST_NGINX_HOLD_STORE $TEST_NGINX_STORE $TEST_NGINX_STORE.pid
[held] refund {"merchant_uid": "order_1"}
GET /payments/order_1
    -> .refunds # 0
$ kill -KILL $(cat $TEST_NGINX_STORE.pid)
await held
    -> 200
ledger
    -> .cancels_executed = 1



=== TEST 4: a claim that gets durable after its 503 sends nothing, not_executed
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1
    -> 200
$ touch $TEST_NGINX_HOLD_SYNC
[late] refund {"merchant_uid": "order_1", "amount": 100}
within 5s $ test -e $TEST_NGINX_HOLD_SYNC.waiting
GET /payments/order_1
    -> .refunds # 0
await late
    -> 503 store_unavailable
    -> Retry-After: 5
ledger
    -> .calls.cancel = 0
$ rm -f $TEST_NGINX_HOLD_SYNC $TEST_NGINX_HOLD_SYNC.waiting
within 5s GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = not_executed
    -> .refunds[0].amount = 100
    -> .cancel_amount = 0
ledger
    -> .calls.cancel = 0
refund {"merchant_uid": "order_1", "amount": 200}
    -> 200
    -> .cancel_amount = 200
ledger
    -> .calls.cancel = 1



=== TEST 5: a settlement that is slow keeps the client waiting, and is made once
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "gate_after", "name": "g"}
[slow] refund {"merchant_uid": "order_1", "amount": 100}
waiting g 1
$ touch $TEST_NGINX_HOLD_SYNC
open g
within 5s $ test -e $TEST_NGINX_HOLD_SYNC.waiting
GET /payments/order_1
    -> .refunds[0].state = sending
    -> .cancel_amount = 0
refund {"merchant_uid": "order_1", "amount": 100}
    -> 409 refund_in_progress
$ rm -f $TEST_NGINX_HOLD_SYNC $TEST_NGINX_HOLD_SYNC.waiting
await slow
    -> 200
    -> .cancel_amount = 100
ledger
    -> .calls.cancel = 1
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = succeeded



=== TEST 6: no space left: refunds are refused and readings go on until there is
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 1}
    -> 200
$ touch $TEST_NGINX_HOLD_SYNC.full
refund {"merchant_uid": "order_1", "amount": 2}
    -> 503 store_unavailable
    -> Retry-After: 5
    -> ! Portone-Refund-Id
refund {"merchant_uid": "order_2"}
    -> 503 store_unavailable
GET /payments/order_1
    -> 200
    -> .cancel_amount = 1
    -> .refunds # 1
ledger
    -> .calls.cancel = 1
$ rm $TEST_NGINX_HOLD_SYNC.full
refund {"merchant_uid": "order_1", "amount": 4}
    -> 200
    -> .cancel_amount = 5
refund {"merchant_uid": "order_2"}
    -> 200
ledger
    -> .calls.cancel = 3
--- error_log eval
qr/\[crit\] .*store ".*": writing failed .*No space left on device/



=== TEST 7: no space left for the result: the order stays locked
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "gate_after", "name": "g"}
[full] refund {"merchant_uid": "order_1", "amount": 100}
waiting g 1
$ touch $TEST_NGINX_HOLD_SYNC.full
open g
await full
    -> 504 outcome_unknown
    -> .refund_id as id
$ rm $TEST_NGINX_HOLD_SYNC.full
refund {"merchant_uid": "order_1", "amount": 100}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
GET /payments/order_1
    -> .refunds # 1
    -> .refunds[0].state = sending
ledger
    -> .cancels_executed = 1
--- error_log eval
qr/\[crit\] .*store ".*": writing failed .*No space left on device/



=== TEST 8: a worker does not open the store while another process has its lock
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
GET /payments/order_1
    -> 200
$ timeout 20 flock $TEST_NGINX_STORE/open.lock sh -c 'touch $TEST_NGINX_STORE.held; until test -e $TEST_NGINX_STORE.free; do sleep 0.02; done' >/dev/null 2>&1 &
within 5s $ test -e $TEST_NGINX_STORE.held
reload
refund {"merchant_uid": "order_1", "amount": 100}
    -> 503 store_unavailable
ledger
    -> .calls.cancel = 0
stop
$ touch $TEST_NGINX_STORE.free
start
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
--- error_log eval
qr/\[emerg\] .*flock\(\) ".*open.lock" failed \(11:/
