package Chaos::Clients;

# Many clients at a time, in one process without blocking. Each has a
# connection, sends a request, and tells what came of it:
#
#     { status, body, refund_id, replayed }, or { lost => why }

use strict;
use warnings;

use Errno qw( EAGAIN EINPROGRESS EINTR );
use Socket qw( AF_INET IPPROTO_TCP INADDR_LOOPBACK SOCK_STREAM TCP_NODELAY
               pack_sockaddr_in );
use Time::HiRes qw( sleep time );


# new(port, clients, timeout)

sub new {
    my ($class, %arg) = @_;

    return bless {
        timeout => 20,
        address => pack_sockaddr_in($arg{port}, INADDR_LOOPBACK),
        by_fd => [],
        read => '',
        free => [map { {} } 1 .. $arg{clients}],
        busy => 0,
        %arg,
    }, $class;
}


sub free {
    return scalar @{$_[0]{free}};
}


sub busy {
    return $_[0]{busy};
}


# send(request, done): the bytes of a request, and a sub that is given the
# answer. leave => 1 closes the connection at once. There must be a free one.

sub send {
    my ($self, $request, $done, %arg) = @_;
    my $client = pop @{$self->{free}};

    $self->{busy}++;
    @$client{qw( request done received deadline )} =
        ($request, $done, '', time + $self->{timeout});

    $client->{used} = defined $client->{socket};

    if (!$client->{used} && !$self->_connect($client)) {
        return $self->_end($client, { lost => 'refused' });
    }

    local $SIG{PIPE} = 'IGNORE';

    # a request fits into the buffer of a socket

    my $n = syswrite $client->{socket}, $request;

    if (!defined $n || $n != length $request) {
        $self->_close($client);
        return $self->_end($client, { lost => 'cannot send' });
    }

    if ($arg{leave}) {
        $self->_close($client);
        return $self->_end($client, { lost => 'left' });
    }
}


sub _connect {
    my ($self, $client) = @_;

    socket my $socket, AF_INET, SOCK_STREAM, 0 or die "socket: $!\n";

    # the other side is on this machine: it accepts or refuses at once

    return 0 if !connect $socket, $self->{address};

    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    $socket->blocking(0);

    my $fd = fileno $socket;

    $client->{socket} = $socket;
    $client->{fd} = $fd;
    $self->{by_fd}[$fd] = $client;
    vec($self->{read}, $fd, 1) = 1;

    return 1;
}


sub _close {
    my ($self, $client) = @_;

    return if !$client->{socket};

    vec($self->{read}, $client->{fd}, 1) = 0;
    $self->{by_fd}[$client->{fd}] = undef;
    close delete $client->{socket};
}


sub _end {
    my ($self, $client, $answer) = @_;
    my $done = delete $client->{done};

    $self->{busy}--;
    unshift @{$self->{free}}, $client;
    $done->($answer);
}


# Waits for answers, for this long at most.

sub wait {
    my ($self, $limit) = @_;

    if ($self->{read} !~ /[^\0]/) {
        sleep $limit;
        return;
    }

    my $n = select my $ready = $self->{read}, undef, undef, $limit;
    my $by_fd = $self->{by_fd};

    if ($n > 0) {
        my $bits = unpack 'b*', $ready;
        my $fd = -1;

        while (($fd = index $bits, '1', $fd + 1) >= 0) {
            $self->_receive($by_fd->[$fd]) if $by_fd->[$fd];
        }
    }

    my $now = time;

    return if $now < ($self->{look_at} // 0);

    $self->{look_at} = $now + 0.5;

    my @late = grep { $_ && $_->{done} && $_->{deadline} < $now } @$by_fd;

    for my $client (@late) {
        $self->_close($client);
        $self->_end($client, { lost => 'timed out' });
    }
}


sub _receive {
    my ($self, $client) = @_;

    my $n = sysread $client->{socket}, $client->{received}, 65536,
                    length $client->{received};

    return if !defined $n && ($!{EAGAIN} || $!{EINTR});

    if (!$n) {
        $self->_close($client);

        # an idle connection of a worker that has gone

        return if !$client->{done};

        return $self->_end($client, { lost => 'closed' });
    }

    die "the shop speaks unasked: $client->{received}\n" if !$client->{done};

    # none of these answers is without a length

    my $end = index $client->{received}, "\r\n\r\n";

    return if $end < 0;

    my $head = substr $client->{received}, 0, $end;
    my ($length) = $head =~ /^Content-Length: (\d+)/mi;

    return if length $client->{received} < $end + 4 + ($length // 0);

    my %answer = (
        status => substr($head, 9, 3),
        body => substr($client->{received}, $end + 4),
        replayed => $head =~ /^Idempotent-Replayed: true/m ? 1 : 0,
    );

    $answer{refund_id} = $1 if $head =~ /^Portone-Refund-Id: (\S+)/m;

    $self->_close($client) if $head =~ /^Connection: close/m;

    return $self->_end($client, \%answer);
}


1;
