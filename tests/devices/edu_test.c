/* tests/devices/edu_test.c -- the teaching bus master: each published register,
 * its DMA, and the ring of descriptors. Oracle: the published specification of
 * the device and docs/devices/edu.md; ids: device contracts. */
#include "bench.h"

#include <string.h>

enum {
    LIVENESS = 4,
    FACTORIAL = 8,
    STATUS = 0x20,
    IRQ_STATUS = 0x24,
    IRQ_RAISE = 0x60,
    IRQ_ACK = 0x64,
    SRC = 0x80,
    DST = 0x88,
    COUNT = 0x90,
    CMD = 0x98,
    SG_CAPS = 0xc0,
    SG_RING = 0xc4,
    SG_SLOTS = 0xcc,
    SG_HEAD = 0xd0,
    SG_TAIL = 0xd4,
    SG_CONTROL = 0xd8,
    SG_STATE = 0xdc
};
enum { RUN = 1, TO_RAM = 2, IRQ = 4 };
enum { BUFFER = 0x40000 };
enum { OWN = 1, D_TO_RAM = 2, D_IRQ = 4, DONE = 0x100, ERROR = 0x200 };

static struct bench *begin(uint64_t bits, bool sg)
{
    struct bench *b = bench_create();

    bench_add(b, device_model_find("edu"), NULL);
    bench_set(b, b->dev, "dma_bits", bits);
    bench_set(b, b->dev, "sg", sg);
    bench_start(b);
    return b;
}

static int setup(void **state)
{
    *state = begin(28, false);
    return 0;
}

static int setup_sg(void **state)
{
    *state = begin(32, true);
    return 0;
}

static void start(struct bench *b, uint32_t src, uint32_t dst, uint32_t bytes,
                  uint32_t command)
{
    bench_set32(b, SRC, src);
    bench_set32(b, DST, dst);
    bench_set32(b, COUNT, bytes);
    bench_set32(b, CMD, command);
}

static void finish(struct bench *b)
{
    assert_true(bench_run_until_irq(b));
    bench_set32(b, IRQ_ACK, bench_get32(b, IRQ_STATUS));
}

/* ---- published registers ------------------------------------------------ */

static void pci_identity_is_the_published_one(void **state)
{
    struct bench *b = *state;

    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 0, 4), 0x11e81234);
    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 8, 4), 0x00ff0010);
    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 0x3d, 1), 1);
}

static void bar_0_is_1_mib(void **state)
{
    struct bench *b = *state;

    bus_config_write(b->bus, 0, 3, 0, 0x10, 4, 0xffffffff);
    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 0x10, 4), 0xfff00000);
}

static void identification_is_0x010000ed(void **state)
{
    assert_int_equal(bench_get32(*state, 0), 0x010000ed);
    bench_set32(*state, 0, 1);
    assert_int_equal(bench_get32(*state, 0), 0x010000ed);
}

static void liveness_reads_back_inverted(void **state)
{
    bench_set32(*state, LIVENESS, 0x12345678);
    assert_int_equal(bench_get32(*state, LIVENESS), ~0x12345678u);
}

static void factorial_takes_virtual_time(void **state)
{
    struct bench *b = *state;

    bench_set32(b, FACTORIAL, 5);
    assert_int_equal(bench_get32(b, STATUS), 1);
    bench_set32(b, FACTORIAL, 7); /* busy: not taken */
    bench_advance_ns(b, 40);
    assert_int_equal(bench_get32(b, STATUS), 1);
    bench_advance_ns(b, 10);
    assert_int_equal(bench_get32(b, STATUS), 0);
    assert_int_equal(bench_get32(b, FACTORIAL), 120);
    assert_false(bench_irq(b));
}

static void factorial_is_modulo_2_to_the_32(void **state)
{
    static const uint32_t result[] = {
        1,    1,     2,      6,       24,       120,       720,
        5040, 40320, 362880, 3628800, 39916800, 479001600, 1932053504};
    struct bench *b = *state;

    for (uint32_t n = 0; n < 14; n++) {
        bench_set32(b, FACTORIAL, n);
        bench_run(b);
        assert_int_equal(bench_get32(b, FACTORIAL), result[n]);
    }
    bench_set32(b, FACTORIAL, 0xffffffff);
    bench_run(b);
    assert_int_equal(bench_get32(b, FACTORIAL), 0);
}

