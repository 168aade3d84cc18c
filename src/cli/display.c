/* src/cli/display.c -- see display.h. */
#include "cli/display.h"

#ifdef HALBOX_SDL
#include "window/window.h"

int display_open(const struct cli *cli, struct machine *m, struct live *live,
                 struct window **window)
{
    struct hb_error error;

    *window = NULL;
    if (!cli->display)
        return CLI_OK;
    if (window_open(window, m, "halbox", &error) != HB_OK)
        return cli_fail(cli, &error);
    live_add(live, &(struct live_source){*window, window_want, window_take});
    return CLI_OK;
}

bool display_closed(const struct window *window)
{
    return window && window_closed(window);
}

void display_close(struct window *window)
{
    window_close(window);
}

#else

int display_open(const struct cli *cli, struct machine *m, struct live *live,
                 struct window **window)
{
    (void)m;
    (void)live;
    *window = NULL;
    return cli->display ? cli_error(cli, CLI_HOST,
                                    "--display sdl: built without SDL2 "
                                    "(libsdl2-dev)")
                        : CLI_OK;
}

bool display_closed(const struct window *window)
{
    (void)window;
    return false;
}

void display_close(struct window *window)
{
    (void)window;
}

#endif
