/* src/bus/tenure.c -- the bytes of one tenure: between memory (RAM, another
 * card, nothing) and whoever holds the bus. Cut anywhere by grain and watches;
 * what is half moved at a cut, a 16-bit unit or a beat to a card, waits in the
 * latch. Source: docs/dma.md. */
#include "bus/bus_private.h"

#include <assert.h>
#include <string.h>

/* ---- where it goes ------------------------------------------------------ */

static uint32_t page_rest(uint64_t at, int8_t advance, uint8_t unit)
{
    uint32_t in = (uint32_t)(at & PAGE_MASK);

    if (advance < 0) /* down to the page's first byte */
        return (in / unit + 1) * unit;
    return PAGE_BYTES - in;
}

/* Bytes past the last whole unit; a unit is 1 or 2. */
static uint32_t part_of_unit(uint32_t bytes, uint8_t unit)
{
    return bytes & (unit - 1u);
}

/* Only whole units; one that lies across a page edge goes as one. */
static uint32_t whole_units(uint32_t bytes, uint8_t unit)
{
    return bytes < unit ? unit : bytes - part_of_unit(bytes, unit);
}

static void aim_card(struct bus *bus, struct tenure *t,
                     const struct bus_region *r)
{
    uint64_t rest = r->base + r->bytes - t->to;

    if (t->advance < 0)
        rest = t->to - r->base + t->unit_bytes;
    t->target = TENURE_CARD;
    t->card = r->dev;
    if (t->bytes > rest)
        t->bytes = whole_units((uint32_t)rest, t->unit_bytes);
    if (t->card == t->owner)
        finding(bus, "S40", "DMA into the device's own registers");
}

/* The host's own prefetch ends at each page; the next one of a scattered run
 * is known while this one is copied. A hint: nothing is read. */
static void expect_next(const struct bus *bus, const struct gate_view *view)
{
    const uint64_t *e =
        gate_register_at(bus, view->bank, view->window, view->index + 1);

    if (e && (*e & GATE_PAGE) < bus->ram->top)
        __builtin_prefetch(bus->ram->base + (*e & GATE_PAGE));
}

/* What passes beside the windows while a unit translates is no logical
 * address that the HAL gave out. */
static void aim_ram(struct bus *bus, struct tenure *t,
                    const struct gate_view *view)
{
    const struct gate_config *g = &bus->s.gate.config;

    t->target = TENURE_RAM;
    if (view->in_window && t->bytes == PAGE_BYTES)
        expect_next(bus, view);
    if (!view->in_window && !bus->judged &&
        (g->window[GATE_LOW].enabled || g->window[GATE_HIGH].enabled))
        finding(bus, "S01", "a physical address was given to a device");
}

bool tenure_aim(struct bus *bus, struct tenure *t, uint32_t requester,
                struct gate_view *view)
{
    uint32_t rest = page_rest(t->at, t->advance, t->unit_bytes);
    bool isa = !device_is_pci(bus->device[t->owner]);

    if (t->bytes > rest)
        t->bytes = whole_units(rest, t->unit_bytes);
    gate_translate(bus, requester, t->at, (enum dma_dir)t->dir, view);
    t->reg = view->in_window ? view->window << 16 | view->index : UINT32_MAX;
    t->to = view->to.v;
    if (view->result != GATE_OK) {
        gate_refused(bus, view, t->at, (enum dma_dir)t->dir);
        t->target = TENURE_NOTHING;
        return isa; /* no abort there: the cycle goes on alone */
    }
    if (view->ram)
        aim_ram(bus, t, view);
    else
        aim_card(bus, t, bus_region_at(bus, t->to));
    return true;
}

/* ---- the card's end: whoever holds the bus ------------------------------ */

static uint8_t *op_local(struct bus *bus, const struct tenure *t)
{
    struct device *dev = bus->device[t->owner];
    const struct dma_op *op = dma_head(bus, t->owner, t->channel);
    uint32_t offset = op->done + t->moved, rest = t->bytes - t->moved;

    if (op->local == LOCAL_CALLBACK)
        return NULL;
    if (op->local & 0x80000000u)
        return card_ram(dev, op->local >> 28 & 7,
                        (op->local & 0xfffffff) + offset, rest);
    return (uint8_t *)dev + op->local + offset;
}

/* A page is what a driver's long transfer is made of: a length that the
 * compiler knows is a copy without a call. */
static void copy(uint8_t *to, const uint8_t *from, uint32_t n)
{
    if (n == PAGE_BYTES)
        memcpy(to, from, PAGE_BYTES);
    else
        memcpy(to, from, n);
}

