/* tests/debug/history_test.c -- a demo is run to its end; then the machine goes
 * to any place of that run and is there, byte for byte, what it was when the
 * run came by. */
#include "debug/history.h"
#include "demo.h"

#include <stdlib.h>
#include <zlib.h>

enum { MIB = 1 << 20, MOST = 512 };

static const struct demo_bench benches[] = {
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "translate", "16M",
     DEMO_BYTES},
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "pae", "6G", DEMO_BYTES},
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "bounce", "256M",
     DEMO_BYTES},
    {HALBOX_IMAGES "/isa_slave.sys", "isacard", "\\\\.\\IsaCard0", "translate",
     "16M", DEMO_BYTES},
};
enum { BENCHES = sizeof benches / sizeof *benches };

/** A run with its places, and what the machine was at each. */
struct run {
    struct demo d;
    struct history *h;
    unsigned count;
    struct debug_place at[MOST];
    uint32_t sum[MOST];
};

static uint32_t sum_of(const struct machine *m)
{
    struct hb_error e = {0};
    uint8_t *bytes;
    size_t count;
    uint32_t sum;

    if (machine_save_bytes(m, &bytes, &count, &e) != HB_OK)
        fail_msg("%s", e.text);
    sum = (uint32_t)crc32_z(0, bytes, count);
    free(bytes);
    return sum;
}

static void note(struct run *r)
{
    assert_true(r->count < MOST);
    r->at[r->count] = history_now(r->h);
    r->sum[r->count++] = sum_of(r->d.m);
}

static void ask(void *context, struct machine *m)
{
    (void)m;
    history_keep(((struct run *)context)->h);
}

static void begin(struct run *r, const struct demo_bench *bench,
                  uint64_t budget)
{
    struct hb_error e = {0};

    r->count = 0;
    demo_create(&r->d, bench);
    if (history_create(&r->h, r->d.m, budget, &e) != HB_OK)
        fail_msg("%s", e.text);
    machine_checkpoint(r->d.m, 0, ask, r);
    note(r);
}

static void run_through(struct run *r, uint64_t slice)
{
    while (!demo_run(&r->d, machine_position(r->d.m).tick + slice))
        note(r);
    note(r);
}

static void end(struct run *r)
{
    history_destroy(r->h);
    machine_destroy(r->d.m);
}

static void is_at(struct run *r, unsigned i)
{
    struct hb_error e = {0};

    if (history_go(r->h, &r->at[i], &e) != HB_OK)
        fail_msg("place %u of %u: %s", i, r->count, e.text);
    assert_int_equal(sum_of(r->d.m), r->sum[i]);
}

static void every_place_of_a_run_is_found_again(void **state)
{
    (void)state;
    for (unsigned b = 0; b < BENCHES; b++) {
        struct run r;

        begin(&r, &benches[b], 64 * MIB);
        run_through(&r, b < BENCHES - 1 ? 307 : 30011); /* ISA takes long */
        assert_in_range(r.count, 10, MOST);
        for (unsigned i = 0, at = 0; i < r.count; i++) {
            at = (at + 7919) % r.count; /* there and back */
            is_at(&r, at);
        }
        end(&r);
    }
}

static void a_small_budget_keeps_fewer_states(void **state)
{
    struct debug_place first;
    struct run r;

    (void)state;
    begin(&r, &benches[0], 4 * MIB);
    run_through(&r, 1009);
    first = history_begin(r.h);
    for (unsigned i = r.count; i-- > 0;)
        if (debug_place_order(&r.at[i], &first) >= 0)
            is_at(&r, i);
    end(&r);
}

/* The client was in the midst of a wait: it goes on as if nothing had been. */
static void the_client_goes_on_at_the_present(void **state)
{
    struct run plain, r;

    (void)state;
    begin(&plain, &benches[0], 64 * MIB);
    run_through(&plain, 1u << 30);
    begin(&r, &benches[0], 64 * MIB);
    while (!demo_run(&r.d, machine_position(r.d.m).tick + 701)) {
        struct debug_place present = history_now(r.h);

        note(&r);
        is_at(&r, r.count / 2);
        assert_true(history_past(r.h) || r.count / 2 == r.count - 1);
        assert_int_equal(history_go(r.h, &present, NULL), HB_OK);
        assert_false(history_past(r.h));
    }
    bare_equal(plain.d.m, r.d.m);
    end(&plain);
    end(&r);
}

static void a_change_in_the_past_is_the_present(void **state)
{
    struct run r;
    uint32_t value = 0x12345678;

    (void)state;
    begin(&r, &benches[0], 64 * MIB);
    run_through(&r, 701);
    is_at(&r, r.count / 2);
    assert_int_equal(machine_poke_physical(r.d.m, gpa_of(0x5000), &value,
                                           sizeof value, NULL),
                     HB_OK);
    history_fork(r.h);
    assert_false(history_past(r.h));
    note(&r);
    machine_run(r.d.m, machine_position(r.d.m).tick + 2000, NULL);
    note(&r);
    is_at(&r, 1);
    is_at(&r, r.count - 2); /* the poke is an input: it is repeated */
    is_at(&r, r.count - 1);
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_of_a_run_is_found_again),
        cmocka_unit_test(a_small_budget_keeps_fewer_states),
        cmocka_unit_test(the_client_goes_on_at_the_present),
        cmocka_unit_test(a_change_in_the_past_is_the_present),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
