/* src/cpu/block.c -- making, finding and dropping blocks. Who writes RAM tells
 * (mm/ram.h), whoever it is, and the blocks on the lines written go. */
#include "cpu/block.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ARENA_BYTES = 32 << 20, PAGE_SLOTS = 4096 };

const struct block block_none;

static size_t block_bytes(unsigned count, bool counted)
{
    return sizeof(struct block) + (count + 1) * sizeof(struct uop) +
           count * (sizeof(struct insn) + (counted ? sizeof(uop_run *) : 0));
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
    memset(b->spare, 0, sizeof b->spare);
    b->used = 0;
    b->emptied++;
}

void blocks_empty(struct cpu *cpu)
{
    empty(cpu->p->blocks, cpu->ram);
}

/* What is left of the page's blocks says which lines are still told of. */
static void drop(void *context, gpa_t page, uint64_t lines)
{
    struct cpu *cpu = context;
    struct blocks *all = cpu->p->blocks;
    struct block **k = &all->page[(page.v >> PAGE_SHIFT) % PAGE_SLOTS];
    uint64_t left = 0;

    while (*k) {
        struct block *b = *k;

        if (b->page == page.v >> PAGE_SHIFT && b->lines & lines) {
            b->key = 0;
            *k = b->next_in_page;
            b->next_in_page = all->spare[b->count];
            all->spare[b->count] = b;
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

/* Who counts is called in the handler's place. */
static void count_first(struct block *b, struct uop *u)
{
    block_handlers(b)[u->number] = u->run;
    u->run = uop_counted;
}

static void fill(struct block *b, const struct insn *insn, bool counted)
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
        if (counted)
            count_first(b, u);
        at = (uint16_t)(at + u->bytes);
    }
}

/* Room for @count instructions: a dropped block's, or new. Links that still
 * lead there compare the key. */
static struct block *room_for(struct blocks *all, struct ram *ram,
                              unsigned count, bool counted)
{
    size_t bytes = block_bytes(count, counted);
    struct block *b = all->spare[count];

    if (b) {
        all->spare[count] = b->next_in_page;
        return b;
    }
    if (all->used + bytes > ARENA_BYTES)
        empty(all, ram);
    b = (struct block *)(void *)(all->arena + all->used);
    all->used += (bytes + 63) & ~(size_t)63;
    return b;
}

static const struct block *make(struct cpu *cpu, const struct tlb_entry *e,
                                uint32_t in_page, uint64_t key)
{
    struct blocks *all = cpu->p->blocks;
    bool counted = cpu->p->counts != NULL;
    unsigned bytes = 0, count;
    gpa_t at = gpa_of(e->frame + in_page);
    struct block *b, **list;

    count = decode_run(cpu, all->insn, BLOCK_INSNS, e->host + in_page,
                       PAGE_BYTES - in_page);
    if (!count)
        return NULL;
    for (unsigned n = 0; n < count; n++)
        bytes += all->insn[n].length;
    b = room_for(all, cpu->ram, count, counted);
    *b = (struct block){.key = key,
                        .link = {&block_none, &block_none},
                        .page = e->frame >> PAGE_SHIFT,
                        .lines = ram_lines(at, bytes),
                        .count = (uint16_t)count,
                        .bytes = (uint16_t)bytes};
    fill(b, all->insn, counted);
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

/* Where it lies and the bytes there now; false: not near a page's end, or not
 * in the TLB. */
static bool crossing_bytes(struct cpu *cpu, struct crossing *now)
{
    const struct cpu_segment *cs = &cpu->s.seg[CS];
    uint32_t at = cs->base + cpu->s.eip, in_page = at & PAGE_MASK;
    uint32_t first = PAGE_BYTES - in_page;
    const struct tlb_entry *e = tlb_entry(&cpu->tlb, gva_of(at)), *next;

    if (first >= CROSSING_BYTES || cpu->s.eip > cs->limit ||
        cs->limit - cpu->s.eip < CROSSING_BYTES)
        return false;
    next = tlb_entry(&cpu->tlb, gva_of(at + first));
    if (!(e->fast & next->fast & cpu->fast.code))
        return false;
    now->key = (uint64_t)(uintptr_t)(e->host + in_page) + cpu->fast.mode;
    now->second = next->host;
    memcpy(now->bytes, e->host + in_page, first);
    memcpy(now->bytes + first, next->host, CROSSING_BYTES - first);
    return true;
}

const struct insn *crossing_here(struct cpu *cpu, bool make_it)
{
    struct crossing now, *kept;

    if (!crossing_bytes(cpu, &now))
        return NULL;
    kept = &cpu->p->blocks->crossing[(now.key ^ now.key >> 12) % CROSSINGS];
    if (kept->key == now.key && kept->second == now.second &&
        !memcmp(kept->bytes, now.bytes, kept->insn.length))
        return &kept->insn;
    if (!make_it)
        return NULL;
    kept->key = 0;
    if (!decode_run(cpu, &kept->insn, 1, now.bytes, CROSSING_BYTES) ||
        kept->insn.length <= PAGE_BYTES - (now.key & PAGE_MASK))
        return NULL;
    kept->key = now.key;
    kept->second = now.second;
    memcpy(kept->bytes, now.bytes, CROSSING_BYTES);
    return &kept->insn;
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
        const struct block *b;

        if (crossing_here(cpu, false))
            return NULL;
        b = find(cpu->p->blocks, e->frame >> PAGE_SHIFT, key);
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
