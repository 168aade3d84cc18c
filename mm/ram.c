/* mm/ram.c -- physical RAM in sparse host memory: untouched pages read as zero
 * and cost nothing, well used regions are huge pages of the host. */
#include "mm/ram.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "mm/watch.h"

enum { WORD_PAGES = 64, GROUP_WORDS = 64 };
enum {
    HUGE_BYTES = 2 << 20,
    HUGE_PAGES = HUGE_BYTES / PAGE_BYTES,
    HUGE_FROM = HUGE_PAGES / 8, /* so many touched: the rest is worth it */
};
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* of Linux 6.1; older ones refuse it */
#endif

static bool ranges_good(const struct ram_range *r, unsigned count)
{
    uint64_t end = 0;

    for (unsigned i = 0; i < count; i++) {
        if ((r[i].start | r[i].bytes) & PAGE_MASK || r[i].start < end ||
            !r[i].bytes || r[i].start >= 2 * RAM_MOST || r[i].bytes > RAM_MOST)
            return false;
        end = r[i].start + r[i].bytes;
    }
    return true;
}

static void *zero_pages(uint64_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

/* RAM begins where a huge page of the host does. */
static uint8_t *huge_pages(uint64_t bytes)
{
    uint8_t *p = zero_pages(bytes + HUGE_BYTES), *start;
    size_t before;

    if (!p)
        return NULL;
    before = -(uintptr_t)p % HUGE_BYTES;
    start = p + before;
    if (before)
        munmap(p, before);
    if (before < HUGE_BYTES)
        munmap(start + bytes, HUGE_BYTES - before);
    return start;
}

static uint64_t page_count(const struct ram *ram)
{
    return ram->top >> PAGE_SHIFT;
}

static uint64_t bitmap_bytes(const struct ram *ram)
{
    uint64_t words = ram->top / PAGE_BYTES / WORD_PAGES + 1;

    return words * sizeof(uint64_t);
}

static uint64_t groups_of(const struct ram *ram)
{
    return bitmap_bytes(ram) / sizeof(uint64_t) / GROUP_WORDS + 1;
}

static uint64_t group_bytes(const struct ram *ram)
{
    return (groups_of(ram) / 64 + 1) * sizeof(uint64_t);
}

enum hb_status ram_create(struct ram *ram, const struct ram_range *ranges,
                          unsigned count, struct hb_error *error)
{
    *ram = (struct ram){.ranges = count};
    if (!count || count > RAM_RANGES || !ranges_good(ranges, count))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "RAM ranges must be whole pages, ascending and apart");
    memcpy(ram->range, ranges, count * sizeof *ranges);
    for (unsigned i = 0; i < count; i++)
        ram->bytes += ranges[i].bytes;
    ram->top = ranges[count - 1].start + ranges[count - 1].bytes;
    if (ram->bytes > RAM_MOST)
        return hb_fail(error, HB_BAD_ARGUMENT, "RAM is at most 64 GiB");

    ram->base = huge_pages(ram->top);
    if (!ram->base)
        goto fail;
    ram->dirty = zero_pages(bitmap_bytes(ram));
    ram->touched = zero_pages(bitmap_bytes(ram));
    ram->touched_groups = zero_pages(group_bytes(ram));
    ram->code = zero_pages(page_count(ram) * sizeof *ram->code);
    ram->guard = zero_pages(page_count(ram));
    if (!ram->dirty || !ram->touched || !ram->touched_groups || !ram->code ||
        !ram->guard)
        goto fail;
    return HB_OK;
fail:
    hb_fail(error, HB_NO_MEMORY, "cannot reserve %llu MiB of guest RAM: %s",
            (unsigned long long)(ram->top >> 20), strerror(errno));
    ram_destroy(ram);
    return HB_NO_MEMORY;
}

