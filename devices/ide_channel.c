/* devices/ide_channel.c -- one IDE cable with up to two drives: task files,
 * data port, interrupt and reset. Writes to the command block reach both
 * drives, reads come from the selected one. Sources: ATA-6 (T13/1410D), 5.2
 * (signals), 7 (registers), 9 (protocols). */
#include "ide.h"

enum { RESET_NS = 100000, FLOATING = 0x7f /* DD7 is pulled down */ };

static unsigned number(unsigned channel, unsigned unit)
{
    return channel * 2 + unit;
}

static struct ide_drive *selected(struct ide *s, unsigned channel)
{
    return &s->drive[number(channel, s->channel[channel].selected)];
}

struct ide_channel *ide_channel_of(struct ide *s, unsigned drive)
{
    return &s->channel[drive / 2];
}

bool ide_exists(const struct ide *s, unsigned drive)
{
    return media_drive(&s->dev, drive) != MEDIA_NONE;
}

bool ide_is_packet(const struct ide *s, unsigned drive)
{
    return media_drive(&s->dev, drive) == MEDIA_CDROM;
}

static bool any_drive(const struct ide *s, unsigned channel)
{
    return ide_exists(s, number(channel, 0)) ||
           ide_exists(s, number(channel, 1));
}

uint8_t *ide_buffer(struct ide *s, unsigned drive, uint32_t at, uint32_t bytes)
{
    return device_ram(&s->dev, 6 + drive / 2, at, bytes);
}

/* ---- interrupt ---------------------------------------------------------- */

/* The selected drive alone drives INTRQ, and not with nIEN. */
static void update_irq(struct ide *s, unsigned channel)
{
    const struct ide_channel *c = &s->channel[channel];

    ide_line(s, channel,
             ide_exists(s, number(channel, c->selected)) &&
                 selected(s, channel)->irq && !(c->control & CONTROL_NIEN));
}

static void set_irq(struct ide *s, unsigned drive, bool level)
{
    s->drive[drive].irq = level;
    update_irq(s, drive / 2);
}

/* ---- for the cores ------------------------------------------------------ */

void ide_later(struct ide *s, unsigned drive, uint32_t bytes)
{
    struct ide_drive *d = &s->drive[drive];

    d->status =
        (uint8_t)((d->status & ~(STATUS_DRQ | STATUS_ERR)) | STATUS_BSY);
    clock_after_ns(&s->dev, s->command + (uint64_t)bytes * 1000 / s->rate,
                   STEP_GO + drive / 2);
}

void ide_offer(struct ide *s, unsigned drive, uint32_t at, uint32_t bytes,
               bool irq)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    struct ide_drive *d = &s->drive[drive];

    c->at = at;
    c->end = at + bytes;
    d->status = (uint8_t)((d->status & ~STATUS_BSY) | STATUS_DRQ);
    if (c->way == WAY_DMA_IN || c->way == WAY_DMA_OUT) {
        bm_run(s, drive / 2);
        return;
    }
    if (irq)
        set_irq(s, drive, true);
}

void ide_end(struct ide *s, unsigned drive, uint8_t error, bool irq)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    struct ide_drive *d = &s->drive[drive];

    c->way = WAY_NONE;
    c->what = WHAT_NOTHING;
    c->at = c->end = 0;
    d->error = error;
    d->status = STATUS_DRDY | STATUS_DSC;
    if (error)
        d->status |= STATUS_ERR;
    if (irq)
        set_irq(s, drive, true);
}

void ide_go(struct ide *s, unsigned channel)
{
    unsigned drive = number(channel, s->channel[channel].owner);

    if (ide_is_packet(s, drive))
        atapi_go(s, drive);
    else
        ata_go(s, drive);
}

void ide_over(struct ide *s, unsigned channel)
{
    unsigned drive = number(channel, s->channel[channel].owner);

    if (ide_is_packet(s, drive))
        atapi_over(s, drive);
    else
        ata_over(s, drive);
}

/* ---- reset -------------------------------------------------------------- */

/* ATA-6, 9.12: what a drive is, told by its registers. */
void ide_signature(struct ide *s, unsigned drive)
{
    struct ide_drive *d = &s->drive[drive];
    bool packet = ide_is_packet(s, drive);

    d->count[0] = d->low[0] = 1;
    d->mid[0] = packet ? 0x14 : 0;
    d->high[0] = packet ? 0xeb : 0;
    d->count[1] = d->low[1] = d->mid[1] = d->high[1] = 0;
}

void ide_reset_drive(struct ide *s, unsigned drive)
{
    struct ide_drive *d = &s->drive[drive];
    bool packet = ide_is_packet(s, drive);

    ide_signature(s, drive);
    d->device = 0;
    d->error = 1; /* passed */
    d->status = packet ? 0 : STATUS_DRDY | STATUS_DSC;
    d->irq = 0;
}

