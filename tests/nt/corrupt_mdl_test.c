/* tests/nt/corrupt_mdl_test.c -- chains of MDLs made wrong, for each routine of
 * the memory manager, the I/O manager and the HAL that is given one. */
#include <string.h>

#include "corrupt.h"
#include "handmade.h"
#include "nt/offsets.h"

/* In the caller's data. */
enum { DESCRIPTION = 0x100, OUT = 0x200, CODE = 0x800, LIST = 0x1000 };
enum { BUFFER = 0x4000, COUNT = 3, BYTES = 0x1800 };
enum { PARTS = COUNT * BYTES, TOO_MUCH = 0x7fffffff };
enum { DISPATCH = 2, PCI_BUS = 5 };

/* Three MDLs of nonpaged memory; *how is about the second's Next. */
static uint32_t mdls(struct caller *c, struct corrupt *how)
{
    uint32_t mdl[COUNT];

    for (uint32_t i = 0; i < COUNT; i++) {
        mdl[i] = STD_CALL(c, "IoAllocateMdl", c->data + BUFFER + 0x2000 * i,
                          BYTES, 0, 0, 0);
        STD_CALL(c, "MmBuildMdlForNonPagedPool", mdl[i]);
        if (i)
            caller_set(c, mdl[i - 1], mdl[i]);
    }
    how->link = how->self = mdl[1];
    how->first = mdl[0];
    return mdl[0];
}

/* A bus master that does scatter/gather and reaches 4 GiB. */
static uint32_t master(struct caller *c)
{
    const uint8_t description[0x28] = {[0] = 1, [4] = 1, [5] = 1, [8] = 1};
    uint32_t at = c->data + DESCRIPTION, adapter;

    caller_put(c, at, description, sizeof description);
    caller_set(c, at + 0x14, PCI_BUS);
    caller_set(c, at + 0x20, 0x100000);
    adapter = STD_CALL(c, "HalGetAdapter", at, c->data + OUT);
    assert_int_not_equal(adapter, 0);
    return adapter;
}

static uint32_t callback(struct caller *c)
{
    struct text t = {c, c->data + CODE};

    text_ret(&t, 0, 16);
    return c->data + CODE;
}

static uint32_t a_device(struct caller *c)
{
    return handmade_device(c, handmade_driver(c));
}

/* ---- scatter/gather lists --------------------------------------------------
 */

/* (Adapter, Device, Mdl, CurrentVa, Length, Routine, Context, Write) */
static void get_list(struct caller *c, struct corrupt *how, uint32_t bytes)
{
    uint32_t adapter = master(c), device = a_device(c), mdl = mdls(c, how);

    CORRUPT_CALL(how, adapter, device, mdl, c->data + BUFFER, bytes,
                 callback(c), 0, 1);
    FAST_CALL(c, "KfRaiseIrql", DISPATCH);
}

static void list_exact(struct caller *c, struct corrupt *how)
{
    get_list(c, how, PARTS);
    how->status = true;
}

static void list_beyond(struct caller *c, struct corrupt *how)
{
    get_list(c, how, TOO_MUCH);
}

static void build_exact(struct caller *c, struct corrupt *how)
{
    list_exact(c, how);
    how->args[how->count++] = c->data + LIST;
    how->args[how->count++] = 0x1000;
}

static void build_beyond(struct caller *c, struct corrupt *how)
{
    build_exact(c, how);
    how->args[4] = TOO_MUCH;
    how->status = false;
}

static void calculate(struct caller *c, struct corrupt *how)
{
    uint32_t adapter = master(c), mdl = mdls(c, how);

    CORRUPT_STATUS(how, adapter, mdl, c->data + BUFFER, PARTS, c->data + OUT,
                   c->data + OUT + 4);
}

static void calculate_beyond(struct caller *c, struct corrupt *how)
{
    calculate(c, how);
    how->args[3] = TOO_MUCH;
    how->status = false;
}

