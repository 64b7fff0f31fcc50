# What a refund asks for: exactly the amount that was meant, or nothing at all.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Refusal;


# Requests with each of these JSON texts as the amount, by both of its names.

sub refused_amounts {
    return join '', map {
        (::refused('invalid_request', 'amount',
                   qq({"merchant_uid":"order_1","amount":$_})),
         ::refused('invalid_request', 'cancel_request_amount',
                   qq({"merchant_uid":"order_1",)
                   . qq("cancel_request_amount":$_})))
    } @_;
}

run_tests();

__DATA__

=== TEST 1: cancel_request_amount is the amount that is refunded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid":"order_1","cancel_request_amount":300}
    -> 200
    -> .cancel_amount = 300
    -> .refundable_amount = 700
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000}


=== TEST 2: amount is taken for cancel_request_amount
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid":"order_1","amount":300}
    -> 200
    -> .cancel_amount = 300
    -> .refundable_amount = 700
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000}


=== TEST 3: without an amount all that is left is refunded, explicitly
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid":"order_1","amount":300}
refund {"merchant_uid":"order_1"}
    -> 200
    -> .cancel_amount = 1000
    -> .refundable_amount = 0
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000}
    = {"imp_uid":"imp_1","amount":700,"checksum":700}


=== TEST 4: both names with the same value are one amount
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid":"order_1","amount":300,"cancel_request_amount":300}
    -> 200
    -> .cancel_amount = 300
refund {"cancel_request_amount":3e2,"merchant_uid":"order_1","amount":300.0}
    -> 200
    -> .cancel_amount = 600
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000}
    = {"imp_uid":"imp_1","amount":300,"checksum":700}


=== TEST 5: both names with different values are refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
for value in 301 1000 30 300.1 0 -300 3e3
refused invalid_request cancel_request_amount
    = {"merchant_uid":"order_1","amount":300,"cancel_request_amount":{{value}}}
end
for value in 301 1000 30 300.1 0 -300 3e3
refused invalid_request amount
    = {"merchant_uid":"order_1","cancel_request_amount":300,"amount":{{value}}}
end
nothing sent


=== TEST 6: an amount of zero is refused, it never means everything
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
refused_amounts 0 -0 0.0 0.00 0e0 0e5 -0.0 0E-5 1e-400
nothing sent


=== TEST 7: a negative amount is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
refused_amounts -1 -300 -0.01 -1e3 -1e400 -9223372036854775808
nothing sent


=== TEST 8: an amount that is no finite number is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
refused_amounts 1e400 1e309 1E+999 1e99999999999999999999
nothing sent


=== TEST 9: an amount of another JSON type is refused, null included
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
refused_amounts null true false
    = "300"
    = ""
    = " "
    = "all"
    = "1,000"
    = "0"
    = []
    = [300]
    = {}
    = {"value":300}
    = {"amount":300}
nothing sent


=== TEST 10: an amount with more digits than can be kept exactly is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
refused_amounts 300.00000000000001 299.99999999999999999 0.3000000000000001
    = 1000.00000000000000001
    = 1234567890123456
    = 999999999999999999
    = 9007199254740993
    = 1e15
    = 1e16
    = 1e18
    = 18446744073709551916
    = 4294967596000000000
    = 1e-16
    = 1e-300
nothing sent


=== TEST 11: the largest amount that can be kept exactly is taken
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=999999999999999
--- steps
refund {"merchant_uid":"order_1","amount":123456789012345}
    -> 200
    -> .cancel_amount = 123456789012345
    -> .refundable_amount = 876543210987654
refund {"merchant_uid":"order_1","amount":876543210987654}
    -> 200
    -> .cancel_amount = 999999999999999
    -> .refundable_amount = 0
sent
    = {"imp_uid":"imp_1","amount":123456789012345,"checksum":999999999999999}
    = {"imp_uid":"imp_1","amount":876543210987654,"checksum":876543210987654}


=== TEST 12: a whole number of won may be written with an exponent or zeroes
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=5000
--- steps
for value in 1e3 1E+3 1000.0 10000e-1 0.1e4
refund {"merchant_uid":"order_1","amount":{{value}}}
end
sent
    = {"imp_uid":"imp_1","amount":1000,"checksum":5000}
    = {"imp_uid":"imp_1","amount":1000,"checksum":4000}
    = {"imp_uid":"imp_1","amount":1000,"checksum":3000}
    = {"imp_uid":"imp_1","amount":1000,"checksum":2000}
    = {"imp_uid":"imp_1","amount":1000,"checksum":1000}


=== TEST 13: won have no decimals
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
for value in 0.5 300.5 300.01 0.000000000000001 3005e-1 999.9
refused_by_payment order_1 invalid_request amount
    = "amount":{{value}}
end
for value in 0.5 300.5
refused_by_payment order_1 invalid_request cancel_request_amount
    = "cancel_request_amount":{{value}}
