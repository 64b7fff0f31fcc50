# portone_webhook: what PortOne sends when a payment has changed, what it is
# answered, and what is stored.

use lib 't/lib';
use Test::Portone;

our $webhook = <<'END';
        location = /webhook {
            portone_webhook;
        }

        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
END

run_tests();

__DATA__

=== TEST 1: a webhook brings a payment in, and it is as PortOne has it
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 buyer_name=홍길동
--- locations eval: $::webhook
--- steps
GET /stored/order_1
    -> 404 payment_not_found
POST /webhook {"imp_uid": "imp_1", "merchant_uid": "order_1", "status": "paid"}
    -> 200
    -> Content-Type: application/json
    -> . = {"imp_uid": "imp_1", "status": "paid"}
GET /stored/order_1
    -> .imp_uid = imp_1
    -> .amount = 1000
    -> .buyer_name = 홍길동
    -> .refundable_amount = 1000
ledger
    -> .requests # 2
    -> .requests[1].path ~ /payments/imp_1$



=== TEST 2: as a form, too
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::webhook
--- steps
POST /webhook imp_uid=imp_1&merchant_uid=order_1&status=paid
    Content-Type: application/x-www-form-urlencoded
    -> 200
    -> . = {"imp_uid": "imp_1", "status": "paid"}
GET /stored/order_1
    -> .imp_uid = imp_1



=== TEST 3: media types have parameters, and their case does not matter
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::webhook
--- steps
POST /webhook {"imp_uid": "imp_1"}
    Content-Type: Application/JSON;charset=UTF-8
    -> 200
POST /webhook imp%5Fuid=imp%5f1
    Content-Type: application/x-www-form-urlencoded; charset=utf-8
    -> 200



=== TEST 4: the body is not believed: PortOne is
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::webhook
--- steps
POST /webhook {"imp_uid": "imp_1", "merchant_uid": "order_9", "status": "cancelled", "cancellation_id": "c", "amount": 1, "cancel_amount": 1000}
    -> 200
    -> . = {"imp_uid": "imp_1", "status": "paid"}
GET /stored/order_1
    -> .amount = 1000
    -> .refundable_amount = 1000
GET /stored/order_9
    -> 404



=== TEST 5: an order number alone will do
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::webhook
--- steps
POST /webhook {"merchant_uid": "order_1"}
    -> . = {"imp_uid": "imp_1", "status": "paid"}
ledger
    -> .requests[1].path ~ /payments/find/order_1$
POST /webhook merchant_uid=order_1
    Content-Type: application/x-www-form-urlencoded
    -> 200
ledger
    -> .requests[2].path ~ /payments/imp_1$



=== TEST 6: a refund in the console becomes known
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::webhook
--- steps
GET /payments/order_1
    -> .refundable_amount = 1000
sandbox POST payments/imp_1/console {"amount": 400}
    -> .webhook as webhook
POST /webhook {{webhook}}
    -> 200
GET /stored/order_1
    -> .refundable_amount = 600
    -> .cancel_history # 1
refund {"merchant_uid": "order_1"}
    -> 200
    -> .refundable_amount = 0
ledger
    -> .payments.imp_1.executed_amount = 600



=== TEST 7: an undone cancellation becomes known
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::webhook
--- steps
refund {"merchant_uid": "order_1", "amount": 1000}
    -> 200
sandbox POST payments/imp_1/undo
    -> 200
POST /webhook {"imp_uid": "imp_1"}
    -> . = {"imp_uid": "imp_1", "status": "paid"}
GET /stored/order_1
    -> .refundable_amount = 1000



=== TEST 8: a virtual account is issued, and paid later
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 status=ready pay_method=vbank
--- locations eval: $::webhook
--- steps
POST /webhook {"imp_uid": "imp_1", "merchant_uid": "order_1", "status": "ready"}
    -> . = {"imp_uid": "imp_1", "status": "ready"}
GET /stored/order_1
    -> .status = ready
sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000, "status": "paid", "pay_method": "vbank"}
POST /webhook {"imp_uid": "imp_1", "merchant_uid": "order_1", "status": "paid"}
    -> . = {"imp_uid": "imp_1", "status": "paid"}
GET /stored/order_1
    -> .status = paid



=== TEST 9: the same webhook again changes nothing, and costs no write
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::webhook
--- steps
POST /webhook {"imp_uid": "imp_1"}
    -> 200
$ mdb_stat -e $TEST_NGINX_STORE | grep 'Last transaction'
    -> body as before
POST /webhook {"imp_uid": "imp_1"}
    -> 200
POST /webhook {"imp_uid": "imp_1"}
    -> 200
