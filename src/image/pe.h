/* src/image/pe.h -- a PE32 file while it is parsed; private to src/image. */
#ifndef IMAGE_PE_H
#define IMAGE_PE_H

#include "image/build.h"

struct pe {
    struct build *b;
    const uint8_t *optional; /* optional header, in the file */
    uint32_t optional_bytes;
    uint32_t directories;
    uint32_t header_bytes;
    unsigned sections;
    uint64_t table; /* file offset of the section table */
};

struct pe_range {
    uint32_t rva, bytes;
};

enum { /* data directories */
       DIRECTORY_EXPORT = 0,
       DIRECTORY_IMPORT = 1,
       DIRECTORY_RELOCATION = 5,
       DIRECTORY_DELAY_IMPORT = 13,
       DIRECTORY_CLR = 14
};

/** Directory @index; {0, 0} when the image has none. */
struct pe_range pe_directory(const struct pe *pe, unsigned index);

enum hb_status pe_imports(struct pe *pe);
enum hb_status pe_exports(struct pe *pe);
enum hb_status pe_relocations(struct pe *pe);

#endif
