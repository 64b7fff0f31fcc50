package Test::Portone::Hold;

# Two ways to hold a store up, compiled when a test uses them, which must be
# before Test::Nginx is loaded:
#
#     $TEST_NGINX_HOLD_STORE path pidfile
#                                 a program that holds the writer's lock
#     $TEST_NGINX_HOLD_SYNC       while this file exists, fdatasync() waits in
#                                 nginx; with .waiting at its end it is there
#                                 once somebody has had to wait; while the file
#                                 with .full at its end exists, nothing more
#                                 can be written to a store

use strict;
use warnings;

use File::Temp qw( tempdir );

my $dir = tempdir(CLEANUP => 1);
my $cc = $ENV{CC} || 'cc';

$ENV{TEST_NGINX_HOLD_STORE} = "$dir/hold-store";
$ENV{TEST_NGINX_HOLD_SYNC} = "$dir/sync";

_compile("$dir/hold-store", 't/tools/hold-store.c', '-llmdb');
_compile("$dir/hold-sync.so", 't/tools/hold-sync.c', qw( -shared -fPIC -ldl ),
         "'-DHOLD_SYNC=\"$dir/sync\"'");

# a sanitizer wants to be the first that is loaded

$ENV{LD_PRELOAD} = join ' ', grep { $_ } $ENV{LD_PRELOAD}, "$dir/hold-sync.so";
$ENV{ASAN_OPTIONS} = join ':', grep { $_ } $ENV{ASAN_OPTIONS},
                     'verify_asan_link_order=0';


sub _compile {
    my ($target, $source, @flags) = @_;
    my $output = `$cc -O1 -o $target $source @flags 2>&1`;

    die "$source: $output\n" if $?;
}


1;