$ mdb_stat -e $TEST_NGINX_STORE | grep 'Last transaction'
    -> body = {{before}}
ledger
    -> .calls.payment = 3
    -> .calls.cancel = 0



=== TEST 10: what PortOne does not know is not found, and not stored
--- locations eval: $::webhook
--- steps
POST /webhook {"imp_uid": "imp_9", "merchant_uid": "order_9", "status": "paid"}
    -> 404 payment_not_found
    -> .imp_uid = imp_9
GET /stored/order_9
    -> 404
GET /stored/?imp_uid=imp_9
    -> 404
$ mdb_stat -s payments $TEST_NGINX_STORE | grep Entries
    -> body ~ Entries: 0



=== TEST 11: a payment that has gone at PortOne is not found, and stays
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::webhook
--- steps
POST /webhook {"imp_uid": "imp_1"}
    -> 200
fault {"call": "payment", "fault": "body", "status": 404, "body": "{\"code\":-1,\"message\":\"no\",\"response\":null}"}
POST /webhook {"imp_uid": "imp_1"}
    -> 404 payment_not_found
GET /stored/order_1
    -> 200



=== TEST 12: payments of a test channel need portone_include_sandbox
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 sandbox=on
--- locations
        location = /webhook {
            portone_webhook;
        }

        location = /test-webhook {
            portone_include_sandbox on;
            portone_webhook;
        }
--- steps
POST /webhook {"imp_uid": "imp_1"}
    -> 404 payment_not_found
POST /test-webhook {"imp_uid": "imp_1"}
    -> 200



=== TEST 13: portone_fetch and portone_match are of customers, not of PortOne
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=kim
--- http_config
portone_fetch off;
portone_match customer_uid $http_x_customer;
--- config
        location = /webhook {
            portone_webhook;
        }
        location /payments/ {
            portone_payment;
        }
--- steps
POST /webhook {"imp_uid": "imp_1"}
    -> 200
GET /payments/order_1
    -> 404 payment_not_found
GET /payments/order_1
    X-Customer: kim
    -> 200



=== TEST 14: only POST
--- locations eval: $::webhook
--- steps
GET /webhook
    -> 405 method_not_allowed
    -> Allow: POST
PUT /webhook {"imp_uid": "imp_1"}
    -> 405 method_not_allowed
ledger
    -> .requests = []



=== TEST 15: only JSON and forms
--- locations eval: $::webhook
--- steps
POST /webhook imp_uid=imp_1
    Content-Type: text/plain
    -> 415 unsupported_media_type
POST /webhook imp_uid=imp_1
    Content-Type: multipart/form-data
    -> 415 unsupported_media_type
POST /webhook {"imp_uid": "imp_1"}
    Content-Type:
    -> 415 unsupported_media_type
ledger
    -> .requests = []



=== TEST 16: what is not JSON is told
--- locations eval: $::webhook
--- steps
POST /webhook imp_uid=imp_1
    Content-Type: application/json
    -> 400 invalid_json
POST /webhook
    Content-Type: application/json
    -> 400 invalid_json
POST /webhook [{"imp_uid": "imp_1"}]
    -> 400 invalid_json
ledger
    -> .requests = []



=== TEST 17: identifiers that cannot be are told by their names
--- locations eval: $::webhook
--- steps
POST /webhook {"status": "paid"}
    -> 400 invalid_request
    -> .field = imp_uid
POST /webhook {"imp_uid": ""}
    -> 400 invalid_request
    -> .field = imp_uid
POST /webhook {"imp_uid": 1}
    -> 400 invalid_request
    -> .field = imp_uid
POST /webhook {"imp_uid": "imp_1", "imp_uid": "imp_2"}
    -> 400 invalid_request
    -> .field = imp_uid
POST /webhook {"imp_uid": "imp_1", "merchant_uid": {}}
    -> 400 invalid_request
    -> .field = merchant_uid
POST /webhook imp_uid=imp_1&imp_uid=imp_2
    Content-Type: application/x-www-form-urlencoded
    -> 400 invalid_request
    -> .field = imp_uid
POST /webhook imp_uid=%zz
    Content-Type: application/x-www-form-urlencoded
    -> 400 invalid_request
    -> .field = imp_uid
POST /webhook
    Content-Type: application/x-www-form-urlencoded
    -> 400 invalid_request
    -> .field = imp_uid
ledger
    -> .requests = []



=== TEST 18: an identifier never leads to another call of PortOne
--- locations eval: $::webhook
--- steps
POST /webhook {"imp_uid": "../users/getToken"}
    -> 404 payment_not_found
