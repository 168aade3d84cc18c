/* devices/ide_scsi.c -- the packets of a CD-ROM drive. Each leaves a reply in
 * the channel's buffer, sectors to read, or a sense. Sources: SFF-8020i 2.6,
 * 10 (packet commands); MMC-3 (T10/1363D) for GET CONFIGURATION, GET EVENT
 * STATUS NOTIFICATION and the profiles. */
#include "ide.h"

enum { NO_SENSE, NOT_READY = 2, ILLEGAL_REQUEST = 5, UNIT_ATTENTION = 6 };
enum {
    ASC_ADDRESS = 0x21,
    ASC_COMMAND = 0x20,
    ASC_FIELD = 0x24,
    ASC_NO_MEDIUM = 0x3a,
    ASC_SAVING = 0x39,
    ASC_REMOVAL = 0x53,
    ASC_MODE = 0x64 /* illegal mode for this track */
};
enum { MSF_OFFSET = 150, FRAMES = 75, LEAD_OUT = 0xaa };
enum { CD_MOST = 80 * 60 * FRAMES + 4500 }; /* longer: it is a DVD */

struct packet {
    struct ide *s;
    unsigned drive;
    struct ide_channel *c;
    struct ide_drive *d;
    const uint8_t *p; /* the 12 bytes */
    uint8_t *out;     /* for a reply, zeroed */
};

enum { REPLY_MOST = 512 };

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
    return be16(p) << 16 | be16(p + 2);
}

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v);
}

static void refuse(struct packet *k, uint8_t key, uint8_t asc, uint8_t ascq)
{
    atapi_sense(k->d, key, asc, ascq);
}

/* As much of the reply as the host has room for. */
static void reply(struct packet *k, uint32_t bytes, uint32_t room)
{
    k->c->reply = bytes < room ? bytes : room;
}

