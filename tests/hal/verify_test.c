/* tests/hal/verify_test.c -- DMA verification: each mistake that bugcheck 0xE6
 * has a code for, on every kind of map registers: mode report says the four
 * values and goes on, mode stop ends the guest system with them. */
#include "guest.h"

#include <string.h>

#include "hal/verify.h"
#include "mm/mdl.h"

enum { REGISTERS = 4, BUGCHECK = 0xe6 };

struct bad {
    struct guest *g;
    struct hal_device dev;
    uint32_t adapter, grant, base, device, length;
    struct buffer b;
};

/* A call that may end the guest system. */
#define TRY(bad, name, ...)                                                    \
    try_at((bad), ke_stub((bad)->g->ke, (name)).v,                             \
           sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t),               \
           (const uint32_t[]){__VA_ARGS__})
static void try_at(struct bad *bad, uint32_t at, unsigned count,
                   const uint32_t *args)
{
    uint32_t eax;

    if (!ke_ended(bad->g->ke))
        guest_try(bad->g, at, count, args, &eax);
}

static void begin(struct bad *bad, enum hal_kind kind, enum hal_verify verify)
{
    const struct rig_options o = {.kind = kind,
                                  .settings.verify = (uint8_t)verify};
    struct guest *g = guest_new(&o);

    *bad = (struct bad){.g = g};
    ke_image_add(g->ke, "bad.sys", gva_of(g->page), PAGE_BYTES);
    bad->dev = pci_master(&g->r, false, true, 0x10000);
    bad->adapter = guest_adapter(g, &bad->dev, &bad->grant);
    bad->device = guest_device(g, 0);
    bad->length = guest_alloc(g, 4);
    guest_irql(g, 2);
    guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
    guest_call(g, "IoAllocateAdapterChannel", bad->adapter, bad->device,
               REGISTERS, guest_callback(g), 0);
    bad->base = guest_argument(g, 0, 2);
    rig_scatter(&g->r, &bad->b, 0x2000, 0, 0x1800);
    guest_mdl(g, &bad->b);
    assert_int_equal(g->r.findings, 0);
}

static void map_at(struct bad *bad, uint32_t add, uint32_t bytes)
{
    guest_set(bad->g, bad->length, bytes);
    TRY(bad, "IoMapTransfer", bad->adapter, bad->b.mdl, bad->base,
        bad->b.va + add, bad->length, WRITE);
}

static void map_it(struct bad *bad)
{
    map_at(bad, 0, bad->b.bytes);
}

/* ---- the mistakes; each says what P1..P4 are ------------------------------*/

typedef void mistake(struct bad *bad, uint32_t p[4]);
#define P(a, b_, c, d)                                                         \
    memcpy(p,                                                                  \
           ((uint32_t[4]){(uint32_t)(a), (uint32_t)(b_), (uint32_t)(c),        \
                          (uint32_t)(d)}),                                     \
           4 * sizeof *p)

static void flush_past_the_registers(struct bad *bad, uint32_t p[4])
{
    P(0x00, 1, REGISTERS * 0x1000, 0x5000);
    map_it(bad);
    TRY(bad, "IoFlushAdapterBuffers", bad->adapter, bad->b.mdl, bad->base,
        bad->b.va, 0x5000, WRITE);
}

static void common_buffer_too_often(struct bad *bad, uint32_t p[4])
{
    P(0x03, 1, 0, 0);
    guest_irql(bad->g, 0);
    TRY(bad, "HalFreeCommonBuffer", bad->adapter, 0x1000, 0, 0, 0x80001000, 1);
}

static void channel_freed_idle(struct bad *bad, uint32_t p[4])
{
    P(0x04, 1, 0, 0);
    TRY(bad, "IoFreeAdapterChannel", bad->adapter);
}

