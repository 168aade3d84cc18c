-- src/script/prelude/2_calls.lua
-- Processes, buffers, handles; Plug and Play.

---- tickets and calls

local Ticket = {__name = "ticket"}
Ticket.__index = Ticket

local function ticket_of(number, what, after)
    return raw_setmetatable({number = number, what = what, after = after}, Ticket)
end

function Ticket:result() return hb.result(self.number) end

function Ticket:done()
    local r = hb.result(self.number)
    return r.done and (r.status ~= 0x103 or r.io_done)
end

-- Wait on the guest's thread, or on the end of a pending request.
local function wait_for(self, what, limit)
    local till = hb.now() + limit
    while true do
        local left = till - hb.now()
        local stop = hb.wait(self.number, what, left > 0 and left or 0)
        if stop.reason == "ticket" then return end
        if not handled(stop) then
            local why = stop.reason == "limit" and
                format("not done after %d ns of virtual time; %s", limit, (hb.waits():gsub("%s+$", ""):gsub("\n", "; "))) or
                ended(stop)
            error(format("%s: %s", self.what, why), 0)
        end
    end
end

-- Until the call is over: status, information. Fails when the call failed,
-- unless options.try.
function Ticket:wait(options)
    if type(options) ~= "table" then options = {limit = options} end
    local limit = ns_of(options.limit or DEFAULT_LIMIT)
    wait_for(self, "done", limit)
    local r = hb.result(self.number)
    local status = r.status
    if status == 0x103 then
        wait_for(self, "io", limit)
        r = hb.result(self.number)
    end
    if r.io_done and succeeded(status) then status = r.io_status end
    if not options.try and not succeeded(status) then
        error(format("%s: %s", self.what, status_name(status)), 0)
    end
    if self.after then self.after(r, status) end
    return status, r.information, r
end

local function call(client, fields, what, options, after)
    local ticket = ticket_of(hb.post(client, fields), what, after)
    if options.ticket then return ticket end
    return ticket:wait(options)
end

---- processes, buffers

local Process, Buffer, Handle = {__name = "process"}, {__name = "buffer"}, {__name = "handle"}
Process.__index, Buffer.__index, Handle.__index = Process, Buffer, Handle

function process(name)
    ready()
    local number = hb.process(name or "scenario")
    return raw_setmetatable({number = number, client = hb.client(number)}, Process)
end

-- The process of calls that name none.
local function default_process()
    ready()
    if not life.process then life.process = process("scenario") end
    return life.process
end

-- Another thread of the process, for calls at the same time.
function Process:thread()
    return raw_setmetatable({number = self.number, client = hb.client(self.number)}, Process)
end

