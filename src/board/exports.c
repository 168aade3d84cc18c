/* src/board/exports.c -- what guest images can import, row by row. */
#include "board/board.h"
#include "hal/exports/hal_exports.h"
#include "halbox/inspect.h"
#include "ke/export.h"
#include "mm/exports/mm_exports.h"

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

bool inspect_export_at(const struct machine *machine, unsigned index,
                       struct inspect_export *export)
{
    /* handing out tables changes nothing, but their contexts are not const */
    struct machine *m = (struct machine *)(uintptr_t)machine;
    struct export_table tables[2 + NT_TABLES];
    unsigned count = 0;

    if (m->config.bare)
        return false;
    tables[count++] = mm_table(&m->mm);
    tables[count++] = hal_table(m->hal);
    count += nt_tables(m->nt, tables + count);
    for (unsigned t = 0; t < count; t++) {
        for (unsigned i = 0; i < tables[t].rows; i++) {
            const struct export *row = &tables[t].row[i];

            if (row->dll >= EXPORT_DLLS || index--)
                continue;
            *export = (struct inspect_export){
                .name = row->name,
                .dll = dlls[row->dll],
                .convention = convention_name(row->convention),
                .slots = row->slots,
                .irql = row->irql};
            return true;
        }
    }
    return false;
}
