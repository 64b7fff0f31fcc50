# The configurations in docs/examples: nginx takes them as they are, without a
# warning, and they do what they say.

BEGIN {
    # secrets are files in these tests

    umask 077;
}

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Examples;

# key and secret of the usual PortOne, and those of the shop "coffee"

our $keys = <<'END';
>>> portone.key
imp_key_of_tests
>>> portone.secret
imp_secret_of_tests
>>> coffee.key
coffee_key
>>> coffee.secret
coffee_secret
END

# the shop's own application: who is who by a cookie

our $application = <<'END';
map $http_cookie $who {
    "session=kim" kim;
    "session=lee" lee;
}

server {
    listen 127.0.0.1:$TEST_NGINX_PORT_5;

    location / {
        return 200 "the shop\n";
    }

    location = /session {
        if ($who = "") {
            return 401;
        }

        add_header X-Customer $who;
        return 204;
    }
}
END

# pieces of nginx_t are separated by blank lines

sub in_one_piece {
    return $_[0] =~ s/\n{2,}/\n/gr;
}

# curl with these arguments: the body, and the status on a line of its own

our $curl = "\$ curl -sS -m 20 -k -w '\\n%{http_code}'";

run_tests();

__DATA__

=== TEST 1: nginx -t has nothing to say, of each by itself and of all of them
--- user_files eval: $::keys
--- nginx_t eval
CORE::join "\n\n", map {
    ::in_one_piece("portone_api http://127.0.0.1:1;\n" . ::example(@$_))
} [::example_names()],
  map { $_ eq 'portone' ? ['portone'] : ['portone', $_] } ::example_names()



=== TEST 2: customers refund their own orders
--- user_files eval: $::keys
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=kim
imp_uid=imp_2 merchant_uid=order_2 amount=1000 customer_uid=lee
--- http_config eval
::example('portone', 'customers') . $::application
--- steps eval
my $shop = "https://127.0.0.1:\$TEST_NGINX_PORT_1";
my $json = q('{"merchant_uid": "order_1", "cancel_request_amount": 300}');
<<"END"
$::curl $shop/
    -> body ~ ^the shop\\n\\n200\$
$::curl $shop/payments/cancel --json $json
    -> body ~ \\n401\$
$::curl $shop/payments/cancel --json $json -H 'Cookie: session=lee'
    -> body ~ "payment_not_found".*\\n+404\$
$::curl $shop/payments/cancel --json $json -H 'Cookie: session=kim' -H 'Idempotency-Key: one'
    -> body ~ "refundable_amount":700.*\\n+200\$
$::curl $shop/payments/cancel --json $json -H 'Cookie: session=kim' -H 'Idempotency-Key: one'
    -> body ~ "refundable_amount":700.*\\n+200\$
$::curl $shop/payments/cancel --json '{"merchant_uid": "order_2"}' -H 'Cookie: session=lee' -H 'Idempotency-Key: one'
    -> body ~ "refundable_amount":0.*\\n+200\$
$::curl $shop/payments/order_1 -H 'Cookie: session=kim'
    -> body ~ "refundable_amount":700,"refunds":\\[.*\\n+200\$
$::curl $shop/payments/order_1 -H 'Cookie: session=lee'
    -> body ~ \\n404\$
$::curl $shop/payments/order_1
    -> body ~ \\n401\$
$::curl $shop/session -H 'Cookie: session=kim'
    -> body ~ \\n404\$
ledger ?call=cancel
    -> .requests # 2
    -> .payments.imp_1.executed_amount = 300
    -> .payments.imp_2.executed_amount = 1000
\$ for i in 1 2 3 4 5 6 7 8 9; do curl -sS -k -o $ENV{TEST_NGINX_ROOT}/html/out -w '%{http_code} ' $shop/payments/cancel --json {}; done
    -> body ~ 429 \$
END



=== TEST 3: the back office needs a certificate, and an amount
--- user_files eval: $::keys
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::example('portone', 'back-office')
--- steps eval
my $office = "https://127.0.0.1:\$TEST_NGINX_PORT_2";
my $json = q('{"merchant_uid": "order_1", "cancel_request_amount": 300}');
my $tls = $ENV{TEST_NGINX_TLS};
my $employee = "--cert $tls/good.crt --key $tls/good.key";
my $stranger = "--cert $tls/stranger.crt --key $tls/stranger.key";
<<"END"
$::curl $office/payments/cancel --json $json
    -> body ~ No required SSL certificate(?s:.*)\\n400\$
$::curl $office/payments/order_1
    -> body ~ \\n400\$
$::curl $office/payments/cancel --json $json $stranger
    -> body ~ SSL certificate error(?s:.*)\\n400\$
$::curl $office/payments/cancel --json '{"merchant_uid": "order_1"}' $employee
    -> body ~ "amount_required".*\\n+400\$
$::curl $office/payments/cancel --json $json $employee
    -> body ~ "refundable_amount":700.*\\n+200\$
$::curl $office/payments/order_1 $employee
    -> body ~ "refundable_amount":700.*\\n+200\$
ledger ?call=cancel
    -> .requests # 1
within 3s \$ cat $ENV{TEST_NGINX_ROOT}/logs/refunds.log
    -> body ~ "CN=[^"]+" 400 order_1 - - - amount_required\\n
    -> body ~ "CN=[^"]+" 200 order_1 [0-9a-f-]{36} 300 succeeded -\\n
