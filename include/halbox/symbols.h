/* include/halbox/symbols.h -- what the guest's code is: instructions in words,
 * and names, source lines and callers of addresses. Clients of a machine: reads
 * only, nothing here is part of its state. Docs: docs/symbols.md. */
#ifndef HALBOX_SYMBOLS_H
#define HALBOX_SYMBOLS_H

#include "halbox/inspect.h"

/* ---- files ---------------------------------------------------------------*/

/** What a client knows of the images that run: names and lines from files. A
 *  file is the image's own: PE with a COFF symbol table and DWARF sections (GNU
 *  compilers), ELF, either also .gz; of a stripped one its exports are left. */
struct symbols;

/** symbols_create() - NULL: no memory. symbols_destroy() - NULL is nothing. */
HB_API struct symbols *symbols_create(void);
HB_API void symbols_destroy(struct symbols *symbols);
/**
 * symbols_add() - read a file; it counts for the driver image of the same name
 * whenever one is loaded, wherever that stands. On a bare machine an executable
 * stands where it was linked to. A file added again replaces the first.
 * @path: its name in messages; the last part of it is the image's name
 *
 * Returns HB_OK, HB_BAD_IMAGE (neither PE nor ELF of an i386), HB_NO_MEMORY.
 */
HB_API enum hb_status symbols_add(struct symbols *symbols, const char *path,
                                  const uint8_t *bytes, size_t count,
                                  struct hb_error *error);
/** symbols_add_file() - the same from a file; HB_NO_FILE. */
HB_API enum hb_status symbols_add_file(struct symbols *symbols,
                                       const char *path,
                                       struct hb_error *error);

/** symbols_add_loaded() - add the file of each driver image that is loaded from
 *  one, unless it is there already. What cannot be read is left out. */
HB_API void symbols_add_loaded(struct symbols *symbols,
                               const struct machine *m);

struct symbols_file {
    const char *name, *path; /* valid until the file is replaced             */
    unsigned symbols, lines, functions, sources;
    bool frames; /* it says how to find callers                              */
    bool loaded; /* the next two count                                       */
    gva_t base;
    uint32_t bytes;
};
HB_API bool symbols_file_at(const struct symbols *symbols,
                            const struct machine *m, unsigned index,
                            struct symbols_file *file);
/** A section of an image, where it stands: what other debuggers want to be told
 *  of a relocatable file. A linked ELF file has segments. */
struct symbols_section {
    char name[16];
    gva_t at;
    uint32_t bytes;
    bool write, code;
};
/** symbols_section_at() - section @index of file @file. False: no such, or the
 *  image is not loaded. */
HB_API bool symbols_section_at(const struct symbols *symbols,
                               const struct machine *m, unsigned file,
                               unsigned index, struct symbols_section *section);
/** symbols_source_at() - path of source file @index of file @file, as its
 *  compiler was given it; NULL past the last. */
HB_API const char *symbols_source_at(const struct symbols *symbols,
                                     unsigned file, unsigned index);

/* ---- addresses -----------------------------------------------------------
 * Here @symbols may be NULL: that knows the kernel's own names alone. */

enum { SYMBOL_NAME = 128, SYMBOL_PATH = 512 };

struct symbol {
    char image[64]; /* edu.sys, ntoskrnl.exe                                 */
    char name[SYMBOL_NAME]; /* "": nothing but the image is known            */
    gva_t start;
    uint32_t bytes; /* 0: not known                                          */
    bool code;
};
/** symbols_find() - the last name at or in front of @at in its image. False: no
 *  image is there. */
HB_API bool symbols_find(const struct symbols *symbols, const struct machine *m,
                         gva_t at, struct symbol *symbol);
/** symbols_text() - @at in words: "edu!EduStart+0x12", nothing when no image is
 *  there. Returns the length it has or would have, as snprintf. */
HB_API int symbols_text(const struct symbols *symbols, const struct machine *m,
                        gva_t at, char *out, size_t room);
/** symbols_symbol_at() - every name of the loaded files, by file and address,
 *  and of the kernel. */
HB_API bool symbols_symbol_at(const struct symbols *symbols,
                              const struct machine *m, unsigned index,
                              struct symbol *symbol);

/** A run of code of one source line. */
struct source_line {
    char path[SYMBOL_PATH];
    uint32_t line;
    gva_t start, end; /* the code [start, end); a line may have several      */
};
/** symbols_line() - the source line of the code at @at. */
HB_API bool symbols_line(const struct symbols *symbols, const struct machine *m,
                         gva_t at, struct source_line *line);
/** symbols_line_at() - run @index of code of line @line of @file, by address;
 *  @file is any last part of its path. */
HB_API bool symbols_line_at(const struct symbols *symbols,
                            const struct machine *m, const char *file,
                            uint32_t line, unsigned index,
                            struct source_line *run);

/** A function of the debugging information. */
struct source_function {
    char image[64], name[SYMBOL_NAME], path[SYMBOL_PATH];
    uint32_t line;    /* of its declaration; 0: not known, nor path          */
    gva_t start, end; /* its code                                            */
};
/** symbols_function() - the function that holds @at. */
HB_API bool symbols_function(const struct symbols *symbols,
                             const struct machine *m, gva_t at,
                             struct source_function *function);
/** symbols_inlined() - function @index, 0 is the innermost, of those that the
 *  compiler put into others so that @at is their code. path and line are of the
 *  call, start and end of its code around @at. False: no more; the next outer
 *  one is symbols_function()'s. */
HB_API bool symbols_inlined(const struct symbols *symbols,
                            const struct machine *m, gva_t at, unsigned index,
                            struct source_function *function);
