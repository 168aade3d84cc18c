/* images/parser/importer.c -- imports from another .sys, one by ordinal. */
#include <ntddk.h>

__declspec(dllimport) int __cdecl Exported_Add(int a, int b);
__declspec(dllimport) int __cdecl Exported_Hidden(int a);
extern __declspec(dllimport) int Exported_Data;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)driver;
    (void)path;
    return Exported_Add(Exported_Data, Exported_Hidden(42));
}
