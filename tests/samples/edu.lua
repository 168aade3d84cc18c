-- tests/samples/edu.lua -- each kind of request that the WDM driver
-- of the edu card takes: buffered, direct and neither; pending; refused.
machine = {devices = {"edu"}}
images = {"edu.sys"}

local IDENTIFY, FACTORIAL, STORE, FETCH = 0x222000, 0x222004, 0x222009, 0x22200e
local EXCHANGE, COMMON = 0x222013, 0x222014
local u32 = function(v) return string.pack("<I4", v) end

test("a buffered request reads registers", function()
    local h = open("\\\\.\\Edu0")
    local id, live = string.unpack("<I4I4", (h:ioctl(IDENTIFY, u32(0x12345678), 8)))
    equal(id, 0x010000ed, "identification")
    equal(live, 0xedcba987, "liveness: the complement")
    equal(h:ioctl(IDENTIFY, nil, buffer(4), {try = true}), STATUS.BUFFER_TOO_SMALL, "status")
end)

test("the device computes and interrupts", function()
    local h = open("\\\\.\\Edu0")
    for n, want in pairs {[0] = 1, [1] = 1, [5] = 120, [12] = 479001600} do
        equal(string.unpack("<I4", (h:ioctl(FACTORIAL, u32(n), 4))), want, n .. "!")
    end
end)

test("direct requests store and fetch at an offset", function()
    local h = open("\\\\.\\Edu0")
    local out = buffer {text = pattern(1000, 7), scattered = true, offset = 0xe00}
    h:ioctl(STORE, u32(0x123), out)
    local back = buffer {bytes = 1000, scattered = true, offset = 0xfff}
    h:ioctl(FETCH, u32(0x123), back)
    same_bytes(back:read(), out:read())
    equal(h:ioctl(STORE, u32(4096), out, {try = true}), STATUS.INVALID_PARAMETER, "status")
end)

test("a common buffer carries bytes both ways", function()
    local h = open("\\\\.\\Edu0")
    local text = pattern(2048, 8)
    same_bytes(h:ioctl(COMMON, text, 2048), text)
    equal(h:ioctl(COMMON, buffer(2049), buffer(2049), {try = true}), STATUS.INVALID_PARAMETER, "status")
end)

test("the driver locks the user's buffers itself", function()
    local h = open("\\\\.\\Edu0")
    local from = buffer {text = pattern(20000, 9), scattered = true, offset = 5}
    local to = buffer {bytes = 20000, scattered = true, offset = 0xffb}
    local _, moved = h:ioctl(EXCHANGE, from, to)
    equal(moved, 20000, "bytes moved")
    same_bytes(to:read(), from:read())
end)

-- MmProbeAndLockPages raises; the driver's frame at fs:[0] makes it a status.
test("a buffer that is not there is an access violation, and nothing leaks", function()
    local h = open("\\\\.\\Edu0")
    local from = buffer {text = pattern(4096, 1)}
    local gone = {va = 0x7ff00000, bytes = 4096}
    equal(h:ioctl(EXCHANGE, from, gone, {try = true}), STATUS.ACCESS_VIOLATION, "status")
    equal(h:ioctl(EXCHANGE, gone, from, {try = true}), STATUS.ACCESS_VIOLATION, "status")
    local kernel = {va = 0x80401000, bytes = 4096}
    equal(h:ioctl(EXCHANGE, from, kernel, {try = true}), STATUS.ACCESS_VIOLATION, "status")
    local to = buffer(4096)
    h:ioctl(EXCHANGE, from, to)
    same_bytes(to:read(), from:read())
end)

test("an unknown request is refused", function()
    local h = open("\\\\.\\Edu0")
    equal(h:ioctl(0x22203c, nil, nil, {try = true}), STATUS.INVALID_DEVICE_REQUEST, "status")
end)

test("a device that is not there cannot be opened", function()
    local h, status = open("\\\\.\\Edu7", {try = true})
    equal(h, nil)
    equal(status, STATUS.OBJECT_NAME_NOT_FOUND, "status")
end)

test("requests on an overlapped handle are queued in order", function()
    local h = open("\\\\.\\Edu0", {overlapped = true})
    local tickets, buffers = {}, {}
    for i = 1, 5 do
        buffers[i] = buffer {text = pattern(3000, i), scattered = true, offset = 100 * i}
        tickets[i] = h:write(buffers[i], {ticket = true, offset = 0})
    end
    for i = 1, 5 do
        local status, moved = tickets[i]:wait()
        equal(status, STATUS.SUCCESS)
        equal(moved, 3000)
    end
    local back = buffer {bytes = 3000}
    h:read(back, {offset = 0})
    same_bytes(back:read(), buffers[5]:read(), "the last one written")
end)

test("two processes have the card in turn", function()
    local a, b = process("a"), process("b")
    local ha, hb = a:open("\\\\.\\Edu0"), b:open("\\\\.\\Edu0")
    local from = a:buffer {text = pattern(4096, 11), scattered = true, offset = 0x10}
    local to = b:buffer {bytes = 4096, scattered = true, offset = 0x20}
    ha:write(from)
    hb:read(to)
    same_bytes(to:read(), from:read())
end)

test("one byte is a transfer", function() -- DMA-007
    local h = open("\\\\.\\Edu0")
    local r = record("hal_map,dma_burst")
    h:write(buffer {text = "x", scattered = true, offset = 0xfff})
    local rows = spaces(r:take())
    equal(#rows, 1, "pages")
    equal(rows[1].moved, 1, "bytes")
    equal(h:read(1), "x")
end)

test("a transfer of the adapter's whole grant is one logical run", function() -- DMA-011
    local h = open("\\\\.\\Edu0")
    local r = record("hal_map,dma_burst,adapter")
    h:write(buffer {text = pattern(0x10000, 5), scattered = true, offset = 0x801})
    local rows = spaces(r:take())
    equal(#rows, 17, "pages")
    local grant = adapters()[1].grant -- pages of one piece
    for i = 2, #rows do
        if (i - 1) % grant > 0 then equal(rows[i].dla, rows[i - 1].dla + rows[i - 1].bytes, "next logical address") end
    end
end)

test("more than the grant goes in pieces", function()
    local h = open("\\\\.\\Edu0")
    local out = buffer {text = pattern(200000, 6), scattered = true, offset = 0x3}
    local r = record("hal_map,dma_burst")
    local _, moved = h:write(out)
    equal(moved, 200000)
    local at = out.va
    for _, row in ipairs(spaces(r:take())) do
        equal(row.va, at, "no byte is left out")
        equal(row.moved, row.bytes)
        at = at + row.bytes
    end
    equal(at, out.va + 200000)
end)
