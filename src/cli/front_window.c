/* src/cli/front_window.c -- the debugger's window talks to its user: halbox
 * debug, unless another front end was asked for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/debugger.h"

static bool wanted(const struct cli *cli)
{
    return cli->command == CLI_DEBUG;
}

#ifdef HALBOX_PANELS
#include "halbox/monitor.h"
#include "panels/panels_window.h"

struct front {
    struct panels_window *window;
    struct debug_client client; /* the window's own */
    struct lanes *lanes;
    FILE *status;
};

static void close_front(void *context)
{
    struct front *f = context;

    panels_window_close(f->window);
    lanes_destroy(f->lanes);
    if (f->status)
        fclose(f->status);
    free(f);
}

static void stopped(void *context, struct debug *d,
                    const struct debug_stop *stop)
{
    const struct debug_place before = debug_present(d);
    struct front *f = context;
    struct debug_place present;

    f->client.stopped(f->client.context, d, stop);
    present = debug_present(d);
    if (debug_place_order(&present, &before) < 0) /* the past was changed */
        lanes_cut(f->lanes, present.at.tick);
}

static void running(void *context, struct debug *d)
{
    struct front *f = context;

    f->client.running(f->client.context, d);
}

static void print(void *context, const char *line)
{
    struct front *f = context;

    if (f->client.print)
        f->client.print(f->client.context, line);
}

static enum hb_status open_window(struct front *f, const struct cli *cli,
                                  struct hb_error *error)
{
    char settings[512];
    struct panels_window_options options = {.title = "halbox",
                                            .settings = settings};

    if (cli->status_path) {
        f->status = fopen(cli->status_path, "w");
        if (!f->status)
            return hb_fail(error, HB_NO_FILE, "%s: cannot write it: %s",
                           cli->status_path, strerror(errno));
    }
    options.status = f->status;
    panels_window_settings(settings);
    return panels_window_open(&f->window, &options, error);
}

static enum hb_status open_front(struct cli *cli, struct machine *m,
                                 struct debug_client *client,
                                 struct hb_error *error)
{
    struct front *f = calloc(1, sizeof *f);
    enum hb_status status;

    (void)m;
    if (!f)
        return hb_fail(error, HB_NO_MEMORY, "no memory for a window");
    status = open_window(f, cli, error);
    if (status != HB_OK) {
        close_front(f);
        return status;
    }
    f->client = panels_window_client(f->window);
    *client = (struct debug_client){
        .context = f, .stopped = stopped, .running = running, .print = print};
    return HB_OK;
}

static enum hb_status attached(void *context, struct debug *d,
                               struct hb_error *error)
{
    struct front *f = context;
    const struct lanes_options options = {.symbols = debug_symbols(d)};
    enum hb_status status =
        lanes_create(&f->lanes, debug_machine(d), &options, error);

    panels_window_lanes(f->window, f->lanes);
    return status == HB_OK ? debug_command_lanes(d, f->lanes, error) : status;
}

#else

static enum hb_status open_front(struct cli *cli, struct machine *m,
                                 struct debug_client *client,
                                 struct hb_error *error)
{
    (void)cli;
    (void)m;
    (void)client;
    return hb_fail(error, HB_BAD_STATE,
                   "no window: built without SDL2 or Dear ImGui (libsdl2-dev, "
                   "libimgui-dev)");
}

static enum hb_status attached(void *context, struct debug *d,
                               struct hb_error *error)
{
    (void)context;
    (void)d;
    (void)error;
    return HB_OK;
}

static void close_front(void *context)
{
    (void)context;
}
#endif

const struct debug_front front_window = {
    .wanted = wanted,
    .open = open_front,
    .attached = attached,
    .close = close_front,
};
