/* src/panels/shell.hpp -- all panels in their tiles: one frame of Dear ImGui.
 * Who draws it, and where events come from, is outside: picture.cpp and
 * window.cpp. */
#ifndef PANELS_SHELL_HPP
#define PANELS_SHELL_HPP

#include <memory>
#include <vector>

#include "panels/layout.hpp"
#include "panels/panel.hpp"

namespace hb
{

class Shell
{
  public:
    Layout layout;
    Focus focus;
    enum picture_zoom zoom = PICTURE_PAGES;
    bool still = false;
    const struct lanes *lanes = nullptr; /* for the time line */
    int focus_tile = -1; /* gets the keyboard in the next frame */

    Shell();
    ~Shell();
    Shell(const Shell &) = delete;
    Shell &operator=(const Shell &) = delete;

    /** font() - rasterise the font for @scale; the renderer makes its texture
     *  anew. False: there is no font file. */
    bool font(float scale);
    /** frame() - the panels of @m into ImGui's draw data. @symbols and @session
     *  may be nullptr; @top: dots that are kept free above them. */
    void frame(struct machine *m, const struct symbols *symbols,
               Session *session, float top);

  private:
    void tiles(View &view, int node, Rect place);
    void tile(View &view, int node, const Rect &place);
    void tabs(int node);
    void splitter(int node, const Rect &place);

    ImGuiContext *context;
    std::vector<std::unique_ptr<Panel>> panels;
};

} // namespace hb

#endif
