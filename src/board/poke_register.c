/* src/board/poke_register.c -- registers of the CPU set by hand. */
#include <string.h>

#include "board/board.h"

/** Its number and width; HB_NOT_FOUND. */
static enum hb_status find(const char *name, unsigned *number, uint32_t *bytes,
                           struct hb_error *error)
{
    const char *known;

    if (!cpu_register_find(name, number))
        return hb_fail(error, HB_NOT_FOUND, "no register '%s'", name);
    cpu_register_at(*number, &known, bytes);
    return HB_OK;
}

/** What an instruction would fault on is refused, here and in a replay. */
static enum hb_status set(struct machine *m, unsigned number, const void *from,
                          struct hb_error *error)
{
    const char *name;
    uint32_t bytes;

    if (cpu_register_set(&m->cpu, number, from))
        return HB_OK;
    cpu_register_at(number, &name, &bytes);
    return hb_fail(error, HB_BAD_ARGUMENT, "%s does not take that value", name);
}

enum hb_status machine_poke_register(struct machine *m, const char *name,
                                     uint32_t value, struct hb_error *error)
{
    unsigned number;
    uint32_t bytes;
    enum hb_status status = find(name, &number, &bytes, error);

    if (status == HB_OK && bytes > sizeof value)
        return hb_fail(error, HB_BAD_ARGUMENT, "%s has %u bytes", name, bytes);
    if (status == HB_OK)
        status = input_enter(m, INPUT_POKE_REGISTER, number, value, name,
                             (uint32_t)strlen(name), error);
    return status == HB_OK ? set(m, number, &value, error) : status;
}

enum hb_status machine_poke_register_bytes(struct machine *m, const char *name,
                                           const void *from, uint32_t count,
                                           struct hb_error *error)
{
    unsigned number;
    uint32_t bytes;
    enum hb_status status = find(name, &number, &bytes, error);

    if (status == HB_OK && bytes != count)
        return hb_fail(error, HB_BAD_ARGUMENT, "%s has %u bytes", name, bytes);
    if (status == HB_OK)
        status = input_enter(m, INPUT_POKE_REGISTER_BYTES, number, 0, from,
                             count, error);
    return status == HB_OK ? set(m, number, from, error) : status;
}