static uint32_t sectors(const struct packet *k)
{
    uint64_t n = media_bytes(&k->s->dev, k->drive) / CD_SECTOR_BYTES;

    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* ---- the drive ---------------------------------------------------------- */

static void test_unit_ready(struct packet *k)
{
    (void)k; /* the row's flag has looked */
}

static void request_sense(struct packet *k)
{
    struct ide_drive *d = k->d;

    if (!d->sense && d->attention) {
        refuse(k, UNIT_ATTENTION, d->attention, 0);
        d->attention = 0;
    }
    k->out[0] = 0x70; /* current, fixed format */
    k->out[2] = d->sense;
    k->out[7] = 10;
    k->out[12] = d->asc;
    k->out[13] = d->ascq;
    atapi_sense(d, NO_SENSE, 0, 0);
    reply(k, 18, k->p[4]);
}

static void text(uint8_t *to, const char *from, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(*from ? *from++ : ' ');
}

static void inquiry(struct packet *k)
{
    if (k->p[1] & 1 || k->p[2]) { /* vital product data is not there */
        refuse(k, ILLEGAL_REQUEST, ASC_FIELD, 0);
        return;
    }
    k->out[0] = 5;    /* CD-ROM */
    k->out[1] = 0x80; /* removable */
    k->out[3] = 0x21; /* ATAPI, SFF-8020i */
    k->out[4] = 31;
    text(k->out + 8, "HALBOX", 8);
    text(k->out + 16, "CD-ROM", 16);
    text(k->out + 32, "1.0", 4);
    reply(k, 36, k->p[4]);
}

/* MMC-3, 6.40: LoEj and Start. */
static void start_stop(struct packet *k)
{
    unsigned how = k->p[4] & 3;

    if (!(how & 2))
        return; /* it spins up when it is read */
    if (k->d->locked && how == 2) {
        refuse(k,
               media_present(&k->s->dev, k->drive) ? ILLEGAL_REQUEST
                                                   : NOT_READY,
               ASC_REMOVAL, 2);
        return;
    }
    if (how == 2 && !k->d->open) {
        k->d->open = 1;
        k->d->changed = 3;
    } else if (how == 3 && k->d->open) {
        k->d->open = 0;
        if (media_present(&k->s->dev, k->drive)) {
            k->d->changed = 2;
            k->d->attention = 0x28;
        }
    }
}

static void prevent(struct packet *k)
{
    k->d->locked = k->p[4] & 1;
}

static void nothing(struct packet *k)
{
    (void)k; /* SET CD SPEED: as fast as `rate` says anyway */
}

static void mechanism_status(struct packet *k)
{
    k->out[1] = k->d->open ? 0x10 : 0;
    reply(k, 8, be16(k->p + 8));
}

/* ---- mode pages --------------------------------------------------------- */

static uint32_t page_error(uint8_t *at)
{
    at[0] = 0x01;
    at[1] = 6;
    return 8;
}

static uint32_t page_cdrom(uint8_t *at)
{
    at[0] = 0x0d;
    at[1] = 6;
    put16(at + 4, 60);
    put16(at + 6, FRAMES);
    return 8;
}

/* SFF-8020i, 10.8.6.3: capabilities and mechanical status. */
static uint32_t page_capabilities(const struct packet *k, uint8_t *at)
{
    at[0] = 0x2a;
    at[1] = 18;
    at[2] = 0x03;                                  /* reads CD-R, CD-RW */
    at[6] = (uint8_t)(0x29 | (k->d->locked << 1)); /* tray, eject, lock */
    put16(at + 8, 706);                            /* kB/s: 4 times */
    put16(at + 12, IDE_BUFFER >> 10);
    put16(at + 14, 706);
    return 20;
}

static void mode_sense(struct packet *k)
{
    unsigned page = k->p[2] & 0x3f;
    uint32_t n = 8;

    if (k->p[2] >> 6 == 3) {
        refuse(k, ILLEGAL_REQUEST, ASC_SAVING, 0);
        return;
    }
    if (page == 0x01 || page == 0x3f)
        n += page_error(k->out + n);
    if (page == 0x0d || page == 0x3f)
        n += page_cdrom(k->out + n);
    if (page == 0x2a || page == 0x3f)
        n += page_capabilities(k, k->out + n);
    if (n == 8) {
        refuse(k, ILLEGAL_REQUEST, ASC_FIELD, 0);
        return;
    }
    put16(k->out, n - 2);
    k->out[2] = k->d->open                            ? 0x71
                : media_present(&k->s->dev, k->drive) ? 0x01
                                                      : 0x70;
    reply(k, n, be16(k->p + 7));
}

/* ---- the medium --------------------------------------------------------- */

static void read_capacity(struct packet *k)
{
    put32(k->out, sectors(k) - 1);
    put32(k->out + 4, CD_SECTOR_BYTES);
    reply(k, 8, 8);
}

static void read(struct packet *k, uint32_t lba, uint32_t count)
{
    if (lba > sectors(k) || count > sectors(k) - lba) {
        refuse(k, ILLEGAL_REQUEST, ASC_ADDRESS, 0);
        return;
    }
    k->c->lba = lba;
    k->c->left = count;
}

static void read_10(struct packet *k)
{
    read(k, be32(k->p + 2), be16(k->p + 7));
}

static void read_12(struct packet *k)
{
    read(k, be32(k->p + 2), be32(k->p + 6));
}

/* MMC-3, 6.18: a data track's user data, or nothing at all. */
static void read_cd(struct packet *k)
{
    uint32_t count = (uint32_t)k->p[6] << 16 | be16(k->p + 7);
    unsigned type = k->p[1] >> 2 & 7, parts = k->p[9] & 0xf8;

    if (type == 1 || type > 2)
        refuse(k, ILLEGAL_REQUEST, ASC_MODE, 0);
    else if (k->p[10] & 7 || (parts != 0x10 && parts))
        refuse(k, ILLEGAL_REQUEST, ASC_FIELD, 0);
    else
        read(k, be32(k->p + 2), parts ? count : 0);
}

static void seek(struct packet *k)
{
    if (be32(k->p + 2) >= sectors(k))
        refuse(k, ILLEGAL_REQUEST, ASC_ADDRESS, 0);
}

static void put_address(uint8_t *at, uint32_t lba, bool msf)
{
    uint32_t f = lba + MSF_OFFSET;

    if (!msf) {
        put32(at, lba);
        return;
    }
    at[1] = (uint8_t)(f / FRAMES / 60);
    at[2] = (uint8_t)(f / FRAMES % 60);
    at[3] = (uint8_t)(f % FRAMES);
}

static uint32_t toc_track(uint8_t *at, unsigned track, uint32_t lba, bool msf)
{
    at[1] = 0x14; /* ADR 1, data track, copying not permitted */
    at[2] = (uint8_t)track;
    put_address(at + 4, lba, msf);
    return 8;
}

/* One session with one data track. Format 0: from a track on; 1: session. */
static void read_toc(struct packet *k)
{
    bool msf = k->p[1] & 2;
    unsigned format = k->p[2] & 15, track = k->p[6];
    uint32_t n = 4;

    if (!format) /* SFF-8020i has it in the last byte */
        format = k->p[9] >> 6;
    if (format > 1 || (!format && track > 1 && track != LEAD_OUT)) {
        refuse(k, ILLEGAL_REQUEST, ASC_FIELD, 0);
        return;
    }
    k->out[2] = k->out[3] = 1;
    if (format || track <= 1)
        n += toc_track(k->out + n, 1, 0, msf);
    if (!format)
        n += toc_track(k->out + n, LEAD_OUT, sectors(k), msf);
    put16(k->out, n - 2);
    reply(k, n, be16(k->p + 7));
}

/* ---- MMC-3 -------------------------------------------------------------- */

static uint32_t feature(uint8_t *at, uint32_t code, uint8_t flags, uint8_t more)
{
    put16(at, code);
    at[2] = flags; /* version, persistent, current */
    at[3] = more;
    return 4u + more;
}

static uint32_t profile(uint8_t *at, uint32_t code, bool current)
{
    put16(at, code);
    at[2] = current;
    return 4;
}

/* MMC-3, 5.3: profiles, core, removable medium. */
static void get_configuration(struct packet *k)
{
    uint32_t from = be16(k->p + 2), n = 8;
    bool there = media_present(&k->s->dev, k->drive) && !k->d->open;
    bool dvd = there && sectors(k) > CD_MOST, cd = there && !dvd;
    bool all = (k->p[1] & 3) != 2; /* from that one on, or it alone */

    put16(k->out + 6, dvd ? 0x10 : cd ? 0x08 : 0);
    if (from == 0) {
        feature(k->out + n, 0, 3, 8);
        profile(k->out + n + 4, 0x10, dvd);
        profile(k->out + n + 8, 0x08, cd);
        n += 12;
    }
    if (all ? from <= 1 : from == 1) {
        n += feature(k->out + n, 1, 3, 4);
        put32(k->out + n - 4, 2); /* ATAPI */
    }
    if (all ? from <= 3 : from == 3) {
        n += feature(k->out + n, 3, 3, 4);
        k->out[n - 4] = 0x29; /* tray, eject, lock */
    }
    put32(k->out, n - 4);
    reply(k, n, be16(k->p + 7));
}

/* MMC-3, 6.7: polled, class 4 is media. */
static void get_event_status(struct packet *k)
{
    if (!(k->p[1] & 1)) { /* asynchronous: not here */
        refuse(k, ILLEGAL_REQUEST, ASC_FIELD, 0);
        return;
    }
    k->out[3] = 0x10; /* supported classes */
    if (!(k->p[4] & 0x10)) {
        k->out[2] = 0x80; /* none of those asked for */
        put16(k->out, 2);
        reply(k, 4, be16(k->p + 7));
        return;
    }
    put16(k->out, 6);
    k->out[2] = 4;
    k->out[4] = k->d->changed;
    k->out[5] =
        (uint8_t)((k->d->open ? 1 : 0) |
                  (media_present(&k->s->dev, k->drive) && !k->d->open ? 2 : 0));
    k->d->changed = 0;
    reply(k, 8, be16(k->p + 7));
}

/* ---- the table ---------------------------------------------------------- */

enum { MEDIUM = 1, ANY_TIME = 2 }; /* needs one; not stopped by an attention */

static const struct {
    uint8_t code, flags;
    void (*run)(struct packet *k);
} rows[] = {
    {0x00, MEDIUM, test_unit_ready},
    {0x03, ANY_TIME, request_sense},
    {0x12, ANY_TIME, inquiry},
    {0x1b, 0, start_stop},
    {0x1e, 0, prevent},
    {0x25, MEDIUM, read_capacity},
    {0x28, MEDIUM, read_10},
    {0x2b, MEDIUM, seek},
    {0x43, MEDIUM, read_toc},
    {0x46, ANY_TIME, get_configuration},
    {0x4a, ANY_TIME, get_event_status},
    {0x5a, 0, mode_sense},
    {0xa8, MEDIUM, read_12},
    {0xbb, 0, nothing},
    {0xbd, 0, mechanism_status},
    {0xbe, MEDIUM, read_cd},
};

/* A new command forgets the sense of the one before; an attention that waits
 * is told before the command is looked at (SPC-2, 5.9.4). */
static bool may_run(struct packet *k, unsigned flags)
{
    bool ready = atapi_ready(k->s, k->drive);

    if (k->p[0] != 0x03)
        refuse(k, NO_SENSE, 0, 0);
    if (k->d->attention && !(flags & ANY_TIME)) {
        refuse(k, UNIT_ATTENTION, k->d->attention, 0);
        k->d->attention = 0;
        return false;
    }
    if ((flags & MEDIUM) && !ready) {
        refuse(k, NOT_READY, ASC_NO_MEDIUM, k->d->open ? 2 : 1);
        return false;
    }
    return true;
}

void scsi_run(struct ide *s, unsigned drive)
{
    struct packet k = {.s = s,
                       .drive = drive,
                       .c = ide_channel_of(s, drive),
                       .d = &s->drive[drive],
                       .out = ide_buffer(s, drive, 0, REPLY_MOST)};

    k.p = k.c->packet;
    for (unsigned i = 0; i < REPLY_MOST; i++)
        k.out[i] = 0;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code != k.p[0])
            continue;
        if (may_run(&k, rows[i].flags))
            rows[i].run(&k);
        return;
    }
    may_run(&k, ANY_TIME);
    refuse(&k, ILLEGAL_REQUEST, ASC_COMMAND, 0);
    guest_error(&s->dev, "packet %#x is not there", k.p[0]);
}
