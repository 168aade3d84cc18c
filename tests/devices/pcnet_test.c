/* tests/devices/pcnet_test.c -- the Am79C970A against its data sheet: register
 * access, initialisation, both rings in each software style, filter, loopback,
 * errors, suspend. */
#include "nic_rig.h"

#include <string.h>

enum { RDP = 0x10, W_RAP = 0x12, W_RESET = 0x14, W_BDP = 0x16 };
enum { D_RAP = 0x14, D_RESET = 0x18, D_BDP = 0x1c };
enum { INIT = 1, STRT = 2, STOP = 4, TDMD = 8, TXON = 16, RXON = 32 };
enum { IENA = 64, INTR = 128, IDON = 256, TINT = 512, RINT = 1024 };
enum { MISS = 0x1000, ERR = 0x8000 };
enum { INIT_AT = 0x8000, RX_RING = 0x10000, TX_RING = 0x11000 };
enum { RX_BUFFER = 0x20000, TX_BUFFER = 0x30000, BUFFER = 1536 };
enum { RING = 4 };

static int setup(void **state)
{
    return nic_setup(state, "pcnet");
}

/* ---- registers --------------------------------------------------------------
 */

static uint16_t csr(struct bench *b, unsigned at)
{
    bench_set16(b, W_RAP, at);
    return bench_get16(b, RDP);
}

static void set_csr(struct bench *b, unsigned at, unsigned v)
{
    bench_set16(b, W_RAP, at);
    bench_set16(b, RDP, v);
}

static uint16_t bcr(struct bench *b, unsigned at)
{
    bench_set16(b, W_RAP, at);
    return bench_get16(b, W_BDP);
}

static void set_bcr(struct bench *b, unsigned at, unsigned v)
{
    bench_set16(b, W_RAP, at);
    bench_set16(b, W_BDP, v);
}

static void identity_and_chip_version(void **state)
{
    struct bench *b = ((struct nic_rig *)*state)->b;

    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 0, 4), 0x20001022);
    assert_int_equal(csr(b, 88), 0x1003);
    assert_int_equal(csr(b, 89), 0x0262);
    assert_int_equal(csr(b, 0), STOP);
    assert_int_equal(csr(b, 4), 0x0115);
    assert_int_equal(bcr(b, 4), 0x80c0); /* link */
    b->dev->model->link(b->dev, false);
    assert_int_equal(bcr(b, 4), 0x00c0);
}

static void the_address_prom_has_its_checksum(void **state)
{
    struct bench *b = ((struct nic_rig *)*state)->b;
    unsigned sum = 0;

    for (unsigned i = 0; i < 16; i++) {
        uint8_t v = bench_get8(b, i);

        if (i < 6)
            assert_int_equal(v, nic_own[i]);
        if (i >= 14)
            assert_int_equal(v, 'W');
        sum += i == 12 || i == 13 ? 0u : v;
    }
    assert_int_equal(bench_get16(b, 12), sum);
    bench_set8(b, 0, 9);
    assert_int_equal(bench_get8(b, 0), nic_own[0]);
    set_bcr(b, 2, 0x0102); /* APROMWE */
    bench_set8(b, 0, 9);
    assert_int_equal(bench_get8(b, 0), 9);
    set_bcr(b, 19, 0x4000); /* PREAD */
    assert_int_equal(bench_get8(b, 0), nic_own[0]);
}

static void a_socket_for_a_rom(void **state)
{
    struct bench *b = nic_with_rom("pcnet", 60000);

    (void)state;
    bus_config_write(b->bus, 0, 3, 0, 0x30, 4, 0xfffffffe);
    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 0x30, 4), 0xffff0000);
    bench_destroy(b);
}

static void a_write_of_32_bits_makes_registers_wide(void **state)
{
    struct bench *b = ((struct nic_rig *)*state)->b;

    bench_set32(b, RDP, 0);
    bench_set32(b, D_RAP, 88);
    assert_int_equal(bench_get32(b, RDP), 0x1003);
    bench_set32(b, D_RAP, 18);
    assert_int_equal(bench_get32(b, D_BDP) & 0x80, 0x80); /* DWIO */
    bench_get32(b, D_RESET);
    assert_int_equal(bench_get32(b, D_RAP), 0);
    assert_int_equal(bench_get32(b, RDP), STOP); /* and it stays so */
    bus_reset(b->bus);
    bench_enable(b, b->dev);
    assert_int_equal(csr(b, 88), 0x1003);
}

