/* devices/opl3.c -- YMF262 (OPL3): registers, timers, and how operators become
 * channels. Sources: Yamaha, YMF262 application manual; MAME's ymf262 (the
 * percussion's phases, which the manual does not give). Choices where neither
 * says: docs/devices/sb16.md. */
#include "opl3.h"

#include <string.h>

enum { CHANNELS = 18, BANK = 9, RHYTHM = 0x20, KEY_ON = 0x20, SERIAL = 1 };
enum { LEFT = 0x10, RIGHT = 0x20 };
enum { T1_START = 1, T2_START = 2, T2_MASK = 0x20, T1_MASK = 0x40 };
enum { TIMER_RESET = 0x80, CONTROL = 0x04, TREMOLO_DEEP = 0x80 };
enum { FOUR = 0x04, NEW = 0x05 }; /* of array 1 */
/* operators of the percussion, by their part in it */
enum { BASS = 12, HI_HAT = 13, TOM = 14, SNARE = 16, CYMBAL = 17 };

static const struct state_row slot_rows[] = {
    STATE_INT(struct opl3_slot, phase), STATE_INT(struct opl3_slot, envelope),
    STATE_INT(struct opl3_slot, stage), STATE_INT(struct opl3_slot, key),
    STATE_INTS(struct opl3_slot, out),  STATE_END,
};

const struct state_row opl3_rows[] = {
    STATE_BYTES(struct opl3, reg),
    STATE_INT(struct opl3, index),
    STATE_INT(struct opl3, array),
    STATE_STRUCTS(struct opl3, slot, slot_rows),
    STATE_INT(struct opl3, noise),
    STATE_INT(struct opl3, frames),
    STATE_INT(struct opl3, flags),
    STATE_INTS(struct opl3, begun),
    STATE_END,
};

void opl3_reset(struct opl3 *o)
{
    *o = (struct opl3){.noise = 1};
    for (unsigned i = 0; i < OPL3_SLOTS; i++)
        o->slot[i] = (struct opl3_slot){.envelope = OPL3_SILENCE,
                                        .stage = STAGE_RELEASE};
}

bool opl3_check(const struct opl3 *o)
{
    for (unsigned i = 0; i < OPL3_SLOTS; i++) {
        const struct opl3_slot *s = &o->slot[i];

        if (s->phase > 0x7ffff || s->envelope > OPL3_SILENCE ||
            s->stage > STAGE_RELEASE || s->key > 3)
            return false;
    }
    return o->array < 2;
}

/* ---- which operator belongs to what ---------------------------------------*/

bool opl3_new(const struct opl3 *o)
{
    return o->reg[1][NEW] & 1;
}

uint8_t opl3_channel_reg(const struct opl3 *o, unsigned base, unsigned channel)
{
    return o->reg[channel / BANK][base + channel % BANK];
}

bool opl3_four(const struct opl3 *o, unsigned channel)
{
    unsigned n = channel % BANK;

    return opl3_new(o) && n < 3 &&
           o->reg[1][FOUR] >> (n + 3 * (channel / BANK)) & 1;
}

/* The first operator of a channel; its second is the third behind. */
static unsigned slot_of(unsigned channel)
{
    unsigned n = channel % BANK;

    return channel / BANK * 18 + n / 3 * 6 + n % 3;
}

/* Is the channel the latter half of one of four operators? */
static bool is_second(const struct opl3 *o, unsigned channel)
{
    unsigned n = channel % BANK;

    return n >= 3 && n < 6 && opl3_four(o, channel - 3);
}

unsigned opl3_slot_channel(const struct opl3 *o, unsigned slot)
{
    unsigned n = slot % 18, channel = slot / 18 * BANK + n / 6 * 3 + n % 3;

    return is_second(o, channel) ? channel - 3 : channel;
}

/* ---- registers ------------------------------------------------------------*/

static void note_keys(struct opl3 *o, unsigned channel)
{
    bool down = opl3_channel_reg(o, 0xb0, channel) & KEY_ON;
    unsigned slots = opl3_four(o, channel) ? 4 : 2;

    if (is_second(o, channel))
        return;
    for (unsigned i = 0; i < slots; i++)
        opl3_slot_key(o, slot_of(channel) + 3 * i, OPL3_KEY_NOTE, down);
}

