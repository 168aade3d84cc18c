/* images/chain/chain.h -- what the images of the chain give each other. */
#ifndef CHAIN_H
#define CHAIN_H

#include <ntddk.h>

/** A port: keeps the last bytes put into it. */
typedef struct _CHAIN_PORT {
    ULONG Bytes;
    UCHAR Data[256];
} CHAIN_PORT, *PCHAIN_PORT;

/** What a miniport hands to the class library. */
typedef struct _CHAIN_MINIPORT {
    UCHAR Key; /* what the port stores is XORed with it */
    void(NTAPI *Stored)(ULONG Bytes); /* called after each write */
} CHAIN_MINIPORT, *PCHAIN_MINIPORT;

/* chainport.sys */
PCHAIN_PORT NTAPI PortOpen(void);
void NTAPI PortClose(PCHAIN_PORT Port);
ULONG NTAPI PortPut(PCHAIN_PORT Port, const UCHAR *From, ULONG Bytes,
                    UCHAR Key);
ULONG NTAPI PortGet(PCHAIN_PORT Port, PUCHAR To, ULONG Bytes);

/* chainclass.sys */
NTSTATUS NTAPI ClassInitialize(PDRIVER_OBJECT Driver, PCHAIN_MINIPORT Miniport);

#endif
