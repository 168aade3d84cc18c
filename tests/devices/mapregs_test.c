/* tests/devices/mapregs_test.c -- the map-register unit: its registers, the two
 * kinds of tables, and what the gate does with a logical address. Oracle:
 * docs/devices/mapregs.md; ids: DMA and device contracts. */
#include "bench.h"

#include <string.h>

enum {
    ID,
    CAPS = 4,
    CONTROL = 8,
    STATUS = 12,
    LOW_BASE = 0x10,
    LOW_COUNT = 0x14,
    HIGH_BASE = 0x18,
    HIGH_COUNT = 0x1c,
    SELECT = 0x20,
    CLEAR = 0x24,
    FAULT_AT = 0x28,
    FAULT_BY = 0x2c,
    CHANGES = 0x30,
    ENTRIES = 0x8000
};
enum { LOW = 0x00f00000 };
#define HIGH 0xe0000000u

struct rig {
    struct bench *b;
    struct device *unit, *one, *two; /* the unit in slot 3, edu 4 and 5 */
};
enum { BY_ONE = 4 * 8, BY_TWO = 5 * 8 };

static struct rig rig_with(bool adapter, const struct bus_options *options)
{
    struct rig r = {.b = bench_create_with(options)};

    r.unit = bench_add_mapregs(r.b, adapter);
    r.one = bench_add(r.b, device_model_find("edu"), NULL);
    r.two = bench_add(r.b, device_model_find("edu"), NULL);
    bench_set(r.b, r.one, "dma_bits", 32);
    bench_set(r.b, r.two, "dma_bits", 32);
    bench_start(r.b);
    r.b->dev = r.unit;
    return r;
}

static struct rig rig(bool adapter)
{
    return rig_with(adapter, NULL);
}

static void copy(struct rig *r, struct device *edu, uint32_t at, uint32_t bytes,
                 bool to_memory)
{
    bench_write(r->b, edu, 0, to_memory ? 0x88 : 0x80, 4, at);
    bench_write(r->b, edu, 0, to_memory ? 0x80 : 0x88, 4, 0x40000);
    bench_write(r->b, edu, 0, 0x90, 4, bytes);
    bench_write(r->b, edu, 0, 0x98, 4, to_memory ? 7 : 5);
    bench_run(r->b);
}

/* 0x100 done, 0x200 fault, as the card says. */
static uint32_t outcome(struct rig *r, struct device *edu)
{
    uint32_t irq = bench_read(r->b, edu, 0, 0x24, 4);

    bench_write(r->b, edu, 0, 0x64, 4, irq);
    return irq;
}

/* ---- registers ---------------------------------------------------------- */

static void is_found_by_its_pci_identity(void **state)
{
    struct rig r = rig(false);

    (void)state;
    assert_int_equal(bus_config_read(r.b->bus, 0, 3, 0, 0, 4), 0x4d524842);
    assert_int_equal(bus_config_read(r.b->bus, 0, 3, 0, 10, 2), 0x0880);
    bench_destroy(r.b);
}

static void id_and_caps(void **state)
{
    struct rig t = rig(false), a = rig(true);

    (void)state;
    assert_int_equal(bench_get32(t.b, ID), 0x524d4248);
    assert_int_equal(bench_get32(t.b, CAPS), 0x101);
    assert_int_equal(bench_get32(a.b, CAPS), 0x201);
    bench_destroy(t.b);
    bench_destroy(a.b);
}

static void windows_are_where_the_registers_say(void **state)
{
    struct rig r = rig(false);

    (void)state;
    assert_int_equal(bench_get32(r.b, LOW_BASE), LOW);
    assert_int_equal(bench_get32(r.b, LOW_COUNT), 256);
    assert_int_equal(bench_get32(r.b, HIGH_BASE), HIGH);
    assert_int_equal(bench_get32(r.b, HIGH_COUNT), 2048);
    bench_destroy(r.b);
}

