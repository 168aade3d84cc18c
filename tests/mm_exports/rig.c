/* tests/mm_exports/rig.c -- see rig.h. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NS_PER_TICK = 100, TICKS_MOST = 3000000 };
/** What the guest code leaves in r->results. */
enum {
    DONE = 0,
    EAX_AT = 4,
    EDX_AT = 8,
    ESP_AT = 12,
    RAISED = 16,
    STATUS_AT = 20
};

static void must(enum hb_status st, const struct hb_error *error)
{
    if (st != HB_OK)
        fail_msg("%s", error->text);
}

static void on_finding(void *context, const struct hb_event *e)
{
    struct rig *r = context;

    r->findings++;
    memccpy(r->rule, (const char *)(uintptr_t)e->args[0], 0,
            sizeof r->rule - 1);
}

static void build_ram(struct rig *r, uint64_t bytes)
{
    uint64_t rest = bytes - 640 * 1024 - 14 * MIB;
    uint64_t low = rest < 3 * GIB - 16 * MIB ? rest : 3 * GIB - 16 * MIB;
    const struct ram_range ranges[] = {
        {0, 640 << 10},
        {1 * MIB, 14 * MIB},
        {16 * MIB, low & ~(uint64_t)PAGE_MASK},
        {4 * GIB, (rest - low) & ~(uint64_t)PAGE_MASK}};
    struct hb_error e = {0};

    must(ram_create(&r->ram, ranges, rest > low ? 4 : 3, &e), &e);
}

static void boot(struct rig *r, const struct mm_settings *settings)
{
    struct export_table table;
    struct hb_error e = {0};
    gva_t at;

    must(mm_boot(&r->mm, settings, &e), &e);
    table = mm_table(&r->mm);
    must(ke_create(&r->ke,
                   &(struct ke_wiring){&r->ram, r->bus, &r->cpu, &r->clock,
                                       &r->events, &r->mm},
                   &table, 1, &e),
         &e);
    must(ke_boot(r->ke, &e), &e);
    mm_exports_boot(r->ke);
    must(space_create(&r->mm, &r->space), &e);
    r->process = ke_process_create(r->ke, r->space);
    assert_int_not_equal(r->process, 0);
    must(system_alloc(&r->mm, 2, MM_RWX, &at), &e);
    r->code = at.v;
    r->results = at.v + 4096;
    ke_image_add(r->ke, "test.sys", at, 8192);
}

struct rig *rig_new(const struct rig_options *options)
{
    struct rig *r = calloc(1, sizeof *r);
    struct hb_error e = {0};

    assert_non_null(r);
    clock_init(&r->clock, NS_PER_TICK);
    events_init(&r->events, &r->clock);
    assert_int_equal(events_listen(&r->events, on_finding, r, "finding"),
                     HB_OK);
    build_ram(r, options->ram ? options->ram : 32 * MIB);
    must(bus_create(&r->bus, &r->ram, &r->clock, &r->events, NULL, &e), &e);
    must(bus_add(r->bus, device_model_find("pic8259"), NULL, NULL, &e), &e);
    must(bus_add(r->bus, device_model_find("pit8254"), NULL, NULL, &e), &e);
    if (options->card)
        must(bus_add(r->bus, device_model_find("adram"),
                     &(struct bus_place){.has_slot = true, .slot = RIG_CARD},
                     NULL, &e),
             &e);
    must(cpu_create(&r->cpu, &r->ram, r->bus, &r->clock, &r->events, &e), &e);
    must(mm_create(&r->mm, &r->ram, &r->cpu.tlb, &r->events, &e), &e);
    bus_reset(r->bus);
    bus_config_write(r->bus, 0, RIG_CARD, 0, 0x10, 4, RIG_BAR);
    bus_config_write(r->bus, 0, RIG_CARD, 0, 0x14, 4, RIG_REGISTERS);
    bus_config_write(r->bus, 0, RIG_CARD, 0, 4, 2, 2); /* decodes memory */
    boot(r, &options->mm);
    return r;
}

void rig_free(struct rig *r)
{
    ke_destroy(r->ke);
    mm_destroy(&r->mm);
    cpu_destroy(&r->cpu);
    bus_destroy(r->bus);
    ram_destroy(&r->ram);
    events_fini(&r->events);
    clock_fini(&r->clock);
    free(r);
}

int setup_xp(void **state)
{
    *state = rig_new(&(struct rig_options){.mm = {.era = MM_XP}});
    return 0;
}

int setup_pae(void **state)
{
    *state = rig_new(
        &(struct rig_options){.mm = {.era = MM_XP, .pae = 1}, .ram = 6 * GIB});
    return 0;
}

int setup_checks(void **state)
{
    *state = rig_new(&(struct rig_options){.mm = {.era = MM_XP, .checks = 1}});
    return 0;
}

int setup_card(void **state)
{
    *state = rig_new(&(struct rig_options){.mm = {.era = MM_XP}, .card = true});
    return 0;
}

int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

/* ---- guest code -------------------------------------------------------------
 */

struct writer {
    struct rig *r;
    uint32_t at;
};

