/* src/debug/vcd.h -- wires and bus cycles as a value change dump (IEEE 1364,
 * clause 18), which GTKWave and other wave viewers open. Docs: docs/trace.md.
 */
#ifndef DEBUG_VCD_H
#define DEBUG_VCD_H

#include "halbox/machine.h"

struct vcd;

/** vcd_open() - "FILE" or "FILE,beats=on": each bus cycle instead of one per
 *  burst. HB_BAD_ARGUMENT, HB_NO_FILE, HB_NO_MEMORY. */
enum hb_status vcd_open(struct vcd **out, const char *text,
                        struct hb_error *error);
/** vcd_machine() - dump @m from now on; one machine at a time. A dump has one
 *  time, so the second machine's goes to "FILE-2.vcd". HB_NO_FILE.
 *  vcd_gone() - @m is going: what was begun is dumped to its end. */
enum hb_status vcd_machine(struct vcd *v, struct machine *m,
                           struct hb_error *error);
void vcd_gone(struct vcd *v, const struct machine *m);
/** vcd_close() - NULL is nothing. HB_NO_FILE: not all could be written. */
enum hb_status vcd_close(struct vcd *v, struct hb_error *error);

#endif
