/* tests/cpu/watch_test.c -- watches on code and data: each way an instruction
 * comes to run, and each kind of access that the CPU makes. What is read and
 * written is known from the instructions (SDM vol. 2), not from a run. */
#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mm/watch.h"

enum { HITS = 64, HERE = 1, ELSEWHERE = 2 };

struct rig {
    struct bench *b;
    struct watches ws;
    struct machine_watch_hit hit[HITS];
    unsigned hits;
    bool stops; /* each hit asks for a stop */
    int goes;   /* a watch that is taken away when it is hit */
};

/* ---- wiring ---------------------------------------------------------------*/

static bool page_of(void *context, uint32_t process, gva_t va, gpa_t *pa)
{
    struct rig *r = context;
    struct walk_out out;

    if (process == ELSEWHERE || !cpu_translate(&r->b->cpu, va, &out))
        return false;
    *pa = out.pa;
    return true;
}

static bool is_here(void *context, uint32_t process)
{
    (void)context;
    return process != ELSEWHERE;
}

static void arm(struct rig *r)
{
    struct watches *ws = r->ws.count ? &r->ws : NULL;

    r->b->ram.watches = ws;
    cpu_watch(&r->b->cpu, ws);
}

static void unwatch(struct rig *r, int id)
{
    r->ws.row[id - 1].id = 0;
    r->ws.count--;
    arm(r);
}

static void tell(void *context, const struct watch *w,
                 struct machine_watch_hit *hit)
{
    struct rig *r = context;

    assert_true(r->hits < HITS);
    hit->eip = cpu_at(&r->b->cpu);
    hit->tick = r->b->clock.now;
    r->hit[r->hits++] = *hit;
    if (r->stops)
        r->b->cpu.stop = true;
    if (w->id == r->goes)
        unwatch(r, w->id);
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    r->b = bench_create(RAM_BYTES);
    r->ws.running = true;
    r->ws.wiring = (struct watch_wiring){
        .context = r, .page = page_of, .here = is_here, .tell = tell};
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    bench_destroy(r->b);
    free(r);
    return 0;
}

static int watch(struct rig *r, enum machine_watch_space space, uint64_t at,
                 uint64_t bytes, unsigned access)
{
    int id = ++r->ws.last_id;

    r->ws.row[id - 1] = (struct watch){.id = id,
                                       .what = {.space = space,
                                                .process = HERE,
                                                .at = at,
                                                .bytes = bytes,
                                                .access = access}};
    r->ws.count++;
    arm(r);
    return id;
}

static int watch_at(struct rig *r, uint32_t at)
{
    return watch(r, WATCH_VIRTUAL, at, 1, WATCH_EXECUTE);
}

/* By blocks where they can be: one tick at a time makes none. */
static enum cpu_exit go(struct rig *r)
{
    r->b->cpu.stop = false;
    r->b->clock.until = r->b->clock.now + 10000;
    return cpu_run(&r->b->cpu);
}

/* To the HLT of the code, from its beginning. */
static void again(struct rig *r)
{
    r->b->cpu.s.halted = 0;
    r->b->cpu.s.eip = CODE_AT;
    r->hits = 0;
    assert_int_equal(go(r), CPU_HALTED);
}

static uint32_t *reg(struct rig *r)
{
    return r->b->cpu.s.reg;
}

static void stops_at(struct rig *r, uint32_t at)
{
    r->hits = 0;
    assert_int_equal(go(r), CPU_STOP);
    assert_int_equal(r->hits, 1);
    assert_int_equal(r->hit[0].access, WATCH_EXECUTE);
    assert_int_equal(r->hit[0].va.v, at);
    assert_int_equal(r->hit[0].eip.v, at);
    assert_int_equal(cpu_at(&r->b->cpu).v, at);
    assert_int_equal(r->hit[0].tick, r->b->clock.now);
}

/* ---- code -----------------------------------------------------------------*/

/* mov ecx,3; 5: inc eax; 6: dec ecx; 7: jnz 5; hlt */
#define LOOP 0xb9, 3, 0, 0, 0, 0x40, 0x49, 0x75, 0xfc, 0xf4

