/* tests/hal/v3_channel_test.c -- AllocateAdapterChannelEx, its transfer
 * contexts, cancelling, FreeAdapterObject. Contract ids: DMA-xxx. */
#include "v3.h"

static struct hal_adapter_info info_of(const struct guest *g, uint32_t adapter)
{
    struct hal_adapter_info info;
    unsigned i;

    for (i = 0; hal_adapter_at(g->r.hal, i, &info); i++)
        if (info.at.v == adapter)
            return info;
    fail();
    return info;
}

/* DMA-152: 64 bytes at most are written; two pending requests with one context
 * are a finding, and the first is served intact. */
static void a_context_is_64_bytes_and_one_requests(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = v3_guest(kind, false);
        uint32_t adapter = v3_slave(g, 0x4000), at = guest_alloc(g, 0x80), i;

        for (i = 0; i < 0x80; i += 4)
            guest_set(g, at + i, 0xaaaaaaaa);
        assert_int_equal(table_call(g, adapter, OP_INIT_CONTEXT, at + 0x20),
                         SUCCESS);
        for (i = 0; i < 0x80; i += 4)
            if (i < 0x20 || i >= 0x60)
                assert_int_equal(guest_get(g, at + i), 0xaaaaaaaa);
        assert_int_equal(table_call(g, adapter, OP_INIT_CONTEXT, 0),
                         INVALID_PARAMETER);

        v3_hold(g, adapter, v3_context(g, adapter), 1);
        assert_int_equal(v3_queue(g, adapter, at + 0x20, 1), SUCCESS);
        assert_int_equal(g->r.findings, 0);
        assert_int_equal(v3_queue(g, adapter, at + 0x20, 1), INVALID_PARAMETER);
        assert_int_equal(g->r.findings, 1);
        assert_string_equal(g->r.rule, "S17");
        for (i = 0; i < 0x40;
             i += 4) /* what the driver does to it is its own */
            guest_set(g, at + 0x20 + i, 0xffffffff);
        guest_answer(g, HAL_DEALLOCATE_OBJECT);
        table_call(g, adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(guest_called(g), 1);
        assert_int_equal(g->r.findings, 1);
        assert_false(info_of(g, adapter).busy);
        guest_free(g);
    }
}

/* DMA-154: without the flag a routine must be there; the call does not wait for
 * it. */
static void asynchronous_requests_wait_in_the_queue(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = v3_guest(kind, false);
        uint32_t adapter = v3_slave(g, 0x4000), out = guest_alloc(g, 4);
        uint32_t a = v3_context(g, adapter), b = v3_context(g, adapter);
        uint32_t device = guest_device(g, 0x81777000);

        /* idle: it runs before the call is back */
        guest_answer(g, HAL_KEEP_OBJECT);
        assert_int_equal(table_call(g, adapter, OP_ALLOCATE_CHANNEL_EX, device,
                                    a, 2, ASYNCHRONOUS, guest_callback(g), 77,
                                    0),
                         SUCCESS);
        assert_int_equal(guest_called(g), 1);
        assert_int_equal(guest_argument(g, 0, 0), device);
        assert_int_equal(guest_argument(g, 0, 1), 0x81777000);
        assert_int_not_equal(guest_argument(g, 0, 2), 0);
        assert_int_equal(guest_argument(g, 0, 3), 77);
        assert_int_equal(guest_called_irql(g, 0), 2);
        /* busy: success at once, nothing has run */
        assert_int_equal(v3_queue(g, adapter, b, 1), SUCCESS);
        assert_int_equal(guest_called(g), 1);
        assert_int_equal(info_of(g, adapter).queued, 1);
        /* no routine, a base, no context, a flag that is none */
        const uint32_t wrong[][5] = {
            {v3_context(g, adapter), 0, 0, 0},
            {v3_context(g, adapter), 0, 0, out},
            {v3_context(g, adapter), 0, guest_callback(g), out},
            {0, 0, guest_callback(g), 0},
            {v3_context(g, adapter), 2, guest_callback(g), 0}};

        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(table_call(g, adapter, OP_ALLOCATE_CHANNEL_EX,
                                        device, wrong[i][0], 1, wrong[i][1],
                                        wrong[i][2], 0, wrong[i][3]),
                             INVALID_PARAMETER);
        assert_int_equal(info_of(g, adapter).queued, 1);
        guest_answer(g, HAL_DEALLOCATE_OBJECT);
        table_call(g, adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(guest_called(g), 2);
        assert_int_equal(guest_argument(g, 1, 3), 5);
        assert_int_equal(g->r.findings, 0);
        guest_free(g);
    }
}