/* (Adapter, Mdl, Offset, Length, Write, *Info) */
static void information(struct caller *c, struct corrupt *how)
{
    uint32_t adapter = master(c), mdl = mdls(c, how);

    caller_set(c, c->data + OUT, 1);
    CORRUPT_STATUS(how, adapter, mdl, 0, 0, PARTS, 1, c->data + OUT);
}

/* An offset that lies behind all MDLs of the chain. */
static void information_behind(struct caller *c, struct corrupt *how)
{
    information(c, how);
    how->args[3] = 1;
    how->status = false;
}

/* (Adapter, Device, Context, Mdl, Offset, Length, Flags, Routine, Context,
 * Write, Completion, Context, *List) */
static void list_ex(struct caller *c, struct corrupt *how)
{
    uint32_t adapter = master(c), device = a_device(c), mdl = mdls(c, how);

    STD_CALL(c, "DmaInitializeDmaTransferContext", adapter, c->data + LIST);
    CORRUPT_CALL(how, adapter, device, c->data + LIST, mdl, 0, 0, PARTS, 0,
                 callback(c), 0, 1, 0, 0, 0);
    FAST_CALL(c, "KfRaiseIrql", DISPATCH);
}

static void list_ex_behind(struct caller *c, struct corrupt *how)
{
    list_ex(c, how);
    how->args[5] = 1;
}

/* (Adapter, List, OriginalMdl, *TargetMdl) */
static void target(struct caller *c, struct corrupt *how)
{
    uint32_t adapter = master(c), mdl = mdls(c, how);

    CORRUPT_CALL(how, adapter, c->data + LIST, mdl, c->data + OUT);
}

/* ---- transfers -------------------------------------------------------------
 */

/* (Adapter, Mdl, MapRegisterBase, CurrentVa, *Length, Write): in one MDL. */
static void transfer(struct caller *c, struct corrupt *how)
{
    uint32_t adapter = master(c), mdl = mdls(c, how);

    how->link = how->self = mdl;
    caller_set(c, c->data + OUT, BYTES);
    CORRUPT_CALL(how, adapter, mdl, 0, c->data + BUFFER, c->data + OUT, 1);
    FAST_CALL(c, "KfRaiseIrql", DISPATCH);
}

static void flush(struct caller *c, struct corrupt *how)
{
    transfer(c, how);
    how->args[4] = BYTES;
}

/* (Adapter, Mdl, MapRegisterBase, Offset, DeviceOffset, *Length, Write,
 * Buffer, Bytes, Routine, Context) */
static void transfer_ex(struct caller *c, struct corrupt *how)
{
    uint32_t adapter = master(c), mdl = mdls(c, how);

    caller_set(c, c->data + OUT, PARTS);
    CORRUPT_CALL(how, adapter, mdl, 0, 0, 1, 0, c->data + OUT, 1,
                 c->data + LIST, 0x1000, 0, 0);
    FAST_CALL(c, "KfRaiseIrql", DISPATCH);
}

/* (Adapter, Mdl, MapRegisterBase, Offset, Length, Write) */
static void flush_ex(struct caller *c, struct corrupt *how)
{
    uint32_t adapter = master(c), mdl = mdls(c, how);

    CORRUPT_CALL(how, adapter, mdl, 0, 0, 1, PARTS, 1);
    FAST_CALL(c, "KfRaiseIrql", DISPATCH);
}

/* ---- the memory manager's and the I/O manager's ----------------------------
 */

static void secondary(struct caller *c, struct corrupt *how)
{
    uint32_t irp = STD_CALL(c, "IoAllocateIrp", 1, 0);

    caller_set(c, irp + IRP_MdlAddress, mdls(c, how));
    CORRUPT_CALL(how, c->data + BUFFER, BYTES, 1, 0, irp);
}

static void one(struct caller *c, struct corrupt *how)
{
    uint32_t mdl = mdls(c, how);

    how->link = how->self = mdl;
    CORRUPT_CALL(how, mdl);
}

