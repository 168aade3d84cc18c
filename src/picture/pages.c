/* src/picture/pages.c -- the picture of pages, as books on DMA draw it: the
 * buffer page by page in the virtual space of who owns it, the same pages where
 * they lie in RAM, and what the device uses for them. */
#include <string.h>

#include "picture/build.h"

enum { RUN_MOST = 24, SMALL_H = 22 };

/* ---- who owns a virtual page --------------------------------------------- */

static const char *process_name(const struct machine *m, uint32_t process,
                                char name[64])
{
    struct inspect_process p;

    if (process != SPACE_SYSTEM && process != SPACE_CPU &&
        inspect_process_at(m, process - 1, &p))
        snprintf(name, 64, "process %.40s", p.name);
    else
        snprintf(name, 64, "system");
    return name;
}

static void say_walk(const struct machine *m, uint32_t process, uint64_t at,
                     struct picture_box *box)
{
    struct inspect_walk w;

    if (!inspect_translate(m, process, gva_of((uint32_t)at), &w))
        return;
    box->read_only = w.mapped && !w.writable;
    if (w.mapped)
        box_say(box->detail, "PTE %0*llx  %s %s%s%s%s", (int)w.entry_bytes * 2,
                (unsigned long long)w.level[w.levels ? w.levels - 1 : 0].entry,
                w.user ? "user" : "kernel", w.writable ? "rw" : "r-",
                w.no_execute ? "-" : "x", w.dirty ? " D" : "",
                w.accessed ? " A" : "");
    else
        box_say(box->detail, "not valid: %s", w.form);
}

/* ---- physical: every page once, by address ------------------------------- */

struct frame {
    uint64_t at;
    enum picture_kind kind;
    const struct buffer_page *page;
    bool lit;
};

static enum picture_kind owner_kind(const struct buffer_page *page)
{
    if (page->page.common)
        return PICTURE_COMMON;
    return page->process == SPACE_SYSTEM ? PICTURE_SYSTEM : PICTURE_USER;
}

static uint64_t page_of(uint64_t at)
{
    return at & ~(uint64_t)PAGE_MASK;
}

static void say_extent(const struct buffer_page *page, struct picture_box *box)
{
    uint64_t first = page->page.dla.v;

    if (page->page.bytes < 2)
        return;
    box->from = (uint32_t)(first & PAGE_MASK);
    box->to = box->from + page->page.bytes;
    box->moved = page->moved > first
                     ? box->from + (uint32_t)(page->moved - first)
                     : box->from;
}

static void say_frame(const struct machine *m, const struct buffer_page *page,
                      enum picture_kind kind, struct picture_box *box)
{
    char name[64];
    uint64_t pfn = box->at >> PAGE_SHIFT;

    box_say(box->title, "%08llx  page %05llx", (unsigned long long)box->at,
            (unsigned long long)pfn);
    if (kind == PICTURE_BOUNCE)
        box_say(box->detail, "bounce page of the HAL");
    else if (kind == PICTURE_COMMON)
        box_say(box->detail, "common buffer");
    else if (kind == PICTURE_USER || kind == PICTURE_SYSTEM)
        box_say(box->detail, "of %.50s", process_name(m, page->process, name));
    else if (kind == PICTURE_DEVICE)
        box_say(box->detail, "memory of a card");
    else
        box_say(box->detail, "RAM");
}

static enum picture_kind raw_kind(const struct machine *m, uint64_t at)
{
    uint8_t byte;
    struct inspect_ram ram;

    for (unsigned i = 0; inspect_ram_at(m, i, &ram); i++)
        if (at - ram.start.v < ram.bytes)
            return PICTURE_OTHER;
    return inspect_physical(m, gpa_of(at), &byte, 1) ? PICTURE_DEVICE
                                                     : PICTURE_OTHER;
}

/* One physical page; those that are already there stay. */
static void add_frame(struct builder *b, const struct frame *f)
{
    struct picture_box box = {
        .space = PICTURE_PHYSICAL, .kind = f->kind, .at = f->at, .lit = f->lit};
    const struct picture_box *last =
        b->p->boxes ? &b->p->box[b->p->boxes - 1] : NULL;

    if (box_find(b, PICTURE_PHYSICAL, f->at) != NO_BOX)
        return;
    if (last && !last->text && f->at - last->at != PAGE_BYTES)
        b->y[PICTURE_PHYSICAL] += 2 * GAP; /* not neighbours */
    say_frame(b->m, f->page, f->kind, &box);
    say_extent(f->page, &box);
    box_add(b, &box, PAGE_H);
}

