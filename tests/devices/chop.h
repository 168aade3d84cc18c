/* tests/devices/chop.h -- a transfer is the same however it is cut: by grain 1,
 * 3 and none, and by saving at each byte, loading into another machine and
 * running on. Traces, memory and every device's state are compared. */
#ifndef TESTS_DEVICES_CHOP_H
#define TESTS_DEVICES_CHOP_H

#include "bench.h"

/* A transfer that is started and then left to run. */
struct scenario {
    const char *name;
    struct bench *(*begin)(void); /* at the start, nothing has moved */
    unsigned stride;              /* save at every so many bytes     */
};

/** chop_grain() - every model twice and more: fed by n = 1, 3 and 4096. */
void chop_grain(const struct scenario *scenarios, unsigned count);
/** chop_load_and_save() - saved, loaded and saved again are the same bytes. */
void chop_load_and_save(const struct scenario *scenarios, unsigned count);
/** chop_saves() - up to each byte in one machine, from there in another. */
void chop_saves(const struct scenario *scenarios, unsigned count);

/** The three as tests over the array @scenarios. */
#define CHOP_TESTS(scenarios)                                                  \
    static void grain_changes_nothing(void **state)                            \
    {                                                                          \
        (void)state;                                                           \
        chop_grain(scenarios, sizeof scenarios / sizeof scenarios[0]);         \
    }                                                                          \
    static void save_of_a_load_is_the_save(void **state)                       \
    {                                                                          \
        (void)state;                                                           \
        chop_load_and_save(scenarios, sizeof scenarios / sizeof scenarios[0]); \
    }                                                                          \
    static void save_at_each_byte_and_load_changes_nothing(void **state)       \
    {                                                                          \
        (void)state;                                                           \
        chop_saves(scenarios, sizeof scenarios / sizeof scenarios[0]);         \
    }

#endif
