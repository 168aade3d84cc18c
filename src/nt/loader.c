/* src/nt/loader.c -- a driver image into the system PTE area: segments, fixups,
 * imports. Source: PE/COFF specification (what image/image.h describes); WDK,
 * DRIVER_OBJECT. */
#include "nt/loader.h"
#include "hal/hal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "image/image.h"
#include "mm/section.h"
#include "mm/system.h"
#include "nt/devobj.h"
#include "nt/guest.h"

/* LDR_DATA_TABLE_ENTRY, as DriverSection points to it. */
enum {
    LDR_BYTES = 0x50,
    LDR_DLL_BASE = 0x18,
    LDR_ENTRY_POINT = 0x1c,
    LDR_SIZE = 0x20,
    LDR_FULL_NAME = 0x24,
    LDR_BASE_NAME = 0x2c,
};

/** An image on its way in. */
struct loading {
    struct nt *nt;
    struct image *image;
    struct nt_image *out;
    uint32_t *import; /* address per import */
    struct hb_error *error;
};

struct nt_image *loader_image(const struct nt *nt, uint32_t image)
{
    if (image == NT_NONE || image > nt->s.images.count)
        return NULL;
    return VEC_AT(struct nt_image, &nt->s.images, image - 1);
}

/* ---- symbols ----------------------------------------------------------------
 */

static const struct nt_symbol *find_symbol(const struct nt *nt, uint32_t image,
                                           const char *name, uint32_t ordinal)
{
    for (uint32_t i = 0; i < nt->s.symbols.count; i++) {
        const struct nt_symbol *s = VEC_AT(struct nt_symbol, &nt->s.symbols, i);
        if (image && s->image != image)
            continue;
        if (name ? strcmp(s->name, name) == 0 : s->ordinal == ordinal)
            return s;
    }
    return NULL;
}

uint32_t loader_symbol(const struct nt *nt, uint32_t number, const char *name)
{
    const struct nt_symbol *s = find_symbol(nt, number, name, 0);

    return s ? s->address : 0;
}

/* Is @dll ("foo.sys", or "FOO" of a forwarder) the image file @name? */
static bool same_file(const char *dll, const char *name)
{
    size_t n = strlen(dll);

    if (strcasecmp(dll, name) == 0)
        return true;
    return strncasecmp(dll, name, n) == 0 && name[n] == '.' &&
           strchr(dll, '.') == NULL;
}

static uint32_t kernel_address(const struct nt *nt, const char *dll,
                               const char *name, uint16_t ordinal)
{
    char file[NT_PATH];

    if (strcasecmp(dll, "NTOSKRNL") == 0 || strcasecmp(dll, "HAL") == 0)
        snprintf(file, sizeof file, "%s.%s", dll,
                 strcasecmp(dll, "HAL") == 0 ? "dll" : "exe");
    else
        snprintf(file, sizeof file, "%s", dll);
    return ke_is_kernel_dll(file)
               ? ke_export_address(nt->w.ke, file, name, ordinal).v
               : 0;
}

/* @dll "" (ELF): whoever has it, kernel first. */
static uint32_t find_address(const struct nt *nt, const char *dll,
                             const char *name, uint16_t ordinal)
{
    const struct nt_symbol *s;
    uint32_t at;

    if (dll[0] == '\0') {
        at = kernel_address(nt, "ntoskrnl.exe", name, ordinal);
        if (at == 0)
            at = kernel_address(nt, "hal.dll", name, ordinal);
        if (at)
            return at;
        s = find_symbol(nt, 0, name, ordinal);
        return s ? s->address : 0;
    }
    at = kernel_address(nt, dll, name, ordinal);
    for (uint32_t i = 0; at == 0 && i < nt->s.images.count; i++) {
        if (!same_file(dll, loader_image(nt, i + 1)->name) ||
            loader_image(nt, i + 1)->unloaded)
            continue;
        s = find_symbol(nt, i + 1, name, ordinal);
        at = s ? s->address : 0;
    }
    return at;
}

/* "NTOSKRNL.RtlFoo" or "X.#12". */
static uint32_t forwarded(const struct nt *nt, const char *forward)
{
    const char *dot = strrchr(forward, '.');
    char dll[NT_PATH];
    unsigned ordinal = 0;

    if (dot == NULL || dot - forward >= (int)sizeof dll)
        return 0;
    snprintf(dll, sizeof dll, "%.*s", (int)(dot - forward), forward);
    if (sscanf(dot, ".#%u", &ordinal) == 1)
        return find_address(nt, dll, NULL, (uint16_t)ordinal);
    return find_address(nt, dll, dot + 1, 0);
}

