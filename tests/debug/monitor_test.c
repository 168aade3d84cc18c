/* tests/debug/monitor_test.c -- the debugger in words on a demo that stands in
 * the middle of a transfer: every command, what it says, and nonsense. */
#include "demo.h"
#include "halbox/inspect.h"
#include "halbox/monitor.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct demo_bench bench = {HALBOX_IMAGES "/edu.sys",
                                        "edu",
                                        "\\\\.\\Edu0",
                                        "translate",
                                        "16M",
                                        DEMO_BYTES};

/** A user who says lines; what came of each is in `out`. */
struct user {
    struct demo demo;
    struct debug *d;
    struct symbols *symbols;
    struct lanes *lanes;
    void (*look)(struct user *u); /* at the first transfer */
    unsigned stops;
    FILE *file;
    char *out;
    size_t count;
    enum hb_status status;
    struct hb_error error;
};

static void print(void *context, const char *line)
{
    struct user *u = context;

    for (const char *c = line; *c; c++)
        assert_true(*c >= ' ' && *c <= '~');
    fprintf(u->file, "%s\n", line);
}

/* The answer to @text, until the next one is asked for. */
static const char *ask(struct user *u, const char *text)
{
    free(u->out);
    u->file = open_memstream(&u->out, &u->count);
    u->status = debug_command(u->d, text, print, u, &u->error);
    fclose(u->file);
    assert_int_equal(u->status, u->error.status);
    return u->out;
}

static const char *says(struct user *u, const char *text)
{
    const char *out = ask(u, text);

    if (u->status != HB_OK)
        fail_msg("%s: %s", text, u->error.text);
    return out;
}

static void refused(struct user *u, const char *text, enum hb_status status)
{
    ask(u, text);
    if (u->status != status)
        fail_msg("%s: %s, \"%s\"", text, hb_status_name(u->status),
                 u->error.text);
    assert_true(u->error.text[0]);
    for (const char *c = u->error.text; *c; c++)
        assert_true(*c >= ' ' && *c <= '~');
    assert_false(debug_has_order(u->d));
}

static void stopped(void *context, struct debug *d,
                    const struct debug_stop *stop)
{
    struct user *u = context;

    u->d = d;
    if (debug_command_again(d, stop))
        return;
    if (u->stops++ == 0) {
        says(u, "break dma device=edu");
        says(u, "go");
        assert_true(debug_has_order(d));
        return;
    }
    u->look(u);
}

static void with(struct user *u, void (*look)(struct user *u))
{
    const struct debug_client client = {.context = u, .stopped = stopped};
    struct debug_options options = {.stop_first = true};
    struct hb_error e = {0};

    *u = (struct user){.look = look};
    demo_create(&u->demo, &bench);
    demo_until(&u->demo, DEMO_WRITE, "irp_call");
    u->symbols = options.symbols = symbols_create();
    assert_int_equal(symbols_add_file(u->symbols, bench.image, &e), HB_OK);
    assert_int_equal(debug_attach(&u->d, u->demo.m, &options, &client, &e),
                     HB_OK);
    assert_int_equal(lanes_create(&u->lanes, u->demo.m, NULL, &e), HB_OK);
    assert_int_equal(debug_command_lanes(u->d, u->lanes, &e), HB_OK);
    machine_run(u->demo.m, MACHINE_FOR_EVER, NULL);
    assert_true(u->stops > 1);
    debug_detach(u->d);
    lanes_destroy(u->lanes);
    symbols_destroy(u->symbols);
    machine_destroy(u->demo.m);
    free(u->out);
}

/* ---- every command ------------------------------------------------------- */

/* What it is given here; a command that is not named is given nothing. */
static const struct {
    const char *name, *arguments;
} given[] = {
    {"symbol", "edu!EduStartIo"},
    {"mem", "v esp"},
    {"set", "eax 0x11"},
    {"pte", "esp"},
    {"logical", "0xf01000 edu"},
    {"peek", "edu 0 0"},
    {"poke", "edu 0 4 1"},
    {"fields", "edu"},
    {"break", "finding"},
    {"delete", "2"},
    {"enable", "all"},
    {"disable", "all"},
    {"ignore", "1 2"},
    {"trace", "on finding"},
};

static const char *arguments_of(const char *name)
{
    for (unsigned i = 0; i < sizeof given / sizeof *given; i++)
        if (strcmp(given[i].name, name) == 0)
            return given[i].arguments;
    return "";
}

static void run_all(struct user *u)
{
    static const char *const others[] = {"go",    "continue", "step", "over",
                                         "out",   "next",     "back", "to",
                                         "pause", "quit",     "save", "list"};
    struct debug_command_help row;
    char text[128];

    for (unsigned i = 0; debug_command_at(i, &row); i++) {
        bool other = false;

        for (unsigned n = 0; n < sizeof others / sizeof *others; n++)
            other |= strcmp(others[n], row.name) == 0;
        snprintf(text, sizeof text, "help %s", row.name);
        assert_non_null(strstr(says(u, text), row.help));
        if (other)
            continue;
        snprintf(text, sizeof text, "%s %s", row.name, arguments_of(row.name));
        says(u, text);
        if (row.brief[0]) {
            snprintf(text, sizeof text, "%s %s", row.brief,
                     arguments_of(row.name));
            says(u, text);
        }
    }
    assert_false(debug_has_order(u->d));
    u->look = NULL;
    says(u, "delete all");
    says(u, "quit");
}

