/* src/panels/palette.hpp -- Ctrl+P: everything that can be done, by its name.
 */
#ifndef PANELS_PALETTE_HPP
#define PANELS_PALETTE_HPP

#include "panels/session.hpp"

namespace hb
{

class Palette
{
  public:
    /** What was chosen: one of them, or none. */
    struct Choice {
        const Command *command;
        int panel, layout;
    };

    void open();
    Choice draw();

  private:
    bool row(const char *name, const char *what, bool &first);

    char text[64] = "";
    bool opening = false, is_open = false, enter = false;
};

} // namespace hb

#endif
