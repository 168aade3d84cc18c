/* tests/base/events_test.c -- names, formats and who hears what. */
#include "test.h"

#include "base/events.h"
#include "halbox/dma.h"

struct heard {
    unsigned count;
    struct hb_event last;
    char text[256];
};

static void hear(void *context, const struct hb_event *event)
{
    struct heard *h = context;

    h->count++;
    h->last = *event;
    hb_event_text(event, h->text, sizeof h->text);
}

static void a_listener_hears_what_its_glob_names(void **state)
{
    struct clock c = {.now = 42, .ns_per_tick = 1};
    struct events ev;
    struct heard dma = {0}, all = {0};

    (void)state;
    events_init(&ev, &c);
    assert_int_equal(events_listen(&ev, hear, &dma, "dma_*,-dma_beat"), HB_OK);
    assert_int_equal(events_listen(&ev, hear, &all, "*"), HB_OK);
    EMIT(&ev, dma_end, 7, EVENT_STRING("edu"), 0, 4096);
    EMIT(&ev, dma_beat, 7, 0, 0, 4);
    EMIT(&ev, irql, 0, 2);
    assert_int_equal(dma.count, 1);
    assert_int_equal(all.count, 3);
    assert_int_equal(dma.last.tick, 42);
    assert_string_equal(dma.text,
                        "42 dma_end transfer=7 device=edu status=0 done=4096");
    events_unlisten(&ev, hear, &all);
    EMIT(&ev, irql, 2, 0);
    assert_int_equal(all.count, 3);
    assert_false(ev.armed[EV_irql]);
    events_fini(&ev);
}

static void a_glob_that_names_nothing_is_refused(void **state)
{
    struct events ev;

    (void)state;
    events_init(&ev, NULL);
    assert_int_equal(events_listen(&ev, hear, NULL, "no_such_*"),
                     HB_BAD_ARGUMENT);
    assert_int_equal(events_listen(&ev, hear, NULL, ""), HB_BAD_ARGUMENT);
    events_fini(&ev);
}

static void globs_are_joined_by_commas_and_taken_away_by_a_dash(void **state)
{
    (void)state;
    assert_true(hb_event_matches(EV_call, "call"));
    assert_false(hb_event_matches(EV_callback, "call"));
    assert_true(hb_event_matches(EV_callback, "call*"));
    assert_true(hb_event_matches(EV_irql, "call,irql"));
    assert_false(hb_event_matches(EV_irql, "*,-irql"));
    assert_true(hb_event_matches(EV_call, "-irql"));
    assert_false(hb_event_matches(EV_irql, "-irql"));
    assert_true(hb_event_matches(EV_irql, "-irql,irq?"));
}

static void json_quotes_strings_and_writes_addresses_as_hexadecimal(void **s)
{
    struct hb_event e = {.id = EV_guest_error, .tick = 1, .count = 2};
    struct hb_event d = {.id = EV_dma_start, .tick = 2, .count = 5};
    char out[256];
    int n;

    (void)s;
    e.args[0] = EVENT_STRING("edu");
    e.args[1] = EVENT_STRING("a \"b\"\n\\");
    n = hb_event_json(&e, out, sizeof out);
    assert_string_equal(out, "{\"tick\":1,\"event\":\"guest_error\","
                             "\"device\":\"edu\","
                             "\"text\":\"a \\\"b\\\"\\u000a\\\\\"}");
    assert_int_equal(n, strlen(out));
    d.args[1] = EVENT_STRING("edu");
    d.args[2] = DMA_FROM_DEVICE;
    d.args[3] = 0xe0000000;
    d.args[4] = 12;
    hb_event_json(&d, out, sizeof out);
    assert_string_equal(out, "{\"tick\":2,\"event\":\"dma_start\","
                             "\"transfer\":0,\"device\":\"edu\","
                             "\"dir\":\"from_device\",\"dla\":\"0xe0000000\","
                             "\"bytes\":12}");
}

static void text_is_cut_at_the_room_but_counted_to_its_end(void **state)
{
    struct hb_event e = {.id = EV_irql, .tick = 123, .count = 2};
    char small[8] = "xxxxxxx", big[64];
    int n = hb_event_text(&e, big, sizeof big);

    (void)state;
    assert_int_equal(hb_event_text(&e, small, sizeof small), n);
    assert_string_equal(small, "123 irq");
    assert_int_equal(hb_event_text(&e, NULL, 0), n);
}

static void every_row_has_a_name_arguments_and_help(void **state)
{
    (void)state;
    for (unsigned id = 0; id < EVENT_COUNT; id++) {
        const char *args = hb_event_args((enum event_id)id);
        unsigned count = 0;

        assert_true(*hb_event_help((enum event_id)id));
        for (const char *p = args; (p = strchr(p, ':')); p++, count++)
            assert_non_null(strchr("uxsd", p[1]));
        assert_in_range(count, 1, EVENT_ARGS);
    }
    assert_string_equal(hb_event_name(EVENT_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_hears_what_its_glob_names),
        cmocka_unit_test(a_glob_that_names_nothing_is_refused),
        cmocka_unit_test(globs_are_joined_by_commas_and_taken_away_by_a_dash),
        cmocka_unit_test(
            json_quotes_strings_and_writes_addresses_as_hexadecimal),
        cmocka_unit_test(text_is_cut_at_the_room_but_counted_to_its_end),
        cmocka_unit_test(every_row_has_a_name_arguments_and_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
