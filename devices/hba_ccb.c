/* devices/hba_ccb.c -- a command control block: its buffers, the bytes between
 * them and the target, sense data, residual, status. See hba.h. */
#include "hba.h"

enum { OP_PLAIN = 0, OP_LIST = 2, OP_PLAIN_REST = 3, OP_LIST_REST = 4 };
enum { OP_RESET = 0x81, CDB_AT = 18, OUTCOME_AT = 14 };
enum { CCB_NARROW = 30, CCB_WIDE = 40, NO_DATA = 0x18, SEGMENTS_MOST = 255 };

static unsigned opcode(const struct hba *h)
{
    return h->ccb[0];
}

static unsigned target(const struct hba *h)
{
    return h->wide ? h->ccb[16] : h->ccb[1] >> 5;
}

static unsigned lun(const struct hba *h)
{
    return h->wide ? h->ccb[17] & 0x1f : h->ccb[1] & 7;
}

static bool tells_rest(const struct hba *h)
{
    return opcode(h) == OP_PLAIN_REST || opcode(h) == OP_LIST_REST;
}

static bool has_list(const struct hba *h)
{
    return opcode(h) == OP_LIST || opcode(h) == OP_LIST_REST;
}

/* ---- the end ------------------------------------------------------------- */

static void tell(struct hba *h)
{
    bool bad = h->host_status || h->target_status;

    h->completion = bad ? MAIL_ERROR : MAIL_OK;
    h->outcome[0] = h->host_status;
    h->outcome[1] = h->target_status;
    dma_write(&h->dev, HBA_ENGINE, dla_of(h->ccb_at + OUTCOME_AT),
              LOCAL(h, outcome), 2, HBA_WROTE_OUTCOME);
}

static unsigned segment_bytes(const struct hba *h)
{
    return h->wide ? 8 : 6;
}

static void read_segment(struct hba *h)
{
    dma_read(&h->dev, HBA_ENGINE, dla_of(h->segments_at), LOCAL(h, segment),
             segment_bytes(h), HBA_GOT_SEGMENT);
    h->segments_at += segment_bytes(h);
    h->segments_left -= segment_bytes(h);
}

/* Of the lists of those that want to know, all segments count. */
static void residual(struct hba *h)
{
    if (!tells_rest(h)) {
        tell(h);
        return;
    }
    if (!h->counting)
        h->rest = h->data_left;
    h->counting = true;
    if (h->segments_left >= segment_bytes(h)) {
        read_segment(h);
        return;
    }
    hba_put_number(h, h->segment, h->rest);
    dma_write(&h->dev, HBA_ENGINE, dla_of(h->ccb_at + 4), LOCAL(h, segment),
              h->wide ? 4 : 3, HBA_WROTE_RESIDUAL);
}

/* With automatic request sense the data lies behind the CDB, or where the CCB
 * of 32 bits says. An allocation of 0 is 14 bytes, of 1 none. */
static void ended(struct hba *h)
{
    uint32_t at = h->ccb_at + CDB_AT + h->ccb[2], n = h->ccb[3];

    n = n == 0 ? 14 : n == 1 ? 0 : n;
    if (h->wide)
        at = hba_le32(h->ccb + 36);
    if (n > SCSI_SENSE)
        n = SCSI_SENSE;
    if (h->target_status != SCSI_CHECK || !n) {
        residual(h);
        return;
    }
    scsi_sense(&h->target[target(h) % HBA_TARGETS], h->sense);
    dma_write(&h->dev, HBA_ENGINE, dla_of(at), LOCAL(h, sense), n,
              HBA_WROTE_SENSE);
}

static void refuse(struct hba *h, uint8_t host_status)
{
    h->host_status = host_status;
    residual(h);
}

/* ---- data ---------------------------------------------------------------- */

