/* tests/script/sandbox_test.c -- a scenario's Lua gives the same results in
 * every run and reaches nothing of the host. */
#include <stdio.h>

#include "bench.h"

static void pairs_go_by_sorted_keys(void **state)
{
    struct bench *b = *state;

    passes(b, "for k, v in pairs{b=1, a=2, [3]=4, [1]=9, [1.5]=8, [true]=0} do"
              " print(k, v) end");
    assert_string_equal(b->printed,
                        "1\t9\n1.5\t8\n3\t4\na\t2\nb\t1\ntrue\t0\n");
}

static void next_goes_by_sorted_keys_too(void **state)
{
    passes(*state, "local t = {z=1, y=2} local k, v = next(t) equal(k, 'y')"
                   " equal(v, 2) k, v = next(t, k) equal(k, 'z')"
                   " equal(next(t, k), nil) equal(next({}), nil)");
}

static void pairs_refuse_keys_without_an_order(void **state)
{
    complains(*state, "for k in pairs{[{}]=1} do end",
              "its place among the others would differ");
}

static void elements_may_be_taken_out_while_pairs_goes(void **state)
{
    passes(*state, "local t, n = {a=1, b=2, c=3}, 0"
                   " for k in pairs(t) do t[k] = nil t.c = nil n = n + 1 end"
                   " equal(n, 2)");
}

static void nothing_shows_an_address(void **state)
{
    struct bench *b = *state;

    passes(b,
           "print({}, print, coroutine.create(print), io, os, debug)"
           " print(string.format('%s', {}), tostring(print))"
           " print(setmetatable({}, {__tostring = function() return 'x' end}))"
           " fails(function() return ('%p'):format({}) end, 'address')");
    assert_string_equal(b->printed, "table\tfunction\tthread\tnil\tnil\tnil\n"
                                    "table\tfunction\nx\n");
}

static void nothing_of_the_host_is_reached(void **state)
{
    static const char *const names[] = {
        "io",      "os",          "debug",    "require",
        "package", "dofile",      "loadfile", "collectgarbage",
        "warn",    "string.dump", "hb"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[64];

        snprintf(text, sizeof text, "equal(%s, nil)", names[i]);
        passes(*state, text);
    }
}

static void load_takes_no_bytecode(void **state)
{
    passes(*state, "equal(load('return 1 + 1')(), 2)"
                   " local f, why = load('\\27Lua') equal(f, nil)"
                   " check(why:find('binary'))");
}

static void random_numbers_come_from_the_seed(void **state)
{
    static const char text[] = "for i = 1, 5 do print(math.random(1000)) end"
                               " print(math.random())";
    struct bench *b = *state;
    char first[sizeof b->printed];

    b->seed = 1;
    passes(b, text);
    memcpy(first, b->printed, sizeof first);
    passes(b, text);
    assert_string_equal(b->printed, first);
    b->seed = 2;
    passes(b, text);
    assert_string_not_equal(b->printed, first);
}

static void random_numbers_stay_in_their_interval(void **state)
{
    passes(*state, "local seen = {} for i = 1, 500 do"
                   " local n = math.random(3, 7) check(n >= 3 and n <= 7)"
                   " seen[n] = true local f = math.random()"
                   " check(f >= 0 and f < 1) end"
                   " for n = 3, 7 do check(seen[n]) end"
                   " math.random(math.mininteger, math.maxinteger)");
}

static void each_test_has_the_same_random_numbers(void **state)
{
    struct bench *b = *state;

    passes(b, "test('a', function() print(math.random(1 << 40)) end)"
              " test('b', function() print(math.random(1 << 40)) end)");
    assert_memory_equal(b->printed, b->printed + strlen(b->printed) / 2,
                        strlen(b->printed) / 2);
}

static void sorting_is_stable(void **state)
{
    passes(*state, "local t = {} for i = 1, 400 do t[i] = {i % 7, i} end"
                   " table.sort(t, function(a, b) return a[1] < b[1] end)"
                   " for i = 2, #t do check(t[i-1][1] < t[i][1] or"
                   " t[i-1][1] == t[i][1] and t[i-1][2] < t[i][2]) end");
}

static void collection_is_not_to_be_seen(void **state)
{
    complains(*state, "setmetatable({}, {__gc = print})", "__gc");
}

static void messages_name_the_scenarios_line(void **state)
{
    struct bench *b = *state;

    assert_int_equal(scenario(b, "local x = 1\n\nequal(x, 2, 'x')\n"), HB_OK);
    assert_non_null(
        strstr(b->test[0].text, ":3: x: 1 (0x1), expected 2 (0x2)"));
    complains(b, "\nsame_bytes('abc', 'abd', 'data')",
              ":2: data: byte 2 is 63, expected 64");
    complains(b, "fails(function() end)", "it succeeded, but should fail");
    complains(b, "\n\nerror({})", "table");
}

static void a_file_that_is_not_lua_cannot_be_run(void **state)
{
    struct bench *b = *state;

    assert_int_equal(scenario(b, "x = = 1"), HB_BAD_ARGUMENT);
    assert_non_null(strstr(b->error.text, ":1:"));
    assert_int_equal(b->tests, 0);
}

static void tests_run_one_after_the_other(void **state)
{
    struct bench *b = *state;

    assert_int_equal(scenario(b, "test('good', function() end)"
                                 " test('bad', function() check(false) end)"
                                 " test('after', function() end)"),
                     HB_OK);
    assert_int_equal(b->tests, 3);
    assert_int_equal(b->failed, 1);
    assert_string_equal(b->test[1].name, "bad");
    assert_false(b->test[1].passed);
}

static void patterns_differ_everywhere(void **state)
{
    passes(*state,
           "local p = pattern(16384, 7) equal(#p, 16384)"
           " local seen = {} for i = 1, #p, 4 do local w = p:sub(i, i+3)"
           " check(not seen[w]) seen[w] = true end"
           " check(pattern(64, 1) ~= pattern(64, 2))");
}

int main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        T(pairs_go_by_sorted_keys),
        T(next_goes_by_sorted_keys_too),
        T(pairs_refuse_keys_without_an_order),
        T(elements_may_be_taken_out_while_pairs_goes),
        T(nothing_shows_an_address),
        T(nothing_of_the_host_is_reached),
        T(load_takes_no_bytecode),
        T(random_numbers_come_from_the_seed),
        T(random_numbers_stay_in_their_interval),
        T(each_test_has_the_same_random_numbers),
        T(sorting_is_stable),
        T(collection_is_not_to_be_seen),
        T(messages_name_the_scenarios_line),
        T(a_file_that_is_not_lua_cannot_be_run),
        T(tests_run_one_after_the_other),
        T(patterns_differ_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
