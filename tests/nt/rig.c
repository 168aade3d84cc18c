/* tests/nt/rig.c -- see rig.h. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board/board.h"
#include "nt/nt.h"

static void keep(void *context, const struct hb_event *event)
{
    struct rig *r = context;
    size_t room = sizeof r->log - r->logged;
    int n = hb_event_text(event, r->log + r->logged, room);

    if (n < 0 || (size_t)n + 2 >= room)
        return;
    r->logged += (size_t)n;
    r->log[r->logged++] = '\n';
    r->log[r->logged] = '\0';
    if (getenv("RIG_TRACE"))
        fprintf(stderr, "%.*s\n", n, r->log + r->logged - n - 1);
}

struct rig *rig_create_on(const char *platform, const char *const *devices)
{
    static const char glob[] =
        "image_load,missing_import,device_create,irp_*,pnp,finding,bugcheck,"
        "debug_print";
    const char *all = getenv("RIG_TRACE");
    struct rig *r = calloc(1, sizeof *r);
    struct machine_config config;
    struct hb_error error;

    assert_non_null(r);
    assert_int_equal(machine_config_init(&config, platform, &error), HB_OK);
    for (; devices && *devices; devices++)
        assert_int_equal(machine_config_device(&config, *devices, &error),
                         HB_OK);
    if (machine_create(&r->m, &config, &error) != HB_OK)
        fail_msg("%s", error.text);
    assert_int_equal(
        machine_listen(r->m, keep, r, all && *all ? all : glob, &error), HB_OK);
    return r;
}

struct rig *rig_create(const char *const *devices)
{
    return rig_create_on(NULL, devices);
}

void rig_destroy(struct rig *r)
{
    machine_destroy(r->m);
    free(r);
}

uint32_t rig_load(struct rig *r, const char *file)
{
    char path[512];
    struct hb_error error;
    uint32_t image;

    snprintf(path, sizeof path, "%s/%s", HALBOX_IMAGES, file);
    if (machine_load_driver_file(r->m, path, &image, &error) != HB_OK)
        fail_msg("%s", error.text);
    return image;
}

uint32_t rig_finish(struct rig *r, uint32_t ticket)
{
    struct machine_stop stop;
    struct machine_result result;
    enum machine_stop_reason why;

    assert_int_not_equal(ticket, MACHINE_NONE);
    why = machine_wait(r->m, ticket, WAIT_DONE, RIG_SECOND, &stop);
    if (why != STOP_TICKET)
        fail_msg("%s: %s\n%s", machine_stop_name(why), stop.text, r->log);
    assert_true(machine_result(r->m, ticket, &result));
    machine_ticket_free(r->m, ticket);
    return result.status;
}

static uint32_t client_of(struct rig *r)
{
    struct hb_error error;

    if (r->client == MACHINE_NONE) {
        r->process = machine_process(r->m, "test", &error);
        assert_int_not_equal(r->process, MACHINE_NONE);
        r->client = machine_client(r->m, r->process, &error);
        assert_int_not_equal(r->client, MACHINE_NONE);
    }
    return r->client;
}

struct machine_result rig_call(struct rig *r, const struct machine_call *call)
{
    uint32_t ticket = machine_post(r->m, client_of(r), call);
    struct machine_stop stop;
    struct machine_result result;
    enum machine_stop_reason why;

    assert_int_not_equal(ticket, MACHINE_NONE);
    why = machine_wait(r->m, ticket, WAIT_DONE, RIG_SECOND, &stop);
    if (why == STOP_TICKET && call->kind != CALL_CLOSE)
        why = machine_wait(r->m, ticket, WAIT_IO, RIG_SECOND, &stop);
    if (why != STOP_TICKET)
        fail_msg("%s: %s\n%s", machine_stop_name(why), stop.text, r->log);
    assert_true(machine_result(r->m, ticket, &result));
    machine_ticket_free(r->m, ticket);
    return result;
}

uint32_t rig_open(struct rig *r, const char *path)
{
    struct machine_call call = {.kind = CALL_OPEN};
    struct machine_result result;

    snprintf(call.path, sizeof call.path, "%s", path);
    result = rig_call(r, &call);
    if (result.status != 0)
        fail_msg("open %s: %08x\n%s", path, result.status, r->log);
    return result.handle;
}

bool rig_has(const struct rig *r, const char *text)
{
    return strstr(r->log, text) != NULL;
}

unsigned rig_count(const struct rig *r, const char *text)
{
    unsigned n = 0;

    for (const char *p = r->log; (p = strstr(p, text)) != NULL; p++)
        n++;
    return n;
}

unsigned rig_irps(const struct rig *r)
{
    struct inspect_irp irp;
    unsigned n = 0;

    while (inspect_irp_at(r->m, n, &irp))
        n++;
    return n;
}
