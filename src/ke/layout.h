/* src/ke/layout.h -- fields of guest structures that the kernel reads and
 * writes, and where its own pages lie. Sources: the layouts fact sheet
 * (generated from DDK headers); SDM vol. 3A for descriptors. */
#ifndef KE_LAYOUT_H
#define KE_LAYOUT_H

/* selectors (hal_io fact sheet; mm fact sheet 4) */
enum {
    SEL_CODE = 0x08,
    SEL_DATA = 0x10,
    SEL_USER_CODE = 0x1b,
    SEL_USER_DATA = 0x23,
    SEL_TSS = 0x28,
    SEL_PCR = 0x30,
    SEL_TEB = 0x3b,
};

/* The first page of ntoskrnl's .text: a stub per vector, then trampolines. */
enum {
    TRAP_STRIDE = 8,
    TRAP_RETURN = 0x800,     /* where callbacks return to            */
    TRAP_AGAIN = 0x808,      /* where waits and call_again go on     */
    TRAP_THREAD_END = 0x810, /* where a thread's start routine returns */
    TRAP_DISPATCH = 0x818,   /* software interrupt: VMCALL; iretd    */
    TRAP_SYSENTER = 0x820,   /* VMCALL; iretd                        */
    TRAP_IRETD = 0x828,
    TRAP_IDLE = 0x830, /* sti; hlt; jmp                        */
    TRAP_BYTES = 0x838,
    STUB_BYTES = 8,
    MISSING_STUBS = 1024,
};

/* Vectors of our own: int 2Eh, and the software interrupt of DISPATCH_LEVEL
 * for a kick that finds the CPU in ring 3. */
enum { SERVICE_VECTOR = 0x2e, DISPATCH_VECTOR = 0x41 };

/* KPCR at FFDFF000 = fs:[0] */
enum {
    PCR_EXCEPTION_LIST = 0x00,
    PCR_STACK_BASE = 0x04,
    PCR_STACK_LIMIT = 0x08,
    PCR_SELF = 0x1c,
    PCR_PRCB = 0x20,
    PCR_IRQL = 0x24,
    PCR_IRR = 0x28,
    PCR_IDR = 0x30,
    PCR_IDT = 0x38,
    PCR_GDT = 0x3c,
    PCR_TSS = 0x40,
    PCR_MAJOR = 0x44,
    PCR_MINOR = 0x46,
    PCR_SET_MEMBER = 0x48,
    PCR_STALL_SCALE = 0x4c,
    PCR_NUMBER = 0x51,
    PCR_PRCB_DATA = 0x120,
    PRCB_MINOR = 0,
    PRCB_MAJOR = 2,
    PRCB_CURRENT_THREAD = 4,
    PRCB_NEXT_THREAD = 8,
    PRCB_IDLE_THREAD = 0xc,
    PRCB_NUMBER = 0x10,
    PRCB_BUILD_TYPE = 0x12,
};

/* KUSER_SHARED_DATA */
enum {
    USER_TICK_LOW = 0x00,
    USER_TICK_MULTIPLIER = 0x04,
    USER_INTERRUPT_TIME = 0x08,
    USER_SYSTEM_TIME = 0x14,
    USER_SYSTEM_ROOT = 0x30,
    USER_PRODUCT_TYPE = 0x264,
    USER_PRODUCT_VALID = 0x268,
    USER_MAJOR = 0x26c,
    USER_MINOR = 0x270,
    USER_FEATURES = 0x274,
    USER_SYSENTER = 0x300,
    USER_SYSENTER_RETURN = 0x304,
    USER_TICK_COUNT = 0x320,
};

/* TSS, 32 bit: SDM vol. 3A figure 7-2 */
enum { TSS_ESP0 = 4, TSS_SS0 = 8, TSS_IOPB = 0x66, TSS_BYTES = 0x68 };

/* dispatcher objects */
enum {
    HEADER_TYPE = 0,
    HEADER_SIZE = 2,
    HEADER_INSERTED = 3,
    HEADER_SIGNAL = 4,
    HEADER_WAIT_LIST = 8,
    HEADER_BYTES = 0x10,
    SEMAPHORE_LIMIT = 0x10,
    SEMAPHORE_BYTES = 0x14,
    MUTANT_LIST = 0x10,
    MUTANT_OWNER = 0x18,
    MUTANT_ABANDONED = 0x1c,
    MUTANT_APC_DISABLE = 0x1d,
    MUTANT_BYTES = 0x20,
    TIMER_DUE = 0x10,
    TIMER_LIST = 0x18,
    TIMER_DPC = 0x20,
    TIMER_PERIOD = 0x24,
    TIMER_BYTES = 0x28,
    DPC_TYPE = 0,
    DPC_NUMBER = 2,
    DPC_IMPORTANCE = 3,
    DPC_LIST = 4,
    DPC_ROUTINE = 0xc,
    DPC_CONTEXT = 0x10,
    DPC_ARG1 = 0x14,
    DPC_ARG2 = 0x18,
    DPC_DATA = 0x1c,
    DPC_BYTES = 0x20,
    DPC_OBJECT = 0x13,
    QUEUE_TYPE = 0,
    QUEUE_SIZE = 2,
    QUEUE_LIST = 4,
    QUEUE_LOCK = 0xc,
    QUEUE_BUSY = 0x10,
    QUEUE_BYTES = 0x14,
    QUEUE_OBJECT = 0x14,
    QUEUE_ENTRY_KEY = 8,
    QUEUE_ENTRY_INSERTED = 0xc,
    FAST_MUTEX_COUNT = 0,
    FAST_MUTEX_OWNER = 4,
    FAST_MUTEX_CONTENTION = 8,
    FAST_MUTEX_EVENT = 0xc,
    FAST_MUTEX_IRQL = 0x1c,
    WORK_LIST = 0,
    WORK_ROUTINE = 8,
    WORK_PARAMETER = 0xc,
};

