/* tests/fuzz/save_fuzz.c -- a save of a machine whose driver runs, damaged at
 * places that the input names: it is refused, or it loads and runs on for a
 * while. Never a crash, a hang, a leak; and what then is saved is whole. RAM is
 * left as it is: a guest may write anything there anyway. */
#include <stdlib.h>
#include <string.h>

#include "halbox/control.h"
#include "halbox/machine.h"

enum { MOMENTS = 4, TICKS = 3000, MOST_DAMAGE = 32 };

struct moment {
    uint8_t *bytes;
    size_t count;
    size_t ram, ram_bytes; /* the section that is left alone */
};

struct input {
    const uint8_t *bytes;
    size_t count, at;
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void must(bool good)
{
    if (!good)
        abort();
}

static uint64_t take(struct input *in, unsigned bytes)
{
    uint64_t v = 0;

    while (bytes-- && in->at < in->count)
        v = v << 8 | in->bytes[in->at++];
    return v;
}

static uint64_t little(const uint8_t *bytes, unsigned n)
{
    uint64_t v = 0;

    while (n--)
        v = v << 8 | bytes[n];
    return v;
}

/* A section is {name's length, name, version, bytes}: docs/machine.md. */
static void find_ram(struct moment *m)
{
    for (size_t at = 12; at < m->count;) {
        size_t name = at + 4, length = (size_t)little(m->bytes + at, 4);
        size_t body = name + length + 12;
        size_t bytes = (size_t)little(m->bytes + body - 8, 8);

        if (length == 3 && !memcmp(m->bytes + name, "ram", 3)) {
            m->ram = body;
            m->ram_bytes = bytes;
            return;
        }
        at = body + bytes;
    }
    abort();
}

/* The driver has started, and a client's write of a page is posted. */
static struct machine *start(uint32_t *ticket)
{
    struct machine_call call = {.kind = CALL_OPEN, .path = "\\\\.\\Edu0"};
    struct machine_config config;
    struct machine_result r;
    struct machine *m = NULL;
    uint32_t image, process, client;

    must(machine_config_init(&config, NULL, NULL) == HB_OK);
    must(machine_config_set(&config, "memory", "16M", NULL) == HB_OK);
    must(machine_config_device(&config, "edu", NULL) == HB_OK);
    must(machine_create(&m, &config, NULL) == HB_OK);
    must(machine_load_driver_file(m, HALBOX_IMAGES "/edu.sys", &image, NULL) ==
         HB_OK);
    must(machine_start(m, 1000000000, NULL) == HB_OK);
    process = machine_process(m, "fuzz", NULL);
    client = machine_client(m, process, NULL);
    *ticket = machine_post(m, client, &call);
    machine_wait(m, *ticket, WAIT_IO, 10000000, NULL);
    must(machine_result(m, *ticket, &r) && !r.io_status);
    call = (struct machine_call){
        .kind = CALL_WRITE, .handle = r.handle, .in_bytes = 4096};
    must(machine_buffer(m, process, 4096, &call.in, NULL) == HB_OK);
    *ticket = machine_post(m, client, &call);
    return m;
}

/* Idle with the write posted, in its tenure, after it, and long after. */
static void moments(struct moment *out)
{
    uint32_t ticket;
    struct machine *m = start(&ticket);

    for (unsigned i = 0; i < MOMENTS; i++) {
        if (i == 1)
            machine_step(m, STEP_BYTE, NULL, machine_position(m).tick + 1000000,
                         NULL);
        if (i > 1)
            machine_wait(m, ticket, WAIT_IO, 10000000, NULL);
        must(machine_save_bytes(m, &out[i].bytes, &out[i].count, NULL) ==
             HB_OK);
        find_ram(&out[i]);
    }
    machine_destroy(m);
}

/* Places beside RAM; values that lie near edges are the likely ones. */
static void damage(uint8_t *bytes, const struct moment *m, struct input *in)
{
    static const uint64_t edges[] = {
        0, 1, UINT64_MAX, UINT64_MAX - 1, UINT32_MAX, UINT64_MAX / 2};
    size_t room = m->count - m->ram_bytes;
    size_t at = (size_t)take(in, 3) % room;
    unsigned how = (unsigned)take(in, 1), n = 1u << (how & 3);
    unsigned edge = how >> 2 & 7;
    uint64_t v = edge < 6 ? edges[edge] : take(in, n);

    if (at >= m->ram)
        at += m->ram_bytes;
    if (n > m->count - at)
        n = (unsigned)(m->count - at);
    memcpy(bytes + at, &v, n);
}

static void run(struct machine *m)
{
    struct machine *again = NULL;
    uint8_t *bytes;
    size_t count;

    machine_run(m, machine_position(m).tick + TICKS, NULL);
    must(machine_save_bytes(m, &bytes, &count, NULL) == HB_OK);
    if (machine_load_bytes(&again, bytes, count, NULL) == HB_OK)
        machine_destroy(again);
    free(bytes);
    machine_destroy(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static struct moment moment[MOMENTS];
    struct input in = {bytes, count, 0};
    const struct moment *base;
    struct machine *m = NULL;
    uint8_t *copy;

    if (!moment[0].bytes)
        moments(moment);
    base = &moment[take(&in, 1) % MOMENTS];
    copy = malloc(base->count);
    must(copy != NULL);
    memcpy(copy, base->bytes, base->count);
    for (unsigned i = 0; i < MOST_DAMAGE && in.at < in.count; i++)
        damage(copy, base, &in);
    if (machine_load_bytes(&m, copy, base->count, NULL) == HB_OK)
        run(m);
    free(copy);
    return 0;
}
