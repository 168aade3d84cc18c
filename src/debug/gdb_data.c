/* src/debug/gdb_data.c -- requests for registers and memory. What gdb sets is a
 * poke; in the past it makes another run. */
#include "debug/gdb.h"
#include "halbox/control.h"

/* ---- registers ----------------------------------------------------------- */

void gdb_read_registers(struct gdb_server *g, const char *text)
{
    struct gdb_registers from;
    unsigned count = gdb_register_count(g);

    (void)text;
    if (!gdb_registers_of(g, g->thread, &from)) {
        gdb_error(g, GDB_EINVAL);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        gdb_put_register(g, &from, i);
}

void gdb_read_register(struct gdb_server *g, const char *text)
{
    struct gdb_registers from;
    uint64_t number;

    if (gdb_hex(&text, 16, &number) && number < gdb_register_count(g) &&
        gdb_registers_of(g, g->thread, &from))
        gdb_put_register(g, &from, (unsigned)number);
    else
        gdb_error(g, GDB_EINVAL);
}

static void changed(struct gdb_server *g, bool good, int error)
{
    if (!good) {
        gdb_error(g, error);
        return;
    }
    debug_changed(g->d);
    gdb_ok(g);
}

void gdb_write_registers(struct gdb_server *g, const char *text)
{
    unsigned count = gdb_register_count(g);
    bool good = true;

    for (unsigned i = 0; good && *text && i < count; i++)
        good = gdb_set_register(g, i, &text);
    changed(g, good, GDB_EPERM);
}

void gdb_write_register(struct gdb_server *g, const char *text)
{
    uint64_t number;
    bool good = gdb_hex(&text, 16, &number) && gdb_skip(&text, "=") &&
                gdb_set_register(g, (unsigned)number, &text);

    changed(g, good, GDB_EPERM);
}

/* ---- memory -------------------------------------------------------------- */

/* "ADDRESS,COUNT" with at most @most bytes, and not past 4 GiB. */
static bool place(const char **at, uint32_t most, gva_t *from, uint32_t *count)
{
    uint64_t address, bytes;

    if (!gdb_hex(at, 32, &address) || !gdb_skip(at, ",") ||
        !gdb_hex(at, 32, &bytes) || bytes > most)
        return false;
    if (bytes > 0x100000000 - address)
        bytes = 0x100000000 - address;
    *from = gva_of((uint32_t)address);
    *count = (uint32_t)bytes;
    return true;
}

/* As much as is mapped: gdb takes less, too. */
static uint32_t read_some(const struct gdb_server *g, gva_t at, uint8_t *to,
                          uint32_t count)
{
    const uint32_t space = gdb_thread_space(g, g->thread);
    uint32_t done = 0;

    while (done < count) {
        gva_t next = gva_add(at, done);
        uint32_t piece = 0x1000 - (next.v & 0xfff);

        if (piece > count - done)
            piece = count - done;
        if (!inspect_virtual(gdb_machine(g), space, next, to + done, piece))
            break;
        done += piece;
    }
    return done;
}

void gdb_read_memory(struct gdb_server *g, const char *text)
{
    uint8_t bytes[GDB_PART];
    uint32_t count;
    gva_t at;

    if (!place(&text, sizeof bytes, &at, &count)) {
        gdb_error(g, GDB_EINVAL);
        return;
    }
    count = count ? read_some(g, at, bytes, count) : 0;
    if (count)
        gdb_put_hex(&g->reply, bytes, count);
    else
        gdb_error(g, GDB_EFAULT);
}

static void write_bytes(struct gdb_server *g, gva_t at, const void *bytes,
                        uint32_t count)
{
    if (count)
        changed(g,
                machine_poke_space(debug_machine(g->d),
                                   gdb_thread_space(g, g->thread), at, bytes,
                                   count, NULL) == HB_OK,
                GDB_EFAULT);
    else
        gdb_ok(g); /* gdb tries whether there is such a request */
}

void gdb_write_hex(struct gdb_server *g, const char *text)
{
    uint8_t bytes[GDB_PART];
    uint32_t count;
    gva_t at;

    if (place(&text, sizeof bytes, &at, &count) && gdb_skip(&text, ":") &&
        gdb_hex_bytes(&text, bytes, count))
        write_bytes(g, at, bytes, count);
    else
        gdb_error(g, GDB_EINVAL);
}

void gdb_write_binary(struct gdb_server *g, const char *text)
{
    const char *end = g->request.text + g->request.count;
    uint32_t count;
    gva_t at;

    if (place(&text, GDB_PACKET, &at, &count) && gdb_skip(&text, ":") &&
        count <= (size_t)(end - text))
        write_bytes(g, at, text, count);
    else
        gdb_error(g, GDB_EINVAL);
}
