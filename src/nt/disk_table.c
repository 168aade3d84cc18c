/* src/nt/disk_table.c -- partition tables read and, one partition at a time,
 * changed: IoReadPartitionTableEx, IoSetPartitionInformation and its Ex form.
 * Source: WDK reference pages, ntdddisk.h.
 *
 *      sector 0: MBR --> extended partition's table --> next ... (4 entries
 * each) | protective
 *                +--> GPT header at 1, else at the disk's end --> its table
 *
 * A disk with neither reads as PARTITION_STYLE_RAW without partitions. */
#include "nt/disk_layout.h"

#include <string.h>

#include "nt/exports.h"
#include "nt/guest.h"

enum { T_GEOMETRY, T_FIRST, T_TABLE, T_HEADER, T_ENTRIES, T_WRITTEN };
enum {             /* numbers of the routine */
       F_TABLE,    /* sector of the table, or of the GPT's header */
       F_EXTENDED, /* where the extended partition begins */
       F_TABLES,   /* tables seen */
       F_ENTRIES,  /* of the layout, so far */
       F_NUMBER,   /* partitions numbered so far */
       F_SIGNATURE,
       F_BACKUP, /* the GPT's header at the end is being tried */
};
#define STATUS_BAD_MASTER_BOOT_RECORD 0xC00000A9u

/** What one walk over the tables is for. */
struct walk_for {
    bool set;        /* change partition @number, else read all */
    uint32_t number; /* from 1 */
    uint8_t type;    /* MBR */
    uint32_t gpt;    /* guest address of PARTITION_INFORMATION_GPT, 0: MBR */
    uint32_t out;    /* guest address for the layout's */
};

static void read_table(struct call *c, uint64_t sector, uint32_t step)
{
    disk_set(c, F_TABLE, sector);
    disk_read(c, sector, 1, 0, step);
}

/* ---- the layout
 * -------------------------------------------------------------------
 */

static void put32(uint8_t *at, uint32_t v)
{
    memcpy(at, &v, sizeof v);
}

static void put64(uint8_t *at, uint64_t v)
{
    memcpy(at, &v, sizeof v);
}

