/* mm/tlb.c -- the one TLB: an array by virtual page number, and a list of the
 * entries in use, so that a flush costs what is in use. */
#include "mm/tlb.h"

#include <sys/mman.h>

enum { ENTRIES = 1 << 20, LARGE_PAGES = 1024 };

static void *zero_pages(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

enum hb_status tlb_create(struct tlb *tlb, struct hb_error *error)
{
    *tlb = (struct tlb){0};
    tlb->entry = zero_pages(ENTRIES * sizeof *tlb->entry);
    tlb->used = zero_pages(ENTRIES * sizeof *tlb->used);
    if (!tlb->entry || !tlb->used) {
        tlb_destroy(tlb);
        return hb_fail(error, HB_NO_MEMORY, "no memory for the TLB");
    }
    return HB_OK;
}

void tlb_destroy(struct tlb *tlb)
{
    if (tlb->entry)
        munmap(tlb->entry, ENTRIES * sizeof *tlb->entry);
    if (tlb->used)
        munmap(tlb->used, ENTRIES * sizeof *tlb->used);
    *tlb = (struct tlb){0};
}

/* SDM vol. 3A 4.6: rights by mode of access; a write needs the dirty bit too,
 * so that the walk of the first one sets it. */
static uint8_t allowed(uint8_t flags, bool wp, bool nx)
{
    unsigned user = TLB_READ | TLB_FETCH, supervisor = user;

    if (flags & TLB_DIRTY) {
        if (flags & TLB_RW)
            user |= TLB_WRITE;
        if (flags & TLB_RW || !wp)
            supervisor |= TLB_WRITE;
    }
    if (nx && flags & TLB_NX) {
        user &= ~(unsigned)TLB_FETCH;
        supervisor &= ~(unsigned)TLB_FETCH;
    }
    return (uint8_t)(supervisor | (flags & TLB_US ? user << TLB_USER : 0));
}

static uint8_t reads_of(uint8_t allow)
{
    const unsigned writes = TLB_WRITE | TLB_WRITE << TLB_USER;

    return (uint8_t)(allow & ~writes);
}

/* The fast ways of an entry that no write has come to yet. */
static uint8_t fast_of(const struct tlb_entry *e)
{
    return e->host ? (uint8_t)(reads_of(e->allow) & ~e->slow) : 0;
}

static uint8_t flags_of(const struct walk_in *in, const struct walk_out *out)
{
    unsigned flags = 0;

    if (out->global)
        flags |= TLB_GLOBAL;
    if (out->page_bytes > PAGE_BYTES)
        flags |= TLB_LARGE;
    if (out->page_bytes == 2u << 20)
        flags |= TLB_2M;
    if (out->rights & PTE_RW)
        flags |= TLB_RW;
    if (out->rights & PTE_US)
        flags |= TLB_US;
    if (out->rights & PTE_NX)
        flags |= TLB_NX;
    if (out->dirty || in->write)
        flags |= TLB_DIRTY;
    return (uint8_t)flags;
}

static void enter(struct tlb *tlb, uint32_t vpn, struct tlb_entry new)
{
    struct tlb_entry *e = &tlb->entry[vpn];

    if (e->used) {
        tlb->changes++;
        new.used = e->used;
        tlb->large_count -= (e->flags & TLB_LARGE) != 0;
    } else {
        tlb->used[tlb->used_count] = vpn;
        new.used = ++tlb->used_count;
    }
    tlb->large_count += (new.flags &TLB_LARGE) != 0;
    *e = new;
}

struct tlb_entry *tlb_fill(struct tlb *tlb, struct ram *ram, gva_t va,
                           const struct walk_in *in, const struct walk_out *out)
{
    uint64_t frame = out->pa.v & ~(uint64_t)PAGE_MASK;
    struct tlb_entry new = {.frame = frame,
                            .host = ram_host(ram, gpa_of(frame)),
                            .flags = flags_of(in, out)};

    new.allow = allowed(new.flags, in->wp, in->nx);
    new.fast = fast_of(&new);
    enter(tlb, va.v >> PAGE_SHIFT, new);
    if (in->write)
        tlb_open_write(ram, tlb_entry(tlb, va));
    return tlb_entry(tlb, va);
}

void tlb_open_write(struct ram *ram, struct tlb_entry *e)
{
    if (!e->host || !ram_writes(ram, gpa_of(e->frame), PAGE_BYTES))
        return;
    if (ram_open(ram, gpa_of(e->frame)))
        e->fast = e->allow & (uint8_t)~e->slow;
}

/* The last of the list moves into the gap. */
static void drop(struct tlb *tlb, uint32_t vpn)
{
    struct tlb_entry *e = &tlb->entry[vpn];
    uint32_t last;

    if (!e->used)
        return;
    tlb->changes++;
    last = tlb->used[--tlb->used_count];
    tlb->used[e->used - 1] = last;
    tlb->entry[last].used = e->used;
    tlb->large_count -= (e->flags & TLB_LARGE) != 0;
    *e = (struct tlb_entry){0};
}

void tlb_flush_page(struct tlb *tlb, gva_t va)
{
    uint32_t vpn = va.v >> PAGE_SHIFT, first = vpn & ~(LARGE_PAGES - 1u);

    drop(tlb, vpn);
    if (!tlb->large_count)
        return;
    for (uint32_t i = first; i < first + LARGE_PAGES; i++) {
        uint8_t flags = tlb->entry[i].flags;

        if (flags & TLB_LARGE && (!(flags & TLB_2M) || i >> 9 == vpn >> 9))
            drop(tlb, i);
    }
}

void tlb_flush(struct tlb *tlb, bool global)
{
    uint32_t kept = 0;

    tlb->changes++;
    for (uint32_t i = 0; i < tlb->used_count; i++) {
        uint32_t vpn = tlb->used[i];
        struct tlb_entry *e = &tlb->entry[vpn];

        if (!global && e->flags & TLB_GLOBAL) {
            tlb->used[kept++] = vpn;
            e->used = kept;
        } else {
            tlb->large_count -= (e->flags & TLB_LARGE) != 0;
            *e = (struct tlb_entry){0};
        }
    }
    tlb->used_count = kept;
}

void tlb_allow(struct tlb *tlb, const struct walk_in *in)
{
    tlb->changes++;
    for (uint32_t i = 0; i < tlb->used_count; i++) {
        struct tlb_entry *e = &tlb->entry[tlb->used[i]];

        e->allow = allowed(e->flags, in->wp, in->nx);
        e->fast &= e->allow;
    }
}

void tlb_write_protect(struct tlb *tlb)
{
    for (uint32_t i = 0; i < tlb->used_count; i++) {
        struct tlb_entry *e = &tlb->entry[tlb->used[i]];

        e->fast = reads_of(e->fast);
    }
}

void tlb_close_page(struct tlb *tlb, gpa_t page)
{
    for (uint32_t i = 0; i < tlb->used_count; i++) {
        struct tlb_entry *e = &tlb->entry[tlb->used[i]];

        if (e->frame == page.v)
            e->fast = reads_of(e->fast);
    }
}

static void set_slow(struct tlb_entry *e, unsigned slow)
{
    e->slow = (uint8_t)(slow | slow << TLB_USER);
    e->fast = fast_of(e);
}

void tlb_slow(struct tlb *tlb, gva_t va, unsigned slow)
{
    struct tlb_entry *e = tlb_entry(tlb, va);

    if (!e->used)
        return;
    tlb->changes++;
    set_slow(e, slow);
}

void tlb_slow_all(struct tlb *tlb, tlb_slow_fn *slow, void *context)
{
    tlb->changes++;
    for (uint32_t i = 0; i < tlb->used_count; i++) {
        uint32_t vpn = tlb->used[i];
        struct tlb_entry *e = &tlb->entry[vpn];

        set_slow(e, slow(context, gva_of(vpn << PAGE_SHIFT), gpa_of(e->frame)));
    }
}

void tlb_remap(struct tlb *tlb, const struct ram *ram)
{
    tlb->changes++;
    for (uint32_t i = 0; i < tlb->used_count; i++) {
        struct tlb_entry *e = &tlb->entry[tlb->used[i]];

        if (e->frame < SHADOW_START || e->frame >= SHADOW_END)
            continue;
        e->host = ram_host(ram, gpa_of(e->frame));
        e->fast = fast_of(e);
    }
}

void tlb_save(const struct tlb *tlb, struct saver *s)
{
    save_u32(s, tlb->used_count);
    for (uint32_t i = 0; i < tlb->used_count; i++) {
        const struct tlb_entry *e = &tlb->entry[tlb->used[i]];

        save_u32(s, tlb->used[i]);
        save_u64(s, e->frame);
        save_u32(s, e->allow | (uint32_t)e->flags << 8);
    }
}

bool tlb_load(struct tlb *tlb, struct ram *ram, struct loader *l)
{
    uint32_t count = loader_u32(l);

    tlb_flush(tlb, true);
    for (uint32_t i = 0; i < count && !l->failed; i++) {
        uint32_t vpn = loader_u32(l), packed;
        struct tlb_entry e = {.frame = loader_u64(l)};

        packed = loader_u32(l);
        e.allow = (uint8_t)packed;
        e.flags = (uint8_t)(packed >> 8);
        e.host = ram_host(ram, gpa_of(e.frame));
        e.fast = fast_of(&e);
        if (l->failed || vpn >= ENTRIES || e.frame & PAGE_MASK ||
            tlb->entry[vpn].used)
            return false;
        enter(tlb, vpn, e);
    }
    return !l->failed;
}
