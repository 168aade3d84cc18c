/* src/nt/pci.c -- PCI enumeration at start: what a BIOS and pci.sys do. Every
 * function of bus 0 becomes a device; its BARs are sized and given addresses.
 * Source: PCI Local Bus Specification 2.2, 6.2.5.1. */
#include "hal/pci.h"

#include <stdio.h>

#include "nt/guest.h"
#include "nt/pnp.h"

enum {
    REG_ID = 0x00,
    REG_COMMAND = 0x04,
    REG_CLASS = 0x08,
    REG_HEADER = 0x0e,
    REG_BAR0 = 0x10,
    REG_LINE = 0x3c,
    REG_PIN = 0x3d,
    COMMAND_IO = 1,
    COMMAND_MEMORY = 2,
    COMMAND_MASTER = 4,
    BARS = 6,
};
enum { BAR_IO = 1, BAR_64 = 4, BAR_PREFETCH = 8 };
enum {
    FLAG_PORT_IO = 1,
    FLAG_PREFETCH = 4,
    SHARE_SHARED = 3,
    SHARE_DEVICE = 1,
    CLASS_BRIDGE = 6
};
/* Where BARs go that nobody placed: ports above the board's own, memory in the
 * hole below 4 GiB. */
enum { FIRST_PORT = 0xc000, LAST_PORT = 0xffff };
#define FIRST_MEMORY  0xf0000000u
#define MIDDLE_MEMORY 0xfe000000u
#define LAST_MEMORY   0xfebfffffu

struct scan {
    struct nt *nt;
    struct nt_card *card;
    uint32_t next_port, next_memory, last_memory;
};

static uint32_t get(const struct scan *s, unsigned at, unsigned bytes)
{
    uint32_t v = 0;

    hal_pci_read(s->nt->w.bus, s->card->bus_number, s->card->slot,
                 s->card->function, at, &v, bytes);
    return v;
}

static void set(const struct scan *s, unsigned at, uint32_t v, unsigned bytes)
{
    hal_pci_write(s->nt->w.bus, s->card->bus_number, s->card->slot,
                  s->card->function, at, &v, bytes);
}

static void add(struct nt_card *card, struct nt_resource r)
{
    if (card->resources < NT_RESOURCES)
        card->resource[card->resources++] = r;
}

static uint32_t place(uint32_t *next, uint32_t bytes, uint32_t last)
{
    uint32_t at = (*next + bytes - 1) & ~(bytes - 1);

    if (at < *next || at > last || last - at < bytes - 1)
        return 0;
    *next = at + bytes;
    return at;
}

/* Size BAR @i, place it if it stands at 0. Returns whether it takes two. */
static bool bar(struct scan *s, unsigned i)
{
    unsigned at = REG_BAR0 + 4 * i;
    uint32_t was = get(s, at, 4), mask, base, bytes;
    bool io;

    set(s, at, 0xffffffffu, 4);
    mask = get(s, at, 4);
    set(s, at, was, 4);
    if (mask == 0 || mask == 0xffffffffu)
        return false;
    io = mask & BAR_IO;
    mask &= io ? ~3u : ~15u;
    bytes = (io ? (mask | 0xffff0000u) : mask);
    bytes = bytes ? ~bytes + 1 : 0;
    if (bytes == 0)
        return false;
    base = was & (io ? ~3u : ~15u);
    if (base == 0) {
        base = io ? place(&s->next_port, bytes, LAST_PORT)
                  : place(&s->next_memory, bytes, s->last_memory);
        set(s, at, base, 4);
    }
    if (base)
        add(s->card,
            (struct nt_resource){.kind = io ? NT_PORT : NT_MEMORY,
                                 .share = SHARE_DEVICE,
                                 .flags = io                   ? FLAG_PORT_IO
                                          : was & BAR_PREFETCH ? FLAG_PREFETCH
                                                               : 0,
                                 .start = base,
                                 .length = bytes});
    return !io && (was & 6) == BAR_64;
}