end
nothing cancelled order_1


=== TEST 14: dollars have two decimals
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10.50 currency=USD
--- steps
for value in 0.001 3.255 3.2500001 1e-3 10.499
refused_by_payment order_1 invalid_request amount
    = "amount":{{value}}
end
nothing cancelled order_1
refund {"merchant_uid":"order_1","amount":0.01}
    -> 200
    -> .cancel_amount = 0.01
    -> .refundable_amount = 10.49
refund {"merchant_uid":"order_1","amount":3.25}
    -> 200
    -> .cancel_amount = 3.26
    -> .refundable_amount = 7.24
refund {"merchant_uid":"order_1","amount":7.1}
    -> 200
    -> .cancel_amount = 10.36
    -> .refundable_amount = 0.14
refund {"merchant_uid":"order_1"}
    -> 200
    -> .cancel_amount = 10.5
    -> .refundable_amount = 0
sent
    = {"imp_uid":"imp_1","amount":0.01,"checksum":10.5}
    = {"imp_uid":"imp_1","amount":3.25,"checksum":10.49}
    = {"imp_uid":"imp_1","amount":7.1,"checksum":7.24}
    = {"imp_uid":"imp_1","amount":0.14,"checksum":0.14}


=== TEST 15: a hundred refunds of one cent are one dollar
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1 currency=USD
--- steps eval
::steps(map ::refund('{"merchant_uid":"order_1","amount":0.01}', '-> 200',
                      '-> .refundable_amount = ' . (100 - $_) / 100),
     1 .. 100)
. ::refund('{"merchant_uid":"order_1","amount":0.01}',
           '-> 400 already_refunded')
. <<END
ledger ?requests=0
    -> .payments.imp_1.executions = 100
    -> .payments.imp_1.executed_amount = 1
END


=== TEST 16: yen have no decimals
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 currency=JPY
--- steps
for value in 0.5 300.1
refused_by_payment order_1 invalid_request amount
    = "amount":{{value}}
end
nothing cancelled order_1
refund {"merchant_uid":"order_1","amount":300}
    -> 200
    -> .cancel_amount = 300
    -> .refundable_amount = 700
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000}


=== TEST 17: dinars have three decimals
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10.500 currency=KWD
--- steps
for value in 0.0001 3.2551
refused_by_payment order_1 invalid_request amount
    = "amount":{{value}}
end
nothing cancelled order_1
refund {"merchant_uid":"order_1","amount":3.255}
    -> 200
    -> .cancel_amount = 3.255
    -> .refundable_amount = 7.245
refund {"merchant_uid":"order_1","amount":0.001}
    -> 200
    -> .cancel_amount = 3.256
    -> .refundable_amount = 7.244
sent
    = {"imp_uid":"imp_1","amount":3.255,"checksum":10.5}
    = {"imp_uid":"imp_1","amount":0.001,"checksum":7.245}


=== TEST 18: all that is left may be asked for, one won more is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
for value in 1001 10000 999999999999999 1e14
refused_by_payment order_1 amount_exceeds_refundable amount
    = "amount":{{value}}
end
refused_by_payment order_1 amount_exceeds_refundable cancel_request_amount
    = "cancel_request_amount":1001
nothing cancelled order_1
refund {"merchant_uid":"order_1","amount":999}
    -> 200
refund {"merchant_uid":"order_1","amount":2}
    -> 400 amount_exceeds_refundable
    -> .refundable_amount = 1
refund {"merchant_uid":"order_1","amount":1}
    -> 200
    -> .refundable_amount = 0
sent
    = {"imp_uid":"imp_1","amount":999,"checksum":1000}
    = {"imp_uid":"imp_1","amount":1,"checksum":1}


=== TEST 19: one cent more than is left is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10.50 currency=USD
--- steps
for value in 10.51 1050 11
refused_by_payment order_1 amount_exceeds_refundable amount
    = "amount":{{value}}
end
nothing cancelled order_1
refund {"merchant_uid":"order_1","amount":10.5}
    -> 200
    -> .refundable_amount = 0
sent
    = {"imp_uid":"imp_1","amount":10.5,"checksum":10.5}


=== TEST 20: the answer to too large an amount tells what can be refunded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location = /en { portone_language en; portone_cancel; }
--- steps
refund {"merchant_uid": "order_1", "amount": 1001}
    -> 400 amount_exceeds_refundable
    -> .message = "환불 요청 금액이 환불 가능한 금액보다 큽니다."
    -> .refundable_amount = 1000
POST /en {"merchant_uid": "order_1", "amount": 1001}
    -> 400 amount_exceeds_refundable
    -> .message = "The requested amount is more than can still be refunded."
    -> .refundable_amount = 1000
ledger ?call=cancel
    -> .requests # 0


