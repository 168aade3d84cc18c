/* src/nt/reg_file.h -- registry files as regedit writes them, "REGEDIT4" and
 * "Windows Registry Editor Version 5.00". Pure: bytes in, calls out. Source:
 * Microsoft, "How to add, modify, or delete registry subkeys and values by
 * using a .reg file" (KB 310516). */
#ifndef NT_REG_FILE_H
#define NT_REG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halbox/status.h"

enum { REG_FILE_MOST = 16 << 20 }; /* bytes of a file */

/** Text of the file: UTF-16, without a terminator. */
struct reg_text {
    const uint16_t *unit;
    unsigned count;
};

/** Who takes what the file says, in its order. False: it cannot, and the
 *  parse ends with its @error filled in (the line is put before it). */
struct reg_file_taker {
    void *context;
    /** [path] or [-path]; @path from \Registry on */
    bool (*key)(void *context, struct reg_text path, bool gone,
                struct hb_error *error);
    /** of the last key. @gone: "name"=-; the default value has no name */
    bool (*value)(void *context, struct reg_text name, uint32_t type,
                  const uint8_t *data, uint32_t bytes, bool gone,
                  struct hb_error *error);
};

/**
 * reg_file_parse() - read a file of UTF-16LE (with its mark), UTF-8 or ASCII.
 * @name: in errors, "NAME:LINE: what is wrong"
 *
 * Returns HB_OK; HB_BAD_ARGUMENT: not such a file, or a line that is none;
 * HB_NO_MEMORY; what the taker made of it.
 */
enum hb_status reg_file_parse(const uint8_t *bytes, size_t count,
                              const char *name,
                              const struct reg_file_taker *taker,
                              struct hb_error *error);

#endif
