/* tests/nt/registry_test.c -- Zw*Key and Rtl*Registry* called by guest code, by
 * the WDK's reference pages; lookaside lists. */
#include <string.h>

#include "caller.h"

#define NOT_FOUND        0xC0000034u
#define INVALID_HANDLE   0xC0000008u
#define BUFFER_TOO_SMALL 0xC0000023u
#define NO_MORE_ENTRIES  0x8000001Au
#define KEY_DELETED      0xC000017Cu
#define KEY_PATH         "\\Registry\\Machine\\Software\\Test"

enum { ALL = 0xf003f, REG_DWORD = 4, RELATIVE_ABSOLUTE = 0 };

static uint32_t name_at(struct caller *c, uint32_t at, const char *text)
{
    uint16_t bytes = (uint16_t)(2 * strlen(text));

    caller_wide(c, at + 8, text);
    return caller_counted(c, at, bytes, bytes, at + 8);
}

static uint32_t attributes(struct caller *c, const char *path)
{
    uint32_t at = c->data, name = name_at(c, c->data + 0x100, path);

    caller_put(c, at, (uint32_t[]){24, 0, name, 0x40, 0, 0}, 24);
    return at;
}

static uint32_t create(struct caller *c, const char *path, uint32_t created)
{
    uint32_t out = c->data + 0x400;

    assert_int_equal(STD_CALL(c, "ZwCreateKey", out, ALL, attributes(c, path),
                              0, 0, 0, out + 4),
                     0);
    assert_int_equal(caller_dword(c, out + 4), created);
    return caller_dword(c, out);
}

static void a_value_lives_and_dies(void **state)
{
    struct caller *c = *state;
    uint32_t key = create(c, KEY_PATH, 1), n = c->data + 0x500;
    uint32_t name = name_at(c, c->data + 0x600, "Answer");
    uint32_t out = c->data + 0x800;

    caller_put(c, n, (uint32_t[]){42}, 4);
    assert_int_equal(
        STD_CALL(c, "ZwSetValueKey", key, name, 0, REG_DWORD, n, 4), 0);
    assert_int_equal(STD_CALL(c, "ZwQueryValueKey", key, name, 2, out, 16, n),
                     0);
    assert_int_equal(caller_dword(c, out + 4), REG_DWORD);
    assert_int_equal(caller_dword(c, out + 12), 42);
    assert_int_equal(STD_CALL(c, "ZwQueryValueKey", key, name, 2, out, 4, n),
                     BUFFER_TOO_SMALL);
    assert_int_equal(caller_dword(c, n), 16);
    assert_int_equal(STD_CALL(c, "ZwEnumerateValueKey", key, 0, 0, out, 64, n),
                     0);
    assert_int_equal(caller_dword(c, out + 8), 12);
    assert_int_equal(
        STD_CALL(c, "ZwEnumerateValueKey", key, UINT32_MAX, 0, out, 64, n),
        NO_MORE_ENTRIES);
    assert_int_equal(STD_CALL(c, "ZwQueryKey", key, 2, out, 64, n), 0);
    assert_int_equal(caller_dword(c, out + 32), 1);
    assert_int_equal(STD_CALL(c, "ZwFlushKey", key), 0);
    assert_int_equal(STD_CALL(c, "ZwDeleteValueKey", key, name), 0);
    assert_int_equal(STD_CALL(c, "ZwDeleteValueKey", key, name), NOT_FOUND);
}

