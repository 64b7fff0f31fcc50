package Chaos::Nemesis;

# A process that breaks the shop, PortOne and the wire between them. What it
# does is drawn from a seed, so the same seed breaks the same things in the
# same order. At the end, and only then, it mends everything.

use strict;
use warnings;

use IO::Handle ();
use JSON::PP ();
use POSIX ();
use Time::HiRes qw( sleep time );

use Chaos::Site qw( signal wait_until );

# what a cancel may do so late that PortOne cannot be believed any more is
# not PortOne: nothing here holds a call for longer than this

use constant HOLD_MS => 900;

my $json = JSON::PP->new->canonical;

# action => how often

my %actions = (
    faults => 34,
    gate => 4,
    console => 3,
    contradict => 2,
    revoke => 3,
    freeze_portone => 3,
    wire => 12,
    kill_worker => 14,
    kill_workers => 4,
    kill_all => 4,
    kill_master => 3,
    pause_worker => 8,
    pause_writer => 5,
    reload => 8,
    quit => 3,
    stop => 3,
    upgrade => 4,
    upgrade_undone => 2,
);

my @weighted = map { ($_) x $actions{$_} } sort keys %actions;

# pwrite64, fsync, fdatasync, pwritev on x86_64 and on aarch64

my %writing = map { $_ => 1 } (POSIX::uname())[4] eq 'x86_64'
                              ? (18, 74, 75, 296) : (68, 82, 83, 70);

my @texts = (
    '', '{}', '[]', 'null', '{"code":"0"}', '{"code":0}', "\0\0\0\0",
    '{"code":0,"message":null,"response":[]}',
    '{"code":0,"message":null,"response":{}}',
    '{"code":0,"message":null,"response":{"imp_uid":"x","amount":1}}',
    '<html>busy</html>', '{"code":0,"code":0,"response":null}',
);


# start(site, seed, log, orders) forks; orders is a sub that names an imp_uid.

sub start {
    my ($class, %arg) = @_;

    my $pid = fork // die "fork: $!\n";

    if ($pid) {
        return bless { pid => $pid, log => $arg{log} }, $class;
    }

    my $self = bless { %arg, count => {}, end => 0 }, $class;

    $SIG{TERM} = sub { $self->{end} = 1 };
    $SIG{INT} = 'IGNORE';
    srand $arg{seed};

    open $self->{out}, '>>', $arg{log} or die "$arg{log}: $!\n";
    $self->{out}->autoflush(1);

    my $ok = eval {
        $self->_run;
        $self->_mend;
        1;
    };

    $self->_say("died: $@") if !$ok;

    # nothing of the parent's is to be closed or removed here

    POSIX::_exit($ok ? 0 : 1);
}


# Tells it to mend everything, and waits until that is done.

sub stop {
    my $self = shift;

    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;

    die "the nemesis died, see $self->{log}\n" if $?;
}


sub _say {
    my ($self, $what) = @_;

    printf {$self->{out}} "%.3f %s\n", time, $what;
}


sub _one_of {
    return $_[int rand @_];
}


sub _between {
    my ($from, $to) = @_;

    return $from + rand($to - $from);
}


sub _run {
    my $self = shift;

    until ($self->{end}) {
        my $action = _one_of(@weighted);
        my $pause = rand() < 0.1 ? _between(0.3, 1.5) : _between(0.01, 0.2);
        my $method = "_$action";

        $self->_say($action);
        $self->$method;
        sleep $pause if !$self->{end};
    }
}


sub _mend {
    my $self = shift;
    my $site = $self->{site};

    signal('CONT', $site->portone_workers, $site->processes);
    $site->wire('pass');
    $site->portone('DELETE', '/_sandbox/faults');
    $site->portone('POST', "/_sandbox/gates/$_", '{"open": true}')
        for 1 .. $self->{gates} // 0;

    $self->_revive;
    $self->_say('mended');
}


# The shop runs, with one master and none of its orphans.

sub _revive {
    my $self = shift;
    my $site = $self->{site};

    if ($site->master && $site->master('old')) {
        signal('QUIT', $site->master('old'));
        wait_until(10, sub { !$site->master('old') })
            or signal('KILL', $site->master('old'));
    }

    return if $site->master && $site->ready(10);

    $self->_start;
}


