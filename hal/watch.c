/* hal/watch.c -- did the device stay inside what was mapped for it? The HAL
 * hears of each tenure and fault of DMA as any listener of the event stream
 * does, compares it with its own records and posts a finding; of the machine it
 * changes nothing but its notes. Mapped ranges are known to the byte, what was
 * mapped before by the last HAL_GONE ranges. Page: docs/verify.md. */
#include <stdio.h>
#include <string.h>

#include "base/finding.h"
#include "hal/private.h"

enum {
    PATTERN = 0xcb, /* of a new common buffer */
    PATTERN_LEAST = 4,
    TAG = 8, /* bytes of Driver Verifier's mark around a buffer */
};
#define KERNEL_START 0x80000000u

/** One tenure, or the byte at which one was refused. */
struct moved {
    uint32_t transfer;
    const char *device;
    enum dma_dir dir;
    bool faulted;
    const char *reason;
    uint64_t at, to; /* logical, physical (not when faulted) */
    uint32_t bytes;
};

/* ---- what is mapped -------------------------------------------------------*/

/* Two masters may have the same logical page: it is this one's if it leads
 * where the DMA went. */
static bool same_place(const struct hal_page *page, const struct moved *m)
{
    return m->faulted || page->to - page->dla == m->to - m->at;
}

static bool covers(const struct hal_page *page, const struct moved *m,
                   uint64_t at)
{
    return at - page->dla < page->bytes && same_place(page, m);
}

/* The mapped page with byte @at of @m in it. Transfers go from page to page:
 * the one after the last is asked first. */
static const struct hal_page *page_with(struct hal *h, const struct moved *m,
                                        uint64_t at)
{
    uint32_t i;

    for (i = h->s.watch.hint; i < h->s.watch.hint + 2 && i < h->s.page.count;
         i++)
        if (covers(HAL_PAGE_AT(h, i), m, at)) {
            h->s.watch.hint = i;
            return HAL_PAGE_AT(h, i);
        }
    for (i = 0; i < h->s.page.count; i++)
        if (covers(HAL_PAGE_AT(h, i), m, at)) {
            h->s.watch.hint = i;
            return HAL_PAGE_AT(h, i);
        }
    return NULL;
}

/* The last page that @m lies in when all of it is mapped. NULL: it is not, *at
 * is the first byte that is not. */
static const struct hal_page *all_mapped(struct hal *h, const struct moved *m,
                                         uint64_t *at)
{
    const struct hal_page *page = NULL;
    uint64_t end = m->at + m->bytes;

    for (*at = m->at; *at < end; *at = page->dla + page->bytes) {
        page = page_with(h, m, *at);
        if (!page)
            return NULL;
    }
    return page;
}

/* A mapped range in the logical page of @at, or in the page next to it. */
static const struct hal_page *page_near(const struct hal *h,
                                        const struct moved *m, uint64_t at,
                                        uint64_t pages)
{
    const struct hal_page *page, *found = NULL;
    uint64_t from, here = at >> PAGE_SHIFT;
    uint32_t i;

    for (i = 0; i < h->s.page.count; i++) {
        page = HAL_PAGE_AT(h, i);
        from = page->dla >> PAGE_SHIFT;
        if (from + pages < here || from > here + pages ||
            (!pages && !same_place(page, m)))
            continue;
        if (!found || page->dla < at)
            found = page;
    }
    return found;
}

static const struct hal_gone *gone_with(const struct hal *h, uint64_t at)
{
    const struct hal_gone *gone;
    uint32_t i, n = h->s.gone.count;

    for (i = 0; i < n; i++) { /* the newest first */
        gone = HAL_GONE_AT(h, (h->s.gone_next + n - 1 - i) % n);
        if (at - gone->dla < gone->bytes)
            return gone;
    }
    return NULL;
}

void watch_gone(struct hal *h, const struct hal_set *set,
                const struct hal_page *page)
{
    struct hal_gone gone = {.dla = page->dla,
                            .bytes = page->bytes,
                            .set = set->id,
                            .adapter = set->adapter,
                            .site = set->site};
    uint32_t n = h->s.gone.count;
    struct hal_gone *last =
        n ? HAL_GONE_AT(h, (h->s.gone_next + n - 1) % n) : NULL;

    if (h->s.settings.verify == HAL_VERIFY_OFF)
        return;
    if (last && last->set == set->id && last->dla + last->bytes == page->dla) {
        last->bytes += page->bytes;
        return;
    }
    if (n < HAL_GONE) {
        vec_push(&h->s.gone, sizeof gone, &gone);
        return;
    }
    *HAL_GONE_AT(h, h->s.gone_next) = gone;
    h->s.gone_next = (h->s.gone_next + 1) % HAL_GONE;
}

/* ---- findings -------------------------------------------------------------*/

/* Once for each transfer: what goes wrong in its first page goes on in the
 * next. */
