/* src/cli/line.h -- where the monitor's lines come from: a terminal with
 * editing, history and completion, or a file or pipe, whose lines are shown as
 * they are read. */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include <stdbool.h>
#include <stdio.h>

#include "halbox/debug.h"

struct line_source;

/** line_open() - @file: commands from there; NULL: standard input. NULL: no
 *  memory. */
struct line_source *line_open(FILE *file, FILE *out);
void line_close(struct line_source *line);
/** line_read() - the next line, valid until the next call; NULL: no more. @d:
 *  for completion. */
const char *line_read(struct line_source *line, struct debug *d);
/** line_is_terminal() - is a person at the other end? */
bool line_is_terminal(const struct line_source *line);
/** line_interrupted() - was Ctrl-C typed since the last call? */
bool line_interrupted(struct line_source *line);

#endif
