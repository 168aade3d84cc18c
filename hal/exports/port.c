/* hal/exports/port.c -- ports and memory-mapped registers. Port buffers move
 * @Count elements through one fixed port; register buffers walk along, as
 * `rep movs` does. Long buffers are cut: interrupts come between the pieces,
 * and the element that faults is the first not done.
 * Source: WDK, READ_PORT_X, READ_REGISTER_X; docs/hal.md. */
#include "hal/exports/thunk.h"
#include "ke/ke.h"

enum { PIECE = 1024 }; /* elements per entry */
enum { W_DONE };       /* elements that are done */

static uint32_t element_load(struct call *c, gva_t at, unsigned bytes)
{
    switch (bytes) {
    case 1:
        return load_u8(c, at);
    case 2:
        return load_u16(c, at);
    default:
        return load_u32(c, at);
    }
}

static void element_store(struct call *c, gva_t at, unsigned bytes, uint32_t v)
{
    switch (bytes) {
    case 1:
        store_u8(c, at, (uint8_t)v);
        break;
    case 2:
        store_u16(c, at, (uint16_t)v);
        break;
    default:
        store_u32(c, at, v);
        break;
    }
}

/* ---- which space an access goes to ---------------------------------------
 * A port is a number, its low 16 bits; where ports are memory it is the address
 * that MmMapIoSpace gave. A register is an address; where memory can be ports,
 * what is no system address is a port's number. */

enum { LAST_PORT = 0xffff };

static bool is_port(const struct call *c, uint32_t at, bool register_routine)
{
    struct bus *bus = ke_bus(c->ke);

    if (register_routine)
        return at <= LAST_PORT && bus_has_memory_in_ports(bus);
    return !bus_has_ports_in_memory(bus);
}

static uint32_t get(struct call *c, uint32_t at, unsigned bytes, bool reg)
{
    return is_port(c, at, reg) ? bus_in(ke_bus(c->ke), (uint16_t)at, bytes)
                               : element_load(c, gva_of(at), bytes);
}

static void put(struct call *c, uint32_t at, unsigned bytes, bool reg,
                uint32_t v)
{
    if (is_port(c, at, reg))
        bus_out(ke_bus(c->ke), (uint16_t)at, bytes, v);
    else
        element_store(c, gva_of(at), bytes, v);
}

static void read_one(struct call *c, unsigned bytes, bool reg)
{
    uint32_t value = get(c, call_u32(c, 0), bytes, reg);

    if (call_ok(c))
        call_return(c, value);
}

static void write_one(struct call *c, unsigned bytes, bool reg)
{
    put(c, call_u32(c, 0), bytes, reg, call_u32(c, 1));
    if (call_ok(c))
        call_return(c, 0);
}

/* One element of each buffer routine: @at in the buffer, @i its number. */
typedef void element_fn(struct call *c, gva_t at, uint32_t i, unsigned bytes);

static void port_to_buffer(struct call *c, gva_t at, uint32_t i, unsigned bytes)
{
    (void)i;
    element_store(c, at, bytes, element_load(c, at, bytes)); /* writable? */
    if (call_ok(c))
        element_store(c, at, bytes, get(c, call_u32(c, 0), bytes, false));
}

static void buffer_to_port(struct call *c, gva_t at, uint32_t i, unsigned bytes)
{
    uint32_t value = element_load(c, at, bytes);

    (void)i;
    if (call_ok(c))
        put(c, call_u32(c, 0), bytes, false, value);
}

static void register_to_buffer(struct call *c, gva_t at, uint32_t i,
                               unsigned bytes)
{
    element_store(c, at, bytes, element_load(c, at, bytes)); /* writable? */
    if (call_ok(c))
        element_store(c, at, bytes,
                      get(c, call_u32(c, 0) + i * bytes, bytes, true));
}

static void buffer_to_register(struct call *c, gva_t at, uint32_t i,
                               unsigned bytes)
{
    uint32_t value = element_load(c, at, bytes);

    if (call_ok(c))
        put(c, call_u32(c, 0) + i * bytes, bytes, true, value);
}

/* (Register or Port, Buffer, Count) */
static void each_element(struct call *c, element_fn *fn, unsigned bytes)
{
    uint32_t count = call_u32(c, 2), i = c->w[W_DONE], n;

    for (n = 0; i < count && n < PIECE; n++, i++) {
        fn(c, gva_add(call_va(c, 1), i * bytes), i, bytes);
        if (!call_ok(c))
            return;
        c->w[W_DONE] = i + 1;
    }
    if (i < count)
        call_again(c, 0);
    else
        call_return(c, 0);
}

#define WIDTH(suffix, bytes)                                                   \
    void thunk_READ_PORT_##suffix(struct call *c)                              \
    {                                                                          \
        read_one(c, bytes, false);                                             \
    }                                                                          \
    void thunk_WRITE_PORT_##suffix(struct call *c)                             \
    {                                                                          \
        write_one(c, bytes, false);                                            \
    }                                                                          \
    void thunk_READ_PORT_BUFFER_##suffix(struct call *c)                       \
    {                                                                          \
        each_element(c, port_to_buffer, bytes);                                \
    }                                                                          \
    void thunk_WRITE_PORT_BUFFER_##suffix(struct call *c)                      \
    {                                                                          \
        each_element(c, buffer_to_port, bytes);                                \
    }                                                                          \
    void thunk_READ_REGISTER_##suffix(struct call *c)                          \
    {                                                                          \
        read_one(c, bytes, true);                                              \
    }                                                                          \
    void thunk_WRITE_REGISTER_##suffix(struct call *c)                         \
    {                                                                          \
        write_one(c, bytes, true);                                             \
    }                                                                          \
    void thunk_READ_REGISTER_BUFFER_##suffix(struct call *c)                   \
    {                                                                          \
        each_element(c, register_to_buffer, bytes);                            \
    }                                                                          \
    void thunk_WRITE_REGISTER_BUFFER_##suffix(struct call *c)                  \
    {                                                                          \
        each_element(c, buffer_to_register, bytes);                            \
    }

WIDTH(UCHAR, 1)
WIDTH(USHORT, 2)
WIDTH(ULONG, 4)

/* VOID KeFlushWriteBuffer(): nothing is buffered. */
void thunk_KeFlushWriteBuffer(struct call *c)
{
    call_return(c, 0);
}
