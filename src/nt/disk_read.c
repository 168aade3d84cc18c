/* src/nt/disk_read.c -- HalExamineMBR, IoReadDiskSignature. Source: WDK
 * reference pages; ntddk.h (DISK_SIGNATURE). */
#include "nt/disk_layout.h"
#include "nt/exports.h"
#include "nt/guest.h"

enum { S_FIRST, S_HEADER };
enum { ONTRACK = 0x54, ONTRACK_SKIP = 63 };

/* ---- HalExamineMBR
 * ---------------------------------------------------------------
 */

static uint32_t examine_bytes(struct call *c)
{
    uint32_t bytes = call_u32(c, 1);

    return bytes < MBR_BYTES ? MBR_BYTES : bytes;
}

/* A copy of the sector for the caller; of a disk of OnTrack's it begins with
 * the number of sectors to skip. */
static void examined(struct call *c, uint8_t *sector)
{
    uint32_t bytes = examine_bytes(c), copy = 0, skip = ONTRACK_SKIP;
    uint8_t type = call_u8(c, 2);

    if (mbr_valid(sector) && mbr_get(sector, 0).type == type) {
        if (type == ONTRACK)
            for (unsigned i = 0; i < 4; i++)
                sector[i] = (uint8_t)(skip >> 8 * i);
        copy = nt_pool(nt_of(c), bytes, TAG('F', 's', 't', 'b'));
        if (copy)
            nt_put(nt_of(c), copy, sector, bytes);
    }
    store_u32(c, call_va(c, 3), copy);
}

/* VOID HalExamineMBR(Device, SectorSize, Type, **Buffer): the first sector if
 * its first partition is of that type, to be freed by the caller; else NULL. */
void thunk_HalExamineMBR(struct call *c)
{
    uint8_t sector[DISK_SECTOR_MOST];
    uint32_t status;

    if (c->state == 0) {
        store_u32(c, call_va(c, 3), 0);
        if (call_ok(c) && disk_begin(c, call_u32(c, 0), examine_bytes(c)))
            disk_read(c, 0, 1, 0, S_FIRST);
        return;
    }
    if (!disk_back(c, &status))
        return;
    disk_load(c, 0, sector, disk_sector_bytes(c));
    if (nt_success(status))
        examined(c, sector);
    disk_end(c, status);
}

/* ---- IoReadDiskSignature
 * ---------------------------------------------------------
 */

static void sign(struct call *c, uint32_t style, const void *id,
                 uint32_t checksum)
{
    uint32_t at = call_u32(c, 2);

    store_u32(c, gva_of(at), style);
    if (style == STYLE_GPT) {
        store(c, gva_of(at + 4), id, 16);
    } else {
        store(c, gva_of(at + 4), id, 4);
        store_u32(c, gva_of(at + 8), checksum);
    }
}

/* NTSTATUS IoReadDiskSignature(Device, BytesPerSector, *Signature): an MBR's
 * number and checksum, or a GPT's GUID. */
void thunk_IoReadDiskSignature(struct call *c)
{
    uint8_t sector[DISK_SECTOR_MOST];
    struct gpt_header h;
    uint32_t status, bytes = call_u32(c, 1);

    if (c->state == 0) {
        if (disk_begin(c, call_u32(c, 0), bytes ? bytes : MBR_BYTES))
            disk_read(c, 0, 1, 0, S_FIRST);
        return;
    }
    if (!disk_back(c, &status))
        return;
    disk_load(c, 0, sector, disk_sector_bytes(c));
    if (!nt_success(status)) {
        disk_end(c, status);
    } else if (disk_step(c) == S_HEADER) {
        status = gpt_parse(sector, 1, &h) ? STATUS_SUCCESS
                                          : STATUS_DISK_CORRUPT_ERROR;
        if (nt_success(status))
            sign(c, STYLE_GPT, h.disk_id, 0);
        disk_end(c, status);
    } else if (mbr_protective(sector)) {
        disk_read(c, 1, 1, 0, S_HEADER);
    } else if (!mbr_valid(sector)) {
        disk_end(c, STATUS_DISK_CORRUPT_ERROR);
    } else {
        sign(c, STYLE_MBR, sector + MBR_DISK_SIGNATURE, mbr_checksum(sector));
        disk_end(c, STATUS_SUCCESS);
    }
}
