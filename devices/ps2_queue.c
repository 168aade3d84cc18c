/* devices/ps2_queue.c -- bytes that a keyboard or mouse has to send. */
#include "ps2.h"

const struct state_row ps2_queue_rows[] = {
    STATE_BYTES(struct ps2_queue, byte),
    STATE_INT(struct ps2_queue, first),
    STATE_INT(struct ps2_queue, count),
    STATE_INT(struct ps2_queue, last),
    STATE_END,
};

/* What does not fit is lost; the keyboard says so itself. */
void ps2_put(struct ps2_queue *q, uint8_t byte)
{
    if (q->count < PS2_QUEUE)
        q->byte[(q->first + q->count++) % PS2_QUEUE] = byte;
}

uint8_t ps2_take(struct ps2_queue *q)
{
    q->last = q->byte[q->first];
    q->first = (uint8_t)((q->first + 1) % PS2_QUEUE);
    q->count--;
    return q->last;
}

void ps2_clear(struct ps2_queue *q)
{
    q->first = q->count = 0;
}

bool ps2_queue_good(const struct ps2_queue *q)
{
    return q->first < PS2_QUEUE && q->count <= PS2_QUEUE;
}
