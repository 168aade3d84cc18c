/* src/image/pe_tables.c -- PE32: imports, exports, base relocations.
 * Source: Microsoft PE/COFF specification, "The .edata Section", "The .idata
 * Section", "The .reloc Section". */
#include <stdlib.h>
#include <string.h>

#include "image/pe.h"

enum { /* import directory entry */
       IMP_LOOKUP = 0,
       IMP_NAME = 12,
       IMP_ADDRESSES = 16,
       IMP_BYTES = 20
};
#define BY_ORDINAL 0x80000000u
enum { /* export directory */
       EXP_BASE = 16,
       EXP_FUNCTIONS = 20,
       EXP_NAMES = 24,
       EXP_ADDRESSES = 28,
       EXP_NAME_RVAS = 32,
       EXP_ORDINALS = 36,
       EXP_BYTES = 40
};
enum { REL_ABSOLUTE, REL_HIGH, REL_LOW, REL_HIGHLOW, REL_HIGHADJ };

/* One entry of an import lookup table. */
static enum hb_status import(struct pe *pe, const char *dll, uint32_t entry,
                             uint32_t slot)
{
    struct image_import import = {.dll = dll, .slot = slot};
    const uint8_t *hint;

    if (!segment_at(pe->b, slot, 4))
        return image_bad(pe->b,
                         "imports from %s: address slot %#x lies in no "
                         "section",
                         dll, slot);
    if (entry & BY_ORDINAL) {
        import.ordinal = (uint16_t)entry;
    } else {
        hint = filled_at(pe->b, entry, 3);
        import.name = hint ? filled_string(pe->b, entry + 2) : NULL;
        if (!import.name)
            return image_bad(pe->b,
                             "imports from %s: name at %#x lies in no "
                             "section",
                             dll, entry);
        import.hint = get16(hint);
    }
    if (pe->b->import.count >= IMAGE_MAX_IMPORTS)
        return image_bad(pe->b, "more than %u imports", IMAGE_MAX_IMPORTS);
    return add_import(pe->b, import) ? HB_OK : image_no_memory(pe->b);
}

static enum hb_status imports_of(struct pe *pe, const uint8_t *descriptor)
{
    uint32_t slots = get32(descriptor + IMP_ADDRESSES);
    uint32_t lookup = get32(descriptor + IMP_LOOKUP);
    uint32_t name = get32(descriptor + IMP_NAME);
    const char *dll = filled_string(pe->b, name);
    enum hb_status status = HB_OK;

    if (!dll)
        return image_bad(pe->b,
                         "import directory: DLL name at %#x lies in no "
                         "section",
                         name);
    if (!lookup) /* old linkers: the address table holds the names */
        lookup = slots;
    for (uint32_t i = 0; status == HB_OK; i++) {
        const uint8_t *at = filled_at(pe->b, lookup + 4 * i, 4);

        if (!at)
            return image_bad(pe->b,
                             "imports from %s: entry %u at %#x lies in "
                             "no section",
                             dll, i, lookup + 4 * i);
        if (!get32(at))
            break;
        status = import(pe, dll, get32(at), slots + 4 * i);
    }
    return status;
}

enum hb_status pe_imports(struct pe *pe)
{
    struct pe_range dir = pe_directory(pe, DIRECTORY_IMPORT);
    enum hb_status status = HB_OK;

    if (pe_directory(pe, DIRECTORY_CLR).bytes)
        return image_bad(pe->b, "managed code: not a driver image");
    if (pe_directory(pe, DIRECTORY_DELAY_IMPORT).bytes)
        return image_bad(pe->b, "delay-loaded imports: the kernel has none; "
                                "link without /DELAYLOAD");
    if (!dir.bytes)
        return HB_OK;
    /* The list ends with a zero entry; the directory's size is not trusted. */
    for (uint32_t at = dir.rva; status == HB_OK; at += IMP_BYTES) {
        const uint8_t *descriptor = filled_at(pe->b, at, IMP_BYTES);

        if (!descriptor)
            return image_bad(pe->b,
                             "import directory: entry at %#x lies in "
                             "no section",
                             at);
        if (!get32(descriptor + IMP_NAME) || !get32(descriptor + IMP_ADDRESSES))
            break;
        status = imports_of(pe, descriptor);
    }
    return status;
}

struct exports {
    struct pe_range dir;
    uint32_t base, functions, names;
    const uint8_t *addresses, *name_rvas, *ordinals;
};

static enum hb_status export_row(struct pe *pe, const struct exports *x,
                                 uint32_t index, const char *name)
{
    struct image_export export = {.name = name, .ordinal = x->base + index};

    export.rva = get32(x->addresses + 4 * index);
    if (!export.rva)
        return HB_OK; /* a hole in the ordinals */
    if (export.rva - x->dir.rva < x->dir.bytes) {
        export.forward = filled_string(pe->b, export.rva);
        if (!export.forward || !strchr(export.forward, '.'))
            return image_bad(pe->b,
                             "export %u: forwarder at %#x is not "
                             "DLL.NAME",
                             export.ordinal, export.rva);
    } else if (!segment_at(pe->b, export.rva, 1)) {
        return image_bad(pe->b, "export %u: address %#x lies in no section",
                         export.ordinal, export.rva);
    }
    return add_export(pe->b, export) ? HB_OK : image_no_memory(pe->b);
}

