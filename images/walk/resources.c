/* images/walk/resources.c -- the walk through the translated list: memory is
 * mapped, a port is its number. The raw list's type says which routines reach
 * it. */
#include "walk.h"

#undef READ_REGISTER_ULONG
#undef WRITE_REGISTER_ULONG
NTKERNELAPI ULONG NTAPI READ_REGISTER_ULONG(PULONG Register);
NTKERNELAPI void NTAPI WRITE_REGISTER_ULONG(PULONG Register, ULONG Value);

enum {
    SCRATCH = 8
}; /* a register that keeps what is written: the 8139's MAR */

static ULONG Read(const WALK_RANGE *R, ULONG At)
{
    PULONG at = (PULONG)(R->At + At);

    return R->Raw == CmResourceTypePort ? READ_PORT_ULONG(at)
                                        : READ_REGISTER_ULONG(at);
}

static void Write(const WALK_RANGE *R, ULONG At, ULONG Value)
{
    PULONG at = (PULONG)(R->At + At);

    if (R->Raw == CmResourceTypePort)
        WRITE_PORT_ULONG(at, Value);
    else
        WRITE_REGISTER_ULONG(at, Value);
}

static void Take(PWALK_EXTENSION Ext, PCM_PARTIAL_RESOURCE_DESCRIPTOR Raw,
                 PCM_PARTIAL_RESOURCE_DESCRIPTOR T)
{
    WALK_RANGE *r = &Ext->Range[Ext->Ranges];

    if (Ext->Ranges == RANGES)
        return;
    Ext->Ranges++;
    r->Raw = Raw->Type;
    r->Translated = T->Type;
    r->Length = T->u.Memory.Length;
    r->Mapped = T->Type == CmResourceTypeMemory;
    r->At = r->Mapped ? MmMapIoSpace(T->u.Memory.Start, r->Length, MmNonCached)
                      : (PUCHAR)(ULONG_PTR)T->u.Port.Start.LowPart;
    DbgPrint("walk: range raw %u at %x:%x translated %u at %x:%x length %x\n",
             Raw->Type, Raw->u.Port.Start.HighPart, Raw->u.Port.Start.LowPart,
             T->Type, T->u.Port.Start.HighPart, T->u.Port.Start.LowPart,
             r->Length);
}

/* The first dword of each range, and one written through each and read through
 * all of them. */
static void Use(PWALK_EXTENSION Ext)
{
    ULONG i, k;

    for (i = 0; i < Ext->Ranges; i++)
        DbgPrint("walk: id %u %08x\n", i, Read(&Ext->Range[i], 0));
    for (i = 0; i < Ext->Ranges; i++) {
        Write(&Ext->Range[i], SCRATCH, 0x1000 + i);
        for (k = 0; k < Ext->Ranges; k++)
            DbgPrint("walk: through %u read %u %x\n", i, k,
                     Read(&Ext->Range[k], SCRATCH));
    }
}

NTSTATUS WalkStart(PWALK_EXTENSION Ext, PIO_STACK_LOCATION Stack)
{
    PCM_RESOURCE_LIST raw = Stack->Parameters.StartDevice.AllocatedResources;
    PCM_RESOURCE_LIST t =
        Stack->Parameters.StartDevice.AllocatedResourcesTranslated;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR d, from;
    ULONG i, count;

    Ext->Ranges = 0;
    Ext->Lent = t;
    if (!t) {
        DbgPrint("walk: no resources\n");
        return STATUS_SUCCESS;
    }
    count = t->List[0].PartialResourceList.Count;
    d = t->List[0].PartialResourceList.PartialDescriptors;
    from = raw->List[0].PartialResourceList.PartialDescriptors;
    for (i = 0; i < count; i++, d++, from++) {
        switch (d->Type) {
        case CmResourceTypePort:
        case CmResourceTypeMemory:
            Take(Ext, from, d);
            break;
        case CmResourceTypeInterrupt:
            DbgPrint("walk: line raw %u %u translated %u %x\n",
                     from->u.Interrupt.Level, from->u.Interrupt.Vector,
                     d->u.Interrupt.Level, d->u.Interrupt.Vector);
            break;
        case CmResourceTypeDma:
            DbgPrint("walk: channel %u\n", d->u.Dma.Channel);
            break;
        }
    }
    if (Mode & MODE_FAIL_START) {
        WalkStop(Ext);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Use(Ext);
    return STATUS_SUCCESS;
}

void WalkStop(PWALK_EXTENSION Ext)
{
    ULONG i;

    for (i = 0; i < Ext->Ranges && !(Mode & MODE_LEAK); i++)
        if (Ext->Range[i].Mapped && Ext->Range[i].At)
            MmUnmapIoSpace(Ext->Range[i].At, Ext->Range[i].Length);
    Ext->Ranges = 0;
}
