/* src/nt/service.c -- helpers of the system services: see service.h. */
#include "nt/service.h"

#include <string.h>

#include "nt/guest.h"
#include "nt/object.h"

bool probe(struct call *c, uint32_t va, uint32_t bytes)
{
    if (!call_user(c))
        return true;
    return bytes <= MM_USER_PROBE && va <= MM_USER_PROBE - bytes;
}

uint32_t file_access(uint32_t access)
{
    uint32_t mapped = access & 0x0fffffffu;

    if (access & GENERIC_READ_ACCESS)
        mapped |= 0x120089;
    if (access & GENERIC_WRITE_ACCESS)
        mapped |= 0x120116;
    if (access & GENERIC_EXECUTE_ACCESS)
        mapped |= 0x1200a0;
    if (access & GENERIC_ALL_ACCESS)
        mapped |= 0x1f01ff;
    return mapped;
}

/* A name relative to a directory's handle becomes absolute. */
static uint32_t prepend_root(struct call *c, uint32_t root,
                             struct nt_string *path)
{
    struct nt *nt = nt_of(c);
    struct nt_string whole;
    uint32_t number, status;
    char text[NT_NAME * 2];

    status = service_object(c, root, TYPE_DIRECTORY, NULL, &number);
    if (status != STATUS_SUCCESS)
        return status;
    if (path->count && path->unit[0] == '\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    ob_path(nt, number, text, sizeof text);
    string_set(&whole, text);
    if (whole.count + 1u + path->count > NT_PATH_UNITS)
        return STATUS_NAME_TOO_LONG;
    whole.unit[whole.count++] = '\\';
    memcpy(whole.unit + whole.count, path->unit,
           path->count * sizeof path->unit[0]);
    whole.count = (uint16_t)(whole.count + path->count);
    *path = whole;
    return STATUS_SUCCESS;
}

uint32_t capture_attributes(struct call *c, uint32_t at, struct captured *out)
{
    uint32_t root, name, length;

    if (!probe(c, at, OBJATTR_BYTES))
        return STATUS_ACCESS_VIOLATION;
    length = load_u32(c, gva_of(at + OBJATTR_Length));
    root = load_u32(c, gva_of(at + OBJATTR_RootDirectory));
    name = load_u32(c, gva_of(at + OBJATTR_ObjectName));
    out->attributes = load_u32(c, gva_of(at + OBJATTR_Attributes));
    out->path.count = 0;
    if (call_caught(c))
        return STATUS_ACCESS_VIOLATION;
    if (!call_ok(c) || length != OBJATTR_BYTES)
        return STATUS_INVALID_PARAMETER;
    if (name && !string_load(c, name, &out->path)) {
        if (call_caught(c))
            return STATUS_ACCESS_VIOLATION;
        return STATUS_NAME_TOO_LONG;
    }
    return root ? prepend_root(c, root, &out->path) : STATUS_SUCCESS;
}

uint32_t service_object(struct call *c, uint32_t value, enum nt_type type,
                        struct nt_handle **handle, uint32_t *number)
{
    struct nt *nt = nt_of(c);
    struct nt_handle *h = handle_find(nt, ke_current_process(nt->w.ke), value);

    if (h == NULL || (call_user(c) && (value & 0x80000000u)))
        return STATUS_INVALID_HANDLE;
    if (type != TYPE_NONE && ob_at(nt, h->object)->type != type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (handle)
        *handle = h;
    *number = h->object;
    return STATUS_SUCCESS;
}

bool service_store(struct call *c, uint32_t at, uint32_t value)
{
    if (!probe(c, at, 4))
        return false;
    store_u32(c, gva_of(at), value);
    return !call_caught(c) && call_ok(c);
}
