/* src/cli/junit.c -- results gathered as text, written with their counts. */
#include "cli/junit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct suite {
    char *name;
    struct vec body; /* of char: its <testcase> elements */
    unsigned tests, failures;
    uint64_t ns;
};

struct junit {
    struct vec suite;  /* of struct suite */
    struct vec output; /* of char: what the running case printed, escaped */
    bool failed;       /* no memory */
};

struct junit *junit_create(void)
{
    return calloc(1, sizeof(struct junit));
}

void junit_destroy(struct junit *j)
{
    if (!j)
        return;
    for (uint32_t i = 0; i < j->suite.count; i++) {
        struct suite *s = VEC_AT(struct suite, &j->suite, i);

        free(s->name);
        vec_free(&s->body);
    }
    vec_free(&j->suite);
    vec_free(&j->output);
    free(j);
}

static void put(struct junit *j, struct vec *to, const char *text)
{
    for (; *text; text++)
        if (!vec_push(to, 1, text))
            j->failed = true;
}

/* Bytes of the character at @text, 0: none that XML 1.0 has (2.2), escaped or
 * not. Lua's strings are bytes; the file says that it is UTF-8. */
static unsigned xml_character(const char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *s = (const uint8_t *)text;
    unsigned n = s[0] < 0x80                   ? 1
                 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                               : 0;
    uint32_t c = n > 1 ? s[0] & (0x7fu >> n) : s[0];

    for (unsigned i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < 0x20)
        return c == '\n' || c == '\t';
    if (c < least[n] || (c >= 0xd800 && c < 0xe000) || c == 0xfffe ||
        c == 0xffff || c > 0x10ffff)
        return 0;
    return n;
}

static void put_escaped(struct junit *j, struct vec *to, const char *text)
{
    for (unsigned n; *text; text += n ? n : 1) {
        char plain[5] = "?";

        n = xml_character(text);
        if (n)
            memcpy(plain, text, n);
        switch (*plain) {
        case '&':
            put(j, to, "&amp;");
            break;
        case '<':
            put(j, to, "&lt;");
            break;
        case '>':
            put(j, to, "&gt;");
            break;
        case '"':
            put(j, to, "&quot;");
            break;
        default:
            put(j, to, plain);
        }
    }
}

void junit_suite(struct junit *j, const char *name)
{
    struct suite s = {.name = strdup(name)};

    if (!s.name || !vec_push(&j->suite, sizeof s, &s)) {
        free(s.name);
        j->failed = true;
    }
}

void junit_output(struct junit *j, const char *line)
{
    put_escaped(j, &j->output, line);
    put(j, &j->output, "\n");
}

void junit_case(struct junit *j, const struct script_result *result)
{
    struct suite *s;
    char time[64];

    if (!j->suite.count)
        junit_suite(j, result->file);
    if (j->failed)
        return;
    s = VEC_AT(struct suite, &j->suite, j->suite.count - 1);
    s->tests++;
    s->ns += result->ns;
    put(j, &s->body, "    <testcase classname=\"");
    put_escaped(j, &s->body, result->file);
    put(j, &s->body, "\" name=\"");
    put_escaped(j, &s->body, result->name);
    snprintf(time, sizeof time, "\" time=\"%.9f\">\n",
             (double)result->ns / 1e9);
    put(j, &s->body, time);
    if (!result->passed) {
        s->failures++;
        put(j, &s->body, "      <failure message=\"");
        put_escaped(j, &s->body, result->text);
        put(j, &s->body, "\"/>\n");
    }
    if (j->output.count) {
        put(j, &j->output, "");
        vec_push(&j->output, 1, ""); /* ends the text */
        put(j, &s->body, "      <system-out>");
        put(j, &s->body, j->output.data);
        put(j, &s->body, "</system-out>\n");
        j->output.count = 0;
    }
    put(j, &s->body, "    </testcase>\n");
}

static void write_escaped(struct junit *j, const char *text, FILE *file)
{
    struct vec room = {NULL, 0, 0};

    put_escaped(j, &room, text);
    fprintf(file, "%.*s", (int)room.count, (const char *)room.data);
    vec_free(&room);
}

bool junit_write(const struct junit *j, FILE *file)
{
    struct junit scratch = {.failed = false};

    fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<testsuites name=\"halbox\">\n");
    for (uint32_t i = 0; i < j->suite.count; i++) {
        const struct suite *s = VEC_AT(struct suite, &j->suite, i);

        fprintf(file, "  <testsuite name=\"");
        write_escaped(&scratch, s->name, file);
        fprintf(file,
                "\" tests=\"%u\" failures=\"%u\" errors=\"0\" "
                "time=\"%.9f\">\n%.*s  </testsuite>\n",
                s->tests, s->failures, (double)s->ns / 1e9, (int)s->body.count,
                (const char *)s->body.data);
    }
    fprintf(file, "</testsuites>\n");
    return !j->failed && !scratch.failed && !ferror(file);
}
