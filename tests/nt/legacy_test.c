/* tests/nt/legacy_test.c -- drivers that find and report their hardware as on
 * NT 4, and where a bus's addresses come out on each platform. Sources: NT 4
 * DDK; hal_io fact sheet 2, 3. */
#include <string.h>

#include "board/board.h"
#include "caller.h"
#include "nt/pnp.h"

enum { LIST_AT = 0x1000, OUT_AT = 0x2000, CONFLICT_AT = 0x2010 };
enum { ONE = 0x81000010, OTHER = 0x81000020 }; /* two drivers, as claims go */
#define CONFLICTING 0xC0000018u

/* The IDE function of the board: a PCI function that nobody started. */
static struct nt_device *ide(struct caller *c)
{
    struct nt *nt = c->r->m->nt;

    for (uint32_t i = 1; i <= nt->s.devices.count; i++)
        if (strcmp(pnp_device(nt, i)->card.hardware_id,
                   "PCI\\VEN_8086&DEV_7010") == 0)
            return pnp_device(nt, i);
    fail_msg("no IDE function");
    return NULL;
}

static uint32_t assign_slot(struct caller *c, uint32_t driver, uint32_t bus,
                            uint32_t slot)
{
    return STD_CALL(c, "HalAssignSlotResources", 0, 0, driver, 0, 5, bus, slot,
                    c->data + OUT_AT);
}

/* RES-029: raw resources in pool, in the BARs, and the card decodes. */
static void a_slots_resources_are_claimed_and_programmed(void **state)
{
    struct caller *c = *state;
    const struct nt_device *d = ide(c);
    const struct nt_resource *bar = &d->card.resource[0];
    uint32_t slot = d->card.slot | (uint32_t)d->card.function << 5, list;

    assert_int_equal(assign_slot(c, ONE, 0, slot), 0);
    list = caller_dword(c, c->data + OUT_AT);
    assert_int_equal(caller_dword(c, list), 1);
    assert_int_equal(caller_dword(c, list + 4), 5);
    assert_int_equal(caller_dword(c, list + 12), 0x10001);
    assert_int_equal(caller_dword(c, list + 20) & 0xff, bar->kind);
    assert_int_equal(caller_dword(c, list + 24), (uint32_t)bar->start);
    assert_int_equal(caller_dword(c, list + 32), bar->length);
    assert_int_equal(bus_peek_config(c->r->m->bus, 0, d->card.slot,
                                     d->card.function,
                                     0x10 + 4 * (bar->bar - 1u)) &
                         ~3u,
                     (uint32_t)bar->start);
    assert_int_equal(
        bus_peek_config(c->r->m->bus, 0, d->card.slot, d->card.function, 4) & 5,
        5);
    STD_CALL(c, "ExFreePool", list);
    /* no such function, no such bus: and no list */
    assert_int_equal(assign_slot(c, ONE, 0, 30), 0xC000000E);
    assert_int_equal(caller_dword(c, c->data + OUT_AT), 0);
    assert_int_equal(assign_slot(c, ONE, 1, slot), 0xC000000E);
}

/* RES-029: what another driver has is given elsewhere. */
static void a_slots_resources_avoid_what_is_taken(void **state)
{
    struct caller *c = *state;
    const struct nt_device *d = ide(c);
    const struct nt_resource bar = d->card.resource[0];
    uint32_t slot = d->card.slot | (uint32_t)d->card.function << 5, list, at;

    assert_true(legacy_claim(c->r->m->nt, OTHER, 0, &bar, 1));
    assert_int_equal(assign_slot(c, ONE, 0, slot), 0);
    list = caller_dword(c, c->data + OUT_AT);
    at = caller_dword(c, list + 24);
    assert_int_not_equal(at, (uint32_t)bar.start);
    assert_int_equal(bus_peek_config(c->r->m->bus, 0, d->card.slot,
                                     d->card.function,
                                     0x10 + 4 * (bar.bar - 1u)) &
                         ~3u,
                     at);
}

/* A CM_RESOURCE_LIST of one port range. */
static uint32_t one_port(struct caller *c, uint32_t port, uint32_t bytes)
{
    const uint32_t list[] = {1, 1, 0, 0x10001, 1, 0x00010101, port, 0, bytes};

    caller_put(c, c->data + LIST_AT, list, sizeof list);
    return c->data + LIST_AT;
}

static uint32_t report(struct caller *c, uint32_t driver, uint32_t list,
                       bool override, bool *conflict)
{
    uint8_t told;
    uint32_t status = STD_CALL(c, "IoReportResourceUsage", 0, driver, list, 36,
                               0, 0, 0, override, c->data + CONFLICT_AT);

    caller_get(c, c->data + CONFLICT_AT, &told, 1);
    *conflict = told;
    return status;
}

/* RES-030: a conflict is told, no failure; Override claims all the same; an
 * empty list, or none, gives back. */
static void usage_that_conflicts_is_told(void **state)
{
    struct caller *c = *state;
    bool conflict;

    assert_int_equal(report(c, ONE, one_port(c, 0x320, 8), false, &conflict),
                     0);
    assert_false(conflict);
    assert_int_equal(report(c, OTHER, one_port(c, 0x324, 8), false, &conflict),
                     0);
    assert_true(conflict);
    assert_int_equal(report(c, OTHER, one_port(c, 0x324, 8), true, &conflict),
                     0);
    assert_true(conflict);
    assert_int_equal(report(c, ONE, 0, false, &conflict), 0); /* released */
    assert_int_equal(report(c, ONE, one_port(c, 0x328, 4), false, &conflict),
                     0);
    assert_true(conflict); /* the override has claimed */
    caller_set(c, c->data + LIST_AT, 0);
    assert_int_equal(report(c, OTHER, c->data + LIST_AT, false, &conflict), 0);
    report(c, ONE, one_port(c, 0x328, 4), false, &conflict);
    assert_false(conflict);
}

