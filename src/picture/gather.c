/* src/picture/gather.c -- which pages the picture is about: those that the HAL
 * has mapped for DMA, and those that posted operations are on. */
#include <stdlib.h>
#include <string.h>

#include "picture/build.h"

enum { PAGES_MOST = 4096, REQUESTER_8237 = 0x100, REQUESTER_ISA = 0x110 };

static void append(struct builder *b, const struct buffer_page *page)
{
    struct buffer_page *more;

    if (b->pages >= PAGES_MOST)
        return;
    if (!(b->pages & (b->pages - 1))) {
        more = realloc(b->page,
                       (b->pages ? 2 * (size_t)b->pages : 1) * sizeof *more);
        if (!more) {
            b->failed = true;
            return;
        }
        b->page = more;
    }
    b->page[b->pages++] = *page;
}

/* The process whose object the MDL names; a buffer of the system's without. */
static uint32_t process_of(const struct machine *m, uint32_t mdl)
{
    struct inspect_process process;
    struct inspect_mdl list;

    if (!mdl || !inspect_mdl(m, gva_of(mdl), &list) || !list.process.v)
        return SPACE_SYSTEM;
    for (unsigned i = 0; inspect_process_at(m, i, &process); i++)
        if (process.object.v == list.process.v)
            return i + 1;
    return SPACE_SYSTEM;
}

/* The device that a requester number stands for: docs/devices/mapregs.md. */
static void requester_name(const struct machine *m, uint32_t requester,
                           char name[MACHINE_NAME])
{
    struct inspect_device d;

    snprintf(name, MACHINE_NAME, "%s",
             requester == REQUESTER_8237 ? "8237" : "");
    for (unsigned i = 0; inspect_device_at(m, i, &d); i++)
        if ((d.pci && d.slot * 8u + d.function == requester) ||
            (!d.pci && d.has_dma && d.card &&
             (requester == REQUESTER_8237 ||
              requester == (uint32_t)REQUESTER_ISA + d.dma)))
            memcpy(name, d.name, MACHINE_NAME);
}

/* An adapter may be for any master: then the only card that can be one. */
static void only_master(const struct machine *m, char name[MACHINE_NAME])
{
    struct inspect_device d;
    unsigned n = 0;

    for (unsigned i = 0; inspect_device_at(m, i, &d); i++)
        if (d.card && d.pci && !n++)
            memcpy(name, d.name, MACHINE_NAME);
    if (n > 1)
        name[0] = 0;
}

static void adapter_device(const struct machine *m, gva_t adapter,
                           char name[MACHINE_NAME])
{
    struct inspect_adapter a;

    name[0] = 0;
    for (unsigned i = 0; inspect_adapter_at(m, i, &a); i++)
        if (a.at.v == adapter.v)
            requester_name(m, a.requester, name);
    if (!name[0])
        only_master(m, name);
}

static void through_gate(const struct machine *m, struct buffer_page *page)
{
    struct inspect_logical l;

    if (!inspect_logical(m, page->device[0] ? page->device : NULL,
                         page->page.dla, page->page.dir, &l))
        return;
    page->in_window = l.in_window;
    page->index = l.index;
    page->reaches = l.reaches;
    if (!page->page.adapter.v)
        page->page.to = l.pa;
}

static void mapped(struct builder *b)
{
    struct inspect_page page;

    for (unsigned i = 0; inspect_page_at(b->m, i, &page); i++) {
        struct buffer_page one = {.page = page};

        one.process = page.common ? SPACE_SYSTEM : process_of(b->m, page.mdl);
        adapter_device(b->m, page.adapter, one.device);
        through_gate(b->m, &one);
        append(b, &one);
    }
}

/* The mapped page that @device means by @at, or one of its own. */
static struct buffer_page *page_at(struct builder *b, const char *device,
                                   dla_t at, enum dma_dir dir)
{
    struct buffer_page one = {.process = SPACE_SYSTEM};

    for (unsigned i = 0; i < b->pages; i++) {
        struct buffer_page *page = &b->page[i];

        if (at.v - page->page.dla.v < page->page.bytes &&
            (!page->device[0] || strcmp(page->device, device) == 0 ||
             page->page.common || page->page.adapter.v))
            return page;
    }
    memcpy(one.device, device, MACHINE_NAME);
    one.page.dla = at;
    one.page.dir = dir;
    one.page.bytes = 1;
    through_gate(b->m, &one);
    append(b, &one);
    return b->pages ? &b->page[b->pages - 1] : NULL;
}

/* @at is the next byte of an operation that began @done bytes before. */
static void cursor(struct builder *b, const char *device, dla_t at,
                   uint32_t done, enum dma_dir dir)
{
    struct buffer_page *now = page_at(b, device, at, dir);

    if (!now)
        return;
    now->lit = true;
    if (!now->device[0])
        memcpy(now->device, device, MACHINE_NAME);
    for (unsigned i = 0; i < b->pages; i++) {
        struct buffer_page *page = &b->page[i];
        uint64_t first = page->page.dla.v, end = first + page->page.bytes;
        bool same = page->page.adapter.v == now->page.adapter.v;

        if (same && at.v - done < end && first <= at.v)
            page->moved = at.v < end ? at.v : end;
    }
}

/* Is operation @index the first of its device's queue? The others wait. */
static bool is_first(const struct machine *m, unsigned index,
                     const struct inspect_operation *o)
{
    struct inspect_operation before;

    for (unsigned i = 0; i < index && inspect_operation_at(m, i, &before); i++)
        if (before.engine == o->engine && strcmp(before.device, o->device) == 0)
            return false;
    return true;
}

void pages_gather(struct builder *b)
{
    struct inspect_operation o;
    struct inspect_tenure t;

    mapped(b);
    inspect_tenure(b->m, &t);
    for (unsigned i = 0; inspect_operation_at(b->m, i, &o); i++) {
        bool now = t.bytes && t.transfer == o.transfer;
        uint32_t moved = now ? t.moved : 0; /* not yet in the operation */

        if (is_first(b->m, i, &o))
            cursor(b, o.device, dla_add(o.at, moved), o.done + moved, o.dir);
    }
    if (t.bytes)
        cursor(b, t.device, dla_add(t.at, t.moved), t.moved, t.dir);
}
