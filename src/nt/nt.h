/* src/nt/nt.h -- the executive: loader, objects and handles, IRPs, PnP,
 * processes and their client threads. The board creates one after ke and hal,
 * hands its export tables to ke, boots it, and then works with it by numbers:
 * image, device, client and ticket ids. No function here runs the CPU: what
 * needs guest code is posted, gives a ticket, and is done by a guest thread
 * while the machine runs. Docs: docs/nt.md. Facts: hal_io fact sheet, WDK. */
#ifndef NT_NT_H
#define NT_NT_H

#include <stdbool.h>
#include <stdint.h>

#include "halbox/addr.h"
#include "halbox/state.h"
#include "halbox/status.h"
#include "ke/export.h"

struct bus;
struct clock;
struct cpu;
struct events;
struct inspect_device_object;
struct inspect_driver;
struct inspect_irp;
struct inspect_location;
struct ke;
struct mm;
struct nt;
struct ram;

enum {
    NT_NAME = 128,     /* longest object or device name here, in characters  */
    NT_PATH = 64,      /* longest image name, with its NUL                   */
    NT_RESOURCES = 16, /* of one device                                     */
    NT_TABLES = 3,     /* export tables that nt hands out                    */
    NT_STATE_VERSION = 5,
};

/** Numbers of images, devices, clients, processes and tickets start at 1;
 *  NT_NONE is none. A number is never used again in a machine's life. */
#define NT_NONE 0u

/** What nt works on; all borrowed, all live longer than it. The kernel is
 *  created with nt's tables, so it comes after: nt_wire_ke(). */
struct nt_wiring {
    struct mm *mm;
    struct cpu *cpu;
    struct ram *ram;
    struct bus *bus;
    struct clock *clock;
    struct events *events;
    struct hal *hal; /* hears of drivers that go and requests that end */
};

/** What the machine's description says about the executive. */
struct nt_settings {
    bool missing_fail; /* an import that nothing serves refuses the image;
                          otherwise its stub bugchecks naming it */
};

/* ---- life -----------------------------------------------------------------
 */

enum hb_status nt_create(struct nt **nt, const struct nt_wiring *wiring,
                         const struct nt_settings *settings,
                         struct hb_error *error);
void nt_destroy(struct nt *nt);

/** nt_tables() - the rows that nt serves, with their context: Io, Ob, Ps, Ex,
 *  Zw ... (exports.def), Rtl, registry, C run time ... (exports_rtl.def), and
 *  the routines that only nt's own threads and drivers reach (internal.def;
 *  they get stubs but no export-directory entry). For ke_boot's list. Returns
 *  how many of @tables were filled, at most NT_TABLES. */
unsigned nt_tables(struct nt *nt, struct export_table tables[NT_TABLES]);

/** nt_wire_ke() - once, after ke_create() and before nt_boot() or a load. */
void nt_wire_ke(struct nt *nt, struct ke *ke);

/** nt_boot() - after ke_boot() and hal_boot(): namespace, PnP thread, PCI
 *  enumeration (BARs programmed, functions become devices). Emits events; runs
 *  no instruction.
 *  Order: nt_create, nt_tables, ke_create, nt_wire_ke, ke_boot, nt_boot. */
enum hb_status nt_boot(struct nt *nt, struct hb_error *error);

/** What is saved: section "nt" of @nt's state at nt_state_of(). */
extern const struct state_row nt_state_rows[];
void *nt_state_of(struct nt *nt);
/** nt_loaded() - after load_rows() into nt_state_of(): check what a damaged
 *  file could have made of it, rebuild what is derived. */
enum hb_status nt_loaded(struct nt *nt, struct hb_error *error);

/* ---- images ---------------------------------------------------------------
 */

/** nt_load_image() - map a PE or ELF driver (also .gz) and bind its imports,
 *  to the kernel's exports or to images loaded before it. No driver code runs
 *  yet: see nt_driver_start. Missing names are `missing_import` events.
 *  @name: file name, used in events and as the service name (without .sys)
 *  @image: out: the image's number
 *  Returns HB_OK, HB_BAD_IMAGE, HB_NO_PAGES, HB_NOT_FOUND (missing import and
 *  missing_fail); then nothing of it is left in the machine. */
enum hb_status nt_load_image(struct nt *nt, const char *name,
                             const uint8_t *bytes, size_t count,
                             uint32_t *image, struct hb_error *error);

