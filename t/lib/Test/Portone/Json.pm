package Test::Portone::Json;

# Looks into JSON documents by path, and compares what is there.

use strict;
use warnings;

use JSON::PP ();

use Exporter qw( import );

our @EXPORT_OK = qw( json_decode json_text json_at json_check );

my $json = JSON::PP->new->utf8->canonical->allow_nonref;


# Returns (value, undef), or (undef, what is wrong).

sub json_decode {
    my $text = shift;
    my $value = eval { local $SIG{__DIE__}; $json->decode($text) };

    return ($value, $@ ? "not JSON: $@" : undef);
}


sub json_text {
    return $json->encode($_[0]);
}


# json_at(value, path): path is ".", or members and elements as in
# .refunds[0].state or .["odd name"][-1]. Returns (found, value).

sub json_at {
    my ($value, $path) = @_;
    my $rest = $path eq '.' ? '' : $path;

    while ($rest ne '') {
        if ($rest =~ s/\A\.([\w-]+)// || $rest =~ s/\A\.?\["([^"]*)"\]//) {
            return 0 if ref $value ne 'HASH' || !exists $value->{$1};

            $value = $value->{$1};

        } elsif ($rest =~ s/\A\[(-?\d+)\]//) {
            return 0 if ref $value ne 'ARRAY' || $1 > $#$value || $1 < -@$value;

            $value = $value->[$1];

        } else {
            die "bad path \"$path\"\n";
        }
    }

    return (1, $value);
}


# json_check(document, path, operator, operand) returns undef when it holds,
# else what is there instead. Operators: = != (JSON values; a word that is no
# JSON stands for the string), ~ !~ (regular expression), < <= > >= (numbers),
# # (number of elements, members or bytes), present, absent.

sub json_check {
    my ($document, $path, $operator, $operand) = @_;

    my ($found, $value) = json_at($document, $path);

    if ($operator eq 'absent') {
        return $found ? json_text($value) : undef;
    }

    return 'absent' if !$found;
    return undef if $operator eq 'present';

    my $holds;

    if ($operator eq '=' || $operator eq '!=') {
        my ($expected, $error) = json_decode($operand);

        $expected = _utf8($operand) if $error;
        $holds = (json_text($value) eq json_text($expected))
                 == ($operator eq '=');

    } elsif ($operator eq '~' || $operator eq '!~') {
        my $text = ref $value || !defined $value ? json_text($value)
                                                 : _bytes($value);

        $holds = ($text =~ /$operand/) == ($operator eq '~');

    } elsif ($operator eq '#') {
        my $size = ref $value eq 'ARRAY' ? @$value
                   : ref $value eq 'HASH' ? keys %$value
                   : length _bytes($value // '');

        return $size == $operand ? undef : "$size in " . json_text($value);

    } else {
        my %compare = (
            '<' => sub { $_[0] < $_[1] }, '<=' => sub { $_[0] <= $_[1] },
            '>' => sub { $_[0] > $_[1] }, '>=' => sub { $_[0] >= $_[1] },
        );

        $holds = json_text($value) =~ /^-?\d/
                 && $compare{$operator}->($value, $operand);
    }

    return $holds ? undef : json_text($value);
}


sub _utf8 {
    my $text = shift;

    utf8::decode($text);

    return $text;
}


sub _bytes {
    my $text = shift;

    utf8::encode($text);

    return $text;
}


1;
