/* src/cpu/op_string.c -- MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS. A call does
 * one iteration; with a repeat prefix the run loop comes back while `repeat` is
 * set, one tick each, and interrupts come between. Source: SDM vol. 2, REP. */
#include "cpu/ops.h"
#include "cpu/string.h"

static unsigned bytes_of(const struct insn *i)
{
    return i->opcode & 1 ? i->bits / 8u : 1;
}

static uint32_t index_get(const struct cpu *cpu, const struct insn *i,
                          unsigned reg)
{
    return reg_get(cpu, reg, i->abits);
}

static void index_step(struct cpu *cpu, const struct insn *i, unsigned reg)
{
    uint32_t by = bytes_of(i);

    if (cpu->s.eflags & FLAG_DF)
        by = 0 - by;
    reg_set(cpu, reg, i->abits, index_get(cpu, i, reg) + by);
}

/* False: a repeat with a count of zero does nothing at all. */
static bool begin(struct cpu *cpu, const struct insn *i)
{
    return !i->rep || index_get(cpu, i, ECX);
}

/* Counts the iteration; @more: the condition of REPE/REPNE holds. */
static void end(struct cpu *cpu, const struct insn *i, bool more)
{
    uint32_t left;

    if (!i->rep)
        return;
    left = index_get(cpu, i, ECX) - 1;
    reg_set(cpu, ECX, i->abits, left);
    cpu->p->repeat = left && more;
}

static bool compare_goes_on(const struct cpu *cpu, const struct insn *i)
{
    return !(cpu->s.eflags & FLAG_ZF) == (i->rep == 0xf2);
}

/* ---- many iterations at once: only where nobody could tell them from one at a
 * time, and the ticks are the same -------------------------------------------
 */

/* How many iterations may go before anything can come between; 1: no more than
 * this one. */
static uint32_t most_at_once(const struct cpu *cpu, const struct insn *i)
{
    uint64_t ticks = cpu->clock->until - cpu->clock->now;
    uint32_t left = cpu->s.reg[ECX];

    if (!i->rep || i->abits != 32 || i == &cpu->p->odd ||
        cpu->s.eflags & (FLAG_DF | FLAG_TF) || cpu->s.interrupt_shadow)
        return 1;
    return left < ticks ? left : (uint32_t)ticks;
}

/* Host address of what @seg:@offset is in RAM that needs no check, *@count cut
 * to the elements of @n bytes that lie in its page; NULL: go one by one. */
static uint8_t *plain_run(struct cpu *cpu, unsigned seg, uint32_t offset,
                          unsigned n, unsigned access, uint32_t *count)
{
    enum { FLAT = SEG_P | SEG_S | SEG_WRITABLE, ODD = SEG_CODE | SEG_DOWN };
    const struct cpu_segment *s = &cpu->s.seg[seg];
    uint32_t at = s->base + offset, room = PAGE_BYTES - (at & PAGE_MASK);
    const struct tlb_entry *e = tlb_entry(&cpu->tlb, gva_of(at));
    unsigned need = fast_need(cpu, access, cpu_user(cpu));

    if ((s->access & (FLAT | ODD)) != FLAT || s->limit != UINT32_MAX ||
        offset > UINT32_MAX - room || !(e->fast & need))
        return NULL;
    if (*count > room / n)
        *count = room / n;
    return e->host + (at & PAGE_MASK);
}

/* @count iterations are done: all but the one that the run loop counts. */
static void end_many(struct cpu *cpu, uint32_t count)
{
    cpu->s.reg[ECX] -= count;
    cpu->clock->now += count - 1;
    cpu->p->repeat = cpu->s.reg[ECX];
}

static bool movs_many(struct cpu *cpu, const struct insn *i)
{
    uint32_t count = most_at_once(cpu, i), n = bytes_of(i);
    uint8_t *from, *to;

    if (count < 2)
        return false;
    from = plain_run(cpu, i->seg, cpu->s.reg[ESI], n, MEM_READ, &count);
    to = plain_run(cpu, ES, cpu->s.reg[EDI], n, MEM_WRITE, &count);
    if (!from || !to || count < 2)
        return false;
    string_copy(to, from, n, count);
    cpu->s.reg[ESI] += count * n;
    cpu->s.reg[EDI] += count * n;
    end_many(cpu, count);
    return true;
}

