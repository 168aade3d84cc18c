-- tests/scenario/registry.lua -- values that the scenario sets are there when
-- the driver asks in DriverEntry.
images = {"edu.sys"}

local function pages_per_run(maximum)
    machine = {devices = {"edu"}, registry = maximum and
               {["edu\\Parameters"] = {MaximumLength = maximum, Label = "text"}} or nil}
    create()
    start()
    return adapters()[1].grant
end

test("without a value the driver's default holds", function()
    equal(pages_per_run(nil), 17, "map registers for 64 KiB")
end)

test("a DWORD sets the longest transfer", function()
    equal(pages_per_run(8192), 3, "map registers for 8 KiB")
end)

test("a path from the root leads to the same key", function()
    machine = {devices = {"edu"}, registry = {
        ["\\Registry\\Machine\\System\\CurrentControlSet\\Services\\edu\\Parameters"] =
            {MaximumLength = 4096}}}
    create()
    start()
    equal(adapters()[1].grant, 2, "map registers for 4 KiB")
end)

test("a registry file says the same", function()
    machine = {devices = {"edu"}, registry = "edu.reg"}
    create()
    start()
    equal(adapters()[1].grant, 3, "map registers for 8 KiB")
end)
