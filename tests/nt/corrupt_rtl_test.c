/* tests/nt/corrupt_rtl_test.c -- what the run-time library walks in guest
 * memory, made wrong: range lists, resource trees, names, tables, bitmaps and
 * the chain of exception handlers. */
#include <string.h>

#include "corrupt.h"
#include "handmade.h"
#include "mm/pool.h"

/* In the caller's data. */
enum { LIST = 0x100, OTHER = 0x140, CODE = 0x800, OUT = 0x900, IMAGE = 0x4000 };

/* ---- range lists: three ranges ---------------------------------------------
 */

enum { LIST_COUNT = 0xc, RANGE_LINK = 0x1c };

static uint32_t add_range(struct caller *c, uint32_t list, uint32_t start)
{
    return STD_CALL(c, "RtlAddRange", list, start, 0, start + 9, 0, 0, 0, 0, 7);
}

/* The last range's Flink. */
static uint32_t ranges(struct caller *c, struct corrupt *how)
{
    uint32_t list = c->data + LIST;

    STD_CALL(c, "RtlInitializeRangeList", list);
    STD_CALL(c, "RtlInitializeRangeList", c->data + OTHER);
    for (uint32_t start = 100; start <= 300; start += 100)
        assert_int_equal(add_range(c, list, start), 0);
    how->link = how->self = caller_dword(c, list + 4);
    how->first = caller_dword(c, list);
    return list;
}

static void range_add(struct caller *c, struct corrupt *how)
{
    CORRUPT_STATUS(how, ranges(c, how), 1000, 0, 1009, 0, 0, 0, 0, 7);
}

static void range_delete(struct caller *c, struct corrupt *how)
{
    CORRUPT_CALL(how, ranges(c, how), 1000, 0, 1009, 0, 7);
}

static void range_owner(struct caller *c, struct corrupt *how)
{
    CORRUPT_STATUS(how, ranges(c, how), 7);
}

static void range_nobody(struct caller *c, struct corrupt *how)
{
    CORRUPT_STATUS(how, ranges(c, how), 8);
}

static void range_to_other(struct caller *c, struct corrupt *how)
{
    uint32_t list = ranges(c, how);

    CORRUPT_STATUS(how, c->data + OTHER, list);
}

static void range_merge(struct caller *c, struct corrupt *how)
{
    uint32_t list = ranges(c, how);

    STD_CALL(c, "RtlInitializeRangeList", c->data + OTHER + 0x20);
    add_range(c, c->data + OTHER + 0x20, 1000);
    CORRUPT_STATUS(how, c->data + OTHER, c->data + OTHER + 0x20, list, 0);
}

static void range_free(struct caller *c, struct corrupt *how)
{
    CORRUPT_CALL(how, ranges(c, how));
}

static void range_first(struct caller *c, struct corrupt *how)
{
    uint32_t list = ranges(c, how);

    how->link = list;
    how->self = list;
    CORRUPT_STATUS(how, list, c->data + OUT, c->data + OUT + 0x20);
}

static void range_last(struct caller *c, struct corrupt *how)
{
    range_first(c, how);
    how->link = how->args[0] + 4;
}

static void range_next(struct caller *c, struct corrupt *how)
{
    uint32_t list = ranges(c, how);

    STD_CALL(c, "RtlGetLastRange", list, c->data + OUT, c->data + OUT + 0x20);
    CORRUPT_CALL(how, c->data + OUT, c->data + OUT + 0x20, 1);
}

/* RtlIsRangeAvailable(List, Start, End, Flags, Mask, Context, Callback, *Out)
 */
static void range_question(struct caller *c, struct corrupt *how)
{
    CORRUPT_STATUS(how, ranges(c, how), 1000, 0, 1009, 0, 0, 0, 0, 0,
                   c->data + OUT);
}

/* All are in the way, and the callback passes over each. */
static void range_callback(struct caller *c, struct corrupt *how)
{
    struct text t = {c, c->data + CODE};

    text_ret(&t, 1, 8);
    CORRUPT_STATUS(how, ranges(c, how), 0, 0, 1009, 0, 0, 0, 0, c->data + CODE,
                   c->data + OUT);
}

static void range_find(struct caller *c, struct corrupt *how)
{
    CORRUPT_STATUS(how, ranges(c, how), 0, 0, 305, 0, 8, 1, 0, 0, 0, 0,
                   c->data + OUT);
}

/* ---- an image: type -> name -> language, one of each -----------------------
 */

