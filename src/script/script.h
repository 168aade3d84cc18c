/* src/script/script.h -- scenarios: Lua 5.4 programs that drive a machine from
 * outside, as any client does. A scenario sees a sandbox whose results are the
 * same in every run: `pairs` goes by sorted keys, random numbers come from the
 * run's seed, there is no clock, no file and no address. Docs:
 * docs/scenario.md.
 *
 * A scenario is one test named after its file, or declares several with
 * test(name, function); each runs on a fresh machine. */
#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include "script/setup.h"

struct script;
struct save_plan;

/** One test and how it went. */
struct script_result {
    const char *file, *name; /* name: the file's when it declares no test */
    bool passed;
    bool host_failed; /* missing file, bad image: not the driver's fault  */
    const char *text; /* why it failed, one line; "" when it passed       */
    uint64_t ticks;   /* of its machine at the end, 0 when it made none   */
    uint64_t ns;      /* virtual time of its machine at the end           */
};

/** What a run is given; all borrowed, and outlives it. */
struct script_options {
    struct setup *setup;       /* SETUP_SCENARIO is the script's to fill   */
    const char *const *images; /* driver images; none: the scenario says   */
    unsigned images_count;
    const char *images_folder;    /* where a scenario's images are sought  */
    uint64_t seed;                /* of random numbers                        */
    uint64_t limit_ns;            /* virtual time of one test; 0: 60 s        */
    const struct save_plan *save; /* when to save the run, or NULL         */
    const char *load;             /* file of such a save, or NULL          */
    void *context;                /* given to the functions, each may be NULL */
    /** A machine stands, before any driver is loaded: hang listeners on. */
    enum hb_status (*machine)(void *context, struct machine *m,
                              struct hb_error *error);
    /** Its end: take them off. */
    void (*machine_gone)(void *context, struct machine *m);
    /** print(), one line without its end. */
    void (*print)(void *context, const char *line);
    /** A test is over. */
    void (*result)(void *context, const struct script_result *result);
};

/**
 * script_run() - run all tests of the scenario at @path.
 *
 * Returns HB_OK when it could be run, whatever came of the tests; HB_NO_FILE,
 * HB_BAD_ARGUMENT (not Lua: file, line, what), HB_NO_MEMORY.
 */
enum hb_status script_run(const char *path,
                          const struct script_options *options,
                          struct hb_error *error);

#endif
