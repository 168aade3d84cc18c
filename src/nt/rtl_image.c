/* src/nt/rtl_image.c -- images as they lie in memory: headers, directories, the
 * resource tree, message tables. Source: "PE and COFF Specification", sections
 * 3, 4, 6.9 (.rsrc); WDK RtlFindMessage's callers; winnt.h
 * (MESSAGE_RESOURCE_x).
 *
 *      type -> name -> language -> data entry -> bytes
 *
 * The guest may have written anything there: offsets must lie in the resource
 * directory's size, counts are 16 bits wide, so every walk ends. */
#include "nt/exports.h"
#include "nt/guest.h"

enum { /* IMAGE_DOS_HEADER, IMAGE_NT_HEADERS, IMAGE_SECTION_HEADER */
       DOS_MAGIC = 0x5a4d,
       DOS_NEW = 0x3c,
       NT_MAGIC = 0x4550,
       NT_SECTIONS = 6,
       NT_OPTIONAL_BYTES = 0x14,
       NT_OPTIONAL = 0x18,
       OPTIONAL_32 = 0x10b,
       OPTIONAL_64 = 0x20b,
       OPTIONAL_HEADER_BYTES = 0x3c,
       SECTION_BYTES = 0x28,
       SECTION_VA = 0xc,
       SECTION_RAW_BYTES = 0x10,
       SECTION_RAW = 0x14,
       SECTIONS_MOST = 96,
       NEW_MOST = 0x10000000,
};
enum { DIRECTORY_RESOURCE = 2 };
enum { /* IMAGE_RESOURCE_DIRECTORY: counts, then entries */
       RES_NAMED = 0xc,
       RES_IDS = 0xe,
       RES_ENTRIES = 0x10,
       RES_ENTRY_BYTES = 8,
       RES_DATA_BYTES = 0x10,
};
#define HIGH_BIT 0x80000000u
enum { LEVEL_TYPE, LEVEL_NAME, LEVEL_LANGUAGE, LEVELS };
enum { ENGLISH = 9, AMERICAN = 0x409 };
#define STATUS_RESOURCE_DATA_NOT_FOUND 0xC0000089u
#define STATUS_RESOURCE_TYPE_NOT_FOUND 0xC000008Au
#define STATUS_RESOURCE_NAME_NOT_FOUND 0xC000008Bu
#define STATUS_RESOURCE_LANG_NOT_FOUND 0xC0000204u
#define STATUS_MESSAGE_NOT_FOUND       0xC0000109u

/* ---- headers
 * ---------------------------------------------------------------------
 */

static uint32_t nt_header(struct call *c, uint32_t base)
{
    uint32_t new;

    if (base == 0 || load_u16(c, gva_of(base)) != DOS_MAGIC)
        return 0;
    new = load_u32(c, gva_of(base + DOS_NEW));
    if (!call_ok(c) || new >= NEW_MOST ||
        load_u32(c, gva_of(base + new)) != NT_MAGIC)
        return 0;
    return base + new;
}

/* PIMAGE_NT_HEADERS RtlImageNtHeader(Base): NULL, it is none. */
void thunk_RtlImageNtHeader(struct call *c)
{
    call_return(c, nt_header(c, call_u32(c, 0)));
}

/* Where an address of the image lies in a file that is mapped as it is. */
static uint32_t in_file(struct call *c, uint32_t base, uint32_t nt,
                        uint32_t rva)
{
    unsigned count = load_u16(c, gva_of(nt + NT_SECTIONS));
    uint32_t at =
        nt + NT_OPTIONAL + load_u16(c, gva_of(nt + NT_OPTIONAL_BYTES));

    for (unsigned i = 0; i < count && i < SECTIONS_MOST && call_ok(c); i++) {
        uint32_t va = load_u32(c, gva_of(at + SECTION_VA));

        if (rva >= va && rva - va < load_u32(c, gva_of(at + SECTION_RAW_BYTES)))
            return base + load_u32(c, gva_of(at + SECTION_RAW)) + (rva - va);
        at += SECTION_BYTES;
    }
    return 0;
}

/* Bit 0 of @base: a file mapped as data. 0: no such directory. */
static uint32_t directory(struct call *c, uint32_t base, bool image,
                          uint32_t index, uint32_t *bytes)
{
    bool mapped = image && !(base & 1);
    uint32_t nt = nt_header(c, base & ~1u), optional = nt + NT_OPTIONAL, rva;
    uint16_t magic = nt ? load_u16(c, gva_of(optional)) : 0;
    uint32_t table = magic == OPTIONAL_32 ? 0x60 : 0x70;

    if (magic != OPTIONAL_32 && magic != OPTIONAL_64)
        return 0;
    if (index >= load_u32(c, gva_of(optional + table - 4)))
        return 0;
    rva = load_u32(c, gva_of(optional + table + 8 * index));
    if (!call_ok(c) || rva == 0)
        return 0;
    *bytes = load_u32(c, gva_of(optional + table + 8 * index + 4));
    if (mapped || rva < load_u32(c, gva_of(optional + OPTIONAL_HEADER_BYTES)))
        return (base & ~1u) + rva;
    return in_file(c, base & ~1u, nt, rva);
}

