/* devices/i8042.c -- the PS/2 keyboard controller: keyboard and mouse behind
 * ports 60h and 64h, IRQ 1 and 12, the A20 gate and the CPU's reset. Sources:
 * IBM PS/2 Hardware Interface Technical Reference, keyboard and auxiliary
 * device controller; Intel 8042. Docs: docs/devices/i8042.md. */
#include "ps2.h"

enum { DATA, COMMAND }; /* windows: ports 60h and 64h */
enum {
    ST_OUTPUT = 1,
    ST_SYSTEM = 4,
    ST_COMMAND = 8,
    ST_UNLOCKED = 0x10,
    ST_AUX = 0x20,
};
enum { /* the command byte */
       CB_IRQ1 = 1,
       CB_IRQ12 = 2,
       CB_SYSTEM = 4,
       CB_NO_KEYBOARD = 0x10,
       CB_NO_AUX = 0x20,
       CB_TRANSLATE = 0x40,
};
enum { /* output port */
       OUT_NO_RESET = 1,
       OUT_A20 = 2,
       OUT_IRQ1 = 0x10,
       OUT_IRQ12 = 0x20,
       OUT_IDLE = 0xcc, /* keyboard data and clock, and bits without a use */
};
enum { IN_UNLOCKED = 0x80, IN_NO_MANUFACTURING = 0x20 };
enum {
    C_READ_RAM = 0x20,
    C_WRITE_RAM = 0x60,
    C_AUX_OFF = 0xa7,
    C_AUX_ON,
    C_AUX_TEST,
    C_SELF_TEST,
    C_KEYBOARD_TEST,
    C_KEYBOARD_OFF = 0xad,
    C_KEYBOARD_ON,
    C_READ_INPUT = 0xc0,
    C_READ_OUTPUT = 0xd0,
    C_WRITE_OUTPUT,
    C_PUT_KEYBOARD,
    C_PUT_AUX,
    C_WRITE_AUX,
    C_A20_OFF = 0xdd,
    C_A20_ON = 0xdf,
    C_READ_TEST = 0xe0,
    C_PULSE = 0xf0,
};
enum { RAM_BYTES = 32 };
enum { PIN_IRQ1, PIN_IRQ12, PIN_A20, PIN_RESET };
enum { DELIVER, KEYBOARD_TESTED, MOUSE_TESTED, REPEAT, SAMPLE };
enum { BYTE_NS = 500000 }; /* 11 bits at 20 kHz, and the controller's work */

struct i8042 {
    struct device dev;
    struct ps2_keyboard keyboard;
    struct ps2_mouse mouse;
    struct ps2_queue reply; /* the controller's own answers */
    uint8_t ram[RAM_BYTES]; /* [0]: the command byte */
    uint8_t output, full, aux;
    uint8_t wrote_command; /* the last write was to 64h */
    uint8_t command;       /* waits for a byte at 60h; 0: none */
    uint8_t port;          /* output port but for its IRQ bits */
    uint8_t broken;        /* translating: F0h came, the next is a break */
    uint8_t delivering, sampling;
    uint64_t test_us; /* setting */
};

/* Scan code set 2 to 1, as the controller's program has it; 83h and 84h (F7,
 * Alt+Print Screen) are the only ones above. */
uint8_t i8042_translate(uint8_t set2)
{
    static const uint8_t table[128] = {
        0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40,
        0x3e, 0x0f, 0x29, 0x59, 0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a,
        0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20,
        0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
        0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24,
        0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60,
        0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74,
        0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
        0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b,
        0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
        0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54};

    if (set2 < sizeof table)
        return table[set2];
    return set2 == 0x83 ? 0x41 : set2 == 0x84 ? 0x54 : set2;
}

/* ---- the output buffer -----------------------------------------------------
 */

static uint8_t output_port(const struct i8042 *s)
{
    uint8_t v = s->port;

    if (s->full)
        v |= s->aux ? OUT_IRQ12 : OUT_IRQ1;
    return v;
}

static void drive(struct i8042 *s)
{
    line_set(&s->dev, PIN_IRQ1, s->full && !s->aux && (s->ram[0] & CB_IRQ1));
    line_set(&s->dev, PIN_IRQ12, s->full && s->aux && (s->ram[0] & CB_IRQ12));
    line_set(&s->dev, PIN_A20, s->port & OUT_A20);
}

