/* mm/exports/system.c -- what drivers ask of the system as a whole. Source: WDK
 * reference pages; mm fact sheet 2. */
#include "mm/exports/thunk.h"
#include "mm/section.h"

/* MM_SYSTEMSIZE MmQuerySystemSize(VOID) */
void thunk_MmQuerySystemSize(struct call *c)
{
    uint64_t mib = call_mm(c)->ram->bytes >> 20;

    call_return(c, mib < 16 ? 0 : mib < 64 ? 1 : 2);
}

/* BOOLEAN MmIsThisAnNtAsSystem(VOID): a workstation */
void thunk_MmIsThisAnNtAsSystem(struct call *c)
{
    call_return(c, 0);
}

/* LOGICAL MmIsDriverVerifying(DriverObject) */
void thunk_MmIsDriverVerifying(struct call *c)
{
    call_return(c, call_mm(c)->s.settings.checks);
}

/* PVOID MmGetSystemRoutineAddress(SystemRoutineName) */
void thunk_MmGetSystemRoutineAddress(struct call *c)
{
    gva_t string = call_va(c, 0), at;
    uint32_t chars = load_u16(c, string) / 2u;
    gva_t text = gva_of(load_u32(c, gva_add(string, 4)));
    char name[128];

    if (chars >= sizeof name)
        chars = 0; /* no export's name is that long */
    for (uint32_t i = 0; i < chars && call_ok(c); i++) {
        uint16_t ch = load_u16(c, gva_add(text, 2 * i));

        name[i] = ch < 0x80 ? (char)ch : '?';
    }
    name[chars] = 0;
    if (!call_ok(c))
        return;
    at = ke_export_address(c->ke, "ntoskrnl.exe", name, 0);
    if (!at.v)
        at = ke_export_address(c->ke, "hal.dll", name, 0);
    call_return(c, at.v);
}

/* ---- paging of drivers ------------------------------------------------------
 */

/* A section that is not locked, not there, or that cannot be read. */
static void not_locked(struct call *c, enum hb_status st,
                       const struct mm_misuse *misuse)
{
    if (st == HB_BAD_STATE)
        call_misused(c, misuse);
    else /* KERNEL_DATA_INPAGE_ERROR */
        call_bugcheck(c, 0x7a, 0, STATUS_INSUFFICIENT_RESOURCES, 0,
                      call_u32(c, 0));
}

/* PVOID MmLockPagableDataSection(AddressWithinSection): the handle is where the
 * section begins */
void thunk_MmLockPagableDataSection(struct call *c)
{
    gva_t va = call_va(c, 0);
    struct mm_misuse why;
    enum hb_status st = section_lock(call_mm(c), va, &why);

    if (st == HB_OK)
        call_return(c, section_find(call_mm(c), va)->va);
    else
        not_locked(c, st, &why);
}

/* VOID MmLockPagableSectionByHandle(ImageSectionHandle) */
void thunk_MmLockPagableSectionByHandle(struct call *c)
{
    thunk_MmLockPagableDataSection(c);
}

/* VOID MmUnlockPagableImageSection(ImageSectionHandle) */
void thunk_MmUnlockPagableImageSection(struct call *c)
{
    struct mm_misuse why;
    enum hb_status st = section_unlock(call_mm(c), call_va(c, 0), &why);

    if (st == HB_OK)
        call_return(c, 0);
    else
        not_locked(c, st, &why);
}

static void page_driver(struct call *c, bool on)
{
    gva_t image = {0};
    enum hb_status st = section_page_all(call_mm(c), call_va(c, 0), on, &image);

    if (st == HB_NO_PAGES)
        not_locked(c, st, NULL);
    else
        call_return(c, image.v);
}

/* PVOID MmPageEntireDriver(AddressWithinSection): the image's base, NULL when
 * the address is in none */
void thunk_MmPageEntireDriver(struct call *c)
{
    page_driver(c, true);
}

/* VOID MmResetDriverPaging(AddressWithinSection) */
void thunk_MmResetDriverPaging(struct call *c)
{
    page_driver(c, false);
}
