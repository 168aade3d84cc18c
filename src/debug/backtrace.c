/* src/debug/backtrace.c -- who called whom: through code of images, kernel
 * routines that called back, and what was interrupted. Docs: docs/symbols.md,
 * "Callers". */
#include <stdio.h>
#include <string.h>

#include "debug/unwind.h"

enum { ESP = 4, EBP = 5, ALL_KNOWN = 0xff };
enum { CS_RPL = 3, FLAG_VM = 1 << 17 };
/* What a callee may change: EAX, ECX, EDX (System V ABI, and stdcall's). */
enum { CALLEE_SAVED = 0xf8 };

/** A walk along one thread's stack. */
struct walk {
    const struct symbols *symbols;
    struct unwind u;
    uint32_t thread;
    unsigned calls;   /* of the thread's that were met               */
    bool exact;       /* u.eip is an instruction, not behind a call  */
    bool other_stack; /* the caller's ESP may be anywhere            */
};

struct backtrace_start backtrace_start_cpu(const struct machine *m)
{
    struct backtrace_start start = {.space = SPACE_CPU,
                                    .thread = inspect_thread(m)};
    struct inspect_cpu cpu;

    inspect_cpu(m, &cpu);
    memcpy(start.reg, cpu.reg, sizeof start.reg);
    start.eip = code_at(m).v;
    return start;
}

bool backtrace_start_thread(const struct machine *m, unsigned index,
                            struct backtrace_start *start)
{
    struct inspect_thread t;

    if (!inspect_thread_at(m, index, &t))
        return false;
    *start = (struct backtrace_start){
        .space = t.attached, .thread = t.number, .eip = t.eip};
    if (t.number == inspect_thread(m))
        start->space = SPACE_CPU;
    memcpy(start->reg, t.reg, sizeof start->reg);
    return true;
}

/* ---- from a frame to its caller ------------------------------------------*/

/* The return address is on top. Its caller's ESP, before the call. */
static const char *by_esp(struct walk *w)
{
    struct unwind *u = &w->u;

    if (!unwind_read(u, u->reg[ESP], &u->eip))
        return "";
    u->cfa = u->reg[ESP] += 4;
    u->known &= CALLEE_SAVED;
    return "esp";
}

/* What the CPU pushed for a trap: EIP, CS, EFLAGS, and from another ring ESP,
 * SS. The registers are as they were. */
static const char *by_trap(struct walk *w, uint32_t at)
{
    uint32_t frame[4] = {0}; /* EIP CS EFLAGS ESP */
    struct unwind *u = &w->u;

    if (!inspect_virtual(u->m, u->space, gva_of(at), frame, 12) ||
        frame[2] & FLAG_VM)
        return "";
    u->eip = frame[0];
    u->cfa = u->reg[ESP] = at + 12;
    w->exact = true;
    w->other_stack = frame[1] & CS_RPL;
    if (w->other_stack && !unwind_read(u, at + 12, &u->reg[ESP]))
        return "";
    return "trap";
}

/* The kernel keeps the registers of each routine that called guest code. */
static const char *by_call(struct walk *w, const struct inspect_call *call)
{
    struct unwind *u = &w->u;
    const char *how;

    w->calls++;
    memcpy(u->reg, call->reg, sizeof u->reg);
    u->known = ALL_KNOWN;
    u->reg[ESP] = call->entry.v;
    how = call->trap ? by_trap(w, call->entry.v) : by_esp(w);
    w->other_stack = true; /* a DPC's caller has its own */
    return how[0] ? "call" : "";
}

/* A frame that was made by `push ebp; mov ebp, esp`. */
static const char *by_ebp(struct walk *w)
{
    struct unwind *u = &w->u;
    uint32_t frame[2];

    if (!(u->known >> EBP & 1) || u->reg[EBP] < u->reg[ESP] ||
        !inspect_virtual(u->m, u->space, gva_of(u->reg[EBP]), frame, 8))
        return "";
    u->cfa = u->reg[ESP] = u->reg[EBP] + 8;
    u->reg[EBP] = frame[0];
    u->eip = frame[1];
    u->known &= (1u << ESP) | (1u << EBP);
    return "ebp";
}

