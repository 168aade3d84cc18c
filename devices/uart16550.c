/* devices/uart16550.c -- 16550A UART. Bytes leave the machine with stream_put
 * and enter by the model's receive; a character takes its bits' time at the
 * programmed divisor. Output: the IRQ, gated by MCR.OUT2 as on a PC.
 * Source: National PC16550D data sheet. Docs: docs/devices/uart16550.md. */
#include <string.h>

#include "halbox/device.h"

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR, REGISTERS };
enum { IER_RX = 1, IER_TX = 2, IER_LINE = 4, IER_MODEM = 8 };
enum {
    IIR_NONE = 1,
    IIR_MODEM = 0,
    IIR_TX = 2,
    IIR_RX = 4,
    IIR_LINE = 6,
    IIR_TIMEOUT = 12,
    IIR_FIFOS = 0xc0
};
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2, FCR_CLEAR_TX = 4 };
enum { LCR_BREAK = 0x40, LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 16 };
enum { LSR_DR = 1, LSR_OE = 2, LSR_PE = 4, LSR_FE = 8, LSR_BI = 16 };
enum { LSR_THRE = 0x20, LSR_TEMT = 0x40, LSR_FIFO_ERROR = 0x80 };
enum { MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80 };
enum { FIFO = 16, CRYSTAL = 1843200 };
enum { STEP_SENT, STEP_TIMEOUT }; /* timers */

struct uart16550 {
    struct device dev;
    uint8_t ier, fcr, lcr, mcr, lsr, msr, scr;
    uint16_t divisor;
    uint8_t rx[FIFO], rx_error[FIFO], rx_first, rx_count;
    uint8_t tx[FIFO], tx_first, tx_count;
    uint8_t shift, shifting; /* the transmitter's shift register */
    uint8_t tx_pending;      /* THR-empty interrupt not seen yet */
    uint8_t timed_out;       /* four character times without a read */
};

static unsigned depth(const struct uart16550 *s)
{
    return s->fcr & FCR_ENABLE ? FIFO : 1;
}

static uint64_t character_ns(const struct uart16550 *s)
{
    unsigned bits = 1 + 5 + (s->lcr & 3) + !!(s->lcr & 8) + 1 + !!(s->lcr & 4);
    uint64_t divisor = s->divisor ? s->divisor : 65536;

    return bits * divisor * 16 * 1000000000u / CRYSTAL;
}

static unsigned trigger(const struct uart16550 *s)
{
    static const uint8_t level[4] = {1, 4, 8, 14};

    return s->fcr & FCR_ENABLE ? level[s->fcr >> 6] : 1;
}

/* The pending interrupt of the highest priority, as IIR shows it. */
static uint8_t pending(const struct uart16550 *s)
{
    if ((s->ier & IER_LINE) && (s->lsr & (LSR_OE | LSR_PE | LSR_FE | LSR_BI)))
        return IIR_LINE;
    if ((s->ier & IER_RX) && s->rx_count >= trigger(s))
        return IIR_RX;
    if ((s->ier & IER_RX) && s->timed_out)
        return IIR_TIMEOUT;
    if ((s->ier & IER_TX) && s->tx_pending)
        return IIR_TX;
    if ((s->ier & IER_MODEM) && (s->msr & 15))
        return IIR_MODEM;
    return IIR_NONE;
}

static void update(struct uart16550 *s)
{
    bool gated = (s->mcr & MCR_OUT2) && !(s->mcr & MCR_LOOP);

    irq_set(&s->dev, gated && pending(s) != IIR_NONE);
}

/* In loop-back the modem inputs are the outputs; otherwise a quiet line with a
 * ready partner: CTS, DSR and DCD are high. */
static void update_modem(struct uart16550 *s)
{
    uint8_t old = s->msr, now = MSR_CTS | MSR_DSR | MSR_DCD;

    if (s->mcr & MCR_LOOP)
        now = (uint8_t)((s->mcr & MCR_RTS ? MSR_CTS : 0) |
                        (s->mcr & MCR_DTR ? MSR_DSR : 0) |
                        (s->mcr & MCR_OUT1 ? MSR_RI : 0) |
                        (s->mcr & MCR_OUT2 ? MSR_DCD : 0));
    /* RI tells its trailing edge, the others any change */
    s->msr = (uint8_t)(now | (old & 15) | ((old ^ now) >> 4 & 0xb) |
                       ((old & ~now) >> 4 & 4));
}

static void receive(struct uart16550 *s, uint8_t byte, uint8_t error)
{
    unsigned last;

    s->timed_out = 0;
    if (s->rx_count >= depth(s)) {
        s->lsr |= LSR_OE; /* a FIFO keeps what it has, the RBR the new one */
        if (depth(s) == 1)
            s->rx[s->rx_first] = byte;
        update(s);
        return;
    }
    last = (s->rx_first + s->rx_count) % FIFO;
    s->rx[last] = byte;
    s->rx_error[last] = error;
    s->rx_count++;
    s->lsr |= LSR_DR;
    if (s->rx_count == 1)
        s->lsr |= error;
    if (error && (s->fcr & FCR_ENABLE))
        s->lsr |= LSR_FIFO_ERROR;
    if (s->fcr & FCR_ENABLE)
        clock_after_ns(&s->dev, 4 * character_ns(s), STEP_TIMEOUT);
    update(s);
}

