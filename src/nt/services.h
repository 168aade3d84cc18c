/* src/nt/services.h -- numbers of the system services: EAX at int 2Eh. */
#ifndef NT_SERVICES_H
#define NT_SERVICES_H

#include "halbox/status.h"

struct nt;

enum nt_service {
    NT_SERVICE_CLIENT_WAIT,
    NT_SERVICE_CREATE_FILE,
    NT_SERVICE_OPEN_FILE,
    NT_SERVICE_READ_FILE,
    NT_SERVICE_WRITE_FILE,
    NT_SERVICE_CONTROL_FILE,
    NT_SERVICE_CLOSE,
    NT_SERVICE_CANCEL_FILE,
    NT_SERVICE_WAIT,
    NT_SERVICE_ALLOCATE_MEMORY,
    NT_SERVICE_FREE_MEMORY,
    NT_SERVICE_CREATE_EVENT,
    NT_SERVICE_SET_EVENT,
    NT_SERVICE_OPEN_SECTION,
    NT_SERVICE_CREATE_SECTION,
    NT_SERVICE_MAP_VIEW,
    NT_SERVICE_UNMAP_VIEW,
    NT_SERVICES
};

enum hb_status services_boot(struct nt *nt, struct hb_error *error);

#endif
