/* src/script/machine_file.c -- a machine's description as JSON (jansson). */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "script/setup.h"

enum { KEY_BYTES = 128, VALUE_BYTES = 768, DEEPEST = 4 };

/* A JSON value as the text that a setting takes. */
static bool text_of(const json_t *value, char *out, size_t room)
{
    if (json_is_string(value))
        return snprintf(out, room, "%s", json_string_value(value)) < (int)room;
    if (json_is_integer(value))
        snprintf(out, room, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_boolean(value))
        snprintf(out, room, "%s", json_is_true(value) ? "on" : "off");
    else
        return false;
    return true;
}

/* {"model": "edu", "dma_bits": 32} as "edu,dma_bits=32". */
static bool device_of(json_t *object, char *out, size_t room)
{
    const char *model = json_string_value(json_object_get(object, "model"));
    size_t used;
    const char *key;
    json_t *value;

    if (!model)
        return false;
    used = (size_t)snprintf(out, room, "%s", model);
    json_object_foreach(object, key, value)
    {
        char text[VALUE_BYTES];

        if (strcmp(key, "model") == 0)
            continue;
        if (used >= room || !text_of(value, text, sizeof text))
            return false;
        used += (size_t)snprintf(out + used, room - used, ",%s=%s", key, text);
    }
    return used < room;
}

static enum hb_status devices(struct setup *setup, json_t *array,
                              const char *path, struct hb_error *error)
{
    enum hb_status status = HB_OK;
    json_t *value;
    size_t i;

    json_array_foreach(array, i, value)
    {
        char text[VALUE_BYTES];
        bool good =
            json_is_object(value)
                ? device_of(value, text, sizeof text)
                : json_is_string(value) && text_of(value, text, sizeof text);

        if (!good)
            return hb_fail(error, HB_BAD_ARGUMENT,
                           "%s: device %zu must be a string or an object with "
                           "\"model\" and settings",
                           path, i + 1);
        status = setup_device(setup, SETUP_FILE, text, error);
        if (status != HB_OK)
            break;
    }
    return status;
}

/* Values of one key: {"MaximumLength": 4096, "Label": "text"}. */
static enum hb_status values(struct setup *setup, const char *key,
                             json_t *object, const char *path,
                             struct hb_error *error)
{
    enum hb_status status = HB_OK;
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        uint32_t dword = (uint32_t)json_integer_value(value);
        const char *text = json_string_value(value);

        if (json_is_integer(value))
            status = setup_value(setup, SETUP_FILE, key, name, REGISTRY_DWORD,
                                 &dword, sizeof dword, error);
        else if (text)
            status = setup_value(setup, SETUP_FILE, key, name, REGISTRY_STRING,
                                 text, (uint32_t)strlen(text), error);
        else
            status = hb_fail(error, HB_BAD_ARGUMENT,
                             "%s: registry value \"%s\" must be an integer or "
                             "a string",
                             path, name);
        if (status != HB_OK)
            break;
    }
    return status;
}

static enum hb_status registry(struct setup *setup, json_t *keys,
                               const char *path, struct hb_error *error)
{
    enum hb_status status = HB_OK;
    const char *key;
    json_t *value;

    json_object_foreach(keys, key, value)
    {
        if (!json_is_object(value))
            return hb_fail(error, HB_BAD_ARGUMENT,
                           "%s: registry key \"%s\" must be an object of "
                           "values",
                           path, key);
        status = values(setup, key, value, path, error);
        if (status != HB_OK)
            break;
    }
    return status;
}

/* "disk": ["a.img", "b.img"]: the key once for each. */
static enum hb_status repeated(struct setup *setup, const char *name,
                               json_t *array, const char *path,
                               struct hb_error *error)
{
    enum hb_status status = HB_OK;
    json_t *value;
    size_t i;

    json_array_foreach(array, i, value)
    {
        char text[VALUE_BYTES];

        if (!text_of(value, text, sizeof text))
            return hb_fail(error, HB_BAD_ARGUMENT,
                           "%s: element %zu of \"%s\" must be a string, an "
                           "integer, true or false",
                           path, i + 1, name);
        status = setup_set(setup, SETUP_FILE, name, text, error);
        if (status != HB_OK)
            break;
    }
    return status;
}

static enum hb_status members(struct setup *setup, json_t *object,
                              const char *prefix, unsigned depth,
                              const char *path, struct hb_error *error)
{
    enum hb_status status = HB_OK;
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        char name[KEY_BYTES], text[VALUE_BYTES];

        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", key);
        if (strcmp(name, "registry") == 0 && json_is_string(value))
            status = setup_registry(setup, SETUP_FILE, json_string_value(value),
                                    error);
        else if (strcmp(name, "devices") == 0 && json_is_array(value))
            status = devices(setup, value, path, error);
        else if (strcmp(name, "registry") == 0 && json_is_object(value))
            status = registry(setup, value, path, error);
        else if (json_is_object(value) && depth < DEEPEST)
            status = members(setup, value, name, depth + 1, path, error);
        else if (json_is_array(value))
            status = repeated(setup, name, value, path, error);
        else if (text_of(value, text, sizeof text))
            status = setup_set(setup, SETUP_FILE, name, text, error);
        else
            status = hb_fail(error, HB_BAD_ARGUMENT,
                             "%s: \"%s\" must be a string, an integer, true or "
                             "false",
                             path, name);
        if (status != HB_OK)
            break;
    }
    return status;
}

enum hb_status setup_file(struct setup *setup, const char *path,
                          struct hb_error *error)
{
    json_error_t where;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    enum hb_status status;

    if (!root && where.line < 0)
        return hb_fail(error, HB_NO_FILE, "%s: cannot read the machine file",
                       path);
    if (!json_is_object(root))
        status = hb_fail(
            error, HB_BAD_ARGUMENT, "%s:%d: %s", path, root ? 1 : where.line,
            root ? "a machine file is one JSON object" : where.text);
    else
        status = members(setup, root, "", 0, path, error);
    json_decref(root);
    return status;
}
