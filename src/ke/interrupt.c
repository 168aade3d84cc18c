/* src/ke/interrupt.c -- hardware interrupts: the 8259 pair as an NT HAL drives
 * it, the lazy IRQL, and the service chains of connected interrupts.
 * A line that comes while the IRQL masks it is noted, masked at the 8259 and
 * replayed when the IRQL falls. A level line is masked while it is served, so
 * that the end-of-interrupt can be given at once and IRQL order rules instead
 * of the 8259's. Sources: 8259A data sheet; hal_io fact sheet 5. */
#include "ke/private.h"
#include "mm/paging.h"

enum {
    PIC1 = 0x20,
    PIC1_DATA = 0x21,
    PIC2 = 0xa0,
    PIC2_DATA = 0xa1,
    ELCR1 = 0x4d0,
    ELCR2 = 0x4d1,
    ICW1 = 0x11,
    ICW4 = 0x01,
    OCW2_SPECIFIC = 0x60,
    OCW3_READ_ISR = 0x0b,
    CASCADE = 2,
    CLOCK_IRQ = 0,
    PIT_CHANNEL0 = 0x40,
    PIT_CONTROL = 0x43,
    PIT_RATE = 0x34,       /* channel 0, low then high byte, mode 2 */
    UNHANDLED_MOST = 1000, /* in a row before it is reported */
};

/* ---- the chip
 * -------------------------------------------------------------------- */

static void out8(struct ke *ke, uint16_t port, uint32_t v)
{
    bus_out(ke->bus, port, 1, v & 0xff);
}

void pic_set_mask(struct ke *ke, uint16_t mask)
{
    uint16_t changed = mask ^ ke->s.pic_mask;

    ke->s.pic_mask = mask;
    if (changed & 0xff)
        out8(ke, PIC1_DATA, mask);
    if (changed >> 8)
        out8(ke, PIC2_DATA, mask >> 8);
}

static void mask_line(struct ke *ke, unsigned irq, bool masked)
{
    uint16_t bit = (uint16_t)(1u << irq);

    pic_set_mask(
        ke, (uint16_t)(masked ? ke->s.pic_mask | bit : ke->s.pic_mask & ~bit));
}

static void set_level(struct ke *ke, unsigned irq, bool level)
{
    uint16_t bit = (uint16_t)(1u << irq);

    ke->s.pic_level =
        (uint16_t)(level ? ke->s.pic_level | bit : ke->s.pic_level & ~bit);
    if (irq < 8)
        out8(ke, ELCR1, ke->s.pic_level);
    else
        out8(ke, ELCR2, ke->s.pic_level >> 8);
}

void pic_eoi(struct ke *ke, unsigned irq)
{
    if (irq >= 8) {
        out8(ke, PIC2, OCW2_SPECIFIC | (irq - 8));
        irq = CASCADE;
    }
    out8(ke, PIC1, OCW2_SPECIFIC | irq);
}

static void pic_program(struct ke *ke, uint16_t command, uint16_t data,
                        uint32_t base, uint32_t cascade)
{
    out8(ke, command, ICW1);
    out8(ke, data, base);
    out8(ke, data, cascade);
    out8(ke, data, ICW4);
}

/** As the PC HAL leaves the chips: vectors 30h-3Fh, all lines masked but the
 *  cascade and the clock; channel 0 of the 8254 at 10.0144 ms. */
void pic_init(struct ke *ke)
{
    pic_program(ke, PIC1, PIC1_DATA, KE_VECTOR_BASE, 1u << CASCADE);
    pic_program(ke, PIC2, PIC2_DATA, KE_VECTOR_BASE + 8, CASCADE);
    ke->s.pic_mask = 0;
    pic_set_mask(ke, 0xffff & ~(1u << CASCADE | 1u << CLOCK_IRQ));
    out8(ke, ELCR1, 0);
    out8(ke, ELCR2, 0);
    out8(ke, PIT_CONTROL, PIT_RATE);
    out8(ke, PIT_CHANNEL0, CLOCK_LATCH & 0xff);
    out8(ke, PIT_CHANNEL0, CLOCK_LATCH >> 8);
}

uint8_t irq_level(unsigned irq)
{
    return irq == CLOCK_IRQ ? CLOCK_LEVEL : ke_irq_level(irq);
}

/** Lines 7 and 15 also answer for requests that went away: the in-service
 *  register tells. */
static bool spurious(struct ke *ke, unsigned irq)
{
    uint16_t chip = irq == 7 ? PIC1 : PIC2;

    if (irq != 7 && irq != 15)
        return false;
    out8(ke, chip, OCW3_READ_ISR);
    if (bus_in(ke->bus, chip, 1) & 0x80)
        return false;
    if (irq == 15)
        out8(ke, PIC1, OCW2_SPECIFIC | CASCADE);
    return true;
}

