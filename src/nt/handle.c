/* src/nt/handle.c -- handles per process: multiples of 4, the lowest free one
 * first; kernel handles carry bit 31 and belong to System.
 * Source: WDK, "Object handles"; OBJ_KERNEL_HANDLE. */
#include "nt/object.h"

enum { OBJ_KERNEL_HANDLE = 0x200 };
#define KERNEL_HANDLE_BIT 0x80000000u

struct nt_handle *handle_find(const struct nt *nt, uint32_t process,
                              uint32_t value)
{
    if (value & KERNEL_HANDLE_BIT)
        process = KE_SYSTEM_PROCESS;
    for (uint32_t i = 0; i < nt->s.handles.count; i++) {
        struct nt_handle *h = VEC_AT(struct nt_handle, &nt->s.handles, i);
        if (h->process == process && h->value == (value & ~3u))
            return h;
    }
    return NULL;
}

static struct nt_handle *free_place(struct nt *nt)
{
    for (uint32_t i = 0; i < nt->s.handles.count; i++) {
        struct nt_handle *h = VEC_AT(struct nt_handle, &nt->s.handles, i);
        if (h->process == 0)
            return h;
    }
    return nt_push(&nt->s.handles, sizeof(struct nt_handle), NULL);
}

/* The lowest value that @process has free, in one pass over the table. */
static uint32_t free_value(const struct nt *nt, uint32_t process, uint32_t bit)
{
    uint64_t used[NT_MOST / 64 + 1] = {1}; /* 0 is no handle */
    uint32_t i;

    for (i = 0; i < nt->s.handles.count; i++) {
        const struct nt_handle *h = VEC_AT(struct nt_handle, &nt->s.handles, i);
        uint32_t n = (h->value & ~KERNEL_HANDLE_BIT) / 4;

        if (h->process == process && (h->value & KERNEL_HANDLE_BIT) == bit &&
            n < NT_MOST)
            used[n / 64] |= 1ull << n % 64;
    }
    for (i = 0; used[i] == UINT64_MAX; i++)
        ;
    return (i * 64 + (uint32_t)__builtin_ctzll(~used[i])) * 4 | bit;
}

uint32_t handle_create(struct nt *nt, uint32_t process, uint32_t object,
                       uint32_t access, uint32_t attributes)
{
    struct nt_handle *h = free_place(nt);
    uint32_t bit = 0;

    if (h == NULL || ob_at(nt, object) == NULL)
        return 0;
    if (attributes & OBJ_KERNEL_HANDLE) {
        process = KE_SYSTEM_PROCESS;
        bit = KERNEL_HANDLE_BIT;
    }
    *h = (struct nt_handle){.process = process,
                            .value = free_value(nt, process, bit),
                            .object = object,
                            .access = access,
                            .attributes = attributes};
    ob_reference(nt, object);
    ob_at(nt, object)->handles++;
    return h->value;
}

uint32_t handle_remove(struct nt *nt, struct nt_handle *handle)
{
    uint32_t number = handle->object;
    struct nt_object *o = ob_at(nt, number);

    *handle = (struct nt_handle){0};
    if (o && o->handles)
        o->handles--;
    return number;
}
