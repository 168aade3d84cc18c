/* devices/ps2_keyboard.c -- the enhanced AT keyboard: scan code sets 1 to 3,
 * typematic repeat, all its commands. Source: IBM PS/2 Hardware Interface
 * Technical Reference, keyboard (101 and 102 keys). */
#include "ps2.h"

enum key_kind { T, M, B }; /* typematic, make alone, make and break */

struct key {
    uint16_t usage;
    uint8_t set2, prefix, set3, kind;
};

static const struct key keys[] = {
#define KEY(u, c2, p, c3, k) {u, c2, p, c3, k},
#include "ps2_keys.def"
#undef KEY
};
enum { KEYS = sizeof keys / sizeof keys[0] };
enum { USAGE_PRINT_SCREEN = 0x46, USAGE_PAUSE = 0x48 };

/* What the system can ask. */
enum {
    SET_LEDS = 0xed,
    ECHO = 0xee,
    SELECT_SET = 0xf0,
    READ_ID = 0xf2,
    SET_TYPEMATIC = 0xf3,
    ENABLE = 0xf4,
    DEFAULT_DISABLE = 0xf5,
    SET_DEFAULT = 0xf6,
    ALL_TYPEMATIC = 0xf7, /* F7 to FA: every key of set 3 */
    ALL_MAKE_BREAK = 0xf8,
    ALL_MAKE = 0xf9,
    ALL_TYPEMATIC_MAKE_BREAK = 0xfa,
    KEY_TYPEMATIC = 0xfb, /* FB to FD: scan codes of set 3 follow */
    KEY_MAKE_BREAK = 0xfc,
    KEY_MAKE = 0xfd,
    RESET = 0xff,
};
enum { BOTH = 3 }; /* typematic, and break too: set by FAh */
enum { TYPEMATIC_DEFAULT = 0x2b /* 10.9 a second after 500 ms */ };

const struct state_row ps2_keyboard_rows[] = {
    STATE_STRUCT(struct ps2_keyboard, out, ps2_queue_rows),
    STATE_INT(struct ps2_keyboard, command),
    STATE_INT(struct ps2_keyboard, set),
    STATE_INT(struct ps2_keyboard, scanning),
    STATE_INT(struct ps2_keyboard, leds),
    STATE_INT(struct ps2_keyboard, typematic),
    STATE_BYTES(struct ps2_keyboard, repeat),
    STATE_INT(struct ps2_keyboard, repeats),
    STATE_INT(struct ps2_keyboard, held),
    STATE_BYTES(struct ps2_keyboard, kind),
    STATE_INT(struct ps2_keyboard, resetting),
    STATE_END,
};

bool keyboard_good(const struct ps2_keyboard *k)
{
    return ps2_queue_good(&k->out) && k->repeats <= sizeof k->repeat;
}

/* ---- keys ------------------------------------------------------------------
 */

static const struct key *key_of(uint16_t usage)
{
    for (unsigned i = 0; i < KEYS; i++)
        if (keys[i].usage == usage)
            return &keys[i];
    return NULL;
}

/* A key is sent whole or not at all: then the overrun code stands for it, in
 * the last place, which is kept free for that. */
static bool room(struct ps2_keyboard *k, unsigned bytes)
{
    const uint8_t overrun = k->set == 1 ? 0xff : 0x00;
    const struct ps2_queue *q = &k->out;

    if (q->count + bytes < PS2_QUEUE)
        return true;
    if (!q->count || q->byte[(q->first + q->count - 1) % PS2_QUEUE] != overrun)
        ps2_put(&k->out, overrun);
    return false;
}

static uint8_t set1_of(uint8_t set2)
{
    return i8042_translate(set2);
}

static void put_code(struct ps2_keyboard *k, uint8_t set2, bool down)
{
    if (k->set == 1) {
        ps2_put(&k->out, (uint8_t)(set1_of(set2) | (down ? 0 : 0x80)));
        return;
    }
    if (!down)
        ps2_put(&k->out, 0xf0);
    ps2_put(&k->out, set2);
}

/* Pause has no break: both come when it goes down. */
static void pause_key(struct ps2_keyboard *k)
{
    if (!room(k, 8))
        return;
    ps2_put(&k->out, 0xe1);
    put_code(k, 0x14, true);
    put_code(k, 0x77, true);
    ps2_put(&k->out, 0xe1);
    put_code(k, 0x14, false);
    put_code(k, 0x77, false);
}

/* With the Shift that its key cap of the old keyboard wanted. */
static void print_screen_key(struct ps2_keyboard *k, bool down)
{
    if (!room(k, 6))
        return;
    for (int i = 0; i < 2; i++) {
        ps2_put(&k->out, 0xe0);
        put_code(k, (i == 0) == down ? 0x12 : 0x7c, down);
    }
}

static void key_sets_1_2(struct ps2_keyboard *k, const struct key *key,
                         bool down)
{
    if (key->usage == USAGE_PAUSE) {
        if (down)
            pause_key(k);
        return;
    }
    if (key->usage == USAGE_PRINT_SCREEN) {
        print_screen_key(k, down);
        return;
    }
    if (!room(k, 1u + (key->prefix != 0) + (!down && k->set == 2)))
        return;
    if (key->prefix)
        ps2_put(&k->out, key->prefix);
    put_code(k, key->set2, down);
}

static void key_set_3(struct ps2_keyboard *k, const struct key *key, bool down)
{
    uint8_t kind = k->kind[key->set3];

    if (!key->set3 || (!down && (kind == T || kind == M)) ||
        !room(k, down ? 1 : 2))
        return;
    if (!down)
        ps2_put(&k->out, 0xf0);
    ps2_put(&k->out, key->set3);
}

