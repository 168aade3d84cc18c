-- tests/scenario/grants.lua -- how many map registers a platform grants: drivers
-- that honour the count move the same bytes with any.
local drivers = {
    {image = "edu.sys", card = "edu", path = "\\\\.\\Edu0", bytes = 4096},
    {image = "edu_elf.o", card = "edu", path = "\\\\.\\Edu0", bytes = 4096},
    {image = "isa_slave.sys", card = "isacard", path = "\\\\.\\IsaCard0", bytes = 20000},
}

local function round_trip(d)
    local h = open(d.path)
    local out = buffer {text = pattern(d.bytes, 3), scattered = true, offset = 0x802}
    h:write(out)
    local back = buffer {bytes = d.bytes, scattered = true, offset = 0xffe}
    h:read(back)
    same_bytes(back:read(), out:read(), d.image)
    h:close()
end

local function with(settings, d)
    machine = settings
    machine.devices = {d.card}
    images = {d.image}
    create()
    load_driver(d.image)
    start()
end

local kinds = {"translate", "bounce", "adapter"}

test("DMA-016: 1, 2, 16 and unlimited map registers", function()
    for _, registers in ipairs(kinds) do
        for _, grant in ipairs {1, 2, 16, 0} do
            for _, d in ipairs(drivers) do
                with({registers = registers, grant = {master = grant, slave = grant}}, d)
                local got = adapters()[1].grant
                check(got >= 1 and (grant == 0 or got <= grant), d.image .. " got " .. got)
                round_trip(d)
            end
        end
    end
end)

test("DMA-017: slaves and masters have each their number", function()
    for _, registers in ipairs(kinds) do
        for _, d in ipairs(drivers) do
            with({registers = registers, grant = {master = 5, slave = 3}}, d)
            equal(adapters()[1].grant, adapters()[1].master and 5 or 3)
            round_trip(d)
        end
    end
end)

test("DMA-021: the same image gives the same bytes, wherever the registers are", function()
    for _, d in ipairs(drivers) do
        local first
        for _, registers in ipairs(kinds) do
            with({registers = registers}, d)
            local h = open(d.path)
            local out = buffer {text = pattern(d.bytes, 9), scattered = true, offset = 0x9fc}
            h:write(out)
            local back = buffer {bytes = d.bytes, scattered = true, offset = 0x10}
            h:read(back)
            same_bytes(out:read(), pattern(d.bytes, 9), "the buffer that went out")
            first = first or back:read()
            same_bytes(back:read(), first, d.image .. " on " .. registers)
        end
        same_bytes(first, pattern(d.bytes, 9), d.image)
    end
end)

-- The driver of the ISA card calls KeFlushIoBuffers, a macro that is nothing.
test("DMA-121: KeFlushIoBuffers is no import", function()
    for _, registers in ipairs(kinds) do
        with({registers = registers, missing = "fail"}, drivers[3])
        round_trip(drivers[3])
    end
end)
