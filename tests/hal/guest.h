/* tests/hal/guest.h -- a rig with CPU and kernel: routines are called by guest
 * code in a system thread through their stubs, as a driver calls them, and call
 * back into guest code that notes its arguments. */
#ifndef TESTS_HAL_GUEST_H
#define TESTS_HAL_GUEST_H

#include "rig.h"

#include "cpu/cpu.h"
#include "hal/exports/hal_exports.h"
#include "ke/ke.h"

enum { GUEST_NOTED = 16, GUEST_PDO = 0x81555000 };

struct guest {
    struct rig r;
    struct cpu cpu;
    struct ke *ke;
    uint32_t page;   /* guest code and data of the fixture */
    uint32_t heap;   /* next free byte for guest_alloc()   */
    uint32_t pieces; /* kernel entries of the last call    */
    uint32_t edx;    /* of the last call                   */
    uint32_t pdo;    /* for guest_adapter(), 0 none        */
};

/** WriteToDevice, and offsets in DMA_OPERATIONS. */
enum { READ = 0, WRITE = 1 };
enum {
    OP_PUT = 0x04,
    OP_ALLOCATE_COMMON = 0x08,
    OP_FREE_COMMON = 0x0c,
    OP_ALLOCATE_CHANNEL = 0x10,
    OP_FLUSH = 0x14,
    OP_FREE_CHANNEL = 0x18,
    OP_FREE_REGISTERS = 0x1c,
    OP_MAP = 0x20,
    OP_ALIGNMENT = 0x24,
    OP_COUNTER = 0x28,
    OP_GET_LIST = 0x2c,
    OP_PUT_LIST = 0x30,
    OP_CALCULATE = 0x34,
    OP_BUILD = 0x38,
    OP_BUILD_MDL = 0x3c,
    OP_ADAPTER_INFO = 0x40,
    OP_TRANSFER_INFO = 0x44,
    OP_INIT_CONTEXT = 0x48,
    OP_ALLOCATE_COMMON_EX = 0x4c,
    OP_ALLOCATE_CHANNEL_EX = 0x50,
    OP_CONFIGURE = 0x54,
    OP_CANCEL_CHANNEL = 0x58,
    OP_MAP_EX = 0x5c,
    OP_GET_LIST_EX = 0x60,
    OP_BUILD_EX = 0x64,
    OP_FLUSH_EX = 0x68,
    OP_FREE_OBJECT = 0x6c,
    OP_CANCEL_MAPPED = 0x70,
};

struct guest *guest_new(const struct rig_options *options);
struct guest *guest_of(enum hal_kind kind);
void guest_free(struct guest *g);

/** guest_call() - call the stub of @name (or address @at when NULL) with
 *  @count dwords; EAX. Fails the test when the guest stops or does not come
 *  back. guest_call_irql() - the same at DISPATCH_LEVEL, as a driver's dispatch
 *  or StartIo code is. */
uint32_t guest_call_at(struct guest *g, uint32_t at, unsigned count,
                       const uint32_t *args);
#define guest_call(g, name, ...)                                               \
    guest_call_at((g), ke_stub((g)->ke, (name)).v,                             \
                  sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t),        \
                  (const uint32_t[]){__VA_ARGS__})
/** guest_try() - as guest_call_at(); false: the guest system stopped. */
bool guest_try(struct guest *g, uint32_t at, unsigned count,
               const uint32_t *args, uint32_t *eax);
void guest_irql(struct guest *g, uint8_t irql);

/** guest_alloc() - zeroed nonpaged guest memory. */
uint32_t guest_alloc(struct guest *g, uint32_t bytes);
uint32_t guest_get(const struct guest *g, uint32_t at);
void guest_set(struct guest *g, uint32_t at, uint32_t value);
void guest_put(struct guest *g, uint32_t at, const void *from, uint32_t bytes);

/** The fixture's callback: stdcall with four arguments; returns
 *  guest_answer(). Noted per call: arguments and IRQL. */
uint32_t guest_callback(const struct guest *g);
void guest_answer(struct guest *g, uint32_t value);
uint32_t guest_called(const struct guest *g);
uint32_t guest_argument(const struct guest *g, uint32_t call, unsigned i);
uint32_t guest_called_irql(const struct guest *g, uint32_t call);

/** guest_description() - a DEVICE_DESCRIPTION; guest_adapter() - what
 *  IoGetDmaAdapter makes of it. guest_entry() - entry at @offset of its
 *  DMA_OPERATIONS. */
uint32_t guest_adapter(struct guest *g, const struct hal_device *dev,
                       uint32_t *count);
uint32_t guest_entry(const struct guest *g, uint32_t adapter, uint32_t offset);
/** guest_encode() - the DEVICE_DESCRIPTION's bytes; guest_raw() - what the
 * export
 *  @name makes of any such, with *@count before and after. */
void guest_encode(const struct hal_device *dev,
                  uint8_t raw[HAL_DEVICE_BYTES_V3]);
uint32_t guest_raw(struct guest *g, const char *name,
                   const uint8_t raw[HAL_DEVICE_BYTES_V3], uint32_t *count);
/** table_call() - the routine at @offset of the table, adapter first. */
#define table_call(g, adapter, offset, ...)                                    \
    guest_call_at((g), guest_entry((g), (adapter), (offset)),                  \
                  sizeof((uint32_t[]){(adapter), ##__VA_ARGS__}) /             \
                      sizeof(uint32_t),                                        \
                  (const uint32_t[]){(adapter), ##__VA_ARGS__})
/** guest_device() - a DEVICE_OBJECT with this CurrentIrp. */
uint32_t guest_device(struct guest *g, uint32_t irp);
/** guest_mdl() - an MDL of @b, locked, whose Next is 0. */
uint32_t guest_mdl(struct guest *g, struct buffer *b);

#endif
