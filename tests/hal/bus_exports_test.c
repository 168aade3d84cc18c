/* tests/hal/bus_exports_test.c -- ports, memory registers, bus data and the
 * board's odds and ends as guest code calls them. Oracle: WDK pages; the bus's
 * own configuration cycles. Contract ids: SEC-xxx. */
#include "guest.h"

#include <string.h>

#include "mm/system.h"

static struct guest *guest(void)
{
    const struct rig_options o = {.kind = HAL_TRANSLATE};

    return guest_new(&o);
}

/* The 8237's own registers are a window on what was written. */
static void ports_in_three_widths(void **state)
{
    struct guest *g = guest();

    (void)state;
    guest_call(g, "WRITE_PORT_ULONG", 0xcf8, 0x80000000);
    assert_int_equal(guest_call(g, "READ_PORT_ULONG", 0xcf8), 0x80000000);
    assert_int_equal(guest_call(g, "READ_PORT_USHORT", 0xcfc) & 0xffff, 0x8086);
    assert_int_equal(guest_call(g, "READ_PORT_UCHAR", 0xcfd) & 0xff, 0x80);
    guest_call(g, "WRITE_PORT_UCHAR", 0x70, 0x0b);
    guest_call(g, "WRITE_PORT_UCHAR", 0x71, 0x06);
    assert_int_equal(guest_call(g, "READ_PORT_UCHAR", 0x71) & 0xff, 0x06);
    /* a port number is its low 16 bits */
    assert_int_equal(guest_call(g, "READ_PORT_USHORT", 0xabc0cfc) & 0xffff,
                     0x8086);
    guest_free(g);
}

/* One fixed port, @count elements, 1,500 of them over two entries. */
static void port_buffers_stay_at_their_port(void **state)
{
    struct guest *g = guest();
    uint32_t buffer = guest_alloc(g, 8192), i;
    uint8_t byte = 0x5a;

    (void)state;
    for (i = 0; i < 3; i++)
        guest_put(g, buffer + i, (uint8_t[]){(uint8_t)(0x10 + i)}, 1);
    rig_forget(&g->r);
    guest_call(g, "WRITE_PORT_BUFFER_UCHAR", 0x80, buffer, 3);
    assert_int_equal(g->r.outs, 3);
    for (i = 0; i < 3; i++) {
        assert_int_equal(g->r.out[i].port, 0x80);
        assert_int_equal(g->r.out[i].value, 0x10 + i);
    }
    guest_put(g, buffer + 3000, &byte, 1);
    guest_call(g, "WRITE_PORT_ULONG", 0xcf8, 0x80000000);
    guest_call(g, "READ_PORT_BUFFER_USHORT", 0xcfc, buffer, 1500);
    for (i = 0; i < 750; i++)
        assert_int_equal(guest_get(g, buffer + 4 * i), 0x80868086);
    assert_int_equal(guest_get(g, buffer + 3000) & 0xff, byte);
    assert_true(g->pieces >= 2);
    guest_free(g);
}

/* Elements of each width in the order of the buffer; a count of 0 is none. */
static void port_buffers_of_each_width(void **state)
{
    static const struct {
        const char *name;
        uint32_t value[2];
    } row[] = {{"WRITE_PORT_BUFFER_USHORT", {0x2211, 0x4433}},
               {"WRITE_PORT_BUFFER_ULONG", {0x44332211, 0x88776655}}};
    struct guest *g = guest();
    uint32_t buffer = guest_alloc(g, 64);

    (void)state;
    guest_set(g, buffer, 0x44332211);
    guest_set(g, buffer + 4, 0x88776655);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t stub = ke_stub(g->ke, row[i].name).v;

        rig_forget(&g->r);
        guest_call_at(g, stub, 3, (const uint32_t[]){0x80, buffer, 2});
        guest_call_at(g, stub, 3, (const uint32_t[]){0x80, 0, 0});
        assert_int_equal(g->r.outs, 2);
        for (unsigned n = 0; n < 2; n++) {
            assert_int_equal(g->r.out[n].port, 0x80);
            assert_int_equal(g->r.out[n].value, row[i].value[n]);
        }
    }
    guest_call(g, "WRITE_PORT_ULONG", 0xcf8, 0x80000000);
    guest_call(g, "READ_PORT_BUFFER_ULONG", 0xcfc, buffer, 2);
    assert_int_equal(guest_get(g, buffer) & 0xffff, 0x8086);
    assert_int_equal(guest_get(g, buffer + 4), guest_get(g, buffer));
    guest_set(g, buffer, 0);
    guest_call(g, "READ_PORT_BUFFER_UCHAR", 0xcfc, buffer, 3);
    assert_int_equal(guest_get(g, buffer), 0x868686);
    guest_free(g);
}

