/* tests/nt/interrupt_test.c -- interrupts connected by a driver:
 * IoConnectInterrupt on a machine with the edu card, whose registers assert its
 * line. Sources: WDK IoConnectInterrupt; devices/edu. */
#include <string.h>

#include "handmade.h"

enum {
    COUNT = 0,
    EARLY = 4,
    LEVEL = 8,
    OBJECT = 0x10,
    OBJECT2 = 0x14,
    LOCK = 0x20,
    SCRATCH = 0x40,
    CODE = 0x100,
    CODE2 = 0x200,
};
enum { EDU_RAISE = 0x60, EDU_ACK = 0x64, EDU_BYTES = 0x100000 };
enum { PCI_SPACE = 4, ISA = 1, LATCHED = 1, LEVELED = 0 };
enum { FULLY_SPECIFIED = 1 };
enum { ACTUAL_LOCK = 0x1c, OWN_LOCK = 0x14 };
#define INVALID_PARAMETER 0xc000000du
#define NOT_SUPPORTED     0xc00000bbu

struct card {
    struct caller *c;
    uint32_t registers; /* mapped */
    uint32_t irq;
};

static int setup(void **state)
{
    static const char *const cards[] = {"edu", NULL};

    return caller_setup_with(state, cards);
}

static uint32_t config(struct caller *c, uint32_t slot, uint32_t at)
{
    STD_CALL(c, "HalGetBusDataByOffset", PCI_SPACE, 0, slot, c->data + SCRATCH,
             at, 4);
    return caller_dword(c, c->data + SCRATCH);
}

static struct card find_card(struct caller *c)
{
    struct card card = {.c = c};
    uint32_t slot = 0, bar;

    while (slot < 32 && config(c, slot, 0) != 0x11e81234)
        slot++;
    assert_true(slot < 32);
    caller_set(c, c->data + SCRATCH, 6); /* memory, bus master */
    STD_CALL(c, "HalSetBusDataByOffset", PCI_SPACE, 0, slot, c->data + SCRATCH,
             4, 2);
    bar = config(c, slot, 0x10) & ~15u;
    card.irq = config(c, slot, 0x3c) & 0xff;
    card.registers = STD_CALL(c, "MmMapIoSpace", bar, 0, EDU_BYTES, 0);
    assert_int_not_equal(card.registers, 0);
    return card;
}

static void card_write(struct card *card, uint32_t at, uint32_t v)
{
    STD_CALL(card->c, "WRITE_REGISTER_ULONG", card->registers + at, v);
}

/* A service routine: counts, keeps the IRQL and the dword at @look, takes the
 * request away. */
static uint32_t service_routine(struct card *card, uint32_t look)
{
    struct text t = {card->c, card->c->data + CODE};

    text_count(&t, card->c->data + COUNT);
    TEXT(&t, 0xa1); /* mov eax, [look]; mov [early], eax */
    text_dword(&t, look);
    TEXT(&t, 0xa3);
    text_dword(&t, card->c->data + EARLY);
    TEXT(&t, 0x64, 0x0f, 0xb6, 0x05); /* movzx eax, byte fs:[24h] */
    text_dword(&t, 0x24);
    TEXT(&t, 0xa3);
    text_dword(&t, card->c->data + LEVEL);
    text_store(&t, card->registers + EDU_ACK, 1);
    text_ret(&t, 1, 8);
    return card->c->data + CODE;
}

static uint32_t connect(struct card *card, uint32_t object, uint32_t routine,
                        uint32_t lock, uint32_t synchronize)
{
    uint32_t level = 27 - card->irq;

    return STD_CALL(card->c, "IoConnectInterrupt", card->c->data + object,
                    routine, 0, lock, 0x30 + card->irq, level,
                    synchronize ? synchronize : level, LEVELED, 1, 1, 0);
}

/* INT-009: the line is asserted already: the routine runs before the call has
 * returned, and the object is there by then. */
