/* tests/bus/dma_test.c -- posted operations and their tenures, by fake masters
 * that post straight from the test. Law: docs/dma.md; ids: device contracts. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/watch.h"

static struct bench *begin(const struct device_model *model)
{
    struct bench *b = bench_create();

    bench_add(b, model, NULL);
    bench_start(b);
    bench_trace(b, "dma_*,finding");
    return b;
}

static int setup(void **state)
{
    *state = begin(&fake_master);
    return 0;
}

static struct fake *fake(struct bench *b)
{
    return fake_of(b->dev);
}

static enum hb_status post_read(struct bench *b, unsigned engine, uint64_t at,
                                uint32_t bytes, unsigned step)
{
    return dma_read(b->dev, engine, dla_of(at), LOCAL(fake(b), buf), bytes,
                    step);
}

static enum hb_status post_write(struct bench *b, unsigned engine, uint64_t at,
                                 uint32_t bytes, unsigned step)
{
    return dma_write(b->dev, engine, dla_of(at), LOCAL(fake(b), buf), bytes,
                     step);
}

/* ---- posting ------------------------------------------------------------ */

static void nothing_moves_in_the_post(void **state)
{
    struct bench *b = *state;

    b->ram[0x1000] = 0x55;
    assert_int_equal(post_read(b, 0, 0x1000, 1, 1), HB_OK);
    assert_int_equal(fake(b)->buf[0], 0);
    assert_int_equal(bus_tenure(b->bus)->bytes, 0);
    bench_tick(b);
    assert_int_equal(fake(b)->buf[0], 0x55);
    assert_int_equal(fake(b)->steps, 0); /* a byte takes time */
    bench_tick(b);
    assert_int_equal(fake(b)->steps, 1);
    assert_int_equal(dma_done(b->dev, 0), 1);
}

static void operations_of_an_engine_are_a_fifo(void **state)
{
    struct bench *b = *state;

    memset(fake(b)->buf, 1, 8);
    for (unsigned i = 0; i < 5; i++)
        post_write(b, 0, 0x1000 + 8 * i, 8, 10 + i);
    bench_run(b);
    assert_int_equal(fake(b)->steps, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(fake(b)->step[i], 10 + i);
}

static void engines_go_on_beside_each_other(void **state)
{
    struct bench *b = *state;

    post_write(b, 0, 0x10000, 12288, 1);
    post_write(b, 1, 0x1000, 4, 2);
    bench_run(b);
    assert_int_equal(fake(b)->step[0], 2); /* the short one is over first */
    assert_int_equal(fake(b)->step[1], 1);
}

static void the_queue_takes_64(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < DMA_QUEUE; i++)
        assert_int_equal(post_write(b, 0, 0x1000, 4, i), HB_OK);
    assert_int_equal(post_write(b, 0, 0x1000, 4, 99), HB_FULL);
    assert_int_equal(post_write(b, 1, 0x1000, 4, 99), HB_OK);
    bench_run(b);
    assert_int_equal(fake(b)->steps, DMA_QUEUE + 1);
    assert_int_equal(post_write(b, 0, 0x1000, 4, 0), HB_OK);
}

static void what_leaves_the_device_is_refused(void **state)
{
    struct bench *b = *state;
    uint32_t end = sizeof(struct fake);

    assert_int_equal(dma_read(b->dev, 0, dla_of(0), end - 4, 8, 1),
                     HB_BAD_ARGUMENT);
    assert_int_equal(dma_read(b->dev, 0, dla_of(0), 0, 8, 1), HB_BAD_ARGUMENT);
    assert_int_equal(dma_read(b->dev, 0, dla_of(0), LOCAL_CALLBACK, 8, 1),
                     HB_BAD_ARGUMENT);
    assert_int_equal(dma_read(b->dev, 0, dla_of(0), LOCAL_RAM(0, 0), 8, 1),
                     HB_BAD_ARGUMENT);
    assert_int_equal(post_read(b, 0, 0, 0, 1), HB_BAD_ARGUMENT);
    assert_int_equal(post_read(b, DMA_ENGINES, 0, 1, 1), HB_BAD_ARGUMENT);
    assert_int_equal(bus_operations(b->bus, NULL, 0), 0);
}

