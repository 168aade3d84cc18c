/* src/ke/fault.c -- requests that are made to fail, so that a driver's ways out
 * can be tested: the n-th request of a kind, counted from when it was asked
 * for. Rows: faults.def. Only what a driver image asks for counts. */
#include <string.h>

#include "ke/private.h"

static const struct fault {
    const char *routine;
    uint8_t kind;
    uint32_t answer;
} faults[] = {
#define FAULT(routine_, kind_, answer_) {#routine_, KE_FAULT_##kind_, answer_},
#include "ke/faults.def"
#undef FAULT
};

enum { FAULTS = sizeof faults / sizeof *faults };

const char *ke_fault_name(enum ke_fault kind)
{
    static const char *const name[KE_FAULTS] = {
        [KE_FAULT_POOL] = "pool",
        [KE_FAULT_PTE] = "pte",
        [KE_FAULT_MAP_REGISTER] = "map-register",
        [KE_FAULT_MDL] = "mdl",
        [KE_FAULT_RESOURCE] = "resource"};

    return kind < KE_FAULTS ? name[kind] : NULL;
}

bool ke_fault_find(const char *text, enum ke_fault *kind)
{
    for (unsigned i = 0; i < KE_FAULTS; i++)
        if (strcmp(text, ke_fault_name(i)) == 0) {
            *kind = i;
            return true;
        }
    return false;
}

void ke_fault_arm(struct ke *ke, enum ke_fault kind, uint32_t n)
{
    ke->s.fault_count[kind] = 0;
    ke->s.fault_at[kind] = n;
}

uint32_t ke_fault_count(const struct ke *ke, enum ke_fault kind)
{
    return ke->s.fault_count[kind];
}

void faults_bind(struct ke *ke)
{
    for (unsigned i = 0; i < FAULTS; i++)
        for (uint32_t k = 0; k < ke->routines; k++)
            if (strcmp(ke->routine[k].row->name, faults[i].routine) == 0)
                ke->routine[k].fault = (uint8_t)(i + 1);
}

const char *ke_fault_routine(unsigned index)
{
    return index < FAULTS ? faults[index].routine : NULL;
}

bool fault_due(struct call *c, const struct routine *routine)
{
    struct ke *ke = c->ke;
    const struct fault *f = &faults[routine->fault - 1];
    uint32_t caller = ke_read_u32(ke, gva_of(c->cpu->s.reg[ESP]));

    if (!ke_image_at(ke, gva_of(caller)))
        return false;
    if (++ke->s.fault_count[f->kind] != ke->s.fault_at[f->kind])
        return false;
    EMIT(ke->events, fault_injected, EVENT_STRING(ke_fault_name(f->kind)),
         ke->s.fault_at[f->kind], EVENT_STRING(f->routine), caller);
    call_return(c, f->answer);
    return true;
}
