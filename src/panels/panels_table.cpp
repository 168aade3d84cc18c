/* src/panels/panels_table.cpp -- the rows of panels.def. */
#include <cstring>

#include "panels/panel.hpp"
#include "panels/panels.h"

namespace hb
{

#define PANEL(name, title, help) std::unique_ptr<Panel> make_##name();
#include "panels/panels.def"
#undef PANEL

const PanelRow panel_rows[] = {
#define PANEL(name, title, help) {#name, title, help, make_##name},
#include "panels/panels.def"
#undef PANEL
};
const unsigned panel_count = sizeof panel_rows / sizeof panel_rows[0];

int panel_find(const char *name, size_t length)
{
    for (unsigned i = 0; i < panel_count; i++)
        if (std::strlen(panel_rows[i].name) == length &&
            std::strncmp(panel_rows[i].name, name, length) == 0)
            return static_cast<int>(i);
    return -1;
}

} // namespace hb

extern "C" const char *panels_name(unsigned index)
{
    return index < hb::panel_count ? hb::panel_rows[index].name : nullptr;
}
