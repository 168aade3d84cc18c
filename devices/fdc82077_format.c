/* devices/fdc82077_format.c -- FORMAT TRACK of the 82077AA. IDs come from the
 * host, gaps from the command. What a raw file can hold are sectors that lie
 * where its format has them: those are filled. Source: Intel 82077AA data sheet
 * (290166), 5.1.7. */
#include "fdc82077.h"

#include <string.h>

static uint64_t format_at(const struct fdc *s, unsigned index)
{
    unsigned size = 128u << (s->command[FORMAT_N] & 7);
    uint64_t pitch = TO_DATA + size + CRC + s->command[FORMAT_GPL];

    return s->begun_ns + (pitch * index + TO_ID) * fdc_byte_ns(s);
}

static void next_mark(struct fdc *s)
{
    uint64_t now = clock_ns(&s->dev), end = s->begun_ns + fdc_turn_ns(s);
    uint64_t at = format_at(s, s->count);

    if (s->count == s->command[FORMAT_SC] || s->tc || at >= end) {
        fdc_fifo_request(s, false);
        fdc_after(s, end > now ? end - now : 0, STAGE_TURN);
        return;
    }
    fdc_fifo_open(s, ID_BYTES, at);
    fdc_after(s, at + ID_BYTES * fdc_byte_ns(s) - now, STAGE_MARK);
}

static void format_sector(struct fdc *s)
{
    const struct floppy_format *f = fdc_readable(s);
    unsigned n = fdc_selected(s);
    const uint8_t *id = s->buffer;
    uint8_t fill[FLOPPY_SECTOR];

    memset(fill, s->command[FORMAT_D], sizeof fill);
    if (!f || id[0] != fdc_here(s, 1).cylinder || id[1] != s->head ||
        id[2] < 1 || id[2] > f->sectors || id[3] != N_512 ||
        s->command[FORMAT_N] != N_512)
        guest_error(&s->dev, "no place for sector %u.%u.%u of %u bytes", id[0],
                    id[1], id[2], 128u << (id[3] & 7));
    else
        floppy_write(&s->dev, n, &s->drive[n], fdc_here(s, id[2]), fill, false);
}

void fdc_format_mark(struct fdc *s)
{
    if (s->moved < s->bytes) {
        fdc_fail(s, ST1_OR, 0);
        return;
    }
    s->flips ^= FLIP_WRITE;
    format_sector(s);
    s->count++;
    next_mark(s);
}

void fdc_format_begin(struct fdc *s)
{
    s->begun_ns = clock_ns(&s->dev);
    s->flips |= FLIP_GATE;
    next_mark(s);
}
