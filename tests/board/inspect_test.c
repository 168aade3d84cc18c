/* tests/board/inspect_test.c -- who looks changes nothing: every query at the
 * boundaries of a run, between two bytes of a tenure and from listeners; and no
 * guest's rubbish stops one. */
#include "demo.h"
#include "inspect_all.h"

#include <stdlib.h>

static const struct demo_bench benches[] = {
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "translate", "16M",
     DEMO_BYTES},
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "pae", "64M", DEMO_BYTES},
    {HALBOX_IMAGES "/isa_slave.sys", "isacard", "\\\\.\\IsaCard0", "bounce",
     "16M", DEMO_BYTES},
};
enum { BENCHES = sizeof benches / sizeof *benches };

struct saved {
    uint8_t *bytes;
    size_t count;
};

static struct saved save(const struct machine *m)
{
    struct saved s;

    assert_int_equal(machine_save_bytes(m, &s.bytes, &s.count, NULL), HB_OK);
    return s;
}

static void unchanged(const struct machine *m, struct saved before)
{
    struct saved after = save(m);

    assert_int_equal(before.count, after.count);
    assert_memory_equal(before.bytes, after.bytes, before.count);
    free(before.bytes);
    free(after.bytes);
}

static void at_boundaries(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BENCHES; i++) {
        uint64_t tick = 1;
        struct demo d;

        demo_create(&d, &benches[i]);
        for (; !demo_run(&d, tick); tick += 6007) {
            struct saved before = save(d.m);

            assert_true(inspect_all(d.m) > 500);
            unchanged(d.m, before);
        }
        machine_destroy(d.m);
    }
}

static void between_two_bytes(void **state)
{
    struct machine_stop stop;
    struct demo d;

    (void)state;
    demo_create(&d, &benches[0]);
    demo_until(&d, DEMO_WRITE, "dma_start");
    for (unsigned i = 0; i < 5; i++) {
        struct saved before;

        machine_step(d.m, STEP_BYTE, NULL, MACHINE_FOR_EVER, &stop);
        before = save(d.m);
        inspect_all(d.m);
        unchanged(d.m, before);
    }
    machine_destroy(d.m);
}

static void look(void *context, const struct hb_event *event)
{
    struct demo *d = context;

    (void)event;
    inspect_all(d->m);
}

static void from_a_listener(void **state)
{
    struct demo watched, alone;
    struct hb_error e;

    (void)state;
    demo_create(&watched, &benches[0]);
    demo_create(&alone, &benches[0]);
    assert_int_equal(machine_listen(watched.m, look, &watched,
                                    "dma_*,-dma_beat,irp_*,interrupt,dpc,"
                                    "hal_*,map_register",
                                    &e),
                     HB_OK);
    assert_true(demo_run(&watched, MACHINE_FOR_EVER));
    assert_true(demo_run(&alone, MACHINE_FOR_EVER));
    bare_equal(watched.m, alone.m);
    machine_destroy(watched.m);
    machine_destroy(alone.m);
}

/* Words all over the guest's own structures are overwritten. */
static void what_the_guest_damaged_is_survived(void **state)
{
    const uint32_t rubbish[] = {0, 0xffffffff, 0x80000001, 0xc0000000};
    struct demo d;

    (void)state;
    demo_create(&d, &benches[0]);
    demo_until(&d, DEMO_WRITE, "dma_start");
    for (unsigned i = 0; i < sizeof rubbish / sizeof *rubbish; i++) {
        struct inspect_pool block;
        struct hb_error e;

        for (unsigned j = 0; inspect_pool_at(d.m, j, &block); j++)
            for (uint32_t at = 0; at + 4 <= block.bytes && at < 512; at += 4)
                machine_poke_virtual(d.m, gva_add(block.at, at), &rubbish[i], 4,
                                     &e);
        assert_true(inspect_all(d.m) > 100);
    }
    machine_destroy(d.m);
}

static void tables_of_rubbish_are_survived(void **state)
{
    struct inspect_cpu cpu;
    struct hb_error e;
    struct demo d;

    (void)state;
    demo_create(&d, &benches[0]);
    demo_until(&d, DEMO_WRITE, "dma_start");
    inspect_cpu(d.m, &cpu);
    for (uint32_t i = 0; i < 1024; i += 3) {
        uint32_t entry = i * 0x01234567u | 1;

        assert_int_equal(
            machine_poke_physical(d.m, gpa_of((cpu.cr3 & ~0xfffu) + 4 * i),
                                  &entry, 4, &e),
            HB_OK);
    }
    inspect_all(d.m);
    machine_destroy(d.m);
}

static void bare_machines_answer_too(void **state)
{
    struct machine *m = bare_create(NULL, "\xf4", 1);
    struct saved before = save(m);

    (void)state;
    inspect_all(m);
    unchanged(m, before);
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_boundaries),
        cmocka_unit_test(between_two_bytes),
        cmocka_unit_test(from_a_listener),
        cmocka_unit_test(what_the_guest_damaged_is_survived),
        cmocka_unit_test(tables_of_rubbish_are_survived),
        cmocka_unit_test(bare_machines_answer_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
