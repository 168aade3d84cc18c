/* tests/net/user_test.c -- the user network behind network cards: a guest
 * kernel that nobody helps gets its router's address and pings it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/user.h"

enum { EXIT_PORT = 0xf4, GOOD = 0x10, NO_ARP = 0x12, MS = 1000000 };

struct rig {
    struct machine *m;
    struct net_user *net;
    unsigned inputs, sent;
    int exit_value; /* -1: it runs */
};

static void hear(void *context, const struct hb_event *event)
{
    struct rig *r = context;

    if (event->id == EV_frame_in)
        r->inputs++;
    if (event->id == EV_frame_out)
        r->sent++;
    if (event->id == EV_port_write && event->args[0] == EXIT_PORT &&
        r->exit_value < 0) {
        r->exit_value = (int)event->args[2];
        machine_stop(r->m);
    }
}

static struct machine *machine(const char *const *cards, const char *image)
{
    static uint8_t bytes[65536];
    struct machine_config config;
    struct machine *m;
    FILE *f;

    assert_int_equal(machine_config_init(&config, NULL, NULL), HB_OK);
    config.bare = true;
    config.memory = 16 << 20;
    for (; *cards; cards++)
        assert_int_equal(machine_config_device(&config, *cards, NULL), HB_OK);
    assert_int_equal(machine_create(&m, &config, NULL), HB_OK);
    f = image ? fopen(image, "rb") : NULL;
    if (f) {
        size_t n = fread(bytes, 1, sizeof bytes, f);

        fclose(f);
        assert_int_equal(
            machine_load_program(m, PROGRAM_KERNEL, bytes, n, gpa_of(0), NULL),
            HB_OK);
    }
    return m;
}

static struct rig begin(const char *options)
{
    static const char *const cards[] = {"rtl8139", NULL};
    struct rig r = {.exit_value = -1};

    r.m = machine(cards, HALBOX_IMAGES "/net_ping");
    assert_int_equal(net_user_create(&r.net, r.m, options, NULL), HB_OK);
    return r;
}

/* Slices of virtual time, the network in between, until it ends. */
static void run(struct rig *r, struct machine *m)
{
    enum machine_stop_reason why = STOP_LIMIT;

    r->m = m;
    machine_listen(m, hear, r, "port_write,frame_in,frame_out", NULL);
    while (why == STOP_LIMIT && machine_now_ns(m) < 10000ull * MS) {
        struct pollfd fd[16];
        uint64_t wait_ns = MS;
        int n = net_user_want(r->net, fd, 16, &wait_ns);

        poll(fd, (nfds_t)n, 0);
        net_user_take(r->net, fd, (unsigned)n);
        why = machine_run(
            m, machine_position(m).tick + machine_ticks(m, MS / 10), NULL);
    }
    machine_unlisten(m, hear, r);
}

static void a_guest_pings_its_router(void **state)
{
    struct rig r = begin("");

    (void)state;
    run(&r, r.m);
    assert_int_equal(r.exit_value, GOOD);
    assert_int_equal(r.sent, 6);
    assert_true(r.inputs >= 6);
    net_user_destroy(r.net);
    machine_destroy(r.m);
}

static void without_a_network_nobody_answers(void **state)
{
    struct rig r = begin("");

    (void)state;
    machine_frames(r.m, NULL, NULL);
    machine_listen(r.m, hear, &r, "port_write", NULL);
    machine_run(r.m, MACHINE_FOR_EVER, NULL);
    assert_int_equal(r.exit_value, NO_ARP);
    net_user_destroy(r.net);
    machine_destroy(r.m);
}

static void a_loaded_machine_is_connected_anew(void **state)
{
    struct rig r = begin("");
    struct machine *m;
    uint8_t *bytes;
    size_t count;

    (void)state;
    machine_run(r.m, 100, NULL); /* nothing is sent yet */
    assert_int_equal(machine_save_bytes(r.m, &bytes, &count, NULL), HB_OK);
    net_user_destroy(r.net);
    machine_destroy(r.m);
    r = (struct rig){.exit_value = -1};
    assert_int_equal(machine_load_bytes(&m, bytes, count, NULL), HB_OK);
    free(bytes);
    assert_int_equal(net_user_create(&r.net, m, NULL, NULL), HB_OK);
    run(&r, m);
    assert_int_equal(r.exit_value, GOOD);
    net_user_destroy(r.net);
    machine_destroy(m);
}

static void cards_hear_each_other(void **state)
{
    static const char *const cards[] = {"rtl8139", "rtl8139", NULL};
    struct machine *m = machine(cards, NULL);

    (void)state;
    assert_string_equal(machine_network_card(m, 0), "rtl8139");
    assert_string_equal(machine_network_card(m, 1), "rtl81392");
    assert_null(machine_network_card(m, 2));
    machine_destroy(m);
}

static void options_are_checked(void **state)
{
    static const char *const good[] = {
        "", "restrict=on", "hostfwd=tcp:127.0.0.1:0-:22",
        "hostfwd=udp::0-10.0.2.15:53,restrict=off",
        "tftp=/nowhere,bootfile=x.pxe"};
    static const char *const bad[] = {"x",
                                      "restrict=maybe",
                                      "hostfwd=tcp:1-2",
                                      "hostfwd=sctp::0-:1",
                                      "hostfwd=tcp:300.1.1.1:0-:22",
                                      "hostfwd=tcp::70000-:22"};
    static const char *const cards[] = {"rtl8139,mac=2:0:0:0:0:1", NULL};
    struct machine *m = machine(cards, NULL);
    struct hb_error error;
    struct net_user *n;

    (void)state;
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        if (net_user_create(&n, m, good[i], &error) != HB_OK)
            fail_msg("%s: %s", good[i], error.text);
        net_user_destroy(n);
    }
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(net_user_create(&n, m, bad[i], &error),
                         HB_BAD_ARGUMENT);
    machine_destroy(m);
}

static void frames_are_refused_as_documented(void **state)
{
    static const char *const cards[] = {"rtl8139", NULL};
    struct machine *m = machine(cards, NULL);
    uint8_t frame[5000] = {0};

    (void)state;
    assert_int_equal(machine_frame(m, "edu", frame, 60, NULL), HB_NOT_FOUND);
    assert_int_equal(machine_frame(m, "rtl8139", frame, 13, NULL),
                     HB_BAD_ARGUMENT);
    assert_int_equal(machine_frame(m, "rtl8139", frame, 4097, NULL),
                     HB_BAD_ARGUMENT);
    assert_int_equal(machine_frame(m, "rtl8139", frame, 60, NULL), HB_OK);
    assert_int_equal(machine_link(m, "pit8254", true, NULL), HB_NOT_FOUND);
    assert_int_equal(machine_link(m, "rtl8139", false, NULL), HB_OK);
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_pings_its_router),
        cmocka_unit_test(without_a_network_nobody_answers),
        cmocka_unit_test(a_loaded_machine_is_connected_anew),
        cmocka_unit_test(cards_hear_each_other),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(frames_are_refused_as_documented),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
