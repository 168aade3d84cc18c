/* src/nt/security_exports.c -- descriptors of objects: SeAssignSecurity and its
 * kind. Source: WDK reference pages; ntifs.h; [MS-DTYP] 2.5.3.4 on what a new
 * object inherits. */
#include <string.h>

#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/security.h"

/* ---- inheritance
 * ------------------------------------------------------------------
 */

/* S-1-3-0 and S-1-3-1 stand for the new object's owner and group. */
static const uint8_t *who(const uint8_t *sid, uint32_t *bytes,
                          const struct sd *new)
{
    static const uint8_t creator[8] = {1, 1, 0, 0, 0, 0, 0, 3};

    if (*bytes != 12 || memcmp(sid, creator, sizeof creator) != 0 || sid[8] > 1)
        return sid;
    *bytes = sid[8] ? new->group_bytes : new->owner_bytes;
    return sid[8] ? new->group : new->owner;
}

/* An ACE of the parent as the child has it; 0: not at all. */
static uint32_t inherit_ace(const uint8_t *ace, bool directory,
                            const struct sd *new, uint8_t *out, uint32_t room)
{
    uint32_t bytes = (uint32_t)(ace[2] | ace[3] << 8), sid = 0;
    uint8_t flags = ace[1] & ACE_INHERIT_FLAGS;
    const uint8_t *from = ace + ACE_SID;

    if (!(flags & (directory ? ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT
                             : ACE_OBJECT_INHERIT)))
        return 0;
    if (!directory)
        flags = 0;
    else if (flags & ACE_CONTAINER_INHERIT)
        flags &= (uint8_t)~ACE_INHERIT_ONLY;
    else
        flags |= ACE_INHERIT_ONLY; /* for the objects in it */
    if (flags & ACE_NO_PROPAGATE)
        flags = flags & ACE_INHERIT_ONLY ? ACE_INHERIT_FLAGS : 0;
    if (flags == ACE_INHERIT_FLAGS)
        return 0;
    if (ace[0] <= 2 && !(flags & ACE_INHERIT_ONLY)) {
        sid = sid_bytes(from, bytes - ACE_SID);
        from = who(from, &sid, new);
        bytes = ACE_SID + sid;
    }
    if (bytes > room)
        return 0;
    memcpy(out, ace, ACE_SID);
    memcpy(out + ACE_SID, from, bytes - ACE_SID);
    out[1] = flags;
    out[2] = (uint8_t)bytes;
    out[3] = (uint8_t)(bytes >> 8);
    return bytes;
}

/* The ACL that a child gets of @acl; false: nothing of it is for children. */
static bool inherit(const uint8_t *acl, uint32_t acl_bytes, bool directory,
                    const struct sd *new, uint8_t *out, uint32_t *out_bytes)
{
    uint32_t at = 0, used = ACL_HEADER;
    unsigned seen = 0, count = 0;

    if (acl_bytes == 0)
        return false;
    while ((at = ace_next(acl, at, &seen))) {
        uint32_t n =
            inherit_ace(acl + at, directory, new, out + used, 0xfffc - used);

        used += n;
        count += n != 0;
    }
    memcpy(out, acl, ACL_HEADER);
    out[2] = (uint8_t)used;
    out[3] = (uint8_t)(used >> 8);
    out[4] = (uint8_t)count;
    out[5] = (uint8_t)(count >> 8);
    *out_bytes = used;
    return count != 0;
}

/* ---- SeAssignSecurity
 * -------------------------------------------------------------
 */

static void take(uint8_t *to, uint32_t *to_bytes, const uint8_t *from,
                 uint32_t bytes)
{
    memcpy(to, from, bytes);
    *to_bytes = bytes;
}

static void assign_owners(const struct sd *explicit, struct sd *new)
{
    if (explicit->owner_bytes)
        take(new->owner, &new->owner_bytes, explicit->owner,
             explicit->owner_bytes);
    else
        take(new->owner, &new->owner_bytes, token_owner, sizeof token_owner);
    if (explicit->group_bytes)
        take(new->group, &new->group_bytes, explicit->group,
             explicit->group_bytes);
    else
        take(new->group, &new->group_bytes, token_group, sizeof token_group);
}

/* What was asked for; else what the parent passes on; else what was only
 * proposed; else the token's. */