-- Free physical pages in no order, between two physical addresses.
local function random_pages(count, low, high)
    local chosen, pages, ranges, total = {}, {}, {}, 0
    for _, r in ipairs(hb.list("ram")) do
        local first = (math.max(r.start, low) + 4095) >> 12
        local last = (math.min(r.start + r.bytes, high) >> 12) - 1
        if last >= first then
            ranges[#ranges + 1] = {first = first, count = last - first + 1}
            total = total + last - first + 1
        end
    end
    if total < count then error("there are not so many pages of RAM there", 0) end
    while #pages < count do
        local n = hb.random(0, total - 1)
        for _, r in ipairs(ranges) do
            if n < r.count then n = r.first + n; break end
            n = n - r.count
        end
        if not chosen[n] then
            chosen[n] = true
            pages[#pages + 1] = n
        end
    end
    return pages
end

-- Tries other pages where one is taken.
local function scattered(process_number, count, offset, o)
    local low, high = o.above or 0x100000, o.below or math.maxinteger
    local why
    for _ = 1, 200 do
        local pages = random_pages(count, low, high)
        local va
        va, why = hb.buffer_pages(process_number, pages, offset)
        if va then return va, pages end
    end
    error("no free pages found: " .. why, 0)
end

-- buffer(bytes | text), or buffer{bytes=, pages={pfn, ...}, offset=, scattered=true,
-- above=, below=, text=, process=}.
function buffer(o)
    if type(o) == "number" then o = {bytes = o} end
    if type(o) == "string" then o = {text = o} end
    local p = o.process or default_process()
    local bytes = o.bytes or (o.text and #o.text) or
        (o.pages and #o.pages * 4096 - (o.offset or 0)) or error("buffer: how many bytes?", 2)
    local offset = o.offset or 0
    local va, why, _
    if o.pages then
        va, why = hb.buffer_pages(p.number, o.pages, offset)
        if not va then error("buffer: " .. why, 2) end
    elseif o.scattered or o.above or o.below or o.offset then
        va = scattered(p.number, (offset + bytes + 4095) // 4096, offset, o)
    else
        va = hb.buffer(p.number, bytes > 0 and bytes or 1)
    end
    local b = raw_setmetatable({va = va, bytes = bytes, process = p}, Buffer)
    if o.text then b:write(o.text) end
    return b
end

function Process:buffer(o)
    if type(o) == "number" then o = {bytes = o} end
    if type(o) == "string" then o = {text = o} end
    o.process = self
    return buffer(o)
end

function Buffer:write(text, offset)
    offset = offset or 0
    if offset + #text > self.bytes then error("write past the buffer's end", 2) end
    hb.user_write(self.process.number, self.va + offset, text)
    return self
end

function Buffer:read(offset, bytes)
    offset = offset or 0
    bytes = bytes or self.bytes - offset
    return hb.read_virtual(self.process.number, self.va + offset, bytes) or
        error("the buffer is not mapped", 2)
end

function Buffer:fill(byte, bytes)
    return self:write(string.rep(type(byte) == "number" and string.char(byte) or byte,
                                 bytes or self.bytes):sub(1, self.bytes))
end

-- One row per page: {va, bytes, pa, pte, pte_at}.
function Buffer:pages()
    local rows, at, last = {}, self.va, self.va + self.bytes
    while at < last do
        local stop = math.min((at | 4095) + 1, last)
        local walk = hb.translate(self.process.number, at)
        walk.va, walk.bytes = at, stop - at
        rows[#rows + 1] = walk
        at = stop
    end
    return rows
end

function Buffer:free() hb.buffer_free(self.process.number, self.va) end

---- handles

-- open(path, {overlapped=, access=, process=, ticket=, try=, limit=})
local function open_in(p, path, o)
    o = o or {}
    local handle = raw_setmetatable({process = p, path = path, overlapped = o.overlapped}, Handle)
    local function after(r) handle.number = r.handle end
    local fields = {kind = "open", path = path, overlapped = o.overlapped, code = o.access}
    if o.ticket then return call(p.client, fields, "open " .. path, o, after), handle end
    local status = call(p.client, fields, "open " .. path, o, after)
    if not succeeded(status) then return nil, status end
    return handle
end

function open(path, o) return open_in((o and o.process) or default_process(), path, o) end
function Process:open(path, o) return open_in(self, path, o) end

local function client_of(handle, o) return (o.process or handle.process).client end

local function as_buffer(handle, data)
    if type(data) == "string" or type(data) == "number" then return handle.process:buffer(data) end
    return data
end

-- h:write(buffer or text, {bytes=, offset=, at=, ticket=, try=, limit=}): status, information.
-- at: bytes into the buffer; offset: of the file.
function Handle:write(data, o)
    o = o or {}
    local b = as_buffer(self, data)
    local at = o.at or 0
    return call(client_of(self, o),
                {kind = "write", handle = self.number, input = b.va + at,
                 input_bytes = o.bytes or b.bytes - at, offset = o.offset},
                self.path .. ": write", o)
end

-- h:read(buffer, options): status, information. h:read(bytes): the bytes.
function Handle:read(data, o)
    o = o or {}
    local b = as_buffer(self, data)
    local at = o.at or 0
    local fields = {kind = "read", handle = self.number, output = b.va + at,
                    output_bytes = o.bytes or b.bytes - at, offset = o.offset}
    if type(data) == "number" and not o.ticket then
        local _, information = call(client_of(self, o), fields, self.path .. ": read", o)
        return b:read(0, math.min(information, b.bytes))
    end
    return call(client_of(self, o), fields, self.path .. ": read", o)
end

-- h:ioctl(code, input, output, options). Output a buffer: status, information.
-- A number of bytes: the bytes that came, status.
function Handle:ioctl(code, input, output, o)
    o = o or {}
    local i = input and as_buffer(self, input)
    local out = output and as_buffer(self, output)
    local fields = {kind = "control", handle = self.number, code = code,
                    input = i and i.va or 0, input_bytes = i and (o.input_bytes or i.bytes) or 0,
                    output = out and out.va or 0,
                    output_bytes = out and (o.output_bytes or out.bytes) or 0}
    local what = format("%s: ioctl %x", self.path, code)
    if type(output) == "number" and not o.ticket then
        local status, information = call(client_of(self, o), fields, what, o)
        return out:read(0, math.min(information, out.bytes)), status
    end
    return call(client_of(self, o), fields, what, o)
end

function Handle:close(o)
    return call(self.process.client, {kind = "close", handle = self.number},
                self.path .. ": close", o or {})
end

-- Cancel what this process has pending on the handle; from another thread.
function Handle:cancel(o)
    o = o or {}
    return call(client_of(self, o), {kind = "cancel", handle = self.number},
                self.path .. ": cancel", o)
end

---- user programs

local Program = {__name = "program"}
Program.__index = Program

-- program("test.exe", {"argument", ...}): starts it; it runs while the machine does.
function program(name, arguments)
    ready()
    local number, ticket = hb.program(name, arguments)
    return raw_setmetatable({number = number, ticket = ticket, name = name}, Program)
end

-- Until it has ended: its exit status.
function Program:wait(limit)
    wait_for(ticket_of(self.ticket, self.name), "done", ns_of(limit or DEFAULT_LIMIT))
    return self:state().exit_status
end

function Program:state() return hb.program_state(self.number) end
function Program:ended() return self:state().ended end
function Program:output() return hb.program_output(self.number, 1) end
function Program:errors() return hb.program_output(self.number, 2) end

-- User memory of its process: calls of others may not use it, but translate(),
-- peek_virtual() and the program itself can.
function Program:buffer(o)
    if type(o) == "number" then o = {bytes = o} end
    if type(o) == "string" then o = {text = o} end
    o.process = self
    return buffer(o)
end

---- Plug and Play

local function device_like(device)
    for _, d in ipairs(hb.list("pnp")) do
        if d.number == device or type(device) == "string" and d.hardware_id:find(device, 1, true) then return d end
    end
    error("no device like " .. tostring(device), 3)
end

-- request(device, "stop" | "restart" | "rebalance" | "remove" | "eject" | "surprise" | "power_down" | "power_up" |
-- "shutdown"): device is a number of pnp(), or a hardware id's part. resources: see force().
function request(device, what, o)
    ready()
    device = device_like(device).number
    o = o or {}
    if o.resources then force(device, o.resources) end
    local t = ticket_of(hb.device_request(device, what), what .. " of device " .. device)
    if o.ticket then return t end
    return t:wait(o)
end

-- force(device, {{type = "port" | "memory" | "irq" | "dma", start =, length =, shared =, flags =}, ...}):
-- its forced configuration from now on; {} takes it back. ForcedConfig, a CM_RESOURCE_LIST, of the device's key.
function force(device, resources)
    local types = {port = 1, irq = 2, memory = 3, dma = 4}
    local d = device_like(device)
    local parts = {string.pack("<I4I4I4I2I2I4", #resources > 0 and 1 or 0, 0, 0, 1, 1, #resources)}
    for _, r in ipairs(resources) do
        local n = types[r.type] or error("a resource is a port, memory, an irq or dma", 2)
        local words = n == 2 and string.pack("<I4I4I4", r.start, r.start, 1) or n == 4 and
                          string.pack("<I4I4I4", r.start, 0, 0) or string.pack("<I8I4", r.start, r.length)
        parts[#parts + 1] = string.pack("<BBI2", n, r.shared and 3 or 1, r.flags or (n == 1 and 1 or 0)) .. words
    end
    local path = "\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\" .. d.hardware_id .. "\\" .. d.number ..
                     "\\LogConf"
    hb.registry_now(path, "ForcedConfig", table.concat(parts))
end

function unload(image, o)
    o = o or {}
    local t = ticket_of(hb.driver_unload(image), "unload of image " .. image)
    if o.ticket then return t end
    return t:wait(o)
end

function driver_start(image, o)
    o = o or {}
    local t = ticket_of(hb.driver_start(image), "DriverEntry of image " .. image)
    if o.ticket then return t end
    return t:wait(o)
end

function device_start(device, image, o)
    o = o or {}
    local t = ticket_of(hb.device_start(device, image), "start of device " .. device)
    if o.ticket then return t end
    return t:wait(o)
end

function root_device(hardware_id) return hb.root_device(hardware_id) end