static void ring_registers_are_still_while_it_runs(void **state)
{
    struct bench *b = ((struct nic_rig *)*state)->b;

    set_csr(b, 24, 0x1234);
    assert_int_equal(csr(b, 24), 0x1234);
    set_csr(b, 76, 0xfffc);
    set_csr(b, 78, 0xfffc);
    set_csr(b, 0, STRT);
    set_csr(b, 24, 0x5678);
    assert_int_equal(csr(b, 24), 0x1234);
    set_csr(b, 0, STOP);
    set_csr(b, 24, 0x5678);
    assert_int_equal(csr(b, 24), 0x5678);
}

static void user_interrupt_and_its_masks(void **state)
{
    struct bench *b = ((struct nic_rig *)*state)->b;

    set_csr(b, 0, IENA);
    set_csr(b, 4, 0x0115 | 0x80); /* UINTCMD */
    assert_true(bench_irq(b));
    assert_int_equal(csr(b, 0) & INTR, INTR);
    set_csr(b, 0, 0);
    assert_false(bench_irq(b));
    set_csr(b, 0, IENA);
    set_csr(b, 4, 0x0115 | 0x40);
    assert_false(bench_irq(b));
}

/* ---- rings
 * -------------------------------------------------------------------- */

static void put32(struct bench *b, uint32_t at, uint32_t v)
{
    ram_write32(&b->mem, gpa_of(at), v);
}

static uint32_t get32(struct bench *b, uint32_t at)
{
    return ram_read32(&b->mem, gpa_of(at));
}

static unsigned style_of(struct nic_rig *f)
{
    return bcr(f->b, 20) & 0xff;
}

/* A descriptor in the style's layout: @flags as bits 31-16 of the word of 32
 * bits, @bytes as length. */
static void desc(struct nic_rig *f, uint32_t ring, unsigned i, uint32_t buffer,
                 uint32_t flags, uint32_t bytes)
{
    struct bench *b = f->b;
    uint32_t count = (0u - bytes) & 0xffff;

    if (style_of(f) == 0) {
        put32(b, ring + 8 * i, buffer | (flags & 0xff000000u));
        put32(b, ring + 8 * i + 4, count);
        return;
    }
    put32(b, ring + 16 * i, style_of(f) == 2 ? buffer : 0);
    put32(b, ring + 16 * i + 4, flags | count);
    put32(b, ring + 16 * i + 8, style_of(f) == 2 ? 0 : buffer);
}

/* Its flags, and the status word as of style 2. */
static uint32_t flags_of(struct nic_rig *f, uint32_t ring, unsigned i)
{
    if (style_of(f) == 0)
        return get32(f->b, ring + 8 * i) & 0xff000000u;
    return get32(f->b, ring + 16 * i + 4) & 0xffff0000u;
}

static uint32_t status_of(struct nic_rig *f, uint32_t ring, unsigned i)
{
    if (style_of(f) == 0)
        return get32(f->b, ring + 8 * i + 4) >> 16;
    return get32(f->b, ring + 16 * i + (style_of(f) == 2 ? 8 : 0));
}

static void start(struct nic_rig *f, unsigned style, unsigned mode)
{
    struct bench *b = f->b;

    set_csr(b, 0, STOP);
    set_bcr(b, 20, style);
    for (unsigned i = 0; i < RING; i++) {
        desc(f, RX_RING, i, RX_BUFFER + i * BUFFER, 0x80000000u, BUFFER);
        desc(f, TX_RING, i, TX_BUFFER + i * BUFFER, 0, BUFFER);
    }
    put32(b, INIT_AT, mode | (style ? 2u << 20 | 2u << 28 : 0));
    if (style) {
        memcpy(b->ram + INIT_AT + 4, nic_own, 6);
        put32(b, INIT_AT + 12, 0);
        put32(b, INIT_AT + 16, 0);
        put32(b, INIT_AT + 20, RX_RING);
        put32(b, INIT_AT + 24, TX_RING);
    } else {
        memcpy(b->ram + INIT_AT + 2, nic_own, 6);
        put32(b, INIT_AT + 8, 0);
        put32(b, INIT_AT + 12, 0);
        put32(b, INIT_AT + 16, RX_RING | 2u << 29);
        put32(b, INIT_AT + 20, TX_RING | 2u << 29);
    }
    set_csr(b, 1, INIT_AT);
    set_csr(b, 2, 0);
    set_csr(b, 0, INIT | IENA);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(csr(b, 0) & IDON, IDON);
    set_csr(b, 0, IDON | STRT | IENA);
    bench_advance_ns(b, 100000);
    assert_int_equal(csr(b, 0), INIT | STRT | TXON | RXON | IENA);
}

