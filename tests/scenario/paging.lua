-- tests/scenario/paging.lua -- a driver whose caller's pages are away: trimmed,
-- in the paging file, or one of more pages than RAM has.
machine = {devices = {"edu"}, memory = "16M", paging = "32M"}
images = {"edu.sys"}

local STORE, FETCH = 0x222009, 0x22200e
local u32 = function(v) return string.pack("<I4", v) end

local function away(b, form)
    for page = 0, #b // 4096 - 1 do
        equal(translate(b.va + page * 4096).form, form, "page " .. page)
    end
end

test("MDL-012, PTE-003: what is in the paging file comes in for DMA and goes back", function()
    local h = open("\\\\.\\Edu0")
    local out, back = buffer(4096), buffer(4096)
    out:write(pattern(4096, 3))
    back:fill(0)
    for _, to in ipairs {"transition", "file"} do
        check(trim {to = to} >= 2, "both left")
        equal(translate(out.va).form, to == "file" and "page_file" or "transition", to)
        same_bytes(out:read(), pattern(4096, 3), "read where it is")
        local start = now()
        h:ioctl(STORE, u32(0), out)
        trim {to = to}
        h:ioctl(FETCH, u32(0), back)
        if to == "file" then check(now() - start > 10000000, "the disk took its time") end
        trim {to = to}
        same_bytes(back:read(), pattern(4096, 3), "what the device wrote was not lost")
        back:fill(0)
    end
end)

test("a watch follows its page to the file and back", function()
    local h = open("\\\\.\\Edu0")
    local data, hits = buffer(4096), {}
    data:write(pattern(4096, 5))
    watch({at = data.va + 100, process = data.process.number, access = "read", by = "dma"},
        function(stop) hits[#hits + 1] = stop.hit end)
    local places = {}
    for i = 1, 2 do
        h:ioctl(STORE, u32(0), data)
        places[i] = translate(data.va).pa
        trim {to = "file"}
        buffer {text = pattern(65536, 9)} -- takes the frame
    end
    equal(#hits, 2, "hits")
    for i, hit in ipairs(hits) do
        equal(hit.pa, places[i] + 100, "where it lay")
        equal(hit.after, pattern(4096, 5):byte(101), "the byte")
    end
    check(places[1] ~= places[2], "it came back elsewhere")
end)

test("IRP-027: the pages stay locked after the user's address is gone", function()
    local h = open("\\\\.\\Edu0")
    local data, other = buffer(4096), nil
    local pfn
    data:write(pattern(4096, 4))
    break_on("hal_map", {}, function()
        if other then return end
        pfn = translate(data.va).pa >> 12
        check(trim {to = "file"} >= 0 and translate(data.va).mapped, "locked: it is not trimmed")
        data:free()
        check(not translate(data.va).mapped, "the address is gone")
        other = buffer {text = pattern(65536, 9)} -- would take the page if it were free
        for page = 0, 15 do
            check(translate(other.va + page * 4096).pa >> 12 ~= pfn, "the page is not handed out")
        end
    end)
    h:ioctl(STORE, u32(0), data)
    check(other, "it happened before the DMA")
    same_bytes(h:ioctl(FETCH, u32(0), 4096), pattern(4096, 4))
end)

test("a process may have more than RAM", function()
    local kept = {}
    for i = 1, 20 do
        kept[i] = buffer(1 << 20)
        for at = 0, (1 << 20) - 1, 4096 * 16 do kept[i]:write(u32(i * 0x10000 + (at >> 12)), at) end
    end
    for i = 1, 20 do
        for at = 0, (1 << 20) - 1, 4096 * 16 do
            equal(string.unpack("<I4", kept[i]:read(at, 4)), i * 0x10000 + (at >> 12), "page")
        end
    end
end)

test("a machine saved with pages in its file goes on as itself", function()
    local h = open("\\\\.\\Edu0")
    local data = buffer(8192)
    data:write(pattern(8192, 5))
    local limit, resident = counter("Commit Limit"), counter("Pool Paged Resident Bytes")
    check(limit > 47 << 20 and limit <= 48 << 20, "RAM and paging file")
    check(counter("Committed Bytes") < limit, "promised")
    trim()
    trim {system = true}
    check(counter("Page File Bytes") >= 8192 + resident, "they are all there")
    equal(counter("Pool Paged Resident Bytes"), 0, "paged pool")
    away(data, "page_file")
    local saved = save()
    restore(saved)
    check(save() == saved, "the same again")
    same_bytes(peek_virtual(data.va, 8192), pattern(8192, 5))
    equal(translate(data.va).form, "page_file", "looking brought nothing in")
    h:ioctl(STORE, u32(0), data)
end)
