/* src/ke/boot.c -- what NT finds in memory at run time besides the images: GDT,
 * IDT, TSS, KPCR, KUSER_SHARED_DATA, the idle thread and the DPC stack; and the
 * CPU set into the idle loop. Sources: SDM vol. 3A 3.4.5, 6.11, 7.2; mm and
 * hal_io fact sheets. */
#include <string.h>

#include "ke/private.h"
#include "mm/pool.h"
#include "mm/pte.h"
#include "mm/system.h"

/** The tables' pages at MM_KERNEL_TABLES. */
enum { GDT_PAGE, IDT_PAGE, TSS_PAGE, TABLE_PAGES };
enum { GDT_ENTRIES = 16, IDT_ENTRIES = 256 };

static uint32_t table_va(unsigned page)
{
    return MM_KERNEL_TABLES + page * PAGE_BYTES;
}

/** A segment descriptor; @type is its bits 8-15, @flags bits 20-23. */
static uint64_t descriptor(uint32_t base, uint32_t limit, uint8_t type,
                           uint8_t flags)
{
    return (limit & 0xffffu) | (uint64_t)(base & 0xffffffu) << 16 |
           (uint64_t)type << 40 | (uint64_t)(limit >> 16 & 0xfu) << 48 |
           (uint64_t)(flags & 0xfu) << 52 | (uint64_t)(base >> 24) << 56;
}

static void put_gdt(struct ke *ke, gpa_t at)
{
    const uint64_t gdt[GDT_ENTRIES] = {
        [SEL_CODE >> 3] = descriptor(0, 0xfffff, 0x9b, 0xc),
        [SEL_DATA >> 3] = descriptor(0, 0xfffff, 0x93, 0xc),
        [SEL_USER_CODE >> 3] = descriptor(0, 0xfffff, 0xfb, 0xc),
        [SEL_USER_DATA >> 3] = descriptor(0, 0xfffff, 0xf3, 0xc),
        [SEL_TSS >> 3] = descriptor(table_va(TSS_PAGE), TSS_BYTES - 1, 0x8b, 0),
        [SEL_PCR >> 3] = descriptor(MM_KPCR, PAGE_BYTES - 1, 0x93, 0x4),
        [SEL_TEB >> 3] = descriptor(0, PAGE_BYTES - 1, 0xf3, 0x4),
    };

    ram_write(ke->ram, at, gdt, sizeof gdt);
}

/** Gates to the trap page. Interrupt gates throughout: IF comes on when a
 *  routine calls guest code. int 3, into and int 2Eh are open to ring 3. */
static void put_idt(struct ke *ke, gpa_t at)
{
    for (unsigned v = 0; v < IDT_ENTRIES; v++) {
        uint32_t to = trampoline(v * TRAP_STRIDE).v;
        bool open = v == EXC_BP || v == EXC_OF || v == SERVICE_VECTOR;
        uint32_t low = SEL_CODE << 16 | (to & 0xffffu);
        uint32_t high = (to & 0xffff0000u) | (open ? 0xee00u : 0x8e00u);

        ram_write64(ke->ram, gpa_add(at, v * 8), (uint64_t)high << 32 | low);
    }
}

static void put_kpcr(struct ke *ke)
{
    gpa_t at = gpa_of(ke->s.kpcr);
    gpa_t prcb = gpa_add(at, PCR_PRCB_DATA);

    ram_write32(ke->ram, at, REGISTRATION_END);
    ram_write32(ke->ram, gpa_add(at, PCR_SELF), MM_KPCR);
    ram_write32(ke->ram, gpa_add(at, PCR_PRCB), MM_KPCR + PCR_PRCB_DATA);
    ram_write32(ke->ram, gpa_add(at, PCR_IDT), table_va(IDT_PAGE));
    ram_write32(ke->ram, gpa_add(at, PCR_GDT), table_va(GDT_PAGE));
    ram_write32(ke->ram, gpa_add(at, PCR_TSS), table_va(TSS_PAGE));
    ram_write16(ke->ram, gpa_add(at, PCR_MAJOR), 1);
    ram_write16(ke->ram, gpa_add(at, PCR_MINOR), 1);
    ram_write32(ke->ram, gpa_add(at, PCR_SET_MEMBER), 1);
    ram_write32(ke->ram, gpa_add(at, PCR_STALL_SCALE),
                1000u / ke->clock->ns_per_tick);
    ram_write16(ke->ram, gpa_add(prcb, PRCB_MINOR), 1);
    ram_write16(ke->ram, gpa_add(prcb, PRCB_MAJOR), 1);
    ram_write8(ke->ram, gpa_add(prcb, PRCB_BUILD_TYPE), 2); /* one processor */
}

