/* images/small/bus_dma.h -- the control code of bus_dma.sys. */
#ifndef BUS_DMA_H
#define BUS_DMA_H

enum { IOCTL_BUS_DMA = 0x222400 };

/** How the bus driver answers. */
enum bus_answer {
    BUS_GIVES,      /* its GetDmaAdapter gives an adapter of its own  */
    BUS_GIVES_NULL, /* ... or none                                    */
    BUS_HAS_NONE,   /* the interface has no GetDmaAdapter             */
    BUS_REFUSES,    /* STATUS_NOT_SUPPORTED, as a driver without one  */
    BUS_PENDS,      /* as the first, completed later by a timer's DPC */
    BUS_ANSWERS
};

/** In: address of a PDO, an answer. Out: */
struct bus_dma {
    unsigned own;     /* IoGetDmaAdapter returned the bus driver's adapter */
    unsigned adapter; /* ... or any at all                                 */
    unsigned count;   /* *NumberOfMapRegisters                             */
    unsigned asked;   /* IRP_MN_QUERY_INTERFACE that came for the bus one  */
    unsigned bytes, version, status_before; /* of the first */
    unsigned given;      /* calls of GetDmaAdapter                            */
    unsigned arguments;  /* ... with its context, the description and count   */
    unsigned references; /* taken less given back                             */
    unsigned irql;       /* that GetDmaAdapter ran at                         */
};

#endif
