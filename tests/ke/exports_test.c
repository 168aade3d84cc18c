/* The synthesised images as a loader reads them, and the exports that the other
 * tests do not call: interlocked, lists, device queues, queued locks, DbgPrint.
 */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

/* stdcall: arguments from the last to the first; notes EAX. */
static void std(struct rig *r, const char *name, unsigned count, ...)
{
    uint32_t arg[8];
    va_list ap;

    va_start(ap, count);
    for (unsigned i = 0; i < count; i++)
        arg[i] = va_arg(ap, uint32_t);
    va_end(ap);
    while (count--)
        emit_push(r, arg[count]);
    call(r, name);
    note_eax(r);
}

/* fastcall */
static void fast(struct rig *r, const char *name, unsigned count, ...)
{
    uint32_t arg[8] = {0};
    va_list ap;

    va_start(ap, count);
    for (unsigned i = 0; i < count; i++)
        arg[i] = va_arg(ap, uint32_t);
    va_end(ap);
    while (count > 2)
        emit_push(r, arg[--count]);
    mov_ecx(r, arg[0]);
    mov_edx(r, arg[1]);
    call(r, name);
    note_eax(r);
}

/* ---- the images
 * -------------------------------------------------------------------- */

static uint16_t get16(struct rig *r, uint32_t va)
{
    return (uint16_t)get(r, va);
}

/* As a loader walks them: headers, sections, export directory. */
static void check_image(struct rig *r, uint32_t base, const char *dll)
{
    uint32_t pe = base + get(r, base + 0x3c), dir, names, count;
    char before[64] = "", name[64];

    assert_int_equal(get16(r, base), 0x5a4d);
    assert_int_equal(get(r, pe), 0x4550);
    assert_int_equal(get16(r, pe + 4), 0x14c);
    assert_int_equal(get(r, pe + 0x34), base);
    dir = base + get(r, pe + 0x78);
    count = get(r, dir + 0x18);
    names = base + get(r, dir + 0x20);
    ke_read(r->ke, gva_of(base + get(r, dir + 12)), name, sizeof name);
    assert_string_equal(name, dll);
    for (uint32_t i = 0; i < count; i++) {
        uint16_t ordinal = get16(r, base + get(r, dir + 0x24) + 2 * i);
        uint32_t rva = get(r, base + get(r, dir + 0x1c) + 4u * ordinal);

        ke_read(r->ke, gva_of(base + get(r, names + 4 * i)), name, sizeof name);
        assert_true(strcmp(before, name) < 0); /* sorted */
        strcpy(before, name);
        assert_int_equal(ke_export_address(r->ke, dll, name, 0).v, base + rva);
        assert_int_equal(
            ke_export_address(r->ke, dll, NULL, (uint16_t)(ordinal + 1)).v,
            base + rva);
    }
    assert_true(count > 20);
}

static void the_images_are_what_a_loader_expects(void **state)
{
    struct rig *r = *state;

    check_image(r, MM_NT_IMAGE, "ntoskrnl.exe");
    check_image(r, MM_HAL_IMAGE, "hal.dll");
}

static void names_are_found_by_dll_and_internal_ones_are_not(void **state)
{
    struct rig *r = *state;

    assert_int_not_equal(
        ke_export_address(r->ke, "NTOSKRNL.EXE", "KeSetEvent", 0).v, 0);
    assert_int_equal(ke_export_address(r->ke, "HAL.dll", "KeSetEvent", 0).v, 0);
    assert_int_not_equal(ke_export_address(r->ke, "HAL", "KfRaiseIrql", 0).v,
                         0);
    assert_int_equal(
        ke_export_address(r->ke, "ntoskrnl.exe", "TestInside", 0).v, 0);
    assert_int_not_equal(ke_stub(r->ke, "TestInside").v, 0);
    assert_int_equal(ke_export_address(r->ke, "ndis.sys", "KeSetEvent", 0).v,
                     0);
    assert_int_equal(ke_export_address(r->ke, "hal.dll", NULL, 9999).v, 0);
    assert_string_equal(ke_routine_name(r->ke, ke_stub(r->ke, "TestLoad")),
                        "TestLoad");
    assert_null(ke_routine_name(r->ke, gva_of(r->code)));
    assert_true(ke_is_kernel_dll("Hal.Dll"));
    assert_false(ke_is_kernel_dll("halx.dll"));
}

