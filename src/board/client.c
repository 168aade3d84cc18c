/* src/board/client.c -- drivers, devices, processes and their calls: the
 * executive's numbers, each input logged. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/save.h"
#include "board/again.h"
#include "board/board.h"

static enum hb_status need_system(const struct machine *m,
                                  struct hb_error *error)
{
    if (m->config.bare)
        return hb_fail(error, HB_BAD_STATE, "a bare machine has no kernel");
    return HB_OK;
}

/* Something was posted: the dispatcher looks before the next instruction. */
static uint32_t posted(struct machine *m, uint32_t ticket)
{
    if (ticket != NT_NONE)
        ke_kick(m->ke);
    return ticket;
}

static bool enter(struct machine *m, enum input_kind kind, uint64_t a,
                  uint64_t b, const char *text)
{
    return !m->config.bare &&
           input_enter(m, kind, a, b, text, text ? (uint32_t)strlen(text) : 0,
                       NULL) == HB_OK;
}

/* ---- drivers and devices -------------------------------------------------*/

enum hb_status machine_load_driver(struct machine *m, const char *name,
                                   const uint8_t *bytes, size_t count,
                                   uint32_t *image, struct hb_error *error)
{
    enum hb_status status = need_system(m, error);

    if (status == HB_OK)
        status = input_enter(m, INPUT_IMAGE, crc32_z(0, bytes, count), count,
                             name, (uint32_t)strlen(name), error);
    if (status == HB_OK)
        status = nt_load_image(m->nt, name, bytes, count, image, error);
    return status;
}

/* For debuggers: where they find its symbols. Without memory they do not. */
static void keep_path(struct machine *m, uint32_t image, const char *path)
{
    char **kept;

    if (m->image_path.count < image &&
        !vec_resize(&m->image_path, sizeof *kept, image))
        return;
    kept = VEC_AT(char *, &m->image_path, image - 1);
    free(*kept);
    *kept = realpath(path, NULL);
}

enum hb_status machine_load_driver_file(struct machine *m, const char *path,
                                        uint32_t *image, struct hb_error *error)
{
    const char *slash = strrchr(path, '/');
    uint8_t *bytes;
    size_t count;
    enum hb_status status = file_read(path, &bytes, &count, error);

    if (status != HB_OK)
        return status;
    status = machine_load_driver(m, slash ? slash + 1 : path, bytes, count,
                                 image, error);
    free(bytes);
    if (status == HB_OK)
        keep_path(m, *image, path);
    return status;
}

uint32_t machine_driver_start(struct machine *m, uint32_t image)
{
    if (!enter(m, INPUT_DRIVER, image, 0, NULL))
        return MACHINE_NONE;
    return posted(m, nt_driver_start(m->nt, image));
}

uint32_t machine_driver_unload(struct machine *m, uint32_t image)
{
    if (!enter(m, INPUT_DRIVER, image, 1, NULL))
        return MACHINE_NONE;
    return posted(m, nt_driver_unload(m->nt, image));
}

uint32_t machine_device_start(struct machine *m, uint32_t device,
                              uint32_t image)
{
    if (!enter(m, INPUT_DEVICE, device, image, NULL))
        return MACHINE_NONE;
    return posted(m, nt_device_start(m->nt, device, image));
}

uint32_t machine_root_device(struct machine *m, const char *hardware_id)
{
    struct nt_card card = {.bus = NT_INTERNAL};

    if (strlen(hardware_id) >= sizeof card.hardware_id ||
        !enter(m, INPUT_ROOT_DEVICE, 0, 0, hardware_id))
        return MACHINE_NONE;
    memcpy(card.hardware_id, hardware_id, strlen(hardware_id));
    memcpy(card.description, hardware_id, strlen(hardware_id));
    return nt_card_add(m->nt, &card);
}

uint32_t machine_device_request(struct machine *m, uint32_t device,
                                enum machine_pnp what)
{
    static const enum nt_pnp_request request[] = {
        [PNP_STOP] = NT_PNP_STOP,
        [PNP_RESTART] = NT_PNP_RESTART,
        [PNP_REMOVE] = NT_PNP_REMOVE,
        [PNP_SURPRISE] = NT_PNP_SURPRISE,
        [PNP_POWER_DOWN] = NT_PNP_POWER_DOWN,
        [PNP_POWER_UP] = NT_PNP_POWER_UP,
        [PNP_SHUTDOWN] = NT_PNP_SHUTDOWN,
        [PNP_REBALANCE] = NT_PNP_REBALANCE,
        [PNP_EJECT] = NT_PNP_EJECT,
    };

    if ((unsigned)what >= sizeof request / sizeof *request ||
        !enter(m, INPUT_PNP, device, what, NULL))
        return MACHINE_NONE;
    return posted(m, nt_device_request(m->nt, device, request[what]));
}

/* ---- processes and buffers -----------------------------------------------*/

uint32_t machine_process(struct machine *m, const char *name,
                         struct hb_error *error)
{
    if (need_system(m, error) != HB_OK ||
        input_enter(m, INPUT_PROCESS, 0, 0, name, (uint32_t)strlen(name),
                    error) != HB_OK)
        return MACHINE_NONE;
    return nt_process_create(m->nt, name, error);
}

uint32_t machine_client(struct machine *m, uint32_t process,
                        struct hb_error *error)
{
    if (need_system(m, error) != HB_OK ||
        input_enter(m, INPUT_CLIENT, process, 0, NULL, 0, error) != HB_OK)
        return MACHINE_NONE;
    return posted(m, nt_client_create(m->nt, process, error));
}

