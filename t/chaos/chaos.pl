#!/usr/bin/env perl
#
# Many clients make refunds through a real nginx, while everything around it is
# broken; then it is mended, and all that is known of the money is compared.
#
#     t/chaos/chaos.pl
#
# CHAOS_SECONDS=n  ends after n seconds (180)
# OPS=n            ends after n refunds that were asked for, instead
# SEED=n           draws the same faults in the same order
# ROUND=n          seconds between two looks at everything (40)
# CALM=1           breaks nothing
# BUILD, PORT      as in the Makefile

use strict;
use warnings;

use Cwd qw( abs_path );
use File::Basename qw( dirname );
use File::Path qw( make_path remove_tree );
use File::Spec ();

use lib dirname(abs_path($0)) . '/lib', dirname(abs_path($0)) . '/../lib';

use JSON::XS ();
use Time::HiRes qw( sleep time );

use Chaos::Check qw( check_cancel check_order );
use Chaos::Clients ();
use Chaos::Nemesis ();
use Chaos::Orders ();
use Chaos::Site qw( wait_until );

use constant {
    CLIENTS => 48,
    ORDERS => 160,                  # that refunds are asked for at a time
    REST => $ENV{CHAOS_REST} || 90,  # seconds to settle everything, at most
    SHOWN => 5,                     # orders of a failure, with their history
    LINES => 5,                     # of one kind
};

my $root = abs_path(dirname(abs_path($0)) . '/../..');
my $build = File::Spec->rel2abs($ENV{BUILD} || 'build');
my $dir = $ENV{CHAOS_DIR} || "$build/chaos/run";
my $seed = $ENV{SEED} || 1 + int rand 1e9;
my $ops = $ENV{OPS} || 0;
my $seconds = $ENV{CHAOS_SECONDS} || 180;
my $round_seconds = $ENV{ROUND} || 40;
my $json = JSON::XS->new->utf8;
my $begun = time;
my (%total, $site);

STDOUT->autoflush(1);

print "SEED=$seed\n";
exit main();


sub main {
    my $failed;

    $site = Chaos::Site->new(
        dir => $dir, build => $build, tools => "$build/chaos",
        port => $ENV{PORT} || 21984, connect_timeout => '500ms',
        read_timeout => '1500ms', settle_time => '8s');

    my $ok = eval {
        local $SIG{INT} = sub { die "interrupted\n" };
        local $SIG{TERM} = $SIG{INT};

        $site->start_portone;
        $site->start_wire;
        $site->start or die "the shop does not start\n";

        for (my $round = 1; ; $round++) {
            $failed = round($round);
            last if $failed || finished();
        }

        1;
    };

    print "chaos: $@" if !$ok;

    eval { $site->kill_all };
    $site->stop_portone;

    report();

    if (!$ok || $failed) {
        print "chaos: FAILED, SEED=$seed, everything is in $dir\n";
        return 1;
    }

    remove_tree($dir);

    return 0;
}


sub finished {
    return $ops ? $total{refunds} >= $ops
                : time - $begun > $seconds - $round_seconds / 2 - 15;
}


# Returns the number of what is wrong.

sub round {
    my $round = shift;
    my $log = "$dir/nemesis.$round.log";

    # the numbers of the clients and those of the nemesis are not the same

    srand $seed * 1000 + $round;
    $site->portone('POST', '/_sandbox/reset');

    my $clients = Chaos::Clients->new(port => $site->{port},
                                      clients => CLIENTS);
    my $orders = Chaos::Orders->new(site => $site, clients => $clients,
                                    round => $round, at_once => ORDERS);
    my $nemesis = $ENV{CALM} ? undef : Chaos::Nemesis->start(
        site => $site, seed => $seed * 1000 + $round, log => $log,
        orders => \&named_order);
    my $start = time;

    my $alive = eval { under_fire($orders, $start); 1 };
    my $error = $@;

    $nemesis->stop if $nemesis;
    die $error if !$alive;

    my $mended = time;

    $site->ready(20) or die "the shop is not mended\n";
    my %flags = flags($log);
    my $stored = rest($orders, \%flags);

    printf "round %d: %d refunds asked for in %.0f s (%.0f requests/s), "
           . "%.0f s to settle\n", $round, $orders->{count}{refunds},
           $mended - $start, $orders->{count}{sent} / ($mended - $start),
           time - $mended;

    my $failures = judge($orders, $stored, \%flags, $log);

    $total{$_} += $orders->{count}{$_} for keys %{$orders->{count}};

    return $failures;
}


