/* src/net/user.c -- see user.h. The addresses are those that every guest of a
 * user network expects: 10.0.2.0/24, router 10.0.2.2, name server 10.0.2.3,
 * guests from 10.0.2.15 on; fec0::/64. */
#include "net/user.h"

#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CARDS = 8, QUEUE = 256, TIMERS = 4, OPTION_TEXT = 256 };
enum { MS_NS = 1000000, SOON_NS = 20000 };

/** A frame on its way to a card that has no room yet. */
struct frame {
    uint32_t bytes;
    uint8_t data[];
};

/** One card's port of the hub. */
struct hub_port {
    const char *card;
    struct frame *queue[QUEUE];
    unsigned first, count;
};

struct timer {
    bool used, armed;
    SlirpTimerId id;
    void *context;
    int64_t ms;
};

struct net_user {
    struct machine *m;
    Slirp *slirp;
    struct hub_port port[CARDS];
    unsigned ports;
    struct timer timer[TIMERS];
    /* while slirp fills in or reads what is waited for */
    struct pollfd *fd;
    const struct pollfd *polled;
    unsigned fds, most;
    /* options */
    char tftp[OPTION_TEXT], bootfile[OPTION_TEXT];
    bool restricted;
};

/* ---- the hub -------------------------------------------------------------*/

/* A port whose card is too slow loses frames, as that of a switch does. */
static void queue_put(struct hub_port *p, const void *bytes, uint32_t n)
{
    struct frame *f;

    if (p->count == QUEUE || n < 14 || n > 4096)
        return;
    f = malloc(sizeof *f + n);
    if (!f)
        return;
    f->bytes = n;
    memcpy(f->data, bytes, n);
    p->queue[(p->first + p->count++) % QUEUE] = f;
}

static void queue_drop(struct hub_port *p)
{
    free(p->queue[p->first]);
    p->first = (p->first + 1) % QUEUE;
    p->count--;
}

static void deliver(struct net_user *n, struct hub_port *p)
{
    while (p->count) {
        const struct frame *f = p->queue[p->first];

        if (machine_frame(n->m, p->card, f->data, f->bytes, NULL) == HB_FULL)
            return; /* offered again soon */
        queue_drop(p);
    }
}

/* From card @from, or from slirp (NULL), to everybody else. */
static void broadcast(struct net_user *n, const char *from, const void *bytes,
                      uint32_t count)
{
    for (unsigned i = 0; i < n->ports; i++) {
        if (!from || strcmp(n->port[i].card, from) != 0)
            queue_put(&n->port[i], bytes, count);
    }
}

static void on_frame(void *context, const char *card, const void *bytes,
                     uint32_t count)
{
    struct net_user *n = context;

    broadcast(n, card, bytes, count);
    slirp_input(n->slirp, bytes, (int)count);
}

/* ---- what slirp calls ----------------------------------------------------*/

static ssize_t send_packet(const void *bytes, size_t count, void *context)
{
    broadcast(context, NULL, bytes, (uint32_t)count);
    return (ssize_t)count;
}

static void guest_error(const char *text, void *context)
{
    (void)text; /* what the guest sent is in its events */
    (void)context;
}

static int64_t clock_get_ns(void *context)
{
    return (int64_t)machine_now_ns(((struct net_user *)context)->m);
}

static void *timer_new(SlirpTimerId id, void *timer_context, void *context)
{
    struct net_user *n = context;

    for (unsigned i = 0; i < TIMERS; i++) {
        if (n->timer[i].used)
            continue;
        n->timer[i] =
            (struct timer){.used = true, .id = id, .context = timer_context};
        return &n->timer[i];
    }
    return NULL;
}

static void timer_free(void *timer, void *context)
{
    (void)context;
    if (timer)
        ((struct timer *)timer)->used = false;
}

static void timer_mod(void *timer, int64_t ms, void *context)
{
    struct timer *t = timer;

    (void)context;
    if (!t)
        return;
    t->armed = true;
    t->ms = ms;
}

/* Descriptors are asked for before each wait: nothing to keep. */
static void poll_fd(int fd, void *context)
{
    (void)fd;
    (void)context;
}

static void notify(void *context)
{
    (void)context;
}

static const SlirpCb callbacks = {.send_packet = send_packet,
                                  .guest_error = guest_error,
                                  .clock_get_ns = clock_get_ns,
                                  .timer_free = timer_free,
                                  .timer_mod = timer_mod,
                                  .register_poll_fd = poll_fd,
                                  .unregister_poll_fd = poll_fd,
                                  .notify = notify,
                                  .timer_new_opaque = timer_new};

