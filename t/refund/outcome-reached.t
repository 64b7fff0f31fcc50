# PortOne fails before the cancel is sent: certainly nothing was refunded, it
# is told so, and the order is free at once.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Outcome;
use Test::Portone::Remote;

our @broken = (
    [fault => 'lose_request'], [fault => 'lose_answer'],
    (map { [fault => 'status', status => $_] }
         302, 400, 403, 429, 500, 502, 503, 504),
    [fault => 'status', status => 500,
     body => '{"code":-1,"message":"no","response":null}'],
    [fault => 'truncate', bytes => 0], [fault => 'truncate', bytes => 30],
    [fault => 'garbage'], [fault => 'no_response'],
    (map { [fault => 'body', body => $_] }
         '', '[]', '{}', '{"code":0}', '{"code":"0"}',
         '{"code":0,"message":null,"response":{}}',
         '{"code":0,"message":null,"response":[]}'),
    [fault => 'big', bytes => 52428800],
);

run_tests();

__DATA__

=== TEST 1: no payment to be had from PortOne: nothing is sent, nothing is locked
--- http_config
portone_keepalive 0;
--- payments eval: ::payments(24)
--- steps
unreadable find '502 portone_unavailable'
    = [{"fault":"lose_request"}]
    = [{"fault":"lose_answer"}]
    = [{"fault":"status","status":302}]
    = [{"fault":"status","status":400}]
    = [{"fault":"status","status":403}]
    = [{"fault":"status","status":429}]
    = [{"fault":"status","status":500}]
    = [{"fault":"status","status":502}]
    = [{"fault":"status","status":503}]
    = [{"fault":"status","status":504}]
    = [{"body":"{\"code\":-1,\"message\":\"no\",\"response\":null}","fault":"status","status":500}]
    = [{"bytes":0,"fault":"truncate"}]
    = [{"bytes":30,"fault":"truncate"}]
    = [{"fault":"garbage"}]
    = [{"fault":"no_response"}]
    = [{"body":"","fault":"body"}]
    = [{"body":"[]","fault":"body"}]
    = [{"body":"{}","fault":"body"}]
    = [{"body":"{\"code\":0}","fault":"body"}]
    = [{"body":"{\"code\":\"0\"}","fault":"body"}]
    = [{"body":"{\"code\":0,\"message\":null,\"response\":{}}","fault":"body"}]
    = [{"body":"{\"code\":0,\"message\":null,\"response\":[]}","fault":"body"}]
    = [{"bytes":52428800,"fault":"big"}]
    = [{"fault":"other_payment"}]



=== TEST 2: the same by imp_uid
--- payments eval: ::payments(1)
--- steps
fault {"call": "payment", "fault": "status", "status": 500}
refund {"imp_uid": "imp_1", "cancel_request_amount": 300}
    -> 502 portone_unavailable
    -> ! Portone-Refund-Id
    -> .imp_uid = imp_1
fault {"call": "payment", "fault": "other_payment"}
refund {"imp_uid": "imp_1", "cancel_request_amount": 300}
    -> 502 portone_unavailable
ledger
    -> .calls.payment = 2
    -> .calls.cancel = 0
