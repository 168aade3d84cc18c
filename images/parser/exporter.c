/* images/parser/exporter.c -- exports by name and by ordinal. */
#include <ntddk.h>

int Exported_Data = 42;

NTSTATUS NTAPI DllInitialize(PUNICODE_STRING path)
{
    DbgPrint("%wZ\n", path);
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
