/* tests/nt/rtl_test.c -- the run-time library's counted strings, numbers, times
 * and versions by the WDK's reference pages; the registry's bounds. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/vec.h"
#include "caller.h"
#include "nt/registry.h"

#define INVALID_PARAMETER 0xC000000Du
#define BUFFER_TOO_SMALL  0xC0000023u
#define BUFFER_OVERFLOW   0x80000005u
#define ACCESS_VIOLATION  0xC0000005u
#define MISALIGNMENT      0x80000002u
#define REVISION_MISMATCH 0xC0000059u

static uint32_t wide_string(struct caller *c, uint32_t at, const char *text)
{
    uint16_t bytes = (uint16_t)(2 * strlen(text));

    caller_wide(c, at + 8, text);
    return caller_counted(c, at, bytes, (uint16_t)(bytes + 2), at + 8);
}

static uint16_t word(struct caller *c, uint32_t at)
{
    uint16_t v;

    caller_get(c, at, &v, 2);
    return v;
}

static void strings_are_initialised_and_compared(void **state)
{
    struct caller *c = *state;
    uint32_t s = c->data, p = c->data + 0x400, q = c->data + 0x800;

    caller_text(c, p, "abc");
    STD_CALL(c, "RtlInitAnsiString", s, p);
    assert_int_equal(caller_dword(c, s), 3 | 4 << 16);
    STD_CALL(c, "RtlInitString", s, 0);
    assert_int_equal(caller_dword(c, s), 0);
    STD_CALL(c, "RtlInitUnicodeString", s, p);
    assert_int_equal(word(c, s + 2), word(c, s) + 2);
    wide_string(c, p, "abc");
    wide_string(c, q, "ABCd");
    assert_true((int32_t)STD_CALL(c, "RtlCompareUnicodeString", p, q, 1) < 0);
    assert_true((int32_t)STD_CALL(c, "RtlCompareUnicodeString", p, q, 0) > 0);
    assert_int_equal(STD_CALL(c, "RtlEqualUnicodeString", p, q, 1), 0);
    assert_int_equal(STD_CALL(c, "RtlPrefixUnicodeString", p, q, 1), 1);
    assert_int_equal(STD_CALL(c, "RtlPrefixUnicodeString", p, q, 0), 0);
    assert_int_equal(STD_CALL(c, "RtlPrefixUnicodeString", q, p, 1), 0);
    assert_int_equal(STD_CALL(c, "RtlCompareString", p, p, 0), 0);
    assert_int_equal(STD_CALL(c, "RtlEqualString", p, q, 0), 0);
    assert_int_equal(STD_CALL(c, "RtlUpcaseUnicodeChar", 'q'), 'Q');
}

static void what_does_not_fit_is_not_appended(void **state)
{
    struct caller *c = *state;
    uint32_t s = c->data, t = c->data + 0x400, text = c->data + 0x800;

    caller_counted(c, s, 0, 8, s + 16);
    wide_string(c, t, "ab");
    assert_int_equal(STD_CALL(c, "RtlAppendUnicodeStringToString", s, t), 0);
    caller_wide(c, text, "cd");
    assert_int_equal(STD_CALL(c, "RtlAppendUnicodeToString", s, text), 0);
    assert_int_equal(word(c, s), 8);
    assert_int_equal(STD_CALL(c, "RtlAppendUnicodeToString", s, text),
                     BUFFER_TOO_SMALL);
    assert_int_equal(word(c, s), 8);
    assert_int_equal(word(c, s + 16 + 6), 'd');
    caller_counted(c, s, 0, 2, s + 16);
    STD_CALL(c, "RtlCopyUnicodeString", s, t);
    assert_int_equal(word(c, s), 2);
    STD_CALL(c, "RtlCopyString", s, 0);
    assert_int_equal(word(c, s), 0);
}

static void strings_change_their_width(void **state)
{
    struct caller *c = *state;
    uint32_t s = c->data, t = c->data + 0x400, n = c->data + 0x600;
    uint32_t text = caller_text(c, c->data + 0x800, "ab\xe4");

    caller_counted(c, t, 3, 4, text);
    assert_int_equal(STD_CALL(c, "RtlxAnsiStringToUnicodeSize", t), 8);
    assert_int_equal(STD_CALL(c, "RtlAnsiStringToUnicodeString", s, t, 1), 0);
    assert_int_equal(caller_dword(c, s), 6 | 8 << 16);
    assert_int_equal(word(c, caller_dword(c, s + 4) + 4), 0xe4);
    assert_int_equal(STD_CALL(c, "RtlxUnicodeStringToAnsiSize", s), 4);
    caller_counted(c, t, 0, 3, text);
    assert_int_equal(STD_CALL(c, "RtlUnicodeStringToAnsiString", t, s, 0),
                     BUFFER_OVERFLOW);
    assert_int_equal(STD_CALL(c, "RtlUnicodeStringToAnsiString", t, s, 1), 0);
    STD_CALL(c, "RtlFreeAnsiString", t);
    assert_int_equal(caller_dword(c, t + 4), 0);
    assert_int_equal(STD_CALL(c, "RtlUpcaseUnicodeString", t, s, 1), 0);
    assert_int_equal(word(c, caller_dword(c, t + 4) + 4), 0xc4);
    STD_CALL(c, "RtlFreeUnicodeString", t);
    STD_CALL(c, "RtlFreeUnicodeString", s);
    assert_int_equal(
        STD_CALL(c, "RtlCreateUnicodeString", s, caller_wide(c, text, "xyz")),
        1);
    assert_int_equal(word(c, s), 6);
    caller_text(c, text, "abcd");
    STD_CALL(c, "RtlMultiByteToUnicodeN", t, 4, n, text, 4);
    assert_int_equal(caller_dword(c, n), 4);
    assert_int_equal(caller_dword(c, t), 'a' | 'b' << 16);
    STD_CALL(c, "RtlUnicodeToMultiByteN", text, 9, 0, t, 4);
    STD_CALL(c, "RtlMultiByteToUnicodeSize", n, text, 5);
    assert_int_equal(caller_dword(c, n), 10);
    STD_CALL(c, "RtlUnicodeToMultiByteSize", n, text, 10);
    assert_int_equal(caller_dword(c, n), 5);
    caller_put(c, n, &text, 4);
    assert_int_equal(STD_CALL(c, "RtlAnsiCharToUnicodeChar", n), 'a');
    assert_int_equal(caller_dword(c, n), text + 1);
}

static void numbers_become_texts_and_back(void **state)
{
    static const struct {
        uint32_t value, base;
        const char *text;
    } row[] = {{0, 0, "0"}, {255, 16, "FF"}, {8, 8, "10"}, {5, 2, "101"}};
    struct caller *c = *state;
    uint32_t s = c->data, v = c->data + 0x400;

    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
        caller_counted(c, s, 0, 64, s + 8);
        STD_CALL(c, "RtlIntegerToUnicodeString", row[i].value, row[i].base, s);
        assert_int_equal(word(c, s), 2 * strlen(row[i].text));
        STD_CALL(c, "RtlUnicodeStringToInteger", s, row[i].base, v);
        assert_int_equal(caller_dword(c, v), row[i].value);
    }
    wide_string(c, s, " -0x1F!");
    STD_CALL(c, "RtlUnicodeStringToInteger", s, 0, v);
    assert_int_equal((int32_t)caller_dword(c, v), -0x1f);
    assert_int_equal(STD_CALL(c, "RtlIntegerToUnicodeString", 1, 3, s),
                     INVALID_PARAMETER);
    caller_counted(c, s, 0, 2, s + 8);
    assert_int_equal(STD_CALL(c, "RtlIntegerToUnicodeString", 10, 10, s),
                     BUFFER_OVERFLOW);
}

static void guids_become_texts_and_back(void **state)
{
    static const char text[] = "{00112233-4455-6677-8899-AABBCCDDEEFF}";
    struct caller *c = *state;
    uint32_t s = c->data, g = c->data + 0x400, t = c->data + 0x500;

    wide_string(c, s, text);
    assert_int_equal(STD_CALL(c, "RtlGUIDFromString", s, g), 0);
    assert_int_equal(caller_dword(c, g), 0x00112233);
    assert_int_equal(word(c, g + 4), 0x4455);
    assert_int_equal(STD_CALL(c, "RtlStringFromGUID", g, t), 0);
    assert_int_equal(STD_CALL(c, "RtlEqualUnicodeString", s, t, 0), 1);
    wide_string(c, s, "{0011}");
    assert_int_equal(STD_CALL(c, "RtlGUIDFromString", s, g), INVALID_PARAMETER);
}

static void bits_are_counted(void **state)
{
    struct caller *c = *state;
    uint32_t map = c->data, bits = c->data + 16;

    caller_put(c, bits, (uint32_t[]){0xf0000001, 0xffffffff}, 8);
    STD_CALL(c, "RtlInitializeBitMap", map, bits, 35);
    assert_int_equal(STD_CALL(c, "RtlNumberOfSetBits", map), 8);
    STD_CALL(c, "RtlInitializeBitMap", map, 0x1000, UINT32_MAX);
    CALL_RAISES(c, ACCESS_VIOLATION, "RtlNumberOfSetBits", map);
}

static void times_are_those_of_the_calendar(void **state)
{
    struct caller *c = *state;
    uint32_t at = c->data, f = c->data + 16;

    srand(5);
    for (unsigned i = 0; i < 100; i++) {
        time_t t = (time_t)rand() * 7 - 11644473600;
        uint64_t nt = ((uint64_t)t + 11644473600) * 10000000 + 1230000;
        uint16_t field[8];
        struct tm tm;

        gmtime_r(&t, &tm);
        caller_put(c, at, &nt, 8);
        STD_CALL(c, "RtlTimeToTimeFields", at, f);
        caller_get(c, f, field, sizeof field);
        assert_int_equal(field[0], tm.tm_year + 1900);
        assert_int_equal(field[1], tm.tm_mon + 1);
        assert_int_equal(field[2], tm.tm_mday);
        assert_int_equal(field[3], tm.tm_hour);
        assert_int_equal(field[4], tm.tm_min);
        assert_int_equal(field[5], tm.tm_sec);
        assert_int_equal(field[6], 123);
        assert_int_equal(field[7], tm.tm_wday);
    }
}

static void the_version_is_one(void **state)
{
    struct caller *c = *state;
    uint32_t v = c->data, major, build;

    caller_put(c, v, &(uint32_t){0x11c}, 4);
    assert_int_equal(STD_CALL(c, "RtlGetVersion", v), 0);
    major = caller_dword(c, v + 4);
    build = caller_dword(c, v + 12);
    assert_int_equal(major, 5);
    assert_int_equal(caller_dword(c, v + 16), 2);   /* VER_PLATFORM_WIN32_NT */
    STD_CALL(c, "VerSetConditionMask", 0, 0, 2, 3); /* MAJOR >= */
    assert_int_equal(c->eax, 3 << 3);
    assert_int_equal(STD_CALL(c, "RtlVerifyVersionInfo", v, 2, 3 << 3, 0), 0);
    caller_put(c, v + 4, &(uint32_t){major + 1}, 4);
    assert_int_equal(STD_CALL(c, "RtlVerifyVersionInfo", v, 2, 3 << 3, 0),
                     REVISION_MISMATCH);
    assert_int_equal(STD_CALL(c, "RtlVerifyVersionInfo", v, 0, 0, 0),
                     INVALID_PARAMETER);
    assert_true(build != 0);
    STD_CALL(c, "ExIsProcessorFeaturePresent", 8); /* PF_RDTSC */
    assert_int_equal(c->eax & 0xff, 1);
    STD_CALL(c, "ExIsProcessorFeaturePresent", UINT32_MAX);
    assert_int_equal(c->eax & 0xff, 0);
}

