/* images/small/pager.h -- what the pager driver does on request: device
 * \Device\Pager, control code PAGER(n), METHOD_BUFFERED, four bytes out. */
#ifndef PAGER_H
#define PAGER_H

/* CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + n, METHOD_BUFFERED, FILE_ANY_ACCESS) */
#define PAGER(n) (0x00222000u + 4u * (n))

enum pager {
    PAGER_CODE,          /* calls a routine of its section PAGE: 0C0DEh      */
    PAGER_CODE_DISPATCH, /* the same at DISPATCH_LEVEL                       */
    PAGER_DATA,          /* adds up a page of its section PAGEDATA           */
    PAGER_DATA_DISPATCH,
    PAGER_POOL, /* adds up its paged pool                           */
    PAGER_POOL_DISPATCH,
    PAGER_LOCK,     /* MmLockPagableCodeSection on PAGE                 */
    PAGER_UNLOCK,   /* MmUnlockPagableImageSection                      */
    PAGER_PAGE_ALL, /* MmPageEntireDriver                               */
    PAGER_RESET,    /* MmResetDriverPaging                              */
    PAGER_WHERE,    /* where PAGE lies                                  */
};

#endif
