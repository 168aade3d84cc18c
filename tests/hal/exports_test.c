/* tests/hal/exports_test.c -- the routines as guest code calls them: whole
 * operations through the table and through the NT 4 names, callbacks, stack
 * cleanup (the fixture's call returns only when it is right), hostile
 * arguments. Contract ids: DMA-xxx, SEC-xxx. */
#include "guest.h"

#include <string.h>

#include "mm/system.h"

enum { WRITE = 1, READ = 0 };
enum {
    OP_PUT = 0x04,
    OP_ALLOCATE_COMMON = 0x08,
    OP_FREE_COMMON = 0x0c,
    OP_ALLOCATE_CHANNEL = 0x10,
    OP_FLUSH = 0x14,
    OP_FREE_REGISTERS = 0x1c,
    OP_MAP = 0x20,
    OP_ALIGNMENT = 0x24,
    OP_GET_LIST = 0x2c,
    OP_PUT_LIST = 0x30,
    OP_CALCULATE = 0x34,
    OP_BUILD = 0x38,
    OP_BUILD_MDL = 0x3c,
};

static struct guest *guest_of(enum hal_kind kind)
{
    const struct rig_options o = {.kind = kind};

    return guest_new(&o);
}

#define table_call(g, adapter, offset, ...)                                    \
    guest_call_at((g), guest_entry((g), (adapter), (offset)),                  \
                  sizeof((uint32_t[]){(adapter), ##__VA_ARGS__}) /             \
                      sizeof(uint32_t),                                        \
                  (const uint32_t[]){(adapter), ##__VA_ARGS__})

/* DMA-029, 024..026: header and table */
static void adapter_object_is_as_drivers_read_it(void **state)
{
    static const uint32_t size[] = {0x34, 0x34, 0x40};
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(&g->r, false, true, 0x10000);
    uint32_t adapter = 0, count, offset;

    (void)state;
    for (dev.version = 0; dev.version < 3; dev.version++) {
        adapter = guest_adapter(g, &dev, &count);
        assert_int_not_equal(adapter, 0);
        assert_int_equal(guest_get(g, adapter) & 0xffff, 1);
        assert_int_equal(count, 17);
        assert_int_equal(guest_entry(g, adapter, 0), size[dev.version]);
        for (offset = 4; offset < size[dev.version]; offset += 4)
            assert_non_null(ke_routine_name(
                g->ke, gva_of(guest_entry(g, adapter, offset))));
    }
    assert_int_equal(guest_get(g, adapter + 4) != 0, 1);
    guest_free(g);
}

/* DMA-028: refused, the count untouched */
static void an_unknown_version_is_null(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(&g->r, false, true, 0x10000);
    uint32_t count;

    (void)state;
    dev.version = 7;
    assert_int_equal(guest_adapter(g, &dev, &count), 0);
    assert_int_equal(count, 0);
    guest_free(g);
}

/* DMA-048: an unknown bus type is the PDO's; on `adapter` so is the slot */
static void the_pdo_says_bus_and_slot(void **state)
{
    static const int32_t unknown[] = {HAL_INTERFACE_UNDEFINED,
                                      HAL_INTERFACE_PNPBUS};
    struct hal_adapter_info info;
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct guest *g = guest_of(HAL_ADAPTER);
        struct hal_device dev = pci_master(&g->r, true, false, 0x1000);
        uint32_t count;

        dev.interface = unknown[i];
        g->pdo = GUEST_PDO;
        assert_int_not_equal(guest_adapter(g, &dev, &count), 0);
        assert_true(hal_adapter_at(g->r.hal, 0, &info));
        assert_int_equal(info.limit, 0xffffffff); /* S/G on PCI: DMA-044 */
        assert_int_equal(info.requester, g->r.requester);
        g->pdo = GUEST_PDO + 4; /* nobody's: Internal, any master */
        assert_int_not_equal(guest_adapter(g, &dev, &count), 0);
        assert_true(hal_adapter_at(g->r.hal, 1, &info));
        assert_int_equal(info.limit, 0xffffff);
        assert_int_equal(info.requester, 0xffff);
        guest_free(g);
    }
}

/* DMA-052: HalGetAdapter's object has the table too */
static void nt4_adapter_has_a_table(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    uint32_t at = guest_alloc(g, 0x28), n = guest_alloc(g, 4), adapter;

    (void)state;
    guest_set(g, at + 0x14, HAL_INTERFACE_ISA);
    guest_set(g, at + 0x10, 2);
    guest_set(g, at + 0x20, 0x2000);
    adapter = guest_call(g, "HalGetAdapter", at, n);
    assert_int_not_equal(adapter, 0);
    assert_int_equal(guest_get(g, n), 3);
    assert_int_equal(guest_call(g, "HalGetAdapter", at, n), adapter);
    table_call(g, adapter, OP_PUT);
    assert_int_equal(table_call(g, adapter, OP_ALIGNMENT), 1);
    table_call(g, adapter, OP_PUT);
    assert_int_equal(hal_adapter_count(g->r.hal), 0);
    guest_free(g);
}

/* DMA-030: for Version < 3 nothing past 28h is read */
static void description_at_the_end_of_memory(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    uint32_t n = guest_alloc(g, 4), at;
    gva_t va;

    (void)state;
    assert_int_equal(system_alloc(&g->r.mm, 1, MM_RW, &va), HB_OK);
    at = va.v + PAGE_BYTES - 0x28;
    guest_set(g, at + 0x04, 1);
    guest_set(g, at + 0x14, HAL_INTERFACE_PCI);
    assert_int_not_equal(guest_call(g, "IoGetDmaAdapter", 0, at, n), 0);
    guest_free(g);
}

/* DMA-077 */
static void crash_dump_registers(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(3, 0x4000);
    uint32_t adapter, count, n = guest_alloc(g, 4);

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_set(g, n, 100);
    assert_int_not_equal(
        guest_call(g, "HalAllocateCrashDumpRegisters", adapter, n), 0);
    assert_int_equal(guest_get(g, n), count);
    guest_free(g);
}

/* DMA-014: pages above 4 GiB under PAE, a 32-bit card, every kind */
static void pages_above_4_gib(void **state)
{
    const uint32_t pfn[] = {0x100007, 0x2000, 0x110000};
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        const struct rig_options o = {.kind = kind, .ram = 6 * GIB};
        struct guest *g = guest_new(&o);
        struct hal_device dev = pci_master(&g->r, false, true, 0x10000);
        uint32_t adapter, count, length = guest_alloc(g, 4), base, low;
        struct buffer b;

        adapter = guest_adapter(g, &dev, &count);
        rig_buffer(&g->r, &b, pfn, 0x100, 0x2000);
        guest_mdl(g, &b);
        buffer_fill(&g->r, &b, 21);
        guest_irql(g, 2);
        guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   3, guest_callback(g), 0);
        base = guest_argument(g, 0, 2);
        guest_set(g, length, b.bytes);
        low = guest_call(g, "IoMapTransfer", adapter, b.mdl, base, b.va, length,
                         WRITE);
        assert_int_equal(g->edx, 0);
        assert_int_equal(guest_get(g, length), b.bytes);
        assert_true(card_reads(&g->r, dla_of(low), b.bytes, 21));
        guest_free(g);
    }
}

/* SEC-016: a NULL routine faults in the guest at EIP 0 */
static void a_null_control_routine_is_a_guest_fault(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, eax;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    assert_false(guest_try(
        g, ke_stub(g->ke, "IoAllocateAdapterChannel").v, 5,
        (const uint32_t[]){adapter, guest_device(g, 0), 1, 0, 0}, &eax));
    assert_true(ke_ended(g->ke));
    assert_int_equal(ke_bugcheck_state(g->ke)->p[0], 0);
    guest_free(g);
}

/* A whole operation of a bus master: channel, map, flush, free, put.
 * DMA-021, 023, 052, 058, 064, 070, 107 */
static void master_operation(enum hal_kind kind, bool names)
{
    struct guest *g = guest_of(kind);
    struct hal_device dev = pci_master(&g->r, false, true, 0x10000);
    uint32_t adapter, count, device, length = guest_alloc(g, 4), base, low, i;
    struct buffer b;
    uint32_t mdl;

    dev.requester = 0xffff;
    adapter = guest_adapter(g, &dev, &count);
    device = guest_device(g, 0x81777000);
    rig_scatter(&g->r, &b, 0x2000, 0x800, 2 * PAGE_BYTES);
    mdl = guest_mdl(g, &b);
    guest_irql(g, 2);
    for (i = 0; i < 2; i++) {
        uint32_t write = i ? READ : WRITE;

        buffer_fill(&g->r, &b, 11);
        guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        if (names)
            assert_int_equal(guest_call(g, "IoAllocateAdapterChannel", adapter,
                                        device, b.count, guest_callback(g),
                                        0xc0ffee),
                             0);
        else
            assert_int_equal(table_call(g, adapter, OP_ALLOCATE_CHANNEL, device,
                                        b.count, guest_callback(g), 0xc0ffee),
                             0);
        assert_int_equal(guest_called(g), i + 1);
        assert_int_equal(guest_argument(g, i, 0), device);
        assert_int_equal(guest_argument(g, i, 1), 0x81777000);
        assert_int_equal(guest_argument(g, i, 3), 0xc0ffee);
        assert_int_equal(guest_called_irql(g, i), 2);
        base = guest_argument(g, i, 2);
        assert_int_not_equal(base, 0);
        /* DMA-075 */
        assert_int_equal(guest_get(g, device + 0x34 + 0x14), 0xc0ffee);
        assert_int_equal(guest_get(g, device + 0x34 + 0x1c), device);

        guest_set(g, length, b.bytes);
        if (names)
            low = guest_call(g, "IoMapTransfer", adapter, mdl, base, b.va,
                             length, write);
        else
            low =
                table_call(g, adapter, OP_MAP, mdl, base, b.va, length, write);
        assert_int_equal(guest_get(g, length), b.bytes);
        assert_int_equal(g->edx, 0);
        if (write)
            assert_true(card_reads(&g->r, dla_of(low), b.bytes, 11));
        else
            card_writes(&g->r, dla_of(low), b.bytes, 44);
        if (names)
            assert_int_equal(guest_call(g, "IoFlushAdapterBuffers", adapter,
                                        mdl, base, b.va, b.bytes, write) &
                                 0xff,
                             1);
        else
            assert_int_equal(table_call(g, adapter, OP_FLUSH, mdl, base, b.va,
                                        b.bytes, write) &
                                 0xff,
                             1);
        assert_true(buffer_is(&g->r, &b, write ? 11 : 44));
        if (names)
            guest_call(g, "IoFreeMapRegisters", adapter, base, b.count);
        else
            table_call(g, adapter, OP_FREE_REGISTERS, base, b.count);
    }
    guest_irql(g, 0);
    table_call(g, adapter, OP_PUT);
    assert_int_equal(hal_adapter_count(g->r.hal), 0);
    assert_int_equal(g->r.findings, 0);
    guest_free(g);
}

static void master_through_the_table_on_every_kind(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++)
        master_operation(kind, false);
}

