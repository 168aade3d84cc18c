/* src/board/config_device.c -- cards of a description: "edu,dma_bits=32". */
#include <string.h>

#include "board/config.h"
#include "card/card.h"
#include "halbox/devices.h"

static const struct state_row setting_rows[] = {
    STATE_BYTES(struct machine_device_setting, name),
    STATE_INT(struct machine_device_setting, value),
    STATE_END,
};

static const struct state_row device_rows[] = {
    STATE_BYTES(struct machine_device, model),
    STATE_BYTES(struct machine_device, file),
    STATE_BYTES(struct machine_device, name),
    STATE_INT(struct machine_device, irq),
    STATE_INT(struct machine_device, dma),
    STATE_INT(struct machine_device, slot),
    STATE_INT(struct machine_device, function),
    STATE_INT(struct machine_device, base),
    STATE_INT(struct machine_device, settings),
    STATE_STRUCTS(struct machine_device, setting, setting_rows),
    STATE_END,
};

const struct state_row config_rows[] = {
    STATE_BYTES(struct machine_config, platform),
    STATE_INT(struct machine_config, bare),
    STATE_INT(struct machine_config, memory),
    STATE_BYTES(struct machine_config, cpu),
    STATE_INT(struct machine_config, pae),
    STATE_INT(struct machine_config, registers),
    STATE_INT(struct machine_config, grant_master),
    STATE_INT(struct machine_config, grant_slave),
    STATE_INT(struct machine_config, windows),
    STATE_INT(struct machine_config, eisa),
    STATE_INT(struct machine_config, dma_alignment),
    STATE_INT(struct machine_config, ports),
    STATE_INT(struct machine_config, dma_interrupt),
    STATE_INT(struct machine_config, dma_version),
    STATE_INT(struct machine_config, checks),
    STATE_INT(struct machine_config, system_pages),
    STATE_INT(struct machine_config, track_ptes),
    STATE_INT(struct machine_config, track_locked_pages),
    STATE_INT(struct machine_config, verify),
    STATE_INT(struct machine_config, strict_dma),
    STATE_INT(struct machine_config, missing_fail),
    STATE_INT(struct machine_config, ns_per_tick),
    STATE_INT(struct machine_config, dma_tenure),
    STATE_INT(struct machine_config, dma_rate),
    STATE_INT(struct machine_config, pc),
    STATE_INT(struct machine_config, debug_exit),
    STATE_INT(struct machine_config, paging),
    STATE_INT(struct machine_config, paging_strict),
    STATE_INT(struct machine_config, boot_order),
    STATE_INT(struct machine_config, fdc_speed),
    STATE_INT(struct machine_config, bios_bytes),
    STATE_INT(struct machine_config, devices),
    STATE_STRUCTS(struct machine_config, device, device_rows),
    STATE_INT(struct machine_config, media),
    STATE_STRUCTS(struct machine_config, medium, config_medium_rows),
    STATE_END,
};

/* @text up to one of @ends into @out; false when it does not fit. */
static bool take(const char **text, const char *ends, char *out, size_t room)
{
    size_t n = strcspn(*text, ends);

    if (!n || n >= room)
        return false;
    memset(out, 0, room);
    memcpy(out, *text, n);
    *text += n;
    return true;
}

static enum hb_status bad(const struct machine_device *d, const char *key,
                          const char *value, struct hb_error *error)
{
    return hb_fail(error, HB_BAD_ARGUMENT, "%s: %s cannot be '%s'", d->model,
                   key, value);
}

