/* src/nt/disk.c -- see disk.h. The block of pool that a routine works with:
 * event, status block and offset of its request, what the device said of its
 * geometry, and the routine's own numbers. */
#include "nt/disk.h"

#include "nt/guest.h"
#include "nt/irp.h"

enum { /* the block */
       B_EVENT = 0,
       B_IOSB = 0x10,
       B_OFFSET = 0x18,
       B_DEVICE = 0x20,
       B_SECTOR_BYTES = 0x24,
       B_SECTORS = 0x28,
       B_HEADS = 0x30,
       B_TRACK = 0x34,
       B_BUFFER = 0x38,
       B_OLD_WAY = 0x3c,
       B_GEOMETRY = 0x40,
       B_FIELDS = 0x80,
       B_BYTES = B_FIELDS + 8 * DISK_FIELDS,
};
enum { /* DISK_GEOMETRY, and DISK_GEOMETRY_EX's size behind it */
       GEO_CYLINDERS = 0,
       GEO_HEADS = 12,
       GEO_TRACK = 16,
       GEO_SECTOR_BYTES = 20,
       GEO_BYTES = 24,
       GEO_DISK_BYTES = 24,
       GEO_EX_BYTES = 40,
};
enum { GET_DRIVE_GEOMETRY = 0x70000, GET_DRIVE_GEOMETRY_EX = 0x700a0 };
enum { W_BLOCK, W_STEP };
enum { BUILT = 1, SENT, WAITED };

static uint32_t field(const struct call *c, uint32_t at)
{
    return nt_get32(nt_of(c), c->w[W_BLOCK] + at);
}

static uint64_t field64(const struct call *c, uint32_t at)
{
    return field(c, at) | (uint64_t)field(c, at + 4) << 32;
}

static bool sector_size_ok(uint32_t bytes)
{
    return bytes >= MBR_BYTES && bytes <= DISK_SECTOR_MOST &&
           !(bytes & (bytes - 1));
}

bool disk_begin(struct call *c, uint32_t device, uint32_t sector_bytes)
{
    struct nt *nt = nt_of(c);
    uint32_t block, buffer;

    if (sector_bytes && sector_bytes < MBR_BYTES)
        sector_bytes = MBR_BYTES;
    if (sector_bytes && !sector_size_ok(sector_bytes)) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return false;
    }
    block = nt_pool(nt, B_BYTES, TAG('F', 's', 't', 'b'));
    buffer =
        nt_pool(nt, DISK_TABLE + DISK_TABLE_BYTES, TAG('F', 's', 't', 'b'));
    if (block == 0 || buffer == 0) {
        nt_pool_free(nt, block);
        nt_pool_free(nt, buffer);
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return false;
    }
    nt_put32(nt, block + B_DEVICE, device);
    nt_put32(nt, block + B_SECTOR_BYTES, sector_bytes);
    nt_put32(nt, block + B_BUFFER, buffer);
    c->w[W_BLOCK] = block;
    return true;
}

void disk_end(struct call *c, uint32_t status)
{
    nt_pool_free(nt_of(c), field(c, B_BUFFER));
    nt_pool_free(nt_of(c), c->w[W_BLOCK]);
    call_return(c, status);
}

uint32_t disk_step(const struct call *c)
{
    return c->w[W_STEP];
}

uint32_t disk_sector_bytes(const struct call *c)
{
    uint32_t bytes = field(c, B_SECTOR_BYTES);

    return sector_size_ok(bytes) ? bytes : MBR_BYTES; /* the guest's block */
}

uint64_t disk_sectors(const struct call *c)
{
    return field64(c, B_SECTORS);
}

struct mbr_geometry disk_mbr_geometry(const struct call *c)
{
    return (struct mbr_geometry){field(c, B_HEADS), field(c, B_TRACK)};
}

uint32_t disk_buffer(const struct call *c)
{
    return field(c, B_BUFFER);
}

void disk_load(const struct call *c, uint32_t offset, void *to, uint32_t bytes)
{
    if (!ke_read(nt_of(c)->w.ke, gva_of(disk_buffer(c) + offset), to, bytes))
        for (uint32_t i = 0; i < bytes; i++)
            ((uint8_t *)to)[i] = 0;
}

void disk_store(const struct call *c, uint32_t offset, const void *from,
                uint32_t bytes)
{
    nt_put(nt_of(c), disk_buffer(c) + offset, from, bytes);
}

uint64_t disk_field(const struct call *c, unsigned i)
{
    return field64(c, B_FIELDS + 8 * i);
}

