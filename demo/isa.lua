-- demo/isa.lua -- an ISA slave card: the system's DMA controller moves the
-- bytes, one per bus cycle, on a channel that reaches 16 MiB.
machine = machine or {devices = {"isacard"}}
images = images or {"isa_slave.sys"}

local card = open("\\\\.\\IsaCard0")
local recorder = record("hal_map,dma_burst,port_write")

-- What the HAL told the 8237 before the card asked.
local function controller_ports(events)
    local ports = {}
    for _, e in ipairs(events) do
        if e.event == "port_write" and (e.port < 0x10 or e.port >= 0x80 and e.port < 0x90) then
            ports[#ports + 1] = string.format("%02x=%02x", e.port, e.value)
        end
    end
    return table.concat(ports, " ")
end

-- Where the machine has so much RAM: pages that no ISA card can reach itself.
-- An EISA channel reaches 4 GiB.
local reach = adapters()[1].limit + 1
local high = false
for _, range in ipairs(ram()) do high = high or range.start >= reach end

local out = buffer {text = pattern(9000, 4), scattered = true, offset = 0xc00, above = high and reach or nil}
card:write(out, {offset = 0x100})
local events = recorder:take()
local rows = show_spaces("ISA write of 9000 bytes" .. (high and ", pages above the channel's reach" or ""), events)
print("8237: " .. controller_ports(events))
equal(#rows, 3, "pages")
for i, row in ipairs(rows) do
    check(row.dla + row.bytes <= reach, string.format("a channel reaches %x", reach))
    equal(row.moved, row.bytes, "bytes of page " .. i)
end

local back = buffer {bytes = 9000, scattered = true, offset = 0x10}
card:read(back, {offset = 0x100})
print()
show_spaces("ISA read of 9000 bytes", recorder:take())
same_bytes(back:read(), out:read(), "bytes through the card")

-- A short one over a page's edge.
local short = buffer {text = pattern(100, 5), scattered = true, offset = 0xfd0}
card:write(short, {offset = 0x40})
print()
show_spaces("100 bytes over a page's edge", recorder:take())
same_bytes(card:read(100, {offset = 0x40}), short:read(), "bytes through the card")

card:close()
print("\nall bytes are where they belong")