static void tell(struct hal *h, const struct moved *m, uint64_t at,
                 struct finding *f)
{
    if (h->s.watch.told == m->transfer)
        return;
    h->s.watch.told = m->transfer;
    f->device = m->device;
    f->dla = at;
    hal_tell(h, f);
}

static const char *verb(const struct moved *m)
{
    if (m->faulted)
        return "asks for";
    return m->dir == DMA_TO_DEVICE ? "reads" : "writes";
}

/* P2 of 0xE6/0F: 1, 2 the mark before and behind the buffer, 3 a map register
 * that is free, 4, 5 the padding. */
static void tell_outside(struct hal *h, const struct moved *m, uint64_t at,
                         const struct hal_page *page)
{
    struct hal_set *set = page ? set_by_id(h, page->set) : NULL;
    char text[HAL_TEXT];
    struct finding f = {.rule = "S06", .text = text, .code = HAL_BUGCHECK};
    uint32_t part = 3;

    f.p[0] = 0x0f;
    f.p[2] = (uint32_t)at;
    if (!page) {
        snprintf(text, sizeof text, "%s goes past what was mapped, to %llx",
                 m->device, (unsigned long long)at);
    } else {
        uint64_t end = page->dla + page->bytes;
        bool behind = at >= end;
        uint64_t off = behind ? at - end : page->dla - at - 1;

        if (at >> PAGE_SHIFT == page->dla >> PAGE_SHIFT) {
            part = (off < TAG ? 1 : 4) + behind;
            f.p[2] = off < TAG ? page->bytes : page->va;
            f.p[3] = off < TAG ? page->va : (uint32_t)at;
        }
        f.at = set ? set->site : 0;
        snprintf(text, sizeof text,
                 "%s is at %llx, %llu bytes %s the %u mapped at %llx (map "
                 "registers %08x, %s %08x)",
                 m->device, (unsigned long long)at, (unsigned long long)off + 1,
                 behind ? "into what follows" : "before", page->bytes,
                 (unsigned long long)page->dla, page->set,
                 page->common ? "buffer" : "MDL",
                 page->common ? page->va : page->mdl);
    }
    f.p[1] = part;
    tell(h, m, at, &f);
}

static void tell_gone(struct hal *h, const struct moved *m, uint64_t at,
                      uint32_t set, uint32_t site)
{
    char text[HAL_TEXT];
    struct finding f = {.rule = "S27", .text = text, .at = site};

    snprintf(text, sizeof text,
             "%s is at %llx, whose mapping (map registers %08x) has ended",
             m->device, (unsigned long long)at, set);
    tell(h, m, at, &f);
}

static void tell_simple(struct hal *h, const struct moved *m, uint64_t at,
                        const char *rule, const char *what)
{
    char text[HAL_TEXT];
    struct finding f = {.rule = rule, .text = text};

    snprintf(text, sizeof text, "%s %s %llx: %s", m->device, verb(m),
             (unsigned long long)at, what);
    tell(h, m, at, &f);
}

/* P2 of 0xE6/26: the device, here its name's first bytes; P4: 0 RAM was
 * reached, 1 refused. */
static void tell_physical(struct hal *h, const struct moved *m, uint64_t at)
{
    char text[HAL_TEXT];
    struct finding f = {.rule = "S01", .text = text, .code = HAL_BUGCHECK};
    const struct device *dev = bus_find(h->bus, m->device);

    f.p[0] = 0x26;
    f.p[1] = dev ? dev->id : 0;
    f.p[2] = (uint32_t)at;
    f.p[3] = m->faulted;
    snprintf(text, sizeof text,
             "%s %s %llx, which the HAL did not give out: a physical address "
             "was given to a device",
             m->device, verb(m), (unsigned long long)at);
    tell(h, m, at, &f);
}

static bool is_kernel_va(const struct hal *h, uint64_t at)
{
    struct walk_out out;

    return at >= KERNEL_START && at <= UINT32_MAX &&
           mm_translate(h->mm, 0, gva_of((uint32_t)at), &out);
}

/* Byte @at of @m is in no mapping: what is it? */
static void classify(struct hal *h, const struct moved *m, uint64_t at)
{
    const struct hal_watch *w = &h->s.watch;
    const struct hal_page *page = m->faulted ? NULL : page_near(h, m, at, 0);
    const struct hal_gone *gone = gone_with(h, at);
    const struct hal_set *set;

    if (page) {
        tell_outside(h, m, at, page);
        return;
    }
    if (w->transfer == m->transfer && w->set) {
        set = set_by_id(h, w->set);
        if (set && set->pages)
            tell_outside(h, m, at, page_near(h, m, at, 1));
        else
            tell_gone(h, m, at, w->set, gone ? gone->site : 0);
        return;
    }
    if (gone)
        tell_gone(h, m, at, gone->set, gone->site);
    else if ((page = page_near(h, m, at, 1)) &&
             (m->faulted || !h->s.unit.found))
        tell_outside(h, m, at, page);
    else if (is_kernel_va(h, at))
        tell_simple(h, m, at, "S02", "that is a virtual address of the kernel");
    else if (m->faulted && strcmp(m->reason, "no map register") == 0)
        tell_outside(h, m, at, NULL);
    else
        tell_physical(h, m, at);
}

