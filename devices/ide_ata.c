/* devices/ide_ata.c -- a disk on an IDE cable: its commands. Sources: ATA-6
 * (T13/1410D), 8 (commands), 9.5-9.7 (PIO and DMA protocols); ATA-3 for
 * RECALIBRATE and SEEK. Docs: docs/devices/piix3_ide.md. */
#include "ide.h"

enum { HEADS = 16, SECTORS = 63 };
enum { FEATURE_MODE = 0x03 };

uint64_t ata_sectors(const struct ide *s, unsigned drive)
{
    return media_bytes(&s->dev, drive) / SECTOR_BYTES;
}

void ata_defaults(struct ide *s, unsigned drive)
{
    struct ide_drive *d = &s->drive[drive];

    d->multiple = 0;
    d->heads = HEADS;
    d->sectors = SECTORS;
    d->standby = 0;
}

/* ---- addresses ---------------------------------------------------------- */

static uint64_t chs(const struct ide_drive *d)
{
    uint64_t cylinder = d->mid[0] | (uint64_t)d->high[0] << 8;
    uint64_t head = d->device & 15;

    if (!d->low[0] || d->low[0] > d->sectors || head >= d->heads)
        return UINT64_MAX; /* no such sector */
    return (cylinder * d->heads + head) * d->sectors + d->low[0] - 1;
}

static uint64_t address(const struct ide_drive *d, bool ext)
{
    uint64_t low =
        d->low[0] | (uint64_t)d->mid[0] << 8 | (uint64_t)d->high[0] << 16;

    if (ext)
        return low | (uint64_t)d->low[1] << 24 | (uint64_t)d->mid[1] << 32 |
               (uint64_t)d->high[1] << 40;
    if (d->device & DEVICE_LBA)
        return low | (uint64_t)(d->device & 15) << 24;
    return chs(d);
}

/* 0 sectors are 256, or 65,536. */
static uint32_t count_of(const struct ide_drive *d, bool ext)
{
    uint32_t n = d->count[0] | (ext ? (uint32_t)d->count[1] << 8 : 0);

    return n ? n : ext ? 65536 : 256;
}

static void tell_chs(struct ide_drive *d, uint64_t lba)
{
    uint64_t track = lba / d->sectors, cylinder = track / d->heads;

    d->low[0] = (uint8_t)(lba % d->sectors + 1);
    d->mid[0] = (uint8_t)cylinder;
    d->high[0] = (uint8_t)(cylinder >> 8);
    d->device = (uint8_t)((d->device & 0xf0) | track % d->heads);
}

/* Where it failed, and in ATA-3's way how many sectors were not moved. */
static void tell_address(struct ide_drive *d, const struct ide_channel *c)
{
    if (c->lba == UINT64_MAX)
        return; /* no sector of the geometry: as it was given */
    if (!c->ext && !(d->device & DEVICE_LBA)) {
        tell_chs(d, c->lba);
        return;
    }
    d->low[0] = (uint8_t)c->lba;
    d->mid[0] = (uint8_t)(c->lba >> 8);
    d->high[0] = (uint8_t)(c->lba >> 16);
    if (c->ext) {
        d->low[1] = (uint8_t)(c->lba >> 24);
        d->mid[1] = (uint8_t)(c->lba >> 32);
        d->high[1] = (uint8_t)(c->lba >> 40);
    } else {
        d->device = (uint8_t)((d->device & 0xf0) | (c->lba >> 24 & 15));
    }
}

/* ---- moving ------------------------------------------------------------- */

static void fail(struct ide *s, unsigned drive, uint8_t error)
{
    tell_address(&s->drive[drive], ide_channel_of(s, drive));
    ide_end(s, drive, error, true);
}

static bool is_in(const struct ide_channel *c)
{
    return c->way == WAY_PIO_IN || c->way == WAY_DMA_IN;
}

static bool is_dma(const struct ide_channel *c)
{
    return c->way == WAY_DMA_IN || c->way == WAY_DMA_OUT;
}

