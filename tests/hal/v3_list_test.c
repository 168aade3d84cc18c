/* tests/hal/v3_list_test.c -- GetScatterGatherListEx, BuildScatterGatherListEx
 * and AllocateCommonBufferEx. Contract ids: DMA-xxx. */
#include "v3.h"

#include "mm/pte.h"
#include "mm/walk.h"

enum { ALL = FIRST_BYTES + SECOND_BYTES, OFFSET = 0x1234 };

/** A call of either routine. */
struct ask {
    bool build;
    uint32_t adapter, context, mdl, bytes, flags, routine, write;
    uint64_t offset;
    uint32_t buffer, room; /* build */
    uint32_t out;
};

static uint32_t make(struct guest *g, const struct ask *a)
{
    uint32_t low = (uint32_t)a->offset, high = (uint32_t)(a->offset >> 32);
    uint32_t device = guest_device(g, 0x81666000);

    if (a->build)
        return table_call(g, a->adapter, OP_BUILD_EX, device, a->context,
                          a->mdl, low, high, a->bytes, a->flags, a->routine, 19,
                          a->write, a->buffer, a->room, 0, 0, a->out);
    return table_call(g, a->adapter, OP_GET_LIST_EX, device, a->context, a->mdl,
                      low, high, a->bytes, a->flags, a->routine, 19, a->write,
                      0, 0, a->out);
}

static struct ask ask_for(struct guest *g, struct buffer b[2], bool build)
{
    struct ask a = {.build = build,
                    .adapter = v3_master(g, true, 24, 0x8000),
                    .offset = OFFSET,
                    .bytes = ALL - OFFSET,
                    .write = READ,
                    .buffer = guest_alloc(g, 0x200),
                    .room = 0x200,
                    .out = guest_alloc(g, 4)};

    v3_chain(g, b);
    a.mdl = b[0].mdl;
    a.context = v3_context(g, a.adapter);
    a.routine = guest_callback(g);
    return a;
}

static bool busy(const struct guest *g)
{
    struct hal_adapter_info info;

    assert_true(hal_adapter_at(g->r.hal, 0, &info));
    return info.busy;
}

/* Along the chain from an offset, with a routine, at once or when the channel
 * is free; the list is put as any other. */
static void a_list_is_made_and_put(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 8; i++) {
        struct guest *g = v3_guest(kind, false);
        struct buffer b[2];
        struct ask a = ask_for(g, b, i & 1);
        uint32_t list;

        a.flags = i >> 1 & 1;
        a.write = i >> 2;
        v3_fill(g, b, 0, ALL, 0x21);
        assert_int_equal(make(g, &a), SUCCESS);
        assert_int_equal(guest_called(g), 1);
        assert_int_equal(guest_argument(g, 0, 1), 0x81666000);
        assert_int_equal(guest_argument(g, 0, 3), 19);
        assert_int_equal(guest_called_irql(g, 0), 2);
        list = guest_argument(g, 0, 2);
        assert_int_equal(guest_get(g, a.out), list);
        assert_int_equal(list == a.buffer, a.build);
        assert_int_equal(v3_list_sum(g, list), a.bytes);
        assert_false(busy(g));
        if (a.write) {
            assert_true(v3_list_reads(g, list, (uint8_t)(0x21 + OFFSET)));
        } else {
            v3_list_writes(g, list, 0x90);
        }
        table_call(g, a.adapter, OP_PUT_LIST, list, a.write);
        if (!a.write)
            assert_true(v3_is(g, b, OFFSET, a.bytes, 0x90));
        assert_true(v3_is(g, b, 0, OFFSET, 0x21));
        assert_int_equal(hal_page_count(g->r.hal), 0);
        assert_int_equal(g->r.findings, 0);
        guest_free(g);
    }
}

