/* src/media/media.h -- a medium: a file of the host as a run of bytes. Raw
 * files are read and written in place; a .gz is unpacked when it is opened and
 * written on a copy, as is any file with cow. What was written on the copy is
 * in a save, the file is not. Docs: docs/media.md. */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include "base/save.h"
#include "halbox/media.h"

struct medium;

/**
 * medium_open() - open the file at @path.
 * @cow:  writes go to a copy in memory; the file is never written
 * @fixed: it is never written at all (a CD)
 *
 * A raw file that the host does not let us write is read only.
 * Returns HB_OK, HB_NO_FILE, HB_BAD_IMAGE (empty, too large, damaged .gz),
 * HB_NO_MEMORY.
 */
enum hb_status medium_open(struct medium **out, const char *path, bool cow,
                           bool fixed, struct hb_error *error);
void medium_close(struct medium *m);

const char *medium_path(const struct medium *m);
uint64_t medium_bytes(const struct medium *m);
bool medium_read_only(const struct medium *m);
/** medium_read()/medium_write() - as media_read() and media_write(). */
bool medium_read(const struct medium *m, uint64_t offset, void *to,
                 uint32_t bytes);
bool medium_write(struct medium *m, uint64_t offset, const void *from,
                  uint32_t bytes);

/** medium_save() - size, and the blocks of the copy that were written. */
void medium_save(const struct medium *m, struct saver *s);
/** medium_load() - the reverse, onto the same file. HB_BAD_IMAGE: the file has
 *  another size than when it was saved, or the bytes are damaged. */
enum hb_status medium_load(struct medium *m, struct loader *l,
                           struct hb_error *error);

#endif
