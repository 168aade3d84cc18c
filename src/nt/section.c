/* src/nt/section.c -- see section.h. A section is \Device\PhysicalMemory, or
 * pages of its own, zeroed when it is made and shared by all its views. What
 * XP answers to wrong arguments, in the order in which it looks at them: WDK
 * ZwMapViewOfSection; mm fact sheet 7. */
#include "nt/section.h"

#include <stdlib.h>

#include "mm/mdl.h"
#include "mm/view.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/service.h"

enum { SECTION_QUERY = 1, SECTION_MAP_WRITE = 2, SECTION_MAP_READ = 4 };
enum { SECTION_MAP_EXECUTE = 8, SECTION_ALL_ACCESS = 0xf001f };
enum { PAGE_NOCACHE = 0x200, PAGE_WRITECOMBINE = 0x400 };
enum { VIEW_SHARE = 1, VIEW_UNMAP = 2 };
enum { SEC_RESERVE = 0x4000000, SEC_COMMIT = 0x8000000 };
enum { SEC_NOCACHE = 0x10000000, SEC_BASED = 0x200000 };
/* MEM_RESERVE, MEM_TOP_DOWN, SEC_NO_CHANGE, MEM_LARGE_PAGES, MEM_DOS_LIM */
#define ALLOCATION_TYPES                                                       \
    (0x2000u | 0x100000u | 0x400000u | 0x20000000u | 0x40000000u)
#define CURRENT_PROCESS 0xffffffffu

/** What one of the PAGE_x says; access 0: no protection of a section. */
struct protection {
    uint32_t access; /* that the handle must have */
    unsigned rights; /* MM_x of the view */
};

static struct protection protection(uint32_t protect)
{
    static const struct protection of[] = {
        [0] = {SECTION_MAP_READ, MM_R}, /* PAGE_NOACCESS: see map_rights() */
        [1] = {SECTION_MAP_READ, MM_R},
        [2] = {SECTION_MAP_WRITE, MM_RW},
        [3] = {SECTION_MAP_READ, MM_R | MM_COPY},
        [4] = {SECTION_MAP_EXECUTE, MM_X},
        [5] = {SECTION_MAP_EXECUTE | SECTION_MAP_READ, MM_X},
        [6] = {SECTION_MAP_EXECUTE | SECTION_MAP_WRITE, MM_RWX},
        [7] = {SECTION_MAP_EXECUTE | SECTION_MAP_READ, MM_X | MM_COPY}};
    uint32_t kind = protect & 0xff, modifiers = protect & ~0xffu;

    for (unsigned i = 0; i < 8; i++)
        if (kind == 1u << i && (i || !modifiers) &&
            (modifiers == 0 || modifiers == PAGE_NOCACHE ||
             modifiers == PAGE_WRITECOMBINE))
            return of[i];
    return (struct protection){0};
}

static enum mm_cache cache_of(uint32_t protect)
{
    return protect & PAGE_NOCACHE        ? MM_NONCACHED
           : protect & PAGE_WRITECOMBINE ? MM_WRITE_COMBINED
                                         : MM_CACHED;
}

static uint32_t section_access(uint32_t access)
{
    uint32_t mapped = access & 0x0fffffffu;

    if (access & GENERIC_READ_ACCESS)
        mapped |= SECTION_QUERY | SECTION_MAP_READ;
    if (access & GENERIC_WRITE_ACCESS)
        mapped |= SECTION_MAP_WRITE;
    if (access & GENERIC_EXECUTE_ACCESS)
        mapped |= SECTION_MAP_EXECUTE;
    if (access & GENERIC_ALL_ACCESS)
        mapped |= SECTION_ALL_ACCESS;
    return mapped;
}

static struct nt_section *section_of(const struct nt *nt, uint32_t number)
{
    const struct nt_object *o = ob_at(nt, number);

    return o && o->type == TYPE_SECTION && o->data
               ? VEC_AT(struct nt_section, &nt->s.sections, o->data - 1)
               : NULL;
}

/* ---- making them ------------------------------------------------------------
 */

