package Test::Portone::Server;

# The nginx of the current test block, seen from outside: its processes, its
# logs, and how it is stopped, killed, started again and reloaded.

use strict;
use warnings;

use Test::Nginx::Util ();
use Time::HiRes qw( sleep time );

use Exporter qw( import );

our @EXPORT_OK = qw(
    server_crash_workers server_kill server_log server_pid server_reload
    server_start server_stop server_workers wait_until
);

my $LIMIT = 10;


# wait_until(seconds, sub): polls until the sub returns something true.

sub wait_until {
    my ($limit, $condition) = @_;
    my $deadline = time() + $limit;

    for ( ;; ) {
        my $result = $condition->();

        return $result if $result || time() > $deadline;

        sleep 0.002;
    }
}


sub _read {
    my $file = shift;

    open my $in, '<', $file or return '';
    local $/;

    return <$in> // '';
}


# A process whose first thread has ended holds its sockets until the last one
# has, too.

sub _is_alive {
    my $pid = shift;
    my ($state) = _read("/proc/$pid/stat") =~ /\) (\w)/ or return 0;

    return $state !~ /[ZX]/ || (() = glob "/proc/$pid/task/*") > 1;
}


# The master's pid, or undef.

sub server_pid {
    my ($pid) = _read($Test::Nginx::Util::PidFile) =~ /^(\d+)$/m;

    return $pid && _is_alive($pid) ? $pid : undef;
}


# Pids of the workers which serve; those that are shutting down, too, when
# asked for all.

sub server_workers {
    my $all = shift;
    my $master = server_pid() or return;
    my @children = split ' ', _read("/proc/$master/task/$master/children");

    return grep { my $title = _read("/proc/$_/cmdline");
                  $title =~ /worker process/
                  && ($all || $title !~ /shutting down/) } @children;
}


# server_log(name): the text of logs/name, "error.log" by default.

sub server_log {
    my $name = shift // 'error.log';

    return _read("$Test::Nginx::Util::LogDir/$name");
}


# Stops gracefully, or by another signal; whoever does not leave within a few
# seconds is terminated, and at last killed. Returns the signal that did it, or
# '' if nginx did not run.

sub server_stop {
    my $signal = shift // 'QUIT';

    # nginx returns to the caller before its daemon has written the file

    my $pid = wait_until(0.5, \&server_pid) or return '';

    # a master that is told to quit before it has workers forgets it

    wait_until(2, sub { server_workers() || !_is_alive($pid) });

    for my $try ([$signal, 5], ['TERM', 5], ['KILL', $LIMIT]) {
        my ($name, $limit) = @$try;

        # nginx leads a process group of its own

        kill $name, $name eq 'KILL' ? -$pid : $pid;

        if (wait_until($limit, sub { !_is_alive($pid) })) {
            unlink $Test::Nginx::Util::PidFile if $name eq 'KILL';
            return $name;
        }
    }

    die "nginx $pid does not end\n";
}


# Kills the master and all workers at once, as a power failure would.

sub server_kill {
    my $pid = wait_until(0.5, \&server_pid) or die "nginx does not run\n";
    my @pids = ($pid, server_workers('all'));

    kill 'STOP', -$pid;
    kill 'KILL', -$pid;
    wait_until($LIMIT, sub { !grep { _is_alive($_) } @pids })
        or die "nginx does not die\n";
    unlink $Test::Nginx::Util::PidFile;
}


# Kills all workers and waits until the master has replaced them.

sub server_crash_workers {
    my %old = map { $_ => 1 } server_workers('all');

    # none may see another one's death and answer its clients

    kill 'STOP', keys %old;
    kill 'KILL', keys %old;
    _wait_for_workers(\%old);
}


# Starts nginx with the configuration of the block.

sub server_start {
    my $command = "$Test::Nginx::Util::NginxBinary"
        . " -e $Test::Nginx::Util::ErrLogFile"
        . " -p $Test::Nginx::Util::ServRoot/"
        . " -c $Test::Nginx::Util::ConfFile > /dev/null";

    system($command) == 0 or die "nginx does not start\n";
    _wait_for_workers({});
}


# Reloads, and waits until new workers serve and no old one accepts.

sub server_reload {
    my $pid = wait_until(0.5, \&server_pid) or die "nginx does not run\n";
    my %old = map { $_ => 1 } server_workers('all');

    kill 'HUP', $pid;
    _wait_for_workers(\%old);
    wait_until($LIMIT, sub { !grep { $old{$_} } server_workers() })
        or die "old workers do not shut down\n";
}


sub _wait_for_workers {
    my $old = shift;

    wait_until($LIMIT, sub {
        $Test::Nginx::Util::Workers
            == grep { !$old->{$_} } server_workers();
    }) or die "new workers do not come up\n";
}


1;