/* The caller gets @bytes of pool with @layout's head and entries. */
static void deliver(struct call *c, const struct walk_for *w,
                    const uint8_t head[LAYOUT_ENTRIES], const uint8_t *entries,
                    uint32_t count)
{
    struct nt *nt = nt_of(c);
    uint32_t bytes = LAYOUT_ENTRIES + PART_SIZE * (count ? count : 1);
    uint32_t at = nt_pool(nt, bytes, TAG('F', 's', 't', 'b'));

    if (at == 0) {
        disk_end(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    nt_put(nt, at, head, LAYOUT_ENTRIES);
    nt_put(nt, at + LAYOUT_ENTRIES, entries, PART_SIZE * count);
    store_u32(c, gva_of(w->out), at);
    disk_end(c, STATUS_SUCCESS);
}

static void deliver_mbr(struct call *c, const struct walk_for *w,
                        uint32_t style)
{
    static const uint32_t most = TABLES_MOST * MBR_ENTRIES;
    uint8_t head[LAYOUT_ENTRIES] = {0},
            entries[TABLES_MOST * MBR_ENTRIES * PART_SIZE];
    uint32_t count = (uint32_t)disk_field(c, F_ENTRIES);

    if (count > most)
        count = most;
    put32(head + LAYOUT_STYLE, style);
    put32(head + LAYOUT_COUNT, count);
    put32(head + LAYOUT_SIGNATURE, (uint32_t)disk_field(c, F_SIGNATURE));
    disk_load(c, DISK_TABLE, entries, count * PART_SIZE);
    deliver(c, w, head, entries, count);
}

/* ---- MBR
 * ---------------------------------------------------------------------------
 */

/* Entry @e of the current table as the layout shows it. */
static void note_entry(struct call *c, const struct mbr_entry *e)
{
    uint8_t part[PART_SIZE] = {0};
    uint64_t base = disk_field(c, F_TABLE), bytes = disk_sector_bytes(c);
    uint64_t number = 0, at = disk_field(c, F_ENTRIES);

    if (mbr_container(e->type))
        base = disk_field(c, F_EXTENDED);
    else if (e->type)
        disk_set(c, F_NUMBER, number = disk_field(c, F_NUMBER) + 1);
    put32(part + PART_STYLE, STYLE_MBR);
    if (e->type) {
        put64(part + PART_START, (base + e->start) * bytes);
        put64(part + PART_BYTES, e->count * bytes);
        put32(part + PART_HIDDEN, e->start);
    }
    put32(part + PART_NUMBER, (uint32_t)number);
    part[PART_TYPE] = e->type;
    part[PART_ACTIVE] = e->active != 0;
    part[PART_RECOGNIZED] = mbr_recognized(e->type);
    disk_store(c, DISK_TABLE + (uint32_t)at * PART_SIZE, part, sizeof part);
    disk_set(c, F_ENTRIES, at + 1);
}

/* Is it the partition to be changed? Then its sector is on its way. */
static bool set_entry(struct call *c, const struct walk_for *w, uint8_t *sector,
                      unsigned i)
{
    struct mbr_entry e = mbr_get(sector, i);
    uint64_t number = disk_field(c, F_NUMBER) + 1;

    if (e.type == 0 || mbr_container(e.type))
        return false;
    disk_set(c, F_NUMBER, number);
    if (number != w->number)
        return false;
    sector[MBR_TABLE + 16 * i + 4] = w->type;
    disk_store(c, 0, sector, MBR_BYTES);
    disk_write(c, disk_field(c, F_TABLE), 1, 0, T_WRITTEN);
    return true;
}

/* One table; then the one its container leads to, at most TABLES_MOST. */
static void mbr_table(struct call *c, const struct walk_for *w, uint8_t *sector)
{
    uint64_t tables = disk_field(c, F_TABLES) + 1, next = 0;

    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        struct mbr_entry e = mbr_get(sector, i);

        if (!w->set)
            note_entry(c, &e);
        else if (set_entry(c, w, sector, i))
            return;
        if (mbr_container(e.type) && e.start && !next)
            next = disk_field(c, F_EXTENDED) + e.start;
    }
    disk_set(c, F_TABLES, tables);
    if (next && tables == 1)
        disk_set(c, F_EXTENDED, next);
    if (next && tables < TABLES_MOST && next != disk_field(c, F_TABLE))
        read_table(c, next, T_TABLE);
    else if (w->set)
        disk_end(c, STATUS_NOT_FOUND);
    else
        deliver_mbr(c, w, STYLE_MBR);
}

static void first_sector(struct call *c, const struct walk_for *w,
                         uint8_t *sector)
{
    uint32_t signature;

    memcpy(&signature, sector + MBR_DISK_SIGNATURE, sizeof signature);
    disk_set(c, F_SIGNATURE, signature);
    if (mbr_protective(sector) && (!w->set || w->gpt))
        read_table(c, 1, T_HEADER);
    else if (mbr_valid(sector) && !w->gpt)
        mbr_table(c, w, sector);
    else if (w->set)
        disk_end(c, w->gpt ? STATUS_INVALID_PARAMETER
                           : STATUS_BAD_MASTER_BOOT_RECORD);
    else
        deliver_mbr(c, w, STYLE_RAW);
}

/* ---- GPT
 * ---------------------------------------------------------------------------
 */

static bool used(const uint8_t *entry)
{
    for (unsigned i = 0; i < 16; i++)
        if (entry[i])
            return true;
    return false;
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t v;

    memcpy(&v, at, sizeof v);
    return v;
}

static void deliver_gpt(struct call *c, const struct walk_for *w,
                        const struct gpt_header *h, const uint8_t *table)
{
    uint8_t head[LAYOUT_ENTRIES] = {0}, parts[GPT_ENTRIES_MOST * PART_SIZE];
    uint64_t bytes = disk_sector_bytes(c);
    uint32_t count = 0;

    for (uint32_t i = 0; i < h->count; i++) {
        const uint8_t *entry = table + i * GPT_ENTRY_BYTES;
        uint8_t *part = parts + count * PART_SIZE;

        if (!used(entry))
            continue;
        memset(part, 0, PART_SIZE);
        put32(part + PART_STYLE, STYLE_GPT);
        put64(part + PART_START, get64(entry + GPT_FIRST) * bytes);
        put64(part + PART_BYTES,
              (get64(entry + GPT_LAST) - get64(entry + GPT_FIRST) + 1) * bytes);
        put32(part + PART_NUMBER, ++count);
        memcpy(part + PART_GPT, entry, GPT_GUIDS_BYTES);
        memcpy(part + PART_GPT + GPT_GUIDS_BYTES, entry + GPT_ATTRIBUTES,
               GPT_REST_BYTES);
    }
    put32(head + LAYOUT_STYLE, STYLE_GPT);
    put32(head + LAYOUT_COUNT, count);
    memcpy(head + LAYOUT_DISK_ID, h->disk_id, sizeof h->disk_id);
    put64(head + LAYOUT_USABLE, h->first_usable * bytes);
    put64(head + LAYOUT_USABLE_BYTES,
          (h->last_usable - h->first_usable + 1) * bytes);
    put32(head + LAYOUT_MAX_COUNT, h->count);
    deliver(c, w, head, parts, count);
}

/* The partition's entry becomes what the caller gives; both tables are
 * written. */
static void set_gpt(struct call *c, const struct walk_for *w,
                    struct gpt_header *h, uint8_t *table)
{
    uint32_t number = 0, i = 0;
    uint8_t *entry = table;

    for (; i < h->count; i++) {
        entry = table + i * GPT_ENTRY_BYTES;
        if (used(entry) && ++number == w->number)
            break;
    }
    if (i == h->count) {
        disk_end(c, STATUS_NOT_FOUND);
        return;
    }
    load(c, gva_of(w->gpt), entry, GPT_GUIDS_BYTES);
    load(c, gva_of(w->gpt + GPT_GUIDS_BYTES), entry + GPT_ATTRIBUTES,
         GPT_REST_BYTES);
    if (!call_ok(c)) {
        disk_end(c, 0);
        return;
    }
    disk_store(c, DISK_TABLE, table, h->count * GPT_ENTRY_BYTES);
    if (h->here != 1) { /* mend the primary one too */
        h->other = h->here;
        h->here = 1;
        h->entries = 2;
    }
    gpt_write(c, h);
}

static void gpt_table(struct call *c, const struct walk_for *w)
{
    uint8_t sector[MBR_BYTES], table[GPT_TABLE_MOST];
    struct gpt_header h;
    bool entries = disk_step(c) == T_ENTRIES;
    bool good;

    disk_load(c, 0, sector, sizeof sector);
    good = gpt_parse(sector, disk_field(c, F_TABLE), &h);
    if (good && entries) {
        disk_load(c, DISK_TABLE, table, h.count * GPT_ENTRY_BYTES);
        good = gpt_crc(table, h.count * GPT_ENTRY_BYTES) == h.entries_crc;
    }
    if (!good && !disk_field(c, F_BACKUP)) {
        disk_set(c, F_BACKUP, 1);
        read_table(c, disk_sectors(c) - 1, T_HEADER);
    } else if (!good) {
        disk_end(c, STATUS_DISK_CORRUPT_ERROR);
    } else if (!entries) {
        disk_read(c, h.entries, gpt_sectors(&h, disk_sector_bytes(c)),
                  DISK_TABLE, T_ENTRIES);
    } else if (w->set) {
        set_gpt(c, w, &h, table);
    } else {
        deliver_gpt(c, w, &h, table);
    }
}

/* ---- the walk
 * ----------------------------------------------------------------------
 */

static void walk_tables(struct call *c, const struct walk_for *w)
{
    uint8_t sector[MBR_BYTES];
    uint32_t status;
    bool again;

    if (!disk_back(c, &status))
        return;
    if (disk_step(c) == T_GEOMETRY) {
        if (disk_geometry_read(c, status, &again))
            read_table(c, 0, T_FIRST);
        else if (!again)
            disk_end(c,
                     nt_success(status) ? STATUS_UNRECOGNIZED_MEDIA : status);
        return;
    }
    if (!nt_success(status) || disk_step(c) == T_WRITTEN) {
        disk_end(c, status);
        return;
    }
    disk_load(c, 0, sector, sizeof sector);
    switch (disk_step(c)) {
    case T_FIRST:
        first_sector(c, w, sector);
        break;
    case T_TABLE:
        if (mbr_valid(sector))
            mbr_table(c, w, sector);
        else if (w->set)
            disk_end(c, STATUS_NOT_FOUND);
        else
            deliver_mbr(c, w, STYLE_MBR); /* the chain ends here */
        break;
    case T_HEADER:
    case T_ENTRIES:
        gpt_table(c, w);
        break;
    default:
        gpt_write_on(c, status);
        break;
    }
}

/* NTSTATUS IoReadPartitionTableEx(Device, **DriveLayout): the caller frees
 * it. */
void thunk_IoReadPartitionTableEx(struct call *c)
{
    struct walk_for w = {.out = call_u32(c, 1)};

    if (c->state)
        walk_tables(c, &w);
    else if (disk_begin(c, call_u32(c, 0), 0))
        disk_geometry(c, T_GEOMETRY);
}

/* NTSTATUS IoSetPartitionInformation(Device, SectorSize, Number, Type): MBR. */
void thunk_IoSetPartitionInformation(struct call *c)
{
    struct walk_for w = {
        .set = true, .number = call_u32(c, 2), .type = call_u8(c, 3)};
    uint32_t bytes = call_u32(c, 1);

    if (c->state)
        walk_tables(c, &w);
    else if (disk_begin(c, call_u32(c, 0), bytes ? bytes : MBR_BYTES))
        read_table(c, 0, T_FIRST);
}

enum { SET_STYLE = 0, SET_INFO = 8 }; /* SET_PARTITION_INFORMATION_EX */

/* NTSTATUS IoSetPartitionInformationEx(Device, Number, *Information): of the
 * style that the disk has. */
void thunk_IoSetPartitionInformationEx(struct call *c)
{
    uint32_t info = call_u32(c, 2);
    uint32_t style = load_u32(c, gva_of(info + SET_STYLE));
    struct walk_for w = {.set = true,
                         .number = call_u32(c, 1),
                         .type = load_u8(c, gva_of(info + SET_INFO)),
                         .gpt = style == STYLE_GPT ? info + SET_INFO : 0};

    if (!call_ok(c))
        return;
    if (c->state)
        walk_tables(c, &w);
    else if (style > STYLE_GPT)
        call_return(c, STATUS_NOT_SUPPORTED);
    else if (disk_begin(c, call_u32(c, 0), 0))
        disk_geometry(c, T_GEOMETRY);
}
