/* tests/devices/rtl8139_test.c -- the RTL8139C+ against its data sheet: 8139
 * mode (descriptor registers, ring of bytes) and C+ mode (rings of
 * descriptors), filter, EEPROM, PHY, timer, tally. */
#include "nic_rig.h"

#include <string.h>

enum {
    IDR0 = 0,
    MAR0 = 8,
    TSD0 = 0x10,
    TSAD0 = 0x20,
    RBSTART = 0x30,
    CR = 0x37,
    CAPR = 0x38,
    CBR = 0x3a,
    IMR = 0x3c,
    ISR = 0x3e,
    TCR = 0x40,
    RCR = 0x44,
    TCTR = 0x48,
    MPC = 0x4c,
    EECR = 0x50,
    CONFIG0 = 0x51,
    CONFIG1 = 0x52,
    TIMERINT = 0x54,
    MSR = 0x58,
    TSAD = 0x60,
    BMCR = 0x62,
    BMSR = 0x64,
    ANLPAR = 0x68,
    TPPOLL = 0xd9,
    CPCR = 0xe0,
    RDSAR = 0xe4
};
enum { ROK = 1, TOK = 4, TER = 8, RDU = 16, LINK = 32, TDU = 128 };
enum { OWN = 1 << 13, TSD_TOK = 1 << 15, TSD_TABT = 1 << 30 };
enum { RING = 0x20000, TX = 0x10000, TX_RING = 0x30000, RX_RING = 0x31000 };
enum { RX_BUFFER = 0x40000 };
#define D_OWN 0x80000000u
#define D_EOR 0x40000000u
#define D_FS  0x20000000u
#define D_LS  0x10000000u

static int setup(void **state)
{
    return nic_setup(state, "rtl8139");
}

static struct bench *bench_of(void **state)
{
    return ((struct nic_rig *)*state)->b;
}

/* ---- identity, EEPROM, PHY, timer -----------------------------------------
 */

static void pci_identity_is_that_of_a_c_plus(void **state)
{
    struct bench *b = bench_of(state);

    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 0, 4), 0x813910ec);
    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 8, 4), 0x02000020);
    assert_int_equal(bench_get32(b, TCR) & 0x7cc00000, 0x74800000);
}

static void ports_and_memory_are_the_same_registers(void **state)
{
    struct bench *b = bench_of(state);

    bench_write(b, b->dev, 1, MAR0, 4, 0x11223344);
    assert_int_equal(bench_get32(b, MAR0), 0x11223344);
    assert_int_equal(bench_get8(b, MAR0 + 1), 0x33);
    bench_set8(b, MAR0 + 3, 0x99);
    assert_int_equal(bench_read(b, b->dev, 1, MAR0 + 2, 2), 0x9922);
}

static void the_address_is_loaded_from_the_eeprom(void **state)
{
    struct bench *b = bench_of(state);

    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(bench_get8(b, IDR0 + i), nic_own[i]);
    bench_set32(b, IDR0, 0);
    bench_set8(b, EECR, 0x40); /* auto-load */
    assert_int_equal(bench_get8(b, EECR) & 0xc0, 0);
    assert_int_equal(bench_get8(b, IDR0 + 1), nic_own[1]);
}

static void eeprom_clock(struct bench *b, bool in)
{
    bench_set8(b, EECR, 0x88 | (in ? 2 : 0));
    bench_set8(b, EECR, 0x8c | (in ? 2 : 0));
}

static uint16_t eeprom(struct bench *b, unsigned command, unsigned bits,
                       unsigned out)
{
    uint16_t v = 0;

    bench_set8(b, EECR, 0x80);
    bench_set8(b, EECR, 0x88);
    while (bits--)
        eeprom_clock(b, command >> bits & 1);
    while (out--) {
        eeprom_clock(b, false);
        v = (uint16_t)(v << 1 | (bench_get8(b, EECR) & 1));
    }
    bench_set8(b, EECR, 0x80);
    bench_set8(b, EECR, 0);
    return v;
}

static void eeprom_words_are_read_bit_by_bit(void **state)
{
    struct bench *b = bench_of(state);

    assert_int_equal(eeprom(b, 6 << 6 | 0, 9, 16), 0x8129);
    assert_int_equal(eeprom(b, 6 << 6 | 7, 9, 16), 0x5452);
    assert_int_equal(eeprom(b, 6 << 6 | 9, 10, 16), 0x5634);
}

