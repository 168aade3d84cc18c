/* src/nt/wmi.h -- WMI: who provides which data blocks, who has opened one; and
 * the request that asks a provider. */
#ifndef NT_WMI_H
#define NT_WMI_H

#include "nt/private.h"

enum { /* minor functions of IRP_MJ_SYSTEM_CONTROL */
       MN_QUERY_ALL_DATA = 0x00,
       MN_ENABLE_EVENTS = 0x04,
       MN_ENABLE_COLLECTION = 0x06,
       MN_REGINFO = 0x08,
       MN_REGINFO_EX = 0x0b,
};
enum { /* WNODE_HEADER, and what follows it in one that was too small */
       WNODE_SIZE = 0,
       WNODE_PROVIDER = 4,
       WNODE_LINKAGE = 0xc,
       WNODE_TIME = 0x10,
       WNODE_GUID = 0x18,
       WNODE_FLAGS = 0x2c,
       WNODE_BYTES = 0x30,
       WNODE_SIZE_NEEDED = 0x30,
       WNODE_LEAST = 0x38,
};
enum {
    WNODE_FLAG_ALL_DATA = 1,
    WNODE_FLAG_EVENT_ITEM = 8,
    WNODE_FLAG_TOO_SMALL = 0x20,
    WNODE_FLAG_EVENT_REFERENCE = 0x2000,
};

/** Words of a routine that sends requests: 0 to 2 are wmi_send's. */
enum { W_IRP, W_EVENT, W_BUFFER, W_OWN };

/** wmi_send() - IRP_MJ_SYSTEM_CONTROL @minor to the top of @device's stack; the
 *  entry ends, the routine goes on in @state, where wmi_back() is asked. False:
 *  no memory.
 *  @path: address of the GUID, or what a registration is for
 *  @buffer: nonpaged pool */
bool wmi_send(struct call *c, uint8_t minor, uint32_t device, uint32_t path,
              uint32_t buffer, uint32_t bytes, unsigned state);
/** wmi_back() - in @state and the one after: false, the entry has ended. */
bool wmi_back(struct call *c, unsigned state, uint32_t *status,
              uint32_t *information);
/** wmi_provider() - the device of the next registration of @guid at or after
 *  *@i, which is moved behind it; 0: none. */
uint32_t wmi_provider(const struct nt *nt, const uint8_t guid[16], uint32_t *i,
                      uint32_t *flags);
/** wmi_block() - of the object at @body; NULL. */
struct nt_wmi_block *wmi_block(const struct nt *nt, uint32_t body);

#endif
