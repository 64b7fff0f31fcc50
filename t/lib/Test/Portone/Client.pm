package Test::Portone::Client;

# A small HTTP client for tests: it sends exactly what it is told to, can leave
# an answer waiting on its connection, and tells a cut answer from a whole one.

use strict;
use warnings;

use IO::Select ();
use IO::Socket::INET ();
use Time::HiRes qw( time );


# new(port => n, method, uri, headers => [[name, value], ...], body, timeout)
# connects and sends the whole request. The answer is read by answer().
# Headers which the caller does not give are added: Host, Connection: close,
# Content-Length where there is a body; Content-Type for a JSON body.

sub new {
    my ($class, %arg) = @_;

    my $self = bless {
        host => '127.0.0.1',
        headers => [],
        timeout => 20,
        received => '',
        %arg,
    }, $class;

    if ($self->{uri} =~ m{^http://([^/:]+):(\d+)(/.*)$}s) {
        @$self{qw( host port uri )} = ($1, $2, $3);
    }

    my @headers = @{$self->{headers}};
    my %given = map { lc $_->[0] => 1 } @headers;

    unshift @headers, ['Host', 'localhost'] if !$given{host};
    push @headers, ['Connection', 'close'] if !$given{connection};

    if (defined $self->{body}) {
        if (!$given{'content-type'} && $self->{body} =~ /^\s*[\[{]/) {
            push @headers, ['Content-Type', 'application/json'];
        }

        if (!$given{'content-length'} && !$given{'transfer-encoding'}) {
            push @headers, ['Content-Length', length $self->{body}];
        }
    }

    # an empty value leaves the header out, also one of the above

    $self->{request} = "$self->{method} $self->{uri} HTTP/1.1\r\n"
        . join('', map { "$_->[0]: $_->[1]\r\n" }
                   grep { length $_->[1] } @headers)
        . "\r\n" . ($self->{body} // '');

    $self->{deadline} = time() + $self->{timeout};

    $self->{socket} = IO::Socket::INET->new(
        PeerAddr => $self->{host}, PeerPort => $self->{port},
        Proto => 'tcp', Timeout => $self->{timeout})
        or return $self->_failed("cannot connect: $!");

    $self->_send;

    return $self;
}


sub _send {
    my $self = shift;
    my $offset = 0;
    my $select = IO::Select->new($self->{socket});

    local $SIG{PIPE} = 'IGNORE';

    $self->{socket}->blocking(0);

    while ($offset < length $self->{request}) {
        if (!$select->can_write($self->_rest)) {
            return $self->_failed('timed out while sending');
        }

        my $n = syswrite($self->{socket}, $self->{request}, 65536, $offset);

        # a server may answer and close before it has read everything

        last if !defined $n && !$!{EAGAIN} && !$!{EINTR};

        $offset += $n // 0;
    }
}


sub _rest {
    my $rest = $_[0]{deadline} - time();

    return $rest > 0 ? $rest : 0;
}


sub _failed {
    my ($self, $why) = @_;

    $self->{failure} //= $why;

    return $self;
}


# Waits for the whole answer and returns
# { status, headers => {lower-case name => [values]}, body, raw, closed,
#   truncated, failure }; `closed`: the connection ended without a byte.

sub answer {
    my $self = shift;

    return $self->{answer} if $self->{answer};

    while (!$self->{failure} && !$self->_parse(0)) {
        if (!IO::Select->new($self->{socket})->can_read($self->_rest)) {
            $self->_failed("no whole answer within $self->{timeout} s");
            last;
        }

        my $n = sysread($self->{socket}, $self->{received}, 65536,
                        length $self->{received});

        next if !defined $n && ($!{EAGAIN} || $!{EINTR});
        last if !$n;
    }

    $self->_parse(1) if !$self->{answer};
    $self->drop;

    return $self->{answer};
}


# Closes the connection, whether or not an answer has come.

sub drop {
    my $self = shift;

    close delete $self->{socket} if $self->{socket};
}


sub _parse {
    my ($self, $at_end) = @_;

    my %answer = (
        raw => $self->{received}, headers => {}, body => '',
        failure => $self->{failure},
    );

    # "100 Continue" and the like come before the answer

    (my $received = $self->{received}) =~
        s{\A(?:HTTP/1\.1\ 1\d\d[^\r\n]*\r\n\r\n)+}{};

    if ($received
        !~ m{\AHTTP/1\.[01]\ (\d{3})[^\r\n]*\r\n(.*?)\r\n\r\n(.*)\z}xs)
    {
        return if !$at_end;

        if ($self->{received} eq '') {
            $answer{closed} = !$self->{failure};
        } else {
            $answer{truncated} = 1;
        }

        return $self->{answer} = \%answer;
    }

    ($answer{status}, my $headers, my $rest) = ($1, $2, $3);

    for my $line (split /\r\n/, $headers) {
        my ($name, $value) = split /:\s*/, $line, 2;

        push @{$answer{headers}{lc $name}}, $value // '';
    }

    my $coding = $answer{headers}{'transfer-encoding'};
    my $length = $answer{headers}{'content-length'};
    my $whole;

    if ($self->{method} eq 'HEAD' || $answer{status} =~ /^(?:204|304)$/) {
        $whole = 1;

    } elsif ($coding) {
        ($answer{body}, $whole) = _dechunk($rest);

    } elsif ($length) {
        $answer{body} = substr $rest, 0, $length->[0];
        $whole = length $rest >= $length->[0];

    } else {
        $answer{body} = $rest;
        $whole = $at_end;
    }

    return if !$whole && !$at_end;

    $answer{truncated} = !$whole;

    return $self->{answer} = \%answer;
}


sub _dechunk {
    my $rest = shift;
    my $body = '';

    while ($rest =~ s/\A([0-9a-fA-F]+)[^\r\n]*\r\n//) {
        my $size = hex $1;

        return ($body, 1) if $size == 0;

        $body .= substr $rest, 0, $size;

        last if length $rest < $size + 2;

        $rest = substr $rest, $size + 2;
    }

    return ($body, 0);
}


1;