static void eeprom_words_are_written_when_enabled(void **state)
{
    struct bench *b = bench_of(state);

    eeprom(b, (5 << 6 | 20) << 16 | 0xbeef, 25, 0);
    assert_int_equal(eeprom(b, 6 << 6 | 20, 9, 16), 0);
    eeprom(b, 4 << 6 | 0x30, 9, 0); /* EWEN */
    eeprom(b, (5 << 6 | 20) << 16 | 0xbeef, 25, 0);
    assert_int_equal(eeprom(b, 6 << 6 | 20, 9, 16), 0xbeef);
    bus_reset(b->bus); /* it keeps them */
    bench_enable(b, b->dev);
    assert_int_equal(eeprom(b, 6 << 6 | 20, 9, 16), 0xbeef);
}

static void config_registers_are_locked(void **state)
{
    struct bench *b = bench_of(state);

    bench_set8(b, CONFIG1, 0x20);
    assert_int_equal(bench_get8(b, CONFIG1), 0x0c);
    bench_set8(b, EECR, 0xc0);
    bench_set8(b, CONFIG1, 0x21);
    assert_int_equal(bench_get8(b, CONFIG1), 0x2d); /* two bits are wired */
}

static void the_phy_tells_the_link_and_its_change(void **state)
{
    struct bench *b = bench_of(state);

    assert_int_equal(bench_get16(b, BMSR), 0x782d);
    assert_int_equal(bench_get16(b, ANLPAR), 0x45e1);
    assert_int_equal(bench_get8(b, MSR) & 4, 0);
    bench_set16(b, IMR, LINK);
    b->dev->model->link(b->dev, false);
    assert_true(bench_irq(b));
    assert_int_equal(bench_get8(b, MSR) & 4, 4);
    assert_int_equal(bench_get16(b, BMSR), 0x7809);
    bench_set16(b, ISR, LINK);
    assert_false(bench_irq(b));
}

static void the_timer_interrupts_at_its_count(void **state)
{
    struct bench *b = bench_of(state);

    bench_set16(b, IMR, 0x4000);
    bench_set32(b, TCTR, 0);
    bench_set32(b, TIMERINT, 1000); /* of 30 ns */
    bench_advance_ns(b, 29990);
    assert_false(bench_irq(b));
    bench_advance_ns(b, 20);
    assert_true(bench_irq(b));
    assert_in_range(bench_get32(b, TCTR), 1000, 1001);
}

/* BS2-0 of CONFIG0. */
static void the_size_of_the_boot_rom_is_told(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= 5; code++) {
        struct bench *b = nic_with_rom("rtl8139", code ? 4096u << code : 0);

        bench_set8(b, EECR, 0xc0);
        bench_set8(b, CONFIG0, 7);
        assert_int_equal(bench_get8(b, CONFIG0), code);
        bench_destroy(b);
    }
}

/* ---- 8139 mode: sending ----------------------------------------------------
 */

static void legacy_on(struct bench *b, uint32_t rcr)
{
    bench_set32(b, RBSTART, RING);
    bench_set8(b, CR, 0x0c);
    bench_set32(b, RCR, rcr);
    bench_set16(b, IMR, 0xffff);
}

static void send_packet(struct bench *b, unsigned n, uint32_t bytes)
{
    wire_frame_make(b->ram + TX + n * 0x1000, bytes, nic_peer, nic_own, 0x88b5,
                    (uint8_t)n);
    bench_set32(b, TSAD0 + 4 * n, TX + n * 0x1000);
    bench_set32(b, TSD0 + 4 * n, bytes);
}

static void a_packet_is_sent_and_its_descriptor_given_back(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    legacy_on(b, 0);
    assert_int_equal(bench_get32(b, TSD0), OWN);
    send_packet(b, 0, 1000);
    assert_int_equal(f->wire->frames, 0); /* not inside the register write */
    assert_int_equal(bench_get32(b, TSD0) & OWN, 0);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get16(b, ISR), TOK);
    assert_int_equal(bench_get32(b, TSD0), 1000 | OWN | TSD_TOK);
    assert_int_equal(bench_get16(b, TSAD), 0x100f);
    assert_int_equal(f->wire->frames, 1);
    assert_int_equal(f->wire->frame[0].bytes, 1000);
    assert_memory_equal(f->wire->frame[0].data, b->ram + TX, 1000);
}

