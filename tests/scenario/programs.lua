-- tests/scenario/programs.lua -- user programs beside a driver: their I/O, their
-- output, their ends. What each routine they import does, they say themselves:
-- images/programs.
machine = {devices = {"edu"}}
images = {"edu.sys", "iotest.sys"}

local FACTORIAL = 0x222004
local u32 = function(v) return string.pack("<I4", v) end

local function finishes(name, arguments)
    local p = program(name, arguments)
    local status = p:wait("60s")
    equal(status, 0, name .. ": exit status; it wrote " .. p:errors())
    return p
end

test("a driver's test program does its I/O by the Win32 calls that it imports", function()
    local p = finishes("edu_test.exe", {"2"})
    equal(p:output(), "round 1 of 2: 0 failed\nround 2 of 2: 0 failed\n", "output")
    check(p:ended() and not p:state().exception, "it has ended well")
end)

test("PTE-001: programs run beside the scenario and each other, in address spaces of their own", function()
    local a, b = program("edu_test.exe", {"3"}), program("edu_test.exe", {"3"})
    local h = open("\\\\.\\Edu0")
    run("1ms")
    check(not a:ended() and not b:ended(), "both are there")
    local cr3 = {}
    for _, p in ipairs(processes()) do check(not cr3[p.cr3], "a CR3 of its own"); cr3[p.cr3] = true end
    -- a user address is each one's own
    local image = 0x400000
    local own = {translate(image, a.number), translate(image, b.number)}
    check(own[1].pa and own[2].pa and own[1].pa ~= own[2].pa, "user pages differ")
    local was = peek_virtual(image, 4, a.number)
    poke_virtual(image, u32(0xfeedbeef), a.number)
    same_bytes(peek_virtual(image, 4, a.number), u32(0xfeedbeef), "written in one")
    same_bytes(peek_virtual(image, 4, b.number), was, "not seen in the other")
    poke_virtual(image, was, a.number)
    -- a kernel address is the same memory in all
    equal(translate(0x80401000, a.number).pa, translate(0x80401000, b.number).pa, "kernel page")
    local pool = drivers()[1].driver
    equal(translate(pool, a.number).pa, translate(pool, b.number).pa, "pool page")
    was = peek_virtual(pool + 0x58, 4, b.number) -- an entry of MajorFunction
    poke_virtual(pool + 0x58, u32(0xfeedbeef), a.number)
    same_bytes(peek_virtual(pool + 0x58, 4, b.number), u32(0xfeedbeef), "written in one, seen in the other")
    poke_virtual(pool + 0x58, was, a.number)
    equal(string.unpack("<I4", (h:ioctl(FACTORIAL, u32(5), 4))), 120, "the scenario's own request")
    equal(a:wait("60s"), 0, "exit status of a")
    equal(b:wait("60s"), 0, "exit status of b")
end)

