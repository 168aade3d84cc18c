/* src/picture/bytes.c -- the bytes of one page in each space, side by side: the
 * page that moves now, or the one that was chosen. */
#include <string.h>

#include "picture/build.h"

enum { ROW = 8, ROWS = 24, ROW_H = 20, HEX_AT = 10 };

/** The same byte in each space; without: not there. */
struct spot {
    bool has[PICTURE_SPACES];
    uint64_t at[PICTURE_SPACES];
    uint32_t process;
    const struct buffer_page *page;
    bool moving;
};

/* Of the page that moves now: where its next byte is. */
static void of_page(const struct buffer_page *page, uint64_t logical,
                    struct spot *s)
{
    uint64_t into = logical - page->page.dla.v;

    s->page = page;
    s->process = page->process;
    s->has[PICTURE_LOGICAL] = true;
    s->at[PICTURE_LOGICAL] = logical;
    s->has[PICTURE_PHYSICAL] = page->reaches;
    s->at[PICTURE_PHYSICAL] = page->page.to.v + into;
    s->has[PICTURE_VIRTUAL] = page->page.adapter.v;
    s->at[PICTURE_VIRTUAL] = page->page.va.v + into;
}

/* A chosen address: the page in which it is, else that space alone. */
static void of_choice(const struct builder *b, struct spot *s)
{
    const struct picture_view *v = b->view;

    for (unsigned i = 0; i < b->pages; i++) {
        const struct inspect_page *p = &b->page[i].page;
        uint64_t first = v->space == PICTURE_VIRTUAL    ? p->va.v
                         : v->space == PICTURE_PHYSICAL ? p->to.v
                                                        : p->dla.v;

        if (v->at - first < p->bytes) {
            of_page(&b->page[i], p->dla.v + (v->at - first), s);
            return;
        }
    }
    s->process = v->process;
    s->has[v->space] = true;
    s->at[v->space] = v->at;
}

static void where(const struct builder *b, struct spot *s)
{
    for (unsigned i = 0; i < b->pages && !b->view->choose; i++)
        if (b->page[i].lit) {
            of_page(&b->page[i],
                    b->page[i].moved ? b->page[i].moved : b->page[i].page.dla.v,
                    s);
            s->moving = true;
            return;
        }
    if (b->view->choose) {
        of_choice(b, s);
        return;
    }
    if (b->pages) {
        of_page(&b->page[0], b->page[0].page.dla.v, s);
        return;
    }
    struct inspect_cpu cpu;

    inspect_cpu(b->m, &cpu);
    s->process = SPACE_CPU;
    s->has[PICTURE_VIRTUAL] = true;
    s->at[PICTURE_VIRTUAL] = cpu.segment[2].base + cpu.reg[4];
}

static bool read_row(const struct builder *b, const struct spot *s,
                     enum picture_space space, uint64_t at, uint8_t byte[ROW])
{
    const char *device = s->page && s->page->device[0] ? s->page->device : NULL;

    switch (space) {
    case PICTURE_VIRTUAL:
        return inspect_virtual(b->m, s->process, gva_of((uint32_t)at), byte,
                               ROW);
    case PICTURE_PHYSICAL:
        return inspect_physical(b->m, gpa_of(at), byte, ROW);
    default:
        return inspect_bus(b->m, device, dla_of(at), byte, ROW);
    }
}

static enum picture_kind kind_of(const struct spot *s, enum picture_space space)
{
    if (space == PICTURE_LOGICAL)
        return s->page && s->page->in_window ? PICTURE_REGISTER
                                             : PICTURE_STRAIGHT;
    if (!s->page)
        return PICTURE_OTHER;
    if (space == PICTURE_PHYSICAL && s->page->page.bounced)
        return PICTURE_BOUNCE;
    return s->page->page.common         ? PICTURE_COMMON
           : s->process == SPACE_SYSTEM ? PICTURE_SYSTEM
                                        : PICTURE_USER;
}

static void row(struct builder *b, const struct spot *s,
                enum picture_space space, uint64_t at)
{
    struct picture_box box = {.space = space,
                              .kind = kind_of(s, space),
                              .at = at,
                              .process = s->process};
    uint64_t here = s->at[space] - at;
    uint8_t byte[ROW];
    int n;

    n = snprintf(box.title, sizeof box.title, "%08llx  ",
                 (unsigned long long)at);
    if (read_row(b, s, space, at, byte)) {
        for (unsigned i = 0; i < ROW; i++)
            n += snprintf(box.title + n, sizeof box.title - (size_t)n, "%02x ",
                          byte[i]);
        for (unsigned i = 0; i < ROW; i++)
            box.title[n++] =
                byte[i] >= 0x20 && byte[i] < 0x7f ? (char)byte[i] : '.';
        box.title[n] = 0;
    } else
        snprintf(box.title + n, sizeof box.title - (size_t)n, "not readable");
    if (here < ROW) {
        box.lit = s->moving;
        box.chosen = !s->moving;
        box.mark = HEX_AT + 3 * (unsigned)here;
        box.marks = 2;
    }
    box_add(b, &box, ROW_H);
    b->y[space] -= GAP - 1;
}

static void column(struct builder *b, const struct spot *s,
                   enum picture_space space)
{
    static const char *const names[] = {"virtual", "physical", "logical"};
    uint64_t at = s->at[space] & ~(uint64_t)(ROW - 1);
    uint64_t page = s->at[space] & ~(uint64_t)PAGE_MASK;
    uint64_t half = ROWS / 2 * ROW;

    if (!s->has[space]) {
        text_add(b, space, "no %s address", names[space]);
        return;
    }
    text_add(b, space, "page %08llx, byte %03llx", (unsigned long long)page,
             (unsigned long long)(s->at[space] & PAGE_MASK));
    at = at - page > half ? at - half : page;
    if (at > page + PAGE_BYTES - ROWS * ROW)
        at = page + PAGE_BYTES - ROWS * ROW;
    for (unsigned i = 0; i < ROWS; i++)
        row(b, s, space, at + i * ROW);
}

/* The three cursors are one byte. */
static void join(struct builder *b, const struct spot *s)
{
    unsigned box[PICTURE_SPACES];

    for (unsigned i = 0; i < PICTURE_SPACES; i++)
        box[i] = s->has[i] ? box_find(b, (enum picture_space)i,
                                      s->at[i] & ~(uint64_t)(ROW - 1))
                           : NO_BOX;
    arrow_add(b,
              s->page && s->page->page.bounced ? PICTURE_LINK_COPY
                                               : PICTURE_LINK_PTE,
              box[PICTURE_VIRTUAL], box[PICTURE_PHYSICAL], s->moving, "PTE");
    arrow_add(b,
              s->page && s->page->in_window ? PICTURE_LINK_REGISTER
                                            : PICTURE_LINK_STRAIGHT,
              box[PICTURE_LOGICAL], box[PICTURE_PHYSICAL], s->moving, "");
}

void build_bytes(struct builder *b)
{
    struct spot s = {0};

    where(b, &s);
    for (unsigned i = 0; i < PICTURE_SPACES; i++)
        column(b, &s, (enum picture_space)i);
    join(b, &s);
}