static void an_instruction_is_stopped_before_it_runs(void **state)
{
    struct rig *r = *state;

    for (uint32_t warm = 0; warm < 2; warm++) {
        CODE(r->b, LOOP);
        if (warm) { /* its blocks are there, and lead to each other */
            r->stops = false;
            again(r);
        }
        r->stops = true;
        for (uint32_t at = 5; at <= 7; at++) {
            int id = watch_at(r, CODE_AT + at);

            r->b->cpu.s.halted = 0;
            r->b->cpu.s.eip = CODE_AT;
            reg(r)[EAX] = 0;
            for (uint32_t turn = 0; turn < 3; turn++) {
                stops_at(r, CODE_AT + at);
                assert_int_equal(reg(r)[EAX], turn + (at > 5));
                assert_int_equal(reg(r)[ECX], 3 - turn - (at > 6));
            }
            assert_int_equal(go(r), CPU_HALTED);
            unwatch(r, id);
        }
    }
}

static void the_bytes_of_a_range_are_where_instructions_begin(void **state)
{
    struct rig *r = *state;

    CODE(r->b, 0xb8, 1, 2, 3, 4, 0xf4); /* mov eax, 4030201h; hlt */
    watch(r, WATCH_PHYSICAL, CODE_AT + 1, 4, WATCH_EXECUTE);
    again(r);
    assert_int_equal(r->hits, 0);
    watch(r, WATCH_PHYSICAL, CODE_AT + 1, 5, WATCH_EXECUTE);
    again(r);
    assert_int_equal(r->hits, 1);
    assert_int_equal(r->hit[0].pa.v, CODE_AT + 5);
}

static void two_on_one_address_both_hear(void **state)
{
    struct rig *r = *state;
    int first, second;

    CODE(r->b, 0x40, 0x40, 0xf4);
    first = watch_at(r, CODE_AT + 1);
    second = watch(r, WATCH_PHYSICAL, CODE_AT + 1, 1, WATCH_EXECUTE);
    again(r);
    assert_int_equal(r->hits, 2);
    assert_int_equal(r->hit[0].id, first);
    assert_int_equal(r->hit[1].id, second);
    r->goes = first; /* one that is taken away in the act: the other hears */
    again(r);
    assert_int_equal(r->hits, 2);
    again(r);
    assert_int_equal(r->hits, 1);
    assert_int_equal(r->hit[0].id, second);
}

static void a_block_that_leads_into_a_watched_page_stops_there(void **state)
{
    struct rig *r = *state;
    uint32_t far = CODE_AT + 0x1000;

    CODE(r->b, 0x40, 0xe9, 0xfa, 0x0f, 0, 0); /* inc eax; jmp far */
    /* inc eax; inc eax; hlt */
    ram_write(&r->b->ram, gpa_of(far), (uint8_t[]){0x40, 0x40, 0xf4}, 3);
    again(r);
    watch_at(r, far + 1);
    again(r);
    assert_int_equal(r->hits, 1);
    assert_int_equal(r->hit[0].va.v, far + 1);
}

/* An instruction that lies in two pages: its first byte is watched. */
static void it_may_cross_into_another_page(void **state)
{
    struct rig *r = *state;
    uint32_t at = CODE_AT + 0xffd;

    CODE(r->b, 0xe9, 0xf8, 0x0f, 0, 0); /* jmp at */
    /* mov eax, 7; hlt */
    ram_write(&r->b->ram, gpa_of(at), (uint8_t[]){0xb8, 7, 0, 0, 0, 0xf4}, 6);
    for (unsigned n = 0; n < 2; n++) {
        again(r);
        assert_int_equal(reg(r)[EAX], 7);
        assert_int_equal(r->hits, n);
        if (!n)
            watch_at(r, at);
    }
    watch_at(r, CODE_AT + 0x1001); /* in the middle: nothing begins there */
    again(r);
    assert_int_equal(r->hits, 1);
}

