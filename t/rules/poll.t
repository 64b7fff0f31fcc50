# nginx's threads do not work with the poll method: nginx -t says so, instead of
# workers that do not live. Needs the binary that t/tools/static makes.

use lib 't/lib';

BEGIN { $ENV{TEST_NGINX_EVENT_TYPE} = 'poll' }

use Test::Portone;

run_tests();

__DATA__

=== TEST 1: a store needs an event method that threads can wake up
--- must_die
--- error_log
"portone_store" cannot be used with the "poll" event method
