# The store: what is in it, who shares it, and what happens when it is of no
# use.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;

# refunds are refused before anything is sent, and all else goes on

our $unavailable = <<'END';
refund {"merchant_uid": "order_1"}
    -> 503 store_unavailable
    -> Retry-After: 5
    -> ! Portone-Refund-Id
GET /payments/order_1
    -> 503 store_unavailable
    -> Retry-After: 5
GET /plain
    -> 200
    -> body ~ ^plain$
ledger
    -> .calls.cancel = 0
END

# what root may do, unless it is in a container

our $mounts = system('unshare -m mount -t tmpfs none /mnt 2>/dev/null') == 0;

our $plain = <<'END';
        location = /plain {
            return 200 "plain\n";
        }
END

run_tests();

__DATA__

=== TEST 1: payments, refunds and the format are readable with LMDB's tools
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1", "amount": 300, "reason": "two of three"}
    -> 200
    -> Portone-Refund-Id as id
$ mdb_dump -p -s meta $TEST_NGINX_STORE | grep -A1 '^ format'
    -> body ~ \A format\n 1\n\z
$ mdb_dump -p -s payments $TEST_NGINX_STORE | grep -c '^ default.00imp_1$'
$ mdb_dump -p -s payments $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .merchant_uid = order_1
    -> .cancel_amount = 300
$ mdb_dump -p -s merchant_uids $TEST_NGINX_STORE | sed -n '/^HEADER=END/,$p'
    -> body ~ \AHEADER=END\n default.00order_1\n imp_1\nDATA=END\n\z
$ mdb_stat -s intents $TEST_NGINX_STORE
    -> body ~ Entries: 0\n
$ mdb_dump -p -s attempts $TEST_NGINX_STORE | grep -c '^ default.00imp_1.00{{id}}$'
$ mdb_dump -p -s attempts $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .amount = 300
    -> .state = succeeded
    -> .reason = two of three



=== TEST 2: an open refund is an intent
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "gate", "name": "g"}
[slow] refund {"merchant_uid": "order_1", "amount": 300}
waiting g 1
$ mdb_dump -p -s intents $TEST_NGINX_STORE | sed -n 's/^ {/{/p'
    -> .amount = 300
    -> .state = sending
$ mdb_dump -p -s intents $TEST_NGINX_STORE | grep -c '^ default.00imp_1$'
$ mdb_stat -s attempts $TEST_NGINX_STORE
    -> body ~ Entries: 0\n
open g
await slow
    -> 200
$ mdb_stat -s intents $TEST_NGINX_STORE
    -> body ~ Entries: 0\n



=== TEST 3: the store is nobody else's to read
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
$ stat -c '%a %F' $TEST_NGINX_STORE
    -> body ~ \A700 directory\n\z
$ cd $TEST_NGINX_STORE && stat -c '%a %n' *
    -> body ~ \A600 data.mdb\n600 lock.mdb\n600 open.lock\n\z



=== TEST 4: neither secret nor token nor refund account are stored
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=vbank
--- steps
POST /payments/cancel {"merchant_uid": "order_1", "refund_holder": "Holder",
    | "refund_bank": "04", "refund_account": "98765432101234",
    | "refund_tel": "01099998888"}
    -> 200
ledger ?call=cancel
    -> .requests[0].body ~ 98765432101234
    -> .requests[0].authorization as token
$ grep -aq imp_1 $TEST_NGINX_STORE/data.mdb
$ grep -a -e 9876543210 -e 0109999 $TEST_NGINX_STORE/data.mdb
    -> exit 1
$ grep -a -e imp_secret -e '{{token}}' $TEST_NGINX_STORE/data.mdb
    -> exit 1



=== TEST 5: servers and locations share the store
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_PORT_1;
        location / {
            portone_fetch off;
            portone_payment;
        }
    }
--- locations
        location = /another {
            portone_cancel;
        }
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
POST /another {"merchant_uid": "order_1", "amount": 200}
    -> 200
GET http://127.0.0.1:$TEST_NGINX_PORT_1/order_1
    -> 200
    -> .cancel_amount = 300
    -> .refunds # 2
ledger
    -> .calls.find = 1



