/* devices/piix3_ide.c -- function 1 of the 82371SB: an IDE controller at the
 * legacy addresses with a bus master for each of its two channels. Source:
 * Intel 82371SB data sheet (290550), 2.3 (configuration), 2.7 (registers), 5.3
 * (bus master function). Docs: docs/devices/piix3_ide.md.
 *
 *   BMIDTP -> descriptor {address, bytes, EOT} -> region -> next descriptor ..
 */
#include "ide.h"

/* Windows; the buffers are reached by no address. */
enum { COMMAND_0, CONTROL_0, COMMAND_1, CONTROL_1, MASTER, BUFFER_0 = 6 };
enum { BMICOM = 0, BMISTA = 2, BMIDTP = 4, BM_BYTES = 8 };
enum { BM_CAPABLE = 0x60 };
enum { IDETIM = 0x40, DECODE = 0x80, CONFIG_BYTES = 8 };
enum { PRD_EOT = 1u << 31, PRD_BYTES = 8 };

/* ---- bus master --------------------------------------------------------- */

static void bm_stop(struct ide *s, unsigned channel, uint8_t why)
{
    struct ide_channel *c = &s->channel[channel];

    c->bm_status = (uint8_t)((c->bm_status & ~BM_ACTIVE) | why);
}

static void posted(struct ide *s, unsigned channel, enum hb_status status)
{
    if (status == HB_OK)
        s->channel[channel].bm_posted = 1;
    else
        bm_stop(s, channel, BM_ERROR);
}

static void fetch(struct ide *s, unsigned channel)
{
    struct ide_channel *c = &s->channel[channel];

    posted(s, channel,
           dma_read(&s->dev, channel, dla_of(c->bm_next),
                    LOCAL(s, channel[channel].prd), PRD_BYTES,
                    STEP_PRD + channel));
}

static void move(struct ide *s, unsigned channel)
{
    struct ide_channel *c = &s->channel[channel];
    uint32_t rest = c->end - c->at;
    uint32_t n = rest < c->prd_left ? rest : c->prd_left;
    uint32_t local = LOCAL_RAM(BUFFER_0 + channel, c->at);
    dla_t at = dla_of(c->prd_at);

    c->bm_moving = n;
    posted(
        s, channel,
        c->way == WAY_DMA_IN
            ? dma_write(&s->dev, channel, at, local, n, STEP_MOVED + channel)
            : dma_read(&s->dev, channel, at, local, n, STEP_MOVED + channel));
}

/* Goes on as long as both sides have something: the drive bytes, the table
 * room. What is left over waits for the other side. */
void bm_run(struct ide *s, unsigned channel)
{
    struct ide_channel *c = &s->channel[channel];
    bool in = c->way == WAY_DMA_IN;

    if (!(c->bm_status & BM_ACTIVE) || c->bm_posted || c->at == c->end ||
        (!in && c->way != WAY_DMA_OUT))
        return;
    if (in != !!(c->bm_command & BM_TO_MEMORY)) {
        guest_error(&s->dev, "bus master and drive %u move against each other",
                    channel);
        return;
    }
    if (c->prd_left)
        move(s, channel);
    else
        fetch(s, channel);
}

static void got_descriptor(struct ide *s, unsigned channel,
                           enum dma_status status)
{
    struct ide_channel *c = &s->channel[channel];

    c->bm_posted = 0;
    if (status != DMA_OK) {
        bm_stop(s, channel, BM_ERROR);
        return;
    }
    c->bm_next += PRD_BYTES;
    c->prd_at = c->prd[0] & ~1u;
    c->prd_left = c->prd[1] & 0xfffe;
    if (!c->prd_left)
        c->prd_left = 0x10000;
    bm_run(s, channel);
}

static void moved(struct ide *s, unsigned channel, enum dma_status status)
{
    struct ide_channel *c = &s->channel[channel];
    uint32_t n = c->bm_moving;

    c->bm_posted = 0;
    c->bm_moving = 0;
    if (status != DMA_OK) {
        bm_stop(s, channel, BM_ERROR);
        return;
    }
    c->at += n;
    c->prd_at += n;
    c->prd_left -= n;
    if (!c->prd_left && (c->prd[1] & PRD_EOT))
        bm_stop(s, channel, 0);
    if (c->at == c->end)
        ide_over(s, channel);
    else
        bm_run(s, channel);
}

