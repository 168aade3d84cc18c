/* tests/hal/control_edges_test.c -- AdapterControl routines that call the HAL
 * themselves; on every kind of map registers. */
#include "driver.h"

#define BASE 0xba5eba5eu /* stands for the routine's own MapRegisterBase */

/* An AdapterControl that calls @routine with @count arguments, then answers. */
static uint32_t control_calling(struct driver *d, uint32_t routine,
                                uint32_t count, const uint32_t *args,
                                uint32_t answer)
{
    uint8_t code[128], *p = code;
    uint32_t at, i;

    for (i = count; i-- > 0;) {
        if (args[i] == BASE) { /* push dword [esp + 0xc + what is pushed] */
            *p++ = 0xff, *p++ = 0x74, *p++ = 0x24;
            *p++ = (uint8_t)(0xc + 4 * (count - 1 - i));
            continue;
        }
        *p++ = 0x68;
        for (unsigned k = 0; k < 32; k += 8)
            *p++ = (uint8_t)(args[i] >> k);
    }
    *p++ = 0xb8; /* mov eax, routine; call eax */
    for (unsigned k = 0; k < 32; k += 8)
        *p++ = (uint8_t)(routine >> k);
    *p++ = 0xff, *p++ = 0xd0, *p++ = 0xb8; /* mov eax, answer; ret 16 */
    for (unsigned k = 0; k < 32; k += 8)
        *p++ = (uint8_t)(answer >> k);
    *p++ = 0xc2, *p++ = 0x10, *p++ = 0x00;
    at = guest_alloc(d->g, sizeof code);
    guest_put(d->g, at, code, (uint32_t)(p - code));
    return at;
}

static uint32_t allocate_with(struct driver *d, uint32_t registers,
                              uint32_t control)
{
    return table_call(d->g, d->adapter, OP_ALLOCATE_CHANNEL, d->device,
                      registers, control, 1);
}

static struct driver *master_on(enum hal_kind kind)
{
    struct hal_device dev = a_master(false, true, 0x8000);

    return driver_new(kind, &dev);
}

/* The channel of another adapter: its routine runs inside the first one's. */
static void a_routine_may_ask_for_another_adapter(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct hal_device dev = isa_slave(1, 0x4000);
        struct driver *d = master_on(kind), other;
        uint32_t args[5], control;

        driver_other(&other, d, &dev);
        args[0] = other.adapter;
        args[1] = other.device;
        args[2] = 2;
        args[3] = guest_callback(d->g);
        args[4] = 0x77;
        control =
            control_calling(d, ke_stub(d->g->ke, "IoAllocateAdapterChannel").v,
                            5, args, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        guest_answer(d->g, HAL_KEEP_OBJECT);
        assert_int_equal(allocate_with(d, 3, control), 0);
        assert_int_equal(guest_called(d->g), 1);
        assert_int_equal(guest_argument(d->g, 0, 0), other.device);
        assert_int_equal(guest_argument(d->g, 0, 3), 0x77);
        assert_int_equal(guest_called_irql(d->g, 0), 2);
        assert_int_equal(driver_in_use(d), 5);
        driver_free_channel(&other);
        assert_int_equal(driver_in_use(d), 3);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* Its own registers, freed by the routine: whatever it answers, they are free
 * once. */
static void a_routine_may_free_its_registers(void **state)
{
    static const uint32_t answer[] = {HAL_KEEP_OBJECT, HAL_DEALLOCATE_OBJECT,
                                      HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 3; i++) {
        struct driver *d = master_on(kind);
        const uint32_t args[3] = {d->adapter, BASE, 3};

        assert_int_equal(
            allocate_with(
                d, 3,
                control_calling(d, ke_stub(d->g->ke, "IoFreeMapRegisters").v, 3,
                                args, answer[i])),
            0);
        assert_int_equal(driver_in_use(d), 0);
        if (answer[i] == HAL_KEEP_OBJECT)
            driver_free_channel(d);
        assert_int_equal(driver_in_use(d), 0);
        driver_take(d, 2);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* DMA-067: its own adapter, asked for again by the routine: told, and no
 * deadlock: the second request waits until the first routine has answered. */
static void a_routine_that_asks_for_its_own_adapter_is_told(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct driver *d = master_on(kind);
        const uint32_t args[5] = {d->adapter, guest_device(d->g, 0), 2,
                                  guest_callback(d->g), 0x66};

        guest_answer(d->g, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(
            allocate_with(
                d, 3,
                control_calling(d,
                                ke_stub(d->g->ke, "IoAllocateAdapterChannel").v,
                                5, args, HAL_DEALLOCATE_OBJECT)),
            0);
        assert_string_equal(d->g->r.rule, "S17");
        assert_int_equal(guest_called(d->g), 1);
        assert_int_equal(guest_argument(d->g, 0, 3), 0x66);
        assert_int_equal(driver_in_use(d), 0);
        driver_free(d);
    }
}

/* Its own channel, freed by the routine before it has answered: told, nothing
 * has changed. */
static void a_routine_cannot_free_its_channel(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct driver *d = master_on(kind);

        assert_int_equal(
            allocate_with(
                d, 3,
                control_calling(d, ke_stub(d->g->ke, "IoFreeAdapterChannel").v,
                                1, &d->adapter, HAL_KEEP_OBJECT)),
            0);
        assert_string_equal(d->g->r.rule, "S17");
        assert_int_equal(driver_in_use(d), 3);
        rig_forget(&d->g->r);
        driver_free_channel(d);
        assert_int_equal(driver_in_use(d), 0);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

/* The adapter released by its own routine: told, all is taken back, the call
 * comes to its end. */
static void a_routine_may_let_go_of_its_adapter(void **state)
{
    static const uint32_t answer[] = {HAL_KEEP_OBJECT, HAL_DEALLOCATE_OBJECT,
                                      HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 3; i++) {
        struct driver *d = master_on(kind);

        assert_int_equal(
            allocate_with(d, 3,
                          control_calling(d,
                                          guest_entry(d->g, d->adapter, OP_PUT),
                                          1, &d->adapter, answer[i])),
            0);
        assert_true(d->g->r.findings > 0);
        assert_int_equal(hal_adapter_count(d->g->r.hal), 0);
        assert_int_equal(driver_in_use(d), 0);
        driver_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_routine_may_ask_for_another_adapter),
        cmocka_unit_test(a_routine_may_free_its_registers),
        cmocka_unit_test(a_routine_that_asks_for_its_own_adapter_is_told),
        cmocka_unit_test(a_routine_cannot_free_its_channel),
        cmocka_unit_test(a_routine_may_let_go_of_its_adapter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
