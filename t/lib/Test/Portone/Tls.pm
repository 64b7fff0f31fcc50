package Test::Portone::Tls;

# Makes the certificates that tests of TLS need, with openssl, in the directory
# $TEST_NGINX_TLS, which is removed at the end:
#
#     ca.crt other.crt            two authorities
#     good bad_name expired stranger self chained
#                                 .crt and .key: for localhost, *.portone.test
#                                 and 127.0.0.1; for another name; of 2020;
#                                 by the other authority; by itself; with
#                                 an intermediate
#     now.crt, now.key            links to those of "good"
#     empty.crt                   a file without a certificate

use strict;
use warnings;

use File::Temp qw( tempdir );

my $dir = $ENV{TEST_NGINX_TLS} = tempdir(CLEANUP => 1);
my $names = 'DNS:localhost,DNS:*.portone.test,IP:127.0.0.1,IP:::1';

# workers may have another user

chmod 0755, $dir;

_write('ca.cnf', <<END);
[ca]
default_ca = d
[d]
database = $dir/index.txt
new_certs_dir = $dir
rand_serial = yes
default_md = sha256
policy = p
unique_subject = no
[p]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
commonName = test
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[names]
subjectAltName = $names
[another]
subjectAltName = DNS:portone.example
END

_write('index.txt', '');
_write('empty.crt', "no certificate\n");

_authority($_) for qw( ca other );
_certificate('good', 'ca', 'names');
_certificate('bad_name', 'ca', 'another');
_certificate('stranger', 'other', 'names');
_certificate('expired', 'ca', 'names', '200101000000Z', '200201000000Z');
_certificate('middle', 'ca', 'authority');
_certificate('leaf', 'middle', 'names');
_openssl(qw( req -new -x509 -nodes -config ca.cnf -days 30 -newkey ec
             -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=self
             -extensions names -keyout self.key -out self.crt ));

_write('chained.crt', _read('leaf.crt') . _read('middle.crt'));
_write('chained.key', _read('leaf.key'));
symlink "good.$_", "$dir/now.$_" or die "now.$_: $!\n" for qw( crt key );


sub _authority {
    my $name = shift;

    _openssl(qw( req -new -x509 -nodes -config ca.cnf -days 30 -newkey ec
                 -pkeyopt ec_paramgen_curve:prime256v1
                 -extensions authority ),
             '-subj', "/CN=authority $name", '-keyout', "$name.key",
             '-out', "$name.crt");
}


sub _certificate {
    my ($name, $authority, $extensions, @dates) = @_;

    @dates = @dates ? ('-startdate', $dates[0], '-enddate', $dates[1])
                    : qw( -days 30 );

    _openssl(qw( req -new -nodes -config ca.cnf -newkey ec
                 -pkeyopt ec_paramgen_curve:prime256v1 ),
             '-subj', "/CN=$name", '-keyout', "$name.key",
             '-out', "$name.csr");
    _openssl(qw( ca -batch -notext -config ca.cnf ), @dates,
             '-extensions', $extensions, '-cert', "$authority.crt",
             '-keyfile', "$authority.key", '-in', "$name.csr",
             '-out', "$name.crt");
}


sub _openssl {
    my $command = join ' ', map { "'$_'" } @_;
    my $output = `cd $dir && openssl $command 2>&1`;

    die "openssl $command: $output\n" if $?;
}


sub _write {
    my ($name, $text) = @_;

    open my $out, '>', "$dir/$name" or die "$dir/$name: $!\n";
    print $out $text;
    close $out;
}


sub _read {
    my $name = shift;

    open my $in, '<', "$dir/$name" or die "$dir/$name: $!\n";
    local $/;

    return scalar <$in>;
}


1;
