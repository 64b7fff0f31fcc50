package Test::Portone::Dns;

# A DNS server on $TEST_NGINX_DNS (an address with a port), for the time of the
# test:
#
#     one.portone.test            127.0.0.1
#     two.portone.test            127.0.0.2 and 127.0.0.1
#     none.portone.test           no such name
#     broken.portone.test         the server fails
#     silent.portone.test         never answered
#
# All else does not exist.

use strict;
use warnings;

use IO::Select ();
use IO::Socket::INET ();

my %addresses = (
    'one.portone.test' => ['127.0.0.1'],
    'two.portone.test' => ['127.0.0.2', '127.0.0.1'],
    'broken.portone.test' => undef,
);

my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp')
    or die "DNS server: $!\n";

$ENV{TEST_NGINX_DNS} = '127.0.0.1:' . $socket->sockport;

my $parent = $$;
my $child = fork // die "fork: $!\n";

if ($child == 0) {
    _serve() while getppid() == $parent;
    require POSIX;
    POSIX::_exit(0);
}

close $socket;


sub _serve {
    IO::Select->new($socket)->can_read(0.2) or return;

    my $from = recv($socket, my $query, 512, 0) // return;
    my ($id, $labels) = unpack 'n x10 a*', $query;
    my @name;

    while ((my $length = ord $labels) > 0) {
        push @name, substr $labels, 1, $length;
        $labels = substr $labels, 1 + $length;
    }

    my $name = lc CORE::join '.', @name;

    return if $name eq 'silent.portone.test';

    my $type = unpack 'x n', $labels;
    my $found = exists $addresses{$name};
    my $code = !$found ? 3 : !defined $addresses{$name} ? 2 : 0;
    my @answers = $type == 1 && $found ? @{$addresses{$name} // []} : ();
    my $question = substr $query, 12,
        length($query) - 12 - length($labels) + 5;

    send $socket, CORE::join('',
        pack('n6', $id, 0x8180 | $code, 1, scalar @answers, 0, 0), $question,
        map { pack 'n3 N n C4', 0xc00c, 1, 1, 300, 4, split /\./, $_ }
            @answers), 0, $from;
}


END {
    if ($child && $$ == $parent) {
        local $?;

        kill 'TERM', $child;
        waitpid $child, 0;
    }
}

1;
