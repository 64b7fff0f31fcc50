package Chaos::Orders;

# What the clients want: orders, refunds of them, and everything that was
# told about them. Nothing is judged here but what a single answer can show;
# see Check.pm.
#
# A refund that is asked for:
#
#     { id, order, key, amount, reason, twin, request, sends, open, nothing,
#       ended, final => { error, body, refund_id } }
#
# `amount` is undef for all that is left. The reason, or else the amount, is
# the only one of its kind in the order, so that PortOne's history tells which
# refund has been executed; but not in twins, which are the same on purpose.
# `open` counts sends of which it is not known what came of them, `nothing`
# says that an answer was that nothing was refunded, `ended` that there is no
# use in asking again; `final` is a result that has to stay the same.

use strict;
use warnings;

use JSON::XS ();
use Time::HiRes qw( time );

use constant {
    AMOUNT => 10_000,
    REFUNDS_OF_ORDER => 14,
    REFUNDS_OF_ASYNC => 2,          # each takes portone_settle_time
    SENDS => 5,                     # under fire; more when all is mended
    ORDERS_AT_ONCE => 100,          # the control endpoint takes 4m
};

my $json = JSON::XS->new->canonical;

# seconds until a request is sent again

my @pauses = (0.05, 0.4, 1.5, 4);


# new(site, clients, round, active => orders at a time)

sub new {
    my ($class, %arg) = @_;

    return bless {
        orders => {}, active => [], spare => [], later => [map { [] } @pauses],
        next_order => 0, next_refund => 0, failures => [],
        count => { sent => 0, refunds => 0, reads => 0, webhooks => 0,
                   replayed => 0,
                   lost => 0 },
        %arg,
    }, $class;
}


# New orders, as PortOne's payments; async => 0 or 1, or now and then.

sub create {
    my ($self, %arg) = @_;
    my (@payments, @new);

    for (1 .. $arg{orders} // ORDERS_AT_ONCE) {
        my $n = ++$self->{next_order};
        my $order = {
            merchant_uid => "order_$self->{round}_$n",
            imp_uid => "imp_$self->{round}_$n",
            refunds => [], log => [],
            async => $arg{async} // (rand() < 0.02 ? 1 : 0),
        };

        push @payments, {
            imp_uid => $order->{imp_uid}, amount => AMOUNT,
            merchant_uid => $order->{merchant_uid},
            async => $order->{async} ? JSON::XS::true : JSON::XS::false,
        };
        push @new, $order;
        $self->{orders}{$order->{imp_uid}} = $order;
    }

    my ($status, $body) = $self->{site}->portone('POST',
        '/_sandbox/payments', $json->encode(\@payments));

    die "PortOne takes no payments: $status $body\n" if $status !~ /^2/;

    return @new;
}


sub _order {
    my $self = shift;
    my $active = $self->{active};

    while (@$active < $self->{at_once}) {
        push @{$self->{spare}}, $self->create if !@{$self->{spare}};
        push @$active, shift @{$self->{spare}};
    }

    my $i = int rand @$active;
    my $order = $active->[$i];

    if ($order->{done} || @{$order->{refunds}}
        >= ($order->{async} ? REFUNDS_OF_ASYNC : REFUNDS_OF_ORDER))
    {
        $active->[$i] = $active->[-1];
        pop @$active;
        return $self->_order;
    }

    return $order;
}


sub active {
    return map { $_->{imp_uid} } @{$_[0]{active}};
}


sub event {
    my ($self, $order, $what) = @_;

    push @{$order->{log}}, sprintf '%.3f %s', time, $what;
}


sub _fail {
    my ($self, $order, $what) = @_;

    push @{$self->{failures}}, [$order, $what];
    $self->event($order, "FAILURE: $what");
}


# Sends the next request: one that has to be sent again, a reading, or a new
# refund.

sub next_request {
    my $self = shift;
    my $now = time;

    for my $i (0 .. $#pauses) {
        my $first = $self->{later}[$i][0];

        next if !$first || $first->[0] > $now;

        shift @{$self->{later}[$i]};
        return $self->refund($first->[1]);
    }

    my $order = $self->_order;

    if (@{$order->{refunds}}) {
        my $kind = rand;

        return $self->reading($order) if $kind < 0.12;
        return $self->webhook($order) if $kind < 0.16;
    }

    my $refund = $self->_new_refund($order);

    $self->{count}{refunds}++;
    $self->refund($refund);

    # the same request twice at the same time

    if (defined $refund->{key} && rand() < 0.04 && $self->{clients}->free) {
        $self->refund($refund);
    }
}