static void control_switches_windows_on_and_off(void **state)
{
    struct rig r = rig(false);

    (void)state;
    r.b->ram[0x5000] = 0x11;
    bench_map(r.b, 0, LOW, 0x5000, 7);
    assert_int_equal(bench_get32(r.b, CONTROL), 0);
    copy(&r, r.one, LOW, 1, false); /* off: 15 MiB is a hole of RAM */
    assert_int_equal(outcome(&r, r.one), 0x200);
    bench_set32(r.b, CONTROL, 1);
    copy(&r, r.one, LOW, 1, false);
    assert_int_equal(outcome(&r, r.one), 0x100);
    bench_set32(r.b, CONTROL, 2);
    copy(&r, r.one, LOW, 1, false);
    assert_int_equal(outcome(&r, r.one), 0x200);
    bench_set32(r.b, CONTROL, 0xfffffff8);
    assert_int_equal(bench_get32(r.b, CONTROL), 0);
    bench_destroy(r.b);
}

static void entries_keep_page_and_flags(void **state)
{
    struct rig r = rig(false);

    (void)state;
    bench_set32(r.b, SELECT, 0);
    bench_set32(r.b, ENTRIES + 8 * 5 + 4, 0xffffffff);
    bench_set32(r.b, ENTRIES + 8 * 5, 0xffffffff);
    assert_int_equal(bench_get32(r.b, ENTRIES + 8 * 5), 0xfffff007);
    assert_int_equal(bench_get32(r.b, ENTRIES + 8 * 5 + 4), 0x0001000f);
    assert_int_equal(bench_get32(r.b, ENTRIES + 8 * 4), 0);
    bench_destroy(r.b);
}

static void generation_counts_how_often_it_became_valid(void **state)
{
    struct rig r = rig(false);

    (void)state;
    for (unsigned i = 1; i < 4; i++) {
        bench_map(r.b, 0, LOW, 0x1000, 7);
        bench_map(r.b, 0, LOW, 0x2000, 7); /* rewritten while valid */
        assert_int_equal(bench_get32(r.b, ENTRIES + 4) >> 16, i);
        bench_map(r.b, 0, LOW, 0, 0);
        assert_int_equal(bench_get32(r.b, ENTRIES + 4) >> 16, i);
    }
    bench_destroy(r.b);
}

static void select_chooses_the_window(void **state)
{
    struct rig r = rig(false);

    (void)state;
    bench_map(r.b, 0, LOW + 0x3000, 0x11000, 7);
    bench_map(r.b, 0, HIGH + 0x3000, 0x22000, 3);
    bench_set32(r.b, SELECT, 0);
    assert_int_equal(bench_get32(r.b, ENTRIES + 8 * 3), 0x11007);
    bench_set32(r.b, SELECT, 1 << 16);
    assert_int_equal(bench_get32(r.b, ENTRIES + 8 * 3), 0x22003);
    assert_int_equal(bench_get32(r.b, SELECT), 0x1ffff); /* one table */
    bench_destroy(r.b);
}

static void clear_empties_the_selected_window_alone(void **state)
{
    struct rig r = rig(false);

    (void)state;
    bench_map(r.b, 0, HIGH, 0x2000, 7);
    bench_map(r.b, 0, LOW, 0x1000, 7);
    bench_set32(r.b, CLEAR, 0);
    assert_int_equal(bench_get32(r.b, ENTRIES), 0);
    bench_set32(r.b, SELECT, 1 << 16);
    assert_int_equal(bench_get32(r.b, ENTRIES), 0x2007);
    bench_set32(r.b, CONTROL, 4 | 3); /* all of them */
    assert_int_equal(bench_get32(r.b, ENTRIES), 0);
    assert_int_equal(bench_get32(r.b, CONTROL), 3);
    bench_destroy(r.b);
}

static void changes_counts_entry_writes(void **state)
{
    struct rig r = rig(false);
    uint32_t before = bench_get32(r.b, CHANGES);

    (void)state;
    bench_map(r.b, 0, LOW, 0x1000, 7);
    assert_int_equal(bench_get32(r.b, CHANGES) - before, 2);
    bench_destroy(r.b);
}

