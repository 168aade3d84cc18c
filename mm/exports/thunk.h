/* mm/exports/thunk.h -- what the memory manager's thunks share. */
#ifndef MM_THUNK_H
#define MM_THUNK_H

#include "ke/call.h"
#include "ke/ke.h"
#include "mm/mdl.h"
#include "mm/pool.h"
#include "mm/system.h"
#include "mm/user.h"

#define EXPORT(name, ...) void thunk_##name(struct call *c);
#define EXPORT_DATA(...)
#include "mm/exports/exports.def"
#undef EXPORT
#undef EXPORT_DATA

/* NTSTATUS values given here; source: ntstatus.h of the DDK */
#define STATUS_SUCCESS                 0x00000000u
#define STATUS_ACCESS_VIOLATION        0xc0000005u
#define STATUS_INVALID_PARAMETER       0xc000000du
#define STATUS_NO_MEMORY               0xc0000017u
#define STATUS_CONFLICTING_ADDRESSES   0xc0000018u
#define STATUS_NOT_MAPPED_VIEW         0xc0000019u
#define STATUS_INVALID_PAGE_PROTECTION 0xc0000045u
#define STATUS_INSUFFICIENT_RESOURCES  0xc000009au
#define STATUS_WORKING_SET_QUOTA       0xc00000a1u
#define STATUS_INVALID_PARAMETER_2     0xc00000f0u

static inline struct mm *call_mm(const struct call *c)
{
    return c->context;
}

/** call_space() - the address space that the caller runs in. */
uint32_t call_space(const struct call *c);
/** arg_mdl() - slot @i as an MDL: its header and PFN array are touched as the
 *  routine would, so a bad pointer is latched as a fault. */
gva_t arg_mdl(struct call *c, unsigned i);
/** arg_cache() - a MEMORY_CACHING_TYPE argument, by its low byte; false: no
 * such type. */
bool arg_cache(uint32_t type, enum mm_cache *out);
/** call_site() - the address that the running routine returns to. */
gva_t call_site(struct call *c);
/** call_own() - the caller's code owns the system PTEs at @va from now on:
 * leaks and shortage name it. */
void call_own(struct call *c, gva_t va);
/** call_exhausted() - no run of @pages system PTEs: 0x3F, or with TrackPtes
 *  0xD8 with the count of the image that holds most. */
void call_exhausted(struct call *c, uint32_t pages);
/** call_misused() - the bugcheck of @misuse; for HB_BAD_STATE. */
void call_misused(struct call *c, const struct mm_misuse *misuse);
/** call_released() - the end of a routine that unlocks or frees what @mdl
 *  describes: the bugcheck of @misuse, S10, or a return. */
void call_released(struct call *c, gva_t mdl, enum hb_status st,
                   const struct mm_misuse *misuse);
/** call_corrupt() - finding S10: the MDL at @mdl is no MDL. */
void call_corrupt(struct call *c, gva_t mdl);

#endif
