-- Posts each signed message once. The file is what `generate` wrote; every thread of wrk
-- takes its own share of it, read before the clock starts. A thread that runs out starts
-- over and says so (`wrapped`): duplicates are cheaper, so such a run counts for nothing.
--
-- wrk … -s wrk.lua URL -- FILE THREADS FIRST COUNT
-- FIRST and COUNT cut a part out of the file. Prints one line of JSON.

local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function init(args)
    local path, count_threads = args[1], tonumber(args[2])
    local first, count = tonumber(args[3]), tonumber(args[4])
    local file = assert(io.open(path, "rb"))
    local head = { "POST /sns HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        "Content-Type: text/plain; charset=UTF-8\r\n",
        "User-Agent: Amazon Simple Notification Service Agent\r\n",
        "x-amz-sns-message-type: Notification\r\nContent-Length: " }
    local before = table.concat(head)

    requests = {}
    for i = 0, first + count - 1 do
        local prefix = file:read(9)
        if not prefix then break end
        local bytes = tonumber(prefix)
        if i >= first and i % count_threads == number then
            requests[#requests + 1] = before .. bytes .. "\r\n\r\n" .. file:read(bytes)
        else
            file:seek("cur", bytes)
        end
    end
    file:close()
    assert(#requests > 0, "no message for a thread")
    at, wrapped = 0, 0
end

function request()
    at = at + 1
    if at > #requests then
        at, wrapped = 1, wrapped + 1
    end
    return requests[at]
end

function done(summary, latency, rates)
    local wraps = 0
    for _, thread in ipairs(threads) do
        wraps = wraps + thread:get("wrapped")
    end
    local errors = summary.errors
    print(string.format('{"answers": %d, "seconds": %.6f, "not_2xx": %d, "broken": %d, '
        .. '"wrapped": %d, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f}',
        summary.requests, summary.duration / 1e6, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout, wraps,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
