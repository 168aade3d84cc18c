/* tests/debug/gdb_test.c -- the server for gdb, asked by hand: what is not
 * right, or not at all what gdb would say, gets its answer, and the machine
 * runs on as if nobody had come. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bare.h"
#include "halbox/gdb.h"

enum { MOST = 1 << 18, TICKS = 1000, LONG_TICKS = 50000000 };

/* here: inc dword [200000h]; jmp here */
static const uint8_t loop[] = {0xff, 5, 0, 0, 0x20, 0, 0xeb, 0xf8};

/** A connection that says all it has to say before the machine runs. */
struct rig {
    struct machine *m;
    struct gdb_server *server;
    struct debug *d;
    char path[64];
    int fd;
    char said[MOST]; /* by the server */
    size_t count, at;
};

static int join(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void begin(struct rig *r)
{
    const struct debug_options options = {.stop_first = true};
    struct debug_client client;
    struct hb_error e = {0};

    r->m = bare_create(NULL, loop, sizeof loop);
    snprintf(r->path, sizeof r->path, "/tmp/halbox-gdb-%d", (int)getpid());
    if (gdb_listen(&r->server, r->path, &e) != HB_OK)
        fail_msg("%s", e.text);
    client = gdb_serve(r->server);
    assert_int_equal(debug_attach(&r->d, r->m, &options, &client, &e), HB_OK);
    r->fd = join(r->path);
}

static void put(struct rig *r, const void *bytes, size_t count)
{
    assert_int_equal(send(r->fd, bytes, count, MSG_NOSIGNAL), count);
}

static void packet(struct rig *r, const char *text)
{
    char frame[1024];
    uint8_t sum = 0;
    int n;

    for (const char *p = text; *p; p++)
        sum = (uint8_t)(sum + (uint8_t)*p);
    n = snprintf(frame, sizeof frame, "$%s#%02x", text, sum);
    put(r, frame, (size_t)n);
}

static void take_all(struct rig *r)
{
    ssize_t n;

    while ((n = recv(r->fd, r->said + r->count, MOST - 1 - r->count, 0)) > 0)
        r->count += (size_t)n;
    r->said[r->count] = 0;
}

/* It hears all of it, then that nobody is there any more, and runs. */
static void hear(struct rig *r)
{
    shutdown(r->fd, SHUT_WR);
    assert_int_equal(machine_run(r->m, TICKS, NULL), STOP_LIMIT);
    take_all(r);
}

/* The next reply, acknowledgements left out. */
static void is_reply(struct rig *r, const char *request, const char *reply)
{
    char *start = strchr(r->said + r->at, '$');
    char *end = start ? strchr(start, '#') : NULL;

    if (!end)
        fail_msg("no reply to %s", request);
    *end = 0;
    if (strcmp(start + 1, reply) != 0)
        fail_msg("%s: %s, not %s", request, start + 1, reply);
    r->at = (size_t)(end - r->said) + 3;
}

static void end(struct rig *r)
{
    close(r->fd);
    debug_detach(r->d);
    gdb_close(r->server);
    assert_int_not_equal(access(r->path, F_OK), 0);
    machine_destroy(r->m);
}

static const struct {
    const char *request, *reply;
} rows[] = {
    {"", ""},
    {"qC", "QC1"},
    {"qCRC:0,1", ""},
    {"qfThreadInfo", "m1"},
    {"qsThreadInfo", "l"},
    {"qThreadExtraInfo,1", "435055"},
    {"qThreadExtraInfo", "E16"},
    {"H", "E16"},
    {"Hg", "E16"},
    {"Hg0", "OK"},
    {"Hc-1", "OK"},
    {"Hg123456789", "E16"},
    {"T1", "OK"},
    {"T5", "E16"},
    {"p", "E16"},
    {"pffffffff", "E16"},
    {"p8", "00001000"},
    {"P", "E01"},
    {"P8", "E01"},
    {"P8=001", "E01"},
    {"Pff=00000000", "E01"},
    {"Gzz", "E01"},
    {"m", "E16"},
    {"m100000", "E16"},
    {"m100000,ffffffff", "E16"},
    {"m100000,100000000", "E16"},
    {"m100000,8", "ff0500002000ebf8"},
    {"m100000,0", "E0e"},
    {"m70000000,4", "E0e"},
    {"m1fffff,2", "0000"},
    {"M100000", "E16"},
    {"M100000,2:f", "E16"},
    {"M300000,2:1234", "OK"},
    {"m300000,2", "1234"},
    {"X300000,ffffffff:a", "E16"},
    {"X300000,2:ab", "OK"},
    {"X300000,0:", "OK"},
    {"m300000,2", "6162"},
    {"Z", ""},
    {"Z9,100000,1", ""},
    {"Z0", "E16"},
    {"Z0,100000", "E16"},
    {"Z2,ffffffff,ffffffff", "E1c"},
    {"Z2,200000,0", "E1c"},
    {"Z0,70000000,1", "OK"},
    {"Z0,70000000,1", "OK"},
    {"z0,70000000,1", "OK"},
    {"z0,70000000,1", "OK"},
    {"qXfer:features:read:target.xml:", "E16"},
    {"qXfer:features:read:target.xml:ffffffff,10", "l"},
    {"qXfer:features:read:target.xml:0,5", "m<?xml"},
    {"qXfer:libraries:read::0,1000", "l<library-list>\n</library-list>\n"},
    {"qXfer:exec-file:read::0,10", "E16"},
    {"qXfer:memory-map:read::0,10", ""},
    {"qRcmd", "E16"},
    {"qRcmd,zz", "E16"},
    {"vCont?", "vCont;c;C;s;S;t"},
    {"vCont", "OK"},
    {"vMustReplyEmpty", ""},
    {"b", ""},
    {"bx", ""},
    {"\x7f\x01", ""},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void each_request_has_its_reply(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    uint32_t counted;

    (void)state;
    begin(r);
    for (unsigned i = 0; i < ROWS; i++)
        packet(r, rows[i].request);
    hear(r);
    for (unsigned i = 0; i < ROWS; i++)
        is_reply(r, rows[i].request, rows[i].reply);
    assert_true(inspect_physical(r->m, gpa_of(0x200000), &counted, 4));
    assert_true(counted > TICKS / 4);
    end(r);
    free(r);
}

static void breakpoints_are_bounded(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    unsigned refused = 0;
    char text[32];

    (void)state;
    begin(r);
    packet(r, "QStartNoAckMode");
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "Z0,%x,1", 0x70000000 + i);
        packet(r, text);
    }
    hear(r);
    for (const char *p = r->said; (p = strstr(p, "$E1c#")); p++)
        refused++;
    assert_in_range(refused, 100 - 64, 100 - 32);
    end(r);
    free(r);
}

