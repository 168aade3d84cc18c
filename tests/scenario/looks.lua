-- tests/scenario/looks.lua -- what a scenario can look at while a transfer holds
-- the bus: each thing is seen in two ways that must agree.
machine = {devices = {"edu"}, memory = "32M"}
images = {"edu.sys"}

local BYTES, OFFSET = 5000, 0xc00

local function named(list, field, value)
    for _, row in ipairs(list) do
        if row[field] == value then return row end
    end
    error("nothing has " .. field .. " " .. tostring(value), 2)
end

local function word(va) return (string.unpack("<I4", peek_virtual(va, 4, "system"))) end

-- A write of three pages, stopped at the first byte of its second page.
local function under_way()
    local h = open("\\\\.\\Edu0")
    local b = buffer {text = pattern(BYTES, 3), scattered = true, offset = OFFSET}
    local r = record("hal_map,irp_call,dma_burst")
    local ticket = h:write(b, {ticket = true})
    equal(step("page", {device = "edu"}).reason, "step")
    return b, r:take(), ticket
end

test("one byte has three addresses, whoever is asked", function()
    local b, events, ticket = under_way()
    local maps = {}
    for _, e in ipairs(events) do
        if e.event == "hal_map" then maps[#maps + 1] = e end
    end
    equal(#maps, 2, "pages of the card's first 4096 bytes")
    for _, map in ipairs(maps) do
        local n = math.min(map.bytes, 64)
        local at, there = translate(map.va), logical(map.dla, "edu", "to_device")
        check(at.mapped and at.user, "mapped for the user")
        check(there.reaches and there.in_window, there.result)
        equal(there.pa, at.pa, "where both lead")
        equal(logical(map.dla, "edu", "from_device").reaches, false, "the other direction")
        local seen = peek_virtual(map.va, n)
        same_bytes(seen, b:read(map.va - b.va, n), "as the process sees it")
        same_bytes(peek_physical(at.pa, n), seen, "in RAM")
        same_bytes(peek_bus("edu", map.dla, n), seen, "as the card sees it")
        local entry = string.unpack("<I4", peek_physical(at.pte_at, 4))
        equal(entry, at.pte, "the entry in its table")
        equal(entry & 0xfffff000, at.pa & 0xfffff000, "and its frame")
        local page = named(dma_pages(), "dla", map.dla)
        equal(page.va, map.va)
        equal(page.owner, at.pa)
        equal(page.pa, at.pa)
        equal(page.bounced, false)
        local register = named(map_registers(), "dla", map.dla & ~0xfff)
        equal(register.pa, at.pa & ~0xfff)
        equal(register.index, there.register)
        equal(register.entry, there.entry)
    end
    ticket:wait()
    equal(#dma_pages(), 1, "the common buffer's register is left")
    equal(logical(maps[1].dla, "edu", "to_device").reaches, false, "after the flush")
end)

test("the packet's MDL lists the buffer's pages", function()
    local b, events, ticket = under_way()
    local irp
    for _, e in ipairs(events) do
        if e.event == "irp_call" and e.major == 4 then irp = e.irp end
    end
    local m = mdl(word(irp + 4)) -- MdlAddress
    equal(m.bytes, BYTES)
    equal(m.offset, OFFSET)
    equal(m.start, b.va & ~0xfff)
    equal(m.next, 0)
    check(m.flags & 2 ~= 0, "MDL_PAGES_LOCKED")
    local pages = b:pages()
    equal(#m.pfn, #pages)
    for i, pfn in ipairs(m.pfn) do equal(pfn, pages[i].pa >> 12, "page " .. i) end
    equal(mdl(0), nil, "no MDL")
    ticket:wait()
end)

test("a tenure, its operation and the adapter", function()
    local b, _, ticket = under_way()
    step("byte", {device = "edu"})
    local t, o = tenure(), operations()
    equal(t.device, "edu")
    equal(t.dir, "to_device")
    check(t.moved > 0 and t.moved < t.bytes, "in its midst")
    equal(position().moved, t.moved)
    equal(#o, 1)
    equal(o[1].transfer, t.transfer)
    equal(o[1].dla, t.dla)
    local a = adapters()[1]
    check(a.master and not a.scatter_gather and a.grant > 1)
    check(t.dla >= a.first and t.dla + t.bytes - 1 <= a.last, "where the adapter reaches")
    ticket:wait()
    equal(tenure().bytes, 0, "the bus is free")
    equal(#operations(), 0)
end)

test("the machine, its cards and what the kernel has", function()
    local h = open("\\\\.\\Edu0")
    local bytes, r = 0, record("*")
    for _, range in ipairs(ram()) do bytes = bytes + range.bytes end
    equal(bytes, (32 << 20) - (384 << 10), "32 MiB but for 640 KiB to 1 MiB")
    local card = named(devices(), "model", "edu")
    equal(config(0, card.slot, 0, 0), 0x11e81234)
    equal(config(0, card.slot, 0, 0x10) & ~15, card.windows[0].base)
    equal(config(0, 31, 0, 0), 0xffffffff)
    equal(device_read("edu", 0, 0), 0x010000ed)
    fails(function() device_read("moon", 0, 0) end, "no such device")
    fails(function() wire("moon") end, "no wire")
    equal(wire("IRQ0") == true or wire("IRQ0") == false, true)
    local c = cpu()
    equal(c.cr0 >> 31, 1, "paging")
    check(translate(c.eip, "cpu").mapped, "what the CPU runs is mapped")
    equal(irql(), 0)
    equal(named(pnp(), "hardware_id", "PCI\\VEN_1234&DEV_11E8").state, "started")
    equal(named(objects(), "name", "\\Device\\Edu0").type, "Device")
    local image = named(drivers(), "name", "edu.sys")
    equal(peek_virtual(image.base, 2, "system"), "MZ")
    check(#processes() >= 1)
    check(waits():find("waits for", 1, true), waits())
    equal(routine(0), nil)
    local last = 0
    for _, input in ipairs(inputs()) do
        check(input.tick >= last, "inputs come in order")
        last = input.tick
    end
    equal(#r:take(), 0, "events: looking is none")
end)

test("what is poked is there", function()
    local b = buffer {text = ("a"):rep(64), scattered = true}
    poke_physical(translate(b.va).pa, "physical")
    equal(b:read(0, 9), "physicala")
    poke_register("eax", 0x12345678)
    equal(cpu().eax, 0x12345678)
    fails(function() poke_register("rax", 1) end)
end)

test("the request of a transfer is seen from every side", function()
    local b, events, ticket = under_way()
    local sent
    for _, e in ipairs(events) do
        if e.event == "irp_call" and e.major == 4 then sent = e end
    end
    local irp = named(irps(), "at", sent.irp)
    equal(irp.major, "IRP_MJ_WRITE")
    equal(irp.device, sent.device)
    equal(irp.damaged, false)
    local top = named(irp.locations, "current", true)
    equal(top.driver, "\\Driver\\edu")
    local object = named(device_objects(), "at", irp.device)
    equal(object.driver, top.driver)
    equal(named(device_objects(), "at", object.below).above, irp.device)
    local driver = named(driver_objects(), "name", top.driver)
    equal(named(drivers(), "number", driver.image).name, "edu.sys")
    check(driver.dispatch.IRP_MJ_WRITE >= named(drivers(), "name", "edu.sys").base)
    local use = named(mdls(), "at", irp.mdl)
    equal(use.locked, true)
    equal(use.dma, true)
    equal(named(pool(), "at", irp.at).tag, "Irp ")
    local thread = named(threads(), "number", irp.thread)
    check(thread.state ~= "ended", thread.state)
    if thread.state == "waiting" then check(#thread.calls > 0 and #thread.waits > 0) end
    local line = named(interrupts(), "irql", irqs()[interrupts()[1].irq + 1].irql)
    equal(irqs()[line.irq + 1].connected, 1)
    local card = named(pci_functions(), "device", "edu")
    equal(card.bars[0].base, named(devices(), "name", "edu").windows[0].base)
    equal(card.bars[0].enabled, true)
    equal(#channels(), 8)
    equal(channels()[5].mode, "cascade")
    check(#msrs() > 0 and #timers() >= 0 and #dpcs() >= 0)
    ticket:wait()
end)
