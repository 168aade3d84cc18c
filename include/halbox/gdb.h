/* include/halbox/gdb.h -- a debugger on a machine whose user sits in gdb, or in
 * an editor that drives one: the remote serial protocol on a socket of this
 * host. Docs: docs/gdb.md. */
#ifndef HALBOX_GDB_H
#define HALBOX_GDB_H

#include "halbox/debug.h"

struct gdb_server;

/**
 * gdb_listen() - wait for a gdb to come.
 * @where: "1234": that TCP port, on the loopback interface alone; "0": a free
 *         one; anything with a '/': a Unix socket of that path, new
 *
 * Returns HB_OK, HB_BAD_ARGUMENT (neither), HB_BAD_STATE (in use, not allowed),
 * HB_NO_MEMORY.
 */
HB_API enum hb_status gdb_listen(struct gdb_server **out, const char *where,
                                 struct hb_error *error);
/** gdb_where() - what `target remote` takes: "127.0.0.1:1234", the path. */
HB_API const char *gdb_where(const struct gdb_server *server);
/** gdb_serve() - the client for debug_attach(), of one machine. At its first
 *  stop it waits until a gdb has come. Once that has detached the machine runs
 *  free, until another comes. */
HB_API struct debug_client gdb_serve(struct gdb_server *server);
/** gdb_close() - behind debug_detach(): the gdb is told that the run is over;
 *  its files and the socket go. NULL is nothing. */
HB_API void gdb_close(struct gdb_server *server);

#endif
