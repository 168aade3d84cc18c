/* tests/fuzz/gdb_fuzz.c -- what comes to the server for gdb on its socket, any
 * bytes at all, and requests whose sums are right: an answer or none, never a
 * crash or a hang, and replies fit into what was said that they do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "debug/gdb.h"
#include "halbox/control.h"

enum { CODE = 0x100000, TICKS = 2000, MOST = 1 << 14 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void must(bool good)
{
    if (!good)
        abort();
}

static struct machine *create(void)
{
    static const uint8_t loop[] = {0xff, 5, 0, 0, 0x20, 0, 0xeb, 0xf8};
    struct machine_config config;
    struct machine *m;

    must(machine_config_init(&config, NULL, NULL) == HB_OK);
    config.bare = true;
    config.memory = 16 << 20;
    must(machine_create(&m, &config, NULL) == HB_OK);
    must(machine_load_program(m, PROGRAM_FLAT, loop, sizeof loop, gpa_of(CODE),
                              NULL) == HB_OK);
    return m;
}

static size_t put_packet(char *to, const uint8_t *text, size_t count)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + text[i]);
    to[0] = '$';
    memcpy(to + 1, text, count);
    snprintf(to + 1 + count, 4, "#%02x", sum);
    return count + 4;
}

/* The input as packets, a line each; if it begins as one: as it is. */
static void say(int fd, const uint8_t *bytes, size_t count)
{
    static char all[5 * MOST + 8];
    size_t n = 0, at = 0;

    if (count && bytes[0] == '$') {
        memcpy(all, bytes, count);
        n = at = count;
    }
    while (at < count) {
        const uint8_t *end = memchr(bytes + at, '\n', count - at);
        size_t line = (end ? (size_t)(end - bytes) : count) - at;

        n += put_packet(all + n, bytes + at, line);
        at += line + 1;
    }
    must(!n || send(fd, all, n, 0) == (ssize_t)n);
    shutdown(fd, SHUT_WR);
}

static void hear(int fd)
{
    char room[4096];

    while (recv(fd, room, sizeof room, MSG_DONTWAIT) > 0)
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    const struct debug_options options = {.history = 1 << 20,
                                          .stop_first = true};
    struct gdb_server *g;
    struct debug_client client;
    struct machine *m;
    struct debug *d;
    const struct timeval patience = {.tv_usec = 1000};
    int pair[2];

    if (count > MOST)
        return 0;
    m = create();
    must(gdb_listen(&g, "0", NULL) == HB_OK);
    client = gdb_serve(g);
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    must(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &patience,
                    sizeof patience) == 0);
    g->socket.fd = pair[0];
    say(pair[1], bytes, count);
    must(debug_attach(&d, m, &options, &client, NULL) == HB_OK);
    machine_run(m, TICKS, NULL);
    must(g->wire.count <= GDB_PACKET);
    debug_detach(d);
    gdb_close(g);
    hear(pair[1]);
    close(pair[1]);
    machine_destroy(m);
    return 0;
}
