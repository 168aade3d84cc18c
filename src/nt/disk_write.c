/* src/nt/disk_write.c -- whole partition tables written:
 * IoWritePartitionTableEx, IoCreateDisk. Source: WDK reference pages,
 * ntdddisk.h (CREATE_DISK). */
#include <string.h>

#include "nt/disk_layout.h"
#include "nt/exports.h"

enum { W_GEOMETRY, W_READ, W_WRITTEN, W_HEADER_GONE, W_END };
enum { F_GROUP, F_TABLE, F_EXTENDED, F_WAS_GPT };

/* Geometry is known, or the call has ended (or asks again). */
static bool geometry_known(struct call *c, uint32_t status)
{
    bool again;

    if (disk_geometry_read(c, status, &again))
        return true;
    if (!again)
        disk_end(c, nt_success(status) ? STATUS_UNRECOGNIZED_MEDIA : status);
    return false;
}

/* ---- IoWritePartitionTableEx: MBR
 * -------------------------------------------------------
 */

/** An entry of the caller's layout. */
struct part {
    uint64_t start, bytes;
    uint32_t style;
    uint8_t type, active, rewrite;
    uint8_t gpt[GPT_GUIDS_BYTES + GPT_REST_BYTES];
};

static struct part load_part(struct call *c, uint32_t i)
{
    uint32_t at = call_u32(c, 1) + LAYOUT_ENTRIES + i * PART_SIZE;
    struct part p = {.start = load_u64(c, gva_of(at + PART_START)),
                     .bytes = load_u64(c, gva_of(at + PART_BYTES)),
                     .style = load_u32(c, gva_of(at + PART_STYLE)),
                     .type = load_u8(c, gva_of(at + PART_TYPE)),
                     .active = load_u8(c, gva_of(at + PART_ACTIVE)),
                     .rewrite = load_u8(c, gva_of(at + PART_REWRITE))};

    load(c, gva_of(at + PART_GPT), p.gpt, sizeof p.gpt);
    return p;
}

/* The four partitions of the current table; true: one is to be rewritten.
 * *next: the sector of the table that its container leads to, 0. */
static bool load_group(struct call *c, struct part part[MBR_ENTRIES],
                       uint64_t *next)
{
    uint32_t group = (uint32_t)disk_field(c, F_GROUP);
    uint32_t count = load_u32(c, gva_of(call_u32(c, 1) + LAYOUT_COUNT));
    bool rewrite = false;

    *next = 0;
    for (uint32_t i = 0; i < MBR_ENTRIES; i++) {
        part[i] = (struct part){0};
        if (group * MBR_ENTRIES + i < count)
            part[i] = load_part(c, group * MBR_ENTRIES + i);
        rewrite = rewrite || part[i].rewrite;
        if (mbr_container(part[i].type) && !*next)
            *next = part[i].start / disk_sector_bytes(c);
    }
    return rewrite;
}

static void read_group(struct call *c)
{
    disk_read(c, disk_field(c, F_TABLE), 1, 0, W_READ);
}

/* The next table, or the end. */
static void next_group(struct call *c, uint64_t next)
{
    uint64_t group = disk_field(c, F_GROUP) + 1;

    if (!call_ok(c) || next == 0 || group >= TABLES_MOST) {
        disk_end(c, STATUS_SUCCESS);
        return;
    }
    if (group == 1)
        disk_set(c, F_EXTENDED, next);
    disk_set(c, F_GROUP, group);
    disk_set(c, F_TABLE, next);
    read_group(c);
}

static void put_group(struct call *c, uint8_t *sector,
                      const struct part part[MBR_ENTRIES])
{
    struct mbr_geometry g = disk_mbr_geometry(c);
    uint32_t bytes = disk_sector_bytes(c);

    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        const struct part *p = &part[i];
        uint64_t first = p->start / bytes, base = disk_field(c, F_TABLE);
        struct mbr_entry e = {.active = p->active,
                              .type = p->type,
                              .count = (uint32_t)(p->bytes / bytes)};

        if (mbr_container(p->type))
            base = disk_field(c, F_EXTENDED);
        e.start = (uint32_t)(first - base);
        mbr_put(sector, i, &e, first, &g);
    }
    mbr_sign(sector);
}

