# TLS to PortOne: whom the module trusts, and that it tells nothing to others.

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;
use Test::Portone::Tls;

# a block's PortOne with the certificate of this name, and the module's side

sub tls ($;$) {
    my ($name, $settings) = @_;

    return <<END;
    server {
        listen 127.0.0.1:$ENV{TEST_NGINX_PORT_1} ssl;
        ssl_certificate \$TEST_NGINX_TLS/$name.crt;
        ssl_certificate_key \$TEST_NGINX_TLS/$name.key;
@{[$settings // '']}
        location / {
            portone_sandbox;
        }
    }
    portone_api https://localhost:$ENV{TEST_NGINX_PORT_1};
END
}

# a refund is refused, PortOne has heard nothing, and nothing is stored

our $refused = <<'END';
refund {"merchant_uid": "order_1"}
    -> 502 portone_unavailable
    -> .message ~ 환불된 금액은 없으니
    -> .code = null
    -> ! Portone-Refund-Id
GET /payments/order_1
    -> 502 portone_unavailable
ledger
    -> .requests # 0
$ for db in payments intents attempts; do
    | mdb_stat -s $db $TEST_NGINX_STORE | grep Entries; done
    -> body ~ ^  Entries: 0\n  Entries: 0\n  Entries: 0$
END

run_tests();

__DATA__

=== TEST 1: a certificate of the trusted authority and of the right name
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('good') . 'portone_ssl_trusted_certificate $TEST_NGINX_TLS/ca.crt;'
--- locations
        location = /address {
            portone_api https://127.0.0.1:$TEST_NGINX_PORT_1;
            portone_cancel;
        }
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
    -> .cancel_amount = 100
POST /address {"merchant_uid": "order_1", "amount": 200}
    -> 200
    -> .cancel_amount = 300
ledger
    -> .cancels_executed = 2
    -> .payments.imp_1.executed_amount = 300



=== TEST 2: a certificate by an intermediate authority that the server sends
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('chained') . 'portone_ssl_trusted_certificate $TEST_NGINX_TLS/ca.crt;'
--- steps
refund {"merchant_uid": "order_1"}
    -> 200



=== TEST 3: the certificate of another name is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('bad_name') . 'portone_ssl_trusted_certificate $TEST_NGINX_TLS/ca.crt;'
--- steps: refused
--- error_log eval
qr/\[error\] .*no alternative certificate subject name matches target host ?name 'localhost'/



=== TEST 4: an authority that only others trust is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('stranger') . 'portone_ssl_trusted_certificate $TEST_NGINX_TLS/ca.crt;'
--- steps: refused
--- error_log eval
qr/\[error\] .*SSL certificate (?:problem|OpenSSL verify result): unable to get local issuer certificate/



=== TEST 5: by default the system's authorities are trusted, and no others
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('good')
--- steps: refused
--- error_log eval
qr/\[error\] .*SSL certificate (?:problem|OpenSSL verify result): unable to get local issuer certificate/



=== TEST 6: a certificate that has expired is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('expired') . 'portone_ssl_trusted_certificate $TEST_NGINX_TLS/ca.crt;'
--- steps: refused
--- error_log eval
qr/\[error\] .*SSL certificate (?:problem|OpenSSL verify result): certificate has expired/



=== TEST 7: a self-signed certificate is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('self') . 'portone_ssl_trusted_certificate $TEST_NGINX_TLS/ca.crt;'
--- steps: refused
--- error_log eval
qr/\[error\] .*SSL certificate (?:problem|OpenSSL verify result): self.signed certificate/



=== TEST 8: TLS 1.1 is refused, also without verification
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('good', '        ssl_protocols TLSv1.1;
        ssl_ciphers ALL:@SECLEVEL=0;')
. 'portone_ssl_verify off;'
--- steps: refused
--- error_log eval
qr/\[error\] .*(?:protocol version|unsupported protocol)/



=== TEST 9: TLS 1.2 is enough
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('good', '        ssl_protocols TLSv1.2;')
. 'portone_ssl_trusted_certificate $TEST_NGINX_TLS/ca.crt;'
--- steps
refund {"merchant_uid": "order_1"}
    -> 200



=== TEST 10: a port without TLS is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    portone_api https://localhost:$TEST_NGINX_SERVER_PORT/sandbox;
    portone_ssl_verify off;
--- steps: refused
--- error_log eval
qr/\[error\] .*wrong version number/



=== TEST 11: a server that closes instead of shaking hands is refused
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    server {
        listen 127.0.0.1:$TEST_NGINX_PORT_1 ssl;
        ssl_reject_handshake on;
    }
    portone_api https://localhost:$TEST_NGINX_PORT_1;
--- steps: refused
--- error_log eval
qr/\[error\] .*(?:unrecognized name|alert)/



=== TEST 12: a trusted file without a certificate in it trusts nobody
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('good') . 'portone_ssl_trusted_certificate $TEST_NGINX_TLS/empty.crt;'
--- steps: refused
--- error_log eval
qr/\[error\] .*error (?:setting|adding).*empty\.crt/



=== TEST 13: portone_ssl_verify off takes any certificate
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('bad_name') . 'portone_ssl_verify off;'
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
ledger
    -> .cancels_executed = 1



=== TEST 14: who verifies does not use a connection of who does not
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('self') . 'portone_ssl_trusted_certificate $TEST_NGINX_TLS/ca.crt;'
--- locations
        location = /trusting {
            portone_ssl_verify off;
            portone_cancel;
        }
--- steps
POST /trusting {"merchant_uid": "order_1", "amount": 1}
    -> 200
refund {"merchant_uid": "order_1", "amount": 2}
    -> 502 portone_unavailable
    -> Portone-Refund-Id: ~ .
POST /trusting {"merchant_uid": "order_1", "amount": 3}
    -> 200
ledger ?call=cancel
    -> .requests # 2
GET /payments/order_1
    -> .refunds # 3
    -> .cancel_amount = 4
--- error_log eval
qr/\[error\] .*SSL certificate (?:problem|OpenSSL verify result)/



=== TEST 15: other authorities for one host do not share a connection
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('good')
--- locations
        location = /ca {
            portone_ssl_trusted_certificate $TEST_NGINX_TLS/ca.crt;
            portone_cancel;
        }
        location = /other {
            portone_ssl_trusted_certificate $TEST_NGINX_TLS/other.crt;
            portone_cancel;
        }
--- steps
POST /ca {"merchant_uid": "order_1", "amount": 1}
    -> 200
POST /other {"merchant_uid": "order_1", "amount": 2}
    -> 502 portone_unavailable
ledger ?call=cancel
    -> .requests # 1
--- error_log eval
qr/\[error\] .*SSL certificate (?:problem|OpenSSL verify result)/



=== TEST 16: a cancel that TLS has kept from leaving is not_executed
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config eval
::tls('now') . 'portone_ssl_trusted_certificate $TEST_NGINX_TLS/ca.crt;'
--- steps
refund {"merchant_uid": "order_1", "amount": 100}
    -> 200
$ cd $TEST_NGINX_TLS && ln -sf bad_name.crt now.crt
    | ln -sf bad_name.key now.key
reload
refund {"merchant_uid": "order_1", "amount": 200}
    -> 502 portone_unavailable
    -> Portone-Refund-Id as id
GET /payments/order_1
    -> .cancel_amount = 100
    -> .refunds # 2
    -> .refunds[-1].state = not_executed
    -> .refunds[-1].refund_id = {{id}}
ledger ?call=cancel
    -> .requests # 1
$ cd $TEST_NGINX_TLS && ln -sf good.crt now.crt && ln -sf good.key now.key
reload
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
    -> .cancel_amount = 400
ledger
    -> .calls.token = 1
    -> .cancels_executed = 2
--- error_log eval
qr/\[error\] .*no alternative certificate subject name/



=== TEST 17: a trusted file that does not exist is told by nginx -t
--- level: inside portone_cancel
--- nginx_t
portone_ssl_trusted_certificate $TEST_NGINX_TLS/ca.crt;

portone_ssl_trusted_certificate $TEST_NGINX_TLS/missing.crt;
#<- stat() "$TEST_NGINX_TLS/missing.crt" failed (2: No such file or directory)

portone_ssl_trusted_certificate missing.crt;
#<- stat() "$TEST_NGINX_ROOT/conf/missing.crt" failed
#<- (2: No such file or directory)

portone_ssl_trusted_certificate;
#<- invalid number of arguments in "portone_ssl_trusted_certificate" directive

portone_ssl_trusted_certificate piece.conf;
portone_ssl_trusted_certificate piece.conf;
#<- "portone_ssl_trusted_certificate" directive is duplicate