END



=== TEST 4: several shops: tiers, keys and records of their own
--- user_files eval: $::keys
--- payments
imp_uid=imp_f merchant_uid=order_1 amount=1000 tier=FLW
imp_uid=imp_b merchant_uid=order_1 amount=2000 tier=BKS
imp_uid=imp_c merchant_uid=order_1 amount=3000 account=coffee_key
--- http_config eval
<<'END' . ::example('portone', 'shops')
portone_sandbox_account imp_key_of_tests imp_secret_of_tests tier=FLW;
portone_sandbox_account imp_key_of_tests imp_secret_of_tests tier=BKS;
portone_sandbox_account coffee_key coffee_secret;
set_real_ip_from 127.0.0.1;
real_ip_header   X-Client;
END
--- steps
POST http://127.0.0.1:$TEST_NGINX_PORT_3/payments/cancel {"merchant_uid": "order_1"}
    Host: flowers.internal.example
    -> 403
GET http://127.0.0.1:$TEST_NGINX_PORT_3/payments/order_1
    Host: coffee.internal.example
    X-Client: 192.0.2.1
    -> 403
POST http://127.0.0.1:$TEST_NGINX_PORT_3/payments/cancel {"merchant_uid": "order_1", "amount": 100}
    Host: flowers.internal.example
    X-Client: 10.1.2.3
    -> 200
    -> .imp_uid = imp_f
    -> .refundable_amount = 900
POST http://127.0.0.1:$TEST_NGINX_PORT_3/payments/cancel {"merchant_uid": "order_1", "amount": 100}
    Host: books.internal.example
    X-Client: 10.1.2.3
    -> 200
    -> .imp_uid = imp_b
    -> .refundable_amount = 1900
POST http://127.0.0.1:$TEST_NGINX_PORT_3/payments/cancel {"merchant_uid": "order_1", "amount": 100}
    Host: coffee.internal.example
    X-Client: 10.1.2.3
    -> 200
    -> .imp_uid = imp_c
    -> .refundable_amount = 2900
GET http://127.0.0.1:$TEST_NGINX_PORT_3/payments/order_1
    Host: flowers.internal.example
    X-Client: 10.1.2.3
    -> .imp_uid = imp_f
    -> .refundable_amount = 900
ledger ?call=cancel
    -> .requests # 3
    -> .requests[0].tier = FLW
    -> .requests[1].tier = BKS
    -> .requests[2].tier = null



=== TEST 5: a line of JSON for each refund
--- user_files eval: $::keys
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::example('portone', 'json-log')
--- steps
POST http://127.0.0.1:$TEST_NGINX_PORT_4/payments/cancel {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> Portone-Refund-Id as id
within 3s $ cat $TEST_NGINX_ROOT/logs/refunds.json
    -> .status = "200"
    -> .client = 127.0.0.1
    -> .merchant_uid = order_1
    -> .imp_uid = imp_1
    -> .refund_id = {{id}}
    -> .amount = "300"
    -> .refundable_amount = "700"
    -> .state = succeeded
    -> .error = -
    -> .code = "0"
    -> .token = miss
    -> .replayed = -
POST http://127.0.0.1:$TEST_NGINX_PORT_4/payments/cancel {"merchant_uid": "a \"quoted\"\\ 주문"}
    -> 404