/* mov byte [CODE_AT + 7], 41h; 7: inc eax (inc ecx then); hlt */
static void code_that_changes_is_still_watched(void **state)
{
    struct rig *r = *state;

    watch_at(r, CODE_AT + 7);
    CODE(r->b, 0xc6, 5, 7, 0, 1, 0, 0x41, 0x40, 0xf4);
    reg(r)[ECX] = 0;
    again(r);
    assert_int_equal(r->hits, 1);
    assert_int_equal(reg(r)[ECX], 1);
}

static void a_repeated_instruction_is_hit_once(void **state)
{
    struct rig *r = *state;

    CODE(r->b, 0xf3, 0xaa, 0xf4); /* rep stosb; hlt */
    watch_at(r, CODE_AT);
    for (uint32_t cut = 1; cut < 9; cut++) {
        r->b->cpu.s.eip = CODE_AT;
        r->b->cpu.s.halted = 0;
        r->hits = 0;
        reg(r)[ECX] = 7;
        reg(r)[EDI] = DATA_AT;
        do
            r->b->clock.until = r->b->clock.now + cut;
        while (cpu_run(&r->b->cpu) == CPU_TICKS);
        assert_int_equal(r->hits, 1);
        assert_int_equal(reg(r)[ECX], 0);
    }
}

static void far_jumps_and_16_bit_code_lead_there(void **state)
{
    struct rig *r = *state;
    uint32_t base = CODE_AT + 0x2000;

    bench_descriptor(r->b, SEL_FREE, base, 0xfff, 0x9b); /* 16 bits */
    CODE(r->b, 0xea, 0x10, 0, 0, 0, SEL_FREE, 0);        /* jmp far */
    /* inc ax; hlt */
    ram_write(&r->b->ram, gpa_of(base + 0x10), (uint8_t[]){0x40, 0xf4}, 2);
    watch_at(r, base + 0x10);
    watch_at(r, base + 0x11);
    again(r);
    assert_int_equal(r->hits, 2);
    assert_int_equal(r->hit[0].eip.v, base + 0x10);
    assert_int_equal(r->hit[1].eip.v, base + 0x11);
}

/* Ring 0 returns to V86 code, which does INC AX and HLT: #GP, by the IDT. */
static void v86_code_and_handlers_are_code_too(void **state)
{
    struct rig *r = *state;
    const uint32_t frame[] = {
        0x2000, CODE_AT >> 4, FLAG_VM | 2, 0x100, 0x3000, 0, 0, 0, 0};
    uint32_t at = reg(r)[ESP];

    for (unsigned n = 0; n < sizeof frame / sizeof *frame; n++)
        poke32(r->b, at + 4 * n, frame[n]);
    CODE(r->b, 0xcf); /* iret */
    ram_write(&r->b->ram, gpa_of(CODE_AT + 0x2000), (uint8_t[]){0x40, 0xf4}, 2);
    watch_at(r, CODE_AT + 0x2000);
    watch_at(r, HANDLERS_AT + 16 * EXC_GP);
    again(r);
    assert_int_equal(r->hits, 2);
    assert_int_equal(r->hit[0].va.v, CODE_AT + 0x2000);
    assert_int_equal(r->hit[1].va.v, HANDLERS_AT + 16 * EXC_GP);
}

/* The handler of #PF maps the page and returns: RF says that it is the second
 * start. */
static void an_instruction_that_faults_is_hit_once(void **state)
{
    struct rig *r = *state;
    uint32_t handler = HANDLERS_AT + 16 * EXC_PF, pte = bench_pte(DATA_AT);
    /* or dword [pte], 1; add esp, 4; iret */
    const uint8_t code[] = {0x83,
                            0x0d,
                            (uint8_t)pte,
                            (uint8_t)(pte >> 8),
                            (uint8_t)(pte >> 16),
                            0,
                            1,
                            0x83,
                            0xc4,
                            4,
                            0xcf};

    bench_paging(r->b);
    poke32(r->b, pte, peek32(r->b, pte) & ~1u);
    ram_write(&r->b->ram, gpa_of(handler), code, sizeof code);
    CODE(r->b, 0xa1, 0, 0, 2, 0, 0xf4); /* mov eax, [DATA_AT]; hlt */
    watch_at(r, CODE_AT);
    again(r);
    assert_int_equal(r->hits, 1);
}

