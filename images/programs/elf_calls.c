/* images/programs/elf_calls.c -- an ELF program at a fixed address that needs
 * no library: system calls by int 2Eh, numbers from the kernel's own table. It
 * writes to the console and ends with 5. */
#define SERVICE(number, ...) number,
enum {
#include "nt/services.def"
};
#undef SERVICE

static int service(unsigned number, const void *arguments)
{
    int status;

    __asm__ volatile("int $0x2e"
                     : "=a"(status)
                     : "a"(number), "d"(arguments)
                     : "memory");
    return status;
}

void _start(void);
void _start(void)
{
    static const char text[] = "hello from an ELF program\n";
    const unsigned write[3] = {1, (unsigned)text, sizeof text - 1};
    const unsigned end[2] = {0xffffffff, 5};

    service(WRITE_CONSOLE, write);
    service(TERMINATE_PROCESS, end);
    for (;;)
        ;
}