void disk_set(const struct call *c, unsigned i, uint64_t v)
{
    nt_put(nt_of(c), c->w[W_BLOCK] + B_FIELDS + 8 * i, &v, sizeof v);
}

/* ---- requests
 * --------------------------------------------------------------------
 */

static void build(struct call *c, const char *stub, unsigned count,
                  const uint32_t *args, uint32_t step)
{
    ke_event_init(nt_of(c)->w.ke, gva_of(c->w[W_BLOCK] + B_EVENT),
                  EVENT_NOTIFICATION, false);
    c->w[W_STEP] = step;
    call_guest(c, call_stub(c, stub), count, args, BUILT);
}

static void transfer(struct call *c, uint32_t major, uint64_t sector,
                     uint32_t sectors, uint32_t offset, uint32_t step)
{
    uint32_t block = c->w[W_BLOCK], bytes = disk_sector_bytes(c);
    uint64_t at = sector * bytes;
    const uint32_t args[7] = {
        major,           field(c, B_DEVICE), field(c, B_BUFFER) + offset,
        sectors * bytes, block + B_OFFSET,   block + B_EVENT,
        block + B_IOSB};

    nt_put(nt_of(c), block + B_OFFSET, &at, sizeof at);
    build(c, "IoBuildSynchronousFsdRequest", 7, args, step);
}

void disk_read(struct call *c, uint64_t sector, uint32_t sectors,
               uint32_t offset, uint32_t step)
{
    transfer(c, IRP_MJ_READ, sector, sectors, offset, step);
}

void disk_write(struct call *c, uint64_t sector, uint32_t sectors,
                uint32_t offset, uint32_t step)
{
    transfer(c, IRP_MJ_WRITE, sector, sectors, offset, step);
}

bool disk_back(struct call *c, uint32_t *status)
{
    gva_t event = gva_of(c->w[W_BLOCK] + B_EVENT);

    switch (c->state) {
    case BUILT:
        *status = STATUS_INSUFFICIENT_RESOURCES;
        if (c->eax == 0)
            return true;
        call_guest_fastcall(c, call_stub(c, "IofCallDriver"), 2,
                            (const uint32_t[]){field(c, B_DEVICE), c->eax},
                            SENT);
        return false;
    case SENT:
        *status = c->eax;
        if (c->eax != STATUS_PENDING)
            return true;
        call_wait(c, 1, &event, true, WAIT_FOREVER, WAITED);
        return false;
    default:
        *status = field(c, B_IOSB);
        return true;
    }
}

/* ---- geometry
 * --------------------------------------------------------------------
 */

static void ask_geometry(struct call *c, bool old_way, uint32_t step)
{
    uint32_t block = c->w[W_BLOCK];
    const uint32_t args[9] = {old_way ? GET_DRIVE_GEOMETRY
                                      : GET_DRIVE_GEOMETRY_EX,
                              field(c, B_DEVICE),
                              0,
                              0,
                              block + B_GEOMETRY,
                              old_way ? GEO_BYTES : GEO_EX_BYTES,
                              false,
                              block + B_EVENT,
                              block + B_IOSB};

    nt_put32(nt_of(c), block + B_OLD_WAY, old_way);
    build(c, "IoBuildDeviceIoControlRequest", 9, args, step);
}

void disk_geometry(struct call *c, uint32_t step)
{
    ask_geometry(c, false, step);
}

bool disk_geometry_read(struct call *c, uint32_t status, bool *again)
{
    struct nt *nt = nt_of(c);
    uint32_t block = c->w[W_BLOCK], at = block + B_GEOMETRY;
    uint32_t bytes = field(c, B_GEOMETRY + GEO_SECTOR_BYTES);
    uint64_t sectors, track;

    *again = !nt_success(status) && !field(c, B_OLD_WAY);
    if (*again)
        ask_geometry(c, true, disk_step(c));
    if (!nt_success(status) || !sector_size_ok(bytes))
        return false;
    track =
        (uint64_t)nt_get32(nt, at + GEO_HEADS) * nt_get32(nt, at + GEO_TRACK);
    sectors = field(c, B_OLD_WAY)
                  ? field64(c, B_GEOMETRY + GEO_CYLINDERS) * track
                  : field64(c, B_GEOMETRY + GEO_DISK_BYTES) / bytes;
    if (sectors < 3)
        return false;
    nt_put32(nt, block + B_SECTOR_BYTES, bytes);
    nt_put(nt, block + B_SECTORS, &sectors, sizeof sectors);
    nt_put32(nt, block + B_HEADS, nt_get32(nt, at + GEO_HEADS));
    nt_put32(nt, block + B_TRACK, nt_get32(nt, at + GEO_TRACK));
    return true;
}
