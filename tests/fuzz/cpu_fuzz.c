/* tests/fuzz/cpu_fuzz.c -- random bytes as code, registers, segments,
 * descriptor tables and page tables: whatever a guest does, the run comes back
 * at its tick, the host survives, and blocks of decoded instructions do what
 * the instructions do one by one: same state, memory and TLB at each cut. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/private.h"

enum {
    RAM_BYTES = 0x20000,
    TABLES = 0x1000, /* GDT, IDT, TSS, page tables: from the input, or good */
    STACK = 0x8000,
    CODE = 0x10000,
    CODE_MOST = 0x400,
    TICKS = 600,
};
enum { HEAD = 48 }; /* the input: modes and registers, then code */
/* Bits of the input's first word. */
enum {
    HOW_RING3 = 1,
    HOW_FAR = 2, /* registers of any value, not inside RAM */
    HOW_REAL = 4,
    HOW_CR4 = 8,
    HOW_PAE = 16,
    HOW_PAGING = 32,
    HOW_WP = 64,
    HOW_ODD = 128, /* DS, or FS: bits 16-31 are its access */
    HOW_TSS16 = 256,
    HOW_DEBUG = 512,
    HOW_VME = 1024,
    HOW_ALIGNED = 2048,
    HOW_TABLES = 4096, /* good GDT, IDT and page tables */
    HOW_EDGE = 8192,   /* code lies across the end of a page */
    HOW_SMALL = 16384, /* code and stack of 16 bits */
    HOW_QUIET = 32768, /* no TF, AC, VM at first; #MF, not FERR# */
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

static struct machine *machine_make(bool plain)
{
    const struct ram_range range = {0, RAM_BYTES};
    struct machine *m = calloc(1, sizeof *m);

