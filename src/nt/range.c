/* src/nt/range.c -- range lists: what of ports, memory or numbers is in use, by
 * whom. Source: NT's rtl.h (RTL_RANGE_LIST, RTL_RANGE, RTL_RANGE_LIST_ITERATOR)
 * and the arbiters that PCI and ACPI drivers build on them.
 *
 *      RTL_RANGE_LIST: ListHead +0, Flags +8, Count +0Ch, Stamp +10h
 *      a range in paged pool: RTL_RANGE, then its LIST_ENTRY at +1Ch, in
 *      ascending order of its start; an iterator's stamp says whether the list
 *      has changed since
 *
 * Lists lie in the driver's memory: each walk is bounded. */
#include "nt/exports.h"
#include "nt/guest.h"

enum { LIST_FLAGS = 8, LIST_COUNT = 0xc, LIST_STAMP = 0x10, LIST_BYTES = 0x14 };
enum { /* RTL_RANGE */
       RANGE_START = 0,
       RANGE_END = 8,
       RANGE_USER_DATA = 0x10,
       RANGE_OWNER = 0x14,
       RANGE_ATTRIBUTES = 0x18,
       RANGE_FLAGS = 0x19,
       RANGE_LINK = 0x1c,
       RANGE_BYTES = 0x28,
};
enum { ITERATOR_HEAD = 0, ITERATOR_CURRENT = 8, ITERATOR_STAMP = 0xc };
enum { RANGE_SHARED = 1, RANGE_CONFLICT = 2 }; /* Flags of a range */
enum { ADD_IF_CONFLICT = 1, ADD_SHARED = 2 };  /* ... of RtlAddRange */
enum { SHARED_OK = 1, NULL_CONFLICT_OK = 2 };  /* ... of questions */
enum { RANGES_MOST = 4096 }; /* copying and finding take its square */
#define STATUS_RANGE_LIST_CONFLICT 0xC0000282u
#define STATUS_RANGE_NOT_FOUND     0xC000028Cu

struct range {
    uint64_t start, end;
    uint32_t user_data, owner;
    uint8_t attributes, flags;
};

static struct range load_range(struct call *c, uint32_t at)
{
    struct range r = {.start = load_u64(c, gva_of(at + RANGE_START)),
                      .end = load_u64(c, gva_of(at + RANGE_END)),
                      .user_data = load_u32(c, gva_of(at + RANGE_USER_DATA)),
                      .owner = load_u32(c, gva_of(at + RANGE_OWNER)),
                      .attributes = load_u8(c, gva_of(at + RANGE_ATTRIBUTES)),
                      .flags = load_u8(c, gva_of(at + RANGE_FLAGS))};

    return r;
}

/* ---- walking
 * ---------------------------------------------------------------------
 */

/** for (w = ranges_of(c, list); next_range(c, &w);) w.at is a range. */
struct ranges {
    uint32_t list, link, at;
    unsigned left;
    bool endless; /* it ended because there are too many */
};

static struct ranges ranges_of(struct call *c, uint32_t list)
{
    return (struct ranges){
        .list = list, .link = load_u32(c, gva_of(list)), .left = RANGES_MOST};
}

static bool next_range(struct call *c, struct ranges *w)
{
    if (!call_ok(c) || w->link == w->list || w->endless)
        return false;
    if (w->left-- == 0) {
        call_finding(c, "range-list",
                     "range list %08X has no end, or more than %u ranges",
                     w->list, RANGES_MOST);
        w->endless = true;
        return false;
    }
    w->at = w->link - RANGE_LINK;
    w->link = load_u32(c, gva_of(w->link));
    return call_ok(c);
}

/* Does the list end? */
static bool ends(struct call *c, uint32_t list)
{
    struct ranges w = ranges_of(c, list);

    while (next_range(c, &w))
        ;
    return !w.endless;
}

