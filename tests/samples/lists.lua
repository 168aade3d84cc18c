-- tests/samples/lists.lua -- a driver that asks for scatter/gather lists, by the
-- newest version of the DMA interface that there is.
machine = {devices = {"edu"}}
images = {"v3.sys"}

test("what goes out by a list comes back by another", function()
    local h = open("\\\\.\\V3Edu")
    for i, offset in ipairs {0, 0x802, 0xfff} do
        local out = buffer {text = pattern(4096, i), scattered = true, offset = offset}
        local _, moved = h:write(out)
        equal(moved, 4096, "bytes written")
        local back = buffer {bytes = 4096, scattered = true, offset = 0xffe}
        h:read(back)
        same_bytes(back:read(), out:read())
    end
    h:close()
    request("VEN_1234", "remove")
    equal(#map_registers(), 0, "map registers")
end)
