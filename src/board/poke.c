/* src/board/poke.c -- inputs that change the machine by hand. Each is logged
 * with its position before it takes effect. */
#include "board/board.h"
#include "mm/paging.h"

enum hb_status input_enter(struct machine *m, enum input_kind kind, uint64_t a,
                           uint64_t b, const void *data, uint32_t bytes,
                           struct hb_error *error)
{
    if (input_log_add(&m->inputs, &m->clock, bus_tenure(m->bus)->moved, kind, a,
                      b, data, bytes) != HB_OK)
        return hb_fail(error, HB_NO_MEMORY, "no memory for the input log");
    EMIT(&m->events, input, EVENT_STRING(input_kind_name(kind)), a, b);
    return HB_OK;
}

enum hb_status machine_poke_physical(struct machine *m, gpa_t at,
                                     const void *from, uint32_t bytes,
                                     struct hb_error *error)
{
    enum hb_status status;

    if (!ram_is(&m->ram, at, bytes))
        return hb_fail(error, HB_FAULT, "physical 0x%llx..: not all is RAM",
                       (unsigned long long)at.v);
    status = input_enter(m, INPUT_POKE_PHYSICAL, at.v, 0, from, bytes, error);
    if (status == HB_OK)
        ram_write(&m->ram, at, from, bytes);
    if (status == HB_OK && !m->config.bare)
        paging_written(&m->mm, at, bytes);
    return status;
}

static bool peek(const struct machine *m, gva_t at, uint8_t *to)
{
    return m->config.bare ? cpu_peek(&m->cpu, at, to, 1)
                          : ke_read(m->ke, at, to, 1);
}

enum hb_status machine_poke_virtual(struct machine *m, gva_t at,
                                    const void *from, uint32_t bytes,
                                    struct hb_error *error)
{
    uint8_t probe;
    uint64_t last = (uint64_t)at.v + bytes;
    enum hb_status status;

    for (uint64_t v = at.v; v < last; v = (v | PAGE_MASK) + 1) {
        if (!peek(m, gva_of((uint32_t)v), &probe))
            return hb_fail(error, HB_FAULT, "virtual 0x%08x is not mapped",
                           (uint32_t)v);
    }
    status = input_enter(m, INPUT_POKE_VIRTUAL, at.v, m->cpu.s.cr3, from, bytes,
                         error);
    if (status == HB_OK && m->config.bare)
        cpu_poke(&m->cpu, at, from, bytes);
    else if (status == HB_OK)
        ke_write(m->ke, at, from, bytes);
    return status;
}

enum hb_status machine_trim(struct machine *m, uint32_t process, bool out,
                            uint32_t *pages, struct hb_error *error)
{
    struct nt_process_info info;
    uint32_t space = 0;
    enum hb_status status;

    if (m->config.bare)
        return hb_fail(error, HB_BAD_STATE, "a bare machine has no processes");
    if (process != MACHINE_NONE &&
        (!nt_process_at(m->nt, process - 1, &info) ||
         !space_by_cr3(&m->mm, (uint32_t)info.cr3.v, &space)))
        return hb_fail(error, HB_NOT_FOUND, "process %u does not exist",
                       process);
    status = input_enter(m, INPUT_TRIM, process, out, NULL, 0, error);
    if (status == HB_OK)
        *pages = space ? paging_trim_space(&m->mm, space, out)
                       : paging_trim_system(&m->mm, out);
    return status;
}

/* ---- network -------------------------------------------------------------*/

static struct device *network_card(struct machine *m, const char *name,
                                   struct hb_error *error)
{
    struct device *dev = bus_find(m->bus, name);

    if (dev && dev->model->frame)
        return dev;
    hb_fail(error, HB_NOT_FOUND, "no network card '%s'", name);
    return NULL;
}