static void master_by_the_nt4_names_on_every_kind(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++)
        master_operation(kind, true);
}

/* Bounce copies come one page per entry: interrupts can come between. */
static void a_bounced_map_takes_an_entry_per_page(void **state)
{
    struct guest *g = guest_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(&g->r, false, false, 0x10000);
    uint32_t adapter, count, length = guest_alloc(g, 4), mdl;
    struct buffer b;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    rig_scatter(&g->r, &b, 0x2000, 0, 5 * PAGE_BYTES);
    mdl = guest_mdl(g, &b);
    guest_irql(g, 2);
    guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
    guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0), 5,
               guest_callback(g), 0);
    guest_set(g, length, b.bytes);
    guest_call(g, "IoMapTransfer", adapter, mdl, guest_argument(g, 0, 2), b.va,
               length, WRITE);
    assert_int_equal(g->r.copies, 5);
    guest_free(g);
}

/* DMA-059, 060, 078: waiters' routines run inside FreeAdapterChannel */
static void free_channel_calls_the_next_waiter(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, device[3], i;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    guest_answer(g, HAL_KEEP_OBJECT);
    for (i = 0; i < 3; i++) {
        device[i] = guest_device(g, 0);
        assert_int_equal(guest_call(g, "IoAllocateAdapterChannel", adapter,
                                    device[i], 2, guest_callback(g), i),
                         0);
    }
    assert_int_equal(guest_called(g), 1);
    for (i = 1; i < 3; i++) {
        guest_call(g, "IoFreeAdapterChannel", adapter);
        assert_int_equal(guest_called(g), i + 1);
        assert_int_equal(guest_argument(g, i, 0), device[i]);
        assert_int_equal(guest_argument(g, i, 3), i);
    }
    guest_free(g);
}

