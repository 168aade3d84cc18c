/* src/debug/monitor_system.c -- lists of the guest system: requests, device
 * stacks, threads, processes, images, devices, inputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/monitor.h"

/* ---- requests ------------------------------------------------------------ */

static enum hb_status one_irp(struct ask *a, gva_t at)
{
    struct inspect_location l;
    char routine[128];
    struct table t;

    if (!inspect_location_at(a->m, at, 0, &l))
        return hb_fail(a->error, HB_NOT_FOUND,
                       "no IRP that is alive is at 0x%08x: `irps` lists them",
                       at.v);
    table_begin(&t, a,
                "location:u now:s major:s minor:s driver:s device:x "
                "completion:s p0:x p1:x p2:x p3:x");
    for (unsigned i = 0; inspect_location_at(a->m, at, i, &l); i++) {
        routine[0] = 0;
        if (l.routine.v)
            symbols_text(a->symbols, a->m, l.routine, routine, sizeof routine);
        table_number(&t, l.number);
        table_text(&t, "%s%s", l.current ? ">" : "", l.pending ? "P" : "");
        table_text(&t, "%s", inspect_major_name(l.major));
        table_text(&t, "%s", inspect_minor_name(l.major, l.minor));
        table_text(&t, "%s", l.driver_name);
        table_number(&t, l.device.v);
        table_text(&t, "%s", routine);
        for (unsigned p = 0; p < 4; p++)
            table_number(&t, l.parameter[p]);
    }
    return table_end(&t);
}

enum hb_status command_irps(struct ask *a)
{
    struct inspect_irp irp;
    struct table t;
    gva_t at;

    if (a->count)
        return ask_address(a, 0, &at) == HB_OK ? one_irp(a, at)
                                               : a->error->status;
    table_begin(&t, a,
                "irp:x major:s minor:s where:s from:s thread:u device:x "
                "location:s mdl:x status:x information:u");
    for (unsigned i = 0; inspect_irp_at(a->m, i, &irp); i++) {
        table_number(&t, irp.at.v);
        table_text(&t, "%s", inspect_major_name(irp.major));
        table_text(&t, "%s", inspect_minor_name(irp.major, irp.minor));
        table_text(&t, "%s%s", irp.where, irp.damaged ? ", damaged" : "");
        table_text(&t, "%s", irp.origin);
        table_number(&t, irp.thread);
        table_number(&t, irp.device.v);
        table_text(&t, "%u/%u%s", irp.location, irp.stack_count,
                   irp.pending ? " pending" : "");
        table_number(&t, irp.mdl.v);
        table_number(&t, irp.status);
        table_number(&t, irp.information);
    }
    return table_end(&t);
}

/* ---- device stacks ------------------------------------------------------- */

enum { DEEPEST = 64 }; /* drivers attach what they like */

static void add_stack(struct ask *a, struct table *t, gva_t device)
{
    struct inspect_device_object o;

    for (unsigned i = 0; i < DEEPEST && inspect_stack_at(a->m, device, i, &o);
         i++) {
        table_number(t, o.at.v);
        table_text(t, "%*s%s", (int)(i < 16 ? i : 16), "",
                   o.driver_name[0] ? o.driver_name : "?");
        table_text(t, "%s", o.name);
        table_number(t, o.below.v);
        table_number(t, o.flags);
        table_number(t, o.stack_size);
        table_number(t, o.references);
        table_number(t, o.current.v);
        table_number(t, o.queued);
    }
}

enum hb_status command_stack(struct ask *a)
{
    struct inspect_device_object o;
    struct table t;
    gva_t at;

    if (a->count && ask_address(a, 0, &at) != HB_OK)
        return a->error->status;
    if (a->count && !inspect_stack_at(a->m, at, 0, &o))
        return hb_fail(a->error, HB_NOT_FOUND,
                       "no device object is at 0x%08x: `stack` lists them",
                       at.v);
    table_begin(&t, a,
                "device:x driver:s name:s below:x flags:x stack:u "
                "references:u current:x queued:u");
    if (a->count)
        add_stack(a, &t, at);
    for (unsigned i = 0; !a->count && inspect_device_object_at(a->m, i, &o);
         i++)
        if (!o.below.v)
            add_stack(a, &t, o.at);
    return table_end(&t);
}

/* ---- threads and processes ----------------------------------------------- */

enum hb_status command_threads(struct ask *a)
{
    struct inspect_thread th;
    char code[128];
    struct table t;

