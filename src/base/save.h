/* src/base/save.h -- state rows to bytes and back. A file is a header with the
 * format's version, then named sections {name, version, bytes}. Two states are
 * equal if their bytes are. */
#ifndef BASE_SAVE_H
#define BASE_SAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "halbox/state.h"
#include "halbox/status.h"

/** A growing buffer of bytes being written. */
struct saver {
    uint8_t *bytes;
    size_t count, room;
    bool failed; /* host out of memory: everything after is dropped */
};

/** Bytes being read; every read past the end sets `failed`. */
struct loader {
    const uint8_t *bytes;
    size_t count, at;
    bool failed;
};

/** saver_fini() - free what was written. */
void saver_fini(struct saver *s);
void save_bytes(struct saver *s, const void *from, size_t bytes);
void save_u32(struct saver *s, uint32_t v);
void save_u64(struct saver *s, uint64_t v);
/** save_rows() - the fields of @base that @rows describe, little endian. */
void save_rows(struct saver *s, const void *base, const struct state_row *rows);
/** save_section_begin()/end() - a named, versioned, sized section. */
size_t save_section_begin(struct saver *s, const char *name, uint32_t version);
void save_section_end(struct saver *s, size_t begun);

bool loader_bytes(struct loader *l, void *to, size_t bytes);
uint32_t loader_u32(struct loader *l);
uint64_t loader_u64(struct loader *l);
/** load_rows() - the reverse of save_rows; vecs are resized, counts checked. */
bool load_rows(struct loader *l, void *base, const struct state_row *rows);
/** load_section() - the next section must be @name in @version; @section is set
 *  to read its bytes, @l goes on behind it. HB_BAD_IMAGE with one line: another
 *  section, another version, or cut short. */
enum hb_status load_section(struct loader *l, const char *name,
                            uint32_t version, struct loader *section,
                            struct hb_error *error);

#endif
