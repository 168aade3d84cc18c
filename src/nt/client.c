/* src/nt/client.c -- user processes and their client threads. A client's
 * thread runs this loop in ring 3, so every request enters the kernel as a
 * program's does:
 *
 *      pop  ebx                 its argument block
 *      xor  esi, esi
 *   1: mov  [ebx], esi          what the last service returned
 *      mov  edx, ebx
 *      mov  eax, CLIENT_WAIT
 *      int  2Eh                 waits for a call; EAX = service to do
 *      lea  edx, [ebx + 16]
 *      int  2Eh
 *      mov  esi, eax
 *      jmp  1b
 *
 * The block is a page: arguments, names, then status blocks, one per ticket. */
#include <stdio.h>
#include <string.h>

#include "mm/user.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/pnp.h"
#include "nt/program.h"
#include "nt/service.h"
#include "nt/services.h"

enum { /* in a client's block */
       B_RESULT = 0x00,
       B_ARGS = 0x10,
       B_HANDLE = 0x40,
       B_OFFSET = 0x48,
       B_ATTRIBUTES = 0x50,
       B_NAME = 0x68,
       B_TEXT = 0x70,
       B_STATUS = 0x200,
       STATUS_SLOTS = (PAGE_BYTES - B_STATUS) / IOSB_BYTES,
};
enum { STACK_PAGES = 4 };
enum { FILE_SYNCHRONOUS_IO_NONALERT = 0x20, FILE_OPEN_DISPOSITION = 1 };
enum { SHARE_ALL = 7 };
#define READ_AND_WRITE 0xc0100000u /* GENERIC_READ | WRITE | SYNCHRONIZE */

static const uint8_t loop_code[] = {
    0x5b,         /* pop ebx            */
    0x31,   0xf6, /* xor esi, esi       */
    0x89,   0x33, /* 1: mov [ebx], esi  */
    0x89,   0xda, /* mov edx, ebx       */
    0xb8,   NT_SERVICE_CLIENT_WAIT,
    0,      0,
    0,            /* mov eax, imm32 */
    0xcd,   0x2e, /* int 2Eh            */
    0x8d,   0x53,
    B_ARGS,       /* lea edx, [ebx+16]  */
    0xcd,   0x2e, /* int 2Eh            */
    0x89,   0xc6, /* mov esi, eax       */
    0xeb,   0xec, /* jmp 1b             */
};

struct nt_process *process_at(const struct nt *nt, uint32_t number)
{
    if (number == NT_NONE || number > nt->s.processes.count)
        return NULL;
    return VEC_AT(struct nt_process, &nt->s.processes, number - 1);
}

static struct nt_client *client_at(const struct nt *nt, uint32_t number)
{
    if (number == NT_NONE || number > nt->s.clients.count)
        return NULL;
    return VEC_AT(struct nt_client, &nt->s.clients, number - 1);
}

/* ---- making them ------------------------------------------------------------
 */

static enum hb_status make_process(struct nt *nt, struct nt_process *p)
{
    struct mm *mm = nt->w.mm;
    gva_t code = {0};
    gva_t body;

    if (space_create(mm, &p->space) != HB_OK)
        return HB_NO_PAGES;
    p->ke = ke_process_create(nt->w.ke, p->space);
    if (p->ke == 0)
        return HB_NO_PAGES;
    body = ke_process_object(nt->w.ke, p->ke);
    p->object = ob_create(nt, TYPE_PROCESS, body.v);
    if (p->object == 0 ||
        user_alloc(mm, p->space, &code, 1, MM_X | MM_USER) != HB_OK)
        return HB_NO_PAGES;
    p->code = code.v;
    return mm_write(mm, p->space, code, loop_code, sizeof loop_code);
}

uint32_t nt_process_create(struct nt *nt, const char *name,
                           struct hb_error *error)
{
    struct nt_process p = {0};
    struct mm_misuse misuse;

