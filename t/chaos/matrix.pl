#!/usr/bin/env perl
#
# The crash matrix: each step of a refund that the system sees is broken in
# each way, for everything that PortOne may do with it; then all refunds are
# settled and compared with what PortOne has done.
#
#     t/chaos/matrix.pl [behaviour...]
#
# SAMPLE=n     only one case in n
# PAUSE=1      stops a worker at each step instead, for longer than
#              portone_settle_time, while another one settles the refund
# SEED=n       which of them
# BUILD, PORT  as in the Makefile

use strict;
use warnings;

use Cwd qw( abs_path );
use File::Basename qw( dirname );
use File::Path qw( remove_tree );
use File::Spec ();
use IO::Handle ();

use lib dirname(abs_path($0)) . '/lib', dirname(abs_path($0)) . '/../lib';

use JSON::XS ();
use Time::HiRes qw( sleep time );

use Chaos::Check qw( check_order );
use Chaos::Clients ();
use Chaos::Orders ();
use Chaos::Site qw( signal wait_until );

use constant {
    CONTROL => 10,                  # numbers before the steps, see steps.h
    SETTLE_TIME => 3,

    # the reconciler does not come into the way of those that are being broken:
    # its worker does not live that long; a reading that failed is put off
    PAUSE => 15,

    SHOWN => 5,
};

# those of steps.h and steps.c

my @actions = qw( nothing kill pause pause_send reset reset_after timeout
                  ENOSPC EIO );
my @classes = qw( other client portone store log );
my @calls = qw( accept socket connect send recv writev write read pwrite
                pwritev fdatasync close );

my %number = map { $actions[$_] => $_ } 0 .. $#actions;

# what PortOne does with the cancel, in the order of the table

my @behaviours = (
    ['executes it, answers' => {}],
    ['executes it, the answer is lost' => { fault => 'lose_answer' }],
    ['executes it, does not answer' => { fault => 'hang_after' }],
    ['executes it, the answer is cut' => { fault => 'truncate', bytes => 70 }],
    ['executes it, answers what is not JSON' => { fault => 'garbage' }],
    ['executes it, answers without a payment' => { fault => 'no_response' }],
    ['executes it, answers another payment' => { fault => 'other_payment' }],
    ['executes it, answers 502' => { fault => 'status_after', status => 502 }],
    ['executes it, says that it refused' =>
        { fault => 'refuse_after', code => -1, message => 'refused' }],
    ['accepts it, executes it a moment later' => { async => 1 }],
    ['never gets it' => { fault => 'lose_request' }],
    ['does not execute it, does not answer' => { fault => 'hang' }],
    ['does not execute it, answers 503' =>
        { fault => 'status', status => 503 }],
    ['does not execute it, answers success' =>
        { fault => 'body_before',
          body => '{"code":0,"message":null,"response":null}' }],
    ['refuses it' => { fault => 'refuse', code => 1, message => 'refused' }],
    ['answers 401, executes the second one' => { fault => 'unauthorized' }],
);

# refunds whose outcome is open, which a reading settles

my @open = (
    ['settling: was executed' => { fault => 'lose_answer' }],
    ['settling: was not executed' => { fault => 'lose_request' }],
    ['settling: was executed later' => { async => 1 }],
    ['settling: was refused and executed' =>
        { fault => 'refuse_after', code => -1, message => 'refused' }],
);

my $root = abs_path(dirname(abs_path($0)) . '/../..');
my $build = File::Spec->rel2abs($ENV{BUILD} || 'build');
my $dir = "$build/chaos/matrix";
my $seed = $ENV{SEED} || 1 + int rand 1e9;
my $sample = $ENV{SAMPLE} || 1;
my $json = JSON::XS->new->utf8;
my $begun = time;
my ($site, $orders, $clients, $control, @spare, @prepared);
my ($ids, $not_stored) = (0, 0);
my (@cases, %flags, %documented);

STDOUT->autoflush(1);
print "SEED=$seed\n" if $sample > 1;
exit main(@ARGV);