sub _new_refund {
    my ($self, $order) = @_;
    my $id = $self->{next_refund} + 1;
    my $n = @{$order->{refunds}} + 1;
    my $kind = rand;
    my %refund;

    $refund{key} = "key-$self->{round}-$id" if rand() < 0.75;

    if ($kind < 0.05) {
        $refund{reason} = "all $id";

    } elsif ($kind < 0.10) {
        $refund{amount} = 1000;
        $refund{twin} = 1;

    } else {
        $refund{amount} = 100 * (1 + int rand 30) + $n;
        $refund{reason} = "reason $id" if $kind < 0.8;
    }

    my $name = rand;

    return $self->make_refund($order, $name < 0.7, $name > 0.6, %refund);
}


# make_refund(order, by_merchant_uid, by_imp_uid, key, amount, reason, twin,
# close)

sub make_refund {
    my ($self, $order, $by_merchant_uid, $by_imp_uid, %arg) = @_;
    my $refund = { id => ++$self->{next_refund}, order => $order, sends => 0,
                   open => 0, %arg };
    my %body;

    $body{merchant_uid} = $order->{merchant_uid} if $by_merchant_uid;
    $body{imp_uid} = $order->{imp_uid} if $by_imp_uid;
    $body{reason} = $refund->{reason} if defined $refund->{reason};
    $body{rand() < 0.5 ? 'amount' : 'cancel_request_amount'} =
        $refund->{amount} if defined $refund->{amount};

    my $text = $json->encode(\%body);

    $refund->{request} = "POST /payments/cancel HTTP/1.1\r\nHost: shop\r\n"
        . "Content-Type: application/json\r\n"
        . ($refund->{close} ? "Connection: close\r\n" : '')
        . (defined $refund->{key} ? "Idempotency-Key: $refund->{key}\r\n" : '')
        . 'Content-Length: ' . length($text) . "\r\n\r\n$text";

    push @{$order->{refunds}}, $refund;

    return $refund;
}


# refund(refund, calm => 1): calm ones are not broken off by the client.