    snprintf(p.name, sizeof p.name, "%s", name);
    if (make_process(nt, &p) != HB_OK ||
        !nt_push(&nt->s.processes, sizeof p, &p)) {
        if (p.object)
            ob_destroy(nt, p.object);
        if (p.ke)
            ke_process_destroy(nt->w.ke, p.ke);
        if (p.space)
            space_destroy(nt->w.mm, p.space, &misuse);
        hb_fail(error, HB_NO_PAGES, "process %s: no room in guest memory",
                name);
        return NT_NONE;
    }
    ob_at(nt, p.object)->data = nt->s.processes.count;
    ob_at(nt, p.object)->permanent = true;
    return nt->s.processes.count;
}

static bool make_thread(struct nt *nt, const struct nt_process *p,
                        struct nt_client *k)
{
    struct mm *mm = nt->w.mm;
    gva_t stack = {0}, block = {0};
    struct ke_thread_start how = {.process = p->ke,
                                  .start = gva_of(p->code),
                                  .user = true,
                                  .name = "client"};
    uint32_t status;

    if (user_lazy(mm, p->space, &stack, STACK_PAGES, MM_RW | MM_USER) !=
            HB_OK ||
        user_alloc(mm, p->space, &block, 1, MM_RW | MM_USER) != HB_OK)
        return false;
    k->block = block.v;
    k->event = nt_pool(nt, 16, TAG('C', 'l', 'n', 't'));
    if (k->event == 0)
        return false;
    ke_event_init(nt->w.ke, gva_of(k->event), EVENT_NOTIFICATION, false);
    how.user_esp = stack.v + STACK_PAGES * PAGE_BYTES - 16;
    mm_write(mm, p->space, gva_of(how.user_esp), &k->block, 4);
    k->thread = ke_thread_create(nt->w.ke, &how, &status);
    return k->thread != 0;
}

uint32_t nt_client_create(struct nt *nt, uint32_t process,
                          struct hb_error *error)
{
    const struct nt_process *p = process_at(nt, process);
    struct nt_client k = {.process = process};

    if (p == NULL || p->program) {
        hb_fail(error, HB_NOT_FOUND,
                p ? "process %u runs a program: it has threads of its own"
                  : "process %u does not exist",
                process);
        return NT_NONE;
    }
    if (!nt_push(&nt->s.clients, sizeof k, NULL)) {
        hb_fail(error, HB_NO_MEMORY, "a client: the host has no memory");
        return NT_NONE;
    }
    if (!make_thread(nt, p, &k)) {
        nt->s.clients.count--;
        hb_fail(error, HB_NO_PAGES, "a client of %s: no room in guest memory",
                p->name);
        return NT_NONE;
    }
    *client_at(nt, nt->s.clients.count) = k;
    ke_kick(nt->w.ke);
    return nt->s.clients.count;
}

/* ---- user memory ------------------------------------------------------------
 */

static enum hb_status no_process(struct hb_error *error, uint32_t process)
{
    return hb_fail(error, HB_NOT_FOUND, "process %u does not exist", process);
}

enum hb_status nt_buffer(struct nt *nt, uint32_t process, uint32_t bytes,
                         gva_t *at, struct hb_error *error)
{
    const struct nt_process *p = process_at(nt, process);
    uint32_t pages = mm_span(0, bytes ? bytes : 1);

    if (p == NULL || p->space == 0)
        return no_process(error, process);
    *at = gva_of(0);
    if (user_alloc(nt->w.mm, p->space, at, pages, MM_RW | MM_USER) != HB_OK)
        return hb_fail(error, HB_NO_PAGES, "%s: no room for a buffer of %u",
                       p->name, bytes);
    return HB_OK;
}

enum hb_status nt_buffer_pages(struct nt *nt, uint32_t process,
                               const uint32_t *pfn, unsigned pages,
                               uint32_t offset, gva_t *at,
                               struct hb_error *error)
{
    const struct nt_process *p = process_at(nt, process);
    enum hb_status st;

    if (p == NULL || p->space == 0)
        return no_process(error, process);
    if (pages == 0 || offset > PAGE_MASK)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "a buffer has at least one page and starts in it");
    *at = gva_of(0);
    st = user_place(nt->w.mm, p->space, at, pfn, pages, MM_RW | MM_USER);
    if (st == HB_NOT_FOUND)
        return hb_fail(error, st, "a frame of the buffer is not RAM");
    if (st == HB_BAD_STATE)
        return hb_fail(error, st,
                       "a frame of the buffer is in use: choose "
                       "other physical pages");
    if (st != HB_OK)
        return hb_fail(error, st, "%s: no room for a buffer of %u pages",
                       p->name, pages);
    *at = gva_add(*at, offset);
    return HB_OK;
}

