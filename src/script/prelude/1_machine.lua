-- src/script/prelude/1_machine.lua
-- What a scenario sees, documented for users in docs/scenario.md. The files of
-- this folder are one chunk, in the order of their numbers. Here: time, checks,
-- the machine's life, running.

---- time and status

local units = {ns = 1, us = 1000, ms = 1000000, s = 1000000000}
local DEFAULT_LIMIT = "10s"

-- "10ms" or a number of ns.
local function ns_of(time)
    if type(time) == "number" then return math.tointeger(time) or error("a time is whole ns", 3) end
    local number, unit = tostring(time):match("^(%d+%.?%d*)(%a+)$")
    if not number or not units[unit] then
        error(format("'%s' is not a time: write 100ns, 5us, 10ms or 1s", tostring(time)), 3)
    end
    return math.tointeger(number * units[unit] // 1)
end

local status_names = {
    [0x00000000] = "STATUS_SUCCESS", [0x00000102] = "STATUS_TIMEOUT",
    [0x00000103] = "STATUS_PENDING",
    [0x80000005] = "STATUS_BUFFER_OVERFLOW", [0xc0000001] = "STATUS_UNSUCCESSFUL",
    [0xc0000002] = "STATUS_NOT_IMPLEMENTED", [0xc0000005] = "STATUS_ACCESS_VIOLATION",
    [0xc0000008] = "STATUS_INVALID_HANDLE", [0xc000000d] = "STATUS_INVALID_PARAMETER",
    [0xc000000e] = "STATUS_NO_SUCH_DEVICE", [0xc0000010] = "STATUS_INVALID_DEVICE_REQUEST",
    [0xc0000011] = "STATUS_END_OF_FILE", [0xc0000017] = "STATUS_NO_MEMORY",
    [0xc0000022] = "STATUS_ACCESS_DENIED", [0xc0000023] = "STATUS_BUFFER_TOO_SMALL",
    [0xc0000034] = "STATUS_OBJECT_NAME_NOT_FOUND",
    [0xc0000035] = "STATUS_OBJECT_NAME_COLLISION",
    [0xc000003a] = "STATUS_OBJECT_PATH_NOT_FOUND",
    [0xc0000056] = "STATUS_DELETE_PENDING", [0xc000009a] = "STATUS_INSUFFICIENT_RESOURCES",
    [0xc000009d] = "STATUS_DEVICE_NOT_CONNECTED", [0xc00000a3] = "STATUS_DEVICE_NOT_READY",
    [0xc00000bb] = "STATUS_NOT_SUPPORTED", [0xc00000b5] = "STATUS_IO_TIMEOUT",
    [0xc00000c0] = "STATUS_DEVICE_DOES_NOT_EXIST",
    [0xc0000120] = "STATUS_CANCELLED", [0xc0000182] = "STATUS_DEVICE_CONFIGURATION_ERROR",
    [0xc0000185] = "STATUS_IO_DEVICE_ERROR",
}

STATUS = {}
for value, name in raw_next, status_names do STATUS[name:sub(8)] = value end

function status_name(status)
    local name = status_names[status]
    return name and format("%s (%08x)", name, status) or format("%08x", status)
end

local function succeeded(status) return status < 0x80000000 end

---- checks

function check(value, message)
    if not value then error(message or "the check failed", 2) end
    return value
end

local function show(v)
    if math_type(v) == "integer" then return format("%d (0x%x)", v, v) end
    if type(v) == "string" then return format("%q", v) end
    return tostring(v)
end

function equal(got, want, what)
    if got ~= want then
        error(format("%s: %s, expected %s", what or "value", show(got), show(want)), 2)
    end
    return got
end

-- Two strings of bytes; the first byte that differs is named.
function same_bytes(got, want, what)
    what = what or "bytes"
    if got == want then return end
    if #got ~= #want then
        error(format("%s: %d bytes, expected %d", what, #got, #want), 2)
    end
    for i = 1, #got do
        if got:byte(i) ~= want:byte(i) then
            error(format("%s: byte %d is %02x, expected %02x", what, i - 1,
                         got:byte(i), want:byte(i)), 2)
        end
    end
end

-- The function must fail, with a message that has the text in it.
function fails(fn, text)
    local good, message = pcall(fn)
    if good then error("it succeeded, but should fail" .. (text and " with: " .. text or ""), 2) end
    if text and not tostring(message):find(text, 1, true) then
        error(format("it failed with '%s', not '%s'", tostring(message), text), 2)
    end
    return message
end

-- n bytes, each 32-bit word other than all around it: a lost or moved page shows.
function pattern(n, seed)
    local words, v = {}, (seed or 0) * 0x9e3779b1 & 0xffffffff
    for i = 1, (n + 3) // 4 do
        v = (v * 1664525 + 1013904223) & 0xffffffff
        words[i] = string.pack("<I4", v)
    end
    return concat(words):sub(1, n)
end

---- the machine's life

local life            -- what belongs to the present machine
local seen_bugcheck, seen_findings

-- {grant = {master = 17}} as grant.master = 17; devices are strings or tables.
local function describe(t, prefix)
    for key, value in pairs(t) do
        local name = prefix .. key
        if name == "devices" then
            for _, device in ipairs(value) do
                if type(device) == "table" then
                    local text = {device.model or device[1] or error("a device needs a model", 0)}
                    for k, v in pairs(device) do
                        if k ~= "model" and k ~= 1 then text[#text + 1] = k .. "=" .. tostring(v) end
                    end
                    device = concat(text, ",")
                end
                hb.device(device)
            end
        elseif name == "registry" and type(value) == "string" then
            hb.registry_file(value)
        elseif name == "registry" then -- {["edu\\Parameters"] = {MaximumLength = 4096}}
            for path, values in pairs(value) do
                for value_name, v in pairs(values) do
                    if type(v) == "table" then
                        hb.registry(path, value_name, v.binary or error("binary = bytes", 0), true)
                    else
                        hb.registry(path, value_name, v)
                    end
                end
            end
        elseif name == "start" then -- ours, below
        elseif type(value) == "table" and value[1] then -- disk = {"a.img", "b.img"}
            for _, v in ipairs(value) do hb.set(name, tostring(v)) end
        elseif type(value) == "table" then
            describe(value, name .. ".")
        elseif type(value) == "boolean" then
            hb.set(name, value and "on" or "off")
        else
            hb.set(name, tostring(value))
        end
    end
end

local function describe_all()
    hb.clear()
    if type(machine) == "table" then describe(machine, "") end
end

local function started_check()
    for _, image in ipairs(hb.list("images")) do
        if not image.started then
            error(format("%s: DriverEntry returned %s", image.name, status_name(image.entry_status)), 0)
        end
    end
    for _, device in ipairs(hb.list("pnp")) do
        if device.state == "failed" then
            error(format("%s: no driver started it: %s", device.hardware_id, status_name(device.status)), 0)
        end
    end
end

local function fresh_life()
    life, seen_bugcheck, seen_findings = {handlers = {}, watchers = {}}, false, 0
end

-- A machine as `machine` says, without drivers. Replaces the one there was.
function create()
    describe_all()
    fresh_life()
    hb.create()
end

-- Map a driver image; its number.
function load_driver(name)
    if not hb.exists() then create() end
    return hb.load_driver(name)
end

local function load_all()
    local names = hb.given_images()
    if #names == 0 then names = images or {} end
    hb.load_drivers(names)
end

-- DriverEntry of the images, then their devices. start{check=false}: see for
-- yourself how they fared.
function start(options)
    options = options or {}
    if not hb.exists() then create() end
    if #hb.list("images") == 0 then load_all() end
    hb.start(ns_of(options.limit or DEFAULT_LIMIT))
    if options.check ~= false then started_check() end
end

-- The machine, made and started on first use.
local function ready()
    if hb.exists() then return end
    create()
    if type(machine) == "table" and machine.start == false then return end
    start()
end

function save() ready(); return hb.save() end

-- Go on from a saved machine; recorders, breakpoints and watches are gone.
function restore(bytes)
    local old = life
    fresh_life()
    if old then life.process = old.process end
    hb.restore(bytes)
end

---- running

local function ended(stop)
    local bug = hb.bugcheck()
    if bug then
        return format("the guest system has stopped: bugcheck %x (%x, %x, %x, %x) %s",
                      bug.code, bug.p1, bug.p2, bug.p3, bug.p4, bug.text)
    end
    local text = stop.text:gsub("%s+$", ""):gsub("\n", "; ")
    return stop.reason .. (text ~= "" and ": " .. text or "")
end

-- A stop at a breakpoint or a watch that has a handler calls it and is over.
local function handled(stop)
    local handler = stop.reason == "breakpoint" and life.handlers[stop.breakpoint]
        or stop.reason == "watch" and life.watchers[stop.watch]
    if handler then handler(stop) end
    return handler ~= nil and handler ~= false
end

function run(time)
    ready()
    local till = hb.now() + ns_of(time or DEFAULT_LIMIT)
    while true do
        local left = till - hb.now()
        local stop = hb.run(left > 0 and left or 0)
        if not handled(stop) then return stop end
    end
end

-- step(kind, {device=, limit=}): instruction, byte, burst, page, transfer.
function step(kind, options)
    ready()
    options = options or {}
    return hb.step(kind, options.device, ns_of(options.limit or DEFAULT_LIMIT))
end

function position() ready(); return hb.position() end
function now() ready(); return hb.now() end
function grain(bytes) ready(); hb.grain(bytes) end
