# Payment methods with rules of their own: virtual accounts, phone payments,
# and methods whose refunds are finished later.

use lib 't/lib';
use Test::Portone;
use Time::Local ();

# Korea's next month begins at $begin. A sandbox whose clock is moved by
# TEST_NGINX_TO_MONTH is a minute into it, one that is moved by
# TEST_NGINX_TO_MORNING ten hours, when it is next month in Greenwich, too.

my @korea = gmtime(time() + 9 * 3600);
my ($month, $year) = ($korea[4] + 1, $korea[5] + 1900);
my $begin = Time::Local::timegm(0, 0, 0, 1, $month % 12,
                                $year + int($month / 12)) - 9 * 3600;

$ENV{TEST_NGINX_TO_MONTH} = $begin + 60 - time();
$ENV{TEST_NGINX_TO_MORNING} = $begin + 10 * 3600 - time();
$ENV{TEST_NGINX_MINUTE_BEFORE} = $begin - 60;
$ENV{TEST_NGINX_MINUTE_AFTER} = $begin + 60;

run_tests();

__DATA__

=== TEST 1: a virtual account's refund needs holder, bank and account
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=vbank
--- steps
refund {"merchant_uid": "order_1", "refund_bank": "88", "refund_account": "56211105948400"}
    -> 400
    -> .error = refund_account_required
    -> .field = refund_holder
    -> .message = 환불받을 계좌의 예금주, 은행 코드, 계좌번호를 입력해 주세요.
    -> .code = null
    -> .refundable_amount = 1000
    -> ! Portone-Refund-Id

refund {"merchant_uid": "order_1", "refund_holder": "홍길동", "refund_account": "56211105948400"}
    -> 400 refund_account_required
    -> .field = refund_bank

refund {"merchant_uid": "order_1", "refund_holder": "홍길동", "refund_bank": "88"}
    -> 400 refund_account_required
    -> .field = refund_account

refund {"merchant_uid": "order_1"}
    -> 400 refund_account_required

# what is empty is missing

refund {"merchant_uid": "order_1", "refund_holder": "", "refund_bank": "88", "refund_account": "56211105948400"}
    -> 400 refund_account_required
    -> .field = refund_holder

refund {"merchant_uid": "order_1", "refund_holder": "홍길동", "refund_bank": "88", "refund_account": ""}
    -> 400 refund_account_required
    -> .field = refund_account

GET /payments/order_1
    -> .refunds # 0

ledger ?call=cancel
    -> .requests # 0



=== TEST 2: a virtual account's refund with its account is passed on
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=vbank
--- steps
refund {"merchant_uid": "order_1", "amount": 300, "refund_holder": "홍길동", "refund_bank": "88", "refund_account": "56211105948400"}
    -> 200
    -> .refundable_amount = 700

refund {"merchant_uid": "order_1", "amount": 300, "refund_holder": "홍길동", "refund_bank": "88", "refund_account": "56211105948400", "refund_tel": "01012345678"}
    -> 200
    -> .refundable_amount = 400

ledger ?call=cancel
    -> .payments.imp_1.executed_amount = 600
    -> .requests[0].body ~ ^\{"imp_uid":"imp_1","amount":300,"checksum":1000,"refund_holder":"홍길동","refund_bank":"88","refund_account":"56211105948400"\}$
    -> .requests[1].body ~ "refund_account":"56211105948400","refund_tel":"01012345678"\}$
--- no_error_log
56211105948400
홍길동



=== TEST 3: other methods need no account
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=card
imp_uid=imp_2 merchant_uid=order_2 amount=1000 pay_method=trans
imp_uid=imp_3 merchant_uid=order_3 amount=1000 pay_method=kakaopay
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
refund {"merchant_uid": "order_2"}
    -> 200
refund {"merchant_uid": "order_3"}
    -> 200



=== TEST 4: a phone payment of an earlier month is not sent to PortOne
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=phone paid_at=now-40d
--- steps
refund {"merchant_uid": "order_1"}
    -> 422
    -> .error = phone_month_passed
    -> .message = 휴대폰 결제는 결제한 달에만 환불할 수 있습니다.
    -> .code = null
    -> .merchant_uid = order_1
    -> .imp_uid = imp_1
    -> .refundable_amount = 1000
    -> ! Portone-Refund-Id