static void probes_take_user_addresses_alone(void **state)
{
    struct caller *c = *state;

    STD_CALL(c, "ProbeForRead", c->data, 0, 1);
    STD_CALL(c, "ProbeForRead", 0x10000, 16, 4);
    STD_CALL(c, "ProbeForWrite", c->data, 0, 1);
    CALL_RAISES(c, MISALIGNMENT, "ProbeForRead", 0x10001, 16, 4);
    CALL_RAISES(c, ACCESS_VIOLATION, "ProbeForRead", c->data, 1, 1);
    CALL_RAISES(c, ACCESS_VIOLATION, "ProbeForRead", 0x10000, UINT32_MAX, 1);
    CALL_RAISES(c, ACCESS_VIOLATION, "ProbeForWrite", 0x10000, 1, 1);
}

/* All values together have a bound that no guest passes. */
static void the_registry_has_a_bound(void **state)
{
    static uint8_t data[REGISTRY_VALUE_MOST];
    struct registry r = {0};
    uint32_t key, i;
    uint16_t name;

    (void)state;
    assert_true(hive_init(&r));
    key = hive_make_text(&r, "Machine\\Software");
    for (i = 0; i < REGISTRY_DATA_MOST / sizeof data; i++) {
        name = (uint16_t)('A' + i);
        assert_true(hive_set(&r, key, &name, 1, REG_BINARY, data, sizeof data));
    }
    assert_true(hive_set(&r, key, &name, 1, REG_BINARY, data, sizeof data));
    name++;
    assert_false(hive_set(&r, key, &name, 1, REG_BINARY, data, 1));
    assert_int_equal(hive_totals(&r, key).values, i);
    assert_int_equal(hive_totals(&r, key).longest_data, sizeof data);
    vec_free(&r.keys);
    vec_free(&r.values);
    vec_free(&r.data);
}

