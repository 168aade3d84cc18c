/* src/board/config.c -- a machine's description: the platform table, and
 * settings by name, the same for command line, scenarios and machine files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board/config.h"
#include "cpu/model.h"
#include "halbox/devices.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

struct platform {
    const char *name, *help;
    uint32_t registers, windows, ports, grant_master, grant_slave;
    bool pae, eisa;
    uint64_t memory;
};

static const struct platform platforms[] = {
#define PLATFORM(n, r, w, i, master, slave, p, e, mib, h)                      \
    {.name = n,                                                                \
     .help = h,                                                                \
     .registers = REGISTERS_##r,                                               \
     .windows = WINDOWS_##w,                                                   \
     .ports = PORTS_##i,                                                       \
     .grant_master = master,                                                   \
     .grant_slave = slave,                                                     \
     .pae = p,                                                                 \
     .eisa = e,                                                                \
     .memory = (mib)*MIB},
#include "board/platforms.def"
#undef PLATFORM
};

enum { PLATFORMS = sizeof platforms / sizeof *platforms };

bool machine_platform_at(unsigned index, struct machine_platform *row)
{
    if (index >= PLATFORMS)
        return false;
    *row = (struct machine_platform){.name = platforms[index].name,
                                     .help = platforms[index].help};
    return true;
}

static enum hb_status set_platform(struct machine_config *c, const char *name,
                                   struct hb_error *error)
{
    for (unsigned i = 0; i < PLATFORMS; i++) {
        const struct platform *p = &platforms[i];

        if (strcmp(p->name, name) != 0)
            continue;
        memset(c->platform, 0, sizeof c->platform);
        memcpy(c->platform, name, strlen(name));
        c->registers = p->registers;
        c->windows = p->windows;
        c->ports = p->ports;
        c->grant_master = p->grant_master;
        c->grant_slave = p->grant_slave;
        c->pae = p->pae;
        c->eisa = p->eisa;
        c->memory = p->memory;
        return HB_OK;
    }
    return hb_fail(error, HB_NOT_FOUND,
                   "no platform '%s': see `halbox list platforms`", name);
}

enum hb_status machine_config_init(struct machine_config *config,
                                   const char *name, struct hb_error *error)
{
    *config = (struct machine_config){
        .cpu = "p6",
        .verify = VERIFY_REPORT,
        .ns_per_tick = 5,
        .dma_tenure = 4096,
        .boot_order = BOOT_FLOPPY | BOOT_DISK << 4 | BOOT_CDROM << 8,
        .fdc_speed = 1,
        .pc = true};
    return set_platform(config, name ? name : "translate", error);
}

/* "52:54:00:12:34:56": an Ethernet address, its first byte the highest. */
static bool mac_number(const char *text, uint64_t *value)
{
    unsigned byte[6];
    int end = 0;

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2],
               &byte[3], &byte[4], &byte[5], &end) != 6 ||
        text[end])
        return false;
    *value = 0;
    for (unsigned i = 0; i < 6; i++)
        *value = *value << 8 | byte[i];
    return true;
}

bool config_number(const char *text, uint64_t *value)
{
    char *end;
    unsigned shift = 0;
    uint64_t v;

    if (mac_number(text, value))
        return true;
    if (*text < '0' || *text > '9')
        return false;
    v = strtoull(text, &end, 0);
    if (*end == 'K' || *end == 'k')
        shift = 10;
    else if (*end == 'M' || *end == 'm')
        shift = 20;
    else if (*end == 'G' || *end == 'g')
        shift = 30;
    if (end[shift != 0] || v > UINT64_MAX >> shift)
        return false;
    *value = v << shift;
    return true;
}

/* ---- values --------------------------------------------------------------*/

static const char *const on_off[] = {"off", "on", NULL};
static const char *const registers[] = {"translate", "bounce", "adapter", NULL};
static const char *const windows[] = {
    [WINDOWS_NT4] = "nt4",   [WINDOWS_NT4_SP4] = "nt4-sp4",
    [WINDOWS_2000] = "2000", [WINDOWS_XP] = "xp",
    [WINDOWS_8] = "8",       NULL};
static const char *const ports[] = {"io", "memory", "swapped", NULL};
static const char *const verify[] = {"off", "report", "stop", NULL};
static const char *const missing[] = {"stub", "fail", NULL};