/* KINTERRUPT (x_KINTERRUPT_NT5) */
enum {
    INTERRUPT_TYPE = 0,
    INTERRUPT_SIZE = 2,
    INTERRUPT_ROUTINE = 0xc,
    INTERRUPT_CONTEXT = 0x10,
    INTERRUPT_LOCK = 0x14,
    INTERRUPT_ACTUAL_LOCK = 0x1c,
    INTERRUPT_DISPATCH = 0x20,
    INTERRUPT_VECTOR = 0x24,
    INTERRUPT_IRQL = 0x28,
    INTERRUPT_SYNCHRONIZE = 0x29,
    INTERRUPT_CONNECTED = 0x2b,
    INTERRUPT_NUMBER = 0x2c,
    INTERRUPT_SHARE = 0x2d,
    INTERRUPT_MODE = 0x30,
    INTERRUPT_BYTES = 0x1e4,
    INTERRUPT_OBJECT = 0x16,
};

/* KTHREAD, ETHREAD, KPROCESS: those fields that are read from outside (NT 5) */
enum {
    THREAD_INITIAL_STACK = 0x18,
    THREAD_STACK_LIMIT = 0x1c,
    THREAD_TEB = 0x20,
    THREAD_KERNEL_STACK = 0x28,
    THREAD_PROCESS = 0x44,
    THREAD_PRIORITY = 0x33,
    THREAD_CID_PROCESS = 0x1e0,
    THREAD_CID_THREAD = 0x1e4,
    THREAD_BYTES = 0x258,
    THREAD_TAG = 0x65726854, /* "Thre" */
    PROCESS_DIRECTORY = 0x18,
    PROCESS_ID = 0x84,
    PROCESS_BYTES = 0x290,
    PROCESS_TAG = 0x636f7250, /* "Proc" */
};

/* EXCEPTION_RECORD, CONTEXT, registration of a frame at fs:[0] */
enum {
    EXCEPTION_CODE = 0,
    EXCEPTION_FLAGS = 4,
    EXCEPTION_CHAIN = 8,
    EXCEPTION_ADDRESS = 0xc,
    EXCEPTION_COUNT = 0x10,
    EXCEPTION_INFO = 0x14,
    EXCEPTION_BYTES = 0x50,
    CONTEXT_FLAGS = 0,
    CONTEXT_GS = 0x8c,
    CONTEXT_FS = 0x90,
    CONTEXT_ES = 0x94,
    CONTEXT_DS = 0x98,
    CONTEXT_EDI = 0x9c,
    CONTEXT_ESI = 0xa0,
    CONTEXT_EBX = 0xa4,
    CONTEXT_EDX = 0xa8,
    CONTEXT_ECX = 0xac,
    CONTEXT_EAX = 0xb0,
    CONTEXT_EBP = 0xb4,
    CONTEXT_EIP = 0xb8,
    CONTEXT_CS = 0xbc,
    CONTEXT_EFLAGS = 0xc0,
    CONTEXT_ESP = 0xc4,
    CONTEXT_SS = 0xc8,
    CONTEXT_BYTES = 0x2cc,
    CONTEXT_FULL = 0x10007,
    EXCEPTION_NONCONTINUABLE = 1,
    EXCEPTION_UNWINDING = 2,
    EXCEPTION_EXIT_UNWIND = 4,
    EXCEPTION_STACK_INVALID = 8,
    EXCEPTION_NESTED_CALL = 0x10,
    REGISTRATION_NEXT = 0,
    REGISTRATION_HANDLER = 4,
};
#define REGISTRATION_END 0xffffffffu

/* 8254 channel 0: 11949 / 1.193182 MHz = 10.0144 ms, as the PC HAL sets it */
enum { CLOCK_LATCH = 11949, CLOCK_INCREMENT = 100144 };
enum { PIT_HZ = 1193182 };

#endif
