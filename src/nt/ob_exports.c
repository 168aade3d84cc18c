/* src/nt/ob_exports.c -- Ob routines. Source: WDK reference pages. */
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/service.h"

#define CURRENT_PROCESS_HANDLE 0xffffffffu
#define CURRENT_THREAD_HANDLE  0xfffffffeu

/* The object with this body. Most threads get an entry when a driver first
 * refers to them. */
static uint32_t object_at(struct nt *nt, uint32_t va)
{
    uint32_t number = ob_find(nt, va), thread;
    struct nt_object *o;

    if (number)
        return number;
    thread = ke_thread_by_object(nt->w.ke, gva_of(va));
    number = thread ? ob_create(nt, TYPE_THREAD, va) : 0;
    o = ob_at(nt, number);
    if (o) {
        o->data = thread;
        o->permanent = true; /* until it has ended */
        o->references = 0;
    }
    return number;
}

static bool type_fits(const struct nt *nt, uint32_t number, uint32_t type_body)
{
    return type_body == 0 ||
           nt->s.type_body[ob_at(nt, number)->type] == type_body;
}

static uint32_t pseudo_handle(struct nt *nt, uint32_t value)
{
    if (value == CURRENT_PROCESS_HANDLE)
        return ob_find(
            nt, ke_process_object(nt->w.ke, ke_current_process(nt->w.ke)).v);
    if (value == CURRENT_THREAD_HANDLE)
        return object_at(
            nt, ke_thread_object(nt->w.ke, ke_current_thread(nt->w.ke)).v);
    return 0;
}

/* NTSTATUS ObReferenceObjectByHandle(Handle, Access, Type, Mode, **Object,
 * *HandleInformation). */
void thunk_ObReferenceObjectByHandle(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t value = call_u32(c, 0), info = call_u32(c, 5);
    uint32_t number = pseudo_handle(nt, value);
    bool user = call_u8(c, 3) == USER_MODE;
    struct nt_handle *h = NULL;

    store_u32(c, call_va(c, 4), 0);
    if (!call_ok(c))
        return;
    if (number == 0) {
        h = handle_find(nt, ke_current_process(nt->w.ke), value);
        if (h == NULL) {
            call_return(c, STATUS_INVALID_HANDLE);
            return;
        }
        number = h->object;
    }
    if (!type_fits(nt, number, call_u32(c, 2))) {
        call_return(c, STATUS_OBJECT_TYPE_MISMATCH);
        return;
    }
    if (h && user && (call_u32(c, 1) & ~h->access & 0xffffu)) {
        call_return(c, STATUS_ACCESS_DENIED);
        return;
    }
    if (h && info) { /* OBJECT_HANDLE_INFORMATION */
        store_u32(c, gva_of(info), h->attributes);
        store_u32(c, gva_of(info + 4), h->access);
    }
    store_u32(c, call_va(c, 4), ob_body(nt, number));
    if (!call_ok(c))
        return;
    ob_reference(nt, number);
    call_return(c, STATUS_SUCCESS);
}

void thunk_ObReferenceObjectByPointer(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number = object_at(nt, call_u32(c, 0));

    if (number == 0 || !type_fits(nt, number, call_u32(c, 2))) {
        call_return(c, STATUS_OBJECT_TYPE_MISMATCH);
        return;
    }
    ob_reference(nt, number);
    call_return(c, STATUS_SUCCESS);
}

/* NTSTATUS ObOpenObjectByPointer(Object, Attributes, AccessState, Access, Type,
 * Mode, *Handle). */
void thunk_ObOpenObjectByPointer(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number = object_at(nt, call_u32(c, 0)), handle;

    if (number == 0 || !type_fits(nt, number, call_u32(c, 4))) {
        call_return(c, STATUS_OBJECT_TYPE_MISMATCH);
        return;
    }
    handle = handle_create(nt, ke_current_process(nt->w.ke), number,
                           call_u32(c, 3), call_u32(c, 1));
    store_u32(c, call_va(c, 6), handle);
    if (call_ok(c))
        call_return(c, handle ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES);
}

void thunk_ObfReferenceObject(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number = object_at(nt, call_u32(c, 0));
    const struct nt_object *o = ob_at(nt, number);

    ob_reference(nt, number);
    call_return(c, o ? o->references : 0);
}

static void dereference(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number = object_at(nt, call_u32(c, 0));
    const struct nt_object *o = ob_at(nt, number);
    uint32_t left = o && o->references ? o->references - 1 : 0;

    if (o == NULL)
        call_finding(c, "SEC-003",
                     "ObDereferenceObject of %08X, which is no "
                     "object",
                     call_u32(c, 0));
    ob_dereference(nt, number);
    call_return(c, left);
}

void thunk_ObfDereferenceObject(struct call *c)
{
    dereference(c);
}

void thunk_ObDereferenceObject(struct call *c)
{
    dereference(c);
}
