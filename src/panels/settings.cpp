/* src/panels/settings.cpp -- see settings.hpp. */
#include "panels/settings.hpp"

#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "panels/panels_window.h"

namespace hb
{

void Settings::read(const char *path)
{
    std::ifstream file(path);
    std::string line;

    while (std::getline(file, line)) {
        const char *value = std::strchr(line.c_str(), '=');
        int w, h;

        if (!value++)
            continue;
        if (line.compare(0, 7, "layout=") == 0)
            layout = value;
        else if (line.compare(0, 6, "scale=") == 0) {
            float read = std::strtof(value, nullptr);

            if (read >= 0.5f && read <= 4.0f)
                scale = read;
        } else if (std::sscanf(value, "%dx%d", &w, &h) == 2 && w >= 320 &&
                   h >= 200 && w <= 8192 && h <= 8192) {
            width = w;
            height = h;
        }
    }
}

static void make_folders(std::string path)
{
    for (size_t i = 1; i < path.size(); i++)
        if (path[i] == '/') {
            path[i] = 0;
            mkdir(path.c_str(), 0777);
            path[i] = '/';
        }
}

bool Settings::write(const char *path) const
{
    make_folders(path);
    std::ofstream file(path);

    file << "layout=" << layout << "\nscale=" << scale << "\nsize=" << width
         << 'x' << height << '\n';
    return file.flush().good();
}

} // namespace hb

extern "C" void panels_window_settings(char path[512])
{
    const char *config = std::getenv("XDG_CONFIG_HOME");
    const char *home = std::getenv("HOME");

    path[0] = 0;
    if (config && *config)
        std::snprintf(path, 512, "%s/halbox/debugger.ini", config);
    else if (home && *home)
        std::snprintf(path, 512, "%s/.config/halbox/debugger.ini", home);
}
