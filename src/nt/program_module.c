/* src/nt/program_module.c -- modules of a program: its own image, and the three
 * of ours that every process has. Source: PE/COFF specification; what
 * image/image.h describes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "image/image.h"
#include "mm/user.h"
#include "nt/guest.h"
#include "nt/program.h"
#include "nt/services.h"

extern const char ntdll_image[], kernel32_image[], msvcrt_image[];
extern const unsigned ntdll_image_bytes, kernel32_image_bytes,
    msvcrt_image_bytes;

enum { MISSING_STUB_BYTES = 16 };

/* ---- the system's modules ------------------------------------------------ */

/* In the order in which they bind to each other. */
static const struct system_module {
    const char *name;
    const char *bytes;
    const unsigned *count;
} system_modules[SYSTEM_MODULES] = {
    {"ntdll.dll", ntdll_image, &ntdll_image_bytes},
    {"kernel32.dll", kernel32_image, &kernel32_image_bytes},
    {"msvcrt.dll", msvcrt_image, &msvcrt_image_bytes},
};

enum hb_status module_system(unsigned index, struct image **image,
                             const char **name, struct hb_error *error)
{
    const struct system_module *s = &system_modules[index];

    *name = s->name;
    return image_parse(s->bytes, *s->count, s->name, image, error);
}

const struct nt_module *module_at(const struct nt *nt, uint32_t process,
                                  uint32_t at)
{
    for (uint32_t i = 0; i < nt->s.modules.count; i++) {
        const struct nt_module *m = VEC_AT(struct nt_module, &nt->s.modules, i);

        if (m->process == process && at - m->base < m->bytes)
            return m;
    }
    return NULL;
}

static uint32_t module_base(const struct nt *nt, uint32_t process,
                            const char *name)
{
    for (uint32_t i = 0; i < nt->s.modules.count; i++) {
        const struct nt_module *m = VEC_AT(struct nt_module, &nt->s.modules, i);

        if (m->process == process && strcasecmp(m->name, name) == 0)
            return m->base;
    }
    return 0;
}

static bool same_dll(const char *asked, const char *name)
{
    size_t n = strlen(asked);

    return !n || strcasecmp(asked, name) == 0 ||
           (strncasecmp(asked, name, n) == 0 && strcmp(name + n, ".dll") == 0);
}

uint32_t module_export(const struct nt *nt, uint32_t process, const char *dll,
                       const char *name, uint16_t ordinal)
{
    uint32_t at = 0;

    for (unsigned i = SYSTEM_MODULES; !at && i-- > 0;) {
        const struct system_module *s = &system_modules[i];
        uint32_t base = module_base(nt, process, s->name);
        const struct image_export *e;
        struct image *image;

        if (!base || !same_dll(dll, s->name) ||
            image_parse(s->bytes, *s->count, s->name, &image, NULL) != HB_OK)
            continue;
        e = name ? image_find_export(image, name)
                 : image_find_ordinal(image, ordinal);
        at = e ? base + e->rva : 0;
        image_free(image);
    }
    return at;
}

/* ---- memory ---------------------------------------------------------------
 */

static enum hb_status no_room(const struct program_load *l, enum hb_status st)
{
    return hb_fail(l->error, st,
                   "%s: no room for %u bytes of user memory at %08x",
                   l->image->name, l->image->bytes, l->image->base);
}

/* At its own base if that is free, else anywhere if it can move. */
static enum hb_status take_memory(struct program_load *l)
{
    struct mm *mm = l->nt->w.mm;
    uint32_t pages = mm_span(0, l->image->bytes);
    gva_t at = gva_of(l->image->base & ~(uint32_t)PAGE_MASK);
    enum hb_status st = HB_BAD_STATE;

    if (l->image->base & PAGE_MASK)
        return hb_fail(l->error, HB_BAD_IMAGE,
                       "%s: its base %08x is not on a page", l->image->name,
                       l->image->base);
    if (at.v)
        st = user_alloc(mm, l->space, &at, pages, MM_RWX | MM_USER);
    if (st != HB_OK && l->image->relocatable) {
        at = gva_of(0);
        st = user_alloc(mm, l->space, &at, pages, MM_RWX | MM_USER);
    }
    if (st != HB_OK)
        return no_room(l, st == HB_BAD_STATE ? HB_BAD_IMAGE : st);
    l->base = at.v;
    return HB_OK;
}

static void fill(struct program_load *l)
{
    uint8_t page[PAGE_BYTES];

    for (uint32_t rva = 0; rva < l->image->bytes; rva += PAGE_BYTES) {
        uint32_t n = l->image->bytes - rva;

        if (n > PAGE_BYTES)
            n = PAGE_BYTES;
        image_copy(l->image, rva, page, n);
        mm_write(l->nt->w.mm, l->space, gva_of(l->base + rva), page, n);
    }
}

/* A page that any writable segment touches is writable. */
static void protect(struct program_load *l)
{
    struct mm *mm = l->nt->w.mm;

    for (uint32_t rva = 0; rva < l->image->bytes; rva += PAGE_BYTES) {
        unsigned rights = MM_R | MM_USER;

        for (uint32_t i = 0; i < l->image->segments; i++) {
            const struct image_segment *s = &l->image->segment[i];

            if (s->rva >= rva + PAGE_BYTES || s->rva + s->bytes <= rva)
                continue;
            if (s->flags & SEGMENT_WRITE)
                rights |= MM_W;
            if (s->flags & SEGMENT_EXECUTE)
                rights |= MM_X;
        }
        user_protect(mm, l->space, gva_of(l->base + rva), 1, rights);
    }
}

