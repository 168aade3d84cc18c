-- Adapter RAM shown to a program, by a section over physical memory and by
-- MmMapIoSpace with an MDL; and what happens without system PTEs.
machine = {devices = {"adram"}}
images = {"mapmem.sys"}

local SECTION, MDL, UNMAP, EXHAUST = 0x222000, 0x222004, 0x222008, 0x22200c

-- The card's memory as its BAR 0 says; the driver maps what is there.
local function adapter_ram()
    for slot = 0, 31 do
        local id = config(0, slot, 0, 0)
        if id == 0x10ad1234 then return config(0, slot, 0, 0x10) & ~0xf end
    end
    error("no card")
end

local function range(at, bytes) return string.pack("<I4I4", at, bytes) end

-- Two pages of the card from the middle of one; the program's process only.
local function seen_by_the_program(code)
    local h = open("\\\\.\\MapMem")
    local ram = adapter_ram()
    local va, system = string.unpack("<I4I4", h:ioctl(code, range(ram + 0x12340, 0x3000), 8))
    check(va < 0x7fff0000, "a user address")
    equal(va & 0xfff, 0x340, "offset in the page")
    equal(translate(va + 0x2fff).pa, ram + 0x12340 + 0x2fff, "the last byte")
    equal(translate(va, "system").mapped, false, "in the system process")
    local other = process("other")
    equal(translate(va, other).mapped, false, "in another process")
    if system ~= 0 then -- DPCs run in any of them
        for _, p in ipairs {other, "system"} do equal(translate(system, p).pa, ram + 0x12340, "the system address") end
    end
    h:ioctl(UNMAP, string.pack("<I4", va))
    equal(translate(va).mapped, false, "after the mapping is undone")
    equal(h:ioctl(UNMAP, string.pack("<I4", va), nil, {try = true}), 0xc0000019)
    h:close()
end

test("IOS-022: the view of a section is its process's", function() seen_by_the_program(SECTION) end)
test("IOS-042: the MDL's user address is its process's, the system's is everybody's",
     function() seen_by_the_program(MDL) end)

test("the last handle takes the mappings away", function()
    local h = open("\\\\.\\MapMem")
    local free = counter("Free System Page Table Entries")
    for _ = 1, 3 do
        h:ioctl(SECTION, range(adapter_ram(), 0x1000), 8)
        h:ioctl(MDL, range(adapter_ram(), 0x1000), 8)
    end
    h:close()
    equal(counter("Free System Page Table Entries"), free, "system PTEs")
end)

test("without system PTEs mappings fail, user mappings do not", function()
    local h = open("\\\\.\\MapMem")
    local free = counter("Free System Page Table Entries")
    local answer = h:ioctl(EXHAUST, range(adapter_ram(), 0x100000), 16)
    local mappings, mdl, thread, user = string.unpack("<I4I4I4I4", answer)
    check(mappings > 20, mappings .. " mappings")
    equal(mdl, 0, "MmMapLockedPagesSpecifyCache")
    equal(thread, STATUS.INSUFFICIENT_RESOURCES, "PsCreateSystemThread")
    check(user ~= 0, "MmMapLockedPages(UserMode)")
    h:close()
    equal(counter("Free System Page Table Entries"), free, "system PTEs")
end)

-- Major version of the system, from KUSER_SHARED_DATA.
local function version() return (string.unpack("<I4", peek_virtual(0x7ffe026c, 4))) end

test("IOS-036: a program uses both mappings; physical memory itself it is refused from 2003 SP1 on", function()
    local refused = version() >= 6
    local p = program("mapmem_test.exe", {string.format("%x", adapter_ram()), refused and "c0000022" or "0"})
    equal(p:wait("60s"), 0, "exit status; it wrote " .. p:errors())
    equal(p:output(), "0 failed\n", "output")
end)
