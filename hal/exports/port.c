/* hal/exports/port.c -- ports and memory-mapped registers. Port buffers move
 * @Count elements through one fixed port; register buffers walk along, as
 * `rep movs` does. Long buffers are cut: interrupts come between the pieces,
 * and the element that faults is the first not done.
 * Source: WDK, READ_PORT_X, READ_REGISTER_X; docs/hal.md. */
#include "hal/exports/thunk.h"
#include "ke/ke.h"

enum { PIECE = 1024 }; /* elements per entry */
enum { W_DONE };       /* elements that are done */

static void read_port(struct call *c, unsigned bytes)
{
    call_return(c, bus_in(ke_bus(c->ke), call_u16(c, 0), bytes));
}

static void write_port(struct call *c, unsigned bytes)
{
    bus_out(ke_bus(c->ke), call_u16(c, 0), bytes, call_u32(c, 1));
    call_return(c, 0);
}

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

/* One element of each buffer routine: @at in the buffer, @i its number. */
typedef void element_fn(struct call *c, gva_t at, uint32_t i, unsigned bytes);

static void port_to_buffer(struct call *c, gva_t at, uint32_t i, unsigned bytes)
{
    (void)i;
    element_store(c, at, bytes, element_load(c, at, bytes)); /* writable? */
    if (call_ok(c))
        element_store(c, at, bytes,
                      bus_in(ke_bus(c->ke), call_u16(c, 0), bytes));
}

static void buffer_to_port(struct call *c, gva_t at, uint32_t i, unsigned bytes)
{
    uint32_t value = element_load(c, at, bytes);

    (void)i;
    if (call_ok(c))
        bus_out(ke_bus(c->ke), call_u16(c, 0), bytes, value);
}

static void register_to_buffer(struct call *c, gva_t at, uint32_t i,
                               unsigned bytes)
{
    gva_t reg = gva_add(call_va(c, 0), i * bytes);

    element_store(c, at, bytes, element_load(c, at, bytes)); /* writable? */
    if (call_ok(c))
        element_store(c, at, bytes, element_load(c, reg, bytes));
}

static void buffer_to_register(struct call *c, gva_t at, uint32_t i,
                               unsigned bytes)
{
    uint32_t value = element_load(c, at, bytes);

    if (call_ok(c))
        element_store(c, gva_add(call_va(c, 0), i * bytes), bytes, value);
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

static void read_register(struct call *c, unsigned bytes)
{
    uint32_t value = element_load(c, call_va(c, 0), bytes);

    if (call_ok(c))
        call_return(c, value);
}

static void write_register(struct call *c, unsigned bytes)
{
    element_store(c, call_va(c, 0), bytes, call_u32(c, 1));
    if (call_ok(c))
        call_return(c, 0);
}

#define WIDTH(suffix, bytes)                                                   \
    void thunk_READ_PORT_##suffix(struct call *c)                              \
    {                                                                          \
        read_port(c, bytes);                                                   \
    }                                                                          \
    void thunk_WRITE_PORT_##suffix(struct call *c)                             \
    {                                                                          \
        write_port(c, bytes);                                                  \
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
        read_register(c, bytes);                                               \
    }                                                                          \
    void thunk_WRITE_REGISTER_##suffix(struct call *c)                         \
    {                                                                          \
        write_register(c, bytes);                                              \
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
