-- tests/scenario/pnp.lua -- a card's life: started, stopped, started again,
-- powered down, removed, its driver unloaded. What it held is given back.
machine = {devices = {"edu"}}
images = {"edu.sys"}

local EDU = "VEN_1234"

local function state()
    for _, d in ipairs(pnp()) do
        if d.hardware_id:find(EDU, 1, true) then return d.state end
    end
end

local function round_trip(h)
    local out = buffer {text = pattern(3000, 1), scattered = true, offset = 0x900}
    h:write(out)
    same_bytes(h:read(3000), out:read())
end

test("a device that was stopped and started works", function()
    local h = open("\\\\.\\Edu0")
    round_trip(h)
    request(EDU, "stop")
    equal(state(), "stopped")
    equal(#adapters(), 0, "adapters while it is stopped")
    equal(h:write("x", {try = true}), STATUS.DEVICE_NOT_READY, "status while it is stopped")
    request(EDU, "restart")
    equal(state(), "started")
    round_trip(h)
end)

test("a device that nobody has open is removed, its driver unloaded", function()
    local h = open("\\\\.\\Edu0")
    round_trip(h)
    h:close()
    request(EDU, "remove")
    equal(state(), "removed")
    equal(#adapters(), 0, "adapters")
    equal(#map_registers(), 0, "map registers")
    equal(open("\\\\.\\Edu0", {try = true}), nil)
    unload(1)
    check(drivers()[1].unloaded)
end)

test("a surprise removal ends requests and the device goes with its last handle", function()
    local h = open("\\\\.\\Edu0")
    round_trip(h)
    request(EDU, "surprise")
    check(h:write("x", {try = true}) >= 0xc0000000, "a write fails")
    h:close()
    run("1ms")
    equal(state(), "removed")
end)

test("power goes down and up", function()
    local h = open("\\\\.\\Edu0")
    request(EDU, "power_down")
    request(EDU, "power_up")
    round_trip(h)
end)

test("the device interface leads to the device", function()
    local link
    for _, o in ipairs(objects()) do
        if o.type == "SymbolicLink" and o.name:find("{6a2f9c1e", 1, true) then link = o.name end
    end
    check(link, "no link of the interface")
    local h = open("\\\\.\\" .. link:match("[^\\]*$"))
    round_trip(h)
end)