static void short_packets_are_filled_up(void **state)
{
    struct nic_rig *f = *state;

    legacy_on(f->b, 0);
    send_packet(f->b, 0, 20);
    bench_run(f->b);
    assert_int_equal(f->wire->frame[0].bytes, 60);
    assert_int_equal(f->wire->frame[0].data[20], 0);
}

static void packets_go_in_the_order_of_the_descriptors(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    legacy_on(b, 0);
    send_packet(b, 1, 101);
    bench_run(b);
    assert_int_equal(f->wire->frames, 0); /* its turn is not yet */
    send_packet(b, 0, 100);
    send_packet(b, 2, 102);
    send_packet(b, 3, 103);
    bench_run(b);
    assert_int_equal(f->wire->frames, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(f->wire->frame[i].bytes, 100 + i);
    send_packet(b, 0, 104);
    bench_run(b);
    assert_int_equal(f->wire->frames, 5);
}

static void a_packet_that_cannot_be_read_aborts(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    legacy_on(b, 0);
    bench_set32(b, TSAD0, 0x08000000); /* no RAM there */
    bench_set32(b, TSD0, 100);
    bench_run(b);
    assert_int_equal(bench_get16(b, ISR), 0x8000 | TER);
    assert_int_equal(bench_get32(b, TSD0) & (TSD_TABT | OWN), TSD_TABT | OWN);
    bench_set32(b, TSAD0, TX);
    bench_set32(b, TCR, 1); /* CLRABT: once more */
    bench_run(b);
    assert_int_equal(f->wire->frames, 1);
}

static void reset_ends_what_is_under_way(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    legacy_on(b, 0x0f);
    send_packet(b, 0, 1500);
    bench_tick(b);
    bench_set8(b, CR, 0x10);
    assert_int_equal(bench_get8(b, CR), 1); /* buffer empty */
    bench_run(b);
    assert_int_equal(f->wire->frames, 0);
    assert_int_equal(bench_get32(b, TSD0), OWN);
    assert_int_equal(bench_get16(b, IMR), 0);
    assert_int_equal(bench_get8(b, IDR0), nic_own[0]);
}

/* ---- 8139 mode: receiving ---------------------------------------------------
 */

static void a_frame_lies_in_the_ring_behind_its_header(void **state)
{
    struct bench *b = bench_of(state);
    uint8_t frame[200];
    uint32_t crc;

    legacy_on(b, 0x0e);
    assert_int_equal(bench_get8(b, CR) & 1, 1);
    nic_arrive(*state, nic_own, 199, 5);
    wire_frame_make(frame, 199, nic_own, nic_peer, 0x88b5, 5);
    assert_int_equal(bench_get16(b, ISR), ROK);
    assert_int_equal(bench_get8(b, CR) & 1, 0);
    assert_int_equal(ram_read32(&b->mem, gpa_of(RING)), 203u << 16 | 0x4001);
    assert_memory_equal(b->ram + RING + 4, frame, 199);
    crc = frame_crc(frame, 199);
    assert_memory_equal(b->ram + RING + 4 + 199, &crc, 4);
    assert_int_equal(bench_get16(b, CBR), 208); /* dword aligned */
    bench_set16(b, CAPR, 208 - 16);
    assert_int_equal(bench_get8(b, CR) & 1, 1);
    nic_arrive(*state, nic_everybody, 60, 5);
    assert_int_equal(ram_read32(&b->mem, gpa_of(RING + 208)), 0x402001);
}

static void the_ring_wraps_or_runs_over_its_end(void **state)
{
    for (unsigned wrap = 0; wrap < 2; wrap++) {
        struct bench *b = bench_of(state);
        uint8_t frame[1500];

        bench_set8(b, CR, 0);
        legacy_on(b, 0x0e | wrap << 7);
        for (unsigned i = 0; i < 5; i++) {
            nic_arrive(*state, nic_own, 1500, 1);
            bench_set16(b, CAPR, bench_get16(b, CBR) - 16);
        }
        assert_int_equal(bench_get16(b, CBR), 7540);
        nic_arrive(*state, nic_own, 1500, 9);
        wire_frame_make(frame, 1500, nic_own, nic_peer, 0x88b5, 9);
        assert_int_equal(bench_get16(b, CBR), 7540 + 1508 - 8192);
        assert_memory_equal(b->ram + RING + 7544, frame, 8192 - 7544);
        assert_memory_equal(b->ram + RING + (wrap ? 8192 : 0),
                            frame + (8192 - 7544), 1500 - (8192 - 7544));
    }
}

static void a_full_ring_misses_frames(void **state)
{
    struct bench *b = bench_of(state);

    legacy_on(b, 0x0e);
    for (unsigned i = 0; i < 5; i++)
        nic_arrive(*state, nic_own, 1514, 1);
    assert_int_equal(bench_get32(b, MPC), 0);
    bench_set16(b, ISR, 0xffff);
    nic_arrive(*state, nic_own, 1514, 1);
    assert_int_equal(bench_get16(b, ISR), RDU);
    assert_int_equal(bench_get32(b, MPC), 1);
    bench_set32(b, MPC, 0);
    assert_int_equal(bench_get32(b, MPC), 0);
}

static bool taken(struct nic_rig *f, const uint8_t *to, uint32_t rcr)
{
    struct bench *b = f->b;
    uint16_t before = bench_get16(b, CBR);

    bench_set32(b, RCR, rcr);
    nic_arrive(f, to, 60, 1);
    bench_set16(b, CAPR, bench_get16(b, CBR) - 16);
    return bench_get16(b, CBR) != before;
}

static void the_filter_takes_what_it_is_told(void **state)
{
    struct nic_rig *f = *state;

    legacy_on(f->b, 0);
    assert_false(taken(f, nic_own, 0));
    assert_true(taken(f, nic_own, 2));
    assert_false(taken(f, nic_peer, 2));
    assert_true(taken(f, nic_peer, 1));
    assert_false(taken(f, nic_everybody, 2));
    assert_true(taken(f, nic_everybody, 8));
}

/* Bits of 01:00:5e:00:00:01: the polynomial 04c11db7 over the address, each
 * byte's lowest bit first, gives 31 in its six highest bits. */
static void one_bit_of_the_hash_takes_a_group(void **state)
{
    static const uint8_t group[6] = {1, 0, 0x5e, 0, 0, 1};
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    legacy_on(b, 0);
    for (unsigned bit = 0; bit < 64; bit++) {
        bench_set32(b, MAR0, bit < 32 ? 1u << bit : 0);
        bench_set32(b, MAR0 + 4, bit < 32 ? 0 : 1u << (bit - 32));
        assert_int_equal(taken(f, group, 4), bit == 31);
    }
}

static void without_a_cable_nothing_goes_or_comes(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    legacy_on(b, 0x0f);
    b->dev->model->link(b->dev, false);
    nic_arrive(*state, nic_own, 60, 1);
    send_packet(b, 0, 60);
    bench_run(b);
    assert_int_equal(bench_get16(b, CBR), 0);
    assert_int_equal(f->wire->frames, 0);
}

static void loopback_receives_what_is_sent(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    legacy_on(b, 0x0f);
    bench_set32(b, TCR, 3 << 17);
    send_packet(b, 0, 700);
    bench_run(b);
    assert_int_equal(f->wire->frames, 0);
    assert_int_equal(bench_get16(b, ISR), ROK | TOK);
    assert_memory_equal(b->ram + RING + 4, b->ram + TX, 700);
    nic_arrive(*state, nic_own, 60, 1); /* the wire is not heard */
    assert_int_equal(bench_get16(b, CBR), 708);
}

static void the_older_chip_has_no_c_plus_mode(void **state)
{
    struct bench *b = nic_with_rom("rtl8139c", 0);

    (void)state;
    assert_int_equal(bus_config_read(b->bus, 0, 3, 0, 8, 4), 0x02000010);
    assert_int_equal(bench_get32(b, TCR) & 0x7cc00000, 0x74000000);
    bench_set8(b, EECR, 0xc0);
    bench_set16(b, CPCR, 3);
    bench_set32(b, RDSAR, 0x12340000);
    assert_int_equal(bench_get16(b, CPCR), 0);
    assert_int_equal(bench_get32(b, RDSAR), 0);
    legacy_on(b, 0);
    bench_set8(b, TPPOLL, 0x41); /* no software interrupt either */
    assert_int_equal(bench_get8(b, TPPOLL), 0);
    assert_int_equal(bench_get16(b, ISR), 0);
    send_packet(b, 0, 100);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_get32(b, TSD0), 100 | OWN | TSD_TOK);
    bench_destroy(b);
}

