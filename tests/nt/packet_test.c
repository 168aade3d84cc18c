/* tests/nt/packet_test.c -- packets as a driver made by hand sends, completes
 * and frees them; requests of a client as its dispatch routine finds them.
 * Sources: WDK IoSetCompletionRoutine, IoCancelIrp,
 * IoBuildDeviceIoControlRequest. */
#include <string.h>

#include "board/board.h"
#include "handmade.h"
#include "nt/offsets.h"

enum {
    COUNT = 0,
    KEPT = 4,
    LEVEL = 8,
    STATUS = 0x10,
    RETURNS = 0x14,
    MARK = 0x18,
    EVENT = 0x20,
    IOSB = 0x30,
    OUT = 0x40,
    CODE = 0x100,
    CODE2 = 0x300,
    USER = 0x1000, /* a page that stands for the requester's buffer */
};
enum { SUCCESS = 0, PENDING = 0x103, UNTOUCHED = 0x55555555 };
enum { IOCTL = 0x220000, MAJOR_WRITE = 4, MAJOR_CONTROL = 0xe };
enum { PAGES_LOCKED = 2, INFORMATION = 5 };
#define UNSUCCESSFUL    0xc0000001u
#define MORE_PROCESSING 0xc0000016u

/* ---- routines in guest code
 * --------------------------------------------------- */

/* Completes with [STATUS] and Information 5, marked as [MARK] says; returns
 * [RETURNS]. */
static void completing_dispatch(struct caller *c, uint32_t driver)
{
    struct text t = {c, c->data + CODE};

    TEXT(&t, 0x8b, 0x44, 0x24, 8, 0x8b, 0x0d); /* eax = irp, ecx = [status] */
    text_dword(&t, c->data + STATUS);
    TEXT(&t, 0x89, 0x48, 0x18); /* IoStatus.Status */
    TEXT(&t, 0xc7, 0x40, 0x1c, INFORMATION, 0, 0, 0);
    TEXT(&t, 0x8b, 0x50, 0x60, 0x8a, 0x0d); /* edx = location, cl = [mark] */
    text_dword(&t, c->data + MARK);
    TEXT(&t, 0x08, 0x4a, 3);          /* or [edx+3], cl */
    TEXT(&t, 0x89, 0xc1, 0x31, 0xd2); /* ecx = irp, edx = 0 */
    text_call(&t, "IofCompleteRequest");
    TEXT(&t, 0xa1);
    text_dword(&t, c->data + RETURNS);
    TEXT(&t, 0xc2, 8, 0);
    handmade_dispatch(c, driver, MAJOR_CONTROL, c->data + CODE);
    handmade_dispatch(c, driver, MAJOR_READ, c->data + CODE);
}

/* Keeps the packet, pends it. */
static void pending_dispatch(struct caller *c, uint32_t driver, unsigned major)
{
    struct text t = {c, c->data + CODE};

    text_count(&t, c->data + COUNT);
    TEXT(&t, 0x8b, 0x44, 0x24, 8, 0xa3);
    text_dword(&t, c->data + KEPT);
    TEXT(&t, 0x8b, 0x40, 0x60, 0x80, 0x48, 3, 1);
    text_ret(&t, PENDING, 8);
    handmade_dispatch(c, driver, major, c->data + CODE);
}

static uint32_t new_event(struct caller *c)
{
    STD_CALL(c, "KeInitializeEvent", c->data + EVENT, 0, 0);
    return c->data + EVENT;
}

static uint32_t event_state(struct caller *c)
{
    return caller_dword(c, c->data + EVENT + 4);
}

/* ---- the next location
 * ---------------------------------------------------------- */

/* IRP-006: routine, context and flags go into the next lower location; nothing
 * else of the packet moves. */
