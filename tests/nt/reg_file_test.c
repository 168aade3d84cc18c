/* tests/nt/reg_file_test.c -- registry files: what each line means, and which
 * line is wrong. Source: Microsoft KB 310516; what regedit writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nt/reg_file.h"

struct told {
    char text[4096];
    bool refuse;
};

static void say(struct told *t, const char *text)
{
    strncat(t->text, text, sizeof t->text - strlen(t->text) - 1);
}

static void say_units(struct told *t, struct reg_text s)
{
    for (unsigned i = 0; i < s.count; i++) {
        char c[8];

        snprintf(c, sizeof c, s.unit[i] < 0x80 ? "%c" : "<%04x>", s.unit[i]);
        say(t, c);
    }
}

static bool take_key(void *context, struct reg_text path, bool gone,
                     struct hb_error *error)
{
    struct told *t = context;

    say(t, gone ? "-[" : "[");
    say_units(t, path);
    say(t, "]");
    if (t->refuse)
        hb_fail(error, HB_BAD_ARGUMENT, "not here");
    return !t->refuse;
}

static bool take_value(void *context, struct reg_text name, uint32_t type,
                       const uint8_t *data, uint32_t bytes, bool gone,
                       struct hb_error *error)
{
    struct told *t = context;
    char c[16];

    (void)error;
    say(t, " ");
    say_units(t, name);
    if (gone) {
        say(t, "=-");
        return true;
    }
    snprintf(c, sizeof c, "=%u:", type);
    say(t, c);
    for (uint32_t i = 0; i < bytes; i++) {
        snprintf(c, sizeof c, "%02x", data[i]);
        say(t, c);
    }
    return true;
}

static struct hb_error error;

static enum hb_status parse_bytes(struct told *t, const void *bytes,
                                  size_t count)
{
    const struct reg_file_taker taker = {
        .context = t, .key = take_key, .value = take_value};

    return reg_file_parse(bytes, count, "f.reg", &taker, &error);
}

#define FIVE "Windows Registry Editor Version 5.00\r\n\r\n"

static void assert_told(const char *file, const char *want)
{
    struct told t = {{0}, false};

    if (parse_bytes(&t, file, strlen(file)) != HB_OK)
        fail_msg("%s", error.text);
    assert_string_equal(t.text, want);
}

static void assert_wrong(const char *file, const char *where)
{
    struct told t = {{0}, false};

    assert_int_equal(parse_bytes(&t, file, strlen(file)), HB_BAD_ARGUMENT);
    if (strncmp(error.text, where, strlen(where)) != 0)
        fail_msg("%s: %s", where, error.text);
}

static void values_of_each_kind(void **state)
{
    (void)state;
    assert_told(FIVE "[HKEY_LOCAL_MACHINE\\SYSTEM\\K]\r\n"
                     "@=\"d\"\r\n"
                     "\"a\"=dword:0000002a\r\n"
                     "\"b\"=hex:01,0f,Fe\r\n"
                     "\"c\"=hex(2):25,00,00,00\r\n"
                     "\"e\"=hex(7):61,00,00,00,00,00\r\n"
                     "\"q\"=hex(b):01,02,03,04,05,06,07,08\r\n"
                     "\"n\"=hex(0):\r\n"
                     "\"r\"=hex(8):00\r\n",
                "[\\Registry\\Machine\\SYSTEM\\K] =1:64000000 a=4:2a000000 "
                "b=3:010ffe c=2:25000000 e=7:610000000000 "
                "q=11:0102030405060708 n=0: r=8:00");
}

static void strings_have_escapes(void **state)
{
    (void)state;
    assert_told(FIVE "[HKEY_USERS\\x]\n\"a\\\"b\\\\c\"=\"\\\\x\\\"\"\n",
                "[\\Registry\\User\\x] a\"b\\c=1:5c00780022000000");
}

static void long_values_go_on_in_the_next_line(void **state)
{
    (void)state;
    assert_told(FIVE "[HKEY_LOCAL_MACHINE\\k]\r\n\"a\"=hex:01,\\\r\n"
                     "  02,\\\r\n  03\r\n\"b\"=dword:1\r\n",
                "[\\Registry\\Machine\\k] a=3:010203 b=4:01000000");
}

static void keys_and_values_are_deleted(void **state)
{
    (void)state;
    assert_told(FIVE "[-HKEY_LOCAL_MACHINE\\k]\r\n\"lost\"=\"x\"\r\n"
                     "[HKEY_LOCAL_MACHINE\\l]\r\n\"a\"=-\r\n@=-\r\n",
                "-[\\Registry\\Machine\\k][\\Registry\\Machine\\l] a=- =-");
}

static void comments_and_blanks_do_not_count(void **state)
{
    (void)state;
    assert_told("\n; first\nREGEDIT4 ; as it was\n\n  [HKEY_LOCAL_MACHINE\\k] "
                "; key\n\t\"a\" = dword:5 ; five\n\n; end",
                "[\\Registry\\Machine\\k] a=4:05000000");
}

/* Version 4 writes one byte per character; the registry has two. */
static void version_4_strings_in_hex_are_widened(void **state)
{
    (void)state;
    assert_told("REGEDIT4\n[HKEY_LOCAL_MACHINE\\k]\n\"a\"=hex(2):25,41,00\n"
                "\"b\"=hex:25,41\n\"m\"=hex(7):61,00,00\n",
                "[\\Registry\\Machine\\k] a=2:250041000000 b=3:2541 "
                "m=7:610000000000");
}

