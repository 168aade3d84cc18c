/* src/nt/token.c -- the access token. Every process here runs as LocalSystem,
 * as a service does; its token never changes, so locking it waits for nobody.
 * Source: WDK SeCaptureSubjectContext, SeSinglePrivilegeCheck, SeAccessCheck;
 * the token of NT 5.x's System process. */
#include <string.h>

#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/security.h"

#define SID_OF(authority, count, ...)                                          \
    1, count, 0, 0, 0, 0, 0, authority, __VA_ARGS__

/* S-1-5-32-544, the administrators; S-1-5-18, the system. */
const uint8_t token_owner[16] = {SID_OF(5, 2, 32, 0, 0, 0, 0x20, 2, 0, 0)};
const uint8_t token_group[12] = {SID_OF(5, 1, 18, 0, 0, 0)};
static const uint8_t everyone[12] = {SID_OF(1, 1, 0, 0, 0, 0)};
static const uint8_t authenticated[12] = {SID_OF(5, 1, 11, 0, 0, 0)};

/* The default DACL: all for the system; reading for administrators. */
const uint8_t token_dacl[] = {2,
                              0,
                              8 + 20 + 24,
                              0,
                              2,
                              0,
                              0,
                              0,
                              0,
                              0,
                              20,
                              0,
                              0,
                              0,
                              0,
                              0x10,
                              SID_OF(5, 1, 18, 0, 0, 0),
                              0,
                              0,
                              24,
                              0,
                              0,
                              0,
                              2,
                              0xa0,
                              SID_OF(5, 2, 32, 0, 0, 0, 0x20, 2, 0, 0)};
const uint32_t token_dacl_bytes = sizeof token_dacl;

bool token_has_sid(const uint8_t *sid, uint32_t bytes)
{
    return (bytes == sizeof token_owner && !memcmp(sid, token_owner, bytes)) ||
           (bytes == sizeof token_group &&
            (!memcmp(sid, token_group, bytes) ||
             !memcmp(sid, everyone, bytes) ||
             !memcmp(sid, authenticated, bytes)));
}

/* Privileges that are enabled: lock memory, act as part of the system, profile
 * a process, raise priorities, page files, permanent objects, debug, audit,
 * change notification, impersonate, global objects. Others the token has, but
 * they are to be enabled first, which nobody can. */
bool token_privilege(uint32_t low, int32_t high)
{
    static const uint8_t enabled[] = {4, 7, 13, 14, 15, 16, 20, 21, 23, 29, 30};

    for (unsigned i = 0; i < sizeof enabled; i++)
        if (high == 0 && low == enabled[i])
            return true;
    return false;
}

bool token_boot(struct nt *nt)
{
    nt->s.token = ob_create(nt, TYPE_TOKEN, 0);
    if (nt->s.token)
        ob_at(nt, nt->s.token)->permanent = true;
    return nt->s.token != 0;
}

/* ---- subjects
 * --------------------------------------------------------------------
 * SECURITY_SUBJECT_CONTEXT: ClientToken, ImpersonationLevel, PrimaryToken,
 * ProcessAuditId. */

void thunk_SeCaptureSubjectContext(struct call *c)
{
    struct nt *nt = nt_of(c);
    const uint32_t words[4] = {0, 0, ob_body(nt, nt->s.token),
                               4 * ke_current_process(nt->w.ke)};

    store(c, call_va(c, 0), words, sizeof words);
    if (!call_ok(c))
        return;
    ob_reference(nt, nt->s.token);
    call_return(c, 0);
}

void thunk_SeReleaseSubjectContext(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t primary = load_u32(c, gva_of(call_u32(c, 0) + 8));

    store_u32(c, gva_of(call_u32(c, 0) + 8), 0);
    if (!call_ok(c))
        return;
    if (ob_find(nt, primary) == nt->s.token)
        ob_dereference(nt, nt->s.token);
    else if (primary)
        call_finding(c, "SEC-003", "%08X in a subject context is no token",
                     primary);
    call_return(c, 0);
}

void thunk_SeLockSubjectContext(struct call *c)
{
    call_return(c, 0);
}

void thunk_SeUnlockSubjectContext(struct call *c)
{
    call_return(c, 0);
}