/* Sectors of the next block; 0: the address is past the end. */
static uint32_t next_block(const struct ide *s, unsigned drive)
{
    const struct ide_channel *c = &s->channel[drive / 2];
    uint64_t total = ata_sectors(s, drive);
    uint64_t rest = c->lba < total ? total - c->lba : 0;
    uint32_t n = c->left < c->block ? c->left : c->block;

    return rest < n ? (uint32_t)rest : n;
}

static void offer(struct ide *s, unsigned drive, bool irq)
{
    struct ide_channel *c = ide_channel_of(s, drive);

    ide_offer(s, drive, 0, (uint32_t)c->held * SECTOR_BYTES, irq);
}

static void moved(struct ide_channel *c)
{
    c->lba += c->held;
    c->left -= c->held;
    c->held = 0;
}

static void go_in(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    uint32_t n = next_block(s, drive), bytes = n * SECTOR_BYTES;

    if (!c->left) { /* the bus master has moved the last block */
        ide_end(s, drive, 0, true);
        return;
    }
    if (!n) {
        fail(s, drive, ERROR_IDNF);
        return;
    }
    if (!media_read(&s->dev, drive, c->lba * SECTOR_BYTES,
                    ide_buffer(s, drive, 0, bytes), bytes)) {
        fail(s, drive, ERROR_UNC);
        return;
    }
    c->held = (uint16_t)n;
    offer(s, drive, true);
}

static void go_out(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    uint32_t bytes = (uint32_t)c->held * SECTOR_BYTES;
    bool first = !bytes;

    if (bytes && !media_write(&s->dev, drive, c->lba * SECTOR_BYTES,
                              ide_buffer(s, drive, 0, bytes), bytes)) {
        fail(s, drive, ERROR_ABRT);
        return;
    }
    moved(c);
    if (!c->left) {
        ide_end(s, drive, 0, true);
        return;
    }
    c->held = (uint16_t)next_block(s, drive);
    if (!c->held)
        fail(s, drive, ERROR_IDNF);
    else
        offer(s, drive, !first);
}

/* Every sector is read, and nobody gets it. */
static void go_verify(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    uint32_t n = next_block(s, drive), bytes = n * SECTOR_BYTES;

    if (!c->left) {
        ide_end(s, drive, 0, true);
    } else if (!n) {
        fail(s, drive, ERROR_IDNF);
    } else if (!media_read(&s->dev, drive, c->lba * SECTOR_BYTES,
                           ide_buffer(s, drive, 0, bytes), bytes)) {
        fail(s, drive, ERROR_UNC);
    } else {
        c->held = (uint16_t)n;
        moved(c);
        ide_later(s, drive, bytes);
    }
}

void ata_go(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);

    switch (c->what) {
    case WHAT_MEDIUM:
        if (is_in(c))
            go_in(s, drive);
        else
            go_out(s, drive);
        break;
    case WHAT_VERIFY:
        go_verify(s, drive);
        break;
    case WHAT_BUFFER:
        if (c->command == 0xec)
            ata_identify(s, drive, ide_buffer(s, drive, 0, SECTOR_BYTES));
        ide_offer(s, drive, 0, SECTOR_BYTES, true);
        break;
    case WHAT_TAKE:
        if (c->held)
            ide_offer(s, drive, 0, SECTOR_BYTES, false);
        else
            ide_end(s, drive, 0, true);
        break;
    default:
        ide_end(s, drive, c->failed, true);
    }
}

/* Of a PIO read the last block has no interrupt behind it. */
void ata_over(struct ide *s, unsigned drive)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    uint32_t bytes = (uint32_t)c->held * SECTOR_BYTES;

    if (c->what == WHAT_BUFFER) {
        ide_end(s, drive, 0, false);
        return;
    }
    if (c->what == WHAT_TAKE) {
        c->held = 0;
        ide_later(s, drive, 0);
        return;
    }
    if (is_in(c))
        moved(c);
    if (is_in(c) && !is_dma(c) && !c->left)
        ide_end(s, drive, 0, false);
    else
        ide_later(s, drive, is_dma(c) && !c->left ? 0 : bytes);
}

/* ---- commands ----------------------------------------------------------- */

