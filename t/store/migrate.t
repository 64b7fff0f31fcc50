# The data of the guide's server: its collection in the formats of mongoexport,
# through docs/examples/payments-to-ndjson, into the store.

use lib 't/lib';
use Test::Portone;

our $locations = <<'END';
        location /shop/ {
            client_max_body_size 0;
            portone_payment write;
        }

        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
END

$ENV{TEST_NGINX_IMPORT} = 'docs/examples/payments-to-ndjson';
$ENV{TEST_NGINX_SEND} = 'curl -s -T - -X POST'
    . ' -H "Content-Type: application/x-ndjson"'
    . " http://127.0.0.1:$ENV{TEST_NGINX_SERVER_PORT}/shop/";

run_tests();

__DATA__

=== TEST 1: mongoexport's JSON, old and new, is refunded afterwards
--- payments
imp_uid=imp_448280090638 merchant_uid=ORD20180131-0000011 amount=10000 cancel_amount=2000
imp_uid=imp_2 merchant_uid=주문-2 amount=35000
--- locations eval: $::locations
--- steps
$ cat > $TEST_NGINX_STORE.json <<'X'
    | {"_id":{"$oid":"5a7129f3c3f0d40f5c8b4567"},"amount":10000,"cancel_amount":2000,"imp_uid":"imp_448280090638","merchant_uid":"ORD20180131-0000011","__v":0}
    | {"_id":{"$oid":"5a7129f3c3f0d40f5c8b4568"},"amount":{"$numberInt":"35000"},"cancel_amount":{"$numberLong":"0"},"imp_uid":"imp_2","merchant_uid":"주문-2","__v":{"$numberInt":"0"}}
    |
    | {"_id":{"$oid":"5a7129f3c3f0d40f5c8b4569"},"amount":{"$numberDouble":"1500.0"},"imp_uid":"imp_3","merchant_uid":"o3"}
    | {"_id":{"$oid":"5a7129f3c3f0d40f5c8b4570"},"amount":1e4,"cancel_amount":null,"imp_uid":"imp_4","merchant_uid":"o4"}
    |X
$ $TEST_NGINX_IMPORT $TEST_NGINX_STORE.json | $TEST_NGINX_SEND
    -> .stored = 4
    -> .rejected = 0
GET /stored/ORD20180131-0000011
    -> .refundable_amount = 8000
GET /stored/?imp_uid=imp_3
    -> .amount = 1500
GET /stored/o4
    -> .amount = 10000
    -> .cancel_amount = 0
    -> .currency = KRW
refund {"merchant_uid": "ORD20180131-0000011", "cancel_request_amount": 2000}
    -> 200
    -> .refundable_amount = 6000
refund {"merchant_uid": "주문-2"}
    -> 200
    -> .refundable_amount = 0
ledger
    -> .payments.imp_448280090638.executions = 1



=== TEST 2: a CSV file with the same columns, quoted or not, in any order
--- locations eval: $::locations
--- steps
$ printf '\357\273\277_id,merchant_uid,imp_uid,cancel_amount,amount,customer_uid,paid_at\r\nObjectId(1),"order ""1"", a",imp_1,,1000,alice,1700000000\r\n2,order_2,imp_2,250,1000.00,,1700000000000\r\n' > $TEST_NGINX_STORE.csv
$ $TEST_NGINX_IMPORT --csv --keep customer_uid --keep paid_at $TEST_NGINX_STORE.csv | $TEST_NGINX_SEND
    -> .stored = 2
    -> .rejected = 0
GET /stored/order%20%221%22,%20a
    -> .amount = 1000
    -> .cancel_amount = 0
    -> .customer_uid = alice
    -> .paid_at = 1700000000
GET /stored/order_2
    -> .refundable_amount = 750
    -> .customer_uid absent
    -> .paid_at = 1700000000



=== TEST 3: what cannot be taken is told with its line, the rest goes on
--- steps
$ $TEST_NGINX_IMPORT 2>&1 <<'X'
    | {"imp_uid":"imp_1","merchant_uid":"o1"}
    | {"imp_uid":"imp_2","amount":1}
    | {"merchant_uid":"o3","amount":1}
    | {"imp_uid":"imp_4","merchant_uid":"o4","amount":-5}
    | {"imp_uid":"imp_5","merchant_uid":"o5","amount":"many"}
    | {"imp_uid":"imp_6","merchant_uid":"o6","amount":5,"cancel_amount":6}
    | {"imp_uid":"imp_7","merchant_uid":"o7","amount":0}
    | nonsense
    | [1]
    | {"imp_uid":"imp_10","merchant_uid":"o10","amount":true}
    | {"imp_uid":"imp_11","merchant_uid":"o11","amount":{"$numberDouble":"NaN"}}
    | {"imp_uid":"imp_12","merchant_uid":"o12","amount":10.50}
    |X
    -> exit 1
    -> body ~ line 1: amount is missing
    -> body ~ line 2: merchant_uid is missing
    -> body ~ line 3: imp_uid is missing
    -> body ~ line 4: amount is -5
    -> body ~ line 5: amount is no number
    -> body ~ line 6: cancel_amount is more than amount
    -> body ~ line 7: amount is 0
    -> body ~ line 8: not JSON
    -> body ~ line 9: not an object
    -> body ~ line 10: amount is no number
    -> body ~ line 11: amount is NaN
    -> body !~ line 12
    -> body ~ \{"imp_uid":"imp_12","merchant_uid":"o12","amount":10.5,"cancel_amount":0,"currency":"KRW"\}



=== TEST 4: another currency, exact to the last digit
--- locations eval: $::locations
--- steps
$ cat > $TEST_NGINX_STORE.json <<'X'
    | {"imp_uid":"imp_1","merchant_uid":"o1","amount":19.99,"cancel_amount":{"$numberDecimal":"0.10"}}
    | {"imp_uid":"imp_2","merchant_uid":"o2","amount":{"$numberLong":"1234567890123"}}
    |X
$ $TEST_NGINX_IMPORT --currency USD < $TEST_NGINX_STORE.json | $TEST_NGINX_SEND
    -> .stored = 2
GET /stored/o1
    -> .amount = 19.99
    -> .refundable_amount = 19.89
    -> .currency = USD
GET /stored/o2
    -> .amount = 1234567890123
