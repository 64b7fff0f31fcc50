package Test::Portone::Nginx;

# What Test::Nginx does for each block by way of other programs, without them:
# a block costs a third of the time. This file is loaded before Test::Nginx,
# whose calls of system() and whose backticks come here.

use strict;
use warnings;

my (%said, $block, %old_workers);

my @commands = (
    [qr/^rm (\S+)$/, sub { unlink $_[0] }],
    [qr/^kill -(\w+) (\d+)$/, sub { kill $_[0], $_[1] }],
);

# Perl lets a package replace these two only with functions of another package,
# and before it compiles the calls

BEGIN {
    *Test::Nginx::Util::system = \&_system;
    *Test::Nginx::Util::readpipe = \&_readpipe;
}

require Test::Portone::Server;
Test::Portone::Server->import(
    qw( server_log server_workers wait_until ));


# Called when Test::Nginx has been loaded.

sub take_over {
    no warnings qw( once redefine );

    my $write_config_file = \&Test::Nginx::Util::write_config_file;

    *Test::Nginx::Util::write_config_file = sub ($$$) {
        $block = shift;
        %old_workers = map { $_ => 1 } server_workers('all');
        $write_config_file->($block, @_);
    };

    *Test::Nginx::Util::test_config_version = \&_wait_for_reload;

    *Test::Nginx::Util::is_defunct = sub ($) {
        open my $in, '<', "/proc/$_[0]/stat" or return 1;
        return <$in> =~ /\) [ZX]/;
    };
}


sub _system {
    my $command = shift;

    for (@commands) {
        my ($pattern, $do) = @$_;
        my @operands = $command =~ $pattern or next;

        return $do->(@operands) ? 0 : 1;
    }

    my $status = CORE::system($command);

    # Test::Nginx would try for half a minute to start a server whose
    # configuration is wrong

    if (!defined $block->must_die) {
        _give_up() if $status != 0;
        _give_up() if $command =~ / -c / && !_all_workers();
    }

    return $status;
}


# A worker is called so once it is ready: it has opened the store, for example.
# A process without a master has no name of its own.

sub _all_workers {
    no warnings 'once';

    return 1 if $Test::Nginx::Util::MasterProcessEnabled eq 'off';

    return wait_until(10, sub {
        server_workers() == $Test::Nginx::Util::Workers;
    });
}


# What nginx -V says is asked once.

sub _readpipe {
    my $command = shift;

    return $command =~ / -V / ? $said{$command} //= CORE::readpipe($command)
                              : CORE::readpipe($command);
}


# Goes on when the workers with the new configuration serve and none of the old
# ones accepts: a worker that "is shutting down" closes its listening sockets
# before it looks at the next event.

sub _wait_for_reload ($$) {
    my ($name) = @_;
    my $end = wait_until(10, sub {
        my @workers = server_workers();

        return 'emerg' if server_log() =~ /\[emerg\]/;
        return @workers == $Test::Nginx::Util::Workers
               && !grep { $old_workers{$_} } @workers;
    });

    _give_up() if !$end || $end eq 'emerg';
}


# Says why nginx does not do what it is told.

sub _give_up {
    no warnings 'once';

    my $command = "$Test::Nginx::Util::NginxBinary -t"
        . " -p $Test::Nginx::Util::ServRoot/"
        . " -e $Test::Nginx::Util::ErrLogFile"
        . " -c $Test::Nginx::Util::ConfFile 2>&1";

    Test::More::fail($block->name . ' - nginx starts');
    Test::More::diag(CORE::readpipe($command));
    exit 1;
}


1;
