/* tests/nt/system_info_test.c -- ZwQuerySystemInformation, ZwPowerInformation:
 * what they say is what the machine is. */
#include <string.h>

#include "board/board.h"
#include "caller.h"
#include "mm/pool.h"

enum { SUCCESS = 0, NOTHING = 0x77777777 };
#define INVALID_CLASS   0xC0000003u
#define LENGTH_MISMATCH 0xC0000004u
#define NOT_IMPLEMENTED 0xC0000002u
#define BAD_PARAMETER   0xC000000Du
#define TOO_SMALL       0xC0000023u

static uint32_t words[2048];

/* The class with a buffer of @room bytes; *used: ReturnLength. */
static uint32_t query(struct caller *c, uint32_t class, uint32_t room,
                      uint32_t *used)
{
    uint32_t status;

    caller_set(c, c->data, NOTHING);
    status = STD_CALL(c, "ZwQuerySystemInformation", class, c->data + 0x100,
                      room, c->data);
    *used = caller_dword(c, c->data);
    caller_get(c, c->data + 0x100, words, sizeof words);
    return status;
}

static void classes_of_one_size_want_it(void **state)
{
    static const uint32_t fixed[][2] = {{0, 44}, {1, 12},  {2, 312}, {8, 48},
                                        {9, 4},  {28, 12}, {35, 2},  {44, 172}};
    struct caller *c = *state;
    uint32_t used;

    for (unsigned i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        assert_int_equal(query(c, fixed[i][0], fixed[i][1], &used), SUCCESS);
        assert_int_equal(used, fixed[i][1]);
        assert_int_equal(query(c, fixed[i][0], fixed[i][1] - 1, &used),
                         LENGTH_MISMATCH);
        assert_int_equal(used, fixed[i][1]);
        assert_int_equal(query(c, fixed[i][0], 2000, &used), LENGTH_MISMATCH);
    }
    assert_int_equal(query(c, 3, 8, &used), SUCCESS); /* a part will do */
    assert_int_equal(used, 8);
    assert_int_equal(query(c, 3, 56, &used), LENGTH_MISMATCH);
    assert_int_equal(query(c, 999, 44, &used), INVALID_CLASS);
    assert_int_equal(used, NOTHING);
}

static void the_machine_is_described(void **state)
{
    struct caller *c = *state;
    const struct mm *mm = &c->r->m->mm;
    uint32_t used, before;
    uint64_t boot, now;
    gva_t block;

    query(c, 0, 44, &used);
    assert_int_equal(words[1], 100144);
    assert_int_equal(words[2], 4096);
    assert_int_equal(words[8], caller_variable(c, "MmUserProbeAddress") - 1);
    assert_int_equal(words[10] & 0xff, 1);
    query(c, 1, 12, &used);
    assert_int_equal(words[0] >> 16, c->r->m->cpu.model.signature >> 8 & 15);
    query(c, 2, 312, &used);
    assert_int_equal(words[34], mm->s.pte_free); /* free system PTEs */
    assert_true(words[11] > 0);
    assert_int_equal(words[13], words[11] + words[12]);
    before = words[29];
    assert_int_equal(pool_alloc(&c->r->m->mm, POOL_NONPAGED, 0x5000, 1, &block),
                     HB_OK);
    query(c, 2, 312, &used);
    assert_int_equal(words[29], before + 5);
    query(c, 3, 48, &used);
    memcpy(&boot, words, 8);
    memcpy(&now, words + 2, 8);
    assert_int_equal(now - boot, ke_interrupt_time(c->r->m->ke));
    query(c, 8, 48, &used);
    memcpy(&now, words + 2, 8);
    assert_int_equal(now, ke_interrupt_time(c->r->m->ke));
    query(c, 35, 2, &used);
    assert_int_equal(words[0] & 0xffff, 0x0100);
}

