-- wrk's side: a request for one order after the other, and a line of JSON at
-- the end.
--
--     BENCH_KIND      refund, proxy or ping
--     BENCH_PAYMENTS  how many orders there are
--     BENCH_FROM      the order to begin with
--     BENCH_ORDER     "random": not one after the other
--     BENCH_THINK     ms that a connection waits before a request, on average
--     BENCH_RAMP      ms in which all of BENCH_CONNECTIONS make a request each,
--                     one after the other, and no more

local kind = os.getenv("BENCH_KIND")
local payments = tonumber(os.getenv("BENCH_PAYMENTS")) or 1
local think = tonumber(os.getenv("BENCH_THINK"))
local ramp = tonumber(os.getenv("BENCH_RAMP"))
local connections = tonumber(os.getenv("BENCH_CONNECTIONS"))
local next_order = tonumber(os.getenv("BENCH_FROM")) or 0

local format, random, log = string.format, math.random, math.log

-- a prime: all of them, in no order

local step = os.getenv("BENCH_ORDER") == "random" and 7919 or 1

local function request_of(body)
    return "POST /payments/cancel HTTP/1.1\r\nHost: localhost\r\n"
           .. "Content-Type: application/json\r\n"
           .. "Content-Length: " .. #format(body, 0) .. "\r\n\r\n" .. body
end

local refund = request_of(
    '{"merchant_uid":"ORD%012d","cancel_request_amount":1000,'
    .. '"reason":"변심"}')

local proxy = request_of(
    '{"imp_uid":"imp_%012d","amount":1000,"checksum":10000,'
    .. '"reason":"변심"}')

local ping = "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"
local text = kind == "proxy" and proxy or refund


function request()
    if kind == "ping" then
        return ping
    end

    next_order = next_order + 1

    return format(text, next_order * step % payments)
end


if think then

    -- as many clients come, each on its own: the times between are exponential

    function delay()
        return -log(1 - random()) * think
    end
end


if ramp then
    local begun = 0

    function delay()
        begun = begun + 1
        return begun <= connections and begun * ramp / connections or 1e7
    end
end


function done(summary, latency, requests)
    local e = summary.errors

    io.write(format('{"requests":%d,"seconds":%.6f,"errors":%d,'
        .. '"bad":%d,"mean":%.3f,"p50":%.3f,"p99":%.3f,"p999":%.3f,'
        .. '"max":%.3f}\n',
        summary.requests, summary.duration / 1e6,
        e.connect + e.read + e.write + e.timeout, e.status,
        latency.mean / 1e3, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3,
        latency.max / 1e3))
end
