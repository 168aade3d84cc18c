/* src/board/media.c -- the description's drives are connected to what takes
 * them, in order: disks, CD drives, floppies. Where each went is kept in the
 * machine's own description, and so in its saves. Docs: docs/media.md. */
#include <stdio.h>
#include <string.h>

#include "board/board.h"
#include "board/config.h"
#include "halbox/media.h"
#include "media/media.h"

static enum hb_status open_medium(const struct machine_medium *d,
                                  struct medium **out, struct hb_error *error)
{
    *out = NULL;
    if (!d->path[0])
        return HB_OK;
    return medium_open(out, d->path, d->cow, d->kind == MEDIA_CDROM, error);
}

/* The first drive that takes it, of the device and number that it asks for. */
static struct device *find_drive(const struct machine *m,
                                 const struct machine_medium *d,
                                 unsigned *drive)
{
    struct device *dev;

    for (unsigned i = 0; (dev = bus_device(m->bus, i)); i++) {
        if (d->to[0] && strcmp(d->to, bus_device_name(dev)) != 0)
            continue;
        for (*drive = 0; *drive < MEDIA_DRIVES; ++*drive)
            if ((d->drive < 0 || (unsigned)d->drive == *drive) &&
                bus_drive_takes(dev, *drive, (enum media_kind)d->kind))
                return dev;
    }
    return NULL;
}

static enum hb_status no_drive(const struct machine_medium *d,
                               struct hb_error *error)
{
    return hb_fail(
        error, HB_NOT_FOUND, "%s '%s': no device%s%s has a free drive for it",
        config_medium_key(d->kind), d->path, d->to[0] ? " " : "", d->to);
}

static enum hb_status add_drive(struct machine *m, struct machine_medium *d,
                                struct hb_error *error)
{
    unsigned drive;
    struct device *dev = find_drive(m, d, &drive);
    struct medium *medium;
    enum hb_status status;

    if (!dev)
        return no_drive(d, error);
    status = open_medium(d, &medium, error);
    if (status != HB_OK)
        return status;
    bus_drive(dev, drive, (enum media_kind)d->kind, medium);
    memset(d->to, 0, sizeof d->to);
    snprintf(d->to, sizeof d->to, "%s", bus_device_name(dev));
    d->drive = (int32_t)drive;
    return HB_OK;
}

/* Those that ask for a drive go before those that take what is left. */
enum hb_status machine_add_media(struct machine *m, struct hb_error *error)
{
    static const uint32_t kinds[] = {MEDIA_DISK, MEDIA_CDROM, MEDIA_FLOPPY};
    enum hb_status status = HB_OK;

    for (unsigned pass = 0; pass < 6; pass++)
        for (unsigned i = 0; i < m->config.media && status == HB_OK; i++) {
            struct machine_medium *d = &m->config.medium[i];

            if (d->kind == kinds[pass % 3] && (d->drive < 0) == (pass >= 3))
                status = add_drive(m, d, error);
        }
    return status;
}

/* ---- while it runs ------------------------------------------------------ */

static struct machine_medium *medium_at(struct machine *m, const char *device,
                                        unsigned drive)
{
    for (unsigned i = 0; i < m->config.media; i++) {
        struct machine_medium *d = &m->config.medium[i];

        if (strcmp(d->to, device) == 0 && d->drive == (int32_t)drive)
            return d;
    }
    return NULL;
}

enum hb_status machine_change_medium(struct machine *m, const char *device,
                                     unsigned drive, const char *text,
                                     struct hb_error *error)
{
    struct device *dev = bus_find(m->bus, device);
    struct machine_medium *d = medium_at(m, device, drive), wanted;
    struct medium *medium;
    enum hb_status status;

    if (!dev || !d || d->kind == MEDIA_DISK)
        return hb_fail(error, HB_NOT_FOUND,
                       "device '%s' has no drive %u with a removable medium",
                       device, drive);
    wanted = (struct machine_medium){.kind = d->kind};
    status = config_medium_parse(text, &wanted, error);
    if (status == HB_OK)
        status = open_medium(&wanted, &medium, error);
    if (status != HB_OK)
        return status;
    status = input_enter(m, INPUT_MEDIUM, dev->id, drive, text,
                         (uint32_t)strlen(text), error);
    if (status != HB_OK) {
        medium_close(medium);
        return status;
    }
    memcpy(d->path, wanted.path, sizeof d->path);
    d->cow = wanted.cow;
    bus_drive_change(dev, drive, medium);
    return HB_OK;
}

/* ---- going back -----------------------------------------------------------
 */

const char *machine_writes_host(const struct machine *m)
{
    for (unsigned i = 0; i < m->config.media; i++) {
        const struct machine_medium *d = &m->config.medium[i];
        const struct device *dev = bus_find(m->bus, d->to);

        if (d->path[0] && !d->cow && dev &&
            !media_read_only(dev, (unsigned)d->drive))
            return d->path;
    }
    return NULL;
}

/* Another medium than now: it is opened again, its copy is in what was kept. */
enum hb_status media_put_back(struct machine *m,
                              const struct machine_config *then,
                              struct hb_error *error)
{
    enum hb_status status = HB_OK;

    for (unsigned i = 0; i < m->config.media && status == HB_OK; i++) {
        struct machine_medium *d = &m->config.medium[i];
        const struct machine_medium *was = &then->medium[i];
        struct device *dev = bus_find(m->bus, d->to);
        struct medium *medium;

        if (!dev || (strcmp(d->path, was->path) == 0 && d->cow == was->cow))
            continue;
        status = open_medium(was, &medium, error);
        if (status != HB_OK)
            break;
        memcpy(d->path, was->path, sizeof d->path);
        d->cow = was->cow;
        bus_drive(dev, (unsigned)d->drive, (enum media_kind)d->kind, medium);
    }
    return status;
}