static void send(struct nic_rig *f, unsigned i, uint32_t n)
{
    wire_frame_make(f->b->ram + TX_BUFFER + i * BUFFER, n, nic_peer, nic_own,
                    0x88b5, (uint8_t)i);
    desc(f, TX_RING, i, TX_BUFFER + i * BUFFER, 0x83000000u, n);
}

static void initialisation_is_as_the_block_says(void **state)
{
    static const unsigned styles[] = {0, 2, 3};
    struct nic_rig *f = *state;

    for (unsigned i = 0; i < 3; i++) {
        start(f, styles[i], 0x0080);
        assert_int_equal(csr(f->b, 15), 0x0080);
        assert_int_equal(csr(f->b, 12), 0x5452);
        assert_int_equal(csr(f->b, 24), RX_RING & 0xffff);
        assert_int_equal(csr(f->b, 31), TX_RING >> 16);
        assert_int_equal(csr(f->b, 76), (uint16_t)-RING);
        assert_int_equal(csr(f->b, 6), 0x2200);
    }
}

static void frames_go_round_in_each_style(void **state)
{
    static const unsigned styles[] = {0, 2, 3};
    struct nic_rig *f = *state;

    for (unsigned s = 0; s < 3; s++) {
        start(f, styles[s], 0);
        f->wire->frames = 0;
        for (unsigned n = 0; n < 2 * RING + 1; n++) {
            unsigned i = n % RING;

            send(f, i, 200 + n);
            set_csr(f->b, 0, TDMD | IENA);
            assert_true(bench_run_until_irq(f->b));
            assert_int_equal(csr(f->b, 0) & (TINT | ERR), TINT);
            assert_int_equal(flags_of(f, TX_RING, i), 0x03000000);
            assert_int_equal(f->wire->frames, n + 1);
            assert_int_equal(f->wire->frame[n].bytes, 200 + n);
            assert_memory_equal(f->wire->frame[n].data,
                                f->b->ram + TX_BUFFER + i * BUFFER, 200 + n);
            set_csr(f->b, 0, TINT | IENA);
            bench_advance_ns(f->b, 10000);

            nic_arrive(f, nic_own, 300 + n, (uint8_t)n);
            assert_int_equal(csr(f->b, 0) & (RINT | ERR), RINT);
            assert_int_equal(flags_of(f, RX_RING, i) & 0xff000000, 0x03000000);
            assert_int_equal(status_of(f, RX_RING, i) & 0xfff, 304 + n);
            desc(f, RX_RING, i, RX_BUFFER + i * BUFFER, 0x80000000u, BUFFER);
            set_csr(f->b, 0, RINT | IENA);
        }
    }
}

static void the_transmit_ring_is_polled(void **state)
{
    struct nic_rig *f = *state;

    start(f, 2, 0);
    send(f, 0, 100); /* nobody demands it */
    bench_advance_ns(f->b, 1000000);
    assert_int_equal(f->wire->frames, 0);
    bench_advance_ns(f->b, 1100000); /* 65,536 clocks of 30 ns */
    assert_int_equal(f->wire->frames, 1);
    set_csr(f->b, 4, 0x1115); /* TXDPOLL */
    bench_advance_ns(f->b, 2000000);
    send(f, 1, 100);
    bench_advance_ns(f->b, 5000000);
    assert_int_equal(f->wire->frames, 1);
    set_csr(f->b, 0, TDMD | IENA);
    bench_advance_ns(f->b, 10000);
    assert_int_equal(f->wire->frames, 2);
}

