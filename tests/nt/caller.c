/* tests/nt/caller.c -- see caller.h. */
#include "caller.h"

#include <stdlib.h>
#include <string.h>

#include "board/board.h"
#include "mm/pool.h"

/* Offsets in the page of code: words first, then code. */
enum {
    GO = 0,
    EAX_AT = 4,
    EDX_AT = 8,
    ESP_AT = 12,
    RAISED_AT = 16,
    STATUS_AT = 20,
    LOOP_AT = 0x80,
    HANDLER_AT = 0x100,
    CALL_AT = 0x200,
    CODE_BYTES = 4096,
    TICKS_MOST = 200000000,
    TICKS_SOON = 20000,
};

struct code {
    uint8_t bytes[1024];
    unsigned count;
    uint32_t base;
};

static void emit(struct code *c, const void *bytes, unsigned n)
{
    assert_true(c->count + n <= sizeof c->bytes);
    memcpy(c->bytes + c->count, bytes, n);
    c->count += n;
}

#define EMIT_CODE(c, ...)                                                      \
    emit((c), (const uint8_t[]){__VA_ARGS__},                                  \
         sizeof((const uint8_t[]){__VA_ARGS__}))

static void emit32(struct code *c, uint32_t v)
{
    emit(c, &v, 4);
}

void caller_put(struct caller *c, uint32_t at, const void *from, uint32_t bytes)
{
    assert_true(ke_write(c->r->m->ke, gva_of(at), from, bytes));
}

void caller_get(struct caller *c, uint32_t at, void *to, uint32_t bytes)
{
    assert_true(ke_read(c->r->m->ke, gva_of(at), to, bytes));
}

uint32_t caller_dword(struct caller *c, uint32_t at)
{
    uint32_t v;

    caller_get(c, at, &v, 4);
    return v;
}

void caller_set(struct caller *c, uint32_t at, uint32_t v)
{
    caller_put(c, at, &v, 4);
}

uint32_t caller_variable(struct caller *c, const char *name)
{
    return caller_dword(c, ke_stub(c->r->m->ke, name).v);
}

/* pop fs:[0]; add esp, 4; ret */
static void leave(struct code *k)
{
    EMIT_CODE(k, 0x64, 0x8f, 0x05);
    emit32(k, 0);
    EMIT_CODE(k, 0x83, 0xc4, 0x04, 0xc3);
}

/* for (;;) if (go) { go(); go = 0; } */
static void write_loop(struct caller *c)
{
    struct code k = {.count = 0};

    EMIT_CODE(&k, 0xa1);
    emit32(&k, c->code + GO);
    EMIT_CODE(&k, 0x85, 0xc0, 0x74, 0xf7, 0xff, 0xd0, 0xc7, 0x05);
    emit32(&k, c->code + GO);
    emit32(&k, 0);
    EMIT_CODE(&k, 0xeb, (uint8_t) - (int)(k.count + 2));
    caller_put(c, c->code + LOOP_AT, k.bytes, k.count);
}

/* The handler notes the code and leaves the frame by itself. */
static void write_handler(struct caller *c)
{
    struct code k = {.count = 0};

    EMIT_CODE(&k, 0x8b, 0x44, 0x24, 0x04, 0x8b, 0x00, 0xa3);
    emit32(&k, c->code + STATUS_AT);
    EMIT_CODE(&k, 0xc7, 0x05);
    emit32(&k, c->code + RAISED_AT);
    emit32(&k, 1);
    EMIT_CODE(&k, 0x8b, 0x64, 0x24, 0x08);
    leave(&k);
    caller_put(c, c->code + HANDLER_AT, k.bytes, k.count);
}

static uint32_t allocate(struct caller *c, uint32_t bytes)
{
    gva_t at;

    assert_int_equal(pool_alloc(&c->r->m->mm, POOL_NONPAGED, bytes, 1, &at),
                     HB_OK);
    return at.v;
}

uint32_t caller_result_at(const struct caller *c)
{
    return c->code + EAX_AT;
}

int caller_setup_with(void **state, const char *const *devices)
{
    struct caller *c = calloc(1, sizeof *c);
    struct ke_thread_start how = {.process = KE_SYSTEM_PROCESS};
    uint8_t zero[CODE_BYTES] = {0};
    uint32_t status;

    assert_non_null(c);
    c->r = rig_create(devices);
    c->code = allocate(c, CODE_BYTES);
    c->data = allocate(c, CALLER_SCRATCH);
    caller_put(c, c->code, zero, sizeof zero);
    for (uint32_t at = 0; at < CALLER_SCRATCH; at += sizeof zero)
        caller_put(c, c->data + at, zero, sizeof zero);
    write_loop(c);
    write_handler(c);
    how.start = gva_of(c->code + LOOP_AT);
    assert_int_not_equal(ke_thread_create(c->r->m->ke, &how, &status), 0);
    ke_kick(c->r->m->ke);
    *state = c;
    return 0;
}

int caller_setup(void **state)
{
    return caller_setup_with(state, NULL);
}

int caller_setup_adram(void **state)
{
    return caller_setup_with(state, (const char *const[]){"adram", NULL});
}

int caller_teardown(void **state)
{
    struct caller *c = *state;

    rig_destroy(c->r);
    free(c);
    return 0;
}

