/* The multiboot guest: set up paging and interrupts, run what the command
 * line names ("pae nopg run=sieve:20,chase:100:4096,..."), print one "@S name"
 * line before and one "@E name value" line after each, and leave. */
#include "bench.h"

static inline void outb(u16 p, u8 v)
{
    __asm__ volatile("outb %0,%1" ::"a"(v), "Nd"(p));
}
static inline void outw(u16 p, u16 v)
{
    __asm__ volatile("outw %0,%1" ::"a"(v), "Nd"(p));
}
static inline void outl(u16 p, u32 v)
{
    __asm__ volatile("outl %0,%1" ::"a"(v), "Nd"(p));
}
static inline u8 inb(u16 p)
{
    u8 v;
    __asm__ volatile("inb %1,%0" : "=a"(v) : "Nd"(p));
    return v;
}
static inline u16 inw(u16 p)
{
    u16 v;
    __asm__ volatile("inw %1,%0" : "=a"(v) : "Nd"(p));
    return v;
}
static inline u32 inl(u16 p)
{
    u32 v;
    __asm__ volatile("inl %1,%0" : "=a"(v) : "Nd"(p));
    return v;
}
static inline void invlpg(void *p)
{
    __asm__ volatile("invlpg (%0)" ::"r"(p) : "memory");
}
static inline u32 get_cr3(void)
{
    u32 v;
    __asm__ volatile("mov %%cr3,%0" : "=r"(v));
    return v;
}
static inline void set_cr3(u32 v)
{
    __asm__ volatile("mov %0,%%cr3" ::"r"(v) : "memory");
}
static inline u64 rdtsc(void)
{
    u64 v;
    __asm__ volatile("rdtsc" : "=A"(v));
    return v;
}
static inline void wrmsr(u32 i, u32 v)
{
    __asm__ volatile("wrmsr" ::"c"(i), "a"(v), "d"(0));
}

extern u32 gdt[], exc_table[], tss[];
extern volatile u32 ticks, syscalls;
extern u8 far_code[];
extern char pf_stub[], irq0_stub[], int80_stub[], int81_stub[], irq_ignore[],
    irq7_stub[];
extern char user_int80[], user_sysenter[], sysenter_entry[];
void enter_user(void *fn, u32 n);

/* CPUID's features in EDX: 1 is the FPU, 1 << 24 FXSR, what SSE needs. */
static u32 features(void)
{
    u32 a = 1, b, c, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    return d;
}

/* --- console ------------------------------------------------------------- */
#define COM 0x3f8
static void putch(char c)
{
    while (!(inb(COM + 5) & 0x20))
        ;
    outb(COM, (u8)c);
}
static void puts_(const char *s)
{
    while (*s)
        putch(*s++);
}
static void puthex(u32 v)
{
    for (int i = 28; i >= 0; i -= 4)
        putch("0123456789abcdef"[v >> i & 15]);
}
static void quit(u8 code)
{
    static const char bye[] = "Shutdown";
    puts_("@X\n");
    while (!(inb(COM + 5) & 0x40))
        ;
    outb(0xf4, code); /* QEMU isa-debug-exit */
    for (int i = 0; i < 8; i++)
        outb(0x8900, (u8)bye[i]); /* Bochs */
    for (;;)
        __asm__ volatile("cli; hlt");
}
void exc_report(u32 *f)
{
    puts_("\n@! exception ");
    puthex(f[0]);
    puts_(" stack");
    for (int i = 1; i < 5; i++) {
        putch(' ');
        puthex(f[i]);
    }
    puts_("\n");
    quit(1);
}

/* libgcc-free helpers the compiler may ask for */
void *memset(void *d, int c, u32 n)
{
    u8 *p = d;
    while (n--)
        *p++ = (u8)c;
    return d;
}
void *memcpy(void *d, const void *s, u32 n)
{
    u8 *p = d;
    const u8 *q = s;
    while (n--)
        *p++ = *q++;
    return d;
}

