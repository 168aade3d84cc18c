/* devices/hba.h -- what host adapters with mailboxes in memory have in common:
 * Adaptec's AHA-1540 family and BusLogic's, which is a superset. The adapter
 * scans outgoing mailboxes, carries out one command control block (CCB) at a
 * time, and tells its end in an incoming mailbox. Docs: docs/devices/scsi.md.
 */
#ifndef DEVICES_HBA_H
#define DEVICES_HBA_H

#include "scsi.h"

enum { HBA_TARGETS = 16, HBA_PARAMETERS = 64, HBA_REPLY = 256 };
enum { HBA_FIFO = 64 };
enum { HBA_CONTROL, HBA_DATA, HBA_FLAGS, HBA_GEOMETRY }; /* ports */
/* control (write) and status (read) */
enum {
    CONTROL_HARD = 0x80,
    CONTROL_SOFT = 0x40,
    CONTROL_INTERRUPT = 0x20,
    CONTROL_BUS = 0x10
};
enum {
    STATUS_MAILBOXES = 0x20, /* they must be set up   */
    STATUS_IDLE = 0x10,      /* no adapter command    */
    STATUS_DATA = 0x04,      /* a byte can be read    */
    STATUS_INVALID = 0x01
};
enum {
    FLAG_ANY = 0x80,
    FLAG_DONE = 0x04, /* adapter command complete      */
    FLAG_OUT = 0x02,  /* an outgoing mailbox is free   */
    FLAG_IN = 0x01    /* an incoming mailbox is filled */
};
enum { MAIL_START = 1, MAIL_ABORT = 2 };
enum { MAIL_OK = 1, MAIL_NO_CCB = 3, MAIL_ERROR = 4 };
enum { HOST_TIMEOUT = 0x11, HOST_OVERRUN = 0x12, HOST_OPCODE = 0x16 };
enum { HBA_CHUNK = 0x4000, HBA_BUFFER = 7 }; /* bytes, window of card RAM */
enum { HBA_ENGINE, HBA_ENGINE_FIFO };
/** What comes back from bus and clock; the numbers are in saves. */
enum hba_step {
    HBA_GOT_MAIL,
    HBA_FREED_MAIL,
    HBA_GOT_IN,
    HBA_WROTE_IN,
    HBA_RETRY_IN, /* time to look again */
    HBA_GOT_CCB,
    HBA_GOT_SEGMENT,
    HBA_MOVED, /* a piece of the data */
    HBA_WROTE_SENSE,
    HBA_WROTE_RESIDUAL,
    HBA_WROTE_OUTCOME,
    HBA_FIFO_MOVED,
    HBA_INTERRUPT_AGAIN /* one waited */
};

struct hba;
/** What differs between the models; const. */
struct hba_kind {
    /** Bytes of parameters of @command, -1: there is no such command. */
    int (*parameters)(const struct hba *h, uint8_t command);
    /** All parameters are there: carry it out (hba_reply, hba_invalid). */
    void (*run)(struct hba *h, uint8_t command);
    uint8_t targets;
};

struct hba {
    struct device dev;
    uint8_t status, flags, later; /* later: behind an interrupt not reset */
    /* the adapter command at work */
    bool commanded, long_command; /* long: the reply waits for DMA       */
    uint8_t command, parameters, got;
    uint8_t parameter[HBA_PARAMETERS];
    uint8_t reply[HBA_REPLY];
    uint8_t fifo[HBA_FIFO];
    uint16_t reply_bytes, reply_at;
    /* mailboxes */
    bool wide; /* 32-bit mailboxes, CCBs and segments */
    bool out_interrupt, strict;
    uint8_t mailboxes, out, in;
    uint32_t mailbox_at;
    uint8_t empty; /* outgoing ones found free in a row */
    bool scanning, again;
    uint8_t mail[8];
    /* the CCB at work */
    uint32_t ccb_at;
    uint8_t ccb[40];
    uint8_t host_status, target_status, completion;
    uint32_t segments_at, segments_left; /* bytes of the list to come */
    uint32_t data_at, data_left;         /* of the present segment    */
    uint8_t segment[8];
    uint32_t rest;            /* of all segments, for the residual     */
    uint32_t chunk, chunk_at; /* bytes in the buffer, and moved of it  */
    bool to_host, counting;   /* counting: segments, for the residual  */
    uint8_t sense[SCSI_SENSE], outcome[4];
    struct scsi_command c;
    struct scsi_target target[HBA_TARGETS];
};

extern const struct state_row hba_rows[];

void hba_reset(struct hba *h);
bool hba_check(const struct device *dev);
uint32_t hba_peek(const struct hba *h, uint32_t port);
uint32_t hba_read(struct hba *h, uint32_t port);
void hba_write(struct hba *h, const struct hba_kind *kind, uint32_t port,
               uint8_t value);
void hba_step(struct hba *h, const struct hba_kind *kind, unsigned step,
              enum dma_status st);

/* For a kind's run(): */
void hba_reply(struct hba *h, const void *bytes, unsigned n);
void hba_invalid(struct hba *h);
/** hba_quiet() - the command is over, and no interrupt tells it. */
void hba_quiet(struct hba *h);
/** hba_mailboxes() - they are at @at, @n each way. */
void hba_mailboxes(struct hba *h, bool wide, unsigned n, uint32_t at);
void hba_start(struct hba *h); /* START SCSI: scan the outgoing ones */
/** hba_fifo() - the adapter's test buffer of 64 bytes, to or from memory. */
void hba_fifo(struct hba *h, uint32_t at, bool to_memory);

/* ---- numbers in memory: Adaptec's are big endian, 24 bits --------------- */

static inline uint32_t hba_be24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t hba_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/** hba_number(), hba_put_number() - as the mailboxes in use have them. */
static inline uint32_t hba_number(const struct hba *h, const uint8_t *p)
{
    return h->wide ? hba_le32(p) : hba_be24(p);
}

static inline void hba_put_number(const struct hba *h, uint8_t *p, uint32_t v)
{
    if (h->wide) {
        for (unsigned i = 0; i < 4; i++)
            p[i] = (uint8_t)(v >> 8 * i);
    } else {
        for (unsigned i = 0; i < 3; i++)
            p[i] = (uint8_t)(v >> 8 * (2 - i));
    }
}

/* ---- between hba.c, hba_mail.c and hba_ccb.c ---------------------------- */

/** hba_raise() - an interrupt; one that is not reset yet goes first. */
void hba_raise(struct hba *h, uint8_t flag);
/** hba_mail_next() - on to the next outgoing mailbox; @found: this one had
 *  work. */
void hba_mail_next(struct hba *h, bool found);
/** hba_mail_end() - a CCB is over: into the next incoming mailbox. */
void hba_mail_end(struct hba *h);
void hba_mail_step(struct hba *h, unsigned step);
/** hba_ccb_read() - the CCB at ccb_at; hba_ccb_begin() - when it is here. */
void hba_ccb_read(struct hba *h);
void hba_ccb_begin(struct hba *h, const struct hba_kind *kind);
void hba_ccb_step(struct hba *h, unsigned step);

#endif