static void status_latches_the_first_fault(void **state)
{
    struct rig r = rig(false);

    (void)state;
    bench_windows_on(r.b);
    assert_int_equal(bench_get32(r.b, STATUS), 0);
    copy(&r, r.two, LOW + 0x7010, 4, true);
    copy(&r, r.one, LOW + 0x8000, 4, false);
    assert_int_equal(bench_get32(r.b, STATUS), 0x10101);
    assert_int_equal(bench_get32(r.b, FAULT_AT), LOW + 0x7010);
    bench_set32(r.b, STATUS, 1);
    assert_int_equal(bench_get32(r.b, STATUS), 0);
    bench_map(r.b, 0, LOW, 0x1000, 1 | 2); /* read alone */
    copy(&r, r.one, LOW, 4, true);
    assert_int_equal(bench_get32(r.b, STATUS), 0x10201);
    bench_destroy(r.b);
}

static void registers_take_dwords_alone(void **state)
{
    struct rig r = rig(false);

    (void)state;
    assert_int_equal(bench_get16(r.b, ID), 0xffff);
    bench_set8(r.b, CONTROL, 3);
    assert_int_equal(bench_get32(r.b, CONTROL), 0);
    bench_destroy(r.b);
}

static void reset_passes_everything_and_empties_the_tables(void **state)
{
    struct rig r = rig(false);

    (void)state;
    bench_windows_on(r.b);
    bench_map(r.b, 0, LOW, 0x1000, 7);
    bench_start(r.b);
    assert_int_equal(bench_get32(r.b, CONTROL), 0);
    assert_int_equal(bench_get32(r.b, ENTRIES), 0);
    r.b->ram[0x1234] = 0x42;
    bench_trace(r.b, "finding");
    copy(&r, r.one, 0x1234, 1, false);
    assert_int_equal(outcome(&r, r.one), 0x100);
    assert_int_equal(bench_count(r.b, "S01"), 0);
    bench_destroy(r.b);
}

/* ---- translation -------------------------------------------------------- */

static void scattered_pages_are_one_logical_run(void **state)
{
    static const uint32_t page[3] = {0x300000, 0x100000, 0x1200000};
    struct rig r = rig(false);

    (void)state;
    bench_windows_on(r.b);
    for (unsigned i = 0; i < 3; i++) {
        bench_map(r.b, 0, HIGH + 0x10000 + 0x1000 * i, page[i], 7);
        memset(r.b->ram + page[i], (int)(0x10 * (i + 1)), 4096);
    }
    copy(&r, r.one, HIGH + 0x10fff, 4096, false);
    copy(&r, r.one, HIGH + 0x10000 + 0x1f80, 0x100, true);
    assert_int_equal(outcome(&r, r.one), 0x100);
    assert_int_equal(r.b->ram[0x100f80], 0x10);
    assert_int_equal(r.b->ram[0x100f81], 0x20);
    assert_int_equal(r.b->ram[0x1200000], 0x20);
    assert_int_equal(r.b->ram[0x1200080], 0x30);
    bench_destroy(r.b);
}

/* DMA-022 */
static void a_page_without_register_is_a_bus_fault(void **state)
{
    struct rig r = rig(false);

    (void)state;
    bench_windows_on(r.b);
    bench_trace(r.b, "dma_fault");
    copy(&r, r.one, LOW, 4, true);
    assert_int_equal(outcome(&r, r.one), 0x200);
    assert_int_equal(bench_count(r.b, "no map register"), 1);
    assert_true(bench_status(r.b, r.one) & 0x2000);
    /* past the last register of the high window, inside the window */
    copy(&r, r.one, HIGH + (2048u << 12), 4, true);
    assert_int_equal(outcome(&r, r.one), 0x200);
    bench_destroy(r.b);
}

