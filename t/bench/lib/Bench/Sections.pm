package Bench::Sections;

# What is measured. Each section has its own comparison: what is compared is
# measured in turns, and the medians of the rounds are what counts.

use strict;
use warnings;

use JSON::PP ();
use List::Util ();
use POSIX ();
use Time::HiRes qw( sleep time );

use Bench::Server ();


# rounds($bench, $rounds, [$name, $code]...): {$name => median} of what the
# codes return

sub rounds {
    my ($bench, $rounds, @turns) = @_;
    my %results;

    for my $round (1 .. $rounds) {
        for my $turn (@turns) {
            my ($name, $code) = @$turn;
            my $result = $code->();

            printf "  round %d  %-12s %s\n", $round, $name,
                join '  ', map { sprintf '%s %.4g', $_, $result->{$_} }
                           grep { defined $result->{$_} }
                           qw( rate p50 p99 p999 cpu flushes malloc arena
                               ms read );
            push @{$results{$name}}, $result;
        }
    }

    return { map { $_ => Bench::median(@{$results{$_}}) } keys %results };
}


# one measurement of a server of its own

sub measure {
    my ($bench, $kind, $options, %load) = @_;
    my $server = Bench::Server->start($bench, $kind, %$options);

    $bench->load($server, %load, seconds => $load{warm} // 1);

    my $result = $bench->load($server, %load);

    $server->stop;

    return $result;
}


sub peers {
    my $bench = shift;

    return ('proxy', 'lua', $bench->npm ? 'express' : (), 'portone');
}


sub throughput {
    my $bench = shift;

    print "throughput, HTTP\n";
    my $api = Bench::Server->start($bench, 'api');
    my $results = rounds($bench, $bench->{rounds},
        map { my $kind = $_; [$kind, sub { measure($bench, $kind, {}) }] }
            peers($bench));

    $api->stop;

    return $results;
}


sub https {
    my $bench = shift;

    print "throughput, HTTPS\n";
    my $api = Bench::Server->start($bench, 'api');
    my $results = rounds($bench, $bench->{rounds},
        map { my $kind = $_;
              [$kind, sub { measure($bench, $kind, { https => 1 }) }] }
            peers($bench));

    $api->stop;

    return $results;
}


# the payment that PortOne really sends: 58 members instead of 18

sub full {
    my $bench = shift;

    local $bench->{payload} = 'full';

    print "throughput, full payments\n";
    my $api = Bench::Server->start($bench, 'api');
    my $results = rounds($bench, $bench->{rounds},
        map { my $kind = $_; [$kind, sub { measure($bench, $kind, {}) }] }
            peers($bench));

    $api->stop;

    return $results;
}


# orders of any time, instead of one after the other: more pages are written

sub random {
    my $bench = shift;

    print "throughput, orders at random\n";
    my $api = Bench::Server->start($bench, 'api');
    my $results = rounds($bench, $bench->{rounds},
        map { my $kind = $_;
              [$kind, sub { measure($bench, $kind, {}, order => 'random') }] }
            grep { !/proxy|lua/ } peers($bench));

    $api->stop;

    return $results;
}


# What nginx, libcurl, cJSON and LMDB need by themselves: less is not possible
# with them.

sub floor {
    my $bench = shift;

    print "the least that the parts need\n";
    my $api = Bench::Server->start($bench, 'api');
    my $url = 'http://127.0.0.1:' . $bench->port('api') . '/payments/cancel';
    my $samples = "$bench->{here}/floor";
    my $seconds = $bench->{seconds};

    my $results = rounds($bench, $bench->{rounds},
        [nginx => sub { measure($bench, 'answer', {}, kind => 'proxy') }],
        [curl => sub { part($bench, 'exchange', $url, 64, $seconds) }],
        [json => sub { part($bench, 'json', $samples, $seconds) }],
        map { my $n = $_;
              ["store $n", sub {
                  my $store = "$bench->{dir}/floor-store";

                  Bench::Store::prepare($bench, 'portone',
                                        $bench->{payments}, $store);

                  return part($bench, 'store', $samples, $store, $n,
                              $seconds);
              }] }
            1, 32, 64);

    $api->stop;

    return $results;
}


# t/bench/floor, on the processors of what is measured

sub part {
    my ($bench, @arguments) = @_;
    my $out = `taskset -c $bench->{cpus} $bench->{dir}/floor @arguments 2>&1`;
    my ($json) = $out =~ /^(\{.*\})$/m or die "floor @arguments: $out\n";

    return JSON::PP->new->decode($json);
}


sub connections {
    my $bench = shift;

    print "connections\n";
    my $api = Bench::Server->start($bench, 'api');
    my $results = rounds($bench, $bench->{rounds},
        map { my $n = $_;
              [$n, sub { measure($bench, 'portone', { keepalive => $n },
                                 connections => $n) }] }
            1, 8, 64, 512);

    $api->stop;

    return $results;
}


sub workers {
    my $bench = shift;

    print "workers\n";
    my $api = Bench::Server->start($bench, 'api');
    my $results = rounds($bench, $bench->{rounds},
        map { my $n = $_;
              [$n, sub { measure($bench, 'portone',
                                 { workers => $n, keepalive => 256 },
                                 connections => 256) }] }
            1, 4);

    $api->stop;

    return $results;
}


# 1000 requests a second: each of 200 clients asks 200 ms after it has asked

sub latency {
    my $bench = shift;

    print "latency\n";
    my $api = Bench::Server->start($bench, 'api', delay => '100ms');
    my $results = rounds($bench, $bench->{rounds},
        map { my $kind = $_;
              [$kind, sub { measure($bench, $kind,
                  { slow => 1, keepalive => 200 },
                  connections => 200, think => 100, seconds => 5) }] }
            qw( proxy portone ));

    $api->stop;

    return $results;
}


# another location of the worker, while refunds wait for a slow disk

sub flush {
    my $bench = shift;

    print "slow flushes\n";
    my $api = Bench::Server->start($bench, 'api');
    my $results = rounds($bench, $bench->{rounds},
        map { my $delay = $_;
              [$delay ? "${delay}ms" : 'none',
               sub { beside($bench, $delay) }] } 0, 50);

    $api->stop;

    return $results;
}


sub beside {
    my ($bench, $delay) = @_;
    my $server = Bench::Server->start($bench, 'portone',
                                      sync_delay => $delay);
    my $load = fork // die "fork: $!\n";

    # the same refunds a second with and without the delay

    if ($load == 0) {
        open STDOUT, '>', '/dev/null';
        $bench->load($server, connections => 64, think => 300,
                     seconds => $bench->{seconds} + 1);
        POSIX::_exit(@{$bench->{complaints}} ? 1 : 0);
    }

    sleep 1;
    my $result = $bench->load($server, kind => 'ping', connections => 8,
                              think => 5);
    waitpid $load, 0;
    $bench->complain('refunds beside') if $?;
    $server->stop;

    return $result;
}


# 10000 refunds that wait for PortOne at the same time

sub inflight {
    my $bench = shift;

    # two descriptors each

    my $n = List::Util::min(10_000,
                            POSIX::floor((`sh -c 'ulimit -Hn'` - 100) / 2));

    # They come one after the other: so many handshakes of TLS at once would
    # be measured otherwise. PortOne answers when all of them are waiting.

    my %times = (http => { ramp => 8, delay => 16 },
                 https => { ramp => 30, delay => 40 });
    my %results;

    print "in flight\n";

    for my $scheme (qw( http https )) {
        my ($ramp, $delay) = @{$times{$scheme}}{qw( ramp delay )};
        my $api = Bench::Server->start($bench, 'api', delay => "${delay}s");
        my $server = Bench::Server->start($bench, 'portone', slow => 1,
            https => $scheme eq 'https', keepalive => $n);

        $bench->load($server, seconds => 1, connections => 1,
                     kind => 'ping');

        my $quiet = $bench->load($server, kind => 'ping', connections => 8,
                                 think => 5, seconds => 3);
        my $before = $server->memory;
        my $load = fork // die "fork: $!\n";

        if ($load == 0) {
            open STDOUT, '>', "$bench->{dir}/inflight";
            print JSON::PP->new->encode($bench->load($server,
                connections => $n, ramp => 1000 * $ramp,
                seconds => $ramp + $delay + 8));
            close STDOUT;
            POSIX::_exit(@{$bench->{complaints}} ? 1 : 0);
        }

        sleep $ramp + 3;
        my $ping = $bench->load($server, kind => 'ping', connections => 8,
                                think => 5, seconds => 3);
        my $memory = $server->memory;
        waitpid $load, 0;
        $bench->complain('refunds in flight') if $?;

        my ($json) = Bench::Server::read_file("$bench->{dir}/inflight")
                     =~ /^(\{.*\})$/m;
        my $result = JSON::PP->new->decode($json);

        $bench->complain("$result->{requests} of $n answered")
            if $result->{requests} != $n;

        $server->stop;
        $api->stop;
        $results{$scheme} = { each => ($memory - $before) / $n,
            refunds => $n,
            quiet_p50 => $quiet->{p50}, quiet_p99 => $quiet->{p99},
            p50 => $ping->{p50}, p99 => $ping->{p99} };
        printf "  %s: %.1f KB each, %d answered\n", $scheme,
            $results{$scheme}{each}, $result->{requests};
    }

    return \%results;
}


# memory over a million refunds

sub million {
    my $bench = shift;
    my $all = $ENV{REFUNDS} || 1_000_000;

    print "a million refunds\n";
    my $api = Bench::Server->start($bench, 'api');
    my $server = Bench::Server->start($bench, 'portone',
                                      payments => POSIX::floor($all * 1.1));
    my ($done, @points) = (0);

    while ($done < $all) {
        my $result = $bench->load($server, seconds => 2);

        $done += $result->{requests};
        push @points, { refunds => $done, memory => $server->memory,
                        rate => $result->{rate} };
        printf "  %8d refunds  %6d KB  %d/s\n", $done, $server->memory,
            $result->{rate};
    }

    my ($early) = grep { $_->{refunds} >= 50_000 } @points;

    $server->stop;
    $api->stop;

    return { refunds => $done, early => $early->{memory},
             late => $points[-1]{memory} };
}


# what the module costs where it is not used, and when nothing happens

sub idle {
    my $bench = shift;

    print "idle\n";
    my $results = rounds($bench, $bench->{rounds},
        map { my $kind = $_;
              [$kind, sub { measure($bench, $kind, {}, kind => 'ping') }] }
            qw( plain loaded ));
    my $api = Bench::Server->start($bench, 'api');
    my $server = Bench::Server->start($bench, 'portone');
    my $seconds = $ENV{IDLE} || 60;

    # with a connection to PortOne that is kept

    $bench->load($server, seconds => 1, connections => 1);
    sleep 2;

    my $wakeups = $server->wakeups;

    sleep $seconds;

    $results->{wakeups} = ($server->wakeups - $wakeups) / $seconds * 10;
    printf "  %.1f wake-ups in 10 s\n", $results->{wakeups};
    $server->stop;
    $api->stop;

    return $results;
}


# a minute: are the ratios in the right region?

sub smoke {
    my $bench = shift;

    $bench->{seconds} = 2;

    my $api = Bench::Server->start($bench, 'api');
    my %results = (http => rounds($bench, 3,
        map { my $kind = $_;
              [$kind, sub { measure($bench, $kind, {}, warm => 1) }] }
            qw( proxy lua portone )));

    $results{https} = rounds($bench, 3,
        map { my $kind = $_;
              [$kind, sub { measure($bench, $kind, { https => 1 },
                                    warm => 1) }] }
            qw( proxy portone ));
    $api->stop;

    return \%results;
}


1;
