/* The IRQL that each routine may be called at, from its row: a finding, and
 * with the verifier's checks bugcheck 0xC4. */
#include "rig.h"

#include <stdio.h>
#include <string.h>

enum { VERIFIER = 0xc4 };

static struct rig *checked(bool checks)
{
    struct rig *r = rig_create(MM_XP);

    r->mm.s.settings.checks = checks;
    rig_trace(r, "finding");
    return r;
}

/* A thread that calls @name at @irql with arguments that are addresses of
 * cleared pool. The machine may end in any way. */
static void call_at_level(struct rig *r, const struct export *row, uint8_t irql)
{
    uint32_t at = pool(r, 512), code = here(r);

    mov_ecx(r, irql);
    call(r, "KfRaiseIrql");
    for (unsigned i = 0; i < row->slots && row->convention != FASTCALL; i++)
        emit_push(r, at);
    for (unsigned i = 2; i < row->slots && row->convention == FASTCALL; i++)
        emit_push(r, at);
    mov_ecx(r, at);
    mov_edx(r, 0);
    call(r, row->name);
    CODE(r, 0xeb, 0xfe);
    start(r, code, 0);
    run(r, 3000);
}

/* Every routine of the kernel at levels on both sides of its limits: exactly
 * what is outside is told, by name. */
static void what_is_outside_a_rows_levels_is_a_finding(void **state)
{
    struct rig *first = *state;
    const struct export *row;

    for (unsigned i = 0; (row = ke_export_row(first->ke, i)); i++) {
        const uint8_t level[] = {0, 1, 2, 3, 31};

        if (row->convention == DATA || !strncmp(row->name, "Test", 4))
            continue;
        for (unsigned k = 0; k < 5; k++) {
            bool bad = level[k] > row->irql || level[k] < row->irql_low;
            struct rig *r;
            char text[96];

            if (!bad && level[k] != row->irql && level[k] != row->irql_low)
                continue;
            r = checked(false);
            call_at_level(r, row, level[k]);
            snprintf(text, sizeof text, "%s called at IRQL %u", row->name,
                     level[k]);
            if ((strstr(r->trace, text) != NULL) != bad)
                fail_msg("%s", text);
            rig_destroy(r);
        }
    }
}

static void bugchecks(const char *name, uint8_t irql, uint32_t violation)
{
    struct rig *r = checked(true);
    const struct export *row = NULL;
    const struct ke_bugcheck *b = ke_bugcheck_state(r->ke);

    for (unsigned i = 0; (row = ke_export_row(r->ke, i)); i++)
        if (!strcmp(row->name, name))
            break;
    assert_non_null(row);
    call_at_level(r, row, irql);
    assert_int_equal(b->code, VERIFIER);
    assert_int_equal(b->p[0], violation);
    assert_int_equal(b->p[1], irql);
    assert_string_equal(b->routine, name);
    rig_destroy(r);
}

/* The number of the violation, where the routine has one of its own, else 0E5h.
 */
static void with_checks_it_is_0xc4(void **state)
{
    (void)state;
    bugchecks("KfReleaseSpinLock", 0, 0x32);
    bugchecks("KeReleaseSpinLock", 1, 0x32);
    bugchecks("ExAcquireFastMutex", 2, 0x33);
    bugchecks("ExReleaseFastMutex", 0, 0x34);
    bugchecks("KeAcquireSpinLockAtDpcLevel", 1, 0x40);
    bugchecks("KefReleaseSpinLockFromDpcLevel", 0, 0x41);
    bugchecks("KeAcquireSpinLock", 3, 0x42);
    bugchecks("KeSetEvent", 3, 0x80);
    bugchecks("KeRemoveDeviceQueue", 0, 0xe5);
    bugchecks("KeDelayExecutionThread", 2, 0xe5);
    bugchecks("KeReleaseInterruptSpinLock", 2, 0xe5);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_outside_a_rows_levels_is_a_finding),
        cmocka_unit_test(with_checks_it_is_0xc4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
