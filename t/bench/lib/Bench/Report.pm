package Bench::Report;

# The tables: for people at the terminal and for docs/performance.md.

use strict;
use warnings;

use POSIX ();

use Bench::Server ();

my $document = 'docs/performance.md';

my %names = (
    proxy => '`proxy_pass`, nothing stored',
    lua => 'OpenResty handler, shared dict, not durable',
    express => 'Express, axios, lmdb, durable',
    portone => 'this module, durable',
);

my %tables = (
    throughput => \&throughput,
    https => \&throughput,
    full => \&throughput,
    random => \&throughput,
    floor => \&floor,
    connections => \&connections,
    workers => \&workers,
    latency => \&latency,
    flush => \&flush,
    inflight => \&inflight,
    million => \&million,
    idle => \&idle,
);

my %titles = (
    throughput => 'Throughput, PortOne over HTTP, 1 worker, 64 connections',
    https => 'Throughput, PortOne over HTTPS, 1 worker, 64 connections',
    full => 'Throughput, payments with all members (1.4 KB)',
    random => 'Throughput, orders at random',
    floor => 'The least that the parts need',
    connections => 'Flushes per refund, by connections',
    workers => 'Workers, 256 connections',
    latency => 'Latency, a PortOne that takes 100 ms, 1000 refunds/s',
    flush => 'Another location, while each flush of refunds takes 50 ms',
    inflight => '10000 refunds in flight in one worker',
    million => 'Memory',
    idle => 'Idle',
);

my @order = qw( throughput https full random floor connections workers latency
                flush inflight million idle );


sub text {
    my ($results, @sections) = @_;

    return join '', map { "\n$titles{$_}\n\n"
                          . $tables{$_}->($results->{$_}, $results) }
                    @sections;
}


sub table {
    my ($head, @rows) = @_;

    return join '', map { '| ' . join(' | ', @$_) . " |\n" }
                    $head, [map { '---' } @$head], @rows;
}


sub throughput {
    my $r = shift;
    my $base = $r->{proxy} ? $r->{proxy}{rate} : 0;
    my @rows;

    for my $kind (qw( proxy lua express portone )) {
        my $k = $r->{$kind} // next;

        push @rows, [$names{$kind}, thousands($k->{rate}),
                     $base ? sprintf('%.2f', $k->{rate} / $base) : '-',
                     map({ sprintf '%.2f', $k->{$_} } qw( p50 p99 p999 )),
                     sprintf('%.1f', $k->{cpu}),
                     sprintf('%.3f', $k->{flushes})];
    }

    my $text = table(['', 'refunds/s', 'ratio', 'p50, ms', 'p99, ms',
                      'p99.9, ms', 'CPU each, µs', 'flushes each'], @rows);

    my %short = (proxy => '`proxy_pass`', lua => 'Lua', express => 'Express');

    return $text . "\nThis module makes " . join(', ',
        map { sprintf '%.2f of the refunds of %s',
                      $r->{portone}{rate} / $r->{$_}{rate}, $short{$_} }
            grep { $r->{$_} } qw( proxy lua express )) . ".\n";
}


# the parts by themselves, and beside them those that are made of them

sub floor {
    my ($r, $results) = @_;
    my $loop = $r->{nginx}{cpu} + $r->{curl}{cpu} + $r->{json}{arena}
               + $r->{'store 32'}{read};
    my $thread = $r->{'store 32'}{cpu};
    my $throughput = $results->{throughput} // {};
    my ($proxy, $portone) = @$throughput{qw( proxy portone )};

    my @rows = (
        ['nginx: a request read, a payment answered', $r->{nginx}{cpu}],
        ['libcurl: an exchange, 64 at a time', $r->{curl}{cpu}],
        ['cJSON: three texts parsed, four printed; `malloc()`',
         $r->{json}{malloc}],
        ['the same, an arena', $r->{json}{arena}],
        ['LMDB: an order looked up', $r->{'store 32'}{read}],
        ['**the event loop**: these, with the arena', $loop],
        ['**the thread**: LMDB, 32 operations a commit', $thread],
        ['both', $loop + $thread],
        $proxy ? ['`proxy_pass`, as above', $proxy->{cpu}] : (),
        $portone ? ['this module, as above', $portone->{cpu}] : (),
    );

    my $text = table(['', 'CPU each, µs'],
                     map { [$_->[0], sprintf '%.1f', $_->[1]] } @rows)
        . "\n" . table(['operations a commit, store alone', 'refunds/s',
                        'commits/s', 'ms each', 'CPU a refund, µs'],
            map { my $k = $r->{"store $_"};
                  [$_ == 64 ? '64: as many refunds in flight' : $_,
                   thousands($k->{rate}), thousands($k->{commits}),
                   sprintf('%.2f', $k->{ms}), sprintf('%.1f', $k->{cpu})] }
                1, 32, 64)
        . sprintf("\nAn event loop that did no more, on a processor of its "
                  . "own, would make %s refunds a second",
                  thousands(1e6 / $loop));

    return $text . ($proxy ? sprintf(', %.2f of `proxy_pass`',
                                     1e6 / $loop / $proxy->{rate}) : '')
                 . ".\n";
}


sub connections {
    my $r = shift;

    return table(['connections', 'refunds/s', 'p50, ms', 'p99, ms',
                  'p99.9, ms', 'CPU each, µs', 'flushes each'],
        map { my $k = $r->{$_};
              [$_, thousands($k->{rate}),
               map({ sprintf '%.2f', $k->{$_} } qw( p50 p99 p999 )),
               sprintf('%.1f', $k->{cpu}), sprintf('%.3f', $k->{flushes})] }
        sort { $a <=> $b } keys %$r);
}


