/* src/board/again.c -- an input of the log takes effect once more, at the
 * position where it entered: what going back replays. One function and one row
 * per kind; a kind without one is in the log by a checksum only (a file), and
 * who goes back keeps the machine's state behind it. */
#include <stdlib.h>
#include <string.h>

#include "base/save.h"
#include "board/again.h"
#include "board/board.h"

struct again {
    struct machine *m;
    uint64_t a, b;
    const uint8_t *data;
    uint32_t bytes;
    char text[MACHINE_FILE]; /* the data as a string */
};

static uint32_t low(uint64_t v)
{
    return (uint32_t)v;
}

static const char *device_name(const struct again *i, uint64_t id)
{
    const struct device *dev = bus_device(i->m->bus, (unsigned)id);

    return dev ? bus_device_name(dev) : "";
}

static const char *device_of(const struct again *i)
{
    return device_name(i, i->a);
}

/* ---- pokes --------------------------------------------------------------- */

static void poke_physical(struct again *i)
{
    machine_poke_physical(i->m, gpa_of(i->a), i->data, i->bytes, NULL);
}

static void poke_virtual(struct again *i)
{
    machine_poke_virtual(i->m, gva_of(low(i->a)), i->data, i->bytes, NULL);
}

static void poke_register(struct again *i)
{
    machine_poke_register(i->m, i->text, low(i->b), NULL);
}

static void poke_register_bytes(struct again *i)
{
    const char *name;
    uint32_t bytes;

    if (cpu_register_at((unsigned)i->a, &name, &bytes))
        machine_poke_register_bytes(i->m, name, i->data, i->bytes, NULL);
}

static void poke_space(struct again *i)
{
    machine_poke_space(i->m, low(i->a), gva_of(low(i->b)), i->data, i->bytes,
                       NULL);
}

static void poke_bus(struct again *i)
{
    const char *device = i->b == INPUT_ANY_DEVICE ? NULL : device_name(i, i->b);

    machine_poke_bus(i->m, device, dla_of(i->a), i->data, i->bytes, NULL);
}

static void poke_device(struct again *i)
{
    machine_poke_device(i->m, device_name(i, i->a & 0xffff), i->a >> 16 & 0xff,
                        low(i->a >> 32), i->a >> 24 & 0xff, low(i->b), NULL);
}

static void poke_map_register(struct again *i)
{
    machine_poke_map_register(i->m, low(i->a), i->a >> 32 & 15, low(i->a >> 36),
                              i->b, NULL);
}

static void trim(struct again *i)
{
    uint32_t pages;

    machine_trim(i->m, low(i->a), i->b, &pages, NULL);
}

static void fail(struct again *i)
{
    fault_enter(i->m, (enum ke_fault)i->a, low(i->b), NULL);
}

/* ---- from outside -------------------------------------------------------- */

static void send(struct again *i)
{
    machine_send(i->m, device_of(i), i->data, i->bytes, NULL);
}

static void frame(struct again *i)
{
    machine_frame(i->m, device_of(i), i->data, i->bytes, NULL);
}

static void link(struct again *i)
{
    machine_link(i->m, device_of(i), i->b, NULL);
}

static void key(struct again *i)
{
    machine_key(i->m, (uint16_t)i->a, i->b, NULL);
}

static void pointer(struct again *i)
{
    machine_pointer(i->m, (int32_t)(i->a >> 32), (int32_t)i->a,
                    (int32_t)(i->b >> 32), (uint8_t)i->b, NULL);
}

/* ---- drivers and devices ------------------------------------------------- */

static void driver(struct again *i)
{
    if (i->b)
        machine_driver_unload(i->m, low(i->a));
    else
        machine_driver_start(i->m, low(i->a));
}

static void device(struct again *i)
{
    machine_device_start(i->m, low(i->a), low(i->b));
}

static void root_device(struct again *i)
{
    machine_root_device(i->m, i->text);
}

static void pnp(struct again *i)
{
    machine_device_request(i->m, low(i->a), (enum machine_pnp)i->b);
}

