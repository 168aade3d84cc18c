/* src/board/user_program.c -- user programs, started from outside: the input is
 * logged, the executive does the rest. Command lines: Microsoft C run-time
 * library reference, "Parsing C Command-Line Arguments", the other way round.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/save.h"
#include "board/board.h"

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if (*(const unsigned char *)text >= 0x80)
            return false;
    return true;
}

static enum hb_status log_program(struct machine *m,
                                  const struct machine_program_start *how,
                                  struct hb_error *error)
{
    struct saver s = {0};
    enum hb_status status = HB_NO_MEMORY;

    save_bytes(&s, how->name, strlen(how->name) + 1);
    save_bytes(&s, how->command_line, strlen(how->command_line));
    if (!s.failed)
        status = input_enter(m, INPUT_USER_PROGRAM,
                             crc32_z(0, how->bytes, how->count), how->count,
                             s.bytes, (uint32_t)s.count, error);
    saver_fini(&s);
    return status;
}

enum hb_status machine_program(struct machine *m,
                               const struct machine_program_start *how,
                               uint32_t *process, uint32_t *ticket,
                               struct hb_error *error)
{
    const struct nt_program_start start = {how->name, how->bytes, how->count,
                                           how->command_line};
    enum hb_status status;

    if (m->config.bare)
        return hb_fail(error, HB_BAD_STATE,
                       "%s: a bare machine runs no user programs", how->name);
    if (!is_ascii(how->command_line))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "%s: its command line has characters that are not ASCII",
                       how->name);
    status = log_program(m, how, error);
    if (status == HB_OK)
        status = nt_program(m->nt, &start, process, ticket, error);
    if (status == HB_OK)
        ke_kick(m->ke);
    return status;
}

/* ---- command line ---------------------------------------------------------
 */

static void add(struct saver *s, const char *text, size_t bytes)
{
    save_bytes(s, text, bytes);
}

static void add_backslashes(struct saver *s, size_t count)
{
    while (count-- > 0)
        add(s, "\\", 1);
}

/* Quoted if it is empty or has a blank or a quote; backslashes in front of a
 * quote count twice. */
static void add_argument(struct saver *s, const char *text)
{
    bool quoted = !*text || strpbrk(text, " \t\"");
    size_t slashes = 0;

    if (quoted)
        add(s, "\"", 1);
    for (; *text; text++) {
        if (*text == '\\') {
            slashes++;
            continue;
        }
        add_backslashes(s, *text == '"' ? 2 * slashes + 1 : slashes);
        slashes = 0;
        add(s, text, 1);
    }
    add_backslashes(s, quoted ? 2 * slashes : slashes);
    if (quoted)
        add(s, "\"", 1);
}

enum hb_status machine_program_file(struct machine *m, const char *path,
                                    const char *const *arguments,
                                    unsigned count, uint32_t *process,
                                    uint32_t *ticket, struct hb_error *error)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct machine_program_start how = {.name = name};
    struct saver line = {0};
    uint8_t *bytes;
    enum hb_status status = file_read(path, &bytes, &how.count, error);

    if (status != HB_OK)
        return status;
    add_argument(&line, name);
    for (unsigned i = 0; i < count; i++) {
        add(&line, " ", 1);
        add_argument(&line, arguments[i]);
    }
    add(&line, "", 1);
    how.bytes = bytes;
    how.command_line = (const char *)line.bytes;
    if (line.failed)
        status = hb_fail(error, HB_NO_MEMORY, "%s: no host memory", name);
    else
        status = machine_program(m, &how, process, ticket, error);
    saver_fini(&line);
    free(bytes);
    return status;
}