/* An object for @s, with one reference; 0: no memory. */
static uint32_t make_section(struct nt *nt, const struct nt_section *s)
{
    uint32_t number = ob_create(nt, TYPE_SECTION, 0), at = 0;

    while (at < nt->s.sections.count &&
           VEC_AT(struct nt_section, &nt->s.sections, at)->object)
        at++;
    if (number == 0 || (at == nt->s.sections.count &&
                        !nt_push(&nt->s.sections, sizeof *s, NULL))) {
        ob_destroy(nt, number);
        return 0;
    }
    *VEC_AT(struct nt_section, &nt->s.sections, at) = *s;
    VEC_AT(struct nt_section, &nt->s.sections, at)->object = number;
    ob_at(nt, number)->data = at + 1;
    return number;
}

bool section_boot(struct nt *nt)
{
    const struct nt_section physical = {.protect = 0x40};
    uint32_t number = make_section(nt, &physical);
    struct nt_string path;

    string_set(&path, "\\Device\\PhysicalMemory");
    if (number == 0 || ob_name(nt, number, &path) != STATUS_SUCCESS)
        return false;
    ob_at(nt, number)->permanent = true;
    return true;
}

static void free_pages(struct nt *nt, uint32_t mdl)
{
    struct mm_misuse why;

    if (mdl == 0)
        return;
    mdl_pages_free(nt->w.mm, 0, gva_of(mdl), &why);
    nt_pool_free(nt, mdl);
}

void section_destroyed(struct nt *nt, uint32_t number)
{
    struct nt_section *s = section_of(nt, number);

    if (s == NULL)
        return;
    free_pages(nt, s->mdl);
    *s = (struct nt_section){0};
}

/* NTSTATUS ZwOpenSection(*Handle, Access, Attributes). Programs have not been
 * let into physical memory since 2003 SP1 (IOS-036). */
void thunk_ZwOpenSection(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t access = section_access(call_u32(c, 1)), number, handle;
    struct captured name;
    uint32_t status = capture_attributes(c, call_u32(c, 2), &name);
    const struct nt_section *s;
    unsigned rest;

    if (status == STATUS_SUCCESS)
        status = ob_lookup(nt, &name.path, true, &number, &rest);
    s = status == STATUS_SUCCESS ? section_of(nt, number) : NULL;
    if (status == STATUS_SUCCESS && s == NULL)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    if (status == STATUS_SUCCESS && call_user(c) && s->mdl == 0 &&
        nt->w.mm->s.settings.era > MM_XP)
        status = STATUS_ACCESS_DENIED;
    if (status != STATUS_SUCCESS) {
        call_return(c, status);
        return;
    }
    handle = handle_create(nt, ke_current_process(nt->w.ke), number, access,
                           name.attributes);
    if (handle == 0)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (!service_store(c, call_u32(c, 0), handle))
        status = STATUS_ACCESS_VIOLATION;
    call_return(c, status);
}

struct section_wish {
    uint64_t bytes;
    uint32_t protect, attributes, file;
};

static uint32_t check_wish(const struct nt *nt, const struct section_wish *w)
{
    uint32_t kinds = w->attributes & (SEC_RESERVE | SEC_COMMIT);

    if (w->attributes &
            ~(uint32_t)(SEC_RESERVE | SEC_COMMIT | SEC_NOCACHE | SEC_BASED) ||
        (kinds != SEC_RESERVE && kinds != SEC_COMMIT))
        return STATUS_INVALID_PARAMETER_6;
    if (protection(w->protect).access == 0 || w->protect == 1)
        return STATUS_INVALID_PAGE_PROTECTION;
    if (w->file) /* docs/caveats.md: there are no files behind sections */
        return STATUS_INVALID_FILE_FOR_SECTION;
    if (w->bytes == 0)
        return STATUS_INVALID_PARAMETER_4;
    return w->bytes > mdl_most_bytes(nt->w.mm) ? STATUS_SECTION_TOO_BIG
                                               : STATUS_SUCCESS;
}

