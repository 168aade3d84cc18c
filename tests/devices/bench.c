/* tests/devices/bench.c -- see bench.h. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

enum { MIB = 1 << 20, SECOND_NS = 1000000000 };
enum { LOW_MEMORY = 15 * MIB };

static struct bench *create(const struct bus_options *options)
{
    static const struct ram_range ranges[] = {{0, LOW_MEMORY},
                                              {16 * MIB, BENCH_RAM - 16 * MIB}};
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    assert_int_equal(ram_create(&b->mem, ranges, 2, NULL), HB_OK);
    clock_init(&b->clock, BENCH_NS_PER_TICK);
    events_init(&b->events, &b->clock);
    assert_int_equal(
        bus_create(&b->bus, &b->mem, &b->clock, &b->events, options, NULL),
        HB_OK);
    b->ram = b->mem.base;
    b->next_memory = 0xf0000000u;
    b->next_port = 0xc000;
    b->stop_after = UINT64_MAX;
    return b;
}

struct bench *bench_create_with(const struct bus_options *options)
{
    struct bench *b = create(options);

    for (uint64_t at = 0; at < 4 * MIB; at += PAGE_BYTES)
        ram_mark(&b->mem, gpa_of(at),
                 PAGE_BYTES); /* tests write b->ram directly */
    for (uint64_t at = 16 * MIB; at < 20 * MIB; at += PAGE_BYTES)
        ram_mark(&b->mem, gpa_of(at), PAGE_BYTES);
    return b;
}

struct bench *bench_create(void)
{
    return bench_create_with(NULL);
}

struct bench *bench_create_lean(void)
{
    return create(NULL);
}

void bench_fill(struct bench *b, uint64_t at, uint32_t bytes, uint8_t seed)
{
    uint8_t *run = malloc(bytes);

    assert_non_null(run);
    for (uint32_t i = 0; i < bytes; i++)
        run[i] = (uint8_t)(seed + 7 * i);
    ram_write(&b->mem, gpa_of(at), run, bytes);
    free(run);
}

void bench_destroy(struct bench *b)
{
    bus_destroy(b->bus);
    events_fini(&b->events);
    clock_fini(&b->clock);
    ram_destroy(&b->mem);
    free(b->trace);
    free(b);
}

int bench_setup(void **state)
{
    *state = bench_create();
    return 0;
}

int bench_teardown(void **state)
{
    bench_destroy(*state);
    return 0;
}

/* ---- devices ------------------------------------------------------------ */

struct device *bench_add(struct bench *b, const struct device_model *model,
                         const struct bus_place *place)
{
    struct hb_error error = {0};
    struct device *dev = NULL;

    if (bus_add(b->bus, model, place, &dev, &error) != HB_OK)
        fail_msg("%s", error.text);
    if (!b->dev)
        b->dev = dev;
    return dev;
}

struct device *bench_add_isa(struct bench *b, const struct device_model *model,
                             int irq, int dma)
{
    struct bus_place place = {.has_irq = irq >= 0,
                              .irq = (uint8_t)(irq < 0 ? 0 : irq),
                              .has_dma = dma >= 0,
                              .dma = (uint8_t)(dma < 0 ? 0 : dma)};

    return bench_add(b, model, &place);
}

void bench_set(struct bench *b, struct device *dev, const char *setting,
               uint64_t value)
{
    (void)b;
    assert_int_equal(bus_set(dev, setting, value, NULL), HB_OK);
}

static void config(struct bench *b, const struct device *dev, unsigned offset,
                   unsigned bytes, uint32_t value)
{
    struct bus_place at;

    bus_device_place(dev, &at);
    bus_config_write(b->bus, 0, at.slot, at.function, offset, bytes, value);
}

static uint32_t config_get(struct bench *b, const struct device *dev,
                           unsigned offset, unsigned bytes)
{
    struct bus_place at;

    bus_device_place(dev, &at);
    return bus_config_read(b->bus, 0, at.slot, at.function, offset, bytes);
}

static void place_bar(struct bench *b, struct device *dev, unsigned bar)
{
    unsigned offset = 0x10 + 4 * bar;
    uint32_t mask, bytes;

    config(b, dev, offset, 4, UINT32_MAX);
    mask = config_get(b, dev, offset, 4);
    if (!mask)
        return;
    if (mask & 1) {
        bytes = (~(mask & ~3u) & 0xffff) + 1;
        b->next_port = (uint16_t)((b->next_port + bytes - 1) & ~(bytes - 1));
        config(b, dev, offset, 4, b->next_port);
        b->next_port = (uint16_t)(b->next_port + bytes);
    } else {
        bytes = ~(mask & ~15u) + 1;
        b->next_memory = (b->next_memory + bytes - 1) & ~(bytes - 1);
        config(b, dev, offset, 4, b->next_memory);
        b->next_memory += bytes;
    }
}

