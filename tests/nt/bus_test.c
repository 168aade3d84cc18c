/* tests/nt/bus_test.c -- what a PDO answers to the packets that drivers above
 * it send: ids, texts, bus, configuration space; and the routines that send and
 * end packets under their stdcall names. Sources: WDK, "Plug and Play minor
 * IRPs", IoCallDriver, IoCompleteRequest; structures of the DDK's wdm.h. */
#include <string.h>

#include "board/board.h"
#include "caller.h"
#include "nt/pnp.h"

enum { PNP = 0x1b };
enum {
    QUERY_RELATIONS = 7,
    QUERY_TEXT = 0x0c,
    READ_CONFIG = 0x0f,
    WRITE_CONFIG = 0x10,
    QUERY_ID = 0x13,
    QUERY_BUS = 0x15
};
enum { /* IRP */
       IRP_STATUS = 0x18,
       IRP_INFORMATION = 0x1c,
       IRP_LOCATION = 0x23,
       IRP_STACK = 0x60,
       STACK_BYTES = 0x24
};
enum { COUNT_AT = 0x100, ROUTINE_AT = 0x200, BUFFER_AT = 0x400 };
#define NOT_SUPPORTED       0xC00000BBu
#define INVALID_PARAMETER   0xC000000Du
#define INVALID_PARAMETER_1 0xC00000EFu
#define MORE_PROCESSING     0xC0000016u
#define ON_ALL_ENDS         0xE0u /* control: success, error, cancel */

struct answer {
    uint32_t status, information;
};

/* The completion routine: counts, and keeps the packet. */
static uint32_t routine(struct caller *c)
{
    uint32_t at = c->data + ROUTINE_AT, count = c->data + COUNT_AT;
    uint32_t result = MORE_PROCESSING;
    uint8_t code[] = {0xff, 0x05, 0, 0, 0, 0, 0xb8, 0, 0, 0, 0, 0xc2, 12, 0};

    memcpy(code + 2, &count, 4);
    memcpy(code + 7, &result, 4);
    caller_put(c, at, code, sizeof code);
    return at;
}

/* A packet whose next location is filled in. */
static uint32_t packet(struct caller *c, uint8_t minor, const uint32_t p[4])
{
    uint32_t irp = STD_CALL(c, "IoAllocateIrp", 1, 0);
    uint32_t next = caller_dword(c, irp + IRP_STACK) - STACK_BYTES;

    assert_int_not_equal(irp, 0);
    caller_set(c, irp + IRP_STATUS, NOT_SUPPORTED);
    caller_set(c, next, ON_ALL_ENDS << 24 | (uint32_t)minor << 8 | PNP);
    caller_put(c, next + 4, p, 16);
    caller_set(c, next + 0x1c, routine(c));
    return irp;
}

static struct answer ask(struct caller *c, uint32_t pdo, uint8_t minor,
                         uint32_t a, uint32_t b, uint32_t d, uint32_t e)
{
    uint32_t irp = packet(c, minor, (const uint32_t[]){a, b, d, e});
    uint32_t ends = caller_dword(c, c->data + COUNT_AT);
    struct answer answer;

    answer.status = STD_CALL(c, "IoCallDriver", pdo, irp);
    assert_int_equal(caller_dword(c, irp + IRP_STATUS), answer.status);
    assert_int_equal(caller_dword(c, c->data + COUNT_AT), ends + 1);
    answer.information = caller_dword(c, irp + IRP_INFORMATION);
    STD_CALL(c, "IoFreeIrp", irp);
    return answer;
}

/* The IDE function of the board, and its number. */
static uint32_t ide(struct caller *c, struct inspect_pnp *d)
{
    for (unsigned i = 0; inspect_pnp_at(c->r->m, i, d); i++) {
        if (strcmp(d->hardware_id, "PCI\\VEN_8086&DEV_7010") != 0)
            continue;
        assert_true(pnp_make_pdo(c->r->m->nt, i + 1));
        assert_true(inspect_pnp_at(c->r->m, i, d));
        return d->pdo.v;
    }
    fail_msg("no IDE function");
    return 0;
}

static void assert_text(struct caller *c, uint32_t at, const char *text)
{
    uint16_t wide[128];
    uint32_t n = (uint32_t)strlen(text) + 1;

    caller_get(c, at, wide, n * 2);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(wide[i], (uint8_t)text[i]);
    STD_CALL(c, "ExFreePool", at);
}

static void a_pdo_tells_its_ids_and_texts(void **state)
{
    struct caller *c = *state;
    struct inspect_pnp d;
    uint32_t pdo = ide(c, &d);
    struct answer a;
    uint16_t end;

    a = ask(c, pdo, QUERY_ID, 0, 0, 0, 0);
    assert_int_equal(a.status, 0);
    assert_text(c, a.information, "PCI\\VEN_8086&DEV_7010");
    a = ask(c, pdo, QUERY_ID, 1, 0, 0, 0); /* hardware ids: a list */
    assert_int_equal(a.status, 0);
    caller_get(c, a.information + 2 * 22, &end, 2);
    assert_int_equal(end, 0);
    assert_text(c, a.information, "PCI\\VEN_8086&DEV_7010");
    assert_int_equal(ask(c, pdo, QUERY_ID, 2, 0, 0, 0).status, NOT_SUPPORTED);
    assert_int_equal(ask(c, pdo, QUERY_ID, 3, 0, 0, 0).status, 0);
    a = ask(c, pdo, QUERY_TEXT, 0, 0x409, 0, 0);
    assert_int_equal(a.status, 0);
    assert_text(c, a.information, d.description);
    assert_int_equal(ask(c, pdo, QUERY_TEXT, 2, 0x409, 0, 0).status,
                     NOT_SUPPORTED);
}

