/* mm/exports/mdl.c -- IoAllocateMdl and the MDL's own routines. Source: WDK
 * reference pages; mm fact sheet 1. */
#include "mm/exports/thunk.h"

enum { IRP_MDL = 0x04, CHAIN_MOST = 4096 };

/* ---- making and freeing -----------------------------------------------------
 */

/* The MDL goes to the end of the IRP's chain; a chain that bites its own tail
 * ends after as many as there can be. */
static void append(struct call *c, gva_t irp, gva_t mdl)
{
    gva_t link = gva_add(irp, IRP_MDL);
    uint32_t next = load_u32(c, link);

    for (unsigned n = 0; next && n < CHAIN_MOST && call_ok(c); n++) {
        link = gva_of(next + MDL_NEXT);
        next = load_u32(c, link);
    }
    if (next)
        call_finding(c, "S10", "the MDL chain of IRP %08x has no end", irp.v);
    else
        store_u32(c, link, mdl.v);
}

/* PMDL IoAllocateMdl(VirtualAddress, Length, SecondaryBuffer, ChargeQuota,
 *     Irp) */
void thunk_IoAllocateMdl(struct call *c)
{
    gva_t irp = call_va(c, 4), mdl;
    bool secondary = call_bool(c, 2);

    if (irp.v)
        load_u32(c, gva_add(irp, IRP_MDL));
    if (!call_ok(c))
        return;
    if (mdl_create(call_mm(c), call_va(c, 0), call_u32(c, 1), &mdl) != HB_OK) {
        call_return(c, 0);
        return;
    }
    if (irp.v && secondary)
        append(c, irp, mdl);
    else if (irp.v)
        store_u32(c, gva_add(irp, IRP_MDL), mdl.v);
    if (!call_ok(c))
        mdl_free(call_mm(c), 0, mdl, NULL);
    else
        call_return(c, mdl.v);
}

/* VOID IoFreeMdl(Mdl) */
void thunk_IoFreeMdl(struct call *c)
{
    gva_t mdl = call_va(c, 0);
    struct mm_misuse why;
    enum hb_status st;

    load_u32(c, gva_add(mdl, MDL_BYTE_OFFSET));
    if (!call_ok(c))
        return;
    st = mdl_free(call_mm(c), call_space(c), mdl, &why);
    if (st == HB_BAD_STATE)
        call_misused(c, &why);
    else
        call_return(c, 0);
}

/* PMDL MmCreateMdl(MemoryDescriptorList OPTIONAL, Base, Length) */
void thunk_MmCreateMdl(struct call *c)
{
    gva_t mdl = call_va(c, 0), base = call_va(c, 1);
    uint32_t bytes = call_u32(c, 2);
    enum { TAG = 0x206c644d }; /* "Mdl " */

    if (!mdl.v && pool_alloc(call_mm(c), POOL_NONPAGED,
                             MDL_BYTES + 4 * mm_span(base.v, bytes), TAG,
                             &mdl) != HB_OK) {
        call_return(c, 0);
        return;
    }
    store_zero(c, gva_add(mdl, MDL_NEXT), 8);
    store_u32(c, gva_add(mdl, MDL_BYTE_OFFSET), 0);
    if (!call_ok(c))
        return;
    mdl_init(call_mm(c), call_space(c), mdl, base, bytes, 0);
    call_return(c, mdl.v);
}

/* SIZE_T MmSizeOfMdl(Base, Length) */
void thunk_MmSizeOfMdl(struct call *c)
{
    call_return(c, MDL_BYTES + 4 * mm_span(call_u32(c, 0), call_u32(c, 1)));
}

/* ---- describing -------------------------------------------------------------
 */

/* VOID IoBuildPartialMdl(SourceMdl, TargetMdl, VirtualAddress, Length) */
void thunk_IoBuildPartialMdl(struct call *c)
{
    gva_t source = arg_mdl(c, 0), target = arg_mdl(c, 1);
    struct mm_misuse why;
    enum hb_status st;

    if (!call_ok(c))
        return;
    st = mdl_partial(call_mm(c), call_space(c), source, target, call_va(c, 2),
                     call_u32(c, 3), &why);
    if (st == HB_BAD_STATE) {
        call_misused(c, &why);
        return;
    }
    if (st != HB_OK)
        call_corrupt(c, source);
    call_return(c, 0);
}