static void start_stop(struct ide *s, unsigned channel, uint8_t value)
{
    struct ide_channel *c = &s->channel[channel];
    bool was = c->bm_command & BM_START;

    /* the direction does not change under way */
    if (was && (value & BM_START))
        value = c->bm_command;
    c->bm_command = value & (BM_START | BM_TO_MEMORY);
    if (!was && (value & BM_START)) {
        c->bm_next = c->bm_table;
        c->prd_left = 0;
        c->bm_status |= BM_ACTIVE;
        bm_run(s, channel);
    } else if (was && !(value & BM_START)) {
        dma_cancel(&s->dev, channel);
        c->bm_posted = 0;
        c->bm_moving = 0;
        bm_stop(s, channel, 0);
    }
}

static uint8_t bm_read(const struct ide *s, uint32_t offset)
{
    const struct ide_channel *c = &s->channel[offset / BM_BYTES];

    switch (offset % BM_BYTES) {
    case BMICOM:
        return c->bm_command;
    case BMISTA:
        return c->bm_status;
    case BMIDTP:
    case BMIDTP + 1:
    case BMIDTP + 2:
    case BMIDTP + 3:
        return (uint8_t)(c->bm_table >> 8 * (offset % 4));
    default:
        return 0;
    }
}

static void bm_write(struct ide *s, uint32_t offset, uint8_t value)
{
    struct ide_channel *c = &s->channel[offset / BM_BYTES];
    unsigned shift = 8 * (offset % 4);

    switch (offset % BM_BYTES) {
    case BMICOM:
        start_stop(s, offset / BM_BYTES, value);
        break;
    case BMISTA: /* error and interrupt are cleared by 1 */
        c->bm_status &= (uint8_t) ~(value & (BM_ERROR | BM_INTERRUPT));
        c->bm_status =
            (uint8_t)((c->bm_status & ~BM_CAPABLE) | (value & BM_CAPABLE));
        break;
    case BMIDTP:
    case BMIDTP + 1:
    case BMIDTP + 2:
    case BMIDTP + 3:
        c->bm_table =
            ((c->bm_table & ~(0xffu << shift)) | (uint32_t)value << shift) &
            ~3u;
        break;
    }
}

void ide_line(struct ide *s, unsigned channel, bool level)
{
    struct ide_channel *c = &s->channel[channel];

    if (level && !c->line)
        c->bm_status |= BM_INTERRUPT;
    c->line = level;
    line_set(&s->dev, channel, level);
}

/* ---- windows ------------------------------------------------------------ */

/* Does the function decode the channel's addresses (IDETIM, bit 15)? */
static bool decoded(const struct ide *s, unsigned channel)
{
    return s->config[IDETIM - 0x40 + 2 * channel + 1] & DECODE;
}

static uint32_t piix3_ide_peek(const struct device *dev, unsigned window,
                               uint32_t offset, unsigned bytes)
{
    const struct ide *s = (const struct ide *)dev;
    unsigned channel = window / 2;
    uint32_t value = 0;

    if (window == MASTER) {
        for (unsigned i = 0; i < bytes; i++)
            value |= (uint32_t)bm_read(s, offset + i) << 8 * i;
        return value;
    }
    if (!decoded(s, channel))
        return UINT32_MAX;
    if (window == CONTROL_0 || window == CONTROL_1)
        return ide_read(s, channel, IDE_STATUS);
    if (offset == IDE_DATA)
        return ide_peek_data(s, channel, bytes);
    for (unsigned i = 0; i < bytes; i++)
        value |= ide_read(s, channel, offset + i) << 8 * i;
    return value;
}

static uint32_t piix3_ide_read(struct device *dev, unsigned window,
                               uint32_t offset, unsigned bytes)
{
    struct ide *s = (struct ide *)dev;
    bool command = window == COMMAND_0 || window == COMMAND_1;
    uint32_t value;

    if (command && offset == IDE_DATA && decoded(s, window / 2))
        return ide_take(s, window / 2, bytes);
    value = piix3_ide_peek(dev, window, offset, bytes);
    if (command && offset + bytes > IDE_STATUS && decoded(s, window / 2))
        ide_status_read(s, window / 2);
    return value;
}

