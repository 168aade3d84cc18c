/* tests/nt/corrupt.c -- see corrupt.h. */
#include "corrupt.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "handmade.h"

enum {
    TICKS = 50000000,
#ifdef HALBOX_SLOW
    SECONDS = 100,
#else
    SECONDS = 10, /* of this process's CPU time */
#endif
    NOBODYS = 0xf0000000, /* no card decodes it: reads are ones */
    UNMAPPED = 0xdead0000,
};

void corrupt_ring(struct caller *c, struct corrupt *how, uint32_t head,
                  uint32_t entry, unsigned count, uint32_t stride)
{
    uint32_t before = head;

    for (unsigned i = 0; i < count; i++, entry += stride) {
        caller_set(c, before, entry);
        caller_set(c, entry + 4, before);
        before = entry;
    }
    caller_set(c, before, head);
    caller_set(c, head + 4, before);
    how->link = how->self = before;
    how->first = caller_dword(c, head);
}

void corrupt_chain(struct caller *c, struct corrupt *how, uint32_t head,
                   uint32_t entry, unsigned count, uint32_t stride)
{
    caller_set(c, head, entry);
    for (unsigned i = 0; i + 1 < count; i++, entry += stride)
        caller_set(c, entry, entry + stride);
    caller_set(c, entry, 0);
    how->link = how->self = entry;
    how->first = caller_dword(c, head);
}

static uint32_t device_page(struct caller *c)
{
    uint32_t at = STD_CALL(c, "MmMapIoSpace", NOBODYS, 0, 4096, 0);

    assert_int_not_equal(at, 0);
    return at;
}

/* The memory of the card that has some, as BAR 0 says. */
static uint32_t adapter_memory(struct caller *c)
{
    enum { PCI_CONFIGURATION = 4, COMMAND = 4, DECODE_MEMORY = 2, BYTES = 64 };
    uint32_t config = STD_CALL(c, "ExAllocatePool", 0, 4096), bar = 0;

    for (uint32_t slot = 0; slot < 32 && !bar; slot++) {
        STD_CALL(c, "HalGetBusDataByOffset", PCI_CONFIGURATION, 0, slot, config,
                 0, BYTES);
        if (caller_dword(c, config + 8) >> 24 != 5)
            continue;
        bar = caller_dword(c, config + 0x10) & ~0xfu;
        caller_set(c, config, DECODE_MEMORY);
        STD_CALL(c, "HalSetBusDataByOffset", PCI_CONFIGURATION, 0, slot, config,
                 COMMAND, 2);
    }
    assert_int_not_equal(bar, 0);
    return bar;
}

static uint32_t adapter_page(struct caller *c)
{
    uint32_t at = STD_CALL(c, "MmMapIoSpace", adapter_memory(c), 0, 4096, 0);
    uint32_t fill = STD_CALL(c, "ExAllocatePool", 0, 4096);

    for (uint32_t i = 0; i < 4096; i += 4)
        caller_set(c, fill + i, at);
    STD_CALL(c, "WRITE_REGISTER_BUFFER_ULONG", at, fill, 1024);
    assert_int_equal(STD_CALL(c, "READ_REGISTER_ULONG", at + 0x800), at);
    return at;
}

struct caller *corrupt_machine(unsigned way)
{
    struct caller *c;

    if (way == CORRUPT_ADAPTER)
        caller_setup_adram((void **)&c);
    else
        caller_setup((void **)&c);
    return c;
}

void corrupt_link(struct caller *c, const struct corrupt *how, unsigned way)
{
    const uint32_t wrong[CORRUPT_WAYS] = {
        0,
        how->self,
        how->first,
        0,
        UNMAPPED,
        way == CORRUPT_NOBODYS ? device_page(c) : 0,
        caller_dword(c, how->link) + 1,
        way == CORRUPT_ADAPTER ? adapter_page(c) : 0};

    if (way)
        caller_set(c, how->link, wrong[way]);
}

static char letter(struct caller *c, enum caller_end end)
{
    static const struct {
        uint32_t code;
        char letter;
    } known[] = {{0x50, 'f'}, {0x0a, 'f'}, {0x1e, 'f'}, {0x7e, 'f'},
                 {0x44, '4'}, {0xc2, 'p'}, {0xe2, 'd'}};
    uint32_t code;

    if (end == CALLER_RETURNED)
        return rig_has(c->r, "has no end") ? ':' : '.';
    if (end == CALLER_RAISED)
        return c->status == 0xc0000005 ? 'f' : 'e';
    if (end == CALLER_WAITS)
        return 'W';
    code = handmade_bugcheck(c).code;
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].code == code)
            return known[i].letter;
    print_error("bugcheck %08x\n", code);
    return '?';
}

/* What is freed twice may lie in a page that is gone by then; what is called
 * may be any code. */
static bool fits(char end, char expected)
{
    if (expected == '!')
        return strchr("fpe", end) != NULL;
    if (expected == '*')
        return strchr("fpe.:", end) != NULL;
    return end == expected;
}

static bool as_expected(const char *ends, const char *expected)
{
    unsigned way = 0;

    while (way < CORRUPT_WAYS && fits(ends[way], expected[way]))
        way++;
    return way == CORRUPT_WAYS;
}

static char run(const struct corrupt_row *row, unsigned way)
{
    struct corrupt how = {0};
    struct caller *c;
    const uint32_t *args = how.args;
    clock_t start;
    enum caller_end end;
    char what;

    c = corrupt_machine(way);
    row->build(c, &how);
    corrupt_link(c, &how, way);
    c->ecx = how.args[0];
    c->edx = how.args[1];
    if (how.fast) {
        args += how.count > 2 ? 2 : how.count;
        how.count = how.count > 2 ? how.count - 2 : 0;
    }
    c->r->log[c->r->logged = 0] = '\0';
    start = clock();
    end = caller_within(
        c, TICKS, how.code ? how.code : ke_stub(c->r->m->ke, row->routine).v,
        how.pops, how.count, args);
    if ((clock() - start) / CLOCKS_PER_SEC >= SECONDS)
        fail_msg("%s, %s, way %u: %d seconds", row->routine, row->list, way,
                 (int)((clock() - start) / CLOCKS_PER_SEC));
    what = letter(c, end);
    if (way == 0 && how.status && c->eax)
        fail_msg("%s, %s: %08x", row->routine, row->list, c->eax);
    caller_teardown((void **)&c);
    return what;
}

void corrupt_run(const struct corrupt_row *row, unsigned count)
{
    unsigned wrong = 0;

    for (unsigned i = 0; i < count; i++) {
        char ends[CORRUPT_WAYS + 1] = {0};

        for (unsigned way = 0; way < CORRUPT_WAYS; way++)
            ends[way] = run(&row[i], way);
        if (as_expected(ends, row[i].ends))
            continue;
        print_error("%s, %s: %s, not %s\n", row[i].routine, row[i].list, ends,
                    row[i].ends);
        wrong++;
    }
    print_message("%u rows, each in %d ways\n", count, CORRUPT_WAYS);
    assert_int_equal(wrong, 0);
}
