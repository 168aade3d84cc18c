/* src/ke/symbol.c -- names for the addresses of the kernel's own images: what
 * debuggers show. All of it follows from the tables. Docs: docs/ke.md, "The
 * images". */
#include <stdio.h>
#include <string.h>

#include "ke/private.h"

/** What follows the vectors in the trap page; names as NT has them where it has
 *  such a thing. */
static const struct {
    uint32_t offset;
    enum ke_symbol_kind kind;
    const char *name;
} trap_page[] = {
    {TRAP_RETURN, KE_SYMBOL_TRAMPOLINE, "KiCallbackReturn"},
    {TRAP_AGAIN, KE_SYMBOL_TRAMPOLINE, "KiCallAgain"},
    {TRAP_THREAD_END, KE_SYMBOL_TRAMPOLINE, "KiThreadEnd"},
    {TRAP_DISPATCH, KE_SYMBOL_TRAP, "KiDispatchInterrupt"},
    {TRAP_SYSENTER, KE_SYMBOL_TRAP, "KiFastCallEntry"},
    {TRAP_IRETD, KE_SYMBOL_TRAP, "KiServiceExit"},
    {TRAP_IDLE, KE_SYMBOL_IDLE, "KiIdleLoop"},
};

static void name_vector(unsigned vector, struct ke_symbol *s)
{
    if (vector == SERVICE_VECTOR)
        snprintf(s->name, sizeof s->name, "KiSystemService");
    else
        snprintf(s->name, sizeof s->name,
                 vector < 32 ? "KiTrap%02X" : "KiVector%02X", vector);
}

static bool trap_symbol(uint32_t offset, struct ke_symbol *s)
{
    if (offset < 256 * TRAP_STRIDE) {
        s->kind = KE_SYMBOL_VECTOR;
        name_vector(offset / TRAP_STRIDE, s);
        return true;
    }
    for (unsigned i = 0; i < sizeof trap_page / sizeof trap_page[0]; i++) {
        if (trap_page[i].offset != offset - offset % TRAP_STRIDE)
            continue;
        s->kind = trap_page[i].kind;
        snprintf(s->name, sizeof s->name, "%s", trap_page[i].name);
        return true;
    }
    return false;
}

static bool stub_symbol(const struct ke *ke, uint32_t n, struct ke_symbol *s)
{
    const struct export *row;

    if (n < ke->stubs[s->dll]) {
        row = ke->routine[ke->stub[s->dll][n]].row;
        s->kind = KE_SYMBOL_ROUTINE;
        snprintf(s->name, sizeof s->name, "%s", row->name);
        return true;
    }
    n -= ke->stubs[s->dll];
    if (s->dll != NTOSKRNL || n >= ke->s.missing.count)
        return false;
    s->kind = KE_SYMBOL_MISSING;
    snprintf(s->name, sizeof s->name, "%s",
             VEC_AT(struct missing, &ke->s.missing, n)->name);
    return true;
}

static bool text_symbol(const struct ke *ke, uint32_t offset,
                        struct ke_symbol *s)
{
    uint32_t lead = s->dll == NTOSKRNL ? PAGE_BYTES : 0;

    s->start.v -= offset % STUB_BYTES;
    s->bytes = STUB_BYTES;
    return offset < lead ? trap_symbol(offset, s)
                         : stub_symbol(ke, (offset - lead) / STUB_BYTES, s);
}

static bool data_symbol(const struct ke *ke, gva_t at, struct ke_symbol *s)
{
    for (uint32_t i = 0; i < ke->routines; i++) {
        const struct export *row = ke->routine[i].row;

        if (row->convention != DATA || at.v - ke->routine[i].va >= row->slots)
            continue;
        s->kind = KE_SYMBOL_DATA;
        s->start = gva_of(ke->routine[i].va);
        s->bytes = row->slots;
        snprintf(s->name, sizeof s->name, "%s", row->name);
        return true;
    }
    return false;
}

bool ke_symbol_at(const struct ke *ke, gva_t at, struct ke_symbol *symbol)
{
    for (unsigned dll = 0; dll < EXPORT_DLLS; dll++) {
        uint32_t text = dll_text(dll);
        uint32_t data = text + ke->text_pages[dll] * PAGE_BYTES;

        *symbol = (struct ke_symbol){.dll = dll, .start = at};
        if (at.v - text < data - text)
            return text_symbol(ke, at.v - text, symbol);
        if (at.v - data < ke->data_pages[dll] * PAGE_BYTES)
            return data_symbol(ke, at, symbol);
    }
    return false;
}
