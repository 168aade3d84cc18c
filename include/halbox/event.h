/* include/halbox/event.h -- typed events of a machine, one row each in
 * halbox/events.def. A listener reads the machine and may ask for a stop; it
 * changes nothing. Docs: docs/events.md. */
#ifndef HALBOX_EVENT_H
#define HALBOX_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halbox/api.h"

enum event_id {
#define EVENT(name, args, help) EV_##name,
#include "halbox/events.def"
#undef EVENT
    EVENT_COUNT
};

enum { EVENT_ARGS = 12 };

/** One event as a listener sees it; args are valid during the call. */
struct hb_event {
    enum event_id id;
    uint64_t tick;
    uint64_t args[EVENT_ARGS]; /* in the order of the row */
    unsigned count;
};

typedef void hb_event_fn(void *context, const struct hb_event *event);

/** hb_event_name() - the row's name. hb_event_args() - its argument list,
 *  "name:kind name:kind ..."; kinds u decimal, x hex, s string, d direction. */
HB_API const char *hb_event_name(enum event_id id);
HB_API const char *hb_event_args(enum event_id id);
HB_API const char *hb_event_help(enum event_id id);

/** hb_event_text() - one line of text: tick, name, name=value ...
 *  Returns the length it has or would have, as snprintf. */
HB_API int hb_event_text(const struct hb_event *event, char *out, size_t room);
/** hb_event_json() - the same as one JSON object without line end. */
HB_API int hb_event_json(const struct hb_event *event, char *out, size_t room);
/** hb_event_matches() - does @glob (fnmatch, several joined by commas, '-'
 *  in front takes away) name this event? */
HB_API bool hb_event_matches(enum event_id id, const char *glob);

#endif
