/* src/ke/dll.c -- ntoskrnl.exe and hal.dll as synthesised PE images in guest
 * memory: headers, .text of stubs, .data of variables, .edata of names.
 * Source: PE/COFF specification, revision 6 (PE32); docs/ke.md, "The images".
 *
 *   base          +1000        +1000+text       +data         +edata
 *   | headers     | .text      | .data          | .edata      |
 *                 | VMCALL; ret n, 8 bytes each; ntoskrnl: trap page first */
#include <stdlib.h>
#include <string.h>

#include "ke/private.h"
#include "mm/pte.h"

enum {
    PE_AT = 0x80,       /* e_lfanew                  */
    OPTIONAL_AT = 0x98, /* PE_AT + 4 + file header   */
    SECTIONS_AT = 0x178,
    OPTIONAL_BYTES = 0xe0,
    SECTION_BYTES = 40,
    EXPORT_DIRECTORY_BYTES = 40,
};
enum {
    SECTION_CODE = 0x68000020,      /* code, execute, read, not paged   */
    SECTION_DATA = (int)0xc8000040, /* initialised, read, write, not paged */
    SECTION_READ = 0x48000040,      /* initialised, read, not paged     */
};

/** A growing picture of one dll. */
struct picture {
    uint8_t *bytes;
    uint32_t size;
    uint32_t base;
    unsigned dll;
    uint32_t text, data, edata; /* offsets */
};

static void put16(struct picture *p, uint32_t at, uint16_t v)
{
    memcpy(p->bytes + at, &v, 2);
}

static void put32(struct picture *p, uint32_t at, uint32_t v)
{
    memcpy(p->bytes + at, &v, 4);
}

static void put_stub(struct picture *p, uint32_t at, uint32_t pop)
{
    static const uint8_t vmcall[3] = {0x0f, 0x01, 0xc1};

    memset(p->bytes + at, 0xcc, STUB_BYTES);
    memcpy(p->bytes + at, vmcall, sizeof vmcall);
    if (pop) {
        p->bytes[at + 3] = 0xc2; /* ret imm16 */
        put16(p, at + 4, (uint16_t)pop);
    } else {
        p->bytes[at + 3] = 0xc3; /* ret */
    }
}

/** What the stub's ret takes off: stdcall all, fastcall beyond ECX and EDX. */
static uint32_t stub_pop(const struct export *row)
{
    if (row->convention == STDCALL)
        return row->slots * 4u;
    if (row->convention == FASTCALL && row->slots > 2)
        return (row->slots - 2u) * 4u;
    return 0;
}

static void put_trap_page(struct picture *p)
{
    static const unsigned trampolines[] = {TRAP_RETURN, TRAP_AGAIN,
                                           TRAP_THREAD_END};
    static const unsigned with_iretd[] = {TRAP_DISPATCH, TRAP_SYSENTER};
    static const uint8_t idle[] = {0xfb, 0xf4, 0xeb, 0xfc};

    for (unsigned v = 0; v < 256; v++) {
        put_stub(p, p->text + v * TRAP_STRIDE, 0);
        p->bytes[p->text + v * TRAP_STRIDE + 3] = 0xcf; /* iretd */
    }
    for (unsigned i = 0; i < sizeof trampolines / sizeof trampolines[0]; i++)
        put_stub(p, p->text + trampolines[i], 0);
    for (unsigned i = 0; i < sizeof with_iretd / sizeof with_iretd[0]; i++) {
        put_stub(p, p->text + with_iretd[i], 0);
        p->bytes[p->text + with_iretd[i] + 3] = 0xcf;
    }
    p->bytes[p->text + TRAP_IRETD] = 0xcf;
    memcpy(p->bytes + p->text + TRAP_IDLE, idle, sizeof idle); /* sti hlt jmp */
}

static void put_text(const struct ke *ke, struct picture *p)
{
    uint32_t at = p->text;
    uint32_t bytes = ke->text_pages[p->dll] * PAGE_BYTES;

    memset(p->bytes + at, 0xcc, bytes);
    if (p->dll == NTOSKRNL) {
        put_trap_page(p);
        at += PAGE_BYTES;
    }
    for (uint32_t i = 0; i < ke->stubs[p->dll]; i++, at += STUB_BYTES)
        put_stub(p, at, stub_pop(ke->routine[ke->stub[p->dll][i]].row));
    if (p->dll == NTOSKRNL)
        for (uint32_t i = 0; i < MISSING_STUBS; i++, at += STUB_BYTES)
            put_stub(p, at, 0);
}

