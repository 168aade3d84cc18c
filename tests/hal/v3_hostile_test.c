/* tests/hal/v3_hostile_test.c -- the routines of version 3 called with
 * anything, in any order: each call is answered, or ends the guest and nobody
 * else. The generator is ours: every run is the same. */
#include "v3.h"

#include "hal/private.h"

enum { CALLS = 700, THINGS = 20 };

struct dice {
    uint64_t s;
};

static uint32_t roll(struct dice *d, uint32_t below)
{
    d->s = d->s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(d->s >> 33) % below;
}

/** A guest and what a driver might hand over in it. */
struct bench {
    struct guest *g;
    uint32_t thing[THINGS];
    uint32_t table; /* DMA_OPERATIONS, which the calls may write over too */
};

static void bench_start(struct bench *t, enum hal_kind kind)
{
    static const uint32_t numbers[] = {0,      1,      2,          3,
                                       0x1000, 0x1801, 0xffffffff, 0x20};
    struct guest *g = v3_guest(kind, true);
    struct buffer b[2];
    uint32_t i, n = 0;

    *t = (struct bench){.g = g};
    v3_chain(g, b);
    t->thing[n++] = v3_slave(g, 0x4000);
    t->thing[n++] = v3_master(g, true, 24, 0x8000);
    t->thing[n++] = v3_master(g, false, 32, 0x8000);
    t->thing[n++] = v3_master(g, true, 64, 0x8000);
    t->thing[n++] = b[0].mdl;
    t->thing[n++] = b[1].mdl;
    t->thing[n++] = v3_context(g, t->thing[0]);
    t->thing[n++] = v3_context(g, t->thing[1]);
    t->thing[n++] = guest_alloc(g, 0x400);
    t->thing[n++] = guest_alloc(g, 0x400);
    t->thing[n++] = guest_device(g, 0);
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++)
        t->thing[n++] = numbers[i];
    t->thing[n++] = guest_callback(g);
    assert_int_equal(n, THINGS);
    t->table = guest_get(g, t->thing[0] + 4);
}

static const struct {
    uint32_t offset;
    unsigned slots;
} row[] = {
    {OP_ADAPTER_INFO, 2},
    {OP_TRANSFER_INFO, 7},
    {OP_INIT_CONTEXT, 2},
    {OP_ALLOCATE_COMMON_EX, 6},
    {OP_ALLOCATE_CHANNEL_EX, 8},
    {OP_CONFIGURE, 3},
    {OP_CANCEL_CHANNEL, 3},
    {OP_MAP_EX, 12},
    {OP_GET_LIST_EX, 14},
    {OP_BUILD_EX, 16},
    {OP_FLUSH_EX, 7},
    {OP_FREE_OBJECT, 2},
    {OP_CANCEL_MAPPED, 2},
};

/* One argument: often what is meant there, else anything. */
static uint32_t argument(const struct bench *t, struct dice *d, unsigned i)
{
    if (i == 0 && roll(d, 16))
        return t->thing[roll(d, 4)];
    if (roll(d, 32) == 0) /* a base: numbers of sets and requests */
        return 16 * (1 + roll(d, 300));
    return t->thing[roll(d, THINGS)];
}

/* What is recorded agrees with itself. */
static void check_state(const struct guest *g)
{
    const struct hal *h = g->r.hal;
    struct hb_error error;
    uint32_t i;

    assert_int_equal(hal_loaded(g->r.hal, &error), HB_OK);
    for (i = 0; i < h->s.request.count; i++)
        assert_non_null(adapter_by_id(h, HAL_REQUEST_AT(h, i)->adapter));
    for (i = 0; i < h->s.page.count; i++)
        assert_non_null(set_by_id(h, HAL_PAGE_AT(h, i)->set));
    for (i = 0; i < h->s.adapter.count; i++)
        assert_true(!HAL_ADAPTER_AT(h, i)->busy ||
                    request_by_id(h, HAL_ADAPTER_AT(h, i)->holder));
}

static void anything_is_answered(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    {
        struct dice d = {77 + kind};
        struct bench t;
        unsigned i, k, ends = 0;

        bench_start(&t, kind);
        for (i = 0; i < CALLS; i++) {
            unsigned which = roll(&d, sizeof row / sizeof *row);
            uint32_t args[16], eax, table;

            for (k = 0; k < row[which].slots; k++)
                args[k] = argument(&t, &d, k);
            table = guest_get(t.g, t.table + row[which].offset);
            guest_answer(t.g, roll(&d, 5));
            guest_irql(t.g, row[which].offset == OP_ALLOCATE_COMMON_EX ? 0 : 2);
            if (guest_try(t.g, table, row[which].slots, args, &eax)) {
                check_state(t.g);
                continue;
            }
            assert_true(
                ke_ended(t.g->ke)); /* a fault or a callback to nowhere */
            check_state(t.g);
            ends++;
            guest_free(t.g);
            bench_start(&t, kind);
        }
        assert_in_range(ends, 1, CALLS / 2);
        guest_free(t.g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anything_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