static bool record_exports(struct loading *l, uint32_t number)
{
    const struct image *image = l->image;

    for (uint32_t i = 0; i < image->exports; i++) {
        const struct image_export *e = &image->export[i];
        struct nt_symbol s = {.image = number, .ordinal = e->ordinal};

        if (e->name)
            snprintf(s.name, sizeof s.name, "%s", e->name);
        s.address =
            e->forward ? forwarded(l->nt, e->forward) : l->out->base + e->rva;
        if (!vec_push(&l->nt->s.symbols, sizeof s, &s))
            return false;
    }
    return true;
}

static void drop_symbols(struct nt *nt, uint32_t number)
{
    for (uint32_t i = nt->s.symbols.count; i-- > 0;)
        if (VEC_AT(struct nt_symbol, &nt->s.symbols, i)->image == number)
            vec_remove(&nt->s.symbols, sizeof(struct nt_symbol), i);
}

/* ---- imports ----------------------------------------------------------------
 */

static enum hb_status missing(struct loading *l, const struct image_import *im,
                              uint32_t *address)
{
    struct nt *nt = l->nt;
    char name[NT_PATH];

    if (im->name)
        snprintf(name, sizeof name, "%s", im->name);
    else
        snprintf(name, sizeof name, "#%u", im->ordinal);
    EMIT(nt->w.events, missing_import, EVENT_STRING(l->out->name),
         EVENT_STRING(im->dll), EVENT_STRING(name));
    if (nt->s.settings.missing_fail)
        return hb_fail(l->error, HB_NOT_FOUND,
                       "%s: imports %s from %s, which halbox does not serve; "
                       "load without --missing fail to run until it is called",
                       l->out->name, name, im->dll[0] ? im->dll : "nobody");
    *address = ke_missing_stub(nt->w.ke, l->out->name, im->dll, name).v;
    if (*address == 0)
        return hb_fail(l->error, HB_NO_PAGES,
                       "%s: more missing imports than there are stubs for",
                       l->out->name);
    l->out->missing++;
    return HB_OK;
}

static enum hb_status bind(struct loading *l)
{
    const struct image *image = l->image;

    for (uint32_t i = 0; i < image->imports; i++) {
        const struct image_import *im = &image->import[i];
        uint32_t at = find_address(l->nt, im->dll, im->name, im->ordinal);

        if (at == 0 && !im->weak) {
            enum hb_status st = missing(l, im, &at);
            if (st != HB_OK)
                return st;
        }
        l->import[i] = at;
        if (im->slot != IMAGE_NO_SLOT)
            nt_put32(l->nt, l->out->base + im->slot, at);
    }
    return HB_OK;
}

static void fix(struct loading *l)
{
    const struct image *image = l->image;
    struct nt *nt = l->nt;

    for (uint32_t i = 0; i < image->fixups; i++) {
        const struct image_fixup *f = &image->fixup[i];
        uint32_t at = l->out->base + f->rva, value;
        uint32_t target = f->import == IMAGE_SELF ? 0 : l->import[f->import];
        unsigned bytes;

        value = image_fix_word(image, f, nt_get32(nt, at), l->out->base, target,
                               &bytes);
        nt_put(nt, at, &value, bytes);
    }
}

/* ---- memory -----------------------------------------------------------------
 */

static enum hb_status map(struct loading *l)
{
    uint8_t page[PAGE_BYTES];
    struct nt *nt = l->nt;
    gva_t base;

    l->out->pages = (l->image->bytes + PAGE_MASK) >> PAGE_SHIFT;
    if (l->out->pages == 0 ||
        system_alloc(nt->w.mm, l->out->pages, MM_RWX, &base) != HB_OK)
        return hb_fail(l->error, HB_NO_PAGES,
                       "%s: no room for its %u pages in system space",
                       l->out->name, l->out->pages);
    l->out->base = base.v;
    l->out->bytes = l->image->bytes;
    l->out->entry = l->image->has_entry ? base.v + l->image->entry : 0;
    for (uint32_t i = 0; i < l->out->pages; i++) {
        uint32_t at = i << PAGE_SHIFT, n = l->image->bytes - at;

        if (n > PAGE_BYTES)
            n = PAGE_BYTES;
        image_copy(l->image, at, page, n);
        nt_put(nt, base.v + at, page, n);
    }
    return HB_OK;
}

/* Whole pages that hold nothing but segment @i of the image. */
static void own_pages(const struct image *image, uint32_t i, uint32_t *first,
                      uint32_t *pages)
{
    const struct image_segment *s = &image->segment[i], *next = s + 1;
    uint32_t end = s->rva + s->bytes, last = (end + PAGE_MASK) >> PAGE_SHIFT;

    *first = s->rva >> PAGE_SHIFT;
    if (i && s[-1].rva + s[-1].bytes > *first << PAGE_SHIFT)
        ++*first;
    if (i + 1 < image->segments && next->rva < last << PAGE_SHIFT)
        last--;
    *pages = last > *first ? last - *first : 0;
}

