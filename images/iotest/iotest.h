/* images/iotest/iotest.h -- a legacy driver without hardware: what the I/O
 * manager did to a request is told in the request's own buffers. */
#ifndef IOTEST_H
#define IOTEST_H

#ifdef GUEST
#include <ntddk.h>
#else
#define CTL_CODE(type, function, method, access)                               \
    ((type) << 16 | (access) << 14 | (function) << 2 | (method))
enum { METHOD_BUFFERED, METHOD_IN_DIRECT, METHOD_OUT_DIRECT, METHOD_NEITHER };
#endif

#define IOTEST(n, method) CTL_CODE(0x22, 0x900 + (n), method, 0)
enum {
    /* In: status, information, words. Out: the words + 1. */
    IOTEST_ECHO = IOTEST(0, METHOD_BUFFERED),
    /* Out: the request as dispatched, struct seen. */
    IOTEST_SEE_BUFFERED = IOTEST(1, METHOD_BUFFERED),
    IOTEST_SEE_IN = IOTEST(2, METHOD_IN_DIRECT),
    IOTEST_SEE_OUT = IOTEST(2, METHOD_OUT_DIRECT),
    IOTEST_SEE_NEITHER = IOTEST(2, METHOD_NEITHER),
    /* In: 1 with a cancel routine. Pended until COMPLETE or a cancel. */
    IOTEST_PEND = IOTEST(3, METHOD_BUFFERED),
    /* In: status, information for the oldest pended one. */
    IOTEST_COMPLETE = IOTEST(4, METHOD_BUFFERED),
    /* In: n. Out: the first 0x70 bytes of IoAllocateIrp(n), the same after
     * IoReuseIrp(C0000001), its address. */
    IOTEST_ALLOCATE = IOTEST(5, METHOD_BUFFERED),
    /* In: struct chain. Out: struct chain_log. */
    IOTEST_CHAIN = IOTEST(6, METHOD_BUFFERED),
    /* In: count, keys. Out: the order in which StartIo saw them. */
    IOTEST_START = IOTEST(7, METHOD_BUFFERED),
    /* In: a misdeed below. */
    IOTEST_MISDEED = IOTEST(8, METHOD_BUFFERED),
    /* Out: what work item, timer and system thread did. */
    IOTEST_THREADS = IOTEST(9, METHOD_BUFFERED),
    /* In: method. Out: status, information and words of an IOCTL that the
     * driver sent to itself with IoBuildDeviceIoControlRequest. */
    IOTEST_BUILD = IOTEST(10, METHOD_BUFFERED),
    /* Out: words, see more.c. */
    IOTEST_RESOURCES = IOTEST(11, METHOD_BUFFERED),
    IOTEST_POINTER = IOTEST(12, METHOD_BUFFERED),
    IOTEST_ASSOCIATED = IOTEST(13, METHOD_BUFFERED),
    IOTEST_EVENTS = IOTEST(14, METHOD_BUFFERED),
    IOTEST_TIMER = IOTEST(15, METHOD_BUFFERED),
    IOTEST_FILE = IOTEST(16, METHOD_BUFFERED),
    /* In: deferred, count. Out: most nested StartIo, packets seen. */
    IOTEST_DEFERRED = IOTEST(19, METHOD_BUFFERED),
    IOTEST_ROWS = IOTEST(22, METHOD_BUFFERED),
    /* In: address of a PDO, GUID of an interface class of it. */
    IOTEST_PDO = IOTEST(23, METHOD_BUFFERED),
    IOTEST_DIRECTORY = IOTEST(21, METHOD_BUFFERED),
    /* In: a GUID: arrivals and removals of that interface are printed. */
    IOTEST_LISTEN = IOTEST(20, METHOD_BUFFERED),
    /* Out: words, see more_rows.c. */
    IOTEST_MORE_ROWS = IOTEST(24, METHOD_BUFFERED),
    IOTEST_PROCESS = IOTEST(25, METHOD_BUFFERED),
    IOTEST_DETECT = IOTEST(26, METHOD_BUFFERED),
    /* In: what Describe() takes. Out: status, callouts. */
    IOTEST_DESCRIBE = IOTEST(27, METHOD_BUFFERED),
    IOTEST_LEFT_ALONE = IOTEST(18, METHOD_BUFFERED),
    /* Out: reinitialization calls seen, their count, context. */
    IOTEST_REINITIALIZED = IOTEST(17, METHOD_BUFFERED),
};