/* The next frame above @after that any page uses. */
static bool next_frame(const struct builder *b, int64_t after, struct frame *f)
{
    bool found = false;

    for (unsigned i = 0; i < b->pages; i++) {
        const struct buffer_page *p = &b->page[i];
        uint64_t owner = page_of(p->page.owner.v), to = page_of(p->page.to.v);
        enum picture_kind kind = p->page.bounced     ? PICTURE_BOUNCE
                                 : p->page.adapter.v ? owner_kind(p)
                                                     : raw_kind(b->m, to);

        if (p->reaches && (int64_t)to > after && (!found || to < f->at)) {
            *f = (struct frame){to, kind, p, p->lit};
            found = true;
        } else if (found && to == f->at && p->lit) {
            f->lit = true;
            f->page = p;
        }
        if (p->page.bounced && (int64_t)owner > after &&
            (!found || owner < f->at)) {
            *f = (struct frame){owner, owner_kind(p), p, false};
            found = true;
        }
    }
    return found;
}

static void physical(struct builder *b)
{
    struct frame f = {0};
    int64_t after = -1;

    text_add(b, PICTURE_PHYSICAL, "RAM, by page number");
    for (unsigned n = 0; n < 4 * RUN_MOST && next_frame(b, after, &f); n++) {
        add_frame(b, &f);
        after = (int64_t)f.at;
    }
}

/* ---- runs of pages ------------------------------------------------------- */

/* Pages i.. of one mapping: same adapter, map-register set and MDL. */
static unsigned run_end(const struct builder *b, unsigned first)
{
    unsigned i = first + 1;
    const struct inspect_page *a = &b->page[first].page;

    for (; i < b->pages; i++) {
        const struct inspect_page *p = &b->page[i].page;

        if (p->adapter.v != a->adapter.v || p->mdl != a->mdl ||
            p->base != a->base || !a->adapter.v)
            break;
    }
    return i;
}

/* Of a long run the first pages are drawn, or those round what moves. */
static void shown_part(const struct builder *b, unsigned first, unsigned end,
                       unsigned *from, unsigned *to)
{
    *from = first;
    for (unsigned i = first; i < end; i++)
        if (b->page[i].lit && i >= first + RUN_MOST)
            *from = i - RUN_MOST / 2;
    *to = *from + RUN_MOST < end ? *from + RUN_MOST : end;
}

/* ---- virtual ------------------------------------------------------------- */

static void virtual_page(struct builder *b, const struct buffer_page *page,
                         uint32_t process, uint64_t at, bool mapping)
{
    struct picture_box box = {.space = PICTURE_VIRTUAL,
                              .at = at,
                              .process = process,
                              .lit = page->lit};
    unsigned n;

    box.kind = mapping ? PICTURE_SYSTEM : owner_kind(page);
    box_say(box.title, "%08llx  VA", (unsigned long long)at);
    say_walk(b->m, process, at, &box);
    say_extent(page, &box);
    n = box_add(b, &box, PAGE_H);
    arrow_add(b, PICTURE_LINK_PTE, n,
              box_find(b, PICTURE_PHYSICAL, page_of(page->page.owner.v)),
              page->lit, "PTE");
}

/* The MDL as what it is: page numbers in a row. */
static void mdl_entries(struct builder *b, const struct inspect_mdl *mdl,
                        const struct buffer_page *first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct buffer_page *page = first + i;
        struct picture_box box = {.space = PICTURE_VIRTUAL,
                                  .kind = PICTURE_MDL,
                                  .process = SPACE_SYSTEM,
                                  .lit = page->lit};
        uint32_t n =
            (uint32_t)(page_of(page->page.va.v) - mdl->start.v) >> PAGE_SHIFT;

        if (n >= mdl->pages || n >= INSPECT_MDL_PAGES)
            continue;
        box.at = mdl->at.v + 0x1c + 4 * n; /* behind the header, ntddk.h */
        box_say(box.title, "[%u]  page %05x", n, mdl->pfn[n]);
        arrow_add(
            b, PICTURE_LINK_MDL, box_add(b, &box, SMALL_H),
            box_find(b, PICTURE_PHYSICAL, (uint64_t)mdl->pfn[n] << PAGE_SHIFT),
            page->lit, "MDL");
    }
}

static void virtual_run(struct builder *b, unsigned first, unsigned end)
{
    const struct buffer_page *head = &b->page[first];
    struct inspect_mdl mdl;
    bool has =
        head->page.mdl && inspect_mdl(b->m, gva_of(head->page.mdl), &mdl);
    unsigned from, to;
    char name[64];

    shown_part(b, first, end, &from, &to);
    if (head->page.common)
        text_add(b, PICTURE_VIRTUAL, "common buffer, system space");
    else if (has)
        text_add(b, PICTURE_VIRTUAL, "buffer of %s: %u bytes",
                 process_name(b->m, head->process, name), mdl.bytes);
    else
        text_add(b, PICTURE_VIRTUAL, "buffer of %s",
                 process_name(b->m, head->process, name));
    for (unsigned i = from; i < to; i++)
        virtual_page(b, &b->page[i], head->process,
                     page_of(b->page[i].page.va.v), false);
    if (to < end)
        text_add(b, PICTURE_VIRTUAL, "... %u more pages", end - to);
    if (!has)
        return;
    text_add(b, PICTURE_VIRTUAL, "MDL %08x, ByteOffset %x, flags %x", mdl.at.v,
             mdl.offset, mdl.flags);
    mdl_entries(b, &mdl, &b->page[from], to - from);
    if (mdl.flags & 1) { /* MDL_MAPPED_TO_SYSTEM_VA */
        text_add(b, PICTURE_VIRTUAL, "the MDL's system address %08x",
                 mdl.mapped.v);
        for (unsigned i = from; i < to; i++)
            virtual_page(b, &b->page[i], SPACE_SYSTEM,
                         page_of(mdl.mapped.v) +
                             (page_of(b->page[i].page.va.v) - mdl.start.v),
                         true);
    }
}

