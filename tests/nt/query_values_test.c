/* tests/nt/query_values_test.c -- RtlQueryRegistryValues by its table: what the
 * driver's routine is called with, and what goes straight to its variables.
 * Source: WDK, RtlQueryRegistryValues and RTL_QUERY_REGISTRY_TABLE. */
#include <string.h>

#include "board/board.h"
#include "caller.h"

#define KEY               "\\Registry\\Machine\\Software\\Query"
#define NOT_FOUND         0xC0000034u
#define INVALID_PARAMETER 0xC000000Du
#define TOO_SMALL         0xC0000023u
#define UNSUCCESSFUL      0xC0000001u
enum { NONE, SZ, EXPAND_SZ, BINARY, DWORD, MULTI_SZ = 7 };
enum {
    SUBKEY = 1,
    TOPKEY = 2,
    REQUIRED = 4,
    NOVALUE = 8,
    NOEXPAND = 0x10,
    DIRECT = 0x20,
    DELETE = 0x40
};
#define OPTIONAL 0x80000000u
enum { /* in the caller's data */
       COUNT = 0,
       RESULT = 4,
       VARIABLE = 0x100,
       CODE = 0x200,
       TABLE = 0x400,
       PATH = 0x800,
       NAMES = 0xa00, /* 64 bytes for each entry of the table */
       DEFAULT = 0xe00,
       LOG = 0x1000,
};
enum { RECORD = 64, CONTEXT = 0x1234 };

/** A row of the table. */
struct entry {
    uint32_t routine, flags, name, context, type, data, bytes;
};

/** One call of the routine, and the first bytes of what it was given. */
struct record {
    uint32_t name, type, data, bytes, context, entry_context;
    uint16_t name_text[8];
    uint8_t value[16];
    uint8_t rest[8];
};
_Static_assert(sizeof(struct record) == RECORD, "the routine writes 64 bytes");

/* Copies 16 bytes at ECX, if it is not 0, to EDX + @to. */
static unsigned copy_16(uint8_t *code, uint8_t argument, uint8_t to)
{
    static const uint8_t start[] = {0x8b, 0x4c, 0x24, 0, 0x85, 0xc9, 0x74, 24};
    unsigned n = sizeof start;

    memcpy(code, start, n);
    code[3] = argument;
    for (uint8_t i = 0; i < 16; i += 4, n += 6)
        memcpy(code + n, (uint8_t[]){0x8b, 0x41, i, 0x89, 0x42, to + i}, 6);
    return n;
}

/* The query routine: log[count++] = its arguments; returns RESULT. */
static uint32_t routine(struct caller *c)
{
    uint32_t count = c->data + COUNT, log = c->data + LOG;
    uint32_t result = c->data + RESULT;
    uint8_t code[160];
    unsigned n = 0;

    memcpy(code, (uint8_t[]){0x8b, 0x15}, 2); /* mov edx, [count] */
    memcpy(code + 2, &count, 4);
    memcpy(code + 6, (uint8_t[]){0xc1, 0xe2, 6, 0x81, 0xc2}, 5);
    memcpy(code + 11, &log, 4); /* edx * 64 + log */
    n = 15;
    for (uint8_t i = 0; i < 24; i += 4, n += 7)
        memcpy(code + n,
               (uint8_t[]){0x8b, 0x44, 0x24, (uint8_t)(4 + i), 0x89, 0x42, i},
               7);
    n += copy_16(code + n, 4, 24);
    n += copy_16(code + n, 12, 40);
    memcpy(code + n, (uint8_t[]){0xff, 0x05}, 2); /* inc [count] */
    memcpy(code + n + 2, &count, 4);
    code[n + 6] = 0xa1; /* mov eax, [result] */
    memcpy(code + n + 7, &result, 4);
    memcpy(code + n + 11, (uint8_t[]){0xc2, 24, 0}, 3);
    caller_put(c, c->data + CODE, code, n + 14);
    return c->data + CODE;
}