/* Noise, frames that never end, wrong sums; then it still serves. */
static void noise_is_passed_over(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    char *noise = calloc(1, 70000);
    uint32_t random = 1;

    (void)state;
    begin(r);
    for (unsigned i = 0; i < 70000; i++) {
        random = random * 1103515245 + 12345;
        noise[i] = (char)(random >> 16);
    }
    put(r, noise, 20000);
    memset(noise, 'a', 70000);
    put(r, "$", 1);
    put(r, noise, 70000);
    put(r, "#00", 3);
    put(r, "$qC#00", 6);
    put(r, "$qC#zz\3-", 8);
    packet(r, "QStartNoAckMode");
    packet(r, "qC");
    hear(r);
    assert_non_null(strstr(r->said + r->count - 20, "$QC1#"));
    end(r);
    free(noise);
    free(r);
}

static void steps_and_stops(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    (void)state;
    begin(r);
    packet(r, "s");
    packet(r, "Z2,200000,4");
    packet(r, "vCont;c");
    packet(r, "bs");
    packet(r, "bc");
    packet(r, "bc");
    hear(r);
    is_reply(r, "s", "T0504:00000000;05:00000000;08:06001000;thread:1;");
    is_reply(r, "Z2", "OK");
    is_reply(r, "c",
             "T0504:00000000;05:00000000;08:06001000;thread:1;watch:200000;");
    is_reply(r, "bs", "T0504:00000000;05:00000000;08:00001000;thread:1;");
    is_reply(r, "bc",
             "T0504:00000000;05:00000000;08:00001000;thread:1;watch:200000;");
    is_reply(r, "bc",
             "T0504:00000000;05:00000000;08:00001000;thread:1;"
             "replaylog:begin;");
    end(r);
    free(r);
}

