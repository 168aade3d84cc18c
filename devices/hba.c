/* devices/hba.c -- see hba.h. */
#include "hba.h"

#include <string.h>

enum {
    GOT_MAIL,
    FREED_MAIL,
    GOT_CCB,
    GOT_SEGMENT,
    DATA_IN,  /* a piece is in memory                 */
    DATA_OUT, /* a piece is here                      */
    WROTE_SENSE,
    WROTE_RESIDUAL,
    WROTE_OUTCOME,
    GOT_IN,
    WROTE_IN,
    FIFO_MOVED,
    /* timers */
    RETRY_IN,
    INTERRUPT_AGAIN
};
enum { OP_PLAIN = 0, OP_LIST = 2, OP_PLAIN_REST = 3, OP_LIST_REST = 4 };
enum { OP_RESET = 0x81, CDB_AT = 18, OUTCOME_AT = 14 };
enum { CCB_NARROW = 30, CCB_WIDE = 40, NO_DATA = 0x18 };
enum { RETRY_NS = 100000, SEGMENTS_MOST = 255 };
enum { ENGINE, ENGINE_FIFO };

/* ---- numbers in memory: Adaptec's are big endian, 24 bits
 * ---------------------- */

static uint32_t le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static void put_number(const struct hba *h, uint8_t *p, uint32_t v)
{
    if (h->wide) {
        for (unsigned i = 0; i < 4; i++)
            p[i] = (uint8_t)(v >> 8 * i);
    } else {
        for (unsigned i = 0; i < 3; i++)
            p[i] = (uint8_t)(v >> 8 * (2 - i));
    }
}

static uint32_t number(const struct hba *h, const uint8_t *p)
{
    return h->wide ? le32(p) : hba_be24(p);
}

static unsigned mail_bytes(const struct hba *h)
{
    return h->wide ? 8 : 4;
}

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

/* ---- interrupts
 * ------------------------------------------------------------------ */

/* A cause that comes while another one is not yet reset waits for that: the
 * line makes one edge for each. */
static void raise(struct hba *h, uint8_t flag)
{
    if (h->flags) {
        h->later |= flag;
        return;
    }
    h->flags = FLAG_ANY | flag;
    irq_set(&h->dev, true);
}

static void interrupt_reset(struct hba *h)
{
    h->flags = 0;
    irq_set(&h->dev, false);
    if (h->later)
        clock_after_ns(&h->dev, 1, INTERRUPT_AGAIN);
}

static void interrupt_again(struct hba *h)
{
    uint8_t later = h->later;

    h->later = 0;
    if (later)
        raise(h, later);
}

/* ---- adapter commands
 * -------------------------------------------------------------- */

static void command_over(struct hba *h)
{
    h->commanded = h->long_command = false;
    h->status |= STATUS_IDLE;
    raise(h, FLAG_DONE);
}

void hba_quiet(struct hba *h)
{
    h->commanded = false;
    h->status |= STATUS_IDLE;
}

void hba_invalid(struct hba *h)
{
    h->status |= STATUS_INVALID;
    h->reply_bytes = 0;
}

void hba_reply(struct hba *h, const void *bytes, unsigned n)
{
    h->reply_bytes = (uint16_t)(n < HBA_REPLY ? n : HBA_REPLY);
    h->reply_at = 0;
    memcpy(h->reply, bytes, h->reply_bytes);
    if (h->reply_bytes)
        h->status |= STATUS_DATA;
}

/* After run(): what has neither a reply nor DMA to wait for is over. */
static void run(struct hba *h, const struct hba_kind *kind)
{
    h->reply_bytes = h->reply_at = 0;
    kind->run(h, h->command);
    if (h->commanded && !h->reply_bytes && !h->long_command)
        command_over(h);
}

static void data_write(struct hba *h, const struct hba_kind *kind,
                       uint8_t value)
{
    int n;

    if (h->commanded) {
        if (h->got < h->parameters)
            h->parameter[h->got++ % HBA_PARAMETERS] = value;
        else
            return; /* it is carried out already */
        if (h->got == h->parameters)
            run(h, kind);
        return;
    }
    n = kind->parameters(h, value);
    h->status &= (uint8_t) ~(STATUS_INVALID | STATUS_IDLE | STATUS_DATA);
    h->commanded = true;
    h->command = value;
    h->parameters = (uint8_t)(n > 0 ? n : 0);
    h->got = 0;
    if (n < 0) {
        hba_invalid(h);
        command_over(h);
    } else if (n == 0) {
        run(h, kind);
    }
}

static uint8_t data_read(struct hba *h)
{
    uint8_t value = h->reply[h->reply_at % HBA_REPLY];

    if (!(h->status & STATUS_DATA))
        return value;
    if (++h->reply_at >= h->reply_bytes) {
        h->status &= (uint8_t)~STATUS_DATA;
        command_over(h);
    }
    return value;
}