static void registers_freed_twice(struct bad *bad, uint32_t p[4])
{
    P(0x05, REGISTERS, 0, 0);
    TRY(bad, "IoFreeMapRegisters", bad->adapter, bad->base, REGISTERS);
    TRY(bad, "IoFreeMapRegisters", bad->adapter, bad->base, REGISTERS);
}

static void registers_freed_too_many(struct bad *bad, uint32_t p[4])
{
    P(0x05, 1, 0, 0);
    TRY(bad, "IoFreeMapRegisters", bad->adapter, bad->base, REGISTERS + 1);
}

static void list_put_that_is_none(struct bad *bad, uint32_t p[4])
{
    P(0x06, 0, 1, 0);
    TRY(bad, "DmaPutScatterGatherList", bad->adapter, bad->b.mdl, WRITE);
}

static void buffers_left(struct bad *bad, uint32_t p[4])
{
    P(0x07, bad->adapter, 1, 0);
    guest_irql(bad->g, 0);
    TRY(bad, "HalAllocateCommonBuffer", bad->adapter, 0x1000,
        guest_alloc(bad->g, 8), 1);
    TRY(bad, "DmaPutDmaAdapter", bad->adapter);
}

static void channel_left(struct bad *bad, uint32_t p[4])
{
    P(0x08, bad->adapter, 1, 0);
    TRY(bad, "IoFreeMapRegisters", bad->adapter, bad->base, REGISTERS);
    guest_answer(bad->g, HAL_KEEP_OBJECT);
    TRY(bad, "IoAllocateAdapterChannel", bad->adapter, bad->device, 0,
        guest_callback(bad->g), 0);
    TRY(bad, "DmaPutDmaAdapter", bad->adapter);
}

static void registers_left(struct bad *bad, uint32_t p[4])
{
    P(0x09, bad->adapter, REGISTERS, 0);
    TRY(bad, "DmaPutDmaAdapter", bad->adapter);
}

static void lists_left(struct bad *bad, uint32_t p[4])
{
    struct hal_device dev = pci_master(&bad->g->r, true, true, 0x10000);
    uint32_t adapter, count;

    guest_irql(bad->g, 0);
    adapter = guest_adapter(bad->g, &dev, &count);
    guest_irql(bad->g, 2);
    TRY(bad, "DmaGetScatterGatherList", adapter, bad->device, bad->b.mdl,
        bad->b.va, 0x1000, guest_callback(bad->g), 0, WRITE);
    P(0x0a, adapter, 1, 0);
    if (hal_kind(bad->g->r.hal) != HAL_BOUNCE)
        P(0x09, adapter, 1, 0); /* told first */
    TRY(bad, "DmaPutDmaAdapter", adapter);
}

static void two_channels_of_one_device(struct bad *bad, uint32_t p[4])
{
    uint32_t other = guest_device(bad->g, 0);

    P(0x0b, 2, 0, 0);
    guest_answer(bad->g, HAL_KEEP_OBJECT);
    TRY(bad, "IoAllocateAdapterChannel", bad->adapter, other, 0,
        guest_callback(bad->g), 0);
    TRY(bad, "IoAllocateAdapterChannel", bad->adapter, bad->device, 0,
        guest_callback(bad->g), 0);
    TRY(bad, "IoAllocateAdapterChannel", bad->adapter, bad->device, 0,
        guest_callback(bad->g), 0);
}

static void more_pages_than_registers(struct bad *bad, uint32_t p[4])
{
    P(0x0c, 5, REGISTERS, 0);
    rig_scatter(&bad->g->r, &bad->b, 0x1800, 0, 0x5000);
    guest_mdl(bad->g, &bad->b);
    map_it(bad);
}

static void channel_freed_unflushed(struct bad *bad, uint32_t p[4])
{
    struct guest *g = bad->g;

    P(0x0d, 0x1800, REGISTERS * 0x1000, 0);
    guest_answer(g, HAL_KEEP_OBJECT);
    TRY(bad, "IoAllocateAdapterChannel", bad->adapter, bad->device, REGISTERS,
        guest_callback(g), 0);
    bad->base = guest_argument(g, 1, 2);
    map_it(bad);
    TRY(bad, "IoFreeAdapterChannel", bad->adapter);
}

