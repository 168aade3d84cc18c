/* src/nt/program.c -- a program is loaded: its process, modules, stack and
 * first thread. From then on it is guest code like any other.
 * Docs: docs/nt.md, "Programs". */
#include "nt/program.h"

#include <stdio.h>
#include <string.h>

#include "image/image.h"
#include "mm/user.h"
#include "nt/guest.h"
#include "nt/object.h"
#include "nt/pnp.h"

enum { STACK_PAGES = 256, PROCESS_START_ARGUMENTS = 16 };
enum { SUBSYSTEM_WINDOWS = 2, SUBSYSTEM_CONSOLE = 3 };

uint32_t process_number(const struct nt *nt, uint32_t ke)
{
    for (uint32_t i = 0; i < nt->s.processes.count; i++)
        if (VEC_AT(struct nt_process, &nt->s.processes, i)->ke == ke)
            return i + 1;
    return NT_NONE;
}

/* ---- what can be a program ------------------------------------------------
 */

static enum hb_status check_pe(const struct image *image,
                               struct hb_error *error)
{
    if (image->subsystem != SUBSYSTEM_CONSOLE &&
        image->subsystem != SUBSYSTEM_WINDOWS)
        return hb_fail(error, HB_BAD_IMAGE,
                       "%s: subsystem %u in its header: a program has 3 "
                       "(console) or 2; drivers are operands of run",
                       image->name, image->subsystem);
    return HB_OK;
}

/* ELF: the entry of the file, or the symbol _start. */
static enum hb_status find_entry(struct image *image, struct hb_error *error)
{
    const struct image_export *e = image_find_export(image, "_start");

    if (image->kind == IMAGE_PE32)
        return image->has_entry ? HB_OK
                                : hb_fail(error, HB_BAD_IMAGE,
                                          "%s: it has no entry", image->name);
    if (e) {
        image->has_entry = true;
        image->entry = e->rva;
    }
    if (!image->has_entry || (!e && image->kind == IMAGE_ELF_REL))
        return hb_fail(error, HB_BAD_IMAGE,
                       "%s: an ELF program starts at e_entry or at the symbol "
                       "_start: it has neither",
                       image->name);
    return HB_OK;
}

/* ---- loading ---------------------------------------------------------------
 */

static enum hb_status map_system(struct program_load *l)
{
    struct image *own = l->image;
    const char *name;
    enum hb_status st = HB_OK;

    for (unsigned i = 0; st == HB_OK && i < SYSTEM_MODULES; i++) {
        st = module_system(i, &l->image, &name, l->error);
        if (st != HB_OK)
            break;
        st = module_map(l);
        image_free(l->image);
    }
    l->image = own;
    return st;
}

uint32_t program_thread(struct nt *nt, uint32_t process, uint32_t start,
                        uint32_t esp, uint32_t teb, uint32_t *status)
{
    const struct nt_process *p = process_at(nt, process);
    struct ke_thread_start how = {.process = p->ke,
                                  .start = gva_of(start),
                                  .user = true,
                                  .user_esp = esp,
                                  .teb = teb,
                                  .exit = ke_stub(nt->w.ke, "NtpThreadExit").v,
                                  .name = p->name};
    struct nt_thread t = {0, process, teb, 0, 0};

    threads_sweep(nt);
    t.thread = ke_thread_create(nt->w.ke, &how, status);
    if (!t.thread)
        return 0;
    mm_write(nt->w.mm, p->space, gva_of(teb + TEB_THREAD_ID), &t.thread, 4);
    t.object =
        ob_create(nt, TYPE_THREAD, ke_thread_object(nt->w.ke, t.thread).v);
    if (!t.object || !nt_push(&nt->s.threads, sizeof t, &t)) {
        ke_thread_terminate(nt->w.ke, t.thread, STATUS_NO_MEMORY);
        *status = STATUS_NO_MEMORY;
        return 0;
    }
    ob_at(nt, t.object)->data = t.thread;
    ob_at(nt, t.object)->permanent = true; /* until the thread has ended */
    ob_dereference(nt, t.object);
    return t.thread;
}

static enum hb_status first_thread(struct program_load *l)
{
    struct nt *nt = l->nt;
    gva_t stack = {0};
    uint32_t start =
        module_export(nt, l->process, "kernel32.dll", "BaseProcessStart", 0);
    uint32_t top, teb = 0, status;
    enum hb_status st =
        user_reserve(nt->w.mm, l->space, &stack, STACK_PAGES, MM_RW | MM_USER);

    top = stack.v + STACK_PAGES * PAGE_BYTES;
    if (st == HB_OK)
        st = user_commit(nt->w.mm, l->space, gva_add(stack, PAGE_BYTES),
                         STACK_PAGES - 1, MM_RW | MM_USER);
    if (st == HB_OK)
        teb = teb_build(nt, l->process, top, stack.v);
    if (st != HB_OK || !teb || !start ||
        !program_thread(nt, l->process, start, top - PROCESS_START_ARGUMENTS,
                        teb, &status))
        return hb_fail(l->error, HB_NO_PAGES, "%s: no room for its thread",
                       l->image->name);
    return HB_OK;
}

