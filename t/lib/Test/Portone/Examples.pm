package Test::Portone::Examples;

# The configurations in docs/examples, and those inside other pages, as they
# stand: only ports, paths, and addresses to listen on are put in the place of
# others.
#
#     /etc/nginx/NAME         html/NAME below nginx's prefix
#     /etc/nginx/*.example.*  the certificate "good" of Test::Portone::Tls
#     /etc/nginx/employees.crt    its authority
#     /var/lib/portone        the store of the block
#     /var/log/nginx/NAME     logs/NAME
#     443, 8443, 8081, 8082, 3000, 9180, 8084
#                             $TEST_NGINX_PORT_1 to _7, in this order; a
#                             port has the same address to listen on in all,
#                             because a reload cannot change it

use strict;
use warnings;

use Test::Nginx::Util ();
use Test::Portone::Tls;

use Exporter qw( import );

our @EXPORT = qw( example example_in example_names );

my %ports = (443 => 1, 8443 => 2, 8081 => 3, 8082 => 4, 3000 => 5,
             9180 => 6, 8084 => 7);

$ENV{TEST_NGINX_ROOT} = $Test::Nginx::Util::ServRoot;


sub example_names {
    return map { m{([^/]+)\.conf$} } sort glob 'docs/examples/*.conf';
}


# example(names...): their text, one behind the other

sub example {
    return join "\n", map { _example($_) } @_;
}


# example_in(page, n): the n-th configuration, from 0 on, that the page shows

sub example_in {
    my ($file, $n) = @_;
    my @found = _read($file) =~ /^```nginx\n(.*?)^```$/msg;

    return _replace($file, $found[$n] // die "$file: no $n-th example\n");
}


sub _example {
    my $file = "docs/examples/$_[0].conf";

    return _replace($file, _read($file));
}


sub _read {
    my $file = shift;

    open my $in, '<', $file or die "$file: $!\n";
    local $/;

    return <$in>;
}


sub _replace {
    my ($file, $text) = @_;

    $text =~ s{(listen\s+(?:[\d.]+:)?|127\.0\.0\.1:)(\d+)(?=[ ;/])}
              { $1 . ($Test::Nginx::Util::ServerPort
                      + ($ports{$2} // die "$file: what port is $2?\n")) }ge;

    $text =~ s{/etc/nginx/[\w.]+\.example\.(crt|key)}
              {$ENV{TEST_NGINX_TLS}/good.$1}g;
    $text =~ s{/etc/nginx/employees\.crt}{$ENV{TEST_NGINX_TLS}/ca.crt}g;
    $text =~ s{/etc/nginx/}{$ENV{TEST_NGINX_ROOT}/html/}g;
    $text =~ s{/var/lib/portone}{\$TEST_NGINX_STORE}g;
    $text =~ s{/var/log/nginx/}{$ENV{TEST_NGINX_ROOT}/logs/}g;

    return $text;
}


1;
