/* src/debug/gdb_commands.c -- what gdb asks for, one row each. What has no row
 * gets an empty reply: it is not known here. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "debug/gdb.h"

/* ---- what we are --------------------------------------------------------- */

static void supported(struct gdb_server *g, const char *text)
{
    (void)text;
    gdb_put(&g->reply,
            "PacketSize=%x;swbreak+;hwbreak+;qXfer:features:read+;"
            "qXfer:libraries:read+;qXfer:exec-file:read+;ReverseStep+;"
            "ReverseContinue+;"
            "vContSupported+;QStartNoAckMode+;multiprocess-",
            (unsigned)GDB_PACKET);
}

static void no_ack(struct gdb_server *g, const char *text)
{
    (void)text;
    gdb_ok(g);
    gdb_send(g, &g->reply); /* this one is still acknowledged */
    g->reply.count = 0;
    g->no_ack = true;
}

static void put_file(struct gdb_server *g, const char *range, char *bytes,
                     size_t count)
{
    if (!bytes || !gdb_put_part(&g->reply, range, bytes, count))
        gdb_error(g, GDB_EINVAL);
    free(bytes);
}

static void features(struct gdb_server *g, const char *text)
{
    size_t count;
    char *bytes = gdb_target_xml(g, &count);

    put_file(g, text, bytes, count);
}

static void libraries(struct gdb_server *g, const char *text)
{
    size_t count;
    char *bytes = gdb_libraries_xml(g, &count);

    put_file(g, text, bytes, count);
}

/* gdb looks for libraries only once it has an executable: the kernel. */
static void executable(struct gdb_server *g, const char *text)
{
    const char *path = gdb_kernel_file(g);

    text += strcspn(text, ":"); /* of which process: there is one */
    if (!path[0] || !gdb_skip(&text, ":") ||
        !gdb_put_part(&g->reply, text, path, strlen(path)))
        gdb_error(g, GDB_EINVAL);
}

/* One that is there already: gdb's end is not the machine's. */
static void attached(struct gdb_server *g, const char *text)
{
    (void)text;
    gdb_put(&g->reply, "1");
}

static void offsets(struct gdb_server *g, const char *text)
{
    (void)text;
    gdb_put(&g->reply, "Text=0;Data=0;Bss=0");
}

static void well(struct gdb_server *g, const char *text)
{
    (void)text;
    gdb_ok(g);
}

static void why(struct gdb_server *g, const char *text)
{
    (void)text;
    gdb_stop_reply(g, debug_stopped(g->d));
}

/* ---- threads ------------------------------------------------------------- */

/* -1 and 0 are all and any: the one that runs. */
static bool thread_id(const struct gdb_server *g, const char **at, uint32_t *id)
{
    uint64_t v = 0;

    if (!gdb_skip(at, "-1") && !gdb_hex(at, 32, &v))
        return false;
    *id = v ? (uint32_t)v : gdb_thread_now(g);
    return true;
}

static bool is_thread(const struct gdb_server *g, uint32_t id)
{
    struct inspect_thread thread;

    return id == gdb_thread_now(g) || gdb_thread_find(g, id, &thread);
}

static void choose(struct gdb_server *g, const char *text)
{
    bool reads = *text == 'g';
    uint32_t id;

    if (*text)
        text++;
    if (!thread_id(g, &text, &id) || !is_thread(g, id)) {
        gdb_error(g, GDB_EINVAL);
        return;
    }
    if (reads)
        g->thread = id;
    gdb_ok(g);
}

static void alive(struct gdb_server *g, const char *text)
{
    uint32_t id;

    if (thread_id(g, &text, &id) && is_thread(g, id))
        gdb_ok(g);
    else
        gdb_error(g, GDB_EINVAL);
}

static void this_thread(struct gdb_server *g, const char *text)
{
    (void)text;
    gdb_put(&g->reply, "QC%x", gdb_thread_now(g));
}

static void first_threads(struct gdb_server *g, const char *text)
{
    (void)text;
    gdb_put_threads(g, true);
}

static void more_threads(struct gdb_server *g, const char *text)
{
    (void)text;
    gdb_put_threads(g, false);
}

static void thread_text(struct gdb_server *g, const char *text)
{
    uint32_t id;

    if (gdb_skip(&text, ",") && thread_id(g, &text, &id))
        gdb_put_thread_text(g, id);
    else
        gdb_error(g, GDB_EINVAL);
}

/* ---- breakpoints --------------------------------------------------------- */

static void set_point(struct gdb_server *g, const char *text)
{
    gdb_point_set(g, text, true);
}

