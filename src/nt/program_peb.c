/* src/nt/program_peb.c -- what user-mode code finds about its process and
 * thread: PEB, RTL_USER_PROCESS_PARAMETERS, the list of modules, TEBs. Offsets:
 * the layouts that winternl.h and the debugger's symbols of Windows XP give. */
#include <stdio.h>
#include <string.h>

#include "image/image.h"
#include "mm/user.h"
#include "nt/guest.h"
#include "nt/program.h"

#define PEB_AT      0x7ffdf000u
#define TEB_HIGHEST 0x7ffde000u
enum { TEBS_MOST = 1024 };

enum { /* the block: parameters, modules, names, command line */
       B_PARAMETERS = 0x000,
       B_LDR = 0x300,
       B_ENTRY = 0x340,
       B_NAME = 0x800,
       B_ENVIRONMENT = 0xff0,
       B_COMMAND = 0x1000,
       B_BYTES = 0x6000,
       ENTRY_BYTES = 0x50,
       NAME_BYTES = 2 * NT_PATH,
       COMMAND_MOST = (B_BYTES - B_COMMAND) / 2 - 1,
       MODULES_MOST = 8,
};
enum {
    PEB_IMAGE_BASE = 0x08,
    PEB_LDR = 0x0c,
    PEB_PARAMETERS = 0x10,
    PEB_PROCESSORS = 0x64,
    PEB_MAJOR = 0xa4,
    PEB_MINOR = 0xa8,
    PARAMETERS_BYTES = 0x290,
    PARAMETERS_NORMALIZED = 1,
    PARAMETERS_FLAGS = 0x08,
    PARAMETERS_INPUT = 0x18, /* then output, error */
    PARAMETERS_IMAGE = 0x38,
    PARAMETERS_COMMAND = 0x40,
    PARAMETERS_ENVIRONMENT = 0x48,
    LDR_LOAD_LIST = 0x0c, /* then the orders of memory and initialisation */
    LDR_LISTS = 3,
    LDR_DATA_BYTES = 0x28,
    ENTRY_BASE = 0x18,
    ENTRY_POINT = 0x1c,
    ENTRY_SIZE = 0x20,
    ENTRY_FULL_NAME = 0x24,
    ENTRY_BASE_NAME = 0x2c,
    TEB_EXCEPTIONS = 0x00,
    TEB_STACK_BASE = 0x04,
    TEB_STACK_LIMIT = 0x08,
    TEB_SELF = 0x18,
    TEB_PROCESS = 0x20,
    TEB_PEB = 0x30,
};
enum { HANDLE_INPUT = 3, HANDLE_OUTPUT = 7, HANDLE_ERROR = 11 };

/** The block as it is being made. */
struct block {
    uint32_t at;
    uint8_t bytes[B_BYTES];
};

static void put(struct block *b, uint32_t offset, uint32_t value)
{
    memcpy(b->bytes + offset, &value, 4);
}

/* A UNICODE_STRING at @offset whose text goes to @text_at. */
static void put_string(struct block *b, uint32_t offset, uint32_t text_at,
                       const char *text)
{
    uint16_t length = (uint16_t)(2 * strlen(text));

    for (uint32_t i = 0; text[i]; i++)
        b->bytes[text_at + 2 * i] = (uint8_t)text[i];
    put(b, offset, length | (uint32_t)(length + 2) << 16);
    put(b, offset + 4, b->at + text_at);
}

static void put_links(struct block *b, uint32_t entries)
{
    for (uint32_t list = 0; list < LDR_LISTS; list++) {
        uint32_t head = b->at + B_LDR + LDR_LOAD_LIST + 8 * list;
        uint32_t first = b->at + B_ENTRY + 8 * list;

        for (uint32_t i = 0; i <= entries; i++) {
            uint32_t at = i ? B_ENTRY + (i - 1) * ENTRY_BYTES + 8 * list
                            : B_LDR + LDR_LOAD_LIST + 8 * list;
            uint32_t next = i < entries ? first + i * ENTRY_BYTES : head;
            uint32_t before = i == 1 ? head
                              : i    ? first + (i - 2) * ENTRY_BYTES
                                     : first + (entries - 1) * ENTRY_BYTES;

            put(b, at, next);
            put(b, at + 4, before);
        }
    }
}

static void put_module(struct block *b, uint32_t i, const struct nt_module *m)
{
    uint32_t at = B_ENTRY + i * ENTRY_BYTES, name = B_NAME + i * NAME_BYTES;

    put(b, at + ENTRY_BASE, m->base);
    put(b, at + ENTRY_POINT, m->entry);
    put(b, at + ENTRY_SIZE, m->bytes);
    put_string(b, at + ENTRY_FULL_NAME, name, m->name);
    put_string(b, at + ENTRY_BASE_NAME, name, m->name);
}

