/* src/nt/object.c -- the object table: creation, references, names.
 * Source: WDK, "Life cycle of an object", "Object names". */
#include "nt/object.h"

#include <stdio.h>
#include <string.h>

#include "nt/file.h"
#include "nt/guest.h"
#include "nt/section.h"

static const char *const type_name[NT_TYPES] = {
    [TYPE_NONE] = "",
    [TYPE_TYPE] = "Type",
    [TYPE_DIRECTORY] = "Directory",
    [TYPE_SYMLINK] = "SymbolicLink",
    [TYPE_DEVICE] = "Device",
    [TYPE_DRIVER] = "Driver",
    [TYPE_FILE] = "File",
    [TYPE_PROCESS] = "Process",
    [TYPE_THREAD] = "Thread",
    [TYPE_EVENT] = "Event",
    [TYPE_KEY] = "Key",
    [TYPE_SECTION] = "Section",
    [TYPE_CALLBACK] = "Callback",
    [TYPE_SEMAPHORE] = "Semaphore",
    [TYPE_WMI] = "WmiGuid",
    [TYPE_TOKEN] = "Token",
    [TYPE_ADAPTER] = "Adapter",
};

const char *ob_type_name(enum nt_type type)
{
    return type < NT_TYPES ? type_name[type] : "";
}

struct nt_object *ob_at(const struct nt *nt, uint32_t number)
{
    struct nt_object *o;

    if (number == 0 || number > nt->s.objects.count)
        return NULL;
    o = VEC_AT(struct nt_object, &nt->s.objects, number - 1);
    return o->body ? o : NULL;
}

uint32_t ob_find(const struct nt *nt, uint32_t va)
{
    if (va == 0)
        return 0;
    for (uint32_t i = 0; i < nt->s.objects.count; i++)
        if (VEC_AT(struct nt_object, &nt->s.objects, i)->body == va)
            return i + 1;
    return 0;
}

uint32_t ob_body(const struct nt *nt, uint32_t number)
{
    const struct nt_object *o = ob_at(nt, number);

    return o ? o->body : 0;
}

static uint32_t free_place(struct nt *nt)
{
    for (uint32_t i = 0; i < nt->s.objects.count; i++)
        if (VEC_AT(struct nt_object, &nt->s.objects, i)->body == 0)
            return i + 1;
    return nt_push(&nt->s.objects, sizeof(struct nt_object), NULL)
               ? nt->s.objects.count
               : 0;
}

uint32_t ob_create(struct nt *nt, enum nt_type type, uint32_t body)
{
    uint32_t number = free_place(nt);
    struct nt_object *o;
    bool ours = body == 0;

    if (number == 0)
        return 0;
    if (ours && !(body = nt_pool(nt, 16, TAG('O', 'b', 'j', ' '))))
        return 0;
    o = VEC_AT(struct nt_object, &nt->s.objects, number - 1);
    memset(o, 0, sizeof *o);
    o->body = body;
    o->type = (uint8_t)type;
    o->owns_body = ours;
    o->references = 1;
    return number;
}

/* ---- names ------------------------------------------------------------------
 */

static uint32_t find_child(const struct nt *nt, uint32_t directory,
                           const uint16_t *name, unsigned count)
{
    for (uint32_t i = 0; i < nt->s.objects.count; i++) {
        const struct nt_object *o = VEC_AT(struct nt_object, &nt->s.objects, i);
        if (o->body && o->parent == directory &&
            string_equal(o->name, o->name_count, name, count))
            return i + 1;
    }
    return 0;
}

/* Put @target in place of the first @used units of @path. */
static bool rewrite(struct nt_string *path, unsigned used,
                    const struct nt_object *link)
{
    unsigned rest = path->count - used;

    if (link->target_count + rest > NT_PATH_UNITS)
        return false;
    memmove(path->unit + link->target_count, path->unit + used,
            rest * sizeof path->unit[0]);
    memcpy(path->unit, link->target, link->target_count * sizeof(uint16_t));
    path->count = (uint16_t)(link->target_count + rest);
    return true;
}

/* One walk from the root; a link met on the way rewrites the path and *again
 * is set. */
