# The members of a refund request: which there are, of which type, how long,
# and that PortOne gets them as they were. Amounts: request-amount.t.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Refusal;

our %max = (reason => 256, refund_holder => 16, refund_bank => 4,
            refund_account => 16, refund_tel => 16);
our @texts = sort keys %max;


# Requests for a part of order_1 with these members.

sub members {
    return map qq({"merchant_uid":"order_1","amount":300,$_}), @_;
}

run_tests();

__DATA__

=== TEST 1: every field is passed on as it was sent
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid":"order_1","imp_uid":"imp_1","cancel_request_amount":300,"amount":300,"reason":"단순 변심","refund_holder":"홍길동","refund_bank":"88","refund_account":"56211105948400","refund_tel":"010-1234-5678","tax_free":100,"vat_amount":20,"checksum":1000,"retain_promotion":false,"extra":{"requester":"customer"}}
    -> 200
    -> .imp_uid = "imp_1"
    -> .merchant_uid = "order_1"
    -> .cancel_amount = 300
    -> .refundable_amount = 700
    -> .cancel_history[0].reason = "단순 변심"
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000,"tax_free":100,"vat_amount":20,"reason":"단순 변심","refund_holder":"홍길동","refund_bank":"88","refund_account":"56211105948400","refund_tel":"010-1234-5678","retain_promotion":false,"extra":{"requester":"customer"}}


=== TEST 2: what was not sent is not passed on, but the amount and the checksum
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"imp_uid":"imp_1"}
sent
    = {"imp_uid":"imp_1","amount":1000,"checksum":1000}


=== TEST 3: an unknown field is refused by its name
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
::steps(map ::refused('invalid_request', $_, ::members("\"$_\":300")),
    qw( cancel_amount cancelAmount refund_amount amount_ price currency
        id order status code __proto__ constructor toString
        requester merchant reasons imp_key pg_provider 금액 ), 'amount.value',
    ' amount', 'amount ')
. ::refused('invalid_request', undef, ::members('"":300'))
. ::nothing_sent()


=== TEST 4: a misspelt field is refused, it never means a full refund
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
::steps(map ::refused('invalid_request', $_,
                      qq({"merchant_uid":"order_1","$_":300})),
    qw( Amount AMOUNT aMount Cancel_Request_Amount cancel_request_Amount
        cancelRequestAmount cancel-request-amount cancel_request_amout
        CANCEL_REQUEST_AMOUNT ammount amout ), "\xd0\xb0mount")
. ::steps(map ::refused('invalid_request', $_, "{\"$_\":\"order_1\"}"),
    qw( Merchant_uid MERCHANT_UID merchantUid merchant_id Imp_uid impUid ))
. ::steps(map ::refused('invalid_request', $_, ::members("\"$_\":\"x\"")),
    qw( Reason REASON Refund_holder refundHolder ))
. ::nothing_sent()


=== TEST 5: the name of a field is told as it is, but cut when it is very long
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
refused invalid_request
    = \"\\/\n\u001b<b>
    = {"merchant_uid":"order_1","amount":300,"\"\\/\n\u001b<b>":1}
refund {"merchant_uid":"order_1","amount":300,"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx":1}
    -> 400 invalid_request
    -> .field ~ ^x{16,64}\z
refund {"merchant_uid":"order_1","amount":300,"가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가":1}
    -> 400 invalid_request
    -> .field ~ ^(?:가){5,64}\z
nothing sent


=== TEST 6: without merchant_uid and imp_uid nothing is refunded
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
refused invalid_request merchant_uid
    = {}
    = {"amount":300}
    = {"amount":300,"reason":"order_1"}
nothing sent


=== TEST 7: an empty or wrong identifier is refused, also beside a valid one
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
my @wrong = ('""', 'null', '1', '0', 'true', 'false', '[]', '["order_1"]',
             '{}', '{"$ne":""}');
