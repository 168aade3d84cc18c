/* src/picture/picture.c -- see picture.h and build.h. */
#include "picture/picture.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "picture/build.h"

static const struct picture_look kinds[] = {
#define KIND(name, colour, pattern, legend) {colour, PATTERN_##pattern, legend},
#include "picture/kinds.def"
#undef KIND
};
static const struct picture_look links[] = {
#define LINK(name, colour, dash, legend) {colour, dash, legend},
#include "picture/links.def"
#undef LINK
};

const struct picture_look *picture_kind_look(enum picture_kind kind)
{
    return &kinds[kind];
}

const struct picture_look *picture_link_look(enum picture_link link)
{
    return &links[link];
}

static const char *const zooms[PICTURE_ZOOMS] = {"regions", "pages", "bytes"};

bool picture_zoom_named(const char *name, enum picture_zoom *zoom)
{
    for (unsigned i = 0; i < PICTURE_ZOOMS; i++)
        if (strcmp(name, zooms[i]) == 0) {
            *zoom = (enum picture_zoom)i;
            return true;
        }
    return false;
}

/* ---- boxes and arrows ---------------------------------------------------- */

/* Room for one more of @bytes each; room doubles at powers of two. */
static bool grow(struct builder *b, void **list, unsigned count, size_t bytes)
{
    void *more;

    if (count & (count - 1) || b->failed)
        return !b->failed;
    more = realloc(*list, (count ? 2 * (size_t)count : 1) * bytes);
    if (!more)
        b->failed = true;
    else
        *list = more;
    return more;
}

static bool holds(const struct builder *b, const struct picture_box *box,
                  uint64_t bytes)
{
    const struct picture_view *v = b->view;

    return v->choose && v->space == box->space && v->at - box->at < bytes &&
           (v->space != PICTURE_VIRTUAL || v->process == box->process);
}

unsigned box_add(struct builder *b, const struct picture_box *box, int h)
{
    struct picture *p = b->p;
    struct picture_box *to;

    if (!grow(b, (void **)&p->box, p->boxes, sizeof *box))
        return NO_BOX;
    to = &p->box[p->boxes];
    *to = *box;
    to->x = MARGIN + COLUMN_STEP * (int)box->space;
    to->y = b->y[box->space];
    to->w = COLUMN_W;
    to->h = h;
    if (b->view->zoom == PICTURE_PAGES && !box->text)
        to->chosen = holds(b, box, PAGE_BYTES);
    b->y[box->space] += h + (box->text ? 0 : GAP);
    return p->boxes++;
}

unsigned text_add(struct builder *b, enum picture_space space,
                  const char *format, ...)
{
    struct picture_box box = {.space = space, .text = true};
    va_list args;

    va_start(args, format);
    vsnprintf(box.title, sizeof box.title, format, args);
    va_end(args);
    b->y[space] += b->y[space] > TOP ? GAP : 0;
    return box_add(b, &box, TEXT_H);
}

void arrow_add(struct builder *b, enum picture_link link, unsigned from,
               unsigned to, bool lit, const char *label)
{
    struct picture *p = b->p;
    struct picture_arrow arrow = {
        .link = link, .from = from, .to = to, .lit = lit};

    if (from == NO_BOX || to == NO_BOX ||
        !grow(b, (void **)&p->arrow, p->arrows, sizeof arrow))
        return;
    snprintf(arrow.label, sizeof arrow.label, "%s", label);
    p->arrow[p->arrows++] = arrow;
}

unsigned box_find(const struct builder *b, enum picture_space space,
                  uint64_t at)
{
    for (unsigned i = 0; i < b->p->boxes; i++)
        if (b->p->box[i].space == space && b->p->box[i].at == at &&
            !b->p->box[i].text)
            return i;
    return NO_BOX;
}

void box_say(char text[64], const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(text, 64, format, args);
    va_end(args);
}

/* Towards the physical column; inside it, out to the right and back. */
void picture_way(const struct picture *p, const struct picture_arrow *arrow,
                 struct picture_point way[4])
{
    const struct picture_box *from = &p->box[arrow->from];
    const struct picture_box *to = &p->box[arrow->to];
    int out = from->space == to->space ? 46 : (COLUMN_STEP - COLUMN_W) / 2;
    bool left = from->space <= to->space; /* it leaves to the right */
    bool arrives = from->space < to->space;

    way[0] = (struct picture_point){left ? from->x + from->w : from->x,
                                    from->y + from->h / 2};
    way[3] = (struct picture_point){arrives ? to->x : to->x + to->w,
                                    to->y + to->h / 2};
    way[1] = (struct picture_point){way[0].x + (left ? out : -out), way[0].y};
    way[2] =
        (struct picture_point){way[3].x + (arrives ? -out : out), way[3].y};
}

/* ---- the whole ----------------------------------------------------------- */

static void describe(struct builder *b)
{
    struct picture *p = b->p;
    struct inspect_tenure t;
    int n;

    inspect_tenure(b->m, &t);
    snprintf(p->title, sizeof p->title,
             "Virtual, physical and logical addresses of %u pages", b->pages);
    n = snprintf(p->about, sizeof p->about, "%u pages mapped for DMA. ",
                 b->pages);
    if (t.bytes)
        snprintf(p->about + n, sizeof p->about - (size_t)n,
                 "%s %s memory: %u of %u bytes of this burst, next logical "
                 "%08llx, physical %08llx.",
                 t.device, t.dir == DMA_TO_DEVICE ? "reads" : "writes", t.moved,
                 t.bytes, (unsigned long long)t.at.v + t.moved,
                 (unsigned long long)t.to.v + t.moved);
    else
        snprintf(p->about + n, sizeof p->about - (size_t)n,
                 "No device has the bus now.");
}

struct picture *picture_create(const struct machine *m,
                               const struct picture_view *view)
{
    static void (*const build[PICTURE_ZOOMS])(struct builder *) = {
        build_regions, build_pages, build_bytes};
    struct builder b = {.m = m, .view = view, .y = {TOP, TOP, TOP}};
    int bottom = TOP;

    b.p = calloc(1, sizeof *b.p);
    if (!b.p)
        return NULL;
    b.p->width = 2 * MARGIN + 2 * COLUMN_STEP + COLUMN_W;
    pages_gather(&b);
    build[view->zoom](&b);
    describe(&b);
    for (unsigned i = 0; i < PICTURE_SPACES; i++)
        bottom = b.y[i] > bottom ? b.y[i] : bottom;
    b.p->height = bottom + MARGIN;
    free(b.page);
    if (b.failed) {
        picture_destroy(b.p);
        return NULL;
    }
    return b.p;
}

void picture_destroy(struct picture *p)
{
    if (!p)
        return;
    free(p->box);
    free(p->arrow);
    free(p);
}