static void emit(struct writer *w, unsigned count, const uint8_t *bytes)
{
    assert_true(ke_write(w->r->ke, gva_of(w->at), bytes, count));
    w->at += count;
}

#define EMIT_CODE(w, ...)                                                      \
    emit((w), sizeof((uint8_t[]){__VA_ARGS__}), (uint8_t[]){__VA_ARGS__})

static void emit_dword(struct writer *w, uint32_t v)
{
    emit(w, 4,
         (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
                     (uint8_t)(v >> 24)});
}

static void set_irql(struct writer *w, uint8_t irql)
{
    EMIT_CODE(w, 0x64, 0xc6, 0x05); /* mov byte fs:[24h], irql */
    emit_dword(w, 0x24);
    EMIT_CODE(w, irql);
}

/* pop fs:[0]; add esp, 4; ret 4 */
static void leave(struct writer *w)
{
    set_irql(w, 0);
    EMIT_CODE(w, 0x64, 0x8f, 0x05);
    emit_dword(w, 0);
    EMIT_CODE(w, 0x83, 0xc4, 0x04, 0xc2, 0x04, 0x00);
}

/* The handler leaves the frame by itself: nothing is to be unwound. */
static uint32_t emit_handler(struct writer *w)
{
    uint32_t at = w->at;

    EMIT_CODE(w, 0x8b, 0x44, 0x24, 0x04); /* mov eax, [esp+4]: record */
    EMIT_CODE(w, 0x8b, 0x00);             /* mov eax, [eax] */
    EMIT_CODE(w, 0xa3);
    emit_dword(w, w->r->results + STATUS_AT);
    EMIT_CODE(w, 0xc7, 0x05);
    emit_dword(w, w->r->results + RAISED);
    emit_dword(w, 1);
    EMIT_CODE(w, 0x8b, 0x64, 0x24, 0x08); /* mov esp, [esp+8]: frame */
    leave(w);
    return at;
}

/* An __except frame around what follows; @start: where the thread begins. */
static struct writer begin(struct rig *r, uint32_t *start)
{
    struct writer w = {r, r->code};
    uint32_t handler = emit_handler(&w);

    *start = w.at;
    EMIT_CODE(&w, 0x68); /* push handler; push fs:[0]; mov fs:[0], esp */
    emit_dword(&w, handler);
    EMIT_CODE(&w, 0x64, 0xff, 0x35);
    emit_dword(&w, 0);
    EMIT_CODE(&w, 0x64, 0x89, 0x25);
    emit_dword(&w, 0);
    if (r->irql)
        set_irql(&w, r->irql);
    EMIT_CODE(&w, 0x89, 0xe3); /* mov ebx, esp */
    return w;
}

static void end(struct writer *w)
{
    const struct rig *r = w->r;

    EMIT_CODE(w, 0xa3);
    emit_dword(w, r->results + EAX_AT);
    EMIT_CODE(w, 0x89, 0x15);
    emit_dword(w, r->results + EDX_AT);
    EMIT_CODE(w, 0x29, 0xe3, 0x89, 0x1d); /* sub ebx, esp; mov [], ebx */
    emit_dword(w, r->results + ESP_AT);
    EMIT_CODE(w, 0xc7, 0x05);
    emit_dword(w, r->results + DONE);
    emit_dword(w, 1);
    leave(w);
}

static uint32_t emit_call(struct rig *r, gva_t routine, unsigned count,
                          const uint32_t *args)
{
    uint32_t start;
    struct writer w = begin(r, &start);

    while (count-- > 0) {
        EMIT_CODE(&w, 0x68);
        emit_dword(&w, args[count]);
    }
    EMIT_CODE(&w, 0xe8);
    emit_dword(&w, routine.v - (w.at + 4));
    end(&w);
    return start;
}

/* ---- running ----------------------------------------------------------------
 */

static bool over(struct rig *r)
{
    return ke_ended(r->ke) || get(r, r->results + DONE) ||
           get(r, r->results + RAISED);
}

static void step(struct rig *r, uint64_t until)
{
    struct clock_entry e;
    uint64_t next;

    if (clock_take_due(&r->clock, &e)) {
        bus_serve(r->bus, &e);
        return;
    }
    next = clock_next(&r->clock);
    r->clock.until = next < until ? next : until;
    switch (cpu_run(&r->cpu)) {
    case CPU_VMCALL:
        ke_entry(r->ke);
        break;
    case CPU_SHUTDOWN:
        ke_shutdown(r->ke);
        break;
    case CPU_HALTED:
        r->clock.now = r->clock.until;
        break;
    default:
        break;
    }
}

static void forget_results(struct rig *r)
{
    for (uint32_t i = 0; i < 24; i += 4)
        set(r, r->results + i, 0);
}

static struct outcome run_thread(struct rig *r, uint32_t start)
{
    struct ke_thread_start how = {
        .process = r->process, .start = gva_of(start), .name = "test"};
    uint64_t limit = r->clock.now + TICKS_MOST;
    struct outcome out;
    uint32_t status, thread = ke_thread_create(r->ke, &how, &status);

