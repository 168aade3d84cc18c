/* devices/scsi.c -- see scsi.h. */
#include "scsi.h"

#include <string.h>

enum {
    TEST_UNIT_READY = 0x00,
    REZERO_UNIT = 0x01,
    REQUEST_SENSE = 0x03,
    FORMAT_UNIT = 0x04,
    READ_6 = 0x08,
    WRITE_6 = 0x0a,
    SEEK_6 = 0x0b,
    INQUIRY = 0x12,
    MODE_SELECT_6 = 0x15,
    RESERVE = 0x16,
    RELEASE = 0x17,
    MODE_SENSE_6 = 0x1a,
    START_STOP = 0x1b,
    SEND_DIAGNOSTIC = 0x1d,
    PREVENT_ALLOW = 0x1e,
    READ_CAPACITY = 0x25,
    READ_10 = 0x28,
    WRITE_10 = 0x2a,
    SEEK_10 = 0x2b,
    WRITE_VERIFY = 0x2e,
    VERIFY = 0x2f,
    SYNCHRONIZE_CACHE = 0x35,
    READ_TOC = 0x43
};
/* Sense keys (8.2.14.3) and additional sense codes (table 71) */
enum {
    NO_SENSE = 0,
    NOT_READY = 2,
    MEDIUM_ERROR = 3,
    ILLEGAL_REQUEST = 5,
    UNIT_ATTENTION = 6,
    DATA_PROTECT = 7,
    MISCOMPARE = 14
};
enum {
    ASC_NOT_READY = 0x04,
    ASC_WRITE_ERROR = 0x0c,
    ASC_READ_ERROR = 0x11,
    ASC_MISCOMPARE = 0x1d,
    ASC_OPCODE = 0x20,
    ASC_LBA = 0x21,
    ASC_CDB_FIELD = 0x24,
    ASC_LUN = 0x25,
    ASC_PARAMETER = 0x26,
    ASC_PROTECTED = 0x27,
    ASC_CHANGED = 0x28,
    ASC_RESET = 0x29,
    ASC_SAVING = 0x39,
    ASC_NO_MEDIUM = 0x3a
};
enum { DISK_BLOCK = 512, CD_BLOCK = 2048, SECTORS = 32, HEADS = 64 };

/** What the routines below are about. */
struct work {
    struct scsi_command *c;
    struct scsi_target *t;
    struct device *dev;
    unsigned drive;
};

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
    return be16(p) << 16 | be16(p + 2);
}

static void put32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * (3 - i));
}

static bool is_cd(const struct work *w)
{
    return media_drive(w->dev, w->drive) == MEDIA_CDROM;
}

static uint32_t block_bytes(const struct work *w)
{
    return is_cd(w) ? CD_BLOCK : DISK_BLOCK;
}

