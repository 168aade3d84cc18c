/* src/board/exports.c -- what guest images can import, row by row. */
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
            .irql_low = row->irql_low & ~IRQL_TOLD};
        return true;
    }
    return false;
}