static void a_key_lives_and_dies(void **state)
{
    struct caller *c = *state;
    uint32_t key = create(c, KEY_PATH, 1), out = c->data + 0x800;

    assert_int_equal(create(c, KEY_PATH, 2) != key, 1);
    create(c, KEY_PATH "\\Sub", 1);
    assert_int_equal(
        STD_CALL(c, "ZwEnumerateKey", key, 0, 0, out, 64, out + 64), 0);
    assert_int_equal(caller_dword(c, out + 12), 6);
    assert_int_equal(
        STD_CALL(c, "ZwEnumerateKey", key, 1, 0, out, 64, out + 64),
        NO_MORE_ENTRIES);
    STD_CALL(c, "ZwOpenKey", out, ALL, attributes(c, KEY_PATH "\\Sub"));
    assert_int_equal(STD_CALL(c, "ZwDeleteKey", caller_dword(c, out)), 0);
    assert_int_equal(STD_CALL(c, "ZwFlushKey", caller_dword(c, out)),
                     KEY_DELETED);
    assert_int_equal(STD_CALL(c, "ZwDeleteKey", key), 0);
    assert_int_equal(
        STD_CALL(c, "ZwOpenKey", out, ALL, attributes(c, KEY_PATH)), NOT_FOUND);
    assert_int_equal(STD_CALL(c, "ZwFlushKey", 0x7777), INVALID_HANDLE);
}

static void a_key_is_not_made_below_a_missing_one(void **state)
{
    struct caller *c = *state;
    uint32_t out = c->data + 0x400, path;

    assert_int_equal(STD_CALL(c, "ZwCreateKey", out, ALL,
                              attributes(c, KEY_PATH "\\Below"), 0, 0, 0, 0),
                     NOT_FOUND);
    assert_int_equal(
        STD_CALL(c, "ZwOpenKey", out, ALL, attributes(c, KEY_PATH)), NOT_FOUND);
    path = caller_wide(c, c->data, KEY_PATH "\\Below");
    assert_int_equal(STD_CALL(c, "RtlCreateRegistryKey", 0, path), NOT_FOUND);
    assert_int_equal(
        STD_CALL(c, "RtlWriteRegistryValue", 0, path, path, REG_DWORD, out, 4),
        NOT_FOUND);
    create(c, KEY_PATH "\\", 1); /* a backslash at the end names no key */
    create(c, KEY_PATH "\\Below", 1);
}

static void values_by_path(void **state)
{
    struct caller *c = *state;
    uint32_t path = caller_wide(c, c->data, KEY_PATH);
    uint32_t name = caller_wide(c, c->data + 0x200, "Answer");
    uint32_t n = c->data + 0x400;

    assert_int_equal(STD_CALL(c, "RtlCheckRegistryKey", 0, path), NOT_FOUND);
    assert_int_equal(STD_CALL(c, "RtlCreateRegistryKey", 0, path), 0);
    assert_int_equal(STD_CALL(c, "RtlCheckRegistryKey", 0, path), 0);
    assert_int_equal(STD_CALL(c, "RtlWriteRegistryValue", RELATIVE_ABSOLUTE,
                              path, name, REG_DWORD, n, 4),
                     0);
    assert_int_equal(STD_CALL(c, "RtlDeleteRegistryValue", 0, path, name), 0);
    assert_int_equal(STD_CALL(c, "RtlDeleteRegistryValue", 0, path, name),
                     NOT_FOUND);
}

static void lookaside_lists_start_empty(void **state)
{
    struct caller *c = *state;
    uint32_t at = c->data;

    STD_CALL(c, "ExInitializeNPagedLookasideList", at, 0, 0, 0, 40, 'T', 0);
    assert_int_equal(caller_dword(c, at), 0);
    assert_int_equal(caller_dword(c, at + 0x1c), 0);
    assert_int_equal(caller_dword(c, at + 0x24), 40);
    STD_CALL(c, "ExDeleteNPagedLookasideList", at);
    STD_CALL(c, "ExInitializePagedLookasideList", at, 0, 0, 0, 1, 'T', 0);
    assert_int_equal(caller_dword(c, at + 0x1c), 1);
    STD_CALL(c, "ExDeletePagedLookasideList", at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(a_value_lives_and_dies),
        CALLER_TEST(a_key_lives_and_dies),
        CALLER_TEST(a_key_is_not_made_below_a_missing_one),
        CALLER_TEST(values_by_path),
        CALLER_TEST(lookaside_lists_start_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