static void two_rows_of_one_name_are_an_error(void **state)
{
    static const struct export row[] = {
        {"KeSetEvent", NULL, NTOSKRNL, DATA, 4, 0, 0, 0}};
    struct rig *r = *state;
    const struct export_table table = {row, 1, NULL};
    const struct ke_wiring w = {&r->ram,   r->bus,     &r->cpu,
                                &r->clock, &r->events, &r->mm};
    struct hb_error e;
    struct ke *ke;

    assert_int_equal(ke_create(&ke, &w, &table, 1, &e), HB_BAD_ARGUMENT);
    assert_non_null(strstr(e.text, "KeSetEvent"));
}

static void stubs_can_be_read_but_not_written(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r), stub = ke_stub(r->ke, "KeSetEvent").v;

    CODE(r, 0xa1);
    dword(r, stub);
    note_eax(r);
    CODE(r, 0xa3);
    dword(r, stub);
    start(r, code, 0);
    assert_true(run(r, 1000000));
    assert_int_equal(r->note[0] & 0xffffff, 0xc1010f);
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0xbe);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], stub);
}

static void variables_can_be_read_and_written(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r), at = ke_stub(r->ke, "TestVariable").v;

    CODE(r, 0xc7, 0x05);
    dword(r, at);
    dword(r, 77);
    CODE(r, 0xa1);
    dword(r, at);
    note_eax(r);
    CODE(r, 0xa1);
    dword(r, ke_stub(r->ke, "KeNumberProcessors").v);
    note_eax(r);
    ret(r, 4);
    go(r, code);
    NOTES(r, 77, 1);
}

static void a_call_at_too_high_an_irql_is_a_finding(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    rig_trace(r, "finding");
    std(r, "KeRaiseIrqlToDpcLevel", 0);
    emit_push(r, 5);
    call(r, "TestLow");
    fast(r, "KfLowerIrql", 1, 0u);
    ret(r, 4);
    go(r, code);
    assert_non_null(strstr(r->trace, "TestLow called at IRQL 2"));
}

/* ---- interlocked
 * ---------------------------------------------------------------------- */

static void interlocked_arithmetic_returns_what_the_ddk_says(void **state)
{
    struct rig *r = *state;
    uint32_t n = pool(r, 8), x = pool(r, 8), c = pool(r, 8), code = here(r);

    fast(r, "InterlockedIncrement", 1, n);
    fast(r, "InterlockedDecrement", 1, n);
    fast(r, "InterlockedExchange", 2, n, 7u);
    fast(r, "InterlockedExchangeAdd", 2, n, 5u);
    fast(r, "InterlockedCompareExchange", 3, n, 20u, 12u);
    fast(r, "InterlockedCompareExchange", 3, n, 30u, 12u);
    fast(r, "ExfInterlockedAddUlong", 3, n, 2u, 0u);
    std(r, "ExInterlockedAddUlong", 3, n, 2u, 0u);
    std(r, "ExInterlockedExchangeUlong", 3, n, 0u, 0u);
    fast(r, "Exfi386InterlockedDecrementLong", 1, n);
    std(r, "Exi386InterlockedIncrementLong", 1, n);
    std(r, "ExInterlockedIncrementLong", 2, n, 0u);
    fast(r, "Exfi386InterlockedExchangeUlong", 2, n, 9u);
    std(r, "ExInterlockedAddLargeInteger", 4, n, 0xffffffffu, 0u, 0u);
    fast(r, "ExfInterlockedCompareExchange64", 3, n, x, c);
    ret(r, 4);
    set(r, x, 0x1111);
    set(r, c, 8); /* 9 + FFFFFFFF = 1:00000008 */
    set(r, c + 4, 1);
    go(r, code);
    NOTES(r, 1, 0, 0, 7, 12, 20, 20, 22, 24, 0x8000, 0x4000, 0, 1, 9, 8);
    assert_int_equal(get(r, n), 0x1111);
    assert_int_equal(get(r, n + 4), 0);
}

