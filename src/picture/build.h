/* src/picture/build.h -- between the files of this folder: a picture while it
 * grows, column by column. */
#ifndef PICTURE_BUILD_H
#define PICTURE_BUILD_H

#include "picture/picture.h"

enum {
    COLUMN_W = 324,
    COLUMN_STEP = 430,
    MARGIN = 16,
    TOP = 62,
    PAGE_H = 44,
    GAP = 6,
    TEXT_H = 22,
};
enum { NO_BOX = ~0u };

/** A page that is mapped for DMA, or that an operation is on. */
struct buffer_page {
    struct inspect_page page; /* adapter 0: not the HAL's doing */
    uint32_t process;         /* of va */
    char device[MACHINE_NAME];
    bool in_window, lit;
    uint32_t index; /* map register, with in_window */
    uint64_t moved; /* logical address where the moved part ends */
    bool reaches;   /* to is a page */
};

struct builder {
    const struct machine *m;
    const struct picture_view *view;
    struct picture *p;
    int y[PICTURE_SPACES]; /* next free line of each column */
    struct buffer_page *page;
    unsigned pages;
    bool failed; /* no memory */
};

/** box_add() - a box of @h dots below the last of its column. Returns its
 *  number, NO_BOX without memory. text_add() - a heading. */
unsigned box_add(struct builder *b, const struct picture_box *box, int h);
unsigned text_add(struct builder *b, enum picture_space space,
                  const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** arrow_add() - nothing when an end is NO_BOX. */
void arrow_add(struct builder *b, enum picture_link link, unsigned from,
               unsigned to, bool lit, const char *label);
/** box_find() - of a frame in @space that begins at @at, NO_BOX. */
unsigned box_find(const struct builder *b, enum picture_space space,
                  uint64_t at);
/** box_say() - printf() into a box's title or detail. */
void box_say(char text[64], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** pages_gather() - fill builder.page. */
void pages_gather(struct builder *b);

/** One for each zoom. */
void build_regions(struct builder *b);
void build_pages(struct builder *b);
void build_bytes(struct builder *b);

#endif
