package Bench;

use strict;
use warnings;

use Cwd qw( abs_path );
use File::Path qw( make_path );
use JSON::PP ();
use List::Util qw( sum );

use Bench::Report ();
use Bench::Sections ();
use Bench::Server ();

my @ports = qw( api apis slow slows gateway );
my @sections = qw( throughput https full random floor connections workers
                   latency flush inflight million idle );


sub new {
    my $class = shift;
    my $build = $ENV{BUILD} || 'build';

    make_path("$build/bench");
    $build = abs_path($build);

    my $cpus = () = Bench::Server::read_file('/proc/cpuinfo')
                    =~ /^processor\s/mg;

    return bless {
        build => $build,
        dir => "$build/bench",
        here => abs_path('t/bench'),
        port => $ENV{PORT} || 21984,
        rounds => $ENV{ROUNDS} || 5,
        seconds => $ENV{DURATION} || 3,
        payload => 'short',
        payments => 100_000,
        load_cpus => $cpus - 1,
        cpus => $ENV{CPUS} || '0-' . ($cpus - 1),
        complaints => [],
    }, $class;
}


sub run {
    my ($self, @wanted) = @_;
    my $smoke = @wanted && $wanted[0] eq '--smoke';
    my $results = $self->results;

    if (@wanted && $wanted[0] eq '--report') {
        Bench::Report::write_document($self, $results);
        return 0;
    }

    local $| = 1;
    local $SIG{INT} = sub { exit 130 };
    local $SIG{TERM} = sub { exit 143 };

    $self->compile;

    if ($smoke) {
        @wanted = ('smoke');

    } elsif (!@wanted) {
        @wanted = @sections;
    }

    my $failed = 0;

    for my $section (@wanted) {
        my $code = Bench::Sections->can($section)
            or die "no section $section\n";

        $results->{$section} = $code->($self);

        if (!$smoke) {
            $results->{machine} = Bench::Report::machine($self);
            Bench::Server::write_file("$self->{dir}/results.json",
                JSON::PP->new->canonical->pretty->encode($results));
        }
    }

    print $smoke ? Bench::Report::smoke($results->{smoke}, \$failed)
                 : Bench::Report::text($results, @wanted);

    Bench::Report::write_document($self, $results) if !$smoke;

    for my $complaint (@{$self->{complaints}}) {
        print "FAILED: $complaint\n";
        $failed = 1;
    }

    return $failed;
}


sub results {
    my $self = shift;
    my $file = "$self->{dir}/results.json";

    return {} if !-e $file;

    return JSON::PP->new->decode(Bench::Server::read_file($file));
}


sub port {
    my ($self, $name) = @_;

    for my $i (0 .. $#ports) {
        return $self->{port} + $i if $ports[$i] eq $name;
    }

    die "no port $name\n";
}


# what a measurement cannot go without, and what makes it worthless

sub complain {
    my ($self, $complaint) = @_;

    print "  ! $complaint\n";
    push @{$self->{complaints}}, $complaint;
}


sub compile {
    my $self = shift;
    my $src = $ENV{NGINX_SRC} || '/usr/share/nginx/src';
    my @headers = map { ('-I', $_) } "$self->{build}/objs",
        map { "$src/src/$_" } qw( core event event/modules os/unix http
                                  http/modules http/v2 );

    my @common = ('gcc', '-O2', '-fPIC', '-shared', '-Wall', '-Wextra',
                  '-Wno-unused-parameter');

    system(@common, @headers, '-o',
           "$self->{dir}/ngx_http_bench_api_module.so",
           "$self->{here}/ngx_http_bench_api_module.c") == 0
        && system(@common, '-o', "$self->{dir}/count-sync.so",
                  "$self->{here}/count-sync.c", '-ldl') == 0
        && $self->compile_floor == 0
        or die "the helpers do not compile\n";
}


sub compile_floor {
    my $self = shift;
    my $core = "$self->{here}/../../ngx_http_portone_module/core/base";

    return system('gcc', '-O2', '-Wall', '-Wextra', '-I', $core, '-o',
                  "$self->{dir}/floor", glob("$self->{here}/floor/*.c"),
                  "$core/portone_arena.c",
                  qw( -lcurl -lcjson -llmdb -lpthread ));
}


# Express and what it needs, from the registry that npm is configured for

sub npm {
    my $self = shift;
    my $node = "$self->{dir}/node";

    return 1 if -d "$node/node_modules/lmdb";

    make_path($node);
    system('cp', "$self->{here}/express/package.json", $node) == 0
        or die "cp fails\n";

    return 1 if system("cd $node && npm install --no-audit --no-fund "
                       . "--no-package-lock --loglevel=error") == 0;

    print "npm cannot install Express: it is left out\n";

    return 0;
}


# Asks a server for a while: wrk's numbers, and what the server has used.
# Options: connections, seconds, kind of the requests, think, order, ramp.

sub load {
    my ($self, $server, %options) = @_;
    my $kind = $options{kind}
               // ($server->{kind} eq 'proxy' ? 'proxy' : 'refund');
    my $seconds = $options{seconds} // $self->{seconds};

    local $ENV{BENCH_KIND} = $kind;
    local $ENV{BENCH_PAYMENTS} = $server->{payments};
    local $ENV{BENCH_FROM} = $server->{asked} // 0;
    local $ENV{BENCH_THINK} = $options{think} // '';
    local $ENV{BENCH_ORDER} = $options{order} // '';
    local $ENV{BENCH_RAMP} = $options{ramp} // '';
    local $ENV{BENCH_CONNECTIONS} = $options{connections} // 64;

    my ($cpu, $flushes) = ($server->cpu, $server->flushes);

    my $out = join '', `taskset -c $self->{load_cpus} wrk -t 1 \\
        -c @{[$options{connections} // 64]} -d ${seconds}s --timeout 60s \\
        -s $self->{here}/wrk.lua \\
        http://127.0.0.1:@{[$self->port('gateway')]}/ 2>&1`;

    my ($json) = $out =~ /^(\{.*\})$/m or die "wrk: $out\n";
    my $result = JSON::PP->new->decode($json);
    my $n = $result->{requests} || 1;

    $result->{rate} = $n / $result->{seconds};
    $result->{cpu} = ($server->cpu - $cpu) / $n * 1e6;
    $result->{flushes} = ($server->flushes - $flushes) / $n;

    # those that were under way at the end have begun, too

    $server->{asked} = ($server->{asked} // 0) + $n
                       + ($options{connections} // 64);

    if ($result->{errors} || $result->{bad}) {
        $self->complain("$server->{kind}: $result->{errors} errors, "
                        . "$result->{bad} bad answers of $n");
    }

    return $result;
}


# the median of each number of several results

sub median {
    my @results = @_;
    my %median;

    for my $name (keys %{$results[0]}) {
        my @values = sort { $a <=> $b } map { $_->{$name} } @results;

        $median{$name} = @values % 2 ? $values[$#values / 2]
                         : sum(@values[@values / 2 - 1, @values / 2]) / 2;
    }

    return \%median;
}


1;