/* DMA-069: all waiters at once when each gives the channel back */
static void a_chain_of_waiters_runs_in_one_call(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, i;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    guest_answer(g, HAL_KEEP_OBJECT);
    for (i = 0; i < 8; i++)
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   1, guest_callback(g), i);
    guest_answer(g, HAL_DEALLOCATE_OBJECT);
    guest_call(g, "IoFreeAdapterChannel", adapter);
    assert_int_equal(guest_called(g), 8);
    for (i = 0; i < 8; i++)
        assert_int_equal(guest_argument(g, i, 3), i);
    guest_free(g);
}

/* DMA-065: the IRP is CurrentIrp of the moment of the call, though queued */
static void the_irp_is_that_of_the_call(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, device = guest_device(g, 0x81111000);

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    guest_answer(g, HAL_KEEP_OBJECT);
    guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0), 1,
               guest_callback(g), 0);
    guest_call(g, "IoAllocateAdapterChannel", adapter, device, 1,
               guest_callback(g), 0);
    guest_set(g, device + 0x14, 0x81222000);
    guest_call(g, "IoFreeAdapterChannel", adapter);
    assert_int_equal(guest_argument(g, 1, 0), device);
    assert_int_equal(guest_argument(g, 1, 1), 0x81111000);
    guest_free(g);
}

/* DMA-087, 088, 089: CurrentVa is an index: into an MDL whose StartVa is 0, and
 * into one whose addresses nobody has mapped */
