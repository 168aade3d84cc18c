/* images/programs/mapmem_test.c -- a program that sees a card's memory through
 * the driver mapmem, both ways. Arguments: where the memory is on the PCI bus,
 * in hexadecimal; what opening \Device\PhysicalMemory itself comes to. */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <winioctl.h>
#include <winternl.h>

#include "mapmem.h"

enum { BYTES = 0x3000, OFFSET = 0x12340 };

NTSTATUS NTAPI NtOpenSection(PHANDLE Section, ACCESS_MASK Access,
                             POBJECT_ATTRIBUTES Attributes);

static ULONG *map(HANDLE h, DWORD code, DWORD at)
{
    MAPMEM_RANGE range = {at + OFFSET, BYTES};
    MAPMEM_MAPPED mapped = {0, 0};
    DWORD done = 0;

    CHECK(DeviceIoControl(h, code, &range, sizeof range, &mapped, sizeof mapped,
                          &done, NULL) &&
          done == sizeof mapped);
    return (ULONG *)mapped.User;
}

/* What one mapping writes the other one reads: they are the card's bytes. */
static void both_ways(HANDLE h, DWORD at)
{
    volatile ULONG *section = map(h, IOCTL_MAPMEM_SECTION, at);
    volatile ULONG *mdl = map(h, IOCTL_MAPMEM_MDL, at);
    ULONG va, same = 0;
    DWORD done;

    CHECK(section && mdl && section != mdl);
    for (ULONG i = 0; i < BYTES / 4; i++)
        section[i] = i * 2654435761u;
    for (ULONG i = 0; i < BYTES / 4; i++)
        same += mdl[i] == i * 2654435761u;
    CHECK(same == BYTES / 4);
    mdl[BYTES / 4 - 1] = 0x600df00d;
    CHECK(section[BYTES / 4 - 1] == 0x600df00d);
    va = (ULONG)section;
    CHECK(DeviceIoControl(h, IOCTL_MAPMEM_UNMAP, &va, 4, NULL, 0, &done, NULL));
    CHECK(mdl[1] == 2654435761u); /* the other one stays */
    CHECK(
        !DeviceIoControl(h, IOCTL_MAPMEM_UNMAP, &va, 4, NULL, 0, &done, NULL));
    va = (ULONG)mdl;
    CHECK(DeviceIoControl(h, IOCTL_MAPMEM_UNMAP, &va, 4, NULL, 0, &done, NULL));
}

static NTSTATUS open_physical_memory(void)
{
    static WCHAR text[] = L"\\Device\\PhysicalMemory";
    UNICODE_STRING name = {sizeof text - 2, sizeof text, text};
    OBJECT_ATTRIBUTES attributes;
    HANDLE section;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    status = NtOpenSection(&section, SECTION_MAP_READ, &attributes);
    if (status >= 0)
        CloseHandle(section);
    return status;
}

int main(int argc, char **argv)
{
    HANDLE h = CreateFileA("\\\\.\\MapMem", GENERIC_READ | GENERIC_WRITE, 0,
                           NULL, OPEN_EXISTING, 0, NULL);

    CHECK(argc == 3 && h != INVALID_HANDLE_VALUE);
    if (failures)
        return failures;
    both_ways(h, strtoul(argv[1], NULL, 16));
    CHECK((ULONG)open_physical_memory() == strtoul(argv[2], NULL, 16));
    map(h, IOCTL_MAPMEM_SECTION, strtoul(argv[1], NULL, 16));
    CHECK(CloseHandle(h)); /* the driver takes the view away */
    printf("%d failed\n", failures);
    return failures;
}
