/* src/nt/security.c -- see security.h. */
#include "nt/security.h"

#include <string.h>

#include "nt/guest.h"

#define GENERIC_BITS 0xf0000000u

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static void put32(uint8_t *at, uint32_t v)
{
    memcpy(at, &v, sizeof v);
}

uint32_t sid_bytes(const uint8_t *sid, uint32_t room)
{
    uint32_t bytes;

    if (room < 8 || sid[0] != 1 || sid[1] > 15)
        return 0;
    bytes = 8 + 4 * sid[1];
    return bytes <= room ? bytes : 0;
}

uint32_t ace_next(const uint8_t *acl, uint32_t at, unsigned *count)
{
    if ((*count)++ >= get16(acl + 4))
        return 0;
    return at ? at + get16(acl + at + 2) : ACL_HEADER;
}

bool acl_valid(const uint8_t *acl, uint32_t room)
{
    uint32_t bytes, at = ACL_HEADER;

    if (room < ACL_HEADER || acl[0] < ACL_REVISION ||
        acl[0] > ACL_REVISION_MOST)
        return false;
    bytes = get16(acl + 2);
    if (bytes < ACL_HEADER || bytes > room)
        return false;
    for (unsigned i = 0; i < get16(acl + 4); i++) {
        uint32_t ace;

        if (at + ACE_SID > bytes)
            return false;
        ace = get16(acl + at + 2);
        if (ace < ACE_SID || ace % 4 || ace > bytes - at)
            return false;
        if (acl[at] <= 2 && !sid_bytes(acl + at + ACE_SID, ace - ACE_SID))
            return false;
        at += ace;
    }
    return true;
}

/* ---- guest memory
 * ----------------------------------------------------------------
 */

uint32_t sid_load(struct call *c, uint32_t at, uint8_t sid[SID_MOST],
                  uint32_t *bytes)
{
    load(c, gva_of(at), sid, 8);
    if (!call_ok(c) || sid[1] > 15)
        return STATUS_INVALID_SID;
    load(c, gva_of(at + 8), sid + 8, 4u * sid[1]);
    *bytes = sid_bytes(sid, SID_MOST);
    return *bytes ? STATUS_SUCCESS : STATUS_INVALID_SID;
}

uint32_t acl_load(struct call *c, uint32_t at, uint8_t acl[ACL_MOST],
                  uint32_t *bytes)
{
    load(c, gva_of(at), acl, ACL_HEADER);
    if (!call_ok(c) || get16(acl + 2) < ACL_HEADER)
        return STATUS_INVALID_ACL;
    *bytes = get16(acl + 2);
    load(c, gva_of(at + ACL_HEADER), acl + ACL_HEADER, *bytes - ACL_HEADER);
    return call_ok(c) && acl_valid(acl, *bytes) ? STATUS_SUCCESS
                                                : STATUS_INVALID_ACL;
}

static uint32_t load_parts(struct call *c, const uint32_t part[4],
                           struct sd *sd)
{
    uint32_t status = STATUS_SUCCESS;

    if (part[0])
        status = sid_load(c, part[0], sd->owner, &sd->owner_bytes);
    if (part[1] && status == STATUS_SUCCESS)
        status = sid_load(c, part[1], sd->group, &sd->group_bytes);
    if (part[2] && status == STATUS_SUCCESS && sd->control & SE_SACL_PRESENT)
        status = acl_load(c, part[2], sd->sacl, &sd->sacl_bytes);
    if (part[3] && status == STATUS_SUCCESS && sd->control & SE_DACL_PRESENT)
        status = acl_load(c, part[3], sd->dacl, &sd->dacl_bytes);
    return status == STATUS_SUCCESS ? status : STATUS_INVALID_SECURITY_DESCR;
}

uint32_t sd_load(struct call *c, uint32_t at, struct sd *sd)
{
    uint32_t part[4]; /* owner, group, SACL, DACL */
    uint8_t revision = load_u8(c, gva_of(at));

    sd->control = load_u16(c, gva_of(at + 2));
    sd->owner_bytes = sd->group_bytes = sd->sacl_bytes = sd->dacl_bytes = 0;
    for (unsigned i = 0; i < 4; i++) {
        part[i] = load_u32(c, gva_of(at + 4 + 4 * i));
        if (part[i] && sd->control & SE_SELF_RELATIVE)
            part[i] += at;
    }
    if (!call_ok(c))
        return STATUS_INVALID_SECURITY_DESCR;
    return revision == 1 ? load_parts(c, part, sd) : STATUS_UNKNOWN_REVISION;
}

static uint32_t round4(uint32_t bytes)
{
    return (bytes + 3) & ~3u;
}

uint32_t sd_size(const struct sd *sd)
{
    return SD_BYTES + round4(sd->sacl_bytes) + round4(sd->dacl_bytes) +
           sd->owner_bytes + sd->group_bytes;
}

static uint32_t store_part(struct call *c, uint32_t at, uint32_t *next,
                           const uint8_t *bytes, uint32_t count)
{
    uint32_t offset = count ? *next : 0;

    store(c, gva_of(at + *next), bytes, count);
    *next += round4(count);
    return offset;
}

void sd_store(struct call *c, uint32_t at, const struct sd *sd)
{
    uint32_t next = SD_BYTES, offset[4];

    offset[2] = store_part(c, at, &next, sd->sacl, sd->sacl_bytes);
    offset[3] = store_part(c, at, &next, sd->dacl, sd->dacl_bytes);
    offset[0] = store_part(c, at, &next, sd->owner, sd->owner_bytes);
    offset[1] = store_part(c, at, &next, sd->group, sd->group_bytes);
    store_u16(c, gva_of(at), 1);
    store_u16(c, gva_of(at + 2), sd->control | SE_SELF_RELATIVE);
    store(c, gva_of(at + 4), offset, sizeof offset);
}

uint32_t sd_pool(struct call *c, uint32_t pool_type, const struct sd *sd)
{
    struct nt *nt = nt_of(c);
    uint32_t bytes = sd_size(sd), tag = TAG('S', 'e', 'S', 'd');
    uint32_t at =
        pool_type & 1 ? nt_pool_paged(nt, bytes, tag) : nt_pool(nt, bytes, tag);

    if (at)
        sd_store(c, at, sd);
    return at;
}

/* ---- rights
 * ----------------------------------------------------------------------
 */

uint32_t access_map(uint32_t mask, const uint32_t mapping[4])
{
    for (unsigned i = 0; i < 4; i++) /* read, write, execute, all */
        if (mask & 0x80000000u >> i)
            mask |= mapping[i];
    return mask & ~GENERIC_BITS;
}

static void map_acl(uint8_t *acl, uint32_t bytes, const uint32_t mapping[4])
{
    uint32_t at = 0;
    unsigned count = 0;

    while (bytes && (at = ace_next(acl, at, &count)))
        put32(acl + at + ACE_MASK,
              access_map(get32(acl + at + ACE_MASK), mapping));
}

void sd_map(struct sd *sd, const uint32_t mapping[4])
{
    map_acl(sd->dacl, sd->dacl_bytes, mapping);
    map_acl(sd->sacl, sd->sacl_bytes, mapping);
}
