# The libcurl that is loaded may be another one than the module was built with:
# what is too old or without TLS is refused, what has known defects is named.

use lib 't/lib';
use File::Temp qw( tempdir );
use Test::Portone;

my $dir = tempdir(CLEANUP => 1);
my $cc = $ENV{CC} || 'cc';
my $output = `$cc -O1 -shared -fPIC -o $dir/curl-version.so \\
              t/tools/curl-version.c 2>&1`;

die $output if $?;

$ENV{TEST_NGINX_CHECK} =
    "TEST_LEAKS=0 ASAN_OPTIONS=verify_asan_link_order=0"
    . " LD_PRELOAD='$dir/curl-version.so' $Test::Nginx::Util::NginxBinary -t"
    . " -p $Test::Nginx::Util::ServRoot/ -c $Test::Nginx::Util::ConfFile"
    . " -e $dir/error.log";

our $ok = '\Anginx: the configuration file \S+ syntax is ok\n'
    . 'nginx: configuration file \S+ test is successful\n\z';

our $failed = 'nginx: configuration file \S+ test failed\n\z';

# steps: check($how, $pattern): what nginx -t says, with this in its environment

sub check {
    my ($how, $pattern) = @_;
    my $status = $pattern =~ /emerg/ ? 1 : 0;

    $pattern =~ s/\n/\\n/g;

    return "\$ $how \$TEST_NGINX_CHECK 2>&1\n"
        . "    -> exit $status\n"
        . "    -> body ~ $pattern\n";
}

run_tests();

__DATA__

=== TEST 1: versions that work are not mentioned
--- steps eval
CORE::join '', map { main::check("CURL_VERSION=$_", $main::ok) }
    qw( 7.85.0 7.86.0 7.87.1 7.88.1 8.8.0 8.9.1 8.12.0 8.14.1 8.19.0 8.20.1
        8.23.0 )



=== TEST 2: versions with known defects are named, and used
--- steps eval
CORE::join '', map {
    my $warn = "\\Anginx: \\[warn\\] libcurl $_ is loaded, which has known"
        . ' defects; use another version\n';

    main::check("CURL_VERSION=$_", $warn . $main::ok =~ s/^\\A//r)
} qw( 7.87.0 8.9.0 8.10.0 8.10.1 8.11.0 8.11.1 8.20.0 )



=== TEST 3: what is too old is refused
--- steps eval
CORE::join '', map {
    main::check("CURL_VERSION=$_", "\\Anginx: \\[emerg\\] libcurl $_ is loaded,"
        . " 7.85.0 or newer is needed\\n$main::failed")
} qw( 7.64.0 7.84.0 )



=== TEST 4: without TLS it is refused
--- steps eval
main::check('CURL_NO_TLS=1 CURL_VERSION=8.5.0', '\Anginx: \[emerg\] the loaded'
    . " libcurl 8.5.0 cannot speak TLS\\n$main::failed")