enum hb_status nt_buffer_free(struct nt *nt, uint32_t process, gva_t at,
                              struct hb_error *error)
{
    const struct nt_process *p = process_at(nt, process);

    if (p == NULL || p->space == 0)
        return no_process(error, process);
    if (user_free(nt->w.mm, p->space, gva_of(at.v & ~(uint32_t)PAGE_MASK)) !=
        HB_OK)
        return hb_fail(error, HB_NOT_FOUND, "no buffer starts at %08x", at.v);
    return HB_OK;
}

bool nt_user_read(struct nt *nt, uint32_t process, gva_t at, void *to,
                  uint32_t bytes)
{
    const struct nt_process *p = process_at(nt, process);

    return p && p->space && mm_read(nt->w.mm, p->space, at, to, bytes) == HB_OK;
}

bool nt_user_write(struct nt *nt, uint32_t process, gva_t at, const void *from,
                   uint32_t bytes)
{
    const struct nt_process *p = process_at(nt, process);

    return p && p->space && at.v < MM_USER_PROBE &&
           bytes <= MM_USER_PROBE - at.v &&
           mm_write(nt->w.mm, p->space, at, from, bytes) == HB_OK;
}

bool nt_user_walk(struct nt *nt, uint32_t process, gva_t at, gpa_t *pa)
{
    const struct nt_process *p = process_at(nt, process);

    return p && p->space && mm_physical(nt->w.mm, p->space, at, pa);
}

bool nt_process_at(const struct nt *nt, unsigned index,
                   struct nt_process_info *info)
{
    const struct nt_process *p = process_at(nt, index + 1);

    if (p == NULL)
        return false;
    *info =
        (struct nt_process_info){.cr3 = gpa_of(space_cr3(nt->w.mm, p->space)),
                                 .object = ke_process_object(nt->w.ke, p->ke)};
    memcpy(info->name, p->name, sizeof info->name);
    for (uint32_t i = 0; i < nt->s.handles.count; i++)
        info->handles +=
            VEC_AT(struct nt_handle, &nt->s.handles, i)->process == p->ke;
    return true;
}

uint32_t nt_process_of(const struct nt *nt, uint32_t process)
{
    for (uint32_t i = nt->s.processes.count; i > 0; i--)
        if (VEC_AT(struct nt_process, &nt->s.processes, i - 1)->ke == process)
            return i;
    return NT_NONE;
}

uint32_t nt_process_of_space(const struct nt *nt, uint32_t space)
{
    for (uint32_t i = nt->s.processes.count; space && i > 0; i--)
        if (VEC_AT(struct nt_process, &nt->s.processes, i - 1)->space == space)
            return i;
    return NT_NONE;
}

/* ---- calls ------------------------------------------------------------------
 */

static uint32_t free_slot(const struct nt *nt, uint32_t client, uint32_t block)
{
    for (unsigned slot = 0; slot < STATUS_SLOTS; slot++) {
        uint32_t at = block + B_STATUS + slot * IOSB_BYTES;
        bool used = false;

        for (uint32_t i = 0; i < nt->s.tickets.count && !used; i++) {
            const struct nt_ticket *t =
                VEC_AT(struct nt_ticket, &nt->s.tickets, i);
            used = t->client == client && t->block == at;
        }
        if (!used)
            return at;
    }
    return 0;
}

uint32_t nt_call_post(struct nt *nt, uint32_t client,
                      const struct nt_call *call)
{
    struct nt_client *k = client_at(nt, client);
    struct nt_ticket *t;
    uint32_t block = k ? free_slot(nt, client, k->block) : 0;

    if (block == 0 || !(t = ticket_new(nt, JOB_CLIENT_CALL)))
        return NT_NONE;
    t->client = client;
    t->call = *call;
    t->call.path[NT_NAME - 1] = '\0';
    t->block = block;
    ke_signal_event(nt->w.ke, gva_of(k->event));
    ke_kick(nt->w.ke);
    return t->number;
}

