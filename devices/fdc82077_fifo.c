/* devices/fdc82077_fifo.c -- the 82077AA's FIFO. From a sector's data field on
 * bytes come or go at the data rate, and the level is what has passed the heads
 * less what has passed the host: there is a timer for the next request alone,
 * and a host that is late is found out by the level. Source: Intel 82077AA data
 * sheet (290166), 4.2. */
#include "fdc82077.h"

static bool fifo_on(const struct fdc *s)
{
    return !(s->configure & CONFIGURE_EFIFO);
}

static unsigned room(const struct fdc *s)
{
    return fifo_on(s) ? FDC_FIFO : 1;
}

/* Bytes that have passed the heads: read, those that are whole; written, those
 * that have begun. */
static unsigned passed(const struct fdc *s)
{
    uint64_t now = clock_ns(&s->dev), n;

    if (now < s->from_ns)
        return 0;
    n = (now - s->from_ns) / fdc_byte_ns(s) + !fdc_reads(s);
    return n < s->bytes ? (unsigned)n : s->bytes;
}

/* Bytes that stand in it. */
static unsigned level(const struct fdc *s)
{
    unsigned n = passed(s);

    if (fdc_reads(s))
        return n > s->moved ? n - s->moved : 0u;
    return s->moved > n ? s->moved - n : 0u;
}

bool fdc_fifo_late(const struct fdc *s)
{
    unsigned n = passed(s);

    return fdc_reads(s) ? n > s->moved + room(s) : n > s->moved;
}

uint32_t fdc_fifo_ready(const struct fdc *s)
{
    uint32_t rest = (uint32_t)(s->bytes - s->moved), n;

    if (s->phase != PHASE_EXECUTE || !s->request)
        return 0;
    if (fdc_reads(s))
        return level(s);
    n = room(s) - level(s);
    return n < rest ? n : rest;
}

void fdc_fifo_request(struct fdc *s, bool on)
{
    s->request = on;
    if (!on)
        clock_cancel(&s->dev, FDC_REQUEST);
    if (s->specify[1] & SPECIFY_ND)
        s->interrupt = on;
    fdc_lines(s);
}

/* When the level asks for service: so many bytes less than full when reading,
 * or the sector's last; down to the threshold when writing. */
static uint64_t asks_at(const struct fdc *s)
{
    unsigned threshold =
        fifo_on(s) ? (s->configure & CONFIGURE_FIFOTHR) + 1 : 0;
    unsigned n, most = FDC_FIFO - 1;

    if (threshold > most)
        threshold = most;
    if (fdc_reads(s)) {
        n = s->moved + (fifo_on(s) ? FDC_FIFO - threshold : 1u);
        return s->from_ns + (n < s->bytes ? n : s->bytes) * fdc_byte_ns(s);
    }
    if (s->moved <= threshold)
        return 0;
    return s->from_ns + (s->moved - threshold - 1) * fdc_byte_ns(s);
}

static void ask(struct fdc *s)
{
    uint64_t at = asks_at(s), now = clock_ns(&s->dev);

    if (s->tc || s->late || s->moved == s->bytes)
        return;
    if (at <= now)
        fdc_fifo_request(s, true);
    else
        clock_after_ns(&s->dev, at - now, FDC_REQUEST);
}

void fdc_fifo_asks(struct fdc *s)
{
    if (s->phase == PHASE_EXECUTE && !s->request)
        ask(s);
}

/* After each byte: nothing left to take, or no room to give. */
static void moved_one(struct fdc *s)
{
    s->moved++;
    if (fdc_fifo_ready(s))
        return;
    fdc_fifo_request(s, false);
    if (s->stage == STAGE_DRAIN && s->moved == s->bytes)
        fdc_after(s, 0, STAGE_DRAIN);
    else /* not now: DRQ is seen to fall */
        clock_after_ns(&s->dev, 0, FDC_REQUEST);
}

static bool turned_late(struct fdc *s)
{
    if (fdc_fifo_late(s)) {
        s->late = true;
        fdc_fifo_request(s, false);
    }
    return s->late;
}

uint8_t fdc_fifo_take(struct fdc *s)
{
    uint8_t byte;

    if (s->moved == s->bytes || turned_late(s) || !level(s))
        return 0;
    byte = s->buffer[s->moved];
    moved_one(s);
    return byte;
}

void fdc_fifo_give(struct fdc *s, uint8_t byte)
{
    if (s->moved == s->bytes || turned_late(s) || level(s) >= room(s))
        return;
    s->buffer[s->moved] = byte;
    moved_one(s);
}

void fdc_fifo_tc(struct fdc *s)
{
    s->tc = true;
    fdc_fifo_request(s, false);
    if (s->stage == STAGE_DRAIN)
        fdc_after(s, 0, STAGE_DRAIN);
}

/* @n bytes from @from_ns on; what the host gives is asked for before. */
void fdc_fifo_open(struct fdc *s, unsigned n, uint64_t from_ns)
{
    s->bytes = (uint16_t)n;
    s->moved = 0;
    s->from_ns = from_ns;
    if (fdc_kind(s) != VERIFY && !s->skipped)
        ask(s);
}
