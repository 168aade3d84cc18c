/* tests/board/inspect_chips_test.c -- chips as an inspector shows them, against
 * what a program reads from their registers, what the data sheets say of what
 * it wrote there, and what lies in memory. */
#include "code.h"
#include "demo.h"

#include <stdlib.h>

/* ---- fields --------------------------------------------------------------*/

static void every_field_is_found_by_its_name(void **state)
{
    const char *const cards[] = {"edu", "sb16", "rtl8139", NULL};
    struct machine *m = bare_create(cards, "\xf4", 1);
    struct inspect_device d;
    struct inspect_field f;
    uint64_t v;

    (void)state;
    for (unsigned i = 0; inspect_device_at(m, i, &d); i++) {
        for (unsigned j = 0; inspect_field_at(m, d.name, j, &f);
             j += 1 + j / 64) {
            assert_true(inspect_field(m, d.name, f.name, &v));
            assert_true(f.bytes > 8 || v == f.value);
        }
        assert_false(inspect_field(m, d.name, "no such", &v));
        assert_false(inspect_field(m, d.name, "", &v));
    }
    assert_true(inspect_field(m, "dma8237", "channel[7].mode", &v));
    assert_false(inspect_field(m, "dma8237", "channel[8].mode", &v));
    assert_false(inspect_field(m, "dma8237", "channel[-1].mode", &v));
    assert_false(inspect_field(m, "dma8237", "channel[1", &v));
    assert_false(inspect_field(m, "dma8237", "channel[1]", &v));
    assert_false(inspect_field(m, "dma8237", "channel[1].mode.x", &v));
    assert_false(inspect_field(m, "nobody", "channel[1].mode", &v));
    machine_destroy(m);
}

/* ---- 8237 ----------------------------------------------------------------*/

static void channels_are_as_a_program_wrote_them(void **state)
{
    struct inspect_channel c;
    struct code code = {0};
    struct machine *m;

    (void)state;
    code_out(&code, 0x0c, 0, 1);    /* flip-flop */
    code_out(&code, 0x0b, 0x76, 1); /* 2: single, down, auto, to memory */
    code_out(&code, 0x04, 0x34, 1);
    code_out(&code, 0x04, 0x12, 1);
    code_out(&code, 0x05, 0xff, 1);
    code_out(&code, 0x05, 0x01, 1);
    code_out(&code, 0x81, 0x05, 1); /* page */
    code_out(&code, 0x0a, 0x02, 1); /* unmask */
    code_out(&code, 0x04, 0x55, 1); /* half of an address: flip-flop is high */
    code_out(&code, 0xd8, 0, 1);
    code_out(&code, 0xd6, 0x8a, 1); /* 6: block, from memory */
    code_out(&code, 0xc8, 0x00, 1);
    code_out(&code, 0xc8, 0x80, 1);
    code_out(&code, 0xca, 0x0f, 1);
    code_out(&code, 0xca, 0x00, 1);
    code_out(&code, 0x89, 0x07, 1);
    code_out(&code, 0xd0, 0x04, 1); /* command: disabled */
    m = code_run(&code, NULL);

    assert_true(inspect_channel_at(m, 2, &c));
    assert_string_equal(c.mode, "single");
    assert_string_equal(c.transfer, "write");
    assert_true(c.auto_init && c.decrement && !c.masked && !c.disabled);
    assert_true(c.high_byte);
    assert_int_equal(c.width, 8);
    assert_int_equal(c.base_address, 0x1255);
    assert_int_equal(c.base_count, 0x1ff);
    assert_int_equal(c.count, 0x1ff);
    assert_int_equal(c.at.v, 0x51255);
    assert_true(inspect_channel_at(m, 6, &c));
    assert_string_equal(c.mode, "block");
    assert_string_equal(c.transfer, "read");
    assert_true(!c.auto_init && !c.decrement && c.masked && c.disabled);
    assert_int_equal(c.width, 16);
    assert_int_equal(c.at.v,
                     0x70000); /* words: 8000h << 1, page without bit 0 */
    assert_int_equal(c.count, 15);
    assert_true(inspect_channel_at(m, 4, &c));
    assert_string_equal(c.mode, "demand"); /* after reset: no cascade */
    assert_false(inspect_channel_at(m, 8, &c));
    machine_destroy(m);
}

/* The slave's transfer: single units, counters and the bus while it moves. */
static void a_channel_at_work(void **state)
{
    const struct demo_bench bench = {HALBOX_IMAGES "/isa_slave.sys",
                                     "isacard",
                                     "\\\\.\\IsaCard0",
                                     "translate",
                                     "16M",
                                     DEMO_BYTES};
    struct inspect_device card;
    struct inspect_channel c;
    struct machine_stop stop;
    struct inspect_tenure t;
    unsigned ch = 8;
    struct demo d;

    (void)state;
    demo_create(&d, &bench);
    for (unsigned i = 0; inspect_device_at(d.m, i, &card); i++)
        if (strcmp(card.model, "isacard") == 0)
            ch = card.dma;
    demo_until(&d, DEMO_WRITE, "dma_start");
    assert_true(inspect_channel_at(d.m, ch, &c));
    assert_string_equal(c.device, "isacard");
    assert_true(c.dreq && !c.masked);
    assert_string_equal(c.transfer, "read");
    for (unsigned i = 0; i < 20; i++) {
        assert_true(inspect_channel_at(d.m, ch, &c));
        inspect_tenure(d.m, &t);
        assert_int_equal(c.dack, t.bytes != 0);
        if (c.dack)
            assert_int_equal(t.at.v, c.at.v);
        assert_int_equal(c.address - c.base_address, c.base_count - c.count);
        assert_int_equal(
            machine_step(d.m, STEP_BYTE, NULL, MACHINE_FOR_EVER, &stop),
            STOP_STEP);
    }
    machine_destroy(d.m);
}

