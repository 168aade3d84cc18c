/* src/image/image.h -- what can be loaded, as a description: bytes in, plain
 * tables out. Nothing here touches a machine; the loaders (src/nt for drivers,
 * src/board for kernels) copy segments, resolve imports, apply fixups.
 *
 *   file bytes --image_parse--> struct image --loader--> guest memory
 *
 * Addresses in the description are RVAs: offsets from where the image will
 * stand. Every field was checked: each segment lies inside [0, bytes), each
 * fixup and slot inside a segment, each name ends inside the file.
 * Sources: Microsoft PE/COFF specification; System V ABI, i386 supplement;
 * Multiboot specification 0.6.96; The Linux/x86 Boot Protocol. Docs:
 * docs/image.md. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halbox/status.h"

enum image_kind {
    IMAGE_PE32,     /* .sys, .dll: imports by DLL and slot             */
    IMAGE_ELF_REL,  /* ld -r or gcc -c: sections laid out by us        */
    IMAGE_ELF_DYN,  /* gcc -shared: segments and dynamic relocations   */
    IMAGE_ELF_EXEC, /* fixed address, no imports                       */
    IMAGE_LINUX,    /* bzImage                                         */
    IMAGE_RAW       /* bytes at an address                             */
};

enum { /* segment flags */
       SEGMENT_READ = 1,
       SEGMENT_WRITE = 2,
       SEGMENT_EXECUTE = 4,
       SEGMENT_DISCARD = 8,  /* may be dropped after initialisation (INIT) */
       SEGMENT_PAGEABLE = 16 /* PE section not marked NOT_PAGED            */
};

enum {
    IMAGE_MAX_BYTES = 64 << 20,     /* largest driver, in memory and as file */
    IMAGE_MAX_UNPACKED = 256 << 20, /* largest .gz once unpacked             */
    IMAGE_MAX_SEGMENTS = 4096,
    IMAGE_MAX_IMPORTS = 65536,
    IMAGE_NAME_BYTES = 64
};

/** Memory [rva, rva + bytes): file bytes first, zeroes after them. */
struct image_segment {
    char name[16];   /* section name, or "headers", ".got"; for people */
    uint32_t rva;    /* any alignment: 0x80 is usual for DDK drivers   */
    uint32_t bytes;  /* in memory                                      */
    uint32_t offset; /* of the first byte in image->file               */
    uint32_t filled; /* bytes that come from the file, <= bytes        */
    uint32_t flags;  /* SEGMENT_x                                      */
};

#define IMAGE_NO_SLOT UINT32_MAX

/** What the image needs from others. */
struct image_import {
    const char *dll;  /* "HAL.dll" as written; "" in ELF: whoever exports it */
    const char *name; /* NULL: by ordinal                                    */
    uint16_t ordinal; /* when name is NULL                                   */
    uint16_t hint;    /* PE only                                             */
    bool weak;        /* ELF STB_WEAK: address 0 when nobody exports it      */
    uint32_t slot;    /* PE: RVA of the u32 that takes the address (IAT);
                         ELF: IMAGE_NO_SLOT, fixups name the import          */
};

struct image_export {
    const char *name;    /* NULL: by ordinal only                          */
    uint32_t ordinal;    /* PE, base included; 0 in ELF                    */
    uint32_t rva;        /* when not a forwarder                           */
    const char *forward; /* "NTOSKRNL.RtlFoo" or "X.#12"; NULL: none       */
    bool data;           /* ELF STT_OBJECT; PE does not say: false         */
};

/** How a word changes. P: address of the word; D: actual minus preferred base;
 *  S: address of fixup.import (0: weak and exported by nobody). */
enum image_fix {
    IMAGE_FIX_BASE32,  /* u32 += D             (PE HIGHLOW, R_386_RELATIVE) */
    IMAGE_FIX_HIGH16,  /* u16 += D >> 16       (PE HIGH)                    */
    IMAGE_FIX_LOW16,   /* u16 += D             (PE LOW)                     */
    IMAGE_FIX_HIGHADJ, /* u16 = ((u16 << 16) + value + D + 0x8000) >> 16,
                          value sign-extended  (PE HIGHADJ)                 */
    IMAGE_FIX_ABS32,   /* u32 = S + value                                   */
    IMAGE_FIX_PC32     /* u32 = S + value - P                               */
};

#define IMAGE_SELF     UINT32_MAX       /* S: actual base of the image     */
#define IMAGE_ABSOLUTE (UINT32_MAX - 1) /* S: 0, an absolute ELF symbol    */

struct image_fixup {
    uint32_t rva;
    enum image_fix fix;
    uint32_t import; /* index into imports, IMAGE_SELF or IMAGE_ABSOLUTE */
    uint32_t value;  /* addend, the implicit one included */
};

