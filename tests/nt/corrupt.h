/* tests/nt/corrupt.h -- lists in guest memory, made wrong in every way that a
 * driver can: a table of (list, routine), each row run once per way on a fresh
 * machine. The routine returns, raises or is a bugcheck, in bounded time. */
#ifndef TESTS_NT_CORRUPT_H
#define TESTS_NT_CORRUPT_H

#include "caller.h"

enum { CORRUPT_ARGS = 16 };

/** What a row has built: a healthy list, and the call. */
struct corrupt {
    uint32_t link;  /* address of the dword that is made wrong           */
    uint32_t self;  /* what it would hold to lead back to its own entry  */
    uint32_t first; /* ... to the list's first entry                     */
    unsigned count;
    uint32_t args[CORRUPT_ARGS];
    bool fast;     /* the first two in ECX and EDX                      */
    uint32_t pops; /* bytes that the caller takes off: cdecl            */
    bool status;   /* 0 comes back as long as nothing is wrong          */
    uint32_t code; /* to call in place of the routine, 0: the routine   */
};

/** The link as it is; to itself; to the first; 0; unmapped kernel memory; a
 *  mapped page of device memory that nobody decodes; one byte too far; a page
 *  of adapter RAM in which each dword leads to the page's beginning. */
enum { CORRUPT_WAYS = 8, CORRUPT_NOBODYS = 5, CORRUPT_ADAPTER = 7 };

/** @ends has a letter for each way:
 *  .  it returned    :  the same, with a finding that the list has no end
 *  f  a fault: STATUS_ACCESS_VIOLATION, or bugcheck 0x50, 0x0A, 0x1E, 0x7E;
 *     which of them is a matter of what lay there
 *  p  bugcheck 0xC2, BAD_POOL_CALLER    !  p, f or e: by what lay there;
 *                                      *  these, or it returned
 *  e  another exception                 4  0x44, MULTIPLE_IRP_COMPLETE_REQUESTS
 *  d  0xE2, as asked for                ?  another bugcheck: never right
 *  W  it has not come back: never right */
struct corrupt_row {
    const char *routine, *list, *ends;
    void (*build)(struct caller *c, struct corrupt *how);
};

/** corrupt_run() - all rows; prints how many there were. */
void corrupt_run(const struct corrupt_row *row, unsigned count);
/** corrupt_machine() - a fresh one to do it on. corrupt_link() - make it wrong
 *  in this way; what corrupt_run() does. */
struct caller *corrupt_machine(unsigned way);
void corrupt_link(struct caller *c, const struct corrupt *how, unsigned way);
/** CORRUPT_CALL() - the arguments. CORRUPT_STATUS() - of a routine that returns
 *  STATUS_SUCCESS. */
#define CORRUPT_CALL(how, ...)                                                 \
    do {                                                                       \
        const uint32_t args_[] = {__VA_ARGS__};                                \
        (how)->count = sizeof args_ / sizeof args_[0];                         \
        memcpy((how)->args, args_, sizeof args_);                              \
    } while (0)
#define CORRUPT_STATUS(how, ...)                                               \
    do {                                                                       \
        CORRUPT_CALL(how, __VA_ARGS__);                                        \
        (how)->status = true;                                                  \
    } while (0)
/** corrupt_ring() - @count entries of @stride bytes at @entry in a ring of
 *  LIST_ENTRYs (at @at in each) with its head; *how is about the last entry's
 *  Flink. corrupt_chain() - single links that end with 0. */
void corrupt_ring(struct caller *c, struct corrupt *how, uint32_t head,
                  uint32_t entry, unsigned count, uint32_t stride);
void corrupt_chain(struct caller *c, struct corrupt *how, uint32_t head,
                   uint32_t entry, unsigned count, uint32_t stride);

#endif