struct nt_image_info {
    char name[NT_PATH];
    gva_t base, entry;
    uint32_t bytes;
    gva_t driver; /* DRIVER_OBJECT, 0 before DriverEntry */
    bool started; /* DriverEntry returned success */
    bool wdm;     /* has an AddDevice routine */
    bool unloaded;
    uint32_t entry_status; /* what DriverEntry returned */
    unsigned missing;      /* imports that nothing serves */
};
/** nt_image_at() - all images ever loaded, @index from 0; the
 *  image's number is index + 1. */
bool nt_image_at(const struct nt *nt, unsigned index,
                 struct nt_image_info *info);
/** nt_image_find() - the image that @at lies in, or NT_NONE. */
uint32_t nt_image_find(const struct nt *nt, gva_t at);

/* ---- devices --------------------------------------------------------------
 */

enum nt_resource_kind {
    NT_PORT = 1,
    NT_INTERRUPT = 2,
    NT_MEMORY = 3,
    NT_DMA = 4
};
/** One resource of a card, raw: as the bus counts. */
struct nt_resource {
    uint8_t kind;    /* enum nt_resource_kind = CmResourceType */
    uint8_t bar;     /* PCI: base address register + 1, 0: none */
    uint8_t share;   /* CmResourceShare: 1 device exclusive, 3 shared */
    uint16_t flags;  /* CM_RESOURCE_x */
    uint64_t start;  /* port, memory base; IRQ; channel */
    uint32_t length; /* bytes of a port or memory range, else 0 */
};
enum nt_bus { NT_INTERNAL = 0, NT_ISA = 1, NT_PCI = 5 };

/** A device that PnP knows: a PCI function found at boot, or a card told. */
struct nt_card {
    char hardware_id[NT_PATH]; /* e.g. PCI\VEN_1234&DEV_11E8, ISA\HBX0001 */
    char description[NT_PATH];
    uint8_t bus; /* enum nt_bus: INTERFACE_TYPE */
    uint8_t bus_number;
    uint8_t slot, function; /* PCI */
    uint8_t resources;
    struct nt_resource resource[NT_RESOURCES];
};

/** nt_card_add() - a card that cannot be enumerated (ISA) or a root-enumerated
 *  device without hardware. After nt_boot. Returns its device number, NT_NONE
 *  when the host has no memory. */
uint32_t nt_card_add(struct nt *nt, const struct nt_card *card);

enum nt_device_state {
    NT_DEVICE_FOUND,
    NT_DEVICE_ADDED,
    NT_DEVICE_STARTED,
    NT_DEVICE_STOPPED,
    NT_DEVICE_SURPRISED,
    NT_DEVICE_REMOVED,
    NT_DEVICE_FAILED
};
struct nt_device_info {
    struct nt_card card;
    uint8_t state;  /* enum nt_device_state */
    uint32_t image; /* of the function driver, or NT_NONE */
    gva_t pdo;
    gva_t top;       /* top of its device stack now */
    uint32_t status; /* of the last PnP step that failed */
};
/** Device numbers are index + 1. */
bool nt_device_at(const struct nt *nt, unsigned index,
                  struct nt_device_info *info);

/** nt_registry_set() - a registry value, from outside.
 *  @path: "\Registry\...", or a key under the Services key ("edu\Parameters");
 *         ASCII, made when it is not there
 *  Returns HB_OK, HB_BAD_ARGUMENT (a name too long), HB_NO_MEMORY. */
enum hb_status nt_registry_set(struct nt *nt, const char *path,
                               const char *name, uint32_t type,
                               const void *data, uint32_t bytes,
                               struct hb_error *error);

/** nt_registry_file() - what registry file @name (REGEDIT4 or version 5.00)
 * says, in its order; up to the line that is wrong. */
enum hb_status nt_registry_file(struct nt *nt, const char *name,
                                const uint8_t *bytes, size_t count,
                                struct hb_error *error);

/* ---- things that guest threads do: tickets ---------------------------------
 */

/** nt_driver_start() - call DriverEntry on a system thread. */
uint32_t nt_driver_start(struct nt *nt, uint32_t image);
/** nt_driver_unload() - DriverUnload, then the image's pages go. */
uint32_t nt_driver_unload(struct nt *nt, uint32_t image);
/** nt_device_start() - offer @device to @image: AddDevice, requirements,
 *  START_DEVICE ... A driver that fails is sent REMOVE_DEVICE, and the device
 *  can be offered to another image. */