refund {"imp_uid": "imp_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700



=== TEST 3: no token to be had from PortOne: nothing is sent, nothing is locked
--- http_config
portone_keepalive 0;
--- payments eval: ::payments(23)
--- steps
unreadable token '502 portone_unavailable'
    = [{"fault":"lose_request"}]
    = [{"fault":"lose_answer"}]
    = [{"fault":"status","status":302}]
    = [{"fault":"status","status":400}]
    = [{"fault":"status","status":403}]
    = [{"fault":"status","status":429}]
    = [{"fault":"status","status":500}]
    = [{"fault":"status","status":502}]
    = [{"fault":"status","status":503}]
    = [{"fault":"status","status":504}]
    = [{"body":"{\"code\":-1,\"message\":\"no\",\"response\":null}","fault":"status","status":500}]
    = [{"bytes":0,"fault":"truncate"}]
    = [{"bytes":30,"fault":"truncate"}]
    = [{"fault":"garbage"}]
    = [{"fault":"no_response"}]
    = [{"body":"","fault":"body"}]
    = [{"body":"[]","fault":"body"}]
    = [{"body":"{}","fault":"body"}]
    = [{"body":"{\"code\":0}","fault":"body"}]
    = [{"body":"{\"code\":\"0\"}","fault":"body"}]
    = [{"body":"{\"code\":0,\"message\":null,\"response\":{}}","fault":"body"}]
    = [{"body":"{\"code\":0,\"message\":null,\"response\":[]}","fault":"body"}]
    = [{"bytes":52428800,"fault":"big"}]



=== TEST 4: a token that is no token is not used
--- payments eval: ::payments(8)
--- steps
unreadable token '502 portone_unavailable'
    = [{"body":"{\"code\":0,\"message\":null,\"response\":{\"access_token\":\"\",\"now\":1700000000,\"expired_at\":1700001800}}","fault":"body"}]
    = [{"body":"{\"code\":0,\"message\":null,\"response\":{\"access_token\":7,\"now\":1700000000,\"expired_at\":1700001800}}","fault":"body"}]
    = [{"body":"{\"code\":0,\"message\":null,\"response\":{\"access_token\":\"a\\r\\nX: y\",\"now\":1700000000,\"expired_at\":1700001800}}","fault":"body"}]
    = [{"body":"{\"code\":0,\"message\":null,\"response\":{\"access_token\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"now\":1700000000,\"expired_at\":1700001800}}","fault":"body"}]
    = [{"body":"{\"code\":0,\"message\":null,\"response\":{\"access_token\":\"a\",\"now\":1700000000}}","fault":"body"}]
    = [{"body":"{\"code\":0,\"message\":null,\"response\":{\"access_token\":\"a\",\"expired_at\":1700001800}}","fault":"body"}]
    = [{"body":"{\"code\":0,\"message\":null,\"response\":{\"access_token\":\"a\",\"now\":1700001800,\"expired_at\":1700001800}}","fault":"body"}]
    = [{"body":"{\"code\":0,\"message\":null,\"response\":{\"access_token\":\"a\",\"now\":\"1700000000\",\"expired_at\":\"1700001800\"}}","fault":"body"}]



=== TEST 5: PortOne refuses the keys: nothing is sent, nothing is locked
--- payments eval: ::payments(4)
--- steps
unreadable token '502 portone_unauthorized'
    = [{"fault":"unauthorized"}]
    = [{"fault":"status","status":401}]
    = [{"code":-1,"fault":"refuse","message":"key"}]
    = [{"body":"{\"code\":-1,\"message\":\"missing\",\"response\":null}","fault":"status","status":400}]



=== TEST 6: PortOne refuses the token for reading twice: nothing is sent
--- payments eval: ::payments(1)
--- steps
fault {"call": "find", "fault": "unauthorized", "times": 2}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 502 portone_unauthorized
    -> ! Portone-Refund-Id
ledger
    -> .calls.find = 2
    -> .calls.cancel = 0
    -> .token_requests = 2
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700



=== TEST 7: a reading or a token that takes too long: nothing is sent
--- payments eval: ::payments(2)
--- cancel
            portone_connect_timeout 500ms;
            portone_read_timeout 500ms;
--- steps
fault {"call": "token", "fault": "hang"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 502 portone_unavailable
    -> ! Portone-Refund-Id
fault {"call": "find", "fault": "hang"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 502 portone_unavailable
    -> ! Portone-Refund-Id
ledger
    -> .calls.cancel = 0
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700



=== TEST 8: wrong keys are told as such, whatever is tried
--- payments eval: ::payments(1)
--- http_config
portone_imp_secret wrong_secret;
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 502 portone_unauthorized
    -> .message = 포트원 인증에 실패했습니다. 판매자에게 문의해 주세요.
    -> ! Portone-Refund-Id
GET /payments/order_1
    -> 502 portone_unauthorized
ledger
    -> .calls.token = 2
    -> .calls.find = 0
    -> .calls.cancel = 0
    -> .tokens_issued = 0
--- error_log
portone_imp_key or portone_imp_secret is refused
--- no_error_log
wrong_secret



=== TEST 9: a stored payment without a token: no attempt is made
--- payments eval: ::payments(1)
--- steps
GET /payments/order_1
    -> .refundable_amount = 1000
kill
start
fault {"call": "token", "fault": "status", "status": 500}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 502 portone_unavailable
    -> ! Portone-Refund-Id
    -> .refund_id absent
GET /payments/order_1
    -> .refunds # 0
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700



=== TEST 10: nobody listens at PortOne: nothing is sent, nothing is stored
--- http_config
portone_api http://127.0.0.1:$TEST_NGINX_PORT_9;
--- steps
portone stop
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 502 portone_unavailable
    -> ! Portone-Refund-Id
    -> .refund_id absent
    -> .message = 포트원을 이용할 수 없습니다. 환불된 금액은 없으니 잠시 후 다시 시도해 주세요.
GET /payments/order_1
    -> 502 portone_unavailable



=== TEST 11: nobody listens when the cancel is to be sent: it was not made and can be tried at once
--- http_config
portone_api http://127.0.0.1:$TEST_NGINX_PORT_9;
--- steps
portone start
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
GET /payments/order_1
    -> .refundable_amount = 1000

portone stop
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 502 portone_unavailable
    -> .code = null
    -> .refund_id as id
    -> Portone-Refund-Id: {{id}}
    -> .imp_uid = imp_1
GET /payments/order_1
    -> .cancel_amount = 0
    -> .refundable_amount = 1000
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = not_executed
    -> .refunds[0].settled_at > 1700000000

portone start
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/ledger
    -> .payments.imp_1.executions = 1
portone stop



=== TEST 12: PortOne goes away while it works on the cancel: the outcome is unknown
--- http_config
portone_api http://127.0.0.1:$TEST_NGINX_PORT_9;
--- steps
portone start
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000}
POST http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/faults {"call": "cancel", "fault": "gate", "name": "held"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
GET http://127.0.0.1:$TEST_NGINX_PORT_9/_sandbox/gates/held?waiting=1
portone stop
await one
    -> 504 outcome_unknown
    -> .refund_id as id
    -> Portone-Refund-Id: {{id}}
GET /payments/order_1
    -> .refundable_amount = 1000
    -> .refunds # 1
    -> .refunds[0].state = unknown
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
