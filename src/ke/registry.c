/* src/ke/registry.c -- which routine and variable has which row, stub and
 * address. All of it follows from the tables alone: nothing here is saved. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ke/private.h"

static const char *const dll_name[EXPORT_DLLS] = {"ntoskrnl.exe", "hal.dll"};

static int by_name(const void *a, const void *b, void *ke_)
{
    const struct ke *ke = ke_;
    const struct export *x = ke->routine[*(const uint32_t *)a].row;
    const struct export *y = ke->routine[*(const uint32_t *)b].row;
    int order = strcmp(x->name, y->name);

    return order ? order : (int)x->dll - (int)y->dll;
}

static uint32_t dll_base(unsigned dll)
{
    return dll == HAL ? MM_HAL_IMAGE : MM_NT_IMAGE;
}

uint32_t dll_text(unsigned dll)
{
    return dll_base(dll) + PAGE_BYTES;
}

/** Which dll's .text holds the stub of a row: INTERNAL ones are ntoskrnl's. */
static unsigned home(const struct export *row)
{
    return row->dll == HAL ? HAL : NTOSKRNL;
}

/** Bytes before the first stub: the trap page leads ntoskrnl's .text. */
static uint32_t lead(unsigned dll)
{
    return dll == NTOSKRNL ? PAGE_BYTES : 0;
}

static uint32_t pages_of(uint32_t bytes)
{
    return (bytes + PAGE_MASK) >> PAGE_SHIFT;
}

/** Addresses: image base, one header page, .text, .data, .edata. */
static void place(struct ke *ke)
{
    uint32_t code[EXPORT_DLLS] = {0}, data[EXPORT_DLLS] = {0};

    for (uint32_t i = 0; i < ke->routines; i++) {
        const struct export *row = ke->routine[i].row;
        unsigned dll = home(row);

        if (row->convention == DATA) {
            ke->routine[i].va = data[dll];
            data[dll] += (row->slots + 7u) & ~7u;
        } else {
            ke->stub[dll][code[dll]] = i;
            ke->routine[i].va = dll_base(dll) + PAGE_BYTES + lead(dll) +
                                code[dll]++ * STUB_BYTES;
        }
    }
    for (unsigned dll = 0; dll < EXPORT_DLLS; dll++) {
        uint32_t stubs = code[dll] + (dll == NTOSKRNL ? MISSING_STUBS : 0u);

        ke->stubs[dll] = code[dll];
        ke->text_pages[dll] = pages_of(lead(dll) + stubs * STUB_BYTES);
        ke->data_pages[dll] = pages_of(data[dll]);
    }
    for (uint32_t i = 0; i < ke->routines; i++) {
        unsigned dll = home(ke->routine[i].row);

        if (ke->routine[i].row->convention == DATA)
            ke->routine[i].va +=
                dll_base(dll) + (1 + ke->text_pages[dll]) * PAGE_BYTES;
    }
}

static enum hb_status check_names(struct ke *ke, struct hb_error *error)
{
    for (uint32_t i = 0; i < ke->routines; i++)
        ke->by_name[i] = i;
    qsort_r(ke->by_name, ke->routines, sizeof *ke->by_name, by_name, ke);
    for (uint32_t i = 1; i < ke->routines; i++)
        if (!by_name(&ke->by_name[i - 1], &ke->by_name[i], ke))
            return hb_fail(error, HB_BAD_ARGUMENT,
                           "kernel exports: two rows are named %s; take one "
                           "out of its exports.def",
                           ke->routine[ke->by_name[i]].row->name);
    return HB_OK;
}

static uint32_t add_table(struct ke *ke, uint32_t at, const struct export *row,
                          unsigned rows, void *context)
{
    for (unsigned i = 0; i < rows; i++) {
        struct routine *r = &ke->routine[at + i];

        r->row = &row[i];
        r->context = context;
        r->zw = row[i].convention != DATA && row[i].name[0] == 'Z' &&
                row[i].name[1] == 'w';
    }
    return at + rows;
}

enum hb_status registry_build(struct ke *ke, const struct export_table *tables,
                              unsigned count, struct hb_error *error)
{
    uint32_t at;

    ke->routines = ke_exports_count;
    for (unsigned i = 0; i < count; i++)
        ke->routines += tables[i].rows;
    if (ke->routines >= ROUTINE_INTERNAL)
        return hb_fail(error, HB_BAD_ARGUMENT, "kernel exports: too many rows");
    ke->routine = calloc(ke->routines, sizeof *ke->routine);
    ke->by_name = calloc(ke->routines, sizeof *ke->by_name);
    for (unsigned dll = 0; dll < EXPORT_DLLS; dll++)
        ke->stub[dll] = calloc(ke->routines, sizeof *ke->stub[dll]);
    if (!ke->routine || !ke->by_name || !ke->stub[NTOSKRNL] || !ke->stub[HAL])
        return hb_fail(error, HB_NO_MEMORY, "kernel exports: no host memory");
    at = add_table(ke, 0, ke_exports, ke_exports_count, ke);
    for (unsigned i = 0; i < count; i++)
        at =
            add_table(ke, at, tables[i].row, tables[i].rows, tables[i].context);
    faults_bind(ke);
    place(ke);
    return check_names(ke, error);
}

