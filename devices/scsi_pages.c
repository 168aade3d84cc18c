/* devices/scsi_pages.c -- what a target says of itself: INQUIRY and its vital
 * product data, mode pages, a disc's contents. Source: SCSI-2, 8.2.5, 8.3.3,
 * 9.3.3, 14.2.10, 14.3.3. */
#include "scsi_work.h"

#include <string.h>

enum { SECTORS = 32, HEADS = 64 }; /* of a disk, as it says */
enum { FRAMES = 75, LEAD_OUT = 0xaa };

/* ---- INQUIRY ------------------------------------------------------------- */

static void text(uint8_t *to, const char *from, unsigned n)
{
    unsigned length = (unsigned)strlen(from);

    memset(to, ' ', n);
    memcpy(to, from, length < n ? length : n);
}

static void vital_page(struct scsi_work *w, uint8_t *r)
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
        scsi_fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
        return;
    }
    scsi_respond(w, 4u + r[3], w->c->cdb[4]);
}

void scsi_inquiry(struct scsi_work *w, bool present)
{
    uint8_t *r = w->c->response;

    r[0] = !present ? 0x7f : scsi_is_cd(w) ? 0x05 : 0x00;
    if (w->c->cdb[1] & 1) {
        vital_page(w, r);
        return;
    }
    if (w->c->cdb[2]) {
        scsi_fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
        return;
    }
    r[1] = scsi_is_cd(w) ? 0x80 : 0; /* removable */
    r[2] = 2;                        /* SCSI-2 */
    r[3] = 2;
    r[4] = 36 - 5;
    text(r + 8, "HALBOX", 8);
    text(r + 16, scsi_is_cd(w) ? "CD-ROM" : "DISK", 16);
    text(r + 32, "1.0", 4);
    scsi_respond(w, 36, w->c->cdb[4]);
}

/* ---- mode pages ---------------------------------------------------------- */

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

static void page_values(struct scsi_work *w, uint8_t *p, unsigned code)
{
    uint32_t cylinders = scsi_blocks(w) / (SECTORS * HEADS);

    if (code == 0x03) {
        p[11] = SECTORS;
        p[12] = (uint8_t)(scsi_block_bytes(w) >> 8);
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

static uint32_t mode_pages(struct scsi_work *w, uint8_t *r, uint32_t n,
                           bool values)
{
    unsigned wanted = w->c->cdb[2] & 0x3f;

    for (unsigned i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        const struct page *p = &pages[i];

        if ((wanted != 0x3f && wanted != p->code) ||
            !(scsi_is_cd(w) ? p->cd : p->disk))
            continue;
        r[n] = p->code;
        r[n + 1] = p->bytes;
        if (values)
            page_values(w, r + n, p->code);
        n += 2u + p->bytes;
    }
    return n;
}

void scsi_mode_sense(struct scsi_work *w)
{
    uint8_t *r = w->c->response;
    unsigned control = w->c->cdb[2] >> 6;
    bool plain = w->c->cdb[1] & 8; /* DBD */
    uint32_t n = plain ? 4 : 12, end;

    if (control == 3) {
        scsi_fail(w, ILLEGAL_REQUEST, ASC_SAVING);
        return;
    }
    r[2] = media_read_only(w->dev, w->drive) ? 0x80 : 0;
    r[3] = plain ? 0 : 8;
    if (!plain) {
        uint32_t count = scsi_blocks(w) < 0xffffff ? scsi_blocks(w) : 0;

        scsi_put32(r + 4, count);
        scsi_put32(r + 8, scsi_block_bytes(w));
    }
    end = mode_pages(w, r, n, control != 1);
    if (end == n && w->c->cdb[2] & 0x3f) {
        scsi_fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
        return;
    }
    r[0] = (uint8_t)(end - 1);
    scsi_respond(w, end, w->c->cdb[4]);
}

/* Parameters are read and judged: nothing of a drive here can be changed. */
void scsi_mode_select(struct scsi_work *w)
{
    w->c->phase = SCSI_OUT;
    w->c->left = w->c->cdb[4];
    w->c->media = false;
    if (!w->c->left)
        scsi_good(w);
}

void scsi_mode_selected(struct scsi_work *w)
{
    const uint8_t *r = w->c->response;
    uint32_t n = w->c->cdb[4], descriptor = n >= 4 ? r[3] : 0;

    if (n < 4 || (descriptor != 0 && descriptor != 8) || n < 4 + descriptor ||
        (descriptor && (scsi_be32(r + 8) & 0xffffff) != scsi_block_bytes(w)))
        scsi_fail(w, ILLEGAL_REQUEST, ASC_PARAMETER);
    else
        scsi_good(w);
}

/* ---- contents ------------------------------------------------------------ */

/* An address by its block, or by minute, second and frame (14.1.5). */
static void put_address(uint8_t *r, uint32_t lba, bool msf)
{
    uint32_t frames = lba + 2 * FRAMES; /* the first two seconds are lead-in */

    if (!msf) {
        scsi_put32(r, lba);
        return;
    }
    r[1] = (uint8_t)(frames / FRAMES / 60);
    r[2] = (uint8_t)(frames / FRAMES % 60);
    r[3] = (uint8_t)(frames % FRAMES);
}

static void put_track(uint8_t *r, unsigned track, uint32_t lba, bool msf)
{
    r[1] = 0x14; /* of data */
    r[2] = (uint8_t)track;
    put_address(r + 4, lba, msf);
}

/* One track, and where it ends (14.2.10). */
void scsi_toc(struct scsi_work *w)
{
    uint8_t *r = w->c->response;
    unsigned first = w->c->cdb[6], n = 4;
    bool msf = w->c->cdb[1] & 2;

    if (w->c->cdb[9] >> 6 || (first > 1 && first != LEAD_OUT)) {
        scsi_fail(w, ILLEGAL_REQUEST, ASC_CDB_FIELD);
        return;
    }
    r[2] = r[3] = 1;
    for (unsigned track = first == LEAD_OUT; track < 2; track++, n += 8)
        put_track(r + n, track ? LEAD_OUT : 1, track ? scsi_blocks(w) : 0, msf);
    r[1] = (uint8_t)(n - 2);
    scsi_respond(w, n, scsi_be16(w->c->cdb + 7));
}
