/* images/parser/exporter.c -- exports by name and by ordinal. */
#include <ntddk.h>

int Exported_Data;

NTSTATUS NTAPI DllInitialize(PUNICODE_STRING path)
{
    DbgPrint("%wZ\n", path);
    Exported_Data = 42;
    return STATUS_SUCCESS;
}

/* An export driver has one, and nobody needs it. */
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    return STATUS_SUCCESS;
}

int __cdecl Exported_Add(int a, int b)
{
    return a + b;
}

int __cdecl Exported_Hidden(int a)
{
    return -a;
}
