/* tests/hal/control_test.c -- AllocateAdapterChannel and what comes of it: who
 * is called when, with what, and who has channel and registers afterwards; on
 * every kind of map registers. Contract ids: DMA-xxx. */
#include "driver.h"

enum { WCB = 0x34, NO_RESOURCES = 0xc000009a };

/** The sorts of device that matter here. */
enum sort { SLAVE, MASTER, MASTER_SG, SORTS };

static struct hal_device device_of(enum sort sort, uint32_t bytes)
{
    if (sort == SLAVE)
        return isa_slave(1, bytes);
    return a_master(sort == MASTER_SG, true, bytes);
}

#define EVERY_SORT(sort) for (enum sort sort = 0; sort < SORTS; sort++)

static struct driver *driver_of(enum hal_kind kind, enum sort sort)
{
    struct hal_device dev = device_of(sort, 0x8000);

    return driver_new(kind, &dev);
}

static bool has_registers(enum hal_kind kind, enum sort sort)
{
    return kind != HAL_BOUNCE || sort != MASTER_SG;
}

/* What the adapter holds, as the driver's calls made it. */
static struct hal_adapter_info info_of(const struct driver *d)
{
    struct hal_adapter_info info;

    for (unsigned i = 0; hal_adapter_at(d->g->r.hal, i, &info); i++)
        if (info.at.v == d->adapter)
            return info;
    fail();
    return info;
}

/* DMA-058, DMA-064, DMA-075: on an idle adapter the routine has run, at
 * DISPATCH_LEVEL, when the call returns STATUS_SUCCESS; with its four
 * arguments; the device object's wait block says so. */
