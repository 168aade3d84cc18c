/* src/debug/monitor_chips.c -- the board's chips and what the kernel makes of
 * their interrupts; registers of devices, to be read and written. */
#include <stdio.h>
#include <string.h>

#include "debug/monitor.h"

/* ---- interrupts ---------------------------------------------------------- */

enum hb_status command_irqs(struct ask *a)
{
    struct inspect_irq irq;
    struct inspect_cpu cpu;
    struct table t;

    inspect_cpu(a->m, &cpu);
    if (!a->json)
        say(a, "IRQL %u, interrupts %s", inspect_irql(a->m),
            cpu.eflags & 1 << 9 ? "on" : "off");
    table_begin(&t, a,
                "irq:u line:u requested:u service:u masked:u noted:u mode:s "
                "vector:x irql:u objects:u devices:s");
    for (unsigned i = 0; inspect_irq_at(a->m, i, &irq); i++) {
        table_number(&t, i);
        table_number(&t, irq.line);
        table_number(&t, irq.requested);
        table_number(&t, irq.in_service);
        table_number(&t, irq.masked);
        table_number(&t, irq.noted);
        table_text(&t, "%s", irq.level ? "level" : "edge");
        table_number(&t, irq.vector);
        table_number(&t, irq.irql);
        table_number(&t, irq.connected);
        table_text(&t, "%.100s", irq.devices);
    }
    return table_end(&t);
}

static void code_cell(struct ask *a, struct table *t, gva_t at)
{
    char name[SYMBOL_NAME + 64] = "";

    if (at.v)
        symbols_text(a->symbols, a->m, at, name, sizeof name);
    table_text(t, "%.120s", name);
}

enum hb_status command_interrupts(struct ask *a)
{
    struct inspect_interrupt x;
    struct table t;

    table_begin(&t, a,
                "object:x irq:u vector:x irql:u synchronize:u mode:s shared:u "
                "context:x routine:x name:s");
    for (unsigned i = 0; inspect_interrupt_at(a->m, i, &x); i++) {
        table_number(&t, x.object.v);
        table_number(&t, x.irq);
        table_number(&t, x.vector);
        table_number(&t, x.irql);
        table_number(&t, x.synchronize_irql);
        table_text(&t, "%s", x.latched ? "latched" : "level");
        table_number(&t, x.shared);
        table_number(&t, x.context.v);
        table_number(&t, x.routine.v);
        code_cell(a, &t, x.routine);
    }
    return table_end(&t);
}

enum hb_status command_dpcs(struct ask *a)
{
    struct inspect_dpc x;
    struct table t;

    table_begin(&t, a,
                "dpc:x importance:s context:x a1:x a2:x routine:x name:s");
    for (unsigned i = 0; inspect_dpc_at(a->m, i, &x); i++) {
        table_number(&t, x.object.v);
        table_text(&t, "%s", x.importance);
        table_number(&t, x.context.v);
        table_number(&t, x.argument[0]);
        table_number(&t, x.argument[1]);
        table_number(&t, x.routine.v);
        code_cell(a, &t, x.routine);
    }
    return table_end(&t);
}

enum hb_status command_timers(struct ask *a)
{
    struct inspect_timer x;
    struct table t;

    if (!a->json)
        say(a, "now %llu (100 ns)",
            (unsigned long long)inspect_interrupt_time(a->m));
    table_begin(&t, a, "timer:x due:u period:u dpc:x routine:x name:s");
    for (unsigned i = 0; inspect_timer_at(a->m, i, &x); i++) {
        table_number(&t, x.object.v);
        table_number(&t, x.due);
        table_number(&t, x.period);
        table_number(&t, x.dpc.v);
        table_number(&t, x.routine.v);
        code_cell(a, &t, x.routine);
    }
    return table_end(&t);
}

/* ---- the 8237s ----------------------------------------------------------- */

enum hb_status command_channels(struct ask *a)
{
    struct inspect_channel c;
    struct table t;

    table_begin(&t, a,
                "channel:u device:s mode:s transfer:s next:x address:x page:x "
                "count:x width:u state:s");
    for (unsigned i = 0; inspect_channel_at(a->m, i, &c); i++) {
        table_number(&t, i);
        table_text(&t, "%s", c.device);
        table_text(&t, "%s%s%s", c.mode, c.auto_init ? ", auto" : "",
                   c.decrement ? ", down" : "");
        table_text(&t, "%s", c.transfer);
        table_number(&t, c.at.v);
        table_number(&t, c.address);
        table_number(&t, c.page);
        table_number(&t, c.count);
        table_number(&t, c.width);
        table_text(&t, "%s%s%s%s%s%s", c.masked ? "masked" : "open",
                   c.dreq ? ", DREQ" : "", c.dack ? ", DACK" : "",
                   c.requested ? ", requested" : "", c.reached_tc ? ", TC" : "",
                   c.disabled ? ", disabled" : "");
    }
    return table_end(&t);
}

