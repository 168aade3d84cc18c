/* src/image/pe.c -- PE32: headers and sections. Section data is placed by the
 * section header at any alignment: DDK drivers have SectionAlignment =
 * FileAlignment = 0x80 or 0x20, and then RVA equals file offset.
 * Source: Microsoft PE/COFF specification, "COFF File Header", "Optional
 * Header", "Section Table". */
#include "image/pe.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { /* IMAGE_FILE_HEADER */
       COFF_MACHINE = 0,
       COFF_SECTIONS = 2,
       COFF_TIMESTAMP = 4,
       COFF_OPTIONAL_BYTES = 16,
       COFF_FLAGS = 18,
       COFF_BYTES = 20
};
enum { MACHINE_I386 = 0x14c, RELOCS_STRIPPED = 1, EXECUTABLE = 2 };
enum { /* IMAGE_OPTIONAL_HEADER32 */
       OPT_MAGIC = 0,
       OPT_ENTRY = 16,
       OPT_IMAGE_BASE = 28,
       OPT_SECTION_ALIGNMENT = 32,
       OPT_FILE_ALIGNMENT = 36,
       OPT_IMAGE_BYTES = 56,
       OPT_HEADER_BYTES = 60,
       OPT_CHECKSUM = 64,
       OPT_SUBSYSTEM = 68,
       OPT_DIRECTORIES = 92,
       OPT_BYTES = 96
};
enum { MAGIC_PE32 = 0x10b, MAGIC_PE32_PLUS = 0x20b };
enum { /* IMAGE_SECTION_HEADER */
       SEC_VIRTUAL_BYTES = 8,
       SEC_RVA = 12,
       SEC_RAW_BYTES = 16,
       SEC_RAW_OFFSET = 20,
       SEC_FLAGS = 36,
       SEC_BYTES = 40
};
#define SCN_DISCARDABLE 0x02000000u
#define SCN_NOT_PAGED   0x08000000u
#define SCN_EXECUTE     0x20000000u
#define SCN_READ        0x40000000u
#define SCN_WRITE       0x80000000u
enum { MAX_SECTIONS = 96, SECTOR = 512, PAGE = 4096 };

static enum hb_status coff_header(struct pe *pe)
{
    struct build *b = pe->b;
    const uint8_t *dos = file_at(b, 0, 64), *coff;
    uint32_t at;

    if (!dos)
        return image_bad(b, "%u bytes are too few for a PE image",
                         b->pub.file_bytes);
    at = get32(dos + 60);
    coff = file_at(b, (uint64_t)at + 4, COFF_BYTES);
    if (!coff || memcmp(coff - 4, "PE\0\0", 4) != 0)
        return image_bad(b,
                         "no PE header at offset %#x: a DOS program or a "
                         "damaged file",
                         at);
    if (get16(coff + COFF_MACHINE) != MACHINE_I386)
        return image_bad(b,
                         "machine type %#x; halbox runs i386 images "
                         "(0x14c): build for 32-bit x86",
                         get16(coff + COFF_MACHINE));
    if (!(get16(coff + COFF_FLAGS) & EXECUTABLE))
        return image_bad(b, "the linker did not mark it as complete "
                            "(IMAGE_FILE_EXECUTABLE_IMAGE is clear)");
    pe->sections = get16(coff + COFF_SECTIONS);
    pe->optional_bytes = get16(coff + COFF_OPTIONAL_BYTES);
    pe->optional = file_at(b, (uint64_t)at + 4 + COFF_BYTES, OPT_BYTES);
    pe->table = (uint64_t)at + 4 + COFF_BYTES + pe->optional_bytes;
    b->pub.relocatable = !(get16(coff + COFF_FLAGS) & RELOCS_STRIPPED);
    b->pub.timestamp = get32(coff + COFF_TIMESTAMP);
    if (!pe->optional || pe->optional_bytes < OPT_BYTES)
        return image_bad(b, "optional header of %u bytes is too short",
                         pe->optional_bytes);
    return HB_OK;
}

static enum hb_status alignment_check(struct pe *pe)
{
    uint32_t section = get32(pe->optional + OPT_SECTION_ALIGNMENT);
    uint32_t file = get32(pe->optional + OPT_FILE_ALIGNMENT);