void ram_destroy(struct ram *ram)
{
    if (ram->guard)
        munmap(ram->guard, page_count(ram));
    if (ram->code)
        munmap(ram->code, page_count(ram) * sizeof *ram->code);
    if (ram->touched_groups)
        munmap(ram->touched_groups, group_bytes(ram));
    if (ram->touched)
        munmap(ram->touched, bitmap_bytes(ram));
    if (ram->dirty)
        munmap(ram->dirty, bitmap_bytes(ram));
    if (ram->base)
        munmap(ram->base, ram->top);
    *ram = (struct ram){0};
}

/* Bytes from @at on that RAM answers alike, at least those of its block. */
static uint64_t run_at(const struct ram *ram, uint64_t at, unsigned need)
{
    uint64_t block = (at - SHADOW_START) / SHADOW_BYTES;

    for (unsigned i = 0; i < ram->ranges; i++) {
        const struct ram_range *r = &ram->range[i];

        if (at >= r->start && at - r->start < r->bytes)
            return r->bytes - (at - r->start);
    }
    if (at >= SHADOW_START && at < SHADOW_END &&
        (ram->shadow[block] & need) == need)
        return SHADOW_BYTES - at % SHADOW_BYTES;
    return 0;
}

/* Adjacent runs are one: count on from one to the next. */
static bool answers(const struct ram *ram, gpa_t at, uint64_t bytes,
                    unsigned need)
{
    uint64_t from = at.v, n;

    while ((n = run_at(ram, from, need)) != 0) {
        if (bytes <= n)
            return true;
        bytes -= n;
        from += n;
    }
    return false;
}

bool ram_is(const struct ram *ram, gpa_t at, uint64_t bytes)
{
    return answers(ram, at, bytes, RAM_READS | RAM_WRITES);
}

bool ram_reads(const struct ram *ram, gpa_t at, uint64_t bytes)
{
    return answers(ram, at, bytes, RAM_READS);
}

bool ram_writes(const struct ram *ram, gpa_t at, uint64_t bytes)
{
    return answers(ram, at, bytes, RAM_WRITES);
}

void ram_shadow(struct ram *ram, uint32_t at, unsigned what)
{
    assert(at >= SHADOW_START && at < SHADOW_END && ram->top >= SHADOW_END);
    ram->shadow[(at - SHADOW_START) / SHADOW_BYTES] = (uint8_t)what;
}

uint8_t *ram_host(const struct ram *ram, gpa_t at)
{
    return ram_reads(ram, at, 1) ? ram->base + at.v : NULL;
}

/* Its region of the host is one huge page once it is well used: what touches
 * many of them misses the host's own TLB less. */
static void first_touch(struct ram *ram, uint64_t page)
{
    uint64_t word = page / WORD_PAGES, group = word / GROUP_WORDS;
    uint64_t region = page / HUGE_PAGES * HUGE_BYTES;
    const uint64_t *map =
        &ram->touched[page / HUGE_PAGES * (HUGE_PAGES / WORD_PAGES)];
    unsigned count = 0;

    ram->touched[word] |= (uint64_t)1 << page % WORD_PAGES;
    ram->touched_groups[group / 64] |= (uint64_t)1 << group % 64;
    if (region + HUGE_BYTES > ram->top)
        return;
    for (unsigned i = 0; i < HUGE_PAGES / WORD_PAGES; i++)
        count += (unsigned)__builtin_popcountll(map[i]);
    if (count == HUGE_FROM)
        madvise(ram->base + region, HUGE_BYTES, MADV_COLLAPSE);
}

static void mark_page(struct ram *ram, gpa_t at)
{
    uint64_t page = at.v >> PAGE_SHIFT, word = page / WORD_PAGES;
    uint64_t bit = (uint64_t)1 << page % WORD_PAGES;

    assert(at.v < ram->top);
    ram->dirty[word] |= bit;
    if (!(ram->touched[word] & bit))
        first_touch(ram, page);
}

/* ---- code ------------------------------------------------------------------
 * Blocks of decoded instructions are good while their lines are not written. A
 * page that holds some is never open: each write to it comes to ram_mark(). */

enum {
    LINE_SHIFT = 6,
    RAM_OPEN = 0x80,    /* of guard: writes come unmarked */
    GUARDED_ASKS = 100, /* code that is patched is soon decoded again */
};