static void posted_operations_can_be_listed(void **state)
{
    struct bench *b = *state;
    struct dma_view view[4];

    post_read(b, 2, 0x1ff0, 0x20, 1);
    post_write(b, 0, 0x3000, 5, 1);
    assert_int_equal(bus_operations(b->bus, view, 4), 2);
    assert_ptr_equal(view[0].dev, b->dev);
    assert_int_equal(view[0].engine, 2);
    assert_int_equal(view[0].left, 0x20);
    bench_tick(b);
    assert_int_equal(bus_operations(b->bus, view, 4), 1); /* 5 bytes are over */
    assert_int_equal(view[0].done, 0x10);
    assert_int_equal(view[0].at.v, 0x2000);
}

/* ---- tenures ------------------------------------------------------------ */

static void a_tenure_never_leaves_a_page(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 8192; i++)
        fake(b)->buf[i] = (uint8_t)(i * 3);
    post_write(b, 0, 0x1f00, 8192, 1);
    bench_run(b);
    assert_memory_equal(b->ram + 0x1f00, fake(b)->buf, 8192);
    assert_int_equal(bench_count(b, "dma_burst"), 3);
    assert_int_equal(bench_count(b, "dla=1f00 gpa=1f00 register=ffffffff "
                                    "bytes=256"),
                     1);
    assert_int_equal(bench_count(b, "bytes=4096"), 1);
    assert_int_equal(bench_count(b, "dla=3000 gpa=3000 register=ffffffff "
                                    "bytes=3840"),
                     1);
}

static void the_setting_bounds_a_tenure(void **state)
{
    const struct bus_options options = {.tenure = 64};
    struct bench *b = bench_create_with(&options);

    (void)state;
    bench_add(b, &fake_master, NULL);
    bench_start(b);
    bench_trace(b, "dma_burst");
    post_write(b, 0, 0x1000, 200, 1);
    bench_run(b);
    assert_int_equal(bench_count(b, "bytes=64"), 3);
    assert_int_equal(bench_count(b, "bytes=8"), 1);
    bench_destroy(b);
}

static void a_tenure_takes_its_bytes_time(void **state)
{
    struct bench *b = *state;

    post_write(b, 0, 0x1000, 4096 + 100, 1);
    bench_run(b);
    /* a tick, 4096 ns rounded up, 100 ns */
    assert_int_equal(fake(b)->at[0], 1 + 410 + 10);
}

static void the_rate_is_bytes_per_ns(void **state)
{
    const struct bus_options options = {.rate = 4};
    struct bench *b = bench_create_with(&options);

    (void)state;
    bench_add(b, &fake_master, NULL);
    bench_start(b);
    post_write(b, 0, 0x1000, 4096, 1);
    bench_run(b);
    assert_int_equal(fake(b)->at[0], 1 + 103);
    bench_destroy(b);
}

static void masters_come_in_the_order_of_due_and_sequence(void **state)
{
    struct bench *b = *state;
    struct device *second = bench_add(b, &fake_master, NULL);
    const char *one, *two;

    bench_start(b);
    dma_write(second, 0, dla_of(0x2000), LOCAL(fake_of(second), buf), 4, 1);
    post_write(b, 0, 0x1000, 4, 1);
    bench_run(b);
    two = strstr(b->trace, "dla=2000");
    one = strstr(b->trace, "dla=1000");
    assert_true(two && one && two < one);
}

/* DEV-035: each burst tells the device, where it is logically and physically,
 * the direction and the bytes: one after the other they are the transfer. */
