/* src/panels/layout.hpp -- where panels are: a tree of splits whose leaves are
 * tiles with tabs, and its text form, which is what the settings file keeps:
 *     node: h60(node,node)       side by side, the left one 60 %
 *         | v60(node,node)       one above the other
 *         | [name|*name|name]    a tile's tabs; * the one that is seen */
#ifndef PANELS_LAYOUT_HPP
#define PANELS_LAYOUT_HPP

#include <string>
#include <vector>

namespace hb
{

struct Rect {
    float x, y, w, h;
};

struct LayoutNode {
    char kind = 't'; /* h, v, t: a tile */
    int percent = 50;
    int child[2] = {-1, -1};
    std::vector<int> tabs; /* panel indices */
    unsigned seen = 0;     /* of tabs */
};

class Layout
{
  public:
    std::vector<LayoutNode> nodes; /* the root is the first */

    /** parse() - false: not a layout, or names a panel that there is not or
     *  twice; then nothing has changed. */
    bool parse(const char *text);
    std::string text() const;
    /** tile_of() - the tile that has @panel, -1: none. */
    int tile_of(int panel) const;
    /** show() - bring @panel to the front; adds it to the last tile when it is
     *  nowhere. Returns its tile. */
    int show(int panel);
    /** move() - @panel to the end of @tile's tabs. */
    void move(int panel, int tile);

  private:
    void write(int node, std::string &out) const;
};

/** A layout that is built in. */
struct LayoutRow {
    const char *name, *text;
};
extern const LayoutRow layout_rows[];
extern const unsigned layout_count;

} // namespace hb

#endif