static void current_va_is_an_index(void **state)
{
    static const uint32_t start[] = {0, 0x00400000, 0xdead0000};
    unsigned i;

    (void)state;
    for (i = 0; i < 3; i++) {
        struct guest *g = guest_of(HAL_TRANSLATE);
        struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
        uint32_t adapter, count, length = guest_alloc(g, 4), low;
        struct buffer b;
        gpa_t to;

        adapter = guest_adapter(g, &dev, &count);
        rig_scatter(&g->r, &b, 0x2000, 0x200, 0x3000);
        b.va = start[i] + 0x200;
        guest_mdl(g, &b);
        guest_irql(g, 2);
        guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   4, guest_callback(g), 0);
        guest_set(g, length, 0x100);
        low = guest_call(g, "IoMapTransfer", adapter, b.mdl,
                         guest_argument(g, 0, 2), b.va + 0x1800, length, WRITE);
        assert_int_equal(guest_get(g, length), 0x100);
        assert_int_equal(low & PAGE_MASK, 0xa00);
        assert_true(rig_reach(&g->r, dla_of(low), DMA_TO_DEVICE, &to));
        assert_int_equal(to.v, (b.f[1].at & ~(uint64_t)PAGE_MASK) + 0xa00);
        assert_int_equal(g->r.findings, 0);
        guest_free(g);
    }
}

/* DMA-117: a slave maps, flushes, maps the next piece on the same base */
static void slave_maps_and_flushes_piece_by_piece(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct guest *g = guest_of(kind);
        struct hal_device dev = isa_slave(1, 0x1000);
        uint32_t adapter, count, length = guest_alloc(g, 4), i;
        struct buffer b;

        dev.scatter_gather = true; /* one register: DMA-034 */
        adapter = guest_adapter(g, &dev, &count);
        assert_int_equal(count, 1);
        rig_scatter(&g->r, &b, 0x2000, 0, 3 * PAGE_BYTES);
        guest_mdl(g, &b);
        guest_irql(g, 2);
        guest_answer(g, HAL_KEEP_OBJECT);
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   1, guest_callback(g), 0);
        for (i = 0; i < 3; i++) {
            guest_set(g, length, b.bytes - i * PAGE_BYTES);
            guest_call(g, "IoMapTransfer", adapter, b.mdl,
                       guest_argument(g, 0, 2), b.va + i * PAGE_BYTES, length,
                       WRITE);
            assert_int_equal(guest_get(g, length), PAGE_BYTES);
            guest_call(g, "IoFlushAdapterBuffers", adapter, b.mdl,
                       guest_argument(g, 0, 2), b.va + i * PAGE_BYTES,
                       PAGE_BYTES, WRITE);
        }
        guest_call(g, "IoFreeAdapterChannel", adapter);
        assert_int_equal(g->r.findings, 0);
        guest_free(g);
    }
}

/* DMA-061 */
static void above_the_grant_is_an_error_code(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_irql(g, 2);
    assert_int_equal(guest_call(g, "IoAllocateAdapterChannel", adapter,
                                guest_device(g, 0), count + 1,
                                guest_callback(g), 0),
                     0xc000009a);
    assert_int_equal(guest_called(g), 0);
    guest_free(g);
}

/* DMA-073 */
static void control_sees_dispatch_level_whatever_the_callers(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_answer(g, HAL_DEALLOCATE_OBJECT);
    guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0), 1,
               guest_callback(g), 0);
    assert_int_equal(guest_called_irql(g, 0), 2);
    assert_string_equal(g->r.rule, "S21");
    assert_int_equal(ke_irql(g->ke), 0);
    guest_free(g);
}

/* DMA-076 */
static void hal_form_takes_the_callers_wcb(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, wcb = guest_alloc(g, 0x28);

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    guest_set(g, wcb + 0x14, 0x1234);
    guest_set(g, wcb + 0x1c, 0x81abc000);
    guest_set(g, wcb + 0x20, 0x81def000);
    guest_irql(g, 2);
    guest_answer(g, HAL_DEALLOCATE_OBJECT);
    assert_int_equal(guest_call(g, "HalAllocateAdapterChannel", adapter, wcb, 1,
                                guest_callback(g)),
                     0);
    assert_int_equal(guest_argument(g, 0, 0), 0x81abc000);
    assert_int_equal(guest_argument(g, 0, 1), 0x81def000);
    assert_int_equal(guest_argument(g, 0, 3), 0x1234);
    guest_free(g);
}

