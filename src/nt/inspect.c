/* src/nt/inspect.c -- what a client may look at: objects. Reads only. Devices
 * and requests: inspect_device.c, inspect_irp.c. */
#include <stdio.h>

#include "nt/guest.h"
#include "nt/object.h"

bool nt_object_next(const struct nt *nt, uint32_t *cursor,
                    struct nt_object_info *info)
{
    for (; *cursor < nt->s.objects.count; ++*cursor) {
        const struct nt_object *o = ob_at(nt, *cursor + 1);

        if (o == NULL)
            continue;
        ++*cursor;
        *info = (struct nt_object_info){.body = gva_of(o->body),
                                        .references = o->references,
                                        .handles = o->handles};
        snprintf(info->type, sizeof info->type, "%s", ob_type_name(o->type));
        ob_path(nt, *cursor, info->name, sizeof info->name);
        string_text(o->target, o->target_count, info->target,
                    sizeof info->target);
        return true;
    }
    return false;
}
