/* src/debug/lcov.c -- an lcov tracefile: for each source file its functions and
 * lines, and how often they ran. Source: geninfo(1), "FILES". */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "debug/coverage.h"

/* The one copy of @text; NULL: no memory. */
static const char *keep(struct lcov *l, const char *text)
{
    char **all = l->string.data, *copy;
    uint32_t low = 0, high = l->string.count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(all[middle], text);

        if (!order)
            return all[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    copy = strdup(text);
    if (copy && !vec_insert(&l->string, sizeof copy, low, &copy)) {
        free(copy);
        copy = NULL;
    }
    return copy;
}

bool lcov_add(struct lcov *l, const char *path, uint32_t line, const char *name,
              uint32_t count)
{
    struct lcov_row row = {.path = keep(l, path),
                           .name = keep(l, name),
                           .line = line,
                           .count = count};

    return row.path && row.name && vec_push(&l->row, sizeof row, &row);
}

/* By file; its functions first, then its lines. */
static int by_place(const struct lcov_row *a, const struct lcov_row *b)
{
    int order = a->path == b->path ? 0 : strcmp(a->path, b->path);

    if (order)
        return order;
    if (!a->name[0] != !b->name[0])
        return a->name[0] ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->name == b->name ? 0 : strcmp(a->name, b->name);
}

static int in_order(const void *a_, const void *b_)
{
    const struct lcov_row *a = a_, *b = b_;
    int order = by_place(a, b);

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
    qsort(row, n, sizeof *row, in_order);
    for (uint32_t i = 0, next; i < n; i = next) {
        struct lcov_row sum = row[i];

        if (sum.known && i + 1 < n && !by_place(&sum, &row[i + 1]))
            sum.count += row[i + 1].count;
        sum.known = true;
        for (next = i + 1; next < n && !by_place(&sum, &row[next]); next++)
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
static void print_functions(const struct lcov_row *row, unsigned count,
                            struct tally *t, FILE *to)
{
    for (unsigned i = 0; i < count; i++)
        if (row[i].name[0])
            fprintf(to, "FN:%u,%s\n", row[i].line, row[i].name);
    for (unsigned i = 0; i < count; i++) {
        if (!row[i].name[0])
            continue;
        fprintf(to, "FNDA:%" PRIu64 ",%s\n", row[i].count, row[i].name);
        t->functions++;
        t->functions_hit += row[i].count != 0;
    }
    fprintf(to, "FNF:%u\nFNH:%u\n", t->functions, t->functions_hit);
}

static void print_lines(const struct lcov_row *row, unsigned count,
                        struct tally *t, FILE *to)
{
    for (unsigned i = 0; i < count; i++) {
        if (row[i].name[0])
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
        fprintf(to, "SF:%s\n", row[i].path);
        print_functions(row + i, next - i, &t, to);
        print_lines(row + i, next - i, &t, to);
        fprintf(to, "end_of_record\n");
    }
}

void lcov_free(struct lcov *l)
{
    for (uint32_t i = 0; i < l->string.count; i++)
        free(*VEC_AT(char *, &l->string, i));
    vec_free(&l->string);
    vec_free(&l->row);
}
