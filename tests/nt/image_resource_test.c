/* tests/nt/image_resource_test.c -- RtlImageNtHeader, RtlImageDirectoryEntry-
 * ToData, LdrFindResource_U, LdrFindResourceDirectory_U, LdrAccessResource and
 * RtlFindMessage on an image that is written here by hand, whole and damaged.
 */
#include <string.h>

#include "caller.h"

enum { SUCCESS = 0 };
#define NO_DATA    0xC0000089u
#define NO_TYPE    0xC000008Au
#define NO_NAME    0xC000008Bu
#define NO_LANG    0xC0000204u
#define NO_MESSAGE 0xC0000109u
#define BAD        0xC000000Du
#define DIR        0x80000000u

enum { /* where things lie in the image: headers, .rsrc at 1000h (file: 400h) */
       PE = 0x80,
       OPTIONAL = PE + 0x18,
       SECTION = OPTIONAL + 0xe0,
       TREE = 0x1000,
       TREE_FILE = 0x400,
       TREE_BYTES = 0x400,
       BYTES = 0x2000,
};
/* Offsets in the tree. */
enum {
    ROOT = 0,
    NAMES = 0x40,
    NAMED_LANGUAGES = 0x60,
    MESSAGES = 0x90,
    MESSAGE_LANGUAGES = 0xa8,
    NAME_TEXT = 0xd0,
    ENTRIES = 0x100, /* data entries, 10h each */
    DATA = 0x200,
    TABLE = 0x300,
};
enum { RT_RCDATA = 10, RT_MESSAGETABLE = 11 };

static uint8_t image[BYTES];

static void put(uint32_t at, uint32_t v)
{
    memcpy(image + at, &v, 4);
}

static void put16(uint32_t at, uint16_t v)
{
    memcpy(image + at, &v, 2);
}

static void node(uint32_t at, uint16_t named, uint16_t ids)
{
    put16(TREE + at + 12, named);
    put16(TREE + at + 14, ids);
}

static void child(uint32_t at, unsigned i, uint32_t id, uint32_t to)
{
    put(TREE + at + 16 + 8 * i, id);
    put(TREE + at + 20 + 8 * i, to);
}

static void leaf(unsigned i, uint32_t rva, uint32_t bytes)
{
    put(TREE + ENTRIES + 16 * i, rva);
    put(TREE + ENTRIES + 16 * i + 4, bytes);
}

static void headers(void)
{
    put16(0, 0x5a4d);
    put(0x3c, PE);
    put(PE, 0x4550);
    put16(PE + 6, 1);
    put16(PE + 0x14, 0xe0);
    put16(OPTIONAL, 0x10b);
    put(OPTIONAL + 0x3c, 0x400);
    put(OPTIONAL + 0x5c, 16);
    put(OPTIONAL + 0x60 + 2 * 8, TREE);
    put(OPTIONAL + 0x60 + 2 * 8 + 4, TREE_BYTES);
    put(SECTION + 8, TREE_BYTES);
    put(SECTION + 12, TREE);
    put(SECTION + 16, TREE_BYTES);
    put(SECTION + 20, TREE_FILE);
}

/* RCDATA: "Blob" in English, German and neutral; 7 in French. A message table
 * in English: 5..6 and 40000000h. */
static void tree(void)
{
    node(ROOT, 0, 2);
    child(ROOT, 0, RT_RCDATA, DIR | NAMES);
    child(ROOT, 1, RT_MESSAGETABLE, DIR | MESSAGES);
    node(NAMES, 1, 0);
    child(NAMES, 0, DIR | NAME_TEXT, DIR | NAMED_LANGUAGES);
    node(NAMED_LANGUAGES, 0, 3);
    child(NAMED_LANGUAGES, 0, 0, ENTRIES);
    child(NAMED_LANGUAGES, 1, 0x407, ENTRIES + 16);
    child(NAMED_LANGUAGES, 2, 0x409, ENTRIES + 32);
    node(MESSAGES, 0, 1);
    child(MESSAGES, 0, 1, DIR | MESSAGE_LANGUAGES);
    node(MESSAGE_LANGUAGES, 0, 1);
    child(MESSAGE_LANGUAGES, 0, 0x40c, ENTRIES + 48);
    put16(TREE + NAME_TEXT, 4);
    for (unsigned i = 0; i < 4; i++)
        put16(TREE + NAME_TEXT + 2 + 2 * i, (uint8_t) "BLOB"[i]);
    for (unsigned i = 0; i < 3; i++)
        leaf(i, TREE + DATA + 16 * i, 10 + i);
    leaf(3, TREE + TABLE, 0x60);
    put(TREE + TABLE, 2);
    put(TREE + TABLE + 4, 5);
    put(TREE + TABLE + 8, 6);
    put(TREE + TABLE + 12, 0x20);
    put(TREE + TABLE + 16, 0x40000000);
    put(TREE + TABLE + 20, 0x40000000);
    put(TREE + TABLE + 24, 0x50);
    put16(TREE + TABLE + 0x20, 0xc);
    memcpy(image + TREE + TABLE + 0x24, "five\r\n", 7);
    put16(TREE + TABLE + 0x2c, 0x10);
    memcpy(image + TREE + TABLE + 0x30, "six\r\n", 6);
    put16(TREE + TABLE + 0x50, 0x10);
    memcpy(image + TREE + TABLE + 0x54, "more\r\n", 7);
}