enum { TREE = 0x400, TREE_BYTES = 0xc00, SUBTREE = 0x80000000 };

static uint32_t image(struct caller *c)
{
    const uint32_t at = c->data + IMAGE, nt = at + 0x80;
    const uint16_t mz = 0x5a4d, magic = 0x10b;
    /* counts 0 and 1, then an entry: its number, where it leads */
    const uint32_t tree[] = {0,     0,    0, 0x10000, 6,     SUBTREE | 0x18,
                             0,     0,    0, 0x10000, 1,     SUBTREE | 0x30,
                             0,     0,    0, 0x10000, 0x409, 0x48,
                             0x600, 0x40, 0, 0};
    /* one block of the messages 5 to 6 */
    const uint32_t messages[] = {1, 5, 6, 0x10, 8, 0, 8, 0};

    caller_put(c, at, &mz, 2);
    caller_set(c, at + 0x3c, 0x80);
    caller_set(c, nt, 0x4550);
    caller_put(c, nt + 0x18, &magic, 2);
    caller_set(c, nt + 0x18 + 0x3c, 0x400);
    caller_set(c, nt + 0x18 + 0x5c, 16);
    caller_set(c, nt + 0x18 + 0x70, TREE);
    caller_set(c, nt + 0x18 + 0x74, TREE_BYTES);
    caller_put(c, at + TREE, tree, sizeof tree);
    caller_put(c, at + 0x600, messages, sizeof messages);
    return at;
}

/* Where the entry at @entry of the tree leads. */
static void resource_at(struct caller *c, struct corrupt *how, uint32_t entry)
{
    const uint32_t path[3] = {6, 1, 0x409};
    uint32_t base = image(c);

    caller_put(c, c->data + OUT, path, sizeof path);
    how->link = base + TREE + entry;
    how->self = how->first = SUBTREE;
    CORRUPT_STATUS(how, base, c->data + OUT, 3, c->data + OUT + 0x20);
}

static void resource_type(struct caller *c, struct corrupt *how)
{
    resource_at(c, how, 0x14);
}

static void resource_language(struct caller *c, struct corrupt *how)
{
    resource_at(c, how, 0x44);
}

static void resource_directory(struct caller *c, struct corrupt *how)
{
    resource_at(c, how, 0x14);
    how->args[2] = 2;
}

static void header(struct caller *c, struct corrupt *how)
{
    how->link = image(c) + 0x3c;
    CORRUPT_CALL(how, c->data + IMAGE);
}

static void directory(struct caller *c, struct corrupt *how)
{
    how->link = image(c) + 0x80 + 0x18 + 0x5c; /* NumberOfRvaAndSizes */
    CORRUPT_CALL(how, c->data + IMAGE, 1, 2, c->data + OUT);
}

static void message(struct caller *c, struct corrupt *how)
{
    how->link = image(c) + 0x60c; /* the block's entries */
    CORRUPT_STATUS(how, c->data + IMAGE, 6, 0x409, 6, c->data + OUT);
}

/* Half a million messages of no bytes. */
static void message_count(struct caller *c, struct corrupt *how)
{
    message(c, how);
    how->link = c->data + IMAGE + 0x600; /* blocks */
    how->args[3] = 77;
    how->status = false;
}

/* ---- names, tables, bitmaps ------------------------------------------------
 */

/* An OBJECT_ATTRIBUTES for \Registry\Machine; the UNICODE_STRING behind it. */
static uint32_t attributes(struct caller *c)
{
    uint32_t at = c->data + LIST;

    caller_wide(c, c->data + OUT + 0x40, "\\Registry\\Machine");
    caller_counted(c, at + 0x20, 34, 36, c->data + OUT + 0x40);
    caller_set(c, at, 0x18);
    caller_set(c, at + 8, at + 0x20);
    caller_set(c, at + 12, 0x240);
    return at;
}

static void object_name(struct caller *c, struct corrupt *how)
{
    uint32_t at = attributes(c);

    how->link = at + 8;
    how->self = how->first = at;
    CORRUPT_STATUS(how, c->data + OUT, 0x20019, at);
}

static void object_buffer(struct caller *c, struct corrupt *how)
{
    object_name(c, how);
    how->link = how->args[2] + 0x24;
}

static void link_name(struct caller *c, struct corrupt *how)
{
    uint32_t at = attributes(c);

    caller_wide(c, c->data + OUT, "\\DosDevices\\Corrupt");
    caller_counted(c, at + 0x28, 38, 40, c->data + OUT);
    how->link = at + 0x2c;
    how->self = how->first = at + 0x28;
    CORRUPT_STATUS(how, at + 0x28, at + 0x20);
}

