/* src/debug/symbols.h -- the store of files, and which of them is loaded where.
 * Private to src/debug. */
#ifndef DEBUG_SYMBOLS_H
#define DEBUG_SYMBOLS_H

#include "debug/symbol_file.h"
#include "halbox/symbols.h"

struct symbols {
    struct vec file; /* of struct symbol_file * */
};

/** symbols_files() - how many; 0 when @s is NULL. */
static inline unsigned symbols_files(const struct symbols *s)
{
    return s ? s->file.count : 0;
}
static inline struct symbol_file *symbol_file_at(const struct symbols *s,
                                                 unsigned index)
{
    return ((struct symbol_file *const *)s->file.data)[index];
}

/** file_base() - where @f's image stands now. False: nowhere. */
bool file_base(const struct symbol_file *f, const struct machine *m,
               gva_t *base);
/** file_of() - the file of the image that @at lies in, and @at's RVA there;
 *  NULL: none. */
const struct symbol_file *file_of(const struct symbols *s,
                                  const struct machine *m, gva_t at,
                                  uint32_t *rva);
/** file_symbol() - the row that speaks for @rva, or NULL. */
const struct symbol_row *file_symbol(const struct symbol_file *f, uint32_t rva);
/** file_function() - the innermost function that holds @rva, or NULL. */
const struct function_row *file_function(const struct symbol_file *f,
                                         uint32_t rva);
/** file_inline() - the function in a function that holds @rva at depth @depth
 *  (from 1), or NULL. */
const struct inline_row *file_inline(const struct symbol_file *f, uint32_t rva,
                                     uint32_t depth);
/** file_line() - the row of the code at @rva, or NULL. */
const struct line_row *file_line(const struct symbol_file *f, uint32_t rva);
/** kernel_next() - the next symbol of an image of the kernel's from *@offset
 * on, which goes behind it; 0 at first. False: no more. */
bool kernel_next(const struct machine *m,
                 const struct inspect_kernel_image *image, uint32_t *offset,
                 struct inspect_kernel_symbol *symbol);
#endif
