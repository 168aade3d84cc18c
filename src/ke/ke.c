/* src/ke/ke.c -- life of the kernel object, its saved state, and access to
 * kernel memory from host cores. Docs: docs/ke.md. */
#include <stdlib.h>
#include <string.h>

#include "ke/private.h"
#include "mm/pagefile.h"

/* ---- state rows
 * --------------------------------------------------------------- */

static const struct state_row record_rows[] = {
    STATE_INT(struct record, below),
    STATE_INT(struct record, routine),
    STATE_INT(struct record, state),
    STATE_INT(struct record, entry_esp),
    STATE_INT(struct record, entry_eip),
    STATE_INT(struct record, esp),
    STATE_INT(struct record, frame),
    STATE_INT(struct record, locals),
    STATE_INTS(struct record, reg),
    STATE_INTS(struct record, seg),
    STATE_INTS(struct record, w),
    STATE_INT(struct record, due),
    STATE_INT(struct record, used),
    STATE_INT(struct record, user),
    STATE_INT(struct record, segments),
    STATE_INT(struct record, exception_list),
    STATE_INT(struct record, trap),
    STATE_INT(struct record, irql),
    STATE_INT(struct record, old_irql),
    STATE_INT(struct record, mode),
    STATE_INT(struct record, waiting),
    STATE_INT(struct record, wait_all),
    STATE_INT(struct record, wait_user),
    STATE_END,
};

static const struct state_row thread_rows[] = {
    STATE_INT(struct thread, state),
    STATE_INT(struct thread, mode),
    STATE_INT(struct thread, irql),
    STATE_INT(struct thread, user),
    STATE_INT(struct thread, ending),
    STATE_INT(struct thread, exiting),
    STATE_INT(struct thread, system_wait),
    STATE_INT(struct thread, wait_follows),
    STATE_INT(struct thread, wait_irql),
    STATE_INT(struct thread, priority),
    STATE_INT(struct thread, increment),
    STATE_INT(struct thread, quantum),
    STATE_INT(struct thread, apc_disable),
    STATE_INT(struct thread, process),
    STATE_INT(struct thread, attached),
    STATE_INT(struct thread, object),
    STATE_INT(struct thread, stack_top),
    STATE_INT(struct thread, teb),
    STATE_INT(struct thread, exit_routine),
    STATE_INT(struct thread, top),
    STATE_INTS(struct thread, reg),
    STATE_INT(struct thread, eip),
    STATE_INT(struct thread, eflags),
    STATE_INT(struct thread, exception_list),
    STATE_STRUCT(struct thread, fpu, cpu_fpu_rows),
    STATE_INT(struct thread, exit_status),
    STATE_INT(struct thread, ready_seq),
    STATE_BYTES(struct thread, name),
    STATE_END,
};

static const struct state_row process_rows[] = {
    STATE_INT(struct process, used),
    STATE_INT(struct process, space),
    STATE_INT(struct process, cr3),
    STATE_INT(struct process, object),
    STATE_END,
};

static const struct state_row wait_rows[] = {
    STATE_INT(struct wait_block, object),
    STATE_INT(struct wait_block, record),
    STATE_INT(struct wait_block, thread),
    STATE_INT(struct wait_block, index),
    STATE_END,
};

static const struct state_row timer_rows[] = {
    STATE_INT(struct timer, object), STATE_INT(struct timer, dpc),
    STATE_INT(struct timer, due),    STATE_INT(struct timer, period),
    STATE_INT(struct timer, seq),    STATE_END,
};

static const struct state_row apc_rows[] = {
    STATE_INT(struct apc, thread),
    STATE_INT(struct apc, routine),
    STATE_INTS(struct apc, arg),
    STATE_END,
};

static const struct state_row work_rows[] = {
    STATE_INT(struct work, routine),
    STATE_INT(struct work, parameter),
    STATE_END,
};

static const struct state_row interrupt_rows[] = {
    STATE_INT(struct ke_interrupt, object),
    STATE_INT(struct ke_interrupt, routine),
    STATE_INT(struct ke_interrupt, context),
    STATE_INT(struct ke_interrupt, vector),
    STATE_INT(struct ke_interrupt, lock),
    STATE_INT(struct ke_interrupt, irql),
    STATE_INT(struct ke_interrupt, synchronize_irql),
    STATE_INT(struct ke_interrupt, latched),
    STATE_INT(struct ke_interrupt, share),
    STATE_END,
};

