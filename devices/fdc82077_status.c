/* devices/fdc82077_status.c -- what the 82077AA's status registers show of its
 * state, in each mode. Source: Intel 82077AA data sheet (290166), 2.1. */
#include "fdc82077.h"

enum { MSR_RQM = 0x80, MSR_DIO = 0x40, MSR_NONDMA = 0x20, MSR_BUSY = 0x10 };
enum { DIR_CHANGED = 0x80, INDEX_NS = 4000000 };

uint8_t fdc_msr(const struct fdc *s)
{
    uint8_t v = s->seeking;
    bool steps = s->phase == PHASE_EXECUTE && s->stage == STAGE_STEP;

    if (steps) /* an implied seek */
        v |= (uint8_t)(1u << (s->command[1] & COMMAND_DS));
    if (s->phase == PHASE_NONE)
        return 0;
    if (s->phase == PHASE_RESULT)
        return v | MSR_RQM | MSR_DIO | MSR_BUSY;
    if (s->phase == PHASE_COMMAND)
        return v | MSR_RQM | (s->got ? MSR_BUSY : 0);
    if (fdc_reads(s))
        v |= MSR_DIO;
    if (s->specify[1] & SPECIFY_ND)
        v |= MSR_NONDMA | (s->request ? MSR_RQM : 0);
    return v | MSR_BUSY;
}

static bool index_pulse(const struct fdc *s)
{
    return fdc_format(s) && fdc_angle_ns(s) < INDEX_NS / s->speed;
}

static bool second_drive(const struct fdc *s)
{
    return media_drive(&s->dev, 1) != MEDIA_NONE;
}

static uint8_t pack(const bool bits[8])
{
    uint8_t v = 0;

    for (unsigned i = 0; i < 8; i++)
        v = (uint8_t)(v << 1 | bits[i]);
    return v;
}

/* Bits 7 to 0. PS/2: INT, not DRV2, STEP, not TRK0, HDSEL, not INDX, not WP,
 * DIR; model 30 has the others' senses, DRQ and the flip-flop of STEP. */
uint8_t fdc_sra(const struct fdc *s)
{
    const bool ps2[8] = {s->interrupt,      !second_drive(s), false,
                         !fdc_at_track0(s), s->head,          !index_pulse(s),
                         !fdc_protected(s), s->inwards};
    const bool model30[8] = {s->interrupt,
                             s->request && !(s->specify[1] & SPECIFY_ND),
                             s->flips & FLIP_STEP,
                             fdc_at_track0(s),
                             !s->head,
                             index_pulse(s),
                             fdc_protected(s),
                             !s->inwards};

    if (s->mode == MODE_AT)
        return FLOATING;
    return pack(s->mode == MODE_PS2 ? ps2 : model30);
}

/* PS/2: 1, 1, DOR bit 0, toggles of WRDATA and RDDATA, WE, motors 1 and 0.
 * Model 30: not DRV2, not DS1, not DS0, flip-flops of WRDATA, RDDATA and WE,
 * not DS3, not DS2. */
uint8_t fdc_srb(const struct fdc *s)
{
    unsigned n = s->dor & DOR_DRIVE;
    bool on = s->dor & DOR_MOTOR << n;
    bool writes = s->phase == PHASE_EXECUTE && s->flips & FLIP_GATE;
    const bool ps2[8] = {true,
                         true,
                         s->dor & 1,
                         s->flips & FLIP_WRITE,
                         s->flips & FLIP_READ,
                         writes,
                         s->dor & DOR_MOTOR << 1,
                         s->dor & DOR_MOTOR};
    const bool model30[8] = {!second_drive(s),     !(on && n == 1),
                             !(on && n == 0),      s->flips & FLIP_WRITE,
                             s->flips & FLIP_READ, s->flips & FLIP_GATE,
                             !(on && n == 3),      !(on && n == 2)};

    if (s->mode == MODE_AT)
        return FLOATING;
    return pack(s->mode == MODE_PS2 ? ps2 : model30);
}

/* AT: the change line alone, what else is read floats. PS/2 adds the data rate
 * and not HIGH DENS; model 30 tells the line the other way round. */
uint8_t fdc_dir(const struct fdc *s)
{
    unsigned n = fdc_selected(s);
    bool changed =
        n != FDC_NO_DRIVE && floppy_changed(&s->dev, n, &s->drive[n]);
    bool high = s->rate == FLOPPY_500K || s->rate == FLOPPY_1M;

    if (s->mode == MODE_AT)
        return (uint8_t)((changed ? DIR_CHANGED : 0) | 0x7f);
    if (s->mode == MODE_PS2)
        return (uint8_t)((changed ? DIR_CHANGED : 0) | 0x78 | s->rate << 1 |
                         !high);
    return (uint8_t)((changed ? 0 : DIR_CHANGED) | (s->dor & DOR_DMAGATE) |
                     (s->no_precomp ? CCR_NOPREC : 0) | s->rate);
}
