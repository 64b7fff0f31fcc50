# portone_imp_key and portone_imp_secret: literal, file:path, env:NAME. What
# nginx -t says never has the value in it: it says the expected line only.

BEGIN {
    # files that others can read are worth a warning

    umask 077;

    $ENV{SHOP_IMP_KEY} = 'imp_key_of_tests';
    $ENV{SHOP_IMP_SECRET} = 'imp_secret_of_tests';
}

use lib 't/lib';
use Test::Portone;
use Test::Portone::Conf;

run_tests();

__DATA__

=== TEST 1: what a file or a variable holds is sent, without line ends
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- user_files
>>> imp_key
imp_key_of_tests


>>> imp_secret
imp_secret_of_tests
--- http_config
    portone_imp_key file:html/imp_key;
    portone_imp_secret file:$TEST_NGINX_ROOT/html/imp_secret;
--- locations
        location = /env {
            portone_imp_key env:SHOP_IMP_KEY;
            portone_imp_secret env:SHOP_IMP_SECRET;
            portone_tier ABC;
            portone_cancel;
        }
--- steps
refund {"merchant_uid": "order_1"}
    -> 200
ledger ?call=token
    -> .requests # 1
    -> .requests[0].body = "{\"imp_key\":\"imp_key_of_tests\",\"imp_secret\":\"imp_secret_of_tests\"}"
    -> .requests[0].status = 200
POST /env {"merchant_uid": "order_2"}
    -> 502 portone_unauthorized
ledger ?call=token
    -> .requests # 2
    -> .requests[1].tier = ABC
    -> .requests[1].body = "{\"imp_key\":\"imp_key_of_tests\",\"imp_secret\":\"imp_secret_of_tests\"}"
--- error_log
PortOne



=== TEST 2: a secret of any text is sent as JSON
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- http_config
    portone_imp_key 'k"\\ 한글';
    portone_imp_secret 'file and env: s"';
--- steps
refund {"merchant_uid": "order_1"}
    -> 502 portone_unauthorized
ledger
    -> .requests # 1
    -> .requests[0].call = token
    -> .requests[0].status = 401
    -> .requests[0].body = "{\"imp_key\":\"k\\\"\\\\ 한글\",\"imp_secret\":\"file and env: s\\\"\"}"



=== TEST 3: a changed file takes effect with a reload
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
--- user_files
>>> imp_secret
old_one
--- http_config
    portone_imp_secret file:html/imp_secret;
--- steps
refund {"merchant_uid": "order_1"}
    -> 502 portone_unauthorized
$ echo imp_secret_of_tests > $TEST_NGINX_ROOT/html/imp_secret
refund {"merchant_uid": "order_1"}
    -> 502 portone_unauthorized
reload
refund {"merchant_uid": "order_1"}
    -> 200
ledger ?call=cancel
    -> .requests # 1



=== TEST 4: a file that cannot be read is named
--- user_files
>>> deep/key
k
--- nginx_t
portone_imp_key file:html/deep/key;
portone_imp_secret file:$TEST_NGINX_ROOT/html/deep/key;

portone_imp_key file:html/missing;
#<- open() "$TEST_NGINX_ROOT/html/missing" failed (2: No such file or directory)

portone_imp_secret file:/nowhere/at/all;
#<- open() "/nowhere/at/all" failed (2: No such file or directory)

portone_imp_secret file:html/deep;
#<- read() "$TEST_NGINX_ROOT/html/deep" failed (21: Is a directory)

portone_imp_secret file:html/deep/key/x;
#<- open() "$TEST_NGINX_ROOT/html/deep/key/x" failed (20: Not a directory)



=== TEST 5: a relative path stays below the prefix
--- nginx_t
portone_imp_key file:../key;
#<- path "../key" leaves the prefix, use an absolute one

portone_imp_secret file:html/../../key;
#<- path "html/../../key" leaves the prefix, use an absolute one



=== TEST 6: an empty value is refused
--- user_files
>>> empty
>>> lines



--- env
EMPTY_IMP_KEY=
--- nginx_t
portone_imp_key "";
#<- "portone_imp_key" is empty

portone_imp_secret file:html/empty;
#<- "portone_imp_secret" is empty

portone_imp_secret file:html/lines;
#<- "portone_imp_secret" is empty

portone_imp_key env:EMPTY_IMP_KEY;
#<- environment variable "EMPTY_IMP_KEY" of "portone_imp_key" is not set

portone_imp_secret env:NO_SUCH_VARIABLE;
#<- environment variable "NO_SUCH_VARIABLE" of "portone_imp_secret" is not set



=== TEST 7: a value is not longer than 4096 bytes
--- user_files eval
[['most', 'k' x 4096], ['more', 'k' x 4097], ['line', 'k' x 4096 . "\n"]]
--- nginx_t
portone_imp_key file:html/most;

portone_imp_key file:html/more;
#<- "$TEST_NGINX_ROOT/html/more" is longer than 4096 bytes

portone_imp_key file:html/line;
#<- "$TEST_NGINX_ROOT/html/line" is longer than 4096 bytes



=== TEST 8: a value is text
--- user_files eval
[['latin', "k\xe9y"], ['utf', "k\xc3\xa9y"]]
--- nginx_t
portone_imp_key file:html/utf;

portone_imp_secret file:html/latin;
#<- "portone_imp_secret" is not text



=== TEST 9: a key and a secret are given once a level, with one value
--- nginx_t
portone_imp_key k;
portone_imp_key k;
#<- "portone_imp_key" directive is duplicate

portone_imp_secret first_secret;
portone_imp_secret other_secret;
#<- "portone_imp_secret" directive is duplicate

portone_imp_key;
#<- invalid number of arguments in "portone_imp_key" directive

portone_imp_secret one two;
#<- invalid number of arguments in "portone_imp_secret" directive

upstream u {
    portone_imp_secret s;
    #<- "portone_imp_secret" directive is not allowed here
}