/* --- tables -------------------------------------------------------------- */
static struct {
    u16 lo, sel, type, hi;
} idt[256];
static void gate(u32 v, void *fn, u32 dpl)
{
    idt[v].lo = (u16)(u32)fn;
    idt[v].sel = 8;
    idt[v].type = (u16)(0x8e00 | dpl << 13);
    idt[v].hi = (u16)((u32)fn >> 16);
}

#define HIGH 0xC0000000u  /* RAM again, for the kernels' data */
#define HEAP (16u << 20)  /* physical start of the work area  */
#define RAM  (128u << 20) /* mapped RAM                       */
#define WIN  0xD0000000u  /* demand-mapped window, 16 MiB     */
#define DEV  0xFE000000u  /* device window, 32 MiB, identity  */
static int pae, paging = 1;
static u32 pd32[2][1024] __attribute__((aligned(4096)));
static u64 pdpt[2][4] __attribute__((aligned(4096)));
static u64 pdp[5][512]
    __attribute__((aligned(4096))); /* 4 PDs + second PD for the top GiB */
static u32 pool[160][1024] __attribute__((aligned(4096))); /* page tables */
static u32 pool_used;
static u32 cr3_a, cr3_b;
static u8 *mem;

static void *new_pt(void)
{
    return pool[pool_used++];
}

static void map(u32 va, u32 pa, u32 flags)
{
    if (pae) {
        u64 *pd = &pdp[va >> 30][va >> 21 & 511];
        if (!(*pd & 1))
            *pd = (u32)new_pt() | 7;
        ((u64 *)(u32)(*pd & ~0xfffull))[va >> 12 & 511] = pa | flags;
    } else {
        u32 *pd = &pd32[0][va >> 22];
        if (!(*pd & 1))
            *pd = (u32)new_pt() | 7;
        ((u32 *)(*pd & ~0xfffu))[va >> 12 & 1023] = pa | flags;
    }
}

static void paging_on(void)
{
    u32 cr4, cr0, span = pae ? 21 : 22;
    for (u32 a = 0; a < RAM; a += 4096)
        map(a, a, 7);
    for (u32 a = 0; a < RAM;
         a += 1u << span) { /* higher half: share the tables */
        if (pae)
            pdp[3][(HIGH + a) >> 21 & 511] = pdp[0][a >> 21];
        else
            pd32[0][(HIGH + a) >> 22] = pd32[0][a >> 22];
    }
    for (u32 a = WIN; a < WIN + (16u << 20); a += 4096)
        map(a, 0, 0);
    for (u32 a = DEV; a >= DEV; a += 4096)
        map(a, a, 0x1f); /* uncached */
    /* second address space: same but for the window */
    if (pae) {
        for (int i = 0; i < 512; i++)
            pdp[4][i] = pdp[3][i];
        for (u32 a = 0; a < 16u << 20; a += 1u << span)
            pdp[4][(WIN + a) >> 21 & 511] = (u32)new_pt() | 7;
        for (int i = 0; i < 4; i++)
            pdpt[0][i] = pdpt[1][i] = (u32)pdp[i] | 1;
        pdpt[1][3] = (u32)pdp[4] | 1;
        cr3_a = (u32)pdpt[0];
        cr3_b = (u32)pdpt[1];
    } else {
        for (int i = 0; i < 1024; i++)
            pd32[1][i] = pd32[0][i];
        for (u32 a = 0; a < 16u << 20; a += 1u << span)
            pd32[1][(WIN + a) >> 22] = (u32)new_pt() | 7;
        cr3_a = (u32)pd32[0];
        cr3_b = (u32)pd32[1];
    }
    __asm__ volatile("mov %%cr4,%0" : "=r"(cr4));
    cr4 |= (features() >> 24 & 1) * 0x600 | (pae ? 0x20 : 0);
    __asm__ volatile("mov %0,%%cr4" ::"r"(cr4));
    set_cr3(cr3_a);
    __asm__ volatile("mov %%cr0,%0" : "=r"(cr0));
    cr0 = (cr0 & ~0xCu) | 0x80010002u;
    __asm__ volatile("mov %0,%%cr0; jmp 1f; 1:" ::"r"(cr0) : "memory");
}