=== TEST 6: the store survives reload, crash, stop and kill
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
reload
GET /stored/order_1
    -> .refunds # 1
crash workers
GET /stored/order_1
    -> .refunds # 1
stop
start
GET /stored/order_1
    -> .cancel_amount = 100
kill
start
GET /stored/order_1
    -> .cancel_amount = 100
    -> .refunds[0].state = succeeded
    -> .refunds # 1



=== TEST 7: a store whose parent does not exist is refused by nginx -t
--- nginx_t
portone_store $TEST_NGINX_STORE/no/such;
#<= mkdir() "$TEST_NGINX_STORE/no/such" failed (2: No such file or directory)



=== TEST 8: a path that is a file: refunds are refused, the rest is served
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::plain
--- steps
stop
$ rm -r $TEST_NGINX_STORE && touch $TEST_NGINX_STORE
start
unavailable
$ test -f $TEST_NGINX_STORE && test ! -s $TEST_NGINX_STORE
$ rm $TEST_NGINX_STORE
reload
refund {"merchant_uid": "order_1"}
    -> 200
--- error_log eval
qr/\[emerg\] .*open\(\) ".*open.lock" failed \(20: Not a directory\)/



=== TEST 9: a file system that is read-only, where one can be mounted
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::plain
--- steps eval
!$::mounts ? "\$ true\n" : <<'END' . $::unavailable . <<'END';
stop
$ mount -t tmpfs -o ro,mode=0700 tmpfs $TEST_NGINX_STORE
start
END
$ umount $TEST_NGINX_STORE
reload
old workers gone
refund {"merchant_uid": "order_1"}
    -> 200
