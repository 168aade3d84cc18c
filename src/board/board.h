/* src/board/board.h -- a machine from inside: its parts and who drives it. The
 * board owns all parts and frees them in reverse order of creation. */
#ifndef BOARD_BOARD_H
#define BOARD_BOARD_H

#include "base/clock.h"
#include "base/events.h"
#include "base/input.h"
#include "base/vec.h"
#include "bus/bus.h"
#include "card/card.h"
#include "cpu/cpu.h"
#include "hal/hal.h"
#include "halbox/control.h"
#include "halbox/machine.h"
#include "ke/ke.h"
#include "mm/mm.h"
#include "mm/watch.h"
#include "nt/nt.h"

enum { BREAKPOINTS = 64 };

/** A client's breakpoint, parsed. */
struct breakpoint {
    int id; /* 0: free */
    struct machine *machine;
    struct machine_breakpoint point;
};

/** What a step of DMA waits for. */
struct dma_step {
    bool done;
    enum machine_step what;
    const char *device; /* NULL: any */
};

/** The board's own state that is saved. */
struct board_state {
    uint32_t findings;
    /* machine_start() in progress: what it waits for, and whom it offers to
     * whom next, so that it goes on in a machine that was loaded */
    uint32_t start_ticket, start_device, start_image;
};

enum run_piece { RUN_TENURE, RUN_SERVICE, RUN_CPU };

/** Who is asked between two pieces: machine_checkpoint()'s client, and the
 *  debugger, which may run the machine itself before it returns. */
enum { HOOK_CHECKPOINT, HOOK_DEBUG, BOUNDARY_HOOKS };
struct boundary_hook {
    machine_checkpoint_fn *fn; /* NULL: none */
    void *context;
    uint64_t tick;  /* the first boundary at or after it, and each one then */
    uint64_t slice; /* most ticks of the CPU at once; 0: any                */
};
typedef void run_ended_fn(void *context, const struct machine_stop *stop);

struct machine {
    struct machine_config config;
    /* saved, a section each; see save.c */
    struct board_state s;
    struct clock clock;
    struct input_log inputs;
    struct ram ram;
    struct cpu cpu;
    struct bus *bus;
    struct card *card[MACHINE_DEVICES]; /* of config.device[], or NULL */
    struct mm mm;                       /* from here on not on a bare machine */
    struct ke *ke;
    struct hal *hal;
    struct nt *nt;
    /* of the host and the clients: not saved */
    struct events events;
    struct vec image_path; /* of char *, by image: the file, or NULL */
    bool stop_asked, finding_stop;
    bool live; /* in machine_run_live(): inputs may come while it waits */
    int stop_breakpoint;
    struct breakpoint breakpoint[BREAKPOINTS];
    int breakpoint_ids;
    struct watches watches;
    int stop_watch;                     /* its id, when one stops the run */
    struct machine_watch_hit watch_hit; /* that did */
    bool stepping; /* one instruction, and from where: it stops no run */
    gva_t stepping_from;
    struct dma_step dma_step;
    uint32_t grain, step_grain, debug_grain; /* the least counts: board_grain()
                                              */
    uint8_t *bios; /* the file, while the board is built */
    struct boundary_hook hook[BOUNDARY_HOOKS];
    run_ended_fn *ended; /* a run stops because it cannot go on; NULL: none */
    void *ended_context;
    enum run_piece piece; /* the last one                                   */
    bool inner; /* the debugger's hook runs it: no hook is asked            */
};

/** machine_build() - all parts created and wired, nothing booted. */
enum hb_status machine_build(struct machine **out,
                             const struct machine_config *config,
                             struct hb_error *error);
/** machine_boot() - memory manager, kernel, HAL, executive. */
enum hb_status machine_boot(struct machine *m, struct hb_error *error);
/** machine_add_devices() - the board's chips and the description's cards. */
enum hb_status machine_add_devices(struct machine *m, struct hb_error *error);

