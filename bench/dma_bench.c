/* bench/dma_bench.c -- bytes per second that a bus master moves through map
 * registers, against plain memcpy between the same pages, in turns.
 *
 * The row with a limit moves 64 MiB to pages in no order: more than the host's
 * caches hold, as what a card brings is not there yet when it comes. A tenure
 * of 4096 bytes has to reach 80 % of memcpy (docs/dma.md). It goes in four
 * operations, as a window has 4096 map registers; writing those is not timed.
 * The rows without a limit show what is left when nothing hides the bus: 4 MiB
 * that stay in the cache, and small tenures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bus/bus.h"
#include "halbox/devices.h"

enum {
    NS_PER_TICK = 10,
    PAGES = 16384,  /* of the master: 64 MiB        */
    SPREAD = 32768, /* pages of RAM they lie in     */
    PART = 4096     /* map registers, most at once  */
};
#define UNIT 0xf0000000u

/* A master with a buffer of 64 MiB, so that each tenure has pages of its own.
 */
struct master {
    struct device dev;
    uint8_t buf[PAGES * PAGE_BYTES];
};

static const struct state_row master_rows[] = {STATE_END};
static const struct device_model master_model = {
    .name = "master",
    .title = "a bus master with a large buffer",
    .state_size = sizeof(struct master),
    .rows = master_rows,
    .pci = {.vendor = 0x4842, .device = 2},
};

struct rig {
    struct ram ram;
    struct clock clock;
    struct events events;
    struct bus *bus;
    struct device *master;
};

static void must(enum hb_status status)
{
    if (status != HB_OK) {
        fprintf(stderr, "dma_bench: %s\n", hb_status_name(status));
        exit(3);
    }
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void unit_write(struct rig *r, uint32_t offset, uint32_t value)
{
    bus_store(r->bus, gpa_of(UNIT + offset), 4, value);
}

/* Where page @i goes: all of them apart, neighbours far from each other. */
static uint32_t page_at(uint32_t i)
{
    return (16u << 20) + (i * 20509u % SPREAD) * PAGE_BYTES;
}

static void start_unit(struct rig *r)
{
    bus_config_write(r->bus, 0, 3, 0, 0x10, 4, UNIT);
    bus_config_write(r->bus, 0, 3, 0, 4, 2, 2);
    unit_write(r, 0x20, 1u << 16);
    unit_write(r, 0x08, 3);
}

static void map_pages(struct rig *r, uint32_t first, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++)
        unit_write(r, 0x8000 + 8 * i, page_at(first + i) | 7);
}

static void build(struct rig *r, uint32_t tenure)
{
    static const struct ram_range ranges[] = {
        {0, 15 << 20}, {16 << 20, (uint64_t)SPREAD * PAGE_BYTES}};
    const struct bus_options options = {.tenure = tenure, .rate = 64};
    struct device *unit;

    *r = (struct rig){0};
    must(ram_create(&r->ram, ranges, 2, NULL));
    clock_init(&r->clock, NS_PER_TICK);
    events_init(&r->events, &r->clock);
    must(bus_create(&r->bus, &r->ram, &r->clock, &r->events, &options, NULL));
    must(bus_add(r->bus, device_model_find("mapregs"), NULL, &unit, NULL));
    must(bus_set(unit, "registers", PART, NULL));
    must(bus_add(r->bus, &master_model, NULL, &r->master, NULL));
    bus_reset(r->bus);
    bus_config_write(r->bus, 0, 4, 0, 4, 2, 4);
    start_unit(r);
}

static void destroy(struct rig *r)
{
    bus_destroy(r->bus);
    events_fini(&r->events);
    clock_fini(&r->clock);
    ram_destroy(&r->ram);
}