/* ---- 8259, 8254 ----------------------------------------------------------*/

static void interrupt_lines_are_as_a_program_left_them(void **state)
{
    struct inspect_counter_chip pit;
    struct inspect_irq irq;
    struct code code = {0};
    uint32_t irr, isr;
    struct machine *m;

    (void)state;
    code_out(&code, 0x20, 0x11, 1);
    code_out(&code, 0x21, 0x60, 1);
    code_out(&code, 0x21, 0x04, 1);
    code_out(&code, 0x21, 0x01, 1);
    code_out(&code, 0xa0, 0x11, 1);
    code_out(&code, 0xa1, 0x68, 1);
    code_out(&code, 0xa1, 0x02, 1);
    code_out(&code, 0xa1, 0x01, 1);
    code_out(&code, 0x21, 0xfe, 1);
    code_out(&code, 0xa1, 0xf7, 1);
    code_out(&code, 0x4d1, 0x08, 1);
    code_out(&code, 0x43, 0x30, 1); /* counter 0, mode 0: IRQ 0 stays up */
    code_out(&code, 0x40, 0x02, 1);
    code_out(&code, 0x40, 0x00, 1);
    for (unsigned i = 0; i < 5000; i += 200) /* let it run down */
        code_in(&code, 0x61, 1);
    code_out(&code, 0x20, 0x0a, 1);
    irr = code_in(&code, 0x20, 1);
    code_out(&code, 0x20, 0x0b, 1);
    isr = code_in(&code, 0x20, 1);
    m = code_run(&code, NULL);

    for (unsigned i = 0; i < 8; i++) {
        assert_true(inspect_irq_at(m, i, &irq));
        assert_int_equal(irq.requested, code_result(m, irr) >> i & 1);
        assert_int_equal(irq.in_service, code_result(m, isr) >> i & 1);
        assert_int_equal(irq.masked, i != 0);
        assert_int_equal(irq.vector, 0x60 + i);
        assert_false(irq.level);
    }
    assert_true(inspect_irq_at(m, 11, &irq));
    assert_true(irq.level && !irq.masked);
    assert_int_equal(irq.vector, 0x6b);
    assert_true(inspect_counter_chip_at(m, 0, &pit));
    assert_int_equal(pit.mode, 0);
    assert_int_equal(pit.reload, 2);
    assert_true(pit.counting && pit.gate && !pit.bcd);
    assert_false(inspect_irq_at(m, 16, &irq));
    assert_false(inspect_counter_chip_at(m, 3, &pit));
    machine_destroy(m);
}

static uint32_t word(const struct machine *m, uint32_t at)
{
    uint32_t v = 0;

    assert_true(inspect_virtual(m, SPACE_SYSTEM, gva_of(at), &v, 4));
    return v;
}

static const struct demo_bench edu = {HALBOX_IMAGES "/edu.sys",
                                      "edu",
                                      "\\\\.\\Edu0",
                                      "translate",
                                      "16M",
                                      DEMO_BYTES};

struct heard {
    uint32_t routine, context;
};

static void on_dpc(void *context, const struct hb_event *event)
{
    struct heard *h = context;

    if (h->routine)
        return;
    *h = (struct heard){(uint32_t)event->args[0], (uint32_t)event->args[1]};
}