/* ---- IRQL
 * ------------------------------------------------------------------------- */

uint8_t ke_irql(const struct ke *ke)
{
    return ram_read8(ke->ram, gpa_of(ke->s.kpcr + PCR_IRQL)) & 31;
}

uint8_t ke_set_irql(struct ke *ke, uint8_t irql)
{
    uint8_t old = ke_irql(ke);

    ram_write8(ke->ram, gpa_of(ke->s.kpcr + PCR_IRQL), irql & 31);
    if (old != (irql & 31))
        EMIT(ke->events, irql, old, irql & 31u);
    if (ke->mm->s.settings.strict && old < DISPATCH_LEVEL &&
        irql >= DISPATCH_LEVEL)
        paging_trim_system(ke->mm, false);
    return old;
}

/* ---- chains
 * -------------------------------------------------------------------------- */

static struct ke_interrupt *connection(const struct ke *ke, uint32_t i)
{
    return VEC_AT(struct ke_interrupt, &ke->s.connection, i);
}

/** The @n-th service routine on @vector, or NULL. */
static const struct ke_interrupt *on_vector(const struct ke *ke,
                                            uint32_t vector, unsigned n)
{
    for (uint32_t i = 0; i < ke->s.connection.count; i++)
        if (connection(ke, i)->vector == vector && !n--)
            return connection(ke, i);
    return NULL;
}

static void nobody(struct ke *ke, unsigned irq, const char *what)
{
    char text[KE_TEXT];

    snprintf(text, sizeof text, "IRQ %u: %s", irq, what);
    EMIT(ke->events, finding, EVENT_STRING("S38"), EVENT_STRING(text));
}

enum { W_IRQ, W_NEXT, W_HANDLED, W_PASS, W_LOCK };

void interrupt_over(struct ke *ke, const struct record *r)
{
    EMIT(ke->events, interrupt_end, ke_irq_vector(r->w[W_IRQ] % KE_IRQS),
         r->w[W_HANDLED] & 1u);
}

void interrupt_enter(struct ke *ke, unsigned irq)
{
    bool pending_anyway = ke_irql(ke) >= irq_level(irq);
    bool level = ke->s.pic_level >> irq & 1;
    struct record r;

    if (spurious(ke, irq))
        return;
    if (pending_anyway) {
        ke->s.pending |= (uint16_t)(1u << irq);
        mask_line(ke, irq, true);
        pic_eoi(ke, irq);
        return;
    }
    EMIT(ke->events, interrupt, ke_irq_vector(irq), irq_level(irq));
    if (irq != CLOCK_IRQ && !on_vector(ke, ke_irq_vector(irq), 0)) {
        mask_line(ke, irq, true);
        pic_eoi(ke, irq);
        nobody(ke, irq, "nothing is connected; the line is masked");
        EMIT(ke->events, interrupt_end, ke_irq_vector(irq), 0);
        return;
    }
    mask_line(ke, irq, level);
    pic_eoi(ke, irq);
    if (irq == CLOCK_IRQ) {
        clock_interrupt(ke);
        EMIT(ke->events, interrupt_end, ke_irq_vector(irq), 1);
        return;
    }
    trap_record(ke, ROUTINE_INTERRUPT, &r);
    r.w[W_IRQ] = irq;
    enter(ke, &r);
}

static void interrupt_done(struct call *c)
{
    struct ke *ke = c->ke;
    unsigned irq = c->w[W_IRQ] % KE_IRQS;

    if (c->w[W_HANDLED]) {
        ke->s.unhandled[irq] = 0;
    } else if (++ke->s.unhandled[irq] == UNHANDLED_MOST) {
        nobody(ke, irq, "1000 interrupts in a row that no routine claimed");
    }
    if (on_vector(ke, ke_irq_vector(irq), 0) && !(ke->s.pending >> irq & 1))
        mask_line(ke, irq, false);
    call_trap_return(c);
}

/** Call @now's routine at its SynchronizeIrql with its lock held. */
static void call_routine(struct call *c, const struct ke_interrupt *now)
{
    const uint32_t args[2] = {now->object, now->context};

    c->w[W_LOCK] =
        ke_read_u32(c->ke, gva_of(now->object + INTERRUPT_ACTUAL_LOCK));
    if (!lock_taken(c->ke, c->w[W_LOCK])) {
        call_bugcheck(c, BUGCHECK_SPIN_LOCK_ALREADY_OWNED, c->w[W_LOCK], 0, 0,
                      0);
        return;
    }
    ke_set_irql(c->ke, now->synchronize_irql);
    c->cpu->s.eflags |= FLAG_IF;
    call_guest(c, gva_of(now->routine), 2, args, 1);
}

/** Level: the first that claims it ends the pass. Latched and shared: passes
 *  go on until one finds nobody. */
