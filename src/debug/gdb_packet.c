/* src/debug/gdb_packet.c -- packets: "$TEXT#CHECKSUM" with escapes, '+' and '-'
 * between them until gdb wants none, a lone byte 3 when its user interrupts. */
#include <stdarg.h>
#include <string.h>

#include "debug/gdb.h"

enum { INTERRUPT = 3, ESCAPE = '}', ESCAPED = 0x20 };

/* ---- reading ------------------------------------------------------------- */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool gdb_hex(const char **at, unsigned bits, uint64_t *value)
{
    const char *p = *at;

    for (*value = 0; digit(*p) >= 0; p++) {
        if (*value >> (bits - 4))
            return false;
        *value = *value << 4 | (unsigned)digit(*p);
    }
    if (p == *at)
        return false;
    *at = p;
    return true;
}

bool gdb_hex_bytes(const char **at, void *to, size_t count)
{
    const char *p = *at;

    for (size_t i = 0; i < count; i++, p += 2) {
        if (digit(p[0]) < 0 || digit(p[1]) < 0)
            return false;
        ((uint8_t *)to)[i] = (uint8_t)(digit(p[0]) << 4 | digit(p[1]));
    }
    *at = p;
    return true;
}

bool gdb_skip(const char **at, const char *text)
{
    size_t n = strlen(text);

    if (strncmp(*at, text, n) != 0)
        return false;
    *at += n;
    return true;
}

/* ---- writing ------------------------------------------------------------- */

void gdb_put(struct gdb_packet *p, const char *format, ...)
{
    size_t room = sizeof p->text - p->count;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(p->text + p->count, room, format, args);
    va_end(args);
    if (n > 0)
        p->count += (size_t)n < room ? (size_t)n : room - 1;
}

void gdb_put_hex(struct gdb_packet *p, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gdb_put(p, "%02x", ((const uint8_t *)bytes)[i]);
}

void gdb_put_text_hex(struct gdb_packet *p, const char *text)
{
    gdb_put_hex(p, text, strlen(text));
}

bool gdb_put_part(struct gdb_packet *p, const char *range, const char *bytes,
                  size_t count)
{
    uint64_t offset, most;

    if (!gdb_hex(&range, 32, &offset) || !gdb_skip(&range, ",") ||
        !gdb_hex(&range, 32, &most))
        return false;
    if (most > GDB_PART) /* each byte may be escaped */
        most = GDB_PART;
    if (offset > count)
        offset = count;
    if (most > count - offset)
        most = count - offset;
    gdb_put(p, "%c", offset + most < count ? 'm' : 'l');
    memcpy(p->text + p->count, bytes + offset, most);
    p->count += most;
    p->text[p->count] = 0;
    return true;
}

/* ---- frames -------------------------------------------------------------- */

static void forget(struct gdb_socket *s, size_t count)
{
    s->count -= count;
    memmove(s->in, s->in + count, s->count);
}

/* The text of a frame of @count bytes behind '$'. False: its sum is wrong, or
 * it is longer than we said that a packet may be. */
static bool unframe(struct gdb_packet *p, const char *from, size_t count)
{
    const char *sum_at = from + count + 1;
    uint8_t sum = 0, told;

    if (!gdb_hex_bytes(&sum_at, &told, 1))
        return false;
    p->count = 0;
    for (size_t i = 0; i < count; i++) {
        sum = (uint8_t)(sum + (uint8_t)from[i]);
        if (from[i] == ESCAPE && i + 1 < count) {
            sum = (uint8_t)(sum + (uint8_t)from[++i]);
            p->text[p->count++] = (char)(from[i] ^ ESCAPED);
        } else {
            p->text[p->count++] = from[i];
        }
        if (p->count > GDB_PACKET)
            return false;
    }
    p->text[p->count] = 0;
    return sum == told;
}

static enum gdb_word take_frame(struct gdb_server *g, struct gdb_packet *p)
{
    struct gdb_socket *s = &g->socket;
    const char *end = memchr(s->in, '#', s->count);
    size_t count;
    bool good;

    if (!end || end + 3 > s->in + s->count)
        return GDB_NOTHING; /* not all of it is here */
    count = (size_t)(end - s->in) - 1;
    good = unframe(p, s->in + 1, count);
    forget(s, count + 4);
    if (!g->no_ack)
        gdb_socket_write(s, good ? "+" : "-", 1);
    return good ? GDB_REQUEST : GDB_NOTHING;
}

enum gdb_word gdb_take(struct gdb_server *g, struct gdb_packet *p)
{
    struct gdb_socket *s = &g->socket;

    while (s->count) {
        char c = s->in[0];

        if (c == '$') {
            size_t before = s->count;
            enum gdb_word word = take_frame(g, p);

            if (word == GDB_REQUEST || s->count == before)
                return word;
            continue; /* a bad one; the next */
        }
        forget(s, 1);
        if (c == INTERRUPT)
            return GDB_INTERRUPT;
        if (c == '-' && !g->no_ack)
            gdb_socket_write(s, g->wire.text, g->wire.count);
    }
    return GDB_NOTHING;
}

bool gdb_interrupted(struct gdb_server *g)
{
    struct gdb_socket *s = &g->socket;

    while (s->count && s->in[0] != '$') {
        bool interrupt = s->in[0] == INTERRUPT;

        forget(s, 1);
        if (interrupt)
            return true;
    }
    return false;
}

void gdb_send(struct gdb_server *g, const struct gdb_packet *p)
{
    struct gdb_packet *w = &g->wire;
    uint8_t sum = 0;

    w->count = 0;
    w->text[w->count++] = '$';
    for (size_t i = 0; i < p->count && w->count < GDB_PACKET - 5; i++) {
        char c = p->text[i];

        if (strchr("$#}*", c) && c) {
            w->text[w->count++] = ESCAPE;
            sum = (uint8_t)(sum + ESCAPE);
            c ^= ESCAPED;
        }
        w->text[w->count++] = c;
        sum = (uint8_t)(sum + (uint8_t)c);
    }
    gdb_put(w, "#%02x", sum);
    gdb_socket_write(&g->socket, w->text, w->count);
}