/* The table as it is on the disk has been read. */
static void write_group(struct call *c)
{
    struct part part[MBR_ENTRIES];
    uint8_t sector[DISK_SECTOR_MOST];
    uint32_t bytes = disk_sector_bytes(c), signature, old;
    bool first = disk_field(c, F_GROUP) == 0, rewrite;
    uint64_t next;

    rewrite = load_group(c, part, &next);
    signature = load_u32(c, gva_of(call_u32(c, 1) + LAYOUT_SIGNATURE));
    disk_load(c, 0, sector, bytes);
    memcpy(&old, sector + MBR_DISK_SIGNATURE, sizeof old);
    rewrite = rewrite || (first && old != signature);
    if (!rewrite || !call_ok(c)) {
        next_group(c, next);
        return;
    }
    if (!first && !mbr_valid(sector)) /* a new table */
        memset(sector, 0, bytes);
    if (first)
        memcpy(sector + MBR_DISK_SIGNATURE, &signature, sizeof signature);
    put_group(c, sector, part);
    disk_store(c, 0, sector, bytes);
    disk_write(c, disk_field(c, F_TABLE), 1, 0, W_WRITTEN);
}

static void group_written(struct call *c)
{
    struct part part[MBR_ENTRIES];
    uint64_t next;

    load_group(c, part, &next);
    next_group(c, next);
}

/* ---- IoWritePartitionTableEx: GPT
 * -------------------------------------------------------
 */

/* @p as entry @i of the table; false: it is not on the disk's usable part. */
static bool put_gpt(const struct part *p, uint8_t *entry,
                    const struct gpt_header *h, uint32_t bytes)
{
    uint64_t first = p->start / bytes, last = first + p->bytes / bytes - 1;

    if (p->bytes < bytes || first < h->first_usable || last < first ||
        last > h->last_usable)
        return false;
    memcpy(entry, p->gpt, GPT_GUIDS_BYTES);
    memcpy(entry + GPT_FIRST, &first, sizeof first);
    memcpy(entry + GPT_LAST, &last, sizeof last);
    memcpy(entry + GPT_ATTRIBUTES, p->gpt + GPT_GUIDS_BYTES, GPT_REST_BYTES);
    return true;
}

static void write_gpt(struct call *c)
{
    static const uint8_t unused[16];
    uint8_t table[GPT_TABLE_MOST] = {0};
    uint32_t layout = call_u32(c, 1), bytes = disk_sector_bytes(c);
    uint32_t count = load_u32(c, gva_of(layout + LAYOUT_COUNT));
    uint32_t most = load_u32(c, gva_of(layout + LAYOUT_MAX_COUNT));
    struct gpt_header h;
    bool good = gpt_plan(&h, disk_sectors(c), bytes, most) && count <= h.count;

    load(c, gva_of(layout + LAYOUT_DISK_ID), h.disk_id, sizeof h.disk_id);
    for (uint32_t i = 0; good && i < count && call_ok(c); i++) {
        struct part p = load_part(c, i);

        if (memcmp(p.gpt, unused, sizeof unused) != 0)
            good = p.style == STYLE_GPT &&
                   put_gpt(&p, table + i * GPT_ENTRY_BYTES, &h, bytes);
    }
    if (!good || !call_ok(c)) {
        disk_end(c, STATUS_INVALID_PARAMETER);
        return;
    }
    disk_store(c, DISK_TABLE, table, h.count * GPT_ENTRY_BYTES);
    gpt_write(c, &h);
}

/* NTSTATUS IoWritePartitionTableEx(Device, *DriveLayout): of an MBR's tables
 * those with an entry that has RewritePartition set. */
void thunk_IoWritePartitionTableEx(struct call *c)
{
    uint32_t style = load_u32(c, gva_of(call_u32(c, 1) + LAYOUT_STYLE)), status;

    if (!call_ok(c))
        return;
    if (c->state == 0) {
        if (style > STYLE_GPT)
            call_return(c, STATUS_NOT_SUPPORTED);
        else if (disk_begin(c, call_u32(c, 0), 0))
            disk_geometry(c, W_GEOMETRY);
        return;
    }
    if (!disk_back(c, &status))
        return;
    if (disk_step(c) >= STEP_GPT)
        gpt_write_on(c, status);
    else if (disk_step(c) == W_GEOMETRY) {
        if (geometry_known(c, status)) {
            if (style == STYLE_GPT)
                write_gpt(c);
            else
                read_group(c);
        }
    } else if (!nt_success(status))
        disk_end(c, status);
    else if (disk_step(c) == W_READ)
        write_group(c);
    else
        group_written(c);
}