static void interlocked_lists_return_the_entry_or_null(void **state)
{
    struct rig *r = *state;
    uint32_t head = pool(r, 8), a = pool(r, 8), b = pool(r, 8), code = here(r);

    fast(r, "ExfInterlockedInsertTailList", 3, head, a, 0u); /* was empty */
    fast(r, "ExfInterlockedInsertTailList", 3, head, b, 0u);
    fast(r, "ExfInterlockedRemoveHeadList", 2, head, 0u);
    std(r, "ExInterlockedInsertHeadList", 3, head, a, 0u);
    std(r, "ExInterlockedRemoveHeadList", 2, head, 0u);
    std(r, "ExInterlockedRemoveHeadList", 2, head, 0u);
    std(r, "ExInterlockedRemoveHeadList", 2, head, 0u);
    ret(r, 4);
    set(r, head, head);
    set(r, head + 4, head);
    go(r, code);
    NOTES(r, 0, a, a, b, a, b, 0);
    assert_int_equal(get(r, head), head);

    code = here(r);
    fast(r, "ExfInterlockedPushEntryList", 3, head, a, 0u);
    std(r, "ExInterlockedPushEntryList", 3, head, b, 0u);
    fast(r, "ExfInterlockedPopEntryList", 2, head, 0u);
    std(r, "ExInterlockedPopEntryList", 2, head, 0u);
    std(r, "ExInterlockedPopEntryList", 2, head, 0u);
    ret(r, 4);
    set(r, head, 0);
    go(r, code);
    NOTES(r, 0, a, b, a, 0);
}

static void an_slist_counts_its_depth(void **state)
{
    struct rig *r = *state;
    uint32_t head = pool(r, 8), a = pool(r, 8), b = pool(r, 8), code = here(r);

    fast(r, "InterlockedPushEntrySList", 2, head, a);
    fast(r, "ExInterlockedPushEntrySList", 3, head, b, 0u);
    CODE(r, 0xa1);
    dword(r, head + 4);
    CODE(r, 0x0f, 0xb7, 0xc0); /* movzx eax, ax: depth */
    note_eax(r);
    fast(r, "InterlockedPopEntrySList", 1, head);
    fast(r, "ExInterlockedPopEntrySList", 2, head, 0u);
    fast(r, "InterlockedPopEntrySList", 1, head);
    fast(r, "InterlockedPushEntrySList", 2, head, b);
    fast(r, "ExInterlockedFlushSList", 1, head);
    ret(r, 4);
    go(r, code);
    NOTES(r, 0, a, 2, b, a, 0, 0, b);
    assert_int_equal(get(r, head), 0);
    assert_int_equal(get(r, head + 4) & 0xffff, 0);
}

/* ---- device queues
 * ----------------------------------------------------------------------- */

static void a_device_queue_is_idle_or_busy_and_sorted_by_key(void **state)
{
    struct rig *r = *state;
    uint32_t q = pool(r, 0x14), e[4], code = here(r);

    for (unsigned i = 0; i < 4; i++)
        e[i] = pool(r, 0x10);
    std(r, "KeInitializeDeviceQueue", 1, q);
    r->notes = 0;
    std(r, "KeInsertDeviceQueue", 2, q, e[0]); /* idle: busy now */
    std(r, "KeInsertByKeyDeviceQueue", 3, q, e[1], 5u);
    std(r, "KeInsertByKeyDeviceQueue", 3, q, e[2], 3u);
    std(r, "KeInsertDeviceQueue", 2, q, e[3]);    /* tail, key 0 */
    std(r, "KeRemoveByKeyDeviceQueue", 2, q, 4u); /* 5 */
    std(r, "KeRemoveEntryDeviceQueue", 2, q, e[3]);
    std(r, "KeRemoveEntryDeviceQueue", 2, q, e[3]);
    std(r, "KeRemoveByKeyDeviceQueueIfBusy", 2, q, 9u); /* none: the first */
    std(r, "KeRemoveDeviceQueue", 1, q);                /* empty: idle */
    std(r, "KeRemoveByKeyDeviceQueueIfBusy", 2, q, 0u);
    ret(r, 4);
    go(r, code);
    assert_int_equal(r->note[1], 0);
    assert_int_equal(r->note[2], 1);
    assert_int_equal(r->note[3], 1);
    assert_int_equal(r->note[4], 1);
    assert_int_equal(r->note[5], e[1]);
    assert_int_equal(r->note[6], 1);
    assert_int_equal(r->note[7], 0);
    assert_int_equal(r->note[8], e[2]);
    assert_int_equal(r->note[9], 0);
    assert_int_equal(r->note[10], 0);
    assert_int_equal(get(r, q + 0x10) & 0xff, 0);
}