void run_interrupt(struct call *c)
{
    struct ke *ke = c->ke;
    uint32_t vector = ke_irq_vector(c->w[W_IRQ] % KE_IRQS);
    const struct ke_interrupt *now = on_vector(ke, vector, c->w[W_NEXT]);
    bool shared = on_vector(ke, vector, 1) != NULL;

    if (c->state == 0)
        ke_set_irql(ke, irq_level(c->w[W_IRQ] % KE_IRQS));
    if (c->state == 1) {
        bool handled = (c->eax & 0xff) != 0;

        if (ke_checks(ke) && ke_irql(ke) != c->record->irql) {
            call_bugcheck(c, BUGCHECK_VERIFIER, 0x111, now ? now->routine : 0,
                          c->record->irql, ke_irql(ke));
            return;
        }
        lock_given(ke, c->w[W_LOCK]);
        ke_set_irql(ke, irq_level(c->w[W_IRQ] % KE_IRQS));
        c->w[W_HANDLED] |= handled;
        c->w[W_PASS] |= handled;
        if ((handled && now && !now->latched) || !shared) {
            interrupt_done(c);
            return;
        }
        now = on_vector(ke, vector, ++c->w[W_NEXT]);
    }
    if (!now && c->w[W_PASS] && on_vector(ke, vector, 0)) {
        c->w[W_PASS] = 0;
        c->w[W_NEXT] = 0;
        now = on_vector(ke, vector, 0);
    }
    if (now)
        call_routine(c, now);
    else
        interrupt_done(c);
}

/* ---- connecting
 * ------------------------------------------------------------------------ */

static bool compatible(const struct ke *ke, const struct ke_interrupt *how)
{
    const struct ke_interrupt *first = on_vector(ke, how->vector, 0);

    if (how->vector <= KE_VECTOR_BASE ||
        how->vector >= KE_VECTOR_BASE + KE_IRQS ||
        how->vector == KE_VECTOR_BASE + CASCADE || how->irql > HIGH_LEVEL ||
        how->synchronize_irql > HIGH_LEVEL || how->synchronize_irql < how->irql)
        return false;
    return !first ||
           (first->share && how->share && first->latched == how->latched);
}

static void fill_object(struct ke *ke, const struct ke_interrupt *how)
{
    uint32_t o = how->object;
    const uint8_t levels[8] = {
        how->irql, how->synchronize_irql, 0, 1, 0, how->share, 0, 0};

    ke_write_u32(ke, gva_of(o),
                 INTERRUPT_OBJECT | (uint32_t)INTERRUPT_BYTES << 16);
    ke_write_u32(ke, gva_of(o + INTERRUPT_ROUTINE), how->routine);
    ke_write_u32(ke, gva_of(o + INTERRUPT_CONTEXT), how->context);
    ke_write_u32(ke, gva_of(o + INTERRUPT_ACTUAL_LOCK),
                 how->lock ? how->lock : o + INTERRUPT_LOCK);
    ke_write_u32(ke, gva_of(o + INTERRUPT_VECTOR), how->vector);
    ke_write(ke, gva_of(o + INTERRUPT_IRQL), levels, sizeof levels);
    ke_write_u32(ke, gva_of(o + INTERRUPT_MODE), how->latched);
}

uint32_t ke_interrupt_connect(struct ke *ke, const struct ke_interrupt *how)
{
    unsigned irq = how->vector - KE_VECTOR_BASE;
    bool first;

    if (!compatible(ke, how))
        return STATUS_INVALID_PARAMETER;
    first = !on_vector(ke, how->vector, 0);
    if (ke->s.connection.count >= CONNECTIONS_MOST ||
        !vec_push(&ke->s.connection, sizeof *how, how))
        return STATUS_INSUFFICIENT_RESOURCES;
    fill_object(ke, how);
    if (first) {
        ke->s.unhandled[irq] = 0;
        ke->s.pending &= (uint16_t) ~(1u << irq);
        set_level(ke, irq, !how->latched);
        mask_line(ke, irq, false);
    }
    return STATUS_SUCCESS;
}

bool ke_interrupt_disconnect(struct ke *ke, gva_t object)
{
    static const uint8_t zero;

    for (uint32_t i = 0; i < ke->s.connection.count; i++) {
        uint32_t vector = connection(ke, i)->vector;

        if (connection(ke, i)->object != object.v)
            continue;
        vec_remove(&ke->s.connection, sizeof(struct ke_interrupt), i);
        ke_write(ke, gva_add(object, INTERRUPT_CONNECTED), &zero, 1);
        if (!on_vector(ke, vector, 0)) {
            mask_line(ke, vector - KE_VECTOR_BASE, true);
            ke->s.pending &= (uint16_t) ~(1u << (vector - KE_VECTOR_BASE));
        }
        return true;
    }
    return false;
}
