/* src/board/poke_space.c -- bytes set by hand where somebody else than the CPU
 * sees them: in a process, behind the DMA gate, in a device; map registers. */
#include <string.h>

#include "board/board.h"
#include "halbox/inspect.h"
#include "mm/paging.h"

/* ---- a process's memory --------------------------------------------------*/

static bool space_id(const struct machine *m, uint32_t space, uint32_t *id)
{
    struct nt_process_info info;

    *id = 0;
    if (m->config.bare)
        return false;
    return space == SPACE_SYSTEM ||
           (nt_process_at(m->nt, space - 1, &info) &&
            space_by_cr3(&m->mm, (uint32_t)info.cr3.v, id));
}

static bool is_mapped(const struct machine *m, uint32_t space, gva_t at,
                      uint32_t bytes)
{
    uint64_t last = (uint64_t)at.v + bytes;
    uint8_t probe;

    for (uint64_t v = at.v; v < last; v = (v | PAGE_MASK) + 1)
        if (v > UINT32_MAX ||
            !inspect_virtual(m, space, gva_of((uint32_t)v), &probe, 1))
            return false;
    return true;
}

enum hb_status machine_poke_space(struct machine *m, uint32_t space, gva_t at,
                                  const void *from, uint32_t bytes,
                                  struct hb_error *error)
{
    enum hb_status status;
    uint32_t id;

    if (space == SPACE_CPU)
        return machine_poke_virtual(m, at, from, bytes, error);
    if (!space_id(m, space, &id))
        return hb_fail(error, HB_NOT_FOUND, "process %u does not exist", space);
    if (!is_mapped(m, space, at, bytes))
        return hb_fail(error, HB_FAULT, "virtual 0x%08x..: not all is mapped",
                       at.v);
    status = input_enter(m, INPUT_POKE_SPACE, space, at.v, from, bytes, error);
    return status == HB_OK ? mm_write(&m->mm, id, at, from, bytes) : status;
}

/* ---- what a device sees --------------------------------------------------*/

/** Where the next bytes of DMA by @dev at @at go; *@n: how many follow. */
static uint8_t *card_bytes(struct machine *m, const struct device *dev,
                           dla_t at, struct gate_view *view, uint32_t *n)
{
    uint32_t left = PAGE_BYTES - (uint32_t)(at.v & PAGE_MASK);
    uint8_t *page;

    *n = *n < left ? *n : left;
    bus_translate(m->bus, dev, at, DMA_FROM_DEVICE, view);
    if (view->result != GATE_OK || view->ram)
        return NULL;
    page = bus_memory(m->bus, gpa_of(view->to.v & ~(uint64_t)PAGE_MASK));
    return page ? page + (view->to.v & PAGE_MASK) : NULL;
}

static void put(struct machine *m, const struct device *dev, dla_t at,
                const uint8_t *from, uint32_t bytes)
{
    struct gate_view view;

    for (uint32_t done = 0, n; done < bytes; done += n) {
        uint8_t *card;

        n = bytes - done;
        card = card_bytes(m, dev, dla_add(at, done), &view, &n);
        if (card) {
            memcpy(card, from + done, n);
            continue;
        }
        ram_write(&m->ram, view.to, from + done, n);
        if (!m->config.bare)
            paging_written(&m->mm, view.to, n);
    }
}

static bool reaches_memory(struct machine *m, const struct device *dev,
                           dla_t at, uint32_t bytes)
{
    struct gate_view view;

    for (uint32_t done = 0, n; done < bytes; done += n) {
        n = bytes - done;
        if (!card_bytes(m, dev, dla_add(at, done), &view, &n) &&
            !(view.result == GATE_OK && view.ram))
            return false;
    }
    return true;
}

enum hb_status machine_poke_bus(struct machine *m, const char *device, dla_t at,
                                const void *from, uint32_t bytes,
                                struct hb_error *error)
{
    const struct device *dev = device ? bus_find(m->bus, device) : NULL;
    enum hb_status status;

    if (device && !dev)
        return hb_fail(error, HB_NOT_FOUND, "no device '%s'", device);
    if (!reaches_memory(m, dev, at, bytes))
        return hb_fail(error, HB_FAULT,
                       "logical 0x%llx..: not all reaches memory",
                       (unsigned long long)at.v);
    status = input_enter(m, INPUT_POKE_BUS, at.v,
                         dev ? dev->id : INPUT_ANY_DEVICE, from, bytes, error);
    if (status == HB_OK)
        put(m, dev, at, from, bytes);
    return status;
}

enum hb_status machine_poke_device(struct machine *m, const char *device,
                                   unsigned window, uint32_t offset,
                                   unsigned bytes, uint32_t value,
                                   struct hb_error *error)
{
    struct device *dev = bus_find(m->bus, device);
    uint32_t probe;
    enum hb_status status;

    if (!dev || !bus_peek_window(dev, window, offset, bytes, &probe))
        return hb_fail(error, HB_NOT_FOUND,
                       "no register of %u bytes at 0x%x of window %u of '%s'",
                       bytes, offset, window, device);
    status = input_enter(m, INPUT_POKE_DEVICE,
                         dev->id | (uint64_t)window << 16 |
                             (uint64_t)bytes << 24 | (uint64_t)offset << 32,
                         value, NULL, 0, error);
    if (status == HB_OK)
        bus_poke_window(dev, window, offset, bytes, value);
    return status;
}

enum hb_status machine_poke_map_register(struct machine *m, uint32_t bank,
                                         unsigned window, uint32_t index,
                                         uint64_t entry, struct hb_error *error)
{
    enum hb_status status;

    if (!bus_has_register(m->bus, window, index))
        return hb_fail(error, HB_NOT_FOUND, "window %u has no map register %u",
                       window, index);
    status = input_enter(m, INPUT_POKE_MAP_REGISTER,
                         bank | (uint64_t)window << 32 | (uint64_t)index << 36,
                         entry, NULL, 0, error);
    if (status == HB_OK)
        bus_set_register(m->bus, bank, window, index, entry);
    return status;
}
