/* src/debug/gdb_socket.c -- the way to gdb: a TCP port of the loopback
 * interface, or a Unix socket; nobody from another host can come. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "debug/gdb.h"

enum { PATIENCE_S = 10 }; /* with a gdb that does not read */

static enum hb_status refused(struct gdb_socket *s, const char *where,
                              struct hb_error *error)
{
    hb_fail(error, HB_BAD_STATE, "gdb %s: cannot listen: %s", where,
            strerror(errno));
    gdb_socket_close(s);
    return HB_BAD_STATE;
}

/* One that nobody listens to any more: its server was killed. */
static void remove_dead(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 &&
        errno == ECONNREFUSED)
        unlink(at->sun_path);
    close(fd);
}

static enum hb_status open_unix(struct gdb_socket *s, const char *path,
                                struct hb_error *error)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof at.sun_path)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "gdb %s: a socket's path has at most %d characters",
                       path, (int)sizeof at.sun_path - 1);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    snprintf(s->where, sizeof s->where, "%s", path);
    remove_dead(&at);
    s->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listening < 0 ||
        bind(s->listening, (struct sockaddr *)&at, sizeof at) != 0)
        return refused(s, path, error);
    snprintf(s->path, sizeof s->path, "%s", path);
    return listen(s->listening, 1) == 0 ? HB_OK : refused(s, path, error);
}

static enum hb_status open_port(struct gdb_socket *s, const char *text,
                                struct hb_error *error)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof at;
    const int yes = 1;
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || port > UINT16_MAX)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "gdb %s: write a port, or a path with a '/'", text);
    at.sin_port = htons((uint16_t)port);
    s->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listening < 0 ||
        setsockopt(s->listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) ||
        bind(s->listening, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(s->listening, 1) != 0 ||
        getsockname(s->listening, (struct sockaddr *)&at, &bytes) != 0)
        return refused(s, text, error);
    snprintf(s->where, sizeof s->where, "127.0.0.1:%u", ntohs(at.sin_port));
    return HB_OK;
}

enum hb_status gdb_socket_open(struct gdb_socket *s, const char *where,
                               struct hb_error *error)
{
    s->listening = s->fd = -1;
    return strchr(where, '/') ? open_unix(s, where, error)
                              : open_port(s, where, error);
}

void gdb_socket_drop(struct gdb_socket *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    s->count = 0;
}

void gdb_socket_close(struct gdb_socket *s)
{
    gdb_socket_drop(s);
    if (s->listening >= 0)
        close(s->listening);
    s->listening = -1;
    if (s->path[0])
        unlink(s->path);
    s->path[0] = 0;
}

static bool ready(int fd, bool wait)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int n;

    do
        n = poll(&p, 1, wait ? -1 : 0);
    while (n < 0 && errno == EINTR && wait);
    return n > 0;
}

bool gdb_socket_accept(struct gdb_socket *s, bool wait)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const int yes = 1;

    do {
        if (!ready(s->listening, wait))
            return false;
        s->fd = accept4(s->listening, NULL, NULL, SOCK_CLOEXEC);
    } while (s->fd < 0 && wait && (errno == EINTR || errno == ECONNABORTED));
    if (s->fd < 0)
        return false;
    s->count = 0;
    setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (!s->path[0]) /* packets are short, each waits for its answer */
        setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return true;
}

bool gdb_socket_read(struct gdb_socket *s, bool wait)
{
    ssize_t n;

    if (s->count == sizeof s->in) /* no packet is that long */
        s->count = 0;
    do {
        if (!ready(s->fd, wait))
            return !wait;
        n = recv(s->fd, s->in + s->count, sizeof s->in - s->count, 0);
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        return false;
    s->count += (size_t)n;
    return true;
}

void gdb_socket_write(struct gdb_socket *s, const char *bytes, size_t count)
{
    while (count && s->fd >= 0) {
        ssize_t n = send(s->fd, bytes, count, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            gdb_socket_drop(s);
            return;
        }
        bytes += n;
        count -= (size_t)n;
    }
}
