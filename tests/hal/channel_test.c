/* tests/hal/channel_test.c -- who gets channel and registers, and when. */
#include "rig.h"

static enum hb_status ask(struct rig *r, struct hal_adapter *ad, uint32_t n,
                          uint32_t who)
{
    const struct hal_ask a = {.registers = n,
                              .device = gva_of(0x81100000 + who),
                              .routine = gva_of(0xeb001000),
                              .irp = 0x81200000 + who,
                              .context = who};

    return hal_channel_ask(r->hal, ad, &a);
}

/* The request whose routine is to be called now, 0: none; its number in *id. */
static uint32_t next(struct rig *r, uint32_t *id, uint32_t *base)
{
    struct hal_run run = {0};

    *id = 0;
    if (!hal_run_next(r->hal, &run))
        return 0;
    *id = run.request;
    if (base)
        *base = run.base;
    return run.context;
}

static struct hal_adapter *slave(struct rig *r)
{
    struct hal_device dev = isa_slave(2, 0x8000);

    return rig_adapter(r, &dev);
}

static void idle_channel_runs_at_once_with_the_four_arguments(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_adapter *ad = slave(r);
    struct hal_run run;

    (void)state;
    assert_int_equal(ask(r, ad, 3, 5), HB_OK);
    assert_true(hal_run_next(r->hal, &run));
    assert_int_equal(run.device.v, 0x81100005);
    assert_int_equal(run.irp, 0x81200005);
    assert_int_equal(run.context, 5);
    assert_int_equal(run.routine.v, 0xeb001000);
    assert_int_not_equal(run.base, 0);
    assert_false(run.list);
    assert_false(hal_run_next(r->hal, &run)); /* exactly once */
    rig_free(r);
}

static void waiters_get_the_channel_in_order(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_adapter *ad = slave(r);
    uint32_t id, none, who;

    (void)state;
    for (who = 1; who <= 4; who++)
        assert_int_equal(ask(r, ad, 1, who), HB_OK);
    for (who = 1; who <= 4; who++) {
        assert_int_equal(next(r, &id, NULL), who);
        assert_int_equal(next(r, &none, NULL), 0);
        hal_run_done(r->hal, id, HAL_KEEP_OBJECT);
        assert_int_equal(next(r, &none, NULL), 0); /* it is held */
        assert_int_equal(hal_channel_free(r->hal, ad), HB_OK);
    }
    assert_int_equal(next(r, &id, NULL), 0);
    rig_free(r);
}

static uint32_t in_use(struct rig *r)
{
    struct hal_pool_info pool;

    assert_true(hal_pool_at(r->hal, 0, &pool));
    return pool.in_use;
}

static void deallocate_object_frees_both(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_adapter *ad = slave(r);
    uint32_t id;

    (void)state;
    ask(r, ad, 2, 1);
    ask(r, ad, 3, 2);
    assert_int_equal(next(r, &id, NULL), 1);
    assert_int_equal(in_use(r), 2);
    hal_run_done(r->hal, id, HAL_DEALLOCATE_OBJECT);
    assert_int_equal(next(r, &id, NULL), 2);
    assert_int_equal(in_use(r), 3);
    rig_free(r);
}