/* ---- C+ mode ----------------------------------------------------------------
 */

static void cplus_on(struct bench *b, unsigned cpcr)
{
    bench_set16(b, CPCR, cpcr);
    bench_set32(b, 0x20, TX_RING);
    bench_set32(b, RDSAR, RX_RING);
    bench_set8(b, CR, 0x0c);
    bench_set32(b, RCR, 0x0e);
    bench_set16(b, IMR, 0xffff);
}

static void slot(struct bench *b, uint32_t ring, unsigned i, uint32_t command,
                 uint32_t tag, uint32_t at)
{
    ram_write32(&b->mem, gpa_of(ring + 16 * i), command);
    ram_write32(&b->mem, gpa_of(ring + 16 * i + 4), tag);
    ram_write32(&b->mem, gpa_of(ring + 16 * i + 8), at);
    ram_write32(&b->mem, gpa_of(ring + 16 * i + 12), 0);
}

static uint32_t word(struct bench *b, uint32_t ring, unsigned i, unsigned n)
{
    return ram_read32(&b->mem, gpa_of(ring + 16 * i + 4 * n));
}

static void fragments_become_one_frame(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    cplus_on(b, 3);
    wire_frame_make(b->ram + TX, 900, nic_peer, nic_own, 0x88b5, 1);
    slot(b, TX_RING, 0, D_OWN | D_FS | 33, 0, TX);
    slot(b, TX_RING, 1, D_OWN | 500, 0, TX + 33);
    slot(b, TX_RING, 2, D_OWN | D_LS | 367, 0, TX + 533);
    slot(b, TX_RING, 3, D_EOR, 0, 0);
    bench_set8(b, TPPOLL, 0x40);
    bench_run(b);
    assert_int_equal(f->wire->frames, 1);
    assert_int_equal(f->wire->frame[0].bytes, 900);
    assert_memory_equal(f->wire->frame[0].data, b->ram + TX, 900);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(word(b, TX_RING, i, 0) & D_OWN, 0);
    assert_int_equal(bench_get16(b, ISR), TOK | TDU);
    assert_int_equal(bench_get8(b, TPPOLL), 0);
}

