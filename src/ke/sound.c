/* src/ke/sound.c -- is a loaded state one that a kernel could have saved? Every
 * index that the kernel follows without looking is looked at here, once, so
 * that a damaged file is one clear error. */
#include "ke/private.h"

/** A chain of records from @top down: used ones, below each other, no circle.
 *  @seen counts all that were met in any chain. */
static bool chain_sound(const struct ke *ke, uint32_t top, uint32_t *seen)
{
    while (top) {
        const struct record *r;

        if (top > ke->s.record.count || ++*seen > ke->s.record.count)
            return false;
        r = record_at(ke, top);
        if (!r->used || r->waiting > 2 || r->locals > 3 * PAGE_BYTES ||
            (r->routine >= ke->routines &&
             (r->routine < ROUTINE_INTERNAL || r->routine >= ROUTINE_END)))
            return false;
        if (r->routine < ke->routines && !ke->routine[r->routine].row->run)
            return false;
        top = r->below;
    }
    return true;
}

static bool free_list_sound(const struct ke *ke, uint32_t *seen)
{
    for (uint32_t i = ke->s.free_record; i; i = record_at(ke, i)->below)
        if (i > ke->s.record.count || ++*seen > ke->s.record.count ||
            record_at(ke, i)->used)
            return false;
    return true;
}

static bool process_there(const struct ke *ke, uint32_t process)
{
    return process <= ke->s.process.count;
}

static bool threads_sound(const struct ke *ke)
{
    uint32_t seen = 0, running = 0;

    for (uint32_t i = 0; i < ke->s.thread.count; i++) {
        const struct thread *t = thread_slot(ke, i);

        if (t->state > THREAD_ENDED || !process_there(ke, t->process) ||
            !process_there(ke, t->attached) ||
            !chain_sound(ke, t->top, &seen) || t->name[sizeof t->name - 1])
            return false;
        if (t->state == THREAD_WAITING && !t->top)
            return false;
        running += t->state == THREAD_RUNNING;
    }
    return free_list_sound(ke, &seen) && running == 1 &&
           ke->s.current < ke->s.thread.count &&
           thread_current(ke)->state == THREAD_RUNNING &&
           (thread_slot(ke, 0)->state == THREAD_RUNNING ||
            thread_slot(ke, 0)->state == THREAD_READY);
}

static bool waits_sound(const struct ke *ke)
{
    for (uint32_t i = 0; i < ke->s.wait.count; i++) {
        const struct wait_block *b = VEC_AT(struct wait_block, &ke->s.wait, i);

        if (!b->record || b->record > ke->s.record.count ||
            b->thread >= ke->s.thread.count)
            return false;
    }
    return true;
}

static bool text_ends(const char *text, size_t room)
{
    return !text[room - 1];
}

static bool texts_sound(const struct ke *ke)
{
    const struct ke_bugcheck *b = &ke->s.bugcheck;

    for (uint32_t i = 0; i < ke->s.image.count; i++) {
        const struct image *im = VEC_AT(struct image, &ke->s.image, i);

        if (im->unloaded > 1 || !text_ends(im->name, sizeof im->name))
            return false;
    }
    for (uint32_t i = 0; i < ke->s.missing.count; i++) {
        const struct missing *m = VEC_AT(struct missing, &ke->s.missing, i);

        if (!text_ends(m->image, sizeof m->image) ||
            !text_ends(m->dll, sizeof m->dll) ||
            !text_ends(m->name, sizeof m->name))
            return false;
    }
    return text_ends(b->image, sizeof b->image) &&
           text_ends(b->routine, sizeof b->routine) &&
           text_ends(b->text, sizeof b->text);
}

static bool pages_sound(const struct ke *ke)
{
    uint64_t pages = ke->text_pages[NTOSKRNL] + ke->text_pages[HAL];

    return ram_is(ke->ram, gpa_of(ke->s.text_gpa), pages << PAGE_SHIFT) &&
           !(ke->s.text_gpa & PAGE_MASK) && !(ke->s.kpcr & PAGE_MASK) &&
           !(ke->s.kuser & PAGE_MASK) && !(ke->s.tss & PAGE_MASK);
}

bool state_sound(const struct ke *ke)
{
    return ke->s.process.count && ke->s.thread.count && ke->s.dying <= DYING &&
           pages_sound(ke) && threads_sound(ke) && waits_sound(ke) &&
           texts_sound(ke);
}
