/* tests/devices/chop_test.c -- a transfer is the same however it is cut: by
 * grain 1, 3 and none, and by saving at each byte, loading into another machine
 * and running on. Traces, memory and every device's state are compared. */
#include "chop.h"

enum { LOW = 0x00f00000, HIGH = (int)0xe0000000 };
enum { EDU_BUFFER = 0x40000 };

/* ---- masters ------------------------------------------------------------ */

static void edu_dma(struct bench *b, uint32_t src, uint32_t dst, uint32_t n,
                    uint32_t command)
{
    bench_set32(b, 0x80, src);
    bench_set32(b, 0x88, dst);
    bench_set32(b, 0x90, n);
    bench_set32(b, 0x98, command);
}

/* Two scattered pages and a bit of a third behind three logical ones. */
static struct bench *edu_bench(bool sg)
{
    struct bench *b = bench_create_lean();

    bench_add(b, device_model_find("edu"), NULL);
    bench_set(b, b->dev, "sg", sg);
    bench_add_mapregs(b, false);
    bench_start(b);
    bench_windows_on(b);
    bench_map(b, 0, LOW, 0x30000, 7);
    bench_map(b, 0, LOW + 0x1000, 0x1000000, 7);
    bench_map(b, 0, LOW + 0x2000, 0x20000, 7);
    bench_fill(b, 0x30000, 4096, 1);
    bench_fill(b, 0x1000000, 4096, 2);
    bench_fill(b, 0x20000, 4096, 3);
    bench_trace(b, "dma_*,line,finding");
    return b;
}

static struct bench *edu_reads(void)
{
    struct bench *b = edu_bench(false);

    edu_dma(b, LOW + 0xff9, EDU_BUFFER, 300, 5);
    return b;
}

static struct bench *edu_writes(void)
{
    struct bench *b = edu_bench(false);

    edu_dma(b, LOW + 0xf01, EDU_BUFFER, 600, 5);
    bench_run(b);
    edu_dma(b, EDU_BUFFER + 3, LOW + 0x1f83, 500, 7);
    return b;
}

/* The buffer's second page has no register: a fault in the middle. */
static struct bench *edu_faults(void)
{
    struct bench *b = edu_bench(false);

    bench_map(b, 0, LOW + 0x1000, 0, 0);
    edu_dma(b, LOW + 0xf80, EDU_BUFFER, 300, 5);
    return b;
}

/* To a card: the memory of another, and its own registers. */
static struct bench *edu_to_card(void)
{
    struct bench *b = bench_create_lean();
    struct device *other;

    bench_add(b, device_model_find("edu"), NULL);
    bench_set(b, b->dev, "dma_bits", 32);
    other = bench_add(b, device_model_find("adram"), NULL);
    bench_start(b);
    bench_fill(b, 0x30000, 64, 9);
    edu_dma(b, 0x30000, EDU_BUFFER, 64, 1);
    bench_run(b);
    bench_trace(b, "*");
    edu_dma(b, EDU_BUFFER + 1, (uint32_t)bench_base(other, 0) + 0xffd, 41, 7);
    return b;
}

static struct bench *edu_to_registers(void)
{
    struct bench *b = edu_to_card();
    uint32_t self = (uint32_t)bench_base(b->dev, 0);

    bench_run(b);
    edu_dma(b, EDU_BUFFER, self, 16, 7); /* liveness, factorial .. (S40) */
    return b;
}

/* Three descriptors of the ring, three pages, both directions. */
static struct bench *edu_ring(void)
{
    static const struct {
        uint32_t at, high;
        uint16_t bytes, offset;
        uint32_t control;
    } ring[3] = {{LOW + 0xff0, 0, 33, 0, 1},
                 {LOW + 0x1ffe, 0, 55, 33, 1},
                 {LOW + 0xfe9, 0, 88, 0, 7}};
    struct bench *b = edu_bench(true);

    ram_write(&b->mem, gpa_of(0x20800), ring, sizeof ring);
    bench_set32(b, 0xc4, LOW + 0x2800);
    bench_set32(b, 0xcc, 8);
    bench_set32(b, 0xd8, 1);
    bench_set32(b, 0xd4, 3);
    return b;
}

/* ---- network cards ------------------------------------------------------- */

static struct bench *network_bench(const char *card)
{
    struct bench *b = bench_create_lean();

    bench_add(b, device_model_find(card), NULL);
    bench_start(b);
    bench_trace(b, "dma_*,line,finding,frame_*");
    return b;
}

static void frame_arrives(struct bench *b, uint32_t n)
{
    uint8_t frame[1514];

    memset(frame, 0xff, 6);
    for (uint32_t i = 6; i < n; i++)
        frame[i] = (uint8_t)(i * 5);
    bus_frame(b->dev, frame, n);
}

