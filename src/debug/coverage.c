/* src/debug/coverage.c -- which lines of driver images ran: counts of
 * instructions while a machine is watched, then lines of an lcov tracefile. */
#include "halbox/coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/coverage.h"
#include "debug/symbols.h"

struct coverage *coverage_create(void)
{
    struct coverage *c = calloc(1, sizeof *c);

    if (c && !(c->symbols = symbols_create())) {
        free(c);
        c = NULL;
    }
    return c;
}

static void drop_counted(struct coverage *c)
{
    for (uint32_t i = 0; i < c->counted.count; i++)
        free(VEC_AT(struct counted, &c->counted, i)->counts);
    vec_free(&c->counted);
}

void coverage_destroy(struct coverage *coverage)
{
    if (!coverage)
        return;
    drop_counted(coverage);
    symbols_destroy(coverage->symbols);
    lcov_free(&coverage->known);
    free(coverage);
}

/* ---- while a machine runs ------------------------------------------------*/

static void watch_image(struct coverage *c, struct machine *m, const char *name,
                        gva_t base, uint32_t bytes)
{
    enum { PAGE = 4096, LARGEST = 16 << 20 };
    struct counted counted = {.base = base};

    counted.bytes = (bytes + PAGE - 1) & ~(uint32_t)(PAGE - 1);
    if (!bytes || bytes > LARGEST)
        return;
    snprintf(counted.name, sizeof counted.name, "%s", name);
    counted.counts = calloc(counted.bytes, sizeof *counted.counts);
    if (!counted.counts) {
        c->incomplete = true;
        return;
    }
    if (!vec_push(&c->counted, sizeof counted, &counted)) {
        free(counted.counts);
        c->incomplete = true;
        return;
    }
    if (machine_count_code(m, base, counted.bytes, counted.counts, NULL) !=
        HB_OK)
        c->incomplete = true;
}

/* An image that comes where another one was takes its place. */
static void image_loaded(void *context, const struct hb_event *event)
{
    struct coverage *c = context;

    watch_image(c, c->m, (const char *)(uintptr_t)event->args[0],
                gva_of((uint32_t)event->args[1]), (uint32_t)event->args[2]);
}

enum hb_status coverage_watch(struct coverage *coverage, struct machine *m,
                              struct hb_error *error)
{
    struct inspect_image image;
    enum hb_status status;

    if (coverage->m)
        return hb_fail(error, HB_BAD_STATE,
                       "coverage: a machine is being watched already");
    /* no range yet: code is counted from here on */
    status = machine_count_code(m, gva_of(0), 0, NULL, error);
    if (status == HB_OK)
        status = machine_listen(m, image_loaded, coverage, "image_load", error);
    if (status != HB_OK)
        return status;
    coverage->m = m;
    for (unsigned i = 0; inspect_image_at(m, i, &image); i++)
        if (!image.unloaded)
            watch_image(coverage, m, image.name, image.base, image.bytes);
    return HB_OK;
}

/* ---- what it comes to ----------------------------------------------------*/

static const struct symbol_file *file_named(const struct symbols *s,
                                            const char *name)
{
    for (unsigned i = 0; i < symbols_files(s); i++)
        if (strcmp(symbol_file_at(s, i)->name, name) == 0)
            return symbol_file_at(s, i);
    return NULL;
}

static uint32_t count_at(const struct counted *c, uint32_t rva)
{
    return rva < c->bytes ? c->counts[rva] : 0;
}

/* A run of code counts as often as its busiest instruction. */
static bool add_lines(struct lcov *known, const struct counted *c,
                      const struct symbol_file *f)
{
    const struct line_row *row = f->lines.data;

    for (uint32_t i = 0; i < f->lines.count; i++) {
        uint32_t end = i + 1 < f->lines.count ? row[i + 1].rva : f->bytes;
        uint32_t most = 0;

        if (row[i].end || !row[i].line || end == row[i].rva)
            continue;
        for (uint32_t at = row[i].rva; at < end && at < c->bytes; at++)
            if (c->counts[at] > most)
                most = c->counts[at];
        if (!lcov_add(known, source_name(f, row[i].file), row[i].line, "",
                      most))
            return false;
    }
    return true;
}

static bool add_functions(struct lcov *known, const struct counted *c,
                          const struct symbol_file *f)
{
    const struct function_row *row = f->functions.data;

    for (uint32_t i = 0; i < f->functions.count; i++)
        if (row[i].line &&
            !lcov_add(known, source_name(f, row[i].file), row[i].line,
                      file_name(f, row[i].name), count_at(c, row[i].low)))
            return false;
    return true;
}

enum hb_status coverage_gather(struct coverage *coverage, struct machine *m,
                               struct hb_error *error)
{
    bool good = !coverage->incomplete;

    if (coverage->m != m)
        return hb_fail(error, HB_BAD_STATE,
                       "coverage: this machine is not being watched");
    machine_unlisten(m, image_loaded, coverage);
    machine_count_end(m);
    coverage->m = NULL;
    symbols_add_loaded(coverage->symbols, m);
    coverage->incomplete = false;
    for (uint32_t i = 0; i < coverage->counted.count; i++) {
        const struct counted *c = VEC_AT(struct counted, &coverage->counted, i);
        const struct symbol_file *f = file_named(coverage->symbols, c->name);

        good = (!f || (add_lines(&coverage->known, c, f) &&
                       add_functions(&coverage->known, c, f))) &&
               good;
    }
    lcov_sum(&coverage->known);
    drop_counted(coverage);
    return good ? HB_OK
                : hb_fail(error, HB_NO_MEMORY,
                          "coverage: no memory for all that ran");
}

enum hb_status coverage_write(struct coverage *coverage, const char *path,
                              struct hb_error *error)
{
    FILE *f = fopen(path, "w");
    bool good;

    if (!f)
        return hb_fail(error, HB_NO_FILE, "%s: cannot be written", path);
    lcov_print(&coverage->known, f);
    good = !ferror(f);
    if (fclose(f) != 0 || !good)
        return hb_fail(error, HB_NO_FILE, "%s: not all of it could be written",
                       path);
    return HB_OK;
}