within 3s $ tail -n 1 $TEST_NGINX_ROOT/logs/refunds.json
    -> .status = "404"
    -> .merchant_uid = a "quoted"\ 주문
    -> .error = payment_not_found
    -> .refund_id = -



=== TEST 6: webhooks from PortOne's addresses only
--- user_files eval: $::keys
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
<<'END' . ::example('portone', 'webhook')
set_real_ip_from 127.0.0.1;
real_ip_header   X-Client;
END
--- locations
        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
--- steps eval
my $hook = "https://127.0.0.1:\$TEST_NGINX_PORT_1/portone/webhook";
my $json = q('{"imp_uid": "imp_1", "merchant_uid": "order_1", "status": "paid"}');
<<"END" . CORE::join '', map { <<"END" } qw( 52.78.100.19 52.78.48.223 52.78.5.241 );
$::curl $hook --json $json
    -> body ~ \\n403\$
$::curl $hook --json $json -H 'X-Client: 192.0.2.1'
    -> body ~ \\n403\$
GET /stored/order_1
    -> 404
END
$::curl $hook --json $json -H 'X-Client: $_'
    -> body ~ "imp_uid":"imp_1".*\\n+200\$
GET /stored/order_1
    -> 200
    -> .amount = 1000
END



=== TEST 7: the status is for the company only
--- user_files eval: $::keys
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
<<'END' . ::example('portone', 'status')
set_real_ip_from 127.0.0.1;
real_ip_header   X-Client;
END
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
GET http://127.0.0.1:$TEST_NGINX_PORT_6/metrics
    -> body ~ \nportone_refunds_total\{result="succeeded"\} [1-9]
GET http://127.0.0.1:$TEST_NGINX_PORT_6/status.json
    X-Client: 10.1.2.3
    -> .refunds_total.succeeded >= 1
GET http://127.0.0.1:$TEST_NGINX_PORT_6/
    -> Content-Type: ~ ^text/html
GET http://127.0.0.1:$TEST_NGINX_PORT_6/metrics
    X-Client: 192.0.2.1
    -> 403



=== TEST 8: docs/getting-started.md
--- user_files
>>> portone.key
imp_sandbox_key
>>> portone.secret
imp_sandbox_secret
--- http_config eval
"portone_connect_timeout 200ms; portone_read_timeout 500ms;"
. "portone_settle_time 3s; portone_reconcile_interval 1s;"
. "portone_sandbox_account imp_sandbox_key imp_sandbox_secret;"
. ::example_in('docs/getting-started.md', 1)
--- steps
GET http://127.0.0.1:$TEST_NGINX_PORT_7/payments/ORD1
    -> body ~ "refundable_amount":10000,"refunds":\[\]\}$
POST http://127.0.0.1:$TEST_NGINX_PORT_7/payments/cancel {"merchant_uid": "ORD1", "cancel_request_amount": 2000}
    -> 200
    -> .refundable_amount = 8000
GET http://127.0.0.1:$TEST_NGINX_PORT_7/portone/_sandbox/ledger?call=cancel
    -> .requests # 1
    -> .requests[0].body = "{\"imp_uid\":\"imp_1\",\"amount\":2000,\"checksum\":10000}"
POST http://127.0.0.1:$TEST_NGINX_PORT_7/payments/cancel {"merchant_uid": "ORD1", "cancel_request_amount": 9000}
    -> 400 amount_exceeds_refundable
POST http://127.0.0.1:$TEST_NGINX_PORT_7/payments/cancel {"merchant_uid": "ORD1", "cancel_requst_amount": 10}
    -> 400 invalid_request
    -> .field = cancel_requst_amount
POST http://127.0.0.1:$TEST_NGINX_PORT_7/portone/_sandbox/faults {"call": "cancel", "fault": "lose_answer"}
POST http://127.0.0.1:$TEST_NGINX_PORT_7/payments/cancel {"merchant_uid": "ORD2", "cancel_request_amount": 2000}
    -> 504 outcome_unknown
POST http://127.0.0.1:$TEST_NGINX_PORT_7/payments/cancel {"merchant_uid": "ORD2", "cancel_request_amount": 2000}
    -> 409 refund_in_progress
within 15s GET http://127.0.0.1:$TEST_NGINX_PORT_7/payments/ORD2
    -> .refundable_amount = 8000
    -> .refunds[0].state = succeeded
    -> .refunds[0].cancellation_id ~ .