static u32 *pte32(u32 va)
{
    return &((u32 *)(pd32[0][va >> 22] & ~0xfffu))[va >> 12 & 1023];
}
static u64 *pte64(u32 va)
{
    return &((u64 *)(u32)(pdp[va >> 30][va >> 21 & 511] &
                          ~0xfffull))[va >> 12 & 511];
}

static u32 faults;
void page_fault(u32 va)
{
    if (va - WIN >= 16u << 20) {
        puts_("\n@! page fault at ");
        puthex(va);
        puts_("\n");
        quit(1);
    }
    faults++;
    u32 pa = HEAP + ((va - WIN) & ~0xfffu);
    if (pae)
        *pte64(va) = pa | 7;
    else
        *pte32(va) = pa | 7;
}

/* --- MMU tests ----------------------------------------------------------- */
static u32 t_invlpg(u32 n, u32 arg)
{
    u32 s = 0;
    volatile u32 *p = (u32 *)mem;
    (void)arg;
    for (u32 i = 0; i < n * 1000; i++) {
        s += *p;
        invlpg((void *)p);
    }
    return s;
}

/* Switch between two address spaces; touch arg data pages after each switch
 * and run arg/4 functions on separate code pages. */
static u32 t_cr3(u32 n, u32 arg)
{
    u32 s = 0;
    for (u32 i = 0; i < n * 1000; i++) {
        set_cr3(i & 1 ? cr3_b : cr3_a);
        for (u32 k = 0; k < arg; k++)
            s += *(volatile u32 *)(mem + k * 4096);
        for (u32 k = 0; k < arg / 4; k++)
            ((void (*)(void))(far_code + k * 4096))();
    }
    set_cr3(cr3_a);
    return s;
}

/* Demand-map arg pages by fault, then unmap all and flush. */
static u32 t_pf(u32 n, u32 arg)
{
    faults = 0;
    while (n--) {
        for (u32 k = 0; k < arg; k++)
            *(volatile u32 *)(WIN + k * 4096) = k;
        for (u32 k = 0; k < arg; k++)
            if (pae)
                *pte64(WIN + k * 4096) = 0;
            else
                *pte32(WIN + k * 4096) = 0;
        set_cr3(cr3_a);
    }
    return faults;
}

/* --- traps, ports, interrupts -------------------------------------------- */
static u32 t_int80(u32 n, u32 arg)
{
    (void)arg;
    syscalls = 0;
    for (u32 i = 0; i < n * 1000; i++)
        __asm__ volatile("int $0x80" ::: "memory");
    return syscalls;
}
static u32 t_int80u(u32 n, u32 arg)
{
    (void)arg;
    syscalls = 0;
    enter_user(user_int80, n * 1000);
    return syscalls;
}
static u32 t_sysenter(u32 n, u32 arg)
{
    (void)arg;
    syscalls = 0;
    wrmsr(0x174, 8);
    wrmsr(0x175, tss[1] ? tss[1] : (u32)&syscalls);
    wrmsr(0x176, (u32)sysenter_entry);
    enter_user(user_sysenter, n * 1000);
    return syscalls;
}
static u32 t_out80(u32 n, u32 arg)
{
    (void)arg;
    for (u32 i = 0; i < n * 1000; i++)
        outb(0x80, (u8)i);
    return n;
}
static u32 t_inlsr(u32 n, u32 arg)
{
    u32 s = 0;
    (void)arg;
    for (u32 i = 0; i < n * 1000; i++)
        s += inb(COM + 5);
    return s;
}
static u32 t_inpic(u32 n, u32 arg)
{
    u32 s = 0;
    (void)arg;
    for (u32 i = 0; i < n * 1000; i++)
        s += inb(0x21);
    return s;
}

/* n timer interrupts at arg Hz while the CPU spins; prints the work done. */
static u32 pit(u32 n, u32 hz, int halt)
{
    u32 div = 1193182 / (hz ? hz : 1000), work = 0;
    ticks = 0;
    outb(0x21, 0xfe);
    outb(0x43, 0x34);
    outb(0x40, (u8)div);
    outb(0x40, (u8)(div >> 8));
    __asm__ volatile("sti");
    while (ticks < n)
        if (halt)
            __asm__ volatile("hlt");
        else
            work++;
    __asm__ volatile("cli");
    outb(0x21, 0xff);
    return halt ? ticks : work;
}
static u32 t_pit(u32 n, u32 arg)
{
    return pit(n, arg, 0);
}
static u32 t_pithlt(u32 n, u32 arg)
{
    return pit(n, arg, 1);
}

