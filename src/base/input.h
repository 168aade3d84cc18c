/* src/base/input.h -- the input log: everything that enters the machine from
 * outside (pokes, client calls, keys, packets) between instructions, stamped
 * with its position. Same image, settings and log: same run, byte for byte. */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include "base/clock.h"
#include "halbox/status.h"

enum input_kind {
    INPUT_POKE_PHYSICAL, /* a: gpa; data                                     */
    INPUT_POKE_VIRTUAL,  /* a: gva; data                                     */
    INPUT_POKE_REGISTER, /* a: number; b: value                              */
    INPUT_IMAGE,         /* a: CRC-32 of the file; b: bytes; data: its name  */
    INPUT_CALL,          /* a: client; b: service; data: arguments, buffers  */
    INPUT_DEVICE,        /* a: device; b: what; data: bytes for the device   */
    INPUT_KINDS
};

/** One entry; data lies in the log's bytes. */
struct input_entry {
    uint64_t tick, served; /* position: clock->now, entries served there     */
    uint64_t a, b;
    uint32_t kind;
    uint32_t at, bytes; /* of the data */
};

struct input_log {
    struct vec entry; /* of struct input_entry */
    struct vec data;  /* of bytes              */
};

enum { INPUT_LOG_VERSION = 1 };
extern const struct state_row input_log_rows[];

void input_log_fini(struct input_log *log);
/** input_log_add() - stamp and keep; @data is copied. HB_NO_MEMORY: nothing
 *  changed, the input must not enter. */
enum hb_status input_log_add(struct input_log *log, const struct clock *clock,
                             enum input_kind kind, uint64_t a, uint64_t b,
                             const void *data, uint32_t bytes);
/** input_kind_name() - for events and the log's reader. */
const char *input_kind_name(enum input_kind kind);

#endif
