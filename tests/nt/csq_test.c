/* tests/nt/csq_test.c -- cancel-safe queues by the WDK's IoCsqXxx pages. The
 * driver's six routines are a few bytes of guest code over one slot. */
#include "caller.h"
#include "nt/offsets.h"

enum { CSQ = 0, SLOT = 0x40, COMPLETED = 0x44, CONTEXT = 0x50, CODE = 0x100 };
enum { INSERT = 0, REMOVE = 0x20, PEEK = 0x40, LOCK = 0x60, COMPLETE = 0x80 };
enum { PENDING_RETURNED = 1 };
#define UNSUCCESSFUL 0xC0000001u

static void code(struct caller *c, uint32_t at, const void *bytes,
                 uint32_t count, unsigned patch, uint32_t address)
{
    caller_put(c, c->data + CODE + at, bytes, count);
    if (patch)
        caller_put(c, c->data + CODE + at + patch, &address, 4);
}

/* mov eax, [esp+8]; mov [slot], eax; ret 8 -- and so on. */
static void write_routines(struct caller *c)
{
    static const uint8_t keep[] = {0x8b, 0x44, 0x24, 8,    0xa3, 0,
                                   0,    0,    0,    0xc2, 8,    0};
    static const uint8_t clear[] = {0xc7, 5, 0, 0,    0, 0, 0,
                                    0,    0, 0, 0xc2, 8, 0};
    static const uint8_t peek[] = {0x83, 0x7c, 0x24, 8,    0,  0x75, 8,
                                   0xa1, 0,    0,    0,    0,  0xc2, 12,
                                   0,    0x33, 0xc0, 0xc2, 12, 0};
    static const uint8_t nothing[] = {0xc2, 8, 0};
    uint32_t slot = c->data + SLOT;

    code(c, INSERT, keep, sizeof keep, 5, slot);
    code(c, REMOVE, clear, sizeof clear, 2, slot);
    code(c, PEEK, peek, sizeof peek, 8, slot);
    code(c, LOCK, nothing, sizeof nothing, 0, 0);
    code(c, COMPLETE, keep, sizeof keep, 5, c->data + COMPLETED);
}

static uint32_t make_queue(struct caller *c, const char *initialize)
{
    uint32_t at = c->data + CODE;

    write_routines(c);
    assert_int_equal(STD_CALL(c, initialize, c->data + CSQ, at + INSERT,
                              at + REMOVE, at + PEEK, at + LOCK, at + LOCK,
                              at + COMPLETE),
                     0);
    return c->data + CSQ;
}

/* An IRP in its driver: one stack location is current. */
static uint32_t make_irp(struct caller *c)
{
    uint32_t irp = STD_CALL(c, "IoAllocateIrp", 1, 0);
    uint32_t sl = caller_dword(c, irp + IRP_CurrentStackLocation) - 0x24;
    uint8_t location = 1;

    caller_put(c, irp + IRP_CurrentStackLocation, &sl, 4);
    caller_put(c, irp + IRP_CurrentLocation, &location, 1);
    return irp;
}

static void an_irp_goes_in_pending_and_comes_out(void **state)
{
    struct caller *c = *state;
    uint32_t csq = make_queue(c, "IoCsqInitialize"), irp = make_irp(c);
    uint32_t sl = caller_dword(c, irp + IRP_CurrentStackLocation);

    assert_int_equal(caller_dword(c, csq), 1); /* IO_TYPE_CSQ */
    STD_CALL(c, "IoCsqInsertIrp", csq, irp, 0);
    assert_int_equal(caller_dword(c, c->data + SLOT), irp);
    assert_int_not_equal(caller_dword(c, irp + IRP_CancelRoutine), 0);
    assert_int_equal(caller_dword(c, sl) >> 24, PENDING_RETURNED);
    assert_int_equal(STD_CALL(c, "IoCsqRemoveNextIrp", csq, 0), irp);
    assert_int_equal(caller_dword(c, irp + IRP_CancelRoutine), 0);
    assert_int_equal(caller_dword(c, c->data + SLOT), 0);
    assert_int_equal(STD_CALL(c, "IoCsqRemoveNextIrp", csq, 0), 0);
}

static void a_context_finds_its_irp_once(void **state)
{
    struct caller *c = *state;
    uint32_t csq = make_queue(c, "IoCsqInitialize"), irp = make_irp(c);
    uint32_t context = c->data + CONTEXT;

    STD_CALL(c, "IoCsqInsertIrp", csq, irp, context);
    assert_int_equal(caller_dword(c, context + 4), irp);
    assert_int_equal(STD_CALL(c, "IoCsqRemoveIrp", csq, context), irp);
    assert_int_equal(STD_CALL(c, "IoCsqRemoveIrp", csq, context), 0);
}

static void a_queued_irp_is_cancelled_by_the_queue(void **state)
{
    struct caller *c = *state;
    uint32_t csq = make_queue(c, "IoCsqInitialize"), irp = make_irp(c);

    STD_CALL(c, "IoCsqInsertIrp", csq, irp, 0);
    assert_int_equal(STD_CALL(c, "IoCancelIrp", irp) & 255, 1);
    assert_int_equal(caller_dword(c, c->data + SLOT), 0);
    assert_int_equal(caller_dword(c, c->data + COMPLETED), irp);
}

static void an_irp_cancelled_before_is_completed_at_once(void **state)
{
    struct caller *c = *state;
    uint32_t csq = make_queue(c, "IoCsqInitialize"), irp = make_irp(c);
    uint8_t cancel = 1;

    caller_put(c, irp + IRP_Cancel, &cancel, 1);
    STD_CALL(c, "IoCsqInsertIrp", csq, irp, 0);
    assert_int_equal(caller_dword(c, c->data + SLOT), 0);
    assert_int_equal(caller_dword(c, c->data + COMPLETED), irp);
}

/* The Ex form's insert routine may refuse: its status comes back. */
static void an_ex_queue_may_refuse(void **state)
{
    static const uint8_t refuse[] = {0xb8, 1, 0, 0, 0xc0, 0xc2, 12, 0};
    struct caller *c = *state;
    uint32_t csq = make_queue(c, "IoCsqInitializeEx"), irp = make_irp(c);

    assert_int_equal(caller_dword(c, csq), 3); /* IO_TYPE_CSQ_EX */
    code(c, INSERT, refuse, sizeof refuse, 0, 0);
    assert_int_equal(STD_CALL(c, "IoCsqInsertIrpEx", csq, irp, 0, 0),
                     UNSUCCESSFUL);
    assert_int_equal(caller_dword(c, irp + IRP_CancelRoutine), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(an_irp_goes_in_pending_and_comes_out),
        CALLER_TEST(a_context_finds_its_irp_once),
        CALLER_TEST(a_queued_irp_is_cancelled_by_the_queue),
        CALLER_TEST(an_irp_cancelled_before_is_completed_at_once),
        CALLER_TEST(an_ex_queue_may_refuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
