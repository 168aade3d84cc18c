/* images/programs/check.h -- how test programs tell what failed: a line each on
 * standard error, and their number as the exit status. */
#ifndef CHECK_H
#define CHECK_H

#include <windows.h>

#include <stdio.h>

static int failures;

#define CHECK(what)                                                            \
    ((what) ? (void)0                                                          \
            : (void)(fprintf(stderr, "%s:%d: %s (error %lu)\n", __FILE__,      \
                             __LINE__, #what, GetLastError()),                 \
                     failures++))

#endif