=== TEST 21: where an amount is required a request without one is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- cancel
portone_require_amount on;
--- locations
location = /en {
    portone_require_amount on;
    portone_language en;
    portone_cancel;
}
location /stored/ { portone_fetch off; portone_payment; }
--- steps
refund {"merchant_uid":"order_1","checksum":1000}
    -> 400 amount_required
    -> .code = null
    -> .merchant_uid = "order_1"
    -> .imp_uid = null
    -> .message = "환불할 금액을 입력해 주세요."
    -> ! Portone-Refund-Id
POST /en {"imp_uid": "imp_1"}
    -> 400 amount_required
    -> .merchant_uid = null
    -> .imp_uid = "imp_1"
    -> .message = "Please state the amount to refund."
nothing sent
refund {"merchant_uid":"order_1","amount":300}
refund {"merchant_uid":"order_1","cancel_request_amount":300}
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000}
    = {"imp_uid":"imp_1","amount":300,"checksum":700}


=== TEST 22: tax_free and vat_amount are passed on, zero and all of it included
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=2000
imp_uid=imp_2 merchant_uid=order_2 amount=10.50 currency=USD
--- steps
refund {"merchant_uid":"order_1","amount":1000,"tax_free":0,"vat_amount":0}
refund {"merchant_uid":"order_1","amount":500,"tax_free":500,"vat_amount":0}
refund {"merchant_uid":"order_1","tax_free":0,"vat_amount":500}
refund {"merchant_uid":"order_2","amount":5.5,"tax_free":2.25,"vat_amount":0.29}
sent
    = {"imp_uid":"imp_1","amount":1000,"checksum":2000,"tax_free":0,"vat_amount":0}
    = {"imp_uid":"imp_1","amount":500,"checksum":1000,"tax_free":500,"vat_amount":0}
    = {"imp_uid":"imp_1","amount":500,"checksum":500,"tax_free":0,"vat_amount":500}
    = {"imp_uid":"imp_2","amount":5.5,"checksum":10.5,"tax_free":2.25,"vat_amount":0.29}


=== TEST 23: tax_free and vat_amount must not exceed the amount, nor their sum
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
for field in tax_free vat_amount
for value in 301 1000 1e14
refused_by_payment order_1 invalid_request
    = {{field}}
    = "amount":300,"{{field}}":{{value}}
end
refused_by_payment order_1 invalid_request
    = {{field}}
    = "{{field}}":1001
    = "{{field}}":0.5
    = "amount":300,"{{field}}":0.5
end
refused_by_payment order_1 invalid_request vat_amount
    = "amount":300,"tax_free":300,"vat_amount":1
    = "amount":300,"tax_free":200,"vat_amount":101
nothing cancelled order_1


=== TEST 24: a checksum that is the balance lets the refund through
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=10.50 currency=USD
--- steps
refund {"merchant_uid":"order_1","amount":300,"checksum":1000}
refund {"merchant_uid":"order_1","amount":300,"checksum":700.0}
refund {"merchant_uid":"order_1","checksum":4e2}
refund {"merchant_uid":"order_2","amount":3.25,"checksum":10.50}
refund {"merchant_uid":"order_2","checksum":7.25}
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000}
    = {"imp_uid":"imp_1","amount":300,"checksum":700}
    = {"imp_uid":"imp_1","amount":400,"checksum":400}
    = {"imp_uid":"imp_2","amount":3.25,"checksum":10.5}
    = {"imp_uid":"imp_2","amount":7.25,"checksum":7.25}


=== TEST 25: a checksum that is not the balance is answered 409, nothing is sent
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location = /en { portone_language en; portone_cancel; }
--- steps
for value in 999 1001 0 300 999999999999999
refund {"merchant_uid":"order_1","amount":300,"checksum":{{value}}}
    -> 409 checksum_mismatch
    -> .refundable_amount = 1000
    -> .field = "checksum"
    -> .code = null
    -> .merchant_uid = "order_1"
    -> .imp_uid = "imp_1"
    -> ! Portone-Refund-Id
    -> .message ~ ^환불 가능한 금액이 예상과 다릅니다\.
end
POST /en {"merchant_uid": "order_1", "checksum": 999}
    -> 409 checksum_mismatch
    -> .message ~ ^The refundable amount is not the expected one\.
nothing cancelled order_1
refund {"merchant_uid":"order_1","amount":300,"checksum":999.5}
    -> 400 invalid_request
    -> .field = "checksum"
nothing cancelled order_1


=== TEST 26: tax_free, vat_amount and checksum are numbers that are not negative
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
for field in tax_free vat_amount checksum
for value in -1 -0.01 -1e400 1e400 null true false
    = "0"
    = ""
    = "300"
    = []
    = [0]
    = {}
    = 300.00000000000001
    = 1234567890123456
    = 1e16
refused invalid_request
    = {{field}}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":{{value}}}
end
end
nothing sent
