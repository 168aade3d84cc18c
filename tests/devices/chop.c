/* tests/devices/chop.c -- see chop.h. */
#include "chop.h"

#include <string.h>

/* Than the scenario's stride, in builds that are many times slower. */
#ifdef HALBOX_SLOW
enum { COARSER = 7 };
#else
enum { COARSER = 1 };
#endif

static struct bench *whole(const struct scenario *s)
{
    struct bench *b = s->begin();

    b->moved = 0;
    assert_true(bench_run(b));
    assert_true(b->trace_bytes > 0);
    return b;
}

/* Every model twice: fed by n = 1 and by n = 4096, and by 3. */
void chop_grain(const struct scenario *scenarios, unsigned count)
{
    static const uint32_t grains[] = {1, 3, 4096};

    for (unsigned i = 0; i < count; i++) {
        struct bench *ref = whole(&scenarios[i]);

        for (unsigned g = 0; g < 3; g++) {
            struct bench *b = scenarios[i].begin();

            bus_grain(b->bus, grains[g]);
            assert_true(bench_run(b));
            if (strcmp(b->trace, ref->trace))
                fail_msg("%s, grain %u:\n%s\nis not\n%s", scenarios[i].name,
                         grains[g], b->trace, ref->trace);
            bench_same(b, ref);
            bench_destroy(b);
        }
        bench_destroy(ref);
    }
}

/* Up to byte @at in one machine, from there in another. */
static void cut_at(const struct scenario *s, const struct bench *ref,
                   uint64_t at)
{
    struct bench *first = s->begin(), *second;
    struct saver saved;
    size_t split;

    first->moved = 0;
    first->stop_after = at;
    bus_grain(first->bus, 1);
    assert_false(bench_run(first));
    bench_save(first, &saved);
    split = first->trace_bytes;
    second = s->begin();
    bench_load(second, &saved);
    second->trace_bytes = 0;
    assert_true(bench_run(second));
    if (split + second->trace_bytes != ref->trace_bytes ||
        memcmp(first->trace, ref->trace, split) ||
        memcmp(second->trace, ref->trace + split, second->trace_bytes))
        fail_msg("%s cut at byte %llu: another trace", s->name,
                 (unsigned long long)at);
    bench_same(second, ref);
    saver_fini(&saved);
    bench_destroy(first);
    bench_destroy(second);
}

void chop_saves(const struct scenario *scenarios, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct scenario *s = &scenarios[i];
        struct bench *ref = whole(s);
        uint64_t bytes = ref->moved;

        for (uint64_t at = 1; at <= bytes; at += s->stride * COARSER)
            cut_at(s, ref, at);
        bench_destroy(ref);
    }
}

/* A machine saved, loaded and saved again gives the same bytes. */
void chop_load_and_save(const struct scenario *scenarios, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct bench *a = scenarios[i].begin(), *b;
        struct saver saved;

        a->moved = 0;
        a->stop_after = 7;
        bus_grain(a->bus, 1);
        bench_run(a);
        bench_save(a, &saved);
        b = scenarios[i].begin();
        bench_load(b, &saved);
        bench_same(a, b);
        saver_fini(&saved);
        bench_destroy(a);
        bench_destroy(b);
    }
}
