/* include/halbox/machine.h -- a machine: describe it, create it, run it, save
 * and load it. Who drives a machine is outside it: a client keeps numbers, is
 * not in the save, and acts between two instructions, never in the middle of
 * one. Two machines may live in one process, each used by one thread at a time.
 * More: control.h (calls, steps, breakpoints, pokes), inspect.h (reads only).
 * Docs: docs/machine.md. */
#ifndef HALBOX_MACHINE_H
#define HALBOX_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halbox/api.h"
#include "halbox/event.h"
#include "halbox/status.h"

struct machine;

/* ---- description ---------------------------------------------------------*/

enum {
    MACHINE_NAME = 32,
    MACHINE_DEVICES = 32,
    MACHINE_DEVICE_SETTINGS = 8,
    MACHINE_MEDIA = 16,
    MACHINE_MEDIUM_PATH = 512,
    MACHINE_STOP_TEXT = 1024,
    MACHINE_FILE = 256,
};

/** What map registers are; docs/hal.md. */
enum machine_registers {
    REGISTERS_TRANSLATE, /* a unit in the bridge, one table for the bus     */
    REGISTERS_BOUNCE,    /* no hardware: the HAL copies                     */
    REGISTERS_ADAPTER,   /* the unit, one table per bus master              */
};

/** Which Windows the kernel and the HAL behave as, where they differ. */
enum machine_windows {
    WINDOWS_NT4, /* before service pack 4                           */
    WINDOWS_NT4_SP4,
    WINDOWS_2000,
    WINDOWS_XP, /* and 2003                                        */
    WINDOWS_8,  /* its DMA routines: DEVICE_DESCRIPTION version 3  */
};

/** Where a device's registers come out for the CPU. */
enum machine_ports {
    PORTS_IO,      /* ports are ports, memory is memory: a PC               */
    PORTS_MEMORY,  /* a bus's ports are a range of memory                   */
    PORTS_SWAPPED, /* and small ranges of its memory are ports              */
};

/** What findings of the verifiers come to. */
enum machine_verify { VERIFY_OFF, VERIFY_REPORT, VERIFY_STOP };

struct machine_device_setting {
    char name[MACHINE_NAME];
    uint64_t value;
};

/** One card. -1: as the model says, or the first that is free. */
struct machine_device {
    char model[MACHINE_NAME];
    char file[MACHINE_FILE]; /* "": built in; else where the model comes from */
    char name[MACHINE_NAME]; /* "": the model's, numbered from the second */
    int32_t irq, dma, slot, function;
    int64_t base; /* of its first window at a fixed address */
    uint32_t settings;
    struct machine_device_setting setting[MACHINE_DEVICE_SETTINGS];
    char rom[MACHINE_FILE]; /* file in its ROM socket; "": none, or a save
                                    has it */
};

/** A drive with a medium in it, or empty. */
struct machine_medium {
    uint32_t kind; /* enum media_kind                              */
    char path[MACHINE_MEDIUM_PATH]; /* of the host's file; "": an empty drive */
    bool cow;              /* writes go to a copy that is part of a save   */
    char to[MACHINE_NAME]; /* device; "": the first with room for it       */
    int32_t drive;         /* of that device; -1: the first that is free   */
};

/** Kinds that a BIOS boots from, as SeaBIOS counts them in CMOS memory. */
enum machine_boot {
    BOOT_END,
    BOOT_FLOPPY,
    BOOT_DISK,
    BOOT_CDROM,
    BOOT_NETWORK
};

/** A machine's description; fill it with machine_config_init(). */
struct machine_config {
    char platform[MACHINE_NAME];
    bool bare;       /* no HAL and no kernel: RAM, CPU, buses and devices    */
    uint64_t memory; /* bytes of RAM: whole MiB, 16 MiB..64 GiB              */
    char cpu[MACHINE_NAME];
    bool pae;           /* the kernel uses PAE page tables                    */
    uint32_t registers; /* enum machine_registers                            */
    uint32_t windows;   /* enum machine_windows                              */
    uint32_t ports;     /* enum machine_ports                                */
    uint32_t grant_master, grant_slave; /* most map registers; 0: the kind's */
    bool eisa; /* the DMA controllers are EISA's: 32 bits, no 64 KiB line    */
    bool dma_interrupt; /* the DMA controllers raise IRQ 13 at terminal count */
    uint32_t dma_alignment; /* GetDmaAlignment: power of two; 0: 1           */
    uint32_t dma_version;   /* highest DEVICE_DESCRIPTION.Version; 0: as that
                               Windows                                         */
    uint32_t verify;       /* enum machine_verify                             */
    bool checks;           /* misuse of memory and of requests is a bugcheck, as
                              under Driver Verifier                           */
    uint32_t system_pages; /* SystemPages: 0 automatic, FFFFFFFF most      */
    bool track_ptes;       /* TrackPtes                                    */
    bool track_locked_pages; /* TrackLockedPages: registry values of Memory
                                Management, read when the machine is made   */
    bool strict_dma;      /* DMA outside the windows is a bus fault          */
    bool missing_fail;    /* an import that nothing serves refuses the image */
    uint32_t ns_per_tick; /* virtual ns per instruction                      */
    uint32_t dma_tenure;  /* most bytes of a PCI master's tenure, 4..4096    */
    uint32_t dma_rate;    /* bytes per ns of a PCI master; 0: 1, bare 4      */
    bool pc;         /* bare: with the other chips of a PC's board           */
    bool debug_exit; /* bare: OUT to port F4h ends the run                   */
    uint64_t paging; /* bytes of the paging file; 0: no page leaves RAM      */
    bool paging_strict; /* whenever the IRQL rises to DISPATCH_LEVEL, all that
                           is pageable in the system is trimmed              */
    char paging_file[MACHINE_FILE]; /* a file of the host for it, made and
                            without a name then; "": memory. In no save     */
    uint32_t boot_order; /* what a BIOS tries, a nibble each, the first in the
                            lowest: enum machine_boot                      */
    uint32_t fdc_speed;  /* times the rates of the floppy controller, 1..4 */
    char bios[MACHINE_FILE];    /* file of the BIOS ROM; "": none          */
    char vga_rom[MACHINE_FILE]; /* of the board's VGA; "": none, or a save  */
    uint32_t bios_bytes; /* its size, filled in by machine_create()         */
    uint32_t devices;
    struct machine_device device[MACHINE_DEVICES];
    uint32_t media;
    struct machine_medium medium[MACHINE_MEDIA];
};