static void assign_dacl(const struct sd *parent, const struct sd *explicit,
                        bool directory, struct sd *new)
{
    bool given = explicit->control & SE_DACL_PRESENT;

    new->control |= SE_DACL_PRESENT;
    if (given && !(explicit->control & SE_DACL_DEFAULTED))
        take(new->dacl, &new->dacl_bytes, explicit->dacl, explicit->dacl_bytes);
    else if (inherit(parent->dacl, parent->dacl_bytes, directory, new,
                     new->dacl, &new->dacl_bytes))
        return;
    else if (given)
        take(new->dacl, &new->dacl_bytes, explicit->dacl, explicit->dacl_bytes);
    else
        take(new->dacl, &new->dacl_bytes, token_dacl, token_dacl_bytes);
}

static void assign_sacl(const struct sd *parent, const struct sd *explicit,
                        bool directory, struct sd *new)
{
    bool given = explicit->control & SE_SACL_PRESENT;

    new->sacl_bytes = 0;
    if (given && !(explicit->control & SE_SACL_DEFAULTED))
        take(new->sacl, &new->sacl_bytes, explicit->sacl, explicit->sacl_bytes);
    else if (!inherit(parent->sacl, parent->sacl_bytes, directory, new,
                      new->sacl, &new->sacl_bytes)) {
        new->sacl_bytes = 0;
        if (!given)
            return;
        take(new->sacl, &new->sacl_bytes, explicit->sacl, explicit->sacl_bytes);
    }
    new->control |= SE_SACL_PRESENT;
}

/* Slots: parent, explicit, *new, then from @at on IsDirectory; @mapping, @pool.
 */
