# portone_status html: what the browser is told of the page, and what the page
# says. How it looks is in t/browser.

use lib 't/lib';
use Test::Portone::Hold;
use Test::Portone;
use Test::Portone::Outcome;

our $status = <<'END';
        location = /status {
            portone_status html;
        }
END

# the language of the page by Accept-Language

sub languages {
    return CORE::join '', map { <<END } @_;
GET /status
    Accept-Language: $_->[0]
    -> 200
    -> body ~ <html lang="$_->[1]">
END
}

run_tests();

__DATA__

=== TEST 1: the page and its headers
--- locations eval: $::status
--- steps
GET /status
    -> 200
    -> Content-Type: text/html; charset=utf-8
    -> Cache-Control: no-store
    -> X-Content-Type-Options: nosniff
    -> Referrer-Policy: no-referrer
    -> Vary: Accept-Language
    -> Content-Security-Policy: ~ ^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$
    -> body ~ \A<!DOCTYPE html>
    -> body ~ </html>\n\z
    -> body ~ <html lang="ko">
    -> body ~ <section class="health ok"
    -> body !~ <script|javascript:|<img|<iframe|https?://| style=| on\w+=
HEAD /status
    -> 200
    -> Content-Length: ~ ^\d{4,}$
    -> body =
POST /status {}
    -> 405 method_not_allowed



=== TEST 2: the policy lets in exactly this style
--- locations eval: $::status
--- steps
$ curl -sSi http://127.0.0.1:$TEST_NGINX_SERVER_PORT/status | perl -MDigest::SHA=sha256_base64 -0777 -ne 'my ($policy) = /style-src .sha256-([^\x27]+)/; my ($style) = m{<style>(.*)</style>}s; my $hash = sha256_base64($style) . "="; print $policy eq $hash ? "the same\n" : "@HASH@ should be $hash\n"'
    -> body ~ ^the same$



=== TEST 3: the language
--- locations eval
$::status . <<'END'
        location = /en {
            portone_language en;
            portone_status html;
        }
END
--- steps eval
::languages(['en', 'en'], ['en-GB', 'en'], ['EN-us,en;q=0.9', 'en'],
    ['ko', 'ko'], ['ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7', 'ko'],
    ['en;q=0.2, ko;q=0.8', 'ko'], ['ko;q=0.2, en;q=0.8', 'en'],
    ['fr, en;q=0.1', 'en'], ['en;q=0', 'ko'], ['fr', 'ko'], ['*', 'ko'],
    ['eng, korean', 'ko'], ['en;q=', 'ko'], ['en;q', 'en'],
    [',,;,en', 'en'], ['en ; q=0.5, ko;q=0.4', 'en'])
. <<'END'
GET /en
    -> body ~ <html lang="en">
GET /en
    Accept-Language: ko
    -> body ~ <html lang="ko">
END



=== TEST 4: without a store
--- bare
--- config eval: $::status
--- steps
GET /status
    -> 200
    -> body ~ <section class="health attention"
    -> body ~ portone_store가 설정되어 있지 않습니다
    -> body !~ <meter



=== TEST 5: what refunds came to is told in words
--- payments eval: ::payments(2)
--- locations eval: $::status
--- steps
refund {"merchant_uid": "order_1"}
    Idempotency-Key: one
    -> 200
refund {"merchant_uid": "order_1"}
    Idempotency-Key: one
    -> 200
refund {"merchant_uid": "order_1"}
    -> 400 already_refunded
fault {"call": "cancel", "fault": "refuse", "code": -1, "message": "<name>"}
refund {"merchant_uid": "order_2", "amount": 300}
    -> 422 refund_rejected
GET /status
    -> body ~ 환불됨 <code>succeeded</code>
    -> body ~ 이미 전액환불된 주문입니다\. <code>already_refunded</code>
    -> body ~ 저장된 응답을 다시 보냄 <code>replayed</code>
    -> body ~ …er_1</code>
    -> body ~ …er_2</code>
    -> body ~ 거절됨</td>
    -> body !~ order_1
    -> body !~ name>
    -> body !~ 결과 모름



