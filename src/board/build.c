/* src/board/build.c -- a machine's parts, created and wired from its
 * description, and freed in reverse. */
#include "board/board.h"

#include <stdlib.h>
#include <string.h>

#include "board/config.h"
#include "hal/exports/hal_exports.h"
#include "mm/exports/mm_exports.h"
#include "mm/pagefile.h"

/* A description may come from a file: its texts and counts are checked before
 * they are used. */
static enum hb_status check_cards(const struct machine_config *c,
                                  struct hb_error *error)
{
    for (unsigned i = 0; i < c->devices; i++) {
        const struct machine_device *d = &c->device[i];

        if (d->settings > MACHINE_DEVICE_SETTINGS ||
            !memchr(d->model, 0, MACHINE_NAME) ||
            !memchr(d->file, 0, MACHINE_FILE) ||
            !memchr(d->name, 0, MACHINE_NAME) || d->irq > 15 || d->dma > 7 ||
            d->slot > 31 || d->function > 7)
            return hb_fail(error, HB_BAD_ARGUMENT, "card %u is out of range",
                           i);
        for (unsigned k = 0; k < d->settings; k++) {
            if (!memchr(d->setting[k].name, 0, MACHINE_NAME))
                return hb_fail(error, HB_BAD_ARGUMENT,
                               "card %u: a setting without a name", i);
        }
    }
    return HB_OK;
}

/* The kernel's tables and system calls need what a P6 has. */
static enum hb_status choose_cpu(struct machine *m, struct hb_error *error)
{
    static const uint8_t needed[] = {FEATURE_PSE, FEATURE_PAE, FEATURE_PGE,
                                     FEATURE_CX8, FEATURE_SEP};
    struct cpu_model model;

    if (!memchr(m->config.cpu, 0, sizeof m->config.cpu) ||
        !cpu_model_find(m->config.cpu, &model))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "no such cpu: see `halbox list cpus`");
    for (unsigned i = 0; !m->config.bare && i < sizeof needed; i++)
        if (!model_has(&model, (enum cpu_feature)needed[i]))
            return hb_fail(error, HB_BAD_ARGUMENT,
                           "cpu %s runs bare machines alone: the kernel needs "
                           "a pentium2 or later",
                           m->config.cpu);
    cpu_set_model(&m->cpu, &model);
    return HB_OK;
}

/* A driver's transfers are to be seen beside its instructions; who boots a
 * whole system waits for its disk. */
static uint32_t dma_rate(const struct machine_config *config)
{
    enum { PCI_BYTES_PER_NS = 1, BARE_BYTES_PER_NS = 4 };

    if (config->dma_rate)
        return config->dma_rate;
    return config->bare ? BARE_BYTES_PER_NS : PCI_BYTES_PER_NS;
}

static enum hb_status build_hardware(struct machine *m, struct hb_error *error)
{
    const struct bus_options options = {
        .tenure = m->config.dma_tenure,
        .rate = dma_rate(&m->config),
        .strict = m->config.strict_dma,
        .ports_in_memory = m->config.ports != PORTS_IO,
        .memory_in_ports = m->config.ports == PORTS_SWAPPED};
    struct ram_range range[RAM_RANGES];
    unsigned ranges = config_ram(&m->config, range);
    enum hb_status status;

    status = ram_create(&m->ram, range, ranges, error);
    if (status == HB_OK)
        status = bus_create(&m->bus, &m->ram, &m->clock, &m->events, &options,
                            error);
    if (status == HB_OK)
        status =
            cpu_create(&m->cpu, &m->ram, m->bus, &m->clock, &m->events, error);
    if (status == HB_OK)
        status = choose_cpu(m, error);
    if (status == HB_OK)
        status = machine_add_devices(m, error);
    if (status == HB_OK)
        status = machine_add_media(m, error);
    if (status == HB_OK) {
        bus_reset(m->bus);
        cpu_reset(&m->cpu);
        board_cmos(m);
    }
    return status;
}

static enum hb_status build_executive(struct machine *m, struct hb_error *error)
{
    const struct nt_wiring wiring = {.mm = &m->mm,
                                     .cpu = &m->cpu,
                                     .ram = &m->ram,
                                     .bus = m->bus,
                                     .clock = &m->clock,
                                     .events = &m->events,
                                     .hal = m->hal};
    const struct nt_settings settings = {.missing_fail =
                                             m->config.missing_fail};

    return nt_create(&m->nt, &wiring, &settings, error);
}

/** Highest DEVICE_DESCRIPTION.Version that is served (WDK, IoGetDmaAdapter). */
static uint8_t dma_version(const struct machine_config *c)
{
    static const uint8_t most[] = {[WINDOWS_NT4] = 1,
                                   [WINDOWS_NT4_SP4] = 1,
                                   [WINDOWS_2000] = 1,
                                   [WINDOWS_XP] = 2,
                                   [WINDOWS_8] = 3};

    return c->dma_version ? (uint8_t)c->dma_version : most[c->windows];
}

enum { DMA_INTERRUPT_IRQ = 13 }; /* docs/devices/dma8237.md */

static enum hb_status build_hal(struct machine *m, struct hb_error *error)
{
    static const uint8_t verify[] = {[VERIFY_OFF] = HAL_VERIFY_OFF,
                                     [VERIFY_REPORT] = HAL_VERIFY_REPORT,
                                     [VERIFY_STOP] = HAL_VERIFY_STOP};
    const struct hal_wiring wiring = {
        .bus = m->bus, .ram = &m->ram, .mm = &m->mm, .events = &m->events};
    const struct hal_settings settings = {
        .kind = (uint8_t)m->config.registers,
        .version_most = dma_version(&m->config),
        .alignment = (uint8_t)m->config.dma_alignment,
        .eisa = m->config.eisa,
        .interrupt = m->config.dma_interrupt ? DMA_INTERRUPT_IRQ : 0,
        .grant_master = m->config.grant_master,
        .grant_slave = m->config.grant_slave,
        .verify = verify[m->config.verify],
        .nt4 = m->config.windows < WINDOWS_2000};