/* A word on the line has 5 to 8 bits (LCR 1:0). */
static uint8_t word(const struct uart16550 *s, uint8_t byte)
{
    return byte & (uint8_t)(0xff >> (3 - (s->lcr & 3)));
}

static void uart16550_receive(struct device *dev, uint8_t byte)
{
    struct uart16550 *s = (struct uart16550 *)dev;

    if (!(s->mcr & MCR_LOOP)) /* the pin is cut off in loop-back */
        receive(s, word(s, byte), 0);
}

static bool uart16550_receive_ready(const struct device *dev)
{
    const struct uart16550 *s = (const struct uart16550 *)dev;

    return s->rx_count < depth(s) && !(s->mcr & MCR_LOOP);
}

static void start_sending(struct uart16550 *s)
{
    if (s->shifting || !s->tx_count)
        return;
    s->shift = s->tx[s->tx_first];
    s->tx_first = (uint8_t)((s->tx_first + 1) % FIFO);
    s->tx_count--;
    s->shifting = 1;
    s->lsr &= (uint8_t)~LSR_TEMT;
    if (!s->tx_count) {
        s->lsr |= LSR_THRE;
        s->tx_pending = 1;
    }
    clock_after_ns(&s->dev, character_ns(s), STEP_SENT);
}

static void sent(struct uart16550 *s)
{
    uint8_t byte = word(s, s->shift);

    s->shifting = 0;
    if (s->mcr & MCR_LOOP)
        receive(s, byte, 0);
    else if (!(s->lcr & LCR_BREAK))
        stream_put(&s->dev, byte);
    start_sending(s);
    if (!s->shifting)
        s->lsr |= LSR_TEMT;
}

static void uart16550_step(struct device *dev, unsigned step,
                           enum dma_status status)
{
    struct uart16550 *s = (struct uart16550 *)dev;

    (void)status;
    if (step == STEP_SENT)
        sent(s);
    else if (s->rx_count)
        s->timed_out = 1;
    update(s);
}

static void write_thr(struct uart16550 *s, uint8_t byte)
{
    unsigned last = (s->tx_first + s->tx_count) % FIFO;

    if (s->tx_count >= depth(s)) { /* an overrun THR holds the newest byte */
        s->tx[(last + FIFO - 1) % FIFO] = byte;
        guest_error(&s->dev, "transmitter written while full");
    } else {
        s->tx[last] = byte;
        s->tx_count++;
    }
    s->lsr &= (uint8_t) ~(LSR_THRE | LSR_TEMT);
    s->tx_pending = 0;
    start_sending(s);
}

static void write_fcr(struct uart16550 *s, uint8_t value)
{
    bool toggled = (s->fcr ^ value) & FCR_ENABLE;

    if (toggled || (value & FCR_CLEAR_RX)) {
        s->rx_first = s->rx_count = s->timed_out = 0;
        s->lsr &= (uint8_t) ~(LSR_DR | LSR_FIFO_ERROR);
        clock_cancel(&s->dev, STEP_TIMEOUT);
    }
    if (toggled || (value & FCR_CLEAR_TX)) {
        s->tx_first = s->tx_count = 0;
        if (!(s->lsr & LSR_THRE))
            s->tx_pending = 1;
        s->lsr |= LSR_THRE;
    }
    s->fcr = value & FCR_ENABLE ? value & 0xc9 : 0;
}

/* LSR bit 7 is there while any character of the FIFO has an error. */
static void update_fifo_error(struct uart16550 *s)
{
    uint8_t errors = 0;

    for (unsigned i = 1; i < s->rx_count; i++) /* the first is in LSR */
        errors |= s->rx_error[(s->rx_first + i) % FIFO];
    if (!errors)
        s->lsr &= (uint8_t)~LSR_FIFO_ERROR;
}

static uint8_t read_rbr(struct uart16550 *s)
{
    uint8_t byte = s->rx[s->rx_first];

    s->timed_out = 0;
    if (!s->rx_count)
        return byte; /* the register keeps its last byte */
    s->rx_first = (uint8_t)((s->rx_first + 1) % FIFO);
    s->rx_count--;
    if (!s->rx_count) {
        s->lsr &= (uint8_t)~LSR_DR;
        clock_cancel(&s->dev, STEP_TIMEOUT);
    } else {
        s->lsr |= s->rx_error[s->rx_first]; /* shown with its character */
        clock_after_ns(&s->dev, 4 * character_ns(s), STEP_TIMEOUT);
    }
    return byte;
}

static void read_lsr(struct uart16550 *s)
{
    s->lsr &= (uint8_t) ~(LSR_OE | LSR_PE | LSR_FE | LSR_BI);
    update_fifo_error(s);
}

