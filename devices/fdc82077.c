/* devices/fdc82077.c -- the 82077AA floppy disk controller: ports, resets,
 * pins. A slave on DMA channel 2, IRQ 6. Setting `mode` is what pins IDENT and
 * MFM select: which registers there are and how they look. Source: Intel
 * 82077AA data sheet (290166), 2.1 and 4. Docs: docs/devices/fdc82077.md. */
#include "fdc82077.h"

enum { SRA, SRB, DOR, TDR, MSR, FIFO, PORTS };
enum { DSR = MSR };
enum { WINDOW_LOW, WINDOW_3F7 }; /* DIR when read, CCR when written */
enum { DSR_RESET = 0x80, DSR_SLEEP = 0x40, RATE = 3 };
enum { CONFIGURE_DEFAULT = CONFIGURE_EFIFO };
enum { PERPENDICULAR_MODE = 3 }; /* GAP, WGATE */
enum { RESET_NS = 250000, TURN_NS = 200000000 };
enum { SPEED_MOST = 4 };

/* ---- pins ------------------------------------------------------------------
 */

unsigned fdc_selected(const struct fdc *s)
{
    unsigned n = s->dor & DOR_DRIVE;

    return s->dor & DOR_MOTOR << n && media_drive(&s->dev, n) == MEDIA_FLOPPY
               ? n
               : FDC_NO_DRIVE;
}

uint64_t fdc_byte_ns(const struct fdc *s)
{
    static const uint32_t ns[] = {[FLOPPY_500K] = 16000,
                                  [FLOPPY_300K] = 26667,
                                  [FLOPPY_250K] = 32000,
                                  [FLOPPY_1M] = 8000};

    return ns[s->rate] / s->speed;
}

const struct floppy_format *fdc_format(const struct fdc *s)
{
    unsigned n = fdc_selected(s);

    return n == FDC_NO_DRIVE ? NULL : floppy_format(&s->dev, n);
}

uint64_t fdc_turn_ns(const struct fdc *s)
{
    const struct floppy_format *f = fdc_format(s);

    if (f && f->rates >> s->rate & 1)
        return f->track_bytes * fdc_byte_ns(s);
    return TURN_NS / s->speed;
}

uint64_t fdc_angle_ns(const struct fdc *s)
{
    return clock_ns(&s->dev) % fdc_turn_ns(s);
}

bool fdc_protected(const struct fdc *s)
{
    unsigned n = fdc_selected(s);

    return n != FDC_NO_DRIVE && media_read_only(&s->dev, n);
}

bool fdc_at_track0(const struct fdc *s)
{
    unsigned n = fdc_selected(s);

    return n != FDC_NO_DRIVE && s->drive[n].track == 0;
}

void fdc_step_pulse(struct fdc *s, bool inwards)
{
    unsigned n = fdc_selected(s);

    s->inwards = inwards;
    s->flips |= FLIP_STEP;
    if (n != FDC_NO_DRIVE)
        floppy_step(&s->dev, n, &s->drive[n], inwards);
}

/* Outside PS/2 mode DMAGATE lets INT and DRQ out. */
void fdc_lines(struct fdc *s)
{
    bool gate = s->mode == MODE_PS2 || s->dor & DOR_DMAGATE;

    irq_set(&s->dev, s->interrupt && gate);
    dreq_set(&s->dev, s->request && gate && !(s->specify[1] & SPECIFY_ND));
}

void fdc_interrupt(struct fdc *s, bool level)
{
    s->interrupt = level;
    fdc_lines(s);
}

/* ---- resets ----------------------------------------------------------------
 */

/* What a reset of any kind stops. Steps of a seek are the heads' no more. */
static void stop(struct fdc *s)
{
    for (unsigned timer = FDC_AWAKE; timer < FDC_SEEK + FDC_DRIVES; timer++)
        clock_cancel(&s->dev, timer);
    fdc_idle(s);
    s->phase = PHASE_NONE;
    s->polled = s->ended = s->seeking = 0;
    s->request = false;
    fdc_interrupt(s, false);
}

