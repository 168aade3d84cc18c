/* src/nt/service.h -- what system services share: captured arguments, probes,
 * handles. A Zw export and the service of the same name are one routine; the
 * caller's mode decides what is probed. */
#ifndef NT_SERVICE_H
#define NT_SERVICE_H

#include "nt/private.h"

enum { FILE_READ_DATA = 1, FILE_WRITE_DATA = 2, FILE_APPEND_DATA = 4 };
#define GENERIC_READ_ACCESS    0x80000000u
#define GENERIC_WRITE_ACCESS   0x40000000u
#define GENERIC_EXECUTE_ACCESS 0x20000000u
#define GENERIC_ALL_ACCESS     0x10000000u

/** OBJECT_ATTRIBUTES as captured. */
struct captured {
    struct nt_string path; /* absolute */
    uint32_t attributes;
};

/** probe() - may the caller pass [@va, +@bytes)? Kernel callers always. */
bool probe(struct call *c, uint32_t va, uint32_t bytes);
/** capture_attributes() - STATUS_x; a bad pointer is ACCESS_VIOLATION. */
uint32_t capture_attributes(struct call *c, uint32_t at, struct captured *out);
/** service_object() - the object behind handle @value of the caller's process.
 *  @type: TYPE_NONE for any. STATUS_SUCCESS, INVALID_HANDLE,
 *  OBJECT_TYPE_MISMATCH. */
uint32_t service_object(struct call *c, uint32_t value, enum nt_type type,
                        struct nt_handle **handle, uint32_t *number);
/** service_store() - write a result word for the caller; false: its pointer is
 *  bad (the fault was caught). */
bool service_store(struct call *c, uint32_t at, uint32_t value);
/** protection_rights() - PAGE_x of private memory, which is never copied on
 *  write, as MM_x; false: it is none. */
bool protection_rights(uint32_t protect, unsigned *rights);
/** waitable() - what a wait on object @number looks at; 0: it cannot be waited
 *  on. */
uint32_t waitable(const struct nt *nt, uint32_t number);
/** file_access() - generic rights mapped to file rights. */
uint32_t file_access(uint32_t access);

#endif
