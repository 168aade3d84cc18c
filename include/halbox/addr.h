/* include/halbox/addr.h -- one struct per address space: mixing two of them
 * does not compile. `.v` is opened only by the module that owns the step from
 * one space to the next. Host pointers are never addresses. */
#ifndef HALBOX_ADDR_H
#define HALBOX_ADDR_H

#include <stdint.h>

#define ADDRESS_SPACE(name, int_type)                                          \
    typedef struct {                                                           \
        int_type v;                                                            \
    } name##_t;                                                                \
    static inline name##_t name##_of(int_type v)                               \
    {                                                                          \
        return (name##_t){v};                                                  \
    }                                                                          \
    static inline name##_t name##_add(name##_t a, int_type n)                  \
    {                                                                          \
        return (name##_t){(int_type)(a.v + n)};                                \
    }

ADDRESS_SPACE(gva, uint32_t) /* guest virtual = SDM linear: before paging     */
ADDRESS_SPACE(gpa, uint64_t) /* guest physical: what RAM and MMIO decode      */
ADDRESS_SPACE(dla, uint64_t) /* device logical (WDK): what a bus master emits */

enum { PAGE_SHIFT = 12, PAGE_BYTES = 4096, PAGE_MASK = 4095 };

#endif