static void a_completion_routine_is_in_the_next_location(void **state)
{
    static const uint8_t flag[] = {0x40, 0x80, 0x20};
    struct caller *c = *state;
    uint32_t device = handmade_device(c, handmade_driver(c));
    uint32_t irp = handmade_irp(c, 3, MAJOR_READ);
    uint32_t at = caller_dword(c, irp + IRP_CurrentStackLocation);
    uint8_t before[IRP_BYTES], after[IRP_BYTES];

    for (uint32_t ask = 0; ask < 8; ask++) {
        uint32_t expected = (ask & 1 ? flag[0] : 0u) |
                            (ask & 2 ? flag[1] : 0u) | (ask & 4 ? flag[2] : 0u);

        caller_get(c, irp, before, sizeof before);
        assert_int_equal(STD_CALL(c, "IoSetCompletionRoutineEx", device, irp,
                                  0x1000 + ask, 0x2000 + ask, ask & 1,
                                  ask >> 1 & 1, ask >> 2 & 1),
                         SUCCESS);
        caller_get(c, irp, after, sizeof after);
        assert_memory_equal(before, after, sizeof before);
        assert_int_equal(
            caller_dword(c, at - LOCATION_BYTES + SL_CompletionRoutine),
            0x1000 + ask);
        assert_int_equal(caller_dword(c, at - LOCATION_BYTES + SL_Context),
                         0x2000 + ask);
        assert_int_equal(caller_dword(c, at - LOCATION_BYTES) >> 24, expected);
    }
}

/* IRP-013: the routine frees the packet and has the memory used otherwise: not
 * a byte of it changes any more. */
static void a_packet_that_its_routine_freed_is_left_alone(void **state)
{
    struct caller *c = *state;
    uint32_t driver = handmade_driver(c), device = handmade_device(c, driver);
    struct text t = {c, c->data + CODE2};
    uint32_t irp, bytes = IRP_BYTES + LOCATION_BYTES, got;

    completing_dispatch(c, driver);
    TEXT(&t, 0xff, 0x74, 0x24, 8); /* push irp */
    text_call(&t, "IoFreeIrp");
    text_push(&t, 0x31313131);
    text_push(&t, bytes);
    text_push(&t, 0);
    text_call(&t, "ExAllocatePoolWithTag");
    TEXT(&t, 0xa3);
    text_dword(&t, c->data + KEPT);
    TEXT(&t, 0x57, 0x89, 0xc7, 0xb9); /* push edi; edi = eax; ecx = bytes */
    text_dword(&t, bytes);
    TEXT(&t, 0xb0, 0xcc, 0xf3, 0xaa, 0x5f); /* mov al, CCh; rep stosb */
    text_ret(&t, MORE_PROCESSING, 12);
    irp = handmade_irp(c, 1, MAJOR_READ);
    STD_CALL(c, "IoSetCompletionRoutineEx", device, irp, c->data + CODE2, 0, 1,
             1, 1);
    assert_int_equal(FAST_CALL(c, "IofCallDriver", device, irp), SUCCESS);
    got = caller_dword(c, c->data + KEPT);
    assert_int_equal(got, irp); /* the very memory */
    for (uint32_t i = 0; i < bytes; i += 4)
        assert_int_equal(caller_dword(c, got + i), 0xcccccccc);
    assert_int_equal(rig_irps(c->r), 0);
}

/* ---- what the requester gets
 * ---------------------------------------------------- */

static uint32_t build_control(struct caller *c, uint32_t device,
                              uint32_t method)
{
    caller_set(c, c->data + IOSB, UNTOUCHED);
    caller_set(c, c->data + IOSB + 4, UNTOUCHED);
    return STD_CALL(c, "IoBuildDeviceIoControlRequest", IOCTL | method, device,
                    c->data + USER, 8, c->data + USER + 0x100, 16, 0,
                    new_event(c), c->data + IOSB);
}

/* IRP-018: status block and event, unless it is an error that was not pended.
 */
static void the_requester_hears_of_all_but_synchronous_errors(void **state)
{
    static const uint32_t status[] = {SUCCESS, UNSUCCESSFUL};
    struct caller *c = *state;
    uint32_t driver = handmade_driver(c), device = handmade_device(c, driver);

    completing_dispatch(c, driver);
    for (unsigned pend = 0; pend < 2; pend++)
        for (unsigned i = 0; i < 2; i++) {
            uint32_t irp = build_control(c, device, 0);
            uint32_t answer = pend ? PENDING : status[i];
            bool told = pend || status[i] == SUCCESS;

            caller_set(c, c->data + STATUS, status[i]);
            caller_set(c, c->data + RETURNS, answer);
            caller_set(c, c->data + MARK, pend);
            assert_int_equal(FAST_CALL(c, "IofCallDriver", device, irp),
                             answer);
            assert_int_equal(caller_dword(c, c->data + IOSB),
                             told ? status[i] : UNTOUCHED);
            assert_int_equal(caller_dword(c, c->data + IOSB + 4),
                             told ? (uint32_t)INFORMATION : UNTOUCHED);
            assert_int_equal(event_state(c), told);
            assert_int_equal(rig_irps(c->r), 0);
        }
}

