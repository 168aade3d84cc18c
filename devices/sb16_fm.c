/* devices/sb16_fm.c -- the FM synthesizer on the Sound Blaster 16: where its
 * frames go. With nothing else playing they leave at the chip's own rate; while
 * the DSP plays, its frames are the card's, each with the FM of that instant
 * added. */
#include "sb16.h"

enum { BATCH = 64, SECOND = 1000000000 };

const struct state_row sb16_fm_rows[] = {
    STATE_STRUCT(struct sb16_fm, chip, opl3_rows),
    STATE_INT(struct sb16_fm, sounding),
    STATE_INT(struct sb16_fm, from_ns),
    STATE_INT(struct sb16_fm, made),
    STATE_INTS(struct sb16_fm, held),
    STATE_END,
};

void fm_reset(struct sb16 *s)
{
    s->fm = (struct sb16_fm){0};
    opl3_reset(&s->fm.chip);
}

/* Frames that lie in @ns, in two parts so that no product is too large. */
static uint64_t frames_in(uint64_t ns)
{
    return ns / SECOND * OPL3_RATE + ns % SECOND * OPL3_RATE / SECOND;
}

void fm_run(struct sb16 *s)
{
    struct sb16_fm *f = &s->fm;
    bool alone = s->mode == OFF || s->paused || s->input;
    uint64_t due;

    if (!f->sounding)
        return;
    due = frames_in(clock_ns(&s->dev) - f->from_ns);
    if (due - f->made > OPL3_RATE) /* of a loaded file: never so far behind */
        f->made = due - BATCH;
    f->sounding = opl3_sounds(&f->chip);
    for (; f->sounding && f->made < due; f->made++) {
        opl3_frame(&f->chip, f->held);
        if (alone)
            sound_put(&s->dev, OPL3_RATE, f->held[0], f->held[1]);
        f->sounding = opl3_sounds(&f->chip);
    }
    if (!f->sounding)
        f->held[0] = f->held[1] = 0;
}

void fm_step(struct sb16 *s)
{
    fm_run(s);
    if (s->fm.sounding)
        clock_after_ns(&s->dev, BATCH * (uint64_t)SECOND / OPL3_RATE, FM_BATCH);
}

void fm_write(struct sb16 *s, unsigned port, uint8_t value)
{
    struct sb16_fm *f = &s->fm;

    if (!(port & 1)) {
        opl3_address(&f->chip, port >> 1, value);
        return;
    }
    fm_run(s);
    opl3_write(&f->chip, value, clock_ns(&s->dev));
    if (!f->sounding && opl3_sounds(&f->chip)) {
        f->sounding = true;
        f->from_ns = clock_ns(&s->dev);
        f->made = 0;
        fm_step(s);
    }
}

static int16_t sum(int a, int b)
{
    int v = a + b;

    return (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}

void sb16_put(struct sb16 *s, uint32_t rate, int16_t left, int16_t right)
{
    fm_run(s);
    sound_put(&s->dev, rate, sum(left, s->fm.held[0]),
              sum(right, s->fm.held[1]));
}
