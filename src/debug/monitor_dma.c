/* src/debug/monitor_dma.c -- lists of DMA: the bus, transfers, map registers,
 * adapters, mapped pages, MDLs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/monitor.h"

static const char *dir_name(enum dma_dir dir)
{
    return dir == DMA_TO_DEVICE ? "reads" : "writes"; /* memory */
}

enum hb_status command_dma(struct ask *a)
{
    struct inspect_operation o;
    struct inspect_tenure tenure;
    struct table t;

    inspect_tenure(a->m, &tenure);
    if (!a->json && tenure.bytes)
        say(a,
            "%s has the bus: transfer %u %s memory, byte %u of %u, next "
            "logical 0x%llx, physical 0x%llx",
            tenure.device, tenure.transfer, dir_name(tenure.dir), tenure.moved,
            tenure.bytes, (unsigned long long)tenure.at.v + tenure.moved,
            (unsigned long long)tenure.to.v + tenure.moved);
    else if (!a->json)
        say(a, "the bus is free");
    table_begin(&t, a,
                "transfer:u device:s engine:u memory:s next:x done:u left:u");
    for (unsigned i = 0; inspect_operation_at(a->m, i, &o); i++) {
        uint32_t extra =
            tenure.bytes && tenure.transfer == o.transfer ? tenure.moved : 0;

        table_number(&t, o.transfer);
        table_text(&t, "%s", o.device);
        table_number(&t, o.engine);
        table_text(&t, "%s", dir_name(o.dir));
        table_number(&t, o.at.v + extra);
        table_number(&t, o.done + extra);
        table_number(&t, o.left - extra);
    }
    return table_end(&t);
}

/* ---- transfers ----------------------------------------------------------- */

static const struct lanes *lanes_of(struct ask *a)
{
    if (!a->d->monitor->lanes)
        hb_fail(a->error, HB_BAD_STATE,
                "no time line is kept here: `break dma` and `trace on dma_*` "
                "show transfers as they come");
    return a->d->monitor->lanes;
}

enum hb_status command_transfers(struct ask *a)
{
    static const char *const status[] = {"ok", "fault", "cancelled"};
    const struct lanes *lanes = lanes_of(a);
    struct lane_transfer x;
    uint64_t last = 20, n = 0;
    struct table t;

    if (!lanes || (a->count && ask_number(a, 0, &last) != HB_OK))
        return a->error->status;
    while (lanes_transfer(lanes, (unsigned)n, &x))
        n++;
    table_begin(&t, a,
                "transfer:u device:s memory:s at:x bytes:u done:u status:s "
                "irp:x begin:u end:s");
    for (uint64_t i = n > last ? n - last : 0; i < n; i++) {
        lanes_transfer(lanes, (unsigned)i, &x);
        table_number(&t, x.transfer);
        table_text(&t, "%s", x.device);
        table_text(&t, "%s", dir_name(x.dir));
        table_number(&t, x.at.v);
        table_number(&t, x.bytes);
        table_number(&t, x.done);
        table_text(&t, "%s",
                   x.end == SPAN_OPEN ? "open"
                   : x.status < 3     ? status[x.status]
                                      : "?");
        table_number(&t, x.irp);
        table_number(&t, x.begin);
        if (x.end == SPAN_OPEN)
            table_text(&t, "%s", "");
        else
            table_text(&t, "%llu", (unsigned long long)x.end);
    }
    return table_end(&t);
}

enum hb_status command_findings(struct ask *a)
{
    const struct lanes *lanes = lanes_of(a);
    struct inspect_bugcheck bug;
    struct lane_mark mark;
    struct table t;

    if (!a->json && inspect_bugcheck(a->m, &bug))
        say(a, "bugcheck %x (%x, %x, %x, %x) in %s: %s", bug.code, bug.p[0],
            bug.p[1], bug.p[2], bug.p[3], bug.image, bug.text);
    if (!lanes)
        return a->error->status;
    table_begin(&t, a, "tick:u event:s device:s text:s");
    for (unsigned i = 0; lanes_mark(lanes, i, &mark); i++) {
        table_number(&t, mark.tick);
        table_text(&t, "%s", hb_event_name(mark.event));
        table_text(&t, "%s", mark.device);
        table_text(&t, "%s", mark.text);
    }
    return table_end(&t);
}

/* ---- the HAL ------------------------------------------------------------- */

enum hb_status command_pages(struct ask *a)
{
    struct inspect_page p;
    struct table t;

