/* tests/cpu/block_test.c -- the fast engine against one instruction at a time:
 * the same program, cut anywhere, leaves the same state at each tick; and code
 * that changes under it is never run as it was. */
#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/count.h"
#include "forms.h"

/* ---- random programs ------------------------------------------------------*/

enum { CODE_BYTES = 0x400, LOOK_BYTES = 0x40000, PROGRAMS = 400, TICKS = 600 };
enum { COUNTED_BYTES = 0x2000 };

static bool wanted(const struct opcode *op)
{
    static const char *const no[] = {
        "hlt",      "in",      "out",  "insb", "ins",     "outsb", "outs",
        "call far", "jmp far", "iret", "popf", "ret far", "int",   "int1",
        "int3",     "x87",     "lds",  "les",  "into",    "bound"};

    if (!op->run || op->flags & F_CPL0)
        return false;
    for (unsigned n = 0; n < sizeof no / sizeof *no; n++) {
        if (!strcmp(op->name, no[n]))
            return false;
    }
    return !strstr(op->name, "pop ") || !strstr(op->name, "s");
}

/* A few flow changes among much arithmetic; short jumps stay in the code. */
static unsigned put_insn(uint8_t *to, uint64_t *seed)
{
    unsigned n = 0, opcode = form_random(seed) & 255;
    const struct opcode *op = &opcode_one[opcode];

    if (form_random(seed) % 8 == 0)
        to[n++] = 0x66;
    if (form_random(seed) % 16 == 0)
        to[n++] = 0xf3;
    if (form_random(seed) % 8 == 0)
        to[n++] = (uint8_t)(0x64 | (form_random(seed) & 1)); /* FS, GS */
    if (op->flags & F_GROUP) {
        if (opcode != 0xff && opcode != 0x8f) {
            to[n++] = (uint8_t)opcode;
        } else {
            to[n++] = 0x83;
        }
    } else if (opcode == 0x0f || !wanted(op)) {
        static const uint8_t two[] = {0x40, 0x90, 0xa3, 0xaf, 0xb6, 0xb7,
                                      0xbe, 0xbf, 0xbc, 0xa4, 0xad, 0xb1,
                                      0xc1, 0xc8, 0x18, 0x80};

        to[n++] = 0x0f;
        opcode = two[form_random(seed) % sizeof two];
        if (opcode == 0x80) { /* Jcc to the next instruction, or by four */
            to[n++] = (uint8_t)(0x80 | form_random(seed) % 16);
            to[n++] = (uint8_t)(form_random(seed) & 4);
            to[n++] = 0;
            to[n++] = 0;
            to[n++] = 0;
            return n;
        }
        to[n++] = (uint8_t)(opcode + (opcode == 0x40 || opcode == 0x90
                                          ? form_random(seed) % 16
                                          : 0));
    } else {
        to[n++] = (uint8_t)opcode;
    }
    for (unsigned k = 0; k < 6; k++)
        to[n + k] = (uint8_t)form_random(seed);
    if ((opcode & 0xf0) == 0x70)
        to[n] = (uint8_t)((form_random(seed) & 15) - 4);
    return n + 1 + form_random(seed) % 5;
}

static void program(uint8_t *code, uint64_t *seed)
{
    unsigned n = 0;

    memset(code, 0x90, CODE_BYTES);
    while (n < CODE_BYTES - 16)
        n += put_insn(code + n, seed);
}

static void set_up(struct bench *b, const uint8_t *code, uint64_t seed)
{
    for (uint32_t at = 0; at < 0x8000; at += 4)
        poke32(b, DATA_AT + at, form_random(&seed));
    bench_code(b, code, CODE_BYTES);
    for (unsigned r = 0; r < CPU_REGS; r++)
        b->cpu.s.reg[r] = DATA_AT + 0x2000 + form_random(&seed) % 0x3000;
    b->cpu.s.eflags = 2 | (form_random(&seed) & 0x8d5);
    b->cpu.s.seg[FS].base = 0x123; /* GS stays flat */
    b->cpu.s.seg[FS].limit = DATA_AT + 0x4000;
}

