/* src/picture/picture.h -- the three address spaces of a machine as a picture:
 * boxes in three columns, virtual | physical | logical, and arrows for PTEs,
 * MDLs and map registers. This is the model, in dots; picture_svg() and the
 * debugger's panel draw it. A client of include/ alone: it looks and changes
 * nothing. Docs: docs/debugger.md, "The three spaces". */
#ifndef PICTURE_PICTURE_H
#define PICTURE_PICTURE_H

#include <stdio.h>

#include "halbox/inspect.h"

enum picture_space { PICTURE_VIRTUAL, PICTURE_PHYSICAL, PICTURE_LOGICAL };
enum { PICTURE_SPACES = 3 };

/** How near: regions of whole spaces, pages, bytes of one page. */
enum picture_zoom { PICTURE_REGIONS, PICTURE_PAGES, PICTURE_BYTES };
enum { PICTURE_ZOOMS = 3 };

enum picture_pattern {
    PATTERN_PLAIN,
    PATTERN_LINES,
    PATTERN_COLUMNS,
    PATTERN_DIAGONAL,
    PATTERN_CROSS,
    PATTERN_DOTS,
};

enum picture_kind {
#define KIND(name, colour, pattern, legend) PICTURE_##name,
#include "picture/kinds.def"
#undef KIND
    PICTURE_KINDS
};

enum picture_link {
#define LINK(name, colour, dash, legend) PICTURE_LINK_##name,
#include "picture/links.def"
#undef LINK
    PICTURE_LINKS
};

/** How a kind of box, or of arrow, looks; colours are 00RRGGBB. */
struct picture_look {
    uint32_t colour;
    unsigned pattern; /* enum picture_pattern; arrows: dots of a dash, 0 none */
    const char *legend;
};
const struct picture_look *picture_kind_look(enum picture_kind kind);
const struct picture_look *picture_link_look(enum picture_link link);
/** Of what moves now. */
enum { PICTURE_LIT = 0xd55e00, PICTURE_CHOSEN = 0x000000 };

/* Sizes in dots; text is DejaVu Sans Mono of PICTURE_FONT. */
enum {
    PICTURE_FONT = 12,
    PICTURE_LINE = 16,  /* from a line of text to the next                   */
    PICTURE_STRIP = 14, /* pattern at the left of a box                      */
    PICTURE_BAR = 5,    /* used and moved part of a page, at its bottom      */
};

/** A box, or a line of text over boxes. */
struct picture_box {
    enum picture_kind kind;
    enum picture_space space;
    bool text;        /* a heading: no frame                                  */
    bool lit;         /* moves now, or is next                                */
    bool chosen;      /* holds the address that was asked for                 */
    bool read_only;   /* for who uses it: a dashed frame                      */
    uint64_t at;      /* address of its first byte                            */
    uint32_t process; /* virtual: whose                                      */
    int x, y, w, h;
    char title[64], detail[64];
    uint32_t from, to; /* bytes of the page that the buffer has; 0, 0: none */
    uint32_t moved;    /* ... and how far they have been moved: from..moved */
    unsigned mark, marks; /* characters of the title that are the cursor     */
};

/** From a box to a box. */
struct picture_arrow {
    enum picture_link link;
    unsigned from, to; /* boxes */
    bool lit;
    char label[32];
};

struct picture {
    int width, height;
    char title[128], about[256]; /* for those who hear it, too */
    struct picture_box *box;
    unsigned boxes;
    struct picture_arrow *arrow;
    unsigned arrows;
};

/** What is asked for. Zeroed: pages. */
struct picture_view {
    enum picture_zoom zoom;
    bool choose; /* the next three count */
    enum picture_space space;
    uint64_t at;
    uint32_t process;
};

/** picture_zoom_named() - false: there is none called @name. */
bool picture_zoom_named(const char *name, enum picture_zoom *zoom);

/** picture_create() - of @m as it is now. NULL: the host has no memory. Free it
 *  with picture_destroy(). */
struct picture *picture_create(const struct machine *m,
                               const struct picture_view *view);
void picture_destroy(struct picture *p);

/** A point of an arrow's way, the same for all that draw it. */
struct picture_point {
    int x, y;
};
/** picture_way() - the four control points of the arrow's cubic curve. */
void picture_way(const struct picture *p, const struct picture_arrow *arrow,
                 struct picture_point way[4]);

/** picture_svg() - the picture as a document of its own: SVG 1.1, text as text,
 *  nothing from elsewhere. False: the file could not be written. */
bool picture_svg(const struct picture *p, FILE *file);

#endif