test("a machine that is saved in the middle of programs goes the same way again", function()
    local a, b = program("edu_test.exe", {"3"}), program("crash.exe", {"thread"})
    run("1ms")
    check(not a:ended(), "still there")
    local saved = save()
    local function rest()
        local statuses = {a:wait("60s"), b:wait("60s")}
        return table.concat({statuses[1], statuses[2], a:output(), b:output(), b:errors(), findings(), now()}, "|")
    end
    local first = rest()
    restore(saved)
    check(not a:ended() and #a:output() < #"round 1 of 3: 0 failed\n" * 3, "there again")
    equal(rest(), first, "statuses, output, findings, time")
    equal(a:output(), "round 1 of 3: 0 failed\nround 2 of 3: 0 failed\nround 3 of 3: 0 failed\n", "output")
end)

test("every routine of kernel32, ntdll and msvcrt", function()
    finishes("kernel32_test.exe")
    finishes("ntdll_test.exe")
    local p = finishes("msvcrt_test.exe", {"two words", 'a"b', "end\\", ""})
    check(p:output():find("one 1 two three\nfour five\n", 1, true), "its streams: " .. p:output())
    equal(select(2, p:output():gsub("goodbye\n", "")), 3, "exit routines")
end)

test("ELF programs: system calls of its own, and imports by name", function()
    local p = program("elf_calls")
    equal(p:wait(), 5, "exit status")
    equal(p:output(), "hello from an ELF program\n", "output")
    equal(finishes("elf_imports"):output(), "6! = 720\n", "output")
end)

test("IRP-018: where the outcome of a program's request is seen", function()
    finishes("requests.exe", {"outcomes"})
end)

test("IRP-030: METHOD_NEITHER hands the program's addresses over in its context", function()
    finishes("requests.exe", {"neither"})
end)

-- IRPs and file objects that are there now.
local function left()
    local files = 0
    for _, o in ipairs(objects()) do if o.type == "File" then files = files + 1 end end
    return files
end

test("a program that ends leaves no requests and no handles behind", function()
    finishes("requests.exe", {"cancels"})
    equal(left(), 0, "file objects")
    local calls = record("irp_call,irp_complete")
    finishes("requests.exe", {"leaves"})
    local seen = {}
    for _, e in ipairs(calls:take()) do
        if e.event == "irp_call" then
            seen[e.major] = (seen[e.major] or 0) + 1
        elseif e.status == 0xc0000120 then
            seen.cancelled = (seen.cancelled or 0) + 1
        end
    end
    equal(seen.cancelled, 2, "requests cancelled: one pending, one waited for by a thread")
    equal(seen[0x12], 2, "CLEANUP")
    equal(seen[0x02], 2, "CLOSE")
    equal(left(), 0, "file objects")
end)

local ways = {
    {"null", 0xc0000005, "reading 00000004"},
    {"constant", 0xc0000005, "writing"}, {"divide", 0xc0000094, "division by zero"},
    {"privileged", 0xc0000096, "privileged"}, {"port", 0xc0000096, "privileged"},
    {"illegal", 0xc000001d, "illegal"}, {"break", 0x80000003, "kernel32.dll+"},
    {"jump", 0xc0000005, "no module"}, {"raise", 0xe0001234, "crash.exe+"},
    {"missing", 0xc000007a, "ADVAPI32.dll!RegCloseKey"}, {"stack", 0xc00000fd, "stack overflow"},
    {"thread", 0xc0000005, "writing 00000008"},
}

-- An exception ends the program; the next one runs on the same machine.
local function crashes(way, code, text)
    local reports = record("program_exception")
    local before = findings()
    local p = program("crash.exe", {way})
    equal(p:wait(), code, way .. ": exit status")
    local got = reports:take()
    equal(#got, 1, way .. ": reports")
    equal(got[1].code, code, way .. ": code")
    check(got[1].text:find(text, 1, true), way .. ": " .. got[1].text)
    check(p:state().exception, way)
    equal(findings(), before + 1, way .. ": findings")
    equal(bugcheck(), nil, way .. ": bugcheck")
end

test("an exception that reaches ring 3 ends the program, and the machine goes on", function()
    for _, way in ipairs(ways) do crashes(table.unpack(way)) end
    for way, status in pairs {abort = 3, terminate = 42, none = 7} do
        local p = program("crash.exe", {way})
        equal(p:wait(), status, way)
        check(not p:state().exception, way)
    end
end)

test("PTE-009: ring 3 on a supervisor page is an access violation, no bugcheck", function()
    crashes("kernel", 0xc0000005, "reading 80401000")
    crashes("kernel-write", 0xc0000005, "writing 80401000")
end)

test("a program that crashes leaves nothing behind either", function()
    local before = findings()
    equal(program("requests.exe", {"crashes"}):wait(), 0xc0000005, "exit status")
    equal(findings(), before + 1, "findings")
    equal(left(), 0, "file objects")
end)

test("what is no program is refused with what is wrong", function()
    fails(function() program("edu.sys") end, "subsystem")
    fails(function() program("edu_elf.o") end, "edu_elf.o")
    fails(function() program("nothere.exe") end, "nothere.exe")
end)