uint64_t ram_lines(gpa_t at, uint64_t bytes)
{
    uint64_t first = at.v & PAGE_MASK, last = first + bytes - 1;

    return UINT64_MAX << (first >> LINE_SHIFT) &
           UINT64_MAX >> (63 - (last >> LINE_SHIFT));
}

void ram_mark(struct ram *ram, gpa_t at, uint64_t bytes)
{
    uint64_t page = at.v >> PAGE_SHIFT, lines;

    mark_page(ram, at);
    lines = ram->code[page] ? ram->code[page] & ram_lines(at, bytes) : 0;
    if (lines)
        ram->on_code(ram->on_code_context, gpa_of(page << PAGE_SHIFT), lines);
}

bool ram_open(struct ram *ram, gpa_t at)
{
    uint64_t page = at.v >> PAGE_SHIFT;

    if (ram->code[page])
        return false;
    if (ram->guard[page] & ~RAM_OPEN) {
        ram->guard[page]--;
        return false;
    }
    mark_page(ram, at);
    ram->guard[page] = RAM_OPEN;
    return true;
}

bool ram_keep_code(struct ram *ram, gpa_t at, uint64_t bytes)
{
    uint64_t page = at.v >> PAGE_SHIFT;
    bool open = ram->guard[page] & RAM_OPEN;

    ram->code[page] |= ram_lines(at, bytes);
    ram->guard[page] = GUARDED_ASKS;
    return open;
}

uint64_t ram_code(const struct ram *ram, gpa_t page)
{
    return ram->code[page.v >> PAGE_SHIFT];
}

void ram_set_code(struct ram *ram, gpa_t page, uint64_t lines)
{
    ram->code[page.v >> PAGE_SHIFT] = lines;
}

/* Reading a hole through the mapping would fault for each page: who reads all
 * of RAM, a search or a checksum, would pay for all of it. */
static bool is_touched(const struct ram *ram, uint64_t page)
{
    return ram->touched[page / WORD_PAGES] >> page % WORD_PAGES & 1;
}

bool ram_read(const struct ram *ram, gpa_t at, void *to, uint64_t bytes)
{
    uint8_t *out = to;

    if (!ram_reads(ram, at, bytes))
        return false;
    while (bytes) {
        uint64_t n = PAGE_BYTES - (at.v & PAGE_MASK);

        n = n < bytes ? n : bytes;
        if (is_touched(ram, at.v >> PAGE_SHIFT))
            memcpy(out, ram->base + at.v, n);
        else
            memset(out, 0, n);
        out += n;
        at = gpa_add(at, n);
        bytes -= n;
    }
    return true;
}

/* Inside a page. */
static void write_piece(struct ram *ram, gpa_t at, const uint8_t *from,
                        uint32_t bytes)
{
    ram_mark(ram, at, bytes);
    memcpy(ram->base + at.v, from, bytes);
}

static void write_watched(struct ram *ram, gpa_t at, const uint8_t *from,
                          uint32_t bytes)
{
    struct watch_access a;

    memset(&a, 0, offsetof(struct watch_access, before));
    a.access = WATCH_WRITE;
    a.pa = at;
    a.bytes = a.split = bytes;
    if (!watches_see(ram->watches, &a)) {
        write_piece(ram, at, from, bytes);
        return;
    }
    memcpy(a.before, ram->base + at.v, bytes);
    memcpy(a.after, from, bytes);
    write_piece(ram, at, from, bytes);
    watches_tell(ram->watches, &a);
}

bool ram_write(struct ram *ram, gpa_t at, const void *from, uint64_t bytes)
{
    const uint8_t *in = from;

    if (!ram_writes(ram, at, bytes))
        return false;
    for (uint32_t n; bytes; bytes -= n, in += n, at = gpa_add(at, n)) {
        uint64_t room = PAGE_BYTES - (at.v & PAGE_MASK);

        n = (uint32_t)(room < bytes ? room : bytes);
        if (__builtin_expect(ram->watches != NULL, 0))
            write_watched(ram, at, in, n);
        else
            write_piece(ram, at, in, n);
    }
    return true;
}

