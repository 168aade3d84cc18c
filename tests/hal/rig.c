/* tests/hal/rig.c -- see rig.h. */
#include "rig.h"

#include "isa.h"

#include <stdlib.h>
#include <string.h>

/* Arguments 7 to 11 of a finding: code, P1..P4. */
static void note_values(struct rig *r, const struct hb_event *e)
{
    unsigned i;

    if (r->first.code || e->count < 12)
        return;
    memcpy(r->first.rule, r->rule, sizeof r->first.rule);
    r->first.code = (uint32_t)e->args[7];
    for (i = 0; i < 4; i++)
        r->first.p[i] = (uint32_t)e->args[8 + i];
}

static void note(void *context, const struct hb_event *e)
{
    struct rig *r = context;

    switch (e->id) {
    case EV_port_write:
        if (r->outs < RIG_PORTS) {
            r->out[r->outs].port = (uint16_t)e->args[0];
            r->out[r->outs++].value = (uint32_t)e->args[2];
        }
        break;
    case EV_finding:
        r->findings++;
        memccpy(r->rule, (const char *)(uintptr_t)e->args[0], 0,
                sizeof r->rule - 1);
        note_values(r, e);
        break;
    case EV_dma_fault:
        r->faults++;
        r->fault_at = e->args[2];
        r->fault_generation = e->args[4];
        memccpy(r->fault_device, (const char *)(uintptr_t)e->args[1], 0,
                sizeof r->fault_device - 1);
        break;
    case EV_hal_copy:
        r->copies++;
        break;
    case EV_mmio_write:
        r->mmio_writes++;
        r->card_stores += e->args[0] - RIG_BAR < MIB;
        break;
    default:
        break;
    }
}

static unsigned lay_out(uint64_t bytes, struct ram_range range[RAM_RANGES])
{
    uint64_t low = bytes < 3 * GIB ? bytes : 3 * GIB;

    range[0] = (struct ram_range){0, 15 * MIB};
    range[1] = (struct ram_range){16 * MIB, low - 16 * MIB};
    range[2] = (struct ram_range){4 * GIB, bytes - low};
    return bytes > low ? 3 : 2;
}

static void add_card(struct rig *r)
{
    struct bus_place place = {0};

    assert_int_equal(
        bus_add(r->bus, device_model_find("edu"), NULL, &r->card, NULL), HB_OK);
    assert_int_equal(bus_set(r->card, "dma_bits", 64, NULL), HB_OK);
    bus_device_place(r->card, &place);
    r->requester = place.slot * 8u + place.function;
}

static void add_unit(struct rig *r, const struct rig_options *o)
{
    struct device *unit;

    assert_int_equal(
        bus_add(r->bus, device_model_find("mapregs"), NULL, &unit, NULL),
        HB_OK);
    assert_int_equal(
        bus_set(unit, "kind", o->kind == HAL_ADAPTER ? 2 : 1, NULL), HB_OK);
    if (o->registers)
        assert_int_equal(bus_set(unit, "registers", o->registers, NULL), HB_OK);
}

static void build_bus(struct rig *r, const struct rig_options *o)
{
    static const char *const chips[] = {"piix3", "pic8259", "pit8254",
                                        "dma8237", "rtc"};
    const struct bus_place bridge = {.has_slot = true};
    unsigned i;

    assert_int_equal(bus_create(&r->bus, &r->ram, &r->clock, &r->events,
                                &(struct bus_options){.strict = o->strict},
                                NULL),
                     HB_OK);
    assert_int_equal(
        bus_add(r->bus, device_model_find("i440fx"), &bridge, NULL, NULL),
        HB_OK);
    for (i = 0; o->chips && i < sizeof chips / sizeof *chips; i++)
        assert_int_equal(
            bus_add(r->bus, device_model_find(chips[i]), NULL, NULL, NULL),
            HB_OK);
    if (o->chips && o->settings.eisa)
        assert_int_equal(bus_set(bus_find(r->bus, "dma8237"), "eisa", 1, NULL),
                         HB_OK);
    if (o->chips && o->settings.interrupt)
        assert_int_equal(
            bus_set(bus_find(r->bus, "dma8237"), "interrupt", 1, NULL), HB_OK);
    if (o->isa)
        isa_add(r, o->isa - 1);
    if (o->kind != HAL_BOUNCE)
        add_unit(r, o);
    add_card(r);
    bus_reset(r->bus);
}

