/* src/cpu/model.c -- the CPU models of cpus.def, by name. */
#include "cpu/model.h"

#include <string.h>
#include <strings.h>

#define HAS(f)  (1u << FEATURE_##f)
#define HAS_486 (HAS(FPU) | HAS(VME))
#define HAS_PENTIUM                                                            \
    (HAS_486 | HAS(DE) | HAS(PSE) | HAS(TSC) | HAS(MSR) | HAS(MCE) | HAS(CX8))
#define HAS_PENTIUM2                                                           \
    (HAS_PENTIUM | HAS(PAE) | HAS(SEP) | HAS(MTRR) | HAS(PGE) | HAS(MCA) |     \
     HAS(CMOV) | HAS(PAT) | HAS(PSE36) | HAS(PMC) | HAS(MMX) | HAS(FXSR))
#define HAS_PENTIUM4 (HAS_PENTIUM2 | HAS(SSE) | HAS(SSE2) | HAS(CLFSH))

#define CPU(n, t, s, f, x, brand, basic, ...)                                  \
    {n, t, s, f, x, brand, basic, {__VA_ARGS__}},
static const struct cpu_model models[] = {
#include "cpu/cpus.def"
};
#undef CPU

enum { MODELS = sizeof models / sizeof *models };

static const struct {
    const char *name;
    uint8_t bit;
} features[] = {
    {"fpu", FEATURE_FPU},   {"vme", FEATURE_VME},     {"de", FEATURE_DE},
    {"pse", FEATURE_PSE},   {"tsc", FEATURE_TSC},     {"msr", FEATURE_MSR},
    {"pae", FEATURE_PAE},   {"mce", FEATURE_MCE},     {"cx8", FEATURE_CX8},
    {"sep", FEATURE_SEP},   {"mtrr", FEATURE_MTRR},   {"pge", FEATURE_PGE},
    {"mca", FEATURE_MCA},   {"cmov", FEATURE_CMOV},   {"pat", FEATURE_PAT},
    {"mmx", FEATURE_MMX},   {"pse36", FEATURE_PSE36}, {"clfsh", FEATURE_CLFSH},
    {"fxsr", FEATURE_FXSR}, {"sse", FEATURE_SSE},     {"sse2", FEATURE_SSE2},
};

const struct cpu_model *cpu_model_at(unsigned index)
{
    return index < MODELS ? &models[index] : NULL;
}

const struct cpu_model *cpu_model_default(void)
{
    return &models[MODELS - 1];
}

/* One word of the list behind the name, @n bytes long. */
static bool change(struct cpu_model *m, const char *word, size_t n)
{
    bool on = *word == '+';

    if (n < 2 || (!on && *word != '-'))
        return false;
    if (n == 3 && !strncasecmp(word + 1, "nx", 2)) {
        m->extended = on ? m->extended | CPUID_NX : 0;
        return true;
    }
    for (unsigned i = 0; i < sizeof features / sizeof *features; i++) {
        uint32_t bit = 1u << features[i].bit;

        if (strlen(features[i].name) != n - 1 ||
            strncasecmp(features[i].name, word + 1, n - 1) != 0)
            continue;
        m->features = on ? m->features | bit : m->features & ~bit;
        return true;
    }
    return false;
}

bool cpu_model_find(const char *text, struct cpu_model *model)
{
    size_t n = strcspn(text, ",");

    for (unsigned i = 0; i < MODELS; i++) {
        if (strlen(models[i].name) != n ||
            strncmp(models[i].name, text, n) != 0)
            continue;
        *model = models[i];
        for (text += n; *text; text += n) {
            text++;
            n = strcspn(text, ",");
            if (!change(model, text, n))
                return false;
        }
        return true;
    }
    return false;
}
