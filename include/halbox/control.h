/* include/halbox/control.h -- what a client does to a machine: loads driver
 * images, posts calls, steps, sets breakpoints, pokes. Everything that enters
 * is stamped with its position and kept in the input log. No function here but
 * machine_step(), machine_wait() and machine_start() lets the machine run:
 * work for guest code is posted, gives a ticket, and is done by a guest thread
 * while the machine runs. Docs: docs/machine.md. */
#ifndef HALBOX_CONTROL_H
#define HALBOX_CONTROL_H

#include "halbox/addr.h"
#include "halbox/machine.h"
#include "halbox/watch.h"

/** Numbers of images, devices, processes, clients and tickets start at 1. */
enum { MACHINE_NONE = 0 };

/* ---- registry ------------------------------------------------------------*/

/** Value types, as in the WDK. */
enum machine_registry_type {
    REGISTRY_STRING = 1, /* REG_SZ: @data is ASCII text, stored as UTF-16 */
    REGISTRY_BINARY = 3,
    REGISTRY_DWORD = 4,
};
/**
 * machine_registry() - set a registry value; before a driver is loaded, it
 * finds it in DriverEntry.
 * @path: "\Registry\...", or a key under the Services key ("edu\Parameters")
 *
 * Returns HB_OK, HB_BAD_ARGUMENT (a name too long, a DWORD not of 4 bytes),
 * HB_NO_MEMORY.
 */
HB_API enum hb_status machine_registry(struct machine *m, const char *path,
                                       const char *name,
                                       enum machine_registry_type type,
                                       const void *data, uint32_t bytes,
                                       struct hb_error *error);

/**
 * machine_registry_file() - keys and values of a registry file as regedit
 * writes it: "REGEDIT4" or "Windows Registry Editor Version 5.00", UTF-16LE
 * with its mark, UTF-8 or ASCII. HKEY_LOCAL_MACHINE is \Registry\Machine.
 * @name: of the file, in errors: "NAME:LINE: what is wrong"
 *
 * Returns HB_OK, HB_BAD_ARGUMENT (up to that line it is done), HB_NO_MEMORY.
 */
HB_API enum hb_status machine_registry_file(struct machine *m, const char *name,
                                            const uint8_t *bytes, size_t count,
                                            struct hb_error *error);

/* ---- requests that fail --------------------------------------------------*/

/**
 * machine_fail() - count a kind of driver's requests anew from now, and let the
 * @n-th (from 1; 0: none) fail as the WDK documents for its routine.
 * @kind: "pool", "pte", "map-register", "mdl", "resource": docs/ke.md
 *
 * Returns HB_OK, HB_NOT_FOUND (no such kind), HB_BAD_STATE (a bare machine),
 * HB_NO_MEMORY.
 */
HB_API enum hb_status machine_fail(struct machine *m, const char *kind,
                                   uint32_t n, struct hb_error *error);
/** machine_requests() - how many there were since then; 0: no such kind. */
HB_API uint32_t machine_requests(const struct machine *m, const char *kind);

/* ---- drivers and devices -------------------------------------------------*/

/**
 * machine_load_driver() - map a driver image (PE32, ELF32, either also .gz) and
 * bind its imports. No driver code runs yet.
 * @name:  file name, in events and as service name (without extension)
 * @image: out: its number
 *
 * Returns HB_OK, HB_BAD_IMAGE, HB_NO_PAGES, HB_NOT_FOUND (an import that
 * nothing serves, with missing=fail); then nothing but the input log has
 * changed.
 */
HB_API enum hb_status machine_load_driver(struct machine *m, const char *name,
                                          const uint8_t *bytes, size_t count,
                                          uint32_t *image,
                                          struct hb_error *error);
/** machine_load_driver_file() - the same from a file; HB_NO_FILE. */
HB_API enum hb_status machine_load_driver_file(struct machine *m,
                                               const char *path,
                                               uint32_t *image,
                                               struct hb_error *error);