void registry_free(struct ke *ke)
{
    free(ke->routine);
    free(ke->by_name);
    for (unsigned dll = 0; dll < EXPORT_DLLS; dll++)
        free(ke->stub[dll]);
}

const struct export *ke_export_row(const struct ke *ke, unsigned index)
{
    return index < ke->routines ? ke->routine[ke->by_name[index]].row : NULL;
}

/** The first entry of by_name whose name is not before @name. */
static uint32_t lower_bound(const struct ke *ke, const char *name)
{
    uint32_t low = 0, high = ke->routines;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (strcmp(ke->routine[ke->by_name[mid]].row->name, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/** @dll < 0: any. */
struct routine *registry_find(const struct ke *ke, const char *name, int dll)
{
    for (uint32_t i = lower_bound(ke, name); i < ke->routines; i++) {
        struct routine *r = &ke->routine[ke->by_name[i]];

        if (strcmp(r->row->name, name))
            return NULL;
        if (dll < 0 || r->row->dll == dll)
            return r;
    }
    return NULL;
}

const char *registry_name(const struct ke *ke, uint32_t routine)
{
    static const char *const internal[] = {"(interrupt)",  "(dispatch)",
                                           "(exception)",  "(service)",
                                           "(user start)", "(bugcheck)"};

    if (routine < ke->routines)
        return ke->routine[routine].row->name;
    if (routine >= ROUTINE_INTERNAL && routine < ROUTINE_END)
        return internal[routine - ROUTINE_INTERNAL];
    return "(unknown)";
}

gva_t trampoline(unsigned offset)
{
    return gva_of(MM_NT_IMAGE + PAGE_BYTES + offset);
}

gva_t ke_stub(const struct ke *ke, const char *name)
{
    const struct routine *r = registry_find(ke, name, -1);

    return gva_of(r ? r->va : 0);
}

static int dll_by_name(const char *dll)
{
    for (unsigned i = 0; i < EXPORT_DLLS; i++) {
        size_t stem = strcspn(dll_name[i], ".");

        if (!strcasecmp(dll, dll_name[i]) ||
            (strlen(dll) == stem && !strncasecmp(dll, dll_name[i], stem)))
            return (int)i;
    }
    return -1;
}

bool ke_is_kernel_dll(const char *dll)
{
    return dll_by_name(dll) >= 0;
}

/** Ordinals count the names of a dll in their order, from 1. */
static gva_t by_ordinal(const struct ke *ke, unsigned dll, uint16_t ordinal)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < ke->routines; i++) {
        const struct routine *r = &ke->routine[ke->by_name[i]];

        if (r->row->dll == dll && ++n == ordinal)
            return gva_of(r->va);
    }
    return gva_of(0);
}

gva_t ke_export_address(const struct ke *ke, const char *dll, const char *name,
                        uint16_t ordinal)
{
    int which = dll_by_name(dll);
    const struct routine *r;

    if (which < 0)
        return gva_of(0);
    if (!name)
        return by_ordinal(ke, (unsigned)which, ordinal);
    r = registry_find(ke, name, which);
    return gva_of(r ? r->va : 0);
}

gva_t ke_missing_stub(struct ke *ke, const char *image, const char *dll,
                      const char *name)
{
    struct missing *m;

    if (ke->s.missing.count >= MISSING_STUBS ||
        !(m = vec_push(&ke->s.missing, sizeof *m, NULL)))
        return gva_of(0);
    snprintf(m->image, sizeof m->image, "%s", image);
    snprintf(m->dll, sizeof m->dll, "%s", dll);
    snprintf(m->name, sizeof m->name, "%s", name);
    return gva_of(MM_NT_IMAGE + PAGE_BYTES + lead(NTOSKRNL) +
                  (ke->stubs[NTOSKRNL] + ke->s.missing.count - 1) * STUB_BYTES);
}

const char *ke_running(const struct ke *ke)
{
    return ke->running;
}

const char *ke_routine_name(const struct ke *ke, gva_t at)
{
    for (unsigned dll = 0; dll < EXPORT_DLLS; dll++) {
        uint32_t first = dll_base(dll) + PAGE_BYTES + lead(dll);
        uint32_t n = (at.v - first) / STUB_BYTES;

        if (at.v >= first && n < ke->stubs[dll])
            return ke->routine[ke->stub[dll][n]].row->name;
    }
    return NULL;
}
