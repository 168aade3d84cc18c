/* devices/fdc82077_command.c -- the 82077AA's command and result phases, seeks,
 * and what SENSE INTERRUPT STATUS tells. Source: Intel 82077AA data sheet
 * (290166), 5; Intel 8272A data sheet, "Scan". */
#include "fdc82077.h"

enum { VERSION = 0x90, HOME_STEPS = 79 };
enum { ST3_WP = 0x40, ST3_ALWAYS = 0x28, ST3_T0 = 0x10 };
enum { RELATIVE_IN = 0x40, PERPENDICULAR_OW = 0x80, PERPENDICULAR_KEPT = 0x3f };
enum { PERPENDICULAR_DRIVES = 0x3c, LOCK = 0x80 };

void fdc_idle(struct fdc *s)
{
    s->phase = PHASE_COMMAND;
    s->got = s->wants = s->results = s->told = 0;
}

void fdc_result(struct fdc *s, unsigned n)
{
    s->phase = PHASE_RESULT;
    s->got = s->wants = 0;
    s->results = (uint8_t)n;
    s->told = 0;
}

/* INT as it falls for one reason and rises again for another that waits. */
static void interrupt_told(struct fdc *s)
{
    fdc_interrupt(s, false);
    if (s->ended && !s->polled)
        fdc_interrupt(s, true);
}

/* The first byte of a data command takes back INT, the last of any the busy
 * bit.
 */
uint8_t fdc_result_read(struct fdc *s)
{
    uint8_t v = s->result[s->told++];

    if (s->told == 1 && s->results == FDC_DATA_RESULT)
        interrupt_told(s);
    if (s->told == s->results)
        fdc_idle(s);
    return v;
}

static void result_1(struct fdc *s, uint8_t byte)
{
    s->result[0] = byte;
    fdc_result(s, 1);
}

static unsigned drive_of(const struct fdc *s)
{
    return s->command[1] & COMMAND_DS;
}

/* ---- seeks -----------------------------------------------------------------
 */

/* 16 less SRT, in ms at 500 kbps; a byte lasts 16 us there. */
uint64_t fdc_step_ns(const struct fdc *s)
{
    return (16u - (s->specify[0] >> 4)) * fdc_byte_ns(s) * 125 / 2;
}

static void seek_begin(struct fdc *s, unsigned kind, unsigned steps,
                       bool inwards)
{
    unsigned n = drive_of(s);
    uint8_t bit = (uint8_t)(1u << n);

    s->seek_kind[n] = (uint8_t)kind;
    s->steps[n] = (uint8_t)steps;
    s->outwards = (uint8_t)(inwards ? s->outwards & ~bit : s->outwards | bit);
    s->seeking |= bit;
    s->ended &= (uint8_t)~bit;
    fdc_idle(s);
    clock_after_ns(&s->dev, fdc_step_ns(s), FDC_SEEK + n);
}

static void seek_end(struct fdc *s, unsigned n, bool failed)
{
    s->seeking &= (uint8_t) ~(1u << n);
    s->ended |= (uint8_t)(1u << n);
    s->st0[n] = (uint8_t)(ST0_SE | (failed ? ST0_IC | ST0_EC : 0) | n);
    fdc_interrupt(s, true);
}

/* TRK0 ends the way home; without it, and when a relative seek would leave the
 * medium, that is an equipment check. */
void fdc_seek_step(struct fdc *s, unsigned n)
{
    bool out = s->outwards >> n & 1, at_0 = fdc_at_track0(s);

    if (!s->steps[n] || (at_0 && s->seek_kind[n] == SEEK_HOME)) {
        seek_end(s, n, s->seek_kind[n] == SEEK_HOME && !at_0);
        return;
    }
    if (at_0 && out && s->seek_kind[n] == SEEK_BY) {
        seek_end(s, n, true);
        return;
    }
    fdc_step_pulse(s, !out);
    s->steps[n]--;
    if (s->seek_kind[n] != SEEK_HOME)
        s->pcn[n] = (uint8_t)(out ? s->pcn[n] - 1 : s->pcn[n] + 1);
    clock_after_ns(&s->dev, fdc_step_ns(s), FDC_SEEK + n);
}

static void seek(struct fdc *s)
{
    uint8_t from = s->pcn[drive_of(s)], to = s->command[2];

    seek_begin(s, SEEK_TO, (unsigned)(to > from ? to - from : from - to),
               to > from);
}

static void recalibrate(struct fdc *s)
{
    s->pcn[drive_of(s)] = 0;
    seek_begin(s, SEEK_HOME, HOME_STEPS, false);
}

static void relative_seek(struct fdc *s)
{
    seek_begin(s, SEEK_BY, s->command[2], s->command[0] & RELATIVE_IN);
}

