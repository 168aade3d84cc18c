-- src/script/prelude/3_look.lua
-- Inspection, events, tables; and the tests themselves.

---- looking

local lists = {"ram", "map_registers", "adapters", "dma_pages", "operations", "devices",
               "pnp", "processes", "inputs", "regions", "threads", "irps", "device_objects",
               "driver_objects", "mdls", "interrupts", "dpcs", "timers", "pool", "channels",
               "irqs", "pci_functions", "msrs"}
for _, name in ipairs(lists) do
    _G[name] = function() ready(); return hb.list(name) end
end
function counter(name)
    ready()
    for _, c in ipairs(hb.list("counters")) do
        if c.name == name then return c.value end
    end
    error("no counter \"" .. tostring(name) .. "\"", 2)
end
-- fail(kind, n): the n-th request of a kind from now on fails; requests(kind):
-- how many there were.
function fail(kind, n) if not hb.exists() then create() end return hb.fail(kind, n) end
function requests(kind) ready(); return hb.requests(kind) end
function drivers() ready(); return hb.list("images") end
function objects() ready(); return hb.objects() end

-- translate(va, process): of the scenario's process without one; "system": of
-- the system's; "cpu": as the CPU has it now.
local space_numbers = {cpu = 0, system = 0xffffffff}
local function space_of(p)
    if p == nil then p = default_process() end
    return type(p) == "table" and p.number or space_numbers[p] or p
end

function translate(va, p) ready(); return hb.translate(space_of(p), va) end
function logical(dla, device, dir) ready(); return hb.logical(device, dla, dir) end
function peek_physical(pa, bytes) ready(); return hb.read_physical(pa, bytes) end
function peek_virtual(va, bytes, p) ready(); return hb.read_virtual(space_of(p), va, bytes) end
function peek_bus(device, dla, bytes) ready(); return hb.read_bus(device, dla, bytes) end

for _, name in ipairs {"tenure", "mdl", "cpu", "device_read", "config", "wire", "irql", "waits",
                       "routine", "poke_physical", "poke_virtual", "poke_register", "send",
                       "change_medium"} do
    _G[name] = function(...) ready(); return hb[name](...) end
end

