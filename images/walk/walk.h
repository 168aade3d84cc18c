/* images/walk/walk.h -- a WDM driver that does with its resources what the
 * documentation says, and tells what it found. What it does otherwise is DWORD
 * "Mode" of its service key, so that tests choose. Source: WDK, "Mapping
 * Bus-Relative Addresses to Virtual Addresses". */
#ifndef WALK_H
#define WALK_H

#include <ntddk.h>

enum {
    MODE_PEND_START = 1,     /* START_DEVICE ends a while later              */
    MODE_FAIL_START = 2,     /* START_DEVICE fails after the mappings        */
    MODE_LEAK = 4,           /* never unmaps                                 */
    MODE_REFUSE_STOP = 8,    /* QUERY_STOP_DEVICE fails                      */
    MODE_CHANGED = 0x10,     /* ... says that requirements changed           */
    MODE_READ_LATER = 0x20,  /* reads the lists in QUERY_STOP_DEVICE         */
    MODE_DROP = 0x40,        /* FILTER leaves the first descriptor out       */
    MODE_FAIL_STOP = 0x80,   /* STOP_DEVICE fails                            */
    MODE_BAD_FILTER = 0x100, /* FILTER answers with a list of FFFFFFFFh      */
    MODE_REFUSE_REMOVE = 0x200,
    MODE_BAD_POINTER = 0x400, /* FILTER answers with no address             */
};

enum { RANGES = 8 };

typedef struct _WALK_RANGE {
    UCHAR Raw, Translated; /* CmResourceTypePort or Memory */
    PUCHAR At;             /* what the access routines take */
    ULONG Length;
    BOOLEAN Mapped;
} WALK_RANGE;

typedef struct _WALK_EXTENSION {
    PDEVICE_OBJECT Self, Lower, Pdo;
    PIO_WORKITEM Item;
    PIRP Irp; /* pended START_DEVICE */
    PCM_RESOURCE_LIST Lent;
    ULONG Ranges;
    WALK_RANGE Range[RANGES];
} WALK_EXTENSION, *PWALK_EXTENSION;

extern ULONG Mode, State;

NTSTATUS WalkStart(PWALK_EXTENSION Ext, PIO_STACK_LOCATION Stack);
void WalkStop(PWALK_EXTENSION Ext);
NTSTATUS NTAPI WalkPnp(PDEVICE_OBJECT Device, PIRP Irp);

#endif