/* RTL_QUERY_REGISTRY_TABLE: an entry that goes into a subkey; the name of it.
 */
static void query_table(struct caller *c, struct corrupt *how)
{
    uint32_t table = c->data + LIST;

    caller_wide(c, c->data + OUT, "Nothing");
    caller_set(c, table + 4, 1); /* QUERY_SUBKEY */
    caller_set(c, table + 8, c->data + OUT);
    how->link = table + 8;
    how->self = how->first = table;
    CORRUPT_STATUS(how, 0,
                   caller_wide(c, c->data + OUT + 0x40, "\\Registry\\Machine"),
                   table, 0, 0);
}

static void bitmap(struct caller *c, struct corrupt *how)
{
    uint32_t at = c->data + LIST;

    STD_CALL(c, "RtlInitializeBitMap", at, c->data + OUT, 256);
    how->link = at + 4;
    how->self = how->first = at;
    CORRUPT_CALL(how, at);
}

/* ---- exceptions: guest code with a registration of its own on the stack ----
 */

/* The registration's next is the dword at OUT: 0 stands for the caller's, 1 for
 * itself. Its handler goes on searching. */
static struct text chained(struct caller *c, struct corrupt *how)
{
    uint32_t handler = c->data + CODE + 0x80;
    struct text t = {c, handler};

    text_ret(&t, 1, 0); /* ExceptionContinueSearch */
    t.at = how->code = c->data + CODE;
    TEXT(&t, 0x64, 0xff, 0x35); /* push fs:[0] */
    text_dword(&t, 0);
    TEXT(&t, 0x58, 0xa3); /* pop eax; mov [OUT + 4], eax */
    text_dword(&t, c->data + OUT + 4);
    text_push(&t, handler);
    TEXT(&t, 0xa1); /* mov eax, [OUT]: 0 is "as it is" */
    text_dword(&t, c->data + OUT);
    TEXT(&t, 0x85, 0xc0, 0x75, 5, 0xa1); /* test; jnz over */
    text_dword(&t, c->data + OUT + 4);
    TEXT(&t, 0x3d); /* cmp eax, 1: to itself */
    text_dword(&t, 1);
    TEXT(&t, 0x75, 5, 0x89, 0xe0, 0x83, 0xe8, 4); /* mov eax, esp; sub 4 */
    TEXT(&t, 0x50, 0x64, 0x89, 0x25); /* push eax; mov fs:[0], esp */
    text_dword(&t, 0);
    how->link = c->data + OUT;
    how->self = how->first = 1;
    return t;
}

static void registration(struct caller *c, struct corrupt *how)
{
    struct text t = chained(c, how);

    text_push(&t, 0xc0000001);
    text_call(&t, "ExRaiseStatus");
}

/* The same, and it is unwound to the caller's registration. */
static void unwinding(struct caller *c, struct corrupt *how)
{
    struct text t = chained(c, how);

    text_push(&t, 0);
    text_push(&t, 0);
    text_push(&t, 0);
    TEXT(&t, 0xff, 0x35); /* push [OUT + 4] */
    text_dword(&t, c->data + OUT + 4);
    text_call(&t, "RtlUnwind");
    TEXT(&t, 0x83, 0xc4, 8, 0xc3); /* add esp, 8; ret */
}

/* _except_handler3: scopes whose enclosing levels go round. */
static void scopes(struct caller *c, struct corrupt *how)
{
    uint32_t table = c->data + LIST, frame = c->data + OUT + 0x20;

    for (uint32_t i = 0; i < 3; i++) /* no filter: a __finally each */
        caller_set(c, table + 12 * i, i - 1);
    caller_set(c, frame + 8, table);
    caller_set(c, frame + 12, 2);
    how->link = table;
    how->self = 0;
    how->first = 2;
    CORRUPT_CALL(how, c->data + OUT + 0x80, frame, c->data + OUT + 0x100, 0);
    how->pops = 16;
}

/* ---- frames ----------------------------------------------------------------
 */

static void frames(struct caller *c, struct corrupt *how)
{
    struct text t = {c, c->data + CODE};

    how->code = t.at;
    TEXT(&t, 0x55, 0x8b, 0x2d); /* push ebp; mov ebp, [OUT] */
    text_dword(&t, c->data + OUT);
    TEXT(&t, 0x85, 0xed, 0x75, 2, 0x89, 0xe5); /* 0: esp */
    text_push(&t, 0);
    text_push(&t, 64);
    text_push(&t, c->data + OUT + 0x10);
    text_call(&t, "RtlWalkFrameChain");
    TEXT(&t, 0x5d, 0xc3);
    how->link = c->data + OUT;
    how->self = how->first = c->data + OUT;
}