sub workers {
    my $r = shift;

    return table(['workers', 'refunds/s', 'CPU each, µs', 'ratio',
                  'flushes each'],
        map { my $k = $r->{$_};
              [$_, thousands($k->{rate}), sprintf('%.1f', $k->{cpu}),
               sprintf('%.2f', $k->{cpu} / $r->{1}{cpu}),
               sprintf('%.3f', $k->{flushes})] } sort keys %$r);
}


sub latency {
    my $r = shift;

    return table(['', 'refunds/s', 'p50, ms', 'p99, ms', 'p99.9, ms'],
        map { my $k = $r->{$_};
              [$names{$_}, thousands($k->{rate}),
               map { sprintf '%.2f', $k->{$_} } qw( p50 p99 p999 )] }
            qw( proxy portone ));
}


sub flush {
    my $r = shift;

    return table(['delay of a flush', 'p50, ms', 'p99, ms', 'p99.9, ms'],
        map { my $k = $r->{$_};
              [$_, map { sprintf '%.2f', $k->{$_} } qw( p50 p99 p999 )] }
            'none', '50ms');
}


sub inflight {
    my $r = shift;

    return table(['', 'refunds', 'memory each, KB', 'another location, p50, ms',
                  'p99, ms', 'without them, p50, ms', 'p99, ms'],
        map { my $k = $r->{$_};
              [uc, $k->{refunds}, sprintf('%.1f', $k->{each}),
               map { sprintf '%.2f', $k->{$_} }
                   qw( p50 p99 quiet_p50 quiet_p99 )] }
            qw( http https ));
}


sub million {
    my $r = shift;

    return sprintf "%s refunds: %s KB after the first 50,000, %s KB at the "
        . "end.\n", map { thousands($r->{$_}) } qw( refunds early late );
}


sub idle {
    my $r = shift;

    return table(['`return 204` in', 'requests/s', 'CPU each, µs'],
        map { [$_->[1], thousands($r->{$_->[0]}{rate}),
               sprintf('%.2f', $r->{$_->[0]}{cpu})] }
        [plain => 'nginx'], [loaded => 'nginx with the module loaded'])
        . sprintf("\nA worker with nothing to do, with the store and a "
                  . "connection to PortOne open: %.1f wake-ups in 10 s.\n",
                  $r->{wakeups});
}


# CPU time per refund, that of a peer divided by this module's: the ratio is,
# and what docs/performance.md states; half of that is what fails

sub smoke {
    my ($r, $failed) = @_;
    my $text = "\n";
    my @ratios = (
        ['http', 'proxy', 0.16],
        ['http', 'lua', 0.60],
        ['https', 'proxy', 0.19],
    );

    for my $ratio (@ratios) {
        my ($scheme, $peer, $stated) = @$ratio;
        my $is = $r->{$scheme}{$peer}{cpu} / $r->{$scheme}{portone}{cpu};
        my $bad = $is < $stated / 2;

        $text .= sprintf "%-6s %-5s %-5s CPU time %.2f of this module's, "
            . "fails below %.3f; refunds/s %.2f\n",
            $bad ? 'FAILED' : 'ok', uc $scheme, $peer, $is,
            $stated / 2,
            $r->{$scheme}{portone}{rate} / $r->{$scheme}{$peer}{rate};
        $$failed = 1 if $bad;
    }

    return $text;
}


sub thousands {
    my $number = sprintf '%.0f', shift;

    1 while $number =~ s/^(\d+)(\d{3})/$1,$2/;

    return $number;
}


sub machine {
    my $bench = shift;
    my $cpuinfo = Bench::Server::read_file('/proc/cpuinfo');
    my ($model) = $cpuinfo =~ /^model name\s*: (.*)$/m;
    my $cpus = () = $cpuinfo =~ /^processor\s/mg;
    my ($memory) = Bench::Server::read_file('/proc/meminfo')
                   =~ /^MemTotal:\s+(\d+)/;
    my ($fs) = (split ' ', (split /\n/, `df -T $bench->{dir}`)[1])[1];
    my ($system, undef, $kernel) = POSIX::uname();
    my ($curl) = `curl-config --version` =~ /([\d.]+)/;
    my ($nginx) = `nginx -v 2>&1` =~ m{/([\d.]+)};
    my $node = `node -v 2>/dev/null` || '-';

    chomp $node;

    return sprintf '%d processors, %s; %.0f GB; %s; %s %s; nginx %s, '
        . 'libcurl %s, Node.js %s; %s', $cpus, $model // 'unknown',
        $memory / 2 ** 20, $fs, $system, $kernel, $nginx, $curl // '?', $node,
        POSIX::strftime('%Y-%m-%d', gmtime);
}


# the tables stand between two comments

sub write_document {
    my ($bench, $results) = @_;

    return if !-e $document;

    my $text = Bench::Server::read_file($document);
    my $tables = "Machine: $results->{machine}.\n";

    for my $section (grep { $results->{$_} } @order) {
        $tables .= "\n### $titles{$section}\n\n"
                   . $tables{$section}->($results->{$section}, $results);
    }

    $text =~ s/(<!-- make bench -->\n).*(<!-- end -->)/$1\n$tables\n$2/s
        or die "$document has no place for the tables\n";

    Bench::Server::write_file($document, $text);
}


1;
