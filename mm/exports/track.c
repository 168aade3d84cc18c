/* mm/exports/track.c -- who holds system PTEs: the image whose code asked for
 * them. Source: WDK, bug checks 0x3F and 0xD8; mm fact sheet 5. */
#include <string.h>

#include "base/vec.h"
#include "mm/exports/thunk.h"

enum { IMAGES_MOST = 64 };

gva_t call_site(struct call *c)
{
    /* a stub is entered with the return address on top of the stack */
    return gva_of(ke_read_u32(c->ke, gva_of(c->cpu->s.reg[ESP])));
}

void call_own(struct call *c, gva_t va)
{
    sysptes_own(call_mm(c), va, call_site(c));
}

struct holder {
    const char *image;
    uint32_t ptes;
};

/* The image that holds most; counts by the registry's own name pointers. */
static struct holder largest_holder(const struct call *c)
{
    const struct vec *runs = &call_mm(c)->s.run;
    struct holder held[IMAGES_MOST] = {{0}}, most = {0};
    unsigned count = 0, k;

    for (uint32_t i = 0; i < runs->count; i++) {
        const struct pte_run *r = VEC_AT(struct pte_run, runs, i);
        const char *image =
            r->owner ? ke_image_at(c->ke, gva_of(r->owner)) : NULL;

        if (!image)
            continue;
        for (k = 0; k < count && held[k].image != image; k++)
            ;
        if (k == IMAGES_MOST)
            continue;
        count = k == count ? count + 1 : count;
        held[k].image = image;
        held[k].ptes += r->pages;
        if (held[k].ptes > most.ptes)
            most = held[k];
    }
    return most;
}

/* A UNICODE_STRING of @name in pool; 0 when there is none left. */
static uint32_t image_name(struct call *c, const char *name)
{
    enum { TAG = 0x656d614e, HEADER = 8 }; /* "Name" */
    uint32_t chars = (uint32_t)strlen(name);
    gva_t at, text;

    if (pool_alloc(call_mm(c), POOL_NONPAGED, HEADER + 2 * chars + 2, TAG,
                   &at) != HB_OK)
        return 0;
    text = gva_add(at, HEADER);
    store_u32(c, at, (2 * chars + 2) << 16 | 2 * chars);
    store_u32(c, gva_add(at, 4), text.v);
    for (uint32_t i = 0; i <= chars; i++)
        store_u16(c, gva_add(text, 2 * i), (uint8_t)name[i]);
    return at.v;
}

void call_exhausted(struct call *c, uint32_t pages)
{
    struct holder most = largest_holder(c);
    struct mm_misuse why;

    sysptes_exhausted(call_mm(c), pages, &why);
    if (most.image)
        call_finding(c, "S37", "%s holds %u of %u system PTEs", most.image,
                     most.ptes, sysptes_total(call_mm(c)));
    if (why.code == 0xd8) {
        why.p[0] = most.image ? image_name(c, most.image) : 0;
        why.p[1] = most.ptes;
    }
    call_misused(c, &why);
}
