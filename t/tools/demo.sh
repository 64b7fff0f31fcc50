#!/usr/bin/env bash
#
# Starts nginx with both modules on 127.0.0.1:$PORT, 8080 by default, makes
# refunds with curl, and leaves nginx running. Everything is in $BUILD/demo.
# Exits with 1 as soon as an answer is not the expected one.

set -euo pipefail

cd "$(dirname "$0")/../.."

# nginx is not in the PATH of an ordinary user of Debian

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1

port=${PORT:-8080}

mkdir -p "${BUILD:=build}"
demo=$(cd "$BUILD" && pwd)/demo
url=http://127.0.0.1:$port
order=ORD20180131-0000011
nginx=(nginx -p "$demo/" -c nginx.conf -e "$demo/error.log")


die() {
    echo "$0: $*" >&2
    exit 1
}


# the pid in the file can be that of another process by now

stop_old() {
    local pid

    pid=$(cat "$demo/nginx.pid" 2>/dev/null || true)

    if [ -z "$pid" ] \
       || ! tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null \
            | grep -qF "nginx -p $demo/"
    then
        return 0
    fi

    echo "stopping the demo that runs as process $pid"
    kill "$pid" || die "it belongs to somebody else"
    timeout 10 tail --pid="$pid" -s 0.1 -f /dev/null \
        || die "process $pid does not end"
}


port_is_free() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}


# Workers of a master that is root are another user, who has to get into the
# directory; where nobody else is let in they stay who the master is.

worker_user() {
    local user

    for user in www-data nobody; do
        if runuser -u "$user" -- test -x "$demo" 2>/dev/null; then
            echo "user $user $(id -gn "$user");"
            return
        fi
    done

    echo "user root root;"
}


start() {
    rm -rf "$demo"
    mkdir -p "$demo/temp"
    sed "s/@PORT@/$port/g" t/tools/demo.conf > "$demo/nginx.conf"

    if [ "$(id -u)" -eq 0 ]; then
        nginx+=(-g "$(worker_user)")
    fi

    "${nginx[@]}" || die "nginx does not start"
}


# ask STATUS FILTER ARGUMENT...: curl with the arguments; a status other than
# the expected one ends the demo

ask() {
    local expected=$1 filter=$2 status word
    shift 2

    printf '\n$ curl -i'

    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9:/._=-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done

    echo

    status=$(curl -sS -m 60 -o "$demo/body" -D "$demo/header" \
                  -w '%{http_code}' "$@") || die "no answer"

    tr -d '\r' < "$demo/header" | grep -iE '^(HTTP/|Portone-|Retry-After)'
    jq "$filter" "$demo/body" || die "the answer is not JSON"

    if [ "$status" != "$expected" ]; then
        die "the status is $status instead of $expected," \
            "see $demo/error.log"
    fi
}


# holds CONDITION: of the last answer

holds() {
    jq -e "$1" "$demo/body" >/dev/null || die "this does not hold: $1"
}


stop_old
port_is_free || die "port $port is in use; try: make demo PORT=$((port + 10))"
start

payment='{merchant_uid, imp_uid, pay_method, name, buyer_name, status,
          amount, cancel_amount, refundable_amount, refunds}
         | with_entries(select(.value != null))'

cat <<END
nginx runs at $url; /portone/ plays PortOne.
Answers are shortened to the members that matter here.

--- The payment of an order. It is not stored yet, so nginx asks PortOne.
END

ask 200 "$payment" "$url/payments/$order"
holds '.amount == 10000 and .refundable_amount == 10000 and .refunds == []'

cat <<END

--- A refund of 2000 won: the request of PortOne's guide.
END

ask 200 "$payment" --json '{
  "merchant_uid": "'$order'",
  "cancel_request_amount": 2000,
  "reason": "테스트 결제 환불",
  "refund_holder": "홍길동",
  "refund_bank": "88",
  "refund_account": "56211105948400"
}' "$url/payments/cancel"
holds '.cancel_amount == 2000 and .refundable_amount == 8000'

cat <<END

--- The result is stored, with the record of the refund.
END

ask 200 "$payment" "$url/payments/$order"
holds '.cancel_amount == 2000 and (.refunds | length) == 1'
holds '.refunds[0].state == "succeeded" and .refunds[0].amount == 2000'

cat <<END

--- More than is left is refused; PortOne is not asked.
END

ask 400 . --json '{
  "merchant_uid": "'$order'",
  "cancel_request_amount": 9000,
  "refund_holder": "홍길동",
  "refund_bank": "88",
  "refund_account": "56211105948400"
}' "$url/payments/cancel"
holds '.error == "amount_exceeds_refundable" and .refundable_amount == 8000'

cat <<END

--- What PortOne saw: one cancel, with imp_uid, amount and checksum.
END

ask 200 '{cancels_executed, tokens_issued,
          bodies: [.requests[].body | fromjson]}' \
    "$url/portone/_sandbox/ledger?call=cancel"
holds '.cancels_executed == 1 and (.requests | length) == 1'
holds '.requests[0].body | fromjson | .imp_uid == "imp_448280090638"
                                      and .amount == 2000
                                      and .checksum == 10000'

cat <<END

--- All of this is as it should be. nginx goes on running; in a browser:

$url/examples/fetch.html
$url/examples/jquery.html
$url/examples/react.html

and on the command line:

curl -i $url/payments/ORD20180131-0000012
curl -i --json '{"merchant_uid": "ORD20180131-0000012"}' \\
     $url/payments/cancel

The second one, which names no amount, refunds all that is left; the second
time it is refused. The rest of PortOne's part: $url/portone/_sandbox/payments
Configuration, logs and store: $demo

Stop it:

kill "\$(cat $demo/nginx.pid)"
END
