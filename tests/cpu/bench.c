/* tests/cpu/bench.c -- see bench.h. Formats: SDM vol. 3A, 3.4.5, 6.11, 7.2.1.
 */
#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

uint32_t peek32(struct bench *b, uint32_t physical)
{
    return ram_read32(&b->ram, gpa_of(physical));
}

void poke32(struct bench *b, uint32_t physical, uint32_t v)
{
    ram_write32(&b->ram, gpa_of(physical), v);
}

void bench_descriptor(struct bench *b, uint16_t selector, uint32_t base,
                      uint32_t limit, uint16_t access)
{
    uint32_t at = (selector & 4 ? LDT_AT : GDT_AT) + (selector & 0xfff8u);

    poke32(b, at, base << 16 | (limit & 0xffff));
    poke32(b, at + 4,
           (base & 0xff000000) | (limit & 0xf0000) | (base >> 16 & 0xff) |
               (uint32_t)(access & 0xf0ff) << 8);
}

void bench_gate(struct bench *b, uint32_t at, uint16_t selector,
                uint32_t offset, uint8_t access, unsigned parameters)
{
    poke32(b, at, (uint32_t)selector << 16 | (offset & 0xffff));
    poke32(b, at + 4,
           (offset & 0xffff0000) | (uint32_t)access << 8 | parameters);
}

static void tables(struct bench *b)
{
    bench_descriptor(b, SEL_CODE0, 0, 0xfffff, 0xc09b);
    bench_descriptor(b, SEL_DATA0, 0, 0xfffff, 0xc093);
    bench_descriptor(b, SEL_CODE3, 0, 0xfffff, 0xc0fb);
    bench_descriptor(b, SEL_DATA3, 0, 0xfffff, 0xc0f3);
    bench_descriptor(b, SEL_TSS, TSS_AT, 0x67, 0x008b);
    bench_descriptor(b, SEL_LDT, LDT_AT, 0xff, 0x0082);
    for (unsigned v = 0; v < 256; v++) { /* DPL 3: any INT n may use them */
        bench_gate(b, IDT_AT + 8 * v, SEL_CODE0, HANDLERS_AT + 16 * v, 0xee, 0);
        ram_write8(&b->ram, gpa_of(HANDLERS_AT + 16 * v), 0xf4);
    }
    poke32(b, TSS_AT + 4, STACK0);
    poke32(b, TSS_AT + 8, SEL_DATA0);
    poke32(b, TSS_AT + 0x64, 0x680000);
}

static uint32_t probe_read(struct device *dev, unsigned window, uint32_t offset,
                           unsigned bytes)
{
    struct probe *p = (struct probe *)dev;

    (void)window;
    p->accesses++;
    p->reads++;
    p->offset = offset;
    p->bytes = bytes;
    return p->value;
}

static void probe_write(struct device *dev, unsigned window, uint32_t offset,
                        unsigned bytes, uint32_t value)
{
    struct probe *p = (struct probe *)dev;

    (void)window;
    p->accesses++;
    p->offset = offset;
    p->bytes = bytes;
    p->value = value;
    if (offset == PROBE_PULL)
        line_set(dev, PROBE_INTR, true);
    if (offset == PROBE_TIMER)
        clock_after_ns(dev, value * 10ull, 0);
}

static void probe_reset(struct device *dev)
{
    ((struct probe *)dev)->accesses = 0;
}

static uint8_t probe_inta(struct device *dev)
{
    line_set(dev, PROBE_INTR, false);
    return ((struct probe *)dev)->vector;
}

static const struct state_row probe_rows[] = {STATE_END};
static const struct device_pin probe_pins[] = {
    {PROBE_INTR, true, WIRE_INTR},
    {PROBE_NMI, true, WIRE_NMI},
    {0, false, WIRE_NONE},
};

static const struct device_model probe_model = {
    .name = "probe",
    .title = "remembers accesses",
    .version = 1,
    .state_size = sizeof(struct probe),
    .rows = probe_rows,
    .windows = {{.kind = WINDOW_PORT,
                 .bytes = 16,
                 .access = ACCESS_ANY,
                 .base = PROBE_PORT},
                {.kind = WINDOW_MEMORY,
                 .bytes = PROBE_BYTES,
                 .access = ACCESS_ANY,
                 .base = PROBE_MEMORY}},
    .pins = probe_pins,
    .reset = probe_reset,
    .read = probe_read,
    .write = probe_write,
    .inta = probe_inta,
};

static struct cpu_segment flat(uint16_t selector, uint16_t access)
{
    return (struct cpu_segment){
        .selector = selector, .access = access, .limit = UINT32_MAX};
}

static void segments(struct bench *b, uint16_t code, uint16_t data,
                     unsigned dpl)
{
    struct cpu_state *s = &b->cpu.s;
    uint16_t ring = (uint16_t)(dpl << 5);

    s->seg[CS] = flat(code, 0xc09b | ring);
    s->seg[SS] = s->seg[DS] = s->seg[ES] = flat(data, 0xc093 | ring);
    s->seg[FS] = s->seg[GS] = flat(data, 0xc093 | ring);
    s->cpl = (uint8_t)dpl;
}