/* PVOID RtlImageDirectoryEntryToData(Base, MappedAsImage, Entry, *Size). */
void thunk_RtlImageDirectoryEntryToData(struct call *c)
{
    uint32_t bytes = 0;
    uint32_t at =
        directory(c, call_u32(c, 0), call_bool(c, 1), call_u16(c, 2), &bytes);

    if (at)
        store_u32(c, call_va(c, 3), bytes);
    call_return(c, at);
}

/* ---- the resource tree
 * -----------------------------------------------------------
 */

/** All entries may lead to one long name or message: what a search may look at
 *  is counted. */
struct tree {
    uint32_t at, bytes;
    uint32_t left;
};
enum { LOOKS_MOST = 1 << 20 };

static bool spend(struct call *c, struct tree *t, uint32_t looks)
{
    if (looks <= t->left) {
        t->left -= looks;
        return true;
    }
    if (t->left)
        call_finding(c, "image", "the tree of resources at %08X has no end",
                     t->at);
    t->left = 0;
    return false;
}

static bool inside(const struct tree *t, uint32_t offset, uint32_t bytes)
{
    return offset <= t->bytes && bytes <= t->bytes - offset;
}

/* Is the counted text at @offset of the tree the one at @text, which ends with
 * NUL? Without regard to case. */
static bool same_name(struct call *c, struct tree *t, uint32_t offset,
                      uint32_t text)
{
    uint16_t count;

    if (!inside(t, offset, 2))
        return false;
    count = load_u16(c, gva_of(t->at + offset));
    if (!inside(t, offset + 2, count * 2u) || !spend(c, t, count))
        return false;
    for (uint32_t i = 0; i < count && call_ok(c); i++)
        if (nt_upcase(load_u16(c, gva_of(t->at + offset + 2 + 2 * i))) !=
            nt_upcase(load_u16(c, gva_of(text + 2 * i))))
            return false;
    return load_u16(c, gva_of(text + 2u * count)) == 0;
}

/* The entry of the directory at @offset for @id (a number, or the address of a
 * name); *child is its offset with HIGH_BIT for a directory. @first: whatever
 * comes first. */
static bool find_child(struct call *c, struct tree *t, uint32_t offset,
                       uint32_t id, bool first, uint32_t *child)
{
    uint32_t count, at = offset + RES_ENTRIES;

    if (!inside(t, offset, RES_ENTRIES))
        return false;
    count = load_u16(c, gva_of(t->at + offset + RES_NAMED)) +
            load_u16(c, gva_of(t->at + offset + RES_IDS));
    for (uint32_t i = 0; i < count && inside(t, at, RES_ENTRY_BYTES); i++) {
        uint32_t name = load_u32(c, gva_of(t->at + at));

        if (!call_ok(c))
            return false;
        if (first || (id > 0xffff ? name & HIGH_BIT &&
                                        same_name(c, t, name & ~HIGH_BIT, id)
                                  : name == id)) {
            *child = load_u32(c, gva_of(t->at + at + 4));
            return call_ok(c);
        }
        at += RES_ENTRY_BYTES;
    }
    return false;
}

/* The language asked for, its neutral form, the neutral language; who asks for
 * no certain one gets English before anything else. */
static bool find_language(struct call *c, struct tree *t, uint32_t offset,
                          uint32_t language, uint32_t *child)
{
    const uint32_t order[] = {language, language & 0x3ff, 0, AMERICAN, ENGLISH};
    unsigned most = language & 0x3ff ? 3 : 5;

    for (unsigned i = 0; i < most && call_ok(c); i++)
        if (find_child(c, t, offset, order[i], false, child))
            return true;
    return most == 5 && find_child(c, t, offset, 0, true, child);
}

/* @ids: type, name, language; as many as @levels. *@offset: where it leads,
 * HIGH_BIT for a directory. */
static uint32_t find(struct call *c, uint32_t base, const uint32_t *ids,
                     unsigned levels, struct tree *t, uint32_t *offset)
{
    static const uint32_t missing[LEVELS] = {STATUS_RESOURCE_TYPE_NOT_FOUND,
                                             STATUS_RESOURCE_NAME_NOT_FOUND,
                                             STATUS_RESOURCE_LANG_NOT_FOUND};

    t->bytes = 0;
    t->left = LOOKS_MOST;
    t->at = directory(c, base, true, DIRECTORY_RESOURCE, &t->bytes);
    if (t->at == 0)
        return STATUS_RESOURCE_DATA_NOT_FOUND;
    *offset = HIGH_BIT;
    for (unsigned i = 0; i < levels; i++) {
        uint32_t here = *offset & ~HIGH_BIT;

        if (!(*offset & HIGH_BIT))
            return STATUS_RESOURCE_DATA_NOT_FOUND;
        if (i == LEVEL_LANGUAGE
                ? !find_language(c, t, here, ids[i], offset)
                : !find_child(c, t, here, ids[i], false, offset))
            return missing[i];
    }
    return STATUS_SUCCESS;
}