void hba_mailboxes(struct hba *h, bool wide, unsigned n, uint32_t at)
{
    if (!n) {
        hba_invalid(h);
        return;
    }
    dma_cancel(&h->dev, ENGINE);
    clock_cancel(&h->dev, RETRY_IN);
    h->wide = wide;
    h->mailboxes = (uint8_t)n;
    h->mailbox_at = at;
    h->out = h->in = 0;
    h->scanning = h->again = false;
    h->status &= (uint8_t)~STATUS_MAILBOXES;
}

void hba_fifo(struct hba *h, uint32_t at, bool to_memory)
{
    uint32_t local = LOCAL(h, fifo);

    h->long_command = true;
    if (to_memory)
        dma_write(&h->dev, ENGINE_FIFO, dla_of(at), local, HBA_FIFO,
                  FIFO_MOVED);
    else
        dma_read(&h->dev, ENGINE_FIFO, dla_of(at), local, HBA_FIFO, FIFO_MOVED);
}

/* ---- outgoing mailboxes
 * -------------------------------------------------------------- */

static uint32_t out_at(const struct hba *h)
{
    return h->mailbox_at + h->out * mail_bytes(h);
}

static uint32_t in_at(const struct hba *h)
{
    return h->mailbox_at + (h->mailboxes + h->in) * mail_bytes(h);
}

static void scan(struct hba *h)
{
    h->scanning = true;
    dma_read(&h->dev, ENGINE, dla_of(out_at(h)), LOCAL(h, mail), mail_bytes(h),
             GOT_MAIL);
}

void hba_start(struct hba *h)
{
    hba_quiet(h);
    if (h->status & STATUS_MAILBOXES)
        return;
    h->empty = 0;
    h->again = h->scanning;
    if (!h->scanning)
        scan(h);
}

/* On to the next: all are looked at once more when START came meanwhile. In
 * strict round robin the scan waits at a mailbox that is free. */
static void scan_next(struct hba *h, bool found)
{
    if (!found && h->strict) {
        h->scanning = h->again;
        if (h->again)
            scan(h);
        h->again = false;
        return;
    }
    h->out = h->out + 1u < h->mailboxes ? (uint8_t)(h->out + 1) : 0;
    h->empty = found ? 0 : (uint8_t)(h->empty + 1);
    if (h->empty >= h->mailboxes) {
        h->empty = 0;
        h->scanning = h->again;
        h->again = false;
    }
    if (h->scanning)
        scan(h);
}

static unsigned action(const struct hba *h)
{
    return h->wide ? h->mail[7] : h->mail[0];
}

static void got_mail(struct hba *h)
{
    unsigned what = action(h), code = h->wide ? 7 : 0;

    if (what != MAIL_START && what != MAIL_ABORT) {
        scan_next(h, false);
        return;
    }
    h->ccb_at = h->wide ? le32(h->mail) : hba_be24(h->mail + 1);
    h->completion = (uint8_t)what; /* till the CCB is over: why it came */
    h->mail[code] = 0;
    dma_write(&h->dev, ENGINE, dla_of(out_at(h) + code), LOCAL(h, mail) + code,
              1, FREED_MAIL);
}

/* ---- incoming mailboxes
 * ----------------------------------------------------------------- */

static void look_in(struct hba *h)
{
    dma_read(&h->dev, ENGINE, dla_of(in_at(h)), LOCAL(h, mail), mail_bytes(h),
             GOT_IN);
}

static void got_in(struct hba *h)
{
    if (action(h)) { /* the host has not taken what was there */
        clock_after_ns(&h->dev, RETRY_NS, RETRY_IN);
        return;
    }
    memset(h->mail, 0, sizeof h->mail);
    if (h->wide) {
        put_number(h, h->mail, h->ccb_at);
        h->mail[4] = h->host_status;
        h->mail[5] = h->target_status;
        h->mail[7] = h->completion;
    } else {
        h->mail[0] = h->completion;
        put_number(h, h->mail + 1, h->ccb_at);
    }
    dma_write(&h->dev, ENGINE, dla_of(in_at(h)), LOCAL(h, mail), mail_bytes(h),
              WROTE_IN);
}

static void wrote_in(struct hba *h)
{
    h->in = h->in + 1u < h->mailboxes ? (uint8_t)(h->in + 1) : 0;
    raise(h, FLAG_IN);
    scan_next(h, true);
}

/* ---- the end of a CCB
 * ----------------------------------------------------------------------- */

static void tell(struct hba *h)
{
    bool bad = h->host_status || h->target_status;

    h->completion = bad ? MAIL_ERROR : MAIL_OK;
    h->outcome[0] = h->host_status;
    h->outcome[1] = h->target_status;
    dma_write(&h->dev, ENGINE, dla_of(h->ccb_at + OUTCOME_AT),
              LOCAL(h, outcome), 2, WROTE_OUTCOME);
}

