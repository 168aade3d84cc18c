/* src/ke/bugcheck.c -- the end of the guest system: what stopped it, where.
 * The first one counts. Source: WDK, "Bug check code reference". */
#include "ke/private.h"

const struct ke_bugcheck *ke_bugcheck_state(const struct ke *ke)
{
    return &ke->s.bugcheck;
}

bool ke_ended(const struct ke *ke)
{
    return ke->s.bugcheck.ended;
}

bool ke_stopping(const struct ke *ke)
{
    return ke->s.bugcheck.ended || ke->s.dying == DYING_ASKED;
}

/** Callbacks run after the entry that stops; one that fails is the last. */
static void stop(struct ke *ke)
{
    if (ke->entered && !ke->s.dying && ke->s.bugcheck_callback.count)
        ke->s.dying = DYING_ASKED;
    else
        ke->s.bugcheck.ended = 1;
}

void ke_clock(struct ke *ke)
{
    if (ke->s.dying)
        ke->s.bugcheck.ended = 1;
}

/** ESP and the words that it points at. */
static void stack_text(const struct ke *ke, uint32_t esp, char *out,
                       size_t room)
{
    enum { WORDS = 8 };
    size_t n = (size_t)snprintf(out, room, "%08x:", esp);

    for (unsigned i = 0; i < WORDS && n < room; i++) {
        uint32_t v;

        if (!ke_read(ke, gva_of(esp + 4 * i), &v, sizeof v))
            return;
        n += (size_t)snprintf(out + n, room - n, " %08x", v);
    }
}

void ke_bugcheck_at(struct ke *ke, uint32_t eip, uint32_t code, uint32_t p1,
                    uint32_t p2, uint32_t p3, uint32_t p4, const char *text)
{
    const uint32_t data[5] = {code, p1, p2, p3, p4};
    struct ke_bugcheck *b = &ke->s.bugcheck;
    const char *image = ke_image_at(ke, gva_of(eip));
    char stack[KE_TEXT];

    if (b->ended)
        return;
    if (ke->s.dying) {
        stop(ke);
        return;
    }
    *b = (struct ke_bugcheck){.code = code, .p = {p1, p2, p3, p4}, .eip = eip};
    b->esp = ke->cpu->s.reg[ESP];
    b->thread = ke->s.thread.count ? ke_current_thread(ke) : 0;
    snprintf(b->image, sizeof b->image, "%s", image ? image : "");
    snprintf(b->routine, sizeof b->routine, "%s",
             ke->running ? ke->running : "");
    snprintf(b->text, sizeof b->text, "%s", text ? text : "");
    if (ke->s.booted)
        ke_write(ke, ke_stub(ke, "KiBugCheckData"), data, sizeof data);
    stack_text(ke, b->esp, stack, sizeof stack);
    EMIT(ke->events, bugcheck, code, p1, p2, p3, p4, eip,
         EVENT_STRING(b->image), EVENT_STRING(stack));
    stop(ke);
}

/** EIP: the guest's caller of the routine in progress, if there is one. */
void ke_bugcheck(struct ke *ke, uint32_t code, uint32_t p1, uint32_t p2,
                 uint32_t p3, uint32_t p4, const char *text)
{
    uint32_t eip = ke->cpu->s.eip;
    const char *image = ke_image_at(ke, gva_of(eip));

    if (image && ke_is_kernel_dll(image))
        eip = ke_read_u32(ke, gva_of(ke->cpu->s.reg[ESP]));
    ke_bugcheck_at(ke, eip, code, p1, p2, p3, p4, text);
}

/** On i386 NT a double fault has a task of its own: the system stops as for any
 *  other reason. */
void ke_shutdown(struct ke *ke)
{
    ke->entered = ke->cpu->s.cpl == 0;
    ke_bugcheck_at(ke, ke->cpu->s.eip, BUGCHECK_UNEXPECTED_TRAP, EXC_DF, 0, 0,
                   0, "a fault while delivering a double fault");
    if (!ke->s.bugcheck.ended)
        ke->cpu->s.shutdown = 0;
    bugcheck_callbacks(ke);
    ke->entered = false;
}