static void status_bit_7_interrupts_after_a_factorial(void **state)
{
    struct bench *b = *state;

    bench_set32(b, STATUS, 0xffffffff);
    assert_int_equal(bench_get32(b, STATUS), 0x80);
    bench_set32(b, FACTORIAL, 3);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get32(b, IRQ_STATUS), 1);
}

static void raise_and_acknowledge_set_and_clear_bits(void **state)
{
    struct bench *b = *state;

    bench_set32(b, IRQ_RAISE, 0x11);
    bench_set32(b, IRQ_RAISE, 0x22);
    assert_int_equal(bench_get32(b, IRQ_STATUS), 0x33);
    assert_true(bench_irq(b));
    bench_set32(b, IRQ_ACK, 0x13);
    assert_int_equal(bench_get32(b, IRQ_STATUS), 0x20);
    assert_true(bench_irq(b)); /* a level: something is still there */
    bench_set32(b, IRQ_ACK, 0x20);
    assert_false(bench_irq(b));
}

static void what_is_no_register_reads_ones(void **state)
{
    struct bench *b = *state;

    assert_int_equal(bench_get32(b, 0x0c), 0xffffffff);
    assert_int_equal(bench_get32(b, IRQ_RAISE), 0xffffffff);
    assert_int_equal(bench_get32(b, SG_CAPS), 0xffffffff);
    assert_int_equal(bench_get32(b, 0x40000), 0xffffffff);
    assert_int_equal(bench_get16(b, 0), 0xffff);
}

/* ---- DMA ---------------------------------------------------------------- */

static void dma_goes_there_and_back(void **state)
{
    struct bench *b = *state;

    memcpy(b->ram + 0x1000, "hello", 5);
    start(b, 0x1000, BUFFER + 100, 5, RUN | IRQ);
    assert_int_equal(bench_get32(b, CMD), RUN | IRQ);
    finish(b);
    assert_int_equal(bench_get32(b, CMD), IRQ);
    start(b, BUFFER + 100, 0x2000, 5, RUN | TO_RAM | IRQ);
    assert_int_equal(b->ram[0x2000], 0);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get32(b, IRQ_STATUS), 0x100);
    assert_memory_equal(b->ram + 0x2000, "hello", 5);
}

static void dma_takes_the_time_of_its_bytes(void **state)
{
    struct bench *b = *state;
    uint64_t begun = bench_now_ns(b);

    start(b, 0x1000, BUFFER, 4096, RUN | IRQ);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_now_ns(b) - begun, bench_tenure_ns(b, 4096));
}

/* DEV-036 */
static void the_interrupt_comes_after_the_last_byte(void **state)
{
    struct bench *b = *state;

    memset(b->ram + 0x1000, 0x5a, 4096);
    start(b, 0x1000, BUFFER, 4096, RUN | IRQ);
    finish(b);
    start(b, BUFFER, 0x2800, 4096, RUN | TO_RAM | IRQ);
    while (!bench_irq(b)) {
        assert_int_equal(bench_get32(b, CMD) & RUN, RUN);
        bench_tick(b);
    }
    assert_int_equal(b->ram[0x37ff], 0x5a);
}

/* DEV-033, DEV-034: there is one memory for CPU and card. */
static void the_card_sees_what_was_written_last(void **state)
{
    struct bench *b = *state;

    ram_write32(&b->mem, gpa_of(0x1000), 0x11111111);
    start(b, 0x1000, BUFFER, 4, RUN | IRQ);
    ram_write32(&b->mem, gpa_of(0x1000), 0x22222222);
    finish(b);
    start(b, BUFFER, 0x2000, 4, RUN | TO_RAM | IRQ);
    finish(b);
    assert_int_equal(ram_read32(&b->mem, gpa_of(0x2000)), 0x22222222);
}