/* What was at work on the cable stops. */
static void stop(struct ide *s, unsigned channel)
{
    struct ide_channel *c = &s->channel[channel];

    clock_cancel(&s->dev, STEP_GO + channel);
    clock_cancel(&s->dev, STEP_RESET + channel);
    dma_cancel(&s->dev, channel);
    c->bm_posted = 0;
    c->bm_moving = 0;
    c->way = WAY_NONE;
    c->what = WHAT_NOTHING;
    c->at = c->end = 0;
}

static void both(struct ide *s, unsigned channel, uint8_t status)
{
    for (unsigned unit = 0; unit < 2; unit++) {
        struct ide_drive *d = &s->drive[number(channel, unit)];

        d->status = status;
        d->irq = 0;
    }
    s->channel[channel].selected = 0;
    update_irq(s, channel);
}

void ide_reset_over(struct ide *s, unsigned channel)
{
    bool diagnostic = s->channel[channel].command == 0x90;

    for (unsigned unit = 0; unit < 2; unit++) {
        unsigned drive = number(channel, unit);

        ide_reset_drive(s, drive);
        ata_defaults(s, drive);
        if (!diagnostic)
            s->drive[drive].attention = 0x29;
    }
    if (diagnostic && ide_exists(s, number(channel, 0)))
        s->drive[number(channel, 0)].irq = 1;
    update_irq(s, channel);
}

/* ATA-6, 8.11: both drives do it, drive 0 answers. */
static void diagnose(struct ide *s, unsigned channel)
{
    stop(s, channel);
    both(s, channel, STATUS_BSY);
    s->channel[channel].command = 0x90;
    clock_after_ns(&s->dev, RESET_NS, STEP_RESET + channel);
}

void ide_control_write(struct ide *s, unsigned channel, uint8_t value)
{
    struct ide_channel *c = &s->channel[channel];
    uint8_t before = c->control;

    if (!any_drive(s, channel))
        return;
    c->control = value;
    if (value & ~before & CONTROL_SRST) {
        stop(s, channel);
        c->command = 0;
        both(s, channel, STATUS_BSY);
    } else if (before & ~value & CONTROL_SRST) {
        clock_after_ns(&s->dev, RESET_NS, STEP_RESET + channel);
    }
    update_irq(s, channel);
}

/* ---- task file ---------------------------------------------------------- */

/* Drive 0 answers for a drive 1 that is not there (ATA-6, 9.16). */
static const struct ide_drive *answering(const struct ide *s, unsigned channel)
{
    unsigned drive = number(channel, s->channel[channel].selected);

    if (ide_exists(s, drive))
        return &s->drive[drive];
    if ((drive & 1) && ide_exists(s, drive - 1))
        return &s->drive[drive - 1];
    return NULL;
}

uint32_t ide_read(const struct ide *s, unsigned channel, unsigned reg)
{
    const struct ide_channel *c = &s->channel[channel];
    const struct ide_drive *d = answering(s, channel);
    unsigned old = c->control & CONTROL_HOB ? 1 : 0;

    if (!d)
        return FLOATING;
    if ((d->status & STATUS_BSY) && reg != IDE_DEVICE)
        reg = IDE_STATUS; /* all registers show it */
    switch (reg) {
    case IDE_ERROR:
        return d->error;
    case IDE_COUNT:
        return d->count[old];
    case IDE_LOW:
        return d->low[old];
    case IDE_MID:
        return d->mid[old];
    case IDE_HIGH:
        return d->high[old];
    case IDE_DEVICE:
        return (uint8_t)((d->device & ~DEVICE_DEV) |
                         (c->selected ? DEVICE_DEV : 0));
    default:
        if (d != &s->drive[number(channel, c->selected)])
            return 0;
        return d->status;
    }
}

void ide_status_read(struct ide *s, unsigned channel)
{
    if (!selected(s, channel)->irq)
        return;
    selected(s, channel)->irq = 0;
    update_irq(s, channel);
}

static void push(uint8_t reg[2], uint8_t value)
{
    reg[1] = reg[0];
    reg[0] = value;
}

static void both_write(struct ide *s, unsigned channel, unsigned reg,
                       uint8_t value)
{
    for (unsigned unit = 0; unit < 2; unit++) {
        struct ide_drive *d = &s->drive[number(channel, unit)];
        uint8_t *const regs[] = {[IDE_ERROR] = d->feature,
                                 [IDE_COUNT] = d->count,
                                 [IDE_LOW] = d->low,
                                 [IDE_MID] = d->mid,
                                 [IDE_HIGH] = d->high};

        if (reg == IDE_DEVICE)
            d->device = value;
        else
            push(regs[reg], value);
    }
}

