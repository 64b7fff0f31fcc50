# What an Idempotency-Key is, and what makes two requests the same.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Outcome;

# A refund of 300 won of order_1 is made, or is known to have been made.

sub made {
    return step(@_, '200', '! Idempotent-Replayed');
}

sub replayed {
    return step(@_, '200', 'Idempotent-Replayed: true');
}

sub step {
    my ($header, @expect) = @_;

    return qq(refund {"merchant_uid": "order_1", "amount": 300}\n)
        . join '', map { "    $_\n" } $header, map { "-> $_" } @expect;
}

our $other = <<'END';
refund {"merchant_uid": "order_1", "amount": 100}
END

run_tests();

__DATA__

=== TEST 1: without a key, and with an empty one, each request is a refund
--- payments eval: ::payments(1)
--- steps eval
::made('Customer: a') x 2 . <<'END' x 2 . <<'END'
$ printf 'POST /payments/cancel HTTP/1.0\r\nContent-Type: application/json\r\nIdempotency-Key: \r\nContent-Length: 40\r\n\r\n{"merchant_uid": "order_1", "amount": 1}' | perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ENV{TEST_NGINX_SERVER_PORT}) or die; $s->print(<STDIN>); print <$s>'
    -> body ~ ^HTTP/1.1 200
    -> body !~ Idempotent-Replayed
END
ledger
    -> .payments.imp_1.executions = 4
    -> .payments.imp_1.executed_amount = 602
END



=== TEST 2: portone_idempotency_key can be any variable, or text with several
--- payments eval: ::payments(3)
--- locations
location = /cookie { portone_cancel; portone_idempotency_key $cookie_once; }
location = /arg    { portone_cancel; portone_idempotency_key $arg_x; }
location = /two    { portone_cancel; portone_idempotency_key "$arg_x/$http_y"; }
--- steps
POST /cookie {"merchant_uid": "order_1", "amount": 300}
    Cookie: a=b; once=key-1
    -> 200
    -> ! Idempotent-Replayed
POST /cookie {"merchant_uid": "order_1", "amount": 300}
    Cookie: once=key-1
    Idempotency-Key: key-2
    -> 200
    -> Idempotent-Replayed: true
POST /arg?x=key-1 {"merchant_uid": "order_1", "amount": 301}
    -> 422 idempotency_key_reused
POST /arg?x=key-3 {"merchant_uid": "order_2", "amount": 300}
    -> 200
    -> ! Idempotent-Replayed
POST /arg?y=1&x=key-3 {"merchant_uid": "order_2", "amount": 300}
    -> 200
    -> Idempotent-Replayed: true
POST /two?x=a {"merchant_uid": "order_3", "amount": 300}
    Y: b
    -> 200
POST /two?x=a {"merchant_uid": "order_3", "amount": 300}
    Y: c
    -> 200
    -> ! Idempotent-Replayed
POST /two?x=a {"merchant_uid": "order_3", "amount": 300}
    Y: b
    -> 200
    -> Idempotent-Replayed: true
    -> .refundable_amount = 700
ledger
    -> .payments.imp_1.executions = 1
    -> .payments.imp_2.executions = 1
    -> .payments.imp_3.executions = 2



=== TEST 3: portone_idempotency_key "" turns keys off, and both settings are inherited
--- payments eval: ::payments(1)
--- http_config
portone_idempotency_key $http_once;
--- locations
location = /off { portone_cancel; portone_idempotency_key ""; }
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    Once: key-1
    -> 200
refund {"merchant_uid": "order_1", "amount": 100}
    Once: key-1
    -> 200
    -> Idempotent-Replayed: true
refund {"merchant_uid": "order_1", "amount": 100}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
POST /off {"merchant_uid": "order_1", "amount": 100}
    Once: key-1
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
ledger
    -> .payments.imp_1.executions = 3



=== TEST 4: a key is text of up to 255 bytes, and counts byte by byte
--- payments eval: ::payments(1)
--- locations
location ~ "(?s)^/path/(.*)$" { portone_cancel; portone_idempotency_key $1; }
--- steps eval
my $refused = sub { ::step("Idempotency-Key: $_[0]", '400 invalid_request',
                           '.field = Idempotency-Key', '! Portone-Refund-Id') };
my $control = sub { <<END };
POST /path/$_[0] {"merchant_uid": "order_1", "amount": 300}
    -> 400 invalid_request
    -> .field = Idempotency-Key
END
CORE::join '', map({ $refused->($_) } 'k' x 256, 'é' x 128, "\x{e9}", "k\t1",
    "k\x7f"),
map({ $control->($_) } 'a%0Ab', '%C3%28', '%FF', 'a%C2%85', '%1F'), <<'END',
ledger
    -> .requests # 0
END
::made('Idempotency-Key: "key 1"'), ::replayed('Idempotency-Key:   "key 1"  '),
::made('Idempotency-Key: key 1'), ::made('Idempotency-Key: "KEY 1"'), <<'END';
ledger
    -> .payments.imp_1.executions = 3
END