/* ---- locks
 * ----------------------------------------------------------------------------------
 */

static void queued_locks_raise_and_restore(void **state)
{
    struct rig *r = *state;
    uint32_t lock = pool(r, 4), handle = pool(r, 12), old = pool(r, 4), code;

    code = here(r);
    fast(r, "KeAcquireInStackQueuedSpinLock", 2, lock, handle);
    std(r, "KeGetCurrentIrql", 0);
    fast(r, "KeAcquireInStackQueuedSpinLockAtDpcLevel", 2, old, handle);
    fast(r, "KeReleaseInStackQueuedSpinLockFromDpcLevel", 1, handle);
    ret(r, 4);
    set(r, handle + 8, 0);
    start(r, code, 0);
    assert_true(run(r, 1000000)); /* the thread ended at DISPATCH_LEVEL */
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0xb8);
    assert_int_equal(r->note[1], 2);
    assert_int_equal(get(r, handle + 4), old);

    r = rig_create(MM_XP);
    lock = pool(r, 4);
    handle = pool(r, 12);
    old = pool(r, 4);
    code = here(r);
    fast(r, "KeAcquireInStackQueuedSpinLock", 2, lock, handle);
    fast(r, "KeReleaseInStackQueuedSpinLock", 1, handle);
    fast(r, "KeTryToAcquireQueuedSpinLock", 2, 3u, old);
    fast(r, "KeReleaseQueuedSpinLock", 2, 3u, 0u);
    std(r, "KeAcquireSpinLock", 2, lock, old);
    std(r, "KeReleaseSpinLock", 2, lock, 0u);
    std(r, "KeRaiseIrql", 2, 4u, old);
    std(r, "KeLowerIrql", 1, 0u);
    std(r, "KeGetCurrentIrql", 0);
    ret(r, 4);
    go(r, code);
    assert_int_equal(r->note[2], 1);
    assert_int_equal(r->note[8], 0);
    rig_destroy(r);
}

static void a_guarded_mutex_disables_apcs_and_not_the_irql(void **state)
{
    struct rig *r = *state;
    uint32_t m = pool(r, 0x20), code = here(r);

    fast(r, "KeInitializeGuardedMutex", 1, m);
    fast(r, "KeAcquireGuardedMutex", 1, m);
    std(r, "KeGetCurrentIrql", 0);
    std(r, "KeAreApcsDisabled", 0);
    fast(r, "KeTryToAcquireGuardedMutex", 1, m);
    fast(r, "KeReleaseGuardedMutex", 1, m);
    std(r, "KeAreApcsDisabled", 0);
    fast(r, "KeTryToAcquireGuardedMutex", 1, m);
    ret(r, 4);
    go(r, code);
    assert_int_equal(r->note[2], 0);
    assert_int_equal(r->note[3], 1);
    assert_int_equal(r->note[4], 0);
    assert_int_equal(r->note[6], 0);
    assert_int_equal(r->note[7], 1);
}

static void an_ipi_call_runs_at_its_level(void **state)
{
    struct rig *r = *state;
    uint32_t routine = here(r), code;

    std(r, "KeGetCurrentIrql", 0);
    CODE(r, 0x8b, 0x44, 0x24, 0x04);
    ret(r, 4);
    code = here(r);
    std(r, "KeIpiGenericCall", 2, routine, 33u);
    ret(r, 4);
    go(r, code);
    NOTES(r, 29, 33);
}

/* ---- debugging
 * ------------------------------------------------------------------------------
 */

static uint32_t text(struct rig *r, const char *s)
{
    uint32_t at = pool(r, (uint32_t)strlen(s) + 1);

    ke_write(r->ke, gva_of(at), s, (uint32_t)strlen(s) + 1);
    return at;
}

