/* src/debug/gdb_libraries.c -- the images that are loaded, as gdb's libraries:
 * the files on this host and where they stand; and its executable, an ELF file
 * of the kernel that is written for gdb and goes with the server. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debug/gdb.h"

/* ---- the kernel's file --------------------------------------------------- */

static bool write_all(const char *path, const uint8_t *bytes, size_t count)
{
    FILE *f = fopen(path, "wxb");
    bool good = f && fwrite(bytes, 1, count, f) == count;

    return (!f || fclose(f) == 0) && good;
}

static bool make_folder(struct gdb_server *g)
{
    const char *tmp = getenv("TMPDIR");
    int n = snprintf(g->folder, sizeof g->folder, "%s/halbox-gdb-XXXXXX",
                     tmp && *tmp ? tmp : "/tmp");

    if (n < (int)sizeof g->folder && mkdtemp(g->folder))
        return true;
    g->folder[0] = 0;
    return false;
}

/* Once; a bare machine has none, and then gdb knows no names. */
const char *gdb_kernel_file(struct gdb_server *g)
{
    uint8_t *bytes = NULL;
    size_t count;

    if (g->kernel_tried)
        return g->kernel;
    g->kernel_tried = true;
    if (symbols_kernel_elf(gdb_machine(g), &bytes, &count, NULL) == HB_OK &&
        make_folder(g)) {
        snprintf(g->kernel, sizeof g->kernel, "%s/ntoskrnl.elf", g->folder);
        if (!write_all(g->kernel, bytes, count))
            gdb_libraries_end(g);
    }
    free(bytes);
    return g->kernel;
}

void gdb_libraries_end(struct gdb_server *g)
{
    if (g->kernel[0])
        unlink(g->kernel);
    if (g->folder[0])
        rmdir(g->folder);
    g->kernel[0] = g->folder[0] = 0;
}

/* ---- the list ------------------------------------------------------------ */

static void print_name(FILE *out, const char *name)
{
    for (; *name; name++) {
        if (strchr("<>&\"", *name))
            fprintf(out, "&#%d;", *name);
        else
            fputc(*name, out);
    }
}

static bool first_section(const struct gdb_server *g, unsigned file, gva_t *at)
{
    const struct symbols *symbols = debug_symbols(g->d);
    struct symbols_section section;
    bool any = false;

    for (unsigned i = 0;
         symbols_section_at(symbols, gdb_machine(g), file, i, &section); i++) {
        if (strcmp(section.name, "headers") == 0) /* of a PE: no section */
            continue;
        if (!any || section.at.v < at->v)
            *at = section.at;
        any = true;
    }
    return any;
}

/* A relocatable file is told by its sections. A linked one moves as one piece:
 * where the first that is loaded of it stands. */
static void print_file(FILE *out, const struct gdb_server *g, unsigned file,
                       const char *path)
{
    gva_t at;

    fprintf(out, "<library name=\"");
    print_name(out, path);
    fprintf(out, "\">");
    if (!gdb_sections(g, file, path, out) && first_section(g, file, &at))
        fprintf(out, "<segment address=\"%#x\"/>", at.v);
    fprintf(out, "</library>\n");
}

static void print_files(FILE *out, const struct gdb_server *g)
{
    struct symbols_file file;

    for (unsigned i = 0;
         symbols_file_at(debug_symbols(g->d), gdb_machine(g), i, &file); i++) {
        char *path = file.loaded ? realpath(file.path, NULL) : NULL;

        if (path)
            print_file(out, g, i, path);
        free(path);
    }
}

char *gdb_libraries_xml(struct gdb_server *g, size_t *count)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, count);

    if (!out)
        return NULL;
    fprintf(out, "<library-list>\n");
    print_files(out, g);
    fprintf(out, "</library-list>\n");
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