static void a_run_ends_at_the_first_page_without_register(void **state)
{
    struct rig r = rig(false);

    (void)state;
    bench_windows_on(r.b);
    bench_map(r.b, 0, LOW, 0x1000, 7);
    bench_trace(r.b, "dma_end");
    copy(&r, r.one, LOW + 0xff0, 64, true);
    assert_int_equal(bench_count(r.b, "status=1 done=16"), 1);
    bench_destroy(r.b);
}

static void direction_bits_are_kept(void **state)
{
    struct rig r = rig(false);

    (void)state;
    bench_windows_on(r.b);
    bench_map(r.b, 0, LOW, 0x1000, 1 | 2);
    bench_map(r.b, 0, LOW + 0x1000, 0x2000, 1 | 4);
    copy(&r, r.one, LOW, 4, false);
    assert_int_equal(outcome(&r, r.one), 0x100);
    copy(&r, r.one, LOW, 4, true);
    assert_int_equal(outcome(&r, r.one), 0x200);
    copy(&r, r.one, LOW + 0x1000, 4, true);
    assert_int_equal(outcome(&r, r.one), 0x100);
    copy(&r, r.one, LOW + 0x1000, 4, false);
    assert_int_equal(outcome(&r, r.one), 0x200);
    bench_destroy(r.b);
}

/* A physical address works as on a PC, and is told. */
static void outside_the_windows_passes_with_a_finding(void **state)
{
    struct rig r = rig(false);

    (void)state;
    bench_windows_on(r.b);
    r.b->ram[0x1234] = 0x42;
    bench_trace(r.b, "finding");
    copy(&r, r.one, 0x1234, 1, false);
    assert_int_equal(outcome(&r, r.one), 0x100);
    assert_int_equal(bench_count(r.b, "rule=S01"), 1);
    bench_destroy(r.b);
}

/* DEV-021: as --strict-dma makes it, here for a PCI master. */
static void outside_the_windows_faults_under_strict(void **state)
{
    const struct bus_options options = {.strict = true};
    struct rig r = rig_with(false, &options);

    (void)state;
    copy(&r, r.one, 0x1234, 1, true); /* the unit is off: a bare machine */
    assert_int_equal(outcome(&r, r.one), 0x100);
    bench_windows_on(r.b);
    copy(&r, r.one, 0x1234, 1, true);
    assert_int_equal(outcome(&r, r.one), 0x200);
    assert_int_equal(bench_get32(r.b, STATUS), 0x10301);
    bench_destroy(r.b);
}

/* DEV-021: an 8237 channel sees the low window; elsewhere nothing, strictly. */
static void a_channel_goes_through_the_low_window(void **state)
{
    const struct bus_options options = {.strict = true};
    struct bench *b = bench_create_with(&options);

    (void)state;
    bench_add_isa(b, device_model_find("isacard"), 5, 1);
    bench_add(b, device_model_find("dma8237"), NULL);
    bench_add_mapregs(b, false);
    bench_start(b);
    bench_windows_on(b);
    bench_map(b, 0, LOW + 0x2000, 0x1300000, 7);
    memcpy(b->ram + 0x1300ff0, "through the wind", 16);
    bench_out8(b, 0xd6, 0xc0);
    bench_out8(b, 0xd4, 0);
    bench_out8(b, 0x0b, 0x49);
    bench_out8(b, 0x02, 0xf0);
    bench_out8(b, 0x02, 0x2f);
    bench_out8(b, 0x83, 0xf0);
    bench_out8(b, 0x03, 31);
    bench_out8(b, 0x03, 0);
    bench_out8(b, 0x0a, 1);
    bench_set16(b, 4, 5);
    assert_true(bench_run_until_irq(b));
    bench_set16(b, 8, 0);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(bench_get8(b, 0), "through the wind"[i]);
    for (unsigned i = 16; i < 32; i++) /* no register behind it: ISA reads 1s */
        assert_int_equal(bench_get8(b, 0), 0xff);
    bench_destroy(b);
}