/* 16 MiB of data in the values of one key: taken out in one walk. */
static void a_key_with_all_values_goes_at_once(void **state)
{
    enum { BYTES = REGISTRY_DATA_MOST / REGISTRY_VALUES_MOST };
    struct registry r = {0};
    uint32_t key, other;

    (void)state;
    assert_true(hive_init(&r));
    other = hive_make_text(&r, "Machine\\Software\\Other");
    key = hive_make_text(&r, "Machine\\Software\\Full");
    assert_true(hive_set_text(&r, other, "First", "kept"));
    for (unsigned i = 0; i < REGISTRY_VALUES_MOST - 2; i++) {
        struct registry_value v = {.key = key, .name_count = 2};

        v.name[0] = (uint16_t)i;
        v.bytes = i % 2 ? BYTES : 0;
        v.at = r.data.count;
        assert_non_null(vec_push(&r.values, sizeof v, &v));
        assert_true(vec_resize(&r.data, 1, r.data.count + v.bytes));
    }
    assert_true(hive_set_text(&r, other, "Last", "too"));
    assert_true(hive_sound(&r));
    assert_true(hive_delete(&r, key));
    assert_true(hive_sound(&r));
    assert_int_equal(r.values.count, 2);
    assert_int_equal(r.data.count, 2 * sizeof "kept" + 2 * sizeof "too");
    assert_memory_equal(hive_data(&r, hive_value_at(&r, other, 0)), "k\0e", 4);
    assert_memory_equal(hive_data(&r, hive_value_at(&r, other, 1)), "t\0o", 4);
    vec_free(&r.keys);
    vec_free(&r.values);
    vec_free(&r.data);
}

