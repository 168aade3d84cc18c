/* src/nt/object.h -- objects, names, handles. An object is known by the number
 * of its place in the table or by its body's guest address; counts and names
 * are the host's. Source: WDK, "Managing kernel objects". */
#ifndef NT_OBJECT_H
#define NT_OBJECT_H

#include "nt/private.h"

/** ob_boot() - types, root directory, \Device, \??, \DosDevices, ... */
bool ob_boot(struct nt *nt);

/** ob_at() - by number; NULL: free or out of range. Valid until the next
 *  ob_create. */
struct nt_object *ob_at(const struct nt *nt, uint32_t number);
/** ob_find() - number of the object with body @va, 0. */
uint32_t ob_find(const struct nt *nt, uint32_t va);
/** ob_body() - 0 when there is no such object. */
uint32_t ob_body(const struct nt *nt, uint32_t number);

/** ob_create() - an object with one reference, the creator's.
 *  @body: guest memory; 0: sixteen bytes of pool of our own
 *  Returns its number, 0 when memory is short. */
uint32_t ob_create(struct nt *nt, enum nt_type type, uint32_t body);
/** ob_name() - put it into the namespace at @path; STATUS_x. The directories
 *  on the way must exist. */
uint32_t ob_name(struct nt *nt, uint32_t number, const struct nt_string *path);
/** ob_unname() - out of the namespace. */
void ob_unname(struct nt *nt, uint32_t number);
/** ob_path() - full path of an object, ASCII; "" without a name. */
void ob_path(const struct nt *nt, uint32_t number, char *out, unsigned room);

void ob_reference(struct nt *nt, uint32_t number);
/** ob_dereference() - one less; at none it is destroyed, but a file object,
 *  whose close needs driver code: that is posted to the PnP thread. */
void ob_dereference(struct nt *nt, uint32_t number);
/** ob_destroy() - memory and place are free. */
void ob_destroy(struct nt *nt, uint32_t number);

/**
 * ob_lookup() - walk a path, following symbolic links.
 * @rest: out: index into @path (which links may have rewritten) of what is left
 *        beyond a device object
 * @follow: the last component too, if it is a link
 *
 * Returns STATUS_SUCCESS with *@number, or OBJECT_NAME_NOT_FOUND,
 * OBJECT_PATH_NOT_FOUND, OBJECT_PATH_SYNTAX_BAD, OBJECT_NAME_INVALID,
 * OBJECT_TYPE_MISMATCH.
 */
uint32_t ob_lookup(struct nt *nt, struct nt_string *path, bool follow,
                   uint32_t *number, unsigned *rest);
/** ob_symlink() - a symbolic link at @path to @target. */
uint32_t ob_symlink(struct nt *nt, const struct nt_string *path,
                    const struct nt_string *target, uint32_t *number);

/** handle_create() - a handle of @process, which holds a reference.
 *  0: no memory. */
uint32_t handle_create(struct nt *nt, uint32_t process, uint32_t object,
                       uint32_t access, uint32_t attributes);
/** handle_find() - NULL: no such handle. Kernel handles (bit 31) belong to
 *  System whoever asks. */
struct nt_handle *handle_find(const struct nt *nt, uint32_t process,
                              uint32_t value);
/** handle_remove() - without dereferencing the object. Returns its number. */
uint32_t handle_remove(struct nt *nt, struct nt_handle *handle);

/** ob_type_name() - "Device", "File", ... */
const char *ob_type_name(enum nt_type type);

#endif
