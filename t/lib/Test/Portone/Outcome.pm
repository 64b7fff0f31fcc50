package Test::Portone::Outcome;

# Steps for what comes of a refund when PortOne, or the way to it, fails: words
# of "--- steps", functions of "--- payments eval". Each fault of a list meets a
# payment of its own: the first one imp_1 of order_1, the next one imp_2 of
# order_2, and so on. An item of a list is a JSON array,
#
#     = [1, {"fault": "lose_answer"}]
#
# or in Perl [1, fault => 'lose_answer'].

use strict;
use warnings;

use JSON::PP ();

use Exporter qw( import );

our @EXPORT = qw(
    arm free item payments locked not_executed numbered refused unknown
    unreadable
);

my $json = JSON::PP->new->canonical;


# payments(n): n payments of 1000 won

sub payments {
    return join '', map { "imp_uid=imp_$_ merchant_uid=order_$_ amount=1000\n" }
                    1 .. $_[0];
}


# numbered(sub, items...): what the sub makes of (number, item)

sub numbered {
    my ($make, @items) = @_;
    my $n = 0;

    return join '', map { $make->(++$n, $_) } @items;
}


# item(text or reference): the members of an item, those of objects in a row

sub item {
    my $item = shift;

    return map { ref $_ eq 'HASH' ? %$_ : $_ }
           ref $item ? @$item : @{$json->decode($item)};
}


# The step that arms a fault: arm(fault => 'status', status => 500, ...). The
# keys are those of the sandbox.

sub arm {
    return 'fault ' . $json->encode({ @_ }) . "\n";
}


# Nobody can tell what came of the refund of 300 won of order_N: it is stored
# as unknown, the order is locked, and PortOne got the cancel once, whatever
# is tried. executions: how often PortOne has made it.

sub locked {
    my ($n, $executions, $state) = @_;

    $state //= 'unknown';

    return <<END;
GET /payments/order_$n
    -> .cancel_amount = 0
    -> .refundable_amount = 1000
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id$n}}
    -> .refunds[0].state = $state
    -> .refunds[0].amount = 300
    -> .refunds[0].settled_at = null
    -> .refunds[0].cancellation_id = null
refund {"merchant_uid": "order_$n", "cancel_request_amount": 300}
    -> 409 refund_in_progress
    -> .refund_id = {{id$n}}
    -> Retry-After: ~ ^[1-9]\\d*\$
refund {"imp_uid": "imp_$n"}
    -> 409 refund_in_progress
    -> .refund_id = {{id$n}}
ledger ?call=cancel&imp_uid=imp_$n
    -> .requests # 1
    -> .payments.imp_$n.executions = $executions
END
}


# Each [executions, fault...] of the cancel leaves the outcome unknown.

sub unknown {
    return numbered(sub {
        my ($n, $item) = @_;
        my ($executions, @fault) = item($item);

        return arm(call => 'cancel', imp_uid => "imp_$n", @fault) . <<END
refund {"merchant_uid": "order_$n", "cancel_request_amount": 300}
    -> 504 outcome_unknown
    -> Content-Type: application/json
    -> .refund_id as id$n
    -> Portone-Refund-Id: {{id$n}}
    -> .message present
    -> .merchant_uid = order_$n
    -> .imp_uid = imp_$n
    -> .cancel_amount absent
END
            . locked($n, $executions);
    }, @_);
}


# The order is as if nothing had been tried, but for this record, and the same
# refund can be made at once.

sub free {
    my ($n, $state, @expect) = @_;
    my $expect = join '', map { "    -> $_\n" } @expect;

    return <<END;
GET /payments/order_$n
    -> .cancel_amount = 0
    -> .refundable_amount = 1000
    -> .refunds # 1
    -> .refunds[0].refund_id = {{id$n}}
    -> .refunds[0].state = $state
    -> .refunds[0].amount = 300
    -> .refunds[0].settled_at > 1700000000
$expect
refund {"merchant_uid": "order_$n", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
    -> Portone-Refund-Id as next$n
GET /payments/order_$n
    -> .refundable_amount = 700
    -> .refunds # 2
    -> .refunds[1].refund_id = {{next$n}}
    -> .refunds[1].state = succeeded
END
}


# Each [code, message, fault...] of the cancel is a refusal of PortOne.

sub refused {
    return numbered(sub {
        my ($n, $item) = @_;
        my ($code, $message, @fault) = item($item);

        return arm(call => 'cancel', imp_uid => "imp_$n", @fault) . <<END
refund {"merchant_uid": "order_$n", "cancel_request_amount": 300}
    -> 422 refund_rejected
    -> .code = $code
    -> .message = $message
    -> .refund_id as id$n
    -> Portone-Refund-Id: {{id$n}}
    -> .refundable_amount = 1000
ledger ?imp_uid=imp_$n&call=cancel
    -> .requests # 1
    -> .payments.imp_$n.executions = 0
END
            . free($n, 'rejected', ".refunds[0].code = $code",
                   ".refunds[0].message = $message");
    }, @_);
}


# The refund of order_N was certainly not made, and says so with this status
# and error.

sub not_executed {
    my ($n, $error, $cancels) = @_;

    return <<END
refund {"merchant_uid": "order_$n", "cancel_request_amount": 300}
    -> $error
    -> .code = null
    -> .refund_id as id$n
    -> Portone-Refund-Id: {{id$n}}
    -> .merchant_uid = order_$n
    -> .imp_uid = imp_$n
ledger ?call=cancel&imp_uid=imp_$n
    -> .requests # $cancels
    -> .payments.imp_$n.executions = 0
END
        . free($n, 'not_executed', '.refunds[0].code = null');
}


# Each [fault...] of this call comes before the cancel: nothing is sent and no
# attempt is made; the next request is served.

sub unreadable {
    my ($call, $error, @faults) = @_;

    return numbered(sub {
        my ($n, $fault) = @_;

        return arm(call => $call, item($fault)) . <<END;
refund {"merchant_uid": "order_$n", "cancel_request_amount": 300}
    -> $error
    -> Content-Type: application/json
    -> .code = null
    -> .refund_id absent
    -> ! Portone-Refund-Id
    -> .merchant_uid = order_$n
sandbox GET faults
    -> .faults # 0
ledger ?call=cancel&imp_uid=imp_$n
    -> .requests # 0
refund {"merchant_uid": "order_$n", "cancel_request_amount": 300}
    -> 200
    -> .refundable_amount = 700
GET /payments/order_$n
    -> .refunds # 1
ledger ?call=cancel&imp_uid=imp_$n
    -> .requests # 1
    -> .payments.imp_$n.executions = 1
sandbox POST tokens/expire
END
    }, @faults);
}


1;