::steps(map ::refused('invalid_request', 'merchant_uid',
    qq({"merchant_uid":$_}), qq({"merchant_uid":$_,"amount":300}),
    qq({"imp_uid":"imp_1","merchant_uid":$_})), @wrong)
. ::steps(map ::refused('invalid_request', 'imp_uid',
    qq({"imp_uid":$_}), qq({"imp_uid":$_,"amount":300}),
    qq({"merchant_uid":"order_1","imp_uid":$_})), @wrong)
. ::nothing_sent()


=== TEST 8: merchant_uid and imp_uid each find the payment
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- steps
refund {"merchant_uid":"order_1","amount":100}
    -> 200
    -> .imp_uid = "imp_1"
    -> .merchant_uid = "order_1"
refund {"imp_uid":"imp_2","amount":200}
    -> 200
    -> .imp_uid = "imp_2"
    -> .merchant_uid = "order_2"
refund {"imp_uid":"imp_1","amount":300}
    -> 200
    -> .imp_uid = "imp_1"
    -> .cancel_amount = 400
refund {"merchant_uid":"order_2","imp_uid":"imp_2","amount":400}
    -> 200
    -> .imp_uid = "imp_2"
    -> .cancel_amount = 600
sent
    = {"imp_uid":"imp_1","amount":100,"checksum":1000}
    = {"imp_uid":"imp_2","amount":200,"checksum":1000}
    = {"imp_uid":"imp_1","amount":300,"checksum":900}
    = {"imp_uid":"imp_2","amount":400,"checksum":800}


=== TEST 9: identifiers of two different payments are refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- steps eval
my $refused = ::steps(map ::refund($_, '-> 400 invalid_request',
        '-> .field = "merchant_uid"', '-> .code = null',
        '-> ! Portone-Refund-Id'),
    '{"imp_uid":"imp_1","merchant_uid":"order_2"}',
    '{"imp_uid":"imp_1","merchant_uid":"order_2","amount":300}',
    '{"imp_uid":"imp_2","merchant_uid":"order_1"}',
    '{"imp_uid":"imp_1","merchant_uid":"order_9"}',
    '{"imp_uid":"imp_1","merchant_uid":"Order_1"}',
    '{"imp_uid":"imp_1","merchant_uid":"order_1 "}',
    '{"imp_uid":"imp_1","merchant_uid":"order_"}');
# neither known yet, nor when both payments are
$refused . "GET /payments/order_2\n" . $refused
. ::nothing_cancelled('order_1', 'order_2')


=== TEST 10: imp_uid has to be valid by itself, whatever merchant_uid says
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
refund {"imp_uid": "imp_9", "merchant_uid": "order_1"}
    -> 404 payment_not_found
    -> .merchant_uid = "order_1"
    -> .imp_uid = "imp_9"
    -> .code = null
    -> ! Portone-Refund-Id
refund {"imp_uid": "order_1", "merchant_uid": "order_1"}
    -> 404 payment_not_found
refund {"imp_uid": "IMP_1", "merchant_uid": "order_1"}
    -> 404 payment_not_found
ledger
    -> .calls.cancel = 0
    -> .calls.find = 0
    -> .calls.payment = 3
GET /stored/order_1
    -> 404 payment_not_found
# also when the order is known
GET /payments/order_1
refund {"imp_uid": "imp_9", "merchant_uid": "order_1", "amount": 300}
    -> 404 payment_not_found
ledger ?call=cancel
    -> .requests # 0


=== TEST 11: of the payments that share a merchant_uid imp_uid picks one
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 started_at=1700000000
imp_uid=imp_2 merchant_uid=order_1 amount=2000 started_at=1700000001
--- steps
refund {"imp_uid":"imp_1","merchant_uid":"order_1","amount":300}
    -> 200
    -> .imp_uid = "imp_1"
    -> .refundable_amount = 700
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000}


