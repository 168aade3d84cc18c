/* src/script/setup.c -- settings from several sides into one description. */
#include "script/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REGISTRY_FILE_MOST = 16 << 20 };

static enum hb_status no_memory(struct hb_error *error)
{
    return hb_fail(error, HB_NO_MEMORY, "no memory for the settings");
}

static void values_free(struct vec *values)
{
    for (uint32_t i = 0; i < values->count; i++) {
        struct setup_value *v = VEC_AT(struct setup_value, values, i);

        free(v->path);
        free(v->name);
        free(v->data);
    }
    vec_free(values);
}

void setup_clear(struct setup *setup, enum setup_level level)
{
    for (uint32_t i = 0; i < setup->pair[level].count; i++) {
        struct setup_pair *p =
            VEC_AT(struct setup_pair, &setup->pair[level], i);

        free(p->key);
        free(p->value);
    }
    for (uint32_t i = 0; i < setup->device[level].count; i++)
        free(*VEC_AT(char *, &setup->device[level], i));
    values_free(&setup->value[level]);
    values_free(&setup->file[level]);
    vec_free(&setup->pair[level]);
    vec_free(&setup->device[level]);
}

void setup_fini(struct setup *setup)
{
    for (unsigned level = 0; level < SETUP_LEVELS; level++)
        setup_clear(setup, level);
}

enum hb_status setup_set(struct setup *setup, enum setup_level level,
                         const char *key, const char *value,
                         struct hb_error *error)
{
    struct setup_pair pair = {strdup(key), strdup(value)};

    if (!pair.key || !pair.value ||
        !vec_push(&setup->pair[level], sizeof pair, &pair)) {
        free(pair.key);
        free(pair.value);
        return no_memory(error);
    }
    for (char *c = pair.key; *c; c++)
        if (*c == '_')
            *c = '-';
    return HB_OK;
}

enum hb_status setup_device(struct setup *setup, enum setup_level level,
                            const char *text, struct hb_error *error)
{
    char *copy = strdup(text);

    if (!copy || !vec_push(&setup->device[level], sizeof copy, &copy)) {
        free(copy);
        return no_memory(error);
    }
    return HB_OK;
}

enum hb_status setup_value(struct setup *setup, enum setup_level level,
                           const char *path, const char *name,
                           enum machine_registry_type type, const void *data,
                           uint32_t bytes, struct hb_error *error)
{
    struct setup_value value = {.path = strdup(path),
                                .name = strdup(name),
                                .data = malloc(bytes + 1u),
                                .bytes = bytes,
                                .type = type};

    if (!value.path || !value.name || !value.data ||
        !vec_push(&setup->value[level], sizeof value, &value)) {
        free(value.path);
        free(value.name);
        free(value.data);
        return no_memory(error);
    }
    memcpy(value.data, data, bytes);
    return HB_OK;
}

enum hb_status setup_registry(struct setup *setup, enum setup_level level,
                              const char *path, struct hb_error *error)
{
    struct setup_value file = {.path = strdup(path)};
    FILE *f = fopen(path, "rb");
    bool read;

    if (!f) {
        free(file.path);
        return hb_fail(error, HB_NO_FILE, "%s: cannot read the registry file",
                       path);
    }
    file.data = malloc(REGISTRY_FILE_MOST + 1);
    if (file.data)
        file.bytes = (uint32_t)fread(file.data, 1, REGISTRY_FILE_MOST + 1, f);
    read = file.data && !ferror(f);
    fclose(f);
    if (read && file.path && file.bytes <= REGISTRY_FILE_MOST &&
        vec_push(&setup->file[level], sizeof file, &file))
        return HB_OK;
    free(file.path);
    free(file.data);
    if (file.bytes > REGISTRY_FILE_MOST)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "%s: a registry file has at most %d bytes", path,
                       (int)REGISTRY_FILE_MOST);
    return read ? no_memory(error)
                : hb_fail(error, HB_NO_FILE, "%s: cannot be read", path);
}

/* The platform sets all others, so it goes first, from the side that wins. */
static const char *platform_of(const struct setup *setup)
{
    const char *name = NULL;

    for (unsigned level = 0; level < SETUP_LEVELS; level++)
        for (uint32_t i = 0; i < setup->pair[level].count; i++) {
            const struct setup_pair *p =
                VEC_AT(struct setup_pair, &setup->pair[level], i);

            if (strcmp(p->key, "platform") == 0)
                name = p->value;
        }
    return name;
}

/* A drive is one of several: those of a kind are of the last level that names
 * any. */