/* Data sheet, 2.1.2 and 6.3: LOCK keeps EFIFO, FIFOTHR and PRETRK. */
static void soft_reset(struct fdc *s)
{
    const uint8_t kept = CONFIGURE_EFIFO | CONFIGURE_FIFOTHR;

    stop(s);
    s->configure =
        (uint8_t)(s->locked ? s->configure & kept : CONFIGURE_DEFAULT);
    s->pretrk = s->locked ? s->pretrk : 0;
    s->perpendicular &= (uint8_t)~PERPENDICULAR_MODE;
    s->flips = 0;
    s->no_precomp = false;
    for (unsigned n = 0; n < FDC_DRIVES; n++)
        s->pcn[n] = 0;
    if (s->dor & DOR_RESET)
        clock_after_ns(&s->dev, RESET_NS, FDC_AWAKE);
}

/* Polling finds each drive "ready", which it was not before: an interrupt. */
static void awake(struct fdc *s)
{
    s->phase = PHASE_COMMAND;
    s->polled = 15;
    fdc_interrupt(s, true);
}

static void fdc82077_reset(struct device *dev)
{
    struct fdc *s = (struct fdc *)dev;

    s->dor = s->tdr = s->perpendicular = s->sc_eot = 0;
    s->specify[0] = s->specify[1] = 0;
    s->rate = FLOPPY_250K;
    s->locked = false;
    s->unload_ns = 0;
    soft_reset(s);
}

/* ---- registers -------------------------------------------------------------
 */

static uint32_t fdc82077_peek(const struct device *dev, unsigned window,
                              uint32_t offset, unsigned bytes)
{
    const struct fdc *s = (const struct fdc *)dev;

    (void)bytes;
    if (window == WINDOW_3F7)
        return fdc_dir(s);
    switch (offset) {
    case SRA:
        return fdc_sra(s);
    case SRB:
        return fdc_srb(s);
    case DOR:
        return s->dor;
    case TDR:
        return s->tdr | 0xfcu; /* the upper bits are not driven */
    case MSR:
        return fdc_msr(s);
    default:
        return s->phase == PHASE_RESULT ? s->result[s->told] : 0;
    }
}

static uint8_t read_fifo(struct fdc *s)
{
    bool data = s->specify[1] & SPECIFY_ND && s->request && fdc_reads(s);

    if (s->phase == PHASE_RESULT)
        return fdc_result_read(s);
    if (s->phase == PHASE_EXECUTE && data)
        return fdc_fifo_take(s);
    guest_error(&s->dev, "the FIFO is read with nothing in it");
    return 0;
}

static uint32_t fdc82077_read(struct device *dev, unsigned window,
                              uint32_t offset, unsigned bytes)
{
    struct fdc *s = (struct fdc *)dev;

    if (window == WINDOW_LOW && offset == FIFO)
        return read_fifo(s);
    if (window == WINDOW_3F7) {
        uint8_t v = fdc_dir(s);

        if (s->mode == MODE_MODEL30) /* it clears SRA's and SRB's flip-flops */
            s->flips = 0;
        return v;
    }
    return fdc82077_peek(dev, window, offset, bytes);
}

/* Bit 2 low holds the chip in reset; all else are pins. */
static void write_dor(struct fdc *s, uint8_t value)
{
    bool was = s->dor & DOR_RESET, is = value & DOR_RESET;

    s->dor = value;
    if (was != is)
        soft_reset(s);
    fdc_lines(s);
}

static void write_dsr(struct fdc *s, uint8_t value)
{
    s->rate = value & RATE;
    if (value & DSR_RESET)
        soft_reset(s);
    if (value & DSR_SLEEP) /* until a reset */
        stop(s);
}