/* Another locked MDL at the end of the packet's chain. */
static uint32_t add_locked_mdl(struct caller *c, uint32_t irp)
{
    uint32_t at =
        STD_CALL(c, "IoAllocateMdl", c->data + USER + 0x200, 16, 1, 0, irp);

    STD_CALL(c, "MmProbeAndLockPages", at, 0, 0);
    return at;
}

/* IRP-020, MDL-028: completed at DISPATCH_LEVEL the pages of all MDLs are
 * unlocked at once; the rest waits for the requester's thread below it: copy,
 * frees, status block, event, packet. */
static void the_end_comes_in_the_requesters_thread(void **state)
{
    enum { OUT_DIRECT = 2, MDL_FLAGS_AT = 6 };
    struct caller *c = *state;
    const struct pool *pool = c->r->m->mm.s.pool;
    uint32_t driver = handmade_driver(c), device = handmade_device(c, driver);

    pending_dispatch(c, driver, MAJOR_CONTROL);
    for (uint32_t method = 0; method <= OUT_DIRECT; method += OUT_DIRECT) {
        uint32_t used = pool[0].bytes_used, second = 0;
        uint32_t irp = build_control(c, device, method), mdl, buffer, word;

        caller_set(c, c->data + USER + 0x100, UNTOUCHED);
        mdl = caller_dword(c, irp + IRP_MdlAddress);
        if (mdl)
            second = add_locked_mdl(c, irp);
        buffer = caller_dword(c, irp + IRP_AssociatedIrp_SystemBuffer);
        assert_int_equal(FAST_CALL(c, "IofCallDriver", device, irp), PENDING);
        assert_int_equal(caller_dword(c, c->data + KEPT), irp);
        caller_set(c, buffer, 0x12345678);
        caller_set(c, irp + IRP_Status, SUCCESS);
        caller_set(c, irp + IRP_Information, 4);
        FAST_CALL(c, "KfRaiseIrql", 2);
        FAST_CALL(c, "IofCompleteRequest", irp, 0);
        assert_int_equal(mdl != 0, method == OUT_DIRECT);
        for (unsigned i = 0; mdl && i < 2; i++)
            assert_int_equal(
                caller_dword(c, (i ? second : mdl) + MDL_FLAGS_AT) &
                    PAGES_LOCKED,
                0);
        assert_int_equal(caller_dword(c, c->data + USER + 0x100), UNTOUCHED);
        assert_int_equal(caller_dword(c, c->data + IOSB), UNTOUCHED);
        assert_int_equal(event_state(c), 0);
        assert_int_equal(rig_irps(c->r), 1);
        FAST_CALL(c, "KfLowerIrql", 0);
        word = caller_dword(c, c->data + USER + 0x100);
        assert_int_equal(word, method ? UNTOUCHED : 0x12345678);
        assert_int_equal(caller_dword(c, c->data + IOSB), SUCCESS);
        assert_int_equal(caller_dword(c, c->data + IOSB + 4), 4);
        assert_int_equal(event_state(c), 1);
        assert_int_equal(rig_irps(c->r), 0);
        assert_int_equal(pool[0].bytes_used, used); /* nothing is left */
    }
}

/* IRP-021: an asynchronous one is freed by its routine, and only by it. */
static void an_asynchronous_packet_is_its_routines_to_free(void **state)
{
    struct caller *c = *state;
    uint32_t driver = handmade_driver(c), device = handmade_device(c, driver);
    struct text t = {c, c->data + CODE2};
    uint32_t irp;

    completing_dispatch(c, driver);
    text_count(&t, c->data + COUNT);
    TEXT(&t, 0xff, 0x74, 0x24, 8);
    text_call(&t, "IoFreeIrp");
    text_ret(&t, MORE_PROCESSING, 12);
    for (unsigned i = 0; i < 2; i++) {
        irp = i ? handmade_irp(c, 1, MAJOR_READ)
                : STD_CALL(c, "IoBuildAsynchronousFsdRequest", MAJOR_READ,
                           device, c->data + USER, 16, 0, c->data + IOSB);
        STD_CALL(c, "IoSetCompletionRoutineEx", device, irp, c->data + CODE2, 0,
                 1, 1, 1);
        assert_int_equal(rig_irps(c->r), 1);
        FAST_CALL(c, "IofCallDriver", device, irp);
        assert_int_equal(rig_irps(c->r), 0);
        assert_int_equal(caller_dword(c, c->data + COUNT), i + 1);
        assert_false(rig_has(c->r, "C9-"));
    }
}