static void value(struct caller *c, const char *key, const char *name,
                  uint32_t type, const void *data, uint32_t bytes)
{
    struct hb_error error;

    assert_int_equal(
        nt_registry_set(c->r->m->nt, key, name, type, data, bytes, &error),
        HB_OK);
}

static void values(struct caller *c)
{
    const uint32_t seven = 7;

    value(c, KEY, "Number", DWORD, &seven, 4);
    value(c, KEY, "Text", SZ, u"hi", 6);
    value(c, KEY, "Texts", MULTI_SZ, u"x\0yy\0", 12);
    value(c, KEY, "Bytes", BINARY, "abcdefgh", 8);
    value(c, KEY "\\Below", "Deep", SZ, u"d", 4);
}

/* A row that calls the routine, or is direct. */
static struct entry row(uint32_t flags)
{
    return (struct entry){
        .routine = !(flags & DIRECT), .flags = flags, .context = 0x77};
}

static uint32_t query_key(struct caller *c, uint32_t relative, const char *path,
                          const struct entry *rows, const char *const *names,
                          unsigned count)
{
    uint32_t code = routine(c);

    caller_set(c, c->data + COUNT, 0);
    for (unsigned i = 0; i < count; i++) {
        struct entry e = rows[i];

        e.routine = e.routine ? code : 0;
        e.name =
            names[i] ? caller_wide(c, c->data + NAMES + 64 * i, names[i]) : 0;
        caller_put(c, c->data + TABLE + (uint32_t)sizeof e * i, &e, sizeof e);
    }
    caller_put(c, c->data + TABLE + (uint32_t)sizeof *rows * count,
               &(struct entry){0}, sizeof *rows);
    return STD_CALL(c, "RtlQueryRegistryValues", relative,
                    caller_wide(c, c->data + PATH, path), c->data + TABLE,
                    CONTEXT, 0);
}

/* One row. */
static uint32_t query(struct caller *c, struct entry e, const char *name)
{
    return query_key(c, 0, KEY, &e, &name, 1);
}

static uint32_t calls(struct caller *c)
{
    return caller_dword(c, c->data + COUNT);
}

static struct record called(struct caller *c, unsigned i)
{
    struct record r;

    caller_get(c, c->data + LOG + RECORD * i, &r, sizeof r);
    assert_int_equal(r.context, CONTEXT);
    assert_int_equal(r.entry_context, 0x77);
    return r;
}

static void assert_call(struct caller *c, unsigned i, const void *name,
                        unsigned name_bytes, uint32_t type, const void *data,
                        uint32_t bytes)
{
    struct record r = called(c, i);

    assert_memory_equal(r.name_text, name, name_bytes);
    assert_int_equal(r.type, type);
    assert_int_equal(r.bytes, bytes);
    assert_memory_equal(r.value, data, bytes);
}

static void a_named_value_goes_to_the_routine(void **state)
{
    static const uint8_t seven[] = {7, 0, 0, 0};
    struct caller *c = *state;

    values(c);
    assert_int_equal(query(c, row(0), "number"), 0);
    assert_int_equal(calls(c), 1);
    assert_call(c, 0, u"Number", 14, DWORD, seven, 4);
    assert_int_equal(query(c, row(REQUIRED), "Text"), 0);
    assert_call(c, 0, u"Text", 10, SZ, u"hi", 6);
}

static void without_a_name_all_values_go_to_the_routine(void **state)
{
    struct caller *c = *state;

    values(c);
    assert_int_equal(query(c, row(0), NULL), 0);
    assert_int_equal(calls(c), 5); /* Texts is two */
    assert_call(c, 1, u"Text", 10, SZ, u"hi", 6);
    assert_call(c, 4, u"Bytes", 12, BINARY, "abcdefgh", 8);
}

static void a_multi_sz_is_a_call_for_each_string(void **state)
{
    struct caller *c = *state;

    values(c);
    assert_int_equal(query(c, row(0), "Texts"), 0);
    assert_int_equal(calls(c), 2);
    assert_call(c, 0, u"Texts", 12, SZ, u"x", 4);
    assert_call(c, 1, u"Texts", 12, SZ, u"yy", 6);
    assert_int_equal(query(c, row(NOEXPAND), "Texts"), 0);
    assert_int_equal(calls(c), 1);
    assert_call(c, 0, u"Texts", 12, MULTI_SZ, u"x\0yy\0", 12);
}

