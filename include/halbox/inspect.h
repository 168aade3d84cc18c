/* include/halbox/inspect.h -- looking into a machine: reads only, at any stop
 * or from a listener. Nothing here has an effect on the guest: no accessed
 * bits, no TLB entries, no register with a side effect. Lists are read by
 * index from 0 until false. Docs: docs/machine.md. */
#ifndef HALBOX_INSPECT_H
#define HALBOX_INSPECT_H

#include "halbox/addr.h"
#include "halbox/device.h"
#include "halbox/dma.h"
#include "halbox/inspect_chips.h"
#include "halbox/inspect_cpu.h"
#include "halbox/inspect_io.h"
#include "halbox/inspect_ke.h"
#include "halbox/inspect_pages.h"
#include "halbox/machine.h"

/* ---- memory in the three spaces ------------------------------------------*/

/** Whose virtual addresses: a process number, or one of these. */
#define SPACE_CPU    0u          /* as the CPU translates now */
#define SPACE_SYSTEM 0xffffffffu /* the system process        */

/** One level of a page walk. */
struct inspect_level {
    gpa_t slot;     /* where the entry lies */
    uint64_t entry; /* its value            */
};
/** What the page tables say about a virtual address. */
struct inspect_walk {
    bool mapped;
    gpa_t pa;            /* when mapped                                      */
    uint32_t page_bytes; /* 4 KiB, 2 MiB, 4 MiB; 0 when not mapped           */
    bool writable, user, no_execute, global, accessed, dirty;
    unsigned levels, entry_bytes; /* looked at; of an entry, 4 or 8          */
    const char *form; /* valid, zero, demand_zero, page_file, transition,
                         prototype, other: docs/mm.md                        */
    struct inspect_level level[3];
};
/** inspect_translate() - virtual to physical. False: no such space. */
HB_API bool inspect_translate(const struct machine *m, uint32_t space, gva_t va,
                              struct inspect_walk *walk);

/** What the DMA gate makes of a logical address. */
struct inspect_logical {
    const char *result;   /* ok, no_register, direction, strict, nothing     */
    bool reaches;         /* result is ok                                    */
    gpa_t pa;             /* with ok and nothing                             */
    bool in_window;       /* a map register was asked: the next four count   */
    uint32_t bank, index; /* whose table (FFFFh: the bus's), which register  */
    unsigned window;      /* 0 low, 1 high                                   */
    uint64_t entry;       /* docs/devices/mapregs.md                         */
};
/** inspect_logical() - logical to physical, for DMA by @device (NULL: any) in
 *  direction @dir. False: no such device. */
HB_API bool inspect_logical(const struct machine *m, const char *device,
                            dla_t at, enum dma_dir dir,
                            struct inspect_logical *view);

/** inspect_physical()/inspect_virtual()/inspect_bus() - read bytes in each
 *  space: RAM; RAM through a process's page tables; what @device (NULL: any)
 *  would read by DMA. False: not all of it is RAM or a card's memory. */
HB_API bool inspect_physical(const struct machine *m, gpa_t at, void *to,
                             uint32_t bytes);
HB_API bool inspect_virtual(const struct machine *m, uint32_t space, gva_t at,
                            void *to, uint32_t bytes);
HB_API bool inspect_bus(const struct machine *m, const char *device, dla_t at,
                        void *to, uint32_t bytes);

/** RAM: ranges in physical space. */
struct inspect_ram {
    gpa_t start;
    uint64_t bytes;
};
HB_API bool inspect_ram_at(const struct machine *m, unsigned index,
                           struct inspect_ram *range);

/** Regions of virtual memory, ascending: docs/mm.md. */
struct inspect_region {
    const char *name;
    gva_t start;
    uint64_t bytes;
};
HB_API bool inspect_region_at(const struct machine *m, unsigned index,
                              struct inspect_region *region);

/** Performance counters of memory by NT's names, such as "Free System Page
 *  Table Entries". */