/** A key: a word of a list, or a number in a range. */
struct key {
    const char *name;
    uint32_t offset, bytes;
    const char *const *words;
    uint64_t least, most;
};

#define NUMBER(n, field, l, m)                                                 \
    {                                                                          \
        .name = n, .offset = offsetof(struct machine_config, field),           \
        .bytes = sizeof(((struct machine_config *)0)->field), .least = l,      \
        .most = m                                                              \
    }
#define WORD(n, field, w)                                                      \
    {                                                                          \
        .name = n, .offset = offsetof(struct machine_config, field),           \
        .bytes = sizeof(((struct machine_config *)0)->field), .words = w       \
    }

static const struct key keys[] = {
    NUMBER("memory", memory, 16 * MIB, 64 * GIB),
    WORD("pae", pae, on_off),
    WORD("registers", registers, registers),
    NUMBER("grant.master", grant_master, 0, 4096),
    NUMBER("grant.slave", grant_slave, 0, 256),
    WORD("eisa", eisa, on_off),
    NUMBER("dma.alignment", dma_alignment, 0, 128),
    NUMBER("dma.version", dma_version, 0, 3),
    WORD("dma.interrupt", dma_interrupt, on_off),
    NUMBER("dma.tenure", dma_tenure, 4, 4096),
    NUMBER("dma.rate", dma_rate, 0, 1024),
    WORD("windows", windows, windows),
    WORD("ports", ports, ports),
    WORD("verify", verify, verify),
    WORD("checks", checks, on_off),
    NUMBER("system-pages", system_pages, 0, UINT32_MAX),
    WORD("track-ptes", track_ptes, on_off),
    WORD("track-locked-pages", track_locked_pages, on_off),
    WORD("strict-dma", strict_dma, on_off),
    WORD("missing", missing_fail, missing),
    NUMBER("ns-per-tick", ns_per_tick, 1, 1000000),
    NUMBER("fdc.speed", fdc_speed, 1, 4),
    WORD("pc", pc, on_off),
    WORD("debug-exit", debug_exit, on_off),
    NUMBER("paging", paging, 0, 4 * GIB),
    WORD("paging.strict", paging_strict, on_off),
};

static enum hb_status bad_value(const char *key, const char *value,
                                const struct key *k, struct hb_error *error)
{
    char list[128] = "";

    if (!k->words)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "%s is a number from %llu to %llu, not '%s'", key,
                       (unsigned long long)k->least,
                       (unsigned long long)k->most, value);
    for (unsigned i = 0; k->words[i]; i++) {
        strncat(list, i ? ", " : "", sizeof list - strlen(list) - 1);
        strncat(list, k->words[i], sizeof list - strlen(list) - 1);
    }
    return hb_fail(error, HB_BAD_ARGUMENT, "%s is one of %s, not '%s'", key,
                   list, value);
}

static bool parse_value(const struct key *k, const char *value, uint64_t *v)
{
    if (!k->words)
        return config_number(value, v) && *v >= k->least && *v <= k->most;
    for (*v = 0; k->words[*v]; ++*v) {
        if (strcmp(k->words[*v], value) == 0)
            return true;
    }
    return false;
}

bool machine_cpu_at(unsigned index, struct machine_platform *row)
{
    const struct cpu_model *m = cpu_model_at(index);

    if (m)
        *row = (struct machine_platform){.name = m->name, .help = m->title};
    return m;
}

static enum hb_status set_cpu(struct machine_config *c, const char *value,
                              struct hb_error *error)
{
    struct cpu_model model;

    if (strlen(value) >= sizeof c->cpu || !cpu_model_find(value, &model))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "no cpu '%s': see `halbox list cpus`", value);
    memset(c->cpu, 0, sizeof c->cpu);
    memcpy(c->cpu, value, strlen(value));
    return HB_OK;
}

enum hb_status config_file(char out[MACHINE_FILE], const char *key,
                           const char *name, struct hb_error *error)
{
    if (strlen(name) >= MACHINE_FILE)
        return hb_fail(error, HB_BAD_ARGUMENT, "%s: a file name of %zu bytes",
                       key, strlen(name));
    memset(out, 0, MACHINE_FILE);
    memcpy(out, name, strlen(name));
    return HB_OK;
}