/* Ends with @error, after its time. */
static void nothing(struct ide *s, unsigned drive, uint8_t error)
{
    ide_channel_of(s, drive)->failed = error;
    ide_later(s, drive, 0);
}

static void transfer(struct ide *s, unsigned drive, enum ide_what what,
                     enum ide_way way, uint32_t block, bool ext)
{
    struct ide_channel *c = ide_channel_of(s, drive);
    struct ide_drive *d = &s->drive[drive];

    if (!block) { /* MULTIPLE without SET MULTIPLE MODE */
        nothing(s, drive, ERROR_ABRT);
        return;
    }
    if ((way == WAY_PIO_OUT || way == WAY_DMA_OUT) &&
        media_read_only(&s->dev, drive)) {
        nothing(s, drive, ERROR_ABRT);
        return;
    }
    c->what = (uint8_t)what;
    c->way = (uint8_t)way;
    c->block = (uint16_t)block;
    c->ext = ext;
    c->lba = address(d, ext);
    c->left = count_of(d, ext);
    d->standby = 0;
    ide_later(s, drive,
              way == WAY_PIO_IN || way == WAY_DMA_IN
                  ? (c->left < block ? c->left : block) * SECTOR_BYTES
                  : 0);
}

static void one_block(struct ide *s, unsigned drive, enum ide_what what,
                      enum ide_way way)
{
    struct ide_channel *c = ide_channel_of(s, drive);

    c->what = (uint8_t)what;
    c->way = (uint8_t)way;
    c->left = c->held = 1;
    ide_later(s, drive, 0);
}

static void seek(struct ide *s, unsigned drive)
{
    uint64_t lba = address(&s->drive[drive], false);

    nothing(s, drive, lba < ata_sectors(s, drive) ? 0 : ERROR_IDNF);
}

static void set_multiple(struct ide *s, unsigned drive)
{
    struct ide_drive *d = &s->drive[drive];
    uint8_t n = d->count[0];
    bool good = n <= ATA_BLOCK && !(n & (n - 1));

    d->multiple = good ? n : 0;
    nothing(s, drive, good ? 0 : ERROR_ABRT);
}

/* ATA-3, 7.8: translation of CHS addresses. */
static void set_geometry(struct ide *s, unsigned drive)
{
    struct ide_drive *d = &s->drive[drive];

    if (!d->count[0]) {
        nothing(s, drive, ERROR_ABRT);
        return;
    }
    d->sectors = d->count[0];
    d->heads = (uint8_t)((d->device & 15) + 1);
    nothing(s, drive, 0);
}

/* ATA-6, 8.46: Ultra DMA 0-5, multiword DMA 0-2, PIO 0-4. */
static bool set_mode(struct ide_drive *d)
{
    uint8_t mode = d->count[0], n = mode & 7;

    switch (mode >> 3) {
    case 0: /* PIO default */
        return n <= 1;
    case 1: /* PIO flow control */
        return n <= 4;
    case 4:
        if (n > 2)
            return false;
        break;
    case 8:
        if (n > 5)
            return false;
        break;
    default:
        return false;
    }
    d->dma_mode = mode;
    return true;
}

static bool set_feature(struct ide *s, unsigned drive)
{
    struct ide_drive *d = &s->drive[drive];

    switch (d->feature[0]) {
    case FEATURE_MODE:
        return set_mode(d);
    case 0x02: /* write cache on, off; look-ahead off, on: nothing waits in */
    case 0x82: /* this drive either way                                     */
    case 0x55:
    case 0xaa:
    case 0x66: /* software reset keeps, or not, what was set */
    case 0xcc:
        return true;
    default:
        return false;
    }
}

bool ide_common_command(struct ide *s, unsigned drive, uint8_t command)
{
    struct ide_drive *d = &s->drive[drive];

    switch (command) {
    case 0xef:
        nothing(s, drive, set_feature(s, drive) ? 0 : ERROR_ABRT);
        return true;
    case 0xe0: /* STANDBY IMMEDIATE, STANDBY, SLEEP, and of ATA-3 */
    case 0xe2:
    case 0xe6:
    case 0x94:
    case 0x96:
    case 0x99:
        d->standby = 1;
        break;
    case 0xe1: /* IDLE IMMEDIATE, IDLE */
    case 0xe3:
    case 0x95:
    case 0x97:
        d->standby = 0;
        break;
    case 0xe5: /* CHECK POWER MODE */
    case 0x98:
        d->count[0] = d->standby ? 0 : 0xff;
        break;
    case 0xe7: /* FLUSH CACHE */
        break;
    default:
        return false;
    }
    nothing(s, drive, 0);
    return true;
}