static void a_frame_of_several_buffers_is_gathered(void **state)
{
    struct nic_rig *f = *state;

    start(f, 3, 0);
    wire_frame_make(f->b->ram + TX_BUFFER, 900, nic_peer, nic_own, 0x88b5, 7);
    desc(f, TX_RING, 0, TX_BUFFER, 0x82000000u, 100);
    desc(f, TX_RING, 1, TX_BUFFER + 100, 0x80000000u, 300);
    desc(f, TX_RING, 2, TX_BUFFER + 400, 0x81000000u, 500);
    set_csr(f->b, 0, TDMD | IENA);
    assert_true(bench_run_until_irq(f->b));
    assert_int_equal(f->wire->frames, 1);
    assert_int_equal(f->wire->frame[0].bytes, 900);
    assert_memory_equal(f->wire->frame[0].data, f->b->ram + TX_BUFFER, 900);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(flags_of(f, TX_RING, i) >> 30, 0);
}

static void a_chain_that_breaks_off_underflows(void **state)
{
    struct nic_rig *f = *state;

    start(f, 2, 0);
    desc(f, TX_RING, 0, TX_BUFFER, 0x82000000u, 100);
    set_csr(f->b, 0, TDMD | IENA);
    assert_true(bench_run_until_irq(f->b));
    assert_int_equal(flags_of(f, TX_RING, 0), 0x42000000);
    assert_int_equal(status_of(f, TX_RING, 0), 0xc0000000);
    assert_int_equal(csr(f->b, 0) & (TXON | TINT), TINT);
    assert_int_equal(f->wire->frames, 0);
}

static void a_frame_is_scattered_over_buffers(void **state)
{
    struct nic_rig *f = *state;
    uint8_t frame[400];

    start(f, 2, 0);
    for (unsigned i = 0; i < RING; i++)
        desc(f, RX_RING, i, RX_BUFFER + i * BUFFER, 0x80000000u, 128);
    nic_arrive(f, nic_own, 300, 4);
    wire_frame_make(frame, 300, nic_own, nic_peer, 0x88b5, 4);
    assert_int_equal(flags_of(f, RX_RING, 0), 0x02000000);
    assert_int_equal(flags_of(f, RX_RING, 1), 0);
    assert_int_equal(flags_of(f, RX_RING, 2), 0x01400000);
    assert_int_equal(status_of(f, RX_RING, 2) & 0xfff, 304);
    assert_memory_equal(f->b->ram + RX_BUFFER, frame, 128);
    assert_memory_equal(f->b->ram + RX_BUFFER + BUFFER, frame + 128, 128);
    assert_memory_equal(f->b->ram + RX_BUFFER + 2 * BUFFER, frame + 256, 44);
    nic_arrive(f, nic_own, 300, 4); /* one buffer is left: not enough */
    assert_int_equal(flags_of(f, RX_RING, 3), 0x46000000);
    nic_arrive(f, nic_own, 60, 4);
    assert_int_equal(csr(f->b, 0) & (MISS | ERR), MISS | ERR);
    assert_int_equal(csr(f->b, 112), 1);
}

static bool taken(struct nic_rig *f, const uint8_t *to, unsigned mode,
                  unsigned bit)
{
    start(f, 2, mode);
    set_csr(f->b, 0, STOP);
    for (unsigned i = 0; i < 4; i++)
        set_csr(f->b, 8 + i, bit / 16 == i ? 1u << (bit & 15) : 0);
    set_csr(f->b, 0, STRT | IENA);
    nic_arrive(f, to, 60, 1);
    return csr(f->b, 0) & RINT;
}

/* Bits of 01:00:5e:00:00:01: the remainder of polynomial edb88320 has 54 in
 * its six highest. */
static void the_filter_takes_what_it_is_told(void **state)
{
    static const uint8_t group[6] = {1, 0, 0x5e, 0, 0, 1};
    struct nic_rig *f = *state;

    assert_true(taken(f, nic_own, 0, 0));
    assert_false(taken(f, nic_own, 0x2000, 0)); /* DRCVPA */
    assert_false(taken(f, nic_peer, 0, 0));
    assert_true(taken(f, nic_peer, 0x8000, 0)); /* PROM */
    assert_true(taken(f, nic_everybody, 0, 0));
    assert_false(taken(f, nic_everybody, 0x4000, 0)); /* DRCVBC */
    for (unsigned bit = 0; bit < 64; bit++)
        assert_int_equal(taken(f, group, 0, bit), bit == 54);
}

static void loopback_receives_what_is_sent(void **state)
{
    struct nic_rig *f = *state;

    start(f, 2, 0x44 | 0x8000); /* LOOP, INTL, PROM */
    send(f, 0, 500);
    set_csr(f->b, 0, TDMD | IENA);
    bench_advance_ns(f->b, 100000);
    assert_int_equal(f->wire->frames, 0);
    assert_int_equal(csr(f->b, 0) & (TINT | RINT), TINT | RINT);
    assert_memory_equal(f->b->ram + RX_BUFFER, f->b->ram + TX_BUFFER, 500);
}