static void the_ring_turns_and_goes_on_where_it_stopped(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    cplus_on(b, 3);
    wire_frame_make(b->ram + TX, 100, nic_peer, nic_own, 0x88b5, 1);
    for (unsigned i = 0; i < 7; i++) {
        slot(b, TX_RING, i % 3,
             D_OWN | D_FS | D_LS | (i % 3 == 2 ? D_EOR : 0) | (60 + i), 0, TX);
        bench_set8(b, TPPOLL, 0x40);
        bench_run(b);
        assert_int_equal(f->wire->frames, i + 1);
        assert_int_equal(f->wire->frame[i].bytes, 60 + i);
    }
}

static void the_ring_of_priority_goes_first(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    cplus_on(b, 3);
    bench_set32(b, 0x28, TX_RING + 0x800);
    slot(b, TX_RING, 0, D_OWN | D_FS | D_LS | 61, 0, TX);
    slot(b, TX_RING + 0x800, 0, D_OWN | D_FS | D_LS | 71, 0, TX);
    bench_set8(b, TPPOLL, 0xc0);
    bench_run(b);
    assert_int_equal(f->wire->frames, 2);
    assert_int_equal(f->wire->frame[0].bytes, 71);
    assert_int_equal(f->wire->frame[1].bytes, 61);
}

static void sent_checksums_are_put_in(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    cplus_on(b, 3);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *frame = b->ram + TX + i * 0x1000;

        wire_datagram(frame, 201, nic_peer, i ? 17 : 6);
        frame[24] ^= 0x55;
        frame[34 + (i ? 6 : 16)] ^= 0x55;
        slot(b, TX_RING, i,
             D_OWN | D_FS | D_LS | 1 << 18 | 1u << (i ? 17 : 16) | 201, 0,
             TX + i * 0x1000);
    }
    bench_set8(b, TPPOLL, 0x40);
    bench_run(b);
    assert_int_equal(f->wire->frames, 2);
    assert_true(wire_good(f->wire->frame[0].data));
    assert_true(wire_good(f->wire->frame[1].data));
}