/* DMA-122, 123, 133: through the table, on every kind */
static void list_goes_to_the_routine_and_back(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct guest *g = guest_of(kind);
        struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
        uint32_t adapter, count, list, n, i, at = 0, mdl;
        struct buffer b;

        dev.requester = 0xffff;
        adapter = guest_adapter(g, &dev, &count);
        rig_scatter(&g->r, &b, 0x2000, 0x123, 3 * PAGE_BYTES);
        mdl = guest_mdl(g, &b);
        guest_irql(g, 2);
        assert_int_equal(table_call(g, adapter, OP_GET_LIST,
                                    guest_device(g, 0x81999000), mdl, b.va,
                                    b.bytes, guest_callback(g), 77, READ),
                         0);
        assert_int_equal(guest_called(g), 1);
        assert_int_equal(guest_argument(g, 0, 1), 0x81999000);
        assert_int_equal(guest_argument(g, 0, 3), 77);
        list = guest_argument(g, 0, 2);
        n = guest_get(g, list);
        assert_int_equal(n, kind == HAL_BOUNCE ? b.count : 1);
        for (i = 0; i < n; i++) {
            assert_int_equal(guest_get(g, list + 8 + 16 * i + 4), 0);
            card_writes(&g->r, dla_of(guest_get(g, list + 8 + 16 * i)),
                        guest_get(g, list + 8 + 16 * i + 8), (uint8_t)(at + 5));
            at += guest_get(g, list + 8 + 16 * i + 8);
        }
        assert_int_equal(at, b.bytes);
        guest_set(g, list, 0xffffffff); /* SEC-022: ours counts */
        table_call(g, adapter, OP_PUT_LIST, list, READ);
        assert_true(buffer_is(&g->r, &b, 5));
        assert_int_equal(hal_page_count(g->r.hal), 0);
        assert_int_equal(g->r.findings, 0);
        table_call(g, adapter, OP_PUT_LIST, list, READ);
        assert_string_equal(g->r.rule, "S16");
        guest_free(g);
    }
}

/* DMA-127: a chain of three MDLs */
static void a_chain_of_mdls_is_one_list(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
    struct buffer b[3];
    uint32_t adapter, count, i, list, sum = 0;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    for (i = 0; i < 3; i++) {
        rig_scatter(&g->r, &b[i], 0x3000 - 0x400 * i, 0x10 * i, 0x1800);
        guest_mdl(g, &b[i]);
        if (i)
            guest_set(g, b[i - 1].mdl, b[i].mdl);
    }
    guest_irql(g, 2);
    assert_int_equal(table_call(g, adapter, OP_GET_LIST, guest_device(g, 0),
                                b[0].mdl, b[0].va + 0x100, 0x4000,
                                guest_callback(g), 0, WRITE),
                     0);
    list = guest_argument(g, 0, 2);
    for (i = 0; i < guest_get(g, list); i++)
        sum += guest_get(g, list + 8 + 16 * i + 8);
    assert_int_equal(sum, 0x4000);
    /* DMA-131: a byte more than the chain has */
    assert_int_equal(table_call(g, adapter, OP_GET_LIST, guest_device(g, 0),
                                b[0].mdl, b[0].va + 0x100, 0x4701,
                                guest_callback(g), 0, WRITE),
                     0xc0000023);
    /* SEC-010: a chain that bites its tail */
    guest_set(g, b[2].mdl, b[0].mdl);
    assert_int_equal(table_call(g, adapter, OP_GET_LIST, guest_device(g, 0),
                                b[0].mdl, b[0].va, 0x7fffffff,
                                guest_callback(g), 0, WRITE) >>
                         30,
                     3);
    assert_int_equal(guest_called(g), 1);
    guest_free(g);
}

/* DMA-128, 130: the offset counts; above the grant nothing is held */
static void a_list_above_the_grant_is_refused(void **state)
{
    const struct rig_options o = {.settings = {.grant_master = 2}};
    struct guest *g = guest_new(&o);
    struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
    uint32_t adapter, count;
    struct buffer b;

    (void)state;
    dev.version = 2;
    adapter = guest_adapter(g, &dev, &count);
    assert_int_equal(count, 2);
    rig_scatter(&g->r, &b, 0x2000, 0x800, 0x2000);
    guest_mdl(g, &b);
    guest_irql(g, 2);
    assert_int_equal(table_call(g, adapter, OP_GET_LIST, guest_device(g, 0),
                                b.mdl, b.va, 0x2000, guest_callback(g), 0,
                                WRITE),
                     0xc000009a);
    assert_int_equal(guest_called(g), 0);
    assert_int_equal(table_call(g, adapter, OP_GET_LIST, guest_device(g, 0),
                                b.mdl, b.va, 0x1800, guest_callback(g), 0,
                                WRITE),
                     0);
    assert_int_equal(guest_called(g), 1);
    guest_free(g);
}

