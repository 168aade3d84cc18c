/* src/debug/gdb_commands.c -- what gdb asks for, one row each. What has no row
 * gets an empty reply: it is not known here. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "debug/gdb.h"
#include "halbox/control.h"

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

/* ---- registers ----------------------------------------------------------- */

static void read_registers(struct gdb_server *g, const char *text)
{
    struct gdb_registers from;
    unsigned count = gdb_register_count(g);

    (void)text;
    if (!gdb_registers_of(g, g->thread, &from)) {
        gdb_error(g, GDB_EINVAL);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        gdb_put_register(g, &from, i);
}

static void read_register(struct gdb_server *g, const char *text)
{
    struct gdb_registers from;
    uint64_t number;

    if (gdb_hex(&text, 16, &number) && number < gdb_register_count(g) &&
        gdb_registers_of(g, g->thread, &from))
        gdb_put_register(g, &from, (unsigned)number);
    else
        gdb_error(g, GDB_EINVAL);
}

static void changed(struct gdb_server *g, bool good, int error)
{
    if (!good) {
        gdb_error(g, error);
        return;
    }
    debug_changed(g->d);
    gdb_ok(g);
}

static void write_registers(struct gdb_server *g, const char *text)
{
    unsigned count = gdb_register_count(g);
    bool good = true;

    for (unsigned i = 0; good && *text && i < count; i++)
        good = gdb_set_register(g, i, &text);
    changed(g, good, GDB_EPERM);
}

static void write_register(struct gdb_server *g, const char *text)
{
    uint64_t number;
    bool good = gdb_hex(&text, 16, &number) && gdb_skip(&text, "=") &&
                gdb_set_register(g, (unsigned)number, &text);

    changed(g, good, GDB_EPERM);
}

/* ---- memory -------------------------------------------------------------- */

/* "ADDRESS,COUNT" with at most @most bytes, and not past 4 GiB. */
static bool place(const char **at, uint32_t most, gva_t *from, uint32_t *count)
{
    uint64_t address, bytes;

    if (!gdb_hex(at, 32, &address) || !gdb_skip(at, ",") ||
        !gdb_hex(at, 32, &bytes) || bytes > most)
        return false;
    if (bytes > 0x100000000 - address)
        bytes = 0x100000000 - address;
    *from = gva_of((uint32_t)address);
    *count = (uint32_t)bytes;
    return true;
}

/* As much as is mapped: gdb takes less, too. */
static uint32_t read_some(const struct gdb_server *g, gva_t at, uint8_t *to,
                          uint32_t count)
{
    const uint32_t space = gdb_thread_space(g, g->thread);
    uint32_t done = 0;

    while (done < count) {
        gva_t next = gva_add(at, done);
        uint32_t piece = 0x1000 - (next.v & 0xfff);

        if (piece > count - done)
            piece = count - done;
        if (!inspect_virtual(gdb_machine(g), space, next, to + done, piece))
            break;
        done += piece;
    }
    return done;
}

static void read_memory(struct gdb_server *g, const char *text)
{
    uint8_t bytes[GDB_PART];
    uint32_t count;
    gva_t at;

    if (!place(&text, sizeof bytes, &at, &count)) {
        gdb_error(g, GDB_EINVAL);
        return;
    }
    count = count ? read_some(g, at, bytes, count) : 0;
    if (count)
        gdb_put_hex(&g->reply, bytes, count);
    else
        gdb_error(g, GDB_EFAULT);
}

static void write_bytes(struct gdb_server *g, gva_t at, const void *bytes,
                        uint32_t count)
{
    if (count)
        changed(g,
                machine_poke_space(debug_machine(g->d),
                                   gdb_thread_space(g, g->thread), at, bytes,
                                   count, NULL) == HB_OK,
                GDB_EFAULT);
    else
        gdb_ok(g); /* gdb tries whether there is such a request */
}

static void write_hex(struct gdb_server *g, const char *text)
{
    uint8_t bytes[GDB_PART];
    uint32_t count;
    gva_t at;

    if (place(&text, sizeof bytes, &at, &count) && gdb_skip(&text, ":") &&
        gdb_hex_bytes(&text, bytes, count))
        write_bytes(g, at, bytes, count);
    else
        gdb_error(g, GDB_EINVAL);
}

static void write_binary(struct gdb_server *g, const char *text)
{
    const char *end = g->request.text + g->request.count;
    uint32_t count;
    gva_t at;

    if (place(&text, GDB_PACKET, &at, &count) && gdb_skip(&text, ":") &&
        count <= (size_t)(end - text))
        write_bytes(g, at, text, count);
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
    {"g", read_registers},
    {"G", write_registers},
    {"p", read_register},
    {"P", write_register},
    {"m", read_memory},
    {"M", write_hex},
    {"X", write_binary},
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
