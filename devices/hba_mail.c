/* devices/hba_mail.c -- mailboxes: the outgoing ones are scanned for CCBs, the
 * incoming ones are filled with their ends. See hba.h. */
#include "hba.h"

#include <string.h>

enum { RETRY_NS = 100000 };

static unsigned mail_bytes(const struct hba *h)
{
    return h->wide ? 8 : 4;
}

void hba_mailboxes(struct hba *h, bool wide, unsigned n, uint32_t at)
{
    if (!n) {
        hba_invalid(h);
        return;
    }
    dma_cancel(&h->dev, HBA_ENGINE);
    clock_cancel(&h->dev, HBA_RETRY_IN);
    h->wide = wide;
    h->mailboxes = (uint8_t)n;
    h->mailbox_at = at;
    h->out = h->in = 0;
    h->scanning = h->again = false;
    h->status &= (uint8_t)~STATUS_MAILBOXES;
}

/* ---- outgoing mailboxes -------------------------------------------------- */

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
    dma_read(&h->dev, HBA_ENGINE, dla_of(out_at(h)), LOCAL(h, mail),
             mail_bytes(h), HBA_GOT_MAIL);
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
void hba_mail_next(struct hba *h, bool found)
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
        hba_mail_next(h, false);
        return;
    }
    h->ccb_at = h->wide ? hba_le32(h->mail) : hba_be24(h->mail + 1);
    h->completion = (uint8_t)what; /* till the CCB is over: why it came */
    h->mail[code] = 0;
    dma_write(&h->dev, HBA_ENGINE, dla_of(out_at(h) + code),
              LOCAL(h, mail) + code, 1, HBA_FREED_MAIL);
}

/* ---- incoming mailboxes -------------------------------------------------- */

void hba_mail_end(struct hba *h)
{
    dma_read(&h->dev, HBA_ENGINE, dla_of(in_at(h)), LOCAL(h, mail),
             mail_bytes(h), HBA_GOT_IN);
}

static void got_in(struct hba *h)
{
    if (action(h)) { /* the host has not taken what was there */
        clock_after_ns(&h->dev, RETRY_NS, HBA_RETRY_IN);
        return;
    }
    memset(h->mail, 0, sizeof h->mail);
    if (h->wide) {
        hba_put_number(h, h->mail, h->ccb_at);
        h->mail[4] = h->host_status;
        h->mail[5] = h->target_status;
        h->mail[7] = h->completion;
    } else {
        h->mail[0] = h->completion;
        hba_put_number(h, h->mail + 1, h->ccb_at);
    }
    dma_write(&h->dev, HBA_ENGINE, dla_of(in_at(h)), LOCAL(h, mail),
              mail_bytes(h), HBA_WROTE_IN);
}

static void wrote_in(struct hba *h)
{
    h->in = h->in + 1u < h->mailboxes ? (uint8_t)(h->in + 1) : 0;
    hba_raise(h, FLAG_IN);
    hba_mail_next(h, true);
}

/* ---- steps --------------------------------------------------------------- */

void hba_mail_step(struct hba *h, unsigned step)
{
    switch (step) {
    case HBA_GOT_MAIL:
        got_mail(h);
        break;
    case HBA_FREED_MAIL:
        if (h->out_interrupt)
            hba_raise(h, FLAG_OUT);
        hba_ccb_read(h);
        break;
    case HBA_RETRY_IN:
        hba_mail_end(h);
        break;
    case HBA_GOT_IN:
        got_in(h);
        break;
    case HBA_WROTE_IN:
        wrote_in(h);
        break;
    }
}