/* ---- what is heard --------------------------------------------------------*/

static bool is_pattern(const struct hal *h, uint64_t at, uint32_t bytes)
{
    uint8_t byte[PAGE_BYTES];
    uint32_t i;

    if (bytes < PATTERN_LEAST || bytes > sizeof byte ||
        !ram_read(h->ram, gpa_of(at), byte, bytes))
        return false;
    for (i = 0; i < bytes && byte[i] == PATTERN; i++)
        ;
    return i == bytes;
}

static void in_mapping(struct hal *h, const struct moved *m,
                       const struct hal_page *page)
{
    h->s.watch.transfer = m->transfer;
    h->s.watch.set = page->set;
    if (page->common && m->dir == DMA_TO_DEVICE &&
        is_pattern(h, m->to, m->bytes))
        tell_simple(h, m, m->at, "S31",
                    "bytes of a common buffer that nobody wrote yet");
    if (!page->common && page->dir != m->dir)
        tell_simple(h, m, m->at, "S24",
                    "it was mapped for the other direction");
}

static void hear_burst(struct hal *h, const struct hb_event *e)
{
    const struct moved m = {
        .transfer = (uint32_t)e->args[0],
        .device = (const char *)(uintptr_t)e->args[1],
        .dir = (enum dma_dir)e->args[2],
        .at = e->args[3],
        .to = e->args[4],
        .bytes = (uint32_t)e->args[6],
    };
    const struct hal_page *page;
    uint64_t at;

    if (!m.bytes || !ram_is(h->ram, gpa_of(m.to), 1))
        return;
    page = all_mapped(h, &m, &at);
    if (page)
        in_mapping(h, &m, page);
    else
        classify(h, &m, at);
}

static void hear_fault(struct hal *h, const struct hb_event *e)
{
    const struct moved m = {
        .transfer = (uint32_t)e->args[0],
        .device = (const char *)(uintptr_t)e->args[1],
        .at = e->args[2],
        .reason = (const char *)(uintptr_t)e->args[3],
        .faulted = true,
    };

    if (strcmp(m.reason, "direction") == 0)
        tell_simple(h, &m, m.at, "S24",
                    "it was mapped for the other direction");
    else
        classify(h, &m, m.at);
}

static void hear(void *context, const struct hb_event *e)
{
    struct hal *h = context;

    if (!h->s.booted)
        return;
    if (e->id == EV_dma_burst)
        hear_burst(h, e);
    else
        hear_fault(h, e);
}

enum hb_status watch_start(struct hal *h)
{
    bus_judged(h->bus);
    if (h->s.settings.verify == HAL_VERIFY_OFF)
        return HB_OK;
    return events_listen(h->events, hear, h, "dma_burst,dma_fault");
}

void watch_stop(struct hal *h)
{
    events_unlisten(h->events, hear, h);
}

/* ---- bytes that the CPU changed -------------------------------------------*/

uint32_t page_sum(const struct hal *h, const struct hal_page *page)
{
    uint8_t byte[PAGE_BYTES];
    uint32_t i, sum = 0x811c9dc5; /* FNV-1a by dwords */
    uint32_t v;

    if (h->s.settings.verify == HAL_VERIFY_OFF || page->bytes > sizeof byte ||
        !ram_read(h->ram, gpa_of(page->owner), byte, page->bytes))
        return 0;
    for (i = 0; i < page->bytes; i += 4) {
        v = 0;
        memcpy(&v, byte + i, page->bytes - i < 4 ? page->bytes - i : 4);
        sum = (sum ^ v) * 0x01000193;
    }
    return sum;
}

/* Is the owner's memory mapped for a device to write, too? Then it may have. */
static bool also_written(const struct hal *h, const struct hal_page *page)
{
    const struct hal_page *other;
    uint32_t i;

    for (i = 0; i < h->s.page.count; i++) {
        other = HAL_PAGE_AT(h, i);
        if (other != page &&
            other->owner >> PAGE_SHIFT == page->owner >> PAGE_SHIFT &&
            (other->common || other->dir == DMA_FROM_DEVICE))
            return true;
    }
    return false;
}

void page_check(struct hal *h, const struct hal_page *page)
{
    if (page->common || page->dir != DMA_TO_DEVICE || !page->sum ||
        page->sum == page_sum(h, page) || also_written(h, page))
        return;
    hal_finding(h, "S05",
                "%u bytes at %08x (MDL %08x) were changed between MapTransfer "
                "and the flush",
                page->bytes, page->va, page->mdl);
}