/** machine_load_driver_files() - several files, each after those of them that
 *  it imports from, else in the order given; numbers follow that order. The
 *  first that cannot be mapped ends it. */
HB_API enum hb_status machine_load_driver_files(struct machine *m,
                                                const char *const *paths,
                                                unsigned count,
                                                struct hb_error *error);

/** machine_driver_start() - ticket: DriverEntry of @image on a system thread.
 *  machine_driver_unload() - ticket: DriverUnload, then its pages go. */
HB_API uint32_t machine_driver_start(struct machine *m, uint32_t image);
HB_API uint32_t machine_driver_unload(struct machine *m, uint32_t image);
/** machine_device_start() - ticket: offer @device to the driver of @image:
 *  AddDevice, resource requirements, START_DEVICE. */
HB_API uint32_t machine_device_start(struct machine *m, uint32_t device,
                                     uint32_t image);
/** machine_root_device() - a root-enumerated device without resources. Returns
 *  its number, MACHINE_NONE when the host has no memory. */
HB_API uint32_t machine_root_device(struct machine *m, const char *hardware_id);

enum machine_pnp {
    PNP_STOP,       /* QUERY_STOP, then STOP or CANCEL_STOP                  */
    PNP_RESTART,    /* START with the same resources after a stop            */
    PNP_REMOVE,     /* QUERY_REMOVE, then REMOVE or CANCEL_REMOVE            */
    PNP_SURPRISE,   /* SURPRISE_REMOVAL, REMOVE when the handles are gone    */
    PNP_POWER_DOWN, /* SetPower D3                                           */
    PNP_POWER_UP,   /* SetPower D0                                           */
    PNP_SHUTDOWN,   /* IRP_MJ_SHUTDOWN to all that asked for it; device 0    */
    PNP_REBALANCE,  /* QUERY_STOP, STOP, START with other resources          */
    PNP_EJECT,      /* as REMOVE with all that depends on it, then EJECT     */
};
/** machine_device_request() - ticket: a PnP or power request to @device. */
HB_API uint32_t machine_device_request(struct machine *m, uint32_t device,
                                       enum machine_pnp what);

/**
 * machine_start() - what `halbox run` does first: DriverEntry of each image
 * loaded so far in order, then each card is offered to the WDM images in order
 * until one starts it; without cards the first WDM image gets one
 * root-enumerated device. Runs the machine.
 * @limit_ns: virtual time that it may take
 *
 * Returns HB_OK (how each fared is in inspect.h), HB_LIMIT, HB_GUEST_FAILED
 * (bugcheck, deadlock; the line says which).
 */
HB_API enum hb_status machine_start(struct machine *m, uint64_t limit_ns,
                                    struct hb_error *error);

/* ---- user programs -------------------------------------------------------*/

/** A program to be started: PE or i386 ELF, ring 3, in a process of its own
 * with ntdll, kernel32 and msvcrt. */
struct machine_program_start {
    const char *name; /* file name                            */
    const void *bytes;
    size_t count;
    const char *command_line; /* what GetCommandLine gives, ASCII */
};
/** machine_program() - start it. Its process's number to @process, and a ticket
 *  that is done, with the exit status, when it has ended. HB_BAD_IMAGE: it is
 * no program. machine_program_file() - the same from a file of the host; its
 *  command line is the name and @arguments, each quoted where it must be. */
HB_API enum hb_status machine_program(struct machine *m,
                                      const struct machine_program_start *how,
                                      uint32_t *process, uint32_t *ticket,
                                      struct hb_error *error);
HB_API enum hb_status machine_program_file(struct machine *m, const char *path,
                                           const char *const *arguments,
                                           unsigned count, uint32_t *process,
                                           uint32_t *ticket,
                                           struct hb_error *error);

/* ---- clients: user processes ---------------------------------------------*/

