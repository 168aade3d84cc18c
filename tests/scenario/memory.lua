-- Counters, regions, and the registry values that the memory manager reads.
local key = "\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management"
images = {"iotest.sys"}
machine = {memory = "64M", registry = {[key] = {SystemPages = 5000}}}

test("PTE-022, PTE-023: SystemPages is the registry's, and the counter is exact", function()
    equal(counter("System Page Table Entries"), 5000, "system PTEs")
    local before = counter("Free System Page Table Entries")
    local p = process("other") -- its thread has a stack: 3 pages and a guard
    p:thread()
    local after = counter("Free System Page Table Entries")
    equal((before - after) % 4, 0, "stacks of 4 PTEs")
    check(after < before, "a thread's stack takes system PTEs")
    fails(function() counter("no such") end, "no counter")
end)

test("regions do not overlap", function()
    local at = 0
    for _, r in ipairs(regions()) do
        equal(r.start, at, r.name)
        at = r.start + r.bytes
    end
    equal(at, 1 << 32, "the end")
end)
