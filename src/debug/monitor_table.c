/* src/debug/monitor_table.c -- the monitor's answers: lines, and tables that
 * are aligned for people or JSON objects for programs, one a line. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/monitor.h"

struct cell {
    uint64_t value;
    char text[128];
};

/* Guests choose names: no control characters to a terminal. */
void monitor_plain(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

void say(struct ask *a, const char *format, ...)
{
    char line[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    monitor_plain(line);
    a->print(a->context, line);
}

void table_begin(struct table *t, struct ask *a, const char *columns)
{
    char *next = t->names, *word;

    *t = (struct table){.a = a};
    snprintf(t->names, sizeof t->names, "%s", columns);
    while ((word = strsep(&next, " ")) && t->columns < TABLE_COLUMNS) {
        char *kind = strchr(word, ':');

        *kind = 0;
        t->column[t->columns].name = word;
        t->column[t->columns++].kind = kind[1];
    }
}

void table_number(struct table *t, uint64_t value)
{
    char kind = t->column[t->cell.count % t->columns].kind;
    struct cell *cell = vec_push(&t->cell, sizeof *cell, NULL);

    if (!cell)
        return;
    cell->value = value;
    snprintf(cell->text, sizeof cell->text, kind == 'x' ? "0x%llx" : "%llu",
             (unsigned long long)value);
}

void table_text(struct table *t, const char *format, ...)
{
    struct cell *cell = vec_push(&t->cell, sizeof *cell, NULL);
    va_list args;

    if (!cell)
        return;
    va_start(args, format);
    vsnprintf(cell->text, sizeof cell->text, format, args);
    va_end(args);
    monitor_plain(cell->text);
}

static void print_json(struct table *t, const struct cell *row)
{
    json_t *object = json_object();
    char *line;

    for (unsigned c = 0; object && c < t->columns; c++)
        json_object_set_new(object, t->column[c].name,
                            t->column[c].kind == 's'
                                ? json_string(row[c].text)
                                : json_integer((json_int_t)row[c].value));
    line = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (line)
        t->a->print(t->a->context, line);
    free(line);
    json_decref(object);
}

static void put(struct table *t, char *line, size_t room, unsigned c,
                const char *text, unsigned width)
{
    size_t n = strlen(line);
    bool left = t->column[c].kind == 's', last = c + 1 == t->columns;

    if (n < room)
        snprintf(line + n, room - n, "%s%*s", c ? "  " : "",
                 left ? (last ? 0 : -(int)width) : (int)width, text);
}

static void print_text(struct table *t, uint32_t rows, const struct cell *cells)
{
    unsigned width[TABLE_COLUMNS];
    char line[1024];

    for (unsigned c = 0; c < t->columns; c++) {
        width[c] = (unsigned)strlen(t->column[c].name);
        for (uint32_t r = 0; r < rows; r++) {
            unsigned n = (unsigned)strlen(cells[r * t->columns + c].text);

            width[c] = n > width[c] ? n : width[c];
        }
    }
    for (uint32_t r = 0; r <= rows; r++) {
        line[0] = 0;
        for (unsigned c = 0; c < t->columns; c++)
            put(t, line, sizeof line, c,
                r ? cells[(r - 1) * t->columns + c].text : t->column[c].name,
                width[c]);
        line[strcspn(line, "\n")] = 0;
        for (size_t n = strlen(line); n && line[n - 1] == ' ';)
            line[--n] = 0;
        t->a->print(t->a->context, line);
    }
}

enum hb_status table_end(struct table *t)
{
    const struct cell *cells = t->cell.data;
    uint32_t rows = t->cell.count / t->columns;

    if (t->a->json)
        for (uint32_t r = 0; r < rows; r++)
            print_json(t, &cells[r * t->columns]);
    else if (rows)
        print_text(t, rows, cells);
    else
        say(t->a, "none");
    vec_free(&t->cell);
    return HB_OK;
}
