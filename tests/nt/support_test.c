/* tests/nt/support_test.c -- single routines: RtlAssert, IoGetStackLimits,
 * IoGetPagingIoPriority, KdSystemDebugControl, VfIsVerificationEnabled,
 * VfFailDeviceNode, VfFailDriver, VfFailSystemBIOS. */
#include "board/board.h"
#include "caller.h"

enum { SUCCESS = 0 };
#define BREAKPOINT        0x80000003u
#define NO_SUCCESS        0xC0000001u
#define INVALID_CLASS     0xC0000003u
#define LENGTH_MISMATCH   0xC0000004u
#define BAD_PARAMETER     0xC000000Du
#define DEBUGGER_INACTIVE 0xC0000354u

static void an_assertion_is_told_and_breaks(void **state)
{
    struct caller *c = *state;

    caller_text(c, c->data, "a == b");
    caller_text(c, c->data + 0x100, "disk.c");
    caller_text(c, c->data + 0x200, "They differ: ");
    CALL_RAISES(c, BREAKPOINT, "RtlAssert", c->data, c->data + 0x100, 42,
                c->data + 0x200);
    assert_true(rig_has(c->r, "Assertion failed: They differ: a == b"));
    assert_true(rig_has(c->r, "disk.c, line 42"));
    CALL_RAISES(c, BREAKPOINT, "RtlAssert", c->data, c->data + 0x100, 1, 0);
}

static void the_stacks_limits_hold_the_stack(void **state)
{
    struct caller *c = *state;
    uint32_t low, high;

    STD_CALL(c, "IoGetStackLimits", c->data, c->data + 4);
    low = caller_dword(c, c->data);
    high = caller_dword(c, c->data + 4);
    assert_int_equal(high - low, 12 * 1024);
    assert_in_range(c->r->m->cpu.s.reg[4], low, high);
}

static void paging_requests_have_a_priority(void **state)
{
    static const uint32_t flags[] = {0, 0x8000, 2, 0x8002, 0x43};
    static const uint32_t priority[] = {0, 0, 1, 2, 1};
    struct caller *c = *state;

    for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        caller_set(c, c->data + 8, flags[i]);
        assert_int_equal(FAST_CALL(c, "IoGetPagingIoPriority", c->data),
                         priority[i]);
    }
}

/* Each a type of its own, that no event has. */
static void adapters_and_tokens_have_types(void **state)
{
    static const char *const name[] = {"IoAdapterObjectType",
                                       "SeTokenObjectType"};
    struct caller *c = *state;
    uint32_t event;

    STD_CALL(c, "ZwCreateEvent", c->data, 0x1f0003, 0, 0, 0);
    event = caller_dword(c, c->data);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t type = caller_variable(c, name[i]);

        assert_int_not_equal(type, 0);
        assert_int_not_equal(type, caller_variable(c, "ExEventObjectType"));
        assert_int_equal(STD_CALL(c, "ObReferenceObjectByHandle", event, 0,
                                  type, 0, c->data, 0),
                         0xC0000024u);
    }
    assert_int_not_equal(caller_variable(c, name[0]),
                         caller_variable(c, name[1]));
}

/* ---- KdSystemDebugControl ------------------------------------------------*/

enum { IN = 0x100, OUT = 0x200, BUFFER = 0x300, LENGTH = 0x400 };

static uint32_t control(struct caller *c, uint32_t command, const uint32_t *in,
                        unsigned words, uint32_t out_bytes)
{
    caller_put(c, c->data + IN, in, words * 4);
    caller_set(c, c->data + LENGTH, 0xffffffff);
    return STD_CALL(c, "KdSystemDebugControl", command, c->data + IN, words * 4,
                    c->data + OUT, out_bytes, c->data + LENGTH, 0);
}
#define CONTROL(command, out, ...)                                             \
    control(c, (command), (const uint32_t[]){__VA_ARGS__},                     \
            sizeof((const uint32_t[]){__VA_ARGS__}) / 4, (out))

static uint32_t moved(struct caller *c)
{
    return caller_dword(c, c->data + LENGTH);
}

static void a_debugger_reads_and_writes_memory(void **state)
{
    struct caller *c = *state;
    uint32_t at = c->data + 0x2000 - 2, buffer = c->data + BUFFER;
    gpa_t pa;

    caller_set(c, at, 0x12345678); /* across a page's edge */
    assert_int_equal(CONTROL(8, 0, at, buffer, 4), SUCCESS);
    assert_int_equal(caller_dword(c, buffer), 0x12345678);
    assert_int_equal(moved(c), 4);
    caller_set(c, buffer, 0x55667788);
    assert_int_equal(CONTROL(9, 0, at, buffer, 4), SUCCESS);
    assert_int_equal(caller_dword(c, at), 0x55667788);
    assert_int_equal(CONTROL(8, 0, 0x1000, buffer, 4), NO_SUCCESS);
    assert_int_equal(moved(c), 0);
    assert_int_equal(CONTROL(8, 0, at, buffer), LENGTH_MISMATCH);
    assert_true(mm_physical(&c->r->m->mm, 0, gva_of(at + 2), &pa));
    assert_int_equal(CONTROL(10, 0, (uint32_t)pa.v, 0, buffer, 2), SUCCESS);
    assert_int_equal(caller_dword(c, buffer) & 0xffff, 0x5566);
    caller_set(c, buffer, 0xabcd);
    assert_int_equal(CONTROL(11, 0, (uint32_t)pa.v, 0, buffer, 2), SUCCESS);
    assert_int_equal(caller_dword(c, at), 0xabcd7788);
    assert_int_equal(CONTROL(10, 0, 0, 0x10, buffer, 2), NO_SUCCESS);
}

