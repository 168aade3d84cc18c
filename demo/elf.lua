-- demo/elf.lua -- the same card driven by an ELF object that gcc -m32 made: a
-- scattered buffer out, and back into another.
machine = machine or {devices = {"edu"}}
images = images or {"edu_elf.o"}

local card = open("\\\\.\\Edu0")
local recorder = record("hal_map,dma_burst")

local out = buffer {text = pattern(4096, 3), scattered = true, offset = 0x9fc}
card:write(out)
local rows = show_spaces("ELF driver: write of 4096 bytes", recorder:take())
equal(#rows, 2, "pages")

local back = buffer {bytes = 4096, scattered = true, offset = 0x001}
card:read(back)
print()
show_spaces("ELF driver: read of 4096 bytes", recorder:take())
same_bytes(back:read(), out:read(), "bytes through the device")

-- A short one over a page's edge.
local short = buffer {text = pattern(100, 5), scattered = true, offset = 0xfd0}
card:write(short)
print()
show_spaces("100 bytes over a page's edge", recorder:take())

card:close()
print("\nall bytes are where they belong")