/* Information classes of HalDispatchTable: this HAL has none. */
static void the_dispatch_table_answers_no_class(void **state)
{
    struct guest *g = guest();
    uint32_t table = ke_stub(g->ke, "HalDispatchTable").v;
    uint32_t returned = guest_alloc(g, 4);

    (void)state;
    guest_set(g, returned, 77);
    assert_int_equal(guest_get(g, table + 4),
                     ke_stub(g->ke, "HalQuerySystemInformation").v);
    assert_int_equal(guest_get(g, table + 8),
                     ke_stub(g->ke, "HalSetSystemInformation").v);
    assert_int_equal(guest_call_at(g, guest_get(g, table + 4), 4,
                                   (const uint32_t[]){0, 0, 0, returned}),
                     0xc0000148); /* STATUS_INVALID_LEVEL */
    assert_int_equal(guest_get(g, returned), 0);
    guest_free(g);
}

/* SEC-032: the element that does not fit faults, those before are done */
static void a_port_buffer_that_ends_faults_at_its_end(void **state)
{
    struct guest *g = guest();
    gva_t va;
    uint32_t at, eax, i;

    (void)state;
    assert_int_equal(system_alloc(&g->r.mm, 1, MM_RW, &va), HB_OK);
    at = va.v + PAGE_BYTES - 8;
    for (i = 0; i < 8; i++)
        guest_put(g, at + i, (uint8_t[]){(uint8_t)i}, 1);
    rig_forget(&g->r);
    assert_false(guest_try(g, ke_stub(g->ke, "WRITE_PORT_BUFFER_UCHAR").v, 3,
                           (const uint32_t[]){0x80, at, 100}, &eax));
    assert_true(ke_ended(g->ke));
    assert_int_equal(g->r.outs, 8);
    guest_free(g);
}

/* Register buffers walk along with the buffer. */
static void memory_registers_and_their_buffers(void **state)
{
    struct guest *g = guest();
    uint32_t a = guest_alloc(g, 64), b = guest_alloc(g, 64), i;

    (void)state;
    for (i = 0; i < 4; i++)
        guest_set(g, a + 4 * i, 0x01010101 * (i + 1));
    guest_call(g, "READ_REGISTER_BUFFER_ULONG", a, b, 4);
    for (i = 0; i < 4; i++)
        assert_int_equal(guest_get(g, b + 4 * i), 0x01010101 * (i + 1));
    guest_call(g, "WRITE_REGISTER_USHORT", a, 0x77771234);
    assert_int_equal(guest_get(g, a), 0x01011234);
    assert_int_equal(guest_call(g, "READ_REGISTER_USHORT", a) & 0xffff, 0x1234);
    guest_call(g, "WRITE_REGISTER_UCHAR", a + 3, 0xee);
    assert_int_equal(guest_call(g, "READ_REGISTER_ULONG", a), 0xee011234);
    assert_int_equal(guest_call(g, "READ_REGISTER_UCHAR", a + 1) & 0xff, 0x12);
    guest_call(g, "WRITE_REGISTER_BUFFER_UCHAR", b, a, 3);
    assert_int_equal(guest_get(g, b), 0x01011234);
    guest_free(g);
}

