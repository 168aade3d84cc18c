/* tests/base/save_test.c -- rows to bytes and back; damage is one error. */
#include "test.h"

#include "base/input.h"
#include "base/save.h"
#include "base/vec.h"

struct inner {
    uint8_t kind;
    uint16_t list[3];
};

struct outer {
    uint32_t a;
    void *wiring; /* no row: neither saved nor touched */
    uint64_t b;
    struct inner one, many[2];
    uint8_t raw[5];
    struct vec vec;
};

static const struct state_row inner_rows[] = {
    STATE_INT(struct inner, kind),
    STATE_INTS(struct inner, list),
    STATE_END,
};

static const struct state_row outer_rows[] = {
    STATE_INT(struct outer, a),
    STATE_INT(struct outer, b),
    STATE_STRUCT(struct outer, one, inner_rows),
    STATE_STRUCTS(struct outer, many, inner_rows),
    STATE_BYTES(struct outer, raw),
    STATE_VEC(struct outer, vec, struct inner, 4, inner_rows),
    STATE_END,
};

static struct outer sample(void)
{
    struct outer o = {.a = 0x01020304,
                      .b = 0x1122334455667788,
                      .one = {1, {2, 3, 4}},
                      .many = {{5, {6, 7, 8}}, {9, {10, 11, 12}}},
                      .raw = "abcd"};
    const struct inner e = {13, {14, 15, 16}};

    vec_push(&o.vec, sizeof e, &e);
    vec_push(&o.vec, sizeof e, &e);
    return o;
}

static void what_is_loaded_is_what_was_saved(void **state)
{
    struct outer o = sample(), back = {.wiring = &o};
    struct saver s = {0}, again = {0};
    struct loader l;

    (void)state;
    save_rows(&s, &o, outer_rows);
    /* 4 + 8 + 7 + 14 + 5 + 4 + 14: no padding, no pointer */
    assert_int_equal(s.count, 56);
    assert_memory_equal(s.bytes, "\4\3\2\1\x88\x77\x66\x55", 8);
    l = (struct loader){.bytes = s.bytes, .count = s.count};
    assert_true(load_rows(&l, &back, outer_rows));
    assert_ptr_equal(back.wiring, &o);
    save_rows(&again, &back, outer_rows);
    assert_int_equal(again.count, s.count);
    assert_memory_equal(again.bytes, s.bytes, s.count);
    vec_free(&o.vec);
    vec_free(&back.vec);
    saver_fini(&s);
    saver_fini(&again);
}

static void every_truncation_is_noticed(void **state)
{
    struct outer o = sample();
    struct saver s = {0};

    (void)state;
    save_rows(&s, &o, outer_rows);
    for (size_t n = 0; n < s.count; n++) {
        struct outer back = {0};
        struct loader l = {.bytes = s.bytes, .count = n};

        assert_false(load_rows(&l, &back, outer_rows));
        vec_free(&back.vec);
    }
    vec_free(&o.vec);
    saver_fini(&s);
}

static void a_vec_longer_than_its_row_allows_is_refused(void **state)
{
    struct outer o = sample(), back = {0};
    struct saver s = {0};
    struct loader l;

    (void)state;
    vec_resize(&o.vec, sizeof(struct inner), 5);
    save_rows(&s, &o, outer_rows);
    l = (struct loader){.bytes = s.bytes, .count = s.count};
    assert_false(load_rows(&l, &back, outer_rows));
    vec_free(&o.vec);
    vec_free(&back.vec);
    saver_fini(&s);
}

static void sections_are_found_by_name_and_version(void **state)
{
    struct saver s = {0};
    struct loader l, sec;
    struct hb_error error;
    size_t at;

    (void)state;
    at = save_section_begin(&s, "clock", 3);
    save_u32(&s, 77);
    save_section_end(&s, at);
    at = save_section_begin(&s, "cpu", 1);
    save_u64(&s, 88);
    save_section_end(&s, at);

    l = (struct loader){.bytes = s.bytes, .count = s.count};
    assert_int_equal(load_section(&l, "clock", 3, &sec, &error), HB_OK);
    assert_int_equal(loader_u32(&sec), 77);
    assert_int_equal(loader_u32(&sec), 0); /* past its end */
    assert_true(sec.failed);
    assert_int_equal(load_section(&l, "cpu", 1, &sec, &error), HB_OK);
    assert_int_equal(loader_u64(&sec), 88);
    assert_int_equal(load_section(&l, "bus", 1, &sec, &error), HB_BAD_IMAGE);

    l = (struct loader){.bytes = s.bytes, .count = s.count};
    assert_int_equal(load_section(&l, "clock", 4, &sec, &error), HB_BAD_IMAGE);
    assert_non_null(strstr(error.text, "version 3"));
    l = (struct loader){.bytes = s.bytes, .count = s.count};
    assert_int_equal(load_section(&l, "ram", 3, &sec, &error), HB_BAD_IMAGE);
    assert_non_null(strstr(error.text, "clock"));
    for (size_t n = 0; n < at; n++) {
        l = (struct loader){.bytes = s.bytes, .count = n};
        if (load_section(&l, "clock", 3, &sec, &error) == HB_OK)
            assert_int_equal(load_section(&l, "cpu", 1, &sec, &error),
                             HB_BAD_IMAGE);
    }
    saver_fini(&s);
}

static void an_input_is_stamped_with_its_position(void **state)
{
    struct clock c;
    struct clock_entry due;
    struct input_log log = {0};
    const struct input_entry *e;

    (void)state;
    clock_init(&c, 1);
    clock_at(&c, 9, CLOCK_DEVICE, 0, 0);
    c.now = 9;
    clock_take_due(&c, &due);
    assert_int_equal(
        input_log_add(&log, &c, 7, INPUT_POKE_PHYSICAL, 0x1000, 0, "hello", 5),
        HB_OK);
    assert_int_equal(input_log_add(&log, &c, 0, INPUT_CALL, 1, 2, "abc", 3),
                     HB_OK);
    e = VEC_AT(struct input_entry, &log.entry, 1);
    assert_int_equal(e->tick, 9);
    assert_int_equal(e->served, 1);
    assert_int_equal(e->at, 5);
    assert_memory_equal((uint8_t *)log.data.data + e->at, "abc", 3);
    clock_fini(&c);
    input_log_fini(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_loaded_is_what_was_saved),
        cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(a_vec_longer_than_its_row_allows_is_refused),
        cmocka_unit_test(sections_are_found_by_name_and_version),
        cmocka_unit_test(an_input_is_stamped_with_its_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