/* Where the CPU is, when nothing is mapped. */
static void virtual_cpu(struct builder *b, const char *what, uint32_t at)
{
    struct picture_box box = {.space = PICTURE_VIRTUAL,
                              .kind = PICTURE_OTHER,
                              .at = page_of(at),
                              .process = SPACE_CPU};
    struct picture_box frame = {.space = PICTURE_PHYSICAL,
                                .kind = PICTURE_OTHER};
    struct inspect_walk w;
    unsigned n;

    box_say(box.title, "%08x  %s", (unsigned)box.at, what);
    say_walk(b->m, SPACE_CPU, at, &box);
    n = box_add(b, &box, PAGE_H);
    if (!inspect_translate(b->m, SPACE_CPU, gva_of(at), &w) || !w.mapped)
        return;
    frame.at = page_of(w.pa.v);
    box_say(frame.title, "%08llx  page %05llx", (unsigned long long)frame.at,
            (unsigned long long)frame.at >> PAGE_SHIFT);
    if (box_find(b, PICTURE_PHYSICAL, frame.at) == NO_BOX)
        box_add(b, &frame, PAGE_H);
    arrow_add(b, PICTURE_LINK_PTE, n, box_find(b, PICTURE_PHYSICAL, frame.at),
              false, "PTE");
}

/* ---- logical ------------------------------------------------------------- */

static void logical_page(struct builder *b, const struct buffer_page *page)
{
    struct picture_box box = {.space = PICTURE_LOGICAL,
                              .at = page_of(page->page.dla.v),
                              .kind = page->in_window ? PICTURE_REGISTER
                                                      : PICTURE_STRAIGHT,
                              .lit = page->lit};
    unsigned n, to = box_find(b, PICTURE_PHYSICAL, page_of(page->page.to.v));
    char label[32] = "no map register";

    if (page->in_window)
        snprintf(label, sizeof label, "map register %u", page->index);
    if (page->lit && page->moved)
        box_say(box.title, "%08llx  next byte %08llx",
                (unsigned long long)box.at, (unsigned long long)page->moved);
    else
        box_say(box.title, "%08llx  %u bytes", (unsigned long long)box.at,
                page->page.bytes);
    box_say(box.detail, "%s", page->reaches ? label : "leads nowhere: a fault");
    say_extent(page, &box);
    n = box_add(b, &box, PAGE_H);
    arrow_add(b,
              page->in_window ? PICTURE_LINK_REGISTER : PICTURE_LINK_STRAIGHT,
              n, page->reaches ? to : NO_BOX, page->lit, label);
    if (page->page.bounced) {
        unsigned owner =
            box_find(b, PICTURE_PHYSICAL, page_of(page->page.owner.v));
        bool out = page->page.dir == DMA_TO_DEVICE; /* before, else after */

        arrow_add(b, PICTURE_LINK_COPY, out ? owner : to, out ? to : owner,
                  false, "copy");
    }
}

static void logical_run(struct builder *b, unsigned first, unsigned end)
{
    const struct buffer_page *head = &b->page[first];
    unsigned from, to;

    shown_part(b, first, end, &from, &to);
    text_add(b, PICTURE_LOGICAL, "%s %s memory%s",
             head->device[0] ? head->device : "device",
             head->page.dir == DMA_TO_DEVICE ? "reads" : "writes",
             head->page.common ? ": common buffer" : "");
    for (unsigned i = from; i < to; i++)
        logical_page(b, &b->page[i]);
    if (to < end)
        text_add(b, PICTURE_LOGICAL, "... %u more pages", end - to);
}

void build_pages(struct builder *b)
{
    struct inspect_cpu cpu;

    if (!b->pages) {
        inspect_cpu(b->m, &cpu);
        text_add(b, PICTURE_VIRTUAL, "no buffer is mapped for DMA");
        virtual_cpu(b, "EIP", cpu.segment[1].base + cpu.eip);
        virtual_cpu(b, "ESP", cpu.segment[2].base + cpu.reg[4]);
        text_add(b, PICTURE_LOGICAL, "no device has anything to move");
        return;
    }
    physical(b);
    for (unsigned i = 0, end; i < b->pages; i = end) {
        end = run_end(b, i);
        if (b->page[i].page.adapter.v)
            virtual_run(b, i, end);
        logical_run(b, i, end);
    }
}