static bool repeats(const struct ps2_keyboard *k, const struct key *key)
{
    uint8_t kind = k->kind[key->set3];

    if (k->set == 3)
        return kind == T || kind == BOTH;
    return key->usage != USAGE_PAUSE;
}

/* The key pressed last repeats, until it goes up or another is pressed. */
static void hold(struct ps2_keyboard *k, const struct key *key, bool down)
{
    if (!down) {
        if (k->held == key->usage)
            k->repeats = 0;
        return;
    }
    k->held = key->usage;
    k->repeats = 0;
    if (!repeats(k, key))
        return;
    if (k->set != 3 && key->prefix)
        k->repeat[k->repeats++] = key->prefix;
    k->repeat[k->repeats++] = k->set == 3   ? key->set3
                              : k->set == 1 ? set1_of(key->set2)
                                            : key->set2;
}

void keyboard_key(struct ps2_keyboard *k, uint16_t usage, bool down)
{
    const struct key *key = key_of(usage);

    if (!key || !k->scanning || k->resetting)
        return;
    if (k->set == 3)
        key_set_3(k, key, down);
    else
        key_sets_1_2(k, key, down);
    hold(k, key, down);
}

void keyboard_repeat(struct ps2_keyboard *k)
{
    if (!room(k, k->repeats))
        return;
    for (unsigned i = 0; i < k->repeats; i++)
        ps2_put(&k->out, k->repeat[i]);
}

/* Bits 6-5: delay in 250 ms; 4-0: period = (8 + A) * 2^B / 240 s. */
uint64_t keyboard_repeat_ns(const struct ps2_keyboard *k, bool first)
{
    uint64_t a = k->typematic & 7, b = k->typematic >> 3 & 3;

    if (!k->repeats || !k->scanning)
        return 0;
    if (first)
        return ((k->typematic >> 5 & 3) + 1ull) * 250000000;
    return ((8 + a) << b) * 1000000000 / 240;
}

/* ---- commands --------------------------------------------------------------
 */

static void set_default(struct ps2_keyboard *k)
{
    ps2_clear(&k->out);
    k->set = 2;
    k->typematic = TYPEMATIC_DEFAULT;
    k->repeats = 0;
    k->command = 0;
    for (unsigned i = 0; i < sizeof k->kind; i++)
        k->kind[i] = T;
    for (unsigned i = 0; i < KEYS; i++)
        k->kind[keys[i].set3] = keys[i].kind;
}

void keyboard_reset(struct ps2_keyboard *k)
{
    set_default(k);
    k->leds = 0;
    k->scanning = 0;
    k->resetting = 1;
}

void keyboard_tested(struct ps2_keyboard *k)
{
    k->resetting = 0;
    k->scanning = 1;
    ps2_put(&k->out, PS2_BAT_OK);
}

static void set_all(struct ps2_keyboard *k, uint8_t command)
{
    static const uint8_t kind[] = {T, B, M, BOTH};

    for (unsigned i = 0; i < sizeof k->kind; i++)
        k->kind[i] = kind[command - ALL_TYPEMATIC];
}

/* @byte is the parameter of k->command. */
static void parameter(struct ps2_keyboard *k, uint8_t byte)
{
    static const uint8_t kind[] = {T, B, M};
    uint8_t command = k->command;

    k->command = 0;
    ps2_put(&k->out, PS2_ACK);
    if (command == SET_LEDS) {
        k->leds = byte & 7;
    } else if (command == SET_TYPEMATIC) {
        k->typematic = byte & 0x7f;
    } else if (command == SELECT_SET) {
        if (!byte)
            ps2_put(&k->out, k->set);
        else if (byte <= 3)
            k->set = byte;
    } else {
        k->kind[byte] = kind[command - KEY_TYPEMATIC];
        k->command = command; /* more may follow, until the next command */
    }
}

static bool is_parameter(const struct ps2_keyboard *k, uint8_t byte)
{
    return k->command && byte < SET_LEDS;
}

static void read_id(struct ps2_keyboard *k)
{
    ps2_put(&k->out, PS2_ACK);
    ps2_put(&k->out, 0xab);
    ps2_put(&k->out, 0x83);
}

void keyboard_write(struct ps2_keyboard *k, uint8_t byte)
{
    if (is_parameter(k, byte)) {
        parameter(k, byte);
        return;
    }
    k->command = 0;
    switch (byte) {
    case ECHO:
        ps2_put(&k->out, ECHO);
        return;
    case PS2_RESEND:
        ps2_put(&k->out, k->out.last);
        return;
    case READ_ID:
        read_id(k);
        return;
    case RESET:
        keyboard_reset(k);
        break;
    case SET_LEDS:
    case SELECT_SET:
    case SET_TYPEMATIC:
    case KEY_TYPEMATIC:
    case KEY_MAKE_BREAK:
    case KEY_MAKE:
        ps2_clear(&k->out);
        k->command = byte;
        break;
    case ENABLE:
        ps2_clear(&k->out);
        k->scanning = 1;
        break;
    case DEFAULT_DISABLE:
    case SET_DEFAULT:
        set_default(k);
        k->scanning = byte == SET_DEFAULT;
        break;
    case ALL_TYPEMATIC:
    case ALL_MAKE_BREAK:
    case ALL_MAKE:
    case ALL_TYPEMATIC_MAKE_BREAK:
        set_all(k, byte);
        break;
    default:
        ps2_put(&k->out, PS2_RESEND);
        return;
    }
    ps2_put(&k->out, PS2_ACK);
}