static void other_address_spaces_are_not_ours(void **state)
{
    struct rig *r = *state;
    int id;

    CODE(r->b, 0x89, 0x06, 0xf4); /* mov [esi], eax; hlt */
    reg(r)[ESI] = DATA_AT;
    id = watch_at(r, CODE_AT);
    r->ws.row[id - 1].what.process = ELSEWHERE;
    id = watch(r, WATCH_VIRTUAL, DATA_AT, 4, WATCH_WRITE);
    r->ws.row[id - 1].what.process = ELSEWHERE;
    id = watch(r, WATCH_VIRTUAL, DATA_AT, 4, WATCH_WRITE);
    r->ws.row[id - 1].what.by_dma = true; /* alone */
    again(r);
    assert_int_equal(r->hits, 0);
}

/* ---- data -----------------------------------------------------------------*/

/* One access of @width at @at, of which [@from, @from + @bytes) is watched. */
static void hit_is(struct rig *r, unsigned access, uint32_t at, uint32_t width,
                   uint32_t bytes, uint64_t before, uint64_t after)
{
    const struct machine_watch_hit *h = &r->hit[0];

    assert_int_equal(r->hits, 1);
    assert_int_equal(h->access, access);
    assert_int_equal(h->va.v, at);
    assert_int_equal(h->pa.v, at);
    assert_int_equal(h->width, width);
    assert_int_equal(h->bytes, bytes);
    assert_int_equal(h->before, before);
    assert_int_equal(h->after, after);
    assert_int_equal(h->eip.v, CODE_AT);
    assert_false(h->by_dma);
}

static void each_width_says_its_bytes_before_and_after(void **state)
{
    static const struct {
        uint8_t code[4];
        uint32_t bytes;
        bool write;
    } access[] = {
        {{0x88, 0x06, 0xf4}, 1, true},        {{0x66, 0x89, 0x06, 0xf4}, 2, 1},
        {{0x89, 0x06, 0xf4}, 4, true},        {{0x8a, 0x0e, 0xf4}, 1, false},
        {{0x66, 0x8b, 0x0e, 0xf4}, 2, false}, {{0x8b, 0x0e, 0xf4}, 4, false},
    };
    static const uint32_t place[] = {0, 1, 3, 0xffd, 0xffe, 0xfff};
    struct rig *r = *state;

    watch(r, WATCH_VIRTUAL, DATA_AT, 0x2000, WATCH_READ | WATCH_WRITE);
    for (unsigned n = 0; n < 6; n++) {
        for (unsigned k = 0; k < sizeof place / sizeof *place; k++) {
            uint32_t at = DATA_AT + place[k], mask = UINT32_MAX;

            mask >>= 32 - 8 * access[n].bytes;
            bench_code(r->b, access[n].code, 4);
            ram_write32(&r->b->ram, gpa_of(at), 0x44332211);
            reg(r)[EAX] = 0xddccbbaa;
            reg(r)[ESI] = at;
            again(r);
            if (access[n].write)
                hit_is(r, WATCH_WRITE | WATCH_CHANGE, at, access[n].bytes,
                       access[n].bytes, 0x44332211 & mask, 0xddccbbaa & mask);
            else
                hit_is(r, WATCH_READ, at, access[n].bytes, access[n].bytes,
                       0x44332211 & mask, 0x44332211 & mask);
        }
    }
}

