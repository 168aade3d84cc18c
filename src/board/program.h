/* src/board/program.h -- how kernels are put into a bare machine; private to
 * program.c and the boot protocols. */
#ifndef BOARD_PROGRAM_H
#define BOARD_PROGRAM_H

#include "board/board.h"
#include "image/image.h"

/** program_below() - the highest @align-aligned run of @bytes of RAM that ends
 *  at or below @end and starts at 1 MiB or above; 0: there is none. */
uint32_t program_below(const struct machine *m, uint64_t end, uint64_t bytes,
                       uint32_t align);
/** program_above() - the lowest page-aligned run at or above @from, in the
 *  lower 4 GiB; 0: there is none. */
uint32_t program_above(const struct machine *m, uint64_t from, uint64_t bytes);
/** program_fill() - bytes of a file into RAM, logged as an input. */
enum hb_status program_fill(struct machine *m, const char *name, uint32_t at,
                            const void *bytes, size_t count,
                            struct hb_error *error);
/** program_enter() - the CPU at @eip in flat 32-bit protected mode: selectors
 *  @code and @data, paging and interrupts off. */
void program_enter(struct machine *m, uint32_t eip, uint16_t code,
                   uint16_t data);

/** multiboot_start() - modules, information structure and registers of a
 *  kernel whose segments are in RAM. */
enum hb_status multiboot_start(struct machine *m, const struct image *image,
                               const struct machine_kernel *kernel,
                               struct hb_error *error);

/** linux_hand_over() - a bzImage under a BIOS: its parts and an option ROM into
 *  firmware configuration. */
enum hb_status linux_hand_over(struct machine *m, const struct image *image,
                               const struct machine_kernel *kernel,
                               struct hb_error *error);
/** linux_start() - zero page, command line, initial RAM disk and registers of
 *  a bzImage whose kernel is in RAM. */
enum hb_status linux_start(struct machine *m, const struct image *image,
                           const struct machine_kernel *kernel,
                           struct hb_error *error);

#endif
