/* user/ntdll/services.S -- a stub per system service: its number, its arguments
 * where the caller put them, int 2Eh. */
#define NUMBER_BYTES(slots) BYTES_##slots
#include "export_bytes.h"
        .text
        .set number, 0
#define SERVICE(name, routine, slots, user) \
        .globl _##user@NUMBER_BYTES(slots) ;\
_##user@NUMBER_BYTES(slots): ;\
        mov $number, %eax ;\
        lea 4(%esp), %edx ;\
        int $0x2e ;\
        ret $(4 * slots) ;\
        .set number, number + 1 ;
#include "nt/services.def"
