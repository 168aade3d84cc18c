/* src/board/inspect_memory.c -- the three address spaces. */
#include <string.h>

#include "board/board.h"
#include "board/space.h"
#include "bus/view.h"
#include "halbox/inspect.h"
#include "mm/pte_form.h"
#include "mm/region.h"

static void kernel_mode(const struct machine *m, uint64_t cr3,
                        struct walk_in *in)
{
    *in = (struct walk_in){.cr3 = gpa_of(cr3),
                           .paging = true,
                           .pae = m->config.pae,
                           .pse = true,
                           .pge = true,
                           .nx = m->config.pae,
                           .wp = true,
                           .physical_bits = m->cpu.physical_bits};
    if (in->pae)
        walk_load_pdptes(&m->ram, in);
}

bool space_walk(const struct machine *m, uint32_t space, struct walk_in *in)
{
    struct nt_process_info process;

    if (space == SPACE_CPU) {
        cpu_walk_in(&m->cpu, in);
        return true;
    }
    if (m->config.bare)
        return false;
    if (space == SPACE_SYSTEM) {
        kernel_mode(m, space_cr3(&m->mm, 0), in);
        return true;
    }
    if (!nt_process_at(m->nt, space - 1, &process))
        return false;
    kernel_mode(m, process.cr3.v, in);
    return true;
}

static void describe(const struct walk_in *in, const struct walk_out *out,
                     bool mapped, struct inspect_walk *walk)
{
    *walk = (struct inspect_walk){.mapped = mapped,
                                  .entry_bytes = out->entry_bytes};
    walk->levels = in->paging ? out->leaf + 1 : 0;
    for (unsigned i = 0; i < walk->levels; i++) {
        walk->level[i].slot = out->slot[i];
        walk->level[i].entry = out->entry[i];
    }
    if (!mapped)
        return;
    walk->pa = out->pa;
    walk->page_bytes = out->page_bytes;
    walk->writable = out->rights & PTE_RW;
    walk->user = out->rights & PTE_US;
    walk->no_execute = out->rights & PTE_NX;
    walk->global = out->global;
    walk->dirty = out->dirty;
    walk->accessed = !in->paging || out->entry[out->leaf] & PTE_A;
}

/* What the last entry that was looked at stands for. */
static const char *form_of(const struct machine *m,
                           const struct inspect_walk *walk)
{
    static const char *const names[] = {
        [PTE_ZERO] = "zero",
        [PTE_VALID] = "valid",
        [PTE_DEMAND_ZERO] = "demand_zero",
        [PTE_PAGE_FILE] = "page_file",
        [PTE_TRANSITIONAL] = "transition",
        [PTE_PROTO] = "prototype",
        [PTE_UNKNOWN] = "other",
    };

    if (walk->mapped)
        return "valid";
    if (m->config.bare || !walk->levels)
        return "zero";
    return names[pte_decode(&m->mm, walk->level[walk->levels - 1].entry).kind];
}

bool inspect_translate(const struct machine *m, uint32_t space, gva_t va,
                       struct inspect_walk *result)
{
    struct walk_in in;
    struct walk_out out = {0};
    bool mapped;

    if (!space_walk(m, space, &in))
        return false;
    in.user = in.write = in.fetch = false;
    mapped = walk(&m->ram, &in, va, &out);
    describe(&in, &out, mapped, result);
    result->form = form_of(m, result);
    return true;
}

static bool find_device(const struct machine *m, const char *name,
                        const struct device **dev)
{
    *dev = name ? bus_find(m->bus, name) : NULL;
    return !name || *dev;
}

bool inspect_logical(const struct machine *m, const char *device, dla_t at,
                     enum dma_dir dir, struct inspect_logical *view)
{
    static const char *const results[] = {
        [GATE_OK] = "ok",
        [GATE_NO_REGISTER] = "no_register",
        [GATE_DIRECTION] = "direction",
        [GATE_STRICT] = "strict",
        [GATE_NOTHING] = "nothing",
    };
    const struct device *dev;
    struct gate_view gate;

