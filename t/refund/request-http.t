# How a refund request may come over HTTP: method, Content-Type, size, and who
# may send it. What the body says is looked at only after this.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Refusal;

our $refund = '{"merchant_uid":"order_1","amount":300}';

our $nothing_sent = nothing_sent();


# A request of this many bytes.

sub padded {
    my $size = shift;

    return $refund . ' ' x ($size - length $refund);
}


# As a chunked body of chunks of this size; steps bring the line ends.

sub chunked {
    my ($body, $size) = @_;

    return join '', (map { sprintf "%x\r\n%s\r\n", length, $_ }
                     unpack "(a$size)*", $body), "0\r\n\r\n";
}


# The steps of one request with these headers, and what is expected.

sub request {
    my ($line, $headers, $body, @expect) = @_;

    return join '', "$line\n", (map { "    $_\n" } @$headers),
        defined $body ? map { "    |$_\n" } split /\n/, $body, -1 : (),
        map { "    $_\n" } @expect;
}

run_tests();

__DATA__

=== TEST 1: other methods than POST are answered 405 with Allow
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
for value in GET PUT PATCH DELETE OPTIONS PROPFIND MKCOL COPY PURGE
{{value}} /payments/cancel
    -> 405 method_not_allowed
    -> Allow: POST
    -> Content-Type: application/json
    -> .message = "허용되지 않는 요청 메서드입니다."
    -> .code = null
    -> .merchant_uid = null
    -> .imp_uid = null
    -> .field absent
end
nothing_sent


=== TEST 2: another method is refused also with the body of a refund
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
for value in GET PUT PATCH DELETE OPTIONS PURGE
{{value}} /payments/cancel
    Content-Type: application/json
    |{"merchant_uid":"order_1","amount":300}
    -> 405 method_not_allowed
    -> Allow: POST
end
for value in GET PUT
{{value}} /payments/cancel
    Content-Type: text/plain
    |{"merchant_uid":"order_1","amount":300}
    -> 405 method_not_allowed
    -> Allow: POST
end
nothing_sent


=== TEST 3: HEAD is answered 405 with Allow and without a body
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
HEAD /payments/cancel
    -> 405
    -> Allow: POST
    -> Content-Type: application/json
    -> body =
nothing_sent


=== TEST 4: a method in small letters is not POST
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- raw_request eval
"post /payments/cancel HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
. "Content-Type: application/json\r\nContent-Length: " . length($::refund)
. "\r\n\r\n$::refund"
--- error_code: 400
--- response_body_unlike: imp_1


=== TEST 5: application/json is taken in any letters and with parameters
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps eval
my @types = ('application/json', 'Application/JSON; charset=utf-8',
    'application/json;charset=UTF-8', 'application/json; charset=utf-8',
    'APPLICATION/JSON', 'application/json ; charset=utf-8',
    'application/json;', 'application/json;charset="utf-8"',
    'application/json;odata=verbose;x=y', "application/json\t; a=b");
::steps(map ::request('POST /payments/cancel', ["Content-Type: $_"], $::refund,
                      '-> 200', '-> Content-Type: application/json'), @types)
. "ledger ?requests=0
    -> .payments.imp_1.executions = " . @types . "
    -> .payments.imp_1.executed_amount = " . 300 * @types . "\n"


