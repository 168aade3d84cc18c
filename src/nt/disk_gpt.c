/* src/nt/disk_gpt.c -- writing a GPT: the tables before the headers that vouch
 * for them. */
#include "nt/disk_layout.h"

enum { G_TABLE = STEP_GPT, G_BACKUP_TABLE, G_BACKUP, G_PRIMARY };
enum { SPARE = DISK_TABLE + GPT_TABLE_MOST }; /* a sector of the buffer */

static void load_table(struct call *c, const struct gpt_header *h,
                       uint8_t table[GPT_TABLE_MOST])
{
    disk_load(c, DISK_TABLE, table, h->count * GPT_ENTRY_BYTES);
}

void gpt_write(struct call *c, const struct gpt_header *h)
{
    uint8_t table[GPT_TABLE_MOST], sector[DISK_SECTOR_MOST];
    struct gpt_header primary = *h, backup;
    uint32_t bytes = disk_sector_bytes(c);

    load_table(c, h, table);
    primary.entries_crc = gpt_crc(table, h->count * GPT_ENTRY_BYTES);
    gpt_store(sector, bytes, &primary);
    disk_store(c, 0, sector, bytes);
    backup = gpt_backup(&primary, bytes);
    gpt_store(sector, bytes, &backup);
    disk_store(c, SPARE, sector, bytes);
    disk_write(c, primary.entries, gpt_sectors(&primary, bytes), DISK_TABLE,
               G_TABLE);
}

void gpt_write_on(struct call *c, uint32_t status)
{
    uint8_t sector[MBR_BYTES];
    struct gpt_header h, backup;

    disk_load(c, 0, sector, sizeof sector);
    if (!nt_success(status) || disk_step(c) == G_PRIMARY ||
        !gpt_parse(sector, 1, &h)) {
        disk_end(c, nt_success(status) && disk_step(c) != G_PRIMARY
                        ? STATUS_DISK_CORRUPT_ERROR
                        : status);
        return;
    }
    backup = gpt_backup(&h, disk_sector_bytes(c));
    switch (disk_step(c)) {
    case G_TABLE:
        disk_write(c, backup.entries, gpt_sectors(&h, disk_sector_bytes(c)),
                   DISK_TABLE, G_BACKUP_TABLE);
        break;
    case G_BACKUP_TABLE:
        disk_write(c, backup.here, 1, SPARE, G_BACKUP);
        break;
    default:
        disk_write(c, 1, 1, 0, G_PRIMARY);
        break;
    }
}
