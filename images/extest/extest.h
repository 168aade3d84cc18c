/* images/extest/extest.h -- a legacy driver that tries exports out by families
 * and checks the results itself. A request names the family; it answers how
 * many checks there were, how many failed, and the first that did. */
#ifndef EXTEST_H
#define EXTEST_H

enum extest_family {
    EXTEST_RESOURCES,
    EXTEST_RUNDOWN,
    EXTEST_CALLBACKS,
    EXTEST_RANGES,
    EXTEST_DISKS,
    EXTEST_WMI,
    EXTEST_SECURITY,
    EXTEST_TARGETS,
    EXTEST_FAMILIES,
};
#define EXTEST_CODE(family) (0x22u << 16 | (0xa00u + (family)) << 2)

struct extest_result {
    unsigned checks, failed;
    char first[120]; /* file:line: expression */
};

#ifdef GUEST
#include <ntddk.h>

int __cdecl _snprintf(char *To, size_t Most, const char *Format, ...);

/** CHECK() - noted, and printed when it does not hold. */
#define CHECK(what) Check(!!(what), __FILE__, __LINE__, #what)
void Check(BOOLEAN Holds, const char *File, ULONG Line, const char *What);
/** Start() - a system thread at @Routine; returns its object, referenced.
 *  Join() - wait for its end. Pause() - 10 ms for the others. */
PVOID Start(PKSTART_ROUTINE Routine, PVOID Context);
void Join(PVOID Thread);
void Pause(void);
void Name(PUNICODE_STRING Name, POBJECT_ATTRIBUTES Attributes, PCWSTR Text);

void Resources(PDEVICE_OBJECT Device);
void Rundown(PDEVICE_OBJECT Device);
void Callbacks(PDEVICE_OBJECT Device);
void Ranges(PDEVICE_OBJECT Device);
void Disks(PDEVICE_OBJECT Device);
void Wmi(PDEVICE_OBJECT Device);
void Security(PDEVICE_OBJECT Device);
void Target(PDEVICE_OBJECT Device);
#endif

#endif
