/* tests/debug/core.c -- ET_CORE with one NT_PRSTATUS and a segment for each
 * range. Layouts: Linux's elf_prstatus of i386, user_regs_struct. */
#include "core.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>

#include "test.h"

enum { STATUS_BYTES = 144, REGISTERS_AT = 72, NOTE_HEADER = 12, NAME = 8 };
enum { NOTE_BYTES = NOTE_HEADER + NAME + STATUS_BYTES };

/* EBX ECX EDX ESI EDI EBP EAX DS ES FS GS orig_EAX EIP CS EFLAGS ESP SS */
static void fill_note(const struct machine *m, uint8_t *note)
{
    static const uint32_t header[3] = {5, STATUS_BYTES, NT_PRSTATUS};
    struct inspect_cpu c;
    uint32_t reg[17];

    inspect_cpu(m, &c);
    memcpy(reg,
           (const uint32_t[]){c.reg[3], c.reg[1], c.reg[2], c.reg[6], c.reg[7],
                              c.reg[5], c.reg[0], c.segment[3].selector,
                              c.segment[0].selector, c.segment[4].selector,
                              c.segment[5].selector, UINT32_MAX, c.eip,
                              c.segment[1].selector, c.eflags, c.reg[4],
                              c.segment[2].selector},
           sizeof reg);
    memset(note, 0, NOTE_BYTES);
    memcpy(note, header, sizeof header);
    memcpy(note + NOTE_HEADER, "CORE", 5);
    memcpy(note + NOTE_HEADER + NAME + REGISTERS_AT, reg, sizeof reg);
}

static void put(FILE *f, const void *bytes, size_t count)
{
    assert_int_equal(fwrite(bytes, 1, count, f), count);
}

void core_write(const struct machine *m, const struct core_range *ranges,
                unsigned count, const char *path)
{
    FILE *f = fopen(path, "wb");
    Elf32_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
                                     ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                         .e_type = ET_CORE,
                         .e_machine = EM_386,
                         .e_version = EV_CURRENT,
                         .e_phoff = sizeof header,
                         .e_ehsize = sizeof header,
                         .e_phentsize = sizeof(Elf32_Phdr),
                         .e_phnum = (Elf32_Half)(count + 1)};
    uint32_t at = (uint32_t)(sizeof header + (count + 1) * sizeof(Elf32_Phdr));
    Elf32_Phdr p = {.p_type = PT_NOTE, .p_offset = at, .p_filesz = NOTE_BYTES};
    uint8_t note[NOTE_BYTES];

    assert_non_null(f);
    put(f, &header, sizeof header);
    put(f, &p, sizeof p);
    at += NOTE_BYTES;
    for (unsigned i = 0; i < count; i++) {
        p = (Elf32_Phdr){.p_type = PT_LOAD,
                         .p_offset = at,
                         .p_vaddr = ranges[i].start,
                         .p_filesz = ranges[i].bytes,
                         .p_memsz = ranges[i].bytes,
                         .p_flags = PF_R | PF_W | PF_X};
        put(f, &p, sizeof p);
        at += ranges[i].bytes;
    }
    fill_note(m, note);
    put(f, note, sizeof note);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *bytes = malloc(ranges[i].bytes);

        assert_non_null(bytes);
        assert_true(inspect_virtual(m, SPACE_CPU, gva_of(ranges[i].start),
                                    bytes, ranges[i].bytes));
        put(f, bytes, ranges[i].bytes);
        free(bytes);
    }
    assert_int_equal(fclose(f), 0);
}
