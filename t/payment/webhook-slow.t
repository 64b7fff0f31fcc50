# PortOne waits for 15 s for the answer to a webhook that it sends again.

use lib 't/lib';
use Test::Portone;

run_tests();

__DATA__

=== TEST 1: however slow PortOne is itself, it is answered in time, and what it says is stored
--- payments
imp_uid=imp_1 merchant_uid=order_1 amount=1000
imp_uid=imp_2 merchant_uid=order_2 amount=1000
--- locations
        location = /webhook {
            portone_webhook;
        }

        location /stored/ {
            portone_fetch off;
            portone_payment;
        }
--- steps
fault {"call": "payment", "fault": "gate", "name": "g", "imp_uid": "imp_1"}
[w] POST /webhook {"imp_uid": "imp_1"}
waiting g 1
POST /webhook {"imp_uid": "imp_2"}
    -> 200
await w
    -> 502 portone_unavailable
    -> .imp_uid = imp_1
GET /stored/order_1
    -> 404
open g
within 5s GET /stored/order_1
    -> 200
--- error_log
it takes too long, the client is told so
