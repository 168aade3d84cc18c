/* tests/board/demo.c -- the scenario of demo.h. */
#include "demo.h"

#include <stdio.h>
#include <stdlib.h>

static void fill(uint8_t *bytes)
{
    for (unsigned i = 0; i < DEMO_THREE_PAGES; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
}

/* The device that PnP knows the card as: the last one it was told of. */
static uint32_t last_device(const struct machine *m)
{
    struct inspect_pnp pnp;
    uint32_t n = 0;

    while (inspect_pnp_at(m, n, &pnp))
        n++;
    return n;
}

static void post(struct demo *d)
{
    struct machine_call call = {.handle = d->handle};

    switch (d->step) {
    case DEMO_DRIVER:
        d->ticket = machine_driver_start(d->m, d->image);
        return;
    case DEMO_DEVICE:
        d->ticket = machine_device_start(d->m, d->pnp, d->image);
        return;
    case DEMO_OPEN:
        call.kind = CALL_OPEN;
        snprintf(call.path, sizeof call.path, "%s", d->path);
        break;
    case DEMO_WRITE:
        call.kind = CALL_WRITE;
        call.in = d->out;
        call.in_bytes = d->bytes;
        break;
    case DEMO_READ:
        call.kind = CALL_READ;
        call.out = d->in;
        call.out_bytes = d->bytes;
        break;
    case DEMO_CLOSE:
    case DEMO_OVER:
        call.kind = CALL_CLOSE;
        break;
    }
    d->ticket = machine_post(d->m, d->client, &call);
}

void demo_create(struct demo *d, const struct demo_bench *bench)
{
    const uint32_t out[] = {0x5a0, 0x321, 0x7ff}, in[] = {0x888, 0x334, 0x222};
    uint32_t bytes = bench->bytes;
    uint32_t offset = bytes == DEMO_BYTES ? 0x345 : 0xffe;
    unsigned pages = (offset + bytes + 0xfff) / 0x1000;
    struct machine_config config;
    struct hb_error e = {0};
    uint8_t text[DEMO_THREE_PAGES];

    *d = (struct demo){.path = bench->path, .bytes = bytes};
    if (machine_config_init(&config, bench->platform, &e) ||
        machine_config_set(&config, "memory", bench->memory, &e) ||
        machine_config_device(&config, bench->card, &e) ||
        machine_create(&d->m, &config, &e) ||
        machine_load_driver_file(d->m, bench->image, &d->image, &e) ||
        !(d->process = machine_process(d->m, "demo", &e)) ||
        !(d->client = machine_client(d->m, d->process, &e)) ||
        machine_buffer_pages(d->m, d->process, out, pages, offset, &d->out,
                             &e) ||
        machine_buffer_pages(d->m, d->process, in, pages, 0xffe, &d->in, &e))
        fail_msg("%s", e.text);
    fill(text);
    assert_int_equal(
        machine_user_write(d->m, d->process, d->out, text, bytes, &e), HB_OK);
    d->pnp = last_device(d->m);
    post(d);
}

static void check(const struct demo *d)
{
    uint8_t want[DEMO_THREE_PAGES], got[DEMO_THREE_PAGES];

    fill(want);
    assert_true(inspect_virtual(d->m, d->process, d->in, got, d->bytes));
    assert_memory_equal(want, got, d->bytes);
}

bool demo_run(struct demo *d, uint64_t until)
{
    struct machine_stop stop;
    struct machine_result r;

    for (;;) {
        uint64_t now = machine_position(d->m).tick;
        uint64_t ns = machine_config(d->m)->ns_per_tick;
        uint64_t left = until > now ? until - now : 0;
        enum machine_stop_reason why;

        if (!left)
            return false;
        if (left > DEMO_LIMIT_NS)
            left = DEMO_LIMIT_NS;
        why = machine_wait(d->m, d->ticket, WAIT_IO, left * ns, &stop);
        if (why == STOP_LIMIT && until != MACHINE_FOR_EVER)
            return false;
        if (why != STOP_TICKET)
            fail_msg("step %d: %s %s", (int)d->step, machine_stop_name(why),
                     stop.text);
        assert_true(machine_result(d->m, d->ticket, &r));
        assert_int_equal(r.io_status, 0);
        if (d->step == DEMO_OPEN)
            d->handle = r.handle;
        if (d->step == DEMO_WRITE || d->step == DEMO_READ)
            assert_int_equal(r.information, d->bytes);
        if (++d->step == DEMO_OVER) {
            check(d);
            return true;
        }
        post(d);
    }
}

void demo_until(struct demo *d, enum demo_step step, const char *glob)
{
    struct machine_breakpoint point = {.conditions = 0};
    struct machine_stop stop;
    struct hb_error e = {0};
    int id;

    while (d->step < step)
        demo_run(d, machine_position(d->m).tick + 20);
    snprintf(point.glob, sizeof point.glob, "%s", glob);
    id = machine_break(d->m, &point, &e);
    assert_int_equal(machine_run(d->m, MACHINE_FOR_EVER, &stop),
                     STOP_BREAKPOINT);
    machine_unbreak(d->m, id);
}

struct demo demo_reload(const struct demo *d)
{
    struct demo again = *d;
    struct hb_error e = {0};
    uint8_t *bytes;
    size_t count;

    assert_int_equal(machine_save_bytes(d->m, &bytes, &count, &e), HB_OK);
    if (machine_load_bytes(&again.m, bytes, count, &e) != HB_OK)
        fail_msg("%s", e.text);
    free(bytes);
    return again;
}
