/* include/halbox/status.h -- what a host-side operation can come to, and the
 * one line that tells a person what was wrong, where, and what to do. */
#ifndef HALBOX_STATUS_H
#define HALBOX_STATUS_H

#include "halbox/api.h"

enum hb_status {
    HB_OK,
    HB_FULL,             /* a bounded queue has no room: try again later    */
    HB_NO_MEMORY,        /* the host has no memory left                     */
    HB_NO_FILE,          /* a file cannot be opened, read or written        */
    HB_BAD_IMAGE,        /* bytes that are not what they claim to be        */
    HB_BAD_ARGUMENT,     /* the caller's argument is outside its range      */
    HB_BAD_STATE,        /* the call does not fit the object's state        */
    HB_NOT_FOUND,        /* no such name, number or mapping                 */
    HB_NO_MAP_REGISTERS, /* nothing changed; wait for some to be freed      */
    HB_NO_PAGES,         /* guest RAM or guest PTEs are used up             */
    HB_FAULT,            /* a guest address does not translate              */
    HB_LIMIT,            /* a limit (virtual time, instructions) was reached */
    HB_GUEST_FAILED,     /* bugcheck, deadlock, failed driver               */
    HB_STATUS_COUNT
};

enum { HB_ERROR_TEXT = 512 };

/** One error: its kind and one line for a person. */
struct hb_error {
    enum hb_status status;
    char text[HB_ERROR_TEXT];
};

/** hb_status_name() - the constant's name in lower case, for traces. */
HB_API const char *hb_status_name(enum hb_status status);

/**
 * hb_fail() - fill an error and return its status.
 * @error: filled; may be NULL, then only the status travels
 *
 * Returns @status, so that `return hb_fail(e, HB_NO_FILE, "...")` reads well.
 */
HB_API enum hb_status hb_fail(struct hb_error *error, enum hb_status status,
                              const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