static void fill(struct i8042 *s, uint8_t byte, bool aux)
{
    s->output = byte;
    s->full = 1;
    s->aux = aux;
}

static bool keyboard_waits(const struct i8042 *s)
{
    return s->keyboard.out.count && !(s->ram[0] & CB_NO_KEYBOARD);
}

static bool mouse_waits(const struct i8042 *s)
{
    return s->mouse.out.count && !(s->ram[0] & CB_NO_AUX);
}

/* An answer of the controller is there at once, a byte off the wire later. */
static void pump(struct i8042 *s)
{
    if (!s->full && s->reply.count)
        fill(s, ps2_take(&s->reply), false);
    if (!s->full && !s->delivering && (keyboard_waits(s) || mouse_waits(s))) {
        s->delivering = 1;
        clock_after_ns(&s->dev, BYTE_NS, DELIVER);
    }
    drive(s);
}

static void deliver_keyboard(struct i8042 *s)
{
    uint8_t byte = ps2_take(&s->keyboard.out);

    if (!(s->ram[0] & CB_TRANSLATE)) {
        fill(s, byte, false);
    } else if (byte == 0xf0) {
        s->broken = 0x80;
    } else {
        fill(s, i8042_translate(byte) | s->broken, false);
        s->broken = 0;
    }
}

static void deliver(struct i8042 *s)
{
    s->delivering = 0;
    if (!s->full && keyboard_waits(s))
        deliver_keyboard(s);
    else if (!s->full && mouse_waits(s))
        fill(s, ps2_take(&s->mouse.out), true);
}

/* ---- what hangs on it ------------------------------------------------------
 */

static void arm_mouse(struct i8042 *s)
{
    uint64_t ns = mouse_sample_ns(&s->mouse);

    if (ns && !s->sampling) {
        s->sampling = 1;
        clock_after_ns(&s->dev, ns, SAMPLE);
    }
}

static void arm_repeat(struct i8042 *s, bool first)
{
    uint64_t ns = keyboard_repeat_ns(&s->keyboard, first);

    if (ns)
        clock_after_ns(&s->dev, ns, REPEAT);
    else
        clock_cancel(&s->dev, REPEAT);
}

static void arm_tests(struct i8042 *s)
{
    if (s->keyboard.resetting)
        clock_after_ns(&s->dev, s->test_us * 1000, KEYBOARD_TESTED);
    if (s->mouse.resetting)
        clock_after_ns(&s->dev, s->test_us * 1000, MOUSE_TESTED);
}

static void to_keyboard(struct i8042 *s, uint8_t byte)
{
    s->ram[0] &= (uint8_t)~CB_NO_KEYBOARD; /* writing enables it */
    keyboard_write(&s->keyboard, byte);
    arm_repeat(s, true);
    if (s->keyboard.resetting)
        arm_tests(s);
}

static void to_mouse(struct i8042 *s, uint8_t byte)
{
    s->ram[0] &= (uint8_t)~CB_NO_AUX;
    mouse_write(&s->mouse, byte);
    arm_mouse(s);
    if (s->mouse.resetting)
        arm_tests(s);
}

static void i8042_key(struct device *dev, uint16_t usage, bool down)
{
    struct i8042 *s = (struct i8042 *)dev;

    keyboard_key(&s->keyboard, usage, down);
    arm_repeat(s, true);
    pump(s);
}

static void i8042_pointer(struct device *dev, int dx, int dy, int dz,
                          uint8_t buttons)
{
    struct i8042 *s = (struct i8042 *)dev;

    mouse_move(&s->mouse, dx, dy, dz, buttons);
    arm_mouse(s);
    pump(s);
}

static void i8042_step(struct device *dev, unsigned step,
                       enum dma_status status)
{
    struct i8042 *s = (struct i8042 *)dev;

    (void)status;
    switch (step) {
    case DELIVER:
        deliver(s);
        break;
    case KEYBOARD_TESTED:
        keyboard_tested(&s->keyboard);
        break;
    case MOUSE_TESTED:
        mouse_tested(&s->mouse);
        break;
    case REPEAT:
        keyboard_repeat(&s->keyboard);
        arm_repeat(s, false);
        break;
    case SAMPLE:
        s->sampling = 0;
        mouse_sample(&s->mouse);
        arm_mouse(s);
        break;
    default:
        break;
    }
    pump(s);
}

