/* mm/exports/system.c -- what drivers ask of the system as a whole. Source: WDK
 * reference pages; mm fact sheet 2. */
#include "mm/exports/thunk.h"

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

/* ---- paging of drivers: they are resident -----------------------------------
 */

/* Handle of a section: where its image begins, never NULL for an image. */
static gva_t image_of(const struct call *c, gva_t va)
{
    const struct pte_run *r = sysptes_find(call_mm(c), va);

    return r && r->use == PTES_IMAGE ? gva_of(r->va) : va;
}

/* PVOID MmLockPagableDataSection(AddressWithinSection) */
void thunk_MmLockPagableDataSection(struct call *c)
{
    call_return(c, image_of(c, call_va(c, 0)).v);
}

void thunk_MmLockPagableSectionByHandle(struct call *c)
{
    call_return(c, 0);
}

void thunk_MmUnlockPagableImageSection(struct call *c)
{
    call_return(c, 0);
}

/* PVOID MmPageEntireDriver(AddressWithinSection) */
void thunk_MmPageEntireDriver(struct call *c)
{
    call_return(c, image_of(c, call_va(c, 0)).v);
}

void thunk_MmResetDriverPaging(struct call *c)
{
    call_return(c, 0);
}