/* Blocks that 32 bits can number. */
static uint32_t blocks(const struct work *w)
{
    uint64_t n = media_bytes(w->dev, w->drive) / block_bytes(w);

    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* ---- ends ------------------------------------------------------------------
 */

static void good(struct work *w)
{
    w->c->phase = SCSI_STATUS;
    w->c->status = SCSI_GOOD;
    w->c->left = 0;
}

static void fail(struct work *w, unsigned key, unsigned asc)
{
    w->t->key = (uint8_t)key;
    w->t->asc = (uint8_t)asc;
    w->t->ascq = 0;
    w->c->phase = SCSI_STATUS;
    w->c->status = SCSI_CHECK;
    w->c->left = 0;
}

static void respond(struct work *w, uint32_t n, uint32_t allocated)
{
    w->c->left = n < allocated ? n : allocated;
    w->c->media = false;
    w->c->at = 0;
    w->c->phase = SCSI_IN;
    if (!w->c->left)
        good(w);
}

void scsi_sense(struct scsi_target *t, uint8_t sense[SCSI_SENSE])
{
    memset(sense, 0, SCSI_SENSE);
    sense[0] = 0x70;
    sense[2] = t->key;
    put32(sense + 3, t->lba);
    if (t->lba)
        sense[0] |= 0x80; /* the information is valid */
    sense[7] = SCSI_SENSE - 8;
    sense[12] = t->asc;
    sense[13] = t->ascq;
    t->key = t->asc = t->ascq = 0;
    t->lba = 0;
}

void scsi_reset(struct scsi_target *t, const struct device *dev, unsigned drive)
{
    *t = (struct scsi_target){.attention = ASC_RESET,
                              .changes = media_changes(dev, drive)};
}

/* ---- commands without a medium ---------------------------------------------
 */

static void text(uint8_t *to, const char *from, unsigned n)
{
    unsigned length = (unsigned)strlen(from);

    memset(to, ' ', n);
    memcpy(to, from, length < n ? length : n);
}

static void vital_page(struct work *w, uint8_t *r)
{
    static const uint8_t pages[] = {0x00, 0x80};
    unsigned page = w->c->cdb[2];

    r[1] = (uint8_t)page;
    if (page == 0x00) {
        r[3] = sizeof pages;
        memcpy(r + 4, pages, sizeof pages);
    } else if (page == 0x80) { /* unit serial number */
        r[3] = 2;
        r[4] = 'D';
        r[5] = (uint8_t)('A' + w->drive);
    } else {
        fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
        return;
    }
    respond(w, 4u + r[3], w->c->cdb[4]);
}

static void inquiry(struct work *w, bool present)
{
    uint8_t *r = w->c->response;

    r[0] = !present ? 0x7f : is_cd(w) ? 0x05 : 0x00;
    if (w->c->cdb[1] & 1) {
        vital_page(w, r);
        return;
    }
    if (w->c->cdb[2]) {
        fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
        return;
    }
    r[1] = is_cd(w) ? 0x80 : 0; /* removable */
    r[2] = 2;                   /* SCSI-2 */
    r[3] = 2;
    r[4] = 36 - 5;
    text(r + 8, "HALBOX", 8);
    text(r + 16, is_cd(w) ? "CD-ROM" : "DISK", 16);
    text(r + 32, "1.0", 4);
    respond(w, 36, w->c->cdb[4]);
}

static void request_sense(struct work *w)
{
    struct scsi_target *t = w->t;

    if (!t->key && t->attention) {
        t->key = UNIT_ATTENTION;
        t->asc = t->attention;
        t->attention = 0;
    }
    scsi_sense(t, w->c->response);
    /* SCSI-2, 8.2.14: an allocation length of 0 is four bytes */
    respond(w, SCSI_SENSE, w->c->cdb[4] ? w->c->cdb[4] : 4);
}

/* ---- mode pages
 * --------------------------------------------------------------- */

struct page {
    uint8_t code, bytes; /* behind the two of its header */
    bool cd, disk;
};
static const struct page pages[] = {
    {0x01, 10, true, true},  /* read-write error recovery */
    {0x03, 22, false, true}, /* format                    */
    {0x04, 22, false, true}, /* rigid disk geometry       */
    {0x08, 10, false, true}, /* caching                   */
    {0x0d, 6, true, false},  /* CD-ROM                    */
};

static void page_values(struct work *w, uint8_t *p, unsigned code)
{
    uint32_t cylinders = blocks(w) / (SECTORS * HEADS);

    if (code == 0x03) {
        p[11] = SECTORS;
        p[12] = (uint8_t)(block_bytes(w) >> 8);
        p[15] = 1; /* interleave */
        p[20] = 0x40;
    } else if (code == 0x04) {
        p[2] = (uint8_t)(cylinders >> 16);
        p[3] = (uint8_t)(cylinders >> 8);
        p[4] = (uint8_t)cylinders;
        p[5] = HEADS;
        p[20] = 5400 >> 8;
        p[21] = 5400 & 0xff;
    } else if (code == 0x0d) {
        p[5] = 60; /* seconds of a minute, frames of a second */
        p[7] = 75;
    }
}

static uint32_t mode_pages(struct work *w, uint8_t *r, uint32_t n, bool values)
{
    unsigned wanted = w->c->cdb[2] & 0x3f;

    for (unsigned i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        const struct page *p = &pages[i];

        if ((wanted != 0x3f && wanted != p->code) ||
            !(is_cd(w) ? p->cd : p->disk))
            continue;
        r[n] = p->code;
        r[n + 1] = p->bytes;
        if (values)
            page_values(w, r + n, p->code);
        n += 2u + p->bytes;
    }
    return n;
}

static void mode_sense(struct work *w)
{
    uint8_t *r = w->c->response;
    unsigned control = w->c->cdb[2] >> 6;
    bool plain = w->c->cdb[1] & 8; /* DBD */
    uint32_t n = plain ? 4 : 12, end;

    if (control == 3) {
        fail(w, ILLEGAL_REQUEST, ASC_SAVING);
        return;
    }
    r[2] = media_read_only(w->dev, w->drive) ? 0x80 : 0;
    r[3] = plain ? 0 : 8;
    if (!plain) {
        uint32_t count = blocks(w) < 0xffffff ? blocks(w) : 0;

        put32(r + 4, count);
        put32(r + 8, block_bytes(w));
    }
    end = mode_pages(w, r, n, control != 1);
    if (end == n && w->c->cdb[2] & 0x3f) {
        fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
        return;
    }
    r[0] = (uint8_t)(end - 1);
    respond(w, end, w->c->cdb[4]);
}

/* Parameters are read and judged: nothing of a drive here can be changed. */
static void mode_select(struct work *w)
{
    w->c->phase = SCSI_OUT;
    w->c->left = w->c->cdb[4];
    w->c->media = false;
    if (!w->c->left)
        good(w);
}

static void mode_selected(struct work *w)
{
    const uint8_t *r = w->c->response;
    uint32_t n = w->c->cdb[4], descriptor = n >= 4 ? r[3] : 0;

    if (n < 4 || (descriptor != 0 && descriptor != 8) || n < 4 + descriptor ||
        (descriptor && (be32(r + 8) & 0xffffff) != block_bytes(w)))
        fail(w, ILLEGAL_REQUEST, ASC_PARAMETER);
    else
        good(w);
}

/* ---- commands that need a medium -------------------------------------------
 */

static bool ready(struct work *w)
{
    if (!media_present(w->dev, w->drive))
        fail(w, NOT_READY, ASC_NO_MEDIUM);
    else if (w->t->stopped)
        fail(w, NOT_READY, ASC_NOT_READY);
    else
        return true;
    return false;
}

static void read_capacity(struct work *w)
{
    uint32_t n = blocks(w);

    put32(w->c->response, n ? n - 1 : 0);
    put32(w->c->response + 4, block_bytes(w));
    respond(w, 8, 8);
}

/* One track of data, and where it ends (14.2.10). */
static void read_toc(struct work *w)
{
    uint8_t *r = w->c->response;
    unsigned first = w->c->cdb[6];

    if (w->c->cdb[1] & 2 || w->c->cdb[9] >> 6 || (first > 1 && first != 0xaa)) {
        fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
        return;
    }
    r[2] = r[3] = 1;
    r[5] = r[13] = 0x14; /* a data track */
    r[6] = 1;
    r[14] = 0xaa; /* lead-out */
    put32(r + 16, blocks(w));
    if (first == 0xaa)
        memmove(r + 4, r + 12, 8);
    r[1] = first == 0xaa ? 10 : 18;
    respond(w, r[1] + 2u, be16(w->c->cdb + 7));
}

static void transfer(struct work *w, uint32_t lba, uint32_t count,
                     enum scsi_phase phase, bool check)
{
    uint32_t total = blocks(w);

    if (lba > total || count > total - lba || (lba == total && count)) {
        w->t->lba = lba;
        fail(w, ILLEGAL_REQUEST, ASC_LBA);
    } else if (phase == SCSI_OUT && !check &&
               media_read_only(w->dev, w->drive)) {
        fail(w, DATA_PROTECT, ASC_PROTECTED);
    } else if (count > UINT32_MAX / block_bytes(w)) {
        fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
    } else {
        w->c->phase = (uint8_t)phase;
        w->c->media = true;
        w->c->check = check;
        w->c->at = (uint64_t)lba * block_bytes(w);
        w->c->left = count * block_bytes(w);
        if (!count || phase == SCSI_STATUS)
            good(w);
    }
}

static void transfer_6(struct work *w, enum scsi_phase phase)
{
    const uint8_t *cdb = w->c->cdb;

    transfer(w, be32(cdb) & 0x1fffff, cdb[4] ? cdb[4] : 256, phase, false);
}

static void transfer_10(struct work *w, enum scsi_phase phase, bool check)
{
    const uint8_t *cdb = w->c->cdb;

    transfer(w, be32(cdb + 2), be16(cdb + 7), phase, check);
}

static void start_stop(struct work *w)
{
    w->t->stopped = !(w->c->cdb[4] & 1);
    good(w);
}

/* VERIFY reads what is there, or compares it with what comes (BYTCHK). */
static void verify(struct work *w)
{
    bool compare = w->c->cdb[1] & 2;

    transfer_10(w, compare ? SCSI_OUT : SCSI_STATUS, compare);
}

static void format_unit(struct work *w)
{
    if (is_cd(w))
        fail(w, ILLEGAL_REQUEST, ASC_OPCODE);
    else if (w->c->cdb[1] & 0x10) /* FMTDATA: a list of defects */
        fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
    else if (media_read_only(w->dev, w->drive))
        fail(w, DATA_PROTECT, ASC_PROTECTED);
    else
        good(w); /* the blocks keep what they hold: 9.2.1 allows it */
}

static void medium_command(struct work *w)
{
    switch (w->c->cdb[0]) {
    case TEST_UNIT_READY:
    case REZERO_UNIT:
    case SYNCHRONIZE_CACHE:
        good(w);
        break;
    case SEEK_6:
        transfer(w, be32(w->c->cdb) & 0x1fffff, 0, SCSI_STATUS, false);
        break;
    case SEEK_10:
        transfer(w, be32(w->c->cdb + 2), 0, SCSI_STATUS, false);
        break;
    case READ_6:
        transfer_6(w, SCSI_IN);
        break;
    case WRITE_6:
        transfer_6(w, SCSI_OUT);
        break;
    case READ_10:
        transfer_10(w, SCSI_IN, false);
        break;
    case WRITE_10:
    case WRITE_VERIFY:
        transfer_10(w, SCSI_OUT, false);
        break;
    case VERIFY:
        verify(w);
        break;
    case READ_CAPACITY:
        read_capacity(w);
        break;
    case FORMAT_UNIT:
        format_unit(w);
        break;
    case READ_TOC:
        if (is_cd(w))
            read_toc(w);
        else
            fail(w, ILLEGAL_REQUEST, ASC_OPCODE);
        break;
    }
}

static bool needs_medium(uint8_t opcode)
{
    static const uint8_t commands[] = {
        TEST_UNIT_READY, REZERO_UNIT,   FORMAT_UNIT,       READ_6,   WRITE_6,
        SEEK_6,          READ_CAPACITY, READ_10,           WRITE_10, SEEK_10,
        WRITE_VERIFY,    VERIFY,        SYNCHRONIZE_CACHE, READ_TOC};

    return memchr(commands, opcode, sizeof commands) != NULL;
}

/* ---- the command
 * ------------------------------------------------------------- */

static void other_command(struct work *w)
{
    switch (w->c->cdb[0]) {
    case MODE_SENSE_6:
        mode_sense(w);
        break;
    case MODE_SELECT_6:
        mode_select(w);
        break;
    case START_STOP:
        start_stop(w);
        break;
    case RESERVE: /* there is one initiator */
    case RELEASE:
    case SEND_DIAGNOSTIC:
    case PREVENT_ALLOW:
        good(w);
        break;
    default:
        fail(w, ILLEGAL_REQUEST, ASC_OPCODE);
    }
}

/* Did the medium change, or was there a reset, that nobody was told of? */
static bool attention(struct work *w)
{
    uint32_t now = media_changes(w->dev, w->drive);

    if (now != w->t->changes) {
        w->t->changes = now;
        w->t->stopped = false;
        w->t->attention = ASC_CHANGED;
    }
    return w->t->attention;
}

void scsi_begin(struct scsi_command *c, struct scsi_target *t,
                struct device *dev, unsigned drive, unsigned lun,
                const uint8_t cdb[SCSI_CDB])
{
    struct work w = {c, t, dev, drive};

    *c = (struct scsi_command){0};
    memcpy(c->cdb, cdb, SCSI_CDB);
    if (cdb[0] != REQUEST_SENSE) /* contingent allegiance ends */
        t->key = t->asc = t->ascq = 0;
    if (cdb[0] == INQUIRY) {
        inquiry(&w, !lun);
    } else if (cdb[0] == REQUEST_SENSE) {
        request_sense(&w);
    } else if (lun) {
        fail(&w, ILLEGAL_REQUEST, ASC_LUN);
    } else if (attention(&w)) {
        fail(&w, UNIT_ATTENTION, t->attention);
        t->attention = 0;
    } else if (!needs_medium(cdb[0])) {
        other_command(&w);
    } else if (ready(&w)) {
        medium_command(&w);
    }
}

/* ---- bytes
 * -------------------------------------------------------------------- */

static void moved(struct work *w, uint32_t n)
{
    w->c->at += n;
    w->c->left -= n;
    if (w->c->left)
        return;
    if (w->c->cdb[0] == MODE_SELECT_6)
        mode_selected(w);
    else
        good(w);
}

static void medium_failed(struct work *w, unsigned asc)
{
    w->t->lba = (uint32_t)(w->c->at / block_bytes(w));
    fail(w, MEDIUM_ERROR, asc);
}

/* Bytes of response[] that there are from c->at on, at most @n. */
static uint32_t in_response(const struct scsi_command *c, uint32_t n)
{
    uint64_t room = c->at < SCSI_RESPONSE ? SCSI_RESPONSE - c->at : 0;

    return n < room ? n : (uint32_t)room;
}

/* VERIFY with BYTCHK. */
static void compare(struct work *w, const uint8_t *from, uint32_t n)
{
    uint8_t there[DISK_BLOCK];
    uint32_t piece;

    for (uint32_t i = 0; i < n && w->c->phase == SCSI_OUT; i += piece) {
        piece = n - i < sizeof there ? n - i : (uint32_t)sizeof there;
        if (!media_read(w->dev, w->drive, w->c->at + i, there, piece))
            medium_failed(w, ASC_READ_ERROR);
        else if (memcmp(there, from + i, piece) != 0)
            fail(w, MISCOMPARE, ASC_MISCOMPARE);
    }
}

void scsi_in(struct scsi_command *c, struct scsi_target *t, struct device *dev,
             unsigned drive, uint8_t *to, uint32_t n)
{
    struct work w = {c, t, dev, drive};

    memset(to, 0, n);
    if (!c->media)
        memcpy(to, c->response + c->at, in_response(c, n));
    else if (!media_read(dev, drive, c->at, to, n)) {
        medium_failed(&w, ASC_READ_ERROR);
        return;
    }
    moved(&w, n);
}

void scsi_out(struct scsi_command *c, struct scsi_target *t, struct device *dev,
              unsigned drive, const uint8_t *from, uint32_t n)
{
    struct work w = {c, t, dev, drive};

    if (!c->media)
        memcpy(c->response + c->at, from, in_response(c, n));
    else if (c->check)
        compare(&w, from, n);
    else if (!media_write(dev, drive, c->at, from, n))
        medium_failed(&w, ASC_WRITE_ERROR);
    if (c->phase == SCSI_OUT)
        moved(&w, n);
}

const struct state_row scsi_target_rows[] = {
    STATE_INT(struct scsi_target, key),
    STATE_INT(struct scsi_target, asc),
    STATE_INT(struct scsi_target, ascq),
    STATE_INT(struct scsi_target, attention),
    STATE_INT(struct scsi_target, stopped),
    STATE_INT(struct scsi_target, changes),
    STATE_INT(struct scsi_target, lba),
    STATE_END,
};

const struct state_row scsi_command_rows[] = {
    STATE_INT(struct scsi_command, phase),
    STATE_INT(struct scsi_command, status),
    STATE_INT(struct scsi_command, media),
    STATE_INT(struct scsi_command, check),
    STATE_BYTES(struct scsi_command, cdb),
    STATE_INT(struct scsi_command, at),
    STATE_INT(struct scsi_command, left),
    STATE_BYTES(struct scsi_command, response),
    STATE_END,
};