/* ---- registers -------------------------------------------------------------
 */

static void pulse_reset(struct i8042 *s)
{
    line_set(&s->dev, PIN_RESET, true);
    line_set(&s->dev, PIN_RESET, false);
}

static void write_output_port(struct i8042 *s, uint8_t value)
{
    s->port = (uint8_t)(OUT_IDLE | OUT_NO_RESET | (value & OUT_A20));
    if (!(value & OUT_NO_RESET))
        pulse_reset(s);
}

/* A byte at 60h that a command waits for. */
static void parameter(struct i8042 *s, uint8_t value)
{
    uint8_t command = s->command;

    s->command = 0;
    if (command >= C_WRITE_RAM && command < C_WRITE_RAM + RAM_BYTES)
        s->ram[command - C_WRITE_RAM] = value;
    else if (command == C_WRITE_OUTPUT)
        write_output_port(s, value);
    else if (command == C_PUT_KEYBOARD)
        ps2_put(&s->reply, value);
    else if (command == C_PUT_AUX)
        fill(s, value, true);
    else if (command == C_WRITE_AUX)
        to_mouse(s, value);
}

static bool answers(struct i8042 *s, uint8_t command)
{
    uint8_t v;

    switch (command) {
    case C_AUX_TEST:
    case C_KEYBOARD_TEST:
        v = 0; /* no error on its lines */
        break;
    case C_SELF_TEST:
        v = 0x55;
        s->ram[0] = CB_SYSTEM | CB_NO_KEYBOARD | CB_NO_AUX;
        break;
    case C_READ_INPUT:
        v = IN_UNLOCKED | IN_NO_MANUFACTURING;
        break;
    case C_READ_OUTPUT:
        v = output_port(s);
        break;
    case C_READ_TEST:
        v = (uint8_t)((s->ram[0] & CB_NO_KEYBOARD ? 0 : 1) |
                      (s->ram[0] & CB_NO_AUX ? 0 : 2));
        break;
    default:
        return false;
    }
    ps2_put(&s->reply, v);
    return true;
}

static void switches(struct i8042 *s, uint8_t command)
{
    switch (command) {
    case C_AUX_OFF:
        s->ram[0] |= CB_NO_AUX;
        break;
    case C_AUX_ON:
        s->ram[0] &= (uint8_t)~CB_NO_AUX;
        break;
    case C_KEYBOARD_OFF:
        s->ram[0] |= CB_NO_KEYBOARD;
        break;
    case C_KEYBOARD_ON:
        s->ram[0] &= (uint8_t)~CB_NO_KEYBOARD;
        break;
    case C_A20_OFF:
    case C_A20_ON:
        s->port = (uint8_t)(OUT_IDLE | OUT_NO_RESET |
                            (command == C_A20_ON ? OUT_A20 : 0));
        break;
    case C_WRITE_OUTPUT:
    case C_PUT_KEYBOARD:
    case C_PUT_AUX:
    case C_WRITE_AUX:
        s->command = command;
        break;
    default:
        guest_error(&s->dev, "command %02x is none", command);
        break;
    }
}

static void write_command(struct i8042 *s, uint8_t command)
{
    s->command = 0;
    if (command >= C_READ_RAM && command < C_READ_RAM + RAM_BYTES) {
        ps2_put(&s->reply, s->ram[command - C_READ_RAM]);
    } else if (command >= C_WRITE_RAM && command < C_WRITE_RAM + RAM_BYTES) {
        s->command = command;
    } else if (command >= C_PULSE) { /* bits that are 0 are pulsed low */
        if (!(command & OUT_NO_RESET))
            pulse_reset(s);
    } else if (!answers(s, command)) {
        switches(s, command);
    }
}

static uint32_t i8042_peek(const struct device *dev, unsigned window,
                           uint32_t offset, unsigned bytes)
{
    const struct i8042 *s = (const struct i8042 *)dev;

    (void)offset;
    (void)bytes;
    if (window == DATA)
        return s->output;
    return (s->full ? ST_OUTPUT : 0u) |
           (s->ram[0] & CB_SYSTEM ? ST_SYSTEM : 0u) |
           (s->wrote_command ? ST_COMMAND : 0u) | ST_UNLOCKED |
           (s->full && s->aux ? ST_AUX : 0u);
}