/* DMA-135, 136, 137 */
static void calculated_size_is_what_build_needs(void **state)
{
    struct guest *g = guest_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
    uint32_t adapter, count, size = guest_alloc(g, 8), worst, list;
    struct buffer b;

    (void)state;
    dev.version = 2;
    adapter = guest_adapter(g, &dev, &count);
    rig_scatter(&g->r, &b, 0x2000, 0x800, 0x3000);
    guest_mdl(g, &b);
    guest_irql(g, 2);
    assert_int_equal(
        table_call(g, adapter, OP_CALCULATE, 0, b.va, b.bytes, size, 0), 0);
    worst = guest_get(g, size);
    assert_int_equal(table_call(g, adapter, OP_CALCULATE, b.mdl, b.va, b.bytes,
                                size, size + 4),
                     0);
    assert_true(worst >= guest_get(g, size));
    assert_int_equal(guest_get(g, size + 4), 4);
    assert_int_equal(
        table_call(g, adapter, OP_CALCULATE, b.mdl, b.va, b.bytes + 1, size, 0),
        0xc0000023);
    assert_int_equal(
        table_call(g, adapter, OP_CALCULATE, 0, 0xfffff000, 0x2000, size, 0),
        0); /* SEC-008: 3 pages would be 0 if it wrapped */
    assert_int_equal(
        table_call(g, adapter, OP_CALCULATE, 0, 0, 0xffffffff, size, 0),
        0xc000009a);
    list = guest_alloc(g, worst);
    assert_int_equal(table_call(g, adapter, OP_BUILD, guest_device(g, 0), b.mdl,
                                b.va, b.bytes, guest_callback(g), 0, WRITE,
                                list, worst - 1),
                     0xc0000023);
    assert_int_equal(guest_called(g), 0);
    assert_int_equal(table_call(g, adapter, OP_BUILD, guest_device(g, 0), b.mdl,
                                b.va, b.bytes, guest_callback(g), 0, WRITE,
                                list, worst),
                     0);
    assert_int_equal(guest_argument(g, 0, 2), list);
    table_call(g, adapter, OP_PUT_LIST, list, WRITE);
    guest_get(g, list); /* still the caller's memory */
    guest_free(g);
}

/* DMA-138 */
static void build_mdl_answers_once(void **state)
{
    struct guest *g = guest_of(HAL_BOUNCE);
    struct hal_device dev = pci_master(&g->r, false, false, 0x10000);
    uint32_t adapter, count, out = guest_alloc(g, 4), list, mdl;
    struct buffer b;

    (void)state;
    dev.version = 2;
    adapter = guest_adapter(g, &dev, &count);
    rig_scatter(&g->r, &b, 0x2000, 0x10, 0x1800);
    guest_mdl(g, &b);
    guest_irql(g, 2);
    table_call(g, adapter, OP_GET_LIST, guest_device(g, 0), b.mdl, b.va,
               b.bytes, guest_callback(g), 0, WRITE);
    list = guest_argument(g, 0, 2);
    assert_int_equal(table_call(g, adapter, OP_BUILD_MDL, list, 0, out),
                     0xc000000d);
    assert_int_equal(table_call(g, adapter, OP_BUILD_MDL, list, b.mdl, out), 0);
    mdl = guest_get(g, out);
    assert_int_not_equal(mdl, b.mdl);
    assert_int_equal(guest_get(g, mdl + 0x1c),
                     guest_get(g, list + 8) >> PAGE_SHIFT);
    assert_int_equal(table_call(g, adapter, OP_BUILD_MDL, list, b.mdl, out),
                     0xc0000073);
    table_call(g, adapter, OP_PUT_LIST, list, WRITE);
    guest_free(g);
}

/* DMA-139, 146, 149 */
static void common_buffer_through_the_table(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(&g->r, false, true, 0x10000);
    uint32_t adapter, count, at = guest_alloc(g, 8), va, low;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    va = table_call(g, adapter, OP_ALLOCATE_COMMON, 0x1800, at, 1);
    assert_int_not_equal(va, 0);
    low = guest_get(g, at);
    assert_int_equal(guest_get(g, at + 4), 0);
    card_writes(&g->r, dla_of(low), 4, 1);
    assert_int_equal(guest_get(g, va), 0x04030201);
    assert_int_equal(
        guest_call(g, "HalFlushCommonBuffer", adapter, 0x1800, low, 0, va) &
            0xff,
        1);
    table_call(g, adapter, OP_FREE_COMMON, 0x1000, low, 0, va, 1);
    assert_string_equal(g->r.rule, "S15");
    table_call(g, adapter, OP_FREE_COMMON, 0x1800, low, 0, va, 1);
    assert_int_equal(hal_page_count(g->r.hal), 0);
    guest_free(g);
}

/* DMA-057 */
static void alignment_is_the_platforms(void **state)
{
    const struct rig_options o = {.settings = {.alignment = 32}};
    struct guest *g = guest_new(&o);
    struct hal_device dev = pci_master(&g->r, false, true, 0x1000);
    uint32_t adapter, count;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    assert_int_equal(table_call(g, adapter, OP_ALIGNMENT), 32);
    guest_free(g);
}

