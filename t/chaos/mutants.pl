#!/usr/bin/env perl
#
# Breaks the module in some ways, one at a time, and runs chaos.pl with each:
# it has to find what the change breaks.
#
#     t/chaos/mutants.pl [name...]
#
# The mutants are some of t/sim/mutants.txt, and those of t/chaos/mutants.txt,
# which are outside of the core.

use strict;
use warnings;

use Cwd qw( abs_path );
use File::Basename qw( dirname );
use File::Path qw( make_path remove_tree );
use File::Spec ();
use IO::Handle ();

# of the simulator's, with what they break besides when seen from outside

my %chosen = (
    no_intent => '', claim_over_intent => '', no_checksum => '10',
    all_that_is_left => '4', code_ignored => '', unanswered_is_not_sent => '',
    unanswered_again => '6', unanswered_is_success => '',
    settle_too_early => '6 7', key_not_settled => '1 3 4',
    attempt_lost => '3 4',
);

chdir dirname(abs_path($0)) . '/../..' or die "chdir: $!\n";
STDOUT->autoflush(1);

my $build = File::Spec->rel2abs($ENV{BUILD} || 'build');
my $src = $ENV{NGINX_SRC} || '/usr/share/nginx/src';
my $module = 'ngx_http_portone_module';
my $seed = $ENV{SEED} || 1 + int rand 1e9;
my @mutants = ((grep { exists $chosen{$_->{name}} }
                     mutants('t/sim/mutants.txt')),
               mutants('t/chaos/mutants.txt'));
my %unknown = map { $_ => 1 } @ARGV;
my ($run, $failed) = (0, 0);

print "SEED=$seed\n";

for my $mutant (@mutants) {
    next if @ARGV && !delete $unknown{$mutant->{name}};

    $run++;
    $failed++ if !try_mutant($mutant);
}

die "no such mutant: @{[ sort keys %unknown ]}\n" if %unknown;

print "$run mutants, ", $run - $failed, " caught\n";

exit($failed ? 1 : 0);


# the format is that of t/sim/mutants.txt

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
        }
    }

    for my $mutant (@found) {
        $mutant->{$_} =~ s/\n+\z/\n/ for 'from', 'to';
        $mutant->{to} = '' if $mutant->{to} eq "\n";
    }

    return @found;
}


sub try_mutant {
    my $mutant = shift;
    my $name = $mutant->{name};
    my $dir = "$build/chaos/mutants/$name";

    remove_tree($dir);
    make_path("$dir/chaos");

    build_mutant($mutant, $dir)
        or return complain($mutant, 'does not apply exactly once');

    symlink "$build/ngx_http_portone_sandbox_module.so",
            "$dir/ngx_http_portone_sandbox_module.so";
    symlink "$build/chaos/wire", "$dir/chaos/wire";

    # some need a connection that is cut in a certain moment

    my $output;

    for my $try (0 .. 2) {
        local @ENV{qw( BUILD SEED ROUND CHAOS_SECONDS CHAOS_REST )} =
            ($dir, $seed + $try, 15, 15, 15);

        $output = `t/chaos/chaos.pl 2>&1`;
        last if $? != 0;
    }

    return complain($mutant, 'lives') if $? == 0;

    my %broken;

    $broken{$1}++ while $output =~ /^  (?:imp_\w+: )?(\d+): /mg;

    my @expected = split ' ', "$mutant->{invariants} "
                              . ($chosen{$mutant->{name}} // '');

    if (!grep { $broken{$_} } @expected) {
        return complain($mutant, "dies of something else:\n"
                                 . substr $output, 0, 4000);
    }

    remove_tree($dir);

    printf "%-22s %s  %s\n", $name,
           join(', ', map { "promise $_: $broken{$_} times" }
                      sort { $a <=> $b } keys %broken), $mutant->{what};

    return 1;
}


# Compiles the changed file as nginx's makefile compiles the real one, and
# links it with the objects of all others.

sub build_mutant {
    my ($mutant, $dir) = @_;
    my ($path) = glob "$module/{,*/,core/*/}$mutant->{file}";
    my $text = slurp($path);
    my $parts = () = $text =~ /\Q$mutant->{from}\E/g;

    return 0 if $parts != 1;

    $text =~ s/\Q$mutant->{from}\E/$mutant->{to}/;

    open my $out, '>', "$dir/$mutant->{file}" or die "$dir: $!\n";
    print $out $text;
    close $out or die "$dir: $!\n";

    my ($compile, $link) = commands($mutant->{file});
    my $root = abs_path('.');
    my ($object) = $compile =~ / -o (\S+)/;

    $compile =~ s{\S*/\Q$mutant->{file}\E}{$dir/$mutant->{file}};
    $compile =~ s{ -o \S+}{ -o $dir/mutant.o -I$root/@{[dirname $path]}};
    $compile .= ' -Wno-error';
    $link =~ s{\Q$object\E}{$dir/mutant.o};
    $link =~ s{ -o \S+}{ -o $dir/$module.so};

    for my $command ($compile, $link) {
        system("cd $src && $command 2>$dir/errors") == 0
            or die "$command failed:\n", slurp("$dir/errors");
    }

    return 1;
}


# What nginx's makefile would do to make the module of this file.

sub commands {
    my $file = shift;

    local @ENV{qw( MAKEFLAGS MAKELEVEL MFLAGS )};
    delete @ENV{qw( MAKEFLAGS MAKELEVEL MFLAGS )};

    my $text = `make -s -n -B -C $src -f $build/objs/Makefile modules`;

    $text =~ s/\\\n/ /g;

    my @lines = map { s/\s+/ /gr } split /\n/, $text;
    my ($compile) = grep { m{ -c .*/\Q$file\E(?: |\z)} } @lines;
    my ($link) = grep { m{ -o \S*/$module\.so .* -shared} } @lines;

    die "no command for $file\n" if !$compile || !$link;

    return ($compile, $link);
}


sub slurp {
    my $file = shift;

    open my $in, '<', $file or die "$file: $!\n";
    local $/;

    return scalar <$in> // '';
}


sub complain {
    my ($mutant, $why) = @_;

    printf "%-22s NOT CAUGHT: %s\n", $mutant->{name}, $why;

    return 0;
}