static uint32_t i8042_read(struct device *dev, unsigned window, uint32_t offset,
                           unsigned bytes)
{
    struct i8042 *s = (struct i8042 *)dev;
    uint32_t v = i8042_peek(dev, window, offset, bytes);

    if (window == DATA) {
        s->full = 0;
        drive(s); /* the line falls even where the next byte waits */
        pump(s);
    }
    return v;
}

static void i8042_write(struct device *dev, unsigned window, uint32_t offset,
                        unsigned bytes, uint32_t value)
{
    struct i8042 *s = (struct i8042 *)dev;

    (void)offset;
    (void)bytes;
    s->wrote_command = window == COMMAND;
    if (window == COMMAND)
        write_command(s, (uint8_t)value);
    else if (s->command)
        parameter(s, (uint8_t)value);
    else
        to_keyboard(s, (uint8_t)value);
    pump(s);
}

/* ---- the model -------------------------------------------------------------
 */

static void i8042_reset(struct device *dev)
{
    struct i8042 *s = (struct i8042 *)dev;

    for (unsigned i = 0; i < RAM_BYTES; i++)
        s->ram[i] = 0;
    s->ram[0] = CB_NO_KEYBOARD | CB_NO_AUX;
    s->port = OUT_IDLE | OUT_NO_RESET | OUT_A20;
    s->output = s->full = s->aux = s->wrote_command = s->command = 0;
    s->broken = s->delivering = s->sampling = 0;
    s->reply = (struct ps2_queue){0};
    keyboard_reset(&s->keyboard);
    mouse_reset(&s->mouse);
    arm_tests(s);
    drive(s);
}

static bool i8042_check(const struct device *dev)
{
    const struct i8042 *s = (const struct i8042 *)dev;

    return keyboard_good(&s->keyboard) && mouse_good(&s->mouse) &&
           ps2_queue_good(&s->reply);
}

static const struct state_row i8042_rows[] = {
    STATE_STRUCT(struct i8042, keyboard, ps2_keyboard_rows),
    STATE_STRUCT(struct i8042, mouse, ps2_mouse_rows),
    STATE_STRUCT(struct i8042, reply, ps2_queue_rows),
    STATE_BYTES(struct i8042, ram),
    STATE_INT(struct i8042, output),
    STATE_INT(struct i8042, full),
    STATE_INT(struct i8042, aux),
    STATE_INT(struct i8042, wrote_command),
    STATE_INT(struct i8042, command),
    STATE_INT(struct i8042, port),
    STATE_INT(struct i8042, broken),
    STATE_INT(struct i8042, delivering),
    STATE_INT(struct i8042, sampling),
    STATE_INT(struct i8042, test_us),
    STATE_END,
};

static const struct device_setting i8042_settings[] = {
    {"test_us", "microseconds that keyboard and mouse test themselves", 5000, 1,
     1000000, offsetof(struct i8042, test_us)},
    {.name = NULL},
};

static const struct device_pin i8042_pins[] = {
    {PIN_IRQ1, true, WIRE_IRQ0 + 1},
    {PIN_IRQ12, true, WIRE_IRQ0 + 12},
    {PIN_A20, true, WIRE_A20},
    {PIN_RESET, true, WIRE_INIT}, /* RC: the CPU alone */
    {.wire = WIRE_NONE},
};

const struct device_model i8042_model = {
    .name = "i8042",
    .title = "keyboard controller with PS/2 keyboard and mouse",
    .free_running = true, /* nobody waits for self tests and repeats */
    .version = 1,
    .state_size = sizeof(struct i8042),
    .rows = i8042_rows,
    .settings = i8042_settings,
    .windows =
        {{.kind = WINDOW_PORT, .base = 0x60, .bytes = 1, .access = ACCESS_8},
         {.kind = WINDOW_PORT, .base = 0x64, .bytes = 1, .access = ACCESS_8}},
    .pins = i8042_pins,
    .reset = i8042_reset,
    .check = i8042_check,
    .read = i8042_read,
    .write = i8042_write,
    .peek = i8042_peek,
    .step = i8042_step,
    .key = i8042_key,
    .pointer = i8042_pointer,
};