static void put_section(struct picture *p, unsigned index, const char *name,
                        uint32_t at, uint32_t bytes, uint32_t flags)
{
    uint32_t h = SECTIONS_AT + index * SECTION_BYTES;

    memcpy(p->bytes + h, name, strlen(name));
    put32(p, h + 8, bytes);  /* VirtualSize      */
    put32(p, h + 12, at);    /* VirtualAddress   */
    put32(p, h + 16, bytes); /* SizeOfRawData    */
    put32(p, h + 20, at);    /* PointerToRawData */
    put32(p, h + 36, flags);
}

static void put_headers(struct picture *p, uint32_t edata_bytes)
{
    put16(p, 0, 0x5a4d); /* MZ */
    put32(p, 0x3c, PE_AT);
    put32(p, PE_AT, 0x00004550); /* PE\0\0 */
    put16(p, PE_AT + 4, 0x014c); /* i386 */
    put16(p, PE_AT + 6, 3);      /* sections */
    put16(p, PE_AT + 20, OPTIONAL_BYTES);
    put16(p, PE_AT + 22, p->dll == HAL ? 0x210e : 0x010e);
    put16(p, OPTIONAL_AT, 0x010b); /* PE32 */
    put32(p, OPTIONAL_AT + 4, p->data - p->text);
    put32(p, OPTIONAL_AT + 20, p->text);
    put32(p, OPTIONAL_AT + 24, p->data);
    put32(p, OPTIONAL_AT + 28, p->base);
    put32(p, OPTIONAL_AT + 32, PAGE_BYTES); /* SectionAlignment */
    put32(p, OPTIONAL_AT + 36, PAGE_BYTES); /* FileAlignment */
    put16(p, OPTIONAL_AT + 40, 5);          /* OS, image, subsystem: 5.1 */
    put16(p, OPTIONAL_AT + 42, 1);
    put16(p, OPTIONAL_AT + 44, 5);
    put16(p, OPTIONAL_AT + 46, 1);
    put16(p, OPTIONAL_AT + 48, 5);
    put16(p, OPTIONAL_AT + 50, 1);
    put32(p, OPTIONAL_AT + 56, p->size);    /* SizeOfImage */
    put32(p, OPTIONAL_AT + 60, PAGE_BYTES); /* SizeOfHeaders */
    put16(p, OPTIONAL_AT + 68, 1);          /* subsystem native */
    put32(p, OPTIONAL_AT + 92, 16);         /* directories */
    put32(p, OPTIONAL_AT + 96, p->edata);   /* [0]: exports */
    put32(p, OPTIONAL_AT + 100, edata_bytes);
    put_section(p, 0, ".text", p->text, p->data - p->text, SECTION_CODE);
    put_section(p, 1, ".data", p->data, p->edata - p->data,
                (uint32_t)SECTION_DATA);
    put_section(p, 2, ".edata", p->edata, p->size - p->edata, SECTION_READ);
}

/** Names of a dll in order. @put false: only counts. Returns bytes of .edata.
 */
static uint32_t put_exports(const struct ke *ke, struct picture *p, bool put)
{
    static const char *const dll[] = {"ntoskrnl.exe", "hal.dll"};
    uint32_t names = 0, n = 0, functions, pointers, ordinals, text;

    for (uint32_t i = 0; i < ke->routines; i++)
        names += ke->routine[i].row->dll == p->dll;
    functions = p->edata + EXPORT_DIRECTORY_BYTES;
    pointers = functions + 4 * names;
    ordinals = pointers + 4 * names;
    text = ordinals + ((2 * names + 3) & ~3u);
    if (put) {
        put32(p, p->edata + 12, text); /* Name */
        put32(p, p->edata + 16, 1);    /* ordinal base */
        put32(p, p->edata + 20, names);
        put32(p, p->edata + 24, names);
        put32(p, p->edata + 28, functions);
        put32(p, p->edata + 32, pointers);
        put32(p, p->edata + 36, ordinals);
        strcpy((char *)p->bytes + text, dll[p->dll]);
    }
    text += (uint32_t)strlen(dll[p->dll]) + 1;
    for (uint32_t i = 0; i < ke->routines; i++) {
        const struct routine *r = &ke->routine[ke->by_name[i]];

        if (r->row->dll != p->dll)
            continue;
        if (put) {
            put32(p, functions + 4 * n, r->va - p->base);
            put32(p, pointers + 4 * n, text);
            put16(p, ordinals + 2 * n, (uint16_t)n);
            strcpy((char *)p->bytes + text, r->row->name);
        }
        n++;
        text += (uint32_t)strlen(r->row->name) + 1;
    }
    return text - p->edata;
}

