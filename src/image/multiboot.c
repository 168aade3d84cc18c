/* src/image/multiboot.c -- the header by which a kernel says how it wants to be
 * loaded. Source: Multiboot specification 0.6.96, sections 3.1.1 to 3.1.4. */
#include "image/build.h"

enum {
    MB_FLAGS = 4,
    MB_CHECKSUM = 8,
    MB_HEADER_ADDRESS = 12,
    MB_LOAD = 16,
    MB_LOAD_END = 20,
    MB_BSS_END = 24,
    MB_ENTRY = 28,
    MB_MODE = 32
};
enum { MB_SEARCH = 8192, MB_HAS_MODE = 1 << 2, MB_HAS_ADDRESSES = 1 << 16 };
#define MB_MAGIC 0x1badb002u
/* Bits 0-15 that are not understood forbid booting: 0 align modules, 1 memory
 * map, 2 video mode are. */
#define MB_UNKNOWN 0xfff8u

static const uint8_t *find_header(const struct build *b, uint32_t *offset)
{
    for (uint32_t at = 0; at < MB_SEARCH; at += 4) {
        const uint8_t *h = file_at(b, at, 12);

        if (!h)
            return NULL;
        if (get32(h) == MB_MAGIC &&
            get32(h) + get32(h + MB_FLAGS) + get32(h + MB_CHECKSUM) == 0) {
            *offset = at;
            return h;
        }
    }
    return NULL;
}

/* The address fields stand for those of the ELF header, if there is one. */
static enum hb_status by_addresses(struct build *b, const uint8_t *h,
                                   uint32_t offset)
{
    uint32_t header = get32(h + MB_HEADER_ADDRESS), load = get32(h + MB_LOAD);
    uint32_t end = get32(h + MB_LOAD_END), bss = get32(h + MB_BSS_END);
    uint32_t from = offset - (header - load);

    if (header < load || header - load > offset)
        return image_bad(b,
                         "multiboot header address %#x, load address %#x: "
                         "the load would start before the file",
                         header, load);
    if (!end)
        end = load + (b->pub.file_bytes - from);
    if (!bss)
        bss = end;
    if (end <= load || bss < end)
        return image_bad(b,
                         "multiboot addresses %#x..%#x, bss to %#x, are not "
                         "in order",
                         load, end, bss);
    b->pub.kind = IMAGE_RAW;
    b->pub.bytes = bss;
    b->pub.has_entry = true;
    b->pub.entry = get32(h + MB_ENTRY);
    if (!add_segment(b, "multiboot", load, bss - load, from, end - load,
                     SEGMENT_READ | SEGMENT_WRITE | SEGMENT_EXECUTE))
        return image_no_memory(b);
    if (!segment_at(b, b->pub.entry, 1))
        return image_bad(b, "multiboot entry %#x is not in %#x..%#x",
                         b->pub.entry, load, bss);
    return segments_check(b);
}

enum hb_status multiboot_parse(struct build *b, bool *loads)
{
    uint32_t offset = 0;
    const uint8_t *h = find_header(b, &offset);

    if (!h)
        return HB_OK;
    b->pub.multiboot = true;
    b->pub.mb.flags = get32(h + MB_FLAGS);
    if (b->pub.mb.flags & MB_UNKNOWN)
        return image_bad(b, "multiboot flags %#x ask for something unknown",
                         b->pub.mb.flags);
    if (b->pub.mb.flags & MB_HAS_MODE) {
        if (!file_at(b, offset, MB_MODE + 16))
            return image_bad(b, "the multiboot header is cut short");
        b->pub.mb.mode_type = get32(h + MB_MODE);
        b->pub.mb.width = get32(h + MB_MODE + 4);
        b->pub.mb.height = get32(h + MB_MODE + 8);
        b->pub.mb.depth = get32(h + MB_MODE + 12);
    }
    if (!(b->pub.mb.flags & MB_HAS_ADDRESSES))
        return HB_OK;
    if (!file_at(b, offset, MB_MODE))
        return image_bad(b, "the multiboot header is cut short");
    *loads = true;
    return by_addresses(b, h, offset);
}