/** symbols_function_at() - every function of the loaded files. */
HB_API bool symbols_function_at(const struct symbols *symbols,
                                const struct machine *m, unsigned index,
                                struct source_function *function);

/** symbols_lookup() - the address that a person names: "0x80400123",
 *  "IoCallDriver", "edu!EduStart", "edu.sys!EduStart+0x10", "dma.c:123" (the
 *  first code of that line, or of the next one that has any). False: no such.*/
HB_API bool symbols_lookup(const struct symbols *symbols,
                           const struct machine *m, const char *text,
                           gva_t *at);

/* ---- instructions --------------------------------------------------------*/

/** How code is to be read. */
struct code_view {
    uint32_t space; /* whose virtual addresses: halbox/inspect.h             */
    unsigned bits;  /* 16 or 32                                              */
    uint32_t base;  /* of CS: an address is base + EIP                       */
};
/** code_view_cpu() - as the CPU reads it now. code_at() - of its EIP. */
HB_API struct code_view code_view_cpu(const struct machine *m);
HB_API gva_t code_at(const struct machine *m);

/** Where an instruction goes on. */
enum instruction_flow {
    FLOW_NEXT,
    FLOW_JUMP,   /* elsewhere                                                */
    FLOW_BRANCH, /* elsewhere or behind it                                   */
    FLOW_CALL,   /* behind it, once the callee has come back; INT too        */
    FLOW_RETURN, /* RET, IRET                                                */
    FLOW_REPEAT, /* behind it, once its REP prefix has counted down          */
    FLOW_BAD     /* these bytes are none, or cannot be read                  */
};
enum { INSTRUCTION_BYTES = 15, INSTRUCTION_TEXT = 192 };
struct instruction {
    gva_t at;
    uint8_t bytes[INSTRUCTION_BYTES];
    uint8_t length; /* FLOW_BAD: 1                                           */
    bool readable;
    enum instruction_flow flow;
    bool has_target; /* of a jump, branch or call, when the code names it    */
    gva_t target;
    char text[INSTRUCTION_TEXT]; /* Intel syntax; "??": not readable         */
};
/** disassemble() - the instruction at @at. @symbols: NULL, or for the names in
 *  its text. */
HB_API void disassemble(const struct symbols *symbols, const struct machine *m,
                        struct code_view view, gva_t at,
                        struct instruction *instruction);
/** disassemble_list() - @count instructions in their order, up to @before of
 *  them in front of the one at @at. Returns which of them is that one. Where
 *  instructions in front of it start is known from the function's start, else
 *  a guess. */
HB_API unsigned disassemble_list(const struct symbols *symbols,
                                 const struct machine *m, struct code_view view,
                                 gva_t at, unsigned before,
                                 struct instruction *list, unsigned count);

/**
 * symbols_kernel_elf() - an ELF file for other debuggers: the code of the
 * kernel's images at its addresses with all names, and call frame information
 * for what lies on a stack there. Equal in every machine of this build.
 * @bytes: the caller frees them with free()
 *
 * Returns HB_OK, HB_BAD_STATE (a bare machine), HB_NO_MEMORY.
 */
HB_API enum hb_status symbols_kernel_elf(const struct machine *m,
                                         uint8_t **bytes, size_t *count,
                                         struct hb_error *error);

/* ---- callers -------------------------------------------------------------*/

/** What a frame of the stack is. */
enum backtrace_kind {
    BACKTRACE_CODE,    /* code of an image, or of nobody known               */
    BACKTRACE_ROUTINE, /* a kernel routine: at its stub, or it called back   */
    BACKTRACE_TRAP,    /* the kernel, come to by an interrupt or exception:
                          the next frame was interrupted                     */
    BACKTRACE_IDLE,    /* the idle loop: nobody called it                    */
    BACKTRACE_END      /* where a thread's start routine returns to          */
};
struct backtrace_frame {
    enum backtrace_kind kind;
    uint32_t reg[8]; /* EAX ECX EDX EBX ESP EBP ESI EDI, as they were there  */
    uint8_t known;   /* bit n: reg[n] is known; else it is an inner frame's  */
    gva_t eip;       /* where it goes on, or stands                          */
    gva_t cfa;       /* ESP of its caller before the call; 0: not known      */
    bool exact;      /* eip is the instruction itself, not behind a call     */
    const char *how; /* its caller was found by: "cfi", "ebp", "esp" (the
                        return address is on top), "call" (the kernel's own
                        record), "trap", "" (it was not)                     */
    char text[SYMBOL_NAME + 64]; /* its name, as symbols_text()              */
};
/** Where to start. */
struct backtrace_start {
    uint32_t space;  /* halbox/inspect.h                                     */
    uint32_t thread; /* whose kernel calls, by number                        */
    uint32_t reg[8], eip;
};
/** backtrace_start_cpu() - from what the CPU does now. backtrace_start_thread()
 *  - from where a thread is; @index as of inspect_thread_at(). */
HB_API struct backtrace_start backtrace_start_cpu(const struct machine *m);
HB_API bool backtrace_start_thread(const struct machine *m, unsigned index,
                                   struct backtrace_start *start);
/**
 * backtrace() - the frames from the innermost on, @most of them. Callers are
 * found by the call frame information of the file, of the kernel's routines by
 * its own records of them, else along EBP; every read is checked.
 *
 * Returns how many there are, at least 1.
 */
HB_API unsigned backtrace(const struct symbols *symbols,
                          const struct machine *m,
                          const struct backtrace_start *start,
                          struct backtrace_frame *frames, unsigned most);
/** backtrace_line() - the source line of a frame: of the call in a caller. */
HB_API bool backtrace_line(const struct symbols *symbols,
                           const struct machine *m,
                           const struct backtrace_frame *frame,
                           struct source_line *line);

#endif
