/* tests/nt/handmade.c -- see handmade.h. */
#include "handmade.h"

#include <string.h>

#include "nt/offsets.h"

enum { DEVICE_UNKNOWN = 0x22, DEVICE_OUT = CALLER_SCRATCH - 4 };

void text_bytes(struct text *t, unsigned count, const uint8_t *bytes)
{
    caller_put(t->c, t->at, bytes, count);
    t->at += count;
}

void text_dword(struct text *t, uint32_t v)
{
    caller_set(t->c, t->at, v);
    t->at += 4;
}

void text_push(struct text *t, uint32_t v)
{
    TEXT(t, 0x68);
    text_dword(t, v);
}

void text_call(struct text *t, const char *name)
{
    uint32_t to = ke_stub(t->c->r->m->ke, name).v;

    assert_int_not_equal(to, 0);
    TEXT(t, 0xe8);
    text_dword(t, to - (t->at + 4));
}

void text_store(struct text *t, uint32_t at, uint32_t v)
{
    TEXT(t, 0xc7, 0x05);
    text_dword(t, at);
    text_dword(t, v);
}

void text_count(struct text *t, uint32_t at)
{
    TEXT(t, 0xff, 0x05);
    text_dword(t, at);
}

void text_ret(struct text *t, uint32_t eax, uint16_t pop)
{
    TEXT(t, 0xb8);
    text_dword(t, eax);
    TEXT(t, 0xc2, (uint8_t)pop, (uint8_t)(pop >> 8));
}

uint32_t handmade_driver(struct caller *c)
{
    uint32_t image = rig_load(c->r, "hello.sys");
    struct inspect_image i;

    assert_int_equal(rig_finish(c->r, machine_driver_start(c->r->m, image)), 0);
    assert_true(inspect_image_at(c->r->m, image - 1, &i));
    return i.driver.v;
}

uint32_t handmade_device(struct caller *c, uint32_t driver)
{
    assert_int_equal(STD_CALL(c, "IoCreateDevice", driver, 16, 0,
                              DEVICE_UNKNOWN, 0, 0, c->data + DEVICE_OUT),
                     0);
    return caller_dword(c, c->data + DEVICE_OUT);
}

void handmade_dispatch(struct caller *c, uint32_t driver, unsigned major,
                       uint32_t code)
{
    caller_set(c, driver + DRVOBJ_MajorFunction + 4 * major, code);
}

uint32_t handmade_irp(struct caller *c, unsigned locations, uint8_t major)
{
    uint32_t irp = STD_CALL(c, "IoAllocateIrp", locations, 0), at;

    at = caller_dword(c, irp + IRP_CurrentStackLocation) - LOCATION_BYTES;
    caller_put(c, at, &major, 1);
    return irp;
}

void handmade_checks(struct caller *c)
{
    c->r->m->mm.s.settings.checks = 1;
}

enum caller_end handmade_try(struct caller *c, const char *name, uint32_t ecx,
                             uint32_t edx)
{
    c->ecx = ecx;
    c->edx = edx;
    return caller_try(c, name, 0, 0, NULL);
}

struct inspect_bugcheck handmade_bugcheck(struct caller *c)
{
    struct inspect_bugcheck b;

    memset(&b, 0, sizeof b);
    inspect_bugcheck(c->r->m, &b);
    return b;
}