/* @n bytes (whole units of a channel) between @bytes and the owner. */
static void owner_moves(struct bus *bus, const struct tenure *t, uint8_t *bytes,
                        uint32_t n)
{
    struct device *dev = bus->device[t->owner];
    enum dma_dir dir = (enum dma_dir)t->dir;
    uint8_t *local;

    if (t->controller && t->kind == DMA_CYCLE_SLAVE) {
        struct device *slave = channel_slave(bus, t->channel);
        bool tc = t->tc && t->moved + n == t->bytes;

        if (slave && slave->model->dack)
            slave->model->dack(slave, bytes, n / t->unit_bytes, tc, dir);
        else if (dir == DMA_FROM_DEVICE)
            memset(bytes, 0xff, n);
        return;
    }
    local = t->controller ? NULL : op_local(bus, t);
    if (!local)
        dev->model->data(dev, t->channel, bytes, n, dir);
    else if (dir == DMA_TO_DEVICE)
        copy(local, bytes, n);
    else
        copy(bytes, local, n);
}

/* ---- memory's end ------------------------------------------------------- */

static uint64_t byte_address(const struct tenure *t, uint32_t moved)
{
    uint32_t unit, byte;

    if (t->advance == t->unit_bytes) /* ascending: nearly always */
        return t->to + moved;
    unit = moved / t->unit_bytes;
    byte = moved % t->unit_bytes;
    return t->to + (uint64_t)((int64_t)unit * t->advance) + byte;
}

/* The beat of a card access around byte @moved: [*first, *first + result).
 * A master moves what its bus is wide, aligned, and what is left of that at
 * both ends: dwords on PCI, words on ISA. */
static uint32_t beat_of(const struct bus *bus, const struct tenure *t,
                        uint32_t moved, uint32_t *first)
{
    uint32_t wide = device_is_pci(bus->device[t->owner]) ? 4 : 2, skew, end;

    if (t->controller) {
        *first = moved - moved % t->unit_bytes;
        return t->unit_bytes;
    }
    skew = (uint32_t)t->to & (wide - 1);
    *first = moved + skew < wide ? 0 : (moved + skew) / wide * wide - skew;
    end = (moved + skew) / wide * wide + wide - skew;
    return (end < t->bytes ? end : t->bytes) - *first;
}

/* A beat as the accesses that a card's handlers take: 1, 2 or 4 bytes. */
static void card_beat(struct bus *bus, struct tenure *t, uint64_t at,
                      uint32_t bytes, bool store)
{
    for (uint32_t i = 0; i < bytes;) {
        uint32_t left = bytes - i, v = 0;
        unsigned n = left >= 4 && !((at + i) & 3)   ? 4
                     : left >= 2 && !((at + i) & 1) ? 2
                                                    : 1;

        if (store) {
            memcpy(&v, t->latch + i, n);
            bus_store(bus, gpa_of(at + i), n, v);
        } else {
            v = bus_load(bus, gpa_of(at + i), n);
            memcpy(t->latch + i, &v, n);
        }
        i += n;
    }
}

static uint8_t memory_byte(struct bus *bus, const struct tenure *t)
{
    uint8_t byte = 0xff;

    if (t->target == TENURE_RAM)
        ram_read(bus->ram, gpa_of(byte_address(t, t->moved)), &byte, 1);
    return byte;
}

/* ---- moving ------------------------------------------------------------- */

/* One byte to the device. The latch fills; its owner gets a unit when that is
 * whole, a master each byte. */
static void byte_to_device(struct bus *bus, struct tenure *t)
{
    uint32_t unit = t->moved % t->unit_bytes, first, n;
    uint8_t byte;

    if (t->target == TENURE_CARD) {
        n = beat_of(bus, t, t->moved, &first);
        if (t->moved == first)
            card_beat(bus, t, byte_address(t, first), n, false);
        byte = t->latch[t->moved - first];
    } else {
        byte = memory_byte(bus, t);
        t->latch[unit] = byte;
    }
    if (t->unit_bytes == 1) {
        owner_moves(bus, t, &byte, 1);
    } else if (unit == t->unit_bytes - 1u) {
        t->moved -= unit; /* the whole unit, as one */
        owner_moves(bus, t, t->latch, t->unit_bytes);
        t->moved += unit;
    }
}