/* Both directions at once, the ring's end in the middle of the frame. */
static struct bench *rtl8139_registers(void)
{
    struct bench *b = network_bench("rtl8139");

    bench_fill(b, 0x10ff0, 70, 3);
    bench_set32(b, 0x30, 0x20000);
    bench_set8(b, 0x37, 0x0c);
    bench_set32(b, 0x44, 0x0f);
    bench_set16(b, 0x3c, 0xffff);
    for (unsigned i = 0; i < 5; i++) {
        frame_arrives(b, 1514);
        bench_run(b);
        bench_set16(b, 0x38, bench_get16(b, 0x3a) - 16u);
    }
    frame_arrives(b, 1100);
    bench_run(b);
    frame_arrives(b, 250);
    bench_set32(b, 0x20, 0x10ff0);
    bench_set32(b, 0x10, 70);
    return b;
}

static struct bench *rtl8139_rings(void)
{
    static const uint32_t ring[2][4] = {{0xa0000000 | 33, 0, 0x10ff0, 0},
                                        {0xd0000000 | 60, 0, 0x11080, 0}};
    static const uint32_t taken[2][4] = {{0x80000000 | 64, 0, 0x20fe8, 0},
                                         {0xc0000000 | 512, 0, 0x21100, 0}};
    struct bench *b = network_bench("rtl8139");

    bench_fill(b, 0x10ff0, 300, 3);
    ram_write(&b->mem, gpa_of(0x30000), ring, sizeof ring);
    ram_write(&b->mem, gpa_of(0x31000), taken, sizeof taken);
    bench_set16(b, 0xe0, 3);
    bench_set32(b, 0x20, 0x30000);
    bench_set32(b, 0xe4, 0x31000);
    bench_set8(b, 0x37, 0x0c);
    bench_set32(b, 0x44, 0x0f);
    bench_set16(b, 0x3c, 0xffff);
    bench_set8(b, 0xd9, 0x40);
    frame_arrives(b, 200);
    return b;
}

/* Style 2: a frame of two fragments goes, one comes into two buffers. */
static struct bench *pcnet_rings(void)
{
    static const uint32_t block[7] = {0x10108000, 0, 0, 0, 0, 0x31000, 0x30000};
    static const uint32_t ring[2][4] = {{0x10ff0, 0x8200ffdf, 0, 0},
                                        {0x11080, 0x8100ffc4, 0, 0}};
    static const uint32_t taken[2][4] = {{0x20fe8, 0x8000ffc0, 0, 0},
                                         {0x21100, 0x8000f800, 0, 0}};
    struct bench *b = network_bench("pcnet");

    bench_fill(b, 0x10ff0, 300, 3);
    ram_write(&b->mem, gpa_of(0x8000), block, sizeof block);
    ram_write(&b->mem, gpa_of(0x30000), ring, sizeof ring);
    ram_write(&b->mem, gpa_of(0x31000), taken, sizeof taken);
    bench_set16(b, 0x12, 20);
    bench_set16(b, 0x16, 2);
    bench_set16(b, 0x12, 1);
    bench_set16(b, 0x10, 0x8000);
    bench_set16(b, 0x12, 4);
    bench_set16(b, 0x10, 0x1115); /* TXDPOLL: it comes to an end */
    bench_set16(b, 0x12, 0);
    bench_set16(b, 0x10, 0x41);
    bench_run(b);
    bench_set16(b, 0x10, 0x142);
    frame_arrives(b, 200);
    return b;
}

/* ---- slaves ------------------------------------------------------------- */

static struct bench *isa_bench(int channel, uint8_t mode, unsigned at,
                               unsigned units, unsigned control)
{
    struct bench *b = bench_create_lean();
    unsigned ch = (unsigned)channel;
    uint16_t base = ch < 4 ? 0 : 0xc0, step = ch < 4 ? 1 : 2;
    uint16_t address = (uint16_t)(base + step * 2 * (ch & 3));

    bench_add_isa(b, device_model_find("isacard"), 5, channel);
    bench_add(b, device_model_find("dma8237"), NULL);
    bench_start(b);
    bench_out8(b, 0xd6, 0xc0);
    bench_out8(b, 0xd4, 0);
    bench_fill(b, at & ~4095u, 3 * 4096, 5);
    for (unsigned i = 0; i < units; i++)
        bench_set16(b, 0, i * 11 ^ i << 7);
    bench_set16(b, 8, 0);
    bench_out8(b, (uint16_t)(base + step * 11), (uint8_t)(mode | (ch & 3)));
    bench_out8(b, (uint16_t)(base + step * 12), 0);
    if (ch >= 4)
        at >>= 1;
    bench_out8(b, address, (uint8_t)at);
    bench_out8(b, address, (uint8_t)(at >> 8));
    bench_out8(b, (uint16_t)(address + step), (uint8_t)(units - 1));
    bench_out8(b, (uint16_t)(address + step), (uint8_t)((units - 1) >> 8));
    bench_out8(b, ch < 4 ? 0x83 : 0x8b, ch < 4 ? 3 : 2);
    bench_out8(b, (uint16_t)(base + step * 10), (uint8_t)(ch & 3));
    /* a beat is a line: too long a trace for thousands of cuts */
    bench_trace(b, units < 1000 ? "dma_*,line,finding"
                                : "dma_*,-dma_beat,line,finding");
    bench_set16(b, 4, control);
    return b;
}