/* DMA-097, 110, 150: a slave's channel is live after MapTransfer */
static void slave_channel_is_live_after_map(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = isa_slave(1, 0x4000);
    uint32_t adapter, count, length = guest_alloc(g, 4), base;
    struct buffer b;

    (void)state;
    adapter = guest_adapter(g, &dev, &count);
    rig_scatter(&g->r, &b, 0x2000, 0x800, 0x1800);
    guest_mdl(g, &b);
    guest_irql(g, 2);
    guest_answer(g, HAL_KEEP_OBJECT);
    guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0), 2,
               guest_callback(g), 0);
    base = guest_argument(g, 0, 2);
    guest_set(g, length, b.bytes);
    rig_forget(&g->r);
    guest_call(g, "IoMapTransfer", adapter, b.mdl, base, b.va, length, WRITE);
    assert_int_equal(g->r.out[g->r.outs - 1].port, 0x0a);
    assert_int_equal(g->r.out[g->r.outs - 1].value, 1);
    assert_int_equal(guest_call(g, "HalReadDmaCounter", adapter), b.bytes);
    rig_forget(&g->r);
    guest_call(g, "IoFlushAdapterBuffers", adapter, b.mdl, base, b.va, b.bytes,
               WRITE);
    assert_int_equal(g->r.out[0].port, 0x0a);
    assert_int_equal(g->r.out[0].value, 5);
    guest_call(g, "IoFreeAdapterChannel", adapter);
    assert_int_equal(g->r.findings, 0);
    guest_free(g);
}

/* ---- hostile arguments ---------------------------------------------------*/

/* SEC-003 */
static void a_pointer_that_is_no_adapter_is_reported(void **state)
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    uint32_t junk = guest_alloc(g, 64), length = guest_alloc(g, 4);

    (void)state;
    guest_irql(g, 2);
    guest_set(g, length, 100);
    assert_int_equal(
        guest_call(g, "IoMapTransfer", junk, junk, 0, 0, length, WRITE), 0);
    assert_int_equal(guest_get(g, length), 0);
    assert_string_equal(g->r.rule, "S20");
    guest_call(g, "IoFlushAdapterBuffers", junk, junk, 0, 0, 1, READ);
    guest_call(g, "IoFreeMapRegisters", junk, 0x10, 1);
    guest_call(g, "IoFreeAdapterChannel", junk);
    assert_int_equal(guest_call(g, "HalReadDmaCounter", junk), 0);
    assert_int_equal(guest_call(g, "IoAllocateAdapterChannel", junk, junk, 1,
                                guest_callback(g), 0),
                     0xc000009a);
    assert_int_equal(
        guest_call(g, "HalAllocateCommonBuffer", junk, 4096, junk, 1), 0);
    guest_free(g);
}

/* SEC-002: NULL faults at 0 + 4, as the CPU would */
static void a_null_adapter_is_a_guest_fault(void **state)
{
    static const struct {
        const char *name;
        unsigned count;
    } row[] = {{"IoMapTransfer", 6},          {"IoFlushAdapterBuffers", 6},
               {"IoFreeMapRegisters", 3},     {"IoFreeAdapterChannel", 1},
               {"HalReadDmaCounter", 1},      {"IoAllocateAdapterChannel", 5},
               {"DmaPutDmaAdapter", 1},       {"DmaGetScatterGatherList", 8},
               {"DmaPutScatterGatherList", 3}};
    static const uint32_t zero[8];
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct guest *g = guest_of(HAL_TRANSLATE);
        uint32_t eax;

        guest_irql(g, 2);
        assert_false(guest_try(g, ke_stub(g->ke, row[i].name).v, row[i].count,
                               zero, &eax));
        assert_true(ke_ended(g->ke));
        assert_int_not_equal(ke_bugcheck_state(g->ke)->code, 0);
        guest_free(g);
    }
}

/* Map @bytes from @va of a buffer of 1800h bytes: *Length afterwards. */
static uint32_t map_wrongly(uint32_t add, uint32_t bytes, char rule[8])
{
    struct guest *g = guest_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
    uint32_t adapter, count, length = guest_alloc(g, 4), got;
    struct buffer b;

    adapter = guest_adapter(g, &dev, &count);
    rig_scatter(&g->r, &b, 0x2000, 0x800, 0x1800);
    guest_mdl(g, &b);
    guest_irql(g, 2);
    guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
    guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0), 4,
               guest_callback(g), 0);
    guest_set(g, length, bytes);
    guest_call(g, "IoMapTransfer", adapter, b.mdl, guest_argument(g, 0, 2),
               b.va + add, length, WRITE);
    got = guest_get(g, length);
    memcpy(rule, g->r.rule, 8);
    guest_free(g);
    return got;
}

/* SEC-005, 006, 007 */
static void lengths_are_clipped_to_the_mdl(void **state)
{
    char rule[8];

    (void)state;
    assert_int_equal(map_wrongly(0, 0x1800, rule), 0x1800);
    assert_string_equal(rule, "");
    assert_int_equal(map_wrongly(0, 0x1801, rule), 0x1800);
    assert_string_equal(rule, "S07");
    assert_int_equal(map_wrongly(0x800, 0x2000, rule), 0x1000);
    assert_string_equal(rule, "S07");
    assert_int_equal(map_wrongly(0, 0xffffffff, rule), 0x1800);
    assert_string_equal(rule, "S07");
    assert_int_equal(map_wrongly(0x1800, 1, rule), 0);
    assert_string_equal(rule, "S08");
    assert_int_equal(map_wrongly((uint32_t)-1, 1, rule), 0);
    assert_string_equal(rule, "S08");
    assert_int_equal(map_wrongly(0, 0, rule), 0);
    assert_string_equal(rule, "S20");
}

