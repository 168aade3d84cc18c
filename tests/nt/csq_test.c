/* tests/nt/csq_test.c -- cancel-safe queues by the WDK's IoCsqXxx pages. The
 * driver's six routines are a few bytes of guest code over one slot. */
#include <string.h>

#include "handmade.h"
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

/* ---- a queue of many, by a list
 * ------------------------------------------------ */

enum { LIST = 0x60, LIST_CODE = 0x400, PACKETS = 16, STEPS = 600 };
enum {
    LIST_AT = 0x58,
    COMPLETIONS_AT = 0x3c
}; /* of an IRP: its list entry, and
      UserBuffer, which counts */

/* Insert at the tail, remove, peek, complete (counts in the packet), lock. */
static uint32_t make_list_queue(struct caller *c)
{
    struct text t = {c, c->data + LIST_CODE};
    uint32_t at[5], list = c->data + LIST;

    caller_set(c, list, list);
    caller_set(c, list + 4, list);
    at[0] = t.at;
    TEXT(&t, 0x8b, 0x44, 0x24, 8, 0x83, 0xc0, LIST_AT, 0x8b, 0x0d);
    text_dword(&t, list + 4); /* eax = entry, ecx = [list.Blink] */
    TEXT(&t, 0xc7, 0x00);
    text_dword(&t, list); /* entry.Flink = list */
    TEXT(&t, 0x89, 0x48, 4, 0x89, 0x01, 0xa3);
    text_dword(&t, list + 4);
    TEXT(&t, 0xc2, 8, 0);
    at[1] = t.at;
    TEXT(&t, 0x8b, 0x44, 0x24, 8, 0x8b, 0x48, LIST_AT, 0x8b, 0x50, LIST_AT + 4,
         0x89, 0x0a, 0x89, 0x51, 4, 0xc2, 8, 0);
    at[2] = t.at; /* peek(csq, irp, context) */
    TEXT(&t, 0x8b, 0x44, 0x24, 8, 0x85, 0xc0, 0x75, 7, 0xa1);
    text_dword(&t, list);
    TEXT(&t, 0xeb, 3, 0x8b, 0x40, LIST_AT, 0x3d);
    text_dword(&t, list);
    TEXT(&t, 0x74, 6, 0x83, 0xe8, LIST_AT, 0xc2, 12, 0, 0x31, 0xc0, 0xc2, 12,
         0);
    at[3] = t.at;
    TEXT(&t, 0xc2, 8, 0);
    at[4] = t.at;
    TEXT(&t, 0x8b, 0x44, 0x24, 8, 0xff, 0x40, COMPLETIONS_AT, 0xc2, 8, 0);
    assert_int_equal(STD_CALL(c, "IoCsqInitialize", c->data + CSQ, at[0], at[1],
                              at[2], at[3], at[3], at[4]),
                     0);
    return c->data + CSQ;
}

/* What the queue should hold. */
struct model {
    unsigned queued[PACKETS], count, taken[PACKETS], cancelled[PACKETS];
};

static bool model_remove(struct model *m, unsigned n)
{
    for (unsigned i = 0; i < m->count; i++)
        if (m->queued[i] == n) {
            memmove(m->queued + i, m->queued + i + 1,
                    (--m->count - i) * sizeof *m->queued);
            return true;
        }
    return false;
}

/* IRP-038: inserted, removed by order and by context, cancelled, at random:
 * each time it is the driver that gets the packet or the queue that completes
 * it, once.
 */
static void each_packet_is_ended_once(void **state)
{
    struct caller *c = *state;
    uint32_t csq = make_list_queue(c), irp[PACKETS], random = 12345;
    uint32_t contexts = c->data + 0x600;
    struct model m = {.count = 0};

    for (unsigned i = 0; i < PACKETS; i++)
        irp[i] = make_irp(c);
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned n, what;
        uint8_t no = 0;

        random = random * 1103515245 + 12345;
        n = random >> 16 & (PACKETS - 1);
        what = random >> 24 & 3;
        if (what == 0) {
            uint32_t got = STD_CALL(c, "IoCsqRemoveNextIrp", csq, 0);

            assert_int_equal(got, m.count ? irp[m.queued[0]] : 0);
            if (got) {
                m.taken[m.queued[0]]++;
                model_remove(&m, m.queued[0]);
            }
        } else if (what == 1 && caller_dword(c, contexts + 16 * n)) {
            uint32_t got =
                STD_CALL(c, "IoCsqRemoveIrp", csq, contexts + 16 * n);
            bool there = model_remove(&m, n);

            assert_int_equal(got, there ? irp[n] : 0);
            m.taken[n] += there;
        } else if (what == 2) {
            bool there = model_remove(&m, n);

            assert_int_equal(STD_CALL(c, "IoCancelIrp", irp[n]) & 0xff, there);
            m.cancelled[n] += there;
        } else {
            bool there = model_remove(&m, n);

            if (there) { /* it stays where it is */
                m.taken[n]++;
                assert_int_equal(
                    STD_CALL(c, "IoCsqRemoveIrp", csq, contexts + 16 * n),
                    irp[n]);
            }
            caller_put(c, irp[n] + IRP_Cancel, &no, 1);
            STD_CALL(c, "IoCsqInsertIrp", csq, irp[n], contexts + 16 * n);
            m.queued[m.count++] = n;
        }
        for (unsigned i = 0; i < PACKETS; i++)
            assert_int_equal(caller_dword(c, irp[i] + COMPLETIONS_AT),
                             m.cancelled[i]);
    }
    assert_int_equal(NO_CALL(c, "KeGetCurrentIrql") & 0xff, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(an_irp_goes_in_pending_and_comes_out),
        CALLER_TEST(a_context_finds_its_irp_once),
        CALLER_TEST(a_queued_irp_is_cancelled_by_the_queue),
        CALLER_TEST(an_irp_cancelled_before_is_completed_at_once),
        CALLER_TEST(an_ex_queue_may_refuse),
        CALLER_TEST(each_packet_is_ended_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
