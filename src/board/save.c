/* src/board/save.c -- a machine as bytes: format, settings, then a section for
 * each part. The order of the sections is the order of loading: RAM before what
 * holds host addresses of it, the bus before what asks it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/save.h"
#include "board/board.h"
#include "board/config.h"
#include "mm/pagefile.h"

static const char magic[8] = "halbox\r\n";

enum { BOARD_VERSION = 1, CLOCK_VERSION = 1, RAM_VERSION = 2 };

static const struct state_row board_rows[] = {
    STATE_INT(struct board_state, findings),
    STATE_INT(struct board_state, start_ticket),
    STATE_INT(struct board_state, start_device),
    STATE_INT(struct board_state, start_image),
    STATE_END,
};

static void save_part(struct saver *s, const char *name, uint32_t version,
                      const void *state, const struct state_row *rows)
{
    size_t at = save_section_begin(s, name, version);

    save_rows(s, state, rows);
    save_section_end(s, at);
}

static enum hb_status load_part(struct loader *l, const char *name,
                                uint32_t version, void *state,
                                const struct state_row *rows,
                                struct hb_error *error)
{
    struct loader part;
    enum hb_status status = load_section(l, name, version, &part, error);

    if (status == HB_OK &&
        (!load_rows(&part, state, rows) || part.at != part.count))
        status = hb_fail(error, HB_BAD_IMAGE, "section '%s' is damaged", name);
    return status;
}

/* ---- RAM -----------------------------------------------------------------*/

static bool is_zero(const uint8_t *page)
{
    return !page[0] && memcmp(page, page + 1, PAGE_BYTES - 1) == 0;
}

/* A page that was written with zeroes is told, without its bytes. */
static void save_ram(const struct ram *ram, struct saver *s)
{
    size_t at = save_section_begin(s, "ram", RAM_VERSION);
    uint64_t page = ram_next_touched(ram, 0);

    save_bytes(s, ram->shadow, sizeof ram->shadow);
    for (; page != UINT64_MAX; page = ram_next_touched(ram, page + 1)) {
        const uint8_t *bytes = ram->base + (page << PAGE_SHIFT);
        bool zero = is_zero(bytes);

        save_u64(s, page << 1 | zero);
        if (!zero)
            save_bytes(s, bytes, PAGE_BYTES);
    }
    save_section_end(s, at);
}

static enum hb_status load_ram(struct ram *ram, struct loader *l,
                               struct hb_error *error)
{
    static const uint8_t zeroes[PAGE_BYTES];
    uint8_t bytes[PAGE_BYTES], shadow[SHADOW_BLOCKS] = {0};
    struct loader part;
    enum hb_status status = load_section(l, "ram", RAM_VERSION, &part, error);

    if (status != HB_OK)
        return status;
    loader_bytes(&part, shadow, sizeof shadow);
    memset(ram->shadow, RAM_READS | RAM_WRITES, sizeof shadow);
    while (part.at < part.count) {
        uint64_t page = loader_u64(&part);
        bool zero = page & 1;

        if (!zero)
            loader_bytes(&part, bytes, PAGE_BYTES);
        if (part.failed || page >> 1 > UINT64_MAX >> PAGE_SHIFT ||
            !ram_write(ram, gpa_of(page >> 1 << PAGE_SHIFT),
                       zero ? zeroes : bytes, PAGE_BYTES))
            return hb_fail(error, HB_BAD_IMAGE, "section 'ram' is damaged");
    }
    for (unsigned i = 0; i < SHADOW_BLOCKS; i++)
        ram->shadow[i] = shadow[i] & (RAM_READS | RAM_WRITES);
    return HB_OK;
}

/* ---- the whole -----------------------------------------------------------*/

static void save_tlb(const struct tlb *tlb, struct saver *s)
{
    size_t at = save_section_begin(s, "tlb", TLB_VERSION);

    tlb_save(tlb, s);
    save_section_end(s, at);
}

static enum hb_status load_tlb(struct tlb *tlb, struct ram *ram,
                               struct loader *l, struct hb_error *error)
{
    struct loader part;
    enum hb_status status = load_section(l, "tlb", TLB_VERSION, &part, error);

    if (status == HB_OK && !tlb_load(tlb, ram, &part))
        status = hb_fail(error, HB_BAD_IMAGE, "section 'tlb' is damaged");
    return status;
}

/** What of a machine: all, or all that is not kept otherwise. */
enum extent { WHOLE, WITHOUT_MEMORY };

/* The memory of what entered, and of the guest. */
static void save_memory(const struct machine *m, struct saver *s)
{
    save_part(s, "inputs", INPUT_LOG_VERSION, &m->inputs, input_log_rows);
    save_ram(&m->ram, s);
}

static enum hb_status load_memory(struct machine *m, struct loader *l,
                                  struct hb_error *error)
{
    enum hb_status status = load_part(l, "inputs", INPUT_LOG_VERSION,
                                      &m->inputs, input_log_rows, error);

