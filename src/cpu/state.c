/* src/cpu/state.c -- what of the CPU is saved. */
#include "cpu/cpu.h"

static const struct state_row segment_rows[] = {
    STATE_INT(struct cpu_segment, selector),
    STATE_INT(struct cpu_segment, access),
    STATE_INT(struct cpu_segment, base),
    STATE_INT(struct cpu_segment, limit),
    STATE_END,
};

static const struct state_row table_rows[] = {
    STATE_INT(struct cpu_table, base),
    STATE_INT(struct cpu_table, limit),
    STATE_END,
};

static const struct state_row x80_rows[] = {
    STATE_INT(struct x80, m),
    STATE_INT(struct x80, se),
    STATE_END,
};

const struct state_row cpu_fpu_rows[] = {
    STATE_STRUCTS(struct cpu_fpu, r, x80_rows),
    STATE_INT(struct cpu_fpu, cw),
    STATE_INT(struct cpu_fpu, sw),
    STATE_INT(struct cpu_fpu, fop),
    STATE_INT(struct cpu_fpu, fcs),
    STATE_INT(struct cpu_fpu, fds),
    STATE_INT(struct cpu_fpu, fip),
    STATE_INT(struct cpu_fpu, fdp),
    STATE_INT(struct cpu_fpu, full),
    STATE_INTS(struct cpu_fpu, xmm),
    STATE_INT(struct cpu_fpu, mxcsr),
    STATE_END,
};

static const struct state_row msr_rows[] = {
    STATE_INT(struct cpu_msr, none),
    STATE_INTS(struct cpu_msr, p5_mc),
    STATE_INTS(struct cpu_msr, p5_perf),
    STATE_INTS(struct cpu_msr, microcode),
    STATE_INTS(struct cpu_msr, cache_control),
    STATE_INTS(struct cpu_msr, perf_select),
    STATE_INTS(struct cpu_msr, perf_counter),
    STATE_INT(struct cpu_msr, debug_control),
    STATE_INT(struct cpu_msr, misc_enable),
    STATE_INTS(struct cpu_msr, mtrr_range),
    STATE_INTS(struct cpu_msr, mtrr_fixed),
    STATE_INT(struct cpu_msr, mtrr_default),
    STATE_INT(struct cpu_msr, pat),
    STATE_INT(struct cpu_msr, mcg_status),
    STATE_INTS(struct cpu_msr, mc_bank),
    STATE_END,
};

const struct state_row cpu_state_rows[] = {
    STATE_INTS(struct cpu_state, reg),
    STATE_INT(struct cpu_state, eip),
    STATE_INT(struct cpu_state, eflags),
    STATE_STRUCTS(struct cpu_state, seg, segment_rows),
    STATE_STRUCT(struct cpu_state, ldtr, segment_rows),
    STATE_STRUCT(struct cpu_state, tr, segment_rows),
    STATE_STRUCT(struct cpu_state, gdtr, table_rows),
    STATE_STRUCT(struct cpu_state, idtr, table_rows),
    STATE_INT(struct cpu_state, cr0),
    STATE_INT(struct cpu_state, cr2),
    STATE_INT(struct cpu_state, cr3),
    STATE_INT(struct cpu_state, cr4),
    STATE_INTS(struct cpu_state, dr),
    STATE_INTS(struct cpu_state, pdpte),
    STATE_INT(struct cpu_state, efer_nxe),
    STATE_INT(struct cpu_state, sysenter_cs),
    STATE_INT(struct cpu_state, sysenter_esp),
    STATE_INT(struct cpu_state, sysenter_eip),
    STATE_INT(struct cpu_state, tsc_offset),
    STATE_STRUCT(struct cpu_state, msr, msr_rows),
    STATE_INT(struct cpu_state, cpl),
    STATE_INT(struct cpu_state, halted),
    STATE_INT(struct cpu_state, interrupt_shadow),
    STATE_INT(struct cpu_state, nmi_blocked),
    STATE_INT(struct cpu_state, nmi_line),
    STATE_INT(struct cpu_state, nmi_pending),
    STATE_INT(struct cpu_state, shutdown),
    STATE_INT(struct cpu_state, debug_pending),
    STATE_INT(struct cpu_state, a20_masked),
    STATE_STRUCT(struct cpu_state, fpu, cpu_fpu_rows),
    STATE_END,
};
