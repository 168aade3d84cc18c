-- tests/scenario/resources.lua -- what drivers get of ports, memory, lines and
-- channels, told by images/walk, which walks its translated list as the
-- documentation says; and what it sees when they are taken, moved or pulled.
images = {"walk.sys"}

local RTL, ISA = "PCI\\VEN_10EC&DEV_8139", "ISA\\HBX0001"
local PORT, MEMORY = 1, 3

-- Bits of DWORD "Mode" of the driver's key.
local PEND, FAIL_START, LEAK, REFUSE_STOP, CHANGED = 1, 2, 4, 8, 0x10
local READ_LATER, DROP, FAIL_STOP, BAD_FILTER, REFUSE_REMOVE, BAD_POINTER = 0x20, 0x40, 0x80, 0x100, 0x200, 0x400

local log, found

-- rules of the findings so far; that they are there is no failure then
local function rules()
    for _, e in ipairs(found:take()) do found.all[#found.all + 1] = e.rule end
    findings()
    return found.all
end

local function lines(pattern_)
    local out = {}
    for _, e in ipairs(log:take()) do log.all[#log.all + 1] = e.text end
    for _, text in ipairs(log.all) do
        local found = {text:match(pattern_)}
        if found[1] then out[#out + 1] = found end
    end
    return out
end

local function said(text)
    return #lines((text:gsub("[%-%(%)%.%+]", "%%%0"))) > 0
end

local function begin(options)
    machine = {devices = options.devices or {"rtl8139"}, platform = options.platform,
               registry = {walk = {Mode = options.mode or 0, State = options.state or 0}}}
    if options.key then machine.registry[options.key] = options.values end
    if options.images then images = options.images else images = {"walk.sys"} end
    create()
    log = record("debug_print")
    log.all = {}
    found = record("finding")
    found.all = {}
    for i in ipairs(images) do
        load_driver(images[i])
        driver_start(i)
    end
end

local function device(id)
    for _, d in ipairs(pnp()) do
        if d.hardware_id:find(id, 1, true) then return d end
    end
end

local function go(id, o) return device_start(device(id).number, 1, o or {}) end

-- {raw, raw start, translated, its start, length} of each range that START had
local function ranges()
    local out = {}
    for _, r in ipairs(lines("range raw (%d) at 0:(%x+) translated (%d) at 0:(%x+) length (%x+)")) do
        out[#out + 1] = {raw = tonumber(r[1]), at = tonumber(r[2], 16), type = tonumber(r[3]),
                         to = tonumber(r[4], 16), length = tonumber(r[5], 16)}
    end
    return out
end

local function reaches_the_card()
    local ids = lines("walk: id %d (%x+)")
    equal(#ids, 2, "ranges that were read")
    equal(ids[1][1], "12005452", "the station address through ports")
    equal(ids[2][1], ids[1][1], "and through memory")
    local seen = lines("through (%d) read (%d) (%x+)")
    equal(#seen, 4, "what was written through each, read through each")
    for _, s in ipairs(seen) do equal(tonumber(s[3], 16), 0x1000 + tonumber(s[1])) end
end

test("RES-004, RES-005, RES-006, RES-007, RES-010: on a PC ports and memory are what they are", function()
    begin {}
    go(RTL)
    local r = ranges()
    equal(r[1].raw, PORT)
    equal(r[1].type, PORT)
    equal(r[1].to, r[1].at)
    equal(r[2].raw, MEMORY)
    equal(r[2].type, MEMORY)
    equal(r[2].to, r[2].at)
    reaches_the_card()
end)

test("RES-008, RES-009: ports behind memory", function()
    begin {platform = "ports-memory"}
    go(RTL)
    local r = ranges()
    equal(r[1].raw, PORT)
    equal(r[1].type, MEMORY)
    equal(r[2].type, MEMORY)
    reaches_the_card()
    equal(device(RTL).state, "started")
end)

test("RES-008, RES-009: ports behind memory, memory behind ports", function()
    begin {platform = "swapped"}
    go(RTL)
    local r = ranges()
    equal(r[1].raw, PORT)
    equal(r[1].type, MEMORY)
    equal(r[2].raw, MEMORY)
    equal(r[2].type, PORT)
    reaches_the_card()
end)

test("RES-012: a driver that unmaps leaves nothing, in each way that it goes", function()
    for _, platform in ipairs {"translate", "ports-memory"} do
        for _, way in ipairs {"stop", "remove", "surprise"} do
            begin {platform = platform}
            go(RTL)
            request(RTL, way)
            equal(#rules(), 0, way .. " on " .. platform)
        end
        begin {mode = FAIL_START, platform = platform}
        equal(go(RTL, {try = true}), 0xc000009a)
        equal(#rules(), 0, "a failed start on " .. platform)
    end
end)

test("RES-012: a mapping that is left is a finding, in each way that it goes", function()
    for _, way in ipairs {"stop", "remove", "surprise"} do
        begin {mode = LEAK}
        go(RTL)
        request(RTL, way)
        check(#rules() > 0, way)
        equal(rules()[1], "S37")
    end
    begin {mode = LEAK + FAIL_START}
    go(RTL, {try = true})
    check(#rules() > 0, "a failed start")
    equal(rules()[1], "S37")
end)

test("RES-014, RES-015: a card's line is raw, its vector translated", function()
    begin {}
    go(RTL)
    local l = lines("line raw (%d+) (%d+) translated (%d+) (%x+)")[1]
    local irq = tonumber(l[1])
    equal(tonumber(l[2]), irq)
    equal(tonumber(l[3]), 27 - irq)
    equal(tonumber(l[4], 16), 0x30 + irq)
    equal(config(0, device(RTL).slot, 0, 0x3c) & 0xff, irq)
end)

test("RES-016: a channel is the 8237's", function()
    begin {devices = {"isacard,dma=3"}}
    go(ISA)
    equal(lines("channel (%d)")[1][1], "3")
end)

test("RES-033: each request comes as NOT_SUPPORTED at PASSIVE_LEVEL", function()
    begin {}
    go(RTL)
    request(RTL, "rebalance")
    request(RTL, "stop")
    request(RTL, "restart")
    request(RTL, "remove")
    local seen = {}
    for _, l in ipairs(lines("pnp (%x+) status (%x+) irql (%d+)")) do
        equal(l[2], "c00000bb", "status of minor " .. l[1])
        equal(l[3], "0", "IRQL of minor " .. l[1])
        seen[l[1]] = true
    end
    for _, minor in ipairs {"0", "1", "2", "4", "5", "7", "9", "d", "14"} do check(seen[minor], "minor " .. minor) end
end)

test("RES-021: a forced configuration wins, and is written into the card", function()
    begin {}
    force(RTL, {{type = "port", start = 0xd400, length = 0x100}, {type = "memory", start = 0xf8000000, length = 0x100},
                {type = "irq", start = 5, shared = true}})
    go(RTL)
    local r = ranges()
    equal(r[1].at, 0xd400)
    equal(r[2].at, 0xf8000000)
    equal(lines("line raw (%d+)")[1][1], "5")
    local slot = device(RTL).slot
    equal(config(0, slot, 0, 0x10), 0xd401)
    equal(config(0, slot, 0, 0x14), 0xf8000000)
    equal(config(0, slot, 0, 0x3c) & 0xff, 5)
    reaches_the_card()
    local a = lines("allocated (%d) from (%x+)")[1]
    equal(a[1], "3")
    equal(a[2], "d400", "the property says so")
end)

-- an IO_RESOURCE_REQUIREMENTS_LIST: 100h ports within [first, last]
local function ports_within(first, last)
    local d = string.pack("<BBBBI2I2I4I4I8I8", 0, 1, 1, 0, 1, 0, 0x100, 0x100, first, last)
    return string.pack("<I4I4I4I4I4I4I4I4I2I2I4", 72, 5, 0, 0, 0, 0, 0, 1, 1, 1, 1) .. d
end

test("RES-021: override over basic, forced over both", function()
    local key = "\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\PCI\\VEN_10EC&DEV_8139\\2\\LogConf"
    local basic, override = {binary = ports_within(0xd000, 0xd0ff)}, {binary = ports_within(0xd800, 0xd8ff)}
    local function first_port(values, forced)
        begin {key = key, values = values}
        equal(device(RTL).number, 2, "as in the key's path")
        if forced then force(RTL, {{type = "port", start = forced, length = 0x100}}) end
        go(RTL)
        equal(tonumber(lines("allocated %d from (%x+)")[1][1], 16), ranges()[1].at)
        return ranges()[1].at
    end
    equal(first_port {BasicConfigVector = basic}, 0xd000)
    equal(first_port {BasicConfigVector = basic, OverrideConfigVector = override}, 0xd800)
    equal(first_port({BasicConfigVector = basic, OverrideConfigVector = override}, 0xe000), 0xe000)
end)

test("RES-019: what one has another does not get; without a place it is not started", function()
    begin {devices = {"rtl8139", "rtl8139"}}
    go(RTL)
    local second
    for _, d in ipairs(pnp()) do
        if d.hardware_id == RTL and d.state == "found" then second = d.number end
    end
    local taken = ranges()[1].at
    force(second, {{type = "port", start = taken, length = 0x100}})
    local before = #lines("(pnp 0 )")
    equal(device_start(second, 1, {try = true}), 0xc0000018)
    equal(#lines("(pnp 0 )"), before, "START_DEVICE is not sent")
    equal(pnp()[second].state, "failed")
    force(second, {}) -- with the card's own requirements there is a place
    device_start(second, 1)
    check(ranges()[3].at ~= taken, "another place")
end)

test("RES-020: a shared line is given twice, an exclusive one is not", function()
    begin {devices = {"rtl8139,slot=4", "rtl8139,slot=8", "isacard,irq=9"}}
    go(ISA) -- its edge-triggered line is its own
    local lines_, numbers = {}, {}
    for _, d in ipairs(pnp()) do
        if d.hardware_id == RTL then device_start(d.number, 1) end
    end
    for _, l in ipairs(lines("line raw (%d+)")) do lines_[#lines_ + 1] = tonumber(l[1]) end
    equal(lines_[1], 9)
    check(lines_[2] ~= 9, "not the exclusive one")
    equal(lines_[3], lines_[2], "both functions are on one link")
    equal(numbers[1], nil)
end)

test("RES-022: what the function driver leaves of the requirements is assigned", function()
    begin {mode = DROP}
    go(RTL)
    local r = ranges()
    equal(#r, 1, "ranges")
    equal(r[1].raw, MEMORY)
end)

test("SEC-030: requirements that are none are refused", function()
    for _, mode in ipairs {BAD_FILTER, BAD_POINTER} do
        begin {mode = mode}
        check(go(RTL, {try = true}) >= 0xc0000000)
        equal(device(RTL).state, "failed")
        equal(rules()[1], "SEC-030")
    end
end)

test("RES-034: the card decodes when its start comes back from the bus", function()
    begin {}
    go(RTL)
    reaches_the_card()
end)

test("RES-035: a start that fails is followed by REMOVE_DEVICE", function()
    begin {mode = FAIL_START}
    equal(go(RTL, {try = true}), 0xc000009a)
    local order = ""
    for _, l in ipairs(lines("pnp (%x+) ")) do order = order .. l[1] .. " " end
    equal(order, "d 0 2 ")
    equal(device(RTL).state, "failed")
end)

test("RES-036: a start may pend; another's waits for it", function()
    begin {mode = PEND, devices = {"rtl8139", "edu"}, images = {"walk.sys", "edu.sys"}}
    local pnps = record("pnp")
    local first = go(RTL, {ticket = true})
    local second = device_start(device("VEN_1234").number, 2, {ticket = true})
    run("500ms")
    check(said("start pends"))
    check(not first:done() and not second:done())
    second:wait {}
    check(said("start ends"))
    local starts = {}
    for _, e in ipairs(pnps:take()) do
        if e.minor == "start" then starts[#starts + 1] = e.device end
    end
    equal(starts[1], device(RTL).pdo)
    equal(starts[2], device("VEN_1234").pdo)
end)

test("RES-037: a rebalance stops the device and starts it elsewhere", function()
    begin {}
    go(RTL)
    request(RTL, "rebalance")
    local r = ranges()
    equal(#r, 4)
    check(r[3].at ~= r[1].at, "other ports")
    check(r[4].at ~= r[2].at, "other memory")
    local order = ""
    for _, l in ipairs(lines("pnp (%x+) ")) do order = order .. l[1] .. " " end
    check(order:find("5 4 0 $"), "QUERY_STOP, STOP, START: " .. order)
    equal(config(0, device(RTL).slot, 0, 0x10), r[3].at | 1)
    equal(#lines("walk: id %d (12005452)"), 4, "the card is reached at both places")
end)

test("RES-037: wanted resources are those that it gets", function()
    begin {}
    go(RTL)
    request(RTL, "rebalance", {resources = {{type = "port", start = 0xe800, length = 0x100},
                                            {type = "irq", start = 11, shared = true}}})
    local r = ranges()
    equal(r[#r].at, 0xe800)
    equal(r[#r].raw, PORT)
end)

test("RES-037: who refuses to stop gets CANCEL_STOP and keeps what he has", function()
    begin {mode = REFUSE_STOP}
    go(RTL)
    equal(request(RTL, "rebalance", {try = true}), 0x80000011)
    local order = ""
    for _, l in ipairs(lines("pnp (%x+) ")) do order = order .. l[1] .. " " end
    check(order:find("5 6 $"), "QUERY_STOP, CANCEL_STOP: " .. order)
    equal(device(RTL).state, "started")
    equal(#ranges(), 2)
end)

test("RES-037: a STOP that fails is reported, and the sequence goes on", function()
    begin {mode = FAIL_STOP}
    go(RTL)
    request(RTL, "rebalance")
    equal(rules()[1], "RES-037")
    equal(device(RTL).state, "started")
    equal(#ranges(), 4)
end)

test("RES-038: RESOURCE_REQUIREMENTS_CHANGED is success, and they are asked for again", function()
    begin {mode = CHANGED}
    local irps = record("irp_call")
    go(RTL)
    local function asked()
        local n = 0
        for _, e in ipairs(irps:take()) do
            if e.major == 0x1b and e.minor == 0xb then n = n + 1 end
        end
        return n
    end
    check(asked() > 0)
    request(RTL, "rebalance")
    check(asked() > 0, "QUERY_RESOURCE_REQUIREMENTS again")
    equal(#lines("walk: (filter)"), 2, "and filtered again")
    equal(device(RTL).state, "started")
    check(ranges()[3].at ~= ranges()[1].at)
end)

test("RES-040: the state is asked for after the first start, not after a rebalance", function()
    begin {}
    go(RTL)
    equal(#lines("pnp (14) "), 1)
    request(RTL, "rebalance")
    request(RTL, "stop")
    request(RTL, "restart")
    equal(#lines("pnp (14) "), 1)
end)

test("RES-039: after REMOVE_DEVICE no request comes", function()
    begin {}
    go(RTL)
    request(RTL, "remove")
    local n = #lines("pnp (%x+) ")
    equal(lines("pnp (%x+) ")[n][1], "2")
    check(request(RTL, "stop", {try = true}) >= 0xc0000000)
    check(request(RTL, "power_down", {try = true}) >= 0xc0000000)
    run("10ms")
    equal(#lines("pnp (%x+) "), n)
end)

test("RES-039: who refuses QUERY_REMOVE hears CANCEL_REMOVE", function()
    begin {mode = REFUSE_REMOVE}
    go(RTL)
    equal(request(RTL, "remove", {try = true}), 0x80000011)
    local order = ""
    for _, l in ipairs(lines("pnp (%x+) ")) do order = order .. l[1] .. " " end
    check(order:find("1 3 $"), "QUERY_REMOVE, CANCEL_REMOVE: " .. order)
    equal(device(RTL).state, "started")
end)

test("a card that was pulled is gone from the bus; put in again it starts", function()
    begin {}
    go(RTL)
    request(RTL, "surprise")
    equal(config(0, device(RTL).slot, 0, 0), 0xffffffff)
    go(RTL)
    equal(device(RTL).state, "started")
    equal(#lines("walk: id %d (12005452)"), 4)
end)

test("RES-011: lists read after START_DEVICE are a finding, their copies are none", function()
    begin {}
    go(RTL)
    request(RTL, "rebalance")
    equal(#rules(), 0)
    begin {mode = READ_LATER}
    go(RTL)
    equal(#rules(), 0)
    request(RTL, "rebalance")
    equal(rules()[1], "RES-011")
    equal(#rules(), 1, "one finding")
    check(said("walk: later 1"), "and the list as it was")
end)

-- ---- what a driver says about its device -----------------------------------

test("a device that its driver calls failed is removed as by surprise", function()
    begin {state = 4}
    go(RTL)
    run("1ms")
    equal(device(RTL).state, "failed")
    local order = ""
    for _, l in ipairs(lines("pnp (%x+) ")) do order = order .. l[1] .. " " end
    check(order:find("17 2 $"), order)
end)

test("changed requirements are asked for again and the device moves", function()
    begin {state = 0x10}
    go(RTL)
    run("1ms")
    equal(device(RTL).state, "started")
    equal(#lines("walk: (filter)"), 2)
    check(ranges()[3].at ~= ranges()[1].at)
end)

test("what is disabled goes in order, what is not disableable stays", function()
    begin {state = 1}
    go(RTL)
    run("1ms")
    equal(device(RTL).state, "removed")
    begin {state = 0x20}
    go(RTL)
    equal(request(RTL, "remove", {try = true}), 0xc0000010)
    equal(device(RTL).state, "started")
end)

test("a card is ejected: removed, then out of its slot", function()
    begin {}
    go(RTL)
    request(RTL, "eject")
    equal(device(RTL).state, "removed")
    equal(config(0, device(RTL).slot, 0, 0), 0xffffffff)
end)

-- ---- stacks -----------------------------------------------------------------

local ENUM = "\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\PCI\\VEN_10EC&DEV_8139\\2"

local function wide(...)
    local out = {}
    for _, s in ipairs {...} do out[#out + 1] = (s:gsub(".", "%0\0")) .. "\0\0" end
    return table.concat(out) .. "\0\0"
end

local function filtered(values)
    machine = {devices = {"rtl8139"}, registry = {[ENUM] = values, walk = {Mode = 0}}}
    images = {"lowerf.sys", "walk.sys", "upperf.sys"}
    create()
    log = record("debug_print")
    log.all = {}
    for i, name in ipairs(images) do
        load_driver(name)
        driver_start(i)
    end
    equal(device(RTL).number, 2, "as in the key's path")
end

test("filters take their places below and above the function driver", function()
    filtered {LowerFilters = {binary = wide("lowerf")}, UpperFilters = {binary = wide("upperf")}}
    check(device_start(2, 1, {try = true}) ~= 0, "a filter is no function driver")
    device_start(2, 2)
    equal(lines("lowerf: add, (%d) above")[1][1], "1")
    equal(lines("upperf: add, (%d) above")[1][1], "3")
    local order = ""
    for _, l in ipairs(lines("(%w+): pnp d")) do order = order .. l[1] .. " " end
    equal(order, "upperf walk lowerf ")
    request(RTL, "rebalance")
    request(RTL, "remove")
    equal(device(RTL).state, "removed")
end)

test("a filter that is not there fails the start", function()
    filtered {UpperFilters = {binary = wide("nobody")}}
    equal(device_start(2, 2, {try = true}), 0xc0000034)
    equal(device(RTL).state, "failed")
end)

test("a key's Service is the function driver", function()
    filtered {Service = "walk"}
    check(device_start(2, 3, {try = true}) ~= 0)
    device_start(2, 2)
end)

-- ---- a driver's bus ---------------------------------------------------------

local function with_bus()
    machine = {devices = {}, registry = {walk = {Mode = 0}}}
    images = {"childbus.sys", "walk.sys"}
    create()
    log = record("debug_print")
    log.all = {}
    for i, name in ipairs(images) do
        load_driver(name)
        driver_start(i)
    end
    device_start(root_device("ROOT\\BUS"), 1)
    return open("\\\\.\\ChildBus")
end

local function children()
    local out = {}
    for _, d in ipairs(pnp()) do
        if d.hardware_id == "TEST\\Child" then out[#out + 1] = d.state end
    end
    return table.concat(out, " ")
end

test("children that a driver's bus reports are asked, driven and given resources", function()
    local h = with_bus()
    h:write("\2")
    run("5ms")
    equal(children(), "started started")
    local ports = lines("child (%d) starts, ports (%x+)")
    equal(ports[1][2], "5000")
    equal(ports[2][2], "5008", "not those of the first")
    equal(#ranges(), 2, "their function driver has them")
end)

test("children that are reported no more are removed as by surprise", function()
    local h = with_bus()
    h:write("\2")
    run("5ms")
    h:write("\1")
    run("5ms")
    equal(children(), "started removed")
    equal(#lines("childbus: child (%d) deleted"), 1)
    check(said("walk: pnp 17 "))
    h:write("\2") -- a new one
    run("5ms")
    equal(children(), "started removed started")
end)

test("four children have the four places", function()
    local h = with_bus()
    h:write("\4")
    run("5ms")
    equal(children(), "started started started started")
end)

test("with the bus its children go first", function()
    local h = with_bus()
    h:write("\2")
    run("5ms")
    h:close()
    request("ROOT\\BUS", "remove")
    equal(children(), "removed removed")
    equal(#lines("walk: pnp (1) "), 2, "each was asked")
end)
