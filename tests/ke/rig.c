#include "rig.h"

#include <stdlib.h>
#include <string.h>

/* ---- routines that tests call
 * ------------------------------------------------------ */

/* VOID TestNote(value): keep it. */
static void test_note(struct call *c)
{
    struct rig *r = c->context;
    uint32_t v = call_u32(c, 0);

    if (call_ok(c) && r->notes < RIG_NOTES)
        r->note[r->notes++] = v;
    call_return(c, 0);
}

/* ULONG TestTwice(routine): calls routine(1), then routine(2): the sum. */
static void test_twice(struct call *c)
{
    uint32_t n = c->state + 1;

    if (c->state > 0)
        c->w[0] += c->eax;
    if (c->state < 2)
        call_guest(c, call_va(c, 0), 1, &n, c->state + 1);
    else
        call_return(c, c->w[0]);
}

/* ULONG TestFast(ecx, edx, stack): calls a fastcall routine with the same. */
static void test_fast(struct call *c)
{
    const uint32_t args[3] = {call_u32(c, 1), call_u32(c, 2), 7};

    if (c->state == 0)
        call_guest_fastcall(c, call_va(c, 0), 3, args, 1);
    else
        call_return(c, c->eax);
}

/* ULONG TestAgain(n): comes back n times. */
static void test_again(struct call *c)
{
    if (c->state == 0)
        c->w[0] = call_u32(c, 0);
    if (c->w[0]-- > 0)
        call_again(c, 1);
    else
        call_return(c, 0x1234);
}

/* ULONG TestLoad(va) */
static void test_load(struct call *c)
{
    uint32_t v = load_u32(c, call_va(c, 0));

    if (call_ok(c))
        call_return(c, v);
}

/* NTSTATUS ZwTest(a, b): what a system service sees. */
static void test_service(struct call *c)
{
    call_return(c, call_user(c) ? call_u32(c, 0) + call_u32(c, 1)
                                : call_u32(c, 0) - call_u32(c, 1));
}

static const struct export test_rows[] = {
    {"TestNote", test_note, NTOSKRNL, STDCALL, 1, ANY_LEVEL, 1, 0},
    {"TestTwice", test_twice, NTOSKRNL, STDCALL, 1, ANY_LEVEL, 1, 0},
    {"TestFast", test_fast, NTOSKRNL, FASTCALL, 3, ANY_LEVEL, 1, 0},
    {"TestAgain", test_again, HAL, STDCALL, 1, ANY_LEVEL, 1, 0},
    {"TestLoad", test_load, NTOSKRNL, STDCALL, 1, ANY_LEVEL, 1, 0},
    {"TestLow", test_note, NTOSKRNL, STDCALL, 1, PASSIVE_LEVEL, 1, 0},
    {"ZwTest", test_service, NTOSKRNL, STDCALL, 2, ANY_LEVEL, 1, 0},
    {"TestInside", test_note, INTERNAL, STDCALL, 1, ANY_LEVEL, 1, 0},
    EXPORT_DATA_ROW(TestVariable, HAL, 8),
};

/* ---- a card with one line
 * ---------------------------------------------------------------- */

struct card {
    struct device dev;
    uint8_t line;
};

static uint32_t card_read(struct device *dev, unsigned window, uint32_t offset,
                          unsigned size)
{
    (void)window, (void)offset, (void)size;
    return ((struct card *)dev)->line;
}

static void card_write(struct device *dev, unsigned window, uint32_t offset,
                       unsigned size, uint32_t value)
{
    (void)window, (void)offset, (void)size;
    ((struct card *)dev)->line = value & 1;
    irq_set(dev, value & 1);
}

static void card_reset(struct device *dev)
{
    ((struct card *)dev)->line = 0;
}

static const struct state_row card_rows[] = {
    STATE_INT(struct card, line),
    STATE_END,
};

