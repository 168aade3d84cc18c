/* src/base/vec.h -- growing arrays of plain structs (struct vec, state.h). */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>

#include "halbox/state.h"

#define VEC_AT(type, v, i) (&((type *)(v)->data)[i])

/** vec_push() - append @bytes copied from @element (zeroes when NULL).
 *  Returns the new element, or NULL when the host has no memory. */
void *vec_push(struct vec *v, uint32_t bytes, const void *element);
/** vec_insert() - the same at index @i, the later ones move up. */
void *vec_insert(struct vec *v, uint32_t bytes, uint32_t i,
                 const void *element);
/** vec_remove() - take element @i out, the later ones move down. */
void vec_remove(struct vec *v, uint32_t bytes, uint32_t i);
/** vec_drop() - take out, in one walk, all elements that @goes says yes to. */
void vec_drop(struct vec *v, uint32_t bytes,
              bool (*goes)(const void *element, const void *context),
              const void *context);
/** vec_resize() - make @count elements; new ones are zero. */
bool vec_resize(struct vec *v, uint32_t bytes, uint32_t count);
void vec_free(struct vec *v);
/** state_free() - free every vec that @rows describe in @base: what owns state
 *  need not list them again. */
void state_free(void *base, const struct state_row *rows);

#endif
