/* mm/layout.h -- where things lie in the HAL machine's virtual memory and in a
 * page-table entry. Sources: docs/mm.md; the regions are those of NT on i386
 * with 2 GiB of user space, moved apart so that none depends on RAM size. */
#ifndef MM_LAYOUT_H
#define MM_LAYOUT_H

#include "mm/walk.h"

/* ---- user half ------------------------------------------------------------
 */
#define MM_LOWEST_USER  0x00010000u /* below: no access in every mode */
#define MM_USER_KUSER   0x7ffe0000u /* KUSER_SHARED_DATA, read only           */
#define MM_HIGHEST_USER 0x7ffeffffu /* MmHighestUserAddress */
#define MM_USER_PROBE   0x7fff0000u /* MmUserProbeAddress                     */

/* ---- system half, the same in every address space --------------------------
 */
#define MM_SYSTEM_START      0x80000000u /* MmSystemRangeStart                   */
#define MM_KERNEL_TABLES     0x80001000u /* GDT, IDT, TSS: ke places them */
#define MM_HAL_IMAGE         0x80010000u /* synthesised hal.dll                  */
#define MM_NT_IMAGE          0x80400000u /* synthesised ntoskrnl.exe             */
#define MM_NONPAGED_POOL     0x81000000u /* up to MM_NONPAGED_POOL_END */
#define MM_NONPAGED_POOL_END 0x91000000u
#define MM_SELF_MAP          0xc0000000u /* 4 MiB, with PAE 8 MiB                */
#define MM_PAGED_POOL        0xe1000000u /* up to MM_PAGED_POOL_END              */
#define MM_PAGED_POOL_END    0xeb000000u
#define MM_SYSTEM_PTES       0xeb000000u /* stacks, images, I/O, MDL mappings    */
#define MM_SYSTEM_PTES_END   0xffbe0000u
#define MM_CRASH_DUMP        0xffbe0000u /* 32 pages, never mapped               */
#define MM_KUSER             0xffdf0000u /* kernel's view of KUSER_SHARED_DATA   */
#define MM_KPCR              0xffdff000u /* fs base in the kernel                */

/** Self map, 32-bit: PTEs of 4 bytes, the directory at C0300000. */
#define MM_PTE_VA32(va) (MM_SELF_MAP + ((uint32_t)(va) >> 12) * 4u)
#define MM_PDE_VA32(va) (0xc0300000u + ((uint32_t)(va) >> 22) * 4u)
/** Self map, PAE: PTEs of 8 bytes, the four directories at C0600000. */
#define MM_PTE_VA_PAE(va) (MM_SELF_MAP + ((uint32_t)(va) >> 12) * 8u)
#define MM_PDE_VA_PAE(va) (0xc0600000u + ((uint32_t)(va) >> 21) * 8u)

/* ---- software bits of an entry (hardware bits: mm/walk.h) ------------------
 */
enum {
    PTE_COW = 1u << 9,         /* valid entry: copy before the first write    */
    PTE_PROTOTYPE = 1u << 10,  /* invalid entry                               */
    PTE_TRANSITION = 1u << 11, /* invalid entry: the frame is still in RAM    */
};
/** Physical address in an entry of either format. */
#define PTE_FRAME_MASK 0x0000000ffffff000ull

/** Sizes. */
enum {
    KERNEL_STACK_PAGES = 3, /* and one guard page below */
};

#endif
