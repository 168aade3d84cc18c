/* src/debug/pe_symbols.c -- PE: the COFF symbol table and the sections that
 * GNU's compilers put DWARF into. Source: Microsoft PE/COFF specification,
 * "COFF Symbol Table", "COFF String Table", "Section Table". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/symbol_file.h"

enum { HEADER_BYTES = 20, SECTION_BYTES = 40, SYMBOL_BYTES = 18, SHORT = 8 };
enum { STORAGE_EXTERNAL = 2, STORAGE_STATIC = 3, TYPE_FUNCTION = 0x20 };

struct coff {
    const struct image *image;
    const uint8_t *section; /* the table; NULL: damaged */
    unsigned sections;
    uint64_t symbols_at, strings_at;
    uint32_t symbols;
};

static uint16_t word(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t dword(const uint8_t *at)
{
    return word(at) | (uint32_t)word(at + 2) << 16;
}

static void open_coff(struct coff *c, const struct image *image)
{
    const uint8_t *dos = bytes_at(image, 0, 64), *header;
    uint64_t at;

    *c = (struct coff){.image = image};
    header = dos ? bytes_at(image, dword(dos + 60) + 4ull, HEADER_BYTES) : NULL;
    if (!header)
        return;
    at = dword(dos + 60) + 4ull + HEADER_BYTES + word(header + 16);
    c->sections = word(header + 2);
    c->section = bytes_at(image, at, (uint64_t)SECTION_BYTES * c->sections);
    c->symbols_at = dword(header + 8);
    c->symbols = c->symbols_at ? dword(header + 12) : 0;
    c->strings_at = c->symbols_at + (uint64_t)SYMBOL_BYTES * c->symbols;
    if (c->symbols > SYMBOLS_MOST ||
        !bytes_at(image, c->symbols_at, (uint64_t)SYMBOL_BYTES * c->symbols))
        c->symbols = 0;
}

/* A string of the table behind the symbols: as long as it is in the file. */
static const char *long_name(const struct coff *c, uint32_t offset,
                             size_t *bytes)
{
    const uint8_t *at = bytes_at(c->image, c->strings_at + offset, 1);
    size_t room;

    if (!at)
        return NULL;
    room = (size_t)(c->image->file + c->image->file_bytes - at);
    *bytes = strnlen((const char *)at, room < NAME_MOST ? room : NAME_MOST);
    return (const char *)at;
}

/* "/123": in the string table, as an executable's long section names are. */
static bool section_name(const struct coff *c, const uint8_t *section,
                         char *name, size_t room)
{
    char text[SHORT + 1] = {0};
    const char *from = text;
    size_t bytes;

    memcpy(text, section, SHORT);
    bytes = strlen(text);
    if (text[0] == '/')
        from = long_name(c, (uint32_t)strtoul(text + 1, NULL, 10), &bytes);
    if (!from || bytes >= room)
        return false;
    memcpy(name, from, bytes);
    name[bytes] = 0;
    return true;
}

static void debug_sections(const struct coff *c, struct debug_sections *debug)
{
    for (unsigned i = 0; c->section && i < c->sections; i++) {
        const uint8_t *s = c->section + SECTION_BYTES * i;
        uint32_t bytes = dword(s + 8), rva = dword(s + 12), raw = dword(s + 16);
        const uint8_t *at;
        char name[32];

        if (!bytes || raw < bytes)
            bytes = raw;
        at = bytes_at(c->image, dword(s + 20), bytes);
        if (at && section_name(c, s, name, sizeof name))
            add_debug_section(debug, name, c->image->base + rva, at, bytes);
    }
}

/* What C called it: "_f" cdecl, "_f@8" stdcall, "@f@8" fastcall. */
static const char *undecorated(const char *name, size_t *bytes)
{
    size_t n = *bytes, digits = n;

    if (n && (name[0] == '_' || name[0] == '@')) {
        name++;
        n--;
        digits--;
    }
    while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
        digits--;
    if (digits > 1 && digits < n && name[digits - 1] == '@')
        n = digits - 1;
    *bytes = n;
    return name;
}

static bool symbol(struct symbol_file *f, const struct coff *c,
                   const uint8_t *s)
{
    unsigned number = word(s + 12), storage = s[16];
    const char *name = (const char *)s;
    size_t bytes = strnlen(name, SHORT);
    const uint8_t *section;
    uint64_t rva;

    if (!number || number > c->sections || !c->section ||
        (storage != STORAGE_EXTERNAL && storage != STORAGE_STATIC))
        return true;
    if (!dword(s))
        name = long_name(c, dword(s + 4), &bytes);
    section = c->section + SECTION_BYTES * (number - 1);
    rva = (uint64_t)dword(section + 12) + dword(s + 8);
    /* names with a dot in front are sections' */
    if (!name || !bytes || name[0] == '.' || rva >= f->bytes)
        return true;
    name = undecorated(name, &bytes);
    return add_symbol(f, (uint32_t)rva, 0, name, bytes,
                      storage == STORAGE_EXTERNAL ? RANK_GLOBAL : RANK_LOCAL,
                      word(s + 14) == TYPE_FUNCTION);
}

bool pe_symbols(struct symbol_file *f, const struct image *image,
                struct debug_sections *debug)
{
    struct coff c;

    open_coff(&c, image);
    debug_sections(&c, debug);
    for (uint32_t i = 0; i < c.symbols;) {
        const uint8_t *s = bytes_at(
            image, c.symbols_at + (uint64_t)SYMBOL_BYTES * i, SYMBOL_BYTES);

        if (!symbol(f, &c, s))
            return false;
        i += 1u + s[17]; /* auxiliary records */
    }
    return true;
}