/* At once and without a routine: the caller goes on with list and channel. */
static void a_list_without_a_routine_is_the_callers(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 4; i++) {
        struct guest *g = v3_guest(kind, false);
        struct buffer b[2];
        struct ask a = ask_for(g, b, i & 1), other = a;
        uint32_t list;

        a.flags = other.flags = SYNCHRONOUS;
        a.routine = 0;
        a.write = i >> 1;
        v3_fill(g, b, 0, ALL, 7);
        assert_int_equal(make(g, &a), SUCCESS);
        list = guest_get(g, a.out);
        assert_int_equal(v3_list_sum(g, list), a.bytes);
        assert_true(busy(g));
        other.context = v3_context(g, a.adapter);
        assert_int_equal(make(g, &other), INSUFFICIENT_RESOURCES);
        assert_int_equal(guest_called(g), 0);
        /* the channel goes, the registers stay with the list */
        table_call(g, a.adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_false(busy(g));
        if (a.write)
            assert_true(v3_list_reads(g, list, (uint8_t)(7 + OFFSET)));
        else
            v3_list_writes(g, list, 0x55);
        table_call(g, a.adapter, OP_PUT_LIST, list, a.write);
        assert_true(v3_is(g, b, OFFSET, a.bytes,
                          (uint8_t)(a.write ? 7 + OFFSET : 0x55)));
        assert_int_equal(g->r.findings, 0);
        guest_free(g);
    }
}

/* A list that waits is cancelled: its routine never runs, its memory is back.
 */
static void a_waiting_list_is_cancelled(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned build = 0; build < 2; build++) {
        struct guest *g = v3_guest(kind, false);
        struct buffer b[2];
        struct ask a = ask_for(g, b, build);
        uint32_t used;

        v3_hold(g, a.adapter, v3_context(g, a.adapter), 1);
        guest_device(g, 0);
        used = g->r.mm.s.pool[0].bytes_used;
        assert_int_equal(make(g, &a), SUCCESS);
        assert_int_equal(guest_called(g), 0);
        assert_int_equal(
            table_call(g, a.adapter, OP_CANCEL_CHANNEL, 0, a.context) & 0xff,
            1);
        /* but for the device object of the call, which stays */
        assert_in_range(g->r.mm.s.pool[0].bytes_used, used, used + 0x100);
        table_call(g, a.adapter, OP_FREE_OBJECT, HAL_DEALLOCATE_OBJECT);
        assert_int_equal(guest_called(g), 0);
        assert_int_equal(make(g, &a), CANCELLED);
        assert_int_equal(g->r.findings, 0);
        guest_free(g);
    }
}

/* What a call must have, and may not be. */
static void errors_of_lists(void **state)
{
    (void)state;
    EVERY_KIND(kind)
    for (unsigned build = 0; build < 2; build++) {
        struct guest *g = v3_guest(kind, false);
        struct buffer b[2];
        const struct ask good = ask_for(g, b, build);
        struct ask wrong[9];
        unsigned i;

        for (i = 0; i < 9; i++)
            wrong[i] = good;
        wrong[0].routine = 0; /* asynchronous */
        wrong[1].routine = wrong[1].out = 0;
        wrong[1].flags = SYNCHRONOUS;
        wrong[2].flags = 2;
        wrong[3].context = 0;
        wrong[4].bytes = 0;
        wrong[5].bytes++;
        wrong[6].offset = ALL;
        wrong[7].offset = ((uint64_t)1 << 32) + OFFSET;
        wrong[8].adapter = v3_slave(g, 0x8000);
        for (i = 0; i < 9; i++)
            assert_int_equal(make(g, &wrong[i]), INVALID_PARAMETER);
        if (build) {
            wrong[0] = good;
            wrong[0].room = 8 + 15;
            assert_int_equal(make(g, &wrong[0]), BUFFER_TOO_SMALL);
        }
        assert_int_equal(guest_called(g), 0);
        assert_int_equal(g->r.findings, 0);
        assert_int_equal(make(g, &good), SUCCESS);
        guest_free(g);
    }
}