refund {"merchant_uid": "order_1", "cancel_request_amount": 100}
    -> 422 phone_month_passed

GET /payments/order_1
    -> .refundable_amount = 1000
    -> .refunds # 0

ledger ?call=cancel
    -> .requests # 0



=== TEST 5: a phone payment of this month is refunded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=phone
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
    -> .refundable_amount = 0



=== TEST 6: a month is over at midnight in Korea, not in Greenwich
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=phone paid_at=$TEST_NGINX_MINUTE_BEFORE
--- steps
sandbox POST clock {"offset": $TEST_NGINX_TO_MONTH}

refund {"merchant_uid": "order_1"}
    -> 422 phone_month_passed

ledger ?call=cancel
    -> .requests # 0



=== TEST 7: a month that begins in Korea lasts when Greenwich enters it
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=phone paid_at=$TEST_NGINX_MINUTE_AFTER
--- steps
sandbox POST clock {"offset": $TEST_NGINX_TO_MORNING}

refund {"merchant_uid": "order_1"}
    -> 200
    -> .refundable_amount = 0



=== TEST 8: with portone_phone_month off it is PortOne that decides
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=phone paid_at=now-40d
imp_uid=imp_kcp merchant_uid=order_2 amount=1000 pay_method=phone paid_at=now-40d pg_provider=kcp
--- cancel
            portone_phone_month off;
--- steps
refund {"merchant_uid": "order_1"}
    -> 422 refund_rejected
    -> .code = -1

refund {"merchant_uid": "order_2", "refund_holder": "홍길동", "refund_bank": "88", "refund_account": "56211105948400"}
    -> 200
    -> .refundable_amount = 0

ledger ?call=cancel
    -> .requests # 2
    -> .requests[0].executed = false
    -> .requests[1].executed = true



=== TEST 9: the month does not matter to other methods
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=card paid_at=now-400d
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
    -> .refundable_amount = 0



=== TEST 10: a refund that is finished later is accepted, not made
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=paypal async=on
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300, "reason": "r"}
    -> 202
    -> .state = pending
    -> .refund_id as id
    -> Portone-Refund-Id: {{id}}
    -> .imp_uid = imp_1
    -> .cancel_amount = 0
    -> .refundable_amount = 1000
    -> Content-Type: application/json

GET /payments/order_1
    -> .cancel_amount = 0
    -> .refundable_amount = 1000
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id}}
    -> .refunds[0].state = pending
    -> .refunds[0].amount = 300
    -> .refunds[0].reason = r
    -> .refunds[0].settled_at = null
    -> .refunds[0].cancellation_id = null

ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests # 1



=== TEST 11: while a refund is pending its order is locked
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=paypal async=on
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 202
    -> .refund_id as id

refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409
    -> .error = refund_in_progress
    -> .refund_id = {{id}}
    -> .code = null
    -> .merchant_uid = order_1
    -> .imp_uid = imp_1
    -> Retry-After: ~ ^(1[01]\d|120)$
    -> ! Portone-Refund-Id

refund {"imp_uid": "imp_1"}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}

# also by requests that could not be made anyway

refund {"merchant_uid": "order_1", "cancel_request_amount": 1001}
    -> 409 refund_in_progress

# and no other order is

refund {"merchant_uid": "order_2"}
    -> 200

ledger ?call=cancel
    -> .payments.imp_1.executions = 1
    -> .requests # 2

GET /payments/order_1
    -> .refunds # 1



=== TEST 12: a pending refund locks its order over a crash and a reload
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=paypal async=on
--- steps
refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 202
    -> .refund_id as id

reload

refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}

crash workers

refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id}}

ledger ?call=cancel
    -> .requests # 1



=== TEST 13: a method that PortOne may add one day is refunded like a card
--- steps
sandbox POST payments {"imp_uid": "imp_1", "merchant_uid": "order_1", "amount": 1000, "pay_method": "starpay"}
sandbox POST payments {"imp_uid": "imp_2", "merchant_uid": "order_2", "amount": 1000, "pay_method": null}

refund {"merchant_uid": "order_1"}
    -> 200
    -> .pay_method = starpay

refund {"merchant_uid": "order_2"}
    -> 200
    -> .pay_method = null