static void keep_registers_frees_the_channel_alone(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, true, 0x8000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    uint32_t id, base = 0;

    (void)state;
    ask(r, ad, 2, 1);
    ask(r, ad, 3, 2);
    assert_int_equal(next(r, &id, &base), 1);
    hal_run_done(r->hal, id, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
    assert_int_equal(next(r, &id, NULL), 2);
    assert_int_equal(in_use(r), 5);
    assert_int_equal(hal_registers_free(r->hal, ad, base, 2), HB_OK);
    assert_int_equal(in_use(r), 3);
    rig_free(r);
}

static void any_other_answer_is_keep_object_and_reported(void **state)
{
    static const uint32_t answer[] = {0, 4, 7, 0xffffffff};
    unsigned i;

    (void)state;
    for (i = 0; i < 4; i++) {
        struct rig *r = rig_of(HAL_TRANSLATE);
        struct hal_adapter *ad = slave(r);
        uint32_t id;

        ask(r, ad, 1, 1);
        next(r, &id, NULL);
        hal_run_done(r->hal, id, answer[i]);
        assert_string_equal(r->rule, "S17");
        assert_int_equal(in_use(r), 1);
        assert_int_equal(hal_channel_free(r->hal, ad), HB_OK);
        assert_int_equal(in_use(r), 0);
        rig_free(r);
    }
}

/* SEC-013: idle, busy, and an adapter without registers */
static void more_than_the_grant_is_refused_and_not_queued(void **state)
{
    struct rig *r = rig_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(r, true, true, 0x4000);
    struct hal_adapter *ad = slave(r), *direct;
    uint32_t id, at = r->next_object;

    (void)state;
    direct = rig_adapter(r, &dev);
    ad = hal_adapter_find(r->hal, gva_of(at));
    assert_int_equal(ask(r, ad, 10, 1), HB_LIMIT);
    assert_string_equal(r->rule, "S18");
    ask(r, ad, 1, 2);
    assert_int_equal(ask(r, ad, 10, 3), HB_LIMIT);
    assert_int_equal(ask(r, ad, 0xffffffff, 3), HB_LIMIT);
    assert_int_equal(ask(r, direct, 6, 4), HB_LIMIT);
    assert_int_equal(next(r, &id, NULL), 2);
    hal_run_done(r->hal, id, HAL_DEALLOCATE_OBJECT);
    assert_int_equal(next(r, &id, NULL), 0);
    rig_free(r);
}

/* A pool of 16, two masters. */
static void register_waiters_are_served_in_order(void **state)
{
    const struct rig_options o = {.kind = HAL_TRANSLATE, .registers = 16};
    struct rig *r = rig_new(&o);
    struct hal_device dev = pci_master(r, false, true, 0x40000);
    struct hal_adapter *ad[6];
    uint32_t base[4], id, i;

    (void)state;
    for (i = 0; i < 6; i++)
        rig_adapter(r, &dev);
    for (i = 0; i < 6; i++) {
        struct hal_adapter_info info;

        hal_adapter_at(r->hal, i, &info);
        ad[i] = hal_adapter_find(r->hal, info.at);
    }
    assert_int_equal(hal_adapter_grant(ad[0]), 4);
    for (i = 0; i < 4; i++)
        base[i] = rig_registers(r, ad[i], 4);
    assert_int_equal(ask(r, ad[4], 4, 1), HB_OK); /* large, first    */
    assert_int_equal(ask(r, ad[5], 1, 2), HB_OK); /* small, second   */
    assert_int_equal(next(r, &id, NULL), 0);
    hal_registers_free(r->hal, ad[1], base[1], 4);
    assert_int_equal(next(r, &id, NULL), 1);
    assert_int_equal(next(r, &id, NULL), 0); /* nothing is left */
    hal_registers_free(r->hal, ad[0], base[0], 4);
    assert_int_equal(next(r, &id, NULL), 2);
    rig_free(r);
}

/* The small one does not overtake though it would fit. */
static void a_small_request_does_not_overtake(void **state)
{
    const struct rig_options o = {.kind = HAL_TRANSLATE,
                                  .registers = 16,
                                  .settings = {.grant_master = 4}};
    struct rig *r = rig_new(&o);
    struct hal_device dev = pci_master(r, false, true, 0x40000);
    struct hal_adapter *ad[3];
    uint32_t base[5], id, i;

    (void)state;
    for (i = 0; i < 3; i++)
        rig_adapter(r, &dev);
    for (i = 0; i < 3; i++) {
        struct hal_adapter_info info;

        hal_adapter_at(r->hal, i, &info);
        ad[i] = hal_adapter_find(r->hal, info.at);
    }
    for (i = 0; i < 5; i++)
        base[i] = rig_registers(r, ad[0], i < 4 ? 3 : 2); /* 14 of 16 */
    ask(r, ad[1], 4, 1);
    ask(r, ad[2], 1, 2);
    assert_int_equal(next(r, &id, NULL), 0);
    hal_registers_free(r->hal, ad[0], base[4], 2);
    assert_int_equal(next(r, &id, NULL), 1);
    assert_int_equal(next(r, &id, NULL), 0);
    assert_int_equal(in_use(r), 16);
    hal_registers_free(r->hal, ad[0], base[0], 3);
    assert_int_equal(next(r, &id, NULL), 2);
    rig_free(r);
}

static void no_registers_gives_a_null_base(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_adapter *ad = slave(r);
    uint32_t id, base = 1;

    (void)state;
    ask(r, ad, 0, 9);
    assert_int_equal(next(r, &id, &base), 9);
    assert_int_equal(base, 0);
    rig_free(r);
}

static void crash_dump_registers_come_at_once_or_not(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_adapter *ad = slave(r);
    uint32_t count = 100, base = 0;

    (void)state;
    assert_int_equal(hal_registers_take(r->hal, ad, &count, &base), HB_OK);
    assert_int_equal(count, 9);
    assert_int_not_equal(base, 0);
    rig_free(r);
}

/* SEC-015 */
static void freeing_a_channel_nobody_holds_is_reported(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_adapter *ad = slave(r);
    uint32_t id;

    (void)state;
    assert_int_equal(hal_channel_free(r->hal, ad), HB_BAD_STATE);
    assert_string_equal(r->rule, "S17");
    ask(r, ad, 1, 1);
    next(r, &id, NULL);
    rig_forget(r); /* from inside its own AdapterControl */
    assert_int_equal(hal_channel_free(r->hal, ad), HB_BAD_STATE);
    assert_string_equal(r->rule, "S17");
    hal_run_done(r->hal, id, HAL_KEEP_OBJECT);
    assert_int_equal(hal_channel_free(r->hal, ad), HB_OK);
    assert_int_equal(hal_channel_free(r->hal, ad), HB_BAD_STATE);
    assert_int_equal(in_use(r), 0);
    rig_free(r);
}

/* Registers still attached go with the channel, mapped or not. */
static void channel_takes_its_registers_along(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_adapter *ad = slave(r);
    uint32_t id, base = 0;
    struct buffer b;

    (void)state;
    ask(r, ad, 3, 1);
    next(r, &id, &base);
    rig_scatter(r, &b, 0x2000, 0, 0x3000);
    rig_map(r, ad, base, b.f, 3, DMA_TO_DEVICE);
    hal_run_done(r->hal, id, HAL_KEEP_OBJECT);
    hal_channel_free(r->hal, ad);
    assert_int_equal(in_use(r), 0);
    assert_int_equal(hal_page_count(r->hal), 0);
    assert_string_equal(r->rule, "S03"); /* Not flushed. */
    rig_free(r);
}

/* The queue is bounded. */
static void a_thousand_requests_wait_and_no_more(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_adapter *ad = slave(r);
    uint32_t i;

    (void)state;
    for (i = 0; i < 1024; i++)
        assert_int_equal(ask(r, ad, 1, i + 1), HB_OK);
    assert_int_equal(ask(r, ad, 1, 1), HB_FULL);
    rig_free(r);
}

/* An adapter that goes away takes its waiters along; others go on. */
static void released_adapter_drops_its_requests(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_adapter *ad = slave(r);
    uint32_t id;

    (void)state;
    ask(r, ad, 1, 1);
    ask(r, ad, 1, 2);
    next(r, &id, NULL);
    assert_true(hal_adapter_put(r->hal, ad));
    hal_run_done(r->hal, id, HAL_KEEP_OBJECT); /* its routine comes back */
    assert_int_equal(next(r, &id, NULL), 0);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_channel_runs_at_once_with_the_four_arguments),
        cmocka_unit_test(waiters_get_the_channel_in_order),
        cmocka_unit_test(deallocate_object_frees_both),
        cmocka_unit_test(keep_registers_frees_the_channel_alone),
        cmocka_unit_test(any_other_answer_is_keep_object_and_reported),
        cmocka_unit_test(more_than_the_grant_is_refused_and_not_queued),
        cmocka_unit_test(register_waiters_are_served_in_order),
        cmocka_unit_test(a_small_request_does_not_overtake),
        cmocka_unit_test(no_registers_gives_a_null_base),
        cmocka_unit_test(crash_dump_registers_come_at_once_or_not),
        cmocka_unit_test(freeing_a_channel_nobody_holds_is_reported),
        cmocka_unit_test(channel_takes_its_registers_along),
        cmocka_unit_test(a_thousand_requests_wait_and_no_more),
        cmocka_unit_test(released_adapter_drops_its_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
