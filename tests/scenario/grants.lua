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

for _, registers in ipairs {"translate", "bounce", "adapter"} do
    for _, grant in ipairs {1, 2, 16, 0} do
        test(string.format("DMA-016: %s, %s map registers", registers, grant == 0 and "unlimited" or grant), function()
            for _, d in ipairs(drivers) do
                machine = {registers = registers, devices = {d.card}, grant = {master = grant, slave = grant}}
                images = {d.image}
                create()
                load_driver(d.image)
                start()
                local got = adapters()[1].grant
                check(got >= 1 and (grant == 0 or got <= grant), d.image .. " got " .. got)
                round_trip(d)
            end
        end)
    end
    test("DMA-017: " .. registers .. ", slaves and masters have each their number", function()
        machine = {registers = registers, devices = {"edu", "isacard"}, grant = {master = 5, slave = 3}}
        images = {"edu.sys", "isa_slave.sys"}
        for _, d in ipairs {drivers[1], drivers[3]} do round_trip(d) end
        for _, a in ipairs(adapters()) do equal(a.grant, a.master and 5 or 3) end
        equal(#adapters(), 2)
    end)
end
