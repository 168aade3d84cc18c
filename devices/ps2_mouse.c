/* devices/ps2_mouse.c -- the PS/2 mouse, and the two extensions that a driver
 * asks for by a knock of sample rates: a wheel, and five buttons. Sources: IBM
 * PS/2 Hardware Interface Technical Reference (auxiliary device); Microsoft,
 * IntelliMouse and Explorer detection. */
#include "ps2.h"

enum {
    SCALING_1 = 0xe6,
    SCALING_2 = 0xe7,
    SET_RESOLUTION = 0xe8,
    STATUS = 0xe9,
    SET_STREAM = 0xea,
    READ_DATA = 0xeb,
    RESET_WRAP = 0xec,
    SET_WRAP = 0xee,
    SET_REMOTE = 0xf0,
    READ_ID = 0xf2,
    SET_RATE = 0xf3,
    ENABLE = 0xf4,
    DISABLE = 0xf5,
    SET_DEFAULT = 0xf6,
    RESET = 0xff,
};
enum { LEFT = 1, RIGHT = 2, MIDDLE = 4, MOST = 255 };
enum { ID_WHEEL = 3, ID_EXPLORER = 4 };

const struct state_row ps2_mouse_rows[] = {
    STATE_STRUCT(struct ps2_mouse, out, ps2_queue_rows),
    STATE_INT(struct ps2_mouse, command),
    STATE_INT(struct ps2_mouse, rate),
    STATE_INT(struct ps2_mouse, resolution),
    STATE_INT(struct ps2_mouse, scaling),
    STATE_INT(struct ps2_mouse, remote),
    STATE_INT(struct ps2_mouse, wrap),
    STATE_INT(struct ps2_mouse, reporting),
    STATE_INT(struct ps2_mouse, id),
    STATE_BYTES(struct ps2_mouse, knock),
    STATE_INT(struct ps2_mouse, buttons),
    STATE_INT(struct ps2_mouse, sent_buttons),
    STATE_INT(struct ps2_mouse, dx),
    STATE_INT(struct ps2_mouse, dy),
    STATE_INT(struct ps2_mouse, dz),
    STATE_INT(struct ps2_mouse, resetting),
    STATE_END,
};

bool mouse_good(const struct ps2_mouse *m)
{
    return ps2_queue_good(&m->out) && m->rate;
}

/* ---- movement --------------------------------------------------------------
 */

static int clamp(int v, int most)
{
    return v > most ? most : v < -most ? -most : v;
}

/* What is not reported yet has a bound: counters of the device overflow. */
static int32_t add(int32_t sum, int by)
{
    return clamp(sum + clamp(by, 1 << 16), 1 << 16);
}

void mouse_move(struct ps2_mouse *m, int dx, int dy, int dz, uint8_t buttons)
{
    if (m->resetting || m->wrap)
        return;
    m->dx = add(m->dx, dx);
    m->dy = add(m->dy, -dy); /* up is positive on the wire */
    m->dz = add(m->dz, dz);
    m->buttons = buttons & 31;
}

/* Scaling 2:1, in stream mode alone: small counts as they are, large doubled.
 */
static int scaled(const struct ps2_mouse *m, int v)
{
    static const int8_t table[] = {0, 1, 1, 3, 6, 9};
    int size = v < 0 ? -v : v;

    if (!m->scaling || m->remote)
        return v;
    size = size < 6 ? table[size] : 2 * size;
    return clamp(v < 0 ? -size : size, MOST);
}

static void report(struct ps2_mouse *m)
{
    int dx = clamp(m->dx, MOST), dy = clamp(m->dy, MOST);
    int dz = clamp(m->dz, 7), x = scaled(m, dx), y = scaled(m, dy);

    ps2_put(&m->out,
            (uint8_t)((m->buttons & 7) | 8 | (x < 0) << 4 | (y < 0) << 5));
    ps2_put(&m->out, (uint8_t)x);
    ps2_put(&m->out, (uint8_t)y);
    if (m->id == ID_WHEEL)
        ps2_put(&m->out, (uint8_t)dz);
    else if (m->id == ID_EXPLORER)
        ps2_put(&m->out, (uint8_t)((dz & 15) | (m->buttons & 24) << 1));
    m->dx -= dx;
    m->dy -= dy;
    m->dz = m->id ? m->dz - dz : 0;
    m->sent_buttons = m->buttons;
}

