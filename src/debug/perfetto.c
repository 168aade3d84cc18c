/* src/debug/perfetto.c -- spans as complete events ("X"), their causes as flow
 * events ("s", "f"), marks as instants, IRQL and map registers as counters. An
 * outer span stands before those inside it, so it is written when all of them
 * are over. Source: Google, "Trace Event Format"; of events of one time the
 * viewers take first what stands first. */
#include "debug/perfetto.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "halbox/lanes.h"

enum { KEPT = 4096 }; /* spans per lane that are written and may be causes */
enum { SPANS_MOST = 1 << 18, KIND_STEP = 10000 };

struct perfetto {
    FILE *file;
    const char *path;
    struct machine *m;
    struct lanes *lanes;
    struct symbols *symbols; /* of the images' files */
    bool loaded;             /* an image is not yet in it */
    unsigned pid;            /* of the machine; in all there were so many */
    unsigned told;           /* lanes that are named in the file */
    bool any;                /* the next event comes after a comma */
    uint64_t flow;           /* number of the last one */
    uint64_t now;            /* tick up to which what is open is shown */
    uint32_t ns_per_tick;
};

/* ---- pieces of JSON ----------------------------------------------------- */

static void put_string(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            fprintf(f, "\\u%04x", c);
        else
            fputc(c, f);
    }
    fputc('"', f);
}

/* Microseconds, exact to the nanosecond. */
static void put_us(FILE *f, const char *key, uint64_t ns)
{
    fprintf(f, ",\"%s\":%" PRIu64 ".%03u", key, ns / 1000,
            (unsigned)(ns % 1000));
}

/* "{"ph":..., on lane @tid; who calls ends it with "}". */
static void begin_event(struct perfetto *p, const char *phase, unsigned tid,
                        const char *name)
{
    fprintf(p->file, "%s{\"ph\":\"%s\",\"pid\":%u,\"tid\":%u,\"name\":",
            p->any ? ",\n" : "", phase, p->pid, tid);
    put_string(p->file, name);
    p->any = true;
}

static void put_value(FILE *f, char kind, uint64_t v)
{
    if (kind == 'd')
        put_string(f, v == DMA_TO_DEVICE ? "to_device" : "from_device");
    else if (kind == 'x')
        fprintf(f, "\"0x%" PRIx64 "\"", v);
    else
        fprintf(f, "%" PRIu64, v);
}

static void put_arguments(FILE *f, const struct lane_span *span)
{
    const char *list = lanes_arguments(span->kind);
    const char *colon;

    fputs(",\"args\":{", f);
    for (unsigned i = 0; (colon = strchr(list, ':')) != NULL; i++) {
        fprintf(f, "%s\"%.*s\":", i ? "," : "", (int)(colon - list), list);
        put_value(f, colon[1], span->value[i]);
        list = colon + 2 + (colon[2] == ' ');
    }
    if (*span->device) {
        fputs(",\"device\":", f);
        put_string(f, span->device);
    }
    if (span->transfer)
        fprintf(f, ",\"transfer\":%u", span->transfer);
    if (span->irp)
        fprintf(f, ",\"irp\":\"0x%x\"", span->irp);
    if (span->end == SPAN_OPEN)
        fputs(",\"open\":true", f);
    fputc('}', f);
}

static void metadata(struct perfetto *p, unsigned tid, const char *what,
                     const char *name)
{
    begin_event(p, "M", tid, what);
    fputs(",\"args\":{\"name\":", p->file);
    put_string(p->file, name);
    fputs("}}", p->file);
}

/* ---- lanes -------------------------------------------------------------- */

static unsigned tid_of(unsigned lane)
{
    return lane + 1;
}

/* Names of the lanes that are new. */
static void tell_lanes(struct perfetto *p)
{
    char name[LANE_NAME + 8];
    struct lane lane;

    for (; lanes_lane(p->lanes, p->told, &lane); p->told++) {
        if (lane.kind == LANE_CPU || lane.kind == LANE_DMA)
            snprintf(name, sizeof name, "%s: %s", lanes_kind_name(lane.kind),
                     lane.name);
        else
            snprintf(name, sizeof name, "%s", lane.name);
        metadata(p, tid_of(lane.id), "thread_name", name);
        begin_event(p, "M", tid_of(lane.id), "thread_sort_index");
        fprintf(p->file, ",\"args\":{\"sort_index\":%u}}",
                (unsigned)lane.kind * KIND_STEP + lane.id);
    }
}

