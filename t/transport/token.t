# The access token: fetched once for all workers, used as long as it is good,
# and shown to nobody.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Outcome;

# Connections to this server are spread over all workers; so are the requests
# of "--- steps" that go to it.

our $spread = <<'END';
server {
    listen 127.0.0.1:$TEST_NGINX_PORT_1 reuseport;

    location = /payments/cancel {
        portone_cancel;
    }
}
END

our $status = "location = /status { stub_status; }\n";


# Refunds r1 ... rN of order_1 ... order_N, at once; none is awaited.

sub at_once {
    my ($n, $authority) = @_;

    $authority //= '';

    return join '', map { <<END } 1 .. $n;
[r$_] POST $authority/payments/cancel {"merchant_uid": "order_$_", "cancel_request_amount": 300}
END
}

sub answers {
    return 'answers ' . join(' ', map { "r$_" } 1 .. $_[0]) . "\n";
}


# Waits until nginx works on so many requests, this one apart. Those that were
# killed on the way are counted for ever by nginx, so there may be more.

sub working {
    my $least = join '|', map { $_[0] + $_ } 1 .. 200;

    return "within 5s GET /status\n    -> body ~ Writing: (?:$least) \n";
}

run_tests();

__DATA__

=== TEST 1: one token is fetched for many requests at once
--- payments eval: ::payments(20)
--- locations eval: $::status
--- steps
fault {"call":"token","fault":"gate","name":"token"}
at_once 20
waiting token 1
working 21
open token
answers r1 .. r20
    -> 200 x 20
ledger
    -> .token_requests = 1
    -> .tokens_issued = 1
    -> .calls.cancel = 20
    -> .cancels_executed = 20



=== TEST 2: one token is fetched for many requests at once in several workers
--- workers: 4
--- payments eval: ::payments(20)
--- http_config eval: $::spread
--- locations eval: $::status
--- steps
fault {"call":"token","fault":"gate","name":"token"}
at_once 20
    = http://127.0.0.1:$TEST_NGINX_PORT_1
waiting token 1
working 21
open token
answers r1 .. r20
    -> 200 x 20
ledger
    -> .token_requests = 1
    -> .calls.cancel = 20
    -> .cancels_executed = 20



=== TEST 3: the token is used again, for refunds and for readings
--- payments eval: ::payments(2)
--- cancel
            add_header Token $portone_token always;
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Token: miss
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Token: hit
GET /payments/order_2
ledger
    -> .token_requests = 1
    -> .requests[0].call = token
    -> .requests[0].authorization = null
    -> .requests[0].content_type = application/json
    -> .requests[0].body = "{\"imp_key\":\"imp_key_of_tests\",\"imp_secret\":\"imp_secret_of_tests\"}"
    -> .requests[1].call = find
    -> .requests[1].authorization ~ ^[0-9a-f]{40}$
    -> .requests[1].authorization as token
    -> .requests[2].call = cancel
    -> .requests[2].authorization = {{token}}
    -> .requests[3].call = cancel
    -> .requests[3].authorization = {{token}}
    -> .requests[4].call = find
    -> .requests[4].authorization = {{token}}



=== TEST 4: a token is replaced before it expires
--- http_config
portone_sandbox_token_life 4s;
--- locations
location /read/ { add_header Token $portone_token always; portone_payment; }
--- steps
GET /read/order_1
    -> 404 payment_not_found
    -> Token: miss
GET /read/order_1
    -> 404 payment_not_found
    -> Token: hit
within 8s GET /read/order_1
    -> 404 payment_not_found
    -> Token: miss
ledger
    -> .token_requests = 2
    -> .requests[-1].status = 404
    -> body !~ "status":401



=== TEST 5: the same token may come again
--- payments eval: ::payments(1)
--- steps
fault {"call": "cancel", "fault": "unauthorized"}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
ledger ?call=cancel
    -> .token_requests = 2
    -> .tokens_issued = 1
    -> .requests # 3
    -> .requests[0].authorization as token
    -> .requests[1].authorization = {{token}}
    -> .requests[2].authorization = {{token}}



=== TEST 6: one new token is fetched for many requests whose token is refused
--- workers: 4
--- payments eval: ::payments(20)
--- http_config eval: $::spread
--- steps
fault {"call":"cancel","fault":"gate","name":"cancel","times":20}
at_once 20
    = http://127.0.0.1:$TEST_NGINX_PORT_1
waiting cancel 20
sandbox POST tokens/expire
open cancel
answers r1 .. r20
    -> 200 x 20
ledger
    -> .token_requests = 2
    -> .tokens_issued = 2
    -> .calls.cancel = 40
    -> .cancels_executed = 20



=== TEST 7: one failure to get a token is told to all who wait for it
--- workers: 4
--- payments eval: ::payments(20)
--- http_config eval: $::spread
--- locations eval: $::status
--- steps
fault {"call":"token","fault":"gate","name":"token"}
fault {"call":"token","fault":"status","status":500}
at_once 20
    = http://127.0.0.1:$TEST_NGINX_PORT_1
waiting token 1
working 21
open token
answers r1 .. r20
    -> 502 portone_unavailable x 20
ledger
    -> .token_requests = 1
    -> .calls.cancel = 0
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
ledger
    -> .token_requests = 2



=== TEST 8: a clock of PortOne that is ahead by an hour does not matter
--- payments eval: ::payments(3)
--- http_config
portone_sandbox_clock_offset 1h;
--- cancel
            add_header Token $portone_token always;
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Token: miss
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Token: hit
ledger
    -> .token_requests = 1
    -> body !~ "status":401