void bench_command(struct bench *b, struct device *dev, uint16_t command)
{
    config(b, dev, 4, 2, command);
}

uint16_t bench_status(struct bench *b, struct device *dev)
{
    return (uint16_t)config_get(b, dev, 6, 2);
}

void bench_enable(struct bench *b, struct device *dev)
{
    if (!dev->model->pci.vendor)
        return;
    for (unsigned bar = 0; bar < PCI_BARS; bar++)
        place_bar(b, dev, bar);
    bench_command(b, dev, 7);
}

void bench_start(struct bench *b)
{
    struct device *dev;

    bus_reset(b->bus);
    for (unsigned i = 0; (dev = bus_device(b->bus, i)) != NULL; i++)
        bench_enable(b, dev);
}

/* ---- accesses ----------------------------------------------------------- */

uint64_t bench_base(const struct device *dev, unsigned window)
{
    struct bus_place at;

    bus_device_place(dev, &at);
    return at.base[window];
}

uint32_t bench_read(struct bench *b, struct device *dev, unsigned window,
                    uint32_t offset, unsigned bytes)
{
    uint64_t at = bench_base(dev, window) + offset;

    if (dev->model->windows[window].kind == WINDOW_PORT)
        return bus_in(b->bus, (uint16_t)at, bytes);
    return bus_load(b->bus, gpa_of(at), bytes);
}

void bench_write(struct bench *b, struct device *dev, unsigned window,
                 uint32_t offset, unsigned bytes, uint32_t value)
{
    uint64_t at = bench_base(dev, window) + offset;

    if (dev->model->windows[window].kind == WINDOW_PORT)
        bus_out(b->bus, (uint16_t)at, bytes, value);
    else
        bus_store(b->bus, gpa_of(at), bytes, value);
}

uint32_t bench_get(struct bench *b, uint32_t offset, unsigned bytes)
{
    return bench_read(b, b->dev, 0, offset, bytes);
}

void bench_put(struct bench *b, uint32_t offset, unsigned bytes, uint32_t value)
{
    bench_write(b, b->dev, 0, offset, bytes, value);
}

uint8_t bench_in8(struct bench *b, uint16_t port)
{
    return (uint8_t)bus_in(b->bus, port, 1);
}

void bench_out8(struct bench *b, uint16_t port, uint8_t value)
{
    bus_out(b->bus, port, 1, value);
}

/* ---- time --------------------------------------------------------------- */

/* As the machine's run loop: what holds the bus first, then what is due.
 * False: stopped after so many bytes. */
static bool serve_now(struct bench *b)
{
    struct clock_entry e;

    for (;;) {
        while (bus_tenure(b->bus)->bytes) {
            if (b->moved >= b->stop_after)
                return false;
            b->moved += tenure_move(b->bus);
        }
        if (b->moved >= b->stop_after)
            return false;
        if (!clock_take_due(&b->clock, &e))
            return true;
        bus_serve(b->bus, &e);
    }
}

static bool advance_to(struct bench *b, uint64_t tick)
{
    for (;;) {
        uint64_t next;

        if (!serve_now(b))
            return false;
        next = clock_next(&b->clock);
        if (b->clock.now == tick)
            return true;
        b->clock.now = next < tick ? next : tick;
    }
}

void bench_advance_ns(struct bench *b, uint64_t ns)
{
    advance_to(b, b->clock.now + ns / BENCH_NS_PER_TICK);
}

void bench_tick(struct bench *b)
{
    advance_to(b, b->clock.now + 1);
}

uint64_t bench_now_ns(const struct bench *b)
{
    return clock_now_ns(&b->clock);
}

bool bench_irq(const struct bench *b)
{
    struct bus_place at;

    bus_device_place(b->dev, &at);
    if (at.has_irq)
        return bus_wire(b->bus, (enum wire)(WIRE_IRQ0 + at.irq));
    return bus_wire(b->bus,
                    bus_pirq(at.slot, b->dev->model->pci.interrupt_pin));
}

bool bench_run_until_irq(struct bench *b)
{
    while (!bench_irq(b)) {
        if (clock_next(&b->clock) == UINT64_MAX)
            return false;
        if (!advance_to(b, clock_next(&b->clock)))
            return false;
    }
    return true;
}

bool bench_run(struct bench *b)
{
    uint64_t end = b->clock.now + SECOND_NS / BENCH_NS_PER_TICK;

    if (!serve_now(b))
        return false;
    while (clock_next(&b->clock) <= end)
        if (!advance_to(b, clock_next(&b->clock)))
            return false;
    return true;
}