    if (!is_power_of_two(section) || !is_power_of_two(file) || section < file)
        return image_bad(pe->b,
                         "SectionAlignment %#x and FileAlignment %#x "
                         "must be powers of two, the first not smaller",
                         section, file);
    pe->b->pub.section_alignment = section;
    return HB_OK;
}

static enum hb_status optional_header(struct pe *pe)
{
    struct image *image = &pe->b->pub;
    const uint8_t *opt = pe->optional;
    uint16_t magic = get16(opt + OPT_MAGIC);
    uint32_t directories = get32(opt + OPT_DIRECTORIES);

    if (magic != MAGIC_PE32)
        return image_bad(pe->b,
                         "optional header magic %#x is not PE32 "
                         "(0x10b)%s",
                         magic, magic == MAGIC_PE32_PLUS ? ": PE32+" : "");
    image->base = get32(opt + OPT_IMAGE_BASE);
    image->bytes = get32(opt + OPT_IMAGE_BYTES);
    image->entry = get32(opt + OPT_ENTRY);
    image->has_entry = image->entry != 0;
    image->checksum = get32(opt + OPT_CHECKSUM);
    image->subsystem = get16(opt + OPT_SUBSYSTEM);
    pe->header_bytes = get32(opt + OPT_HEADER_BYTES);
    if (image->base % PAGE)
        return image_bad(pe->b, "ImageBase %#x is not page aligned",
                         image->base);
    if (!image->bytes || image->bytes > IMAGE_MAX_BYTES)
        return image_bad(pe->b, "SizeOfImage %#x is outside 1..%#x",
                         image->bytes, IMAGE_MAX_BYTES);
    if (directories > (pe->optional_bytes - OPT_BYTES) / 8u ||
        !file_at(pe->b, 0, pe->table))
        return image_bad(pe->b,
                         "%u data directories do not fit in an "
                         "optional header of %u bytes",
                         directories, pe->optional_bytes);
    pe->directories = directories;
    return alignment_check(pe);
}

struct pe_range pe_directory(const struct pe *pe, unsigned index)
{
    const uint8_t *at = pe->optional + OPT_BYTES + 8 * index;

    if (index >= pe->directories)
        return (struct pe_range){0, 0};
    return (struct pe_range){get32(at), get32(at + 4)};
}

static uint32_t section_flags(uint32_t characteristics)
{
    uint32_t flags = 0;

    flags |= characteristics & SCN_READ ? SEGMENT_READ : 0;
    flags |= characteristics & SCN_WRITE ? SEGMENT_WRITE : 0;
    flags |= characteristics & SCN_EXECUTE ? SEGMENT_EXECUTE : 0;
    flags |= characteristics & SCN_DISCARDABLE ? SEGMENT_DISCARD : 0;
    flags |= characteristics & SCN_NOT_PAGED ? 0 : SEGMENT_PAGEABLE;
    return flags;
}

static enum hb_status section(struct pe *pe, const uint8_t *at)
{
    uint32_t bytes = get32(at + SEC_VIRTUAL_BYTES);
    uint32_t rva = get32(at + SEC_RVA);
    uint32_t raw = get32(at + SEC_RAW_BYTES);
    uint32_t offset = get32(at + SEC_RAW_OFFSET);
    char name[9] = {0};

    memcpy(name, at, 8);
    if (!bytes)
        bytes = raw;
    if (!bytes)
        return HB_OK;
    if (rva % pe->b->pub.section_alignment)
        return image_bad(pe->b,
                         "section %s at %#x is not aligned to "
                         "SectionAlignment %#x",
                         name, rva, pe->b->pub.section_alignment);
    /* The loader of NT reads whole sectors in images of page alignment. */
    if (pe->b->pub.section_alignment >= PAGE)
        offset -= offset % SECTOR;
    if (!add_segment(pe->b, name, rva, bytes, offset, raw < bytes ? raw : bytes,
                     section_flags(get32(at + SEC_FLAGS))))
        return image_no_memory(pe->b);
    return HB_OK;
}

/* DWARF of GNU's linker, ".debug_info" or "/4", an offset of its long name:
 * discardable, and no code may refer to it. */
