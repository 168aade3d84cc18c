/* src/nt/security.h -- SIDs, ACLs and security descriptors as bytes; and whose
 * token everything runs with. Source: [MS-DTYP] 2.4; WDK ntifs.h. */
#ifndef NT_SECURITY_H
#define NT_SECURITY_H

#include "nt/private.h"

enum {
    SID_MOST = 8 + 4 * 15,
    ACL_HEADER = 8,
    ACL_MOST = 65536,
    ACE_HEADER = 4,
    ACE_MASK = 4,
    ACE_SID = 8,
    SD_BYTES = 20,
};
enum { /* ACL_REVISION .. ACL_REVISION4; ACE types, flags */
       ACL_REVISION = 2,
       ACL_REVISION_MOST = 4,
       ACE_ALLOWED = 0,
       ACE_DENIED = 1,
       ACE_OBJECT_INHERIT = 1,
       ACE_CONTAINER_INHERIT = 2,
       ACE_NO_PROPAGATE = 4,
       ACE_INHERIT_ONLY = 8,
       ACE_INHERIT_FLAGS = 0xf,
};
enum { /* SECURITY_DESCRIPTOR_CONTROL */
       SE_OWNER_DEFAULTED = 1,
       SE_GROUP_DEFAULTED = 2,
       SE_DACL_PRESENT = 4,
       SE_DACL_DEFAULTED = 8,
       SE_SACL_PRESENT = 0x10,
       SE_SACL_DEFAULTED = 0x20,
       SE_SELF_RELATIVE = 0x8000,
};
enum { /* SECURITY_INFORMATION */
       OWNER_INFORMATION = 1,
       GROUP_INFORMATION = 2,
       DACL_INFORMATION = 4,
       SACL_INFORMATION = 8,
};
#define STATUS_UNKNOWN_REVISION       0xC0000058u
#define STATUS_INVALID_OWNER          0xC000005Au
#define STATUS_INVALID_PRIMARY_GROUP  0xC000005Bu
#define STATUS_INVALID_ACL            0xC0000077u
#define STATUS_INVALID_SID            0xC0000078u
#define STATUS_INVALID_SECURITY_DESCR 0xC0000079u
#define STATUS_NO_SECURITY_ON_OBJECT  0xC00000D7u

/** A part that is not there has 0 bytes; an ACL that is present with 0 bytes
 *  is the NULL ACL. */
struct sd {
    uint16_t control;
    uint32_t owner_bytes, group_bytes, sacl_bytes, dacl_bytes;
    uint8_t owner[SID_MOST], group[SID_MOST];
    uint8_t sacl[ACL_MOST], dacl[ACL_MOST];
};

/** sid_bytes() - of the SID at @sid, of which @room bytes can be read; 0: it is
 *  none. acl_valid() - header and each ACE within it. */
uint32_t sid_bytes(const uint8_t *sid, uint32_t room);
bool acl_valid(const uint8_t *acl, uint32_t room);
/** ace_next() - the ACE behind the one at @at (0: the first) of a valid ACL; 0:
 *  no more. @count: how many have been seen. */
uint32_t ace_next(const uint8_t *acl, uint32_t at, unsigned *count);

/** sid_load(), acl_load() - from guest memory. STATUS_x; at a fault anything.
 */
uint32_t sid_load(struct call *c, uint32_t at, uint8_t sid[SID_MOST],
                  uint32_t *bytes);
uint32_t acl_load(struct call *c, uint32_t at, uint8_t acl[ACL_MOST],
                  uint32_t *bytes);
/** sd_load() - absolute or self-relative. */
uint32_t sd_load(struct call *c, uint32_t at, struct sd *sd);
/** sd_size() - of it in self-relative form. sd_store() - that form, at guest
 *  address @at. sd_pool() - the same in pool; 0: none left. */
uint32_t sd_size(const struct sd *sd);
void sd_store(struct call *c, uint32_t at, const struct sd *sd);
uint32_t sd_pool(struct call *c, uint32_t pool_type, const struct sd *sd);
/** sd_map() - generic rights of the ACLs become @mapping's (read, write,
 *  execute, all). access_map() - of one mask. */
void sd_map(struct sd *sd, const uint32_t mapping[4]);
uint32_t access_map(uint32_t mask, const uint32_t mapping[4]);

/** The token: LocalSystem's, of every process here. */
extern const uint8_t token_owner[16], token_group[12], token_dacl[];
extern const uint32_t token_dacl_bytes;
bool token_has_sid(const uint8_t *sid, uint32_t bytes);
bool token_privilege(uint32_t low, int32_t high);
/** token_boot() - its object; false: memory. */
bool token_boot(struct nt *nt);

#endif