/** A row of the platform table. */
struct machine_platform {
    const char *name, *help;
};
/** machine_platform_at() - row @index; false past the last. */
HB_API bool machine_platform_at(unsigned index, struct machine_platform *row);

/** machine_cpu_at() - CPU model @index, likewise. */
HB_API bool machine_cpu_at(unsigned index, struct machine_platform *row);

/** machine_config_init() - the description of platform @name (NULL: the
 *  default, "translate"), without cards. HB_NOT_FOUND: no such platform. */
HB_API enum hb_status machine_config_init(struct machine_config *config,
                                          const char *name,
                                          struct hb_error *error);
/**
 * machine_config_set() - one setting by its name, as on the command line, in a
 * scenario's `machine` table and in a machine file.
 * @key:   platform, memory, cpu, pae, registers, windows, ports, checks,
 * grant.master, grant.slave, eisa, dma.interrupt, dma.alignment, dma.version,
 * dma.tenure, dma.rate, verify, strict-dma, missing, ns-per-tick, pc,
 * debug-exit, bios, vga-rom, boot, fdc.speed, paging, paging.file ("FILE" or
 * "FILE,SIZE"), paging.strict; disk, cdrom, floppy: each adds a drive
 * @value: "256M", "6G", "on", "off", "translate", "17", "0x100" ...; of
 *         boot one to three of the letters a (floppy), c (disk), d (CD) and n
 *         (network); of a drive "FILE[,cow=on][,to=DEVICE][,drive=N]", where
 * FILE `none` is an empty drive (docs/media.md)
 *
 * Returns HB_OK; HB_NOT_FOUND: no such key; HB_BAD_ARGUMENT: the value is not
 * one that the key takes; HB_FULL: 16 drives. `platform` sets all that the
 * platform's row has.
 */
HB_API enum hb_status machine_config_set(struct machine_config *config,
                                         const char *key, const char *value,
                                         struct hb_error *error);
/**
 * machine_config_device() - add a card: "MODEL[,key=value...]", where MODEL is
 * a built-in one or a file (./card.so, card.lua: docs/own-device.md) and key is
 * name, irq, dma, slot, function, base, rom (a file in its ROM socket), or a
 * setting of the model.
 *
 * Returns HB_OK, HB_NOT_FOUND (no such model or setting), HB_BAD_ARGUMENT (a
 * value outside its range), HB_FULL (32 cards), HB_NO_FILE or HB_BAD_IMAGE
 * (the card's file).
 */
HB_API enum hb_status machine_config_device(struct machine_config *config,
                                            const char *text,
                                            struct hb_error *error);

/* ---- life ----------------------------------------------------------------*/

/**
 * machine_create() - build the machine and, unless bare, boot the kernel and
 * the HAL on it; no driver is loaded. Costs nothing in proportion to its RAM.
 * @out: the machine; free it with machine_destroy()
 *
 * Returns HB_OK, HB_BAD_ARGUMENT (the description), HB_NO_MEMORY, HB_NO_PAGES.
 */
HB_API enum hb_status machine_create(struct machine **out,
                                     const struct machine_config *config,
                                     struct hb_error *error);
/** machine_destroy() - with all that it owns; NULL is nothing. */
HB_API void machine_destroy(struct machine *m);
/** machine_config() - its description, valid as long as the machine. */
HB_API const struct machine_config *machine_config(const struct machine *m);

/* ---- time and running ----------------------------------------------------*/

