/* src/base/status.c -- errors: a kind and one line for a person. */
#include "halbox/status.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[HB_STATUS_COUNT] = {
    [HB_OK] = "ok",
    [HB_FULL] = "full",
    [HB_NO_MEMORY] = "no_memory",
    [HB_NO_FILE] = "no_file",
    [HB_BAD_IMAGE] = "bad_image",
    [HB_BAD_ARGUMENT] = "bad_argument",
    [HB_BAD_STATE] = "bad_state",
    [HB_NOT_FOUND] = "not_found",
    [HB_NO_MAP_REGISTERS] = "no_map_registers",
    [HB_NO_PAGES] = "no_pages",
    [HB_FAULT] = "fault",
    [HB_LIMIT] = "limit",
    [HB_GUEST_FAILED] = "guest_failed",
};

const char *hb_status_name(enum hb_status status)
{
    return (unsigned)status < HB_STATUS_COUNT ? names[status] : "unknown";
}

enum hb_status hb_fail(struct hb_error *error, enum hb_status status,
                       const char *format, ...)
{
    va_list args;

    if (error) {
        error->status = status;
        va_start(args, format);
        vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
    }
    return status;
}