/* The image in guest memory; returns its address. */
static uint32_t place(struct caller *c)
{
    caller_put(c, c->data, image, sizeof image);
    return c->data;
}

static uint32_t make(struct caller *c)
{
    memset(image, 0, sizeof image);
    headers();
    tree();
    return place(c);
}

enum { PATH = 0x4000, OUT = 0x4100, TEXT = 0x4200 }; /* scratch */

static uint32_t find(struct caller *c, uint32_t base, uint32_t type,
                     uint32_t name, uint32_t language, uint32_t *entry)
{
    const uint32_t path[3] = {type, name, language};
    uint32_t status;

    caller_put(c, c->data + PATH, path, sizeof path);
    caller_set(c, c->data + OUT, 0);
    status = STD_CALL(c, "LdrFindResource_U", base, c->data + PATH, 3,
                      c->data + OUT);
    *entry = caller_dword(c, c->data + OUT);
    return status;
}

static void headers_and_directories(void **state)
{
    struct caller *c = *state;
    uint32_t base = make(c), out = c->data + OUT;

    assert_int_equal(STD_CALL(c, "RtlImageNtHeader", base), base + PE);
    assert_int_equal(STD_CALL(c, "RtlImageNtHeader", base + 4), 0);
    assert_int_equal(
        STD_CALL(c, "RtlImageDirectoryEntryToData", base, 1, 2, out),
        base + TREE);
    assert_int_equal(caller_dword(c, out), TREE_BYTES);
    /* a file as it is: not mapped, or so marked by bit 0 */
    assert_int_equal(
        STD_CALL(c, "RtlImageDirectoryEntryToData", base, 0, 2, out),
        base + TREE_FILE);
    assert_int_equal(
        STD_CALL(c, "RtlImageDirectoryEntryToData", base + 1, 1, 2, out),
        base + TREE_FILE);
    assert_int_equal(
        STD_CALL(c, "RtlImageDirectoryEntryToData", base, 1, 1, out), 0);
    assert_int_equal(
        STD_CALL(c, "RtlImageDirectoryEntryToData", base, 1, 16, out), 0);
    CALL_RAISES(c, 0xC0000005, "RtlImageNtHeader", 0x1000);
}