/* While it runs: an interrupt; then another gdb. */
static void interrupts_and_visitors(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    int first;

    (void)state;
    begin(r);
    packet(r, "c");
    put(r, "\3", 1);
    packet(r, "D");
    first = r->fd;
    r->fd = join(r->path);
    packet(r, "?");
    packet(r, "D;1");
    assert_int_equal(machine_run(r->m, LONG_TICKS, NULL), STOP_LIMIT);
    take_all(r);
    assert_non_null(strstr(r->said, "$T02"));
    assert_non_null(strstr(r->said, "$OK#"));
    close(r->fd);
    r->fd = first;
    r->count = 0;
    take_all(r);
    assert_non_null(strstr(r->said, "$T02"));
    assert_non_null(strstr(r->said, "$OK#"));
    end(r);
    free(r);
}

/* Nothing is earlier, and nothing was lost. */
static void back_at_the_beginning(void **state)
{
    struct rig *r = calloc(1, sizeof *r);

    (void)state;
    begin(r);
    packet(r, "bs");
    packet(r, "bc");
    hear(r);
    for (unsigned i = 0; i < 2; i++)
        is_reply(r, "b",
                 "T0504:00000000;05:00000000;08:00001000;thread:1;"
                 "replaylog:begin;");
    end(r);
    free(r);
}

static void places_to_listen(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct gdb_server *a, *b;
    struct hb_error e;
    char path[64];
    int fd;

    snprintf(path, sizeof path, "/tmp/halbox-gdb-%d", (int)getpid());

    (void)state;
    assert_int_equal(gdb_listen(&a, "x", &e), HB_BAD_ARGUMENT);
    assert_int_equal(gdb_listen(&a, "65536", &e), HB_BAD_ARGUMENT);
    assert_int_equal(gdb_listen(&a, "-1", &e), HB_BAD_ARGUMENT);
    assert_int_equal(gdb_listen(&a, "/no/such/folder", &e), HB_BAD_STATE);
    assert_int_equal(gdb_listen(&a, "0", &e), HB_OK);
    assert_ptr_equal(strstr(gdb_where(a), "127.0.0.1:"), gdb_where(a));
    assert_int_equal(gdb_listen(&b, gdb_where(a) + 10, &e), HB_BAD_STATE);
    gdb_close(a);
    gdb_close(NULL);
    /* a socket that is in use; one whose server was killed */
    assert_int_equal(gdb_listen(&a, path, &e), HB_OK);
    assert_int_equal(gdb_listen(&b, path, &e), HB_BAD_STATE);
    gdb_close(a);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    close(fd);
    assert_int_equal(gdb_listen(&a, path, &e), HB_OK);
    gdb_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_has_its_reply),
        cmocka_unit_test(breakpoints_are_bounded),
        cmocka_unit_test(noise_is_passed_over),
        cmocka_unit_test(steps_and_stops),
        cmocka_unit_test(interrupts_and_visitors),
        cmocka_unit_test(back_at_the_beginning),
        cmocka_unit_test(places_to_listen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
