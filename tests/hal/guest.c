/* tests/hal/guest.c -- see guest.h. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#include "ke/call.h"
#include "mm/mdl.h"
#include "mm/pool.h"

/* Offsets in the fixture's page. */
enum {
    AT_LOOP = 0x000,
    AT_CALL = 0x100,
    AT_CALLBACK = 0x300,
    AT_GO = 0x400, /* routine to call, 0 when it is back */
    AT_RESULT = 0x404,
    AT_CALLED = 0x410,
    AT_ANSWER = 0x414,
    AT_NOTES = 0x800, /* 32 bytes each: four arguments, IRQL */
    TICKS_MOST = 2000000,
};

struct code {
    uint8_t bytes[256];
    unsigned count;
};

static void emit(struct code *c, const void *bytes, unsigned n)
{
    memcpy(c->bytes + c->count, bytes, n);
    c->count += n;
}

#define EMIT_BYTES(c, ...)                                                     \
    emit((c), (const uint8_t[]){__VA_ARGS__},                                  \
         sizeof((const uint8_t[]){__VA_ARGS__}))

static void emit32(struct code *c, uint32_t v)
{
    emit(c, &v, 4);
}

uint32_t guest_get(const struct guest *g, uint32_t at)
{
    uint32_t v = 0;

    assert_true(ke_read(g->ke, gva_of(at), &v, 4));
    return v;
}

void guest_put(struct guest *g, uint32_t at, const void *from, uint32_t bytes)
{
    assert_true(ke_write(g->ke, gva_of(at), from, bytes));
}

void guest_set(struct guest *g, uint32_t at, uint32_t value)
{
    guest_put(g, at, &value, 4);
}

uint32_t guest_alloc(struct guest *g, uint32_t bytes)
{
    uint32_t i;
    gva_t at;

    assert_int_equal(pool_alloc(&g->r.mm, POOL_NONPAGED, bytes, 1, &at), HB_OK);
    for (i = 0; i < bytes; i++)
        guest_put(g, at.v + i, &(uint8_t){0}, 1);
    return at.v;
}

/* for (;;) if (go) { result = go(); go = 0; } */
static void write_loop(struct guest *g)
{
    struct code c = {0};

    EMIT_BYTES(&c, 0xa1); /* mov eax, [go] */
    emit32(&c, g->page + AT_GO);
    EMIT_BYTES(&c, 0x85, 0xc0, 0x74, 0xf7); /* test eax, eax; jz -9 */
    EMIT_BYTES(&c, 0xff, 0xd0, 0xa3);       /* call eax; mov [result], eax */
    emit32(&c, g->page + AT_RESULT);
    EMIT_BYTES(&c, 0x89, 0x15); /* mov [result + 4], edx */
    emit32(&c, g->page + AT_RESULT + 4);
    EMIT_BYTES(&c, 0xc7, 0x05); /* mov dword [go], 0 */
    emit32(&c, g->page + AT_GO);
    emit32(&c, 0);
    EMIT_BYTES(&c, 0xeb, (uint8_t) - (int)(c.count + 2)); /* jmp */
    guest_put(g, g->page + AT_LOOP, c.bytes, c.count);
}

/* note[called++] = {arguments, IRQL}; return answer */
static void write_callback(struct guest *g)
{
    struct code c = {0};
    unsigned i;

    EMIT_BYTES(&c, 0x8b, 0x0d); /* mov ecx, [called] */
    emit32(&c, g->page + AT_CALLED);
    EMIT_BYTES(&c, 0x83, 0xe1, GUEST_NOTED - 1, 0xc1, 0xe1, 0x05);
    for (i = 0; i < 4; i++) {
        EMIT_BYTES(&c, 0x8b, 0x44, 0x24, (uint8_t)(4 + 4 * i));
        EMIT_BYTES(&c, 0x89, 0x81); /* mov [ecx + note + 4 * i], eax */
        emit32(&c, g->page + AT_NOTES + 4 * i);
    }
    EMIT_BYTES(&c, 0x64, 0x0f, 0xb6, 0x05); /* movzx eax, byte fs:[24h] */
    emit32(&c, 0x24);
    EMIT_BYTES(&c, 0x89, 0x81);
    emit32(&c, g->page + AT_NOTES + 16);
    EMIT_BYTES(&c, 0xff, 0x05); /* inc dword [called] */
    emit32(&c, g->page + AT_CALLED);
    EMIT_BYTES(&c, 0xa1); /* mov eax, [answer]; ret 16 */
    emit32(&c, g->page + AT_ANSWER);
    EMIT_BYTES(&c, 0xc2, 0x10, 0x00);
    guest_put(g, g->page + AT_CALLBACK, c.bytes, c.count);
}

/* NTSTATUS IoGetDeviceProperty(Pdo, Property, Length, Buffer, *ResultLength):
 * what the executive says of the fixture's card, a PCI function. */
