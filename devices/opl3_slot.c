/* devices/opl3_slot.c -- an operator of the YMF262: phase, envelope, waveform.
 * All is integers, as in the chip. Sources: Yamaha, YMF262 application manual
 * (registers, rates, the eight waveforms); M. Gambrell and O. Niemitalo, "OPLx
 * decapsulated" (how a level becomes a sample); MAME's ymf262 (steps of the
 * envelope by frames, the noise), which the manual gives in milliseconds. */
#include "opl3.h"

enum { AM = 0x80, VIBRATO = 0x40, EGT = 0x20, KSR = 0x10 };
enum { VIBRATO_DEEP = 0x40, NOTE_SELECT = 0x40 };
enum { FINEST = 12 /* rates below take more than a frame for a step */ };
enum { MUTED = 0x1000, LEVEL_MOST = 0x1fff };
enum { HALF = 0x200, QUARTER = 0x100, EIGHTH = 0x80 };

uint8_t opl3_slot_reg(const struct opl3 *o, unsigned base, unsigned slot)
{
    unsigned n = slot % 18;

    return o->reg[slot / 18][base + n / 6 * 8 + n % 6];
}

/* ---- frequency ------------------------------------------------------------*/

static unsigned f_number(const struct opl3 *o, unsigned channel)
{
    return opl3_channel_reg(o, 0xa0, channel) |
           (opl3_channel_reg(o, 0xb0, channel) & 3u) << 8;
}

static unsigned block(const struct opl3 *o, unsigned channel)
{
    return opl3_channel_reg(o, 0xb0, channel) >> 2 & 7u;
}

/* In a period up, back, down, back: 7 or 14 cents, by the F-number's upper
 * bits. */
static int vibrato(const struct opl3 *o, unsigned f, const struct opl3_tick *t)
{
    int range = (int)(f >> 7);

    if (!(t->vibrato & 3))
        return 0;
    if (t->vibrato & 1)
        range >>= 1;
    if (!(o->reg[0][0xbd] & VIBRATO_DEEP))
        range >>= 1;
    return t->vibrato & 4 ? -range : range;
}

static uint32_t phase_step(const struct opl3 *o, unsigned slot,
                           const struct opl3_tick *t)
{
    static const uint8_t twice[16] = {1,  2,  4,  6,  8,  10, 12, 14,
                                      16, 18, 20, 20, 24, 24, 30, 30};
    unsigned channel = opl3_slot_channel(o, slot), f = f_number(o, channel);
    uint8_t r = opl3_slot_reg(o, 0x20, slot);

    if (r & VIBRATO)
        f = (unsigned)((int)f + vibrato(o, f, t));
    return ((f << block(o, channel)) >> 1) * twice[r & 15] >> 1;
}

/* ---- envelope -------------------------------------------------------------*/

/* KSL: attenuation grows with the note; 3, 1.5 or 6 dB an octave. */
static unsigned key_scale(const struct opl3 *o, unsigned slot)
{
    static const uint8_t octave[16] = {0,  32, 40, 45, 48, 51, 53, 55,
                                       56, 58, 59, 60, 61, 62, 63, 64};
    static const uint8_t shift[4] = {0, 1, 2, 0};
    unsigned channel = opl3_slot_channel(o, slot);
    unsigned select = opl3_slot_reg(o, 0x40, slot) >> 6;
    int level = octave[f_number(o, channel) >> 6] * 4 -
                (8 - (int)block(o, channel)) * 32;

    return select && level > 0 ? (unsigned)level >> shift[select] : 0;
}

static unsigned attenuation(const struct opl3 *o, unsigned slot,
                            const struct opl3_tick *t)
{
    unsigned v = o->slot[slot].envelope;

    v += (opl3_slot_reg(o, 0x40, slot) & 0x3fu) * 4 + key_scale(o, slot);
    if (opl3_slot_reg(o, 0x20, slot) & AM)
        v += t->tremolo;
    return v < OPL3_SILENCE ? v : OPL3_SILENCE;
}

/* Rate of the present stage, 0-15. */
static unsigned stage_rate(const struct opl3 *o, unsigned slot)
{
    uint8_t ad = opl3_slot_reg(o, 0x60, slot);
    uint8_t sr = opl3_slot_reg(o, 0x80, slot);

    switch (o->slot[slot].stage) {
    case STAGE_ATTACK:
        return ad >> 4;
    case STAGE_DECAY:
        return ad & 15u;
    case STAGE_SUSTAIN:
        return opl3_slot_reg(o, 0x20, slot) & EGT ? 0 : sr & 15u;
    default:
        return sr & 15u;
    }
}

/* The same with what the note adds, 0-63; 0 when nothing moves. */
static unsigned effective_rate(const struct opl3 *o, unsigned slot)
{
    unsigned channel = opl3_slot_channel(o, slot), rate = stage_rate(o, slot);
    unsigned bit = o->reg[0][8] & NOTE_SELECT ? 8 : 9;
    unsigned note = block(o, channel) << 1 | (f_number(o, channel) >> bit & 1u);

    if (!rate)
        return 0;
    rate = rate * 4 + (opl3_slot_reg(o, 0x20, slot) & KSR ? note : note >> 2);
    return rate < 63 ? rate : 63;
}