enum { IOTEST_WORDS = 16 }; /* that the requests of more.c answer */

enum {
    MISDEED_NO_LOCATION, /* two calls on a packet of one location */
    MISDEED_COMPLETE_TWICE,
    MISDEED_CANCEL_COMPLETED, /* cancel routine set on a completed one */
    MISDEED_FORGET,           /* neither completes nor pends */
    MISDEED_UNMARKED,         /* returns pending without having marked it */
};

/** What a dispatch routine finds. */
struct seen {
    unsigned major, flags, requestor_mode, stack_count, location;
    unsigned system_buffer, user_buffer, type3, mdl;
    unsigned mdl_flags, mdl_bytes, mdl_offset, mdl_start;
    unsigned in_bytes, out_bytes, process_matches, irql, file;
    unsigned thread_matches,
        input; /* neither: its first word, by the address */
};

/** A packet through three devices: top -> middle -> bottom. */
struct chain {
    unsigned status;     /* the bottom completes with it           */
    unsigned pend;       /* the bottom marks it pending            */
    unsigned control[3]; /* SL_INVOKE_x of creator, top, middle    */
    unsigned more;       /* the top's routine returns C0000016     */
    unsigned skip;       /* the middle skips its location          */
    unsigned cancel;     /* Irp->Cancel is set first               */
};
enum { CHAIN_MOST = 8 };
struct chain_log {
    unsigned returned; /* by IoCallDriver */
    unsigned devices[3];
    unsigned routines; /* how many of the following hold */
    struct {
        unsigned level, device, location, pending, status;
    } routine[CHAIN_MOST];
    unsigned resumed; /* routines seen when completion was taken up again */
    unsigned copied_control, bottom_device, bottom_location;
};

#ifdef GUEST
typedef struct _IOTEST_EXTENSION {
    ULONG Level; /* 0: the named device; 1..3: top, middle, bottom */
    PDEVICE_OBJECT Lower;
    LIST_ENTRY Pended;
} IOTEST_EXTENSION, *PIOTEST_EXTENSION;

void Resources(PDRIVER_OBJECT Driver, ULONG *Out);
void Pointer(PDRIVER_OBJECT Driver, ULONG *Out);
void Associated(ULONG *Out);
void LeftAlone(PDEVICE_OBJECT Device, ULONG *Out);
void Events(ULONG *Out);
void Timer(PDEVICE_OBJECT Device, ULONG *Out);
void File(ULONG *Out);
void Directory(ULONG *Out);
void AskPdo(PDEVICE_OBJECT Pdo, GUID *Class, ULONG *Out);
void Rows(PDEVICE_OBJECT Device, ULONG *Out);
void RowsEntry(PDRIVER_OBJECT Driver);
void MoreRows(PDEVICE_OBJECT Device, ULONG *Out);
void Process(PDEVICE_OBJECT Device, ULONG *Out);
void Detect(PDEVICE_OBJECT Device, ULONG *Out);
void Describe(ULONG *Words);
NTSTATUS Listen(PDRIVER_OBJECT Driver, GUID *Class);
void ListenNoMore(void);

NTSTATUS ChainCreate(PDRIVER_OBJECT Driver);
void ChainDelete(void);
NTSTATUS NTAPI ChainDispatch(PDEVICE_OBJECT Device, PIRP Irp);
void ChainRun(struct chain *Chain, struct chain_log *Log);
#endif

#endif