struct inspect_counter {
    const char *name;
    uint64_t value;
};
HB_API bool inspect_counter_at(const struct machine *m, unsigned index,
                               struct inspect_counter *counter);

/* ---- DMA -----------------------------------------------------------------*/

/** A valid map register. */
struct inspect_register {
    uint32_t bank, window, index;
    uint64_t entry;
    dla_t at; /* its logical page  */
    gpa_t to; /* its physical page */
};
HB_API bool inspect_register_at(const struct machine *m, unsigned index,
                                struct inspect_register *reg);

/** An adapter object of the HAL. */
struct inspect_adapter {
    gva_t at;
    bool master, scatter_gather, busy, uses_registers;
    int channel; /* 8237 channel, -1 none */
    uint8_t width;
    uint32_t requester, grant;
    uint64_t limit;
    dla_t first, last;
    uint32_t references, registers, buffers, lists, queued;
};
HB_API bool inspect_adapter_at(const struct machine *m, unsigned index,
                               struct inspect_adapter *adapter);

/** One page of a mapped buffer: its address in each space. */
struct inspect_page {
    gva_t adapter;
    uint32_t base, index; /* MapRegisterBase; register in its set            */
    gva_t va;             /* first byte in the MDL's virtual range           */
    gpa_t owner;          /* that byte of the buffer in RAM                  */
    dla_t dla;            /* what the device uses for it                     */
    gpa_t to;             /* where that leads: owner, or a bounce page       */
    uint32_t bytes;
    enum dma_dir dir;
    bool bounced, common;
    uint32_t mdl;
};
/** inspect_page_at() - every page that is mapped for DMA now. */
HB_API bool inspect_page_at(const struct machine *m, unsigned index,
                            struct inspect_page *page);

/** A posted DMA operation. */
struct inspect_operation {
    char device[MACHINE_NAME];
    unsigned engine;
    enum dma_dir dir;
    dla_t at; /* of the next byte */
    uint32_t left, done, transfer;
};
HB_API bool inspect_operation_at(const struct machine *m, unsigned index,
                                 struct inspect_operation *operation);

/** What holds the bus; bytes 0: nothing. */
struct inspect_tenure {
    char device[MACHINE_NAME];
    enum dma_dir dir;
    dla_t at;
    gpa_t to;
    uint32_t bytes, moved, transfer;
};
HB_API void inspect_tenure(const struct machine *m, struct inspect_tenure *t);

enum { INSPECT_MDL_PAGES = 1024 };
/** A memory descriptor list, as it lies in guest memory. */
struct inspect_mdl {
    gva_t at, next, process, mapped, start; /* start: StartVa                */
    uint16_t size, flags;
    uint32_t bytes, offset;
    unsigned pages;                  /* in all; at most so many are in pfn   */
    uint32_t pfn[INSPECT_MDL_PAGES]; /* of the pages                         */
};
/** inspect_mdl() - the MDL at @at in system space; false: not readable. */
HB_API bool inspect_mdl(const struct machine *m, gva_t at,
                        struct inspect_mdl *mdl);

/** An MDL in use: its pages are locked, are nonpaged pool, or are mapped for
 *  DMA. Found by the pool's tag, then by what the HAL has mapped. */
struct inspect_mdl_use {
    gva_t at;
    uint32_t
        process; /* a number; MACHINE_NONE: the system's pages, or none's */
    bool locked, nonpaged, mapped_va, dma; /* dma: an adapter has it mapped   */
};
HB_API bool inspect_mdl_at(const struct machine *m, unsigned index,
                           struct inspect_mdl_use *use);

/* ---- devices -------------------------------------------------------------*/

/** A device on the board. */
struct inspect_device {
    char name[MACHINE_NAME], model[MACHINE_NAME], title[80];
    bool card; /* named by the description; else the board's own */
    bool pci, has_irq, has_dma;
    bool moves; /* may be one end of DMA: a master, or behind a channel      */
    uint8_t irq, dma, slot, function;
    struct {
        bool port, memory; /* neither: no such window */
        uint32_t base, bytes;
    } window[DEVICE_WINDOWS];
};
HB_API bool inspect_device_at(const struct machine *m, unsigned index,
                              struct inspect_device *device);
