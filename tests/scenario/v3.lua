-- tests/scenario/v3.lua -- a driver that takes version 3 of the DMA interface
-- where there is one, and version 2 elsewhere, moves the same bytes with either.
images = {"v3.sys"}

local function round_trip()
    local h = open("\\\\.\\V3Edu")
    local out = buffer {text = pattern(4096, 7), scattered = true, offset = 0x802}
    local _, moved = h:write(out)
    equal(moved, 4096, "bytes written")
    local back = buffer {bytes = 4096, scattered = true, offset = 0xffe}
    h:read(back)
    same_bytes(back:read(), out:read())
    h:close()
end

-- 28 address lines: only version 3 can say so.
local function limit(windows)
    return windows == "8" and 0xfffffff or 0xffffff
end

for _, registers in ipairs {"translate", "bounce", "adapter"} do
    for _, windows in ipairs {"xp", "8"} do
        for _, grant in ipairs {0, 2} do
            test(string.format("DMA-027, DMA-047: %s, windows %s, grant %u", registers, windows, grant), function()
                machine = {registers = registers, windows = windows, devices = {"edu"}, grant = {master = grant}}
                round_trip()
                equal(adapters()[1].limit, limit(windows), "address limit")
            end)
        end
    end
    test(registers .. ", one map register: pieces of one page", function()
        machine = {registers = registers, windows = "8", devices = {"edu"}, grant = {master = 1}}
        round_trip()
    end)
end

test("the platform of Windows 8, RAM above 4 GiB", function()
    machine = {platform = "8", devices = {"edu"}}
    round_trip()
    equal(adapters()[1].limit, limit("8"))
end)

-- A driver that knows nothing of it works where the controllers interrupt too.
for _, registers in ipairs {"translate", "bounce", "adapter"} do
    test(registers .. ", DMA controllers that interrupt", function()
        machine = {registers = registers, windows = "8", devices = {"isacard"}, dma = {interrupt = "on"}}
        images = {"isa_slave.sys"}
        local h = open("\\\\.\\IsaCard0")
        local out = buffer {text = pattern(20000, 5), scattered = true, offset = 0x802}
        h:write(out)
        local back = buffer {bytes = 20000, scattered = true, offset = 0x400}
        h:read(back)
        same_bytes(back:read(), out:read())
    end)
end