const char *machine_network_card(const struct machine *m, unsigned index)
{
    const struct device *dev;

    for (unsigned i = 0; (dev = bus_device(m->bus, i)) != NULL; i++) {
        if (dev->model->frame && index-- == 0)
            return bus_device_name(dev);
    }
    return NULL;
}

enum hb_status machine_frame(struct machine *m, const char *device,
                             const void *bytes, uint32_t count,
                             struct hb_error *error)
{
    struct device *dev = network_card(m, device, error);
    enum hb_status status;

    if (!dev)
        return HB_NOT_FOUND;
    if (count < FRAME_LEAST || count > FRAME_MOST)
        return hb_fail(error, HB_BAD_ARGUMENT, "a frame of %u bytes", count);
    if (!bus_frame_ready(dev))
        return hb_fail(error, HB_FULL, "%s has no room for a frame", device);
    status = input_enter(m, INPUT_FRAME, dev->id, 0, bytes, count, error);
    if (status == HB_OK)
        bus_frame(dev, bytes, count);
    return status;
}

enum hb_status machine_link(struct machine *m, const char *device, bool up,
                            struct hb_error *error)
{
    struct device *dev = network_card(m, device, error);
    enum hb_status status;

    if (!dev)
        return HB_NOT_FOUND;
    status = input_enter(m, INPUT_LINK, dev->id, up, NULL, 0, error);
    if (status == HB_OK)
        dev->model->link(dev, up);
    return status;
}

void machine_frames(struct machine *m, machine_frame_fn *fn, void *context)
{
    bus_frames(m->bus, fn, context);
}

/* ---- bytes ---------------------------------------------------------------*/

bool machine_send_ready(const struct machine *m, const char *device)
{
    const struct device *dev = bus_find(m->bus, device);

    return dev && dev->model->receive &&
           (!dev->model->receive_ready || dev->model->receive_ready(dev));
}

enum hb_status machine_send(struct machine *m, const char *device,
                            const void *bytes, uint32_t count,
                            struct hb_error *error)
{
    struct device *dev = bus_find(m->bus, device);
    enum hb_status status;

    if (!dev || !dev->model->receive)
        return hb_fail(error, HB_NOT_FOUND,
                       "no device '%s' that takes bytes from outside", device);
    status = input_enter(m, INPUT_SEND, dev->id, 0, bytes, count, error);
    for (uint32_t i = 0; status == HB_OK && i < count; i++)
        dev->model->receive(dev, ((const uint8_t *)bytes)[i]);
    return status;
}

/* The first device that has keys, or a pointer. */
static struct device *device_with(struct machine *m, bool keys)
{
    struct device *dev;

    for (unsigned i = 0; (dev = bus_device(m->bus, i)); i++)
        if (keys ? dev->model->key != NULL : dev->model->pointer != NULL)
            return dev;
    return NULL;
}

enum hb_status machine_key(struct machine *m, uint16_t usage, bool down,
                           struct hb_error *error)
{
    struct device *dev = device_with(m, true);
    enum hb_status status;

    if (!dev)
        return hb_fail(error, HB_NOT_FOUND, "the machine has no keyboard");
    status = input_enter(m, INPUT_KEY, usage, down, NULL, 0, error);
    if (status == HB_OK)
        dev->model->key(dev, usage, down);
    return status;
}

enum hb_status machine_pointer(struct machine *m, int32_t dx, int32_t dy,
                               int32_t dz, uint8_t buttons,
                               struct hb_error *error)
{
    struct device *dev = device_with(m, false);
    enum hb_status status;

    if (!dev)
        return hb_fail(error, HB_NOT_FOUND, "the machine has no mouse");
    status = input_enter(
        m, INPUT_POINTER, (uint64_t)(uint32_t)dx << 32 | (uint32_t)dy,
        (uint64_t)(uint32_t)dz << 32 | buttons, NULL, 0, error);
    if (status == HB_OK)
        dev->model->pointer(dev, dx, dy, dz, buttons);
    return status;
}