/* A row per name, then one per function that no name leads to. */
static enum hb_status export_rows(struct pe *pe, const struct exports *x,
                                  bool *named)
{
    enum hb_status status = HB_OK;

    for (uint32_t i = 0; i < x->names && status == HB_OK; i++) {
        const char *name = filled_string(pe->b, get32(x->name_rvas + 4 * i));
        uint32_t index = get16(x->ordinals + 2 * i);

        if (!name || index >= x->functions)
            return image_bad(pe->b,
                             "export name %u: its name or its ordinal "
                             "%u is outside the tables",
                             i, index);
        named[index] = true;
        status = export_row(pe, x, index, name);
    }
    for (uint32_t i = 0; i < x->functions && status == HB_OK; i++)
        if (!named[i])
            status = export_row(pe, x, i, NULL);
    return status;
}

enum hb_status pe_exports(struct pe *pe)
{
    struct exports x = {.dir = pe_directory(pe, DIRECTORY_EXPORT)};
    const uint8_t *at = filled_at(pe->b, x.dir.rva, EXP_BYTES);
    enum hb_status status;
    bool *named;

    if (!x.dir.bytes)
        return HB_OK;
    if (!at)
        return image_bad(pe->b, "export directory at %#x lies in no section",
                         x.dir.rva);
    x.base = get32(at + EXP_BASE);
    x.functions = get32(at + EXP_FUNCTIONS);
    x.names = get32(at + EXP_NAMES);
    if (x.functions > UINT16_MAX + 1u || x.names > UINT16_MAX + 1u)
        return image_bad(pe->b, "%u exports with %u names are too many",
                         x.functions, x.names);
    x.addresses = filled_at(pe->b, get32(at + EXP_ADDRESSES), 4 * x.functions);
    x.name_rvas = filled_at(pe->b, get32(at + EXP_NAME_RVAS), 4 * x.names);
    x.ordinals = filled_at(pe->b, get32(at + EXP_ORDINALS), 2 * x.names);
    if ((x.functions && !x.addresses) ||
        (x.names && (!x.name_rvas || !x.ordinals)))
        return image_bad(pe->b, "the export tables lie in no section");
    named = calloc(x.functions + 1u, sizeof *named);
    status = named ? export_rows(pe, &x, named) : image_no_memory(pe->b);
    free(named);
    return status;
}

/* One entry; HIGHADJ takes the next one as the low half of its addend. */
static enum hb_status relocation(struct pe *pe, uint32_t page,
                                 const uint8_t *at, const uint8_t *end,
                                 unsigned *used)
{
    unsigned type = get16(at) >> 12;
    uint32_t rva = page + (get16(at) & 0xfff), value = 0;
    enum image_fix fix = IMAGE_FIX_BASE32;

    *used = 2;
    switch (type) {
    case REL_ABSOLUTE: /* padding */
        return HB_OK;
    case REL_HIGHLOW:
        break;
    case REL_HIGH:
        fix = IMAGE_FIX_HIGH16;
        break;
    case REL_LOW:
        fix = IMAGE_FIX_LOW16;
        break;
    case REL_HIGHADJ:
        if (end - at < 4)
            return image_bad(pe->b, "relocation at %#x lacks its second half",
                             rva);
        fix = IMAGE_FIX_HIGHADJ;
        value = (uint32_t)(int16_t)get16(at + 2);
        *used = 4;
        break;
    default:
        return image_bad(pe->b,
                         "relocation at %#x has type %u, which i386 "
                         "does not know",
                         rva, type);
    }
    if (!segment_at(pe->b, rva, fix == IMAGE_FIX_BASE32 ? 4 : 2))
        return image_bad(pe->b, "relocation at %#x lies in no section", rva);
    if (!add_fixup(pe->b, rva, fix, IMAGE_SELF, value))
        return image_no_memory(pe->b);
    return HB_OK;
}

static enum hb_status relocation_block(struct pe *pe, const uint8_t *block,
                                       uint32_t bytes)
{
    const uint8_t *at = block + 8, *end = block + bytes;
    enum hb_status status = HB_OK;
    unsigned used = 0;

    for (; end - at >= 2 && status == HB_OK; at += used)
        status = relocation(pe, get32(block), at, end, &used);
    return status;
}

enum hb_status pe_relocations(struct pe *pe)
{
    struct pe_range dir = pe_directory(pe, DIRECTORY_RELOCATION);
    const uint8_t *at = filled_at(pe->b, dir.rva, dir.bytes);
    enum hb_status status = HB_OK;
    uint32_t bytes;

    if (!dir.bytes || !pe->b->pub.relocatable)
        return HB_OK;
    if (!at)
        return image_bad(pe->b,
                         "%u bytes of relocations at %#x lie in no "
                         "section",
                         dir.bytes, dir.rva);
    for (uint32_t done = 0; dir.bytes - done >= 8; done += bytes) {
        bytes = get32(at + done + 4);
        if (!bytes)
            break; /* some linkers pad with a zero block */
        if (bytes < 8 || bytes > dir.bytes - done)
            return image_bad(pe->b,
                             "relocation block for page %#x has %u "
                             "bytes",
                             get32(at + done), bytes);
        status = relocation_block(pe, at + done, bytes);
        if (status != HB_OK)
            break;
    }
    return status;
}
