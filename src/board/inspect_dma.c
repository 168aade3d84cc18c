/* src/board/inspect_dma.c -- map registers, adapters, mapped buffers, posted
 * operations. */
#include <string.h>

#include "board/board.h"
#include "halbox/inspect.h"

static void device_name(const struct device *dev, char out[MACHINE_NAME])
{
    const char *name = dev ? bus_device_name(dev) : "";
    size_t n = strlen(name);

    n = n < MACHINE_NAME - 1 ? n : MACHINE_NAME - 1;
    memset(out, 0, MACHINE_NAME);
    memcpy(out, name, n);
}

bool inspect_register_at(const struct machine *m, unsigned index,
                         struct inspect_register *reg)
{
    struct gate_register r[64];
    uint64_t from = 0;

    for (;;) {
        uint32_t n = bus_registers(m->bus, &from, r, 64);

        if (index < n) {
            const struct gate_register *g = &r[index];

            *reg = (struct inspect_register){.bank = g->bank,
                                             .window = g->window,
                                             .index = g->index,
                                             .entry = g->entry,
                                             .at = g->at,
                                             .to = g->to};
            return true;
        }
        if (n < 64)
            return false;
        index -= n;
    }
}

bool inspect_adapter_at(const struct machine *m, unsigned index,
                        struct inspect_adapter *adapter)
{
    struct hal_adapter_info a;

    if (m->config.bare || !hal_adapter_at(m->hal, index, &a))
        return false;
    *adapter = (struct inspect_adapter){.at = a.at,
                                        .master = a.master,
                                        .scatter_gather = a.scatter_gather,
                                        .busy = a.busy,
                                        .uses_registers = a.uses_registers,
                                        .channel = a.channel,
                                        .width = a.width,
                                        .requester = a.requester,
                                        .grant = a.grant,
                                        .limit = a.limit,
                                        .first = a.first,
                                        .last = a.last,
                                        .references = a.references,
                                        .registers = a.registers,
                                        .buffers = a.buffers,
                                        .lists = a.lists,
                                        .queued = a.queued};
    return true;
}

bool inspect_page_at(const struct machine *m, unsigned index,
                     struct inspect_page *page)
{
    struct hal_page_info p;

    if (m->config.bare || !hal_page_at(m->hal, index, &p))
        return false;
    *page = (struct inspect_page){.adapter = p.adapter,
                                  .base = p.base,
                                  .index = p.index,
                                  .va = p.va,
                                  .owner = p.owner,
                                  .dla = p.dla,
                                  .to = p.to,
                                  .bytes = p.bytes,
                                  .dir = (enum dma_dir)p.dir,
                                  .bounced = p.bounced,
                                  .common = p.common,
                                  .mdl = p.mdl};
    return true;
}

bool inspect_operation_at(const struct machine *m, unsigned index,
                          struct inspect_operation *operation)
{
    enum { MOST = 256 };
    struct dma_view list[MOST];
    uint32_t n = bus_operations(m->bus, list, MOST);

    if (index >= n)
        return false;
    *operation = (struct inspect_operation){.engine = list[index].engine,
                                            .dir = list[index].dir,
                                            .at = list[index].at,
                                            .left = list[index].left,
                                            .done = list[index].done,
                                            .transfer = list[index].transfer};
    device_name(list[index].dev, operation->device);
    return true;
}

void inspect_tenure(const struct machine *m, struct inspect_tenure *t)
{
    const struct tenure *now = bus_tenure(m->bus);

    *t = (struct inspect_tenure){.dir = (enum dma_dir)now->dir,
                                 .at = dla_of(now->at),
                                 .to = gpa_of(now->to),
                                 .bytes = now->bytes,
                                 .moved = now->moved,
                                 .transfer = now->transfer};
    if (now->bytes)
        device_name(bus_device(m->bus, now->owner), t->device);
}
