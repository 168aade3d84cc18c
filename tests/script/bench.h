/* tests/script/bench.h -- scenarios from text, and what came of them. */
#ifndef TESTS_SCRIPT_BENCH_H
#define TESTS_SCRIPT_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "script/script.h"

enum { BENCH_TESTS = 16 };

struct bench {
    struct setup setup;
    uint64_t seed;
    char printed[8192]; /* lines, each with its end */
    unsigned tests, failed;
    struct {
        char name[64], text[512];
        bool passed, host_failed;
        uint64_t ticks;
    } test[BENCH_TESTS];
    struct hb_error error;
};

/** Run a scenario of this text; fills the bench anew. */
enum hb_status scenario(struct bench *b, const char *text);
/** The same; all its tests must pass. */
void passes(struct bench *b, const char *text);
/** The same; its one test must fail and say @words. */
void complains(struct bench *b, const char *text, const char *words);

int bench_setup(void **state);
int bench_teardown(void **state);

#endif
