/* src/nt/guest.h -- what the executive asks of memory manager and kernel all
 * the time: pool, words of guest memory outside a call, strings. */
#ifndef NT_GUEST_H
#define NT_GUEST_H

#include "nt/private.h"

/** nt_pool() - zeroed nonpaged pool, 0 when there is none. */
uint32_t nt_pool(struct nt *nt, uint32_t bytes, uint32_t tag);
uint32_t nt_pool_paged(struct nt *nt, uint32_t bytes, uint32_t tag);
/** nt_pool_free() - pool that the executive itself allocated or that a driver
 *  handed over; 0 is ignored. False: it is no pool (guest's mistake). */
bool nt_pool_free(struct nt *nt, uint32_t va);

/** Words of kernel memory, outside or inside a call; no fault: reads give 0
 *  and writes vanish where nothing is mapped. */
uint8_t nt_get8(const struct nt *nt, uint32_t va);
uint16_t nt_get16(const struct nt *nt, uint32_t va);
uint32_t nt_get32(const struct nt *nt, uint32_t va);
void nt_put8(struct nt *nt, uint32_t va, uint8_t v);
void nt_put16(struct nt *nt, uint32_t va, uint16_t v);
void nt_put32(struct nt *nt, uint32_t va, uint32_t v);
void nt_put(struct nt *nt, uint32_t va, const void *from, uint32_t bytes);

/** nt_space() - mm's number of the current thread's address space. */
uint32_t nt_space(const struct nt *nt);

/** string_load() - a UNICODE_STRING at @at of the caller's memory. False: a
 *  fault was latched, or more than NT_PATH_UNITS (then call_ok holds). */
bool string_load(struct call *c, uint32_t at, struct nt_string *out);
/** string_set() - from ASCII. */
void string_set(struct nt_string *out, const char *text);
/** string_text() - to ASCII, '?' for what is not; always terminated. */
void string_text(const uint16_t *unit, unsigned count, char *out,
                 unsigned room);
/** string_equal() - without regard to case. */
bool string_equal(const uint16_t *a, unsigned a_count, const uint16_t *b,
                  unsigned b_count);
/** nt_upcase() - RtlUpcaseUnicodeChar of ASCII and Latin-1. */
uint16_t nt_upcase(uint16_t u);
/** string_store() - write a UNICODE_STRING at @at whose buffer is @buffer, and
 *  the text there with a NUL; kernel memory of ours. */
void string_store(struct nt *nt, uint32_t at, uint32_t buffer,
                  const uint16_t *unit, unsigned count);
/** string_alloc() - the same with a buffer from pool; false: none left. */
bool string_alloc(struct nt *nt, uint32_t at, const char *text);

/** nt_finding() - a verifier's remark outside a call. */
void nt_finding(struct nt *nt, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
