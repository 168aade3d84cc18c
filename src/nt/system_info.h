/* src/nt/system_info.h -- lists that ZwQuerySystemInformation answers with. */
#ifndef NT_SYSTEM_INFO_H
#define NT_SYSTEM_INFO_H

#include "nt/private.h"

/** The caller's buffer, filled from its start on. */
struct answer {
    uint32_t at, room, used;
};

/** append() - @bytes more; what does not fit is counted alone. */
void append(struct call *c, struct answer *a, const void *from, uint32_t bytes);

void append_modules(struct call *c, struct answer *a);
void append_handles(struct call *c, struct answer *a);
void append_processes(struct call *c, struct answer *a);

#endif
