/* include/halbox/state.h -- state rows: what of a struct is saved, loaded,
 * compared and shown by name. A row never describes a pointer into the host:
 * timers, completions and call states are numbers. */
#ifndef HALBOX_STATE_H
#define HALBOX_STATE_H

#include <stddef.h>
#include <stdint.h>

enum state_kind {
    STATE_KIND_END,
    STATE_KIND_INT,    /* count integers of `bytes` bytes each (1, 2, 4, 8) */
    STATE_KIND_BOOL,   /* count bools: a loader takes 0 and 1 alone         */
    STATE_KIND_BYTES,  /* count raw bytes                                   */
    STATE_KIND_STRUCT, /* count structs of `bytes` each, described by rows  */
    STATE_KIND_VEC     /* a struct vec of structs of `bytes` each           */
};

struct state_row {
    const char *name;
    enum state_kind kind;
    uint32_t offset; /* of the field in its struct        */
    uint32_t bytes;  /* of one element                    */
    uint32_t count;  /* elements; for VEC the largest     */
    const struct state_row *rows;
};

/** A growing array of plain structs: the only heap that state may own. */
struct vec {
    void *data;
    uint32_t count; /* elements in use    */
    uint32_t room;  /* elements allocated */
};

#define STATE_FIELD_(s, f, k, b, n, r)                                         \
    {                                                                          \
        .name = #f, .kind = (k), .offset = (uint32_t)offsetof(s, f),           \
        .bytes = (uint32_t)(b), .count = (uint32_t)(n), .rows = (r)            \
    }
#define STATE_INT_KIND_(field)                                                 \
    _Generic((field), _Bool : STATE_KIND_BOOL, default : STATE_KIND_INT)
/** One integer field of any width (bool and enum too). */
#define STATE_INT(s, f)                                                        \
    STATE_FIELD_(s, f, STATE_INT_KIND_(((s *)0)->f), sizeof(((s *)0)->f), 1,   \
                 NULL)
/** An array of integers. */
#define STATE_INTS(s, f)                                                       \
    STATE_FIELD_(s, f, STATE_INT_KIND_(((s *)0)->f[0]),                        \
                 sizeof(((s *)0)->f[0]),                                       \
                 sizeof(((s *)0)->f) / sizeof(((s *)0)->f[0]), NULL)
/** An array of bytes, saved raw. */
#define STATE_BYTES(s, f)                                                      \
    STATE_FIELD_(s, f, STATE_KIND_BYTES, 1, sizeof(((s *)0)->f), NULL)
/** One nested struct with rows of its own. */
#define STATE_STRUCT(s, f, r)                                                  \
    STATE_FIELD_(s, f, STATE_KIND_STRUCT, sizeof(((s *)0)->f), 1, r)
/** An array of nested structs with rows of their own. */
#define STATE_STRUCTS(s, f, r)                                                 \
    STATE_FIELD_(s, f, STATE_KIND_STRUCT, sizeof(((s *)0)->f[0]),              \
                 sizeof(((s *)0)->f) / sizeof(((s *)0)->f[0]), r)
/** A struct vec of `type`, at most `most` of them, rows describe one. */
#define STATE_VEC(s, f, type, most, r)                                         \
    STATE_FIELD_(s, f, STATE_KIND_VEC, sizeof(type), most, r)
#define STATE_END                                                              \
    {                                                                          \
        .name = NULL, .kind = STATE_KIND_END                                   \
    }

#endif