static void bursts_add_up_to_the_bytes_moved(void **state)
{
    struct bench *b = *state;
    const char *at;
    unsigned sum = 0;

    post_write(b, 0, 0x1234, 10000, 1);
    bench_run(b);
    for (at = b->trace; (at = strstr(at, "dma_burst")) != NULL; at++) {
        char line[160];

        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        assert_non_null(strstr(line, "device=fake"));
        assert_int_equal(strtoul(strstr(line, "dla=") + 4, NULL, 16),
                         0x1234 + sum);
        assert_int_equal(strtoul(strstr(line, "gpa=") + 4, NULL, 16),
                         0x1234 + sum);
        assert_non_null(strstr(line, "dir="));
        sum += (unsigned)strtoul(strstr(line, "bytes=") + 6, NULL, 10);
    }
    assert_int_equal(sum, 10000);
    assert_int_equal(bench_count(b, "dma_end transfer=1 device=fake status=0 "
                                    "done=10000"),
                     1);
}

static void beats_are_aligned_dwords_and_what_is_left(void **state)
{
    struct bench *b = *state;

    post_write(b, 0, 0x1003, 10, 1);
    bench_run(b);
    assert_int_equal(bench_count(b, "dma_beat"), 4);
    assert_int_equal(bench_count(b, "gpa=1003 bytes=1"), 1);
    assert_int_equal(bench_count(b, "gpa=1004 bytes=4"), 1);
    assert_int_equal(bench_count(b, "gpa=1008 bytes=4"), 1);
    assert_int_equal(bench_count(b, "gpa=100c bytes=1"), 1);
}

static void a_model_may_move_its_bytes_itself(void **state)
{
    struct bench *b = begin(&fake_streaming);

    (void)state;
    dma_write(b->dev, 0, dla_of(0x1ffe), LOCAL_CALLBACK, 6, 1);
    bench_run(b);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(b->ram[0x1ffe + i], i);
    dma_read(b->dev, 0, dla_of(0x1ffe), LOCAL_CALLBACK, 6, 1);
    bench_run(b);
    assert_int_equal(fake(b)->buf[11], 5);
    bench_destroy(b);
}

/* ---- ends --------------------------------------------------------------- */

static void cancel_keeps_what_was_moved_and_drops_the_step(void **state)
{
    struct bench *b = *state;

    memset(fake(b)->buf, 0x77, 8192);
    post_write(b, 0, 0x1000, 8192, 1);
    post_write(b, 0, 0x8000, 4, 2);
    bench_tick(b); /* the first page */
    dma_cancel(b->dev, 0);
    bench_run(b);
    assert_int_equal(b->ram[0x1fff], 0x77);
    assert_int_equal(b->ram[0x2000], 0);
    assert_int_equal(b->ram[0x8000], 0);
    assert_int_equal(fake(b)->steps, 0);
    assert_int_equal(bench_count(b, "status=2 done=4096"), 1);
    post_write(b, 0, 0x8000, 4, 3); /* and the engine is usable again */
    bench_run(b);
    assert_int_equal(fake(b)->steps, 1);
}

static void cancel_takes_back_a_step_that_was_to_come(void **state)
{
    struct bench *b = *state;

    post_write(b, 0, 0x1000, 64, 1);
    bench_tick(b); /* all bytes are over, the step is due later */
    dma_cancel(b->dev, 0);
    bench_run(b);
    assert_int_equal(fake(b)->steps, 0);
}

static void a_timer_and_a_step_of_one_number_are_two(void **state)
{
    struct bench *b = *state;

    post_write(b, 0, 0x1000, 64, 5);
    clock_after_ns(b->dev, 500, 5);
    clock_after_ns(b->dev, 700, 5); /* moved */
    bench_run(b);
    assert_int_equal(fake(b)->steps, 2);
    assert_int_equal(fake(b)->at[1], 70);
    clock_after_ns(b->dev, 500, 5);
    clock_cancel(b->dev, 5);
    bench_run(b);
    assert_int_equal(fake(b)->steps, 2);
}