static uint32_t walk_once(struct nt *nt, struct nt_string *path, bool follow,
                          uint32_t *number, unsigned *rest, bool *again)
{
    uint32_t at = nt->s.root;
    unsigned begin = 1, end;

    *again = false;
    for (; begin < path->count; begin = end + 1) {
        const struct nt_object *o;
        bool last;
        uint32_t child;

        for (end = begin; end < path->count && path->unit[end] != '\\'; end++)
            ;
        last = end >= path->count;
        if (end == begin)
            return STATUS_OBJECT_NAME_INVALID;
        child = find_child(nt, at, path->unit + begin, end - begin);
        if (child == 0)
            return last ? STATUS_OBJECT_NAME_NOT_FOUND
                        : STATUS_OBJECT_PATH_NOT_FOUND;
        o = ob_at(nt, child);
        if (o->type == TYPE_SYMLINK && (!last || follow)) {
            *again = true;
            return rewrite(path, end, o) ? STATUS_SUCCESS
                                         : STATUS_NAME_TOO_LONG;
        }
        at = child;
        *rest = end;
        if (o->type == TYPE_DEVICE)
            break;
        if (!last && o->type != TYPE_DIRECTORY)
            return STATUS_OBJECT_TYPE_MISMATCH;
    }
    *number = at;
    return STATUS_SUCCESS;
}

uint32_t ob_lookup(struct nt *nt, struct nt_string *path, bool follow,
                   uint32_t *number, unsigned *rest)
{
    for (unsigned links = 0; links < NT_REPARSE_MOST; links++) {
        uint32_t status;
        bool again;

        if (path->count == 0 || path->unit[0] != '\\')
            return STATUS_OBJECT_PATH_SYNTAX_BAD;
        *rest = path->count;
        status = walk_once(nt, path, follow, number, rest, &again);
        if (!again || status != STATUS_SUCCESS)
            return status;
    }
    return STATUS_OBJECT_NAME_NOT_FOUND; /* links in a ring */
}

uint32_t ob_name(struct nt *nt, uint32_t number, const struct nt_string *path)
{
    struct nt_string directory = *path;
    struct nt_object *o = ob_at(nt, number);
    unsigned slash = path->count, rest, count;
    uint32_t parent, status;

    while (slash > 0 && path->unit[slash - 1] != '\\')
        slash--;
    if (slash == 0)
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    count = path->count - slash;
    if (count == 0 || count > NT_NAME)
        return STATUS_OBJECT_NAME_INVALID;
    directory.count = (uint16_t)(slash > 1 ? slash - 1 : 1);
    status = ob_lookup(nt, &directory, true, &parent, &rest);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        return STATUS_OBJECT_PATH_NOT_FOUND;
    if (status != STATUS_SUCCESS)
        return status;
    if (ob_at(nt, parent)->type != TYPE_DIRECTORY)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (find_child(nt, parent, path->unit + slash, count))
        return STATUS_OBJECT_NAME_COLLISION;
    o->parent = parent;
    o->name_count = (uint16_t)count;
    memcpy(o->name, path->unit + slash, count * sizeof o->name[0]);
    return STATUS_SUCCESS;
}

void ob_unname(struct nt *nt, uint32_t number)
{
    struct nt_object *o = ob_at(nt, number);

    o->parent = 0;
    o->name_count = 0;
}

void ob_path(const struct nt *nt, uint32_t number, char *out, unsigned room)
{
    const struct nt_object *chain[8], *o;
    char part[NT_NAME + 1];
    unsigned depth = 0, used = 0;

    out[0] = '\0';
    for (o = ob_at(nt, number); o && o->parent && depth < 8;
         o = ob_at(nt, o->parent))
        chain[depth++] = o;
    while (depth-- > 0 && used < room) {
        string_text(chain[depth]->name, chain[depth]->name_count, part,
                    sizeof part);
        used += (unsigned)snprintf(out + used, room - used, "\\%s", part);
    }
}

