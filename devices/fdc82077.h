/* devices/fdc82077.h -- what the files of the 82077AA share: ports, pins
 * and resets (fdc82077.c), what registers show (fdc82077_status.c), commands
 * and seeks (fdc82077_command.c), sectors (fdc82077_data.c, fdc82077_format.c)
 * and their bytes (fdc82077_fifo.c). Docs: docs/devices/fdc82077.md. */
#ifndef DEVICES_FDC82077_H
#define DEVICES_FDC82077_H

#include "floppy_drive.h"

enum { FDC_DRIVES = 4, FDC_NO_DRIVE = FDC_DRIVES };
enum { FDC_COMMAND = 9, FDC_RESULT = 10, FDC_DATA_RESULT = 7 };
enum { FDC_FIFO = 16 };
enum fdc_mode { MODE_AT, MODE_PS2, MODE_MODEL30 };

enum {
    DOR_DRIVE = 0x03,
    DOR_RESET = 0x04,
    DOR_DMAGATE = 0x08,
    DOR_MOTOR = 0x10
};
enum { CCR_NOPREC = 4, FLOATING = 0xff };
enum { SPECIFY_ND = 0x01 };
enum {
    CONFIGURE_EIS = 0x40,
    CONFIGURE_EFIFO = 0x20, /* set: the FIFO is off   */
    CONFIGURE_POLL = 0x10,  /* set: no polling        */
    CONFIGURE_FIFOTHR = 0x0f
};
enum { ST0_IC = 0x40, ST0_INVALID = 0x80, ST0_POLLED = 0xc0 };
enum { ST0_SE = 0x20, ST0_EC = 0x10 };
enum {
    ST1_EN = 0x80,
    ST1_DE = 0x20,
    ST1_OR = 0x10,
    ST1_ND = 0x04,
    ST1_NW = 0x02,
    ST1_MA = 0x01
};
enum { ST2_CM = 0x40, ST2_DD = 0x20, ST2_WC = 0x10, ST2_SH = 8, ST2_SN = 4 };

/** PHASE_NONE: held in reset, or not yet out of it. */
enum fdc_phase { PHASE_NONE, PHASE_COMMAND, PHASE_EXECUTE, PHASE_RESULT };
/** Timers; FDC_SEEK + n: the next step pulse for drive n. */
enum { FDC_AWAKE, FDC_STAGE, FDC_REQUEST, FDC_SEEK };
/** Bits of the command byte, and of the second. */
enum { COMMAND_MT = 0x80, COMMAND_MFM = 0x40, COMMAND_SK = 0x20 };
enum { COMMAND_HDS = 0x04, COMMAND_DS = 0x03, COMMAND_EC = 0x80 };
enum { SEEK_TO, SEEK_HOME, SEEK_BY };
/** Flip-flops of SRA and SRB. */
enum { FLIP_STEP = 1, FLIP_WRITE = 2, FLIP_READ = 4, FLIP_GATE = 8 };

enum fdc_stage {
    STAGE_NONE, /* waits for an index that never comes, or for a command   */
    STAGE_STEP, /* implied seek                                            */
    STAGE_LOADED,
    STAGE_LOST,  /* the index came twice                                    */
    STAGE_ID,    /* READ ID: it has passed                                  */
    STAGE_FIELD, /* the data field begins                                   */
    STAGE_END,   /* and is over                                             */
    STAGE_DRAIN, /* the host has not taken the last of it yet               */
    STAGE_INDEX, /* FORMAT, READ TRACK: the index has come                  */
    STAGE_MARK,  /* FORMAT: an ID is over                                   */
    STAGE_TURN,  /* FORMAT: the index has come again                        */
    STAGES
};
/** Low five bits of the commands that come here. */
enum {
    READ_TRACK = 0x02,
    WRITE_DATA = 0x05,
    READ_DATA = 0x06,
    WRITE_DELETED = 0x09,
    READ_ID = 0x0a,
    READ_DELETED = 0x0c,
    FORMAT = 0x0d,
    SCAN_EQUAL = 0x11,
    VERIFY = 0x16,
    SCAN_LOW = 0x19,
    SCAN_HIGH = 0x1d
};
/** The command's bytes; FORMAT has others from its third on. */
enum { C = 2, H, R, N, EOT, GPL, DTL };
enum { FORMAT_N = 2, FORMAT_SC, FORMAT_GPL, FORMAT_D };
enum { N_512 = 2, ANY = 0xff, ID_BYTES = 4 };
/** Bytes of a track in MFM: what comes between a sector's begin and its ID, its
 *  data, and after them (data sheet, figure 5-1: sync, marks, CRC, gap 2). */
