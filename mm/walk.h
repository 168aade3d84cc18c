/* mm/walk.h -- the page walk: one reader for CPU, HAL, mm and debugger.
 * Source: SDM vol. 3A, 4.3-4.7. Two formats, 32-bit and PAE, are two short
 * functions behind one interface. */
#ifndef MM_WALK_H
#define MM_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/ram.h"

enum {
    PTE_P = 1u << 0,
    PTE_RW = 1u << 1,
    PTE_US = 1u << 2,
    PTE_PWT = 1u << 3,
    PTE_PCD = 1u << 4,
    PTE_A = 1u << 5,
    PTE_D = 1u << 6,
    PTE_PS = 1u << 7,
    PTE_G = 1u << 8,
};
#define PTE_NX ((uint64_t)1 << 63)

/** #PF error code, SDM vol. 3A 4.7. */
enum { PF_P = 1, PF_W = 2, PF_U = 4, PF_RSVD = 8, PF_I = 16 };

struct walk_in {
    gpa_t cr3;
    uint64_t pdpte[4]; /* PAE: the CPU's copies, loaded with CR3 */
    bool paging, pae, pse, pge, nx, wp;
    bool user, write, fetch; /* the access */
    uint8_t physical_bits;   /* 32..52: reserved-bit checks under PAE */
};

struct walk_out {
    gpa_t pa;
    uint32_t page_bytes; /* 4 KiB, 2 MiB, 4 MiB */
    uint64_t rights;     /* PTE_RW | PTE_US over all levels, PTE_NX if any */
    bool global, dirty;  /* of the leaf */
    gpa_t slot[3];       /* where each level's entry lies */
    uint64_t entry[3];
    unsigned leaf;        /* index of the last level used */
    unsigned entry_bytes; /* 4 or 8 */
    uint32_t error;       /* #PF code when the walk is false */
};

/** walk() - translate @va. True: all of @out but `error`. False: `error`, and
 *  slot/entry/leaf up to where it ended. Only reads memory. With paging off
 *  every address is itself. */
bool walk(const struct ram *ram, const struct walk_in *in, gva_t va,
          struct walk_out *out);
/** walk_touch() - set accessed on all levels and dirty on the leaf when
 *  @write; only a CPU access calls it. */
void walk_touch(struct ram *ram, const struct walk_out *out, bool write);
/** walk_load_pdptes() - PAE: the four entries at @cr3. False: a present one
 *  has a reserved bit set (#GP). */
bool walk_load_pdptes(const struct ram *ram, struct walk_in *in);

#endif
