/* include/halbox/inspect_io.h -- drivers, device objects and their stacks, and
 * the requests (IRPs) that are alive. Part of halbox/inspect.h; a bare machine
 * has none. What the executive keeps for itself (which packets there are, who
 * is attached to whom, names) is right whatever a driver writes; the other
 * fields are what lies in guest memory now, and read as 0 where nothing does.
 */
#ifndef HALBOX_INSPECT_IO_H
#define HALBOX_INSPECT_IO_H

#include "halbox/addr.h"
#include "halbox/machine.h"

enum { INSPECT_MAJORS = 28 };

/** A driver object. */
struct inspect_driver {
    gva_t at;
    char name[128]; /* \Driver\x                              */
    uint32_t image; /* a number; MACHINE_NONE: the kernel's   */
    uint32_t flags;
    gva_t device; /* the first of its device objects        */
    gva_t init, start_io, unload, add_device, fast_io;
    gva_t major[INSPECT_MAJORS]; /* dispatch routines                      */
};
HB_API bool inspect_driver_at(const struct machine *m, unsigned index,
                              struct inspect_driver *driver);

/** A device object. */
struct inspect_device_object {
    gva_t at;
    char name[128], driver_name[128]; /* "" without one                      */
    gva_t driver;
    uint32_t image;     /* of its driver; MACHINE_NONE: the kernel's   */
    uint32_t pnp;       /* PnP's number of the device whose PDO it is  */
    gva_t below, above; /* in its stack; 0: none                       */
    gva_t extension;
    uint32_t flags, characteristics, type, stack_size, alignment;
    uint32_t references; /* handles and pointers that hold it           */
    gva_t current;       /* IRP that its StartIo works on               */
    bool busy;           /* its device queue                            */
    unsigned queued;     /* IRPs in that                                */
};
/** inspect_device_object_at() - all of them, in the order of creation. */
HB_API bool inspect_device_object_at(const struct machine *m, unsigned index,
                                     struct inspect_device_object *device);
/** inspect_stack_at() - of the stack that device object @device is in; index 0
 *  is the lowest, the PDO. */
HB_API bool inspect_stack_at(const struct machine *m, gva_t device,
                             unsigned index, struct inspect_device_object *out);
/** inspect_queued_at() - an IRP in the device queue of @device, the next one is
 *  index 0. At most 4,096 are looked at, and none twice in a row. */
HB_API bool inspect_queued_at(const struct machine *m, gva_t device,
                              unsigned index, gva_t *irp);

/** Names as in the WDK: IRP_MJ_READ, IRP_MN_START_DEVICE; "" for others. */
HB_API const char *inspect_major_name(uint8_t major);
HB_API const char *inspect_minor_name(uint8_t major, uint8_t minor);

/** An IRP that is not freed yet. */
struct inspect_irp {
    gva_t at;
    const char *origin; /* driver, asynchronous, synchronous, service, manager:
                           who made it, docs/nt.md                          */
    const char *where;  /* new: not sent; driver: one has it; current: its
                           StartIo; queued: in its device queue; complete:
                           waits for its issuer                             */
    bool damaged;       /* its header is not that of an IRP                 */
    uint32_t thread;    /* number of the issuer's                           */
    uint32_t client;    /* whose request it is, or MACHINE_NONE             */
    uint8_t major, minor;
    gva_t device; /* those three: of the current location             */
    gva_t file;
    uint32_t flags, status, information;
    uint8_t stack_count, location; /* location stack_count + 1: not sent     */
    bool pending;                  /* IoMarkIrpPending at the current one    */
    bool pending_returned, cancel;
    uint8_t requestor_mode, cancel_irql;
    gva_t cancel_routine, mdl, system_buffer, user_buffer, user_iosb;
};
HB_API bool inspect_irp_at(const struct machine *m, unsigned index,
                           struct inspect_irp *irp);

/** One stack location of an IRP. */
struct inspect_location {
    gva_t at;
    unsigned number; /* from 1, the lowest driver's             */
    bool current;
    uint8_t major, minor, flags;
    bool pending; /* IoMarkIrpPending                        */
    bool on_success, on_error, on_cancel; /* when `routine` is called        */
    uint32_t parameter[4];
    gva_t device, file, routine, context;
    gva_t driver; /* of the device; 0: it is none            */
    char driver_name[128];
};
/** inspect_location_at() - of the IRP at @irp; index 0 is the highest, where
 *  the issuer put its request. False: no such IRP or location. */
HB_API bool inspect_location_at(const struct machine *m, gva_t irp,
                                unsigned index, struct inspect_location *out);

#endif