/* ---- kinds -------------------------------------------------------------- */

static void translate_has_one_table_for_all(void **state)
{
    struct rig r = rig(false);

    (void)state;
    bench_windows_on(r.b);
    bench_map(r.b, BY_ONE, LOW, 0x1000, 7);
    r.b->ram[0x1000] = 0x21;
    copy(&r, r.two, LOW, 1, false);
    assert_int_equal(outcome(&r, r.two), 0x100);
    bench_destroy(r.b);
}

static void adapter_has_one_table_for_each_master(void **state)
{
    struct rig r = rig(true);

    (void)state;
    bench_windows_on(r.b);
    bench_map(r.b, BY_ONE, LOW, 0x1000, 7);
    bench_map(r.b, BY_TWO, LOW, 0x2000, 7);
    memset(r.b->ram + 0x3000, 0x77, 1);
    copy(&r, r.one, 0x3000, 1, false);
    copy(&r, r.two, 0x3000, 1, false);
    copy(&r, r.one, LOW, 1, true);
    assert_int_equal(r.b->ram[0x1000], 0x77);
    assert_int_equal(r.b->ram[0x2000], 0);
    copy(&r, r.two, LOW + 1, 1, true);
    assert_int_equal(r.b->ram[0x2001], 0x77);
    assert_int_equal(r.b->ram[0x1001], 0);
    bench_destroy(r.b);
}

/* DEV-038 */
static void reset_of_a_master_empties_its_own_table(void **state)
{
    struct rig r = rig(true);

    (void)state;
    bench_windows_on(r.b);
    bench_map(r.b, BY_ONE, LOW, 0x1000, 7);
    bench_map(r.b, BY_TWO, LOW, 0x2000, 7);
    bus_reset_device(r.one);
    bench_enable(r.b, r.one);
    copy(&r, r.one, LOW, 1, true);
    assert_int_equal(outcome(&r, r.one), 0x200);
    copy(&r, r.two, LOW, 1, true);
    assert_int_equal(outcome(&r, r.two), 0x100);
    bench_map(r.b, BY_ONE, LOW, 0x1000, 7); /* the HAL maps again */
    copy(&r, r.one, LOW, 1, true);
    assert_int_equal(outcome(&r, r.one), 0x100);
    bench_destroy(r.b);
}

static void nobodys_table_takes_no_room(void **state)
{
    struct rig r = rig(true);

    (void)state;
    for (uint32_t requester = 0; requester < 0x10000; requester += 7) {
        if (requester == 3 * 8 || requester == BY_ONE || requester == BY_TWO)
            continue;
        bench_set32(r.b, SELECT, requester);
        bench_set32(r.b, ENTRIES, 0x1007);
        assert_int_equal(bench_get32(r.b, ENTRIES), 0);
    }
    bench_destroy(r.b);
}

/* ---- looking ------------------------------------------------------------ */

static void translation_can_be_looked_at(void **state)
{
    struct rig r = rig(true);
    struct gate_view v;

    (void)state;
    bench_windows_on(r.b);
    bench_map(r.b, BY_ONE, LOW + 0x5000, 0x3210000, 1 | 2);
    bench_map(r.b, BY_ONE, LOW + 0x6000, 0x7000, 1 | 2);
    bench_trace(r.b, "*");
    bus_translate(r.b->bus, r.one, dla_of(LOW + 0x6123), DMA_TO_DEVICE, &v);
    assert_int_equal(v.result, GATE_OK);
    assert_int_equal(v.to.v, 0x7123);
    assert_true(v.in_window);
    assert_int_equal(v.index, 6);
    assert_int_equal(v.bank, BY_ONE);
    bus_translate(r.b->bus, r.one, dla_of(LOW + 0x5123), DMA_TO_DEVICE, &v);
    assert_int_equal(v.result, GATE_NOTHING); /* no RAM there */
    bus_translate(r.b->bus, r.one, dla_of(LOW + 0x6123), DMA_FROM_DEVICE, &v);
    assert_int_equal(v.result, GATE_DIRECTION);
    bus_translate(r.b->bus, r.two, dla_of(LOW + 0x6123), DMA_TO_DEVICE, &v);
    assert_int_equal(v.result, GATE_NO_REGISTER);
    bus_translate(r.b->bus, r.one, dla_of(0x8000), DMA_TO_DEVICE, &v);
    assert_int_equal(v.result, GATE_OK);
    assert_false(v.in_window);
    assert_int_equal(r.b->trace_bytes, 0);
    assert_int_equal(bench_get32(r.b, STATUS), 0);
    bench_destroy(r.b);
}

