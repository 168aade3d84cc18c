/* devices/fdc82077_data.c -- the 82077AA's execution phase: sectors and IDs as
 * they come round under the heads, what is read, written, verified or compared,
 * and how a command ends. Source: Intel 82077AA data sheet (290166), 5.1; Intel
 * 8272A data sheet, "Scan". */
#include "fdc82077.h"

#include <string.h>

void fdc_after(struct fdc *s, uint64_t ns, enum fdc_stage stage)
{
    s->stage = (uint8_t)stage;
    clock_after_ns(&s->dev, ns, FDC_STAGE);
}

/* ---- ends ------------------------------------------------------------------
 */

void fdc_finish(struct fdc *s, bool failed)
{
    uint8_t *r = s->result;
    uint64_t unload = s->specify[0] & 15;

    clock_cancel(&s->dev, FDC_STAGE);
    fdc_fifo_request(s, false);
    s->stage = STAGE_NONE;
    s->flips &= (uint8_t) ~(s->mode == MODE_MODEL30 ? 0 : FLIP_GATE);
    s->unload_ns =
        clock_ns(&s->dev) + (unload ? unload : 16) * fdc_byte_ns(s) * 1000;
    r[0] =
        (uint8_t)((failed ? ST0_IC : 0) | (s->seeked ? ST0_SE : 0) |
                  (s->head ? COMMAND_HDS : 0) | (s->command[1] & COMMAND_DS));
    r[1] = s->st1;
    r[2] = s->st2;
    memcpy(r + 3, s->command + C, ID_BYTES);
    fdc_result(s, FDC_DATA_RESULT);
    fdc_interrupt(s, true);
}

void fdc_fail(struct fdc *s, uint8_t st1, uint8_t st2)
{
    s->st1 |= st1;
    s->st2 |= st2;
    fdc_finish(s, true);
}

/* The ID after this one; true: that was the last (data sheet, table 5-6). */
static bool advance(struct fdc *s)
{
    uint8_t *id = s->command;
    unsigned by = fdc_scans(s) && id[DTL] == 2 ? 2 : 1;

    if (fdc_scans(s) ? id[R] + by <= id[EOT] : id[R] != id[EOT]) {
        id[R] = (uint8_t)(id[R] + by);
        return false;
    }
    id[R] = 1;
    if (id[0] & COMMAND_MT) {
        id[H] ^= 1;
        s->head ^= 1;
        if (s->head)
            return false;
    }
    id[C]++;
    return true;
}

/* ---- under the heads -------------------------------------------------------
 */

static uint64_t to_angle(const struct fdc *s, uint64_t angle)
{
    uint64_t turn = fdc_turn_ns(s);

    return (angle + turn - fdc_angle_ns(s)) % turn;
}

/* The format, if its marks can be read where the heads are. */
const struct floppy_format *fdc_readable(const struct fdc *s)
{
    const struct floppy_format *f = fdc_format(s);

    if (!f || !(f->rates >> s->rate & 1) || !(s->command[0] & COMMAND_MFM) ||
        s->head >= f->heads || s->drive[fdc_selected(s)].track >= f->cylinders)
        return NULL;
    return f;
}

static uint64_t sector_angle(const struct fdc *s, unsigned index)
{
    const struct floppy_format *f = fdc_format(s);

    return (uint64_t)f->track_bytes * fdc_byte_ns(s) / f->sectors * index;
}

struct floppy_sector fdc_here(const struct fdc *s, unsigned number)
{
    return (struct floppy_sector){s->drive[fdc_selected(s)].track, s->head,
                                  (uint8_t)number};
}

/* The index twice from now; for ever without one. */
static void lost(struct fdc *s)
{
    s->st1 |= fdc_readable(s) ? ST1_ND : ST1_MA;
    if (fdc_format(s))
        fdc_after(s, to_angle(s, 0) + fdc_turn_ns(s), STAGE_LOST);
    else
        s->stage = STAGE_NONE;
}

