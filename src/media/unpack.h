/* src/media/unpack.h -- .gz files. */
#ifndef MEDIA_UNPACK_H
#define MEDIA_UNPACK_H

#include <stdint.h>

#include "halbox/status.h"

/** Largest .gz once unpacked: it lies in the host's memory, zeroes left out. */
#define UNPACKED_MOST ((uint64_t)8 << 30)

/** medium_unpack() - the .gz behind @fd into a file without a name.
 *  @out: its descriptor. HB_NO_FILE, HB_BAD_IMAGE, HB_NO_MEMORY. */
enum hb_status medium_unpack(int fd, const char *path, int *out,
                             struct hb_error *error);

#endif