static void padding_and_checksum_are_stripped(void **state)
{
    struct nic_rig *f = *state;
    uint8_t frame[60];

    start(f, 2, 0);
    set_csr(f->b, 4, 0x0515); /* ASTRP_RCV */
    wire_frame_make(frame, 60, nic_own, nic_peer, 20, 1);
    bus_frame(f->b->dev, frame, 60);
    bench_advance_ns(f->b, 10000);
    assert_int_equal(status_of(f, RX_RING, 0) & 0xfff, 34);
}

static void a_pulled_cable_is_a_lost_carrier(void **state)
{
    struct nic_rig *f = *state;

    start(f, 2, 0);
    f->b->dev->model->link(f->b->dev, false);
    send(f, 0, 100);
    set_csr(f->b, 0, TDMD | IENA);
    assert_true(bench_run_until_irq(f->b));
    assert_int_equal(flags_of(f, TX_RING, 0), 0x43000000);
    assert_int_equal(status_of(f, TX_RING, 0), 0x08000000);
    assert_int_equal(f->wire->frames, 0);
}

static void what_cannot_be_reached_is_a_system_interrupt(void **state)
{
    struct nic_rig *f = *state;

    start(f, 2, 0);
    set_csr(f->b, 5, 0x0400); /* SINTE */
    desc(f, TX_RING, 0, 0x08000000, 0x83000000u, 100);
    set_csr(f->b, 0, TDMD | IENA);
    assert_true(bench_run_until_irq(f->b));
    assert_int_equal(csr(f->b, 5), 0x0c00);
    assert_int_equal(csr(f->b, 0) & (TXON | RXON), RXON);
    set_csr(f->b, 5, 0x0c00);
    assert_false(bench_irq(f->b));
}

static void suspend_waits_for_the_frame_under_way(void **state)
{
    struct nic_rig *f = *state;

    start(f, 2, 0);
    send(f, 0, 1000);
    set_csr(f->b, 0, TDMD | IENA);
    bench_tick(f->b);
    set_csr(f->b, 5, 1);
    assert_int_equal(csr(f->b, 5), 0);
    bench_advance_ns(f->b, 100000);
    assert_int_equal(csr(f->b, 5), 1);
    assert_int_equal(f->wire->frames, 1);
    send(f, 1, 1000);
    set_csr(f->b, 0, TDMD | IENA);
    bench_advance_ns(f->b, 5000000);
    assert_int_equal(f->wire->frames, 1);
    set_csr(f->b, 5, 0);
    bench_advance_ns(f->b, 100000);
    assert_int_equal(f->wire->frames, 2);
}

static void stop_ends_what_is_under_way(void **state)
{
    struct nic_rig *f = *state;

    start(f, 2, 0);
    send(f, 0, 1000);
    set_csr(f->b, 0, TDMD | IENA);
    bench_tick(f->b);
    set_csr(f->b, 0, STOP);
    assert_int_equal(csr(f->b, 0), STOP);
    bench_advance_ns(f->b, 5000000);
    assert_int_equal(f->wire->frames, 0);
    assert_int_equal(flags_of(f, TX_RING, 0), 0x83000000);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, nic_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(identity_and_chip_version),
        T(the_address_prom_has_its_checksum),
        cmocka_unit_test(a_socket_for_a_rom),
        T(a_write_of_32_bits_makes_registers_wide),
        T(ring_registers_are_still_while_it_runs),
        T(user_interrupt_and_its_masks),
        T(initialisation_is_as_the_block_says),
        T(frames_go_round_in_each_style),
        T(the_transmit_ring_is_polled),
        T(a_frame_of_several_buffers_is_gathered),
        T(a_chain_that_breaks_off_underflows),
        T(a_frame_is_scattered_over_buffers),
        T(the_filter_takes_what_it_is_told),
        T(loopback_receives_what_is_sent),
        T(padding_and_checksum_are_stripped),
        T(a_pulled_cable_is_a_lost_carrier),
        T(what_cannot_be_reached_is_a_system_interrupt),
        T(suspend_waits_for_the_frame_under_way),
        T(stop_ends_what_is_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