static uint8_t *buffer(struct hba *h)
{
    return device_ram(&h->dev, HBA_BUFFER, 0, HBA_CHUNK);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The command wants to move more: is there a segment with room? */
static bool segment_ready(struct hba *h)
{
    if (h->data_left)
        return true;
    if (h->segments_left >= segment_bytes(h)) {
        read_segment(h);
        return false;
    }
    h->host_status = HOST_OVERRUN;
    ended(h);
    return false;
}

/* The next bytes of the command are here, or room for them. */
static void next_chunk(struct hba *h)
{
    unsigned drive = target(h) % HBA_TARGETS;

    h->chunk = least(h->c.left, HBA_CHUNK);
    h->chunk_at = 0;
    if (!h->to_host)
        return;
    scsi_in(&h->c, &h->target[drive], &h->dev, drive, buffer(h), h->chunk);
    if (h->c.phase == SCSI_STATUS && h->c.status)
        h->chunk = 0; /* nothing of it can be had */
}

static void go_on(struct hba *h)
{
    uint32_t n;

    if (h->chunk_at == h->chunk && h->c.phase != SCSI_STATUS)
        next_chunk(h);
    if (h->chunk_at >= h->chunk) {
        h->target_status = h->c.status;
        ended(h);
        return;
    }
    if (!segment_ready(h))
        return;
    n = least(h->chunk - h->chunk_at, h->data_left);
    if (h->to_host)
        dma_write(&h->dev, HBA_ENGINE, dla_of(h->data_at),
                  LOCAL_RAM(HBA_BUFFER, h->chunk_at), n, HBA_MOVED);
    else
        dma_read(&h->dev, HBA_ENGINE, dla_of(h->data_at),
                 LOCAL_RAM(HBA_BUFFER, h->chunk_at), n, HBA_MOVED);
}

static void got_segment(struct hba *h)
{
    uint32_t bytes = hba_number(h, h->segment);

    if (h->counting) {
        h->rest += bytes;
        residual(h);
        return;
    }
    h->data_left = bytes;
    h->data_at = hba_number(h, h->segment + (h->wide ? 4 : 3));
    go_on(h);
}

static void piece_moved(struct hba *h)
{
    unsigned drive = target(h) % HBA_TARGETS;
    uint32_t n = least(h->chunk - h->chunk_at, h->data_left);

    h->data_at += n;
    h->data_left -= n;
    h->chunk_at += n;
    if (!h->to_host && h->chunk_at == h->chunk)
        scsi_out(&h->c, &h->target[drive], &h->dev, drive, buffer(h), h->chunk);
    go_on(h);
}

/* ---- the beginning ------------------------------------------------------- */

void hba_ccb_read(struct hba *h)
{
    dma_read(&h->dev, HBA_ENGINE, dla_of(h->ccb_at), LOCAL(h, ccb),
             h->wide ? CCB_WIDE : CCB_NARROW, HBA_GOT_CCB);
}

static void buffers_of(struct hba *h)
{
    uint32_t bytes = hba_number(h, h->ccb + 4);
    uint32_t at = hba_number(h, h->ccb + (h->wide ? 8 : 7));

    h->segments_left = h->data_left = 0;
    if ((h->ccb[1] & NO_DATA) == NO_DATA)
        return;
    if (has_list(h)) {
        h->segments_at = at;
        h->segments_left = least(bytes, SEGMENTS_MOST * segment_bytes(h));
    } else {
        h->data_at = at;
        h->data_left = bytes;
    }
}

void hba_ccb_begin(struct hba *h, const struct hba_kind *kind)
{
    unsigned drive = target(h);

    h->host_status = h->target_status = 0;
    h->chunk = h->chunk_at = h->rest = 0;
    h->counting = false;
    if (h->completion == MAIL_ABORT) { /* what came before it is over */
        h->completion = MAIL_NO_CCB;
        hba_mail_end(h);
        return;
    }
    if (opcode(h) != OP_RESET && !has_list(h) && opcode(h) != OP_PLAIN &&
        opcode(h) != OP_PLAIN_REST) {
        h->ccb[0] = OP_PLAIN;
        refuse(h, HOST_OPCODE);
        return;
    }
    buffers_of(h);
    if (drive >= kind->targets || !media_drive(&h->dev, drive)) {
        refuse(h, HOST_TIMEOUT);
    } else if (opcode(h) == OP_RESET) {
        scsi_reset(&h->target[drive], &h->dev, drive);
        tell(h);
    } else {
        scsi_begin(&h->c, &h->target[drive], &h->dev, drive, lun(h),
                   h->ccb + CDB_AT);
        h->to_host = h->c.phase == SCSI_IN;
        go_on(h);
    }
}

void hba_ccb_step(struct hba *h, unsigned step)
{
    switch (step) {
    case HBA_GOT_SEGMENT:
        got_segment(h);
        break;
    case HBA_MOVED:
        piece_moved(h);
        break;
    case HBA_WROTE_SENSE:
        residual(h);
        break;
    case HBA_WROTE_RESIDUAL:
        tell(h);
        break;
    case HBA_WROTE_OUTCOME:
        hba_mail_end(h);
        break;
    }
}