=== TEST 12: texts of another type are refused, null included
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
for field in reason refund_account refund_bank refund_holder refund_tel
refused invalid_request
    = {{field}}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":null}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":true}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":false}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":0}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":88}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":1.5}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":[]}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":["x"]}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":{}}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":{"x":"y"}}
end
nothing sent


=== TEST 13: texts may be as long as the limit, in characters and not in bytes
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=10000
--- steps eval
my @characters = ('a', '가', "\xf0\x9f\x98\x80", "e\xcc\x81");
my (@refunds, @sent);
my $left = 10000;
for my $field (@::texts) {
    for my $character (@characters) {
        my $text = $character =~ /^e/ ? $character x ($::max{$field} / 2)
                                      : $character x $::max{$field};
        push @refunds, ::refund((::members("\"$field\":\"$text\""))[0]);
        push @sent, "{\"imp_uid\":\"imp_1\",\"amount\":300,\"checksum\":$left,"
                    . "\"$field\":\"$text\"}";
        $left -= 300;
    }
}
::steps(@refunds) . ::sent(@sent)


=== TEST 14: texts of one character more than the limit are refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
::steps(map { my $field = $_; ::refused('invalid_request', $field,
    map ::members("\"$field\":\"$_\""),
    map { ($_ x ($::max{$field} + 1), $_ x 600) }
    'a', '가', '\uac00', "\xf0\x9f\x98\x80", '\ud83d\ude00', ' ') } @::texts)
. ::nothing_sent()


=== TEST 15: an escaped character counts as one
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid":"order_1","amount":300,"reason":"\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00"}
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000,"reason":"😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀"}


=== TEST 16: an empty text is the same as none
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps
refund {"merchant_uid":"order_1","amount":300,"reason":"","refund_account":"","refund_bank":"","refund_holder":"","refund_tel":""}
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000}


=== TEST 17: control characters are refused in what names an account
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
for field in refund_account refund_bank refund_holder refund_tel
refused invalid_request
    = {{field}}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":"\n"}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":"1\r"}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":"1\t2"}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":"\u0001"}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":"\u001f"}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":"\u007f"}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":""}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":"\u0080"}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":"\u009f"}
    = {"merchant_uid":"order_1","amount":300,"{{field}}":""}
end
nothing sent


=== TEST 18: retain_promotion is true or false and nothing else
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
refused invalid_request retain_promotion
    = {"merchant_uid":"order_1","amount":300,"retain_promotion":null}
    = {"merchant_uid":"order_1","amount":300,"retain_promotion":0}
    = {"merchant_uid":"order_1","amount":300,"retain_promotion":1}
    = {"merchant_uid":"order_1","amount":300,"retain_promotion":""}
    = {"merchant_uid":"order_1","amount":300,"retain_promotion":"true"}
    = {"merchant_uid":"order_1","amount":300,"retain_promotion":"false"}
    = {"merchant_uid":"order_1","amount":300,"retain_promotion":[]}
    = {"merchant_uid":"order_1","amount":300,"retain_promotion":[true]}
    = {"merchant_uid":"order_1","amount":300,"retain_promotion":{}}
nothing sent
refund {"merchant_uid":"order_1","amount":300,"retain_promotion":true}
refund {"merchant_uid":"order_1","amount":300,"retain_promotion":false}
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000,"retain_promotion":true}
    = {"imp_uid":"imp_1","amount":300,"checksum":700,"retain_promotion":false}


