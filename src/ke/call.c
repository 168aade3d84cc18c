/* src/ke/call.c -- what a routine can ask of its call: arguments, the guest's
 * memory with the first fault latched, small questions. */
#include <stdarg.h>
#include <string.h>

#include "ke/private.h"
#include "mm/user.h"

/* ---- guest memory
 * -------------------------------------------------------------- */

bool call_ok(const struct call *c)
{
    return !c->fault.faulted && !ke_stopping(c->ke);
}

/** Can mm make the page there (demand, copy on write) so that the access goes
 *  well when it is tried again? */
static bool page_in(struct call *c, const struct cpu_fault *f)
{
    if (f->vector != EXC_PF || ke_irql(c->ke) >= DISPATCH_LEVEL)
        return false;
    return mm_fault(c->ke->mm,
                    ke_process_space(c->ke, ke_current_process(c->ke)),
                    f->address, f->error) == MM_FAULT_RESOLVED;
}

/** One access; pages that mm brings in are tried again: each may come and then
 *  be copied on write. */
static bool access(struct call *c, gva_t at, void *to, const void *from,
                   uint32_t bytes)
{
    uint32_t tries = 2 * mm_span(at.v, bytes) + 1;
    struct cpu_fault f;

    if (!call_ok(c))
        return false;
    do {
        f = (struct cpu_fault){0};
        if (from ? cpu_store(c->cpu, at, from, bytes, false, &f)
                 : cpu_load(c->cpu, at, to, bytes, false, &f))
            return true;
    } while (tries-- && page_in(c, &f));
    c->fault = f;
    c->fault.faulted = true;
    return false;
}

void load(struct call *c, gva_t at, void *to, uint32_t bytes)
{
    if (!access(c, at, to, NULL, bytes))
        memset(to, 0, bytes);
}

void store(struct call *c, gva_t at, const void *from, uint32_t bytes)
{
    access(c, at, NULL, from, bytes);
}

void store_zero(struct call *c, gva_t at, uint32_t bytes)
{
    static const uint8_t zero[PAGE_BYTES];

    for (uint32_t done = 0; done < bytes && call_ok(c);) {
        uint32_t n = bytes - done < PAGE_BYTES ? bytes - done : PAGE_BYTES;

        store(c, gva_add(at, done), zero, n);
        done += n;
    }
}

#define LOAD(type, name)                                                       \
    type name(struct call *c, gva_t at)                                        \
    {                                                                          \
        type v = 0;                                                            \
                                                                               \
        load(c, at, &v, sizeof v);                                             \
        return v;                                                              \
    }
LOAD(uint8_t, load_u8)
LOAD(uint16_t, load_u16)
LOAD(uint32_t, load_u32)
LOAD(uint64_t, load_u64)

#define STORE(type, name)                                                      \
    void name(struct call *c, gva_t at, type v)                                \
    {                                                                          \
        store(c, at, &v, sizeof v);                                            \
    }
STORE(uint8_t, store_u8)
STORE(uint16_t, store_u16)
STORE(uint32_t, store_u32)
STORE(uint64_t, store_u64)

bool call_caught(struct call *c)
{
    if (!c->fault.faulted || c->fault.vector != EXC_PF ||
        c->fault.address.v >= MM_SYSTEM_START ||
        ke_irql(c->ke) >= DISPATCH_LEVEL)
        return false;
    c->fault = (struct cpu_fault){0};
    return true;
}

/* ---- arguments
 * ------------------------------------------------------------------- */

uint32_t call_u32(struct call *c, unsigned i)
{
    const struct record *r = c->record;

    if (c->export && c->export->convention == FASTCALL) {
        if (i < 2)
            return r->reg[i ? EDX : ECX];
        i -= 2;
    }
    return load_u32(c, gva_of(r->entry_esp + 4 + 4 * i));
}

bool call_bool(struct call *c, unsigned i)
{
    return (call_u32(c, i) & 0xff) != 0;
}

uint8_t call_u8(struct call *c, unsigned i)
{
    return (uint8_t)call_u32(c, i);
}

uint16_t call_u16(struct call *c, unsigned i)
{
    return (uint16_t)call_u32(c, i);
}

uint64_t call_u64(struct call *c, unsigned i)
{
    return call_u32(c, i) | (uint64_t)call_u32(c, i + 1) << 32;
}

gva_t call_va(struct call *c, unsigned i)
{
    return gva_of(call_u32(c, i));
}

/* ---- questions
 * -------------------------------------------------------------------- */

gva_t call_locals(struct call *c, uint32_t bytes)
{
    if (!record_locals(c->ke, c->record, bytes))
        return gva_of(0);
    return gva_of(record_base(c->record));
}

gva_t call_stub(const struct call *c, const char *name)
{
    return ke_stub(c->ke, name);
}

bool call_user(const struct call *c)
{
    return ke_previous_mode(c->ke) == USER_MODE;
}

bool call_open(const struct call *c, unsigned word, uint32_t value)
{
    const struct ke *ke = c->ke;

    for (uint32_t i = 0; i < ke->s.thread.count; i++)
        for (const struct record *r = record_at(ke, thread_slot(ke, i)->top); r;
             r = record_at(ke, r->below))
            if (r->routine < ke->routines &&
                ke->routine[r->routine].context == c->context &&
                r->w[word] == value)
                return true;
    return false;
}

void call_for_kernel(struct call *c)
{
    struct thread *t = thread_current(c->ke);

    if (!c->record->mode)
        c->record->mode = (uint8_t)(MODE_RESTORE | t->mode);
    t->mode = KERNEL_MODE;
}

void call_spend(struct call *c, unsigned ticks)
{
    struct clock *clock = c->ke->clock;
    uint64_t next = clock_next(clock), end = clock->now + ticks;

    if (end > next)
        end = next;
    if (clock->now < end)
        clock->now = end;
}

uint8_t call_irql(const struct call *c)
{
    return ke_irql(c->ke);
}

uint8_t call_set_irql(struct call *c, uint8_t irql)
{
    return ke_set_irql(c->ke, irql);
}

uint8_t call_irql_before(const struct call *c)
{
    return c->record->irql;
}

uint32_t call_caller(const struct call *c)
{
    return ke_read_u32(c->ke, gva_of(c->record->entry_esp));
}

void call_finding(struct call *c, const char *rule, const char *format, ...)
{
    char text[KE_TEXT];
    va_list ap;

    if (!c->ke->events->armed[EV_finding])
        return;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    EMIT(c->ke->events, finding, EVENT_STRING(rule), EVENT_STRING(text));
}
