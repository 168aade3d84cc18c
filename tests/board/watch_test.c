/* tests/board/watch_test.c -- watches of a whole machine: by initiator, in
 * three address spaces, where a run stops and goes on, and that a watched run
 * is the same run. */
#include "demo.h"

#include <stdio.h>
#include <stdlib.h>

static int watch(struct machine *m, const struct machine_watch *w)
{
    struct hb_error e = {0};
    int id = machine_watch(m, w, NULL, NULL, &e);

    if (!id)
        fail_msg("%s", e.text);
    return id;
}

static int watch_code(struct machine *m, uint32_t at)
{
    return watch(m, &(struct machine_watch){
                        .at = at, .bytes = 1, .access = WATCH_EXECUTE});
}

static uint32_t eip(const struct machine *m)
{
    struct inspect_cpu cpu;

    inspect_cpu(m, &cpu);
    return cpu.eip;
}

/* ---- stops ----------------------------------------------------------------*/

/* mov ecx,3; 5: inc eax; dec ecx; jnz 5; hlt */
static const uint8_t count[] = {0xb9, 3, 0, 0, 0, 0x40, 0x49, 0x75, 0xfc, 0xf4};

static void a_stop_says_which_watch_and_goes_on_from_there(void **state)
{
    struct machine *m = bare_create(NULL, count, sizeof count);
    int id = watch_code(m, BARE_CODE + 5);
    struct machine_watch_hit hit;
    struct machine_stop stop;

    (void)state;
    for (uint64_t turn = 0; turn < 3; turn++) {
        assert_int_equal(machine_run(m, MACHINE_FOR_EVER, &stop), STOP_WATCH);
        assert_int_equal(stop.watch, id);
        assert_int_equal(stop.at.tick, 1 + 3 * turn);
        assert_non_null(strstr(stop.text, "0x00100005"));
        assert_int_equal(eip(m), BARE_CODE + 5);
        assert_true(machine_watch_last(m, &hit));
        assert_int_equal(hit.access, WATCH_EXECUTE);
        assert_int_equal(hit.tick, stop.at.tick);
    }
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, &stop), STOP_IDLE);
    assert_false(machine_watch_last(m, &hit));
    machine_destroy(m);
}

/* However it came to stand there, one step is one step. */
static void steps_go_over_what_is_watched(void **state)
{
    struct machine *m = bare_create(NULL, count, sizeof count);

    (void)state;
    watch_code(m, BARE_CODE + 5);
    watch_code(m, BARE_CODE + 6);
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, NULL), STOP_WATCH);
    for (unsigned i = 0; i < 4; i++) {
        static const uint8_t next[] = {6, 7, 5, 6};

        assert_int_equal(
            machine_step(m, STEP_INSTRUCTION, NULL, MACHINE_FOR_EVER, NULL),
            STOP_STEP);
        assert_int_equal(eip(m), BARE_CODE + next[i]);
    }
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, NULL), STOP_WATCH);
    assert_int_equal(eip(m), BARE_CODE + 6); /* it came there by a step */
    machine_destroy(m);
}

static void a_loaded_machine_goes_on_from_its_stop(void **state)
{
    struct machine *m = bare_create(NULL, count, sizeof count), *again;
    struct machine_stop stop;
    uint8_t *bytes;
    size_t n;

    (void)state;
    watch_code(m, BARE_CODE + 5);
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, NULL), STOP_WATCH);
    assert_int_equal(machine_save_bytes(m, &bytes, &n, NULL), HB_OK);
    assert_int_equal(machine_load_bytes(&again, bytes, n, NULL), HB_OK);
    free(bytes);
    watch_code(again, BARE_CODE + 5);
    assert_int_equal(machine_run(again, MACHINE_FOR_EVER, &stop), STOP_WATCH);
    assert_int_equal(stop.at.tick, 4); /* the next turn */
    machine_destroy(m);
    machine_destroy(again);
}

static void a_step_that_writes_says_so(void **state)
{
    /* mov [500h], eax; hlt */
    static const uint8_t code[] = {0xa3, 0, 5, 0, 0, 0xf4};
    struct machine *m = bare_create(NULL, code, sizeof code);
    struct machine_stop stop;

    (void)state;
    assert_int_equal(machine_poke_physical(m, gpa_of(0x500), "abc", 4, NULL),
                     HB_OK);
    watch(m, &(struct machine_watch){.space = WATCH_PHYSICAL,
                                     .at = 0x500,
                                     .bytes = 4,
                                     .access = WATCH_CHANGE});
    assert_int_equal(machine_poke_physical(m, gpa_of(0x500), "xyz", 4, NULL),
                     HB_OK); /* a client's */
    assert_int_equal(
        machine_step(m, STEP_INSTRUCTION, NULL, MACHINE_FOR_EVER, &stop),
        STOP_WATCH);
    assert_string_equal(stop.text,
                        "watch 1: the CPU at 0x00100000 writes 4 bytes at "
                        "virtual 0x00000500, physical 0x00000500: 0x007a7978 "
                        "-> 0x00000000");
    assert_int_equal(stop.at.tick, 1);
    machine_destroy(m);
}