static const struct corrupt_row rows[] = {
    {"RtlAddRange", "ListHead", ".::fffff", range_add},
    {"RtlDeleteRange", "ListHead", ".::fffff", range_delete},
    {"RtlDeleteOwnersRanges", "all of them", ".fffffff", range_owner},
    {"RtlDeleteOwnersRanges", "none of them", ".::fffff", range_nobody},
    {"RtlCopyRangeList", "ListHead", ".::ffff:", range_to_other},
    {"RtlMergeRangeLists", "ListHead", ".::ffff:", range_merge},
    {"RtlInvertRangeList", "ListHead", ".::fffff", range_to_other},
    {"RtlFreeRangeList", "ListHead", ".ffffff:", range_free},
    {"RtlGetFirstRange", "Flink", "........", range_first},
    {"RtlGetLastRange", "Blink", "........", range_last},
    {"RtlGetNextRange", "Flink", "........", range_next},
    {"RtlIsRangeAvailable", "ListHead", ".::fffff", range_question},
    {"RtlIsRangeAvailable", "with a callback", ".::fffff", range_callback},
    {"RtlFindRange", "ListHead", ".::fffff", range_find},
    {"LdrFindResource_U", "type", "........", resource_type},
    {"LdrFindResource_U", "language", "........", resource_language},
    {"LdrFindResourceDirectory_U", "type", "........", resource_directory},
    {"RtlImageNtHeader", "e_lfanew", "........", header},
    {"RtlImageDirectoryEntryToData", "count", "........", directory},
    {"RtlFindMessage", "OffsetToEntries", "........", message},
    {"RtlFindMessage", "NumberOfBlocks", "........", message_count},
    {"ZwOpenKey", "ObjectName", "....f...", object_name},
    {"ZwOpenKey", "Buffer", "....f...", object_buffer},
    {"IoCreateSymbolicLink", "Buffer", "...ff...", link_name},
    {"RtlQueryRegistryValues", "Name", "....f...", query_table},
    {"RtlNumberOfSetBits", "Buffer", "...ff...", bitmap},
    {"ExRaiseStatus", "fs[0]", "effeffff", registration},
    {"RtlUnwind", "fs[0]", ".ff.ffff", unwinding},
    {"_except_handler3", "enclosing level", ".:::ff:f", scopes},
    {"RtlWalkFrameChain", "EBP", "........", frames},
};

static void every_list_of_the_library_is_walked_with_care(void **state)
{
    (void)state;
    corrupt_run(rows, sizeof rows / sizeof rows[0]);
}

/* Thousands of entries, all with one long name, which differs from the one that
 * is asked for in its last unit. */
static void
a_name_that_all_entries_share_is_read_so_often_and_no_more(void **state)
{
    enum { UNITS = 7000, NAME = 0x8000, ENTRIES = (NAME - 0x10) / 8 };
    static uint16_t name[UNITS + 1];
    struct caller *c = *state;
    uint32_t tree = image(c) + TREE, path = c->data + OUT;
    uint32_t text = STD_CALL(c, "ExAllocatePool", 0, sizeof name);

    for (uint32_t i = 0; i < UNITS; i++)
        name[i] = 'A';
    caller_put(c, text, name, sizeof name);
    name[UNITS - 1] = 'B';
    caller_set(c, c->data + IMAGE + 0x80 + 0x18 + 0x74, 0xbc00);
    caller_set(c, tree + 0xc, ENTRIES);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        caller_set(c, tree + 0x10 + 8 * i, SUBTREE | NAME);
        caller_set(c, tree + 0x14 + 8 * i, SUBTREE);
    }
    name[UNITS] = UNITS;
    caller_put(c, tree + NAME, &name[UNITS], 2);
    caller_put(c, tree + NAME + 2, name, 2 * UNITS);
    caller_set(c, path, text);
    assert_int_equal(
        STD_CALL(c, "LdrFindResource_U", c->data + IMAGE, path, 1, path + 0x20),
        0xc000008a);
    assert_true(rig_has(c->r, "has no end"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(a_name_that_all_entries_share_is_read_so_often_and_no_more),
        cmocka_unit_test(every_list_of_the_library_is_walked_with_care),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
