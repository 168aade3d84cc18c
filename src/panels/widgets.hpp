/* src/panels/widgets.hpp -- what panels are put together from. */
#ifndef PANELS_WIDGETS_HPP
#define PANELS_WIDGETS_HPP

#include <initializer_list>

#include "panels/panel.hpp"

namespace hb
{

/** table() - begin a table with these headings; end with ImGui::EndTable().
 *  False: nothing of it can be seen, and there is no end. */
bool table(const char *id, std::initializer_list<const char *> headings);
/** cell() - the next cell, as printf. */
void cell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** title() - a line over what follows. */
void title(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** field() - "name  value" on a line of its own. */
void field(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** address_cell() - an address that all panels follow when it is chosen. */
void address_cell(View &view, enum picture_space space, uint64_t at,
                  uint32_t process = SPACE_CPU, const char *device = "");
/** choose() - the same without a cell. */
void choose(Focus &focus, enum picture_space space, uint64_t at,
            uint32_t process, const char *device);
/** buffer_page() - the page that panels show when nothing was chosen: the one
 *  that moves now or is next, else the first that is mapped. */
bool buffer_page(const struct machine *m, struct inspect_page *page);
/** space_name() - virtual, physical, logical. */
const char *space_name(enum picture_space space);
/** colour() - 00RRGGBB as Dear ImGui has it. */
ImU32 colour(uint32_t rgb, unsigned alpha = 255);
/** font_of() - the font rasterised for about @dots, so that text in a picture
 *  is as sharp as any. */
ImFont *font_of(float dots);
/** line() - a line of @width dots without the approximate square roots of Dear
 *  ImGui's own: see render.cpp. */
void line(ImDrawList *list, ImVec2 from, ImVec2 to, float width, ImU32 colour);

} // namespace hb

#endif