POST /webhook {"merchant_uid": "a/../../cancel"}
    -> 404 payment_not_found
ledger
    -> .requests = []
POST /webhook {"imp_uid": "a?b#c&d"}
    -> 404 payment_not_found
ledger
    -> .requests[-1].path ~ /payments/a\?b#c&d$
    -> .requests[-1].query = ""



=== TEST 19: long bodies are refused
--- locations eval: $::webhook
--- steps eval
'POST /webhook {"imp_uid": "imp_1", "x": "' . 'x' x 9000 . '"}
    -> 413 too_large
ledger
    -> .requests = []
'



=== TEST 20: PortOne's errors are answered with 5xx, so that it sends again
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations eval: $::webhook
--- steps
fault {"call": "payment", "fault": "status", "status": 503}
POST /webhook {"imp_uid": "imp_1"}
    -> 502 portone_unavailable
# on a connection that was kept, it is asked twice
fault {"call": "payment", "fault": "lose_answer", "times": 0}
POST /webhook {"imp_uid": "imp_1"}
    -> 502 portone_unavailable
sandbox DELETE faults
fault {"call": "payment", "fault": "garbage"}
POST /webhook {"imp_uid": "imp_1"}
    -> 502 portone_unavailable
fault {"call": "payment", "fault": "no_response"}
POST /webhook {"imp_uid": "imp_1"}
    -> 502 portone_unavailable
fault {"call": "payment", "fault": "unauthorized", "times": 2}
POST /webhook {"imp_uid": "imp_1"}
    -> 502 portone_unauthorized
fault {"call": "payment", "fault": "unauthorized"}
POST /webhook {"imp_uid": "imp_1"}
    -> 200



=== TEST 21: another payment's data is not taken
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=2000
--- locations eval: $::webhook
--- steps
fault {"call": "payment", "fault": "other_payment"}
POST /webhook {"imp_uid": "imp_1"}
    -> 502 portone_unavailable
GET /stored/order_1
    -> 404
GET /stored/order_2
    -> 404



=== TEST 22: portone_error_status is heeded
--- locations
        location = /webhook {
            portone_error_status payment_not_found 410;
            portone_language en;
            portone_webhook;
        }
--- steps
POST /webhook {"imp_uid": "imp_1"}
    -> 410 payment_not_found
    -> .message = "The payment was not found."



=== TEST 23: the variables tell of it
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
log_format portone '$uri "$portone_imp_uid" "$portone_merchant_uid" "$portone_error" "$portone_api_status" "$portone_refund_id"';
--- locations
        location = /webhook {
            access_log logs/access.log portone;
            portone_webhook;
        }
--- steps
POST /webhook {"imp_uid": "imp_1"}
    -> 200
POST /webhook {"imp_uid": "imp_2"}
    -> 404
--- access_log
/webhook "imp_1" "order_1" "-" "200" "-"
/webhook "imp_2" "-" "payment_not_found" "404" "-"



=== TEST 24: payments of different shops are kept apart
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
        location = /webhook {
            portone_merchant one;
            portone_webhook;
        }

        location /one/ {
            portone_merchant one;
            portone_fetch off;
            portone_payment;
        }

        location /other/ {
            portone_merchant other;
            portone_fetch off;
            portone_payment;
        }
--- steps
POST /webhook {"imp_uid": "imp_1"}
    -> 200
GET /one/order_1
    -> 200
GET /other/order_1
    -> 404



=== TEST 25: no side door
--- locations
        location = /webhook {
            portone_webhook;
        }

        location = /mirrored {
            mirror /webhook;
            return 204;
        }

        location = /auth {
            auth_request /webhook;
        }
--- steps
GET /auth
    -> 403
--- error_log
portone_webhook does not serve subrequests



=== TEST 26: it needs a store
--- bare
--- must_die
--- http_config
portone_imp_key key;
portone_imp_secret secret;
--- config
location = /webhook {
    portone_webhook;
}
--- error_log
"portone_webhook" needs "portone_store" in



=== TEST 27: and keys
--- bare
--- must_die
--- http_config
portone_store $TEST_NGINX_STORE;
portone_fetch off;
--- config
location = /webhook {
    portone_webhook;
}
--- error_log
"portone_webhook" needs "portone_imp_key" in



=== TEST 28: it shares no location
--- bare
--- must_die
--- http_config
portone_store $TEST_NGINX_STORE;
portone_imp_key key;
portone_imp_secret secret;
--- config
location = /webhook {
    portone_webhook;
    portone_payment;
}
--- error_log
"portone_webhook" and "portone_payment" cannot share a location in
