/* src/panels/panel.hpp -- what a panel is: one file panel_<name>.cpp with a
 * class and its make_<name>(), and one row of panels.def. A panel keeps what
 * its user chose; what it shows it asks the machine anew each time. */
#ifndef PANELS_PANEL_HPP
#define PANELS_PANEL_HPP

#include <cstdio>
#include <memory>

#include <imgui.h>

#include "panels/machine.hpp"

namespace hb
{

/** An address that the user has chosen: every panel can follow it. */
struct Focus {
    enum picture_space space = PICTURE_VIRTUAL;
    uint64_t at = 0;
    uint32_t process = SPACE_CPU; /* whose virtual addresses */
    char device[MACHINE_NAME] = "";
    unsigned changes = 0; /* counts choices */
};

class Session;

/** What a panel is given to draw. */
struct View {
    struct machine *m;
    const struct symbols *symbols; /* may be NULL */
    const struct lanes *lanes;     /* of the run up to now; may be NULL */
    Session *session;              /* nullptr in a picture */
    Focus *focus;
    bool editable; /* the machine stands, and may be changed */
    bool still;    /* a picture: nothing that only a pointer could reach */
    enum picture_zoom *zoom;
};

class Panel
{
  public:
    virtual ~Panel() = default;
    virtual void draw(View &view) = 0;
};

/** A row of panels.def. */
struct PanelRow {
    const char *name, *title, *help;
    std::unique_ptr<Panel> (*make)();
};
extern const PanelRow panel_rows[];
extern const unsigned panel_count;
/** panel_find() - index of the panel called @name, -1 none. */
int panel_find(const char *name, size_t length);

} // namespace hb

#endif
