/* mm/exports/track.c -- who holds system PTEs: the image whose code asked for
 * them. Source: WDK, bug checks 0x3F and 0xD8; mm fact sheet 5. */
#include "base/vec.h"
#include "mm/exports/thunk.h"

enum { IMAGES_MOST = 64 };

void call_own(struct call *c, gva_t va)
{
    /* a stub is entered with the return address on top of the stack */
    sysptes_own(call_mm(c), va,
                gva_of(ke_read_u32(c->ke, gva_of(c->cpu->s.reg[ESP]))));
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

void call_exhausted(struct call *c, uint32_t pages)
{
    struct holder most = largest_holder(c);
    struct mm_misuse why;

    sysptes_exhausted(call_mm(c), pages, &why);
    if (most.image)
        call_finding(c, "S37", "%s holds %u of %u system PTEs", most.image,
                     most.ptes, sysptes_total(call_mm(c)));
    if (why.code == 0xd8)
        why.p[1] = most.ptes;
    call_misused(c, &why);
}