=== TEST 5: of one request every byte counts
--- payments eval: ::payments(1)
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
refund {"merchant_uid": "order_1", "amount": 300, "reason": "x"}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
refund {"merchant_uid": "order_1", "amount": 300.0}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
refund {"merchant_uid":"order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
refund {"amount": 300, "merchant_uid": "order_1"}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
refund {"imp_uid": "imp_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
    -> .merchant_uid = null
    -> .imp_uid = imp_1
    -> .code = null
    -> .refund_id absent
    -> ! Portone-Refund-Id
    -> ! Idempotent-Replayed

# what is not part of it: other headers, the arguments, the location
POST /payments/cancel?a=b {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    Content-Type: application/json; charset=utf-8
    Customer: x
    -> 200
    -> Idempotent-Replayed: true
GET /payments/order_1
    -> .refunds # 1
ledger
    -> .calls.cancel = 1



=== TEST 6: a key that waits for its first request is not taken by a wrong one
--- payments eval: ::payments(1)
--- steps
refund {"merchant_uid": "order_1", "amount": 1001}
    Idempotency-Key: key-1
    -> 400 amount_exceeds_refundable
refund {"merchant_uid": "order_1", "amount": 1000}
    Idempotency-Key: key-1
    -> 200
refund {"merchant_uid": "order_1", "amount": 1001}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused
ledger
    -> .calls.cancel = 1



=== TEST 7: each merchant has keys of his own
--- payments eval: ::payments(1)
--- locations
location = /one/cancel { portone_merchant one; portone_cancel; }
location = /two/cancel { portone_merchant two; portone_cancel; }
location = /two/admin  { portone_merchant two; portone_cancel; }
--- steps
POST /one/cancel {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> .refundable_amount = 700
POST /two/cancel {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> ! Idempotent-Replayed
    -> .refundable_amount = 400
POST /two/admin {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> .refundable_amount = 400
POST /one/cancel {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 200
    -> Idempotent-Replayed: true
    -> .refundable_amount = 700
ledger
    -> .payments.imp_1.executions = 2



=== TEST 8: who knows the key and the request of somebody else learns nothing
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=alice buyer_name=Alice
imp_uid=imp_2 merchant_uid=order_2 amount=1000 customer_uid=alice
--- http_config
portone_read_timeout 500ms;
--- cancel
            portone_match customer_uid $http_customer;
--- locations
location = /admin/cancel { portone_cancel; }
location = /names/cancel {
    portone_match buyer_name $http_customer;
    portone_cancel;
}
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    Customer: alice
    -> 200
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    Customer: bob
    -> 422 idempotency_key_reused
    -> .imp_uid = null
    -> .buyer_name absent
    -> .refundable_amount absent
    -> ! Portone-Refund-Id
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused

# nor by a location that asks for something else, or for nothing
POST /names/cancel {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    Customer: alice
    -> 422 idempotency_key_reused
POST /admin/cancel {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    -> 422 idempotency_key_reused

# nor of a refund that is open
fault {"call": "cancel", "fault": "lose_answer"}
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    Customer: alice
    -> 504 outcome_unknown
    -> .refund_id as id
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    Customer: bob
    -> 422 idempotency_key_reused
    -> .refund_id absent
refund {"merchant_uid": "order_2", "amount": 300}
    Idempotency-Key: key-2
    Customer: alice
    -> 409 refund_in_progress
    -> .refund_id = {{id}}
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    Customer: alice
    -> 200
    -> Idempotent-Replayed: true
ledger
    -> .calls.cancel = 2



=== TEST 9: a request for the payment of somebody else leaves its key
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000 customer_uid=alice
--- cancel
            portone_match customer_uid $http_customer;
--- steps
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    Customer: bob
    -> 404 payment_not_found
refund {"merchant_uid": "order_1", "amount": 300}
    Idempotency-Key: key-1
    Customer: alice
    -> 200
    -> ! Idempotent-Replayed



=== TEST 10: nginx -t says what is wrong with the directives of keys
--- level: location
--- nginx_t
portone_idempotency_key $http_x_request_id;
portone_idempotency_ttl 1s;

portone_idempotency_key "";
portone_idempotency_ttl 365d;

portone_idempotency_key $no_such_variable_here;
#<= unknown "no_such_variable_here" variable

portone_idempotency_key a b;
#<- invalid number of arguments in "portone_idempotency_key" directive

portone_idempotency_key a;
portone_idempotency_key b;
#<- "portone_idempotency_key" directive is duplicate

portone_idempotency_ttl 0;
#<- "portone_idempotency_ttl" must be from 1s to 365d

portone_idempotency_ttl 366d;
#<- "portone_idempotency_ttl" must be from 1s to 365d

portone_idempotency_ttl 9223372036854775807s;
#<- "portone_idempotency_ttl" must be from 1s to 365d

portone_idempotency_ttl 500ms;
#<- "portone_idempotency_ttl" directive invalid value

portone_idempotency_ttl forever;
#<- "portone_idempotency_ttl" directive invalid value

portone_idempotency_ttl;
#<- invalid number of arguments in "portone_idempotency_ttl" directive

portone_idempotency_ttl 1h;
portone_idempotency_ttl 1h;
#<- "portone_idempotency_ttl" directive is duplicate
