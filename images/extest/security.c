/* images/extest/security.c -- subjects, privileges and security descriptors. */
#include "extest.h"

/* In the DDK's ntifs.h alone. */
typedef struct {
    UCHAR Revision, Sbz1;
    USHORT Control;
    PVOID Owner, Group, Sacl, Dacl;
} SECURITY_DESCRIPTOR;
enum { SE_DACL_PRESENT = 4, SE_SELF_RELATIVE = 0x8000 };
NTKERNELAPI void NTAPI SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT);
NTKERNELAPI void NTAPI SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT);
NTKERNELAPI void NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT);
NTKERNELAPI void NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT);
NTKERNELAPI NTSTATUS NTAPI
SeQuerySecurityDescriptorInfo(PSECURITY_INFORMATION, PSECURITY_DESCRIPTOR,
                              PULONG Length, PSECURITY_DESCRIPTOR *);
NTKERNELAPI NTSTATUS NTAPI SeSetSecurityDescriptorInfo(
    PVOID Object, PSECURITY_INFORMATION, PSECURITY_DESCRIPTOR,
    PSECURITY_DESCRIPTOR *, POOL_TYPE, PGENERIC_MAPPING);
extern DECLSPEC_IMPORT POBJECT_TYPE *SeTokenObjectType;

/* A self-relative descriptor and its parts, as bytes. */
struct relative {
    UCHAR revision, sbz;
    USHORT control;
    ULONG owner, group, sacl, dacl;
};
#define BYTES(sd, offset) ((PUCHAR)(sd) + (offset))