static void each_command_answers(void **state)
{
    struct user u;

    (void)state;
    with(&u, run_all);
}

/* A list as JSON: an object a line, the names those of the columns. */
static void all_as_json(struct user *u)
{
    static const char *const lists[] = {
        "dma",  "transfers", "pages",  "mapregs",   "adapters", "mdl",
        "irqs", "irps",      "stack",  "threads",   "images",   "devices",
        "pci",  "findings",  "inputs", "processes", "breaks",   "bt",
        "dis",  "channels",  "timers", "dpcs",      "help",     "interrupts"};
    char text[64], *line, *next;
    json_error_t error;
    json_t *object;

    for (unsigned i = 0; i < sizeof lists / sizeof *lists; i++) {
        snprintf(text, sizeof text, "json %s", lists[i]);
        next = strdup(says(u, text));
        for (char *all = next; (line = strsep(&next, "\n"));) {
            if (*line) {
                object = json_loads(line, 0, &error);
                if (!object)
                    fail_msg("%s: %s: %s", lists[i], error.text, line);
                json_decref(object);
            }
            if (!next)
                free(all);
        }
    }
    object = json_loads(says(u, "json dma"), 0, &error);
    assert_string_equal(json_string_value(json_object_get(object, "device")),
                        "edu");
    assert_int_equal(json_integer_value(json_object_get(object, "left")),
                     DEMO_BYTES);
    json_decref(object);
    says(u, "delete all");
    says(u, "quit");
}

static void lists_are_json(void **state)
{
    struct user u;

    (void)state;
    with(&u, all_as_json);
}

/* ---- what they say ------------------------------------------------------- */

static void compare(struct user *u)
{
    struct inspect_page page;
    uint8_t byte[2];
    char text[64], want[64];

    assert_non_null(strstr(says(u, "where"), "breakpoint: dma device=edu"));
    assert_non_null(strstr(says(u, "dis eip 1"), "\n>"));
    assert_non_null(strstr(says(u, "json irps"), "\"major\":\"IRP_MJ_WRITE\""));
    for (unsigned i = 0; inspect_page_at(u->demo.m, i, &page); i++)
        if (!page.common)
            break;
    /* one byte, read in each space */
    snprintf(text, sizeof text, "mem l 0x%llx 1 edu",
             (unsigned long long)page.dla.v);
    assert_true(inspect_physical(u->demo.m, page.to, byte, 1));
    snprintf(want, sizeof want, "l %08llx  %02x",
             (unsigned long long)page.dla.v, byte[0]);
    assert_non_null(strstr(says(u, text), want));
    snprintf(text, sizeof text, "mem v 0x%x 1 1", page.va.v);
    snprintf(want, sizeof want, "v %08x  %02x", page.va.v, byte[0]);
    assert_non_null(strstr(says(u, text), want));
    snprintf(text, sizeof text, "logical 0x%llx edu read",
             (unsigned long long)page.dla.v);
    snprintf(want, sizeof want, "-> physical %09llx",
             (unsigned long long)page.to.v);
    assert_non_null(strstr(says(u, text), want));
    /* and poked: there is one byte only */
    snprintf(text, sizeof text, "set p 0x%llx %02x%02x",
             (unsigned long long)page.to.v, byte[0] ^ 0xff, 0x5a);
    says(u, text);
    assert_true(inspect_bus(u->demo.m, "edu", page.dla, byte + 1, 1));
    assert_int_equal(byte[1], byte[0] ^ 0xff);
    assert_non_null(strstr(says(u, "inputs 1"), "poke"));
    says(u, "set eflags 0x246");
    assert_non_null(strstr(says(u, "regs"), "eflags 00000246"));
    assert_string_equal(says(u, "regs eflags"), "eflags    00000246\n");
    says(u, "delete all");
    says(u, "quit");
}

static void answers_are_the_machine(void **state)
{
    struct user u;

    (void)state;
    with(&u, compare);
}

/* ---- orders -------------------------------------------------------------- */

static void count_bytes(struct user *u)
{
    struct inspect_tenure t;

    inspect_tenure(u->demo.m, &t);
    switch (u->stops) {
    case 2:
        assert_int_equal(t.moved, 0);
        says(u, "step byte 5 edu");
        break;
    case 3:
        assert_int_equal(t.moved, 5);
        says(u, "back byte 2");
        break;
    case 4:
        assert_int_equal(t.moved, 3);
        refused(u, "step byte 0", HB_BAD_ARGUMENT);
        refused(u, "pause", HB_BAD_STATE);
        says(u, "to end");
        break;
    case 5:
        assert_int_equal(t.moved, 5);
        says(u, "delete all");
        says(u, "quit");
        break;
    default:
        fail();
    }
    assert_true(debug_has_order(u->d));
}