=== TEST 19: extra is an object whose requester is customer or admin
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps
refused invalid_request extra
    = {"merchant_uid":"order_1","amount":300,"extra":null}
    = {"merchant_uid":"order_1","amount":300,"extra":true}
    = {"merchant_uid":"order_1","amount":300,"extra":1}
    = {"merchant_uid":"order_1","amount":300,"extra":""}
    = {"merchant_uid":"order_1","amount":300,"extra":"customer"}
    = {"merchant_uid":"order_1","amount":300,"extra":[]}
    = {"merchant_uid":"order_1","amount":300,"extra":["customer"]}
    = {"merchant_uid":"order_1","amount":300,"extra":[{"requester":"customer"}]}
    = {"merchant_uid":"order_1","amount":300,"extra":{}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":null}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":true}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":1}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":""}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":"Customer"}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":"ADMIN"}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":"admin "}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":" admin"}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":"administrator"}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":"guest"}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":["admin"]}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":{"requester":"admin"}}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":{}}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"Requester":"admin"}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"other":"admin"}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"":"admin"}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"requester":"admin","other":1}}
    = {"merchant_uid":"order_1","amount":300,"extra":{"other":null,"requester":"admin"}}
nothing sent
refund {"merchant_uid":"order_1","amount":300,"extra":{"requester":"customer"}}
refund {"merchant_uid":"order_1","amount":300,"extra":{"requester":"admin"}}
sent
    = {"imp_uid":"imp_1","amount":300,"checksum":1000,"extra":{"requester":"customer"}}
    = {"imp_uid":"imp_1","amount":300,"checksum":700,"extra":{"requester":"admin"}}


=== TEST 20: a virtual account is refunded only with holder, bank and account
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=vbank
--- steps eval
my ($holder, $bank, $account) = ('"refund_holder":"홍길동"',
    '"refund_bank":"88"', '"refund_account":"56211105948400"');
::refused_by_payment('order_1', 'refund_account_required', 'refund_holder',
    '"amount":300', "$bank,$account", "\"refund_holder\":\"\",$bank,$account")
. ::refused_by_payment('order_1', 'refund_account_required', 'refund_bank',
    "$holder,$account", "$holder,$account,\"refund_bank\":\"\"",
    "$holder,$account,\"refund_tel\":\"010\"")
. ::refused_by_payment('order_1', 'refund_account_required', 'refund_account',
    "$holder,$bank", "$holder,$bank,\"refund_account\":\"\"")
. ::nothing_cancelled('order_1')
. ::refund("{\"merchant_uid\":\"order_1\",$holder,$bank,$account}", '-> 200',
           '-> .refundable_amount = 0')
. ::sent('{"imp_uid":"imp_1","amount":1000,"checksum":1000,'
         . '"refund_holder":"홍길동","refund_bank":"88",'
         . '"refund_account":"56211105948400"}')


=== TEST 21: the message for a missing refund account says what is missing
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=vbank
--- locations
location = /en { portone_language en; portone_cancel; }
--- steps
refund {"merchant_uid":"order_1"}
    -> 400 refund_account_required
    -> .message = "환불받을 계좌의 예금주, 은행 코드, 계좌번호를 입력해 주세요."
    -> .refundable_amount = 1000
POST /en {"merchant_uid":"order_1"}
    -> 400 refund_account_required
    -> .message = "Please state the holder, bank code and number of the account that receives the refund."
    -> .refundable_amount = 1000
nothing cancelled order_1


=== TEST 22: the account that gets the money is in no log and no answer
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 pay_method=vbank
--- steps eval
my $account = '"merchant_uid":"order_1","refund_holder":"gildong-hong",'
    . '"refund_bank":"88","refund_account":"56211105948400",'
    . '"refund_tel":"01012345678"';
my $hidden = '-> body !~ 56211105948400|gildong-hong|01012345678';
::refund("{$account,\"amount\":300}", '-> 200', $hidden)
. ::refund("{$account,\"amount\":900}", '-> 400 amount_exceeds_refundable',
           $hidden)
. ::refund("{$account,\"amount\":0}", '-> 400 invalid_request', $hidden)
. ::refund('{"merchant_uid":"order_1","refund_account":"56211105948400 or 1"}',
           '-> 400 invalid_request', '-> .field = "refund_account"', $hidden)
. "GET /payments/order_1
    -> .refunds # 1
    $hidden
"
--- no_error_log
56211105948400
gildong-hong
01012345678
