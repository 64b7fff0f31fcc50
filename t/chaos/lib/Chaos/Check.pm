package Chaos::Check;

# Compares what PortOne has done, what the store says and what clients were
# told, when everything is at rest. The numbers are those of the promises in
# docs/guarantees.md.

use strict;
use warnings;

use Exporter qw( import );

our @EXPORT_OK = qw( check_order check_cancel );


# check_order(order, payment, ledger, stored, flags) returns a list of what is
# wrong. `payment` and `ledger` are PortOne's, `stored` is the module's
# reading; `flags` names what was done to the order that leaves the truth open:
# console, contradict. Counts go to %$count.

sub check_order {
    my ($order, $payment, $ledger, $stored, $flags, $count) = @_;
    my @wrong;
    my @history = @{$payment->{cancel_history} // []};
    my @ours = grep { ($_->{reason} // '') ne 'console' } @history;

    # 1: never more than was paid

    push @wrong, "1: $payment->{cancel_amount} of $payment->{amount} refunded"
        if $payment->{cancel_amount} > $payment->{amount};

    # 2: one at a time

    push @wrong, "2: $ledger->{concurrent_max} cancels at a time"
        if $ledger->{concurrent_max} > 1;

    $count->{executed} += $ledger->{executions};

    push @wrong, "PortOne executed $ledger->{executions}, and lists "
                 . scalar @ours
        if $ledger->{executions} != @ours;

    if (!$stored) {

        # nobody has ever got through to it

        push @wrong, '3: refunded, and the order is not stored' if @ours;
        push @wrong, _check_told($order, \@ours, {});
        return @wrong;
    }

    my @refunds = @{$stored->{refunds}};
    my %by_id = map { $_->{refund_id} => $_ } @refunds;
    my ($open) = grep { $_->{state} =~ /^(?:sending|unknown|pending)$/ }
                 @refunds;
    my ($review) = grep { $_->{state} eq 'manual_review' } @refunds;

    $count->{states}{$_->{state}}++ for @refunds;

    # 6: settled, or with a person, where the truth is ambiguous

    push @wrong, "6: $open->{refund_id} is still $open->{state}" if $open;

    if ($review) {
        if ($flags->{console} || $flags->{contradict}) {
            $count->{justified}++;
        } else {
            push @wrong, "6: $review->{refund_id} is manual_review, and "
                         . 'nothing was ambiguous';
        }
    }

    # 3, 12: what PortOne has done is known, once; what is told as done, is

    my %evidence;

    for my $refund (grep { $_->{state} eq 'succeeded' } @refunds) {
        my $id = $refund->{cancellation_id} // '';

        push @wrong, "12: $refund->{refund_id} and $evidence{$id} are one "
                     . 'cancellation'
            if $evidence{$id};
        $evidence{$id} = $refund->{refund_id};
    }

    for my $entry (@ours) {
        my $id = delete $evidence{$entry->{cancellation_id}};
        my $refund = defined $id ? $by_id{$id} : undef;

        if (!$refund) {
            next if $review && $review->{amount} == $entry->{amount};

            push @wrong, "3: lost: PortOne has refunded $entry->{amount} "
                         . "($entry->{cancellation_id})";
            next;
        }

        push @wrong, "12: $id is $refund->{amount}, PortOne refunded "
                     . $entry->{amount}
            if $refund->{amount} != $entry->{amount};
        push @wrong, "12: $id has another reason than PortOne's"
            if ($refund->{reason} // '') ne ($entry->{reason} // '');
    }

    push @wrong, "4: $evidence{$_} has succeeded, PortOne does not know it"
        for sort keys %evidence;

    # 7: the same balance; with a person, the order is as it was

    push @wrong, "7: cancel_amount is $stored->{cancel_amount}, PortOne's "
                 . $payment->{cancel_amount}
        if !$review && $stored->{cancel_amount} != $payment->{cancel_amount};

    push @wrong, _check_told($order, \@ours, \%by_id);

    return @wrong;
}


# 1, 4, 5, 11: what clients were told, and what PortOne has executed for them.

sub _check_told {
    my ($order, $ours, $by_id) = @_;
    my (@wrong, %told);

    for my $refund (@{$order->{refunds}}) {
        my $name = "#$refund->{id}";
        my $final = $refund->{final};
        my @done = grep { _is_of($refund, $_) } @$ours;

        push @wrong, "1: $name was executed " . @done . ' times'
            if !$refund->{twin} && @done > 1;

        if ($final) {
            my $id = $final->{refund_id};
            my $stored = $by_id->{$id};

            push @wrong, "5: $name and $told{$id} were told the same refund"
                if $told{$id};
            $told{$id} = $name;

            if (!$stored) {
                push @wrong, "4: $name was told $final->{error} of $id, which "
                             . 'is not stored';
                next;
            }

            my $state = $final->{error} eq 'refund_rejected' ? 'rejected'
                                                             : 'succeeded';

            push @wrong, "4: $name was told $final->{error}, $id is "
                         . $stored->{state}
                if $stored->{state} ne $state
                   && !($final->{error} eq 'pending'
                        && $stored->{state} eq 'manual_review');

            push @wrong, "4: $name was told $final->{error} of another amount"
                if defined $refund->{amount}
                   && $stored->{amount} != $refund->{amount};

            push @wrong, "4: $name was told success, PortOne has nothing"
                if $state eq 'succeeded' && !$refund->{twin} && !@done
                   && $final->{error} ne 'pending';

            push @wrong, "11: $name was told that it was refused, and PortOne "
                         . 'has made it'
                if $state eq 'rejected' && !$refund->{twin} && @done;

            next;
        }

        push @wrong, "11: $name was told that nothing was refunded, and "
                     . 'PortOne has made it'
            if $refund->{nothing} && !$refund->{open} && !$refund->{twin}
               && @done;
    }

    return @wrong;
}


sub _is_of {
    my ($refund, $entry) = @_;

    return ($entry->{reason} // '') eq $refund->{reason}
        if defined $refund->{reason};

    return ($entry->{reason} // '') eq ''
           && $entry->{amount} == $refund->{amount};
}


# 10: each cancel that PortOne has received names a payment, a positive amount
# and the balance.

sub check_cancel {
    my ($body, $entry) = @_;

    return 'not a whole cancel' if ref $body ne 'HASH';

    my @wrong;

    push @wrong, '10: no imp_uid' if ($body->{imp_uid} // '') eq '';
    push @wrong, '10: merchant_uid' if exists $body->{merchant_uid};
    push @wrong, '10: amount' if !_is_number($body->{amount})
                                 || $body->{amount} <= 0;
    push @wrong, '10: checksum' if !_is_number($body->{checksum});

    return @wrong;
}


sub _is_number {
    return defined $_[0] && !ref $_[0] && $_[0] =~ /^-?\d+(?:\.\d+)?$/;
}


1;