enum { TO_ID = 16, TO_DATA = 60, CRC = 2 };

struct fdc {
    struct device dev;
    uint64_t mode, speed; /* settings */
    struct floppy_drive drive[FDC_DRIVES];
    uint8_t dor, tdr, rate;
    bool no_precomp; /* CCR's NOPREC */
    bool inwards;    /* DIR pin                        */
    uint8_t flips;
    uint8_t phase; /* enum fdc_phase */
    uint8_t command[FDC_COMMAND], got, wants;
    uint8_t result[FDC_RESULT], results, told;
    /* what SPECIFY, CONFIGURE, PERPENDICULAR MODE and LOCK left */
    uint8_t specify[2], configure, pretrk, perpendicular;
    bool locked;
    uint8_t sc_eot; /* of the last format, read or write: DUMPREG */
    /* INT, and whom SENSE INTERRUPT STATUS has to tell of: a bit a drive */
    bool interrupt;
    uint8_t polled, ended, seeking;
    uint8_t st0[FDC_DRIVES], pcn[FDC_DRIVES];
    uint8_t seek_kind[FDC_DRIVES], steps[FDC_DRIVES], outwards;
    /* a data command at work */
    uint8_t stage, head, st1, st2;
    uint8_t count; /* sectors of it: VERIFY's SC, FORMAT's, READ TRACK's     */
    bool seeked, tc, late, bad, request;
    bool skipped, other_mark; /* for a data mark that is not the command's: SK
                                 or not */
    uint16_t bytes, moved;    /* of the sector, or a FORMAT's ID      */
    uint8_t buffer[FLOPPY_SECTOR];  /* what the host takes or gives         */
    uint8_t compare[FLOPPY_SECTOR]; /* SCAN: what the medium has            */
    uint64_t from_ns, begun_ns;     /* its first byte; FORMAT: index        */
    uint64_t unload_ns;             /* when the heads leave the medium      */
};

static inline unsigned fdc_kind(const struct fdc *s)
{
    return s->command[0] & 0x1f;
}

static inline bool fdc_scans(const struct fdc *s)
{
    unsigned k = fdc_kind(s);

    return k == SCAN_EQUAL || k == SCAN_LOW || k == SCAN_HIGH;
}

static inline bool fdc_writes(const struct fdc *s)
{
    return fdc_kind(s) == WRITE_DATA || fdc_kind(s) == WRITE_DELETED;
}

/** fdc_reads() - does the host get bytes of it? */
static inline bool fdc_reads(const struct fdc *s)
{
    return !fdc_writes(s) && !fdc_scans(s) && fdc_kind(s) != FORMAT;
}

/* ---- fdc82077.c ---- */

/** fdc_lines() - drive INT and DRQ as the state has them. */
void fdc_lines(struct fdc *s);
/** fdc_interrupt() - INT, as far as DMAGATE lets it out. */
void fdc_interrupt(struct fdc *s, bool level);
/** fdc_selected() - the drive that DOR selects and whose motor it turns. */
unsigned fdc_selected(const struct fdc *s);
/** fdc_byte_ns() - a byte's time in MFM at the data rate. */
uint64_t fdc_byte_ns(const struct fdc *s);
/** fdc_format() - of the medium that turns under the heads; NULL: none. */
const struct floppy_format *fdc_format(const struct fdc *s);
/** fdc_turn_ns() - a revolution of it; fdc_angle_ns() - since its index. */
uint64_t fdc_turn_ns(const struct fdc *s);
uint64_t fdc_angle_ns(const struct fdc *s);
/** fdc_protected()/fdc_at_track0() - pins WP and TRK0, of the selected drive.
 */
