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
    CLASS_BRIDGE = 6,
    CLASS_ISA_BRIDGE = 0x0601
};
/* Where BARs go that nobody placed: ports above the board's own, memory in the
 * hole below 4 GiB. */
enum { FIRST_PORT = 0xc000, LAST_PORT = 0xffff };
#define FIRST_MEMORY 0xf0000000u
#define LAST_MEMORY  0xfe9fffffu

enum { RANGES_MOST = 64 };
/** Addresses that some BAR decodes. */
struct range {
    uint32_t start, bytes;
    bool io;
};

struct scan {
    struct nt *nt;
    struct nt_card *card;
    struct range range[RANGES_MOST];
    unsigned ranges;
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

static void occupy(struct scan *s, uint32_t start, uint32_t bytes, bool io)
{
    if (s->ranges < RANGES_MOST)
        s->range[s->ranges++] = (struct range){start, bytes, io};
}

static const struct range *overlap(const struct scan *s, uint32_t start,
                                   uint32_t bytes, bool io)
{
    for (unsigned i = 0; i < s->ranges; i++) {
        const struct range *r = &s->range[i];
        if (r->io == io && start < r->start + r->bytes &&
            r->start < start + bytes)
            return r;
    }
    return NULL;
}

/* The lowest aligned address of [@at, @last] where @bytes are free; 0: there is
 * none. */
static uint32_t place_in(struct scan *s, uint32_t at, uint32_t last,
                         uint32_t bytes, bool io)
{
    const struct range *r;

    for (unsigned tries = 0; tries <= RANGES_MOST; tries++) {
        at = (at + bytes - 1) & ~(bytes - 1);
        if (at < FIRST_PORT || at > last || last - at < bytes - 1)
            return 0; /* or past 4 GiB */
        r = overlap(s, at, bytes, io);
        if (r == NULL) {
            occupy(s, at, bytes, io);
            return at;
        }
        at = r->start + r->bytes;
    }
    return 0;
}

/* Memory that fits where it comes out as ports goes there, if there is such a
 * place. */
static uint32_t place(struct scan *s, uint32_t bytes, bool io)
{
    uint32_t at = 0;

    if (io)
        return place_in(s, FIRST_PORT, LAST_PORT, bytes, io);
    if (bus_has_memory_in_ports(s->nt->w.bus))
        at = place_in(s, BUS_MEMORY_WINDOW,
                      BUS_MEMORY_WINDOW + BUS_MEMORY_BYTES - 1, bytes, io);
    return at ? at : place_in(s, FIRST_MEMORY, LAST_MEMORY, bytes, io);
}

/* What BAR @i decodes: its size, 0 when it is none. */
static uint32_t bar_bytes(struct scan *s, unsigned i, uint32_t *was)
{
    unsigned at = REG_BAR0 + 4 * i;
    uint32_t mask;

    *was = get(s, at, 4);
    set(s, at, 0xffffffffu, 4);
    mask = get(s, at, 4);
    set(s, at, *was, 4);
    if (mask == 0 || mask == 0xffffffffu)
        return 0;
    mask = mask & BAR_IO ? (mask & ~3u) | 0xffff0000u : mask & ~15u;
    return ~mask + 1;
}

/* Size BAR @i, place it if it stands at 0. Returns whether it takes two. */
static bool bar(struct scan *s, unsigned i)
{
    uint32_t was, bytes = bar_bytes(s, i, &was), base;
    bool io = was & BAR_IO;

    if (bytes == 0)
        return false;
    base = was & (io ? ~3u : ~15u);
    if (base == 0) {
        base = place(s, bytes, io);
        set(s, REG_BAR0 + 4 * i, base, 4);
    }
    if (base)
        add(s->card,
            (struct nt_resource){.kind = io ? NT_PORT : NT_MEMORY,
                                 .bar = (uint8_t)(i + 1),
                                 .share = SHARE_DEVICE,
                                 .flags = io                   ? FLAG_PORT_IO
                                          : was & BAR_PREFETCH ? FLAG_PREFETCH
                                                               : 0,
                                 .start = base,
                                 .length = bytes});
    return !io && (was & 6) == BAR_64;
}

/* ---- interrupt routing: what a PC's BIOS does
 * -------------------------------- PIRQA-D of the ISA bridge to four requests
 * of the 8259 pair, those level triggered in ELCR. Source: Intel 82371SB
 * (PIIX3) data sheet, PIRQRC, ELCR. */

enum { REG_PIRQ = 0x60, ELCR = 0x4d0, PIRQS = 4 };
static const uint8_t pirq_line[PIRQS] = {11, 10, 9, 15};

static void route_all(const struct scan *s)
{
    unsigned elcr = 0;

    for (unsigned i = 0; i < PIRQS; i++) {
        set(s, REG_PIRQ + i, pirq_line[i], 1);
        elcr |= 1u << pirq_line[i];
    }
    elcr |= bus_in(s->nt->w.bus, ELCR, 1) | bus_in(s->nt->w.bus, ELCR + 1, 1)
                                                << 8;
    bus_out(s->nt->w.bus, ELCR, 1, elcr & 0xff);
    bus_out(s->nt->w.bus, ELCR + 1, 1, elcr >> 8);
}

/* The line that the function's pin comes out at, told in its configuration
 * space; 0: it has no pin. */
static uint8_t route(const struct scan *s)
{
    unsigned pin = get(s, REG_PIN, 1);
    uint8_t line;

    if (pin == 0 || pin > PIRQS)
        return 0;
    line = pirq_line[bus_pirq(s->card->slot, pin) - WIRE_PIRQA];
    set(s, REG_LINE, line, 1);
    return line;
}

static void read_function(struct scan *s)
{
    struct nt_card *card = s->card;
    uint32_t id = get(s, REG_ID, 4), class = get(s, REG_CLASS, 4);
    uint8_t line;
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
    line = route(s);
    if (line)
        add(card, (struct nt_resource){.kind = NT_INTERRUPT,
                                       .share = SHARE_SHARED,
                                       .start = line});
}

static bool is_bridge(const struct scan *s)
{
    return get(s, REG_CLASS, 4) >> 24 == CLASS_BRIDGE;
}

/* The map-register unit is the HAL's, no driver's. */
static bool is_the_hals(const struct scan *s)
{
    return get(s, REG_ID, 4) == (0x4d52u << 16 | 0x4842u);
}

/* What stands already, so that nothing is placed on top of it. */
static void reserve(struct scan *s)
{
    for (unsigned i = 0; i < BARS; i++) {
        uint32_t was, bytes = bar_bytes(s, i, &was);
        uint32_t base = was & (was & BAR_IO ? ~3u : ~15u);

        if (bytes && base)
            occupy(s, base, bytes, was & BAR_IO);
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
    uint32_t command = get(s, REG_COMMAND, 2);

    set(s, REG_COMMAND, command & ~(unsigned)(COMMAND_IO | COMMAND_MEMORY), 2);
    reserve(s);
    set(s, REG_COMMAND, command, 2);
    if (get(s, REG_CLASS, 4) >> 16 == CLASS_ISA_BRIDGE) {
        s->nt->s.isa_bridge = s->card->slot | (uint32_t)s->card->function << 5;
        route_all(s);
    }
    return HB_OK;
}

static enum hb_status visit_add(struct scan *s)
{
    if (is_bridge(s) || is_the_hals(s))
        return HB_OK;
    read_function(s);
    return nt_card_add(s->nt, s->card) == NT_NONE ? HB_NO_MEMORY : HB_OK;
}

enum hb_status pci_scan(struct nt *nt, struct hb_error *error)
{
    struct scan s = {.nt = nt};

    each(nt, &s, visit_reserve);
    if (each(nt, &s, visit_add) != HB_OK)
        return hb_fail(error, HB_NO_MEMORY,
                       "the list of PCI devices: the host has no memory");
    return HB_OK;
}

/* ---- what was assigned, into the hardware ---------------------------------
 */

enum { LINK_NONE = 0xff };

/* The link, 0-3, that a function's pin leads to. */
static uint8_t link_of(const struct nt *nt, const struct nt_card *card)
{
    unsigned pin;

    if (card->bus != NT_PCI)
        return LINK_NONE;
    pin = bus_peek_config(nt->w.bus, card->bus_number, card->slot,
                          card->function, REG_PIN) >>
              8 &
          0xff;
    return pin && pin <= PIRQS
               ? (uint8_t)(bus_pirq(card->slot, pin) - WIRE_PIRQA)
               : LINK_NONE;
}

/* The line that another device on @link holds, 0: none does. */
static uint8_t line_held(const struct nt *nt, uint32_t number, uint8_t link)
{
    for (uint32_t i = 0; i < nt->s.devices.count; i++) {
        const struct nt_device *d = pnp_device(nt, i + 1);

        for (unsigned k = 0; i + 1 != number && k < d->chosen; k++)
            if (d->held[k].kind == NT_INTERRUPT &&
                link_of(nt, &d->card) == link)
                return (uint8_t)d->held[k].start;
    }
    return 0;
}

uint8_t pci_line(const struct nt *nt, uint32_t number,
                 const struct nt_card *card, unsigned index)
{
    /* what a PIIX3 can route to and no chip of the board has, the usual first
     */
    static const uint8_t lines[] = {11, 10, 9, 5, 15, 14, 3, 7};
    uint8_t link = link_of(nt, card), held;

    if (link == LINK_NONE)
        return 0;
    held = line_held(nt, number, link);
    if (held)
        return index == 0 ? held : 0;
    return index < sizeof lines ? lines[index] : 0;
}

/* All functions on the link have the new line, started or not. */
static void reroute(struct nt *nt, struct nt_device *d, uint8_t line)
{
    uint8_t link = link_of(nt, &d->card);
    struct nt_card bridge = {.slot = nt->s.isa_bridge & 31,
                             .function = (uint8_t)(nt->s.isa_bridge >> 5)};
    struct scan s = {.nt = nt, .card = &bridge};
    unsigned port = ELCR + line / 8;

    set(&s, REG_PIRQ + link, line, 1);
    bus_out(nt->w.bus, (uint16_t)port, 1,
            bus_in(nt->w.bus, (uint16_t)port, 1) | 1u << line % 8);
    for (uint32_t i = 0; i < nt->s.devices.count; i++) {
        struct nt_device *other = pnp_device(nt, i + 1);

        if (link_of(nt, &other->card) != link)
            continue;
        s.card = &other->card;
        set(&s, REG_LINE, line, 1);
        other->line = line;
    }
}

static void program(struct nt *nt, struct nt_device *d,
                    const struct nt_resource *r, unsigned count)
{
    struct scan s = {.nt = nt, .card = &d->card};

    for (unsigned i = 0; i < count; i++, r++) {
        uint32_t base = (uint32_t)r->start;

        if (r->bar && r->bar <= BARS && d->bar[r->bar - 1] != base) {
            set(&s, REG_BAR0 + 4 * (r->bar - 1u), base, 4);
            d->bar[r->bar - 1] = base;
        }
        if (r->kind == NT_INTERRUPT && d->line != base)
            reroute(nt, d, (uint8_t)base);
    }
}

static void enable(struct nt *nt, struct nt_device *d, bool on)
{
    struct scan s = {.nt = nt, .card = &d->card};
    uint32_t bits = COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER;
    uint32_t command = get(&s, REG_COMMAND, 2);

    set(&s, REG_COMMAND, on ? command | bits : command & ~bits, 2);
    d->enabled = on;
}

void bus_enable(struct nt *nt, struct nt_device *d, bool on)
{
    if (d->card.bus != NT_PCI || d->enabled == on)
        return;
    if (on)
        program(nt, d, d->held, d->chosen);
    enable(nt, d, on);
}

void bus_assign(struct nt *nt, struct nt_device *d, const struct nt_resource *r,
                unsigned count)
{
    program(nt, d, r, count);
    enable(nt, d, true);
}