/* FILE, or FILE,SIZE. */
static enum hb_status set_paging_file(struct machine_config *c,
                                      const char *value, struct hb_error *error)
{
    enum { LEAST = 4096 };
    const char *comma = strrchr(value, ',');
    char name[MACHINE_FILE] = "";
    uint64_t bytes;

    if (!comma)
        return config_file(c->paging_file, "paging.file", value, error);
    if (!config_number(comma + 1, &bytes) || bytes < LEAST || bytes > 4 * GIB)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "paging.file: '%s' is no size from 4K to 4G", comma + 1);
    if ((size_t)(comma - value) >= sizeof name)
        return config_file(c->paging_file, "paging.file", value, error);
    memcpy(name, value, (size_t)(comma - value));
    c->paging = bytes;
    return config_file(c->paging_file, "paging.file", name, error);
}

enum hb_status machine_config_set(struct machine_config *config,
                                  const char *key, const char *value,
                                  struct hb_error *error)
{
    uint64_t v;

    if (strcmp(key, "platform") == 0)
        return set_platform(config, value, error);
    if (strcmp(key, "cpu") == 0)
        return set_cpu(config, value, error);
    if (config_medium_kind(key))
        return config_medium(config, key, value, error);
    if (strcmp(key, "boot") == 0)
        return config_boot(config, value, error);
    if (strcmp(key, "bios") == 0)
        return config_file(config->bios, key, value, error);
    if (strcmp(key, "paging.file") == 0)
        return set_paging_file(config, value, error);
    if (strcmp(key, "vga-rom") == 0)
        return config_file(config->vga_rom, key, value, error);
    for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct key *k = &keys[i];

        if (strcmp(k->name, key) != 0)
            continue;
        if (!parse_value(k, value, &v))
            return bad_value(key, value, k, error);
        memcpy((uint8_t *)config + k->offset, &v, k->bytes);
        return HB_OK;
    }
    return hb_fail(error, HB_NOT_FOUND, "no setting '%s' of a machine", key);
}

/* ---- checking and the layout of RAM ----------------------------------------
 */

enum hb_status config_check(const struct machine_config *c,
                            struct hb_error *error)
{
    if (c->paging_file[0] && !c->paging)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "paging.file %s has no size: say FILE,SIZE or set "
                       "paging, too",
                       c->paging_file);
    for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct key *k = &keys[i];
        uint64_t v = 0;
        bool good;

        memcpy(&v, (const uint8_t *)c + k->offset, k->bytes);
        if (k->words) {
            uint64_t words = 0;

            while (k->words[words])
                words++;
            good = v < words;
        } else {
            good = v >= k->least && v <= k->most;
        }
        if (!good)
            return hb_fail(error, HB_BAD_ARGUMENT,
                           "setting %s has the value %llu", k->name,
                           (unsigned long long)v);
    }
    if (c->dma_alignment & (c->dma_alignment - 1))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "dma.alignment is a power of two");
    if (c->memory % MIB)
        return hb_fail(error, HB_BAD_ARGUMENT, "memory is whole MiB");
    if (c->devices > MACHINE_DEVICES)
        return hb_fail(error, HB_BAD_ARGUMENT, "at most %d cards",
                       (int)MACHINE_DEVICES);
    return config_check_media(c, error);
}

/* 384 KiB below 1 MiB are the adapters' and the BIOS's, 15-16 MiB and all from
 * 3 GiB to 4 GiB are left free for logical windows and PCI memory; what would
 * lie there goes on above. */
unsigned config_ram(const struct machine_config *c,
                    struct ram_range range[RAM_RANGES])
{
    const uint64_t low = 15 * MIB, high = 3 * GIB;
    uint64_t rest = c->memory - low;
    unsigned count = 2;

    range[0] = (struct ram_range){0, 640 << 10};
    range[1] = (struct ram_range){MIB, 14 * MIB};
    if (rest) {
        uint64_t n = rest < high - 16 * MIB ? rest : high - 16 * MIB;

        range[count++] = (struct ram_range){16 * MIB, n};
        rest -= n;
    }
    if (rest)
        range[count++] = (struct ram_range){4 * GIB, rest};
    return count;
}
