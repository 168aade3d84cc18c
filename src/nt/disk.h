/* src/nt/disk.h -- what the routines on disks share: they read and write
 * sectors with requests of their own, as a driver builds them, and each is a
 * state machine of steps.
 *
 *      step ----> disk_read ----> IoBuildSynchronousFsdRequest   state BUILT
 *        ^                        IofCallDriver                        SENT
 *        +------ disk_back <----- wait for its event                   WAITED
 */
#ifndef NT_DISK_H
#define NT_DISK_H

#include "nt/partition.h"
#include "nt/private.h"

#define STATUS_DISK_CORRUPT_ERROR 0xC0000032u
#define STATUS_UNRECOGNIZED_MEDIA 0xC0000014u

enum {
    DISK_SECTOR_MOST = 4096,
    DISK_TABLE = DISK_SECTOR_MOST, /* in the buffer: behind one sector */
    DISK_TABLE_BYTES = 0x14000,
    DISK_FIELDS = 16,
};

/** disk_begin() - memory for the routine's requests to @device, which stands
 *  in its words 0 and 1. False: there is none, the call has ended.
 *  @sector_bytes: 0: disk_geometry() will ask the device. */
bool disk_begin(struct call *c, uint32_t device, uint32_t sector_bytes);
/** disk_end() - the memory goes, the routine returns @status. */
void disk_end(struct call *c, uint32_t status);

/** These end the entry; the routine goes on in @step, once disk_back() says
 *  that the request is done. */
void disk_geometry(struct call *c, uint32_t step);
void disk_read(struct call *c, uint64_t sector, uint32_t sectors,
               uint32_t offset, uint32_t step);
void disk_write(struct call *c, uint64_t sector, uint32_t sectors,
                uint32_t offset, uint32_t step);
/** disk_back() - in any later state: false, the entry has ended. True: *status
 *  is the request's, disk_step() where to go on. */
bool disk_back(struct call *c, uint32_t *status);
uint32_t disk_step(const struct call *c);
/** disk_geometry_read() - in the step after disk_geometry(). False: the answer
 *  is none; *again: the device has been asked in the older way. */
bool disk_geometry_read(struct call *c, uint32_t status, bool *again);

uint32_t disk_sector_bytes(const struct call *c);
uint64_t disk_sectors(const struct call *c);
struct mbr_geometry disk_mbr_geometry(const struct call *c);
/** disk_buffer() - guest address of the buffer, whole pages of pool. */
uint32_t disk_buffer(const struct call *c);
/** disk_load()/disk_store() - bytes of the buffer. */
void disk_load(const struct call *c, uint32_t offset, void *to, uint32_t bytes);
void disk_store(const struct call *c, uint32_t offset, const void *from,
                uint32_t bytes);
/** disk_field()/disk_set() - numbers of the routine that outlast a request. */
uint64_t disk_field(const struct call *c, unsigned i);
void disk_set(const struct call *c, unsigned i, uint64_t v);

#endif
