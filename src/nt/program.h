/* src/nt/program.h -- user programs: a PE or ELF image in an address space of
 * its own, with ntdll, kernel32 and msvcrt beside it. How it is put there, how
 * its threads end, what it wrote. Docs: docs/nt.md, "Programs". */
#ifndef NT_PROGRAM_H
#define NT_PROGRAM_H

#include "nt/private.h"

struct image;

enum { TEB_STACK_LOW = 0x08, TEB_THREAD_ID = 0x24 };

enum program_state {
    PROGRAM_NONE, /* a process for clients */
    PROGRAM_RUNNING,
    PROGRAM_ENDING, /* its threads are asked to end */
    PROGRAM_ENDED,  /* its address space is gone */
};

/** process_at() - by number; NULL. Valid until the next one is made. */
struct nt_process *process_at(const struct nt *nt, uint32_t number);
/** process_number() - of a process of ke's; NT_NONE. */
uint32_t process_number(const struct nt *nt, uint32_t ke);

/** A module on its way into @process. */
struct program_load {
    struct nt *nt;
    uint32_t process, space;
    struct image *image;
    uint32_t base;
    uint32_t missing; /* imports that nothing serves */
    struct hb_error *error;
};

/** module_map() - segments of l->image into user memory, at its own base or,
 *  with fixups, elsewhere; imports bound to the modules mapped before and to
 *  stubs that name what is missing; protection set. */
enum hb_status module_map(struct program_load *l);
/** module_system() - the system module @name ("ntdll.dll" ...), parsed; NULL
 *  past the last of them. */
enum hb_status module_system(unsigned index, struct image **image,
                             const char **name, struct hb_error *error);
enum { SYSTEM_MODULES = 3 };
/** module_export() - address of an export of a system module in @process, as
 *  @dll ("": any) serves it; 0. */
uint32_t module_export(const struct nt *nt, uint32_t process, const char *dll,
                       const char *name, uint16_t ordinal);
/** module_at() - the module of @process that @at lies in; NULL. */
const struct nt_module *module_at(const struct nt *nt, uint32_t process,
                                  uint32_t at);

/** peb_build() - PEB, parameters and list of modules, as ntdll finds them. */
enum hb_status peb_build(struct program_load *l, const char *name,
                         const char *command_line);
/** teb_build() - a TEB for a thread with this stack; 0: no room. */
uint32_t teb_build(struct nt *nt, uint32_t process, uint32_t stack_top,
                   uint32_t stack_low);

/** program_thread() - a thread of a program, ready to run. Returns ke's number;
 *  0 with *@status. */
uint32_t program_thread(struct nt *nt, uint32_t process, uint32_t start,
                        uint32_t esp, uint32_t teb, uint32_t *status);

/** threads_sweep() - objects of threads that nobody refers to go when the
 *  thread has ended; before a new one is made. */
void threads_sweep(struct nt *nt);
/** program_end() - all threads of @process are asked to end; the last of them
 *  closes its handles and gives the address space back. */
void program_end(struct nt *nt, uint32_t process, uint32_t exit_status);
/** program_exception() - report what ended it: event and finding. @info: what
 *  the code's parameters are; regs: EAX ... EDI as the CPU numbers them. */
struct program_fault {
    uint32_t code, address, parameters, info[2];
    uint32_t reg[8], eflags;
    bool registers;   /* reg and eflags are known */
    const char *text; /* one more for a person, or NULL */
};
void program_exception(struct nt *nt, uint32_t process,
                       const struct program_fault *fault);

/** output_add() - what a program wrote to @stream; more than 4 MiB is dropped
 *  with a finding. */
void output_add(struct nt *nt, uint32_t process, uint8_t stream,
                const uint8_t *bytes, uint32_t count);

#endif
