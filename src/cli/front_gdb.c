/* src/cli/front_gdb.c -- gdb talks to the debugger's user: --gdb. */
#include "cli/debugger.h"
#include "halbox/gdb.h"

static bool wanted(const struct cli *cli)
{
    return cli->gdb != NULL;
}

static enum hb_status open_front(struct cli *cli, struct machine *m,
                                 struct debug_client *client,
                                 struct hb_error *error)
{
    struct gdb_server *server;
    enum hb_status status = gdb_listen(&server, cli->gdb, error);

    (void)m;
    if (status != HB_OK)
        return status;
    fprintf(cli->err, "halbox: waiting for gdb: target remote %s\n",
            gdb_where(server));
    fflush(cli->err);
    *client = gdb_serve(server);
    return HB_OK;
}

static void close_front(void *context)
{
    gdb_close(context);
}

const struct debug_front front_gdb = {
    .wanted = wanted,
    .open = open_front,
    .close = close_front,
};
