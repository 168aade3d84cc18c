/* src/panels/window.cpp -- see panels_window.h. While the machine stands, the
 * window waits for its user; while it runs, it draws 60 times a second at most
 * and takes no more than a part of the time, so that the guest keeps its speed.
 */
#include <SDL.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include <backends/imgui_impl_sdl.h>

#include "panels/palette.hpp"
#include "panels/panels_window.h"
#include "panels/screen.hpp"
#include "panels/session.hpp"
#include "panels/settings.hpp"
#include "panels/shell.hpp"
#include "panels/status.hpp"
#include "panels/toolbar.hpp"

using namespace hb;

namespace
{

enum { FRAMES = 60, DRAW_SHARE = 16, SETTLE = 3, WAIT_MS = 250 };

Uint64 host_us()
{
    return SDL_GetPerformanceCounter() * 1000000 /
           SDL_GetPerformanceFrequency();
}

/* Where there is no display SDL draws into nothing, which is meant only by who
 * asks for it. */
bool is_display()
{
    const char *driver = SDL_GetCurrentVideoDriver();

    return std::getenv("SDL_VIDEODRIVER") ||
           (driver && std::strcmp(driver, "offscreen") != 0 &&
            std::strcmp(driver, "dummy") != 0);
}

} // namespace

struct panels_window {
    Shell shell; /* first: the others use its context */
    Screen screen;
    Session session;
    Palette palette;
    Status status;
    Settings settings;
    std::string settings_path;
    Uint64 next_us = 0; /* of the next frame while the machine runs */
    bool stale = true;  /* the font's size has changed */

    void draw();
    void events(bool wait);
    bool key(const SDL_KeyboardEvent &e);
    void command(const Command &c);
    void scale(float by);
    void show(int panel);
    void quit();
};

/* ---- drawing ------------------------------------------------------------- */

void panels_window::draw()
{
    if (stale) {
        shell.font(settings.scale);
        screen.font();
        stale = false;
    }
    screen.begin();
    ImGui::NewFrame();
    float top = toolbar(session);

    if (session.d)
        shell.frame(debug_machine(session.d), debug_symbols(session.d),
                    &session, top);
    if (session.button)
        command(*session.button);
    session.button = nullptr;
    Palette::Choice choice = palette.draw();

    if (choice.command)
        command(*choice.command);
    if (choice.panel >= 0)
        show(choice.panel);
    if (choice.layout >= 0)
        shell.layout.parse(layout_rows[choice.layout].text);
    ImGui::Render();
    screen.show();
}

/* ---- keys ---------------------------------------------------------------- */

void panels_window::show(int panel)
{
    shell.focus_tile = shell.layout.show(panel);
    status.panel(panel_rows[panel].name);
}

void panels_window::scale(float by)
{
    settings.scale = by == 0 ? 1 : settings.scale + by;
    settings.scale = settings.scale < 0.5f ? 0.5f
                     : settings.scale > 4  ? 4
                                           : settings.scale;
    stale = true;
    status.scale(settings.scale);
}

void panels_window::quit()
{
    for (unsigned i = 0; i < command_count; i++)
        if (commands[i].what == Command::What::Quit)
            session.run(commands[i]);
    session.closed = true;
}

void panels_window::command(const Command &c)
{
    switch (c.what) {
    case Command::What::Scale:
        scale(static_cast<float>(c.argument) * 0.125f);
        break;
    case Command::What::Palette:
        palette.open();
        break;
    case Command::What::Quit:
        quit();
        break;
    case Command::What::Breakpoint:
        if (session.d)
            session.toggle_breakpoint(
                shell.focus.changes && shell.focus.space == PICTURE_VIRTUAL
                    ? gva_of(static_cast<uint32_t>(shell.focus.at))
                    : code_at(debug_machine(session.d)));
        status.breakpoints(session.d);
        break;
    case Command::What::Mode:
        session.run(c);
        status.mode(debug_step_name(session.dma));
        break;
    default:
        session.run(c);
    }
}

bool panels_window::key(const SDL_KeyboardEvent &e)
{
    unsigned mods = 0;
    SDL_Keycode code = e.keysym.sym;

    if (e.keysym.mod & KMOD_CTRL)
        mods |= COMMAND_CTRL;
    if (e.keysym.mod & KMOD_SHIFT)
        mods |= COMMAND_SHIFT;
    if (code == SDLK_PAUSE)
        code = SDLK_F6;
    if (code == SDLK_PLUS || code == SDLK_KP_PLUS)
        code = SDLK_EQUALS;
    if (code == SDLK_EQUALS) /* where it takes Shift */
        mods &= ~static_cast<unsigned>(COMMAND_SHIFT);
    for (unsigned i = 0; i < command_count; i++)
        if (commands[i].key == code && commands[i].mods == mods) {
            command(commands[i]);
            return true;
        }
    if (mods == COMMAND_CTRL && code >= SDLK_1 && code <= SDLK_9 &&
        static_cast<unsigned>(code - SDLK_1) < panel_count) {
        show(code - SDLK_1);
        return true;
    }
    return false;
}

