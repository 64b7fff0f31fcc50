package Test::Portone::Canary;

# Looks for what must not get out. A test plants texts with the word "canary"
# where secrets and personal data are: in keys, requests, and what PortOne
# says. After each block, all logs are searched, at debug level, every answer
# that a client got, and the store.
#
#     canary-key canary-secret canary-claim-*
#                                 keys, and the account that a request names:
#                                 in no log, no answer, not in the store
#     canary-*                    anything else, what PortOne knows of buyers:
#                                 in no log, not in the journal of the store;
#                                 in answers with a payment only
#
# PortOne's tokens count as secrets. PortOne itself runs in a server with a log
# of its own, logs/portone.log, which is not searched: see portone().
#
# The section "leaks" of a block has the places, one a line, where the search
# must find something: where a configuration puts it into a log on purpose.

use strict;
use warnings;

use MIME::Base64 qw( encode_base64 );
use Test::More ();
use Test::Nginx::Util ();
use Test::Portone::Client ();
use Test::Portone::Json qw( json_decode );
use Test::Portone::Server qw( server_log wait_until );

use Exporter qw( import );

our @EXPORT = qw( portone );

my $run_block = $Test::Nginx::Util::RunTestHelper;
my $answer = \&Test::Portone::Client::answer;
my @answered;
my %tokens;
my $searched;

$ENV{TEST_NGINX_ROOT} = $Test::Nginx::Util::ServRoot;
$Test::Nginx::Util::RunTestHelper = \&_run;

{
    no warnings 'redefine';

    *Test::Portone::Client::answer = \&_answer;
}


# portone(): a PortOne in a server of its own, and the keys of the module, at
# http level.

sub portone {
    my $port = $Test::Nginx::Util::ServerPort + 1;
    my $logs = $Test::Nginx::Util::LogDir;

    return <<END;
    portone_imp_key canary-key;
    portone_imp_secret canary-secret;
    portone_sandbox_account canary-key canary-secret;
    portone_api http://127.0.0.1:$port;

    server {
        listen 127.0.0.1:$port;
        error_log $logs/portone.log debug;
        access_log off;

        location / {
            portone_sandbox;
        }
    }
END
}


# Every answer that is waited for is kept, those of the sandbox apart.

sub _answer {
    my $self = shift;
    my $got = $answer->($self);

    push @answered, { got => $got, uri => "$self->{method} $self->{uri}" }
        if $self->{uri} !~ m{/_sandbox/};

    return $got;
}


sub _run {
    my $block = $_[0];

    @answered = %tokens = ();

    $run_block->(@_);

    _learn_tokens();

    my @expected = split /\n/, $block->leaks // '';
    my $name = $block->name;
    my @leaks;

    # an access log is written a moment after the answer

    wait_until(@expected ? 3 : 0, sub {
        @leaks = (_logs(), _answers(), _store());
        return @leaks >= @expected;
    });

    Test::More::is(join("\n", map { $_->[0] } @leaks), join("\n", @expected),
        "$name - " . (@expected ? 'the search finds what is planted'
                                : 'nothing has got out'))
        or Test::More::diag(map { "    $_->[0]: $_->[1]\n" } @leaks);

    # a search of nothing finds nothing

    Test::More::ok($searched > 10000, "$name - the logs are at debug level");
}


# What PortOne has given out, as it was used.

sub _learn_tokens {
    my $client = Test::Portone::Client->new(
        port => $Test::Nginx::Util::ServerPortForClient, method => 'GET',
        uri => '/sandbox/_sandbox/ledger', timeout => 3);
    my ($ledger) = json_decode($answer->($client)->{body});

    return if ref $ledger ne 'HASH';

    for my $request (@{$ledger->{requests}}) {
        my $token = $request->{authorization} // next;

        $token =~ s/^Bearer //;
        $tokens{$token} = 1;
    }
}


# The patterns as they are, and in base64, where a byte can begin at three
# places.

sub _pattern {
    my @words = @_;
    my @patterns;

    for my $word (@words) {
        push @patterns, "(?i:\Q$word\E)";

        for my $skip (0 .. 2) {
            my $code = encode_base64("\0" x $skip . $word, '');

            push @patterns, quotemeta substr $code, $skip ? $skip + 1 : 0,
                int((length($word) - (3 - $skip) % 3) * 4 / 3) - 1;
        }
    }

    my $all = join '|', @patterns;

    return qr/$all/;
}


sub _secrets {
    return _pattern('canary-key', 'canary-secret', 'canary-claim',
                    keys %tokens);
}


# The first line of each log that has something in it.

sub _logs {
    my $pattern = _pattern('canary-', keys %tokens);
    my @leaks;

    $searched = 0;

    for my $file (sort glob "$Test::Nginx::Util::LogDir/*") {
        my ($name) = $file =~ m{([^/]+)$};

        next if $name eq 'portone.log' || $name =~ /\.pid$/;

        my $log = server_log($name);

        $searched += length $log;

        my ($line) = grep { /$pattern/ && !_by_the_test($_) } split /\n/, $log;

        push @leaks, [$name, $line] if defined $line;
    }

    return @leaks;
}


# Test::Nginx's own question whether the server is there is no request of ours;
# neither are the ones that tell the sandbox what to do.

sub _by_the_test {
    return $_[0] =~ m{"(?:GET|POST|DELETE) /sandbox/_sandbox/};
}


sub _answers {
    my $secrets = _secrets();
    my $person = _pattern('canary-');
    my @leaks;

    for my $item (@answered) {
        my $raw = $item->{got}{raw} // '';
        my $status = $item->{got}{status} // 0;

        # the payment itself, and what PortOne says to the client, are told

        my $told = $item->{uri} =~ m{ /payments/} && $status =~ /^20[012]$/
            || $raw =~ /"refund_rejected"/;
        my $pattern = $told ? $secrets : $person;

        push @leaks, ["$status $item->{uri}", $raw] if $raw =~ /$pattern/;
    }

    return @leaks;
}


sub _store {
    my $secrets = _secrets();
    my @leaks;

    for my $file (glob "$ENV{TEST_NGINX_STORE}/*.mdb") {
        open my $in, '<:raw', $file or die "$file: $!\n";

        my $content = do { local $/; <$in> } // '';

        push @leaks, [$file =~ s{.*/}{}r, 'a secret'] if $content =~ /$secrets/;
    }

    # the payments in it have the buyers' data, its journal has not

    my $journal = `mdb_dump -p -s journal $ENV{TEST_NGINX_STORE} 2>/dev/null`;
    my $pattern = _pattern('canary-');

    push @leaks, ['journal', $journal] if $journal =~ /$pattern/;

    return @leaks;
}


1;