static void buffer_not_locked(struct bad *bad, uint32_t p[4])
{
    P(0x0e, bad->b.mdl, 0, 0);
    guest_set(bad->g, bad->b.mdl + MDL_SIZE,
              guest_get(bad->g, bad->b.mdl + MDL_SIZE) & 0xffff);
    map_it(bad);
}

static void registers_freed_mapped(struct bad *bad, uint32_t p[4])
{
    P(0x10, 2, 0, 0);
    map_it(bad);
    TRY(bad, "IoFreeMapRegisters", bad->adapter, bad->base, REGISTERS);
}

static void adapter_kept_at_unload(struct bad *bad, uint32_t p[4])
{
    P(0x11, 1, bad->adapter, 0);
    TRY(bad, "IoFreeMapRegisters", bad->adapter, bad->base, REGISTERS);
    hal_image_goes(bad->g->r.hal, "bad.sys", gva_of(bad->g->page), 0x1000);
    TRY(bad, "HalReadDmaCounter", bad->adapter);
}

static void common_buffer_asked_for_too_high(struct bad *bad, uint32_t p[4])
{
    uint32_t buffer = guest_alloc(bad->g, 8);

    P(0x13, 2, 0, 2);
    TRY(bad, "HalAllocateCommonBuffer", bad->adapter, 0x1000, buffer, 1);
}

static void adapter_asked_for_at_dispatch(struct bad *bad, uint32_t p[4])
{
    uint8_t raw[HAL_DEVICE_BYTES_V3];
    uint32_t at = guest_alloc(bad->g, sizeof raw), n = guest_alloc(bad->g, 4);

    P(0x13, 2, 0, 2);
    guest_encode(&bad->dev, raw);
    guest_put(bad->g, at, raw, sizeof raw);
    TRY(bad, "IoGetDmaAdapter", 0, at, n);
}

static void channel_asked_for_too_low(struct bad *bad, uint32_t p[4])
{
    P(0x13, 1, 2, 0);
    guest_irql(bad->g, 0);
    TRY(bad, "IoAllocateAdapterChannel", bad->adapter, bad->device, 0,
        guest_callback(bad->g), 0);
}

static void more_registers_than_granted(struct bad *bad, uint32_t p[4])
{
    P(0x15, bad->grant + 1, bad->grant, 0);
    TRY(bad, "IoAllocateAdapterChannel", bad->adapter, bad->device,
        bad->grant + 1, guest_callback(bad->g), 0);
}

static void flush_elsewhere(struct bad *bad, uint32_t p[4])
{
    P(0x16, bad->base, 0, 0);
    map_it(bad);
    TRY(bad, "IoFlushAdapterBuffers", bad->adapter, bad->b.mdl, bad->base,
        bad->b.va + 0x1000, 0x800, WRITE);
}

static void adapter_used_after_release(struct bad *bad, uint32_t p[4])
{
    P(0x18, bad->adapter, 0, 0);
    TRY(bad, "IoFreeMapRegisters", bad->adapter, bad->base, REGISTERS);
    TRY(bad, "DmaPutDmaAdapter", bad->adapter);
    TRY(bad, "HalReadDmaCounter", bad->adapter);
}

static void range_mapped_twice(struct bad *bad, uint32_t p[4])
{
    P(0x1d, bad->b.va, bad->b.va + 0x1000, bad->b.va);
    map_at(bad, 0, 0x1000);
    map_at(bad, 0, 0x1000);
}

static void va_before_the_mdl(struct bad *bad, uint32_t p[4])
{
    P(0x1f, 1, bad->b.va - 1, bad->b.mdl);
    map_at(bad, (uint32_t)-1, 1);
}