static void assign(struct call *c, unsigned directory, unsigned mapping_slot,
                   unsigned pool_slot)
{
    struct sd parent = {.control = 0}, explicit = {.control = 0};
    struct sd new = {.control = 0};
    uint32_t status = STATUS_SUCCESS, mapping[4] = {0}, at;

    if (call_u32(c, 0))
        status = sd_load(c, call_u32(c, 0), &parent);
    if (call_u32(c, 1) && status == STATUS_SUCCESS)
        status = sd_load(c, call_u32(c, 1), &explicit);
    load(c, call_va(c, mapping_slot), mapping, sizeof mapping);
    if (status != STATUS_SUCCESS || !call_ok(c)) {
        call_return(c, status);
        return;
    }
    assign_owners(&explicit, &new);
    assign_dacl(&parent, &explicit, call_bool(c, directory), &new);
    assign_sacl(&parent, &explicit, call_bool(c, directory), &new);
    sd_map(&new, mapping);
    at = sd_pool(c, call_u32(c, pool_slot), &new);
    store_u32(c, call_va(c, 2), at);
    call_return(c, at ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
}

/* NTSTATUS SeAssignSecurity(Parent, Explicit, **New, IsDirectory, Subject,
 * *Mapping, PoolType). */
void thunk_SeAssignSecurity(struct call *c)
{
    assign(c, 3, 5, 6);
}

/* NTSTATUS SeAssignSecurityEx(Parent, Explicit, **New, *ObjectType,
 * IsDirectory, AutoInheritFlags, Subject, *Mapping, PoolType). */
void thunk_SeAssignSecurityEx(struct call *c)
{
    assign(c, 4, 7, 8);
}

/* NTSTATUS SeDeassignSecurity(**Descriptor): its pool goes. */
void thunk_SeDeassignSecurity(struct call *c)
{
    uint32_t at = load_u32(c, call_va(c, 0));

    store_u32(c, call_va(c, 0), 0);
    if (!call_ok(c))
        return;
    if (at && !nt_pool_free(nt_of(c), at))
        call_finding(c, "SEC-003", "%08X is no descriptor of pool", at);
    call_return(c, STATUS_SUCCESS);
}

/* ---- asking and setting
 * -----------------------------------------------------------
 */

/* The parts that @information names, of @from. */
static void copy_parts(const struct sd *from, uint32_t information,
                       struct sd *to)
{
    if (information & OWNER_INFORMATION)
        take(to->owner, &to->owner_bytes, from->owner, from->owner_bytes);
    if (information & GROUP_INFORMATION)
        take(to->group, &to->group_bytes, from->group, from->group_bytes);
    if (information & SACL_INFORMATION) {
        take(to->sacl, &to->sacl_bytes, from->sacl, from->sacl_bytes);
        to->control = (uint16_t)((to->control & ~SE_SACL_PRESENT) |
                                 (from->control & SE_SACL_PRESENT));
    }
    if (information & DACL_INFORMATION) {
        take(to->dacl, &to->dacl_bytes, from->dacl, from->dacl_bytes);
        to->control = (uint16_t)((to->control & ~SE_DACL_PRESENT) |
                                 (from->control & SE_DACL_PRESENT));
    }
}

/* NTSTATUS SeQuerySecurityDescriptorInfo(*Information, *Out, *Length,
 * **Descriptor): of an object without one an empty one. */
void thunk_SeQuerySecurityDescriptorInfo(struct call *c)
{
    uint32_t information = load_u32(c, call_va(c, 0));
    uint32_t room = load_u32(c, call_va(c, 2));
    uint32_t at = load_u32(c, call_va(c, 3)), status = STATUS_SUCCESS;
    struct sd sd = {.control = 0}, out = {.control = 0};

    if (at && call_ok(c))
        status = sd_load(c, at, &sd);
    if (status != STATUS_SUCCESS || !call_ok(c)) {
        call_return(c, status);
        return;
    }
    copy_parts(&sd, information, &out);
    store_u32(c, call_va(c, 2), sd_size(&out));
    if (room < sd_size(&out)) {
        call_return(c, STATUS_BUFFER_TOO_SMALL);
        return;
    }
    sd_store(c, call_u32(c, 1), &out);
    call_return(c, STATUS_SUCCESS);
}

/* NTSTATUS SeSetSecurityDescriptorInfo(Object, *Information, Modification,
 * **Descriptor, PoolType, *Mapping): a new descriptor takes the old one's
 * place; whose pool the old one is, the caller knows. */
void thunk_SeSetSecurityDescriptorInfo(struct call *c)
{
    uint32_t information = load_u32(c, call_va(c, 1));
    uint32_t at = load_u32(c, call_va(c, 3)), status, mapping[4] = {0};
    struct sd change, sd;

    load(c, call_va(c, 5), mapping, sizeof mapping);
    if (!call_ok(c))
        return;
    status = at ? sd_load(c, at, &sd) : STATUS_NO_SECURITY_ON_OBJECT;
    if (status == STATUS_SUCCESS)
        status = sd_load(c, call_u32(c, 2), &change);
    if (status == STATUS_SUCCESS && information & OWNER_INFORMATION &&
        !change.owner_bytes)
        status = STATUS_INVALID_OWNER;
    if (status == STATUS_SUCCESS && information & GROUP_INFORMATION &&
        !change.group_bytes)
        status = STATUS_INVALID_PRIMARY_GROUP;
    if (status != STATUS_SUCCESS || !call_ok(c)) {
        call_return(c, status);
        return;
    }
    sd_map(&change, mapping);
    copy_parts(&change, information, &sd);
    at = sd_pool(c, call_u32(c, 4), &sd);
    if (at)
        store_u32(c, call_va(c, 3), at);
    call_return(c, at ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
}

/* BOOLEAN SeValidSecurityDescriptor(Length, Descriptor): self-relative, all of
 * it within Length. */
void thunk_SeValidSecurityDescriptor(struct call *c)
{
    uint32_t length = call_u32(c, 0), at = call_u32(c, 1), end;
    const uint32_t *offset;
    uint32_t part[5] = {0};
    struct sd sd;
    bool good = false;

    if (length >= SD_BYTES) {
        load(c, gva_of(at), part, sizeof part);
        good = call_ok(c) && part[0] >> 16 & SE_SELF_RELATIVE;
        offset = part + 1;
        for (unsigned i = 0; i < 4; i++)
            good = good && offset[i] <= length;
        good = good && sd_load(c, at, &sd) == STATUS_SUCCESS &&
               sd.owner_bytes != 0;
        end = good ? offset[0] + sd.owner_bytes : 0;
        good = good && end <= length &&
               (!offset[1] || offset[1] + sd.group_bytes <= length) &&
               offset[2] + sd.sacl_bytes <= length &&
               offset[3] + sd.dacl_bytes <= length;
    }
    call_return(c, good);
}