static const struct state_row u32_rows[] = {
    {.name = "v", .kind = STATE_KIND_INT, .bytes = 4, .count = 1},
    STATE_END,
};

static const struct state_row image_rows[] = {
    STATE_INT(struct image, base),
    STATE_INT(struct image, bytes),
    STATE_INT(struct image, unloaded),
    STATE_BYTES(struct image, name),
    STATE_END,
};

static const struct state_row missing_rows[] = {
    STATE_BYTES(struct missing, image),
    STATE_BYTES(struct missing, dll),
    STATE_BYTES(struct missing, name),
    STATE_END,
};

static const struct state_row bugcheck_rows[] = {
    STATE_INT(struct ke_bugcheck, ended),
    STATE_INT(struct ke_bugcheck, code),
    STATE_INTS(struct ke_bugcheck, p),
    STATE_INT(struct ke_bugcheck, eip),
    STATE_INT(struct ke_bugcheck, esp),
    STATE_INT(struct ke_bugcheck, thread),
    STATE_BYTES(struct ke_bugcheck, image),
    STATE_BYTES(struct ke_bugcheck, routine),
    STATE_BYTES(struct ke_bugcheck, text),
    STATE_END,
};

const struct state_row ke_state_rows[] = {
    STATE_INT(struct ke_state, booted),
    STATE_INT(struct ke_state, dpc_active),
    STATE_INT(struct ke_state, dpc_requested),
    STATE_INT(struct ke_state, switch_wanted),
    STATE_INT(struct ke_state, timers_due),
    STATE_INT(struct ke_state, dying),
    STATE_INT(struct ke_state, pae),
    STATE_INT(struct ke_state, pic_mask),
    STATE_INT(struct ke_state, pic_level),
    STATE_INT(struct ke_state, pending),
    STATE_INTS(struct ke_state, unhandled),
    STATE_INT(struct ke_state, text_gpa),
    STATE_INT(struct ke_state, kpcr),
    STATE_INT(struct ke_state, kuser),
    STATE_INT(struct ke_state, tss),
    STATE_INT(struct ke_state, tick_data),
    STATE_INT(struct ke_state, current),
    STATE_INT(struct ke_state, free_record),
    STATE_INT(struct ke_state, dpc_stack_top),
    STATE_INT(struct ke_state, work_event),
    STATE_INT(struct ke_state, interrupt_time),
    STATE_INT(struct ke_state, boot_time),
    STATE_INT(struct ke_state, tick_count),
    STATE_INT(struct ke_state, idle_count),
    STATE_INT(struct ke_state, tick_ns),
    STATE_INT(struct ke_state, seq),
    STATE_INTS(struct ke_state, fault_count),
    STATE_INTS(struct ke_state, fault_at),
    STATE_STRUCT(struct ke_state, bugcheck, bugcheck_rows),
    STATE_VEC(struct ke_state, record, struct record, RECORDS_MOST,
              record_rows),
    STATE_VEC(struct ke_state, thread, struct thread, KE_THREADS, thread_rows),
    STATE_VEC(struct ke_state, process, struct process, KE_PROCESSES,
              process_rows),
    STATE_VEC(struct ke_state, wait, struct wait_block, WAITS_MOST, wait_rows),
    STATE_VEC(struct ke_state, timer, struct timer, TIMERS_MOST, timer_rows),
    STATE_VEC(struct ke_state, dpc, uint32_t, DPCS_MOST, u32_rows),
    STATE_VEC(struct ke_state, apc, struct apc, APCS_MOST, apc_rows),
    STATE_VEC(struct ke_state, work, struct work, WORK_MOST, work_rows),
    STATE_VEC(struct ke_state, connection, struct ke_interrupt,
              CONNECTIONS_MOST, interrupt_rows),
    STATE_VEC(struct ke_state, image, struct image, IMAGES_MOST, image_rows),
    STATE_VEC(struct ke_state, missing, struct missing, MISSING_STUBS,
              missing_rows),
    STATE_VEC(struct ke_state, bugcheck_callback, uint32_t, IMAGES_MOST,
              u32_rows),
    STATE_VEC(struct ke_state, held_lock, uint32_t, LOCKS_MOST, u32_rows),
    STATE_END,
};

