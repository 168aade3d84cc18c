/* src/cpu/model.h -- which CPU it is: one row of cpus.def, and what follows
 * from its feature bits. Source: SDM vol. 2, CPUID, table 3-11. */
#ifndef CPU_MODEL_H
#define CPU_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/** Bits of CPUID leaf 1 EDX, in the order of the SDM's table. */
enum cpu_feature {
    FEATURE_FPU = 0,
    FEATURE_VME = 1,
    FEATURE_DE = 2,
    FEATURE_PSE = 3,
    FEATURE_TSC = 4,
    FEATURE_MSR = 5,
    FEATURE_PAE = 6,
    FEATURE_MCE = 7,
    FEATURE_CX8 = 8,
    FEATURE_SEP = 11,
    FEATURE_MTRR = 12,
    FEATURE_PGE = 13,
    FEATURE_MCA = 14,
    FEATURE_CMOV = 15,
    FEATURE_PAT = 16,
    FEATURE_PSE36 = 17,
    FEATURE_CLFSH = 19,
    FEATURE_PMC = 20, /* RDPMC, CR4.PCE; reserved in CPUID and not shown */
    FEATURE_MMX = 23,
    FEATURE_FXSR = 24,
    FEATURE_SSE = 25,
    FEATURE_SSE2 = 26,
};
enum { CPUID_NX = 1 << 20 }; /* of leaf 80000001h */

struct cpu_model {
    const char *name, *title;
    uint32_t signature, features, extended, brand, basic;
    uint32_t cache[4]; /* leaf 2 */
};

/** cpu_model_at() - row @index of cpus.def, NULL past the last. */
const struct cpu_model *cpu_model_at(unsigned index);
/** cpu_model_default() - "p6", the last row. */
const struct cpu_model *cpu_model_default(void);
/** cpu_model_find() - the model that @text names: a row's name, then any of
 *  ",+feature" and ",-feature" ("pentium,+cmov"). False: there is none. */
bool cpu_model_find(const char *text, struct cpu_model *model);

static inline bool model_has(const struct cpu_model *m, enum cpu_feature f)
{
    return m->features >> f & 1;
}
static inline unsigned model_family(const struct cpu_model *m)
{
    return m->signature >> 8 & 15;
}

#endif