/* The status block as user memory has it now. */
static void read_status(struct nt *nt, const struct nt_ticket *t,
                        struct nt_result *r)
{
    const struct nt_client *k = client_at(nt, t->client);
    uint32_t words[2] = {STATUS_PENDING, 0};

    nt_user_read(nt, k->process, gva_of(t->block), words, sizeof words);
    /* the block is set up when the thread takes the call */
    r->io_done = t->state != TICKET_POSTED && words[0] != STATUS_PENDING;
    if (!r->io_done && t->state == TICKET_DONE && t->status != STATUS_PENDING) {
        r->io_done = true; /* refused at once: only the call's status tells */
        words[0] = t->status;
        words[1] = 0;
    }
    r->io_status = words[0];
    r->information = words[1];
}

bool nt_result(struct nt *nt, uint32_t ticket, struct nt_result *result)
{
    const struct nt_ticket *t = ticket_find(nt, ticket);

    if (t == NULL)
        return false;
    *result = (struct nt_result){.done = t->state == TICKET_DONE,
                                 .status = t->status,
                                 .handle = t->handle};
    if (t->kind == JOB_CLIENT_CALL)
        read_status(nt, t, result);
    else
        result->io_done = result->done, result->io_status = t->status;
    return true;
}

/* ---- the wait service -------------------------------------------------------
 */

/* "\\.\X" and "\\?\X" are \??\X; a bare {GUID} is its first enabled interface.
 */
static void full_path(const struct nt *nt, const char *text,
                      struct nt_string *out)
{
    if (strncmp(text, "\\\\.\\", 4) == 0 || strncmp(text, "\\\\?\\", 4) == 0) {
        char path[NT_NAME + 8];
        snprintf(path, sizeof path, "\\??\\%s", text + 4);
        string_set(out, path);
        return;
    }
    string_set(out, text);
    if (text[0] != '{')
        return;
    for (uint32_t i = 0; i < nt->s.interfaces.count; i++) {
        const struct nt_interface *f =
            VEC_AT(struct nt_interface, &nt->s.interfaces, i);
        unsigned n = f->name_count;

        if (f->enabled && n >= out->count &&
            string_equal(f->name + n - out->count, out->count, out->unit,
                         out->count)) {
            out->count = f->name_count;
            memcpy(out->unit, f->name, n * sizeof f->name[0]);
            return;
        }
    }
}

static void put_open(struct nt *nt, const struct nt_client *k,
                     const struct nt_call *call, uint32_t args[11],
                     uint32_t iosb)
{
    uint32_t b = k->block, space = process_at(nt, k->process)->space;
    uint32_t attributes[6] = {OBJATTR_BYTES, 0, b + B_NAME, 0x40, 0, 0};
    struct nt_string path;
    uint16_t name[4];
    const uint32_t values[11] = {
        b + B_HANDLE,
        call->code ? call->code : READ_AND_WRITE,
        b + B_ATTRIBUTES,
        iosb,
        0,
        0x80,
        SHARE_ALL,
        FILE_OPEN_DISPOSITION,
        call->overlapped ? 0u : FILE_SYNCHRONOUS_IO_NONALERT,
        0,
        0};

    full_path(nt, call->path, &path);
    if (path.count > (B_STATUS - B_TEXT) / 2)
        path.count = (B_STATUS - B_TEXT) / 2;
    name[0] = name[1] = (uint16_t)(path.count * 2);
    memcpy(name + 2, &(uint32_t){b + B_TEXT}, 4);
    mm_write(nt->w.mm, space, gva_of(b + B_ATTRIBUTES), attributes,
             sizeof attributes);
    mm_write(nt->w.mm, space, gva_of(b + B_NAME), name, sizeof name);
    mm_write(nt->w.mm, space, gva_of(b + B_TEXT), path.unit, path.count * 2u);
    memcpy(args, values, sizeof values);
}