struct bench *bench_create(uint64_t ram_bytes)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct ram_range range = {0, ram_bytes};
    struct cpu_state *s = &b->cpu.s;
    struct device *dev;

    assert_int_equal(ram_create(&b->ram, &range, 1, NULL), HB_OK);
    clock_init(&b->clock, 10);
    events_init(&b->events, &b->clock);
    assert_int_equal(bus_create(&b->bus, &b->ram, &b->clock, &b->events,
                                &(struct bus_options){0}, NULL),
                     HB_OK);
    assert_int_equal(
        bus_add(b->bus, &probe_model, &(struct bus_place){0}, &dev, NULL),
        HB_OK);
    b->probe = (struct probe *)dev;
    bus_reset(b->bus);
    assert_int_equal(
        cpu_create(&b->cpu, &b->ram, b->bus, &b->clock, &b->events, NULL),
        HB_OK);
    cpu_reset(&b->cpu);
    tables(b);
    assert_true(cpu_set_cr0(&b->cpu, CR0_PE | CR0_ET | CR0_NE));
    segments(b, SEL_CODE0, SEL_DATA0, 0);
    s->gdtr = (struct cpu_table){GDT_AT, 8 * GDT_ENTRIES - 1};
    s->idtr = (struct cpu_table){IDT_AT, 8 * 256 - 1};
    s->tr = (struct cpu_segment){SEL_TSS, 0x8b, TSS_AT, 0x67};
    s->ldtr = (struct cpu_segment){SEL_LDT, 0x82, LDT_AT, 0xff};
    s->eflags = 2;
    s->eip = CODE_AT;
    s->reg[ESP] = STACK0 - 0x1000;
    return b;
}

void bench_destroy(struct bench *b)
{
    cpu_destroy(&b->cpu);
    bus_destroy(b->bus);
    events_fini(&b->events);
    clock_fini(&b->clock);
    ram_destroy(&b->ram);
    free(b);
}

int bench_setup(void **state)
{
    *state = bench_create(RAM_BYTES);
    return 0;
}

int bench_teardown(void **state)
{
    bench_destroy(*state);
    return 0;
}

void bench_ring3(struct bench *b)
{
    segments(b, SEL_CODE3, SEL_DATA3, 3);
    b->cpu.s.reg[ESP] = STACK3;
}

void bench_code(struct bench *b, const void *bytes, unsigned count)
{
    ram_write(&b->ram, gpa_of(CODE_AT), bytes, count);
    b->cpu.s.eip = CODE_AT;
}

enum cpu_exit bench_step(struct bench *b)
{
    b->clock.until = b->clock.now + 1;
    return cpu_run(&b->cpu);
}

static bool has_error(unsigned vector)
{
    return vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) ||
           vector == EXC_AC;
}

static struct outcome frame(struct bench *b, unsigned vector)
{
    struct outcome o = {.vector = (int)vector};
    uint32_t at = b->cpu.s.reg[ESP];
    struct walk_out out;

    if (cpu_translate(&b->cpu, gva_of(at), &out))
        at = (uint32_t)out.pa.v;
    if (has_error(vector)) {
        o.error = peek32(b, at);
        at += 4;
    }
    o.eip = peek32(b, at);
    o.cs = peek32(b, at + 4);
    o.eflags = peek32(b, at + 8);
    o.esp = (o.cs & 3) ? peek32(b, at + 12) : at + 12;
    return o;
}

struct outcome bench_run(struct bench *b, unsigned steps)
{
    const struct cpu_state *s = &b->cpu.s;

    for (unsigned n = 0; n < steps; n++) {
        uint32_t at;

        if (bench_step(b) == CPU_SHUTDOWN)
            return (struct outcome){.vector = -1, .shutdown = true};
        at = s->eip - HANDLERS_AT; /* at the HLT or just behind it */
        if (!s->cpl && at < 256 * 16 && at % 16 <= 1)
            return frame(b, at / 16);
    }
    return (struct outcome){.vector = -1};
}

/* One directory at TABLES_AT, one table behind it. */
void bench_paging(struct bench *b)
{
    poke32(b, TABLES_AT, (TABLES_AT + PAGE_BYTES) | PTE_P | PTE_RW | PTE_US);
    for (uint32_t page = 0; page < 1024; page++)
        poke32(b, TABLES_AT + PAGE_BYTES + 4 * page,
               page * PAGE_BYTES | PTE_P | PTE_RW | PTE_US);
    assert_true(cpu_set_cr3(&b->cpu, TABLES_AT));
    assert_true(
        cpu_set_cr0(&b->cpu, CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG));
}

uint32_t bench_pte(uint32_t va)
{
    return TABLES_AT + PAGE_BYTES + (va >> 12) * 4;
}