static void a_line_asserted_before_interrupts_at_once(void **state)
{
    struct caller *c = *state;
    struct card card = find_card(c);
    uint32_t isr = service_routine(&card, caller_result_at(c));

    card_write(&card, EDU_RAISE, 1);
    caller_set(c, caller_result_at(c), 0x77777777); /* till it returns */
    assert_int_equal(connect(&card, OBJECT, isr, 0, 0), 0);
    assert_int_not_equal(caller_dword(c, c->data + OBJECT), 0);
    assert_int_equal(caller_dword(c, c->data + COUNT), 1);
    assert_int_equal(caller_dword(c, c->data + EARLY), 0x77777777);
    card_write(&card, EDU_RAISE, 1);
    assert_int_equal(caller_dword(c, c->data + COUNT), 2);
    STD_CALL(c, "IoDisconnectInterrupt", caller_dword(c, c->data + OBJECT));
    card_write(&card, EDU_RAISE, 1);
    assert_int_equal(caller_dword(c, c->data + COUNT), 2);
}

/* INT-010: each is STATUS_INVALID_PARAMETER with no object: no processor,
 * SynchronizeIrql below Irql, FloatingSave, impossible vectors, a vector held
 * exclusively, sharing with another mode. */
static void what_cannot_be_connected_is_refused(void **state)
{
    static const uint32_t wrong[][6] = {
        /* vector, irql, synchronize, mode, share, processors */
        {0x35, 22, 22, LATCHED, 1, 0}, {0x35, 22, 21, LATCHED, 1, 1},
        {0x2f, 22, 22, LATCHED, 1, 1}, {0x30, 27, 27, LATCHED, 1, 1},
        {0x32, 25, 25, LATCHED, 1, 1}, {0x40, 22, 22, LATCHED, 1, 1},
        {0x33, 24, 24, LATCHED, 1, 1}, {0x34, 23, 23, LEVELED, 1, 1},
        {0x34, 23, 23, LATCHED, 0, 1},
    };
    struct caller *c = *state;
    uint32_t at = c->data + OBJECT;

    assert_int_equal(STD_CALL(c, "IoConnectInterrupt", c->data + OBJECT2,
                              c->code, 0, 0, 0x33, 24, 24, LATCHED, 0, 1, 0),
                     0);
    assert_int_equal(STD_CALL(c, "IoConnectInterrupt", c->data + OBJECT2,
                              c->code, 0, 0, 0x34, 23, 23, LATCHED, 1, 1, 0),
                     0);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const uint32_t *w = wrong[i];

        caller_set(c, at, 0x77777777);
        assert_int_equal(STD_CALL(c, "IoConnectInterrupt", at, c->code, 0, 0,
                                  w[0], w[1], w[2], w[3], w[4], w[5], 0),
                         INVALID_PARAMETER);
        assert_int_equal(caller_dword(c, at), 0);
    }
    caller_set(c, at, 0x77777777);
    assert_int_equal(STD_CALL(c, "IoConnectInterrupt", at, c->code, 0, 0, 0x35,
                              22, 22, LATCHED, 1, 1, 1),
                     INVALID_PARAMETER);
    assert_int_equal(caller_dword(c, at), 0);
}

/* INT-012: without a lock the object has its own; a caller's lock is that of
 * all that were connected with it: who holds one object's holds the other's. */
static void a_callers_lock_is_shared(void **state)
{
    struct caller *c = *state;
    struct card card = find_card(c);
    uint32_t lock = c->data + LOCK, own, first, second;

    assert_int_equal(connect(&card, OBJECT, c->code, 0, 0), 0);
    own = caller_dword(c, c->data + OBJECT);
    assert_int_equal(caller_dword(c, own + ACTUAL_LOCK), own + OWN_LOCK);
    connect(&card, OBJECT, c->code, lock, 0);
    first = caller_dword(c, c->data + OBJECT);
    assert_int_equal(STD_CALL(c, "IoConnectInterrupt", c->data + OBJECT2,
                              c->code, 0, lock, 0x33, 24, 24, LATCHED, 1, 1, 0),
                     0);
    second = caller_dword(c, c->data + OBJECT2);
    assert_int_equal(caller_dword(c, first + ACTUAL_LOCK), lock);
    assert_int_equal(caller_dword(c, second + ACTUAL_LOCK), lock);

    handmade_checks(c); /* a lock taken twice is found */
    STD_CALL(c, "KeAcquireInterruptSpinLock", own);
    STD_CALL(c, "KeAcquireInterruptSpinLock", first);
    BUGCHECKS(c, caller_try(c, "KeAcquireInterruptSpinLock", 0, 1, &second),
              0x0f, lock);
}