/* A section with pages, named if @name says so. STATUS_x. */
static uint32_t create(struct nt *nt, const struct section_wish *w,
                       const struct captured *name, uint32_t *number)
{
    const struct mdl_pages pages = {.high = UINT64_MAX,
                                    .bytes = w->bytes,
                                    .cache = MM_CACHE_UNSET,
                                    .flags = MDL_FULLY_REQUIRED};
    struct nt_section s = {.protect = w->protect, .bytes = (uint32_t)w->bytes};
    uint32_t status = STATUS_SUCCESS;
    gva_t mdl;

    if (mdl_pages_alloc(nt->w.mm, &pages, &mdl) != HB_OK)
        return STATUS_COMMITMENT_LIMIT;
    s.mdl = mdl.v;
    *number = make_section(nt, &s);
    if (*number == 0) {
        free_pages(nt, s.mdl);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (name->path.count)
        status = ob_name(nt, *number, &name->path);
    if (status != STATUS_SUCCESS)
        ob_dereference(nt, *number);
    return status;
}

/* NTSTATUS ZwCreateSection(*Handle, Access, Attributes, *MaximumSize,
 * Protection, AllocationAttributes, File). */
void thunk_ZwCreateSection(struct call *c)
{
    struct nt *nt = nt_of(c);
    struct captured name = {.path = {.count = 0}};
    uint32_t size_at = call_u32(c, 3), number, handle;
    struct section_wish w = {.protect = call_u32(c, 4),
                             .attributes = call_u32(c, 5),
                             .file = call_u32(c, 6)};
    uint32_t status = STATUS_SUCCESS;

    if (call_u32(c, 2))
        status = capture_attributes(c, call_u32(c, 2), &name);
    if (status == STATUS_SUCCESS && size_at && probe(c, size_at, 8))
        w.bytes = load_u64(c, gva_of(size_at));
    if (call_caught(c))
        status = STATUS_ACCESS_VIOLATION;
    if (status == STATUS_SUCCESS)
        status = check_wish(nt, &w);
    if (status == STATUS_SUCCESS)
        status = create(nt, &w, &name, &number);
    if (status != STATUS_SUCCESS) {
        call_return(c, status);
        return;
    }
    handle = handle_create(nt, ke_current_process(nt->w.ke), number,
                           section_access(call_u32(c, 1)), name.attributes);
    ob_dereference(nt, number);
    if (handle == 0)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else if (!service_store(c, call_u32(c, 0), handle))
        status = STATUS_ACCESS_VIOLATION;
    call_return(c, status);
}

/* ---- views ------------------------------------------------------------------
 */

/** ZwMapViewOfSection's arguments as captured. */
struct mapping {
    uint32_t base_at, offset_at, size_at, protect;
    uint32_t base, size, zero_bits;
    uint64_t offset;
    uint32_t process, section; /* ke's number; the object's */
};

static uint32_t status_of(enum view_answer answer)
{
    switch (answer) {
    case VIEW_OK:
        return STATUS_SUCCESS;
    case VIEW_BAD_BASE:
        return STATUS_INVALID_PARAMETER_3;
    case VIEW_BAD_ZERO_BITS:
        return STATUS_INVALID_PARAMETER_4;
    case VIEW_BAD_OFFSET:
        return STATUS_INVALID_PARAMETER_6;
    case VIEW_CONFLICT:
        return STATUS_CONFLICTING_ADDRESSES;
    default:
        return STATUS_NO_MEMORY;
    }
}

static uint32_t process_of(struct call *c, uint32_t handle, uint32_t *process)
{
    struct nt *nt = nt_of(c);
    uint32_t number, status;

    *process = ke_current_process(nt->w.ke);
    if (handle == CURRENT_PROCESS)
        return STATUS_SUCCESS;
    status = service_object(c, handle, TYPE_PROCESS, NULL, &number);
    if (status == STATUS_SUCCESS)
        *process = ke_process_by_object(nt->w.ke, gva_of(ob_body(nt, number)));
    return status;
}

/* The words behind the caller's pointers. */
static uint32_t capture(struct call *c, struct mapping *m)
{
    m->base_at = call_u32(c, 2);
    m->offset_at = call_u32(c, 5);
    m->size_at = call_u32(c, 6);
    if (!probe(c, m->base_at, 4) || !probe(c, m->size_at, 4) ||
        (m->offset_at && !probe(c, m->offset_at, 8)))
        return STATUS_ACCESS_VIOLATION;
    m->base = load_u32(c, gva_of(m->base_at));
    m->size = load_u32(c, gva_of(m->size_at));
    m->offset = m->offset_at ? load_u64(c, gva_of(m->offset_at)) : 0;
    m->zero_bits = call_u32(c, 3);
    if (call_caught(c))
        return STATUS_ACCESS_VIOLATION;
    if (m->base >= MM_USER_PROBE || m->size > MM_USER_PROBE - m->base)
        return STATUS_INVALID_PARAMETER_3;
    return STATUS_SUCCESS;
}

static uint32_t check_arguments(struct call *c, struct mapping *m)
{
    uint32_t inherit = call_u32(c, 7), need, status;
    struct nt_handle *h;
    const struct nt_section *s;

    m->protect = call_u32(c, 9);
    need = protection(m->protect).access;
    if (inherit != VIEW_SHARE && inherit != VIEW_UNMAP)
        return STATUS_INVALID_PARAMETER_8;
    if (call_u32(c, 8) & ~ALLOCATION_TYPES)
        return STATUS_INVALID_PARAMETER_9;
    if (need == 0)
        return STATUS_INVALID_PAGE_PROTECTION;
    status = capture(c, m);
    if (status == STATUS_SUCCESS)
        status = process_of(c, call_u32(c, 1), &m->process);
    if (status == STATUS_SUCCESS)
        status =
            service_object(c, call_u32(c, 0), TYPE_SECTION, &h, &m->section);
    if (status != STATUS_SUCCESS)
        return status;
    s = section_of(nt_of(c), m->section);
    if (call_user(c) && (need & ~h->access))
        return STATUS_ACCESS_DENIED;
    return protection(s->protect).rights & MM_W ||
                   !(protection(m->protect).rights & MM_W)
               ? STATUS_SUCCESS
               : STATUS_SECTION_PROTECTION;
}

static uint32_t map_physical(struct call *c, struct mapping *m)
{
    struct nt *nt = nt_of(c);
    struct view_request v = {.base = gva_of(m->base),
                             .offset = m->offset,
                             .bytes = m->size,
                             .zero_bits = m->zero_bits,
                             .rights = protection(m->protect).rights & ~MM_COPY,
                             .cache = cache_of(m->protect),
                             .user_mode = call_user(c)};
    uint32_t status = status_of(
        view_map(nt->w.mm, ke_process_space(nt->w.ke, m->process), &v));

    m->base = v.base.v;
    m->offset = v.offset;
    m->size = (uint32_t)v.bytes;
    return status;
}

/* Pages @first.. of a section; NULL: no memory, or a driver damaged the list
 * that describes them. The caller frees. */
static uint32_t *section_pfns(const struct nt *nt, const struct nt_section *s,
                              uint32_t first, uint32_t pages)
{
    uint32_t *pfn = malloc(pages * sizeof *pfn);

    for (uint32_t i = 0; pfn && i < pages; i++) {
        const struct frame *f;

        pfn[i] = nt_get32(nt, s->mdl + MDL_PFNS + 4 * (first + i));
        f = frames_find(nt->w.mm, pfn[i]);
        if (f == NULL || f->owner != FRAME_MDL) {
            free(pfn);
            return NULL;
        }
    }
    return pfn;
}

static uint32_t map_pages(struct nt *nt, struct mapping *m)
{
    const struct nt_section *s = section_of(nt, m->section);
    uint32_t offset = (uint32_t)m->offset, pages, *pfn;
    gva_t base = gva_of(m->base & ~0xffffu);
    enum hb_status st;

    if (m->zero_bits >= 22)
        return STATUS_INVALID_PARAMETER_4;
    if (m->zero_bits >= 20)
        return STATUS_NO_MEMORY;
    if (m->offset & 0xffff || m->base & 0xffff)
        return STATUS_MAPPED_ALIGNMENT;
    if (m->offset >= s->bytes || m->size > s->bytes - offset)
        return STATUS_INVALID_VIEW_SIZE;
    pages = mm_span(0, m->size ? m->size : s->bytes - offset);
    pfn = section_pfns(nt, s, offset >> PAGE_SHIFT, pages);
    if (pfn == NULL)
        return STATUS_NO_MEMORY;
    st = user_view(nt->w.mm, ke_process_space(nt->w.ke, m->process), &base, pfn,
                   pages, protection(m->protect).rights | MM_USER,
                   cache_of(m->protect));
    free(pfn);
    m->base = base.v;
    m->size = pages << PAGE_SHIFT;
    return st == HB_OK          ? STATUS_SUCCESS
           : st == HB_BAD_STATE ? STATUS_CONFLICTING_ADDRESSES
                                : STATUS_NO_MEMORY;
}

/* A view holds its section: handles may go before it does. */
static uint32_t map(struct call *c, struct mapping *m)
{
    struct nt *nt = nt_of(c);
    uint32_t status =
        section_of(nt, m->section)->mdl ? map_pages(nt, m) : map_physical(c, m);
    const struct nt_view view = {m->process, m->base, m->section};

    if (status != STATUS_SUCCESS)
        return status;
    if (!nt_push(&nt->s.views, sizeof view, &view)) {
        user_free(nt->w.mm, ke_process_space(nt->w.ke, m->process),
                  gva_of(m->base));
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ob_reference(nt, m->section);
    return STATUS_SUCCESS;
}

/* NTSTATUS ZwMapViewOfSection(Section, Process, *Base, ZeroBits, CommitSize,
 * *Offset, *ViewSize, InheritDisposition, AllocationType, Protect). */
void thunk_ZwMapViewOfSection(struct call *c)
{
    struct mapping m;
    uint32_t status = check_arguments(c, &m);

    if (status == STATUS_SUCCESS)
        status = map(c, &m);
    if (status == STATUS_SUCCESS) {
        store_u32(c, gva_of(m.base_at), m.base);
        store_u32(c, gva_of(m.size_at), m.size);
        if (m.offset_at)
            store_u64(c, gva_of(m.offset_at), m.offset);
        if (call_caught(c)) /* it could be read, so the view stays, as on NT */
            status = STATUS_ACCESS_VIOLATION;
    }
    call_return(c, status);
}

/* The view of @process that @va lies in: its place in the table, or count. */
static uint32_t find_view(const struct nt *nt, uint32_t process, uint32_t va)
{
    const struct area *a =
        user_area(nt->w.mm, ke_process_space(nt->w.ke, process), gva_of(va));
    uint32_t i;

    for (i = 0; i < nt->s.views.count; i++) {
        const struct nt_view *v = VEC_AT(struct nt_view, &nt->s.views, i);

        if (a && v->process == process && v->start == a->start)
            break;
    }
    return i;
}

static void remove_view(struct nt *nt, uint32_t i)
{
    const struct nt_view v = *VEC_AT(struct nt_view, &nt->s.views, i);

    vec_remove(&nt->s.views, sizeof v, i);
    user_free(nt->w.mm, ke_process_space(nt->w.ke, v.process), gva_of(v.start));
    ob_dereference(nt, v.section);
}

/* NTSTATUS ZwUnmapViewOfSection(Process, BaseAddress): any address in it. */
void thunk_ZwUnmapViewOfSection(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t process, i, status = process_of(c, call_u32(c, 0), &process);

    if (status == STATUS_SUCCESS) {
        i = find_view(nt, process, call_u32(c, 1));
        if (i == nt->s.views.count)
            status = STATUS_NOT_MAPPED_VIEW;
        else
            remove_view(nt, i);
    }
    call_return(c, status);
}

void section_process_ended(struct nt *nt, uint32_t process)
{
    for (uint32_t i = nt->s.views.count; i-- > 0;) {
        const struct nt_view *v = VEC_AT(struct nt_view, &nt->s.views, i);
        const struct nt_section *s = section_of(nt, v->section);

        if (v->process != process)
            continue;
        if (s && s->mdl == 0)
            nt_finding(nt, "S37",
                       "a process ends with the view of physical memory at "
                       "%08X still mapped",
                       v->start);
        remove_view(nt, i);
    }
}
