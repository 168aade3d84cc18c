/* src/debug/elf_build.h -- an ELF32 file of i386 from its sections: what we
 * hand to libdw and to gdb. Equal sections give equal bytes. */
#ifndef DEBUG_ELF_BUILD_H
#define DEBUG_ELF_BUILD_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_part {
    const char *name;
    uint32_t type, flags, address;
    const void *data; /* SHT_NOBITS: NULL */
    uint32_t bytes;
    uint32_t link, info, entry_bytes,
        alignment; /* link: number of a part + 1 */
};

/** elf_build() - an executable without program headers. The caller frees *out
 *  with free(). False: no memory. */
bool elf_build(const struct elf_part *part, unsigned parts, uint8_t **out,
               size_t *count);

#endif