static void dbgprint_formats_and_leaves_its_arguments(void **state)
{
    struct rig *r = *state;
    uint32_t format = text(r, "%s is %d, %08x\n"), name = text(r, "x"), code;
    uint32_t args = pool(r, 12), prefix = text(r, "drv: ");

    code = here(r);
    CODE(r, 0x89, 0xe3); /* mov ebx, esp */
    emit_push(r, 0xabc);
    emit_push(r, (uint32_t)-5);
    emit_push(r, name);
    emit_push(r, format);
    call(r, "DbgPrint");
    CODE(r, 0x83, 0xc4, 0x10, 0x89, 0xe0, 0x29, 0xd8); /* cdecl: esp - ebx */
    note_eax(r);
    std(r, "vDbgPrintExWithPrefix", 5, prefix, 0u, 0u, format, args);
    ret(r, 4);
    set(r, args, name);
    set(r, args + 4, 6);
    rig_trace(r, "debug_print");
    go(r, code);
    NOTES(r, 0, 0);
    assert_non_null(strstr(r->trace, "x is -5, 00000abc"));
    assert_non_null(strstr(r->trace, "drv: x is 6, 00000000"));
}

static void a_break_point_without_a_debugger_is_an_exception(void **state)
{
    struct rig *r = *state;
    uint32_t code = here(r);

    call(r, "DbgBreakPoint");
    start(r, code, 0);
    assert_true(run(r, 1000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x7e);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], 0x80000003);
}

static void a_bugcheck_callback_is_registered_once(void **state)
{
    struct rig *r = *state;
    uint32_t record = pool(r, 0x20), code = here(r);

    for (unsigned i = 0; i < 2; i++)
        std(r, "KeRegisterBugCheckCallback", 5, record, 1u, 2u, 3u, 4u);
    for (unsigned i = 0; i < 2; i++)
        std(r, "KeDeregisterBugCheckCallback", 1, record);
    ret(r, 4);
    go(r, code);
    NOTES(r, 1, 0, 1, 0);
}

static void a_stack_back_trace_follows_the_frames(void **state)
{
    struct rig *r = *state;
    uint32_t out = pool(r, 64), inner = here(r), after_inner, code, after;

    CODE(r, 0x55, 0x89, 0xe5); /* push ebp; mov ebp, esp */
    std(r, "RtlCaptureStackBackTrace", 4, 0u, 8u, out, out + 60);
    after_inner = here(r);
    CODE(r, 0x5d);
    ret(r, 0);
    code = here(r);
    CODE(r, 0x55, 0x89, 0xe5);
    call_at(r, inner);
    after = here(r);
    CODE(r, 0x5d);
    ret(r, 4);
    go(r, code);
    assert_true(r->note[0] >= 2);
    assert_in_range(get(r, out), inner, after_inner);
    assert_int_equal(get(r, out + 4), after);
    assert_int_not_equal(get(r, out + 60), 0);
}

static void attaching_shows_another_address_space(void **state)
{
    struct rig *r = *state;
    uint32_t space, p, object, apc_state = pool(r, 0x18), code;
    const uint32_t value = 0x55aa;
    gva_t at = gva_of(0x10000);

    assert_int_equal(space_create(&r->mm, &space), HB_OK);
    assert_int_equal(user_alloc(&r->mm, space, &at, 1, MM_RW | MM_USER), HB_OK);
    mm_write(&r->mm, space, at, &value, 4);
    p = ke_process_create(r->ke, space);
    object = ke_process_object(r->ke, p).v;
    code = here(r);
    std(r, "KeStackAttachProcess", 2, object, apc_state);
    CODE(r, 0xa1);
    dword(r, 0x10000);
    note_eax(r);
    std(r, "KeUnstackDetachProcess", 1, apc_state);
    std(r, "KeAttachProcess", 1, object);
    CODE(r, 0xa1);
    dword(r, 0x10000);
    note_eax(r);
    std(r, "KeDetachProcess", 0);
    ret(r, 4);
    go(r, code);
    assert_int_equal(r->note[1], 0x55aa);
    assert_int_equal(r->note[4], 0x55aa);
    assert_int_equal(r->cpu.s.cr3, space_cr3(&r->mm, 0));
}