/** inspect_device_read() - a register by window and offset without the side
 *  effects of a read. False: no such device or window. */
HB_API bool inspect_device_read(const struct machine *m, const char *device,
                                unsigned window, uint32_t offset,
                                unsigned bytes, uint32_t *value);
/** inspect_config() - a dword of PCI configuration space; all ones where there
 *  is no function. */
HB_API uint32_t inspect_config(const struct machine *m, unsigned bus,
                               unsigned slot, unsigned function,
                               unsigned offset);
/** inspect_wire() - level of a wire by name; false: no such wire. */
HB_API bool inspect_wire(const struct machine *m, const char *name,
                         bool *level);

/* ---- the screen ----------------------------------------------------------*/

/** What a display adapter sends to its monitor. */
struct inspect_screen {
    uint32_t width, height; /* dots; 0: nothing to be seen                   */
    uint32_t columns, rows; /* of characters; 0: graphics                    */
};
/** inspect_screen() - the picture of display adapter @index (0: the first).
 *  @pixels: NULL, or where its dots go, 00RRGGBB, row by row. False: there is
 *  no such adapter, or the picture has more dots than @room (*screen tells). */
HB_API bool inspect_screen(const struct machine *m, unsigned index,
                           struct inspect_screen *screen, uint32_t *pixels,
                           size_t room);
/** inspect_text() - its characters: lines of UTF-8 without the blanks at their
 *  ends, as code page 437; nothing in graphics. Returns the length it has or
 *  would have, as snprintf. */
HB_API int inspect_text(const struct machine *m, unsigned index, char *out,
                        size_t room);

/* ---- the guest system ----------------------------------------------------*/

/** How the guest system stopped. */
struct inspect_bugcheck {
    uint32_t code, p[4], eip, esp, thread;
    char image[64], routine[64], text[256];
};
/** inspect_bugcheck() - false: it has not. */
HB_API bool inspect_bugcheck(const struct machine *m,
                             struct inspect_bugcheck *bugcheck);

/** inspect_irql() - of the CPU now. inspect_thread() - the running thread. */
HB_API uint8_t inspect_irql(const struct machine *m);
HB_API uint32_t inspect_thread(const struct machine *m);
/** inspect_waits() - who waits for what, a line per thread. Returns the length
 *  it has or would have, as snprintf. */
HB_API int inspect_waits(const struct machine *m, char *out, size_t room);
/** inspect_routine() - the kernel routine whose stub holds @at, or NULL. */
HB_API const char *inspect_routine(const struct machine *m, gva_t at);

/** A routine or variable that images can import. */
struct inspect_export {
    const char *name, *dll;
    const char *convention; /* stdcall, fastcall, cdecl, data                */
    unsigned slots;         /* argument dwords; data: bytes                  */
    unsigned irql;          /* highest that a caller may be at               */
    unsigned irql_low;      /* lowest                                        */
    gva_t at;               /* its stub, or the variable                     */
};
HB_API bool inspect_export_at(const struct machine *m, unsigned index,
                              struct inspect_export *row);

/** An image that the kernel made of itself: ntoskrnl.exe, hal.dll. */
struct inspect_kernel_image {
    const char *name;
    gva_t base, text, data;
    uint32_t bytes, text_bytes, data_bytes;
};
HB_API bool inspect_kernel_image_at(const struct machine *m, unsigned index,
                                    struct inspect_kernel_image *image);

