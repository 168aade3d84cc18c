/* images/edu_wdm/lock.c -- locking a user's buffer. MmProbeAndLockPages raises
 * when the user has no right to it; a frame of our own at fs:[0] turns that
 * into a status, as __try/__except of the DDK's compiler does. */
#include "edu.h"

typedef struct _FRAME {
    struct _FRAME *Next; /* these two as the system knows them */
    PVOID Handler;
    NTSTATUS Status;
    void *Jump[5];
} FRAME;

NTSYSAPI void NTAPI RtlUnwind(PVOID TargetFrame, PVOID TargetIp,
                              PEXCEPTION_RECORD Record, PVOID Value);

static EXCEPTION_DISPOSITION __cdecl OnException(PEXCEPTION_RECORD Record,
                                                 FRAME *Frame, PCONTEXT Context,
                                                 PVOID Dispatcher)
{
    (void)Context;
    (void)Dispatcher;
    if (Record->ExceptionFlags & 6) /* being unwound: nothing to clean up */
        return ExceptionContinueSearch;
    Frame->Status = Record->ExceptionCode;
    RtlUnwind(Frame, NULL, Record, NULL);
    __builtin_longjmp(Frame->Jump, 1);
}

static NTSTATUS __attribute__((noinline))
TryLock(PMDL Mdl, KPROCESSOR_MODE Mode, LOCK_OPERATION Operation)
{
    volatile FRAME frame;

    frame.Handler = (PVOID)OnException;
    frame.Status = STATUS_SUCCESS;
    __asm__ volatile("movl %%fs:0, %0" : "=r"(frame.Next));
    if (__builtin_setjmp((void **)frame.Jump) == 0) {
        __asm__ volatile("movl %0, %%fs:0" : : "r"(&frame) : "memory");
        MmProbeAndLockPages(Mdl, Mode, Operation);
    }
    __asm__ volatile("movl %0, %%fs:0" : : "r"(frame.Next) : "memory");
    return frame.Status;
}

NTSTATUS EduLockBuffer(PVOID Va, ULONG Bytes, KPROCESSOR_MODE Mode,
                       LOCK_OPERATION Operation, PMDL *Mdl)
{
    NTSTATUS status;

    *Mdl = IoAllocateMdl(Va, Bytes, FALSE, FALSE, NULL);
    if (!*Mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = TryLock(*Mdl, Mode, Operation);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(*Mdl);
        *Mdl = NULL;
    }
    return status;
}

void EduUnlockBuffer(PMDL *Mdl)
{
    if (*Mdl) {
        MmUnlockPages(*Mdl);
        IoFreeMdl(*Mdl);
        *Mdl = NULL;
    }
}