static void va_behind_the_mdl(struct bad *bad, uint32_t p[4])
{
    P(0x1f, 2, bad->b.va + 0x1800, bad->b.mdl);
    map_at(bad, 0x1800, 1);
}

static void length_into_another_page(struct bad *bad, uint32_t p[4])
{
    P(0x1f, 3, bad->b.mdl, 0x2800);
    map_at(bad, 0, 0x2800);
}

static void flush_of_nothing(struct bad *bad, uint32_t p[4])
{
    P(0x20, bad->base, bad->b.va, bad->b.mdl);
    TRY(bad, "IoFlushAdapterBuffers", bad->adapter, bad->b.mdl, bad->base,
        bad->b.va, 0x1800, WRITE);
}

static void zero_length(struct bad *bad, uint32_t p[4])
{
    P(0x21, 0, 0, 0);
    map_at(bad, 0, 0);
}

static void length_past_the_mdl(struct bad *bad, uint32_t p[4])
{
    P(0x24, 1, 0, 0);
    map_at(bad, 0, 0x1801);
}

static void unknown_version(struct bad *bad, uint32_t p[4])
{
    uint8_t raw[HAL_DEVICE_BYTES] = {7, 0, 0, 0, 1};
    uint32_t at = guest_alloc(bad->g, sizeof raw), n = guest_alloc(bad->g, 4);

    P(0x25, 0, 0, 0);
    guest_put(bad->g, at, raw, sizeof raw);
    guest_set(bad->g, n, 0x1234);
    guest_irql(bad->g, 0);
    TRY(bad, "IoGetDmaAdapter", 0, at, n);
    assert_int_equal(guest_get(bad->g, n), 0x1234);
}

static const struct {
    mistake *make;
    const char *rule;
} table[] = {
    {flush_past_the_registers, "S07"},
    {common_buffer_too_often, "S14"},
    {channel_freed_idle, "S17"},
    {registers_freed_twice, "S12"},
    {registers_freed_too_many, "S12"},
    {list_put_that_is_none, "S16"},
    {buffers_left, "S14"},
    {channel_left, "S17"},
    {registers_left, "S11"},
    {lists_left, NULL},
    {two_channels_of_one_device, "S17"},
    {more_pages_than_registers, "S18"},
    {channel_freed_unflushed, "S03"},
    {buffer_not_locked, "S10"},
    {registers_freed_mapped, "S13"},
    {adapter_kept_at_unload, "S20"},
    {common_buffer_asked_for_too_high, "S21"},
    {adapter_asked_for_at_dispatch, "S21"},
    {channel_asked_for_too_low, "S21"},
    {more_registers_than_granted, "S18"},
    {flush_elsewhere, "S22"},
    {adapter_used_after_release, "S20"},
    {range_mapped_twice, "S19"},
    {va_before_the_mdl, "S08"},
    {va_behind_the_mdl, "S08"},
    {length_into_another_page, "S07"},
    {flush_of_nothing, "S22"},
    {zero_length, "S20"},
    {length_past_the_mdl, "S07"},
    {unknown_version, "W25"},
};
enum { MISTAKES = sizeof table / sizeof *table };

static void reported(unsigned i, enum hal_kind kind)
{
    uint32_t p[4] = {0};
    struct bad bad;

    begin(&bad, kind, HAL_VERIFY_REPORT);
    table[i].make(&bad, p);
    assert_false(ke_ended(bad.g->ke));
    if (bad.g->r.first.code != BUGCHECK ||
        memcmp(bad.g->r.first.p, p, sizeof p) != 0)
        fail_msg("mistake %u on kind %u: %s %x(%x, %x, %x, %x)", i, kind,
                 bad.g->r.first.rule, bad.g->r.first.code, bad.g->r.first.p[0],
                 bad.g->r.first.p[1], bad.g->r.first.p[2], bad.g->r.first.p[3]);
    if (table[i].rule)
        assert_string_equal(bad.g->r.first.rule, table[i].rule);
    guest_free(bad.g);
}

