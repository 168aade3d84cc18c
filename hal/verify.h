/* hal/verify.h -- DMA verification: classes of mistakes, findings, and the
 * bugcheck 0xE6 that a finding comes to in mode stop. Page: docs/verify.md. */
#ifndef HAL_VERIFY_H
#define HAL_VERIFY_H

#include "hal/hal.h"

/** A row of hal/classes.def. */
struct hal_class {
    const char *id;
    const char
        *codes; /* P1 of 0xE6 that Windows has for it, "0C 15"; "" none */
    const char *name;
    const char *windows; /* what real Windows does */
};
/** hal_class_at() - row @index, NULL past the last; hal_class_find() - by id,
 *  NULL: no such. */
const struct hal_class *hal_class_at(unsigned index);
const struct hal_class *hal_class_find(const char *id);

enum { HAL_BUGCHECK = 0xe6 }; /* DRIVER_VERIFIER_DMA_VIOLATION */

/** hal_finding() - event `finding` of class @rule; silent in mode off. Windows
 *  has no code for it: nothing is raised. */
void hal_finding(struct hal *h, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** hal_misuse() - the same with the four values that 0xE6 has for it; in mode
 *  stop the guest system ends with them: the thunk, or the run loop where no
 *  routine runs, takes them with hal_violation(). The first one counts. */
#define HAL_CODE(p1, p2, p3, p4)                                               \
    ((const uint32_t[4]){(uint32_t)(p1), (uint32_t)(p2), (uint32_t)(p3),       \
                         (uint32_t)(p4)})
void hal_misuse(struct hal *h, const char *rule, const uint32_t p[4],
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/** hal_site() - guest code calls the HAL now: @who tells its address in *@at
 *  and its image (NULL: none), for findings. @who NULL: nobody does. */
typedef const char *hal_site_fn(void *context, gva_t *at);
void hal_site(struct hal *h, hal_site_fn *who, void *context);

#endif