/** machine_process() - a user process with an address space of its own.
 *  machine_client() - a thread of it that runs in ring 3 and does the calls
 *  posted to it, one after the other. MACHINE_NONE with @error. */
HB_API uint32_t machine_process(struct machine *m, const char *name,
                                struct hb_error *error);
HB_API uint32_t machine_client(struct machine *m, uint32_t process,
                               struct hb_error *error);

/** machine_buffer() - @bytes of zeroed user memory; its pages where the page
 *  allocator puts them. HB_NO_PAGES. */
HB_API enum hb_status machine_buffer(struct machine *m, uint32_t process,
                                     uint32_t bytes, gva_t *at,
                                     struct hb_error *error);
/** machine_buffer_pages() - the same page by page: page i lies in physical page
 *  @pfn[i], free until now; the buffer starts @offset bytes into the first. */
HB_API enum hb_status machine_buffer_pages(struct machine *m, uint32_t process,
                                           const uint32_t *pfn, unsigned pages,
                                           uint32_t offset, gva_t *at,
                                           struct hb_error *error);
HB_API enum hb_status machine_buffer_free(struct machine *m, uint32_t process,
                                          gva_t at, struct hb_error *error);
/** machine_user_write() - set bytes of a process's user memory, an input.
 *  HB_FAULT: not mapped, nothing changed. Reading: inspect_virtual(). */
HB_API enum hb_status machine_user_write(struct machine *m, uint32_t process,
                                         gva_t at, const void *from,
                                         uint32_t bytes,
                                         struct hb_error *error);

enum machine_call_kind {
    CALL_OPEN,    /* path, access, options -> handle                         */
    CALL_READ,    /* handle, out, out_bytes, offset                          */
    CALL_WRITE,   /* handle, in, in_bytes, offset                            */
    CALL_CONTROL, /* handle, code, in, in_bytes, out, out_bytes              */
    CALL_CLOSE,   /* handle                                                  */
    CALL_CANCEL,  /* handle: requests of this process on it are cancelled    */
    CALL_SERVICE, /* any system service: code = its number, args             */
};
enum { MACHINE_CALL_ARGS = 10, MACHINE_PATH = 128 };

/** One call of a user thread. Zero what the kind does not use. */
struct machine_call {
    enum machine_call_kind kind;
    bool overlapped; /* CALL_OPEN: requests may come back pending            */
    uint32_t handle;
    uint32_t code; /* I/O control code; CALL_OPEN: access, 0: read and write */
    gva_t in, out; /* user addresses, of machine_buffer()                    */
    uint32_t in_bytes, out_bytes;
    uint64_t offset;
    char path[MACHINE_PATH]; /* CALL_OPEN: \\.\X, \Device\X                  */
    uint32_t args[MACHINE_CALL_ARGS];
};

/** What a ticket has come to. */
struct machine_result {
    bool done;       /* the call is back in user mode, or the job is over    */
    uint32_t status; /* NTSTATUS that it returned                            */
    bool io_done;    /* the I/O status block is filled; with STATUS_PENDING  */
    uint32_t io_status, information; /* ... this comes later than done       */
    uint32_t handle;                 /* CALL_OPEN                            */
};

/** machine_post() - have @client do @call. Returns a ticket, MACHINE_NONE when
 *  there is no such client or the host has no memory. */
HB_API uint32_t machine_post(struct machine *m, uint32_t client,
                             const struct machine_call *call);
/** machine_result() - false: no such ticket. Results stay until
 *  machine_ticket_free(). */
HB_API bool machine_result(struct machine *m, uint32_t ticket,
                           struct machine_result *result);
HB_API void machine_ticket_free(struct machine *m, uint32_t ticket);

enum machine_wait {
    WAIT_DONE, /* until result.done    */
    WAIT_IO,   /* until result.io_done as well */
};
/** machine_wait() - run until @ticket is as far as @what, at most @limit_ns of
 *  virtual time, or until something else stops the machine: STOP_TICKET when
 *  it is, STOP_LIMIT, ... */