/* --- PCI ----------------------------------------------------------------- */
static u32 pci_rd(u32 bdf, u32 r)
{
    outl(0xcf8, 0x80000000u | bdf << 8 | r);
    return inl(0xcfc);
}
static void pci_wr(u32 bdf, u32 r, u32 v)
{
    outl(0xcf8, 0x80000000u | bdf << 8 | r);
    outl(0xcfc, v);
}
static int pci_find(u32 mask, u32 val, u32 reg)
{
    for (u32 b = 0; b < 256; b++)
        if (pci_rd(b, 0) != 0xffffffffu && (pci_rd(b, reg) & mask) == val)
            return (int)b;
    return -1;
}

static u32 t_pcicfg(u32 n, u32 arg)
{
    u32 s = 0;
    (void)arg;
    for (u32 i = 0; i < n * 1000; i++)
        s += pci_rd(0, 0);
    return s;
}
static u32 t_lapic(u32 n, u32 arg)
{
    volatile u32 *p = (u32 *)0xfee00030u;
    u32 s = 0;
    (void)arg;
    for (u32 i = 0; i < n * 1000; i++)
        s += *p;
    return s;
}

static volatile u32 *edu(void)
{
    int b = pci_find(0xffffffffu, 0x11e81234u, 0);
    if (b < 0)
        return 0;
    u32 bar = pci_rd((u32)b, 0x10) & ~15u;
    pci_wr((u32)b, 4, pci_rd((u32)b, 4) | 6);
    return bar >= DEV ? (volatile u32 *)bar : 0;
}
static u32 t_edu_rw(u32 n, u32 arg)
{
    volatile u32 *r = edu();
    u32 s = 0;
    (void)arg;
    if (!r)
        return 0;
    for (u32 i = 0; i < n * 500; i++) {
        r[1] = i;
        s += r[1];
    } /* 2 exits a turn: n x 1000 in all */
    return s;
}
static u32 t_edu_fact(u32 n, u32 arg)
{
    volatile u32 *r = edu();
    u32 s = 0;
    if (!r)
        return 0;
    for (u32 i = 0; i < n; i++) {
        r[2] = arg ? arg : 12;
        while (r[8] & 1)
            ;
        s += r[2];
    }
    return s;
}
static u32 t_edu_dma(u32 n, u32 arg)
{
    volatile u32 *r = edu();
    u32 *buf = (u32 *)(mem + 0x100000), bad = 0;
    u32 pa = HEAP + 0x100000;
    (void)arg;
    if (!r)
        return 0;
    for (u32 t = 0; t < n; t++) {
        for (u32 i = 0; i < 1024; i++) {
            buf[i] = i * 3 + t;
            buf[i + 1024] = 0;
        }
        r[0x80 / 4] = pa;
        r[0x84 / 4] = 0;
        r[0x88 / 4] = 0x40000;
        r[0x8c / 4] = 0;
        r[0x90 / 4] = 4088;
        r[0x94 / 4] = 0;
        r[0x98 / 4] = 1; /* 4096 trips a check in QEMU 7.2 */
        while (r[0x98 / 4] & 1)
            ;
        r[0x80 / 4] = 0x40000;
        r[0x88 / 4] = pa + 4096;
        r[0x90 / 4] = 4088;
        r[0x98 / 4] = 3;
        while (r[0x98 / 4] & 1)
            ;
        for (u32 i = 0; i < 1022; i++)
            bad += buf[i] != buf[i + 1024];
    }
    return bad;
}

