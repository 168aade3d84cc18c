/* src/nt/lookaside.c -- lookaside lists: the kernel fills the fields, drivers
 * allocate and free inline. Real builds align the structure to a cache line, so
 * fields alone are written, never an assumed size. Source: WDK
 * ExInitializeNPagedLookasideList; layouts of GENERAL_LOOKASIDE. */
#include "nt/exports.h"
#include "nt/guest.h"

enum { /* GENERAL_LOOKASIDE */
       LIST_HEAD = 0,
       DEPTH = 8,
       MAXIMUM_DEPTH = 0xa,
       COUNTERS =
           0xc, /* TotalAllocates, AllocateMisses, TotalFrees, FreeMisses */
       TYPE = 0x1c,
       POOL_TAG = 0x20,
       SIZE = 0x24,
       ALLOCATE = 0x28,
       FREE = 0x2c,
       LIST_ENTRY = 0x30,
};
enum { FIRST_DEPTH = 4, MOST_DEPTH = 256, LEAST_BYTES = 8 };
enum { BLOCKS_MOST = 65536 }; /* Depth has 16 bits */
enum { W_FREED };

/* (Lookaside, Allocate, Free, Flags, Size, Tag, Depth): Depth is reserved. */
static void initialize(struct call *c, uint32_t type)
{
    uint32_t at = call_u32(c, 0), allocate = call_u32(c, 1);
    uint32_t size = call_u32(c, 4), free_routine = call_u32(c, 2);

    store_u64(c, gva_of(at + LIST_HEAD), 0);
    store_u16(c, gva_of(at + DEPTH), FIRST_DEPTH);
    store_u16(c, gva_of(at + MAXIMUM_DEPTH), MOST_DEPTH);
    store_zero(c, gva_of(at + COUNTERS), 16);
    store_u32(c, gva_of(at + TYPE), type | call_u32(c, 3));
    store_u32(c, gva_of(at + POOL_TAG), call_u32(c, 5));
    store_u32(c, gva_of(at + SIZE), size < LEAST_BYTES ? LEAST_BYTES : size);
    store_u32(c, gva_of(at + ALLOCATE),
              allocate ? allocate : call_stub(c, "ExAllocatePoolWithTag").v);
    store_u32(c, gva_of(at + FREE),
              free_routine ? free_routine : call_stub(c, "ExFreePool").v);
    store_u32(c, gva_of(at + LIST_ENTRY), at + LIST_ENTRY);
    store_u32(c, gva_of(at + LIST_ENTRY + 4), at + LIST_ENTRY);
    if (call_ok(c))
        call_return(c, 0);
}

void thunk_ExInitializeNPagedLookasideList(struct call *c)
{
    initialize(c, 0);
}

void thunk_ExInitializePagedLookasideList(struct call *c)
{
    initialize(c, 1);
}

/* Frees what lies on the list, one callback each. A Free routine that keeps the
 * blocks would never see the end of a circle. */
static void delete_list(struct call *c)
{
    uint32_t at = call_u32(c, 0);
    uint32_t first = load_u32(c, gva_of(at + LIST_HEAD)), routine;

    if (!call_ok(c))
        return;
    if (first && c->w[W_FREED]++ == BLOCKS_MOST)
        call_finding(c, "lookaside", "lookaside list %08X has no end", at);
    if (!first || c->w[W_FREED] > BLOCKS_MOST) {
        call_return(c, 0);
        return;
    }
    store_u32(c, gva_of(at + LIST_HEAD), load_u32(c, gva_of(first)));
    routine = load_u32(c, gva_of(at + FREE));
    if (call_ok(c))
        call_guest(c, gva_of(routine), 1, &first, 1);
}

void thunk_ExDeleteNPagedLookasideList(struct call *c)
{
    delete_list(c);
}

void thunk_ExDeletePagedLookasideList(struct call *c)
{
    delete_list(c);
}
