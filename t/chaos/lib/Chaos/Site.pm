package Chaos::Site;

# Two nginx: the shop, which has the module and is broken in every way, and
# PortOne, which has the sandbox and is never killed: its ledger is the truth.
# Between them is a wire (wire.c), which can be cut.

use strict;
use warnings;

use Cwd qw( abs_path );
use File::Path qw( make_path remove_tree );
use IO::Socket::INET ();
use POSIX ();
use Time::HiRes qw( sleep time );

use Test::Portone::Client ();

use Exporter qw( import );

our @EXPORT_OK = qw( signal wait_until );

# a binary upgrade needs the whole path

my ($nginx) = grep { -x } $ENV{TEST_NGINX_BINARY} // (),
    map { "$_/nginx" } split(/:/, $ENV{PATH}), '/usr/sbin';


# new(dir, build, tools, port, workers, env, shop (lines of http), the times of
# the module: connect_timeout, read_timeout, settle_time, reconcile_interval)

sub new {
    my ($class, %arg) = @_;

    my $self = bless { workers => 4, shop => '', env => {},
                       sandbox_zone => '256m', reconcile_interval => '1s',
                       %arg }, $class;

    remove_tree($self->{dir});
    make_path("$self->{dir}/shop", "$self->{dir}/portone");

    $self->{dir} = abs_path($self->{dir});
    $self->{cancel_port} = $self->{port};
    $self->{wire_port} = $self->{port} + 1;
    $self->{portone_port} = $self->{port} + 2;
    $self->{api_port} //= $self->{wire_port};

    $self->write_shop;
    $self->_write_portone;

    return $self;
}


sub _write {
    my ($file, $text) = @_;

    open my $out, '>', $file or die "$file: $!\n";
    print $out $text;
    close $out or die "$file: $!\n";
}


sub _temp_paths {
    my $dir = shift;

    return join '', map { "    ${_}_temp_path $dir/temp_$_;\n" }
                    qw( client_body proxy fastcgi uwsgi scgi );
}


# write_shop(name => value): the configuration, with something changed.

sub write_shop {
    my ($self, %arg) = @_;

    %$self = (%$self, %arg);

    my $dir = "$self->{dir}/shop";
    my $user = $> == 0 ? "user root;\n" : '';
    my $level = $self->{log_level} // 'notice';

    _write("$dir/nginx.conf", <<END);
load_module $self->{build}/ngx_http_portone_module.so;
${user}worker_processes $self->{workers};
pid $dir/nginx.pid;
error_log $dir/error.log $level;

events {
    worker_connections 1024;
}

http {
@{[_temp_paths($dir)]}
    access_log off;
    keepalive_requests 100000;

    portone_store $dir/store size=16g;
    portone_api http://127.0.0.1:$self->{api_port};
    portone_imp_key imp_key_of_chaos;
    portone_imp_secret imp_secret_of_chaos;

    portone_connect_timeout $self->{connect_timeout};
    portone_read_timeout $self->{read_timeout};
    portone_settle_time $self->{settle_time};
    portone_reconcile_interval $self->{reconcile_interval};
$self->{shop}
    server {
        listen 127.0.0.1:$self->{cancel_port} backlog=1024;

        location = /payments/cancel {
            portone_cancel;
        }

        location /payments/ {
            portone_payment;
        }

        location = /webhook {
            portone_webhook;
        }
    }
}
END
}


sub _write_portone {
    my $self = shift;
    my $dir = "$self->{dir}/portone";
    my $user = $> == 0 ? "user root;\n" : '';

    _write("$dir/nginx.conf", <<END);
load_module $self->{build}/ngx_http_portone_sandbox_module.so;
${user}worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/error.log warn;

events {
    worker_connections 4096;
}

http {
@{[_temp_paths($dir)]}
    log_format cancel escape=json
        '{"at":\$msec,"status":\$status,"body":"\$request_body"}';

    map \$uri \$is_cancel {
        /payments/cancel 1;
        default 0;
    }

    keepalive_requests 100000;
    client_body_buffer_size 64k;
    client_max_body_size 4m;

    portone_sandbox_zone zone=portone_sandbox:$self->{sandbox_zone};
    portone_sandbox_account imp_key_of_chaos imp_secret_of_chaos;

    server {
        listen 127.0.0.1:$self->{portone_port} backlog=1024;
        access_log $dir/cancel.log cancel if=\$is_cancel;

        location / {
            portone_sandbox;
        }
    }
}
END
}


# wait_until(seconds, sub): polls until the sub returns something true.

sub wait_until {
    my ($limit, $condition) = @_;
    my $deadline = time + $limit;

    for ( ;; ) {
        my $result = $condition->();

        return $result if $result || time > $deadline;

        sleep 0.002;
    }
}


