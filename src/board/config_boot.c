/* src/board/config_boot.c -- the boot order of a description: "acd". */
#include <string.h>

#include "board/config.h"

/* In the order of enum machine_boot. */
static const char letters[] = " acdn";

enum { BOOT_MOST = 3 }; /* as many as CMOS memory has room for */

enum hb_status config_boot(struct machine_config *c, const char *text,
                           struct hb_error *error)
{
    size_t n = strlen(text);
    uint32_t order = 0;

    for (size_t i = 0; i < n && n <= BOOT_MOST; i++) {
        const char *letter = strchr(letters + 1, text[i]);

        if (!letter || strchr(text + i + 1, text[i]))
            n = 0;
        else
            order |= (uint32_t)(letter - letters) << 4 * i;
    }
    if (n < 1 || n > BOOT_MOST)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "boot: '%.20s': one to three of a (floppy), c (disk), "
                       "d (CD), n (network), each once",
                       text);
    c->boot_order = order;
    return HB_OK;
}