enum hb_status machine_buffer(struct machine *m, uint32_t process,
                              uint32_t bytes, gva_t *at, struct hb_error *error)
{
    enum hb_status status = need_system(m, error);

    if (status == HB_OK)
        status = input_enter(m, INPUT_BUFFER, process, bytes, NULL, 0, error);
    if (status == HB_OK)
        status = nt_buffer(m->nt, process, bytes, at, error);
    return status;
}

enum hb_status machine_buffer_pages(struct machine *m, uint32_t process,
                                    const uint32_t *pfn, unsigned pages,
                                    uint32_t offset, gva_t *at,
                                    struct hb_error *error)
{
    enum hb_status status = need_system(m, error);

    if (status == HB_OK && pages > 1u << 20)
        status = hb_fail(error, HB_BAD_ARGUMENT, "a buffer of %u pages", pages);
    if (status == HB_OK)
        status = input_enter(m, INPUT_BUFFER_PAGES, process, offset, pfn,
                             pages * (uint32_t)sizeof *pfn, error);
    if (status == HB_OK)
        status = nt_buffer_pages(m->nt, process, pfn, pages, offset, at, error);
    return status;
}

enum hb_status machine_buffer_free(struct machine *m, uint32_t process,
                                   gva_t at, struct hb_error *error)
{
    enum hb_status status = need_system(m, error);

    if (status == HB_OK)
        status =
            input_enter(m, INPUT_BUFFER_FREE, process, at.v, NULL, 0, error);
    if (status == HB_OK)
        status = nt_buffer_free(m->nt, process, at, error);
    return status;
}

enum hb_status machine_user_write(struct machine *m, uint32_t process, gva_t at,
                                  const void *from, uint32_t bytes,
                                  struct hb_error *error)
{
    enum hb_status status = need_system(m, error);

    if (status == HB_OK)
        status =
            input_enter(m, INPUT_USER_WRITE, process, at.v, from, bytes, error);
    if (status == HB_OK && !nt_user_write(m->nt, process, at, from, bytes))
        status = hb_fail(error, HB_FAULT,
                         "0x%08x..0x%08x is not mapped in process %u", at.v,
                         at.v + bytes, process);
    return status;
}

/* ---- calls ---------------------------------------------------------------*/

static const struct state_row call_rows[] = {
    STATE_INT(struct machine_call, overlapped),
    STATE_INT(struct machine_call, handle),
    STATE_INT(struct machine_call, code),
    STATE_INT(struct machine_call, in.v),
    STATE_INT(struct machine_call, out.v),
    STATE_INT(struct machine_call, in_bytes),
    STATE_INT(struct machine_call, out_bytes),
    STATE_INT(struct machine_call, offset),
    STATE_BYTES(struct machine_call, path),
    STATE_INTS(struct machine_call, args),
    STATE_END,
};

static bool log_call(struct machine *m, uint32_t client,
                     const struct machine_call *call)
{
    struct saver s = {0};
    bool good;

    save_rows(&s, call, call_rows);
    good = !s.failed && input_enter(m, INPUT_CALL, client, call->kind, s.bytes,
                                    (uint32_t)s.count, NULL) == HB_OK;
    saver_fini(&s);
    return good;
}

bool call_parse(struct machine_call *call, const uint8_t *data, uint32_t bytes)
{
    struct loader l = {.bytes = data, .count = bytes};

    return load_rows(&l, call, call_rows);
}

uint32_t machine_post(struct machine *m, uint32_t client,
                      const struct machine_call *call)
{
    static const uint8_t kinds[] = {
        [CALL_OPEN] = NT_OPEN,       [CALL_READ] = NT_READ,
        [CALL_WRITE] = NT_WRITE,     [CALL_CONTROL] = NT_CONTROL,
        [CALL_CLOSE] = NT_CLOSE,     [CALL_CANCEL] = NT_CANCEL,
        [CALL_SERVICE] = NT_SERVICE,
    };
    struct nt_call c = {.overlapped = call->overlapped,
                        .handle = call->handle,
                        .code = call->code,
                        .in = call->in,
                        .out = call->out,
                        .in_bytes = call->in_bytes,
                        .out_bytes = call->out_bytes,
                        .offset = call->offset};

    if (m->config.bare || (unsigned)call->kind >= sizeof kinds ||
        !memchr(call->path, 0, sizeof call->path) || !log_call(m, client, call))
        return MACHINE_NONE;
    c.kind = kinds[call->kind];
    memcpy(c.path, call->path, sizeof c.path);
    memcpy(c.args, call->args, sizeof c.args);
    return posted(m, nt_call_post(m->nt, client, &c));
}

bool machine_result(struct machine *m, uint32_t ticket,
                    struct machine_result *result)
{
    struct nt_result r;

    if (m->config.bare || !nt_result(m->nt, ticket, &r))
        return false;
    *result = (struct machine_result){.done = r.done,
                                      .status = r.status,
                                      .io_done = r.io_done,
                                      .io_status = r.io_status,
                                      .information = r.information,
                                      .handle = r.handle};
    return true;
}

void machine_ticket_free(struct machine *m, uint32_t ticket)
{
    if (enter(m, INPUT_TICKET_FREE, ticket, 0, NULL))
        nt_ticket_free(m->nt, ticket);
}