=== TEST 6: a refund that is open for long, and a record that is damaged
--- locations eval: $::status
--- steps eval
"GET /status\n    -> body ~ health ok\n"
. CORE::join('', map {
    "\$ printf 'VERSION=3\\nformat=print\\ntype=btree\\nHEADER=END\\n"
    . " default\\\\00$_->[0]\\n $_->[1]\\nDATA=END\\n'"
    . " | mdb_load -s intents \$TEST_NGINX_STORE\n"
    . "GET /status\n    -> body ~ $_->[2]\n    -> body ~ $_->[3]\n"
} (['imp_1', '{"state":"unknown","requested_at":1600000000}',
    'health attention', '결과를 모르는 환불이 1건 있으며, 가장 오래된 것은 \d+일째'],
   ['imp_2', '{"state":"sending","requested_at":1500000000}',
    'health attention', '결과를 모르는 환불이 2건 있으며'],
   ['imp_3', '{"state":"manual_review","requested_at":1600000000}',
    'health attention', '담당자의 확인을 기다리는 주문이 1건'],
   ['<script>', 'damaged', 'health broken', '읽을 수 없는 환불 기록이 1건'],
   ['imp_5', '{}', '<code>&lt;script&gt;</code>', '기록을 읽을 수 없음']))



=== TEST 7: a write that has failed, until the next one succeeds
--- payments eval: ::payments(1)
--- locations eval: $::status
--- steps
GET /payments/order_1
    -> 200
$ touch $TEST_NGINX_HOLD_SYNC.full
refund {"merchant_uid": "order_1", "amount": 1}
    -> 503 store_unavailable
within 5s refund {"merchant_uid": "order_1", "amount": 1}
    -> 503 store_unavailable
GET /status
    -> body ~ health broken
    -> body ~ 저장소에 마지막으로 쓰려던 시도가 실패했습니다
$ rm $TEST_NGINX_HOLD_SYNC.full
within 5s refund {"merchant_uid": "order_1", "amount": 1}
    -> 200
--- error_log eval
qr/\[crit\] .*store ".*": writing failed .*No space left on device/



=== TEST 8: a store that is full, and PortOne that is away
--- payments eval: ::payments(1)
--- http_config
portone_store $TEST_NGINX_STORE size=1m;
--- locations eval
$::status . <<'END'
        location = /away {
            portone_api http://127.0.0.1:$TEST_NGINX_PORT_8;
            portone_cancel;
        }
END
--- steps
POST /away {"merchant_uid": "order_1"}
    -> 502 portone_unavailable
GET /status
    -> body ~ health broken
    -> body ~ 포트원이 마지막 호출에 응답하지 않았습니다\(\d+초 전\)
GET /payments/order_1
    -> 200
GET /status
    -> body ~ health ok
$ (printf 'VERSION=3\nformat=bytevalue\ntype=btree\nHEADER=END\n'; seq 1000 1210 | sed 's/.*/ 6f&\n 20&/' | sed '/^ 20/s/$/'$(printf '20%.0s' $(seq 2000))/; echo DATA=END) | mdb_load -s payments $TEST_NGINX_STORE
GET /status
    -> body ~ health broken
    -> body ~ 저장소가 가득 찼습니다



=== TEST 9: what PortOne has accepted and not finished for a week
--- locations eval: $::status
--- steps eval
CORE::join('', map {
    "\$ printf 'VERSION=3\\nformat=print\\ntype=btree\\nHEADER=END\\n"
    . " default\\\\00%s\\n {\"state\":\"pending\",\"merchant_uid\":\"%s\","
    . "\"requested_at\":%d}\\nDATA=END\\n'"
    . " $_->[0] order_$_->[0] \$((\$(date +%s) - $_->[1]))"
    . " | mdb_load -s intents \$TEST_NGINX_STORE\n"
    . "GET /status\n" . CORE::join('', map { "    -> $_\n" } @{$_->[2]})
} (['imp_1', 604000, ['body ~ health ok', 'body !~ imp_1']],
   ['imp_2', 605000, ['body ~ health attention',
                      'body ~ 포트원이 접수한 환불이 7일째 끝나지 않았습니다',
                      'body ~ 포트원이나 PG사에 문의',
                      'body ~ <code>order_imp_2</code>',
                      'body ~ <code>imp_2</code>',
                      'body !~ imp_1', 'body !~ not_executed']]))



=== TEST 10: keys that PortOne refuses, until it takes them
--- payments eval: ::payments(1)
--- locations eval
$::status . <<'END'
        location = /stranger {
            portone_imp_key somebody;
            portone_cancel;
        }
END
--- steps
fault {"call": "token", "fault": "unauthorized"}
refund {"merchant_uid": "order_1", "amount": 300}
    -> 502 portone_unauthorized
GET /status
    -> body ~ health broken
    -> body ~ 포트원이 API 키를 거절합니다
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
GET /status
    -> body ~ health ok
    -> body !~ 키를 거절
POST /stranger {"merchant_uid": "order_1"}
    -> 502 portone_unauthorized
refund {"merchant_uid": "order_1", "amount": 300}
    -> 200
GET /status
    Accept-Language: en
    -> body ~ health broken
    -> body ~ PortOne refuses the API keys