# Names an order that is worked on, for the nemesis, which is a process of its
# own.

sub named_order {
    open my $in, '<', "$dir/active" or return 'imp_0_0';
    my @active = split ' ', do { local $/; <$in> // '' };

    return @active ? $active[int rand @active] : 'imp_0_0';
}


sub under_fire {
    my ($orders, $start) = @_;
    my $clients = $orders->{clients};
    my $tick = 0;

    while (time - $start < $round_seconds
           && !($ops && ($total{refunds} // 0) + $orders->{count}{refunds}
                        >= $ops))
    {
        my $failed = $orders->{count}{lost};

        while ($clients->free > 1) {
            $orders->next_request;

            # the shop is closed

            last if $orders->{count}{lost} > $failed + CLIENTS;
        }

        $clients->wait(0.02);

        next if time < $tick;

        $tick = time + 1;

        open my $out, '>', "$dir/active.new" or die "$dir/active.new: $!\n";
        print $out join ' ', $orders->active;
        close $out or die "$dir/active.new: $!\n";
        rename "$dir/active.new", "$dir/active" or die "rename: $!\n";

        # PortOne moves the money before an unanswered refund is settled

        $orders->finish(grep { $_->{async} } values %{$orders->{orders}});
    }

    $orders->calm_down;
    $clients->wait(0.02) while $clients->busy;
}


# Everything that nobody knows the outcome of is asked for again until there
# is one, and everything is read until nothing is open. Returns the readings.

sub rest {
    my ($orders, $flags) = @_;
    my $clients = $orders->{clients};
    my $deadline = time + REST;
    my @orders = grep { @{$_->{refunds}} } values %{$orders->{orders}};
    my @console = grep { $flags->{$_->{imp_uid}}{console} } @orders;
    my %stored;

    for my $order (@orders) {
        for my $refund (@{$order->{refunds}}) {
            next if !defined $refund->{key};
            next if $refund->{ended} && !$refund->{open}
                    && !($refund->{final} && rand() < 0.1);

            $refund->{ended} = 0;
            $refund->{to_ask} = 1;
        }
    }

    for ( ;; ) {
        $orders->finish(@orders);

        # an order has one open refund: one request of each at a time

        my %asked;
        my @ask = grep { !$asked{$_->{order}{imp_uid}}++ }
                  map { grep { $_->{to_ask} } @{$_->{refunds}} } @orders;

        for my $refund (@ask) {
            $clients->wait(0.02) while !$clients->free;
            $orders->refund($refund, calm => 1);
        }

        $clients->wait(0.02) while $clients->busy;

        my @open = grep { !$_->{ended} } @ask;

        $_->{to_ask} = 0 for grep { $_->{ended} } @ask;

        # an order that is left to a person takes no more refunds

        read_orders($orders, \%stored, map { $_->{order} } @open);
        $_->{to_ask} = 0 for grep { is_locked($_, \%stored) } @open;
        delete @stored{map { $_->{order}{imp_uid} } grep { $_->{ended} } @ask};

        if (!@ask && @console) {

            # PortOne sends webhooks for these; nothing else tells of them

            for my $order (splice @console) {
                $clients->wait(0.02) while !$clients->free;
                delete $stored{$order->{imp_uid}};
                $orders->webhook($order, sub {
                    push @console, $order if ($_[0]{status} // 0) != 200;
                });
            }

            $clients->wait(0.02) while $clients->busy;

        } elsif (!@ask) {
            my @unread = grep { !at_rest($stored{$_->{imp_uid}}) } @orders;

            read_orders($orders, \%stored, @unread);
            return \%stored
                if !grep { !at_rest($stored{$_->{imp_uid}}) } @unread;
        }

        # judge() says what is wrong with what is left

        return \%stored if time > $deadline;

        sleep 0.3 if @open == @ask;
    }
}


sub read_orders {
    my ($orders, $stored, @orders) = @_;
    my $clients = $orders->{clients};

    for my $order (@orders) {
        $clients->wait(0.02) while !$clients->free;
        $orders->reading($order, sub {
            my $answer = shift;

            if (($answer->{status} // 0) == 200) {
                $stored->{$order->{imp_uid}} =
                    $json->decode($answer->{body});
            }
        });
    }

    $clients->wait(0.02) while $clients->busy;
}


sub at_rest {
    my $stored = shift // return 0;

    return !grep { $_->{state} =~ /^(?:sending|unknown|pending)$/ }
                 @{$stored->{refunds}};
}


sub is_locked {
    my ($refund, $stored) = @_;
    my $reading = $stored->{$refund->{order}{imp_uid}} // return 0;

    return scalar grep { $_->{state} eq 'manual_review' }
                       @{$reading->{refunds}};
}


# What the nemesis has done to single orders: imp_uid => { what => 1 }.

sub flags {
    my $log = shift;
    my %flags;

    open my $in, '<', $log or return;

    while (my $line = <$in>) {
        $flags{$2}{$1} = 1 if $line =~ /^\S+ (console|contradict) (\S+)$/;
        $total{actions}{$1}++ if $line =~ /^\S+ ([a-z_]+)$/;
        $total{kills} += $1 if $line =~ /^\S+ SIGKILL (\d+)$/;
    }

    return %flags;
}


sub judge {
    my ($orders, $stored, $flags, $log) = @_;
    my @wrong;

    my ($status, $body) = $site->portone('GET', '/_sandbox/payments');
    my $list = eval { $json->decode($body) } // die "payments: $status\n";

    ($status, $body) = $site->portone('GET', '/_sandbox/ledger?requests=0');
    my $ledger = eval { $json->decode($body) } // die "ledger: $status\n";
    my %payments = map { $_->{imp_uid} => $_ }
                       ref $list eq 'ARRAY' ? @$list : @{$list->{payments}};

    push @wrong, @{$orders->{failures}};

    for my $order (values %{$orders->{orders}}) {
        my $imp_uid = $order->{imp_uid};

        next if !@{$order->{refunds}};

        push @wrong, map { [$order, $_] }
            check_order($order, $payments{$imp_uid},
                        $ledger->{payments}{$imp_uid}, $stored->{$imp_uid},
                        $flags->{$imp_uid} // {}, \%total);
    }

    push @wrong, map { [undef, $_] } check_cancels(), check_store(),
                                     check_log(), check_journal();

    if (@wrong) {
        printf "%d things are wrong\n", scalar @wrong;

        # each kind, and the histories of some orders

        my (%shown, %kinds);

        for my $found (@wrong) {
            my $kind = substr $found->[1]
                =~ s/[0-9a-f]{8}-[-0-9a-f]+|\d{2,}/N/gr, 0, 60;

            next if $kinds{$kind}++ >= LINES;

            my $imp_uid = $found->[0] ? $found->[0]{imp_uid} : '';

            print '  ', $imp_uid && "$imp_uid: ", "$found->[1]\n";
            next if !$imp_uid;
            next if $shown{$imp_uid} || keys %shown >= SHOWN;

            $shown{$imp_uid} = 1;
            print history($found->[0], $payments{$imp_uid},
                          $ledger->{payments}{$imp_uid},
                          $stored->{$imp_uid}, $log);
        }

        print "  $kinds{$_} times: $_\n" for sort keys %kinds;
    }

    return scalar @wrong;
}


# Everything that all sides know of an order, by time.

sub history {
    my ($order, $payment, $ledger, $stored, $log) = @_;
    my $pretty = JSON::XS->new->canonical;
    my @lines = map { s/ / client: /r } @{$order->{log}};
    my $text = '';

    if (open my $in, '<', "$dir/portone/cancel.log") {
        while (<$in>) {
            my $entry = eval { $json->decode($_) } or next;
            next if index($entry->{body}, "\"$order->{imp_uid}\"") < 0;
            push @lines, sprintf "%.3f PortOne: answers %s to %s\n",
                                 $entry->{at}, $entry->{status},
                                 $entry->{body};
        }
    }

    if (@lines && open my $in, '<', $log) {
        my ($from) = sort { $a <=> $b } map { /^([\d.]+)/ } @lines;
        my ($to) = sort { $b <=> $a } map { /^([\d.]+)/ } @lines;

        while (<$in>) {
            my ($at) = /^([\d.]+)/ or next;
            push @lines, s/ / nemesis: /r if $at > $from - 1 && $at < $to;
        }
    }

    for my $line (sort { ($a =~ /^([\d.]+)/)[0] <=> ($b =~ /^([\d.]+)/)[0] }
                  @lines)
    {
        chomp $line;
        $text .= "    $line\n";
    }

    return $text . "    PortOne has " . $pretty->encode($payment)
        . "\n    its ledger " . $pretty->encode($ledger)
        . "\n    stored is " . ($stored ? $pretty->encode($stored) : 'nothing')
        . "\n";
}


# Every cancel as PortOne has received it, since the last look.

sub check_cancels {
    my (%wrong, $n);
    my $file = "$dir/portone/cancel.log";

    open my $in, '<', $file or return;
    seek $in, $total{cancel_log} // 0, 0;

    while (my $line = <$in>) {
        my $entry = eval { $json->decode($line) }
            or return "a line of $file: $line";
        my $body = eval { $json->decode($entry->{body}) };

        $n++;

        # a connection that was cut in the middle of the request

        next if !$body && $entry->{status} =~ /^(?:400|408|499)$/;

        $wrong{"$_: $line"} = 1 for check_cancel($body, $entry);
    }

    $total{cancel_log} = tell $in;
    $total{cancels} += $n // 0;

    return sort keys %wrong;
}


# What is open in the store is left to a person.

sub check_store {
    my %states;

    open my $in, '-|', 'mdb_dump', '-p', '-s', 'intents', "$dir/shop/store"
        or die "mdb_dump: $!\n";

    while (<$in>) {
        $states{$1}++ if /"state":"(\w+)"/;
    }

    close $in;

    delete $states{manual_review};

    return map { "6: the store has $states{$_} intents that are $_" }
           sort keys %states;
}


# The journal, replayed, is the payments as they are stored.

sub check_journal {
    my $said = `$root/t/tools/journal-check $dir/shop/store 2>&1`;

    return $? == 0 ? () : map { "8: $_" } (split /\n/, $said)[0 .. 4];
}


# What nginx logs when processes are killed is expected, and no more.

sub check_log {
    my (%wrong, $secrets);

    open my $in, '<', "$dir/shop/error.log" or return;
    seek $in, $total{error_log} // 0, 0;

    while (<$in>) {
        $secrets++ if /imp_secret_of_chaos/;
        $wrong{$1}++ if /\[(?:alert|emerg)\] \S+ (.*)/ && !expected($1);
    }

    $total{error_log} = tell $in;

    return ($secrets ? '9: the secret is in the log' : (),
            map { "error.log, $wrong{$_} times: $_" } sort keys %wrong);
}


sub expected {
    my $line = shift;

    return $line =~ /exited\ on\ signal\ (?:9|15)\b
                     |^(?:\*\d+\ )?open\ socket\ \#\d+\ left\ in\ connection
                     |^aborting$
                     |sendmsg\(\)\ failed
                     |kill\(\d+,\ \d+\)\ failed/x;
}


sub report {
    my $states = $total{states} // {};
    my $actions = $total{actions} // {};

    printf "%.0f s: %d refunds asked for in %d requests, %d readings, "
           . "%d webhooks\n", time - $begun, map { $total{$_} // 0 }
           qw( refunds sent reads webhooks );
    printf "told: %s\n", join ', ', map { "$_ $total{$_}" }
        grep { !ref $total{$_} && /^(?:200|202|[a-z]+_[a-z_]+)$/
               && !/_log$/ } sort keys %total;
    printf "requests without an answer %d, answers repeated %d\n",
           $total{lost} // 0, $total{replayed} // 0;
    printf "PortOne: %d cancels received, %d executed\n",
           $total{cancels} // 0, $total{executed} // 0;
    printf "stored: %s\n", join ', ', map { "$_ $states->{$_}" }
        sort keys %$states;
    printf "manual_review where the truth is ambiguous: %d\n",
           $total{justified} // 0;
    printf "nemesis: %s\n", join ', ', map { "$_ $actions->{$_}" }
        sort keys %$actions;
    printf "processes that were killed: %d\n", $total{kills} // 0;
}
