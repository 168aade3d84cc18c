/* tests/hal/verified_test.c -- DMA verification at its edges: obsolete and NULL
 * adapters, what completes unflushed, forged flags; and DMA over what the HAL
 * and the kernel need themselves. On every kind of map registers. */
#include "driver.h"
#include "edu.h"

#include <string.h>

#include "mm/mdl.h"
#include "mm/pool.h"
#include "mm/user.h"

static struct driver *verified(enum hal_kind kind, enum hal_verify verify,
                               uint8_t nt4)
{
    const struct rig_options o = {
        .kind = kind, .settings = {.verify = (uint8_t)verify, .nt4 = nt4}};
    struct hal_device dev = a_master(false, true, 0x8000);

    return driver_on(&o, &dev);
}

/* DMA-053: silent for an image without AddDevice, 0xE6(1Eh) for a WDM driver
 * under verification. */
static void HalGetAdapter_is_obsolete_for_wdm(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned wdm = 0; wdm < 2; wdm++) {
        struct driver *d = verified(kind, HAL_VERIFY_STOP, 0);
        struct hal_device dev = a_master(false, true, 0x1000);
        uint8_t raw[HAL_DEVICE_BYTES_V3];
        uint32_t at = guest_alloc(d->g, sizeof raw), eax = 0;
        const uint32_t args[2] = {at, guest_alloc(d->g, 4)};

        guest_encode(&dev, raw);
        guest_put(d->g, at, raw, sizeof raw);
        guest_irql(d->g, 0);
        if (wdm)
            hal_image_wdm(d->g->r.hal, gva_of(d->g->page), PAGE_BYTES);
        guest_try(d->g, ke_stub(d->g->ke, "HalGetAdapter").v, 2, args, &eax);
        assert_int_equal(d->g->r.findings, wdm);
        assert_int_equal(ke_ended(d->g->ke), wdm);
        if (wdm) {
            assert_string_equal(d->g->r.first.rule, "S23");
            assert_int_equal(ke_bugcheck_state(d->g->ke)->code, 0xe6);
            assert_int_equal(ke_bugcheck_state(d->g->ke)->p[0], 0x1e);
        } else {
            assert_int_not_equal(eax, 0);
        }
        driver_free(d);
    }
}

/* DMA-109: NT 4.0 takes a NULL adapter and gives the buffer's own addresses;
 * later it is 0xE6(19h). */
static void NT4_maps_without_an_adapter(void **state)
{
    const uint32_t pfn[] = {0x2700, 0x2701, 0x2600};

    (void)state;
    EVERY_KIND(kind)
    {
        struct driver *d = verified(kind, HAL_VERIFY_STOP, 1);
        struct buffer b;
        uint32_t eax;

        driver_buffer(d, &b, pfn, 0x800, 0x2800, 1);
        guest_set(d->g, d->length, 0x2000);
        eax = guest_call(d->g, "IoMapTransfer", 0, b.mdl, 0, b.va, d->length,
                         WRITE);
        assert_int_equal(eax, 0x2700800);
        assert_int_equal(d->g->edx, 0);
        assert_int_equal(guest_get(d->g, d->length), 0x1800); /* to the gap */
        assert_int_equal(guest_call(d->g, "IoFlushAdapterBuffers", 0, b.mdl, 0,
                                    b.va, 0x1800, WRITE) &
                             0xff,
                         1);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
        d = verified(kind, HAL_VERIFY_STOP, 0);
        driver_buffer(d, &b, pfn, 0x800, 0x2800, 1);
        guest_set(d->g, d->length, 0x2000);
        guest_try(d->g, ke_stub(d->g->ke, "IoMapTransfer").v, 6,
                  (uint32_t[]){0, b.mdl, 0, b.va, d->length, WRITE}, &eax);
        assert_int_equal(ke_bugcheck_state(d->g->ke)->code, 0xe6);
        assert_int_equal(ke_bugcheck_state(d->g->ke)->p[0], 0x19);
        driver_free(d);
    }
}

/* DMA-119: what the executive asks when a packet is complete (its MDL goes),
 * and a channel that is freed: bytes still mapped, and the most there can be.
 */
