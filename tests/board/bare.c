/* tests/board/bare.c -- bare machines for tests. */
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>

struct machine *bare_create(const char *const *cards, const void *code,
                            size_t bytes)
{
    struct machine_config config;
    struct machine *m = NULL;
    struct hb_error e = {0};

    assert_int_equal(machine_config_init(&config, NULL, &e), HB_OK);
    config.bare = true;
    config.memory = 16 << 20;
    config.dma_rate = 1; /* byte per ns: the CPU has time to wait */
    for (; cards && *cards; cards++)
        assert_int_equal(machine_config_device(&config, *cards, &e), HB_OK);
    if (machine_create(&m, &config, &e) != HB_OK)
        fail_msg("%s", e.text);
    if (bytes)
        assert_int_equal(machine_load_program(m, PROGRAM_FLAT, code, bytes,
                                              gpa_of(BARE_CODE), &e),
                         HB_OK);
    return m;
}

struct machine *bare_kernel(const char *const *cards, const char *image)
{
    struct machine *m = bare_create(cards, NULL, 0);
    static uint8_t bytes[65536];
    struct hb_error e = {0};
    char path[256];
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, HALBOX_IMAGES "/%s", image);
    f = fopen(path, "rb");
    assert_non_null(f);
    n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    if (machine_load_program(m, PROGRAM_KERNEL, bytes, n, gpa_of(0), &e) !=
        HB_OK)
        fail_msg("%s", e.text);
    return m;
}

static void collect(void *context, const struct hb_event *event)
{
    struct trace *t = context;
    char line[512];
    size_t n = (size_t)hb_event_text(event, line, sizeof line - 1);

    assert_true(n < sizeof line - 1);
    line[n++] = '\n';
    if (t->bytes + n >= t->room) {
        t->room = 2 * t->room + sizeof line;
        t->text = realloc(t->text, t->room);
        assert_non_null(t->text);
    }
    memcpy(t->text + t->bytes, line, n);
    t->bytes += n;
    t->text[t->bytes] = 0;
}

void bare_trace(struct trace *t, struct machine *m, const char *glob)
{
    t->m = m;
    assert_int_equal(machine_listen(m, collect, t, glob, NULL), HB_OK);
}

void bare_trace_end(struct trace *t)
{
    machine_unlisten(t->m, collect, t);
    free(t->text);
    *t = (struct trace){0};
}

void bare_equal(const struct machine *a, const struct machine *b)
{
    uint8_t *x, *y;
    size_t n, k;

    assert_int_equal(machine_save_bytes(a, &x, &n, NULL), HB_OK);
    assert_int_equal(machine_save_bytes(b, &y, &k, NULL), HB_OK);
    assert_int_equal(n, k);
    assert_memory_equal(x, y, n);
    free(x);
    free(y);
}
