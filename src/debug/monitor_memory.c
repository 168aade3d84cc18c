/* src/debug/monitor_memory.c -- bytes in the three spaces, the ways between
 * them, and pokes, which are inputs of the machine. */
#include <stdio.h>
#include <string.h>

#include "debug/monitor.h"

enum { LINE = 16, MOST_BYTES = 64 << 10, MOST_POKE = 64 };

/* ---- mem ----------------------------------------------------------------- */

/** What is read. */
struct view {
    const struct machine *m;
    char kind; /* v, p, l */
    uint64_t at;
    uint32_t space;     /* of v */
    const char *device; /* of l, or NULL */
};

static bool read_byte(const struct view *v, uint64_t at, uint8_t *byte)
{
    if (v->kind == 'v')
        return at <= UINT32_MAX &&
               inspect_virtual(v->m, v->space, gva_of((uint32_t)at), byte, 1);
    return v->kind == 'p' ? inspect_physical(v->m, gpa_of(at), byte, 1)
                          : inspect_bus(v->m, v->device, dla_of(at), byte, 1);
}

static void dump_line(struct ask *a, const struct view *v, uint64_t at,
                      unsigned bytes)
{
    char hex[3 * LINE + 1] = "", ascii[LINE + 1] = "";
    uint8_t byte;

    for (unsigned i = 0; i < bytes; i++) {
        bool good = read_byte(v, at + i, &byte);

        snprintf(hex + 3 * i, 4, good ? " %02x" : " ??", byte);
        ascii[i] = !good ? ' ' : byte >= ' ' && byte <= '~' ? (char)byte : '.';
        ascii[i + 1] = 0;
    }
    say(a, "%c %08llx %-*s  %s", v->kind, (unsigned long long)at, 3 * LINE, hex,
        ascii);
}

/* v, p, l or the whole word. */
static enum hb_status ask_kind(struct ask *a, char *kind)
{
    static const char *const names[] = {"virtual", "physical", "logical"};

    for (unsigned i = 0; i < 3; i++)
        if (strncmp(names[i], a->word[0], strlen(a->word[0])) == 0) {
            *kind = *names[i];
            return HB_OK;
        }
    return hb_fail(a->error, HB_BAD_ARGUMENT,
                   "'%s' is no space: write v (virtual), p (physical) or l "
                   "(logical)",
                   a->word[0]);
}

enum hb_status command_mem(struct ask *a)
{
    struct view v = {.m = a->m};
    uint64_t bytes = 64;
    gva_t va;

    if (ask_kind(a, &v.kind) != HB_OK)
        return a->error->status;
    if (v.kind == 'v' ? ask_address(a, 1, &va) != HB_OK
                      : ask_number(a, 1, &v.at) != HB_OK)
        return a->error->status;
    if (v.kind == 'v')
        v.at = va.v;
    if ((a->count > 2 && ask_number(a, 2, &bytes) != HB_OK) ||
        (v.kind == 'v' && ask_space(a, 3, &v.space) != HB_OK) ||
        (v.kind == 'l' && ask_device(a, 3, &v.device) != HB_OK))
        return a->error->status;
    if (bytes > MOST_BYTES)
        return hb_fail(a->error, HB_BAD_ARGUMENT, "at most %d bytes at once",
                       (int)MOST_BYTES);
    for (uint64_t i = 0; i < bytes; i += LINE)
        dump_line(a, &v, v.at + i,
                  bytes - i < LINE ? (unsigned)(bytes - i) : LINE);
    return HB_OK;
}

/* ---- pokes --------------------------------------------------------------- */

static enum hb_status set_register(struct ask *a,
                                   const struct inspect_cpu_register *reg)
{
    uint8_t bytes[sizeof reg->value];
    uint32_t count;
    uint64_t value;

    if (a->count != 2)
        return hb_fail(a->error, HB_BAD_ARGUMENT,
                       "write: set %s VALUE, or set v|p|l ADDRESS BYTES",
                       a->word[0]);
    if (reg->bytes <= sizeof value) {
        if (ask_number(a, 1, &value) != HB_OK)
            return a->error->status;
        for (count = 0; count < reg->bytes; count++)
            bytes[count] = (uint8_t)(value >> 8 * count);
    } else if (ask_bytes(a, 1, bytes, sizeof bytes, &count) != HB_OK) {
        return a->error->status;
    }
    return machine_poke_register_bytes(a->m, reg->name, bytes, count, a->error);
}

