package Test::Portone::Refusal;

# Steps for refunds that are refused before PortOne hears of them, and for
# what PortOne is sent: words of "--- steps".

use strict;
use warnings;

use JSON::PP ();

use Exporter qw( import );

our @EXPORT = qw(
    nothing_cancelled nothing_sent refund refused refused_by_payment sent steps
);

my %messages = (
    invalid_json => '요청 본문이 올바른 JSON이 아닙니다.',
    invalid_request => '요청 항목이 올바르지 않습니다.',
);


sub steps {
    return join '', @_;
}


# A refund with exactly these bytes as its body, and what is expected.

sub refund {
    my ($body, @expect) = @_;

    return join '', "POST /payments/cancel\n",
        "    Content-Type: application/json\n",
        (map { "    |$_\n" } $body eq '' ? '' : split /\n/, $body, -1),
        (map { "    $_\n" } @expect);
}


# Each of the bodies is answered 400 with this error word, the name of the
# field or "none", and nothing that only a known payment has.

sub refused {
    my ($error, $field, @bodies) = @_;

    $field //= 'none';

    return join '', map { refund($_,
        "-> 400 $error",
        '-> Content-Type: application/json',
        '-> ! Portone-Refund-Id',
        "-> .message = \"$messages{$error}\"",
        '-> .code = null',
        '-> .merchant_uid = null',
        '-> .imp_uid = null',
        $field ne 'none' ? "-> .field = \"$field\"" : '-> .field absent',
        '-> .refund_id absent',
    ) } @bodies;
}


# The same where it is the payment that the request does not fit: the members
# stand beside the merchant_uid of a payment that PortOne knows.

sub refused_by_payment {
    my ($merchant_uid, $error, $field, @members) = @_;

    return join '', map { refund(qq({"merchant_uid":"$merchant_uid",$_}),
        "-> 400 $error",
        '-> Content-Type: application/json',
        '-> ! Portone-Refund-Id',
        '-> .message present',
        '-> .code = null',
        qq(-> .merchant_uid = "$merchant_uid"),
        '-> .imp_uid ~ ^imp_',
        defined $field ? qq(-> .field = "$field") : '-> .field absent',
        '-> .refund_id absent',
    ) } @members;
}


# PortOne has not heard of any cancel, and no attempt is stored.

sub nothing_cancelled {
    return join '', "ledger ?call=cancel\n",
        "    -> .requests # 0\n",
        "    -> .cancels_executed = 0\n",
        map { ("GET /payments/$_\n",
               "    -> .refunds # 0\n",
               "    -> .cancel_amount = 0\n") } @_;
}


# PortOne has heard nothing, and nothing is stored about order_1, which
# "location /stored/ { portone_fetch off; portone_payment; }" reads.

sub nothing_sent {
    return <<END;
ledger
    -> .requests # 0
    -> .cancels_executed = 0
GET /stored/order_1
    -> 404 payment_not_found
END
}


# The bodies of all cancels that PortOne has received, in their order.

sub sent {
    my @bodies = @_;
    my $json = JSON::PP->new->allow_nonref;
    my $n = 0;

    return join '', "ledger ?call=cancel\n",
        '    -> .requests # ' . @bodies . "\n",
        map { "    -> .requests[" . $n++ . '].body = '
              . $json->encode($_) . "\n" } @bodies;
}


1;
