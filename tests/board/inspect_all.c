/* tests/board/inspect_all.c -- see inspect_all.h. A new list is a new row. */
#include "inspect_all.h"

enum { MOST = 5000 }; /* of one list are asked for */

#define LIST(query, type)                                                      \
    static unsigned all_##query(const struct machine *m)                       \
    {                                                                          \
        struct type row;                                                       \
        unsigned i = 0;                                                        \
                                                                               \
        while (i < MOST && query(m, i, &row))                                  \
            i++;                                                               \
        return i;                                                              \
    }
LIST(inspect_ram_at, inspect_ram)
LIST(inspect_region_at, inspect_region)
LIST(inspect_counter_at, inspect_counter)
LIST(inspect_register_at, inspect_register)
LIST(inspect_adapter_at, inspect_adapter)
LIST(inspect_page_at, inspect_page)
LIST(inspect_operation_at, inspect_operation)
LIST(inspect_device_at, inspect_device)
LIST(inspect_image_at, inspect_image)
LIST(inspect_pnp_at, inspect_pnp)
LIST(inspect_process_at, inspect_process)
LIST(inspect_input_at, inspect_input)
LIST(inspect_driver_at, inspect_driver)
LIST(inspect_channel_at, inspect_channel)
LIST(inspect_irq_at, inspect_irq)
LIST(inspect_counter_chip_at, inspect_counter_chip)
LIST(inspect_pci_at, inspect_pci)
LIST(inspect_interrupt_at, inspect_interrupt)
LIST(inspect_dpc_at, inspect_dpc)
LIST(inspect_timer_at, inspect_timer)
LIST(inspect_msr_at, inspect_msr)
LIST(inspect_cpu_register_at, inspect_cpu_register)
LIST(inspect_pool_at, inspect_pool)
#undef LIST

static unsigned lists(const struct machine *m)
{
    static unsigned (*const list[])(const struct machine *) = {
        all_inspect_ram_at,       all_inspect_region_at,
        all_inspect_counter_at,   all_inspect_register_at,
        all_inspect_adapter_at,   all_inspect_page_at,
        all_inspect_operation_at, all_inspect_device_at,
        all_inspect_image_at,     all_inspect_pnp_at,
        all_inspect_process_at,   all_inspect_input_at,
        all_inspect_driver_at,    all_inspect_channel_at,
        all_inspect_irq_at,       all_inspect_counter_chip_at,
        all_inspect_pci_at,       all_inspect_interrupt_at,
        all_inspect_dpc_at,       all_inspect_timer_at,
        all_inspect_msr_at,       all_inspect_cpu_register_at,
        all_inspect_pool_at,
    };
    unsigned n = 0;

    for (unsigned i = 0; i < sizeof list / sizeof *list; i++)
        n += list[i](m);
    return n;
}

/* What is asked by something that another query gave. */
static unsigned threads(const struct machine *m)
{
    struct inspect_thread t;
    struct inspect_call call;
    unsigned n = 0;

    for (unsigned i = 0; inspect_thread_at(m, i, &t); i++, n++)
        for (unsigned j = 0; inspect_call_at(m, t.number, j, &call); j++)
            inspect_routine(m, call.caller);
    return n;
}

static unsigned requests(const struct machine *m)
{
    struct inspect_device_object device, other;
    struct inspect_location location;
    struct inspect_mdl_use use;
    struct inspect_mdl mdl;
    struct inspect_irp irp;
    unsigned n = 0;
    gva_t queued;

    for (unsigned i = 0; i < MOST && inspect_irp_at(m, i, &irp); i++, n++)
        for (unsigned j = 0; inspect_location_at(m, irp.at, j, &location); j++)
            n += inspect_minor_name(location.major, location.minor)[0] != 0;
    for (unsigned i = 0; inspect_device_object_at(m, i, &device); i++, n++) {
        for (unsigned j = 0; inspect_stack_at(m, device.at, j, &other); j++)
            n++;
        for (unsigned j = 0; inspect_queued_at(m, device.at, j, &queued); j++)
            n++;
    }
    for (unsigned i = 0; inspect_mdl_at(m, i, &use); i++)
        n += inspect_mdl(m, use.at, &mdl);
    return n;
}

