/* src/nt/exports.h -- the executive's rows and the prototypes of their thunks.
 * One row, one routine, one test. */
#ifndef NT_EXPORTS_H
#define NT_EXPORTS_H

#include "ke/call.h"
#include "ke/export.h"

#define EXPORT(name, ...) void thunk_##name(struct call *c);
#define EXPORT_DATA(...)
#include "nt/exports.def"
#include "nt/exports_ex.def"
#include "nt/exports_rtl.def"
#include "nt/internal.def"
#undef EXPORT
#undef EXPORT_DATA

extern const struct export nt_exports[];
extern const unsigned nt_exports_count;
extern const struct export nt_rtl_exports[];
extern const unsigned nt_rtl_exports_count;
extern const struct export nt_internal_exports[];
extern const unsigned nt_internal_exports_count;

#endif