    table_begin(&t, a,
                "thread:u process:u name:s state:s priority:s irql:u eip:x "
                "code:s calls:u waits:s");
    for (unsigned i = 0; inspect_thread_at(a->m, i, &th); i++) {
        code[0] = 0;
        symbols_text(a->symbols, a->m, gva_of(th.eip), code, sizeof code);
        table_number(&t, th.number);
        table_number(&t, th.process);
        table_text(&t, "%s", th.name);
        table_text(&t, "%s", th.state);
        table_text(&t, "%d", th.priority);
        table_number(&t, th.irql);
        table_number(&t, th.eip);
        table_text(&t, "%s", code);
        table_number(&t, th.calls);
        table_text(&t, "%.100s", th.waits);
    }
    return table_end(&t);
}

enum hb_status command_processes(struct ask *a)
{
    struct inspect_process p;
    struct table t;

    table_begin(&t, a, "process:u name:s cr3:x object:x handles:u");
    for (unsigned i = 0; inspect_process_at(a->m, i, &p); i++) {
        table_number(&t, i + 1);
        table_text(&t, "%s", p.name);
        table_number(&t, p.cr3.v);
        table_number(&t, p.object.v);
        table_number(&t, p.handles);
    }
    return table_end(&t);
}

/* ---- images and devices -------------------------------------------------- */

enum hb_status command_images(struct ask *a)
{
    struct inspect_image image;
    struct table t;

    table_begin(&t, a,
                "image:u name:s base:x bytes:u entry:x driver:x state:s "
                "missing:u");
    for (unsigned i = 0; inspect_image_at(a->m, i, &image); i++) {
        table_number(&t, i + 1);
        table_text(&t, "%s", image.name);
        table_number(&t, image.base.v);
        table_number(&t, image.bytes);
        table_number(&t, image.entry.v);
        table_number(&t, image.driver.v);
        table_text(&t, "%s",
                   image.unloaded  ? "unloaded"
                   : image.started ? (image.wdm ? "started, WDM" : "started")
                                   : "not started");
        table_number(&t, image.missing);
    }
    return table_end(&t);
}

static void window_text(const struct inspect_device *d, char *out, size_t room)
{
    size_t n = 0;

    *out = 0;
    for (unsigned w = 0; w < DEVICE_WINDOWS; w++)
        if ((d->window[w].port || d->window[w].memory) && n + 40 < room)
            n += (size_t)snprintf(out + n, room - n, "%s%u: %s %x+%x",
                                  n ? ", " : "", w,
                                  d->window[w].port ? "port" : "memory",
                                  d->window[w].base, d->window[w].bytes);
}

enum hb_status command_devices(struct ask *a)
{
    struct inspect_device d;
    char windows[128];
    struct table t;

    table_begin(&t, a, "device:s model:s card:s pci:s irq:s dma:s windows:s");
    for (unsigned i = 0; inspect_device_at(a->m, i, &d); i++) {
        window_text(&d, windows, sizeof windows);
        table_text(&t, "%s", d.name);
        table_text(&t, "%s", d.model);
        table_text(&t, "%s", d.card ? "card" : "board");
        if (d.pci)
            table_text(&t, "0:%u.%u", d.slot, d.function);
        else
            table_text(&t, "%s", "");
        if (d.has_irq)
            table_text(&t, "%u", d.irq);
        else
            table_text(&t, "%s", "");
        if (d.has_dma)
            table_text(&t, "%u", d.dma);
        else
            table_text(&t, "%s", d.moves ? "master" : "");
        table_text(&t, "%s", windows);
    }
    return table_end(&t);
}

enum hb_status command_inputs(struct ask *a)
{
    struct inspect_input input;
    uint64_t last = 20, n = 0;
    struct table t;

    if (a->count && ask_number(a, 0, &last) != HB_OK)
        return a->error->status;
    while (inspect_input_at(a->m, (unsigned)n, &input))
        n++;
    table_begin(&t, a, "input:u tick:u kind:s a:x b:x bytes:u");
    for (uint64_t i = n > last ? n - last : 0; i < n; i++) {
        inspect_input_at(a->m, (unsigned)i, &input);
        table_number(&t, i + 1);
        table_number(&t, input.at.tick);
        table_text(&t, "%s", input.kind);
        table_number(&t, input.a);
        table_number(&t, input.b);
        table_number(&t, input.bytes);
    }
    return table_end(&t);
}