/* Through MmMapIoSpace's mapping a register is the device's. */
static void memory_registers_reach_a_device(void **state)
{
    struct guest *g = guest();
    uint32_t bar = 0;
    struct bus_place place;
    uint16_t on = 6;
    gva_t va;

    (void)state;
    bus_device_place(g->r.card, &place);
    bar = 0xf0000000;
    hal_pci_write(g->r.bus, 0, place.slot, 0, 0x10, &bar, 4);
    hal_pci_write(g->r.bus, 0, place.slot, 0, 4, &on, 2);
    assert_int_equal(io_map(&g->r.mm, gpa_of(bar), 4096, MM_NONCACHED, &va),
                     HB_OK);
    guest_call(g, "WRITE_REGISTER_ULONG", va.v + 4, 0x0000ffff);
    /* the card's liveness register gives the complement back */
    assert_int_equal(guest_call(g, "READ_REGISTER_ULONG", va.v + 4),
                     0xffff0000);
    guest_free(g);
}

/* Configuration space by HalGetBusData, the bus's own cycles as the oracle. */
static void bus_data_of_a_pci_function(void **state)
{
    struct guest *g = guest();
    uint32_t buffer = guest_alloc(g, 512), i, word;
    struct bus_place place;

    (void)state;
    bus_device_place(g->r.card, &place);
    assert_int_equal(
        guest_call(g, "HalGetBusData", 4, 0, place.slot, buffer, 256), 256);
    for (i = 0; i < 64; i++) {
        word = bus_config_read(g->r.bus, 0, place.slot, 0, 4 * i, 4);
        assert_int_equal(guest_get(g, buffer + 4 * i), word);
    }
    assert_int_equal(
        guest_call(g, "HalGetBusDataByOffset", 4, 0, place.slot, buffer, 2, 2),
        2);
    assert_int_equal(guest_get(g, buffer) & 0xffff, 0x11e8);
    guest_set(g, buffer, 0x0c);
    assert_int_equal(guest_call(g, "HalSetBusDataByOffset", 4, 0, place.slot,
                                buffer, 0x3c, 1),
                     1);
    assert_int_equal(bus_config_read(g->r.bus, 0, place.slot, 0, 0x3c, 1),
                     0x0c);
    guest_free(g);
}

/* RES-024: 0: no bus; 2 with FFFFh: no device, whose other bytes are none. A
 * set to an empty slot: 0. */
static void bus_data_of_what_is_not_there(void **state)
{
    struct guest *g = guest();
    uint32_t buffer = guest_alloc(g, 512);

    (void)state;
    assert_int_equal(guest_call(g, "HalGetBusData", 4, 1, 0, buffer, 64), 0);
    assert_int_equal(guest_call(g, "HalGetBusData", 4, 0, 30, buffer, 64), 2);
    assert_int_equal(guest_get(g, buffer), 0xffff);
    assert_int_equal(
        guest_call(g, "HalGetBusDataByOffset", 4, 0, 30, buffer, 4, 4), 0);
    assert_int_equal(
        guest_call(g, "HalGetBusDataByOffset", 4, 0, 30, buffer, 64, 4), 0);
    guest_set(g, buffer, 0x12345678);
    assert_int_equal(
        guest_call(g, "HalGetBusDataByOffset", 4, 0, 30, buffer, 1, 4), 1);
    assert_int_equal(guest_get(g, buffer), 0x123456ff);
    assert_int_equal(guest_call(g, "HalSetBusData", 4, 0, 30, buffer, 4), 0);
    assert_int_equal(guest_call(g, "HalGetBusData", 9, 0, 0, buffer, 64), 0);
    guest_free(g);
}

/* SEC-031: what no offset, length or slot can be; a BAR that is moved over RAM
 * is told. */
static void bus_data_never_exceeds_256_bytes(void **state)
{
    struct guest *g = guest();
    uint32_t buffer = guest_alloc(g, 1024);
    struct bus_place place;

    (void)state;
    guest_set(g, buffer + 256, 0x12345678);
    assert_int_equal(
        guest_call(g, "HalGetBusData", 4, 0, 0, buffer, 0xffffffff), 256);
    assert_int_equal(guest_get(g, buffer + 256), 0x12345678);
    assert_int_equal(
        guest_call(g, "HalGetBusDataByOffset", 4, 0, 0, buffer, 0xffffffff, 4),
        0);
    assert_int_equal(
        guest_call(g, "HalGetBusDataByOffset", 4, 0, 0, buffer, 0xfe, 100), 2);
    assert_int_equal(
        guest_call(g, "HalGetBusData", 4, 0, 0xffffff00, buffer, 4),
        2); /* reserved bits of the slot: no device */
    bus_device_place(g->r.card, &place);
    guest_set(g, buffer, 0x00200000);
    guest_call(g, "HalSetBusDataByOffset", 4, 0, place.slot, buffer, 0x10, 4);
    assert_int_equal(g->r.findings, 0); /* it does not decode yet */
    guest_set(g, buffer, 6);
    guest_call(g, "HalSetBusDataByOffset", 4, 0, place.slot, buffer, 4, 2);
    assert_int_equal(g->r.findings, 1);
    assert_string_equal(g->r.rule, "SEC-031");
    guest_free(g);
}