static void changed(struct call *c, uint32_t list, int count)
{
    gva_t at = gva_of(list + LIST_COUNT), stamp = gva_of(list + LIST_STAMP);

    store_u32(c, at, load_u32(c, at) + (uint32_t)count);
    store_u32(c, stamp, load_u32(c, stamp) + 1);
}

/* False: it has no end, and stays as it is. */
static bool insert(struct call *c, uint32_t list, const struct range *r,
                   uint32_t at)
{
    struct ranges w = ranges_of(c, list);
    uint32_t before = list, link = at + RANGE_LINK, after;

    while (next_range(c, &w) &&
           load_u64(c, gva_of(w.at + RANGE_START)) <= r->start)
        before = w.at + RANGE_LINK;
    if (w.endless)
        return false;
    after = load_u32(c, gva_of(before));
    store_u64(c, gva_of(at + RANGE_START), r->start);
    store_u64(c, gva_of(at + RANGE_END), r->end);
    store_u32(c, gva_of(at + RANGE_USER_DATA), r->user_data);
    store_u32(c, gva_of(at + RANGE_OWNER), r->owner);
    store_u8(c, gva_of(at + RANGE_ATTRIBUTES), r->attributes);
    store_u8(c, gva_of(at + RANGE_FLAGS), r->flags);
    store_u32(c, gva_of(link), after);
    store_u32(c, gva_of(link + 4), before);
    store_u32(c, gva_of(before), link);
    store_u32(c, gva_of(after + 4), link);
    changed(c, list, 1);
    return true;
}