static void read_function(struct scan *s)
{
    struct nt_card *card = s->card;
    uint32_t id = get(s, REG_ID, 4), class = get(s, REG_CLASS, 4);
    uint8_t line = (uint8_t)get(s, REG_LINE, 1);
    uint32_t command = get(s, REG_COMMAND, 2);

    snprintf(card->hardware_id, sizeof card->hardware_id,
             "PCI\\VEN_%04X&DEV_%04X", id & 0xffff, id >> 16);
    snprintf(card->description, sizeof card->description,
             "PCI function %u.%u class %06X", card->slot, card->function,
             class >> 8);
    card->bus = NT_PCI;
    set(s, REG_COMMAND, command & ~(unsigned)(COMMAND_IO | COMMAND_MEMORY), 2);
    for (unsigned i = 0; i < BARS; i++)
        if (bar(s, i))
            i++;
    set(s, REG_COMMAND, command, 2);
    if (get(s, REG_PIN, 1) && line && line < 16)
        add(card, (struct nt_resource){.kind = NT_INTERRUPT,
                                       .share = SHARE_SHARED,
                                       .start = line});
}

static bool is_bridge(const struct scan *s)
{
    return get(s, REG_CLASS, 4) >> 24 == CLASS_BRIDGE;
}

/* Take over what stands already, so that nothing is placed on top of it: the
 * HAL's map-register unit stands high, what a card has low. */
static void reserve(struct scan *s)
{
    for (unsigned i = 0; i < BARS; i++) {
        uint32_t v = get(s, REG_BAR0 + 4 * i, 4);
        uint32_t memory = v & ~15u, port = v & ~3u;

        if (v & BAR_IO) {
            if (port >= s->next_port && port <= LAST_PORT)
                s->next_port = port + 0x100;
        } else if (memory >= MIDDLE_MEMORY && memory <= s->last_memory) {
            s->last_memory = memory - 1;
        } else if (memory >= s->next_memory && memory < MIDDLE_MEMORY) {
            s->next_memory = memory + 0x1000000;
        }
    }
}

static enum hb_status each(struct nt *nt, struct scan *s,
                           enum hb_status (*visit)(struct scan *s))
{
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        unsigned functions = 1;

        for (unsigned f = 0; f < functions; f++) {
            struct nt_card card = {.slot = (uint8_t)slot,
                                   .function = (uint8_t)f};
            enum hb_status st;

            s->nt = nt;
            s->card = &card;
            if ((get(s, REG_ID, 4) & 0xffff) == 0xffff)
                continue;
            if (f == 0 && get(s, REG_HEADER, 1) & 0x80)
                functions = PCI_FUNCTIONS;
            st = visit(s);
            if (st != HB_OK)
                return st;
        }
    }
    return HB_OK;
}

static enum hb_status visit_reserve(struct scan *s)
{
    reserve(s);
    return HB_OK;
}

static enum hb_status visit_add(struct scan *s)
{
    if (is_bridge(s))
        return HB_OK;
    read_function(s);
    return nt_card_add(s->nt, s->card) == NT_NONE ? HB_NO_MEMORY : HB_OK;
}

enum hb_status pci_scan(struct nt *nt, struct hb_error *error)
{
    struct scan s = {.nt = nt,
                     .next_port = FIRST_PORT,
                     .next_memory = FIRST_MEMORY,
                     .last_memory = LAST_MEMORY};

    each(nt, &s, visit_reserve);
    if (each(nt, &s, visit_add) != HB_OK)
        return hb_fail(error, HB_NO_MEMORY,
                       "the list of PCI devices: the host has no memory");
    return HB_OK;
}

void bus_enable(struct nt *nt, struct nt_device *d, bool on)
{
    struct scan s = {.nt = nt, .card = &d->card};
    uint32_t bits = COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER, command;

    if (d->card.bus != NT_PCI || d->enabled == on)
        return;
    command = get(&s, REG_COMMAND, 2);
    set(&s, REG_COMMAND, on ? command | bits : command & ~bits, 2);
    d->enabled = on;
}
