/* devices/sb16_mixer.c -- the CT1745 mixer of the Sound Blaster 16: levels are
 * kept and read back, in the Pro's registers too, and change nothing of what
 * the card gives out digitally. Source: Creative, Sound Blaster Series Hardware
 * Programming Guide, chapter 4. */
#include "sb16.h"

enum {
    RESET = 0x00,
    PRO_VOICE = 0x04,
    PRO_MIC = 0x0a,
    PRO_OUTPUT = 0x0e,
    PRO_MASTER = 0x22,
    PRO_MIDI = 0x26,
    PRO_CD = 0x28,
    PRO_LINE = 0x2e,
    MASTER_LEFT = 0x30, /* pairs, left and right: 5 bits from bit 3 */
    VOICE_LEFT = 0x32,
    MIDI_LEFT = 0x34,
    CD_LEFT = 0x36,
    LINE_LEFT = 0x38,
    MIC = 0x3a,
    PC_SPEAKER = 0x3b,
    OUTPUT_SWITCHES = 0x3c,
    INPUT_LEFT = 0x3d,
    INPUT_RIGHT = 0x3e,
    INPUT_GAIN_LEFT = 0x3f,
    AGC = 0x43,
    TREBLE_LEFT = 0x44,
    BASS_RIGHT = 0x47,
    IRQ_SELECT = 0x80,
    DMA_SELECT = 0x81,
    IRQ_STATUS = 0x82,
};
enum { OUTPUT_STEREO = 2 };

const struct state_row sb16_mixer_rows[] = {
    STATE_INT(struct sb16_mixer, index),
    STATE_BYTES(struct sb16_mixer, reg),
    STATE_END,
};

/* A level of the Pro is 4 bits a side, of which 3 count: two of its registers
 * show the upper bits of a pair. */
static uint8_t pair_of(uint8_t index)
{
    switch (index) {
    case PRO_VOICE:
        return VOICE_LEFT;
    case PRO_MASTER:
        return MASTER_LEFT;
    case PRO_MIDI:
        return MIDI_LEFT;
    case PRO_CD:
        return CD_LEFT;
    case PRO_LINE:
        return LINE_LEFT;
    default:
        return 0;
    }
}

void mixer_reset(struct sb16_mixer *m)
{
    static const struct {
        uint8_t first, last, value;
    } level[] = {
        {MASTER_LEFT, MIDI_LEFT + 1, 24 << 3},
        {CD_LEFT, MIC, 0},
        {OUTPUT_SWITCHES, OUTPUT_SWITCHES, 0x1f},
        {INPUT_LEFT, INPUT_LEFT, 0x15},
        {INPUT_RIGHT, INPUT_RIGHT, 0x0b},
        {TREBLE_LEFT, BASS_RIGHT, 8 << 4},
    };

    *m = (struct sb16_mixer){0};
    for (unsigned i = 0; i < sizeof level / sizeof level[0]; i++)
        for (unsigned r = level[i].first; r <= level[i].last; r++)
            m->reg[r] = level[i].value;
}

static uint8_t irq_bit(unsigned irq)
{
    return irq == 2 || irq == 9 ? 1
           : irq == 5           ? 2
           : irq == 7           ? 4
           : irq == 10          ? 8
                                : 0;
}

static uint8_t dma_bits(unsigned channel)
{
    return (uint8_t)(1u << channel | 1u << SB16_HIGH_CHANNEL);
}

uint8_t mixer_read(const struct sb16_mixer *m, unsigned irq, unsigned channel,
                   uint8_t interrupts)
{
    uint8_t pair = pair_of(m->index);

    if (pair)
        return (uint8_t)((m->reg[pair] & 0xf0) | m->reg[pair + 1] >> 4);
    switch (m->index) {
    case PRO_MIC:
        return m->reg[MIC] >> 5;
    case IRQ_SELECT:
        return irq_bit(irq) | 0xf0;
    case DMA_SELECT:
        return dma_bits(channel);
    case IRQ_STATUS:
        return interrupts | 0x20;
    default:
        return m->reg[m->index];
    }
}

bool mixer_write(struct sb16_mixer *m, unsigned irq, unsigned channel,
                 uint8_t value)
{
    uint8_t pair = pair_of(m->index);

    if (pair) {
        m->reg[pair] = (value & 0xf0) | 8;
        m->reg[pair + 1] = (uint8_t)(value << 4) | 8;
        return true;
    }
    switch (m->index) {
    case RESET: {
        uint8_t index = m->index;

        mixer_reset(m);
        m->index = index;
        return true;
    }
    case PRO_MIC:
        m->reg[MIC] = (uint8_t)(value << 5) | 0x18;
        return true;
    case IRQ_SELECT:
        return (value & 15) == irq_bit(irq);
    case DMA_SELECT:
        return value == dma_bits(channel);
    case IRQ_STATUS:
        return true;
    default:
        m->reg[m->index] = value;
        return true;
    }
}

bool mixer_stereo(const struct sb16_mixer *m)
{
    return m->reg[PRO_OUTPUT] & OUTPUT_STEREO;
}
