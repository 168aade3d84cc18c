/* src/board/inspect_system.c -- the guest system: how it stopped, threads,
 * images, devices, objects, processes; and what entered from outside. */
#include <stdio.h>
#include <string.h>

#include "board/board.h"
#include "halbox/inspect.h"

static void text(char *to, size_t room, const char *from)
{
    snprintf(to, room, "%s", from);
}

bool inspect_bugcheck(const struct machine *m,
                      struct inspect_bugcheck *bugcheck)
{
    const struct ke_bugcheck *b;

    if (m->config.bare || !ke_ended(m->ke))
        return false;
    b = ke_bugcheck_state(m->ke);
    *bugcheck = (struct inspect_bugcheck){
        .code = b->code, .eip = b->eip, .esp = b->esp, .thread = b->thread};
    memcpy(bugcheck->p, b->p, sizeof bugcheck->p);
    text(bugcheck->image, sizeof bugcheck->image, b->image);
    text(bugcheck->routine, sizeof bugcheck->routine, b->routine);
    text(bugcheck->text, sizeof bugcheck->text, b->text);
    return true;
}

uint8_t inspect_irql(const struct machine *m)
{
    return m->config.bare ? 0 : ke_irql(m->ke);
}

uint32_t inspect_thread(const struct machine *m)
{
    return m->config.bare ? 0 : ke_current_thread(m->ke);
}

int inspect_waits(const struct machine *m, char *out, size_t room)
{
    if (!m->config.bare)
        return ke_waits_text(m->ke, out, room);
    if (room)
        *out = 0;
    return 0;
}

const char *inspect_routine(const struct machine *m, gva_t at)
{
    return m->config.bare ? NULL : ke_routine_name(m->ke, at);
}

bool inspect_image_at(const struct machine *m, unsigned index,
                      struct inspect_image *image)
{
    struct nt_image_info i;

    if (m->config.bare || !nt_image_at(m->nt, index, &i))
        return false;
    *image = (struct inspect_image){.base = i.base,
                                    .entry = i.entry,
                                    .driver = i.driver,
                                    .bytes = i.bytes,
                                    .entry_status = i.entry_status,
                                    .started = i.started,
                                    .wdm = i.wdm,
                                    .unloaded = i.unloaded,
                                    .missing = i.missing};
    text(image->name, sizeof image->name, i.name);
    return true;
}

const char *inspect_image_path(const struct machine *m, uint32_t image)
{
    return image && image <= m->image_path.count
               ? *VEC_AT(char *, &m->image_path, image - 1)
               : NULL;
}

bool inspect_pnp_at(const struct machine *m, unsigned index,
                    struct inspect_pnp *device)
{
    struct nt_device_info d;

    if (m->config.bare || !nt_device_at(m->nt, index, &d))
        return false;
    *device = (struct inspect_pnp){.bus = d.card.bus,
                                   .bus_number = d.card.bus_number,
                                   .slot = d.card.slot,
                                   .function = d.card.function,
                                   .state = (enum inspect_pnp_state)d.state,
                                   .image = d.image,
                                   .status = d.status,
                                   .pdo = d.pdo,
                                   .top = d.top};
    text(device->hardware_id, sizeof device->hardware_id, d.card.hardware_id);
    text(device->description, sizeof device->description, d.card.description);
    return true;
}

bool inspect_object_next(const struct machine *m, uint32_t *cursor,
                         struct inspect_object *object)
{
    struct nt_object_info o;

    if (m->config.bare || !nt_object_next(m->nt, cursor, &o))
        return false;
    *object = (struct inspect_object){
        .body = o.body, .references = o.references, .handles = o.handles};
    text(object->type, sizeof object->type, o.type);
    text(object->name, sizeof object->name, o.name);
    text(object->target, sizeof object->target, o.target);
    return true;
}

bool inspect_program(const struct machine *m, uint32_t process,
                     struct inspect_program *program)
{
    struct nt_program_info p;

    if (m->config.bare || !nt_program_at(m->nt, process, &p))
        return false;
    *program = (struct inspect_program){.ended = p.ended,
                                        .exception = p.exception,
                                        .exit_status = p.exit_status,
                                        .ticket = p.ticket,
                                        .threads = p.threads,
                                        .output_bytes = p.output_bytes};
    return true;
}

uint32_t inspect_output(const struct machine *m, uint32_t process,
                        uint32_t from, void *out, uint32_t room,
                        uint8_t *stream)
{
    return m->config.bare
               ? 0
               : nt_program_output(m->nt, process, from, out, room, stream);
}

bool inspect_process_at(const struct machine *m, unsigned index,
                        struct inspect_process *process)
{
    struct nt_process_info p;

    if (m->config.bare || !nt_process_at(m->nt, index, &p))
        return false;
    *process = (struct inspect_process){
        .cr3 = p.cr3, .object = p.object, .handles = p.handles};
    text(process->name, sizeof process->name, p.name);
    return true;
}

unsigned inspect_findings(const struct machine *m)
{
    return m->s.findings;
}

bool inspect_input_at(const struct machine *m, unsigned index,
                      struct inspect_input *input)
{
    const struct input_entry *e;

    if (index >= m->inputs.entry.count)
        return false;
    e = &((const struct input_entry *)m->inputs.entry.data)[index];
    *input = (struct inspect_input){
        .at = {.tick = e->tick, .served = e->served, .moved = e->moved},
        .kind = input_kind_name((enum input_kind)e->kind),
        .a = e->a,
        .b = e->b,
        .data = e->bytes ? (const uint8_t *)m->inputs.data.data + e->at : NULL,
        .bytes = e->bytes};
    return true;
}