/* ---- spans and what led to them ----------------------------------------- */

static uint64_t begin_ns(const struct perfetto *p, const struct lane_span *s)
{
    return s->begin * p->ns_per_tick;
}

static uint64_t end_ns(const struct perfetto *p, const struct lane_span *s)
{
    uint64_t end = s->end == SPAN_OPEN ? p->now : s->end;

    return (end > s->begin ? end : s->begin) * p->ns_per_tick;
}

/* @ns, or what is nearest to it inside @s: an end binds to what encloses it. */
static uint64_t inside(const struct perfetto *p, const struct lane_span *s,
                       uint64_t ns)
{
    uint64_t begin = begin_ns(p, s), end = end_ns(p, s);

    if (s->end != SPAN_OPEN && ns >= end)
        ns = end - (end > begin);
    return ns > begin ? ns : begin;
}

static void flow_end(struct perfetto *p, const char *phase, unsigned lane,
                     uint64_t ns)
{
    begin_event(p, phase, tid_of(lane), "leads to");
    fprintf(p->file, ",\"cat\":\"cause\",\"id\":%" PRIu64, p->flow);
    put_us(p->file, "ts", ns);
    fputs(*phase == 'f' ? ",\"bp\":\"e\"}" : "}", p->file);
}

/* An arrow from span @from_id to @to at time @ns; none when that is gone. */
static void flow(struct perfetto *p, uint64_t from_id, unsigned to_lane,
                 const struct lane_span *to, uint64_t ns)
{
    struct lane_span from;
    uint64_t number;
    unsigned lane;

    if (!lanes_locate(p->lanes, from_id, &lane, &number) ||
        !lanes_span(p->lanes, lane, number, &from))
        return;
    p->flow++;
    flow_end(p, "s", lane, inside(p, &from, ns));
    flow_end(p, "f", to_lane, inside(p, to, ns));
}

static void write_span(struct perfetto *p, unsigned lane,
                       const struct lane_span *s)
{
    uint64_t begin = begin_ns(p, s), end = end_ns(p, s);

    begin_event(p, "X", tid_of(lane), s->name);
    put_us(p->file, "ts", begin);
    put_us(p->file, "dur", end - begin);
    put_arguments(p->file, s);
    fputc('}', p->file);
    flow(p, s->cause, lane, s, begin);
    if (!s->depth && s->end != SPAN_OPEN)
        flow(p, s->finisher, lane, s, end);
}

static void write_spans(struct perfetto *p, unsigned lane, uint64_t from,
                        uint64_t to)
{
    struct lane_span span;

    tell_lanes(p);
    for (uint64_t n = from; n < to; n++)
        if (lanes_span(p->lanes, lane, n, &span))
            write_span(p, lane, &span);
}

static void over(void *context, unsigned lane, uint64_t from, uint64_t to)
{
    struct perfetto *p = context;

    write_spans(p, lane, from, to);
    if (to > KEPT)
        lanes_forget(p->lanes, lane, to - KEPT);
}

/* Where what is open on @lane begins; false: nothing is. */
static bool find_open(const struct perfetto *p, const struct lane *lane,
                      uint64_t *from)
{
    struct lane_span outer;

    *from = lanes_find(p->lanes, lane->id, UINT64_MAX);
    return lanes_span(p->lanes, lane->id, *from, &outer) &&
           outer.end == SPAN_OPEN;
}

/* What is not over when the run ends goes up to the end of the last that is: a
 * burst's time is known before it has passed. */
static void write_open(struct perfetto *p)
{
    struct lane_span span;
    struct lane lane;
    uint64_t from;

    p->now = machine_position(p->m).tick;
    for (unsigned i = 0; lanes_at(p->lanes, i, &lane); i++)
        if (lanes_span(p->lanes, lane.id, lane.end - 1, &span) &&
            span.end != SPAN_OPEN && span.end > p->now)
            p->now = span.end;
    for (unsigned i = 0; lanes_at(p->lanes, i, &lane); i++)
        if (find_open(p, &lane, &from))
            write_spans(p, lane.id, from, lane.end);
}

