/* tests/hal/v3_completion_test.c -- DmaCompletionRoutine: a slave's transfer
 * ends, the controller interrupts, a DPC tells the driver. Real cycles of the
 * 8237 with an ISA card. Contract ids: DMA-xxx. */
#include "v3.h"

enum { BYTES = 0x1234, CONTEXT = 0xc0ffee, DONE = 0, ABORTED = 1, STOPPED = 3 };

struct bench {
    struct guest *g;
    struct buffer b;
    uint32_t device, context;
    struct v3_map m;
};

static void bench_start(struct bench *t, enum hal_kind kind, bool interrupt,
                        bool slave)
{
    struct guest *g = v3_guest(kind, interrupt);
    uint32_t out = guest_alloc(g, 4);

    *t = (struct bench){.g = g, .device = guest_device(g, 0)};
    rig_scatter(&g->r, &t->b, 0x3000, 0x123, BYTES);
    t->m = (struct v3_map){.adapter = slave ? v3_slave(g, 0x8000)
                                            : v3_master(g, false, 32, 0x8000),
                           .mdl = guest_mdl(g, &t->b),
                           .bytes = BYTES,
                           .write = READ,
                           .list = slave ? 0 : guest_alloc(g, 24),
                           .list_bytes = slave ? 0 : 24,
                           .routine = guest_callback(g),
                           .context = CONTEXT};
    t->context = v3_context(g, t->m.adapter);
    assert_int_equal(table_call(g, t->m.adapter, OP_ALLOCATE_CHANNEL_EX,
                                t->device, t->context, 4, SYNCHRONOUS, 0, 0,
                                out),
                     SUCCESS);
    t->m.base = guest_get(g, out);
    isa_fill(&g->r, BYTES, 0x40);
    assert_int_equal(v3_map(g, &t->m), SUCCESS);
    assert_int_equal(t->m.mapped, BYTES); /* before any routine runs */
    assert_int_equal(guest_called(g), 0);
}

static void assert_told(const struct bench *t, uint32_t call, uint32_t status)
{
    assert_int_equal(guest_called(t->g), call + 1);
    assert_int_equal(guest_argument(t->g, call, 0), t->m.adapter);
    assert_int_equal(guest_argument(t->g, call, 1), t->device);
    assert_int_equal(guest_argument(t->g, call, 2), CONTEXT);
    assert_int_equal(guest_argument(t->g, call, 3), status);
    assert_int_equal(guest_called_irql(t->g, call), 2);
}

/* DMA-161: done; from a DPC, not while the driver is at DISPATCH_LEVEL. */
static void the_end_of_a_transfer_is_told(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct bench t;

        bench_start(&t, kind, true, true);
        isa_start(&t.g->r, DMA_FROM_DEVICE, ISA_DEMAND, false);
        v3_time(t.g, 2, 12000);
        assert_true(isa_terminal_count(&t.g->r));
        assert_int_equal(guest_called(t.g), 0);
        v3_time(t.g, 0, 10);
        assert_told(&t, 0, DONE);
        assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        assert_true(buffer_is(&t.g->r, &t.b, 0x40));
        v3_time(t.g, 0, 1000);
        assert_int_equal(guest_called(t.g), 1); /* once */
        assert_int_equal(t.g->r.findings, 0);
        guest_free(t.g);
    }
}

/* DMA-161: nothing is told by a controller that does not interrupt, or of a bus
 * master's transfer. */
static void only_an_interrupting_controller_tells(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned slave = 0; slave < 2; slave++) {
        struct bench t;

        bench_start(&t, kind, !slave, slave);
        if (slave)
            isa_start(&t.g->r, DMA_FROM_DEVICE, ISA_DEMAND, false);
        v3_time(t.g, 0, 12000);
        assert_int_equal(isa_terminal_count(&t.g->r), slave);
        assert_int_equal(
            table_call(t.g, t.m.adapter, OP_CANCEL_MAPPED, t.context), SUCCESS);
        assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        v3_time(t.g, 0, 1000);
        assert_int_equal(guest_called(t.g), 0);
        guest_free(t.g);
    }
}

/* DMA-161: cancelled in the middle: what had moved is in the buffer after the
 * flush. */
static void a_cancelled_transfer_is_told(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct bench t;
        uint32_t left, i;

        bench_start(&t, kind, true, true);
        buffer_fill(&t.g->r, &t.b, 0xa0);
        isa_start(&t.g->r, DMA_FROM_DEVICE, ISA_SINGLE, false);
        v3_time(t.g, 2, 500);
        assert_false(isa_terminal_count(&t.g->r));
        assert_int_equal(
            table_call(t.g, t.m.adapter, OP_CANCEL_MAPPED, t.context), SUCCESS);
        left = guest_call(t.g, "HalReadDmaCounter", t.m.adapter);
        assert_in_range(left, 1, BYTES - 1);
        v3_time(t.g, 0, 10);
        assert_told(&t, 0, STOPPED);
        v3_time(t.g, 2, 500); /* the channel is masked */
        assert_int_equal(guest_call(t.g, "HalReadDmaCounter", t.m.adapter),
                         left);
        assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        for (i = 0; i < BYTES; i++)
            assert_int_equal(buffer_byte(&t.g->r, &t.b, i),
                             (uint8_t)((i < BYTES - left ? 0x40 : 0xa0) + i));
        guest_free(t.g);
    }
}

/* DMA-161: aborted, when the driver flushes or frees the channel too early. */
static void a_flush_before_the_end_aborts(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned how = 0; how < 2; how++) {
        struct bench t;

        bench_start(&t, kind, true, true);
        if (how)
            table_call(t.g, t.m.adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        else
            assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        v3_time(t.g, 0, 10);
        assert_told(&t, 0, ABORTED);
        guest_free(t.g);
    }
}

/* DMA-161: a flush that comes between the end and its interrupt finds it done.
 */
static void what_had_ended_before_the_flush_is_done(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct bench t;

        bench_start(&t, kind, true, true);
        isa_start(&t.g->r, DMA_FROM_DEVICE, ISA_DEMAND, false);
        v3_time(t.g, 27, 12000); /* IRQ 13 waits */
        assert_true(isa_terminal_count(&t.g->r));
        guest_irql(t.g, 2);
        assert_int_equal(v3_flush(t.g, &t.m), SUCCESS);
        v3_time(t.g, 0, 10);
        assert_told(&t, 0, DONE);
        assert_true(buffer_is(&t.g->r, &t.b, 0x40));
        guest_free(t.g);
    }
}

/* Nothing is called for an adapter that is gone. */
static void an_adapter_that_is_put_tells_nothing(void **state)
{
    struct bench t;

    (void)state;
    bench_start(&t, HAL_TRANSLATE, true, true);
    isa_start(&t.g->r, DMA_FROM_DEVICE, ISA_DEMAND, false);
    table_call(t.g, t.m.adapter, OP_PUT);
    v3_time(t.g, 0, 12000);
    assert_int_equal(guest_called(t.g), 0);
    guest_free(t.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_a_transfer_is_told),
        cmocka_unit_test(only_an_interrupting_controller_tells),
        cmocka_unit_test(a_cancelled_transfer_is_told),
        cmocka_unit_test(a_flush_before_the_end_aborts),
        cmocka_unit_test(what_had_ended_before_the_flush_is_done),
        cmocka_unit_test(an_adapter_that_is_put_tells_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