static void piix3_ide_write(struct device *dev, unsigned window,
                            uint32_t offset, unsigned bytes, uint32_t value)
{
    struct ide *s = (struct ide *)dev;
    bool command = window == COMMAND_0 || window == COMMAND_1;

    if (window != MASTER && !decoded(s, window / 2))
        return;
    if (command && offset == IDE_DATA) {
        ide_give(s, window / 2, bytes, value);
        return;
    }
    for (unsigned i = 0; i < bytes; i++, value >>= 8) {
        if (window == MASTER)
            bm_write(s, offset + i, (uint8_t)value);
        else if (command)
            ide_write(s, window / 2, offset + i, (uint8_t)value);
        else
            ide_control_write(s, window / 2, (uint8_t)value);
    }
}

/* ---- configuration ------------------------------------------------------ */

static uint32_t piix3_ide_config_read(const struct device *dev, unsigned offset)
{
    const uint8_t *c = ((const struct ide *)dev)->config;
    uint32_t value = 0;

    for (unsigned i = 0; i < 4 && offset + i < 0x40 + CONFIG_BYTES; i++)
        value |= (uint32_t)c[offset - 0x40 + i] << 8 * i;
    return value;
}

static void piix3_ide_config_write(struct device *dev, unsigned offset,
                                   uint32_t value, uint32_t mask)
{
    static const uint8_t writable[CONFIG_BYTES] = {0xff, 0xf3, 0xff, 0xf3,
                                                   0xff};
    uint8_t *c = ((struct ide *)dev)->config;

    for (unsigned i = 0; i < 4 && offset + i < 0x40 + CONFIG_BYTES; i++) {
        uint8_t bits = (uint8_t)(mask >> 8 * i) & writable[offset - 0x40 + i];
        uint8_t *at = &c[offset - 0x40 + i];

        *at = (uint8_t)((*at & ~bits) | ((value >> 8 * i) & bits));
    }
}

/* ---- the model ---------------------------------------------------------- */

static void piix3_ide_reset(struct device *dev)
{
    struct ide *s = (struct ide *)dev;

    for (unsigned i = 0; i < IDE_CHANNELS; i++)
        s->channel[i] = (struct ide_channel){0};
    for (unsigned i = 0; i < IDE_DRIVES; i++) {
        s->drive[i] = (struct ide_drive){.changes = media_changes(dev, i),
                                         .attention = 0x29};
        ata_defaults(s, i);
        ide_reset_drive(s, i);
    }
    for (unsigned i = 0; i < CONFIG_BYTES; i++)
        s->config[i] = 0;
}

static void piix3_ide_step(struct device *dev, unsigned step,
                           enum dma_status status)
{
    struct ide *s = (struct ide *)dev;
    unsigned channel = step & 1;

    switch (step & ~1u) {
    case STEP_GO:
        ide_go(s, channel);
        break;
    case STEP_RESET:
        ide_reset_over(s, channel);
        break;
    case STEP_PRD:
        got_descriptor(s, channel, status);
        break;
    default:
        moved(s, channel, status);
    }
}

static bool piix3_ide_check(const struct device *dev)
{
    const struct ide *s = (const struct ide *)dev;

    for (unsigned i = 0; i < IDE_DRIVES; i++)
        if (!s->drive[i].heads || !s->drive[i].sectors)
            return false;
    return ide_channel_good(&s->channel[0]) && ide_channel_good(&s->channel[1]);
}

static const struct state_row drive_rows[] = {
    STATE_BYTES(struct ide_drive, feature),
    STATE_BYTES(struct ide_drive, count),
    STATE_BYTES(struct ide_drive, low),
    STATE_BYTES(struct ide_drive, mid),
    STATE_BYTES(struct ide_drive, high),
    STATE_INT(struct ide_drive, device),
    STATE_INT(struct ide_drive, status),
    STATE_INT(struct ide_drive, error),
    STATE_INT(struct ide_drive, irq),
    STATE_INT(struct ide_drive, multiple),
    STATE_INT(struct ide_drive, dma_mode),
    STATE_INT(struct ide_drive, standby),
    STATE_INT(struct ide_drive, heads),
    STATE_INT(struct ide_drive, sectors),
    STATE_INT(struct ide_drive, sense),
    STATE_INT(struct ide_drive, asc),
    STATE_INT(struct ide_drive, ascq),
    STATE_INT(struct ide_drive, attention),
    STATE_INT(struct ide_drive, changed),
    STATE_INT(struct ide_drive, open),
    STATE_INT(struct ide_drive, locked),
    STATE_INT(struct ide_drive, changes),
    STATE_END,
};

