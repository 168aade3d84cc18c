/* tests/debug/lanes_test.c -- the time line of drivers at work: what is on its
 * lanes, what led to what, and that nobody but its reader notices it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "halbox/kit.h"
#include "halbox/lanes.h"

enum { PAGE = 4096, BEFORE = 0x10, THREE_PAGES = BEFORE + PAGE + 0x10 };
static const uint32_t frames[] = {0x5a0, 0x321, 0x777};

struct bench {
    struct kit *k;
    struct lanes *l;
    uint32_t file;
    gva_t buffer;
};

static void bench_make(struct bench *b, const char *device, const char *driver,
                       const char *path, uint32_t most)
{
    const struct lanes_options options = {.most = most};
    struct hb_error e = {0};

    b->k = kit_open(driver, device, "translate");
    assert_string_equal(kit_error(b->k), "");
    b->file = kit_file(b->k, path);
    b->buffer = kit_buffer(b->k, frames, 3, PAGE - BEFORE);
    assert_int_equal(lanes_create(&b->l, kit_machine(b->k), &options, &e),
                     HB_OK);
}

static void edu_make(struct bench *b, uint32_t most)
{
    bench_make(b, "edu", HALBOX_IMAGES "/edu.sys", "\\\\.\\Edu0", most);
}

static void bench_end(struct bench *b)
{
    assert_string_equal(kit_error(b->k), "");
    lanes_destroy(b->l);
    kit_close(b->k);
}

/* The newest span of @kind whose name is @name (NULL: any); its lane's id. */
static unsigned newest(const struct lanes *l, enum span_kind kind,
                       const char *name, struct lane_span *found)
{
    struct lane_span span;
    struct lane lane;
    unsigned id = UINT32_MAX;

    for (unsigned i = 0; lanes_at(l, i, &lane); i++)
        for (uint64_t n = lane.first; lanes_span(l, lane.id, n, &span); n++) {
            if (span.kind != kind || (name && strcmp(span.name, name) != 0) ||
                (id != UINT32_MAX && span.begin < found->begin))
                continue;
            *found = span;
            id = lane.id;
        }
    assert_int_not_equal(id, UINT32_MAX);
    return id;
}

/* The 8237 moves it byte by byte; each goes where its page's map register
 * says, which the kit heard from the HAL. */
static void a_transfer_of_three_pages_has_its_bursts_in_order(void **state)
{
    struct lane_transfer t;
    struct lane_burst burst;
    uint32_t moved = 0;
    uint64_t at;
    struct bench b;

    (void)state;
    bench_make(&b, "isacard", HALBOX_IMAGES "/isa_slave.sys", "\\\\.\\IsaCard0",
               0);
    kit_write(b.k, b.file, b.buffer, THREE_PAGES);
    assert_int_equal(kit_pages(b.k), 3);
    assert_true(lanes_transfer(b.l, 0, &t));
    assert_false(lanes_transfer(b.l, 1, &t));
    assert_string_equal(t.device, "isacard");
    assert_int_equal(t.dir, DMA_TO_DEVICE);
    assert_int_equal(t.bytes, THREE_PAGES);
    assert_int_equal(t.done, THREE_PAGES);
    assert_int_equal(t.status, DMA_OK);
    assert_int_equal(t.at.v, kit_page(b.k, 0)->dla.v);
    at = t.begin;
    for (unsigned i = 0; lanes_burst(b.l, &t, i, &burst); i++) {
        unsigned page = moved < BEFORE ? 0 : 1 + (moved - BEFORE) / PAGE;
        uint32_t in = page ? (moved - BEFORE) % PAGE : moved;
        const struct kit_page *p = kit_page(b.k, page);

        assert_int_equal(burst.at.v, p->dla.v + in);
        assert_int_equal(burst.to.v, p->pa.v + in);
        assert_int_equal(burst.reg & 0xffff, (p->dla.v >> 12) & 0xff);
        assert_true(burst.begin >= at && burst.end > burst.begin);
        at = burst.end;
        moved += burst.bytes;
    }
    assert_int_equal(moved, THREE_PAGES);
    assert_int_equal(t.end, at);
    bench_end(&b);
}

static void an_irp_leads_to_dma_an_interrupt_a_dpc_and_its_end(void **state)
{
    struct lane_span irp, transfer, isr, dpc;
    struct bench b;

    (void)state;
    edu_make(&b, 0);
    kit_write(b.k, b.file, b.buffer, 2 * BEFORE);
    newest(b.l, SPAN_IRP, "IRP_MJ_WRITE", &irp);
    newest(b.l, SPAN_TRANSFER, "to device", &transfer);
    newest(b.l, SPAN_ISR, "IRQ9", &isr);
    newest(b.l, SPAN_DPC, NULL, &dpc);
    assert_int_equal(transfer.cause, irp.id);
    assert_int_equal(transfer.irp, irp.irp);
    assert_int_equal(isr.cause, transfer.id);
    assert_int_equal(dpc.cause, isr.id);
    assert_int_equal(irp.finisher, dpc.id);
    assert_true(irp.begin < transfer.begin);
    assert_true(transfer.end <= isr.begin);
    assert_true(isr.begin < isr.end && isr.end <= dpc.begin);
    assert_true(dpc.begin < irp.end);
    assert_string_equal(irp.device, "\\Device\\Edu0");
    bench_end(&b);
}