static void a_large_segment_is_cut(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;
    const uint8_t *one = f->wire->frame[1].data, *last;

    cplus_on(b, 3);
    wire_datagram(b->ram + TX, 54 + 3300, nic_peer, 6);
    slot(b, TX_RING, 0, D_OWN | D_FS | D_LS | 1 << 27 | 1000 << 16 | 3354, 0,
         TX);
    bench_set8(b, TPPOLL, 0x40);
    bench_run(b);
    assert_int_equal(f->wire->frames, 4);
    last = f->wire->frame[3].data;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(f->wire->frame[i].bytes, i < 3 ? 1054 : 354);
        assert_true(wire_good(f->wire->frame[i].data));
        assert_memory_equal(f->wire->frame[i].data + 54,
                            b->ram + TX + 54 + 1000 * i, i < 3 ? 1000 : 300);
    }
    assert_int_equal((uint16_t)(one[40] << 8 | one[41]) -
                         (uint16_t)(b->ram[TX + 40] << 8 | b->ram[TX + 41]),
                     1000);
    assert_int_equal(one[47], 0x10);  /* ACK alone   */
    assert_int_equal(last[47], 0x19); /* as was given */
}

static void a_tag_is_put_in_and_taken_out(void **state)
{
    struct nic_rig *f = *state;
    struct bench *b = f->b;

    cplus_on(b, 3 | 0x40);
    wire_frame_make(b->ram + TX, 100, nic_own, nic_peer, 0x88b5, 1);
    slot(b, TX_RING, 0, D_OWN | D_FS | D_LS | 100, 1 << 17 | 0x3412, TX);
    bench_set8(b, TPPOLL, 0x40);
    bench_run(b);
    assert_int_equal(f->wire->frame[0].bytes, 104);
    assert_memory_equal(f->wire->frame[0].data + 12, "\x81\0\x12\x34\x88\xb5",
                        6);
    slot(b, RX_RING, 0, D_OWN | D_EOR | 0x600, 0, RX_BUFFER);
    bus_frame(b->dev, f->wire->frame[0].data, 104);
    bench_run(b);
    assert_int_equal(word(b, RX_RING, 0, 0) & 0x1fff, 104);
    assert_int_equal(word(b, RX_RING, 0, 1), 1 << 16 | 0x3412);
    assert_memory_equal(b->ram + RX_BUFFER, b->ram + TX, 100);
}

static void a_frame_fills_the_buffers_of_descriptors(void **state)
{
    struct bench *b = bench_of(state);
    uint8_t frame[300];

    cplus_on(b, 3);
    for (unsigned i = 0; i < 3; i++)
        slot(b, RX_RING, i, D_OWN | (i == 2 ? D_EOR : 0) | 128, 0,
             RX_BUFFER + i * 0x1000);
    nic_arrive(*state, nic_own, 300, 5);
    wire_frame_make(frame, 300, nic_own, nic_peer, 0x88b5, 5);
    assert_int_equal(word(b, RX_RING, 0, 0), D_FS | 304);
    assert_int_equal(word(b, RX_RING, 1, 0), 304);
    assert_int_equal(word(b, RX_RING, 2, 0), D_LS | D_EOR | 1 << 26 | 304);
    assert_memory_equal(b->ram + RX_BUFFER, frame, 128);
    assert_memory_equal(b->ram + RX_BUFFER + 0x1000, frame + 128, 128);
    assert_memory_equal(b->ram + RX_BUFFER + 0x2000, frame + 256, 44);
    assert_int_equal(bench_get16(b, ISR), ROK);
    nic_arrive(*state, nic_own, 60, 5); /* none is free */
    assert_int_equal(bench_get16(b, ISR), ROK | RDU);
    assert_int_equal(bench_get32(b, MPC), 1);
}