-- trim{process=, system=true, to="transition"|"file"}: pages leave the working
-- sets of a process (the scenario's own without one) and of the system.
function trim(what)
    ready()
    what = what or {}
    local to = what.to or "file"
    if to ~= "file" and to ~= "transition" then
        error("trim: to is \"file\" or \"transition\", not " .. tostring(to), 2)
    end
    local left = 0
    if what.system then left = hb.trim(0, to == "file") end
    if what.process or not what.system then
        left = left + hb.trim(space_of(what.process), to == "file")
    end
    return left
end

function bugcheck()
    seen_bugcheck = true
    return hb.exists() and hb.bugcheck() or nil
end

function findings()
    ready()
    seen_findings = hb.findings()
    return seen_findings
end

-- What the function does must end in this bugcheck.
function expect_bugcheck(code, fn)
    local good, message = pcall(fn)
    local bug = bugcheck()
    if not bug then
        error(good and "no bugcheck came" or "no bugcheck came, but: " .. tostring(message), 2)
    end
    if bug.code ~= code then
        error(format("bugcheck %x came (%s), expected %x", bug.code, bug.text, code), 2)
    end
    return bug
end

---- events

local Recorder = {__name = "recorder"}
Recorder.__index = Recorder

-- record(glob): collects events from now on. r:take() gives those since the last
-- take, or those that a name or a function picks.
function record(glob)
    ready()
    return raw_setmetatable({number = hb.listen(glob), kept = {}}, Recorder)
end

function Recorder:take(pick)
    local events = hb.take_events(self.number)
    if pick == nil then return events end
    local picked = {}
    for _, e in ipairs(events) do
        if type(pick) == "string" and e.event == pick or type(pick) == "function" and pick(e) then
            picked[#picked + 1] = e
        end
    end
    return picked
end

function Recorder:stop() hb.unlisten(self.number) end

-- break_on(glob, {argument = value}, handler): stop after such an event. With a
-- handler, calls and run() call it there and go on.
function break_on(glob, conditions, handler)
    ready()
    local id = hb.breakpoint(glob, conditions or {})
    life.handlers[id] = handler or false
    return id
end

function unbreak(id)
    life.handlers[id] = nil
    hb.unbreak(id)
end

-- watch({at=, bytes=1, space="virtual", process=, access="write", by=, device=},
-- handler): stop at such an access; a handler gets the stop, with its hit.
function watch(what, handler)
    ready()
    what.bytes = what.bytes or 1
    local id = hb.watch(what)
    life.watchers[id] = handler or false
    return id
end

function unwatch(id)
    life.watchers[id] = nil
    hb.unwatch(id)
end

---- the three address spaces

-- Rows of a table with a heading, each column as wide as it needs.
function print_table(rows)
    local widths = {}
    for _, row in ipairs(rows) do
        for i, cell in ipairs(row) do
            widths[i] = math.max(widths[i] or 0, #tostring(cell))
        end
    end
    for _, row in ipairs(rows) do
        local line = {}
        for i, cell in ipairs(row) do
            cell = tostring(cell)
            line[i] = cell .. (" "):rep(widths[i] - #cell)
        end
        print((concat(line, "  "):gsub("%s+$", "")))
    end
end

-- What hal_map and dma_burst events say of a transfer: one row per mapped page,
-- in the order of the calls, {va, pa, pte, dla, register, gpa, bytes, moved, dir}.
-- pa, pte: what the page tables of the process say of the page; gpa: where the
-- logical page led when the device used it.
function spaces(events, p)
    local rows, by_page = {}, {}
    for _, e in ipairs(events) do
        if e.event == "hal_map" then
            local walk = hb.translate(space_of(p), e.va & 0xffffffff)
            local row = {va = e.va & 0xffffffff, pa = walk.mapped and walk.pa or nil, pte = walk.pte,
                         dla = e.dla, bytes = e.bytes, dir = e.dir, moved = 0}
            rows[#rows + 1] = row
            by_page[e.dla >> 12] = row
        elseif e.event == "dma_burst" then
            local row = by_page[e.dla >> 12]
            if row then
                row.gpa = row.gpa or e.gpa
                row.moved = row.moved + e.bytes
                if e.register ~= 0xffffffff then row.register = e.register end
            end
        end
    end
    return rows
end

-- The same as a table for people. Returns the rows.
function show_spaces(title, events, p)
    local function hex(v, digits) return v and format("%0" .. digits .. "x", v) or "-" end
    local cells = {{"virtual", "PTE", "physical", "", "register", "logical", "", "led to", "bytes"}}
    local rows = spaces(events, p)
    for _, r in ipairs(rows) do
        local back = r.dir == "from_device"
        cells[#cells + 1] = {hex(r.va, 8), hex(r.pte, 8), hex(r.pa, 9), back and "<--" or "-->",
                             r.register and tostring(r.register) or "-", hex(r.dla, 8),
                             back and "<--" or "-->", hex(r.gpa, 9), tostring(r.moved)}
    end
    print(title)
    print_table(cells)
    return rows
end

---- tests

local tests = {}

-- test(name, function): on a machine of its own.
function test(name, fn)
    if hb.exists() then error("declare tests before the first use of the machine", 2) end
    tests[#tests + 1] = {name = name, run = fn}
end

-- What a run may not leave behind without having looked.
local function leftovers()
    if not hb.exists() then return end
    local bug = hb.bugcheck()
    if bug and not seen_bugcheck then error(ended {reason = "ended", text = ""}, 0) end
    local n = hb.findings()
    if n > seen_findings then
        error(format("%d finding%s: see the events `finding`", n, n == 1 and "" or "s"), 0)
    end
end

local function whole(fn)
    local result = fn()
    leftovers()
    return result
end

-- A message that names no line of the scenario gets the innermost one.
local function with_line(message)
    message = tostring(message)
    local where = hb.where()
    if where and not message:find("^" .. where:match("^[^:]*"):gsub("%W", "%%%0") .. ":%d+:") then
        message = where .. ": " .. message
    end
    return message
end

local function one(name, fn)
    local good, message = xpcall(whole, with_line, fn)
    if not good and hb.exists() and not seen_bugcheck and hb.bugcheck() then
        local bug = hb.bugcheck()
        message = format("%s [bugcheck %x: %s]", tostring(message), bug.code, bug.text)
    end
    hb.result_of(name, good, good and "" or tostring(message))
    hb.drop()
    fresh_life()
    return good, message
end

fresh_life()

-- A chunk may return {machine=, images=, run=} instead of setting globals.
local function scenario(chunk)
    local result = chunk()
    if type(result) == "table" then
        machine = result.machine or machine
        images = result.images or images
        if result.run then result.run() end
    end
end

return function(chunk, file)
    local good, message = xpcall(scenario, with_line, chunk)
    if not good or #tests == 0 then
        one(file, function() if not good then error(message, 0) end end)
        return
    end
    if hb.exists() then hb.drop() end
    for _, t in ipairs(tests) do
        hb.random_seed_again()
        one(t.name, t.run)
    end
end
