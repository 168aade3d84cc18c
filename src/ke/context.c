/* src/ke/context.c -- CONTEXT, the registers as the guest sees them. Source:
 * layouts (CONTEXT of i386); WDK RtlCaptureContext. */
#include <string.h>

#include "ke/seh.h"

static const struct {
    uint16_t at;
    uint8_t reg;
} context_reg[CPU_REGS] = {{CONTEXT_EAX, EAX}, {CONTEXT_ECX, ECX},
                           {CONTEXT_EDX, EDX}, {CONTEXT_EBX, EBX},
                           {CONTEXT_ESP, ESP}, {CONTEXT_EBP, EBP},
                           {CONTEXT_ESI, ESI}, {CONTEXT_EDI, EDI}};

static void put(uint8_t *context, unsigned at, uint32_t v)
{
    memcpy(context + at, &v, 4);
}

void context_build(const struct resume *at, uint8_t *context)
{
    memset(context, 0, CONTEXT_BYTES);
    put(context, CONTEXT_FLAGS, CONTEXT_FULL);
    put(context, CONTEXT_FS, SEL_PCR);
    put(context, CONTEXT_ES, SEL_USER_DATA);
    put(context, CONTEXT_DS, SEL_USER_DATA);
    put(context, CONTEXT_CS, SEL_CODE);
    put(context, CONTEXT_SS, SEL_DATA);
    for (unsigned i = 0; i < CPU_REGS; i++)
        put(context, context_reg[i].at, at->reg[context_reg[i].reg]);
    put(context, CONTEXT_EIP, at->eip);
    put(context, CONTEXT_EFLAGS, at->eflags);
}

/** Flags within reason: neither IOPL nor VM. */
void context_read(struct call *c, uint32_t context, struct resume *to)
{
    const uint32_t flags = 0x00000dd5u | FLAG_IF;

    for (unsigned i = 0; i < CPU_REGS; i++)
        to->reg[context_reg[i].reg] =
            load_u32(c, gva_of(context + context_reg[i].at));
    to->eip = load_u32(c, gva_of(context + CONTEXT_EIP));
    to->eflags = (load_u32(c, gva_of(context + CONTEXT_EFLAGS)) & flags) | 2;
}

/** VOID RtlCaptureContext(PCONTEXT): the caller's registers. */
void thunk_RtlCaptureContext(struct call *c)
{
    uint8_t context[CONTEXT_BYTES];
    struct resume at;

    memcpy(at.reg, c->record->reg, sizeof at.reg);
    at.eip = load_u32(c, gva_of(c->record->entry_esp));
    at.reg[ESP] = c->record->entry_esp + 8;
    at.eflags = c->cpu->s.eflags;
    context_build(&at, context);
    store(c, call_va(c, 0), context, sizeof context);
    call_return(c, 0);
}