static void same(const struct bench *a, const struct bench *b, unsigned n)
{
    if (memcmp(&a->cpu.s, &b->cpu.s, sizeof a->cpu.s) ||
        a->clock.now != b->clock.now)
        fail_msg("program %u: tick %u eip %x flags %x, and by itself: tick %u "
                 "eip %x flags %x",
                 n, (unsigned)a->clock.now, a->cpu.s.eip, a->cpu.s.eflags,
                 (unsigned)b->clock.now, b->cpu.s.eip, b->cpu.s.eflags);
    if (memcmp(a->ram.base, b->ram.base, LOOK_BYTES))
        fail_msg("program %u, tick %u: memory differs", n,
                 (unsigned)a->clock.now);
}

/* Whoever counts counts the same instructions. Of a repeated one blocks may do
 * more at a time. */
static void same_counts(const uint32_t *fast, const uint32_t *plain, unsigned n)
{
    for (unsigned i = 0; i < COUNTED_BYTES; i++)
        if (!fast[i] != !plain[i] || fast[i] > plain[i])
            fail_msg("program %u: %x ran %u times, and by itself %u", n,
                     CODE_AT + i, fast[i], plain[i]);
}

/* ---- watched: a few places of code and data, and nobody minds --------------
 */

static void hear(void *context, const struct watch *w,
                 struct machine_watch_hit *hit)
{
    unsigned *hits = context;

    (void)w;
    (void)hit;
    ++*hits;
}

static bool is_here(void *context, uint32_t process)
{
    (void)context;
    (void)process;
    return true;
}

static void watch(struct bench *b, struct watches *ws, unsigned *hits,
                  uint64_t *seed)
{
    *ws = (struct watches){.count = 4,
                           .last_id = 4,
                           .running = true,
                           .wiring = {hits, NULL, is_here, hear}};
    for (int i = 0; i < 4; i++) {
        bool code = i < 2;

        ws->row[i] = (struct watch){
            .id = i + 1,
            .what = {
                .space = i & 1 ? WATCH_PHYSICAL : WATCH_VIRTUAL,
                .at = (code ? CODE_AT : DATA_AT + 0x2000) +
                      form_random(seed) % (code ? 64 : 0x3000),
                .bytes = form_random(seed) % (code ? 32 : 0x1000) + 1,
                .by_cpu = true,
                .access = code ? WATCH_EXECUTE : WATCH_READ | WATCH_WRITE,
            }};
    }
    cpu_watch(&b->cpu, ws);
}

static void random_program(unsigned n, uint64_t seed, unsigned *hits)
{
    static uint32_t counts[2][COUNTED_BYTES];
    struct bench *fast = bench_create(RAM_BYTES);
    struct bench *plain = bench_create(RAM_BYTES);
    bool counted = n % 3 == 0;
    struct watches ws;
    uint8_t code[CODE_BYTES];

    program(code, &seed);
    set_up(fast, code, seed);
    set_up(plain, code, seed);
    plain->cpu.p->plain = true;
    if (hits)
        watch(fast, &ws, hits, &seed);
    if (n % 4 == 3) {
        bench_paging(fast);
        bench_paging(plain);
    }
    if (counted) {
        memset(counts, 0, sizeof counts);
        cpu_count_code(&fast->cpu, gva_of(CODE_AT), COUNTED_BYTES, counts[0],
                       NULL);
        cpu_count_code(&plain->cpu, gva_of(CODE_AT), COUNTED_BYTES, counts[1],
                       NULL);
    }
    while (plain->clock.now < TICKS) {
        uint32_t cut = form_random(&seed) % 100 + 1;
        enum cpu_exit exit;

        fast->clock.until = plain->clock.until = plain->clock.now + cut;
        exit = cpu_run(&plain->cpu);
        assert_int_equal(cpu_run(&fast->cpu), exit);
        same(fast, plain, n);
        if (exit != CPU_TICKS)
            break;
    }
    if (counted)
        same_counts(counts[0], counts[1], n);
    bench_destroy(fast);
    bench_destroy(plain);
}

static void blocks_do_what_instructions_do_one_by_one(void **state)
{
    (void)state;
    for (unsigned n = 0; n < PROGRAMS; n++)
        random_program(n, 0xb10c + n, NULL);
}

