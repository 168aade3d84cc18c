/* src/nt/power_info.c -- ZwPowerInformation: what the machine can, its battery
 * (none), its processor, when it slept (never). Source: WDK, winnt.h
 * (POWER_INFORMATION_LEVEL and its structures). */
#include <string.h>

#include "base/clock.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/service.h"

enum {
    POWER_CAPABILITIES = 4,
    POWER_BATTERY = 5,
    POWER_PROCESSOR = 11,
    POWER_SYSTEM = 12,
    POWER_LAST_WAKE = 14,
    POWER_LAST_SLEEP = 15,
    POWER_EXECUTION = 16,
};
enum { /* SYSTEM_POWER_CAPABILITIES */
       CAP_MIN_THROTTLE = 15,
       CAP_MAX_THROTTLE = 16,
       CAP_BYTES = 76,
};
enum { BATTERY_BYTES = 32, NO_COOLING_ZONE = 2 };

/* PROCESSOR_POWER_INFORMATION: an instruction each tick, at one speed. */
static uint32_t processor(const struct nt *nt, uint8_t *out)
{
    uint32_t mhz = 1000 / nt->w.clock->ns_per_tick;
    uint32_t w[6] = {0, mhz, mhz, mhz};

    memcpy(out, w, sizeof w);
    return sizeof w;
}

/* Bytes of the answer at @out; 0: no such level. */
static uint32_t answer(const struct nt *nt, uint32_t level,
                       uint8_t out[CAP_BYTES])
{
    memset(out, 0, CAP_BYTES);
    switch (level) {
    case POWER_CAPABILITIES: /* no buttons, no sleep: the board has no ACPI */
        out[CAP_MIN_THROTTLE] = out[CAP_MAX_THROTTLE] = 100;
        return CAP_BYTES;
    case POWER_BATTERY:
        out[0] = 1; /* AcOnLine */
        return BATTERY_BYTES;
    case POWER_PROCESSOR:
        return processor(nt, out);
    case POWER_SYSTEM: /* no idleness leads to sleep */
        out[12] = NO_COOLING_ZONE;
        return 16;
    case POWER_LAST_WAKE:
    case POWER_LAST_SLEEP:
        return 8;
    case POWER_EXECUTION:
        return 4;
    default:
        return 0;
    }
}

/* NTSTATUS ZwPowerInformation(Level, *In, InLength, *Out, OutLength): these
 * levels take nothing in. */
void thunk_ZwPowerInformation(struct call *c)
{
    uint8_t out[CAP_BYTES];
    uint32_t bytes = answer(nt_of(c), call_u32(c, 0), out);
    uint32_t at = call_u32(c, 3), status = STATUS_SUCCESS;

    if (bytes == 0)
        status = STATUS_NOT_IMPLEMENTED;
    else if (call_u32(c, 1) || call_u32(c, 2) || at == 0)
        status = STATUS_INVALID_PARAMETER;
    else if (call_u32(c, 4) < bytes)
        status = STATUS_BUFFER_TOO_SMALL;
    else if (!probe(c, at, bytes))
        status = STATUS_ACCESS_VIOLATION;
    else
        store(c, gva_of(at), out, bytes);
    call_return(c, call_caught(c) ? STATUS_ACCESS_VIOLATION : status);
}