static const struct device_model card_model = {
    .name = "card",
    .version = 1,
    .state_size = sizeof(struct card),
    .rows = card_rows,
    .windows = {{.kind = WINDOW_PORT, .bytes = 1, .access = ACCESS_8}},
    .reset = card_reset,
    .read = card_read,
    .write = card_write,
};

/* ---- life
 * ----------------------------------------------------------------------------
 */

static void must(enum hb_status st, const struct hb_error *error)
{
    if (st != HB_OK)
        fail_msg("%s", error->text);
}

static void add(struct rig *r, const char *model)
{
    struct hb_error e = {0};

    must(bus_add(r->bus, device_model_find(model), NULL, NULL, &e), &e);
}

static void add_card(struct rig *r, unsigned irq, unsigned n)
{
    struct bus_place place = {.has_irq = true, .irq = (uint8_t)irq};
    struct hb_error e = {0};

    place.base[0] = CARD_PORT + n;
    must(bus_add(r->bus, &card_model, &place, NULL, &e), &e);
}

struct rig *rig_create(enum mm_era era)
{
    static const struct ram_range ranges[] = {
        {0, 640 << 10}, {1 << 20, 14 << 20}, {16 << 20, 16 << 20}};
    const struct mm_settings settings = {.era = (uint8_t)era};
    struct rig *r = calloc(1, sizeof *r);
    struct export_table table = {test_rows,
                                 sizeof test_rows / sizeof test_rows[0], r};
    struct hb_error e = {0};
    gva_t code;

    clock_init(&r->clock, RIG_NS_PER_TICK);
    r->events.clock = &r->clock;
    must(ram_create(&r->ram, ranges, 3, &e), &e);
    must(bus_create(&r->bus, &r->ram, &r->clock, &r->events, NULL, &e), &e);
    add(r, "pic8259");
    add(r, "pit8254");
    add_card(r, 3, 0);
    add_card(r, 11, 1);
    add_card(r, 11, 2);
    must(cpu_create(&r->cpu, &r->ram, r->bus, &r->clock, &r->events, &e), &e);
    must(mm_create(&r->mm, &r->ram, &r->cpu.tlb, &r->events, &e), &e);
    bus_reset(r->bus);
    must(mm_boot(&r->mm, &settings, &e), &e);
    must(ke_create(&r->ke,
                   &(struct ke_wiring){&r->ram, r->bus, &r->cpu, &r->clock,
                                       &r->events, &r->mm},
                   &table, 1, &e),
         &e);
    must(ke_boot(r->ke, &e), &e);
    must(system_alloc(&r->mm, RIG_CODE_PAGES, MM_RWX, &code), &e);
    r->code = r->at = code.v;
    ke_image_add(r->ke, "test.sys", code, RIG_CODE_PAGES * PAGE_BYTES);
    return r;
}

void rig_destroy(struct rig *r)
{
    ke_destroy(r->ke);
    mm_destroy(&r->mm);
    cpu_destroy(&r->cpu);
    bus_destroy(r->bus);
    ram_destroy(&r->ram);
    clock_fini(&r->clock);
    events_fini(&r->events);
    free(r->trace);
    free(r);
}

int rig_setup(void **state)
{
    *state = rig_create(MM_XP);
    return 0;
}

int rig_teardown(void **state)
{
    rig_destroy(*state);
    return 0;
}

static void keep_event(void *context, const struct hb_event *event)
{
    struct rig *r = context;
    char line[512];
    int n = hb_event_text(event, line, sizeof line - 1);

    line[n] = '\n';
    r->trace = realloc(r->trace, r->trace_bytes + (size_t)n + 2);
    memcpy(r->trace + r->trace_bytes, line, (size_t)n + 1);
    r->trace_bytes += (size_t)n + 1;
    r->trace[r->trace_bytes] = 0;
}

void rig_trace(struct rig *r, const char *glob)
{
    r->trace = calloc(1, 1);
    assert_int_equal(events_listen(&r->events, keep_event, r, glob), HB_OK);
}