/* GUID_BUS_TYPE_PCI {c8ebdfb0-b510-11d0-80e5-00a0c92542e3} of wdmguid.h. */
static void a_pdo_tells_its_bus(void **state)
{
    static const uint8_t pci[16] = {0xb0, 0xdf, 0xeb, 0xc8, 0x10, 0xb5,
                                    0xd0, 0x11, 0x80, 0xe5, 0x00, 0xa0,
                                    0xc9, 0x25, 0x42, 0xe3};
    struct caller *c = *state;
    struct inspect_pnp d;
    struct answer a = ask(c, ide(c, &d), QUERY_BUS, 0, 0, 0, 0);
    uint8_t guid[16];

    assert_int_equal(a.status, 0);
    caller_get(c, a.information, guid, 16);
    assert_memory_equal(guid, pci, 16);
    assert_int_equal(caller_dword(c, a.information + 16), 5); /* PCIBus */
    assert_int_equal(caller_dword(c, a.information + 20), 0);
}

static void a_pdo_is_its_stacks_target(void **state)
{
    struct caller *c = *state;
    struct inspect_pnp d;
    uint32_t pdo = ide(c, &d), count;
    struct answer a = ask(c, pdo, QUERY_RELATIONS, 4, 0, 0, 0);

    assert_int_equal(a.status, 0);
    assert_int_equal(caller_dword(c, a.information), 1);
    assert_int_equal(caller_dword(c, a.information + 4), pdo);
    STD_CALL(c, "ObDereferenceObject", pdo); /* the answer's reference */
    STD_CALL(c, "ExFreePool", a.information);
    count = FAST_CALL(c, "ObfReferenceObject", pdo);
    a = ask(c, pdo, QUERY_RELATIONS, 4, 0, 0, 0);
    pnp_release_relations(c->r->m->nt, a.information);
    assert_int_equal(FAST_CALL(c, "ObfDereferenceObject", pdo), count - 1);
    assert_int_equal(ask(c, pdo, QUERY_RELATIONS, 0, 0, 0, 0).status,
                     NOT_SUPPORTED);
}

static void configuration_space_is_read_and_written(void **state)
{
    struct caller *c = *state;
    uint32_t buffer = c->data + BUFFER_AT;
    struct inspect_pnp d;
    uint32_t pdo = ide(c, &d);
    struct answer a = ask(c, pdo, READ_CONFIG, 0, buffer, 0, 4);

    assert_int_equal(a.status, 0);
    assert_int_equal(a.information, 4);
    assert_int_equal(caller_dword(c, buffer), 0x70108086);
    caller_set(c, buffer, 0x5a);
    a = ask(c, pdo, WRITE_CONFIG, 0, buffer, 0x0d, 1); /* latency timer */
    assert_int_equal(a.status, 0);
    assert_int_equal(a.information, 1);
    a = ask(c, pdo, READ_CONFIG, 0, buffer, 0x0d, 1);
    assert_int_equal(caller_dword(c, buffer) & 0xff,
                     inspect_config(c->r->m, 0, d.slot, d.function, 0x0c) >> 8 &
                         0xff);
    a = ask(c, pdo, READ_CONFIG, 0, buffer, 0xfe, 8);
    assert_int_equal(a.status, INVALID_PARAMETER);
    a = ask(c, pdo, READ_CONFIG, 0, buffer, 0xffffffff, 2);
    assert_int_equal(a.status, INVALID_PARAMETER);
    a = ask(c, pdo, READ_CONFIG, 0x52696350, buffer, 0, 4); /* the ROM */
    assert_int_equal(a.status, INVALID_PARAMETER_1);
    a = ask(c, pdo, WRITE_CONFIG, 0, 0xdead0000, 0x0d, 1);
    assert_int_equal(a.status, INVALID_PARAMETER);
}

/* What nobody knows comes back as it was sent. */
static void an_unknown_packet_keeps_its_status(void **state)
{
    struct caller *c = *state;
    struct inspect_pnp d;

    assert_int_equal(ask(c, ide(c, &d), 0x7f, 0, 0, 0, 0).status,
                     NOT_SUPPORTED);
}

/* From the location that it is in, up through the routine set there. */
static void IoCompleteRequest_leaves_each_location(void **state)
{
    static const uint32_t none[4];
    struct caller *c = *state;
    uint32_t irp = packet(c, QUERY_ID, none);
    uint32_t at = caller_dword(c, irp + IRP_STACK) - STACK_BYTES;
    uint8_t location = 1;

    caller_put(c, irp + IRP_LOCATION, &location, 1);
    caller_set(c, irp + IRP_STACK, at);
    caller_set(c, irp + IRP_STATUS, 0);
    STD_CALL(c, "IoCompleteRequest", irp, 0);
    assert_int_equal(caller_dword(c, c->data + COUNT_AT), 1);
    assert_int_equal(caller_dword(c, irp + IRP_STACK), at + STACK_BYTES);
    caller_get(c, irp + IRP_LOCATION, &location, 1);
    assert_int_equal(location, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(a_pdo_tells_its_ids_and_texts),
        CALLER_TEST(a_pdo_tells_its_bus),
        CALLER_TEST(a_pdo_is_its_stacks_target),
        CALLER_TEST(configuration_space_is_read_and_written),
        CALLER_TEST(an_unknown_packet_keeps_its_status),
        CALLER_TEST(IoCompleteRequest_leaves_each_location),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
