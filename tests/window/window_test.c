/* tests/window/window_test.c -- the window on SDL's driver without a display:
 * what the host's events become in the machine. */
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

#include <SDL.h>

#include "window/window.h"

/** Inputs as text, one after the other. */
struct rig {
    struct machine *m;
    struct window *w;
    char said[512];
};

static void hear(void *context, const struct hb_event *event)
{
    struct rig *r = context;
    size_t used = strlen(r->said);

    snprintf(r->said + used, sizeof r->said - used, "%s %llx %llx;",
             (const char *)(uintptr_t)event->args[0],
             (unsigned long long)event->args[1],
             (unsigned long long)event->args[2]);
}

/* The board of a PC has a display adapter. */
static struct machine *machine_with(bool pc)
{
    struct machine_config config;
    struct machine *m;

    assert_int_equal(machine_config_init(&config, NULL, NULL), HB_OK);
    config.bare = true;
    config.memory = 16 << 20;
    config.pc = pc;
    assert_int_equal(machine_create(&m, &config, NULL), HB_OK);
    return m;
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    struct hb_error e;

    setenv("SDL_VIDEODRIVER", "dummy", 1);
    setenv("SDL_RENDER_DRIVER", "software", 1);
    r->m = machine_with(true);
    if (window_open(&r->w, r->m, "test", &e) != HB_OK)
        fail_msg("%s", e.text);
    window_take(r->w, NULL, 0); /* what opening it brought */
    machine_listen(r->m, hear, r, "input", NULL);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    window_close(r->w);
    machine_destroy(r->m);
    free(r);
    return 0;
}

/* Its next picture is not due at once: the window says when. */
static void look(struct rig *r)
{
    uint64_t wait_ns;

    do {
        wait_ns = UINT64_MAX;
        if (window_want(r->w, NULL, 0, &wait_ns) < 0)
            return;
        if (wait_ns)
            SDL_Delay((uint32_t)(wait_ns / 1000000 + 1));
    } while (wait_ns);
    window_take(r->w, NULL, 0);
}

static void push_key(SDL_Scancode code, bool down, SDL_Keymod mod, int repeat)
{
    SDL_Event e = {.type = down ? SDL_KEYDOWN : SDL_KEYUP};

    e.key.state = down ? SDL_PRESSED : SDL_RELEASED;
    e.key.repeat = (uint8_t)repeat;
    e.key.keysym.scancode = code;
    e.key.keysym.mod = (uint16_t)mod;
    SDL_PushEvent(&e);
}

static void push_button(uint8_t button, bool down)
{
    SDL_Event e = {.type = down ? SDL_MOUSEBUTTONDOWN : SDL_MOUSEBUTTONUP};

    e.button.state = down ? SDL_PRESSED : SDL_RELEASED;
    e.button.button = button;
    SDL_PushEvent(&e);
}

static void push_motion(int dx, int dy)
{
    SDL_Event e = {.type = SDL_MOUSEMOTION};

    e.motion.xrel = dx;
    e.motion.yrel = dy;
    SDL_PushEvent(&e);
}

static void keys_are_inputs(void **state)
{
    struct rig *r = *state;

    push_key(SDL_SCANCODE_A, true, KMOD_NONE, 0);
    push_key(SDL_SCANCODE_A, true, KMOD_NONE, 1);
    push_key(SDL_SCANCODE_A, false, KMOD_NONE, 0);
    push_key(SDL_SCANCODE_B, false, KMOD_NONE, 0); /* was never down here */
    look(r);
    assert_string_equal(r->said, "key 4 1;key 4 0;");
}

static void keys_come_up_when_the_window_loses_the_keyboard(void **state)
{
    struct rig *r = *state;
    SDL_Event lost = {.type = SDL_WINDOWEVENT};

    lost.window.event = SDL_WINDOWEVENT_FOCUS_LOST;
    push_key(SDL_SCANCODE_LSHIFT, true, KMOD_NONE, 0);
    SDL_PushEvent(&lost);
    look(r);
    assert_string_equal(r->said, "key e1 1;key e1 0;");
}

static void the_pointer_is_the_machines_after_a_click(void **state)
{
    struct rig *r = *state;

    push_motion(5, 5);
    push_button(SDL_BUTTON_LEFT, true);
    push_button(SDL_BUTTON_LEFT, false);
    look(r);
    r->said[0] = 0; /* the click that took it, and its end */
    push_motion(3, -1);
    push_button(SDL_BUTTON_RIGHT, true);
    push_button(SDL_BUTTON_RIGHT, false);
    look(r);
    assert_string_equal(r->said, "pointer 3ffffffff 0;pointer 0 2;"
                                 "pointer 0 0;");
    push_key(SDL_SCANCODE_G, true, KMOD_LCTRL | KMOD_LALT, 0);
    push_motion(1, 1);
    r->said[0] = 0;
    look(r);
    assert_string_equal(r->said, "");
}

static void closing_the_window_stops_the_machine(void **state)
{
    struct rig *r = *state;
    SDL_Event quit = {.type = SDL_QUIT};
    uint64_t wait_ns = 0;

    assert_false(window_closed(r->w));
    SDL_PushEvent(&quit);
    look(r);
    assert_true(window_closed(r->w));
    assert_int_equal(window_want(r->w, NULL, 0, &wait_ns), -1);
}

static void a_machine_without_a_screen_has_no_window(void **state)
{
    struct machine *m = machine_with(false);
    struct window *w;
    struct hb_error e;

    (void)state;
    assert_int_equal(window_open(&w, m, "test", &e), HB_NOT_FOUND);
    machine_destroy(m);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_are_inputs),
        TEST(keys_come_up_when_the_window_loses_the_keyboard),
        TEST(the_pointer_is_the_machines_after_a_click),
        TEST(closing_the_window_stops_the_machine),
        cmocka_unit_test(a_machine_without_a_screen_has_no_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
