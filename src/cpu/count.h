/* src/cpu/count.h -- how often code ran, for those who ask: host memory of the
 * client's, no state. Costs nothing while nobody asks. */
#ifndef CPU_COUNT_H
#define CPU_COUNT_H

#include "cpu/cpu.h"

/**
 * cpu_count_code() - from now on count how often the instruction at each
 * linear address of [at, at + bytes) is started; a repeated one counts each
 * time it goes on. Not while the CPU runs, but for a range when others are
 * counted already.
 * @at, @bytes: whole pages
 * @counts:     @bytes numbers, borrowed; NULL: that range no more
 *
 * HB_BAD_ARGUMENT: not whole pages. HB_NO_MEMORY.
 */
enum hb_status cpu_count_code(struct cpu *cpu, gva_t at, uint32_t bytes,
                              uint32_t *counts, struct hb_error *error);
/** cpu_count_end() - nothing is counted any more. Not while the CPU runs. */
void cpu_count_end(struct cpu *cpu);

#endif
