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
    return vec_push(&nt->s.handles, sizeof(struct nt_handle), NULL);
}

uint32_t handle_create(struct nt *nt, uint32_t process, uint32_t object,
                       uint32_t access, uint32_t attributes)
{
    struct nt_handle *h = free_place(nt);
    uint32_t value, bit = 0;

    if (h == NULL)
        return 0;
    if (attributes & OBJ_KERNEL_HANDLE) {
        process = KE_SYSTEM_PROCESS;
        bit = KERNEL_HANDLE_BIT;
    }
    for (value = 4; handle_find(nt, process, value | bit); value += 4)
        ;
    *h = (struct nt_handle){.process = process,
                            .value = value | bit,
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
