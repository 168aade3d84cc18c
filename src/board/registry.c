/* src/board/registry.c -- registry values from outside: logged, then set. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "board/again.h"
#include "board/board.h"

enum { MOST_BYTES = 1 << 16 };

/* REG_SZ as the guest has it: UTF-16 with its terminator. */
static uint8_t *wide_text(const char *text, uint32_t chars, uint32_t *bytes)
{
    uint8_t *wide = calloc(chars + 1u, 2);

    for (uint32_t i = 0; wide && i < chars; i++)
        wide[2 * i] = (uint8_t)text[i];
    *bytes = 2 * (chars + 1);
    return wide;
}

/* The log's data: path, name, value. */
enum hb_status registry_enter(struct machine *m, const char *path,
                              const char *name, uint32_t type, const void *data,
                              uint32_t bytes, struct hb_error *error)
{
    size_t paths = strlen(path) + 1, names = strlen(name) + 1;
    uint8_t *entry = malloc(paths + names + bytes);
    enum hb_status status;

    if (!entry)
        return hb_fail(error, HB_NO_MEMORY, "registry: no memory");
    memcpy(entry, path, paths);
    memcpy(entry + paths, name, names);
    if (bytes)
        memcpy(entry + paths + names, data, bytes);
    status = input_enter(m, INPUT_REGISTRY, type, 0, entry,
                         (uint32_t)(paths + names + bytes), error);
    free(entry);
    if (status == HB_OK)
        status = nt_registry_set(m->nt, path, name, type, data, bytes, error);
    return status;
}

enum hb_status machine_registry(struct machine *m, const char *path,
                                const char *name,
                                enum machine_registry_type type,
                                const void *data, uint32_t bytes,
                                struct hb_error *error)
{
    enum hb_status status;
    uint8_t *wide;

    if (m->config.bare)
        return hb_fail(error, HB_BAD_STATE, "a bare machine has no registry");
    if (bytes > MOST_BYTES || (type == REGISTRY_DWORD && bytes != 4))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "registry: value %s has %u bytes; a DWORD has 4, others "
                       "at most %d",
                       name, bytes, MOST_BYTES);
    if (type != REGISTRY_STRING)
        return registry_enter(m, path, name, type, data, bytes, error);
    wide = wide_text(data, bytes, &bytes);
    status = wide ? registry_enter(m, path, name, type, wide, bytes, error)
                  : hb_fail(error, HB_NO_MEMORY, "registry: no memory");
    free(wide);
    return status;
}

enum hb_status machine_registry_file(struct machine *m, const char *name,
                                     const uint8_t *bytes, size_t count,
                                     struct hb_error *error)
{
    enum hb_status status;

    if (m->config.bare)
        return hb_fail(error, HB_BAD_STATE, "a bare machine has no registry");
    if (count > UINT32_MAX)
        return hb_fail(error, HB_BAD_ARGUMENT, "%s: too long", name);
    status =
        input_enter(m, INPUT_REGISTRY_FILE, crc32(0, bytes, (uint32_t)count),
                    count, name, (uint32_t)strlen(name) + 1, error);
    return status == HB_OK ? nt_registry_file(m->nt, name, bytes, count, error)
                           : status;
}