static void resources_by_type_name_and_language(void **state)
{
    struct caller *c = *state;
    uint32_t base = make(c), blob, entry;
    uint32_t leaves = base + TREE + ENTRIES, out = c->data + OUT;

    blob = caller_wide(c, c->data + TEXT, "Blob"); /* any case */
    assert_int_equal(find(c, base, RT_RCDATA, blob, 0x407, &entry), SUCCESS);
    assert_int_equal(entry, leaves + 16);
    assert_int_equal(
        STD_CALL(c, "LdrAccessResource", base, entry, out, out + 4), SUCCESS);
    assert_int_equal(caller_dword(c, out), base + TREE + DATA + 16);
    assert_int_equal(caller_dword(c, out + 4), 11);
    assert_int_equal(STD_CALL(c, "LdrAccessResource", base + 1, entry, out, 0),
                     SUCCESS);
    assert_int_equal(caller_dword(c, out), base + TREE_FILE + DATA + 16);
    /* what is not there in Italian is there in no language */
    assert_int_equal(find(c, base, RT_RCDATA, blob, 0x410, &entry), SUCCESS);
    assert_int_equal(entry, leaves);
    assert_int_equal(find(c, base, 3, blob, 0, &entry), NO_TYPE);
    assert_int_equal(find(c, base, RT_RCDATA, 7, 0, &entry), NO_NAME);
    assert_int_equal(find(c, base, RT_MESSAGETABLE, 1, 0x409, &entry), NO_LANG);
    assert_int_equal(find(c, base, RT_MESSAGETABLE, 1, 0, &entry), SUCCESS);
    assert_int_equal(entry, leaves + 48); /* no language: the first */
    assert_int_equal(STD_CALL(c, "LdrFindResource_U", base, c->data + PATH, 4,
                              c->data + OUT),
                     BAD);
    assert_int_equal(STD_CALL(c, "LdrFindResource_U", base, c->data + PATH, 2,
                              c->data + OUT),
                     NO_DATA); /* a directory */
    assert_int_equal(STD_CALL(c, "LdrFindResourceDirectory_U", base,
                              c->data + PATH, 2, c->data + OUT),
                     SUCCESS);
    assert_int_equal(caller_dword(c, out), base + TREE + MESSAGE_LANGUAGES);
}

static uint32_t message(struct caller *c, uint32_t base, uint32_t id,
                        const char *text)
{
    uint32_t status, entry;
    char found[16] = "";

    status = STD_CALL(c, "RtlFindMessage", base, RT_MESSAGETABLE, 0, id,
                      c->data + OUT);
    if (status == SUCCESS) {
        entry = caller_dword(c, c->data + OUT);
        caller_get(c, entry + 4, found, sizeof found - 1);
        assert_string_equal(found, text);
    }
    return status;
}

static void messages_by_number(void **state)
{
    struct caller *c = *state;
    uint32_t base = make(c);

    assert_int_equal(message(c, base, 5, "five\r\n"), SUCCESS);
    assert_int_equal(message(c, base, 6, "six\r\n"), SUCCESS);
    assert_int_equal(message(c, base, 0x40000000, "more\r\n"), SUCCESS);
    assert_int_equal(message(c, base, 4, ""), NO_MESSAGE);
    assert_int_equal(message(c, base, 7, ""), NO_MESSAGE);
}

/* Nothing that a damaged tree says leads out of it, or to no end. */
static void damaged_trees_have_nothing(void **state)
{
    struct caller *c = *state;
    uint32_t base = make(c), entry, blob;

    blob = caller_wide(c, c->data + TEXT, "Blob");
    put(TREE + ROOT + 20, DIR | TREE_BYTES); /* a directory past the end */
    place(c);
    assert_int_equal(find(c, base, RT_RCDATA, blob, 0, &entry), NO_NAME);
    make(c);
    put(TREE + NAMES + 20, DIR | ROOT); /* a ring */
    place(c);
    assert_int_equal(find(c, base, RT_RCDATA, blob, 0, &entry), NO_DATA);
    make(c);
    put16(TREE + NAME_TEXT, 0xffff); /* a name longer than the tree */
    place(c);
    assert_int_equal(find(c, base, RT_RCDATA, blob, 0, &entry), NO_NAME);
    make(c);
    put(TREE + NAMED_LANGUAGES + 20, TREE_BYTES - 4); /* half an entry */
    node(ROOT, 0xffff, 0xffff);
    place(c);
    assert_int_equal(find(c, base, RT_RCDATA, blob, 0, &entry), NO_DATA);
    make(c);
    put16(TREE + TABLE + 0x20, 0); /* a message of no length */
    place(c);
    assert_int_equal(message(c, base, 6, ""), NO_MESSAGE);
    make(c);
    put(TREE + TABLE + 12, 0x60); /* messages past the table's end */
    place(c);
    assert_int_equal(message(c, base, 5, ""), NO_MESSAGE);
    make(c);
    put(OPTIONAL + 0x60 + 2 * 8 + 4, 8); /* half a root */
    place(c);
    assert_int_equal(find(c, base, RT_RCDATA, blob, 0, &entry), NO_TYPE);
    put(OPTIONAL + 0x5c, 2); /* no such directory */
    place(c);
    assert_int_equal(find(c, base, RT_RCDATA, blob, 0, &entry), NO_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(headers_and_directories),
        CALLER_TEST(resources_by_type_name_and_language),
        CALLER_TEST(messages_by_number),
        CALLER_TEST(damaged_trees_have_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