static enum hb_status load_program(struct program_load *l,
                                   const char *command_line)
{
    enum hb_status st = find_entry(l->image, l->error);

    if (st == HB_OK && l->image->kind == IMAGE_PE32)
        st = check_pe(l->image, l->error);
    if (st == HB_OK)
        st = map_system(l);
    l->missing = 0;
    if (st == HB_OK)
        st = module_map(l);
    if (st == HB_OK)
        st = peb_build(l, l->image->name, command_line);
    if (st == HB_OK)
        st = first_thread(l);
    return st;
}

/* It never began: what is there of it goes. */
static void undo(struct nt *nt, uint32_t process)
{
    struct nt_process *p = process_at(nt, process);
    struct mm_misuse misuse;

    ke_process_ended(nt->w.ke, p->ke);
    space_destroy(nt->w.mm, p->space, &misuse);
    p->space = 0;
    p->program = PROGRAM_ENDED;
}

static uint32_t started(struct nt *nt, uint32_t process)
{
    struct nt_process *p = process_at(nt, process);
    struct nt_ticket *t = ticket_new(nt, JOB_PROGRAM);

    p->program = PROGRAM_RUNNING;
    if (!t)
        return NT_NONE;
    t->state = TICKET_RUNNING; /* no job of the PnP thread */
    p->ticket = t->number;
    return t->number;
}

enum hb_status nt_program(struct nt *nt, const struct nt_program_start *how,
                          uint32_t *process, uint32_t *ticket,
                          struct hb_error *error)
{
    struct program_load l = {.nt = nt, .error = error};
    enum hb_status st =
        image_parse(how->bytes, how->count, how->name, &l.image, error);

    if (st != HB_OK)
        return st;
    l.process = nt_process_create(nt, l.image->name, error);
    if (l.process == NT_NONE) {
        image_free(l.image);
        return HB_NO_PAGES;
    }
    l.space = process_at(nt, l.process)->space;
    st = load_program(&l, how->command_line);
    if (st == HB_OK) {
        *process = l.process;
        *ticket = started(nt, l.process);
        ke_kick(nt->w.ke);
    } else {
        undo(nt, l.process);
    }
    image_free(l.image);
    return st;
}

bool nt_program_at(const struct nt *nt, uint32_t process,
                   struct nt_program_info *info)
{
    const struct nt_process *p = process_at(nt, process);

    if (!p || p->program == PROGRAM_NONE)
        return false;
    *info = (struct nt_program_info){.ended = p->program == PROGRAM_ENDED,
                                     .exit_status = p->exit_status,
                                     .ticket = p->ticket,
                                     .exception = p->exception,
                                     .output_bytes = p->output_bytes};
    for (uint32_t i = 0; i < nt->s.threads.count; i++)
        info->threads +=
            VEC_AT(struct nt_thread, &nt->s.threads, i)->process == process;
    return true;
}

/* ---- output -----------------------------------------------------------------
 */

enum { OUTPUT_MOST = 4 << 20 };

/* The last chunk, if what comes now goes on with it. */
static struct nt_output *open_chunk(struct nt *nt, uint32_t process,
                                    uint8_t stream)
{
    struct nt_output *o, new = {.process = process, .stream = stream};

    if (nt->s.outputs.count) {
        o = VEC_AT(struct nt_output, &nt->s.outputs, nt->s.outputs.count - 1);
        if (o->process == process && o->stream == stream &&
            o->count < sizeof o->bytes)
            return o;
    }
    return nt_push(&nt->s.outputs, sizeof new, &new);
}

void output_add(struct nt *nt, uint32_t process, uint8_t stream,
                const uint8_t *bytes, uint32_t count)
{
    struct nt_process *p = process_at(nt, process);
    struct nt_output *o;

    while (count && p->output_bytes < OUTPUT_MOST &&
           (o = open_chunk(nt, process, stream))) {
        uint32_t n = (uint32_t)sizeof o->bytes - o->count;

        if (n > count)
            n = count;
        memcpy(o->bytes + o->count, bytes, n);
        o->count += n;
        p->output_bytes += n;
        bytes += n;
        count -= n;
    }
    if (count && !p->output_full) {
        p->output_full = 1;
        nt_finding(nt, "USER", "%s wrote more than is kept: the rest is lost",
                   p->name);
    }
}

uint32_t nt_program_output(const struct nt *nt, uint32_t process, uint32_t from,
                           uint8_t *out, uint32_t room, uint8_t *stream)
{
    for (uint32_t i = 0; i < nt->s.outputs.count; i++) {
        const struct nt_output *o = VEC_AT(struct nt_output, &nt->s.outputs, i);

        if (o->process != process)
            continue;
        if (from < o->count) {
            uint32_t n = o->count - from < room ? o->count - from : room;

            memcpy(out, o->bytes + from, n);
            *stream = o->stream;
            return n;
        }
        from -= o->count;
    }
    return 0;
}