/* ---- marks and counters ------------------------------------------------- */

static void on_mark(void *context, const struct lane_mark *mark)
{
    struct perfetto *p = context;

    begin_event(p, "i", 0, hb_event_name(mark->event));
    put_us(p->file, "ts", mark->tick * p->ns_per_tick);
    fputs(",\"s\":\"p\",\"args\":{\"text\":", p->file);
    put_string(p->file, mark->text);
    fputs(",\"device\":", p->file);
    put_string(p->file, mark->device);
    fputs("}}", p->file);
}

static void on_counter(void *context, const struct hb_event *e)
{
    struct perfetto *p = context;
    char name[48] = "IRQL";

    if (e->id == EV_registers)
        snprintf(name, sizeof name, "map registers of adapter %08x",
                 (unsigned)e->args[0]);
    begin_event(p, "C", 0, name);
    put_us(p->file, "ts", e->tick * p->ns_per_tick);
    fprintf(p->file, ",\"args\":{\"%s\":%" PRIu64 "}}",
            e->id == EV_registers ? "held" : "IRQL", e->args[1]);
}

/* A DPC is named by its routine, once its image's file has been read. */
static void on_image(void *context, const struct hb_event *e)
{
    struct perfetto *p = context;

    if (e->id == EV_dpc && p->loaded && p->symbols)
        symbols_add_loaded(p->symbols, p->m);
    p->loaded = e->id == EV_image_load;
}

/* ---- machines and the file ---------------------------------------------- */

enum hb_status perfetto_machine(struct perfetto *p, struct machine *m,
                                struct hb_error *error)
{
    const struct lanes_options options = {.most = SPANS_MOST,
                                          .symbols = p->symbols,
                                          .over = over,
                                          .mark = on_mark,
                                          .context = p};
    char name[MACHINE_NAME + 32];
    enum hb_status status;

    if (p->m)
        perfetto_gone(p, p->m);
    p->m = m;
    p->pid++;
    p->told = 0;
    p->ns_per_tick = machine_config(m)->ns_per_tick;
    snprintf(name, sizeof name, "machine %u (%s)", p->pid,
             machine_config(m)->bare ? "bare" : machine_config(m)->platform);
    metadata(p, 0, "process_name", name);
    p->loaded = true;
    status = machine_listen(m, on_image, p, "image_load,dpc", error);
    if (status == HB_OK) /* after that one, which has the names by then */
        status = lanes_create(&p->lanes, m, &options, error);
    if (status == HB_OK && !machine_config(m)->bare)
        status = machine_listen(m, on_counter, p, "irql,registers", error);
    return status;
}

void perfetto_gone(struct perfetto *p, const struct machine *m)
{
    if (!p->lanes || p->m != m)
        return;
    write_open(p);
    machine_unlisten(p->m, on_counter, p);
    machine_unlisten(p->m, on_image, p);
    lanes_destroy(p->lanes);
    p->lanes = NULL;
    p->m = NULL;
    fflush(p->file);
}

enum hb_status perfetto_open(struct perfetto **out, const char *path,
                             struct hb_error *error)
{
    struct perfetto *p = calloc(1, sizeof *p);

    if (!p)
        return hb_fail(error, HB_NO_MEMORY, "no memory for a trace");
    p->path = path;
    p->file = fopen(path, "w");
    if (!p->file) {
        free(p);
        return hb_fail(error, HB_NO_FILE, "%s: cannot write the trace: %s",
                       path, strerror(errno));
    }
    p->symbols = symbols_create(); /* without, names are addresses */
    fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", p->file);
    *out = p;
    return HB_OK;
}

enum hb_status perfetto_close(struct perfetto *p, struct hb_error *error)
{
    enum hb_status status = HB_OK;
    bool bad;

    if (!p)
        return HB_OK;
    fputs("\n]}\n", p->file);
    bad = ferror(p->file) != 0;
    if (fclose(p->file) != 0 || bad)
        status = hb_fail(error, HB_NO_FILE, "%s: cannot write all of the trace",
                         p->path);
    symbols_destroy(p->symbols);
    free(p);
    return status;
}
