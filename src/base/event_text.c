/* src/base/event_text.c -- events as text and as JSON lines, and by name. The
 * argument list of a row, "name:kind name:kind ...", drives both. */
#include "halbox/event.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "halbox/dma.h"

struct row {
    const char *name, *args, *help;
};

static const struct row rows[EVENT_COUNT] = {
#define EVENT(name_, args_, help_)                                             \
    [EV_##name_] = {.name = #name_, .args = args_, .help = help_},
#include "halbox/events.def"
#undef EVENT
};

const char *hb_event_name(enum event_id id)
{
    return (unsigned)id < EVENT_COUNT ? rows[id].name : "unknown";
}

const char *hb_event_args(enum event_id id)
{
    return (unsigned)id < EVENT_COUNT ? rows[id].args : "";
}

const char *hb_event_help(enum event_id id)
{
    return (unsigned)id < EVENT_COUNT ? rows[id].help : "";
}

/** Text that is cut at `room` but counted to its end, as snprintf does. */
struct text {
    char *out;
    size_t room, length;
};

static void put(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *format, ...)
{
    size_t left = t->length < t->room ? t->room - t->length : 0;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(left ? t->out + t->length : NULL, left, format, args);
    va_end(args);
    if (n > 0)
        t->length += (size_t)n;
}

/** One argument's name and kind; moves *list behind it. */
struct arg {
    const char *name;
    int length;
    char kind;
};

static bool next_arg(const char **list, struct arg *a)
{
    const char *colon;

    while (**list == ' ')
        ++*list;
    colon = strchr(*list, ':');
    if (!colon)
        return false;
    a->name = *list;
    a->length = (int)(colon - *list);
    a->kind = colon[1];
    *list = colon + 2;
    return true;
}

static const char *string_of(uint64_t v)
{
    return v ? (const char *)(uintptr_t)v : "";
}

static const char *direction_of(uint64_t v)
{
    return v == DMA_TO_DEVICE ? "to_device" : "from_device";
}

/* Inside quotes: what would end or break the string is escaped, in the way
 * that JSON wants; text uses the same. */
static void put_quoted(struct text *t, const char *s)
{
    put(t, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            put(t, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            put(t, "\\u%04x", c);
        else
            put(t, "%c", c);
    }
    put(t, "\"");
}

static void put_plain(struct text *t, char kind, uint64_t v)
{
    switch (kind) {
    case 'x':
        put(t, "%" PRIx64, v);
        break;
    case 's':
        if (strpbrk(string_of(v), " \"\\\n\r\t") || !*string_of(v))
            put_quoted(t, string_of(v));
        else
            put(t, "%s", string_of(v));
        break;
    case 'd':
        put(t, "%s", direction_of(v));
        break;
    default:
        put(t, "%" PRIu64, v);
        break;
    }
}

int hb_event_text(const struct hb_event *event, char *out, size_t room)
{
    struct text t = {.out = out, .room = room};
    const char *list = hb_event_args(event->id);
    struct arg a;

    put(&t, "%" PRIu64 " %s", event->tick, hb_event_name(event->id));
    for (unsigned i = 0; i < event->count && next_arg(&list, &a); i++) {
        put(&t, " %.*s=", a.length, a.name);
        put_plain(&t, a.kind, event->args[i]);
    }
    return (int)t.length;
}

/* Numbers above 2^53 lose bits in many readers of JSON, and hexadecimal is how
 * addresses are read: kind x is a string "0x...". */
static void put_json(struct text *t, char kind, uint64_t v)
{
    switch (kind) {
    case 'x':
        put(t, "\"0x%" PRIx64 "\"", v);
        break;
    case 's':
        put_quoted(t, string_of(v));
        break;
    case 'd':
        put(t, "\"%s\"", direction_of(v));
        break;
    default:
        put(t, "%" PRIu64, v);
        break;
    }
}

int hb_event_json(const struct hb_event *event, char *out, size_t room)
{
    struct text t = {.out = out, .room = room};
    const char *list = hb_event_args(event->id);
    struct arg a;

    put(&t, "{\"tick\":%" PRIu64 ",\"event\":\"%s\"", event->tick,
        hb_event_name(event->id));
    for (unsigned i = 0; i < event->count && next_arg(&list, &a); i++) {
        put(&t, ",\"%.*s\":", a.length, a.name);
        put_json(&t, a.kind, event->args[i]);
    }
    put(&t, "}");
    return (int)t.length;
}

bool hb_event_matches(enum event_id id, const char *glob)
{
    bool matches = false, first = true;
    char part[64];

    while (*glob) {
        size_t n = strcspn(glob, ",");
        bool minus = *glob == '-';
        size_t from = minus ? 1 : 0;

        if (n - from < sizeof part) {
            memcpy(part, glob + from, n - from);
            part[n - from] = 0;
            if (first && minus)
                matches = true; /* "-x" alone is all but x */
            if (fnmatch(part, hb_event_name(id), 0) == 0)
                matches = !minus;
        }
        first = false;
        glob += n + (glob[n] == ',');
    }
    return matches;
}