/* NTSTATUS MmAdvanceMdl(Mdl, NumberOfBytes) */
void thunk_MmAdvanceMdl(struct call *c)
{
    gva_t mdl = arg_mdl(c, 0);
    struct mm_misuse why;
    enum hb_status st;

    if (!call_ok(c))
        return;
    st = mdl_advance(call_mm(c), call_space(c), mdl, call_u32(c, 1), &why);
    if (st == HB_BAD_STATE)
        call_misused(c, &why);
    else
        call_return(c,
                    st == HB_OK ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_2);
}

/* VOID MmBuildMdlForNonPagedPool(Mdl) */
void thunk_MmBuildMdlForNonPagedPool(struct call *c)
{
    gva_t mdl = arg_mdl(c, 0);
    struct mm_misuse why;
    enum hb_status st;

    if (!call_ok(c))
        return;
    st = mdl_build_nonpaged(call_mm(c), call_space(c), mdl, &why);
    if (st == HB_BAD_STATE) {
        if (why.code == 0xc4)
            why.p[1] = call_irql(c);
        call_misused(c, &why);
        return;
    }
    if (st != HB_OK)
        call_corrupt(c, mdl);
    call_return(c, 0);
}

/* ---- locking ----------------------------------------------------------------
 */

/* The verifier's rule: 0xC4(70h, IRQL, MDL, mode). */
static bool too_high_to_lock(struct call *c, gva_t mdl)
{
    if (call_irql(c) <= DISPATCH_LEVEL || !call_mm(c)->s.settings.checks)
        return false;
    call_bugcheck(c, 0xc4, 0x70, call_irql(c), mdl.v, call_u8(c, 1));
    return true;
}

/* MDL-021: from DISPATCH_LEVEL on no page comes in, so touching one that is
 * away is the fault that the driver would have. */
static void touch_pages(struct call *c, gva_t at)
{
    struct mdl m;
    gpa_t pa;

    if (call_irql(c) < DISPATCH_LEVEL ||
        mdl_load(call_mm(c), call_space(c), at, &m) != HB_OK)
        return;
    for (uint32_t i = 0; i < m.pages && call_ok(c); i++) {
        gva_t page = gva_of(m.start + i * PAGE_BYTES);

        if (!mm_physical(call_mm(c), call_space(c), page, &pa))
            load_u8(c, page);
    }
}

/* VOID MmProbeAndLockPages(Mdl, AccessMode, Operation): errors are raised */
void thunk_MmProbeAndLockPages(struct call *c)
{
    gva_t mdl = arg_mdl(c, 0);
    uint32_t access = call_u32(c, 2);
    struct mm_misuse why;
    enum hb_status st;

    if (!call_ok(c) || too_high_to_lock(c, mdl))
        return;
    touch_pages(c, mdl);
    if (!call_ok(c))
        return;
    st = mdl_lock(call_mm(c), call_space(c), mdl, call_u8(c, 1) == USER_MODE,
                  access > MDL_MODIFY_ACCESS ? MDL_MODIFY_ACCESS
                                             : (enum mdl_access)access,
                  &why);
    if (st == HB_OK) {
        mdl_lock_own(call_mm(c), mdl, call_site(c));
        call_return(c, 0);
    } else if (st == HB_BAD_STATE) {
        call_misused(c, &why);
    } else if (st == HB_NO_PAGES) {
        call_raise(c, STATUS_WORKING_SET_QUOTA);
    } else {
        if (st == HB_BAD_ARGUMENT)
            call_corrupt(c, mdl);
        call_raise(c, STATUS_ACCESS_VIOLATION);
    }
}

/* VOID MmUnlockPages(Mdl) */
void thunk_MmUnlockPages(struct call *c)
{
    gva_t mdl = arg_mdl(c, 0);
    struct mm_misuse why;

    if (call_ok(c))
        call_released(c, mdl, mdl_unlock(call_mm(c), call_space(c), mdl, &why),
                      &why);
}
