/* src/cli/display.c -- see display.h. */
#include "cli/display.h"

#ifdef HALBOX_SDL
#include "window/sound.h"
#include "window/window.h"

int display_open(const struct cli *cli, struct machine *m, struct live *live,
                 struct display *d)
{
    struct hb_error error;

    if (cli->display) {
        if (window_open(&d->window, m, "halbox", &error) != HB_OK)
            return cli_fail(cli, &error);
        live_add(live,
                 &(struct live_source){d->window, window_want, window_take});
    }
    if (cli->sound) {
        if (sound_open(&d->sound, m, &error) != HB_OK)
            return cli_fail(cli, &error);
        live_add(live, &(struct live_source){d->sound, sound_want, sound_take});
    }
    return CLI_OK;
}

bool display_closed(const struct display *d)
{
    return d->window && window_closed(d->window);
}

void display_close(struct display *d)
{
    sound_close(d->sound);
    window_close(d->window);
}

#else

int display_open(const struct cli *cli, struct machine *m, struct live *live,
                 struct display *d)
{
    (void)m;
    (void)live;
    (void)d;
    return cli->display || cli->sound
               ? cli_error(cli, CLI_HOST,
                           "--display sdl, --sound sdl: built without SDL2 "
                           "(libsdl2-dev)")
               : CLI_OK;
}

bool display_closed(const struct display *d)
{
    (void)d;
    return false;
}

void display_close(struct display *d)
{
    (void)d;
}

#endif
