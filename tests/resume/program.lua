-- tests/resume/program.lua -- user programs, to be saved on their way: two
-- beside each other with a thread's waits and requests, one that ends while the
-- scenario's own request is on its way.
machine = machine or {devices = {"edu"}}
images = images or {"edu.sys"}

local card = open("\\\\.\\Edu0")
local a, b = program("edu_test.exe"), program("crash.exe", {"thread"})
equal(b:wait("60s"), 0xc0000005, "exit status of a program that crashes")
equal(a:wait("60s"), 0, "exit status")
equal(a:output(), "round 1 of 1: 0 failed\n", "output")
check(findings() == 1, "its finding")

local hello = program("elf_calls")
local short = buffer {text = pattern(100, 5), scattered = true, offset = 0xfd0}
card:write(short)
equal(hello:wait("60s"), 5, "exit status")
equal(hello:output(), "hello from an ELF program\n", "output")
card:close()
print(a:output() .. hello:output())
