-- src/lua/prelude.lua
-- Lua without what differs from run to run, made of the primitives that the C
-- side gives in `hb`. It is the beginning of one chunk: what a scenario or a
-- scripted card sees besides follows it.
local hb = ...
local type, rawget, rawset, error, pcall, select = type, rawget, rawset, error, pcall, select
local getmetatable, raw_setmetatable, math_type = getmetatable, setmetatable, math.type
local format, concat, raw_tostring = string.format, table.concat, tostring

---- Lua, the same in every run

local order = {number = 1, string = 2, boolean = 3}

local function key_before(a, b)
    local ta, tb = type(a), type(b)
    if ta ~= tb then return order[ta] < order[tb] end
    if ta == "boolean" then return a and not b end
    return a < b
end

-- Merge sort: stable, and the same whatever the comparison does.
local function merge_sort(list, before, first, last, room)
    if first >= last then return end
    local middle = (first + last) // 2
    merge_sort(list, before, first, middle, room)
    merge_sort(list, before, middle + 1, last, room)
    local i, j = first, middle + 1
    for k = first, last do
        if j > last or (i <= middle and not before(list[j], list[i])) then
            room[k] = list[i]; i = i + 1
        else
            room[k] = list[j]; j = j + 1
        end
    end
    for k = first, last do list[k] = room[k] end
end

function table.sort(list, before)
    merge_sort(list, before or function(a, b) return a < b end, 1, #list, {})
end

local raw_next = next
local function sorted_keys(t)
    local keys = {}
    for k in raw_next, t do
        if not order[type(k)] then
            error("a key is a " .. type(k) .. ": its place among the others " ..
                  "would differ from run to run", 3)
        end
        keys[#keys + 1] = k
    end
    merge_sort(keys, key_before, 1, #keys, {})
    return keys
end

function next(t, key)
    local keys = sorted_keys(t)
    for i = 1, #keys do
        if key == nil then return keys[1], t[keys[1]] end
        if keys[i] == key then
            local k = keys[i + 1]
            if k == nil then return nil end
            return k, rawget(t, k)
        end
    end
    return nil
end

function pairs(t)
    local mt = getmetatable(t)
    if type(mt) == "table" and mt.__pairs then return mt.__pairs(t) end
    local keys, i = sorted_keys(t), 0
    return function()
        while true do
            i = i + 1
            local k = keys[i]
            if k == nil then return nil end
            local v = rawget(t, k)
            if v ~= nil then return k, v end
        end
    end, t, nil
end

local has_address = {table = true, ["function"] = true, userdata = true, thread = true}

function tostring(v)
    if not has_address[type(v)] then return raw_tostring(v) end
    local mt = getmetatable(v)
    if type(mt) == "table" then
        if mt.__tostring then return mt.__tostring(v) end
        if type(mt.__name) == "string" then return mt.__name end
    end
    return type(v)
end
local tostring = tostring

function string.format(text, ...)
    if text:gsub("%%%%", ""):find("%%[-+ #0-9.]*p") then
        error("%p shows an address, which differs from run to run", 2)
    end
    local args = {n = select("#", ...), ...}
    for i = 1, args.n do
        if has_address[type(args[i])] then args[i] = tostring(args[i]) end
    end
    return format(text, table.unpack(args, 1, args.n))
end

function setmetatable(t, mt)
    if type(mt) == "table" and (rawget(mt, "__gc") or rawget(mt, "__mode")) then
        error("__gc and __mode depend on when memory is collected", 2)
    end
    return raw_setmetatable(t, mt)
end

math.random, math.randomseed = hb.random, hb.random_seed
load = hb.load

function print(...)
    local parts = {}
    for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
    for line in (concat(parts, "\t") .. "\n"):gmatch("(.-)\n") do hb.print(line) end
end

function printf(...) print(string.format(...)) end
