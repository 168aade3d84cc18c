/* images/iotest/pdo.c -- what can be asked about another driver's PDO. */
#include "iotest.h"

static ULONG PowerDone[3];

static void NTAPI Powered(PDEVICE_OBJECT Device, UCHAR Minor, POWER_STATE State,
                          PVOID Context, PIO_STATUS_BLOCK Status)
{
    (void)Device;
    PowerDone[0] = Minor * 0x100 + State.DeviceState;
    PowerDone[1] = (ULONG)Context;
    PowerDone[2] = Status->Status;
}

void AskPdo(PDEVICE_OBJECT Pdo, GUID *Class, ULONG *Out)
{
    POWER_STATE state = {.DeviceState = PowerDeviceD0};
    WCHAR id[40], *list = NULL;
    ULONG need = 0, word = 0;
    PIRP irp = NULL;

    Out[0] = IoGetDeviceProperty(Pdo, DevicePropertyHardwareID, sizeof id, id,
                                 &need);
    Out[1] = need;
    Out[2] = id[0] == L'P' && id[4] == L'V' && id[21] == 0 && id[22] == 0;
    Out[3] = IoGetDeviceProperty(Pdo, DevicePropertyHardwareID, 4, id, &need);
    Out[4] =
        IoGetDeviceProperty(Pdo, DevicePropertyLegacyBusType, 4, &word, &need);
    Out[5] = word;
    Out[6] = IoGetDeviceProperty(Pdo, DevicePropertyAddress, 4, &word, &need);
    Out[7] = word;
    Out[8] = IoGetDeviceInterfaces(Class, Pdo, 0, &list);
    Out[9] = list && list[0] == L'\\' && list[1] == L'?';
    if (list)
        ExFreePool(list);
    Out[10] = PoRequestPowerIrp(Pdo, IRP_MN_SET_POWER, state, Powered,
                                (PVOID)0x31, &irp);
    Out[11] = irp != NULL;
    Out[12] = PowerDone[0];
    Out[13] = PowerDone[1];
    Out[14] = PowerDone[2];
    IoInvalidateDeviceRelations(Pdo, BusRelations);
    IoInvalidateDeviceState(Pdo);
    Out[15] = IoGetDeviceProperty((PDEVICE_OBJECT)Class,
                                  DevicePropertyHardwareID, 4, id, &need);
}