/** Pages of RAM for a dll's headers, .data and .edata, in one run. */
static enum hb_status map_run(struct ke *ke, uint32_t va, const uint8_t *from,
                              uint32_t pages, unsigned rights, gpa_t *at)
{
    const struct frame_request req = {.owner = FRAME_KERNEL};
    uint32_t pfn;
    enum hb_status st;

    if (!pages)
        return HB_OK;
    if (!at->v) {
        st = frames_alloc_run(ke->mm, &req, pages, &pfn);
        if (st != HB_OK)
            return st;
        *at = gpa_of((uint64_t)pfn << PAGE_SHIFT);
    }
    if (!ram_write(ke->ram, *at, from, (uint64_t)pages << PAGE_SHIFT))
        return HB_FAULT;
    return kernel_map(ke->mm, gva_of(va), *at, pages, rights, MM_CACHED);
}

static enum hb_status map_dll(struct ke *ke, const struct picture *p,
                              gpa_t text)
{
    gpa_t head = gpa_of(0), data = gpa_of(0), names = gpa_of(0);
    enum hb_status st;

    st = map_run(ke, p->base, p->bytes, 1, MM_R, &head);
    if (st == HB_OK)
        st = map_run(ke, p->base + p->text, p->bytes + p->text,
                     ke->text_pages[p->dll], MM_R | MM_X, &text);
    if (st == HB_OK)
        st = map_run(ke, p->base + p->data, p->bytes + p->data,
                     ke->data_pages[p->dll], MM_RW, &data);
    if (st == HB_OK)
        st = map_run(ke, p->base + p->edata, p->bytes + p->edata,
                     (p->size - p->edata) >> PAGE_SHIFT, MM_R, &names);
    return st;
}

/** Where the parts lie. Returns bytes of .edata. */
static uint32_t lay_out(const struct ke *ke, unsigned dll, struct picture *p)
{
    uint32_t edata_bytes;

    *p = (struct picture){.dll = dll, .text = PAGE_BYTES};
    p->base = dll_text(dll) - PAGE_BYTES;
    p->data = p->text + ke->text_pages[dll] * PAGE_BYTES;
    p->edata = p->data + ke->data_pages[dll] * PAGE_BYTES;
    edata_bytes = put_exports(ke, p, false);
    p->size = (p->edata + edata_bytes + PAGE_MASK) & ~(uint32_t)PAGE_MASK;
    return edata_bytes;
}

void ke_dll_at(const struct ke *ke, unsigned dll, struct ke_dll *image)
{
    struct picture p;

    lay_out(ke, dll, &p);
    *image = (struct ke_dll){.name = dll == HAL ? "hal.dll" : "ntoskrnl.exe",
                             .base = gva_of(p.base),
                             .text = gva_of(p.base + p.text),
                             .data = gva_of(p.base + p.data),
                             .bytes = p.size,
                             .text_bytes = p.data - p.text,
                             .data_bytes = p.edata - p.data};
}

static enum hb_status build_dll(struct ke *ke, unsigned dll, gpa_t text)
{
    struct picture p;
    uint32_t edata_bytes = lay_out(ke, dll, &p);
    enum hb_status st;

    p.bytes = calloc(1, p.size);
    if (!p.bytes)
        return HB_NO_MEMORY;
    put_headers(&p, edata_bytes);
    put_text(ke, &p);
    put_exports(ke, &p, true);
    st = map_dll(ke, &p, text);
    free(p.bytes);
    return st;
}

/** All .text lies in one physical run: VMCALL is an instruction there alone. */
enum hb_status images_build(struct ke *ke, struct hb_error *error)
{
    const struct frame_request req = {.owner = FRAME_KERNEL};
    uint32_t nt = ke->text_pages[NTOSKRNL], first;
    enum hb_status st;

    st = frames_alloc_run(ke->mm, &req, nt + ke->text_pages[HAL], &first);
    if (st == HB_OK) {
        ke->s.text_gpa = (uint64_t)first << PAGE_SHIFT;
        st = build_dll(ke, NTOSKRNL, gpa_of(ke->s.text_gpa));
    }
    if (st == HB_OK)
        st = build_dll(ke, HAL,
                       gpa_of(ke->s.text_gpa + ((uint64_t)nt << PAGE_SHIFT)));
    if (st != HB_OK)
        return hb_fail(error, st,
                       "ntoskrnl.exe and hal.dll do not fit in RAM: give the "
                       "machine more memory");
    return HB_OK;
}
