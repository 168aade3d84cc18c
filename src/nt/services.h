/* src/nt/services.h -- numbers of the system services: EAX at int 2Eh. */
#ifndef NT_SERVICES_H
#define NT_SERVICES_H

#include "halbox/status.h"

struct nt;

#define SERVICE(number, ...) NT_SERVICE_##number,
enum nt_service {
#include "nt/services.def"
    NT_SERVICES
};
#undef SERVICE

enum hb_status services_boot(struct nt *nt, struct hb_error *error);

#endif
