/* devices/aha1542.c -- Adaptec AHA-1542CF: ISA bus master behind a channel of
 * the 8237 in cascade mode, 24-bit mailboxes and CCBs. The mailboxes' side is
 * in hba.c. Source: AHA-1540CF/1542CF user's and technical reference manuals.
 */
#include <string.h>

#include "hba.h"

enum {
    NOP = 0x00,
    MAILBOX_INIT = 0x01,
    START_SCSI = 0x02,
    INQUIRE = 0x04,
    OUT_INTERRUPT = 0x05,
    SELECTION_TIMEOUT = 0x06,
    BUS_ON = 0x07,
    BUS_OFF = 0x08,
    TRANSFER_SPEED = 0x09,
    INSTALLED = 0x0a,
    CONFIGURATION = 0x0b,
    TARGET_MODE = 0x0c,
    SETUP = 0x0d,
    WRITE_BUFFER = 0x1a,
    READ_BUFFER = 0x1b,
    WRITE_FIFO = 0x1c,
    READ_FIFO = 0x1d,
    ECHO = 0x1f,
    DIAGNOSTIC = 0x20,
    OPTIONS = 0x21,
    EXTENDED_BIOS = 0x28,
    UNLOCK = 0x29
};
enum { TARGETS = 7, OWN_ID = 7, SETUP_BYTES = 17, LOCK = 1, EXTENDED = 8 };

struct aha1542 {
    struct hba h;
    bool locked; /* the mailbox interface, till UNLOCK */
    uint8_t bus_on, bus_off, speed;
    uint64_t extended; /* setting */
};

static int parameters(const struct hba *h, uint8_t command)
{
    static const struct {
        uint8_t command, bytes;
    } rows[] = {
        {NOP, 0},        {MAILBOX_INIT, 4},  {START_SCSI, 0},
        {INQUIRE, 0},    {OUT_INTERRUPT, 1}, {SELECTION_TIMEOUT, 4},
        {BUS_ON, 1},     {BUS_OFF, 1},       {TRANSFER_SPEED, 1},
        {INSTALLED, 0},  {CONFIGURATION, 0}, {TARGET_MODE, 2},
        {SETUP, 1},      {WRITE_BUFFER, 3},  {READ_BUFFER, 3},
        {WRITE_FIFO, 3}, {READ_FIFO, 3},     {ECHO, 1},
        {DIAGNOSTIC, 0}, {OPTIONS, 1},       {EXTENDED_BIOS, 0},
        {UNLOCK, 2},
    };

    (void)h;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].command == command)
            return rows[i].bytes;
    return -1;
}

static void mailbox_init(struct aha1542 *s)
{
    if (s->locked)
        hba_invalid(&s->h);
    else
        hba_mailboxes(&s->h, false, s->h.parameter[0],
                      hba_be24(s->h.parameter + 1));
}

/* A bit per logical unit of each target: here the first alone. */
static void installed(struct hba *h)
{
    uint8_t r[8] = {0};

    for (unsigned i = 0; i < TARGETS; i++)
        r[i] = media_drive(&h->dev, i) ? 1 : 0;
    hba_reply(h, r, sizeof r);
}

static void configuration(struct hba *h)
{
    int channel = device_channel(&h->dev);
    int irq = device_irq(&h->dev);
    const uint8_t r[3] = {
        channel < 0 ? 0 : (uint8_t)(1u << channel),
        irq >= 9 && irq <= 15 ? (uint8_t)(1u << (irq - 9)) : 0, OWN_ID};

    hba_reply(h, r, sizeof r);
}

static void setup(struct aha1542 *s)
{
    uint8_t r[HBA_REPLY] = {[1] = s->speed, [2] = s->bus_on, [3] = s->bus_off};

    r[4] = s->h.mailboxes;
    r[5] = (uint8_t)(s->h.mailbox_at >> 16);
    r[6] = (uint8_t)(s->h.mailbox_at >> 8);
    r[7] = (uint8_t)s->h.mailbox_at;
    hba_reply(&s->h, r, s->h.parameter[0]);
}

static void extended_bios(struct aha1542 *s)
{
    const uint8_t r[2] = {s->extended ? EXTENDED : 0, s->locked ? LOCK : 0};

    hba_reply(&s->h, r, sizeof r);
}

/* Options: the first parameter says how many follow. */
static void unlock(struct aha1542 *s)
{
    if (s->locked && s->h.parameter[1] != LOCK)
        hba_invalid(&s->h);
    else
        s->locked = s->h.parameter[0] & 1;
}

