/* src/debug/gdb.h -- the server for gdb from inside. Source of the protocol:
 * Debugging with GDB, appendix E (remote protocol) and G (target descriptions).
 */
#ifndef DEBUG_GDB_H
#define DEBUG_GDB_H

#include <stdio.h>

#include "halbox/gdb.h"

enum { GDB_PACKET = 0x4000, GDB_POINTS = 64, GDB_PATH = 108 };
/** Most bytes of memory or of a file in one packet. */
enum { GDB_PART = GDB_PACKET / 2 - 16 };

/** Errors in replies: numbers as in errno. */
enum { GDB_EPERM = 1, GDB_EFAULT = 14, GDB_EINVAL = 22, GDB_ENOSPC = 28 };

/* ---- gdb_socket.c -------------------------------------------------------- */

/** The way to gdb. What came is in [0, count) of `in`. */
struct gdb_socket {
    int listening, fd;       /* -1: none */
    char path[GDB_PATH];     /* of a Unix socket, to be removed; or "" */
    char where[GDB_PATH];    /* as gdb_where() */
    char in[2 * GDB_PACKET]; /* with room for a packet and what is behind it */
    size_t count;
};
enum hb_status gdb_socket_open(struct gdb_socket *s, const char *where,
                               struct hb_error *error);
void gdb_socket_close(struct gdb_socket *s);
/** gdb_socket_accept() - a gdb has come; @wait: until one comes. */
bool gdb_socket_accept(struct gdb_socket *s, bool wait);
/** gdb_socket_read() - more of what it says; @wait: until there is something.
 *  False: it has gone. */
bool gdb_socket_read(struct gdb_socket *s, bool wait);
/** gdb_socket_write() - all of it, or the connection is dropped. */
void gdb_socket_write(struct gdb_socket *s, const char *bytes, size_t count);
void gdb_socket_drop(struct gdb_socket *s);

/* ---- gdb_packet.c -------------------------------------------------------- */

/** A packet: its text without frame and escapes; it may hold zeroes, and one
 *  follows behind it. */
struct gdb_packet {
    char text[GDB_PACKET + 1];
    size_t count;
};
/** gdb_hex() - a hexadecimal number at *@at, which moves behind it. False:
 *  there is none, or it has more than @bits bits. */
bool gdb_hex(const char **at, unsigned bits, uint64_t *value);
/** gdb_hex_bytes() - two digits a byte; false: fewer than @count of them. */
bool gdb_hex_bytes(const char **at, void *to, size_t count);
/** gdb_skip() - *@at begins with @text: it moves behind that. */
bool gdb_skip(const char **at, const char *text);