/* What a Plug and Play device holds, and what the HAL keeps, is taken. */
static void reports_and_devices_share_one_book(void **state)
{
    struct caller *c = *state;
    struct nt_device *d = ide(c);
    bool conflict;

    report(c, ONE, one_port(c, 0x20, 1), false, &conflict);
    assert_true(conflict);
    d->held[0] = (struct nt_resource){
        .kind = NT_PORT, .share = 1, .start = 0x5000, .length = 8};
    d->chosen = 1;
    report(c, ONE, one_port(c, 0x5004, 1), false, &conflict);
    assert_true(conflict);
    d->chosen = 0;
    report(c, ONE, one_port(c, 0x5004, 1), false, &conflict);
    assert_false(conflict);
}

/* RES-031 */
static void detection_of_what_is_taken_conflicts(void **state)
{
    struct caller *c = *state;
    bool conflict;

    report(c, ONE, one_port(c, 0x320, 8), false, &conflict);
    assert_int_equal(STD_CALL(c, "IoReportResourceForDetection", OTHER,
                              one_port(c, 0x320, 4), 36, 0, 0, 0,
                              c->data + CONFLICT_AT),
                     CONFLICTING);
    caller_set(c, c->data + LIST_AT, 0);
    report(c, ONE, c->data + LIST_AT, false, &conflict);
    assert_int_equal(STD_CALL(c, "IoReportResourceForDetection", OTHER,
                              one_port(c, 0x320, 4), 36, 0, 0, 0,
                              c->data + CONFLICT_AT),
                     0);
    caller_set(c, c->data + LIST_AT, 0);
    assert_int_equal(STD_CALL(c, "IoReportResourceForDetection", OTHER,
                              c->data + LIST_AT, 4, 0, 0, 0,
                              c->data + CONFLICT_AT),
                     0);
    report(c, ONE, one_port(c, 0x320, 8), false, &conflict);
    assert_false(conflict);
}

/* RES-013: two full descriptors, the first with data behind its last partial:
 * whoever walks by sizes finds the second. */
static void a_walk_goes_by_the_sizes_in_the_list(void **state)
{
    struct caller *c = *state;
    /* count; full: ISA, 0, 1.1, 2 partials: port 320h:8, data of 12 bytes */
    const uint32_t list[] = {2, 1, 0, 0x10001, 2, 0x00010101, 0x320, 0, 8,
                             0x00000005, 12, 0, 0, 0x11111111, 0x22222222,
                             0x33333333,
                             /* full: ISA, 0, 1.1, 1 partial: port 340h:4 */
                             1, 0, 0x10001, 1, 0x00010101, 0x340, 0, 4};
    struct nt_resource r[NT_RESOURCES];
    unsigned count;

    caller_put(c, c->data + LIST_AT, list, sizeof list);
    assert_int_equal(resources_parse(c->r->m->nt, c->data + LIST_AT, r, &count),
                     0);
    assert_int_equal(count, 2);
    assert_int_equal(r[0].start, 0x320);
    assert_int_equal(r[1].start, 0x340);
    assert_int_equal(r[1].length, 4);
}

/* SEC-030: counts and sizes that no list can have. */
static void reported_lists_that_are_none_are_refused(void **state)
{
    struct caller *c = *state;
    struct nt_resource r[NT_RESOURCES];
    uint32_t at = one_port(c, 0x320, 8);
    unsigned count;
    bool conflict;

    caller_set(c, at, 0xffffffff);
    assert_int_not_equal(report(c, ONE, at, false, &conflict), 0);
    caller_set(c, at, 1);
    caller_set(c, at + 16, 0xffffffff);
    assert_int_not_equal(report(c, ONE, at, false, &conflict), 0);
    assert_int_not_equal(resources_parse(c->r->m->nt, 0xdead0000, r, &count),
                         0);
}

/* ---- address spaces -------------------------------------------------------*/

/* RES-023: a BAR is memory, a port is one; not on the bus: FALSE. */
static void translation_says_which_space(void **state)
{
    struct caller *c = *state;
    uint32_t space = c->data + OUT_AT, to = c->data + OUT_AT + 8;

    caller_set(c, space, 1);
    assert_int_equal(
        STD_CALL(c, "HalTranslateBusAddress", 1, 0, 0x300, 0, space, to) & 0xff,
        1);
    assert_int_equal(caller_dword(c, space), 1);
    assert_int_equal(caller_dword(c, to), 0x300);
    caller_set(c, space, 0);
    assert_int_equal(
        STD_CALL(c, "HalTranslateBusAddress", 5, 0, 0xf0000000, 0, space, to) &
            0xff,
        1);
    assert_int_equal(caller_dword(c, space), 0);
    assert_int_equal(caller_dword(c, to), 0xf0000000);
    assert_int_equal(
        STD_CALL(c, "HalTranslateBusAddress", 5, 9, 0x300, 0, space, to) & 0xff,
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(a_slots_resources_are_claimed_and_programmed),
        CALLER_TEST(a_slots_resources_avoid_what_is_taken),
        CALLER_TEST(usage_that_conflicts_is_told),
        CALLER_TEST(reports_and_devices_share_one_book),
        CALLER_TEST(detection_of_what_is_taken_conflicts),
        CALLER_TEST(a_walk_goes_by_the_sizes_in_the_list),
        CALLER_TEST(reported_lists_that_are_none_are_refused),
        CALLER_TEST(translation_says_which_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
