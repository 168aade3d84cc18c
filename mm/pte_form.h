/* mm/pte_form.h -- what an entry says when the CPU does not look at it: the
 * forms of invalid entries and their protection codes. Source: docs/mm.md,
 * "Page tables"; ReactOS mmtypes.h for the places of the fields. */
#ifndef MM_PTE_FORM_H
#define MM_PTE_FORM_H

#include "mm/pte.h"

enum pte_kind {
    PTE_ZERO,         /* nothing is there                                   */
    PTE_VALID,        /* the CPU's                                          */
    PTE_DEMAND_ZERO,  /* a zeroed page comes with the first touch           */
    PTE_PAGE_FILE,    /* the page is in the paging file                     */
    PTE_TRANSITIONAL, /* the page is still in RAM                          */
    PTE_PROTO,        /* see the prototype entry elsewhere                  */
    PTE_UNKNOWN,      /* none of these: a run of free or reserved entries   */
};

struct pte_form {
    enum pte_kind kind;
    uint32_t code;      /* protection, five bits                            */
    uint32_t pfn;       /* of valid and transition entries                  */
    uint32_t file;      /* paging file's number, 0..15                      */
    uint32_t slot;      /* page in it, 1..                                  */
    uint32_t prototype; /* PAE: address; 32-bit: offset from paged pool     */
};

/** Protection codes; modifiers are added. */
enum {
    CODE_READ = 1,
    CODE_EXECUTE = 2,
    CODE_EXECUTE_READ = 3,
    CODE_WRITE = 4,
    CODE_COPY = 5,
    CODE_EXECUTE_WRITE = 6,
    CODE_EXECUTE_COPY = 7,
    CODE_GUARD = 0x10, /* alone: decommitted */
    CODE_NO_ACCESS = 0x18,
};

/** pte_decode() - the form of @e in this machine's format. */
struct pte_form pte_decode(const struct mm *mm, uint64_t e);
/** pte_rights() - MM_x of a protection code. */
unsigned pte_rights(uint32_t code);
/** pte_code() - the protection code of MM_x. */
uint32_t pte_code(unsigned rights);
/** pte_entry_rights() - MM_x of a valid entry or of what it waits to be;
 *  MM_USER by the address it is for. */
unsigned pte_entry_rights(const struct mm *mm, gva_t va, uint64_t e);

/** pte_demand_zero(), pte_transition(), pte_page_file() - entries to write. */
uint64_t pte_demand_zero(unsigned rights);
/** pte_decommitted() - no page is promised there any more. */
uint64_t pte_decommitted(void);
uint64_t pte_transition(gpa_t pa, unsigned rights);
uint64_t pte_page_file(const struct mm *mm, uint32_t slot, unsigned rights);

#endif
