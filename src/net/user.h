/* src/net/user.h -- a network in user mode behind a machine's network cards: a
 * hub with all of them and libslirp, which carries TCP, UDP and ICMP on by the
 * host's sockets. It is outside the machine: its clock is the machine's, what
 * it sends are inputs, and no save holds its connections. Docs: docs/net.md. */
#ifndef NET_USER_H
#define NET_USER_H

#include <poll.h>

#include "halbox/control.h"

struct net_user;

/**
 * net_user_create() - connect the cards of @m to a user network.
 * @options: joined by commas; NULL or "": none
 *     hostfwd=tcp|udp:[HOSTADDR]:HOSTPORT-[GUESTADDR]:GUESTPORT
 *     restrict=on       nothing reaches the host or beyond
 *     tftp=FOLDER       served by TFTP; bootfile=NAME: told by DHCP
 *
 * Returns HB_OK; HB_BAD_ARGUMENT (options, or a port that cannot be had),
 * HB_NO_MEMORY.
 */
enum hb_status net_user_create(struct net_user **out, struct machine *m,
                               const char *options, struct hb_error *error);
/** net_user_destroy() - its connections are reset; before the machine goes. */
void net_user_destroy(struct net_user *n);

/** net_user_want(), net_user_take() - before and after waiting for the host,
 *  as `want` and `take` of struct live_source (src/cli/live.h). */
int net_user_want(void *net_user, struct pollfd *fd, unsigned most,
                  uint64_t *wait_ns);
void net_user_take(void *net_user, const struct pollfd *fd, unsigned count);

#endif