static void valid_registers_can_be_listed(void **state)
{
    struct rig r = rig(false);
    struct gate_register out[3];
    uint64_t from = 0;

    (void)state;
    bench_windows_on(r.b);
    for (unsigned i = 0; i < 5; i++)
        bench_map(r.b, 0, LOW + 0x10000 * i, 0x1000 * (i + 1), 7);
    assert_int_equal(bus_registers(r.b->bus, &from, out, 3), 3);
    assert_int_equal(out[2].index, 32);
    assert_int_equal(out[2].at.v, LOW + 0x20000);
    assert_int_equal(out[2].to.v, 0x3000);
    assert_int_equal(out[2].bank, 0xffff);
    assert_int_equal(bus_registers(r.b->bus, &from, out, 3), 2);
    assert_int_equal(out[1].index, 64);
    assert_int_equal(bus_registers(r.b->bus, &from, out, 3), 0);
    bench_destroy(r.b);
}

static void every_write_of_a_register_is_an_event(void **state)
{
    struct rig r = rig(false);

    (void)state;
    bench_trace(r.b, "map_register");
    bench_map(r.b, 0, HIGH + 0x9000, 0x3000, 7);
    assert_int_equal(
        bench_count(r.b, "bank=ffff window=1 index=9 gpa=3000 flags=7"), 1);
    bench_destroy(r.b);
}

/* Above 4 GiB: the entry has 36 bits of address. */
static void a_register_reaches_36_bits(void **state)
{
    struct rig r = rig(false);
    struct gate_view v;

    (void)state;
    bench_windows_on(r.b);
    bench_map(r.b, 0, HIGH, 0xfabcde000, 7);
    bus_translate(r.b->bus, NULL, dla_of(HIGH + 5), DMA_TO_DEVICE, &v);
    assert_int_equal(v.to.v, 0xfabcde005);
    bench_destroy(r.b);
}

int main(void)
{
#define T(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        T(is_found_by_its_pci_identity),
        T(id_and_caps),
        T(windows_are_where_the_registers_say),
        T(control_switches_windows_on_and_off),
        T(entries_keep_page_and_flags),
        T(generation_counts_how_often_it_became_valid),
        T(select_chooses_the_window),
        T(clear_empties_the_selected_window_alone),
        T(changes_counts_entry_writes),
        T(status_latches_the_first_fault),
        T(registers_take_dwords_alone),
        T(reset_passes_everything_and_empties_the_tables),
        T(scattered_pages_are_one_logical_run),
        T(a_page_without_register_is_a_bus_fault),
        T(a_run_ends_at_the_first_page_without_register),
        T(direction_bits_are_kept),
        T(outside_the_windows_passes_with_a_finding),
        T(outside_the_windows_faults_under_strict),
        T(a_channel_goes_through_the_low_window),
        T(translate_has_one_table_for_all),
        T(adapter_has_one_table_for_each_master),
        T(reset_of_a_master_empties_its_own_table),
        T(nobodys_table_takes_no_room),
        T(translation_can_be_looked_at),
        T(valid_registers_can_be_listed),
        T(every_write_of_a_register_is_an_event),
        T(a_register_reaches_36_bits),
    };

    return cmocka_run_group_tests_name("mapregs", tests, NULL, NULL);
}
