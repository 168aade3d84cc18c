-- tests/scenario/hostile.lua -- a driver that breaks one rule of kernel calls
-- per control code: one documented outcome each, and the host goes on. Codes:
-- images/small/hostile.h. Bugchecks: WDK, "Bug check code reference".
machine = {devices = {"edu"}}
images = {"hostile.sys"}

local names = {"nothing", "pops_more", "pops_less", "smashes_frame", "unwinds", "recurses",
               "raises_again", "keeps_irql", "vmcall", "copied_stub", "null_callback",
               "wild_callback", "loops", "dpc_loops", "waits", "bugchecks", "reads_null",
               "writes_stub", "completes_twice", "forgets", "circular_mdl", "empty_stack",
               "frees_twice", "circular_irp"}
local code = {}
for i, name in ipairs(names) do code[name] = 0x222000 + 4 * (i - 1) end

local function ask(what, options)
    local h = open("\\Device\\Hostile")
    return h:ioctl(code[what], nil, nil, options)
end

-- name, bugcheck, what its parameters or text must be, a finding before it
local ends = {
    {"pops_more", 0xf7, {p3 = 16}, "16 bytes too many"}, -- SEC-018
    {"pops_less", 0xf7, {p3 = 0xfffffff0}, "16 bytes too few"},
    {"smashes_frame", 0x0a, {p1 = 0x41414141, p4 = 0x41414141}},
    {"recurses", 0x7f, {p1 = 8}}, -- SEC-019
    {"raises_again", 0x7f, {p1 = 8}},
    {"vmcall", 0x8e, {p1 = 0xc000001d}}, -- outside the stub pages: #UD
    {"copied_stub", 0x8e, {p1 = 0xc000001d}},
    {"null_callback", 0x0a, {p1 = 0, p4 = 0}}, -- SEC-016
    {"wild_callback", 0x0a, {p1 = 0x345678, p4 = 0x345678}},
    {"bugchecks", 0xe2, {p1 = 1, p2 = 2, p3 = 3, p4 = 4}},
    {"reads_null", 0x8e, {p1 = 0xc0000005}},
    {"writes_stub", 0xbe, {}}, -- PTE-008
    {"completes_twice", 0x44, {}},
    {"empty_stack", 0x35, {}},
    {"frees_twice", 0xc2, {p1 = 7}},
    -- told first, then the second round frees what is free
    {"circular_irp", 0xc2, {p1 = 7}, nil, "S10"},
}

for _, row in ipairs(ends) do
    local name, bugcheck_code, parameters, text, rule = table.unpack(row)
    test(name .. " is bugcheck " .. string.format("%02Xh", bugcheck_code), function()
        local told = rule and record("finding")
        local bug = expect_bugcheck(bugcheck_code, function() ask(name) end)
        for parameter, value in pairs(parameters) do
            equal(bug[parameter], value, parameter)
        end
        if text then check(bug.text:find(text, 1, true), bug.text) end
        if rule then
            equal(told:take()[1].rule, rule)
            findings()
        end
    end)
end

test("nothing is success", function()
    equal(ask("nothing"), STATUS.SUCCESS)
end)

-- The record of the call is dropped, the channel can be had again.
test("a jump out of AdapterControl drops the call's record", function()
    local r = record("unwound,finding")
    equal(ask("unwinds"), STATUS.SUCCESS)
    local unwound
    for _, e in ipairs(r:take()) do
        if e.event == "unwound" then unwound = e.routine end
        if e.event == "finding" then equal(e.rule, "S17") end
    end
    equal(unwound, "IoAllocateAdapterChannel")
    findings()
end)

test("a callback that comes back at another IRQL is a finding", function() -- SEC-018
    local r = record("finding")
    equal(ask("keeps_irql"), STATUS.SUCCESS)
    equal(r:take()[1].rule, "IRQL")
    findings()
end)

for _, name in ipairs {"loops", "dpc_loops"} do
    test(name .. " ends at the limit of virtual time", function()
        fails(function() ask(name, {limit = "20ms"}) end, "not done after 20000000 ns")
    end)
end

test("a wait for what nobody sets ends the run and says who waits", function()
    fails(function() ask("waits") end, "KeWaitForSingleObject waits for")
end)

test("a request that the driver forgets ends the run and says so", function()
    fails(function() ask("forgets") end, "ZwDeviceIoControlFile waits for")
end)

test("a circular list of MDLs is mapped as its first", function()
    equal(ask("circular_mdl"), STATUS.SUCCESS)
end)
