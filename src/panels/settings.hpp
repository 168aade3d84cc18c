/* src/panels/settings.hpp -- what the window keeps between runs, a line each:
 * "layout=h63(...)", "scale=1.2", "size=1600x1000". */
#ifndef PANELS_SETTINGS_HPP
#define PANELS_SETTINGS_HPP

#include <string>

namespace hb
{

struct Settings {
    std::string layout; /* "": as built in */
    float scale = 1;
    int width = 1600, height = 1000;

    /** read() - what is not there, or no good, stays as it is. */
    void read(const char *path);
    /** write() - folders on the way are made. False: it could not be. */
    bool write(const char *path) const;
};

} // namespace hb

#endif