static void property(struct call *c)
{
    const struct guest *g = c->context;
    uint32_t value = 0;

    switch (call_u32(c, 1)) {
    case 0x0d: /* DevicePropertyLegacyBusType */
        value = HAL_INTERFACE_PCI;
        break;
    case 0x10: /* DevicePropertyAddress: device << 16 | function */
        value = (g->r.requester >> 3) << 16 | (g->r.requester & 7);
        break;
    default:
        call_return(c, 0xc000000d);
        return;
    }
    store_u32(c, call_va(c, 3), value);
    store_u32(c, call_va(c, 4), 4);
    if (call_ok(c))
        call_return(c, call_u32(c, 0) == GUEST_PDO ? 0 : 0xc000000e);
}

static const struct export pnp_rows[] = {
    {"IoGetDeviceProperty", property, NTOSKRNL, STDCALL, 5, PASSIVE_LEVEL, 1,
     0},
};

static void start_thread(struct guest *g)
{
    struct ke_thread_start how = {.process = KE_SYSTEM_PROCESS,
                                  .start = gva_of(g->page + AT_LOOP)};
    uint32_t status;

    assert_int_not_equal(ke_thread_create(g->ke, &how, &status), 0);
    ke_kick(g->ke);
}

struct guest *guest_new(const struct rig_options *options)
{
    struct guest *g = calloc(1, sizeof *g);
    struct rig_options o = *options;
    struct export_table table[2] = {{0}, {pnp_rows, 1, NULL}};
    struct ke_wiring w;

    assert_non_null(g);
    o.chips = true;
    rig_hardware(&g->r, &o);
    assert_int_equal(cpu_create(&g->cpu, &g->r.ram, g->r.bus, &g->r.clock,
                                &g->r.events, NULL),
                     HB_OK);
    cpu_reset(&g->cpu);
    bus_out(g->r.bus, 0x92, 1, 2); /* A20 on, as firmware leaves it */
    rig_system(&g->r, &o, &g->cpu.tlb);
    w = (struct ke_wiring){&g->r.ram,   g->r.bus,     &g->cpu,
                           &g->r.clock, &g->r.events, &g->r.mm};
    table[0] = hal_table(g->r.hal);
    table[1].context = g;
    assert_int_equal(ke_create(&g->ke, &w, table, 2, NULL), HB_OK);
    assert_int_equal(ke_boot(g->ke, NULL), HB_OK);
    assert_int_equal(hal_boot(g->r.hal, NULL), HB_OK);
    assert_int_equal(hal_exports_boot(g->r.hal, g->ke, NULL), HB_OK);
    g->page = guest_alloc(g, PAGE_BYTES);
    write_loop(g);
    write_callback(g);
    start_thread(g);
    guest_call_at(g, ke_stub(g->ke, "KeFlushWriteBuffer").v, 0,
                  NULL); /* the thread has the CPU now */
    rig_forget(&g->r);
    return g;
}

struct guest *guest_of(enum hal_kind kind)
{
    const struct rig_options o = {.kind = kind};

    return guest_new(&o);
}

void guest_free(struct guest *g)
{
    ke_destroy(g->ke);
    cpu_destroy(&g->cpu);
    rig_fini(&g->r);
    free(g);
}

/* What the board's run loop does, until the guest is back. */
static bool run_until_back(struct guest *g)
{
    uint64_t limit = g->r.clock.now + TICKS_MOST, next;
    struct clock_entry due;

    while (guest_get(g, g->page + AT_GO) && g->r.clock.now < limit) {
        if (ke_ended(g->ke))
            return false;
        if (bus_tenure(g->r.bus)->bytes) {
            tenure_move(g->r.bus);
            continue;
        }
        if (clock_take_due(&g->r.clock, &due)) {
            bus_serve(g->r.bus, &due);
            continue;
        }
        next = clock_next(&g->r.clock);
        g->r.clock.until = next < limit ? next : limit;
        switch (cpu_run(&g->cpu)) {
        case CPU_VMCALL:
            g->pieces++;
            ke_entry(g->ke);
            break;
        case CPU_HALTED:
            g->r.clock.now = next < limit ? next : limit;
            break;
        case CPU_SHUTDOWN:
            ke_shutdown(g->ke);
            break;
        default:
            break;
        }
    }
    return !guest_get(g, g->page + AT_GO);
}

bool guest_try(struct guest *g, uint32_t at, unsigned count,
               const uint32_t *args, uint32_t *eax)
{
    struct code c = {0};
    unsigned i;

    for (i = count; i-- > 0;) {
        EMIT_BYTES(&c, 0x68); /* push imm32 */
        emit32(&c, args[i]);
    }
    EMIT_BYTES(&c, 0xb8); /* mov eax, at; call eax; ret */
    emit32(&c, at);
    EMIT_BYTES(&c, 0xff, 0xd0, 0xc3);
    guest_put(g, g->page + AT_CALL, c.bytes, c.count);
    guest_set(g, g->page + AT_GO, g->page + AT_CALL);
    g->pieces = 0;
    if (!run_until_back(g))
        return false;
    *eax = guest_get(g, g->page + AT_RESULT);
    g->edx = guest_get(g, g->page + AT_RESULT + 4);
    return true;
}

