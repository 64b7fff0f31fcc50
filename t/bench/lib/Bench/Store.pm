package Bench::Store;

# The payments that are refunded: made once, copied for each measurement.

use strict;
use warnings;

use File::Path qw( make_path remove_tree );


# prepare($bench, $kind, $payments, $directory): a store with that many
# payments, of which none has been refunded

sub prepare {
    my ($bench, $kind, $payments, $directory) = @_;
    my $master = "$bench->{dir}/payments-$kind-$bench->{payload}-$payments";

    if (!-e "$master/complete") {
        remove_tree($master);

        $kind eq 'portone' ? make_portone($bench, $payments, $master)
                           : make_express($bench, $payments, $master);

        Bench::Server::write_file("$master/complete", '');
    }

    remove_tree($directory);
    make_path($directory);
    chmod 0700, $directory;

    system('cp', "$master/data.mdb", "$directory/") == 0 or die "cp fails\n";
    system('sync', '-f', $directory) == 0 or die "sync fails\n";
}


# nginx makes the databases, mdb_load fills them

sub make_portone {
    my ($bench, $payments, $master) = @_;

    make_path($master);

    my $server = Bench::Server->start($bench, 'portone', payments => 0);
    $server->stop;

    system('cp', "$server->{dir}/store/data.mdb", "$master/") == 0
        or die "cp fails\n";

    my $text = payment($bench);
    my $header = "VERSION=3\nformat=print\ndatabase=%s\ntype=btree\n"
                 . "mapsize=17179869184\nmaxreaders=126\nHEADER=END\n";

    open my $out, '|-', 'mdb_load', $master or die "mdb_load: $!\n";

    printf $out $header, 'payments';

    for my $i (0 .. $payments - 1) {
        my $id = sprintf '%012d', $i;

        print $out " default\\00imp_$id\n ", $text =~ s/%id%/$id/gr, "\n";
    }

    print $out "DATA=END\n";
    printf $out $header, 'merchant_uids';

    for my $i (0 .. $payments - 1) {
        printf $out " default\\00ORD%012d\n imp_%012d\n", $i, $i;
    }

    print $out "DATA=END\n";
    close $out or die "mdb_load fails\n";
}


# the server makes its own when it has none

sub make_express {
    my ($bench, $payments, $master) = @_;

    make_path($master);

    my $directory = "$bench->{dir}/express/store";

    make_path($directory);

    my $server = bless { bench => $bench, kind => 'express',
        dir => "$bench->{dir}/express", payments => $payments,
        syncs => "$bench->{dir}/express/syncs" }, 'Bench::Server';

    $server->{pid} = $server->start_express;
    $server->wait_for_port($bench->port('gateway'));
    $server->stop;

    system('cp', "$directory/data.mdb", "$master/") == 0 or die "cp fails\n";
}


# a payment of which nothing has been refunded

sub payment {
    my $bench = shift;
    my $text = Bench::Server::read_file("$bench->{here}/$bench->{payload}"
                                        . "/payment.json");
    my %values = (cancel_amount => 0, status => 'paid', cancelled_at => 0,
                  cancel_reason => 'null', cancel_history => '');

    chomp $text;
    $text =~ s/%(\w+)%/$values{$1} \/\/ "%$1%"/ge;

    return $text;
}


1;