/* How many steps in this frame: patterns, by the rate's lower bits. */
static unsigned steps(unsigned rate, uint64_t count)
{
    static const uint8_t slow[4][8] = {{0, 1, 0, 1, 0, 1, 0, 1},
                                       {0, 1, 0, 1, 1, 1, 0, 1},
                                       {0, 1, 1, 1, 0, 1, 1, 1},
                                       {0, 1, 1, 1, 1, 1, 1, 1}};
    static const uint8_t fast[4][4] = {
        {1, 1, 1, 1}, {1, 1, 1, 2}, {1, 2, 1, 2}, {1, 2, 2, 2}};
    unsigned high = rate / 4, shift = high < FINEST ? FINEST - high : 0;

    if (!rate || count & ((1u << shift) - 1))
        return 0;
    if (high <= FINEST)
        return slow[rate & 3][count >> shift & 7];
    return high == 15 ? 4u : fast[rate & 3][count & 3] * (high - FINEST);
}

/* Of what is left, an eighth a step. */
static void attack(struct opl3_slot *s, unsigned n)
{
    if (s->envelope)
        s->envelope -= (uint16_t)(((s->envelope + 1u) * n + 7) / 8);
    if (!s->envelope)
        s->stage = STAGE_DECAY;
}

static void fall(struct opl3_slot *s, unsigned n, unsigned sustain)
{
    s->envelope = (uint16_t)(s->envelope + n);
    if (s->envelope >= 0x1f8)
        s->envelope = OPL3_SILENCE;
    if (s->stage == STAGE_DECAY && s->envelope >> 4 >= sustain)
        s->stage = STAGE_SUSTAIN;
}

static void envelope_step(struct opl3 *o, unsigned slot,
                          const struct opl3_tick *t)
{
    unsigned sustain = opl3_slot_reg(o, 0x80, slot) >> 4;
    unsigned n = steps(effective_rate(o, slot), t->count);

    if (o->slot[slot].stage == STAGE_ATTACK)
        attack(&o->slot[slot], n);
    else
        fall(&o->slot[slot], n, sustain == 15 ? 31 : sustain);
}

void opl3_slot_key(struct opl3 *o, unsigned slot, uint8_t which, bool down)
{
    struct opl3_slot *s = &o->slot[slot];
    uint8_t before = s->key;

    s->key = (uint8_t)(down ? before | which : before & ~which);
    if (!before && s->key) {
        s->stage = STAGE_ATTACK;
        s->phase = 0;
        if (effective_rate(o, slot) >= 60) /* at once */
            s->envelope = 0;
    } else if (before && !s->key) {
        s->stage = STAGE_RELEASE;
    }
}

/* ---- a frame --------------------------------------------------------------*/

unsigned opl3_slot_step(struct opl3 *o, unsigned slot,
                        const struct opl3_tick *t)
{
    struct opl3_slot *s = &o->slot[slot];
    unsigned phase = s->phase >> 9;

    s->phase = (s->phase + phase_step(o, slot, t)) & 0x7ffff;
    envelope_step(o, slot, t);
    return phase;
}

/* The waveform's logarithmic level at @phase; MUTED: none. *@negative: sign. */
static unsigned level_of(unsigned wave, unsigned phase, bool *negative)
{
    unsigned quarter = (phase & QUARTER ? ~phase : phase) & 0xff;
    unsigned fast = (phase & EIGHTH ? ~phase : phase) << 1 & 0xff;

    *negative = phase & HALF && (wave == 0 || wave == 6 || wave == 7);
    switch (wave) {
    case 0: /* sine */
    case 2: /* its absolute value */
        return opl3_log_sine[quarter];
    case 1: /* upper half alone */
        return phase & HALF ? MUTED : opl3_log_sine[quarter];
    case 3: /* rising quarters */
        return phase & QUARTER ? MUTED : opl3_log_sine[quarter];
    case 4: /* of twice the frequency, every other period */
    case 5: /* the same, absolute */
        *negative = wave == 4 && phase & QUARTER;
        return phase & HALF ? MUTED : opl3_log_sine[fast];
    case 6: /* square */
        return 0;
    default: /* falls exponentially from either side */
        return (phase & HALF ? ~phase & 0x1ff : phase & 0x1ff) << 3;
    }
}

int opl3_slot_wave(struct opl3 *o, unsigned slot, unsigned phase,
                   int modulation, const struct opl3_tick *t)
{
    struct opl3_slot *s = &o->slot[slot];
    unsigned wave = opl3_slot_reg(o, 0xe0, slot) & (opl3_new(o) ? 7u : 3u);
    bool negative;
    unsigned level =
        level_of(wave, (phase + (unsigned)modulation) & 0x3ff, &negative);
    int out;

    level += attenuation(o, slot, t) * 8;
    if (level > LEVEL_MOST)
        level = LEVEL_MOST;
    out = (opl3_power[~level & 0xff] + 1024) * 2 >> (level >> 8);
    s->out[1] = s->out[0];
    s->out[0] = (int16_t)(negative ? ~out : out); /* one's complement */
    return s->out[0];
}