static void dma_registers_are_still_while_busy(void **state)
{
    struct bench *b = *state;

    start(b, 0x1000, BUFFER, 4096, RUN);
    bench_set32(b, SRC, 0x9999);
    bench_set32(b, COUNT, 1);
    assert_int_equal(bench_get32(b, SRC), 0x1000);
    assert_int_equal(bench_get32(b, COUNT), 4096);
    bench_run(b);
    bench_set32(b, SRC, 0x9999);
    assert_int_equal(bench_get32(b, SRC), 0x9999);
}

static void a_command_without_start_does_nothing(void **state)
{
    struct bench *b = *state;

    start(b, 0x1000, BUFFER, 16, IRQ);
    assert_int_equal(bench_get32(b, CMD), 0);
    bench_run(b);
    assert_false(bench_irq(b));
}

static void a_range_outside_the_buffer_starts_nothing(void **state)
{
    static const struct {
        uint32_t card, bytes;
    } bad[] = {{0x3ffff, 1},   {BUFFER + 1, 4096},
               {BUFFER, 4097}, {BUFFER + 4096, 1},
               {0, 1},         {0xffffffff, 0xffffffff}};
    struct bench *b = *state;

    bench_trace(b, "guest_error,dma_*");
    for (unsigned i = 0; i < 6; i++) {
        start(b, bad[i].card, 0x1000, bad[i].bytes, RUN | TO_RAM | IRQ);
        assert_int_equal(bench_get32(b, CMD) & RUN, 0);
    }
    bench_run(b);
    assert_false(bench_irq(b));
    assert_int_equal(bench_count(b, "outside the buffer"), 6);
    assert_int_equal(bench_count(b, "dma_"), 0);
}

static void a_count_of_0_is_done_at_once(void **state)
{
    struct bench *b = *state;

    start(b, 0x1000, BUFFER, 0, RUN | IRQ);
    assert_false(bench_irq(b));
    bench_tick(b);
    assert_int_equal(bench_get32(b, IRQ_STATUS), 0x100);
}

/* The mask of the published device: 28 bits, what lies above is lost. */
static void dma_mask_is_28_bits(void **state)
{
    struct bench *b = *state;

    memcpy(b->ram + 0x1000, "low", 3);
    start(b, 0xf0001000, BUFFER, 3, RUN | IRQ);
    finish(b);
    start(b, BUFFER, 0x2000, 3, RUN | TO_RAM | IRQ);
    finish(b);
    assert_memory_equal(b->ram + 0x2000, "low", 3);
}

static void upper_halves_exist_beyond_32_bits(void **state)
{
    struct bench *narrow = *state, *b = begin(40, false);

    bench_set32(narrow, SRC + 4, 5);
    assert_int_equal(bench_get32(narrow, SRC + 4), 0);
    bench_set32(b, SRC + 4, 5);
    assert_int_equal(bench_get32(b, SRC + 4), 5);
    start(b, 0x1000, BUFFER, 4, RUN | IRQ); /* 5_0000_1000h: nobody's */
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get32(b, IRQ_STATUS), 0x200);
    bench_destroy(b);
}

/* DEV-029 */
static void a_master_abort_is_interrupt_200(void **state)
{
    struct bench *b = *state;

    start(b, 0x0f800000, BUFFER, 4, RUN | IRQ);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get32(b, IRQ_STATUS), 0x200);
    assert_int_equal(bench_get32(b, CMD) & RUN, 0);
    assert_true(bench_status(b, b->dev) & 0x2000);
}

/* DEV-028 */
static void without_bus_master_enable_it_stays_busy(void **state)
{
    struct bench *b = *state;

    bench_command(b, b->dev, 2);
    start(b, 0x1000, BUFFER, 4, RUN | IRQ);
    bench_run(b);
    assert_false(bench_irq(b));
    assert_int_equal(bench_get32(b, CMD) & RUN, RUN);
    bench_command(b, b->dev, 6);
    assert_true(bench_run_until_irq(b));
}

/* ---- scatter/gather ----------------------------------------------------- */

enum { RING = 0x8000, SLOTS = 8 };

static void descriptor(struct bench *b, unsigned slot, uint32_t at,
                       unsigned bytes, unsigned offset, uint32_t control)
{
    gpa_t to = gpa_of(RING + 16 * slot);

    ram_write32(&b->mem, to, at);
    ram_write32(&b->mem, gpa_add(to, 4), 0);
    ram_write16(&b->mem, gpa_add(to, 8), (uint16_t)bytes);
    ram_write16(&b->mem, gpa_add(to, 10), (uint16_t)offset);
    ram_write32(&b->mem, gpa_add(to, 12), control);
}

