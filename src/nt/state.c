/* src/nt/state.c -- state rows of the executive, and what a save must hold to
 * be believed. */
#include "nt/private.h"
#include "nt/services.h"

enum { MOST = NT_MOST };

#define T struct nt_object
static const struct state_row object_rows[] = {
    STATE_INT(T, body),           STATE_INT(T, type),
    STATE_INT(T, permanent),      STATE_INT(T, deleted),
    STATE_INT(T, owns_body),      STATE_INT(T, references),
    STATE_INT(T, handles),        STATE_INT(T, parent),
    STATE_INT(T, data),           STATE_INT(T, below),
    STATE_INT(T, deferred_start), STATE_INT(T, starting),
    STATE_INT(T, start_wanted),   STATE_INT(T, power_busy),
    STATE_INT(T, device_power),   STATE_INT(T, system_power),
    STATE_INT(T, start_key),      STATE_INT(T, name_count),
    STATE_INT(T, target_count),   STATE_INTS(T, name),
    STATE_INTS(T, target),        STATE_END};
#undef T

#define T struct nt_handle
static const struct state_row handle_rows[] = {
    STATE_INT(T, process), STATE_INT(T, value),      STATE_INT(T, object),
    STATE_INT(T, access),  STATE_INT(T, attributes), STATE_END};
#undef T

#define T struct nt_section
static const struct state_row section_rows[] = {
    STATE_INT(T, object), STATE_INT(T, mdl), STATE_INT(T, bytes),
    STATE_INT(T, protect), STATE_END};
#undef T

#define T struct nt_view
static const struct state_row view_rows[] = {STATE_INT(T, process),
                                             STATE_INT(T, start),
                                             STATE_INT(T, section), STATE_END};
#undef T

#define T struct nt_irp
static const struct state_row irp_rows[] = {STATE_INT(T, at),
                                            STATE_INT(T, origin),
                                            STATE_INT(T, done),
                                            STATE_INT(T, waited),
                                            STATE_INT(T, returned_pending),
                                            STATE_INT(T, thread),
                                            STATE_INT(T, file),
                                            STATE_INT(T, event),
                                            STATE_INT(T, wake),
                                            STATE_INT(T, out_bytes),
                                            STATE_INT(T, client),
                                            STATE_INT(T, status),
                                            STATE_INT(T, information),
                                            STATE_END};
#undef T

#define T struct nt_image
static const struct state_row image_rows[] = {
    STATE_BYTES(T, name),        STATE_INT(T, base),
    STATE_INT(T, bytes),         STATE_INT(T, pages),
    STATE_INT(T, entry),         STATE_INT(T, driver),
    STATE_INT(T, extension),     STATE_INT(T, section),
    STATE_INT(T, registry_path), STATE_INT(T, dll_initialize),
    STATE_INT(T, dll_unload),    STATE_INT(T, entry_status),
    STATE_INT(T, missing),       STATE_INT(T, initialized),
    STATE_INT(T, started),       STATE_INT(T, unloaded),
    STATE_INT(T, elf),           STATE_END};
#undef T

#define T struct nt_symbol
static const struct state_row symbol_rows[] = {
    STATE_INT(T, image), STATE_INT(T, address), STATE_INT(T, ordinal),
    STATE_BYTES(T, name), STATE_END};
#undef T

#define T struct nt_driver_extension
static const struct state_row extension_rows[] = {
    STATE_INT(T, driver), STATE_INT(T, identity), STATE_INT(T, at), STATE_END};
#undef T

#define T struct nt_resource
static const struct state_row resource_rows[] = {STATE_INT(T, kind),
                                                 STATE_INT(T, bar),
                                                 STATE_INT(T, share),
                                                 STATE_INT(T, flags),
                                                 STATE_INT(T, start),
                                                 STATE_INT(T, length),
                                                 STATE_END};
#undef T

