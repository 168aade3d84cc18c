/* src/panels/toolbar.hpp -- the line above the panels: buttons with their keys,
 * and where the machine stands. */
#ifndef PANELS_TOOLBAR_HPP
#define PANELS_TOOLBAR_HPP

#include "panels/session.hpp"

namespace hb
{

/** toolbar() - draw it; the button that was pressed is session.button. Returns
 *  its height. */
float toolbar(Session &session);

} // namespace hb

#endif