/* ---- waiting for the host ------------------------------------------------*/

static const struct {
    int slirp;
    short host;
} poll_bits[] = {{SLIRP_POLL_IN, POLLIN},
                 {SLIRP_POLL_OUT, POLLOUT},
                 {SLIRP_POLL_PRI, POLLPRI},
                 {SLIRP_POLL_ERR, POLLERR},
                 {SLIRP_POLL_HUP, POLLHUP}};
enum { POLL_BITS = sizeof poll_bits / sizeof poll_bits[0] };

static int add_poll(int fd, int events, void *context)
{
    struct net_user *n = context;
    short want = 0;

    if (n->fds == n->most)
        return -1; /* looked at in another round */
    for (unsigned i = 0; i < POLL_BITS; i++)
        if (events & poll_bits[i].slirp)
            want = (short)(want | poll_bits[i].host);
    n->fd[n->fds] = (struct pollfd){.fd = fd, .events = want};
    return (int)n->fds++;
}

static int get_revents(int index, void *context)
{
    const struct net_user *n = context;
    int got = 0;

    if (index < 0 || (unsigned)index >= n->fds)
        return 0;
    for (unsigned i = 0; i < POLL_BITS; i++)
        if (n->polled[index].revents & poll_bits[i].host)
            got |= poll_bits[i].slirp;
    return got;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

int net_user_want(void *net_user, struct pollfd *fd, unsigned most,
                  uint64_t *wait_ns)
{
    struct net_user *n = net_user;
    uint32_t ms = UINT32_MAX;
    int64_t now = clock_get_ns(n);

    n->fd = fd;
    n->fds = 0;
    n->most = most;
    slirp_pollfds_fill(n->slirp, &ms, add_poll, n);
    *wait_ns = least(*wait_ns, (uint64_t)ms * MS_NS);
    for (unsigned i = 0; i < TIMERS; i++) {
        int64_t left = n->timer[i].ms * MS_NS - now;

        if (n->timer[i].used && n->timer[i].armed)
            *wait_ns = least(*wait_ns, left > 0 ? (uint64_t)left : 0);
    }
    for (unsigned i = 0; i < n->ports; i++)
        if (n->port[i].count)
            *wait_ns = least(*wait_ns, SOON_NS);
    return (int)n->fds;
}

void net_user_take(void *net_user, const struct pollfd *fd, unsigned count)
{
    struct net_user *n = net_user;

    (void)count;
    n->polled = fd;
    slirp_pollfds_poll(n->slirp, 0, get_revents, n);
    for (unsigned i = 0; i < TIMERS; i++) {
        struct timer *t = &n->timer[i];

        if (t->used && t->armed && t->ms * MS_NS <= clock_get_ns(n)) {
            t->armed = false;
            slirp_handle_timer(n->slirp, t->id, t->context);
        }
    }
    for (unsigned i = 0; i < n->ports; i++)
        deliver(n, &n->port[i]);
}

/* ---- options -------------------------------------------------------------*/

static enum hb_status bad(const char *option, struct hb_error *error)
{
    return hb_fail(error, HB_BAD_ARGUMENT,
                   "user network: '%s' is not hostfwd=tcp|udp:[HOST]:PORT-"
                   "[GUEST]:PORT, restrict=on, tftp=FOLDER or bootfile=NAME",
                   option);
}

/* "[ADDRESS]:PORT" up to @end; an address that is left out stays. */
static bool address_port(const char *text, const char *end,
                         struct in_addr *address, int *port)
{
    const char *colon = memchr(text, ':', (size_t)(end - text));
    char host[16];
    char *stop;
    long v;

    if (!colon || colon - text >= (ptrdiff_t)sizeof host)
        return false;
    snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    if (host[0] && inet_pton(AF_INET, host, address) != 1)
        return false;
    v = strtol(colon + 1, &stop, 10);
    *port = (int)v;
    return stop == end && stop != colon + 1 && v >= 0 && v <= 65535;
}

static enum hb_status forward(struct net_user *n, const char *value,
                              const char *option, struct hb_error *error)
{
    struct in_addr host = {.s_addr = htonl(INADDR_ANY)};
    struct in_addr guest = {.s_addr = 0}; /* the first that DHCP gave */
    const char *dash = strchr(value, '-');
    bool udp = strncmp(value, "udp:", 4) == 0;
    int host_port, guest_port;

    if ((!udp && strncmp(value, "tcp:", 4) != 0) || !dash ||
        !address_port(value + 4, dash, &host, &host_port) ||
        !address_port(dash + 1, dash + strlen(dash), &guest, &guest_port))
        return bad(option, error);
    if (slirp_add_hostfwd(n->slirp, udp, host, host_port, guest, guest_port) <
        0)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "user network: port %d of the host cannot be had",
                       host_port);
    return HB_OK;
}