#define T struct nt_card
static const struct state_row card_rows[] = {
    STATE_BYTES(T, hardware_id),
    STATE_BYTES(T, description),
    STATE_INT(T, bus),
    STATE_INT(T, bus_number),
    STATE_INT(T, slot),
    STATE_INT(T, function),
    STATE_INT(T, resources),
    STATE_STRUCTS(T, resource, resource_rows),
    STATE_END};
#undef T

#define T struct nt_device
static const struct state_row device_rows[] = {
    STATE_STRUCT(T, card, card_rows),
    STATE_INT(T, state),
    STATE_INT(T, power),
    STATE_INT(T, enabled),
    STATE_INT(T, image),
    STATE_INT(T, pdo),
    STATE_INT(T, status),
    STATE_INT(T, lent),
    STATE_INT(T, raw),
    STATE_INT(T, translated),
    STATE_INT(T, chosen),
    STATE_STRUCTS(T, held, resource_rows),
    STATE_INT(T, requirements),
    STATE_INTS(T, bar),
    STATE_INT(T, line),
    STATE_END};
#undef T

#define T struct nt_interface
static const struct state_row interface_rows[] = {STATE_INT(T, device),
                                                  STATE_BYTES(T, guid),
                                                  STATE_INT(T, enabled),
                                                  STATE_INT(T, link),
                                                  STATE_INT(T, name_count),
                                                  STATE_INTS(T, name),
                                                  STATE_END};
#undef T

#define T struct nt_process
static const struct state_row process_rows[] = {
    STATE_BYTES(T, name),       STATE_INT(T, ke),
    STATE_INT(T, space),        STATE_INT(T, object),
    STATE_INT(T, code),         STATE_INT(T, program),
    STATE_INT(T, exception),    STATE_INT(T, output_full),
    STATE_INT(T, exit_status),  STATE_INT(T, ticket),
    STATE_INT(T, output_bytes), STATE_END};
#undef T

#define T struct nt_thread
static const struct state_row thread_rows[] = {
    STATE_INT(T, thread),      STATE_INT(T, process), STATE_INT(T, teb),
    STATE_INT(T, exit_status), STATE_INT(T, object),  STATE_END};
#undef T

#define T struct nt_held
static const struct state_row held_rows[] = {STATE_INT(T, thread),
                                             STATE_INT(T, object), STATE_END};
#undef T

#define T struct nt_module
static const struct state_row module_rows[] = {
    STATE_INT(T, process), STATE_INT(T, base),   STATE_INT(T, bytes),
    STATE_INT(T, entry),   STATE_BYTES(T, name), STATE_END};
#undef T

#define T struct nt_user_missing
static const struct state_row user_missing_rows[] = {
    STATE_INT(T, process), STATE_BYTES(T, dll), STATE_BYTES(T, name),
    STATE_END};
#undef T

#define T struct nt_output
static const struct state_row output_rows[] = {
    STATE_INT(T, process), STATE_INT(T, count), STATE_INT(T, stream),
    STATE_BYTES(T, bytes), STATE_END};
#undef T

#define T struct nt_client
static const struct state_row client_rows[] = {
    STATE_INT(T, process), STATE_INT(T, thread), STATE_INT(T, block),
    STATE_INT(T, event),   STATE_INT(T, ticket), STATE_END};
#undef T

#define T struct nt_call
static const struct state_row call_rows[] = {
    STATE_INT(T, kind),     STATE_INT(T, overlapped), STATE_INT(T, handle),
    STATE_INT(T, code),     STATE_INT(T, in.v),       STATE_INT(T, out.v),
    STATE_INT(T, in_bytes), STATE_INT(T, out_bytes),  STATE_INT(T, offset),
    STATE_BYTES(T, path),   STATE_INTS(T, args),      STATE_END};
#undef T

#define T struct nt_ticket
static const struct state_row ticket_rows[] = {
    STATE_INT(T, number),   STATE_INT(T, state),
    STATE_INT(T, kind),     STATE_INT(T, request),
    STATE_INT(T, nobody),   STATE_INT(T, any_image),
    STATE_INT(T, client),   STATE_INT(T, image),
    STATE_INT(T, device),   STATE_INT(T, object),
    STATE_INT(T, listener), STATE_STRUCT(T, call, call_rows),
    STATE_INT(T, block),    STATE_INT(T, status),
    STATE_INT(T, handle),   STATE_END};
