/* tests/nt/resources_test.c -- the resource lists of START_DEVICE, and what
 * becomes of requirements lists that drivers change. Offsets are those of the
 * DDK's wdm.h. Contract ids: RES-xxx, SEC-030. */
#include <string.h>

#include "board/board.h"
#include "nt/guest.h"
#include "nt/pnp.h"
#include "rig.h"

enum { PORT = 1, INTERRUPT, MEMORY, DMA, PRIVATE = 0x81 };
enum { EXCLUSIVE = 1, SHARED = 3 };
enum { LEVEL_SENSITIVE = 0, LATCHED = 1, DECODE_16 = 0x11 };
enum { PNP = 0x1b, START = 0 };

/** CM_PARTIAL_RESOURCE_DESCRIPTOR. */
struct descriptor {
    uint8_t type, share;
    uint16_t flags;
    uint32_t u[3];
};

/** A CM_RESOURCE_LIST with one full descriptor. */
struct list {
    uint32_t count, interface, bus;
    uint16_t version, revision;
    uint32_t descriptors;
    struct descriptor d[8];
};

struct started {
    struct rig *r;
    uint32_t at[2]; /* raw, translated */
    struct list list[2];
    bool seen;
};

static void read_at(const struct rig *r, uint32_t at, void *to, uint32_t bytes)
{
    assert_true(inspect_virtual(r->m, 0, gva_of(at), to, bytes));
}

/* Parameters.StartDevice of the first START_DEVICE, as the driver sees it. */
static void look(void *context, const struct hb_event *e)
{
    struct started *s = context;
    uint32_t stack;

    if (s->seen || e->args[1] != PNP || e->args[2] != START)
        return;
    s->seen = true;
    read_at(s->r, (uint32_t)e->args[0] + 0x60, &stack, 4);
    read_at(s->r, stack + 4, s->at, sizeof s->at);
    for (unsigned i = 0; i < 2; i++)
        if (s->at[i])
            read_at(s->r, s->at[i], &s->list[i], sizeof s->list[i]);
}

/* @id begins the hardware id; its number is set. */
static struct started start(const char *card, const char *driver,
                            const char *id, uint32_t *device)
{
    const char *cards[] = {card, NULL};
    struct started s = {.r = rig_create(cards)};
    uint32_t image = rig_load(s.r, driver);
    struct inspect_pnp d;
    struct hb_error error;

    *device = 0;
    for (unsigned i = 0; inspect_pnp_at(s.r->m, i, &d); i++)
        if (strncmp(d.hardware_id, id, strlen(id)) == 0)
            *device = i + 1;
    if (!*device)
        *device = machine_root_device(s.r->m, id);
    assert_int_equal(rig_finish(s.r, machine_driver_start(s.r->m, image)), 0);
    assert_int_equal(machine_listen(s.r->m, look, &s, "irp_call", &error),
                     HB_OK);
    rig_finish(s.r, machine_device_start(s.r->m, *device, image));
    machine_unlisten(s.r->m, look, &s);
    assert_true(s.seen);
    return s;
}

/* The lists are alike: one full descriptor each. */
static void assert_heads(const struct started *s, uint32_t interface,
                         unsigned count)
{
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(s->list[i].count, 1);
        assert_int_equal(s->list[i].interface, interface);
        assert_int_equal(s->list[i].bus, 0);
        assert_int_equal(s->list[i].version, 1);
        assert_int_equal(s->list[i].revision, 1);
        assert_int_equal(s->list[i].descriptors, count);
    }
}

static void assert_descriptor(const struct descriptor *d, uint8_t type,
                              uint8_t share, uint16_t flags, uint32_t a,
                              uint32_t b, uint32_t c)
{
    const struct descriptor want = {type, share, flags, {a, b, c}};

    assert_memory_equal(d, &want, sizeof want);
}

/* RES-003, RES-004, RES-010, RES-014, RES-015: a memory BAR and INTA#; both
 * lists are alike. */