/* Arguments of the call into @args; returns the service's number. */
static uint32_t put_call(struct nt *nt, const struct nt_client *k,
                         const struct nt_ticket *t, uint32_t args[11])
{
    const struct nt_call *q = &t->call;
    uint32_t b = k->block, iosb = t->block;

    mm_write(nt->w.mm, process_at(nt, k->process)->space, gva_of(b + B_OFFSET),
             &q->offset, sizeof q->offset);
    switch (q->kind) {
    case NT_OPEN:
        put_open(nt, k, q, args, iosb);
        return NT_SERVICE_CREATE_FILE;
    case NT_READ:
    case NT_WRITE:
        args[0] = q->handle;
        args[4] = iosb;
        args[5] = q->kind == NT_READ ? q->out.v : q->in.v;
        args[6] = q->kind == NT_READ ? q->out_bytes : q->in_bytes;
        args[7] = b + B_OFFSET;
        return q->kind == NT_READ ? NT_SERVICE_READ_FILE
                                  : NT_SERVICE_WRITE_FILE;
    case NT_CONTROL:
        args[0] = q->handle;
        args[4] = iosb;
        args[5] = q->code;
        args[6] = q->in.v;
        args[7] = q->in_bytes;
        args[8] = q->out.v;
        args[9] = q->out_bytes;
        return NT_SERVICE_CONTROL_FILE;
    case NT_CLOSE:
        args[0] = q->handle;
        return NT_SERVICE_CLOSE;
    case NT_CANCEL:
        args[0] = q->handle;
        args[1] = iosb;
        return NT_SERVICE_CANCEL_FILE;
    default:
        memcpy(args, q->args, sizeof q->args);
        return q->code;
    }
}

static struct nt_client *client_of_thread(const struct nt *nt, uint32_t *number)
{
    uint32_t thread = ke_current_thread(nt->w.ke);

    for (uint32_t i = 0; i < nt->s.clients.count; i++)
        if (client_at(nt, i + 1)->thread == thread) {
            *number = i + 1;
            return client_at(nt, i + 1);
        }
    return NULL;
}

static void finish_call(struct nt *nt, struct nt_client *k, uint32_t status)
{
    struct nt_ticket *t = ticket_find(nt, k->ticket);
    uint32_t handle = 0;

    k->ticket = NT_NONE;
    if (t == NULL)
        return;
    if (t->call.kind == NT_OPEN && nt_success(status))
        nt_user_read(nt, k->process, gva_of(k->block + B_HANDLE), &handle, 4);
    t->handle = handle;
    ticket_done(nt, t, status);
}

static struct nt_ticket *next_call(const struct nt *nt, uint32_t client)
{
    for (uint32_t i = 0; i < nt->s.tickets.count; i++) {
        struct nt_ticket *t = VEC_AT(struct nt_ticket, &nt->s.tickets, i);
        if (t->state == TICKET_POSTED && t->kind == JOB_CLIENT_CALL &&
            t->client == client)
            return t;
    }
    return NULL;
}

/* ULONG NtpClientWait(LastResult): the next call's arguments are in the block
 * when it returns the service's number. */
void thunk_NtpClientWait(struct call *c)
{
    static const uint32_t pending[2] = {STATUS_PENDING, 0};
    struct nt *nt = nt_of(c);
    uint32_t number, service, args[11] = {0}, space;
    struct nt_client *k = client_of_thread(nt, &number);
    struct nt_ticket *t;

    if (k == NULL) {
        call_return(c, STATUS_INVALID_DEVICE_REQUEST);
        return;
    }
    if (c->state == 0 && k->ticket)
        finish_call(nt, k, call_u32(c, 0));
    t = next_call(nt, number);
    if (t == NULL) {
        gva_t event = gva_of(k->event);
        ke_reset_event(nt->w.ke, event);
        call_wait(c, 1, &event, true, WAIT_FOREVER, 1);
        return;
    }
    space = process_at(nt, k->process)->space;
    mm_write(nt->w.mm, space, gva_of(t->block), pending, sizeof pending);
    service = put_call(nt, k, t, args);
    mm_write(nt->w.mm, space, gva_of(k->block + B_ARGS), args, sizeof args);
    t->state = TICKET_RUNNING;
    k->ticket = t->number;
    call_return(c, service);
}
