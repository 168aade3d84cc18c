/* src/debug/lanes_private.h -- between the files of the time line: lanes.c
 * keeps spans, lanes_events.c makes them of events. */
#ifndef DEBUG_LANES_PRIVATE_H
#define DEBUG_LANES_PRIVATE_H

#include "base/vec.h"
#include "halbox/lanes.h"

/** A value of SPAN_TRANSFER that is not told: tick of dma_end, 0 before. */
enum { LANE_T_ENDED = SPAN_VALUES - 1 };
enum { LANE_DEPTH = 16, LANE_PAGES = 1024, LANES_MOST = 1024 };

/** A lane and its ring of spans: span n lies at n & (room - 1). */
struct lane_row {
    unsigned id;
    enum lane_kind kind;
    char name[LANE_NAME];
    const char *key; /* whose lane: a device's name, "" */
    struct lane_span *ring;
    uint32_t room; /* power of two, or 0 */
    uint64_t first, end;
    uint64_t
        open[LANE_DEPTH]; /* numbers of the spans that are open, by depth */
    unsigned depth;
    uint64_t free_at;  /* tick at which the last span is over              */
    uint64_t told;     /* LANE_DMA: spans before it were told to an ISR    */
    uint32_t transfer; /* LANE_DMA: the one that is open                  */
};

/** A DPC that waits, and the span that queued it. */
struct lane_dpc {
    uint32_t dpc;
    uint64_t cause;
};

/** The IRP that a logical page was last mapped for. */
struct lane_page {
    uint64_t page, cause;
};

struct lanes {
    struct machine *m;
    struct lanes_options options;
    struct vec row;      /* of struct lane_row *, by id                      */
    struct vec order;    /* of unsigned: ids, as they are shown              */
    struct vec string;   /* of char *: what names and values point to        */
    struct vec device;   /* of struct lane_device: device objects' names     */
    struct vec dpc;      /* of struct lane_dpc                               */
    struct vec mark;     /* of struct lane_mark, a ring once it is full      */
    struct vec transfer; /* of struct lane_transfer, likewise                */
    uint64_t marks, transfers; /* ever                                       */
    uint64_t dropped;
    struct lane_page page[LANE_PAGES];
};

/** lane_of() - the lane of @kind and @key that is free at tick @at: its last
 *  span is over by then; made when there is none. NULL: no memory, or too many
 *  lanes. @named: what it is called, numbered from the second. */
struct lane_row *lane_of(struct lanes *l, enum lane_kind kind, const char *key,
                         uint64_t at, const char *named);
struct lane_row *lane_row(const struct lanes *l, unsigned id);

/** span_open() - begin a span inside those of @row that are open. NULL: no
 *  room. Valid until the next one on that lane. */
struct lane_span *span_open(struct lanes *l, struct lane_row *row,
                            enum span_kind kind, const char *name,
                            uint64_t tick);
/** span_at() - span @number, or NULL when it is gone. span_top() - the
 *  innermost open one. */
struct lane_span *span_at(const struct lane_row *row, uint64_t number);
struct lane_span *span_top(const struct lane_row *row);
/** span_close() - end the innermost open span. */
void span_close(struct lanes *l, struct lane_row *row, uint64_t tick);

/** lanes_string() - a copy of @text that lives as long as @l. */
const char *lanes_string(struct lanes *l, const char *text);

/** ring_next() - room for one more element of @bytes in a ring of at most
 *  @most; *@ever counts. NULL: no memory. */
void *ring_next(struct vec *v, uint32_t bytes, uint32_t most, uint64_t *ever);
/** ring_at() - element @index, the oldest first; NULL: past the last. */
void *ring_at(const struct vec *v, uint32_t bytes, uint64_t ever,
              unsigned index);

/* lanes_events.c */
enum hb_status lanes_listen(struct lanes *l, struct hb_error *error);
void lanes_unlisten(struct lanes *l);
const char *event_text(uint64_t argument); /* of kind s */

/* lanes_cpu.c */
/** lane_running() - what is open on the lane of a kind that has but one. */
struct lane_span *lane_running(const struct lanes *l, enum lane_kind kind);
/** lanes_cause() - id of the span that what begins now comes from, or 0. */
uint64_t lanes_cause(struct lanes *l);
/** lanes_thread() - @thread has the CPU. */
void lanes_thread(struct lanes *l, uint64_t thread, uint64_t tick);
void lanes_on_thread_switch(struct lanes *l, const struct hb_event *e);
void lanes_on_interrupt(struct lanes *l, const struct hb_event *e);
void lanes_on_interrupt_end(struct lanes *l, const struct hb_event *e);
void lanes_on_dpc_queue(struct lanes *l, const struct hb_event *e);
void lanes_on_dpc(struct lanes *l, const struct hb_event *e);
void lanes_on_dpc_end(struct lanes *l, const struct hb_event *e);

/* lanes_irp.c */
/** lanes_dispatching() - the driver that an IRP went to last, of those whose
 *  dispatch routine the running thread has not come back from. */
struct lane_span *lanes_dispatching(struct lanes *l);
/** lanes_irp_behind() - back along the causes of span @id to an IRP, or NULL.
 *  lanes_irp_of() - the open IRP that has that MDL. */
const struct lane_span *lanes_irp_behind(struct lanes *l, uint64_t id);
const struct lane_span *lanes_irp_of(const struct lanes *l, uint64_t mdl);
bool lanes_is_open(const struct lanes *l, uint64_t id);
void lanes_on_device_create(struct lanes *l, const struct hb_event *e);
void lanes_on_irp_call(struct lanes *l, const struct hb_event *e);
void lanes_on_irp_return(struct lanes *l, const struct hb_event *e);
void lanes_on_irp_up(struct lanes *l, const struct hb_event *e);
void lanes_on_irp_complete(struct lanes *l, const struct hb_event *e);

/* lanes_dma.c */
void lanes_on_hal_map(struct lanes *l, const struct hb_event *e);
void lanes_on_dma_start(struct lanes *l, const struct hb_event *e);
void lanes_on_dma_burst(struct lanes *l, const struct hb_event *e);
void lanes_on_dma_end(struct lanes *l, const struct hb_event *e);

#endif