#undef T

#define T struct nt_job
static const struct state_row job_rows[] = {
    STATE_INT(T, ticket),      STATE_INT(T, step),
    STATE_INT(T, irp),         STATE_INT(T, status),
    STATE_INT(T, information), STATE_INT(T, result),
    STATE_INT(T, top),         STATE_INT(T, cursor),
    STATE_INT(T, resume),      STATE_END};
#undef T

#define T struct nt_shutdown
static const struct state_row shutdown_rows[] = {
    STATE_INT(T, device), STATE_INT(T, last_chance), STATE_END};
#undef T

#define T struct nt_power
static const struct state_row power_rows[] = {
    STATE_INT(T, device), STATE_INT(T, irp), STATE_INT(T, system), STATE_END};
#undef T

#define T struct nt_hold
static const struct state_row hold_rows[] = {STATE_INT(T, lock),
                                             STATE_INT(T, tag), STATE_END};
#undef T

#define T struct nt_timer
static const struct state_row timer_rows[] = {
    STATE_INT(T, device), STATE_INT(T, routine), STATE_INT(T, context),
    STATE_INT(T, running), STATE_END};
#undef T

#define T struct nt_claim
static const struct state_row claim_rows[] = {
    STATE_INT(T, driver), STATE_INT(T, device),
    STATE_STRUCT(T, resource, resource_rows), STATE_END};
#undef T

#define T struct nt_listener
static const struct state_row listener_rows[] = {STATE_INT(T, number),
                                                 STATE_INT(T, driver),
                                                 STATE_INT(T, routine),
                                                 STATE_INT(T, context),
                                                 STATE_BYTES(T, guid),
                                                 STATE_INT(T, file),
                                                 STATE_END};
#undef T

static const struct state_row u32_rows[] = {
    {.name = "v", .kind = STATE_KIND_INT, .bytes = 4, .count = 1},
    STATE_END,
};

#define T struct nt_wmi_guid
static const struct state_row wmi_guid_rows[] = {
    STATE_INT(T, device), STATE_BYTES(T, guid), STATE_INT(T, flags),
    STATE_INT(T, instances), STATE_END};
#undef T

#define T struct nt_wmi_block
static const struct state_row wmi_block_rows[] = {
    STATE_INT(T, object),   STATE_INT(T, body),
    STATE_BYTES(T, guid),   STATE_INT(T, access),
    STATE_INT(T, routine),  STATE_INT(T, context),
    STATE_INT(T, sequence), STATE_END};
#undef T

#define T struct nt_callback
static const struct state_row callback_rows[] = {
    STATE_INT(T, object),   STATE_INT(T, handle),
    STATE_INT(T, routine),  STATE_INT(T, context),
    STATE_INT(T, sequence), STATE_INT(T, busy),
    STATE_INT(T, leaving),  STATE_END};
#undef T

#define T struct nt_reinitialization
static const struct state_row reinitialization_rows[] = {
    STATE_INT(T, driver), STATE_INT(T, routine), STATE_INT(T, context),
    STATE_INT(T, boot), STATE_END};
#undef T

#define T struct nt_number
static const struct state_row number_rows[] = {STATE_INT(T, v), STATE_END};
#undef T

