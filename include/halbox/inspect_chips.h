/* include/halbox/inspect_chips.h -- the chips of the board: DMA channels,
 * interrupt lines, counters, PCI functions; and every field of any device by
 * name. Part of halbox/inspect.h. Nothing here is a bus cycle. */
#ifndef HALBOX_INSPECT_CHIPS_H
#define HALBOX_INSPECT_CHIPS_H

#include "halbox/addr.h"
#include "halbox/device.h"
#include "halbox/machine.h"

/* ---- fields of a device --------------------------------------------------*/

/** A number that a device keeps: "channel[3].mode". */
struct inspect_field {
    char name[64];
    uint64_t value;
    uint32_t bytes; /* of it; more than 8: raw bytes, `value` is the first    */
};
/** inspect_field_at() - the fields that are saved of device @device, one after
 *  the other. */
HB_API bool inspect_field_at(const struct machine *m, const char *device,
                             unsigned index, struct inspect_field *field);
/** inspect_field() - one of them by name. False: no such device or field. */
HB_API bool inspect_field(const struct machine *m, const char *device,
                          const char *name, uint64_t *value);

/* ---- 8237 ----------------------------------------------------------------*/

enum { INSPECT_CHANNELS = 8 };
/** A channel of the pair of 8237As, with its page register. */
struct inspect_channel {
    const char *mode;     /* demand, single, block, cascade                  */
    const char *transfer; /* verify, write (to memory), read, illegal        */
    bool auto_init, decrement;
    bool masked, requested; /* its mask bit; its software request bit        */
    bool dreq, dack;        /* its line is active; it has the bus            */
    bool reached_tc;        /* since the status register was read            */
    bool disabled;          /* its chip is, by the command register          */
    bool high_byte;         /* the chip's flip-flop: which comes next        */
    uint8_t width, page;    /* bits of a unit; page register                 */
    uint32_t base_address, address; /* as the chip counts them               */
    uint32_t base_count, count;     /* units - 1                             */
    dla_t at;                       /* logical address of the next unit      */
    char device[MACHINE_NAME];      /* the card strapped to it, or ""        */
};
HB_API bool inspect_channel_at(const struct machine *m, unsigned index,
                               struct inspect_channel *channel);

/* ---- interrupts ----------------------------------------------------------*/

enum { INSPECT_IRQS = 16 };
/** A request line of the pair of 8259As. */
struct inspect_irq {
    bool line;                          /* level on the wire                */
    bool requested, in_service, masked; /* IRR, ISR, IMR                    */
    bool level;                         /* trigger mode, by the ELCR        */
    uint8_t vector;
    uint8_t irql;       /* at which the kernel serves it; bare machine: 0  */
    bool noted;         /* it came while the IRQL masked it: the kernel has
                           masked the line and replays it                  */
    unsigned connected; /* interrupt objects                               */
    char devices[128];  /* that are wired to it: "edu, uart16550"          */
};
HB_API bool inspect_irq_at(const struct machine *m, unsigned irq,
                           struct inspect_irq *line);

/** A counter of the 8254; what it counts down is in inspect_field(). */
struct inspect_counter_chip {
    uint8_t mode;
    bool bcd, gate, counting;
    uint32_t reload; /* in clocks of 1.193182 MHz */
};
HB_API bool inspect_counter_chip_at(const struct machine *m, unsigned index,
                                    struct inspect_counter_chip *counter);

/* ---- PCI -----------------------------------------------------------------*/

enum { INSPECT_CAPABILITIES = 16 };
struct inspect_bar {
    bool present, port, prefetch, enabled; /* enabled: it decodes            */
    uint32_t base, bytes;
};
/** A function on PCI bus 0. */
struct inspect_pci {
    char device[MACHINE_NAME];
    uint8_t slot, function;
    uint16_t vendor, id, subsystem_vendor, subsystem;
    uint8_t base_class, subclass, prog_if, revision, header_type;
    uint16_t command, status;
    uint8_t pin, line; /* INTA# is 1, 0: none; what software wrote     */
    char wire[16];     /* that the pin is on: "PIRQA"                  */
    struct inspect_bar bar[PCI_BARS], rom;
    unsigned capabilities;
    struct {
        uint8_t id, offset;
    } capability[INSPECT_CAPABILITIES];
};
HB_API bool inspect_pci_at(const struct machine *m, unsigned index,
                           struct inspect_pci *function);

#endif