/* ---- the run loop
 * ---------------------------------------------------------------------- */

static bool free_running_only(const struct rig *r)
{
    for (uint32_t i = 0; i < r->clock.heap.count; i++) {
        const struct clock_entry *e =
            &((const struct clock_entry *)r->clock.heap.data)[i];
        const struct device *dev = bus_device(r->bus, e->target);

        if (e->kind != CLOCK_DEVICE || !dev->model->free_running)
            return false;
    }
    return true;
}

bool step(struct rig *r, uint64_t until)
{
    struct clock_entry e;
    uint64_t next;

    if (clock_take_due(&r->clock, &e)) {
        if (e.kind == CLOCK_KERNEL)
            ke_clock(r->ke);
        else
            bus_serve(r->bus, &e);
        return true;
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
        if (ke_idle(r->ke) && free_running_only(r))
            return false;
        r->clock.now = r->clock.until;
        break;
    default:
        break;
    }
    return true;
}

bool run(struct rig *r, uint64_t ticks)
{
    uint64_t end = r->clock.now + ticks;

    while (!ke_ended(r->ke)) {
        if (!step(r, end))
            return true;
        if (r->clock.now >= end)
            return false;
    }
    return true;
}

void run_out(struct rig *r)
{
    const struct ke_bugcheck *b = ke_bugcheck_state(r->ke);

    assert_true(run(r, 100000000));
    if (ke_ended(r->ke))
        fail_msg("bugcheck %x(%x): %s", b->code, b->p[0], b->text);
}

void go(struct rig *r, uint32_t code)
{
    r->notes = 0;
    start(r, code, 0);
    run_out(r);
}

uint32_t start(struct rig *r, uint32_t code, uint32_t context)
{
    struct ke_thread_start how = {.process = KE_SYSTEM_PROCESS,
                                  .start = gva_of(code),
                                  .context = context,
                                  .name = "test"};
    uint32_t status, id = ke_thread_create(r->ke, &how, &status);

    assert_int_not_equal(id, 0);
    ke_kick(r->ke);
    return id;
}

uint32_t pool(struct rig *r, uint32_t size)
{
    static const uint8_t zero[PAGE_BYTES];
    gva_t va;

    assert_int_equal(pool_alloc(&r->mm, POOL_NONPAGED, size, 0x74736554, &va),
                     HB_OK);
    for (uint32_t at = 0; at < size; at += PAGE_BYTES)
        ke_write(r->ke, gva_add(va, at), zero,
                 size - at < PAGE_BYTES ? size - at : PAGE_BYTES);
    return va.v;
}

uint32_t get(struct rig *r, uint32_t va)
{
    return ke_read_u32(r->ke, gva_of(va));
}

void set(struct rig *r, uint32_t va, uint32_t v)
{
    assert_true(ke_write_u32(r->ke, gva_of(va), v));
}

/* ---- save
 * -------------------------------------------------------------------------------
 */

struct saver rig_save(struct rig *r)
{
    struct saver s = {0};

    save_rows(&s, &r->clock, clock_rows);
    save_rows(&s, &r->cpu.s, cpu_state_rows);
    save_rows(&s, &r->mm.s, mm_rows);
    save_rows(&s, ke_state(r->ke), ke_state_rows);
    bus_save(r->bus, &s);
    save_u32(&s, r->notes);
    save_bytes(&s, r->note, sizeof r->note);
    for (uint64_t page = 0;
         (page = ram_next_touched(&r->ram, page)) != UINT64_MAX; page++) {
        gpa_t at = gpa_of(page << PAGE_SHIFT);

        save_u64(&s, page);
        save_bytes(&s, ram_host(&r->ram, at), PAGE_BYTES);
    }
    save_u64(&s, UINT64_MAX);
    return s;
}