END
--- error_log eval
!$::mounts ? () : qr/\[emerg\] .*open\(\) ".*open.lock" failed \(30: Read-only/



=== TEST 10: a store of a newer format is refused and left as it is
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::plain
--- steps
GET /payments/order_1
    -> 200
stop
$ mdb_dump -s meta $TEST_NGINX_STORE | sed 's/^ 31$/ 32/' > $TEST_NGINX_STORE.dump
    | mdb_load -s meta -f $TEST_NGINX_STORE.dump $TEST_NGINX_STORE
$ md5sum < $TEST_NGINX_STORE/data.mdb > $TEST_NGINX_STORE.sum
start
unavailable
stop
$ md5sum < $TEST_NGINX_STORE/data.mdb | cmp - $TEST_NGINX_STORE.sum
start
--- error_log eval
qr/\[emerg\] .*store ".*" has format 2, this module knows up to 1/



=== TEST 11: a database of something else is refused and left as it is
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::plain
--- steps
stop
$ rm $TEST_NGINX_STORE/*
$ printf 'a\nb\n' | mdb_load -T $TEST_NGINX_STORE
$ md5sum < $TEST_NGINX_STORE/data.mdb > $TEST_NGINX_STORE.sum
start
unavailable
stop
$ md5sum < $TEST_NGINX_STORE/data.mdb | cmp - $TEST_NGINX_STORE.sum
start
--- error_log eval
qr/\[emerg\] .*store ".*" has no valid format: it is not a store of this module/



=== TEST 12: a file that is no database is refused and left as it is
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::plain
--- steps
stop
$ rm $TEST_NGINX_STORE/*
$ yes nonsense | head -c 8192 > $TEST_NGINX_STORE/data.mdb
start
unavailable
$ yes nonsense | head -c 8192 | cmp - $TEST_NGINX_STORE/data.mdb
--- error_log eval
qr/\[emerg\] .*store ".*": mdb_env_open\(\) failed: MDB_INVALID/



=== TEST 13: a disk that is full, where one can be mounted: refunds are refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps eval
!$::mounts ? "\$ true\n" : <<'END';
stop
$ mount -t tmpfs -o size=2m,mode=0700 tmpfs $TEST_NGINX_STORE
start
refund {"merchant_uid": "order_1", "amount": 1}
    -> 200
$ cat /dev/zero > $TEST_NGINX_STORE/fill
    -> exit 1
refund {"merchant_uid": "order_1", "amount": 2}
    -> 503 store_unavailable
    -> Retry-After: 5
refund {"merchant_uid": "order_1", "amount": 3}
    -> 503 store_unavailable
GET /payments/order_1
    -> 200
    -> .cancel_amount = 1
    -> .refunds # 1
ledger
    -> .calls.cancel = 1
$ rm $TEST_NGINX_STORE/fill
refund {"merchant_uid": "order_1", "amount": 4}
    -> 200
    -> .cancel_amount = 5
ledger
    -> .calls.cancel = 2
stop
$ umount $TEST_NGINX_STORE
start
END
--- error_log eval
!$::mounts ? () : qr/\[crit\] .*store ".*": writing failed .*No space left on device/



=== TEST 14: a store that is full: refunds are refused, readings go on
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    portone_store $TEST_NGINX_STORE size=1m;
    portone_sandbox_zone zone=full_$TEST_NGINX_BLOCK:8m;
--- steps eval
my $big = 'x' x 15000;

"refund {\"merchant_uid\": \"order_1\", \"amount\": 1}\n    -> 200\n"
. CORE::join('', map { <<"END" } 1 .. 60)
sandbox POST payments {"imp_uid": "big_$_", "merchant_uid": "big_$_", "amount": 1, "custom_data": "$big"}
    -> 200
END
. CORE::join('', map { "GET /payments/big_$_\n    -> 200\n" } 1 .. 48)
. <<'END';
$ curl -s -o /dev/null -w '%{http_code}\n' -d '{"merchant_uid": "order_1", "amount": 1}' -H 'Content-Type: application/json' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/payments/cancel?[1-300]" | uniq -c > $TEST_NGINX_STORE.codes; cat $TEST_NGINX_STORE.codes
    -> body ~ \A +\d+ 200\n +\d+ 503\n\z
GET /payments/big_7
    -> 200
ledger ?requests=0
    -> .calls.cancel as made
GET /payments/order_1
    -> 200
    -> .cancel_amount = {{made}}
$ grep -o '^ *[0-9]* 200' $TEST_NGINX_STORE.codes | grep -cw $(( {{made}} - 1 ))
refund {"merchant_uid": "order_1", "amount": 2}
    -> 503 store_unavailable
    -> Retry-After: 5
ledger ?requests=0
    -> .calls.cancel = {{made}}
$ sed -i 's/size=1m;/size=16m;/' $TEST_NGINX_ROOT/conf/nginx.conf
reload
old workers gone
refund {"merchant_uid": "order_1", "amount": 3}
    -> 200
GET /payments/big_55
    -> 200
END
--- error_log eval
qr/\[crit\] .*store ".*": writing failed: MDB_MAP_FULL.*, raise its size/



=== TEST 15: a store that is full: what has begun is finished
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    portone_store $TEST_NGINX_STORE size=1m;
    portone_sandbox_zone zone=full_$TEST_NGINX_BLOCK:8m;
--- steps eval
my $big = 'x' x 15000;

CORE::join('', map { <<"END" } 1 .. 70)
sandbox POST payments {"imp_uid": "big_$_", "merchant_uid": "big_$_", "amount": 1, "custom_data": "$big"}
    -> 200
sandbox POST payments {"imp_uid": "small_$_", "merchant_uid": "small_$_", "amount": 1}
    -> 200
END
. <<'END';
fault {"call": "cancel", "fault": "gate_after", "name": "g"}
[begun] refund {"merchant_uid": "order_1", "amount": 100}
waiting g 1
$ curl -s -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/payments/{big,small}_[1-70]" > $TEST_NGINX_STORE.codes; tail -n 40 $TEST_NGINX_STORE.codes | uniq -c
$ curl -s -o /dev/null -w '%{http_code}\n' -d '{"merchant_uid": "small_1"}' -H 'Content-Type: application/json' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/payments/cancel?[1-100]" | uniq -c
    -> body ~ \A +100 503\n\z
open g
await begun
    -> 200
    -> .cancel_amount = 100
GET /payments/order_1
    -> .cancel_amount = 100
    -> .refunds[0].state = succeeded
ledger ?requests=0
    -> .calls.cancel = 1
END
--- error_log eval
qr/\[crit\] .*store ".*": writing failed: MDB_MAP_FULL.*, raise its size/
