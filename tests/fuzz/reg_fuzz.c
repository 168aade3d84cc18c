/* tests/fuzz/reg_fuzz.c -- any bytes as a registry file. What it is said to say
 * is read to its last byte. */
#include "nt/reg_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static volatile uint32_t sum;

static bool take_key(void *context, struct reg_text path, bool gone,
                     struct hb_error *error)
{
    (void)context;
    (void)error;
    for (unsigned i = 0; i < path.count; i++)
        sum += path.unit[i];
    sum += gone;
    return true;
}

static bool take_value(void *context, struct reg_text name, uint32_t type,
                       const uint8_t *data, uint32_t bytes, bool gone,
                       struct hb_error *error)
{
    (void)context;
    (void)error;
    for (unsigned i = 0; i < name.count; i++)
        sum += name.unit[i];
    for (uint32_t i = 0; i < bytes; i++)
        sum += data[i];
    sum += type + gone;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    const struct reg_file_taker taker = {.key = take_key, .value = take_value};
    struct hb_error error;

    reg_file_parse(bytes, count, "fuzz.reg", &taker, &error);
    return 0;
}
