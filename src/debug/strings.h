/* src/debug/strings.h -- a pool of strings, each kept once and known by where
 * it starts. Private to src/debug. */
#ifndef DEBUG_STRINGS_H
#define DEBUG_STRINGS_H

#include "base/vec.h"

struct strings {
    struct vec text;   /* of char, one string behind the other */
    struct vec slot;   /* of uint32_t: where one starts, + 1; 0: free */
    struct vec starts; /* of uint32_t, in the order in which they came */
};

/** strings_keep() - where @text, @bytes long, starts; UINT32_MAX: no memory. */
uint32_t strings_keep(struct strings *s, const char *text, size_t bytes);
/** strings_at() - valid until the next one is kept. */
static inline const char *strings_at(const struct strings *s, uint32_t start)
{
    return (const char *)s->text.data + start;
}
void strings_free(struct strings *s);

#endif