/* STATUS_x; at a fault anything. */
static uint32_t add(struct call *c, uint32_t list, const struct range *r)
{
    uint32_t at = nt_pool_paged(nt_of(c), RANGE_BYTES, TAG('R', 'r', 'l', 'e'));

    if (at == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (insert(c, list, r, at))
        return STATUS_SUCCESS;
    nt_pool_free(nt_of(c), at);
    return STATUS_INVALID_PARAMETER;
}

static void take_out(struct call *c, uint32_t list, uint32_t at)
{
    uint32_t next = load_u32(c, gva_of(at + RANGE_LINK));
    uint32_t previous = load_u32(c, gva_of(at + RANGE_LINK + 4));

    store_u32(c, gva_of(previous), next);
    store_u32(c, gva_of(next + 4), previous);
    changed(c, list, -1);
    if (call_ok(c))
        nt_pool_free(nt_of(c), at);
}

static bool overlaps(struct call *c, uint32_t at, uint64_t start, uint64_t end)
{
    return load_u64(c, gva_of(at + RANGE_START)) <= end &&
           load_u64(c, gva_of(at + RANGE_END)) >= start;
}

/* ---- lists
 * -----------------------------------------------------------------------
 */

static void initialize(struct call *c, uint32_t list)
{
    store_u32(c, gva_of(list), list);
    store_u32(c, gva_of(list + 4), list);
    store_zero(c, gva_of(list + LIST_FLAGS), LIST_BYTES - LIST_FLAGS);
}

void thunk_RtlInitializeRangeList(struct call *c)
{
    initialize(c, call_u32(c, 0));
    call_return(c, 0);
}

/* VOID RtlFreeRangeList(List): it is empty then. */
void thunk_RtlFreeRangeList(struct call *c)
{
    uint32_t list = call_u32(c, 0);
    struct ranges w = ranges_of(c, list);

    while (next_range(c, &w))
        nt_pool_free(nt_of(c), w.at);
    initialize(c, list);
    call_return(c, 0);
}

/* NTSTATUS RtlAddRange(List, Start, End, Attributes, Flags, UserData, Owner):
 * a range that meets another is a conflict, unless both are shared. */
void thunk_RtlAddRange(struct call *c)
{
    uint32_t list = call_u32(c, 0), flags = call_u32(c, 6);
    struct range r = {.start = call_u64(c, 1),
                      .end = call_u64(c, 3),
                      .attributes = call_u8(c, 5),
                      .flags = flags & ADD_SHARED ? RANGE_SHARED : 0,
                      .user_data = call_u32(c, 7),
                      .owner = call_u32(c, 8)};
    struct ranges w = ranges_of(c, list);
    bool conflict = false;

    if (r.end < r.start) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    while (!conflict && next_range(c, &w))
        conflict = overlaps(c, w.at, r.start, r.end) &&
                   !(r.flags & RANGE_SHARED &&
                     load_u8(c, gva_of(w.at + RANGE_FLAGS)) & RANGE_SHARED);
    if (!call_ok(c))
        return;
    if (w.endless) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    if (conflict && !(flags & ADD_IF_CONFLICT)) {
        call_return(c, STATUS_RANGE_LIST_CONFLICT);
        return;
    }
    if (conflict)
        r.flags |= RANGE_CONFLICT;
    call_return(c, add(c, list, &r));
}

/* NTSTATUS RtlDeleteRange(List, Start, End, Owner): exactly this one. */
void thunk_RtlDeleteRange(struct call *c)
{
    uint32_t list = call_u32(c, 0), owner = call_u32(c, 5);
    uint64_t start = call_u64(c, 1), end = call_u64(c, 3);
    struct ranges w = ranges_of(c, list);

    while (next_range(c, &w)) {
        struct range r = load_range(c, w.at);

        if (r.start != start || r.end != end || r.owner != owner)
            continue;
        take_out(c, list, w.at);
        call_return(c, STATUS_SUCCESS);
        return;
    }
    call_return(c, STATUS_RANGE_NOT_FOUND);
}

/* NTSTATUS RtlDeleteOwnersRanges(List, Owner). */
void thunk_RtlDeleteOwnersRanges(struct call *c)
{
    uint32_t list = call_u32(c, 0), owner = call_u32(c, 1);
    struct ranges w = ranges_of(c, list);

    while (next_range(c, &w))
        if (load_u32(c, gva_of(w.at + RANGE_OWNER)) == owner)
            take_out(c, list, w.at);
    call_return(c, STATUS_SUCCESS);
}

/* All ranges of @from into @to; those that conflict as @flags say. */
static uint32_t add_all(struct call *c, uint32_t to, uint32_t from,
                        uint32_t flags, bool look)
{
    struct ranges w = ranges_of(c, from);
    uint32_t status = STATUS_SUCCESS;

    if (!ends(c, from))
        return STATUS_INVALID_PARAMETER;
    while (status == STATUS_SUCCESS && next_range(c, &w)) {
        struct range r = load_range(c, w.at);
        struct ranges o = ranges_of(c, to);
        bool conflict = false;

        while (look && !conflict && next_range(c, &o))
            conflict = overlaps(c, o.at, r.start, r.end) &&
                       !(r.flags & RANGE_SHARED &&
                         load_u8(c, gva_of(o.at + RANGE_FLAGS)) & RANGE_SHARED);
        if (conflict && !(flags & ADD_IF_CONFLICT))
            return STATUS_RANGE_LIST_CONFLICT;
        if (conflict)
            r.flags |= RANGE_CONFLICT;
        status = add(c, to, &r);
    }
    return status;
}

/* NTSTATUS RtlCopyRangeList(Copy, List): the copy must be empty. */
void thunk_RtlCopyRangeList(struct call *c)
{
    uint32_t copy = call_u32(c, 0);

    if (load_u32(c, gva_of(copy + LIST_COUNT)))
        call_return(c, STATUS_INVALID_PARAMETER);
    else
        call_return(c, add_all(c, copy, call_u32(c, 1), 0, false));
}

/* NTSTATUS RtlMergeRangeLists(Merged, List1, List2, Flags). */
void thunk_RtlMergeRangeLists(struct call *c)
{
    uint32_t merged = call_u32(c, 0), status;

    status = add_all(c, merged, call_u32(c, 1), 0, false);
    if (status == STATUS_SUCCESS)
        status = add_all(c, merged, call_u32(c, 2), call_u32(c, 3), true);
    call_return(c, status);
}

/* NTSTATUS RtlInvertRangeList(Inverted, List): its gaps, nobody's. */
void thunk_RtlInvertRangeList(struct call *c)
{
    uint32_t inverted = call_u32(c, 0), status = STATUS_SUCCESS;
    struct ranges w = ranges_of(c, call_u32(c, 1));
    struct range gap = {.start = 0, .end = UINT64_MAX};
    bool more = true;

    while (more && status == STATUS_SUCCESS && next_range(c, &w)) {
        struct range r = load_range(c, w.at);

        gap.end = r.start - 1;
        if (r.start > gap.start)
            status = add(c, inverted, &gap);
        if (r.end >= gap.start)
            gap.start = r.end + 1;
        more = gap.start != 0 || r.end < r.start;
    }
    gap.end = UINT64_MAX;
    if (w.endless)
        status = STATUS_INVALID_PARAMETER;
    if (more && status == STATUS_SUCCESS)
        status = add(c, inverted, &gap);
    call_return(c, status);
}

/* ---- iterators
 * -------------------------------------------------------------------
 */

static void iterate(struct call *c, uint32_t iterator, uint32_t list,
                    uint32_t link, uint32_t out)
{
    bool end = link == list;
    uint32_t at = end ? 0 : link - RANGE_LINK;

    store_u32(c, gva_of(iterator + ITERATOR_CURRENT), at);
    store_u32(c, gva_of(out), at);
    call_return(c, end ? STATUS_NO_MORE_ENTRIES : STATUS_SUCCESS);
}

static void begin(struct call *c, uint32_t first)
{
    uint32_t list = call_u32(c, 0), iterator = call_u32(c, 1);

    store_u32(c, gva_of(iterator + ITERATOR_HEAD), list);
    store_u32(c, gva_of(iterator + ITERATOR_HEAD + 4), 0);
    store_u32(c, gva_of(iterator + ITERATOR_STAMP),
              load_u32(c, gva_of(list + LIST_STAMP)));
    iterate(c, iterator, list, load_u32(c, gva_of(list + first)),
            call_u32(c, 2));
}

/* NTSTATUS RtlGetFirstRange(List, *Iterator, **Range). */
void thunk_RtlGetFirstRange(struct call *c)
{
    begin(c, 0);
}

void thunk_RtlGetLastRange(struct call *c)
{
    begin(c, 4);
}

/* NTSTATUS RtlGetNextRange(*Iterator, **Range, MoveForwards): of a list that
 * has changed since: STATUS_INVALID_PARAMETER. */
void thunk_RtlGetNextRange(struct call *c)
{
    uint32_t iterator = call_u32(c, 0);
    uint32_t list = load_u32(c, gva_of(iterator + ITERATOR_HEAD));
    uint32_t at = load_u32(c, gva_of(iterator + ITERATOR_CURRENT));
    uint32_t stamp = load_u32(c, gva_of(iterator + ITERATOR_STAMP));

    if (!call_ok(c))
        return;
    if (stamp != load_u32(c, gva_of(list + LIST_STAMP))) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    if (at == 0) { /* was at its end */
        store_u32(c, call_va(c, 1), 0);
        call_return(c, STATUS_NO_MORE_ENTRIES);
        return;
    }
    at += RANGE_LINK + (call_bool(c, 2) ? 0 : 4);
    iterate(c, iterator, list, load_u32(c, gva_of(at)), call_u32(c, 1));
}

/* ---- questions
 * -------------------------------------------------------------------
 * Is [start, end] free? A range in the way may be passed over: shared, of an
 * attribute that does not count, nobody's, or because the callback says so. */

struct question {
    uint32_t list, flags, mask, context, callback;
};

/* Words of the record. */
enum { W_START, W_START_HIGH, W_CURSOR, W_WALKED };
enum { Q_NEW, Q_CALLED = 1 };

static bool passed_over(struct call *c, const struct question *q, uint32_t at)
{
    struct range r = load_range(c, at);

    return (q->flags & SHARED_OK && r.flags & RANGE_SHARED) ||
           r.attributes & q->mask ||
           (q->flags & NULL_CONFLICT_OK && r.owner == 0);
}

/* The next range from the cursor on that is in the way, 0: none. False: its
 * callback has been called, in state Q_CALLED it is to be looked at again; or
 * the list has no end, and the entry has ended. */
static bool in_the_way(struct call *c, const struct question *q, uint64_t start,
                       uint64_t end, uint32_t *found)
{
    struct ranges w = ranges_of(c, q->list);

    *found = 0;
    w.left -= c->w[W_WALKED];
    if (c->w[W_CURSOR]) {
        if (c->state == Q_CALLED && !(c->eax & 0xff)) {
            *found = c->w[W_CURSOR];
            return true;
        }
        w.link = load_u32(c, gva_of(c->w[W_CURSOR] + RANGE_LINK));
    }
    while (next_range(c, &w)) {
        const uint32_t args[2] = {q->context, w.at};

        if (!overlaps(c, w.at, start, end) || passed_over(c, q, w.at))
            continue;
        if (!call_ok(c))
            break;
        c->w[W_CURSOR] = w.at;
        c->w[W_WALKED] = RANGES_MOST - w.left;
        if (q->callback) {
            call_guest(c, gva_of(q->callback), 2, args, Q_CALLED);
            return false;
        }
        *found = w.at;
        return true;
    }
    if (w.endless)
        call_return(c, STATUS_INVALID_PARAMETER);
    return call_ok(c) && !w.endless;
}

/* NTSTATUS RtlIsRangeAvailable(List, Start, End, Flags, AttributeMask, Context,
 * Callback, *Available). */
void thunk_RtlIsRangeAvailable(struct call *c)
{
    struct question q = {.list = call_u32(c, 0),
                         .flags = call_u32(c, 5),
                         .mask = call_u8(c, 6),
                         .context = call_u32(c, 7),
                         .callback = call_u32(c, 8)};
    uint32_t found;

    if (call_u64(c, 3) < call_u64(c, 1)) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    if (!in_the_way(c, &q, call_u64(c, 1), call_u64(c, 3), &found))
        return;
    store_u8(c, call_va(c, 9), found == 0);
    call_return(c, STATUS_SUCCESS);
}

/* NTSTATUS RtlFindRange(List, Minimum, Maximum, Length, Alignment, Flags,
 * AttributeMask, Context, Callback, *Start): the highest place that is free. */
void thunk_RtlFindRange(struct call *c)
{
    struct question q = {.list = call_u32(c, 0),
                         .flags = call_u32(c, 7),
                         .mask = call_u8(c, 8),
                         .context = call_u32(c, 9),
                         .callback = call_u32(c, 10)};
    uint64_t least = call_u64(c, 1), most = call_u64(c, 3), start, stop;
    uint32_t length = call_u32(c, 5), alignment = call_u32(c, 6), found;

    if (!length || !alignment || least > most || most - least < length - 1) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    start = c->w[W_START] | (uint64_t)c->w[W_START_HIGH] << 32;
    if (c->state == Q_NEW) {
        start = most - (length - 1);
        start -= start % alignment;
    }
    for (unsigned tries = 0; start >= least && tries < RANGES_MOST; tries++) {
        c->w[W_START] = (uint32_t)start;
        c->w[W_START_HIGH] = (uint32_t)(start >> 32);
        if (!in_the_way(c, &q, start, start + length - 1, &found))
            return;
        if (found == 0) {
            store_u64(c, call_va(c, 11), start);
            call_return(c, STATUS_SUCCESS);
            return;
        }
        c->w[W_CURSOR] = 0; /* below it, from the beginning */
        c->w[W_WALKED] = 0;
        stop = load_u64(c, gva_of(found + RANGE_START));
        if (!call_ok(c))
            return;
        if (stop < length)
            break;
        start = stop - length;
        start -= start % alignment;
    }
    call_return(c, STATUS_UNSUCCESSFUL);
}
