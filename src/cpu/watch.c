/* src/cpu/watch.c -- the CPU's side of watches (mm/watch.h): which pages have
 * no fast way, and the accesses and instructions that come the slow one. */
#include <string.h>

#include "cpu/private.h"

/* ---- pages without a fast way ----------------------------------------------
 */

unsigned slow_of(const struct cpu *cpu, uint32_t at, uint64_t frame)
{
    unsigned slow = 0;

    if (cpu->p->watched & WATCHED_BY_GUEST && debug_on_page(cpu, at))
        slow = TLB_READ | TLB_WRITE;
    if (cpu->p->watched & WATCHED_BY_CLIENT)
        slow |= watches_slow(cpu->watches, gva_of(at), gpa_of(frame));
    return slow;
}

static unsigned slow_entry(void *context, gva_t va, gpa_t frame)
{
    return slow_of(context, va.v, frame.v);
}

void cpu_watch(struct cpu *cpu, struct watches *watches)
{
    struct cpu_private *p = cpu->p;

    cpu->watches = watches;
    p->watched &= (uint8_t)~WATCHED_BY_CLIENT;
    if (watches)
        p->watched |= WATCHED_BY_CLIENT;
    tlb_slow_all(&cpu->tlb, slow_entry, cpu);
}

/* ---- accesses --------------------------------------------------------------
 */

/* What lies there now, without side effects. */
static void look(const struct cpu *cpu, gpa_t at, uint8_t *to, uint32_t bytes)
{
    if (ram_read(cpu->ram, at, to, bytes))
        return;
    for (uint32_t i = 0, n; i < bytes; i += n) {
        uint64_t here = at.v + i;
        uint32_t v;

        n = !(here & 3) && bytes - i >= 4   ? 4
            : !(here & 1) && bytes - i >= 2 ? 2
                                            : 1;
        v = bus_peek(cpu->bus, gpa_of(here), n);
        memcpy(to + i, &v, n);
    }
}

static void look_all(const struct cpu *cpu, const struct watch_access *a,
                     uint8_t *to)
{
    look(cpu, a->pa, to, a->split);
    if (a->split < a->bytes)
        look(cpu, a->second, to + a->split, a->bytes - a->split);
}

static gpa_t physical_of(const struct cpu *cpu, uint32_t at)
{
    return gpa_of(tlb_entry(&cpu->tlb, gva_of(at))->frame | (at & PAGE_MASK));
}

static bool seen(const struct cpu *cpu, struct watch_access *a, uint32_t at,
                 uint32_t bytes, unsigned access)
{
    uint32_t rest = PAGE_BYTES - (at & PAGE_MASK);

    memset(a, 0, offsetof(struct watch_access, before));
    a->access = access;
    a->has_va = true;
    a->va = gva_of(at);
    a->pa = physical_of(cpu, at);
    a->bytes = bytes;
    a->split = bytes < rest ? bytes : rest;
    if (a->split < bytes)
        a->second = physical_of(cpu, at + a->split);
    return watches_see(cpu->watches, a);
}

bool watch_write(struct cpu *cpu, struct watch_access *a, uint32_t at,
                 uint32_t bytes)
{
    if (!seen(cpu, a, at, bytes, WATCH_WRITE))
        return false;
    look_all(cpu, a, a->before);
    return true;
}

void watch_written(struct cpu *cpu, struct watch_access *a, const void *from)
{
    memcpy(a->after, from, a->bytes);
    watches_tell(cpu->watches, a);
}

void watch_read(struct cpu *cpu, uint32_t at, const void *what, uint32_t bytes)
{
    struct watch_access a;

    if (!seen(cpu, &a, at, bytes, WATCH_READ))
        return;
    memcpy(a.before, what, bytes);
    memcpy(a.after, what, bytes);
    watches_tell(cpu->watches, &a);
}

/* ---- code ------------------------------------------------------------------
 */

bool watch_code(struct cpu *cpu)
{
    uint32_t at = cpu_at(cpu).v;
    const struct tlb_entry *e = tlb_entry(&cpu->tlb, gva_of(at));
    struct walk_out out;
    bool mapped = e->used;

    if (cpu->s.eflags & FLAG_RF || (e->used && !(e->slow & TLB_FETCH)))
        return true;
    if (mapped)
        out.pa = physical_of(cpu, at);
    else
        mapped = cpu_translate(cpu, gva_of(at), &out);
    watches_execute(cpu->watches, gva_of(at), mapped,
                    mapped ? out.pa : gpa_of(0), cpu->clock->now);
    return !cpu->stop;
}
