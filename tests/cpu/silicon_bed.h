/* tests/cpu/silicon_bed.h -- the same instruction on the host and on ours. */
#ifndef TESTS_CPU_SILICON_BED_H
#define TESTS_CPU_SILICON_BED_H

#include "bench.h"
#include "forms.h"

struct bed {
    struct bench *b;
    struct form form[FORMS_MOST];
    unsigned forms;
};

/** bed_create() - inside the test: cmocka takes the signals when it starts one.
 */
struct bed *bed_create(void);
void bed_destroy(struct bed *bed);
/** bed_case() - one case of @f from *@seed. False: the two differ, and how is
 *  printed. */
bool bed_case(struct bed *bed, const struct form *f, uint64_t *seed);
/** bed_cases() - how many a row: HALBOX_SILICON_CASES, or 100. */
unsigned bed_cases(void);

#endif
