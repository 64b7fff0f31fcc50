package Test::Portone::Sandbox;

# The usual set-up of a test block: PortOne's sandbox and the module's
# endpoints in one server, each block with names of its own.

use strict;
use warnings;

use Test::Nginx::Util ();
use Test::Portone::Client ();
use Test::Portone::Json qw( json_decode json_text );

use Exporter qw( import );

our @EXPORT_OK = qw( add_sandbox ledger_failures ledger_text );


# Completes the configuration of the block with this number. What the block
# itself sets at the same level is left to it.

sub add_sandbox {
    my ($block, $number) = @_;
    my $own = $block->http_config // '';
    my $port = $Test::Nginx::Util::ServerPort;

    1 while $own =~ s/\{[^{}]*\}//g;

    # memory of another size is not taken over when a server is reloaded: the
    # counters and tokens of one block are gone in the next

    my $size = 512 + 4 * ($number % 64) . 'k';

    my @http = (
        [portone_store => "$ENV{TEST_NGINX_STORE} size=64m"],
        [portone_zone => $size],
        [portone_api => $ENV{TEST_NGINX_API}],
        [portone_imp_key => 'imp_key_of_tests'],
        [portone_imp_secret => 'imp_secret_of_tests'],
        [portone_sandbox_zone => "zone=portone_$number:1m"],
        [portone_sandbox_account => 'imp_key_of_tests imp_secret_of_tests'],

        # Test::Nginx listens to everybody, which is worth a warning

        [allow => 'all'],
    );

    my $http = join '', map { "    $_->[0] $_->[1];\n" }
        grep { $own !~ /(?:^|[;}\s])$_->[0]\s/ } @http;

    for my $payment (split /\n/, $block->payments // '') {
        $http .= "    portone_sandbox_payment $payment;\n" if $payment =~ /\S/;
    }

    $block->set_value('http_config', $http . ($block->http_config // ''));

    my $cancel = $block->cancel // '';
    my $locations = $block->locations // '';

    my $config = $block->config // <<END;
        location = /payments/cancel {
            portone_cancel;
$cancel
        }

        location /payments/ {
            portone_payment;
        }
$locations
END

    # the module and the test itself come by different ways, so that a worker
    # which an earlier block has left behind finds nobody there

    $config .= <<END;

        location /api-$number/ {
            portone_sandbox;
        }

        location /sandbox/ {
            portone_sandbox;
        }
END

    $block->set_value('config', $config);
}


sub _ledger {
    my $port = shift;

    my $answer = Test::Portone::Client->new(
        port => $port, method => 'GET', uri => '/sandbox/_sandbox/ledger',
        timeout => 3)->answer;

    my ($ledger) = json_decode($answer->{body});

    return ref $ledger eq 'HASH' ? $ledger : undef;
}


# What PortOne has seen that must never happen, as lines; nothing if all is
# well, or if there is nobody to ask.

sub ledger_failures {
    my $ledger = _ledger(shift) or return;
    my $payments = $ledger->{payments} // {};

    return map { "    $_: " . json_text($payments->{$_}) . "\n" }
           grep { ($payments->{$_}{concurrent_max} // 0) > 1 }
           sort keys %$payments;
}


# Every request as PortOne received it, one a line.

sub ledger_text {
    my $ledger = _ledger(shift) or return "    (no ledger)\n";
    my @requests = @{$ledger->{requests} // []};

    return "    nothing\n" if !@requests;

    return join '', map {
        my $request = $_;
        '    ' . join(' ', map { $request->{$_} // '-' }
                           qw( n method path body status executed )) . "\n";
    } @requests;
}


1;