uint64_t bench_tenure_ns(const struct bench *b, uint32_t bytes)
{
    return BENCH_NS_PER_TICK * (1 + clock_ticks(&b->clock, bytes));
}

/* ---- trace -------------------------------------------------------------- */

static void note(void *context, const struct hb_event *event)
{
    struct bench *b = context;
    char line[512];
    int n = hb_event_text(event, line, sizeof line - 1);
    size_t bytes;

    if (n < 0)
        return;
    bytes = (size_t)n < sizeof line - 2 ? (size_t)n : sizeof line - 2;
    line[bytes++] = '\n';
    b->trace = realloc(b->trace, b->trace_bytes + bytes + 1);
    assert_non_null(b->trace);
    memcpy(b->trace + b->trace_bytes, line, bytes);
    b->trace_bytes += bytes;
    b->trace[b->trace_bytes] = 0;
}

void bench_trace(struct bench *b, const char *glob)
{
    assert_int_equal(events_listen(&b->events, note, b, glob), HB_OK);
    if (!b->trace)
        b->trace = calloc(1, 1);
}

unsigned bench_count(const struct bench *b, const char *text)
{
    unsigned n = 0;
    const char *line = b->trace;

    while (line && *line) {
        const char *end = strchr(line, '\n');
        const char *hit = strstr(line, text);

        n += hit && hit < end;
        line = end + 1;
    }
    return n;
}

/* ---- state -------------------------------------------------------------- */

static void save_memory(const struct bench *b, struct saver *s)
{
    uint64_t page = 0;

    while ((page = ram_next_touched(&b->mem, page)) != UINT64_MAX) {
        save_u64(s, page + 1);
        save_bytes(s, b->mem.base + page * PAGE_BYTES, PAGE_BYTES);
        page++;
    }
    save_u64(s, 0);
}

void bench_save(const struct bench *b, struct saver *s)
{
    *s = (struct saver){0};
    save_rows(s, &b->clock, clock_rows);
    bus_save(b->bus, s);
    save_memory(b, s);
    assert_false(s->failed);
}

void bench_load(struct bench *b, const struct saver *s)
{
    struct loader l = {.bytes = s->bytes, .count = s->count};
    struct hb_error error = {0};
    uint64_t page;

    assert_true(load_rows(&l, &b->clock, clock_rows));
    if (bus_load_state(b->bus, &l, &error) != HB_OK)
        fail_msg("%s", error.text);
    while ((page = loader_u64(&l)) != 0) {
        uint8_t bytes[PAGE_BYTES];

        assert_true(loader_bytes(&l, bytes, sizeof bytes));
        ram_write(&b->mem, gpa_of((page - 1) * PAGE_BYTES), bytes,
                  sizeof bytes);
    }
    assert_false(l.failed);
}

void bench_same(const struct bench *a, const struct bench *b)
{
    struct saver sa, sb;

    bench_save(a, &sa);
    bench_save(b, &sb);
    assert_int_equal(sa.count, sb.count);
    assert_memory_equal(sa.bytes, sb.bytes, sa.count);
    saver_fini(&sa);
    saver_fini(&sb);
}

/* ---- map registers ------------------------------------------------------ */

static struct device *unit_of(struct bench *b)
{
    struct device *unit = bus_find(b->bus, "mapregs");

    assert_non_null(unit);
    return unit;
}

struct device *bench_add_mapregs(struct bench *b, bool adapter)
{
    const struct device_model *model = device_model_find("mapregs");
    struct device *under_test = b->dev, *unit;

    assert_non_null(model);
    unit = bench_add(b, model, NULL);
    b->dev = under_test;
    bench_set(b, unit, "kind", adapter ? 2 : 1);
    return unit;
}

void bench_windows_on(struct bench *b)
{
    bench_write(b, unit_of(b), 0, 0x08, 4, 3);
}

void bench_map(struct bench *b, uint32_t requester, uint32_t at, uint64_t to,
               uint32_t flags)
{
    struct device *unit = unit_of(b);
    bool high = at >= 0xe0000000u;
    uint32_t index = (at - (high ? 0xe0000000u : 0x00f00000u)) >> PAGE_SHIFT;

    bench_write(b, unit, 0, 0x20, 4, requester | (high ? 1u << 16 : 0));
    bench_write(b, unit, 0, 0x8004 + 8 * index, 4, (uint32_t)(to >> 32));
    bench_write(b, unit, 0, 0x8000 + 8 * index, 4,
                ((uint32_t)to & ~(uint32_t)PAGE_MASK) | flags);
}
