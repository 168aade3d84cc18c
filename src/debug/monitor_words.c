/* src/debug/monitor_words.c -- what the words of a command mean: numbers,
 * addresses, devices, processes, bytes. */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/monitor.h"

static bool number(const char *text, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 0);
    return isdigit((unsigned char)*text) && !*end && !errno;
}

enum hb_status ask_number(struct ask *a, unsigned i, uint64_t *value)
{
    if (i < a->count && number(a->word[i], value))
        return HB_OK;
    return hb_fail(a->error, HB_BAD_ARGUMENT,
                   "'%s' is no number: write 123 or 0x7b",
                   i < a->count ? a->word[i] : "");
}

/* Where the segment begins that the CPU uses a register with. */
static uint32_t segment_of(struct ask *a, const char *name)
{
    struct inspect_cpu cpu;

    inspect_cpu(a->m, &cpu);
    if (strcmp(name, "eip") == 0)
        return cpu.segment[1].base;
    return strcmp(name, "esp") == 0 || strcmp(name, "ebp") == 0
               ? cpu.segment[2].base
               : cpu.segment[3].base;
}

/* "esp", "ebp+8" */
static bool by_register(struct ask *a, const char *word, gva_t *at)
{
    size_t n = strcspn(word, "+-");
    struct inspect_cpu_register reg;
    uint64_t offset = 0;
    uint32_t value;
    char name[8];

    if (n >= sizeof name || (word[n] && !number(word + n + 1, &offset)))
        return false;
    snprintf(name, sizeof name, "%.*s", (int)n, word);
    if (!inspect_cpu_register(a->m, name, &reg) || reg.bytes > sizeof value)
        return false;
    value = 0;
    memcpy(&value, reg.value, reg.bytes); /* the host is little-endian, too */
    at->v = segment_of(a, name) + value +
            (uint32_t)(word[n] == '-' ? 0 - offset : offset);
    return true;
}

enum hb_status ask_address(struct ask *a, unsigned i, gva_t *at)
{
    uint64_t value;

    if (number(a->word[i], &value) && value <= UINT32_MAX) {
        *at = gva_of((uint32_t)value);
        return HB_OK;
    }
    if (by_register(a, a->word[i], at) ||
        symbols_lookup(a->symbols, a->m, a->word[i], at))
        return HB_OK;
    return hb_fail(a->error, HB_NOT_FOUND,
                   "'%s' is no virtual address: write 0x80401000, esp+8, a "
                   "name (edu!EduStart+4) or a line (edu.c:120) of an image "
                   "that is loaded",
                   a->word[i]);
}

enum hb_status ask_space(struct ask *a, unsigned i, uint32_t *space)
{
    struct inspect_process process;
    uint64_t value;

    *space = SPACE_CPU;
    if (i >= a->count)
        return HB_OK;
    *space = SPACE_SYSTEM;
    if (strcmp(a->word[i], "system") == 0)
        return HB_OK;
    if (!number(a->word[i], &value) || !value || value > INT32_MAX ||
        !inspect_process_at(a->m, (unsigned)value - 1, &process))
        return hb_fail(a->error, HB_NOT_FOUND,
                       "there is no process '%s': see `processes`, or write "
                       "system",
                       a->word[i]);
    *space = (uint32_t)value;
    return HB_OK;
}

enum hb_status ask_device(struct ask *a, unsigned i, const char **device)
{
    struct inspect_device d;

    *device = NULL;
    if (i >= a->count)
        return HB_OK;
    for (unsigned n = 0; inspect_device_at(a->m, n, &d); n++)
        if (strcmp(d.name, a->word[i]) == 0) {
            *device = a->word[i];
            return HB_OK;
        }
    return hb_fail(a->error, HB_NOT_FOUND,
                   "there is no device '%s': see `devices`", a->word[i]);
}

static int digit(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? (c | ' ') - 'a' + 10
                                        : -1;
}

enum hb_status ask_bytes(struct ask *a, unsigned i, uint8_t *bytes,
                         uint32_t room, uint32_t *count)
{
    *count = 0;
    for (; i < a->count; i++)
        for (const char *c = a->word[i]; *c; c += 2) {
            int high = digit(c[0]), low = high < 0 ? -1 : digit(c[1]);

            if (low < 0 || *count == room)
                return hb_fail(a->error, HB_BAD_ARGUMENT,
                               "'%s': write bytes as pairs of hexadecimal "
                               "digits, at most %u of them: 90 90 or 9090",
                               a->word[i], room);
            bytes[(*count)++] = (uint8_t)(high << 4 | low);
        }
    return HB_OK;
}

void ask_code(const struct symbols *symbols, const struct machine *m, gva_t at,
              char *out, size_t room)
{
    struct source_line line;
    const char *slash;
    size_t n;

    symbols_text(symbols, m, at, out, room);
    n = strlen(out);
    if (!symbols_line(symbols, m, at, &line))
        return;
    slash = strrchr(line.path, '/');
    snprintf(out + n, room - n, "%s(%s:%u)", n ? " " : "",
             slash ? slash + 1 : line.path, line.line);
}