static void write_call(struct caller *c, uint32_t stub, uint32_t pops,
                       unsigned count, const uint32_t *args)
{
    struct code k = {.base = c->code + CALL_AT};

    EMIT_CODE(&k, 0x68);
    emit32(&k, c->code + HANDLER_AT);
    EMIT_CODE(&k, 0x64, 0xff, 0x35);
    emit32(&k, 0);
    EMIT_CODE(&k, 0x64, 0x89, 0x25);
    emit32(&k, 0);
    EMIT_CODE(&k, 0x89, 0x25); /* mov [esp_at], esp */
    emit32(&k, c->code + ESP_AT);
    while (count-- > 0) {
        EMIT_CODE(&k, 0x68);
        emit32(&k, args[count]);
    }
    EMIT_CODE(&k, 0xb8);
    emit32(&k, c->eax);
    EMIT_CODE(&k, 0xba);
    emit32(&k, c->edx);
    EMIT_CODE(&k, 0xb9);
    emit32(&k, c->ecx);
    EMIT_CODE(&k, 0xe8);
    emit32(&k, stub - (k.base + k.count + 4));
    EMIT_CODE(&k, 0x81, 0xc4);
    emit32(&k, pops);
    EMIT_CODE(&k, 0x29, 0x25); /* sub [esp_at], esp: 0 when it is as it was */
    emit32(&k, c->code + ESP_AT);
    EMIT_CODE(&k, 0xa3);
    emit32(&k, c->code + EAX_AT);
    EMIT_CODE(&k, 0x89, 0x15);
    emit32(&k, c->code + EDX_AT);
    leave(&k);
    caller_put(c, k.base, k.bytes, k.count);
}

enum caller_end caller_within(struct caller *c, uint64_t ticks, uint32_t at,
                              uint32_t pops, unsigned count,
                              const uint32_t *args)
{
    struct machine *m = c->r->m;
    uint64_t limit = m->clock.now + ticks;
    struct machine_stop stop;

    assert_int_not_equal(at, 0);
    write_call(c, at, pops, count, args);
    caller_set(c, c->code + RAISED_AT, 0);
    caller_set(c, c->code + GO, c->code + CALL_AT);
    while (caller_dword(c, c->code + GO) && m->clock.now < limit) {
        uint64_t until = m->clock.now + 100;

        run_begin(m, &stop);
        if (run_piece(m, until, limit, &stop))
            continue;
        if (ke_ended(m->ke))
            return CALLER_STOPPED;
        if (stop.reason != STOP_LIMIT)
            break;
    }
    if (caller_dword(c, c->code + GO))
        return CALLER_WAITS;
    c->status = 0;
    if (caller_dword(c, c->code + RAISED_AT)) {
        c->status = caller_dword(c, c->code + STATUS_AT);
        return CALLER_RAISED;
    }
    c->eax = caller_dword(c, c->code + EAX_AT);
    c->edx = caller_dword(c, c->code + EDX_AT);
    return CALLER_RETURNED;
}

enum caller_end caller_try(struct caller *c, const char *name, uint32_t pops,
                           unsigned count, const uint32_t *args)
{
    enum caller_end end = caller_within(
        c, TICKS_MOST, ke_stub(c->r->m->ke, name).v, pops, count, args);

    assert_int_not_equal(end, CALLER_WAITS);
    if (end == CALLER_RETURNED)
        assert_int_equal(caller_dword(c, c->code + ESP_AT), 0);
    return end;
}

enum caller_end caller_end_of(struct caller *c, const char *name, uint32_t pops,
                              unsigned count, const uint32_t *args)
{
    return caller_within(c, TICKS_SOON, ke_stub(c->r->m->ke, name).v, pops,
                         count, args);
}

uint32_t caller_call(struct caller *c, const char *name, bool cdecl_row,
                     unsigned count, const uint32_t *args)
{
    if (caller_try(c, name, cdecl_row ? 4 * count : 0, count, args) !=
        CALLER_RETURNED)
        fail_msg("%s: raised %08x\n%s", name, c->status, c->r->log);
    return c->eax;
}

uint32_t caller_fast(struct caller *c, const char *name, unsigned count,
                     const uint32_t *args)
{
    c->ecx = args[0];
    c->edx = count > 1 ? args[1] : 0;
    return caller_call(c, name, false, count > 2 ? count - 2 : 0, args + 2);
}

void caller_alias(struct caller *c, uint32_t at, uint32_t bytes, uint32_t dword)
{
    uint32_t table = allocate(c, 4096), page = allocate(c, 4096);
    uint32_t table_pte = caller_dword(c, 0xc0000000 + (table >> 12) * 4);
    uint32_t page_pte = caller_dword(c, 0xc0000000 + (page >> 12) * 4);

    for (unsigned i = 0; i < 1024; i++) {
        caller_set(c, page + 4 * i, dword);
        caller_set(c, table + 4 * i, (page_pte & ~0xfffu) | 0x67);
    }
    for (uint32_t i = 0; i < bytes >> 22; i++)
        caller_set(c, 0xc0300000 + ((at >> 22) + i) * 4,
                   (table_pte & ~0xfffu) | 0x67);
}

uint32_t caller_text(struct caller *c, uint32_t at, const char *text)
{
    caller_put(c, at, text, (uint32_t)strlen(text) + 1);
    return at;
}

uint32_t caller_wide(struct caller *c, uint32_t at, const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i <= n; i++) {
        uint16_t unit = (uint8_t)text[i];

        caller_put(c, at + 2 * (uint32_t)i, &unit, 2);
    }
    return at;
}

uint32_t caller_counted(struct caller *c, uint32_t at, uint16_t length,
                        uint16_t maximum, uint32_t buffer)
{
    caller_put(c, at, &length, 2);
    caller_put(c, at + 2, &maximum, 2);
    caller_set(c, at + 4, buffer);
    return at;
}
