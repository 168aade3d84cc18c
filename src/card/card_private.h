/* src/card/card_private.h -- what the kinds of files share. */
#ifndef CARD_CARD_PRIVATE_H
#define CARD_CARD_PRIVATE_H

#include "card/card.h"

/** First member of each kind's struct. */
struct card {
    const struct device_model *model;
    void (*close)(struct card *card);
};

enum hb_status card_open_so(struct card **out, const char *path,
                            struct hb_error *error);
enum hb_status card_open_lua(struct card **out, const char *path,
                             struct hb_error *error);

#endif