/* Where the board puts it. HB_NOT_FOUND: @key is not about that. */
static enum hb_status set_place(struct machine_device *d, const char *key,
                                const char *value, struct hb_error *error)
{
    const struct {
        const char *name;
        int32_t *field;
        uint64_t most;
    } places[] = {{"irq", &d->irq, 15},
                  {"dma", &d->dma, 7},
                  {"slot", &d->slot, 31},
                  {"function", &d->function, 7}};
    uint64_t v = 0;
    bool number = config_number(value, &v);

    if (strcmp(key, "name") == 0) {
        if (strlen(value) >= MACHINE_NAME)
            return bad(d, key, value, error);
        memset(d->name, 0, MACHINE_NAME);
        memcpy(d->name, value, strlen(value));
        return HB_OK;
    }
    if (strcmp(key, "rom") == 0)
        return config_file(d->rom, key, value, error);
    if (strcmp(key, "base") == 0) {
        if (!number || v > UINT32_MAX)
            return bad(d, key, value, error);
        d->base = (int64_t)v;
        return HB_OK;
    }
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
        if (strcmp(places[i].name, key) != 0)
            continue;
        if (!number || v > places[i].most)
            return bad(d, key, value, error);
        *places[i].field = (int32_t)v;
        return HB_OK;
    }
    return HB_NOT_FOUND;
}

static enum hb_status set_model(struct machine_device *d,
                                const struct device_model *model,
                                const char *key, const char *value,
                                struct hb_error *error)
{
    const struct device_setting *s = model->settings;
    uint64_t v;

    while (s && s->name && strcmp(s->name, key) != 0)
        s++;
    if (!s || !s->name)
        return hb_fail(error, HB_NOT_FOUND, "%s has no setting '%s'",
                       model->name, key);
    if (!config_number(value, &v) || v < s->least || v > s->most)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "%s: %s is a number from %llu to %llu, not '%s'",
                       model->name, key, (unsigned long long)s->least,
                       (unsigned long long)s->most, value);
    if (d->settings == MACHINE_DEVICE_SETTINGS)
        return hb_fail(error, HB_FULL, "%s: at most %d settings", model->name,
                       (int)MACHINE_DEVICE_SETTINGS);
    memcpy(d->setting[d->settings].name, key, MACHINE_NAME);
    d->setting[d->settings++].value = v;
    return HB_OK;
}

/* ",key=value..." */
static enum hb_status set_all(struct machine_device *d,
                              const struct device_model *model,
                              const char *text, struct hb_error *error)
{
    enum hb_status status = HB_OK;

    while (status == HB_OK && *text == ',') {
        char key[MACHINE_NAME], value[MACHINE_FILE];

        text++;
        if (!take(&text, "=,", key, sizeof key) || *text++ != '=' ||
            !take(&text, ",", value, sizeof value))
            return hb_fail(error, HB_BAD_ARGUMENT,
                           "%s: settings are written key=value", d->model);
        status = set_place(d, key, value, error);
        if (status == HB_NOT_FOUND)
            status = set_model(d, model, key, value, error);
    }
    return status;
}

enum hb_status machine_config_device(struct machine_config *config,
                                     const char *text, struct hb_error *error)
{
    struct machine_device d = {
        .irq = -1, .dma = -1, .slot = -1, .function = -1, .base = -1};
    const struct device_model *model = NULL;
    struct card *card = NULL;
    char what[MACHINE_FILE] = "";
    enum hb_status status = HB_OK;

    if (config->devices == MACHINE_DEVICES)
        return hb_fail(error, HB_FULL, "at most %d cards",
                       (int)MACHINE_DEVICES);
    if (!take(&text, ",", what, sizeof what))
        return hb_fail(error, HB_NOT_FOUND, "no device '%.40s'", text);
    if (card_is_file(what)) {
        memcpy(d.file, what, sizeof d.file);
        status = card_open(&card, what, error);
        model = status == HB_OK ? card_model(card) : NULL;
    } else {
        model = device_model_find(what);
        if (!model)
            status =
                hb_fail(error, HB_NOT_FOUND,
                        "no device '%.40s': see `halbox list devices`", what);
    }
    if (status == HB_OK) {
        memcpy(d.model, model->name, strlen(model->name));
        status = set_all(&d, model, text, error);
    }
    card_close(card);
    if (status == HB_OK)
        config->device[config->devices++] = d;
    return status;
}
