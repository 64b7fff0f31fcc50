# The rules of the event loop can fail: each call that they forbid ends the
# worker, and leaves its name in the log; the same calls in a thread, and those
# that do not wait, are let through. Needs the binary that t/tools/static makes.

use lib 't/lib';
use Test::Portone;

# the stacks of those that break the rules are no reports here

delete $ENV{TEST_REPORTS};

# what is called => the function that the rules name; those that libraries
# call are found as well

our %forbidden = (
    write_txn => 'mdb_txn_begin',
    new_reader => 'pthread_mutex_lock',
    lmdb_sync => 'fdatasync',
    fsync => 'fsync',
    fdatasync => 'fdatasync',
    msync => 'msync',
    syncfs => 'syncfs',
    sync => 'sync',
    flock => 'flock',
    fcntl => 'fcntl(?:64)?',
    lockf => 'lockf(?:64)?',
    shared_mutex => 'pthread_mutex_lock',
    sleep => 'sleep',
    usleep => 'usleep',
    nanosleep => 'nanosleep',
    clock_nanosleep => 'clock_nanosleep',
    getaddrinfo => 'getaddrinfo',
    gethostbyname => 'gethostbyname',
    gethostbyname_r => 'gethostbyname_r',
    gethostbyaddr => 'gethostbyaddr',
    getnameinfo => 'getnameinfo',
    res_query => 'res_query',
    curl => 'getaddrinfo',
);

our @allowed = qw( read_txn flock_nb fcntl_nb mutex numeric );
our @in_thread = qw( write_txn new_reader lmdb_sync fsync fdatasync flock
                     shared_mutex usleep );

sub locations {
    return join '', map {
        my ($call, $thread) = split / /;
        my $uri = $thread ? "/thread/$call" : "/$call";

        "location = $uri { rules_break $_; }\n";
    } @_;
}

run_tests();

__DATA__

=== TEST 1: what waits ends the worker
--- locations eval
main::locations(sort keys %main::forbidden)
--- steps eval
CORE::join '', map { "GET /$_\n    -> closed\n" } sort keys %main::forbidden
--- error_log eval
[(map { qr/^rules: $main::forbidden{$_}\(\) in the event loop$/m }
      sort keys %main::forbidden),
 qr/#\d+ .*liblmdb\.so/, qr/#\d+ .*libcurl\.so/,
 qr/\[alert\] .* worker process \d+ exited on signal 6/]



=== TEST 2: in a thread it does no harm, nor does what cannot wait
--- locations eval
main::locations(@main::allowed, map { "$_ thread" } @main::in_thread)
--- steps eval
CORE::join '', map { "GET $_\n    -> 204\n" }
    (map { "/$_" } @main::allowed), map { "/thread/$_" } @main::in_thread
--- no_error_log
rules:



=== TEST 3: a name may not be looked up by a thread either
--- locations eval
main::locations('getaddrinfo thread')
--- steps
GET /thread/getaddrinfo
    -> closed
--- error_log eval
[qr/^rules: getaddrinfo\(\) in the event loop$/m,
 qr/\[alert\] .* worker process \d+ exited on signal 6/]
