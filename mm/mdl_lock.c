/* mm/mdl_lock.c -- giving an MDL its pages: by building it for resident memory
 * or by locking what the buffer's addresses show.
 * Source: docs/mm.md, "MDLs"; WDK, MmProbeAndLockPages, MmUnlockPages. */
#include <stdlib.h>

#include "base/vec.h"
#include "mm/mdl_private.h"
#include "mm/pool.h"
#include "mm/system_private.h"

/* ---- resident memory --------------------------------------------------------
 */

/* The frame that each page of the buffer shows now. */
static enum hb_status resident_pfns(struct mm *mm, uint32_t space,
                                    const struct mdl *m, uint32_t *pfn,
                                    struct mm_misuse *misuse)
{
    for (uint32_t i = 0; i < m->pages; i++) {
        gva_t at = gva_of(m->start + i * PAGE_BYTES);
        gpa_t pa;

        if (!mm_physical(mm, space, at, &pa)) {
            return mm_misused(misuse, 0x1a, 0x1240, m->at.v,
                              pte_self_va(mm, at), 0);
        }
        pfn[i] = (uint32_t)(pa.v >> PAGE_SHIFT);
    }
    return HB_OK;
}

static void remark_on_stack(struct mm *mm, const struct mdl *m)
{
    const struct pte_run *r = sysptes_find(mm, gva_of(m->start));

    if (r && r->use == PTES_STACK)
        EMIT(mm->events, finding, EVENT_STRING("S33"),
             EVENT_STRING("MDL built for nonpaged pool on a kernel stack"));
}

static enum hb_status build(struct mm *mm, uint32_t space, struct mdl *m,
                            uint32_t *pfn, struct mm_misuse *misuse)
{
    enum hb_status st = resident_pfns(mm, space, m, pfn, misuse);
    unsigned flags = m->flags | MDL_SOURCE_IS_NONPAGED_POOL;

    if (st != HB_OK)
        return st;
    if (!frames_is_ram(mm, pfn[m->pages - 1]))
        flags |= MDL_IO_SPACE;
    if (mdl_put_pfns(mm, space, m->at, pfn, m->pages) != HB_OK)
        return HB_FAULT;
    mdl_put32(mm, space, m->at, MDL_PROCESS, 0);
    mdl_put32(mm, space, m->at, MDL_MAPPED_VA, m->start + m->offset);
    return mdl_set_flags(mm, space, m, flags);
}

enum hb_status mdl_build_nonpaged(struct mm *mm, uint32_t space, gva_t mdl,
                                  struct mm_misuse *misuse)
{
    struct mdl m;
    enum hb_status st = mdl_load(mm, space, mdl, &m);
    uint32_t *pfn;

    if (st == HB_OK && !m.pages)
        st = HB_BAD_ARGUMENT;
    if (st != HB_OK)
        return st;
    if (mm->s.settings.checks && pool_contains(mm, true, gva_of(m.start))) {
        return mm_misused(misuse, 0xc4, 0x7f, 0, mdl.v, m.flags);
    }
    remark_on_stack(mm, &m);
    pfn = malloc(m.pages * sizeof *pfn);
    if (!pfn)
        return HB_NO_MEMORY;
    st = build(mm, space, &m, pfn, misuse);
    free(pfn);
    return st;
}

/* ---- locking ----------------------------------------------------------------
 */

struct probe {
    uint32_t space;
    bool user_mode, write;
};

/* May the buffer's page at @at be used so? Then *pa. */
static bool probe_allows(const struct mm *mm, const struct probe *p, gva_t at,
                         gpa_t *pa, uint32_t *error)
{
    struct walk_in in;
    struct walk_out out;

    if (!space_walk_in(mm, p->space, &in))
        return false;
    in.user = p->user_mode;
    /* write access is probed for user addresses alone, as NT does */
    in.write = p->write && at.v < MM_SYSTEM_START;
    if (!walk(mm->ram, &in, at, &out)) {
        *error = out.error;
        return false;
    }
    *pa = out.pa;
    return true;
}

/* The page of @at, brought in if need be. */
static enum hb_status probe_page(struct mm *mm, const struct probe *p, gva_t at,
                                 gpa_t *pa)
{
    enum { TRIES = 3 }; /* in from transition, then a copy on write */

    for (int i = 0; i < TRIES; i++) {
        uint32_t error = 0;
        enum mm_fault fault;

        if (probe_allows(mm, p, at, pa, &error))
            return HB_OK;
        fault = mm_fault(mm, p->space, at, error);
        if (fault == MM_FAULT_NO_PAGES)
            return HB_NO_PAGES;
        if (fault != MM_FAULT_RESOLVED)
            return HB_FAULT;
    }
    return HB_FAULT;
}

