/* src/card/card.c -- which kind of file a card is, and what every model must
 * keep, whoever wrote it. */
#include "card/card_private.h"

#include <string.h>

#include "halbox/machine.h"

bool card_is_file(const char *model)
{
    return strchr(model, '.') || strchr(model, '/');
}

const struct device_model *card_model(const struct card *card)
{
    return card->model;
}

void card_close(struct card *card)
{
    if (card)
        card->close(card);
}

/* ---- what the bus relies on -----------------------------------------------*/

static const char *window_wrong(const struct device_model *m, unsigned i)
{
    const struct device_window *w = &m->windows[i];
    bool bar = m->pci.vendor && i < PCI_BARS;

    if (w->kind == WINDOW_NONE)
        return NULL;
    if (w->kind > WINDOW_MEMORY)
        return "a window is of no kind";
    if (!w->ram && (!m->read || !m->write))
        return "a window of registers needs read and write";
    if (!w->ram && !(w->access & ACCESS_ANY))
        return "a window of registers takes no access size";
    if (bar && (w->bytes & (w->bytes - 1)))
        return "a BAR's size is no power of two";
    if (w->kind == WINDOW_PORT && w->bytes > (bar ? 256 : 65536))
        return "a port window is too large";
    return NULL;
}

static const char *model_wrong(const struct device_model *m)
{
    const char *why = NULL;

    if (!m->name || !*m->name || strlen(m->name) >= MACHINE_NAME ||
        strpbrk(m->name, ",=./ "))
        return "its name is no word of at most 31 letters";
    if (!m->title || !m->rows || m->state_size < sizeof(struct device))
        return "title, rows or state_size is missing";
    for (unsigned i = 0; !why && i < DEVICE_WINDOWS; i++)
        why = window_wrong(m, i);
    return why;
}

static const struct {
    const char *ending;
    enum hb_status (*open)(struct card **out, const char *path,
                           struct hb_error *error);
} kinds[] = {{".so", card_open_so}, {".lua", card_open_lua}};

enum hb_status card_open(struct card **out, const char *path,
                         struct hb_error *error)
{
    const char *dot = strrchr(path, '.');

    for (unsigned i = 0; dot && i < sizeof kinds / sizeof kinds[0]; i++) {
        enum hb_status status;
        struct card *card;
        const char *why;

        if (strcmp(dot, kinds[i].ending) != 0)
            continue;
        status = kinds[i].open(&card, path, error);
        if (status != HB_OK)
            return status;
        why = model_wrong(card->model);
        if (!why) {
            *out = card;
            return HB_OK;
        }
        card_close(card);
        return hb_fail(error, HB_BAD_IMAGE, "%s: not a device model: %s", path,
                       why);
    }
    return hb_fail(error, HB_BAD_IMAGE,
                   "%s: a card is a .so or a .lua file (docs/own-device.md)",
                   path);
}
