# Identifiers are names and nothing else: whatever characters they have, they
# find the payment of exactly this name, or none, and no other call of PortOne.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Refusal;

use JSON::PP ();

our @odd = (
    'a/b', '/', '//', 'a//b', '/a', 'a/', ' ', 'a b', ' a', 'a ', '"', 'a"b',
    "a'b", "\\", "a\\b", '%', '100%', '%2F', 'a%00b', '%2e%2e', '%zz', '?',
    'a?b=c', '#', 'a#b', 'a&b=c', 'a;b', 'a+b', 'a=b', '<b>', '(b)', '{b}',
    '[b]', '$b', '$uri', '*', '!', '~', '@', ':', ',', '|', '^', '`', '...',
    '..a', 'a..', '.a', 'a/..b', 'a../b', 'a/.../b', 'cancel', 'find',
    'order_1/paid', 'order_1?a=b', 'order_1#', 'paid',
    "\xed\x95\x9c\xea\xb8\x80", "\xf0\x9f\x98\x80", "e\xcc\x81",
    "\xc3\xa9", "\xe2\x80\xae", "\xef\xbb\xbf",
);

our @dots = ('.', '..', './', '../', '/.', '/..', '../a', 'a/..', './a', 'a/.',
    'a/../b', 'a/./b', '/../cancel', '../../users/getToken', '..//', '..\\a',
    'a\\..');


sub quoted {
    return JSON::PP->new->allow_nonref->encode($_[0]);
}


# Tells PortOne of payments 1 to n, which have these values as this field.

sub declare {
    my ($field, @values) = @_;
    my $n = 0;

    return join '', map {
        my %payment = (imp_uid => '"imp_' . ++$n . '"',
                       merchant_uid => "\"order_$n\"", amount => 1000);

        $payment{$field} = quoted($_);

        "sandbox POST payments {" . join(', ', map "\"$_\": $payment{$_}",
                                         sort keys %payment) . "}\n";
    } @values;
}

run_tests();

__DATA__

=== TEST 1: a merchant_uid of any characters finds the order of this name
--- payments
imp_uid=imp_0 merchant_uid=order_0 amount=1000
--- steps eval
my $n = 0;
::declare('merchant_uid', @::odd)
. ::steps(map { $n++; my $uid = ::quoted($_);
    ::refund("{\"merchant_uid\":$uid,\"amount\":300}", '-> 200',
             "-> .merchant_uid = $uid", "-> .imp_uid = \"imp_$n\"",
             '-> .cancel_amount = 300')
    # as before, now that it is stored
    . ::refund("{\"merchant_uid\":$uid}", '-> 200',
               "-> .merchant_uid = $uid", "-> .imp_uid = \"imp_$n\"",
               '-> .cancel_amount = 1000') } @::odd)
. "ledger ?requests=0
    -> .cancels_executed = " . 2 * @::odd . "
    -> .calls.find = " . @::odd . "
    -> .calls.payment = 0
    -> .calls.other = 0
    -> .payments.imp_0.executions = 0
"


=== TEST 2: an imp_uid of any characters finds the payment of this name
--- payments
imp_uid=imp_0 merchant_uid=order_0 amount=1000
--- steps eval
my $n = 0;
my @odd = grep length() <= 32, @::odd;
::declare('imp_uid', @odd)
. ::steps(map { $n++; my $uid = ::quoted($_);
    ::refund("{\"imp_uid\":$uid,\"amount\":300}", '-> 200',
             "-> .imp_uid = $uid", "-> .merchant_uid = \"order_$n\"",
             '-> .cancel_amount = 300')
    . ::refund("{\"imp_uid\":$uid}", '-> 200', "-> .imp_uid = $uid",
               '-> .cancel_amount = 1000') } @odd)
. "ledger ?requests=0
    -> .cancels_executed = " . 2 * @odd . "
    -> .calls.payment = " . @odd . "
    -> .calls.find = 0
    -> .calls.other = 0
    -> .payments.imp_0.executions = 0
