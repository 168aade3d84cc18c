/* src/cpu/count.c -- counting instructions as they start. In blocks each
 * handler is called by one that counts: what nobody counts runs as ever. */
#include "cpu/count.h"

#include <stdlib.h>

#include "cpu/uop.h"

/** By linear page: numbers of the client's, NULL: nobody asks. */
struct code_counts {
    uint32_t *page[1 << (32 - PAGE_SHIFT)];
};

void code_started(const struct cpu *cpu, uint32_t eip)
{
    uint32_t at = cpu->s.seg[CS].base + eip;
    uint32_t *counts = cpu->p->counts->page[at >> PAGE_SHIFT];

    if (counts && counts[at & PAGE_MASK] != UINT32_MAX)
        counts[at & PAGE_MASK]++;
}

const struct uop *uop_counted(struct cpu *cpu, const struct uop *u)
{
    code_started(cpu, cpu->s.eip + u->at);
    return block_handlers(block_of(u))[u->number](cpu, u);
}

enum hb_status cpu_count_code(struct cpu *cpu, gva_t at, uint32_t bytes,
                              uint32_t *counts, struct hb_error *error)
{
    struct cpu_private *p = cpu->p;
    uint32_t first = at.v >> PAGE_SHIFT, pages = bytes >> PAGE_SHIFT;

    if (at.v & PAGE_MASK || bytes & PAGE_MASK ||
        first + (uint64_t)pages > sizeof p->counts->page / sizeof(uint32_t *))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "counting code at %08x, %u bytes: whole pages can be "
                       "counted",
                       at.v, bytes);
    if (!p->counts) {
        p->counts = calloc(1, sizeof *p->counts);
        if (!p->counts)
            return hb_fail(error, HB_NO_MEMORY, "no memory to count code");
        blocks_empty(cpu);
    }
    for (uint32_t i = 0; i < pages; i++)
        p->counts->page[first + i] = counts ? counts + i * PAGE_BYTES : NULL;
    return HB_OK;
}

void cpu_count_end(struct cpu *cpu)
{
    if (!cpu->p->counts)
        return;
    blocks_empty(cpu);
    free(cpu->p->counts);
    cpu->p->counts = NULL;
}
