-- tests/samples/isa.lua -- the ISA slave in each way of asking for the
-- bus, on 8- and 16-bit channels, ending before terminal count.
images = {"isa_slave.sys"}

local MODE = 0x222000
local SINGLE, DEMAND, BLOCK = 0, 1, 2

local function round_trip(bytes, offset)
    local h = open("\\\\.\\IsaCard0")
    local out = buffer {text = pattern(bytes, 5), scattered = true, offset = offset}
    h:write(out)
    local back = buffer {bytes = bytes, scattered = true, offset = offset ~ 0x400}
    h:read(back)
    same_bytes(back:read(), out:read())
    return h
end

local function mode(h, request, count, period, burst)
    h:ioctl(MODE, string.pack("<I2I2I2I2", request, count, period, burst))
end

for _, dma in ipairs {0, 1, 3, 5, 6, 7} do
    test("channel " .. dma, function()
        machine = {devices = {"isacard,dma=" .. dma}}
        round_trip(6000, 0x802)
        local a = adapters()[1]
        equal(a.channel, dma)
        equal(a.width, dma < 4 and 8 or 16)
    end)
end

test("demand requests on a channel in demand mode", function()
    machine = {devices = {"isacard"}, windows = "xp", registry = {isa_slave = {DemandMode = 1}}}
    local h = open("\\\\.\\IsaCard0")
    mode(h, DEMAND, 0, 500, 8)
    round_trip(3000, 0x10)
end)

-- The card drops its request with the first unit; single mode wants one for each.
test("block requests on a channel in single mode never end, and the run says who waits", function()
    machine = {devices = {"isacard"}}
    local h = open("\\\\.\\IsaCard0")
    mode(h, BLOCK, 0, 500, 8)
    fails(function() h:write(buffer {text = pattern(100, 1)}) end, "ZwWriteFile waits for")
end)

test("a word channel refuses odd transfers", function()
    machine = {devices = {"isacard,dma=5"}}
    local h = open("\\\\.\\IsaCard0")
    equal(h:write(buffer {text = "abc"}, {try = true}), STATUS.INVALID_PARAMETER, "status")
end)

test("a card that ends first: the counter says how much was moved", function()
    machine = {devices = {"isacard"}}
    local h = open("\\\\.\\IsaCard0")
    mode(h, SINGLE, 1000, 0, 16)
    local _, moved = h:write(buffer {text = pattern(4096, 1)})
    equal(moved, 1000, "bytes moved")
end)
