-- demo/edu.lua -- an unmodified WDM driver moves user buffers, scattered over
-- physical memory, through a PCI bus master without scatter/gather. For each
-- transfer: where every page was in the three address spaces, and the bytes.
machine = machine or {devices = {"edu"}}
images = images or {"edu.sys"}

local DEVICE_BUFFER = 4096
local card = open("\\\\.\\Edu0")
local recorder = record("hal_map,dma_burst")

-- Every byte went through its page's three addresses.
local function check_spaces(rows, buffer)
    local at = buffer.va
    for _, row in ipairs(rows) do
        equal(row.va, at, "virtual address of the page")
        equal(row.moved, row.bytes, "bytes moved through the page")
        equal(row.dla & 0xfff, row.va & 0xfff, "offset in the logical page")
        equal(row.pa, translate(row.va).pa, "physical address")
        if row.register then equal(row.gpa, row.pa, "where the map register led") end
        at = at + row.bytes
    end
    equal(at, buffer.va + buffer.bytes, "end of the last page")
    local grant = adapters()[1].grant -- pages of one piece
    for i = 2, #rows do
        if (i - 1) % grant > 0 then equal(rows[i].dla, rows[i - 1].dla + rows[i - 1].bytes, "one run of logical addresses") end
    end
end

-- Three pages and a bit, from the middle of the first page: one mapping, three
-- operations of a device that takes 4096 bytes at a time.
local out = buffer {text = pattern(10000, 1), scattered = true, offset = 0x800}
local _, written = card:write(out)
equal(written, 10000, "bytes written")
check_spaces(show_spaces("write of 10000 bytes, scattered over physical memory", recorder:take()), out)

-- The device keeps what came last: the third operation over the second.
local text = out:read()
local kept = text:sub(2 * DEVICE_BUFFER + 1) .. text:sub(#text - DEVICE_BUFFER + 1, 2 * DEVICE_BUFFER)
local back = buffer {bytes = DEVICE_BUFFER, scattered = true, offset = 0xffe}
card:read(back)
print()
check_spaces(show_spaces("read of 4096 bytes into three other pages", recorder:take()), back)
same_bytes(back:read(), kept, "what the device kept")

-- One user buffer through the device into another: the driver locks both.
local IOCTL_EDU_EXCHANGE = 0x222013
local from = buffer {text = pattern(3 * 4096, 2), scattered = true}
local to = buffer {bytes = 3 * 4096, scattered = true, offset = 0x234}
card:ioctl(IOCTL_EDU_EXCHANGE, from, to)
print()
show_spaces("exchange of three pages, out and back", recorder:take())
same_bytes(to:read(), from:read(), "bytes through the device")

-- A short one over a page's edge.
local short = buffer {text = pattern(100, 5), scattered = true, offset = 0xfd0}
card:write(short)
print()
check_spaces(show_spaces("100 bytes over a page's edge", recorder:take()), short)

card:close()
print("\nall bytes are where they belong")
