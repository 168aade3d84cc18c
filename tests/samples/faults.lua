-- Each request for pool, system PTEs, map registers, MDLs and resources that a
-- sample driver makes in its life fails once: nothing leaks, nothing hangs, and
-- no bugcheck or finding comes of it.
local kinds = {"pool", "pte", "map-register", "mdl", "resource"}
local function pnp_state(id)
    for _, d in ipairs(pnp()) do
        if d.hardware_id:find(id, 1, true) then return d.state end
    end
end

-- What a program does with the device, if it can be opened.
local function use(sample)
    local h = open(sample.path, {try = true})
    if not h then return end
    if sample.use then
        sample.use(h)
        h:close()
        return
    end
    local out = buffer {text = pattern(3000, 1), scattered = true, offset = 0x900}
    local back = buffer {bytes = 3000, scattered = true, offset = 0x123}
    local written = h:write(out, {try = true}) == 0
    local read = h:read(back, {try = true}) == 0
    if written and read then same_bytes(back:read(), out:read(), "bytes through the device") end
    h:close()
end

-- What the card's memory is mapped for.
local function map_memory(h)
    for _, code in ipairs {0x222000, 0x222004} do
        h:ioctl(code, string.pack("<I4I4", 0xe8000000, 0x2000), 8, {try = true})
    end
end

-- Two laps of 64 bytes.
local function go_round(h)
    h:ioctl(0x222000, string.pack("<I4I4", 64, 2) .. pattern(64), 8 + 128, {try = true})
end

-- Pageable code, data and pool, touched when they are away.
local function touch(h)
    trim {system = true, to = "transition"}
    for code = 0x222000, 0x222010, 8 do h:ioctl(code, nil, 4, {try = true}) end
end

local samples = {
    {image = "pager.sys", path = "\\Device\\Pager", use = touch},
    {image = "isa_loop.sys", device = "isacard", path = "\\\\.\\IsaLoop", use = go_round},
    {image = "v3.sys", device = "edu", id = "VEN_1234", path = "\\\\.\\V3Edu"},
    {image = "edu.sys", device = "edu", id = "VEN_1234", path = "\\\\.\\Edu0"},
    {image = "edu_nt4.sys", device = "edu", path = "\\\\.\\EduNt0"},
    {image = "isa_slave.sys", device = "isacard", id = "HBX0001", path = "\\\\.\\IsaCard0"},
    {image = "edu_elf.o", device = "edu", id = "VEN_1234", path = "\\\\.\\Edu0"},
    {image = "mapmem.sys", device = "adram", path = "\\\\.\\MapMem", use = map_memory},
}

-- A driver's whole life; with @kind its @n-th request of that kind fails.
local function life(sample, kind, n)
    machine = {devices = {sample.device}, paging = "16M"}
    images = {sample.image}
    create()
    local remarks = record("finding")
    for _, k in ipairs(kinds) do fail(k, k == kind and n or 0) end
    start {check = false}
    local running = sample.id and pnp_state(sample.id) == "started" or not sample.id and drivers()[1].started
    if not kind then check(running, sample.image .. " does not start") end
    if running then use(sample) end
    if running and sample.id then request(sample.id, "remove", {try = true}) end
    unload(1, {try = true})
    local what = kind and string.format("%s: %s request %d fails", sample.image, kind, n) or sample.image
    equal(bugcheck(), nil, what .. ": bugcheck")
    for _, f in ipairs(remarks:take()) do error(string.format("%s: %s %s", what, f.rule, f.text), 0) end
    equal(#adapters(), 0, what .. ": adapters left")
    equal(#map_registers(), 0, what .. ": map registers left")
    local end_of = {counts = {}, nonpaged = counter("Pool Nonpaged Bytes"), paged = counter("Pool Paged Bytes"),
                    ptes = counter("Free System Page Table Entries"), objects = #objects()}
    for _, k in ipairs(kinds) do end_of.counts[k] = requests(k) end
    return end_of, what
end

local function not_less(got, want, what)
    check(got >= want, string.format("%s: %d, without it %d", what, got, want))
end

for _, sample in ipairs(samples) do
    test(sample.image .. ": every request fails once", function()
        local good = life(sample)
        local total = 0
        for _, kind in ipairs(kinds) do
            for n = 1, good.counts[kind] do
                local got, what = life(sample, kind, n)
                not_less(got.ptes, good.ptes, what .. ": free system PTEs")
                not_less(good.nonpaged, got.nonpaged, what .. ": bytes of nonpaged pool in use (turned round)")
                not_less(good.paged, got.paged, what .. ": bytes of paged pool in use (turned round)")
                not_less(good.objects, got.objects, what .. ": objects (turned round)")
                total = total + 1
            end
        end
        local text = {}
        for _, kind in ipairs(kinds) do text[#text + 1] = kind .. " " .. good.counts[kind] end
        print(string.format("%s: %d failures: %s", sample.image, total, table.concat(text, ", ")))
        check(total > 0, "the driver asked for nothing")
    end)
end