/* --- IDE, secondary master ----------------------------------------------- */
#define ATA 0x170
static int ata_wait(u8 mask, u8 val)
{
    for (u32 i = 0; i < 100000000u; i++) {
        u8 s = inb(ATA + 7);
        if (!(s & 0x80) && (s & mask) == val)
            return 0;
        if (s == 0xff)
            return -1;
    }
    return -1;
}
static void ata_cmd(u32 lba, u32 count, u8 cmd)
{
    outb(ATA + 6, (u8)(0xe0 | lba >> 24));
    ata_wait(0x40, 0x40);
    outb(ATA + 2, (u8)count);
    outb(ATA + 3, (u8)lba);
    outb(ATA + 4, (u8)(lba >> 8));
    outb(ATA + 5, (u8)(lba >> 16));
    outb(ATA + 7, cmd);
}
static u32 bus_master(void)
{
    int found = pci_find(0xffff0000u, 0x01010000u, 8);
    u32 b = (u32)found;
    if (found < 0)
        return 0;
    if (!(pci_rd(b, 0x20) & 0xfff0u)) /* there was no BIOS */
        pci_wr(b, 0x20, 0xc000);
    pci_wr(b, 4, pci_rd(b, 4) | 5);
    pci_wr(b, 0x40, 0x80008000u | pci_rd(b, 0x40));
    return (pci_rd(b, 0x20) & 0xfff0u) + 8; /* secondary channel */
}
enum { WRITE = 1, POLL = 2 };
/* IRQ 15 wakes, as a driver has it; the handler only ends it at the 8259s. With
 * POLL the status is read until it changes. */
static int dma_wait(u16 status, int how)
{
    u32 most = how & POLL ? 100000000u : 1000;
    for (u32 i = 0; i < most && !(inb(status) & 6); i++)
        if (!(how & POLL))
            __asm__ volatile("sti; hlt; cli");
    return inb(status) & 6 ? 0 : -1;
}
/* Move n MiB by bus-master DMA, per sectors a command (at most 256). */
static u32 ide_dma(u32 n, u32 per, int how)
{
    int write = how & WRITE;
    u32 bm = bus_master(), bytes = per * 512, sum = 0;
    u32 *prd = (u32 *)mem, pa = HEAP + 0x100000, k = 0;
    if (!bm)
        return 0xdead0001u;
    for (u32 o = 0; o < bytes; o += 65536) {
        u32 len = bytes - o > 65536 ? 65536 : bytes - o;
        prd[k++] = pa + o;
        prd[k++] = (len & 0xffff) | (o + len == bytes ? 0x80000000u : 0);
    }
    if (!(how & POLL)) {
        outb(0x21, 0xfb);
        outb(0xa1, 0x7f);
    }
    for (u32 lba = 0; lba < n * 2048; lba += per) {
        outb((u16)bm, 0);
        outl((u16)(bm + 4), HEAP);
        outb((u16)(bm + 2), 6);
        ata_cmd(lba, per, write ? 0xca : 0xc8);
        outb((u16)bm, write ? 1 : 9);
        if (dma_wait((u16)(bm + 2), how))
            return 0xdead0002u;
        outb((u16)bm, 0);
        if ((inb(ATA + 7) & 1) || (inb((u16)(bm + 2)) & 2))
            return 0xdead0003u;
        sum = sum * 31 + *(u32 *)(mem + 0x100000 + bytes - 4);
    }
    outb(0xa1, 0xff);
    outb(0x21, 0xff);
    return sum;
}
static u32 t_ide_dma(u32 n, u32 arg)
{
    return ide_dma(n, arg, 0);
}
static u32 t_ide_dma_w(u32 n, u32 arg)
{
    return ide_dma(n, arg, WRITE);
}
static u32 t_ide_dma_poll(u32 n, u32 arg)
{
    return ide_dma(n, arg, POLL);
}
/* Move n MiB by PIO, words of arg bytes, 256 sectors a command. */
static u32 ide_pio(u32 n, u32 arg, int write)
{
    u32 sum = 0;
    for (u32 lba = 0; lba < n * 2048; lba += 256) {
        u8 *d = mem + 0x100000;
        ata_cmd(lba, 256, write ? 0x30 : 0x20);
        for (int s = 0; s < 256; s++) {
            u32 c = 512 / arg;
            if (ata_wait(0x08, 0x08))
                return 0xdead0004u;
            if (write && arg == 4)
                __asm__ volatile("rep outsl"
                                 : "+S"(d), "+c"(c)
                                 : "d"(ATA)
                                 : "memory");
            else if (write)
                __asm__ volatile("rep outsw"
                                 : "+S"(d), "+c"(c)
                                 : "d"(ATA)
                                 : "memory");
            else if (arg == 4)
                __asm__ volatile("rep insl"
                                 : "+D"(d), "+c"(c)
                                 : "d"(ATA)
                                 : "memory");
            else
                __asm__ volatile("rep insw"
                                 : "+D"(d), "+c"(c)
                                 : "d"(ATA)
                                 : "memory");
        }
        sum = sum * 31 + *(u32 *)(d - 4);
    }
    return sum;
}
static u32 t_ide_pio(u32 n, u32 arg)
{
    return ide_pio(n, arg, 0);
}
static u32 t_ide_pio_w(u32 n, u32 arg)
{
    return ide_pio(n, arg, 1);
}