/* RES-025: clipped at 256, nothing beyond is touched; bytes and words stay
 * what they are on the wires of CF8h and CFCh. */
static void bus_data_stays_in_its_range(void **state)
{
    static const struct {
        uint32_t offset, bytes;
        uint16_t port[3];
        unsigned cycles;
    } row[] = {{0x3c, 1, {0xcfc}, 1},
               {0x3d, 2, {0xcfd, 0xcfe}, 2},
               {0x3e, 1, {0xcfe}, 1},
               {0x0e, 4, {0xcfe, 0xcfc}, 2},
               {0xfe, 8, {0xcfe}, 1}};
    struct guest *g = guest();
    uint32_t buffer = guest_alloc(g, 64);
    struct bus_place place;

    (void)state;
    bus_device_place(g->r.card, &place);
    guest_set(g, buffer, 0xaaaaaaaa);
    guest_set(g, buffer + 4, 0xaaaaaaaa);
    assert_int_equal(guest_call(g, "HalGetBusDataByOffset", 4, 0, place.slot,
                                buffer, 0xfe, 8),
                     2);
    assert_int_equal(guest_get(g, buffer) >> 16, 0xaaaa);
    assert_int_equal(guest_get(g, buffer + 4), 0xaaaaaaaa);
    guest_set(g, buffer, 0);
    guest_set(g, buffer + 4, 0);
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        rig_forget(&g->r);
        guest_call(g, "HalSetBusDataByOffset", 4, 0, place.slot, buffer,
                   row[i].offset, row[i].bytes);
        /* the first asks who is there */
        assert_int_equal(g->r.outs, 1 + 2 * row[i].cycles);
        for (unsigned n = 0; n < row[i].cycles; n++) {
            assert_int_equal(g->r.out[2 * n + 1].port, 0xcf8);
            assert_int_equal(g->r.out[2 * n + 2].port, row[i].port[n]);
        }
    }
    guest_free(g);
}

/* RES-026: what is read only keeps the device's value, the routine counts it as
 * written; an empty slot takes nothing. */
static void identity_registers_are_the_devices(void **state)
{
    struct guest *g = guest();
    uint32_t buffer = guest_alloc(g, 64);
    struct bus_place place;

    (void)state;
    bus_device_place(g->r.card, &place);
    guest_set(g, buffer, 0x5a5a5a5a);
    assert_int_equal(
        guest_call(g, "HalSetBusDataByOffset", 4, 0, place.slot, buffer, 0, 4),
        4);
    assert_int_equal(bus_config_read(g->r.bus, 0, place.slot, 0, 0, 4),
                     0x11e81234);
    assert_int_equal(guest_call(g, "HalSetBusDataByOffset", 4, 0, place.slot,
                                buffer, 0x3c, 1),
                     1);
    assert_int_equal(bus_config_read(g->r.bus, 0, place.slot, 0, 0x3c, 1),
                     0x5a);
    assert_int_equal(
        guest_call(g, "HalSetBusDataByOffset", 4, 0, 30, buffer, 0x3c, 1), 0);
    guest_free(g);
}

/* RES-027: device bits 0-4, function 5-7; the card has function 0 alone. */
static void slots_are_device_and_function(void **state)
{
    struct guest *g = guest();
    uint32_t buffer = guest_alloc(g, 64);
    struct bus_place place;

    (void)state;
    bus_device_place(g->r.card, &place);
    for (uint32_t f = 0; f < 8; f++) {
        guest_set(g, buffer, 0);
        assert_int_equal(guest_call(g, "HalGetBusData", 4, 0,
                                    place.slot | f << 5, buffer, 4),
                         f ? 2 : 4);
        assert_int_equal(guest_get(g, buffer) & 0xffff, f ? 0xffff : 0x1234);
    }
    guest_free(g);
}