/* All ways in which four bytes and a watch of two overlap. */
static void a_hit_is_cut_to_what_is_watched(void **state)
{
    struct rig *r = *state;

    for (unsigned space = WATCH_VIRTUAL; space <= WATCH_PHYSICAL; space++) {
        int id = watch(r, space, DATA_AT + 0xfff, 2, WATCH_WRITE);

        for (uint32_t at = DATA_AT + 0xffa; at < DATA_AT + 0x1003; at++) {
            uint32_t low = at > DATA_AT + 0xfff ? at : DATA_AT + 0xfff;
            uint32_t high =
                at + 4 < DATA_AT + 0x1001 ? at + 4 : DATA_AT + 0x1001;
            uint32_t bytes = 0;

            CODE(r->b, 0x89, 0x06, 0xf4); /* mov [esi], eax; hlt */
            reg(r)[EAX]++;
            reg(r)[ESI] = at;
            again(r);
            for (unsigned n = 0; n < r->hits; n++)
                bytes += r->hit[n].bytes;
            assert_int_equal(bytes, low < high ? high - low : 0);
            if (r->hits)
                assert_int_equal(r->hit[0].pa.v, low);
        }
        unwatch(r, id);
    }
}

static void a_write_of_the_same_bytes_is_no_change(void **state)
{
    struct rig *r = *state;

    CODE(r->b, 0x89, 0x06, 0xf4);
    reg(r)[ESI] = DATA_AT;
    reg(r)[EAX] = 5;
    watch(r, WATCH_PHYSICAL, DATA_AT, 4, WATCH_CHANGE);
    again(r);
    hit_is(r, WATCH_WRITE | WATCH_CHANGE, DATA_AT, 4, 4, 0, 5);
    again(r);
    assert_int_equal(r->hits, 0);
    watch(r, WATCH_PHYSICAL, DATA_AT, 4, WATCH_WRITE);
    again(r);
    hit_is(r, WATCH_WRITE, DATA_AT, 4, 4, 5, 5);
}

static void wide_accesses_are_one(void **state)
{
    struct rig *r = *state;
    uint32_t at = DATA_AT + 0xffc;      /* and both pages are seen */
    uint64_t bits = 0x3ff8000000000000; /* 1.5 */

    reg(r)[ESI] = at;
    ram_write64(&r->b->ram, gpa_of(at), bits);
    watch(r, WATCH_VIRTUAL, DATA_AT, 0x2000, WATCH_READ | WATCH_WRITE);
    fpu_init(&r->b->cpu.s.fpu);
    CODE(r->b, 0xdd, 0x06, 0xf4); /* fld qword [esi] */
    again(r);
    hit_is(r, WATCH_READ, at, 8, 8, bits, bits);
    CODE(r->b, 0xdb, 0x3e, 0xf4); /* fstp tbyte [esi]: 3fff c000... */
    again(r);
    hit_is(r, WATCH_WRITE | WATCH_CHANGE, at, 10, 10, bits, 0xc000000000000000);
}

/* The FPU's save of 108 bytes, and PUSHA's eight stores. */
static void many_bytes_at_once(void **state)
{
    struct rig *r = *state;

    reg(r)[ESI] = DATA_AT;
    watch(r, WATCH_VIRTUAL, DATA_AT + 4, 1, WATCH_WRITE);
    CODE(r->b, 0xdd, 0x36, 0xf4); /* fnsave [esi] */
    again(r);
    assert_int_equal(r->hits, 1);
    assert_int_equal(r->hit[0].va.v, DATA_AT + 4);
    watch(r, WATCH_VIRTUAL, reg(r)[ESP] - 32, 32, WATCH_WRITE);
    CODE(r->b, 0x60, 0xf4); /* pusha */
    again(r);
    assert_int_equal(r->hits, 8);
    assert_int_equal(r->hit[7].va.v, reg(r)[ESP]);
    assert_int_equal(r->hit[7].after, reg(r)[EDI]);
}

static void a_locked_exchange_reads_and_writes(void **state)
{
    struct rig *r = *state;

    CODE(r->b, 0x87, 0x06, 0xf4); /* xchg [esi], eax */
    reg(r)[ESI] = DATA_AT;
    reg(r)[EAX] = 9;
    poke32(r->b, DATA_AT, 8);
    watch(r, WATCH_PHYSICAL, DATA_AT, 4, WATCH_READ | WATCH_WRITE);
    again(r);
    assert_int_equal(r->hits, 2);
    assert_int_equal(r->hit[0].access, WATCH_READ);
    assert_int_equal(r->hit[1].access, WATCH_WRITE | WATCH_CHANGE);
    assert_int_equal(r->hit[1].before, 8);
    assert_int_equal(r->hit[1].after, 9);
}

