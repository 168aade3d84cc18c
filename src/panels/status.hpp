/* src/panels/status.hpp -- what happens in the window, a JSON object a line,
 * for tests that drive it by keys and the pointer: they wait for a line, not
 * for a time. */
#ifndef PANELS_STATUS_HPP
#define PANELS_STATUS_HPP

#include <cstdio>

#include "panels/machine.hpp"

namespace hb
{

class Status
{
  public:
    FILE *file = nullptr; /* nullptr: nobody reads */

    void opened(const char *renderer);
    void stop(struct debug *d, const struct debug_stop &stop);
    void panel(const char *name);
    void scale(float scale);
    void mode(const char *name);
    void breakpoints(struct debug *d);

  private:
    unsigned stops = 0;
};

} // namespace hb

#endif