sub main {
    my @only = @ARGV;
    my $failed = 0;

    $site = Chaos::Site->new(
        dir => $dir, build => $build, tools => "$build/chaos",
        port => $ENV{PORT} || 21984, workers => 1,
        connect_timeout => '200ms', read_timeout => '300ms',
        settle_time => SETTLE_TIME . 's', reconcile_interval => PAUSE . 's',
        shop => '    portone_keepalive 0;',
        env => { STEPS => "$dir/steps",
                 LD_PRELOAD => "$build/chaos/steps.so" });
    $site->write_shop(api_port => $site->{portone_port});

    open $control, '+>', "$dir/steps" or die "$dir/steps: $!\n";
    binmode $control;
    print $control "\0" x (4 * (CONTROL + 1000));
    $control->flush;

    # a token is not asked for until the lease of a dead worker ends

    $clients = Chaos::Clients->new(port => $site->{port}, clients => 8,
                                   timeout => 10);
    $orders = Chaos::Orders->new(site => $site, clients => $clients,
                                 round => 1, at_once => 1);

    my $ok = eval {
        $site->start_portone;
        $site->start or die "the shop does not start\n";

        # the token of all that follows

        one_refund('executes it, answers', {}, 0, 'nothing');
        @cases = ();
        srand $seed;

        if (!@only) {

            # another worker has to go on

            $site->kill_all;
            $site->write_shop(workers => 2);
            $site->start or die "the shop does not start\n";
            pauses();
            $site->kill_all;
            $site->write_shop(workers => 1);
            $site->start or die "the shop does not start\n";
        }

        for my $behaviour ($ENV{PAUSE} ? () : @behaviours) {
            my ($name, $fault) = @$behaviour;

            next if @only && !grep { $name =~ /\Q$_\E/ } @only;

            all_steps($name, sub { one_refund($name, $fault, @_) });
        }

        for my $behaviour ($ENV{PAUSE} ? () : @open) {
            my ($name, $fault) = @$behaviour;

            next if @only && !grep { $name =~ /\Q$_\E/ } @only;

            prepare($name, $fault);
            all_steps($name, sub { one_settlement($name, @_) });
        }

        printf "%d cases in %.0f s\n", scalar @cases, time - $begun;
        $failed = settle();
        1;
    };

    print "matrix: $@" if !$ok;
    eval { $site->kill_all };
    $site->stop_portone;

    if (!$ok || $failed) {
        print "matrix: FAILED, SEED=$seed, everything is in $dir\n";
        return 1;
    }

    remove_tree($dir);

    return 0;
}


# All cases of one behaviour. How many steps there are differs a little from
# refund to refund, because the pages of a commit do: a kind is done when three
# refunds in a row have ended before the step. The sub is given a number and a
# way, and returns whether that step was broken, or with no way how many there
# are: of all kinds, of sockets and of files.

sub all_steps {
    my ($name, $one) = @_;
    my ($all, $sockets, $files) = $one->(0, 'nothing') or return;

    my %steps = (
        kill => $all, reset => $sockets, reset_after => $sockets,
        timeout => $sockets, ENOSPC => $files, EIO => $files,
    );

    for my $way (grep { $steps{$_} } @actions) {
        my $missed = 0;

        for (my $n = 1; $missed < 3; $n++) {
            if ($sample > 1 && int rand $sample) {
                $missed++ if $n > $steps{$way} + 3;
                next;
            }

            my ($hit) = $one->($n, $way) or return;

            $missed = $hit ? 0 : $missed + 1;
        }
    }
}