/* ---- PCI ----------------------------------------------------------------- */

static void bars_text(const struct inspect_pci *f, char *out, size_t room)
{
    size_t n = 0;

    *out = 0;
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (f->bar[i].present && n + 40 < room)
            n += (size_t)snprintf(
                out + n, room - n, "%s%u: %s %x+%x%s", n ? ", " : "", i,
                f->bar[i].port ? "port" : "memory", f->bar[i].base,
                f->bar[i].bytes, f->bar[i].enabled ? "" : " off");
}

enum hb_status command_pci(struct ask *a)
{
    struct inspect_pci f;
    char bars[128];
    struct table t;

    table_begin(&t, a,
                "function:s device:s vendor:x id:x class:x command:x status:x "
                "pin:s line:u bars:s");
    for (unsigned i = 0; inspect_pci_at(a->m, i, &f); i++) {
        bars_text(&f, bars, sizeof bars);
        table_text(&t, "0:%u.%u", f.slot, f.function);
        table_text(&t, "%s", f.device);
        table_number(&t, f.vendor);
        table_number(&t, f.id);
        table_number(&t, (uint64_t)f.base_class << 16 | f.subclass << 8 |
                             f.prog_if);
        table_number(&t, f.command);
        table_number(&t, f.status);
        table_text(&t, "%s", f.wire);
        table_number(&t, f.line);
        table_text(&t, "%s", bars);
    }
    return table_end(&t);
}

/* ---- registers of devices ------------------------------------------------ */

/** DEVICE WINDOW OFFSET ... [BYTES] */
struct place {
    const char *device;
    uint64_t window, offset, bytes;
};

static enum hb_status ask_place(struct ask *a, unsigned width, struct place *p)
{
    p->bytes = 4;
    if (ask_device(a, 0, &p->device) != HB_OK ||
        ask_number(a, 1, &p->window) != HB_OK ||
        ask_number(a, 2, &p->offset) != HB_OK ||
        (a->count > width && ask_number(a, width, &p->bytes) != HB_OK))
        return a->error->status;
    if ((p->bytes == 1 || p->bytes == 2 || p->bytes == 4) &&
        p->window <= UINT32_MAX && p->offset <= UINT32_MAX)
        return HB_OK;
    return hb_fail(a->error, HB_BAD_ARGUMENT,
                   "write: DEVICE WINDOW OFFSET, and 1, 2 or 4 bytes");
}

enum hb_status command_peek(struct ask *a)
{
    struct place p;
    uint32_t value;

    if (ask_place(a, 3, &p) != HB_OK)
        return a->error->status;
    if (!inspect_device_read(a->m, p.device, (unsigned)p.window,
                             (uint32_t)p.offset, (unsigned)p.bytes, &value))
        return hb_fail(a->error, HB_NOT_FOUND,
                       "%s has no %u bytes at 0x%x of window %u: see `devices`",
                       p.device, (unsigned)p.bytes, (unsigned)p.offset,
                       (unsigned)p.window);
    say(a, "%s window %u + 0x%x: 0x%0*x", p.device, (unsigned)p.window,
        (unsigned)p.offset, (int)p.bytes * 2, value);
    return HB_OK;
}

enum hb_status command_poke(struct ask *a)
{
    enum hb_status status;
    struct place p;
    uint64_t value;

    if (ask_place(a, 4, &p) != HB_OK || ask_number(a, 3, &value) != HB_OK)
        return a->error->status;
    if (!a->d->standing)
        return hb_fail(a->error, HB_BAD_STATE,
                       "the machine runs: `pause` first");
    status = machine_poke_device(a->m, p.device, (unsigned)p.window,
                                 (uint32_t)p.offset, (unsigned)p.bytes,
                                 (uint32_t)value, a->error);
    if (status == HB_OK)
        debug_changed(a->d);
    return status;
}

enum hb_status command_fields(struct ask *a)
{
    struct inspect_field f;
    const char *device;
    struct table t;

    if (ask_device(a, 0, &device) != HB_OK)
        return a->error->status;
    table_begin(&t, a, "field:s value:x bytes:u");
    for (unsigned i = 0; inspect_field_at(a->m, device, i, &f); i++) {
        table_text(&t, "%s", f.name);
        table_number(&t, f.value);
        table_number(&t, f.bytes);
    }
    return table_end(&t);
}