static enum hb_status lock_pages(struct mm *mm, const struct probe *p,
                                 const struct mdl *m, uint32_t *pfn,
                                 bool *device)
{
    enum hb_status st = HB_OK;
    uint32_t i = 0;
    gpa_t pa;

    for (; i < m->pages; i++) {
        st = probe_page(mm, p, gva_of(m->start + i * PAGE_BYTES), &pa);
        if (st != HB_OK)
            break;
        pfn[i] = (uint32_t)(pa.v >> PAGE_SHIFT);
        if (!frames_lock(mm, pfn[i]))
            *device = true;
        else if (p->write) /* by DMA, of which no entry will tell */
            frames_find(mm, pfn[i])->dirty = 1;
    }
    while (st != HB_OK && i-- > 0)
        frames_unlock(mm, pfn[i]);
    return st;
}

static bool is_user(const struct mdl *m)
{
    return m->start < MM_SYSTEM_START;
}

/* ---- TrackLockedPages
 * --------------------------------------------------------
 */

static void track(struct mm *mm, uint32_t space, const struct mdl *m)
{
    const struct locked_mdl l = {space, m->at.v, m->pages, 0};

    if (mm->s.settings.track_locks && mm->s.lock.count < MM_LOCKS_MOST)
        vec_push(&mm->s.lock, sizeof l, &l);
}

static struct locked_mdl *tracked(struct mm *mm, gva_t mdl, uint32_t *at)
{
    for (*at = 0; *at < mm->s.lock.count; ++*at) {
        struct locked_mdl *l = VEC_AT(struct locked_mdl, &mm->s.lock, *at);

        if (l->mdl == mdl.v)
            return l;
    }
    return NULL;
}

void mdl_lock_own(struct mm *mm, gva_t mdl, gva_t owner)
{
    uint32_t i;
    struct locked_mdl *l = tracked(mm, mdl, &i);

    if (l)
        l->owner = owner.v;
}

static void untrack(struct mm *mm, gva_t mdl)
{
    uint32_t i;

    if (tracked(mm, mdl, &i))
        vec_remove(&mm->s.lock, sizeof(struct locked_mdl), i);
}

static enum hb_status record_lock(struct mm *mm, uint32_t space, struct mdl *m,
                                  const uint32_t *pfn, bool write, bool device)
{
    struct space *sp = space_find(mm, space);
    unsigned flags = m->flags & ~(unsigned)(MDL_WRITE_OPERATION | MDL_IO_SPACE);

    if (mdl_put_pfns(mm, space, m->at, pfn, m->pages) != HB_OK)
        return HB_FAULT;
    mdl_put32(mm, space, m->at, MDL_PROCESS, is_user(m) ? sp->process : 0);
    if (is_user(m)) {
        sp->locked += m->pages;
        track(mm, space, m);
    }
    flags |= MDL_PAGES_LOCKED | (write ? MDL_WRITE_OPERATION : 0u) |
             (device ? MDL_IO_SPACE : 0u);
    return mdl_set_flags(mm, space, m, flags);
}

/* Before anything is touched: the MDL's state and the range. */
static enum hb_status lock_refused(struct mm *mm, const struct mdl *m,
                                   bool user_mode, struct mm_misuse *misuse)
{
    const unsigned bad = MDL_MAPPED_TO_SYSTEM_VA | MDL_PAGES_LOCKED |
                         MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL |
                         MDL_IO_SPACE;
    uint64_t end = (uint64_t)m->start + m->offset + m->bytes;

    if (user_mode && end > MM_USER_PROBE)
        return HB_FAULT;
    if (!m->pages)
        return HB_BAD_ARGUMENT;
    if (m->flags & bad && mdl_verify(mm, m, 0xb0, m->flags & bad, misuse))
        return HB_BAD_STATE;
    return HB_OK;
}

static enum hb_status do_lock(struct mm *mm, const struct probe *p,
                              struct mdl *m, uint32_t *pfn,
                              struct mm_misuse *misuse)
{
    bool device = false;
    enum hb_status st = lock_pages(mm, p, m, pfn, &device);

    if (st != HB_OK)
        return st;
    if (device && mm->s.settings.checks) {
        st = mm_misused(misuse, 0xc4, 0x6f, m->at.v, pfn[m->pages - 1],
                        (uint32_t)(mm->ram->top >> PAGE_SHIFT) - 1);
    } else {
        st = record_lock(mm, p->space, m, pfn, p->write, device);
    }
    for (uint32_t i = 0; st != HB_OK && i < m->pages; i++)
        frames_unlock(mm, pfn[i]);
    return st;
}