static void cmos_is_bus_data_too(void **state)
{
    struct guest *g = guest();
    uint32_t buffer = guest_alloc(g, 256);

    (void)state;
    assert_int_equal(guest_call(g, "HalGetBusData", 0, 0, 0x0b, buffer, 1), 1);
    assert_int_equal(guest_get(g, buffer) & 0xff, 2); /* as the HAL set it */
    assert_int_equal(guest_call(g, "HalGetBusData", 0, 0, 0x7e, buffer, 100),
                     2);
    assert_int_equal(
        guest_call(g, "HalGetBusData", 0, 0, 0xffffffff, buffer, 100), 0);
    guest_free(g);
}

/* RES-023, IOS-020 */
static void addresses_translate_to_themselves(void **state)
{
    struct guest *g = guest();
    uint32_t space = guest_alloc(g, 8), to = guest_alloc(g, 8);

    (void)state;
    guest_set(g, space, 1);
    assert_int_equal(
        guest_call(g, "HalTranslateBusAddress", 1, 0, 0x300, 0, space, to) &
            0xff,
        1);
    assert_int_equal(guest_get(g, to), 0x300);
    assert_int_equal(guest_get(g, space), 1); /* still I/O */
    guest_set(g, space, 0);
    assert_int_equal(guest_call(g, "HalTranslateBusAddress", 5, 0, 0xf0000000,
                                0, space, to) &
                         0xff,
                     1);
    assert_int_equal(guest_get(g, to), 0xf0000000);
    /* not on that bus: above 16 MiB of ISA, bus 1, TurboChannel */
    assert_int_equal(
        guest_call(g, "HalTranslateBusAddress", 1, 0, 0x1000000, 0, space, to) &
            0xff,
        0);
    assert_int_equal(
        guest_call(g, "HalTranslateBusAddress", 5, 1, 0, 0, space, to) & 0xff,
        0);
    assert_int_equal(
        guest_call(g, "HalTranslateBusAddress", 4, 0, 0, 0, space, to) & 0xff,
        0);
    guest_free(g);
}

/* RES-028 */
static void vectors_and_levels_of_the_pic(void **state)
{
    struct guest *g = guest();
    uint32_t irql = guest_alloc(g, 8), affinity = guest_alloc(g, 8);

    (void)state;
    for (uint32_t i = 0; i < 16; i++) {
        if (i == 2) /* the cascade */
            continue;
        assert_int_equal(
            guest_call(g, "HalGetInterruptVector", 1, 0, i, i, irql, affinity),
            0x30 + i);
        assert_int_equal(guest_get(g, irql) & 0xff, 27 - i);
        assert_int_equal(guest_get(g, affinity), 1);
    }
    assert_int_equal(
        guest_call(g, "HalGetInterruptVector", 5, 0, 11, 11, irql, affinity),
        0x3b);
    assert_int_equal(guest_get(g, irql) & 0xff, 16);
    assert_int_equal(guest_get(g, affinity), 1);
    assert_int_equal(
        guest_call(g, "HalGetInterruptVector", 1, 0, 16, 16, irql, affinity),
        0);
    guest_free(g);
}

static void beep_programs_counter_2(void **state)
{
    struct guest *g = guest();

    (void)state;
    rig_forget(&g->r);
    assert_int_equal(guest_call(g, "HalMakeBeep", 1000) & 0xff, 1);
    assert_int_equal(g->r.out[1].port, 0x43);
    assert_int_equal(g->r.out[1].value, 0xb6);
    assert_int_equal(g->r.out[2].value | g->r.out[3].value << 8, 1193);
    assert_int_equal(g->r.out[4].value & 3, 3);
    assert_int_equal(guest_call(g, "HalMakeBeep", 5) & 0xff, 0);
    assert_int_equal(guest_call(g, "HalMakeBeep", 0) & 0xff, 1);
    guest_free(g);
}

