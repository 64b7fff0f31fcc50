-- The refund of PortOne's guide as an OpenResty handler. What is paid and what
-- is under way is in shared dicts: it survives a reload, but no crash.

local cjson = require "cjson.safe"

local decode, encode = cjson.decode, cjson.encode
local payments, open = ngx.shared.payments, ngx.shared.open
local capture, exit, print, req = ngx.location.capture, ngx.exit, ngx.print,
                                  ngx.req
local POST = ngx.HTTP_POST

local _M = {}


function _M.load(n, here)
    local file = assert(io.open(here .. "/payment.json"))
    local text = file:read("*l")
    file:close()

    text = text:gsub("%%cancel_amount%%", "0"):gsub("%%status%%", "paid")
               :gsub("%%cancelled_at%%", "0"):gsub("%%cancel_reason%%", "null")
               :gsub("%%cancel_history%%", "")

    local parts, from = {}, 1

    for i = 1, 100 do
        local first, last = text:find("%id%", from, true)
        parts[#parts + 1] = text:sub(from, first and first - 1)

        if not first then
            break
        end

        from = last + 1
    end

    for i = 0, n - 1 do
        local id = string.format("%012d", i)
        local ok, err = payments:safe_set("ORD" .. id,
                                          table.concat(parts, id))

        if not ok then
            error("payments: " .. err)
        end
    end
end


local function fail(status, word)
    ngx.status = status
    ngx.header.content_type = "application/json"
    print('{"error":"', word, '"}')
    return exit(status)
end


function _M.cancel()
    req.read_body()

    local body = req.get_body_data()
    local request = body and decode(body)

    if type(request) ~= "table" then
        return fail(400, "invalid_json")
    end

    local uid, amount = request.merchant_uid, request.cancel_request_amount
    local text = payments:get(uid)

    if not text then
        return fail(404, "payment_not_found")
    end

    local payment = decode(text)
    local left = payment.amount - payment.cancel_amount

    if left <= 0 then
        return fail(400, "already_refunded")
    end

    amount = amount or left

    if amount > left then
        return fail(400, "amount_exceeds_refundable")
    end

    if not open:add(uid, true) then
        return fail(409, "refund_in_progress")
    end

    local res = capture("/portone", { method = POST, body = encode {
        imp_uid = payment.imp_uid,
        amount = amount,
        checksum = left,
        reason = request.reason,
    } })

    if res.status ~= 200 or res.truncated then
        return fail(504, "outcome_unknown")
    end

    local answer = decode(res.body)

    if not answer then
        return fail(504, "outcome_unknown")
    end

    if answer.code ~= 0 then
        open:delete(uid)
        return fail(422, "refund_rejected")
    end

    payment = answer.response
    payment.refundable_amount = payment.amount - payment.cancel_amount

    text = encode(payment)

    payments:set(uid, text)
    open:delete(uid)

    ngx.header.content_type = "application/json"
    print(text)
end


return _M
