/* src/nt/arbiter.h -- who gets which ports, memory, interrupt lines and DMA
 * channels: one book for Plug and Play devices and for drivers that report for
 * themselves. Source: hal_io fact sheet 2, 3; WDK, "Hardware Resources". */
#ifndef NT_ARBITER_H
#define NT_ARBITER_H

#include "nt/private.h"

static inline uint16_t get_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t get_le32(const uint8_t *p)
{
    return get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}
static inline uint64_t get_le64(const uint8_t *p)
{
    return get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

/** resource_known() - is it one that is arbitrated? */
static inline bool resource_known(uint8_t type)
{
    return type >= NT_PORT && type <= NT_DMA;
}

/** For whom something is sought. */
struct arbiter {
    struct nt *nt;
    uint32_t number;            /* PnP device, NT_NONE: a driver's own      */
    uint32_t driver;            /* its DRIVER_OBJECT; 0: a PnP device       */
    const struct nt_card *card; /* what the card has; NULL: anything free   */
    bool elsewhere;             /* not where the device stands now          */
    /* out */
    struct nt_resource out[NT_RESOURCES];
    unsigned count;
    /* of the search */
    const uint8_t *desc;
    unsigned descs, budget;
    bool used[NT_RESOURCES];
    bool clashed;
};

/** arbiter_solve() - serve one of the alternative lists of @list, an
 *  IO_RESOURCE_REQUIREMENTS_LIST of @bytes.
 *  STATUS_INVALID_PARAMETER: it is none; STATUS_CONFLICTING_ADDRESSES: others
 *  hold what it asks for; STATUS_DEVICE_CONFIGURATION_ERROR: the card cannot.
 */
uint32_t arbiter_solve(struct arbiter *a, const uint8_t *list, uint32_t bytes);
/** arbiter_force() - the same for @want exactly. */
uint32_t arbiter_force(struct arbiter *a, const struct nt_resource *want,
                       unsigned count);

/** arbiter_conflict() - does a device but @number, a driver but @driver, or the
 *  HAL hold something of @r for itself? What it holds, NULL: no. Valid until
 *  the next call. */
const struct nt_resource *arbiter_conflict(const struct nt *nt, uint32_t number,
                                           uint32_t driver,
                                           const struct nt_resource *r);

#endif
