-- tests/scenario/watch_isa.lua -- who writes a user's buffer: the card through
-- its channel, or the HAL that copies for it. The bytes read are the oracle.
images = {"isa_slave.sys"}

-- A read, with 4 bytes of its buffer watched; for each kind of initiator.
local function read_watched(b)
    local hits = {}
    local handle = open("\\\\.\\IsaCard0")
    for name, w in pairs {
        card = {by = "dma", device = "isacard"},
        channel = {by = "dma", device = "dma8237"},
        other = {by = "dma", device = "rtc"},
        cpu = {by = "cpu"},
    } do
        hits[name] = {}
        b:fill(0xee)
        w.at, w.bytes, w.process, w.access = b.va + 10, 4, b.process.number, "write"
        local id = watch(w, function(stop) table.insert(hits[name], stop.hit) end)
        handle:read(b)
        unwatch(id)
    end
    return hits
end

local function bytes_of(hits)
    local bytes = 0
    for _, hit in ipairs(hits) do bytes = bytes + hit.bytes end
    return bytes
end

test("a channel of the 8237 writes byte by byte", function()
    machine = {devices = {"isacard"}}
    local b = buffer(100)
    local hits = read_watched(b)
    equal(#hits.card, 4, "the card")
    equal(#hits.channel, 4, "its channel")
    equal(#hits.other, 0, "another device")
    equal(#hits.cpu, 0, "the CPU")
    for i, hit in ipairs(hits.card) do
        equal(hit.before, 0xee)
        equal(hit.after, b:read(9 + i, 1):byte(), "byte " .. i)
        equal(hit.device, "isacard")
        equal(hit.va, b.va + 9 + i)
    end
end)

test("bounced bytes are the kernel's", function()
    machine = {devices = {"isacard"}, platform = "bounce", memory = "256M"}
    local b = buffer {bytes = 100, above = 0x1000000}
    local hits = read_watched(b)
    equal(#hits.card, 0, "the card")
    equal(bytes_of(hits.cpu), 4, "bytes by the HAL")
    check(hits.cpu[1].routine ~= "", "of a routine")
    check(not hits.cpu[1].by_dma)
    equal(string.pack("<I4", hits.cpu[1].after), b:read(10, 4))
end)