static void expect_sector(struct fdc *s, unsigned number)
{
    uint64_t wait =
        to_angle(s, sector_angle(s, number - 1)) + TO_DATA * fdc_byte_ns(s);

    fdc_after(s, wait, STAGE_FIELD);
    s->skipped = s->other_mark = false;
    if (fdc_writes(s) || fdc_scans(s)) {
        memset(s->buffer, 0, sizeof s->buffer);
        fdc_fifo_open(s, FLOPPY_SECTOR, clock_ns(&s->dev) + wait);
    }
}

static void seek_sector(struct fdc *s)
{
    const struct floppy_format *f = fdc_readable(s);
    const uint8_t *id = s->command;

    if (!f) {
        lost(s);
    } else if (id[C] == fdc_here(s, 1).cylinder && id[H] == s->head &&
               id[R] >= 1 && id[R] <= f->sectors && id[N] == N_512) {
        expect_sector(s, id[R]);
    } else {
        if (id[C] != fdc_here(s, 1).cylinder)
            s->st2 |= ST2_WC;
        lost(s);
    }
}

/* READ ID: the next that comes by. */
static void seek_id(struct fdc *s)
{
    const struct floppy_format *f = fdc_readable(s);
    uint64_t pitch, wait;
    unsigned next;

    if (!f) {
        lost(s);
        return;
    }
    pitch = sector_angle(s, 1);
    next = (unsigned)(fdc_angle_ns(s) / pitch + 1);
    if (next >= f->sectors)
        next = 0;
    s->command[C] = fdc_here(s, 1).cylinder;
    s->command[H] = s->head;
    s->command[R] = (uint8_t)(next + 1);
    s->command[N] = N_512;
    wait = to_angle(s, sector_angle(s, next));
    fdc_after(s, wait + (TO_ID + ID_BYTES + CRC) * fdc_byte_ns(s), STAGE_ID);
}

/* READ TRACK: sectors as they lie, whatever their numbers; ND tells that one
 * was not the next of the command's. */
static void track_sector(struct fdc *s)
{
    const struct floppy_format *f = fdc_readable(s);
    const uint8_t *id = s->command;
    unsigned number;

    if (!f) {
        lost(s);
        return;
    }
    number = s->count % f->sectors + 1u;
    if (id[C] != fdc_here(s, 1).cylinder || id[H] != s->head ||
        id[R] != number || id[N] != N_512)
        s->st1 |= ST1_ND;
    expect_sector(s, number);
}

static void search(struct fdc *s)
{
    if (fdc_kind(s) == READ_ID)
        seek_id(s);
    else if (fdc_kind(s) == READ_TRACK && fdc_readable(s) && !s->count)
        fdc_after(s, to_angle(s, 0), STAGE_INDEX);
    else if (fdc_kind(s) == READ_TRACK)
        track_sector(s);
    else
        seek_sector(s);
}

static struct floppy_sector at_work(const struct fdc *s)
{
    const struct floppy_format *f = fdc_format(s);

    return fdc_here(s, fdc_kind(s) == READ_TRACK ? s->count % f->sectors + 1u
                                                 : s->command[R]);
}

/* Where the medium was taken out meanwhile, or the motor stopped. */
static bool still_there(const struct fdc *s)
{
    const struct floppy_format *f = fdc_readable(s);

    return f && at_work(s).number >= 1 && at_work(s).number <= f->sectors;
}

/* Read data, verify and scans see a deleted mark, READ DELETED DATA another; SK
 * skips the sector (data sheet, tables 5-4 and 5-5). */
static void look_at_mark(struct fdc *s)
{
    unsigned n = fdc_selected(s), k = fdc_kind(s);
    bool deleted = floppy_deleted(&s->dev, n, &s->drive[n], at_work(s));

    if (k == READ_TRACK || deleted == (k == READ_DELETED))
        return;
    s->st2 |= ST2_CM;
    s->skipped = s->command[0] & COMMAND_SK;
    s->other_mark = !s->skipped;
}

