-- tests/scenario/chain.lua -- a driver on a class library on a port library: each
-- image is mapped and initialized after those that it imports from.
images = {"chain.sys", "chainclass.sys", "chainport.sys"}

local PLATFORMS = {"translate", "bounce", "adapter", "pae", "pae-bounce", "nt4", "nt4-sp4", "2000", "8",
                   "eisa", "eisa-bounce", "ports-memory", "swapped"}

test("a chain of two export-driver images and a class driver loads in import order and works", function()
    for _, platform in ipairs(PLATFORMS) do
        machine = {platform = platform}
        create()
        local printed = record("debug_print")
        start()
        local names = {}
        for i, d in ipairs(drivers()) do names[i] = d.name end
        equal(table.concat(names, " "), "chainport.sys chainclass.sys chain.sys", "the order on " .. platform)
        local said = {}
        for _, e in ipairs(printed:take()) do said[#said + 1] = e.text:match("^(%w+: %w+)") end
        equal(table.concat(said, ", "), "chainport: initialized, chainclass: initialized, chain: both", platform)
        local h = open("\\\\.\\Chain")
        equal(h:write("Two Libraries"), 0)
        equal(h:read(20), "tWO\0lIBRARIES")
        h:close()
    end
end)