static bool is_over(const struct setup *setup, unsigned level, const char *key)
{
    if (strcmp(key, "disk") != 0 && strcmp(key, "cdrom") != 0 &&
        strcmp(key, "floppy") != 0)
        return false;
    for (level++; level < SETUP_LEVELS; level++)
        for (uint32_t i = 0; i < setup->pair[level].count; i++)
            if (strcmp(VEC_AT(struct setup_pair, &setup->pair[level], i)->key,
                       key) == 0)
                return true;
    return false;
}

static enum hb_status set_all(const struct setup *setup,
                              struct machine_config *config,
                              struct hb_error *error)
{
    enum hb_status status = HB_OK;

    for (unsigned level = 0; level < SETUP_LEVELS; level++)
        for (uint32_t i = 0; i < setup->pair[level].count && status == HB_OK;
             i++) {
            const struct setup_pair *p =
                VEC_AT(struct setup_pair, &setup->pair[level], i);

            if (strcmp(p->key, "platform") != 0 &&
                !is_over(setup, level, p->key))
                status = machine_config_set(config, p->key, p->value, error);
        }
    return status;
}

enum hb_status setup_config(const struct setup *setup,
                            struct machine_config *config,
                            struct hb_error *error)
{
    unsigned level = SETUP_LEVELS - 1;
    enum hb_status status =
        machine_config_init(config, platform_of(setup), error);

    if (status == HB_OK)
        status = set_all(setup, config, error);
    while (level > 0 && !setup->device[level].count)
        level--;
    for (uint32_t i = 0; i < setup->device[level].count && status == HB_OK; i++)
        status = machine_config_device(
            config, *VEC_AT(char *, &setup->device[level], i), error);
    return status;
}

/* What the memory manager reads from the registry when it starts. */
static enum hb_status memory_management(const struct setup_value *v,
                                        struct machine_config *config,
                                        struct hb_error *error)
{
    static const char path[] =
        "\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\"
        "Control\\Session Manager\\Memory Management";
    static const struct {
        const char *name, *key;
    } row[] = {{"SystemPages", "system-pages"},
               {"TrackPtes", "track-ptes"},
               {"TrackLockedPages", "track-locked-pages"}};
    char number[16];
    uint32_t dword;

    if (v->type != REGISTRY_DWORD || strcasecmp(v->path, path) != 0)
        return HB_OK;
    memcpy(&dword, v->data, sizeof dword);
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        if (strcasecmp(v->name, row[i].name) != 0)
            continue;
        snprintf(number, sizeof number, "%u", dword);
        return machine_config_set(config, row[i].key,
                                  i ? (dword ? "on" : "off") : number, error);
    }
    return HB_OK;
}

/* Registry value @n of all levels, the weakest level's first; NULL past the
 * last. */
static const struct setup_value *value_at(const struct setup *setup, uint32_t n)
{
    for (unsigned level = 0; level < SETUP_LEVELS; level++) {
        if (n < setup->value[level].count)
            return VEC_AT(struct setup_value, &setup->value[level], n);
        n -= setup->value[level].count;
    }
    return NULL;
}

static enum hb_status set_registry(const struct setup *setup, unsigned level,
                                   struct machine *m, struct hb_error *error)
{
    enum hb_status status = HB_OK;

    for (uint32_t i = 0; i < setup->file[level].count && status == HB_OK; i++) {
        const struct setup_value *f =
            VEC_AT(struct setup_value, &setup->file[level], i);

        status = machine_registry_file(m, f->path, f->data, f->bytes, error);
    }
    for (uint32_t i = 0; i < setup->value[level].count && status == HB_OK;
         i++) {
        const struct setup_value *v =
            VEC_AT(struct setup_value, &setup->value[level], i);

        status = machine_registry(m, v->path, v->name, v->type, v->data,
                                  v->bytes, error);
    }
    return status;
}

enum hb_status setup_machine(const struct setup *setup, struct machine **out,
                             struct hb_error *error)
{
    struct machine_config config;
    enum hb_status status = setup_config(setup, &config, error);
    const struct setup_value *v;

    for (uint32_t n = 0; status == HB_OK && (v = value_at(setup, n)); n++)
        status = memory_management(v, &config, error);
    if (status == HB_OK)
        status = machine_create(out, &config, error);
    if (status != HB_OK)
        return status;
    for (unsigned level = 0; level < SETUP_LEVELS && status == HB_OK; level++)
        status = set_registry(setup, level, *out, error);
    if (status != HB_OK)
        machine_destroy(*out);
    return status;
}