static uint32_t element(const uint8_t *at, unsigned n)
{
    uint32_t v = 0;

    memcpy(&v, at, n);
    return v;
}

static bool stos_many(struct cpu *cpu, const struct insn *i)
{
    uint32_t count = most_at_once(cpu, i), n = bytes_of(i);
    uint8_t *to;

    if (count < 2)
        return false;
    to = plain_run(cpu, ES, cpu->s.reg[EDI], n, MEM_WRITE, &count);
    if (!to || count < 2)
        return false;
    string_fill(to, cpu->s.reg[EAX], n, count);
    cpu->s.reg[EDI] += count * n;
    end_many(cpu, count);
    return true;
}

/* What is compared goes on while equal (F3) or different (F2). */
static bool scas_many(struct cpu *cpu, const struct insn *i)
{
    uint32_t count = most_at_once(cpu, i), n = bytes_of(i), k = 0, b;
    uint32_t a = reg_get(cpu, EAX, 8 * n);
    const uint8_t *at;
    bool more;

    if (count < 2)
        return false;
    at = plain_run(cpu, ES, cpu->s.reg[EDI], n, MEM_READ, &count);
    if (!at || count < 2)
        return false;
    do {
        b = element(at + k * n, n);
        more = (a == b) == (i->rep == 0xf3);
    } while (++k < count && more);
    flags_sub(cpu, a, b, 0, 8 * n);
    cpu->s.reg[EDI] += k * n;
    end_many(cpu, k);
    cpu->p->repeat = cpu->p->repeat && more;
    return true;
}

static bool cmps_many(struct cpu *cpu, const struct insn *i)
{
    uint32_t count = most_at_once(cpu, i), n = bytes_of(i), k = 0, a, b;
    const uint8_t *from, *to;
    bool more;

    if (count < 2)
        return false;
    from = plain_run(cpu, i->seg, cpu->s.reg[ESI], n, MEM_READ, &count);
    to = plain_run(cpu, ES, cpu->s.reg[EDI], n, MEM_READ, &count);
    if (!from || !to || count < 2)
        return false;
    do {
        a = element(from + k * n, n);
        b = element(to + k * n, n);
        more = (a == b) == (i->rep == 0xf3);
    } while (++k < count && more);
    flags_sub(cpu, a, b, 0, 8 * n);
    cpu->s.reg[ESI] += k * n;
    cpu->s.reg[EDI] += k * n;
    end_many(cpu, k);
    cpu->p->repeat = cpu->p->repeat && more;
    return true;
}

/* Only the last element stays. */
static bool lods_many(struct cpu *cpu, const struct insn *i)
{
    uint32_t count = most_at_once(cpu, i), n = bytes_of(i);
    const uint8_t *from;

    if (count < 2)
        return false;
    from = plain_run(cpu, i->seg, cpu->s.reg[ESI], n, MEM_READ, &count);
    if (!from || count < 2)
        return false;
    reg_set(cpu, EAX, 8 * n, element(from + (count - 1) * n, n));
    cpu->s.reg[ESI] += count * n;
    end_many(cpu, count);
    return true;
}

void op_movs(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);

    if (!begin(cpu, i) || movs_many(cpu, i))
        return;
    seg_write(cpu, ES, index_get(cpu, i, EDI), n,
              seg_read(cpu, i->seg, index_get(cpu, i, ESI), n));
    look_at_map(cpu);
    index_step(cpu, i, ESI);
    index_step(cpu, i, EDI);
    end(cpu, i, true);
}

void op_stos(struct cpu *cpu, const struct insn *i)
{
    if (!begin(cpu, i) || stos_many(cpu, i))
        return;
    seg_write(cpu, ES, index_get(cpu, i, EDI), bytes_of(i), cpu->s.reg[EAX]);
    index_step(cpu, i, EDI);
    end(cpu, i, true);
}

void op_lods(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);

    if (!begin(cpu, i) || lods_many(cpu, i))
        return;
    reg_set(cpu, EAX, 8 * n, seg_read(cpu, i->seg, index_get(cpu, i, ESI), n));
    index_step(cpu, i, ESI);
    end(cpu, i, true);
}