    if (!m)
        abort();
    must(ram_create(&m->ram, &range, 1, NULL));
    clock_init(&m->clock, 10);
    events_init(&m->events, &m->clock);
    must(bus_create(&m->bus, &m->ram, &m->clock, &m->events,
                    &(struct bus_options){0}, NULL));
    bus_reset(m->bus);
    must(cpu_create(&m->cpu, &m->ram, m->bus, &m->clock, &m->events, NULL));
    m->cpu.p->plain = plain;
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

static uint32_t code_at(uint32_t how)
{
    return how & HOW_EDGE ? CODE + PAGE_BYTES - 40 : CODE;
}

static void begin_registers(struct cpu_state *s, uint32_t how,
                            const uint8_t **data, size_t *size)
{
    for (unsigned r = 0; r < CPU_REGS; r++)
        s->reg[r] =
            take(data, size) & (how & HOW_FAR ? UINT32_MAX : RAM_BYTES - 1);
    s->eip = code_at(how);
    s->eflags = (take(data, size) & 0x3f7dd7) | 2;
    if (how & HOW_QUIET)
        s->eflags &= ~(uint32_t)(FLAG_TF | FLAG_AC | FLAG_VM | FLAG_NT);
}

static void begin_protected(struct cpu *cpu, uint32_t how, const uint8_t **data,
                            size_t *size)
{
    uint16_t ring = how & HOW_RING3 ? 0x60 : 0;
    uint16_t big = how & HOW_SMALL ? 0x8000 : 0xc000;
    struct cpu_state *s = &cpu->s;

    s->cpl = ring ? 3 : 0;
    s->seg[CS] = flat(8 | s->cpl, (uint16_t)(big | 0x9b | ring));
    for (unsigned seg = ES; seg < CPU_SEGS; seg++)
        if (seg != CS)
            s->seg[seg] = flat(16 | s->cpl, (uint16_t)(big | 0x93 | ring));
    if (how & HOW_ODD)
        s->seg[how & HOW_EDGE ? FS : DS] =
            (struct cpu_segment){.selector = 16,
                                 .access = (uint16_t)(how >> 16),
                                 .base = take(data, size),
                                 .limit = take(data, size)};
    if (s->eflags & FLAG_VM)
        s->cpl = 3;
    s->gdtr = (struct cpu_table){TABLES, 0xff};
    s->idtr = (struct cpu_table){TABLES + 0x1000, 0x7ff};
    s->tr = (struct cpu_segment){0x18, how & HOW_TSS16 ? 0x83 : 0x8b,
                                 TABLES + 0x2000, 0x80};
    s->ldtr = (struct cpu_segment){0x20, 0x82, TABLES + 0x100, 0xff};
}

static void begin(struct cpu *cpu, const uint8_t *data, size_t size)
{
    uint32_t how = take(&data, &size);
    struct cpu_state *s = &cpu->s;

    cpu_reset(cpu);
    cpu->stop = false;
    begin_registers(s, how, &data, &size);
    if (how & HOW_REAL) {
        s->eflags &= ~(uint32_t)FLAG_VM;
        s->seg[CS].selector = (uint16_t)(code_at(how) >> 4);
        s->seg[CS].base = code_at(how) & ~15u;
        s->eip &= 15;
        return;
    }
    if (how & HOW_DEBUG) {
        for (unsigned n = 0; n < 4; n++)
            s->dr[n] = take(&data, &size) & (RAM_BYTES - 1);
        s->dr[7] = take(&data, &size) | 0x400;
    }
    if (how & HOW_CR4)
        cpu_set_cr4(cpu, CR4_PSE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT |
                             (how & HOW_PAE ? CR4_PAE : 0) |
                             (how & HOW_VME ? CR4_VME | CR4_PVI | CR4_DE : 0));
    cpu_set_cr3(cpu, TABLES + 0x3000);
    cpu_set_cr0(cpu, CR0_PE | (how & HOW_PAGING ? CR0_PG : 0) |
                         (how & HOW_WP ? CR0_WP : 0) |
                         (how & HOW_ALIGNED ? CR0_AM : 0) |
                         (how & HOW_QUIET ? CR0_NE : 0));
    begin_protected(cpu, how, &data, &size);
}

static void put(struct ram *ram, uint32_t at, uint32_t low, uint32_t high)
{
    ram_write32(ram, gpa_of(at), low);
    ram_write32(ram, gpa_of(at + 4), high);
}

/* Flat segments, traps that lead back to the code, each page at its place:
 * so most of what runs is the code, again and again. */
static void good_tables(struct ram *ram, uint32_t how)
{
    uint32_t ring = how & HOW_RING3 ? 0x6000 : 0, code = code_at(how);
    uint32_t directory = TABLES + 0x3000, table = TABLES + 0x5000;

    put(ram, TABLES + 8, 0xffff, 0x00cf9b00 | ring);
    put(ram, TABLES + 16, 0xffff, 0x00cf9300 | ring);
    put(ram, TABLES + 0x28, 0xffff, 0x00cf9b00);
    put(ram, TABLES + 0x30, 0xffff, 0x00cf9300);
    ram_write32(ram, gpa_of(TABLES + 0x2004), STACK);
    ram_write32(ram, gpa_of(TABLES + 0x2008), 0x30);
    for (uint32_t vector = 0; vector < 256; vector++)
        put(ram, TABLES + 0x1000 + 8 * vector,
            (ring ? 0x280000 : 0x80000) | (code & 0xffff),
            (code & 0xffff0000) | 0xee00);
    if (how & HOW_PAE && how & HOW_CR4) {
        put(ram, directory, (directory + 0x1000) | PTE_P, 0);
        put(ram, directory + 0x1000, table | PTE_P | PTE_RW | PTE_US, 0);
        for (uint32_t n = 0; n < RAM_BYTES / PAGE_BYTES; n++)
            put(ram, table + 8 * n, n << 12 | PTE_P | PTE_RW | PTE_US, 0);
        return;
    }
    ram_write32(ram, gpa_of(directory), table | PTE_P | PTE_RW | PTE_US);
    for (uint32_t n = 0; n < RAM_BYTES / PAGE_BYTES; n++)
        ram_write32(ram, gpa_of(table + 4 * n),
                    n << 12 | PTE_P | PTE_RW | PTE_US);
}

/* The rest: code first, then what is left over the tables, again and again. */
static void fill(struct ram *ram, uint32_t how, const uint8_t *data,
                 size_t size)
{
    size_t code = how & HOW_TABLES || size < 64 ? size : 64;

    code = code < CODE_MOST ? code : CODE_MOST;
    for (uint32_t at = 0; at < RAM_BYTES; at += PAGE_BYTES)
        ram_mark(ram, gpa_of(at), PAGE_BYTES);
    memset(ram->base, 0, RAM_BYTES);
    memcpy(ram->base + code_at(how), data, code);
    data += code;
    size -= code;
    for (uint32_t at = TABLES; size && at + size <= TABLES + 0x8000;
         at += (uint32_t)size)
        memcpy(ram->base + at, data, size);
    if (how & HOW_TABLES)
        good_tables(ram, how);
}

static bool same_entries(const struct tlb *a, const struct tlb *b)
{
    if (a->used_count != b->used_count)
        return false;
    for (uint32_t n = 0; n < a->used_count; n++) {
        const struct tlb_entry *x = &a->entry[a->used[n]];
        const struct tlb_entry *y = &b->entry[b->used[n]];

        if (a->used[n] != b->used[n] || x->frame != y->frame ||
            x->allow != y->allow || x->flags != y->flags)
            return false;
    }
    return true;
}

static void same(const struct machine *a, const struct machine *b)
{
    const struct cpu_state *s = &a->cpu.s, *t = &b->cpu.s;
    const char *what = NULL;

    if (a->clock.now != b->clock.now)
        what = "time";
    else if (memcmp(s, t, sizeof *s))
        what = "registers";
    else if (memcmp(a->ram.base, b->ram.base, RAM_BYTES))
        what = "memory";
    else if (!same_entries(&a->cpu.tlb, &b->cpu.tlb))
        what = "TLB";
    if (!what)
        return;
    fprintf(stderr, "%s: tick %u eip %x flags %x, by itself: %u %x %x\n", what,
            (unsigned)a->clock.now, s->eip, s->eflags, (unsigned)b->clock.now,
            t->eip, t->eflags);
    for (unsigned r = 0; r < CPU_REGS; r++)
        fprintf(stderr, "  %08x %08x\n", s->reg[r], t->reg[r]);
    abort();
}

static void prepare(struct machine *m, const uint8_t *data, size_t size)
{
    uint32_t how = 0;

    memcpy(&how, data, size < 4 ? size : 4);
    fill(&m->ram, how, size > HEAD ? data + HEAD : data,
         size > HEAD ? size - HEAD : 0);
    m->clock.now = 0;
    begin(&m->cpu, data, size);
}

static enum cpu_exit run_to(struct machine *m, uint64_t tick)
{
    enum cpu_exit exit = CPU_TICKS;