static void what_is_watched_does_the_same(void **state)
{
    unsigned hits = 0;

    (void)state;
    for (unsigned n = 0; n < PROGRAMS / 4; n++)
        random_program(n, 0xa7c4 + n, &hits);
    assert_in_range(hits, 100, UINT32_MAX);
}

/* Random programs seldom divide without #DE: small dividends, all edges. */
static void products_and_quotients_are_the_same(void **state)
{
    /* mul, imul, div, idiv of ECX; cdq; imul eax, ecx, -7; hlt */
    static const uint8_t code[][4] = {
        {0xf7, 0xe1, 0xf4}, {0xf7, 0xe9, 0xf4}, {0xf7, 0xf1, 0xf4},
        {0xf7, 0xf9, 0xf4}, {0x99, 0xf4},       {0x6b, 0xc1, 0xf9, 0xf4}};
    static const uint32_t edge[] = {0,          1,          2,
                                    0x7fffffff, 0x80000000, UINT32_MAX};
    enum { EDGES = sizeof edge / sizeof *edge, CASES = 100 };
    struct bench *b[2] = {bench_create(RAM_BYTES), bench_create(RAM_BYTES)};
    uint64_t seed = 0xd1;

    (void)state;
    b[1]->cpu.p->plain = true;
    for (unsigned n = 0; n < sizeof code / sizeof *code * CASES; n++) {
        uint32_t v[3];

        for (unsigned k = 0; k < 3; k++) {
            uint32_t random = form_random(&seed);

            v[k] = random & 3 ? edge[random / 4 % EDGES] : random;
        }
        for (unsigned k = 0; k < 2; k++) {
            struct cpu *cpu = &b[k]->cpu;

            bench_code(b[k], code[n % (sizeof code / sizeof *code)], 4);
            cpu->s.reg[EAX] = v[0];
            cpu->s.reg[EDX] = v[1];
            cpu->s.reg[ECX] = v[2];
            cpu->s.reg[ESP] = STACK0 - 0x1000;
            cpu->s.halted = 0;
            b[k]->clock.until = b[k]->clock.now + 100;
            assert_int_equal(cpu_run(cpu), CPU_HALTED);
        }
        assert_memory_equal(&b[0]->cpu.s, &b[1]->cpu.s, sizeof b[0]->cpu.s);
    }
    bench_destroy(b[0]);
    bench_destroy(b[1]);
}

/* ---- code that changes ----------------------------------------------------*/

static void run_to_halt(struct bench *b)
{
    b->clock.until = b->clock.now + 1000000;
    assert_int_equal(cpu_run(&b->cpu), CPU_HALTED);
    b->cpu.s.halted = 0;
}

static uint32_t called(struct bench *b)
{
    b->cpu.s.eip = CODE_AT;
    run_to_halt(b);
    return b->cpu.s.reg[EAX];
}

/* mov eax, 1; hlt */
static const uint8_t one[] = {0xb8, 1, 0, 0, 0, 0xf4};

static void a_store_into_the_running_block_is_seen_at_once(void **state)
{
    struct bench *b = *state;
    /* mov byte [CODE_AT + 8], 7; mov eax, 1; hlt */
    static const uint8_t code[] = {0xc6, 5, 8, 0, 1, 0,   7,
                                   0xb8, 1, 0, 0, 0, 0xf4};

    bench_code(b, code, sizeof code);
    assert_int_equal(called(b), 7);
}

static void a_string_store_into_the_running_block_is_seen_at_once(void **state)
{
    struct bench *b = *state;
    /* rep stosb; mov eax, 1; hlt: stosb puts 90h over the MOV */
    static const uint8_t code[] = {0xf3, 0xaa, 0xb8, 1, 0, 0, 0, 0xf4};

    bench_code(b, code, sizeof code);
    b->cpu.s.reg[ECX] = 5;
    b->cpu.s.reg[EDI] = CODE_AT + 2;
    b->cpu.s.reg[EAX] = 0x90;
    assert_int_equal(called(b), 0x90);
}

