/* src/board/config_media.c -- drives of a description: "FILE,cow=on,to=ide". */
#include <string.h>

#include "board/config.h"
#include "halbox/media.h"

const struct state_row config_medium_rows[] = {
    STATE_INT(struct machine_medium, kind),
    STATE_BYTES(struct machine_medium, path),
    STATE_INT(struct machine_medium, cow),
    STATE_BYTES(struct machine_medium, to),
    STATE_INT(struct machine_medium, drive),
    STATE_END,
};

static const struct {
    const char *key;
    uint32_t kind;
} kinds[] = {
    {"disk", MEDIA_DISK}, {"cdrom", MEDIA_CDROM}, {"floppy", MEDIA_FLOPPY}};

enum { KINDS = sizeof kinds / sizeof *kinds };

uint32_t config_medium_kind(const char *key)
{
    for (unsigned i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].key, key) == 0)
            return kinds[i].kind;
    return MEDIA_NONE;
}

const char *config_medium_key(uint32_t kind)
{
    for (unsigned i = 0; i < KINDS; i++)
        if (kinds[i].kind == kind)
            return kinds[i].key;
    return "drive";
}

/* "key=value" of @n bytes. */
static bool set_one(struct machine_medium *d, const char *text, size_t n)
{
    char pair[MACHINE_NAME + 8] = "";
    uint64_t v;

    if (n >= sizeof pair)
        return false;
    memcpy(pair, text, n);
    if (strcmp(pair, "cow=on") == 0 || strcmp(pair, "cow=off") == 0) {
        d->cow = pair[5] == 'n';
    } else if (strncmp(pair, "to=", 3) == 0) {
        if (!pair[3] || strlen(pair + 3) >= sizeof d->to)
            return false;
        memcpy(d->to, pair + 3, strlen(pair + 3));
    } else if (strncmp(pair, "drive=", 6) == 0) {
        if (!config_number(pair + 6, &v) || v >= MEDIA_DRIVES)
            return false;
        d->drive = (int32_t)v;
    } else {
        return false;
    }
    return true;
}

enum hb_status config_medium_parse(const char *text, struct machine_medium *d,
                                   struct hb_error *error)
{
    size_t n = strcspn(text, ",");

    if (!n || n >= MACHINE_MEDIUM_PATH)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "%s: '%.60s': a file's name has 1 to %d bytes and no "
                       "comma",
                       config_medium_key(d->kind), text,
                       (int)MACHINE_MEDIUM_PATH - 1);
    d->drive = -1;
    memcpy(d->path, text, n);
    if (strcmp(d->path, "none") == 0)
        memset(d->path, 0, sizeof d->path);
    for (text += n; *text == ','; text += n) {
        n = strcspn(++text, ",");
        if (!set_one(d, text, n))
            return hb_fail(error, HB_BAD_ARGUMENT,
                           "%s: '%.*s': write cow=on, to=DEVICE or drive=0..%d",
                           config_medium_key(d->kind), (int)(n < 60 ? n : 60),
                           text, MEDIA_DRIVES - 1);
    }
    return HB_OK;
}

enum hb_status config_medium(struct machine_config *c, const char *key,
                             const char *text, struct hb_error *error)
{
    struct machine_medium d = {.kind = config_medium_kind(key)};
    enum hb_status status = config_medium_parse(text, &d, error);

    if (status != HB_OK)
        return status;
    if (d.kind == MEDIA_DISK && !d.path[0])
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "disk: 'none': a disk is never without its medium");
    if (c->media == MACHINE_MEDIA)
        return hb_fail(error, HB_FULL, "at most %d drives", (int)MACHINE_MEDIA);
    c->medium[c->media++] = d;
    return HB_OK;
}

enum hb_status config_check_media(const struct machine_config *c,
                                  struct hb_error *error)
{
    if (c->media > MACHINE_MEDIA)
        return hb_fail(error, HB_BAD_ARGUMENT, "at most %d drives",
                       (int)MACHINE_MEDIA);
    for (unsigned i = 0; i < c->media; i++) {
        const struct machine_medium *d = &c->medium[i];

        if ((d->kind != MEDIA_DISK && d->kind != MEDIA_CDROM &&
             d->kind != MEDIA_FLOPPY) ||
            !memchr(d->path, 0, sizeof d->path) ||
            !memchr(d->to, 0, sizeof d->to) || d->drive < -1 ||
            d->drive >= MEDIA_DRIVES)
            return hb_fail(error, HB_BAD_ARGUMENT, "drive %u is out of range",
                           i);
    }
    return HB_OK;
}