sub _start {
    my $self = shift;
    my $site = $self->{site};

    $site->kill_all;

    for my $try (1 .. 5) {
        return if $site->start;
        $self->_say("start failed, once more ($try)");
        $site->kill_all;
    }

    die "the shop does not start\n";
}


sub _kill {
    my ($self, @pids) = @_;

    $self->_say('SIGKILL ' . signal('KILL', @pids));
}


sub _kill_worker {
    my $self = shift;
    my @workers = $self->{site}->workers or return;

    $self->_kill(map { _one_of(@workers) } 1 .. 1 + int rand 2);
}


sub _kill_workers {
    my $self = shift;

    $self->_kill($self->{site}->workers);
}


sub _kill_all {
    my $self = shift;

    $self->_kill($self->{site}->processes);
    $self->{site}->kill_all;
    sleep _between(0, 0.5);
    $self->_start;
}


# The workers go on without a master, and have to be ended by somebody.

sub _kill_master {
    my $self = shift;
    my $site = $self->{site};

    $self->_kill($site->master // return);
    sleep _between(0, 1.5);

    my $signal = _one_of(qw( QUIT TERM KILL ));

    $self->_say("orphans: $signal");
    signal($signal, $site->processes);
    wait_until(5, sub { !$site->processes });
    $self->_start;
}


sub _pause_worker {
    my $self = shift;
    my @workers = $self->{site}->workers or return;

    $self->_pause(_one_of(@workers));
}


# A worker that is stopped while a thread of it holds the writer's lock: the
# thread is seen in the system calls of a commit.

sub _pause_writer {
    my $self = shift;
    my @workers = $self->{site}->workers or return;

    my $deadline = time + 1;

    while (time < $deadline && !$self->{end}) {
        my $pid = _one_of(@workers);

        signal('STOP', $pid) or next;
        return $self->_pause($pid) if _writes($pid);
        signal('CONT', $pid);
        sleep 0.001;
    }

    $self->_say('nobody writes');
}


sub _writes {
    my $pid = shift;

    for my $file (glob "/proc/$pid/task/*/syscall") {
        open my $in, '<', $file or next;
        my ($call) = (<$in> // '') =~ /^(\d+)/;

        return 1 if defined $call && $writing{$call};
    }

    return 0;
}


# Most are short. A long one makes the others wait for the store in vain, and
# ends before an unanswered cancel would be settled, see the README.

sub _pause {
    my ($self, $pid) = @_;
    my $long = rand() < 0.12 && time > ($self->{no_long_pause} // 0);
    my $time = $long ? _between(5.2, 5.8) : _between(0.01, 1.2);

    signal('STOP', $pid);
    $self->_say(sprintf 'paused for %.2f s', $time);
    wait_until($time, sub { $self->{end} });
    signal('CONT', $pid);

    $self->{no_long_pause} = time + 10 if $long;
}


sub _reload {
    my $self = shift;
    my $master = $self->{site}->master // return $self->_revive;

    signal('HUP', $master) for 1 .. 1 + (rand() < 0.2);
    sleep _between(0, 0.5);
}


sub _quit {
    $_[0]->_leave('QUIT');
}


sub _stop {
    $_[0]->_leave('TERM');
}


sub _leave {
    my ($self, $signal) = @_;
    my $site = $self->{site};
    my $master = $site->master // return $self->_revive;

    signal($signal, $master);
    wait_until(8, sub { !$site->master });
    $self->_start;
}


# A new binary, old workers leave, and then the old master.

sub _upgrade {
    my ($self, $undone) = @_;
    my $site = $self->{site};
    my $old = $site->master // return $self->_revive;

    signal('USR2', $old);

    my $new = wait_until(10, sub {
        my $master = $site->master;
        $master && $master != $old && $master;
    });

    if (!$new || !$site->ready(10)) {
        $self->_say('no new binary');
        return $self->_revive;
    }

    # both serve for a while

    sleep _between(0, 0.5);
    signal('WINCH', $old);
    sleep _between(0, 0.5);

    if ($undone) {
        signal('HUP', $old);
        wait_until(5, sub { $site->workers($old) });
        signal('QUIT', $new);
        wait_until(10, sub { !Chaos::Site::is_alive($new) })
            or signal('KILL', Chaos::Site::children($new), $new);
        wait_until(5, sub { ($site->master // 0) == $old });

    } else {
        signal('QUIT', $old);
        wait_until(10, sub { !Chaos::Site::is_alive($old) })
            or signal('KILL', Chaos::Site::children($old), $old);
    }

    $self->_revive;
}


sub _upgrade_undone {
    $_[0]->_upgrade(1);
}


sub _wire {
    my $self = shift;
    my $site = $self->{site};
    my $mode = _one_of(qw( cut cut refuse hole deaf snip half ));

    $self->_say("wire: $mode");
    $site->wire($mode);

    return if $mode eq 'cut';

    sleep $mode =~ /snip|half/ ? _between(0.01, 0.1) : _between(0.05, 1);
    $site->wire('pass');
}


sub _freeze_portone {
    my $self = shift;
    my @pids = $self->{site}->portone_workers;

    signal('STOP', @pids);
    sleep _between(0.02, HOLD_MS / 1000);
    signal('CONT', @pids);
}


sub _revoke {
    $_[0]{site}->portone('POST', '/_sandbox/tokens/expire');
}


# A refund that somebody makes in PortOne's console.

sub _console {
    my $self = shift;
    my $imp_uid = $self->{orders}->();

    $self->_say("console $imp_uid");
    $self->{site}->portone('POST', "/_sandbox/payments/$imp_uid/console",
        $json->encode({ amount => 1 + int rand 500, reason => 'console' }));
}


# PortOne makes a refund and says that it has refused it.

sub _contradict {
    my $self = shift;
    my $imp_uid = $self->{orders}->();

    $self->_say("contradict $imp_uid");
    $self->_arm({ call => 'cancel', fault => 'refuse_after', code => -1,
                  message => 'refused', imp_uid => $imp_uid });
}


sub _arm {
    my ($self, @faults) = @_;

    $self->{site}->portone('POST', '/_sandbox/faults',
                           $json->encode(\@faults));
}


sub _gate {
    my $self = shift;
    my $name = $self->{gates} = ($self->{gates} // 0) % 60 + 1;

    $self->{site}->portone('POST', "/_sandbox/gates/$name",
                           '{"open": false}');
    $self->_arm({ call => _one_of(qw( cancel cancel payment token )),
                  fault => _one_of(qw( gate gate_after )), name => "$name",
                  times => 1 + int rand 40 });
    sleep _between(0.05, HOLD_MS / 1000);
    $self->{site}->portone('POST', "/_sandbox/gates/$name", '{"open": true}');
}


sub _faults {
    my $self = shift;
    my @faults = map { _fault() } 1 .. 1 + int rand 10;

    $self->_say(join ', ', map { "$_->{call} $_->{fault} $_->{times}"
                                 . ($_->{status} ? " $_->{status}" : '') }
                           @faults);

    # those that nobody has met make room

    $self->{site}->portone('DELETE', '/_sandbox/faults') if rand() < 0.1;
    $self->_arm(@faults);
}


# What PortOne does not do is left out: it does not answer 401 or 404, or a
# code, to what it has executed (see contradict), nor 404 to a reading of
# what is there.

sub _fault {
    my $call = _one_of(('cancel') x 6, qw( payment payment find token ));
    my $fault = _one_of(qw(
        delay lose_request lose_answer lose_answer hang hang_after status
        status_after unauthorized refuse truncate slow big garbage body
        body_before escape other_payment no_response close_idle ));

    my %fault = (call => $call, fault => $fault, times => _one_of(1, 3, 10, 40),
                 skip => int rand 30);

    if ($fault =~ /^hang/) {
        $fault{times} = 1 + int rand 10;

    } elsif ($fault eq 'delay') {
        $fault{ms} = 1 + int rand HOLD_MS;

    } elsif ($fault eq 'status') {
        $fault{status} = _one_of(400, 403, 429, 500, 502, 503, 504);

    } elsif ($fault eq 'status_after') {
        $fault{status} = _one_of(429, 500, 502, 503, 504);

    } elsif ($fault eq 'refuse') {
        $fault{code} = _one_of(1, -1, 500);
        $fault{message} = 'refused';

    } elsif ($fault eq 'truncate') {
        $fault{bytes} = int rand 600;

    } elsif ($fault eq 'slow') {
        $fault{ms} = 1 + int rand 4;

    } elsif ($fault eq 'big') {
        $fault{bytes} = _one_of(100_000, 900_000, 1_200_000);

    } elsif ($fault =~ /^body/) {
        $fault{body} = _one_of(@texts);
    }

    return \%fault;
}


1;