/* DEV-028 */
static void without_bus_master_enable_nothing_moves(void **state)
{
    struct bench *b = *state;

    fake(b)->buf[0] = 0x99;
    bench_command(b, b->dev, 2);
    post_write(b, 0, 0x1000, 4, 1);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 0);
    assert_int_equal(fake(b)->steps, 0);
    bench_command(b, b->dev, 6); /* it still asks for the bus */
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 0x99);
    assert_int_equal(fake(b)->steps, 1);
}

/* DEV-028: taken away between two tenures. */
static void bus_master_enable_is_asked_before_each_tenure(void **state)
{
    struct bench *b = *state;

    memset(fake(b)->buf, 1, 8192);
    post_write(b, 0, 0x1000, 8192, 1);
    bench_tick(b);
    bench_command(b, b->dev, 2);
    bench_run(b);
    assert_int_equal(b->ram[0x1fff], 1);
    assert_int_equal(b->ram[0x2000], 0);
    assert_int_equal(fake(b)->steps, 0);
}

/* DEV-029 */
static void nobody_there_is_a_master_abort(void **state)
{
    struct bench *b = *state;

    post_write(b, 0, 0xc0000000, 4, 1);
    bench_run(b);
    assert_int_equal(fake(b)->status[0], DMA_FAULT);
    assert_int_equal(dma_done(b->dev, 0), 0);
    assert_true(bench_status(b, b->dev) & 0x2000);
    assert_int_equal(bench_count(b, "dma_fault"), 1);
    post_write(b, 0, 0x1000, 4, 2);
    bench_run(b);
    assert_int_equal(fake(b)->status[1], DMA_OK);
    assert_true(bench_status(b, b->dev) & 0x2000); /* sticky */
    bus_config_write(b->bus, 0, 3, 0, 6, 2, 0x2000);
    assert_false(bench_status(b, b->dev) & 0x2000);
}

static void a_fault_ends_at_its_byte(void **state)
{
    struct bench *b = *state;

    memset(fake(b)->buf, 0x42, 64);
    post_write(b, 0, 0xf00000 - 24, 64, 1); /* RAM ends at 15 MiB */
    bench_run(b);
    assert_int_equal(fake(b)->status[0], DMA_FAULT);
    assert_int_equal(dma_done(b->dev, 0), 24);
    assert_int_equal(b->ram[0xf00000 - 1], 0x42);
}

/* DEV-030 */
static void a_32_bit_master_emits_32_bits(void **state)
{
    struct bench *b = *state;

    fake(b)->buf[0] = 0x31;
    post_write(b, 0, 0x700001000, 1, 1);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 0x31);
}

/* DEV-030 */
static void dual_address_cycles_reach_beyond_4_gb(void **state)
{
    struct bench *b = begin(&fake_dac);

    (void)state;
    fake(b)->buf[0] = 0x31;
    post_write(b, 0, 0x700001000, 1, 1);
    bench_run(b);
    assert_int_equal(fake(b)->status[0], DMA_FAULT); /* no RAM up there */
    assert_int_equal(b->ram[0x1000], 0);
    bench_destroy(b);
}

static void reset_of_a_device_drops_what_it_posted(void **state)
{
    struct bench *b = *state;

    post_write(b, 0, 0x1000, 4, 1);
    clock_after_ns(b->dev, 100, 2);
    bus_reset_device(b->dev);
    bench_run(b);
    assert_int_equal(fake(b)->steps, 0);
    assert_int_equal(bus_operations(b->bus, NULL, 0), 0);
}

/* ---- card to card ------------------------------------------------------- */

