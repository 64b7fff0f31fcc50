# Refund requests as they come over a connection: one after the other, in
# pieces, in an old version of HTTP.

use lib 't/lib';
use Test::Portone;

our $refund = '{"merchant_uid":"order_1","amount":300}';


sub raw {
    my ($version, $body) = @_;

    return "POST /payments/cancel HTTP/$version\r\nHost: localhost\r\n"
        . "Connection: close\r\nContent-Type: application/json\r\n"
        . (defined $body ? 'Content-Length: ' . length($body) . "\r\n" : '')
        . "\r\n" . ($body // '');
}

run_tests();

__DATA__

=== TEST 1: refunds on one connection are answered one after the other
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- pipelined_requests eval
["POST /payments/cancel\n{\"merchant_uid\":\"order_1\",\"amount\":100}",
 "POST /payments/cancel\n{\"merchant_uid\":\"order_1\",\"amount\":200}",
 "POST /payments/cancel\n{\"merchant_uid\":\"order_2\",\"amount\":300}",
 "POST /payments/cancel\n{\"merchant_uid\":\"order_1\"}",
 "GET /sandbox/_sandbox/ledger?requests=0"]
--- more_headers
Content-Type: application/json
--- error_code eval
[200, 200, 200, 200, 200]
--- response_body_like eval
['"cancel_amount":100,', '"cancel_amount":300,',
 '"imp_uid":"imp_2",.*"cancel_amount":300,', '"cancel_amount":1000,',
 '"cancels_executed":4,.*"imp_1":\{"executions":3,"executed_amount":1000,']


=== TEST 2: a refused request leaves the connection in order for the next one
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- pipelined_requests eval
["POST /payments/cancel\n{\"merchant_uid\":\"order_1\",",
 "POST /payments/cancel\n{\"merchant_uid\":\"order_1\",\"amount\":0}",
 "PUT /payments/cancel\n$::refund",
 "POST /payments/cancel\n$::refund",
 "POST /payments/cancel\n$::refund" . 'x' x 9000,
 "POST /payments/cancel\n$::refund",
 "GET /sandbox/_sandbox/ledger?requests=0"]
--- more_headers eval
["Content-Type: application/json", "Content-Type: application/json",
 "Content-Type: application/json", "Content-Type: text/plain",
 "Content-Type: application/json", "Content-Type: application/json", ""]
--- error_code eval
[400, 400, 405, 415, 413, 200, 200]
--- response_body_like eval
['"invalid_json"', '"field":"amount"', '"method_not_allowed"',
 '"unsupported_media_type"', '"too_large"', '"cancel_amount":300,',
 '"cancels_executed":1,']


=== TEST 3: a request that comes byte by byte is taken
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- raw_request eval
[split //, ::raw('1.1', $::refund)]
--- raw_request_middle_delay: 0.001
--- error_code: 200
--- response_body_like: "cancel_amount":300,


=== TEST 4: a request whose body comes in two pieces is taken
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- raw_request eval
[substr(::raw('1.1', $::refund), 0, -20), substr($::refund, -20)]
--- raw_request_middle_delay: 0.01
--- error_code: 200
--- response_body_like: "cancel_amount":300,


=== TEST 5: a body that comes after the head of the request is taken
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- raw_request eval
[substr(::raw('1.1', $::refund), 0, -length $::refund), $::refund]
--- raw_request_middle_delay: 0.01
--- error_code: 200
--- response_body_like: "cancel_amount":300,


=== TEST 6: chunks that come in pieces are taken
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- raw_request eval
my $body = CORE::join '', (map "1\r\n$_\r\n", split //, $::refund), "0\r\n\r\n";
[substr(::raw('1.1'), 0, -2) . "Transfer-Encoding: chunked\r\n\r\n",
 unpack '(a7)*', $body]
--- raw_request_middle_delay: 0.001
--- error_code: 200
--- response_body_like: "cancel_amount":300,


=== TEST 7: a request of HTTP/1.0 is taken
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- raw_request eval
::raw('1.0', $::refund)
--- error_code: 200
--- response_headers
Content-Type: application/json
Connection: close
--- response_body_like: "cancel_amount":300,


=== TEST 8: a request of HTTP/1.0 without Content-Length has no body
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- raw_request eval
::raw('1.0') . $::refund
--- error_code: 400
--- response_body_like: "invalid_json"


=== TEST 9: a request of HTTP/0.9 is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- raw_request eval
"POST /payments/cancel\r\n"
--- ignore_response
--- no_error_log
is being sent
