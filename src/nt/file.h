/* src/nt/file.h -- file objects: an open of a device, and the requests on it.
 * Source: WDK FILE_OBJECT; hal_io fact sheet 6, 7. */
#ifndef NT_FILE_H
#define NT_FILE_H

#include "nt/private.h"

enum { /* FILE_OBJECT.Flags */
       FO_SYNCHRONOUS_IO = 0x2,
       FO_ALERTABLE_IO = 0x4,
       FO_NO_INTERMEDIATE_BUFFERING = 0x8,
       FO_HANDLE_CREATED = 0x40000,
       FO_CLEANUP_COMPLETE = 0x4000,
};

/** file_create() - a file object for @device, which counts one more open.
 *  @rest: what of the path is left beyond the device, may be empty
 *  Returns its object number, 0: no memory. */
uint32_t file_create(struct nt *nt, uint32_t device, const uint16_t *rest,
                     unsigned rest_count);
/** file_destroy() - after CLOSE (or a failed CREATE). */
void file_destroy(struct nt *nt, uint32_t number);
/** file_device() - top of the stack that requests on the file go to. */
uint32_t file_device(const struct nt *nt, uint32_t file);
/** file_irp() - a packet for the file's device, to be waited for by its issuer:
 *  next location filled with @major and the file object. 0: no memory. */
uint32_t file_irp(struct nt *nt, uint32_t file, uint8_t major);
/** file_close_later() - the last reference went where no driver code can run:
 *  the PnP thread sends IRP_MJ_CLOSE. */
void file_close_later(struct nt *nt, uint32_t number);
/** file_synchronous() - opened with FILE_SYNCHRONOUS_IO_x. */
bool file_synchronous(const struct nt *nt, uint32_t file);

#endif
