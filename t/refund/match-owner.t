# A customer refunds and reads only what is theirs, whoever says who they are:
# auth_request, auth_basic, or a variable as modules for JWT have them.

use lib 't/lib';
use Test::Portone;

# Whoever asks gets the same answer about the payment of somebody else and
# about one that is not there, but for the order that was asked for; the log
# has one line for the former.

our $nothing_of_bob = <<'END';
refund {"merchant_uid": "order_bob"}
    WHO
    -> 404 payment_not_found
    -> body as others
refund {"merchant_uid": "order_xxx"}
    WHO
    -> 404 payment_not_found
    -> body as absent
$ printf %s '{{others}}' | sed s/order_bob/order_xxx/ | grep -qxF '{{absent}}'
GET /payments/order_bob
    WHO
    -> 404 payment_not_found
    -> ! ETag
    -> body as others
GET /payments/order_xxx
    WHO
    -> 404 payment_not_found
    -> body as absent
$ printf %s '{{others}}' | sed s/order_bob/order_xxx/ | grep -qxF '{{absent}}'
GET /payments/?imp_uid=imp_bob
    WHO
    -> 404 payment_not_found
    -> .merchant_uid = null
ledger ?call=cancel
    -> .requests # 0
$ grep -c 'payment does not match portone_match' $TEST_NGINX_SERVER_ROOT/logs/error.log
    -> body ~ ^3$
END

our $payments = <<'END';
imp_uid=imp_alice merchant_uid=order_alice amount=1000 customer_uid=alice
imp_uid=imp_bob merchant_uid=order_bob amount=1000 customer_uid=bob
END

sub as_alice {
    my $header = shift;
    my $steps = $::nothing_of_bob =~ s/WHO/$header/gr;

    return $steps . <<END;
GET /payments/order_alice
    $header
    -> 200
    -> .customer_uid = alice
refund {"merchant_uid": "order_alice", "amount": 300}
    $header
    -> 200
    -> .refundable_amount = 700
ledger ?call=cancel
    -> .requests # 1
    -> .payments.imp_alice.executions = 1
    -> .payments.imp_bob.executions = 0
END
}

# who nobody is has nothing

sub as_nobody {
    my ($status, $header) = @_;

    return join '', map { "$_\n    $header\n    -> $status\n" }
        'refund {"merchant_uid": "order_alice"}', 'GET /payments/order_alice';
}

run_tests();

__DATA__

=== TEST 1: auth_request says who it is
--- payments eval: $::payments
--- http_config
    map $cookie_session $session_customer {
        5e55101  alice;
        5e55102  bob;
    }
--- config
        location = /payments/cancel {
            auth_request /auth;
            auth_request_set $customer $upstream_http_x_customer;
            portone_match customer_uid $customer;
            portone_cancel;
        }

        location /payments/ {
            auth_request /auth;
            auth_request_set $customer $upstream_http_x_customer;
            portone_match customer_uid $customer;
            portone_payment;
        }

        location = /auth {
            internal;
            proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/sessions;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }

        location = /sessions {
            add_header X-Customer $session_customer;

            if ($session_customer = "") {
                return 401;
            }

            return 204;
        }
--- steps
as_nobody 401 'Cookie: session=none'
as_alice 'Cookie: session=5e55101'



=== TEST 2: a claim of a token, as a variable from a map
--- payments eval: $::payments
--- http_config
    map $http_authorization $jwt_claim_sub {
        default                                  "";
        "~^Bearer (?<sub>[a-z]+)\.signature$"    $sub;
    }
--- config
        location = /payments/cancel {
            portone_match customer_uid $jwt_claim_sub;
            portone_cancel;
        }

        location /payments/ {
            portone_match customer_uid $jwt_claim_sub;
            portone_payment;
        }
--- steps eval
::as_nobody(404, 'Authorization: Bearer alice.forged')
. (::as_alice('Authorization: Bearer alice.signature') =~ s/\^3\$/^5\$/r)



=== TEST 3: a user's name of basic authentication
--- payments eval: $::payments
--- user_files
>>> users
alice:{PLAIN}secret
--- config
        location = /payments/cancel {
            auth_basic "shop";
            auth_basic_user_file $TEST_NGINX_SERVER_ROOT/html/users;
            portone_match customer_uid $remote_user;
            portone_cancel;
        }

        location /payments/ {
            auth_basic "shop";
            auth_basic_user_file $TEST_NGINX_SERVER_ROOT/html/users;
            portone_match customer_uid $remote_user;
            portone_payment;
        }
--- steps
as_nobody 401 'Authorization: Basic bm9ib2R5Og=='
as_alice 'Authorization: Basic YWxpY2U6c2VjcmV0'