HB_API enum machine_stop_reason machine_wait(struct machine *m, uint32_t ticket,
                                             enum machine_wait what,
                                             uint64_t limit_ns,
                                             struct machine_stop *stop);

/* ---- steps and breakpoints -----------------------------------------------*/

enum machine_step {
    STEP_INSTRUCTION, /* one instruction of the CPU; a tenure that holds the
                         bus and due work are finished first                 */
    STEP_BYTE,        /* one byte of DMA                                     */
    STEP_BURST,       /* a tenure is over                                    */
    STEP_PAGE,        /* the next byte is in another logical page, or the
                         transfer is over                                    */
    STEP_TRANSFER,    /* the operation, or the channel's count, is over      */
};
/**
 * machine_step() - run to the end of one step. Stepping moves nothing in
 * another way than running does; it chooses where the run stops.
 * @device: DMA steps: of this device alone, by name; NULL: of any
 * @until:  as machine_run()
 *
 * Returns STOP_STEP, or what came before.
 */
HB_API enum machine_stop_reason machine_step(struct machine *m,
                                             enum machine_step what,
                                             const char *device, uint64_t until,
                                             struct machine_stop *stop);

/** machine_grain() - most bytes of DMA between two boundaries where the machine
 *  may stop; UINT32_MAX (at first): a whole tenure. No event depends on it. */
HB_API void machine_grain(struct machine *m, uint32_t bytes);

typedef void machine_checkpoint_fn(void *context, struct machine *m);
/** machine_checkpoint() - have @fn called at the first boundary at or after
 *  @tick, and at each one after that until this is called again (@fn may; NULL:
 *  no more), whatever runs the machine. @fn may save the machine and set its
 *  grain; nothing of the run depends on it. */
HB_API void machine_checkpoint(struct machine *m, uint64_t tick,
                               machine_checkpoint_fn *fn, void *context);

enum { BREAK_CONDITIONS = 4 };
/** An event that stops the machine. */
struct machine_breakpoint {
    char glob[64]; /* of event names                                         */
    unsigned conditions;
    struct {
        char arg[16]; /* name of an argument, as in halbox list events       */
        uint64_t mask, value; /* (argument & mask) == value; 0 mask: all     */
        char text[32];        /* arguments of kind s: equal to this          */
    } condition[BREAK_CONDITIONS];
};
/** machine_break() - stop after the event, at the next boundary. Returns an id
 *  > 0, or 0 with @error (no such event or argument, 64 breakpoints).
 *  machine_unbreak() takes it away. */
HB_API int machine_break(struct machine *m,
                         const struct machine_breakpoint *point,
                         struct hb_error *error);
HB_API void machine_unbreak(struct machine *m, int id);

/* ---- inputs --------------------------------------------------------------*/

/** machine_poke_physical() - write RAM at @at. HB_FAULT: not all RAM, nothing
 *  changed. machine_poke_virtual() - in the address space that the CPU has now,
 *  whatever its protection; HB_FAULT: not mapped. */
HB_API enum hb_status machine_poke_physical(struct machine *m, gpa_t at,
                                            const void *from, uint32_t bytes,
                                            struct hb_error *error);
HB_API enum hb_status machine_poke_virtual(struct machine *m, gva_t at,
                                           const void *from, uint32_t bytes,
                                           struct hb_error *error);
/**
 * machine_trim() - empty a working set, as memory pressure does.
 * @process: its private pages; MACHINE_NONE: the system's, which are paged pool
 *           and the pageable sections of driver images
 * @out:     true: to the paging file; false: into transition
 * @pages:   out: how many left. Locked pages and views stay
 *
 * Returns HB_OK, HB_NOT_FOUND (no such process), HB_BAD_STATE (bare machine).
 */
HB_API enum hb_status machine_trim(struct machine *m, uint32_t process,
                                   bool out, uint32_t *pages,
                                   struct hb_error *error);
