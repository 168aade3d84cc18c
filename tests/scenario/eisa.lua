-- tests/scenario/eisa.lua -- an ISA slave's driver on a machine whose DMA
-- controllers are EISA's: pages above 16 MiB and 64 KiB lines do not matter.
images = {"isa_slave.sys"}

local function there_and_back(bytes, offset)
    local h = open("\\\\.\\IsaCard0")
    local out = buffer {text = pattern(bytes, 5), scattered = true, offset = offset, above = 0x1000000}
    h:write(out)
    local back = buffer {bytes = bytes, scattered = true, offset = offset ~ 0x400, above = 0x1000000}
    h:read(back)
    same_bytes(back:read(), out:read())
end

test("DMA-041: each channel of an EISA machine", function()
    for _, platform in ipairs {"eisa", "eisa-bounce"} do
        for _, dma in ipairs {0, 1, 3, 5, 6, 7} do
            machine = {platform = platform, devices = {"isacard,dma=" .. dma}}
            create()
            load_driver("isa_slave.sys")
            start()
            local ports = record("port_write")
            there_and_back(60000, 0x802)
            local a = adapters()[1]
            equal(a.limit, 0xffffffff)
            equal(a.width, dma < 4 and 8 or 16)
            local high = 0
            for _, e in ipairs(ports:take()) do
                if e.port >= 0x480 and e.port < 0x490 then high = high + 1 end
            end
            check(high >= 2, "the high page is written with each operation")
        end
    end
end)
