package Bench::Server;

# Starts and stops what is measured, and reads what it has used: PortOne's
# part (api), the peers (portone, proxy, lua, express, plain), and nginx with
# its client alone (answer).

use strict;
use warnings;

use File::Path qw( make_path remove_tree );
use IO::Socket::INET ();
use POSIX ();
use Time::HiRes qw( sleep time );

use Bench::Store ();

my $tick = POSIX::sysconf(POSIX::_SC_CLK_TCK());


# start($bench, $kind, %options): ready to be asked when it returns. Options:
# https, slow (the API with a delay), workers, keepalive, delay (of the API),
# sync_delay (ms that each flush takes longer), payments, module (0: plain
# nginx without the module)

sub start {
    my ($class, $bench, $kind, %options) = @_;
    my $self = bless { bench => $bench, kind => $kind,
                       dir => "$bench->{dir}/$kind", %options }, $class;

    $self->{payments} //= $bench->{payments};

    remove_tree($self->{dir});
    make_path($self->{dir});

    $self->{syncs} = "$self->{dir}/syncs";
    write_file($self->{syncs}, "\0" x 8);

    # copying a store leaves work for the disk, which is not to be measured

    if (($kind eq 'portone' || $kind eq 'express') && $self->{payments}) {
        Bench::Store::prepare($bench, $kind, $self->{payments},
                              "$self->{dir}/store");
    }

    $self->{pid} = $kind eq 'express' ? $self->start_express
                                      : $self->start_nginx;

    $self->wait_for_port($kind eq 'api' ? $bench->port('api')
                                        : $bench->port('gateway'));

    return $self;
}


sub start_nginx {
    my $self = shift;
    my $bench = $self->{bench};
    my $kind = $self->{kind};
    my $slow = $self->{slow} ? 'slow' : 'api';

    my %values = (
        BUILD => $bench->{build},
        HERE => $bench->{here},
        PAYLOAD => $bench->{payload},
        MODULE => "$bench->{build}/ngx_http_portone_module.so",
        API_DIR => "$bench->{dir}/api",
        API => $bench->port('api'),
        APIS => $bench->port('apis'),
        SLOW => $bench->port('slow'),
        SLOWS => $bench->port('slows'),
        DELAY => $self->{delay} // '100ms',
        GATEWAY => $bench->port('gateway'),
        UPSTREAM => $bench->port($self->{https} ? "${slow}s" : $slow),
        SCHEME => $self->{https} ? 'https' : 'http',
        KEEPALIVE => $self->{keepalive} // 64,
        PAYMENTS => $self->{payments},
        WORKERS => $self->{workers} // 1,
        REUSEPORT => ($self->{workers} // 1) > 1 ? 'reuseport' : '',
    );

    my $conf = read_file("$bench->{here}/conf/$kind.conf");

    $conf =~ s/\@(\w+)\@/$values{$1} \/\/ die "\@$1\@?\n"/ge;
    write_file("$self->{dir}/nginx.conf", $conf);

    $self->certificate if $kind eq 'api';

    return $self->spawn({}, 'nginx', '-p', "$self->{dir}/", '-c',
        "$self->{dir}/nginx.conf", '-e', "$self->{dir}/error.log", '-g',
        'daemon off;');
}


sub start_express {
    my $self = shift;
    my $bench = $self->{bench};
    my $scheme = $self->{https} ? 'https' : 'http';
    my $slow = ($self->{slow} ? 'slow' : 'api') . ($self->{https} ? 's' : '');

    return $self->spawn({
        BENCH_PAYLOAD => "$bench->{here}/$bench->{payload}",
        BENCH_PAYMENTS => $self->{payments},
        BENCH_PORT => $bench->port('gateway'),
        BENCH_UPSTREAM => "$scheme://127.0.0.1:" . $bench->port($slow),
        BENCH_STORE => "$self->{dir}/store",
        BENCH_CA => "$bench->{dir}/api/certificate.pem",
        NODE_PATH => "$bench->{dir}/node/node_modules",
        NODE_ENV => 'production',
    }, 'node', "$bench->{here}/express/server.js");
}


sub spawn {
    my ($self, $env, @command) = @_;
    my $bench = $self->{bench};
    my $pid = fork // die "fork: $!\n";

    return $pid if $pid;

    setpgrp;
    $ENV{$_} = $env->{$_} for keys %$env;

    if ($self->{kind} eq 'api') {
        unshift @command, 'taskset', '-c', $bench->{load_cpus};

    } else {
        unshift @command, 'taskset', '-c', $bench->{cpus};
        $ENV{LD_PRELOAD} = "$bench->{dir}/count-sync.so";
        $ENV{COUNT_SYNC} = $self->{syncs};
        $ENV{COUNT_SYNC_DELAY} = $self->{sync_delay} if $self->{sync_delay};
    }

    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', "$self->{dir}/out";
    open STDERR, '>&', \*STDOUT;

    exec @command or POSIX::_exit(127);
}


# a certificate that is its own authority

sub certificate {
    my $self = shift;
    my $dir = $self->{dir};

    system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
        . " -nodes -days 2 -subj /CN=localhost"
        . " -addext subjectAltName=DNS:localhost -keyout $dir/key.pem"
        . " -out $dir/certificate.pem 2>/dev/null") == 0
        or die "openssl fails\n";
}


