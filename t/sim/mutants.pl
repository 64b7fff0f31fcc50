#!/usr/bin/env perl
#
# Breaks the core in many ways, one at a time, and runs the simulator: each
# has to be caught, by an invariant that it breaks.
#
#     t/sim/mutants.pl [name...]
#
# A mutant is a text of one file of core/, which must stand there exactly
# once, and what takes its place.  Each has 200000 histories to be caught in.
# JOBS=n of them run at once, by default one for each processor.

use strict;
use warnings;

use Cwd qw( abs_path );
use File::Basename qw( dirname );
use File::Path qw( make_path );

use constant HISTORIES => 200_000;

my $core = 'ngx_http_portone_module/core';

chdir dirname(abs_path($0)) . '/../..' or die "chdir: $!\n";

my $build = ($ENV{BUILD} || 'build') . '/sim';
my @mutants = mutants('t/sim/mutants.txt');
my %unknown = map { $_ => 1 } @ARGV;
my $jobs = $ENV{JOBS} || `nproc`;
my $failed = 0;

@mutants = grep { delete $unknown{$_->{name}} } @mutants if @ARGV;

die "no such mutant: @{[ sort keys %unknown ]}\n" if %unknown;

run_or_die(qw( make -s -C t/sim all ));
make_path("$build/mutants");

my @waiting = @mutants;
my @running;

$| = 1;

while (@waiting || @running) {
    while (@waiting && @running < $jobs) {
        push @running, start_mutant(shift @waiting);
    }

    my $pid = wait;
    my ($mutant) = grep { $_->{pid} == $pid } @running;

    $failed++ if $?;
    @running = grep { $_ != $mutant } @running;
    print slurp($mutant->{log});
}

print scalar @mutants, ' mutants, ', @mutants - $failed, " caught\n";

exit($failed ? 1 : 0);


# the blocks of the list: "# name | file | invariants | what is broken", the
# text, a line "=>", and the other text

sub mutants {
    my $list = shift;
    my (@found, $part);

    open my $in, '<', $list or die "$list: $!\n";

    while (my $line = <$in>) {

        if ($line =~ /^# (\S+) \| (\S+) \| ([\d ]+) \| (.+)$/) {
            push @found, { name => $1, file => $2, invariants => $3,
                           what => $4, from => '', to => '' };
            $part = 'from';

        } elsif ($line eq "=>\n") {
            $part = 'to';

        } elsif ($part) {
            $found[-1]{$part} .= $line;

        } elsif ($line !~ /^(?:#|$)/) {
            die "$list:$.: not part of a mutant\n";
        }
    }

    for my $mutant (@found) {
        $mutant->{$_} =~ s/\n+\z/\n/ for 'from', 'to';
        $mutant->{to} = '' if $mutant->{to} eq "\n";
    }

    return @found;
}


sub start_mutant {
    my $mutant = shift;

    $mutant->{log} = "$build/mutants/$mutant->{name}.log";
    $mutant->{pid} = fork // die "fork: $!\n";

    return $mutant if $mutant->{pid};

    open STDOUT, '>', $mutant->{log} or die "$mutant->{log}: $!\n";
    exit(try_mutant($mutant) ? 0 : 1);
}


sub try_mutant {
    my $mutant = shift;
    my $name = $mutant->{name};

    my $source = mutate($mutant)
        or return complain($mutant, 'does not apply exactly once');

    run_or_die(qw( make -s -C t/sim mutant ), "NAME=$name",
               'SOURCE=' . abs_path($source));

    my $output = do {
        local $ENV{SIM_HISTORIES} = HISTORIES;
        local $ENV{SIM_SEED} = 1;
        local $ENV{SIM_BRIEF} = 1;
        `$build/mutants/$name 2>&1`;
    };

    return complain($mutant, 'lives') if $? == 0;

    my ($seed, $invariant) = $output =~ /^seed (\d+): invariant (\d+) /m
        or return complain($mutant, "dies of something else: $output");

    if (!grep { $_ == $invariant } split ' ', $mutant->{invariants}) {
        return complain($mutant, "breaks invariant $invariant: $output");
    }

    printf "%-22s invariant %2d, history %6d  %s\n", $name, $invariant,
           $seed, $mutant->{what};

    return 1;
}


sub mutate {
    my $mutant = shift;
    my $dir = "$build/mutants/source/$mutant->{name}";
    my $text = slurp(glob "$core/*/$mutant->{file}");
    my $parts = () = $text =~ /\Q$mutant->{from}\E/g;

    return if $parts != 1;

    $text =~ s/\Q$mutant->{from}\E/$mutant->{to}/;

    make_path($dir);
    open my $out, '>', "$dir/$mutant->{file}" or die "$dir: $!\n";
    print $out $text;
    close $out or die "$dir: $!\n";

    return "$dir/$mutant->{file}";
}


sub slurp {
    my $file = shift;

    open my $in, '<', $file or die "$file: $!\n";
    local $/;

    return scalar <$in>;
}


sub complain {
    my ($mutant, $why) = @_;

    printf "%-22s NOT CAUGHT: %s\n", $mutant->{name}, $why;

    return 0;
}


sub run_or_die {
    system(@_) == 0 or die "@_ failed\n";
}