static bool news(const struct ps2_mouse *m)
{
    return m->dx || m->dy || (m->id && m->dz) || m->buttons != m->sent_buttons;
}

void mouse_sample(struct ps2_mouse *m)
{
    if (mouse_sample_ns(m) && m->out.count <= PS2_QUEUE - 4)
        report(m);
}

uint64_t mouse_sample_ns(const struct ps2_mouse *m)
{
    bool streams = m->reporting && !m->remote && !m->wrap && !m->resetting;

    return streams && news(m) ? 1000000000 / m->rate : 0;
}

/* ---- commands --------------------------------------------------------------
 */

static void set_default(struct ps2_mouse *m)
{
    ps2_clear(&m->out);
    m->rate = 100;
    m->resolution = 2;
    m->scaling = m->remote = m->wrap = m->reporting = 0;
    m->command = 0;
    m->dx = m->dy = m->dz = 0;
}

void mouse_reset(struct ps2_mouse *m)
{
    set_default(m);
    m->id = 0;
    m->knock[0] = m->knock[1] = 0;
    m->resetting = 1;
}

void mouse_tested(struct ps2_mouse *m)
{
    m->resetting = 0;
    ps2_put(&m->out, PS2_BAT_OK);
    ps2_put(&m->out, m->id);
}

/* 200, 100, 80: a wheel; then 200, 200, 80: five buttons. */
static void set_rate(struct ps2_mouse *m, uint8_t rate)
{
    if (rate == 80 && m->knock[0] == 200 && m->knock[1] == 100)
        m->id = ID_WHEEL;
    if (rate == 80 && m->knock[0] == 200 && m->knock[1] == 200 && m->id)
        m->id = ID_EXPLORER;
    m->knock[0] = m->knock[1];
    m->knock[1] = rate;
    m->rate = rate ? rate : 100;
}

static void parameter(struct ps2_mouse *m, uint8_t byte)
{
    uint8_t command = m->command;

    m->command = 0;
    if (command == SET_RATE)
        set_rate(m, byte);
    else
        m->resolution = byte & 3;
    ps2_put(&m->out, PS2_ACK);
}

static void put_status(struct ps2_mouse *m)
{
    uint8_t buttons =
        (uint8_t)((m->buttons & LEFT ? 4 : 0) | (m->buttons & MIDDLE ? 2 : 0) |
                  (m->buttons & RIGHT ? 1 : 0));

    ps2_put(&m->out, (uint8_t)(m->remote << 6 | m->reporting << 5 |
                               m->scaling << 4 | buttons));
    ps2_put(&m->out, m->resolution);
    ps2_put(&m->out, m->rate);
}

static bool settings(struct ps2_mouse *m, uint8_t byte)
{
    switch (byte) {
    case SCALING_1:
    case SCALING_2:
        m->scaling = byte == SCALING_2;
        return true;
    case SET_STREAM:
    case SET_REMOTE:
        m->remote = byte == SET_REMOTE;
        return true;
    case SET_RESOLUTION:
    case SET_RATE:
        m->command = byte;
        return true;
    case ENABLE:
    case DISABLE:
        m->reporting = byte == ENABLE;
        m->dx = m->dy = m->dz = 0;
        return true;
    case SET_WRAP:
    case RESET_WRAP:
        m->wrap = byte == SET_WRAP;
        return true;
    case SET_DEFAULT:
        set_default(m);
        return true;
    case RESET:
        mouse_reset(m);
        return true;
    default:
        return byte == STATUS || byte == READ_DATA || byte == READ_ID;
    }
}

void mouse_write(struct ps2_mouse *m, uint8_t byte)
{
    if (m->wrap && byte != RESET && byte != RESET_WRAP) {
        ps2_put(&m->out, byte);
        return;
    }
    if (byte == PS2_RESEND) {
        ps2_put(&m->out, m->out.last);
        return;
    }
    ps2_clear(&m->out); /* a command ends what was being sent */
    if (m->command) {
        parameter(m, byte);
        return;
    }
    if (!settings(m, byte)) {
        ps2_put(&m->out, PS2_RESEND);
        return;
    }
    ps2_put(&m->out, PS2_ACK);
    if (byte == STATUS)
        put_status(m);
    else if (byte == READ_ID)
        ps2_put(&m->out, m->id);
    else if (byte == READ_DATA)
        report(m);
}