/* GetScatterGatherListEx may be called at PASSIVE_LEVEL: no finding; its
 * routine runs at DISPATCH_LEVEL, the caller's level comes back. */
static void a_list_at_passive_level(void **state)
{
    struct guest *g = v3_guest(HAL_TRANSLATE, false);
    struct buffer b[2];
    struct ask a = ask_for(g, b, false);

    (void)state;
    guest_irql(g, 0);
    assert_int_equal(make(g, &a), SUCCESS);
    assert_int_equal(guest_called_irql(g, 0), 2);
    assert_int_equal(ke_irql(g->ke), 0);
    assert_int_equal(g->r.findings, 0);
    guest_free(g);
}

static uint32_t common(struct guest *g, uint32_t adapter, uint64_t most,
                       uint32_t bytes, uint32_t at, bool cached)
{
    uint32_t limit = most ? guest_alloc(g, 8) : 0;

    if (limit) {
        guest_set(g, limit, (uint32_t)most);
        guest_set(g, limit + 4, (uint32_t)(most >> 32));
    }
    guest_irql(g, 0);
    return table_call(g, adapter, OP_ALLOCATE_COMMON_EX, limit, bytes, at,
                      cached, 0);
}

/* DMA-163: no byte of it above MaximumAddress, NULL: no limit; not cached: PCD
 * and PWT. Windows of map registers begin at 15 MiB, there is none below 1 MiB:
 * such a limit gives memory on `bounce` and NULL elsewhere. */
static void a_common_buffer_has_limit_and_cache_type(void **state)
{
    static const uint64_t most[] = {0,          0xfffff,    0xffffff,
                                    0x1fffffff, 0xffffffff, UINT64_MAX};

    (void)state;
    EVERY_KIND(kind)
    for (unsigned i = 0; i < 12; i++) {
        struct guest *g = v3_guest(kind, false);
        uint32_t adapter = v3_master(g, true, 64, 0x8000);
        uint32_t at = guest_alloc(g, 8), va, k, pte;
        uint64_t limit = most[i / 2], dla;
        gpa_t to;

        va = common(g, adapter, limit, 0x3000, at, i & 1);
        if (limit == 0xfffff && kind != HAL_BOUNCE) {
            assert_int_equal(va, 0);
            guest_free(g);
            continue;
        }
        assert_int_not_equal(va, 0);
        dla = guest_get(g, at) | (uint64_t)guest_get(g, at + 4) << 32;
        if (limit)
            assert_true(dla + 0x3000 - 1 <= limit);
        for (k = 0; k < 3; k++) {
            pte = (uint32_t)pte_get(&g->r.mm, 0, gva_of(va + k * PAGE_BYTES));
            assert_int_equal(pte & (PTE_PCD | PTE_PWT),
                             i & 1 ? 0 : PTE_PCD | PTE_PWT);
            guest_set(g, va + k * PAGE_BYTES + 0x10, 0x600d0000 + k);
            assert_true(rig_reach(&g->r, dla_of(dla + k * PAGE_BYTES + 0x10),
                                  DMA_TO_DEVICE, &to));
            assert_int_equal(ram_read32(&g->r.ram, to), 0x600d0000 + k);
        }
        table_call(g, adapter, OP_FREE_COMMON, 0x3000, (uint32_t)dla,
                   (uint32_t)(dla >> 32), va, i & 1);
        assert_int_equal(hal_page_count(g->r.hal), 0);
        assert_int_equal(g->r.findings, 0);
        guest_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_made_and_put),
        cmocka_unit_test(a_list_without_a_routine_is_the_callers),
        cmocka_unit_test(a_waiting_list_is_cancelled),
        cmocka_unit_test(errors_of_lists),
        cmocka_unit_test(a_list_at_passive_level),
        cmocka_unit_test(a_common_buffer_has_limit_and_cache_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