static void locked(struct caller *c, struct corrupt *how)
{
    uint32_t mdl =
        STD_CALL(c, "IoAllocateMdl", c->data + BUFFER, BYTES, 0, 0, 0);

    STD_CALL(c, "MmProbeAndLockPages", mdl, 0, 0);
    how->link = how->self = how->first = mdl;
    CORRUPT_CALL(how, mdl);
}

static void map(struct caller *c, struct corrupt *how)
{
    one(c, how);
    how->args[how->count++] = 0; /* KernelMode */
}

static void partial(struct caller *c, struct corrupt *how)
{
    uint32_t to =
        STD_CALL(c, "IoAllocateMdl", c->data + BUFFER, BYTES, 0, 0, 0);

    one(c, how);
    CORRUPT_CALL(how, how->args[0], to, c->data + BUFFER, 0x100);
}

/* A packet of the I/O manager's, complete: it unlocks and frees its MDLs. */
static void complete(struct caller *c, struct corrupt *how)
{
    uint32_t device = a_device(c), irp;

    irp = STD_CALL(c, "IoBuildAsynchronousFsdRequest", MAJOR_READ, device, 0, 0,
                   0, c->data + OUT);
    assert_int_not_equal(irp, 0);
    caller_set(c, irp + IRP_MdlAddress, mdls(c, how));
    CORRUPT_CALL(how, irp, 0);
    how->fast = true;
}

/* A master's: what is freed with it. */
static void associated(struct caller *c, struct corrupt *how)
{
    uint32_t top = STD_CALL(c, "IoAllocateIrp", 1, 0);
    uint32_t irp = STD_CALL(c, "IoMakeAssociatedIrp", top, 1);

    caller_set(c, top + IRP_AssociatedIrp_IrpCount, 2);
    caller_set(c, irp + IRP_MdlAddress, mdls(c, how));
    CORRUPT_CALL(how, irp, 0);
    how->fast = true;
}

static const struct corrupt_row rows[] = {
    {"DmaGetScatterGatherList", "exact", "....f...", list_exact},
    {"DmaGetScatterGatherList", "beyond", ".::.f...", list_beyond},
    {"DmaBuildScatterGatherList", "exact", "....f...", build_exact},
    {"DmaBuildScatterGatherList", "beyond", ".::.f...", build_beyond},
    {"DmaCalculateScatterGatherList", "exact", "....f...", calculate},
    {"DmaCalculateScatterGatherList", "beyond", ".::.f...", calculate_beyond},
    {"DmaGetDmaTransferInfo", "exact", "....f...", information},
    {"DmaGetDmaTransferInfo", "behind", ".::.f...", information_behind},
    {"DmaGetScatterGatherListEx", "exact", "....f...", list_ex},
    {"DmaGetScatterGatherListEx", "behind", ".::.f...", list_ex_behind},
    {"DmaBuildMdlFromScatterGatherList", "original", "........", target},
    {"IoMapTransfer", "Next", "........", transfer},
    {"IoFlushAdapterBuffers", "Next", "........", flush},
    {"DmaMapTransferEx", "Next", ".::.f...", transfer_ex},
    {"DmaFlushAdapterBuffersEx", "Next", ".::.f...", flush_ex},
    {"IoAllocateMdl", "the IRP's", ".::.fff:", secondary},
    {"IoFreeMdl", "Next", "........", one},
    {"MmUnlockPages", "Next", "........", locked},
    {"MmMapLockedPages", "Next", "........", map},
    {"IoBuildPartialMdl", "Next", "........", partial},
    {"IofCompleteRequest", "MdlAddress", ".!!.fff:", complete},
    {"IofCompleteRequest", "an associated IRP's", ".!!.f.p.", associated},
};

static void every_chain_of_mdls_is_walked_with_care(void **state)
{
    (void)state;
    corrupt_run(rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chain_of_mdls_is_walked_with_care),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