/* NT's rule: what a section may be is in the first letters of its name. */
static bool is_pageable(const struct image_segment *s)
{
    return strncmp(s->name, "PAGE", 4) == 0 || strcmp(s->name, ".edata") == 0;
}

static enum hb_status record_sections(struct loading *l)
{
    const struct image *image = l->image;

    for (uint32_t i = 0; i < image->segments; i++) {
        const struct image_segment *s = &image->segment[i];
        struct image_section new = {.image = l->out->base,
                                    .va = l->out->base + s->rva,
                                    .bytes = s->bytes,
                                    .pageable = is_pageable(s)};

        own_pages(image, i, &new.first, &new.pages);
        new.first = l->out->base + (new.first << PAGE_SHIFT);
        if (strcmp(s->name, "headers") != 0 &&
            section_add(l->nt->w.mm, &new) != HB_OK)
            return hb_fail(l->error, HB_NO_MEMORY, "%s: the host has no memory",
                           l->out->name);
    }
    return HB_OK;
}

/* "dir/foo.sys.gz" is service "foo". */
static void service_name(const char *file, char out[NT_PATH])
{
    static const char *const suffix[] = {".sys", ".o",   ".so",
                                         ".ko",  ".elf", ".dll"};
    size_t n;

    snprintf(out, NT_PATH, "%s", file);
    n = strlen(out);
    for (unsigned i = 0; i < sizeof suffix / sizeof suffix[0]; i++) {
        size_t k = strlen(suffix[i]);
        if (n > k && strcasecmp(out + n - k, suffix[i]) == 0) {
            out[n - k] = '\0';
            return;
        }
    }
}

static uint32_t make_section(struct loading *l)
{
    struct nt *nt = l->nt;
    uint32_t at = nt_pool(nt, LDR_BYTES, TAG('M', 'm', 'L', 'd'));
    char path[NT_PATH * 2];

    if (at == 0)
        return 0;
    for (unsigned i = 0; i < 3; i++) { /* three list entries, alone */
        nt_put32(nt, at + 8 * i, at + 8 * i);
        nt_put32(nt, at + 8 * i + 4, at + 8 * i);
    }
    nt_put32(nt, at + LDR_DLL_BASE, l->out->base);
    nt_put32(nt, at + LDR_ENTRY_POINT, l->out->entry);
    nt_put32(nt, at + LDR_SIZE, l->out->bytes);
    snprintf(path, sizeof path, "\\SystemRoot\\System32\\drivers\\%s",
             l->out->name);
    if (!string_alloc(nt, at + LDR_FULL_NAME, path) ||
        !string_alloc(nt, at + LDR_BASE_NAME, l->out->name)) {
        nt_pool_free(nt, nt_get32(nt, at + LDR_FULL_NAME + USTR_Buffer));
        nt_pool_free(nt, at);
        return 0;
    }
    return at;
}

static enum hb_status make_driver(struct loading *l)
{
    struct nt *nt = l->nt;
    struct nt_image *out = l->out;
    char service[NT_PATH], path[NT_PATH * 3];

    service_name(out->name, service);
    out->driver = driver_create(nt, service);
    if (out->driver == 0)
        return hb_fail(l->error, HB_BAD_STATE,
                       "%s: no driver object: is \\Driver\\%s loaded already?",
                       out->name, service);
    out->extension = nt_get32(nt, out->driver + DRVOBJ_DriverExtension);
    out->section = make_section(l);
    out->registry_path = nt_pool(nt, USTR_BYTES, TAG('R', 'e', 'g', 'P'));
    snprintf(path, sizeof path,
             "\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet\\Services\\%s",
             service);
    hive_make_text(&nt->s.registry, path + sizeof "\\REGISTRY");
    if (!out->section || !out->registry_path ||
        !string_alloc(nt, out->registry_path, path))
        return hb_fail(l->error, HB_NO_PAGES, "%s: the pool is used up",
                       out->name);
    nt_put32(nt, out->driver + DRVOBJ_DriverStart, out->base);
    nt_put32(nt, out->driver + DRVOBJ_DriverSize, out->bytes);
    nt_put32(nt, out->driver + DRVOBJ_DriverSection, out->section);
    nt_put32(nt, out->driver + DRVOBJ_DriverInit, out->entry);
    return HB_OK;
}