"


=== TEST 3: an odd merchant_uid that does not exist is just not found
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
::steps(map { my $uid = ::quoted($_);
    ::refund("{\"merchant_uid\":$uid}", '-> 404 payment_not_found',
             "-> .merchant_uid = $uid", '-> .imp_uid = null',
             '-> .code = null', '-> ! Portone-Refund-Id') } @::odd)
. "ledger ?requests=0
    -> .calls.find = " . @::odd . "
    -> .calls.token = 1
    -> .calls.cancel = 0
    -> .calls.payment = 0
    -> .calls.other = 0
GET /stored/order_1
    -> 404 payment_not_found
"


=== TEST 4: an odd imp_uid that does not exist is just not found
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
::steps(map { my $uid = ::quoted($_);
    ::refund("{\"imp_uid\":$uid,\"merchant_uid\":\"order_1\"}",
             '-> 404 payment_not_found', "-> .imp_uid = $uid",
             '-> .merchant_uid = "order_1"', '-> .code = null',
             '-> ! Portone-Refund-Id') } grep length() <= 32, @::odd)
. "ledger ?requests=0
    -> .calls.payment = " . (grep length() <= 32, @::odd) . "
    -> .calls.token = 1
    -> .calls.cancel = 0
    -> .calls.find = 0
    -> .calls.other = 0
GET /stored/order_1
    -> 404 payment_not_found
"


=== TEST 5: an identifier that leads to another call is never asked for
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
::steps(map { my $uid = ::quoted($_);
    (::refund("{\"merchant_uid\":$uid}", '-> 404 payment_not_found',
              "-> .merchant_uid = $uid", '-> ! Portone-Refund-Id'),
     ::refund("{\"imp_uid\":$uid}", '-> 404 payment_not_found',
              "-> .imp_uid = $uid", '-> ! Portone-Refund-Id')) } @::dots)
. ::nothing_sent()


=== TEST 6: an order that no URL can name is refunded once it is stored
--- payments
imp_uid=imp_0 merchant_uid=order_0 amount=1000
--- steps eval
my $n = 0;
::declare('merchant_uid', @::dots)
. ::steps(map { $n++; my $uid = ::quoted($_);
    (::refund("{\"imp_uid\":\"imp_$n\",\"amount\":300}", '-> 200',
              "-> .merchant_uid = $uid"),
     ::refund("{\"merchant_uid\":$uid,\"amount\":300}", '-> 200',
              "-> .imp_uid = \"imp_$n\"", '-> .cancel_amount = 600')) }
    @::dots)
. "ledger ?requests=0
    -> .cancels_executed = " . 2 * @::dots . "
    -> .calls.payment = " . @::dots . "
    -> .calls.find = 0
    -> .calls.other = 0
"


=== TEST 7: an escape in a merchant_uid is decoded by nobody
--- payments
imp_uid=imp_1 merchant_uid=a/b amount=1000
imp_uid=imp_2 merchant_uid=a%2Fb amount=1000
imp_uid=imp_3 merchant_uid=a%252Fb amount=1000
--- steps
refund {"merchant_uid":"a%2Fb","amount":300}
    -> 200
    -> .imp_uid = "imp_2"
refund {"merchant_uid":"a/b","amount":300}
    -> 200
    -> .imp_uid = "imp_1"
refund {"merchant_uid":"a%252Fb","amount":300}
    -> 200
    -> .imp_uid = "imp_3"
ledger ?requests=0
    -> .cancels_executed = 3
    -> .payments.imp_1.executions = 1
    -> .payments.imp_2.executions = 1
    -> .payments.imp_3.executions = 1


=== TEST 8: letters of another case and other spaces are another order
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- steps eval
# also when the order is known
"GET /payments/order_1\n"
. ::steps(map ::refund("{\"merchant_uid\":\"$_\"}",
                       '-> 404 payment_not_found'),
    'Order_1', 'ORDER_1', ' order_1', 'order_1 ', 'order', 'order_', 'order_11',
    'order%5F1', 'order_1*', 'order_1/', "order\xef\xbc\xbf1", 'imp_1')
