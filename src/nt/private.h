/* src/nt/private.h -- the executive's state and what its files share. All that
 * the guest could corrupt to our harm (reference counts, names, handles, who
 * issued an IRP) is kept here; what drivers read lies in guest memory. */
#ifndef NT_PRIVATE_H
#define NT_PRIVATE_H

#include "base/events.h"
#include "base/vec.h"
#include "ke/call.h"
#include "ke/ke.h"
#include "mm/mm.h"
#include "nt/nt.h"
#include "nt/ntstatus.h"
#include "nt/offsets.h"
#include "nt/registry.h"

enum nt_type {
    TYPE_NONE,
    TYPE_TYPE,
    TYPE_DIRECTORY,
    TYPE_SYMLINK,
    TYPE_DEVICE,
    TYPE_DRIVER,
    TYPE_FILE,
    TYPE_PROCESS,
    TYPE_THREAD,
    TYPE_EVENT,
    TYPE_KEY,
    TYPE_SECTION,
    TYPE_CALLBACK,
    TYPE_SEMAPHORE,
    TYPE_WMI,
    TYPE_TOKEN,
    TYPE_ADAPTER, /* the HAL's own: none has a handle */
    NT_TYPES
};

enum { NT_PATH_UNITS = 512, NT_REPARSE_MOST = 32, NT_BARS = 6 };

/** Pool tags, as they read in memory. */
#define TAG(a, b, c, d)                                                        \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 |                \
     (uint32_t)(d) << 24)

/** UTF-16 text of the host side. */
struct nt_string {
    uint16_t count;
    uint16_t unit[NT_PATH_UNITS];
};

/** An object; its number is its place in the table plus one. */
struct nt_object {
    uint32_t body; /* guest VA; 0: the place is free */
    uint8_t type;  /* enum nt_type */
    uint8_t permanent;
    uint8_t deleted;   /* IoDeleteDevice, IoDeleteSymbolicLink were here */
    uint8_t owns_body; /* the body is pool of ours, freed with the object */
    uint32_t references, handles;
    uint32_t parent; /* directory's number, 0: not in the namespace */
    uint32_t data;   /* DEVICE: PnP device number; PROCESS, THREAD: number;
                        KEY: key number; SECTION: section number; FILE: 0 */
    uint32_t below;  /* DEVICE: the device object it is attached to */
    uint8_t deferred_start, starting, start_wanted; /* DEVICE: startio.c */
    uint8_t power_busy;                 /* DEVICE: power_queue.c       */
    uint8_t device_power, system_power; /* DEVICE: PoSetPowerState     */
    uint32_t start_key;
    uint16_t name_count, target_count;
    uint16_t name[NT_NAME], target[NT_NAME];
};

/** A section object's pages: section.c. */
struct nt_section {
    uint32_t object;  /* its number; 0: the place is free */
    uint32_t mdl;     /* of its pages; 0: physical memory */
    uint32_t bytes;   /* of its own pages */
    uint32_t protect; /* PAGE_x */
};

/** A view of a section. */
struct nt_view {
    uint32_t process; /* ke's number */
    uint32_t start;   /* VA; its size is the area's */
    uint32_t section; /* object's number */
};

struct nt_handle {
    uint32_t process; /* ke's number; 0: the place is free */
    uint32_t value;
    uint32_t object; /* number */
    uint32_t access;
    uint32_t attributes;
};

/** How an IRP came to be: decides what its completion does. */
enum irp_origin {
    IRP_DRIVER,  /* IoAllocateIrp: the driver frees it          */
    IRP_ASYNC,   /* IoBuildAsynchronousFsdRequest               */
    IRP_SYNC,    /* IoBuildSynchronousFsdRequest, DeviceIoControl */
    IRP_SERVICE, /* NtReadFile and its like                     */
    IRP_MANAGER, /* PnP manager                                 */
};

/** An IRP that nt allocated. */
struct nt_irp {
    uint32_t at; /* guest VA; 0: the place is free */
    uint8_t origin;
    uint8_t done;   /* SERVICE, MANAGER: completed, waits for its issuer */
    uint8_t waited; /* its issuer will fetch the result itself          */
    uint8_t returned_pending; /* PendingReturned at the top                */
    uint32_t thread;    /* ke's number of the issuer                        */
    uint32_t file;      /* FILE_OBJECT it refers to, 0                      */
    uint32_t event;     /* number of an event object that it signals, 0     */
    uint32_t wake;      /* KEVENT that wakes the issuer, 0                  */
    uint32_t out_bytes; /* most that Information may copy back             */
    uint32_t client;    /* whose request it is, NT_NONE                     */
    uint32_t status, information;
};