/** Multiboot 1 header of a kernel; valid when image->multiboot. */
struct image_multiboot {
    uint32_t flags;
    uint32_t mode_type, width, height, depth; /* flags bit 2 */
};

/** Setup header of a bzImage; valid with IMAGE_LINUX. What the protocol's
 *  version does not have yet has the value that it implies. */
struct image_linux {
    uint16_t version;      /* 202h: 2.02                                     */
    uint32_t setup_bytes;  /* of the real-mode part, from the file's start   */
    uint32_t header_end;   /* of the header, in the file                     */
    uint32_t initrd_most;  /* highest address of the initial RAM disk        */
    uint32_t cmdline_most; /* bytes of the command line without its 0        */
    uint32_t alignment;    /* of where it unpacks itself                     */
    uint32_t runs_at, runs_bytes; /* memory that it unpacks itself into      */
};

/** A description; owns its bytes and tables, names point into them. */
struct image {
    enum image_kind kind;
    char name[IMAGE_NAME_BYTES]; /* last part of the path, .gz taken off */
    const uint8_t *file;         /* the bytes, unpacked                  */
    uint32_t file_bytes;
    uint32_t base;    /* preferred address of RVA 0; 0 when it has none  */
    uint32_t bytes;   /* of memory from RVA 0                            */
    bool relocatable; /* false: loads at `base` or not at all            */
    bool has_entry;
    uint32_t entry; /* RVA                                               */
    uint32_t checksum, timestamp, subsystem; /* PE header, as they stand */
    uint32_t section_alignment;              /* PE; 4096 in ELF          */

    const struct image_segment *segment;
    uint32_t segments; /* by rising RVA, never overlapping               */
    const struct image_import *import;
    uint32_t imports;
    const struct image_export *export;
    uint32_t exports; /* in the file's order                             */
    const struct image_fixup *fixup;
    uint32_t fixups;

    bool multiboot;
    struct image_multiboot mb;
    struct image_linux linux_boot;
};

/**
 * image_parse() - describe a driver image: PE32 or i386 ELF, or .gz of either.
 * @bytes: the file's bytes, borrowed (copied)
 * @name:  path or name, for messages and image->name
 * @out:   description; free with image_free(); untouched on failure
 *
 * Returns HB_OK; HB_BAD_IMAGE with one line that names file, field and value;
 * HB_NO_MEMORY.
 */
enum hb_status image_parse(const void *bytes, size_t count, const char *name,
                           struct image **out, struct hb_error *error);
/** image_load() - image_parse() of the file at @path; also HB_NO_FILE. */
enum hb_status image_load(const char *path, struct image **out,
                          struct hb_error *error);

/**
 * image_parse_kernel() - describe what the bare machine boots: an i386 ELF
 * executable (segments at their physical addresses, base 0), any file with a
 * multiboot header that gives its addresses (flags bit 16), or a Linux bzImage
 * (without has_entry when it can be entered in real mode alone).
 * A kernel without a multiboot header has image->multiboot false.
 */
enum hb_status image_parse_kernel(const void *bytes, size_t count,
                                  const char *name, struct image **out,
                                  struct hb_error *error);
/** image_load_kernel() - the same of a file; also HB_NO_FILE. */
enum hb_status image_load_kernel(const char *path, struct image **out,
                                 struct hb_error *error);
/** image_parse_raw() - bytes as they are, at @base, entered at @entry
 *  (both physical addresses). */
enum hb_status image_parse_raw(const void *bytes, size_t count,
                               const char *name, uint32_t base, uint32_t entry,
                               struct image **out, struct hb_error *error);

void image_free(struct image *image);

/** image_find_export() - by exact name; NULL when there is none. */
const struct image_export *image_find_export(const struct image *image,
                                             const char *name);
/** image_find_ordinal() - by ordinal; NULL when there is none. */
const struct image_export *image_find_ordinal(const struct image *image,
                                              uint32_t ordinal);

/** image_checksum() - what the header's CheckSum must be for the file's bytes,
 *  by the algorithm of ImageHlp; PE32 alone. The PE/COFF specification has
 *  loaders check all drivers. */
uint32_t image_checksum(const struct image *image);

/**
 * image_copy() - the @bytes bytes of the image as they stand in memory from
 * @rva: file bytes, zeroes between and after. Lets a loader fill page by page.
 */
void image_copy(const struct image *image, uint32_t rva, void *to,
                uint32_t bytes);
/**
 * image_fix_word() - the new value of the word a fixup names.
 * @old:    u32 (or u16) that stands at the fixup's address
 * @base:   actual address of RVA 0
 * @target: address of the fixup's import; ignored when it names none
 * @bytes:  out: 2 or 4
 */
uint32_t image_fix_word(const struct image *image,
                        const struct image_fixup *fixup, uint32_t old,
                        uint32_t base, uint32_t target, unsigned *bytes);

#endif
