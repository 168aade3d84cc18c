/* src/cli/junit.h -- test results as JUnit XML with one root element: a suite
 * per file, a case per test. Times are virtual, so equal runs give equal
 * files. */
#ifndef CLI_JUNIT_H
#define CLI_JUNIT_H

#include <stdbool.h>
#include <stdio.h>

#include "script/script.h"

struct junit;

/** NULL when the host has no memory; later ones make junit_write() fail. */
struct junit *junit_create(void);
void junit_destroy(struct junit *j);
/** The file whose cases follow. */
void junit_suite(struct junit *j, const char *name);
/** A line that the running case printed. */
void junit_output(struct junit *j, const char *line);
/** A case is over. */
void junit_case(struct junit *j, const struct script_result *result);
bool junit_write(const struct junit *j, FILE *file);

#endif