static uint32_t control_of(struct bench *b, unsigned slot)
{
    return ram_read32(&b->mem, gpa_of(RING + 16 * slot + 12));
}

static void ring_on(struct bench *b)
{
    bench_set32(b, SG_RING, RING);
    bench_set32(b, SG_SLOTS, SLOTS);
    bench_set32(b, SG_CONTROL, 1);
}

static void sg_registers_read_back(void **state)
{
    struct bench *b = *state;

    assert_int_equal(bench_get32(b, SG_CAPS), 0x53470001);
    bench_set32(b, SG_RING, 0x8007);
    assert_int_equal(bench_get32(b, SG_RING), 0x8000);
    bench_set32(b, SG_SLOTS, 100000);
    assert_int_equal(bench_get32(b, SG_SLOTS), 4096);
    bench_set32(b, SG_CONTROL, 1);
    bench_set32(b, SG_RING, 0x1000); /* on: it does not move */
    assert_int_equal(bench_get32(b, SG_RING), 0x8000);
    assert_int_equal(bench_get32(b, SG_HEAD), 0);
    assert_int_equal(bench_get32(b, SG_STATE), 0);
}

static void descriptors_gather_and_scatter(void **state)
{
    struct bench *b = *state;

    memset(b->ram + 0x1000, 'a', 100);
    memset(b->ram + 0x3000, 'b', 50);
    descriptor(b, 0, 0x1000, 100, 0, OWN);
    descriptor(b, 1, 0x3000, 50, 100, OWN);
    descriptor(b, 2, 0x5ff0, 150, 0, OWN | D_TO_RAM | D_IRQ);
    ring_on(b);
    bench_set32(b, SG_TAIL, 3);
    assert_int_equal(bench_get32(b, SG_STATE), 1);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get32(b, IRQ_STATUS), 0x400);
    assert_int_equal(b->ram[0x5ff0], 'a');
    assert_int_equal(b->ram[0x5ff0 + 99], 'a');
    assert_int_equal(b->ram[0x5ff0 + 100], 'b');
    assert_int_equal(b->ram[0x5ff0 + 149], 'b');
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(control_of(b, i) & (OWN | DONE | ERROR), DONE);
    assert_int_equal(bench_get32(b, SG_HEAD), 3);
    assert_int_equal(bench_get32(b, SG_STATE), 0);
}

static void the_ring_goes_round(void **state)
{
    struct bench *b = *state;

    ring_on(b);
    for (unsigned i = 0; i < 20; i++) {
        descriptor(b, i % SLOTS, 0x1000, 4, 0, OWN);
        bench_set32(b, SG_TAIL, (i + 1) % SLOTS);
        bench_run(b);
        assert_int_equal(control_of(b, i % SLOTS), DONE);
        assert_int_equal(bench_get32(b, SG_HEAD), (i + 1) % SLOTS);
    }
}

static void a_descriptor_not_owned_stops_till_the_next_doorbell(void **state)
{
    struct bench *b = *state;

    descriptor(b, 0, 0x1000, 4, 0, 0);
    ring_on(b);
    bench_set32(b, SG_TAIL, 1);
    bench_run(b);
    assert_int_equal(bench_get32(b, SG_STATE), 0);
    assert_int_equal(bench_get32(b, SG_HEAD), 0);
    descriptor(b, 0, 0x1000, 4, 0, OWN);
    bench_set32(b, SG_TAIL, 1);
    bench_run(b);
    assert_int_equal(control_of(b, 0), DONE);
}

static void bad_descriptors_are_written_back_with_error(void **state)
{
    static const struct {
        unsigned bytes, offset;
    } bad[] = {{0, 0}, {4097, 0}, {4096, 0xf001}, {2, 0xffff}};
    struct bench *b = *state;

    for (unsigned i = 0; i < 4; i++) {
        bench_set32(b, SG_CONTROL, 0);
        descriptor(b, 0, 0x1000, bad[i].bytes, bad[i].offset, OWN);
        ring_on(b);
        bench_set32(b, SG_TAIL, 1);
        assert_true(bench_run_until_irq(b));
        assert_int_equal(bench_get32(b, IRQ_STATUS), 0x800);
        bench_set32(b, IRQ_ACK, 0x800);
        assert_int_equal(control_of(b, 0), ERROR);
        assert_int_equal(bench_get32(b, SG_STATE), 2);
    }
}