/** machine_poke_space() - in a process's address space, or SPACE_SYSTEM,
 *  SPACE_CPU (inspect.h), whatever its protection; a page that is not resident
 *  comes in. HB_NOT_FOUND: no such process; HB_FAULT: not all is mapped. */
HB_API enum hb_status machine_poke_space(struct machine *m, uint32_t space,
                                         gva_t at, const void *from,
                                         uint32_t bytes,
                                         struct hb_error *error);
/** machine_poke_bus() - where DMA by @device (NULL: any) to @at would arrive,
 *  through map registers or not. HB_NOT_FOUND: no such device; HB_FAULT: not
 *  all is RAM or a card's memory. */
HB_API enum hb_status machine_poke_bus(struct machine *m, const char *device,
                                       dla_t at, const void *from,
                                       uint32_t bytes, struct hb_error *error);
/** machine_poke_device() - write @bytes (1, 2, 4) at @offset of a device's
 *  window by its handler, with all that follows from it. HB_NOT_FOUND: no such
 *  device, window or register. */
HB_API enum hb_status machine_poke_device(struct machine *m, const char *device,
                                          unsigned window, uint32_t offset,
                                          unsigned bytes, uint32_t value,
                                          struct hb_error *error);
/** machine_poke_map_register() - one of the unit's, by the numbers of
 *  inspect_register_at(); flags and page of @entry count. HB_NOT_FOUND. */
HB_API enum hb_status machine_poke_map_register(struct machine *m,
                                                uint32_t bank, unsigned window,
                                                uint32_t index, uint64_t entry,
                                                struct hb_error *error);
/**
 * machine_poke_register() - a CPU register by name (inspect_cpu_register_at()
 * lists them), as its MOV would set it: reserved bits, flushes, descriptors.
 * machine_poke_register_bytes() - the same for one of any width; @count is that
 * width, as inspect_cpu_register() tells.
 *
 * Returns HB_OK; HB_NOT_FOUND: no such register; HB_BAD_ARGUMENT: the width, or
 * a value on which the instruction would fault (only the log has changed).
 */
HB_API enum hb_status machine_poke_register(struct machine *m, const char *name,
                                            uint32_t value,
                                            struct hb_error *error);
HB_API enum hb_status machine_poke_register_bytes(struct machine *m,
                                                  const char *name,
                                                  const void *from,
                                                  uint32_t count,
                                                  struct hb_error *error);
/** machine_change_medium() - another medium in @drive of @device, a CD drive or
 *  a floppy drive; @text as of `cdrom` in machine_config_set(), "none" takes it
 *  out. HB_NOT_FOUND: no such drive; else what machine_create() returns for a
 *  file that cannot be opened. */
HB_API enum hb_status machine_change_medium(struct machine *m,
                                            const char *device, unsigned drive,
                                            const char *text,
                                            struct hb_error *error);
/** machine_send() - bytes arrive at a device from outside (serial line).
 *  HB_NOT_FOUND: no such device, or it takes none.
 *  machine_send_ready() - would a byte be kept now? A line without handshake
 *  loses what comes too fast. */
HB_API enum hb_status machine_send(struct machine *m, const char *device,
                                   const void *bytes, uint32_t count,
                                   struct hb_error *error);
HB_API bool machine_send_ready(const struct machine *m, const char *device);

/** machine_key() - a key of the keyboard goes down or up; @usage: USB HID usage
 *  tables, keyboard page (what SDL calls a scan code). machine_pointer() - the
 *  mouse moved right, down, its wheel towards the user; @buttons held then: bit
 *  0 left, 1 right, 2 middle. HB_NOT_FOUND: the machine has none. */
HB_API enum hb_status machine_key(struct machine *m, uint16_t usage, bool down,
                                  struct hb_error *error);
HB_API enum hb_status machine_pointer(struct machine *m, int32_t dx, int32_t dy,
                                      int32_t dz, uint8_t buttons,
                                      struct hb_error *error);