uint32_t nt_device_start(struct nt *nt, uint32_t device, uint32_t image);

enum nt_pnp_request {
    NT_PNP_STOP,     /* QUERY_STOP, STOP or CANCEL_STOP                      */
    NT_PNP_RESTART,  /* START with the same resources after a stop           */
    NT_PNP_REMOVE,   /* QUERY_REMOVE, REMOVE or CANCEL_REMOVE                */
    NT_PNP_SURPRISE, /* SURPRISE_REMOVAL, then REMOVE when handles are gone  */
    NT_PNP_POWER_DOWN, /* SetPower D3                                        */
    NT_PNP_POWER_UP,   /* SetPower D0                                        */
    NT_PNP_SHUTDOWN,  /* IRP_MJ_SHUTDOWN to all that registered; device 0     */
    NT_PNP_REBALANCE, /* QUERY_STOP, STOP, START with other resources: those
                         of the forced configuration, if the registry has one */
    NT_PNP_EJECT,  /* as REMOVE, with its ejection relations; then EJECT      */
    NT_PNP_FAILED, /* as SURPRISE, by its driver's word: the card stays       */
};
uint32_t nt_device_request(struct nt *nt, uint32_t device,
                           enum nt_pnp_request what);

/* ---- clients: user processes ------------------------------------------------
 */

/** nt_process_create() - a user process with an address space of its own.
 *  Returns its number or NT_NONE with @error. */
uint32_t nt_process_create(struct nt *nt, const char *name,
                           struct hb_error *error);
/** nt_client_create() - a thread of @process that runs in ring 3 and does the
 *  calls posted to it, one after the other. A process may have several. */
uint32_t nt_client_create(struct nt *nt, uint32_t process,
                          struct hb_error *error);

/** A program to be started: PE or i386 ELF, ring 3. */
struct nt_program_start {
    const char *name; /* file name */
    const uint8_t *bytes;
    size_t count;
    const char *command_line; /* what GetCommandLine gives, ASCII */
};
/**
 * nt_program() - a process with the program's image, ntdll, kernel32 and
 * msvcrt; its first thread is ready to run.
 * @process: out: its number
 * @ticket:  out: done, with the exit status, when the program has ended
 *
 * Returns HB_OK, HB_BAD_IMAGE (no program), HB_NO_PAGES, HB_NOT_FOUND (missing
 * import and missing_fail).
 */
enum hb_status nt_program(struct nt *nt, const struct nt_program_start *how,
                          uint32_t *process, uint32_t *ticket,
                          struct hb_error *error);
struct nt_program_info {
    bool ended;
    bool exception; /* one that reached ring 3 ended it */
    uint32_t exit_status;
    uint32_t ticket;
    uint32_t threads;
    uint32_t output_bytes;
};
/** nt_program_at() - false: process number @process runs no program. */
bool nt_program_at(const struct nt *nt, uint32_t process,
                   struct nt_program_info *info);
/** nt_program_output() - at most @room bytes of what it wrote, from byte @from
 *  on, of one stream: *@stream 1 output, 2 error. 0: no more. */
uint32_t nt_program_output(const struct nt *nt, uint32_t process, uint32_t from,
                           uint8_t *out, uint32_t room, uint8_t *stream);

/** nt_buffer() - @bytes of fresh zeroed user memory in @process, read and
 *  write; its pages where the page allocator puts them. */
enum hb_status nt_buffer(struct nt *nt, uint32_t process, uint32_t bytes,
                         gva_t *at, struct hb_error *error);
/** nt_buffer_pages() - the same page by page: page i lies at frame @pfn[i],
 *  which must be free RAM; the buffer starts @offset bytes into the first. */
enum hb_status nt_buffer_pages(struct nt *nt, uint32_t process,
                               const uint32_t *pfn, unsigned pages,
                               uint32_t offset, gva_t *at,
                               struct hb_error *error);
/** nt_buffer_free() - the virtual range goes; a locked frame stays until it
 *  is unlocked. @at as it was given. */
enum hb_status nt_buffer_free(struct nt *nt, uint32_t process, gva_t at,
                              struct hb_error *error);
/** nt_user_read()/nt_user_write() - bytes of a process's user memory, as the
 *  client outside sees and sets them (an input). False: not mapped. */