/* SEC-009: each field of the MDL damaged */
static void a_corrupt_mdl_maps_nothing(void **state)
{
    static const struct {
        uint32_t offset, value;
    } row[] = {{0x10, 0x00400001},
               {0x18, 0x1000},
               {0x04, 0x0002001c},
               {0x14, 0xffffffff},
               {0x1c, 0x00fffff0}};
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct guest *g = guest_of(HAL_TRANSLATE);
        struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
        uint32_t adapter, count, length = guest_alloc(g, 4);
        struct buffer b;

        adapter = guest_adapter(g, &dev, &count);
        rig_scatter(&g->r, &b, 0x2000, 0, 0x1000);
        guest_mdl(g, &b);
        guest_set(g, b.mdl + row[i].offset, row[i].value);
        guest_irql(g, 2);
        guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   4, guest_callback(g), 0);
        guest_set(g, length, 0x1000);
        guest_call(g, "IoMapTransfer", adapter, b.mdl, guest_argument(g, 0, 2),
                   b.va, length, WRITE);
        assert_int_equal(guest_get(g, length), 0);
        assert_string_equal(g->r.rule, "S10");
        guest_free(g);
    }
}

/* SEC-021: only the low byte of a BOOLEAN counts */
static void booleans_are_bytes(void **state)
{
    static const struct {
        uint32_t value;
        bool write;
    } row[] = {{0x100, false}, {2, true}, {0xffffff00, false}, {0xff, true}};
    unsigned i;

    (void)state;
    for (i = 0; i < 4; i++) {
        struct guest *g = guest_of(HAL_TRANSLATE);
        struct hal_device dev = pci_master(&g->r, true, true, 0x10000);
        uint32_t adapter, count, length = guest_alloc(g, 4);
        struct hal_page_info page;
        struct buffer b;

        adapter = guest_adapter(g, &dev, &count);
        rig_scatter(&g->r, &b, 0x2000, 0, 0x1000);
        guest_mdl(g, &b);
        guest_irql(g, 2);
        guest_answer(g, HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        guest_call(g, "IoAllocateAdapterChannel", adapter, guest_device(g, 0),
                   4, guest_callback(g), 0);
        guest_set(g, length, 0x1000);
        guest_call(g, "IoMapTransfer", adapter, b.mdl, guest_argument(g, 0, 2),
                   b.va, length, row[i].value);
        assert_true(hal_page_at(g->r.hal, 0, &page));
        assert_int_equal(page.dir == DMA_TO_DEVICE, row[i].write);
        guest_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adapter_object_is_as_drivers_read_it),
        cmocka_unit_test(an_unknown_version_is_null),
        cmocka_unit_test(the_pdo_says_bus_and_slot),
        cmocka_unit_test(nt4_adapter_has_a_table),
        cmocka_unit_test(description_at_the_end_of_memory),
        cmocka_unit_test(crash_dump_registers),
        cmocka_unit_test(pages_above_4_gib),
        cmocka_unit_test(a_null_control_routine_is_a_guest_fault),
        cmocka_unit_test(master_through_the_table_on_every_kind),
        cmocka_unit_test(master_by_the_nt4_names_on_every_kind),
        cmocka_unit_test(a_bounced_map_takes_an_entry_per_page),
        cmocka_unit_test(free_channel_calls_the_next_waiter),
        cmocka_unit_test(a_chain_of_waiters_runs_in_one_call),
        cmocka_unit_test(the_irp_is_that_of_the_call),
        cmocka_unit_test(current_va_is_an_index),
        cmocka_unit_test(slave_maps_and_flushes_piece_by_piece),
        cmocka_unit_test(above_the_grant_is_an_error_code),
        cmocka_unit_test(control_sees_dispatch_level_whatever_the_callers),
        cmocka_unit_test(hal_form_takes_the_callers_wcb),
        cmocka_unit_test(list_goes_to_the_routine_and_back),
        cmocka_unit_test(a_chain_of_mdls_is_one_list),
        cmocka_unit_test(a_list_above_the_grant_is_refused),
        cmocka_unit_test(calculated_size_is_what_build_needs),
        cmocka_unit_test(build_mdl_answers_once),
        cmocka_unit_test(common_buffer_through_the_table),
        cmocka_unit_test(alignment_is_the_platforms),
        cmocka_unit_test(slave_channel_is_live_after_map),
        cmocka_unit_test(a_pointer_that_is_no_adapter_is_reported),
        cmocka_unit_test(a_null_adapter_is_a_guest_fault),
        cmocka_unit_test(lengths_are_clipped_to_the_mdl),
        cmocka_unit_test(a_corrupt_mdl_maps_nothing),
        cmocka_unit_test(booleans_are_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
