/* tests/cpu/silicon_fpu_test.c -- each row of the FPU, MMX and SSE, run on the
 * host's own CPU and on ours with the same state and memory: all that the SDM
 * defines must be equal. Cases come from a fixed seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rows.h"
#include "silicon_bed.h"

static void agrees_with_the_host(void **state)
{
    struct bed *bed = bed_create();
    unsigned rows = 0, different = 0, cases = bed_cases();

    (void)state;
    for (unsigned n = 0; n < bed->forms; n++) {
        uint64_t seed = 0x5eed + n;

        if (!row_on_fpu_silicon(&bed->form[n]))
            continue;
        rows++;
        for (unsigned k = 0; k < cases; k++)
            if (!bed_case(bed, &bed->form[n], &seed)) {
                different++;
                break;
            }
    }
    print_message("%u rows, %u cases each%s\n", rows, cases,
                  silicon_32() ? ""
                               : ", in 64-bit mode: no compatibility mode");
    assert_true(rows > 130);
    bed_destroy(bed);
    assert_int_equal(different, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