static uint32_t ask_now(struct guest *g, uint32_t adapter, uint32_t registers,
                        uint32_t routine, uint32_t out)
{
    return table_call(g, adapter, OP_ALLOCATE_CHANNEL_EX, guest_device(g, 0),
                      v3_context(g, adapter), registers, SYNCHRONOUS, routine,
                      31, out);
}

/* DMA-155: at once or not at all; with a routine, which runs first, or without,
 * then the base goes through the pointer. */
static void synchronous_requests_are_served_at_once_or_refused(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = v3_guest(kind, false);
        uint32_t adapter = v3_slave(g, 0x4000), out = guest_alloc(g, 4);

        assert_int_equal(ask_now(g, adapter, 1, 0, 0), INVALID_PARAMETER);
        guest_answer(g, HAL_KEEP_OBJECT);
        assert_int_equal(ask_now(g, adapter, 1, guest_callback(g), 0), SUCCESS);
        assert_int_equal(guest_called(g), 1);
        assert_int_equal(guest_argument(g, 0, 3), 31);
        assert_int_equal(guest_called_irql(g, 0), 2);
        /* busy: nothing is queued, with or without routine */
        assert_int_equal(ask_now(g, adapter, 1, guest_callback(g), 0),
                         INSUFFICIENT_RESOURCES);
        assert_int_equal(ask_now(g, adapter, 1, 0, out),
                         INSUFFICIENT_RESOURCES);
        assert_int_equal(guest_get(g, out), 0);
        assert_int_equal(info_of(g, adapter).queued, 0);
        table_call(g, adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(guest_called(g), 1);
        /* idle again: the channel and its registers are the caller's */
        assert_int_equal(ask_now(g, adapter, 2, 0, out), SUCCESS);
        assert_int_not_equal(guest_get(g, out), 0);
        assert_int_equal(info_of(g, adapter).registers, 2);
        assert_true(info_of(g, adapter).busy);
        table_call(g, adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        /* both: the routine gets the same base */
        assert_int_equal(ask_now(g, adapter, 1, guest_callback(g), out),
                         SUCCESS);
        assert_int_equal(guest_called(g), 2);
        assert_int_equal(guest_argument(g, 1, 2), guest_get(g, out));
        assert_int_equal(g->r.findings, 0);
        /* more than the grant */
        table_call(g, adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(ask_now(g, adapter, 1000, 0, out),
                         INSUFFICIENT_RESOURCES);
        assert_string_equal(g->r.rule, "S18");
        assert_false(info_of(g, adapter).busy);
        guest_free(g);
    }
}

/* Adapters that hold all registers of their pool; the last one has none. */
static uint32_t use_up(struct guest *g)
{
    for (unsigned i = 0; i < 40; i++) {
        uint32_t adapter = v3_master(g, false, 24, 0x40000);
        struct hal_adapter_info info = info_of(g, adapter);
        struct hal_pool_info pool;
        uint32_t left;

        assert_true(hal_pool_at(g->r.hal, 0, &pool));
        left = pool.registers - pool.in_use;
        if (!left)
            return adapter;
        v3_hold(g, adapter, v3_context(g, adapter),
                left < info.grant ? left : info.grant);
    }
    fail();
    return 0;
}

/* DMA-155: ... the same when the channel is free and registers are not. */
static void registers_that_are_not_free_are_refused(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = v3_guest(kind, false);
        uint32_t adapter = use_up(g), out = guest_alloc(g, 4);

        assert_int_equal(ask_now(g, adapter, 1, 0, out),
                         INSUFFICIENT_RESOURCES);
        assert_int_equal(ask_now(g, adapter, 1, guest_callback(g), 0),
                         INSUFFICIENT_RESOURCES);
        assert_false(info_of(g, adapter).busy);
        assert_int_equal(info_of(g, adapter).queued, 0);
        /* and does not overtake one that waits */
        assert_int_equal(v3_queue(g, adapter, v3_context(g, adapter), 2),
                         SUCCESS);
        assert_int_equal(guest_called(g), 0);
        assert_int_equal(ask_now(g, adapter, 1, 0, out),
                         INSUFFICIENT_RESOURCES);
        guest_free(g);
    }
}

/* DMA-156: a request that waits for the channel, or has it and waits for
 * registers, goes: its routine never runs. */
static void a_waiting_request_is_cancelled(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = v3_guest(kind, false);
        uint32_t adapter = v3_slave(g, 0x4000);
        uint32_t first = v3_context(g, adapter), a = v3_context(g, adapter);
        uint32_t b = v3_context(g, adapter);

        v3_hold(g, adapter, first, 1);
        v3_queue(g, adapter, a, 1);
        v3_queue(g, adapter, b, 1);
        assert_int_equal(
            table_call(g, adapter, OP_CANCEL_CHANNEL, 0x81000000, a) & 0xff, 1);
        assert_int_equal(info_of(g, adapter).queued, 1);
        guest_answer(g, HAL_DEALLOCATE_OBJECT);
        table_call(g, adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(guest_called(g), 1); /* b */
        assert_false(info_of(g, adapter).busy);
        guest_free(g);

        g = v3_guest(kind, false);
        adapter = use_up(g);
        a = v3_context(g, adapter);
        v3_queue(g, adapter, a, 2);
        assert_true(info_of(g, adapter).busy);
        assert_int_equal(
            table_call(g, adapter, OP_CANCEL_CHANNEL, 0x81000000, a) & 0xff, 1);
        assert_false(info_of(g, adapter).busy);
        assert_int_equal(guest_called(g), 0);
        assert_int_equal(g->r.findings, 0);
        guest_free(g);
    }
}

/* DMA-156: a request whose routine ran is not cancelled, also when all that it
 * had is free again. */
static void what_ran_cannot_be_cancelled(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = v3_guest(kind, false);
        uint32_t adapter = v3_slave(g, 0x4000);
        uint32_t a = v3_context(g, adapter);

        guest_answer(g, HAL_KEEP_OBJECT);
        v3_queue(g, adapter, a, 1);
        assert_int_equal(
            table_call(g, adapter, OP_CANCEL_CHANNEL, 0x81000000, a) & 0xff, 0);
        assert_true(info_of(g, adapter).busy);
        table_call(g, adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(
            table_call(g, adapter, OP_CANCEL_CHANNEL, 0x81000000, a) & 0xff, 0);
        /* so a later request with it runs */
        v3_queue(g, adapter, a, 1);
        assert_int_equal(guest_called(g), 2);
        guest_free(g);
    }
}

/* DMA-156: ... nor one that is about to run, after another one's routine. */
static void what_is_about_to_run_cannot_be_cancelled(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct rig *r = rig_of(kind);
        struct hal_device dev = pci_master(r, false, true, 0x4000);
        struct hal_adapter *ad[2];
        gva_t buffer;
        struct hal_run run;

        rig_adapter(r, &dev);
        rig_adapter(r, &dev);
        for (uint32_t i = 0; i < 2; i++) {
            const struct hal_ask ask = {.registers = 1,
                                        .routine = gva_of(0xeb001000),
                                        .context = i,
                                        .context_at =
                                            gva_of(0x81300000 + 64 * i)};

            ad[i] = hal_adapter_find(r->hal,
                                     gva_of(r->next_object - 0x40 + 0x40 * i));
            assert_int_equal(hal_channel_ask(r->hal, ad[i], &ask), HB_OK);
        }
        assert_true(hal_run_next(r->hal, &run));
        assert_int_equal(run.context, 0);
        assert_false(
            hal_context_cancel(r->hal, ad[1], gva_of(0x81300040), &buffer));
        hal_run_done(r->hal, run.request, HAL_DEALLOCATE_OBJECT);
        assert_true(hal_run_next(r->hal, &run));
        assert_int_equal(run.context, 1);
        rig_free(r);
    }
}

