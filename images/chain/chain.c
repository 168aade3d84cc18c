/* images/chain/chain.c -- the driver at the chain's top: a miniport of the
 * class library that looks into the port library itself, too. */
#include "chain.h"

static void NTAPI Stored(ULONG Bytes)
{
    DbgPrint("chain: %u bytes stored\n", Bytes);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    CHAIN_MINIPORT miniport = {.Key = 0x20, .Stored = Stored};
    PCHAIN_PORT port = PortOpen();
    UCHAR byte = 0;

    (void)Path;
    if (!port)
        return STATUS_DEVICE_NOT_READY;
    PortPut(port, (const UCHAR *)"a", 1, miniport.Key);
    PortGet(port, &byte, 1);
    PortClose(port);
    if (byte != 'A')
        return STATUS_UNSUCCESSFUL;
    DbgPrint("chain: both libraries are there\n");
    return ClassInitialize(Driver, &miniport);
}