static void a_pci_cards_lists_are_its_bars_and_its_line(void **state)
{
    uint32_t device, bar, irq;
    struct started s = start("edu", "edu.sys", "PCI\\VEN_1234", &device);
    struct inspect_pnp d;

    (void)state;
    assert_true(inspect_pnp_at(s.r->m, device - 1, &d));
    bar = inspect_config(s.r->m, 0, d.slot, 0, 0x10) & ~15u;
    irq = inspect_config(s.r->m, 0, d.slot, 0, 0x3c) & 0xff;
    assert_heads(&s, 5, 2);
    for (unsigned i = 0; i < 2; i++)
        assert_descriptor(&s.list[i].d[0], MEMORY, EXCLUSIVE, 0, bar, 0,
                          1 << 20);
    assert_descriptor(&s.list[0].d[1], INTERRUPT, SHARED, LEVEL_SENSITIVE, irq,
                      irq, 1);
    assert_descriptor(&s.list[1].d[1], INTERRUPT, SHARED, LEVEL_SENSITIVE,
                      27 - irq, 0x30 + irq, 1);
    rig_destroy(s.r);
}

/* RES-003, RES-007, RES-014, RES-015, RES-016: sixteen ports, an edge, a
 * channel. */
static void an_isa_cards_lists_are_its_straps(void **state)
{
    uint32_t device;
    struct started s =
        start("isacard,irq=10,dma=3", "isa_slave.sys", "ISA\\HBX0001", &device);

    (void)state;
    assert_heads(&s, 1, 3);
    for (unsigned i = 0; i < 2; i++) {
        assert_descriptor(&s.list[i].d[0], PORT, EXCLUSIVE, DECODE_16, 0x300, 0,
                          16);
        assert_descriptor(&s.list[i].d[2], DMA, EXCLUSIVE, s.list[i].d[2].flags,
                          3, 0, 0);
    }
    assert_descriptor(&s.list[0].d[1], INTERRUPT, EXCLUSIVE, LATCHED, 10, 10,
                      1);
    assert_descriptor(&s.list[1].d[1], INTERRUPT, EXCLUSIVE, LATCHED, 17, 0x3a,
                      1);
    rig_destroy(s.r);
}

/* RES-002 */
static void a_device_without_resources_has_no_lists(void **state)
{
    uint32_t device;
    struct started s = start("edu", "edu.sys", "ROOT\\NOTHING", &device);

    (void)state;
    assert_int_equal(s.at[0], 0);
    assert_int_equal(s.at[1], 0);
    rig_destroy(s.r);
}

/* ---- requirements ---------------------------------------------------------*/

/** IO_RESOURCE_DESCRIPTOR: u is words 2-7. */
struct wanted {
    uint8_t option, type, share, spare;
    uint16_t flags, spare2;
    uint32_t u[6];
};

/** An IO_RESOURCE_REQUIREMENTS_LIST with one alternative. */
struct wish {
    uint32_t bytes, interface, bus, slot, reserved[3], alternatives;
    uint16_t version, revision;
    uint32_t count;
    struct wanted d[4];
};

struct card {
    struct rig *r;
    uint32_t device, irq;
    struct wish wish;
};

static struct card card_of(unsigned count)
{
    const char *cards[] = {"isacard", NULL};
    struct card c = {.r = rig_create(cards),
                     .irq = 5,
                     .wish = {.bytes = 40 + 32 * count,
                              .interface = 1,
                              .alternatives = 1,
                              .version = 1,
                              .revision = 1,
                              .count = count}};
    struct inspect_pnp d;

    for (unsigned i = 0; inspect_pnp_at(c.r->m, i, &d); i++)
        if (strcmp(d.hardware_id, "ISA\\HBX0001") == 0)
            c.device = i + 1;
    assert_int_not_equal(c.device, 0);
    return c;
}

