/* src/nt/callback.c -- callback objects: a name, and routines that are called
 * when somebody notifies it. Source: WDK ExCreateCallback, ExRegisterCallback,
 * ExUnregisterCallback, ExNotifyCallback.
 *
 * The object's body in guest memory has a signature alone; who is registered
 * is kept by the host, in the order of registration. A registration's handle is
 * a block of pool with the event that ExUnregisterCallback waits on while the
 * routine runs. */
#include "nt/callback.h"

#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/service.h"

enum { BODY_BYTES = 0x18, OBJ_PERMANENT = 0x10 };
#define SIGNATURE TAG('C', 'a', 'l', 'l')

static struct nt_callback *callback_at(const struct nt *nt, uint32_t i)
{
    return VEC_AT(struct nt_callback, &nt->s.callbacks, i);
}

static struct nt_callback *find_handle(const struct nt *nt, uint32_t handle)
{
    for (uint32_t i = 0; handle && i < nt->s.callbacks.count; i++)
        if (callback_at(nt, i)->handle == handle)
            return callback_at(nt, i);
    return NULL;
}

/* ---- creating
 * --------------------------------------------------------------------
 */

static uint32_t create(struct nt *nt, const struct nt_string *path,
                       bool permanent, bool multiple, uint32_t *number)
{
    uint32_t body = nt_pool(nt, BODY_BYTES, TAG('C', 'b', 'O', 'b'));
    uint32_t status = STATUS_SUCCESS;

    *number = body ? ob_create(nt, TYPE_CALLBACK, body) : 0;
    if (*number == 0) {
        nt_pool_free(nt, body);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    nt_put32(nt, body, SIGNATURE);
    ob_at(nt, *number)->owns_body = true;
    ob_at(nt, *number)->permanent = permanent;
    ob_at(nt, *number)->data = multiple;
    if (path->count)
        status = ob_name(nt, *number, path);
    if (status != STATUS_SUCCESS)
        ob_destroy(nt, *number);
    return status;
}

bool callback_boot(struct nt *nt)
{
    static const char *const name[] = {"\\Callback\\SetSystemTime",
                                       "\\Callback\\PowerState"};
    struct nt_string path;
    uint32_t number;

    for (unsigned i = 0; i < sizeof name / sizeof name[0]; i++) {
        string_set(&path, name[i]);
        if (create(nt, &path, true, true, &number) != STATUS_SUCCESS)
            return false;
    }
    return true;
}

/* NTSTATUS ExCreateCallback(*Object, Attributes, Create, AllowMultiple): an
 * object of that name if there is one, else a new one if Create is set. */
void thunk_ExCreateCallback(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct captured name = {.path = {.count = 0}};
    uint32_t status = STATUS_SUCCESS, number = 0;
    unsigned rest;

    call_for_kernel(c); /* the attributes are the driver's own */
    if (call_u32(c, 1))
        status = capture_attributes(c, call_u32(c, 1), &name);
    if (status == STATUS_SUCCESS) {
        struct nt_string path = name.path;

        status = path.count ? ob_lookup(nt, &path, true, &number, &rest)
                            : STATUS_OBJECT_NAME_NOT_FOUND;
    } else {
        call_return(c, status);
        return;
    }
    if (status == STATUS_SUCCESS && ob_at(nt, number)->type != TYPE_CALLBACK)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else if (status == STATUS_SUCCESS)
        ob_reference(nt, number);
    else if (status == STATUS_OBJECT_NAME_NOT_FOUND && call_bool(c, 2))
        status = create(nt, &name.path, name.attributes & OBJ_PERMANENT,
                        call_bool(c, 3), &number);
    if (status == STATUS_SUCCESS)
        store_u32(c, call_va(c, 0), ob_body(nt, number));
    call_return(c, status);
}

/* ---- registering
 * -----------------------------------------------------------------
 */

static uint32_t object_of(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t number = ob_find(nt, call_u32(c, 0));

    if (number && ob_at(nt, number)->type == TYPE_CALLBACK)
        return number;
    call_finding(c, "callback", "%08X is no callback object", call_u32(c, 0));
    return 0;
}

static bool has_one(const struct nt *nt, uint32_t object)
{
    for (uint32_t i = 0; i < nt->s.callbacks.count; i++)
        if (callback_at(nt, i)->object == object)
            return true;
    return false;
}

/* PVOID ExRegisterCallback(Object, Routine, Context): a handle, NULL when the
 * object takes one routine only and has it. */
void thunk_ExRegisterCallback(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_callback r = {.object = object_of(c),
                            .routine = call_u32(c, 1),
                            .context = call_u32(c, 2)};

    if (r.object == 0 ||
        (!ob_at(nt, r.object)->data && has_one(nt, r.object))) {
        call_return(c, 0);
        return;
    }
    r.handle = nt_pool(nt, CALLBACK_HANDLE_BYTES, TAG('C', 'b', 'R', 'g'));
    r.sequence = ++nt->s.callback_sequence;
    if (r.handle == 0 || !nt_push(&nt->s.callbacks, sizeof r, &r)) {
        nt_pool_free(nt, r.handle);
        call_return(c, 0);
        return;
    }
    ke_event_init(nt->w.ke, gva_of(r.handle), EVENT_NOTIFICATION, false);
    ob_reference(nt, r.object);
    call_return(c, r.handle);
}

static void forget(struct nt *nt, uint32_t handle)
{
    const struct nt_callback *r = find_handle(nt, handle);
    uint32_t object = r ? r->object : 0;

    if (r == NULL)
        return;
    vec_remove(&nt->s.callbacks, sizeof *r, (uint32_t)(r - callback_at(nt, 0)));
    nt_pool_free(nt, handle);
    ob_dereference(nt, object);
}

/* VOID ExUnregisterCallback(Handle): back when the routine runs nowhere and
 * will not be called again. */
void thunk_ExUnregisterCallback(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_callback *r = find_handle(nt, call_u32(c, 0));
    gva_t event = call_va(c, 0);

    if (r == NULL) {
        if (c->state == 0)
            call_finding(c, "callback", "%08X is no registered callback",
                         event.v);
        call_return(c, 0);
    } else if (r->busy && c->state == 0) {
        r->leaving = true;
        call_wait(c, 1, &event, true, WAIT_FOREVER, 1);
    } else {
        forget(nt, event.v);
        call_return(c, 0);
    }
}

/* ---- notifying
 * -------------------------------------------------------------------
 */

enum { W_HANDLE, W_AFTER, W_OBJECT };

static struct nt_callback *next_of(const struct nt *nt, uint32_t object,
                                   uint32_t after)
{
    for (uint32_t i = 0; i < nt->s.callbacks.count; i++) {
        struct nt_callback *r = callback_at(nt, i);

        if (r->object == object && r->sequence > after && !r->leaving)
            return r;
    }
    return NULL;
}

/* The routine that was called is back. */
static void came_back(struct nt *nt, uint32_t handle)
{
    struct nt_callback *r = find_handle(nt, handle);

    if (r && r->busy && --r->busy == 0 && r->leaving)
        ke_signal_event(nt->w.ke, gva_of(handle));
}

/* VOID ExNotifyCallback(Object, Argument1, Argument2): each routine, in order
 * of registration, at the caller's IRQL, with (Context, Argument1, Argument2).
 */
void thunk_ExNotifyCallback(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct nt_callback *r;

    if (c->state == 0) {
        c->w[W_OBJECT] = object_of(c);
        if (c->w[W_OBJECT] == 0) {
            call_return(c, 0);
            return;
        }
        ob_reference(nt, c->w[W_OBJECT]);
    } else {
        came_back(nt, c->w[W_HANDLE]);
    }
    r = next_of(nt, c->w[W_OBJECT], c->w[W_AFTER]);
    if (r == NULL) {
        ob_dereference(nt, c->w[W_OBJECT]);
        call_return(c, 0);
        return;
    }
    r->busy++;
    c->w[W_HANDLE] = r->handle;
    c->w[W_AFTER] = r->sequence;
    call_guest(c, gva_of(r->routine), 3,
               (const uint32_t[]){r->context, call_u32(c, 1), call_u32(c, 2)},
               1);
}