static void modules_are_listed(void **state)
{
    struct caller *c = *state;
    uint32_t used, image = rig_load(c->r, "iotest.sys");
    const uint8_t *m = (const uint8_t *)(words + 1);
    struct nt_image_info info;

    assert_true(nt_image_at(c->r->m->nt, image - 1, &info));
    assert_int_equal(query(c, 11, 4, &used), LENGTH_MISMATCH);
    assert_int_equal(used, 4 + 3 * 284);
    assert_int_equal(query(c, 11, used, &used), SUCCESS);
    assert_int_equal(words[0], 3);
    assert_int_equal(words[1 + 2], 0x80400000);
    assert_string_equal((const char *)m + 28,
                        "\\WINDOWS\\system32\\ntoskrnl.exe");
    m += 284;
    assert_string_equal((const char *)m + 28 + m[26], "hal.dll");
    m += 284;
    assert_memory_equal(m + 8, &info.base.v, 4);
    assert_memory_equal(m + 12, &info.bytes, 4);
    assert_string_equal((const char *)m + 28 + m[26], "iotest.sys");
}

/* The idle process, System, and one of the user's. */
static void processes_are_listed(void **state)
{
    struct caller *c = *state;
    uint32_t used, at = 0, count = 0;
    struct hb_error error;
    uint16_t first;

    assert_int_not_equal(nt_process_create(c->r->m->nt, "app.exe", &error), 0);
    assert_int_equal(query(c, 5, 100, &used), LENGTH_MISMATCH);
    assert_int_equal(query(c, 5, used, &used), SUCCESS);
    while (words[at / 4]) {
        at += words[at / 4];
        assert_in_range(at, 0, used - 0xb8);
        if (++count == 1) {
            assert_int_equal(words[(at + 0x44) / 4], 4);
            assert_true(words[(at + 4) / 4] >= 2); /* this thread, PnP's */
            assert_int_equal(words[(at + 0xb8 + 0x20) / 4], 4);
        }
    }
    assert_int_equal(count, 2);
    assert_int_equal(words[(at + 0x38) / 4] & 0xffff, 2 * 7);
    caller_get(c, words[(at + 0x3c) / 4], &first, sizeof first);
    assert_int_equal(first, 'a');
}

static void handles_are_listed(void **state)
{
    struct caller *c = *state;
    uint32_t used, handle, found = 0;

    STD_CALL(c, "ZwCreateEvent", c->data, 0x1f0003, 0, 0, 0);
    handle = caller_dword(c, c->data);
    assert_int_equal(query(c, 16, 0, &used), LENGTH_MISMATCH);
    assert_int_equal(query(c, 16, used, &used), SUCCESS);
    assert_int_equal(used, 4 + 16 * words[0]);
    for (uint32_t i = 0; i < words[0]; i++)
        found += words[1 + 4 * i] == 4 && words[2 + 4 * i] >> 16 == handle &&
                 words[4 + 4 * i] == 0x1f0003;
    assert_int_equal(found, 1);
}

static uint32_t power(struct caller *c, uint32_t level, uint32_t in,
                      uint32_t room)
{
    uint32_t status =
        STD_CALL(c, "ZwPowerInformation", level, in, in ? 4 : 0, c->data, room);

    caller_get(c, c->data, words, 128);
    return status;
}

static void power_of_a_machine_without_a_battery(void **state)
{
    static const uint32_t level[][2] = {{4, 76}, {5, 32}, {11, 24}, {12, 16},
                                        {14, 8}, {15, 8}, {16, 4}};
    struct caller *c = *state;

    for (unsigned i = 0; i < sizeof level / sizeof level[0]; i++) {
        assert_int_equal(power(c, level[i][0], 0, level[i][1]), SUCCESS);
        assert_int_equal(power(c, level[i][0], 0, level[i][1] - 1), TOO_SMALL);
        assert_int_equal(power(c, level[i][0], c->data, 100), BAD_PARAMETER);
    }
    power(c, 4, 0, 76);
    assert_int_equal(words[0] | words[1], 0); /* no buttons, no sleep states */
    power(c, 5, 0, 32);
    assert_int_equal(words[0], 1); /* on line, no battery */
    power(c, 11, 0, 24);
    assert_int_equal(words[1], 1000 / c->r->m->clock.ns_per_tick);
    assert_int_equal(power(c, 99, 0, 76), NOT_IMPLEMENTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(classes_of_one_size_want_it),
        CALLER_TEST(the_machine_is_described),
        CALLER_TEST(modules_are_listed),
        CALLER_TEST(processes_are_listed),
        CALLER_TEST(handles_are_listed),
        CALLER_TEST(power_of_a_machine_without_a_battery),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