/* INT-011: the routine holds the lock: who takes it inside waits for ever. */
static void the_service_routine_holds_the_lock(void **state)
{
    struct caller *c = *state;
    struct card card = find_card(c);
    struct text t = {c, c->data + CODE};
    uint32_t object, at = c->data + OBJECT;

    TEXT(&t, 0xff, 0x35); /* push [object] */
    text_dword(&t, at);
    text_call(&t, "KeAcquireInterruptSpinLock");
    text_ret(&t, 1, 8);
    connect(&card, OBJECT, c->data + CODE, 0, 0);
    object = caller_dword(c, at);
    handmade_checks(c);
    BUGCHECKS(c,
              caller_try(c, "WRITE_REGISTER_ULONG", 0, 2,
                         (uint32_t[]){card.registers + EDU_RAISE, 1}),
              0x0f, object + OWN_LOCK);
}

/* INT-018: IRQ n is vector 30h + n at IRQL 27 - n: DIRQLs from 12 to 27. */
static void every_line_has_its_vector_and_level(void **state)
{
    struct caller *c = *state;

    for (uint32_t irq = 0; irq < 16; irq++) {
        uint32_t vector = STD_CALL(c, "HalGetInterruptVector", ISA, 0, irq, irq,
                                   c->data, c->data + 4);

        if (irq == 2) /* the cascade carries no line of its own */
            continue;
        assert_int_equal(vector, 0x30 + irq);
        assert_int_equal(caller_dword(c, c->data) & 0xff, 27 - irq);
    }
}

/* IO_CONNECT_INTERRUPT_PARAMETERS, fully specified. */
static uint32_t parameters(struct card *card, uint32_t version, uint32_t isr)
{
    struct caller *c = card->c;
    uint32_t at = c->data + SCRATCH, level = 27 - card->irq;
    const uint32_t fields[] = {
        version,
        0,
        c->data + OBJECT,
        isr,
        0,
        0,
        level | 0 << 8 | 1 << 16, /* SynchronizeIrql, FloatingSave, Share */
        0x30 + card->irq,
        level,
        LEVELED,
        1, /* processors */
        0,
    };

    caller_put(c, at, fields, sizeof fields);
    return at;
}

/* INT-022: what the caller describes in full is connected; looking up a
 * device's line or messages came with Vista. */
static void connect_interrupt_ex_takes_what_is_fully_specified(void **state)
{
    struct caller *c = *state;
    struct card card = find_card(c);
    uint32_t isr = service_routine(&card, c->data), at;

    for (uint32_t version = 2; version <= 3; version++) {
        at = parameters(&card, version, isr);
        assert_int_equal(STD_CALL(c, "IoConnectInterruptEx", at),
                         NOT_SUPPORTED);
        assert_int_equal(caller_dword(c, at), FULLY_SPECIFIED);
    }
    at = parameters(&card, FULLY_SPECIFIED, isr);
    assert_int_equal(STD_CALL(c, "IoConnectInterruptEx", at), 0);
    card_write(&card, EDU_RAISE, 1);
    assert_int_equal(caller_dword(c, c->data + COUNT), 1);
    caller_set(c, at + 4, caller_dword(c, c->data + OBJECT));
    STD_CALL(c, "IoDisconnectInterruptEx", at);
    card_write(&card, EDU_RAISE, 1);
    assert_int_equal(caller_dword(c, c->data + COUNT), 1);
    at = parameters(&card, FULLY_SPECIFIED, isr);
    caller_set(c, at + 0x28, 0); /* no processor */
    assert_int_equal(STD_CALL(c, "IoConnectInterruptEx", at),
                     INVALID_PARAMETER);
}

#define CARD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, caller_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CARD_TEST(a_line_asserted_before_interrupts_at_once),
        CARD_TEST(what_cannot_be_connected_is_refused),
        CARD_TEST(a_callers_lock_is_shared),
        CARD_TEST(the_service_routine_holds_the_lock),
        CARD_TEST(every_line_has_its_vector_and_level),
        CARD_TEST(connect_interrupt_ex_takes_what_is_fully_specified),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
