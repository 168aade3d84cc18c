/* tests/devices/scsi_rig.h -- a host adapter with mailboxes, driven as a driver
 * does: its commands by ports; mailboxes, a CCB and its list in memory. */
#ifndef TESTS_DEVICES_SCSI_RIG_H
#define TESTS_DEVICES_SCSI_RIG_H

#include "bench.h"

enum { HA_STATUS, HA_DATA, HA_FLAGS, HA_GEOMETRY }; /* ports */
enum { HA_IDLE = 0x10, HA_INIT = 0x20, HA_FULL = 4, HA_INVALID = 1 };
enum { HA_DONE = 0x84, HA_OUT = 0x82, HA_IN = 0x81 };
/* behind struct ha.at */
enum {
    HA_MAIL = 0x5000,
    HA_CCB = 0x6000,
    HA_LIST = 0x7000,
    HA_SENSE = 0x8000, /* of CCBs of 32 bits */
    HA_BUFFER = 0x10000
};

struct ha {
    struct bench *b; /* its device is the adapter */
    bool wide;       /* mailboxes, CCBs, segments of 32 bits, above 16 MiB */
    uint32_t at;     /* where all that is */
    unsigned mailboxes, in;
};

/** ha_create() - "aha1542" or "buslogic", without drives; @lean as in
 *  bench_create_lean(). ha_power_on() - when its drives are in; the channel of
 *  the former is in cascade mode and open. */
struct ha *ha_create(const char *card, bool lean);
void ha_power_on(struct ha *r);
void ha_destroy(struct ha *r);
/** ha_leave() - the bench alone, that the caller destroys; @r is gone. */
struct bench *ha_leave(struct ha *r);
/** ha_setup() - for cmocka: an "aha1542" in *state with a disk at id 0 and a
 * disc at HA_CD, disk_byte(HA_SEED) on both. ha_teardown() - the end of any. */
int ha_setup(void **state);
int ha_teardown(void **state);
enum { HA_DISK_BYTES = 256 << 10, HA_CD = 3, HA_SEED = 5 };

/** ha_command() - an adapter command and its parameters. */
void ha_command(struct ha *r, const char *bytes, unsigned n);
/** ha_acknowledge() - resets the interrupt; one that waits comes. */
void ha_acknowledge(struct ha *r);
/** ha_answer() - the answer and its interrupt; bytes in @to. ha_ask() - after
 *  the command. */
unsigned ha_answer(struct ha *r, uint8_t *to);
unsigned ha_ask(struct ha *r, const char *bytes, unsigned n, uint8_t *to);
/** ha_mailboxes() - @n each way. */
void ha_mailboxes(struct ha *r, unsigned n);

/** ha_ccb() - operation @op for @target with one buffer or, for a list, @bytes
 *  of it at @at. ha_segment() - one of the list's. */
void ha_ccb(struct ha *r, unsigned op, unsigned target, const void *cdb,
            unsigned n, uint32_t at, uint32_t bytes);
void ha_segment(struct ha *r, unsigned i, uint32_t at, uint32_t bytes);
/** ha_post() - outgoing mailbox @i has the CCB and @action (1 start, 2 abort),
 *  which START SCSI tells. */
void ha_post(struct ha *r, unsigned i, unsigned action);
/** ha_start() - mailbox @i starts the CCB; until it is over. Returns the code
 * in the next incoming mailbox. */
unsigned ha_start(struct ha *r, unsigned i);
/** ha_clear_attention() - @target tells the unit attention of power-on, once.
 */
void ha_clear_attention(struct ha *r, unsigned target);

#endif