    m->clock.until = tick;
    for (unsigned n = 0; n < TICKS && m->clock.now < tick; n++) {
        exit = cpu_run(&m->cpu);
        if (exit != CPU_TICKS && exit != CPU_VMCALL)
            break;
    }
    if (m->clock.now > tick)
        abort(); /* a run must end at its tick */
    return exit;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct machine *fast, *plain; /* making them is the cost */
    uint8_t bytes[40];
    struct cpu_fault fault;

    if (!fast) {
        fast = machine_make(false);
        plain = machine_make(true);
    }
    prepare(fast, data, size);
    prepare(plain, data, size);
    for (uint32_t step = 1, at = 0; at < TICKS; step = step * 5 % 257) {
        enum cpu_exit exit;

        at += step;
        exit = run_to(fast, at);
        if (run_to(plain, at) != exit)
            abort();
        same(fast, plain);
        if (exit != CPU_TICKS && exit != CPU_VMCALL)
            break;
    }
    cpu_load(&fast->cpu, gva_of(fast->cpu.s.reg[ESP]), bytes, sizeof bytes,
             true, &fault);
    cpu_peek(&fast->cpu, gva_of(fast->cpu.s.eip), bytes, sizeof bytes);
    return 0;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                               unsigned seed);

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* An instruction that there is, with an operand of any form. */
static unsigned random_insn(uint8_t to[8], uint32_t *seed)
{
    static const uint8_t prefix[] = {0x66, 0x67, 0xf2, 0xf3, 0x64, 0x26, 0xf0};
    uint32_t r = next_random(seed);
    unsigned n = 0, opcode = r & 255;
    bool two = r >> 8 & 1;

    if (!(r >> 9 & 3))
        to[n++] = prefix[(r >> 11 & 255) % sizeof prefix];
    while (!(two ? opcode_0f : opcode_one)[opcode].run)
        opcode = (opcode + 1) & 255;
    if (two)
        to[n++] = 0x0f;
    to[n++] = (uint8_t)opcode;
    while (n < 8)
        to[n++] = (uint8_t)(r = next_random(seed));
    return 1 + r % 8;
}

/* Random bytes seldom are a program: half of the time instructions come. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                               unsigned seed)
{
    uint32_t random = seed, how = next_random(&random);
    uint8_t insn[8];

    if (size < HEAD || most < HEAD + sizeof insn || seed & 1) {
        size = LLVMFuzzerMutate(data, size, most);
        how |= HOW_TABLES | HOW_QUIET;
        if (how & 0x10000 && size >= sizeof how)
            memcpy(data, &how, sizeof how);
        return size;
    }
    for (unsigned count = how % 16 + 1; count; count--) {
        size_t at = size - HEAD ? next_random(&random) % (size - HEAD + 1) : 0;
        unsigned n = random_insn(insn, &random);

        if (HEAD + at + n > most)
            break;
        memcpy(data + HEAD + at, insn, n);
        size = size < HEAD + at + n ? HEAD + at + n : size;
    }
    return size;
}