/* READ, WRITE and VERIFY in all their forms. */
static bool sectors_command(struct ide *s, unsigned drive, uint8_t command)
{
    static const struct {
        uint8_t command, what, way, block, ext;
    } forms[] = {
        {0x20, WHAT_MEDIUM, WAY_PIO_IN, 1, 0},
        {0x21, WHAT_MEDIUM, WAY_PIO_IN, 1, 0},
        {0x24, WHAT_MEDIUM, WAY_PIO_IN, 1, 1},
        {0xc4, WHAT_MEDIUM, WAY_PIO_IN, 0, 0},
        {0x29, WHAT_MEDIUM, WAY_PIO_IN, 0, 1},
        {0x30, WHAT_MEDIUM, WAY_PIO_OUT, 1, 0},
        {0x31, WHAT_MEDIUM, WAY_PIO_OUT, 1, 0},
        {0x34, WHAT_MEDIUM, WAY_PIO_OUT, 1, 1},
        {0x3c, WHAT_MEDIUM, WAY_PIO_OUT, 1, 0},
        {0xc5, WHAT_MEDIUM, WAY_PIO_OUT, 0, 0},
        {0x39, WHAT_MEDIUM, WAY_PIO_OUT, 0, 1},
        {0xc8, WHAT_MEDIUM, WAY_DMA_IN, ATA_BLOCK, 0},
        {0xc9, WHAT_MEDIUM, WAY_DMA_IN, ATA_BLOCK, 0},
        {0x25, WHAT_MEDIUM, WAY_DMA_IN, ATA_BLOCK, 1},
        {0xca, WHAT_MEDIUM, WAY_DMA_OUT, ATA_BLOCK, 0},
        {0xcb, WHAT_MEDIUM, WAY_DMA_OUT, ATA_BLOCK, 0},
        {0x35, WHAT_MEDIUM, WAY_DMA_OUT, ATA_BLOCK, 1},
        {0x40, WHAT_VERIFY, WAY_PIO_IN, ATA_BLOCK, 0},
        {0x41, WHAT_VERIFY, WAY_PIO_IN, ATA_BLOCK, 0},
        {0x42, WHAT_VERIFY, WAY_PIO_IN, ATA_BLOCK, 1},
    };

    for (unsigned i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].command != command)
            continue;
        transfer(s, drive, (enum ide_what)forms[i].what,
                 (enum ide_way)forms[i].way,
                 forms[i].block ? forms[i].block : s->drive[drive].multiple,
                 forms[i].ext);
        return true;
    }
    return false;
}

void ata_command(struct ide *s, unsigned drive, uint8_t command)
{
    if (sectors_command(s, drive, command) ||
        ide_common_command(s, drive, command))
        return;
    if ((command & 0xf0) == 0x10) { /* RECALIBRATE */
        nothing(s, drive, 0);
        return;
    }
    if ((command & 0xf0) == 0x70) {
        seek(s, drive);
        return;
    }
    switch (command) {
    case 0x91:
        set_geometry(s, drive);
        break;
    case 0xc6:
        set_multiple(s, drive);
        break;
    case 0xe4: /* READ BUFFER */
    case 0xec: /* IDENTIFY DEVICE */
        one_block(s, drive, WHAT_BUFFER, WAY_PIO_IN);
        break;
    case 0xe8: /* WRITE BUFFER */
        one_block(s, drive, WHAT_TAKE, WAY_PIO_OUT);
        break;
    case 0xea: /* FLUSH CACHE EXT */
        nothing(s, drive, 0);
        break;
    default:
        guest_error(&s->dev, "disk command %#x is not there", command);
        nothing(s, drive, ERROR_ABRT);
    }
}