/* KINTERRUPT and KDPC: offsets of the WDK. */
static void interrupts_and_dpcs_of_a_driver(void **state)
{
    struct inspect_interrupt i;
    struct heard heard = {0};
    struct inspect_image image;
    struct inspect_irq irq;
    struct inspect_dpc dpc;
    struct machine_stop stop;
    struct hb_error e;
    struct demo d;

    (void)state;
    demo_create(&d, &edu);
    demo_until(&d, DEMO_WRITE, "dma_end");
    assert_true(inspect_image_at(d.m, d.image - 1, &image));
    assert_true(inspect_interrupt_at(d.m, 0, &i));
    assert_in_range(i.routine.v, image.base.v, image.base.v + image.bytes);
    assert_int_equal(i.routine.v, word(d.m, i.object.v + 0x0c));
    assert_int_equal(i.context.v, word(d.m, i.object.v + 0x10));
    assert_int_equal(i.vector, word(d.m, i.object.v + 0x24));
    assert_int_equal(i.irql, word(d.m, i.object.v + 0x28) & 0xff);
    assert_true(inspect_irq_at(d.m, i.irq, &irq));
    assert_int_equal(irq.connected, 1);
    assert_int_equal(irq.irql, i.irql);
    assert_int_equal(irq.vector, i.vector);
    assert_non_null(strstr(irq.devices, "edu"));
    assert_true(irq.level && !irq.masked);
    assert_int_equal(machine_listen(d.m, on_dpc, &heard, "dpc", &e), HB_OK);
    while (!inspect_dpc_at(d.m, 0, &dpc)) /* until its ISR has queued it */
        machine_step(d.m, STEP_INSTRUCTION, NULL, MACHINE_FOR_EVER, &stop);
    assert_int_equal(dpc.routine.v, word(d.m, dpc.object.v + 0x0c));
    assert_int_equal(dpc.context.v, word(d.m, dpc.object.v + 0x10));
    assert_string_equal(dpc.importance, "medium");
    assert_true(demo_run(&d, MACHINE_FOR_EVER));
    assert_int_equal(heard.routine, dpc.routine.v);
    assert_int_equal(heard.context, dpc.context.v);
    assert_false(inspect_dpc_at(d.m, 0, &dpc));
    machine_destroy(d.m);
}

/* ---- PCI -----------------------------------------------------------------*/

static uint32_t config(struct code *code, const struct inspect_pci *f,
                       uint32_t offset)
{
    code_out(code, 0xcf8,
             0x80000000u | (uint32_t)f->slot << 11 |
                 (uint32_t)f->function << 8 | offset,
             4);
    return code_in(code, 0xcfc, 4);
}

/* A BAR's size, found as software does: PCI 2.2, 6.2.5.1. */
static uint32_t sized(struct code *code, const struct inspect_pci *f,
                      uint32_t offset)
{
    config(code, f, offset);
    code_out(code, 0xcfc, UINT32_MAX, 4);
    return code_in(code, 0xcfc, 4);
}

static bool find_pci(const struct machine *m, const char *name,
                     struct inspect_pci *f)
{
    for (unsigned i = 0; inspect_pci_at(m, i, f); i++)
        if (strcmp(f->device, name) == 0)
            return true;
    return false;
}

static void a_function_is_what_configuration_cycles_say(void **state)
{
    const char *const cards[] = {"edu", "rtl8139", NULL};
    struct machine *m = bare_create(cards, "\xf4", 1);
    struct code code = {0};
    struct inspect_pci f;
    uint32_t id, class, size;
    unsigned last = 0;

    (void)state;
    assert_true(find_pci(m, "rtl8139", &f));
    id = config(&code, &f, 0);
    class = config(&code, &f, 8);
    size = sized(&code, &f, 0x10);
    sized(&code, &f, 0x14);
    machine_destroy(m);
    m = code_run(&code, cards);
    assert_int_equal(code_result(m, id), f.vendor | (uint32_t)f.id << 16);
    assert_int_equal(code_result(m, class) >> 8, (uint32_t)f.base_class << 16 |
                                                     (uint32_t)f.subclass << 8 |
                                                     f.prog_if);
    assert_true(f.bar[0].present && f.bar[0].port);
    assert_int_equal(f.bar[0].bytes, ~(code_result(m, size) & ~3u) + 1);
    assert_true(f.bar[1].present && !f.bar[1].port);
    assert_int_equal(f.bar[1].bytes, ~(code_result(m, size + 2) & ~15u) + 1);
    assert_false(f.bar[2].present);
    assert_int_equal(f.pin, 1);
    for (unsigned i = 0; inspect_pci_at(m, i, &f); i++)
        last = i;
    assert_false(inspect_pci_at(m, last + 1, &f));
    machine_destroy(m);
}

static void a_started_card_decodes(void **state)
{
    struct inspect_device dev = {.name = ""};
    struct inspect_pci f;
    struct demo d;

    (void)state;
    demo_create(&d, &edu);
    demo_until(&d, DEMO_WRITE, "dma_start");
    assert_true(find_pci(d.m, "edu", &f));
    for (unsigned i = 0; strcmp(dev.name, "edu") != 0; i++)
        assert_true(inspect_device_at(d.m, i, &dev));
    assert_int_equal(f.slot, dev.slot);
    assert_true(f.bar[0].present && f.bar[0].enabled && !f.bar[0].port);
    assert_int_equal(f.bar[0].base, dev.window[0].base);
    assert_int_equal(f.bar[0].bytes, dev.window[0].bytes);
    assert_int_equal(inspect_config(d.m, 0, f.slot, 0, 4),
                     f.command | (uint32_t)f.status << 16);
    assert_int_equal(f.command & 6, 6); /* memory, bus master */
    assert_memory_equal(f.wire, "PIRQ", 4);
    machine_destroy(d.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_found_by_its_name),
        cmocka_unit_test(channels_are_as_a_program_wrote_them),
        cmocka_unit_test(a_channel_at_work),
        cmocka_unit_test(interrupt_lines_are_as_a_program_left_them),
        cmocka_unit_test(interrupts_and_dpcs_of_a_driver),
        cmocka_unit_test(a_function_is_what_configuration_cycles_say),
        cmocka_unit_test(a_started_card_decodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
