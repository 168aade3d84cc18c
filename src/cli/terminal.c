/* src/cli/terminal.c -- standard input as a live source: bytes go in as fast as
 * the serial port has room for them, so that none is lost. */
#include "cli/terminal.h"

#include <unistd.h>

#include "halbox/control.h"

enum { CTRL_A = 1, RETRY_NS = 1000000 };

static const char device[] = "uart16550";

static int want(void *context, struct pollfd *fd, unsigned most,
                uint64_t *wait_ns)
{
    struct terminal *t = context;

    if (t->over && !t->count)
        return -1;
    if (t->count) { /* the port had no room */
        if (*wait_ns > RETRY_NS)
            *wait_ns = RETRY_NS;
        return 0;
    }
    if (!most)
        return 0;
    *fd = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    return 1;
}

static void quit(struct terminal *t)
{
    t->quit = true;
    machine_stop(t->m);
}

/* Ctrl-A begins a command to us; compacts what is left for the guest. */
static void filter(struct terminal *t)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < t->count; i++) {
        unsigned char c = t->byte[i];

        if (t->raw && !t->escape && c == CTRL_A) {
            t->escape = true;
            continue;
        }
        if (t->escape && (c == 'x' || c == 'X'))
            quit(t);
        else if (!t->escape || c == CTRL_A)
            t->byte[kept++] = c;
        t->escape = false;
    }
    t->count = kept;
}

static void hand_in(struct terminal *t)
{
    while (t->count && machine_send_ready(t->m, device) &&
           machine_send(t->m, device, t->byte + t->first, 1, NULL) == HB_OK) {
        t->first++;
        t->count--;
    }
}

static void take(void *context, const struct pollfd *fd, unsigned count)
{
    struct terminal *t = context;
    ssize_t n;

    if (count && fd->revents && !t->count) {
        n = read(STDIN_FILENO, t->byte, sizeof t->byte);
        t->first = 0;
        t->count = n > 0 ? (unsigned)n : 0;
        t->over = n <= 0;
        filter(t);
    }
    hand_in(t);
}

void terminal_begin(struct terminal *t, struct live *live, bool asked)
{
    const struct live_source source = {
        .context = t, .want = want, .take = take};
    struct termios raw;

    t->m = live->m;
    if (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &t->saved) == 0) {
        raw = t->saved;
        cfmakeraw(&raw);
        raw.c_oflag |= OPOST; /* our own lines end as ever */
        t->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    if (t->raw || asked)
        live_add(live, &source);
}

void terminal_end(struct terminal *t)
{
    if (t->raw)
        tcsetattr(STDIN_FILENO, TCSANOW, &t->saved);
    t->raw = false;
}