static void field_begins(struct fdc *s)
{
    unsigned n = fdc_selected(s);
    uint8_t *to = fdc_scans(s) ? s->compare : s->buffer;

    if (!still_there(s)) {
        lost(s);
        return;
    }
    s->bad = false;
    if (fdc_writes(s)) {
        s->flips ^= FLIP_WRITE;
        s->flips |= FLIP_GATE;
    } else {
        s->flips ^= FLIP_READ;
        look_at_mark(s);
        s->bad = !floppy_read(&s->dev, n, at_work(s), to);
    }
    fdc_after(s, (FLOPPY_SECTOR + CRC) * fdc_byte_ns(s), STAGE_END);
    if (fdc_reads(s))
        fdc_fifo_open(s, FLOPPY_SECTOR, clock_ns(&s->dev));
}

/* ---- the end of a sector ---------------------------------------------------
 */

/* SCAN: bytes of FFh from either side match all. */
static void scan(struct fdc *s)
{
    bool equal = true, fits = true;

    for (unsigned i = 0; i < FLOPPY_SECTOR; i++) {
        uint8_t medium = s->compare[i], host = s->buffer[i];

        if (medium == host || medium == ANY || host == ANY)
            continue;
        equal = false;
        fits &= fdc_kind(s) == SCAN_LOW    ? medium < host
                : fdc_kind(s) == SCAN_HIGH ? medium > host
                                           : false;
    }
    s->st2 &= (uint8_t) ~(ST2_SH | ST2_SN);
    s->st2 |= equal ? ST2_SH : fits ? 0 : ST2_SN;
}

static bool store(struct fdc *s)
{
    unsigned n = fdc_selected(s);

    return still_there(s) &&
           floppy_write(&s->dev, n, &s->drive[n], at_work(s), s->buffer,
                        fdc_kind(s) == WRITE_DELETED);
}

/* VERIFY counts sectors if EC is set; the host ends others. */
static bool is_enough(struct fdc *s)
{
    bool counts = fdc_kind(s) == VERIFY && s->command[1] & COMMAND_EC;

    return s->tc || (counts && --s->count == 0);
}

/* The end of the track before the host's: a normal one for VERIFY, which ends
 * there, and for SCAN, which has not found it. */
static void past_end(struct fdc *s)
{
    bool counts = fdc_kind(s) == VERIFY && s->command[1] & COMMAND_EC;

    if (fdc_scans(s) || (fdc_kind(s) == VERIFY && !counts))
        fdc_finish(s, false);
    else
        fdc_fail(s, ST1_EN, 0);
}

static void next_sector(struct fdc *s)
{
    if (fdc_kind(s) == READ_TRACK) {
        s->command[R]++;
        if (++s->count >= s->command[EOT] || s->tc)
            fdc_finish(s, false);
        else
            track_sector(s);
        return;
    }
    if (s->other_mark) {
        fdc_finish(s, false); /* its ID stays */
    } else if (fdc_scans(s) && !s->skipped && !(s->st2 & ST2_SN)) {
        fdc_finish(s, false);
    } else if (is_enough(s)) {
        advance(s);
        fdc_finish(s, false);
    } else if (advance(s)) {
        past_end(s);
    } else {
        search(s);
    }
}

static void sector_over(struct fdc *s)
{
    fdc_fifo_request(s, false);
    if (s->late) {
        if (fdc_writes(s))
            store(s);
        fdc_fail(s, ST1_OR, 0);
    } else if (s->bad || (fdc_writes(s) && !store(s))) {
        fdc_fail(s, ST1_DE, ST2_DD);
    } else {
        if (fdc_scans(s) && !s->skipped)
            scan(s);
        next_sector(s);
    }
}

