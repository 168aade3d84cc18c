/* src/nt/system_lists.c -- modules, handles and processes as NT 5.x lists them
 * in ZwQuerySystemInformation. */
#include <stdio.h>
#include <string.h>

#include "nt/guest.h"
#include "nt/object.h"
#include "nt/system_info.h"

/* ---- modules
 * ----------------------------------------------------------------------
 */

enum { /* RTL_PROCESS_MODULE_INFORMATION */
       MOD_BASE = 8,
       MOD_SIZE = 0xc,
       MOD_LOAD_ORDER = 0x14,
       MOD_COUNT = 0x18,
       MOD_NAME_OFFSET = 0x1a,
       MOD_PATH = 0x1c,
       MOD_BYTES = 0x11c,
};

static void module(struct call *c, struct answer *a, uint16_t order,
                   uint32_t base, uint32_t bytes, const char *directory,
                   const char *name)
{
    uint8_t m[MOD_BYTES] = {0};
    uint16_t offset = (uint16_t)strlen(directory), one = 1;

    memcpy(m + MOD_BASE, &base, 4);
    memcpy(m + MOD_SIZE, &bytes, 4);
    memcpy(m + MOD_LOAD_ORDER, &order, 2);
    memcpy(m + MOD_COUNT, &one, 2);
    memcpy(m + MOD_NAME_OFFSET, &offset, 2);
    snprintf((char *)m + MOD_PATH, MOD_BYTES - MOD_PATH, "%s%s", directory,
             name);
    append(c, a, m, sizeof m);
}

/* SizeOfImage of a kernel image of ours. */
static uint32_t image_bytes(const struct nt *nt, uint32_t base)
{
    return nt_get32(nt, base + nt_get32(nt, base + 0x3c) + 0x50);
}

void append_modules(struct call *c, struct answer *a)
{
    static const char system[] = "\\WINDOWS\\system32\\";
    static const char drivers[] = "\\SystemRoot\\System32\\Drivers\\";
    const struct nt *nt = nt_of(c);
    uint32_t count = 2;

    for (uint32_t i = 0; i < nt->s.images.count; i++)
        count += !VEC_AT(struct nt_image, &nt->s.images, i)->unloaded;
    append(c, a, &count, 4);
    module(c, a, 0, MM_NT_IMAGE, image_bytes(nt, MM_NT_IMAGE), system,
           "ntoskrnl.exe");
    module(c, a, 1, MM_HAL_IMAGE, image_bytes(nt, MM_HAL_IMAGE), system,
           "hal.dll");
    count = 2;
    for (uint32_t i = 0; i < nt->s.images.count && call_ok(c); i++) {
        const struct nt_image *m = VEC_AT(struct nt_image, &nt->s.images, i);

        if (!m->unloaded)
            module(c, a, (uint16_t)count++, m->base, m->bytes, drivers,
                   m->name);
    }
}

/* ---- handles
 * ----------------------------------------------------------------------
 */

void append_handles(struct call *c, struct answer *a)
{
    const struct nt *nt = nt_of(c);
    uint32_t count = 0;

    for (uint32_t i = 0; i < nt->s.handles.count; i++)
        count += VEC_AT(struct nt_handle, &nt->s.handles, i)->process != 0;
    append(c, a, &count, 4);
    for (uint32_t i = 0; i < nt->s.handles.count && call_ok(c); i++) {
        const struct nt_handle *h = VEC_AT(struct nt_handle, &nt->s.handles, i);
        const struct nt_object *o = ob_at(nt, h->object);
        uint32_t w[4]; /* process; type, attributes, value; object; access */

        if (h->process == 0)
            continue;
        w[0] = 4 * h->process;
        w[1] =
            (o ? o->type : 0u) | (h->attributes & 0xff) << 8 | h->value << 16;
        w[2] = o ? o->body : 0;
        w[3] = h->access;
        append(c, a, w, sizeof w);
    }
}

/* ---- processes
 * ----------------------------------------------------------------------
 */

enum { /* SYSTEM_PROCESS_INFORMATION, SYSTEM_THREAD_INFORMATION */
       PROC_NEXT = 0,
       PROC_THREADS = 4,
       PROC_NAME = 0x38,
       PROC_PRIORITY = 0x40,
       PROC_ID = 0x44,
       PROC_HANDLES = 0x4c,
       PROC_BYTES = 0xb8,
       THR_CLIENT_ID = 0x20,
       THR_PRIORITY = 0x28,
       THR_BYTES = 0x40,
       NAME_BYTES = 2 * NT_PATH,
};

/* Threads of process @number, appended if @a; returns how many. */
static uint32_t threads(struct call *c, struct answer *a, uint32_t number)
{
    struct ke *ke = nt_of(c)->w.ke;
    uint32_t count = 0;

    for (uint32_t id = 4; id < 4 * KE_THREADS; id += 4) {
        uint8_t t[THR_BYTES] = {0};
        uint32_t w[4] = {4 * number, id};

        if (!ke_thread_exists(ke, id) || ke_thread_process(ke, id) != number)
            continue;
        count++;
        w[2] = w[3] = (uint32_t)ke_thread_priority(ke, id);
        memcpy(t + THR_CLIENT_ID, w, sizeof w);
        if (a)
            append(c, a, t, sizeof t);
    }
    return count;
}

static uint32_t handles_of(const struct nt *nt, uint32_t number)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < nt->s.handles.count; i++)
        count += VEC_AT(struct nt_handle, &nt->s.handles, i)->process == number;
    return count;
}

/* @number: ke's; 0: the idle process, with one thread and no name. */
static void process(struct call *c, struct answer *a, uint32_t number,
                    const char *name, bool last)
{
    uint8_t p[PROC_BYTES] = {0}, text[NAME_BYTES] = {0}, idle[THR_BYTES] = {0};
    uint32_t count = number ? threads(c, NULL, number) : 1;
    uint32_t chars = (uint32_t)strnlen(name, NT_PATH - 1);
    uint32_t next = PROC_BYTES + count * THR_BYTES + NAME_BYTES;
    uint32_t string[2] = {2 * chars | (2 * chars + 2) << 16,
                          a->at + a->used + next - NAME_BYTES};
    uint32_t w[2] = {number ? 8 : 0, 4 * number};
    uint32_t held = number ? handles_of(nt_of(c), number) : 0;

    for (uint32_t i = 0; i < chars; i++)
        text[2 * i] = (uint8_t)name[i];
    if (!last)
        memcpy(p + PROC_NEXT, &next, 4);
    memcpy(p + PROC_THREADS, &count, 4);
    if (chars)
        memcpy(p + PROC_NAME, string, sizeof string);
    memcpy(p + PROC_PRIORITY, w, sizeof w);
    memcpy(p + PROC_HANDLES, &held, 4);
    append(c, a, p, sizeof p);
    if (number)
        threads(c, a, number);
    else
        append(c, a, idle, sizeof idle);
    append(c, a, text, sizeof text);
}

void append_processes(struct call *c, struct answer *a)
{
    const struct nt *nt = nt_of(c);
    uint32_t last = 0;

    for (uint32_t i = 0; i < nt->s.processes.count; i++)
        if (VEC_AT(struct nt_process, &nt->s.processes, i)->ke)
            last = i + 1;
    process(c, a, 0, "", false);
    process(c, a, KE_SYSTEM_PROCESS, "System", last == 0);
    for (uint32_t i = 0; i < last && call_ok(c); i++) {
        const struct nt_process *p =
            VEC_AT(struct nt_process, &nt->s.processes, i);

        if (p->ke)
            process(c, a, p->ke, p->name, i + 1 == last);
    }
}