    return status == HB_OK ? load_ram(&m->ram, l, error) : status;
}

static void save_hardware(const struct machine *m, enum extent extent,
                          struct saver *s)
{
    save_part(s, "board", BOARD_VERSION, &m->s, board_rows);
    save_part(s, "clock", CLOCK_VERSION, &m->clock, clock_rows);
    if (extent == WHOLE)
        save_memory(m, s);
    save_part(s, "cpu", CPU_STATE_VERSION, &m->cpu.s, cpu_state_rows);
    save_tlb(&m->cpu.tlb, s);
    bus_save(m->bus, s);
}

static enum hb_status load_hardware(struct machine *m, enum extent extent,
                                    struct loader *l, struct hb_error *error)
{
    enum hb_status status =
        load_part(l, "board", BOARD_VERSION, &m->s, board_rows, error);

    if (status == HB_OK)
        status =
            load_part(l, "clock", CLOCK_VERSION, &m->clock, clock_rows, error);
    if (status == HB_OK && (!clock_good(&m->clock) ||
                            m->clock.ns_per_tick != m->config.ns_per_tick))
        status = hb_fail(error, HB_BAD_IMAGE, "section 'clock' is damaged");
    if (status == HB_OK && extent == WHOLE)
        status = load_memory(m, l, error);
    if (status == HB_OK)
        status = load_part(l, "cpu", CPU_STATE_VERSION, &m->cpu.s,
                           cpu_state_rows, error);
    if (status == HB_OK)
        status = load_tlb(&m->cpu.tlb, &m->ram, l, error);
    if (status == HB_OK)
        status = bus_load_state(m->bus, l, error);
    return status;
}

/* The bytes of the paging file's pages in use. */
static void save_pagefile(const struct mm *mm, struct saver *s)
{
    size_t at = save_section_begin(s, "pagefile", PAGEFILE_VERSION);

    pagefile_save(mm, s);
    save_section_end(s, at);
}

static enum hb_status load_pagefile(struct mm *mm, struct loader *l,
                                    struct hb_error *error)
{
    struct loader part;
    enum hb_status status =
        load_section(l, "pagefile", PAGEFILE_VERSION, &part, error);

    if (status == HB_OK && !pagefile_load(mm, &part))
        status = hb_fail(error, HB_BAD_IMAGE,
                         "section 'pagefile' is damaged, or the paging file "
                         "cannot be written");
    return status;
}

static void save_system(const struct machine *m, struct saver *s)
{
    save_part(s, "mm", MM_STATE_VERSION, &m->mm.s, mm_rows);
    save_pagefile(&m->mm, s);
    save_part(s, "ke", KE_STATE_VERSION, ke_state(m->ke), ke_state_rows);
    save_part(s, "hal", HAL_STATE_VERSION, hal_state(m->hal), hal_state_rows);
    save_part(s, "nt", NT_STATE_VERSION, nt_state_of(m->nt), nt_state_rows);
}

static enum hb_status load_system(struct machine *m, struct loader *l,
                                  struct hb_error *error)
{
    enum hb_status status =
        load_part(l, "mm", MM_STATE_VERSION, &m->mm.s, mm_rows, error);

    if (status == HB_OK)
        status = mm_loaded(&m->mm, error);
    if (status == HB_OK)
        status = load_pagefile(&m->mm, l, error);
    if (status == HB_OK)
        status = load_part(l, "ke", KE_STATE_VERSION, ke_state(m->ke),
                           ke_state_rows, error);
    if (status == HB_OK)
        status = ke_loaded(m->ke, error);
    if (status == HB_OK)
        status = load_part(l, "hal", HAL_STATE_VERSION, hal_state(m->hal),
                           hal_state_rows, error);
    if (status == HB_OK)
        status = hal_loaded(m->hal, error);
    if (status == HB_OK)
        status = load_part(l, "nt", NT_STATE_VERSION, nt_state_of(m->nt),
                           nt_state_rows, error);
    if (status == HB_OK)
        status = nt_loaded(m->nt, error);
    return status;
}

enum hb_status machine_save_bytes(const struct machine *m, uint8_t **bytes,
                                  size_t *count, struct hb_error *error)
{
    struct saver s = {0};

    save_bytes(&s, magic, sizeof magic);
    save_u32(&s, MACHINE_FORMAT);
    save_part(&s, "settings", CONFIG_VERSION, &m->config, config_rows);
    save_hardware(m, WHOLE, &s);
    if (!m->config.bare)
        save_system(m, &s);
    if (s.failed) {
        saver_fini(&s);
        return hb_fail(error, HB_NO_MEMORY,
                       "cannot save: no memory, or a card that cannot be "
                       "saved (see its findings)");
    }
    *bytes = s.bytes;
    *count = s.count;
    return HB_OK;
}