static void unflushed_bytes_are_told_at_completion(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct driver *d = verified(kind, HAL_VERIFY_REPORT, 0);
        uint32_t base, bytes = 0x1800;
        struct buffer b;

        driver_buffer(d, &b, NULL, 0, bytes, 1);
        hal_mdl_goes(d->g->r.hal, b.mdl);
        assert_int_equal(d->g->r.findings, 0);
        base = driver_take(d, 4);
        driver_map(d, &b, base, 0, &bytes, WRITE);
        hal_mdl_goes(d->g->r.hal, b.mdl);
        assert_int_equal(d->g->r.findings, 1);
        assert_string_equal(d->g->r.first.rule, "S03");
        assert_int_equal(d->g->r.first.p[0], 0x0d);
        assert_int_equal(d->g->r.first.p[1], 0x1800);
        assert_int_equal(d->g->r.first.p[2], 0x4000);
        driver_flush(d, &b, base, 0, bytes, WRITE);
        rig_forget(&d->g->r);
        hal_mdl_goes(d->g->r.hal, b.mdl);
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

enum left { BUFFER_LEFT, CHANNEL_LEFT, REGISTERS_LEFT, LIST_LEFT, LEFT };

static void leave(struct driver *d, enum left what)
{
    struct buffer b;

    switch (what) {
    case BUFFER_LEFT:
        guest_irql(d->g, 0);
        table_call(d->g, d->adapter, OP_ALLOCATE_COMMON, 0x1000,
                   guest_alloc(d->g, 8), 1);
        break;
    case CHANNEL_LEFT:
        driver_allocate(d, 0, HAL_KEEP_OBJECT);
        break;
    case REGISTERS_LEFT:
        driver_take(d, 2);
        break;
    default:
        driver_buffer(d, &b, NULL, 0, 0x1000, 1);
        table_call(d->g, d->adapter, OP_GET_LIST, d->device, b.mdl, b.va,
                   0x1000, guest_callback(d->g), 0, WRITE);
    }
}

/* DMA-167: a driver that goes and leaves its adapter, and beside it a buffer, a
 * channel, registers or a list. */
static void each_kind_of_leak_is_told_at_unload(void **state)
{
    static const char *const rule[LEFT] = {"S14", "S17", "S11", "S16"};

    (void)state;
    EVERY_KIND(kind)
    for (enum left what = 0; what < LEFT; what++) {
        struct driver *d = verified(kind, HAL_VERIFY_REPORT, 0);
        bool registers = what == LIST_LEFT; /* a list holds registers, too */

        leave(d, what);
        assert_int_equal(d->g->r.findings, 0);
        hal_image_goes(d->g->r.hal, "bad.sys", gva_of(d->g->page), PAGE_BYTES);
        assert_string_equal(d->g->r.first.rule,
                            registers ? rule[REGISTERS_LEFT] : rule[what]);
        assert_true(d->g->r.findings >= (registers ? 3u : 2u));
        assert_string_equal(d->g->r.rule, "S20");
        driver_free(d);
    }
}

/* DMA-166: the counter never goes back nor jumps, whatever was called. */
static void the_performance_counter_goes_on(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct driver *d = verified(kind, HAL_VERIFY_STOP, 0);
        uint64_t last = 0, now;
        uint32_t bytes = 0x1000, base;
        struct buffer b;

        driver_buffer(d, &b, NULL, 0, bytes, 1);
        for (unsigned i = 0; i < 200; i++) {
            if (i % 20 == 0) {
                base = driver_take(d, 2);
                driver_map(d, &b, base, 0, &bytes, WRITE);
                driver_flush(d, &b, base, 0, bytes, WRITE);
                driver_free_registers(d, base, 2);
            }
            now = guest_call(d->g, "KeQueryPerformanceCounter", 0);
            now |= (uint64_t)d->g->edx << 32;
            assert_true(now > last || !last);
            assert_true(!last || now - last < 1000000);
            last = now;
        }
        assert_int_equal(d->g->r.findings, 0);
        driver_free(d);
    }
}

static void forge(struct driver *d, uint32_t mdl, unsigned flags)
{
    guest_set(d->g, mdl + MDL_SIZE,
              (guest_get(d->g, mdl + MDL_SIZE) & 0xffff) | flags << 16);
}

/* DMA-168: the locked bit cleared, or "nonpaged pool" forged over pages of a
 * process: S10 though the pages happen to be there. */
static void mangled_flags_are_told(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned forged = 0; forged < 2; forged++) {
        struct driver *d = verified(kind, HAL_VERIFY_REPORT, 0);
        struct mm *mm = ke_mm(d->g->ke);
        uint32_t bytes = 0x800, space, pfn;
        gva_t va = {0};
        gpa_t pa;
        struct buffer b;

        driver_buffer(d, &b, NULL, 0, bytes, 1);
        forge(d, b.mdl, 0);
        if (forged) {
            assert_int_equal(space_create(mm, &space), HB_OK);
            assert_int_equal(user_alloc(mm, space, &va, 1, MM_RW | MM_USER),
                             HB_OK);
            assert_int_equal(mm_write(mm, space, va, &bytes, 4), HB_OK);
            assert_true(mm_physical(mm, space, va, &pa));
            pfn = (uint32_t)(pa.v >> PAGE_SHIFT);
            guest_set(d->g, b.mdl + MDL_PFNS, pfn);
            forge(d, b.mdl, MDL_SOURCE_IS_NONPAGED_POOL);
        }
        driver_map(d, &b, driver_take(d, 1), 0, &bytes, WRITE);
        assert_string_equal(d->g->r.first.rule, "S10");
        assert_int_equal(d->g->r.first.p[0], 0x0e);
        assert_int_equal(d->g->r.first.p[1], b.mdl);
        driver_free(d);
    }
}

