/* tests/devices/scsi_rig.c -- see scsi_rig.h. */
#include "scsi_rig.h"

#include <stdlib.h>
#include <string.h>

#include "disk_rig.h"

enum { HIGH = 0x1000000, SENSE_BYTES = 18 };

struct ha *ha_create(const char *card, bool lean)
{
    struct ha *r = calloc(1, sizeof *r);
    struct bench *b = r->b = lean ? bench_create_lean() : bench_create();

    r->wide = strcmp(card, "buslogic") == 0;
    r->at = r->wide ? HIGH : 0;
    bench_add(b, device_model_find(card), NULL);
    if (!r->wide)
        bench_add(b, device_model_find("dma8237"), NULL);
    return r;
}

void ha_power_on(struct ha *r)
{
    bench_start(r->b);
    if (r->wide)
        return;
    bench_out8(r->b, 0xd6, 0xc0); /* channel 4, then 5: cascade, open */
    bench_out8(r->b, 0xd4, 0);
    bench_out8(r->b, 0xd6, 0xc1);
    bench_out8(r->b, 0xd4, 1);
}

struct bench *ha_leave(struct ha *r)
{
    struct bench *b = r->b;

    free(r);
    return b;
}

void ha_destroy(struct ha *r)
{
    bench_destroy(ha_leave(r));
}

int ha_setup(void **state)
{
    struct ha *r = ha_create("aha1542", false);

    disk_insert(r->b->dev, 0, MEDIA_DISK, HA_DISK_BYTES, HA_SEED, false);
    disk_insert(r->b->dev, HA_CD, MEDIA_CDROM, HA_DISK_BYTES, HA_SEED, true);
    ha_power_on(r);
    *state = r;
    return 0;
}

int ha_teardown(void **state)
{
    ha_destroy(*state);
    return 0;
}

/* ---- adapter commands --------------------------------------------------- */

void ha_command(struct ha *r, const char *bytes, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        bench_set8(r->b, HA_DATA, (uint8_t)bytes[i]);
}

void ha_acknowledge(struct ha *r)
{
    bench_set8(r->b, HA_STATUS, 0x20);
    bench_advance_ns(r->b, 20);
}

unsigned ha_answer(struct ha *r, uint8_t *to)
{
    unsigned got = 0;

    while (bench_get8(r->b, HA_STATUS) & HA_FULL)
        to[got++] = bench_get8(r->b, HA_DATA);
    assert_int_equal(bench_get8(r->b, HA_FLAGS), HA_DONE);
    ha_acknowledge(r);
    return got;
}

unsigned ha_ask(struct ha *r, const char *bytes, unsigned n, uint8_t *to)
{
    ha_command(r, bytes, n);
    return ha_answer(r, to);
}

/* ---- memory: 24 bits big endian, or 32 bits little endian ---------------- */