static const struct state_row channel_rows[] = {
    STATE_INT(struct ide_channel, control),
    STATE_INT(struct ide_channel, line),
    STATE_INT(struct ide_channel, selected),
    STATE_INT(struct ide_channel, owner),
    STATE_INT(struct ide_channel, command),
    STATE_BYTES(struct ide_channel, packet),
    STATE_INT(struct ide_channel, way),
    STATE_INT(struct ide_channel, what),
    STATE_INT(struct ide_channel, dma),
    STATE_INT(struct ide_channel, failed),
    STATE_INT(struct ide_channel, ext),
    STATE_INT(struct ide_channel, block),
    STATE_INT(struct ide_channel, held),
    STATE_INT(struct ide_channel, left),
    STATE_INT(struct ide_channel, reply),
    STATE_INT(struct ide_channel, lba),
    STATE_INT(struct ide_channel, at),
    STATE_INT(struct ide_channel, end),
    STATE_INT(struct ide_channel, bm_command),
    STATE_INT(struct ide_channel, bm_status),
    STATE_INT(struct ide_channel, bm_table),
    STATE_INT(struct ide_channel, bm_next),
    STATE_INTS(struct ide_channel, prd),
    STATE_INT(struct ide_channel, prd_at),
    STATE_INT(struct ide_channel, prd_left),
    STATE_INT(struct ide_channel, bm_moving),
    STATE_INT(struct ide_channel, bm_posted),
    STATE_END,
};

static const struct state_row piix3_ide_rows[] = {
    STATE_STRUCTS(struct ide, channel, channel_rows),
    STATE_STRUCTS(struct ide, drive, drive_rows),
    STATE_BYTES(struct ide, config),
    STATE_INT(struct ide, rate),
    STATE_INT(struct ide, command),
    STATE_END,
};

static const struct device_setting piix3_ide_settings[] = {
    {"rate", "MB/s between medium and drive", 4000, 1, 1000000,
     offsetof(struct ide, rate)},
    {"command", "ns that a command takes", 500, 0, 1000000000,
     offsetof(struct ide, command)},
    {NULL, NULL, 0, 0, 0, 0},
};

static const struct device_pin piix3_ide_pins[] = {
    {0, true, WIRE_IRQ0 + 14},
    {1, true, WIRE_IRQ0 + 15},
    {0, false, WIRE_NONE},
};

enum { ANY = ACCESS_ANY | ACCESS_SPLIT, LEGACY = ACCESS_FIXED };

const struct device_model piix3_ide_model = {
    .name = "piix3_ide",
    .title = "82371SB IDE controller with bus master, two channels",
    .version = 1,
    .state_size = sizeof(struct ide),
    .rows = piix3_ide_rows,
    .settings = piix3_ide_settings,
    .pci = {.vendor = 0x8086,
            .device = 0x7010,
            .prog_if = 0x80,
            .subclass = 1,
            .base_class = 1,
            .function = 1},
    .windows = {[COMMAND_0] = {.kind = WINDOW_PORT,
                               .bytes = 8,
                               .access = ANY | LEGACY,
                               .base = 0x1f0},
                [CONTROL_0] = {.kind = WINDOW_PORT,
                               .bytes = 1,
                               .access = ANY | LEGACY,
                               .base = 0x3f6},
                [COMMAND_1] = {.kind = WINDOW_PORT,
                               .bytes = 8,
                               .access = ANY | LEGACY,
                               .base = 0x170},
                [CONTROL_1] = {.kind = WINDOW_PORT,
                               .bytes = 1,
                               .access = ANY | LEGACY,
                               .base = 0x376},
                [MASTER] = {.kind = WINDOW_PORT, .bytes = 16, .access = ANY},
                [BUFFER_0] = {.bytes = IDE_BUFFER, .ram = true},
                [BUFFER_0 + 1] = {.bytes = IDE_BUFFER, .ram = true}},
    .pins = piix3_ide_pins,
    .drives = {MEDIA_DISK | MEDIA_CDROM, MEDIA_DISK | MEDIA_CDROM,
               MEDIA_DISK | MEDIA_CDROM, MEDIA_DISK | MEDIA_CDROM},
    .reset = piix3_ide_reset,
    .check = piix3_ide_check,
    .read = piix3_ide_read,
    .write = piix3_ide_write,
    .peek = piix3_ide_peek,
    .step = piix3_ide_step,
    .config_read = piix3_ide_config_read,
    .config_write = piix3_ide_config_write,
};