static void patching_and_calling_runs_what_was_patched(void **state)
{
    struct bench *b = *state;
    /* next: mov [CODE_AT + 100h + 1], ecx; mov edx, CODE_AT + 100h; call edx;
     * add ebx, eax; dec ecx; jnz next; hlt */
    static const uint8_t code[] = {0x89, 0x0d, 1,    1,    1,    0,    0xba,
                                   0,    1,    1,    0,    0xff, 0xd2, 1,
                                   0xc3, 0x49, 0x75, 0xee, 0xf4};
    static const uint8_t callee[] = {0xb8, 0, 0, 0, 0, 0xc3};

    bench_code(b, code, sizeof code);
    ram_write(&b->ram, gpa_of(CODE_AT + 0x100), callee, sizeof callee);
    b->cpu.s.reg[EBX] = 0;
    b->cpu.s.reg[ECX] = 1000;
    run_to_halt(b);
    assert_int_equal(b->cpu.s.reg[EBX], 1000 * 1001 / 2);
}

static void writes_of_device_and_host_are_seen(void **state)
{
    struct bench *b = *state;
    const uint8_t three = 3;

    bench_code(b, one, sizeof one);
    assert_int_equal(called(b), 1);
    ram_write8(&b->ram, gpa_of(CODE_AT + 1), 2);
    assert_int_equal(called(b), 2);
    assert_true(cpu_poke(&b->cpu, gva_of(CODE_AT + 1), &three, 1));
    assert_int_equal(called(b), 3);
    ram_mark(&b->ram, gpa_of(CODE_AT), PAGE_BYTES); /* as a bus tenure does */
    b->ram.base[CODE_AT + 1] = 4;
    assert_int_equal(called(b), 4);
}

static void a_store_through_another_virtual_page_is_seen(void **state)
{
    struct bench *b = *state;
    const uint32_t alias = 0x300000;
    struct cpu_fault fault;
    const uint8_t five = 5;

    bench_paging(b);
    poke32(b, bench_pte(alias), CODE_AT | PTE_P | PTE_RW | PTE_US);
    /* the alias is open for writing before there is code */
    assert_true(
        cpu_store(&b->cpu, gva_of(alias), one, sizeof one, false, &fault));
    assert_int_equal(called(b), 1);
    assert_true(cpu_store(&b->cpu, gva_of(alias + 1), &five, 1, false, &fault));
    assert_int_equal(called(b), 5);
}

static void the_second_page_of_an_instruction_is_seen(void **state)
{
    struct bench *b = *state;
    const uint32_t at = CODE_AT + PAGE_BYTES - 2;

    ram_write(&b->ram, gpa_of(at), one, sizeof one);
    b->cpu.s.eip = at;
    run_to_halt(b);
    ram_write8(&b->ram, gpa_of(at + 2), 9); /* second byte of the immediate */
    b->cpu.s.eip = at;
    run_to_halt(b);
    assert_int_equal(b->cpu.s.reg[EAX], 0x901);
}

static void a_page_mapped_anew_is_fetched_anew(void **state)
{
    struct bench *b = *state;
    const uint32_t va = 0x300000, other = CODE_AT + PAGE_BYTES;

    bench_paging(b);
    bench_code(b, one, sizeof one);
    ram_write(&b->ram, gpa_of(other), one, sizeof one);
    ram_write8(&b->ram, gpa_of(other + 1), 2);
    poke32(b, bench_pte(va), CODE_AT | PTE_P | PTE_RW | PTE_US);
    b->cpu.s.eip = va;
    run_to_halt(b);
    assert_int_equal(b->cpu.s.reg[EAX], 1);
    poke32(b, bench_pte(va), other | PTE_P | PTE_RW | PTE_US);
    tlb_flush_page(&b->cpu.tlb, gva_of(va));
    b->cpu.s.eip = va;
    run_to_halt(b);
    assert_int_equal(b->cpu.s.reg[EAX], 2);
}

static void data_beside_code_leaves_the_code(void **state)
{
    struct bench *b = *state;
    uint32_t emptied = 0;

    bench_code(b, one, sizeof one);
    called(b);
    assert_true(ram_code(&b->ram, gpa_of(CODE_AT)) == 1);
    ram_write8(&b->ram, gpa_of(CODE_AT + 64), 1);
    assert_true(ram_code(&b->ram, gpa_of(CODE_AT)) == 1);
    ram_write8(&b->ram, gpa_of(CODE_AT + 63), 1);
    assert_true(ram_code(&b->ram, gpa_of(CODE_AT)) == emptied);
}

