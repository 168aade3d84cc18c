/* tests/hal/state_test.c -- a save is what the HAL is; PCI configuration by
 * mechanism 1; vectors. */
#include "rig.h"

#include <string.h>

#include "base/save.h"
#include "hal/private.h"

static void save(struct rig *r, struct saver *s)
{
    *s = (struct saver){0};
    save_rows(s, hal_state(r->hal), hal_state_rows);
    assert_false(s->failed);
}

/* save(load(save)) equals save, with everything in flight. */
static void a_save_loads_into_another_hal(void **state)
{
    enum hal_kind kind;

    (void)state;
    for (kind = 0; kind < HAL_KINDS; kind++) {
        struct rig *r = rig_of(kind), *s = rig_of(kind);
        struct hal_device dev = pci_master(r, false, false, 0x8000);
        struct hal_adapter *ad = rig_adapter(r, &dev);
        const struct hal_ask ask = {.registers = 1};
        const struct hal_ask with_context = {.registers = 1,
                                             .context_at = gva_of(0x81000080)};
        struct saver one, two;
        struct loader l;
        struct buffer b;
        gva_t va, list;
        dla_t at;

        assert_true(hal_context_cancel(r->hal, ad, gva_of(0x81000040), &list));
        rig_scatter(r, &b, 0x2000, 7, 0x3000);
        rig_map(r, ad, rig_registers(r, ad, 4), b.f, b.count, DMA_TO_DEVICE);
        hal_channel_ask(r->hal, ad, &ask);
        hal_channel_ask(r->hal, ad, &with_context);
        assert_int_equal(hal_common_alloc(r->hal, ad, 0x1000, &va, &at), HB_OK);
        save(r, &one);
        l = (struct loader){.bytes = one.bytes, .count = one.count};
        assert_true(load_rows(&l, hal_state(s->hal), hal_state_rows));
        assert_int_equal(hal_loaded(s->hal, NULL), HB_OK);
        save(s, &two);
        assert_int_equal(one.count, two.count);
        assert_memory_equal(one.bytes, two.bytes, one.count);
        assert_int_equal(hal_page_count(s->hal), hal_page_count(r->hal));
        saver_fini(&one);
        saver_fini(&two);
        rig_free(r);
        rig_free(s);
    }
}

static uint32_t bytes_described(const struct state_row *rows)
{
    uint32_t sum = 0;

    for (; rows->kind != STATE_KIND_END; rows++)
        sum += rows->kind == STATE_KIND_VEC ? (uint32_t)sizeof(struct vec)
                                            : rows->bytes * rows->count;
    return sum;
}

/* Every field of every record has a row: what is left is padding. */
static void no_field_is_forgotten(void **state)
{
    const struct state_row *row;

    (void)state;
    for (row = hal_state_rows; row->kind != STATE_KIND_END; row++)
        if (row->rows)
            assert_in_range(bytes_described(row->rows), row->bytes - 7,
                            row->bytes);
}

/* A file whose numbers lead outside is refused with one line. */
static void damaged_saves_are_refused(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    struct hal_device dev = pci_master(r, false, false, 0x8000);
    struct hal_adapter *ad = rig_adapter(r, &dev);
    struct hal_state *s = hal_state(r->hal);
    struct hb_error error;

    (void)state;
    rig_registers(r, ad, 4);
    assert_int_equal(hal_loaded(r->hal, &error), HB_OK);
    VEC_AT(struct hal_set, &s->set, 0)->count = 5000;
    assert_int_equal(hal_loaded(r->hal, &error), HB_BAD_IMAGE);
    VEC_AT(struct hal_set, &s->set, 0)->count = 4;
    VEC_AT(struct hal_set, &s->set, 0)->pool = 7;
    assert_int_equal(hal_loaded(r->hal, &error), HB_BAD_IMAGE);
    VEC_AT(struct hal_set, &s->set, 0)->pool = 0;
    VEC_AT(struct hal_adapter, &s->adapter, 0)->pool = 9;
    assert_int_equal(hal_loaded(r->hal, &error), HB_BAD_IMAGE);
    VEC_AT(struct hal_adapter, &s->adapter, 0)->pool = 0;
    VEC_AT(struct hal_pool, &s->pool, 0)->count = 4097;
    assert_int_equal(hal_loaded(r->hal, &error), HB_BAD_IMAGE);
    VEC_AT(struct hal_pool, &s->pool, 0)->count = 256;
    s->settings.kind = 9;
    assert_int_equal(hal_loaded(r->hal, &error), HB_BAD_IMAGE);
    s->settings.kind = HAL_TRANSLATE;
    rig_free(r);
}

/* The unit by its configuration header, in every width and alignment. */
static void configuration_reads_touch_what_was_asked(void **state)
{
    struct rig *r = rig_of(HAL_TRANSLATE);
    uint8_t all[PCI_CONFIG_BYTES], part[8];
    unsigned slot, at, n;

    (void)state;
    for (slot = 0; slot < PCI_SLOTS; slot++) {
        hal_pci_read(r->bus, 0, slot, 0, 0, all, 4);
        if (all[0] == 0x42 && all[1] == 0x48)
            break;
    }
    assert_int_not_equal(slot, PCI_SLOTS);
    assert_int_equal(hal_pci_read(r->bus, 0, slot, 0, 0, all, 1000), 256);
    for (at = 0; at < 0x20; at++)
        for (n = 1; n <= 8; n++) {
            memset(part, 0, sizeof part);
            assert_int_equal(hal_pci_read(r->bus, 0, slot, 0, at, part, n), n);
            assert_memory_equal(part, all + at, n);
        }
    assert_int_equal(hal_pci_read(r->bus, 0, slot, 0, 255, part, 8), 1);
    assert_int_equal(hal_pci_read(r->bus, 0, slot, 0, 256, part, 1), 0);
    assert_int_equal(hal_pci_read(r->bus, 0, 32, 0, 0, part, 1), 0);
    assert_int_equal(hal_pci_read(r->bus, 256, 0, 0, 0, part, 1), 0);
    rig_free(r);
}

static void vectors_of_the_pic(void **state)
{
    uint32_t vector, affinity;
    uint8_t irql;
    unsigned irq;

    (void)state;
    for (irq = 0; irq < 16; irq++) {
        assert_true(hal_interrupt_vector(irq, &vector, &irql, &affinity));
        assert_int_equal(vector, 0x30 + irq);
        assert_int_equal(irql, 27 - irq);
        assert_int_equal(affinity, 1);
    }
    assert_false(hal_interrupt_vector(16, &vector, &irql, &affinity));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_save_loads_into_another_hal),
        cmocka_unit_test(no_field_is_forgotten),
        cmocka_unit_test(damaged_saves_are_refused),
        cmocka_unit_test(configuration_reads_touch_what_was_asked),
        cmocka_unit_test(vectors_of_the_pic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