sub _read {
    my $file = shift;

    open my $in, '<', $file or return '';
    local $/;

    return <$in> // '';
}


sub is_alive {
    my $pid = shift;

    return _read("/proc/$pid/stat") =~ /\) [^ZX]/;
}


# The master of the shop, or undef; 'old' is the one of a binary upgrade.

sub master {
    my ($self, $old) = @_;
    my $name = $old ? 'nginx.pid.oldbin' : 'nginx.pid';
    my ($pid) = _read("$self->{dir}/shop/$name") =~ /^(\d+)$/m;

    return $pid && is_alive($pid) ? $pid : undef;
}


sub children {
    my $master = shift // return;
    my @pids = split ' ', _read("/proc/$master/task/$master/children");

    return grep { _read("/proc/$_/cmdline") =~ /worker process/ } @pids;
}


# Workers that accept, of the master or of the given one.

sub workers {
    my ($self, $master) = @_;

    return grep { _read("/proc/$_/cmdline") !~ /shutting down/ }
           children($master // $self->master);
}


# Every process of the shop, also those whose master has gone: it is started
# in a directory of its own, which none of them leaves.

sub processes {
    my $self = shift;
    my @pids;

    for my $link (glob '/proc/[0-9]*/cwd') {
        next if (readlink($link) // '') ne "$self->{dir}/shop";

        my ($pid) = $link =~ /(\d+)/;

        push @pids, $pid if is_alive($pid);
    }

    return @pids;
}


# Whoever is no longer there is not signalled: 0 would be this group.

sub signal {
    my ($name, @pids) = @_;

    @pids = grep { $_ } @pids;

    return @pids ? kill $name, @pids : 0;
}


sub _run {
    my ($self, $name) = @_;
    my $dir = "$self->{dir}/$name";
    my $pid = fork // die "fork: $!\n";

    if ($pid) {
        waitpid $pid, 0;
        return $? == 0;
    }

    if (chdir $dir) {
        exec $nginx, '-p', "$dir/", '-e', "$dir/error.log",
             '-c', "$dir/nginx.conf";
    }

    POSIX::_exit(127);
}


sub start_portone {
    my $self = shift;

    $self->_run('portone') or die "PortOne does not start\n";
    wait_until(10, sub { $self->portone_master }) or die "no PortOne\n";
}


sub portone_master {
    my $self = shift;
    my ($pid) = _read("$self->{dir}/portone/nginx.pid") =~ /^(\d+)$/m;

    return $pid && is_alive($pid) ? $pid : undef;
}


sub portone_workers {
    return children($_[0]->portone_master);
}


# Starts the shop and waits for its workers.

sub start {
    my ($self, $limit) = @_;

    {
        local %ENV = (%ENV, %{$self->{env}});
        $self->_run('shop') or return 0;
    }

    return $self->ready($limit // 20);
}


# All workers of the configuration are there.

sub ready {
    my ($self, $limit) = @_;

    return wait_until($limit, sub {
        $self->master && $self->workers >= $self->{workers};
    });
}


# Kills what is there of the shop, at once; nobody lives on.

sub kill_all {
    my $self = shift;

    wait_until(20, sub {
        my @pids = $self->processes or return 1;
        signal('KILL', @pids);
        return 0;
    }) or die "the shop cannot be killed\n";

    unlink "$self->{dir}/shop/nginx.pid", "$self->{dir}/shop/nginx.pid.oldbin";
}


sub stop_portone {
    my $self = shift;
    my $pid = $self->portone_master or return;

    signal('CONT', $self->portone_workers);
    signal('TERM', $pid);
    wait_until(10, sub { !is_alive($pid) })
        or signal('KILL', children($pid), $pid);
}


# The wire is told by lines on its input what to do, see wire.c.

sub start_wire {
    my $self = shift;

    my $pid = open $self->{wire}, '|-', "$self->{tools}/wire",
                   $self->{wire_port}, $self->{portone_port}
        or die "wire: $!\n";

    $self->{wire_pid} = $pid;
    $self->{wire}->autoflush(1);

    wait_until(10, sub {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                              PeerPort => $self->{wire_port});
    }) or die "the wire does not come up\n";
}


sub wire {
    my ($self, $command) = @_;
    my $wire = $self->{wire};

    print $wire "$command\n" or die "the wire has ended\n";
}


# One request to PortOne's control endpoints: (status, body).

sub portone {
    my ($self, $method, $uri, $body) = @_;

    my $answer = Test::Portone::Client->new(
        port => $self->{portone_port}, method => $method, uri => $uri,
        defined $body ? (body => $body) : (), timeout => 30)->answer;

    return ($answer->{status} // 0, $answer->{body} // '');
}


1;