. ::steps(map ::refund("{\"imp_uid\":\"$_\"}", '-> 404 payment_not_found'),
    'Imp_1', 'IMP_1', ' imp_1', 'imp_1 ', 'imp_', 'imp_11', 'order_1')
. ::nothing_cancelled('order_1')


=== TEST 9: control characters in identifiers are refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
my @characters = ((map { sprintf '\u%04x', $_ } 1 .. 31, 127 .. 159),
                  '\n', '\r', '\t', '\b', '\f', "\x7f", "\xc2\x85");
::steps(map { my $field = $_; ::refused('invalid_request', $field,
    map { ("{\"$field\":\"order_1$_\"}", "{\"$field\":\"$_\"}",
           "{\"$field\":\"a${_}b\",\"amount\":300}") } @characters)
} qw( merchant_uid imp_uid ))
. ::nothing_sent()


=== TEST 10: a NUL in an identifier is refused, it does not end there
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
::refused('invalid_json', undef, '{"merchant_uid":"order_1\u0000"}',
    '{"merchant_uid":"order_1\u0000x","amount":300}',
    '{"imp_uid":"imp_1\u0000"}', "{\"merchant_uid\":\"order_1\0\"}",
    "{\"imp_uid\":\"imp_1\0x\"}", '{"merchant_uid":"\u0000"}')
. ::nothing_sent()


=== TEST 11: a merchant_uid has up to 40 characters, of any size
--- payments
imp_uid=imp_0 merchant_uid=order_0 amount=1000
--- steps eval
my @uids = map { $_ x 40 } 'n', '/', "\xea\xb0\x80", "\xf0\x9f\x98\x80", '%';
my $n = 0;
::declare('merchant_uid', @uids)
. ::steps(map { $n++; ::refund("{\"merchant_uid\":\"$_\"}", '-> 200',
    "-> .merchant_uid = \"$_\"", "-> .imp_uid = \"imp_$n\"") } @uids)


=== TEST 12: an imp_uid has up to 32 characters, of any size
--- payments
imp_uid=imp_0 merchant_uid=order_0 amount=1000
--- steps eval
my @uids = map { $_ x 32 } 'n', '/', "\xea\xb0\x80", "\xf0\x9f\x98\x80", '%';
my $n = 0;
::declare('imp_uid', @uids)
. ::steps(map { $n++; ::refund("{\"imp_uid\":\"$_\"}", '-> 200',
    "-> .imp_uid = \"$_\"", "-> .merchant_uid = \"order_$n\"") } @uids)


=== TEST 13: identifiers that are too long by one character are refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- locations
location /stored/ { portone_fetch off; portone_payment; }
--- steps eval
my @characters = ('a', '/', ' ', '\u0061', '가', '\uac00',
                  "\xf0\x9f\x98\x80", '\ud83d\ude00');
::refused('invalid_request', 'merchant_uid',
    map { ('{"merchant_uid":"' . $_ x 41 . '"}',
           '{"imp_uid":"imp_1","merchant_uid":"' . $_ x 41 . '"}',
           '{"merchant_uid":"' . $_ x 600 . '"}') } @characters)
. ::refused('invalid_request', 'imp_uid',
    map { ('{"imp_uid":"' . $_ x 33 . '"}',
           '{"merchant_uid":"order_1","imp_uid":"' . $_ x 33 . '"}') }
    @characters)
. ::nothing_sent()


=== TEST 14: identifiers of one character are enough
--- payments
imp_uid=1 merchant_uid=a amount=1000
--- steps
refund {"merchant_uid": "a", "amount": 300}
    -> .imp_uid = "1"
refund {"imp_uid": "1", "amount": 300}
    -> .merchant_uid = "a"
    -> .cancel_amount = 600
