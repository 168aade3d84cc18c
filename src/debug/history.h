/* src/debug/history.h -- going back: states kept on the way, and the replay of
 * the input log from one of them to any place before the present one. A state
 * is what machine_freeze() gives and the pages of RAM that were written since
 * the state before. How far apart they lie goes by the host's time, so that any
 * place is some milliseconds away; nothing of the run depends on it.
 *
 * The present is as far as the machine came with its client: what the client
 * does enters there. Before it the machine is in its past: the log's inputs
 * enter again and listeners outside hear nothing. A change made in the past
 * makes it the present; what came after is forgotten. Docs: docs/history.md. */
#ifndef DEBUG_HISTORY_H
#define DEBUG_HISTORY_H

#include "board/board.h"
#include "halbox/debug.h"

struct history;

/** history_create() - from here on @m can be put back to here. @budget: most
 *  bytes of memory that states take. HB_BAD_STATE: a disk of @m is written in
 *  place; HB_NO_MEMORY. */
enum hb_status history_create(struct history **out, struct machine *m,
                              uint64_t budget, struct hb_error *error);
void history_destroy(struct history *h);

struct debug_place history_now(const struct history *h);
/** history_begin() - the earliest place that is kept; history_present() - the
 *  latest. */
struct debug_place history_begin(const struct history *h);
struct debug_place history_present(const struct history *h);
/** history_past() - is the machine before its present? */
bool history_past(const struct history *h);

/** history_keep() - at a boundary: keep this state if it is time for one. */
void history_keep(struct history *h);
/** history_mark() - the way leads back to here soon: keep it, unless running up
 *  to here from the last state was short. */
void history_mark(struct history *h);

/** history_leap() - the machine as it was at the last state kept at or before
 *  @to, or at the first. */
enum hb_status history_leap(struct history *h, const struct debug_place *to,
                            struct hb_error *error);
/** history_before() - the last state kept before @at; false: none. */
bool history_before(const struct history *h, const struct debug_place *at,
                    struct debug_place *state);
/**
 * history_piece() - in the past, the next input or piece of work, not beyond
 * @to nor, by the CPU, beyond tick @until. False: nothing more happens up to
 * @to. At the present the machine is as its client left it.
 */
bool history_piece(struct history *h, const struct debug_place *to,
                   uint64_t until);
/** history_go() - to @to, which the run had come by. */
enum hb_status history_go(struct history *h, const struct debug_place *to,
                          struct hb_error *error);
/** history_fork() - the present is here now. */
void history_fork(struct history *h);

#endif
