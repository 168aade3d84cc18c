/* tests/panels/panels_test.c -- pictures of the panels: the same machine gives
 * the same dots, another one gives others. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#include "panels/panels.h"

enum { WIDTH = 900, HEIGHT = 700, DOTS = WIDTH * HEIGHT };

static uint32_t *draw(const struct demo *d, const char *panel)
{
    const struct panels_picture what = {
        .width = WIDTH, .height = HEIGHT, .panel = panel};
    uint32_t *dots = malloc(DOTS * sizeof *dots);
    struct hb_error e;

    if (panels_draw(d->m, &what, dots, &e) != HB_OK)
        fail_msg("%s", e.text);
    return dots;
}

static unsigned inked(const uint32_t *dots)
{
    unsigned n = 0;

    for (unsigned i = 0; i < DOTS; i++)
        n += dots[i] != 0xffffff;
    return n;
}

static void every_panel_is_the_same_twice(void **state)
{
    struct demo d;

    (void)state;
    rig_start(&d, "translate");
    rig_posted(&d);
    for (unsigned i = 0; panels_name(i); i++) {
        uint32_t *one = draw(&d, panels_name(i)), *two;

        two = draw(&d, panels_name(i));
        assert_memory_equal(one, two, DOTS * sizeof *one);
        assert_true(inked(one) > 1000);
        free(one);
        free(two);
    }
    machine_destroy(d.m);
}

static void a_page_later_it_is_another_picture(void **state)
{
    uint32_t *before, *after;
    struct demo d;

    (void)state;
    rig_start(&d, "translate");
    rig_posted(&d);
    before = draw(&d, "spaces");
    rig_step(&d, STEP_PAGE);
    after = draw(&d, "spaces");
    assert_memory_not_equal(before, after, DOTS * sizeof *before);
    free(before);
    free(after);
    machine_destroy(d.m);
}

static void what_there_is_not_is_said(void **state)
{
    const struct panels_picture no_panel = {
        .width = 10, .height = 10, .panel = "nothing"};
    const struct panels_picture no_layout = {
        .width = 10, .height = 10, .layout = "nothing"};
    const struct panels_picture no_size = {.width = 0, .height = 10};
    uint32_t dots[100];
    struct demo d;

    (void)state;
    rig_start(&d, "translate");
    assert_int_equal(panels_draw(d.m, &no_panel, dots, NULL), HB_NOT_FOUND);
    assert_int_equal(panels_draw(d.m, &no_layout, dots, NULL), HB_NOT_FOUND);
    assert_int_equal(panels_draw(d.m, &no_size, dots, NULL), HB_BAD_ARGUMENT);
    machine_destroy(d.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_panel_is_the_same_twice),
        cmocka_unit_test(a_page_later_it_is_another_picture),
        cmocka_unit_test(what_there_is_not_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
