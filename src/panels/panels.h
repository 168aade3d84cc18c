/* src/panels/panels.h -- the debugger's panels: what a machine is at a stop,
 * drawn by Dear ImGui into a picture (here) or a window (panels_window.h). A
 * client of include/ alone. A picture depends on the machine, the layout and
 * the size and on nothing else: no clock, no pointer, no host address, so that
 * pictures can be compared byte by byte. Docs: docs/debugger.md. */
#ifndef PANELS_PANELS_H
#define PANELS_PANELS_H

#ifdef __cplusplus
#include "panels/machine.hpp"
#else
#include "halbox/lanes.h"
#include "halbox/symbols.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum { PANELS_WIDTH = 1600, PANELS_HEIGHT = 1000, PANELS_SIZE_MOST = 8192 };

/** What a picture shows. */
struct panels_picture {
    uint32_t width, height; /* dots                                          */
    const char *panel;      /* this panel alone; NULL: a layout              */
    const char *layout;     /* NULL: the first                               */
    const char *zoom;       /* of the three spaces: regions, pages, bytes;
                               NULL: pages                                   */
    float scale;            /* of the font; 0: 1                             */
    const struct lanes *lanes;     /* of the run up to here, or NULL         */
    const struct symbols *symbols; /* names and lines of the code, or NULL   */
};

/** panels_name() - name of panel @index, NULL past the last. panels_layout() -
 *  likewise of the layouts that are built in. */
const char *panels_name(unsigned index);
const char *panels_layout(unsigned index);

/**
 * panels_draw() - draw @m's panels with SDL's software renderer.
 * @pixels: out: width * height dots, 00RRGGBB, row by row
 *
 * Returns HB_OK, HB_NOT_FOUND (no such panel, layout or zoom), HB_BAD_ARGUMENT
 * (the size), HB_BAD_STATE (no font, no renderer), HB_NO_MEMORY.
 */
enum hb_status panels_draw(struct machine *m, const struct panels_picture *what,
                           uint32_t *pixels, struct hb_error *error);

#ifdef __cplusplus
}
#endif

#endif
