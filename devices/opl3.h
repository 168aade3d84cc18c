/* devices/opl3.h -- the YMF262 (OPL3) FM synthesizer: a part of sound cards,
 * not a device of its own. Its card gives it register writes with their time
 * and takes frames of OPL3_RATE. Docs: docs/devices/sb16.md. */
#ifndef DEVICES_OPL3_H
#define DEVICES_OPL3_H

#include <stdbool.h>
#include <stdint.h>

#include "halbox/state.h"

enum {
    OPL3_RATE = 49716, /* 14.31818 MHz / 288 */
    OPL3_SLOTS = 36,   /* operators: 18 of either register array */
    OPL3_TIMERS = 2
};
enum { OPL3_STATUS_IRQ = 0x80, OPL3_STATUS_T1 = 0x40, OPL3_STATUS_T2 = 0x20 };

enum opl3_stage { STAGE_ATTACK, STAGE_DECAY, STAGE_SUSTAIN, STAGE_RELEASE };

/** An operator. */
struct opl3_slot {
    uint32_t phase;     /* 10 bits of a period, 9 below */
    uint16_t envelope;  /* attenuation of 0.1875 dB, 511: silence */
    uint8_t stage, key; /* key: OPL3_KEY_x that hold it on */
    int16_t out[2];     /* what it gave last, and before that */
};
enum { OPL3_KEY_NOTE = 1, OPL3_KEY_DRUM = 2, OPL3_SILENCE = 511 };

struct opl3 {
    uint8_t reg[2][256];
    uint8_t index, array; /* the register that the last address names */
    struct opl3_slot slot[OPL3_SLOTS];
    uint32_t noise;  /* 23 bits of a shift register */
    uint64_t frames; /* made since power-on: what LFOs and envelopes count */
    uint8_t flags;   /* OPL3_STATUS_T1, _T2 */
    uint64_t begun[OPL3_TIMERS]; /* ns: when the timer was loaded */
};
extern const struct state_row opl3_rows[];

void opl3_reset(struct opl3 *o);
/** opl3_check() - may it run on with these fields? */
bool opl3_check(const struct opl3 *o);
/** opl3_address(), opl3_write() - ports 0 and 2, 1 and 3 of the chip. @array:
 * of registers, 0 or 1. @ns: now. */
void opl3_address(struct opl3 *o, unsigned array, uint8_t index);
void opl3_write(struct opl3 *o, uint8_t value, uint64_t ns);
/** opl3_status() - its status at @ns; nothing changes. */
uint8_t opl3_status(const struct opl3 *o, uint64_t ns);
/** opl3_sounds() - does any operator give sound, or will? While none does its
 *  time stands still. */
bool opl3_sounds(const struct opl3 *o);
/** opl3_frame() - the next frame: left and right. */
void opl3_frame(struct opl3 *o, int16_t out[2]);

/* What opl3.c and opl3_slot.c share. */
extern const uint16_t opl3_log_sine[256], opl3_power[256];

/** What a frame's operators have in common. */
struct opl3_tick {
    uint64_t count;  /* frames since power-on */
    uint8_t tremolo; /* attenuation, envelope units */
    uint8_t vibrato; /* step of its period, 0-7 */
};

/** opl3_channel_reg() - register @base (A0h, B0h, C0h) of channel 0-17. */
uint8_t opl3_channel_reg(const struct opl3 *o, unsigned base, unsigned channel);
/** opl3_slot_reg() - register @base (20h, 40h, 60h, 80h, E0h) of an operator.
 */
uint8_t opl3_slot_reg(const struct opl3 *o, unsigned base, unsigned slot);
/** opl3_four() - do @channel and the third behind it make one of four
 *  operators? */
bool opl3_four(const struct opl3 *o, unsigned channel);
/** opl3_slot_channel() - whose frequency and key an operator has. */
unsigned opl3_slot_channel(const struct opl3 *o, unsigned slot);
bool opl3_new(const struct opl3 *o); /* not as the older OPL2 */

/** opl3_slot_key() - one of its keys goes down or up. */
void opl3_slot_key(struct opl3 *o, unsigned slot, uint8_t which, bool down);
/** opl3_slot_step() - envelope and phase go on by a frame; returns the 10 bits
 *  of the phase before. */
unsigned opl3_slot_step(struct opl3 *o, unsigned slot,
                        const struct opl3_tick *t);
/** opl3_slot_wave() - what it gives at @phase, modulated by @modulation, -4084
 *  to 4084; kept as its last output. */
int opl3_slot_wave(struct opl3 *o, unsigned slot, unsigned phase,
                   int modulation, const struct opl3_tick *t);

#endif