sub new_case {
    my ($name, $fault) = @_;
    my $async = $fault->{async} // 0;

    @{$spare[$async]} = $orders->create(orders => 100, async => $async)
        if !@{$spare[$async] // []};

    my $order = shift @{$spare[$async]};
    my $id = ++$ids;

    # PortOne keeps 256 faults, those of refunds that never got there too

    $site->portone('DELETE', '/_sandbox/faults') if $id % 100 == 0;

    if ($fault->{fault}) {
        my ($status, $body) = $site->portone('POST', '/_sandbox/faults',
            $json->encode({ call => 'cancel', imp_uid => $order->{imp_uid},
                            %$fault }));

        die "PortOne takes no faults: $status $body\n" if $status !~ /^2/;
    }

    $flags{$order->{imp_uid}}{contradict} = 1
        if ($fault->{fault} // '') eq 'refuse_after';

    my $refund = $orders->make_refund($order, 1, 0, key => "key-$id",
        amount => 100 + $id % 900, reason => "case $id", close => 1);

    return { order => $order, refund => $refund, behaviour => $name };
}


# One refund of a new order, with step n of its kind broken.

sub one_refund {
    my ($name, $fault, $n, $way) = @_;
    my $case = new_case($name, $fault);

    push @cases, $case;

    my @result = break_step($case, $n, $way, sub {
        $orders->refund($case->{refund}, calm => 1);
    });

    $case->{told} = told($case->{order});

    # what is accepted is executed before an unanswered refund is settled

    $orders->finish($case->{order}) if $fault->{async};

    return @result;
}


# Open refunds, as many as there can be cases.

sub prepare {
    my ($name, $fault) = @_;

    @prepared = ();

    for (1 .. ($sample > 1 ? 30 : 160)) {
        my $case = new_case($name, $fault);

        push @prepared, $case;
        $orders->refund($case->{refund}, calm => 1);
        $clients->wait(0.05) while $clients->busy;
        $case->{told} = told($case->{order});
        $orders->finish($case->{order}) if $fault->{async};
    }

    push @cases, @prepared;
    $_->{way} = 'nothing' for @prepared;
    sleep SETTLE_TIME + 1;
}


sub one_settlement {
    my ($name, $n, $way) = @_;
    my $case = shift @prepared or return;

    return break_step($case, $n, $way, sub {
        $orders->reading($case->{order}, undef, close => 1);
    });
}


# Whether the step was broken, or the numbers of steps.

sub break_step {
    my ($case, $n, $way, $send) = @_;
    my $start = time;
    my @old = $site->workers;

    arm($n, $way);
    $send->();
    $clients->wait(0.05) while $clients->busy;

    my ($hit, $counts, @steps) = disarm();
    my $broken = $hit ? join ' ', @{$steps[$hit - 1]} : 'nothing';

    @$case{qw( way hit class )} = ($way, $hit,
                                   $hit ? $steps[$hit - 1][0] : 'none');

    $orders->event($case->{order}, "$case->{behaviour}: $way $n, $broken");

    # the next one finds a worker that is well

    if ($hit) {
        signal('KILL', @old) if $way ne 'kill';
        wait_until(10, sub {
            my @new = $site->workers;
            @new && !grep { my $pid = $_; grep { $_ == $pid } @old } @new;
        });
    }

    printf "%5.2f s  %s: %s %d, %s\n", time - $start, $case->{behaviour},
           $way, $n, $broken
        if $ENV{VERBOSE};

    return $way eq 'nothing' ? @$counts : $hit;
}


# A worker that is stopped does not know how long it was. First the reading is
# sent to PortOne, then the header of the cancel, then its body: for what is
# stopped between its last look at the clock and the sending of the body there
# is no help, see docs/guarantees.md.

sub pauses {
    my %ways = $ENV{PAUSE} ? (pause => [1 .. 40])
               : (pause_send => $sample > 1 ? [2] : [1, 2]);

    for my $way (sort keys %ways) {
        for my $again (0, 1) {
            my $name = 'paused, ' . ($again ? 'made again meanwhile'
                                            : 'made again afterwards');

            one_pause($name, $_, $way, $again) for @{$ways{$way}};
        }
    }
}


sub one_pause {
    my ($name, $n, $way, $again) = @_;
    my $case = new_case($name, {});
    my $order = $case->{order};
    my $refund = $case->{refund};
    my @workers = $site->workers;
    my $stopped;

    push @cases, $case;
    arm($n, $way);
    $orders->refund($refund, calm => 1);

    wait_until(10, sub {
        $clients->wait(0.01);
        ($stopped) = grep { is_stopped($_) } @workers;
        $stopped || !$clients->busy;
    });

    my ($hit, $counts, @steps) = disarm();
    my $broken = $hit ? join ' ', @{$steps[$hit - 1]} : 'nothing';

    @$case{qw( way hit class )} = ($way, $hit,
                                   $hit ? $steps[$hit - 1][0] : 'none');

    $orders->event($order, "$name: $way $n, $broken");

    if ($stopped) {
        sleep SETTLE_TIME + 1.2;

        # the other worker settles it

        $orders->reading($order, undef, close => 1);
        wait_until(3, sub { $clients->wait(0.02); $clients->busy < 2 });

        if ($again) {
            my $busy = $clients->busy;

            $orders->refund($refund, calm => 1);
            wait_until(3, sub { $clients->wait(0.02);
                                $clients->busy <= $busy });
        }

        $orders->event($order, 'goes on');
        signal('CONT', $stopped);
    }

    $clients->wait(0.05) while $clients->busy;
    $case->{told} = told($order);

    print "$name: $way $n, $broken: ",
          join(', ', map { s/^\S+ #\d+ //r } grep { / #/ } @{$order->{log}}),
          "\n" if $ENV{VERBOSE};
}


sub is_stopped {
    my $pid = shift;

    open my $in, '<', "/proc/$pid/stat" or return 0;

    return (<$in> // '') =~ /\) T/;
}


sub arm {
    my ($n, $way) = @_;

    control(0, 1, 0, 0, 0, 0, 0, $n, $number{$way}, 0, $site->{port});
}


# Returns the step that was broken, or 0, how many there were, and all of them.

sub disarm {
    control(0, 0, 0);

    sysseek $control, 0, 0;
    sysread $control, my $bytes, 4 * (CONTROL + 1000);

    my ($armed, $counting, $count, $sockets, $sends, $files, $target, $action,
        $hit, $port, @steps) = unpack 'L*', $bytes;

    die "a refund has $count steps\n" if $count > @steps;

    return ($hit, [$count, $sockets, $files],
            map { [$classes[$_ >> 8], $calls[$_ & 255]] }
                  @steps[0 .. $count - 1]);
}


sub control {
    my ($offset, @numbers) = @_;

    sysseek $control, 4 * $offset, 0;
    syswrite $control, pack 'L*', @numbers;
}


# The last thing that the client was told, by its log.

sub told {
    my $order = shift;
    my ($last) = grep { / #\d+ / } reverse @{$order->{log}};
    my ($status, $error) = $last =~ /^\S+ #\d+ (\d+) (\w+)/
        or return 'nothing';

    return $error =~ /^(?:success|pending)$/ ? $error : "$status $error";
}


# Everything is settled, by the reconciler and by readings, and compared;
# after that each request is made again with its key, and compared again.

sub settle {
    my (@wrong, %stored);

    sleep SETTLE_TIME + 1;

    # nothing is broken any more

    $site->portone('DELETE', '/_sandbox/faults');
    $site->write_shop(reconcile_interval => '1s', env => {}, workers => 2);
    $site->kill_all;
    $site->start or die "the shop does not start\n";

    # a few are left to the reconciler

    my @left = grep { $_ % 20 == 0 } 0 .. $#cases;
    my %left = map { $_ => 1 } @left;

    read_cases(\%stored, map { $cases[$_] }
                         grep { !$left{$_} } 0 .. $#cases);
    wait_until(60, sub { sleep 0.2; !open_intents() });
    read_cases(\%stored, @cases);

    for my $case (@cases) {
        my ($refund) = @{$stored{$case->{order}{imp_uid}}{refunds}};

        $case->{state} = $refund ? $refund->{state} : 'no record';
    }

    # a refusal that the disk did not take is true all the same, and may get
    # another answer the next time: docs/guarantees.md

    for my $case (grep { $_->{way} =~ /^E/ && $_->{state} eq 'not_executed'
                         && $_->{told} eq '422 refund_rejected' } @cases)
    {
        delete $case->{refund}{final};
        $case->{refund}{nothing} = 1;
        $not_stored++;
    }

    @wrong = judge(\%stored, 'settled');

    for my $case (grep { $_->{state} ne 'manual_review' } @cases) {
        my $refund = $case->{refund};

        $clients->wait(0.05) while !$clients->free;

        $case->{first} = $refund->{final};
        $refund->{request} =~ s/^Connection: close\r\n//m;
        $orders->refund($refund, calm => 1);
    }

    $clients->wait(0.05) while $clients->busy;
    $orders->finish(map { $_->{order} } @cases);
    sleep SETTLE_TIME + 1 if grep { $_->{behaviour} =~ /later/ } @cases;
    wait_until(60, sub { sleep 0.2; !open_intents() });
    read_cases(\%stored, @cases);

    push @wrong, judge(\%stored, 'asked again');
    push @wrong, map { [$_, 'asked again: no answer'] }
        grep { $_->{state} ne 'manual_review'
               && !$_->{refund}{ended} } @cases;
    push @wrong, map { [{ order => $_->[0] }, $_->[1]] }
                     @{$orders->{failures}};

    push @wrong, map { [$_, "docs/guarantees.md does not have $_->{state}"] }
        grep { !documented($_) } @cases;

    report(\@wrong, \%stored);

    my @log = bad_lines();

    print "error.log: $_" for @log;

    return @wrong + @log;
}


# Whether the table of the docs has such an outcome.

sub documented {
    my $case = shift;

    if (!%documented) {
        open my $in, '<', "$root/docs/guarantees.md"
            or die "docs/guarantees.md: $!\n";

        while (my $line = <$in>) {
            $documented{$1} = $2 if $line =~ /^\| ([^|]+?) \| ([^|]+?) \|$/;
        }
    }

    return index($documented{$case->{behaviour}} // '', $case->{state}) >= 0;
}


# Nobody but us ends a worker, and nothing is wrong with the configuration.

sub bad_lines {
    open my $in, '<', "$dir/shop/error.log" or die "error.log: $!\n";

    return grep { /\[emerg\]|exited on signal (?!9\b)|exited with fatal/ }
           <$in>;
}


sub open_intents {
    open my $in, '-|', 'mdb_dump', '-p', '-s', 'intents', "$dir/shop/store"
        or die "mdb_dump: $!\n";

    my $n = grep { /"state":"(\w+)"/ && $1 ne 'manual_review' } <$in>;

    close $in;

    return $n;
}


sub read_cases {
    my ($stored, @cases) = @_;

    for my $order (map { $_->{order} } @cases) {
        $clients->wait(0.05) while !$clients->free;
        $orders->reading($order, sub {
            my $answer = shift;

            $stored->{$order->{imp_uid}} = $json->decode($answer->{body})
                if ($answer->{status} // 0) == 200;
        });
    }

    $clients->wait(0.05) while $clients->busy;
}


sub judge {
    my ($stored, $when) = @_;
    my $list = $json->decode(($site->portone('GET',
        '/_sandbox/payments'))[1]);
    my $ledger = $json->decode(($site->portone('GET',
        '/_sandbox/ledger?requests=0'))[1]);
    my %payments = map { $_->{imp_uid} => $_ }
                       ref $list eq 'ARRAY' ? @$list : @{$list->{payments}};
    my @wrong;

    for my $case (@cases) {
        my $order = $case->{order};
        my $imp_uid = $order->{imp_uid};

        $case->{executed} = $ledger->{payments}{$imp_uid}{executions};
        $case->{payment} = $payments{$imp_uid};
        push @wrong, map { [$case, "$when: $_"] }
            check_order($order, $payments{$imp_uid},
                        $ledger->{payments}{$imp_uid}, $stored->{$imp_uid},
                        $flags{$imp_uid} // {}, {});
    }

    return @wrong;
}


sub report {
    my ($wrong, $stored) = @_;
    my (%rows, %row, @names);
    my @states = ('succeeded', 'rejected', 'not_executed', 'manual_review',
                  'no record');
    my $reached = grep { $_->{hit} } @cases;
    my $columns = "| %-40s | %5s | %9s | %8s | %12s | %13s | %9s | %7s |\n";
    my @header = ('', 'cases', @states, 'success');

    $header[6] = 'no record';
    printf $columns, 'PortOne', @header[1 .. $#header];
    printf $columns, map { '---' } @header;

    for my $behaviour ((map { $_->[0] } @behaviours, @open),
                       'paused, made again afterwards',
                       'paused, made again meanwhile')
    {
        my @of = grep { $_->{behaviour} eq $behaviour } @cases or next;

        printf $columns, $behaviour, counts(\@states, @of);
    }

    print "\n";
    printf $columns, 'what is broken', @header[1 .. $#header];
    printf $columns, map { '---' } @header;

    for my $case (@cases) {
        push @{$row{broken($case)}}, $case;
    }

    printf $columns, $_, counts(\@states, @{$row{$_}}) for sort keys %row;

    printf "\n%d cases, %d of them broke a step; executed more than once %d, "
           . "lost %d, unsettled %d, refusals not stored %d\n",
           scalar @cases, $reached,
           scalar grep({ $_->[1] =~ / 1: / } @$wrong),
           scalar grep({ $_->[1] =~ / 3: / } @$wrong),
           scalar grep({ $_->[1] =~ / 6: .* still / } @$wrong), $not_stored;

    my $shown = 0;

    for my $found (@$wrong) {
        my ($case, $what) = @$found;
        my $order = $case->{order};

        print "$order->{imp_uid}: $what\n";
        next if $shown++ >= SHOWN;

        print map { "    $_\n" } @{$order->{log}};
        print '    PortOne has ', $json->encode($case->{payment} // {}), "\n",
              '    stored is ',
              $json->encode($stored->{$order->{imp_uid}} // {}), "\n";
    }
}


sub broken {
    my $case = shift;

    return 'nothing' if !$case->{hit};

    my %where = (client => 'socket of the client', portone => 'to PortOne',
                 store => 'store', log => 'log', other => 'within nginx');

    my $way = $case->{way} =~ s/_send//r =~ s/_after/ after the call/r;

    return "$way, $where{$case->{class}}";
}


sub counts {
    my ($states, @of) = @_;
    my %state;

    $state{$_->{state}}++ for @of;

    return (scalar @of, (map { $state{$_} // 0 } @$states),
            scalar grep { $_->{told} eq 'success' } @of);
}