# made in spite of the refusal: ours by PortOne's clock

fault {"call": "cancel", "fault": "refuse_after", "code": -1, "message": "no"}
refund {"merchant_uid": "order_2", "cancel_request_amount": 300}
    -> 504 outcome_unknown
GET /payments/order_2
    -> .refunds[0].state = manual_review

# made by somebody else a minute before, by PortOne's clock

GET /payments/order_3
sandbox POST clock {"offset": 3540}
sandbox POST payments/imp_3/console {"amount": 300}
sandbox POST clock {"offset": 3600}
refund {"merchant_uid": "order_3", "cancel_request_amount": 300}
    -> 409 checksum_mismatch
    -> .refundable_amount = 700



=== TEST 9: a clock of PortOne that is behind by an hour does not matter
--- payments eval: ::payments(3)
--- http_config
portone_sandbox_clock_offset -1h;
--- cancel
            add_header Token $portone_token always;
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Token: miss
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Token: hit
ledger
    -> .token_requests = 1
    -> body !~ "status":401
fault {"call": "cancel", "fault": "refuse_after", "code": -1, "message": "no"}
refund {"merchant_uid": "order_2", "cancel_request_amount": 300}
    -> 504 outcome_unknown
GET /payments/order_2
    -> .refunds[0].state = manual_review
GET /payments/order_3
sandbox POST clock {"offset": -3660}
sandbox POST payments/imp_3/console {"amount": 300}
sandbox POST clock {"offset": -3600}
refund {"merchant_uid": "order_3", "cancel_request_amount": 300}
    -> 409 checksum_mismatch
    -> .refundable_amount = 700



=== TEST 10: a clock of PortOne that jumps costs a new token, and no refund
--- payments eval: ::payments(1)
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
sandbox POST clock {"offset": 7200}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
sandbox POST clock {"offset": -7200}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 100
ledger
    -> .token_requests = 2
    -> .payments.imp_1.executions = 3



=== TEST 11: the token survives a reload
--- payments eval: ::payments(1)
--- cancel
            add_header Token $portone_token always;
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Token: miss
reload
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Token: hit
ledger
    -> .token_requests = 1



=== TEST 12: the token survives a crash of the workers
--- payments eval: ::payments(1)
--- cancel
            add_header Token $portone_token always;
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Token: miss
crash workers
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> Token: hit
ledger
    -> .token_requests = 1



=== TEST 13: a token that takes long is still fetched by one worker only
--- workers: 4
--- payments eval: ::payments(20)
--- http_config eval: $::spread
--- steps
fault {"call":"token","fault":"delay","ms":5600}
at_once 20
    = http://127.0.0.1:$TEST_NGINX_PORT_1
answers r1 .. r20
    -> 200 x 20
ledger
    -> .token_requests = 1
    -> .cancels_executed = 20



=== TEST 14: when a worker dies while it fetches the token, another one does it
--- payments eval: ::payments(2)
--- steps
fault {"call": "token", "fault": "gate", "name": "token"}
[one] refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
waiting token 1
crash workers
await one
    -> closed
refund {"merchant_uid": "order_2", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
ledger
    -> .token_requests = 2
    -> .cancels_executed = 2



=== TEST 15: each account has a token of its own
--- payments eval: ::payments(2)
--- http_config
portone_sandbox_account imp_key_of_tests imp_secret_of_tests;
portone_sandbox_account key_of_a_second_shop imp_secret_of_tests;
portone_sandbox_account imp_key_of_tests imp_secret_of_tests tier=ABC;
--- locations
location = /second {
    portone_imp_key key_of_a_second_shop;
    portone_imp_secret imp_secret_of_tests;
    portone_cancel;
}
location = /tier {
    portone_tier ABC;
    portone_cancel;
}
--- steps
refund {"merchant_uid": "none"}
    -> 404
POST /second {"merchant_uid": "none"}
    -> 404
POST /tier {"merchant_uid": "none"}
    -> 404
refund {"merchant_uid": "none"}
    -> 404
POST /second {"merchant_uid": "none"}
    -> 404
POST /tier {"merchant_uid": "none"}
    -> 404
ledger ?call=find
    -> .token_requests = 3
    -> .tokens_issued = 3
    -> .requests # 6
    -> .requests[0].authorization as first
    -> .requests[1].authorization != {{first}}
    -> .requests[1].authorization as second
    -> .requests[2].authorization != {{first}}
    -> .requests[2].authorization != {{second}}
    -> .requests[2].authorization as third
    -> .requests[2].tier = ABC
    -> .requests[3].authorization = {{first}}
    -> .requests[3].tier = null
    -> .requests[4].authorization = {{second}}
    -> .requests[5].authorization = {{third}}



=== TEST 16: neither token nor secret is shown to a client
--- payments eval: ::payments(1)
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 200
    -> body !~ imp_secret_of_tests|imp_key_of_tests|\b[0-9a-f]{40}\b
    -> ! Authorization
fault {"call": "cancel", "fault": "unauthorized", "times": 2}
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 502 portone_unauthorized
    -> body !~ imp_secret_of_tests|imp_key_of_tests|\b[0-9a-f]{40}\b
GET /payments/order_1
    -> body !~ imp_secret_of_tests|imp_key_of_tests|\b[0-9a-f]{40}\b