static unsigned segment_bytes(const struct hba *h)
{
    return h->wide ? 8 : 6;
}

static void read_segment(struct hba *h)
{
    dma_read(&h->dev, ENGINE, dla_of(h->segments_at), LOCAL(h, segment),
             segment_bytes(h), GOT_SEGMENT);
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
    put_number(h, h->segment, h->rest);
    dma_write(&h->dev, ENGINE, dla_of(h->ccb_at + 4), LOCAL(h, segment),
              h->wide ? 4 : 3, WROTE_RESIDUAL);
}

/* With automatic request sense the data lies behind the CDB, or where the CCB
 * of 32 bits says. An allocation of 0 is 14 bytes, of 1 none. */
static void ended(struct hba *h)
{
    uint32_t at = h->ccb_at + CDB_AT + h->ccb[2], n = h->ccb[3];

    n = n == 0 ? 14 : n == 1 ? 0 : n;
    if (h->wide)
        at = le32(h->ccb + 36);
    if (n > SCSI_SENSE)
        n = SCSI_SENSE;
    if (h->target_status != SCSI_CHECK || !n) {
        residual(h);
        return;
    }
    scsi_sense(&h->target[target(h) % HBA_TARGETS], h->sense);
    dma_write(&h->dev, ENGINE, dla_of(at), LOCAL(h, sense), n, WROTE_SENSE);
}

static void refuse(struct hba *h, uint8_t host_status)
{
    h->host_status = host_status;
    residual(h);
}

/* ---- data
 * ------------------------------------------------------------------------------------
 */

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
        dma_write(&h->dev, ENGINE, dla_of(h->data_at),
                  LOCAL_RAM(HBA_BUFFER, h->chunk_at), n, DATA_IN);
    else
        dma_read(&h->dev, ENGINE, dla_of(h->data_at),
                 LOCAL_RAM(HBA_BUFFER, h->chunk_at), n, DATA_OUT);
}