static void received_checksums_are_judged(void **state)
{
    static const uint32_t want[] = {1 << 17, 1 << 17 | 1 << 14, 2 << 17,
                                    2 << 17 | 1 << 15, 1 << 17 | 1 << 16};
    struct bench *b = bench_of(state);
    uint8_t frame[200];

    cplus_on(b, 3 | 0x20);
    for (unsigned i = 0; i < 5; i++) {
        slot(b, RX_RING, i, D_OWN | 0x600, 0, RX_BUFFER);
        wire_datagram(frame, 200, nic_own, i == 2 || i == 3 ? 17 : 6);
        if (i == 1 || i == 3)
            frame[150] ^= 1;
        if (i == 4)
            frame[22] ^= 1; /* time to live */
        bus_frame(b->dev, frame, 200);
        bench_run(b);
        assert_int_equal(word(b, RX_RING, i, 0) & 0x0007c000, want[i]);
    }
}

static void the_tally_is_dumped(void **state)
{
    struct bench *b = bench_of(state);

    cplus_on(b, 3);
    slot(b, RX_RING, 0, D_OWN | D_EOR | 0x600, 0, RX_BUFFER);
    nic_arrive(*state, nic_own, 60, 1);
    nic_arrive(*state, nic_own, 60, 1); /* missed */
    slot(b, TX_RING, 0, D_OWN | D_FS | D_LS | D_EOR | 60, 0, TX);
    bench_set8(b, TPPOLL, 0x40);
    bench_run(b);
    bench_set32(b, 0x14, 0);
    bench_set32(b, 0x10, 0x50000 | 8);
    assert_int_equal(bench_get32(b, 0x10), 0x50008);
    bench_run(b);
    assert_int_equal(bench_get32(b, 0x10), 0x50000);
    assert_int_equal(ram_read32(&b->mem, gpa_of(0x50000)), 1); /* sent     */
    assert_int_equal(ram_read32(&b->mem, gpa_of(0x50008)), 1); /* received */
    assert_int_equal(ram_read32(&b->mem, gpa_of(0x5001c)) & 0xffff, 1);
    assert_int_equal(ram_read32(&b->mem, gpa_of(0x50028)), 1); /* physical */
}

static void a_ring_that_cannot_be_reached_is_a_system_error(void **state)
{
    struct bench *b = bench_of(state);

    cplus_on(b, 3);
    bench_set32(b, 0x20, 0x08000000);
    bench_set8(b, TPPOLL, 0x40);
    bench_run(b);
    assert_int_equal(bench_get16(b, ISR), 0x8000);
    bench_set32(b, RDSAR, 0x08000000);
    nic_arrive(*state, nic_own, 60, 1);
    assert_int_equal(bench_get16(b, ISR), 0x8002);
    assert_true(bus_frame_ready(b->dev));
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, nic_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(pci_identity_is_that_of_a_c_plus),
        T(ports_and_memory_are_the_same_registers),
        T(the_address_is_loaded_from_the_eeprom),
        T(eeprom_words_are_read_bit_by_bit),
        T(eeprom_words_are_written_when_enabled),
        T(config_registers_are_locked),
        T(the_phy_tells_the_link_and_its_change),
        T(the_timer_interrupts_at_its_count),
        cmocka_unit_test(the_size_of_the_boot_rom_is_told),
        T(a_packet_is_sent_and_its_descriptor_given_back),
        T(short_packets_are_filled_up),
        T(packets_go_in_the_order_of_the_descriptors),
        T(a_packet_that_cannot_be_read_aborts),
        T(reset_ends_what_is_under_way),
        T(a_frame_lies_in_the_ring_behind_its_header),
        T(the_ring_wraps_or_runs_over_its_end),
        T(a_full_ring_misses_frames),
        T(the_filter_takes_what_it_is_told),
        T(one_bit_of_the_hash_takes_a_group),
        T(without_a_cable_nothing_goes_or_comes),
        T(loopback_receives_what_is_sent),
        cmocka_unit_test(the_older_chip_has_no_c_plus_mode),
        T(fragments_become_one_frame),
        T(the_ring_turns_and_goes_on_where_it_stopped),
        T(the_ring_of_priority_goes_first),
        T(sent_checksums_are_put_in),
        T(a_large_segment_is_cut),
        T(a_tag_is_put_in_and_taken_out),
        T(a_frame_fills_the_buffers_of_descriptors),
        T(received_checksums_are_judged),
        T(the_tally_is_dumped),
        T(a_ring_that_cannot_be_reached_is_a_system_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