static bool has_error_code(unsigned vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

/* At the stub itself the error code is still on the stack: SDM vol. 3A 6.13. */
static uint32_t trap_frame_at(const struct walk *w,
                              const struct inspect_kernel_symbol *k)
{
    struct inspect_kernel_image nt;
    uint32_t esp = w->u.reg[ESP];

    if (k->kind == KERNEL_VECTOR && w->u.eip == k->start.v &&
        inspect_kernel_image_at(w->u.m, 0, &nt) &&
        has_error_code((k->start.v - nt.text.v) / k->bytes))
        esp += 4;
    return esp;
}

/* The routine that called back, by the name of its stub. */
static void name_call(const struct walk *w, const char *routine,
                      struct backtrace_frame *frame)
{
    gva_t stub;

    snprintf(frame->text, sizeof frame->text, "ntoskrnl!%s", routine);
    if (routine[0] != '(' && symbols_lookup(NULL, w->u.m, routine, &stub))
        symbols_text(NULL, w->u.m, stub, frame->text, sizeof frame->text);
}

/* The call that a trampoline comes back to: the newest that was not met yet, or
 * an older one that EBP is the frame of, where a walk along EBP left some out.
 */
static bool find_call(struct walk *w, struct inspect_call *call)
{
    const struct unwind *u = &w->u;
    unsigned first = w->calls;

    if (u->known >> EBP & 1)
        for (; inspect_call_at(u->m, w->thread, w->calls, call); w->calls++)
            if (call->frame.v && call->frame.v == u->reg[EBP])
                return true;
    w->calls = first;
    return inspect_call_at(u->m, w->thread, w->calls, call);
}

static const char *through_kernel(struct walk *w,
                                  const struct inspect_kernel_symbol *k,
                                  struct backtrace_frame *frame)
{
    struct inspect_call call;

    switch (k->kind) {
    case KERNEL_ROUTINE:
    case KERNEL_MISSING:
        frame->kind = BACKTRACE_ROUTINE;
        return by_esp(w);
    case KERNEL_VECTOR:
    case KERNEL_TRAP:
        frame->kind = BACKTRACE_TRAP;
        return by_trap(w, trap_frame_at(w, k));
    case KERNEL_TRAMPOLINE:
        if (!find_call(w, &call)) {
            frame->kind = BACKTRACE_END;
            return "";
        }
        frame->kind = call.trap ? BACKTRACE_TRAP : BACKTRACE_ROUTINE;
        name_call(w, call.routine, frame);
        return by_call(w, &call);
    case KERNEL_IDLE:
        frame->kind = BACKTRACE_IDLE;
        return "";
    case KERNEL_DATA:
        break;
    }
    return "";
}

/* Is its return address still on top? So it is in a function that has not
 * begun, and where a call led to no code at all. */
static bool just_called(const struct walk *w)
{
    struct symbol s;
    uint32_t top;

    if (symbols_find(w->symbols, w->u.m, gva_of(w->u.eip), &s))
        return s.code && s.start.v == w->u.eip;
    return unwind_read(&w->u, w->u.reg[ESP], &top) &&
           symbols_find(w->symbols, w->u.m, gva_of(top), &s);
}

static const char *through_code(struct walk *w, bool exact)
{
    uint32_t rva, at = w->u.eip - !exact;
    const struct symbol_file *f = file_of(w->symbols, w->u.m, gva_of(at), &rva);

    if (f && unwind_cfi(f, rva, &w->u))
        return "cfi";
    return exact && just_called(w) ? by_esp(w) : by_ebp(w);
}

/* ---- a frame in words ----------------------------------------------------*/

/* A call may be the last thing in its function: its return address is not. */
static void name_frame(const struct walk *w, struct backtrace_frame *frame)
{
    uint32_t back = frame->exact ? 0 : 1;
    struct symbol s;

    if (!symbols_find(w->symbols, w->u.m, gva_of(frame->eip.v - back), &s))
        return;
    symbols_text(w->symbols, w->u.m, s.start, frame->text, sizeof frame->text);
    if (frame->eip.v != s.start.v) {
        size_t n = strlen(frame->text);

        snprintf(frame->text + n, sizeof frame->text - n, "+0x%x",
                 frame->eip.v - s.start.v);
    }
}

bool backtrace_line(const struct symbols *symbols, const struct machine *m,
                    const struct backtrace_frame *frame,
                    struct source_line *line)
{
    return symbols_line(symbols, m,
                        gva_of(frame->eip.v - (frame->exact ? 0 : 1)), line);
}

/* Fills @frame and goes on to its caller. False: it is the outermost. */
static bool one_frame(struct walk *w, struct backtrace_frame *frame)
{
    struct inspect_kernel_symbol k;
    uint32_t esp = w->u.reg[ESP];
    bool kernel = inspect_kernel_symbol(w->u.m, gva_of(w->u.eip), &k);

    *frame = (struct backtrace_frame){
        .kind = BACKTRACE_CODE,
        .known = w->u.known,
        .eip = gva_of(w->u.eip),
        .exact = w->exact || kernel /* nothing in a stub calls */};
    memcpy(frame->reg, w->u.reg, sizeof frame->reg);
    name_frame(w, frame);
    w->exact = w->other_stack = false;
    w->u.cfa = 0;
    frame->how =
        kernel ? through_kernel(w, &k, frame) : through_code(w, frame->exact);
    if (!frame->how[0])
        return false;
    frame->cfa = gva_of(w->u.cfa);
    /* a stack grows down, so its callers are above; a trap may be of a call
     * of address 0 */
    return (w->u.eip || w->exact) && (w->other_stack || w->u.reg[ESP] > esp);
}

unsigned backtrace(const struct symbols *symbols, const struct machine *m,
                   const struct backtrace_start *start,
                   struct backtrace_frame *frames, unsigned most)
{
    struct walk w = {.symbols = symbols,
                     .u = {.m = m,
                           .space = start->space,
                           .eip = start->eip,
                           .known = ALL_KNOWN},
                     .thread = start->thread,
                     .exact = true};
    unsigned n = 0;

    memcpy(w.u.reg, start->reg, sizeof w.u.reg);
    while (n < most && one_frame(&w, &frames[n++]))
        ;
    return n;
}
