/* src/cpu/block.h -- runs of decoded instructions, kept by the host address of
 * their first byte and the mode they were decoded in. A cache: nothing that can
 * be seen depends on what is in it. Docs: docs/cpu.md. */
#ifndef CPU_BLOCK_H
#define CPU_BLOCK_H

#include "cpu/private.h"

struct uop;
/** A handler of the fast engine; returns the uop to go on with, or NULL. */
typedef const struct uop *uop_run(struct cpu *cpu, const struct uop *u);

/** An instruction as its handler wants it. Registers are offsets in struct
 *  cpu, so that AH is EAX's second byte and "none" a word of zero. */
struct uop {
    uop_run *run;
    uint32_t disp, imm;
    uint16_t base, index;
    uint8_t scale;
    uint8_t dst, src; /* registers */
    uint8_t number;   /* which of its block */
    uint16_t at;      /* bytes from the block's first */
    uint8_t bytes;    /* its length */
    uint8_t seg;      /* FS or GS, where the form says so */
};

enum { BLOCK_INSNS = 64 };

struct block {
    uint64_t key;                /* 0: dropped */
    const struct block *link[2]; /* where it went on: falling through, taken */
    struct block *next_in_page;
    uint64_t page, lines; /* physical page and the lines it lies in */
    const struct insn *insn;
    uint16_t count, bytes;
    struct uop uop[]; /* count, and one that goes on to what follows */
};

/** Modes are part of the key: CS.D, and segments that need no checks. */
enum { MODE_BIG = 1, MODE_FLAT = 2, MODE_SHIFT = 56 };

static inline struct block *block_of(const struct uop *u)
{
    const struct uop *first = u - u->number;

    return (struct block *)((char *)(uintptr_t)first -
                            offsetof(struct block, uop));
}

/** An instruction that lies in two pages, with the bytes it was made from: it
 *  is good while they are there, whoever writes. */
enum { CROSSINGS = 64, CROSSING_BYTES = 15 };
struct crossing {
    uint64_t key;
    const uint8_t *second; /* host page of its end */
    uint8_t bytes[CROSSING_BYTES + 1];
    struct insn insn;
};

enum { BLOCK_SLOTS = 1 << 15 };
struct blocks {
    const struct block *slot[BLOCK_SLOTS]; /* by key; none is NULL */
    struct block **page; /* hash of those of a page, by next_in_page */
    uint8_t *arena;      /* where they lie, one behind the other */
    size_t used;
    struct block *spare[BLOCK_INSNS + 1]; /* dropped, by count */
    uint32_t emptied;                     /* counts up when all of them went */
    struct insn insn[BLOCK_INSNS];        /* being decoded */
    struct crossing crossing[CROSSINGS];
};

/** A block that is none: what links and slots hold at first. */
extern const struct block block_none;

enum hb_status blocks_create(struct cpu *cpu, struct hb_error *error);
void blocks_destroy(struct cpu *cpu);

static inline const struct block **block_slot(struct blocks *b, uint64_t key)
{
    return &b->slot[(key ^ key >> 13) % BLOCK_SLOTS];
}

/** block_here() - the block at CS:EIP in the present mode, made if need be;
 *  NULL: none can be, run one instruction by itself. */
const struct block *block_here(struct cpu *cpu);
/** crossing_here() - the instruction at CS:EIP, if it lies in two pages of RAM;
 *  made if @make and it was not kept. */
const struct insn *crossing_here(struct cpu *cpu, bool make);
/** blocks_empty() - forget them all. Not while one runs. */
void blocks_empty(struct cpu *cpu);
/** block_handlers() - of a block that was made while code is counted: those
 *  that uop_counted() calls, by number. */
static inline uop_run **block_handlers(const struct block *b)
{
    return (uop_run **)(uintptr_t)(b->insn + b->count);
}
const struct uop *uop_counted(struct cpu *cpu, const struct uop *u);
/** uop_make() - choose the handler of @u, in its place in block @b, for @i;
 *  NULL: what follows the block. */
void uop_make(const struct block *b, struct uop *u, const struct insn *i);

#endif
