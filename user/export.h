/* user/export.h -- a table of exports becomes the linker's .def file. The rows
 * give the convention and the argument dwords, as kernel tables do; a stdcall
 * routine whose C prototype does not agree does not link. */
/* clang-format off */
#include "export_bytes.h"
#define BYTES(slots)      BYTES_##slots
#ifdef HB_LIBRARY /* for the import library: the decorated names alone */
#define STDCALL(n, slots) n@BYTES(slots)
#else
#define STDCALL(n, slots) n = n@BYTES(slots)
#endif
#define CDECL(n, slots)   n
#define DATA(n, slots)    n DATA
#define EXPORT(n, convention, slots) convention(n, slots)
EXPORTS
#ifdef HB_ntdll
#define SERVICE(number, routine, slots, user) STDCALL(user, slots)
#include "nt/services.def"
#endif