/* Accesses inside RAM as a whole are one load; at its edges each byte is RAM
 * or not for itself, as on the bus. */
static uint64_t read_edges(const struct ram *ram, gpa_t at, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < bytes; i++) {
        uint8_t b = 0xff;

        ram_read(ram, gpa_add(at, i), &b, 1);
        v |= (uint64_t)b << 8 * i;
    }
    return v;
}

static void write_edges(struct ram *ram, gpa_t at, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t b = (uint8_t)(v >> 8 * i);

        ram_write(ram, gpa_add(at, i), &b, 1);
    }
}

#define ACCESS(bits)                                                           \
    uint##bits##_t ram_read##bits(const struct ram *ram, gpa_t at)             \
    {                                                                          \
        uint##bits##_t v = 0;                                                  \
                                                                               \
        if ((at.v & PAGE_MASK) <= PAGE_BYTES - sizeof v &&                     \
            ram_is(ram, at, sizeof v)) {                                       \
            if (is_touched(ram, at.v >> PAGE_SHIFT))                           \
                memcpy(&v, ram->base + at.v, sizeof v);                        \
            return v;                                                          \
        }                                                                      \
        if (!ram_read(ram, at, &v, sizeof v))                                  \
            v = (uint##bits##_t)read_edges(ram, at, sizeof v);                 \
        return v;                                                              \
    }                                                                          \
    void ram_write##bits(struct ram *ram, gpa_t at, uint##bits##_t v)          \
    {                                                                          \
        if (!ram_write(ram, at, &v, sizeof v))                                 \
            write_edges(ram, at, v, sizeof v);                                 \
    }

ACCESS(8)
ACCESS(16)
ACCESS(32)
ACCESS(64)

/* The lowest set bit of @map at or above @from, below @end. */
static uint64_t next_bit(const uint64_t *map, uint64_t from, uint64_t end)
{
    while (from < end) {
        uint64_t word = map[from / 64] >> from % 64;

        if (word)
            return from + (unsigned)__builtin_ctzll(word);
        from = (from / 64 + 1) * 64;
    }
    return UINT64_MAX;
}

/* What was ever written was touched: groups without a touched page are passed
 * over. */
static uint64_t next_page(const struct ram *ram, const uint64_t *map,
                          uint64_t page)
{
    enum { GROUP_PAGES = WORD_PAGES * GROUP_WORDS };
    uint64_t end = ram->top >> PAGE_SHIFT;

    while (page < end) {
        uint64_t group =
            next_bit(ram->touched_groups, page / GROUP_PAGES, groups_of(ram));
        uint64_t group_end, found;

        if (group == UINT64_MAX)
            break;
        if (group * GROUP_PAGES > page)
            page = group * GROUP_PAGES;
        group_end = (group + 1) * GROUP_PAGES;
        group_end = group_end < end ? group_end : end;
        found = next_bit(map, page, group_end);
        if (found < group_end)
            return found;
        page = group_end;
    }
    return UINT64_MAX;
}

uint64_t ram_next_touched(const struct ram *ram, uint64_t page)
{
    return next_page(ram, ram->touched, page);
}

uint64_t ram_next_dirty(const struct ram *ram, uint64_t page)
{
    return next_page(ram, ram->dirty, page);
}

void ram_clean(struct ram *ram)
{
    uint64_t page = ram_next_dirty(ram, 0);

    for (; page != UINT64_MAX; page = ram_next_dirty(ram, page))
        ram->dirty[page / WORD_PAGES] = 0;
}

void ram_put_page(struct ram *ram, uint64_t page, const uint8_t *bytes)
{
    gpa_t at = gpa_of(page << PAGE_SHIFT);

    ram_mark(ram, at, PAGE_BYTES);
    if (bytes) {
        memcpy(ram->base + at.v, bytes, PAGE_BYTES);
        return;
    }
    memset(ram->base + at.v, 0, PAGE_BYTES);
    ram->touched[page / WORD_PAGES] &= ~((uint64_t)1 << page % WORD_PAGES);
}
