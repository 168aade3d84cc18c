/* devices/ide_atapi.c -- a CD-ROM drive on an IDE cable: the PACKET protocol.
 * What the packets mean is in ide_scsi.c. Sources: ATA-6 (T13/1410D), 9.8 (PIO
 * packets), 9.9 (DMA packets); SFF-8020i 2.6, 5 (registers).
 *
 *   A0h -> [packet, 12 bytes] -> run -> [data, pieces of the byte count] .. ->
 *   status: interrupt reason IO + C/D, CHK with a sense key
 */
#include "ide.h"

enum { FEATURE_DMA = 1 };
enum { CD_BLOCK = IDE_BUFFER / CD_SECTOR_BYTES };

void atapi_sense(struct ide_drive *d, uint8_t key, uint8_t asc, uint8_t ascq)
{
    d->sense = key;
    d->asc = asc;
    d->ascq = ascq;
}

bool atapi_ready(struct ide *s, unsigned drive)
{
    struct ide_drive *d = &s->drive[drive];
    uint32_t now = media_changes(&s->dev, drive);

    if (now != d->changes) { /* a hand has opened and closed the tray */
        d->changes = now;
        d->open = 0;
        d->changed = media_present(&s->dev, drive) ? 2 : 3;
        if (media_present(&s->dev, drive))
            d->attention = 0x28;
    }
    return media_present(&s->dev, drive) && !d->open;
}

/* ---- phases ------------------------------------------------------------- */

static void reason(struct ide_drive *d, uint8_t bits)
{
    d->count[0] = bits;
}

/* The status phase: the sense that the packet left, if any. */
static void answer(struct ide *s, unsigned drive)
{
    struct ide_drive *d = &s->drive[drive];
    uint8_t error = d->sense ? (uint8_t)(d->sense << 4 | ERROR_ABRT) : 0;

    reason(d, REASON_CD | REASON_IO);
    ide_end(s, drive, error, true);
}

/* Byte Count: what the host set is the most of one piece, and even if there
 * is more than it (ATA-6, 7.21). */
static uint32_t piece(const struct ide_drive *d, uint32_t rest)
{
    uint32_t most = d->mid[1] | (uint32_t)d->high[1] << 8;

    if (most == 0xffff)
        most = 0xfffe;
    if (rest > most)
        return most > 1 ? most & ~1u : most;
    return rest;
}

/* The next bytes of the reply, in the buffer from c->end on. */
static void offer(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    struct ide_drive *d = &s->drive[drive];
    uint32_t rest = c->reply - c->end, n = c->dma ? rest : piece(d, rest);

    c->way = c->dma ? WAY_DMA_IN : WAY_PIO_IN;
    reason(d, REASON_IO);
    d->mid[0] = (uint8_t)n;
    d->high[0] = (uint8_t)(n >> 8);
    ide_offer(s, drive, c->end, n, true);
}

/* Sectors into the buffer; false: an error is sensed. */
static bool fill(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    struct ide_drive *d = &s->drive[drive];
    uint32_t n = c->left < CD_BLOCK ? c->left : CD_BLOCK;
    uint32_t bytes = n * CD_SECTOR_BYTES;

    if (!atapi_ready(s, drive)) { /* taken out while it was read */
        atapi_sense(d, 2, 0x3a, 0);
        return false;
    }
    if (!media_read(&s->dev, drive, c->lba * CD_SECTOR_BYTES,
                    ide_buffer(s, drive, 0, bytes), bytes)) {
        atapi_sense(d, 3, 0x11, 0); /* unrecovered read error */
        return false;
    }
    c->lba += n;
    c->left -= n;
    c->reply = bytes;
    c->at = c->end = 0;
    return true;
}

static void go_reply(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);

    if (c->end < c->reply || (c->left && fill(s, drive)))
        offer(s, drive);
    else
        answer(s, drive);
}

static void go_run(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    const struct ide_drive *d = &s->drive[drive];
    const uint8_t *packet = ide_buffer(s, drive, 0, PACKET_BYTES);
    uint32_t first;

    for (unsigned i = 0; i < PACKET_BYTES; i++)
        c->packet[i] = packet[i];
    c->at = c->end = c->reply = 0;
    c->left = 0;
    scsi_run(s, drive);
    if (!c->reply && !c->left) {
        answer(s, drive);
        return;
    }
    if (!c->dma && !d->mid[1] && !d->high[1]) { /* no byte fits a piece */
        ide_signature(s, drive);
        ide_end(s, drive, ERROR_ABRT, true);
        return;
    }
    first = c->left < CD_BLOCK ? c->left : CD_BLOCK;
    c->what = WHAT_REPLY;
    ide_later(s, drive, first * CD_SECTOR_BYTES);
}

void atapi_go(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);

    switch (c->what) {
    case WHAT_PACKET:
        reason(&s->drive[drive], REASON_CD);
        c->way = WAY_PIO_OUT;
        ide_offer(s, drive, 0, PACKET_BYTES, false);
        break;
    case WHAT_RUN:
        go_run(s, drive);
        break;
    case WHAT_REPLY:
        go_reply(s, drive);
        break;
    case WHAT_BUFFER:
        atapi_identify(s, drive, ide_buffer(s, drive, 0, SECTOR_BYTES));
        ide_offer(s, drive, 0, SECTOR_BYTES, true);
        break;
    default:
        ide_end(s, drive, c->failed, true);
    }
}

void atapi_over(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    uint32_t bytes = 0;

    if (c->what == WHAT_BUFFER) {
        ide_end(s, drive, 0, false);
        return;
    }
    if (c->what == WHAT_PACKET)
        c->what = WHAT_RUN;
    else if (c->end == c->reply)
        bytes = (c->left < CD_BLOCK ? c->left : CD_BLOCK) * CD_SECTOR_BYTES;
    ide_later(s, drive, bytes);
}

/* ---- commands ----------------------------------------------------------- */

static void packet(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    struct ide_drive *d = &s->drive[drive];

    c->dma = d->feature[0] & FEATURE_DMA;
    c->what = WHAT_PACKET;
    c->reply = 0;
    d->mid[1] = d->mid[0]; /* the limit; the registers tell each piece */
    d->high[1] = d->high[0];
    d->standby = 0;
    ide_later(s, drive, 0);
}

void atapi_command(struct ide *s, unsigned drive, uint8_t command)
{
    struct ide_channel *c = ide_channel_of(s, drive);

    if (ide_common_command(s, drive, command))
        return;
    switch (command) {
    case 0xa0:
        packet(s, drive);
        return;
    case 0xa1:
        c->what = WHAT_BUFFER;
        c->way = WAY_PIO_IN;
        ide_later(s, drive, 0);
        return;
    case 0x20: /* READ SECTORS and IDENTIFY DEVICE say who is here */
    case 0xec:
        ide_signature(s, drive);
        break;
    default:
        guest_error(&s->dev, "CD-ROM command %#x is not there", command);
    }
    c->failed = ERROR_ABRT;
    ide_later(s, drive, 0);
}