static enum hb_status set_memory(struct ask *a)
{
    uint8_t bytes[MOST_POKE];
    uint32_t count;
    uint64_t at;
    char kind;
    gva_t va;

    if (ask_kind(a, &kind) != HB_OK ||
        (kind == 'v' ? ask_address(a, 1, &va) != HB_OK
                     : ask_number(a, 1, &at) != HB_OK) ||
        ask_bytes(a, 2, bytes, sizeof bytes, &count) != HB_OK)
        return a->error->status;
    if (!count)
        return hb_fail(a->error, HB_BAD_ARGUMENT, "set to which bytes?");
    if (kind == 'v')
        return machine_poke_virtual(a->m, va, bytes, count, a->error);
    if (kind == 'p')
        return machine_poke_physical(a->m, gpa_of(at), bytes, count, a->error);
    return machine_poke_bus(a->m, NULL, dla_of(at), bytes, count, a->error);
}

enum hb_status command_set(struct ask *a)
{
    struct inspect_cpu_register reg;
    enum hb_status status;

    if (!a->d->standing)
        return hb_fail(a->error, HB_BAD_STATE,
                       "the machine runs: `pause` first");
    status = inspect_cpu_register(a->m, a->word[0], &reg)
                 ? set_register(a, &reg)
                 : set_memory(a);
    if (status == HB_OK)
        debug_changed(a->d);
    return status;
}

/* ---- from space to space ------------------------------------------------- */

enum hb_status command_pte(struct ask *a)
{
    struct inspect_walk w;
    uint32_t space;
    gpa_t cached;
    gva_t at;

    if (ask_address(a, 0, &at) != HB_OK || ask_space(a, 1, &space) != HB_OK)
        return a->error->status;
    if (!inspect_translate(a->m, space, at, &w))
        return hb_fail(a->error, HB_NOT_FOUND, "there is no such space");
    for (unsigned i = 0; i < w.levels; i++)
        say(a, "level %u  entry at %09llx  %0*llx", w.levels - i,
            (unsigned long long)w.level[i].slot.v, w.entry_bytes * 2,
            (unsigned long long)w.level[i].entry);
    if (w.mapped)
        say(a, "virtual %08x -> physical %09llx, page of %u KiB%s%s%s%s%s%s",
            at.v, (unsigned long long)w.pa.v, w.page_bytes / 1024,
            w.writable ? ", writable" : ", read-only", w.user ? ", user" : "",
            w.no_execute ? ", no execute" : "", w.global ? ", global" : "",
            w.accessed ? ", accessed" : "", w.dirty ? ", dirty" : "");
    else
        say(a, "virtual %08x -> nothing: %s", at.v, w.form);
    if (inspect_tlb(a->m, at, &cached))
        say(a, "the TLB has its page at physical %09llx",
            (unsigned long long)cached.v);
    return HB_OK;
}

enum hb_status command_logical(struct ask *a)
{
    const char *last = a->word[a->count - 1], *device;
    enum dma_dir dir = DMA_TO_DEVICE;
    struct inspect_logical view;
    uint64_t at;

    if (strcmp(last, "write") == 0 || strcmp(last, "read") == 0) {
        dir = last[0] == 'w' ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
        a->count--;
    }
    if (!a->count || ask_number(a, 0, &at) != HB_OK)
        return hb_fail(a->error, HB_BAD_ARGUMENT, "which logical address?");
    if (ask_device(a, 1, &device) != HB_OK)
        return a->error->status;
    if (!inspect_logical(a->m, device, dla_of(at), dir, &view))
        return hb_fail(a->error, HB_NOT_FOUND, "there is no such device");
    if (view.in_window)
        say(a, "map register bank %x, window %s, index %u: entry %016llx",
            view.bank, view.window ? "high" : "low", view.index,
            (unsigned long long)view.entry);
    if (view.reaches)
        say(a, "logical %09llx -> physical %09llx", (unsigned long long)at,
            (unsigned long long)view.pa.v);
    else
        say(a, "logical %09llx -> nothing: %s", (unsigned long long)at,
            view.result);
    return HB_OK;
}