uint32_t ob_symlink(struct nt *nt, const struct nt_string *path,
                    const struct nt_string *target, uint32_t *number)
{
    struct nt_object *o;
    uint32_t status;

    if (target->count == 0 || target->count > NT_NAME)
        return STATUS_INVALID_PARAMETER;
    *number = ob_create(nt, TYPE_SYMLINK, 0);
    if (*number == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = ob_name(nt, *number, path);
    if (status != STATUS_SUCCESS) {
        ob_destroy(nt, *number);
        return status;
    }
    o = ob_at(nt, *number);
    o->target_count = target->count;
    memcpy(o->target, target->unit, target->count * sizeof o->target[0]);
    return STATUS_SUCCESS;
}

/* ---- references -------------------------------------------------------------
 */

void ob_reference(struct nt *nt, uint32_t number)
{
    struct nt_object *o = ob_at(nt, number);

    if (o)
        o->references++;
}

void ob_destroy(struct nt *nt, uint32_t number)
{
    struct nt_object *o = ob_at(nt, number);

    if (o == NULL)
        return;
    if (o->type == TYPE_THREAD && !ke_thread_exists(nt->w.ke, o->data))
        ke_thread_release(nt->w.ke, o->data);
    if (o->type == TYPE_SECTION)
        section_destroyed(nt, number);
    if (o->owns_body)
        nt_pool_free(nt, o->body);
    memset(o, 0, sizeof *o);
}

void ob_dereference(struct nt *nt, uint32_t number)
{
    struct nt_object *o = ob_at(nt, number);

    if (o == NULL)
        return;
    if (o->references == 0 || --o->references > 0)
        return;
    if (o->type == TYPE_FILE)
        file_close_later(nt, number);
    else if (!o->permanent)
        ob_destroy(nt, number);
}

/* ---- boot -------------------------------------------------------------------
 */

static uint32_t make_directory(struct nt *nt, const char *path)
{
    struct nt_string s;
    uint32_t number = ob_create(nt, TYPE_DIRECTORY, 0);

    string_set(&s, path);
    if (number == 0)
        return 0;
    ob_at(nt, number)->permanent = true;
    if (s.count > 1 && ob_name(nt, number, &s) != STATUS_SUCCESS)
        return 0;
    return number;
}

static bool make_link(struct nt *nt, const char *path, const char *target)
{
    struct nt_string p, t;
    uint32_t number;

    string_set(&p, path);
    string_set(&t, target);
    return ob_symlink(nt, &p, &t, &number) == STATUS_SUCCESS;
}

/* \??\GLOBALROOT is the root itself: a link to nothing, as on NT. */
static bool make_global_root(struct nt *nt)
{
    struct nt_string p, t;
    uint32_t number;

    string_set(&p, "\\??\\GLOBALROOT");
    string_set(&t, "\\");
    if (ob_symlink(nt, &p, &t, &number) != STATUS_SUCCESS)
        return false;
    ob_at(nt, number)->target_count = 0;
    return true;
}

/* Type objects are what IoFileObjectType and its like point to. */
static bool make_types(struct nt *nt)
{
    static const struct {
        const char *variable;
        enum nt_type type;
    } exported[] = {
        {"IoFileObjectType", TYPE_FILE},
        {"IoDeviceObjectType", TYPE_DEVICE},
        {"IoDriverObjectType", TYPE_DRIVER},
        {"PsThreadType", TYPE_THREAD},
        {"PsProcessType", TYPE_PROCESS},
        {"ExEventObjectType", TYPE_EVENT},
        {"MmSectionObjectType", TYPE_SECTION},
        {"ExSemaphoreObjectType", TYPE_SEMAPHORE},
        {"SeTokenObjectType", TYPE_TOKEN},
        {"IoAdapterObjectType", TYPE_ADAPTER},
    };

    for (unsigned t = TYPE_TYPE; t < NT_TYPES; t++) {
        uint32_t number = ob_create(nt, TYPE_TYPE, 0);
        if (number == 0)
            return false;
        ob_at(nt, number)->permanent = true;
        nt->s.type_body[t] = ob_at(nt, number)->body;
    }
    for (unsigned i = 0; i < sizeof exported / sizeof exported[0]; i++) {
        gva_t at = ke_stub(nt->w.ke, exported[i].variable);
        if (at.v)
            nt_put32(nt, at.v, nt->s.type_body[exported[i].type]);
    }
    return true;
}

bool ob_boot(struct nt *nt)
{
    if (!make_types(nt) || !(nt->s.root = make_directory(nt, "\\")))
        return false;
    nt->s.device_directory = make_directory(nt, "\\Device");
    nt->s.dos_directory = make_directory(nt, "\\??");
    return nt->s.device_directory && nt->s.dos_directory &&
           make_directory(nt, "\\Driver") && make_directory(nt, "\\Callback") &&
           make_directory(nt, "\\BaseNamedObjects") && section_boot(nt) &&
           make_global_root(nt) && make_link(nt, "\\DosDevices", "\\??") &&
           make_link(nt, "\\GLOBAL??", "\\??");
}
