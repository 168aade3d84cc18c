/* tests/devices/fdc_rig.h -- an 82077AA with a floppy in drive 0, driven by its
 * ports as the data sheet's flow charts do. */
#ifndef TESTS_DEVICES_FDC_RIG_H
#define TESTS_DEVICES_FDC_RIG_H

#include "disk_rig.h"

enum { FDC_SRA = 0x3f0, FDC_SRB, FDC_DOR, FDC_TDR, FDC_MSR, FDC_FIFO };
enum { FDC_DSR = FDC_MSR, FDC_DIR = 0x3f7, FDC_CCR = FDC_DIR };
enum { FDC_AT = 0x1c }; /* AT's DOR: drive 0 turns, INT and DRQ pass */
enum { FDC_BUFFER = 0x20000 };
enum { K360 = 360 << 10, K720 = 720 << 10, K1200 = 1200 << 10 };
enum { K1440 = 1440 << 10, K2880 = 2880 << 10 };
enum { FDC_SEED = 3 }; /* of disk_byte() in the medium */

/** fdc_bench() - chip and 8237 pair, a medium of @bytes in drive 0 (0: the
 * drive is empty), the machine reset, @mode as the setting. */
struct bench *fdc_bench(uint64_t bytes, bool read_only, unsigned mode);
/** fdc_ready() - that, out of reset with the polling told of, drive 0 turning
 * at the medium's data rate; SPECIFY: step 1 ms, loads and unloads 2 and 16 ms
 * at 500 kbps. */
struct bench *fdc_ready(uint64_t bytes);
struct bench *fdc_ready_with(uint64_t bytes, bool read_only, unsigned mode);
/** fdc_wake() - out of reset and the four interrupts of polling told of. */
void fdc_wake(struct bench *b, uint8_t dor);

/** fdc_send() - @n bytes of a command, each when MSR asks for it. */
void fdc_send(struct bench *b, const uint8_t *bytes, unsigned n);
#define FDC(b, ...)                                                            \
    do {                                                                       \
        const uint8_t bytes_[] = {__VA_ARGS__};                                \
        fdc_send(b, bytes_, sizeof bytes_);                                    \
    } while (0)
/** fdc_results() - the result phase; fails unless it has @n bytes. */
void fdc_results(struct bench *b, uint8_t *to, unsigned n);
/** fdc_expect() - until INT, then the result phase is just these bytes. */
void fdc_expect(struct bench *b, const uint8_t *bytes, unsigned n);
#define FDC_EXPECT(b, ...)                                                     \
    do {                                                                       \
        const uint8_t bytes_[] = {__VA_ARGS__};                                \
        fdc_expect(b, bytes_, sizeof bytes_);                                  \
    } while (0)
/** fdc_sense() - SENSE INTERRUPT STATUS: ST0 << 8 | PCN, or ST0 alone. */
unsigned fdc_sense(struct bench *b);
/** fdc_seek() - drive 0 to @cylinder, told of. */
void fdc_seek(struct bench *b, uint8_t cylinder);
/** fdc_channel() - channel 2 from FDC_BUFFER on; @mode 46h writes memory, 4Ah
 *  reads it (single). */
void fdc_channel(struct bench *b, uint8_t mode, unsigned bytes);
bool fdc_int(struct bench *b);
/** fdc_wait_rqm() - time passes until MSR has RQM. */
void fdc_wait_rqm(struct bench *b);

#endif