static void raised(unsigned i, enum hal_kind kind)
{
    const struct ke_bugcheck *b;
    uint32_t p[4] = {0};
    struct bad bad;

    begin(&bad, kind, HAL_VERIFY_STOP);
    table[i].make(&bad, p);
    b = ke_bugcheck_state(bad.g->ke);
    if (!b->ended || b->code != BUGCHECK || memcmp(b->p, p, sizeof p) != 0)
        fail_msg("mistake %u on kind %u: bugcheck %x(%x, %x, %x, %x) %s", i,
                 kind, b->code, b->p[0], b->p[1], b->p[2], b->p[3], b->text);
    guest_free(bad.g);
}

/* DMA-164, DMA-028, DMA-054, DMA-055, DMA-061, DMA-066, DMA-073, DMA-079,
 * DMA-103, SEC-005, SEC-006, SEC-007: the four values of each. */
static void each_mistake_has_its_four_values(void **state)
{
    enum hal_kind kind;
    unsigned i;

    (void)state;
    for (i = 0; i < MISTAKES; i++)
        for (kind = 0; kind < HAL_KINDS; kind++) {
            reported(i, kind);
            raised(i, kind);
        }
}

/* Mode off: nothing is said of any of them. */
static void off_is_silent(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < MISTAKES; i++) {
        uint32_t p[4];
        struct bad bad;

        begin(&bad, HAL_TRANSLATE, HAL_VERIFY_OFF);
        table[i].make(&bad, p);
        assert_int_equal(bad.g->r.findings, 0);
        assert_false(ke_ended(bad.g->ke));
        guest_free(bad.g);
    }
}

/* A NULL adapter is 0xE6(19h) under verification, else the guest's fault at
 * 0 + offset. */
static void a_null_adapter_is_told_first(void **state)
{
    static const struct {
        const char *name;
        unsigned count;
    } row[] = {{"IoMapTransfer", 6},          {"IoFlushAdapterBuffers", 6},
               {"IoFreeMapRegisters", 3},     {"IoFreeAdapterChannel", 1},
               {"HalReadDmaCounter", 1},      {"IoAllocateAdapterChannel", 5},
               {"DmaPutDmaAdapter", 1},       {"DmaGetScatterGatherList", 8},
               {"DmaPutScatterGatherList", 3}};
    static const uint32_t zero[8];
    const struct ke_bugcheck *b;
    enum hal_kind kind;
    struct bad bad;
    unsigned i, stop;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++)
        for (i = 0; i < sizeof row / sizeof *row; i++)
            for (stop = 0; stop < 2; stop++) {
                begin(&bad, kind, stop ? HAL_VERIFY_STOP : HAL_VERIFY_REPORT);
                try_at(&bad, ke_stub(bad.g->ke, row[i].name).v, row[i].count,
                       zero);
                b = ke_bugcheck_state(bad.g->ke);
                assert_true(b->ended);
                assert_string_equal(bad.g->r.first.rule, "S20");
                assert_int_equal(bad.g->r.first.p[0], 0x19);
                assert_int_equal(b->code, stop ? BUGCHECK : 0x0a);
                assert_int_equal(b->p[0], stop ? 0x19 : 4);
                guest_free(bad.g);
            }
}

/* Every row has a name and says what Windows does; ids are unique. */
static void classes_are_a_table(void **state)
{
    const struct hal_class *row;
    unsigned i;

    (void)state;
    for (i = 0; (row = hal_class_at(i)); i++) {
        assert_ptr_equal(hal_class_find(row->id), row);
        assert_true(row->name[0] && row->windows[0]);
    }
    assert_int_equal(i, 42);
    assert_null(hal_class_find("S99"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_has_its_four_values),
        cmocka_unit_test(off_is_silent),
        cmocka_unit_test(a_null_adapter_is_told_first),
        cmocka_unit_test(classes_are_a_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