#define T struct nt_state
const struct state_row nt_state_rows[] = {
    STATE_INT(T, settings.missing_fail),
    STATE_INT(T, booted),
    STATE_INT(T, next_ticket),
    STATE_INT(T, root),
    STATE_INT(T, device_directory),
    STATE_INT(T, dos_directory),
    STATE_INTS(T, type_body),
    STATE_INT(T, default_dispatch),
    STATE_INT(T, bus_driver),
    STATE_INT(T, isa_bridge),
    STATE_INT(T, pnp_event),
    STATE_INT(T, pnp_done),
    STATE_INT(T, cancel_held),
    STATE_INT(T, configuration),
    STATE_INT(T, timer),
    STATE_INT(T, timer_dpc),
    STATE_STRUCT(T, job, job_rows),
    STATE_VEC(T, objects, struct nt_object, MOST, object_rows),
    STATE_VEC(T, handles, struct nt_handle, MOST, handle_rows),
    STATE_VEC(T, irps, struct nt_irp, MOST, irp_rows),
    STATE_VEC(T, images, struct nt_image, MOST, image_rows),
    STATE_VEC(T, symbols, struct nt_symbol, MOST * 16, symbol_rows),
    STATE_VEC(T, extensions, struct nt_driver_extension, MOST, extension_rows),
    STATE_VEC(T, devices, struct nt_device, MOST, device_rows),
    STATE_VEC(T, interfaces, struct nt_interface, MOST, interface_rows),
    STATE_VEC(T, processes, struct nt_process, MOST, process_rows),
    STATE_VEC(T, clients, struct nt_client, MOST, client_rows),
    STATE_VEC(T, threads, struct nt_thread, MOST, thread_rows),
    STATE_VEC(T, modules, struct nt_module, MOST, module_rows),
    STATE_VEC(T, user_missing, struct nt_user_missing, MOST, user_missing_rows),
    STATE_VEC(T, held, struct nt_held, MOST, held_rows),
    STATE_VEC(T, outputs, struct nt_output, MOST, output_rows),
    STATE_VEC(T, tickets, struct nt_ticket, MOST, ticket_rows),
    STATE_VEC(T, shutdown, struct nt_shutdown, MOST, shutdown_rows),
    STATE_VEC(T, timers, struct nt_timer, MOST, timer_rows),
    STATE_VEC(T, listeners, struct nt_listener, MOST, listener_rows),
    STATE_VEC(T, leaving, struct nt_number, MOST, number_rows),
    STATE_VEC(T, power, struct nt_power, MOST, power_rows),
    STATE_VEC(T, holds, struct nt_hold, MOST, hold_rows),
    STATE_VEC(T, claims, struct nt_claim, MOST, claim_rows),
    STATE_VEC(T, reinitializations, struct nt_reinitialization, MOST,
              reinitialization_rows),
    STATE_VEC(T, callbacks, struct nt_callback, MOST, callback_rows),
    STATE_INT(T, callback_sequence),
    STATE_INT(T, token),
    STATE_VEC(T, wmi_providers, uint32_t, MOST, u32_rows),
    STATE_VEC(T, wmi_guids, struct nt_wmi_guid, MOST, wmi_guid_rows),
    STATE_VEC(T, wmi_blocks, struct nt_wmi_block, MOST, wmi_block_rows),
    STATE_VEC(T, sections, struct nt_section, MOST, section_rows),
    STATE_VEC(T, views, struct nt_view, MOST, view_rows),
    STATE_STRUCT(T, registry, hive_rows),
    STATE_END};
#undef T

static bool device_ok(const struct nt_state *s, struct nt_device *d)
{
    d->instance[NT_PATH - 1] = d->card.hardware_id[NT_PATH - 1] =
        d->card.description[NT_PATH - 1] = '\0';
    return d->card.resources <= NT_RESOURCES && d->chosen <= NT_RESOURCES &&
           d->leaving <= NT_RESOURCES && d->parent <= s->devices.count;
}

static bool programs_ok(const struct nt_state *s)
{
    for (uint32_t i = 0; i < s->threads.count; i++) {
        uint32_t p = VEC_AT(struct nt_thread, &s->threads, i)->process;
        if (p == 0 || p > s->processes.count)
            return false;
    }
    for (uint32_t i = 0; i < s->modules.count; i++)
        if (VEC_AT(struct nt_module, &s->modules, i)->name[NT_PATH - 1])
            return false;
    for (uint32_t i = 0; i < s->user_missing.count; i++) {
        const struct nt_user_missing *m =
            VEC_AT(struct nt_user_missing, &s->user_missing, i);
        if (m->dll[sizeof m->dll - 1] || m->name[sizeof m->name - 1])
            return false;
    }
    for (uint32_t i = 0; i < s->outputs.count; i++)
        if (VEC_AT(struct nt_output, &s->outputs, i)->count >
            sizeof((struct nt_output *)0)->bytes)
            return false;
    return true;
}