static void clear_point(struct gdb_server *g, const char *text)
{
    gdb_point_set(g, text, false);
}

/* ---- going on ------------------------------------------------------------ */

static void order(struct gdb_server *g, enum debug_order_kind kind, bool back)
{
    struct hb_error error;

    g->order = (struct debug_order){
        .kind = kind, .back = back, .here = true, .step = DEBUG_INSTRUCTION};
    g->ordered = debug_order(g->d, &g->order, &error) == HB_OK;
    g->owes = g->ordered && kind != DEBUG_QUIT;
    if (!g->ordered)
        gdb_put(&g->reply, "E.%s", error.text);
}

/* Signals go nowhere, and the machine goes on from where it is. */
static void step(struct gdb_server *g, const char *text)
{
    (void)text;
    order(g, DEBUG_STEP, false);
}

static void go(struct gdb_server *g, const char *text)
{
    (void)text;
    order(g, DEBUG_GO, false);
}

static void back(struct gdb_server *g, const char *text)
{
    if (*text == 's')
        order(g, DEBUG_STEP, true);
    else if (*text == 'c')
        order(g, DEBUG_GO, true);
}

/* There is one CPU: a step of any thread is one of the thread that runs. */
static void resume(struct gdb_server *g, const char *text)
{
    bool steps = strstr(text, ";s") || strstr(text, ";S");

    if (strcmp(text, "?") == 0)
        gdb_put(&g->reply, "vCont;c;C;s;S;t");
    else if (steps || strstr(text, ";c") || strstr(text, ";C"))
        order(g, steps ? DEBUG_STEP : DEBUG_GO, false);
    else
        gdb_ok(g);
}

static void detach(struct gdb_server *g, const char *text)
{
    (void)text;
    gdb_ok(g);
    gdb_send(g, &g->reply);
    g->reply.count = 0;
    gdb_socket_drop(&g->socket);
}

static void kill_machine(struct gdb_server *g, const char *text)
{
    (void)text;
    order(g, DEBUG_QUIT, false);
}

static void kill_and_answer(struct gdb_server *g, const char *text)
{
    kill_machine(g, text);
    gdb_ok(g);
}

/* ---- monitor ------------------------------------------------------------- */

static void monitor(struct gdb_server *g, const char *text)
{
    char line[512];
    size_t count = strlen(text) / 2;

    if (!gdb_skip(&text, ",") || count >= sizeof line ||
        !gdb_hex_bytes(&text, line, count)) {
        gdb_error(g, GDB_EINVAL);
        return;
    }
    line[count] = 0;
    gdb_monitor(g, line);
}

/* ---- the table ----------------------------------------------------------- */

static const struct row {
    const char *name; /* several letters: no letter follows it */
    void (*run)(struct gdb_server *g, const char *text);
} rows[] = {
    {"qSupported", supported},
    {"QStartNoAckMode", no_ack},
    {"qXfer:features:read:target.xml:", features},
    {"qXfer:libraries:read::", libraries},
    {"qXfer:exec-file:read:", executable},
    {"qAttached", attached},
    {"qOffsets", offsets},
    {"qSymbol", well},
    {"qC", this_thread},
    {"qfThreadInfo", first_threads},
    {"qsThreadInfo", more_threads},
    {"qThreadExtraInfo", thread_text},
    {"qRcmd", monitor},
    {"vCont", resume},
    {"vKill", kill_and_answer},
    {"?", why},
    {"H", choose},
    {"T", alive},
    {"g", gdb_read_registers},
    {"G", gdb_write_registers},
    {"p", gdb_read_register},
    {"P", gdb_write_register},
    {"m", gdb_read_memory},
    {"M", gdb_write_hex},
    {"X", gdb_write_binary},
    {"Z", set_point},
    {"z", clear_point},
    {"s", step},
    {"S", step},
    {"c", go},
    {"C", go},
    {"b", back},
    {"D", detach},
    {"k", kill_machine},
};

static bool names(const struct row *row, const char *text)
{
    size_t n = strlen(row->name);

    return strncmp(row->name, text, n) == 0 &&
           (n == 1 || row->name[n - 1] == ':' ||
            !isalpha((unsigned char)text[n]));
}

void gdb_request(struct gdb_server *g)
{
    const char *text = g->request.text;
    bool silent = false;

    g->reply.count = 0;
    g->reply.text[0] = 0;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!names(&rows[i], text))
            continue;
        rows[i].run(g, text + strlen(rows[i].name));
        silent = g->reply.count == 0 && (g->ordered || rows[i].run == no_ack);
        break;
    }
    if (!silent)
        gdb_send(g, &g->reply);
}
