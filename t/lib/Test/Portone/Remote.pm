package Test::Portone::Remote;

# A PortOne in an nginx of its own, for what can not be seen when it lives and
# dies with the module: nobody listens, or only one of the two is killed. It
# adds the steps
#
#     portone start           starts it, with nothing in it; it is
#                             http://127.0.0.1:$TEST_NGINX_PORT_9
#     portone stop            ends it at once: connections to it are refused
#
# A block points the module to it by
#
#     --- http_config
#     portone_api http://127.0.0.1:$TEST_NGINX_PORT_9;

use strict;
use warnings;

use File::Path qw( make_path remove_tree );
use IO::Socket::INET ();
use Test::Nginx::Util ();
use Test::Portone::Server qw( wait_until );
use Test::Portone::Steps qw( add_actions );

my $pid;
my $port = $Test::Nginx::Util::ServerPort + 9;
my $prefix = "$Test::Nginx::Util::ServRoot.remote";


sub _start {
    _stop();

    remove_tree($prefix);
    make_path("$prefix/logs");

    open my $out, '>', "$prefix/nginx.conf" or die "$prefix: $!\n";
    print $out _configuration();
    close $out or die "$prefix: $!\n";

    $pid = fork // die "fork: $!\n";

    if (!$pid) {
        open STDERR, '>>', "$prefix/logs/error.log";
        exec $Test::Nginx::Util::NginxBinary, '-p', "$prefix/",
            '-e', "$prefix/logs/error.log", '-c', "$prefix/nginx.conf"
            or exit 1;
    }

    wait_until(10, sub {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
    }) or die "PortOne does not start, see $prefix/logs/error.log\n";
}


sub _stop {
    return if !$pid;

    kill 'TERM', $pid;
    waitpid $pid, 0;
    undef $pid;
}


sub _configuration {
    my $modules = join '', map { "load_module $_;\n" }
        split ' ', $Test::Nginx::Util::LoadModules // '';

    return $modules . <<END;
daemon off;
pid logs/nginx.pid;
error_log logs/error.log info;

events {
    worker_connections 256;
}

http {
    access_log off;
    portone_sandbox_zone zone=remote:1m;
    portone_sandbox_account imp_key_of_tests imp_secret_of_tests;

    server {
        listen 127.0.0.1:$port;

        location / {
            portone_sandbox;
        }
    }
}
END
}


add_actions('portone start' => \&_start, 'portone stop' => \&_stop);


END {
    if (!$Test::Nginx::Util::InSubprocess) {
        local $?;

        _stop();
        remove_tree($prefix) if Test::More->builder->is_passing;
    }
}

1;