static void a_missing_value_is_nothing_or_an_error_or_its_default(void **state)
{
    struct caller *c = *state;
    struct entry e = row(0);

    values(c);
    assert_int_equal(query(c, e, "Nothing"), 0);
    assert_int_equal(calls(c), 0);
    assert_int_equal(query(c, row(REQUIRED), "Nothing"), NOT_FOUND);
    e.type = DWORD;
    e.data = c->data + DEFAULT;
    e.bytes = 4;
    caller_set(c, e.data, 0x55);
    assert_int_equal(query(c, e, "Nothing"), 0);
    assert_int_equal(calls(c), 1);
    assert_call(c, 0, u"Nothing", 16, DWORD, "\x55\0\0\0", 4);
    e.type = SZ;
    e.bytes = 0; /* to its end */
    caller_wide(c, e.data, "def");
    assert_int_equal(query(c, e, "Nothing"), 0);
    assert_call(c, 0, u"Nothing", 16, SZ, u"def", 8);
}

static void what_the_routine_returns_ends_the_walk(void **state)
{
    struct caller *c = *state;

    values(c);
    caller_set(c, c->data + RESULT, UNSUCCESSFUL);
    assert_int_equal(query(c, row(0), NULL), UNSUCCESSFUL);
    assert_int_equal(calls(c), 1);
}

static void subkeys_are_entered_and_left(void **state)
{
    static const char *const names[] = {"Below", "Deep", "Text", "Text"};
    const struct entry rows[] = {row(SUBKEY), row(0), row(TOPKEY),
                                 row(REQUIRED)};
    struct caller *c = *state;
    const struct entry missing = row(SUBKEY | REQUIRED);

    values(c);
    assert_int_equal(query_key(c, 0, KEY, rows, names, 4), 0);
    assert_int_equal(calls(c), 4);
    assert_call(c, 0, u"Deep", 10, SZ, u"d", 4); /* all of the subkey's */
    assert_call(c, 1, u"Deep", 10, SZ, u"d", 4);
    assert_call(c, 2, u"Text", 10, SZ, u"hi", 6);
    assert_int_equal(query(c, missing, "Nowhere"), NOT_FOUND);
    assert_int_equal(query(c, row(SUBKEY), "Nowhere"), 0);
    assert_int_equal(calls(c), 0);
}

static void novalue_is_one_call_without_a_value(void **state)
{
    struct caller *c = *state;

    values(c);
    assert_int_equal(query(c, row(NOVALUE), NULL), 0);
    assert_int_equal(calls(c), 1);
    assert_int_equal(called(c, 0).type, NONE);
    assert_int_equal(called(c, 0).data, 0);
    assert_int_equal(called(c, 0).bytes, 0);
}

static void direct_values_go_to_variables(void **state)
{
    struct caller *c = *state;
    struct entry e = row(DIRECT);
    uint32_t at = e.context = c->data + VARIABLE;
    uint16_t text[3];
    uint8_t bytes[16];

    values(c);
    caller_set(c, at, 0);
    assert_int_equal(query(c, e, "Number"), 0);
    assert_int_equal(caller_dword(c, at), 7);
    assert_int_equal(calls(c), 0);

    caller_counted(c, at, 0, 0, 0); /* without a buffer: from pool */
    assert_int_equal(query(c, e, "Text"), 0);
    assert_int_equal(caller_dword(c, at), 6 << 16 | 4);
    caller_get(c, caller_dword(c, at + 4), text, 6);
    assert_memory_equal(text, u"hi", 6);
    STD_CALL(c, "RtlFreeUnicodeString", at);
    caller_counted(c, at, 0, 5, at + 16); /* no room for the end */
    assert_int_equal(query(c, e, "Text"), TOO_SMALL);
    caller_counted(c, at, 0, 6, at + 16);
    assert_int_equal(query(c, e, "Text"), 0);
    assert_int_equal(caller_dword(c, at) & 0xffff, 4);

    caller_set(c, at, (uint32_t)-8); /* negative: the bytes alone */
    assert_int_equal(query(c, e, "Bytes"), 0);
    caller_get(c, at, bytes, 8);
    assert_memory_equal(bytes, "abcdefgh", 8);
    caller_set(c, at, (uint32_t)-7);
    assert_int_equal(query(c, e, "Bytes"), TOO_SMALL);
    caller_set(c, at, 16); /* positive: length and type before them */
    assert_int_equal(query(c, e, "Bytes"), 0);
    caller_get(c, at, bytes, 16);
    assert_memory_equal(bytes, "\x08\0\0\0\x03\0\0\0abcdefgh", 16);
    caller_set(c, at, 15);
    assert_int_equal(query(c, e, "Bytes"), TOO_SMALL);
}

