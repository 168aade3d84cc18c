/* src/debug/lcov.c -- an lcov tracefile: for each source file its functions and
 * lines, and how often they ran. Source: geninfo(1), "FILES". */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "debug/coverage.h"

bool lcov_add(struct lcov *l, const char *path, uint32_t line, const char *name,
              uint32_t count)
{
    struct lcov_row row = {.path = strings_keep(&l->string, path, strlen(path)),
                           .name = strings_keep(&l->string, name, strlen(name)),
                           .line = line,
                           .count = count};

    return row.path != UINT32_MAX && row.name != UINT32_MAX &&
           vec_push(&l->row, sizeof row, &row);
}

static bool is_line(const struct lcov *l, const struct lcov_row *row)
{
    return !*strings_at(&l->string, row->name);
}

static int by_text(const struct lcov *l, uint32_t a, uint32_t b)
{
    return a == b
               ? 0
               : strcmp(strings_at(&l->string, a), strings_at(&l->string, b));
}

/* By file; its functions first, then its lines. */
static int by_place(const struct lcov *l, const struct lcov_row *a,
                    const struct lcov_row *b)
{
    int order = by_text(l, a->path, b->path);

    if (order)
        return order;
    if (is_line(l, a) != is_line(l, b))
        return is_line(l, a) ? 1 : -1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return by_text(l, a->name, b->name);
}

static int in_order(const void *a_, const void *b_, void *l)
{
    const struct lcov_row *a = a_, *b = b_;
    int order = by_place(l, a, b);

    if (order)
        return order;
    if (a->known != b->known)
        return a->known ? -1 : 1;
    return a->count > b->count ? -1 : a->count < b->count; /* largest first */
}

void lcov_sum(struct lcov *l)
{
    struct lcov_row *row = l->row.data;
    uint32_t kept = 0, n = l->row.count;

    if (!n)
        return;
    qsort_r(row, n, sizeof *row, in_order, l);
    for (uint32_t i = 0, next; i < n; i = next) {
        struct lcov_row sum = row[i];

        if (sum.known && i + 1 < n && !by_place(l, &sum, &row[i + 1]))
            sum.count += row[i + 1].count;
        sum.known = true;
        for (next = i + 1; next < n && !by_place(l, &sum, &row[next]); next++)
            ;
        row[kept++] = sum;
    }
    l->row.count = kept;
}

/** Of one source file. */
struct tally {
    unsigned functions, functions_hit, lines, lines_hit;
};

/* Rows of a file's functions: where they are, then how often they ran. */
static void print_functions(const struct lcov *l, const struct lcov_row *row,
                            unsigned count, struct tally *t, FILE *to)
{
    for (unsigned i = 0; i < count; i++)
        if (!is_line(l, &row[i]))
            fprintf(to, "FN:%u,%s\n", row[i].line,
                    strings_at(&l->string, row[i].name));
    for (unsigned i = 0; i < count; i++) {
        if (is_line(l, &row[i]))
            continue;
        fprintf(to, "FNDA:%" PRIu64 ",%s\n", row[i].count,
                strings_at(&l->string, row[i].name));
        t->functions++;
        t->functions_hit += row[i].count != 0;
    }
    fprintf(to, "FNF:%u\nFNH:%u\n", t->functions, t->functions_hit);
}

static void print_lines(const struct lcov *l, const struct lcov_row *row,
                        unsigned count, struct tally *t, FILE *to)
{
    for (unsigned i = 0; i < count; i++) {
        if (!is_line(l, &row[i]))
            continue;
        fprintf(to, "DA:%u,%" PRIu64 "\n", row[i].line, row[i].count);
        t->lines++;
        t->lines_hit += row[i].count != 0;
    }
    fprintf(to, "LF:%u\nLH:%u\n", t->lines, t->lines_hit);
}

void lcov_print(const struct lcov *l, FILE *to)
{
    const struct lcov_row *row = l->row.data;

    fprintf(to, "TN:\n");
    for (uint32_t i = 0, next; i < l->row.count; i = next) {
        struct tally t = {0};

        for (next = i; next < l->row.count && row[next].path == row[i].path;
             next++)
            ;
        fprintf(to, "SF:%s\n", strings_at(&l->string, row[i].path));
        print_functions(l, row + i, next - i, &t, to);
        print_lines(l, row + i, next - i, &t, to);
        fprintf(to, "end_of_record\n");
    }
}

void lcov_free(struct lcov *l)
{
    strings_free(&l->string);
    vec_free(&l->row);
}
