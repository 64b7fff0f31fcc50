# portone_payment write: import and export of many payments.

use lib 't/lib';
use Test::Portone;

add_block_preprocessor(sub {
    my $block = shift;

    $block->set_value('locations', ($block->locations // '') . <<'END');
        location /shop/ {
            client_max_body_size 0;
            portone_payment write;
        }

        location /stored/ {
            portone_fetch off;
            portone_payment;
        }

        location /second/ {
            portone_merchant second;
            client_max_body_size 0;
            portone_payment write;
        }
END
});

run_tests();

__DATA__

=== TEST 1: one payment a line, bad lines are told with their numbers
--- steps
POST /shop/
    Content-Type: application/x-ndjson
    | {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
    | {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": "x"}
    |
    | {"imp_uid": "imp_3", "merchant_uid": "order_3", "amount": 3000, "cancel_amount": 500}
    | nonsense
    | {"merchant_uid": "order_4", "amount": 1}
    | {"imp_uid": "imp_5", "amount": 1}
    | {"imp_uid": "imp_6", "merchant_uid": "order_6", "amount": 5, "cancel_amount": 6}
    -> 200
    -> Content-Type: application/json
    -> . # 3
    -> .stored = 2
    -> .rejected = 5
    -> .errors # 5
    -> .errors[0] = {"line": 2, "error": "invalid_request", "field": "amount"}
    -> .errors[1] = {"line": 5, "error": "invalid_json"}
    -> .errors[2] = {"line": 6, "error": "invalid_request", "field": "imp_uid"}
    -> .errors[3] = {"line": 7, "error": "invalid_request", "field": "merchant_uid"}
    -> .errors[4] = {"line": 8, "error": "invalid_request", "field": "cancel_amount"}

GET /stored/order_1
    -> .refundable_amount = 1000
GET /stored/order_3
    -> .refundable_amount = 2500
GET /stored/order_2
    -> 404
ledger
    -> .requests # 0

kill
start

GET /stored/?imp_uid=imp_3
    -> .merchant_uid = order_3



=== TEST 2: the same import again stores the same, later refunds stay
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
POST /shop/
    Content-Type: application/x-ndjson
    | {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000, "cancel_amount": 0}
    | {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": 500}
    -> .stored = 2
refund {"merchant_uid": "order_1", "amount": 400}
    -> 200
POST /shop/
    Content-Type: application/x-ndjson
    | {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000, "cancel_amount": 0}
    | {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": 500}
    -> .stored = 2
    -> .rejected = 0
GET /stored/order_1
    -> .refundable_amount = 600
    -> .cancel_history # 1



=== TEST 3: nothing, and only white space
--- steps
POST /shop/
    Content-Type: application/x-ndjson
    -> . = {"stored": 0, "rejected": 0, "errors": []}
POST /shop/
    Content-Type: application/x-ndjson
    Content-Length: 0
    -> . = {"stored": 0, "rejected": 0, "errors": []}
POST /shop/
    Content-Type: application/x-ndjson
    |
    |
    |
    -> . = {"stored": 0, "rejected": 0, "errors": []}



=== TEST 4: lines of CR LF, in chunks, and without an end of line
--- steps eval
my $line = sub { my $n = shift;
    qq({"imp_uid":"imp_$n","merchant_uid":"order_$n","amount":$n}) };
my $text = $line->(1) . "\r\n" . $line->(2) . "\r\n\r\n" . $line->(3);
my $chunks = CORE::join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
             unpack '(a7)*', $text;
my @lines = split /\n/, "${chunks}0\r\n\r\n", -1;

"POST /shop/\n    Content-Type: application/x-ndjson\n"
. "    Transfer-Encoding: chunked\n"
. CORE::join('', map { "    |$_\n" } @lines) . <<'END';
    -> .stored = 3
    -> .rejected = 0
GET /stored/order_2
    -> .amount = 2
GET /stored/order_3
    -> .amount = 3
END



=== TEST 5: media types
--- steps
POST /shop/ {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
    -> 415 unsupported_media_type
POST /shop/ {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
    Content-Type: text/plain
    -> 415 unsupported_media_type
POST /shop/ {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
    Content-Type: application/X-NDJSON; charset=utf-8
    -> .stored = 1



=== TEST 6: the first hundred errors are listed, all are counted
--- steps eval
"POST /shop/\n    Content-Type: application/x-ndjson\n"
. CORE::join('', map { "    | {\"x\": $_}\n" } 1 .. 250) . <<'END';
    -> .stored = 0
    -> .rejected = 250
    -> .errors # 100
    -> .errors[0].line = 1
    -> .errors[99].line = 100
END



=== TEST 7: many batches, and what is exported is what was imported
--- steps
$ perl -e 'for (1 .. 6000) { printf qq({"imp_uid":"imp_%05d","merchant_uid":"order_%d","amount":%d,"cancel_amount":0,"currency":"KRW","status":"paid","name":"%s"}\n), $_, 100000 - $_, $_, "n" x ($_ % 200) }' > $TEST_NGINX_STORE.in
$ curl -s -H 'Content-Type: application/x-ndjson' -H 'Expect:' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/
    -> . = {"stored": 6000, "rejected": 0, "errors": []}
$ curl -sf -D $TEST_NGINX_STORE.header -H 'Accept: application/x-ndjson' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/ > $TEST_NGINX_STORE.out
$ cmp $TEST_NGINX_STORE.in $TEST_NGINX_STORE.out
$ cat $TEST_NGINX_STORE.header
    -> body ~ HTTP/1.1 200 OK
    -> body ~ Content-Type: application/x-ndjson
    -> body ~ Transfer-Encoding: chunked
GET /stored/order_99999
    -> .imp_uid = imp_00001



=== TEST 8: what PortOne has sent goes out and in again byte for byte
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10.50 currency=USD buyer_name=홍길동
imp_uid=imp_2 merchant_uid=order_2 amount=1000 pay_method=vbank
--- steps
sandbox POST payments {"imp_uid": "imp_3", "merchant_uid": "주문 \"3\"/\\", "amount": 1000, "odd": {"a": [1.5, null, true, "\u0001\n/é😀"], "b": 0.1}}
refund {"merchant_uid": "order_1", "amount": 0.75, "reason": "x"}
    -> 200
GET /shop/order_2
    -> 200
GET /shop/?imp_uid=imp_3
    -> 200
GET /shop/
    Accept: application/x-ndjson
    -> 200
    -> body as first
    -> body ~ ^(?:\{.*\}\n){3}$
    -> body !~ refundable_amount
$ curl -s -H 'Accept: application/x-ndjson' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/ > $TEST_NGINX_STORE.first
$ curl -s -H 'Content-Type: application/x-ndjson' --data-binary @$TEST_NGINX_STORE.first http://127.0.0.1:$TEST_NGINX_SERVER_PORT/second/
    -> .stored = 3
    -> .errors = []
GET /second/
    Accept: text/html, application/x-ndjson;q=0.5
    -> body = {{first}}

# and again, over what is there

$ curl -s -H 'Content-Type: application/x-ndjson' --data-binary @$TEST_NGINX_STORE.first http://127.0.0.1:$TEST_NGINX_SERVER_PORT/second/
    -> .stored = 3
GET /second/
    Accept: application/x-ndjson
    -> body = {{first}}



=== TEST 9: an export needs portone_payment write, and nothing but it
--- steps
PUT /shop/order_1 {"imp_uid": "imp_1", "amount": 1000}
    -> 201
GET /stored/
    Accept: application/x-ndjson
    -> 400 invalid_request
    -> .field = merchant_uid
GET /shop/
    -> 400 invalid_request
GET /shop/
    Accept: application/json
    -> 400 invalid_request
GET /shop/order_1
    Accept: application/x-ndjson
    -> Content-Type: application/json
    -> .imp_uid = imp_1
HEAD /shop/
    Accept: application/x-ndjson
    -> 200
    -> Content-Type: application/x-ndjson
    -> body =
GET /second/
    Accept: application/x-ndjson
    -> 200
    -> Content-Type: application/x-ndjson
    -> body =



=== TEST 10: an export has the payments of its shop that match
--- locations
        location /a/ {
            portone_merchant a;
            portone_payment write;
        }
        location /ab/ {
            portone_merchant ab;
            portone_payment write;
        }
        location /own/ {
            portone_merchant a;
            portone_match customer_uid $http_customer;
            portone_payment write;
        }
--- steps
PUT /a/order_1 {"imp_uid": "imp_1", "amount": 1, "customer_uid": "alice"}
    -> 201
PUT /a/order_2 {"imp_uid": "imp_2", "amount": 2, "customer_uid": "bob"}
    -> 201
PUT /ab/order_3 {"imp_uid": "imp_3", "amount": 3, "customer_uid": "bob"}
    -> 201
GET /a/
    Accept: application/x-ndjson
    -> body ~ imp_1.*\n.*imp_2.*\n$
    -> body !~ imp_3
GET /ab/
    Accept: application/x-ndjson
    -> body ~ ^\{"imp_uid":"imp_3".*\n$
GET /own/
    Accept: application/x-ndjson
    Customer: bob
    -> body ~ ^\{"imp_uid":"imp_2".*\n$
GET /own/
    Accept: application/x-ndjson
    Customer: carol
    -> body =
POST /own/
    Content-Type: application/x-ndjson
    Customer: bob
    | {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1, "name": "x"}
    | {"imp_uid": "imp_4", "merchant_uid": "order_4", "amount": 1, "customer_uid": "bob"}
    -> .stored = 1
    -> .errors = [{"line": 1, "error": "payment_not_found"}]



=== TEST 11: long lines: a megabyte is taken, more is not
--- steps
$ perl -e 'my $t = sub { qq({"imp_uid":"imp_$_[0]","merchant_uid":"order_$_[0]","amount":1,"cancel_amount":0,"currency":"KRW","status":"paid","x":") . "y" x $_[1] . qq("}\n) }; print $t->(1, 5), $t->(2, 300000), $t->(3, 1000000), $t->(4, 1100000), $t->(5, 7000000), $t->(6, 9), $t->(7, 270000), $t->(8, 3)' > $TEST_NGINX_STORE.in
$ curl -s -H 'Content-Type: application/x-ndjson' -H 'Expect:' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/
    -> .stored = 6
    -> .errors = [{"line": 4, "error": "too_large"}, {"line": 5, "error": "too_large"}]
$ curl -s -H 'Accept: application/x-ndjson' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/ > $TEST_NGINX_STORE.out
$ sed -e 4,5d $TEST_NGINX_STORE.in | cmp - $TEST_NGINX_STORE.out



=== TEST 12: a payment with an open refund is told and left alone
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 504 outcome_unknown
POST /shop/
    Content-Type: application/x-ndjson
    | {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000, "cancel_amount": 300}
    | {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": 1000}
    -> .stored = 1
    -> .errors = [{"line": 1, "error": "refund_in_progress"}]



=== TEST 13: a store that is full says at which line, and the rest can follow
--- http_config
    portone_store $TEST_NGINX_STORE size=2m;
--- steps
$ perl -e 'for (1 .. 4000) { printf qq({"imp_uid":"imp_%05d","merchant_uid":"order_%05d","amount":%d,"cancel_amount":0,"currency":"KRW","status":"paid","name":"%s"}\n), $_, $_, $_, "n" x 700 }' > $TEST_NGINX_STORE.in
$ curl -s -w '%{http_code}' -o $TEST_NGINX_STORE.answer -H 'Content-Type: application/x-ndjson' -H 'Expect:' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/
    -> body = 503
$ cat $TEST_NGINX_STORE.answer
    -> .error = store_unavailable
    -> .code = null
    -> .rejected = 0
    -> .stored > 300
    -> .stored < 2500
    -> .stored as stored
    -> .line as line
$ test {{line}} = $(({{stored}} + 1))
$ curl -s -H 'Accept: application/x-ndjson' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/ > $TEST_NGINX_STORE.out
$ head -n {{stored}} $TEST_NGINX_STORE.in | cmp - $TEST_NGINX_STORE.out
$ sed -e 's/size=2m/size=64m/' -i $TEST_NGINX_SERVROOT/conf/nginx.conf
reload
$ curl -s -H 'Content-Type: application/x-ndjson' -H 'Expect:' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/
    -> . = {"stored": 4000, "rejected": 0, "errors": []}
--- error_log
MDB_MAP_FULL
import breaks off at line



=== TEST 14: a client that leaves keeps what was stored, and can come again
--- steps
$ perl -e 'for (1 .. 9000) { printf qq({"imp_uid":"imp_%05d","merchant_uid":"order_%05d","amount":%d,"cancel_amount":0,"currency":"KRW","status":"paid","name":"%s"}\n), $_, $_, $_, "n" x 100 }' > $TEST_NGINX_STORE.in
$ (printf 'POST /shop/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n' $(wc -c < $TEST_NGINX_STORE.in); head -n 5000 $TEST_NGINX_STORE.in) | perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new("127.0.0.1:$ENV{TEST_NGINX_SERVER_PORT}") or die; local $/; print $s <STDIN>; close $s'
within 5s $ curl -s -H 'Accept: application/x-ndjson' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/ | wc -l | tr -d '\n'
    -> body ~ ^[1-9]\d\d\d
$ curl -s -H 'Content-Type: application/x-ndjson' -H 'Expect:' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/
    -> .stored = 9000
    -> .rejected = 0
$ curl -s -H 'Accept: application/x-ndjson' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/ | cmp - $TEST_NGINX_STORE.in
--- error_log
import



=== TEST 15: killed in the middle: what is there is whole, and it can be run again
--- steps
$ perl -e 'for (1 .. 20000) { printf qq({"imp_uid":"imp_%05d","merchant_uid":"order_%05d","amount":%d,"cancel_amount":0,"currency":"KRW","status":"paid","name":"%s"}\n), $_, $_, $_, "n" x 100 }' > $TEST_NGINX_STORE.in
$ (curl -s -o /dev/null -H 'Content-Type: application/x-ndjson' -H 'Expect:' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/ &)
within 5s GET /stored/order_00001
    -> 200
kill
start
$ curl -s -H 'Accept: application/x-ndjson' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/ > $TEST_NGINX_STORE.out
$ head -n $(wc -l < $TEST_NGINX_STORE.out) $TEST_NGINX_STORE.in | cmp - $TEST_NGINX_STORE.out
$ curl -s -H 'Content-Type: application/x-ndjson' -H 'Expect:' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/
    -> . = {"stored": 20000, "rejected": 0, "errors": []}
$ curl -s -H 'Accept: application/x-ndjson' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/ | cmp - $TEST_NGINX_STORE.in



=== TEST 16: refunds go on while an import runs
--- payments
imp_uid=imp_a merchant_uid=order_a amount=1000
--- steps
$ perl -e 'for (1 .. 20000) { printf qq({"imp_uid":"imp_%05d","merchant_uid":"order_%05d","amount":%d}\n), $_, $_, $_ }' > $TEST_NGINX_STORE.in
$ (curl -s -o $TEST_NGINX_STORE.answer -H 'Content-Type: application/x-ndjson' -H 'Expect:' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/ &)
within 5s GET /stored/order_00001
    -> 200
refund {"merchant_uid": "order_a", "amount": 100}
    -> 200
refund {"merchant_uid": "order_a", "amount": 100}
    -> 200
    -> .refundable_amount = 800
within 10s $ cat $TEST_NGINX_STORE.answer
    -> .stored = 20000



=== TEST 17: an import by HTTP/2
--- config
    listen $TEST_NGINX_PORT_1 http2;
    location /shop/ {
        client_max_body_size 0;
        portone_payment write;
    }
--- steps
$ perl -e 'for (1 .. 5000) { printf qq({"imp_uid":"imp_%05d","merchant_uid":"order_%05d","amount":%d,"cancel_amount":0,"currency":"KRW","status":"paid","name":"%s"}\n), $_, $_, $_, "n" x 100 }' > $TEST_NGINX_STORE.in
$ curl -s --http2-prior-knowledge -H 'Content-Type: application/x-ndjson' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_PORT_1/shop/
    -> . = {"stored": 5000, "rejected": 0, "errors": []}
$ curl -s --http2-prior-knowledge -H 'Accept: application/x-ndjson' http://127.0.0.1:$TEST_NGINX_PORT_1/shop/ | cmp - $TEST_NGINX_STORE.in



=== TEST 18: an export to a slow client, rate limited and compressed
--- locations
        location /slow/ {
            limit_rate 1m;
            gzip on;
            gzip_types application/x-ndjson;
            portone_payment write;
        }
--- steps
$ perl -e 'for (1 .. 9000) { printf qq({"imp_uid":"imp_%05d","merchant_uid":"order_%05d","amount":%d,"cancel_amount":0,"currency":"KRW","status":"paid","name":"%s"}\n), $_, $_, $_, "n" x 100 }' > $TEST_NGINX_STORE.in
$ curl -s -H 'Content-Type: application/x-ndjson' -H 'Expect:' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_SERVER_PORT/shop/
    -> .stored = 9000
$ curl -s -H 'Accept: application/x-ndjson' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/slow/ | cmp - $TEST_NGINX_STORE.in
$ curl -s --compressed -H 'Accept: application/x-ndjson' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/slow/ | cmp - $TEST_NGINX_STORE.in



=== TEST 19: a body that nginx refuses
--- locations
        location /small/ {
            client_max_body_size 100;
            portone_payment write;
        }
--- steps
$ perl -e 'print qq({"imp_uid":"imp_1","merchant_uid":"order_1","amount":1}\n) x 10' > $TEST_NGINX_STORE.in
$ curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/x-ndjson' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_SERVER_PORT/small/
    -> body = 413
$ curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/x-ndjson' -H 'Transfer-Encoding: chunked' --data-binary @$TEST_NGINX_STORE.in http://127.0.0.1:$TEST_NGINX_SERVER_PORT/small/
    -> body = 413
GET /stored/order_1
    -> 404



=== TEST 20: what PortOne sends is stored as it is, but for lines and a member of ours
--- steps
fault {"call": "find", "fault": "body", "body": "{\"code\":0,\"message\":null,\"response\" : { \"imp_uid\": \"imp_1\",\"merchant_uid\":\"order_1\",\"amount\":1.0e3,\"cancel_amount\":0,\"currency\":\"KRW\",\"status\":\"paid\",\"id\":12345678901234567890,\"e\":\"\\u0041\\/\" } }"}
GET /shop/order_1
    -> 200
    -> .amount = 1000
    -> .refundable_amount = 1000
fault {"call": "find", "fault": "body", "body": "{\"code\":0,\"response\":{\n  \"imp_uid\": \"imp_2\",\n  \"merchant_uid\": \"order_2\",\n  \"amount\": 1000.0, \"cancel_amount\": 0, \"currency\": \"KRW\", \"status\": \"paid\"\n}\n}\n"}
GET /shop/order_2
    -> 200
fault {"call": "find", "fault": "body", "body": "{\"code\":0,\"response\":{\"imp_uid\":\"imp_3\", \"merchant_uid\":\"order_3\",\"amount\":1000,\"cancel_amount\":0,\"currency\":\"KRW\",\"refundable_amount\":7,\"status\":\"paid\"}}"}
GET /shop/order_3
    -> 200
    -> .refundable_amount = 1000
GET /shop/
    Accept: application/x-ndjson
    -> 200
    -> body ~ (?m)^\{ "imp_uid": "imp_1","merchant_uid":"order_1","amount":1\.0e3,"cancel_amount":0,"currency":"KRW","status":"paid","id":12345678901234567890,"e":"\\u0041\\/" \}$
    -> body ~ (?m)^\{"imp_uid":"imp_2","merchant_uid":"order_2","amount":1000,"cancel_amount":0,"currency":"KRW","status":"paid"\}$
    -> body ~ (?m)^\{"imp_uid":"imp_3","merchant_uid":"order_3","amount":1000,"cancel_amount":0,"currency":"KRW","status":"paid"\}$
