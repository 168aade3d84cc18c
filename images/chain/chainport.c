/* images/chain/chainport.c -- the port library: the chain's lowest image. */
#include "chain.h"

static BOOLEAN Ready;
static LONG Open;

NTSTATUS NTAPI DllInitialize(PUNICODE_STRING Path)
{
    DbgPrint("chainport: initialized from %wZ\n", Path);
    Ready = TRUE;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DllUnload(void)
{
    DbgPrint("chainport: unloaded with %d open\n", Open);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    (void)Driver;
    (void)Path;
    return STATUS_SUCCESS;
}

PCHAIN_PORT NTAPI PortOpen(void)
{
    PCHAIN_PORT port = NULL;

    if (Ready)
        port = ExAllocatePoolWithTag(NonPagedPool, sizeof *port, 'nahC');
    if (port) {
        RtlZeroMemory(port, sizeof *port);
        InterlockedIncrement(&Open);
    }
    return port;
}

void NTAPI PortClose(PCHAIN_PORT Port)
{
    InterlockedDecrement(&Open);
    ExFreePoolWithTag(Port, 'nahC');
}

ULONG NTAPI PortPut(PCHAIN_PORT Port, const UCHAR *From, ULONG Bytes, UCHAR Key)
{
    ULONG i;

    Port->Bytes = min(Bytes, (ULONG)sizeof Port->Data);
    for (i = 0; i < Port->Bytes; i++)
        Port->Data[i] = From[i] ^ Key;
    return Port->Bytes;
}

ULONG NTAPI PortGet(PCHAIN_PORT Port, PUCHAR To, ULONG Bytes)
{
    Bytes = min(Bytes, Port->Bytes);
    RtlCopyMemory(To, Port->Data, Bytes);
    return Bytes;
}