/* Numbers that index one of our tables must be in range. */
static bool numbers_ok(const struct nt_state *s)
{
    for (uint32_t i = 0; i < s->handles.count; i++) {
        const struct nt_handle *h = VEC_AT(struct nt_handle, &s->handles, i);
        if (h->process &&
            (h->object == 0 || h->object > s->objects.count ||
             VEC_AT(struct nt_object, &s->objects, h->object - 1)->body == 0))
            return false;
    }
    for (uint32_t i = 0; i < s->clients.count; i++) {
        uint32_t p = VEC_AT(struct nt_client, &s->clients, i)->process;
        if (p == 0 || p > s->processes.count)
            return false;
    }
    if (!programs_ok(s))
        return false;
    for (uint32_t i = 0; i < s->objects.count; i++) {
        const struct nt_object *o = VEC_AT(struct nt_object, &s->objects, i);
        if (o->type >= NT_TYPES || o->name_count > NT_NAME ||
            o->target_count > NT_NAME || o->parent > s->objects.count ||
            (o->type == TYPE_DEVICE && o->data > s->devices.count) ||
            (o->type == TYPE_SECTION && o->data > s->sections.count))
            return false;
    }
    for (uint32_t i = 0; i < s->interfaces.count; i++) {
        const struct nt_interface *f =
            VEC_AT(struct nt_interface, &s->interfaces, i);
        if (f->name_count > NT_NAME || f->device == 0 ||
            f->device > s->devices.count)
            return false;
    }
    for (uint32_t i = 0; i < s->devices.count; i++)
        if (!device_ok(s, VEC_AT(struct nt_device, &s->devices, i)))
            return false;
    return hive_sound(&s->registry);
}

/* What a job in progress takes for granted. */
static bool job_ok(const struct nt_state *s, const struct nt_ticket *t)
{
    bool image = t->image && t->image <= s->images.count;
    bool device = t->device && t->device <= s->devices.count;

    switch (t->kind) {
    case JOB_DRIVER_START:
    case JOB_DRIVER_UNLOAD:
        return image || s->job.step == 0;
    case JOB_DEVICE_START:
        return (image && device) || s->job.step == 0;
    case JOB_DEVICE_REQUEST:
        return device || s->job.step == 0 || t->request == NT_PNP_SHUTDOWN;
    case JOB_RELATIONS:
        return s->job.step <= 1 ||
               (s->job.cursor && s->job.cursor <= s->devices.count);
    default:
        return true;
    }
}

static bool tickets_ok(const struct nt_state *s)
{
    bool job = s->job.ticket == 0;

    for (uint32_t i = 0; i < s->tickets.count; i++) {
        struct nt_ticket *t = VEC_AT(struct nt_ticket, &s->tickets, i);
        t->call.path[NT_NAME - 1] = '\0';
        if (s->job.ticket && t->number == s->job.ticket)
            job = job_ok(s, t);
        if (t->client > s->clients.count ||
            (t->kind == JOB_CLIENT_CALL && t->client == 0))
            return false;
    }
    for (uint32_t i = 0; i < s->images.count; i++)
        VEC_AT(struct nt_image, &s->images, i)->name[NT_PATH - 1] = '\0';
    for (uint32_t i = 0; i < s->symbols.count; i++)
        VEC_AT(struct nt_symbol, &s->symbols, i)->name[NT_PATH - 1] = '\0';
    return job;
}

enum hb_status nt_loaded(struct nt *nt, struct hb_error *error)
{
    if (!numbers_ok(&nt->s) || !tickets_ok(&nt->s))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "the save's section nt is damaged: a number in it "
                       "points nowhere");
    return services_boot(nt, error); /* a table of ours: not in the save */
}