/* Bits 4-0: bass drum (both operators), snare, tom-tom, cymbal, hi-hat. */
static void drum_keys(struct opl3 *o)
{
    static const uint8_t slot[6] = {HI_HAT, CYMBAL, TOM, SNARE, BASS, BASS + 3};
    uint8_t v = o->reg[0][0xbd];

    for (unsigned i = 0; i < 6; i++)
        opl3_slot_key(o, slot[i], OPL3_KEY_DRUM,
                      v & RHYTHM && v >> (i < 5 ? i : 4) & 1);
}

static uint64_t period_ns(const struct opl3 *o, unsigned timer)
{
    uint64_t frames = (256u - o->reg[0][2 + timer]) * (timer ? 16u : 4u);

    return frames * 1000000000 / OPL3_RATE;
}

/* The flags that timers have raised by now. No wire hears the chip's interrupt
 * on this card: they are looked at when somebody does. */
static uint8_t flags(const struct opl3 *o, uint64_t ns)
{
    uint8_t control = o->reg[0][CONTROL], v = o->flags;

    if (control & T1_START && !(control & T1_MASK) &&
        ns - o->begun[0] >= period_ns(o, 0))
        v |= OPL3_STATUS_T1;
    if (control & T2_START && !(control & T2_MASK) &&
        ns - o->begun[1] >= period_ns(o, 1))
        v |= OPL3_STATUS_T2;
    return v;
}

uint8_t opl3_status(const struct opl3 *o, uint64_t ns)
{
    uint8_t v = flags(o, ns);

    return v ? v | OPL3_STATUS_IRQ : 0;
}

/* Whole periods that have passed are over: the flag for them is set or lost. */
static void timers_settle(struct opl3 *o, uint64_t ns)
{
    o->flags = flags(o, ns);
    for (unsigned i = 0; i < OPL3_TIMERS; i++)
        o->begun[i] += (ns - o->begun[i]) / period_ns(o, i) * period_ns(o, i);
}

static void control_write(struct opl3 *o, uint8_t v, uint64_t ns)
{
    uint8_t started = v & ~o->reg[0][CONTROL];

    if (v & TIMER_RESET) { /* and the other bits change nothing */
        o->flags = 0;
        return;
    }
    o->reg[0][CONTROL] = v;
    for (unsigned i = 0; i < OPL3_TIMERS; i++)
        if (started >> i & 1)
            o->begun[i] = ns;
}

static void register_write(struct opl3 *o, unsigned at, uint8_t v)
{
    unsigned n = at & 15;

    o->reg[o->array][at] = v;
    if (at == 0xbd && !o->array)
        drum_keys(o);
    else if (at >= 0xb0 && n < BANK && at < 0xc0)
        note_keys(o, o->array * BANK + n);
}

void opl3_address(struct opl3 *o, unsigned array, uint8_t index)
{
    o->array = (uint8_t)array;
    o->index = index;
}

void opl3_write(struct opl3 *o, uint8_t value, uint64_t ns)
{
    timers_settle(o, ns);
    if (!o->array && o->index == CONTROL)
        control_write(o, value, ns);
    else if (!o->array || o->index == NEW || opl3_new(o))
        register_write(o, o->index, value);
}

bool opl3_sounds(const struct opl3 *o)
{
    for (unsigned i = 0; i < OPL3_SLOTS; i++) {
        const struct opl3_slot *s = &o->slot[i];

        if (s->envelope < OPL3_SILENCE ||
            (s->stage == STAGE_ATTACK && opl3_slot_reg(o, 0x60, i) >> 4))
            return true;
    }
    return false;
}

/* ---- a frame --------------------------------------------------------------*/

/** The frame being put together. */
struct mix {
    struct opl3_tick tick;
    unsigned phase[OPL3_SLOTS];
    int left, right;
};

static int wave(struct opl3 *o, struct mix *m, unsigned slot, int modulation)
{
    return opl3_slot_wave(o, slot, m->phase[slot], modulation, &m->tick);
}

/* The first operator of a channel modulates itself. */
static int first(struct opl3 *o, struct mix *m, unsigned channel)
{
    unsigned slot = slot_of(channel);
    unsigned feedback = opl3_channel_reg(o, 0xc0, channel) >> 1 & 7u;
    int both = o->slot[slot].out[0] + o->slot[slot].out[1];

    return wave(o, m, slot, feedback ? both >> (9 - feedback) : 0);
}