static void write_fifo(struct fdc *s, uint8_t value)
{
    bool data = s->specify[1] & SPECIFY_ND && s->request && !fdc_reads(s);

    if (s->phase == PHASE_COMMAND)
        fdc_command_write(s, value);
    else if (s->phase == PHASE_EXECUTE && data)
        fdc_fifo_give(s, value);
    else
        guest_error(&s->dev, "%02x is written to the FIFO, which takes nothing",
                    value);
}

static void fdc82077_write(struct device *dev, unsigned window, uint32_t offset,
                           unsigned bytes, uint32_t value)
{
    struct fdc *s = (struct fdc *)dev;

    (void)bytes;
    if (window == WINDOW_3F7) {
        s->rate = value & RATE;
        s->no_precomp = s->mode == MODE_MODEL30 && value & CCR_NOPREC;
    } else if (offset == DOR) {
        write_dor(s, (uint8_t)value);
    } else if (offset == TDR) {
        s->tdr = value & 3;
    } else if (offset == DSR) {
        write_dsr(s, (uint8_t)value);
    } else if (offset == FIFO) {
        write_fifo(s, (uint8_t)value);
    }
}

/* ---- clock and DMA ---------------------------------------------------------
 */

static void fdc82077_step(struct device *dev, unsigned step,
                          enum dma_status status)
{
    struct fdc *s = (struct fdc *)dev;

    (void)status;
    if (step == FDC_AWAKE)
        awake(s);
    else if (step == FDC_STAGE)
        fdc_data_stage(s);
    else if (step == FDC_REQUEST)
        fdc_fifo_asks(s);
    else if (step < FDC_SEEK + FDC_DRIVES)
        fdc_seek_step(s, step - FDC_SEEK);
}

/* A unit to or from nowhere when it was not asked for, or the other way. A
 * verify cycle takes the byte from the FIFO and leaves it on no bus. */
static void unit(struct fdc *s, uint8_t *byte, enum dma_dir dir)
{
    bool reads = fdc_reads(s);
    bool asked = s->phase == PHASE_EXECUTE && s->request &&
                 !(s->specify[1] & SPECIFY_ND) &&
                 reads == (dir == DMA_FROM_DEVICE);

    if (asked && reads)
        *byte = fdc_fifo_take(s);
    else if (asked)
        fdc_fifo_give(s, *byte);
    else if (dir == DMA_FROM_DEVICE)
        *byte = FLOATING;
}

static void fdc82077_dack(struct device *dev, uint8_t *bytes, uint32_t n,
                          bool tc, enum dma_dir dir)
{
    struct fdc *s = (struct fdc *)dev;
    uint8_t none = FLOATING;

    for (uint32_t i = 0; i < n; i++)
        unit(s, &bytes[i], dir);
    if (!bytes)
        unit(s, &none, fdc_reads(s) ? DMA_FROM_DEVICE : DMA_TO_DEVICE);
    if (tc && s->phase == PHASE_EXECUTE && !(s->specify[1] & SPECIFY_ND))
        fdc_fifo_tc(s);
}

static uint32_t fdc82077_ready(const struct device *dev, enum dma_dir dir)
{
    (void)dir;
    return fdc_fifo_ready((const struct fdc *)dev);
}

/* ---- the model -------------------------------------------------------------
 */

static bool fdc82077_check(const struct device *dev)
{
    const struct fdc *s = (const struct fdc *)dev;

    for (unsigned n = 0; n < FDC_DRIVES; n++)
        if (!floppy_check(&s->drive[n]) || s->seek_kind[n] > SEEK_BY)
            return false;
    return s->rate <= RATE && s->phase <= PHASE_RESULT &&
           (s->polled | s->ended | s->seeking) >> FDC_DRIVES == 0 &&
           s->got < FDC_COMMAND && s->wants <= FDC_COMMAND - s->got &&
           (!s->got || s->wants) && s->results <= FDC_RESULT &&
           s->told <= s->results &&
           (s->phase != PHASE_RESULT || s->told < s->results) &&
           fdc_data_check(s);
}

