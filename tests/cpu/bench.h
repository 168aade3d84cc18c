/* tests/cpu/bench.h -- a CPU with RAM, an empty bus and a clock; a GDT, an IDT
 * whose gates lead to a HLT each, a TSS with a ring-0 stack. Paging is off
 * until bench_paging(). */
#ifndef TESTS_CPU_BENCH_H
#define TESTS_CPU_BENCH_H

#include "cpu/cpu.h"

enum {
    GDT_AT = 0x1000,
    IDT_AT = 0x2000,
    TSS_AT = 0x3000, /* 68h bytes, then the I/O bitmap */
    LDT_AT = 0x4000,
    HANDLERS_AT = 0x8000, /* vector n: HLT at 8000h + 16n */
    STACK0 = 0xc000,      /* ESP0 */
    CODE_AT = 0x10000,
    DATA_AT = 0x20000,
    STACK3 = 0x31000,
    TABLES_AT = 0x100000, /* page tables, see bench_paging() */
    RAM_BYTES = 0x400000,
};

/** Selectors of the GDT that bench_create() writes. */
enum {
    SEL_CODE0 = 0x08,
    SEL_DATA0 = 0x10,
    SEL_CODE3 = 0x23, /* as Linux has them for 32-bit programs */
    SEL_DATA3 = 0x2b,
    SEL_TSS = 0x30,
    SEL_LDT = 0x38,
    SEL_FREE = 0x40, /* and every one above: for the test's own */
    GDT_ENTRIES = 32,
};

/** A card that remembers accesses: ports 300h-30Fh, memory at 800000h. */
enum { PROBE_PORT = 0x300, PROBE_MEMORY = 0x800000, PROBE_BYTES = 0x1000 };
enum { PROBE_INTR, PROBE_NMI }; /* its output pins, for line_set() */
/** Offsets whose writes do more: pull INTR; a timer so many ticks from now. */
enum { PROBE_PULL = 8, PROBE_TIMER = 12 };

struct probe {
    struct device dev;
    uint8_t vector; /* what it answers to interrupt acknowledge */
    uint32_t accesses, reads, offset, bytes, value; /* value: read, written */
};

struct bench {
    struct probe *probe;
    struct ram ram;
    struct clock clock;
    struct events events;
    struct bus *bus;
    struct cpu cpu;
};

/** bench_create() - @ram_bytes of RAM; 32-bit protected mode at ring 0, flat,
 *  EIP at CODE_AT, ESP at STACK0 - 1000h, interrupts off. */
struct bench *bench_create(uint64_t ram_bytes);
void bench_destroy(struct bench *b);
/** cmocka fixtures around them. */
int bench_setup(void **state);
int bench_teardown(void **state);

/** bench_descriptor() - GDT entry of @selector: @access as in struct
 *  cpu_segment, @limit as the 20 bits of the descriptor. */
void bench_descriptor(struct bench *b, uint16_t selector, uint32_t base,
                      uint32_t limit, uint16_t access);
/** bench_gate() - a gate at @at (GDT, LDT or IDT entry). */
void bench_gate(struct bench *b, uint32_t at, uint16_t selector,
                uint32_t offset, uint8_t access, unsigned parameters);
/** bench_ring3() - go on at ring 3, flat, ESP at STACK3. */
void bench_ring3(struct bench *b);
/** bench_code() - instruction bytes at CS:EIP, and EIP at CODE_AT. */
void bench_code(struct bench *b, const void *bytes, unsigned count);
#define CODE(b, ...)                                                           \
    bench_code(b, (const uint8_t[]){__VA_ARGS__},                              \
               sizeof((const uint8_t[]){__VA_ARGS__}))

/** bench_step() - one tick. */
enum cpu_exit bench_step(struct bench *b);

/** What bench_run() came to. */
struct outcome {
    int vector; /* -1: no exception was taken, or interrupt vector */
    uint32_t error;
    uint32_t eip, cs, eflags, esp; /* as the handler's frame has them */
    bool shutdown;
};

/** bench_run() - steps until a handler is reached, or at most @steps. ESP in
 * the outcome is of the frame when it changed privilege, else before the
 * pushes. */
struct outcome bench_run(struct bench *b, unsigned steps);

uint32_t peek32(struct bench *b, uint32_t physical);
void poke32(struct bench *b, uint32_t physical, uint32_t v);

/** bench_paging() - 4 KiB pages for the first 4 MiB, virtual = physical, user,
 *  writable; CR0.PG and WP on. Linear 400000h and up are not present. */
void bench_paging(struct bench *b);
/** bench_pte() - physical address of the page-table entry of @va. */
uint32_t bench_pte(uint32_t va);

#endif
