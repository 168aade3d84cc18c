/* devices/hba.c -- see hba.h: ports, interrupts, adapter commands, state. */
#include "hba.h"

#include <string.h>

/* ---- interrupts ---------------------------------------------------------- */

/* A cause that comes while another one is not yet reset waits for that: the
 * line makes one edge for each. */
void hba_raise(struct hba *h, uint8_t flag)
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
        clock_after_ns(&h->dev, 1, HBA_INTERRUPT_AGAIN);
}

static void interrupt_again(struct hba *h)
{
    uint8_t later = h->later;

    h->later = 0;
    if (later)
        hba_raise(h, later);
}

/* ---- adapter commands ---------------------------------------------------- */

static void command_over(struct hba *h)
{
    h->commanded = h->long_command = false;
    h->status |= STATUS_IDLE;
    hba_raise(h, FLAG_DONE);
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

void hba_fifo(struct hba *h, uint32_t at, bool to_memory)
{
    uint32_t local = LOCAL(h, fifo);

    h->long_command = true;
    if (to_memory)
        dma_write(&h->dev, HBA_ENGINE_FIFO, dla_of(at), local, HBA_FIFO,
                  HBA_FIFO_MOVED);
    else
        dma_read(&h->dev, HBA_ENGINE_FIFO, dla_of(at), local, HBA_FIFO,
                 HBA_FIFO_MOVED);
}

/* ---- steps --------------------------------------------------------------- */

/* Memory of the adapter's own structures cannot be reached: it goes on with
 * the next mailbox, as nobody can be told. */
static void lost(struct hba *h)
{
    guest_error(&h->dev, "mailbox, CCB or data cannot be reached");
    dma_cancel(&h->dev, HBA_ENGINE);
    hba_mail_next(h, false);
}

void hba_step(struct hba *h, const struct hba_kind *kind, unsigned step,
              enum dma_status st)
{
    if (step == HBA_INTERRUPT_AGAIN)
        interrupt_again(h);
    else if (step == HBA_FIFO_MOVED)
        command_over(h);
    else if (st != DMA_OK)
        lost(h);
    else if (step == HBA_GOT_CCB)
        hba_ccb_begin(h, kind);
    else if (step < HBA_GOT_CCB)
        hba_mail_step(h, step);
    else
        hba_ccb_step(h, step);
}

/* ---- ports --------------------------------------------------------------- */

void hba_reset(struct hba *h)
{
    dma_cancel(&h->dev, HBA_ENGINE);
    dma_cancel(&h->dev, HBA_ENGINE_FIFO);
    clock_cancel(&h->dev, HBA_RETRY_IN);
    clock_cancel(&h->dev, HBA_INTERRUPT_AGAIN);
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
