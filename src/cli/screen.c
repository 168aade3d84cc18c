/* src/cli/screen.c -- what the screen shows at the end of a run, into files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/png.h"
#include "halbox/inspect.h"

static int done(const struct cli *cli, FILE *file, const char *path, bool good)
{
    int failed = fclose(file);

    return good && !failed ? CLI_OK
                           : cli_error(cli, CLI_HOST, "%s: cannot write it: %s",
                                       path, strerror(errno));
}

static int nothing(const struct cli *cli, const char *path)
{
    return cli_error(cli, CLI_HOST,
                     "%s: there is no screen to write; --device vga puts one "
                     "in",
                     path);
}

static int write_picture(const struct cli *cli, const struct machine *m)
{
    struct inspect_screen screen;
    const char *path = cli->screenshot;
    uint32_t *pixels;
    size_t room;
    FILE *file;
    bool good;

    if (!inspect_screen(m, 0, &screen, NULL, 0) || !screen.width)
        return nothing(cli, path);
    room = (size_t)screen.width * screen.height;
    pixels = malloc(room * sizeof *pixels);
    file = pixels ? fopen(path, "wb") : NULL;
    if (!file) {
        free(pixels);
        return cli_error(cli, CLI_HOST, "%s: cannot write it: %s", path,
                         strerror(errno));
    }
    good = inspect_screen(m, 0, &screen, pixels, room) &&
           png_write(file, pixels, screen.width, screen.height);
    free(pixels);
    return done(cli, file, path, good);
}

static int write_text(const struct cli *cli, const struct machine *m)
{
    struct inspect_screen screen;
    const char *path = cli->screen_text;
    char *text;
    FILE *file;
    int bytes;
    bool good;

    if (!inspect_screen(m, 0, &screen, NULL, 0))
        return nothing(cli, path);
    bytes = inspect_text(m, 0, NULL, 0);
    text = malloc((size_t)bytes + 1);
    file = text ? fopen(path, "wb") : NULL;
    if (!file) {
        free(text);
        return cli_error(cli, CLI_HOST, "%s: cannot write it: %s", path,
                         strerror(errno));
    }
    inspect_text(m, 0, text, (size_t)bytes + 1);
    good = fwrite(text, 1, (size_t)bytes, file) == (size_t)bytes;
    free(text);
    return done(cli, file, path, good);
}

int cli_screen(const struct cli *cli, const struct machine *m)
{
    int status = cli->screenshot ? write_picture(cli, m) : CLI_OK;

    if (status == CLI_OK && cli->screen_text)
        status = write_text(cli, m);
    return status;
}