/* The host has until the next sector begins to take what is in the FIFO. */
static void field_ends(struct fdc *s)
{
    bool idle = fdc_kind(s) == VERIFY || s->skipped || s->tc;
    bool reads = fdc_reads(s);

    if (idle || s->moved == s->bytes) {
        sector_over(s);
    } else if (reads && !fdc_fifo_late(s) && !s->late) {
        fdc_after(s, TO_DATA * fdc_byte_ns(s), STAGE_DRAIN);
    } else {
        s->late = true;
        sector_over(s);
    }
}

static void drained(struct fdc *s)
{
    s->late = s->moved < s->bytes && !s->tc;
    sector_over(s);
}

/* ---- the command -----------------------------------------------------------
 */

/* Without a turning medium there is no index, and no end: 82077AA data sheet,
 * 8.1. */
static void loaded(struct fdc *s)
{
    if (!fdc_format(s))
        s->stage = STAGE_NONE;
    else if (fdc_kind(s) == FORMAT)
        fdc_after(s, to_angle(s, 0), STAGE_INDEX);
    else
        search(s);
}

/* HLT, in 2 ms at 500 kbps, unless the heads are on the medium yet. */
static void load(struct fdc *s)
{
    uint64_t hlt = s->specify[1] >> 1;
    bool down = clock_ns(&s->dev) < s->unload_ns;

    fdc_after(s, down ? 0 : (hlt ? hlt : 128) * fdc_byte_ns(s) * 125,
              STAGE_LOADED);
}

static void index_came(struct fdc *s)
{
    if (fdc_kind(s) == READ_TRACK)
        track_sector(s);
    else
        fdc_format_begin(s);
}

static void implied_step(struct fdc *s)
{
    uint8_t *pcn = &s->pcn[s->command[1] & COMMAND_DS];
    bool in = s->command[C] > *pcn;

    if (*pcn == s->command[C]) {
        load(s);
        return;
    }
    fdc_step_pulse(s, in);
    *pcn = (uint8_t)(in ? *pcn + 1 : *pcn - 1);
    fdc_after(s, fdc_step_ns(s), STAGE_STEP);
}

void fdc_data_begin(struct fdc *s)
{
    bool writes = fdc_writes(s) || fdc_kind(s) == FORMAT;

    s->phase = PHASE_EXECUTE;
    s->head = s->command[1] & COMMAND_HDS ? 1 : 0;
    s->st1 = s->st2 = s->count = 0;
    s->bytes = s->moved = 0;
    s->tc = s->late = s->bad = s->skipped = s->request = false;
    s->seeked = s->configure & CONFIGURE_EIS && fdc_kind(s) != FORMAT &&
                fdc_kind(s) != READ_ID;
    if (fdc_kind(s) == FORMAT)
        s->sc_eot = s->command[FORMAT_SC];
    else if (fdc_kind(s) != READ_ID)
        s->sc_eot = s->command[EOT];
    if (fdc_kind(s) == VERIFY)
        s->count = s->command[DTL];
    if (writes && fdc_protected(s))
        fdc_fail(s, ST1_NW, 0);
    else if (s->seeked)
        fdc_after(s, 0, STAGE_STEP);
    else
        load(s);
}

void fdc_data_stage(struct fdc *s)
{
    switch (s->stage) {
    case STAGE_STEP:
        implied_step(s);
        break;
    case STAGE_LOADED:
        loaded(s);
        break;
    case STAGE_LOST:
        fdc_finish(s, true);
        break;
    case STAGE_ID:
    case STAGE_TURN:
        fdc_finish(s, false);
        break;
    case STAGE_FIELD:
        field_begins(s);
        break;
    case STAGE_END:
        field_ends(s);
        break;
    case STAGE_DRAIN:
        drained(s);
        break;
    case STAGE_INDEX:
        index_came(s);
        break;
    case STAGE_MARK:
        fdc_format_mark(s);
        break;
    default:
        break;
    }
}

bool fdc_data_check(const struct fdc *s)
{
    return s->stage < STAGES && s->head < 2 && s->bytes <= FLOPPY_SECTOR &&
           s->moved <= s->bytes && (s->from_ns | s->begun_ns) <= INT64_MAX;
}