static UCHAR System[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
static UCHAR Admins[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};
static UCHAR Guests[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x22, 2, 0, 0};
/* Guests are denied writing (generic), the system may read. */
static UCHAR Dacl[] = {2, 0, 52, 0, 2,  0, 0, 0, /* two ACEs */
                       1, 0, 24, 0, 0,  0, 0, 0x40, 1,    2, 0, 0,
                       0, 0, 0,  5, 32, 0, 0, 0,    0x22, 2, 0, 0, /* */
                       0, 0, 20, 0, 0,  0, 0, 0x80, 1,    1, 0, 0,
                       0, 0, 0,  5, 18, 0, 0, 0};
/* Of a directory: CREATOR OWNER may all, objects and containers inherit it;
 * the system may read, the directory alone. */
static UCHAR Inherited[] = {
    2, 0,  48, 0, 2,    0, 0, 0,                                      /* */
    0, 11, 20, 0, 0xff, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 3, 0,  0, 0, 0, /* */
    0, 0,  20, 0, 1,    0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
static GENERIC_MAPPING Mapping = {0x1, 0x2, 0x4, 0x1ff};

static SECURITY_DESCRIPTOR Absolute(PVOID Owner, PVOID Acl)
{
    SECURITY_DESCRIPTOR sd = {.Revision = 1};

    sd.Owner = Owner;
    sd.Control = Acl ? SE_DACL_PRESENT : 0;
    sd.Dacl = Acl;
    return sd;
}

static BOOLEAN Same(const void *A, const void *B, ULONG Bytes)
{
    return RtlCompareMemory(A, B, Bytes) == Bytes;
}

static void Subjects(void)
{
    SECURITY_SUBJECT_CONTEXT subject = {0};
    LUID debug = {SE_DEBUG_PRIVILEGE, 0}, load = {SE_LOAD_DRIVER_PRIVILEGE, 0};
    LUID odd = {SE_DEBUG_PRIVILEGE, 1};

    SeCaptureSubjectContext(&subject);
    CHECK(subject.PrimaryToken != NULL && subject.ClientToken == NULL);
    CHECK(subject.ProcessAuditId == PsGetCurrentProcessId());
    CHECK(ObReferenceObjectByPointer(subject.PrimaryToken, 0,
                                     *SeTokenObjectType,
                                     KernelMode) == STATUS_SUCCESS);
    ObDereferenceObject(subject.PrimaryToken);
    SeLockSubjectContext(&subject);
    SeUnlockSubjectContext(&subject);
    SeReleaseSubjectContext(&subject);
    CHECK(subject.PrimaryToken == NULL);
    CHECK(SeSinglePrivilegeCheck(debug, UserMode));
    CHECK(!SeSinglePrivilegeCheck(load, UserMode)); /* it is not enabled */
    CHECK(!SeSinglePrivilegeCheck(odd, UserMode));
    CHECK(SeSinglePrivilegeCheck(load, KernelMode));
}

/* Owner and DACL as given, mapped; the group of the token. */
static void Explicit(void)
{
    SECURITY_DESCRIPTOR given = Absolute(Guests, Dacl), bad = {.Revision = 2};
    SECURITY_SUBJECT_CONTEXT subject;
    PSECURITY_DESCRIPTOR made = NULL;
    struct relative *r;
    PUCHAR acl;

    SeCaptureSubjectContext(&subject);
    CHECK(SeAssignSecurity(NULL, &given, &made, FALSE, &subject, &Mapping,
                           PagedPool) == STATUS_SUCCESS);
    r = made;
    CHECK(r->revision == 1);
    CHECK(r->control == (SE_SELF_RELATIVE | SE_DACL_PRESENT) && r->sacl == 0);
    CHECK(Same(BYTES(r, r->owner), Guests, sizeof Guests));
    CHECK(Same(BYTES(r, r->group), System, sizeof System));
    acl = BYTES(r, r->dacl);
    CHECK(Same(acl, Dacl, 12));
    CHECK(*(ULONG *)(acl + 12) == 2 && *(ULONG *)(acl + 36) == 1);
    CHECK(SeValidSecurityDescriptor(PAGE_SIZE, r));
    CHECK(!SeValidSecurityDescriptor(r->group + 4, r));
    CHECK(!SeValidSecurityDescriptor(8, r));
    CHECK(SeDeassignSecurity(&made) == STATUS_SUCCESS && made == NULL);
    CHECK(SeAssignSecurity(NULL, &bad, &made, FALSE, &subject, &Mapping,
                           PagedPool) == STATUS_UNKNOWN_REVISION);
    given.Owner = Dacl; /* no SID */
    CHECK(SeAssignSecurity(NULL, &given, &made, FALSE, &subject, &Mapping,
                           PagedPool) == STATUS_INVALID_SECURITY_DESCR);
    SeReleaseSubjectContext(&subject);
}

static void Inherits(void)
{
    SECURITY_DESCRIPTOR parent = Absolute(Admins, Inherited);
    PSECURITY_DESCRIPTOR made = NULL;
    struct relative *r;
    PUCHAR acl;

    CHECK(SeAssignSecurity(&parent, NULL, &made, FALSE, NULL, &Mapping,
                           PagedPool) == STATUS_SUCCESS);
    r = made;
    acl = BYTES(r, r->dacl);
    CHECK(Same(BYTES(r, r->owner), Admins, sizeof Admins)); /* the token's */
    CHECK(acl[4] == 1 && acl[9] == 0 && acl[12] == 0xff);
    CHECK(Same(acl + 16, Admins, sizeof Admins)); /* the creator owner */
    CHECK(acl[2] == 8 + 24);
    SeDeassignSecurity(&made);
    CHECK(SeAssignSecurityEx(&parent, NULL, &made, NULL, TRUE, 0, NULL,
                             &Mapping, PagedPool) == STATUS_SUCCESS);
    r = made;
    acl = BYTES(r, r->dacl);
    CHECK(acl[4] == 1 && acl[9] == 3); /* for its own children too */
    SeDeassignSecurity(&made);
    CHECK(SeAssignSecurity(NULL, NULL, &made, FALSE, NULL, &Mapping,
                           PagedPool) == STATUS_SUCCESS);
    r = made;
    acl = BYTES(r, r->dacl);
    CHECK(acl[4] == 2 && *(ULONG *)(acl + 12) == 0x1ff); /* the token's */
    SeDeassignSecurity(&made);
}

static void QueryAndSet(void)
{
    SECURITY_DESCRIPTOR given = Absolute(Admins, Dacl);
    SECURITY_DESCRIPTOR change = Absolute(Guests, NULL);
    SECURITY_INFORMATION owner = OWNER_SECURITY_INFORMATION;
    SECURITY_INFORMATION dacl = DACL_SECURITY_INFORMATION;
    PSECURITY_DESCRIPTOR made = NULL, old, none = NULL;
    UCHAR buffer[200];
    struct relative *r = (PVOID)buffer;
    ULONG bytes = 10;

    SeAssignSecurity(NULL, &given, &made, FALSE, NULL, &Mapping, PagedPool);
    CHECK(SeQuerySecurityDescriptorInfo(&owner, buffer, &bytes, &made) ==
          STATUS_BUFFER_TOO_SMALL);
    CHECK(bytes == 20 + sizeof Admins);
    CHECK(SeQuerySecurityDescriptorInfo(&owner, buffer, &bytes, &made) ==
          STATUS_SUCCESS);
    CHECK(Same(BYTES(r, r->owner), Admins, sizeof Admins));
    CHECK(r->dacl == 0 && r->group == 0 && r->control == SE_SELF_RELATIVE);
    bytes = sizeof buffer;
    CHECK(SeQuerySecurityDescriptorInfo(&dacl, buffer, &bytes, &made) ==
          STATUS_SUCCESS);
    CHECK(bytes == 20 + sizeof Dacl && r->owner == 0);
    CHECK(SeQuerySecurityDescriptorInfo(&dacl, buffer, &bytes, &none) ==
          STATUS_SUCCESS);
    CHECK(bytes == 20);
    old = made;
    CHECK(SeSetSecurityDescriptorInfo(NULL, &owner, &change, &made, PagedPool,
                                      &Mapping) == STATUS_SUCCESS);
    CHECK(made != old);
    bytes = sizeof buffer;
    owner |= dacl;
    CHECK(SeQuerySecurityDescriptorInfo(&owner, buffer, &bytes, &made) ==
          STATUS_SUCCESS);
    CHECK(Same(BYTES(r, r->owner), Guests, sizeof Guests));
    CHECK(BYTES(r, r->dacl)[4] == 2); /* that one stayed */
    change.Owner = NULL;
    CHECK(SeSetSecurityDescriptorInfo(NULL, &owner, &change, &made, PagedPool,
                                      &Mapping) == STATUS_INVALID_OWNER);
    CHECK(SeSetSecurityDescriptorInfo(NULL, &owner, &change, &none, PagedPool,
                                      &Mapping) ==
          STATUS_NO_SECURITY_ON_OBJECT);
    ExFreePool(old);
    SeDeassignSecurity(&made);
}

static NTSTATUS Access(PSECURITY_DESCRIPTOR Sd, ACCESS_MASK Desired,
                       KPROCESSOR_MODE Mode, ACCESS_MASK *Granted)
{
    NTSTATUS status = 1;
    BOOLEAN yes = SeAccessCheck(Sd, NULL, FALSE, Desired, 0, NULL, &Mapping,
                                Mode, Granted, &status);

    CHECK(yes == (status == STATUS_SUCCESS));
    return status;
}

static void Checks(void)
{
    SECURITY_DESCRIPTOR sd = Absolute(Guests, Dacl),
                        open = Absolute(NULL, NULL);
    ACCESS_MASK granted = 0;

    CHECK(Access(&sd, GENERIC_READ, UserMode, &granted) == STATUS_SUCCESS);
    CHECK(granted == 1);
    CHECK(Access(&sd, GENERIC_READ | 2, UserMode, &granted) ==
          STATUS_ACCESS_DENIED);
    CHECK(granted == 0);
    CHECK(Access(&sd, GENERIC_READ | 2, KernelMode, &granted) ==
          STATUS_SUCCESS);
    CHECK(Access(&sd, MAXIMUM_ALLOWED, UserMode, &granted) == STATUS_SUCCESS);
    CHECK(granted == 1);
    sd.Owner = Admins; /* whom the token belongs to */
    CHECK(Access(&sd, WRITE_DAC, UserMode, &granted) == STATUS_SUCCESS);
    CHECK(Access(&open, MAXIMUM_ALLOWED, UserMode, &granted) == STATUS_SUCCESS);
    CHECK(granted == 0x1ff);
    CHECK(Access(NULL, 1, UserMode, &granted) == STATUS_ACCESS_DENIED);
    CHECK(Access(&open, ACCESS_SYSTEM_SECURITY, UserMode, &granted) ==
          STATUS_PRIVILEGE_NOT_HELD);
}

void Security(PDEVICE_OBJECT Device)
{
    (void)Device;
    Subjects();
    Explicit();
    Inherits();
    QueryAndSet();
    Checks();
}
