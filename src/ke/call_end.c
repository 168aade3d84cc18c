/* src/ke/call_end.c -- the endings that a routine asks for; ending.c does them.
 */
#include <string.h>

#include "ke/ending.h"

/* A bugcheck is the last word: what the routine still asks for is not done. */
static void end(struct call *c, enum end_kind kind)
{
    if (c->end.kind != END_BUGCHECK)
        c->end.kind = (uint8_t)kind;
}

void call_return(struct call *c, uint32_t eax)
{
    end(c, END_RETURN);
    c->end.value = eax;
}

void call_return64(struct call *c, uint64_t value)
{
    end(c, END_RETURN64);
    c->end.value = value;
}

void call_guest_with(struct call *c, const struct call_target *target,
                     unsigned next)
{
    end(c, END_GUEST);
    c->end.target = *target;
    c->end.next = next;
}

void call_guest(struct call *c, gva_t routine, unsigned count,
                const uint32_t *args, unsigned next)
{
    end(c, END_GUEST);
    c->end.target.routine = routine;
    c->end.target.count = count;
    if (count)
        memcpy(c->end.target.args, args, 4 * count);
    c->end.next = next;
}

void call_guest_fastcall(struct call *c, gva_t routine, unsigned count,
                         const uint32_t *args, unsigned next)
{
    unsigned in_registers = count < 2 ? count : 2;

    call_guest(c, routine, count - in_registers, args + in_registers, next);
    c->end.target.fastcall = true;
    c->end.target.ecx = count > 0 ? args[0] : 0;
    c->end.target.edx = count > 1 ? args[1] : 0;
}

void call_wait(struct call *c, unsigned count, const gva_t *objects, bool all,
               uint64_t due, unsigned next)
{
    end(c, END_WAIT);
    c->end.count = count < CALL_OBJECTS ? count : CALL_OBJECTS;
    for (unsigned i = 0; i < c->end.count; i++) {
        c->end.object[i] = objects[i].v;
        load_u32(c, gva_add(objects[i], HEADER_SIGNAL));
    }
    c->end.all = all;
    c->end.due = due;
    c->end.next = next;
}

void call_wait_user(struct call *c)
{
    c->end.user = true;
}

void call_again(struct call *c, unsigned next)
{
    end(c, END_AGAIN);
    c->end.next = next;
}

void call_yield(struct call *c, unsigned next)
{
    end(c, END_YIELD);
    c->end.next = next;
}

void call_raise_exception(struct call *c, const struct exception *e)
{
    end(c, END_RAISE);
    c->end.exception = *e;
}

void call_raise(struct call *c, uint32_t status)
{
    call_raise_exception(
        c,
        &(struct exception){.code = status, .flags = EXCEPTION_NONCONTINUABLE});
}

void call_bugcheck(struct call *c, uint32_t code, uint32_t p1, uint32_t p2,
                   uint32_t p3, uint32_t p4)
{
    const uint32_t p[5] = {code, p1, p2, p3, p4};

    end(c, END_BUGCHECK);
    memcpy(c->end.p, p, sizeof p);
}

void call_bugcheck_text(struct call *c, uint32_t code, const uint32_t p[4],
                        const char *text)
{
    if (c->end.kind == END_BUGCHECK)
        return;
    c->fault = (struct cpu_fault){0};
    call_bugcheck(c, code, p[0], p[1], p[2], p[3]);
    c->end.text = text;
}

void call_jump(struct call *c, gva_t eip, uint32_t esp, uint32_t ebp,
               uint32_t eax)
{
    struct resume *r = &c->end.resume;

    end(c, END_JUMP);
    memcpy(r->reg, c->cpu->s.reg, sizeof r->reg);
    r->reg[ESP] = esp;
    r->reg[EBP] = ebp;
    r->reg[EAX] = eax;
    r->eip = eip.v;
    r->eflags = c->cpu->s.eflags;
}

void call_resume(struct call *c, const struct resume *r)
{
    end(c, END_RESUME);
    c->end.resume = *r;
}

void call_thread_end(struct call *c, uint32_t exit_status)
{
    end(c, END_THREAD);
    c->end.value = exit_status;
}

void call_trap_return(struct call *c)
{
    end(c, END_TRAP_RETURN);
}
