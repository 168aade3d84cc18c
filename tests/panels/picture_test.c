/* tests/panels/picture_test.c -- the picture of the three spaces says what the
 * machine is. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#include "picture/picture.h"

static struct picture *picture_of(const struct demo *d, enum picture_zoom zoom)
{
    const struct picture_view view = {.zoom = zoom};
    struct picture *p = picture_create(d->m, &view);

    assert_non_null(p);
    return p;
}

/* Where the lit arrow of @link comes from; NULL: none is lit. */
static const struct picture_box *lit_from(const struct picture *p,
                                          enum picture_link link)
{
    for (unsigned i = 0; i < p->arrows; i++)
        if (p->arrow[i].lit && p->arrow[i].link == link)
            return &p->box[p->arrow[i].from];
    return NULL;
}

static const struct picture_box *lit_to(const struct picture *p,
                                        enum picture_link link)
{
    for (unsigned i = 0; i < p->arrows; i++)
        if (p->arrow[i].lit && p->arrow[i].link == link)
            return &p->box[p->arrow[i].to];
    return NULL;
}

static void a_page_step_lights_the_next_map_register(void **state)
{
    const struct picture_box *first, *second;
    struct inspect_logical gate;
    struct picture *p;
    struct demo d;
    uint64_t at;

    (void)state;
    rig_start(&d, "translate");
    rig_posted(&d);
    p = picture_of(&d, PICTURE_PAGES);
    first = lit_from(p, PICTURE_LINK_REGISTER);
    assert_non_null(first);
    at = first->at;
    picture_destroy(p);
    rig_step(&d, STEP_PAGE);
    p = picture_of(&d, PICTURE_PAGES);
    second = lit_from(p, PICTURE_LINK_REGISTER);
    assert_non_null(second);
    assert_int_equal(second->at, at + PAGE_BYTES);
    /* it leads where the gate leads, and so does the PTE */
    assert_true(
        inspect_logical(d.m, "edu", dla_of(second->at), DMA_TO_DEVICE, &gate));
    assert_int_equal(lit_to(p, PICTURE_LINK_REGISTER)->at, gate.pa.v);
    assert_int_equal(lit_to(p, PICTURE_LINK_PTE)->at, gate.pa.v);
    assert_int_equal(lit_to(p, PICTURE_LINK_MDL)->at, gate.pa.v);
    picture_destroy(p);
    machine_destroy(d.m);
}

static void a_byte_step_moves_the_cursor_by_one(void **state)
{
    const struct picture_box *box;
    struct picture *p;
    struct demo d;
    uint32_t moved;

    (void)state;
    rig_start(&d, "translate");
    rig_posted(&d);
    rig_step(&d, STEP_BYTE);
    p = picture_of(&d, PICTURE_PAGES);
    box = lit_from(p, PICTURE_LINK_REGISTER);
    moved = box->moved - box->from;
    assert_int_equal(moved, 1);
    picture_destroy(p);
    rig_step(&d, STEP_BYTE);
    p = picture_of(&d, PICTURE_PAGES);
    box = lit_from(p, PICTURE_LINK_REGISTER);
    assert_int_equal(box->moved - box->from, 2);
    picture_destroy(p);
    machine_destroy(d.m);
}

static void a_bounce_page_is_one(void **state)
{
    const struct picture_box *bounce = NULL;
    struct picture *p;
    struct demo d;
    bool copied = false;

    (void)state;
    rig_start(&d, "bounce");
    rig_posted(&d);
    p = picture_of(&d, PICTURE_PAGES);
    for (unsigned i = 0; i < p->arrows; i++)
        if (p->arrow[i].link == PICTURE_LINK_COPY) {
            copied = true;
            bounce = &p->box[p->arrow[i].to]; /* the card reads */
        }
    assert_true(copied);
    assert_int_equal(bounce->kind, PICTURE_BOUNCE);
    picture_destroy(p);
    machine_destroy(d.m);
}

static void the_three_columns_of_bytes_are_equal(void **state)
{
    char text[PICTURE_SPACES][64] = {"", "", ""};
    struct picture *p;
    struct demo d;

    (void)state;
    rig_start(&d, "translate");
    rig_posted(&d);
    rig_step(&d, STEP_BYTE);
    p = picture_of(&d, PICTURE_BYTES);
    for (unsigned i = 0; i < p->boxes; i++)
        if (p->box[i].lit)
            memcpy(text[p->box[i].space], p->box[i].title + 8, 56);
    assert_true(*text[PICTURE_VIRTUAL]);
    assert_string_equal(text[PICTURE_VIRTUAL], text[PICTURE_PHYSICAL]);
    assert_string_equal(text[PICTURE_VIRTUAL], text[PICTURE_LOGICAL]);
    picture_destroy(p);
    machine_destroy(d.m);
}

static void looking_changes_nothing(void **state)
{
    uint8_t *before, *after;
    size_t count, again;
    struct demo d;

    (void)state;
    rig_start(&d, "adapter");
    rig_posted(&d);
    assert_int_equal(machine_save_bytes(d.m, &before, &count, NULL), HB_OK);
    for (unsigned zoom = 0; zoom < PICTURE_ZOOMS; zoom++)
        picture_destroy(picture_of(&d, (enum picture_zoom)zoom));
    assert_int_equal(machine_save_bytes(d.m, &after, &again, NULL), HB_OK);
    assert_int_equal(count, again);
    assert_memory_equal(before, after, count);
    free(before);
    free(after);
    machine_destroy(d.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_step_lights_the_next_map_register),
        cmocka_unit_test(a_byte_step_moves_the_cursor_by_one),
        cmocka_unit_test(a_bounce_page_is_one),
        cmocka_unit_test(the_three_columns_of_bytes_are_equal),
        cmocka_unit_test(looking_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