enum { RUN = 1, TO_MEMORY = 2, IRQ = 4, DEMAND = 0x10, BLOCK = 0x20 };

static struct bench *isa_single(void)
{
    return isa_bench(1, 0x44, 0x5ff9, 120, RUN | TO_MEMORY | IRQ);
}

static struct bench *isa_single_to_card(void)
{
    return isa_bench(1, 0x48, 0x5ff9, 120, RUN | IRQ);
}

static struct bench *isa_demand(void)
{
    return isa_bench(1, 0x04, 0x5ff3, 130, RUN | TO_MEMORY | IRQ | DEMAND);
}

/* Three pages: the end of one, a whole one, the beginning of one. */
static struct bench *isa_block_three_pages(void)
{
    return isa_bench(1, 0x84, 0x5ffb, 4096 + 10, RUN | TO_MEMORY | IRQ | BLOCK);
}

static struct bench *isa_block_wraps(void)
{
    return isa_bench(1, 0x84, 0xfff0, 32, RUN | TO_MEMORY | IRQ | BLOCK);
}

static struct bench *isa_block_downward(void)
{
    return isa_bench(1, 0xa4, 0x6010, 64, RUN | TO_MEMORY | IRQ | BLOCK);
}

static struct bench *isa_words(void)
{
    return isa_bench(5, 0x44, 0x5ff8, 40, RUN | TO_MEMORY | IRQ);
}

static struct bench *isa_words_three_pages(void)
{
    return isa_bench(5, 0x88, 0x5ffa, 2048 + 6, RUN | IRQ | BLOCK);
}

static struct bench *isa_words_downward(void)
{
    return isa_bench(5, 0xa8, 0x6010, 30, RUN | IRQ | BLOCK);
}

static struct bench *isa_verify(void)
{
    return isa_bench(1, 0x40, 0x5ff9, 50, RUN | IRQ);
}

static struct bench *memory_to_memory(void)
{
    struct bench *b = isa_bench(1, 0x84, 0x5000, 1, 0);

    bench_out8(b, 0x0b, 0x88);
    bench_out8(b, 0x87, 3);
    bench_out8(b, 0x0c, 0);
    bench_out8(b, 0x00, 0xf0);
    bench_out8(b, 0x00, 0x4f);
    bench_out8(b, 0x03, 40);
    bench_out8(b, 0x03, 0);
    bench_out8(b, 0x08, 1);
    bench_out8(b, 0x09, 4);
    return b;
}

static const struct scenario scenarios[] = {
    {"edu_reads", edu_reads, 1},
    {"edu_writes", edu_writes, 1},
    {"edu_faults", edu_faults, 1},
    {"edu_to_card", edu_to_card, 1},
    {"edu_to_registers", edu_to_registers, 1},
    {"edu_ring", edu_ring, 1},
    {"rtl8139_registers", rtl8139_registers, 1},
    {"rtl8139_rings", rtl8139_rings, 1},
    {"pcnet_rings", pcnet_rings, 1},
    {"isa_single", isa_single, 1},
    {"isa_single_to_card", isa_single_to_card, 1},
    {"isa_demand", isa_demand, 1},
    {"isa_block_three_pages", isa_block_three_pages, 1},
    {"isa_block_wraps", isa_block_wraps, 1},
    {"isa_block_downward", isa_block_downward, 1},
    {"isa_words", isa_words, 1},
    {"isa_words_three_pages", isa_words_three_pages, 1},
    {"isa_words_downward", isa_words_downward, 1},
    {"isa_verify", isa_verify, 1},
    {"memory_to_memory", memory_to_memory, 1},
};
CHOP_TESTS(scenarios)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grain_changes_nothing),
        cmocka_unit_test(save_of_a_load_is_the_save),
        cmocka_unit_test(save_at_each_byte_and_load_changes_nothing),
    };

    return cmocka_run_group_tests_name("chop", tests, NULL, NULL);
}
