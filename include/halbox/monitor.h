/* include/halbox/monitor.h -- the debugger in words: one line is one command,
 * for a terminal, a window's console, another debugger's stub, a file. Reads by
 * inspect.h and symbols.h; equal machines give equal lines. Docs:
 * docs/monitor.md. */
#ifndef HALBOX_MONITOR_H
#define HALBOX_MONITOR_H

#include "halbox/debug.h"
#include "halbox/lanes.h"

/** A line of an answer, without its end; plain ASCII. */
typedef void debug_print_fn(void *context, const char *line);

/**
 * debug_command() - do what @text says: "step page 2 edu", "json adapters". An
 * empty line does nothing.
 * @print: hears the answer, line by line, during the call
 *
 * A command that lets the machine go on has called debug_order(): when
 * debug_has_order() says so, return from stopped(). While the machine runs
 * (from running()) those commands are refused but `pause` and `quit`.
 *
 * Returns HB_OK; HB_NOT_FOUND, HB_BAD_ARGUMENT, ... with one line: what, where,
 * what to do.
 */
HB_API enum hb_status debug_command(struct debug *d, const char *text,
                                    debug_print_fn *print, void *context,
                                    struct hb_error *error);
/** debug_has_order() - an order was given since the machine stands. */
HB_API bool debug_has_order(const struct debug *d);
/** debug_command_again() - at a stop, first of all: true, the command before
 *  counts on ("step page 3") and has given the next order. */
HB_API bool debug_command_again(struct debug *d, const struct debug_stop *stop);

/**
 * debug_command_complete() - way @index of completing the last word of @text:
 * commands, steps, devices, registers, names of the code.
 * @out: that word, whole
 *
 * Returns false past the last.
 */
HB_API bool debug_command_complete(struct debug *d, const char *text,
                                   unsigned index, char *out, size_t room);

/** A row of the table of commands. */
struct debug_command_help {
    const char *name, *brief; /* brief: short form, or ""                    */
    const char *arguments, *help;
};
/** debug_command_at() - row @index; false past the last. */
HB_API bool debug_command_at(unsigned index, struct debug_command_help *row);

/** debug_command_lanes() - the time line that `transfers` and `findings` are
 *  read from; borrowed, NULL: none. */
HB_API enum hb_status debug_command_lanes(struct debug *d,
                                          const struct lanes *lanes,
                                          struct hb_error *error);

/** debug_where() - where the machine stands, one line: place in the run, name
 *  and source line of the code. Returns the length, as snprintf. */
HB_API int debug_where(const struct debug *d, char *out, size_t room);

#endif