/* What has come; with @wait, until something does. */
void panels_window::events(bool wait)
{
    SDL_Event e;
    bool some = wait ? SDL_WaitEventTimeout(&e, WAIT_MS) : SDL_PollEvent(&e);

    for (; some; some = SDL_PollEvent(&e)) {
        if (e.type == SDL_QUIT)
            quit();
        else if (e.type != SDL_KEYDOWN || !key(e.key)) {
            ImGui_ImplSDL2_ProcessEvent(&e);
            if (e.type == SDL_KEYDOWN) /* or it is up again before it is seen */
                draw();
        }
    }
}

/* ---- client of the debugger ---------------------------------------------- */

static void stopped(void *context, struct debug *d,
                    const struct debug_stop *stop)
{
    panels_window *w = static_cast<panels_window *>(context);

    if (debug_command_again(d, stop))
        return; /* "step page 3" of the console */
    w->session.d = d;
    w->session.stop = *stop;
    w->session.stands = true;
    w->session.ordered = false;
    w->shell.focus.changes = 0; /* what moves is looked at, not a choice */
    if (*stop->text)
        w->session.say(stop->text);
    for (int i = 0; i < SETTLE; i++)
        w->draw();
    w->status.stop(d, *stop);
    if (w->session.closed)
        w->quit();
    while (!w->session.ordered) {
        w->events(true);
        for (int i = 0; i < SETTLE && !w->session.ordered; i++)
            w->draw();
    }
    w->session.stands = false;
    w->next_us = 0;
}

static void running(void *context, struct debug *d)
{
    panels_window *w = static_cast<panels_window *>(context);
    Uint64 begun = host_us(), took;

    w->session.d = d;
    if (begun < w->next_us)
        return;
    w->events(false);
    w->draw();
    took = (host_us() - begun) * DRAW_SHARE;
    w->next_us = begun + (took > 1000000 / FRAMES ? took : 1000000 / FRAMES);
}

static void print(void *context, const char *line)
{
    static_cast<panels_window *>(context)->session.say(line);
}

extern "C" struct debug_client panels_window_client(struct panels_window *w)
{
    struct debug_client client = {};

    client.context = w;
    client.stopped = stopped;
    client.running = running;
    client.print = print;
    return client;
}

extern "C" void panels_window_lanes(struct panels_window *w,
                                    const struct lanes *lanes)
{
    w->shell.lanes = lanes;
}

/* ---- life ---------------------------------------------------------------- */

extern "C" enum hb_status
panels_window_open(struct panels_window **out,
                   const struct panels_window_options *options,
                   struct hb_error *error)
{
    SDL_SetMainReady();
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0)
        return hb_fail(error, HB_BAD_STATE, "no window: %s", SDL_GetError());
    if (!is_display()) {
        SDL_QuitSubSystem(SDL_INIT_VIDEO);
        return hb_fail(error, HB_BAD_STATE,
                       "no window: the host has no display; set DISPLAY, or "
                       "debug with --monitor or --gdb");
    }
    panels_window *w = new (std::nothrow) panels_window;

    if (!w)
        return hb_fail(error, HB_NO_MEMORY, "no memory for a window");
    if (options->settings && *options->settings) {
        w->settings_path = options->settings;
        w->settings.read(options->settings);
    }
    w->shell.layout.parse(w->settings.layout.c_str());
    ImGui::GetIO().ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
    w->status.file = options->status;
    if (!w->shell.font(w->settings.scale)) {
        hb_fail(error, HB_BAD_STATE,
                "no font DejaVuSansMono.ttf (fonts-dejavu-core)");
    } else if (!w->screen.open(options->title, w->settings.width,
                               w->settings.height)) {
        hb_fail(error, HB_BAD_STATE, "no window: %s", SDL_GetError());
    } else {
        w->status.opened(w->screen.renderer_name());
        *out = w;
        return HB_OK;
    }
    w->settings_path.clear();
    panels_window_close(w);
    return HB_BAD_STATE;
}

extern "C" void panels_window_close(struct panels_window *w)
{
    if (!w)
        return;
    if (!w->settings_path.empty()) {
        w->settings.layout = w->shell.layout.text();
        SDL_GetWindowSize(w->screen.window, &w->settings.width,
                          &w->settings.height);
        w->settings.write(w->settings_path.c_str());
    }
    delete w;
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
}