static void run(struct rig *r)
{
    struct clock_entry e;

    while (clock_next(&r->clock) != UINT64_MAX) {
        r->clock.now = clock_next(&r->clock);
        while (clock_take_due(&r->clock, &e)) {
            bus_serve(r->bus, &e);
            while (bus_tenure(r->bus)->bytes)
                tenure_move(r->bus);
        }
    }
}

static double by_dma(struct rig *r, uint32_t pages)
{
    struct master *m = (struct master *)r->master;
    uint32_t part = pages < PART ? pages : PART, bytes = part * PAGE_BYTES;
    double took = 0, begun;

    for (uint32_t first = 0; first < pages; first += part) {
        map_pages(r, first, part);
        begun = seconds();
        must(dma_write(r->master, 0, dla_of(0xe0000000u),
                       (uint32_t)(LOCAL(m, buf) + first * PAGE_BYTES), bytes,
                       0));
        run(r);
        took += seconds() - begun;
        must(dma_done(r->master, 0) == bytes ? HB_OK : HB_FAULT);
    }
    return took;
}

/* The bench counts only what has arrived. */
static void check(const struct rig *r)
{
    const struct master *m = (const struct master *)r->master;

    for (uint32_t i = 0; i < PAGES; i++)
        must(memcmp(r->ram.base + page_at(i), m->buf + (size_t)i * PAGE_BYTES,
                    PAGE_BYTES)
                 ? HB_FAULT
                 : HB_OK);
}

/* The same bytes between the same places, without a bus. */
static double by_memcpy(struct rig *r, uint32_t pages)
{
    const struct master *m = (const struct master *)r->master;
    double begun = seconds();

    for (uint32_t i = 0; i < pages; i++) {
        memcpy(r->ram.base + page_at(i), m->buf + (size_t)i * PAGE_BYTES,
               PAGE_BYTES);
        __asm__ volatile("" ::: "memory");
    }
    return seconds() - begun;
}

struct row {
    uint32_t tenure, pages;
    unsigned rounds, limit; /* turns, at most TURNS_MOST; per cent, 0: none */
};

enum { TURNS_MOST = 200 };

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(double *v, unsigned n)
{
    qsort(v, n, sizeof *v, by_value);
    return v[n / 2];
}

/* Medians of the turns, and of each turn's own ratio: what else the host does
 * falls on both of a turn alike. */
static bool measure(const struct row *row)
{
    static double dma[TURNS_MOST], plain[TURNS_MOST], ratio[TURNS_MOST];
    struct rig r;
    struct master *m;
    double bytes = (double)row->pages * PAGE_BYTES, percent;
    bool good;

    build(&r, row->tenure);
    m = (struct master *)r.master;
    for (uint32_t i = 0; i < sizeof m->buf; i++)
        m->buf[i] = (uint8_t)(i * 2654435761u >> 24);
    by_dma(&r, PAGES); /* every page is there */
    check(&r);
    for (unsigned n = 0; n < row->rounds; n++) {
        plain[n] = by_memcpy(&r, row->pages);
        dma[n] = by_dma(&r, row->pages);
        ratio[n] = plain[n] / dma[n];
    }
    destroy(&r);
    percent = 100 * median(ratio, row->rounds);
    good = percent >= row->limit;
    printf("dma: tenure %4u, %2.0f MiB, map registers %6.2f GB/s, memcpy "
           "%6.2f GB/s: %3.0f %%",
           row->tenure, bytes / (1 << 20),
           bytes / median(dma, row->rounds) / 1e9,
           bytes / median(plain, row->rounds) / 1e9, percent);
    if (row->limit)
        printf(" of >= %u %%  %s", row->limit, good ? "PASS" : "FAIL");
    printf("\n");
    return good;
}

int main(void)
{
    static const struct row rows[] = {{4096, PAGES, 30, 80},
                                      {4096, 1024, 200, 0},
                                      {64, 1024, 3, 0},
                                      {4, 1024, 2, 0}};
    bool good = true;

    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        good &= measure(&rows[i]);
    return good ? 0 : 1;
}
