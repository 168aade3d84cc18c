/* images/small/hostile.h -- what the hostile driver does on request: device
 * \Device\Hostile, control code HOSTILE(n), METHOD_BUFFERED. */
#ifndef HOSTILE_H
#define HOSTILE_H

/* CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + n, METHOD_BUFFERED, FILE_ANY_ACCESS) */
#define HOSTILE(n) (0x00222000u + 4u * (n))

enum hostile {
    HOSTILE_NOTHING,       /* completes with success                         */
    HOSTILE_POPS_MORE,     /* AdapterControl pops 16 bytes too many          */
    HOSTILE_POPS_LESS,     /* AdapterControl pops nothing                    */
    HOSTILE_SMASHES_FRAME, /* AdapterControl returns to 41414141h            */
    HOSTILE_UNWINDS,       /* jumps out of AdapterControl, then allocates and
                              frees normally: success                        */
    HOSTILE_RECURSES,      /* calls itself to the end of the stack           */
    HOSTILE_RAISES_AGAIN,  /* an exception handler that raises, for ever     */
    HOSTILE_KEEPS_IRQL,    /* AdapterControl returns at HIGH_LEVEL           */
    HOSTILE_VMCALL,        /* VMCALL outside the stub pages                  */
    HOSTILE_COPIED_STUB,   /* a kernel stub copied to pool and called        */
    HOSTILE_NULL_CALLBACK, /* AdapterControl at address 0                    */
    HOSTILE_WILD_CALLBACK, /* AdapterControl at an address of user space     */
    HOSTILE_LOOPS,         /* never returns                                  */
    HOSTILE_DPC_LOOPS,     /* a DPC that never returns                       */
    HOSTILE_WAITS,         /* waits for what nobody sets                     */
    HOSTILE_BUGCHECKS,     /* KeBugCheckEx(E2h, 1, 2, 3, 4)                  */
    HOSTILE_READS_NULL,    /* loads from address 0                           */
    HOSTILE_WRITES_STUB,   /* stores to the kernel's code                    */
    HOSTILE_COMPLETES_TWICE,
    HOSTILE_FORGETS,      /* pending for ever                                */
    HOSTILE_CIRCULAR_MDL, /* an MDL whose Next is itself, mapped for DMA     */
    HOSTILE_EMPTY_STACK,  /* IoCallDriver without a stack location left      */
    HOSTILE_FREES_TWICE,  /* pool                                            */
    HOSTILE_CIRCULAR_IRP, /* completed with MDLs that follow each other      */
    HOSTILE_COUNT
};

#endif
