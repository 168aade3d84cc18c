-- tests/samples/loop.lua -- a channel in auto-initialise mode goes round a common
-- buffer that was mapped once, for as many laps as are asked for.
machine = {devices = {"isacard"}}
images = {"isa_loop.sys"}

local LOOP = 0x222000

for _, case in ipairs {{4096, 3}, {100, 20}, {2, 1}} do
    local bytes, laps = case[1], case[2]
    test(string.format("%d laps of %d bytes", laps, bytes), function()
        local h = open("\\\\.\\IsaLoop")
        local ports = record("port_write")
        local text = pattern(bytes, laps)
        local got = h:ioctl(LOOP, string.pack("<I4I4", bytes, laps) .. text, 8 + bytes * laps)
        equal(string.unpack("<I4", got, 5), laps, "interrupts")
        same_bytes(got:sub(9), text:rep(laps), "what the card got")
        local modes = 0 -- the 8237 is told once: auto-initialise, memory to card, channel 1
        for _, e in ipairs(ports:take()) do
            if e.port == 0x0b then modes = modes + 1; equal(e.value, 0x59, "mode byte") end
        end
        equal(modes, 1, "mode bytes written")
        h:close()
    end)
end