/* ---- what is refused -----------------------------------------------------*/

static void what_cannot_be_is_refused(void **state)
{
    static const struct {
        struct machine_watch watch;
        enum hb_status status;
    } bad[] = {
        {{.at = 5, .access = WATCH_READ}, HB_BAD_ARGUMENT},
        {{.at = 5, .bytes = 1}, HB_BAD_ARGUMENT},
        {{.at = 5, .bytes = 1, .access = 64}, HB_BAD_ARGUMENT},
        {{.at = UINT32_MAX, .bytes = 2, .access = WATCH_READ}, HB_BAD_ARGUMENT},
        {{.space = WATCH_PHYSICAL,
          .at = UINT64_MAX,
          .bytes = 2,
          .access = WATCH_READ},
         HB_BAD_ARGUMENT},
        {{.bytes = 1, .access = WATCH_EXECUTE, .by_dma = true},
         HB_BAD_ARGUMENT},
        {{.space = WATCH_LOGICAL, .bytes = 1, .access = WATCH_READ},
         HB_BAD_ARGUMENT},
        {{.space = WATCH_LOGICAL,
          .bytes = 1,
          .access = WATCH_READ,
          .device = "tape"},
         HB_NOT_FOUND},
        {{.process = 3, .bytes = 1, .access = WATCH_READ}, HB_NOT_FOUND},
    };
    struct machine *m = bare_create(NULL, count, sizeof count);
    struct hb_error e;

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        e.status = HB_OK;
        assert_int_equal(machine_watch(m, &bad[i].watch, NULL, NULL, &e), 0);
        assert_int_equal(e.status, bad[i].status);
    }
    for (int i = 1; i <= MACHINE_WATCHES; i++)
        assert_int_equal(watch_code(m, BARE_CODE), i);
    assert_int_equal(
        machine_watch(m, &(struct machine_watch){.bytes = 1, .access = 1}, NULL,
                      NULL, &e),
        0);
    assert_int_equal(e.status, HB_FULL);
    machine_unwatch(m, 3);
    machine_unwatch(m, 3);
    machine_unwatch(m, 777);
    assert_int_equal(watch_code(m, BARE_CODE), MACHINE_WATCHES + 1);
    machine_destroy(m);
}

/* ---- DMA -------------------------------------------------------------------
 * images/bare/edu_copy: three pages from 200000h through the card to 300000h.
 */

static struct machine *edu_machine(void)
{
    const char *const cards[] = {"edu", NULL};

    return bare_kernel(cards, "edu_copy");
}

static void a_card_s_bytes_stop_inside_its_tenure(void **state)
{
    struct machine *m = edu_machine();
    struct machine_watch_hit hit;
    struct machine_stop stop;
    uint8_t from[4], to[4];

    (void)state;
    watch(m, &(struct machine_watch){.space = WATCH_PHYSICAL,
                                     .at = 0x300ffe,
                                     .bytes = 4,
                                     .access = WATCH_WRITE,
                                     .by_dma = true,
                                     .device = "edu"});
    for (uint32_t part = 0; part < 2; part++) {
        uint32_t at = part ? 0x301000 : 0x300ffe;

        assert_int_equal(machine_run(m, MACHINE_FOR_EVER, &stop), STOP_WATCH);
        assert_true(machine_watch_last(m, &hit));
        assert_true(hit.by_dma);
        assert_string_equal(hit.device, "edu");
        assert_int_equal(hit.pa.v, at);
        assert_int_equal(hit.dla.v, at);
        assert_int_equal(hit.bytes, 2);
        assert_true(inspect_physical(m, gpa_of(at - 0x100000), from, 2));
        assert_true(inspect_physical(m, gpa_of(at), to, 2));
        assert_memory_equal(from, to, 2);
        assert_int_equal(hit.after, from[0] | from[1] << 8);
        assert_int_equal(hit.before, 0);
    }
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, NULL), STOP_IDLE);
    machine_destroy(m);
}

static void note(void *context, const struct machine_watch_hit *hit)
{
    struct machine_watch_hit *last = context;

    *last = *hit;
}

