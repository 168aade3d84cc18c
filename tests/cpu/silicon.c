/* tests/cpu/silicon.c -- see silicon.h. Linux keeps a flat 32-bit code segment
 * (23h) in the GDT of x86-64 systems; a far jump through it is compatibility
 * mode. Some virtual machines take it away: then the code runs in 64-bit mode.
 * What must outlive the jump lies in a page below 4 GiB. */
#include "silicon.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { CODE32 = 0x23, CODE64 = 0x33, DATA = 0x2b, CONTEXT = 0x800 };
enum { CW_INIT = 0x37f, MXCSR_INIT = 0x1f80 };

/** At SILICON_AT + CONTEXT; the assembly below knows the offsets. */
struct context {
    uint32_t reg[8]; /* 800h */
    uint32_t eflags; /* 820h */
    uint32_t unused;
    uint64_t rsp;     /* 828h */
    uint32_t target;  /* 830h */
    uint16_t segment; /* 834h */
    uint32_t eip, vector, error;
    uint8_t unused2[0x1bc];
    uint8_t fx[512]; /* a00h */
};
_Static_assert(offsetof(struct context, fx) == 0x200, "assembly knows");

extern const uint8_t silicon_enter[], silicon_leave[], silicon_over[];

__asm__(".text\n"
        "silicon_enter:\n"
        "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n"
        "push %r15\n"
        "mov %rsp, 0x10000828\n"
        "fxrstor64 0x10000a00\n"
        "mov $0x2b, %eax\n mov %eax, %ds\n mov %eax, %es\n"
        "mov 0x10000820, %eax\n push %rax\n popfq\n"
        "mov 0x10000804, %ecx\n mov 0x10000808, %edx\n"
        "mov 0x1000080c, %ebx\n mov 0x10000810, %esp\n"
        "mov 0x10000814, %ebp\n mov 0x10000818, %esi\n"
        "mov 0x1000081c, %edi\n mov 0x10000800, %eax\n"
        "ljmpl *0x10000830\n"
        "silicon_leave:\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
        "ret\n"
        "silicon_over:\n");

static struct context *context(void)
{
    return (struct context *)(uintptr_t)(SILICON_AT + CONTEXT);
}

/* What is in the FPU when a signal comes back is what the test goes on with. */
static void take_fpu(struct context *c, struct _libc_fpstate *fp)
{
    memcpy(c->fx, fp, sizeof c->fx);
    fp->cwd = CW_INIT;
    fp->swd = fp->ftw = 0;
    fp->mxcsr = MXCSR_INIT;
}

/* Take down the guest's registers and come back as from a call. */
static void trapped(int sig, siginfo_t *info, void *p)
{
    static const int order[8] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
                                 REG_RSP, REG_RBP, REG_RSI, REG_RDI};
    greg_t *g = ((ucontext_t *)p)->uc_mcontext.gregs;
    struct context *c = context();

    (void)info;
    if (g[REG_RIP] >> 32 ||
        (uint32_t)g[REG_RIP] - SILICON_CODE > SILICON_BYTES) {
        /* a bug of the test itself */
        signal(sig, SIG_DFL);
        return;
    }
    for (unsigned n = 0; n < 8; n++)
        c->reg[n] = (uint32_t)g[order[n]];
    c->eip = (uint32_t)g[REG_RIP];
    c->eflags = (uint32_t)g[REG_EFL];
    c->vector = (uint32_t)g[REG_TRAPNO];
    c->error = (uint32_t)g[REG_ERR];
    take_fpu(c, ((ucontext_t *)p)->uc_mcontext.fpregs);
    g[REG_RIP] = SILICON_AT + (silicon_leave - silicon_enter);
    g[REG_RSP] = (greg_t)c->rsp;
    g[REG_EFL] = 0x202;
    g[REG_CSGSFS] = (g[REG_CSGSFS] & ~(greg_t)0xffff) | CODE64;
}

static void pages(uint32_t at, uint32_t bytes)
{
    void *p =
        mmap((void *)(uintptr_t)at, bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (p == MAP_FAILED) {
        perror("silicon: mmap below 4 GiB");
        abort();
    }
}

/* Above 4 GiB, in a run of its own. */
static void *far_stack(size_t bytes)
{
    void *p = mmap((void *)0x200000000000, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        abort();
    return p;
}

bool silicon_32(void)
{
    uint32_t rights;
    bool there;

    __asm__("lar %2, %0\n setz %1"
            : "=&r"(rights), "=q"(there)
            : "r"((uint32_t)CODE32)
            : "cc");
    return there;
}

void silicon_open(void)
{
    static const int signals[] = {SIGTRAP, SIGSEGV, SIGFPE, SIGILL, SIGBUS};
    struct sigaction take = {.sa_sigaction = trapped,
                             .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t other = {.ss_size = 64 * 1024};

    pages(SILICON_AT, 4096);
    pages(SILICON_CODE, SILICON_BYTES);
    pages(SILICON_DATA, SILICON_BYTES);
    pages(SILICON_STACK, SILICON_BYTES);
    other.ss_sp = far_stack(other.ss_size); /* where no ESP can point */
    memcpy((void *)(uintptr_t)SILICON_AT, silicon_enter,
           (size_t)(silicon_over - silicon_enter));
    if (sigaltstack(&other, NULL))
        abort();
    for (unsigned n = 0; n < sizeof signals / sizeof *signals; n++)
        sigaction(signals[n], &take, NULL);
}

void silicon_run(struct silicon *s)
{
    struct context *c = context();
    void (*enter)(void) = (void (*)(void))(uintptr_t)SILICON_AT;

    memcpy(c->reg, s->reg, sizeof c->reg);
    memcpy(c->fx, s->fx, sizeof c->fx);
    if (!c->fx[0] && !c->fx[1]) { /* no control word is zero */
        memcpy(c->fx, &(uint16_t){CW_INIT}, 2);
        memcpy(c->fx + 24, &(uint32_t){MXCSR_INIT}, 4);
    }
    c->eflags = s->eflags;
    c->target = s->eip;
    c->segment = silicon_32() ? CODE32 : CODE64;
    enter();
    memcpy(s->reg, c->reg, sizeof c->reg);
    s->eflags = c->eflags;
    s->eip = c->eip;
    s->vector = c->vector;
    s->error = c->error;
    memcpy(s->fx, c->fx, sizeof c->fx);
}