static unsigned devices(const struct machine *m)
{
    struct inspect_device d;
    struct inspect_field f;
    unsigned n = 0;
    uint32_t v;
    bool level;

    for (unsigned i = 0; inspect_device_at(m, i, &d); i++) {
        for (unsigned j = 0; j < 100 && inspect_field_at(m, d.name, j, &f); j++)
            n++;
        for (unsigned w = 0; w < DEVICE_WINDOWS; w++)
            for (uint32_t at = 0; at < 64; at++)
                n += inspect_device_read(m, d.name, w, at, 1, &v);
        for (unsigned at = 0; d.pci && at < 256; at += 4)
            n += inspect_config(m, 0, d.slot, d.function, at) != UINT32_MAX;
    }
    return n + inspect_wire(m, "IRQ0", &level);
}

static unsigned memory(const struct machine *m)
{
    const uint32_t spaces[] = {SPACE_CPU, SPACE_SYSTEM, 1};
    struct inspect_mapping mapping;
    struct inspect_logical logical;
    struct inspect_frame frame;
    struct inspect_walk walk;
    struct inspect_tag tag;
    uint8_t bytes[64], owners[64];
    uint64_t cursor = 0;
    unsigned n = 0;

    for (unsigned i = 0; i < 3; i++) {
        for (uint64_t va = 0; va <= UINT32_MAX; va += 0x00fff000) {
            n += inspect_translate(m, spaces[i], gva_of((uint32_t)va), &walk);
            n += inspect_virtual(m, spaces[i], gva_of((uint32_t)va), bytes, 64);
        }
        cursor = 0;
        n += inspect_mapping_next(m, spaces[i], 0x5a0, &cursor, &mapping);
    }
    for (uint64_t at = 0; at < 64 << 20; at += 0x3ff000) {
        n += inspect_logical(m, NULL, dla_of(at), DMA_TO_DEVICE, &logical);
        n += inspect_bus(m, NULL, dla_of(at), bytes, sizeof bytes);
        n += inspect_physical(m, gpa_of(at), bytes, sizeof bytes);
        n += inspect_frame(m, (uint32_t)(at >> 12), &frame);
    }
    inspect_owners(m, 0x580, sizeof owners, owners);
    cursor = 0;
    while (inspect_tag_next(m, &cursor, &tag))
        n++;
    return n;
}

static unsigned singles(const struct machine *m)
{
    struct inspect_descriptor descriptor;
    struct inspect_bugcheck bugcheck;
    struct inspect_object object;
    struct inspect_tenure tenure;
    struct inspect_screen screen;
    struct inspect_program program;
    struct inspect_gate gate;
    struct inspect_cpu cpu;
    struct inspect_fpu fpu;
    char text[2000];
    uint32_t cursor = 0;
    gpa_t page;
    unsigned n = 0;

    inspect_tenure(m, &tenure);
    inspect_cpu(m, &cpu);
    inspect_fpu(m, &fpu);
    n += inspect_tlb(m, gva_of(cpu.eip), &page);
    for (unsigned i = 0; i < 256; i++) {
        n += inspect_gate(m, (uint8_t)i, &gate);
        n += inspect_descriptor(m, (uint16_t)(i * 8), &descriptor);
    }
    n += inspect_bugcheck(m, &bugcheck) + inspect_irql(m) + inspect_thread(m);
    n += (unsigned)inspect_waits(m, text, sizeof text);
    n += inspect_screen(m, 0, &screen, NULL, 0);
    n += inspect_program(m, 1, &program) + inspect_findings(m);
    n += inspect_interrupt_time(m) != 0;
    while (inspect_object_next(m, &cursor, &object))
        n++;
    return n;
}

unsigned inspect_all(const struct machine *m)
{
    return lists(m) + threads(m) + requests(m) + devices(m) + memory(m) +
           singles(m);
}