/* ---- what a device does in the middle of a block
 * ---------------------------*/

static void an_interrupt_comes_right_behind_its_cause(void **state)
{
    struct bench *b = *state;
    /* inc ecx (8 of them), then out dx, al; then inc ecx again */
    uint8_t code[64];
    struct outcome o;

    memset(code, 0x41, sizeof code);
    code[8] = 0xee;
    bench_code(b, code, sizeof code);
    b->probe->vector = 0x55;
    b->cpu.s.reg[ECX] = 0;
    b->cpu.s.reg[EDX] = PROBE_PORT + PROBE_PULL;
    b->cpu.s.eflags |= FLAG_IF;
    b->clock.until = 1000;
    assert_int_equal(cpu_run(&b->cpu), CPU_HALTED);
    o.eip = peek32(b, b->cpu.s.reg[ESP]);
    assert_int_equal(o.eip, CODE_AT + 9);
    assert_int_equal(b->cpu.s.reg[ECX], 8);
    assert_int_equal(b->cpu.s.eip, HANDLERS_AT + 16 * 0x55 + 1);
    assert_int_equal(b->clock.now, 10); /* eight, OUT, HLT */
}

/* rep insw; mov edx, timer; rep outsb of ticks to come */
static const uint8_t port_strings[] = {
    0x66, 0xf3, 0x6d, 0xba, PROBE_TIMER, PROBE_PORT >> 8, 0, 0, 0xb9, 100, 0,
    0,    0,    0xf3, 0x6e, 0xf4};

static struct bench *with_port_strings(bool plain)
{
    struct bench *b = bench_create(RAM_BYTES);

    bench_code(b, port_strings, sizeof port_strings);
    for (uint32_t n = 0; n < 100; n++)
        ram_write8(&b->ram, gpa_of(DATA_AT + n), (uint8_t)(n * 7 % 5));
    b->cpu.p->plain = plain;
    b->cpu.s.reg[ECX] = 3000;
    b->cpu.s.reg[EDX] = PROBE_PORT;
    b->cpu.s.reg[ESI] = DATA_AT;
    b->cpu.s.reg[EDI] = DATA_AT + 0x1001; /* one lies in two pages */
    return b;
}

static void strings_of_ports_go_on_as_one_by_one(void **state)
{
    struct bench *fast = with_port_strings(false);
    struct bench *plain = with_port_strings(true);
    enum cpu_exit exit = CPU_TICKS;

    (void)state;
    for (uint64_t at = 7; exit == CPU_TICKS; at += at % 613 + 1) {
        plain->clock.until = fast->clock.until = at;
        exit = cpu_run(&plain->cpu);
        assert_int_equal(cpu_run(&fast->cpu), exit);
        same(fast, plain, 0);
        assert_int_equal(fast->probe->accesses, plain->probe->accesses);
    }
    assert_int_equal(exit, CPU_HALTED);
    bench_destroy(fast);
    bench_destroy(plain);
}

static void an_interrupt_comes_between_iterations_of_outs(void **state)
{
    struct bench *b = *state;
    /* rep outsb */
    static const uint8_t code[] = {0xf3, 0x6e};

    bench_code(b, code, sizeof code);
    b->probe->vector = 0x55;
    b->cpu.s.reg[ECX] = 5;
    b->cpu.s.reg[ESI] = DATA_AT;
    b->cpu.s.reg[EDX] = PROBE_PORT + PROBE_PULL;
    b->cpu.s.eflags |= FLAG_IF;
    b->clock.until = 1000;
    assert_int_equal(cpu_run(&b->cpu), CPU_HALTED);
    assert_int_equal(peek32(b, b->cpu.s.reg[ESP]), CODE_AT);
    assert_int_equal(b->cpu.s.reg[ECX], 4);
    assert_int_equal(b->cpu.s.reg[ESI], DATA_AT + 1);
    assert_int_equal(b->clock.now, 2); /* one iteration, HLT */
}

