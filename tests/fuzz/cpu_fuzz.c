/* tests/fuzz/cpu_fuzz.c -- random bytes as code, registers, segments,
 * descriptor tables and page tables: whatever a guest does, the run comes back
 * at its tick and the host survives. */
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"

enum {
    RAM_BYTES = 0x20000,
    TABLES = 0x1000, /* GDT, IDT, TSS, page tables: from the input */
    CODE = 0x10000,
    TICKS = 400,
};

struct machine {
    struct ram ram;
    struct clock clock;
    struct events events;
    struct bus *bus;
    struct cpu cpu;
};

static void must(enum hb_status st)
{
    if (st != HB_OK)
        abort();
}

static struct machine *machine_of_fuzz(void)
{
    static struct machine *m; /* one for all inputs: making it is the cost */
    const struct ram_range range = {0, RAM_BYTES};

    if (m)
        return m;
    m = calloc(1, sizeof *m);
    if (!m)
        abort();
    must(ram_create(&m->ram, &range, 1, NULL));
    clock_init(&m->clock, 10);
    events_init(&m->events, &m->clock);
    must(bus_create(&m->bus, &m->ram, &m->clock, &m->events,
                    &(struct bus_options){0}, NULL));
    bus_reset(m->bus);
    must(cpu_create(&m->cpu, &m->ram, m->bus, &m->clock, &m->events, NULL));
    return m;
}

static uint32_t take(const uint8_t **data, size_t *size)
{
    uint32_t v = 0;
    size_t n = *size < 4 ? *size : 4;

    memcpy(&v, *data, n);
    *data += n;
    *size -= n;
    return v;
}

static struct cpu_segment flat(uint16_t selector, uint16_t access)
{
    return (struct cpu_segment){
        .selector = selector, .access = access, .limit = UINT32_MAX};
}

/* How it begins is the first word's bits: mode, ring, paging, odd segments. */
static void begin(struct machine *m, const uint8_t **data, size_t *size)
{
    uint32_t how = take(data, size), ring = how & 1 ? 0x60 : 0;
    struct cpu_state *s = &m->cpu.s;

    cpu_reset(&m->cpu);
    m->cpu.stop = false;
    for (unsigned r = 0; r < CPU_REGS; r++)
        s->reg[r] = take(data, size) & (how & 2 ? UINT32_MAX : RAM_BYTES - 1);
    s->eip = CODE;
    s->eflags = (take(data, size) & 0x3f7dd7) | 2;
    if (how & 4) { /* real mode */
        s->eflags &= ~(uint32_t)FLAG_VM;
        s->seg[CS].selector = CODE >> 4;
        s->seg[CS].base = CODE;
        s->eip = 0;
        return;
    }
    if (how & 512) {
        for (unsigned n = 0; n < 4; n++)
            s->dr[n] = take(data, size) & (RAM_BYTES - 1);
        s->dr[7] = take(data, size) | 0x400;
    }
    if (how & 8)
        cpu_set_cr4(&m->cpu, CR4_PSE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT |
                                 (how & 16 ? CR4_PAE : 0) |
                                 (how & 1024 ? CR4_VME | CR4_PVI | CR4_DE : 0));
    cpu_set_cr3(&m->cpu, TABLES + 0x3000);
    cpu_set_cr0(&m->cpu, CR0_PE | (how & 32 ? CR0_PG : 0) |
                             (how & 64 ? CR0_WP : 0) |
                             (how & 2048 ? CR0_AM : 0));
    s->cpl = ring ? 3 : 0;
    s->seg[CS] = flat(8 | s->cpl, (uint16_t)(0xc09b | ring));
    for (unsigned seg = ES; seg < CPU_SEGS; seg++)
        if (seg != CS)
            s->seg[seg] = flat(16 | s->cpl, (uint16_t)(0xc093 | ring));
    if (how & 128)
        s->seg[DS] = (struct cpu_segment){.selector = 16,
                                          .access = (uint16_t)(how >> 16),
                                          .base = take(data, size),
                                          .limit = take(data, size)};
    if (s->eflags & FLAG_VM)
        s->cpl = 3;
    s->gdtr = (struct cpu_table){TABLES, 0xff};
    s->idtr = (struct cpu_table){TABLES + 0x1000, 0x7ff};
    s->tr = (struct cpu_segment){0x18, how & 256 ? 0x83 : 0x8b, TABLES + 0x2000,
                                 0x80};
    s->ldtr = (struct cpu_segment){0x20, 0x82, TABLES + 0x100, 0xff};
}

/* The rest: code first, then what is left over the tables, again and again. */
static void fill(struct machine *m, const uint8_t *data, size_t size)
{
    size_t code = size < 64 ? size : 64;

    memset(m->ram.base, 0, RAM_BYTES);
    memcpy(m->ram.base + CODE, data, code);
    data += code;
    size -= code;
    for (uint32_t at = TABLES; size && at + size <= TABLES + 0x8000;
         at += (uint32_t)size)
        memcpy(m->ram.base + at, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct machine *m = machine_of_fuzz();
    uint8_t bytes[40];
    struct cpu_fault fault;

    fill(m, size > 48 ? data + 48 : data, size > 48 ? size - 48 : 0);
    begin(m, &data, &size);
    m->clock.now = 0;
    m->clock.until = TICKS;
    for (unsigned n = 0; n < TICKS && m->clock.now < TICKS; n++) {
        enum cpu_exit exit = cpu_run(&m->cpu);

        if (exit != CPU_TICKS && exit != CPU_VMCALL)
            break;
    }
    if (m->clock.now > TICKS)
        abort(); /* a run must end at its tick */
    cpu_load(&m->cpu, gva_of(m->cpu.s.reg[ESP]), bytes, sizeof bytes, true,
             &fault);
    cpu_peek(&m->cpu, gva_of(m->cpu.s.eip), bytes, sizeof bytes);
    return 0;
}
