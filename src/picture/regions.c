/* src/picture/regions.c -- the whole of each space: NT's regions of virtual
 * memory, RAM and the cards' windows, the windows of the map registers. Not to
 * scale: each is a box, with its size in words. */
#include <string.h>

#include "picture/build.h"

enum { REGION_H = 38 };

static void say_size(uint64_t bytes, char text[32])
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
    unsigned u = 0;

    while (u < 3 && bytes >= 1024 && !(bytes & 1023)) {
        bytes >>= 10;
        u++;
    }
    snprintf(text, 32, "%llu %s", (unsigned long long)bytes, units[u]);
}

static unsigned region(struct builder *b, enum picture_space space,
                       enum picture_kind kind, uint64_t at, uint64_t bytes,
                       const char *name)
{
    struct picture_box box = {.space = space, .kind = kind, .at = at};
    char size[32];

    say_size(bytes, size);
    box.process = SPACE_CPU;
    box.chosen =
        b->view->choose && b->view->space == space && b->view->at - at < bytes;
    box_say(box.title, "%08llx  %s", (unsigned long long)at, name);
    box_say(box.detail, "%s", size);
    return box_add(b, &box, REGION_H);
}

static void physical(struct builder *b)
{
    struct inspect_ram ram;
    struct inspect_device d;

    text_add(b, PICTURE_PHYSICAL, "RAM and windows of cards");
    for (unsigned i = 0; inspect_ram_at(b->m, i, &ram); i++)
        region(b, PICTURE_PHYSICAL, PICTURE_SYSTEM, ram.start.v, ram.bytes,
               "RAM");
    for (unsigned i = 0; inspect_device_at(b->m, i, &d); i++)
        for (unsigned w = 0; w < DEVICE_WINDOWS; w++)
            if (d.window[w].memory && d.window[w].base)
                region(b, PICTURE_PHYSICAL, PICTURE_DEVICE, d.window[w].base,
                       d.window[w].bytes, d.name);
}

/* The box of @space that holds @at: the last that begins at or below it. */
static unsigned holder(const struct builder *b, enum picture_space space,
                       uint64_t at)
{
    unsigned best = NO_BOX;

    for (unsigned i = 0; i < b->p->boxes; i++) {
        const struct picture_box *box = &b->p->box[i];

        if (box->space == space && !box->text && box->at <= at &&
            (best == NO_BOX || box->at >= b->p->box[best].at))
            best = i;
    }
    return best;
}

static void virtual_space(struct builder *b)
{
    struct inspect_region r;

    text_add(b, PICTURE_VIRTUAL, "4 GiB of each process");
    if (!inspect_region_at(b->m, 0, &r))
        region(b, PICTURE_VIRTUAL, PICTURE_OTHER, 0, 1ull << 32, "linear");
    for (unsigned i = 0; inspect_region_at(b->m, i, &r); i++)
        region(b, PICTURE_VIRTUAL,
               r.start.v < 0x80000000 ? PICTURE_USER : PICTURE_SYSTEM,
               r.start.v, r.bytes, r.name);
}

static void logical(struct builder *b)
{
    struct inspect_register reg;
    unsigned valid[2] = {0, 0};
    bool unit = machine_config(b->m)->registers != REGISTERS_BOUNCE;
    char name[64];

    for (unsigned i = 0; inspect_register_at(b->m, i, &reg); i++)
        valid[reg.window & 1]++;
    text_add(b, PICTURE_LOGICAL, "what devices put on the bus");
    region(b, PICTURE_LOGICAL, PICTURE_STRAIGHT, 0,
           unit ? 15 << 20 : 1ull << 32, "as physical");
    if (!unit)
        return;
    snprintf(name, sizeof name, "low window, %u valid", valid[0]);
    region(b, PICTURE_LOGICAL, PICTURE_REGISTER, 0xf00000, 1 << 20, name);
    region(b, PICTURE_LOGICAL, PICTURE_STRAIGHT, 0x1000000, 0xdf000000,
           "as physical");
    snprintf(name, sizeof name, "high window, %u valid", valid[1]);
    region(b, PICTURE_LOGICAL, PICTURE_REGISTER, 0xe0000000, 0x10000000, name);
    region(b, PICTURE_LOGICAL, PICTURE_STRAIGHT, 0xf0000000, 0x10000000,
           "as physical");
}

/* One arrow for all pages between the same two regions. */
static void arrow_once(struct builder *b, enum picture_link link, unsigned from,
                       unsigned to, bool lit)
{
    for (unsigned i = 0; i < b->p->arrows; i++) {
        struct picture_arrow *a = &b->p->arrow[i];

        if (a->link == link && a->from == from && a->to == to) {
            a->lit |= lit;
            return;
        }
    }
    arrow_add(b, link, from, to, lit, "");
}

static void arrows(struct builder *b)
{
    for (unsigned i = 0; i < b->pages; i++) {
        const struct buffer_page *p = &b->page[i];
        unsigned to = holder(b, PICTURE_PHYSICAL, p->page.to.v);
        unsigned logical = holder(b, PICTURE_LOGICAL, p->page.dla.v);

        if (p->page.adapter.v)
            arrow_once(b, PICTURE_LINK_PTE,
                       holder(b, PICTURE_VIRTUAL, p->page.va.v),
                       holder(b, PICTURE_PHYSICAL, p->page.owner.v), p->lit);
        arrow_once(b,
                   p->in_window ? PICTURE_LINK_REGISTER : PICTURE_LINK_STRAIGHT,
                   logical, to, p->lit);
        if (p->lit && logical != NO_BOX)
            b->p->box[logical].lit = true;
        if (p->lit && to != NO_BOX)
            b->p->box[to].lit = true;
    }
}

void build_regions(struct builder *b)
{
    virtual_space(b);
    physical(b);
    logical(b);
    arrows(b);
}
