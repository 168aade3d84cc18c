/* src/ke/images.c -- which image lies where: for bugchecks and traces. An image
 * that is gone is remembered, and what it left queued is told when it goes.
 * Source: WDK, bug check 0xCE. */
#include "ke/private.h"

static struct image *image_at(const struct ke *ke, uint32_t i)
{
    return VEC_AT(struct image, &ke->s.image, i);
}

/** Images that lay where a new one comes are forgotten. */
static void forget_under(struct ke *ke, uint32_t base, uint32_t bytes)
{
    for (uint32_t i = 0; i < ke->s.image.count;) {
        const struct image *im = image_at(ke, i);

        if (im->base - base < bytes || base - im->base < im->bytes)
            vec_remove(&ke->s.image, sizeof *im, i);
        else
            i++;
    }
}

void ke_image_add(struct ke *ke, const char *name, gva_t base, uint32_t bytes)
{
    struct image *im;

    forget_under(ke, base.v, bytes);
    if (ke->s.image.count >= IMAGES_MOST ||
        !(im = vec_push(&ke->s.image, sizeof *im, NULL)))
        return;
    im->base = base.v;
    im->bytes = bytes;
    snprintf(im->name, sizeof im->name, "%s", name);
}

void ke_image_remove(struct ke *ke, gva_t base)
{
    for (uint32_t i = 0; i < ke->s.image.count; i++) {
        struct image *im = image_at(ke, i);

        if (im->base != base.v || im->unloaded)
            continue;
        pending_in_image(ke, im->name, im->base, im->bytes);
        im->unloaded = 1;
        return;
    }
}

static const char *name_at(const struct ke *ke, gva_t at, bool unloaded)
{
    for (uint32_t i = 0; i < ke->s.image.count; i++) {
        const struct image *im = image_at(ke, i);

        if (im->unloaded == unloaded && at.v - im->base < im->bytes)
            return im->name;
    }
    return NULL;
}

const char *ke_image_at(const struct ke *ke, gva_t at)
{
    static const struct {
        uint32_t base;
        const char *name;
    } ours[EXPORT_DLLS] = {{MM_NT_IMAGE, "ntoskrnl.exe"},
                           {MM_HAL_IMAGE, "hal.dll"}};

    for (unsigned dll = 0; dll < EXPORT_DLLS; dll++)
        if (at.v - ours[dll].base <
            (2 + ke->text_pages[dll] + ke->data_pages[dll]) * PAGE_BYTES)
            return ours[dll].name;
    return name_at(ke, at, false);
}

const char *image_unloaded_at(const struct ke *ke, gva_t at)
{
    return name_at(ke, at, true);
}

/* ---- what an image leaves behind
 * ----------------------------------------------- */

/** The range of the image that goes. */
struct leaver {
    struct ke *ke;
    const char *name;
    uint32_t base, bytes;
};

static void tell_if(const struct leaver *l, uint32_t va, const char *what)
{
    char text[KE_TEXT];

    if (va - l->base >= l->bytes || !l->ke->events->armed[EV_finding])
        return;
    snprintf(text, sizeof text, "%s is unloaded and leaves %s at %08x", l->name,
             what, va);
    EMIT(l->ke->events, finding, EVENT_STRING("UNLOAD"), EVENT_STRING(text));
}

static uint32_t dpc_routine(const struct ke *ke, uint32_t dpc)
{
    return dpc ? ke_read_u32(ke, gva_of(dpc + DPC_ROUTINE)) : 0;
}

void pending_in_image(struct ke *ke, const char *name, uint32_t base,
                      uint32_t bytes)
{
    const struct leaver l = {ke, name, base, bytes};

    for (uint32_t i = 0; i < ke->s.dpc.count; i++)
        tell_if(&l, dpc_routine(ke, *VEC_AT(uint32_t, &ke->s.dpc, i)),
                "a queued DPC routine");
    for (uint32_t i = 0; i < ke->s.timer.count; i++) {
        const struct timer *t = VEC_AT(struct timer, &ke->s.timer, i);

        tell_if(&l, t->object, "a timer that is set");
        tell_if(&l, dpc_routine(ke, t->dpc), "a timer's DPC routine");
    }
    for (uint32_t i = 0; i < ke->s.work.count; i++)
        tell_if(&l, VEC_AT(struct work, &ke->s.work, i)->routine,
                "a queued work item");
    for (uint32_t i = 0; i < ke->s.connection.count; i++)
        tell_if(&l, VEC_AT(struct ke_interrupt, &ke->s.connection, i)->routine,
                "a connected service routine");
}