/** Where a run stands: ordered and exact. */
struct machine_position {
    uint64_t tick;   /* instructions retired, and time that passed idle      */
    uint64_t served; /* pieces of work done at that tick: due entries, ends
                        of tenures, interrupts and exceptions delivered      */
    uint32_t moved;  /* bytes of the tenure that holds the bus now           */
};

enum machine_stop_reason {
    STOP_LIMIT,      /* the tick asked for has come                          */
    STOP_ASKED,      /* machine_stop()                                       */
    STOP_BREAKPOINT, /* an event that machine_break() named                  */
    STOP_STEP,       /* machine_step() went its step                         */
    STOP_TICKET,     /* machine_wait(): the ticket is done                   */
    STOP_ENDED,      /* the guest system has stopped: bugcheck, shutdown     */
    STOP_IDLE,       /* nothing can ever happen again; text: who waits       */
    STOP_FINDING,    /* a finding, with verify=stop                          */
    STOP_WAITING,    /* machine_run_live(): the CPU waits, see stop.wake     */
    STOP_WATCH,      /* a watch was hit: watch.h                             */
};

/** Why and where a run stopped. */
struct machine_stop {
    enum machine_stop_reason reason;
    struct machine_position at;
    int breakpoint;               /* its id, with STOP_BREAKPOINT            */
    int watch;                    /* its id, with STOP_WATCH                 */
    uint64_t wake;                /* STOP_WAITING: tick of the next due work,
                                     UINT64_MAX: only an input can wake it   */
    char text[MACHINE_STOP_TEXT]; /* for a person; may be empty              */
};

/** machine_stop_name() - the reason in lower case, for messages. */
HB_API const char *machine_stop_name(enum machine_stop_reason reason);

#define MACHINE_FOR_EVER UINT64_MAX

/**
 * machine_run() - let the machine run until tick @until (MACHINE_FOR_EVER: no
 * limit) or until something stops it.
 * @stop: filled when not NULL
 *
 * How a run is cut into calls changes nothing in it: same events, same state.
 * Returns why it stopped. A machine that has ended stays so.
 */
HB_API enum machine_stop_reason machine_run(struct machine *m, uint64_t until,
                                            struct machine_stop *stop);
/**
 * machine_run_live() - as machine_run(), for a client that hands in what comes
 * from the host (keys, frames) at the time it comes: a CPU that waits (HLT)
 * skips no time past tick @idle_until; the client then waits for the host as
 * long, and calls again with the time that has passed. A CPU that only an input
 * can wake waits for it; one with interrupts off is STOP_IDLE as ever.
 */
HB_API enum machine_stop_reason machine_run_live(struct machine *m,
                                                 uint64_t until,
                                                 uint64_t idle_until,
                                                 struct machine_stop *stop);
/** machine_stop() - from a listener: have the run stop at the next boundary
 *  between two instructions, or two bytes of DMA. */
HB_API void machine_stop(struct machine *m);

/** machine_position() - where it stands now. */
HB_API struct machine_position machine_position(const struct machine *m);
/** machine_now_ns() - virtual time since power-on. */
HB_API uint64_t machine_now_ns(const struct machine *m);
/** machine_ticks() - @ns in ticks of this machine, rounded up. */
HB_API uint64_t machine_ticks(const struct machine *m, uint64_t ns);

/* ---- events --------------------------------------------------------------*/

/**
 * machine_listen() - have @fn called for each event that @glob names
 * ("dma_*,-dma_beat"). It may read the machine and call machine_stop(); what
 * the machine does never depends on who listens.
 *
 * Returns HB_OK, HB_BAD_ARGUMENT (the glob names no event), HB_NO_MEMORY.
 */
HB_API enum hb_status machine_listen(struct machine *m, hb_event_fn *fn,
                                     void *context, const char *glob,
                                     struct hb_error *error);
/** machine_unlisten() - by what machine_listen() was given. */
HB_API void machine_unlisten(struct machine *m, hb_event_fn *fn,
                             const void *context);

/* ---- saving --------------------------------------------------------------*/

enum { MACHINE_FORMAT = 1 };

/**
 * machine_save_bytes() - everything that the machine is, as bytes: settings,
 * then a versioned section for each part. Only pages that were ever written
 * are in it. The caller frees *@bytes with free(). Listeners, breakpoints and
 * the client are not saved. Equal machines give equal bytes.
 */
HB_API enum hb_status machine_save_bytes(const struct machine *m,
                                         uint8_t **bytes, size_t *count,
                                         struct hb_error *error);
/**
 * machine_load_bytes() - a new machine that goes on where the saved one stood.
 * HB_BAD_IMAGE with one line: not a save, cut short, or another version of the
 * format, of a part or of a device model.
 */
HB_API enum hb_status machine_load_bytes(struct machine **out,
                                         const uint8_t *bytes, size_t count,
                                         struct hb_error *error);
/** machine_save()/machine_load() - the same with a file (HB_NO_FILE). */
HB_API enum hb_status machine_save(const struct machine *m, const char *path,
                                   struct hb_error *error);
HB_API enum hb_status machine_load(struct machine **out, const char *path,
                                   struct hb_error *error);

#endif
