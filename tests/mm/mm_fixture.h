/* tests/mm/mm_fixture.h -- RAM, TLB, events and a booted memory manager: no
 * CPU, no kernel. */
#ifndef TESTS_MM_FIXTURE_H
#define TESTS_MM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "mm/mdl.h"
#include "mm/pool.h"
#include "mm/system.h"
#include "mm/user.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

enum { SEEN_MOST = 4096 };

struct machine {
    struct ram ram;
    struct tlb tlb;
    struct clock clock;
    struct events events;
    struct mm mm;
    uint32_t user; /* a user address space */
    /* pte_write events since the last look */
    struct {
        uint32_t space, va;
        uint64_t old, new;
    } seen[SEEN_MOST];
    unsigned seen_count;
    unsigned findings;
    char rule[80]; /* of the last one */
};

/** machine_new() - @bytes of RAM as the board lays it out: 0-640K, 1-15M, 16M
 *  up to C0000000, the rest from 4 GiB. */
struct machine *machine_new(uint64_t bytes, const struct mm_settings *set);
void machine_free(struct machine *m);

/** The usual fixtures: 64 MiB and 32-bit tables; 6 GiB and PAE. */
int setup_32(void **state);
int setup_pae(void **state);
int setup_checks(void **state); /* as setup_32, the verifier's checks on */
int teardown(void **state);

/** What a two-line reader of the tables says @va shows: an oracle apart from
 *  mm's own walk. 0: not present. */
uint64_t entry_by_hand(const struct machine *m, uint32_t space, uint32_t va);

uint16_t peek16(const struct machine *m, uint32_t space, uint32_t va);
uint32_t peek32(const struct machine *m, uint32_t space, uint32_t va);
void poke32(struct machine *m, uint32_t space, uint32_t va, uint32_t v);
/** mdl_for() - a new MDL over @bytes at @va. flags_of()/mapped_of(): its fields
 *  as the guest reads them. pfn_in(): its PFN @i. */
gva_t mdl_for(struct machine *m, uint32_t va, uint32_t bytes);
unsigned flags_of(const struct machine *m, gva_t mdl);
uint32_t mapped_of(const struct machine *m, gva_t mdl);
uint32_t pfn_in(const struct machine *m, gva_t mdl, uint32_t i);
/** locked_for() - an MDL over fresh user pages, locked for writing. */
gva_t locked_for(struct machine *m, uint32_t offset, uint32_t bytes);
uint32_t pfn_of(const struct machine *m, uint32_t space, uint32_t va);

#endif