    if (!find_device(m, device, &dev))
        return false;
    bus_translate(m->bus, dev, at, dir, &gate);
    *view = (struct inspect_logical){.result = results[gate.result],
                                     .reaches = gate.result == GATE_OK,
                                     .pa = gate.to,
                                     .in_window = gate.in_window,
                                     .bank = gate.bank,
                                     .index = gate.index,
                                     .window = gate.window,
                                     .entry = gate.entry};
    return true;
}

/* RAM or a card's memory; registers are not memory. */
static bool read_at(const struct machine *m, gpa_t at, void *to, uint32_t n)
{
    const uint8_t *card;

    if (ram_read(&m->ram, at, to, n))
        return true;
    card = bus_memory_view(m->bus, at);
    if (!card)
        return false;
    memcpy(to, card + (at.v & PAGE_MASK), n);
    return true;
}

static uint32_t in_page(uint64_t at, uint32_t bytes)
{
    uint32_t n = PAGE_BYTES - (uint32_t)(at & PAGE_MASK);

    return n < bytes ? n : bytes;
}

bool inspect_physical(const struct machine *m, gpa_t at, void *to,
                      uint32_t bytes)
{
    for (uint32_t done = 0, n; done < bytes; done += n) {
        n = in_page(at.v + done, bytes - done);
        if (!read_at(m, gpa_add(at, done), (uint8_t *)to + done, n))
            return false;
    }
    return true;
}

/* A page that is not resident is read where it is. */
static bool read_away(const struct machine *m, uint32_t space, gva_t at,
                      void *to, uint32_t n)
{
    struct walk_in in;
    uint32_t id;

    return !m->config.bare && space_walk(m, space, &in) &&
           space_by_cr3(&m->mm, (uint32_t)in.cr3.v, &id) &&
           mm_read(&m->mm, id, at, to, n) == HB_OK;
}

bool inspect_virtual(const struct machine *m, uint32_t space, gva_t at,
                     void *to, uint32_t bytes)
{
    struct inspect_walk w;

    for (uint32_t done = 0, n; done < bytes; done += n) {
        n = in_page(at.v + done, bytes - done);
        if (!inspect_translate(m, space, gva_add(at, done), &w))
            return false;
        if (w.mapped ? !read_at(m, w.pa, (uint8_t *)to + done, n)
                     : !read_away(m, space, gva_add(at, done),
                                  (uint8_t *)to + done, n))
            return false;
    }
    return true;
}

bool inspect_bus(const struct machine *m, const char *device, dla_t at,
                 void *to, uint32_t bytes)
{
    struct inspect_logical view;

    for (uint32_t done = 0, n; done < bytes; done += n) {
        n = in_page(at.v + done, bytes - done);
        if (!inspect_logical(m, device, dla_add(at, done), DMA_TO_DEVICE,
                             &view) ||
            !view.reaches || !read_at(m, view.pa, (uint8_t *)to + done, n))
            return false;
    }
    return true;
}

bool inspect_ram_at(const struct machine *m, unsigned index,
                    struct inspect_ram *range)
{
    if (index >= m->ram.ranges)
        return false;
    range->start = gpa_of(m->ram.range[index].start);
    range->bytes = m->ram.range[index].bytes;
    return true;
}

bool inspect_region_at(const struct machine *m, unsigned index,
                       struct inspect_region *region)
{
    struct mm_region r;

    if (m->config.bare || !mm_region_at(&m->mm, index, &r))
        return false;
    *region = (struct inspect_region){
        .name = r.name, .start = gva_of(r.start), .bytes = r.end - r.start};
    return true;
}

bool inspect_counter_at(const struct machine *m, unsigned index,
                        struct inspect_counter *counter)
{
    return !m->config.bare &&
           mm_counter_at(&m->mm, index, &counter->name, &counter->value);
}