static void put(struct opl3 *o, struct mix *m, unsigned channel, int value)
{
    uint8_t c = opl3_channel_reg(o, 0xc0, channel);

    if (c & LEFT || !opl3_new(o))
        m->left += value;
    if (c & RIGHT || !opl3_new(o))
        m->right += value;
}

static bool added(const struct opl3 *o, unsigned channel)
{
    return opl3_channel_reg(o, 0xc0, channel) & SERIAL;
}

static void two(struct opl3 *o, struct mix *m, unsigned channel)
{
    unsigned slot = slot_of(channel);
    bool add = added(o, channel);
    int one = first(o, m, channel);
    int other = wave(o, m, slot + 3, add ? 0 : one);

    put(o, m, channel, add ? one + other : other);
}

/* Connections of the manual's figure: by the bits of both halves, 1>2>3>4,
 * 1 + 2>3>4, 1>2 + 3>4, 1 + 2>3 + 4. The second half's switches pass it on. */
static void four(struct opl3 *o, struct mix *m, unsigned channel)
{
    unsigned slot = slot_of(channel);
    bool a = added(o, channel), b = added(o, channel + 3);
    int v1 = first(o, m, channel);
    int v2 = wave(o, m, slot + 3, a ? 0 : v1);
    int v3 = wave(o, m, slot + 6, b && !a ? 0 : v2);
    int v4 = wave(o, m, slot + 9, a && b ? 0 : v3);

    put(o, m, channel + 3, v4 + (a ? v1 : 0) + (b ? (a ? v3 : v2) : 0));
}

/* Channels 6-8 in rhythm mode; a drum is twice as loud as a note. */
static void rhythm(struct opl3 *o, struct mix *m)
{
    unsigned hat = m->phase[HI_HAT], cymbal = m->phase[CYMBAL];
    unsigned noise = o->noise & 1;
    unsigned metal = ((hat >> 2 ^ hat >> 7) | (hat >> 3 ^ cymbal >> 5) |
                      (cymbal >> 3 ^ cymbal >> 5)) &
                     1;
    int bass = first(o, m, 6);

    m->phase[HI_HAT] = metal << 9 | (metal ^ noise ? 0xd0u : 0x34u);
    m->phase[SNARE] = (hat >> 8 & 1) << 9 | ((hat >> 8 & 1) ^ noise) << 8;
    m->phase[CYMBAL] = metal << 9 | 0x80;
    put(o, m, 6, 2 * wave(o, m, BASS + 3, added(o, 6) ? 0 : bass));
    put(o, m, 7, 2 * (wave(o, m, HI_HAT, 0) + wave(o, m, SNARE, 0)));
    put(o, m, 8, 2 * (wave(o, m, TOM, 0) + wave(o, m, CYMBAL, 0)));
}

/* LFOs: 3.7 Hz in steps of 64 frames up to 26 and down; 6.1 Hz in 8 steps. */
static struct opl3_tick tick(const struct opl3 *o)
{
    unsigned at = (unsigned)(o->frames / 64 % 210);
    unsigned level = at < 105 ? at : 210 - at;

    return (struct opl3_tick){
        .count = o->frames,
        .tremolo = (uint8_t)(level >> (o->reg[0][0xbd] & TREMOLO_DEEP ? 2 : 4)),
        .vibrato = o->frames >> 10 & 7,
    };
}

static int16_t clip(int v)
{
    return (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}

void opl3_frame(struct opl3 *o, int16_t out[2])
{
    bool drums = o->reg[0][0xbd] & RHYTHM;
    struct mix m = {.tick = tick(o)};

    for (unsigned i = 0; i < OPL3_SLOTS; i++)
        m.phase[i] = opl3_slot_step(o, i, &m.tick);
    for (unsigned c = 0; c < CHANNELS; c++) {
        if (is_second(o, c) || (drums && c >= 6 && c < BANK))
            continue;
        if (opl3_four(o, c))
            four(o, &m, c);
        else
            two(o, &m, c);
    }
    if (drums)
        rhythm(o, &m);
    o->noise = o->noise >> 1 | ((o->noise ^ o->noise >> 14) & 1) << 22;
    o->frames++;
    out[0] = clip(m.left);
    out[1] = clip(m.right);
}