/** Windows versions by era: NT 4.0, 5.0, 5.1, 6.2, and their builds. */
static const uint16_t version[][3] = {[MM_NT4] = {4, 0, 1381},
                                      [MM_NT4_SP4] = {4, 0, 1381},
                                      [MM_2000] = {5, 0, 2195},
                                      [MM_XP] = {5, 1, 2600},
                                      [MM_W8] = {6, 2, 9200}};

/** NtBuildNumber's top bits; a checked build has C0000000h. */
#define FREE_BUILD 0xf0000000u

static void put_kuser(struct ke *ke)
{
    static const char root[] = "C:\\WINDOWS";
    const uint16_t *v = version[ke->mm->s.settings.era % 5u];
    gpa_t at = gpa_of(ke->s.kuser);

    /* ticks * multiplier >> 24 is milliseconds */
    ram_write32(ke->ram, gpa_add(at, USER_TICK_MULTIPLIER),
                (uint32_t)(((uint64_t)CLOCK_INCREMENT << 24) / 10000));
    ram_write32(ke->ram, gpa_add(at, USER_PRODUCT_TYPE), 1);
    ram_write8(ke->ram, gpa_add(at, USER_PRODUCT_VALID), 1);
    ram_write32(ke->ram, gpa_add(at, USER_MAJOR), v[0]);
    ram_write32(ke->ram, gpa_add(at, USER_MINOR), v[1]);
    for (unsigned i = 0; i < sizeof root; i++)
        ram_write16(ke->ram, gpa_add(at, USER_SYSTEM_ROOT + 2 * i),
                    (uint8_t)root[i]);
    /* mov edx, esp; sysenter; ret: what system calls of NT 5.1 go through */
    ram_write32(ke->ram, gpa_add(at, USER_SYSENTER), 0x340fd48bu);
    ram_write8(ke->ram, gpa_add(at, USER_SYSENTER_RETURN), 0xc3);
    /* PF_COMPARE_EXCHANGE_DOUBLE, PF_RDTSC_INSTRUCTION_AVAILABLE */
    ram_write8(ke->ram, gpa_add(at, USER_FEATURES + 2), 1);
    ram_write8(ke->ram, gpa_add(at, USER_FEATURES + 8), 1);
    ram_write8(ke->ram, gpa_add(at, USER_FEATURES + 9), ke->mm->s.settings.pae);
}

/** 2000-01-01 00:00 as system time: days since 1601 in 100 ns. */
static uint64_t boot_time(void)
{
    return (uint64_t)145731 * 24 * 3600 * 10000000;
}

uint32_t pool_zeroed(struct ke *ke, uint32_t bytes, uint32_t tag)
{
    static const uint8_t zero[INTERRUPT_BYTES + 0x200];
    gva_t va;

    if (pool_alloc(ke->mm, POOL_NONPAGED, bytes, tag, &va) != HB_OK)
        return 0;
    for (uint32_t done = 0; done < bytes;) {
        uint32_t n = bytes - done < sizeof zero ? bytes - done : sizeof zero;

        mm_write(ke->mm, 0, gva_add(va, done), zero, n);
        done += n;
    }
    return va.v;
}

/** Slot 0: the idle thread, on whose stack the machine starts. */
static bool make_idle(struct ke *ke)
{
    struct thread *t = vec_push(&ke->s.thread, sizeof *t, NULL);
    struct process *p = vec_push(&ke->s.process, sizeof *p, NULL);
    gva_t top, dpc_top;

    if (!t || !p || stack_alloc(ke->mm, &top) != HB_OK ||
        stack_alloc(ke->mm, &dpc_top) != HB_OK)
        return false;
    p->used = 1;
    p->cr3 = space_cr3(ke->mm, 0);
    p->object = pool_zeroed(ke, PROCESS_BYTES, PROCESS_TAG);
    t->object = pool_zeroed(ke, THREAD_BYTES, THREAD_TAG);
    if (!p->object || !t->object)
        return false;
    t->state = THREAD_RUNNING;
    t->process = KE_SYSTEM_PROCESS;
    t->priority = -1;
    t->stack_top = top.v;
    t->eip = trampoline(TRAP_IDLE).v;
    t->reg[ESP] = top.v;
    t->eflags = 2 | FLAG_IF;
    t->exception_list = REGISTRATION_END;
    fpu_of_thread(&t->fpu);
    snprintf(t->name, sizeof t->name, "idle");
    ke->s.dpc_stack_top = dpc_top.v;
    return true;
}