    return hal_create(&m->hal, &wiring, &settings, error);
}

static enum hb_status build_kernel(struct machine *m, struct hb_error *error)
{
    const struct ke_wiring wiring = {.ram = &m->ram,
                                     .bus = m->bus,
                                     .cpu = &m->cpu,
                                     .clock = &m->clock,
                                     .events = &m->events,
                                     .mm = &m->mm};
    struct export_table tables[2 + NT_TABLES];
    unsigned count = 0;
    enum hb_status status;

    tables[count++] = mm_table(&m->mm);
    tables[count++] = hal_table(m->hal);
    count += nt_tables(m->nt, tables + count);
    status = ke_create(&m->ke, &wiring, tables, count, error);
    if (status == HB_OK)
        nt_wire_ke(m->nt, m->ke);
    return status;
}

static uint32_t paging_pages(const struct machine_config *c)
{
    uint64_t pages = c->paging / PAGE_BYTES;

    return (uint32_t)(pages < PAGEFILE_MOST ? pages : PAGEFILE_MOST);
}

static enum hb_status build_system(struct machine *m, struct hb_error *error)
{
    enum hb_status status =
        mm_create(&m->mm, &m->ram, &m->cpu.tlb, &m->events, error);

    if (status == HB_OK && m->config.paging)
        status = pagefile_open(&m->mm, m->config.paging_file,
                               paging_pages(&m->config), error);
    if (status == HB_OK)
        status = build_hal(m, error);
    if (status == HB_OK)
        status = build_executive(m, error);
    if (status == HB_OK)
        status = build_kernel(m, error);
    return status;
}

enum hb_status machine_build(struct machine **out,
                             const struct machine_config *config,
                             struct hb_error *error)
{
    enum hb_status status = config_check(config, error);
    struct machine *m;

    if (status == HB_OK)
        status = check_cards(config, error);
    if (status != HB_OK)
        return status;
    m = calloc(1, sizeof *m);
    if (!m)
        return hb_fail(error, HB_NO_MEMORY, "no memory for a machine");
    m->config = *config;
    m->grain = m->step_grain = m->debug_grain = UINT32_MAX;
    clock_init(&m->clock, config->ns_per_tick);
    events_init(&m->events, &m->clock);
    watches_init(m);
    status = watch_init(m);
    if (status == HB_OK)
        status = build_hardware(m, error);
    if (status == HB_OK && !config->bare)
        status = build_system(m, error);
    if (status != HB_OK) {
        machine_destroy(m);
        return status;
    }
    *out = m;
    return HB_OK;
}

enum hb_status machine_boot(struct machine *m, struct hb_error *error)
{
    static const uint8_t era[] = {[WINDOWS_NT4] = MM_NT4,
                                  [WINDOWS_NT4_SP4] = MM_NT4_SP4,
                                  [WINDOWS_2000] = MM_2000,
                                  [WINDOWS_XP] = MM_XP,
                                  [WINDOWS_8] = MM_W8};
    const struct mm_settings settings = {.pae = m->config.pae,
                                         .era = era[m->config.windows],
                                         .checks = m->config.checks,
                                         .strict = m->config.paging_strict,
                                         .system_pages = m->config.system_pages,
                                         .track_ptes = m->config.track_ptes,
                                         .track_locks =
                                             m->config.track_locked_pages};
    enum hb_status status;

    firmware_run(m);
    status = mm_boot(&m->mm, &settings, error);
    if (status == HB_OK)
        status = ke_boot(m->ke, error);
    if (status == HB_OK)
        mm_exports_boot(m->ke);
    if (status == HB_OK)
        status = hal_boot(m->hal, error);
    if (status == HB_OK)
        status = hal_exports_boot(m->hal, m->ke, error);
    if (status == HB_OK)
        status = nt_boot(m->nt, error);
    if (status == HB_OK)
        status = machine_tell_cards(m, error);
    if (status == HB_OK)
        ke_kick(m->ke); /* the threads that were made run at once */
    return status;
}

enum hb_status machine_create(struct machine **out,
                              const struct machine_config *config,
                              struct hb_error *error)
{
    struct machine *m;
    enum hb_status status = machine_build(&m, config, error);

    if (status == HB_OK && !config->bare) {
        status = machine_boot(m, error);
        if (status != HB_OK)
            machine_destroy(m);
    }
    if (status == HB_OK)
        *out = m;
    return status;
}

void machine_destroy(struct machine *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; i < m->image_path.count; i++)
        free(*VEC_AT(char *, &m->image_path, i));
    vec_free(&m->image_path);
    if (m->ke)
        ke_destroy(m->ke);
    if (m->nt)
        nt_destroy(m->nt);
    if (m->hal)
        hal_destroy(m->hal);
    mm_destroy(&m->mm);
    cpu_destroy(&m->cpu);
    if (m->bus)
        bus_destroy(m->bus);
    for (unsigned i = 0; i < MACHINE_DEVICES; i++)
        card_close(m->card[i]);
    ram_destroy(&m->ram);
    free(m->bios);
    input_log_fini(&m->inputs);
    events_fini(&m->events);
    clock_fini(&m->clock);
    free(m);
}

const struct machine_config *machine_config(const struct machine *m)
{
    return &m->config;
}