=== TEST 6: any other Content-Type is answered 415
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
for value in text/plain 'text/plain;charset=UTF-8'
    = text/plain; application/json
    = application/x-www-form-urlencoded
    = multipart/form-data; boundary=x
    = application/json5
    = application/jsonp
    = application/jso
    = application/jsonx; charset=utf-8
    = application/json-seq
    = application/x-ndjson
    = application/vnd.api+json
    = application/x-json
    = application/problem+json
    = text/json
    = json
    = */*
    = application/*
    = ;application/json
    = application/json, text/plain
    = text/plain, application/json
    = application/json/x
    = application /json
    = application/ json
    = application/json charset=utf-8
    = "application/json"
    = application/octet-stream
    = x
POST /payments/cancel
    Content-Type: {{value}}
    |{"merchant_uid":"order_1","amount":300}
    -> 415 unsupported_media_type
    -> Content-Type: application/json
    -> .message = "지원하지 않는 Content-Type입니다."
    -> .code = null
    -> .merchant_uid = null
    -> .imp_uid = null
    -> .field absent
    -> ! Allow
end
nothing_sent


=== TEST 7: a request without Content-Type is answered 415
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
POST /payments/cancel
    -> 415 unsupported_media_type
POST /payments/cancel {{refund}}
    Content-Type:
    -> 415 unsupported_media_type
POST /payments/cancel {{refund}}
    Content-Type:
    X-Content-Type: application/json
    Accept: application/json
    -> 415 unsupported_media_type
nothing_sent


=== TEST 8: a form is not taken for a refund
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
POST /payments/cancel
    Content-Type: application/x-www-form-urlencoded
    |merchant_uid=order_1&amount=300
    -> 415 unsupported_media_type
POST /payments/cancel
    Content-Type: text/plain
    |{"merchant_uid":"order_1","reason":"="}
    -> 415 unsupported_media_type
POST /payments/cancel
    Content-Type: application/json
    |merchant_uid=order_1&amount=300
    -> 400 invalid_json
nothing_sent


=== TEST 9: 405 and 415 are told in English where that is configured
--- locations
location = /en { portone_language en; portone_cancel; }
--- steps
GET /en
    -> 405 method_not_allowed
    -> .message = "This request method is not allowed."
POST /en x
    Content-Type: text/plain
    -> 415 unsupported_media_type
    -> .message = "This Content-Type is not supported."
POST /en x
    Content-Type: application/json
    Content-Length: 9000
    -> 413 too_large
    -> .message = "The request body is too large."


=== TEST 10: a body may have 8192 bytes, with Content-Length and chunked
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps eval
my $json = 'Content-Type: application/json';
::request('POST /payments/cancel', [$json], ::padded(8192), '-> 200',
          '-> .cancel_amount = 300')
. ::request('POST /payments/cancel', [$json, 'Transfer-Encoding: chunked'],
            ::chunked(::padded(8192), 8192), '-> 200',
            '-> .cancel_amount = 600')
. ::request('POST /payments/cancel', [$json, 'Transfer-Encoding: chunked'],
            ::chunked(::padded(8192), 100), '-> 200',
            '-> .cancel_amount = 900')
. ::sent(map "{\"imp_uid\":\"imp_1\",\"amount\":300,\"checksum\":$_}",
         1000, 700, 400)


=== TEST 11: a body of more than 8192 bytes is answered 413
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
my $json = 'Content-Type: application/json';
my @refused = ('-> 413 too_large', '-> Content-Type: application/json',
    '-> .message = "요청 본문이 너무 큽니다."', '-> .code = null',
    '-> .merchant_uid = null', '-> .imp_uid = null', '-> .field absent');
::steps(map {
    (::request('POST /payments/cancel', [$json], ::padded($_), @refused),
     ::request('POST /payments/cancel', [$json, 'Transfer-Encoding: chunked'],
               ::chunked(::padded($_), 4096), @refused)) }
    8193, 10000, 16384, 16385, 70000, 1000000)
. $::nothing_sent


=== TEST 12: a body of a length that was only announced is answered 413 at once
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
POST /payments/cancel {{refund}}
    Content-Length: 8193
    -> 413 too_large
POST /payments/cancel
    Content-Type: application/json
    Content-Length: 1000000
    -> 413 too_large
nothing_sent


=== TEST 13: a body above client_max_body_size is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
client_max_body_size 1000;
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
my $json = 'Content-Type: application/json';
::request('POST /payments/cancel', [$json], ::padded(1001), '-> 413')
. ::request('POST /payments/cancel', [$json, 'Transfer-Encoding: chunked'],
            ::chunked(::padded(1001), 500), '-> 413')
. $::nothing_sent
. ::request('POST /payments/cancel', [$json], ::padded(1000), '-> 200')
. ::sent('{"imp_uid":"imp_1","amount":300,"checksum":1000}')


=== TEST 14: a body that would have to be read from a file is answered 413
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
client_body_buffer_size 1k;
--- locations
location /stored/ { portone_fetch off; portone_payment; }
location = /in-file { client_body_in_file_only clean; portone_cancel; }
--- steps eval
my $json = 'Content-Type: application/json';
::request('POST /payments/cancel', [$json], ::padded(5000), '-> 413 too_large')
. ::request('POST /payments/cancel', [$json, 'Transfer-Encoding: chunked'],
            ::chunked(::padded(5000), 700), '-> 413 too_large')
. ::request('POST /in-file', [$json], $::refund, '-> 413 too_large')
. $::nothing_sent
. ::request('POST /payments/cancel', [$json], ::padded(1000), '-> 200')
. ::sent('{"imp_uid":"imp_1","amount":300,"checksum":1000}')


=== TEST 15: a chunked request is taken, whatever its chunks are
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps eval
my @headers = ('Content-Type: application/json', 'Transfer-Encoding: chunked');
::request('POST /payments/cancel', \@headers, ::chunked($::refund, 1000),
          '-> 200', '-> .cancel_amount = 300')
. ::request('POST /payments/cancel', \@headers, ::chunked($::refund, 1),
            '-> 200', '-> .cancel_amount = 600')
. ::request('POST /payments/cancel', \@headers,
            sprintf("%X;name=value\r\n%s\r\n0\r\nTrailer: x\r\n\r\n",
                    length $::refund, $::refund),
            '-> 200', '-> .cancel_amount = 900')
. ::sent(map "{\"imp_uid\":\"imp_1\",\"amount\":300,\"checksum\":$_}",
         1000, 700, 400)


=== TEST 16: malformed chunks are refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
my @headers = ('Content-Type: application/json', 'Transfer-Encoding: chunked');
my $size = sprintf '%x', length $::refund;
::steps(map ::request('POST /payments/cancel', \@headers, $_, '-> 400'),
    "x\r\n$::refund\r\n0\r\n\r\n", "-1\r\n$::refund\r\n0\r\n\r\n",
    "1\r\n$::refund\r\n0\r\n\r\n", "$size\r\n${main::refund}x0\r\n\r\n",
    "ffffffffffffffffff\r\n$::refund\r\n0\r\n\r\n", $::refund)
. ::request('POST /payments/cancel', \@headers, "0\r\n\r\n",
            '-> 400 invalid_json')
. $::nothing_sent


=== TEST 17: Content-Length and Transfer-Encoding together are refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
::request('POST /payments/cancel', ['Content-Type: application/json',
    'Content-Length: ' . length $::refund, 'Transfer-Encoding: chunked'],
    ::chunked($::refund, 1000), '-> 400')
. ::request('POST /payments/cancel', ['Content-Type: application/json',
    'Transfer-Encoding: gzip, chunked'], ::chunked($::refund, 1000), '-> 501')
. $::nothing_sent


=== TEST 18: what follows after Content-Length bytes is no part of the body
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps eval
"POST /payments/cancel $::refund garbage
    Content-Length: " . length($::refund) . "
    -> 200
    -> .cancel_amount = 300
" . ::sent('{"imp_uid":"imp_1","amount":300,"checksum":1000}')


=== TEST 19: a client that leaves in the middle of its request refunds nothing
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
"[cut] POST /payments/cancel $::refund
    Content-Length: " . (1 + length $::refund) . "
[chunked] POST /payments/cancel
    Content-Type: application/json
    Transfer-Encoding: chunked
" . ::steps(map "    |$_\n", split /\n/,
            sprintf "%x\r\n%s\r\n", length $::refund, $::refund)
# nobody waits for them
. "refund {\"merchant_uid\": \"order_2\", \"amount\": 300}
    -> .cancel_amount = 300
drop cut
drop chunked
refund {\"merchant_uid\": \"order_2\", \"amount\": 300}
    -> .cancel_amount = 600
ledger
    -> .cancels_executed = 2
    -> .payments.imp_1.executions = 0
GET /stored/order_1
    -> 404 payment_not_found
"


=== TEST 20: a client that asks first whether to send gets its refund
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
POST /payments/cancel
    Content-Type: application/json
    Expect: 100-continue
    |{"merchant_uid":"order_1","amount":300}
    -> 200
    -> .cancel_amount = 300
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000}


=== TEST 21: auth_request to the refund location is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
location = /page { auth_request /payments/cancel; try_files /none @page; }
location @page { return 200 page; }
--- steps
POST /page {{refund}}
    -> 403
GET /page
    -> 403
nothing_sent
--- error_log
portone_cancel does not serve subrequests


=== TEST 22: a mirrored request refunds nothing
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
location = /upstream { return 200 page; }
location = /page {
    mirror /payments/cancel;
    proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/upstream;
}
--- steps
POST /page {{refund}}
    -> body = page
nothing_sent
--- error_log
portone_cancel does not serve subrequests


=== TEST 23: a page that includes the refund location refunds nothing
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
location = /page.html { ssi on; root html; }
--- user_files
>>> page.html
<p><!--#include virtual="/payments/cancel" --></p>
--- steps
GET /page.html
    -> body ~ 403 Forbidden
    -> body !~ refundable_amount
nothing_sent
--- error_log
portone_cancel does not serve subrequests


=== TEST 24: a request that was rewritten to the refund location is taken
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location = /old { rewrite ^ /payments/cancel last; }
--- steps
POST /old
    Content-Type: application/json
    |{"merchant_uid":"order_1","amount":300}
    -> 200
    -> .cancel_amount = 300
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000}
