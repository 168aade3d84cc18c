/* mm/exports/exports.c -- the table of rows, data exports, and what the thunks
 * share. */
#include "mm/exports/mm_exports.h"
#include "mm/exports/thunk.h"

#define EXPORT(...)      EXPORT_ROW(__VA_ARGS__),
#define EXPORT_DATA(...) EXPORT_DATA_ROW(__VA_ARGS__),
static const struct export rows[] = {
#include "mm/exports/exports.def"
};
#undef EXPORT
#undef EXPORT_DATA

struct export_table mm_table(struct mm *mm)
{
    return (struct export_table){rows, sizeof rows / sizeof rows[0], mm};
}

void mm_exports_boot(struct ke *ke)
{
    ke_write_u32(ke, ke_stub(ke, "MmHighestUserAddress"), MM_HIGHEST_USER);
    ke_write_u32(ke, ke_stub(ke, "MmSystemRangeStart"), MM_SYSTEM_START);
    ke_write_u32(ke, ke_stub(ke, "MmUserProbeAddress"), MM_USER_PROBE);
}

uint32_t call_space(const struct call *c)
{
    return ke_process_space(c->ke, ke_current_process(c->ke));
}

gva_t arg_mdl(struct call *c, unsigned i)
{
    gva_t mdl = call_va(c, i);
    uint32_t size = load_u16(c, gva_add(mdl, MDL_SIZE));

    load_u32(c, gva_add(mdl, MDL_BYTE_OFFSET));
    /* the PFN array: one touch a page; a field that lies is found later */
    for (uint32_t at = PAGE_BYTES; at < size && call_ok(c); at += PAGE_BYTES)
        load_u8(c, gva_add(mdl, at));
    if (size > MDL_BYTES)
        load_u8(c, gva_add(mdl, size - 1));
    return mdl;
}

void call_misused(struct call *c, const struct mm_misuse *m)
{
    call_bugcheck(c, m->code, m->p[0], m->p[1], m->p[2], m->p[3]);
}

void call_corrupt(struct call *c, gva_t mdl)
{
    call_finding(c, "S10", "the MDL at %08x contradicts itself", mdl.v);
}

void call_released(struct call *c, gva_t mdl, enum hb_status st,
                   const struct mm_misuse *misuse)
{
    if (st == HB_BAD_STATE) {
        call_misused(c, misuse);
        return;
    }
    if (st != HB_OK)
        call_corrupt(c, mdl);
    call_return(c, 0);
}