/* ---- imports ---------------------------------------------------------------
 */

/* mov eax, SERVICE; push number; mov edx, esp; int 2Eh: it does not return. */
static enum hb_status missing_stub(struct program_load *l, uint32_t number,
                                   gva_t *page, uint32_t index)
{
    uint8_t code[MISSING_STUB_BYTES] = {0xb8, NT_SERVICE_MISSING_IMPORT,
                                        0,    0,
                                        0,    0x68,
                                        0,    0,
                                        0,    0,
                                        0x89, 0xe2,
                                        0xcd, 0x2e};
    struct mm *mm = l->nt->w.mm;
    uint32_t pages = mm_span(0, l->image->imports * MISSING_STUB_BYTES);

    if (!page->v &&
        user_alloc(mm, l->space, page, pages, MM_RWX | MM_USER) != HB_OK)
        return no_room(l, HB_NO_PAGES);
    memcpy(code + 6, &number, 4);
    return mm_write(mm, l->space, gva_add(*page, index * MISSING_STUB_BYTES),
                    code, sizeof code);
}

static enum hb_status missing(struct program_load *l,
                              const struct image_import *im, gva_t *page,
                              uint32_t *address)
{
    struct nt *nt = l->nt;
    struct nt_user_missing m = {.process = l->process};
    enum hb_status st;

    snprintf(m.dll, sizeof m.dll, "%s", im->dll);
    if (im->name)
        snprintf(m.name, sizeof m.name, "%s", im->name);
    else
        snprintf(m.name, sizeof m.name, "#%u", im->ordinal);
    EMIT(nt->w.events, missing_import, EVENT_STRING(l->image->name),
         EVENT_STRING(m.dll), EVENT_STRING(m.name));
    if (nt->s.settings.missing_fail)
        return hb_fail(l->error, HB_NOT_FOUND,
                       "%s imports %s!%s, which nothing serves", l->image->name,
                       m.dll, m.name);
    st = missing_stub(l, nt->s.user_missing.count, page, l->missing);
    if (st == HB_OK && !nt_push(&nt->s.user_missing, sizeof m, &m))
        st = hb_fail(l->error, HB_NO_MEMORY, "%s: the host has no memory",
                     l->image->name);
    if (st != HB_OK)
        return st;
    *address = page->v + l->missing++ * MISSING_STUB_BYTES;
    return HB_OK;
}

static enum hb_status find_imports(struct program_load *l, uint32_t *address)
{
    gva_t page = {0};
    enum hb_status st = HB_OK;

    for (uint32_t i = 0; st == HB_OK && i < l->image->imports; i++) {
        const struct image_import *im = &l->image->import[i];

        address[i] =
            module_export(l->nt, l->process, im->dll, im->name, im->ordinal);
        if (!address[i] && !im->weak)
            st = missing(l, im, &page, &address[i]);
        if (st == HB_OK && im->slot != IMAGE_NO_SLOT)
            mm_write(l->nt->w.mm, l->space, gva_of(l->base + im->slot),
                     &address[i], 4);
    }
    return st;
}

static void fix(struct program_load *l, const uint32_t *address)
{
    struct mm *mm = l->nt->w.mm;

    for (uint32_t i = 0; i < l->image->fixups; i++) {
        const struct image_fixup *f = &l->image->fixup[i];
        uint32_t target =
            f->import < l->image->imports ? address[f->import] : 0;
        gva_t at = gva_of(l->base + f->rva);
        uint32_t old = 0, new;
        unsigned bytes = 2;

        if (mm_read(mm, l->space, at, &old, 4) != HB_OK)
            mm_read(mm, l->space, at, &old, 2);
        new = image_fix_word(l->image, f, old, l->base, target, &bytes);
        mm_write(mm, l->space, at, &new, bytes);
    }
}

static enum hb_status bind(struct program_load *l)
{
    uint32_t *address = calloc(l->image->imports + 1u, sizeof *address);
    enum hb_status st = HB_OK;

    if (!address)
        return hb_fail(l->error, HB_NO_MEMORY, "%s: the host has no memory",
                       l->image->name);
    st = find_imports(l, address);
    if (st == HB_OK)
        fix(l, address);
    free(address);
    return st;
}

enum hb_status module_map(struct program_load *l)
{
    struct nt_module m = {.process = l->process, .bytes = l->image->bytes};
    enum hb_status st = take_memory(l);

    if (st != HB_OK)
        return st;
    m.base = l->base;
    m.entry = l->image->has_entry ? l->base + l->image->entry : 0;
    snprintf(m.name, sizeof m.name, "%s", l->image->name);
    fill(l);
    st = bind(l);
    if (st != HB_OK)
        return st;
    protect(l);
    if (!nt_push(&l->nt->s.modules, sizeof m, &m))
        return hb_fail(l->error, HB_NO_MEMORY, "%s: the host has no memory",
                       m.name);
    EMIT(l->nt->w.events, image_load, EVENT_STRING(m.name), m.base, m.bytes,
         m.entry);
    return HB_OK;
}
