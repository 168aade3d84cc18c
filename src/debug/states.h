/* src/debug/states.h -- kept states of one machine in the order of the run. The
 * first holds every page of RAM that was touched, each other one those written
 * since the state before it. */
#ifndef DEBUG_STATES_H
#define DEBUG_STATES_H

#include "debug/history.h"
#include "debug/page_pool.h"

struct kept_page {
    uint64_t number;
    uint8_t *bytes; /* of the pool; NULL: zeroes */
};

struct kept_state {
    struct debug_place at;
    uint32_t log_bytes; /* of the input log's data */
    bool pinned;        /* behind an input that cannot be repeated */
    struct saver frozen;
    struct vec page; /* of struct kept_page, ascending */
};

struct states {
    struct vec state; /* of struct kept_state                              */
    uint32_t base;    /* of which RAM's dirty pages tell what was written  */
    uint64_t bytes, budget;
    struct page_pool pool; /* of what is in the states' pages              */
};

#define STATE_AT(s, i) VEC_AT(struct kept_state, &(s)->state, i)

void states_fini(struct states *s);
/** states_take() - keep @m as it is at @at, behind the base, and make it the
 *  base. Others leave when the budget is spent. HB_NO_MEMORY. */
enum hb_status states_take(struct states *s, struct machine *m,
                           const struct debug_place *at, bool pinned,
                           struct hb_error *error);
/** states_put() - @m as it was in state @index, which becomes the base. */
enum hb_status states_put(struct states *s, struct machine *m, uint32_t index,
                          struct hb_error *error);
/** states_reached() - @m has come to state @index by itself: it is the base. */
void states_reached(struct states *s, struct machine *m, uint32_t index);
/** states_find() - the last state at or before @at; the first if none is. */
uint32_t states_find(const struct states *s, const struct debug_place *at);
/** states_forget() - those after @at. */
void states_forget(struct states *s, const struct debug_place *at);

#endif
