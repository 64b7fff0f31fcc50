package Test::Portone::Steps;

# The "--- steps" section of a test block: parses it, carries the steps out one
# after the other, and checks what each line expects. The syntax is described
# in Test::Portone.

use strict;
use warnings;

use Test::More ();
use Time::HiRes qw( sleep time );

use Test::Portone::Client ();
use Test::Portone::Json qw( json_at json_check json_decode json_text );
use Test::Portone::Server qw(
    server_crash_workers server_kill server_reload server_start server_stop
    server_workers wait_until
);

use Exporter qw( import );

our @EXPORT_OK = qw( add_actions parse_steps run_steps );

my %actions = (
    'crash workers' => \&server_crash_workers,
    kill => \&server_kill,
    reload => \&server_reload,
    start => \&server_start,
    stop => sub { _stop('QUIT') },
    terminate => sub { _stop('TERM') },
    'old workers gone' => \&_old_workers_gone,
);

# other beginnings of a step, which no word of a test file can have

my $verbs = qr/answers|await|drop|fault|ledger|open|refund|sandbox|waiting
               |within/x;


# add_actions(step => sub, ...): steps without operands that a test brings
# along; they die when they fail.

sub add_actions {
    %actions = (%actions, @_);
}


# parse_steps(text, environment) returns a list of { line, number, ... }; dies
# with the number of the line and what is wrong with it. The second function
# gives a line its variables of the environment, also one that a word brings.

sub parse_steps {
    my ($text, $environment) = @_;
    my $n = 0;
    my @lines = _expand(map { [++$n, $_] } split /\n/, $text);
    my %saved = map { $_->[1] =~ /^\s+->.*\sas\s+(\w+)\s*$/ ? ($1 => 1) : () }
                    @lines;
    my @steps;

    for my $entry (@lines) {
        my ($number, $line) = @$entry;

        $line =~ s/(\{\{(\w+)\}\})/$saved{$2} ? $1 : _variable($2) \/\/ $1/ge;
        $line = $environment->($line) if $environment;

        if ($line =~ /^\S/) {
            push @steps, { number => $number, line => $line, headers => [],
                           expect => [], %{_parse_step($line, $number)} };
            next;
        }

        my $step = $steps[-1] or die "line $number: no step above it\n";

        if ($line =~ /^\s+->\s*(.*?)\s*$/) {
            push @{$step->{expect}}, _parse_expectation($1, $number);

        } elsif ($line =~ /^\s+\|(.*)$/) {
            $step->{body} .= defined $step->{body} ? "\n$1" : $1;

        } elsif ($line =~ /^\s+([\w-]+):\s*(.*?)\s*$/) {
            push @{$step->{headers}}, [$1, $2];

        } else {
            die "line $number: neither a header, \"| body\""
                . " nor \"-> expectation\": $line\n";
        }
    }

    return @steps;
}


# _expand([number, line]...) returns the lines that are left when loops are
# unrolled, the words of the test file are replaced by the steps that they stand
# for, and blank lines and remarks are gone.

