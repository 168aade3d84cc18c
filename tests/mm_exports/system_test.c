/* tests/mm_exports/system_test.c -- the system as a whole, the data exports,
 * and every routine with bad arguments. */
#include "rig.h"

#include <string.h>

/* PTE-015 */
static void data_exports_have_their_values(void **state)
{
    struct rig *r = *state;

    assert_int_equal(get(r, ke_stub(r->ke, "MmHighestUserAddress").v),
                     0x7ffeffff);
    assert_int_equal(get(r, ke_stub(r->ke, "MmUserProbeAddress").v),
                     0x7fff0000);
    assert_int_equal(get(r, ke_stub(r->ke, "MmSystemRangeStart").v),
                     0x80000000);
}

static void system_size_follows_ram(void **state)
{
    const uint64_t ram[] = {15 * MIB, 32 * MIB, 128 * MIB};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct rig *r =
            rig_new(&(struct rig_options){.mm = {.era = MM_XP}, .ram = ram[i]});

        assert_int_equal(CALL0(r, "MmQuerySystemSize"), i);
        assert_int_equal(CALL0(r, "MmIsThisAnNtAsSystem"), 0);
        rig_free(r);
    }
}

static uint32_t unicode(struct rig *r, const char *text)
{
    uint32_t at = CALL(r, "ExAllocatePool", 0, 512);

    set(r, at, (uint32_t)strlen(text) * 2);
    set(r, at + 4, at + 8);
    for (uint32_t i = 0; text[i]; i++) {
        const uint8_t ch[2] = {(uint8_t)text[i], 0};

        mm_write(&r->mm, 0, gva_of(at + 8 + 2 * i), ch, 2);
    }
    return at;
}

static void MmGetSystemRoutineAddress_knows_the_exports(void **state)
{
    struct rig *r = *state;
    char name[200];

    assert_int_equal(
        CALL(r, "MmGetSystemRoutineAddress", unicode(r, "MmMapIoSpace")),
        ke_stub(r->ke, "MmMapIoSpace").v);
    assert_int_equal(
        CALL(r, "MmGetSystemRoutineAddress", unicode(r, "mmmapiospace")), 0);
    assert_int_equal(CALL(r, "MmGetSystemRoutineAddress", unicode(r, "")), 0);
    memset(name, 'A', sizeof name);
    name[sizeof name - 1] = 0;
    assert_int_equal(CALL(r, "MmGetSystemRoutineAddress", unicode(r, name)), 0);
}

static void no_driver_is_verified(void **state)
{
    assert_int_equal(CALL(*state, "MmIsDriverVerifying", 0), 0);
}

/* SEC-001: any argument of any routine as any bad pointer is what the CPU or
 * the documentation says: it comes back, raises, or is a bugcheck; the machine
 * behind it stays whole. */
static void bad_pointers_harm_nobody(void **state)
{
    const uint32_t bad[] = {0, 0x00000ffd, 0x7ffffffe, 0x90000003, 0xfffffffe};
    struct export_table rows = mm_table(NULL);
    uint32_t args[16];
    unsigned calls = 0;

    (void)state;
    for (unsigned p = 0; p < 5; p++) {
        struct rig *r = rig_new(&(struct rig_options){.mm = {.era = MM_XP}});

        for (unsigned i = 0; i < rows.rows; i++) {
            const struct export *row = &rows.row[i];
            struct outcome out;

            if (row->convention == DATA)
                continue;
            for (unsigned k = 0; k < 16; k++)
                args[k] = bad[p];
            out = try_call(r, row->name, row->slots, args);
            if (!out.returned && !out.raised && !ke_ended(r->ke))
                fail_msg("%s(%08x) never ends", row->name, bad[p]);
            if (out.returned)
                assert_int_equal(out.esp, 0);
            calls++;
            if (ke_ended(r->ke)) {
                rig_free(r);
                r = rig_new(&(struct rig_options){.mm = {.era = MM_XP}});
            }
        }
        rig_free(r);
    }
    assert_int_equal(calls, 5 * (rows.rows - 3)); /* 3 are variables */
}

/* SEC-009: through the stubs, an MDL that lies about itself. */
static void lying_mdls_harm_nobody(void **state)
{
    static const char *const takes_mdl[] = {"MmProbeAndLockPages",
                                            "MmUnlockPages",
                                            "MmBuildMdlForNonPagedPool",
                                            "MmMapLockedPages",
                                            "MmAdvanceMdl",
                                            "MmFreePagesFromMdl",
                                            "MmProtectMdlSystemAddress"};
    static const uint32_t lies[][2] = {
        {MDL_SIZE, 0x0002ffff},        {MDL_SIZE, 0x00020000},
        {MDL_BYTE_OFFSET, 0xfffff000}, {MDL_BYTE_COUNT, 0xffffffff},
        {MDL_START_VA, 0x123},         {MDL_PFNS, 0xffffffff}};

    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        for (unsigned k = 0; k < 6; k++) {
            struct rig *r =
                rig_new(&(struct rig_options){.mm = {.era = MM_XP}});
            uint32_t at = locked(r, 0, 0x1000);
            struct outcome out;

            set(r, at + lies[k][0], lies[k][1]);
            out = try_call(r, takes_mdl[i], 3, (uint32_t[]){at, 0, 0});
            assert_true(out.returned || out.raised || ke_ended(r->ke));
            rig_free(r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(f, setup) cmocka_unit_test_setup_teardown(f, setup, teardown)
        CASE(data_exports_have_their_values, setup_xp),
        cmocka_unit_test(system_size_follows_ram),
        CASE(MmGetSystemRoutineAddress_knows_the_exports, setup_xp),
        CASE(no_driver_is_verified, setup_xp),
        cmocka_unit_test(bad_pointers_harm_nobody),
        cmocka_unit_test(lying_mdls_harm_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
