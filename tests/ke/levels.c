/* tests/ke/levels.c -- see levels.h. */
#include "levels.h"

/* A DPC at a fresh KDPC that notes @v and its first argument. */
uint32_t make_dpc(struct rig *r, uint32_t v)
{
    static const uint32_t importance = 0x01000013;
    uint32_t dpc = pool(r, 0x20), routine = here(r);

    note(r, v);
    CODE(r, 0xff, 0x74, 0x24, 0x0c); /* push [esp+12]: SystemArgument1 */
    call(r, "TestNote");
    ret(r, 16);
    set(r, dpc, importance);
    set(r, dpc + 0xc, routine);
    return dpc;
}

void queue_dpc(struct rig *r, uint32_t dpc, uint32_t a1)
{
    emit_push(r, 0);
    emit_push(r, a1);
    emit_push(r, dpc);
    call(r, "KeInsertQueueDpc");
}

void raise_to(struct rig *r, uint8_t irql)
{
    mov_ecx(r, irql);
    call(r, "KfRaiseIrql");
}

void lower_to(struct rig *r, uint8_t irql)
{
    mov_ecx(r, irql);
    call(r, "KfLowerIrql");
}

/* An ISR that notes @v, takes its card's request away, returns @handled. */
uint32_t make_isr(struct rig *r, uint32_t v, unsigned card, uint8_t handled)
{
    uint32_t at = here(r);

    note(r, v);
    if (handled)
        out_card(r, card, 0);
    CODE(r, 0xb8, handled, 0, 0, 0);
    ret(r, 8);
    return at;
}