/* The program first, as NT's loader has it, then the others as they came. */
static void put_modules(const struct nt *nt, struct block *b, uint32_t process)
{
    uint32_t entries = 1;

    for (uint32_t i = 0; i < nt->s.modules.count; i++) {
        const struct nt_module *m = VEC_AT(struct nt_module, &nt->s.modules, i);
        bool own = i + 1 == nt->s.modules.count;

        if (m->process == process && entries < MODULES_MOST)
            put_module(b, own ? 0 : entries++, m);
    }
    put(b, B_LDR, LDR_DATA_BYTES);
    put(b, B_LDR + 4, 1);
    put_links(b, entries);
}

static void put_parameters(struct block *b, const char *name,
                           const char *command_line)
{
    static const uint32_t handle[] = {HANDLE_INPUT, HANDLE_OUTPUT,
                                      HANDLE_ERROR};
    uint32_t p = B_PARAMETERS;

    put(b, p, PARAMETERS_BYTES);
    put(b, p + 4, PARAMETERS_BYTES);
    put(b, p + PARAMETERS_FLAGS, PARAMETERS_NORMALIZED);
    memcpy(b->bytes + p + PARAMETERS_INPUT, handle, sizeof handle);
    put_string(b, p + PARAMETERS_IMAGE, B_NAME, name);
    put_string(b, p + PARAMETERS_COMMAND, B_COMMAND, command_line);
    put(b, p + PARAMETERS_ENVIRONMENT, b->at + B_ENVIRONMENT);
}

static enum hb_status put_peb(struct program_load *l, uint32_t block)
{
    uint32_t words[PAGE_BYTES / 4] = {0};
    gva_t at = gva_of(PEB_AT);
    enum hb_status st =
        user_alloc(l->nt->w.mm, l->space, &at, 1, MM_RW | MM_USER);

    words[PEB_IMAGE_BASE / 4] = l->base;
    words[PEB_LDR / 4] = block + B_LDR;
    words[PEB_PARAMETERS / 4] = block + B_PARAMETERS;
    words[PEB_PROCESSORS / 4] = 1;
    words[PEB_MAJOR / 4] = 5;
    words[PEB_MINOR / 4] = 1;
    if (st == HB_OK)
        mm_write(l->nt->w.mm, l->space, at, words, sizeof words);
    return st;
}

enum hb_status peb_build(struct program_load *l, const char *name,
                         const char *command_line)
{
    struct block b = {0};
    gva_t at = {0};
    enum hb_status st;

    if (strlen(command_line) > COMMAND_MOST)
        return hb_fail(l->error, HB_BAD_ARGUMENT,
                       "%s: a command line of more than %d characters", name,
                       (int)COMMAND_MOST);
    st = user_alloc(l->nt->w.mm, l->space, &at, B_BYTES / PAGE_BYTES,
                    MM_RW | MM_USER);
    if (st == HB_OK) {
        b.at = at.v;
        put_modules(l->nt, &b, l->process);
        put_parameters(&b, name, command_line);
        mm_write(l->nt->w.mm, l->space, at, b.bytes, sizeof b.bytes);
        st = put_peb(l, at.v);
    }
    if (st != HB_OK)
        return hb_fail(l->error, st, "%s: no room in user memory", name);
    return HB_OK;
}

uint32_t teb_build(struct nt *nt, uint32_t process, uint32_t stack_top,
                   uint32_t stack_low)
{
    const struct nt_process *p = process_at(nt, process);
    uint32_t words[PAGE_BYTES / 4] = {0};

    for (uint32_t i = 0; i < TEBS_MOST; i++) {
        gva_t at = gva_of(TEB_HIGHEST - i * PAGE_BYTES);
        enum hb_status st =
            user_alloc(nt->w.mm, p->space, &at, 1, MM_RW | MM_USER);

        if (st == HB_BAD_STATE)
            continue;
        if (st != HB_OK)
            return 0;
        words[TEB_EXCEPTIONS / 4] = 0xffffffffu;
        words[TEB_STACK_BASE / 4] = stack_top;
        words[TEB_STACK_LIMIT / 4] = stack_low;
        words[TEB_SELF / 4] = at.v;
        words[TEB_PROCESS / 4] = p->ke * 4;
        words[TEB_PEB / 4] = PEB_AT;
        mm_write(nt->w.mm, p->space, at, words, sizeof words);
        return at.v;
    }
    return 0;
}