/* Who is told of: the four drives that polling found, then seeks. */
static void sense_interrupt(struct fdc *s)
{
    uint8_t *set = s->polled ? &s->polled : &s->ended;
    unsigned n = 0;

    if (!*set) { /* such as of a seek that another has followed */
        fdc_interrupt(s, false);
        result_1(s, ST0_INVALID);
        return;
    }
    while (!(*set >> n & 1))
        n++;
    s->result[0] = set == &s->polled ? (uint8_t)(ST0_POLLED | n) : s->st0[n];
    s->result[1] = s->pcn[n];
    *set &= (uint8_t) ~(1u << n);
    interrupt_told(s);
    fdc_result(s, 2);
}

/* ---- control commands ------------------------------------------------------
 */

static void specify(struct fdc *s)
{
    s->specify[0] = s->command[1];
    s->specify[1] = s->command[2];
    fdc_idle(s);
}

static void sense_drive(struct fdc *s)
{
    result_1(s, (uint8_t)((fdc_protected(s) ? ST3_WP : 0) | ST3_ALWAYS |
                          (fdc_at_track0(s) ? ST3_T0 : 0) |
                          (s->command[1] & (COMMAND_HDS | COMMAND_DS))));
}

/* POLL set before polling was told of: it is not. */
static void configure(struct fdc *s)
{
    s->configure = s->command[2] & 0x7f;
    s->pretrk = s->command[3];
    fdc_idle(s);
    if (s->configure & CONFIGURE_POLL && s->polled) {
        s->polled = 0;
        fdc_interrupt(s, s->ended);
    }
}

static void version(struct fdc *s)
{
    result_1(s, VERSION);
}

static void dumpreg(struct fdc *s)
{
    for (unsigned n = 0; n < FDC_DRIVES; n++)
        s->result[n] = s->pcn[n];
    s->result[4] = s->specify[0];
    s->result[5] = s->specify[1];
    s->result[6] = s->sc_eot;
    s->result[7] = (uint8_t)((s->locked ? LOCK : 0) | s->perpendicular);
    s->result[8] = s->configure;
    s->result[9] = s->pretrk;
    fdc_result(s, 10);
}

/* D0-D3 change with OW alone. */
static void perpendicular(struct fdc *s)
{
    uint8_t keep = s->command[1] & PERPENDICULAR_OW ? 0 : PERPENDICULAR_DRIVES;

    s->perpendicular = (uint8_t)((s->perpendicular & keep) |
                                 (s->command[1] & PERPENDICULAR_KEPT & ~keep));
    fdc_idle(s);
}

static void lock(struct fdc *s)
{
    s->locked = s->command[0] & LOCK;
    result_1(s, s->locked ? LOCK >> 3 : 0);
}

static void invalid(struct fdc *s)
{
    guest_error(&s->dev, "command %02x is none of this chip", s->command[0]);
    result_1(s, ST0_INVALID);
}

/** The first row whose bits match serves a command of so many bytes. */
static const struct row {
    uint8_t mask, code, bytes;
    void (*run)(struct fdc *s);
} rows[] = {
    {0x1f, 0x06, 9, fdc_data_begin}, /* READ DATA           */
    {0x1f, 0x0c, 9, fdc_data_begin}, /* READ DELETED DATA   */
    {0x3f, 0x05, 9, fdc_data_begin}, /* WRITE DATA          */
    {0x3f, 0x09, 9, fdc_data_begin}, /* WRITE DELETED DATA  */
    {0xbf, 0x02, 9, fdc_data_begin}, /* READ TRACK          */
    {0x1f, 0x16, 9, fdc_data_begin}, /* VERIFY              */
    {0x1f, 0x11, 9, fdc_data_begin}, /* SCAN EQUAL          */
    {0x1f, 0x19, 9, fdc_data_begin}, /* SCAN LOW OR EQUAL   */
    {0x1f, 0x1d, 9, fdc_data_begin}, /* SCAN HIGH OR EQUAL  */
    {0xbf, 0x0d, 6, fdc_data_begin}, /* FORMAT TRACK        */
    {0xbf, 0x0a, 2, fdc_data_begin}, /* READ ID             */
    {0xff, 0x07, 2, recalibrate},    {0xff, 0x08, 1, sense_interrupt},
    {0xff, 0x03, 3, specify},        {0xff, 0x04, 2, sense_drive},
    {0xff, 0x0f, 3, seek},           {0xbf, 0x8f, 3, relative_seek},
    {0xff, 0x13, 4, configure},      {0xff, 0x10, 1, version},
    {0xff, 0x0e, 1, dumpreg},        {0xff, 0x12, 2, perpendicular},
    {0x7f, 0x14, 1, lock},           {0x00, 0x00, 1, invalid},
};

static const struct row *row_of(uint8_t command)
{
    const struct row *row = rows;

    while ((command & row->mask) != row->code)
        row++;
    return row;
}

void fdc_command_write(struct fdc *s, uint8_t byte)
{
    if (!s->got)
        s->wants = row_of(byte)->bytes;
    s->command[s->got++] = byte;
    if (--s->wants)
        return;
    s->got = 0;
    row_of(s->command[0])->run(s);
}
