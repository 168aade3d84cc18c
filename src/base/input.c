/* src/base/input.c -- the input log. */
#include "base/input.h"

#include <string.h>

#include "base/vec.h"

enum { DATA_MOST = 1 << 30 };

static const struct state_row entry_rows[] = {
    STATE_INT(struct input_entry, tick),
    STATE_INT(struct input_entry, served),
    STATE_INT(struct input_entry, moved),
    STATE_INT(struct input_entry, a),
    STATE_INT(struct input_entry, b),
    STATE_INT(struct input_entry, kind),
    STATE_INT(struct input_entry, at),
    STATE_INT(struct input_entry, bytes),
    STATE_END,
};

static const struct state_row byte_rows[] = {
    {.name = "byte", .kind = STATE_KIND_INT, .bytes = 1, .count = 1},
    STATE_END,
};

const struct state_row input_log_rows[] = {
    STATE_VEC(struct input_log, entry, struct input_entry, 1u << 24,
              entry_rows),
    STATE_VEC(struct input_log, data, uint8_t, DATA_MOST, byte_rows),
    STATE_END,
};

void input_log_fini(struct input_log *log)
{
    vec_free(&log->entry);
    vec_free(&log->data);
}

enum hb_status input_log_add(struct input_log *log, const struct clock *clock,
                             uint32_t moved, enum input_kind kind, uint64_t a,
                             uint64_t b, const void *data, uint32_t bytes)
{
    struct input_entry e = {.tick = clock->now,
                            .served = clock_served_now(clock),
                            .moved = moved,
                            .a = a,
                            .b = b,
                            .kind = (uint32_t)kind,
                            .at = log->data.count,
                            .bytes = bytes};

    if (bytes > DATA_MOST - log->data.count ||
        !vec_resize(&log->data, 1, e.at + bytes))
        return HB_NO_MEMORY;
    if (!vec_push(&log->entry, sizeof e, &e)) {
        log->data.count = e.at;
        return HB_NO_MEMORY;
    }
    if (bytes)
        memcpy((uint8_t *)log->data.data + e.at, data, bytes);
    return HB_OK;
}

const char *input_kind_name(enum input_kind kind)
{
    static const char *const names[INPUT_KINDS] = {
        [INPUT_POKE_PHYSICAL] = "poke_physical",
        [INPUT_POKE_VIRTUAL] = "poke_virtual",
        [INPUT_POKE_REGISTER] = "poke_register",
        [INPUT_SEND] = "send",
        [INPUT_KEY] = "key",
        [INPUT_POINTER] = "pointer",
        [INPUT_PROGRAM] = "program",
        [INPUT_IMAGE] = "image",
        [INPUT_DRIVER] = "driver",
        [INPUT_DEVICE] = "device",
        [INPUT_ROOT_DEVICE] = "root_device",
        [INPUT_PNP] = "pnp",
        [INPUT_PROCESS] = "process",
        [INPUT_CLIENT] = "client",
        [INPUT_BUFFER] = "buffer",
        [INPUT_BUFFER_PAGES] = "buffer_pages",
        [INPUT_BUFFER_FREE] = "buffer_free",
        [INPUT_USER_WRITE] = "user_write",
        [INPUT_REGISTRY] = "registry",
        [INPUT_REGISTRY_FILE] = "registry_file",
        [INPUT_KERNEL] = "kernel",
        [INPUT_FRAME] = "frame",
        [INPUT_LINK] = "link",
        [INPUT_FAIL] = "fail",
        [INPUT_CALL] = "call",
        [INPUT_TICKET_FREE] = "ticket_free",
        [INPUT_MEDIUM] = "medium",
        [INPUT_TRIM] = "trim",
        [INPUT_USER_PROGRAM] = "user_program",
        [INPUT_POKE_REGISTER_BYTES] = "poke_register_bytes",
        [INPUT_POKE_SPACE] = "poke_space",
        [INPUT_POKE_BUS] = "poke_bus",
        [INPUT_POKE_DEVICE] = "poke_device",
        [INPUT_POKE_MAP_REGISTER] = "poke_map_register",
    };

    return (unsigned)kind < INPUT_KINDS ? names[kind] : "unknown";
}
