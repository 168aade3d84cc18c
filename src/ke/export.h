/* src/ke/export.h -- one row per routine or variable that a guest image can
 * import. A row yields the export-directory entry, the stub, stack cleanup, the
 * IRQL check, the cost and the call trace. Folders hand their const tables to
 * the registry; the board lists the tables. */
#ifndef KE_EXPORT_H
#define KE_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

struct call;

/** INTERNAL rows have a stub but no name in an export directory: thread
 *  starts, completion routines, entries of tables of pointers. */
enum export_dll { NTOSKRNL, HAL, EXPORT_DLLS, INTERNAL = EXPORT_DLLS };
enum export_convention { STDCALL, FASTCALL, CDECL, DATA };
/** IRQLs. A row's column of levels is the highest that its routine may be
 * called at, or IRQL_FROM(lowest), or IRQL_ONLY(level). ANY_LEVEL: no check. */
enum {
    PASSIVE_LEVEL = 0,
    APC_LEVEL = 1,
    DISPATCH_LEVEL = 2,
    PROFILE_LEVEL = 27,
    CLOCK_LEVEL = 28,
    IPI_LEVEL = 29,
    POWER_LEVEL = 30,
    HIGH_LEVEL = 31,
    ANY_LEVEL = 31
};

struct export
{
    const char *name;
    void (*run)(struct call * c); /* NULL for DATA */
    uint8_t dll;                  /* enum export_dll */
    uint8_t convention;
    uint8_t slots;    /* argument dwords; DATA: bytes of the variable */
    uint8_t irql;     /* highest legal caller's IRQL */
    uint16_t ticks;   /* cost */
    uint8_t irql_low; /* lowest; | IRQL_TOLD: its folder tells of a wrong one */
};
enum { IRQL_TOLD = 0x80 };
#define IRQL_FROM(low)   ((low) << 8 | ANY_LEVEL)
#define IRQL_ONLY(level) ((level) << 8 | (level))

/** Row files read: EXPORT(IoMapTransfer, HAL, STDCALL, 6, DISPATCH_LEVEL, 50)
 *  and EXPORT_DATA(KeTickCount, NTOSKRNL, 12) (zeroed; ke_stub() gives its
 *  address for ke_write()). A folder turns them into its table with
 *      #define EXPORT(n, ...) void thunk_##n(struct call *c);
 *      #define EXPORT_DATA(...)
 *      #include "x/exports.def"
 *  once for the prototypes, and once with EXPORT_ROW(...), inside the array.
 *  A FASTCALL row's slots count ECX and EDX: slots 0 and 1. A Zw... row sets
 *  PreviousMode to KernelMode for its call unless it came by int 2Eh. */
#define EXPORT_ROW(name_, dll_, conv_, slots_, irql_, ticks_)                  \
    {                                                                          \
        .name = #name_, .run = thunk_##name_, .dll = (dll_),                   \
        .convention = (conv_), .slots = (slots_), .irql = (irql_)&0xff,        \
        .ticks = (ticks_), .irql_low = (irql_) >> 8                            \
    }
#define EXPORT_DATA_ROW(name_, dll_, bytes_)                                   \
    {                                                                          \
        .name = #name_, .dll = (dll_), .convention = DATA, .slots = (bytes_)   \
    }

/** A folder's rows and what its thunks get as c->context. */
struct export_table {
    const struct export *row;
    unsigned rows;
    void *context;
};

#endif
