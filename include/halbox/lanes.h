/* include/halbox/lanes.h -- the time line of a machine: what the CPU, service
 * routines, DPCs, IRPs, DMA and the bus did, as spans on lanes, and what led to
 * what. Made from the event stream alone, by a listener: the machine does the
 * same with and without it. Memory is bounded: the oldest spans go.
 * Docs: docs/trace.md. */
#ifndef HALBOX_LANES_H
#define HALBOX_LANES_H

#include "halbox/addr.h"
#include "halbox/dma.h"
#include "halbox/machine.h"
#include "halbox/symbols.h"

struct lanes;

/** Kinds of lanes, in the order in which they are shown. */
enum lane_kind {
    LANE_CPU, /* a lane for each guest thread: when it runs                  */
    LANE_ISR, /* interrupt service chains; one may interrupt another         */
    LANE_DPC, /* DPC routines                                                */
    LANE_IRP, /* an IRP at a time; inside: each driver that it went to       */
    LANE_DMA, /* of a device: a transfer at a time; inside: its bursts       */
    LANE_BUS, /* who has the bus                                             */
    LANE_KINDS
};

/** What a span is; lanes_arguments() names its values. */
enum span_kind {
    SPAN_THREAD,
    SPAN_ISR,
    SPAN_DPC,
    SPAN_IRP,
    SPAN_TRANSFER,
    SPAN_BURST,
    SPAN_HOLD,
    SPAN_KINDS
};

enum { LANE_NAME = 64, SPAN_VALUES = 8, MARK_TEXT = 120 };
#define SPAN_OPEN UINT64_MAX /* the end of what is not over */

/** A lane. Its spans are those numbered [first, end); older ones are gone. */
struct lane {
    unsigned id; /* never given to another lane */
    enum lane_kind kind;
    char name[LANE_NAME];
    uint64_t first, end;
};

/** A span. Those of a lane begin in the order of their numbers, and each lies
 *  inside the one of less depth before it, or after it. */
struct lane_span {
    enum span_kind kind;
    uint8_t depth;
    uint64_t begin, end;       /* ticks; SPAN_OPEN                          */
    uint64_t id;               /* of this span, on all lanes                */
    uint64_t cause;            /* id of the span that led to it; 0: none    */
    uint64_t finisher;         /* of the one in which it was completed      */
    uint64_t outer;            /* number of the span of depth 0 around it   */
    uint32_t transfer, irp;    /* 0: none                                   */
    const char *name, *device; /* device "": none. Live as long as the lanes */
    uint64_t value[SPAN_VALUES]; /* kind s: a pointer that lives as long     */
};

/** Something that happened at one tick. */
struct lane_mark {
    uint64_t tick;
    enum event_id event; /* finding, dma_fault, guest_error, bugcheck        */
    char device[MACHINE_NAME];
    char text[MARK_TEXT];
};

/** A DMA transfer. */
struct lane_transfer {
    uint32_t transfer, irp; /* irp: that it was for, as far as is known      */
    const char *device;
    enum dma_dir dir;
    dla_t at;       /* logical address of its first byte                     */
    uint32_t bytes; /* asked for                                             */
    uint32_t done, status; /* enum dma_status, when it is over               */
    uint64_t begin, end;   /* ticks; SPAN_OPEN                               */
    unsigned lane;         /* id                                             */
    uint64_t number;       /* of its span there                              */
};

/** A tenure of a transfer. */
struct lane_burst {
    uint64_t begin, end;
    dla_t at;
    gpa_t to;
    uint32_t reg; /* window << 16 | index; UINT32_MAX: no map register       */
    uint32_t bytes;
};

/** A span of depth 0 and all inside are over: those numbered [@from, @to). */
typedef void lanes_over_fn(void *context, unsigned lane, uint64_t from,
                           uint64_t to);

/** Something is marked. */
typedef void lanes_mark_fn(void *context, const struct lane_mark *mark);

struct lanes_options {
    uint32_t most; /* spans kept per lane, 0: 65536; marks, transfers  */
    const struct symbols *symbols; /* for names of code; NULL: few           */
    lanes_over_fn *over; /* or NULL                                          */
    lanes_mark_fn *mark; /* or NULL                                          */
    void *context;
};

/**
 * lanes_create() - listen to @m from now on.
 * @out:     free it with lanes_destroy(), while @m stands
 * @options: NULL: the defaults
 *
 * Returns HB_OK or HB_NO_MEMORY.
 */
HB_API enum hb_status lanes_create(struct lanes **out, struct machine *m,
                                   const struct lanes_options *options,
                                   struct hb_error *error);
HB_API void lanes_destroy(struct lanes *lanes);

/** lanes_at() - lane @index in the order in which they are shown: by kind, then
 *  by age. lanes_lane() - the one of that id. */
HB_API bool lanes_at(const struct lanes *lanes, unsigned index,
                     struct lane *lane);
HB_API bool lanes_lane(const struct lanes *lanes, unsigned id,
                       struct lane *lane);
/** lanes_span() - span @number of lane @id. False: gone, or not there yet. */
HB_API bool lanes_span(const struct lanes *lanes, unsigned id, uint64_t number,
                       struct lane_span *span);
/** lanes_find() - where to begin for what there was at @tick and later: number
 *  of the last span of depth 0 that began by then, or of the oldest. */
HB_API uint64_t lanes_find(const struct lanes *lanes, unsigned id,
                           uint64_t tick);
/** lanes_locate() - lane and number of the span @span_id; false: it is gone. */
HB_API bool lanes_locate(const struct lanes *lanes, uint64_t span_id,
                         unsigned *id, uint64_t *number);
/** lanes_forget() - drop the spans of a lane before @number. */
HB_API void lanes_forget(struct lanes *lanes, unsigned id, uint64_t number);
/** lanes_cut() - the run goes another way from tick @tick on (a change in its
 *  past): what came after is forgotten, what went on then goes on. */
HB_API void lanes_cut(struct lanes *lanes, uint64_t tick);
/** lanes_dropped() - spans that went for want of room, or forgotten. */
HB_API uint64_t lanes_dropped(const struct lanes *lanes);
/** lanes_arguments() - names of a span's values, as hb_event_args(). */
HB_API const char *lanes_arguments(enum span_kind kind);
HB_API const char *lanes_kind_name(enum lane_kind kind);

/** lanes_mark() - mark @index of those that are kept, the oldest first. */
HB_API bool lanes_mark(const struct lanes *lanes, unsigned index,
                       struct lane_mark *mark);
/** lanes_transfer() - transfer @index of those that are kept, the oldest first.
 *  lanes_burst() - burst @index of it. */
HB_API bool lanes_transfer(const struct lanes *lanes, unsigned index,
                           struct lane_transfer *transfer);
HB_API bool lanes_burst(const struct lanes *lanes,
                        const struct lane_transfer *transfer, unsigned index,
                        struct lane_burst *burst);

#endif