/* Over two pages, of which the second is watched from its third byte. */
static void strings_are_seen_byte_by_byte(void **state)
{
    struct rig *r = *state;

    CODE(r->b, 0xf3, 0xa4, 0xf4); /* rep movsb */
    for (unsigned n = 0; n < 16; n++)
        ram_write8(&r->b->ram, gpa_of(DATA_AT + 0x3000 + n), (uint8_t)(n + 1));
    reg(r)[ESI] = DATA_AT + 0x3000;
    reg(r)[EDI] = DATA_AT + 0xff8;
    reg(r)[ECX] = 16;
    watch(r, WATCH_VIRTUAL, DATA_AT + 0x1002, 4, WATCH_CHANGE);
    again(r);
    assert_int_equal(r->hits, 4);
    for (unsigned n = 0; n < 4; n++) {
        assert_int_equal(r->hit[n].va.v, DATA_AT + 0x1002 + n);
        assert_int_equal(r->hit[n].after, 11 + n);
        assert_int_equal(r->hit[n].tick, r->hit[0].tick + n);
    }
    assert_int_equal(peek32(r->b, DATA_AT + 0x1004), 0x100f0e0d);
}

static void a_stop_comes_behind_the_instruction(void **state)
{
    struct rig *r = *state;

    CODE(r->b, 0x40, 0x89, 0x06, 0x40, 0x40, 0xf4);
    reg(r)[ESI] = DATA_AT;
    reg(r)[EAX] = 0;
    again(r); /* its block is there */
    reg(r)[EAX] = 0;
    watch(r, WATCH_VIRTUAL, DATA_AT, 1, WATCH_WRITE);
    r->stops = true;
    r->b->cpu.s.halted = 0;
    r->b->cpu.s.eip = CODE_AT;
    assert_int_equal(go(r), CPU_STOP);
    assert_int_equal(cpu_at(&r->b->cpu).v, CODE_AT + 3);
    assert_int_equal(reg(r)[EAX], 1);
    assert_int_equal(r->hit[0].eip.v, CODE_AT + 1);
    assert_int_equal(r->hit[0].tick + 1, r->b->clock.now);
}

static void the_page_walk_s_own_writes_are_seen(void **state)
{
    struct rig *r = *state;
    uint32_t pte = bench_pte(DATA_AT);

    bench_paging(r->b);
    CODE(r->b, 0x89, 0x06, 0xf4);
    reg(r)[ESI] = DATA_AT;
    watch(r, WATCH_PHYSICAL, pte, 4, WATCH_CHANGE);
    again(r);
    assert_int_equal(r->hits, 1);
    assert_false(r->hit[0].has_va);
    assert_int_equal(r->hit[0].pa.v, pte);
    assert_int_equal(r->hit[0].after & ~r->hit[0].before, PTE_A | PTE_D);
}

static void segment_loads_read_and_touch_descriptors(void **state)
{
    struct rig *r = *state;

    bench_descriptor(r->b, SEL_FREE, 0, 0xfffff, 0xc092); /* not accessed */
    watch(r, WATCH_PHYSICAL, GDT_AT + SEL_FREE, 8, WATCH_CHANGE);
    watch(r, WATCH_PHYSICAL, GDT_AT + SEL_FREE, 4, WATCH_READ);
    reg(r)[EAX] = SEL_FREE;
    CODE(r->b, 0x8e, 0xe0, 0xf4); /* mov fs, ax */
    again(r);
    assert_int_equal(r->hits, 2);
    assert_int_equal(r->hit[0].access, WATCH_READ);
    assert_int_equal(r->hit[1].access, WATCH_WRITE | WATCH_CHANGE);
}