/* In a lane spans begin in order, and lie inside each other or after. */
static void check_lane(const struct lanes *l, const struct lane *lane)
{
    uint64_t end[16] = {0}, before = 0;
    struct lane_span span;

    for (uint64_t n = lane->first; n < lane->end; n++) {
        assert_true(lanes_span(l, lane->id, n, &span));
        assert_true(span.begin >= before);
        assert_true(span.end >= span.begin);
        assert_true(span.depth < 16);
        if (span.depth && span.outer >= lane->first)
            assert_true(span.end <= end[span.depth - 1]);
        assert_true(span.begin >= end[span.depth] || n == lane->first);
        end[span.depth] = span.end;
        before = span.begin;
    }
    assert_false(lanes_span(l, lane->id, lane->end, &span));
}

static void lanes_are_shown_by_kind_and_their_spans_nest(void **state)
{
    enum lane_kind before = LANE_CPU;
    unsigned kinds = 0;
    struct lane lane;
    struct bench b;

    (void)state;
    edu_make(&b, 0);
    kit_write(b.k, b.file, b.buffer, THREE_PAGES);
    for (unsigned i = 0; lanes_at(b.l, i, &lane); i++) {
        assert_true(lane.kind >= before);
        before = lane.kind;
        kinds |= 1u << lane.kind;
        check_lane(b.l, &lane);
    }
    assert_int_equal(kinds, (1u << LANE_KINDS) - 1);
    bench_end(&b);
}

static void the_oldest_spans_go_when_there_are_too_many(void **state)
{
    enum { MOST = 64 };
    struct lane_span span;
    struct lane lane;
    struct bench b;

    (void)state;
    bench_make(&b, "isacard", HALBOX_IMAGES "/isa_slave.sys", "\\\\.\\IsaCard0",
               MOST);
    kit_write(b.k, b.file, b.buffer, THREE_PAGES);
    for (unsigned i = 0; lanes_at(b.l, i, &lane); i++) {
        assert_true(lane.end - lane.first <= MOST);
        assert_false(lane.first &&
                     lanes_span(b.l, lane.id, lane.first - 1, &span));
        check_lane(b.l, &lane);
        assert_int_equal(lanes_find(b.l, lane.id, 0), lane.first);
    }
    assert_true(lanes_dropped(b.l) >= 2 * (THREE_PAGES + 1 - MOST) - MOST);
    bench_end(&b);
}

static void a_tick_leads_to_what_goes_on_then(void **state)
{
    struct lane_span irp, found;
    struct bench b;
    unsigned lane;

    (void)state;
    edu_make(&b, 0);
    for (unsigned i = 0; i < 3; i++)
        kit_write(b.k, b.file, b.buffer, BEFORE);
    lane = newest(b.l, SPAN_IRP, "IRP_MJ_WRITE", &irp);
    assert_true(
        lanes_span(b.l, lane, lanes_find(b.l, lane, irp.begin), &found));
    assert_int_equal(found.id, irp.id);
    assert_true(lanes_span(b.l, lane, lanes_find(b.l, lane, irp.end), &found));
    assert_int_equal(found.id, irp.id);
    assert_true(
        lanes_span(b.l, lane, lanes_find(b.l, lane, irp.begin - 1), &found));
    assert_true(found.end < irp.begin);
    bench_end(&b);
}

/* As far as the tick it is what it was; what went on then goes on. */
static void a_cut_forgets_what_came_after_a_tick(void **state)
{
    struct lane_span irp, span;
    struct lane_transfer t;
    struct lane lane;
    struct bench b;
    uint64_t tick;

    (void)state;
    edu_make(&b, 0);
    for (unsigned i = 0; i < 3; i++)
        kit_write(b.k, b.file, b.buffer, BEFORE);
    assert_true(lanes_transfer(b.l, 1, &t));
    tick = t.begin - 1;
    lanes_cut(b.l, tick);
    for (unsigned i = 0; lanes_at(b.l, i, &lane); i++)
        for (uint64_t n = lane.first; lanes_span(b.l, lane.id, n, &span); n++) {
            assert_true(span.begin <= tick);
            assert_true(span.end <= tick || span.end == SPAN_OPEN);
        }
    newest(b.l, SPAN_IRP, "IRP_MJ_WRITE", &irp);
    assert_true(irp.end == SPAN_OPEN && irp.begin < tick);
    assert_false(lanes_transfer(b.l, 1, &t));
    kit_write(b.k, b.file, b.buffer, BEFORE); /* and a next one */
    assert_true(lanes_transfer(b.l, 1, &t));
    assert_true(t.begin > tick && t.end != SPAN_OPEN);
    assert_false(lanes_transfer(b.l, 2, &t));
    bench_end(&b);
}

/* What a machine that did the same things is, with and without a reader. */
static void the_machine_does_the_same_without_a_time_line(void **state)
{
    uint8_t *bytes[2];
    size_t count[2];
    struct hb_error e;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct bench b;

        edu_make(&b, 0);
        if (i) {
            lanes_destroy(b.l);
            b.l = NULL;
        }
        kit_write(b.k, b.file, b.buffer, THREE_PAGES);
        assert_int_equal(
            machine_save_bytes(kit_machine(b.k), &bytes[i], &count[i], &e),
            HB_OK);
        bench_end(&b);
    }
    assert_int_equal(count[0], count[1]);
    assert_memory_equal(bytes[0], bytes[1], count[0]);
    free(bytes[0]);
    free(bytes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transfer_of_three_pages_has_its_bursts_in_order),
        cmocka_unit_test(an_irp_leads_to_dma_an_interrupt_a_dpc_and_its_end),
        cmocka_unit_test(lanes_are_shown_by_kind_and_their_spans_nest),
        cmocka_unit_test(the_oldest_spans_go_when_there_are_too_many),
        cmocka_unit_test(a_tick_leads_to_what_goes_on_then),
        cmocka_unit_test(a_cut_forgets_what_came_after_a_tick),
        cmocka_unit_test(the_machine_does_the_same_without_a_time_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