void rig_hardware(struct rig *r, const struct rig_options *o)
{
    struct ram_range range[RAM_RANGES];
    uint64_t bytes = o->ram ? o->ram : 64 * MIB;

    assert_int_equal(ram_create(&r->ram, range, lay_out(bytes, range), NULL),
                     HB_OK);
    clock_init(&r->clock, 10);
    events_init(&r->events, &r->clock);
    assert_int_equal(
        events_listen(&r->events, note, r,
                      "port_write,finding,hal_copy,mmio_write,dma_fault"),
        HB_OK);
    build_bus(r, o);
    r->next_object = 0x81000000;
}

void rig_system(struct rig *r, const struct rig_options *o, struct tlb *tlb)
{
    struct mm_settings set = {.era =
                                  o->settings.version_most == 3 ? MM_W8 : MM_XP,
                              .pae = o->ram > 3 * GIB};
    struct hal_settings settings = o->settings;
    struct hal_wiring wiring;

    assert_int_equal(mm_create(&r->mm, &r->ram, tlb, &r->events, NULL), HB_OK);
    assert_int_equal(mm_boot(&r->mm, &set, NULL), HB_OK);
    wiring = (struct hal_wiring){r->bus, &r->ram, &r->mm, &r->events};
    settings.kind = (uint8_t)o->kind;
    assert_int_equal(hal_create(&r->hal, &wiring, &settings, NULL), HB_OK);
}

struct rig *rig_new(const struct rig_options *o)
{
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    rig_hardware(r, o);
    rig_system(r, o, NULL);
    assert_int_equal(hal_boot(r->hal, NULL), HB_OK);
    rig_forget(r);
    return r;
}

struct rig *rig_of(enum hal_kind kind)
{
    const struct rig_options o = {.kind = kind};

    return rig_new(&o);
}

void rig_fini(struct rig *r)
{
    hal_destroy(r->hal);
    mm_destroy(&r->mm);
    bus_destroy(r->bus);
    events_fini(&r->events);
    clock_fini(&r->clock);
    ram_destroy(&r->ram);
}

void rig_free(struct rig *r)
{
    rig_fini(r);
    free(r);
}

void rig_forget(struct rig *r)
{
    r->outs = r->findings = r->copies = r->mmio_writes = r->faults = 0;
    r->card_stores = 0;
    r->rule[0] = 0;
    r->first.code = 0;
}

struct hal_device isa_slave(unsigned channel, uint32_t bytes)
{
    return (struct hal_device){
        .channel = channel,
        .interface = HAL_INTERFACE_ISA,
        .width = channel > 3,
        .maximum_length = bytes,
        .requester = 0xffff,
    };
}

struct hal_device pci_master(const struct rig *r, bool sg, bool dma32,
                             uint32_t bytes)
{
    return (struct hal_device){
        .master = true,
        .scatter_gather = sg,
        .dma32 = dma32,
        .interface = HAL_INTERFACE_PCI,
        .maximum_length = bytes,
        .requester = r->requester,
    };
}

struct hal_adapter *rig_adapter(struct rig *r, const struct hal_device *dev)
{
    uint32_t grant;
    gva_t at;

    at = hal_adapter_share(r->hal, dev, &grant);
    if (!at.v) {
        at = gva_of(r->next_object += 0x40);
        assert_int_equal(hal_adapter_add(r->hal, dev, at, &grant), HB_OK);
    }
    assert_true(grant >= 1);
    return hal_adapter_find(r->hal, at);
}

void rig_buffer(struct rig *r, struct buffer *b, const uint32_t *pfn,
                uint32_t offset, uint32_t bytes)
{
    uint32_t left = bytes, in = offset, n;

    *b = (struct buffer){
        .bytes = bytes, .va = 0x00400000 + offset, .mdl = 0x81234560};
    for (; left; left -= n, in = 0) {
        n = PAGE_BYTES - in < left ? PAGE_BYTES - in : left;
        assert_true(b->count < RIG_PAGES);
        assert_int_equal(frames_take(&r->mm, pfn[b->count], FRAME_USER), HB_OK);
        b->f[b->count] = (struct hal_fragment){
            .at = ((uint64_t)pfn[b->count] << PAGE_SHIFT) + in,
            .va = b->va + (bytes - left),
            .bytes = n,
            .mdl = b->mdl,
        };
        b->count++;
    }
}

