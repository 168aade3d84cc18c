/* src/ke/inspect_interrupt.c -- connected interrupts, lines that wait for the
 * IRQL to fall, DPCs and timers, for a client to look at. Reads only. */
#include "halbox/inspect.h"

#include "ke/private.h"

void ke_irq(const struct ke *ke, unsigned irq, struct inspect_irq *out)
{
    out->irql = irq_level(irq);
    out->noted = ke->s.pending >> irq & 1;
    out->connected = 0;
    for (uint32_t i = 0; i < ke->s.connection.count; i++)
        if (VEC_AT(struct ke_interrupt, &ke->s.connection, i)->vector ==
            ke_irq_vector(irq))
            out->connected++;
}

bool ke_interrupt_at(const struct ke *ke, unsigned index,
                     struct inspect_interrupt *out)
{
    const struct ke_interrupt *i;

    if (index >= ke->s.connection.count)
        return false;
    i = VEC_AT(struct ke_interrupt, &ke->s.connection, index);
    *out = (struct inspect_interrupt){
        .object = gva_of(i->object),
        .routine = gva_of(i->routine),
        .context = gva_of(i->context),
        .lock = gva_of(i->lock),
        .vector = i->vector,
        .irq = i->vector - KE_VECTOR_BASE,
        .irql = i->irql,
        .synchronize_irql = i->synchronize_irql,
        .latched = i->latched,
        .shared = i->share,
    };
    return true;
}

/** The field at @offset of the DPC object @dpc, as it lies in memory. */
static uint32_t dpc_word(const struct ke *ke, uint32_t dpc, uint32_t offset)
{
    return dpc ? ke_read_u32(ke, gva_of(dpc + offset)) : 0;
}

static const char *importance_of(const struct ke *ke, uint32_t dpc)
{
    static const char *const names[] = {"low", "medium", "high"};
    uint8_t v = 1;

    ke_read(ke, gva_of(dpc + DPC_IMPORTANCE), &v, sizeof v);
    return v < 3 ? names[v] : "medium";
}

bool ke_dpc_at(const struct ke *ke, unsigned index, struct inspect_dpc *out)
{
    uint32_t dpc;

    if (index >= ke->s.dpc.count)
        return false;
    dpc = *VEC_AT(uint32_t, &ke->s.dpc, index);
    *out = (struct inspect_dpc){
        .object = gva_of(dpc),
        .routine = gva_of(dpc_word(ke, dpc, DPC_ROUTINE)),
        .context = gva_of(dpc_word(ke, dpc, DPC_CONTEXT)),
        .argument = {dpc_word(ke, dpc, DPC_ARG1), dpc_word(ke, dpc, DPC_ARG2)},
        .importance = importance_of(ke, dpc),
    };
    return true;
}

bool ke_timer_at(const struct ke *ke, unsigned index, struct inspect_timer *out)
{
    const struct timer *t;

    if (index >= ke->s.timer.count)
        return false;
    t = VEC_AT(struct timer, &ke->s.timer, index);
    *out = (struct inspect_timer){
        .object = gva_of(t->object),
        .dpc = gva_of(t->dpc),
        .routine = gva_of(dpc_word(ke, t->dpc, DPC_ROUTINE)),
        .due = t->due,
        .period = t->period,
    };
    return true;
}