static void a_debugger_reads_ports_buses_and_the_version(void **state)
{
    struct caller *c = *state;
    uint32_t buffer = c->data + BUFFER, version[10];

    caller_set(c, buffer, 0x80000000); /* PCI: configuration address */
    assert_int_equal(CONTROL(15, 0, 0xcf8, 0, buffer, 4, 1, 0, 1, 0), SUCCESS);
    assert_int_equal(CONTROL(14, 0, 0xcfc, 0, buffer, 4, 1, 0, 1, 0), SUCCESS);
    assert_int_equal(caller_dword(c, buffer), 0x12378086); /* i440FX */
    assert_int_equal(moved(c), 4);
    assert_int_equal(CONTROL(14, 0, 0xcfc, 0, buffer, 3, 1, 0, 1, 0),
                     BAD_PARAMETER);
    caller_set(c, buffer, 0);
    assert_int_equal(CONTROL(18, 0, 2, buffer, 2, 4, 0, 0), SUCCESS);
    assert_int_equal(caller_dword(c, buffer), 0x1237);
    assert_int_equal(CONTROL(19, 0, 0, buffer, 0, 4, 7, 0), NO_SUCCESS);
    assert_int_equal(CONTROL(7, 40, 0), SUCCESS);
    caller_get(c, c->data + OUT, version, sizeof version);
    assert_int_equal(version[0] & 0xffff, 0xf);
    assert_int_equal(version[0] >> 16,
                     caller_variable(c, "NtBuildNumber") & 0xffff);
    assert_int_equal(version[2] & 0xffff, 0x14c);
    assert_int_equal(version[4], 0x80400000);
    assert_int_equal(version[5], 0xffffffff);
    assert_int_equal(CONTROL(6, 0, 0), NO_SUCCESS);
    assert_int_equal(CONTROL(21, 0, 0), DEBUGGER_INACTIVE);
    assert_int_equal(CONTROL(22, 0, 0), DEBUGGER_INACTIVE);
    assert_int_equal(CONTROL(99, 0, 0), INVALID_CLASS);
}

/* ---- the verifier --------------------------------------------------------*/

static void failures_of_others_count_under_verification_alone(void **state)
{
    struct caller *c = *state;
    uint32_t text = caller_text(c, c->data, "no such resource");
    uint32_t format = caller_text(c, c->data + 0x80, "%DevObj%Ulong");

    assert_int_equal(STD_CALL(c, "VfIsVerificationEnabled", 1, 0x1234), 0);
    CDECL_CALL(c, "VfFailDeviceNode", 0x1234, 0xca, 7, 1, 0, text, format, 5,
               6);
    assert_false(rig_has(c->r, "no such resource"));
    c->r->m->mm.s.settings.checks = true;
    assert_int_equal(STD_CALL(c, "VfIsVerificationEnabled", 0, 0x1234), 1);
    assert_int_equal(STD_CALL(c, "VfIsVerificationEnabled", 1, 0x1234), 1);
    assert_int_equal(STD_CALL(c, "VfIsVerificationEnabled", 2, 0), 0);
    CDECL_CALL(c, "VfFailDeviceNode", 0x1234, 0xca, 7, 1, 0, text, format, 5,
               6);
    assert_true(rig_has(c->r, "00001234 fails CA/7: no such resource"));
    CDECL_CALL(c, "VfFailDriver", 0xc9, 3, 2, 0, text, 0);
    assert_true(rig_has(c->r, "fails C9/3: no such resource"));
    CDECL_CALL(c, "VfFailSystemBIOS", 0xa5, 3, 0, 0, text, 0);
    assert_int_equal(
        caller_try(c, "VfFailDeviceNode", 36, 9,
                   (uint32_t[]){0x1234, 0xca, 7, 0, 0, text, format, 5, 6}),
        CALLER_STOPPED);
    assert_int_equal(ke_bugcheck_state(c->r->m->ke)->code, 0xca);
    assert_int_equal(ke_bugcheck_state(c->r->m->ke)->p[0], 7);
    assert_int_equal(ke_bugcheck_state(c->r->m->ke)->p[1], 5);
    assert_int_equal(ke_bugcheck_state(c->r->m->ke)->p[2], 6);
    assert_int_equal(ke_bugcheck_state(c->r->m->ke)->p[3], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(an_assertion_is_told_and_breaks),
        CALLER_TEST(the_stacks_limits_hold_the_stack),
        CALLER_TEST(paging_requests_have_a_priority),
        CALLER_TEST(adapters_and_tokens_have_types),
        CALLER_TEST(a_debugger_reads_and_writes_memory),
        CALLER_TEST(a_debugger_reads_ports_buses_and_the_version),
        CALLER_TEST(failures_of_others_count_under_verification_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