/* --- code that changes --------------------------------------------------- */
/* Patch an immediate, then call: n x 1000 times. */
static u32 t_smc(u32 n, u32 arg)
{
    u8 *c = mem + 0x200000;
    u32 s = 0;
    (void)arg;
    c[0] = 0xb8;
    c[5] = 0xc3; /* mov imm,%eax; ret */
    for (u32 i = 0; i < n * 1000; i++) {
        *(u32 *)(c + 1) = i;
        s += ((u32(*)(void))c)();
    }
    return s;
}
/* Write data on the page that holds the running code: n x 1000 times. */
static u32 t_smcdata(u32 n, u32 arg)
{
    u8 *c = mem + 0x204000;
    u32 s = 0;
    (void)arg;
    c[0] = 0xb8;
    *(u32 *)(c + 1) = 5;
    c[5] = 0xc3;
    for (u32 i = 0; i < n * 1000; i++) {
        *(volatile u32 *)(c + 2048) = i;
        s += ((u32(*)(void))c)();
    }
    return s;
}
/* Emit 1024 functions of 24 instructions, call each arg times; again n times.
 */
static u32 t_cold(u32 n, u32 arg)
{
    u8 *base = mem + 0x300000;
    u32 s = 0, k = 1;
    while (n--) {
        u8 *p = base;
        for (u32 f = 0; f < 1024; f++) {
            p = base + f * 128;
            *p++ = 0x31;
            *p++ = 0xc0; /* xor eax,eax */
            for (int i = 0; i < 11; i++) {
                *p++ = 0x05;
                *(u32 *)p = k++;
                p += 4; /* add eax,imm */
                *p++ = 0x89;
                *p++ = 0xc1; /* mov ecx,eax */
            }
            *p++ = 0xc3;
        }
        for (u32 f = 0; f < 1024; f++)
            for (u32 r = 0; r < (arg ? arg : 1); r++)
                s += ((u32(*)(void))(base + f * 128))();
    }
    return s;
}

/* --- command line -------------------------------------------------------- */
/* clang-format off */
#define GUEST_TESTS(X)                                                         \
    X(invlpg, 0)                                                               \
    X(cr3, 16)                                                                 \
    X(pf, 4096)                                                                \
    X(int80, 0)                                                                \
    X(int80u, 0)                                                               \
    X(sysenter, 0)                                                             \
    X(out80, 0) X(inlsr, 0) X(inpic, 0) X(pit, 1000) X(pithlt, 1000)           \
        X(pcicfg, 0) X(lapic, 0) X(edu_rw, 0) X(edu_fact, 0) X(edu_dma, 0)     \
            X(ide_dma, 256) X(ide_dma_w, 256) X(ide_dma_poll, 256) X(ide_pio, 2) X(ide_pio_w, 2)    \
                X(smc, 0) X(smcdata, 0) X(cold, 1)
/* clang-format on */
static const struct test {
    const char *name;
    kernel_fn k;
    u32 (*t)(u32, u32);
    u32 arg;
} tests[] = {
#define X(n, a) {#n, k_##n, 0, a},
    KERNELS(X)
#undef X
#define X(n, a) {#n, 0, t_##n, a},
        GUEST_TESTS(X)
#undef X
};

