/* src/cpu/block.c -- making, finding and dropping blocks. Who writes RAM tells
 * (mm/ram.h), whoever it is, and the blocks on the lines written go. */
#include "cpu/block.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { ARENA_BYTES = 32 << 20, PAGE_SLOTS = 4096 };
enum { MOST_BYTES = 15 };

const struct block block_none;

static size_t block_bytes(unsigned count)
{
    return sizeof(struct block) + (count + 1) * sizeof(struct uop) +
           count * sizeof(struct insn);
}

static void empty(struct blocks *b, struct ram *ram)
{
    for (unsigned i = 0; i < BLOCK_SLOTS; i++)
        b->slot[i] = &block_none;
    for (unsigned i = 0; i < PAGE_SLOTS; i++) {
        for (struct block *k = b->page[i]; k; k = k->next_in_page)
            ram_set_code(ram, gpa_of(k->page << PAGE_SHIFT), 0);
        b->page[i] = NULL;
    }
    b->used = 0;
    b->emptied++;
}

/* What is left of the page's blocks says which lines are still told of. */
static void drop(void *context, gpa_t page, uint64_t lines)
{
    struct cpu *cpu = context;
    struct block **k =
        &cpu->p->blocks->page[(page.v >> PAGE_SHIFT) % PAGE_SLOTS];
    uint64_t left = 0;

    while (*k) {
        struct block *b = *k;

        if (b->page == page.v >> PAGE_SHIFT && b->lines & lines) {
            b->key = 0;
            *k = b->next_in_page;
        } else {
            if (b->page == page.v >> PAGE_SHIFT)
                left |= b->lines;
            k = &b->next_in_page;
        }
    }
    ram_set_code(cpu->ram, page, left);
}

enum hb_status blocks_create(struct cpu *cpu, struct hb_error *error)
{
    struct blocks *b = calloc(1, sizeof *b);

    cpu->p->blocks = b;
    if (!b)
        return hb_fail(error, HB_NO_MEMORY, "no memory for decoded code");
    b->page = calloc(PAGE_SLOTS, sizeof *b->page);
    b->arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!b->page || b->arena == MAP_FAILED) {
        blocks_destroy(cpu);
        return hb_fail(error, HB_NO_MEMORY, "no memory for decoded code");
    }
    empty(b, cpu->ram);
    cpu->ram->on_code = drop;
    cpu->ram->on_code_context = cpu;
    return HB_OK;
}

void blocks_destroy(struct cpu *cpu)
{
    struct blocks *b = cpu->p->blocks;

    if (!b)
        return;
    if (b->page && b->arena != MAP_FAILED)
        empty(b, cpu->ram); /* the RAM may outlive us */
    if (b->arena != MAP_FAILED)
        munmap(b->arena, ARENA_BYTES);
    free(b->page);
    free(b);
    cpu->p->blocks = NULL;
}

static bool ends(const struct insn *i)
{
    return i->op->flags & (F_END | F_CPL0);
}

/* Whole instructions of one page up to one that ends the block; 0: none. */
static unsigned decode_run(struct cpu *cpu, const uint8_t *host, unsigned room,
                           unsigned *bytes)
{
    struct insn *insn = cpu->p->blocks->insn;
    unsigned count = 0;

    *bytes = 0;
    while (count < BLOCK_INSNS && *bytes < room) {
        unsigned left = room - *bytes;

        if (!decode_ahead(cpu, &insn[count], host + *bytes,
                          left < MOST_BYTES ? left : MOST_BYTES))
            break;
        *bytes += insn[count].length;
        if (ends(&insn[count++]))
            break;
    }
    return count;
}

static void fill(struct block *b, const struct insn *insn)
{
    struct insn *kept = (struct insn *)(void *)&b->uop[b->count + 1];
    uint16_t at = 0;

    b->insn = kept;
    for (unsigned n = 0; n <= b->count; n++) {
        struct uop *u = &b->uop[n];

        *u = (struct uop){.number = (uint8_t)n, .at = at};
        if (n == b->count) {
            uop_make(b, u, NULL);
            break;
        }
        kept[n] = insn[n];
        if (insn[n].op == &insn[n].merged)
            kept[n].op = &kept[n].merged;
        u->bytes = insn[n].length;
        uop_make(b, u, &kept[n]);
        at = (uint16_t)(at + u->bytes);
    }
}

static const struct block *make(struct cpu *cpu, const struct tlb_entry *e,
                                uint32_t in_page, uint64_t key)
{
    struct blocks *all = cpu->p->blocks;
    const uint8_t *host = e->host + in_page;
    unsigned bytes, count;
    gpa_t at = gpa_of(e->frame + in_page);
    struct block *b, **list;

    count = decode_run(cpu, host, PAGE_BYTES - in_page, &bytes);
    if (!count)
        return NULL;
    if (all->used + block_bytes(count) > ARENA_BYTES)
        empty(all, cpu->ram);
    b = (struct block *)(void *)(all->arena + all->used);
    all->used += (block_bytes(count) + 63) & ~(size_t)63;
    *b = (struct block){.key = key,
                        .link = {&block_none, &block_none},
                        .page = e->frame >> PAGE_SHIFT,
                        .lines = ram_lines(at, bytes),
                        .count = (uint16_t)count,
                        .bytes = (uint16_t)bytes};
    fill(b, all->insn);
    list = &all->page[b->page % PAGE_SLOTS];
    b->next_in_page = *list;
    *list = b;
    if (ram_keep_code(cpu->ram, at, bytes))
        tlb_close_page(&cpu->tlb, gpa_of(e->frame));
    return b;
}

/* One that a newer block pushed out of its slot. */
static const struct block *find(const struct blocks *all, uint64_t page,
                                uint64_t key)
{
    const struct block *b = all->page[page % PAGE_SLOTS];

    while (b && b->key != key)
        b = b->next_in_page;
    return b;
}

const struct block *block_here(struct cpu *cpu)
{
    const struct cpu_segment *cs = &cpu->s.seg[CS];
    uint32_t at = cs->base + cpu->s.eip;
    const struct tlb_entry *e = tlb_entry(&cpu->tlb, gva_of(at));
    const struct block **slot;
    uint64_t key;

    if (!(e->fast & cpu->fast.code) || cpu->s.eip > cs->limit)
        return NULL;
    key = (uint64_t)(uintptr_t)(e->host + (at & PAGE_MASK)) + cpu->fast.mode;
    slot = block_slot(cpu->p->blocks, key);
    if ((*slot)->key != key) {
        const struct block *b =
            find(cpu->p->blocks, e->frame >> PAGE_SHIFT, key);

        if (!b)
            b = make(cpu, e, at & PAGE_MASK, key);
        if (!b)
            return NULL;
        *slot = b;
    }
    if (cs->limit - cpu->s.eip < (*slot)->bytes - 1u)
        return NULL;
    return *slot;
}
