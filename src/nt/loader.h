/* src/nt/loader.h -- driver images in guest memory. */
#ifndef NT_LOADER_H
#define NT_LOADER_H

#include "nt/private.h"

/** loader_image() - by number; NULL. */
struct nt_image *loader_image(const struct nt *nt, uint32_t image);
/** loader_symbol() - address of an export of image @number by exact name, 0. */
uint32_t loader_symbol(const struct nt *nt, uint32_t number, const char *name);
/** loader_unload() - driver object, pages, symbols: all go. */
void loader_unload(struct nt *nt, uint32_t image);

#endif
