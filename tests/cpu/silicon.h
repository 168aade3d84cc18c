/* tests/cpu/silicon.h -- one 32-bit user-mode instruction on the host's own
 * CPU, in compatibility mode (SDM vol. 3A 2.2): an oracle that is not our code.
 * The code that follows the instruction is INT3s; a signal ends it in any case.
 */
#ifndef TESTS_CPU_SILICON_H
#define TESTS_CPU_SILICON_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SILICON_AT = 0x10000000,    /* the way in and out: one page   */
    SILICON_CODE = 0x10002000,  /* two pages of INT3              */
    SILICON_DATA = 0x10010000,  /* two pages                      */
    SILICON_STACK = 0x10020000, /* two pages, the top in the middle */
    SILICON_END = 0x10022000,
    SILICON_BYTES = 2 * 4096, /* of each of the three */
};

struct silicon {
    uint32_t reg[8]; /* in the order of the encoding */
    uint32_t eflags, eip;
    uint32_t vector, error;       /* out: of the trap that ended it */
    _Alignas(16) uint8_t fx[512]; /* as FXSAVE64 has it; all zero: as FNINIT
                                     leaves the FPU, and not looked at */
};

/** silicon_32() - the host has compatibility mode; else code runs in 64-bit
 *  mode, the upper halves of all registers zero. */
bool silicon_32(void);
/** silicon_open() - map the pages, take the signals. */
void silicon_open(void);
/** silicon_run() - from @s->eip until the first trap. */
void silicon_run(struct silicon *s);

#endif
