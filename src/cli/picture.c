/* src/cli/picture.c -- halbox picture: run drivers, with a scenario or as they
 * start, and draw the machine at one point of it. */
#include "picture/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/moment.h"
#include "cli/png.h"
#ifdef HALBOX_PANELS
#include "panels/panels.h"
#endif
#include "halbox/lanes.h"
#include "halbox/symbols.h"
#include "script/script.h"

struct picture_job {
    struct cli *cli;
    struct moment moment;
    enum picture_zoom zoom;
    uint32_t width, height;
    struct lanes *lanes;     /* of the machine that stands */
    struct symbols *symbols; /* of the images, as far as they have any */
    int status;
};

/* ---- what is drawn ------------------------------------------------------- */

static int written(struct cli *cli, FILE *file, const char *path, bool good)
{
    int failed = fclose(file);

    return good && !failed ? CLI_OK
                           : cli_error(cli, CLI_HOST, "%s: cannot write it: %s",
                                       path, strerror(errno));
}

static FILE *create(struct cli *cli, const char *path)
{
    FILE *file = fopen(path, "wb");

    if (!file)
        cli_error(cli, CLI_HOST, "%s: cannot write it: %s", path,
                  strerror(errno));
    return file;
}

static int draw_svg(struct picture_job *job, struct machine *m)
{
    const struct picture_view view = {.zoom = job->zoom};
    struct picture *p = picture_create(m, &view);
    FILE *file = p ? create(job->cli, job->cli->svg) : NULL;
    int status = CLI_HOST;

    if (file)
        status = written(job->cli, file, job->cli->svg, picture_svg(p, file));
    picture_destroy(p);
    return status;
}

#ifdef HALBOX_PANELS
static int draw_panels(struct picture_job *job, struct machine *m)
{
    const struct panels_picture what = {.width = job->width,
                                        .height = job->height,
                                        .panel = job->cli->panel,
                                        .layout = job->cli->layout,
                                        .zoom = job->cli->zoom,
                                        .lanes = job->lanes,
                                        .symbols = job->symbols};
    uint32_t *pixels = malloc((size_t)job->width * job->height * 4);
    struct hb_error error;
    FILE *file;
    int status;

    if (!pixels)
        return cli_error(job->cli, CLI_HOST, "no memory for a picture");
    if (panels_draw(m, &what, pixels, &error) != HB_OK) {
        free(pixels);
        return cli_fail(job->cli, &error);
    }
    file = create(job->cli, job->cli->screenshot);
    status = file ? written(job->cli, file, job->cli->screenshot,
                            png_write(file, pixels, job->width, job->height))
                  : CLI_HOST;
    free(pixels);
    return status;
}
#else
static int draw_panels(struct picture_job *job, struct machine *m)
{
    (void)m;
    return cli_error(job->cli, CLI_HOST,
                     "--screenshot: built without SDL2 or Dear ImGui "
                     "(libsdl2-dev, libimgui-dev)");
}
#endif

static void look(void *context, struct machine *m)
{
    struct picture_job *job = context;

    if (job->cli->svg)
        job->status = draw_svg(job, m);
    if (job->cli->screenshot && job->status == CLI_OK)
        job->status = draw_panels(job, m);
}

/* ---- what runs ----------------------------------------------------------- */

static enum hb_status machine_stands(void *context, struct machine *m,
                                     struct hb_error *error)
{
    struct picture_job *job = context;
    const struct lanes_options options = {.symbols = job->symbols};
    enum hb_status status = HB_OK;

    if (job->cli->screenshot)
        status = lanes_create(&job->lanes, m, &options, error);
    return status == HB_OK ? moment_arm(&job->moment, m, error) : status;
}

static void machine_goes(void *context, struct machine *m)
{
    struct picture_job *job = context;

    moment_gone(&job->moment, m);
    lanes_destroy(job->lanes);
    job->lanes = NULL;
}

static void test_over(void *context, const struct script_result *result)
{
    struct picture_job *job = context;

    if (!result->passed)
        job->status =
            cli_error(job->cli, result->host_failed ? CLI_HOST : CLI_FAILED,
                      "%s", result->text);
}

static int by_scenario(struct picture_job *job)
{
    struct cli *cli = job->cli;
    const struct script_options options = {
        .setup = &cli->setup,
        .images = cli->operand.data,
        .images_count = cli->operand.count,
        .images_folder = cli->images_folder,
        .seed = cli->seed,
        .limit_ns = cli->limit_ns,
        .context = job,
        .machine = machine_stands,
        .machine_gone = machine_goes,
        .result = test_over,
    };
    struct hb_error error;

    if (script_run(cli->scenario, &options, &error) != HB_OK)
        return cli_fail(cli, &error);
    return job->status;
}

static int by_start(struct picture_job *job)
{
    struct cli *cli = job->cli;
    uint64_t limit = cli->limit_ns ? cli->limit_ns : 60 * 1000000000ull;
    struct hb_error error;
    struct machine *m;

    if ((cli->load ? machine_load(&m, cli->load, &error)
                   : setup_machine(&cli->setup, &m, &error)) != HB_OK)
        return cli_fail(cli, &error);
    if (machine_stands(job, m, &error) != HB_OK ||
        (!cli->load &&
         machine_load_driver_files(m, cli->operand.data, cli->operand.count,
                                   &error) != HB_OK) ||
        (!cli->load && machine_start(m, limit, &error) != HB_OK))
        job->status = cli_fail(cli, &error);
    else if (cli->load && !job->moment.end)
        machine_run(m, machine_ticks(m, limit), NULL);
    machine_goes(job, m);
    machine_destroy(m);
    return job->status;
}

static int parse(struct picture_job *job)
{
    struct cli *cli = job->cli;
    struct hb_error error;
    char end;

    if (!cli->svg && !cli->screenshot)
        return cli_error(cli, CLI_USAGE,
                         "picture needs --svg FILE or --screenshot FILE");
    if (!cli->operand.count && !cli->load && !cli->scenario)
        return cli_error(cli, CLI_USAGE,
                         "picture needs a driver image; see halbox picture "
                         "--help");
    if (moment_parse(cli->at ? cli->at : "end", &job->moment, &error) != HB_OK)
        return cli_fail(cli, &error);
    if (cli->zoom && !picture_zoom_named(cli->zoom, &job->zoom))
        return cli_error(cli, CLI_USAGE,
                         "--zoom %s: write regions, pages or bytes", cli->zoom);
    if (cli->size &&
        sscanf(cli->size, "%ux%u%c", &job->width, &job->height, &end) != 2)
        return cli_error(cli, CLI_USAGE, "--size %s: write 1600x1000",
                         cli->size);
    if (!job->width || !job->height || job->width > 8192 || job->height > 8192)
        return cli_error(cli, CLI_USAGE, "--size: 1 to 8192 dots each way");
    return CLI_OK;
}

int cli_picture(struct cli *cli)
{
    struct picture_job job = {
        .cli = cli, .zoom = PICTURE_PAGES, .width = 1600, .height = 1000};
    int status = parse(&job);

    if (status != CLI_OK)
        return status;
    job.symbols = symbols_create();
    for (uint32_t i = 0; job.symbols && i < cli->operand.count; i++)
        symbols_add_file(job.symbols, cli_operand(cli, i), NULL);
    job.moment.look = look;
    job.moment.context = &job;
    status = cli->scenario ? by_scenario(&job) : by_start(&job);
    symbols_destroy(job.symbols);
    if (status == CLI_OK && !job.moment.over)
        status = cli_error(cli, CLI_FAILED, "--at %s never came", cli->at);
    return status;
}