/* IRP-022: the location is as a user's request of that method would have it. */
static void a_built_ioctl_follows_its_method(void **state)
{
    enum { IN_DIRECT = 1, OUT_DIRECT, NEITHER, WRITE_OPERATION = 0x80 };
    struct caller *c = *state;
    uint32_t driver = handmade_driver(c), device = handmade_device(c, driver);

    completing_dispatch(c, driver);
    for (uint32_t method = 0; method <= NEITHER; method++) {
        uint32_t irp, at, mdl, buffer;

        caller_set(c, c->data + USER, 0xabcdef01);
        irp = build_control(c, device, method);
        at = caller_dword(c, irp + IRP_CurrentStackLocation) - LOCATION_BYTES;
        mdl = caller_dword(c, irp + IRP_MdlAddress);
        buffer = caller_dword(c, irp + IRP_AssociatedIrp_SystemBuffer);
        assert_int_equal(caller_dword(c, at) & 0xff, MAJOR_CONTROL);
        assert_int_equal(caller_dword(c, at + SL_DeviceIoControl_IoControlCode),
                         IOCTL | method);
        assert_int_equal(
            caller_dword(c, at + SL_DeviceIoControl_InputBufferLength), 8);
        assert_int_equal(
            caller_dword(c, at + SL_DeviceIoControl_OutputBufferLength), 16);
        assert_int_equal(mdl != 0, method == IN_DIRECT || method == OUT_DIRECT);
        assert_int_equal(buffer != 0, method != NEITHER);
        if (buffer)
            assert_int_equal(caller_dword(c, buffer), 0xabcdef01);
        if (mdl)
            assert_int_equal(caller_dword(c, mdl + 4) >> 16 & WRITE_OPERATION,
                             method == OUT_DIRECT ? (uint32_t)WRITE_OPERATION
                                                  : 0u);
        if (method == NEITHER) {
            assert_int_equal(
                caller_dword(c, at + SL_DeviceIoControl_Type3InputBuffer),
                c->data + USER);
            assert_int_equal(caller_dword(c, irp + IRP_UserBuffer),
                             c->data + USER + 0x100);
        }
        caller_set(c, c->data + MARK, 0);
        assert_int_equal(FAST_CALL(c, "IofCallDriver", device, irp), SUCCESS);
        assert_int_equal(event_state(c), 1);
        assert_int_equal(caller_dword(c, c->data + IOSB), SUCCESS);
    }
}

/* ---- a client's requests
 * -------------------------------------------------------- */

/* iotest.sys started; its routine for @major pends. The device's handle. */
static uint32_t client_device(struct caller *c, const char *path,
                              unsigned major)
{
    uint32_t image = rig_load(c->r, "iotest.sys");
    struct inspect_image i;

    assert_int_equal(rig_finish(c->r, machine_driver_start(c->r->m, image)), 0);
    assert_true(inspect_image_at(c->r->m, image - 1, &i));
    pending_dispatch(c, i.driver.v, major);
    return rig_open(c->r, path);
}

static uint32_t pend_write(struct caller *c, uint32_t handle, uint32_t bytes,
                           gva_t *user)
{
    struct machine_call call = {
        .kind = CALL_WRITE, .handle = handle, .in_bytes = bytes};
    uint32_t word = 0x11111111, ticket;
    struct hb_error error;

    assert_int_equal(machine_buffer(c->r->m, c->r->process, 4096, user, &error),
                     HB_OK);
    machine_user_write(c->r->m, c->r->process, *user, &word, 4, &error);
    call.in = *user;
    ticket = machine_post(c->r->m, c->r->client, &call);
    machine_wait(c->r->m, ticket, WAIT_DONE, RIG_SECOND / 4, NULL);
    assert_int_equal(caller_dword(c, c->data + COUNT), 1);
    return caller_dword(c, c->data + KEPT);
}