/* What both LdrFindResource... do: @leaf a data entry, else a directory. */
static void find_resource(struct call *c, bool leaf)
{
    uint32_t ids[LEVELS] = {0}, levels = call_u32(c, 2), offset, status;
    struct tree t;

    if (levels > LEVELS) {
        call_return(c, STATUS_INVALID_PARAMETER);
        return;
    }
    load(c, call_va(c, 1), ids, levels * 4);
    if (!call_ok(c))
        return;
    status = find(c, call_u32(c, 0), ids, levels, &t, &offset);
    if (status == STATUS_SUCCESS &&
        (leaf == ((offset & HIGH_BIT) != 0) ||
         !inside(&t, offset & ~HIGH_BIT, RES_DATA_BYTES)))
        status = STATUS_RESOURCE_DATA_NOT_FOUND;
    if (status == STATUS_SUCCESS)
        store_u32(c, call_va(c, 3), t.at + (offset & ~HIGH_BIT));
    call_return(c, status);
}

/* NTSTATUS LdrFindResource_U(Base, Path[], Level, **DataEntry). */
void thunk_LdrFindResource_U(struct call *c)
{
    find_resource(c, true);
}

/* NTSTATUS LdrFindResourceDirectory_U(Base, Path[], Level, **Directory). */
void thunk_LdrFindResourceDirectory_U(struct call *c)
{
    find_resource(c, false);
}

/* NTSTATUS LdrAccessResource(Base, DataEntry, **Bytes, *Size): both optional.
 */
void thunk_LdrAccessResource(struct call *c)
{
    uint32_t base = call_u32(c, 0), entry = call_u32(c, 1), at, bytes;

    at = load_u32(c, gva_of(entry));
    bytes = load_u32(c, gva_of(entry + 4));
    if (!call_ok(c))
        return;
    if (base & 1)
        at = in_file(c, base & ~1u, nt_header(c, base & ~1u), at);
    else
        at += base;
    if (at == 0) {
        call_return(c, STATUS_RESOURCE_DATA_NOT_FOUND);
        return;
    }
    if (call_u32(c, 2))
        store_u32(c, call_va(c, 2), at);
    if (call_u32(c, 3))
        store_u32(c, call_va(c, 3), bytes);
    call_return(c, STATUS_SUCCESS);
}

/* ---- messages
 * --------------------------------------------------------------------
 * MESSAGE_RESOURCE_DATA: a count, then blocks of lowest id, highest id, offset
 * of entries; an entry: its length, flags, text. */

static uint32_t find_entry(struct call *c, struct tree *m, uint32_t id)
{
    uint32_t blocks = load_u32(c, gva_of(m->at));

    for (uint32_t i = 0; i < blocks && inside(m, 4 + 12 * i, 12); i++) {
        uint32_t block = m->at + 4 + 12 * i, at;
        uint32_t low = load_u32(c, gva_of(block));

        if (!call_ok(c) || !spend(c, m, 1))
            return 0;
        if (id < low || id > load_u32(c, gva_of(block + 4)))
            continue;
        at = load_u32(c, gva_of(block + 8));
        for (; id > low && inside(m, at, 4); low++) {
            uint16_t bytes = load_u16(c, gva_of(m->at + at));

            if (!call_ok(c) || bytes < 4 || !spend(c, m, 1))
                return 0;
            at += bytes;
        }
        return id == low && inside(m, at, 4) ? m->at + at : 0;
    }
    return 0;
}

/* NTSTATUS RtlFindMessage(Base, Table, Language, Id, **Entry). */
void thunk_RtlFindMessage(struct call *c)
{
    uint32_t base = call_u32(c, 0), offset, status, entry;
    const uint32_t ids[LEVELS] = {call_u32(c, 1), 1, call_u32(c, 2)};
    struct tree t, messages = {.left = LOOKS_MOST};

    status = find(c, base, ids, LEVELS, &t, &offset);
    if (status == STATUS_SUCCESS &&
        (offset & HIGH_BIT || !inside(&t, offset, RES_DATA_BYTES)))
        status = STATUS_RESOURCE_DATA_NOT_FOUND;
    if (status != STATUS_SUCCESS) {
        call_return(c, status);
        return;
    }
    messages.at = load_u32(c, gva_of(t.at + offset));
    messages.bytes = load_u32(c, gva_of(t.at + offset + 4));
    messages.at =
        base & 1 ? in_file(c, base & ~1u, nt_header(c, base & ~1u), messages.at)
                 : base + messages.at;
    entry = messages.bytes < 4 ? 0 : find_entry(c, &messages, call_u32(c, 3));
    if (entry)
        store_u32(c, call_va(c, 4), entry);
    call_return(c, entry ? STATUS_SUCCESS : STATUS_MESSAGE_NOT_FOUND);
}
