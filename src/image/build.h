/* src/image/build.h -- what the parsers fill; private to src/image. Parsers see
 * the file through checked look-ups alone: no offset is used before one. */
#ifndef IMAGE_BUILD_H
#define IMAGE_BUILD_H

#include "base/vec.h"
#include "image/image.h"

/** An image under construction; pub is what users get. */
struct build {
    struct image pub; /* first: image_free() finds the rest from it */
    uint8_t *file;
    struct vec segment, import, export, fixup;
    struct hb_error *error; /* of the running parse */
};

/** Fill the error: "NAME: what". Returns HB_BAD_IMAGE. */
enum hb_status image_bad(struct build *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum hb_status image_no_memory(struct build *b);

/** Bytes [offset, offset + bytes) of the file, or NULL. */
const uint8_t *file_at(const struct build *b, uint64_t offset, uint64_t bytes);
/** A string that ends inside the file, or NULL. */
const char *file_string(const struct build *b, uint64_t offset);

/** Little-endian words at any alignment. */
uint16_t get16(const uint8_t *at);
uint32_t get32(const uint8_t *at);

/** Append; false when the host has no memory. */
bool add_segment(struct build *b, const char *name, uint32_t rva,
                 uint32_t bytes, uint32_t offset, uint32_t filled,
                 uint32_t flags);
bool add_import(struct build *b, struct image_import import);
bool add_export(struct build *b, struct image_export export);
bool add_fixup(struct build *b, uint32_t rva, enum image_fix fix,
               uint32_t import, uint32_t value);

/** Put segments in order of RVA and see that none overlaps another, all lie
 *  inside pub.bytes and have their file bytes. */
enum hb_status segments_check(struct build *b);
/** The segment that has all of [rva, rva + bytes) in memory, or NULL. */
const struct image_segment *segment_at(const struct build *b, uint32_t rva,
                                       uint32_t bytes);
/** File bytes behind [rva, rva + bytes), or NULL when not all are filled. */
const uint8_t *filled_at(const struct build *b, uint32_t rva, uint32_t bytes);
/** A string in the filled part of a segment, or NULL. */
const char *filled_string(const struct build *b, uint32_t rva);

enum hb_status pe_parse(struct build *b);
enum hb_status elf_parse(struct build *b);
enum hb_status elf_parse_kernel(struct build *b);
enum hb_status multiboot_parse(struct build *b, bool *loads);
enum hb_status bzimage_parse(struct build *b, bool *loads);

/** Unpack @bytes when they are a .gz, else copy them. */
enum hb_status image_unpack(struct build *b, const void *bytes, size_t count);

static inline bool is_power_of_two(uint32_t v)
{
    return v && !(v & (v - 1));
}

#endif