/** board_bios_read() - the BIOS file, and its size into the settings;
 *  board_bios_put() - into its ROM. */
enum hb_status board_bios_read(struct machine *m, struct hb_error *error);
void board_bios_put(struct machine *m);
/** board_items() - firmware configuration that every PC has; board_item() - one
 *  more, before the first instruction. */
enum hb_status board_items(struct machine *m, struct hb_error *error);
enum hb_status board_item(struct machine *m, const char *name,
                          const void *bytes, size_t count,
                          struct hb_error *error);
/** board_cmos() - a bare machine's CMOS memory, as its set-up would leave it.
 */
void board_cmos(struct machine *m);

/** run_piece() - one piece of work: bytes of the tenure, one due entry, or the
 *  CPU up to tick @until at most (a halt skips time up to @idle_until). False:
 *  it stopped instead, *stop says why. m->piece: what was done. */
bool run_piece(struct machine *m, uint64_t until, uint64_t idle_until,
               struct machine_stop *stop);
/** firmware_run() - PCI interrupts routed, IDE on, DMA channels 0-3 connected,
 *  as a kernel finds them. */
void firmware_run(struct machine *m);
/** machine_tell_cards() - cards that cannot be enumerated, to the executive. */
enum hb_status machine_tell_cards(struct machine *m, struct hb_error *error);

/** board_grain() - tell the bus the least of the three grains. */
void board_grain(struct machine *m);

/** run_begin()/run_end() - around pieces: stale requests to stop are dropped,
 *  the position is filled in. */
void run_begin(struct machine *m, struct machine_stop *stop);
enum machine_stop_reason run_end(struct machine *m, struct machine_stop *stop,
                                 struct machine_stop *out);

/** breakpoint_good() - are there such events, with such arguments?
 *  breakpoint_holds() - is @event, which its glob names, one that stops? */
bool breakpoint_good(const struct machine_breakpoint *p,
                     struct hb_error *error);
bool breakpoint_holds(const struct machine_breakpoint *p,
                      const struct hb_event *event);

/** machine_freeze() - all that the machine is but RAM and input log, to be put
 *  back into this machine later, when its RAM is as it was then.
 *  machine_thaw() - put it back. An error leaves a machine that cannot run. */
enum hb_status machine_freeze(const struct machine *m, struct saver *s,
                              struct hb_error *error);
enum hb_status machine_thaw(struct machine *m, const uint8_t *bytes,
                            size_t count, struct hb_error *error);
/** media_put_back() - in the drives is what was when @then was the machine's
 *  description. */
enum hb_status media_put_back(struct machine *m,
                              const struct machine_config *then,
                              struct hb_error *error);
/** machine_writes_host() - a medium whose writes go to a file of the host,
 *  where nothing takes them back; NULL: none. */
const char *machine_writes_host(const struct machine *m);

/** watch_init() - the board's own listeners: findings. */
enum hb_status watch_init(struct machine *m);

/** watches_init() - the table of watches. watches_rearm() - it has changed, or
 *  memory, TLB and CPU were replaced: an instruction that was told of is told
 *  of again, unless the machine stands at its very tick. watches_pass() - the
 *  one where the machine stands counts as told of: a run was put there. */
void watches_init(struct machine *m);
void watches_rearm(struct machine *m);
void watches_pass(struct machine *m);
/** watches_always() - the watch @id hears also of what is run through again. */
void watches_always(struct machine *m, int id);

/** machine_add_media() - the description's drives, and what is in them. */
enum hb_status machine_add_media(struct machine *m, struct hb_error *error);

/** input_enter() - log an input and emit its event; call before the effect. */
enum hb_status input_enter(struct machine *m, enum input_kind kind, uint64_t a,
                           uint64_t b, const void *data, uint32_t bytes,
                           struct hb_error *error);

/** file_read() - a whole file; the caller frees *@bytes. HB_NO_FILE. */
enum hb_status file_read(const char *path, uint8_t **bytes, size_t *count,
                         struct hb_error *error);

#endif