static void a_repeated_store_ends_the_run_inside_itself(void **state)
{
    struct bench *b = *state;
    /* inc eax; rep stosd; inc ebx; hlt */
    static const uint8_t code[] = {0x40, 0xf3, 0xab, 0x43, 0xf4};

    for (uint32_t until = 4; until < 20; until++) {
        bench_code(b, code, sizeof code);
        b->cpu.s.reg[ECX] = 10;
        b->cpu.s.reg[EDI] = DATA_AT;
        b->cpu.s.reg[EBX] = 0;
        b->clock.now = 0;
        b->clock.until = until;
        b->cpu.s.halted = 0;
        cpu_run(&b->cpu);
        assert_int_equal(b->cpu.s.reg[ECX], until > 11 ? 0 : 11 - until);
        assert_int_equal(b->cpu.s.reg[EBX], until > 11);
        assert_int_equal(b->clock.now, until > 13 ? 13 : until);
    }
}

static void a_timer_set_in_a_block_ends_the_run_at_its_tick(void **state)
{
    struct bench *b = *state;
    uint8_t code[64];

    memset(code, 0x41, sizeof code);
    code[8] = 0xef; /* out dx, eax: three ticks from the tick it began in */
    bench_code(b, code, sizeof code);
    b->cpu.s.reg[ECX] = 0;
    b->cpu.s.reg[EAX] = 3;
    b->cpu.s.reg[EDX] = PROBE_PORT + PROBE_TIMER;
    b->clock.until = 1000;
    assert_int_equal(cpu_run(&b->cpu), CPU_TICKS);
    assert_int_equal(b->clock.now, 8 + 3);
    assert_int_equal(b->cpu.s.reg[ECX], 8 + 2);
    assert_int_equal(b->cpu.s.eip, CODE_AT + 11);
}

static void a_fault_in_a_block_knows_its_instruction(void **state)
{
    struct bench *b = *state;
    /* inc ecx; add eax, 1; cmp eax, eax; mov [300000h], eax; inc ecx */
    static const uint8_t code[] = {0x41, 0x83, 0xc0, 1,    0x39, 0xc0,
                                   0xa3, 0,    0,    0x30, 0,    0x41,
                                   0x41, 0x41, 0x41, 0x41, 0x41, 0xf4};
    uint32_t esp;

    bench_paging(b);
    poke32(b, bench_pte(0x300000), 0);
    bench_code(b, code, sizeof code);
    b->cpu.s.reg[ECX] = 0;
    b->clock.until = 1000;
    assert_int_equal(cpu_run(&b->cpu), CPU_HALTED);
    esp = b->cpu.s.reg[ESP];
    assert_int_equal(peek32(b, esp), 2); /* not present, write */
    assert_int_equal(peek32(b, esp + 4), CODE_AT + 6);
    assert_int_equal(peek32(b, esp + 12) & 0xd5, FLAG_ZF | FLAG_PF);
    assert_int_equal(b->cpu.s.reg[ECX], 1);
    assert_int_equal(b->clock.now, 3 + 1 + 1); /* the fault, HLT */
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_do_what_instructions_do_one_by_one),
        cmocka_unit_test(what_is_watched_does_the_same),
        cmocka_unit_test(products_and_quotients_are_the_same),
        CASE(a_store_into_the_running_block_is_seen_at_once),
        CASE(a_string_store_into_the_running_block_is_seen_at_once),
        CASE(patching_and_calling_runs_what_was_patched),
        CASE(writes_of_device_and_host_are_seen),
        CASE(a_store_through_another_virtual_page_is_seen),
        CASE(the_second_page_of_an_instruction_is_seen),
        CASE(a_page_mapped_anew_is_fetched_anew),
        CASE(data_beside_code_leaves_the_code),
        CASE(an_interrupt_comes_right_behind_its_cause),
        cmocka_unit_test(strings_of_ports_go_on_as_one_by_one),
        CASE(an_interrupt_comes_between_iterations_of_outs),
        CASE(a_repeated_store_ends_the_run_inside_itself),
        CASE(a_timer_set_in_a_block_ends_the_run_at_its_tick),
        CASE(a_fault_in_a_block_knows_its_instruction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
