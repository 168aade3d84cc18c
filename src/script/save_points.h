/* src/script/save_points.h -- where `--save FILE[@FROM[-TO/STEP][b]]` saves a
 * run, whatever is saved there: a scenario with its machine, or a machine. */
#ifndef SCRIPT_SAVE_POINTS_H
#define SCRIPT_SAVE_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halbox/machine.h"

/** When to save: at the first boundary at or after @from, and with a step into
 *  files of their own up to @to, at every @step ticks or, with @bytes, at every
 *  @step-th boundary: each byte of DMA is one. */
struct save_plan {
    char path[4096];
    uint64_t from, to, step; /* ticks; step 0: once; from UINT64_MAX: the end */
    bool bytes;              /* the step counts boundaries         */
    bool leave;              /* once: the run ends there          */
};

/** save_plan_parse() - "FILE[@FROM[-TO/STEP][b]]". HB_BAD_ARGUMENT: not of
 *  that form. */
enum hb_status save_plan_parse(const char *text, struct save_plan *plan,
                               struct hb_error *error);

/** One run's plan and how far it is; the caller fills plan, save, context and
 *  grain. */
struct save_points {
    struct save_plan plan;
    enum hb_status (*save)(void *context, struct machine *m, const char *path,
                           struct hb_error *error);
    void *context;
    const uint32_t *grain; /* of DMA, that the run has otherwise; NULL: none */
    unsigned files;        /* saved so far                                 */
    uint64_t passed;       /* boundaries of a plan for bytes, so far       */
    bool over;             /* the run ends: saved once, or it cannot be    */
    struct hb_error error; /* HB_OK, or why it cannot be                   */
};

/** save_points_arm() - @m stands: save it when the plan says. */
void save_points_arm(struct save_points *p, struct machine *m);
/** save_points_end() - the run is over: a plan without a tick saves now; one
 *  that came to no save is an error. Returns p->error. */
enum hb_status save_points_end(struct save_points *p, struct machine *m);

#endif