/* The data: path, name, value. */
static void registry(struct again *i)
{
    const char *path = (const char *)i->data;
    const char *name = path + strlen(path) + 1;
    uint32_t used = (uint32_t)(name + strlen(name) + 1 - path);

    registry_enter(i->m, path, name, low(i->a), i->data + used, i->bytes - used,
                   NULL);
}

/* ---- processes and calls ------------------------------------------------- */

static void process(struct again *i)
{
    machine_process(i->m, i->text, NULL);
}

static void client(struct again *i)
{
    machine_client(i->m, low(i->a), NULL);
}

static void buffer(struct again *i)
{
    gva_t at;

    machine_buffer(i->m, low(i->a), low(i->b), &at, NULL);
}

static void buffer_pages(struct again *i)
{
    unsigned pages = i->bytes / (unsigned)sizeof(uint32_t);
    uint32_t *pfn = malloc(i->bytes + 1);
    gva_t at;

    if (!pfn)
        return;
    memcpy(pfn, i->data, i->bytes);
    machine_buffer_pages(i->m, low(i->a), pfn, pages, low(i->b), &at, NULL);
    free(pfn);
}

static void buffer_free(struct again *i)
{
    machine_buffer_free(i->m, low(i->a), gva_of(low(i->b)), NULL);
}

static void user_write(struct again *i)
{
    machine_user_write(i->m, low(i->a), gva_of(low(i->b)), i->data, i->bytes,
                       NULL);
}

static void call(struct again *i)
{
    struct machine_call c = {.kind = (enum machine_call_kind)i->b};

    if (call_parse(&c, i->data, i->bytes))
        machine_post(i->m, low(i->a), &c);
}

static void ticket_free(struct again *i)
{
    machine_ticket_free(i->m, low(i->a));
}

static void (*const again[INPUT_KINDS])(struct again *) = {
    [INPUT_POKE_PHYSICAL] = poke_physical,
    [INPUT_POKE_VIRTUAL] = poke_virtual,
    [INPUT_POKE_REGISTER] = poke_register,
    [INPUT_POKE_REGISTER_BYTES] = poke_register_bytes,
    [INPUT_POKE_SPACE] = poke_space,
    [INPUT_POKE_BUS] = poke_bus,
    [INPUT_POKE_DEVICE] = poke_device,
    [INPUT_POKE_MAP_REGISTER] = poke_map_register,
    [INPUT_TRIM] = trim,
    [INPUT_FAIL] = fail,
    [INPUT_SEND] = send,
    [INPUT_FRAME] = frame,
    [INPUT_LINK] = link,
    [INPUT_KEY] = key,
    [INPUT_POINTER] = pointer,
    [INPUT_DRIVER] = driver,
    [INPUT_DEVICE] = device,
    [INPUT_ROOT_DEVICE] = root_device,
    [INPUT_PNP] = pnp,
    [INPUT_REGISTRY] = registry,
    [INPUT_PROCESS] = process,
    [INPUT_CLIENT] = client,
    [INPUT_BUFFER] = buffer,
    [INPUT_BUFFER_PAGES] = buffer_pages,
    [INPUT_BUFFER_FREE] = buffer_free,
    [INPUT_USER_WRITE] = user_write,
    [INPUT_CALL] = call,
    [INPUT_TICKET_FREE] = ticket_free,
};

bool input_whole(uint32_t kind)
{
    return kind < INPUT_KINDS && again[kind];
}

bool input_again(struct machine *m, const struct input_entry *e,
                 const uint8_t *data)
{
    struct again i = {
        .m = m, .a = e->a, .b = e->b, .data = data, .bytes = e->bytes};
    size_t n = e->bytes < sizeof i.text ? e->bytes : sizeof i.text - 1;
    uint32_t before = m->inputs.entry.count;

    if (!input_whole(e->kind))
        return false;
    if (n)
        memcpy(i.text, data, n);
    again[e->kind](&i);
    return m->inputs.entry.count == before + 1;
}