static void a_count_is_that_many_steps(void **state)
{
    struct user u;

    (void)state;
    with(&u, count_bytes);
    assert_int_equal(u.stops, 5);
}

/* ---- nonsense ------------------------------------------------------------ */

static void say_nonsense(struct user *u)
{
    static const struct {
        const char *text;
        enum hb_status status;
    } bad[] = {
        {"nonsense", HB_NOT_FOUND},
        {"d 1 2 3", HB_BAD_ARGUMENT},
        {"help nonsense", HB_NOT_FOUND},
        {"step sideways", HB_NOT_FOUND},
        {"step page nobody", HB_NOT_FOUND},
        {"mem x 0", HB_BAD_ARGUMENT},
        {"mem p", HB_BAD_ARGUMENT},
        {"mem p -1", HB_BAD_ARGUMENT},
        {"mem p 0 0x100000", HB_BAD_ARGUMENT},
        {"mem v 0 16 77", HB_NOT_FOUND},
        {"mem l 0 16 nobody", HB_NOT_FOUND},
        {"set p 0x1000 xyz", HB_BAD_ARGUMENT},
        {"set p 0xffffffffffff 90", HB_FAULT},
        {"set nobody 1", HB_BAD_ARGUMENT},
        {"mdl 0", HB_FAULT},
        {"irps 0x1234", HB_NOT_FOUND},
        {"stack 0x1234", HB_NOT_FOUND},
        {"bt 99", HB_NOT_FOUND},
        {"peek edu 99 0", HB_NOT_FOUND},
        {"break edu.c:999999", HB_NOT_FOUND},
        {"break", HB_BAD_ARGUMENT},
        {"delete 77", HB_NOT_FOUND},
        {"ignore 1 many", HB_BAD_ARGUMENT},
        {"trace on nobody", HB_BAD_ARGUMENT},
        {"trace on", HB_BAD_ARGUMENT},
        {"save /nowhere/at/all", HB_NO_FILE},
        {"json step", HB_BAD_ARGUMENT},
        {"to nowhere", HB_BAD_ARGUMENT},
    };
    uint32_t x = 1;
    char text[4096];

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(u, bad[i].text, bad[i].status);
    assert_string_equal(says(u, ""), "");
    assert_string_equal(says(u, "  # a remark"), "");
    says(u, "mem p 0xfffffffffffffff0 64");
    says(u, "mem v 0xfffffff0 64");
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    refused(u, text, HB_BAD_ARGUMENT);
    strcpy(text, "help ");
    for (unsigned i = 5; i < 1000; i += 2)
        strcpy(text + i, "1 ");
    refused(u, text, HB_BAD_ARGUMENT);
    for (unsigned n = 0; n < 500; n++) { /* bytes of any kind */
        for (unsigned i = 0; i < 40; i++) {
            x = x * 1664525 + 1013904223;
            text[i] = (char)(1 + x % 255);
        }
        text[0] = '!'; /* no remark */
        text[40] = 0;
        refused(u, text, HB_NOT_FOUND);
    }
    says(u, "delete all");
    says(u, "quit");
}

static void nonsense_is_refused(void **state)
{
    struct user u;

    (void)state;
    with(&u, say_nonsense);
}

/* ---- completion ---------------------------------------------------------- */

static void try_completion(struct user *u)
{
    char out[256];

    assert_true(debug_command_complete(u->d, "ada", 0, out, sizeof out));
    assert_string_equal(out, "adapters");
    assert_false(debug_command_complete(u->d, "ada", 1, out, sizeof out));
    assert_true(debug_command_complete(u->d, "step by", 0, out, sizeof out));
    assert_string_equal(out, "byte");
    assert_true(
        debug_command_complete(u->d, "json step ed", 0, out, sizeof out));
    assert_string_equal(out, "edu");
    assert_true(debug_command_complete(u->d, "break edu!EduStartI", 0, out,
                                       sizeof out));
    assert_string_equal(out, "edu!EduStartIo");
    assert_true(debug_command_complete(u->d, "set efl", 0, out, sizeof out));
    assert_string_equal(out, "eflags");
    assert_false(debug_command_complete(u->d, "where x", 0, out, sizeof out));
    assert_false(debug_command_complete(u->d, "xx y", 0, out, sizeof out));
    assert_true(debug_command_complete(u->d, "", 0, out, sizeof out));
    says(u, "delete all");
    says(u, "quit");
}

static void words_are_completed(void **state)
{
    struct user u;

    (void)state;
    with(&u, try_completion);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_answers),
        cmocka_unit_test(lists_are_json),
        cmocka_unit_test(answers_are_the_machine),
        cmocka_unit_test(a_count_is_that_many_steps),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(words_are_completed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
