/* devices/sb16_midi.c -- the MPU-401 of the Sound Blaster 16, in UART mode as
 * on the card. What it sends leaves by stream_put(). Source: Creative, Sound
 * Blaster Series Hardware Programming Guide, chapter 5. */
#include "sb16.h"

#include <string.h>

enum { DATA, COMMAND /* reads: status */ };
enum { NO_DATA = 0x80, UNUSED = 0x3f }; /* bit 6 clear: it takes a byte */
enum { RESET = 0xff, ENTER_UART = 0x3f, ACKNOWLEDGE = 0xfe };

const struct state_row sb16_midi_rows[] = {
    STATE_BYTES(struct sb16_midi, in),
    STATE_INT(struct sb16_midi, count),
    STATE_INT(struct sb16_midi, last),
    STATE_INT(struct sb16_midi, uart),
    STATE_END,
};

void midi_reset(struct sb16 *s)
{
    s->midi = (struct sb16_midi){.last = ACKNOWLEDGE};
}

static void arrived(struct sb16 *s, uint8_t byte)
{
    struct sb16_midi *m = &s->midi;

    if (m->count < sizeof m->in)
        m->in[m->count++] = byte;
    sb16_interrupt(s, IRQ_MIDI, m->count);
}

bool midi_ready(const struct sb16 *s)
{
    return s->midi.uart && s->midi.count < sizeof s->midi.in;
}

void midi_receive(struct sb16 *s, uint8_t byte)
{
    if (s->midi.uart)
        arrived(s, byte);
}

uint8_t midi_peek(const struct sb16 *s, unsigned port)
{
    const struct sb16_midi *m = &s->midi;

    if (port == DATA)
        return m->count ? m->in[0] : m->last;
    return UNUSED | (m->count ? 0 : NO_DATA);
}

uint8_t midi_read(struct sb16 *s, unsigned port)
{
    struct sb16_midi *m = &s->midi;
    uint8_t v = midi_peek(s, port);

    if (port == DATA && m->count) {
        m->last = v;
        m->count--;
        memmove(m->in, m->in + 1, m->count);
        sb16_interrupt(s, IRQ_MIDI, m->count);
    }
    return v;
}

/* In UART mode it hears nothing but the reset, and does not answer. */
static void command(struct sb16 *s, uint8_t value)
{
    struct sb16_midi *m = &s->midi;
    bool silent = m->uart;

    if (value == RESET) {
        m->uart = false;
        m->count = 0;
        sb16_interrupt(s, IRQ_MIDI, false);
    } else if (value == ENTER_UART) {
        m->uart = true;
    } else if (!silent) {
        guest_error(&s->dev, "MPU-401 command %02x: it has the UART mode alone",
                    value);
        return;
    }
    if (!silent)
        arrived(s, ACKNOWLEDGE);
}

void midi_write(struct sb16 *s, unsigned port, uint8_t value)
{
    if (port == COMMAND)
        command(s, value);
    else if (s->midi.uart)
        stream_put(&s->dev, value);
}