void rig_load(struct rig *r, const struct saver *from)
{
    struct loader l = {.bytes = from->bytes, .count = from->count};
    struct hb_error e = {0};
    uint64_t page;

    load_rows(&l, &r->clock, clock_rows);
    load_rows(&l, &r->cpu.s, cpu_state_rows);
    load_rows(&l, &r->mm.s, mm_rows);
    load_rows(&l, ke_state(r->ke), ke_state_rows);
    must(bus_load_state(r->bus, &l, &e), &e);
    r->notes = loader_u32(&l);
    loader_bytes(&l, r->note, sizeof r->note);
    while ((page = loader_u64(&l)) != UINT64_MAX && !l.failed) {
        uint8_t bytes_[PAGE_BYTES];

        loader_bytes(&l, bytes_, sizeof bytes_);
        ram_write(&r->ram, gpa_of(page << PAGE_SHIFT), bytes_, PAGE_BYTES);
    }
    assert_false(l.failed);
    must(mm_loaded(&r->mm, &e), &e);
    tlb_flush(&r->cpu.tlb, true);
    must(ke_loaded(r->ke, &e), &e);
}

uint32_t connect_isr(struct rig *r, unsigned irq, uint32_t isr,
                     uint32_t context, bool latched, bool share)
{
    struct ke_interrupt how = {
        .object = pool(r, 0x1e4),
        .routine = isr,
        .context = context,
        .vector = ke_irq_vector(irq),
        .irql = ke_irq_level(irq),
        .synchronize_irql = ke_irq_level(irq),
        .latched = latched,
        .share = share,
    };

    assert_int_equal(ke_interrupt_connect(r->ke, &how), 0);
    return how.object;
}

/* ---- the assembler
 * ------------------------------------------------------------------------- */

uint32_t here(const struct rig *r)
{
    return r->at;
}

void bytes(struct rig *r, unsigned count, const uint8_t *b)
{
    assert_true(ke_write(r->ke, gva_of(r->at), b, count));
    r->at += count;
}

void dword(struct rig *r, uint32_t v)
{
    uint8_t b[4];

    memcpy(b, &v, 4);
    bytes(r, 4, b);
}

void emit_push(struct rig *r, uint32_t v)
{
    CODE(r, 0x68);
    dword(r, v);
}

void emit_push_eax(struct rig *r)
{
    CODE(r, 0x50);
}

void mov_eax(struct rig *r, uint32_t v)
{
    CODE(r, 0xb8);
    dword(r, v);
}

void mov_ecx(struct rig *r, uint32_t v)
{
    CODE(r, 0xb9);
    dword(r, v);
}

void mov_edx(struct rig *r, uint32_t v)
{
    CODE(r, 0xba);
    dword(r, v);
}

void call_at(struct rig *r, uint32_t to)
{
    CODE(r, 0xe8);
    dword(r, to - (r->at + 4));
}

void jmp_at(struct rig *r, uint32_t to)
{
    CODE(r, 0xe9);
    dword(r, to - (r->at + 4));
}

void call(struct rig *r, const char *name)
{
    gva_t to = ke_stub(r->ke, name);

    assert_int_not_equal(to.v, 0);
    call_at(r, to.v);
}

void ret(struct rig *r, uint16_t pop)
{
    if (pop)
        CODE(r, 0xc2, (uint8_t)pop, (uint8_t)(pop >> 8));
    else
        CODE(r, 0xc3);
}

void note(struct rig *r, uint32_t v)
{
    emit_push(r, v);
    call(r, "TestNote");
}

void note_eax(struct rig *r)
{
    emit_push_eax(r);
    call(r, "TestNote");
}

void notes_are(struct rig *r, unsigned count, const uint32_t *v)
{
    for (unsigned i = 0; i < count && i < r->notes; i++)
        assert_int_equal(r->note[i], v[i]);
    assert_int_equal(r->notes, count);
}

void out_card(struct rig *r, unsigned n, uint8_t v)
{
    mov_edx(r, CARD_PORT + n);
    CODE(r, 0xb0, v, 0xee); /* mov al, v; out dx, al */
}
