-- The edu card driven as before Plug and Play: found by HalGetBusData, claimed by
-- HalAssignSlotResources, HAL routines by name.
machine = {devices = {"edu"}}
images = {"edu_nt4.sys"}

local COMMON = 0x222014

test("packets move through an adapter object of HalGetAdapter", function()
    local h = open("\\\\.\\EduNt0")
    local out = buffer {text = pattern(10000, 1), scattered = true, offset = 0x800}
    local _, written = h:write(out)
    equal(written, 10000, "bytes written")
    -- the card keeps what came last: the third buffer over the second
    local text = out:read()
    local kept = text:sub(8193) .. text:sub(#text - 4096 + 1, 8192)
    same_bytes(h:read(4096), kept, "the card's buffer")
    h:close()
end)

test("a common buffer is seen by both", function()
    local h = open("\\\\.\\EduNt0")
    local text = pattern(2000, 2)
    same_bytes(h:ioctl(COMMON, text, 2000), text, "through the common buffer")
    fails(function() h:ioctl(COMMON, pattern(3000), 3000) end, "INVALID_PARAMETER")
    h:close()
end)

test("unloading gives everything back", function()
    local before = counter("Free System Page Table Entries")
    unload(1)
    check(counter("Free System Page Table Entries") > before, "mappings went")
    equal(#adapters(), 0, "adapters")
    equal(#map_registers(), 0, "map registers")
end)