static bool is_debug(const uint8_t *at)
{
    uint32_t flags = get32(at + SEC_FLAGS);

    return flags & SCN_DISCARDABLE && !(flags & (SCN_EXECUTE | SCN_WRITE)) &&
           (memcmp(at, ".debug_", 7) == 0 ||
            (at[0] == '/' && at[1] >= '0' && at[1] <= '9'));
}

/* What NT drops after DriverEntry is not mapped in the first place: the image
 * ends with the last section that is kept. */
static void drop_debug(struct pe *pe, const uint8_t *table)
{
    const struct image_segment *s = pe->b->segment.data;
    uint32_t mask = pe->b->pub.section_alignment - 1, end = 0;
    bool any = false;

    for (unsigned i = 0; i < pe->sections; i++)
        any |= is_debug(table + SEC_BYTES * i);
    for (uint32_t i = 0; i < pe->b->segment.count; i++)
        if (s[i].rva + s[i].bytes > end)
            end = s[i].rva + s[i].bytes;
    end = (end + mask) & ~mask;
    if (any && end && end < pe->b->pub.bytes)
        pe->b->pub.bytes = end;
}

/* The headers are mapped too, up to the first section. */
static enum hb_status headers_segment(struct pe *pe)
{
    const struct image_segment *s = pe->b->segment.data;
    uint32_t bytes = pe->header_bytes;

    for (uint32_t i = 0; i < pe->b->segment.count; i++)
        if (s[i].rva < bytes)
            bytes = s[i].rva;
    if (bytes < pe->table + SEC_BYTES * pe->sections)
        return image_bad(pe->b,
                         "SizeOfHeaders %#x does not hold the headers, "
                         "or a section lies on them",
                         pe->header_bytes);
    if (!add_segment(pe->b, "headers", 0, bytes, 0, bytes, SEGMENT_READ))
        return image_no_memory(pe->b);
    return HB_OK;
}

static enum hb_status sections(struct pe *pe)
{
    const uint8_t *table =
        file_at(pe->b, pe->table, (uint64_t)SEC_BYTES * pe->sections);
    enum hb_status status = HB_OK;

    if (!pe->sections || pe->sections > MAX_SECTIONS || !table)
        return image_bad(pe->b,
                         "%u sections, in a file of %u bytes; 1 to %u "
                         "are possible",
                         pe->sections, pe->b->pub.file_bytes, MAX_SECTIONS);
    for (unsigned i = 0; i < pe->sections && status == HB_OK; i++)
        if (!is_debug(table + SEC_BYTES * i))
            status = section(pe, table + SEC_BYTES * i);
    if (status == HB_OK)
        status = headers_segment(pe);
    if (status == HB_OK)
        status = segments_check(pe->b);
    if (status == HB_OK)
        drop_debug(pe, table);
    return status;
}

/* The sum of all words with carries added back, the field itself as 0, and the
 * length. */
uint32_t image_checksum(const struct image *image)
{
    const uint8_t *file = image->file;
    uint32_t field = get32(file + 60) + 4 + COFF_BYTES + OPT_CHECKSUM, sum = 0;

    assert(image->kind == IMAGE_PE32);
    for (uint32_t i = 0; i < image->file_bytes; i++) {
        if (i - field < 4)
            continue;
        sum += (uint32_t)file[i] << (i & 1 ? 8 : 0);
        sum = (sum >> 16) + (sum & 0xffff);
    }
    return sum + image->file_bytes;
}

enum hb_status pe_parse(struct build *b)
{
    static enum hb_status (*const part[])(struct pe *) = {
        coff_header, optional_header, sections,
        pe_imports,  pe_exports,      pe_relocations,
    };
    struct pe pe = {.b = b};

    b->pub.kind = IMAGE_PE32;
    for (unsigned i = 0; i < sizeof part / sizeof part[0]; i++) {
        enum hb_status status = part[i](&pe);

        if (status != HB_OK)
            return status;
    }
    if (b->pub.has_entry && !segment_at(b, b->pub.entry, 1))
        return image_bad(b, "entry point %#x lies in no section", b->pub.entry);
    return HB_OK;
}