/* The program fills what the card reads: each is told from the other. */
static void initiators_are_told_from_each_other(void **state)
{
    struct machine *m = edu_machine();
    struct machine_watch w = {.space = WATCH_PHYSICAL,
                              .at = 0x200000,
                              .bytes = 0x3000,
                              .access = WATCH_READ | WATCH_WRITE};
    struct machine_watch_hit cpu = {0}, dma = {0}, other = {0}, logical = {0};

    (void)state;
    w.by_cpu = true;
    assert_true(machine_watch(m, &w, note, &cpu, NULL));
    w.by_cpu = false;
    w.by_dma = true;
    assert_true(machine_watch(m, &w, note, &dma, NULL));
    strcpy(w.device, "dma8237");
    assert_true(machine_watch(m, &w, note, &other, NULL));
    strcpy(w.device, "edu");
    w.space = WATCH_LOGICAL;
    assert_true(machine_watch(m, &w, note, &logical, NULL));
    assert_int_equal(machine_run(m, MACHINE_FOR_EVER, NULL), STOP_IDLE);
    assert_int_equal(cpu.access & WATCH_WRITE, WATCH_WRITE);
    assert_false(cpu.by_dma);
    assert_int_equal(dma.access, WATCH_READ);
    assert_int_equal(dma.dla.v + dma.bytes, 0x203000);
    assert_int_equal(logical.dla.v, dma.dla.v);
    assert_int_equal(other.id, 0);
    machine_destroy(m);
}

/* ---- a watched run is the same run ---------------------------------------*/

static const struct demo_bench benches[] = {
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "translate", "16M",
     DEMO_BYTES},
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "bounce", "256M",
     DEMO_BYTES},
    {HALBOX_IMAGES "/edu.sys", "edu", "\\\\.\\Edu0", "pae", "6G", DEMO_BYTES},
    {HALBOX_IMAGES "/isa_slave.sys", "isacard", "\\\\.\\IsaCard0", "translate",
     "16M", DEMO_BYTES},
};
enum { BENCHES = sizeof benches / sizeof *benches };

/* Hits of a demo by who made them. */
struct who {
    unsigned code, cpu, kernel, dma;
    char device[MACHINE_NAME];
};

static void count_hit(void *context, const struct machine_watch_hit *hit)
{
    struct who *who = context;

    if (hit->access & WATCH_EXECUTE)
        who->code++;
    else if (hit->by_dma)
        who->dma++;
    else if (hit->routine[0])
        who->kernel++;
    else
        who->cpu++;
    if (hit->by_dma)
        memcpy(who->device, hit->device, sizeof who->device);
}

static void watch_demo(const struct demo *d, struct who *who)
{
    struct machine_watch w = {.access = WATCH_READ | WATCH_WRITE};
    struct inspect_image image;

    /* the user's buffers, by their addresses in the process */
    w.process = d->process;
    w.bytes = d->bytes;
    w.at = d->in.v;
    assert_true(machine_watch(d->m, &w, count_hit, who, NULL));
    w.at = d->out.v;
    w.bytes = 3;
    assert_true(machine_watch(d->m, &w, count_hit, who, NULL));
    /* the driver's code, and all page tables that there are */
    assert_true(inspect_image_at(d->m, 0, &image));
    w = (struct machine_watch){.at = image.base.v,
                               .bytes = image.bytes,
                               .access = WATCH_EXECUTE | WATCH_WRITE};
    assert_true(machine_watch(d->m, &w, count_hit, who, NULL));
    w = (struct machine_watch){
        .at = 0xc0000000, .bytes = 0x10000, .access = WATCH_CHANGE};
    assert_true(machine_watch(d->m, &w, count_hit, who, NULL));
    w = (struct machine_watch){
        .space = WATCH_PHYSICAL, .bytes = 0x1000, .access = WATCH_READ};
    assert_true(machine_watch(d->m, &w, count_hit, who, NULL));
}

static void a_watched_demo_is_the_same_demo(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BENCHES; i++) {
        struct trace plain = {0}, watched = {0};
        struct who who = {0};
        struct demo a, b;

        demo_create(&a, &benches[i]);
        demo_create(&b, &benches[i]);
        bare_trace(&plain, a.m, "*");
        bare_trace(&watched, b.m, "*");
        watch_demo(&b, &who);
        assert_true(demo_run(&a, MACHINE_FOR_EVER));
        assert_true(demo_run(&b, MACHINE_FOR_EVER));
        assert_string_equal(plain.text, watched.text);
        bare_equal(a.m, b.m);
        assert_in_range(who.code, 100, UINT32_MAX);
        assert_in_range(who.cpu + who.kernel, 1, UINT32_MAX);
        assert_in_range(who.dma + who.kernel, 1, UINT32_MAX);
        bare_trace_end(&plain);
        bare_trace_end(&watched);
        machine_destroy(a.m);
        machine_destroy(b.m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_says_which_watch_and_goes_on_from_there),
        cmocka_unit_test(steps_go_over_what_is_watched),
        cmocka_unit_test(a_loaded_machine_goes_on_from_its_stop),
        cmocka_unit_test(a_step_that_writes_says_so),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_card_s_bytes_stop_inside_its_tenure),
        cmocka_unit_test(initiators_are_told_from_each_other),
        cmocka_unit_test(a_watched_demo_is_the_same_demo),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
