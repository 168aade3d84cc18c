/* src/board/kit.c -- the short way for drivers' tests, a client of the public
 * headers alone. */
#include "halbox/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "halbox/inspect.h"

enum { KIT_PAGES = 4096 };
#define KIT_LIMIT_NS 10000000000ull

/** Arguments of the events listened to, in the order of their rows. */
enum { MAP_VA = 2, MAP_GPA, MAP_DLA, MAP_BYTES, MAP_DIR };
enum { BURST_DLA = 3, BURST_GPA };

struct kit {
    struct machine *m;
    uint32_t process, client;
    struct hb_error error;
    unsigned pages;
    struct kit_page page[KIT_PAGES];
};

static const struct kit_page no_page;

static bool failed(const struct kit *k)
{
    return k->error.status != HB_OK;
}

static void mapped(struct kit *k, const uint64_t *args)
{
    if (k->pages == KIT_PAGES)
        return;
    k->page[k->pages++] =
        (struct kit_page){.va = gva_of((uint32_t)args[MAP_VA]),
                          .pa = gpa_of(args[MAP_GPA]),
                          .dla = dla_of(args[MAP_DLA]),
                          .bytes = (uint32_t)args[MAP_BYTES],
                          .dir = (enum dma_dir)args[MAP_DIR]};
}

/* A register is used again by later pieces: the latest page is meant. */
static void moved(struct kit *k, const uint64_t *args)
{
    for (unsigned i = k->pages; i-- > 0;) {
        struct kit_page *p = &k->page[i];
        uint64_t at = args[BURST_DLA] - p->dla.v;

        if (at >= p->bytes)
            continue;
        if (!at || !p->led_to.v)
            p->led_to = gpa_of(args[BURST_GPA] - at);
        return;
    }
}

static void on_event(void *context, const struct hb_event *event)
{
    if (event->id == EV_hal_map)
        mapped(context, event->args);
    else
        moved(context, event->args);
}

static void start(struct kit *k, const char *driver, const char *device,
                  const char *platform)
{
    struct machine_config config;
    uint32_t image;

    if (machine_config_init(&config, platform, &k->error) != HB_OK)
        return;
    if (*device && machine_config_device(&config, device, &k->error) != HB_OK)
        return;
    if (machine_create(&k->m, &config, &k->error) != HB_OK ||
        machine_listen(k->m, on_event, k, "hal_map,dma_burst", &k->error) !=
            HB_OK ||
        machine_load_driver_file(k->m, driver, &image, &k->error) != HB_OK ||
        machine_start(k->m, KIT_LIMIT_NS, &k->error) != HB_OK)
        return;
    k->process = machine_process(k->m, "test", &k->error);
    if (k->process)
        k->client = machine_client(k->m, k->process, &k->error);
}

struct kit *kit_open(const char *driver, const char *device,
                     const char *platform)
{
    struct kit *k = calloc(1, sizeof *k);

    if (k)
        start(k, driver, device, platform);
    return k;
}

void kit_close(struct kit *k)
{
    if (!k)
        return;
    if (k->m) {
        machine_unlisten(k->m, on_event, k);
        machine_destroy(k->m);
    }
    free(k);
}

const char *kit_error(const struct kit *k)
{
    return k->error.text;
}

struct machine *kit_machine(struct kit *k)
{
    return k->m;
}

gva_t kit_buffer(struct kit *k, const uint32_t *pfn, unsigned pages,
                 uint32_t offset)
{
    gva_t at = gva_of(0);

    if (!failed(k))
        machine_buffer_pages(k->m, k->process, pfn, pages, offset, &at,
                             &k->error);
    return at;
}

void kit_fill(struct kit *k, gva_t at, const void *from, uint32_t bytes)
{
    if (!failed(k))
        machine_user_write(k->m, k->process, at, from, bytes, &k->error);
}

void kit_fetch(struct kit *k, gva_t at, void *to, uint32_t bytes)
{
    if (!failed(k) && !inspect_virtual(k->m, k->process, at, to, bytes))
        hb_fail(&k->error, HB_FAULT, "0x%08x: %u bytes are not mapped", at.v,
                bytes);
}

/* One call to its end; false after an error. */
static bool call(struct kit *k, const struct machine_call *what,
                 const char *name, struct machine_result *result)
{
    struct machine_stop stop = {0};
    uint32_t ticket;

    if (failed(k))
        return false;
    k->pages = 0;
    ticket = machine_post(k->m, k->client, what);
    if (machine_wait(k->m, ticket, WAIT_IO, KIT_LIMIT_NS, &stop) !=
        STOP_TICKET) {
        hb_fail(&k->error, HB_GUEST_FAILED, "%s: %s%s%s", name,
                machine_stop_name(stop.reason), stop.text[0] ? ": " : "",
                stop.text);
        return false;
    }
    machine_result(k->m, ticket, result);
    machine_ticket_free(k->m, ticket);
    if (result->io_status >> 30 == 3) {
        hb_fail(&k->error, HB_GUEST_FAILED, "%s: status 0x%08X", name,
                result->io_status);
        return false;
    }
    return true;
}

uint32_t kit_file(struct kit *k, const char *path)
{
    struct machine_call what = {.kind = CALL_OPEN};
    struct machine_result r = {0};

    if (strlen(path) >= sizeof what.path) {
        if (!failed(k))
            hb_fail(&k->error, HB_BAD_ARGUMENT,
                    "a path has at most %zu characters", sizeof what.path - 1);
        return 0;
    }
    memcpy(what.path, path, strlen(path) + 1);
    return call(k, &what, path, &r) ? r.handle : 0;
}

static uint32_t transfer(struct kit *k, const struct machine_call *what,
                         const char *name)
{
    struct machine_result r = {0};

    return call(k, what, name, &r) ? r.information : 0;
}

uint32_t kit_write(struct kit *k, uint32_t file, gva_t from, uint32_t bytes)
{
    struct machine_call what = {
        .kind = CALL_WRITE, .handle = file, .in = from, .in_bytes = bytes};

    return transfer(k, &what, "write");
}

uint32_t kit_read(struct kit *k, uint32_t file, gva_t to, uint32_t bytes)
{
    struct machine_call what = {
        .kind = CALL_READ, .handle = file, .out = to, .out_bytes = bytes};

    return transfer(k, &what, "read");
}

uint32_t kit_control(struct kit *k, uint32_t file, uint32_t code, gva_t in,
                     uint32_t in_bytes, gva_t out, uint32_t out_bytes)
{
    struct machine_call what = {.kind = CALL_CONTROL,
                                .handle = file,
                                .code = code,
                                .in = in,
                                .in_bytes = in_bytes,
                                .out = out,
                                .out_bytes = out_bytes};

    return transfer(k, &what, "device control");
}

unsigned kit_pages(const struct kit *k)
{
    return k->pages;
}

const struct kit_page *kit_page(const struct kit *k, unsigned i)
{
    return i < k->pages ? &k->page[i] : &no_page;
}