void loader_unload(struct nt *nt, uint32_t number)
{
    struct nt_image *image = loader_image(nt, number);

    if (image == NULL || image->unloaded)
        return;
    if (image->section) {
        nt_pool_free(
            nt, nt_get32(nt, image->section + LDR_FULL_NAME + USTR_Buffer));
        nt_pool_free(
            nt, nt_get32(nt, image->section + LDR_BASE_NAME + USTR_Buffer));
        nt_pool_free(nt, image->section);
    }
    if (image->registry_path) {
        nt_pool_free(nt, nt_get32(nt, image->registry_path + USTR_Buffer));
        nt_pool_free(nt, image->registry_path);
    }
    if (image->driver)
        driver_delete(nt, image->driver);
    if (image->base) {
        hal_image_goes(nt->w.hal, image->name, gva_of(image->base),
                       image->bytes);
        sysptes_leaks(nt->w.mm, image->name, gva_of(image->base), image->bytes);
        ke_image_remove(nt->w.ke, gva_of(image->base));
        system_free(nt->w.mm, gva_of(image->base));
    }
    drop_symbols(nt, number);
    image->driver = image->section = image->registry_path = 0;
    image->started = 0;
    image->unloaded = 1;
}

static enum hb_status build(struct loading *l, uint32_t number)
{
    enum hb_status st = map(l);

    if (st == HB_OK)
        st = bind(l);
    if (st != HB_OK)
        return st;
    fix(l);
    st = record_sections(l);
    if (st != HB_OK)
        return st;
    if (!record_exports(l, number))
        return hb_fail(l->error, HB_NO_MEMORY, "%s: the host has no memory",
                       l->out->name);
    l->out->dll_initialize = loader_symbol(l->nt, number, "DllInitialize");
    l->out->dll_unload = loader_symbol(l->nt, number, "DllUnload");
    return make_driver(l);
}

/* A linker that sets no checksum leaves 0. */
static enum hb_status check(const struct image *image, struct hb_error *error)
{
    if (image->kind != IMAGE_PE32 || !image->checksum ||
        image_checksum(image) == image->checksum)
        return HB_OK;
    return hb_fail(error, HB_BAD_IMAGE,
                   "%s: CheckSum %#x in its header, but its bytes make %#x: a "
                   "damaged file, or one changed without a new sum (0: none)",
                   image->name, image->checksum, image_checksum(image));
}

enum hb_status nt_load_image(struct nt *nt, const char *name,
                             const uint8_t *bytes, size_t count,
                             uint32_t *number, struct hb_error *error)
{
    struct nt_image place = {0};
    struct loading l = {.nt = nt, .out = &place, .error = error};
    enum hb_status st = image_parse(bytes, count, name, &l.image, error);
    uint32_t index = nt->s.images.count;

    if (st != HB_OK)
        return st;
    st = check(l.image, error);
    if (st != HB_OK) {
        image_free(l.image);
        return st;
    }
    snprintf(place.name, sizeof place.name, "%s", l.image->name);
    place.elf = l.image->kind != IMAGE_PE32;
    l.import = calloc(l.image->imports + 1u, sizeof *l.import);
    if (l.import == NULL || !nt_push(&nt->s.images, sizeof place, NULL))
        st = hb_fail(error, HB_NO_MEMORY, "%s: the host has no memory", name);
    else
        st = build(&l, index + 1);
    if (nt->s.images.count > index) {
        *loader_image(nt, index + 1) = place;
        if (st != HB_OK) {
            loader_unload(nt, index + 1);
            vec_remove(&nt->s.images, sizeof place, index);
        }
    }
    if (st == HB_OK) {
        *number = index + 1;
        ke_image_add(nt->w.ke, place.name, gva_of(place.base), place.bytes);
        EMIT(nt->w.events, image_load, EVENT_STRING(place.name), place.base,
             place.bytes, place.entry);
    }
    free(l.import);
    image_free(l.image);
    return st;
}

/* ---- inspection -------------------------------------------------------------
 */

bool nt_image_at(const struct nt *nt, unsigned index,
                 struct nt_image_info *info)
{
    const struct nt_image *image = loader_image(nt, index + 1);

    if (image == NULL)
        return false;
    *info = (struct nt_image_info){
        .base = gva_of(image->base),
        .entry = gva_of(image->entry),
        .bytes = image->bytes,
        .driver = gva_of(image->driver),
        .started = image->started,
        .wdm = image->extension && !image->unloaded &&
               nt_get32(nt, image->extension + DRVEXT_AddDevice),
        .unloaded = image->unloaded,
        .entry_status = image->entry_status,
        .missing = image->missing,
    };
    snprintf(info->name, sizeof info->name, "%s", image->name);
    return true;
}

uint32_t nt_image_find(const struct nt *nt, gva_t at)
{
    for (uint32_t i = 0; i < nt->s.images.count; i++) {
        const struct nt_image *image = loader_image(nt, i + 1);
        if (!image->unloaded && at.v - image->base < image->bytes)
            return i + 1;
    }
    return NT_NONE;
}