/* BOOLEAN SeSinglePrivilegeCheck(Privilege (LUID), PreviousMode): for callers
 * from kernel mode always. */
void thunk_SeSinglePrivilegeCheck(struct call *c)
{
    call_return(c,
                call_u8(c, 2) == KERNEL_MODE ||
                    token_privilege(call_u32(c, 0), (int32_t)call_u32(c, 1)));
}

/* ---- SeAccessCheck
 * ---------------------------------------------------------------
 */

#define MAXIMUM_ALLOWED        0x02000000u
#define ACCESS_SYSTEM_SECURITY 0x01000000u
enum { READ_CONTROL = 0x20000, WRITE_DAC = 0x40000, SE_SECURITY = 8 };

/* What the descriptor gives the token of @wanted (or of all, for the maximum).
 * ACEs count in order: what one has given no later one can deny. */
static uint32_t granted(const struct sd *sd, uint32_t wanted, bool maximum,
                        uint32_t all)
{
    uint32_t given = 0, denied = 0, at = 0;
    unsigned count = 0;

    if (!(sd->control & SE_DACL_PRESENT) || sd->dacl_bytes == 0)
        return maximum ? all | wanted : wanted;
    if (token_has_sid(sd->owner, sd->owner_bytes))
        given = READ_CONTROL | WRITE_DAC;
    while ((at = ace_next(sd->dacl, at, &count))) {
        const uint8_t *ace = sd->dacl + at;
        uint32_t mask, room = (uint32_t)(ace[2] | ace[3] << 8) - ACE_SID;

        if (ace[0] > ACE_DENIED || ace[1] & ACE_INHERIT_ONLY ||
            !token_has_sid(ace + ACE_SID, sid_bytes(ace + ACE_SID, room)))
            continue;
        memcpy(&mask, ace + ACE_MASK, sizeof mask);
        if (ace[0] == ACE_ALLOWED)
            given |= mask & ~denied;
        else
            denied |= mask & ~given;
    }
    return maximum ? given : given & wanted;
}

static uint32_t check_user(struct call *c, uint32_t desired, uint32_t *access,
                           const uint32_t mapping[4])
{
    uint32_t previous = call_u32(c, 4), wanted, status;
    bool maximum = desired & MAXIMUM_ALLOWED;
    struct sd sd;

    if (call_u32(c, 0) == 0)
        return STATUS_ACCESS_DENIED;
    status = sd_load(c, call_u32(c, 0), &sd);
    if (status != STATUS_SUCCESS)
        return status;
    sd_map(&sd, mapping);
    wanted = access_map(desired, mapping) & ~MAXIMUM_ALLOWED & ~previous;
    if (wanted & ACCESS_SYSTEM_SECURITY && !token_privilege(SE_SECURITY, 0))
        return 0xC0000061u; /* STATUS_PRIVILEGE_NOT_HELD */
    *access = granted(&sd, wanted, maximum, mapping[3]);
    if ((wanted & ~*access) || (*access | previous) == 0)
        return STATUS_ACCESS_DENIED;
    *access |= previous;
    return STATUS_SUCCESS;
}

/* BOOLEAN SeAccessCheck(Descriptor, Subject, Locked, Desired, Previously,
 * **Privileges, *Mapping, Mode, *Granted, *Status). */
void thunk_SeAccessCheck(struct call *c)
{
    uint32_t desired = call_u32(c, 3), access = desired | call_u32(c, 4);
    uint32_t mapping[4] = {0}, status = STATUS_SUCCESS;

    load(c, call_va(c, 6), mapping, sizeof mapping);
    if (call_u8(c, 7) == KERNEL_MODE) {
        if (desired & MAXIMUM_ALLOWED)
            access = (access & ~MAXIMUM_ALLOWED) | mapping[3];
    } else {
        access = 0;
        status = check_user(c, desired, &access, mapping);
    }
    if (status != STATUS_SUCCESS)
        access = 0;
    if (call_u32(c, 5))
        store_u32(c, call_va(c, 5), 0);
    store_u32(c, call_va(c, 8), access);
    store_u32(c, call_va(c, 9), status);
    call_return(c, status == STATUS_SUCCESS);
}
