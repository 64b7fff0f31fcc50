package Test::Portone;

use lib 't/lib';

use Test::Portone::Nginx ();
use Test::Nginx::Socket -Base;
use Test::Nginx::Util;
use Test::Portone::Sandbox qw( add_sandbox ledger_failures ledger_text );
use Test::Portone::Server qw( server_log server_stop wait_until );
use Test::Portone::Steps qw( parse_steps run_steps );

use File::Path qw( make_path remove_tree );
use File::Spec ();
use List::Util ();

sub bad_lines ($$);
sub check_logs ($$);
sub check_reports ($);
sub prepare_block ($);
sub run_block ($$$);
sub finish_block ($);
sub wait_for_log ($$);

my $run_request = $RunTestHelper;
my $blocks = 0;
my $steps_ran;

my $reports = "$ServRoot.reports";
my $stores = "$ServRoot.stores";

# modules that are linked into the binary need no load_module

my $build = File::Spec->rel2abs($ENV{BUILD} // 'build');

$Test::Nginx::Util::LoadModules //= join ' ', map { "$build/$_.so" }
    qw( ngx_http_portone_module ngx_http_portone_sandbox_module );

# one number brings the same order of blocks again

my $seed = $ENV{TEST_SEED} // int rand 1e9;

{
    no warnings 'redefine';

    *Test::Nginx::Util::shuffle = sub (@) {
        srand $seed;
        return List::Util::shuffle(@_);
    };
}

Test::Portone::Nginx::take_over();

plan 'no_plan';

log_level($ENV{TEST_NGINX_LOG_LEVEL} // 'info');
master_on();
no_long_string();
no_root_location();
worker_connections(256);

$Test::Nginx::Util::TestNginxSleep = 0.002 if !defined $ENV{TEST_NGINX_SLEEP};

remove_tree($reports, $stores);
make_path($reports, $stores);

$ENV{TEST_REPORTS} = $reports;
$ENV{TEST_NGINX_SERVER_PORT} //= $ServerPort;
$ENV{"TEST_NGINX_PORT_$_"} = $ServerPort + $_ for 1 .. 9;

add_block_preprocessor(sub { prepare_block($_[0]) });
add_test_cleanup_handler(sub { finish_block($_[0]) });
$RunTestHelper = \&run_block;


# A block gets a PortOne, a store and shared memory of its own, so that no
# order of blocks, and no server that is reloaded between them, lets one block
# see what another has done.

sub prepare_block ($) {
    my $block = shift;

    $blocks++;
    $steps_ran = 0;

    $ENV{TEST_NGINX_STORE} = "$stores/$blocks";
    $ENV{TEST_NGINX_API} = "http://127.0.0.1:$ServerPort/api-$blocks";
    $ENV{TEST_NGINX_BLOCK} = $blocks;

    # nginx leaves everything where it is when it refuses a configuration

    delete $ENV{TEST_LEAKS};
    $ENV{TEST_LEAKS} = 0 if defined $block->must_die;

    # the threads of a pool are made for each worker: 32 are a third of a start

    my $main = $block->main_config // '';

    $block->set_value('main_config', "thread_pool default threads=4; $main")
        if !defined $block->bare && $main !~ /thread_pool/;

    workers($block->workers // $ENV{TEST_NGINX_WORKERS} // 1);

    add_sandbox($block, $blocks) if !defined $block->bare;

    # a reloaded server would go on with that of the block before, if any

    $block->set_value('config', '# nothing') if !defined $block->config;

    # Test::Nginx wants a request, even where the steps send their own

    if (defined $block->steps || defined $block->must_die) {
        $block->set_value('request', 'GET /') if !defined $block->request;
    }

    if (defined $block->must_die) {
        $block->set_value('suppress_stderr', 1);
        $block->set_value('error_log', "[emerg]\n" . $block->error_log);
    }
}


sub run_block ($$$) {
    my ($block, $dry_run, $repeated) = @_;

    if (!defined $block->steps) {
        $run_request->(@_);
        return;
    }

    my $name = $block->name;
    my $environment = sub {
        expand_env_in_text($_[0], $name, $Test::Nginx::Util::RandPorts);
    };
    my @steps = eval {
        local $SIG{__DIE__};
        parse_steps($block->steps, $environment);
    };

    bail_out("$name - steps: $@") if $@;

    if (!run_steps($name, $ServerPortForClient, @steps)) {
        diag("PortOne received:\n", ledger_text($ServerPortForClient),
             "error.log ends with:\n", join '', map { "    $_\n" }
             grep { defined } (split /\n/, server_log())[-12 .. -1]);
        return;
    }

    $steps_ran = !defined $block->bare;

    if (defined ($block->error_log // $block->no_error_log
                 // $block->grep_error_log))
    {
        wait_for_log($block->error_log, 'error.log');
        Test::Nginx::Socket::check_error_log($block, undef, $dry_run,
                                             $repeated);
    }

    if (defined ($block->access_log // $block->no_access_log)) {
        wait_for_log($block->access_log, 'access.log');
        Test::Nginx::Socket::check_access_log($block, $dry_run, $repeated);
    }
}


# What is expected in a log may be written a moment after the answer.

sub wait_for_log ($$) {
    my ($patterns, $file) = @_;

    return if !defined $patterns;

    my @patterns = map { ref $_ ? $_ : qr/\Q$_\E/ }
        ref $patterns eq 'ARRAY' ? grep { defined } @$patterns
        : ref $patterns ? $patterns : grep { length } split /\n/, $patterns;

    wait_until(3, sub {
        my $log = server_log($file);
        return !grep { $log !~ /$_/ } @patterns;
    });
}


sub finish_block ($) {
    my $block = shift;
    my $name = $block->name;

    if ($steps_ran) {
        my @failures = ledger_failures($ServerPortForClient);

        ok(!@failures, "$name - PortOne worked on one cancel of a payment"
                       . " at a time") or diag(@failures);
    }

    if (!$Test::Nginx::Util::UseHup) {
        my $signal = $block->stop // 'QUIT';
        my $how = server_stop($signal);

        is($how, $signal, "$name - nginx ended in time") if $how;
    }

    check_logs($block, $name);
    check_reports($name);
}


# Nothing that an administrator is woken up for, no secret and no token is in
# any log, unless the block says that it belongs there.

sub check_logs ($$) {
    my ($block, $name) = @_;
    my @bad = bad_lines($block, server_log());

    ok(!@bad, "$name - error.log is clean")
        or diag(map { "    $_\n" } @bad);

    return if $Test::Nginx::Util::LogLevel eq 'debug';

    my @secret = grep { /imp_secret_of_tests|\b[0-9a-f]{40}\b/ }
        split /\n/, server_log() . "\n" . server_log('access.log');

    ok(!@secret, "$name - no secret in the logs")
        or diag(map { "    $_\n" } @secret);
}


sub bad_lines ($$) {
    my ($block, $log) = @_;
    my @expected;

    if ($block) {
        my $patterns = $block->error_log // [];

        @expected = map { ref $_ ? $_ : qr/\Q$_\E/ }
            ref $patterns eq 'ARRAY' ? grep { defined } @$patterns
            : ref $patterns ? $patterns : grep { length } split /\n/, $patterns;

        push @expected, qr/\[emerg\]/ if defined $block->must_die;

        # the master says so when a test has killed a worker, and when it did so
        # itself: to workers that have not left a second after "stop"

        push @expected, qr/ exited on signal 9$/
            if ($block->steps // '') =~ /^(?:crash workers|kill|terminate)$/m
               || ($block->stop // '') eq 'TERM';
    }

    return grep { my $line = $_;
                  $line =~ /\[(?:alert|crit|emerg)\]|runtime error:/
                  && !grep { $line =~ /$_/ } @expected } split /\n/, $log;
}


# The sanitizers write a file for each process that has something to report.

sub check_reports ($) {
    my $name = shift;

    for my $file (glob "$reports/*") {
        open my $in, '<', $file or die "$file: $!";
        read $in, my $report, 8000;
        close $in;
        unlink $file;

        # LeakSanitizer says this of a thread that ends while it looks for
        # leaks; what it finds it reports all the same

        $report =~ s/^==\d+==Unable to get registers from thread \d+\.\n//mg;

        next if $report eq '';

        fail("$name - a sanitizer has something to report");
        diag($report);
    }
}


END {
    if (!$Test::Nginx::Util::InSubprocess) {
        local $?;

        # a server that is reloaded between blocks has its last words here

        if ($Test::Nginx::Util::UseHup) {
            my $how = server_stop();
            my @bad = bad_lines($Test::Nginx::Util::PrevBlock, server_log());

            # workers whose requests hang by design of an earlier block say so

            @bad = grep { !/ open socket #\d+ left in connection | aborting$/ }
                   @bad if $how ne 'QUIT';

            ok(!@bad, "$0 - error.log is clean at the end")
                or diag(map { "    $_\n" } @bad);
        }

        check_reports($0);

        if (Test::More->builder->is_passing) {
            remove_tree($reports, $stores);

        } else {
            diag("TEST_SEED=$seed repeats this order; stores: $stores");
        }
    }
}

1;
__END__

=encoding utf-8

=head1 NAME

Test::Portone - Test::Nginx for refunds

=head1 SYNOPSIS

    use lib 't/lib';
    use Test::Portone;

    run_tests();

    __DATA__

    === TEST 1: a partial refund leaves the rest refundable
    --- payments
    imp_uid=imp_1 merchant_uid=order_1 amount=1000
    --- steps
    refund {"merchant_uid": "order_1", "cancel_request_amount": 300}
        Idempotency-Key: one
        -> 200
        -> .refundable_amount = 700
        -> Portone-Refund-Id as id
    GET /payments/order_1
        -> .refunds[0].refund_id = {{id}}
        -> .refunds # 1
    ledger
        -> .payments.imp_1.executions = 1

=head1 DESCRIPTION

This is L<Test::Nginx::Socket> with all its sections and functions, and with a
set-up that costs a block no lines. Every block has a store, shared memory and
a PortOne of its own, so that blocks do not see each other in whatever order
they run, also when one nginx is reloaded from block to block
(C<TEST_NGINX_USE_HUP=1>). The usual server is

    portone_store, portone_zone, portone_api, portone_imp_key,
    portone_imp_secret                      for the module, at http level
    portone_sandbox_zone, portone_sandbox_account, portone_sandbox_payment
                                            for its PortOne, at http level

    location = /payments/cancel { portone_cancel; }
    location /payments/         { portone_payment; }
    location /sandbox/          { portone_sandbox; }   # for the test
    location /api-N/            { portone_sandbox; }   # for the module

Both sandbox locations are the same PortOne. A directive of the first group
which the block's own C<http_config> has at http level is left to the block.

After each block it is asserted that

=over

=item * nginx ends when it is told to,

=item * error.log has no [alert], [crit] or [emerg], and UBSan found nothing
("runtime error:"); lines that match the block's C<error_log> are expected,

=item * AddressSanitizer and LeakSanitizer have written no report,

=item * neither log has the secret or anything that looks like a token,

=item * in blocks with C<steps>: PortOne never worked on two cancels of one
payment at once.

=back

=head1 SECTIONS

=head2 payments

Lines with the parameters of C<portone_sandbox_payment>, one payment a line.

=head2 http_config

Directives at http level, as in Test::Nginx.

=head2 cancel

Directives inside C<location = /payments/cancel>.

=head2 locations

Further locations beside the usual ones.

=head2 config

Replaces the usual locations. The two sandbox locations stay.

=head2 bare

Nothing is added at all.

=head2 workers

The number of workers of this block. Otherwise C<TEST_NGINX_WORKERS>, or 1.

=head2 stop

The signal that ends nginx after this block: QUIT (default), or TERM for a
block that leaves requests hanging. nginx must obey within a few seconds.

=head2 steps

What the test does, one step after the other. A step begins at the margin; the
indented lines below belong to it. Blank lines and lines that begin with # are
skipped. The first step that fails ends the block: what was sent, what was
answered, every request that PortOne received and the end of error.log are
shown.

Steps which send a request and wait for the whole answer:

    METHOD /uri [body]      any request; http://127.0.0.1:port/uri, too
    refund {json}           POST /payments/cancel {json}
    ledger [?query]         what PortOne has received
    fault {json}            arms a fault of the sandbox
    open NAME               opens a gate of the sandbox
    waiting NAME N          waits until N requests wait at a gate
    sandbox METHOD path [body]
                            any other control call below /sandbox/_sandbox/

A JSON body gets C<Content-Type: application/json>. Requests are HTTP/1.1 with
C<Connection: close>. Before a request may stand

    [name]                  send only; the answer is awaited later
    within 5s               ask again until all expectations hold, for what
                            happens in the background

Other steps:

    await NAME              waits for the answer of [name], and checks it
    answers NAME NAME...    waits for all of these answers, and counts them;
                            "answers r1 .. r20", too
    drop NAME               closes the connection of [name]
    reload                  HUP; goes on when new workers serve
    old workers gone        waits until workers before a reload have left
    crash workers           kills all workers with KILL, waits for new ones
    stop, terminate         QUIT or TERM to nginx, waits for its end
    kill                    KILL to the master and all workers
    $ command               a shell command: its output is the body, its exit
                            status is expected by "-> exit N", 0 by default
    start                   starts nginx again, same configuration and store

Steps of one's own: a line that begins with the name of a function of the test
file, or of a variable (C<our>), stands for the steps that it brings. A blank
may be written for an underscore. A function gets the words of the line, each
plain or 'quoted', and then the lines below it that begin with C<=>:

    lost 1 lose_answer      the steps of lost(1, 'lose_answer')
    nothing sent            the steps of nothing_sent()
    sent
        = {"amount": 300}   the steps of sent('{"amount": 300}')

Loops, which may stand in each other:

    repeat 20               the steps up to "end", 20 times; {{n}} is 1 to 20
    for NAME in 1 2 'a b'   once for each value of {{NAME}}; further values
                            are on lines that begin with "="
    end

Lines below a request:

    Name: value             a header; an empty value leaves a header out
    | text                  a line of the body
    -> ...                  an expectation

Expectations:

    -> 409                  the status; 200 if no step says otherwise
    -> 409 refund_in_progress
                            and the member "error" of the JSON answer
    -> 409 refund_in_progress x 19
                            so many of these, or "any" number of them; for
                            "answers" only, which allows no other answers
    -> .path = value        a JSON value; what is not JSON is a string
    -> .path OP value       OP: = != ~ !~ < <= > >=  (~: regular expression)
    -> .path # 3            number of elements, members or bytes
    -> .path present, -> .path absent
    -> .path as name        keeps it; {{name}} stands for it from here on,
                            and where no step keeps it, for $name (our)
    -> Name: value          a header of the answer
    -> Name: ~ regex
    -> Name as name
    -> ! Name               this header is absent
    -> body = text          the whole body; also != ~ !~
    -> body as name
    -> closed               the connection was closed without a byte
    -> truncated            the answer was cut short

In a request, C<{{long 300}}> is "x" 300 times, C<{{long 20 ab}}> "ab" 20 times.

A path is C<.>, or members and elements: C<.refunds[0].state>, C<[-1].amount>,
C<.["odd name"]>.

=head1 ENVIRONMENT

In configurations and steps:

    $TEST_NGINX_STORE       the directory of the block's store
    $TEST_NGINX_API         the URL of the block's PortOne
    $TEST_NGINX_BLOCK       the number of the block
    $TEST_NGINX_SERVER_PORT, $TEST_NGINX_PORT_1 to _9
                            ports that no other test uses

From outside: C<BUILD> (where the modules are, default C<build>),
C<TEST_NGINX_WORKERS>, C<TEST_NGINX_LOG_LEVEL> (default info; secrets are not
looked for at debug level), C<TEST_SEED> (the order of blocks), and all of
Test::Nginx's own.

=cut