static const struct state_row fdc82077_rows[] = {
    STATE_INT(struct fdc, mode),
    STATE_INT(struct fdc, speed),
    STATE_STRUCTS(struct fdc, drive, floppy_drive_rows),
    STATE_INT(struct fdc, dor),
    STATE_INT(struct fdc, tdr),
    STATE_INT(struct fdc, rate),
    STATE_INT(struct fdc, no_precomp),
    STATE_INT(struct fdc, inwards),
    STATE_INT(struct fdc, flips),
    STATE_INT(struct fdc, phase),
    STATE_BYTES(struct fdc, command),
    STATE_INT(struct fdc, got),
    STATE_INT(struct fdc, wants),
    STATE_BYTES(struct fdc, result),
    STATE_INT(struct fdc, results),
    STATE_INT(struct fdc, told),
    STATE_BYTES(struct fdc, specify),
    STATE_INT(struct fdc, configure),
    STATE_INT(struct fdc, pretrk),
    STATE_INT(struct fdc, perpendicular),
    STATE_INT(struct fdc, locked),
    STATE_INT(struct fdc, sc_eot),
    STATE_INT(struct fdc, interrupt),
    STATE_INT(struct fdc, polled),
    STATE_INT(struct fdc, ended),
    STATE_INT(struct fdc, seeking),
    STATE_BYTES(struct fdc, st0),
    STATE_BYTES(struct fdc, pcn),
    STATE_BYTES(struct fdc, seek_kind),
    STATE_BYTES(struct fdc, steps),
    STATE_INT(struct fdc, outwards),
    STATE_INT(struct fdc, stage),
    STATE_INT(struct fdc, head),
    STATE_INT(struct fdc, st1),
    STATE_INT(struct fdc, st2),
    STATE_INT(struct fdc, count),
    STATE_INT(struct fdc, seeked),
    STATE_INT(struct fdc, tc),
    STATE_INT(struct fdc, late),
    STATE_INT(struct fdc, bad),
    STATE_INT(struct fdc, skipped),
    STATE_INT(struct fdc, other_mark),
    STATE_INT(struct fdc, request),
    STATE_INT(struct fdc, bytes),
    STATE_INT(struct fdc, moved),
    STATE_BYTES(struct fdc, buffer),
    STATE_BYTES(struct fdc, compare),
    STATE_INT(struct fdc, from_ns),
    STATE_INT(struct fdc, begun_ns),
    STATE_INT(struct fdc, unload_ns),
    STATE_END,
};

static const struct device_setting fdc82077_settings[] = {
    {"mode", "registers: 0 PC/AT, 1 PS/2, 2 PS/2 model 30", MODE_AT, MODE_AT,
     MODE_MODEL30, offsetof(struct fdc, mode)},
    {"speed", "times the data sheet's rates", 1, 1, SPEED_MOST,
     offsetof(struct fdc, speed)},
    {NULL, NULL, 0, 0, 0, 0},
};

const struct device_model fdc82077_model = {
    .name = "fdc82077",
    .title = "82077AA floppy disk controller, four drives",
    .version = 1,
    .state_size = sizeof(struct fdc),
    .rows = fdc82077_rows,
    .settings = fdc82077_settings,
    .windows = {[WINDOW_LOW] = {.kind = WINDOW_PORT,
                                .bytes = PORTS,
                                .access = ACCESS_8 | ACCESS_SPLIT,
                                .base = 0x3f0},
                [WINDOW_3F7] = {.kind = WINDOW_PORT,
                                .bytes = 1,
                                .access = ACCESS_8,
                                .base = 0x3f7}},
    .strap = {.has_irq = true, .irq = 6, .has_dma = true, .dma = 2},
    .drives = {MEDIA_FLOPPY, MEDIA_FLOPPY, MEDIA_FLOPPY, MEDIA_FLOPPY},
    .reset = fdc82077_reset,
    .check = fdc82077_check,
    .read = fdc82077_read,
    .write = fdc82077_write,
    .peek = fdc82077_peek,
    .step = fdc82077_step,
    .dack = fdc82077_dack,
    .ready = fdc82077_ready,
};