    table_begin(&t, a,
                "adapter:x mdl:x virtual:x physical:x logical:x leads:x "
                "bytes:u memory:s kind:s register:u");
    for (unsigned i = 0; inspect_page_at(a->m, i, &p); i++) {
        table_number(&t, p.adapter.v);
        table_number(&t, p.mdl);
        table_number(&t, p.va.v);
        table_number(&t, p.owner.v);
        table_number(&t, p.dla.v);
        table_number(&t, p.to.v);
        table_number(&t, p.bytes);
        table_text(&t, "%s", p.common ? "both" : dir_name(p.dir));
        table_text(&t, "%s",
                   p.bounced  ? "bounced"
                   : p.common ? "common"
                              : "direct");
        table_number(&t, p.index);
    }
    return table_end(&t);
}

enum hb_status command_mapregs(struct ask *a)
{
    struct inspect_register r;
    struct table t;

    table_begin(&t, a, "bank:x window:s index:u logical:x physical:x entry:x");
    for (unsigned i = 0; inspect_register_at(a->m, i, &r); i++) {
        table_number(&t, r.bank);
        table_text(&t, "%s", r.window ? "high" : "low");
        table_number(&t, r.index);
        table_number(&t, r.at.v);
        table_number(&t, r.to.v);
        table_number(&t, r.entry);
    }
    return table_end(&t);
}

enum hb_status command_adapters(struct ask *a)
{
    struct inspect_adapter d;
    struct table t;

    table_begin(&t, a,
                "adapter:x kind:s limit:x first:x last:x grant:u registers:u "
                "buffers:u lists:u queued:u references:u");
    for (unsigned i = 0; inspect_adapter_at(a->m, i, &d); i++) {
        table_number(&t, d.at.v);
        if (d.channel >= 0)
            table_text(&t, "channel %d%s", d.channel, d.busy ? ", busy" : "");
        else
            table_text(&t, "%s%s%s", d.master ? "master" : "slave",
                       d.scatter_gather ? ", s/g" : "", d.busy ? ", busy" : "");
        table_number(&t, d.limit);
        table_number(&t, d.first.v);
        table_number(&t, d.last.v);
        table_number(&t, d.grant);
        table_number(&t, d.registers);
        table_number(&t, d.buffers);
        table_number(&t, d.lists);
        table_number(&t, d.queued);
        table_number(&t, d.references);
    }
    return table_end(&t);
}

/* ---- MDLs ---------------------------------------------------------------- */

static enum hb_status list_mdls(struct ask *a)
{
    struct inspect_mdl_use u;
    struct table t;

    table_begin(&t, a, "mdl:x process:u locked:u nonpaged:u mapped:u dma:u");
    for (unsigned i = 0; inspect_mdl_at(a->m, i, &u); i++) {
        table_number(&t, u.at.v);
        table_number(&t, u.process);
        table_number(&t, u.locked);
        table_number(&t, u.nonpaged);
        table_number(&t, u.mapped_va);
        table_number(&t, u.dma);
    }
    return table_end(&t);
}

static enum hb_status show_mdl(struct ask *a, const struct inspect_mdl *mdl)
{
    unsigned shown =
        mdl->pages < INSPECT_MDL_PAGES ? mdl->pages : INSPECT_MDL_PAGES;
    struct table t;

    if (!a->json)
        say(a,
            "MDL 0x%08x: start 0x%08x, offset 0x%x, %u bytes, %u pages, flags "
            "0x%04x, mapped at 0x%08x, process 0x%08x, next 0x%08x",
            mdl->at.v, mdl->start.v, mdl->offset, mdl->bytes, mdl->pages,
            mdl->flags, mdl->mapped.v, mdl->process.v, mdl->next.v);
    table_begin(&t, a, "page:u virtual:x physical:x");
    for (unsigned i = 0; i < shown; i++) {
        table_number(&t, i);
        table_number(&t, mdl->start.v + i * PAGE_BYTES);
        table_number(&t, (uint64_t)mdl->pfn[i] << PAGE_SHIFT);
    }
    return table_end(&t);
}

enum hb_status command_mdl(struct ask *a)
{
    struct inspect_mdl mdl;
    gva_t at;

    if (!a->count)
        return list_mdls(a);
    if (ask_address(a, 0, &at) != HB_OK)
        return a->error->status;
    if (!inspect_mdl(a->m, at, &mdl))
        return hb_fail(a->error, HB_FAULT,
                       "no MDL can be read at 0x%08x: `mdl` lists them", at.v);
    return show_mdl(a, &mdl);
}