static void a_task_switch_s_stores_are_seen(void **state)
{
    struct rig *r = *state;
    uint32_t other = TSS_AT + 0x800;

    for (unsigned n = 0; n < 26; n++)
        poke32(r->b, other + 4 * n, 0);
    poke32(r->b, other + 0x20, CODE_AT + 0x100); /* EIP, EFLAGS, ESP */
    poke32(r->b, other + 0x24, 2);
    poke32(r->b, other + 0x38, STACK0);
    for (unsigned n = 0; n < 6; n++)
        poke32(r->b, other + 0x48 + 4 * n, n == 1 ? SEL_CODE0 : SEL_DATA0);
    bench_descriptor(r->b, SEL_FREE, other, 0x67, 0x89);
    ram_write8(&r->b->ram, gpa_of(CODE_AT + 0x100), 0xf4);
    reg(r)[EBX] = 0x12345678;
    watch(r, WATCH_VIRTUAL, TSS_AT + 0x34, 4, WATCH_WRITE); /* EBX */
    CODE(r->b, 0xea, 0, 0, 0, 0, SEL_FREE, 0);
    again(r);
    assert_int_equal(r->hits, 1);
    assert_int_equal(r->hit[0].after, 0x12345678);
}

static void card_memory_may_be_watched(void **state)
{
    struct rig *r = *state;

    CODE(r->b, 0x89, 0x06, 0x8b, 0x0e, 0xf4);
    reg(r)[ESI] = PROBE_MEMORY + 0x40;
    reg(r)[EAX] = 0x5678;
    watch(r, WATCH_PHYSICAL, PROBE_MEMORY + 0x40, 4, WATCH_READ | WATCH_WRITE);
    again(r);
    assert_int_equal(r->hits, 2);
    assert_int_equal(r->hit[0].after, 0x5678);
    assert_int_equal(r->hit[1].access, WATCH_READ);
    assert_int_equal(r->hit[1].after, 0x5678);
}

/* ---- address spaces --------------------------------------------------------
 */

static void map(struct rig *r, uint32_t va, uint32_t frame)
{
    poke32(r->b, bench_pte(va), frame | PTE_P | PTE_RW | PTE_US);
    tlb_flush_page(&r->b->cpu.tlb, gva_of(va));
}

static void a_virtual_watch_follows_its_page(void **state)
{
    struct rig *r = *state;
    struct ram *ram = &r->b->ram;

    bench_paging(r->b);
    CODE(r->b, 0x89, 0x06, 0xf4);
    watch(r, WATCH_VIRTUAL, DATA_AT + 8, 4, WATCH_CHANGE);
    for (uint32_t frame = DATA_AT; frame < DATA_AT + 0x3000; frame += 0x1000) {
        map(r, DATA_AT, frame);
        reg(r)[ESI] = DATA_AT + 8;
        reg(r)[EAX]++;
        again(r);
        assert_int_equal(r->hits, 1);
        assert_int_equal(r->hit[0].pa.v, frame + 8);
        /* the host's writes to that place, and to no other */
        r->hits = 0;
        for (uint32_t at = DATA_AT; at < DATA_AT + 0x3000; at += 0x1000)
            ram_write32(ram, gpa_of(at + 8), frame + 1);
        assert_int_equal(r->hits, 1);
        assert_int_equal(r->hit[0].pa.v, frame + 8);
        assert_true(r->hit[0].has_va);
        assert_int_equal(r->hit[0].va.v, DATA_AT + 8);
    }
    poke32(r->b, bench_pte(DATA_AT), 0);
    r->hits = 0;
    ram_write32(ram, gpa_of(DATA_AT + 0x2008), 77);
    assert_int_equal(r->hits, 0);
}

static void a_physical_watch_sees_every_alias(void **state)
{
    struct rig *r = *state;

    bench_paging(r->b);
    CODE(r->b, 0x89, 0x06, 0xf4);
    map(r, DATA_AT + 0x5000, DATA_AT);
    watch(r, WATCH_PHYSICAL, DATA_AT, 4, WATCH_WRITE);
    watch(r, WATCH_VIRTUAL, DATA_AT, 4, WATCH_WRITE);
    reg(r)[ESI] = DATA_AT + 0x5000;
    again(r);
    assert_int_equal(r->hits, 1);
    assert_int_equal(r->hit[0].va.v, DATA_AT + 0x5000);
    assert_int_equal(r->hit[0].pa.v, DATA_AT);
    reg(r)[ESI] = DATA_AT;
    again(r);
    assert_int_equal(r->hits, 2);
}