void op_cmps(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);
    uint32_t a, b;

    if (!begin(cpu, i) || cmps_many(cpu, i))
        return;
    a = seg_read(cpu, i->seg, index_get(cpu, i, ESI), n);
    b = seg_read(cpu, ES, index_get(cpu, i, EDI), n);
    flags_sub(cpu, a, b, 0, 8 * n);
    index_step(cpu, i, ESI);
    index_step(cpu, i, EDI);
    end(cpu, i, compare_goes_on(cpu, i));
}

void op_scas(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);
    uint32_t b;

    if (!begin(cpu, i) || scas_many(cpu, i))
        return;
    b = seg_read(cpu, ES, index_get(cpu, i, EDI), n);
    flags_sub(cpu, reg_get(cpu, EAX, 8 * n), b, 0, 8 * n);
    index_step(cpu, i, EDI);
    end(cpu, i, compare_goes_on(cpu, i));
}

/* ---- ports ----------------------------------------------------------------
 * Each iteration is told to the device at its tick. What a device does about it
 * may end the run of them, and anything may come then. */

static bool io_is_free(const struct cpu *cpu)
{
    return !v86_mode(cpu) && cpu->s.cpl <= (cpu->s.eflags >> 12 & 3);
}

/* An iteration is done; may another follow? Then its tick has begun. */
static bool next_iteration(struct cpu *cpu, uint32_t changes)
{
    if (cpu->clock->now + 1 >= cpu->clock->until || !undisturbed(cpu) ||
        cpu->tlb.changes != changes)
        return false;
    cpu->clock->now++;
    return true;
}

static bool ins_many(struct cpu *cpu, const struct insn *i, uint16_t port)
{
    uint32_t count = most_at_once(cpu, i), n = bytes_of(i), k = 0;
    uint32_t changes = cpu->tlb.changes;
    uint8_t *to;

    if (count < 2 || !io_is_free(cpu))
        return false;
    to = plain_run(cpu, ES, cpu->s.reg[EDI], n, MEM_WRITE, &count);
    if (!to || count < 2)
        return false;
    do {
        uint32_t v = bus_in(cpu->bus, port, n);

        memcpy(to + k * n, &v, n);
        cpu->s.reg[EDI] += n; /* who listens may look at the CPU */
        cpu->s.reg[ECX]--;
    } while (++k < count && next_iteration(cpu, changes));
    cpu->p->repeat = cpu->s.reg[ECX];
    return true;
}

static bool outs_many(struct cpu *cpu, const struct insn *i, uint16_t port)
{
    uint32_t count = most_at_once(cpu, i), n = bytes_of(i), k = 0;
    uint32_t changes = cpu->tlb.changes;
    const uint8_t *from;

    if (count < 2 || !io_is_free(cpu))
        return false;
    from = plain_run(cpu, i->seg, cpu->s.reg[ESI], n, MEM_READ, &count);
    if (!from || count < 2)
        return false;
    do {
        bus_out(cpu->bus, port, n, element(from + k * n, n));
        look_at_map(cpu);
        cpu->s.reg[ESI] += n;
        cpu->s.reg[ECX]--;
    } while (++k < count && next_iteration(cpu, changes));
    cpu->p->repeat = cpu->s.reg[ECX];
    return true;
}

/* INS probes its destination before the port is read: a read may not be lost.
 */
void op_ins(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);
    uint16_t port = (uint16_t)cpu->s.reg[EDX];
    uint32_t at;

    if (!begin(cpu, i) || ins_many(cpu, i, port))
        return;
    check_port(cpu, port, n);
    at = seg_linear(cpu, ES, index_get(cpu, i, EDI), n, true);
    mem_probe(cpu, at, n, cpu_user(cpu));
    seg_write(cpu, ES, index_get(cpu, i, EDI), n, bus_in(cpu->bus, port, n));
    index_step(cpu, i, EDI);
    end(cpu, i, true);
}

void op_outs(struct cpu *cpu, const struct insn *i)
{
    unsigned n = bytes_of(i);
    uint16_t port = (uint16_t)cpu->s.reg[EDX];

    if (!begin(cpu, i) || outs_many(cpu, i, port))
        return;
    check_port(cpu, port, n);
    bus_out(cpu->bus, port, n,
            seg_read(cpu, i->seg, index_get(cpu, i, ESI), n));
    look_at_map(cpu);
    index_step(cpu, i, ESI);
    end(cpu, i, true);
}