/* ---- life
 * ----------------------------------------------------------------------- */

enum hb_status ke_create(struct ke **out, const struct ke_wiring *wiring,
                         const struct export_table *tables, unsigned count,
                         struct hb_error *error)
{
    struct ke *ke = calloc(1, sizeof *ke);
    enum hb_status st;

    if (!ke)
        return hb_fail(error, HB_NO_MEMORY, "kernel: no host memory");
    ke->ram = wiring->ram;
    ke->bus = wiring->bus;
    ke->cpu = wiring->cpu;
    ke->clock = wiring->clock;
    ke->events = wiring->events;
    ke->mm = wiring->mm;
    st = registry_build(ke, tables, count, error);
    if (st != HB_OK) {
        ke_destroy(ke);
        return st;
    }
    *out = ke;
    return HB_OK;
}

void ke_destroy(struct ke *ke)
{
    state_free(ke_state(ke), ke_state_rows);
    registry_free(ke);
    free(ke);
}

/** VMCALL is an instruction in the pages of all stubs, and nowhere else. */
static void vmcall_window(struct ke *ke)
{
    uint32_t pages = ke->text_pages[NTOSKRNL] + ke->text_pages[HAL];

    ke->cpu->vmcall_low = gpa_of(ke->s.text_gpa);
    ke->cpu->vmcall_high =
        gpa_of(ke->s.text_gpa + ((uint64_t)pages << PAGE_SHIFT));
}

enum hb_status ke_loaded(struct ke *ke, struct hb_error *error)
{
    if (ke->s.booted && !state_sound(ke))
        return hb_fail(error, HB_BAD_IMAGE,
                       "the save's kernel state is damaged: take another save");
    vmcall_window(ke);
    return HB_OK;
}

enum hb_status ke_boot(struct ke *ke, struct hb_error *error)
{
    enum hb_status st;

    if (ke->s.booted)
        return hb_fail(error, HB_BAD_STATE, "kernel: it has booted before");
    st = images_build(ke, error);
    if (st == HB_OK)
        st = tables_build(ke, error);
    if (st != HB_OK)
        return st;
    ke->s.booted = 1;
    cpu_enter_kernel(ke);
    vmcall_window(ke);
    pic_init(ke);
    return HB_OK;
}

void *ke_state(struct ke *ke)
{
    return &ke->s;
}

/* ---- kernel memory, wiring
 * --------------------------------------------------------- */

static uint32_t space_now(const struct ke *ke)
{
    return ke_process_space(ke, ke_current_process(ke));
}

/* What is not resident is read where it is, and comes in to be written. */
bool ke_read(const struct ke *ke, gva_t at, void *to, uint32_t bytes)
{
    return cpu_peek(ke->cpu, at, to, bytes) ||
           (ke->s.booted &&
            mm_read(ke->mm, space_now(ke), at, to, bytes) == HB_OK);
}

bool ke_write(struct ke *ke, gva_t at, const void *from, uint32_t bytes)
{
    bool clean = ke->s.booted && pagefile_used(ke->mm); /* a write soils it */

    return (!clean && cpu_poke(ke->cpu, at, from, bytes)) ||
           (ke->s.booted &&
            mm_write(ke->mm, space_now(ke), at, from, bytes) == HB_OK);
}

uint32_t ke_read_u32(const struct ke *ke, gva_t at)
{
    uint32_t v = 0;

    return ke_read(ke, at, &v, sizeof v) ? v : 0;
}

bool ke_write_u32(struct ke *ke, gva_t at, uint32_t v)
{
    return ke_write(ke, at, &v, sizeof v);
}

bool ke_checks(const struct ke *ke)
{
    return ke->mm->s.settings.checks != 0;
}

struct mm *ke_mm(const struct ke *ke)
{
    return ke->mm;
}

struct bus *ke_bus(const struct ke *ke)
{
    return ke->bus;
}

struct events *ke_events(const struct ke *ke)
{
    return ke->events;
}