/** gdb_put() - append; what does not fit is cut off. */
void gdb_put(struct gdb_packet *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void gdb_put_hex(struct gdb_packet *p, const void *bytes, size_t count);
void gdb_put_text_hex(struct gdb_packet *p, const char *text);
/** gdb_put_part() - the answer to qXfer: @count bytes of @bytes from what
 *  "OFFSET,LENGTH" says. False: it says nothing. */
bool gdb_put_part(struct gdb_packet *p, const char *range, const char *bytes,
                  size_t count);

enum gdb_word { GDB_NOTHING, GDB_INTERRUPT, GDB_REQUEST };
/** gdb_take() - the next thing in what came: a packet goes to @p. */
enum gdb_word gdb_take(struct gdb_server *g, struct gdb_packet *p);
/** gdb_interrupted() - the next thing is an interrupt; it is taken. */
bool gdb_interrupted(struct gdb_server *g);
/** gdb_send() - frame it and send it. */
void gdb_send(struct gdb_server *g, const struct gdb_packet *p);

/* ---- the server ---------------------------------------------------------- */

/** A breakpoint of gdb's. */
struct gdb_point {
    int id;    /* of debug_break_add(); 0: free                             */
    char type; /* '0' software, '1' hardware, '2' write, '3' read, '4' both */
    uint32_t at, bytes;
};

struct gdb_server {
    struct gdb_socket socket;
    struct debug *d; /* NULL: before its first stop */
    bool no_ack;     /* QStartNoAckMode             */
    bool owes;       /* gdb waits for a stop reply  */
    bool monitors;   /* gdb waits for the end of a monitor command */
    bool ordered;    /* the machine is to go on     */
    bool over;       /* nothing more can be ordered */
    struct gdb_packet request, reply, wire; /* wire: to send again */
    struct gdb_point point[GDB_POINTS];
    int images;                      /* breakpoint behind image_load; 0: none */
    struct debug_order order;        /* the last one   */
    const struct gdb_point *written; /* back to before this watch was hit */
    int returns; /* breakpoint where an interrupt returns to; 0: none */
    uint32_t returns_thread, returns_esp;
    uint32_t thread; /* that g, m and their like are about: gdb's id */
    unsigned listed; /* of threads, in qsThreadInfo */
    char folder[64], kernel[96]; /* what was written for gdb; "": nothing */
    bool kernel_tried;
};

static inline const struct machine *gdb_machine(const struct gdb_server *g)
{
    return debug_machine(g->d);
}
/** gdb_error() - the reply is this error. gdb_ok() - it is OK. */
void gdb_error(struct gdb_server *g, int number);
void gdb_ok(struct gdb_server *g);

/* ---- gdb_commands.c ------------------------------------------------------ */

/** gdb_request() - do what g->request says; g->reply is sent if there is to be
 *  one now. */
void gdb_request(struct gdb_server *g);

/* ---- gdb_data.c ----------------------------------------------------------
 * Rows of the table: @text is what follows the name. */

void gdb_read_registers(struct gdb_server *g, const char *text);
void gdb_read_register(struct gdb_server *g, const char *text);
void gdb_write_registers(struct gdb_server *g, const char *text);
void gdb_write_register(struct gdb_server *g, const char *text);
void gdb_read_memory(struct gdb_server *g, const char *text);
void gdb_write_hex(struct gdb_server *g, const char *text);
void gdb_write_binary(struct gdb_server *g, const char *text);

/* ---- gdb_stop.c ---------------------------------------------------------- */

/** gdb_stop_reply() - why the machine stands. */
void gdb_stop_reply(struct gdb_server *g, const struct debug_stop *stop);
/** gdb_console() - send a line for gdb's user; only while it waits. */
void gdb_console(struct gdb_server *g, const char *line);

/* ---- gdb_monitor.c ------------------------------------------------------- */

/** gdb_monitor() - do @words. gdb_monitor_stopped() - the machine stands where
 *  they let it go to. */
void gdb_monitor(struct gdb_server *g, const char *words);
void gdb_monitor_stopped(struct gdb_server *g);

/* ---- gdb_step.c ---------------------------------------------------------- */

/** gdb_step_goes_on() - the stop is one of a step that is not over: the next
 *  order has been given. */
bool gdb_step_goes_on(struct gdb_server *g, const struct debug_stop *stop);

/* ---- gdb_registers.c ----------------------------------------------------- */

/** What a register's value is taken from. */
struct gdb_registers {
    bool running;                 /* on the CPU: all are known */
    uint32_t reg[8], eip, eflags; /* else these                */
};
bool gdb_registers_of(const struct gdb_server *g, uint32_t thread,
                      struct gdb_registers *from);
void gdb_put_register(struct gdb_server *g, const struct gdb_registers *from,
                      unsigned number);
unsigned gdb_register_count(const struct gdb_server *g);
/** gdb_set_register() - from the digits at *@at, which moves behind them. */
bool gdb_set_register(struct gdb_server *g, unsigned number, const char **at);
/** gdb_target_xml() - the caller frees it; NULL: no memory. */
char *gdb_target_xml(const struct gdb_server *g, size_t *count);

/* ---- gdb_threads.c -------------------------------------------------------
 * gdb's ids: a thread's number; of the idle thread, whose number is 0, and of a
 * bare machine GDB_IDLE. */

enum { GDB_IDLE = 1 };
uint32_t gdb_thread_now(const struct gdb_server *g);
bool gdb_thread_find(const struct gdb_server *g, uint32_t id,
                     struct inspect_thread *thread);
/** gdb_thread_space() - whose virtual addresses it uses. */
uint32_t gdb_thread_space(const struct gdb_server *g, uint32_t id);
void gdb_put_threads(struct gdb_server *g, bool first);
void gdb_put_thread_text(struct gdb_server *g, uint32_t id);

/* ---- gdb_points.c -------------------------------------------------------- */

/** gdb_point_set() - Z and z: "TYPE,ADDRESS,KIND". */
void gdb_point_set(struct gdb_server *g, const char *text, bool set);
const struct gdb_point *gdb_point_of(const struct gdb_server *g, int id);
/** gdb_points_begin() - stop behind each image that is loaded. */
void gdb_points_begin(struct gdb_server *g);
/** gdb_points_end() - nothing of gdb's is left. */
void gdb_points_end(struct gdb_server *g);

/* ---- gdb_sections.c ------------------------------------------------------ */

/** gdb_sections() - print where each section of file @file stands, if @path is
 *  a relocatable one; false: it is not. */
bool gdb_sections(const struct gdb_server *g, unsigned file, const char *path,
                  FILE *out);

/* ---- gdb_libraries.c ----------------------------------------------------- */

/** gdb_libraries_xml() - the caller frees it; NULL: no memory. */
char *gdb_libraries_xml(struct gdb_server *g, size_t *count);
/** gdb_kernel_file() - of the kernel's names; "": there is none. */
const char *gdb_kernel_file(struct gdb_server *g);
void gdb_libraries_end(struct gdb_server *g);

#endif