static void data_that_cannot_be_reached_is_an_error(void **state)
{
    struct bench *b = *state;

    descriptor(b, 0, 0xc0000000, 64, 0, OWN | D_TO_RAM);
    ring_on(b);
    bench_set32(b, SG_TAIL, 1);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(control_of(b, 0) & (OWN | DONE | ERROR), ERROR);
}

static void a_ring_that_cannot_be_reached_is_a_fault(void **state)
{
    struct bench *b = *state;

    bench_set32(b, SG_RING, 0xc0000000);
    bench_set32(b, SG_SLOTS, SLOTS);
    bench_set32(b, SG_CONTROL, 1);
    bench_set32(b, SG_TAIL, 1);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get32(b, SG_STATE), 2);
    assert_int_equal(bench_get32(b, IRQ_STATUS), 0x800);
}

static void switching_off_leaves_what_is_under_way(void **state)
{
    struct bench *b = *state;

    descriptor(b, 0, 0x1000, 4096, 0, OWN | D_IRQ);
    ring_on(b);
    bench_set32(b, SG_TAIL, 1);
    bench_advance_ns(b, 100); /* the descriptor is in, data under way */
    bench_set32(b, SG_CONTROL, 0);
    bench_run(b);
    assert_false(bench_irq(b));
    assert_int_equal(control_of(b, 0), OWN | D_IRQ);
    assert_int_equal(bench_get32(b, SG_HEAD), 0);
}

static void ring_and_plain_dma_go_on_beside_each_other(void **state)
{
    struct bench *b = *state;

    memset(b->ram + 0x1000, 1, 4096);
    memset(b->ram + 0x3000, 2, 4096);
    descriptor(b, 0, 0x3000, 4096, 0, OWN);
    ring_on(b);
    bench_set32(b, SG_TAIL, 1);
    start(b, 0x1000, BUFFER, 4096, RUN);
    bench_run(b);
    assert_int_equal(control_of(b, 0), DONE);
    assert_int_equal(bench_get32(b, CMD), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
#define S(name) cmocka_unit_test_setup_teardown(name, setup_sg, bench_teardown)
    const struct CMUnitTest tests[] = {
        T(pci_identity_is_the_published_one),
        T(bar_0_is_1_mib),
        T(identification_is_0x010000ed),
        T(liveness_reads_back_inverted),
        T(factorial_takes_virtual_time),
        T(factorial_is_modulo_2_to_the_32),
        T(status_bit_7_interrupts_after_a_factorial),
        T(raise_and_acknowledge_set_and_clear_bits),
        T(what_is_no_register_reads_ones),
        T(dma_goes_there_and_back),
        T(dma_takes_the_time_of_its_bytes),
        T(the_interrupt_comes_after_the_last_byte),
        T(the_card_sees_what_was_written_last),
        T(dma_registers_are_still_while_busy),
        T(a_command_without_start_does_nothing),
        T(a_range_outside_the_buffer_starts_nothing),
        T(a_count_of_0_is_done_at_once),
        T(dma_mask_is_28_bits),
        T(upper_halves_exist_beyond_32_bits),
        T(a_master_abort_is_interrupt_200),
        T(without_bus_master_enable_it_stays_busy),
        S(sg_registers_read_back),
        S(descriptors_gather_and_scatter),
        S(the_ring_goes_round),
        S(a_descriptor_not_owned_stops_till_the_next_doorbell),
        S(bad_descriptors_are_written_back_with_error),
        S(data_that_cannot_be_reached_is_an_error),
        S(a_ring_that_cannot_be_reached_is_a_fault),
        S(switching_off_leaves_what_is_under_way),
        S(ring_and_plain_dma_go_on_beside_each_other),
    };

    return cmocka_run_group_tests_name("edu", tests, NULL, NULL);
}