void rig_scatter(struct rig *r, struct buffer *b, uint32_t pfn, uint32_t offset,
                 uint32_t bytes)
{
    uint32_t list[RIG_PAGES], i;

    for (i = 0; i < RIG_PAGES; i++)
        list[i] = pfn - 3 * i;
    rig_buffer(r, b, list, offset, bytes);
}

static uint64_t address(const struct buffer *b, uint32_t at)
{
    uint32_t i;

    for (i = 0; at >= b->f[i].bytes; i++)
        at -= b->f[i].bytes;
    return b->f[i].at + at;
}

uint8_t buffer_byte(const struct rig *r, const struct buffer *b, uint32_t at)
{
    return ram_read8(&r->ram, gpa_of(address(b, at)));
}

void buffer_set(struct rig *r, const struct buffer *b, uint32_t at, uint8_t v)
{
    ram_write8(&r->ram, gpa_of(address(b, at)), v);
}

void buffer_fill(struct rig *r, const struct buffer *b, uint8_t seed)
{
    uint32_t i;

    for (i = 0; i < b->bytes; i++)
        buffer_set(r, b, i, (uint8_t)(seed + i));
}

bool buffer_is(const struct rig *r, const struct buffer *b, uint8_t seed)
{
    uint32_t i;

    for (i = 0; i < b->bytes; i++)
        if (buffer_byte(r, b, i) != (uint8_t)(seed + i))
            return false;
    return true;
}

uint32_t buffer_cut(const struct buffer *b, uint32_t at,
                    const struct hal_fragment **f)
{
    uint32_t i, done = 0;

    for (i = 0; i < b->count && done < at; i++)
        done += b->f[i].bytes;
    assert_int_equal(done, at);
    *f = b->f + i;
    return b->count - i;
}

bool rig_reach(const struct rig *r, dla_t at, enum dma_dir dir, gpa_t *to)
{
    struct gate_view view;

    bus_translate(r->bus, r->card, at, dir, &view);
    *to = view.to;
    return view.result == GATE_OK;
}

bool card_reads(const struct rig *r, dla_t at, uint32_t bytes, uint8_t seed)
{
    gpa_t to;
    uint32_t i;

    for (i = 0; i < bytes; i++) {
        if (!rig_reach(r, dla_add(at, i), DMA_TO_DEVICE, &to))
            return false;
        if (ram_read8(&r->ram, to) != (uint8_t)(seed + i))
            return false;
    }
    return true;
}

void card_writes(struct rig *r, dla_t at, uint32_t bytes, uint8_t seed)
{
    gpa_t to;
    uint32_t i;

    for (i = 0; i < bytes; i++) {
        assert_true(rig_reach(r, dla_add(at, i), DMA_FROM_DEVICE, &to));
        ram_write8(&r->ram, to, (uint8_t)(seed + i));
    }
}

uint32_t rig_registers(struct rig *r, struct hal_adapter *ad, uint32_t count)
{
    const struct hal_ask ask = {.registers = count,
                                .device = gva_of(0x81100000),
                                .routine = gva_of(0xeb001000)};
    struct hal_run run;

    assert_int_equal(hal_channel_ask(r->hal, ad, &ask), HB_OK);
    assert_true(hal_run_next(r->hal, &run));
    hal_run_done(r->hal, run.request, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
    return run.base;
}

struct hal_mapped rig_map(struct rig *r, struct hal_adapter *ad, uint32_t base,
                          const struct hal_fragment *f, uint32_t count,
                          enum dma_dir dir)
{
    struct hal_mapped mapped;

    assert_int_equal(hal_map(r->hal, ad, base, f, count, dir, &mapped), HB_OK);
    while (hal_copy(r->hal, mapped.set))
        ;
    return mapped;
}

void rig_flush(struct rig *r, struct hal_adapter *ad, uint32_t base,
               const struct buffer *b, enum dma_dir dir)
{
    uint32_t set;

    hal_flush(r->hal, ad, base, b->mdl, b->va, b->bytes, dir, &set);
    while (hal_copy(r->hal, set))
        ;
    hal_flush_end(r->hal, set);
}
