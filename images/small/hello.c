/* images/small/hello.c -- the smallest driver: says that it was there. */
#include <wdm.h>

static void NTAPI Unload(PDRIVER_OBJECT Driver)
{
    (void)Driver;
    DbgPrint("hello: goodbye\n");
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    DbgPrint("hello: from %wZ\n", Path);
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