/* A filter would see code, flags and parameters; here the bugcheck does. */
static void an_exception_is_raised_as_its_record_says(void **state)
{
    struct rig *r = rig_create(MM_2000);
    uint32_t record = pool(r, 0x50), code = here(r);

    (void)state;
    std(r, "RtlRaiseException", 1, record);
    set(r, record, 0xe0001234);
    set(r, record + 0x10, 2);
    set(r, record + 0x14, 11);
    set(r, record + 0x18, 22);
    start(r, code, 0);
    assert_true(run(r, 1000000));
    assert_int_equal(ke_bugcheck_state(r->ke)->code, 0x1e);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[0], 0xe0001234);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[2], 11);
    assert_int_equal(ke_bugcheck_state(r->ke)->p[3], 22);
    rig_destroy(r);
}

/* SEC-018 */
static void a_callback_at_another_irql_is_a_finding(void **state)
{
    struct rig *r = *state;
    uint32_t callee = here(r), code;

    mov_ecx(r, 2);
    call(r, "KfRaiseIrql");
    ret(r, 4);
    code = here(r);
    emit_push(r, callee);
    call(r, "TestTwice");
    fast(r, "KfLowerIrql", 1, 0u);
    ret(r, 4);
    rig_trace(r, "finding");
    go(r, code);
    assert_non_null(
        strstr(r->trace, "TestTwice called at IRQL 0 came back at IRQL 2"));
}

static void the_processor_counts_its_idle_time(void **state)
{
    struct rig *r = *state;
    uint32_t out = pool(r, 16), interval = pool(r, 8), code = here(r);
    const int64_t due = -1000000;

    ke_write(r->ke, gva_of(interval), &due, sizeof due);
    std(r, "KeDelayExecutionThread", 3, 0u, 0u, interval);
    std(r, "ExGetCurrentProcessorCounts", 3, out, out + 4, out + 8);
    std(r, "ExGetCurrentProcessorCpuUsage", 1, out + 12);
    ret(r, 4);
    go(r, code);
    assert_in_range(get(r, out), 9, 11);
    assert_in_range(get(r, out + 4), 0, 1);
    assert_in_range(get(r, out + 12), 0, 10);
}

static void the_rest_answers(void **state)
{
    struct rig *r = *state;
    uint32_t at = pool(r, 8), code = here(r);

    std(r, "KeQueryActiveProcessors", 0);
    std(r, "KeGetRecommendedSharedDataAlignment", 0);
    std(r, "KdRefreshDebuggerNotPresent", 0);
    std(r, "KeQuerySystemTime", 1, at);
    std(r, "KeFlushQueuedDpcs", 0);
    std(r, "KeRaiseIrqlToSynchLevel", 0);
    std(r, "KeGetCurrentIrql", 0);
    std(r, "KeLowerIrql", 1, 0u);
    ret(r, 4);
    go(r, code);
    assert_int_equal(r->note[0], 1);
    assert_int_equal(r->note[1], 128);
    assert_int_equal(r->note[2], 1);
    assert_int_equal(r->note[5], 0);
    assert_int_equal(r->note[6], 2);
    assert_true(get(r, at + 4) >= 0x01bf53eb); /* 2000-01-01 */
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_images_are_what_a_loader_expects),
        TEST(names_are_found_by_dll_and_internal_ones_are_not),
        TEST(two_rows_of_one_name_are_an_error),
        TEST(stubs_can_be_read_but_not_written),
        TEST(variables_can_be_read_and_written),
        TEST(a_call_at_too_high_an_irql_is_a_finding),
        TEST(interlocked_arithmetic_returns_what_the_ddk_says),
        TEST(interlocked_lists_return_the_entry_or_null),
        TEST(an_slist_counts_its_depth),
        TEST(a_device_queue_is_idle_or_busy_and_sorted_by_key),
        TEST(queued_locks_raise_and_restore),
        TEST(a_guarded_mutex_disables_apcs_and_not_the_irql),
        TEST(an_ipi_call_runs_at_its_level),
        TEST(dbgprint_formats_and_leaves_its_arguments),
        TEST(a_break_point_without_a_debugger_is_an_exception),
        TEST(a_bugcheck_callback_is_registered_once),
        TEST(a_stack_back_trace_follows_the_frames),
        TEST(attaching_shows_another_address_space),
        cmocka_unit_test(an_exception_is_raised_as_its_record_says),
        TEST(a_callback_at_another_irql_is_a_finding),
        TEST(the_processor_counts_its_idle_time),
        TEST(the_rest_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
