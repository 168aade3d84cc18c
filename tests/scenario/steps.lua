-- tests/scenario/steps.lua -- stepping, grains, saves: each stops a run, none
-- changes it. The events of a transfer are the oracle: they must be equal.
machine = {devices = {"edu"}}
images = {"edu.sys"}

local GLOB = "*,-input,-dma_beat"

local function text_of(events)
    local lines = {}
    for i, e in ipairs(events) do
        local parts = {}
        for k, v in pairs(e) do parts[#parts + 1] = k .. "=" .. tostring(v) end
        lines[i] = table.concat(parts, " ")
    end
    return lines
end

local function same_events(got, want)
    for i = 1, math.max(#got, #want) do
        if got[i] ~= want[i] then
            error(string.format("event %d: %s, expected %s", i, got[i] or "none", want[i] or "none"), 2)
        end
    end
end

-- A write of 5000 bytes over three pages, posted but not run.
local function post()
    local h = open("\\\\.\\Edu0")
    local b = buffer {text = pattern(5000, 3), scattered = true, offset = 0xc00}
    local r = record(GLOB)
    return h:write(b, {ticket = true}), r
end

-- Runs it to its end in a way of its own; the events.
local function events_of(how)
    local ticket, r = post()
    local take = how(ticket, r)
    ticket:wait()
    local lines = text_of(r:take())
    return take and table.move(lines, 1, #lines, #take + 1, take) or lines
end

local free -- events of a run that nothing stops

test("a run that nothing stops", function()
    free = events_of(function() end)
    check(#free > 100)
end)

test("the same run again", function()
    same_events(events_of(function() end), free)
end)

for _, bytes in ipairs {1, 3, 1000} do
    test("a grain of " .. bytes, function()
        grain(bytes)
        same_events(events_of(function() end), free)
    end)
end

for _, kind in ipairs {"byte", "burst", "page", "transfer", "instruction"} do
    test("steps by " .. kind, function()
        local steps = 0
        local lines = events_of(function(ticket)
            while not ticket:done() and steps < 20000 do
                local stop = step(kind, {limit = "1ms"})
                if stop.reason ~= "step" then break end
                steps = steps + 1
            end
        end)
        same_events(lines, free)
        if kind == "byte" then equal(steps, 5000, "steps") end
        if kind == "transfer" then equal(steps, 2, "operations of the device") end
        if kind == "page" then equal(steps, 3, "pages: two of the first operation, one of the second") end
    end)
end

test("memory between two bytes is half a buffer", function()
    local ticket = post()
    grain(1)
    for _ = 1, 100 do equal(step("byte").reason, "step") end
    local t = tenure()
    equal(t.moved, 100, "bytes of the tenure")
    ticket:wait()
end)

-- Save, load, go on: both halves together are the whole.
for _, every in ipairs {1, 97} do
    test("saved and loaded at every " .. every .. "th stop of a byte step", function()
        local ticket, r = post()
        local lines, steps = {}, 0
        local function collect() for _, l in ipairs(text_of(r:take())) do lines[#lines + 1] = l end end
        while not ticket:done() and steps < 300 * every do
            if step("byte", {limit = "1ms"}).reason ~= "step" then break end
            steps = steps + 1
            if steps % every == 0 then
                collect()
                local bytes = save()
                restore(bytes)
                check(save() == bytes, "save(load(save)) is another machine")
                r = record(GLOB)
            end
        end
        ticket:wait()
        collect()
        same_events(lines, free)
    end)
end