/* One byte from the device: its unit is taken with the first of its bytes. */
static void byte_from_device(struct bus *bus, struct tenure *t)
{
    uint32_t unit = t->moved % t->unit_bytes, first = 0, n = 0;
    bool card = t->target == TENURE_CARD;
    uint32_t slot;

    if (card)
        n = beat_of(bus, t, t->moved, &first);
    slot = card ? t->moved - first : unit;
    if (unit == 0)
        owner_moves(bus, t, t->latch + slot, t->unit_bytes);
    if (t->target == TENURE_RAM)
        ram_write(bus->ram, gpa_of(byte_address(t, t->moved)), t->latch + slot,
                  1);
    else if (card && slot == n - 1)
        card_beat(bus, t, byte_address(t, first), n, true);
}

/* Ascending RAM: whole units at once, straight into the host's page. */
static void run_in_ram(struct bus *bus, struct tenure *t, uint32_t n)
{
    gpa_t at = gpa_of(byte_address(t, t->moved));

    if (t->dir == DMA_FROM_DEVICE)
        ram_mark(bus->ram, at, n);
    owner_moves(bus, t, bus->ram->base + at.v, n);
    t->moved += n;
}

/* RAM is whole pages: the rest of one that a byte of the tenure is in. */
static bool can_run(const struct tenure *t, uint32_t n)
{
    return t->target == TENURE_RAM && t->advance == t->unit_bytes &&
           !part_of_unit(t->moved, t->unit_bytes) && n >= t->unit_bytes &&
           (t->to & PAGE_MASK) + t->moved + n <= PAGE_BYTES;
}

static void move(struct bus *bus, struct tenure *t, uint32_t n)
{
    uint32_t end = t->moved + n;

    while (t->moved < end && !t->cancelled) {
        uint32_t run =
            end - t->moved - part_of_unit(end - t->moved, t->unit_bytes);

        if (can_run(t, run)) {
            run_in_ram(bus, t, run);
            continue;
        }
        if (t->dir == DMA_TO_DEVICE)
            byte_to_device(bus, t);
        else
            byte_from_device(bus, t);
        t->moved++;
    }
}

/* ---- watches ------------------------------------------------------------ */

static const struct device *doer_of(const struct bus *bus,
                                    const struct tenure *t)
{
    const struct device *slave = NULL;

    if (t->controller && t->kind == DMA_CYCLE_SLAVE)
        slave = channel_slave(bus, t->channel);
    return slave ? slave : bus->device[t->owner];
}

/* The next @n bytes, as watches see them. */
static void describe(const struct bus *bus, const struct tenure *t, uint32_t n,
                     struct watch_access *a)
{
    uint64_t to = byte_address(t, t->moved);

    memset(a, 0, offsetof(struct watch_access, before));
    a->access = t->dir == DMA_TO_DEVICE ? WATCH_READ : WATCH_WRITE;
    a->by_dma = true;
    a->pa = gpa_of(to);
    a->dla = dla_of(t->at + (to - t->to));
    a->bytes = a->split = n;
    a->device = bus_device_name(doer_of(bus, t));
    a->owner = bus_device_name(bus->device[t->owner]);
}

static void look(struct bus *bus, const struct tenure *t,
                 const struct watch_access *a, uint8_t *to)
{
    if (t->target == TENURE_RAM)
        ram_read(bus->ram, a->pa, to, a->bytes);
    else
        for (uint32_t i = 0; i < a->bytes; i++)
            to[i] = (uint8_t)bus_peek(bus, gpa_add(a->pa, i), 1);
}

/* How many of @n bytes go at once. Units downwards go byte by byte, which is
 * always exact; what a card is given, beat by beat. */
static uint32_t cut_by_watches(const struct bus *bus, const struct tenure *t,
                               uint32_t n, struct watch_access *a)
{
    uint32_t first;

    if (t->advance != t->unit_bytes) {
        n = 1;
    } else if (t->target == TENURE_CARD) {
        uint32_t beat = beat_of(bus, t, t->moved, &first);

        beat -= t->moved - first;
        n = beat < n ? beat : n;
    }
    describe(bus, t, n, a);
    if (t->target == TENURE_RAM)
        n = watches_cut(bus->watches, a);
    a->bytes = a->split = n;
    return n;
}

static __attribute__((noinline)) void move_watched(struct bus *bus,
                                                   struct tenure *t, uint32_t n)
{
    struct watch_access a;
    uint32_t before = t->moved;
    bool seen;

    n = cut_by_watches(bus, t, n, &a);
    seen = t->target != TENURE_NOTHING && watches_see(bus->watches, &a);
    if (seen)
        look(bus, t, &a, a.before);
    move(bus, t, n);
    if (!seen || t->moved == before)
        return;
    a.bytes = a.split = t->moved - before;
    if (a.access == WATCH_READ)
        memcpy(a.after, a.before, a.bytes);
    else
        look(bus, t, &a, a.after);
    watches_tell(bus->watches, &a);
}