static const char *number(const char *s, u32 *v)
{
    for (*v = 0; *s >= '0' && *s <= '9'; s++)
        *v = *v * 10 + (u32)(*s - '0');
    return s;
}
static const char *word(const char *s, const char *w)
{
    while (*w && *s == *w)
        s++, w++;
    return *w ? 0 : s;
}

static void run(const char *s)
{
    while (*s && *s != ' ') {
        char name[16];
        u32 l = 0, n = 1, arg;
        while (*s && *s != ':' && *s != ',' && *s != ' ' && l < 15)
            name[l++] = *s++;
        name[l] = 0;
        const struct test *t = 0;
        for (u32 i = 0; i < sizeof tests / sizeof *tests; i++) {
            const char *e = word(tests[i].name, name);
            if (e && !*e)
                t = &tests[i];
        }
        if (!t) {
            puts_("@! no test ");
            puts_(name);
            puts_("\n");
            quit(2);
        }
        arg = t->arg;
        if (*s == ':')
            s = number(s + 1, &n);
        if (*s == ':')
            s = number(s + 1, &arg);
        puts_("@S ");
        puts_(name);
        puts_("\n");
        while (!(inb(COM + 5) & 0x40))
            ;
        u64 t0 = rdtsc();
        u32 v = t->k ? t->k(mem, n, arg) : t->t(n, arg);
        t0 = rdtsc() - t0;
        puts_("@E ");
        puts_(name);
        putch(' ');
        puthex(v);
        putch(' ');
        puthex((u32)(t0 >> 32));
        puthex((u32)t0);
        puts_("\n");
        if (*s == ',')
            s++;
    }
}

void kmain(u32 magic, u32 *mbi)
{
    const char *cmd = "";
    outb(COM + 3, 0x80);
    outb(COM, 1);
    outb(COM + 1, 0);
    outb(COM + 3, 3);
    outb(COM + 2, 7);
    outb(COM + 1, 0);
    puts_("@B\n");
    if (magic == 0x2BADB002u && (mbi[0] & 4))
        cmd = (const char *)mbi[4];
    const char *runs = 0;
    for (const char *s = cmd; *s; s++) {
        if (word(s, "pae"))
            pae = 1;
        if (word(s, "nopg"))
            paging = 0;
        const char *r = word(s, "run=");
        if (r) {
            runs = r;
            break;
        }
    }
    if (!runs)
        quit(0);
    for (u32 i = 0; i < 32; i++)
        gate(i, (void *)exc_table[i], 0);
    for (u32 i = 32; i < 48; i++)
        gate(i, irq_ignore, 0);
    gate(14, pf_stub, 0);
    gate(32, irq0_stub, 0);
    gate(39, irq7_stub, 0);
    gate(0x80, int80_stub, 3);
    gate(0x81, int81_stub, 3);
    struct {
        u16 len;
        u32 base;
    } __attribute__((packed)) ip = {sizeof idt - 1, (u32)idt};
    __asm__ volatile("lidt %0" ::"m"(ip));
    outb(0x20, 0x11);
    outb(0x21, 32);
    outb(0x21, 4);
    outb(0x21, 1);
    outb(0x21, 0xff);
    outb(0xa0, 0x11);
    outb(0xa1, 40);
    outb(0xa1, 2);
    outb(0xa1, 1);
    outb(0xa1, 0xff);
    u32 tb = (u32)tss;
    tss[2] = 0x10;
    gdt[10] = tb << 16 | 103;
    gdt[11] = (tb & 0xff000000u) | (tb >> 16 & 0xff) | 0x8900;
    __asm__ volatile("ltr %%ax" ::"a"(0x28));
    mem = (u8 *)HEAP;
    if (paging) {
        paging_on();
        mem += HIGH;
    } else {
        u32 c;
        __asm__ volatile("mov %%cr4,%0; or %1,%0; mov %0,%%cr4"
                         : "=&r"(c)
                         : "r"((features() >> 24 & 1) * 0x600));
        __asm__ volatile("mov %%cr0,%0; and $~0xc,%0; or $2,%0; mov %0,%%cr0"
                         : "=r"(c));
    }
    if (features() & 1)
        __asm__ volatile("fninit");
    run(runs);
    quit(0);
}
