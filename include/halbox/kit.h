/* include/halbox/kit.h -- the short way for a driver's own tests: a machine
 * with one card and one driver started, a user process, files and buffers, and
 * where each page of a call went in all three address spaces. Everything here
 * is done with machine.h, control.h and inspect.h; kit_machine() leads there.
 *
 *     struct kit *k = kit_open("mine.sys", "edu", "translate");
 *     gva_t at = kit_buffer(k, frames, 3, 0);
 *     kit_write(k, kit_file(k, "\\\\.\\Mine"), at, 3 * 4096);
 *     assert_int_equal(kit_page(k, 0)->led_to.v, frames[0] * 4096);
 *     assert_string_equal(kit_error(k), "");
 *     kit_close(k);
 *
 * The first error stays: calls after it do nothing and give 0, and kit_error()
 * is its line. Docs: docs/machine.md. */
#ifndef HALBOX_KIT_H
#define HALBOX_KIT_H

#include "halbox/control.h"
#include "halbox/dma.h"

struct kit;

/** One page of the last call: a piece of the buffer inside one page. */
struct kit_page {
    gva_t va;     /* in the process: CurrentVa of MapTransfer              */
    gpa_t pa;     /* where the MDL says that it lies                       */
    dla_t dla;    /* what the device was given                             */
    gpa_t led_to; /* where the device's first byte there really went; 0
                     when it never came                                    */
    uint32_t bytes;
    enum dma_dir dir;
};

/** kit_open() - create a machine of @platform with card @device ("" for none),
 *  load @driver and start it. Never NULL but for want of memory: ask
 *  kit_error(). kit_close() frees it; NULL is ignored. */
HB_API struct kit *kit_open(const char *driver, const char *device,
                            const char *platform);
HB_API void kit_close(struct kit *k);
/** kit_error() - the first thing that went wrong, one line; "" for nothing. */
HB_API const char *kit_error(const struct kit *k);
HB_API struct machine *kit_machine(struct kit *k);

/** kit_file() - open @path; its handle. kit_buffer() - user memory whose pages
 *  lie in physical pages @pfn[0..@pages), from @offset in the first. */
HB_API uint32_t kit_file(struct kit *k, const char *path);
HB_API gva_t kit_buffer(struct kit *k, const uint32_t *pfn, unsigned pages,
                        uint32_t offset);
HB_API void kit_fill(struct kit *k, gva_t at, const void *from, uint32_t bytes);
HB_API void kit_fetch(struct kit *k, gva_t at, void *to, uint32_t bytes);

/** kit_write()/kit_read()/kit_control() - one call to its end; what the I/O
 *  status block's Information says. An NTSTATUS that is an error is one here.
 */
HB_API uint32_t kit_write(struct kit *k, uint32_t file, gva_t from,
                          uint32_t bytes);
HB_API uint32_t kit_read(struct kit *k, uint32_t file, gva_t to,
                         uint32_t bytes);
HB_API uint32_t kit_control(struct kit *k, uint32_t file, uint32_t code,
                            gva_t in, uint32_t in_bytes, gva_t out,
                            uint32_t out_bytes);

/** kit_pages() - how many pages the last call mapped for DMA. kit_page() - the
 *  @i-th in order of mapping; one of zeroes past the last. */
HB_API unsigned kit_pages(const struct kit *k);
HB_API const struct kit_page *kit_page(const struct kit *k, unsigned i);

#endif
