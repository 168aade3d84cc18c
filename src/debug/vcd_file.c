/* src/debug/vcd_file.c -- a value change dump as text. Source: IEEE 1364-2005,
 * 18.2 "Format of four-state VCD file". */
#include "debug/vcd_file.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { FIRST_CODE = '!', CODES = 94, CODE = 8 }; /* ! to ~ */

/** A value to come. */
struct vcd_change {
    uint64_t ns, order, value;
    unsigned wire;
    bool known;
};

static struct vcd_change *change_at(const struct vcd_file *f, uint32_t i)
{
    return VEC_AT(struct vcd_change, &f->change, i);
}

static struct vcd_wire *wire_at(const struct vcd_file *f, unsigned i)
{
    return VEC_AT(struct vcd_wire, &f->wire, i);
}

/* ---- the header --------------------------------------------------------- */

/* A wire's identifier code: its number in digits of ! to ~. */
static void code_of(unsigned wire, char code[CODE])
{
    unsigned n = 0;

    do {
        code[n++] = (char)(FIRST_CODE + wire % CODES);
        wire /= CODES;
    } while (wire);
    code[n] = 0;
}

/* Readers take letters, digits and _ in names. */
static void put_name(FILE *file, const char *name)
{
    for (; *name; name++)
        fputc(isalnum((unsigned char)*name) ? *name : '_', file);
}

enum hb_status vcd_file_begin(struct vcd_file *f, const char *path,
                              struct hb_error *error)
{
    *f = (struct vcd_file){.file = fopen(path, "w")};
    if (!f->file)
        return hb_fail(error, HB_NO_FILE, "%s: cannot write the dump: %s", path,
                       strerror(errno));
    fputs("$version halbox $end\n$timescale 1 ns $end\n", f->file);
    return HB_OK;
}

void vcd_scope(struct vcd_file *f, const char *name)
{
    fputs("$scope module ", f->file);
    put_name(f->file, name);
    fputs(" $end\n", f->file);
}

void vcd_upscope(struct vcd_file *f)
{
    fputs("$upscope $end\n", f->file);
}

unsigned vcd_wire(struct vcd_file *f, const char *name, unsigned bits)
{
    struct vcd_wire wire = {.bits = bits};
    char code[CODE];

    snprintf(wire.name, sizeof wire.name, "%s", name);
    if (!vec_push(&f->wire, sizeof wire, &wire)) {
        f->lost = true;
        return UINT32_MAX;
    }
    code_of(f->wire.count - 1, code);
    fprintf(f->file, "$var wire %u %s ", bits, code);
    put_name(f->file, name);
    if (bits > 1)
        fprintf(f->file, " [%u:0]", bits - 1);
    fputs(" $end\n", f->file);
    return f->wire.count - 1;
}

void vcd_first(struct vcd_file *f, unsigned wire, uint64_t value)
{
    if (wire >= f->wire.count)
        return;
    wire_at(f, wire)->known = true;
    wire_at(f, wire)->value = value;
}

/* ---- values ------------------------------------------------------------- */

static void put_value(struct vcd_file *f, unsigned i)
{
    const struct vcd_wire *wire = wire_at(f, i);
    char code[CODE];
    unsigned bit = wire->bits;

    code_of(i, code);
    if (wire->bits == 1) {
        fprintf(f->file, "%c%s\n",
                !wire->known ? 'x' : (char)('0' + (wire->value & 1)), code);
        return;
    }
    fputc('b', f->file);
    if (!wire->known)
        fputc('x', f->file);
    else /* 18.2.1: readers add zeroes at the left */
        while (bit > 1 && !(wire->value >> (bit - 1) & 1))
            bit--;
    for (; wire->known && bit; bit--)
        fputc('0' + (int)(wire->value >> (bit - 1) & 1), f->file);
    fprintf(f->file, " %s\n", code);
}

void vcd_values(struct vcd_file *f, uint64_t ns)
{
    fprintf(f->file, "$enddefinitions $end\n#%" PRIu64 "\n$dumpvars\n", ns);
    for (unsigned i = 0; i < f->wire.count; i++)
        put_value(f, i);
    fputs("$end\n", f->file);
    f->now = ns;
    f->begun = true;
}

static bool before(const struct vcd_change *a, const struct vcd_change *b)
{
    return a->ns != b->ns ? a->ns < b->ns : a->order < b->order;
}

static void swap(struct vcd_file *f, uint32_t a, uint32_t b)
{
    struct vcd_change kept = *change_at(f, a);

    *change_at(f, a) = *change_at(f, b);
    *change_at(f, b) = kept;
}

static void push(struct vcd_file *f, const struct vcd_change *change)
{
    uint32_t i = f->change.count;

    if (!vec_push(&f->change, sizeof *change, change)) {
        f->lost = true;
        return;
    }
    for (; i && before(change_at(f, i), change_at(f, (i - 1) / 2));
         i = (i - 1) / 2)
        swap(f, i, (i - 1) / 2);
}

static struct vcd_change pop(struct vcd_file *f)
{
    struct vcd_change first = *change_at(f, 0);
    uint32_t i = 0, child;

    *change_at(f, 0) = *change_at(f, --f->change.count);
    while ((child = 2 * i + 1) < f->change.count) {
        if (child + 1 < f->change.count &&
            before(change_at(f, child + 1), change_at(f, child)))
            child++;
        if (!before(change_at(f, child), change_at(f, i)))
            break;
        swap(f, i, child);
        i = child;
    }
    return first;
}

static void change(struct vcd_file *f, uint64_t ns, unsigned wire, bool known,
                   uint64_t value)
{
    if (wire < f->wire.count)
        push(f, &(struct vcd_change){.ns = ns > f->now ? ns : f->now,
                                     .order = f->changes++,
                                     .wire = wire,
                                     .known = known,
                                     .value = value});
}

void vcd_set(struct vcd_file *f, uint64_t ns, unsigned wire, uint64_t value)
{
    change(f, ns, wire, true, value);
}

void vcd_unknown(struct vcd_file *f, uint64_t ns, unsigned wire)
{
    change(f, ns, wire, false, 0);
}

static void put_time(struct vcd_file *f, uint64_t ns)
{
    if (ns > f->now) {
        fprintf(f->file, "#%" PRIu64 "\n", ns);
        f->now = ns;
    }
}

void vcd_reach(struct vcd_file *f, uint64_t ns)
{
    while (f->change.count && change_at(f, 0)->ns < ns) {
        struct vcd_change next = pop(f);
        struct vcd_wire *wire = wire_at(f, next.wire);

        if (wire->known == next.known && wire->value == next.value)
            continue;
        wire->known = next.known;
        wire->value = next.value;
        put_time(f, next.ns);
        put_value(f, next.wire);
    }
}

bool vcd_file_end(struct vcd_file *f, uint64_t ns)
{
    bool good;

    if (!f->file)
        return true;
    vcd_reach(f, UINT64_MAX);
    put_time(f, ns);
    good = !ferror(f->file) && !f->lost;
    good &= fclose(f->file) == 0;
    vec_free(&f->wire);
    vec_free(&f->change);
    *f = (struct vcd_file){0};
    return good;
}