/* ---- network -------------------------------------------------------------*/

/** machine_network_card() - name of network card @index, NULL past the last. */
HB_API const char *machine_network_card(const struct machine *m,
                                        unsigned index);
/** machine_frame() - an Ethernet frame (without preamble and checksum) arrives
 *  at a card. HB_FULL: it has no room now, nothing has changed or is logged;
 *  offer it again later or lose it, as a switch would. HB_BAD_ARGUMENT: shorter
 *  than 14 or longer than 4096 bytes. HB_NOT_FOUND: no such network card. */
HB_API enum hb_status machine_frame(struct machine *m, const char *device,
                                    const void *bytes, uint32_t count,
                                    struct hb_error *error);
/** machine_link() - the cable of a card is connected (as it is at first), or
 *  pulled. HB_NOT_FOUND as above. */
HB_API enum hb_status machine_link(struct machine *m, const char *device,
                                   bool up, struct hb_error *error);
typedef void machine_frame_fn(void *context, const char *device,
                              const void *bytes, uint32_t count);
/** machine_frames() - who is given the frames that cards send, one for all; as
 *  a listener, it changes nothing, and what the machine does does not depend on
 *  it. NULL takes it away. */
HB_API void machine_frames(struct machine *m, machine_frame_fn *fn,
                           void *context);

/* ---- bare machine --------------------------------------------------------*/

/** What a bare machine's program is. */
enum machine_program {
    PROGRAM_FLAT,   /* bytes, placed and entered at an address               */
    PROGRAM_KERNEL, /* i386 ELF executable, by physical address, or image with
                       a multiboot header: then EAX and EBX as it says       */
};
/**
 * machine_load_program() - put a program into a bare machine's RAM and the CPU
 * at its entry: 32-bit protected mode, flat segments, paging off, interrupts
 * off (multiboot specification 0.6.96, 3.2).
 * @at: PROGRAM_FLAT: where it lies and starts
 *
 * Returns HB_OK, HB_BAD_STATE (not a bare machine), HB_BAD_IMAGE.
 */
HB_API enum hb_status machine_load_program(struct machine *m,
                                           enum machine_program kind,
                                           const uint8_t *bytes, size_t count,
                                           gpa_t at, struct hb_error *error);

enum { MACHINE_MODULES = 16 };
/** A file for the guest; nothing of it is kept after the call. */
struct machine_file {
    const char *name; /* what the guest is told of it, and messages */
    const uint8_t *bytes;
    size_t count;
};
/** A kernel with what its boot protocol hands it. */
struct machine_kernel {
    struct machine_file image; /* as PROGRAM_KERNEL                          */
    const char *cmdline;       /* NULL: empty                                */
    unsigned modules;          /* multiboot modules, initial RAM disks       */
    const struct machine_file *module;
};
/** Kinds of kernels, by how they want to be entered. */
enum machine_kernel_kind {
    KERNEL_NONE,      /* no kernel that can be loaded      */
    KERNEL_ELF,       /* at its entry, with nothing        */
    KERNEL_MULTIBOOT, /* it has a multiboot header         */
    KERNEL_LINUX,     /* a bzImage: directly or by a BIOS  */
};
/** machine_kernel_kind() - which is @image? */
HB_API enum machine_kernel_kind
machine_kernel_kind(const struct machine_file *image);
/**
 * machine_load_kernel() - put a kernel into a bare machine's RAM and the CPU
 * at its entry, as its boot protocol says. Docs: docs/boot.md.
 *
 * Returns HB_OK, HB_BAD_STATE (not a bare machine), HB_BAD_IMAGE (damaged, or
 * no RAM where it must go), HB_BAD_ARGUMENT (the protocol does not take it).
 */
HB_API enum hb_status machine_load_kernel(struct machine *m,
                                          const struct machine_kernel *kernel,
                                          struct hb_error *error);

#endif
