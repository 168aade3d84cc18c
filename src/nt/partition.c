/* src/nt/partition.c -- see partition.h. */
#include "nt/partition.h"

#include <string.h>

enum { ENTRY_BYTES = 16, NTFT = 0x80 };

static uint32_t get(const uint8_t *at)
{
    uint32_t v;

    memcpy(&v, at, sizeof v);
    return v;
}

static uint64_t get64(const uint8_t *at)
{
    return get(at) | (uint64_t)get(at + 4) << 32;
}

static void put(uint8_t *at, uint32_t v)
{
    memcpy(at, &v, sizeof v);
}

static void put64(uint8_t *at, uint64_t v)
{
    memcpy(at, &v, sizeof v);
}

/* ---- MBR
 * -------------------------------------------------------------------------
 */

bool mbr_valid(const uint8_t *sector)
{
    return sector[510] == 0x55 && sector[511] == 0xaa;
}

void mbr_sign(uint8_t *sector)
{
    sector[510] = 0x55;
    sector[511] = 0xaa;
}

struct mbr_entry mbr_get(const uint8_t *sector, unsigned i)
{
    const uint8_t *at = sector + MBR_TABLE + ENTRY_BYTES * i;

    return (struct mbr_entry){.active = at[0] & 0x80,
                              .type = at[4],
                              .start = get(at + 8),
                              .count = get(at + 12)};
}

bool mbr_protective(const uint8_t *sector)
{
    if (!mbr_valid(sector) || mbr_get(sector, 0).type != MBR_PROTECTIVE)
        return false;
    for (unsigned i = 1; i < MBR_ENTRIES; i++)
        if (mbr_get(sector, i).type)
            return false;
    return true;
}

/* Head, sector and low cylinder bits; past cylinder 1023 the largest. */
static void put_chs(uint8_t *at, uint64_t sector, const struct mbr_geometry *g)
{
    uint64_t track = g->sectors ? sector / g->sectors : 0;
    uint64_t cylinder = g->heads ? track / g->heads : 0;

    if (!g->heads || !g->sectors || cylinder > 1023) {
        memcpy(at, "\xfe\xff\xff", 3);
        return;
    }
    at[0] = (uint8_t)(track % g->heads);
    at[1] = (uint8_t)((sector % g->sectors + 1) | (cylinder >> 8 << 6));
    at[2] = (uint8_t)cylinder;
}

void mbr_put(uint8_t *sector, unsigned i, const struct mbr_entry *e,
             uint64_t first, const struct mbr_geometry *g)
{
    uint8_t *at = sector + MBR_TABLE + ENTRY_BYTES * i;

    memset(at, 0, ENTRY_BYTES);
    if (e->type == 0)
        return;
    at[0] = e->active ? 0x80 : 0;
    put_chs(at + 1, first, g);
    at[4] = e->type;
    put_chs(at + 5, first + (e->count ? e->count - 1 : 0), g);
    put(at + 8, e->start);
    put(at + 12, e->count);
}

void mbr_make_protective(uint8_t *sector, uint64_t sectors)
{
    struct mbr_entry e = {
        .type = MBR_PROTECTIVE,
        .start = 1,
        .count = sectors > UINT32_MAX ? UINT32_MAX : (uint32_t)(sectors - 1)};

    memset(sector + MBR_TABLE, 0, ENTRY_BYTES * MBR_ENTRIES);
    mbr_put(sector, 0, &e, UINT64_MAX / 2, &(struct mbr_geometry){0, 0});
    mbr_sign(sector);
}

bool mbr_container(uint8_t type)
{
    return type == 0x05 || type == 0x0f;
}

/* Those that the systems of the time mount: FAT12, FAT16, huge, IFS, FAT32 and
 * the LBA forms; bit 7 marks a part of a fault-tolerant set. */
bool mbr_recognized(uint8_t type)
{
    switch (type & (uint8_t)~NTFT) {
    case 0x01:
    case 0x04:
    case 0x06:
    case 0x07:
    case 0x0b:
    case 0x0c:
    case 0x0e:
        return true;
    default:
        return false;
    }
}

uint32_t mbr_checksum(const uint8_t *sector)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < MBR_BYTES; i += 4)
        sum += get(sector + i);
    return 0u - sum;
}

