/* tests/nt/bad_pointers_test.c -- every routine and service of all tables, with
 * bad pointers for its arguments. */
#include <stdio.h>
#include <string.h>

#include "handmade.h"
#include "ke/call.h"

/* NULL, user, kernel space that is not mapped, the end of the address space,
 * memory that may only be read. */
static const uint32_t bad[] = {0, 0x1000, 0xdead0000, 0xfffffffc, 0x80400000};

/* Those that never come back, by what they are for. */
static bool stays_away(const char *name)
{
    static const char *const away[] = {"PsTerminateSystemThread", "KeBugCheck"};

    for (unsigned i = 0; i < sizeof away / sizeof away[0]; i++)
        if (!strncmp(name, away[i], strlen(away[i])))
            return true;
    return false;
}

/* One call. False: the machine is of no more use. */
static bool call_badly(struct caller *c, const struct export *row,
                       uint32_t pointer)
{
    uint32_t args[CALL_ARGS];
    unsigned on_stack = row->slots;
    enum caller_end end;

    for (unsigned i = 0; i < CALL_ARGS; i++)
        args[i] = pointer;
    if (row->convention == FASTCALL)
        on_stack = row->slots > 2 ? row->slots - 2u : 0;
    c->ecx = c->edx = pointer;
    end =
        caller_end_of(c, row->name, row->convention == CDECL ? 4 * on_stack : 0,
                      on_stack, args);
    if (end == CALLER_STOPPED && handmade_bugcheck(c).code == 0)
        fail_msg("%s(%08x) stopped without a bugcheck", row->name, pointer);
    return (end == CALLER_RETURNED || end == CALLER_RAISED) &&
           ke_irql(c->r->m->ke) == 0;
}

/* SEC-001: it comes back, raises, waits, or is a bugcheck: what the CPU or the
 * documentation says, and the host is whole after it. */
static void every_routine_survives_bad_pointers(void **state)
{
    struct caller *first = *state, *c = NULL;
    const struct export *row;

    for (unsigned i = 0; (row = ke_export_row(first->r->m->ke, i)); i++) {
        if (row->convention == DATA || row->slots == 0 ||
            row->slots > CALL_ARGS || stays_away(row->name))
            continue;
        for (unsigned k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            if (c == NULL)
                caller_setup((void **)&c);
            if (!call_badly(c, row, bad[k])) {
                caller_teardown((void **)&c);
                c = NULL;
            }
        }
    }
    if (c)
        caller_teardown((void **)&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(every_routine_survives_bad_pointers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
