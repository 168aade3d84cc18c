/* src/ke/level.c -- the IRQL that a routine is called at, checked from its row.
 * Sources: the IRQL of each routine's WDK reference page; WDK, "Bug Check 0xC4:
 * DRIVER_VERIFIER_DETECTED_VIOLATION". */
#include <string.h>

#include "ke/private.h"

enum {
    WRONG_IRQL = 0xe5, /* a kernel routine called at a wrong IRQL */
    CHECKS_ITSELF = 0, /* the routine does, as it depends on its arguments */
};

/** Routines that have a violation of their own: (number, IRQL, argument 0). */
static const struct {
    const char *name;
    uint32_t number;
} special[] = {
    {"KfReleaseSpinLock", 0x32},
    {"KeReleaseSpinLock", 0x32},
    {"ExAcquireFastMutex", 0x33},
    {"ExReleaseFastMutex", 0x34},
    {"KeAcquireSpinLockAtDpcLevel", 0x40},
    {"KefAcquireSpinLockAtDpcLevel", 0x40},
    {"KeReleaseSpinLockFromDpcLevel", 0x41},
    {"KefReleaseSpinLockFromDpcLevel", 0x41},
    {"KfAcquireSpinLock", 0x42},
    {"KeAcquireSpinLock", 0x42},
    {"MmUnlockPages", 0x78},
    {"KeSetEvent", 0x80},
    {"KeWaitForSingleObject", CHECKS_ITSELF},
    {"KeWaitForMutexObject", CHECKS_ITSELF},
    {"KeWaitForMultipleObjects", CHECKS_ITSELF},
    {"MmProbeAndLockPages", CHECKS_ITSELF},
    {"MmMapIoSpace", CHECKS_ITSELF},
    {"MmUnmapIoSpace", CHECKS_ITSELF},
    {"IofCallDriver", CHECKS_ITSELF},
    {"IoCallDriver", CHECKS_ITSELF},
    {"PoCallDriver", CHECKS_ITSELF},
    {"IofCompleteRequest", CHECKS_ITSELF},
    {"IoCompleteRequest", CHECKS_ITSELF},
};

static uint32_t violation(const char *name)
{
    for (unsigned i = 0; i < sizeof special / sizeof special[0]; i++)
        if (!strcmp(special[i].name, name))
            return special[i].number;
    return WRONG_IRQL;
}

static uint32_t first_argument(const struct ke *ke, const struct export *row,
                               const struct record *r)
{
    if (!row->slots)
        return 0;
    return row->convention == FASTCALL
               ? r->reg[ECX]
               : ke_read_u32(ke, gva_of(r->entry_esp + 4));
}

static void tell(struct ke *ke, const struct export *row, uint8_t irql)
{
    char text[KE_TEXT];

    if (!ke->events->armed[EV_finding])
        return;
    if (irql > row->irql)
        snprintf(text, sizeof text, "%s called at IRQL %u, highest allowed %u",
                 row->name, irql, row->irql);
    else
        snprintf(text, sizeof text, "%s called at IRQL %u, lowest allowed %u",
                 row->name, irql, row->irql_low);
    EMIT(ke->events, finding, EVENT_STRING("IRQL"), EVENT_STRING(text));
}

bool level_check(struct ke *ke, const struct export *row,
                 const struct record *r)
{
    uint8_t irql = ke_irql(ke);
    uint32_t number;

    if (irql <= row->irql && irql >= (row->irql_low & ~IRQL_TOLD))
        return true;
    if (!(row->irql_low & IRQL_TOLD))
        tell(ke, row, irql);
    number = ke_checks(ke) ? violation(row->name) : (uint32_t)CHECKS_ITSELF;
    if (number == CHECKS_ITSELF)
        return true;
    ke->running = row->name;
    ke_bugcheck(ke, BUGCHECK_VERIFIER, number, irql, first_argument(ke, row, r),
                ke_read_u32(ke, gva_of(r->entry_esp)), NULL);
    ke->running = NULL;
    return false;
}