void bus_watch(struct bus *bus, struct watches *watches)
{
    bus->watches = watches;
}

/* ---- loading --- */

static bool owner_good(struct bus *bus, const struct tenure *t)
{
    const struct device *dev = bus_device(bus, t->owner);
    const struct dma_op *op;

    if (!dev || t->dir > DMA_FROM_DEVICE || t->kind > DMA_CYCLE_TEMP)
        return false;
    if (t->controller)
        return dev->model->controller && t->channel < DMA_CHANNELS &&
               (t->kind != DMA_CYCLE_TEMP || dev->model->data);
    op = t->channel < DMA_ENGINES ? dma_head(bus, t->owner, t->channel) : NULL;
    return op && op->dir == t->dir && t->bytes <= op->left &&
           t->unit_bytes == 1 && t->advance == 1;
}

bool tenure_good(struct bus *bus, const struct tenure *t)
{
    uint64_t last = t->to;
    int step = t->advance;

    if (!t->bytes) /* the next one finds the rest as the last one left it */
        return !(t->moved | t->cancelled | t->controller | t->kind | t->tc |
                 t->hold | t->card | t->target | t->reg);
    if (!owner_good(bus, t) || t->target > TENURE_NOTHING ||
        (t->unit_bytes != 1 && t->unit_bytes != 2) || t->moved >= t->bytes ||
        t->bytes > PAGE_BYTES || part_of_unit(t->bytes, t->unit_bytes) ||
        (step != t->unit_bytes && step != -t->unit_bytes && step != 0))
        return false;
    if (step < 0)
        last -= t->bytes - t->unit_bytes;
    return t->target != TENURE_RAM ||
           (gate_ram(bus, gpa_of(t->to), t->dir) &&
            t->to >> PAGE_SHIFT == last >> PAGE_SHIFT);
}

void bus_judged(struct bus *bus)
{
    bus->judged = true;
}

/* ---- the run loop's side ------------------------------------------------ */

const struct tenure *bus_tenure(const struct bus *bus)
{
    return &bus->s.tenure;
}

void bus_grain(struct bus *bus, uint32_t bytes)
{
    bus->grain = bytes ? bytes : 1;
}

/* Bus cycles as they went, told when all is over: no event depends on where
 * the tenure was cut. */
static void emit_beats(struct bus *bus, const struct tenure *t)
{
    for (uint32_t i = 0; i < t->moved;) {
        uint32_t first, n = beat_of(bus, t, i, &first);
        uint64_t to = byte_address(t, i);

        n = first + n - i < t->moved - i ? first + n - i : t->moved - i;
        EMIT(bus->events, dma_beat, t->transfer, t->at + (to - t->to), to, n);
        i += n;
    }
}

uint64_t tenure_ns(const struct bus *bus, const struct tenure *t)
{
    if (t->controller)
        return t->moved / t->unit_bytes * (uint64_t)ISA_CYCLE_NS;
    return (t->moved + bus->options.rate - 1) / bus->options.rate;
}

static void emit_end(struct bus *bus, const struct tenure *t)
{
    const struct device *dev = doer_of(bus, t);

    if (bus->events->armed[EV_dma_beat] && t->target != TENURE_NOTHING)
        emit_beats(bus, t);
    EMIT(bus->events, dma_burst, t->transfer,
         EVENT_STRING(bus_device_name(dev)), t->dir, t->at, t->to, t->reg,
         t->moved, tenure_ns(bus, t));
}

/* The bus is free before anybody hears of it. A channel may take it again at
 * once, so its account is closed from a copy. */
static void tenure_end(struct bus *bus)
{
    struct tenure *t = &bus->s.tenure;

    clock_count(bus->clock);
    emit_end(bus, t);
    t->bytes = 0;
    if (t->controller) {
        const struct tenure ended = *t;

        *t = (struct tenure){0};
        channel_moved(bus, &ended);
    } else {
        dma_moved(bus, t);
        *t = (struct tenure){0};
    }
}

uint32_t tenure_move(struct bus *bus)
{
    struct tenure *t = &bus->s.tenure;
    uint32_t n = t->bytes - t->moved, before = t->moved, moved;

    if (!t->bytes)
        return 0;
    if (n > bus->grain)
        n = bus->grain;
    if (__builtin_expect(bus->watches != NULL, 0))
        move_watched(bus, t, n);
    else
        move(bus, t, n);
    moved = t->moved - before;
    if (t->moved == t->bytes || t->cancelled)
        tenure_end(bus);
    return moved;
}