static void direct_needs_a_name_and_no_routine(void **state)
{
    struct caller *c = *state;
    struct entry e = row(DIRECT);

    values(c);
    e.context = c->data + VARIABLE;
    assert_int_equal(query(c, e, NULL), INVALID_PARAMETER);
    e.routine = 1;
    assert_int_equal(query(c, e, "Number"), INVALID_PARAMETER);
    e = row(DIRECT | SUBKEY);
    assert_int_equal(query(c, e, "Below"), INVALID_PARAMETER);
    e = row(DIRECT);
    e.context = c->data + VARIABLE;
    e.type = DWORD; /* a default goes there too */
    e.data = c->data + DEFAULT;
    e.bytes = 4;
    caller_set(c, e.data, 0x99);
    assert_int_equal(query(c, e, "Nothing"), 0);
    assert_int_equal(caller_dword(c, e.context), 0x99);
}

static void delete_takes_the_value_away_after_it_was_read(void **state)
{
    struct caller *c = *state;

    values(c);
    assert_int_equal(query(c, row(DELETE), "Text"), 0);
    assert_int_equal(calls(c), 1);
    assert_int_equal(query(c, row(REQUIRED), "Text"), NOT_FOUND);
    assert_int_equal(query(c, row(REQUIRED), "Number"), 0);
}

static void a_key_that_is_not_there_is_an_error_or_empty(void **state)
{
    static const char *const name[] = {"Number"};
    struct caller *c = *state;
    struct entry e = row(0);

    values(c);
    assert_int_equal(query_key(c, 0, KEY "\\Nowhere", &e, name, 1), NOT_FOUND);
    assert_int_equal(query_key(c, OPTIONAL, KEY "\\Nowhere", &e, name, 1), 0);
    assert_int_equal(calls(c), 0);
}

static void paths_are_relative_to_the_services_key(void **state)
{
    static const char *const name[] = {"Depth"};
    struct caller *c = *state;
    struct entry e = row(REQUIRED);

    value(c, "mine\\Parameters", "Depth", SZ, u"5", 4);
    assert_int_equal(query_key(c, 1, "mine\\Parameters", &e, name, 1), 0);
    assert_call(c, 0, u"Depth", 12, SZ, u"5", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(a_named_value_goes_to_the_routine),
        CALLER_TEST(without_a_name_all_values_go_to_the_routine),
        CALLER_TEST(a_multi_sz_is_a_call_for_each_string),
        CALLER_TEST(a_missing_value_is_nothing_or_an_error_or_its_default),
        CALLER_TEST(what_the_routine_returns_ends_the_walk),
        CALLER_TEST(subkeys_are_entered_and_left),
        CALLER_TEST(novalue_is_one_call_without_a_value),
        CALLER_TEST(direct_values_go_to_variables),
        CALLER_TEST(direct_needs_a_name_and_no_routine),
        CALLER_TEST(delete_takes_the_value_away_after_it_was_read),
        CALLER_TEST(a_key_that_is_not_there_is_an_error_or_empty),
        CALLER_TEST(paths_are_relative_to_the_services_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
