/* src/card/shared_object.c -- a card from a shared object: the symbol
 * halbox_card (halbox/card.h) names its model and the ABI it was built for. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "card/card_private.h"
#include "halbox/card.h"

struct shared_object {
    struct card card;
    void *handle;
};

static void close_so(struct card *card)
{
    struct shared_object *so = (struct shared_object *)card;

    dlclose(so->handle);
    free(so);
}

static enum hb_status check(const struct halbox_card *c, const char *path,
                            struct hb_error *error)
{
    if (!c)
        return hb_fail(error, HB_BAD_IMAGE,
                       "%s: no symbol halbox_card: end the card's source with "
                       "HALBOX_CARD(model)",
                       path);
    if (c->abi != HALBOX_CARD_ABI ||
        c->model_bytes != sizeof(struct device_model))
        return hb_fail(error, HB_BAD_IMAGE,
                       "%s: built for ABI %u (%u bytes), this halbox has %u "
                       "(%zu bytes): build it again against its headers",
                       path, c->abi, c->model_bytes, HALBOX_CARD_ABI,
                       sizeof(struct device_model));
    return HB_OK;
}

/* dlopen looks through the library path for a name without a slash. */
static void *open_file(const char *path)
{
    char *real = realpath(path, NULL);
    void *handle = real ? dlopen(real, RTLD_NOW | RTLD_LOCAL) : NULL;

    free(real);
    return handle;
}

enum hb_status card_open_so(struct card **out, const char *path,
                            struct hb_error *error)
{
    const struct halbox_card *found;
    struct shared_object *so;
    enum hb_status status;
    void *handle;

    if (access(path, R_OK) != 0)
        return hb_fail(error, HB_NO_FILE, "%s: cannot open the card", path);
    handle = open_file(path);
    if (!handle)
        return hb_fail(error, HB_BAD_IMAGE, "%s", dlerror());
    found = dlsym(handle, "halbox_card");
    status = check(found, path, error);
    so = status == HB_OK ? malloc(sizeof *so) : NULL;
    if (!so) {
        dlclose(handle);
        return status == HB_OK
                   ? hb_fail(error, HB_NO_MEMORY, "%s: no memory", path)
                   : status;
    }
    *so = (struct shared_object){.card = {found->model, close_so},
                                 .handle = handle};
    *out = &so->card;
    return HB_OK;
}
