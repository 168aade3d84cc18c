/* hal/exports/channel.c -- adapter channels and map registers.
 * Source: WDK, AllocateAdapterChannel and its NT 4 forms. */
#include "hal/exports/thunk.h"

/* Ask for the channel; then call whoever is ready, perhaps us. */
static void allocate(struct call *c, struct hal_adapter *ad,
                     const struct hal_ask *ask)
{
    if (hal_channel_ask(call_hal(c), ad, ask) != HB_OK)
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
    else
        serve(c, STATUS_SUCCESS);
}

/* NTSTATUS IoAllocateAdapterChannel(Adapter, DeviceObject,
 * NumberOfMapRegisters, ExecutionRoutine, Context); also the table's
 * AllocateAdapterChannel. Fills DeviceObject->Queue.Wcb. */
void thunk_IoAllocateAdapterChannel(struct call *c)
{
    struct hal_adapter *ad;
    struct hal_ask ask = {0};
    gva_t wcb;

    if (serve_state(c))
        return;
    ad = arg_adapter(c, 0);
    ask.device = call_va(c, 1);
    ask.registers = call_u32(c, 2);
    ask.routine = call_va(c, 3);
    ask.context = call_u32(c, 4);
    if (!ad) {
        if (call_ok(c))
            call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    ask.irp = load_u32(c, gva_add(ask.device, DEVICE_CURRENT_IRP));
    wcb = gva_add(ask.device, DEVICE_WCB);
    store_u32(c, gva_add(wcb, WCB_ROUTINE), ask.routine.v);
    store_u32(c, gva_add(wcb, WCB_CONTEXT), ask.context);
    store_u32(c, gva_add(wcb, WCB_REGISTERS), ask.registers);
    store_u32(c, gva_add(wcb, WCB_DEVICE), ask.device.v);
    store_u32(c, gva_add(wcb, WCB_IRP), ask.irp);
    if (call_ok(c))
        allocate(c, ad, &ask);
}

/* NTSTATUS HalAllocateAdapterChannel(Adapter, Wcb, NumberOfMapRegisters,
 * ExecutionRoutine): what the routine gets comes from the caller's WCB. */
void thunk_HalAllocateAdapterChannel(struct call *c)
{
    struct hal_adapter *ad;
    struct hal_ask ask = {0};
    gva_t wcb;

    if (serve_state(c))
        return;
    ad = arg_adapter(c, 0);
    wcb = call_va(c, 1);
    ask.registers = call_u32(c, 2);
    ask.routine = call_va(c, 3);
    if (!ad) {
        if (call_ok(c))
            call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    ask.device = gva_of(load_u32(c, gva_add(wcb, WCB_DEVICE)));
    ask.context = load_u32(c, gva_add(wcb, WCB_CONTEXT));
    ask.irp = load_u32(c, gva_add(wcb, WCB_IRP));
    store_u32(c, gva_add(wcb, WCB_ROUTINE), ask.routine.v);
    store_u32(c, gva_add(wcb, WCB_REGISTERS), ask.registers);
    if (call_ok(c))
        allocate(c, ad, &ask);
}

/* An AdapterControl that was unwound by an exception said nothing: it has kept
 * the channel, as on NT. */
static void end_unwound(struct call *c, const struct hal_adapter *ad)
{
    uint32_t request = hal_channel_running(call_hal(c), ad);

    if (request && !call_open(c, W_REQUEST, request))
        hal_run_done(call_hal(c), request, HAL_KEEP_OBJECT);
}

/* VOID IoFreeAdapterChannel(Adapter) */
void thunk_IoFreeAdapterChannel(struct call *c)
{
    struct hal_adapter *ad;

    if (serve_state(c))
        return;
    ad = arg_adapter(c, 0);
    if (!call_ok(c))
        return;
    if (ad) {
        end_unwound(c, ad);
        hal_channel_free(call_hal(c), ad);
    }
    completion_kick(c);
    serve(c, 0);
}

/* VOID IoFreeMapRegisters(Adapter, MapRegisterBase, NumberOfMapRegisters) */
void thunk_IoFreeMapRegisters(struct call *c)
{
    struct hal_adapter *ad;

    if (serve_state(c))
        return;
    ad = arg_adapter(c, 0);
    if (!call_ok(c))
        return;
    if (ad)
        hal_registers_free(call_hal(c), ad, call_u32(c, 1), call_u32(c, 2));
    serve(c, 0);
}

/* PVOID HalAllocateCrashDumpRegisters(Adapter, *NumberOfMapRegisters): at
 * once or NULL, no callback, no queue. */
void thunk_HalAllocateCrashDumpRegisters(struct call *c)
{
    struct hal_adapter *ad = arg_adapter(c, 0);
    gva_t count_at = call_va(c, 1);
    uint32_t count = load_u32(c, count_at), base = 0;

    store_u32(c, count_at, count);
    if (!call_ok(c))
        return;
    if (ad && hal_registers_take(call_hal(c), ad, &count, &base) == HB_OK)
        store_u32(c, count_at, count);
    call_return(c, base);
}
