/* src/debug/symbols.c -- addresses in words. */
#include <stdio.h>
#include <string.h>

#include "halbox/symbols.h"

/* "ntoskrnl!IoCallDriver": the image's name without what follows its dot. */
int symbols_text(const struct symbols *symbols, const struct machine *m,
                 gva_t at, char *out, size_t room)
{
    struct inspect_kernel_symbol k;
    uint32_t offset;
    int stem;

    (void)symbols;
    if (room)
        out[0] = 0;
    if (!inspect_kernel_symbol(m, at, &k))
        return 0;
    stem = (int)strcspn(k.image, ".");
    offset = at.v - k.start.v;
    if (!offset)
        return snprintf(out, room, "%.*s!%s", stem, k.image, k.name);
    return snprintf(out, room, "%.*s!%s+0x%x", stem, k.image, k.name, offset);
}