uint32_t guest_call_at(struct guest *g, uint32_t at, unsigned count,
                       const uint32_t *args)
{
    uint32_t eax = 0;

    assert_int_not_equal(at, 0);
    if (!guest_try(g, at, count, args, &eax)) {
        const struct ke_bugcheck *b = ke_bugcheck_state(g->ke);

        print_error("%s of %u: bugcheck %x (%x, %x, %x, %x) %s; eip %x\n",
                    ke_routine_name(g->ke, gva_of(at)), count, b->code, b->p[0],
                    b->p[1], b->p[2], b->p[3], b->text, g->cpu.s.eip);
        fail();
    }
    return eax;
}

void guest_irql(struct guest *g, uint8_t irql)
{
    ke_set_irql(g->ke, irql);
}

uint32_t guest_callback(const struct guest *g)
{
    return g->page + AT_CALLBACK;
}

void guest_answer(struct guest *g, uint32_t value)
{
    guest_set(g, g->page + AT_ANSWER, value);
}

uint32_t guest_called(const struct guest *g)
{
    return guest_get(g, g->page + AT_CALLED);
}

uint32_t guest_argument(const struct guest *g, uint32_t call, unsigned i)
{
    return guest_get(g, g->page + AT_NOTES + 32 * call + 4 * i);
}

uint32_t guest_called_irql(const struct guest *g, uint32_t call)
{
    return guest_get(g, g->page + AT_NOTES + 32 * call + 16);
}

void guest_encode(const struct hal_device *dev,
                  uint8_t raw[HAL_DEVICE_BYTES_V3])
{
    memset(raw, 0, HAL_DEVICE_BYTES_V3);
    memcpy(raw, &dev->version, 4);
    raw[0x04] = dev->master;
    raw[0x05] = dev->scatter_gather;
    raw[0x06] = dev->demand;
    raw[0x07] = dev->auto_init;
    raw[0x08] = dev->dma32;
    raw[0x09] = dev->ignore_count;
    raw[0x0b] = dev->dma64;
    memcpy(raw + 0x10, &dev->channel, 4);
    memcpy(raw + 0x14, &dev->interface, 4);
    memcpy(raw + 0x18, &dev->width, 4);
    memcpy(raw + 0x1c, &dev->speed, 4);
    memcpy(raw + 0x20, &dev->maximum_length, 4);
    memcpy(raw + 0x28, &dev->address_width, 4);
}

uint32_t guest_raw(struct guest *g, const char *name,
                   const uint8_t raw[HAL_DEVICE_BYTES_V3], uint32_t *count)
{
    uint32_t bytes = raw[0] < 3 ? HAL_DEVICE_BYTES : HAL_DEVICE_BYTES_V3;
    uint32_t at = guest_alloc(g, bytes), n = guest_alloc(g, 8);
    bool nt4 = strcmp(name, "HalGetAdapter") == 0;
    uint32_t adapter;

    guest_put(g, at, raw, bytes);
    guest_set(g, n, *count);
    adapter =
        nt4 ? guest_call(g, name, at, n) : guest_call(g, name, g->pdo, at, n);
    *count = guest_get(g, n);
    return adapter;
}

uint32_t guest_adapter(struct guest *g, const struct hal_device *dev,
                       uint32_t *count)
{
    uint8_t raw[HAL_DEVICE_BYTES_V3];

    *count = 0;
    guest_encode(dev, raw);
    return guest_raw(g, "IoGetDmaAdapter", raw, count);
}

uint32_t guest_entry(const struct guest *g, uint32_t adapter, uint32_t offset)
{
    return guest_get(g, guest_get(g, adapter + 4) + offset);
}

uint32_t guest_device(struct guest *g, uint32_t irp)
{
    uint32_t at = guest_alloc(g, 0xb8);

    guest_set(g, at + 0x14, irp);
    return at;
}

uint32_t guest_mdl(struct guest *g, struct buffer *b)
{
    uint32_t bytes = MDL_BYTES + 4 * b->count, i;
    uint32_t at = guest_alloc(g, bytes);

    guest_set(g, at + MDL_SIZE, bytes | (uint32_t)MDL_PAGES_LOCKED << 16);
    guest_set(g, at + MDL_START_VA, b->va & ~(uint32_t)PAGE_MASK);
    guest_set(g, at + MDL_BYTE_COUNT, b->bytes);
    guest_set(g, at + MDL_BYTE_OFFSET, b->va & PAGE_MASK);
    for (i = 0; i < b->count; i++)
        guest_set(g, at + MDL_PFNS + 4 * i,
                  (uint32_t)(b->f[i].at >> PAGE_SHIFT));
    b->mdl = at;
    return at;
}
