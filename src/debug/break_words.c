/* src/debug/break_words.c -- a breakpoint from words:
 *     dma.c:120    edu!EduStart+4    0x80401234                     code
 *     write virtual:0x1000,16 by edu                                a watch
 *     dma device=edu transfer=3      finding rule=S01   pool_*      an event */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/debugger.h"

enum { WORDS = 8, WORD = 96 };

struct words {
    unsigned count;
    char at[WORDS][WORD];
};

/* What people call some events. */
static const struct {
    const char *word, *glob;
} events[] = {
    {"dma", "dma_start"},     {"burst", "dma_burst"},
    {"map", "hal_map"},       {"flush", "hal_flush"},
    {"irq", "cpu_interrupt"}, {"irp", "irp_call"},
    {"call", "call"},         {"driver", "callback"},
    {"copy", "hal_copy"},     {"exception", "cpu_exception"},
};

static const struct {
    const char *word;
    unsigned access;
} accesses[] = {
    {"read", WATCH_READ},
    {"write", WATCH_WRITE},
    {"access", WATCH_READ | WATCH_WRITE},
    {"change", WATCH_CHANGE},
    {"execute", WATCH_EXECUTE},
};

static const struct {
    const char *word;
    enum machine_watch_space space;
} spaces[] = {
    {"virtual", WATCH_VIRTUAL},
    {"physical", WATCH_PHYSICAL},
    {"logical", WATCH_LOGICAL},
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool split(const char *text, struct words *w)
{
    int used;

    w->count = 0;
    while (w->count < WORDS &&
           sscanf(text, " %95s%n", w->at[w->count], &used) == 1) {
        text += used;
        w->count++;
    }
    return w->count && !text[strspn(text, " \t")];
}

static bool number(const char *text, const char *end, uint64_t *value)
{
    char *stop;

    errno = 0;
    *value = strtoull(text, &stop, 0);
    return stop != text && stop == end && !errno && *text != '-';
}

/* ---- watches ------------------------------------------------------------- */

/* SPACE:ADDRESS[,BYTES]; without a space a name or address of the code's. */
static bool parse_range(struct debug *d, const char *word,
                        struct machine_watch *w)
{
    const char *colon = strchr(word, ':'), *at = word, *end;
    char name[WORD];
    gva_t va;

    w->space = WATCH_VIRTUAL;
    for (unsigned i = 0; colon && i < COUNT(spaces); i++) {
        size_t n = strlen(spaces[i].word);

        if ((size_t)(colon - word) == n && !strncmp(word, spaces[i].word, n)) {
            w->space = spaces[i].space;
            at = colon + 1;
        }
    }
    end = at + strcspn(at, ",");
    w->bytes = 4;
    if (*end == ',' && !number(end + 1, end + strlen(end), &w->bytes))
        return false;
    if (number(at, end, &w->at))
        return true;
    snprintf(name, sizeof name, "%.*s", (int)(end - at), at);
    if (w->space != WATCH_VIRTUAL ||
        !symbols_lookup(d->symbols, d->m, name, &va))
        return false;
    w->at = va.v;
    return true;
}

static bool parse_watch(struct debug *d, const struct words *w, unsigned access,
                        struct debug_break *b, struct hb_error *error)
{
    struct machine_watch *watch = &b->watch;

    b->kind = DEBUG_BREAK_WATCH;
    *watch = (struct machine_watch){.access = access, .process = SPACE_CPU};
    if ((w->count != 2 && w->count != 4) || !parse_range(d, w->at[1], watch) ||
        (w->count == 4 && strcmp(w->at[2], "by") != 0)) {
        hb_fail(error, HB_BAD_ARGUMENT,
                "write: %s [virtual:|physical:|logical:]ADDRESS[,BYTES] "
                "[by cpu|dma|DEVICE]",
                w->at[0]);
        return false;
    }
    if (w->count != 4)
        return true;
    watch->by_cpu = strcmp(w->at[3], "cpu") == 0;
    watch->by_dma = !watch->by_cpu;
    if (watch->by_dma && strcmp(w->at[3], "dma") != 0)
        snprintf(watch->device, sizeof watch->device, "%.31s", w->at[3]);
    return true;
}

/* ---- events -------------------------------------------------------------- */

static bool parse_condition(const char *word, struct machine_breakpoint *p)
{
    const char *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : 0;
    uint64_t value;

    if (!n || n >= sizeof p->condition[0].arg ||
        strlen(equals + 1) >= sizeof p->condition[0].text ||
        p->conditions == BREAK_CONDITIONS)
        return false;
    memcpy(p->condition[p->conditions].arg, word, n);
    strcpy(p->condition[p->conditions].text, equals + 1);
    if (number(equals + 1, equals + strlen(equals), &value))
        p->condition[p->conditions].value = value;
    p->conditions++;
    return true;
}

static bool parse_event(const struct words *w, struct debug_break *b,
                        struct hb_error *error)
{
    struct machine_breakpoint *p = &b->event;
    const char *glob = w->at[0];

    b->kind = DEBUG_BREAK_EVENT;
    *p = (struct machine_breakpoint){0};
    for (unsigned i = 0; i < COUNT(events); i++)
        if (strcmp(glob, events[i].word) == 0)
            glob = events[i].glob;
    snprintf(p->glob, sizeof p->glob, "%.63s", glob);
    for (unsigned i = 1; i < w->count; i++) {
        if (!parse_condition(w->at[i], p)) {
            hb_fail(error, HB_BAD_ARGUMENT,
                    "'%s': write ARGUMENT=VALUE, at most %d of them", w->at[i],
                    (int)BREAK_CONDITIONS);
            return false;
        }
    }
    return true;
}

static bool is_event(const char *word)
{
    for (unsigned i = 0; i < COUNT(events); i++)
        if (strcmp(word, events[i].word) == 0)
            return true;
    for (unsigned id = 0; id < EVENT_COUNT; id++)
        if (hb_event_matches((enum event_id)id, word))
            return true;
    return false;
}

/* ---- all ----------------------------------------------------------------- */

static bool parse(struct debug *d, const struct words *w, struct debug_break *b,
                  struct hb_error *error)
{
    for (unsigned i = 0; i < COUNT(accesses); i++)
        if (strcmp(w->at[0], accesses[i].word) == 0)
            return parse_watch(d, w, accesses[i].access, b, error);
    if (is_event(w->at[0]))
        return parse_event(w, b, error);
    b->kind = DEBUG_BREAK_CODE;
    if (w->count == 1 && symbols_lookup(d->symbols, d->m, w->at[0], &b->code))
        return true;
    hb_fail(error, HB_NOT_FOUND,
            "'%s' is no name, line, address or event: see `help break`",
            w->at[0]);
    return false;
}

int debug_break_parse(struct debug *d, const char *text, struct hb_error *error)
{
    struct debug_break b = {.kind = DEBUG_BREAK_CODE};
    struct words w;

    if (!split(text, &w)) {
        hb_fail(error, HB_BAD_ARGUMENT, "break where?");
        return 0;
    }
    snprintf(b.text, sizeof b.text, "%.127s", text);
    return parse(d, &w, &b, error) ? debug_break_add(d, &b, error) : 0;
}