sub refund {
    my ($self, $refund, %arg) = @_;
    my $order = $refund->{order};

    $refund->{sends}++;
    $refund->{under_way}++;
    $self->{count}{sent}++;
    $self->event($order, "#$refund->{id} sent"
        . ($refund->{sends} == 1
           ? ': ' . ($refund->{amount} // 'all')
             . ' ' . ($refund->{reason} // '-') . ' ' . ($refund->{key} // '-')
           : ' again'));

    $self->{clients}->send($refund->{request},
        sub { $self->_refund_answered($refund, $_[0], %arg) },
        !$arg{calm} && rand() < 0.02 ? (leave => 1) : ());
}


sub _refund_answered {
    my ($self, $refund, $answer, %arg) = @_;
    my $order = $refund->{order};

    $refund->{under_way}--;

    if ($answer->{lost}) {
        $self->{count}{lost}++;
        $self->event($order, "#$refund->{id} $answer->{lost}");

        # nothing has been sent of what was refused by the system

        $refund->{open}++ if $answer->{lost} ne 'refused';
        return $self->_later($refund, %arg);
    }

    my ($status, $body) = @$answer{qw( status body )};
    my ($error) = $body =~ /^\{"error":"(\w+)"/;

    $self->{count}{$error // $status}++;
    $self->{count}{replayed}++ if $answer->{replayed};
    $self->event($order, "#$refund->{id} $status " . ($error // 'success')
        . ($answer->{replayed} ? ' replayed' : '')
        . ' ' . ($answer->{refund_id} // '-'));

    if (!defined $error && $status !~ /^20[02]$/) {
        return $self->_fail($order, "#$refund->{id}: HTTP $status: $body");
    }

    $error //= $status == 202 ? 'pending' : 'success';

    if ($error =~ /^(?:success|pending|refund_rejected)$/) {
        return $self->_settled($refund, $answer, $error);
    }

    $order->{done} = 1 if $error eq 'already_refunded';

    if ($error =~ /^(?:outcome_unknown|refund_in_progress)$/) {

        # without a key, this is about another refund, and ends this one

        if ($error eq 'refund_in_progress' && !defined $refund->{key}) {
            $refund->{nothing} = 1;
            return;
        }

        $refund->{open}++;
        return $self->_later($refund, %arg);
    }

    if ($error =~ /^(?:store_unavailable|overloaded
                     |portone_unavailable|portone_unauthorized)$/x)
    {
        $refund->{nothing} = 1;
        return $self->_later($refund, %arg);
    }

    if ($error !~ /^(?:already_refunded|amount_exceeds_refundable
                     |checksum_mismatch)$/x)
    {
        return $self->_fail($order, "#$refund->{id}: $error: $body");
    }

    # nothing was refunded by this request; what came of those that got no
    # answer is looked at when all is mended

    if (my $final = $refund->{final}) {
        $self->_fail($order, "#$refund->{id}: $error after $final->{error}");
    }

    $refund->{nothing} = 1;
    $refund->{ended} = 1;
    $refund->{open} = 0 if $arg{calm};
}


# A result: the same for ever.

sub _settled {
    my ($self, $refund, $answer, $error) = @_;
    my $order = $refund->{order};
    my $final = $refund->{final};

    if ($final && $final->{error} ne 'pending') {
        if ($final->{error} ne $error || $final->{body} ne $answer->{body}
            || $final->{refund_id} ne ($answer->{refund_id} // ''))
        {
            $self->_fail($order, "#$refund->{id}: another answer: "
                         . "$final->{body} then $answer->{body}");
        }

    } elsif ($final && $error ne 'pending') {
        if ($final->{refund_id} ne ($answer->{refund_id} // '')) {
            $self->_fail($order, "#$refund->{id}: pending as "
                         . "$final->{refund_id}, then $error");
        }
    }

    if (!defined $answer->{refund_id}) {
        $self->_fail($order, "#$refund->{id}: $error without a refund_id");
    }

    $refund->{ended} = 1;
    $refund->{final} = { error => $error, body => $answer->{body},
                         refund_id => $answer->{refund_id} // '' }
        if !$final || $final->{error} eq 'pending';

    # the answer is kept: asked again, it has to be the same

    if ($refund->{key} && !$refund->{asked_again} && rand() < 0.05) {
        $refund->{asked_again} = 1;
        $self->_push_later($refund, int rand @pauses);
    }
}


sub _later {
    my ($self, $refund, %arg) = @_;

    return if $arg{calm} || !defined $refund->{key} || $refund->{ended}
              || $refund->{sends} >= SENDS;

    $self->_push_later($refund, int rand @pauses);
}


sub _push_later {
    my ($self, $refund, $pause) = @_;

    push @{$self->{later}[$pause]}, [time + $pauses[$pause], $refund];
}


# Nothing is sent again from now on.

sub calm_down {
    $_[0]{later} = [map { [] } @pauses];
}


# reading(order, done, close => 1)

sub reading {
    my ($self, $order, $done, %arg) = @_;
    my $target = rand() < 0.5 ? $order->{merchant_uid}
                              : "?imp_uid=$order->{imp_uid}";

    $self->{count}{reads}++;
    $self->{clients}->send(
        "GET /payments/$target HTTP/1.1\r\nHost: shop\r\n"
        . ($arg{close} ? "Connection: close\r\n\r\n" : "\r\n"),
        sub { $self->_read($order, $_[0], $done) });
}


sub _read {
    my ($self, $order, $answer, $done) = @_;

    if (defined $answer->{status} && $answer->{status} == 200) {
        my ($cancelled) = $answer->{body} =~ /"cancel_amount":(-?\d+)/;

        if (!defined $cancelled || $cancelled < 0 || $cancelled > AMOUNT) {
            $self->_fail($order, "a reading: $answer->{body}");
        }
    }

    $done->($answer) if $done;
}


# PortOne tells that something has happened to a payment, which may be so.

sub webhook {
    my ($self, $order, $done) = @_;
    my $text = $json->encode({
        imp_uid => $order->{imp_uid}, merchant_uid => $order->{merchant_uid},
        status => rand() < 0.8 ? 'cancelled' : 'paid',
    });

    $self->{count}{webhooks}++;
    $self->event($order, 'webhook sent');
    $self->{clients}->send("POST /webhook HTTP/1.1\r\nHost: shop\r\n"
        . "Content-Type: application/json\r\nContent-Length: "
        . length($text) . "\r\n\r\n$text",
        sub {
            my $answer = shift;

            $self->event($order, 'webhook '
                         . ($answer->{lost} // $answer->{status}));
            $done->($answer) if $done;
        });
}


# PortOne moves the money of asynchronous payments.

sub finish {
    my ($self, @orders) = @_;

    for my $order (@orders) {
        next if !$order->{async};

        my ($status) = $self->{site}->portone('POST',
            "/_sandbox/payments/$order->{imp_uid}/finish",
            '{"success": true}');

        die "PortOne does not finish $order->{imp_uid}: $status\n"
            if $status !~ /^(?:200|409)$/;

        $self->event($order, 'PortOne moves the money') if $status == 200;
    }
}


1;