static void got_segment(struct hba *h)
{
    uint32_t bytes = number(h, h->segment);

    if (h->counting) {
        h->rest += bytes;
        residual(h);
        return;
    }
    h->data_left = bytes;
    h->data_at = number(h, h->segment + (h->wide ? 4 : 3));
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

/* ---- a CCB
 * --------------------------------------------------------------------- */

static void buffers_of(struct hba *h)
{
    uint32_t bytes = number(h, h->ccb + 4);
    uint32_t at = number(h, h->ccb + (h->wide ? 8 : 7));

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

static void got_ccb(struct hba *h, const struct hba_kind *kind)
{
    unsigned drive = target(h);

    h->host_status = h->target_status = 0;
    h->chunk = h->chunk_at = h->rest = 0;
    h->counting = false;
    if (h->completion == MAIL_ABORT) { /* what came before it is over */
        h->completion = MAIL_NO_CCB;
        look_in(h);
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

/* ---- steps
 * --------------------------------------------------------------------- */

/* Memory of the adapter's own structures cannot be reached: it goes on with
 * the next mailbox, as nobody can be told. */
static void lost(struct hba *h)
{
    guest_error(&h->dev, "mailbox, CCB or data cannot be reached");
    dma_cancel(&h->dev, ENGINE);
    scan_next(h, false);
}

static void ccb_step(struct hba *h, const struct hba_kind *kind, unsigned step)
{
    switch (step) {
    case GOT_MAIL:
        got_mail(h);
        break;
    case FREED_MAIL:
        if (h->out_interrupt)
            raise(h, FLAG_OUT);
        dma_read(&h->dev, ENGINE, dla_of(h->ccb_at), LOCAL(h, ccb),
                 h->wide ? CCB_WIDE : CCB_NARROW, GOT_CCB);
        break;
    case GOT_CCB:
        got_ccb(h, kind);
        break;
    case GOT_SEGMENT:
        got_segment(h);
        break;
    case DATA_IN:
    case DATA_OUT:
        piece_moved(h);
        break;
    case WROTE_SENSE:
        residual(h);
        break;
    case WROTE_RESIDUAL:
        tell(h);
        break;
    case WROTE_OUTCOME:
    case RETRY_IN:
        look_in(h);
        break;
    case GOT_IN:
        got_in(h);
        break;
    case WROTE_IN:
        wrote_in(h);
        break;
    }
}

void hba_step(struct hba *h, const struct hba_kind *kind, unsigned step,
              enum dma_status st)
{
    if (step == INTERRUPT_AGAIN)
        interrupt_again(h);
    else if (step == FIFO_MOVED)
        command_over(h);
    else if (st != DMA_OK)
        lost(h);
    else
        ccb_step(h, kind, step);
}

/* ---- ports
 * --------------------------------------------------------------------- */

void hba_reset(struct hba *h)
{
    dma_cancel(&h->dev, ENGINE);
    dma_cancel(&h->dev, ENGINE_FIFO);
    clock_cancel(&h->dev, RETRY_IN);
    clock_cancel(&h->dev, INTERRUPT_AGAIN);
    h->status = STATUS_MAILBOXES | STATUS_IDLE;
    h->flags = h->later = 0;
    h->commanded = h->long_command = h->scanning = h->again = false;
    h->out_interrupt = h->strict = h->wide = h->counting = false;
    h->mailboxes = h->out = h->in = h->empty = 0;
    h->reply_bytes = h->reply_at = 0;
    h->parameters = h->got = 0;
    h->chunk = h->chunk_at = h->data_left = h->segments_left = 0;
    h->c = (struct scsi_command){0};
    for (unsigned i = 0; i < HBA_TARGETS; i++)
        scsi_reset(&h->target[i], &h->dev, i);
    irq_set(&h->dev, false);
}

static void control(struct hba *h, uint8_t value)
{
    if (value & (CONTROL_HARD | CONTROL_SOFT)) {
        hba_reset(h);
        return;
    }
    if (value & CONTROL_INTERRUPT)
        interrupt_reset(h);
    if (value & CONTROL_BUS)
        for (unsigned i = 0; i < HBA_TARGETS; i++)
            scsi_reset(&h->target[i], &h->dev, i);
}

uint32_t hba_peek(const struct hba *h, uint32_t port)
{
    switch (port) {
    case HBA_CONTROL:
        return h->status;
    case HBA_DATA:
        return h->reply[h->reply_at % HBA_REPLY];
    case HBA_FLAGS:
        return h->flags;
    default:
        return 0;
    }
}

uint32_t hba_read(struct hba *h, uint32_t port)
{
    return port == HBA_DATA ? data_read(h) : hba_peek(h, port);
}

void hba_write(struct hba *h, const struct hba_kind *kind, uint32_t port,
               uint8_t value)
{
    if (port == HBA_CONTROL)
        control(h, value);
    else if (port == HBA_DATA)
        data_write(h, kind, value);
}

bool hba_check(const struct device *dev)
{
    const struct hba *h = (const struct hba *)dev;

    return h->parameters <= HBA_PARAMETERS && h->got <= h->parameters &&
           h->chunk <= HBA_CHUNK && h->chunk_at <= h->chunk &&
           h->reply_bytes <= HBA_REPLY && h->c.phase <= SCSI_OUT &&
           (h->c.media || h->c.at <= SCSI_RESPONSE);
}

const struct state_row hba_rows[] = {
    STATE_INT(struct hba, status),
    STATE_INT(struct hba, flags),
    STATE_INT(struct hba, later),
    STATE_INT(struct hba, commanded),
    STATE_INT(struct hba, long_command),
    STATE_INT(struct hba, command),
    STATE_INT(struct hba, parameters),
    STATE_INT(struct hba, got),
    STATE_BYTES(struct hba, parameter),
    STATE_BYTES(struct hba, reply),
    STATE_BYTES(struct hba, fifo),
    STATE_INT(struct hba, reply_bytes),
    STATE_INT(struct hba, reply_at),
    STATE_INT(struct hba, wide),
    STATE_INT(struct hba, out_interrupt),
    STATE_INT(struct hba, strict),
    STATE_INT(struct hba, mailboxes),
    STATE_INT(struct hba, out),
    STATE_INT(struct hba, in),
    STATE_INT(struct hba, mailbox_at),
    STATE_INT(struct hba, empty),
    STATE_INT(struct hba, scanning),
    STATE_INT(struct hba, again),
    STATE_BYTES(struct hba, mail),
    STATE_INT(struct hba, ccb_at),
    STATE_BYTES(struct hba, ccb),
    STATE_INT(struct hba, host_status),
    STATE_INT(struct hba, target_status),
    STATE_INT(struct hba, completion),
    STATE_INT(struct hba, segments_at),
    STATE_INT(struct hba, segments_left),
    STATE_INT(struct hba, data_at),
    STATE_INT(struct hba, data_left),
    STATE_BYTES(struct hba, segment),
    STATE_INT(struct hba, rest),
    STATE_INT(struct hba, chunk),
    STATE_INT(struct hba, chunk_at),
    STATE_INT(struct hba, to_host),
    STATE_INT(struct hba, counting),
    STATE_BYTES(struct hba, sense),
    STATE_BYTES(struct hba, outcome),
    STATE_STRUCT(struct hba, c, scsi_command_rows),
    STATE_STRUCTS(struct hba, target, scsi_target_rows),
    STATE_END,
};