static void a_card_is_reached_in_beats(void **state)
{
    struct bench *b = *state;
    struct device *target = bench_add(b, &fake_master, NULL);
    struct fake *t = fake_of(target);

    bench_start(b);
    for (unsigned i = 0; i < 16; i++)
        fake(b)->buf[i] = (uint8_t)(i + 1);
    post_write(b, 0, bench_base(target, 0) + 1, 12, 1);
    bench_run(b);
    assert_memory_equal(t->reg + 1, fake(b)->buf, 12);
    assert_int_equal(t->writes, 5); /* 1 + 2 | 4 | 4 | 1 */
    assert_int_equal(t->write_bytes[0], 1);
    assert_int_equal(t->write_bytes[1], 2);
    assert_int_equal(t->write_bytes[2], 4);
    assert_int_equal(t->write_bytes[3], 4);
    assert_int_equal(t->write_bytes[4], 1);
    post_read(b, 0, bench_base(target, 0), 16, 2);
    bench_run(b);
    assert_int_equal(t->reads, 4);
    assert_memory_equal(fake(b)->buf, t->reg, 16);
}

/* DEV-037 */
static void own_registers_are_served_without_recursion(void **state)
{
    struct bench *b = *state;

    fake(b)->posts = 20; /* each write posts another operation to itself */
    post_write(b, 0, bench_base(b->dev, 0), 4, 1);
    bench_run(b);
    assert_int_equal(fake(b)->deepest, 1);
    assert_int_equal(fake(b)->writes, 21);
    assert_int_equal(fake(b)->steps, 21);
    assert_int_equal(bench_count(b, "S40"), 21);
}

static void a_transfer_past_a_small_window_goes_on_behind_it(void **state)
{
    struct bench *b = *state;

    /* a window of 4096 bytes at its last bytes: the rest is nobody's */
    post_write(b, 0, bench_base(b->dev, 0) + 4094, 4, 1);
    bench_run(b);
    assert_int_equal(dma_done(b->dev, 0), 2);
    assert_int_equal(fake(b)->status[0], DMA_FAULT);
}

/* ---- ISA masters -------------------------------------------------------- */

static struct bench *isa_master(void)
{
    struct bench *b = bench_create();

    bench_add(b, &fake_isa_master, NULL);
    bench_add(b, device_model_find("dma8237"), NULL);
    bench_start(b);
    bench_trace(b, "dma_*,finding");
    return b;
}

/* DEV-017 */
static void an_isa_master_needs_its_channel_in_cascade(void **state)
{
    struct bench *b = isa_master();

    (void)state;
    fake(b)->buf[0] = 0x61;
    post_write(b, 0, 0x1000, 1, 1);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 0);
    assert_int_equal(bench_in8(b, 0xd0) & 0x40, 0x40); /* DREQ6 */
    bench_out8(b, 0xd6, 0xc2);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 0); /* still masked */
    bench_out8(b, 0xd4, 2);
    bench_run(b);
    assert_int_equal(b->ram[0x1000], 0x61);
    assert_int_equal(fake(b)->status[0], DMA_OK);
    assert_int_equal(bench_in8(b, 0xd0) & 0x40, 0);
    bench_destroy(b);
}

/* DEV-020 */
static void an_isa_master_has_24_address_lines(void **state)
{
    struct bench *b = isa_master();

    (void)state;
    bench_out8(b, 0xd6, 0xc2);
    bench_out8(b, 0xd4, 2);
    fake(b)->buf[0] = 0x61;
    post_write(b, 0, 0x1200000, 1, 1);
    bench_run(b);
    assert_int_equal(b->ram[0x200000], 0x61);
    assert_int_equal(b->ram[0x1200000], 0);
    assert_int_equal(bench_count(b, "S26"), 1);
    bench_destroy(b);
}

static void an_isa_master_reads_ff_from_nowhere(void **state)
{
    struct bench *b = isa_master();

    (void)state;
    bench_out8(b, 0xd6, 0xc2);
    bench_out8(b, 0xd4, 2);
    post_read(b, 0, 0xf80000, 4, 1);
    bench_run(b);
    assert_int_equal(fake(b)->status[0], DMA_OK);
    assert_int_equal(fake(b)->buf[3], 0xff);
    bench_destroy(b);
}

