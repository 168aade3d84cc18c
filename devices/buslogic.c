/* devices/buslogic.c -- BusLogic BT-958, a PCI MultiMaster adapter for wide
 * SCSI: mailboxes and CCBs of 32 bits, or those of an AHA-1542. The mailboxes'
 * side is in hba.c. Source: BusLogic MultiMaster technical reference. */
#include <string.h>

#include "hba.h"

enum {
    TEST_COMPLETE = 0x00,
    MAILBOX_INIT = 0x01,
    START_SCSI = 0x02,
    BOARD_ID = 0x04,
    OUT_INTERRUPT = 0x05,
    SELECTION_TIMEOUT = 0x06,
    BUS_ON = 0x07,
    BUS_OFF = 0x08,
    TRANSFER_SPEED = 0x09,
    DEVICES_0_7 = 0x0a,
    CONFIGURATION = 0x0b,
    SETUP = 0x0d,
    WRITE_BUFFER = 0x1a,
    READ_BUFFER = 0x1b,
    ECHO = 0x1f,
    DEVICES_8_15 = 0x23,
    TARGETS_THERE = 0x24,
    INTERRUPT_ENABLE = 0x25,
    MAILBOX_INIT_32 = 0x81,
    FIRMWARE_DIGIT = 0x84,
    FIRMWARE_LETTER = 0x85,
    PCI_INFORMATION = 0x86,
    MODEL_NUMBER = 0x8b,
    SYNC_PERIOD = 0x8c,
    EXTENDED_SETUP = 0x8d,
    STRICT_ROUND_ROBIN = 0x8f,
    READ_LOCAL_RAM = 0x91,
    ISA_PORT = 0x95,
    CCB_FORMAT = 0x96
};
enum { TARGETS = 16, OWN_ID = 7, READY = 64, DIAGNOSTIC = 0x80 };
enum { DIAGNOSTIC_NS = 1000000, ISA_DISABLED = 6, SEGMENTS = 128 };

static int parameters(const struct hba *h, uint8_t command)
{
    static const struct {
        uint8_t command, bytes;
    } rows[] = {
        {TEST_COMPLETE, 0},
        {MAILBOX_INIT, 4},
        {START_SCSI, 0},
        {BOARD_ID, 0},
        {OUT_INTERRUPT, 1},
        {SELECTION_TIMEOUT, 4},
        {BUS_ON, 1},
        {BUS_OFF, 1},
        {TRANSFER_SPEED, 1},
        {DEVICES_0_7, 0},
        {CONFIGURATION, 0},
        {SETUP, 1},
        {WRITE_BUFFER, 3},
        {READ_BUFFER, 3},
        {ECHO, 1},
        {DEVICES_8_15, 0},
        {TARGETS_THERE, 0},
        {INTERRUPT_ENABLE, 1},
        {MAILBOX_INIT_32, 5},
        {FIRMWARE_DIGIT, 0},
        {FIRMWARE_LETTER, 0},
        {PCI_INFORMATION, 0},
        {MODEL_NUMBER, 1},
        {SYNC_PERIOD, 1},
        {EXTENDED_SETUP, 1},
        {STRICT_ROUND_ROBIN, 1},
        {READ_LOCAL_RAM, 2},
        {ISA_PORT, 1},
        {CCB_FORMAT, 1},
    };

    (void)h;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].command == command)
            return rows[i].bytes;
    return -1;
}

/* A bit per logical unit of each of eight targets: here the first alone. */
static void devices(struct hba *h, unsigned first)
{
    uint8_t r[8];

    for (unsigned i = 0; i < 8; i++)
        r[i] = media_drive(&h->dev, first + i) ? 1 : 0;
    hba_reply(h, r, sizeof r);
}

static void targets_there(struct hba *h)
{
    uint8_t r[2] = {0, 0};

    for (unsigned i = 0; i < TARGETS; i++)
        if (media_drive(&h->dev, i))
            r[i / 8] |= (uint8_t)(1u << (i & 7));
    hba_reply(h, r, sizeof r);
}

static void setup(struct hba *h)
{
    uint8_t r[HBA_REPLY] = {[4] = h->mailboxes};

    r[5] = (uint8_t)(h->mailbox_at >> 16);
    r[6] = (uint8_t)(h->mailbox_at >> 8);
    r[7] = (uint8_t)h->mailbox_at;
    r[17] = 'B'; /* signature, board, bus */
    r[18] = 'D';
    r[19] = 'F';
    hba_reply(h, r, h->parameter[0]);
}

static void extended_setup(struct hba *h)
{
    uint8_t r[HBA_REPLY] = {'E', 0, SEGMENTS, 0, h->mailboxes};

    for (unsigned i = 0; i < 4; i++)
        r[5 + i] = (uint8_t)(h->mailbox_at >> 8 * i);
    r[9] = 0x40; /* interrupts are levels */
    memcpy(r + 10, "07B", 3);
    r[13] = 0x09; /* wide, ultra */
    hba_reply(h, r, h->parameter[0]);
}

/* The answer is as long as was asked for. */
static void padded(struct hba *h, const char *text, unsigned n)
{
    uint8_t r[HBA_REPLY] = {0};

    memcpy(r, text, n);
    hba_reply(h, r, h->parameter[0]);
}

