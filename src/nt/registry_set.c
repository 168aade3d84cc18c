/* src/nt/registry_set.c -- registry values that a machine's description sets.
 */
#include <stdio.h>
#include <string.h>

#include "nt/private.h"

#define SERVICES "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

enum { PATH_MOST = 512 };

/* ASCII as UTF-16; returns the units, 0 when it is too long. */
static unsigned widen(const char *text, uint16_t *out, unsigned room)
{
    size_t n = strlen(text);

    if (n > room)
        return 0;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)text[i];
    return (unsigned)n;
}

enum hb_status nt_registry_set(struct nt *nt, const char *path,
                               const char *name, uint32_t type,
                               const void *data, uint32_t bytes,
                               struct hb_error *error)
{
    struct registry *r = &nt->s.registry;
    uint16_t wide_path[PATH_MOST], wide_name[REGISTRY_NAME];
    char whole[PATH_MOST];
    unsigned path_count, name_count = widen(name, wide_name, REGISTRY_NAME);
    bool created;
    uint32_t key;

    snprintf(whole, sizeof whole, "%s%s", *path == '\\' ? "" : SERVICES, path);
    path_count = widen(whole, wide_path, PATH_MOST);
    key = hive_make(r, REGISTRY_ROOT, wide_path, path_count, &created);
    if (!key || (*name && !name_count))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "registry: '%s', value '%s': no such path can be, or a "
                       "name is longer than %d characters",
                       path, name, REGISTRY_NAME);
    if (!hive_set(r, key, wide_name, name_count, type, data, bytes))
        return hb_fail(error, HB_NO_MEMORY, "registry: no room for %s\\%s",
                       path, name);
    return HB_OK;
}
