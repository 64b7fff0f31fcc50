package Test::Portone::Conf;

# The section "nginx_t" of a test block: pieces of configuration, each tried
# by itself, and what nginx -t says of them.
#
#     --- nginx_t
#     portone_zone 64k;
#
#     portone_zone 1k;
#     #<- size "1k" is too small, it must be at least 32768
#
# Pieces are separated by blank lines. One without a mark is accepted. Below
# the line that nginx has to name, the mark #<- is followed by the whole
# message but its end " in FILE:LINE"; more such lines continue it. A message
# that names no line is marked with #<=; a warning, after which nginx goes on,
# with #<~. nginx must say that and nothing else.
#
# The section "level" tells where the pieces are: http (default), server,
# location, or "inside NAME", which is a location with the handler NAME below
# the piece. Every "server {" in a piece gets a socket of its own. "env" has
# lines NAME=value for the environment of nginx, "modes" has lines "0640 file"
# for files below nginx's prefix.

use strict;
use warnings;

use Test::More ();
use Test::Nginx::Util ();

use Exporter qw( import );

our @EXPORT = qw( conf_root );

my $run_block = $Test::Nginx::Util::RunTestHelper;
my $servers;

$ENV{TEST_NGINX_ROOT} = conf_root();
$Test::Nginx::Util::RunTestHelper = \&_run;


# nginx's prefix

sub conf_root {
    return $Test::Nginx::Util::ServRoot;
}


sub _run {
    my $block = $_[0];

    if (!defined $block->nginx_t) {
        return $run_block->(@_);
    }

    my $name = $block->name;
    my $text = Test::Nginx::Util::expand_env_in_text($block->nginx_t, $name,
                                            $Test::Nginx::Util::RandPorts);

    local %ENV = (%ENV, map { /^(\w+)=(.*)$/ ? ($1 => $2) : () }
                        split /\n/, $block->env // '');

    for (split /\n/, $block->modes // '') {
        my ($mode, $file) = split;

        chmod oct $mode, conf_root() . "/$file" or die "$file: $!\n";
    }

    for my $piece (grep { /\S/ } split /\n[ \t]*\n/, $text) {
        $piece =~ s/\A\n+|\s+\z//g;
        _try($name, $block->level // 'http', $piece);
    }

    $run_block->(@_) if defined $block->steps;
}


sub _try {
    my ($name, $level, $piece) = @_;
    my ($before, $after) = _around($level);
    my $file = conf_root() . '/conf/piece.conf';
    my $line = 1 + ($before =~ tr/\n//);
    my (@lines, $message, $named);
    my $warnings = '';

    for (split /\n/, $piece) {
        if (/^\s*#<~\s+(.*?)\s*$/) {
            $warnings .= "nginx: [warn] $1 in $file:" . ($line - 1) . "\n";
            next;
        }

        if (/^\s*#<([-=])\s+(.*?)\s*$/) {
            $message = defined $message ? "$message $2" : $2;
            $named //= $1 eq '-' ? $line - 1 : 0;
            next;
        }

        push @lines, $_;
        $line++;
    }

    $servers = 0;
    s/^(\s*)server \{/"$1server { " . _listen()/e for @lines;

    open my $out, '>', $file or die "$file: $!";
    print $out $before, (map { "$_\n" } @lines), $after;
    close $out;

    # nginx leaves everything where it is when it refuses a configuration

    local $ENV{TEST_LEAKS} = 0;

    my $got = `$Test::Nginx::Util::NginxBinary -t -p @{[conf_root()]}/ \\
               -e @{[conf_root()]}/logs/piece.log -c $file 2>&1`;
    my $status = $? >> 8;

    # a library's version is no matter of the configuration

    $got =~ s/^nginx: \[warn\] libcurl .*\n//mg;

    # some is found out when the whole file has been read

    if ($got =~ /\[emerg\]/) {
        $got =~ s/^nginx: the configuration file .* syntax is ok\n//;
        $got =~ s/^nginx: \[crit\] ngx_slab_alloc.*\n//m;
    }

    $message .= " in $file:$named" if $named;

    my $expected = $warnings . (defined $message
        ? "nginx: [emerg] $message\n"
          . "nginx: configuration file $file test failed\n"
        : "nginx: the configuration file $file syntax is ok\n"
          . "nginx: configuration file $file test is successful\n");

    (my $title = $lines[0]) =~ s/^\s+//;

    Test::More::is($got, $expected,
        "$name - " . (defined $message ? 'refused: ' : 'accepted: ') . $title);
    Test::More::is($status, defined $message ? 1 : 0,
        "$name - exit status: $title");
}


sub _listen {
    $servers++;

    return 'listen unix:' . conf_root() . "/piece.sock;"
        . " server_name s$servers;";
}


# the configuration before and after the piece

sub _around {
    my $level = shift;
    my $root = conf_root();
    my $modules = join ' ', map { "load_module $_;" }
        split ' ', $Test::Nginx::Util::LoadModules // '';

    my $before = <<END;
$modules
error_log $root/logs/piece.log info;
pid $root/logs/piece.pid;
worker_processes 1;
events { }
http {
    access_log off;
    client_body_temp_path $root/client_body_temp;
    proxy_temp_path $root/proxy_temp;
    fastcgi_temp_path $root/fastcgi_temp;
    uwsgi_temp_path $root/uwsgi_temp;
    scgi_temp_path $root/scgi_temp;
END

    return ($before, "}\n") if $level eq 'http';

    $before .= <<END;
    portone_store $ENV{TEST_NGINX_STORE};
    portone_imp_key imp_key_of_tests;
    portone_imp_secret imp_secret_of_tests;
    portone_api http://127.0.0.1:1;
    server {
        listen unix:$root/piece.sock;
END

    return ($before, "    }\n}\n") if $level eq 'server';

    $before .= "        location /l/ {\n";

    if ($level eq 'location') {
        return ($before, "        }\n    }\n}\n");
    }

    my ($handler) = $level =~ /^inside\s+(\w+)$/
        or die "unknown level \"$level\"\n";

    return ($before, "            $handler;\n        }\n    }\n}\n");
}


1;
