/* images/parser/parts.c -- a driver with one of each: imports of both DLLs by
 * name, a data import, pointers in constants and data, uninitialised data. */
#include <ntddk.h>

static int counter[1000];
static const char *const names[] = {"zero", "one", "two"};
static int *const middle = &counter[500];
static const char *(*table)(unsigned) = 0;

static const char *name_of(unsigned i)
{
    counter[i % 1000]++;
    return names[i % 3];
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    KIRQL irql = KeGetCurrentIrql();

    table = name_of;
    *middle = irql + KeNumberProcessors;
    DbgPrint("%p %wZ %s\n", driver, path, table(1));
    return STATUS_SUCCESS;
}