static void put(struct ha *r, uint32_t at, uint32_t v)
{
    const uint8_t big[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

    if (r->wide)
        ram_write32(&r->b->mem, gpa_of(r->at + at), v);
    else
        ram_write(&r->b->mem, gpa_of(at), big, sizeof big);
}

static void put8(struct ha *r, uint32_t at, unsigned v)
{
    const uint8_t byte = (uint8_t)v;

    ram_write(&r->b->mem, gpa_of(r->at + at), &byte, 1);
}

static uint8_t get8(struct ha *r, uint32_t at)
{
    uint8_t v;

    ram_read(&r->b->mem, gpa_of(r->at + at), &v, 1);
    return v;
}

static unsigned mail_bytes(const struct ha *r)
{
    return r->wide ? 8 : 4;
}

void ha_mailboxes(struct ha *r, unsigned n)
{
    static const uint8_t none[256];
    const char narrow[] = {1, (char)n, 0, HA_MAIL >> 8, HA_MAIL & 0xff};
    const char wide[] = {(char)0x81,   (char)n, HA_MAIL & 0xff,
                         HA_MAIL >> 8, 0,       HIGH >> 24};
    uint8_t nothing[8];

    assert_true(2 * n * mail_bytes(r) <= sizeof none);
    ram_write(&r->b->mem, gpa_of(r->at + HA_MAIL), none, 2 * n * mail_bytes(r));
    assert_int_equal(r->wide ? ha_ask(r, wide, sizeof wide, nothing)
                             : ha_ask(r, narrow, sizeof narrow, nothing),
                     0);
    assert_int_equal(bench_get8(r->b, HA_STATUS), HA_IDLE);
    r->mailboxes = n;
    r->in = 0;
}

void ha_ccb(struct ha *r, unsigned op, unsigned target, const void *cdb,
            unsigned n, uint32_t at, uint32_t bytes)
{
    uint8_t c[64] = {[0] = (uint8_t)op, [2] = (uint8_t)n};

    if (r->wide) {
        c[3] = SENSE_BYTES;
        c[16] = (uint8_t)target;
    } else {
        c[1] = (uint8_t)(target << 5);
    }
    memcpy(c + 18, cdb, n);
    ram_write(&r->b->mem, gpa_of(r->at + HA_CCB), c, sizeof c);
    put(r, HA_CCB + 4, bytes);
    put(r, HA_CCB + (r->wide ? 8 : 7), at);
    if (r->wide)
        put(r, HA_CCB + 36, r->at + HA_SENSE);
}

void ha_segment(struct ha *r, unsigned i, uint32_t at, uint32_t bytes)
{
    uint32_t entry = HA_LIST + i * (r->wide ? 8 : 6);

    put(r, entry, bytes);
    put(r, entry + (r->wide ? 4 : 3), at);
}

void ha_post(struct ha *r, unsigned i, unsigned action)
{
    uint32_t out = HA_MAIL + mail_bytes(r) * i;

    put(r, out + (r->wide ? 0 : 1), r->at + HA_CCB);
    put8(r, out + (r->wide ? 7 : 0), action);
    ha_command(r, "\x02", 1);
}

/* The CCB's address in the mailbox at @at, as put() writes it. */
static void has_ccb(struct ha *r, uint32_t at)
{
    unsigned n = r->wide ? 4 : 3;

    for (unsigned i = 0; i < n; i++)
        assert_int_equal(get8(r, at + i),
                         (r->at + HA_CCB) >> 8 * (r->wide ? i : 2 - i) & 0xff);
}

unsigned ha_start(struct ha *r, unsigned i)
{
    uint32_t out = HA_MAIL + mail_bytes(r) * i;
    uint32_t in = HA_MAIL + mail_bytes(r) * (r->mailboxes + r->in);
    uint32_t code_at = in + (r->wide ? 7 : 0);
    unsigned code;

    ha_post(r, i, 1);
    assert_true(bench_run_until_irq(r->b));
    assert_int_equal(bench_get8(r->b, HA_FLAGS), HA_IN);
    assert_int_equal(get8(r, out + (r->wide ? 7 : 0)), 0);
    has_ccb(r, in + (r->wide ? 0 : 1));
    if (r->wide) { /* the CCB's statuses */
        assert_int_equal(get8(r, in + 4), get8(r, HA_CCB + 14));
        assert_int_equal(get8(r, in + 5), get8(r, HA_CCB + 15));
    }
    code = get8(r, code_at);
    put8(r, code_at, 0);
    r->in = (r->in + 1) % r->mailboxes;
    ha_acknowledge(r);
    bench_advance_ns(r->b, 100000);
    return code;
}

void ha_clear_attention(struct ha *r, unsigned target)
{
    enum { SENSE = HA_CCB + 24 };

    ha_ccb(r, 0, target, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(ha_start(r, 0), 4);
    assert_int_equal(get8(r, HA_CCB + 15), 2);
    assert_int_equal(get8(r, (r->wide ? HA_SENSE : SENSE) + 2), 6);
    assert_int_equal(get8(r, (r->wide ? HA_SENSE : SENSE) + 12), 0x29);
    ha_ccb(r, 0, target, "\0\0\0\0\0\0", 6, 0, 0);
    assert_int_equal(ha_start(r, 0), 1);
}
