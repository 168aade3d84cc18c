/* tests/nt/rig.h -- a whole HAL machine with a driver on it, driven as a client
 * drives it; and a listener that keeps what the tests ask about. */
#ifndef TESTS_NT_RIG_H
#define TESTS_NT_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "halbox/control.h"
#include "halbox/inspect.h"
#include "halbox/machine.h"

enum { RIG_SECOND = 1000000000 };

struct rig {
    struct machine *m;
    char log[1 << 16]; /* event lines: what rig_has() looks through */
    size_t logged;
    uint32_t process, client;
};

/** rig_create() - a machine with the cards of @devices (NULL ends them). */
struct rig *rig_create(const char *const *devices);
/** rig_create_on() - ... of this platform. */
struct rig *rig_create_on(const char *platform, const char *const *devices);
void rig_destroy(struct rig *r);
/** rig_load() - a built guest image; returns its number. */
uint32_t rig_load(struct rig *r, const char *file);
/** rig_finish() - run until @ticket is done; returns its NTSTATUS. Fails the
 *  test when the machine stops for another reason. */
uint32_t rig_finish(struct rig *r, uint32_t ticket);
/** rig_call() - post and run until the I/O is over. */
struct machine_result rig_call(struct rig *r, const struct machine_call *call);
uint32_t rig_open(struct rig *r, const char *path);
/** rig_has() - was there an event whose line contains @text? */
bool rig_has(const struct rig *r, const char *text);
/** rig_irps() - IRPs that nt knows of now. */
unsigned rig_irps(const struct rig *r);
/** rig_count() - how many. */
unsigned rig_count(const struct rig *r, const char *text);

#endif