/** The variables of our rows that are not 0. */
static void find_data(struct ke *ke)
{
    static const uint8_t one = 1;
    uint32_t build = FREE_BUILD | version[ke->mm->s.settings.era % 5u][2];
    gpa_t at;

    mm_write(ke->mm, 0, ke_stub(ke, "KeNumberProcessors"), &one, 1);
    mm_write(ke->mm, 0, ke_stub(ke, "KdDebuggerNotPresent"), &one, 1);
    mm_write(ke->mm, 0, ke_stub(ke, "NtBuildNumber"), &build, 4);
    if (mm_physical(ke->mm, 0, ke_stub(ke, "KeTickCount"), &at))
        ke->s.tick_data = at.v;
    ke->s.kpcr = ke->mm->s.kpcr;
    ke->s.kuser = ke->mm->s.kuser;
    ke->s.pae = ke->mm->s.settings.pae;
    ke->s.boot_time = boot_time();
}

enum hb_status tables_build(struct ke *ke, struct hb_error *error)
{
    const struct frame_request req = {.owner = FRAME_KERNEL};
    uint32_t pfn;
    gpa_t at;

    find_data(ke);
    if (!make_idle(ke) ||
        frames_alloc_run(ke->mm, &req, TABLE_PAGES, &pfn) != HB_OK)
        return hb_fail(error, HB_NO_PAGES,
                       "the kernel's tables do not fit in RAM: give the "
                       "machine more memory");
    at = gpa_of((uint64_t)pfn << PAGE_SHIFT);
    if (kernel_map(ke->mm, gva_of(MM_KERNEL_TABLES), at, TABLE_PAGES, MM_RW,
                   MM_CACHED) != HB_OK)
        return hb_fail(error, HB_NO_PAGES, "no RAM for page tables");
    put_gdt(ke, gpa_add(at, GDT_PAGE * PAGE_BYTES));
    put_idt(ke, gpa_add(at, IDT_PAGE * PAGE_BYTES));
    ke->s.tss = at.v + TSS_PAGE * PAGE_BYTES;
    ram_write32(ke->ram, gpa_of(ke->s.tss + TSS_SS0), SEL_DATA);
    ram_write16(ke->ram, gpa_of(ke->s.tss + TSS_IOPB), TSS_BYTES);
    put_kpcr(ke);
    put_kuser(ke);
    return HB_OK;
}

/** A flat descriptor cache; `access` as struct cpu_segment says. */
static void flat(struct cpu_segment *s, uint16_t selector, uint16_t access)
{
    *s = (struct cpu_segment){selector, access, 0, 0xffffffffu};
}

/** Paging on, our tables loaded, at the idle loop. */
void cpu_enter_kernel(struct ke *ke)
{
    struct cpu *cpu = ke->cpu;
    uint32_t cr4 = CR4_PSE | CR4_PGE | (ke->s.pae ? CR4_PAE : 0u);

    cpu_reset(cpu);
    if (model_has(&cpu->model, FEATURE_FXSR))
        cr4 |= CR4_OSFXSR;
    if (model_has(&cpu->model, FEATURE_SSE))
        cr4 |= CR4_OSXMMEXCPT;
    cpu_set_cr4(cpu, cr4);
    cpu_set_cr3(cpu, space_cr3(ke->mm, 0));
    cpu_set_cr0(cpu, CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG);
    cpu->s.gdtr = (struct cpu_table){table_va(GDT_PAGE), GDT_ENTRIES * 8 - 1};
    cpu->s.idtr = (struct cpu_table){table_va(IDT_PAGE), IDT_ENTRIES * 8 - 1};
    cpu->s.tr = (struct cpu_segment){SEL_TSS, 0x008b, table_va(TSS_PAGE),
                                     TSS_BYTES - 1};
    memset(&cpu->s.ldtr, 0, sizeof cpu->s.ldtr);
    cpu->s.cpl = 0;
    flat(&cpu->s.seg[CS], SEL_CODE, 0xc09b);
    flat(&cpu->s.seg[SS], SEL_DATA, 0xc093);
    kernel_segments(ke);
    cpu->s.sysenter_cs = SEL_CODE;
    cpu->s.sysenter_eip = trampoline(TRAP_SYSENTER).v;
    thread_switch(ke);
}

void kernel_segments(struct ke *ke)
{
    struct cpu_state *s = &ke->cpu->s;

    flat(&s->seg[DS], SEL_USER_DATA, 0xc0f3);
    flat(&s->seg[ES], SEL_USER_DATA, 0xc0f3);
    s->seg[FS] = (struct cpu_segment){SEL_PCR, 0x4093, MM_KPCR, PAGE_MASK};
    s->seg[GS] = (struct cpu_segment){0, 0, 0, 0};
}