enum hb_status mdl_lock(struct mm *mm, uint32_t space, gva_t mdl,
                        bool user_mode, enum mdl_access access,
                        struct mm_misuse *misuse)
{
    const struct probe p = {space, user_mode, access != MDL_READ_ACCESS};
    struct mdl m;
    enum hb_status st = mdl_load(mm, space, mdl, &m);
    uint32_t *pfn = NULL;

    if (st == HB_FAULT)
        return st;
    if (st == HB_BAD_ARGUMENT && user_mode &&
        (uint64_t)m.start + m.offset + m.bytes > MM_USER_PROBE)
        st = HB_FAULT; /* a range that wraps is a bad address first */
    if (st == HB_OK)
        st = lock_refused(mm, &m, user_mode, misuse);
    if (st == HB_OK) {
        pfn = malloc(m.pages * sizeof *pfn);
        st = pfn ? do_lock(mm, &p, &m, pfn, misuse) : HB_NO_PAGES;
    }
    free(pfn);
    if (st == HB_FAULT || st == HB_NO_PAGES)
        mdl_put32(mm, space, mdl, MDL_PFNS, UINT32_MAX);
    return st;
}

/* ---- unlocking --------------------------------------------------------------
 */

static void uncharge(struct mm *mm, const struct mdl *m, uint32_t pages)
{
    for (uint32_t i = 0; m->process && i < mm->s.space.count; i++) {
        struct space *sp = VEC_AT(struct space, &mm->s.space, i);

        if (sp->process == m->process) {
            sp->locked -= sp->locked < pages ? sp->locked : pages;
            return;
        }
    }
}

static void over_unlocked(const struct mm *mm, const struct mdl *m,
                          uint32_t pfn, struct mm_misuse *misuse)
{
    const struct frame *f = frames_find(mm, pfn);

    if (m->process)
        mm_misused(misuse, 0x76, 1, m->at.v, m->pages, 0);
    else
        mm_misused(misuse, 0x4e, 7, pfn, f ? f->refs : 0, 0);
}

enum hb_status mdl_unlock_frames(struct mm *mm, const struct mdl *m,
                                 const uint32_t *pfn, uint32_t count,
                                 struct mm_misuse *misuse)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!frames_unlock(mm, pfn[i]) && frames_is_ram(mm, pfn[i])) {
            over_unlocked(mm, m, pfn[i], misuse);
            return HB_BAD_STATE;
        }
    }
    uncharge(mm, m, count);
    untrack(mm, m->at);
    return HB_OK;
}

/* What an unlock of an MDL that is not locked comes to. */
static enum hb_status never_locked(struct mm *mm, uint32_t space,
                                   const struct mdl *m,
                                   struct mm_misuse *misuse)
{
    uint32_t code = m->flags & MDL_PARTIAL                   ? 0xb4
                    : m->flags & MDL_SOURCE_IS_NONPAGED_POOL ? 0x7d
                                                             : 0x7c;
    uint32_t pfn = 0;

    if (!mdl_verify(mm, m, code, 0, misuse)) {
        mm_read(mm, space, gva_add(m->at, MDL_PFNS), &pfn, 4);
        over_unlocked(mm, m, pfn, misuse);
    }
    return HB_BAD_STATE;
}

enum hb_status mdl_unlock(struct mm *mm, uint32_t space, gva_t mdl,
                          struct mm_misuse *misuse)
{
    struct mdl m;
    enum hb_status st = mdl_load(mm, space, mdl, &m);
    uint32_t *pfn;

    if (st != HB_OK)
        return st;
    if (!(m.flags & MDL_PAGES_LOCKED))
        return never_locked(mm, space, &m, misuse);
    if (m.flags & MDL_MAPPED_TO_SYSTEM_VA) {
        st = mdl_unmap(mm, space, mdl, gva_of(m.mapped), misuse);
        if (st == HB_OK)
            st = mdl_load(mm, space, mdl, &m);
        if (st != HB_OK)
            return st;
    }
    st = mdl_pfns(mm, space, &m, &pfn, NULL);
    if (st != HB_OK)
        return st;
    st = mdl_unlock_frames(mm, &m, pfn, m.pages, misuse);
    free(pfn);
    if (st != HB_OK)
        return st;
    return mdl_set_flags(
        mm, space, &m, m.flags & ~(unsigned)(MDL_PAGES_LOCKED | MDL_IO_SPACE));
}