    assert_int_not_equal(thread, 0);
    ke_kick(r->ke);
    while (!over(r) && r->clock.now < limit)
        step(r, limit);
    out = (struct outcome){.returned = get(r, r->results + DONE),
                           .eax = get(r, r->results + EAX_AT),
                           .edx = get(r, r->results + EDX_AT),
                           .esp = (int32_t)get(r, r->results + ESP_AT),
                           .raised = get(r, r->results + RAISED),
                           .status = get(r, r->results + STATUS_AT)};
    while (!ke_ended(r->ke) && ke_thread_exists(r->ke, thread) &&
           r->clock.now < limit)
        step(r, limit);
    if (!ke_ended(r->ke))
        ke_thread_release(r->ke, thread);
    return out;
}

struct outcome try_call(struct rig *r, const char *routine, unsigned count,
                        const uint32_t *args)
{
    gva_t stub = ke_stub(r->ke, routine);

    assert_int_not_equal(stub.v, 0);
    forget_results(r);
    return run_thread(r, emit_call(r, stub, count, args));
}

struct outcome try_code(struct rig *r, unsigned count, const uint8_t *code)
{
    uint32_t start;
    struct writer w = begin(r, &start);

    emit(&w, count, code);
    end(&w);
    forget_results(r);
    return run_thread(r, start);
}

static struct outcome must_return(struct rig *r, const char *routine,
                                  unsigned count, const uint32_t *args)
{
    struct outcome out = try_call(r, routine, count, args);

    if (!out.returned)
        fail_msg("%s: raised %08x, bugcheck %x(%x, %x, %x, %x) %s", routine,
                 out.status, ke_bugcheck_state(r->ke)->code,
                 ke_bugcheck_state(r->ke)->p[0], ke_bugcheck_state(r->ke)->p[1],
                 ke_bugcheck_state(r->ke)->p[2], ke_bugcheck_state(r->ke)->p[3],
                 ke_bugcheck_state(r->ke)->text);
    assert_int_equal(out.esp, 0);
    return out;
}

uint32_t call(struct rig *r, const char *routine, unsigned count,
              const uint32_t *args)
{
    return must_return(r, routine, count, args).eax;
}

uint64_t call64(struct rig *r, const char *routine, unsigned count,
                const uint32_t *args)
{
    struct outcome out = must_return(r, routine, count, args);

    return (uint64_t)out.edx << 32 | out.eax;
}

void raises(struct rig *r, uint32_t status, const char *routine, unsigned count,
            const uint32_t *args)
{
    struct outcome out = try_call(r, routine, count, args);

    assert_true(out.raised);
    assert_int_equal(out.status, status);
}

void stops(struct rig *r, uint32_t code, uint32_t p1, const char *routine,
           unsigned count, const uint32_t *args)
{
    struct outcome out = try_call(r, routine, count, args);

    assert_false(out.returned);
    assert_true(ke_ended(r->ke));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, code);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], p1);
}

/* ---- memory -----------------------------------------------------------------
 */

uint32_t get(struct rig *r, uint32_t va)
{
    uint32_t v;

    assert_int_equal(mm_read(&r->mm, r->space, gva_of(va), &v, 4), HB_OK);
    return v;
}

uint16_t get16(struct rig *r, uint32_t va)
{
    uint16_t v;

    assert_int_equal(mm_read(&r->mm, r->space, gva_of(va), &v, 2), HB_OK);
    return v;
}

void set(struct rig *r, uint32_t va, uint32_t v)
{
    assert_int_equal(mm_write(&r->mm, r->space, gva_of(va), &v, 4), HB_OK);
}

uint32_t user(struct rig *r, uint32_t pages, unsigned rights)
{
    gva_t va = {0};

    assert_int_equal(user_alloc(&r->mm, r->space, &va, pages, rights), HB_OK);
    return va.v;
}

uint32_t mdl(struct rig *r, uint32_t va, uint32_t bytes)
{
    uint32_t at = CALL(r, "IoAllocateMdl", va, bytes, 0, 0, 0);

    assert_int_not_equal(at, 0);
    return at;
}

uint32_t locked(struct rig *r, uint32_t offset, uint32_t bytes)
{
    uint32_t va = user(r, mm_span(offset, bytes), MM_RW);
    uint32_t at = mdl(r, va + offset, bytes);

    CALL(r, "MmProbeAndLockPages", at, USER_MODE, MDL_WRITE_ACCESS);
    return at;
}

unsigned flags(struct rig *r, uint32_t mdl_at)
{
    return get16(r, mdl_at + MDL_FLAGS);
}

void use_up_ptes(struct rig *r)
{
    enum { STACK = KERNEL_STACK_PAGES + 1 };
    gva_t stack, va;

    assert_int_equal(sysptes_alloc(&r->mm, STACK, PTES_IO, &stack), HB_OK);
    while (sysptes_alloc(&r->mm, 1, PTES_IO, &va) == HB_OK)
        ;
    assert_int_equal(sysptes_free(&r->mm, stack, STACK, NULL), HB_OK);
}
