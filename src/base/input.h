/* src/base/input.h -- the input log: everything that enters the machine from
 * outside (pokes, client calls, keys, packets) between instructions, stamped
 * with its position. Same image, settings and log: same run, byte for byte. */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include "base/clock.h"
#include "halbox/status.h"

enum input_kind {
    INPUT_POKE_PHYSICAL, /* a: gpa; data                                     */
    INPUT_POKE_VIRTUAL,  /* a: gva; b: address space (CR3); data             */
    INPUT_POKE_REGISTER, /* a: number; b: value; data: its name              */
    INPUT_SEND,          /* a: device; data: bytes that arrive there         */
    INPUT_MEDIUM,        /* a: device; b: drive; data: as `cdrom` is set     */
    INPUT_PROGRAM,       /* a: address; b: bytes; data: a module's name      */
    INPUT_IMAGE,         /* a: CRC-32 of the file; b: bytes; data: its name  */
    INPUT_DRIVER,        /* a: image; b: 0 start, 1 unload                   */
    INPUT_DEVICE,        /* a: device; b: image that it is offered to        */
    INPUT_ROOT_DEVICE,   /* data: hardware id                                */
    INPUT_PNP,           /* a: device; b: enum machine_pnp                   */
    INPUT_PROCESS,       /* data: name                                       */
    INPUT_CLIENT,        /* a: process                                       */
    INPUT_BUFFER,        /* a: process; b: bytes                             */
    INPUT_BUFFER_PAGES,  /* a: process; b: offset; data: page numbers        */
    INPUT_BUFFER_FREE,   /* a: process; b: address                           */
    INPUT_USER_WRITE,    /* a: process; b: address; data                     */
    INPUT_CALL,          /* a: client; b: enum machine_call_kind; data: rest */
    INPUT_TICKET_FREE,   /* a: ticket                                        */
    INPUT_REGISTRY,      /* a: value type; data: path, 0, name, 0, value     */
    INPUT_KERNEL,        /* a: CRC-32 of the file; b: bytes; data: cmdline   */
    INPUT_KEY,           /* a: usage; b: 1 down, 0 up                        */
    INPUT_POINTER,       /* a: dx, dy; b: dz, buttons; 32 bits each          */
    INPUT_FRAME,         /* a: device; data: the frame                       */
    INPUT_LINK,          /* a: device; b: 1 connected, 0 pulled              */
    INPUT_TRIM,          /* a: process, 0 the system; b: 1 out of RAM        */
    INPUT_FAIL,          /* a: enum ke_fault; b: which request fails         */
    INPUT_REGISTRY_FILE, /* a: CRC-32 of the file; b: bytes; data: its name  */
    INPUT_USER_PROGRAM,  /* a: CRC-32 of the file; b: bytes; data: its name, 0,
                            command line                                     */
    INPUT_POKE_REGISTER_BYTES, /* a: number; data: all its bytes             */
    INPUT_POKE_SPACE,  /* a: process, or SPACE_SYSTEM; b: gva; data        */
    INPUT_POKE_BUS,    /* a: dla; b: device, or INPUT_ANY_DEVICE; data     */
    INPUT_POKE_DEVICE, /* a: device, window << 16, bytes << 24, offset << 32;
                          b: value                                         */
    INPUT_POKE_MAP_REGISTER, /* a: bank, window << 32, index << 36; b: entry */
    INPUT_KINDS
};

#define INPUT_ANY_DEVICE UINT32_MAX

/** One entry; data lies in the log's bytes. */
struct input_entry {
    uint64_t tick, served; /* position: clock->now, entries served there,    */
    uint32_t moved;        /* ... and bytes of the tenure that are over      */
    uint64_t a, b;
    uint32_t kind;
    uint32_t at, bytes; /* of the data */
};

struct input_log {
    struct vec entry; /* of struct input_entry */
    struct vec data;  /* of bytes              */
};

enum { INPUT_LOG_VERSION = 2 };
extern const struct state_row input_log_rows[];

void input_log_fini(struct input_log *log);
/** input_log_add() - stamp and keep; @data is copied; @moved: bytes of the
 *  tenure that holds the bus that are over. HB_NO_MEMORY: nothing changed, the
 *  input must not enter. */
enum hb_status input_log_add(struct input_log *log, const struct clock *clock,
                             uint32_t moved, enum input_kind kind, uint64_t a,
                             uint64_t b, const void *data, uint32_t bytes);
/** input_kind_name() - for events and the log's reader. */
const char *input_kind_name(enum input_kind kind);

#endif
