/* src/nt/description.h -- \Registry\Machine\Hardware\Description\System. */
#ifndef NT_DESCRIPTION_H
#define NT_DESCRIPTION_H

#include "nt/registry.h"

/** description_init() - the buses that every machine has. False: no memory. */
bool description_init(struct registry *r);

#endif