/* Hands the list over as a driver's FILTER answer; STATUS_x. */
static uint32_t assign(struct card *c)
{
    uint32_t at = nt_pool_paged(c->r->m->nt, sizeof c->wish, 0x74736554);

    nt_put(c->r->m->nt, at, &c->wish, sizeof c->wish);
    return resources_assign(c->r->m->nt, c->device, at, false);
}

static struct list assigned(const struct card *c, bool translated)
{
    const struct nt_device *d = pnp_device(c->r->m->nt, c->device);
    struct list list = {0};
    uint32_t at = translated ? d->translated : d->raw;

    if (at)
        read_at(c->r, at, &list, sizeof list);
    return list;
}

static struct wanted line(uint8_t option, uint32_t irq)
{
    return (struct wanted){option, INTERRUPT, 1, 0, 1, 0, {irq, irq}};
}

/* RES-018: of IRQ 7 or 5 the one that the card has. */
static void of_alternatives_one_is_assigned(void **state)
{
    struct card c = card_of(2);

    (void)state;
    c.wish.d[0] = line(1, 7);
    c.wish.d[1] = line(8, 5);
    assert_int_equal(assign(&c), 0);
    assert_int_equal(assigned(&c, false).descriptors, 1);
    assert_int_equal(assigned(&c, false).d[0].u[0], 5);
    rig_destroy(c.r);
}

/* RES-017: what nobody arbitrates (bit 7) goes through as it is. */
static void unknown_types_pass_through_both_lists(void **state)
{
    struct card c = card_of(2);

    (void)state;
    c.wish.d[0] = (struct wanted){
        0, PRIVATE, 1, 0, 0x1234, 0, {0x11111111, 0x22222222, 0x33333333}};
    c.wish.d[1] = line(0, 5);
    assert_int_equal(assign(&c), 0);
    for (unsigned i = 0; i < 2; i++) {
        const struct list list = assigned(&c, i);

        assert_int_equal(list.descriptors, 2);
        assert_descriptor(&list.d[0], PRIVATE, 1, 0x1234, 0x11111111,
                          0x22222222, 0x33333333);
        assert_int_equal(list.d[1].type, INTERRUPT);
    }
    rig_destroy(c.r);
}

/* SEC-030 */
static void hostile_requirements_are_refused(void **state)
{
    static const struct {
        uint32_t bytes, alternatives, count;
    } row[] = {{72, 1, UINT32_MAX}, {72, 1, 2},          {72, 1, 0x08000001},
               {31, 1, 1},          {0, 1, 1},           {40, 1, 1},
               {72, UINT32_MAX, 1}, {UINT32_MAX, 1, 65}, {36, 1, 0}};
    struct card c = card_of(1);

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
        c.wish.d[0] = line(0, 5);
        c.wish.bytes = row[i].bytes;
        c.wish.alternatives = row[i].alternatives;
        c.wish.count = row[i].count;
        assert_int_not_equal(assign(&c), 0);
        assert_int_equal(assigned(&c, false).descriptors, 0);
    }
    assert_int_equal(resources_assign(c.r->m->nt, c.device, 0xdead0000, false),
                     0xc000000d);
    assert_int_equal(rig_count(c.r, "rule=SEC-030"), 10);
    rig_destroy(c.r);
}

/* What the card has not got is not assigned. */
static void what_no_card_has_is_no_configuration(void **state)
{
    struct card c = card_of(1);

    (void)state;
    c.wish.d[0] = line(0, 6);
    assert_int_equal(assign(&c), 0xc0000182);
    rig_destroy(c.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pci_cards_lists_are_its_bars_and_its_line),
        cmocka_unit_test(an_isa_cards_lists_are_its_straps),
        cmocka_unit_test(a_device_without_resources_has_no_lists),
        cmocka_unit_test(of_alternatives_one_is_assigned),
        cmocka_unit_test(unknown_types_pass_through_both_lists),
        cmocka_unit_test(hostile_requirements_are_refused),
        cmocka_unit_test(what_no_card_has_is_no_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