/* ---- GPT
 * -------------------------------------------------------------------------
 */

enum {
    H_REVISION = 8,
    H_SIZE = 12,
    H_CRC = 16,
    H_HERE = 24,
    H_OTHER = 32,
    H_FIRST = 40,
    H_LAST = 48,
    H_DISK_ID = 56,
    H_ENTRIES = 72,
    H_COUNT = 80,
    H_ENTRY_BYTES = 84,
    H_ENTRIES_CRC = 88,
};
static const char magic[8] = {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'};

uint32_t gpt_crc(const uint8_t *bytes, uint32_t count)
{
    uint32_t crc = UINT32_MAX;

    while (count--) {
        crc ^= *bytes++;
        for (unsigned i = 0; i < 8; i++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

bool gpt_parse(const uint8_t *sector, uint64_t here, struct gpt_header *h)
{
    uint8_t copy[MBR_BYTES];
    uint32_t bytes = get(sector + H_SIZE);

    if (memcmp(sector, magic, sizeof magic) != 0 || bytes < GPT_HEADER_BYTES ||
        bytes > sizeof copy || get64(sector + H_HERE) != here)
        return false;
    memcpy(copy, sector, sizeof copy);
    put(copy + H_CRC, 0);
    if (gpt_crc(copy, bytes) != get(sector + H_CRC))
        return false;
    *h = (struct gpt_header){.here = here,
                             .other = get64(sector + H_OTHER),
                             .first_usable = get64(sector + H_FIRST),
                             .last_usable = get64(sector + H_LAST),
                             .entries = get64(sector + H_ENTRIES),
                             .count = get(sector + H_COUNT),
                             .entry_bytes = get(sector + H_ENTRY_BYTES),
                             .entries_crc = get(sector + H_ENTRIES_CRC)};
    memcpy(h->disk_id, sector + H_DISK_ID, sizeof h->disk_id);
    return h->entry_bytes == GPT_ENTRY_BYTES && h->count &&
           h->count <= GPT_ENTRIES_MOST;
}

void gpt_store(uint8_t *sector, uint32_t bytes, const struct gpt_header *h)
{
    memset(sector, 0, bytes);
    memcpy(sector, magic, sizeof magic);
    put(sector + H_REVISION, 0x10000);
    put(sector + H_SIZE, GPT_HEADER_BYTES);
    put64(sector + H_HERE, h->here);
    put64(sector + H_OTHER, h->other);
    put64(sector + H_FIRST, h->first_usable);
    put64(sector + H_LAST, h->last_usable);
    memcpy(sector + H_DISK_ID, h->disk_id, sizeof h->disk_id);
    put64(sector + H_ENTRIES, h->entries);
    put(sector + H_COUNT, h->count);
    put(sector + H_ENTRY_BYTES, h->entry_bytes);
    put(sector + H_ENTRIES_CRC, h->entries_crc);
    put(sector + H_CRC, gpt_crc(sector, GPT_HEADER_BYTES));
}

uint32_t gpt_sectors(const struct gpt_header *h, uint32_t sector_bytes)
{
    return (h->count * GPT_ENTRY_BYTES + sector_bytes - 1) / sector_bytes;
}

bool gpt_plan(struct gpt_header *h, uint64_t sectors, uint32_t sector_bytes,
              uint32_t count)
{
    uint32_t table;

    if (count < GPT_ENTRIES_LEAST)
        count = GPT_ENTRIES_LEAST;
    *h = (struct gpt_header){.here = 1,
                             .other = sectors - 1,
                             .entries = 2,
                             .count = count,
                             .entry_bytes = GPT_ENTRY_BYTES};
    if (count > GPT_ENTRIES_MOST)
        return false;
    table = gpt_sectors(h, sector_bytes);
    if (sectors < 2 * (uint64_t)table + 4)
        return false;
    h->first_usable = 2 + table;
    h->last_usable = sectors - 2 - table;
    return true;
}

struct gpt_header gpt_backup(const struct gpt_header *h, uint32_t sector_bytes)
{
    struct gpt_header b = *h;

    b.here = h->other;
    b.other = h->here;
    b.entries = h->other - gpt_sectors(h, sector_bytes);
    return b;
}