/* ---- IoCreateDisk
 * ----------------------------------------------------------------------
 */

enum { CREATE_STYLE = 0, CREATE_SIGNATURE = 4, CREATE_DISK_ID = 4 };
enum { CREATE_MAX_COUNT = 0x14 };

/* No CREATE_DISK at all: a disk without partition tables. */
static uint32_t create_style(struct call *c)
{
    return call_u32(c, 1) ? load_u32(c, call_va(c, 1)) : STYLE_RAW;
}

/* The first sector has been read: its table goes, its code stays. */
static void create_first(struct call *c, uint32_t style)
{
    uint8_t sector[DISK_SECTOR_MOST];
    uint32_t bytes = disk_sector_bytes(c), signature = 0;

    disk_load(c, 0, sector, bytes);
    disk_set(c, F_WAS_GPT, mbr_protective(sector));
    memset(sector + MBR_DISK_SIGNATURE, 0, MBR_BYTES - MBR_DISK_SIGNATURE);
    if (style == STYLE_GPT)
        mbr_make_protective(sector, disk_sectors(c));
    if (style == STYLE_MBR) {
        signature = load_u32(c, gva_of(call_u32(c, 1) + CREATE_SIGNATURE));
        memcpy(sector + MBR_DISK_SIGNATURE, &signature, sizeof signature);
        mbr_sign(sector);
    }
    disk_store(c, 0, sector, bytes);
    disk_write(c, 0, 1, 0, W_WRITTEN);
}

static void create_gpt(struct call *c)
{
    uint8_t table[GPT_TABLE_MOST] = {0};
    uint32_t at = call_u32(c, 1);
    struct gpt_header h;
    bool good = gpt_plan(&h, disk_sectors(c), disk_sector_bytes(c),
                         load_u32(c, gva_of(at + CREATE_MAX_COUNT)));

    load(c, gva_of(at + CREATE_DISK_ID), h.disk_id, sizeof h.disk_id);
    if (!good || !call_ok(c)) {
        disk_end(c, STATUS_INVALID_PARAMETER);
        return;
    }
    disk_store(c, DISK_TABLE, table, h.count * GPT_ENTRY_BYTES);
    gpt_write(c, &h);
}

/* A GPT that was there before must not be found again. */
static void create_wipe(struct call *c)
{
    uint8_t sector[DISK_SECTOR_MOST] = {0};
    bool first = disk_step(c) == W_WRITTEN;

    disk_store(c, 0, sector, disk_sector_bytes(c));
    disk_write(c, first ? 1 : disk_sectors(c) - 1, 1, 0,
               first ? W_HEADER_GONE : W_END);
}

/* NTSTATUS IoCreateDisk(Device, *CreateDisk): no partitions, of that style. */
void thunk_IoCreateDisk(struct call *c)
{
    uint32_t style = create_style(c), status;

    if (!call_ok(c))
        return;
    if (c->state == 0) {
        if (style > STYLE_RAW)
            call_return(c, STATUS_INVALID_PARAMETER);
        else if (disk_begin(c, call_u32(c, 0), 0))
            disk_geometry(c, W_GEOMETRY);
        return;
    }
    if (!disk_back(c, &status))
        return;
    if (disk_step(c) >= STEP_GPT)
        gpt_write_on(c, status);
    else if (disk_step(c) == W_GEOMETRY) {
        if (geometry_known(c, status))
            disk_read(c, 0, 1, 0, W_READ);
    } else if (!nt_success(status) || disk_step(c) == W_END)
        disk_end(c, status);
    else if (disk_step(c) == W_READ)
        create_first(c, style);
    else if (style == STYLE_GPT)
        create_gpt(c);
    else if (disk_field(c, F_WAS_GPT))
        create_wipe(c);
    else
        disk_end(c, status);
}
