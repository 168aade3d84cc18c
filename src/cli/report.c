/* src/cli/report.c -- what there is on a machine, for people. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "halbox/inspect.h"

static const char *state_name(enum inspect_pnp_state state)
{
    static const char *const names[] = {
        [PNP_STATE_FOUND] = "has no driver",
        [PNP_STATE_ADDED] = "added, not started",
        [PNP_STATE_STARTED] = "started",
        [PNP_STATE_STOPPED] = "stopped",
        [PNP_STATE_SURPRISED] = "gone",
        [PNP_STATE_REMOVED] = "removed",
        [PNP_STATE_FAILED] = "failed",
    };

    return names[state];
}

static void images(const struct cli *cli, struct machine *m)
{
    struct inspect_image image;

    for (unsigned i = 0; inspect_image_at(m, i, &image); i++) {
        fprintf(cli->out, "image   %-20s at %08x, %u bytes, ", image.name,
                image.base.v, image.bytes);
        if (image.started)
            fprintf(cli->out, "%s driver\n", image.wdm ? "WDM" : "legacy");
        else
            fprintf(cli->out, "DriverEntry: %08x\n", image.entry_status);
    }
}

static void devices(const struct cli *cli, struct machine *m)
{
    struct inspect_pnp device;
    struct inspect_image image;

    for (unsigned i = 0; inspect_pnp_at(m, i, &device); i++) {
        fprintf(cli->out, "device  %-28s %s", device.hardware_id,
                state_name(device.state));
        if (device.image && inspect_image_at(m, device.image - 1, &image))
            fprintf(cli->out, " by %s", image.name);
        fputc('\n', cli->out);
    }
}

/* Named device objects and the links that lead to them. */
static void objects(const struct cli *cli, struct machine *m)
{
    struct inspect_object o;
    uint32_t cursor = 0;

    while (inspect_object_next(m, &cursor, &o)) {
        if (strcmp(o.type, "Device") == 0 && o.name[0])
            fprintf(cli->out, "object  %-28s device at %08x\n", o.name,
                    o.body.v);
        else if (strcmp(o.type, "SymbolicLink") == 0)
            fprintf(cli->out, "link    %-28s -> %s\n", o.name, o.target);
    }
}

static void adapters(const struct cli *cli, struct machine *m)
{
    struct inspect_adapter a;

    for (unsigned i = 0; inspect_adapter_at(m, i, &a); i++) {
        if (a.channel >= 0)
            fprintf(cli->out, "adapter channel %d, %u bit", a.channel, a.width);
        else
            fprintf(cli->out, "adapter %s%s", a.master ? "bus master" : "slave",
                    a.scatter_gather ? " with scatter/gather" : "");
        fprintf(cli->out, ", %u map registers, reaches %" PRIx64 "\n", a.grant,
                a.limit);
    }
}

void cli_report_machine(const struct cli *cli, struct machine *m)
{
    struct machine_position at = machine_position(m);

    images(cli, m);
    devices(cli, m);
    objects(cli, m);
    adapters(cli, m);
    fprintf(cli->out, "time    %" PRIu64 " ns, %" PRIu64 " ticks\n",
            machine_now_ns(m), at.tick);
}
