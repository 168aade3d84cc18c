/* bench/dma_bench.c -- bytes per second that a bus master moves through map
 * registers, against plain memcpy of the same pages. Design: at least 80 % of
 * memcpy at tenures of 4096 bytes (docs/dma.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bus/bus.h"
#include "halbox/devices.h"

enum { NS_PER_TICK = 10, PAGES = 1024, ROUNDS = 20, RUNS = 20 };
#define UNIT 0xf0000000u

/* A master with a buffer of 4 MiB, so that each tenure has pages of its own. */
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

/* Page i of the high window is page 2i of RAM: scattered. */
static void map_pages(struct rig *r)
{
    bus_config_write(r->bus, 0, 3, 0, 0x10, 4, UNIT);
    bus_config_write(r->bus, 0, 3, 0, 4, 2, 2);
    unit_write(r, 0x20, 1u << 16);
    for (uint32_t i = 0; i < PAGES; i++)
        unit_write(r, 0x8000 + 8 * i, (0x100000 + 2 * i * PAGE_BYTES) | 7);
    unit_write(r, 0x08, 3);
}

static void build(struct rig *r, uint32_t tenure)
{
    static const struct ram_range ranges[] = {{0, 15 << 20}};
    const struct bus_options options = {.tenure = tenure, .rate = 64};

    *r = (struct rig){0};
    must(ram_create(&r->ram, ranges, 1, NULL));
    clock_init(&r->clock, NS_PER_TICK);
    events_init(&r->events, &r->clock);
    must(bus_create(&r->bus, &r->ram, &r->clock, &r->events, &options, NULL));
    must(bus_add(r->bus, device_model_find("mapregs"), NULL, NULL, NULL));
    must(bus_add(r->bus, &master_model, NULL, &r->master, NULL));
    bus_reset(r->bus);
    bus_config_write(r->bus, 0, 4, 0, 4, 2, 4);
    map_pages(r);
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

static void by_dma_once(struct rig *r)
{
    struct master *m = (struct master *)r->master;

    must(dma_write(r->master, 0, dla_of(0xe0000000u), LOCAL(m, buf),
                   sizeof m->buf, 0));
    run(r);
}

/* The best of a few runs: other work on the host only ever adds time. */
static double best(double rate, double so_far)
{
    return rate > so_far ? rate : so_far;
}

static double by_dma(uint32_t tenure, unsigned rounds)
{
    struct rig r;
    double rate = 0;

    build(&r, tenure);
    by_dma_once(&r);
    for (unsigned n = 0; n < RUNS; n++) {
        double begun = seconds();

        for (unsigned i = 0; i < rounds; i++)
            by_dma_once(&r);
        rate = best((double)rounds * PAGES * PAGE_BYTES / (seconds() - begun),
                    rate);
    }
    destroy(&r);
    return rate;
}

static void copy_pages(const struct rig *r, const struct master *m)
{
    for (size_t page = 0; page < PAGES; page++) {
        memcpy(r->ram.base + 0x100000 + 2 * page * PAGE_BYTES,
               m->buf + page * PAGE_BYTES, PAGE_BYTES);
        __asm__ volatile("" ::: "memory");
    }
}

/* The same bytes between the same places, without a bus. */
static double by_memcpy(unsigned rounds)
{
    struct rig r;
    double rate = 0;

    build(&r, PAGE_BYTES);
    by_dma_once(&r); /* every page is there */
    for (unsigned n = 0; n < RUNS; n++) {
        double begun = seconds();

        for (unsigned i = 0; i < rounds; i++)
            copy_pages(&r, (const struct master *)r.master);
        rate = best((double)rounds * PAGES * PAGE_BYTES / (seconds() - begun),
                    rate);
    }
    destroy(&r);
    return rate;
}

int main(void)
{
    static const struct {
        uint32_t tenure;
        unsigned rounds;
    } row[] = {{4096, ROUNDS}, {64, 1}, {4, 1}};
    double plain = by_memcpy(ROUNDS);

    printf("%-34s %8.2f GB/s\n", "memcpy of the same pages", plain / 1e9);
    for (unsigned i = 0; i < 3; i++) {
        double rate = by_dma(row[i].tenure, row[i].rounds);

        printf("DMA by map registers, tenure %-5u %8.2f GB/s %5.0f %%\n",
               row[i].tenure, rate / 1e9, 100 * rate / plain);
    }
    return 0;
}