static void text_is_utf16_or_utf8(void **state)
{
    static const char ascii[] =
        FIVE "[HKEY_LOCAL_MACHINE\\k]\r\n\"a\"=\"\xc3\xa4\"\r\n";
    struct told t = {{0}, false};
    uint8_t wide[2 * sizeof ascii] = {0xff, 0xfe};
    size_t n = 2;

    (void)state;
    for (const char *p = ascii; *p; p++) {
        bool e4 = (uint8_t)*p == 0xc3;

        wide[n++] = e4 ? 0xe4 : (uint8_t)*p;
        wide[n++] = 0;
        p += e4;
    }
    assert_int_equal(parse_bytes(&t, wide, n), HB_OK);
    assert_string_equal(t.text, "[\\Registry\\Machine\\k] a=1:e4000000");
    assert_told(ascii, t.text);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    assert_wrong("", "f.reg:1: ");
    assert_wrong("REGEDIT5\n", "f.reg:1: ");
    assert_wrong(FIVE "\"a\"=\"b\"\n", "f.reg:3: a value stands before");
    assert_wrong(FIVE "[HKEY_LOCAL_MACHINE\\k\n", "f.reg:3: ");
    assert_wrong(FIVE "[HKLM\\k]\n", "f.reg:3: ");
    assert_wrong(FIVE "[HKEY_LOCAL_MACHINEX\\k]\n", "f.reg:3: ");
    assert_wrong(FIVE "[HKEY_LOCAL_MACHINE\\k]\n\"a\n", "f.reg:4: ");
    assert_wrong(FIVE "[HKEY_LOCAL_MACHINE\\k]\n\"a\"\n", "f.reg:4: ");
    assert_wrong(FIVE "[HKEY_LOCAL_MACHINE\\k]\n\"a\"=x\n", "f.reg:4: ");
    assert_wrong(FIVE "[HKEY_LOCAL_MACHINE\\k]\n\"a\"=dword:\n", "f.reg:4: ");
    assert_wrong(FIVE "[HKEY_LOCAL_MACHINE\\k]\n\"a\"=dword:123456789\n",
                 "f.reg:4: ");
    assert_wrong(FIVE "[HKEY_LOCAL_MACHINE\\k]\n\"a\"=hex:01,\\\n 0g\n",
                 "f.reg:5: ");
    assert_wrong(FIVE "[HKEY_LOCAL_MACHINE\\k]\n\"a\"=hex(:01\n", "f.reg:4: ");
    assert_wrong(FIVE "[HKEY_LOCAL_MACHINE\\k]\n\"a\"=\"b\" c\n", "f.reg:4: ");
    assert_wrong(FIVE "[HKEY_LOCAL_MACHINE\\k]\nrubbish\n", "f.reg:4: ");
}

static void what_the_taker_refuses_has_its_line_too(void **state)
{
    struct told t = {{0}, true};
    const char *file = FIVE "\r\n[HKEY_LOCAL_MACHINE\\k]\r\n";

    (void)state;
    assert_int_equal(parse_bytes(&t, file, strlen(file)), HB_BAD_ARGUMENT);
    assert_string_equal(error.text, "f.reg:4: not here");
}

/* Every cut of a file ends, well or with an error. */
static void a_file_that_ends_anywhere_ends(void **state)
{
    const char *file = FIVE "[HKEY_LOCAL_MACHINE\\k]\n\"a\\\\\"=hex(7):01,\\\n "
                            "02\n@=\"x\\\"\"\n[-HKEY_USERS\\y]\n";

    (void)state;
    for (size_t n = 0; n <= strlen(file); n++) {
        struct told t = {{0}, false};

        parse_bytes(&t, file, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_each_kind),
        cmocka_unit_test(strings_have_escapes),
        cmocka_unit_test(long_values_go_on_in_the_next_line),
        cmocka_unit_test(keys_and_values_are_deleted),
        cmocka_unit_test(comments_and_blanks_do_not_count),
        cmocka_unit_test(version_4_strings_in_hex_are_widened),
        cmocka_unit_test(text_is_utf16_or_utf8),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(what_the_taker_refuses_has_its_line_too),
        cmocka_unit_test(a_file_that_ends_anywhere_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