static enum hb_status load_header(struct loader *l,
                                  struct machine_config *config,
                                  struct hb_error *error)
{
    char found[sizeof magic];
    uint32_t format;

    if (!loader_bytes(l, found, sizeof found) ||
        memcmp(found, magic, sizeof magic) != 0)
        return hb_fail(error, HB_BAD_IMAGE, "not a machine saved by halbox");
    format = loader_u32(l);
    if (l->failed || format != MACHINE_FORMAT)
        return hb_fail(error, HB_BAD_IMAGE,
                       "the save has format %u, this halbox reads format %d: "
                       "load it with the halbox that saved it",
                       format, (int)MACHINE_FORMAT);
    return load_part(l, "settings", CONFIG_VERSION, config, config_rows, error);
}

enum hb_status machine_load_bytes(struct machine **out, const uint8_t *bytes,
                                  size_t count, struct hb_error *error)
{
    struct loader l = {.bytes = bytes, .count = count};
    struct machine_config config = {0};
    struct machine *m = NULL;
    enum hb_status status = load_header(&l, &config, error);

    if (status == HB_OK)
        status = machine_build(&m, &config, error);
    if (status == HB_OK)
        status = load_hardware(m, WHOLE, &l, error);
    if (status == HB_OK && !config.bare)
        status = load_system(m, &l, error);
    if (status == HB_OK && l.at != l.count)
        status = hb_fail(error, HB_BAD_IMAGE, "the save has bytes at its end");
    if (status != HB_OK) {
        machine_destroy(m);
        return status;
    }
    watches_pass(m);
    *out = m;
    return HB_OK;
}

/* ---- the same machine, earlier ---------------------------------------------
 * Its RAM is kept by pages and its input log by its length, by who goes back:
 * src/debug/history.c. */

enum hb_status machine_freeze(const struct machine *m, struct saver *s,
                              struct hb_error *error)
{
    save_part(s, "settings", CONFIG_VERSION, &m->config, config_rows);
    save_bytes(s, m->ram.shadow, sizeof m->ram.shadow);
    save_hardware(m, WITHOUT_MEMORY, s);
    if (!m->config.bare)
        save_system(m, s);
    return s->failed ? hb_fail(error, HB_NO_MEMORY,
                               "cannot keep the machine's state: no memory, or "
                               "a card that cannot be saved (see its findings)")
                     : HB_OK;
}

enum hb_status machine_thaw(struct machine *m, const uint8_t *bytes,
                            size_t count, struct hb_error *error)
{
    struct loader l = {.bytes = bytes, .count = count};
    struct machine_config then = {0};
    enum hb_status status =
        load_part(&l, "settings", CONFIG_VERSION, &then, config_rows, error);

    if (status == HB_OK)
        status = media_put_back(m, &then, error);
    loader_bytes(&l, m->ram.shadow, sizeof m->ram.shadow);
    if (status == HB_OK)
        status = load_hardware(m, WITHOUT_MEMORY, &l, error);
    if (status == HB_OK && !m->config.bare)
        status = load_system(m, &l, error);
    return status;
}

/* ---- files ---------------------------------------------------------------*/

static enum hb_status no_file(const char *what, const char *path,
                              struct hb_error *error)
{
    return hb_fail(error, HB_NO_FILE, "cannot %s '%s': %s", what, path,
                   strerror(errno));
}

enum hb_status machine_save(const struct machine *m, const char *path,
                            struct hb_error *error)
{
    uint8_t *bytes;
    size_t count, written;
    enum hb_status status = machine_save_bytes(m, &bytes, &count, error);
    FILE *f;

    if (status != HB_OK)
        return status;
    f = fopen(path, "wb");
    if (!f) {
        free(bytes);
        return no_file("write", path, error);
    }
    written = fwrite(bytes, 1, count, f);
    free(bytes);
    if (fclose(f) != 0 || written != count)
        return no_file("write", path, error);
    return HB_OK;
}

enum hb_status file_read(const char *path, uint8_t **bytes, size_t *count,
                         struct hb_error *error)
{
    FILE *f = fopen(path, "rb");
    struct saver s = {0};
    uint8_t chunk[1 << 16];
    size_t n;

    if (!f)
        return no_file("read", path, error);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        save_bytes(&s, chunk, n);
    if (ferror(f) || s.failed) {
        no_file("read", path, error);
        fclose(f);
        saver_fini(&s);
        return HB_NO_FILE;
    }
    fclose(f);
    *bytes = s.bytes;
    *count = s.count;
    return HB_OK;
}

enum hb_status machine_load(struct machine **out, const char *path,
                            struct hb_error *error)
{
    uint8_t *bytes;
    size_t count;
    enum hb_status status = file_read(path, &bytes, &count, error);

    if (status != HB_OK)
        return status;
    status = machine_load_bytes(out, bytes, count, error);
    free(bytes);
    return status;
}