static void command(struct ide *s, unsigned channel, uint8_t value)
{
    struct ide_channel *c = &s->channel[channel];
    unsigned drive = number(channel, c->selected);

    if (value == 0x90) {
        diagnose(s, channel);
        return;
    }
    if (!ide_exists(s, drive))
        return;
    set_irq(s, drive, false);
    c->owner = c->selected;
    c->command = value;
    c->way = WAY_NONE;
    c->what = WHAT_NOTHING;
    c->failed = c->ext = c->dma = 0;
    c->held = 0;
    s->drive[drive].error = 0;
    if (ide_is_packet(s, drive))
        atapi_command(s, drive, value);
    else
        ata_command(s, drive, value);
}

/* DEVICE RESET alone is heard by a busy packet device (ATA-6, 8.8). */
static bool is_device_reset(const struct ide *s, unsigned channel, unsigned reg,
                            uint8_t value)
{
    const struct ide_channel *c = &s->channel[channel];

    return reg == IDE_STATUS && value == 0x08 &&
           ide_is_packet(s, number(channel, c->selected));
}

static void device_reset(struct ide *s, unsigned channel)
{
    struct ide_channel *c = &s->channel[channel];

    if (c->owner == c->selected)
        stop(s, channel);
    ide_reset_drive(s, number(channel, c->selected));
    s->drive[number(channel, c->selected)].device =
        c->selected ? DEVICE_DEV : 0;
    update_irq(s, channel);
}

void ide_write(struct ide *s, unsigned channel, unsigned reg, uint8_t value)
{
    struct ide_channel *c = &s->channel[channel];

    if (!any_drive(s, channel))
        return;
    c->control &= (uint8_t)~CONTROL_HOB;
    if (is_device_reset(s, channel, reg, value)) {
        device_reset(s, channel);
        return;
    }
    if (selected(s, channel)->status & (STATUS_BSY | STATUS_DRQ)) {
        guest_error(&s->dev, "register %u written while busy", reg);
        return;
    }
    if (reg == IDE_STATUS) {
        command(s, channel, value);
        return;
    }
    both_write(s, channel, reg, value);
    if (reg == IDE_DEVICE) {
        c->selected = value & DEVICE_DEV ? 1 : 0;
        update_irq(s, channel);
    }
}

/* ---- data port ---------------------------------------------------------- */

static bool moves(const struct ide *s, unsigned channel, enum ide_way way)
{
    const struct ide_channel *c = &s->channel[channel];

    return c->way == way && c->at < c->end && c->selected == c->owner &&
           (s->drive[number(channel, c->owner)].status & STATUS_DRQ);
}

/* @bytes of the block, or what is left of it. */
static uint32_t step_of(const struct ide_channel *c, unsigned bytes)
{
    return c->end - c->at < bytes ? c->end - c->at : bytes;
}

uint32_t ide_peek_data(const struct ide *s, unsigned channel, unsigned bytes)
{
    struct ide *w = (struct ide *)(uintptr_t)s;
    const struct ide_channel *c = &s->channel[channel];
    uint32_t value = 0, n = step_of(c, bytes);
    const uint8_t *from;

    if (!answering(s, channel))
        return 0x7f7f7f7f;
    if (!moves(s, channel, WAY_PIO_IN))
        return UINT32_MAX;
    from = ide_buffer(w, channel * 2, c->at, n);
    for (uint32_t i = 0; i < n; i++)
        value |= (uint32_t)from[i] << 8 * i;
    return value;
}

uint32_t ide_take(struct ide *s, unsigned channel, unsigned bytes)
{
    struct ide_channel *c = &s->channel[channel];
    uint32_t value = ide_peek_data(s, channel, bytes);

    if (!moves(s, channel, WAY_PIO_IN))
        return value;
    c->at += step_of(c, bytes);
    if (c->at == c->end)
        ide_over(s, channel);
    return value;
}

void ide_give(struct ide *s, unsigned channel, unsigned bytes, uint32_t value)
{
    struct ide_channel *c = &s->channel[channel];
    uint32_t n = step_of(c, bytes);
    uint8_t *to;

    if (!moves(s, channel, WAY_PIO_OUT)) {
        guest_error(&s->dev, "data written that nobody takes");
        return;
    }
    to = ide_buffer(s, channel * 2, c->at, n);
    for (uint32_t i = 0; i < n; i++)
        to[i] = (uint8_t)(value >> 8 * i);
    c->at += n;
    if (c->at == c->end)
        ide_over(s, channel);
}

/* ---- a loaded state ----------------------------------------------------- */

bool ide_channel_good(const struct ide_channel *c)
{
    return c->selected <= 1 && c->owner <= 1 && c->way <= WAY_DMA_OUT &&
           c->what <= WHAT_ANSWER && c->end <= IDE_BUFFER && c->at <= c->end &&
           c->block <= ATA_BLOCK && c->held <= ATA_BLOCK &&
           c->held <= c->left && c->reply <= IDE_BUFFER &&
           c->bm_moving <= c->end - c->at && c->bm_moving <= c->prd_left &&
           c->prd_left <= IDE_BUFFER;
}