static void run(struct hba *h, uint8_t command)
{
    static const uint8_t board[4] = {0x45, 0x30, 0x11, 0x20}; /* 1542CF */
    struct aha1542 *s = (struct aha1542 *)h;
    const uint8_t *p = h->parameter;

    switch (command) {
    case MAILBOX_INIT:
        mailbox_init(s);
        break;
    case START_SCSI:
        hba_start(h);
        break;
    case INQUIRE:
        hba_reply(h, board, sizeof board);
        break;
    case OUT_INTERRUPT:
        h->out_interrupt = p[0] & 1;
        hba_quiet(h);
        break;
    case BUS_ON:
        s->bus_on = p[0];
        break;
    case BUS_OFF:
        s->bus_off = p[0];
        break;
    case TRANSFER_SPEED:
        s->speed = p[0];
        break;
    case INSTALLED:
        installed(h);
        break;
    case CONFIGURATION:
        configuration(h);
        break;
    case TARGET_MODE: /* it is an initiator only */
        hba_invalid(h);
        break;
    case SETUP:
        setup(s);
        break;
    case WRITE_BUFFER:
    case WRITE_FIFO:
        hba_fifo(h, hba_be24(p), false);
        break;
    case READ_BUFFER:
    case READ_FIFO:
        hba_fifo(h, hba_be24(p), true);
        break;
    case ECHO:
        hba_reply(h, p, 1);
        break;
    case EXTENDED_BIOS:
        extended_bios(s);
        break;
    case UNLOCK:
        unlock(s);
        break;
    }
}

static const struct hba_kind kind = {parameters, run, TARGETS};

static void aha1542_reset(struct device *dev)
{
    struct aha1542 *s = (struct aha1542 *)dev;

    hba_reset(&s->h);
    s->locked = s->extended;
    s->bus_on = 11; /* microseconds, the manual's defaults */
    s->bus_off = 4;
    s->speed = 0;
}

static uint32_t aha1542_read(struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    (void)window;
    (void)bytes;
    return hba_read((struct hba *)dev, offset);
}

static uint32_t aha1542_peek(const struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    (void)window;
    (void)bytes;
    return hba_peek((const struct hba *)dev, offset);
}

static void aha1542_write(struct device *dev, unsigned window, uint32_t offset,
                          unsigned bytes, uint32_t value)
{
    (void)window;
    (void)bytes;
    if (offset == HBA_CONTROL && value & (CONTROL_HARD | CONTROL_SOFT))
        aha1542_reset(dev);
    else
        hba_write((struct hba *)dev, &kind, offset, (uint8_t)value);
}

static void aha1542_step(struct device *dev, unsigned step, enum dma_status st)
{
    hba_step((struct hba *)dev, &kind, step, st);
}

static const struct state_row aha1542_rows[] = {
    STATE_STRUCT(struct aha1542, h, hba_rows),
    STATE_INT(struct aha1542, locked),
    STATE_INT(struct aha1542, bus_on),
    STATE_INT(struct aha1542, bus_off),
    STATE_INT(struct aha1542, speed),
    STATE_INT(struct aha1542, extended),
    STATE_END,
};

static const struct device_setting aha1542_settings[] = {
    {"extended", "1: translation of large disks, mailboxes are locked", 0, 0, 1,
     offsetof(struct aha1542, extended)},
    {NULL, NULL, 0, 0, 0, 0},
};

enum { D = MEDIA_DISK | MEDIA_CDROM };

const struct device_model aha1542_model = {
    .name = "aha1542",
    .title = "Adaptec AHA-1542CF ISA SCSI host adapter",
    .version = 2,
    .state_size = sizeof(struct aha1542),
    .rows = aha1542_rows,
    .settings = aha1542_settings,
    .windows = {{.kind = WINDOW_PORT,
                 .bytes = 4,
                 .access = ACCESS_8 | ACCESS_SPLIT,
                 .alias = 10,
                 .base = 0x330},
                [HBA_BUFFER] = {.bytes = HBA_CHUNK, .ram = true}},
    .strap = {.has_irq = true, .has_dma = true, .irq = 11, .dma = 5},
    .drives = {D, D, D, D, D, D, D},
    .reset = aha1542_reset,
    .check = hba_check,
    .read = aha1542_read,
    .write = aha1542_write,
    .peek = aha1542_peek,
    .step = aha1542_step,
};
