/* src/nt/partition.h -- partition tables as bytes of sectors: no guest, no
 * requests. Source: the MBR's layout as in every PC's first sector; UEFI 2.x,
 * chapter 5 "GUID Partition Table (GPT) Disk Layout". */
#ifndef NT_PARTITION_H
#define NT_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MBR_BYTES = 512,
    MBR_DISK_SIGNATURE = 0x1b8,
    MBR_TABLE = 0x1be,
    MBR_ENTRIES = 4,
    MBR_PROTECTIVE = 0xee,
    GPT_HEADER_BYTES = 92,
    GPT_ENTRY_BYTES = 128,
    GPT_ENTRIES_LEAST = 128,
    GPT_ENTRIES_MOST = 512, /* that are read or written here */
    GPT_TABLE_MOST = GPT_ENTRIES_MOST * GPT_ENTRY_BYTES,
};

/** A partition of an MBR, in sectors relative to what its table counts from. */
struct mbr_entry {
    uint8_t active, type;
    uint32_t start, count;
};
struct mbr_geometry {
    uint32_t heads, sectors; /* per cylinder, per track */
};

bool mbr_valid(const uint8_t *sector);
bool mbr_protective(const uint8_t *sector);
struct mbr_entry mbr_get(const uint8_t *sector, unsigned i);
/** mbr_put() - @first: absolute sector, for the cylinders, heads and sectors
 *  that old software reads. */
void mbr_put(uint8_t *sector, unsigned i, const struct mbr_entry *e,
             uint64_t first, const struct mbr_geometry *g);
void mbr_sign(uint8_t *sector);
/** mbr_make_protective() - one partition over the whole disk. */
void mbr_make_protective(uint8_t *sector, uint64_t sectors);
bool mbr_container(uint8_t type);
bool mbr_recognized(uint8_t type);
/** mbr_checksum() - what makes the sum of the sector's dwords 0. */
uint32_t mbr_checksum(const uint8_t *sector);

struct gpt_header {
    uint64_t here, other, first_usable, last_usable, entries;
    uint8_t disk_id[16];
    uint32_t count, entry_bytes, entries_crc;
};
/** gpt_parse() - false: no header, another's place, or a wrong CRC. */
bool gpt_parse(const uint8_t *sector, uint64_t here, struct gpt_header *h);
void gpt_store(uint8_t *sector, uint32_t bytes, const struct gpt_header *h);
/** gpt_plan() - the primary header of a disk of @sectors. False: too small. */
bool gpt_plan(struct gpt_header *h, uint64_t sectors, uint32_t sector_bytes,
              uint32_t count);
/** gpt_backup() - the other header of @h's disk. */
struct gpt_header gpt_backup(const struct gpt_header *h, uint32_t sector_bytes);
/** gpt_sectors() - of the table of entries. */
uint32_t gpt_sectors(const struct gpt_header *h, uint32_t sector_bytes);
uint32_t gpt_crc(const uint8_t *bytes, uint32_t count);

#endif
