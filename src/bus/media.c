/* src/bus/media.c -- drives of devices and the media in them. What was written
 * on copies and how often a medium was changed is a section of the save; which
 * file is in which drive is the machine's description. Docs: docs/media.md. */
#include "bus/bus_private.h"

enum { MEDIA_STATE_VERSION = 1 };

static const struct medium *medium_of(const struct device *dev, unsigned drive)
{
    return drive < MEDIA_DRIVES ? wiring_of(dev)->medium[drive] : NULL;
}

/* ---- the board's side --------------------------------------------------- */

bool bus_drive_takes(const struct device *dev, unsigned drive,
                     enum media_kind kind)
{
    return drive < MEDIA_DRIVES && (dev->model->drives[drive] & kind) &&
           wiring_of(dev)->drive[drive] == MEDIA_NONE;
}

void bus_drive(struct device *dev, unsigned drive, enum media_kind kind,
               struct medium *medium)
{
    struct device_wiring *w = wiring_of(dev);

    w->drive[drive] = (uint8_t)kind;
    medium_close(w->medium[drive]);
    w->medium[drive] = medium;
}

void bus_drive_change(struct device *dev, unsigned drive, struct medium *medium)
{
    struct device_wiring *w = wiring_of(dev);

    bus_drive(dev, drive, (enum media_kind)w->drive[drive], medium);
    w->changes[drive]++;
}

void media_close(struct device *dev)
{
    for (unsigned i = 0; i < MEDIA_DRIVES; i++)
        medium_close(wiring_of(dev)->medium[i]);
}

/* ---- saving ------------------------------------------------------------- */

void media_save(const struct bus *bus, struct saver *s)
{
    size_t begun = save_section_begin(s, "media", MEDIA_STATE_VERSION);

    for (unsigned d = 0; d < bus->devices; d++) {
        const struct device_wiring *w = wiring_of(bus->device[d]);

        for (unsigned i = 0; i < MEDIA_DRIVES; i++) {
            if (!w->drive[i])
                continue;
            save_u32(s, w->changes[i]);
            if (w->medium[i])
                medium_save(w->medium[i], s);
        }
    }
    save_section_end(s, begun);
}

static enum hb_status load_drive(struct device_wiring *w, unsigned drive,
                                 struct loader *l, struct hb_error *error)
{
    if (!w->drive[drive])
        return HB_OK;
    w->changes[drive] = loader_u32(l);
    return w->medium[drive] ? medium_load(w->medium[drive], l, error) : HB_OK;
}

enum hb_status media_load(struct bus *bus, struct loader *l,
                          struct hb_error *error)
{
    struct loader part;
    enum hb_status status =
        load_section(l, "media", MEDIA_STATE_VERSION, &part, error);

    for (unsigned d = 0; status == HB_OK && d < bus->devices; d++)
        for (unsigned i = 0; status == HB_OK && i < MEDIA_DRIVES; i++)
            status = load_drive(wiring_of(bus->device[d]), i, &part, error);
    if (status == HB_OK && (part.failed || part.at != part.count))
        status =
            hb_fail(error, HB_BAD_IMAGE, "save: section 'media' is damaged");
    return status;
}

/* ---- what models call --------------------------------------------------- */

enum media_kind media_drive(const struct device *dev, unsigned drive)
{
    return drive < MEDIA_DRIVES ? (enum media_kind)wiring_of(dev)->drive[drive]
                                : MEDIA_NONE;
}

bool media_present(const struct device *dev, unsigned drive)
{
    return medium_of(dev, drive) != NULL;
}

uint64_t media_bytes(const struct device *dev, unsigned drive)
{
    const struct medium *m = medium_of(dev, drive);

    return m ? medium_bytes(m) : 0;
}

bool media_read_only(const struct device *dev, unsigned drive)
{
    const struct medium *m = medium_of(dev, drive);

    return !m || medium_read_only(m);
}

uint32_t media_changes(const struct device *dev, unsigned drive)
{
    return drive < MEDIA_DRIVES ? wiring_of(dev)->changes[drive] : 0;
}

bool media_read(struct device *dev, unsigned drive, uint64_t offset, void *to,
                uint32_t bytes)
{
    const struct medium *m = medium_of(dev, drive);

    EMIT(wiring_of(dev)->bus->events, media_read,
         EVENT_STRING(bus_device_name(dev)), drive, offset, bytes);
    return m && medium_read(m, offset, to, bytes);
}

bool media_write(struct device *dev, unsigned drive, uint64_t offset,
                 const void *from, uint32_t bytes)
{
    EMIT(wiring_of(dev)->bus->events, media_write,
         EVENT_STRING(bus_device_name(dev)), drive, offset, bytes);
    return medium_of(dev, drive) &&
           medium_write(wiring_of(dev)->medium[drive], offset, from, bytes);
}
