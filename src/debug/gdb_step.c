/* src/debug/gdb_step.c -- a step of gdb's where an interrupt comes first: the
 * machine runs through it, and then the instruction is stepped. Else `next`
 * would end in a service routine. Breakpoints there are met as ever. */
#include <string.h>

#include "debug/gdb.h"

/** Where it is come back to. */
struct back {
    uint32_t eip, esp;
};

/* At the first instruction of an interrupt's vector the trap frame is on top:
 * EIP, CS, EFLAGS and, from ring 3, ESP (SDM vol. 3A 6.12.1). */
static bool interrupted(const struct gdb_server *g,
                        const struct gdb_registers *now, struct back *to)
{
    enum { FRAME = 12, RPL = 3 };
    const struct machine *m = gdb_machine(g);
    struct inspect_kernel_symbol vector;
    uint32_t frame[3], esp = now->reg[4];

    if (!inspect_kernel_symbol(m, gva_of(now->eip), &vector) ||
        vector.kind != KERNEL_VECTOR || vector.start.v != now->eip ||
        strncmp(vector.name, "KiVector", 8) != 0 ||
        !inspect_virtual(m, SPACE_CPU, gva_of(esp), frame, FRAME))
        return false;
    to->eip = frame[0];
    to->esp = esp + FRAME;
    return !(frame[1] & RPL) || inspect_virtual(m, SPACE_CPU, gva_of(to->esp),
                                                &to->esp, sizeof to->esp);
}

static void forget(struct gdb_server *g)
{
    debug_break_remove(g->d, g->returns);
    g->returns = 0;
}

static bool run_through(struct gdb_server *g, const struct gdb_registers *now)
{
    const struct debug_order go = {.kind = DEBUG_GO};
    struct debug_break b = {.kind = DEBUG_BREAK_CODE,
                            .text = "gdb: an interrupt is over"};
    struct back to;

    if (!interrupted(g, now, &to))
        return false;
    b.code = gva_of(to.eip);
    g->returns = debug_break_add(g->d, &b, NULL);
    g->returns_thread = gdb_thread_now(g);
    g->returns_esp = to.esp;
    return g->returns && debug_order(g->d, &go, NULL) == HB_OK;
}

/* Another thread may come by there. */
static bool is_back(const struct gdb_server *g, const struct gdb_registers *now)
{
    return g->returns_thread == gdb_thread_now(g) &&
           g->returns_esp == now->reg[4];
}

bool gdb_step_goes_on(struct gdb_server *g, const struct debug_stop *stop)
{
    struct debug_order next = {.kind = DEBUG_GO};
    struct gdb_registers now;

    if (g->order.kind != DEBUG_STEP || g->order.back)
        return false;
    gdb_registers_of(g, gdb_thread_now(g), &now);
    if (!g->returns)
        return stop->reason == DEBUG_STEPPED && run_through(g, &now);
    if (stop->reason != DEBUG_BREAKPOINT || stop->breakpoint != g->returns) {
        forget(g);
        return false;
    }
    if (is_back(g, &now)) {
        forget(g);
        next = g->order;
    }
    return debug_order(g->d, &next, NULL) == HB_OK;
}