struct nt_image {
    char name[NT_PATH]; /* file name */
    uint32_t base, bytes, pages, entry;
    uint32_t driver;                     /* DRIVER_OBJECT */
    uint32_t extension, section;         /* DRIVER_EXTENSION, LDR entry */
    uint32_t registry_path;              /* UNICODE_STRING */
    uint32_t dll_initialize, dll_unload; /* of an export driver */
    uint32_t entry_status;
    uint32_t missing;
    uint8_t initialized; /* DllInitialize has been called */
    uint8_t started, unloaded, elf;
};

/** An export of a loaded image. */
struct nt_symbol {
    uint32_t image; /* number */
    uint32_t address;
    uint32_t ordinal;
    char name[NT_PATH];
};

struct nt_driver_extension {
    uint32_t driver, identity, at;
};

struct nt_device {
    struct nt_card card;
    uint8_t state;
    uint8_t power;   /* DEVICE_POWER_STATE now: 1 = D0 .. 4 = D3 */
    uint8_t enabled; /* PCI: decoding was switched on            */
    uint32_t image;
    uint32_t pdo; /* guest VA */
    uint32_t status;
    uint32_t lent;            /* page of START_DEVICE's lists, 0: none */
    uint32_t raw, translated; /* CM_RESOURCE_LISTs in it   */
    uint32_t chosen;          /* descriptors in each       */
    struct nt_resource held[NT_RESOURCES]; /* those, as the arbiter sees them */
    struct nt_resource left[NT_RESOURCES]; /* that a rebalance takes away  */
    uint32_t leaving;      /* descriptors of those                         */
    uint32_t requirements; /* filtered, in pool: what it was chosen from   */
    uint32_t bar[NT_BARS]; /* PCI: what the registers hold now, no flags   */
    uint8_t line;          /* PCI: where its pin is routed to now, 0: none */
    uint8_t pulled;        /* the card is out of its slot                  */
    uint32_t flags;        /* PNP_DEVICE_x that its drivers said           */
    /* of a child that a driver's bus reports */
    uint8_t reported, missing, unasked;
    uint32_t parent; /* number, 0: none */
    char instance[NT_PATH];
};

/** A number in a list. */
struct nt_number {
    uint32_t v;
};

struct nt_interface {
    uint32_t device; /* PnP device number */
    uint8_t guid[16];
    uint8_t enabled;
    uint32_t link; /* symbolic link object's number while enabled */
    uint16_t name_count;
    uint16_t name[NT_NAME];
};

struct nt_process {
    char name[NT_PATH];
    uint32_t ke;         /* ke's number */
    uint32_t space;      /* mm's number */
    uint32_t object;     /* number */
    uint32_t code;       /* user page with the client's loop */
    uint8_t program;     /* enum program_state */
    uint8_t exception;   /* one that nobody handled ended it */
    uint8_t output_full; /* what it wrote is not kept any more */
    uint32_t exit_status, ticket;
    uint32_t output_bytes;
};

/** A thread of a program. */
struct nt_thread {
    uint32_t thread;  /* ke's number */
    uint32_t process; /* number */
    uint32_t teb;
    uint32_t exit_status;
    uint32_t object; /* number */
};

/** An object that a thread holds while it waits. */
struct nt_held {
    uint32_t thread, object; /* numbers */
};

/** An image in a program's memory. */
struct nt_module {
    uint32_t process; /* number */
    uint32_t base, bytes, entry;
    char name[NT_PATH];
};

/** An import of a program that nothing serves; its stub knows the place. */
struct nt_user_missing {
    uint32_t process; /* number */
    char dll[32], name[NT_PATH];
};

/** What a program wrote, piece by piece. */
struct nt_output {
    uint32_t process; /* number */
    uint32_t count;
    uint8_t stream; /* 1 output, 2 error */
    uint8_t bytes[247];
};

struct nt_client {
    uint32_t process; /* number */
    uint32_t thread;  /* ke's number */
    uint32_t block;   /* user VA of its argument block */
    uint32_t event;   /* KEVENT: a call is there      */
    uint32_t ticket;  /* being done, 0 idle           */
};

enum job_kind {
    JOB_CLIENT_CALL,
    JOB_DRIVER_START,
    JOB_DRIVER_UNLOAD,
    JOB_DEVICE_START,
    JOB_DEVICE_REQUEST,
    JOB_FILE_CLOSE,
    JOB_INVALIDATE,
    JOB_NOTIFY,
    JOB_TARGET,
    JOB_RELATIONS,
    JOB_PROGRAM, /* nobody's: over when the program ends */
};

enum ticket_state { TICKET_FREE, TICKET_POSTED, TICKET_RUNNING, TICKET_DONE };

/** Work that a guest thread does, and what became of it. */
struct nt_ticket {
    uint32_t number;
    uint8_t state;
    uint8_t kind; /* enum job_kind */
    uint8_t request;
    uint8_t nobody;    /* nobody will ask for the result: free it when done */
    uint8_t any_image; /* DEVICE_START: whichever takes it                  */
    uint32_t client, image, device, object;
    uint32_t listener; /* JOB_NOTIFY: this one alone, 0 all */
    struct nt_call call;
    uint32_t block; /* user VA of its IO_STATUS_BLOCK ...: see client.c */
    uint32_t status, handle;
};