/* ---- watches ------------------------------------------------------------ */

static struct clock_entry due(struct bench *b)
{
    struct clock_entry e;

    b->clock.now = clock_next(&b->clock);
    assert_true(clock_take_due(&b->clock, &e));
    return e;
}

/* What a table of watches was told. */
struct heard {
    unsigned count;
    struct machine_watch_hit hit[16];
};

static void hear(void *context, const struct watch *w,
                 struct machine_watch_hit *hit)
{
    struct heard *heard = context;

    (void)w;
    assert_true(heard->count < 16);
    heard->hit[heard->count++] = *hit;
}

static struct watches watching(struct heard *heard, struct machine_watch what)
{
    struct watches ws = {
        .count = 1,
        .last_id = 7,
        .running = true,
        .wiring = {.context = heard, .tell = hear},
    };

    ws.row[5] = (struct watch){.id = 7, .what = what};
    return ws;
}

static void a_watch_cuts_moves_at_its_edges(void **state)
{
    struct bench *b = *state;
    struct heard heard = {0};
    struct watches ws =
        watching(&heard, (struct machine_watch){.space = WATCH_PHYSICAL,
                                                .at = 0x1010,
                                                .bytes = 4,
                                                .access = WATCH_WRITE});
    struct clock_entry e;

    memcpy(b->ram + 0x1010, "abcd", 4);
    memset(fake(b)->buf, 'x', 64);
    bus_watch(b->bus, &ws);
    post_write(b, 0, 0x1000, 64, 1);
    e = due(b);
    bus_serve(b->bus, &e);
    assert_int_equal(bus_tenure(b->bus)->bytes, 64);
    assert_int_equal(tenure_move(b->bus), 16);
    assert_int_equal(heard.count, 0);
    assert_int_equal(tenure_move(b->bus), 4);
    assert_int_equal(heard.count, 1);
    assert_int_equal(tenure_move(b->bus), 44);
    assert_int_equal(heard.count, 1);
    assert_int_equal(bus_tenure(b->bus)->bytes, 0);
    assert_int_equal(bench_count(b, "dma_burst"), 1);
    assert_int_equal(heard.hit[0].id, 7);
    assert_int_equal(heard.hit[0].access, WATCH_WRITE | WATCH_CHANGE);
    assert_int_equal(heard.hit[0].pa.v, 0x1010);
    assert_int_equal(heard.hit[0].dla.v, 0x1010);
    assert_int_equal(heard.hit[0].bytes, 4);
    assert_int_equal(heard.hit[0].before, 0x64636261);
    assert_int_equal(heard.hit[0].after, 0x78787878);
    assert_string_equal(heard.hit[0].device, "fake");
}

static void the_other_direction_cuts_nothing(void **state)
{
    struct bench *b = *state;
    struct heard heard = {0};
    struct watches ws =
        watching(&heard, (struct machine_watch){.space = WATCH_PHYSICAL,
                                                .at = 0x1010,
                                                .bytes = 4,
                                                .access = WATCH_CHANGE});
    struct clock_entry e;

    bus_watch(b->bus, &ws);
    post_read(b, 0, 0x1000, 64, 1);
    e = due(b);
    bus_serve(b->bus, &e);
    assert_int_equal(tenure_move(b->bus), 64);
    ws.row[5].what.access = WATCH_READ;
    post_read(b, 0, 0x1000, 64, 1);
    while (heard.count == 0) {
        e = due(b);
        bus_serve(b->bus, &e);
        while (bus_tenure(b->bus)->bytes)
            tenure_move(b->bus);
    }
    assert_int_equal(heard.hit[0].access, WATCH_READ);
    assert_int_equal(heard.hit[0].before, heard.hit[0].after);
}

