/* src/media/overlay.c -- see overlay.h: a table of tables of blocks. */
#include "media/overlay.h"

#include <stdlib.h>

static uint64_t tables(const struct overlay *o)
{
    return (o->blocks + OVERLAY_FAN - 1) / OVERLAY_FAN;
}

bool overlay_init(struct overlay *o, uint64_t bytes)
{
    o->blocks = (bytes + OVERLAY_BLOCK - 1) / OVERLAY_BLOCK;
    o->table = calloc(tables(o) + 1, sizeof *o->table);
    return o->table != NULL;
}

void overlay_fini(struct overlay *o)
{
    for (uint64_t t = 0; o->table && t < tables(o); t++) {
        for (unsigned i = 0; o->table[t] && i < OVERLAY_FAN; i++)
            free(o->table[t][i]);
        free(o->table[t]);
    }
    free(o->table);
    *o = (struct overlay){0};
}

uint8_t *overlay_block(const struct overlay *o, uint64_t index)
{
    uint8_t **t = o->table ? o->table[index / OVERLAY_FAN] : NULL;

    return t ? t[index % OVERLAY_FAN] : NULL;
}

uint8_t *overlay_add(struct overlay *o, uint64_t index)
{
    uint8_t ***t = &o->table[index / OVERLAY_FAN];

    if (!*t)
        *t = calloc(OVERLAY_FAN, sizeof **t);
    return *t ? (*t)[index % OVERLAY_FAN] = calloc(1, OVERLAY_BLOCK) : NULL;
}

uint64_t overlay_next(const struct overlay *o, uint64_t index)
{
    for (; o->table && index < o->blocks; index++) {
        uint8_t **t = o->table[index / OVERLAY_FAN];

        if (!t)
            index |= OVERLAY_FAN - 1; /* none in this table */
        else if (t[index % OVERLAY_FAN])
            return index;
    }
    return UINT64_MAX;
}
