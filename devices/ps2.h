/* devices/ps2.h -- keyboard and mouse as they hang on an i8042: each takes
 * command bytes and has bytes to send. Plain structs inside the controller's.
 * Sources: IBM PS/2 Hardware Interface Technical Reference (keyboard and
 * auxiliary device); Docs: docs/devices/i8042.md. */
#ifndef DEVICES_PS2_H
#define DEVICES_PS2_H

#include "halbox/device.h"

enum { PS2_QUEUE = 16 };
enum {
    PS2_ACK = 0xfa,
    PS2_RESEND = 0xfe,
    PS2_BAT_OK = 0xaa,
};

/** What the device has to send. */
struct ps2_queue {
    uint8_t byte[PS2_QUEUE];
    uint8_t first, count;
    uint8_t last; /* sent last, for Resend */
};
extern const struct state_row ps2_queue_rows[];

void ps2_put(struct ps2_queue *q, uint8_t byte);
/** ps2_take() - the next byte; the queue must not be empty. */
uint8_t ps2_take(struct ps2_queue *q);
void ps2_clear(struct ps2_queue *q);
bool ps2_queue_good(const struct ps2_queue *q);

/** i8042_translate() - a scan code of set 2 as the controller gives it in
 *  translation mode, which is set 1. */
uint8_t i8042_translate(uint8_t set2);

struct ps2_keyboard {
    struct ps2_queue out;
    uint8_t command; /* waiting for its parameter; 0: none                   */
    uint8_t set;     /* scan code set, 1..3                                  */
    uint8_t scanning, leds, typematic;
    uint8_t repeat[2]; /* bytes that a held key sends again                 */
    uint8_t repeats;   /* how many of them; 0: no key repeats               */
    uint16_t held;     /* the key that repeats                              */
    uint8_t kind[256]; /* set 3: enum key_kind by scan code                 */
    uint8_t resetting; /* the self test runs                                */
};
extern const struct state_row ps2_keyboard_rows[];

/** keyboard_reset() - power-on: the self test begins. keyboard_tested() - it
 *  is over. */
void keyboard_reset(struct ps2_keyboard *k);
void keyboard_tested(struct ps2_keyboard *k);
/** keyboard_write() - a byte from the system. */
void keyboard_write(struct ps2_keyboard *k, uint8_t byte);
/** keyboard_key() - the key of USB HID usage @usage goes down or up. */
void keyboard_key(struct ps2_keyboard *k, uint16_t usage, bool down);
/** keyboard_repeat() - the held key's bytes once more. keyboard_repeat_ns() -
 *  when, after the press (@first) or after the last; 0: nothing repeats. */
void keyboard_repeat(struct ps2_keyboard *k);
uint64_t keyboard_repeat_ns(const struct ps2_keyboard *k, bool first);
bool keyboard_good(const struct ps2_keyboard *k);

struct ps2_mouse {
    struct ps2_queue out;
    uint8_t command; /* waiting for its parameter */
    uint8_t rate, resolution, scaling, remote, wrap, reporting;
    uint8_t id;       /* 0, 3: wheel, 4: wheel and five buttons              */
    uint8_t knock[2]; /* the two sample rates set before                     */
    uint8_t buttons, sent_buttons;
    int32_t dx, dy, dz; /* moved since the last report                       */
    uint8_t resetting;
};
extern const struct state_row ps2_mouse_rows[];

void mouse_reset(struct ps2_mouse *m);
void mouse_tested(struct ps2_mouse *m);
void mouse_write(struct ps2_mouse *m, uint8_t byte);
/** mouse_move() - right, down and towards the user are positive; @buttons: bit
 *  0 left, 1 right, 2 middle, 3 and 4 the side ones. */
void mouse_move(struct ps2_mouse *m, int dx, int dy, int dz, uint8_t buttons);
/** mouse_sample() - a sample period is over: a report if there is news. */
void mouse_sample(struct ps2_mouse *m);
/** mouse_sample_ns() - to the next sample; 0: nothing to report. */
uint64_t mouse_sample_ns(const struct ps2_mouse *m);
bool mouse_good(const struct ps2_mouse *m);

#endif
