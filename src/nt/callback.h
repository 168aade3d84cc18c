/* src/nt/callback.h -- callback objects: what is kept of a registration. */
#ifndef NT_CALLBACK_H
#define NT_CALLBACK_H

#include "nt/private.h"

enum { CALLBACK_HANDLE_BYTES = 16 };

/** callback_boot() - the objects that the system itself has; false: memory. */
bool callback_boot(struct nt *nt);

#endif