static void a_watch_that_is_taken_away_cuts_no_more(void **state)
{
    struct bench *b = *state;
    struct heard heard = {0};
    struct watches ws =
        watching(&heard, (struct machine_watch){.space = WATCH_PHYSICAL,
                                                .at = 0x1010,
                                                .bytes = 4,
                                                .access = WATCH_WRITE});
    struct clock_entry e;

    bus_watch(b->bus, &ws);
    bus_watch(b->bus, NULL);
    post_write(b, 0, 0x1000, 64, 1);
    e = due(b);
    bus_serve(b->bus, &e);
    assert_int_equal(tenure_move(b->bus), 64);
    assert_int_equal(heard.count, 0);
}

/* Logical bytes of the device that is named, and of no other. */
static void logical_bytes_are_a_device_s(void **state)
{
    struct bench *b = *state;
    struct heard heard = {0};
    struct machine_watch what = {.space = WATCH_LOGICAL,
                                 .at = 0x1ffe,
                                 .bytes = 4,
                                 .access = WATCH_WRITE | WATCH_READ,
                                 .device = "fake"};
    struct watches ws = watching(&heard, what);

    bus_watch(b->bus, &ws);
    post_write(b, 0, 0x1000, 8192, 1);
    bench_run(b);
    assert_int_equal(heard.count, 2); /* a page each */
    assert_int_equal(heard.hit[0].dla.v, 0x1ffe);
    assert_int_equal(heard.hit[0].bytes, 2);
    assert_int_equal(heard.hit[1].dla.v, 0x2000);
    strcpy(ws.row[5].what.device, "other");
    post_write(b, 0, 0x1000, 8192, 1);
    bench_run(b);
    assert_int_equal(heard.count, 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        T(nothing_moves_in_the_post),
        T(operations_of_an_engine_are_a_fifo),
        T(engines_go_on_beside_each_other),
        T(the_queue_takes_64),
        T(what_leaves_the_device_is_refused),
        T(posted_operations_can_be_listed),
        T(a_tenure_never_leaves_a_page),
        cmocka_unit_test(the_setting_bounds_a_tenure),
        T(a_tenure_takes_its_bytes_time),
        cmocka_unit_test(the_rate_is_bytes_per_ns),
        T(masters_come_in_the_order_of_due_and_sequence),
        T(bursts_add_up_to_the_bytes_moved),
        T(beats_are_aligned_dwords_and_what_is_left),
        cmocka_unit_test(a_model_may_move_its_bytes_itself),
        T(cancel_keeps_what_was_moved_and_drops_the_step),
        T(cancel_takes_back_a_step_that_was_to_come),
        T(a_timer_and_a_step_of_one_number_are_two),
        T(without_bus_master_enable_nothing_moves),
        T(bus_master_enable_is_asked_before_each_tenure),
        T(nobody_there_is_a_master_abort),
        T(a_fault_ends_at_its_byte),
        T(a_32_bit_master_emits_32_bits),
        cmocka_unit_test(dual_address_cycles_reach_beyond_4_gb),
        T(reset_of_a_device_drops_what_it_posted),
        T(a_card_is_reached_in_beats),
        T(own_registers_are_served_without_recursion),
        T(a_transfer_past_a_small_window_goes_on_behind_it),
        cmocka_unit_test(an_isa_master_needs_its_channel_in_cascade),
        cmocka_unit_test(an_isa_master_has_24_address_lines),
        cmocka_unit_test(an_isa_master_reads_ff_from_nowhere),
        T(a_watch_cuts_moves_at_its_edges),
        T(a_watch_that_is_taken_away_cuts_no_more),
        T(the_other_direction_cuts_nothing),
        T(logical_bytes_are_a_device_s),
    };

    return cmocka_run_group_tests_name("dma", tests, NULL, NULL);
}