/* DMA-156: cancelled before it is made, the request is refused; until the
 * context is initialised again. */
static void a_later_request_is_cancelled(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = v3_guest(kind, false);
        uint32_t adapter = v3_slave(g, 0x4000), out = guest_alloc(g, 4);
        uint32_t a = v3_context(g, adapter);

        assert_int_equal(
            table_call(g, adapter, OP_CANCEL_CHANNEL, 0x81000000, a) & 0xff, 1);
        assert_int_equal(v3_queue(g, adapter, a, 1), CANCELLED);
        assert_int_equal(table_call(g, adapter, OP_ALLOCATE_CHANNEL_EX,
                                    guest_device(g, 0), a, 1, SYNCHRONOUS, 0, 0,
                                    out),
                         CANCELLED);
        assert_int_equal(guest_called(g), 0);
        assert_false(info_of(g, adapter).busy);
        assert_int_equal(info_of(g, adapter).registers, 0);
        assert_int_equal(table_call(g, adapter, OP_INIT_CONTEXT, a), SUCCESS);
        guest_answer(g, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(v3_queue(g, adapter, a, 1), SUCCESS);
        assert_int_equal(guest_called(g), 1);
        assert_int_equal(g->r.findings, 0);
        guest_free(g);
    }
}

/* DMA-157: each IO_ALLOCATION_ACTION, and others. */
static void an_adapter_object_is_freed_by_its_action(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = v3_guest(kind, false);
        uint32_t adapter = v3_slave(g, 0x4000), base;

        base = v3_hold(g, adapter, v3_context(g, adapter), 3);
        table_call(g, adapter, OP_FREE_OBJECT, HAL_KEEP_OBJECT);
        assert_true(info_of(g, adapter).busy);
        assert_int_equal(info_of(g, adapter).registers, 3);
        table_call(g, adapter, OP_FREE_OBJECT,
                   HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        assert_false(info_of(g, adapter).busy);
        assert_int_equal(info_of(g, adapter).registers, 3);
        table_call(g, adapter, OP_FREE_REGISTERS, base, 3);
        assert_int_equal(info_of(g, adapter).registers, 0);

        v3_hold(g, adapter, v3_context(g, adapter), 2);
        table_call(g, adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_false(info_of(g, adapter).busy);
        assert_int_equal(info_of(g, adapter).registers, 0);
        assert_int_equal(g->r.findings, 0);

        v3_hold(g, adapter, v3_context(g, adapter), 1);
        table_call(g, adapter, OP_FREE_OBJECT, 9);
        assert_string_equal(g->r.rule, "S17");
        assert_true(info_of(g, adapter).busy);
        table_call(g, adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        table_call(g, adapter, OP_FREE_OBJECT,
                   HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        assert_int_equal(g->r.findings, 2); /* nobody holds it */
        guest_free(g);
    }
}

/* DMA-162: any number, a master too. */
static void an_8237_has_no_functions_of_its_own(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct guest *g = v3_guest(kind, false);
        uint32_t slave = v3_slave(g, 0x4000);

        for (unsigned i = 0; i < 32; i++)
            assert_int_equal(table_call(g, slave, OP_CONFIGURE, 1u << i, 0),
                             NOT_IMPLEMENTED);
        assert_int_equal(
            table_call(g, v3_master(g, true, 32, 0x1000), OP_CONFIGURE, 0, 0),
            NOT_IMPLEMENTED);
        guest_free(g);
    }
}

/* Contexts that are used once and never again do not fill the HAL; nothing of
 * an adapter's stays when it is put. */
static void contexts_are_forgotten_in_the_end(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x4000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    gva_t buffer;
    uint32_t i;

    (void)state;
    for (i = 0; i < 5000; i++)
        assert_true(hal_context_cancel(r->hal, ad, gva_of(0x81000000 + 64 * i),
                                       &buffer));
    assert_int_equal(r->findings, 0);
    assert_true(hal_adapter_put(r->hal, ad));
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_context_is_64_bytes_and_one_requests),
        cmocka_unit_test(asynchronous_requests_wait_in_the_queue),
        cmocka_unit_test(synchronous_requests_are_served_at_once_or_refused),
        cmocka_unit_test(registers_that_are_not_free_are_refused),
        cmocka_unit_test(a_waiting_request_is_cancelled),
        cmocka_unit_test(what_ran_cannot_be_cancelled),
        cmocka_unit_test(what_is_about_to_run_cannot_be_cancelled),
        cmocka_unit_test(a_later_request_is_cancelled),
        cmocka_unit_test(an_adapter_object_is_freed_by_its_action),
        cmocka_unit_test(an_8237_has_no_functions_of_its_own),
        cmocka_unit_test(contexts_are_forgotten_in_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