/** What of the kernel lies at an address: docs/ke.md. */
enum inspect_kernel_kind {
    KERNEL_ROUTINE,    /* the stub of a routine                              */
    KERNEL_MISSING,    /* the stub of an import that nothing serves          */
    KERNEL_VECTOR,     /* where the IDT leads                                */
    KERNEL_TRAP,       /* where other ways into the kernel lead; an IRETD    */
    KERNEL_TRAMPOLINE, /* where guest code returns that the kernel called    */
    KERNEL_IDLE,       /* the idle loop                                      */
    KERNEL_DATA        /* a variable that images can import                  */
};
struct inspect_kernel_symbol {
    enum inspect_kernel_kind kind;
    const char *image; /* ntoskrnl.exe or hal.dll */
    char name[64];
    gva_t start;
    uint32_t bytes;
};
/** inspect_kernel_symbol() - false: nothing there that has a name. */
HB_API bool inspect_kernel_symbol(const struct machine *m, gva_t at,
                                  struct inspect_kernel_symbol *symbol);

/** A driver image. Its number is index + 1. */
struct inspect_image {
    char name[64];
    gva_t base, entry, driver;
    uint32_t bytes, entry_status;
    bool started, wdm, unloaded;
    unsigned missing;
};
HB_API bool inspect_image_at(const struct machine *m, unsigned index,
                             struct inspect_image *image);
/** inspect_image_path() - absolute path of the file that image number @image
 *  was loaded from here; NULL: from bytes, or by a save. */
HB_API const char *inspect_image_path(const struct machine *m, uint32_t image);

enum inspect_pnp_state {
    PNP_STATE_FOUND,
    PNP_STATE_ADDED,
    PNP_STATE_STARTED,
    PNP_STATE_STOPPED,
    PNP_STATE_SURPRISED,
    PNP_STATE_REMOVED,
    PNP_STATE_FAILED
};
/** A device that PnP knows. Its number is index + 1. */
struct inspect_pnp {
    char hardware_id[64], description[64];
    uint8_t bus; /* INTERFACE_TYPE: 0 root, 1 ISA, 5 PCI */
    uint8_t bus_number, slot, function;
    enum inspect_pnp_state state;
    uint32_t image, status;
    gva_t pdo, top;
};
HB_API bool inspect_pnp_at(const struct machine *m, unsigned index,
                           struct inspect_pnp *device);

/** An object of the executive's namespace, in order of creation. */
struct inspect_object {
    gva_t body;
    char type[16], name[128], target[128];
    uint32_t references, handles;
};
/** inspect_object_next() - @cursor is 0 for the first. */
HB_API bool inspect_object_next(const struct machine *m, uint32_t *cursor,
                                struct inspect_object *object);

/** A user program; its number is its process's. */
struct inspect_program {
    bool ended;
    bool exception; /* one that reached ring 3 ended it */
    uint32_t exit_status;
    uint32_t ticket; /* done when it has ended */
    uint32_t threads;
    uint32_t output_bytes; /* that it wrote so far */
};
/** inspect_program() - false: process @process runs no program. */
HB_API bool inspect_program(const struct machine *m, uint32_t process,
                            struct inspect_program *program);
/** inspect_output() - at most @room bytes of what it wrote, from byte @from on,
 *  of one stream: *@stream 1 output, 2 error. 0: no more. */
HB_API uint32_t inspect_output(const struct machine *m, uint32_t process,
                               uint32_t from, void *out, uint32_t room,
                               uint8_t *stream);

/** A user process. Its number is index + 1. */
struct inspect_process {
    char name[64];
    gpa_t cr3;
    gva_t object;
    uint32_t handles;
};
HB_API bool inspect_process_at(const struct machine *m, unsigned index,
                               struct inspect_process *process);

/** inspect_findings() - findings reported so far. */
HB_API unsigned inspect_findings(const struct machine *m);

/** What entered from outside, in order. */
struct inspect_input {
    struct machine_position at;
    const char *kind;
    uint64_t a, b;
    const uint8_t *data; /* valid until the next input */
    uint32_t bytes;
};
HB_API bool inspect_input_at(const struct machine *m, unsigned index,
                             struct inspect_input *input);

#endif