sub wait_for_port {
    my ($self, $port) = @_;
    my $end = time + 60;

    until (IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)) {
        if (time > $end || waitpid($self->{pid}, POSIX::WNOHANG()) != 0) {
            die "$self->{kind} does not start, see $self->{dir}\n";
        }

        sleep 0.05;
    }
}


sub stop {
    my $self = shift;

    return if !$self->{pid};

    kill 'TERM', $self->{pid};

    my $end = time + 15;

    while (waitpid($self->{pid}, POSIX::WNOHANG()) == 0) {
        if (time > $end) {
            kill 'KILL', -$self->{pid};
        }

        sleep 0.02;
    }

    $self->{pid} = 0;

    my $log = "$self->{dir}/error.log";

    if (-s $log) {
        my ($line) = grep { /\[(?:error|crit|alert|emerg)\]/ }
                          split /\n/, read_file($log);

        $self->{bench}->complain("$self->{kind}: $line") if $line;
    }
}


# the processes that do the work

sub workers {
    my $self = shift;

    return $self->{pid} if $self->{kind} eq 'express';

    my @pids;

    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        my $line = <$in> // next;

        push @pids, $1 if $line =~ /^(\d+) \(.*\) \S+ $self->{pid} /;
    }

    return @pids;
}


# seconds of CPU time by now

sub cpu {
    my $self = shift;
    my $ticks = 0;

    for my $pid ($self->workers) {
        my @fields = split ' ', read_file("/proc/$pid/stat") =~ s/^.*\) //sr;

        $ticks += $fields[11] + $fields[12];
    }

    return $ticks / $tick;
}


sub flushes {
    my $self = shift;

    return unpack 'Q', read_file($self->{syncs});
}


# KB of memory that is the workers' own: the map of the store is not counted

sub memory {
    my $self = shift;
    my $sum = 0;

    for my $pid ($self->workers) {
        $sum += $1 if read_file("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m;
    }

    return $sum;
}


# how often the workers have been woken up

sub wakeups {
    my $self = shift;
    my $sum = 0;

    for my $pid ($self->workers) {
        for my $status (glob "/proc/$pid/task/*/status") {
            $sum += $1
                if read_file($status) =~ /^voluntary_ctxt_switches:\s+(\d+)/m;
        }
    }

    return $sum;
}


sub read_file {
    my $name = shift;

    open my $in, '<:raw', $name or die "$name: $!\n";
    local $/;

    return scalar <$in>;
}


sub write_file {
    my ($name, $text) = @_;

    open my $out, '>:raw', $name or die "$name: $!\n";
    print $out $text;
    close $out or die "$name: $!\n";
}


sub DESTROY {
    my $self = shift;

    local ($@, $?);
    kill 'KILL', -$self->{pid} if $self->{pid};
}


1;