sub _expand {
    my @lines = grep { $_->[1] !~ /^\s*(?:#|$)/ } @_;
    my @expanded;

    while (my $entry = shift @lines) {
        my ($number, $line) = @$entry;

        if ($line =~ /^(?:for\s+\w+\s+in|repeat)\b/) {
            push @expanded, _expand(_unroll($entry, \@lines));

        } elsif (my ($word, @values) = _word($entry, \@lines)) {
            my $text = ref $word eq 'CODE' ? $word->(@values) : $$word;

            push @expanded, _expand(map { [$number, $_] } split /\n/, $text);

        } else {
            push @expanded, $entry;
        }
    }

    return @expanded;
}


# "for name in values...", "repeat n": the lines up to "end", once for each
# value of {{name}}, or for {{n}} from 1 on.

sub _unroll {
    my ($entry, $lines) = @_;
    my ($number, $line) = @$entry;
    my ($name, @values, @body);
    my $depth = 1;

    if ($line =~ /^repeat\s+(\d+)$/) {
        ($name, @values) = ('n', 1 .. $1);

    } elsif ($line =~ /^for\s+(\w+)\s+in\b(.*)$/) {
        ($name, @values) = ($1, _values($2, $lines));

    } else {
        die "line $number: \"repeat\" wants a number: $line\n";
    }

    while (my $next = shift @$lines) {
        $depth++ if $next->[1] =~ /^(?:for\s+\w+\s+in|repeat)\b/;
        $depth-- if $next->[1] eq 'end';

        if ($depth == 0) {
            return map { my $value = $_;
                         map { [$_->[0], $_->[1] =~ s/\{\{$name\}\}/$value/gr] }
                             @body } @values;
        }

        push @body, $next;
    }

    die "line $number: no \"end\" below: $line\n";
}


# A word of the test file: a function, or a variable (our), that brings steps
# along. Blanks of a word are underscores of its name. Returns it and what it
# is given.

sub _word {
    my ($entry, $lines) = @_;
    my $line = $entry->[1];

    return if $line !~ /^[a-z]/ || $actions{$line} || $line =~ /^$verbs\b/;

    for my $blanks (1, 0) {
        $line =~ /^(\w+(?: [a-z]\w*){$blanks})(?=\s|$)(.*)$/ or next;

        my ($name, $rest) = ($1 =~ tr/ /_/r, $2);
        no strict 'refs';

        return (\&{"main::$name"}, _values($rest, $lines))
            if defined &{"main::$name"};
        return \${"main::$name"} if defined ${"main::$name"};
    }

    return;
}


# {{name}} that no step saves is a variable (our) of the test file.

sub _variable {
    my $name = shift;
    no strict 'refs';

    return ${"main::$name"};
}


# The values on the line, each a word or 'quoted'; further ones are on the lines
# below it, each after a "=" and to the end of its line.

sub _values {
    my ($text, $lines) = @_;
    my @values;

    while ($text =~ /\G\s+(?:'([^']*)'|(\S+))/gc) {
        push @values, $1 // $2;
    }

    while (@$lines && $lines->[0][1] =~ /^\s+= ?(.*)$/) {
        push @values, $1;
        shift @$lines;
    }

    return @values;
}


sub _parse_step {
    my ($line, $number) = @_;
    my %step;

    # [name] step: the answer is awaited later, by "await name"

    if ($line =~ s/^\[(\w+)\]\s+//) {
        $step{name} = $1;
    }

    if ($line =~ s/^within\s+([\d.]+)s\s+//) {
        $step{within} = $1;
    }

    if ($line =~ /^(await|drop)\s+(\w+)$/) {
        return { %step, verb => $1, operand => $2 };
    }

    if ($line =~ /^answers\s+([a-z]+)(\d+)\s+\.\.\s+\1(\d+)$/) {
        return { %step, verb => 'answers', operands => [map "$1$_", $2 .. $3] };
    }

    if ($line =~ /^answers((?:\s+\w+)+)$/) {
        return { %step, verb => 'answers', operands => [split ' ', $1] };
    }

    if ($actions{$line}) {
        return { %step, verb => $line };
    }

    # $ command: its output is the body, its exit status the status

    if ($line =~ /^\$\s+(.+)$/) {
        return { %step, verb => 'command', command => $1 };
    }

    # short words for what most tests do

    $line =~ s{^refund\b}{POST /payments/cancel};
    $line =~ s{^ledger\b\s*}{sandbox GET ledger};
    $line =~ s{^fault\b}{sandbox POST faults};
    $line =~ s{^open\s+(\w+)$}{sandbox POST gates/$1 {"open": true}};
    $line =~ s{^waiting\s+(\w+)\s+(\d+)$}{sandbox GET gates/$1?waiting=$2};
    $line =~ s{^sandbox\s+([A-Z]+)\s+}{$1 /sandbox/_sandbox/};

    if ($line =~ m{^([A-Z]+)\s+((?:/|http://)\S*)(?:\s+(.*?))?\s*$}) {
        $step{verb} = 'request';
        @step{qw( method uri )} = ($1, $2);
        $step{body} = $3 if defined $3 && $3 ne '';

        return \%step;
    }

    die "line $number: unknown step: $line\n";
}


sub _parse_expectation {
    my ($text, $number) = @_;

    my $operators = qr/=|!=|~|!~|<=?|>=?|\#/;

    return { kind => 'closed', text => $text } if $text eq 'closed';
    return { kind => 'truncated', text => $text } if $text eq 'truncated';

    if ($text =~ /^exit\s+(\d+)$/) {
        return { kind => 'status', status => $1, text => $text };
    }

    if ($text =~ /^(\d{3}(?:\s+\w+)?)\s+x\s+(\d+|any)$/) {
        return { kind => 'tally', answer => $1, times => $2, text => $text };
    }

    if ($text =~ /^(\d{3})(?:\s+(\w+))?$/) {
        return { kind => 'status', status => $1, error => $2, text => $text };
    }

    if ($text =~ /^([.\[]\S*)\s+as\s+(\w+)$/) {
        return { kind => 'save', path => $1, as => $2, text => $text };
    }

    if ($text =~ /^([.\[]\S*)\s+(present|absent)$/) {
        return { kind => 'json', path => $1, operator => $2, text => $text };
    }

    if ($text =~ /^([.\[]\S*)\s+($operators)\s*(.*)$/) {
        return { kind => 'json', path => $1, operator => $2, operand => $3,
                 text => $text };
    }

    if ($text =~ /^body\s+(=|!=|~|!~)\s*(.*)$/) {
        return { kind => 'body', operator => $1, operand => $2,
                 text => $text };
    }

    if ($text =~ /^body\s+as\s+(\w+)$/) {
        return { kind => 'save', as => $1, text => $text };
    }

    if ($text =~ /^!\s*([\w-]+)$/) {
        return { kind => 'no_header', header => $1, text => $text };
    }

    if ($text =~ /^([\w-]+)\s+as\s+(\w+)$/) {
        return { kind => 'save', header => $1, as => $2, text => $text };
    }

    if ($text =~ /^([\w-]+):\s*(~\s*)?(.*)$/) {
        return { kind => 'header', header => $1, text => $text,
                 operator => $2 ? '~' : '=', operand => $3 };
    }

    die "line $number: unknown expectation: $text\n";
}


# run_steps(name, port, steps...) makes one test of each step. After the first
# step that fails the others are not run: they would only hide the cause.
# Returns whether all went well.

sub run_steps {
    my ($name, $port, @steps) = @_;
    my %run = (port => $port, saved => {}, waiting => {});

    for my $step (@steps) {
        my $what = "$name - line $step->{number}: "
            . substr $step->{line}, 0, 70;

        my @failures = eval { local $SIG{__DIE__}; _run_step(\%run, $step) };

        push @failures, $@ if $@;

        next if Test::More::ok(!@failures, $what);

        Test::More::diag(join '', map { "    $_\n" }
                         map { s/\s+\z//; split /\n/ } @failures);
        _show_exchange(\%run);

        return 0;
    }

    for my $left (sort keys %{$run{waiting}}) {
        Test::More::fail("$name - request [$left] was never awaited");

        return 0;
    }

    return 1;
}


sub _run_step {
    my ($run, $step) = @_;

    if ($actions{$step->{verb}}) {
        $actions{$step->{verb}}->();
        return;
    }

    my $do = { request => \&_request, command => \&_command }->{$step->{verb}};

    if ($do) {
        return $do->($run, $step) if !$step->{within};

        # settled in the background: asked again until all of it holds

        my @failures;

        wait_until($step->{within}, sub {
            @failures = $do->($run, $step);
            return !@failures || do { sleep 0.02; 0 };
        });

        return @failures;
    }

    return _tally($run, $step) if $step->{verb} eq 'answers';

    my $client = delete $run->{waiting}{$step->{operand}}
        or return "no request [$step->{operand}] is waiting";

    $run->{last} = $client;

    if ($step->{verb} eq 'drop') {
        $client->drop;
        return;
    }

    return _check($run, $step, $client->answer);
}


# Awaits several answers and counts them, whichever request got which.

sub _tally {
    my ($run, $step) = @_;
    my (%tally, @failures);

    for my $name (@{$step->{operands}}) {
        my $client = delete $run->{waiting}{$name}
            or return "no request [$name] is waiting";
        my $answer = $client->answer;
        my ($document) = json_decode($answer->{body});
        my $error = ref $document eq 'HASH' ? $document->{error} : undef;

        $run->{last} = $client;
        $tally{join ' ', grep { defined }
               $answer->{status} // 'no answer', $error}++;
    }

    for my $expect (@{$step->{expect}}) {
        if ($expect->{kind} ne 'tally') {
            push @failures, "\"$expect->{text}\" does not count answers";

        } elsif ($expect->{times} ne 'any'
                 && ($tally{$expect->{answer}} // 0) != $expect->{times})
        {
            push @failures, "expected: $expect->{text}";

        } else {
            delete $tally{$expect->{answer}};
        }
    }

    return @failures, map { "     got: $_ x $tally{$_}" } sort keys %tally;
}


sub _request {
    my ($run, $step) = @_;

    my $client = Test::Portone::Client->new(
        port => $run->{port},
        method => $step->{method},
        uri => _fill($run, $step->{uri}),
        headers => [map { [$_->[0], _fill($run, $_->[1])] }
                        @{$step->{headers}}],
        body => _fill($run, $step->{body}),
    );

    $run->{last} = $client;

    if (defined $step->{name}) {
        $run->{waiting}{$step->{name}} = $client;
        return $client->{failure} // ();
    }

    return _check($run, $step, $client->answer);
}


# A shell command, continued by the lines of the body.

sub _command {
    my ($run, $step) = @_;
    my $command = _fill($run, join "\n", $step->{command},
                        $step->{body} // ());

    delete $run->{last};

    open my $in, '-|', 'sh', '-c', "exec 2>&1; $command" or die "sh: $!\n";

    my $output = do { local $/; <$in> } // '';

    close $in;

    my $status = $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
    my @failures = _check($run, $step, { status => $status, headers => {},
                                         body => $output });

    return @failures ? (@failures, "output: $output") : ();
}


# {{name}} stands for what an earlier step has saved under this name,
# {{long 300 ab}} for 300 times "ab" ("x").

sub _fill {
    my ($run, $text) = @_;

    return $text if !defined $text;

    $text =~ s/\{\{long (\d+)(?: ([^{}]+))?\}\}/($2 \/\/ 'x') x $1/ge;
    $text =~ s/\{\{(\w+)\}\}/$run->{saved}{$1} \/\/ die "no {{$1}} yet\n"/ge;

    return $text;
}


sub _check {
    my ($run, $step, $answer) = @_;
    my @expect = @{$step->{expect}};
    my @failures;

    if (!grep { $_->{kind} =~ /^(?:status|closed)$/ } @expect) {
        my $status = $step->{verb} eq 'command' ? 0 : 200;

        unshift @expect, { kind => 'status', status => $status,
                           text => "status $status" };
    }

    if ($answer->{truncated} && !grep { $_->{kind} eq 'truncated' } @expect) {
        push @failures, 'the answer was cut short';
    }

    if ($answer->{failure}) {
        push @failures, $answer->{failure};
    }

    for my $expect (@expect) {
        my $got = _check_one($run, $expect, $answer);

        next if !defined $got;

        push @failures, "expected: $expect->{text}\n     got: $got";
        last if $got =~ /^not JSON/;
    }

    return @failures;
}


# Returns undef when the expectation holds, else what is there instead.

sub _check_one {
    my ($run, $expect, $answer) = @_;
    my $kind = $expect->{kind};
    my $status = $answer->{status}
        // ($answer->{closed} ? 'closed' : 'no answer');

    if ($kind eq 'closed' || $kind eq 'truncated') {
        return $answer->{$kind} ? undef : $status;
    }

    if ($kind eq 'status') {
        return $status if $status ne $expect->{status};
        return undef if !defined $expect->{error};

        $expect = { kind => 'json', path => '.error', operator => '=',
                    operand => $expect->{error} };
        $kind = 'json';
    }

    if ($kind eq 'body') {
        my $operand = _fill($run, $expect->{operand});
        my $holds = $expect->{operator} =~ /~/ ? $answer->{body} =~ /$operand/
                                               : $answer->{body} eq $operand;

        return $holds == ($expect->{operator} !~ /!/) ? undef
                                                      : $answer->{body};
    }

    if ($kind eq 'json' || defined $expect->{path}) {
        my ($document, $error) = json_decode($answer->{body});

        return $error if $error;

        if ($kind eq 'json') {
            return json_check($document, $expect->{path}, $expect->{operator},
                              _fill($run, $expect->{operand}));
        }

        my ($found, $value) = json_at($document, $expect->{path});

        return 'absent' if !$found;

        $run->{saved}{$expect->{as}} = ref $value ? json_text($value) : $value;

        return undef;
    }

    if ($kind eq 'save' && !defined $expect->{header}) {
        $run->{saved}{$expect->{as}} = $answer->{body};
        return undef;
    }

    my $values = $answer->{headers}{lc $expect->{header}};

    if ($kind eq 'no_header') {
        return $values ? "@$values" : undef;
    }

    return 'absent' if !$values;

    if ($kind eq 'save') {
        $run->{saved}{$expect->{as}} = $values->[0];
        return undef;
    }

    my $got = join ', ', @$values;
    my $operand = _fill($run, $expect->{operand});
    my $holds = $expect->{operator} eq '~' ? $got =~ /$operand/
                                           : $got eq $operand;

    return $holds ? undef : $got;
}


sub _old_workers_gone {
    wait_until(10, sub { server_workers('all') == server_workers() })
        or die "old workers are still there\n";
}


sub _stop {
    my $signal = shift;

    server_stop($signal) eq $signal or die "nginx does not obey $signal\n";
}


sub _show_exchange {
    my $run = shift;
    my $client = $run->{last} or return;

    Test::More::diag("sent:\n", _quote($client->{request}),
                     "answered:\n", _quote($client->{received}));
}


sub _quote {
    my $text = shift;

    $text = substr($text, 0, 4000) . ' ...' if length $text > 4000;
    $text =~ s/\r//g;
    $text =~ s/^/    /mg;

    return "$text\n";
}


1;
