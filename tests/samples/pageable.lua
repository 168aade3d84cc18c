-- tests/samples/pageable.lua -- a driver's pageable code, data and pool are
-- trimmed: below DISPATCH_LEVEL they come back, above that is the driver's
-- mistake and found. Codes: images/small/pager.h.
machine = {paging = "16M"}
images = {"pager.sys"}

local names = {"code", "code_dispatch", "data", "data_dispatch", "pool", "pool_dispatch", "lock",
               "unlock", "page_all", "reset", "where"}
local code = {}
for i, name in ipairs(names) do code[name] = 0x222000 + 4 * (i - 1) end
local good = {code = 0xc0de, data = 6, pool = 42}

local function ask(what)
    local h = open("\\Device\\Pager")
    return (string.unpack("<I4", (h:ioctl(code[what], nil, 4))))
end

local function form(va) return translate(va, "system").form end

test("PTE-003: code, data and pool that are away come in by a touch", function()
    local page = ask("where")
    for _, to in ipairs {"transition", "file"} do
        for what, want in pairs(good) do
            trim {system = true, to = to}
            equal(form(page), to == "file" and "page_file" or "transition", to)
            equal(ask(what), want, what .. " from " .. to)
        end
    end
end)

for what, want in pairs(good) do
    test(what .. " at DISPATCH_LEVEL is luck while resident, D1h when trimmed", function()
        equal(ask(what), want, "it is in")
        equal(ask(what .. "_dispatch"), want, "luck")
        trim {system = true, to = "transition"}
        local bug = expect_bugcheck(0xd1, function() ask(what .. "_dispatch") end)
        equal(bug.p2, 2, "IRQL")
    end)
end

test("with paging.strict nothing pageable is there at DISPATCH_LEVEL", function()
    machine["paging.strict"] = "on"
    start()
    machine["paging.strict"] = nil
    for what, want in pairs(good) do equal(ask(what), want, what) end
    ask("lock")
    equal(ask("code_dispatch"), 0xc0de, "locked code runs")
    local bug = expect_bugcheck(0xd1, function() ask("data_dispatch") end)
    equal(bug.p2, 2, "IRQL")
end)

test("a locked section is resident and runs at DISPATCH_LEVEL", function()
    local page = ask("where")
    trim {system = true}
    equal(ask("lock"), page & ~0xfff, "the handle is where the section begins")
    equal(form(page), "valid", "locked: it came in")
    trim {system = true}
    equal(form(page), "valid", "it stays")
    equal(ask("code_dispatch"), 0xc0de, "code")
    ask("unlock")
    trim {system = true}
    equal(form(page), "page_file", "unlocked: it goes")
    expect_bugcheck(0x1a, function() ask("unlock") end)
end)

test("a whole driver is pageable on request", function()
    local image = drivers()[1]
    ask("page_all")
    trim {system = true}
    local away = 0
    for page = image.base, image.base + image.bytes - 1, 4096 do
        if form(page) == "page_file" then away = away + 1 end
    end
    check(away >= 4, "all but the headers")
    equal(ask("data"), 6, "it still works")
    ask("reset")
    trim {system = true}
    equal(ask("code"), 0xc0de, "code")
end)
