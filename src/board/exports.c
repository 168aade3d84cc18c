/* src/board/exports.c -- what guest images can import, row by row,
 * and what else lies in the kernel's own images. */
#include <string.h>

#include "board/board.h"
#include "halbox/inspect.h"
#include "ke/export.h"

static const char *const dlls[EXPORT_DLLS] = {
    [NTOSKRNL] = "ntoskrnl.exe", [HAL] = "hal.dll"};

static const char *convention_name(unsigned convention)
{
    static const char *const names[] = {[STDCALL] = "stdcall",
                                        [FASTCALL] = "fastcall",
                                        [CDECL] = "cdecl",
                                        [DATA] = "data"};

    return convention <= DATA ? names[convention] : "?";
}

bool inspect_export_at(const struct machine *m, unsigned index,
                       struct inspect_export *export)
{
    const struct export *row;

    if (m->config.bare)
        return false;
    for (unsigned i = 0; (row = ke_export_row(m->ke, i)) != NULL; i++) {
        if (row->dll >= EXPORT_DLLS || index--)
            continue;
        *export = (struct inspect_export){
            .name = row->name,
            .dll = dlls[row->dll],
            .convention = convention_name(row->convention),
            .slots = row->slots,
            .irql = row->irql,
            .irql_low = row->irql_low & ~IRQL_TOLD,
            .at = ke_export_address(m->ke, dlls[row->dll], row->name, 0)};
        return true;
    }
    return false;
}

bool inspect_kernel_image_at(const struct machine *m, unsigned index,
                             struct inspect_kernel_image *image)
{
    struct ke_dll dll;

    if (m->config.bare || index >= EXPORT_DLLS)
        return false;
    ke_dll_at(m->ke, index, &dll);
    *image = (struct inspect_kernel_image){.name = dll.name,
                                           .base = dll.base,
                                           .text = dll.text,
                                           .data = dll.data,
                                           .bytes = dll.bytes,
                                           .text_bytes = dll.text_bytes,
                                           .data_bytes = dll.data_bytes};
    return true;
}

bool inspect_kernel_symbol(const struct machine *m, gva_t at,
                           struct inspect_kernel_symbol *symbol)
{
    static const enum inspect_kernel_kind kind[] = {
        [KE_SYMBOL_ROUTINE] = KERNEL_ROUTINE,
        [KE_SYMBOL_MISSING] = KERNEL_MISSING,
        [KE_SYMBOL_VECTOR] = KERNEL_VECTOR,
        [KE_SYMBOL_TRAP] = KERNEL_TRAP,
        [KE_SYMBOL_TRAMPOLINE] = KERNEL_TRAMPOLINE,
        [KE_SYMBOL_IDLE] = KERNEL_IDLE,
        [KE_SYMBOL_DATA] = KERNEL_DATA,
    };
    struct ke_symbol s;

    if (m->config.bare || !ke_symbol_at(m->ke, at, &s))
        return false;
    *symbol = (struct inspect_kernel_symbol){.kind = kind[s.kind],
                                             .image = dlls[s.dll],
                                             .start = s.start,
                                             .bytes = s.bytes};
    memcpy(symbol->name, s.name, sizeof symbol->name);
    return true;
}