/* cpu_store(), what kernel routines do for the guest. */
static void host_code_is_seen_too(void **state)
{
    struct rig *r = *state;
    struct cpu_fault fault;
    uint8_t bytes[0x1100] = {1, 2, 3, 4};

    watch(r, WATCH_VIRTUAL, DATA_AT, 4, WATCH_WRITE | WATCH_READ);
    assert_true(cpu_store(&r->b->cpu, gva_of(DATA_AT), bytes, sizeof bytes,
                          false, &fault));
    assert_true(cpu_load(&r->b->cpu, gva_of(DATA_AT - 0x100), bytes,
                         sizeof bytes, false, &fault));
    assert_int_equal(r->hits, 2);
    assert_int_equal(r->hit[0].after, 0x04030201);
    assert_int_equal(r->hit[0].width, 0x1000);
    assert_int_equal(r->hit[1].access, WATCH_READ);
    r->ws.running = false; /* a client's */
    assert_true(
        cpu_store(&r->b->cpu, gva_of(DATA_AT), bytes, 4, false, &fault));
    assert_int_equal(r->hits, 2);
}

/* A page is as fast as before when nothing of it is watched; and other pages
 * all the time. */
static void only_pages_that_are_watched_go_slow(void **state)
{
    struct rig *r = *state;
    const struct tlb *tlb = &r->b->cpu.tlb;
    const struct tlb_entry *e = tlb_entry(tlb, gva_of(DATA_AT));
    const struct tlb_entry *next = tlb_entry(tlb, gva_of(DATA_AT + 0x1000));
    int id;

    CODE(r->b, 0x89, 0x06, 0x89, 0x86, 0, 0x10, 0, 0, 0xf4);
    reg(r)[ESI] = DATA_AT;
    again(r);
    assert_int_equal(e->fast, e->allow);
    id = watch(r, WATCH_VIRTUAL, DATA_AT, 1, WATCH_WRITE);
    again(r);
    assert_false(e->fast & TLB_WRITE);
    assert_true(e->fast & TLB_READ);
    assert_int_equal(next->fast, next->allow);
    unwatch(r, id);
    assert_null(r->b->cpu.watches);
    again(r);
    assert_int_equal(e->fast, e->allow);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(an_instruction_is_stopped_before_it_runs),
        T(the_bytes_of_a_range_are_where_instructions_begin),
        T(two_on_one_address_both_hear),
        T(a_block_that_leads_into_a_watched_page_stops_there),
        T(it_may_cross_into_another_page),
        T(code_that_changes_is_still_watched),
        T(a_repeated_instruction_is_hit_once),
        T(far_jumps_and_16_bit_code_lead_there),
        T(v86_code_and_handlers_are_code_too),
        T(an_instruction_that_faults_is_hit_once),
        T(other_address_spaces_are_not_ours),
        T(each_width_says_its_bytes_before_and_after),
        T(a_hit_is_cut_to_what_is_watched),
        T(a_write_of_the_same_bytes_is_no_change),
        T(wide_accesses_are_one),
        T(many_bytes_at_once),
        T(a_locked_exchange_reads_and_writes),
        T(strings_are_seen_byte_by_byte),
        T(a_stop_comes_behind_the_instruction),
        T(the_page_walk_s_own_writes_are_seen),
        T(segment_loads_read_and_touch_descriptors),
        T(a_task_switch_s_stores_are_seen),
        T(card_memory_may_be_watched),
        T(a_virtual_watch_follows_its_page),
        T(a_physical_watch_sees_every_alias),
        T(host_code_is_seen_too),
        T(only_pages_that_are_watched_go_slow),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