bool fdc_protected(const struct fdc *s);
bool fdc_at_track0(const struct fdc *s);
/** fdc_step_pulse() - to the selected drive. */
void fdc_step_pulse(struct fdc *s, bool inwards);

/* ---- fdc82077_status.c ---- */

/** What is read there; DIR without its side effect. */
uint8_t fdc_msr(const struct fdc *s);
uint8_t fdc_sra(const struct fdc *s);
uint8_t fdc_srb(const struct fdc *s);
uint8_t fdc_dir(const struct fdc *s);

/* ---- fdc82077_command.c ---- */

/** fdc_command_write() - the next byte of a command; the last starts it. */
void fdc_command_write(struct fdc *s, uint8_t byte);
/** fdc_result_read() - the next byte of the result phase. */
uint8_t fdc_result_read(struct fdc *s);
/** fdc_result() - into the result phase with @n bytes of s->result. */
void fdc_result(struct fdc *s, unsigned n);
/** fdc_idle() - into the command phase. */
void fdc_idle(struct fdc *s);
/** fdc_seek_step() - timer FDC_SEEK + @n. fdc_step_ns() - between two steps. */
void fdc_seek_step(struct fdc *s, unsigned n);
uint64_t fdc_step_ns(const struct fdc *s);

/* ---- fdc82077_data.c ---- */

/** fdc_data_begin() - all bytes of a data command are there. */
void fdc_data_begin(struct fdc *s);
/** fdc_data_stage() - timer FDC_STAGE. */
void fdc_data_stage(struct fdc *s);
/** fdc_data_check() - may it run on with these fields, after a load? */
bool fdc_data_check(const struct fdc *s);
/** fdc_after() - @stage comes in @ns. */
void fdc_after(struct fdc *s, uint64_t ns, enum fdc_stage stage);
/** fdc_finish() - into the result phase; fdc_fail() - with more in ST1, ST2. */
void fdc_finish(struct fdc *s, bool failed);
void fdc_fail(struct fdc *s, uint8_t st1, uint8_t st2);
/** fdc_readable() - the format, if marks can be read where the heads are: MFM,
 *  data rate, side and cylinder are the medium's. NULL: they cannot. */
const struct floppy_format *fdc_readable(const struct fdc *s);
/** fdc_here() - sector @number under the selected drive's heads. */
struct floppy_sector fdc_here(const struct fdc *s, unsigned number);

/* ---- fdc82077_format.c ---- */

/** fdc_format_begin() - at the index; fdc_format_mark() - an ID is over. */
void fdc_format_begin(struct fdc *s);
void fdc_format_mark(struct fdc *s);

/* ---- fdc82077_fifo.c ---- */

/** fdc_fifo_open() - for @n bytes, the first under the heads at @from_ns; what
 *  the host gives is asked for before. */
void fdc_fifo_open(struct fdc *s, unsigned n, uint64_t from_ns);
/** fdc_fifo_request() - DRQ, or INT and RQM without DMA. */
void fdc_fifo_request(struct fdc *s, bool on);
/** fdc_fifo_asks() - timer FDC_REQUEST. */
void fdc_fifo_asks(struct fdc *s);
/** fdc_fifo_take()/fdc_fifo_give() - a byte to or from the host. */
uint8_t fdc_fifo_take(struct fdc *s);
void fdc_fifo_give(struct fdc *s, uint8_t byte);
/** fdc_fifo_tc() - terminal count: the host wants no more. */
void fdc_fifo_tc(struct fdc *s);
/** fdc_fifo_ready() - bytes that can be taken or given now. */
uint32_t fdc_fifo_ready(const struct fdc *s);
/** fdc_fifo_late() - did the heads pass more than it could hold, or had? */
bool fdc_fifo_late(const struct fdc *s);

#endif