/* What is set is what is read; also in BCD. */
static void clock_goes_both_ways(void **state)
{
    static const uint16_t when[8] = {1999, 12, 31, 23, 58, 30, 0, 5};
    unsigned b;

    (void)state;
    for (b = 2; b <= 6; b += 4) {
        struct guest *g = guest();
        uint32_t fields = guest_alloc(g, 16);
        uint16_t read[8];

        guest_call(g, "WRITE_PORT_UCHAR", 0x70, 0x0b);
        guest_call(g, "WRITE_PORT_UCHAR", 0x71, b);
        guest_put(g, fields, when, 16);
        assert_int_equal(guest_call(g, "HalSetRealTimeClock", fields) & 0xff,
                         1);
        guest_put(g, fields, (uint16_t[8]){0}, 16);
        assert_int_equal(guest_call(g, "HalQueryRealTimeClock", fields) & 0xff,
                         1);
        assert_true(ke_read(g->ke, gva_of(fields), read, 16));
        assert_memory_equal(read, when, 16);
        guest_free(g);
    }
}

static void hear(void *context, const struct hb_event *e)
{
    char *text = context;

    memccpy(text, (const char *)(uintptr_t)e->args[0], 0, 63);
}

static void display_string_is_an_event(void **state)
{
    struct guest *g = guest();
    uint32_t at = guest_alloc(g, 16);
    char text[64] = "";

    (void)state;
    events_listen(&g->r.events, hear, text, "debug_print");
    guest_put(g, at, "halbox", 7);
    guest_call(g, "HalDisplayString", at);
    assert_string_equal(text, "halbox");
    guest_free(g);
}

static void small_routines_answer_as_documented(void **state)
{
    struct guest *g = guest();
    uint32_t at = guest_alloc(g, 16);
    struct bus_place place;

    (void)state;
    assert_int_equal(guest_call(g, "HalAdjustResourceList", at), 0);
    assert_int_equal(guest_call(g, "HalSetSystemInformation", 0, 0, 0),
                     0xc0000148);
    bus_device_place(g->r.card, &place);
    guest_set(g, at, 0xffffffff); /* identity registers are read only */
    assert_int_equal(guest_call(g, "HalSetBusData", 4, 0, place.slot, at, 4),
                     4);
    assert_int_equal(bus_config_read(g->r.bus, 0, place.slot, 0, 0, 4),
                     0x11e81234);
    guest_free(g);
}

static void dispatch_table_can_be_called(void **state)
{
    struct guest *g = guest();
    uint32_t table = ke_stub(g->ke, "HalDispatchTable").v;
    uint32_t n = guest_alloc(g, 4);

    (void)state;
    assert_int_equal(guest_get(g, table), 1);
    assert_int_equal(guest_call_at(g, guest_get(g, table + 4), 4,
                                   (const uint32_t[]){0, 0, 0, n}),
                     0xc0000148);
    guest_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_in_three_widths),
        cmocka_unit_test(port_buffers_stay_at_their_port),
        cmocka_unit_test(port_buffers_of_each_width),
        cmocka_unit_test(the_dispatch_table_answers_no_class),
        cmocka_unit_test(a_port_buffer_that_ends_faults_at_its_end),
        cmocka_unit_test(memory_registers_and_their_buffers),
        cmocka_unit_test(memory_registers_reach_a_device),
        cmocka_unit_test(bus_data_of_a_pci_function),
        cmocka_unit_test(bus_data_of_what_is_not_there),
        cmocka_unit_test(bus_data_never_exceeds_256_bytes),
        cmocka_unit_test(bus_data_stays_in_its_range),
        cmocka_unit_test(identity_registers_are_the_devices),
        cmocka_unit_test(slots_are_device_and_function),
        cmocka_unit_test(cmos_is_bus_data_too),
        cmocka_unit_test(addresses_translate_to_themselves),
        cmocka_unit_test(vectors_and_levels_of_the_pic),
        cmocka_unit_test(beep_programs_counter_2),
        cmocka_unit_test(clock_goes_both_ways),
        cmocka_unit_test(display_string_is_an_event),
        cmocka_unit_test(small_routines_answer_as_documented),
        cmocka_unit_test(dispatch_table_can_be_called),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
