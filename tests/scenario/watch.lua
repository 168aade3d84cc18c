-- tests/scenario/watch.lua -- watches: who touches a user's buffer, and where.
-- The buffer's own bytes and the page tables are the oracle.
machine = {devices = {"edu"}}
images = {"edu.sys"}

local TEXT = pattern(5000, 3)

local function post(what)
    local h = open("\\\\.\\Edu0")
    local b = buffer {text = TEXT, scattered = true, offset = 0xc00}
    what.process = b.process.number
    what.at = b.va + what.at
    return h, b, what
end

test("the card reads one byte of a user's buffer", function()
    local h, b, what = post {at = 4000, access = "read", by = "dma", device = "edu"}
    local hits = {}
    watch(what, function(stop)
        hits[#hits + 1] = stop.hit
        stop.hit.through = logical(stop.hit.dla, "edu", "to_device").pa
    end)
    h:write(b)
    equal(#hits, 1, "hits")
    local hit = hits[1]
    check(hit.by_dma)
    equal(hit.device, "edu")
    equal(hit.after, TEXT:byte(4001), "the byte")
    equal(hit.va, b.va + 4000, "virtual")
    equal(hit.pa, translate(b.va + 4000, b.process.number).pa, "physical")
    equal(hit.through, hit.pa, "through the map register")
end)

test("no other initiator touches it", function()
    for _, by in ipairs {{by = "cpu"}, {by = "dma", device = "rtc"}} do
        local h, b, what = post {at = 4000, by = by.by, device = by.device, access = "read write"}
        local id = watch(what)
        h:write(b) -- would fail where it stops
        unwatch(id)
    end
end)

test("a run stops inside the tenure, behind the byte", function()
    local h, b, what = post {at = 100, access = "read", by = "dma"}
    local id = watch(what)
    local ticket = h:write(b, {ticket = true})
    local stop = run()
    equal(stop.reason, "watch")
    equal(stop.watch, id)
    equal(tenure().moved, 101, "bytes of the tenure")
    check(stop.text:find("edu reads 1 bytes", 1, true), stop.text)
    unwatch(id)
    ticket:wait()
end)

test("an instruction of the driver", function()
    local h, b = post {at = 0}
    local driver = drivers()[1]
    local id = watch {at = driver.base, bytes = driver.bytes, access = "execute"}
    local ticket = h:write(b, {ticket = true})
    local stop = run()
    equal(stop.reason, "watch")
    equal(stop.hit.access, "execute")
    equal(stop.hit.eip, cpu().eip)
    check(stop.hit.eip >= driver.base and stop.hit.eip < driver.base + driver.bytes)
    unwatch(id)
    ticket:wait()
end)

test("interrupt and DPC routines are code as any", function()
    local h, b = post {at = 0}
    local driver = drivers()[1]
    local levels = {}
    local id = watch({at = driver.base, bytes = driver.bytes, access = "execute"},
        function() levels[irql()] = true end)
    h:write(b)
    unwatch(id)
    local interrupt = false
    for level in pairs(levels) do interrupt = interrupt or level > 2 end
    check(levels[0] and levels[2] and interrupt, "dispatch, DPC and service routine")
end)

test("what is none is refused", function()
    fails(function() watch {at = 0, access = "wear"} end, "access is not 'wear'")
    fails(function() watch {at = 0, space = "logical"} end, "name it")
    fails(function() watch {at = 0, device = "tape"} end, "tape")
end)
