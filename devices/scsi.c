/* devices/scsi.c -- see scsi.h: commands, and the bytes that they move. */
#include "scsi_work.h"

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

bool scsi_is_cd(const struct scsi_work *w)
{
    return media_drive(w->dev, w->drive) == MEDIA_CDROM;
}

uint32_t scsi_block_bytes(const struct scsi_work *w)
{
    return scsi_is_cd(w) ? SCSI_CD_BLOCK : SCSI_DISK_BLOCK;
}

static bool present(const struct scsi_work *w)
{
    return media_present(w->dev, w->drive) && !w->t->open;
}

uint32_t scsi_blocks(const struct scsi_work *w)
{
    uint64_t n = media_bytes(w->dev, w->drive) / scsi_block_bytes(w);

    if (!present(w))
        return 0;
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* ---- ends ---------------------------------------------------------------- */

void scsi_good(struct scsi_work *w)
{
    w->c->phase = SCSI_STATUS;
    w->c->status = SCSI_GOOD;
    w->c->left = 0;
}

void scsi_fail(struct scsi_work *w, unsigned key, unsigned asc)
{
    w->t->key = (uint8_t)key;
    w->t->asc = (uint8_t)asc;
    w->t->ascq = 0;
    w->c->phase = SCSI_STATUS;
    w->c->status = SCSI_CHECK;
    w->c->left = 0;
}

static void locate(struct scsi_work *w, uint32_t lba)
{
    w->t->located = true;
    w->t->lba = lba;
}

void scsi_respond(struct scsi_work *w, uint32_t n, uint32_t allocated)
{
    w->c->left = n < allocated ? n : allocated;
    w->c->media = false;
    w->c->at = 0;
    w->c->phase = SCSI_IN;
    if (!w->c->left)
        scsi_good(w);
}

static void forget(struct scsi_target *t)
{
    t->key = t->asc = t->ascq = 0;
    t->located = false;
}

void scsi_sense(struct scsi_target *t, uint8_t sense[SCSI_SENSE])
{
    memset(sense, 0, SCSI_SENSE);
    sense[0] = 0x70;
    sense[2] = t->key;
    if (t->located) {
        sense[0] |= 0x80; /* the information is valid */
        scsi_put32(sense + 3, t->lba);
    }
    sense[7] = SCSI_SENSE - 8;
    sense[12] = t->asc;
    sense[13] = t->ascq;
    forget(t);
}

void scsi_reset(struct scsi_target *t, const struct device *dev, unsigned drive)
{
    *t = (struct scsi_target){.attention = ASC_RESET,
                              .open = t->open,
                              .changes = media_changes(dev, drive)};
}

/* ---- commands that need a medium ----------------------------------------- */

static bool ready(struct scsi_work *w)
{
    if (!present(w))
        scsi_fail(w, NOT_READY, ASC_NO_MEDIUM);
    else if (w->t->stopped)
        scsi_fail(w, NOT_READY, ASC_NOT_READY);
    else
        return true;
    return false;
}

/* A disk has no slow places: with PMI set the last block is the same. */
static void read_capacity(struct scsi_work *w)
{
    uint32_t n = scsi_blocks(w);

    if (!(w->c->cdb[8] & 1) && scsi_be32(w->c->cdb + 2)) { /* 9.2.7 */
        scsi_fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
        return;
    }
    scsi_put32(w->c->response, n ? n - 1 : 0);
    scsi_put32(w->c->response + 4, scsi_block_bytes(w));
    scsi_respond(w, 8, 8);
}

static void transfer(struct scsi_work *w, uint32_t lba, uint32_t count,
                     enum scsi_phase phase, bool check)
{
    uint32_t total = scsi_blocks(w);

    if (lba >= total || count > total - lba) {
        locate(w, lba);
        scsi_fail(w, ILLEGAL_REQUEST, ASC_LBA);
    } else if (phase == SCSI_OUT && !check &&
               media_read_only(w->dev, w->drive)) {
        scsi_fail(w, DATA_PROTECT, ASC_PROTECTED);
    } else if (count > UINT32_MAX / scsi_block_bytes(w)) {
        scsi_fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
    } else {
        w->c->phase = (uint8_t)phase;
        w->c->media = true;
        w->c->check = check;
        w->c->at = (uint64_t)lba * scsi_block_bytes(w);
        w->c->left = count * scsi_block_bytes(w);
        if (!count || phase == SCSI_STATUS)
            scsi_good(w);
    }
}

static void transfer_6(struct scsi_work *w, enum scsi_phase phase)
{
    const uint8_t *cdb = w->c->cdb;

    transfer(w, scsi_be32(cdb) & 0x1fffff, cdb[4] ? cdb[4] : 256, phase, false);
}

static void transfer_10(struct scsi_work *w, enum scsi_phase phase, bool check)
{
    const uint8_t *cdb = w->c->cdb;

    transfer(w, scsi_be32(cdb + 2), scsi_be16(cdb + 7), phase, check);
}

/* PREVENT keeps the tray shut, but not by force (SCSI-2, 9.2.4). */
static void eject(struct scsi_work *w)
{
    if (w->t->locked) {
        scsi_fail(w, ILLEGAL_REQUEST, ASC_REMOVAL);
        w->t->ascq = 2;
        return;
    }
    w->t->open = true;
    scsi_good(w);
}

static void load(struct scsi_work *w)
{
    if (w->t->open && media_present(w->dev, w->drive))
        w->t->attention = ASC_CHANGED;
    w->t->open = w->t->stopped = false;
    scsi_good(w);
}

/* SCSI-2, 9.2.17: Start and LoEj; a disk here cannot be taken out. */
static void start_stop(struct scsi_work *w)
{
    bool start = w->c->cdb[4] & 1, tray = w->c->cdb[4] & 2;

    if (tray && !scsi_is_cd(w)) {
        scsi_fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
    } else if (tray && start) {
        load(w);
    } else if (tray) {
        eject(w);
    } else {
        w->t->stopped = !start;
        scsi_good(w);
    }
}

/* VERIFY reads what is there, or compares it with what comes (BYTCHK). */
static void verify(struct scsi_work *w)
{
    bool compare = w->c->cdb[1] & 2;

    transfer_10(w, compare ? SCSI_OUT : SCSI_STATUS, compare);
}

static void format_unit(struct scsi_work *w)
{
    if (scsi_is_cd(w))
        scsi_fail(w, ILLEGAL_REQUEST, ASC_OPCODE);
    else if (w->c->cdb[1] & 0x10) /* FMTDATA: a list of defects */
        scsi_fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
    else if (media_read_only(w->dev, w->drive))
        scsi_fail(w, DATA_PROTECT, ASC_PROTECTED);
    else
        scsi_good(w); /* the blocks keep what they hold: 9.2.1 allows it */
}

static void medium_command(struct scsi_work *w)
{
    switch (w->c->cdb[0]) {
    case TEST_UNIT_READY:
    case REZERO_UNIT:
    case SYNCHRONIZE_CACHE:
        scsi_good(w);
        break;
    case SEEK_6:
        transfer(w, scsi_be32(w->c->cdb) & 0x1fffff, 0, SCSI_STATUS, false);
        break;
    case SEEK_10:
        transfer(w, scsi_be32(w->c->cdb + 2), 0, SCSI_STATUS, false);
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
        if (scsi_is_cd(w))
            scsi_toc(w);
        else
            scsi_fail(w, ILLEGAL_REQUEST, ASC_OPCODE);
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

/* ---- the command --------------------------------------------------------- */

static void request_sense(struct scsi_work *w)
{
    struct scsi_target *t = w->t;

    if (!t->key && t->attention) {
        t->key = UNIT_ATTENTION;
        t->asc = t->attention;
        t->attention = 0;
    }
    scsi_sense(t, w->c->response);
    /* SCSI-2, 8.2.14: an allocation length of 0 is four bytes */
    scsi_respond(w, SCSI_SENSE, w->c->cdb[4] ? w->c->cdb[4] : 4);
}

static void other_command(struct scsi_work *w)
{
    switch (w->c->cdb[0]) {
    case MODE_SENSE_6:
        scsi_mode_sense(w);
        break;
    case MODE_SELECT_6:
        scsi_mode_select(w);
        break;
    case START_STOP:
        start_stop(w);
        break;
    case RESERVE: /* there is one initiator */
    case RELEASE:
    case SEND_DIAGNOSTIC:
        scsi_good(w);
        break;
    case PREVENT_ALLOW:
        w->t->locked = w->c->cdb[4] & 1;
        scsi_good(w);
        break;
    default:
        scsi_fail(w, ILLEGAL_REQUEST, ASC_OPCODE);
    }
}

/* Did the medium change, or was there a reset, that nobody was told of? */
static bool attention(struct scsi_work *w)
{
    uint32_t now = media_changes(w->dev, w->drive);

    if (now != w->t->changes) {
        w->t->changes = now;
        w->t->stopped = w->t->open = false;
        w->t->attention = ASC_CHANGED;
    }
    return w->t->attention;
}

void scsi_begin(struct scsi_command *c, struct scsi_target *t,
                struct device *dev, unsigned drive, unsigned lun,
                const uint8_t cdb[SCSI_CDB])
{
    struct scsi_work w = {c, t, dev, drive};

    *c = (struct scsi_command){0};
    memcpy(c->cdb, cdb, SCSI_CDB);
    if (cdb[0] != REQUEST_SENSE) /* contingent allegiance ends */
        forget(t);
    if (cdb[0] == INQUIRY) {
        scsi_inquiry(&w, !lun);
    } else if (cdb[0] == REQUEST_SENSE) {
        request_sense(&w);
    } else if (lun) {
        scsi_fail(&w, ILLEGAL_REQUEST, ASC_LUN);
    } else if (attention(&w)) {
        scsi_fail(&w, UNIT_ATTENTION, t->attention);
        t->attention = 0;
    } else if (!needs_medium(cdb[0])) {
        other_command(&w);
    } else if (ready(&w)) {
        medium_command(&w);
    }
}

/* ---- bytes --------------------------------------------------------------- */

static void moved(struct scsi_work *w, uint32_t n)
{
    w->c->at += n;
    w->c->left -= n;
    if (w->c->left)
        return;
    if (w->c->cdb[0] == MODE_SELECT_6)
        scsi_mode_selected(w);
    else
        scsi_good(w);
}

/* The block with byte @at of the medium is not as it should be. */
static void medium_failed(struct scsi_work *w, uint64_t at, unsigned key,
                          unsigned asc)
{
    locate(w, (uint32_t)(at / scsi_block_bytes(w)));
    scsi_fail(w, key, asc);
}

/* Bytes of response[] that there are from c->at on, at most @n. */
static uint32_t in_response(const struct scsi_command *c, uint32_t n)
{
    uint64_t room = c->at < SCSI_RESPONSE ? SCSI_RESPONSE - c->at : 0;

    return n < room ? n : (uint32_t)room;
}

/* VERIFY with BYTCHK. */
static void compare(struct scsi_work *w, const uint8_t *from, uint32_t n)
{
    uint8_t there[SCSI_DISK_BLOCK];
    uint32_t piece;

    for (uint32_t i = 0; i < n && w->c->phase == SCSI_OUT; i += piece) {
        piece = n - i < sizeof there ? n - i : (uint32_t)sizeof there;
        if (!media_read(w->dev, w->drive, w->c->at + i, there, piece))
            medium_failed(w, w->c->at + i, MEDIUM_ERROR, ASC_READ_ERROR);
        else if (memcmp(there, from + i, piece) != 0)
            medium_failed(w, w->c->at + i, MISCOMPARE, ASC_MISCOMPARE);
    }
}

void scsi_in(struct scsi_command *c, struct scsi_target *t, struct device *dev,
             unsigned drive, uint8_t *to, uint32_t n)
{
    struct scsi_work w = {c, t, dev, drive};

    memset(to, 0, n);
    if (!c->media)
        memcpy(to, c->response + c->at, in_response(c, n));
    else if (!media_read(dev, drive, c->at, to, n)) {
        medium_failed(&w, c->at, MEDIUM_ERROR, ASC_READ_ERROR);
        return;
    }
    moved(&w, n);
}

void scsi_out(struct scsi_command *c, struct scsi_target *t, struct device *dev,
              unsigned drive, const uint8_t *from, uint32_t n)
{
    struct scsi_work w = {c, t, dev, drive};

    if (!c->media)
        memcpy(c->response + c->at, from, in_response(c, n));
    else if (c->check)
        compare(&w, from, n);
    else if (!media_write(dev, drive, c->at, from, n))
        medium_failed(&w, c->at, MEDIUM_ERROR, ASC_WRITE_ERROR);
    if (c->phase == SCSI_OUT)
        moved(&w, n);
}

const struct state_row scsi_target_rows[] = {
    STATE_INT(struct scsi_target, key),
    STATE_INT(struct scsi_target, asc),
    STATE_INT(struct scsi_target, ascq),
    STATE_INT(struct scsi_target, attention),
    STATE_INT(struct scsi_target, stopped),
    STATE_INT(struct scsi_target, open),
    STATE_INT(struct scsi_target, locked),
    STATE_INT(struct scsi_target, changes),
    STATE_INT(struct scsi_target, located),
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