static void an_idle_adapter_calls_at_once(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    {
        struct driver *d = driver_of(kind, sort);
        uint32_t wcb = d->device + WCB;

        assert_int_equal(
            driver_allocate(d, 3, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS), 0);
        assert_int_equal(guest_called(d->g), 1);
        assert_int_equal(guest_called_irql(d->g, 0), 2);
        assert_int_equal(guest_argument(d->g, 0, 0), d->device);
        assert_int_equal(guest_argument(d->g, 0, 1), 0x81777000);
        assert_int_equal(guest_argument(d->g, 0, 2) != 0,
                         has_registers(kind, sort));
        assert_int_equal(guest_argument(d->g, 0, 3), 0xc0ffee);
        assert_int_equal(guest_get(d->g, wcb + 0x10), guest_callback(d->g));
        assert_int_equal(guest_get(d->g, wcb + 0x14), 0xc0ffee);
        assert_int_equal(guest_get(d->g, wcb + 0x18), 3);
        assert_int_equal(guest_get(d->g, wcb + 0x1c), d->device);
        assert_int_equal(guest_get(d->g, wcb + 0x20), 0x81777000);
        assert_int_equal(ke_irql(d->g->ke), 2);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* A device object of its own asks; the routine keeps what it gets. */
static void ask_as(struct driver *d, uint32_t device, uint32_t registers,
                   uint32_t context)
{
    assert_int_equal(table_call(d->g, d->adapter, OP_ALLOCATE_CHANNEL, device,
                                registers, guest_callback(d->g), context),
                     0);
}

/* DMA-059, DMA-060, DMA-068, DMA-078: who finds the channel busy waits, and
 * gets it in order, each from inside the FreeAdapterChannel of the one before,
 * which also gives the registers back. */
static void waiters_follow_each_other(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    {
        struct driver *d = driver_of(kind, sort);
        uint32_t device[4], i;

        guest_answer(d->g, HAL_KEEP_OBJECT);
        for (i = 0; i < 4; i++) {
            device[i] = guest_device(d->g, 0x81000000 + i);
            ask_as(d, device[i], 2 + i, i);
            assert_int_equal(guest_called(d->g), 1);
        }
        for (i = 0; i < 4; i++) {
            assert_int_equal(guest_called(d->g), i + 1);
            assert_int_equal(guest_argument(d->g, i, 0), device[i]);
            assert_int_equal(guest_argument(d->g, i, 1), 0x81000000 + i);
            assert_int_equal(guest_argument(d->g, i, 3), i);
            assert_int_equal(guest_called_irql(d->g, i), 2);
            assert_int_equal(driver_in_use(d),
                             has_registers(kind, sort) ? 2 + i : 0);
            driver_free_channel(d);
        }
        assert_int_equal(guest_called(d->g), 4);
        assert_int_equal(driver_in_use(d), 0);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-061: above the grant: an error, nobody is called, nothing is queued, idle
 * or busy, with registers or without. */
static void above_the_grant_is_an_error(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    {
        struct driver *d = driver_of(kind, sort);

        assert_int_equal(driver_allocate(d, d->count + 1, HAL_KEEP_OBJECT),
                         NO_RESOURCES);
        assert_int_equal(driver_allocate(d, UINT32_MAX, HAL_KEEP_OBJECT),
                         NO_RESOURCES);
        assert_int_equal(guest_called(d->g), 0);
        assert_int_equal(driver_allocate(d, d->count, HAL_KEEP_OBJECT), 0);
        assert_int_equal(guest_called(d->g), 1);
        assert_int_equal(driver_allocate(d, d->count + 1, HAL_KEEP_OBJECT),
                         NO_RESOURCES);
        assert_int_equal(info_of(d).queued, 0);
        driver_free_channel(d);
        assert_int_equal(guest_called(d->g), 1);
        driver_free(d);
    }
}

enum { FILLS = 64 };

/** Who took all registers of the pool but some. */
struct full {
    struct driver by;
    uint32_t base[FILLS], count[FILLS], fills;
};

/* A second adapter takes registers until @left are free. */
static void fill(struct driver *d, struct full *f, const struct hal_device *dev,
                 uint32_t left)
{
    struct hal_pool_info pool;
    uint32_t n;

    *f = (struct full){0};
    driver_other(&f->by, d, dev);
    for (;;) {
        assert_true(hal_pool_at(d->g->r.hal, 0, &pool));
        n = pool.registers - pool.in_use - left;
        if (!n)
            return;
        if (n > f->by.count)
            n = f->by.count;
        assert_true(f->fills < FILLS);
        f->base[f->fills] = driver_take(&f->by, n);
        f->count[f->fills++] = n;
    }
}

static struct driver *driver_in_small_pool(enum hal_kind kind,
                                           struct hal_device *dev)
{
    const struct rig_options o = {.kind = kind, .registers = 64};

    *dev = a_master(false, true, 0x8000);
    return driver_on(&o, dev);
}

/* DMA-062, DMA-080: the channel is free and the registers are not: success, and
 * the routine runs from the FreeMapRegisters, or the FreeAdapterChannel, that
 * gives enough of them back. */
static void registers_are_waited_for(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned by_channel = 0; by_channel < 2; by_channel++) {
        struct hal_device dev;
        struct driver *d = driver_in_small_pool(kind, &dev), holder;
        struct full f;
        uint32_t before;

        driver_other(&holder, d, &dev);
        if (by_channel) /* it holds channel and registers */
            assert_int_equal(driver_allocate(&holder, 4, HAL_KEEP_OBJECT), 0);
        fill(d, &f, &dev, 3);
        before = guest_called(d->g);
        assert_int_equal(
            driver_allocate(d, 4, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS), 0);
        assert_int_equal(guest_called(d->g), before);
        if (by_channel)
            driver_free_channel(&holder);
        else
            driver_free_registers(&f.by, f.base[f.fills - 1],
                                  f.count[f.fills - 1]);
        assert_int_equal(guest_called(d->g), before + 1);
        assert_int_equal(guest_called_irql(d->g, before % GUEST_NOTED), 2);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-063, DMA-080: a small request does not overtake a large one that came
 * first, though there are registers for it; served, they are in order. */
static void nobody_overtakes(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct hal_device dev;
        struct driver *d = driver_in_small_pool(kind, &dev), small;
        struct full f;
        uint32_t before, i;

        driver_other(&small, d, &dev);
        fill(d, &f, &dev, 1);
        before = guest_called(d->g);
        ask_as(d, d->device, d->count, 100); /* all it may have */
        ask_as(&small, small.device, 1, 200);
        assert_int_equal(guest_called(d->g), before);
        for (i = f.fills; i-- > 0 && guest_called(d->g) == before;)
            driver_free_registers(&f.by, f.base[i], f.count[i]);
        assert_true(guest_called(d->g) > before);
        assert_int_equal(guest_argument(d->g, before % GUEST_NOTED, 3), 100);
        while (guest_called(d->g) == before + 1)
            driver_free_registers(&f.by, f.base[i], f.count[i]), i--;
        assert_int_equal(guest_argument(d->g, (before + 1) % GUEST_NOTED, 3),
                         200);
        driver_free(d);
    }
}

/* DMA-065: the packet is CurrentIrp as it was at the call, though the device
 * object has another when the routine runs. */
static void the_irp_is_that_of_the_call(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    {
        struct driver *d = driver_of(kind, sort);
        uint32_t device = guest_device(d->g, 0x81111000);

        guest_answer(d->g, HAL_KEEP_OBJECT);
        ask_as(d, d->device, 1, 1);
        ask_as(d, device, 1, 2);
        guest_set(d->g, device + 0x14, 0x81222000);
        driver_free_channel(d);
        assert_int_equal(guest_argument(d->g, 1, 0), device);
        assert_int_equal(guest_argument(d->g, 1, 1), 0x81111000);
        driver_free_channel(d);
        ask_as(d, device, 1, 3); /* as from StartIo */
        assert_int_equal(guest_argument(d->g, 2, 1), 0x81222000);
        driver_free(d);
    }
}

/* DMA-069: DeallocateObject: both are free when the call is over, and the next
 * waiters have run. */
static void deallocate_object_gives_both_back(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    {
        struct driver *d = driver_of(kind, sort);
        uint32_t i;

        guest_answer(d->g, HAL_KEEP_OBJECT);
        for (i = 0; i < 6; i++)
            ask_as(d, guest_device(d->g, 0), 2, i);
        guest_answer(d->g, HAL_DEALLOCATE_OBJECT);
        driver_free_channel(d);
        assert_int_equal(guest_called(d->g), 6);
        for (i = 0; i < 6; i++)
            assert_int_equal(guest_argument(d->g, i, 3), i);
        assert_int_equal(driver_in_use(d), 0);
        assert_false(info_of(d).busy);
        assert_int_equal(driver_allocate(d, d->count, HAL_DEALLOCATE_OBJECT),
                         0);
        assert_int_equal(guest_called(d->g), 7);
        driver_free(d);
    }
}

/* DMA-070: DeallocateObjectKeepRegisters: a second device has the channel at
 * once, the first one's mapping lives until FreeMapRegisters. */
static void keep_registers_gives_the_channel_back(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (enum sort sort = MASTER; sort < SORTS; sort++) {
        struct driver *d = driver_of(kind, sort);
        struct driver second = *d;
        uint32_t base, other, n = PAGE_BYTES;
        struct buffer b;
        dla_t dla;

        driver_buffer(d, &b, NULL, 0, PAGE_BYTES, 12);
        base = driver_take(d, 1);
        dla = driver_map(d, &b, base, 0, &n, WRITE);
        second.device = guest_device(d->g, 0);
        other = driver_take(&second, 3);
        assert_int_equal(driver_in_use(d), has_registers(kind, sort) ? 4 : 0);
        driver_free_registers(&second, other, 3);
        assert_true(card_reads(&d->g->r, dla, n, 12));
        driver_flush(d, &b, base, 0, n, WRITE);
        driver_free_registers(d, base, 1);
        assert_int_equal(driver_in_use(d), 0);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-071: any other answer is KeepObject, and told. */
static void any_other_answer_keeps(void **state)
{
    static const uint32_t answer[] = {0, 4, 7, 0xffffffff};

    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    for (unsigned i = 0; i < 4; i++) {
        struct driver *d = driver_of(kind, sort);

        assert_int_equal(driver_allocate(d, 2, answer[i]), 0);
        assert_string_equal(d->g->r.rule, "S17");
        assert_true(info_of(d).busy);
        assert_int_equal(driver_in_use(d), has_registers(kind, sort) ? 2 : 0);
        driver_free_channel(d);
        assert_false(info_of(d).busy);
        assert_int_equal(driver_in_use(d), 0);
        driver_free(d);
    }
}

/* DMA-072: no registers asked: the routine runs, its base is NULL. */
static void no_registers_may_be_asked_for(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    {
        struct driver *d = driver_of(kind, sort);

        assert_int_equal(driver_take(d, 0), 0);
        assert_int_equal(driver_in_use(d), 0);
        driver_free(d);
    }
}

/* DMA-073: a caller below DISPATCH_LEVEL: the routine sees 2, the caller has
 * his own again afterwards, and it is told. */
static void the_routine_sees_dispatch_level(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    for (uint8_t irql = 0; irql < 2; irql++) {
        struct driver *d = driver_of(kind, sort);

        guest_irql(d->g, irql);
        assert_int_equal(driver_allocate(d, 1, HAL_DEALLOCATE_OBJECT), 0);
        assert_int_equal(guest_called_irql(d->g, 0), 2);
        assert_int_equal(ke_irql(d->g->ke), irql);
        assert_string_equal(d->g->r.rule, "S21");
        driver_free(d);
    }
}

/* DMA-074: three pieces of one packet, mapped one after the other with the same
 * base: the routine has run once. */
static void the_routine_runs_once(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    {
        struct driver *d = driver_of(kind, sort);
        uint32_t at, n, pieces = 0;
        struct buffer b;

        driver_buffer(d, &b, NULL, 0, 3 * PAGE_BYTES, 1);
        assert_int_equal(driver_allocate(d, 1, HAL_KEEP_OBJECT), 0);
        for (at = 0; at < b.bytes; at += n, pieces++) {
            n = PAGE_BYTES;
            driver_map(d, &b, driver_base(d), at, &n, WRITE);
            assert_int_equal(n, PAGE_BYTES);
            driver_flush(d, &b, driver_base(d), at, n, WRITE);
        }
        driver_free_channel(d);
        assert_int_equal(pieces, 3);
        assert_int_equal(guest_called(d->g), 1);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-076: HalAllocateAdapterChannel: device object, packet and context are
 * those of the caller's wait block, at once and from the queue. */
static void the_callers_wait_block_counts(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    {
        struct driver *d = driver_of(kind, sort);
        uint32_t wcb = guest_alloc(d->g, 0x28), i;

        guest_set(d->g, wcb + 0x14, 0x1234);
        guest_set(d->g, wcb + 0x1c, 0x81abc000);
        guest_set(d->g, wcb + 0x20, 0x81def000);
        guest_answer(d->g, HAL_KEEP_OBJECT);
        for (i = 0; i < 2; i++)
            assert_int_equal(guest_call(d->g, "HalAllocateAdapterChannel",
                                        d->adapter, wcb, 1,
                                        guest_callback(d->g)),
                             0);
        assert_int_equal(guest_called(d->g), 1);
        driver_free_channel(d);
        assert_int_equal(guest_called(d->g), 2);
        for (i = 0; i < 2; i++) {
            assert_int_equal(guest_argument(d->g, i, 0), 0x81abc000);
            assert_int_equal(guest_argument(d->g, i, 1), 0x81def000);
            assert_int_equal(guest_argument(d->g, i, 3), 0x1234);
        }
        assert_int_equal(guest_call(d->g, "HalAllocateAdapterChannel",
                                    d->adapter, wcb, d->count + 1,
                                    guest_callback(d->g)),
                         NO_RESOURCES);
        driver_free(d);
    }
}

/* DMA-077: crash dump registers come at once, at most the grant, or not at all:
 * nobody is called and nothing waits. */
static void crash_dump_registers_come_at_once(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct hal_device dev;
        struct driver *d = driver_in_small_pool(kind, &dev);
        uint32_t n = guest_alloc(d->g, 4), called;
        struct full f;

        guest_set(d->g, n, 100);
        assert_int_not_equal(
            guest_call(d->g, "HalAllocateCrashDumpRegisters", d->adapter, n),
            0);
        assert_int_equal(guest_get(d->g, n), d->count);
        fill(d, &f, &dev, 1);
        called = guest_called(d->g);
        guest_set(d->g, n, 2);
        assert_int_equal(
            guest_call(d->g, "HalAllocateCrashDumpRegisters", d->adapter, n),
            0);
        assert_int_equal(info_of(d).queued, 0);
        assert_int_equal(guest_called(d->g), called);
        driver_free_registers(&f.by, f.base[0], f.count[0]);
        assert_int_equal(guest_called(d->g), called);
        driver_free(d);
    }
}

/* DMA-079: a channel that nobody holds, freed: told, and nothing has changed.
 */
static void an_idle_channel_is_freed_in_vain(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    {
        struct driver *d = driver_of(kind, sort);
        uint32_t base = driver_take(d, 3), i;

        for (i = 0; i < 2; i++) {
            rig_forget(&d->g->r);
            driver_free_channel(d);
            assert_string_equal(d->g->r.rule, "S17");
            assert_int_equal(d->g->r.findings, 1);
            assert_int_equal(driver_in_use(d),
                             has_registers(kind, sort) ? 3 : 0);
        }
        driver_free_registers(d, base, 3);
        assert_int_equal(driver_in_use(d), 0);
        assert_int_equal(driver_allocate(d, 1, HAL_KEEP_OBJECT), 0);
        assert_int_equal(guest_called(d->g), 2);
        driver_free(d);
    }
}

/* DMA-081: another count than was allocated, or registers freed twice: told,
 * and no register of anybody else is released. */
static void registers_freed_wrongly(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned more = 0; more < 2; more++) {
        struct driver *d = driver_of(kind, MASTER);
        uint32_t base, other, n = 2 * PAGE_BYTES;
        struct buffer b;
        dla_t dla;

        base = driver_take(d, 3);
        other = driver_take(d, 2);
        driver_buffer(d, &b, NULL, 0, n, 60);
        dla = driver_map(d, &b, other, 0, &n, WRITE);
        driver_free_registers(d, base, more ? 4 : 2);
        assert_string_equal(d->g->r.rule, "S15");
        assert_true(card_reads(&d->g->r, dla, n, 60));
        assert_int_equal(driver_in_use(d), 2);
        driver_free_registers(d, base, 3);
        assert_string_equal(d->g->r.rule, "S12");
        assert_true(card_reads(&d->g->r, dla, n, 60));
        assert_int_equal(driver_in_use(d), 2);
        driver_free(d);
    }
}

/* DMA-082: a NULL base is nothing. */
static void a_null_base_frees_nothing(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    EVERY_SORT(sort)
    {
        struct driver *d = driver_of(kind, sort);

        driver_take(d, 2);
        driver_free_registers(d, 0, 2);
        driver_free_registers(d, 0, 0);
        assert_int_equal(driver_in_use(d), has_registers(kind, sort) ? 2 : 0);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_adapter_calls_at_once),
        cmocka_unit_test(waiters_follow_each_other),
        cmocka_unit_test(above_the_grant_is_an_error),
        cmocka_unit_test(registers_are_waited_for),
        cmocka_unit_test(nobody_overtakes),
        cmocka_unit_test(the_irp_is_that_of_the_call),
        cmocka_unit_test(deallocate_object_gives_both_back),
        cmocka_unit_test(keep_registers_gives_the_channel_back),
        cmocka_unit_test(any_other_answer_keeps),
        cmocka_unit_test(no_registers_may_be_asked_for),
        cmocka_unit_test(the_routine_sees_dispatch_level),
        cmocka_unit_test(the_routine_runs_once),
        cmocka_unit_test(the_callers_wait_block_counts),
        cmocka_unit_test(crash_dump_registers_come_at_once),
        cmocka_unit_test(an_idle_channel_is_freed_in_vain),
        cmocka_unit_test(registers_freed_wrongly),
        cmocka_unit_test(a_null_base_frees_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