/* With slirp running: forwards. Before: all else. */
static enum hb_status option(struct net_user *n, const char *text,
                             struct hb_error *error)
{
    const char *value = strchr(text, '=');

    if (!value)
        return bad(text, error);
    value++;
    if (strncmp(text, "hostfwd=", 8) == 0)
        return n->slirp ? forward(n, value, text, error) : HB_OK;
    if (strcmp(text, "restrict=on") == 0)
        n->restricted = true;
    else if (strncmp(text, "tftp=", 5) == 0)
        snprintf(n->tftp, sizeof n->tftp, "%s", value);
    else if (strncmp(text, "bootfile=", 9) == 0)
        snprintf(n->bootfile, sizeof n->bootfile, "%s", value);
    else if (strcmp(text, "restrict=off") != 0)
        return bad(text, error);
    return HB_OK;
}

static enum hb_status options(struct net_user *n, const char *text,
                              struct hb_error *error)
{
    enum hb_status status = HB_OK;

    while (text && *text && status == HB_OK) {
        size_t length = strcspn(text, ",");
        char one[OPTION_TEXT];

        snprintf(one, sizeof one, "%.*s", (int)length, text);
        status = length < sizeof one ? option(n, one, error) : bad(text, error);
        text += length + (text[length] == ',');
    }
    return status;
}

/* ---- life ----------------------------------------------------------------*/

static struct in_addr v4(const char *text)
{
    struct in_addr a;

    inet_pton(AF_INET, text, &a);
    return a;
}

static struct in6_addr v6(const char *text)
{
    struct in6_addr a;

    inet_pton(AF_INET6, text, &a);
    return a;
}

static Slirp *slirp_begin(struct net_user *n)
{
    const SlirpConfig config = {
        .version = 4,
        .restricted = n->restricted,
        .in_enabled = true,
        .vnetwork = v4("10.0.2.0"),
        .vnetmask = v4("255.255.255.0"),
        .vhost = v4("10.0.2.2"),
        .in6_enabled = true,
        .vprefix_addr6 = v6("fec0::"),
        .vprefix_len = 64,
        .vhost6 = v6("fec0::2"),
        .vhostname = "halbox",
        .tftp_path = n->tftp[0] ? n->tftp : NULL,
        .bootfile = n->bootfile[0] ? n->bootfile : NULL,
        .vdhcp_start = v4("10.0.2.15"),
        .vnameserver = v4("10.0.2.3"),
        .vnameserver6 = v6("fec0::3"),
    };

    return slirp_new(&config, &callbacks, n);
}

enum hb_status net_user_create(struct net_user **out, struct machine *m,
                               const char *text, struct hb_error *error)
{
    struct net_user *n = calloc(1, sizeof *n);
    enum hb_status status;

    if (!n)
        return hb_fail(error, HB_NO_MEMORY, "no memory for a network");
    n->m = m;
    while (n->ports < CARDS && machine_network_card(m, n->ports)) {
        n->port[n->ports].card = machine_network_card(m, n->ports);
        n->ports++;
    }
    status = options(n, text, error);
    if (status == HB_OK) {
        n->slirp = slirp_begin(n);
        status = n->slirp ? options(n, text, error)
                          : hb_fail(error, HB_NO_MEMORY,
                                    "no memory for a user network");
    }
    if (status != HB_OK) {
        net_user_destroy(n);
        return status;
    }
    machine_frames(m, on_frame, n);
    *out = n;
    return HB_OK;
}

void net_user_destroy(struct net_user *n)
{
    if (!n)
        return;
    machine_frames(n->m, NULL, NULL);
    if (n->slirp)
        slirp_cleanup(n->slirp);
    for (unsigned i = 0; i < n->ports; i++)
        while (n->port[i].count)
            queue_drop(&n->port[i]);
    free(n);
}