static void local_ram(struct hba *h)
{
    uint8_t r[HBA_REPLY] = {0}; /* nothing was ever set up by a utility */

    hba_reply(h, r, h->parameter[1]);
}

static void report(struct hba *h, uint8_t command)
{
    static const uint8_t board[4] = {'A', 'A', '5', '0'};
    static const uint8_t pci[4] = {ISA_DISABLED, 0, 0, 0};
    static const uint8_t configuration[3] = {0, 0, OWN_ID};

    switch (command) {
    case BOARD_ID:
        hba_reply(h, board, sizeof board);
        break;
    case DEVICES_0_7:
        devices(h, 0);
        break;
    case DEVICES_8_15:
        devices(h, 8);
        break;
    case TARGETS_THERE:
        targets_there(h);
        break;
    case CONFIGURATION:
        hba_reply(h, configuration, sizeof configuration);
        break;
    case SETUP:
        setup(h);
        break;
    case EXTENDED_SETUP:
        extended_setup(h);
        break;
    case FIRMWARE_DIGIT:
        hba_reply(h, "7", 1);
        break;
    case FIRMWARE_LETTER:
        hba_reply(h, "B", 1);
        break;
    case PCI_INFORMATION:
        hba_reply(h, pci, sizeof pci);
        break;
    case MODEL_NUMBER:
        padded(h, "958", 3);
        break;
    case SYNC_PERIOD:
        padded(h, "", 0);
        break;
    case READ_LOCAL_RAM:
        local_ram(h);
        break;
    }
}

static void run(struct hba *h, uint8_t command)
{
    const uint8_t *p = h->parameter;

    switch (command) {
    case MAILBOX_INIT:
        hba_mailboxes(h, false, p[0], hba_be24(p + 1));
        break;
    case MAILBOX_INIT_32:
        hba_mailboxes(h, true, p[0], hba_le32(p + 1));
        break;
    case START_SCSI:
        hba_start(h);
        break;
    case OUT_INTERRUPT:
        h->out_interrupt = p[0] & 1;
        hba_quiet(h);
        break;
    case STRICT_ROUND_ROBIN:
        h->strict = p[0] & 1;
        break;
    case WRITE_BUFFER:
        hba_fifo(h, hba_be24(p), false);
        break;
    case READ_BUFFER:
        hba_fifo(h, hba_be24(p), true);
        break;
    case ECHO:
        hba_reply(h, p, 1);
        break;
    default:
        report(h, command);
    }
}

static const struct hba_kind kind = {parameters, run, TARGETS};

static void buslogic_reset(struct device *dev)
{
    clock_cancel(dev, READY);
    hba_reset((struct hba *)dev);
}

static uint32_t buslogic_read(struct device *dev, unsigned window,
                              uint32_t offset, unsigned bytes)
{
    (void)window;
    (void)bytes;
    return hba_read((struct hba *)dev, offset & 3);
}

static uint32_t buslogic_peek(const struct device *dev, unsigned window,
                              uint32_t offset, unsigned bytes)
{
    (void)window;
    (void)bytes;
    return hba_peek((const struct hba *)dev, offset & 3);
}

static void buslogic_write(struct device *dev, unsigned window, uint32_t offset,
                           unsigned bytes, uint32_t value)
{
    struct hba *h = (struct hba *)dev;

    (void)window;
    (void)bytes;
    if (h->status & DIAGNOSTIC)
        return;
    hba_write(h, &kind, offset & 3, (uint8_t)value);
    if ((offset & 3) == HBA_CONTROL && value & CONTROL_HARD) {
        h->status = DIAGNOSTIC; /* it tests itself, as drivers wait to see */
        clock_after_ns(dev, DIAGNOSTIC_NS, READY);
    }
}

static void buslogic_step(struct device *dev, unsigned step, enum dma_status st)
{
    struct hba *h = (struct hba *)dev;

    if (step == READY)
        h->status = STATUS_MAILBOXES | STATUS_IDLE;
    else
        hba_step(h, &kind, step, st);
}

enum { D = MEDIA_DISK | MEDIA_CDROM };

const struct device_model buslogic_model = {
    .name = "buslogic",
    .title = "BusLogic BT-958 PCI wide SCSI host adapter",
    .version = 2,
    .state_size = sizeof(struct hba),
    .rows = hba_rows,
    .pci = {.vendor = 0x104b,
            .device = 0x1040,
            .subsystem_vendor = 0x104b,
            .subsystem = 0x1040,
            .revision = 8,
            .base_class = 1,
            .interrupt_pin = 1},
    .windows = {{.kind = WINDOW_PORT,
                 .bytes = 4,
                 .access = ACCESS_8 | ACCESS_SPLIT},
                {.kind = WINDOW_MEMORY,
                 .bytes = 4096,
                 .access = ACCESS_8 | ACCESS_SPLIT},
                [HBA_BUFFER] = {.bytes = HBA_CHUNK, .ram = true}},
    .drives = {D, D, D, D, D, D, D, 0, D, D, D, D, D, D, D, D},
    .reset = buslogic_reset,
    .check = hba_check,
    .read = buslogic_read,
    .write = buslogic_write,
    .peek = buslogic_peek,
    .step = buslogic_step,
};