/* The card fills @bytes from @pa on with what its buffer has: zeros. On bounce
 * they are there after the flush, which is the core's: the guest may be gone.
 */
static void overwrite(struct driver *d, gpa_t pa, uint32_t bytes)
{
    const uint32_t own = 0x2500;
    struct rig *r = &d->g->r;
    uint32_t base;
    struct buffer b;
    dla_t at;

    driver_buffer(d, &b, &own, pa.v & PAGE_MASK, bytes, 1);
    guest_set(d->g, b.mdl + MDL_PFNS, (uint32_t)(pa.v >> PAGE_SHIFT));
    base = driver_take(d, 1);
    edu_enable(r);
    at = driver_map(d, &b, base, 0, &bytes, READ);
    edu_moves(r, at, bytes, DMA_FROM_DEVICE);
    if (hal_kind(r->hal) == HAL_BOUNCE)
        for (uint32_t i = 0; i < bytes; i += 4)
            ram_write32(&r->ram, gpa_add(pa, i), 0);
}

static gpa_t idt(const struct driver *d)
{
    gpa_t pa = {0};

    mm_physical(ke_mm(d->g->ke), 0, gva_of(d->g->cpu.s.idtr.base), &pa);
    return pa;
}

/* A while of whatever the guest does now. */
static void go_on(struct guest *g)
{
    for (unsigned i = 0; i < 1000 && !ke_ended(g->ke); i++) {
        g->r.clock.until = g->r.clock.now + 100;
        switch (cpu_run(&g->cpu)) {
        case CPU_VMCALL:
            ke_entry(g->ke);
            break;
        case CPU_SHUTDOWN:
            ke_shutdown(g->ke);
            break;
        default:
            g->r.clock.now = g->r.clock.until;
            break;
        }
    }
}

/* SEC-011: the IDT and the page directory are RAM to a device: the guest is
 * gone, told as S33; the host is not. */
static void the_guest_may_destroy_itself(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned directory = 0; directory < 2; directory++) {
        struct driver *d = verified(kind, HAL_VERIFY_REPORT, 0);

        overwrite(d, directory ? gpa_of(space_cr3(ke_mm(d->g->ke), 0)) : idt(d),
                  PAGE_BYTES);
        assert_true(d->g->r.findings > 0);
        assert_string_equal(d->g->r.rule, "S33");
        tlb_flush(&d->g->cpu.tlb, true);
        cpu_exception(&d->g->cpu, 3, true, 0); /* through what was the IDT */
        go_on(d->g);
        driver_free(d);
    }
}

/* SEC-012: DMA over the MDL and the adapter object that are in use: what was
 * taken down at the start counts. */
static void what_was_captured_counts(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned adapter = 0; adapter < 2; adapter++) {
        struct driver *d = verified(kind, HAL_VERIFY_REPORT, 0);
        uint32_t base, bytes = 0x1800;
        struct buffer b;
        gpa_t pa;

        driver_buffer(d, &b, NULL, 0, bytes, 1);
        base = driver_take(d, 4);
        driver_map(d, &b, base, 0, &bytes, WRITE);
        assert_true(mm_physical(ke_mm(d->g->ke), 0,
                                gva_of(adapter ? d->adapter : b.mdl), &pa));
        overwrite(d, pa, 16);
        /* by name: the table is reached through the object's header */
        guest_call(d->g, "IoFlushAdapterBuffers", d->adapter, b.mdl, base, b.va,
                   bytes, WRITE);
        guest_call(d->g, "IoFreeMapRegisters", d->adapter, base, 4);
        assert_true(driver_in_use(d) <= 1); /* overwrite()'s own */
        driver_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(HalGetAdapter_is_obsolete_for_wdm),
        cmocka_unit_test(NT4_maps_without_an_adapter),
        cmocka_unit_test(unflushed_bytes_are_told_at_completion),
        cmocka_unit_test(each_kind_of_leak_is_told_at_unload),
        cmocka_unit_test(the_performance_counter_goes_on),
        cmocka_unit_test(mangled_flags_are_told),
        cmocka_unit_test(the_guest_may_destroy_itself),
        cmocka_unit_test(what_was_captured_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