/** The request that the PnP thread works on. */
struct nt_job {
    uint32_t ticket;
    uint32_t step;
    uint32_t irp;    /* being waited for */
    uint32_t status; /* of the last IRP */
    uint32_t information;
    uint32_t result; /* that the job will end with */
    uint32_t top;    /* device object it is sent to */
    uint32_t cursor;
    uint32_t resume; /* step after an IRP */
};

struct nt_shutdown {
    uint32_t device;
    uint8_t last_chance;
};

/** What a driver reported that it uses. */
struct nt_claim {
    uint32_t driver, device; /* device 0: the driver's own list */
    struct nt_resource resource;
};

/** A power IRP that waits for PoStartNextPowerIrp. */
struct nt_power {
    uint32_t device, irp;
    uint8_t system;
};

/** A hold of a remove lock, with the verifier's checks alone. */
struct nt_hold {
    uint32_t lock, tag;
};

/** Who wants to hear of device interfaces that come and go. */
struct nt_listener {
    uint32_t number; /* what the driver got as its entry: a pool address */
    uint32_t driver, routine, context;
    uint8_t guid[16]; /* of an interface class */
    uint32_t file;    /* FILE_OBJECT: of its device alone; 0 */
};

/** Routines to be called when drivers have been started. */
struct nt_reinitialization {
    uint32_t driver, routine, context;
    uint8_t boot; /* comes before those that are not */
};

/** A routine registered with a callback object. */
struct nt_callback {
    uint32_t object; /* number */
    uint32_t handle; /* pool: the event of who waits for it to end */
    uint32_t routine, context;
    uint32_t sequence; /* ascending: order of registration */
    uint32_t busy;     /* it runs so many times now */
    uint8_t leaving;   /* is being unregistered */
};

/** A data block that a WMI provider registered. */
struct nt_wmi_guid {
    uint32_t device; /* DEVICE_OBJECT */
    uint8_t guid[16];
    uint32_t flags, instances;
};

/** A data block that a consumer opened. */
struct nt_wmi_block {
    uint32_t object, body; /* number, guest VA */
    uint8_t guid[16];
    uint32_t access;
    uint32_t routine, context; /* of its notifications */
    uint32_t sequence;
};

/** A device's IoInitializeTimer timer. */
struct nt_timer {
    uint32_t device, routine, context;
    uint8_t running;
};

struct nt_settings_state {
    uint8_t missing_fail;
};

struct nt_state {
    struct nt_settings_state settings;
    uint32_t booted;
    uint32_t next_ticket;
    uint32_t root, device_directory, dos_directory; /* object numbers */
    uint32_t type_body[NT_TYPES];
    uint32_t default_dispatch;    /* stub */
    uint32_t bus_driver;          /* DRIVER_OBJECT of the PDOs */
    uint32_t isa_bridge;          /* slot | function << 5: routes PIRQA-D */
    uint32_t pnp_event, pnp_done; /* KEVENTs: a job is there; its IRP is done */
    uint32_t cancel_held;
    uint32_t configuration;    /* CONFIGURATION_INFORMATION */
    uint32_t timer, timer_dpc; /* KTIMER, KDPC of all device timers */
    struct nt_job job;
    struct vec objects, handles, irps, images, symbols, extensions, devices;
    struct vec interfaces, processes, clients, tickets, shutdown;
    struct vec timers, claims, reinitializations, listeners;
    struct vec leaving; /* devices that the job in progress removes */
    uint32_t token;     /* number */
    struct vec power, holds;
    struct vec callbacks;
    struct vec wmi_providers; /* u32: DEVICE_OBJECTs */
    struct vec wmi_guids, wmi_blocks;
    uint32_t callback_sequence;
    struct vec sections, views;
    struct vec threads, modules, user_missing, outputs; /* of programs */
    struct vec held; /* by threads that wait for several objects */
    struct registry registry;
};

/** nt_wiring, and the kernel. */
struct wiring {
    struct ke *ke;
    struct mm *mm;
    struct cpu *cpu;
    struct ram *ram;
    struct bus *bus;
    struct clock *clock;
    struct events *events;
    struct hal *hal;
};

struct nt {
    struct nt_state s;
    struct wiring w;
};

/** Most entries of each of nt's tables: the guest cannot use up the host. */
enum { NT_MOST = 1 << 16, NT_CLAIMS_MOST = 1024 };

/** nt_push() - vec_push() within that bound. */
static inline void *nt_push(struct vec *v, uint32_t bytes, const void *element)
{
    return v->count < NT_MOST ? vec_push(v, bytes, element) : NULL;
}

static inline struct nt *nt_of(const struct call *c)
{
    return c->context;
}

#endif