static uint32_t uart16550_peek(const struct device *dev, unsigned window,
                               uint32_t offset, unsigned bytes)
{
    const struct uart16550 *s = (const struct uart16550 *)dev;
    bool dlab = s->lcr & LCR_DLAB;

    (void)window;
    (void)bytes;
    switch (offset) {
    case RBR_THR:
        return dlab ? s->divisor & 0xff : s->rx[s->rx_first];
    case IER:
        return dlab ? (uint32_t)s->divisor >> 8 : s->ier;
    case IIR_FCR:
        return pending(s) | (s->fcr & FCR_ENABLE ? IIR_FIFOS : 0u);
    case LCR:
        return s->lcr;
    case MCR:
        return s->mcr;
    case LSR:
        return s->lsr;
    case MSR:
        return s->msr;
    default:
        return s->scr;
    }
}

static uint32_t uart16550_read(struct device *dev, unsigned window,
                               uint32_t offset, unsigned bytes)
{
    struct uart16550 *s = (struct uart16550 *)dev;
    uint32_t value = uart16550_peek(dev, window, offset, bytes);

    if (offset == RBR_THR && !(s->lcr & LCR_DLAB))
        value = read_rbr(s);
    else if (offset == IIR_FCR && (value & 15) == IIR_TX)
        s->tx_pending = 0;
    else if (offset == LSR)
        read_lsr(s);
    else if (offset == MSR)
        s->msr &= 0xf0;
    update(s);
    return value;
}

static void uart16550_write(struct device *dev, unsigned window,
                            uint32_t offset, unsigned bytes, uint32_t wide)
{
    struct uart16550 *s = (struct uart16550 *)dev;
    uint8_t value = (uint8_t)wide;
    bool dlab = s->lcr & LCR_DLAB;

    (void)window;
    (void)bytes;
    switch (offset) {
    case RBR_THR:
        if (dlab)
            s->divisor = (uint16_t)((s->divisor & 0xff00) | value);
        else
            write_thr(s, value);
        break;
    case IER:
        if (dlab) {
            s->divisor = (uint16_t)((s->divisor & 0xff) | value << 8);
        } else {
            if ((value & ~s->ier & IER_TX) && (s->lsr & LSR_THRE))
                s->tx_pending = 1;
            s->ier = value & 15;
        }
        break;
    case IIR_FCR:
        write_fcr(s, value);
        break;
    case LCR:
        s->lcr = value;
        if ((value & LCR_BREAK) && (s->mcr & MCR_LOOP))
            receive(s, 0, LSR_BI | LSR_FE);
        break;
    case MCR:
        s->mcr = value & 0x1f;
        update_modem(s);
        break;
    case SCR:
        s->scr = value;
        break;
    default: /* LSR and MSR: factory test only */
        break;
    }
    update(s);
}

static void uart16550_reset(struct device *dev)
{
    struct uart16550 *s = (struct uart16550 *)dev;

    memset((uint8_t *)s + sizeof s->dev, 0, sizeof *s - sizeof s->dev);
    s->lsr = LSR_THRE | LSR_TEMT;
    s->divisor = 12;
    s->msr = MSR_CTS | MSR_DSR | MSR_DCD;
    clock_cancel(dev, STEP_SENT);
    clock_cancel(dev, STEP_TIMEOUT);
    update(s);
}

static const struct state_row uart16550_rows[] = {
    STATE_INT(struct uart16550, ier),
    STATE_INT(struct uart16550, fcr),
    STATE_INT(struct uart16550, lcr),
    STATE_INT(struct uart16550, mcr),
    STATE_INT(struct uart16550, lsr),
    STATE_INT(struct uart16550, msr),
    STATE_INT(struct uart16550, scr),
    STATE_INT(struct uart16550, divisor),
    STATE_BYTES(struct uart16550, rx),
    STATE_BYTES(struct uart16550, rx_error),
    STATE_INT(struct uart16550, rx_first),
    STATE_INT(struct uart16550, rx_count),
    STATE_BYTES(struct uart16550, tx),
    STATE_INT(struct uart16550, tx_first),
    STATE_INT(struct uart16550, tx_count),
    STATE_INT(struct uart16550, shift),
    STATE_INT(struct uart16550, shifting),
    STATE_INT(struct uart16550, tx_pending),
    STATE_INT(struct uart16550, timed_out),
    STATE_END,
};

static bool uart16550_check(const struct device *dev)
{
    const struct uart16550 *s = (const struct uart16550 *)dev;

    return s->rx_first < FIFO && s->rx_count <= FIFO && s->tx_first < FIFO &&
           s->tx_count <= FIFO;
}

const struct device_model uart16550_model = {
    .name = "uart16550",
    .title = "16550A serial port",
    .version = 1,
    .state_size = sizeof(struct uart16550),
    .rows = uart16550_rows,
    .windows = {{.kind = WINDOW_PORT,
                 .bytes = REGISTERS,
                 .access = ACCESS_8 | ACCESS_SPLIT,
                 .base = 0x3f8}},
    .reset = uart16550_reset,
    .check = uart16550_check,
    .read = uart16550_read,
    .write = uart16550_write,
    .peek = uart16550_peek,
    .step = uart16550_step,
    .receive = uart16550_receive,
    .receive_ready = uart16550_receive_ready,
};