/* A file may say anything: values share no bytes and have a key. */
static void a_damaged_registry_is_told(void **state)
{
    struct registry r = {0};
    struct registry_value *v;
    uint32_t key;

    (void)state;
    assert_true(hive_init(&r));
    key = hive_make_text(&r, "Machine\\Software");
    assert_true(hive_set_text(&r, key, "A", "one"));
    assert_true(hive_set_text(&r, key, "B", "two"));
    v = r.values.data;
    assert_true(hive_sound(&r));
    v[1].at--;
    assert_false(hive_sound(&r));
    v[1].at += 2;
    assert_false(hive_sound(&r));
    v[1].at--;
    v[1].key = 1000;
    assert_false(hive_sound(&r));
    v[1].key = key;
    v[1].name_count = REGISTRY_NAME + 1;
    assert_false(hive_sound(&r));
    vec_free(&r.keys);
    vec_free(&r.values);
    vec_free(&r.data);
}

/* Every dword of the table is the address of a name that no key has, and as
 * flags RTL_QUERY_REGISTRY_SUBKEY. Interrupts come between its entries. */
static void a_query_table_without_an_end_is_refused(void **state)
{
    struct caller *c = *state;
    uint32_t name = (c->data & ~0x3fu) + 0x401;
    uint64_t before = machine_position(c->r->m).tick;

    caller_wide(c, name, "a\\b\\c");
    caller_alias(c, 0x40000000, 4 << 20, name);
    assert_int_equal(
        STD_CALL(c, "RtlQueryRegistryValues", 0, 0, 0x40000000, 0, 0),
        INVALID_PARAMETER);
    assert_true(machine_position(c->r->m).tick - before > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(strings_are_initialised_and_compared),
        CALLER_TEST(what_does_not_fit_is_not_appended),
        CALLER_TEST(strings_change_their_width),
        CALLER_TEST(numbers_become_texts_and_back),
        CALLER_TEST(guids_become_texts_and_back),
        CALLER_TEST(bits_are_counted),
        CALLER_TEST(times_are_those_of_the_calendar),
        CALLER_TEST(the_version_is_one),
        CALLER_TEST(probes_take_user_addresses_alone),
        CALLER_TEST(a_query_table_without_an_end_is_refused),
        cmocka_unit_test(the_registry_has_a_bound),
        cmocka_unit_test(a_key_with_all_values_goes_at_once),
        cmocka_unit_test(a_damaged_registry_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