bool nt_user_read(struct nt *nt, uint32_t process, gva_t at, void *to,
                  uint32_t bytes);
bool nt_user_write(struct nt *nt, uint32_t process, gva_t at, const void *from,
                   uint32_t bytes);
/** nt_user_walk() - the physical address behind a process's page. */
bool nt_user_walk(struct nt *nt, uint32_t process, gva_t at, gpa_t *pa);

enum nt_call_kind {
    NT_OPEN,    /* path, access, options -> handle                       */
    NT_READ,    /* handle, out = buffer, out_bytes, offset               */
    NT_WRITE,   /* handle, in = buffer, in_bytes, offset                 */
    NT_CONTROL, /* handle, code, in, in_bytes, out, out_bytes            */
    NT_CLOSE,   /* handle                                                */
    NT_CANCEL,  /* handle: NtCancelIoFile from this thread's process     */
    NT_SERVICE, /* any service: code = number, args[0..9]                */
};
enum { NT_CALL_ARGS = 10 };
struct nt_call {
    uint8_t kind;    /* enum nt_call_kind */
    bool overlapped; /* OPEN: without FILE_SYNCHRONOUS_IO_NONALERT: requests on
                        the handle may come back pending */
    uint32_t handle;
    uint32_t code; /* IOCTL code; OPEN: desired access, 0 = read and write */
    gva_t in, out; /* user addresses: nt_buffer */
    uint32_t in_bytes, out_bytes;
    uint64_t offset;
    char path[NT_NAME]; /* OPEN: \\.\X, \??\X, \Device\X, with "#GUID" forms */
    uint32_t args[NT_CALL_ARGS];
};
/** nt_call_post() - have @client do @call. Returns a ticket, NT_NONE when
 *  there is no such client or the host has no memory. */
uint32_t nt_call_post(struct nt *nt, uint32_t client,
                      const struct nt_call *call);

struct nt_result {
    bool done;       /* the call is back in user mode, or the job is over   */
    uint32_t status; /* NTSTATUS of the call; of an open: of the create     */
    /* the IO_STATUS_BLOCK as it reads now: a request that came back with
     * STATUS_PENDING has its end here later */
    bool io_done;
    uint32_t io_status, information;
    uint32_t handle; /* OPEN */
};
/** nt_result() - what became of @ticket; false: no such ticket. Results stay
 *  until nt_ticket_free. */
bool nt_result(struct nt *nt, uint32_t ticket, struct nt_result *result);
void nt_ticket_free(struct nt *nt, uint32_t ticket);

/* ---- inspection: reads only
 * -------------------------------------------------- */

struct nt_object_info {
    gva_t body;
    char type[16];        /* Device, Driver, File, SymbolicLink, ... */
    char name[NT_NAME];   /* full path, empty without one            */
    char target[NT_NAME]; /* of a symbolic link                     */
    uint32_t references, handles;
};
/** nt_object_next() - objects in creation order: @cursor 0 first; false: no
 *  more. */
bool nt_object_next(const struct nt *nt, uint32_t *cursor,
                    struct nt_object_info *info);

/** nt_driver_at() ... nt_location_at() - halbox/inspect_io.h. */
bool nt_driver_at(const struct nt *nt, unsigned index,
                  struct inspect_driver *out);
bool nt_device_object_at(const struct nt *nt, unsigned index,
                         struct inspect_device_object *out);
bool nt_stack_at(const struct nt *nt, gva_t device, unsigned index,
                 struct inspect_device_object *out);
bool nt_queued_at(const struct nt *nt, gva_t device, unsigned index,
                  gva_t *irp);
bool nt_irp_at(const struct nt *nt, unsigned index, struct inspect_irp *irp);
bool nt_location_at(const struct nt *nt, gva_t irp, unsigned index,
                    struct inspect_location *out);

struct nt_process_info {
    char name[NT_PATH];
    gpa_t cr3;
    gva_t object; /* EPROCESS */
    uint32_t handles;
};
bool nt_process_at(const struct nt *nt, unsigned index,
                   struct nt_process_info *info);
/** nt_process_of() - the number of the process that is the kernel's @process,
 *  NT_NONE when it is none of a client. */
uint32_t nt_process_of(const struct nt *nt, uint32_t process);
/** nt_process_of_space() - likewise by the memory manager's number. */
uint32_t nt_process_of_space(const struct nt *nt, uint32_t space);

#endif