/* IRP-024: the bytes are in the system buffer when the routine is called; what
 * the user writes later is not seen. */
static void a_buffered_write_does_not_see_later_changes(void **state)
{
    struct caller *c = *state;
    uint32_t handle = client_device(c, "\\\\.\\IoTest", MAJOR_WRITE), buffer;
    uint32_t irp, word = 0x22222222;
    struct hb_error error;
    gva_t user;

    irp = pend_write(c, handle, 4, &user);
    buffer = caller_dword(c, irp + IRP_AssociatedIrp_SystemBuffer);
    assert_int_equal(caller_dword(c, buffer), 0x11111111);
    machine_user_write(c->r->m, c->r->process, user, &word, 4, &error);
    assert_int_equal(caller_dword(c, buffer), 0x11111111);
}

/* IRP-026: sent, with no MDL. */
static void a_direct_write_of_nothing_has_no_mdl(void **state)
{
    struct caller *c = *state;
    uint32_t handle = client_device(c, "\\Device\\IoTest1", MAJOR_WRITE);
    gva_t user;
    uint32_t irp = pend_write(c, handle, 0, &user);

    assert_int_equal(caller_dword(c, irp + IRP_MdlAddress), 0);
}

/* ---- cancelling
 * ------------------------------------------------------------------ */

/* IRP-032: Cancel set, the routine taken out, called at DISPATCH_LEVEL with the
 * cancel lock held and CancelIrql the old level; TRUE. Without one: FALSE, and
 * the lock is free. */
static void a_cancel_routine_has_the_lock(void **state)
{
    struct caller *c = *state;
    struct text t = {c, c->data + CODE};
    uint32_t irp = handmade_irp(c, 1, MAJOR_READ);

    text_count(&t, c->data + COUNT);
    TEXT(&t, 0x64, 0x0f, 0xb6, 0x05); /* IRQL */
    text_dword(&t, 0x24);
    TEXT(&t, 0xa3);
    text_dword(&t, c->data + LEVEL);
    TEXT(&t, 0x8b, 0x44, 0x24, 8, 0x8b, 0x40, IRP_CancelRoutine, 0xa3);
    text_dword(&t, c->data + KEPT); /* the routine is gone from the packet */
    text_push(&t, c->data + OUT);
    text_call(&t, "IoAcquireCancelSpinLock"); /* the lock is held: told */
    TEXT(&t, 0x8b, 0x44, 0x24, 8, 0x0f, 0xb6, 0x40, IRP_CancelIrql, 0x50);
    text_call(&t, "IoReleaseCancelSpinLock");
    text_ret(&t, 0, 8);
    caller_set(c, c->data + KEPT, UNTOUCHED);
    caller_set(c, irp + IRP_CancelRoutine, c->data + CODE);
    FAST_CALL(c, "KfRaiseIrql", 1);
    assert_int_equal(STD_CALL(c, "IoCancelIrp", irp) & 0xff, 1);
    assert_int_equal(NO_CALL(c, "KeGetCurrentIrql") & 0xff, 1); /* CancelIrql */
    assert_int_equal(caller_dword(c, c->data + COUNT), 1);
    assert_int_equal(caller_dword(c, c->data + LEVEL), 2);
    assert_int_equal(caller_dword(c, c->data + KEPT), 0);
    assert_int_equal(rig_count(c->r, "acquired while it is held"), 1);

    assert_int_equal(STD_CALL(c, "IoCancelIrp", irp) & 0xff, 0);
    STD_CALL(c, "IoAcquireCancelSpinLock", c->data + OUT); /* it is free */
    assert_int_equal(rig_count(c->r, "acquired while it is held"), 1);
    STD_CALL(c, "IoReleaseCancelSpinLock", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(a_completion_routine_is_in_the_next_location),
        CALLER_TEST(a_packet_that_its_routine_freed_is_left_alone),
        CALLER_TEST(the_requester_hears_of_all_but_synchronous_errors),
        CALLER_TEST(the_end_comes_in_the_requesters_thread),
        CALLER_TEST(an_asynchronous_packet_is_its_routines_to_free),
        CALLER_TEST(a_built_ioctl_follows_its_method),
        CALLER_TEST(a_buffered_write_does_not_see_later_changes),
        CALLER_TEST(a_direct_write_of_nothing_has_no_mdl),
        CALLER_TEST(a_cancel_routine_has_the_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
