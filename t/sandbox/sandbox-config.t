# The directives of the sandbox.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: nginx -t refuses an unknown field of a payment
--- bare
--- config
portone_sandbox_payment imp_uid=i merchant_uid=o amount=1 amuont=2;
--- must_die
--- error_log
unknown field of a payment in "amuont=2"



=== TEST 2: nginx -t refuses a payment without an amount
--- bare
--- config
portone_sandbox_payment imp_uid=i merchant_uid=o;
--- must_die
--- error_log
"amount" is missing



=== TEST 3: nginx -t refuses a payment without an imp_uid
--- bare
--- config
portone_sandbox_payment merchant_uid=o amount=1;
--- must_die
--- error_log
"imp_uid" is missing or no string



=== TEST 4: nginx -t refuses an amount with too many decimals
--- bare
--- config
portone_sandbox_payment imp_uid=i merchant_uid=o amount=1.5;
--- must_die
--- error_log
invalid "amount"



=== TEST 5: nginx -t refuses a status that PortOne does not have
--- bare
--- config
portone_sandbox_payment imp_uid=i merchant_uid=o amount=1 status=refunded;
--- must_die
--- error_log
invalid "status"



=== TEST 6: nginx -t refuses a time that is none
--- bare
--- config
portone_sandbox_payment imp_uid=i merchant_uid=o amount=1 paid_at=yesterday;
--- must_die
--- error_log
invalid value of field "paid_at"



=== TEST 7: nginx -t refuses a field given twice
--- bare
--- config
portone_sandbox_payment imp_uid=i merchant_uid=o amount=1 amount=1;
--- must_die
--- error_log
duplicate field "amount"



=== TEST 8: nginx -t refuses a payment parameter that is no field
--- bare
--- config
portone_sandbox_payment imp_uid;
--- must_die
--- error_log
"imp_uid" is not field=value



=== TEST 9: nginx -t refuses a switch that is neither on nor off
--- bare
--- config
portone_sandbox_payment imp_uid=i merchant_uid=o amount=1 async=yes;
--- must_die
--- error_log
invalid value of field "async"



=== TEST 10: nginx -t refuses a list in a directive
--- bare
--- config
portone_sandbox_payment imp_uid=i merchant_uid=o amount=1 cancel_history=1;
--- must_die
--- error_log
field "cancel_history" can be given at run time only



=== TEST 11: nginx -t refuses two payments with one imp_uid
--- bare
--- config
portone_sandbox_payment imp_uid=i merchant_uid=o amount=1;
portone_sandbox_payment imp_uid=i merchant_uid=p amount=1;
location /p/ { portone_sandbox; }
--- must_die
--- error_log
"portone_sandbox_payment" with imp_uid "i"



=== TEST 12: nginx -t refuses a zone without a name
--- bare
--- config
portone_sandbox_zone 1m;
--- must_die
--- error_log
"zone=name:size" is expected



=== TEST 13: nginx -t refuses a zone that is too small
--- bare
--- config
portone_sandbox_zone zone=z:8k;
--- must_die
--- error_log
is smaller than 256k



=== TEST 14: nginx -t refuses a tier that is not three characters
--- bare
--- config
portone_sandbox_account k s tier=AB;
--- must_die
--- error_log
invalid parameter "tier=AB"



=== TEST 15: nginx -t refuses an account declared twice
--- bare
--- config
portone_sandbox_account k s;
portone_sandbox_account k t;
--- must_die
--- error_log
"portone_sandbox_account" directive is duplicate



=== TEST 16: nginx -t refuses a token life of nothing
--- bare
--- config
portone_sandbox_token_life 0;
--- must_die
--- error_log
invalid time "0"



=== TEST 17: nginx -t refuses a clock offset that is no time
--- bare
--- config
portone_sandbox_clock_offset soon;
--- must_die
--- error_log
invalid time "soon"



=== TEST 18: nginx -t refuses portone_sandbox in a location that is no prefix
--- bare
--- config
location = /p { portone_sandbox; }
--- must_die
--- error_log
"portone_sandbox" directive must be in a location given by a prefix



=== TEST 19: two zones are two PortOnes, and a location inherits or replaces
--- http_config
portone_sandbox_payment imp_uid=imp_1 merchant_uid=order_1 amount=1;
portone_sandbox_token_life 3s;
portone_sandbox_clock_offset -90s;
--- config
location /two {
    portone_sandbox;
    portone_sandbox_zone zone=two_$TEST_NGINX_BLOCK:1m;
    portone_sandbox_account k s;
    portone_sandbox_payment imp_uid=imp_2 merchant_uid=order_2 amount=2;
    portone_sandbox_clock_offset 0;
}
--- steps
sandbox GET payments
    -> .payments # 1
    -> .payments[0].imp_uid = imp_1
sandbox GET clock
    -> .offset = -90
GET /two/_sandbox/payments
    -> .payments # 1
    -> .payments[0].imp_uid = imp_2
GET /two/_sandbox/clock
    -> .offset = 0
POST /two/users/getToken {"imp_key": "imp_key_of_tests",
    | "imp_secret": "imp_secret_of_tests"}
    -> 401
POST /two/users/getToken {"imp_key": "k", "imp_secret": "s"}
    -> 200
    -> .response.now as now
    -> .response.expired_at as expiry
GET /twofold/users/getToken
    -> 404



=== TEST 20: without an account of its own the sandbox has imp_sandbox_key
--- bare
--- config
    location /p/ {
        portone_sandbox;
        portone_sandbox_zone zone=bare_account:1m;
    }
--- request
POST /p/users/getToken
imp_key=imp_sandbox_key&imp_secret=imp_sandbox_secret
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- response_body_like: "code":0,"message":null,"response":\{"access_token":"[0-9a-f]{40}"
