/* src/debug/perfetto.h -- the time line as a file that ui.perfetto.dev and
 * chrome://tracing open: Chrome's Trace Event Format (JSON). It is written as
 * the run goes; of several machines each is a process in it. Docs:
 * docs/trace.md. */
#ifndef DEBUG_PERFETTO_H
#define DEBUG_PERFETTO_H

#include "halbox/machine.h"

struct perfetto;

/** perfetto_open() - begin the file at @path. HB_NO_FILE, HB_NO_MEMORY. */
enum hb_status perfetto_open(struct perfetto **out, const char *path,
                             struct hb_error *error);
/** perfetto_machine() - write @m's time line from now on; one machine at a
 *  time. perfetto_gone() - @m is going: what is open is written as open. */
enum hb_status perfetto_machine(struct perfetto *p, struct machine *m,
                                struct hb_error *error);
void perfetto_gone(struct perfetto *p, const struct machine *m);
/** perfetto_close() - end the file; NULL is nothing. HB_NO_FILE: not all of it
 *  could be written. */
enum hb_status perfetto_close(struct perfetto *p, struct hb_error *error);

#endif
